"""What interpreters do in a sitting: the turn in a booth, relay, signals; and what follows by itself.

`hearings.interpreting.booths` has the rules. The acts lock the sitting, whose row keeps who has the turn in each booth
and which languages are not interpreted into although somebody needs them.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import SYSTEM, Actor
from hearings.agreement import room_rules
from hearings.agreement.room_rules import RoomRules
from hearings.errors import Invalid, NotAllowed, NotReady
from hearings.events import EventKind, record
from hearings.hearing import floor, seats
from hearings.hearing.participants import NOT_IN_ROOM
from hearings.hearing.seats import NOT_BOOKED, ONLY_INTERPRETERS, ONLY_ONESELF
from hearings.interpreting import booths
from hearings.interpreting.booths import Booth
from hearings.interpreting.figures import StopStep
from hearings.languages import language, signed
from hearings.models import Hearing, Participant, Sitting
from hearings.models.sitting import FloorMode, HoldCause, HoldCode
from hearings.permissions import require, require_from
from hearings.queries import get, open_sitting, participants
from hearings.roles import Role
from hearings.sentences import tell
from hearings.sitting import floor_turns, recorded_acts, sittings
from hearings.status import LIVE_SITTINGS, PresenceStatus, SittingStatus
from hearings.texts import clean

SHORTEST = timedelta(seconds=2)
"""Time without an interpreter from which it is written down: switching a microphone takes less."""
SIGNALS = ("cannot_hear", "slower", "repeat", "cannot_interpret")


@dataclass(frozen=True, kw_only=True)
class BoothStep:
    """How booths and uncovered languages change by themselves. `news`: what to tell, and which interpreter."""

    booths: dict[str, Any]
    uncovered: dict[str, str]
    handed: tuple[tuple[str, str], ...] = ()
    """Who had the turn and has it no more, and who has it now."""
    lost: tuple[str, ...] = ()
    """Whose line was lost while live, and nobody has taken over in time."""
    news: tuple[tuple[str, str], ...] = field(default=())


def step(
    sitting: Sitting,
    people: Sequence[Participant],
    booked: Sequence[str],
    *,
    without_line: Collection[str],
    consecutive: bool,
    now: datetime,
) -> BoothStep:
    """How the booths stand now, from the rows. Pure.

    `without_line`: people whose line is lost now; `consecutive`: interpreters speak to the floor in turn, so that a
    language counts as interpreted as long as one of them is in the room, whose booth has nobody to relieve.
    """
    present = {p.id for p in people if p.presence is PresenceStatus.present and p.id not in without_line}
    after: dict[str, Any] = {}
    handed, lost, news = [], [], []
    for name, team in booths.members(people, booked).items():
        before = booths.from_json(sitting.booths.get(name, {}))
        booth = booths.advanced(before, {person.id for person in team} & present, now)
        if before.live and booth.live and before.live != booth.live:
            handed.append((before.live, booth.live))
        if booth.lost and not before.lost:
            news += [("take_over", person.id) for person in team if person.id in present]
        if booths.unanswered(booth, now):
            lost.append(booth.lost)
            booth = replace(booth, held=True)
        due = booths.relief(booth, now)
        if due != booth.told:
            booth = replace(booth, told=due)
            news += [(f"relief_{due}", person.id) for person in team if due and person.id in present]
        if booth != Booth():
            after[name] = booth.as_json()
    if consecutive:
        unrelieved = {name for name, stored in after.items() if stored["lost"]}
        present -= {p.id for name, team in booths.members(people, booked).items() if name in unrelieved for p in team}
        uncovered = _uncovered_in_turn(sitting, people, booked, present, now)
    else:
        uncovered = _uncovered(sitting, people, booked, present, now)
    return BoothStep(
        booths=after,
        uncovered=uncovered,
        handed=tuple(handed),
        lost=tuple(lost),
        news=tuple(news),
    )


def _uncovered(
    sitting: Sitting,
    people: Sequence[Participant],
    booked: Sequence[str],
    present: Collection[str],
    now: datetime,
) -> dict[str, str]:
    """The languages that somebody needs now and nobody interprets into, and since when. None while the floor is
    closed: then nobody is heard in any language."""
    if sitting.status is not SittingStatus.in_session or not sitting.floor_open:
        return {}
    by = booths.interpreted([p for p in people if p.id in present], booked, sitting.booths)
    wanted = booths.needed(people, booked, open_only=True)
    return {lang: sitting.uncovered.get(lang, now.isoformat()) for lang in sorted(wanted - by)}


def _uncovered_in_turn(
    sitting: Sitting,
    people: Sequence[Participant],
    booked: Sequence[str],
    present: Collection[str],
    now: datetime,
) -> dict[str, str]:
    """As `_uncovered`, in consecutive interpreting: words that wait to be interpreted count as being spoken, and while
    the floor is held for languages nobody interprets into, the time of these goes on until somebody could again."""
    by = booths.covered(people, booked, present)
    if sitting.status in LIVE_SITTINGS and not sitting.floor_open:
        since = held_for(sitting)
        return {lang: sitting.uncovered.get(lang, since[lang]) for lang in sorted(since.keys() - by)}
    if sitting.status is not SittingStatus.in_session:
        return {}
    wanted = booths.needed(people, booked, open_only=True, waiting=sitting.uninterpreted_id)
    return {lang: sitting.uncovered.get(lang, now.isoformat()) for lang in sorted(wanted - by)}


def held_for(sitting: Sitting) -> dict[str, str]:
    """The languages for which the floor is held because nobody interprets into them any more, and since when."""
    found: dict[str, str] = {}
    for hold in sitting.holds:
        code, _separator, languages = hold["reason"].partition(":")
        if hold["by"] == SYSTEM.id and code == HoldCode.interpreter_lost:
            found |= {lang: hold["since"] for lang in languages.split(",") if lang not in found}
    return found


def consecutive(sitting: Sitting, rules: RoomRules) -> bool:
    """Whether interpreting is consecutive, by the agreement or by the court's choice for the sitting."""
    return rules.consecutive or sitting.floor_mode is FloorMode.consecutive


