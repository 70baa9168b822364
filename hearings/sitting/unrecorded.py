"""Going on without a recording: a decision of two named people of two States, the presiding judge and the requested
authority, while the recording is failing.

One proposes with a reason, the other confirms; either may be first. Only then may the judge lift the hold of a failed
recording (`sittings.resume`) while nothing is recorded. It ends when either of the two ends it, which closes the floor,
when the recorder is back, and with the sitting; after another failure both decide anew.
"""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import SYSTEM, Actor
from hearings.errors import NotAllowed, NotReady
from hearings.events import EventKind, record
from hearings.models import Sitting
from hearings.models.sitting import HoldCause, HoldCode
from hearings.permissions import require
from hearings.queries import recording_of
from hearings.sentences import N_, tell
from hearings.sitting import sittings
from hearings.status import LIVE_SITTINGS, RecordingStatus
from hearings.texts import clean

LEAST = 20
"""Shortest reason, in characters."""
ONLY_WHILE_FAILING = N_("This can be decided only while the recording of a sitting is failing")


async def propose(db: AsyncSession, *, sitting: Sitting, reason: str, actor: Actor, now: datetime) -> None:
    """Propose to go on without a recording. Alone it opens nothing.

    Raises `NotAllowed`, `NotReady` while the recording is not failing or when it is proposed already, `Invalid` for a
    reason shorter than `LEAST`. Effects: `without_recording`, event unrecorded_proposed.
    """
    await _failing(db, sitting, actor)
    if sitting.without_recording:
        raise NotReady(tell("This is proposed already: the other of the two confirms it"))
    reason = clean(reason, "reason", most=500, least=LEAST)
    sitting.without_recording = {
        "reason": reason,
        "by": actor.participant_id,
        "role": _role(actor),
        "state": actor.state,
        "at": now.isoformat(),
    }
    db.add(sitting)
    await record(
        db, hearing=sitting.hearing_id, kind=EventKind.unrecorded_proposed, actor=actor, now=now, reason=reason
    )


async def confirm(db: AsyncSession, *, sitting: Sitting, actor: Actor, now: datetime) -> None:
    """Confirm what the other has proposed: from now on the floor may open although nothing is recorded.

    Raises `NotAllowed` for who proposed it and for anybody of the same State or role, `NotReady` without a proposal.
    Effects: `without_recording`, event unrecorded_begun with both people and the reason.
    """
    await _failing(db, sitting, actor)
    proposed = sitting.without_recording
    if not proposed or proposed.get("confirmed_at"):
        raise NotReady(tell("Nothing is proposed that could be confirmed"))
    same = (proposed["by"] == actor.participant_id, proposed["state"] == actor.state, proposed["role"] == _role(actor))
    if any(same):
        raise NotAllowed(tell("Two people of two States decide this: the presiding judge and the requested authority"))
    sitting.without_recording = {
        **proposed,
        "confirmed_by": actor.participant_id,
        "confirmed_role": _role(actor),
        "confirmed_state": actor.state,
        "confirmed_at": now.isoformat(),
    }
    db.add(sitting)
    about = {"by": proposed["by"], "confirmed_by": actor.participant_id, "reason": proposed["reason"]}
    await record(db, hearing=sitting.hearing_id, kind=EventKind.unrecorded_begun, actor=actor, now=now, **about)


async def end(db: AsyncSession, *, sitting: Sitting, actor: Actor, now: datetime) -> None:
    """End it, or take a proposal back: either of the two, alone. Nothing is said any more without a recording.

    Raises `NotAllowed`, `NotReady` when there is nothing to end. Effects: `without_recording` empty; if it was in
    force, event unrecorded_ended and, while the recording fails, the floor held again.
    """
    require("continue_unrecorded", actor)
    await sittings.lock(db, sitting)
    if not sitting.without_recording:
        raise NotReady(tell("Nothing of this kind is proposed or decided"))
    recording = await recording_of(db, sitting.id, lock=True)
    lasted = sittings.unrecorded(sitting)
    await sittings.end_unrecorded(db, sitting, actor=actor, now=now)
    if lasted and sitting.status in LIVE_SITTINGS and recording.status is not RecordingStatus.recording:
        reason = f"{HoldCode.recording_failing.value}:{recording.failing_code}"
        await sittings.hold(db, sitting=sitting, cause=HoldCause.recording, reason=reason, actor=SYSTEM, now=now)


async def _failing(db: AsyncSession, sitting: Sitting, actor: Actor) -> None:
    require("continue_unrecorded", actor)
    await sittings.lock(db, sitting)
    recording = await recording_of(db, sitting.id)
    if sitting.status not in LIVE_SITTINGS or recording.status is not RecordingStatus.failing:
        raise NotReady(tell(ONLY_WHILE_FAILING))


def _role(actor: Actor) -> str:
    return actor.role.value if actor.role else ""
