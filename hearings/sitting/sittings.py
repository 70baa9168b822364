"""One sitting from the opening of the lobby to its close: roll call, start, holds, end (`sound_checks` in between).

A hold has a cause, an author and a reason. Several may be in force at once (the judge ordered a break, then the
requested authority intervened): `sitting.holds` has them all, and the floor opens when the last is lifted by somebody
with the right to (`hearings.permissions.LIFTS`).
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import SYSTEM, Actor
from hearings.agreement import room_rules
from hearings.errors import (
    ConsentMissing,
    LobbyClosed,
    NotReady,
    RecordingNotHealthy,
    SoundCheckMissing,
)
from hearings.events import EventKind, record
from hearings.hearing import agreed_terms, days, floor
from hearings.hearing.links import kill_links
from hearings.hearing.participants import require_essentials
from hearings.ids import new_id
from hearings.models import Hearing, HearingRequest, Recording, Sitting
from hearings.models.sitting import HoldCause, HoldCode
from hearings.moves import born, move
from hearings.people.logins import LoginEnd, end_logins_of
from hearings.permissions import Decision, may, refusal, require
from hearings.queries import get, open_sitting, participants, recording_of
from hearings.requests import consent_answers
from hearings.requests.log import require_carried
from hearings.rights import item_states
from hearings.rights.checklist import Gate
from hearings.roles import Role
from hearings.sentences import N_, Word, tell
from hearings.sitting import fingerprints, objections, recorded_acts
from hearings.sitting.fingerprints import SITTING_OVER
from hearings.sitting.sound_checks import ensure_checks, good_enough
from hearings.status import (
    LIVE_SITTINGS,
    OUT_OF_HEARING,
    HearingStatus,
    PresenceStatus,
    RecordingStatus,
    RequestStatus,
    SittingStatus,
)
from hearings.texts import clean

MEDIA_NOT_STARTED = N_("the media service did not start")

RUNNING = frozenset({RecordingStatus.recording, RecordingStatus.paused})
"""Statuses of a recording whose journal is being sealed."""
KEYS = frozenset({Role.presiding_judge, Role.requested_authority})
"""Who decide together to go on without a recording."""
_FIRST_TO_LIFT = (HoldCause.intervention, HoldCause.recording, HoldCause.fault, HoldCause.order)


async def open_lobby(
    db: AsyncSession, *, hearing: Hearing, court_name: str, actor: Actor, now: datetime
) -> tuple[Sitting, Recording]:
    """Open the lobby of a hearing that is ready: from now on join links work.

    `court_name` begins the recording's origin, `<court>/hearing/<recording id>`. Raises `RequestOver`, `NotReady`.
    Effects: adds the sitting and its recording with their first lines of history, event lobby_opened.
    """
    require("open_lobby", actor, target_state=actor.state)
    if hearing.status is not HearingStatus.ready:
        raise NotReady(
            tell("The lobby opens when the hearing is ready; it is {status}", status=Word.status(hearing.status))
        )
    await agreed_terms.require_both(db, hearing)
    require_carried(await get(db, HearingRequest, hearing.request_id))
    if await open_sitting(db, hearing.id) is not None:
        raise NotReady(tell("The lobby is already open"))
    sitting = Sitting(owner_state=hearing.owner_state, hearing_id=hearing.id, since=now)
    db.add(sitting)
    born(db, sitting, sitting.status, actor=actor, now=now)
    await db.flush()
    recording_id = new_id()
    recording = Recording(
        id=recording_id,
        owner_state=hearing.owner_state,
        sitting_id=sitting.id,
        since=now,
        origin=f"{court_name}/hearing/{recording_id}",
    )
    db.add(recording)
    born(db, recording, recording.status, actor=actor, now=now)
    await record(db, hearing=hearing, kind=EventKind.lobby_opened, actor=actor, now=now)
    return sitting, recording


async def not_opened(db: AsyncSession, *, sitting: Sitting, now: datetime) -> None:
    """Undo the opening of a lobby whose media service did not start. Links and logins do not change.

    Effects: recording to no_recording, sitting to closed, both with the reason; event closed with it.
    """
    by: dict[str, Any] = dict(actor=SYSTEM, now=now, reason=MEDIA_NOT_STARTED)  # noqa: C408 as in calls
    await _end(db, sitting, **by)
    move(db, sitting, SittingStatus.closed, **by)
    sitting.closed_at = now
    await record(db, hearing=sitting.hearing_id, kind=EventKind.closed, **by)


async def set_process(db: AsyncSession, *, sitting: Sitting, udp_port: int, run_folder: str) -> None:
    """Store port and run folder of this sitting's worker and recorder. Effects: `udp_port`, `run_folder`."""
    sitting.udp_port, sitting.run_folder = udp_port, run_folder
    db.add(sitting)