def reason_of_loss(person: Participant, people: Sequence[Participant], booked: Sequence[str], *, in_turn: bool) -> str:
    """The reason of a hold for the lost line of a person: with whose it is. Of an interpreter in consecutive
    interpreting (`in_turn`), with the languages that nobody else in the room could interpret into; empty when there
    are none, and nothing is to be held."""
    if not in_turn or person.role is not Role.interpreter:
        return f"{HoldCode.line_lost.value}:{person.id}"
    languages = booths.only_by(person, people, booked)
    return f"{HoldCode.interpreter_lost.value}:{','.join(sorted(languages))}" if languages else ""


def changes(sitting: Sitting, found: BoothStep) -> bool:
    """Whether a step differs from what the rows say."""
    return found.booths != sitting.booths or found.uncovered != sitting.uncovered or bool(found.lost)


def next_step(sitting: Sitting) -> datetime | None:
    """When a booth changes by itself, if nobody acts."""
    times = (booths.next_step(booths.from_json(stored)) for stored in sitting.booths.values())
    return min((at for at in times if at is not None), default=None)


def in_care(sitting: Sitting, people: Sequence[Participant], booked: Sequence[str]) -> frozenset[str]:
    """The interpreters whose lost line is the affair of their booth, where somebody has the turn or was lost with it: a
    partner goes on or takes over, or the floor is held for the language."""
    turns = {name: booths.from_json(stored) for name, stored in sitting.booths.items()}
    return frozenset(
        person.id
        for name, team in booths.members(people, booked).items()
        if name in turns and (turns[name].live or turns[name].lost)
        for person in team
    )


