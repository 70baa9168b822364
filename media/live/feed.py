"""The feed from the media worker to the recorder: whole encoded frames in order, with capture times, in batches.

Audio and video of one sender share one clock: capture time is the sender's own time (RTCP sender reports), shifted
by the smallest recent difference to this machine's clock. Before the first report it is derived from arrival times, and
again after a pause in which the RTP time-stamps stood still, until the next report.
A missing packet delays the packets behind it until it arrives or is given up, so that the frames of a track are in
order; nothing is decoded. A packet that arrives after it was given up is not discarded: audio is passed on with its own
capture time, a video packet is declared as late.

The queue to the recorder is bounded by `MAX_QUEUED`; when it is full the oldest batch is dropped and its frames are
declared as losses in the next batch. The socket is reconnected without limit, and the outage is declared with its
duration.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path

from media.link import Link, connect
from media.live import routing
from media.live.forwarding import PAUSE, LatestReport, UpTrack
from media.live.rtp import Packet
from media.live.vp8 import Assembler, is_key_frame
from media.messages import (
    RECORDER_TO_WORKER,
    Batch,
    Frame,
    KeyFrameWanted,
    Outage,
    Plan,
    RecorderFailing,
    SealProgress,
    SenderReport,
    TrackLoss,
    TrackSwitch,
)

logger = logging.getLogger("vivavoce.media.feed")

BATCH_SECONDS = 0.16  # with a tick every 50 ms a batch holds up to 200 ms; each one wakes the recorder
BATCH_BYTES = 512 * 1024  # from which a batch is closed early, so that one message carries it
MAX_QUEUED = 16 * 1024 * 1024  # bytes: half a minute of four people, or 7 s at the most that can be agreed
MAX_IN_SOCKET = 64 * 1024  # bytes handed to the socket and not yet taken by the recorder
RECONNECT_SECONDS = 0.2
NETWORK_SECONDS = 2.0  # without a frame before a track counts as interrupted
FIRST_SECONDS = 10.0  # the same before its first frame: after a worker's end people need time to come back
HELD_UP = 0.8  # s between two ticks from which the process, or the machine, counts as suspended
CATCH_UP = 0.5  # s after that before a track can count as silent: the socket's backlog is read first
REORDER_SECONDS = 0.06  # s to wait for a missing packet that may only have been reordered
RESEND_SECONDS = 1.0  # s to wait when the sender retransmits (NACK); forwarding gives up a little earlier
REORDER_PACKETS = 512
REPORTS_KEPT = 32
KEPT = 256  # latest declarations an overfull queue keeps; the recorder looks back as far
NEAR = 100_000_000  # ns between late packets that are joined into one loss
STANDING = 1_000_000_000  # ns between two dropped batches whose outages are joined
LATEST_CAPTURE = 3_000_000_000  # ns: a capture time earlier than this before arrival is not accepted
STOOD_STILL = int(PAUSE * 500_000_000)  # ns of delay by the report that show a stopped time-stamp
STALLED = 500_000_000  # ns within which packets delayed by a stalled connection have arrived
_NTP_UNIX = 2_208_988_800  # s from 1900 to 1970


class SenderClock:
    """One sender's clock against ours: `shift` ns are added to their time to get ours."""

    def __init__(self) -> None:
        self.shift: int | None = None
        self._seen: deque[int] = deque(maxlen=REPORTS_KEPT)

    def report(self, ntp: int, arrived: int) -> None:
        """A sender report with this NTP time came at `arrived` ns."""
        self._seen.append(arrived - ntp_nanoseconds(ntp))
        self.shift = min(self._seen)


def ntp_nanoseconds(ntp: int) -> int:
    """A 64-bit NTP time as nanoseconds since 1970."""
    return ((ntp >> 32) - _NTP_UNIX) * 1_000_000_000 + ((ntp & 0xFFFFFFFF) * 1_000_000_000 >> 32)


