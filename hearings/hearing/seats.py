"""A person's own place in the hearing: arriving, device check, coming back after a loss, and their own switches.

The sixty-second rule: who lost the line, reloaded or crashed gets the same seat back, listening and muted,
within 60 s; later they go through the lobby again, except those who conduct the hearing, whom nobody could admit.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import SYSTEM, Actor, participant_actor
from hearings.agreement import room_rules
from hearings.errors import Invalid, LoginEnded, NotAllowed, NotFound, NotReady
from hearings.events import EventKind, record
from hearings.hearing import companions, floor
from hearings.hearing.participants import require_open
from hearings.languages import language
from hearings.models import Hearing, Participant
from hearings.moves import move
from hearings.people.logins import LoginEnd, require_live
from hearings.permissions import Decision, refusal, require, require_from
from hearings.queries import get, open_sitting, participants
from hearings.roles import CONDUCTING, Role
from hearings.sentences import N_, tell
from hearings.status import PresenceStatus

LINE_LOST = N_("line lost for 60 s")
AGREED_CONSECUTIVE = N_("The courts have agreed consecutive interpreting: speak to the floor, after the speaker")
ONLY_ONESELF = N_("Only the person concerned can do this")
NOT_BOOKED = N_("This language is not booked for the hearing")
ONLY_INTERPRETERS = N_("Only an interpreter speaks in a language channel")

RETURN_WITHIN = timedelta(seconds=60)


async def of_login(db: AsyncSession, *, participant_id: str, login_id: str, now: datetime) -> Participant:
    """The seat of a login. Locks seat and login until the transaction ends, so that neither ends before. Called
    for every page that connects, and for every act.

    Raises `NotFound` for somebody else's seat, `LoginEnded` also for a participant who was removed.
    """
    participant = await get(db, Participant, participant_id, lock=True)
    login = await require_live(db, login_id=login_id, now=now)
    if participant.id != login.participant_id and (login.person_id is None or participant.person_id != login.person_id):
        raise NotFound
    if participant.presence is PresenceStatus.removed or participant.vacated_at is not None:
        raise LoginEnded(LoginEnd.removed)
    return participant


async def arrive(db: AsyncSession, *, participant: Participant, now: datetime) -> None:
    """Staff open the live page of a hearing they have a role in; again changes nothing.

    Effects the first time: presence invited → identified (they signed in), event joined.
    """
    if participant.presence is not PresenceStatus.invited:
        return
    actor = participant_actor(participant)
    move(db, participant, PresenceStatus.identified, actor=actor, now=now, reason="signed in")
    await _record(db, participant, EventKind.joined, actor, now)


async def ready(
    db: AsyncSession,
    *,
    participant: Participant,
    notice: bool,
    camera: bool,
    microphone: bool,
    speaker: bool,
    now: datetime,
) -> None:
    """Recording notice acknowledged and devices checked: to the lobby, or for those who conduct, into the room.

    Raises `LobbyClosed`; `NotReady` without the notice, a speaker or, for who may speak, a microphone. A camera may be
    missing: whether the sitting starts without a picture is the judge's decision.
    Effects, in order: sets `notice_at`, `devices` and, for who may show a picture, `camera`; presence to tested, then
    waiting or present; microphone off; events notice_acknowledged, devices_checked, and entered for those in the room.
    """
    require_from("get_ready", participant.presence)
    await require_open(db, participant.hearing_id)
    if not notice:
        raise NotReady(tell("The recording notice must be acknowledged first"))
    if not speaker or (floor.has_voice(participant.role) and not microphone):
        raise NotReady(tell("A working microphone and loudspeaker are required"))
    actor = participant_actor(participant)
    participant.notice_at = participant.notice_at or now
    participant.devices = {"camera": camera, "microphone": microphone, "speaker": speaker}
    participant.camera = camera and floor.shows(participant).allowed
    db.add(participant)
    if participant.presence in {PresenceStatus.waiting, PresenceStatus.called, PresenceStatus.present}:
        await _record(db, participant, EventKind.devices_checked, actor, now, **participant.devices)
        return
    if participant.presence is not PresenceStatus.tested:
        move(db, participant, PresenceStatus.tested, actor=actor, now=now)
    participant.microphone = False
    await _record(db, participant, EventKind.notice_acknowledged, actor, now)
    await _record(db, participant, EventKind.devices_checked, actor, now, **participant.devices)
    if participant.role in CONDUCTING:
        move(db, participant, PresenceStatus.present, actor=actor, now=now)
        participant.admitted_at = now
        await _record(db, participant, EventKind.entered, actor, now)
    else:
        move(db, participant, PresenceStatus.waiting, actor=actor, now=now)


async def connected(db: AsyncSession, *, participant: Participant, now: datetime) -> None:
    """Record that the person's page is connected (again).

    Effects for somebody reconnecting: within 60 s presence to present, later to waiting (present for those who
    conduct); microphone off in any case; event joined. Nothing for others.
    """
    if participant.presence is not PresenceStatus.reconnecting:
        return
    actor = participant_actor(participant)
    away = now - participant.presence_since
    back = away <= RETURN_WITHIN or participant.role in CONDUCTING
    to = PresenceStatus.present if back else PresenceStatus.waiting
    move(db, participant, to, actor=actor, now=now, reason=f"back after {away.total_seconds():.0f} s")
    floor.silence(participant)
    await companions.follow(db, participant, actor=actor, now=now)
    await _record(db, participant, EventKind.joined, actor, now, away=round(away.total_seconds(), 1))


async def disconnected(db: AsyncSession, *, participant: Participant, now: datetime) -> None:
    """Record that the person's page has lost its connection.

    Effects for somebody in the room: presence to reconnecting, microphone off and nothing rendered (nobody comes
    back un-muted), event reconnecting. Nothing for others.
    """
    if participant.presence is not PresenceStatus.present:
        return
    move(db, participant, PresenceStatus.reconnecting, actor=SYSTEM, now=now, reason="line lost")
    floor.silence(participant)
    await companions.follow(db, participant, actor=SYSTEM, now=now)
    await _record(db, participant, EventKind.reconnecting, SYSTEM, now)


def lapsing(participants: Iterable[Participant], now: datetime) -> bool:
    """Whether `lapse` would take somebody out of the room."""
    return any(
        participant.presence is PresenceStatus.reconnecting and participant.presence_since < now - RETURN_WITHIN
        for participant in participants
    )


async def lapse(db: AsyncSession, *, hearing_id: str, now: datetime) -> list[Participant]:
    """Take those out of the room whose line has been lost for longer than 60 s. Returns them.

    Effects for each: presence to left, event left. They come back through the device check.
    """
    query = select(Participant).where(
        Participant.hearing_id == hearing_id,
        Participant.presence == PresenceStatus.reconnecting,
        col(Participant.presence_since) < now - RETURN_WITHIN,
    )
    gone = list((await db.exec(query.with_for_update())).all())
    for participant in gone:
        move(db, participant, PresenceStatus.left, actor=SYSTEM, now=now, reason=LINE_LOST)
        await _record(db, participant, EventKind.left, SYSTEM, now, why="line_lost")
    return gone


async def take_over(db: AsyncSession, *, participant: Participant, now: datetime) -> None:
    """Give the seat to another tab or device of the same person. Effects: microphone off, event seat_taken_over."""
    participant.microphone = False
    db.add(participant)
    await _record(db, participant, EventKind.seat_taken_over, participant_actor(participant), now)


async def leave(db: AsyncSession, *, participant: Participant, actor: Actor, now: datetime) -> None:
    """Leave by one's own act; returning goes through device check and lobby. Effects: presence to left, event left."""
    _own("leave", participant, actor)
    move(db, participant, PresenceStatus.left, actor=actor, now=now)
    floor.silence(participant)
    participant.camera = False
    participant.end_calls()
    await companions.follow(db, participant, actor=actor, now=now)
    await _record(db, participant, EventKind.left, actor, now, why="own_wish")