async def roll_call(db: AsyncSession, *, sitting: Sitting, actor: Actor, now: datetime) -> None:
    """Begin the roll call: people in the room hear one another from here on, nothing is recorded yet.

    Effects: sitting to roll_call, floor open (unless held), event.
    """
    require("roll_call", actor, target_state=actor.state)
    await lock(db, sitting)
    move(db, sitting, SittingStatus.roll_call, actor=actor, now=now)
    sitting.floor_open = not sitting.holds
    await record(db, hearing=sitting.hearing_id, kind=EventKind.roll_call, actor=actor, now=now)


async def start(
    db: AsyncSession,
    *,
    sitting: Sitting,
    without_camera: Collection[str] = (),
    without_comparison: bool = False,
    reason: str = "",
    actor: Actor,
    now: datetime,
) -> None:
    """Order the start (by the judge); the sitting is in session once the recorder has opened (`recording_opened`).

    `without_camera` names participants whose picture may be missing; this needs a reason, is never possible for the
    person heard, and a microphone may never be missing. `without_comparison`: although fingerprints were not compared
    aloud as agreed, or differed; this needs a reason too.
    Raises `RequestOver`, `ConsentMissing`, `EssentialMissing`, `ConditionsOpen`, `FingerprintsOpen`, `NoRecipients`,
    `SoundCheckMissing`, `RightsOpen`, `NotReady` under a hold, `IllegalMove`.
    Effects: recording to starting (if it is not already), event start_ordered.
    """
    require("start", actor, recording_healthy=True)  # the sound checks and `recording_opened` are the proof
    await lock(db, sitting)
    recording = await recording_of(db, sitting.id, lock=True)
    if sitting.status is not SittingStatus.pre_record:
        raise NotReady(
            tell("The sitting starts after its sound checks; it is {status}", status=Word.status(sitting.status))
        )
    request = await _request_of(db, sitting)
    require_carried(request)
    await consent_answers.require_given(db, request, now=now)
    if sitting.holds:
        raise NotReady(tell("The sitting is on hold"))
    await require_essentials(db, sitting)
    await room_rules.require_kept(db, sitting)
    hearing = await get(db, Hearing, sitting.hearing_id)
    await room_rules.require_keys(db, hearing)
    reason = clean(reason, "reason", most=500, least=3 if without_camera else 0)
    checks = await ensure_checks(db, sitting)
    missing = [check for check in checks if check.required and not good_enough(check, without_camera)]
    if missing:
        raise SoundCheckMissing(f"Sound checks not passed: {len(missing)}", [check.id for check in missing])
    required = (await room_rules.of_hearing(db, hearing)).fingerprints
    uncompared = await fingerprints.require_compared(db, sitting=sitting, required=required, without=without_comparison)
    if uncompared:
        reason = clean(reason, "reason", most=500, least=3)
    await item_states.require(db, hearing, Gate.start, now=now)
    if recording.status is RecordingStatus.not_started:
        move(db, recording, RecordingStatus.starting, actor=actor, now=now)
    elif recording.status not in {RecordingStatus.starting, RecordingStatus.failing}:
        raise RecordingNotHealthy(f"The recording is {recording.status.value}")
    await record(
        db,
        hearing=sitting.hearing_id,
        kind=EventKind.start_ordered,
        actor=actor,
        now=now,
        without_camera=sorted(without_camera),
        without_comparison=uncompared,
        reason=reason,
    )


async def begin_session(db: AsyncSession, *, sitting: Sitting, now: datetime) -> None:
    """Begin the session of a locked sitting: its recording is open and durable. Called by `recordings.opened`.

    Effects: sitting to in_session, hearing to in_progress, floor open, `started_at`, event started.
    """
    hearing = await get(db, Hearing, sitting.hearing_id, lock=True)
    move(db, sitting, SittingStatus.in_session, actor=SYSTEM, now=now)
    move(db, hearing, HearingStatus.in_progress, actor=SYSTEM, now=now)
    sitting.started_at = now
    sitting.floor_open = not sitting.holds
    await record(db, hearing=hearing, kind=EventKind.started, actor=SYSTEM, now=now)
    if sitting.holds:  # somebody intervened while the recorder was opening
        _show_holds(db, sitting, actor=SYSTEM, now=now, reason=sitting.hold_reason)


