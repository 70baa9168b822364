"""Cutting: segments and gaps tile a track exactly, whatever comes; the rules of grid, silence and key frames."""

import itertools
import sys

import pytest
from hypothesis import given, settings, strategies as st

from media.evidence.recording.mux import Block
from media.evidence.recording.track import PATIENCE, Counts, Cutter, Segment, TrackGap

TICK = 100


def run(cutter, frames, until, start=0):
    """Feed frames (t, key) as they are captured and advance every 100 ms; what came out."""
    items = []
    waiting = list(frames)
    for now in range(start, until + 1, TICK):
        while waiting and waiting[0][0] <= now:
            t, key = waiting.pop(0)
            cutter.frame(Block(t, key, b"data"))
        items += cutter.advance(now)
    return items


def every(step, start, end, key_every=0):
    """Frames every `step` ms; a key frame first and then every `key_every` ms."""
    return [(t, t == start or bool(key_every and (t - start) % key_every == 0)) for t in range(start, end, step)]


def spans(items):
    return [(type(item).__name__, item.t0, item.t1) for item in items]


def test_a_steady_track_is_cut_on_the_grid_with_nothing_between():
    items = run(Cutter(video=False, start=0), every(20, 0, 8_500), 8_500)
    assert spans(items) == [
        ("Segment", 0, 2000),
        ("Segment", 2000, 4000),
        ("Segment", 4000, 6000),
        ("Segment", 6000, 8000),
    ]
    assert [len(item.blocks) for item in items] == [100] * 4


def test_a_cut_waits_for_a_frame_from_behind_it():
    cutter = Cutter(video=False, start=0)
    for t in range(0, 1_960, 20):
        cutter.frame(Block(t, True, b""))
    assert cutter.advance(3_900) == []
    cutter.frame(Block(1_980, True, b""))
    cutter.frame(Block(2_000, True, b""))
    (segment,) = cutter.advance(3_900)
    assert segment.blocks[-1].t == 1_980


@pytest.mark.parametrize("delay", [500, 1_000, 3_000, 4_900])
@pytest.mark.parametrize("video", [False, True])
def test_delay_alone_loses_nothing(delay, video):
    """Frames of 1.5 s to 1.5 s + delay all come at once, at the end of the delay."""
    step = 40 if video else 20
    cutter, items = Cutter(video=video, start=0), []
    frames = every(step, 0, 12_000)
    for now in range(0, 12_000 + TICK, TICK):
        stalled = 1_500 < now < 1_500 + delay
        while frames and not stalled and frames[0][0] <= now:
            t, key = frames.pop(0)
            assert cutter.frame(Block(t, key, b""))
        if now - 1_500 == delay // 2:
            cutter.switch(1_500, False, "network")
        if not stalled:
            cutter.switch(now, True)
        items += cutter.advance(now)
    items += cutter.finish(12_000)
    assert {type(item) for item in items} == {Segment}
    assert len([block for item in items for block in item.blocks]) == 12_000 // step


def test_sound_that_was_overtaken_is_put_where_it_belongs_also_when_its_time_was_cut():
    cutter = Cutter(video=False, start=0)
    missing = (1_000, 1_900)
    for t, key in every(20, 0, 2_100):
        if t not in missing:
            cutter.frame(Block(t, key, b""))
        if t == 1_200:
            assert cutter.frame(Block(1_000, True, b""))
    (first,) = cutter.advance(2_100)
    assert cutter.frame(Block(1_900, True, b""))
    (second,) = cutter.finish(2_200)
    assert 1_000 in [block.t for block in first.blocks]
    assert [block.t for block in second.blocks][:2] == [1_900, 2_000]
    assert (first.counts.packets, second.counts.packets) == ((99, 0, 0), (6, 0, 1))


def test_what_comes_too_late_to_be_kept_is_declared():
    cutter = Cutter(video=False, start=0)
    items = run(cutter, [one for one in every(20, 0, 9_000) if one[0] not in (1_000, 1_020, 3_000)], 9_000)
    assert [cutter.frame(Block(t, True, b"")) for t in (1_000, 1_020, 3_000)] == [False, False, True]
    late = [item for item in cutter.finish(9_000) if isinstance(item, TrackGap)]
    assert late == [TrackGap(1_000, 1_040, "late")]
    assert all(isinstance(item, Segment) for item in items)


