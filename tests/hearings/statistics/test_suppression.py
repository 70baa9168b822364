"""Small numbers in figures that others see, and what can be worked out of what is left."""

import random
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings, strategies as st

from hearings.db import Database
from hearings.statistics import counting
from hearings.statistics.cells import Figure
from hearings.statistics.measures import MEASURES
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


def test_all_that_adds_up_is_marked() -> None:
    assert {one.id for one in MEASURES.values() if one.partition} == {"custody"}