async def hold(
    db: AsyncSession,
    *,
    sitting: Sitting,
    reason: str,
    actor: Actor,
    now: datetime,
    cause: HoldCause | None = None,
    granted: bool = False,
    pause: Mapping[str, Any] | None = None,
) -> None:
    """Close the floor for everyone; the recording goes on, unless it is a break (`breaks.recording_pause`).

    A person's cause follows from the role: the requested authority intervenes, others order. The service gives
    `fault` or `recording`. The same cause by the same author again changes nothing. `pause`: purpose and end of a break
    (`breaks`), which needs no other reason.
    Effects: floor closed, hold added; in session: sitting to paused (order) or held; event hold.
    """
    require("hold", actor, granted=granted)
    await lock(db, sitting)
    if sitting.status in {SittingStatus.closing, SittingStatus.closed}:
        raise LobbyClosed(tell(SITTING_OVER))
    if actor is not SYSTEM or cause is None:
        cause = HoldCause.intervention if actor.role is Role.requested_authority else HoldCause.order
    reason = clean(reason, "reason", most=500, least=0 if pause else 3)
    if not pause and _same(cause.value, actor.id, reason) in [
        _same(earlier["cause"], earlier["by"], earlier["reason"]) for earlier in sitting.holds
    ]:
        return
    entry: dict[str, Any] = {
        "cause": cause.value,
        "by": actor.id,
        "by_role": actor.role.value if actor.role else "system",
        "reason": reason,
        "since": now.isoformat(),
    }
    if pause:
        entry["break"] = dict(pause)
    sitting.holds = [*sitting.holds, entry]
    _show_holds(db, sitting, actor=actor, now=now, reason=reason)
    await record(
        db, hearing=sitting.hearing_id, kind=EventKind.hold, actor=actor, now=now, cause=cause.value, reason=reason
    )


async def resume(
    db: AsyncSession,
    *,
    sitting: Sitting,
    reason: str,
    without_consent: bool = False,
    actor: Actor,
    now: datetime,
) -> bool:
    """Lift the holds this person may lift. Returns whether the floor is open again.

    A hold for a withdrawn consent needs the consent given again, or `without_consent`: the reason then says why the
    sitting goes on all the same, and the log names what is missing.
    Raises `NotAllowed` when there is none of theirs, `ConsentMissing`, `ConditionsOpen` without the people who must be
    in the room, `RecordingNotHealthy` when the floor would open in session without a running recording, unless two have
    decided that (`unrecorded`).
    Effects: holds removed; when none is left: floor open, in session again; event resumed.
    """
    await lock(db, sitting)
    theirs = [entry for entry in sitting.holds if _lift(actor, HoldCause(entry["cause"])).allowed]
    others = [entry for entry in sitting.holds if entry not in theirs]
    if not theirs:
        raise refusal(_lift(actor, sitting.hold_cause))
    reason = clean(reason, "reason", most=500, least=3)
    lacking: Sequence[consent_answers.Outstanding] = ()
    if any(their["reason"] == HoldCode.consent_withdrawn for their in theirs):
        request = await _request_of(db, sitting)
        try:
            await consent_answers.require_given(db, request, now=now)
        except ConsentMissing:
            if not without_consent:
                raise
            lacking = await consent_answers.outstanding(db, request, now=now)
    if sitting.status in LIVE_SITTINGS and (not others or any(their["cause"] == "recording" for their in theirs)):
        recording = await recording_of(db, sitting.id)
        if recording.status not in RUNNING and not unrecorded(sitting):
            raise RecordingNotHealthy("The recording is not running; the floor stays closed")
    if sitting.status in LIVE_SITTINGS and not others:
        await room_rules.require_present(db, sitting)
    sitting.holds = others
    _show_holds(db, sitting, actor=actor, now=now, reason=reason)
    await record(
        db,
        hearing=sitting.hearing_id,
        kind=EventKind.resumed,
        actor=actor,
        now=now,
        causes=[their["cause"] for their in theirs],
        reason=reason,
        left=[other["cause"] for other in others],
        without_consent=[consent.kept() for consent in lacking],
    )
    for their in theirs:
        if "break" in their:
            await _end_break(db, sitting, their["break"], actor=actor, now=now)
    return sitting.floor_open