def test_a_segment_says_which_packets_it_holds_and_how_long_nothing_came():
    cutter = Cutter(video=True, start=0)
    for number, t in enumerate([0, 40, 80, 400, 440, 1_000]):
        cutter.frame(Block(t, t == 0, b"", seq=(65_534 + 3 * number) & 0xFFFF, packets=3, rtp=90 * t))
    cutter.lost(2)
    (segment,) = cutter.finish(1_040)
    assert segment.counts == Counts(seq=(65_534, 15), rtp=(0, 90_000), packets=(18, 2, 0), holes=(2, 880))


def test_what_begins_within_a_tenth_of_a_second_has_no_gap_before_it():
    items = run(Cutter(video=True, start=0), every(40, 90, 2_500), 2_500)
    assert spans(items) == [("Segment", 0, 2000)]
    assert items[0].keys == (0,)


def test_video_begins_with_a_key_frame_and_asks_for_one_until_it_comes():
    cutter = Cutter(video=True, start=0)
    assert cutter.wants_key(0)
    for t in range(0, 1_000, 40):
        assert not cutter.frame(Block(t, False, b""))
        assert not cutter.wants_key(t)
    assert cutter.wants_key(1_000)
    assert cutter.frame(Block(1_040, True, b""))
    assert not cutter.wants_key(1_100)
    assert spans(cutter.finish(1_500)) == [("TrackGap", 0, 1_040), ("Segment", 1_040, 1_500)]


@pytest.mark.parametrize(("silence", "expected"), [(1_980, []), (2_000, [("TrackGap", 1_520, 3_500)])])
def test_from_two_seconds_without_a_frame_it_is_a_gap(silence, expected):
    frames = every(20, 0, 1_501) + every(20, 1_500 + silence, 6_400)
    items = run(Cutter(video=False, start=0), frames, 6_400)
    assert [span for span in spans(items) if span[0] == "TrackGap"] == expected


def test_a_cut_in_a_silence_is_held_until_it_is_known_whether_it_is_a_gap():
    cutter = Cutter(video=False, start=0)
    for t in range(0, 1_400, 20):
        cutter.frame(Block(t, True, b""))
    assert [cutter.advance(now) for now in range(1_400, 6_300, 100)] == [[]] * 49
    assert spans(cutter.advance(6_400)) == [("Segment", 0, 1_400)]
    assert spans(cutter.advance(7_000)) == [("TrackGap", 1_400, 2_000)]


@pytest.mark.parametrize("cause", ["network", "server", "worker"])
def test_a_silence_that_nobody_announced_has_the_cause_that_is_known_of_its_time(cause):
    asked = []

    def noted(t0, t1):
        asked.append((t0, t1))
        return cause

    cutter = Cutter(video=False, start=0, causes=noted)
    items = run(cutter, every(20, 0, 1_001) + every(20, 4_000, 5_001), 5_000) + cutter.finish(5_000)
    assert [(item.t0, item.t1, item.cause) for item in items if isinstance(item, TrackGap)] == [(1_020, 4_000, cause)]
    assert asked == [(1_000, 4_000)]


def test_a_gap_is_declared_soon_then_once_a_minute_and_when_it_ends():
    cutter = Cutter(video=False, start=0)
    items = run(cutter, [*every(20, 0, 1_000), *every(20, 130_000, 131_000)], 130_400)
    assert spans(items) == [
        ("Segment", 0, 1_000),
        ("TrackGap", 1_000, 2_000),
        ("TrackGap", 2_000, 62_000),
        ("TrackGap", 62_000, 122_000),
        ("TrackGap", 122_000, 130_000),
    ]


def test_a_key_frame_ends_a_segment_that_has_lasted_a_second():
    items = run(Cutter(video=True, start=0), every(40, 0, 6_400, key_every=1_200), 6_400)
    assert [(item.t0, item.t1) for item in items] == [
        (0, 1_200), (1_200, 2_000), (2_000, 3_600), (3_600, 4_800), (4_800, 6_000)
    ]  # fmt: skip
    for item in items:
        assert item.keys == tuple(t - item.t0 for t in range(0, 6_400, 1_200) if item.t0 <= t < item.t1)


