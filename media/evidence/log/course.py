"""The course of a recorded sitting, as its journal has it (docs/recording-format.md §3): what was recorded of whom and
when, what is missing, what has a key of its own, the entries of the hearing's log, and how much of each track was lost
on the way.

Pure: from the lines of a journal, which the caller has proven. Nothing is decrypted; a journal does not say who spoke.
Times are milliseconds on the recording's timeline, half-open.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from media.evidence.log.journal_lines import LATE, PAUSE, SWITCHED_OFF

Line = dict[str, Any]


@dataclass(frozen=True)
class Stretch:
    """A time of a track that was recorded, or is missing: then with the cause of the gap."""

    t0: int
    t1: int
    cause: str = ""

    @property
    def missing(self) -> bool:
        """Whether something that was said may be missing: nobody had switched it off, and no order paused it."""
        return self.cause not in {"", LATE, PAUSE, *SWITCHED_OFF}


@dataclass(frozen=True)
class Packets:
    """Packets of a segment: received, lost on the way, received too late; and pauses of 100 ms to 2 s in it."""

    t0: int
    t1: int
    received: int
    lost: int
    late: int
    pauses: int
    pause_ms: int


@dataclass(frozen=True)
class Seated:
    """Who had a seat from a time on: role in the hearing and State (ISO 3166-1)."""

    seat: str
    t: int
    role: str
    state: str


@dataclass(frozen=True)
class Entry:
    """An entry of the hearing's log: number, kind, role of who did it (empty: the service), seat it is about."""

    number: int
    t: int
    kind: str
    who: str
    seat: str


@dataclass(frozen=True)
class CoursePause:
    """A pause of the recording by order of somebody in this role (empty: not said), in which nothing was kept. `t1`:
    None as long as no end is known."""

    t0: int
    t1: int | None
    by: str


@dataclass(frozen=True)
class ClosedStretch:
    """What was recorded to a key of its own, and to whom (the names in the journal). `t1`: None as long as no end is
    known."""

    t0: int
    t1: int | None
    recipients: tuple[str, ...]


@dataclass
class TrackCourse:
    """What a journal says of one track: `kind`, `role` and `lang` as in its `track` line."""

    name: str
    kind: str
    role: str
    lang: str
    recorded: list[Stretch] = field(default_factory=list)
    gaps: list[Stretch] = field(default_factory=list)
    packets: list[Packets] = field(default_factory=list)


@dataclass
class Course:
    """`zero`: nanoseconds since 1970 UTC at time 0. `end`: that of the recording, or of what is known so far."""

    zero: int = 0
    end: int = 0
    tracks: dict[str, TrackCourse] = field(default_factory=dict)
    people: list[Seated] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    pauses: list[CoursePause] = field(default_factory=list)
    closed: list[ClosedStretch] = field(default_factory=list)

    def paused_by(self, at: int) -> str:
        """The role of who ordered the latest pause that had begun by a time; empty where the journal does not say."""
        return next((pause.by for pause in reversed(self.pauses) if pause.t0 <= at), "")

    def seated(self, track: str, at: int) -> Seated | None:
        """Who had the seat of a track at a time; before the first who is known, the first."""
        lines = [person for person in self.people if track.startswith(f"{person.seat}_")]
        return next((person for person in reversed(lines) if person.t <= at), lines[0] if lines else None)

    def interruptions(self) -> list[tuple[Stretch, list[TrackCourse]]]:
        """What is missing, in order of time: gaps of several tracks at one time with one cause are one."""
        found: dict[Stretch, list[TrackCourse]] = {}
        for track in self.tracks.values():
            for gap in track.gaps:
                if gap.missing:
                    found.setdefault(gap, []).append(track)
        return sorted(found.items(), key=lambda pair: (pair[0].t0, pair[0].t1))

    def holds(self) -> list[Stretch]:
        """Each from a hold to the last resumption before the next: which of several was lifted is not in a journal."""
        spans: list[list[int]] = []
        closed = True
        for entry in self.entries:
            if entry.kind == "hold" and closed:
                spans.append([entry.t, self.end])
                closed = False
            elif entry.kind in {"resumed", "closed", "aborted"} and spans:
                if not closed or entry.kind == "resumed":
                    spans[-1][1] = entry.t
                closed = True
        return [Stretch(t0, t1) for t0, t1 in spans]


