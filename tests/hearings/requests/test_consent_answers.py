"""A consent that is missing stops the hearing: before it is ready, before it starts, and while the person is heard."""

from datetime import datetime
from typing import Any

import pytest

from hearings import queries
from hearings.actors import SYSTEM, Actor
from hearings.errors import ConsentMissing, NotAllowed, NotReady
from hearings.events import EventKind
from hearings.hearing import hearing as diary
from hearings.law import rows as law_rows
from hearings.law.law import LAW
from hearings.models import Consent, Hearing, HearingRequest
from hearings.models.sitting import HoldCause, HoldCode
from hearings.requests import consent_answers, person_consents
from hearings.requests.consent_answers import Outstanding
from hearings.roles import Role
from hearings.sitting import sittings, withdrawals
from hearings.status import ConsentStatus, HearingStatus

ASSEMBLED = pytest.mark.parametrize("stage", ["assembled"])
IN_SESSION = pytest.mark.parametrize("stage", ["in_session"])
ADMIN = Actor(id="admin", label="Elena Stan", state="TH", functions=frozenset({"administrator"}))


async def ask_by_law(court: Any, now: datetime, *, witness: bool | None = True) -> None:
    """From now on the law of Thailand asks the witness for consent: the administrator has entered the rule."""
    row = {
        **LAW.rows["overlay"]["nat_FR_694_5"],
        "id": "nat_TH_video",
        "state": "TH",
        "provision": "s. 1",
        "consent_required": {"witness": witness},
    }
    async with court.database.transaction() as db:
        edits = [law_rows.check("overlay", row, LAW)]
        await law_rows.save(db, edits=edits, reason="Read in the gazette", seen=0, actor=ADMIN, now=now)


async def answer(court: Any, now: datetime, *words: str) -> Consent:
    """The rule is noted, and the person says this, one after another."""
    authority = court.staff("authority")
    async with court.database.transaction() as db:
        row = await queries.get(db, HearingRequest, court.request.id)
        await person_consents.note(db, request=row, actor=authority, now=now)
        (consent,) = await consent_answers.of_request(db, row.id)
        for word in words:
            if word == "withdrawn":
                await withdrawals.withdraw(
                    db, request=row, consent_id=consent.id, reason="Afraid", actor=authority, now=now
                )
            else:
                await person_consents.record(
                    db, request=row, consent_id=consent.id, answer=word, actor=authority, now=now
                )
    return consent


async def back_to_agreed(court: Any) -> None:
    async with court.database.transaction() as db:
        (await queries.get(db, Hearing, court.hearing.id)).status = HearingStatus.agreed


async def make_ready(court: Any, now: datetime) -> Hearing:
    async with court.database.transaction() as db:
        hearing = await queries.get(db, Hearing, court.hearing.id)
        await diary.make_ready(db, hearing=hearing, without_test="The rooms met", actor=court.staff("clerk"), now=now)
    return hearing


async def status(court: Any) -> HearingStatus:
    async with court.database.reading() as db:
        return (await queries.get(db, Hearing, court.hearing.id)).status


async def start(court: Any, now: datetime) -> None:
    async with court.database.transaction() as db:
        sitting, _ = await court.sitting(db)
        await sittings.start(db, sitting=sitting, actor=await court.actor(db, Role.presiding_judge), now=now)


async def resume(court: Any, now: datetime, role: Role = Role.presiding_judge, *, without: bool = False) -> bool:
    async with court.database.transaction() as db:
        sitting, _ = await court.sitting(db)
        return await sittings.resume(
            db,
            sitting=sitting,
            reason="Only the parties speak",
            without_consent=without,
            actor=await court.actor(db, role),
            now=now,
        )


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "not asked"),
        (("pending",), "pending"),
        (("refused",), "refused"),
        (("given", "withdrawn"), "withdrawn"),
        (("refused", "given"), ""),
    ],
)
async def test_a_hearing_is_made_ready_only_when_the_consent_its_law_asks_for_is_given(
    court: Any, now: datetime, words: tuple[str, ...], said: str
) -> None:
    await ask_by_law(court, now)
    await answer(court, now, *words)
    await back_to_agreed(court)
    if not said:
        assert (await make_ready(court, now)).status is HearingStatus.ready
        return
    with pytest.raises(ConsentMissing) as refusal:
        await make_ready(court, now)
    assert refusal.value.missing == (f"witness, s. 1: {said}",)
    assert (refusal.value.code, await status(court)) == ("consent_missing", HearingStatus.agreed)
    assert "Somchai" not in str(refusal.value)


async def test_a_rule_that_came_after_submission_stops_the_hearing_and_can_be_noted_and_answered(
    court: Any, now: datetime
) -> None:
    await back_to_agreed(court)
    await ask_by_law(court, now, witness=None)
    with pytest.raises(ConsentMissing) as refusal:
        await make_ready(court, now)
    doubt = "not asked; whether this rule applies is not known, so it is treated as applying"
    assert refusal.value.missing == (f"witness, s. 1: {doubt}",)
    assert "Record the person's answer" in str(refusal.value)
    with pytest.raises(NotAllowed):
        async with court.database.transaction() as db:
            row = await queries.get(db, HearingRequest, court.request.id)
            await person_consents.note(db, request=row, actor=court.staff("judge"), now=now)
    await answer(court, now, "given")
    await answer(court, now)  # noted once
    await make_ready(court, now)