def test_after_a_gap_nothing_is_kept_before_a_key_frame():
    cutter = Cutter(video=True, start=0)
    frames = every(40, 0, 1_000) + [(t, t == 5_000) for t in range(4_000, 6_000, 40)]
    items = run(cutter, frames, 6_400) + cutter.finish(6_400)
    assert [item.t1 for item in items if isinstance(item, TrackGap)][-1] == 5_000
    assert [item.keys for item in items if isinstance(item, Segment)] == [(0,), (0,)]


def test_a_switch_gives_the_gap_its_cause_and_needs_no_silence():
    cutter = Cutter(video=False, start=0)
    for t in range(0, 1_000, 20):
        cutter.frame(Block(t, True, b""))
    cutter.switch(1_010, False, "sender_off")
    cutter.switch(1_500, True)
    cutter.frame(Block(1_600, True, b""))
    items = cutter.finish(1_700)
    assert spans(items) == [("Segment", 0, 1_000), ("TrackGap", 1_000, 1_600), ("Segment", 1_600, 1_700)]
    assert items[1].cause == "sender_off"


def test_what_ended_before_it_was_switched_off_keeps_its_cause():
    """A worker dies; the next says that the microphone is off, since everybody comes back muted."""
    cutter = Cutter(video=False, start=0, causes=lambda t0, t1: "worker")
    for t in range(0, 1_000, 20):
        cutter.frame(Block(t, True, b""))
    cutter.switch(1_800, False, "sender_off")
    items = cutter.finish(4_000)
    assert [(item.t0, item.t1, getattr(item, "cause", "")) for item in items] == [
        (0, 1_000, ""),
        (1_000, 1_800, "worker"),
        (1_800, 4_000, "sender_off"),
    ]


def test_a_track_that_is_on_again_and_sends_nothing_is_not_called_switched_off_for_long():
    cutter = Cutter(video=False, start=0, cause="other")
    cutter.switch(0, False, "sender_off")
    cutter.switch(5_000, True)
    items = run(cutter, [], 12_000) + cutter.finish(12_000)
    assert [(item.t0, item.t1, item.cause) for item in items] == [
        (0, 2_000, "sender_off"),
        (2_000, 5_000, "sender_off"),
        (5_000, 6_000, "network"),
        (6_000, 12_000, "network"),
    ]


def test_while_stopped_nothing_is_taken_and_the_gap_has_the_cause_that_was_given():
    cutter = Cutter(video=False, start=0)
    cutter.frame(Block(0, True, b""))
    assert spans(cutter.stop(30, "disk")) == [("Segment", 0, 20)]
    assert not cutter.frame(Block(40, True, b""))
    cutter.proceed(500)
    assert cutter.frame(Block(520, True, b""))
    assert [(item.t0, item.t1, getattr(item, "cause", "")) for item in cutter.finish(600)] == [
        (20, 520, "disk"),
        (520, 600, ""),
    ]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("frame"), st.integers(-400, 100), st.booleans()),
        st.tuples(st.just("wait"), st.sampled_from([20, 20, 40, 100, 400, 900, 1_900, 2_100, 9_000]), st.booleans()),
        st.tuples(st.just("switch"), st.integers(-200, 0), st.booleans()),
        st.tuples(st.just("stop"), st.just(0), st.booleans()),
    ),
    max_size=200,
)


