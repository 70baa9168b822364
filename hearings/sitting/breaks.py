"""Breaks of a sitting: ordered by the presiding judge for a time and a purpose, and what the log says when one ends.

A break is a hold by order that has a purpose and an end: the floor is closed, the sitting is paused, and so is its
recording (`recording_pause`), so that nothing said aside becomes evidence. Everybody's microphone is switched off as
well, and only its person switches it on again. The end that was ordered opens nothing: the presiding judge resumes
(`sittings.resume`), and the recording goes on before the floor opens. No other hold pauses it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.errors import Invalid, NotReady
from hearings.events import EventKind, record
from hearings.models import Sitting
from hearings.permissions import require
from hearings.queries import participants
from hearings.sentences import N_, tell
from hearings.sitting import sittings
from hearings.status import IN_ROOM, LIVE_SITTINGS
from hearings.texts import NOT_A_VALUE, WHOLE_NUMBER, clean

PURPOSES: Mapping[str, str] = {
    "rest": N_("Rest"),
    "interpreter": N_("Rest for the interpreter"),
    "consultation": N_("Consultation with counsel"),
    "deliberation": N_("Deliberation in private"),
    "technical": N_("Technical check"),
}
"""What a break is for."""
LONGEST = 240
"""Longest break, in minutes; a longer one is an adjournment."""


@dataclass(frozen=True, slots=True)
class RecordingPause:
    """By which role the recording is paused, and for which purpose (`PURPOSES`): what its journal may name."""

    by: str
    purpose: str


def recording_pause(sitting: Sitting) -> RecordingPause | None:
    """The pause of the recording that is in force by the rows: as long as a break is, in session. Pure."""
    if sitting.status not in LIVE_SITTINGS:
        return None
    holds = (hold for hold in sitting.holds if "break" in hold)
    return next((RecordingPause(by=hold["by_role"], purpose=hold["break"]["purpose"]) for hold in holds), None)


async def confirmed(db: AsyncSession, *, sitting: Sitting, now: datetime) -> None:
    """Note that the recorder keeps nothing, for the break that is in force: until then what was captured is in the
    recording, and nobody heard it. Effects: when, in the hold, the first time; nothing without a break."""
    await sittings.lock(db, sitting)
    pause = sittings.break_of(sitting)
    if pause is None or "paused" in pause:
        return
    said = {**pause, "paused": now.isoformat()}
    sitting.holds = [{**hold, "break": said} if "break" in hold else hold for hold in sitting.holds]
    db.add(sitting)


async def order(
    db: AsyncSession,
    *,
    sitting: Sitting,
    purpose: str,
    minutes: int,
    reason: str = "",
    actor: Actor,
    now: datetime,
) -> None:
    """Order a break (the presiding judge). Raises `NotAllowed`, `Invalid`, `NotReady` out of session or in a break.

    Effects: event break_ordered; everybody's microphone off and all wishes for a break decided; a hold by order with
    purpose and end, as `sittings.hold`.
    """
    require("order_break", actor)
    await sittings.lock(db, sitting)
    if purpose not in PURPOSES:
        raise Invalid(tell(NOT_A_VALUE), "purpose")
    if not 1 <= minutes <= LONGEST:
        raise Invalid(tell(WHOLE_NUMBER, least=1, most=LONGEST), "minutes")
    if sitting.status not in LIVE_SITTINGS:
        raise NotReady(tell("A break is ordered while the sitting is in session"))
    if sittings.break_of(sitting) is not None:
        raise NotReady(tell("A break is ordered already"))
    reason = clean(reason, "reason", most=500)
    until = (now + timedelta(minutes=minutes)).isoformat()
    pause: dict[str, Any] = {"purpose": purpose, "until": until, "begun": now.isoformat()}
    about = {"purpose": purpose, "until": until, "reason": reason}
    await record(db, hearing=sitting.hearing_id, kind=EventKind.break_ordered, actor=actor, now=now, **about)
    for participant in await participants(db, sitting.hearing_id):
        participant.break_asked_at, participant.break_reason = None, ""
        if participant.presence in IN_ROOM:
            participant.microphone = False
        db.add(participant)
    await sittings.hold(db, sitting=sitting, reason=reason, pause=pause, actor=actor, now=now)