def unrecorded(sitting: Sitting) -> bool:
    """Whether two people of two States, of both roles, have decided it: read from the row, whoever wrote that."""
    decided = sitting.without_recording or {}
    roles = {decided.get("role"), decided.get("confirmed_role")}
    return bool(
        decided.get("confirmed_at")
        and roles == {role.value for role in KEYS}
        and decided["by"] != decided["confirmed_by"]
        and decided["state"] != decided["confirmed_state"]
    )


async def end_unrecorded(db: AsyncSession, sitting: Sitting, *, actor: Actor, now: datetime) -> None:
    """Forget proposal and decision. Effects: `without_recording` empty; event unrecorded_ended if it was in force."""
    lasted = unrecorded(sitting)
    since = sitting.without_recording.get("confirmed_at") if sitting.without_recording else None
    sitting.without_recording = {}
    db.add(sitting)
    if lasted and since:
        seconds = round((now - datetime.fromisoformat(since)).total_seconds())
        kind = EventKind.unrecorded_ended
        await record(db, hearing=sitting.hearing_id, kind=kind, actor=actor, now=now, seconds=seconds)


def break_of(sitting: Sitting) -> Mapping[str, Any] | None:
    """Purpose, begin and end (UTC, ISO 8601) of the break that is in force; None without one."""
    return next((entry["break"] for entry in sitting.holds if "break" in entry), None)


async def _end_break(
    db: AsyncSession, sitting: Sitting, pause: Mapping[str, Any], *, actor: Actor, now: datetime
) -> None:
    """Effects: event break_ended, with its purpose, how long it was, who is not back, and how many seconds after the
    order nothing was recorded any more (`paused_after`; None where the recorder has not confirmed that)."""
    begun = datetime.fromisoformat(pause["begun"])
    away = [row.id for row in await participants(db, sitting.hearing_id) if row.presence is PresenceStatus.left]
    about: dict[str, Any] = {"purpose": pause["purpose"], "seconds": round((now - begun).total_seconds()), "away": away}
    if (await recording_of(db, sitting.id)).opened_at is not None:
        confirmed = pause.get("paused")
        after = (datetime.fromisoformat(confirmed) - begun).total_seconds() if confirmed else None
        about["paused_after"] = None if after is None else round(max(0.0, after), 1)
    await record(db, hearing=sitting.hearing_id, kind=EventKind.break_ended, actor=actor, now=now, **about)


async def close(db: AsyncSession, *, sitting: Sitting, reason: str = "", actor: Actor, now: datetime) -> None:
    """Close the sitting (by the judge): the recorder seals what it has; `finish` follows when it has ended.

    Effects: sitting to closing, floor closed, holds end, recording to stopping (no_recording when it never began),
    event closing, which names objections that are not decided.
    """
    require("close", actor)
    await lock(db, sitting)
    reason = clean(reason, "reason", most=500)
    undecided = [each.entry for each in objections.undecided(await recorded_acts.of_hearing(db, sitting.hearing_id))]
    await _end(db, sitting, actor=actor, now=now, reason=reason)
    closing = {"reason": reason} | ({"undecided": undecided} if undecided else {})
    await record(db, hearing=sitting.hearing_id, kind=EventKind.closing, actor=actor, now=now, **closing)


async def abort(db: AsyncSession, *, sitting: Sitting, reason: str, actor: Actor, now: datetime) -> None:
    """Abort a hearing that cannot go on (by the judge). The recording is sealed; then `finish`.

    Effects: as `close`, and the hearing to aborted; its request waits for another time; event aborted.
    """
    require("break_off", actor)
    await lock(db, sitting)
    reason = clean(reason, "reason", most=500, least=3)
    hearing = await get(db, Hearing, sitting.hearing_id, lock=True)
    move(db, hearing, HearingStatus.aborted, actor=actor, now=now, reason=reason)
    (await get(db, HearingRequest, hearing.request_id, lock=True)).unscheduled = True
    if sitting.status is not SittingStatus.closing:
        await _end(db, sitting, actor=actor, now=now, reason=reason)
    await record(db, hearing=hearing, kind=EventKind.aborted, actor=actor, now=now, reason=reason)