async def set_microphone(db: AsyncSession, *, participant: Participant, on: bool, actor: Actor, now: datetime) -> None:
    """Switch one's own microphone; nobody switches on another's. Effects: `microphone`, event.

    Opening it ends a mute by the court. Raises `NotAllowed` also for who neither speaks to the floor nor in a language
    channel, `NotReady` outside the room and while it is another person's turn.
    """
    if on and participant.id != actor.participant_id:
        require("unmute_other", actor)
    _own("switch_microphone_on" if on else "switch_microphone_off", participant, actor)
    if on:
        sitting = await open_sitting(db, participant.hearing_id)
        _allowed(floor.speaks(participant, floor.turn(sitting, await participants(db, participant.hearing_id))))
    participant.microphone = on
    if on:
        participant.muted_by_court = False
    db.add(participant)
    await _record(db, participant, EventKind.microphone, actor, now, on=on)


async def set_camera(db: AsyncSession, *, participant: Participant, on: bool, actor: Actor, now: datetime) -> None:
    """Switch one's own camera. Raises `NotAllowed` for who shows no picture. Effects: `camera`, event."""
    _own("switch_camera", participant, actor)
    if on:
        _allowed(floor.shows(participant))
    participant.camera = on
    db.add(participant)
    await _record(db, participant, EventKind.camera, actor, now, on=on)


