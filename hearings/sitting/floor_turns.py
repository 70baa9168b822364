"""The floor: given, asked for and taken back, next in turn, and consecutive interpreting after each speaker.

Who has the floor is in the rows of the people (`has_floor`), so that whoever leaves the room or loses the line has it
no longer; then the presiding judge has it (`hearings.hearing.floor.turn`). Asking for it is raising a hand. Nothing
here switches a microphone on: who gets the floor opens their own. Whose turn ends is switched off, except who
conducts.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import SYSTEM, Actor
from hearings.agreement.room_rules import RoomRules
from hearings.errors import NotAllowed, NotReady
from hearings.events import EventKind, record
from hearings.hearing import floor
from hearings.hearing.floor import Turn
from hearings.hearing.participants import NOT_IN_ROOM
from hearings.models import Hearing, Participant, Sitting
from hearings.models.sitting import FloorMode, HoldCode
from hearings.permissions import require, require_from
from hearings.queries import get, open_sitting, participants
from hearings.roles import Role
from hearings.sentences import N_, tell
from hearings.sitting.sittings import lock
from hearings.status import IN_ROOM, LIVE_SITTINGS

NO_TURNS = N_("Everybody may speak now: the floor is not given by turn")
NOT_CONSECUTIVE = N_("Interpreting to the floor is for consecutive interpreting, which is not in force")


async def set_mode(db: AsyncSession, *, sitting: Sitting, mode: str, actor: Actor, now: datetime) -> None:
    """Choose how people come to speak (`FloorMode`). The floor goes to the presiding judge.

    Raises `NotReady` before the sitting has started. Effects: `floor_mode`, nobody has the floor, is next or interprets
    to it, microphones of those whose turn it is not are off, event floor_mode.
    """
    require("give_floor", actor)
    await lock(db, sitting)
    if sitting.status not in LIVE_SITTINGS:
        raise NotReady(tell("How people speak is chosen once the sitting has started"))
    if FloorMode(mode) is sitting.floor_mode:
        return
    await _begin(db, sitting, FloorMode(mode), actor=actor, now=now)


async def as_agreed(db: AsyncSession, *, sitting: Sitting, rules: RoomRules, now: datetime) -> None:
    """At the start of a sitting: consecutive interpreting if the States have agreed that and an interpreter is in the
    room. Effects: those of `set_mode`."""
    people = await participants(db, sitting.hearing_id)
    if rules.consecutive and any(person.role is Role.interpreter and person.presence in IN_ROOM for person in people):
        await _begin(db, sitting, FloorMode.consecutive, actor=SYSTEM, now=now)


async def fall_back(db: AsyncSession, *, sitting: Sitting, participant: Participant, now: datetime) -> None:
    """Simultaneous interpreting goes back to consecutive, because the line of this interpreter is too poor for it. The
    caller has locked the sitting. Effects: those of `set_mode`; the event names the interpreter."""
    why = HoldCode.interpreter_line_poor.value
    await _begin(db, sitting, FloorMode.consecutive, actor=SYSTEM, now=now, about=participant.id, why=why)


async def give(db: AsyncSession, *, participant: Participant, actor: Actor, now: datetime) -> None:
    """Give somebody in the room the floor.

    Raises `NotReady` where it is not given by turn, for an interpreter, or for somebody who is not in the room or has
    no voice. Effects: the floor is theirs, their hand is lowered; those of `_pass`.
    """
    require("give_floor", actor)
    sitting, people = await _by_turn(db, participant)
    if participant.presence not in IN_ROOM:
        raise NotReady(tell(NOT_IN_ROOM))
    if participant.role is Role.interpreter or not floor.has_voice(participant.role):
        raise NotReady(tell("Nobody in this role speaks to the floor in their own name"))
    await _pass(db, sitting, people, participant, actor=actor, now=now, why="given")


async def line_up(db: AsyncSession, *, participant: Participant, up: bool, actor: Actor, now: datetime) -> None:
    """Say who gets the floor next, when the holder has finished; `up` False: nobody yet. Raises as `give`.

    Effects: `next_in_turn` of all, event floor_next.
    """
    require("give_floor", actor)
    _sitting, people = await _by_turn(db, participant)
    if participant.presence not in IN_ROOM:
        raise NotReady(tell(NOT_IN_ROOM))
    for person in people:
        person.next_in_turn = False
    await db.flush()  # at most one of a hearing is next
    participant.next_in_turn = up
    db.add(participant)
    await record(
        db,
        hearing=participant.hearing_id,
        kind=EventKind.floor_next,
        actor=actor,
        now=now,
        participant=participant.id,
        up=up,
    )


async def take_back(db: AsyncSession, *, participant: Participant, actor: Actor, now: datetime) -> None:
    """The court takes the floor back: the presiding judge has it. Effects: those of `_pass`."""
    require("give_floor", actor)
    sitting, people = await _by_turn(db, participant)
    await _pass(db, sitting, people, None, actor=actor, now=now, why="taken_back")


async def finish(db: AsyncSession, *, participant: Participant, actor: Actor, now: datetime) -> None:
    """Say that one has finished speaking. The floor goes to who is next in turn, or to the presiding judge.

    Raises `NotReady` unless the participant has the floor. Effects: those of `_pass`.
    """
    require_from("finish_speaking", participant.presence)
    sitting, people = await _by_turn(db, participant)
    whose = floor.turn(sitting, people)
    if participant.id != actor.participant_id or participant.id not in (whose.holder, whose.seat):
        raise NotReady(tell("You do not have the floor"))
    to = next((person for person in people if person.id == whose.next), None)
    await _pass(db, sitting, people, to, actor=actor, now=now, why="finished")


async def interpret(db: AsyncSession, *, participant: Participant, actor: Actor, now: datetime) -> None:
    """An interpreter begins to interpret to the floor, also in a pause of a long speech, which then goes on.

    Raises `NotAllowed` for who is no interpreter, `NotReady` outside consecutive interpreting, for who speaks into a
    channel, or while a colleague interprets.
    Effects: `interprets_since`; whose words are interpreted, if nobody's waited; the speaker's microphone is off unless
    they conduct; event interpreting_begun.
    """
    require("interpret_to_floor", actor)
    sitting, people = await _by_turn(db, participant)
    whose = floor.turn(sitting, people)
    if whose.mode is not FloorMode.consecutive:
        raise NotReady(tell(NOT_CONSECUTIVE))
    if participant.id != actor.participant_id or participant.role is not Role.interpreter:
        raise NotAllowed(tell("Only the interpreter concerned can do this"))
    if participant.renders:
        raise NotReady(tell("You speak into a language channel: leave it first"))
    if whose.interpreter and whose.interpreter != participant.id:
        raise NotReady(tell("A colleague is interpreting"))
    if whose.interpreter:
        return
    if not whose.uninterpreted:
        sitting.uninterpreted_id, sitting.uninterpreted_since = whose.holder, now
    participant.interprets_since = now
    db.add(sitting)
    db.add(participant)
    switch_off(people, floor.turn(sitting, people))
    await _log(db, sitting, EventKind.interpreting_begun, participant.id, actor, now, of=sitting.uninterpreted_id)


async def end_interpreting(db: AsyncSession, *, participant: Participant, actor: Actor, now: datetime) -> None:
    """What was said has been interpreted; or the presiding judge goes on without. The holder may speak.

    Raises `NotAllowed` for others, `NotReady` when nothing waits to be interpreted.
    Effects: nothing waits any more; the interpreter's microphone is off; event interpreting_ended with the seconds it
    took, or that it was skipped.
    """
    own = participant.role is Role.interpreter
    require("interpret_to_floor" if own else "give_floor", actor)
    sitting, people = await _by_turn(db, participant)
    whose = floor.turn(sitting, people)
    if own and whose.interpreter != participant.id:
        raise NotReady(tell("You are not interpreting to the floor"))
    if not whose.uninterpreted:
        raise NotReady(tell("Nothing waits to be interpreted"))
    interpreter = next((person for person in people if person.id == whose.interpreter), None)
    took = (now - interpreter.interprets_since).total_seconds() if interpreter and interpreter.interprets_since else 0.0
    of = whose.uninterpreted
    speaker = next((person for person in people if person.id == of), None)
    hearing = await get(db, Hearing, sitting.hearing_id)
    await _clear(db, sitting, people)
    switch_off(people, floor.turn(sitting, people))
    await _log(
        db,
        sitting,
        EventKind.interpreting_ended,
        whose.interpreter or None,
        actor,
        now,
        of=of,
        seconds=round(took, 1),
        skipped=not own,
        **_direction(interpreter, speaker, hearing.languages),
    )


async def pass_interpreting(
    db: AsyncSession, *, sitting: Sitting, hearing: Hearing, old: Participant, new: Participant, now: datetime
) -> None:
    """Another interpreter of the booth goes on interpreting what one has begun. The caller has locked the sitting.

    Effects: `interprets_since` of both; events interpreting_ended and interpreting_begun, each of its own part.
    """
    if old.interprets_since is None:
        return
    took = (now - old.interprets_since).total_seconds()
    of = await get(db, Participant, sitting.uninterpreted_id) if sitting.uninterpreted_id else None
    old.interprets_since, new.interprets_since = None, now
    db.add_all([old, new])
    about = {"of": of.id if of else ""}
    ended = _direction(old, of, hearing.languages) | {"seconds": round(took, 1), "skipped": False, "goes_on": True}
    await _log(db, sitting, EventKind.interpreting_ended, old.id, SYSTEM, now, **about, **ended)
    await _log(db, sitting, EventKind.interpreting_begun, new.id, SYSTEM, now, **about)


def _direction(
    interpreter: Participant | None, speaker: Participant | None, booked: Sequence[str]
) -> dict[str, object]:
    """From which language and into which was interpreted, for the log; nothing where nobody did."""
    if interpreter is None or speaker is None:
        return {}
    into = [lang for lang in floor.renders_into(interpreter, booked) if lang != speaker.speaks]
    return {"lang": speaker.speaks, "into": into}


def switch_off(people: Sequence[Participant], whose: Turn) -> None:
    """Switch the microphone off of everybody in the room who may not speak in this turn. Nobody's is switched on."""
    for person in people:
        if person.microphone and not floor.speaks(person, whose).allowed:
            person.microphone = False


