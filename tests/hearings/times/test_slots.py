"""The slot search against a brute-force oracle that tries every minute, and the time traps by name."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings, strategies as st

from hearings.errors import Invalid, NaiveTime
from hearings.law.law import LAW
from hearings.models.diary import PeriodKind
from hearings.times import calendars, convenience, slots
from hearings.times.calendars import CourtCalendar, Period, Weekly
from hearings.times.convenience import Attendee
from hearings.times.interpreters import Interpreter, RestRules, rules
from hearings.times.slots import Diary, SlotSearch

WEEKDAYS = frozenset(range(1, 6))
MINUTE = 60


def ts(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def court(state: str, zone: str, opens: int, closes: int, **words: object) -> CourtCalendar:
    row = Weekly(weekdays=WEEKDAYS, opens=opens, closes=closes, confidence="read-in-source")
    return CourtCalendar(key=f"{state} {zone}", state=state, zone=zone, **{"hours": (row,), "holidays": (), **words})


def wanted(since: str, until: str, minutes: int = 60, **words: object) -> SlotSearch:
    return SlotSearch(
        since=datetime.fromisoformat(since),
        until=datetime.fromisoformat(until),
        duration=timedelta(minutes=minutes),
        **words,
    )


# --- the oracle --------------------------------------------------------------------------------------------------


def is_open(calendar: CourtCalendar, minute: int) -> bool:
    """Whether a court sits at an instant, asked of its clock on the wall: the zones here change outside these hours."""
    local = datetime.fromtimestamp(minute, ZoneInfo(calendar.zone))
    day, at = local.date(), local.hour * 60 + local.minute
    rows = [row for row in calendar.periods if row.first <= day <= row.last]
    if any(row.kind is PeriodKind.closure for row in rows):
        return False
    if any(row.kind is PeriodKind.special_opening and row.opens <= at < row.closes for row in rows):
        return True
    if any(row.kind is PeriodKind.recess for row in rows) or day in dict(calendar.holidays or ()):
        return False
    return any(day.isoweekday() in row.weekdays and row.opens <= at < row.closes for row in calendar.hours)


def fits(start: int, ask: SlotSearch, courts: list[CourtCalendar], diaries: list[Diary]) -> bool:
    """Whether a hearing may start then, minute by minute and booking by booking."""
    length = int(ask.duration.total_seconds())
    if start < ask.since.timestamp() or start + length > ask.until.timestamp():
        return False
    if not all(is_open(one, at) for one in courts for at in range(start, start + length, MINUTE)):
        return False
    begin = start - int((ask.margin_before + ask.line_test).total_seconds())
    end = start + length + int(ask.margin_after.total_seconds())
    for diary in diaries:
        one = diary.interpreter
        gap = one.rest.gap * 60 if one else 0
        if any(begin < busy_end + gap and end > busy_begin - gap for busy_begin, busy_end in diary.busy):
            return False
        if one and not within_cap(one, start, length):
            return False
    return True


def within_cap(one: Interpreter, start: int, length: int) -> bool:
    used: dict[date, int] = {}
    ours: set[date] = set()
    for begin, end, own in [*((a, b, False) for a, b in one.work), (start, start + length, True)]:
        for at in range(begin, end, MINUTE):
            day = datetime.fromtimestamp(at, ZoneInfo(one.zone)).date()
            used[day] = used.get(day, 0) + 1
            if own:
                ours.add(day)
    return all(used[day] <= one.rest.daily_cap for day in ours)


PAIRS = (
    ("Europe/Bucharest", "Asia/Bangkok"),
    ("Europe/Paris", "Asia/Kolkata"),
    ("Asia/Kathmandu", "Europe/Kyiv"),
    ("Pacific/Auckland", "Pacific/Honolulu"),
    ("Pacific/Kiritimati", "Pacific/Honolulu"),
    ("Pacific/Chatham", "Asia/Tokyo"),
    ("America/New_York", "Europe/London"),
    ("Asia/Almaty", "Europe/Istanbul"),
)
STARTS = ("2027-03-12", "2027-03-26", "2027-10-29", "2027-11-05", "2027-04-02", "2027-09-24", "2027-01-01")


@st.composite
def problems(draw: st.DrawFn) -> tuple[SlotSearch, list[CourtCalendar], list[Diary]]:
    zones = draw(st.sampled_from(PAIRS))
    first = date.fromisoformat(draw(st.sampled_from(STARTS)))
    base = int(datetime(first.year, first.month, first.day, tzinfo=UTC).timestamp())
    courts = []
    for number, zone in enumerate(zones):
        # Hours from five in the morning on: the clocks change before, so that the oracle may ask the wall.
        opens = draw(st.integers(20, 44)) * 15
        rows = [Weekly(weekdays=frozenset(range(1, 8)), opens=opens, closes=opens + 15 * draw(st.integers(8, 50)))]
        rows[0] = Weekly(weekdays=rows[0].weekdays, opens=opens, closes=min(1440, rows[0].closes))
        periods = [
            Period(
                kind=kind,
                first=first + timedelta(days=day),
                last=first + timedelta(days=day + length),
                opens=420 if kind is PeriodKind.special_opening else 0,
                closes=660 if kind is PeriodKind.special_opening else 0,
            )
            for kind, day, length in draw(
                st.lists(
                    st.tuples(
                        st.sampled_from([PeriodKind.closure, PeriodKind.recess, PeriodKind.special_opening]),
                        st.integers(-1, 4),
                        st.integers(0, 1),
                    ),
                    max_size=2,
                )
            )
        ]
        free = draw(st.lists(st.integers(0, 4), max_size=1))
        courts.append(
            CourtCalendar(
                key=f"{number}",
                state="RO",
                zone=zone,
                hours=tuple(rows),
                periods=tuple(periods),
                holidays=tuple((first + timedelta(days=day), "holiday") for day in free),
            )
        )
    diaries = []
    for number in range(draw(st.integers(0, 2))):
        spans = calendars.merged(
            [
                (base + 300 * at, base + 300 * (at + length))
                for at, length in draw(st.lists(st.tuples(st.integers(0, 1100), st.integers(1, 40)), max_size=4))
            ]
        )
        rest = draw(
            st.none()
            | st.builds(
                RestRules,
                solo_speech=st.just(40),
                solo_pause=st.just(10),
                daily_cap=st.sampled_from([60, 120, 240]),
                gap=st.sampled_from([0, 30]),
            )
        )
        zone = draw(st.sampled_from(zones))
        work = tuple((begin + 300, end) for begin, end in spans if end - begin > 300)
        diaries.append(
            Diary(
                key=f"d{number}",
                label="",
                busy=spans,
                interpreter=Interpreter(zone=zone, rest=rest, busy=spans, work=work) if rest else None,
            )
        )
    since = datetime.fromtimestamp(base, UTC) + timedelta(hours=draw(st.integers(0, 20)))
    margins = [timedelta(minutes=draw(st.sampled_from([0, 10, 30]))) for _ in range(3)]
    ask = SlotSearch(
        since=since,
        until=since + timedelta(hours=draw(st.integers(6, 72))),
        duration=timedelta(minutes=draw(st.sampled_from([15, 45, 60, 150]))),
        margin_before=margins[0],
        margin_after=margins[1],
        line_test=margins[2],
        step=draw(st.sampled_from([300, 900])),
    )
    return ask, courts, diaries


@settings(max_examples=60, deadline=None)
@given(problems())
def test_the_search_finds_exactly_what_trying_every_start_finds(
    problem: tuple[SlotSearch, list[CourtCalendar], list[Diary]],
) -> None:
    ask, courts, diaries = problem
    found = slots.search(ask, courts=courts, diaries=diaries, limit=10_000, per_day=10_000)
    begin, end = int(ask.since.timestamp()), int(ask.until.timestamp())
    grid = range(-(-begin // ask.step) * ask.step, end, ask.step)
    assert list(found.starts) == [start for start in grid if fits(start, ask, courts, diaries)]
    shown = sorted(int(slot.starts_at.timestamp()) for slot in found.slots)
    assert set(shown) <= set(found.starts)
    keeps = int((ask.duration + ask.margin_before + ask.margin_after + ask.line_test).total_seconds())
    days = [calendars.local_date(start, courts[0].zone) for start in shown]
    assert set(days) == {calendars.local_date(start, courts[0].zone) for start in found.starts}
    assert all(b - a >= keeps for (a, one), (b, other) in pairwise(zip(shown, days, strict=True)) if one == other)


@settings(max_examples=40, deadline=None)
@given(problems())
def test_every_day_has_a_slot_or_a_reason_that_is_true(
    problem: tuple[SlotSearch, list[CourtCalendar], list[Diary]],
) -> None:
    ask, courts, diaries = problem
    found = slots.search(ask, courts=courts, diaries=diaries)
    lead = courts[0].zone
    with_slot = {calendars.local_date(start, lead) for start in found.starts}
    first = calendars.local_date(int(ask.since.timestamp()), lead)
    last = calendars.local_date(int(ask.until.timestamp()) - 1, lead)
    every = {first + timedelta(days=number) for number in range((last - first).days + 1)}
    excluded = dict(found.excluded)
    assert with_slot | excluded.keys() == every
    assert not with_slot & excluded.keys()
    for reasons in excluded.values():
        assert reasons
        for reason in reasons:
            if reason.code == "holiday":
                assert dict(next(one for one in courts if one.key == reason.key).holidays or ())
            elif reason.code in ("booked", "rest"):
                assert next(diary for diary in diaries if diary.key == reason.key).busy


# --- time traps, each with its answer ----------------------------------------------------------------------------


def test_the_weeks_in_which_only_one_side_has_changed_its_clocks_have_other_slots() -> None:
    courts = [court("US", "America/New_York", 540, 1020), court("FR", "Europe/Paris", 540, 1080)]
    walls = {}
    for monday in ("2027-03-08", "2027-03-15", "2027-03-29"):
        ask = wanted(f"{monday}T00:00Z", f"{monday}T23:59Z", step=900)
        found = slots.search(ask, courts=courts)
        first = datetime.fromtimestamp(found.starts[0], UTC)
        walls[monday] = (first.strftime("%H:%M"), found.count)
    # Six hours apart, then five for two weeks (14 to 28 March 2027), then six again.
    assert walls == {"2027-03-08": ("14:00", 9), "2027-03-15": ("13:00", 13), "2027-03-29": ("13:00", 9)}


def test_across_the_date_line_the_same_hour_is_another_day() -> None:
    courts = [court("NZ", "Pacific/Auckland", 480, 1020), court("US", "Pacific/Honolulu", 480, 1020)]
    found = slots.search(wanted("2027-01-04T00:00Z", "2027-01-06T00:00Z"), courts=courts, limit=1)
    starts = {
        (
            datetime.fromtimestamp(at, ZoneInfo(courts[0].zone)).day,
            datetime.fromtimestamp(at, ZoneInfo(courts[1].zone)).day,
        )
        for at in found.starts
    }
    assert starts == {(5, 4), (6, 5)}
    # Monday in Auckland is Sunday in Honolulu.
    assert excluded(found, "2027-01-04") == [("US Pacific/Honolulu", "not_a_court_day", "")]


def test_half_hour_zones_meet_on_the_quarter_hour() -> None:
    courts = [court("NP", "Asia/Kathmandu", 600, 660), court("IN", "Asia/Kolkata", 585, 645)]
    found = slots.search(wanted("2027-01-04T00:00Z", "2027-01-05T00:00Z", 60), courts=courts)
    assert found.starts == (ts("2027-01-04T04:15Z"),)
    chatham = [court("NZ", "Pacific/Chatham", 600, 720)]
    assert slots.search(wanted("2027-07-04T00:00Z", "2027-07-05T00:00Z", 120), courts=chatham).starts == (
        ts("2027-07-04T21:15Z"),  # +12:45 in winter
    )


def test_a_clock_change_before_the_day_is_said() -> None:
    courts = [court("RO", "Europe/Bucharest", 540, 960), court("TH", "Asia/Bangkok", 540, 1000)]
    now = datetime(2027, 3, 20, tzinfo=UTC)
    ask = wanted("2027-03-26T00:00Z", "2027-03-30T00:00Z")
    found = slots.search(ask, courts=courts, now=now, limit=40)
    assert {(slot.starts_at.day, slot.clock_changes) for slot in found.slots} == {
        (26, ()),
        (29, ("Europe/Bucharest",)),
    }


# --- reasons -----------------------------------------------------------------------------------------------------


def excluded(found: slots.SlotResults, day: str) -> list[tuple[str, str, str]]:
    return [(one.label, one.code, one.detail) for one in dict(found.excluded)[date.fromisoformat(day)]]


def interpreter(zone: str, *, busy: tuple[tuple[int, int], ...] = (), **words: Any) -> Diary:
    granted = words.pop("granted", frozenset())
    who = Interpreter(zone=zone, rest=rules(), busy=busy, work=busy, **words)
    return Diary(key="3", label="Interpreter", busy=busy, interpreter=who, granted=granted)


def test_each_day_without_a_slot_says_who_is_in_the_way_and_why() -> None:
    recess = Period(kind=PeriodKind.recess, first=date(2027, 1, 5), last=date(2027, 1, 5), reason="Winter recess")
    courts = [
        court("RO", "Europe/Bucharest", 540, 960, periods=(recess,)),
        court("TH", "Asia/Bangkok", 540, 1020, holidays=((date(2027, 1, 6), "A Thai day"), (date(2027, 1, 5), "Both"))),
    ]
    room = Diary(key="2", label="Room 2", busy=((ts("2027-01-07T06:00Z"), ts("2027-01-07T12:00Z")),))
    tired = interpreter(courts[1].zone, busy=((ts("2027-01-08T02:00Z"), ts("2027-01-08T06:00Z")),))
    found = slots.search(wanted("2027-01-02T00:00Z", "2027-01-11T00:00Z"), courts=courts, diaries=[room, tired])
    assert excluded(found, "2027-01-05") == [
        ("RO Europe/Bucharest", "recess", "Winter recess"),
        ("TH Asia/Bangkok", "holiday", "Both"),
    ]
    assert excluded(found, "2027-01-06") == [("TH Asia/Bangkok", "holiday", "A Thai day")]
    assert excluded(found, "2027-01-07") == [("Room 2", "booked", "")]
    assert excluded(found, "2027-01-08") == [("Interpreter", "daily_cap", "")]
    assert excluded(found, "2027-01-02")[0] == ("RO Europe/Bucharest", "not_a_court_day", "")
    assert {calendars.local_date(at, courts[0].zone).day for at in found.starts} == {4}


def test_courts_whose_hours_never_meet_say_so_and_meet_at_any_hour() -> None:
    courts = [court("RO", "Europe/Bucharest", 540, 960), court("US", "Pacific/Honolulu", 540, 1020)]
    ask = wanted("2027-01-05T00:00Z", "2027-01-06T00:00Z")
    assert slots.search(ask, courts=courts).count == 0
    assert excluded(slots.search(ask, courts=courts), "2027-01-05") == [("US Pacific/Honolulu", "outside_hours", "")]
    anywhen = wanted("2027-01-05T00:00Z", "2027-01-06T00:00Z", any_hour=True)
    assert slots.search(anywhen, courts=courts).count > 0


def test_a_hearing_longer_than_an_interpreter_may_work_is_excluded_by_her_rest() -> None:
    courts = [court("RO", "Europe/Bucharest", 480, 1200)]
    diaries = [interpreter(courts[0].zone)]
    found = slots.search(wanted("2027-01-05T00:00Z", "2027-01-06T00:00Z", 300), courts=courts, diaries=diaries)
    assert (found.count, excluded(found, "2027-01-05")) == (0, [("Interpreter", "daily_cap", "")])


def test_an_interpreter_who_does_not_fit_leaves_no_day_and_the_reason_is_hers() -> None:
    courts = [court("RO", "Europe/Bucharest", 480, 1200)]
    ask = wanted("2027-01-05T00:00Z", "2027-01-07T00:00Z", languages=("ro", "th"))
    both = frozenset({("ro", "th"), ("th", "ro")})
    for words, codes in (
        ({"pairs": both}, []),
        ({"pairs": frozenset({("ro", "th")})}, ["language_pair_missing", "language_pair_missing"]),
        ({"pairs": both, "accredited": False}, ["not_accredited", "not_accredited"]),
        ({"pairs": both, "accredited_until": date(2027, 1, 5)}, ["accreditation_ended"]),
        ({"pairs": frozenset(), "granted": frozenset({"language_pair_missing"})}, []),
    ):
        found = slots.search(ask, courts=courts, diaries=[interpreter(courts[0].zone, **words)])
        assert [reasons[0].code for day, reasons in found.excluded if day.day in (5, 6)] == codes, words


def test_what_is_not_verified_and_what_one_interpreter_needs_is_noted() -> None:
    unsure = court(
        "RO", "Europe/Bucharest", 540, 960, hours=calendars.from_law(LAW, "RO", "Europe/Bucharest"), holidays=None
    )
    diaries = [interpreter(unsure.zone)]
    found = slots.search(wanted("2027-01-05T00:00Z", "2027-01-06T00:00Z"), courts=[unsure], diaries=diaries)
    assert found.notes == ("hours_unverified", "holidays_unknown", "solo_interpreter_pauses")


# --- ranking and days --------------------------------------------------------------------------------------------


def test_the_person_heard_comes_first_then_parties_then_the_court() -> None:
    courts = [court("RO", "Europe/Bucharest", 0, 1440)]
    ask = wanted("2027-01-04T22:00Z", "2027-01-05T22:00Z")
    zones = {"heard": "America/New_York", "party": "Europe/Bucharest", "court": "Europe/Bucharest"}
    people = [Attendee(part=part, label=part, zone=zone) for part, zone in zones.items()]
    best = slots.search(ask, courts=courts, attendees=people, limit=1).slots[0]
    assert [one.starts.strftime("%H:%M") for one in best.comfort] == ["09:00", "16:00", "16:00"]
    assert best.penalty == sum(one.penalty for one in best.comfort) == 0
    alone = [Attendee(part="court", label="court", zone="Europe/Bucharest")]
    assert slots.search(ask, courts=courts, attendees=alone, limit=1).slots[0].starts_at.hour == 7


def test_night_weighs_more_than_evening_and_lunch_least() -> None:
    costs = [convenience.inconvenience(minute, 60) for minute in (180, 1350, 1260, 1100, 730, 600)]
    assert costs == sorted(costs, reverse=True)
    assert (costs[0], costs[-1]) == (600, 0)
    assert convenience.inconvenience(1410, 60) == 600  # over midnight


def test_no_more_than_a_few_slots_of_one_day_are_shown() -> None:
    courts = [court("RO", "Europe/Bucharest", 540, 960)]
    found = slots.search(wanted("2027-01-04T00:00Z", "2027-01-09T00:00Z"), courts=courts, limit=9, per_day=2)
    assert sorted(slot.starts_at.day for slot in found.slots) == [4, 4, 5, 5, 6, 6, 7, 7, 8]


def test_a_hearing_over_several_days_keeps_its_wall_time_over_weekend_and_clock_change() -> None:
    courts = [court("RO", "Europe/Bucharest", 540, 660)]
    ask = wanted("2027-03-25T00:00Z", "2027-03-31T00:00Z", 120, days=3)
    found = slots.search(ask, courts=courts)
    days = [
        [day.astimezone(ZoneInfo("Europe/Bucharest")).strftime("%d %H:%M") for day in slot.days] for slot in found.slots
    ]
    assert days == [["25 09:00", "26 09:00", "29 09:00"], ["26 09:00", "29 09:00", "30 09:00"]]
    assert [one.code for one in dict(found.excluded)[date(2027, 3, 29)]] == ["next_day"]


# --- what cannot be looked for -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"until": datetime(2027, 1, 1, tzinfo=UTC)}, "until"),
        ({"until": datetime(2029, 1, 1, tzinfo=UTC)}, "until"),
        ({"duration": timedelta(hours=25)}, "duration"),
        ({"duration": timedelta(0)}, "duration"),
        ({"margin_after": timedelta(minutes=-1)}, "margin_before"),
        ({"days": 0}, "days"),
        ({"step": 7 * 60}, "step"),
    ],
)
def test_a_search_that_cannot_be_is_refused(change: dict[str, object], field: str) -> None:
    import dataclasses

    ask = dataclasses.replace(wanted("2027-01-05T00:00Z", "2027-01-06T00:00Z"), **change)
    with pytest.raises(Invalid) as refusal:
        slots.search(ask, courts=[court("RO", "Europe/Bucharest", 540, 960)])
    assert refusal.value.field == field


def test_a_search_needs_instants_and_a_calendar() -> None:
    with pytest.raises(NaiveTime):
        slots.search(
            wanted("2027-01-05T00:00", "2027-01-06T00:00Z"), courts=[court("RO", "Europe/Bucharest", 540, 960)]
        )
    with pytest.raises(Invalid):
        slots.search(wanted("2027-01-05T00:00Z", "2027-01-06T00:00Z"), courts=[])