@settings(max_examples=400, deadline=None)
@given(steps=STEPS, video=st.booleans(), start=st.integers(0, 5_000))
def test_whatever_comes_the_track_is_tiled_exactly_and_nothing_is_missing_undeclared(steps, video, start):
    cutter = Cutter(video=video, start=start)
    now = start
    items, taken, refused = [], [], []
    for serial, (what, number, flag) in enumerate(steps):
        if what == "frame":
            block = Block(max(now + number, 0), flag or not video, b"", rtp=serial)
            (taken if cutter.frame(block) else refused).append(block)
        elif what == "wait":
            for _ in range(0, number, TICK):
                now += min(TICK, number)
                items += cutter.advance(now)
        elif what == "switch":
            cutter.switch(max(now + number, 0), flag, "sender_off")
        elif flag:
            items += cutter.stop(now, "disk")
        else:
            cutter.proceed(now)
    end = max(now, cutter.least_end)
    items += cutter.finish(end)
    gaps = [item for item in items if isinstance(item, TrackGap)]
    items = [item for item in items if isinstance(item, Segment) or item.cause != "late"]
    edges = [start, *(item.t1 for item in items)]
    assert edges == [*(item.t0 for item in items), end]
    assert all(item.t0 < item.t1 for item in items)
    assert sorted(block.rtp for item in items if isinstance(item, Segment) for block in item.blocks) == sorted(
        block.rtp for block in taken
    )
    assert all(block.t < start or any(gap.t0 <= block.t < gap.t1 for gap in gaps) for block in refused if block.t < end)
    for before, item in itertools.pairwise([TrackGap(0, 0, ""), *items]):
        if isinstance(item, Segment):
            times = [block.t for block in item.blocks]
            assert times == sorted(times)
            assert item.t0 - PATIENCE <= times[0]
            assert times[-1] < item.t1
            assert all(0 <= key < item.t1 - item.t0 for key in item.keys)
            assert list(item.keys) == sorted(set(item.keys))
            assert item.t1 - item.t0 <= 5_000
            if video and isinstance(before, TrackGap) and times[0] >= item.t0 - 100:
                assert item.keys[0] == 0


PAUSED_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("frame"), st.integers(-1_000, 0), st.booleans()),
        st.tuples(st.just("frame"), st.integers(-6_000, 0), st.booleans()),
        st.tuples(st.just("wait"), st.sampled_from([1, 20, 20, 40, 100, 400, 900, 1_900, 2_100, 9_000]), st.booleans()),
        st.tuples(st.just("switch"), st.integers(-800, 0), st.booleans()),
        st.tuples(st.just("drop"), st.integers(-800, 0), st.booleans()),
        st.tuples(st.just("pause"), st.just(0), st.booleans()),
        st.tuples(st.just("stop"), st.just(0), st.booleans()),
    ),
    max_size=120,
)


@settings(max_examples=600, deadline=None)
@given(steps=PAUSED_STEPS, video=st.booleans(), start=st.integers(0, 5_000))
def test_nothing_captured_in_a_pause_is_kept_and_its_gap_answers_for_exactly_that_time(steps, video, start):
    cutter = Cutter(video=video, start=start)
    now = start
    items, taken, refused, pauses = [], {}, [], []
    for serial, (what, number, flag) in enumerate(steps):
        if what == "frame":
            block = Block(max(now + number, 0), flag or not video, b"", rtp=serial)
            if cutter.frame(block):
                taken[serial] = block
            else:
                refused.append(block)
        elif what == "wait":
            for _ in range(0, number, TICK):
                now += min(TICK, number)
                items += cutter.advance(now)
        elif what == "switch":
            cutter.switch(max(now + number, 0), flag, ("sender_off", "network")[serial % 2])
        elif what == "drop":
            cutter.drop(now + number, now + number + 40)
        elif what == "pause" and not cutter.paused:
            pauses.append([max(now + 1, cutter.least_end), None])
            cutter.pause(pauses[-1][0])
        elif what == "pause":
            pauses[-1][1] = max(now, pauses[-1][0]) + 1
            cutter.resume(pauses[-1][1])
            now = pauses[-1][1]
        elif flag:
            items += cutter.stop(now, "disk")
        else:
            cutter.proceed(now)
    end = max(now, cutter.least_end)
    items += cutter.finish(end)
    if pauses and pauses[-1][1] is None:
        pauses[-1][1] = end
    gaps = [item for item in items if isinstance(item, TrackGap)]
    tiles = [item for item in items if isinstance(item, Segment) or item.cause != "late"]
    assert [start, *(item.t1 for item in tiles)] == [*(item.t0 for item in tiles), end]
    assert all(item.t0 < item.t1 for item in tiles)
    segments = [item for item in tiles if isinstance(item, Segment)]
    assert sorted(block.rtp for item in segments for block in item.blocks) == sorted(taken)
    for begin, stop in pauses:
        assert not [item for item in segments if max(item.t0, begin) < min(item.t1, stop)]
        assert not [block for block in taken.values() if begin <= block.t < stop]
        assert not [block for item in segments for block in item.blocks if begin <= block.t < stop]
        inside = [item for item in gaps if item.cause == "pause" and begin <= item.t0 and item.t1 <= stop]
        assert [begin, *(item.t1 for item in inside)] == [*(item.t0 for item in inside), stop]
    assert sum(item.t1 - item.t0 for item in gaps if item.cause == "pause") == sum(stop - at for at, stop in pauses)
    lost = [block for block in refused if start <= block.t < end]
    assert all(any(gap.t0 <= block.t < gap.t1 for gap in gaps) for block in lost)
    for before, item in itertools.pairwise(tiles):
        if video and isinstance(item, Segment) and isinstance(before, TrackGap) and before.cause == "pause":
            assert item.blocks[0].key


