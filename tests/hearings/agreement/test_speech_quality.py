"""The estimate of speech quality: values computed by hand from the equations of ITU-T G.107 that the module cites."""

import pytest

from hearings.agreement import line_tests


@pytest.mark.parametrize(
    ("rtt", "loss", "jitter", "rating", "mos"),
    [
        # d = 26.5 ms: Id = 0.636; nothing lost.
        (0, 0, 0, 92.564, 4.4),
        # The limits of a test. d = 150 + 60 + 26.5: Id = 5.676 + 0.11 · 59.2 = 12.188; Ie,eff = 95 / 26.1 = 3.640.
        (300, 1, 30, 77.372, 3.92),
        # d = 26.5; Ie,eff = 95 · 25.1 / 50.2 = 47.5: half the packets of Bpl lost.
        (0, 25.1, 0, 45.064, 2.32),
        # d = 500 + 26.5: Id = 12.636 + 38.412 = 51.048.
        (1000, 0, 0, 42.152, 2.17),
    ],
)
def test_the_rating_and_the_score_are_those_of_the_equations(
    rtt: float, loss: float, jitter: float, rating: float, mos: float
) -> None:
    given = {"rtt_ms": rtt, "loss_percent": loss, "jitter_ms": jitter}
    assert line_tests.rating(**given) == pytest.approx(rating, abs=0.001)
    assert line_tests.mos(**given) == mos


@pytest.mark.parametrize("name", ["rtt_ms", "loss_percent", "jitter_ms"])
def test_a_worse_line_never_sounds_better(name: str) -> None:
    line = {"rtt_ms": 100.0, "loss_percent": 1.0, "jitter_ms": 10.0}
    scores = [line_tests.mos(**{**line, name: value}) for value in (0, 1, 5, 20, 50, 100)]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > scores[-1]


def test_the_worst_line_has_the_least_score() -> None:
    assert line_tests.mos(rtt_ms=60_000, loss_percent=100, jitter_ms=60_000) == 1