async def keep(
    db: AsyncSession,
    *,
    sitting: Sitting,
    hearing: Hearing,
    people: Sequence[Participant],
    without_line: Collection[str],
    consecutive: bool,
    now: datetime,
) -> BoothStep:
    """Bring booths and uncovered languages up to now. Called by the service, often.

    Effects: `booths`, `uncovered`. After a handover: the microphone of who had the turn off, the direction passes on,
    event handed_over. Who is lost and was not relieved in time: a hold, while the sitting is live and somebody in the
    room needs a language that nobody else could interpret into. A time without an interpreter that has ended: event
    uncovered.
    """
    await sittings.lock(db, sitting)
    found = step(sitting, people, hearing.languages, without_line=without_line, consecutive=consecutive, now=now)
    ended = {lang: since for lang, since in sitting.uncovered.items() if lang not in found.uncovered}
    sitting.booths, sitting.uncovered = found.booths, found.uncovered
    db.add(sitting)
    by_id = {person.id: person for person in people}
    for old, new in found.handed:
        await _hand(db, by_id.get(old), by_id[new], sitting, hearing, why="handover", now=now)
    for lang, since in ended.items():
        lasted = now - datetime.fromisoformat(since)
        if lasted >= SHORTEST:
            measured = {"lang": lang, "since": since, "seconds": round(lasted.total_seconds(), 1)}
            await record(db, hearing=hearing, kind=EventKind.uncovered, actor=SYSTEM, now=now, **measured)
    for who in found.lost:
        await _hold(db, sitting, hearing, people, by_id.get(who), without_line, now)
    return found


async def _hand(
    db: AsyncSession,
    old: Participant | None,
    new: Participant,
    sitting: Sitting,
    hearing: Hearing,
    *,
    why: str,
    now: datetime,
) -> None:
    """The turn has passed: one direction, one microphone, which its owner opens. Who was interpreting to the floor is
    not any more, and the other is."""
    lang = ""
    if old is not None:
        lang, old.renders, old.microphone = old.renders, "", False
        db.add(old)
    if lang and lang in floor.renders_into(new, hearing.languages):
        new.renders = lang
        db.add(new)
    await record(
        db, hearing=hearing, kind=EventKind.handed_over, actor=SYSTEM, now=now, participant=new.id,
        before=old.id if old else "", lang=new.renders, why=why,
    )  # fmt: skip
    if old is not None and old.interprets_since is not None:
        await floor_turns.pass_interpreting(db, sitting=sitting, hearing=hearing, old=old, new=new, now=now)


async def _hold(
    db: AsyncSession,
    sitting: Sitting,
    hearing: Hearing,
    people: Sequence[Participant],
    who: Participant | None,
    without_line: Collection[str],
    now: datetime,
) -> None:
    if who is None or sitting.status not in LIVE_SITTINGS:
        return
    booked = hearing.languages
    team = {person.id for person in booths.members(people, booked).get(booths.key(who, booked), ())}
    present = {p.id for p in people if p.presence is PresenceStatus.present} - set(without_line) - team
    wanted = booths.needed(people, booked, open_only=False) & set(floor.renders_into(who, booked))
    missing = sorted(wanted - booths.covered(people, booked, present))
    if missing:
        await sittings.hold(
            db,
            sitting=sitting,
            cause=HoldCause.fault,
            reason=f"{HoldCode.interpreter_lost.value}:{','.join(missing)}",
            actor=SYSTEM,
            now=now,
        )


async def stop(
    db: AsyncSession, *, sitting: Sitting, participant: Participant, rules: RoomRules, step: StopStep, now: datetime
) -> bool:
    """Act upon the stop rule (`figures.StopRule`) for an interpreter whose line is too poor. Whether it was done: only
    while a sitting is live in which interpreting is simultaneous; the hold also after it has gone back.

    Effects: no channel is interpreted into by voice, and those of `floor_turns.fall_back`; or a hold of cause fault.
    """
    await sittings.lock(db, sitting)
    if sitting.status not in LIVE_SITTINGS or participant.role is not Role.interpreter:
        return False
    if step == "hold":
        reason = f"{HoldCode.interpreter_line_poor.value}:{participant.id}"
        await sittings.hold(db, sitting=sitting, cause=HoldCause.fault, reason=reason, actor=SYSTEM, now=now)
        return True
    if step != "consecutive" or consecutive(sitting, rules) or not participant.renders:
        return False
    for person in await participants(db, sitting.hearing_id):
        if person.role is Role.interpreter and person.renders and not signed(person.renders):
            person.renders = ""
            db.add(person)
    await floor_turns.fall_back(db, sitting=sitting, participant=participant, now=now)
    return True


# --- acts ----------------------------------------------------------------------------------------------------------