def test_what_was_captured_before_a_pause_and_is_still_on_its_way_is_kept_for_half_a_second() -> None:
    cutter = Cutter(video=False, start=0)
    run(cutter, every(20, 0, 1_000), 1_000)
    cutter.pause(1_041)
    for t in (1_020, 1_040, 1_060):
        assert cutter.frame(Block(t, True, b"")) is (t < 1_041)
    items = cutter.advance(1_600)
    assert not cutter.frame(Block(1_030, True, b"")), "its time is answered for"
    cutter.switch(1_700, False, "sender_off")
    cutter.resume(3_000)
    cutter.switch(2_990, True)
    assert not cutter.frame(Block(2_990, True, b""))
    assert cutter.frame(Block(3_010, True, b""))
    found = [(item.t0, item.t1, getattr(item, "cause", "")) for item in items + cutter.finish(3_030)]
    assert found == [(0, 1_041, ""), (1_041, 3_000, "pause"), (3_000, 3_030, ""), (1_030, 1_050, "late")]


def test_behind_a_pause_a_camera_begins_with_a_key_frame_that_is_asked_for_at_once() -> None:
    cutter = Cutter(video=True, start=0)
    run(cutter, every(40, 0, 1_000), 1_000)
    cutter.pause(1_001)
    assert not cutter.wants_key(1_900)
    cutter.resume(2_000)
    assert cutter.wants_key(2_000)
    assert not cutter.frame(Block(2_040, False, b""))
    assert cutter.frame(Block(2_080, True, b""))
    found = [(item.t0, item.t1, getattr(item, "cause", "")) for item in cutter.finish(2_100)]
    assert found == [(0, 1_001, ""), (1_001, 2_000, "pause"), (2_000, 2_080, "other"), (2_080, 2_100, "")]


def test_who_switched_off_in_a_pause_is_off_behind_it_and_who_was_never_there_is_no_interruption() -> None:
    off, absent = Cutter(video=False, start=0), Cutter(video=False, start=0)
    off.frame(Block(0, True, b""))
    for cutter in (off, absent):
        cutter.pause(100)
    off.switch(700, False, "sender_off")
    found = []
    for cutter in (off, absent):
        items = cutter.advance(900)
        cutter.resume(1_000)
        found.append([(item.t0, item.t1, getattr(item, "cause", "")) for item in items + cutter.finish(9_000)])
    assert found[0] == [(0, 100, ""), (100, 1_000, "pause"), (1_000, 9_000, "sender_off")]
    assert found[1] == [(0, 100, "other"), (100, 1_000, "pause"), (1_000, 9_000, "other")]


def test_small_frames_count_with_what_holding_them_takes() -> None:
    cutter = Cutter(video=False, start=0)
    blocks = [Block(t, True, bytes([t % 256, 1]), t & 0xFFFF, 1, t * 48) for t in range(1_500, 3_500)]
    for block in blocks:
        cutter.frame(block)
    held = sum(sys.getsizeof(one) for block in blocks for one in (block, block.data, block.t, block.seq, block.rtp))
    assert held < cutter.bytes < 3 * held


def test_frames_that_are_not_kept_leave_one_time_a_millisecond() -> None:
    cutter = Cutter(video=True, start=0)
    for _ in range(50):
        for t in range(100, 110):
            cutter.frame(Block(t, False, b"delta"))
            cutter.frame(Block(t, False, b"delta"))
    assert len(cutter._refused) == 50 * 10
