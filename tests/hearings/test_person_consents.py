"""The person's consent: asked for by each rule, recorded with counsel, withdrawn at any time, also while heard."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from hearings import consent_answers, legal_bases, person_consents, queries, requests
from hearings.actors import Actor, person_actor
from hearings.db import Database
from hearings.errors import IllegalMove, Invalid, NotAllowed, NotFound
from hearings.lines import ConsentNeed
from hearings.models import Consent, HearingRequest, Person
from hearings.status import ConsentStatus, SittingStatus

NEED = ConsentNeed(
    who="witness", layer="national", state="TH", provision="s. 1", text="The person must consent", source="-",
    confidence="fixture", revocable=True,
)  # fmt: skip
ONE_DATABASE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


async def noted(database: Database, request: HearingRequest, actor: Actor, now: datetime) -> Consent:
    """One rule that asks, noted on a request."""
    result = legal_bases.GateResult(on=now.date(), verdicts=(), consents=(NEED, NEED))
    async with database.transaction() as db:
        row = await queries.get(db, HearingRequest, request.id)
        await person_consents.prepare(db, request=row, result=result, actor=actor, now=now)
        await person_consents.prepare(db, request=row, result=result, actor=actor, now=now)
    async with database.reading() as db:
        (found,) = await consent_answers.of_request(db, request.id)
    return found


async def record(database: Database, consent: Consent, actor: Actor, now: datetime, **words: Any) -> Consent:
    async with database.transaction() as db:
        row = await queries.get(db, HearingRequest, consent.request_id)
        return await person_consents.record(db, request=row, consent_id=consent.id, actor=actor, now=now, **words)


async def test_a_consent_is_recorded_with_counsel_and_time_and_its_history(court: Any, now: datetime) -> None:
    clerk, authority = court.staff("clerk"), court.staff("authority")
    consent = await noted(court.database, court.request, clerk, now)
    assert (consent.status, consent.provision) == (ConsentStatus.not_asked, "s. 1")
    assert consent_answers.standing([consent]) == "not_asked"
    await record(court.database, consent, clerk, now, answer="pending")
    for words, field in (
        ({"answer": "given", "counsel_present": True}, "counsel"),
        ({"answer": "given", "given_at": now + timedelta(seconds=1)}, "given_at"),
        ({"answer": "withdrawn"}, "answer"),
    ):
        with pytest.raises(Invalid) as refusal:
            await record(court.database, consent, authority, now, **words)
        assert refusal.value.field == field
    given = await record(
        court.database, consent, authority, now, answer="given", counsel="A. Dee", counsel_present=True,
        lawyer_access=True, given_at=now - timedelta(hours=1),
    )  # fmt: skip
    assert (given.status, given.given_at, given.counsel) == ("given", now - timedelta(hours=1), "A. Dee")
    async with court.database.reading() as db:
        steps = [(one.before, one.after, one.actor) for one in await queries.history(db, given)]
        assert await consent_answers.outstanding(db, court.request, now=now) == []
    assert steps == [
        ("", "not_asked", clerk.id), ("not_asked", "pending", clerk.id), ("pending", "given", authority.id),
    ]  # fmt: skip


async def test_a_withdrawal_while_the_person_is_heard_holds_the_sitting(court: Any, now: datetime) -> None:
    clerk, authority = court.staff("clerk"), court.staff("authority")
    consent = await noted(court.database, court.request, clerk, now)
    await court.assemble()

    async def withdraw(actor: Actor) -> list[str]:
        async with court.database.transaction() as db:
            row = await queries.get(db, HearingRequest, court.request.id)
            return await person_consents.withdraw(
                db, request=row, consent_id=consent.id, reason="Afraid", actor=actor, now=now
            )

    with pytest.raises(IllegalMove):  # it was never given
        await withdraw(authority)
    await record(court.database, consent, authority, now, answer="given")
    with pytest.raises(NotAllowed):
        await withdraw(court.staff("judge"))
    async with court.database.reading() as db:
        sitting, _ = await court.sitting(db)
        assert (sitting.floor_open, sitting.holds) == (True, [])
    assert await withdraw(authority) == [court.hearing.id]
    async with court.database.reading() as db:
        sitting, _ = await court.sitting(db)
        (kept,) = await consent_answers.of_request(db, court.request.id)
        assert consent_answers.standing([kept]) == "withdrawn"
    assert (sitting.floor_open, sitting.hold_reason, sitting.status) == (
        False, "consent_withdrawn", SittingStatus.roll_call,
    )  # fmt: skip
    assert (kept.status, kept.given_at) == (ConsentStatus.withdrawn, now)


@ONE_DATABASE
async def test_a_consent_of_another_request_is_not_found(
    database: Database, staff: dict[str, Person], now: datetime, fields: dict[str, Any]
) -> None:
    clerk = person_actor(staff["clerk"])
    made = []
    for _ in range(2):
        async with database.transaction() as db:
            row = await requests.draft(db, requested_state="TH", fields=fields, actor=clerk, now=now)
            await requests.submit(db, request=row, actor=clerk, now=now)
            made.append(row)
    consent = await noted(database, made[0], clerk, now)
    async with database.transaction() as db:
        with pytest.raises(NotFound):
            await person_consents.record(
                db, request=made[1], consent_id=consent.id, answer="given", actor=clerk, now=now
            )


def test_the_worst_of_several_consents_counts() -> None:
    def rows(*statuses: str) -> list[Consent]:
        now = datetime.fromisoformat("2026-12-02T06:00:00+00:00")
        return [
            Consent(owner_state="RO", request_id="r", rule=word, status=ConsentStatus(word), since=now)
            for word in statuses
        ]

    for statuses, worst in (
        ((), "not_asked"),
        (("given",), "given"),
        (("given", "pending"), "pending"),
        (("pending", "not_asked"), "not_asked"),
        (("refused", "given", "pending"), "refused"),
        (("withdrawn", "refused"), "withdrawn"),
    ):
        assert consent_answers.standing(rows(*statuses)) == worst
