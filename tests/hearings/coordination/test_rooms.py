"""Coordination rooms: who is invited and sees them, who takes part, and what comes of them."""

from collections.abc import Coroutine
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
        assert (await rooms.convened(db, facilitator=one, actor=facilitator, now=now)).rows == [room]
        who = {"authority": "Audiencia Nacional", "role": "delegate", "actor": ES}
        with pytest.raises(Invalid):  # by the State that has linked the request; another is told nothing
            await rooms.add_participant(db, name=request.person_name.upper(), **who | {"actor": RO}, **here)
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


async def test_no_refusal_tells_who_is_heard_in_a_request_of_others_and_these_are_warned(
    database: Database, staff: dict[str, Person], accepted: HearingRequest, now: datetime
) -> None:
    async with database.transaction() as db:
        room = await rooms.convene(db, plan=plan(now, states=["ES"]), actor=RO, now=now)
        await rooms.answer(db, room=room, given=RoomAnswer.accepts, actor=ES, now=now)
        request = await queries.get(db, HearingRequest, accepted.id)
        await rooms.link(db, room=room, request=request, actor=RO, now=now)
        who: dict[str, Any] = {"authority": "Court", "role": "expert", "room": room, "now": now}
        with pytest.raises(Invalid):
            await rooms.add_participant(db, name=request.person_name, actor=RO, **who)
        await rooms.add_participant(db, name=request.person_name, actor=ES, **who)
        warned = {state: rooms.heard(await rooms.file(db, room, state=state)) for state in ("RO", "ES")}
        assert [(one.owner_state, about.id) for one, about in warned["RO"]] == [("ES", request.id)]
        assert warned["ES"] == []


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


async def test_whoever_convened_sets_another_time_and_the_others_are_asked_again(
    database: Database, staff: dict[str, Person], now: datetime
) -> None:
    async with database.transaction() as db:
        room = await rooms.convene(db, plan=plan(now), actor=RO, now=now)
        here: dict[str, Any] = {"room": room, "now": now}
        first = room.starts_at
        await rooms.answer(db, given=RoomAnswer.accepts, read=first, actor=ES, **here)
        later = {"starts_at": now + 72 * HOUR, "ends_at": now + 73 * HOUR}
        with pytest.raises(NotAllowed):
            await rooms.set_time(db, **later, actor=ES, **here)
        with pytest.raises(NotFound):
            await rooms.set_time(db, **later, actor=TH, **here)
        await rooms.set_time(db, **later, actor=RO, **here)
        answers = {row.owner_state: row.answer for row in (await rooms.file(db, room, state="RO")).states}
        assert answers == {"RO": RoomAnswer.accepts, "ES": RoomAnswer.invited}
        with pytest.raises(NotReady):
            await rooms.answer(db, given=RoomAnswer.accepts, read=first, actor=ES, **here)
        await rooms.answer(db, given=RoomAnswer.accepts, read=room.starts_at, actor=ES, **here)
        log = len(await queries.history(db, room))
        await rooms.set_time(db, **later, actor=RO, **here)
        await rooms.set_agenda(db, items=[], actor=ES, **here)
        assert len(await queries.history(db, room)) == log  # nothing is another one
        for starts_at, ends_at, field in (
            (now - HOUR, now + HOUR, "starts_at"),
            (now + HOUR, now + HOUR, "ends_at"),
            (now + HOUR, now + 14 * HOUR, "ends_at"),
        ):
            with pytest.raises(Invalid) as refusal:
                await rooms.set_time(db, starts_at=starts_at, ends_at=ends_at, actor=RO, **here)
            assert refusal.value.field == field