async def finish(
    db: AsyncSession, *, sitting: Sitting, now: datetime, part_heard: bool = False, actor: Actor = SYSTEM
) -> None:
    """Close the sitting after the end of the recording, and the hearing too, unless it goes on another day.

    Effects, in order: sitting to closed; a hearing in progress to concluded (its request to executed) or
    part_heard; its day heard, and no further day planned unless it is part heard; everybody out of the room;
    participants' logins and links end; event closed.
    """
    recording = await recording_of(db, sitting.id)
    if recording.status not in {RecordingStatus.sealed, RecordingStatus.failed, RecordingStatus.no_recording}:
        raise NotReady(tell("The recording has not ended: it is {status}", status=Word.status(recording.status)))
    hearing = await get(db, Hearing, sitting.hearing_id, lock=True)
    move(db, sitting, SittingStatus.closed, actor=actor, now=now)
    sitting.closed_at = now
    if hearing.status is HearingStatus.in_progress:
        to = HearingStatus.part_heard if part_heard else HearingStatus.concluded
        move(db, hearing, to, actor=actor, now=now)
        request = await get(db, HearingRequest, hearing.request_id, lock=True)
        if to is HearingStatus.concluded and request.status is RequestStatus.executing:
            move(db, request, RequestStatus.executed, actor=actor, now=now, reason="hearing concluded")
    if hearing.status in {HearingStatus.concluded, HearingStatus.part_heard, HearingStatus.aborted}:
        over = hearing.status is not HearingStatus.part_heard
        await days.heard(db, hearing=hearing, over=over, now=now)
    everybody = await participants(db, hearing.id)
    for participant in everybody:
        if participant.presence not in OUT_OF_HEARING:
            move(db, participant, PresenceStatus.left, actor=actor, now=now, reason="sitting closed")
        floor.silence(participant)
        participant.camera = False
    ids = [participant.id for participant in everybody]
    await end_logins_of(db, participant_ids=ids, now=now, why=LoginEnd.closed)
    await kill_links(db, participant_ids=ids, now=now, why="closed")
    await record(db, hearing=hearing, kind=EventKind.closed, actor=actor, now=now)


def _lift(actor: Actor, cause: HoldCause | None) -> Decision:
    return may("lift_hold", actor.role, hold_cause=cause, presence=actor.presence)


def _same(cause: str, by: str, reason: str) -> tuple[str, str, bool]:
    """The key by which two holds are the same. A hold for a withdrawn consent never equals one for a lost line."""
    return cause, by, reason == HoldCode.consent_withdrawn


async def _request_of(db: AsyncSession, sitting: Sitting) -> HearingRequest:
    hearing = await get(db, Hearing, sitting.hearing_id)
    return await get(db, HearingRequest, hearing.request_id)


async def lock(db: AsyncSession, sitting: Sitting) -> None:
    """Lock the row and read it again: two people may act at the same time. Its hearing is locked after it."""
    await db.flush()  # a refresh discards changes that are not flushed
    await db.refresh(sitting, with_for_update=True)


def _show_holds(db: AsyncSession, sitting: Sitting, *, actor: Actor, now: datetime, reason: str) -> None:
    """Bring `hold_*`, the floor and (in session) the status in line with `holds`."""
    holds = sitting.holds
    top = min(holds, key=lambda entry: _FIRST_TO_LIFT.index(HoldCause(entry["cause"]))) if holds else None
    sitting.hold_cause = HoldCause(top["cause"]) if top else None
    sitting.hold_by = top["by"] if top else ""
    sitting.hold_by_role = top["by_role"] if top else ""
    sitting.hold_reason = top["reason"] if top else ""
    sitting.hold_since = datetime.fromisoformat(top["since"]) if top else None
    sitting.floor_open = top is None and sitting.status is not SittingStatus.lobby_open
    if sitting.status in LIVE_SITTINGS:
        to = SittingStatus.in_session
        if top:
            to = SittingStatus.paused if top["cause"] == HoldCause.order.value else SittingStatus.held
        if to is not sitting.status:
            move(db, sitting, to, actor=actor, now=now, reason=reason)
    db.add(sitting)


async def _end(db: AsyncSession, sitting: Sitting, *, actor: Actor, now: datetime, reason: str) -> None:
    move(db, sitting, SittingStatus.closing, actor=actor, now=now, reason=reason)
    sitting.floor_open = False
    await end_unrecorded(db, sitting, actor=actor, now=now)
    sitting.holds = []
    sitting.hold_cause = sitting.hold_since = None
    sitting.hold_by = sitting.hold_by_role = sitting.hold_reason = ""
    recording = await recording_of(db, sitting.id, lock=True)
    never = recording.status is RecordingStatus.not_started
    to = RecordingStatus.no_recording if never else RecordingStatus.stopping
    if recording.status is not RecordingStatus.failed:
        move(db, recording, to, actor=actor, now=now, reason=reason)
