"""One open recording: cuts frames into rounds for the sealer, and requests key frames.

Owned by the event loop. Blocking calls run in the sealer or in `recovery`. Frames in memory, including rounds that are
not sealed yet, are bounded by `LIMIT` bytes; above it the recording reports the failure `overrun`, takes no frames
until the disk has caught up, and declares the gap.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from media.evidence.log.journal import Line
from media.evidence.log.journal_lines import SWITCHED_OFF
from media.evidence.recording.clock import STEP, Timeline
from media.evidence.recording.ledger import TrackLedger
from media.evidence.recording.mux import Block, is_vp8_key
from media.evidence.recording.recording_keys import RecordingKey, RecordingKeys
from media.evidence.recording.recovery import Opened
from media.evidence.recording.sealer import Sealer
from media.evidence.recording.sealing_rounds import Closed, Entry
from media.evidence.recording.track import GRID, SETTLED, SILENCE, Cutter, Item, Segment, TrackGap
from media.messages import Batch, Frame, JournalLog, SenderReport, TrackLoss, TrackPlan, TrackSwitch

Event = TrackSwitch | TrackLoss | SenderReport

logger = logging.getLogger("vivavoce.media.evidence.recording.recording")

LIMIT = 64 * 1024 * 1024
"""Bytes of frames held and not sealed."""
RELIEF = 16 * 1024 * 1024
IN_FLIGHT = 0.4
"""Seconds that closing waits for frames in transit."""
REPORT_EVERY = 5_000
ANCHOR_EVERY = 60_000
CLOCK_EVERY = 1_000
ROUND_AFTER = 300
"""ms after a cut of the grid at which segments are handed over, so that all tracks share a round."""
OUTAGES = 256
"""Number of outages kept, in which the server itself caused the silence of tracks."""
SEEN = 500
"""ms within which both ends of a link have noticed its end or its reconnection."""
READING = 300
"""ms: while batches come at least this often and are old, segments are cut only up to the batches' own time."""
LINES_WAIT = 2_000
"""Longest time, in ms, that lines without media wait for a round."""
IDLE_EVERY = 5_000
"""ms between proofs of life while every track is switched off, so that nothing can be sealed."""


def ledger_for(plan: TrackPlan, t: int) -> TrackLedger:
    """The ledger of a track that begins at `t` ms; a required one begins at 0."""
    start = 0 if plan.required else t
    return TrackLedger(
        track=plan.track,
        role=plan.role,
        kind=plan.kind,
        lang=plan.lang,
        required=plan.required,
        pseudonym=plan.track.rsplit("_", 1)[0] if plan.pseudonym else "",
        t=start,
        end=start,
    )


@dataclass
class _Running:
    """A declared track as the event loop sees it."""

    cutter: Cutter
    ssrc: int = -1
    reported: int = -REPORT_EVERY
    carried: bool = False
    lines: list[Line] = field(default_factory=list)