async def test_nobody_agrees_to_a_summary_that_was_written_anew_since_they_read_it(
    database: Database, staff: dict[str, Person], now: datetime
) -> None:
    async with database.transaction() as db:
        room = await rooms.convene(db, plan=plan(now), actor=RO, now=now)
        here: dict[str, Any] = {"room": room, "now": now}
        await rooms.summarise(db, text="Both go on.", actor=RO, **here)
        read = rooms.summary_mark(room)
        await rooms.agree(db, read=read, actor=ES, **here)
        await rooms.summarise(db, text="Both go on.", actor=RO, **here)
        assert [row.summary_word for row in (await rooms.file(db, room, state="ES")).states].count(None) == 1
        await rooms.summarise(db, text="Romania goes on.", actor=RO, **here)
        with pytest.raises(NotReady):
            await rooms.agree(db, read=read, actor=ES, **here)
        assert {row.summary_word for row in (await rooms.file(db, room, state="ES")).states} == {None}


async def test_a_facilitator_keeps_the_rooms_it_has_convened_and_no_others(
    database: Database, staff: dict[str, Person], now: datetime
) -> None:
    async with database.transaction() as db:
        one, facilitator = await desk(db, now)
        own = await rooms.convene(db, plan=plan(now), facilitator=one, actor=facilitator, now=now)
        foreign = await rooms.convene(db, plan=plan(now), actor=RO, now=now)
        by: dict[str, Any] = {"facilitator": one, "actor": facilitator, "now": now}
        assert (await rooms.convened_room(db, own.ref, **by)).id == own.id
        for ref in (foreign.ref, "CR-00000000"):
            with pytest.raises(NotFound):
                await rooms.convened_room(db, ref, **by)
        items = [("Where to try it", "ES", 30)]
        await rooms.set_agenda(db, room=own, items=items, **by)
        await rooms.set_time(db, room=own, starts_at=now + 30 * HOUR, ends_at=now + 31 * HOUR, **by)
        acts: list[Coroutine[Any, Any, Any]] = [
            rooms.set_agenda(db, room=foreign, items=items, **by),
            rooms.set_time(db, room=foreign, starts_at=now + 30 * HOUR, ends_at=now + 31 * HOUR, **by),
            rooms.close(db, room=foreign, **by),
        ]
        for act in acts:
            with pytest.raises(NotFound):
                await act
        here: dict[str, Any] = {"room": own, "actor": facilitator, "now": now}
        acts = [
            rooms.answer(db, given=RoomAnswer.accepts, **here),
            rooms.share_document(db, title="A note", text="Something", **here),
            rooms.summarise(db, text="Something", **here),
            rooms.add_participant(db, name="E. Desk", authority="Eurojust", role="delegate", **here),
        ]
        for act in acts:
            with pytest.raises(NotAllowed):
                await act
        with pytest.raises(NotAllowed):  # of the States only whoever has convened it
            await rooms.set_time(db, room=own, starts_at=now + 40 * HOUR, ends_at=now + 41 * HOUR, actor=RO, now=now)
        late = now + timedelta(days=60)
        with pytest.raises(NotAllowed):
            await rooms.convened(db, facilitator=one, actor=facilitator, now=late)
        await rooms.close(db, room=own, **by)
        with pytest.raises(NotReady):
            await rooms.set_agenda(db, room=own, items=[], **by)


async def test_lists_come_in_pages_and_hold_only_rooms_of_the_state(
    database: Database, staff: dict[str, Person], now: datetime
) -> None:
    async with database.transaction() as db:
        made = [
            await rooms.convene(
                db, plan=plan(now, starts_at=now + number * HOUR, ends_at=now + (number + 1) * HOUR), actor=RO, now=now
            )
            for number in range(1, 6)
        ]
        first = await rooms.listed(db, state="ES", limit=3)
        rest = await rooms.listed(db, state="ES", after=first.after, limit=3)
        refs = [room.ref for room, _own in (*first.rows, *rest.rows)]
        assert refs == [room.ref for room in reversed(made)] and rest.after == ""
        assert {own.owner_state for _room, own in first.rows} == {"ES"}
        assert (await rooms.listed(db, state="TH")).rows == []
        assert await rooms.invited(db, made[:1]) == {made[0].id: ["ES", "RO"]}
