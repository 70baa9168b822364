"""A closed session: by order of the presiding judge, observers and people named leave the room until it ends.

Who is out waits in the lobby, reads why, and cannot be admitted by anybody (`Sitting.excludes`, asked by
`participants.admit` and `companions.note`). The public may be excluded for the reasons of ICCPR, article 14(1); who
conducts, interprets or is heard stays. Its stretch of the recording has a key of its own (`stretch`), which only those
of the recording's recipients can open whom the order names.
"""

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.agreement import room_rules
from hearings.errors import Invalid, NotReady
from hearings.events import EventKind, record
from hearings.hearing import participants
from hearings.languages import state_name
from hearings.models import Hearing, Sitting
from hearings.permissions import require
from hearings.queries import get, participants as of_hearing, recording_of
from hearings.roles import CONDUCTING, HEARD, Role
from hearings.sentences import N_, Sentence, tell
from hearings.signatures.recipients import ESCROW
from hearings.sitting import recordings, sittings
from hearings.status import IN_ROOM, LIVE_SITTINGS, RecordingStatus
from hearings.texts import clean

NOT_RECORDED = frozenset({RecordingStatus.not_started, RecordingStatus.no_recording})
STAYS = CONDUCTING | HEARD | {Role.interpreter, Role.defence}
"""Roles that a closed session does not exclude. Of the person heard the judge disposes by other acts; nobody accused is
heard without counsel."""


AUTHORITY, IN_ESCROW = N_("authority of {state}"), N_("key in escrow, {state}")


def reader(kind: str, state: str) -> Sentence:
    """A recipient of a recording's key, for people. The role in which its State takes part is not in the kind."""
    return tell(IN_ESCROW if kind == ESCROW else AUTHORITY, state=state_name(state))


def by_default(known: Iterable[recordings.KeyRecipient]) -> list[str]:
    """Names of the recipients to whom a closed session is recorded if the order names none: all but those in escrow."""
    return sorted({one.name for one in known if one.kind != ESCROW})


def stretch(sitting: Sitting) -> list[tuple[str, str]]:
    """Name and age recipient, by the rows, of who alone can open what is recorded now; empty: no such order. Pure."""
    known = sitting.closed_session.get("recipients", ()) if sitting.closed_session else ()
    return [(one["name"], one["recipient"]) for one in known]


async def begin(
    db: AsyncSession,
    *,
    sitting: Sitting,
    out: Collection[str],
    reason: str,
    recipients: Collection[str] | None = None,
    actor: Actor,
    now: datetime,
) -> None:
    """Order a closed session (the presiding judge): all observers and the participants `out` go to the lobby.

    `recipients`: names of those of `recordings.readers` who can open what is recorded in it; None: `by_default`.
    Raises `NotAllowed`, `NotReady` out of session or in a closed session, `Invalid` for somebody who stays, for no
    recipient and for one that the recording does not have.
    Effects: `closed_session`; presence of everybody excluded, as `participants.return_to_lobby`; event
    closed_session_begun with the reason, everybody excluded and the recipients, of whom there are none where nothing is
    recorded.
    """
    require("close_session", actor)
    await sittings.lock(db, sitting)
    if sitting.status not in LIVE_SITTINGS:
        raise NotReady(tell("A closed session is ordered while the sitting is in session"))
    if sitting.closed_session:
        raise NotReady(tell("The session is closed already"))
    reason = clean(reason, "reason", most=500, least=3)
    people = await of_hearing(db, sitting.hearing_id)
    named = {person.id: person for person in people if person.id in out and person.vacated_at is None}
    if set(out) - set(named) or any(person.role in STAYS for person in named.values()):
        raise Invalid(tell("Only people of this hearing whom a closed session may exclude can be named"), "out")
    readers = await _readers(db, sitting, recipients)
    gone = [person.id for person in people if person.role is Role.observer or person.id in named]
    sitting.closed_session = {
        "reason": reason,
        "by": actor.participant_id,
        "since": now.isoformat(),
        "out": gone,
        "recipients": [{"name": one.name, "recipient": one.recipient} for one in readers],
    }
    db.add(sitting)
    await record(
        db,
        hearing=sitting.hearing_id,
        kind=EventKind.closed_session_begun,
        actor=actor,
        now=now,
        reason=reason,
        out=gone,
        recipients=sorted({one.name for one in readers}),
    )
    for person in people:
        if person.id in gone and person.presence in IN_ROOM:
            await participants.return_to_lobby(db, participant=person, reason=reason, actor=actor, now=now)
            db.add(person)


async def _readers(db: AsyncSession, sitting: Sitting, names: Collection[str] | None) -> list[recordings.KeyRecipient]:
    """The recipients of what is recorded in a closed session. Raises `Invalid`."""
    recording = await recording_of(db, sitting.id)
    if recording.status in NOT_RECORDED:
        return []
    hearing = await get(db, Hearing, sitting.hearing_id)
    known = await recordings.readers(db, recording, await room_rules.recipients(db, hearing))
    wanted = set(by_default(known) if names is None else names)
    if wanted - {one.name for one in known}:
        raise Invalid(tell("Only recipients of the recording can be named"), "recipients")
    if not wanted:
        raise Invalid(tell("At least one authority must be able to open what is recorded"), "recipients")
    return [one for one in known if one.name in wanted]


async def end(db: AsyncSession, *, sitting: Sitting, actor: Actor, now: datetime) -> None:
    """End the closed session (the presiding judge). Who was out is admitted again one by one.

    Raises `NotAllowed`, `NotReady` without one. Effects: `closed_session` empty, event closed_session_ended.
    """
    require("close_session", actor)
    await sittings.lock(db, sitting)
    if not sitting.closed_session:
        raise NotReady(tell("The session is not closed"))
    since = datetime.fromisoformat(sitting.closed_session["since"])
    sitting.closed_session = {}
    db.add(sitting)
    seconds = round((now - since).total_seconds())
    kind = EventKind.closed_session_ended
    await record(db, hearing=sitting.hearing_id, kind=kind, actor=actor, now=now, seconds=seconds)
