"""One track by its journal lines: segment numbers, the tiling of its time, and its index pages
(docs/recording-format.md §2, §4).

Times are integers in milliseconds on the recording's timeline; intervals are half-open. No files, no verdict: faults
are reported to Findings.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from media.evidence.check.findings import Findings
from media.evidence.log.journal_lines import LATE, PAUSE

PAGE_RECORDS = 512
"""Records of an index page; all pages are full but the last."""
RECORD = struct.Struct(">IHHHHI32s")
"""t0, t1 − t0, first key frame, n − rap, zero, size, SHA-256."""
NO_KEY_FRAME = 0xFFFF
MAX_SEGMENT_MS = 65_534


class Item(NamedTuple):
    """A time interval covered by segment `n`, or by a gap (n = 0, with its cause)."""

    t0: int
    t1: int
    line: int
    n: int
    cause: str


class Pause(NamedTuple):
    """A pause of the recording by order, with the number of its line; no end as long as none is known."""

    line: int
    begin: int
    end: int | None

    def meets(self, t0: int, t1: int) -> bool:
        """Whether an interval has a moment of it."""
        return max(t0, self.begin) < (t1 if self.end is None else min(t1, self.end))

    def holds(self, t0: int, t1: int) -> bool:
        """Whether an interval lies inside it."""
        return self.begin <= t0 and (self.end is None or t1 <= self.end)


class Rekey(NamedTuple):
    """A change of the key, with the number of its line: from `t` ms on segments are encrypted to another."""

    line: int
    t: int
    key: int
    recipient: str
    recipients: tuple[str, ...]
    """Who can open it: roles, never names."""


@dataclass
class Track:
    """State of one track, from the journal lines read so far."""

    name: str
    line: int
    t: int | None = None
    """Begin in ms; None when no well-formed line gives it."""
    required: bool = False
    declared: bool = False
    """Whether a `track` line, valid or not, has named it."""
    init: str = ""
    """SHA-256 of the init segment, "" as long as there is none."""
    mime: str = ""
    count: int = 0
    """Highest number used."""
    gaps: int = 0
    items: list[Item] = field(default_factory=list)
    records: bytearray = field(default_factory=bytearray)
    starts_with_key: set[int] = field(default_factory=set)
    recovered: list[tuple[int, int]] = field(default_factory=list)
    """(number, line) of recovered segments whose gap has not followed yet."""
    last_t0: int = -1

    @property
    def last_cause(self) -> str:
        """Cause of the latest item if it is a gap; "" when it is a segment or there is none."""
        return self.items[-1].cause if self.items and not self.recovered else ""

    @property
    def is_audio(self) -> bool:
        """Whether the segments need no key frame."""
        return self.mime.startswith("audio/")

    def take_number(self, n: int, line: int, findings: Findings) -> None:
        """Numbers run 1, 2, 3 … over segments and recovered segments."""
        if n > self.count + 1:
            findings.segment(self.name, self.count + 1, line, f"segment {self.count + 1} of {self.name} is not there")
        elif n <= self.count:
            findings.segment(self.name, n, line, f"number {n} of {self.name} is used again")
        self.count = max(self.count, n)

    def add_segment(self, n: int, span: tuple[int, int], line: int, findings: Findings) -> None:
        """Add the interval that a segment covers; t0 rises with n."""
        if span[0] <= self.last_t0:
            findings.segment(self.name, n, line, f"segment {n} of {self.name} begins before a lower number")
        self.last_t0 = max(self.last_t0, span[0])
        self.items.append(Item(*span, line, n, ""))

    def add_record(self, n: int, times: tuple[int, int, int, int], size: int, sha256: str) -> bool:
        """Add a segment's record to its index page; False if a value does not fit its field."""
        t0, length, key, back = times
        try:
            record, fits = RECORD.pack(t0, length, key, back, 0, size, bytes.fromhex(sha256)), True
        except (struct.error, ValueError):
            record, fits = bytes(RECORD.size), False
        if len(self.records) == RECORD.size * (n - 1):
            self.records += record
        return fits

    def add_gap(self, span: tuple[int, int], cause: str, line: int) -> None:
        """Note a declared gap; one of cause recovered gives the recovered segments before it their t0."""
        self.gaps += 1
        if cause == LATE:
            return
        self.items.append(Item(*span, line, 0, cause))
        if cause != "recovered":
            return
        for n, _ in self.recovered:
            at = RECORD.size * (n - 1)
            if at < len(self.records) and span[0] < 2**32:
                self.records[at : at + 4] = span[0].to_bytes(4, "big")
        self.recovered.clear()

    def pages(self) -> list[tuple[str, bytes]]:
        """Name and content of each index page."""
        width = PAGE_RECORDS * RECORD.size
        content = bytes(self.records)
        return [
            (f"index/{self.name}-{page:04d}.idx", content[at : at + width])
            for page, at in enumerate(range(0, len(content), width))
        ]

    def check_tiling(self, end: int | None, end_line: int, findings: Findings) -> None:
        """Check that segments and gaps tile [t, end) exactly; without an end, that they have no hole and no overlap."""
        if self.t is None:
            return
        at = self.t
        before: Item | None = None
        ordered = sorted(self.items)
        for position, item in enumerate(ordered):
            if item.t0 > at:
                behind = next((ordered[later] for later in range(position, len(ordered)) if ordered[later].n), item)
                self._blame(behind, f"nothing answers for [{at}, {item.t0}) ms of {self.name}", findings)
            elif item.t0 < at:
                wrong = before if before is not None and before.line > item.line else item
                self._blame(wrong, f"[{item.t0}, {min(at, item.t1)}) ms of {self.name} is answered for twice", findings)
            if item.t1 >= at:
                at, before = item.t1, item
        if end is not None and at != end:
            findings.line(end_line, f"{self.name} ends at {at} ms, close says {end}")

    def check_pauses(self, pauses: Sequence[Pause], end: int | None, findings: Findings) -> None:
        """Check that nothing was kept in a pause, that gaps of cause pause lie in one, and, where the end is known,
        that one of them meets each pause that the track has a part of."""
        if self.t is None:
            return
        for item in self.items:
            if item.cause == PAUSE:
                if not any(pause.holds(item.t0, item.t1) for pause in pauses):
                    findings.line(item.line, f"a gap of cause pause of {self.name} lies in no pause")
            elif (item.n or item.cause == "recovered") and any(pause.meets(item.t0, item.t1) for pause in pauses):
                self._blame(item, f"something of {self.name} was kept in a pause of the recording", findings)
        met = [item for item in self.items if item.cause == PAUSE]
        for pause in pauses:
            due = end is not None and pause.meets(self.t, end)
            if due and not any(pause.meets(item.t0, item.t1) for item in met):
                findings.line(pause.line, f"no gap of {self.name} meets the pause at {pause.begin} ms")

    def check_rekeys(self, rekeys: Sequence[Rekey], findings: Findings) -> None:
        """Check that each segment ends before a change of the key in a later line, and begins behind one before it."""
        for item in self.items if rekeys and self.t is not None else ():
            if item.n and any(rekey.t > item.t0 if rekey.line < item.line else rekey.t < item.t1 for rekey in rekeys):
                self._blame(item, f"segment {item.n} of {self.name} is on both sides of a change of the key", findings)

    def _blame(self, item: Item, what: str, findings: Findings) -> None:
        if item.n:
            findings.segment(self.name, item.n, item.line, what)
        else:
            findings.line(item.line, what)
