"""What speaks against an interpreter, against an oracle that counts minute by minute on the clock of her zone."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings, strategies as st

from hearings.times import interpreters
from hearings.times.calendars import Span, merged
from hearings.times.interpreters import Interpreter, InterpreterNeed, RestRules, objections, rules

MINUTE = 60
ZONES = ("Europe/Bucharest", "Asia/Bangkok", "Asia/Kathmandu", "America/New_York", "Pacific/Chatham")
STARTS = ("2027-03-27", "2027-10-30", "2027-11-06", "2027-01-05")
TAGS = ("ro", "th", "en", "en-GB", "pt-BR")


def ts(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


@st.composite
def cases(draw: st.DrawFn) -> tuple[Interpreter, InterpreterNeed, int]:
    base = ts(f"{draw(st.sampled_from(STARTS))}T00:00Z")
    spans = merged(
        [
            (base + 900 * at, base + 900 * (at + length))
            for at, length in draw(st.lists(st.tuples(st.integers(0, 190), st.integers(1, 14)), max_size=5))
        ]
    )
    first = datetime.fromtimestamp(base, UTC).date()
    rest = RestRules(
        solo_speech=40,
        solo_pause=10,
        daily_cap=draw(st.sampled_from([60, 120, 240])),
        gap=draw(st.sampled_from([0, 30])),
    )
    who = Interpreter(
        zone=draw(st.sampled_from(ZONES)),
        rest=rest,
        pairs=frozenset(draw(st.lists(st.tuples(st.sampled_from(TAGS), st.sampled_from(TAGS)), max_size=8))),
        accredited=draw(st.booleans()),
        accredited_until=draw(st.none() | st.integers(-1, 3).map(lambda days: first + timedelta(days=days))),
        busy=spans,
        work=tuple((begin, end - 300) for begin, end in spans),
    )
    need = InterpreterNeed(
        length=60 * draw(st.sampled_from([15, 45, 60, 150, 300])),
        before=60 * draw(st.sampled_from([0, 15, 45])),
        after=60 * draw(st.sampled_from([0, 15])),
        languages=draw(st.none() | st.tuples(st.sampled_from(TAGS), st.sampled_from(TAGS))),
    )
    return who, need, base + 900 * draw(st.integers(0, 200))


def days(zone: str, spans: list[Span]) -> dict[date, int]:
    """Minutes by the date a clock on the wall shows."""
    found: dict[date, int] = {}
    for begin, end in spans:
        for at in range(begin, end, MINUTE):
            day = datetime.fromtimestamp(at, ZoneInfo(zone)).date()
            found[day] = found.get(day, 0) + 1
    return found


def oracle(who: Interpreter, need: InterpreterNeed, start: int) -> set[str]:
    found = set()
    end = start + need.length
    if need.languages is not None:
        one, other = (tag[:2] for tag in need.languages)
        able = [(source[:2], target[:2]) for source, target in who.pairs]
        if one != other and not ((one, other) in able and (other, one) in able):
            found.add("language_pair_missing")
    if not who.accredited:
        found.add("not_accredited")
    ours = days(who.zone, [(start, end)])
    if who.accredited_until is not None and max(ours) > who.accredited_until:
        found.add("accreditation_ended")
    kept = [(begin, until) for begin, until in who.busy]
    gap = who.rest.gap * 60
    if any(begin - gap < end + need.after and start - need.before < until + gap for begin, until in kept):
        found.add("rest")
    used = days(who.zone, list(who.work))
    if any(minutes + used.get(day, 0) > who.rest.daily_cap for day, minutes in ours.items()) or (
        need.length > who.rest.daily_cap * 60
    ):
        found.add("daily_cap")
    return found


@settings(max_examples=300, deadline=None)
@given(cases())
def test_what_speaks_against_an_interpreter_is_what_a_clock_and_a_list_say(
    case: tuple[Interpreter, InterpreterNeed, int],
) -> None:
    assert set(objections(*case)) == oracle(*case)


@pytest.mark.parametrize(
    ("start", "codes"),
    [
        ("2027-01-05T10:00Z", ()),
        ("2027-01-05T09:45Z", ("rest",)),
        ("2027-01-06T09:00Z", ("accreditation_ended",)),
        ("2027-01-05T21:30Z", ("accreditation_ended",)),
    ],
)
def test_an_interpreter_rests_half_an_hour_and_is_accredited_to_the_end_of_the_last_day(
    start: str, codes: tuple[str, ...]
) -> None:
    who = Interpreter(
        zone="Europe/Bucharest",
        rest=rules(),
        accredited_until=date(2027, 1, 5),
        busy=((ts("2027-01-05T07:00Z"), ts("2027-01-05T09:15Z")),),
        work=((ts("2027-01-05T07:15Z"), ts("2027-01-05T09:15Z")),),
    )
    # Two hours have been worked and one is asked for, fifteen minutes of margin before it.
    assert objections(who, InterpreterNeed(length=3600, before=900), ts(start)) == codes


def test_four_hours_of_sittings_are_allowed_in_a_day_whatever_their_margins() -> None:
    who = Interpreter(
        zone="Europe/Bucharest",
        rest=rules(),
        busy=((ts("2027-01-05T06:30Z"), ts("2027-01-05T09:45Z")),),
        work=((ts("2027-01-05T07:00Z"), ts("2027-01-05T09:00Z")),),
    )
    assert objections(who, InterpreterNeed(length=7200), ts("2027-01-05T10:15Z")) == ()
    assert objections(who, InterpreterNeed(length=7260), ts("2027-01-05T10:15Z")) == ("daily_cap",)
    assert objections(who, InterpreterNeed(length=7260), ts("2027-01-06T10:15Z")) == ()


def test_an_accreditation_without_an_end_in_sight_does_not_end() -> None:
    who = Interpreter(zone="Europe/Bucharest", rest=rules(), accredited_until=date.max)
    assert interpreters.objections(who, InterpreterNeed(length=3600), ts("2027-01-05T10:00Z")) == ()
