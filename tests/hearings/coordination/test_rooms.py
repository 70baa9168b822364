"""Coordination rooms: who is invited and sees them, who takes part, and what comes of them."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from hearings import queries
from hearings.actors import Actor, person_actor
from hearings.coordination import facilitators, rooms
from hearings.coordination.facilitators import Mandate
from hearings.coordination.rooms import RoomPlan
from hearings.db import Database
from hearings.errors import Invalid, NotAllowed, NotFound, NotReady
from hearings.models import Facilitator, HearingRequest, Person
from hearings.models.coordination import RoomAnswer, SummaryWord
from hearings.models.request import Capacity
from hearings.overview import case_export

HOUR = timedelta(hours=1)


def officer(state: str, *functions: str) -> Actor:
    held = frozenset(functions or ("authority", "clerk"))
    return Actor(id=f"officer-{state}", label=f"Officer of {state}", state=state, functions=held)


RO, ES, TH = officer("RO"), officer("ES"), officer("TH")


def plan(now: datetime, **more: Any) -> RoomPlan:
    given = {"kind": "level_2", "subject": "Two inquiries", "states": ["RO", "ES"]}
    return RoomPlan(**{**given, "starts_at": now + 24 * HOUR, "ends_at": now + 26 * HOUR, **more})


async def desk(db: Any, now: datetime) -> tuple[Facilitator, Actor]:
    mandate = Mandate(
        name="E. Desk", email="desk@eurojust.example", kind="eurojust_desk", organisation="Eurojust",
        states=["RO", "ES"], valid_until=now.date() + timedelta(days=30), mandate="By decision.",
    )  # fmt: skip
    made = await facilitators.enter(db, mandate=mandate, actor=officer("RO", "administrator"), now=now)
    return made, person_actor(await queries.get(db, Person, made.person_id))


@pytest.mark.both_databases
async def test_a_room_convened_by_eurojust_ends_in_a_draft_a_summary_and_a_line_of_the_case(
    database: Database, staff: dict[str, Person], accepted: HearingRequest, now: datetime
) -> None:
    async with database.transaction() as db:
        one, facilitator = await desk(db, now)
        room = await rooms.convene(db, plan=plan(now), facilitator=one, actor=facilitator, now=now)
        request = await queries.get(db, HearingRequest, accepted.id)
        here: dict[str, Any] = {"room": room, "now": now}
        await rooms.answer(db, given=RoomAnswer.accepts, actor=RO, **here)
        await rooms.answer(db, given=RoomAnswer.proposes_other_time, other_time=now + 48 * HOUR, actor=ES, **here)
        await rooms.link(db, request=request, actor=RO, **here)
        with pytest.raises(NotReady):
            await rooms.link(db, request=request, actor=RO, **here)
        assert [row.id for row in (await rooms.file(db, room, state="RO")).links] == [request.id]
        for other in ("ES", facilitator.state):
            assert (await rooms.file(db, room, state=other)).links == []
        assert await rooms.rooms_of_facilitator(db, one.id) == [room]
        who = {"authority": "Audiencia Nacional", "role": "delegate", "actor": ES}
        with pytest.raises(Invalid):
            await rooms.add_participant(db, name=request.person_name.upper(), **who, **here)
        await rooms.add_participant(db, name="P. Delegada", **who, **here)
        owed = {"kind": "request_to_be_sent", "text": "Spain sends a request", "owed_by": "ES", "towards": "RO"}
        outcome = await rooms.add_outcome(db, **owed, actor=RO, **here)
        with pytest.raises(NotAllowed):
            await rooms.owed(db, room=room, outcome_id=outcome.id, actor=RO)
        await rooms.finish_outcome(db, outcome=outcome, actor=ES, **here)
        with pytest.raises(NotReady):
            await rooms.finish_outcome(db, outcome=outcome, actor=ES, **here)
        await rooms.summarise(db, text="Both go on.", actor=RO, **here)
        await rooms.agree(db, actor=RO, **here)
        await rooms.agree(db, dissent="Spain has jurisdiction.", actor=ES, **here)
        words = {row.owner_state: row.summary_word for row in (await rooms.file(db, room, state="RO")).states}
        assert words == {"RO": SummaryWord.agreed, "ES": SummaryWord.dissents}
        await rooms.close(db, actor=RO, **here)
        with pytest.raises(NotReady):
            await rooms.summarise(db, text="Once more.", actor=RO, **here)
        log = [line.after for line in await queries.history(db, room)]
        assert log[0] == "convened" and log[-1] == "closed" and len(log) == 11
    async with database.reading() as db:
        theirs, others = [await case_export.gather(db, accepted, state=state) for state in ("RO", "TH")]
    assert room.ref.encode() in theirs.texts["rooms.json"] and b"Two inquiries" not in b"".join(theirs.texts.values())
    assert room.ref.encode() not in b"".join(others.texts.values())


async def test_a_state_that_is_not_invited_sees_no_room_and_does_nothing_in_it(
    database: Database, staff: dict[str, Person], now: datetime
) -> None:
    async with database.transaction() as db:
        room = await rooms.convene(db, plan=plan(now, states=["ES"]), actor=RO, now=now)
        with pytest.raises(NotFound):
            await rooms.room(db, room.ref, state="TH")
        assert await rooms.rooms(db, state="TH") == []
        for act in (rooms.summarise(db, room=room, text="Something", actor=TH, now=now),
                    rooms.close(db, room=room, actor=TH, now=now)):  # fmt: skip
            with pytest.raises(NotFound):
                await act
        assert (await rooms.room(db, room.ref, state="ES")).id == room.id
        with pytest.raises(NotAllowed):
            await rooms.close(db, room=room, actor=ES, now=now)


@pytest.mark.parametrize(
    ("field", "more"),
    [
        ("classification", {"classification": "secret"}),
        ("kind", {"kind": "hearing"}),
        ("agreement", {"kind": "jit_meeting"}),
        ("states", {"states": ["RO"]}),
        ("network", {"network": "club"}),
        ("subject", {"subject": ""}),
    ],
)
async def test_a_room_that_cannot_be_right_names_its_field(
    database: Database, staff: dict[str, Person], now: datetime, field: str, more: dict[str, Any]
) -> None:
    with pytest.raises(Invalid) as refusal:
        async with database.transaction() as db:
            await rooms.convene(db, plan=plan(now, **more), actor=RO, now=now)
    assert refusal.value.field == field


async def test_nobody_is_heard_in_a_room(
    database: Database, staff: dict[str, Person], accepted: HearingRequest, now: datetime
) -> None:
    async with database.transaction() as db:
        room = await rooms.convene(db, plan=plan(now), actor=RO, now=now)
        who: dict[str, Any] = {"name": "A. Nobody", "authority": "Court", "room": room, "actor": RO, "now": now}
        for role in ("witness", "defendant", "defence", "facilitator"):
            with pytest.raises(Invalid):
                await rooms.add_participant(db, role=role, **who)
        request = await queries.get(db, HearingRequest, accepted.id)
        assert request.capacity is Capacity.witness
        await rooms.add_participant(db, role="expert", **who | {"name": request.person_name})
        with pytest.raises(NotReady):
            await rooms.link(db, room=room, request=request, actor=RO, now=now)


async def test_only_an_authority_or_a_facilitator_of_the_states_convenes(
    database: Database, staff: dict[str, Person], now: datetime
) -> None:
    async with database.transaction() as db:
        one, facilitator = await desk(db, now)
        for by, more in ((officer("RO", "clerk"), {}), (facilitator, {})):
            with pytest.raises(NotAllowed):
                await rooms.convene(db, plan=plan(now, **more), actor=by, now=now)
        with pytest.raises(NotAllowed):
            wider = plan(now, states=["RO", "TH"])
            await rooms.convene(db, plan=wider, facilitator=one, actor=facilitator, now=now)
