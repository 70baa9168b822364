"""Cutting one track: frames on the timeline become segments and gaps that tile it exactly.

Pure: times in ms come in, `Segment` and `Gap` come out; no clock, no file. Rules (docs/recording-format.md §4):
segments end on a grid of 2 s, or on a key frame when the segment has lasted 1 s. A cut is made when a later frame has
come: the worker sends the frames of a track in order, so none before it is missing. A silent track that is on is waited
for `PATIENCE` ms before a gap is declared. A frame that comes after its time was cut goes into the next segment, with
its own time; one that comes even later is dropped and declared as a gap of cause late. Video begins, and continues
after a gap, with a key frame only. In a pause [p, r) by order no frame captured in it is kept, and a gap of cause pause
answers for exactly that time; what was captured before p and is still in transit is taken for `SETTLED` ms. Where the
recording's key changes (`turn`) a segment ends; nothing captured before that is taken afterwards.
"""

import bisect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from media.evidence.log.journal_lines import LATE, PAUSE
from media.evidence.recording.mux import Block

GRID = 2_000
PATIENCE = 5_000
"""ms that a silent track is waited for, and by which a frame may be earlier than its segment."""
SETTLED = 500
"""ms before the present up to which the gap of a switched-off track is declared."""
SILENCE = 2_000
"""ms without a frame that make a gap."""
SLACK = 100
"""ms by which media may begin late without a gap before them."""
HOLE = 100
"""ms without a frame, within a segment, that count as a hole."""
SHORTEST = 500
"""Minimum distance of two cuts in ms; a nearer one is left out."""
SHORTEST_TO_KEY = 1_000
"""A key frame ends a segment that has lasted this many ms; an earlier one is only noted."""
LONGEST_OPEN_GAP = 60_000
"""A continuing gap is declared in pieces of this length in ms, after a first piece at once."""
KEY_EVERY = 3_500
"""A key frame is asked for when the last one is this old, shortly before a cut: about every 4 s."""
KEY_BEFORE_CUT = 400
KEY_AGAIN = 1_000
"""ms after which a key frame is requested again while none has come: no frame can be kept without one."""

_WAITING = frozenset({"other", "recorder", "network"})
"""Causes of a gap that go on behind a pause in which nothing came and nobody switched anything."""

Causes = Callable[[int, int], str]
"""Cause of silence from t0 to t1, in ms, on a track that is switched on."""


@dataclass(frozen=True)
class Counts:
    """RTP sequence numbers and time-stamps of a segment, for comparison with a packet capture by an expert."""

    seq: tuple[int, int] = (0, 0)
    """RTP sequence numbers of the first and the last packet."""
    rtp: tuple[int, int] = (0, 0)
    """RTP time-stamps of the first and the last frame."""
    packets: tuple[int, int, int] = (0, 0, 0)
    """Packets received and kept; lost in transit; kept ones that came after their time had been cut."""
    holes: tuple[int, int] = (0, 0)
    """Times of 100 ms to 2 s without a frame: how many, and ms altogether."""


@dataclass(frozen=True)
class Segment:
    """Content of one sealed file: the interval [t0, t1), its frames, and offsets of key frames from t0 (video)."""

    t0: int
    t1: int
    blocks: Sequence[Block]
    keys: tuple[int, ...]
    counts: Counts = Counts()


@dataclass(frozen=True)
class TrackGap:
    """An interval [t0, t1) without media, and its cause."""

    t0: int
    t1: int
    cause: str


Item = Segment | TrackGap


