"""A closed session: by order of the presiding judge, observers and people named leave the room until it ends.

Who is out waits in the lobby, reads why, and cannot be admitted by anybody (`Sitting.excludes`, asked by
`participants.admit` and `companions.note`). The public may be excluded for the reasons of ICCPR, article 14(1); who
conducts, interprets or is heard stays. The recording goes on as before, to the same recipients.
"""

from collections.abc import Collection
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.errors import Invalid, NotReady
from hearings.events import EventKind, record
from hearings.hearing import participants
from hearings.models import Sitting
from hearings.permissions import require
from hearings.queries import participants as of_hearing
from hearings.roles import CONDUCTING, HEARD, Role
from hearings.sentences import tell
from hearings.sitting import sittings
from hearings.status import IN_ROOM, LIVE_SITTINGS
from hearings.texts import clean

STAYS = CONDUCTING | HEARD | {Role.interpreter, Role.defence}
"""Roles that a closed session does not exclude. Of the person heard the judge disposes by other acts; nobody accused is
heard without counsel."""


async def begin(
    db: AsyncSession, *, sitting: Sitting, out: Collection[str], reason: str, actor: Actor, now: datetime
) -> None:
    """Order a closed session (the presiding judge): all observers and the participants `out` go to the lobby.

    Raises `NotAllowed`, `NotReady` out of session or in a closed session, `Invalid` for somebody who stays.
    Effects: `closed_session`; presence of everybody excluded, as `participants.return_to_lobby`; event
    closed_session_begun with the reason and everybody excluded.
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
    gone = [person.id for person in people if person.role is Role.observer or person.id in named]
    sitting.closed_session = {"reason": reason, "by": actor.participant_id, "since": now.isoformat(), "out": gone}
    db.add(sitting)
    await record(
        db,
        hearing=sitting.hearing_id,
        kind=EventKind.closed_session_begun,
        actor=actor,
        now=now,
        reason=reason,
        out=gone,
    )
    for person in people:
        if person.id in gone and person.presence in IN_ROOM:
            await participants.return_to_lobby(db, participant=person, reason=reason, actor=actor, now=now)
            db.add(person)


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
