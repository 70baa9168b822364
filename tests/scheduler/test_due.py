"""What is due: tables of times, clock changes in both zones, and properties for any sequence of clock steps."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings, strategies as st

from hearings.custody.retention_classes import CLASSES, STANDARD, YEAR
from hearings.models import Hearing
from hearings.status import HearingStatus, RequestStatus
from scheduler.due import EPOCH, MISSED, POLICY, Action, Kind, Rows, StoredRecording, due, wall_before
from tests.support.rows import NOW, START, make_hearing, make_request

R, K = RequestStatus, Kind
DAY, HOUR, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(seconds=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def kinds(now: datetime, rows: Rows) -> list[str]:
    return [f"{one.kind}{' ' + one.state if one.state else ''}" for one in due(now, rows)]


# --- hearings ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "zone", "days", "expected"),
    [
        # Bucharest goes back on 2026-10-25 at 04:00; a week before 27 October 09:00 it was summer.
        ("2026-10-27T07:00", "Europe/Bucharest", 7, "2026-10-20T06:00"),
        ("2026-10-27T07:00", "Asia/Bangkok", 7, "2026-10-20T07:00"),
        ("2026-10-26T07:00", "Europe/Bucharest", 1, "2026-10-25T07:00"),
        # Forward on 2027-03-28 at 03:00: 03:30 the day before exists, 03:30 on the day is taken after the gap.
        ("2027-03-29T00:30", "Europe/Bucharest", 1, "2027-03-28T01:30"),
        ("2027-03-30T06:00", "Europe/Bucharest", 7, "2027-03-23T07:00"),
        # A time of day that comes twice is the first.
        ("2026-10-26T01:30", "Europe/Bucharest", 1, "2026-10-25T00:30"),
        # New York and half-hour zones.
        ("2026-11-03T15:00", "America/New_York", 7, "2026-10-27T14:00"),
        ("2027-04-05T02:00", "Australia/Lord_Howe", 7, "2027-03-29T01:30"),
        ("2026-12-02T04:00", "Asia/Kathmandu", 7, "2026-11-25T04:00"),
    ],
)
def test_days_before_are_counted_on_the_courts_own_clocks(start: str, zone: str, days: int, expected: str) -> None:
    assert wall_before(utc(start), zone, days) == utc(expected)


def test_each_side_is_reminded_at_the_time_of_day_its_own_clocks_will_show() -> None:
    hearing = make_hearing(
        starts_at=utc("2026-10-27T07:00"), ends_at=utc("2026-10-27T08:00"), created_at=utc("2026-09-01")
    )
    found = {(one.kind, one.state): one.due_at for one in due(utc("2026-12-01"), Rows(hearings=[hearing]))}
    assert found == {
        (K.reminder_week, "RO"): utc("2026-10-20T06:00"),
        (K.reminder_week, "TH"): utc("2026-10-20T07:00"),
        (K.reminder_day, "RO"): utc("2026-10-26T07:00"),
        (K.reminder_day, "TH"): utc("2026-10-26T07:00"),
        (K.reminder_hour, "RO"): utc("2026-10-27T06:00"),
        (K.reminder_hour, "TH"): utc("2026-10-27T06:00"),
        (K.opening, ""): utc("2026-10-27T06:30"),
    }


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (7 * DAY + SECOND, []),
        (7 * DAY, ["reminder_week RO", "reminder_week TH"]),
        (DAY, ["reminder_week RO", "reminder_week TH", "reminder_day RO", "reminder_day TH"]),
    ],
)
def test_a_reminder_is_due_from_its_second_on(before: timedelta, expected: list[str]) -> None:
    assert kinds(START - before, Rows(hearings=[make_hearing()])) == expected


@pytest.mark.parametrize(
    "status",
    [status for status in HearingStatus if status not in (HearingStatus.agreed, HearingStatus.ready)],
)
def test_only_hearings_that_are_to_come_have_reminders(status: HearingStatus) -> None:
    assert due(START + DAY, Rows(hearings=[make_hearing(status=status)])) == []


def test_only_a_ready_hearings_lobby_may_be_opened() -> None:
    found = kinds(START, Rows(hearings=[make_hearing(status=HearingStatus.agreed)]))
    assert "opening" not in found
    assert "reminder_hour RO" in found


def test_what_would_have_been_due_before_the_hearing_was_made_never_is() -> None:
    hearing = make_hearing(created_at=START - 3 * DAY)
    found = kinds(START, Rows(hearings=[hearing]))
    assert found == ["reminder_day RO", "reminder_day TH", "reminder_hour RO", "reminder_hour TH", "opening"]


def test_a_hearing_that_moves_has_new_reminders() -> None:
    first = due(START, Rows(hearings=[make_hearing(id="h")]))
    moved = make_hearing(id="h", starts_at=START + DAY, ends_at=START + DAY + HOUR)
    second = due(START + DAY, Rows(hearings=[moved]))
    assert [one.kind for one in first] == [one.kind for one in second]
    assert len({one.key for one in (*first, *second)}) == 14
    assert {later.due_at - before.due_at for before, later in zip(first, second, strict=True)} == {DAY}


# --- requests ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "at", "expected"),
    [
        ({"status": R.received, "answer_due": NOW}, NOW - 3 * DAY - SECOND, []),
        ({"status": R.received, "answer_due": NOW}, NOW - 3 * DAY, ["answer_near"]),
        ({"status": R.under_review, "answer_due": NOW}, NOW, ["answer_near", "answer_overdue"]),
        (
            {"status": R.under_review, "answer_due": NOW},
            NOW + 14 * DAY,
            ["answer_near", "answer_overdue", "escalation"],
        ),
        ({"status": R.accepted, "answer_due": NOW}, NOW + 14 * DAY, []),
        ({"status": R.received, "receipt_due": NOW, "submitted_at": NOW}, NOW - 3 * DAY, ["receipt_near"]),
        ({"status": R.received, "receipt_due": NOW, "submitted_at": NOW}, NOW, ["receipt_near", "receipt_overdue"]),
        ({"status": R.under_review, "receipt_due": NOW, "submitted_at": NOW}, NOW, []),
        ({"status": R.accepted, "execution_due": NOW}, NOW - 3 * DAY, ["execution_near"]),
        ({"status": R.executing, "execution_due": NOW}, NOW, ["execution_near", "execution_overdue"]),
        ({"status": R.executed, "execution_due": NOW}, NOW, []),
        ({"status": R.draft, "submitted_at": None}, NOW + 90 * DAY, []),
        ({"status": R.received, "submitted_at": NOW}, NOW + 30 * DAY - SECOND, []),
        ({"status": R.received, "submitted_at": NOW}, NOW + 30 * DAY, ["escalation"]),
        ({"status": R.information_requested, "info_due": NOW}, NOW, ["info_near", "info_overdue"]),
        ({"status": R.under_review, "info_due": NOW, "submitted_at": NOW}, NOW, []),
        ({"status": R.accepted, "oral": True, "written_due": NOW}, NOW - DAY, ["written_near"]),
        ({"status": R.accepted, "oral": True, "written_due": NOW}, NOW, ["written_near", "written_overdue"]),
        ({"status": R.accepted, "oral": True, "written_due": NOW, "written_confirmed_at": NOW}, NOW, []),
        ({"status": R.withdrawn, "oral": True, "written_due": NOW}, NOW, []),
        ({"status": R.postponed, "review_due": NOW}, NOW, ["review_due"]),
        ({"status": R.under_review, "review_due": NOW, "submitted_at": NOW}, NOW, []),
    ],
)
def test_dates_of_a_request(row: dict[str, object], at: datetime, expected: list[str]) -> None:
    assert kinds(at, Rows(requests=[make_request(**row)])) == expected


# --- recordings, installation ------------------------------------------------------------------------------------


def test_a_recording_is_audited_every_thirty_days_and_reviewed_after_ten_years() -> None:
    rows = Rows(recordings=[stored("x", NOW)])
    assert due(NOW + 30 * DAY - SECOND, rows) == []
    (first,) = due(NOW + 30 * DAY, rows)
    assert (first.key, first.due_at) == ("custody_audit:x:1", NOW + 30 * DAY)
    assert [one.key for one in due(NOW + 89 * DAY, rows)] == ["custody_audit:x:2"]
    late = due(NOW + 3653 * DAY, rows)
    assert {one.kind for one in late} == {K.custody_audit, K.retention_review}


@pytest.mark.parametrize(
    ("code", "after", "key"),
    [
        ("standard", 9.9, None),
        ("standard", 10, "retention_review:x:10"),
        ("standard", 14.9, "retention_review:x:10"),
        ("standard", 15, "retention_review:x:10:2"),
        ("standard", 26, "retention_review:x:10:4"),
        ("short", 10, "retention_review:x:5:2"),
        ("historical", 109, "retention_review:x:100"),
        ("historical", 110, "retention_review:x:100:2"),
    ],
)
def test_every_review_of_a_retention_falls_due_under_a_key_of_its_own(code: str, after: float, key: str | None) -> None:
    rows = Rows(recordings=[stored("x", NOW, code)])
    found = [one for one in due(NOW + after * YEAR, rows) if one.kind is K.retention_review]
    assert [one.key for one in found] == ([key] if key else [])
    assert all(one.due_at <= NOW + after * YEAR < one.due_at + 10 * YEAR for one in found)


def test_what_cannot_be_opened_any_more_is_not_reviewed() -> None:
    rows = Rows(recordings=[replace(stored("x", NOW), gone=True)])
    assert {one.kind for one in due(NOW + 11 * YEAR, rows)} == {K.custody_audit}


def test_a_copy_that_is_owed_is_told_once_it_is_sealed_and_again_once_it_is_overdue() -> None:
    owed = replace(stored("x", NOW), copy_until=NOW + 14 * DAY)
    assert [(one.key, one.useful_until) for one in due(NOW, Rows(recordings=[owed]))] == [
        ("copy_owed:x", NOW + 14 * DAY)
    ]
    late = due(NOW + 14 * DAY, Rows(recordings=[owed]))
    assert [one.kind for one in late] == [K.copy_owed, K.copy_overdue]
    assert late[1].key == f"copy_overdue:x:{int((NOW + 14 * DAY).timestamp())}"
    for row in (stored("x", NOW), replace(owed, gone=True)):
        assert due(NOW + 14 * DAY, Rows(recordings=[row])) == []


def test_periodic_actions_are_those_of_the_present_period() -> None:
    found = {one.kind: one.key for one in due(EPOCH + 10 * DAY + 5 * HOUR, Rows(installation=True))}
    assert found == {
        K.calendar_sweep: "calendar_sweep:245",
        K.priorities: "priorities:10",
        K.timezone_check: "timezone_check:10",
        K.clean_up: "clean_up:10",
    }


def test_whatever_can_be_missed_says_why() -> None:
    everything = due(START + 400 * DAY, sample())
    assert {one.kind for one in everything if one.useful_until is not None} == set(MISSED)
    assert all(one.useful_until is None or one.useful_until >= one.due_at for one in everything)


# --- properties --------------------------------------------------------------------------------------------------

ZONES = [
    "Europe/Bucharest",
    "Asia/Bangkok",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Pacific/Apia",
]
instants = st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
PERIODIC = {K.custody_audit, K.retention_review, K.calendar_sweep, K.priorities, K.timezone_check, K.clean_up}


def stored(name: str, closed_at: datetime, code: str = STANDARD) -> StoredRecording:
    kept = CLASSES[code].of(closed_at)
    return StoredRecording(id=name, owner_state="RO", closed_at=closed_at, hearing_ref="7F3K-22QD", retention=kept)


def sample() -> Rows:
    return Rows(
        hearings=[make_hearing()],
        requests=[
            make_request(status=R.under_review, answer_due=NOW),
            make_request(status=R.information_requested, info_due=NOW, oral=True, written_due=NOW),
            make_request(status=R.postponed, review_due=NOW),
            make_request(status=R.received, receipt_due=NOW),
            make_request(status=R.accepted, execution_due=NOW),
        ],
        recordings=[replace(stored("x", NOW), copy_until=NOW + DAY)],
        installation=True,
    )


@st.composite
def rows(draw: st.DrawFn) -> Rows:
    hearings: list[Hearing] = []
    for number in range(draw(st.integers(0, 3))):
        start = draw(instants)
        hearings.append(
            make_hearing(
                id=f"h{number}",
                starts_at=start,
                ends_at=start + HOUR,
                requesting_zone=draw(st.sampled_from(ZONES)),
                requested_zone=draw(st.sampled_from(ZONES)),
                status=draw(st.sampled_from(HearingStatus)),
                created_at=draw(instants),
            )
        )
    requests = [
        make_request(
            id=f"r{number}",
            status=draw(st.sampled_from(RequestStatus)),
            answer_due=draw(st.none() | instants),
            info_due=draw(st.none() | instants),
            review_due=draw(st.none() | instants),
            written_due=draw(st.none() | instants),
            created_at=draw(instants),
        )
        for number in range(draw(st.integers(0, 3)))
    ]
    recordings = [stored(f"x{number}", draw(instants)) for number in range(draw(st.integers(0, 2)))]
    return Rows(hearings=hearings, requests=requests, recordings=recordings, installation=draw(st.booleans()))


@settings(max_examples=60, deadline=None)
@given(rows(), instants, instants)
def test_due_is_monotone_and_every_key_is_there_once(some: Rows, one: datetime, other: datetime) -> None:
    early, late = sorted((one, other))
    before, after = due(early, some, POLICY), due(late, some, POLICY)
    for found, now in ((before, early), (after, late)):
        assert len({action.key for action in found}) == len(found)
        assert all(action.due_at <= now for action in found)
    once = {action.key for action in before if action.kind not in PERIODIC}
    assert once <= {action.key for action in after}
    # Of a periodic action there is one, and its number does not fall.
    assert len([one for one in after if one.kind is K.clean_up]) == int(some.installation)
    assert {number(one) for one in before if one.kind is K.clean_up} <= {
        n for one in after if one.kind is K.clean_up for n in range(number(one) + 1)
    }


def number(action: Action) -> int:
    return int(action.key.split(":")[-1])


@settings(max_examples=60, deadline=None)
@given(rows(), st.lists(instants, min_size=1, max_size=8))
def test_nothing_is_lost_or_done_twice_for_any_sequence_of_clock_steps(some: Rows, steps: Sequence[datetime]) -> None:
    claimed: dict[str, datetime] = {}
    for now in steps:
        for action in due(now, some):
            claimed.setdefault(action.key, now)
    for now in steps:
        assert {action.key for action in due(now, some)} <= set(claimed)
    furthest = {one.key for one in due(max(steps), some) if one.kind not in PERIODIC}
    assert {key for key in claimed if Kind(key.split(":")[0]) not in PERIODIC} == furthest
