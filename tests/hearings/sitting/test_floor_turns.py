"""The floor: one holder, nobody un-muted by another, and in consecutive interpreting one voice after the other."""

import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from hearings import queries
from hearings.actors import Actor
from hearings.agreement.room_rules import RoomRules
from hearings.db import Database
from hearings.errors import HearingsError, NotAllowed, NotReady
from hearings.events import EventKind
from hearings.hearing import floor, participants, seats
from hearings.models import Participant, Sitting
from hearings.models.sitting import FloorMode
from hearings.roles import Role
from hearings.sitting import floor_turns, sittings
from hearings.status import IN_ROOM, PresenceStatus
from tests.support.court import seated

pytestmark = pytest.mark.parametrize("stage", ["in_session"])

JUDGE, CLERK, WITNESS, INTERPRETER = Role.presiding_judge, Role.clerk, Role.witness, Role.interpreter
CONDUCTS = {Role.presiding_judge, Role.requested_authority}


class Floor:
    """A sitting in session, and its people by role."""

    def __init__(self, court: Any, database: Database, now: datetime) -> None:
        self.court, self.database, self.now = court, database, now

    async def act(
        self, does: Callable[..., Awaitable[Any]], by: Role, *, about: Role | None = None, **fields: Any
    ) -> None:
        """One act from a seat; `about`: whom, else who acts."""
        self.now += timedelta(seconds=3)
        async with self.database.transaction() as db:
            me = await self.court.seat(db, by)
            whom = await self.court.seat(db, about) if about else me
            await does(db, participant=whom, **fields, actor=seated(me), now=self.now)

    async def mode(self, mode: FloorMode, by: Role = JUDGE) -> None:
        async with self.database.transaction() as db:
            sitting, _recording = await self.court.sitting(db)
            me = await self.court.seat(db, by)
            await floor_turns.set_mode(db, sitting=sitting, mode=mode.value, actor=seated(me), now=self.now)

    async def speak(self, role: Role, on: bool = True) -> None:
        await self.act(seats.set_microphone, role, on=on)

    async def rows(self) -> tuple[Sitting, Sequence[Participant]]:
        async with self.database.reading() as db:
            sitting, _recording = await self.court.sitting(db)
            return sitting, await queries.participants(db, self.court.hearing.id)

    async def turn(self) -> dict[str, Any]:
        """Whose turn it is, by role."""
        sitting, people = await self.rows()
        whose, roles = floor.turn(sitting, people), {person.id: person.role for person in people}
        return {
            name: roles.get(getattr(whose, name)) for name in ("holder", "next", "uninterpreted", "interpreter")
        } | {"open": {person.role for person in people if person.microphone}}

    async def log(self) -> list[tuple[str, dict[str, Any]]]:
        async with self.database.reading() as db:
            return [(event.kind, event.data) for event in await queries.events(db, self.court.hearing.id)]


@pytest.fixture
def here(court: Any, database: Database, now: datetime) -> Floor:
    return Floor(court, database, now)


@pytest.mark.both_databases
async def test_the_floor_is_given_asked_for_and_taken_back_and_only_its_holder_speaks(here: Floor) -> None:
    await here.speak(WITNESS)
    await here.mode(FloorMode.by_turn)
    assert await here.turn() == {
        "holder": JUDGE, "next": None, "uninterpreted": None, "interpreter": None, "open": set(),
    }  # fmt: skip
    with pytest.raises(NotReady, match="has the floor"):
        await here.speak(WITNESS)
    await here.act(seats.raise_hand, WITNESS, up=True)
    await here.act(floor_turns.give, JUDGE, about=WITNESS)
    await here.speak(WITNESS)
    _sitting, people = await here.rows()
    assert next(person for person in people if person.role is WITNESS).hand_at is None
    await here.speak(JUDGE)  # who presides may always speak
    await here.act(floor_turns.line_up, JUDGE, about=CLERK, up=True)
    await here.act(floor_turns.finish, WITNESS)
    found = await here.turn()
    assert (found["holder"], found["next"], found["open"]) == (CLERK, None, {JUDGE})
    await here.speak(CLERK)
    await here.act(floor_turns.take_back, JUDGE)
    assert (await here.turn())["open"] == {JUDGE}
    given = [data for kind, data in await here.log() if kind == EventKind.floor_given]
    assert [data["why"] for data in given] == ["given", "finished", "taken_back"]