def test_what_was_refused_counts_whatever_rules_ask_and_what_is_open_only_where_one_does(now: datetime) -> None:
    request = HearingRequest(requesting_state="RO", requested_state="TH", owner_state="RO")
    rows = [
        Consent(owner_state="RO", request_id="r", rule=word, provision=word, status=ConsentStatus(word), since=now)
        for word in ConsentStatus
    ]
    found = [(one.rule, one.who) for one in consent_answers.missing(request, rows, ())]
    assert found == [("refused", ""), ("withdrawn", "")]
    rules = [consent_answers.Rule(key=key, provision=key, text="") for key in ("pending", "given", "new")]
    assert [(one.rule, one.status.value) for one in consent_answers.missing(request, rows, rules)] == [
        ("pending", "pending"), ("refused", "refused"), ("withdrawn", "withdrawn"), ("new", "not_asked"),
    ]  # fmt: skip
    assert Outstanding(
        who="legal_person", rule="r", provision="p", status=ConsentStatus.not_asked, known=True
    ).sentence == ("legal person, p: not asked")


@ASSEMBLED
@pytest.mark.parametrize("said", ["not asked", "refused"])
async def test_no_sitting_starts_without_the_consent(court: Any, now: datetime, said: str) -> None:
    await court.check_sound()
    await ask_by_law(court, now)
    await answer(court, now, *(["refused"] if said == "refused" else []))
    with pytest.raises(ConsentMissing) as refusal:
        await start(court, now)
    assert refusal.value.missing == (f"witness, s. 1: {said}",)
    async with court.database.reading() as db:
        assert (await court.sitting(db))[1].status.value == "not_started"
    await answer(court, now, "given")
    await start(court, now)


@IN_SESSION
async def test_a_sitting_held_for_a_withdrawn_consent_goes_on_when_it_is_given_again(court: Any, now: datetime) -> None:
    await ask_by_law(court, now)
    await answer(court, now, "given", "withdrawn")
    assert await status(court) is HearingStatus.in_progress
    with pytest.raises(ConsentMissing):
        await resume(court, now)
    with pytest.raises(NotAllowed):
        await resume(court, now, Role.clerk, without=True)
    await answer(court, now, "given")
    assert await resume(court, now) is True
    async with court.database.reading() as db:
        last = (await queries.events(db, court.hearing.id, limit=1000))[-1]
    assert (last.kind, last.data["without_consent"]) == (EventKind.resumed, [])


@IN_SESSION
async def test_the_judge_may_go_on_without_it_and_the_log_names_the_rule(court: Any, now: datetime) -> None:
    await ask_by_law(court, now)
    await answer(court, now, "given", "withdrawn")
    assert await resume(court, now, without=True) is True
    async with court.database.reading() as db:
        last = (await queries.events(db, court.hearing.id, limit=1000))[-1]
    assert last.data["without_consent"] == [
        {"who": "witness", "provision": "s. 1", "status": "withdrawn", "known": True}
    ]
    assert last.data["reason"] == "Only the parties speak"


@IN_SESSION
async def test_a_withdrawal_is_a_hold_of_its_own_while_a_line_is_lost(court: Any, now: datetime) -> None:
    async with court.database.transaction() as db:
        sitting, _ = await court.sitting(db)
        await sittings.hold(db, sitting=sitting, reason="line_lost:x", cause=HoldCause.fault, actor=SYSTEM, now=now)
    await ask_by_law(court, now)
    await answer(court, now, "given", "withdrawn")
    async with court.database.reading() as db:
        sitting, _ = await court.sitting(db)
        assert [hold["reason"] for hold in sitting.holds] == ["line_lost:x", HoldCode.consent_withdrawn]
    with pytest.raises(ConsentMissing):
        await resume(court, now)


async def test_a_withdrawal_before_the_sitting_takes_a_ready_hearing_back_to_agreed(court: Any, now: datetime) -> None:
    await ask_by_law(court, now)
    await answer(court, now, "given", "withdrawn")
    async with court.database.reading() as db:
        hearing = await queries.get(db, Hearing, court.hearing.id)
        last = (await queries.history(db, hearing))[-1]
    assert (last.before, last.after, last.reason) == ("ready", "agreed", "a consent was withdrawn")
    with pytest.raises(NotReady, match="The lobby opens when the hearing is ready; it is agreed"):
        await court.open_lobby()
    with pytest.raises(ConsentMissing):
        await make_ready(court, now)


@pytest.mark.both_databases
async def test_a_withdrawal_with_the_lobby_open_holds_and_leaves_the_hearing_as_it_is(
    court: Any, now: datetime
) -> None:
    await court.open_lobby()
    await ask_by_law(court, now)
    await answer(court, now, "given", "withdrawn")
    assert await status(court) is HearingStatus.ready
    async with court.database.reading() as db:
        assert (await court.sitting(db))[0].hold_reason == HoldCode.consent_withdrawn
