"""Wall time to UTC and back, where the clocks skip, and where they show a time twice."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from hearings import clocks, reference
from hearings.errors import AmbiguousTime, Invalid, NaiveTime, NonexistentTime, UnknownZone


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "zone", "instant"),
    [
        ("2026-12-02T09:00", "Europe/Bucharest", "2026-12-02T07:00"),
        ("2026-12-02T14:00", "Asia/Bangkok", "2026-12-02T07:00"),
        ("2027-07-01T09:00", "Europe/Bucharest", "2027-07-01T06:00"),
        ("2026-12-02T09:00", "Asia/Kolkata", "2026-12-02T03:30"),
        ("2026-12-02T09:00", "Australia/Sydney", "2026-12-01T22:00"),
        # No clock change in Brazil since 2019.
        ("2026-12-02T09:00", "America/Sao_Paulo", "2026-12-02T12:00"),
        ("2027-03-28T02:59", "Europe/Bucharest", "2027-03-28T00:59"),
        ("2027-03-28T04:00", "Europe/Bucharest", "2027-03-28T01:00"),
        ("2027-10-31T02:59", "Europe/Bucharest", "2027-10-30T23:59"),
        ("2027-10-31T04:00", "Europe/Bucharest", "2027-10-31T02:00"),
    ],
)
def test_a_wall_time_is_an_instant(at: str, zone: str, instant: str) -> None:
    assert clocks.to_utc(wall(at), zone) == utc(instant)


@pytest.mark.parametrize(
    ("at", "zone", "before", "after"),
    [
        ("2027-03-28T03:30", "Europe/Bucharest", "2027-03-28T02:59:59+02:00", "2027-03-28T04:00:00+03:00"),
        ("2027-03-28T03:00", "Europe/Bucharest", "2027-03-28T02:59:59+02:00", "2027-03-28T04:00:00+03:00"),
        ("2027-03-28T03:59:59", "Europe/Bucharest", "2027-03-28T02:59:59+02:00", "2027-03-28T04:00:00+03:00"),
        ("2027-03-28T02:30", "Europe/Paris", "2027-03-28T01:59:59+01:00", "2027-03-28T03:00:00+02:00"),
        # Midnight itself did not exist.
        ("2018-11-04T00:30", "America/Sao_Paulo", "2018-11-03T23:59:59-03:00", "2018-11-04T01:00:00-02:00"),
        # Half an hour only.
        ("2027-10-03T02:15", "Australia/Lord_Howe", "2027-10-03T01:59:59+10:30", "2027-10-03T02:30:00+11:00"),
        # A whole day did not exist.
        ("2011-12-30T12:00", "Pacific/Apia", "2011-12-29T23:59:59-10:00", "2011-12-31T00:00:00+14:00"),
    ],
)
def test_a_time_the_clocks_skip_is_refused_with_both_neighbours(at: str, zone: str, before: str, after: str) -> None:
    for fold in (None, 0, 1):
        with pytest.raises(NonexistentTime) as refusal:
            clocks.to_utc(wall(at), zone, fold)
        assert refusal.value.before.isoformat() == before
        assert refusal.value.after.isoformat() == after
    assert zone in str(refusal.value)
    assert before[11:19] in str(refusal.value)


@pytest.mark.parametrize(
    ("at", "zone", "first", "second"),
    [
        ("2027-10-31T03:30", "Europe/Bucharest", "2027-10-31T00:30", "2027-10-31T01:30"),
        ("2027-10-31T03:00", "Europe/Bucharest", "2027-10-31T00:00", "2027-10-31T01:00"),
        ("2018-02-17T23:30", "America/Sao_Paulo", "2018-02-18T01:30", "2018-02-18T02:30"),
        ("2027-04-04T01:45", "Australia/Lord_Howe", "2027-04-03T14:45", "2027-04-03T15:15"),
    ],
)
def test_a_time_the_clocks_show_twice_needs_to_be_told_apart(at: str, zone: str, first: str, second: str) -> None:
    with pytest.raises(AmbiguousTime) as refusal:
        clocks.to_utc(wall(at), zone)
    assert refusal.value.first.astimezone(UTC) == utc(first)
    assert refusal.value.second.astimezone(UTC) == utc(second)
    assert f"{refusal.value.first:%z}" in str(refusal.value)
    assert f"{refusal.value.second:%z}" in str(refusal.value)
    assert clocks.to_utc(wall(at), zone, 0) == utc(first)
    assert clocks.to_utc(wall(at), zone, 1) == utc(second)
    with pytest.raises(Invalid, match="State which: 0 for the first, 1 for the second"):
        clocks.to_utc(wall(at), zone, 2)


@pytest.mark.parametrize(
    "name",
    [
        *("GMT+3", "Etc/GMT+3", "Etc/../Europe/Paris", "posixrules", "UTC", "localtime", "", "Europe", "EST5EDT"),
        *("../../etc/passwd", "/etc/localtime", "Europe/Nowhere", "Europe/Paris\0", "europe/paris"),
    ],
)
def test_what_is_not_the_zone_of_a_place_is_refused(name: str) -> None:
    with pytest.raises(UnknownZone):
        clocks.zone(name)


def test_a_wall_time_with_an_offset_is_refused() -> None:
    with pytest.raises(NaiveTime):
        clocks.to_utc(utc("2026-12-02T09:00"), "Europe/Bucharest")


def test_an_instant_without_zone_is_refused() -> None:
    with pytest.raises(NaiveTime):
        clocks.local_time(wall("2026-12-02T09:00"), city="Bucharest", zone_name="Europe/Bucharest")


def test_a_local_time_never_stands_without_city_and_offset() -> None:
    shown = clocks.local_time(utc("2026-12-02T07:00"), city="Bangkok", zone_name="Asia/Bangkok")
    assert str(shown) == "2026-12-02 14:00 Bangkok (+07:00)"
    assert (shown.offset, shown.zone) == ("+07:00", "Asia/Bangkok")
    assert clocks.local_time(utc("2026-12-02T07:00"), city="X", zone_name="Asia/Kolkata").offset == "+05:30"


def test_the_version_of_the_data_is_known() -> None:
    version = clocks.tzdb_version()
    assert version[:4].isdigit()
    assert version >= "2024a"


ZONES = ["Europe/Bucharest", "Asia/Bangkok", "America/Sao_Paulo", "Australia/Lord_Howe", "America/Mexico_City"]


@given(
    st.datetimes(datetime(2018, 1, 1), datetime(2030, 1, 1)),  # noqa: DTZ001 (wall times)
    st.sampled_from(ZONES),
    st.sampled_from([0, 1]),
)
def test_there_and_back_or_a_gap_that_the_time_lies_in(at: datetime, zone: str, fold: int) -> None:
    try:
        instant = clocks.to_utc(at, zone, fold)
    except NonexistentTime as gap:
        assert gap.before.replace(tzinfo=None) < at < gap.after.replace(tzinfo=None)
        assert gap.after.astimezone(UTC) - gap.before.astimezone(UTC) == timedelta(seconds=1)
        return
    shown = clocks.local_time(instant, city="", zone_name=zone).datetime
    assert shown.replace(tzinfo=None, fold=0) == at


def test_the_data_say_which_version_a_state_needs_and_why() -> None:
    rows = reference.defaults()["tzdata_by_state"]
    assert rows
    for row in rows:
        state, version = row["state"], row["version"]
        assert reference.jurisdiction(state).state == state
        assert row["reason"] and row["source"]
        assert row["confidence"] in reference.enums()["confidence"]
        assert clocks.too_old(state, version) == ""
        assert clocks.too_old(state, f"{int(version[:4]) - 1}z") == version
    assert clocks.too_old("RO", "1999a") == ""
