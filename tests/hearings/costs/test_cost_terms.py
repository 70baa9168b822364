"""What the States say to each other about the costs: agreed is what both have said last, and rows are only added."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError
from sqlmodel import select, update

from hearings import queries
from hearings.actors import Actor
from hearings.costs import cost_terms
from hearings.costs.cost_terms import CostsAgreed, Money
from hearings.errors import Invalid, NotAllowed, NotReady
from hearings.models import CostTerm, Hearing, HearingEvent, HearingRequest
from hearings.models.hearing import CostBearer, CostKind
from hearings.roles import Role
from hearings.status import HearingStatus
from tests.support.court import NOW


async def put(court: Any, actor: Actor, matter: str, **more: str) -> CostTerm:
    async with court.database.transaction() as db:
        hearing = await queries.get(db, Hearing, court.hearing.id)
        return await cost_terms.put(db, hearing=hearing, matter=matter, actor=actor, now=NOW, **more)


async def agreed(court: Any) -> CostsAgreed:
    async with court.database.reading() as db:
        return cost_terms.agreed(await cost_terms.of_hearing(db, court.hearing.id), court.hearing)


@pytest.mark.both_databases
async def test_an_estimate_is_agreed_once_both_have_said_the_same_and_no_longer_when_one_says_another(
    court: Any,
) -> None:
    ro, th = court.staff("clerk"), court.staff("authority")
    await put(court, th, "estimate", amount="1200", currency="eur", text="Two interpreters for a day")
    assert (await agreed(court)).estimate is None
    await put(court, ro, "estimate", amount="1200.00", currency="EUR")
    assert (await agreed(court)).estimate == Money(120_000, "EUR")
    await put(court, th, "estimate", amount="1200", currency="USD")
    assert (await agreed(court)).estimate is None
    async with court.database.reading() as db:
        told = (await db.exec(select(HearingEvent).where(HearingEvent.kind == "cost_term_put"))).all()
    assert [one.data for one in told] == [{"matter": "estimate", "cost_kind": ""}] * 3, "the log names no amount"
    with pytest.raises(DBAPIError, match="only grows"):
        async with court.database.transaction() as db:
            await db.exec(update(CostTerm).values(amount=1))


async def test_an_estimate_above_the_threshold_is_told_where_both_are_agreed_in_one_currency(court: Any) -> None:
    ro, th = court.staff("clerk"), court.staff("authority")
    for actor in (ro, th):
        await put(court, actor, "estimate", amount="1200", currency="EUR")
        await put(court, actor, "threshold", amount="1000", currency="USD")
    assert not (await agreed(court)).above
    await put(court, ro, "threshold", amount="1000", currency="EUR")
    assert not (await agreed(court)).above, "only one has said so"
    await put(court, th, "threshold", amount="1000", currency="EUR")
    assert (await agreed(court)).above


async def test_who_bears_a_kind_is_agreed_kind_by_kind(court: Any) -> None:
    ro, th = court.staff("clerk"), court.staff("authority")
    await put(court, ro, "bearer", kind="link_setup", bearer="requesting")
    await put(court, th, "bearer", kind="travel", bearer="requesting")
    assert (await agreed(court)).bearers == {}
    await put(court, th, "bearer", kind="link_setup", bearer="each")
    assert (await agreed(court)).bearers == {}
    await put(court, ro, "bearer", kind="link_setup", bearer="each")
    assert (await agreed(court)).bearers == {CostKind.link_setup: CostBearer.each}


async def test_a_waiver_is_the_word_of_one_state_and_is_not_taken_back(court: Any) -> None:
    await put(court, court.staff("authority"), "waiver", kind="travel")
    assert (await agreed(court)).waived == {"TH": {CostKind.travel}}
    await put(court, court.staff("authority"), "waiver")
    assert (await agreed(court)).waived == {"TH": frozenset(CostKind)}


async def test_only_clerk_and_authority_of_the_two_states_say_something(court: Any) -> None:
    for actor in (court.staff("judge"), replace(court.staff("clerk"), state="FR")):
        with pytest.raises(NotAllowed):
            await put(court, actor, "waiver")
    assert (await agreed(court)).waived == {}


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"matter": "perhaps"}, "matter"),
        ({"matter": "estimate", "amount": "1"}, "currency"),
        ({"matter": "estimate", "amount": "", "currency": "EUR"}, "amount"),
        ({"matter": "threshold", "amount": "1.005", "currency": "EUR"}, "amount"),
        ({"matter": "bearer", "bearer": "requesting"}, "kind"),
        ({"matter": "bearer", "kind": "travel"}, "bearer"),
        ({"matter": "waiver", "kind": "nothing"}, "kind"),
        ({"matter": "consultation"}, "text"),
        ({"matter": "consultation", "text": "x" * 2001}, "text"),
    ],
    ids=lambda value: str(value)[:50],
)
async def test_what_is_missing_or_wrong_is_refused_by_its_field_and_nothing_is_written(
    court: Any, given: dict[str, str], field: str
) -> None:
    with pytest.raises(Invalid) as error:
        await put(court, court.staff("clerk"), **given)
    assert error.value.field == field
    async with court.database.reading() as db:
        assert await cost_terms.of_hearing(db, court.hearing.id) == []


async def test_no_text_names_whoever_is_protected_and_nothing_is_said_of_a_cancelled_hearing(court: Any) -> None:
    async with court.database.transaction() as db:
        request = await queries.get(db, HearingRequest, court.request.id)
        (await court.seat(db, Role.witness)).identity_method = "protected_identity"
    with pytest.raises(Invalid, match="protected"):
        await put(court, court.staff("clerk"), "consultation", text=f"On the travel of {request.person_name}")
    async with court.database.transaction() as db:
        (await queries.get(db, Hearing, court.hearing.id)).status = HearingStatus.cancelled
    with pytest.raises(NotReady, match="cancelled"):
        await put(court, court.staff("clerk"), "consultation", text="On the travel")