class Cutter:
    """Cuts one track, from `start` on. `done` is the time up to which all segments and gaps have been returned."""

    def __init__(
        self,
        *,
        video: bool,
        start: int,
        cause: str = "other",
        causes: Causes = lambda t0, t1: "network",
        past: Sequence[tuple[int, int]] = (),
    ) -> None:
        """`past`: pauses and turns that ended by `start`; what was captured in one or before its end is not kept."""
        self.video = video
        self.done = start
        self.bytes = 0
        """Bytes that the frames held take."""
        self.on = True
        """False while the track is switched off, by its person or by the worker."""
        self._start = start
        self._causes = causes
        self._blocks: list[Block] = []
        self._last = start
        self._step = 40 if video else 20
        self._lost = 0
        self._cause: str | None = cause
        self._gap_cause = ""
        self._declared = False
        self._continues = False
        """Whether the gap began behind a frame that was kept, so that one that follows it closely needs no key."""
        self._stopped = False
        self._off_cause = ""
        self._dropped: list[TrackGap] = []
        self._refused: list[int] = []
        """Times of frames that came during the open gap and were not kept."""
        self._out: list[Item] = []
        self._key_at = start
        self._asked_at = -KEY_EVERY
        self._wants_key = video
        self._on_at: int | None = None
        self._off_at: int | None = None
        """When it was switched off, while earlier frames may still come; `_gap_cause` has the cause."""
        self._pauses: list[tuple[int, int | None]] = list(past)
        """The pauses by order in the order of their ends, which is None while one lasts; a turn is one of 0 ms."""
        self._closing: int | None = None
        """When the pause begins that has begun, while earlier frames may still come."""
        self._later: tuple[bool, str] | None = None
        """The latest switch after that moment."""
        self._before: str | None = None
        """The cause of the gap in which the pause began; None when media came."""
        self._came = False
        """Whether media came in the pause, and were not kept."""
        self._stop_cause = ""

    @property
    def least_end(self) -> int:
        """The earliest time at which this track could end."""
        end = max(self._last, self.done) + 1 if self._blocks else self.done
        return max(end, self._closing or 0)

    @property
    def paused(self) -> bool:
        """Whether it is paused by order."""
        return bool(self._pauses) and self._pauses[-1][1] is None

    def in_pause(self, t: int) -> bool:
        """Whether a time is in a pause by order."""
        return bool(self._pauses) and any(begin <= t and (end is None or t < end) for begin, end in self._pauses)

    @property
    def in_gap(self) -> bool:
        """Whether a gap is open."""
        return self._cause is not None

    def frame(self, block: Block) -> bool:
        """Take one frame; False if it was not kept (no key frame yet, too late, or stopped).

        A frame that is not kept falls into the open gap, or a gap of cause late is declared for it.
        """
        if self.in_pause(block.t):
            self._came = True
            return False
        accepted = not self._stopped and not self._is_shut(block.t) and self._keep(block)
        if not accepted and self._start <= block.t < self.done:
            self.drop(block.t, block.t)
        elif not accepted and self._refused[-1:] != [block.t]:
            self._refused.append(block.t)
        return accepted

    def _keep(self, block: Block) -> bool:
        if self._cause is None and block.t - self._last >= SILENCE:
            self._silence(self._reason(self._last, block.t))
            if self._is_shut(block.t):
                return False
        if self._cause is not None:
            if not self._resume(block):
                return False
        elif block.t < self._last and self._overtaken(block):
            return self._insert(block)
        if block.t < self._last:
            block = block._replace(t=self._last)
        if self.video and block.key:
            if block.t - self.done >= SHORTEST_TO_KEY and self._blocks:
                self._cut(block.t)
            self._key_at = block.t
        self._blocks.append(block)
        self.bytes += block.weight
        self._last = block.t
        return True

    def lost(self, packets: int) -> None:
        """Count packets of the open segment that were given up."""
        self._lost += packets

    def drop(self, t: int, until: int) -> None:
        """Declare a gap of cause late for media captured from `t` to `until` that came too late to be kept."""
        if self.in_pause(max(0, t)):
            return
        t, end = max(0, t), max(0, t, until) + self._step
        before = self._dropped[-1] if self._dropped else None
        if before is not None and before.t0 <= t <= before.t1:
            self._dropped[-1] = TrackGap(before.t0, max(before.t1, end), LATE)
        else:
            self._dropped.append(TrackGap(t, end, LATE))

    def switch(self, t: int, on: bool, cause: str = "") -> None:
        """Switch the track off at `t`, with the cause, or on. In a pause it shows when that ends."""
        if self.paused and (self._closing is None or t >= self._closing):
            self.on, self._later = on, (on, cause)
            return
        if self._pauses and (end := self._pauses[-1][1]) is not None:
            t = max(t, end)
        self.on = on
        self._off_cause = "" if on else cause or "other"
        self._on_at = t if on and self._cause is not None else None
        self._wants_key = self._wants_key or (on and self._cause is not None)
        if self._stopped:
            return
        if on:
            self._settle()
        elif self._cause is not None:
            self._change(t, self._off_cause)
        elif t - self._last >= SLACK and (before := self._causes(self._last, t)) != "network":
            self._silence(before)  # the cause of its end came before the switch
            self._change(t, self._off_cause)
        elif self._off_cause != "network":  # else nothing was switched off: frames in transit still come
            self._off_at, self._gap_cause = t, self._off_cause

    def advance(self, now: int) -> list[Item]:
        """The segments and gaps that are ready once everything up to `now` has been read."""
        if self._closing is not None and now - self._closing >= SETTLED:
            self._shut()
        if self._cause is None:
            while self._boundary() <= self._last and self._cut(self._boundary()):
                pass
            if self._off_at is not None and now - self._off_at >= SETTLED:
                self._settle()
            elif now - self._last >= PATIENCE:
                self._silence(self._reason(self._last, now))
        if self._cause is not None:
            self._advance_gap(now)
        return self._take()

    def stop(self, now: int, cause: str) -> list[Item]:
        """Return the frames in memory as a segment and take none until `proceed`: the recorder cannot store them."""
        self._shut()
        self._stop_cause = cause
        if self.paused:
            self._stopped = True
            return self._take()
        self._settle()
        if self._cause is None:
            self._silence(cause)
        else:
            self._change(now, cause)
        self._stopped, self._continues = True, False
        return self._take()

    def proceed(self, now: int) -> None:
        """Take frames again after `stop`."""
        if not self._stopped:
            return
        self._stopped = False
        self._wants_key = True
        if self.paused:
            return
        if self._off_cause:
            self._change(now, self._off_cause)
        else:
            self._on_at = now

    def finish(self, now: int) -> list[Item]:
        """Return the remaining segments and gaps up to `now`, which is the end."""
        self._shut()
        self._finish(now)
        return self._take()

    def pause(self, t: int) -> None:
        """Keep nothing captured from `t` on, by order, until `resume`. `t` is not before `least_end`."""
        self._pauses.append((t, None))
        self._closing, self._later, self._came = t, None, False

    def resume(self, t: int) -> None:
        """Keep again what is captured from `t` on, which is not before the pause. Video begins with a key frame."""
        self._shut()
        self._declare(t)
        self._pauses[-1] = (self._pauses[-1][0], t)
        later, self._later = self._later, None
        self._declared, self._continues, self._on_at = False, False, None
        if later is not None:
            self._off_cause = "" if later[0] else later[1] or "other"
        if self._stopped:
            self._cause = self._stop_cause
        elif self._off_cause:
            self._cause = self._off_cause
        elif self._before in _WAITING and later is None and not self._came:
            self._cause = self._before  # nothing came before or in the pause, and it is not known that anything will
        else:
            self._cause, self._on_at = "other", t
        self._wants_key, self._asked_at = self.on, t - KEY_AGAIN

    def turn(self, t: int) -> list[Item]:
        """Return what was captured before `t`, where the recording's key changes; nothing of it is kept afterwards.

        `t` is not before `least_end`, and no frame captured from it on has been taken. Video goes on with a key frame.
        """
        if self.paused:
            self._shut()
        else:
            self.pause(t)
            self.resume(t)
        return self._take()

    def _is_shut(self, t: int) -> bool:
        """Whether a frame of this time comes from before a pause or a turn, and too late: that time is answered for."""
        return bool(self._pauses) and any(self.done >= begin if end is None else t < end for begin, end in self._pauses)

    def _shut(self) -> None:
        """Answer for all up to the pause that has begun; its gap begins."""
        t, self._closing = self._closing, None
        if t is None:
            return
        before = self._cause
        self._finish(t)
        self._before = before
        self._cause, self._declared, self._continues, self._on_at = PAUSE, False, False, None
        self._refused.clear()

    def _finish(self, now: int) -> None:
        self._settle(now)
        if self._cause is None:
            if now - self._last >= SILENCE:
                self._silence(self._reason(self._last, now))
            elif self._blocks:
                self._cut(max(now, self._last + 1))
            elif now > self.done:
                self._cause = self._off_cause or "other"
        if self._cause is not None:
            self._declare(now)

    def wants_key(self, now: int) -> bool:
        """Whether to ask for a key frame now: to begin with at once, then about every 4 s before a cut."""
        if not self.video or self._stopped or self.paused:
            return False
        due = self._wants_key and now - self._asked_at >= KEY_AGAIN
        if self._cause is None and now % GRID >= GRID - KEY_BEFORE_CUT:
            due = due or now - max(self._key_at, self._asked_at) >= KEY_EVERY
        if due:
            self._asked_at = now
            self._wants_key = False
        return due

    def ask_key(self) -> None:
        """Request a key frame: the frames kept last cannot be decoded any more, or frames are about to come."""
        self._wants_key = True

    def _resume(self, block: Block) -> bool:
        follows = self._continues and block.t - self.done < SLACK
        if (self.video and not block.key and not follows) or block.t < self.done - PATIENCE:
            self._wants_key = True
            return False
        if block.t - self.done >= SLACK or self._declared or self._refused:
            self._declare(block.t)
        for t in self._refused:
            if t >= self.done:
                self.drop(t, t)
        self._refused.clear()
        self._cause, self._declared, self._on_at = None, False, None
        self._last = block.t
        if block.key:
            self._key_at = max(block.t, self.done)
        return True

    def _overtaken(self, block: Block) -> bool:
        """Whether an audio frame came after later ones; a step back of less than a frame's length does not count."""
        return not self.video and (self._last - block.t >= self._step or block.t < self.done)

    def _insert(self, block: Block) -> bool:
        """Insert a reordered audio frame by its time; False if it is too late to be kept."""
        if block.t < self.done - PATIENCE:
            return False
        bisect.insort(self._blocks, block, key=_time)
        self.bytes += block.weight
        return True

    def _advance_gap(self, now: int) -> None:
        if self._on_at is not None and not self._stopped and now - self._on_at >= PATIENCE:
            self._change(self._on_at, self._reason(self._on_at, now))
            self._on_at = None
        waits = not self._stopped and not self.paused and self._off_cause in ("", "network")
        ready = (now - (PATIENCE if waits else SETTLED)) // GRID * GRID
        if ready > self.done and (not self._declared or ready - self.done >= LONGEST_OPEN_GAP):
            self._declare(ready)
            self._declared = True

    def _boundary(self) -> int:
        return -(-(self.done + SHORTEST) // GRID) * GRID

    def _reason(self, t0: int, t1: int) -> str:
        return self._causes(t0, t1) if self._off_cause in ("", "network") else self._off_cause

    def _settle(self, end: int | None = None) -> None:
        """Begin the gap at the time of switching off: no earlier frame can come any more."""
        if self._off_at is not None and self._cause is None:
            self._silence(self._gap_cause, end)
        self._off_at = None

    def _silence(self, cause: str, end: int | None = None) -> None:
        """End the media after the last frame, at `end` and before a pause at the latest; a gap begins there."""
        if self._blocks:
            ends = [self._last + self._step, *(limit for limit in (end, self._closing) if limit is not None)]
            self._cut(max(min(ends), self.done + 1))
        self._cause, self._declared, self._continues = cause, False, True

    def _change(self, t: int, cause: str) -> None:
        """Give the gap another cause from `t` on."""
        if self._cause != cause:
            self._declare(t)
            self._cause, self._declared = cause, False

    def _declare(self, until: int) -> None:
        self._refused = [t for t in self._refused if t >= until]
        if until > self.done and self._cause is not None:
            self._out.append(TrackGap(self.done, until, self._cause))
            self.done, self._continues = until, False

    def _cut(self, at: int) -> bool:
        """Return the frames before `at` as a segment; without any, those in memory wait for the next segment."""
        inside = [block for block in self._blocks if block.t < at]
        if not inside:
            return False
        keys: set[int] = set()
        if self.video:
            keys = {block.t - self.done for block in inside if block.key and self.done <= block.t}
            if inside[0].key and (begins := inside[0].t - self.done) < SLACK:
                keys = keys - {begins} | {0}
        counts = counted(inside, self.done, self._lost)
        self._out.append(Segment(self.done, at, inside, tuple(sorted(keys)), counts))
        self.done, self._lost = at, 0
        self._blocks = self._blocks[len(inside) :]
        self.bytes = sum(block.weight for block in self._blocks)
        return True

    def _take(self) -> list[Item]:
        out, self._out = [*self._out, *self._dropped], []
        self._dropped.clear()
        return out


def counted(blocks: Sequence[Block], t0: int, lost: int) -> Counts:
    """The numbers of a segment that begins at `t0` ms and holds these frames, in order of time."""
    first, last = blocks[0], blocks[-1]
    holes = [span for earlier, later in pairwise(blocks) if HOLE <= (span := later.t - earlier.t) < SILENCE]
    return Counts(
        seq=(first.seq, (last.seq + last.packets - 1) & 0xFFFF),
        rtp=(first.rtp, last.rtp),
        packets=(
            sum(block.packets for block in blocks),
            lost,
            sum(block.packets for block in blocks if block.t < t0),
        ),
        holes=(len(holes), sum(holes)),
    )


def _time(block: Block) -> int:
    return block.t
