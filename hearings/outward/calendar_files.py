"""Calendar files (RFC 5545) and invitations (RFC 5546): hearings as events that name nobody.

An event holds the reference of the hearing, both local times and the address of its page; never the person, the case
or reason. Each day is an event of its own, because days differ in length, move and drop out one by one, and few
calendar programs follow RDATE. A day's UID never changes; its SEQUENCE rises with what changes
(`hearings.models.CalendarEntry`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from urllib.parse import quote
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone, TimezoneDaylight, TimezoneStandard, vCalAddress, vText

from hearings.clocks import LocalTime
from hearings.hearing.hearing import both_times
from hearings.models import Hearing, HearingDay
from hearings.outward.mail_words import plain, title
from hearings.sentences import Say, english
from hearings.status import HearingStatus
from hearings.texts import one_line

PRODUCT = "-//Vivavoce//Hearings//EN"
SHOWN_AS = {
    HearingStatus.proposed: "TENTATIVE",
    HearingStatus.countered: "TENTATIVE",
    HearingStatus.agreed: "CONFIRMED",
    HearingStatus.ready: "CONFIRMED",
    HearingStatus.in_progress: "CONFIRMED",
    HearingStatus.concluded: "CONFIRMED",
    HearingStatus.part_heard: "CONFIRMED",
    HearingStatus.cancelled: "CANCELLED",
    HearingStatus.aborted: "CANCELLED",
}
"""RFC 5545 §3.8.1.11."""
_FINISHED = frozenset({HearingStatus.in_progress, HearingStatus.concluded, HearingStatus.aborted})


class Method(StrEnum):
    """METHOD of an iMIP message (RFC 5546 §3.2): an invitation or its update, or a cancellation."""

    request = "REQUEST"
    cancel = "CANCEL"


@dataclass(frozen=True, kw_only=True)
class CalendarDay:
    """One day of a hearing, as calendars display it. `number` counts from 1; `several`: the hearing has more days than
    one."""

    number: int
    several: bool
    starts_at: datetime
    ends_at: datetime
    wall_zone: str
    shown_as: str
    """The STATUS property (RFC 5545 §3.8.1.11)."""
    past: bool
    """Whether the day has begun or is over: calendars are not updated any more."""

    @property
    def off(self) -> bool:
        """Whether it was cancelled."""
        return self.shown_as == "CANCELLED"


def days(hearing: Hearing, rows: Sequence[HearingDay]) -> list[CalendarDay]:
    """The days of a hearing in order; without rows, the hearing's own time is its only day."""
    planned: Sequence[HearingDay | Hearing] = rows or [hearing]
    return [
        CalendarDay(
            number=row.number if isinstance(row, HearingDay) else 1,
            several=len(rows) > 1,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            wall_zone=row.wall_zone,
            shown_as=_shown_as(hearing, row),
            past=_past(hearing, row),
        )
        for row in planned
    ]


def _shown_as(hearing: Hearing, row: HearingDay | Hearing) -> str:
    if isinstance(row, HearingDay) and row.heard_at is not None:
        return "CONFIRMED"
    dropped = isinstance(row, HearingDay) and row.dropped_at is not None
    return "CANCELLED" if dropped else SHOWN_AS[hearing.status]


def _past(hearing: Hearing, row: HearingDay | Hearing) -> bool:
    if isinstance(row, HearingDay) and row.dropped_at is not None:
        return False
    return hearing.status in _FINISHED or (isinstance(row, HearingDay) and row.heard_at is not None)


@dataclass(frozen=True, kw_only=True)
class CalendarEvent:
    """A day of a hearing in a calendar. `origin` is the configured public address, never a request's."""

    hearing: Hearing
    day: CalendarDay
    sequence: int
    changed_at: datetime
    origin: str
    lang: str = "en"
    say: Say = english

    @property
    def uid(self) -> str:
        """The UID, constant for the life of the day (RFC 5545 §3.8.4.7, RFC 7986 §5.3)."""
        number = f"-{self.day.number}" if self.day.number > 1 else ""
        return f"{self.hearing.id}{number}@{self.origin.split('//')[-1].split(':')[0]}"


def summary(booking: CalendarEvent) -> str:
    """The title of the event: the reference, the number of the day if there are several, and nothing else."""
    day = booking.day.number if booking.day.several else 0
    return title(booking.hearing, booking.lang, booking.say, day=day)


def feed(bookings: Sequence[CalendarEvent]) -> bytes:
    """A calendar that programs subscribe to: an iCalendar file without METHOD."""
    return _calendar([_event(booking) for booking in bookings], bookings, None)


def invitation(booking: CalendarEvent, *, method: Method, organiser: str, attendee: str) -> bytes:
    """One invitation, update or cancellation of one day for one person.

    RFC 5546 §3.2.2 and §3.2.5: all events of such a message have the same UID, so each day comes in one of its own.
    """
    event = _event(booking)
    if method is Method.cancel:
        event["status"] = vText("CANCELLED")
    sender = vCalAddress(f"MAILTO:{one_line(organiser)}")
    sender.params["cn"] = vText("Vivavoce")
    event["organizer"] = sender
    person = vCalAddress(f"MAILTO:{one_line(attendee)}")
    person.params["role"] = vText("REQ-PARTICIPANT")
    person.params["rsvp"] = vText("FALSE")  # agreeing to a time is an act on the page, not an answer by mail
    event.add("attendee", person, encode=False)
    return _calendar([event], [booking], method)