async def raise_hand(db: AsyncSession, *, participant: Participant, up: bool, actor: Actor, now: datetime) -> None:
    """Raise or lower one's hand. Effects: `hand_at`, event."""
    require("raise_hand", actor)
    _own("raise_hand", participant, actor)
    participant.hand_at = (participant.hand_at or now) if up else None
    db.add(participant)
    await _record(db, participant, EventKind.hand, actor, now, up=up)


async def ask_help(db: AsyncSession, *, participant: Participant, up: bool, actor: Actor, now: datetime) -> None:
    """Ask for help, or take it back. Asked again after an answer, it waits for another answer.

    Effects: `help_at`, `help_answered_by` empty, event."""
    require("ask_help", actor)
    _own("ask_help", participant, actor)
    waits = participant.help_at is not None and not participant.help_answered_by
    participant.help_at = (participant.help_at if waits else now) if up else None
    participant.help_answered_by = ""
    db.add(participant)
    await _record(db, participant, EventKind.help, actor, now, up=up)


async def choose_language(
    db: AsyncSession, *, participant: Participant, lang: str, actor: Actor, now: datetime
) -> None:
    """Choose the language to hear, among those booked; empty for the floor as spoken.

    Raises `NotAllowed` for a channel that is not this person's to hear. Effects: `hears`, event.
    """
    _own("choose_language", participant, actor)
    hearing = await get(db, Hearing, participant.hearing_id)
    lang = _booked(hearing, lang)
    if lang:
        _allowed(floor.hears_channel(participant, lang, hearing.languages))
    participant.hears = lang
    db.add(participant)
    await _record(db, participant, EventKind.language_chosen, actor, now, lang=participant.hears)


async def set_original(
    db: AsyncSession, *, participant: Participant, percent: int, actor: Actor, now: datetime
) -> None:
    """How loud the floor stays under an interpreter, 0–40 %. Effects: `original`."""
    _own("set_original", participant, actor)
    if not 0 <= percent <= 40:
        raise Invalid(tell("Between 0 and 40 per cent"), "percent")
    participant.original = percent
    db.add(participant)


async def pin(db: AsyncSession, *, participant: Participant, whom: str, actor: Actor, now: datetime) -> None:
    """Choose whom to see large, or nobody (empty): they then have a place when there are more people than places.

    Raises `NotFound` for somebody of another hearing. Effects: `pinned_id`.
    """
    _own("pin", participant, actor)
    if whom and (await get(db, Participant, whom)).hearing_id != participant.hearing_id:
        raise NotFound
    participant.pinned_id = whom
    db.add(participant)


async def set_renders(db: AsyncSession, *, participant: Participant, lang: str, actor: Actor, now: datetime) -> None:
    """The language an interpreter speaks into from now on; empty for none. Effects: `renders`, event."""
    require("speak_in_channel", actor, own=participant.id == actor.participant_id)
    _own("render", participant, actor)
    if participant.role is not Role.interpreter:
        raise NotAllowed(tell(ONLY_INTERPRETERS), (Role.interpreter,))
    hearing = await get(db, Hearing, participant.hearing_id)
    if lang and (await room_rules.of_hearing(db, hearing)).consecutive:
        raise NotReady(tell(AGREED_CONSECUTIVE))
    lang = _booked(hearing, lang)
    if lang and lang not in floor.renders_into(participant, hearing.languages):
        raise Invalid(tell("The interpreter is not assigned to this language"), "lang")
    participant.renders = lang
    db.add(participant)
    await _record(db, participant, EventKind.render_changed, actor, now, lang=participant.renders)


def _booked(hearing: Hearing, lang: str) -> str:
    if not lang:
        return ""
    lang = language(lang)
    if lang not in hearing.languages:
        raise Invalid(tell(NOT_BOOKED), "lang")
    return lang


def _allowed(decision: Decision) -> None:
    if not decision.allowed:
        raise refusal(decision)


def _own(action: str, participant: Participant, actor: Actor) -> None:
    """Require that the actor is the participant, in a presence that allows it. Raises `NotAllowed`, `NotReady`."""
    if participant.id != actor.participant_id:
        raise NotAllowed(tell(ONLY_ONESELF))
    require_from(action, participant.presence)


async def _record(
    db: AsyncSession, participant: Participant, kind: EventKind, actor: Actor, now: datetime, **data: object
) -> None:
    await record(
        db, hearing=participant.hearing_id, kind=kind, actor=actor, now=now, participant=participant.id, **data
    )
