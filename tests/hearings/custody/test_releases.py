"""A copy leaves a State by two persons and a signed statement, once, within limits that stand in it."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from hearings.custody import releases
from hearings.custody.releases import ReleaseStage, stage_of
from hearings.errors import HearingsError, Invalid, NotAllowed, NotFound, NotReady, SignatureRefused, TermsChanged
from hearings.models import HearingRequest, Recording
from hearings.queries import get
from hearings.signatures import signatures
from hearings.signatures.signatures import Act
from hearings.status import RecordingStatus, RequestStatus
from tests.support.releases import BAG, WANTED, Desk


@pytest.mark.both_databases
async def test_one_proposes_another_confirms_and_the_copy_is_taken_once(desk: Desk) -> None:
    row = await desk.propose()
    assert stage_of(row) is ReleaseStage.proposed
    row = await desk.confirm(row)
    assert stage_of(row) is ReleaseStage.confirmed
    row = await desk.take(row)
    assert (stage_of(row), row.bag_sha256, row.custody_size) == (ReleaseStage.taken, BAG, 5)
    with pytest.raises(NotReady):
        await desk.take(row)
    line = releases.line(row)
    assert line["by"] == ["Ioana Marin", "Ana Popa"]
    assert (line["roles"], line["from"]) == (["clerk", "presiding_judge"], "RO")
    assert (line["to"], line["state"], line["what"]) == ("S. Srisai, Office of the Attorney General", "TH", "whole")
    async with desk.database.reading() as db:
        (kept,) = await signatures.signatures_of(db, row)
    assert (kept.act, kept.payload_sha256) == (Act.release_recording, line["statement"])
    assert signatures.read(kept)["body"]["confirmed_by"] == "Ana Popa"


async def test_the_limits_of_the_treaty_and_of_the_request_go_with_it_with_their_sources(desk: Desk) -> None:
    row = await desk.propose()
    sources = [limit["source"] for limit in row.limits]
    own = f"request {desk.request.reference}"
    assert sources == ["UNTOC art. 18(19)", "UNTOC art. 18(20)", own, own]
    assert "without prior consent" in row.limits[0]["text"]
    assert "exculpatory" in row.limits[0]["text"]
    assert "1234/P/2025" in row.limits[2]["text"]
    assert row.limits[3]["text"] == "Not for extradition."


async def test_whoever_proposed_it_cannot_confirm_it_by_any_account(desk: Desk) -> None:
    row = await desk.propose()
    with pytest.raises(NotAllowed, match="Another person"):
        await desk.confirm(row, "clerk")
    await desk.change("second", name="MARIN, Ioana")
    with pytest.raises(NotAllowed, match="same name"):
        await desk.confirm(row, "second")
    assert stage_of(await desk.now_is(row)) is ReleaseStage.proposed


async def test_the_database_itself_takes_no_release_by_one_person(desk: Desk) -> None:
    row = await desk.confirm(await desk.propose())
    with pytest.raises(IntegrityError):
        async with desk.database.transaction() as db:
            await db.exec(text(f"UPDATE recording_release SET decided_by = proposed_by WHERE id = '{row.id}'"))  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("changes", "refused"),
    [({"purpose": "Something else"}, TermsChanged), ({"limits": []}, TermsChanged), ({"size": 7}, TermsChanged)],
)
async def test_a_statement_over_other_terms_releases_nothing(desk: Desk, changes: Any, refused: Any) -> None:
    row = await desk.propose()
    with pytest.raises(refused):
        await desk.confirm(row, **changes)
    assert stage_of(await desk.now_is(row)) is ReleaseStage.proposed


async def test_a_statement_signed_by_the_other_states_key_releases_nothing(desk: Desk) -> None:
    row = await desk.propose()
    body = releases.statement_body(row, desk.recording, confirmed_by="Ana Popa")
    signed = desk.sign("RO", Act.release_recording, body, key="TH")
    with pytest.raises(SignatureRefused):
        async with desk.database.transaction() as db:
            await releases.confirm(db, release_id=row.id, jws=signed, actor=desk.actor("judge"), **desk.about)
    assert stage_of(await desk.now_is(row)) is ReleaseStage.proposed


@pytest.mark.parametrize(("who", "ended"), [("judge", ReleaseStage.refused), ("clerk", ReleaseStage.withdrawn)])
async def test_a_release_that_was_refused_or_withdrawn_is_never_taken(
    desk: Desk, who: str, ended: ReleaseStage
) -> None:
    row = await desk.propose()
    async with desk.database.transaction() as db:
        row = await releases.refuse(db, release_id=row.id, actor=desk.actor(who), **desk.about)
    assert stage_of(row) is ended
    for late in (desk.confirm(row), desk.take(row)):
        with pytest.raises(NotReady):
            await late


async def test_a_copy_that_could_not_be_made_can_be_taken_again(desk: Desk) -> None:
    row = await desk.confirm(await desk.propose())
    async with desk.database.transaction() as db:
        row, _statement = await releases.begin_taking(db, release_id=row.id, actor=desk.actor("clerk"), **desk.about)
    assert stage_of(row) is ReleaseStage.lost
    async with desk.database.transaction() as db:
        await releases.not_taken(db, release_id=row.id)
    assert stage_of(await desk.take(row)) is ReleaseStage.taken
    async with desk.database.transaction() as db:
        await releases.not_taken(db, release_id=row.id)
    assert stage_of(await desk.now_is(row)) is ReleaseStage.taken


async def test_the_other_state_sees_a_release_only_once_it_is_confirmed(desk: Desk) -> None:
    row = await desk.propose()
    async with desk.database.reading() as db:
        with pytest.raises(NotFound):
            await releases.seen(db, row.id, desk.recording, state="TH")
    row = await desk.confirm(row)
    async with desk.database.reading() as db:
        assert (await releases.seen(db, row.id, desk.recording, state="TH")).id == row.id
        with pytest.raises(NotFound):
            await releases.find(db, row.id, desk.recording, state="TH")


@pytest.mark.parametrize(
    ("wanted", "field"),
    [({"to_person": " "}, "to_person"), ({"body": ""}, "to_body"), ({"purpose": "x"}, "purpose")],
)
async def test_a_release_names_a_person_a_body_and_a_purpose(desk: Desk, wanted: dict[str, str], field: str) -> None:
    asked = {"to_person": WANTED.to_person, "body": WANTED.body, "purpose": WANTED.purpose} | wanted
    with pytest.raises(Invalid) as refused:
        await desk.propose(wanted=releases.Proposal(**asked))
    assert refused.value.field == field


async def test_nothing_is_released_while_it_is_being_recorded_nor_after_the_request_is_closed(desk: Desk) -> None:
    row = await desk.confirm(await desk.propose())
    changes: tuple[tuple[Any, str, Any], ...] = (
        (Recording, desk.recording.id, RecordingStatus.recording),
        (HearingRequest, desk.request.id, RequestStatus.closed),
    )
    for table, row_id, status in changes:
        async with desk.database.transaction() as db:
            found: Any = await get(db, table, row_id)
            before, found.status = found.status, status
            db.add(found)
        if table is Recording:
            desk.recording.status = status
        refused: list[type[HearingsError]] = []
        for late in (desk.propose(), desk.take(row)):
            with pytest.raises(NotAllowed) as error:
                await late
            refused.append(type(error.value))
        assert refused == [NotAllowed, NotAllowed]
        async with desk.database.transaction() as db:
            found = await get(db, table, row_id)
            found.status = before
            db.add(found)
        if table is Recording:
            desk.recording.status = before