class Stream:
    """One up track on its way to the recorded tracks `names`."""

    def __init__(self, feed: "Feed", up: UpTrack, clock: SenderClock) -> None:
        self.up = up
        self.names: tuple[str, ...] = ()
        self._feed = feed
        self._clock = clock
        self._assembler = Assembler() if up.kind == "video" else None
        self._next: int | None = None
        self._held: dict[int, tuple[Packet, int]] = {}
        self._held_since = 0.0
        self._report: LatestReport | None = up.report
        self._base: int | None = None
        self._doubted: int | None = None
        """Since when (ns) the report is in doubt, since time-stamps may have stopped; 0: judged at the next packet."""
        now = time.monotonic()
        if up.report is not None and (up.report.at < up.resumed_at or up.is_silent(now)):
            self._doubted = 0
        if up.report is not None and clock.shift is None:
            age = int((now - up.report.at) * 1_000_000_000)
            clock.report(up.report.ntp, feed.wall() - age)
        up.tap = self
        up.request_key()

    def end(self) -> None:
        """Stop taking packets from the up track; pass on those that were waiting."""
        if self._held:
            self.lost(max(self._held))
        self._say_left_out()
        if self.up.tap is self:
            self.up.tap = None

    def packet(self, packet: Packet, now: float) -> None:
        """Take a packet; pass on the frames that are now complete and in order."""
        if self._next is None:
            self._next = packet.seq
        elif self.up.resumed_at == now and self._doubted is None:
            self._doubted = self._feed.wall()
        if packet.seq < self._next:
            self._late(packet)
            return
        if not self._held:
            if packet.seq == self._next:
                self._next += 1
                self._deliver(packet, self._feed.wall())
                return
            self._held_since = now
        self._held[packet.seq] = (packet, self._feed.wall())
        self._drain()
        if len(self._held) > REORDER_PACKETS:
            self.lost(min(self._held) - 1)

    def tick(self, now: float) -> None:
        """Give up missing packets whose waiting time is over."""
        patience = RESEND_SECONDS if self.up.answers else REORDER_SECONDS
        if self._held and now - self._held_since > patience:
            self.lost(min(self._held) - 1)

    def _drain(self) -> None:
        while self._next in self._held:
            packet, arrived = self._held.pop(self._next)
            self._next += 1
            self._held_since = time.monotonic()
            self._deliver(packet, arrived)

    def lost(self, seq: int) -> None:
        """Give up the missing packets up to this extended sequence number, inclusive; pass on those behind them."""
        if self._next is None or seq < self._next:
            return
        for number in sorted(earlier for earlier in self._held if earlier <= seq):
            if number > self._next:
                self._missed(number - self._next)
            self._next = number + 1
            self._deliver(*self._held.pop(number))
        if self._next <= seq:
            missing, self._next = seq + 1 - self._next, seq + 1
            self._missed(missing)
        self._drain()

    def _late(self, packet: Packet) -> None:
        """Handle a packet that arrived after it was given up."""
        if not packet.payload:
            return
        at = self._captured(packet.timestamp, self._feed.wall())
        if self._assembler is None:
            for name in self.names:
                self._feed.add_late(self._frame(name, at, packet, 1, True, packet.payload))
        else:
            self._lose(1, 0, at, late=True)

    def _missed(self, packets: int) -> None:
        if self._assembler is not None:
            self._assembler.lost()
            self.up.request_key()
        self._lose(packets, 0, self._feed.wall())

    def _say_left_out(self) -> None:
        """Declare complete frames that cannot be decoded because a frame they refer to is missing."""
        if self._assembler is not None and self._assembler.left_out:
            self._lose(0, self._assembler.left_out, self._feed.wall())
            self._assembler.left_out = 0

    def _lose(self, packets: int, frames: int, at: int, *, late: bool = False) -> None:
        for name in self.names:
            loss = TrackLoss(track=name, packets=packets, frames=frames, late=late, at=at, until=at)
            self._feed.add_loss(loss)

    def _frame(self, name: str, at: int, packet: Packet, packets: int, key: bool, data: bytes) -> Frame:
        level = -1 if packet.level is None else packet.level & 0x7F
        return Frame(
            track=name,
            at=at,
            rtp=packet.timestamp,
            ssrc=self.up.ssrc or 0,
            key=key,
            level=level,
            seq=(packet.seq - packets + 1) & 0xFFFF,
            packets=packets,
            data=data,
        )

    def renumbered(self) -> None:
        """Forget numbers and time-stamps."""
        self._next = None
        self._held.clear()
        self._report = self._doubted = None
        self._base = None
        if self._assembler is not None:
            self._assembler.lost()

    def reported(self, report: LatestReport) -> None:
        """Keep a sender report, and pass it on."""
        arrived = self._feed.wall()
        self._report = report
        self._doubted = 0 if self.up.is_silent(report.at) else None
        self._clock.report(report.ntp, arrived)
        for name in self.names:
            self._feed.add_report(
                SenderReport(track=name, ssrc=self.up.ssrc or 0, ntp=report.ntp, rtp=report.rtp, at=arrived)
            )

    def _deliver(self, packet: Packet, arrived: int) -> None:
        if not packet.payload:
            return
        data, key, packets = packet.payload, True, 1
        if self._assembler is not None:
            whole = self._assembler.push(packet.payload, packet.timestamp, bool(packet.marker))
            if self._assembler.waiting:
                self.up.request_key()
            if whole is None:
                return
            data, key, packets = whole, is_key_frame(whole), self._assembler.packets
            self._say_left_out()
        at = self._captured(packet.timestamp, arrived)
        for name in self.names:
            self._feed.add_frame(self._frame(name, at, packet, packets, key, data))

    def _captured(self, timestamp: int, arrived: int) -> int:
        """Capture time, ns: from the sender's clock if known, else from the quickest arrival so far."""
        rate = self.up.clock
        at = arrived
        if self._report is not None and self._clock.shift is not None:
            ticks = ((timestamp - self._report.rtp + 0x80000000) & 0xFFFFFFFF) - 0x80000000
            at = ntp_nanoseconds(self._report.ntp) + ticks * 1_000_000_000 // rate + self._clock.shift
            self._judge_report(arrived - at, arrived)
        if self._report is None or self._clock.shift is None:
            base = arrived - timestamp * 1_000_000_000 // rate
            if self._base is None or base < self._base or base - self._base > LATEST_CAPTURE:
                self._base = base
            at = self._base + timestamp * 1_000_000_000 // rate
        return at if arrived - LATEST_CAPTURE <= at <= arrived else arrived

    def _judge_report(self, behind: int, arrived: int) -> None:
        """Discard the sender report when packets after a pause are late by its clock and do not catch up."""
        if self._doubted is None:
            return
        if behind <= STOOD_STILL:
            self._doubted = None
        elif arrived - self._doubted > STALLED:
            self._report = self._base = self._doubted = None


