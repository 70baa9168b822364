"""Requests of people about their data: who decides, what is erased at once, what stays and why."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import pytest
from sqlmodel import select

from hearings.actors import Actor
from hearings.db import Database
from hearings.errors import Invalid, NotAllowed, NotFound, NotReady
from hearings.hearing.participant_contacts import message_key
from hearings.models import (
    DataDecision,
    DataRequest,
    HearingEvent,
    HearingRequest,
    Invitation,
    KeepingDecision,
    Login,
    OutboxMessage,
    ParticipantContact,
    SummonsService,
)
from hearings.models.history import DataOutcome
from hearings.models.outbox import OutboxKind, OutboxStatus
from hearings.models.participant import SummonsOutcome, SummonsWay
from hearings.models.sitting import KeepingKind
from hearings.personal_data import data_requests
from hearings.status import HearingStatus, RequestStatus
from tests.support.rows import Setting, keep

CLERK = Actor(id="c", label="I. Marin", state="RO", functions=frozenset({"clerk"}))
JUDGE = Actor(id="j", label="A. Popa", state="RO", functions=frozenset({"judge"}))
BOTH = Actor(id="c", label="I. Marin", state="RO", functions=frozenset({"clerk", "judge"}))
NAME = "Somchai Wattana"
ERASABLE = (ParticipantContact, Invitation, Login)


@pytest.fixture
async def case(database: Database) -> AsyncIterator[Setting]:
    """A case that is over, with what was used to reach its witness, and what came of the summons."""
    made = Setting(database)
    made.request.status = RequestStatus.closed
    made.hearing.status = HearingStatus.concluded
    made.witness.display_name = NAME
    await made.keep()
    at, seat = made.now, made.witness.id
    await keep(
        database,
        ParticipantContact(
            owner_state="RO", participant_id=seat, email="s@example.org", language="th", created_by="c", created_at=at
        ),
        Invitation(owner_state="RO", participant_id=seat, secret_hash="s" * 64, pin_hash="p", created_at=at),
        Login(owner_state="RO", participant_id=seat, secret_hash="l" * 64, created_at=at, seen_at=at),
        OutboxMessage(
            owner_state="RO",
            kind=OutboxKind.mail,
            key=message_key(seat, "invited"),
            address="s@example.org",
            about=made.hearing.ref,
            payload={"text": NAME},
            status=OutboxStatus.sent,
            created_at=at,
            next_at=at,
            sent_at=at,
        ),
        SummonsService(
            owner_state="TH",
            hearing_id=made.hearing.id,
            participant_id=seat,
            summoned_to=made.hearing.starts_at,
            outcome=SummonsOutcome.served,
            way=SummonsWay.by_post,
            served_at=at,
            served_zone="Asia/Bangkok",
            served_by="The post",
            language="th",
            recorded_by="x",
            recorded_by_label="K. Srisai",
            at=at,
        ),
    )
    yield made


async def recorded(case: Setting, kind: str = "erasure", actor: Actor = CLERK, **more: Any) -> DataRequest:
    given: dict[str, Any] = {
        "ref": case.hearing.ref,
        "name": NAME,
        "asked": "All of it",
        "identity": "Passport seen",
        "received_on": case.now.date(),
    }
    async with case.database.transaction() as db:
        return await data_requests.record(db, kind=kind, **(given | more), actor=actor, now=case.now)


async def decided(case: Setting, request: DataRequest, carry_out: bool = True, actor: Actor = JUDGE) -> DataDecision:
    async with case.database.transaction() as db:
        return await data_requests.decide(
            db, request_id=request.id, carry_out=carry_out, reason="The hearing is over", actor=actor, now=case.now
        )


async def rows(case: Setting, *tables: Any) -> list[int]:
    async with case.database.reading() as db:
        return [len((await db.exec(select(table))).all()) for table in tables]


async def test_what_served_a_hearing_that_is_over_is_erased_and_the_file_stays_with_its_reason(case: Setting) -> None:
    made = await decided(case, await recorded(case))
    assert made.outcome is DataOutcome.partly
    assert made.erased == {"participant_contact": 1, "join_link": 1, "login": 1, "mail_text": 1}
    assert await rows(case, *ERASABLE) == [0, 0, 0]
    async with case.database.reading() as db:
        (mail,) = (await db.exec(select(OutboxMessage))).all()
        assert (mail.address, mail.payload, bool(mail.digest)) == ("", {}, True)
    assert {each["table"] for each in made.stays} == {"participant", "summons_service"}
    assert all(each["why"] and each["provision"] for each in made.stays)
    assert await rows(case, SummonsService) == [1]


async def open_again(case: Setting) -> None:
    async with case.database.transaction() as db:
        (await db.get(HearingRequest, case.request.id)).status = RequestStatus.executed


async def put_on_hold(case: Setting) -> None:
    hold = KeepingDecision(
        owner_state="TH",
        recording_id=case.recording.id,
        hearing_id=case.hearing.id,
        kind=KeepingKind.hold,
        person_id="x",
        person_name="K. Srisai",
        reason="Appeal",
        at=case.now,
    )
    await keep(case.database, hold)


@pytest.mark.parametrize("happens", [open_again, put_on_hold])
async def test_nobody_destroys_evidence_by_an_erasure_while_the_case_is_open_or_held(
    case: Setting, happens: Any
) -> None:
    request = await recorded(case)
    async with case.database.reading() as db:
        assert any((await data_requests.weigh(db, request)).ids.values())
    await happens(case)  # since it was recorded: what counts is how the case stands when it is decided
    made = await decided(case, request)
    assert (made.outcome, made.erased) == (DataOutcome.refused, {})
    assert data_requests.HELD in {each["why"] for each in made.stays}
    assert await rows(case, *ERASABLE) == [1, 1, 1]


async def test_the_requests_are_listed_page_by_page_newest_first(case: Setting) -> None:
    made = [(await recorded(case)).id for _ in range(3)]
    async with case.database.reading() as db:
        first = await data_requests.of_state(db, state="RO", limit=2)
        rest = await data_requests.of_state(db, state="RO", after=first.after, limit=2)
    assert [row.id for row, _made in (*first.rows, *rest.rows)] == made[::-1]
    assert first.after and not rest.after


async def test_no_erasure_touches_the_log_of_a_hearing(case: Setting) -> None:
    line = HearingEvent(
        owner_state="RO", hearing_id=case.hearing.id, seq=1, at=case.now, kind="joined", actor=case.witness.id
    )
    await keep(case.database, line)
    await decided(case, await recorded(case))
    assert await rows(case, HearingEvent) == [1]


async def test_whoever_recorded_a_request_does_not_decide_on_it_and_it_is_decided_once(case: Setting) -> None:
    request = await recorded(case, actor=BOTH)
    with pytest.raises(NotAllowed, match="Another person"):
        await decided(case, request, actor=BOTH)
    other = Actor(id="x", label="M. Ene", state="RO", functions=frozenset({"clerk"}))
    with pytest.raises(NotAllowed):
        await decided(case, request, actor=other)
    stranger = Actor(id="t", label="K. Srisai", state="TH", functions=frozenset({"judge"}))
    with pytest.raises(NotFound):
        await decided(case, request, actor=stranger)
    assert await rows(case, *ERASABLE, DataDecision) == [1, 1, 1, 0]
    await decided(case, request)
    with pytest.raises(NotReady, match="has been decided"):
        await decided(case, request, carry_out=False)


async def test_a_refusal_and_a_correction_erase_nothing(case: Setting) -> None:
    assert (await decided(case, await recorded(case), carry_out=False)).outcome is DataOutcome.refused
    assert (await decided(case, await recorded(case, "rectification"))).outcome is DataOutcome.granted
    assert await rows(case, *ERASABLE, DataDecision) == [1, 1, 1, 2]


async def test_the_answer_says_what_was_erased_and_what_stays_by_which_provision_and_names_nobody(
    case: Setting,
) -> None:
    request = await recorded(case)
    made = await decided(case, request)
    said = "\n".join(f"{text} ({provision})" for text, provision in data_requests.letter(request, made))
    assert "part of what you asked for" in said and "The hearing is over" in said
    assert "on 24 November 2026" in said, said
    assert "Erased: Join links and codes (1)" in said and "articles 16(3)(b) and 18" in said
    assert NAME not in said and "s@example.org" not in said and "Srisai" not in said


async def test_what_is_wrong_is_refused_and_nothing_is_recorded(case: Setting) -> None:
    for wrong in (
        {"kind": "destruction"},
        {"name": "Nobody"},
        {"asked": " "},
        {"identity": ""},
        {"received_on": None},
        {"received_on": case.now.date() + timedelta(days=1)},
    ):
        with pytest.raises(Invalid):
            await recorded(case, **wrong)
    with pytest.raises(NotFound):
        await recorded(case, ref="XXXX-XXXX")
    async with case.database.transaction() as db:
        (await db.get(HearingRequest, case.request.id)).pseudonym = True
    with pytest.raises(NotReady, match="protected"):
        await recorded(case, received_on=date(2026, 1, 1))
    assert await rows(case, DataRequest) == [0]