async def test_consecutive_interpreting_goes_after_each_speaker(here: Floor) -> None:
    await here.mode(FloorMode.consecutive)
    await here.speak(JUDGE)
    with pytest.raises(NotReady, match="when the speaker has finished"):
        await here.speak(INTERPRETER)
    await here.act(floor_turns.give, JUDGE, about=WITNESS)  # the question waits to be interpreted first
    assert (await here.turn())["uninterpreted"] is JUDGE
    with pytest.raises(NotReady, match="is being interpreted"):
        await here.speak(WITNESS)
    await here.act(floor_turns.interpret, INTERPRETER)
    await here.speak(INTERPRETER)
    await here.act(floor_turns.end_interpreting, INTERPRETER)
    found = await here.turn()
    assert (found["holder"], found["uninterpreted"], found["open"]) == (WITNESS, None, {JUDGE})
    await here.speak(WITNESS)
    await here.act(floor_turns.interpret, INTERPRETER)  # in a pause of a long answer
    assert (await here.turn())["open"] == {JUDGE}
    await here.act(floor_turns.end_interpreting, INTERPRETER)
    await here.speak(WITNESS)
    await here.act(floor_turns.finish, WITNESS)
    assert (await here.turn())["uninterpreted"] is WITNESS
    await here.act(floor_turns.end_interpreting, JUDGE)  # the presiding judge goes on without
    assert [data.get("skipped") for kind, data in await here.log() if kind == EventKind.interpreting_ended] == [
        False, False, True,
    ]  # fmt: skip
    assert (await here.turn())["holder"] is JUDGE


async def test_who_leaves_or_loses_the_line_has_the_floor_no_longer(here: Floor) -> None:
    await here.mode(FloorMode.consecutive)
    await here.act(floor_turns.give, JUDGE, about=WITNESS)
    await here.speak(WITNESS)
    await here.act(floor_turns.interpret, INTERPRETER)
    async with here.database.transaction() as db:
        await seats.disconnected(db, participant=await here.court.seat(db, INTERPRETER), now=here.now)
        await participants.return_to_lobby(
            db,
            participant=await here.court.seat(db, WITNESS),
            actor=seated(await here.court.seat(db, JUDGE)),
            now=here.now,
        )
    found = await here.turn()
    assert (found["holder"], found["interpreter"]) == (JUDGE, None)
    async with here.database.transaction() as db:
        await seats.leave(
            db,
            participant=(gone := await here.court.seat(db, INTERPRETER)),
            actor=seated(gone),
            now=here.now,
        )
    assert (await here.turn())["uninterpreted"] is None  # nobody waits for somebody who is not there
    await here.speak(JUDGE)


async def test_who_may_give_it_and_who_may_not(here: Floor) -> None:
    with pytest.raises(NotReady, match="not given by turn"):
        await here.act(floor_turns.give, JUDGE, about=WITNESS)
    for role in (CLERK, WITNESS, INTERPRETER, Role.requested_authority):
        with pytest.raises(NotAllowed):
            await here.mode(FloorMode.by_turn, by=role)
    await here.mode(FloorMode.by_turn)
    for role in (CLERK, WITNESS, INTERPRETER, Role.requested_authority):
        with pytest.raises(NotAllowed):
            await here.act(floor_turns.give, role, about=WITNESS)
        with pytest.raises((NotAllowed, NotReady)):
            await here.act(floor_turns.interpret, role)
    with pytest.raises(NotReady, match="in their own name"):
        await here.act(floor_turns.give, JUDGE, about=INTERPRETER)
    with pytest.raises(NotReady, match="do not have the floor"):
        await here.act(floor_turns.finish, WITNESS)


