"""State of each track as journaled so far: segment numbers, ends, index records. No files, no clocks."""

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from media.evidence.log.journal import Line
from media.evidence.log.journal_lines import LATE
from media.evidence.recording.mux import AUDIO_MIME, VIDEO_MIME
from media.evidence.recording.track import Segment
from media.messages import JournalLog

PAGE = 512
"""Records on one index page."""
_RECORD = struct.Struct(">IHHHHI32s")
_NONE = 0xFFFF

KIND_IS_VIDEO = {"floor-video": True, "screen": True, "floor-audio": False, "language": False}


@dataclass
class TrackLedger:
    """One declared track. `end` is the time up to which segments and gaps of it are journaled, in ms."""

    track: str
    role: str
    kind: str
    lang: str
    required: bool
    pseudonym: str
    t: int = 0
    init: str = ""
    mime: str = ""
    count: int = 0
    gaps: int = 0
    end: int = 0
    rap: int = 0
    last_cause: str = ""
    """Cause of the latest item if it is a gap; "" when it is a segment."""
    broken: bool = False
    """Video that cannot be decoded before the next key frame, since a segment was lost."""
    records: list[bytes] = field(default_factory=list)
    recovered: list[int] = field(default_factory=list)
    """Indices in `records` of recovered segments whose gap is not journaled yet."""

    @property
    def video(self) -> bool:
        """Whether it carries pictures."""
        return KIND_IS_VIDEO[self.kind]

    def declaration(self) -> Line:
        """The `track` line."""
        return {
            "type": "track",
            "track": self.track,
            "t": self.t,
            "role": self.role,
            "kind": self.kind,
            "codec": "vp8" if self.video else "opus",
            "lang": self.lang,
            "required": self.required,
            "pseudonym": self.pseudonym,
        }

    def init_line(self, size: int, sha256: str) -> Line:
        """The `init` line for a stored init segment."""
        mime = VIDEO_MIME if self.video else AUDIO_MIME
        name = segment_name(self.track, 0)
        return {"type": "init", "track": self.track, "file": name, "size": size, "sha256": sha256, "mime": mime}

    def segment_line(self, segment: Segment, size: int, sha256: str) -> Line:
        """The `segment` line for the next number."""
        n, keys, counts = self.count + 1, segment.keys, segment.counts
        rap = n if not self.video or (keys and keys[0] == 0) else self.rap
        return {
            "type": "segment",
            "track": self.track,
            "n": n,
            "file": segment_name(self.track, n),
            "size": size,
            "sha256": sha256,
            "t0": segment.t0,
            "t1": segment.t1,
            "k": list(keys),
            "rap": rap,
            "seq": list(counts.seq),
            "rtp": list(counts.rtp),
            "packets": list(counts.packets),
            "holes": list(counts.holes),
        }

    def gap_line(self, t0: int, t1: int, cause: str) -> Line:
        """The `gap` line."""
        return {"type": "gap", "track": self.track, "t0": t0, "t1": t1, "cause": cause}

    def apply(self, line: Line) -> None:
        """Update the state by a line of this track that is journaled, or is about to be."""
        kind = line["type"]
        if kind == "init":
            self.init, self.mime = line["sha256"], line["mime"]
        elif kind == "segment":
            keys, span = line["k"], line["t1"] - line["t0"]
            self.count, self.rap, self.end, self.last_cause = line["n"], line["rap"], line["t1"], ""
            first = keys[0] if keys else _NONE
            self._record(line["t0"], span, first, min(line["n"] - line["rap"], 0xFFFF), line)
        elif kind == "recovered_segment":
            self.count, self.last_cause = line["n"], ""
            self.recovered.append(len(self.records))
            self._record(self.end, 0, _NONE, 0, line)
        elif kind == "gap":
            self.gaps += 1
            if line["cause"] == LATE:
                return
            self.end, self.last_cause = line["t1"], line["cause"]
            if line["cause"] == "recovered":
                self._place_recovered(line["t0"])

    def pages(self) -> list[tuple[str, int, bytes]]:
        """Index pages: name, t0 of the first record, content."""
        out = []
        for page, start in enumerate(range(0, len(self.records), PAGE)):
            records = self.records[start : start + PAGE]
            first = _RECORD.unpack(records[0])[0]
            out.append((f"index/{self.track}-{page:04d}.idx", first, b"".join(records)))
        return out

    def closing(self, pages: list[Line]) -> Line:
        """This track's part of the `close` line."""
        return {
            "mime": self.mime,
            "init": self.init,
            "count": self.count,
            "end": self.end,
            "gaps": self.gaps,
            "pages": pages,
        }

    def _record(self, t0: int, span: int, first: int, back: int, line: Line) -> None:
        self.records.append(_RECORD.pack(t0, span, first, back, 0, line["size"], bytes.fromhex(line["sha256"])))

    def _place_recovered(self, t0: int) -> None:
        for place in self.recovered:
            self.records[place] = struct.pack(">I", t0) + self.records[place][4:]
        self.recovered.clear()


def from_declaration(line: Line) -> TrackLedger:
    """A ledger from a `track` line."""
    return TrackLedger(
        track=line["track"],
        role=line["role"],
        kind=line["kind"],
        lang=line["lang"],
        required=line["required"],
        pseudonym=line["pseudonym"],
        t=line["t"],
        end=line["t"],
    )


def segment_name(track: str, n: int) -> str:
    """Path of a segment inside the recording's folder; 0 is the init segment."""
    return f"seg/{track}-{n:06d}.age"


def total(ledgers: dict[str, TrackLedger], name: str) -> int:
    """Sum of an integer field over all tracks."""
    values: list[Any] = [getattr(ledger, name) for ledger in ledgers.values()]
    return sum(values)


@dataclass
class HearingLog:
    """`entry`: the number of the latest entry that is in the journal or on its way there, 0 for none."""

    entry: int = 0
    people: dict[str, str] = field(default_factory=dict)
    """By seat, the SHA-256 of the person in it, as in `person` lines."""

    def apply(self, line: Line) -> None:
        """Update the state by a line that is journaled."""
        if line["type"] == "event":
            self.entry = line["entry"]
        elif line["type"] == "person":
            self.people[line["seat"]] = line["sha256"]

    def take(self, journal_log: JournalLog, place: Callable[[int], int]) -> list[Line]:
        """Journal lines for new people and entries. `place` converts ns UTC to ms on the recording's timeline."""
        lines: list[Line] = []
        for participant in journal_log.people:
            if self.people.get(participant.seat) != participant.sha256:
                person: Line = {
                    "type": "person",
                    "seat": participant.seat,
                    "role": participant.role,
                    "state": participant.state,
                }
                lines.append({**person, "sha256": participant.sha256})
        following = self.entry + 1
        for entry in journal_log.entries:
            if entry.entry != following:
                continue
            following += 1
            line: Line = {"type": "event", "entry": entry.entry, "kind": entry.kind, "t": place(entry.at)}
            lines.append({**line, "who": entry.who, "seat": entry.seat, "sha256": entry.sha256})
        for made in lines:
            self.apply(made)
        return lines
