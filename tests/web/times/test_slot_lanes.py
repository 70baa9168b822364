"""Lanes of the slot finder: bands and blocks lie where the reader's wall clock says, also where days differ."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from hearings.times.slots import Slot
from web.times import slot_lanes
from web.words.court_clocks import CourtClock

DAY = date(2027, 3, 22)


def row(at: datetime, minutes: int = 60, penalty: int = 0) -> slot_lanes.SlotRow:
    slot = Slot(
        starts_at=at,
        ends_at=at + timedelta(minutes=minutes),
        days=(at,),
        penalty=penalty,
        comfort=(),
        clock_changes=(),
    )
    return slot_lanes.SlotRow(slot, at.isoformat(), penalty == 0, [])


def instant(zone: str, day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def span(zone: str, first: int, last: int, day: date = DAY) -> tuple[int, int]:
    return int(instant(zone, day, first).timestamp()), int(instant(zone, day, last).timestamp())


@pytest.mark.parametrize(
    ("own", "other"),
    [("Europe/Bucharest", "Asia/Bangkok"), ("Asia/Bangkok", "Europe/Bucharest"), ("Asia/Kathmandu", "America/Lima")],
)
def test_a_block_begins_at_its_half_hour_on_the_readers_clock(own, other):
    places = [CourtClock("AA", "Own", own), CourtClock("BB", "Other", other)]
    at = instant(own, DAY, 9, 30)
    board = slot_lanes.board([DAY], [row(at)], [[span(own, 8, 16)], [span(other, 8, 16)]], places, apart=3600)
    (lane,) = board.lanes
    assert [place for place, _moment in board.hours] == list(range(1, 17, 2))
    assert board.hours[0][1].astimezone(ZoneInfo(own)).hour == 8
    assert (lane.blocks[0].at, lane.blocks[0].width) == (4, 2)
    assert [(band.at, band.width) for band in lane.bands if band.own] == [(1, 16)]


def test_every_place_is_one_that_the_style_sheet_has():
    """Whatever the hours, a lane has at most the 48 half-hours of a day, and nothing lies outside it."""
    own, other = "America/Los_Angeles", "Asia/Tokyo"
    places = [CourtClock("US", "Los Angeles", own), CourtClock("JP", "Tokyo", other)]
    rows = [row(instant(own, DAY, hour), minutes=600) for hour in (0, 7, 23)]
    hours = [[span(own, 0, 23)], [span(other, 9, 17, DAY + timedelta(days=number)) for number in range(2)]]
    (lane,) = slot_lanes.board([DAY], rows, hours, places, apart=3600).lanes
    parts = [(band.at, band.width) for band in lane.bands] + [(block.at, block.width) for block in lane.blocks]
    assert all(at >= 1 and width >= 1 and at + width - 1 <= 48 for at, width in parts)
    assert len(lane.blocks) == 3


def test_blocks_of_a_day_lie_apart_the_most_convenient_first_and_the_others_are_counted():
    own = "Europe/Bucharest"
    places = [CourtClock("RO", "București", own), CourtClock("TH", "Bangkok", "Asia/Bangkok")]
    rows = [row(instant(own, DAY, 9) + timedelta(minutes=15 * number), penalty=5 - number) for number in range(6)]
    (lane,) = slot_lanes.board([DAY], rows, [[span(own, 9, 17)], []], places, apart=3600).lanes
    assert [block.row.slot.penalty for block in lane.blocks] == [4, 0]
    assert lane.times == 6


def test_reasons_for_missing_days_are_grouped_and_the_rarest_stands_first():
    days = [DAY + timedelta(days=number) for number in range(3)]
    reasons = slot_lanes.by_reason({days[0]: ["weekend"], days[1]: ["weekend", "holiday"], days[2]: ["weekend"]})
    assert reasons == [("holiday", [days[1]]), ("weekend", days)]