async def set_microphone(db: AsyncSession, *, participant: Participant, on: bool, actor: Actor, now: datetime) -> None:
    """As `seats.set_microphone`; an interpreter who opens it has the turn in the booth.

    Raises `NotReady` also while the partner has the turn. Switching it off gives no turn away: a cough is no handover.
    """
    if on and participant.role is Role.interpreter and participant.id == actor.participant_id:
        sitting, name, booth = await _booth(db, participant)
        taken = booths.opened(booth, participant.id, now)
        if taken is None:
            raise NotReady(tell("Your partner in the booth has the turn: ask for the handover"))
        await seats.set_microphone(db, participant=participant, on=on, actor=actor, now=now)
        _put(db, sitting, name, taken)
        if booth.lost not in ("", participant.id):
            hearing, lost = await get(db, Hearing, participant.hearing_id), await get(db, Participant, booth.lost)
            await _hand(db, lost, participant, sitting, hearing, why="take_over", now=now)
        return
    await seats.set_microphone(db, participant=participant, on=on, actor=actor, now=now)


async def set_renders(db: AsyncSession, *, participant: Participant, lang: str, actor: Actor, now: datetime) -> None:
    """As `seats.set_renders`. Raises `NotReady` also where simultaneous interpreting is agreed and the agreed sound is
    too narrow for it (`RoomRules.too_narrow`): consecutive interpreting is offered."""
    hearing = await get(db, Hearing, participant.hearing_id)
    rules = await room_rules.of_hearing(db, hearing)
    narrow = rules.too_narrow
    if narrow is not None and lang and not signed(lang) and rules.session.get("interpreting") == "simultaneous":
        raise NotReady(narrow)
    await seats.set_renders(db, participant=participant, lang=lang, actor=actor, now=now)


async def hand_over(db: AsyncSession, *, participant: Participant, actor: Actor, now: datetime) -> None:
    """Ask for the handover in one's booth, agree to it, or take that back.

    Raises `NotReady` without somebody who has the turn, and without a partner in the room. Effects: the booth; the turn
    passes `booths.COUNTDOWN` after both have pressed (`keep`).
    """
    sitting, name, booth = await _booth(db, _interpreter(participant, actor))
    if not booth.live or not await _partners(db, participant, name):
        raise NotReady(tell("There is no partner in the booth to hand over to or take over from"))
    _put(db, sitting, name, booths.pressed(booth, participant.id, now))


async def note_partner(db: AsyncSession, *, participant: Participant, text: str, actor: Actor, now: datetime) -> None:
    """Check a note to be passed on to the partners in one's booth. Nothing keeps it: it is of a name or a term.

    Raises `NotAllowed`, `Invalid` for a text that is empty, too long or of more than a line, and `NotReady` without a
    partner in the room. Effects: none.
    """
    _sitting, name, _now = await _booth(db, _interpreter(participant, actor))
    clean(text, "text", most=200, least=1)
    if not await _partners(db, participant, name):
        raise NotReady(tell("There is no partner in the booth to write to"))


async def _partners(db: AsyncSession, participant: Participant, name: str) -> list[Participant]:
    """The others of a booth who are in the room."""
    hearing = await get(db, Hearing, participant.hearing_id)
    team = booths.members(await participants(db, hearing.id), hearing.languages).get(name, [])
    return [p for p in team if p.id != participant.id and p.presence is PresenceStatus.present]


async def take_over(db: AsyncSession, *, participant: Participant, actor: Actor, now: datetime) -> None:
    """Take over the turn of a partner whose line is lost. Raises `NotReady` when there is none.

    Effects: the booth; the direction passes on, event handed_over. The microphone is opened by its owner.
    """
    sitting, name, booth = await _booth(db, _interpreter(participant, actor))
    taken = booths.taken_over(booth, participant.id, now)
    if taken is None:
        raise NotReady(tell("No partner in the booth has lost the line"))
    lost = await get(db, Participant, booth.lost)
    hearing = await get(db, Hearing, participant.hearing_id)
    _put(db, sitting, name, taken)
    await _hand(db, lost, participant, sitting, hearing, why="take_over", now=now)


