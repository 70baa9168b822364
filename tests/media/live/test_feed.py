"""What reaches the recorder's socket from a real worker: every frame, in order, on one clock, and why not when not."""

import asyncio
import re
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from media.live.feed import Feed, SenderClock, ntp_nanoseconds
from media.live.forwarding import UpTrack
from media.live.rtp import Packet
from media.messages import ChannelPlan, FloorClosed, KeyFrameWanted, Plan, RecorderFailing, SealProgress, SeatPlan


def contents(frames: list[Any]) -> list[bytes]:
    return [frame.data for frame in frames]


def most_came(recorder: Any, track: str, wanted: set[bytes]) -> bool:
    return len(wanted & set(contents(recorder.frames(track)))) >= 0.99 * len(wanted)


def captured(data: bytes) -> float:
    found = re.search(rb"(?:sound|picture) \S+ \d+ (\d+\.\d{6})", data)
    assert found is not None
    return float(found[1])


async def test_every_frame_arrives_whole_and_in_order(court: Any, recorder: Any, until: Any) -> None:
    court.seat("witness")
    court.feed = True
    court.plan()
    witness = await court.page("witness")
    await until(lambda: len(recorder.frames("witness_cam")) > 60 and len(recorder.frames("witness_mic")) > 150)
    await witness.cease()
    sound = [data for kind, data, _ in witness.sent_frames if kind == "audio"]
    picture = [data for kind, data, _ in witness.sent_frames if kind == "video"]
    await until(
        lambda: (
            contents(recorder.frames("witness_mic"))[-1:] == sound[-1:]
            and contents(recorder.frames("witness_cam"))[-1:] == picture[-1:]
        )
    )
    assert contents(recorder.frames("witness_mic")) == sound
    assert contents(recorder.frames("witness_cam")) == picture
    first = recorder.frames("witness_cam")[0]
    assert first.key
    assert recorder.frames("witness_mic")[0].level == 20
    assert {frame.ssrc for frame in recorder.frames("witness_cam")} == {witness.streams["video"].ssrc}
    spans = [max(f.at for f in b.frames) - min(f.at for f in b.frames) for _, b in recorder.batches if b.frames]
    assert sorted(spans)[len(spans) * 9 // 10] < 400_000_000  # not all: a machine that stands still fills a batch
    for track in ("witness_mic", "witness_cam"):
        times = [frame.at for frame in recorder.frames(track)]
        assert times == sorted(set(times))
        assert (recorder.switches(track)[0].on, recorder.switches(track)[0].cause) == (True, "")
    reports = [report for _, batch in recorder.batches for report in batch.reports]
    assert {report.track for report in reports} == {"witness_mic", "witness_cam"}


async def test_three_percent_loss_costs_less_than_one_frame_in_a_hundred(court: Any, recorder: Any, until: Any) -> None:
    court.seat("witness")
    court.feed = True
    court.plan()
    witness = await court.page("witness", send=False)
    witness.loss = 0.03
    witness.send()
    await until(lambda: witness.lost_packets >= 30, 60)
    await witness.cease()
    for kind, track in (("audio", "witness_mic"), ("video", "witness_cam")):
        sent = [data for sort, data, _ in witness.sent_frames if sort == kind]
        assert len(sent) > 100
        # The first losses of sound teach the worker that this sender answers requests.
        wanted = set(sent[5:-3])
        await until(partial(most_came, recorder, track, wanted))
        got = set(contents(recorder.frames(track)))
        in_time = sorted(recorder.frames(track), key=lambda frame: frame.at)
        assert contents(in_time) == [data for data in sent if data in got]


async def test_sound_and_picture_of_one_person_share_a_clock(court: Any, recorder: Any, until: Any) -> None:
    """The page's own clock is 37 s off and its picture comes 80 ms later than its sound; both are mended."""
    court.seat("witness")
    court.feed = True
    court.plan()
    await court.page("witness", clock_error=-37.0, video_delay=0.08)
    await until(lambda: len(recorder.frames("witness_mic")) > 200)
    after = time.time() - 2.0
    errors: dict[str, list[float]] = {}
    for track in ("witness_mic", "witness_cam"):
        errors[track] = [
            frame.at / 1e9 - captured(frame.data) for frame in recorder.frames(track) if captured(frame.data) > after
        ]
        assert len(errors[track]) > 10
    sound, picture = (sorted(values)[len(values) // 2] for values in errors.values())
    assert abs(sound - picture) < 0.005
    assert abs(sound) < 0.05


async def test_a_muted_person_is_not_recorded_and_the_reason_is_said(court: Any, recorder: Any, until: Any) -> None:
    court.seat("witness")
    court.feed = True
    court.plan()
    await court.page("witness")
    await until(lambda: len(recorder.frames("witness_mic")) > 20)
    court.seat("witness", microphone=False)
    court.plan()
    await until(lambda: (recorder.switches("witness_mic") or [None])[-1].cause == "sender_off")
    pictures = len(recorder.frames("witness_cam"))
    await until(lambda: len(recorder.frames("witness_cam")) > pictures + 10)
    before = len(recorder.frames("witness_mic"))
    pictures = len(recorder.frames("witness_cam"))
    await until(lambda: len(recorder.frames("witness_cam")) > pictures + 10)
    assert len(recorder.frames("witness_mic")) == before
    court.seat("witness", microphone=True)
    court.plan()
    await until(lambda: len(recorder.frames("witness_mic")) > before + 10)
    assert [(s.on, s.cause) for s in recorder.switches("witness_mic")] == [
        (True, ""),
        (False, "sender_off"),
        (True, ""),
    ]


async def test_who_is_muted_by_order_is_told_from_who_is_muted_by_oneself(
    court: Any, recorder: Any, until: Any
) -> None:
    court.seat("witness")
    court.feed = True
    court.plan()
    await court.page("witness")
    await until(lambda: recorder.frames("witness_mic"))
    for order, cause in ((True, "order"), (False, "sender_off")):
        court.seat("witness", microphone=False, muted_by_order=order)
        court.plan()
        await until(lambda cause=cause: recorder.switches("witness_mic")[-1].cause == cause)


async def test_a_hold_does_not_stop_the_recording(court: Any, recorder: Any, until: Any) -> None:
    court.seat("witness")
    court.feed = True
    court.floor_open = False
    court.plan()
    await court.page("witness")
    await until(lambda: len(recorder.frames("witness_mic")) > 20 and len(recorder.frames("witness_cam")) > 10)


async def test_nothing_is_fed_from_the_lobby_or_without_being_asked(court: Any, recorder: Any, until: Any) -> None:
    court.seat("witness")
    court.seat("waiting", present=False)
    court.plan()
    pages = [await court.page(name) for name in ("witness", "waiting")]
    await until(lambda: all(len(page.sent_frames) > 60 for page in pages))
    await court.counts()
    assert recorder.batches == []
    court.feed = True
    court.plan()
    await until(lambda: len(recorder.frames("witness_mic")) > 20)
    assert recorder.frames("waiting_mic") == recorder.frames("waiting_cam") == []
    assert [(s.on, s.cause) for s in recorder.switches("waiting_mic")] == [(False, "sender_off")]


async def test_a_pulled_cable_is_told_as_the_network(court: Any, recorder: Any, until: Any) -> None:
    court.seat("witness")
    court.feed = True
    court.plan()
    witness = await court.page("witness")
    await until(lambda: len(recorder.frames("witness_mic")) > 20 and len(recorder.frames("witness_cam")) > 10)
    await witness.cease()
    await until(lambda: recorder.switches("witness_mic")[-1].cause == "network")
    switch, last = recorder.switches("witness_mic")[-1], recorder.frames("witness_mic")[-1]
    assert abs(switch.at - last.at) < 150_000_000
    witness.send()
    await until(lambda: recorder.switches("witness_cam")[-1].on and recorder.switches("witness_mic")[-1].on)


async def test_an_interpreter_is_recorded_on_her_channel(court: Any, recorder: Any, until: Any) -> None:
    court.seat("witness", speaks="th")
    court.seat("interpreter", interpreter=True, renders="en", camera=False)
    court.channels = [ChannelPlan(lang="en", track="channel_en"), ChannelPlan(lang="th", track="channel_th")]
    court.feed = True
    court.plan()
    await court.page("interpreter")
    await until(lambda: len(recorder.frames("channel_en")) > 20)
    assert recorder.frames("channel_th") == []
    assert recorder.switches("channel_th")[-1].cause == "sender_off"
    court.seat("interpreter", renders="th")
    court.plan()
    await until(lambda: len(recorder.frames("channel_th")) > 20)
    channels = contents(recorder.frames("channel_en")) + contents(recorder.frames("channel_th"))
    assert channels == contents(recorder.frames("interpreter_mic"))[: len(channels)]
    assert recorder.switches("channel_en")[-1].cause == "sender_off"
    assert recorder.frames("interpreter_cam") == []


async def test_a_new_page_of_the_same_seat_goes_on_with_a_key_frame(court: Any, recorder: Any, until: Any) -> None:
    court.seat("witness")
    court.feed = True
    court.plan()
    old = await court.page("witness")
    await until(lambda: len(recorder.frames("witness_cam")) > 20)
    await court.page("witness")
    await old.close()
    before = len(recorder.frames("witness_cam"))
    await until(lambda: len(recorder.frames("witness_cam")) > before + 20)
    frames = recorder.frames("witness_cam")
    changes = [place for place in range(1, len(frames)) if frames[place].ssrc != frames[place - 1].ssrc]
    assert len(changes) == 1
    assert frames[changes[0]].key
    times = [frame.at for frame in frames]
    assert times == sorted(set(times))


async def test_the_recorder_may_ask_for_a_key_frame(court: Any, recorder: Any, until: Any) -> None:
    court.seat("witness")
    court.feed = True
    court.plan()
    await court.page("witness")
    await until(lambda: len(recorder.frames("witness_cam")) > 40)
    await asyncio.sleep(0.6)
    keys = sum(frame.key for frame in recorder.frames("witness_cam"))
    recorder.links[0].send(KeyFrameWanted(track="witness_cam"))
    await until(lambda: sum(frame.key for frame in recorder.frames("witness_cam")) > keys)


async def test_a_recorder_that_went_away_gets_what_waited_when_it_is_back(
    court: Any, recorder: Any, until: Any
) -> None:
    court.seat("witness")
    court.feed = True
    court.plan()
    witness = await court.page("witness")
    await until(lambda: len(recorder.frames("witness_mic")) > 20)
    await recorder.go()
    await asyncio.sleep(1.5)
    await recorder.listen(court.folder)
    await until(lambda: len(recorder.frames("witness_mic")) > 150)
    await witness.cease()
    sent = [data for kind, data, _ in witness.sent_frames if kind == "audio"]
    await until(lambda: contents(recorder.frames("witness_mic"))[-1] == sent[-1])
    got = contents(recorder.frames("witness_mic"))
    lost = [number for number, data in enumerate(sent) if data not in set(got)]
    assert len(lost) <= 15, lost
    (outage,) = [outage for _, batch in recorder.batches for outage in batch.outages]
    assert outage.cause == "recorder"
    assert 1_400_000_000 < outage.until - outage.at < 3_000_000_000
    assert got == [data for data in sent if data in set(got)]


async def test_a_recorder_that_does_not_read_does_not_hold_up_the_media(court: Any, recorder: Any, until: Any) -> None:
    court.seat("judge")
    court.seat("witness")
    court.feed = True
    court.plan()
    judge = await court.page("judge", send=False)
    await court.page("witness")
    await until(lambda: len(recorder.frames("witness_mic")) > 20)
    recorder.reading.clear()
    heard = judge.heard_from("witness", sound=True)
    await until(lambda: judge.heard_from("witness", sound=True) > heard + 100)
    alive = court.process.last_alive
    await until(lambda: court.process.last_alive > alive)
    recorder.reading.set()


async def test_a_failing_recorder_leaves_the_floor_open_that_two_keys_have_opened(
    court: Any, recorder: Any, until: Any
) -> None:
    court.seat("judge", mic_unrecorded="two_keys")
    court.seat("witness", mic_unrecorded="two_keys")
    court.feed = court.without_recording = True
    court.plan()
    judge, _ = [await court.page(name) for name in ("judge", "witness")]
    await until(lambda: judge.heard_from("witness", sound=True) > 20)
    recorder.links[0].send(RecorderFailing(at=1, code="disk_full"))
    heard = judge.heard_from("witness", sound=True)
    await until(lambda: judge.heard_from("witness", sound=True) > heard + 50)
    assert not any(isinstance(event, FloorClosed) for event in court.events)
    # As soon as it is over, the same word of the recorder closes the floor.
    court.without_recording = False
    court.plan()

    def closed() -> bool:
        recorder.links[0].send(RecorderFailing(at=2, code="disk_full"))
        return any(isinstance(event, FloorClosed) for event in court.events)

    await until(closed)


async def test_a_failing_recorder_closes_the_floor_until_somebody_opens_it(
    court: Any, recorder: Any, until: Any
) -> None:
    court.seat("judge")
    court.seat("witness")
    court.feed = court.expect_seals = True
    court.plan()
    judge, _ = [await court.page(name) for name in ("judge", "witness")]
    await until(lambda: judge.heard_from("witness", sound=True) > 20)
    recorder.links[0].send(RecorderFailing(at=1, code="disk_full"))
    await until(lambda: any(isinstance(event, FloorClosed) for event in court.events))
    closed = next(event for event in court.events if isinstance(event, FloorClosed))
    assert closed.cause == "recorder_failing"
    assert {key[1] for key in await court.grown(("witness", "camera", "", "judge"))} == {"camera"}
    # A plan that was on its way, and does not know yet, opens nothing.
    court.seat("witness", camera=False)
    court.plan()
    grown = await court.grown(("judge", "camera", "", "witness"))
    assert not [key for key in grown if key[1] == "floor"]
    court.floor_open = False
    court.plan()
    court.floor_open = True
    court.plan()
    opened = ("witness", "floor", "", "judge")
    assert opened in await court.grown(opened)


@pytest.mark.slow
async def test_twenty_seconds_without_a_seal_close_the_floor(court: Any, recorder: Any, until: Any) -> None:
    court.seat("judge")
    court.seat("witness")
    court.feed = court.expect_seals = True
    court.plan()
    await until(lambda: bool(recorder.links))
    await asyncio.sleep(3)
    recorder.links[0].send(SealProgress(at=1, count=1))
    sealed = time.time_ns()
    await until(lambda: any(isinstance(event, FloorClosed) for event in court.events), 30)
    closed = next(event for event in court.events if isinstance(event, FloorClosed))
    assert closed.cause == "no_seal"
    assert 19.5 < (closed.at - sealed) / 1e9 < 23


# --- the arithmetic, without a process ------------------------------------------------------------------------------


def test_ntp_times_become_nanoseconds() -> None:
    assert ntp_nanoseconds(2_208_988_800 << 32) == 0
    assert ntp_nanoseconds((2_208_988_801 << 32) + (1 << 31)) == 1_500_000_000


def test_the_quickest_report_sets_the_clock() -> None:
    clock = SenderClock()
    base = 2_208_988_800
    for second, delay in ((1, 80_000_000), (2, 20_000_000), (3, 60_000_000)):
        clock.report((base + second) << 32, second * 1_000_000_000 + delay)
    assert clock.shift == 20_000_000


def grant(feed: bool = True, **more: Any) -> Plan:
    fields: dict[str, Any] = {
        "seat": "w", "present": True, "speaks": "en", "hears": "", "original": 15, "interpreter": False, "renders": "",
        "microphone": True, "camera": True, "mic_track": "w_mic", "cam_track": "w_cam",
        "mic_unrecorded": "", "cam_unrecorded": "", "hears_floor": True, "sees": True,
        "muted_by_order": False,
    } | more  # fmt: skip
    return Plan(version=1, floor_open=True, feed=feed, expect_seals=False, seats=[SeatPlan(**fields)], channels=[])


def make_feed(ups: dict[str, UpTrack]) -> Feed:
    feed = Feed(Path("/nowhere"), lambda: None, lambda code: None)
    feed.update(grant(), {"w": ups})
    return feed


def up_track(kind: str) -> UpTrack:
    track = UpTrack(kind, "0", 96, 97, lambda data: None, 1)
    track.begin(5, 0.0)
    return track


def give(
    track: UpTrack, seq: int, timestamp: int, payload: bytes, marker: int = 0x80, now: float | None = None
) -> None:
    track.receive(Packet(marker, 96, seq & 0xFFFF, timestamp, 5, payload), time.monotonic() if now is None else now)


def test_packets_that_overtook_each_other_are_put_in_order() -> None:
    track = up_track("audio")
    feed = make_feed({"audio": track})
    for seq in (65_534, 65_535, 1, 0, 2, 4, 3):
        give(track, seq, seq * 960, b"%d" % seq)
    assert [frame.data for frame in feed._batch.frames] == [b"65534", b"65535", b"0", b"1", b"2", b"3", b"4"]
    assert feed._batch.losses == []


def test_a_lost_packet_of_sound_is_declared_and_the_rest_goes_on() -> None:
    track = up_track("audio")
    feed = make_feed({"audio": track})
    for seq in (10, 11, 14):
        give(track, seq, seq * 960, b"%d" % seq)
    assert len(feed._batch.frames) == 2
    feed.tick(time.monotonic() + 0.2)
    batch = feed._queue[0][0] if feed._queue else feed._batch
    assert [frame.data for frame in batch.frames] == [b"10", b"11", b"14"]
    assert [(loss.track, loss.packets) for loss in batch.losses] == [("w_mic", 2)]


def test_after_a_lost_packet_of_video_nothing_comes_before_a_key_frame() -> None:
    track = up_track("video")
    feed = make_feed({"video": track})
    key = b"\x10" + b"\x50\x01\x00\x9d\x01\x2a\x40\x01\xb4\x00"
    delta = b"\x10\x51\x01\x00rest"
    give(track, 1, 1, key)
    give(track, 2, 2, delta)
    give(track, 4, 4, delta)
    for _ in range(20):
        feed.tick(time.monotonic() + 1.0)
    give(track, 5, 5, delta)
    give(track, 6, 6, key)
    frames = [frame for batch, _ in feed._queue for frame in batch.frames] + feed._batch.frames
    assert [frame.rtp for frame in frames] == [1, 2, 6]


def test_sound_that_comes_after_it_was_given_up_is_handed_on_with_its_own_time() -> None:
    track = up_track("audio")
    feed = make_feed({"audio": track})
    for seq in (10, 11, 13, 14):
        give(track, seq, seq * 960, b"%d" % seq)
    feed.tick(time.monotonic() + 0.2)
    give(track, 12, 12 * 960, b"12")
    frames = [frame for batch, _ in feed._queue for frame in batch.frames] + feed._batch.frames
    assert [frame.data for frame in frames] == [b"10", b"11", b"13", b"14", b"12"]
    assert [frame.seq for frame in frames] == [10, 11, 13, 14, 12]
    assert frames[3].at - frames[4].at == pytest.approx(40_000_000, abs=1)  # two packets of sound earlier


def test_a_packet_of_a_picture_that_comes_after_it_was_given_up_is_declared_and_so_is_what_hangs_on_it() -> None:
    track = up_track("video")
    feed = make_feed({"video": track})
    key = b"\x10" + b"\x50\x01\x00\x9d\x01\x2a\x40\x01\xb4\x00"
    delta = b"\x10\x51\x01\x00rest"
    now = time.monotonic()
    for seq, payload in ((1, key), (3, delta), (4, delta)):
        give(track, seq, seq, payload, now=now)
    feed.tick(now + 2.0)
    give(track, 2, 2, delta)
    give(track, 5, 5, key)
    losses = [loss for batch, _ in feed._queue for loss in batch.losses] + feed._batch.losses
    assert [(loss.packets, loss.frames, loss.late) for loss in losses] == [(1, 0, False), (1, 0, True), (0, 2, False)]


def test_a_process_that_stood_still_says_so_and_blames_nobody_before_it_has_read_what_waited() -> None:
    track = up_track("audio")
    feed = make_feed({"audio": track})
    give(track, 1, 960, b"1")
    start = time.monotonic()
    feed.tick(start)
    feed.tick(start + 3.0)
    batches = [batch for batch, _ in feed._queue] + [feed._batch]
    (outage,) = [outage for batch in batches for outage in batch.outages]
    assert (outage.cause, round((outage.until - outage.at) / 1e9, 1)) == ("server", 3.0)
    assert [switch.cause for batch in batches for switch in batch.switches] == [""]
    feed.tick(start + 3.6)
    batches = [batch for batch, _ in feed._queue] + [feed._batch]
    assert [switch.cause for batch in batches for switch in batch.switches] == ["", "network"]


def test_whoever_has_not_come_back_to_a_new_worker_has_ten_seconds_before_it_is_called_the_network() -> None:
    feed = make_feed({})
    start = time.monotonic()
    said = []
    for tenth in range(120):
        feed.tick(start + tenth / 10)
        if any(switch.cause == "network" for batch, _ in feed._queue for switch in batch.switches):
            said.append(tenth)
    assert 100 <= said[0] <= 104


@pytest.mark.parametrize("jump", [1 << 31, (1 << 32) - 1, 90_000 * 3600])
def test_time_stamps_that_jump_do_not_move_the_recording(jump: int) -> None:
    track = up_track("video")
    feed = make_feed({"video": track})
    key = b"\x10" + b"\x50\x01\x00\x9d\x01\x2a\x40\x01\xb4\x00"
    track.sender_report((2_208_988_800 + 1_000) << 32, 500, time.monotonic())
    give(track, 1, 500, key)
    give(track, 2, (500 + jump) & 0xFFFFFFFF, key)
    give(track, 3, (503 + jump) & 0xFFFFFFFF, key)
    now = time.time_ns()
    assert all(now - 3_100_000_000 < frame.at <= now for frame in feed._batch.frames)
    assert len(feed._batch.frames) == 3


class Line:
    """A microphone whose RTP time-stamps stand still while it is off, as a browser's do; all times in ms."""

    def __init__(self) -> None:
        self.now, self.seq, self.rtp = 0, 0, 5_000
        self.wall = 1_764_000_000_000_000_000
        self.track = up_track("audio")
        self.feed = Feed(Path("/nowhere"), lambda: None, lambda code: None, lambda: self.wall + self.now * 1_000_000)
        self.plan(True)

    def plan(self, microphone: bool) -> None:
        """The microphone is on, or switched off by order."""
        self.feed.update(grant(microphone=microphone, muted_by_order=not microphone), {"w": {"audio": self.track}})

    def report(self, extrapolated: int = 0) -> None:
        """A sender report, of time-stamps that went on for so many ms."""
        ntp = (2_208_988_800 << 32) + ((self.wall // 1_000_000 + self.now) << 32) // 1_000
        self.track.sender_report(ntp, self.rtp + extrapolated * 48, self.now / 1_000)

    def speak(self, ms: int) -> None:
        """So many ms of sound."""
        for _ in range(0, ms, 20):
            give(self.track, self.seq, self.rtp, b"%d" % self.now, now=self.now / 1_000)
            self.seq, self.rtp = self.seq + 1, self.rtp + 960
            self.now += 20

    def errors(self) -> list[int]:
        """How much later than it was said each frame has been placed, ms."""
        frames = [frame for batch, _ in self.feed._queue for frame in batch.frames] + self.feed._batch.frames
        return [round((frame.at - self.wall) / 1_000_000) - int(frame.data) for frame in frames]


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Line:
    found = Line()
    monkeypatch.setattr("media.live.feed.time.monotonic", lambda: found.now / 1_000)
    return found


@pytest.mark.parametrize("reported_meanwhile", [False, True])
@pytest.mark.parametrize("first", ["plan", "sound"])
def test_sound_after_a_mute_is_placed_where_it_was_said_though_its_time_stamps_stood_still(
    line: Line, reported_meanwhile: bool, first: str
) -> None:
    line.report()
    line.speak(1_000)
    line.plan(False)
    line.now += 500
    if reported_meanwhile:
        line.report(extrapolated=500)
    line.now += 200
    if first == "plan":
        line.plan(True)
        line.speak(1_000)
    else:
        line.speak(100)
        line.plan(True)
        line.speak(900)
    line.report()
    line.speak(1_000)
    assert set(line.errors()) == {0}
    assert [
        (switch.cause, switch.at // 1_000_000 - line.wall // 1_000_000) for switch in line.feed._batch.switches
    ] == [
        ("", 0),
        ("order", 1_000),
        ("", 1_700 if first == "plan" else 1_800),
    ]


def test_a_report_made_while_nothing_was_sent_does_not_place_what_follows(line: Line) -> None:
    line.report()
    line.speak(1_000)
    line.plan(False)
    line.now += 900
    line.plan(True)
    line.report(extrapolated=900)
    line.now += 50
    line.speak(1_000)
    assert set(line.errors()) == {0}


def test_a_pause_that_nobody_has_ordered_moves_half_a_second_of_sound_at_most(line: Line) -> None:
    line.report()
    line.speak(1_000)
    line.now += 900
    line.speak(2_000)
    errors = line.errors()
    assert set(errors[:50]) == {0}
    assert set(errors[50 + 27 :]) == {0}


def test_a_line_that_stalls_moves_nothing(line: Line) -> None:
    line.report()
    line.speak(1_000)
    came, line.now = line.now, line.now + 1_000
    for said in range(came, line.now, 20):  # in one heap, at the end
        give(line.track, line.seq, line.rtp, b"%d" % said, now=line.now / 1_000)
        line.seq, line.rtp = line.seq + 1, line.rtp + 960
    line.speak(2_000)
    assert set(line.errors()) == {0}


def test_a_full_queue_drops_the_oldest_and_says_so() -> None:
    track = up_track("audio")
    feed = make_feed({"audio": track})
    now = time.monotonic()
    for seq in range(400):
        give(track, seq, seq * 960, bytes(64_000))
        if seq % 5 == 4:
            now += 0.1
            feed.tick(now)
    assert feed._queued <= 16 * 1024 * 1024
    assert feed.dropped > 0
    kept = sum(len(batch.frames) for batch, _ in feed._queue) + len(feed._batch.frames)
    declared = sum(loss.packets for batch, _ in feed._queue for loss in batch.losses)
    declared += sum(loss.packets for loss in feed._batch.losses)
    assert kept + feed.dropped == 400
    assert declared == feed.dropped
    # It is said before what comes behind it, so that the recorder knows why there is a gap when it sees one.
    first, *others = [batch for batch, _ in feed._queue]
    assert {outage.cause for outage in first.outages} == {"recorder"}
    assert max(outage.until for outage in first.outages) < min(frame.at for frame in first.frames)
    assert not any(batch.outages for batch in others)