def waits(speaker: Participant, people: Sequence[Participant]) -> bool:
    """Whether what somebody has said waits to be interpreted: somebody in the room speaks another language, and an
    interpreter is there."""
    others = [person for person in people if person.presence in IN_ROOM and person.id != speaker.id]
    interpreters = [person for person in others if person.role is Role.interpreter]
    return bool(interpreters) and any(
        person.speaks != speaker.speaks for person in others if person.role is not Role.interpreter
    )


async def _pass(
    db: AsyncSession,
    sitting: Sitting,
    people: Sequence[Participant],
    to: Participant | None,
    *,
    actor: Actor,
    now: datetime,
    why: str,
) -> None:
    """Pass the floor on; None: to the presiding judge.

    Effects: `has_floor`; who gets it is not next any more and has no hand up; in consecutive interpreting the words of
    who had it wait to be interpreted if their microphone is open; microphones of those whose turn it is not are off;
    event floor_given.
    """
    before = floor.turn(sitting, people)
    speaker = next((person for person in people if person.id == before.holder), None)
    open_now = any(person.id == before.seat and person.microphone for person in people)
    for person in people:
        person.has_floor = False
    await db.flush()  # at most one of a hearing has it
    if to is not None and to.role is not Role.presiding_judge:
        to.has_floor, to.next_in_turn, to.hand_at = True, False, None
        db.add(to)
    if (
        before.mode is FloorMode.consecutive
        and not before.uninterpreted
        and open_now
        and speaker is not None
        and waits(speaker, people)
    ):
        sitting.uninterpreted_id, sitting.uninterpreted_since = speaker.id, now
        db.add(sitting)
    after = floor.turn(sitting, people)
    switch_off(people, after)
    await _log(
        db,
        sitting,
        EventKind.floor_given,
        after.holder,
        actor,
        now,
        before=before.holder,
        why=why,
        to_interpret=after.uninterpreted,
    )