async def choose_language(
    db: AsyncSession, *, participant: Participant, lang: str, actor: Actor, now: datetime
) -> None:
    """As `seats.choose_language`; an interpreter chooses what to interpret from: the floor (empty), or a channel, which
    is interpreting by relay.

    Raises `Invalid` also for a language the interpreter interprets into, and where two relays would follow one another:
    at most one lies between who speaks and who listens. Effects: `hears`, event relay_chosen.
    """
    if participant.role is not Role.interpreter or participant.id != actor.participant_id:
        await seats.choose_language(db, participant=participant, lang=lang, actor=actor, now=now)
        return
    require_from("choose_language", participant.presence)
    hearing = await get(db, Hearing, participant.hearing_id)
    lang = language(lang) if lang else ""
    if lang and lang not in hearing.languages:
        raise Invalid(tell(NOT_BOOKED), "lang")
    if lang and lang in floor.renders_into(participant, hearing.languages) and lang == participant.renders:
        raise Invalid(tell("You interpret into this language yourself"), "lang")
    if lang and _second_relay(participant, lang, await participants(db, hearing.id), hearing.languages):
        raise Invalid(tell("Two relays would follow one another: at most one is allowed"), "lang")
    participant.hears = lang
    db.add(participant)
    await record(
        db, hearing=hearing, kind=EventKind.relay_chosen, actor=actor, now=now, participant=participant.id, lang=lang
    )


def _second_relay(me: Participant, lang: str, people: Sequence[Participant], booked: Sequence[str]) -> bool:
    """Whether `lang` is itself made by relay, or somebody interprets by relay from what I would make out of it.

    Nobody makes the language they listen to: two of one booth may interpret from the same channel.
    """
    others = [p for p in people if p.role is Role.interpreter and p.id != me.id and p.vacated_at is None and p.hears]
    mine = _made(me, lang, booked)
    return any(lang in _made(p, p.hears, booked) or p.hears in mine for p in others)


def _made(person: Participant, source: str, booked: Sequence[str]) -> set[str]:
    """The languages an interpreter may make of `source`."""
    return set(floor.renders_into(person, booked)) - {source}


async def signal(
    db: AsyncSession, *, participant: Participant, what: str, text: str = "", actor: Actor, now: datetime
) -> None:
    """Tell the presiding judge and who speaks that one cannot hear, or ask to speak more slowly or to repeat.

    An interpreter who says that interpreting is not possible also asks for a hold and leaves a remark on the record
    (`text`, at least 3 characters). Raises `NotAllowed`, `NotReady` outside the room, `Invalid`. Effects: event signal.
    """
    require("signal", actor)
    if participant.id != actor.participant_id:
        raise NotAllowed(tell(ONLY_ONESELF))
    if what not in SIGNALS:
        raise Invalid(tell("Unknown signal"), "what")
    if what == "cannot_interpret":
        _interpreter(participant, actor)
        await recorded_acts.record(
            db,
            hearing=await get(db, Hearing, participant.hearing_id),
            kind=EventKind.remark.value,
            values={"text": text},
            actor=actor,
            now=now,
        )
    await record(
        db, hearing=participant.hearing_id, kind=EventKind.signal, actor=actor, now=now, participant=participant.id,
        what=what,
    )  # fmt: skip


def _interpreter(participant: Participant, actor: Actor) -> Participant:
    """Raise `NotAllowed` unless the actor is this interpreter, `NotReady` outside the room."""
    require("speak_in_channel", actor, own=participant.id == actor.participant_id)
    if participant.role is not Role.interpreter:
        raise NotAllowed(tell(ONLY_INTERPRETERS), (Role.interpreter,))
    require_from("render", participant.presence)
    return participant


async def _booth(db: AsyncSession, participant: Participant) -> tuple[Sitting, str, Booth]:
    """The sitting, locked, and the booth of an interpreter. Raises `NotReady` without an open sitting."""
    sitting = await open_sitting(db, participant.hearing_id, lock=True)
    if sitting is None:
        raise NotReady(tell(NOT_IN_ROOM))
    hearing = await get(db, Hearing, participant.hearing_id)
    name = booths.key(participant, hearing.languages)
    return sitting, name, booths.from_json(sitting.booths.get(name, {}))


def _put(db: AsyncSession, sitting: Sitting, name: str, booth: Booth) -> None:
    kept: Mapping[str, Any] = {key: value for key, value in sitting.booths.items() if key != name}
    sitting.booths = {**kept, name: booth.as_json()}
    db.add(sitting)
