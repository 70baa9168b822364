"""The docket planned as a whole: against brute force, first-come order, and what cannot be planned."""

import itertools
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from hearings.errors import Invalid, NaiveTime, PlanningMissing
from hearings.times import docket
from hearings.times.docket import Docket, Job, Placed, PlannedResource, by_priority, delay, described
from hearings.times.interpreters import Interpreter, RestRules
from hearings.times.solver import compare

NINE = datetime(2027, 1, 11, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
UNTIL = NINE + timedelta(days=5)


def hours(*numbers: int) -> tuple[datetime, ...]:
    return tuple(NINE + number * HOUR for number in numbers)


def job(
    name: str, *, priority: int = 5, starts: tuple[datetime, ...] = hours(0), received: int = 0, **other: Any
) -> Job:
    other.setdefault("needs", (("room",),))
    other.setdefault("duration", HOUR)
    return Job(id=name, priority=priority, starts=starts, received=NINE - timedelta(days=30 - received), **other)


def room(name: str = "room", **other: Any) -> PlannedResource:
    return PlannedResource(id=name, kind=other.pop("kind", "room"), **other)


def interpreter(
    name: str = "room", *, cap: int, gap: int = 0, busy: tuple[tuple[datetime, datetime], ...] = (), **other: Any
) -> PlannedResource:
    """Somebody who works so many minutes a day."""
    spans = tuple((int(since.timestamp()), int(until.timestamp())) for since, until in busy)
    rest = RestRules(solo_speech=40, solo_pause=10, daily_cap=cap, gap=gap)
    diary = Interpreter(zone="Africa/Abidjan", rest=rest, busy=spans, work=spans, **other)
    return PlannedResource(id=name, kind="interpreter", busy=busy, interpreter=diary)


def plan(jobs: list[Job], resources: list[PlannedResource], **other: Any) -> Docket:
    return Docket(jobs=tuple(jobs), resources=tuple(resources), until=UNTIL, **other)


def times(found: docket.Plan) -> dict[str, int]:
    """Hours after nine, by request."""
    return {placement.job: int((placement.start - NINE) / HOUR) for placement in found.placements}


# --- brute force -------------------------------------------------------------------------------------------------


def fits(asked: Docket, placed: Placed) -> bool:
    """Whether no resource is used twice at once, when it is booked, or longer than it may."""
    jobs = {one.id: one for one in asked.jobs}
    for resource in asked.resources:
        spans = list(resource.busy)
        work: dict[str, timedelta] = {}
        for since, until in resource.busy:
            work[f"{since:%Y-%m-%d}"] = work.get(f"{since:%Y-%m-%d}", timedelta()) + (until - since)
        for name, (start, used) in placed.items():
            if resource.id in used:
                spans.append((start, start + jobs[name].duration))
                date = f"{start:%Y-%m-%d}"
                work[date] = work.get(date, timedelta()) + jobs[name].duration
        own = spans[len(resource.busy) :]
        rest = resource.interpreter.rest if resource.interpreter else None
        apart = asked.margin + timedelta(minutes=rest.gap if rest else 0)
        for one, other in itertools.combinations(spans, 2):
            if (one in own or other in own) and one[0] < other[1] + apart and other[0] < one[1] + apart:
                return False
        if rest and own and any(total > timedelta(minutes=rest.daily_cap) for total in work.values()):
            return False
    return True


def every(asked: Docket) -> Iterator[Placed]:
    options: list[list[tuple[datetime, tuple[str, ...]] | None]] = [
        [None]
        + [
            (start, used)
            for start in one.starts
            for used in itertools.product(*one.needs)
            if len(set(used)) == len(used)
        ]
        for one in asked.jobs
    ]
    for choice in itertools.product(*options):
        placed = {one.id: taken for one, taken in zip(asked.jobs, choice, strict=True) if taken is not None}
        if fits(asked, placed):
            yield placed


def worth(asked: Docket, placed: Placed) -> list[tuple[float, ...]]:
    """For each priority, highest first: how many, their delay, then the earlier received first. Less is better."""
    order = by_priority(asked)
    found: list[tuple[float, ...]] = []
    for level in dict.fromkeys(one.priority for one in order):
        ranked = list(enumerate(reversed([one for one in order if one.priority == level]), 1))
        there = [(rank, delay(asked, one, placed) / HOUR) for rank, one in ranked if one.id in placed]
        found.append(
            (
                -len(there),
                sum(wait for _rank, wait in there),
                -sum(rank for rank, _wait in there),
                sum(rank * wait for rank, wait in there),
            )
        )
    return found


@st.composite
def dockets(draw: st.DrawFn) -> Docket:
    names = ["a", "b", "c"][: draw(st.integers(1, 3))]
    resources = []
    for name in names:
        busy = tuple((at, at + HOUR) for at in hours(*draw(st.lists(st.integers(0, 4), max_size=1))))
        cap = draw(st.sampled_from([0, 0, 120, 180]))
        gap = draw(st.sampled_from([0, 30]))
        resources.append(interpreter(name, cap=cap, gap=gap, busy=busy) if cap else room(name, busy=busy))
    jobs = [
        job(
            f"j{number}",
            priority=draw(st.integers(0, 2)),
            received=draw(st.integers(0, 3)),
            duration=draw(st.sampled_from([1, 2])) * HOUR,
            starts=hours(*draw(st.lists(st.integers(0, 4), max_size=3, unique=True))),
            needs=tuple(
                tuple(draw(st.lists(st.sampled_from(names), min_size=1, max_size=2, unique=True)))
                for _ in range(draw(st.integers(1, 2)))
            ),
        )
        for number in range(draw(st.integers(1, 4)))
    ]
    return plan(jobs, resources, margin=draw(st.sampled_from([0, 15])) * timedelta(minutes=1))


@settings(max_examples=60, deadline=None)
@given(dockets())
def test_no_plan_is_better_than_the_one_found(asked: Docket) -> None:
    found = compare(asked)
    for one in (found.best, found.first_come):
        assert fits(asked, {place.job: (place.start, place.resources) for place in one.placements})
        assert {place.job for place in one.placements} | {left.job for left in one.unplaced} == {
            each.id for each in asked.jobs
        }
    best = {place.job: (place.start, place.resources) for place in found.best.placements}
    assert found.best.proven
    assert worth(asked, best) == min(worth(asked, placed) for placed in every(asked))


@settings(max_examples=25, deadline=None)
@given(dockets())
def test_lower_priorities_cost_the_higher_ones_nothing(asked: Docket) -> None:
    top = max(one.priority for one in asked.jobs)
    alone = plan([one for one in asked.jobs if one.priority == top], list(asked.resources), margin=asked.margin)
    together = {placement.job: (placement.start, placement.resources) for placement in compare(asked).best.placements}
    apart = {placement.job: (placement.start, placement.resources) for placement in compare(alone).best.placements}
    assert worth(asked, together)[0] == worth(alone, apart)[0]


# --- by hand -----------------------------------------------------------------------------------------------------


def test_the_urgent_goes_first_though_it_came_last() -> None:
    old = job("old", priority=1, starts=hours(0, 1))
    urgent = job("urgent", priority=9, starts=hours(0, 1), received=9)
    found = compare(plan([old, urgent], [room()]))
    assert times(found.best) == {"urgent": 0, "old": 1}
    assert times(found.first_come) == {"old": 0, "urgent": 1}
    (later,) = [placement for placement in found.best.placements if placement.job == "old"]
    assert later.not_earlier == (docket.Blocked(start=NINE, by=("urgent",)),)
    assert (found.best.figures.weighted_delay_hours, found.first_come.figures.weighted_delay_hours) == (2.0, 10.0)


def test_of_two_alike_the_earlier_received_gets_the_only_time() -> None:
    asked = plan([job("second", received=2), job("first", received=1)], [room()])
    found = compare(asked).best
    assert times(found) == {"first": 0}
    assert found.unplaced == (docket.Unplaced(job="second", why="taken", by=("first",)),)


def test_more_are_placed_than_in_first_come_order() -> None:
    jobs = [job("wide", starts=hours(0, 1)), job("narrow", starts=hours(0), received=1)]
    found = compare(plan(jobs, [room()]))
    assert times(found.best) == {"narrow": 0, "wide": 1}
    assert (found.best.figures.placed, found.first_come.figures.placed) == (2, 1)
    assert found.best.figures.utilisation == {"room": 1.0}
    assert found.first_come.figures.utilisation == {"room": 0.5}


def test_a_room_and_two_interpreters_are_three_different_resources() -> None:
    needs = (("r1",), ("i1", "i2"), ("i1", "i2"))
    interpreters = [interpreter("i1", cap=240), interpreter("i2", cap=240)]
    found = compare(plan([job("a", needs=needs)], [room("r1"), *interpreters])).best
    assert sorted(found.placements[0].resources) == ["i1", "i2", "r1"]
    alone = compare(plan([job("a", needs=(*needs[:2], ("i1",), ("i1",)))], [room("r1"), *interpreters])).best
    assert alone.unplaced == (docket.Unplaced(job="a", why="no_resource"),)


def test_an_interpreter_works_no_longer_in_a_day_than_may_be() -> None:
    jobs = [job(name, starts=hours(at, at + 24)) for name, at in (("a", 0), ("b", 2), ("c", 4))]
    found = compare(plan(jobs, [interpreter(cap=120)])).best
    assert sorted(times(found).values()) in ([0, 2, 28], [0, 4, 26], [2, 4, 24])


def test_why_there_is_no_time() -> None:
    jobs = [job("none", starts=()), job("shut"), job("long", duration=3 * HOUR, starts=hours(4))]
    found = compare(plan(jobs, [interpreter(busy=((NINE, NINE + HOUR),), cap=120)])).best
    assert {one.job: one.why for one in found.unplaced} == {"none": "no_start", "shut": "booked", "long": "booked"}
    assert compare(plan([], [])).best.placements == ()


def test_margins_lie_between_two_uses() -> None:
    jobs = [job("a", starts=hours(0)), job("b", starts=hours(1, 2))]
    found = compare(plan(jobs, [room()], margin=timedelta(minutes=15))).best
    assert times(found) == {"a": 0, "b": 2}


def test_an_interpreter_has_a_gap_besides_the_margin_her_languages_and_an_accreditation() -> None:
    pair = ("ro", "th")
    jobs = [job("a", starts=hours(0), languages=pair), job("b", starts=hours(1, 2), languages=pair)]
    able = frozenset({pair, pair[::-1]})
    assert times(compare(plan(jobs, [interpreter(cap=240, gap=30, pairs=able)])).best) == {"a": 0, "b": 2}
    for lacking in ({"pairs": frozenset({pair})}, {"pairs": able, "accredited_until": NINE.date() - timedelta(days=1)}):
        found = compare(plan(jobs, [interpreter(cap=240, **lacking)])).best
        assert {one.why for one in found.unplaced} == {"booked"} and not found.placements


def test_work_over_midnight_counts_for_both_days() -> None:
    jobs = [job("a", starts=hours(13), duration=4 * HOUR), job("b", starts=hours(34), duration=3 * HOUR)]
    # From 22:00 to 02:00, then from 19:00 to 22:00: five hours of the second day.
    found = compare(plan(jobs, [interpreter(cap=240)])).best
    assert (len(found.placements), [one.why for one in found.unplaced]) == (1, ["taken"])
    assert len(compare(plan(jobs, [interpreter(cap=300)])).best.placements) == 2


def test_the_same_docket_gives_the_same_plan() -> None:
    asked = many(12)
    assert compare(asked) == compare(asked)


def many(count: int) -> Docket:
    """A week of hours, three rooms, four interpreters."""
    starts = [NINE + timedelta(days=day, hours=hour) for day in range(5) for hour in range(7)]
    resources = [room(f"r{one}") for one in range(3)]
    resources += [interpreter(f"i{one}", cap=240) for one in range(4)]
    jobs = [
        job(
            f"j{one:03}",
            priority=one * 7 % 4,
            received=one % 11,
            starts=tuple(starts[one % 5 :: 2]),
            duration=HOUR * (1 + one % 2),
            needs=(("r0", "r1", "r2"), tuple(f"i{each}" for each in range(4) if (one + each) % 3)),
        )
        for one in range(count)
    ]
    return plan(jobs, resources)


def test_a_solver_out_of_time_still_gives_a_whole_plan_and_does_not_call_it_proven() -> None:
    asked = many(12)
    began = time.process_time()  # what others do to the machine does not count
    found = compare(asked, seconds=0.0).best
    assert time.process_time() - began < 5
    assert (found.proven, len(found.placements)) == (False, 12)
    assert times(found) == times(described(asked, docket.fill(asked, {}, by_priority(asked))))


def test_what_cannot_be_planned_is_refused() -> None:
    with pytest.raises(NaiveTime):
        plan([job("a", starts=(NINE.replace(tzinfo=None),))], [room()])
    for jobs, resources in (
        ([job("a"), job("a")], [room()]),
        ([job("a")], [room(), room()]),
        ([job("a")], [room("other")]),
        ([job("a", duration=timedelta())], [room()]),
        ([job("a", duration=timedelta(seconds=90))], [room()]),
        ([job(f"j{one}") for one in range(docket.MOST_JOBS + 1)], [room()]),
    ):
        with pytest.raises(Invalid):
            plan(jobs, resources)


def _work(found: docket.Plan) -> dict[str, int]:
    """Sittings by resource."""
    used = [each for placement in found.placements for each in placement.resources]
    return {each: used.count(each) for each in sorted(set(used))}


def test_interpreters_share_the_work_and_what_is_booked_already_counts() -> None:
    both = (("ana", "ion"),)
    jobs = [job(f"j{n}", starts=hours(24 * n), needs=both) for n in range(4)]
    free = [interpreter("ana", cap=240), interpreter("ion", cap=240)]
    found = compare(plan(jobs, free))
    assert (_work(found.best), found.best.proven) == ({"ana": 2, "ion": 2}, True)
    assert _work(found.first_come) == {"ana": 2, "ion": 2}
    booked = (NINE + 5 * HOUR, NINE + 7 * HOUR)
    found = compare(plan(jobs, [interpreter("ana", cap=240, busy=(booked,)), interpreter("ion", cap=240)]))
    assert _work(found.best) == {"ana": 1, "ion": 3}


def test_work_is_shared_only_with_who_can_take_it_and_no_time_changes() -> None:
    jobs = [
        job("early", starts=hours(0), needs=(("ana", "ion"),)),
        job("same hour", starts=hours(0), needs=(("ion",),)),
        job("only ana", starts=hours(24), needs=(("ana",),)),
        job("team", starts=hours(48), needs=(("ana", "ion"), ("ion", "ana"))),
    ]
    asked = plan(jobs, [interpreter("ana", cap=60), interpreter("ion", cap=60)])
    found = compare(asked)
    assert times(found.best) == {"early": 0, "same hour": 0, "only ana": 24, "team": 48}
    placed = {each.job: (each.start, each.resources) for each in found.best.placements}
    assert placed["early"][1] == ("ana",) and set(placed["team"][1]) == {"ana", "ion"}
    assert fits(asked, placed)


def test_rooms_are_not_shared_out() -> None:
    jobs = [job(f"j{n}", starts=hours(24 * n), needs=(("one", "two"),)) for n in range(3)]
    assert _work(compare(plan(jobs, [room("one"), room("two")])).best) == {"one": 3}


def test_without_the_solver_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ortools.sat.python", None)
    with pytest.raises(PlanningMissing, match="ortools"):
        compare(plan([job("a")], [room()]))
