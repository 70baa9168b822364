"""The checklist of a hearing and its being made ready say the same."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import pytest
from sqlmodel import delete
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import queries
from hearings.agreement import agreements
from hearings.errors import GateOpen, NotReady
from hearings.hearing import hearing as diary, links, readiness
from hearings.hearing.readiness import REASONED, REMINDERS, Check
from hearings.models import Consent, Hearing, HearingRequest, Participant
from hearings.models.request import Stage
from hearings.requests import gate_answers
from hearings.roles import Role, StaffFunction
from hearings.status import ConsentStatus, HearingStatus, RequestStatus
from hearings.summons import services

Break = Callable[[AsyncSession, Any, datetime], Awaitable[None]]


async def nothing(db: AsyncSession, court: Any, now: datetime) -> None:
    """Everything is in place."""


async def close_request(db: AsyncSession, court: Any, now: datetime) -> None:
    (await queries.get(db, HearingRequest, court.request.id)).status = RequestStatus.closed


async def unsign(db: AsyncSession, court: Any, now: datetime) -> None:
    """Agreed while one signature was enough."""
    hearing = await queries.get(db, Hearing, court.hearing.id)
    hearing.requested_signed, hearing.one_signed = "", True


async def remove(db: AsyncSession, court: Any, role: Role) -> None:
    guest = await court.seat(db, role)
    await links.kill_links(db, participant_ids=[guest.id], now=court.hearing.starts_at, why="test")
    await db.exec(delete(Participant).where(Participant.id == guest.id))


async def unname(db: AsyncSession, court: Any, now: datetime) -> None:
    await remove(db, court, Role.witness)


async def no_interpreter(db: AsyncSession, court: Any, now: datetime) -> None:
    await remove(db, court, Role.interpreter)


async def refuse_consent(db: AsyncSession, court: Any, now: datetime) -> None:
    said = {"rule": "x", "provision": "s. 1", "text": "must consent", "status": ConsentStatus.refused}
    db.add(Consent(owner_state="RO", request_id=court.request.id, since=now, **said))


async def say_no(db: AsyncSession, court: Any, now: datetime) -> None:
    """The requested State has taken back that its law permits the hearing."""
    request = await queries.get(db, HearingRequest, court.request.id)
    answers = {"domestic_law_confirmed": False}
    await gate_answers.answer(db, request=request, answers=answers, actor=court.staff("authority"), now=now)


async def void_agreement(db: AsyncSession, court: Any, now: datetime) -> None:
    agreement = await agreements.running(db, court.hearing.id)
    assert agreement is not None
    await agreements.void(db, agreement=agreement, reason="Another room", actor=court.staff("clerk"), now=now)


async def not_tested(db: AsyncSession, court: Any, now: datetime) -> None:
    agreement = await agreements.running(db, court.hearing.id)
    assert agreement is not None
    agreement.passed_over_at, agreement.passed_over_by, agreement.passed_over_why = None, "", ""


async def no_key(db: AsyncSession, court: Any, now: datetime) -> None:
    (key,) = await queries.authority_keys(db, ["TH"])
    key.kind = "escrow"


async def keep_the_checklist(db: AsyncSession, court: Any, now: datetime) -> None:
    """Nobody has answered for the summons."""
    (await queries.get(db, Hearing, court.hearing.id)).rights_version = 1


BREAKS: dict[Break, set[Check]] = {
    nothing: set(),
    close_request: {Check.request_open},
    unsign: {Check.time_signed},
    unname: {Check.people_named},
    no_interpreter: {Check.interpreter_named},
    refuse_consent: {Check.consent_given},
    say_no: {Check.gate_answered},
    void_agreement: {Check.agreement_signed, Check.line_tested},
    not_tested: {Check.line_tested},
    no_key: {Check.recipients_known},
    keep_the_checklist: {Check.rights_kept},
}


@pytest.fixture
async def agreed(court: Any, now: datetime) -> Any:
    """A hearing that only has to be made ready."""
    async with court.database.transaction() as db:
        (await queries.get(db, Hearing, court.hearing.id)).status = HearingStatus.agreed
        agreement = await agreements.running(db, court.hearing.id)
        assert agreement is not None
        agreement.passed_over_at, agreement.passed_over_by, agreement.passed_over_why = now, "A clerk", "Same rooms"
    return court


async def results(court: Any, now: datetime) -> dict[Check, readiness.CheckResult]:
    async with court.database.reading() as db:
        hearing = await queries.get(db, Hearing, court.hearing.id)
        return {result.check: result for result in await readiness.checks(db, hearing, now=now)}


@pytest.mark.parametrize("broken", BREAKS, ids=lambda one: one.__name__)
async def test_a_hearing_is_made_ready_exactly_when_no_blocking_check_is_open(
    agreed: Any, now: datetime, broken: Break
) -> None:
    async with agreed.database.transaction() as db:
        await broken(db, agreed, now)
    found = await results(agreed, now)
    assert {check for check, result in found.items() if result.blocks} == BREAKS[broken]
    assert all(result.states for result in found.values() if result.blocks), "somebody can resolve it"
    try:
        async with agreed.database.transaction() as db:
            hearing = await queries.get(db, Hearing, agreed.hearing.id)
            await diary.make_ready(db, hearing=hearing, actor=agreed.staff("clerk"), now=now)
    except NotReady:
        assert BREAKS[broken]
    else:
        assert not BREAKS[broken]


async def test_every_check_is_broken_by_a_case_here_or_blocks_nothing() -> None:
    covered = set[Check]().union(*BREAKS.values())
    # Of a basis in force on the day: test_law_on_the_day.
    assert set(Check) - covered == REMINDERS | (REASONED - covered)


async def test_links_and_rooms_are_reminders(agreed: Any, now: datetime) -> None:
    found = await results(agreed, now)
    for check in REMINDERS:
        assert not found[check].blocks
    assert found[Check.links_issued].met is (not found[Check.links_issued].missing)
    assert set(found[Check.rooms_booked].missing) <= {"RO", "TH"}


async def test_a_yes_that_becomes_a_no_is_a_states_own_to_take_back_and_once_ready_the_answers_stand(
    agreed: Any, now: datetime
) -> None:
    async with agreed.database.transaction() as db:
        await say_no(db, agreed, now)
    found = (await results(agreed, now))[Check.gate_answered]
    assert (found.missing, found.function.value, found.states) == (("TH",), "authority", ("TH",))
    with pytest.raises(GateOpen, match="has answered no"):
        async with agreed.database.transaction() as db:
            hearing = await queries.get(db, Hearing, agreed.hearing.id)
            await diary.make_ready(db, hearing=hearing, actor=agreed.staff("clerk"), now=now)
    yes = {"domestic_law_confirmed": True}
    async with agreed.database.transaction() as db:
        request = await queries.get(db, HearingRequest, agreed.request.id)
        await gate_answers.answer(db, request=request, answers=yes, actor=agreed.staff("authority"), now=now)
        hearing = await queries.get(db, Hearing, agreed.hearing.id)
        await diary.make_ready(db, hearing=hearing, actor=agreed.staff("clerk"), now=now)
    with pytest.raises(NotReady, match="is ready: the answers to the legal check stand"):
        async with agreed.database.transaction() as db:
            await say_no(db, agreed, now)


async def test_the_summons_is_a_reminder_to_the_requested_authority_until_it_was_served_in_time(
    agreed: Any, now: datetime
) -> None:
    found = (await results(agreed, now))[Check.summons_served]
    async with agreed.database.reading() as db:
        witness = await agreed.seat(db, Role.witness)
    assert (found.met, found.blocks, found.missing) == (False, False, (witness.display_name,))
    assert (found.function, found.states) == (StaffFunction.authority, ("TH",))
    async with agreed.database.transaction() as db:
        await services.record(
            db, hearing=await queries.get(db, Hearing, agreed.hearing.id), participant_id=witness.id,
            outcome="served", way="by_police", served_at=now, served_by="The police", language="th",
            actor=agreed.staff("authority"), now=now,
        )  # fmt: skip
    assert (await results(agreed, now))[Check.summons_served].met


async def test_nothing_is_said_of_a_summons_while_nobody_to_be_heard_is_named(agreed: Any, now: datetime) -> None:
    async with agreed.database.transaction() as db:
        await unname(db, agreed, now)
    assert Check.summons_served not in await results(agreed, now)


@pytest.mark.both_databases
@pytest.mark.parametrize("first", ["the no", "the hearing"])
async def test_of_a_no_and_a_hearing_made_ready_at_the_same_instant_the_second_is_refused(
    agreed: Any, now: datetime, first: str
) -> None:
    done = asyncio.Event()

    async def no(db: AsyncSession) -> None:
        request = await queries.get(db, HearingRequest, agreed.request.id, lock=True)
        answers = {"domestic_law_confirmed": False}
        await gate_answers.answer(db, request=request, answers=answers, actor=agreed.staff("authority"), now=now)

    async def ready(db: AsyncSession) -> None:
        hearing = await queries.get(db, Hearing, agreed.hearing.id, lock=True)
        await diary.make_ready(db, hearing=hearing, actor=agreed.staff("clerk"), now=now)

    async def lead(act: Callable[[AsyncSession], Awaitable[None]]) -> None:
        async with agreed.database.transaction() as db:
            await act(db)
            await db.flush()
            done.set()
            await asyncio.sleep(0.3)  # the other acts before this is committed

    async def follow(act: Callable[[AsyncSession], Awaitable[None]]) -> None:
        await done.wait()
        async with agreed.database.transaction() as db:
            await act(db)

    leads, follows = (no, ready) if first == "the no" else (ready, no)
    led, followed = await asyncio.gather(lead(leads), follow(follows), return_exceptions=True)
    assert led is None
    assert isinstance(followed, GateOpen if first == "the no" else NotReady), followed
    async with agreed.database.reading() as db:
        hearing = await queries.get(db, Hearing, agreed.hearing.id)
    assert hearing.status is (HearingStatus.agreed if first == "the no" else HearingStatus.ready)


async def test_the_rights_name_everybody_who_owes_an_item(agreed: Any, now: datetime) -> None:
    async with agreed.database.transaction() as db:
        await keep_the_checklist(db, agreed, now)
        (await queries.get(db, HearingRequest, agreed.request.id)).stage = Stage.trial
    found = (await results(agreed, now))[Check.rights_kept]
    assert found.missing[:3] == ("r02_decision_video", "r03_parties_heard", "r07_summons")
    assert [(found.function.value, *found.states), *((each.value, state) for each, state in found.others)] == [
        ("judge", "RO"), ("clerk", "RO"), ("authority", "TH"),
    ]  # fmt: skip
