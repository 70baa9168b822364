"""The diary: a hearing is proposed from an accepted request, agreed by both States, made ready, or cancelled."""

from datetime import datetime, timedelta
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import reference
from hearings.actors import SYSTEM, Actor
from hearings.clocks import LocalTime, local_time, to_utc, tzdb_version, zone
from hearings.errors import Invalid, NotAllowed, NotReady
from hearings.ids import new_ref
from hearings.languages import language
from hearings.links import kill_links
from hearings.logins import end_logins_of
from hearings.models import Hearing, HearingRequest
from hearings.moves import born, move_hearing, move_request
from hearings.permissions import require_staff
from hearings.queries import hearings_of_request, open_sitting, participants
from hearings.roles import HEARD, Role
from hearings.status import ACCEPTED_REQUESTS, HearingStatus, RequestStatus
from hearings.texts import clean

SHORTEST, LONGEST = timedelta(minutes=5), timedelta(hours=12)
FURTHEST = timedelta(days=5 * 365)
_OVER = frozenset({HearingStatus.cancelled, HearingStatus.aborted, HearingStatus.concluded})


async def propose(
    db: AsyncSession,
    *,
    request: HearingRequest,
    wall_start: datetime,
    wall_zone: str,
    duration: timedelta = timedelta(hours=1),
    fold: int | None = None,
    requesting_zone: str,
    requesting_city: str,
    requested_zone: str,
    requested_city: str,
    language_requesting: str = "",
    language_requested: str = "",
    actor: Actor,
    now: datetime,
) -> Hearing:
    """Propose a hearing of an accepted request, at a wall time in the zone of one of the two courts.

    Languages default to the court's and the person's of the request. Raises `NonexistentTime`, `AmbiguousTime`,
    `UnknownZone`, `Invalid`, `NotReady` while another hearing of the request is still to be held.
    Effects: adds the hearing with its first line of history; the request, if accepted, to executing.
    """
    _staff("propose_hearing", request, actor)
    if request.status not in ACCEPTED_REQUESTS | {RequestStatus.executing}:
        raise NotReady(f"A hearing follows an accepted request; this one is {request.status.value}")
    if any(one.status not in _OVER for one in await hearings_of_request(db, request.id)):
        raise NotReady("This request has a hearing already")
    for name in (requesting_zone, requested_zone):
        zone(name)
    hearing = Hearing(
        owner_state=request.owner_state,
        ref=new_ref(),
        request_id=request.id,
        case_number=request.case_number,
        requesting_state=request.requesting_state,
        requesting_zone=requesting_zone,
        requesting_city=clean(requesting_city, "requesting_city", most=100, least=1),
        requested_state=request.requested_state,
        requested_zone=requested_zone,
        requested_city=clean(requested_city, "requested_city", most=100, least=1),
        language_requesting=language(language_requesting or request.language_of_court),
        language_requested=language(language_requested or request.language_of_person),
        created_by=actor.id,
        created_at=now,
        **_time(wall_start, wall_zone, duration, fold, now, (requesting_zone, requested_zone)),
    )
    db.add(hearing)
    born(db, hearing, hearing.status, actor=actor, now=now)
    if request.status in ACCEPTED_REQUESTS:
        move_request(db, request, RequestStatus.executing, actor=actor, now=now, reason="hearing proposed")
    await db.flush()
    return hearing


async def counter(
    db: AsyncSession,
    *,
    hearing: Hearing,
    wall_start: datetime,
    wall_zone: str,
    duration: timedelta,
    fold: int | None = None,
    reason: str = "",
    actor: Actor,
    now: datetime,
) -> None:
    """Ask for another time: the requested State counters, the requesting State proposes anew.

    Effects: the time changes, status to countered (or proposed, by the requesting State).
    """
    _staff("agree_hearing", hearing, actor)
    to = HearingStatus.proposed if actor.state == hearing.requesting_state else HearingStatus.countered
    move_hearing(db, hearing, to, actor=actor, now=now, reason=clean(reason, "reason", most=500))
    zones = (hearing.requesting_zone, hearing.requested_zone)
    for name, value in _time(wall_start, wall_zone, duration, fold, now, zones).items():
        setattr(hearing, name, value)


async def agree(db: AsyncSession, *, hearing: Hearing, actor: Actor, now: datetime) -> None:
    """Agree to the time the other State has proposed. Effects: status to agreed."""
    _staff("agree_hearing", hearing, actor)
    asked = hearing.requested_state if hearing.status is HearingStatus.proposed else hearing.requesting_state
    waits = hearing.status in {HearingStatus.proposed, HearingStatus.countered}
    if waits and actor is not SYSTEM and actor.state != asked:
        raise NotAllowed(f"It is for {asked} to agree to this time")
    move_hearing(db, hearing, HearingStatus.agreed, actor=actor, now=now)


