"""The queue to a recorder that stays away, and how large a batch becomes."""

import itertools
from pathlib import Path

import msgspec
import pytest

from media.link import MAX_MESSAGE
from media.live import feed as feed_module, vp8
from media.live.feed import Feed
from media.messages import Frame, Outage, TrackLoss, TrackSwitch


def _frame(track: str, at: int, data: bytes) -> Frame:
    return Frame(track=track, at=at, rtp=1, ssrc=2, key=True, level=3, seq=4, packets=1, data=data)


def test_what_a_recorder_that_stays_away_has_missed_is_bounded_and_still_fits_a_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hours of it: what is declared of frames that are dropped, of losses, switches and outages does not pile up."""
    monkeypatch.setattr(feed_module, "MAX_QUEUED", 64 * 1024)
    at = itertools.count(1, 50_000_000)
    feed = Feed(tmp_path / "none", lambda: None, lambda code: None, lambda: next(at))
    sizes = []
    for number in range(6_000):
        for track in ("a_mic", "b_cam"):
            when = feed.wall()
            feed.add_frame(_frame(track, when, bytes(500)))
            feed.add_loss(TrackLoss(track=track, packets=1, frames=0, late=False, at=when, until=when))
            late = when - 900_000_000
            feed.add_loss(TrackLoss(track=track, packets=1, frames=1, late=True, at=late, until=late))
            feed._batch.switches.append(TrackSwitch(track=track, on=number % 2 == 0, cause="network", at=when))
        if number % 3 == 0:
            cause = "server" if number % 2 else "recorder"
            feed._batch.outages.append(Outage(cause=cause, at=when, until=when))
        feed._close_batch()
        if number % 1_000 == 999:
            sizes.append(sum(len(msgspec.msgpack.encode(batch)) for batch, _size in feed._queue))
    assert feed.dropped > 10_000
    assert sizes[-1] < 1.2 * sizes[1]
    assert max(len(msgspec.msgpack.encode(batch)) for batch, _size in feed._queue) < MAX_MESSAGE / 10
    first = feed._queue[0][0]
    packets = sum(loss.packets for batch, _size in feed._queue for loss in batch.losses if not loss.late)
    assert packets == 12_000, "nothing is forgotten of what never came"
    assert len(first.switches) <= feed_module.KEPT + 2, "its own beside"
    assert len(first.outages) <= feed_module.KEPT


def test_a_batch_is_closed_before_it_is_more_than_a_message_carries(tmp_path: Path) -> None:
    feed = Feed(tmp_path / "none", lambda: None, lambda code: None)
    for number in range(100):
        feed.add_frame(_frame("a_cam", number, bytes(100_000)))
    feed.add_frame(_frame("a_cam", 200, bytes(vp8.MOST_BYTES)))
    feed._close_batch()
    assert max(len(msgspec.msgpack.encode(batch)) for batch, _size in feed._queue) < MAX_MESSAGE
    assert sum(len(batch.frames) for batch, _size in feed._queue) == 101