def read(lines: Iterable[bytes]) -> Course:
    """The course, from the lines of a journal without their LF."""
    course, decode = Course(), msgspec.json.Decoder().decode
    for raw in lines:
        line = decode(raw)
        take = TAKEN.get(line["type"])
        if take is not None:
            take(course, line)
    for track in course.tracks.values():
        track.recorded, track.gaps = joined(track.recorded), joined(track.gaps)
    return course


def joined(stretches: Iterable[Stretch]) -> list[Stretch]:
    """In order of time; those that follow one another and have one cause are one."""
    spans: list[Stretch] = []
    for stretch in sorted(stretches, key=lambda each: (each.t0, each.t1)):
        last = spans[-1] if spans else None
        if last is not None and last.cause == stretch.cause and stretch.t0 <= last.t1:
            spans[-1] = Stretch(last.t0, max(last.t1, stretch.t1), last.cause)
        else:
            spans.append(stretch)
    return spans


@dataclass(frozen=True)
class LossShare:
    """Packets of several tracks in an interval."""

    t0: int
    t1: int
    received: int
    lost: int

    @property
    def percent(self) -> float | None:
        """Lost of all that were sent; None where nothing came at all."""
        sent = self.received + self.lost
        return 100 * self.lost / sent if sent else None


def losses(tracks: Sequence[TrackCourse], *, end: int, step: int) -> list[LossShare]:
    """The packets of some tracks by even intervals of `step` ms from 0 to `end`; a segment counts where it begins."""
    received, lost = [[0] * max(1, -(-end // step)) for _ in range(2)]
    for track in tracks:
        for packets in track.packets:
            index = min(packets.t0 // step, len(lost) - 1)
            received[index] += packets.received
            lost[index] += packets.lost
    pairs = zip(received, lost, strict=True)
    return [LossShare(index * step, min(end, (index + 1) * step), *pair) for index, pair in enumerate(pairs)]


def _open(course: Course, line: Line) -> None:
    course.zero = int(line["zero"])


def _track(course: Course, line: Line) -> None:
    name = line["track"]
    course.tracks[name] = TrackCourse(name, line["kind"], line["role"], line["lang"])


def _segment(course: Course, line: Line) -> None:
    track, t0, t1 = course.tracks[line["track"]], line["t0"], line["t1"]
    track.recorded.append(Stretch(t0, t1))
    track.packets.append(Packets(t0, t1, *line["packets"], *line["holes"]))
    course.end = max(course.end, t1)


def _gap(course: Course, line: Line) -> None:
    course.tracks[line["track"]].gaps.append(Stretch(line["t0"], line["t1"], line["cause"]))
    course.end = max(course.end, line["t1"])


def _person(course: Course, line: Line) -> None:
    t = max(0, (int(line["at"]) - course.zero) // 1_000_000)
    course.people.append(Seated(line["seat"], t, line["role"], line["state"]))


def _event(course: Course, line: Line) -> None:
    course.entries.append(Entry(line["entry"], line["t"], line["kind"], line["who"], line["seat"]))


def _pause(course: Course, line: Line) -> None:
    by = line["by"]  # a hash where the word was taken out of an excerpt
    course.pauses.append(CoursePause(line["t"], None, by if isinstance(by, str) else ""))


def _resume(course: Course, line: Line) -> None:
    if course.pauses and course.pauses[-1].t1 is None:
        course.pauses[-1] = replace(course.pauses[-1], t1=line["t"])


def _rekey(course: Course, line: Line) -> None:
    if course.closed and course.closed[-1].t1 is None:
        course.closed[-1] = replace(course.closed[-1], t1=line["t"])
    if line["key"]:
        course.closed.append(ClosedStretch(line["t"], None, tuple(line["recipients"])))


def _close(course: Course, line: Line) -> None:
    course.end = line["t"]


TAKEN = {
    "open": _open,
    "track": _track,
    "segment": _segment,
    "gap": _gap,
    "person": _person,
    "event": _event,
    "pause": _pause,
    "resume": _resume,
    "rekey": _rekey,
    "close": _close,
}
"""What each type of line adds; lines of other types say nothing of the course."""
