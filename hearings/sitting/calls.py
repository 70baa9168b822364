"""What people in lobby and room ask of who conducts the hearing: help, and a break; and the answers.

A call for help sounds at everybody who may answer it (`answer_help`) until one of them does or it is taken back. A
break is asked for by anybody in the room, and ordered (`breaks`) or refused by the presiding judge.
"""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.errors import NotAllowed, NotReady
from hearings.events import EventKind, record
from hearings.models import Participant
from hearings.permissions import require
from hearings.sentences import N_, tell
from hearings.texts import clean

NOT_ASKED = N_("The person does not ask for this any more")
OWN_HELP = N_("Somebody else answers your call for help")
LONGEST_REASON = 200
"""Longest reason for which a break is asked, in characters."""


async def answer_help(db: AsyncSession, *, participant: Participant, actor: Actor, now: datetime) -> None:
    """Say that one comes to help. The call stays, without its sound, until the person takes it back.

    Raises `NotAllowed`, also for one's own call, `NotReady` without a call or when somebody else has answered it.
    Effects: `help_answered_by`, event help_answered with the seconds it took.
    """
    require("answer_help", actor)
    if participant.id == actor.participant_id:
        raise NotAllowed(tell(OWN_HELP))
    if participant.help_at is None:
        raise NotReady(tell(NOT_ASKED))
    if participant.help_answered_by:
        raise NotReady(tell("Somebody else has answered this call already"))
    participant.help_answered_by = actor.participant_id
    db.add(participant)
    after = round((now - participant.help_at).total_seconds())
    await _record(db, participant, EventKind.help_answered, actor, now, after=after)


async def ask_break(
    db: AsyncSession, *, participant: Participant, up: bool, reason: str = "", actor: Actor, now: datetime
) -> None:
    """Ask for a break, or take that back; asked again, it keeps its place. Raises `NotAllowed`, `NotReady`, `Invalid`.

    Effects: `break_asked_at`, `break_reason`, event break_asked.
    """
    require("ask_break", actor)
    if participant.id != actor.participant_id:
        raise NotAllowed(tell("Each person asks for a break themselves"))
    participant.break_reason = clean(reason, "reason", most=LONGEST_REASON) if up else ""
    participant.break_asked_at = (participant.break_asked_at or now) if up else None
    db.add(participant)
    await _record(db, participant, EventKind.break_asked, actor, now, up=up, reason=participant.break_reason)


async def refuse_break(
    db: AsyncSession, *, participant: Participant, reason: str = "", actor: Actor, now: datetime
) -> None:
    """Decide that there is no break now (the presiding judge). Raises `NotAllowed`, `NotReady`, `Invalid`.

    Effects: `break_asked_at`, `break_reason`, event break_refused.
    """
    require("order_break", actor)
    if participant.break_asked_at is None:
        raise NotReady(tell(NOT_ASKED))
    reason = clean(reason, "reason", most=500)
    participant.break_asked_at, participant.break_reason = None, ""
    db.add(participant)
    await _record(db, participant, EventKind.break_refused, actor, now, reason=reason)


async def _record(
    db: AsyncSession, participant: Participant, kind: EventKind, actor: Actor, now: datetime, **data: object
) -> None:
    await record(
        db, hearing=participant.hearing_id, kind=kind, actor=actor, now=now, participant=participant.id, **data
    )