async def test_a_signed_consecutive_is_in_force_from_the_start_and_has_no_channel(
    court: Any, database: Database, now: datetime
) -> None:
    agreed = RoomRules(session={"interpreting": "consecutive"})
    async with database.transaction() as db:
        sitting, _recording = await court.sitting(db)
        await floor_turns.as_agreed(db, sitting=sitting, rules=RoomRules(), now=now)
        assert sitting.floor_mode is FloorMode.open
        await floor_turns.as_agreed(db, sitting=sitting, rules=agreed, now=now)
    async with database.reading() as db:
        sitting, _recording = await court.sitting(db)
        assert sitting.floor_mode is FloorMode.consecutive
    assert (agreed.channels, agreed.records_channels) == (False, True)


STEPS: Sequence[Callable[[Floor, random.Random], Awaitable[None]]] = (
    lambda here, chance: here.mode(chance.choice(list(FloorMode))),
    *(
        lambda here, chance, does=does: here.act(does, JUDGE, about=chance.choice([WITNESS, CLERK, JUDGE, INTERPRETER]))
        for does in (floor_turns.give,) * 3
    ),
    lambda here, chance: here.act(
        floor_turns.line_up, JUDGE, about=chance.choice([WITNESS, CLERK]), up=chance.random() < 0.7
    ),
    lambda here, chance: here.act(floor_turns.take_back, JUDGE),
    *(lambda here, chance, role=role: here.act(floor_turns.finish, role) for role in (WITNESS, CLERK, JUDGE)),
    *(lambda here, chance: here.act(floor_turns.interpret, INTERPRETER) for _ in range(2)),
    lambda here, chance: here.act(floor_turns.end_interpreting, chance.choice([INTERPRETER, JUDGE])),
    *(
        lambda here, chance, role=role: here.speak(role, chance.random() < 0.8)
        for role in (JUDGE, WITNESS, CLERK, INTERPRETER)
    ),
    lambda here, chance: away(here, chance.choice([WITNESS, INTERPRETER, CLERK])),
)


async def away(here: Floor, role: Role) -> None:
    """The line is lost; or it is back."""
    async with here.database.transaction() as db:
        whom = await here.court.seat(db, role)
        does = seats.disconnected if whom.presence is PresenceStatus.present else seats.connected
        await does(db, participant=whom, now=here.now)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_however_it_goes_there_is_one_holder_and_nobody_is_heard_out_of_turn(here: Floor, seed: int) -> None:
    chance, done = random.Random(seed), 0
    for _ in range(120):
        step = chance.choice(STEPS)
        before = (await here.turn())["open"]
        try:
            await step(here, chance)
            done += 1
        except HearingsError:
            continue
        sitting, people = await here.rows()
        whose = floor.turn(sitting, people)
        now_open = {person.role for person in people if person.microphone}
        assert len(now_open - before) <= 1  # only a person's own act opens a microphone
        assert sum(person.has_floor for person in people) <= 1
        if whose.mode is FloorMode.open:
            continue
        assert whose.holder, "a floor without a holder"
        guests = {
            person.id
            for person in people
            if person.microphone
            and person.presence in IN_ROOM
            and person.role not in CONDUCTS
            and (person.role is not INTERPRETER or whose.mode is FloorMode.consecutive)  # else in a channel only
        }
        assert guests <= {whose.interpreter if whose.interpreter else whose.seat}, (guests, whose)
        if whose.uninterpreted and not whose.interpreter:
            assert not guests
    assert done > 40


async def test_a_hold_leaves_the_turn_as_it_was(here: Floor) -> None:
    await here.mode(FloorMode.by_turn)
    await here.act(floor_turns.give, JUDGE, about=WITNESS)
    before = await here.turn()
    async with here.database.transaction() as db:
        sitting, _recording = await here.court.sitting(db)
        judge: Actor = seated(await here.court.seat(db, JUDGE))
        await sittings.hold(db, sitting=sitting, reason="A pause", actor=judge, now=here.now)
        await sittings.resume(db, sitting=sitting, reason="Going on", actor=judge, now=here.now)
    assert await here.turn() == before
