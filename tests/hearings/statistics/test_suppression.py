"""Small numbers in figures that others see, and what can be worked out of what is left."""

import random
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings, strategies as st

from hearings.db import Database
from hearings.law.law import LAW
from hearings.statistics import counting
from hearings.statistics.cells import Figure
from hearings.statistics.measures import MEASURES
from hearings.statistics.past import Past, PastRequest, PastStep
from hearings.statistics.suppression import LEAST, small, suppressed
from tests.support.random_past import kept, random_past

NOW = datetime(2028, 1, 10, 9, tzinfo=UTC)


def counted(*groups: int) -> list[Figure]:
    """A total, and its groups in one cut."""
    total = sum(groups)
    cells = [Figure("open", "stage", f"g{index}", number, number) for index, number in enumerate(groups)]
    return [Figure("open", "", "", total, total), *cells]


def worked_out(figures: Iterable[Figure]) -> list[str]:
    """What somebody can tell of the hidden groups who knows that each has a case: those with one possible number."""
    cells = list(figures)
    total = next(one for one in cells if not one.cut)
    if total.value is None:
        return []
    hidden = [one for one in cells if one.cut and one.value is None]
    left = total.cases - sum(one.cases for one in cells if one.cut)
    # Each of the hidden groups can have from 1 to what the others leave if they have 1 each.
    return [one.key for one in hidden if left - (len(hidden) - 1) <= 1]


@settings(max_examples=400, deadline=None)
@given(st.lists(st.integers(1, 12), min_size=1, max_size=8))
def test_no_small_group_is_shown_and_none_can_be_worked_out_from_the_total(groups: list[int]) -> None:
    shown = suppressed(counted(*groups))
    assert all(one.value is None or one.cases >= LEAST for one in shown)
    assert worked_out(shown) == []
    hidden = [one for one in shown if one.cut and one.value is None]
    assert len(hidden) != 1
    if min(groups) >= LEAST:
        assert shown == counted(*groups)


def test_one_small_group_takes_the_smallest_other_with_it() -> None:
    shown = {one.key: one.value for one in suppressed(counted(3, 30, 9))}
    assert shown == {"": 42, "g0": None, "g1": 30, "g2": None}


def test_groups_of_one_case_each_are_left_out_where_no_other_could_hide_them() -> None:
    assert suppressed(counted(1, 1, 1, 1, 1)) == [Figure("open", "", "", 5, 5)]


def test_a_small_total_leaves_out_its_groups_and_says_not_how_many() -> None:
    assert suppressed(counted(2, 2)) == [Figure("open", "", "", None, 0)]
    assert suppressed([Figure("open", "", "", 0, 0)]) == [Figure("open", "", "", 0, 0)]


def test_a_share_is_hidden_where_it_says_how_many_of_few() -> None:
    def share(hits: int, cases: int) -> Figure:
        return Figure("passed", "", "", 100 * hits / cases, cases, hits)

    assert [small(share(*one)) for one in ((0, 4), (3, 40), (37, 40), (20, 40), (0, 40), (40, 40))] == [
        *(True, True, True, False, False, False)
    ]


def test_counts_that_add_up_to_another_measure_hide_one_another() -> None:
    parts = [Figure(what, "", "", number, number) for what, number in (("a", 16), ("b", 4), ("c", 9))]
    shown = {one.what: one.value for one in suppressed(parts, partition=True)}
    assert shown == {"a": 16, "b": None, "c": None}


@pytest.mark.parametrize("seed", [1, 2])
async def test_of_a_real_past_others_see_no_small_figure_no_state_no_ground_and_no_division_of_work(
    database: Database, seed: int
) -> None:
    await kept(database, random_past(seed, random.Random(seed).randrange(60, 90)))
    for state in ("", "TH"):
        async with database.reading() as db:
            past = await counting.read_year(db, year=2025, state=state, now=NOW)
        told = counting.for_others(past, 2025, state=state)
        assert {one.direction for one in told} == ({"received", "sent"} if state else {""})
        assert not {one.figure.cut for one in told} & {"state", "ground"}
        assert not [one for one in told if one.measure.own_only]
        assert all(one.figure.value is None or one.figure.cases in (0, *range(LEAST, 1000)) for one in told)
        assert any(one.figure.value is None for one in told) and any(one.figure.value for one in told)
        cells: dict[tuple[str, str], list[Figure]] = defaultdict(list)
        totals = {(one.direction, one.figure.what): one.figure for one in told if not one.figure.cut}
        for one in told:
            if one.figure.cut == "month" and one.figure.what == "submitted":
                cells[one.direction, one.figure.what].append(one.figure)
        for key, ones in cells.items():
            assert worked_out([totals[key], *ones]) == []


def published(accepted: int, conditions: int, refused: int) -> frozenset[tuple[object, ...]]:
    """All that others are told of a year with so many decisions, whichever of them each person could know."""
    ends = ["accepted"] * accepted + ["accepted_with_conditions"] * conditions + ["refused"] * refused
    requests = [_decided(number, end) for number, end in enumerate(ends)]
    past = Past(datetime(2026, 1, 1, tzinfo=UTC), requests, [], [], LAW)
    return frozenset((one.measure.id, *one.figure) for one in counting.for_others(past, 2025))


def _decided(number: int, end: str) -> PastRequest:
    at = datetime(2025, 3, 1, tzinfo=UTC)
    steps = (PastStep(at, "submitted", "draft"), PastStep(at + timedelta(days=9), end, "submitted"))
    return PastRequest(
        id=str(number), requesting_state="RO", requested_state="TH", instruments=("untoc",), offence_scope=(),
        capacity="witness", stage="trial", channel="central_authority", urgent=False, oral=False, in_custody=False,
        reason_no_attendance="", custody_limit=None, wanted_by=None, steps=steps,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("accepted", "conditions", "refused"), [(20, 6, 1), (5, 5, 1), (18, 5, 2), (12, 9, 4), (33, 11, 3)]
)
def test_nobody_with_all_measures_can_work_out_how_many_were_refused(
    accepted: int, conditions: int, refused: int
) -> None:
    seen = published(accepted, conditions, refused)
    hidden = [one for one in seen if one[:4] == ("outcome", "refused", "", "")]
    assert [one[4] for one in hidden] == [None]
    possible = {
        (others, few)
        for others in range(max(accepted - 4, 0), accepted + 5)
        for some in range(max(conditions - 4, 5), conditions + 5)
        for few in range(1, LEAST)
        if published(others, some, few) == seen
    }
    assert len({few for _others, few in possible}) > 1, "as many worlds look the same"


def test_where_nothing_is_small_counts_are_exact_and_percentiles_are_of_many_and_in_whole_days() -> None:
    told = {(one[0], one[1]): one for one in published(21, 12, 6) if not one[2]}
    assert [told["outcome", what][4] for what in ("accepted", "accepted_with_conditions", "refused")] == [21, 12, 6]
    assert told["time", "decision_median"][4:6] == (9, 39)
    assert ("time", "decision_median") not in {(one[0], one[1]) for one in published(6, 5, 6)}


def test_all_that_adds_up_is_marked() -> None:
    assert {one.id for one in MEASURES.values() if one.partition} == {"custody"}