@dataclass
class _Turn:
    """A change of the key that has been ordered, while frames captured before it may still come."""

    t: int
    """When it is, in ms."""
    key: RecordingKey
    lines: Sequence[Line]
    """What is journaled before it: where the key is wrapped."""
    held: list[tuple[Frame | Event, int]] = field(default_factory=list)
    """What has come that was captured from then on, with its time."""
    over: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class Recording:
    """An open recording. `sealer` seals its rounds, `ask_key` requests a key frame from the worker, `fail` reports a
    failure to worker and web process."""

    opened: Opened
    sealer: Sealer
    plans: dict[str, TrackPlan]
    switches: dict[str, TrackSwitch]
    ask_key: Callable[[str], None]
    fail: Callable[[str, str], None]
    attached: Callable[[], bool]
    """Whether a worker is connected."""

    def __post_init__(self) -> None:
        self._running: dict[str, _Running] = {}
        self._extra: list[Line] = []
        self._fresh: list[TrackLedger] = []
        self._waiting: list[tuple[str, Item]] = []
        """Segments cut since the last round; handed over with the next cut of the grid, to keep rounds few."""
        self._cut = -GRID
        self._anchored = self._idle_at = self._handed_at = self.timeline.now()
        self._stepped = self._read_at = self._behind = self._clock_at = 0
        self._stopped = ""
        self._strangers: set[str] = set()
        self._outages: deque[tuple[int, int, str]] = deque(maxlen=OUTAGES)
        """Outages: begin and end in ms, cause."""
        self._away: int | None = None
        """Since when no worker has been connected."""
        self._end: int | None = None
        self._pauses: list[tuple[int, int | None]] = list(self.opened.pauses)
        """The pauses by order, oldest first: begin and end in ms; the end is None while it lasts."""
        self._turning: _Turn | None = None
        self.sealer.recipient = self.keys.present.recipient
        for ledger in self.opened.ledgers.values():
            self._begin(ledger, "recorder" if self.opened.reopened else "other")

    @property
    def timeline(self) -> Timeline:
        """Its timeline."""
        return self.opened.timeline

    @property
    def keys(self) -> RecordingKeys:
        """Its keys."""
        return self.opened.keys

    @property
    def unsealed(self) -> int:
        """Bytes of frames that are not sealed yet."""
        waiting = sum(block.weight for _, item in self._waiting if isinstance(item, Segment) for block in item.blocks)
        return sum(running.cutter.bytes for running in self._running.values()) + waiting + self.sealer.pending_bytes

    def add(self, plan: TrackPlan) -> None:
        """Add a track from now on; a required one is declared at once, from 0 on."""
        self.plans[plan.track] = plan
        if plan.required and plan.track not in self._running:
            self._declare(plan, 0)

    def sealed_until(self, ends: dict[str, int]) -> int:
        """ms up to which every track that carries media now is sealed."""
        running = [track for track, running in self._running.items() if not running.cutter.in_gap]
        return min((ends.get(track, 0) for track in running), default=max(ends.values(), default=0))

    def journal(self, line: Line) -> None:
        """Add a journal line to the next round."""
        self._extra.append(line)

    def tell(self, journal_log: JournalLog) -> int:
        """Add lines about the hearing to the next round; returns the number of the latest entry journaled by then."""
        log = self.opened.log
        if self._end is None:
            shift, now = self.timeline.shift(journal_log.sent), self.timeline.now()
            self._extra += log.take(journal_log, lambda at: max(0, min(self.timeline.at(at + shift), now)))
        return log.entry

    # --- pauses by order -----------------------------------------------------------------------------------------

    @property
    def paused(self) -> bool:
        """Whether it is paused by order."""
        return bool(self._pauses) and self._pauses[-1][1] is None

    def pause(self, by: str, reason: str) -> None:
        """Keep nothing that is captured from now on. Nothing when it is paused already."""
        if self.paused or self._end is not None:
            return
        self._turn()
        cutters = [running.cutter for running in self._running.values()]
        t = max([self.timeline.now() + 1, self._ordered, *(cutter.least_end for cutter in cutters)])
        self._pauses.append((t, None))
        for cutter in cutters:
            cutter.pause(t)
        self._extra.append({"type": "pause", "t": t, "by": by, "reason": reason})
        self._hand_over()

    def resume(self, by: str) -> None:
        """Keep again what is captured from now on. Nothing when it is not paused."""
        if not self.paused or self._end is not None:
            return
        self._turn()
        begin = self._pauses[-1][0]
        t = max(self.timeline.now(), self._ordered) + 1  # a frame of this moment may have been left out already
        self._pauses[-1] = (begin, t)
        for track, running in self._running.items():
            running.cutter.resume(t)
            if running.cutter.wants_key(t):
                self.ask_key(track)
        self._extra.append({"type": "resume", "t": t, "by": by})
        self._hand_over()

    async def proven(self) -> None:
        """Wait until what was handed over is under a signed head. Raises `StoreError` when it could not be signed."""
        await asyncio.wrap_future(self.sealer.proven())

    def follows_pause(self, gap: TrackGap) -> bool:
        """Whether a gap is the moment between the end of a pause, or a change of the key, and the first frame or key
        frame: no incident."""
        begins = any(gap.t0 == end for _, end in self._pauses) or any(gap.t0 == t for t, _ in self.keys.turns)
        return begins and gap.cause == "other" and gap.t1 - gap.t0 < SILENCE

    @property
    def _ordered(self) -> int:
        """The latest time that a pause, its end or a change of the key has, in ms."""
        begin, end = self._pauses[-1] if self._pauses else (0, None)
        return max(begin, end or 0, self.keys.since)

    def _in_pause(self, t: int) -> bool:
        return any(begin <= t and (end is None or t < end) for begin, end in self._pauses)

    # --- keys ----------------------------------------------------------------------------------------------------

    def rekey(self, key: RecordingKey, lines: Sequence[Line] = ()) -> None:
        """Encrypt what is captured from now on to another key; `lines` say where it is wrapped.

        It is done (`turned`) when what was captured before has come: `SETTLED` ms later, by `tick`, or before whatever
        is ordered next. Nothing when it is in force already.
        """
        self._turn()
        if self._end is not None or key.number == self.keys.present.number:
            return
        cutters = [running.cutter for running in self._running.values()]
        t = max([self.timeline.now() + 1, self._ordered, *(cutter.least_end for cutter in cutters)])
        self._turning = _Turn(t, key, lines)
        for track, running in self._running.items():
            if running.cutter.video and running.cutter.on and not self.paused:
                self.ask_key(track)

    async def turned(self) -> None:
        """Wait until no change of the key is under way."""
        if self._turning is not None:
            await self._turning.over.wait()

    def _turn(self) -> None:
        """Hand over what was captured before the change of the key that is under way, then take what came after it."""
        turn, self._turning = self._turning, None
        if turn is None:
            return
        try:
            for track, running in self._running.items():
                self._waiting += [(track, item) for item in running.cutter.turn(turn.t)]
            self._hand_over()
            self.keys.turn(turn.key, turn.t)
            self.sealer.recipient = turn.key.recipient
            self._extra += [*turn.lines, turn.key.line(turn.t)]
            self._hand_over(binding=True)
            for part, t in turn.held:
                if isinstance(part, Frame):
                    self._frame(part, t)
                else:
                    self._event(part, t)
        finally:
            turn.over.set()

    # --- messages of the worker ----------------------------------------------------------------------------------

    def feed(self, batch: Batch) -> None:
        """Take a batch, in the order of capture."""
        if self._end is not None:
            return
        timeline = self.opened.timeline
        shift = timeline.shift(batch.sent)
        now = timeline.now()
        self._read_at, self._behind = now, max(0, now - timeline.at(batch.sent + shift))
        base, start = timeline.utc - shift, timeline.t
        for outage in batch.outages:
            span = [max(0, min(start + (at - base) // 1_000_000, now)) for at in (outage.at, outage.until)]
            if outage.cause == "recorder":  # the worker that reports it was running then: no worker had ended
                self._forget_ends(span[0] - SEEN, span[1] + SEEN)
            self._outages.append((span[0], span[1], outage.cause))
        events: list[Event] = [*batch.switches, *batch.losses, *batch.reports]
        events.sort(key=_at)
        place = 0
        for frame in sorted(batch.frames, key=_at):
            while place < len(events) and events[place].at <= frame.at:
                self._event(events[place], max(0, min(start + (events[place].at - base) // 1_000_000, now)))
                place += 1
            t = min(start + (frame.at - base) // 1_000_000, now)
            if t >= 0:
                self._frame(frame, t)
        for event in events[place:]:
            self._event(event, max(0, min(start + (event.at - base) // 1_000_000, now)))

    def _holds(self, part: Frame | Event, t: int) -> bool:
        """Whether something is kept for later: it was captured behind a change of the key that is under way."""
        if self._turning is None or t < self._turning.t:
            return False
        self._turning.held.append((part, t))
        return True

    def _event(self, event: Event, t: int) -> None:
        if self._holds(event, t):
            return
        if isinstance(event, TrackSwitch):
            self._switch(event, t)
        elif isinstance(event, TrackLoss):
            self._loss(event, t)
        else:
            self._report(event, t)

    def _frame(self, frame: Frame, t: int) -> None:
        if self._holds(frame, t):
            return
        running = self._running.get(frame.track)
        if running is None:
            plan = self.plans.get(frame.track)
            if plan is None:
                self._unknown(frame.track)
            if plan is None or self._stopped or self._in_pause(t):
                return
            running = self._declare(plan, t)
        running.carried = True
        if frame.ssrc != running.ssrc:
            self._new_ssrc(running, frame, t)
        key = frame.key and (not running.cutter.video or is_vp8_key(frame.data))
        running.cutter.frame(Block(t, key, frame.data, frame.seq, frame.packets, frame.rtp))

    def _new_ssrc(self, running: _Running, frame: Frame, t: int) -> None:
        if running.ssrc >= 0:
            change: Line = {"type": "ssrc_change", "track": frame.track, "t": t, "old": running.ssrc, "new": frame.ssrc}
            running.lines.append(change)
        running.ssrc = frame.ssrc

    def _unknown(self, track: str) -> None:
        if track not in self._strangers:
            self._strangers.add(track)
            logger.error("frames of a track that nobody planned are not recorded")
            text = f"frames of {track} came, which nobody planned; they are not recorded"
            self._extra.append({"type": "notice", "code": "unknown_track", "text": text})

    def _switch(self, switch: TrackSwitch, t: int) -> None:
        running = self._running.get(switch.track)
        if running is not None:
            running.carried = running.carried or switch.on
            running.cutter.switch(t, switch.on, _cause(switch.cause))

    def _loss(self, loss: TrackLoss, t: int) -> None:
        running = self._running.get(loss.track)
        if running is None or self._in_pause(t):
            return
        if loss.late:
            running.cutter.drop(t, t + (loss.until - loss.at) // 1_000_000)
            return
        running.cutter.lost(loss.packets)
        since = min(max(running.cutter.least_end - 1, 0), t)
        line: Line = {"type": "loss", "track": loss.track, "t0": since, "t1": t}
        running.lines.append({**line, "packets": loss.packets, "frames": loss.frames})

    def _report(self, report: SenderReport, t: int) -> None:
        running = self._running.get(report.track)
        if running is None or (t - running.reported < REPORT_EVERY and report.ssrc == running.ssrc):
            return
        running.reported = t
        line: Line = {
            "type": "sr",
            "track": report.track,
            "ssrc": report.ssrc,
            "ntp": str(report.ntp),
            "rtp": report.rtp,
            "t": t,
        }
        running.lines.append(line)

    # --- the clock -----------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Several times a second: hand over what is ready, ask for key frames, watch the bounds."""
        if self._end is not None:
            return
        now = self.timeline.now()
        if self._turning is not None and now - self._turning.t >= SETTLED:
            self._turn()
        self._watch(now)
        read = now - self._behind if now - self._read_at < READING else now
        cut = (read - ROUND_AFTER) // GRID * GRID
        due = self._waiting != [] and cut > self._cut
        for track, running in self._running.items():
            for item in running.cutter.advance(read):
                self._waiting.append((track, item))
                due = due or item.t1 <= cut
            if running.cutter.wants_key(now):
                self.ask_key(track)
        self._cut = max(self._cut, cut)
        proof = not due and self._is_idle(now)
        due = due or self._fresh != []
        if due or proof or (self._extra and now - self._handed_at >= LINES_WAIT):
            self._hand_over(proof)
            self._handed_at = now
        if due or proof:
            self._idle_at = now

    def _hand_over(self, proof: bool = False, binding: bool = False) -> None:
        """Hand over all that waits as one round: track declarations, then other lines, then segments and gaps.

        `proof`, `binding`: as of `Sealer.submit`.
        """
        entries: list[Entry] = [*self._fresh, *self._side_lines(), *self._waiting]
        if proof:
            entries.append(self.timeline.anchor())
        self._fresh.clear()
        self._waiting.clear()
        self.sealer.submit(entries, proof=proof, binding=binding)

    def _watch(self, now: int) -> None:
        if self.sealer.full:
            self.stop("disk")
        elif not self._stopped and self.unsealed > LIMIT:
            self.fail("overrun", "the disk is slower than what is to be recorded")
            self.stop("recorder")
        elif self._stopped and self.unsealed < RELIEF:
            self.proceed()
        if now - self._clock_at < CLOCK_EVERY:
            return
        self._clock_at = now
        step = self.timeline.step()
        stepped = abs(step - self._stepped) > STEP
        if stepped:
            self._extra.append({"type": "notice", "code": "clock_step", "text": "the system clock was stepped"})
        if stepped or now - self._anchored >= ANCHOR_EVERY:
            self._stepped, self._anchored = step, now
            self._extra.append(self.timeline.anchor())

    def worker_came(self) -> None:
        """A worker is connected from now on."""
        now = self.timeline.now()
        self._outages.append((now if self._away is None else self._away, now, "worker"))
        self._away = None

    def _forget_ends(self, since: int, until: int) -> None:
        """Remove outages with cause `worker` between these times: the link was interrupted, the worker did not end."""
        outages = (
            outage for outage in self._outages if outage[2] != "worker" or outage[0] < since or outage[1] > until
        )
        self._outages = deque(outages, maxlen=OUTAGES)

    def worker_went(self) -> None:
        """No worker is connected any more."""
        self._away = self.timeline.now()

    def _why(self, t0: int, t1: int) -> str:
        """The cause of silence from t0 to t1 on a track that is switched on."""
        if self._away is not None and self._away < t1:
            return "worker"
        known: dict[str, int] = {}
        for since, until, cause in self._outages:
            if since < t1 and until > t0:
                known[cause] = known.get(cause, 0) + min(until, t1) - max(since, t0)
        if "worker" in known:
            return "worker"
        cause = max(known, key=lambda cause: known[cause], default="network")
        return cause if 2 * known.get(cause, 0) >= t1 - t0 else "network"

    def _is_idle(self, now: int) -> bool:
        """Whether nothing can be sealed since every track that ever carried media was switched off, or in a pause."""
        if now - self._idle_at < IDLE_EVERY or not self.attached() or self._stopped:
            return False
        return self.paused or all(not running.cutter.on or not running.carried for running in self._running.values())

    def stop(self, cause: str) -> None:
        """Take no more frames: those in memory go to the sealer, and a gap begins."""
        if self._stopped:
            return
        self._stopped = cause
        now = self.timeline.now()
        for track, running in self._running.items():
            self._waiting += [(track, item) for item in running.cutter.stop(now, cause)]
        self._hand_over()

    def proceed(self) -> None:
        """Take frames again."""
        self._stopped = ""
        for running in self._running.values():
            running.cutter.proceed(self.timeline.now())

    def lost(self, tracks: Iterable[str]) -> None:
        """Start these tracks again with a key frame: the sealer has lost segments of them."""
        for track in tracks:
            if track in self._running:
                self._running[track].cutter.ask_key()

    async def close(self) -> Closed:
        """Wait for frames in flight, hand over everything, journal the end. May be tried again when it failed."""
        if self._end is None:
            await asyncio.sleep(IN_FLIGHT)
        if self._end is None:
            self._finish()
        assert self._end is not None
        return await asyncio.wrap_future(self.sealer.close(self._end))

    def finish(self) -> None:
        """Hand over all frames in memory without closing the recording: it can be opened again."""
        if self._end is None:
            self._finish()

    def _finish(self) -> None:
        self._turn()
        cutters = [running.cutter for running in self._running.values()]
        self._end = max([self.timeline.now(), self._ordered, *(cutter.least_end for cutter in cutters)])
        for track, running in self._running.items():
            self._waiting += [(track, item) for item in running.cutter.finish(self._end)]
        self._hand_over()

    # --- tracks --------------------------------------------------------------------------------------------------

    def _declare(self, plan: TrackPlan, t: int) -> _Running:
        ledger = ledger_for(plan, t)
        self._fresh.append(ledger)
        return self._begin(ledger, "other")

    def _begin(self, ledger: TrackLedger, cause: str) -> _Running:
        switch = self.switches.get(ledger.track)
        start = ledger.end
        breaks = self._breaks()
        past = sorted(((begin, end) for begin, end in breaks if end is not None and end <= start), key=itemgetter(1))
        cutter = Cutter(video=ledger.video, start=start, cause=cause, causes=self._why, past=past)
        running = self._running[ledger.track] = _Running(cutter)
        if switch is not None and not switch.on:
            cutter.switch(ledger.end, False, _cause(switch.cause))
        if switch is not None:
            running.carried = switch.on
        for begin, end in breaks:
            if end is None or end > start:
                cutter.pause(max(begin, start))
                if end is not None:
                    cutter.resume(end)
        return running

    def _breaks(self) -> list[tuple[int, int | None]]:
        """The pauses, and the changes of the key that are in none as pauses of 0 ms, oldest first."""
        turns = [t for t, _ in self.keys.turns]
        apart = [t for t in turns if not any(begin <= t and (end is None or t <= end) for begin, end in self._pauses)]
        return sorted([*self._pauses, *((t, t) for t in apart)], key=itemgetter(0))

    def _side_lines(self) -> list[Line]:
        lines, self._extra = self._extra, []
        for running in self._running.values():
            lines += running.lines
            running.lines.clear()
        return lines


def _at(part: Frame | Event) -> int:
    return part.at


def _cause(word: str) -> str:
    """The cause of a gap from the word of a switch."""
    return word if word in (*SWITCHED_OFF, "network") else "other"
