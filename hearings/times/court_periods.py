"""Entries of a State about its own courts: recesses, closures, special openings, and confirmed hours."""

from datetime import date, datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import clocks, reference
from hearings.actors import SYSTEM, Actor
from hearings.errors import Invalid, NotFound, NotReady
from hearings.models import CourtPeriod
from hearings.models.diary import PeriodKind
from hearings.permissions import require_staff
from hearings.sentences import N_, tell
from hearings.texts import LAST_BEFORE_FIRST, TOO_FAR, clean

OTHER_STATES_ZONE = N_("Not a time zone of this State")

LONGEST = timedelta(days=366)
OPENS = frozenset({PeriodKind.special_opening, PeriodKind.hours})
ALWAYS = date(2099, 12, 31)
"""The last day of hours without an end."""


async def add(
    db: AsyncSession,
    *,
    kind: PeriodKind,
    zone: str,
    first_day: date,
    last_day: date,
    reason: str = "",
    weekdays: str = "",
    opens: int | None = None,
    closes: int | None = None,
    actor: Actor,
    now: datetime,
) -> CourtPeriod:
    """Enter days of the actor's own State; an empty zone means all its zones. Hours give weekdays as well.

    Raises `UnknownZone`, and `Invalid` naming the field. Effects: adds the row.
    """
    require_staff("edit_calendar", actor, requesting_state=actor.state, requested_state=actor.state)
    if zone and clocks.zone(zone).key not in reference.jurisdiction(actor.state).zones:
        raise Invalid(tell(OTHER_STATES_ZONE), "zone")
    if last_day < first_day:
        raise Invalid(tell(LAST_BEFORE_FIRST), "last_day")
    if not 2000 <= first_day.year <= now.year + 20 or last_day > ALWAYS:
        raise Invalid(tell(TOO_FAR), "first_day")
    if kind is not PeriodKind.hours and last_day - first_day > LONGEST:
        raise Invalid(tell("At most one year"), "last_day")
    if kind in OPENS:
        if opens is None or closes is None or not 0 <= opens < closes <= 1440:
            raise Invalid(tell("The court must open before it closes, within one day"), "closes")
    elif opens is not None or closes is not None:
        raise Invalid(tell("A closed court has no hours"), "opens")
    days = "".join(sorted(set(weekdays)))
    if kind is PeriodKind.hours and (not days or not set(days) <= set("1234567")):
        raise Invalid(tell("Choose at least one weekday"), "weekdays")
    row = CourtPeriod(
        owner_state=actor.state,
        zone=zone,
        kind=kind,
        first_day=first_day,
        last_day=last_day,
        weekdays=days if kind is PeriodKind.hours else "",
        opens=opens,
        closes=closes,
        reason=clean(reason, "reason", most=300, least=0 if kind is PeriodKind.hours else 1),
        created_by=actor.id,
        created_at=now,
    )
    db.add(row)
    await db.flush()
    return row


async def strike(db: AsyncSession, *, period: CourtPeriod, actor: Actor, now: datetime) -> None:
    """Strike out an entry: it has no effect any more, and stays readable. Effects: the row records time and author."""
    if actor is not SYSTEM and period.owner_state != actor.state:
        raise NotFound
    require_staff("edit_calendar", actor, requesting_state=period.owner_state, requested_state=period.owner_state)
    if period.struck_at is not None:
        raise NotReady(tell("This entry has already been cancelled"))
    period.struck_at, period.struck_by = now, actor.id
    db.add(period)
    await db.flush()
