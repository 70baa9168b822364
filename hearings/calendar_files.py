"""Calendar files (RFC 5545) and invitations (RFC 5546): hearings as events that name nobody.

An event says the hearing's reference, both local times and where to find the page; never who is heard, in what case or
why. Its UID never changes; its SEQUENCE rises with what changes (`hearings.models.CalendarEntry`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from urllib.parse import quote
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone, TimezoneDaylight, TimezoneStandard, vCalAddress, vText

from hearings.diary import both_times
from hearings.models import Hearing
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


class Method(StrEnum):
    """RFC 5546 §3.2: an invitation or its update, or its end."""

    request = "REQUEST"
    cancel = "CANCEL"


@dataclass(frozen=True, kw_only=True)
class Booking:
    """A hearing as a calendar shows it. `origin` is the configured public address, never a request's."""

    hearing: Hearing
    sequence: int
    changed_at: datetime
    origin: str

    @property
    def uid(self) -> str:
        """The same for the life of the hearing (RFC 5545 §3.8.4.7, RFC 7986 §5.3)."""
        return f"{self.hearing.id}@{self.origin.split('//')[-1].split(':')[0]}"


def summary(hearing: Hearing) -> str:
    """What stands in the calendar: the reference and nothing else."""
    return f"Hearing {one_line(hearing.ref)}"


def feed(bookings: Sequence[Booking]) -> bytes:
    """A calendar to subscribe to: a file without METHOD."""
    return _calendar([_event(booking) for booking in bookings], bookings, None)


def invitation(booking: Booking, *, method: Method, organiser: str, attendee: str) -> bytes:
    """One invitation, update or cancellation for one person (RFC 5546 §3.2.2, §3.2.5)."""
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


def description(hearing: Hearing, origin: str) -> str:
    """Both local times with their offsets, and the page."""
    starts, ends = both_times(hearing), both_times(hearing, hearing.ends_at)
    lines = [f"{one_line(str(start))} to {end.datetime:%H:%M}" for start, end in zip(starts, ends, strict=True)]
    return "\n".join([*lines, f"{origin}/h/{quote(hearing.ref)}"])


def _event(booking: Booking) -> Event:
    hearing, place = booking.hearing, ZoneInfo(booking.hearing.wall_zone)
    event = Event()
    event.add("uid", booking.uid)
    event.add("dtstamp", booking.changed_at.astimezone(UTC))
    event.add("dtstart", hearing.starts_at.astimezone(place))
    event.add("dtend", hearing.ends_at.astimezone(place))
    event.add("summary", summary(hearing))
    event.add("description", description(hearing, booking.origin))
    event.add("location", one_line(f"{hearing.requesting_city} / {hearing.requested_city}"))
    event.add("url", f"{booking.origin}/h/{quote(hearing.ref)}")
    event.add("sequence", booking.sequence)
    event.add("status", SHOWN_AS[hearing.status])
    event.add("class", "CONFIDENTIAL")
    event.add("transp", "OPAQUE")
    return event


def _calendar(events: Sequence[Event], bookings: Sequence[Booking], method: Method | None) -> bytes:
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


def _zones(bookings: Sequence[Booking]) -> Iterator[tuple[str, int, int]]:
    """Both zones of every hearing, with the years they are needed for."""
    years: dict[str, set[int]] = {}
    for booking in bookings:
        for name in (booking.hearing.requesting_zone, booking.hearing.requested_zone, booking.hearing.wall_zone):
            years.setdefault(name, set()).update({booking.hearing.starts_at.year, booking.hearing.ends_at.year})
    for name, found in sorted(years.items()):
        yield name, min(found) - 1, max(found) + 1


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
