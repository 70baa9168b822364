"""Claims for costs: who makes and reads them, hours by the log, and that nobody decides on their own."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError
from sqlmodel import update

from hearings import queries
from hearings.actors import Actor, participant_actor, person_actor
from hearings.costs import claims
from hearings.costs.claims import ClaimFile
from hearings.errors import Invalid, NotAllowed, NotFound, NotReady
from hearings.events import EventKind, record
from hearings.models import CostClaim, CostStep, Hearing, HearingRequest, Person
from hearings.models.hearing import CostStepKind as S
from hearings.roles import Role
from tests.support.court import NOW

LATER = NOW + timedelta(hours=5)


async def interpreted(court: Any, minutes: int, at: datetime = NOW) -> None:
    """The interpreter interprets for so long, by the log."""
    who = court.ids[Role.interpreter]
    async with court.database.transaction() as db:
        actor = await court.actor(db, Role.interpreter)
        for after, kind, data in (
            (0, EventKind.render_changed, {"lang": "th"}),
            (0, EventKind.microphone, {"on": True}),
            (minutes, EventKind.microphone, {"on": False}),
        ):
            when = at + timedelta(minutes=after)
            await record(db, hearing=court.hearing.id, kind=kind, actor=actor, now=when, participant=who, **data)


async def guest(court: Any, role: Role) -> Actor:
    async with court.database.reading() as db:
        return participant_actor(await court.seat(db, role))


async def colleague(court: Any, state: str = "TH", function: str = "clerk", name: str = "Malee Suk") -> Actor:
    """Another member of staff."""
    async with court.database.transaction() as db:
        mail = f"{name.split()[0].lower()}@{state.lower()}.example"
        person = Person(owner_state=state, name=name, email=mail, functions=[function], city="Bangkok")
        db.add(person)
    return person_actor(person)


async def begin(court: Any, actor: Actor, **more: Any) -> str:
    async with court.database.transaction() as db:
        hearing = await queries.get(db, Hearing, court.hearing.id)
        given = {"currency": "THB", "participant_id": actor.participant_id} | more
        return (await claims.begin(db, hearing=hearing, actor=actor, now=LATER, **given)).id


async def act(court: Any, act: Any, claim: str, actor: Actor, **more: Any) -> Any:
    async with court.database.transaction() as db:
        hearing = await queries.get(db, Hearing, court.hearing.id)
        found = await claims.of_id(db, hearing, claim, actor=actor, lock=True)
        return await act(db, hearing=hearing, found=found, actor=actor, now=LATER, **more)


async def look(court: Any, claim: str, actor: Actor) -> ClaimFile:
    async with court.database.reading() as db:
        return await claims.of_id(db, court.hearing, claim, actor=actor)


async def submitted(court: Any, actor: Actor, *lines: Mapping[str, str], **more: Any) -> str:
    claim = await begin(court, actor, **more)
    for line in lines:
        await act(court, claims.add_line, claim, actor, **line)
    await act(court, claims.submit, claim, actor)
    return claim


TRAVEL = {"kind": "travel", "text": "Bus there and back", "amount": "120.50"}
MEAL = {"kind": "allowance", "text": "A day", "amount": "300"}


@pytest.mark.both_databases
async def test_a_witness_claims_and_is_approved_less_with_the_reason_and_paid(court: Any) -> None:
    witness, authority = await guest(court, Role.witness), court.staff("authority")
    claim = await submitted(court, witness, TRAVEL, MEAL)
    found = await look(court, claim, authority)
    assert (found.step, found.claimed, found.approved) == (S.submitted, 42050, 0)
    assert (found.claim.owner_state, found.claim.claimant) == ("TH", witness.label)
    _travel, meal = found.lines
    less = {"amounts": {meal.id: "250"}, "reasons": {meal.id: "The tariff has 250"}}
    await act(court, claims.approve, claim, authority, **less)
    found = await look(court, claim, witness)
    assert (found.step, found.approved) == (S.reduced, 37050)
    assert [(line.approved, line.decision_reason) for line in found.lines] == [
        (12050, ""),
        (25000, "The tariff has 250"),
    ]
    await act(court, claims.pay, claim, authority, reference="transfer 17")
    found = await look(court, claim, witness)
    assert [(step.kind, step.done_by_label, step.reason) for step in found.steps] == [
        (S.submitted, witness.label, ""), (S.reduced, authority.label, ""), (S.paid, authority.label, "transfer 17"),
    ]  # fmt: skip
    with pytest.raises(DBAPIError, match="only grows"):
        async with court.database.transaction() as db:
            await db.exec(update(CostStep).values(reason="nothing"))


async def test_an_interpreters_hours_are_those_of_the_log_unless_a_reason_says_why_not(court: Any) -> None:
    await interpreted(court, 90)
    interpreter = await guest(court, Role.interpreter)
    claim = await begin(court, interpreter)
    pay = {"kind": "interpreter_pay", "text": "Interpreting", "rate": "1000"}
    by_log = await act(court, claims.add_line, claim, interpreter, **pay)
    assert (by_log.minutes, by_log.logged, by_log.amount) == (None, 90, 150_000)
    with pytest.raises(Invalid, match="90 minutes, and 120 minutes are claimed") as error:
        await act(court, claims.add_line, claim, interpreter, **pay, minutes="120")
    assert error.value.field == "reason"
    more = await act(court, claims.add_line, claim, interpreter, **pay, minutes="120", reason="Half an hour of waiting")
    assert (more.minutes, more.logged, more.amount) == (120, 90, 200_000)
    same = await act(court, claims.add_line, claim, interpreter, **pay, minutes="90")
    assert (same.logged, same.reason) == (90, "")
    await interpreted(court, 5, NOW + timedelta(hours=3))
    with pytest.raises(Invalid, match="95 minutes, and 90 minutes are claimed"):
        await act(court, claims.submit, claim, interpreter)
    assert (await look(court, claim, interpreter)).step is None, "the log is asked again when it is submitted"


async def test_an_office_claims_no_hours_of_a_log_that_it_has_none_in(court: Any) -> None:
    authority = court.staff("authority")
    claim = await begin(court, authority, participant_id="", claimant="Agency of interpreters")
    line = await act(court, claims.add_line, claim, authority, kind="interpreter_pay", text="Invoice 5", amount="4000")
    assert (line.amount, line.rate, line.logged) == (400_000, None, None)


@pytest.mark.parametrize("stage", ["in_session"])
async def test_while_the_hearing_goes_on_hours_are_claimed_by_the_log_only_and_decided_after_it(court: Any) -> None:
    interpreter, authority = await guest(court, Role.interpreter), court.staff("authority")
    claim = await begin(court, interpreter)
    pay = {"kind": "interpreter_pay", "text": "Interpreting", "rate": "1000"}
    with pytest.raises(Invalid, match="going on") as error:
        await act(court, claims.add_line, claim, interpreter, **pay, minutes="10", reason="So it was")
    assert error.value.field == "minutes"
    line = await act(court, claims.add_line, claim, interpreter, **pay)
    assert (line.logged, line.amount) == (None, None)
    await act(court, claims.submit, claim, interpreter)
    with pytest.raises(NotReady, match="going on"):
        await act(court, claims.approve, claim, authority)


async def test_nobody_decides_on_a_claim_of_their_own_making(court: Any) -> None:
    authority, other = court.staff("authority"), await colleague(court)
    claim = await submitted(court, authority, TRAVEL, participant_id=court.ids[Role.witness])
    for decide, more in ((claims.approve, {}), (claims.refuse, {"reason": "Not owed"})):
        with pytest.raises(NotAllowed, match="another person"):
            await act(court, decide, claim, authority, **more)
    assert (await look(court, claim, authority)).step is S.submitted
    await act(court, claims.approve, claim, other)
    assert (await look(court, claim, authority)).step is S.approved


async def test_a_second_account_of_whoever_made_it_does_not_decide_either(court: Any) -> None:
    authority = court.staff("authority")
    claim = await submitted(court, authority, TRAVEL, participant_id=court.ids[Role.witness])
    twin = await colleague(court, name=authority.label)
    async with court.database.transaction() as db:
        row = await queries.get(db, Person, twin.id)
        row.authority_name = (await queries.get(db, Person, authority.id)).authority_name
    with pytest.raises(NotAllowed, match="same name"):
        await act(court, claims.approve, claim, twin)


async def test_whoever_submits_a_draft_of_a_colleague_does_not_decide_on_it(court: Any) -> None:
    authority, other = court.staff("authority"), await colleague(court)
    claim = await begin(court, authority, participant_id=court.ids[Role.witness])
    await act(court, claims.add_line, claim, authority, **TRAVEL)
    await act(court, claims.submit, claim, other)
    for actor in (authority, other):
        with pytest.raises(NotAllowed):
            await act(court, claims.approve, claim, actor)
    await act(court, claims.approve, claim, await colleague(court, name="Ann Third"))


async def test_no_claim_is_read_or_touched_by_the_other_state_or_another_participant(court: Any) -> None:
    witness = await guest(court, Role.witness)
    claim = await submitted(court, witness, TRAVEL)
    strangers = [court.staff("clerk"), court.staff("judge"), await guest(court, Role.interpreter)]
    strangers.append(replace(court.staff("authority"), functions=frozenset()))
    for actor in strangers:
        with pytest.raises(NotFound):
            await look(court, claim, actor)
    async with court.database.reading() as db:
        assert await claims.of_hearing(db, court.hearing.id, state="RO") == []
        assert [one.claim.id for one in await claims.of_hearing(db, court.hearing.id, state="TH")] == [claim]
    with pytest.raises(NotAllowed, match="other State"):
        await begin(court, court.staff("clerk"), participant_id=court.ids[Role.witness])


async def test_what_was_submitted_stays_as_it_is_and_is_decided_once(court: Any) -> None:
    witness, authority = await guest(court, Role.witness), court.staff("authority")
    claim = await begin(court, witness)
    with pytest.raises(NotReady, match="Nothing is claimed"):
        await act(court, claims.submit, claim, witness)
    with pytest.raises(NotReady, match="draft"):
        await act(court, claims.approve, claim, authority)
    line = await act(court, claims.add_line, claim, witness, **TRAVEL)
    await act(court, claims.submit, claim, witness)
    for actor in (witness, authority):
        with pytest.raises(NotReady, match="submitted"):
            await act(court, claims.add_line, claim, actor, **MEAL)
    for wrong, field in (({line.id: "120.51"}, f"amount-{line.id}"), ({line.id: "1"}, f"reason-{line.id}")):
        with pytest.raises(Invalid) as error:
            await act(court, claims.approve, claim, authority, amounts=wrong)
        assert error.value.field == field
    with pytest.raises(NotReady, match="not approved"):
        await act(court, claims.pay, claim, authority)
    with pytest.raises(Invalid):
        await act(court, claims.refuse, claim, authority, reason="")
    await act(court, claims.refuse, claim, authority, reason="Paid by the prosecutor already")
    found = await look(court, claim, witness)
    assert (found.step, found.approved, found.steps[-1].reason) == (S.refused, 0, "Paid by the prosecutor already")
    for decide in (claims.approve, claims.pay):
        with pytest.raises(NotReady):
            await act(court, decide, claim, authority)


async def test_each_role_claims_what_is_its_own_and_a_judge_nothing(court: Any) -> None:
    witness = await guest(court, Role.witness)
    claim = await begin(court, witness)
    with pytest.raises(Invalid) as error:
        await act(court, claims.add_line, claim, witness, kind="interpreter_pay", text="Interpreting", amount="9")
    assert error.value.field == "kind"
    async with court.database.reading() as db:
        judge = await court.actor(db, Role.presiding_judge)
    with pytest.raises(NotAllowed):
        await begin(court, judge)
    with pytest.raises(NotAllowed):
        await begin(court, witness, participant_id=court.ids[Role.interpreter])


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"kind": "nothing"}, "kind"),
        ({"text": ""}, "text"),
        ({"amount": ""}, "amount"),
        ({"amount": "0"}, "amount"),
        ({"amount": "1.005"}, "amount"),
    ],
    ids=str,
)
async def test_what_is_missing_or_wrong_in_a_line_is_refused_by_its_field(
    court: Any, wrong: dict[str, str], field: str
) -> None:
    witness = await guest(court, Role.witness)
    claim = await begin(court, witness)
    with pytest.raises(Invalid) as error:
        await act(court, claims.add_line, claim, witness, **TRAVEL | wrong)
    assert error.value.field == field
    assert (await look(court, claim, witness)).lines == []


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"currency": "EURO"}, "currency"), ({"participant_id": "nobody"}, "participant_id"),
     ({"participant_id": "", "claimant": ""}, "claimant")],
    ids=str,
)  # fmt: skip
async def test_what_is_wrong_with_a_claim_is_refused_by_its_field(
    court: Any, wrong: dict[str, str], field: str
) -> None:
    with pytest.raises(Invalid) as error:
        await begin(court, court.staff("authority"), **{"participant_id": court.ids[Role.witness]} | wrong)
    assert error.value.field == field


async def test_a_line_is_taken_out_of_a_draft_and_no_text_names_whoever_is_protected(court: Any) -> None:
    authority = court.staff("authority")
    claim = await begin(court, authority, participant_id=court.ids[Role.witness])
    line = await act(court, claims.add_line, claim, authority, **TRAVEL)

    async def remove(db: Any, *, now: datetime, **more: Any) -> None:
        await claims.remove_line(db, line_id=line.id, **more)

    await act(court, remove, claim, authority)
    with pytest.raises(NotFound):
        await act(court, remove, claim, authority)
    async with court.database.transaction() as db:
        request = await queries.get(db, HearingRequest, court.request.id)
        (await court.seat(db, Role.witness)).identity_method = "protected_identity"
    with pytest.raises(Invalid, match="protected"):
        await act(court, claims.add_line, claim, authority, **TRAVEL | {"text": f"Bus of {request.person_name}"})


async def test_there_is_an_end_to_how_many_claims_a_state_gets(court: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "MOST_CLAIMS", 2)
    witness = await guest(court, Role.witness)
    for _ in range(2):
        await begin(court, witness)
    with pytest.raises(NotReady, match="too many"):
        await begin(court, witness)
    async with court.database.reading() as db:
        rows = await claims.of_participant(db, court.ids[Role.witness])
    assert [type(one.claim) for one in rows] == [CostClaim] * 2
