"""The timeline: monotonic whatever the system clock does, and senders whose clock is another."""

import time
from typing import Any

import pytest

from media.evidence.recording.clock import Timeline

SECOND = 1_000_000_000


@pytest.fixture
def clocks(monkeypatch):
    """Both clocks, set by hand in ns."""
    now: dict[str, Any] = {"utc": 1_800_000_000 * SECOND, "mono": 77 * SECOND}
    monkeypatch.setattr(time, "time_ns", lambda: now["utc"])
    monkeypatch.setattr(time, "monotonic_ns", lambda: now["mono"])

    def go(seconds, step=0):
        now["mono"] += int(seconds * SECOND)
        now["utc"] += int((seconds + step) * SECOND)

    now["go"] = go
    return now


def test_a_step_of_the_system_clock_does_not_move_it_and_shows_in_the_anchor(clocks):
    timeline = Timeline.begin()
    clocks["go"](5, step=-3600)
    assert timeline.now() == 5_000
    assert timeline.step() == -3600 * SECOND
    anchor = timeline.anchor()
    assert anchor["t"] == 5_000
    assert int(anchor["utc"]) == timeline.zero - 3595 * SECOND
    assert int(anchor["mono"]) == 82 * SECOND


@pytest.mark.parametrize(
    ("sender_ahead", "step", "shift"),
    [
        (0, 0, 0),
        (-30, 0, 0),  # it waited half a minute in a socket
        (3600, 3600, -3600),  # the sender follows the stepped clock
        (0, 3600, 0),  # the sender counts as we do
        (-3600, -3600, 3600),
        (500, 0, -500),  # a clock of its own: taken as now
    ],
)
def test_a_sender_that_follows_a_stepped_clock_is_understood(clocks, sender_ahead, step, shift):
    timeline = Timeline.begin()
    clocks["go"](10, step=step)
    sent = timeline.utc_now() + sender_ahead * SECOND
    assert timeline.shift(sent) == shift * SECOND


def test_another_process_goes_on_later_than_what_was_journaled(clocks):
    first = Timeline.begin()
    clocks["go"](60)
    assert Timeline.again(first.zero, 50_000).now() == 60_000
    clocks["go"](1, step=-3600)
    again = Timeline.again(first.zero, 60_500)
    assert again.now() == 60_501
    clocks["go"](2)
    assert again.now() == 62_501
    assert again.at(again.utc + 7 * SECOND) == 67_501
