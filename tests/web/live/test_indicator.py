"""The recording indicator claims sealed bytes and nothing else; unknown counts as failing."""

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from web.live.scene import FAILING_AFTER, SLOW_AFTER, RecordingFacts, indicator

SECOND = 1_000_000_000
OPEN = RecordingFacts(opened_at=100 * SECOND)
SEALED = OPEN.sealed_until(104 * SECOND, 3)
PAUSED = replace(SEALED, paused_at=105 * SECOND)


@pytest.mark.parametrize(
    ("facts", "now", "status"),
    [
        (RecordingFacts(), 100, "not_started"),
        (OPEN, 101, "starting"),
        (OPEN, 120, "failing"),
        (SEALED, 105, "recording"),
        (SEALED, 113.9, "recording"),
        (SEALED, 114, "slow"),
        (SEALED, 123.9, "slow"),
        (SEALED, 124, "failing"),
        (SEALED.failed_with("disk_full", 105 * SECOND), 105, "failing"),
        (SEALED.failed_with("disk_full", 105 * SECOND).sealed_until(106 * SECOND, 4), 107, "recording"),
        (SEALED.failed_with("disk_full", 105 * SECOND).sealed_until(104 * SECOND, 4), 107, "failing"),
        (PAUSED, 113.9, "paused"),
        (PAUSED, 123.9, "paused"),
        (PAUSED, 124, "failing"),
        (PAUSED.sealed_until(109 * SECOND, 3), 128, "paused"),
        (PAUSED.failed_with("disk_full", 106 * SECOND), 106, "failing"),
        (
            RecordingFacts(opened_at=100 * SECOND, stopping_at=105 * SECOND, last_sealed_at=104 * SECOND),
            106,
            "stopping",
        ),
        (RecordingFacts(opened_at=100 * SECOND, closed_at=106 * SECOND), 999, "sealed"),
        (RecordingFacts(ended_without=True), 999, "failed"),
    ],
)
def test_the_indicator_says_what_is_known(facts: RecordingFacts, now: float, status: str) -> None:
    assert indicator(facts, int(now * SECOND))[0] == status


@given(st.integers(0, 3 * FAILING_AFTER), st.integers(0, 2 * FAILING_AFTER))
def test_recording_is_never_claimed_longer_than_twenty_seconds_after_a_seal(sealed_at: int, later: int) -> None:
    facts = RecordingFacts(opened_at=0).sealed_until(sealed_at, 1)
    claims = indicator(facts, sealed_at + later)[0] in ("recording", "slow")
    assert claims == (later < FAILING_AFTER)
    assert (indicator(facts, sealed_at + later)[0] == "recording") == (later < SLOW_AFTER)


def test_the_number_of_sealed_parts_never_falls() -> None:
    assert SEALED.sealed_until(105 * SECOND, 2).sealed == 3


def test_an_old_seal_told_again_makes_the_last_one_no_older() -> None:
    assert SEALED.sealed_until(80 * SECOND, 1) == SEALED
