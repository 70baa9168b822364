"""Cutting one track: frames on the timeline become segments and gaps that tile it exactly.

Pure: times in ms come in, `Segment` and `Gap` come out; no clock, no file. Rules (docs/recording-format.md §4):
segments end on a grid of 2 s, or on a key frame when the segment has lasted 1 s; a cut waits `ALLOWANCE` for late
frames, and, when nothing came in the last `QUIET` before it, until a frame comes or 2 s have passed, so that 2 s
without a frame are always a gap. Video begins, and goes on after a gap, with a key frame only.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from media.evidence.recording.mux import Block

GRID = 2_000
ALLOWANCE = 300
QUIET = 500
SILENCE = 2_000
"""From so many ms without a frame it is a gap."""
SLACK = 100
"""Cluster times may differ from a segment's times by less than this many ms."""
SHORTEST = 500
"""A cut nearer than this to the one before is left out."""
SHORTEST_TO_KEY = 1_000
"""A key frame ends a segment that has lasted this many ms; an earlier one is only noted."""
LONGEST_OPEN_GAP = 60_000
"""A gap that goes on is declared in pieces of this length, after a first piece at once."""
KEY_EVERY = 3_500
"""A key frame is asked for when the last one is this old, shortly before a cut: about every 4 s."""
KEY_BEFORE_CUT = 400
KEY_AGAIN = 1_000
"""Without a key frame nothing can be kept: asked again after this long."""


@dataclass(frozen=True)
class Segment:
    """What one sealed file answers for: [t0, t1), its frames, and offsets of key frames from t0 (video)."""

    t0: int
    t1: int
    blocks: Sequence[Block]
    keys: tuple[int, ...]


@dataclass(frozen=True)
class Gap:
    """[t0, t1) without media, and why."""

    t0: int
    t1: int
    cause: str


Item = Segment | Gap


