"""Recording what came of serving a summons: who may, what is refused, and that rows are only added."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError
from sqlmodel import select, update

from hearings import queries
from hearings.actors import Actor
from hearings.errors import Invalid, NotAllowed, NotReady
from hearings.ids import new_id
from hearings.models import Hearing, HearingEvent, HearingRequest, Offer, SummonsService
from hearings.requests import attachments
from hearings.roles import Role
from hearings.status import HearingStatus, OfferStatus
from hearings.summons import services
from hearings.times.queries import offers_of
from tests.support.court import NOW


async def serve(court: Any, actor: Actor, **more: Any) -> SummonsService:
    given: dict[str, Any] = {
        "participant_id": court.ids[Role.witness], "outcome": "served", "way": "in_person",
        "served_at": NOW - timedelta(days=3), "served_by": "Bailiff of the Criminal Court", "language": "th",
    }  # fmt: skip
    async with court.database.transaction() as db:
        hearing = await queries.get(db, Hearing, court.hearing.id)
        return await services.record(db, hearing=hearing, actor=actor, now=NOW, **given | more)


@pytest.mark.both_databases
async def test_a_service_is_kept_with_its_day_there_told_in_the_log_and_never_changed(court: Any) -> None:
    authority = court.staff("authority")
    async with court.database.transaction() as db:
        request = await queries.get(db, HearingRequest, court.request.id)
        proof = await attachments.add(
            db, request=request, kind="other", name="receipt.txt", data=b"Received", actor=authority, now=NOW
        )
    at = NOW.replace(hour=20) - timedelta(days=3)
    row = await serve(
        court, replace(authority, client="c1"), served_at=at, language="EN", translation="th", attachment_id=proof.id
    )
    assert (row.owner_state, row.outcome, row.way, row.language, row.translation, row.attachment_id) == (
        "TH", "served", "in_person", "en", "th", proof.id,
    )  # fmt: skip
    assert (row.recorded_by_label, row.through, row.summoned_to) == (authority.label, "c1", court.hearing.starts_at)
    assert services.served_day(row) == at.date() + timedelta(days=1), "by the calendar of Bangkok, seven hours on"
    async with court.database.reading() as db:
        told = (await db.exec(select(HearingEvent).where(HearingEvent.kind == "summons_recorded"))).one()
    assert told.data == {"participant": court.ids[Role.witness], "outcome": "served", "way": "in_person"}
    with pytest.raises(DBAPIError, match="only grows"):
        async with court.database.transaction() as db:
            await db.exec(update(SummonsService).values(remarks="Something else"))


async def test_only_the_requested_state_records_a_service(court: Any) -> None:
    authority = court.staff("authority")
    refused = [court.staff("clerk"), court.staff("judge"), replace(authority, state="FR")]
    for actor in (*refused, replace(authority, functions=frozenset({"judge", "administrator"}))):
        with pytest.raises(NotAllowed):
            await serve(court, actor)
    async with court.database.reading() as db:
        assert await services.of_hearing(db, court.hearing.id) == []
    await serve(court, replace(authority, functions=frozenset({"clerk"})))


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"participant_id": "nobody"}, "participant_id"),
        ({"outcome": "perhaps"}, "outcome"),
        ({"way": "by pigeon"}, "way"),
        ({"served_at": None}, "served_at"),
        ({"served_at": NOW + timedelta(minutes=1)}, "served_at"),
        ({"served_at": NOW - timedelta(days=367)}, "served_at"),
        ({"served_at": datetime(1, 1, 1, tzinfo=UTC)}, "served_at"),
        ({"summoned_to": NOW}, "summoned_to"),
        ({"served_by": " "}, "served_by"),
        ({"language": ""}, "language"),
        ({"language": "xx-nothing"}, "language"),
        ({"translation": "xx-nothing"}, "translation"),
        ({"language": "th", "translation": "TH"}, "translation"),
        ({"attachment_id": "none"}, "attachment_id"),
        ({"outcome": "refused"}, "reason"),
        ({"outcome": "not_served", "reason": "no"}, "reason"),
        ({"remarks": "x" * 1001}, "remarks"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_what_is_missing_or_wrong_is_refused_by_its_field_and_nothing_is_written(
    court: Any, wrong: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as error:
        await serve(court, court.staff("authority"), **wrong)
    assert error.value.field == field
    async with court.database.reading() as db:
        assert await services.of_hearing(db, court.hearing.id) == []


async def test_nobody_is_summoned_to_a_cancelled_hearing_and_a_judge_to_none(court: Any) -> None:
    authority = court.staff("authority")
    with pytest.raises(Invalid):
        await serve(court, authority, participant_id=court.ids[Role.presiding_judge])
    async with court.database.transaction() as db:
        (await queries.get(db, Hearing, court.hearing.id)).status = HearingStatus.cancelled
    with pytest.raises(NotReady, match="cancelled"):
        await serve(court, authority)


async def test_a_service_from_before_the_hearing_was_moved_is_for_the_time_that_stood_then_unless_that_is_said(
    court: Any,
) -> None:
    authority, first = court.staff("authority"), court.hearing.starts_at
    async with court.database.transaction() as db:
        hearing = await queries.get(db, Hearing, court.hearing.id)
        (agreed,) = [one for one in await offers_of(db, hearing.id) if one.status is OfferStatus.accepted]
        agreed.created_at = NOW - timedelta(days=9)
        second = first + timedelta(days=10)
        more = {"id": new_id(), "round": agreed.round + 1, "created_at": NOW - timedelta(days=1)}
        times = {"starts_at": second, "ends_at": agreed.ends_at + timedelta(days=10)}
        db.add(Offer(**agreed.model_dump() | more | times))
        hearing.starts_at, hearing.ends_at = second, times["ends_at"]
        assert await services.starts(db, hearing) == [second, first]
    assert (await serve(court, authority)).summoned_to == first
    assert (await serve(court, authority, served_at=NOW - timedelta(hours=1))).summoned_to == second
    assert (await serve(court, authority, summoned_to=second)).summoned_to == second
    assert (await serve(court, authority, served_at=NOW, summoned_to=first)).summoned_to == first


@pytest.mark.parametrize("field", ["served_by", "reason", "remarks"])
async def test_no_text_names_whoever_is_protected(court: Any, field: str) -> None:
    async with court.database.transaction() as db:
        request = await queries.get(db, HearingRequest, court.request.id)
        (await court.seat(db, Role.witness)).identity_method = "protected_identity"
        name = request.person_name
    with pytest.raises(Invalid, match="protected") as error:
        await serve(court, court.staff("authority"), **{field: f"{name} opened the door"})
    assert error.value.field == field


async def test_the_last_day_of_service_counts_and_only_of_rows_that_say_served(court: Any) -> None:
    authority = court.staff("authority")

    async def days() -> list[date]:
        async with court.database.reading() as db:
            hearing = await queries.get(db, Hearing, court.hearing.id)
            found = await services.served_on(db, hearing)
            assert set(found) <= {hearing.starts_at}
            return list(found.values())

    assert await days() == []
    first = await serve(court, authority, served_at=NOW - timedelta(days=9))
    assert await days() == [services.served_day(first)]
    later = await serve(court, authority, served_at=NOW - timedelta(days=2))
    assert await days() == [services.served_day(later)]
    await serve(court, authority, outcome="refused", reason="Would not take it")
    assert await days() == []