async def make_ready(db: AsyncSession, *, hearing: Hearing, actor: Actor, now: datetime) -> None:
    """Everybody who is needed has been named: the lobby may be opened when the day comes.

    Raises `NotReady` without presiding judge, requested authority and a person to hear, or without an interpreter
    when the two sides speak different languages. Effects: status to ready.
    """
    _staff("prepare_hearing", hearing, actor)
    roles = {participant.role for participant in await participants(db, hearing.id)}
    missing = [role.value for role in (Role.presiding_judge, Role.requested_authority) if role not in roles]
    if not roles & HEARD:
        missing.append("person to be heard")
    if hearing.language_requesting != hearing.language_requested and Role.interpreter not in roles:
        missing.append(Role.interpreter.value)
    if missing:
        raise NotReady(f"Not named yet: {', '.join(missing).replace('_', ' ')}", missing)
    move_hearing(db, hearing, HearingStatus.ready, actor=actor, now=now)


async def cancel(db: AsyncSession, *, hearing: Hearing, reason: str, actor: Actor, now: datetime) -> None:
    """Cancel before it has begun. Effects: status to cancelled; join links and participants' logins end."""
    _staff("cancel_hearing", hearing, actor)
    if await open_sitting(db, hearing.id) is not None:
        raise NotReady("The lobby is open: close the sitting first")
    move_hearing(
        db, hearing, HearingStatus.cancelled, actor=actor, now=now, reason=clean(reason, "reason", most=500, least=3)
    )
    ids = [participant.id for participant in await participants(db, hearing.id)]
    await kill_links(db, participant_ids=ids, now=now, why="cancelled")
    await end_logins_of(db, participant_ids=ids, now=now, why="cancelled")


def both_times(hearing: Hearing, instant: datetime | None = None) -> tuple[LocalTime, LocalTime]:
    """An instant (by default the start) as the requesting and the requested court's clocks show it."""
    at = instant or hearing.starts_at
    return (
        local_time(at, city=hearing.requesting_city, zone_name=hearing.requesting_zone),
        local_time(at, city=hearing.requested_city, zone_name=hearing.requested_zone),
    )


def moved_to(hearing: Hearing) -> datetime | None:
    """Where newer time-zone data would put the start, None when it stays: a person decides, nothing moves by itself."""
    try:
        start = to_utc(datetime.fromisoformat(hearing.wall_start), hearing.wall_zone, hearing.wall_fold)
    except Invalid:
        return None
    return None if start == hearing.starts_at else start


def hours_warnings(hearing: Hearing) -> list[str]:
    """Warning codes of data/enums.yaml: outside court hours on a side, or hours unknown. The end is exclusive."""
    found = []
    for side, state, zone_name in (
        ("requesting", hearing.requesting_state, hearing.requesting_zone),
        ("requested", hearing.requested_state, hearing.requested_zone),
    ):
        intervals = [row for row in reference.court_hours() if row.state == state and row.zone == zone_name]
        if not intervals:
            found.append("court_hours_unknown")
            continue
        start = hearing.starts_at.astimezone(zone(zone_name))
        end = hearing.ends_at.astimezone(zone(zone_name))
        first = start.hour * 60 + start.minute
        last = (end.date() - start.date()).days * 1440 + end.hour * 60 + end.minute
        fits = any(
            start.isoweekday() in row.weekdays and row.opens <= first and last <= row.closes for row in intervals
        )
        if not fits:
            found.append(f"outside_court_hours_{side}")
    return found


def _time(
    wall_start: datetime,
    wall_zone: str,
    duration: timedelta,
    fold: int | None,
    now: datetime,
    zones: tuple[str, str],
) -> dict[str, Any]:
    """The columns of a hearing that follow from its time."""
    if wall_zone not in zones:
        raise Invalid("The wall time is that of one of the two courts", "wall_zone")
    if not SHORTEST <= duration <= LONGEST:
        raise Invalid("A sitting lasts between five minutes and twelve hours", "duration")
    wall_start = wall_start.replace(microsecond=0)
    start = to_utc(wall_start, wall_zone, fold)
    if start <= now:
        raise Invalid("This time has passed", "wall_start")
    if start > now + FURTHEST:
        raise Invalid("This time is too far ahead", "wall_start")
    wall = wall_start.replace(fold=0)
    return {
        "starts_at": start,
        "ends_at": start + duration,
        "wall_start": wall.isoformat(),
        "wall_zone": wall_zone,
        "wall_fold": int(start != to_utc(wall, wall_zone, 0)),
        "tzdb_version": tzdb_version(),
    }


def _staff(action: str, subject: Hearing | HearingRequest, actor: Actor) -> None:
    require_staff(action, actor, requesting_state=subject.requesting_state, requested_state=subject.requested_state)
