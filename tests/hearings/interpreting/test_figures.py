"""What interpreters' pages measure, summed against the limits of the table."""

from datetime import UTC, datetime, timedelta

import pytest

from hearings.interpreting import figures
from hearings.interpreting.figures import FiguresSum, StopRule
from hearings.models import Sitting
from hearings.status import SittingStatus

pytestmark = pytest.mark.beside

NOW = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
GOOD = {"concealed": 2, "jitter": 8, "latency": 120, "freezes": 0, "fps": 25, "level": -12, "limits": 0, "howls": 0}
GOOD |= {"early": 0, "late": 40}


def test_every_measure_of_the_table_has_a_limit_no_better_than_what_is_wanted() -> None:
    for limit in figures.limits().values():
        assert limit.limit >= limit.wanted if limit.most else limit.limit <= limit.wanted
        assert not limit.missed(limit.wanted)
    assert set(figures.limits()) == set(GOOD)


def test_a_sum_has_mean_worst_and_how_often_a_limit_was_missed() -> None:
    found = FiguresSum(NOW)
    found.add(GOOD)
    found.add({**GOOD, "concealed": 40, "fps": 9, "latency": None, "freezes": 2, "limits": 5, "howls": 1})
    found.add({**GOOD, "freezes": 2, "unheard_of": 7})
    data = found.as_data()
    assert (data["reports"], data["since"]) == (3, NOW.isoformat())
    assert data["measures"]["concealed"] == {"mean": 14.7, "worst": 40, "missed": 1, "of": 3}
    assert data["measures"]["fps"] == {"mean": 19.7, "worst": 9, "missed": 1, "of": 3}
    assert data["measures"]["latency"] == {"mean": 120, "worst": 120, "missed": 0, "of": 2}
    assert data["measures"]["freezes"] == {"total": 4, "missed": True}
    assert data["measures"]["limits"] == {"total": 5, "missed": True}
    assert data["measures"]["howls"] == {"total": 1, "missed": True}
    assert "unheard_of" not in data["measures"]


def test_a_sum_is_due_after_ten_minutes_or_when_the_sitting_is_no_longer_live() -> None:
    sums = {"ana": FiguresSum(NOW), "luis": FiguresSum(NOW)}
    sums["ana"].add(GOOD)
    live, over = (Sitting(status=status) for status in (SittingStatus.in_session, SittingStatus.closing))
    assert figures.due(sums, live, NOW + timedelta(minutes=9)) == []
    assert figures.due(sums, live, NOW + timedelta(minutes=10)) == ["ana"]
    assert figures.due(sums, over, NOW) == ["ana"]


FINE: dict[str, float | None] = {"concealed": 5, "latency": 200, "freezes": 0, "jitter": 500}
POOR, LATE = FINE | {"concealed": 31}, FINE | {"latency": 501}


@pytest.mark.parametrize(
    ("reports", "steps"),
    [
        ([(0, FINE), (1, POOR), (2, FINE), (3, LATE), (4, FINE), (5, POOR)], ["", "", "", "consecutive", "", "hold"]),
        ([(0, POOR), (11, POOR), (12, LATE), (23, POOR)], ["", "", "consecutive", ""]),
        ([(0, POOR), (1, POOR), (2, POOR), (3, POOR), (4, POOR)], ["", "consecutive", "hold", "", "consecutive"]),
        ([(0, FINE | {"freezes": 2}), (5, FINE | {"freezes": 2}), (6, POOR)], ["", "", "consecutive"]),
        ([(0, FINE | {"freezes": 3}), (10, FINE | {"freezes": 3})], ["", ""]),
        ([(0, POOR | {"latency": 900}), (1, {"concealed": None, "latency": None})], ["", ""]),
    ],
)
def test_two_misses_in_ten_minutes_end_simultaneous_interpreting_and_three_hold(
    reports: list[tuple[int, dict[str, float | None]]], steps: list[str]
) -> None:
    rule = StopRule()
    assert [rule.add(values, NOW + timedelta(minutes=at)) for at, values in reports] == steps