async def _begin(
    db: AsyncSession,
    sitting: Sitting,
    mode: FloorMode,
    *,
    actor: Actor,
    now: datetime,
    about: str | None = None,
    **data: object,
) -> None:
    people = await participants(db, sitting.hearing_id)
    for person in people:
        person.has_floor = person.next_in_turn = False
    await _clear(db, sitting, people)
    sitting.floor_mode = mode
    db.add(sitting)
    switch_off(people, floor.turn(sitting, people))
    await _log(db, sitting, EventKind.floor_mode, about, actor, now, mode=mode.value, **data)


async def _clear(db: AsyncSession, sitting: Sitting, people: Sequence[Participant]) -> None:
    """Nothing waits to be interpreted, nobody interprets to the floor."""
    for person in people:
        person.interprets_since = None
        db.add(person)
    sitting.uninterpreted_id, sitting.uninterpreted_since = "", None
    db.add(sitting)
    await db.flush()


async def _by_turn(db: AsyncSession, participant: Participant) -> tuple[Sitting, Sequence[Participant]]:
    """The locked sitting and its people. Raises `NotReady` unless the floor is given by turn."""
    hearing = await get(db, Hearing, participant.hearing_id)
    sitting = await open_sitting(db, hearing.id, lock=True)
    if sitting is None or sitting.floor_mode is FloorMode.open:
        raise NotReady(tell(NO_TURNS))
    return sitting, await participants(db, hearing.id)


async def _log(
    db: AsyncSession,
    sitting: Sitting,
    kind: EventKind,
    participant: str | None,
    actor: Actor,
    now: datetime,
    **data: object,
) -> None:
    about = {} if participant is None else {"participant": participant}
    await record(db, hearing=sitting.hearing_id, kind=kind, actor=actor, now=now, **about, **data)