class Cutter:
    """One track from `start` on. `done` is the time up to which everything has been given out."""

    def __init__(self, *, video: bool, start: int, cause: str = "other") -> None:
        self.video = video
        self.done = start
        self.late = 0
        """Frames that came after their time had been given out."""
        self.bytes = 0
        """Bytes of frames held."""
        self.on = True
        """False while the track's owner, or the worker for them, has it switched off."""
        self._blocks: list[Block] = []
        self._last = start
        self._step = 40 if video else 20
        self._cause: str | None = cause
        self._declared = False
        self._stopped = False
        self._off_cause = ""
        self._out: list[Item] = []
        self._key_at = start
        self._asked_at = -KEY_EVERY
        self._wants_key = video
        self._on_at: int | None = None

    @property
    def least_end(self) -> int:
        """The earliest time at which this track could end."""
        return self._last + 1 if self._blocks else self.done

    @property
    def in_gap(self) -> bool:
        """Whether no media is taken now."""
        return self._cause is not None

    def frame(self, t: int, key: bool, data: bytes) -> bool:
        """Take one frame captured at `t`; False if it was not kept (no key frame yet, too late, or stopped)."""
        if self._stopped:
            return False
        if self._cause is not None:
            if not self._resume(t, key):
                return False
        elif t - self._last >= SILENCE:
            self._silence(self._reason())
            return self.frame(t, key, data)
        if t < self.done - SLACK:
            self.late += 1
            return False
        t = max(t, self._last)
        if self.video and key:
            if t - self.done >= SHORTEST_TO_KEY and self._blocks:
                self._cut(t)
            self._key_at = t
        self._blocks.append(Block(t, key or not self.video, data))
        self.bytes += len(data)
        self._last = t
        return True

    def switch(self, t: int, on: bool, cause: str = "") -> None:
        """The track ceases to carry media at `t` and why, or is about to carry it."""
        self.on = on
        self._off_cause = "" if on else cause or "other"
        self._on_at = t if on and self._cause is not None else None
        self._wants_key = self._wants_key or (on and self._cause is not None)
        if on or self._stopped:
            return
        if self._cause is None:
            self._silence(self._off_cause)
        else:
            self._change(t, self._off_cause)

    def advance(self, now: int, reason: str = "network") -> list[Item]:
        """What is ready at `now`; `reason` is the cause of a gap that nobody announced."""
        if self._cause is None:
            self._advance_media(now, reason)
        if self._cause is not None:
            self._advance_gap(now, reason)
        return self._take()

    def stop(self, now: int, cause: str) -> list[Item]:
        """Give out what is held and take nothing more until `proceed`: the recorder itself cannot store it."""
        if self._cause is None:
            self._silence(cause)
        else:
            self._change(now, cause)
        self._stopped = True
        return self._take()

    def proceed(self, now: int) -> None:
        """Take frames again after `stop`."""
        if not self._stopped:
            return
        self._stopped = False
        self._wants_key = True
        if self._off_cause:
            self._change(now, self._off_cause)
        else:
            self._on_at = now

    def finish(self, now: int) -> list[Item]:
        """Give out everything up to `now`, which is the end."""
        if self._cause is None:
            if now - self._last >= SILENCE:
                self._silence(self._reason())
            elif self._blocks:
                self._cut(max(now, self._last + 1))
            elif now > self.done:
                self._cause = self._reason("other")
        if self._cause is not None:
            self._declare(now)
        return self._take()

    def wants_key(self, now: int) -> bool:
        """Whether to ask for a key frame now: to begin with at once, then about every 4 s before a cut."""
        if not self.video or self._stopped:
            return False
        due = self._wants_key and now - self._asked_at >= KEY_AGAIN
        if self._cause is None and now % GRID >= GRID - KEY_BEFORE_CUT:
            due = due or now - max(self._key_at, self._asked_at) >= KEY_EVERY
        if due:
            self._asked_at = now
            self._wants_key = False
        return due

    def ask_key(self) -> None:
        """What was kept last cannot be decoded any more, or frames are about to come: begin with a key frame."""
        self._wants_key = True

    def _resume(self, t: int, key: bool) -> bool:
        if self.video and not key:
            self._wants_key = True
            return False
        if t < self.done - SLACK:
            self.late += 1
            self._wants_key = True
            return False
        if t - self.done >= SLACK or self._declared:
            self._declare(t)
        self._cause, self._declared, self._on_at = None, False, None
        self._last = self._key_at = max(t, self.done)
        return True

    def _advance_media(self, now: int, reason: str) -> None:
        while (cut := self._boundary()) + ALLOWANCE <= now:
            behind = self._blocks and self._blocks[-1].t >= cut
            if not behind and cut - self._last >= QUIET:
                break
            if not self._cut(cut):
                break
        if now - self._last >= SILENCE + ALLOWANCE:
            self._silence(self._reason(reason))

    def _advance_gap(self, now: int, reason: str) -> None:
        if self._on_at is not None and not self._stopped and now - self._on_at >= SILENCE + ALLOWANCE:
            self._change(self._on_at, self._reason(reason))
            self._on_at = None
        ready = (now - ALLOWANCE) // GRID * GRID
        if ready > self.done and (not self._declared or ready - self.done >= LONGEST_OPEN_GAP):
            self._declare(ready)
            self._declared = True

    def _boundary(self) -> int:
        return -(-(self.done + SHORTEST) // GRID) * GRID

    def _reason(self, unannounced: str = "network") -> str:
        return self._off_cause or unannounced

    def _silence(self, cause: str) -> None:
        """End the media behind the last frame; from there on it is a gap."""
        if self._blocks:
            self._cut(max(self._last + self._step, self.done + 1))
        self._cause, self._declared = cause, False

    def _change(self, t: int, cause: str) -> None:
        """From `t` on the gap has another cause."""
        if self._cause != cause:
            self._declare(t)
            self._cause, self._declared = cause, False

    def _declare(self, until: int) -> None:
        if until > self.done and self._cause is not None:
            self._out.append(Gap(self.done, until, self._cause))
            self.done = until

    def _cut(self, at: int) -> bool:
        """Give out the frames before `at`; without any, what is held stays held for the segment to come."""
        inside = [block for block in self._blocks if block.t < at]
        if not inside:
            return False
        keys: list[int] = []
        if self.video:
            keys = sorted({block.t - self.done for block in inside if block.key and self.done <= block.t})
            if inside[0].key and inside[0].t - self.done < SLACK:
                keys = [0, *keys[inside[0].t >= self.done :]]
        self._out.append(Segment(self.done, at, inside, tuple(keys)))
        self.done = at
        self._blocks = self._blocks[len(inside) :]
        self.bytes = sum(len(block.data) for block in self._blocks)
        return True

    def _take(self) -> list[Item]:
        out, self._out = self._out, []
        return out