def _add(losses: list[TrackLoss], loss: TrackLoss) -> None:
    """Add a loss. Missing packets of a track are joined into one loss, at the latest time; late ones too, where they
    lie close together, or when there are more than `KEPT`."""
    for other in losses:
        if other.track != loss.track or other.late is not loss.late:
            continue
        if loss.late and len(losses) < KEPT and not other.at - NEAR <= loss.at <= other.until + NEAR:
            continue
        other.packets += loss.packets
        other.frames += loss.frames
        other.at = min(other.at, loss.at) if loss.late else max(other.at, loss.at)
        other.until = max(other.until, loss.until)
        return
    losses.append(loss)


def _go_on(outages: list[Outage], outage: Outage) -> None:
    """Add an outage; within a second of another with the same cause it is joined to it. The latest are kept."""
    last = outages[-1] if outages else None
    if last is not None and last.cause == outage.cause and outage.at <= last.until + STANDING:
        last.at, last.until = min(last.at, outage.at), max(last.until, outage.until)
        return
    outages.append(outage)
    del outages[:-KEPT]


class Feed:
    """All streams to the recorder, and the socket they leave by.

    `on_seal()` and `on_failing(code)` are called for the recorder's messages `seal_progress` and `recorder_failing`.
    """

    def __init__(
        self,
        path: Path,
        on_seal: Callable[[], None],
        on_failing: Callable[[str], None],
        wall: Callable[[], int] = time.time_ns,
    ) -> None:
        self.wall = wall
        self.dropped = 0
        self._path = path
        self._on_seal = on_seal
        self._on_failing = on_failing
        self._streams: dict[tuple[str, str], Stream] = {}
        self._clocks: dict[str, tuple[object, SenderClock]] = {}
        self._status: dict[str, str] = {}
        self._wanted: dict[str, float] = {}
        self._seen: set[str] = set()
        self._ticked = self._judge_from = 0.0
        self._last: dict[str, int] = {}
        self._batch = self._new_batch()
        self._batch_bytes = 0
        self._batch_since = 0.0
        self._queue: deque[tuple[Batch, int]] = deque()
        self._queued = 0
        self._link: Link[KeyFrameWanted | SealProgress | RecorderFailing] | None = None
        self._task: asyncio.Task[None] | None = None

    # --- recorded streams --------------------------------------------------------------------------------------

    def update(self, plan: Plan, ups: Mapping[str, Mapping[str, UpTrack]]) -> None:
        """Make the recorded streams those of the plan, as far as their connections exist."""
        tracks = routing.recorded(plan)
        wanted: dict[tuple[str, str], tuple[str, ...]] = {}
        for seat, named in tracks.items():
            wanted[seat, "audio"], wanted[seat, "video"] = named.audio, named.video
        for key, stream in list(self._streams.items()):
            up = ups.get(key[0], {}).get(key[1])
            if stream.up is not up or not wanted.get(key):
                stream.end()
                del self._streams[key]
        for key, names in wanted.items():
            up = ups.get(key[0], {}).get(key[1])
            if not names or up is None:
                continue
            if key not in self._streams:
                self._streams[key] = Stream(self, up, self._clock(key[0], ups[key[0]]))
            self._streams[key].names = names
        self._switch(plan, {name for names in wanted.values() for name in names})

    def _clock(self, seat: str, connection: object) -> SenderClock:
        known = self._clocks.get(seat)
        if known is None or known[0] is not connection:
            known = self._clocks[seat] = (connection, SenderClock())
        return known[1]

    def _switch(self, plan: Plan, wanted: set[str]) -> None:
        now = time.monotonic()
        known: set[str] = set()
        ordered = {seat.mic_track for seat in plan.seats if seat.muted_by_order}
        if plan.feed:
            known = {name for seat in plan.seats for name in (seat.mic_track, seat.cam_track) if name}
            known |= {channel.track for channel in plan.channels}
        for name in known | set(self._status):
            if name in wanted:
                self._wanted.setdefault(name, now)
                continue
            self._wanted.pop(name, None)
            cause = "order" if name in ordered else "sender_off"
            if self._status.get(name) != cause:
                self._status[name] = cause
                self._touch()
                self._batch.switches.append(TrackSwitch(track=name, on=False, cause=cause, at=self.wall()))
        if not plan.feed:
            self._status.clear()

    # --- messages to the recorder ------------------------------------------------------------------------------

    @staticmethod
    def _new_batch() -> Batch:
        return Batch(sent=0, frames=[], reports=[], switches=[], losses=[], outages=[])

    @property
    def _is_empty(self) -> bool:
        batch = self._batch
        return not (batch.frames or batch.reports or batch.switches or batch.losses or batch.outages)

    def _touch(self) -> None:
        if self._is_empty:
            self._batch_since = time.monotonic()

    def add_frame(self, frame: Frame) -> None:
        """The next frame of a track; times of a track only grow."""
        name = frame.track
        frame.at = max(frame.at, self._last.get(name, 0) + 1)
        self._last[name] = frame.at
        self._wanted[name] = time.monotonic()
        self._seen.add(name)
        self._touch()
        if self._status.get(name) != "on":
            self._status[name] = "on"
            self._batch.switches.append(TrackSwitch(track=name, on=True, cause="", at=frame.at))
        self._append(frame)

    def add_late(self, frame: Frame) -> None:
        """Add an audio frame that arrived after later ones."""
        self._touch()
        self._append(frame)

    def _append(self, frame: Frame) -> None:
        self._batch.frames.append(frame)
        self._batch_bytes += len(frame.data) + 64
        if self._batch_bytes >= BATCH_BYTES:
            self._close_batch()

    def add_report(self, report: SenderReport) -> None:
        """A sender report of a recorded source."""
        self._touch()
        self._batch.reports.append(report)

    def add_loss(self, loss: TrackLoss) -> None:
        """Add packets of a recorded source that never came: declared once a batch for each track."""
        self._touch()
        _add(self._batch.losses, loss)

    # --- by the clock ------------------------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        """Every 50 ms: notice interruptions, close the batch, write to the socket as far as it accepts data."""
        for stream in self._streams.values():
            stream.tick(now)
        self._watch(now)
        if now >= self._judge_from:
            self._judge(now)
        if not self._is_empty and now - self._batch_since >= BATCH_SECONDS:
            self._close_batch()
        self._pump()

    def _watch(self, now: float) -> None:
        """Detect that this process was suspended."""
        before, self._ticked = self._ticked, now
        if before and now - before > HELD_UP:
            self._judge_from = now + CATCH_UP
            self._touch()
            wall = self.wall()
            still = Outage(cause="server", at=wall - int((now - before) * 1_000_000_000), until=wall)
            self._batch.outages.append(still)

    def _judge(self, now: float) -> None:
        """Declare an interrupted network for tracks that are on and deliver nothing."""
        for name, since in self._wanted.items():
            seen = name in self._seen
            if now - since <= (NETWORK_SECONDS if seen else FIRST_SECONDS) or self._status.get(name) == "network":
                continue
            self._status[name] = "network"
            self._touch()
            at = self.wall() - (int((now - since) * 1_000_000_000) if seen else 0)
            self._batch.switches.append(TrackSwitch(track=name, on=False, cause="network", at=at))

    def _close_batch(self) -> None:
        batch = self._batch
        parts = len(batch.reports) + len(batch.switches) + len(batch.losses) + len(batch.outages)
        size = self._batch_bytes + 64 * (1 + parts)
        self._queue.append((batch, size))
        self._queued += size
        self._batch = self._new_batch()
        self._batch_bytes = 0
        while self._queued > MAX_QUEUED:
            oldest, size = self._queue.popleft()
            self._queued -= size
            self.dropped += len(oldest.frames)
            self._declare(oldest)

    def _declare(self, dropped: Batch) -> None:
        """Declare what an overfull queue dropped, ahead of later batches; switches, losses and outages are kept, the
        losses of a track as one, and a continuing outage as one."""
        following = self._first_to_send()
        following.switches[:0] = dropped.switches[-KEPT:]
        losses, following.losses = following.losses, dropped.losses
        for loss in losses:
            _add(following.losses, loss)
        outages, following.outages = following.outages, dropped.outages
        for outage in outages:
            _go_on(following.outages, outage)
        frames: dict[str, list[Frame]] = {}
        for frame in dropped.frames:
            frames.setdefault(frame.track, []).append(frame)
        for name, lost_frames in frames.items():
            at, until = min(frame.at for frame in lost_frames), max(frame.at for frame in lost_frames)
            packets = sum(frame.packets for frame in lost_frames)
            _add(
                following.losses,
                TrackLoss(track=name, packets=packets, frames=len(lost_frames), late=True, at=at, until=until),
            )
        if dropped.frames:
            every = [frame.at for frame in dropped.frames]
            _go_on(following.outages, Outage(cause="recorder", at=min(every), until=max(every)))

    def _first_to_send(self) -> Batch:
        if self._queue:
            return self._queue[0][0]
        self._touch()
        return self._batch

    def _pump(self) -> None:
        link = self._link
        while link is not None and self._queue and link.waiting < MAX_IN_SOCKET:
            batch, size = self._queue[0]
            batch.sent = self.wall()
            try:
                link.send(batch)
            except ConnectionError:
                return
            self._queue.popleft()
            self._queued -= size

    # --- the socket --------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start connecting to the recorder."""
        self._task = asyncio.create_task(self._keep_connected())

    async def stop(self) -> None:
        """Send what is queued and disconnect."""
        self._close_batch()
        self._pump()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._link is not None:
            await self._link.close()

    async def _keep_connected(self) -> None:
        lost: int | None = None
        while True:
            try:
                link = await connect(self._path, RECORDER_TO_WORKER)
            except OSError:
                await asyncio.sleep(RECONNECT_SECONDS)
                continue
            if lost is not None:
                self._first_to_send().outages.append(Outage(cause="recorder", at=lost, until=self.wall()))
            self._link = link
            self.request_keys()
            try:
                async for message in link:
                    self._heard(message)
            except ConnectionError:
                logger.warning("the recorder said something that is not in the table")
            lost = self.wall()
            self._link = None
            await link.close()
            self.request_keys()
            await asyncio.sleep(RECONNECT_SECONDS)

    def request_keys(self) -> None:
        """Ask for a key frame on every recorded camera."""
        for stream in self._streams.values():
            stream.up.request_key()

    def _heard(self, message: KeyFrameWanted | SealProgress | RecorderFailing) -> None:
        if isinstance(message, KeyFrameWanted):
            for stream in self._streams.values():
                if message.track in stream.names:
                    stream.up.request_key()
        elif isinstance(message, SealProgress):
            self._on_seal()
        else:
            self._on_failing(message.code)
