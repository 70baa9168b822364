"""The docket's pictures: where a day of a hearing lies on the grid, whatever the clocks do."""

from datetime import UTC, date, datetime, timedelta

from hearings.models import Hearing, HearingDay
from hearings.overview.docket_days import DocketDay
from hearings.times.calendars import CourtCalendar, Weekly
from web.overview import docket_board

BUCHAREST = CourtCalendar(
    key="RO Europe/Bucharest",
    state="RO",
    zone="Europe/Bucharest",
    hours=(Weekly(weekdays=frozenset({1, 2, 3, 4, 5}), opens=510, closes=990),),
    holidays=((date(2026, 12, 1), "National Day"),),
)
KOLKATA = CourtCalendar(
    key="IN Asia/Kolkata",
    state="IN",
    zone="Asia/Kolkata",
    hours=(Weekly(weekdays=frozenset({1, 2, 3, 4, 5}), opens=600, closes=1020),),
)


def entry(starts: datetime, hours: float = 1.5) -> DocketDay:
    ends = starts + timedelta(hours=hours)
    hearing = Hearing.model_construct(
        id="h", ref="H", status="ready", case_number="1", starts_at=starts, ends_at=ends,
        requesting_state="RO", requesting_zone="Europe/Bucharest", requesting_city="București",
        requested_state="IN", requested_zone="Asia/Kolkata", requested_city="New Delhi",
    )  # fmt: skip
    return DocketDay(hearing, HearingDay.model_construct(id="d", starts_at=starts, ends_at=ends, heard_at=None))


def drawn(day: date, *entries: DocketDay, now: datetime = datetime(2026, 11, 27, tzinfo=UTC)) -> docket_board.Board:
    others = {("IN", "Asia/Kolkata"): KOLKATA}
    return docket_board.board(day, BUCHAREST, entries, state="RO", others=others, sittings={}, now=now)


def test_a_block_begins_in_the_half_hour_in_which_the_hearing_begins_and_covers_it_whole():
    board = drawn(date(2026, 11, 27), entry(datetime(2026, 11, 27, 9, 10, tzinfo=UTC)))
    assert (board.hours[0].text, board.columns) == ("08", 20)
    assert (board.lanes[0].block.at, board.lanes[0].block.wide) == (7, 4)  # 11:10 to 12:40


def test_the_other_court_has_its_own_hours_below_also_where_they_are_half_hours_apart():
    board = drawn(date(2026, 11, 27), entry(datetime(2026, 11, 27, 9, tzinfo=UTC)))
    assert [hour.text for hour in board.lanes[0].hours][:2] == ["11:30", "12:30"]
    assert [(block.at, block.wide) for block in board.lanes[0].open] == [(1, 11)]  # until 17:00 there, 13:30 here
    assert [(block.at, block.wide) for block in board.open] == [(2, 16)]


def test_the_board_grows_for_a_hearing_at_night_and_holds_a_day_on_which_the_clocks_change():
    night = drawn(date(2026, 11, 27), entry(datetime(2026, 11, 27, 3, tzinfo=UTC)))
    assert night.hours[0].text == "05"
    for day, columns in ((date(2026, 3, 29), 46), (date(2026, 10, 25), 50)):
        whole = docket_board.axis(day, "Europe/Bucharest", [(0, 2**40)])
        assert whole.columns == columns
        assert len({hour.at for hour in whole.labels("Europe/Bucharest")}) == columns // 2
    assert [
        hour.text
        for hour in docket_board.axis(date(2026, 10, 25), "Europe/Bucharest", [(0, 2**40)]).labels("Europe/Bucharest")
    ].count("03") == 2


def test_words_stand_where_there_is_room_for_them():
    early = drawn(date(2026, 11, 27), entry(datetime(2026, 11, 27, 7, tzinfo=UTC))).lanes[0]
    late = drawn(date(2026, 11, 27), entry(datetime(2026, 11, 27, 14, tzinfo=UTC))).lanes[0]
    whole = drawn(date(2026, 11, 27), entry(datetime(2026, 11, 27, 6, tzinfo=UTC), hours=10)).lanes[0]
    assert early.beside and early.beside.at == early.block.at + early.block.wide
    assert late.beside and late.beside.at + late.beside.wide == late.block.at
    assert whole.beside is None


def test_a_closed_day_says_why_and_the_present_moment_is_on_the_board_of_its_day_only():
    now = datetime(2026, 12, 1, 8, 10, tzinfo=UTC)
    board = drawn(date(2026, 12, 1), now=now)
    assert board.closed and board.closed.detail == "National Day"
    assert board.now == 5  # 10:10
    assert drawn(date(2026, 12, 2), now=now).now is None


def test_a_week_has_hearings_of_the_same_hour_side_by_side_and_the_weekend_only_when_something_is_on_it():
    monday = date(2026, 11, 23)
    same = [entry(datetime(2026, 11, 27, 9, tzinfo=UTC)), entry(datetime(2026, 11, 27, 9, 30, tzinfo=UTC))]
    week = docket_board.week(monday, BUCHAREST, same, state="RO", sittings={})
    assert [block.column for block in week.days[4].entries] == [1, 2]
    assert len(week.days) == 5
    assert week.other and [hour.text for hour in week.other_hours][:1] == ["11:30"]
    weekend = docket_board.week(
        monday, BUCHAREST, [*same, entry(datetime(2026, 11, 28, 9, tzinfo=UTC))], state="RO", sittings={}
    )
    assert len(weekend.days) == 7


def test_a_week_in_which_the_two_clocks_shift_has_no_second_clock():
    changed = [entry(datetime(2026, 10, 19, 9, tzinfo=UTC))]
    week = docket_board.week(date(2026, 10, 19), BUCHAREST, changed, state="RO", sittings={})
    assert week.other is not None
    assert week.other_hours == []


def test_a_month_has_whole_weeks_and_counts_each_day():
    first, last = docket_board.month_bounds(date(2026, 11, 27))
    assert (first.isoweekday(), last.isoweekday()) == (1, 7)
    cells = docket_board.cells(
        first, last, BUCHAREST, [entry(datetime(2026, 11, 27, 22, 30, tzinfo=UTC))], today=date(2026, 11, 27)
    )
    assert {cell.day: cell.entries for cell in cells if cell.entries} == {date(2026, 11, 28): 1}  # 00:30 there