def description(booking: CalendarEvent) -> str:
    """The body of the event: both local times with their offsets, and the address of the page."""
    hearing, day = booking.hearing, booking.day
    starts, ends = both_times(hearing, day.starts_at), both_times(hearing, day.ends_at)
    lines = [plain(span(start, end), booking.lang) for start, end in zip(starts, ends, strict=True)]
    return "\n".join([*lines, f"{booking.origin}/h/{quote(hearing.ref)}"])


def span(start: LocalTime, end: LocalTime) -> str:
    """Begin and end by one court's clock; the end in full if its day or offset differs."""
    begins, clock = f"{start.datetime:%Y-%m-%d %H:%M}", f"{start.city} ({start.offset})"
    if (start.datetime.date(), start.offset) == (end.datetime.date(), end.offset):
        return f"{begins}–{end.datetime:%H:%M} {clock}"
    return f"{begins} {clock} – {end}"


def _event(booking: CalendarEvent) -> Event:
    hearing, day, place = booking.hearing, booking.day, ZoneInfo(booking.day.wall_zone)
    event = Event()
    event.add("uid", booking.uid)
    event.add("dtstamp", booking.changed_at.astimezone(UTC))
    begins, ends = day.starts_at.astimezone(place), day.ends_at.astimezone(place)
    if begins.fold or ends.fold:  # a time in a zone that is shown twice is read as the first (RFC 5545 §3.3.5)
        begins, ends = begins.astimezone(UTC), ends.astimezone(UTC)
    event.add("dtstart", begins)
    event.add("dtend", ends)
    event.add("summary", summary(booking), parameters={"LANGUAGE": booking.lang})
    event.add("description", description(booking))
    event.add("location", one_line(f"{hearing.requesting_city} / {hearing.requested_city}"))
    event.add("url", f"{booking.origin}/h/{quote(hearing.ref)}")
    event.add("sequence", booking.sequence)
    event.add("status", day.shown_as)
    event.add("class", "CONFIDENTIAL")
    event.add("transp", "OPAQUE")
    return event


def _calendar(events: Sequence[Event], bookings: Sequence[CalendarEvent], method: Method | None) -> bytes:
    made = Calendar()
    made.add("prodid", PRODUCT)
    made.add("version", "2.0")
    made.add("calscale", "GREGORIAN")
    if method is not None:
        made.add("method", method.value)
    for name, first, last in _zones(bookings):
        made.add_component(timezone(name, first, last))
    for event in events:
        made.add_component(event)
    return bytes(made.to_ical())


def _zones(bookings: Sequence[CalendarEvent]) -> Iterator[tuple[str, int, int]]:
    """The zones of all hearings, each with the years for which it is needed."""
    years: dict[str, set[int]] = {}
    for booking in bookings:
        for name in (booking.hearing.requesting_zone, booking.hearing.requested_zone, booking.day.wall_zone):
            years.setdefault(name, set()).update({booking.day.starts_at.year, booking.day.ends_at.year})
    for name, needed in sorted(years.items()):
        yield name, min(needed) - 1, max(needed) + 1


@lru_cache(maxsize=512)
def timezone(name: str, first: int, last: int) -> Timezone:
    """VTIMEZONE of a zone, right from the beginning of the year `first` to the end of `last`.

    Each observance begins at the wall time of the offset before it (RFC 5545 §3.6.5), as the time-zone data has it;
    icalendar's own `Timezone.from_tzid` writes the wall time after the change.
    """
    place = ZoneInfo(name)
    made = Timezone()
    made.add("tzid", name)
    start, end = datetime(first, 1, 1, tzinfo=UTC), datetime(last + 1, 1, 1, tzinfo=UTC)
    made.add_component(_observance(start, start, place))
    for change in _changes(start, end, place):
        made.add_component(_observance(change, change - timedelta(seconds=1), place))
    return made


def _observance(at: datetime, before: datetime, place: ZoneInfo) -> TimezoneStandard | TimezoneDaylight:
    old, new = before.astimezone(place), at.astimezone(place)
    made = TimezoneDaylight() if new.dst() else TimezoneStandard()
    offset = old.utcoffset()
    assert offset is not None
    made.add("dtstart", (at + offset).replace(tzinfo=None))
    made.add("tzoffsetfrom", old.utcoffset())
    made.add("tzoffsetto", new.utcoffset())
    made.add("tzname", new.tzname())
    return made


def _changes(start: datetime, end: datetime, place: ZoneInfo) -> Iterator[datetime]:
    """The instants in a span at which the offset or its name changes, to the second."""

    def rule(at: datetime) -> tuple[timedelta | None, str | None]:
        local = at.astimezone(place)
        return local.utcoffset(), local.tzname()

    step, low = timedelta(days=7), start
    while low < end:
        high = min(low + step, end)
        if rule(low) != rule(high):
            early, late = low, high
            while late - early > timedelta(seconds=1):
                middle = (early + (late - early) // 2).replace(microsecond=0)
                early, late = (middle, late) if rule(middle) == rule(low) else (early, middle)
            yield late
        low = high
