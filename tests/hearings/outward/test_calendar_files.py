"""Calendar files: the zones of both courts as RFC 5545 reads them, and events that are what they were."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
from hypothesis import given, settings, strategies as st

from hearings.models import Hearing
from hearings.outward import calendar_files
from hearings.outward.calendar_files import CalendarEvent, Method
from hearings.status import HearingStatus

ZONES = [
    "Europe/Bucharest",
    "Asia/Bangkok",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Asia/Kathmandu",
]
CHANGED = datetime(2026, 11, 1, tzinfo=UTC)


def hearing(start: datetime, zone: str = "Europe/Bucharest", **more: Any) -> Hearing:
    return Hearing(
        owner_state="RO", ref="7F3K-22QD", request_id="r", starts_at=start, ends_at=start + timedelta(hours=2),
        wall_start="", wall_zone=zone, requesting_state="RO", requesting_zone=zone, requesting_city="București",
        requested_state="TH", requested_zone="Asia/Bangkok", requested_city="Bangkok", tzdb_version="2026a",
        language_requesting="ro", language_requested="th", created_by="c", created_at=CHANGED,
        **({"status": HearingStatus.ready} | more),
    )  # fmt: skip


def booking(one: Hearing) -> CalendarEvent:
    (day,) = calendar_files.days(one, [])
    return CalendarEvent(hearing=one, day=day, sequence=3, changed_at=CHANGED, origin="https://court.example")


def offset_by(zone: icalendar.Timezone, wall: datetime) -> timedelta:
    """The offset of a wall time as RFC 5545 §3.6.5 says: that of the latest onset, itself in the offset before it."""
    onsets = [
        (part.decoded("dtstart"), part.decoded("tzoffsetto"))
        for part in zone.subcomponents
        if part.decoded("dtstart") <= wall
    ]
    return max(onsets)[1]


@settings(max_examples=150, deadline=None)
@given(st.datetimes(datetime(2026, 1, 1), datetime(2029, 12, 31)), st.sampled_from(ZONES))  # noqa: DTZ001
def test_the_zone_in_the_file_gives_the_instant_back(at: datetime, name: str) -> None:
    instant = at.replace(second=0, microsecond=0, tzinfo=UTC)
    local = instant.astimezone(ZoneInfo(name))
    wall = local.replace(tzinfo=None, fold=0)
    if local.fold == 1 or (wall.replace(tzinfo=ZoneInfo(name)).astimezone(UTC) != instant):
        return  # the clocks show it twice: a file without fold means the first
    zone = calendar_files.timezone(name, instant.year - 1, instant.year + 1)
    found = offset_by(zone, wall)
    # A wall time that comes twice is read with the offset before the change (RFC 5545 §3.3.5): it is before the onset.
    twice = wall.replace(tzinfo=ZoneInfo(name), fold=1).astimezone(UTC) != instant
    assert found == local.utcoffset() or twice


@pytest.mark.parametrize(
    ("onset", "before", "after", "name"),
    [
        (datetime(2026, 3, 29, 3), 2, 3, "DAYLIGHT"),  # noqa: DTZ001
        (datetime(2026, 10, 25, 4), 3, 2, "STANDARD"),  # noqa: DTZ001
    ],
)
def test_an_observance_begins_at_the_wall_time_before_the_change(
    onset: datetime, before: int, after: int, name: str
) -> None:
    parts = calendar_files.timezone("Europe/Bucharest", 2026, 2026).subcomponents
    (part,) = [one for one in parts if one.decoded("dtstart") == onset]
    assert (part.name, part.decoded("tzoffsetfrom"), part.decoded("tzoffsetto")) == (
        name,
        timedelta(hours=before),
        timedelta(hours=after),
    )


def test_an_event_is_in_the_courts_zone_and_names_nobody() -> None:
    start = datetime(2026, 12, 2, 7, 0, tzinfo=UTC)
    file = calendar_files.feed([booking(hearing(start, case_number="Planted"))])
    calendar = icalendar.Calendar.from_ical(file)
    assert "METHOD" not in calendar
    assert sorted(str(zone["TZID"]) for zone in calendar.walk("VTIMEZONE")) == ["Asia/Bangkok", "Europe/Bucharest"]
    (event,) = calendar.walk("VEVENT")
    text = file.replace(b"\r\n ", b"").decode()
    assert "DTSTART;TZID=Europe/Bucharest:20261202T090000" in text
    assert {name: str(event[name]) for name in ("SUMMARY", "URL", "STATUS", "SEQUENCE", "LOCATION", "CLASS")} == {
        "SUMMARY": "Hearing 7F3K-22QD",
        "URL": "https://court.example/h/7F3K-22QD",
        "STATUS": "CONFIRMED",
        "SEQUENCE": "3",
        "LOCATION": "București / Bangkok",
        "CLASS": "CONFIDENTIAL",
    }
    assert str(event["DESCRIPTION"]).split("\n") == [
        "2026-12-02 09:00–11:00 București (+02:00)",
        "2026-12-02 14:00–16:00 Bangkok (+07:00)",
        "https://court.example/h/7F3K-22QD",
    ]
    assert "Planted" not in text
    assert "ATTENDEE" not in text


def test_both_zones_are_in_a_file_of_many_hearings_once_and_for_all_their_years() -> None:
    many = [booking(hearing(datetime(year, 6, 1, 7, tzinfo=UTC))) for year in (2026, 2028)]
    calendar = icalendar.Calendar.from_ical(calendar_files.feed(many))
    zones = {str(zone["TZID"]): zone for zone in calendar.walk("VTIMEZONE")}
    assert sorted(zones) == ["Asia/Bangkok", "Europe/Bucharest"]
    years = sorted({part.decoded("dtstart").year for part in zones["Europe/Bucharest"].subcomponents})
    assert years == [2025, 2026, 2027, 2028, 2029]


@pytest.mark.parametrize("status", HearingStatus)
def test_every_status_is_shown_as_something(status: HearingStatus) -> None:
    assert calendar_files.SHOWN_AS[status] in {"TENTATIVE", "CONFIRMED", "CANCELLED"}


def test_a_cancellation_says_so_in_method_and_status() -> None:
    one = booking(hearing(datetime(2026, 12, 2, 7, tzinfo=UTC)))
    file = calendar_files.invitation(one, method=Method.cancel, organiser="a@b.example", attendee="c@d.example")
    calendar = icalendar.Calendar.from_ical(file)
    (event,) = calendar.walk("VEVENT")
    assert (str(calendar["METHOD"]), str(event["STATUS"])) == ("CANCEL", "CANCELLED")
    assert (str(event["ORGANIZER"]).lower(), str(event["ATTENDEE"]).lower()) == (
        "mailto:a@b.example",
        "mailto:c@d.example",
    )
