"""What a verified recording holds to be looked at: its course, the files of each track, the seals of its log's entries.

Times are milliseconds on the recording's timeline, half-open. A track is handed on without long holes: ffmpeg makes up
for a hole at one stroke, and an hour of it would take gigabytes. So a dark picture or 20 ms of silence stands in a gap
each second; a card covers the picture, and the silence is what is there anyway.
"""

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from media.evidence.log import course
from media.evidence.log.course import Course, Stretch
from media.evidence.log.journal import tree_of
from media.evidence.recording.mux import Block, clusters
from media.evidence.seal import age

VIDEO, SOUND, LANGUAGE = frozenset({"floor-video", "screen"}), "floor-audio", "language"
"""Kinds of tracks: pictures; microphones of the floor; channels of the interpreters."""
FILLED_EVERY = 1_000
"""Milliseconds between what stands in a gap."""
DARK = bytes.fromhex("1002009d012a100010000047088585889984880202000c0d6000feff80c800")
"""A key frame of VP8, 16 x 16 pixels of one dark grey (RFC 6386)."""
SILENCE = b"\xfc\xff\xfe"
"""20 ms of silence in Opus, two channels (RFC 6716 §3.1: CELT, full band, one frame)."""


LOCKED = "locked"
"""Cause of what is missing in a copy because the key file does not open it."""
Identities = Mapping[int, age.Identity]
"""Identities of a recording by the number of the key, those that are at hand."""


class MaterialError(Exception):
    """A file of the recording is not what its journal says, or the identity does not open it."""


@dataclass(frozen=True)
class Piece:
    """A sealed file of a track; number 0 is its beginning, which has no times. `rap`: where decoding can start."""

    n: int
    t0: int
    t1: int
    rap: int
    file: str
    size: int
    sha256: str
    key: int = 0
    """Number of the key of the recording that it is encrypted to."""


@dataclass
class Material:
    """`recording` is its uuid; `seals` the hash of each entry of the hearing's log, by its number."""

    folder: Path
    course: Course
    recording: str = ""
    inits: dict[str, Piece] = field(default_factory=dict)
    pieces: dict[str, list[Piece]] = field(default_factory=dict)
    seals: dict[int, str] = field(default_factory=dict)
    key: int = 0
    """Key in force at the line that was read last."""

    def lock(self, opened: Collection[int]) -> None:
        """Take what is encrypted to other keys than these for missing, with a cause of its own."""
        for name, pieces in self.pieces.items():
            locked = [Stretch(piece.t0, piece.t1, LOCKED) for piece in pieces if piece.key not in opened]
            track = self.course.tracks[name]
            self.pieces[name] = [piece for piece in pieces if piece.key in opened]
            track.gaps += course.joined(locked)
            track.recorded = [Stretch(*span) for one in track.recorded for span in _without(locked, one.t0, one.t1)]

    def tracks(self, *kinds: str) -> list[str]:
        """The tracks of these kinds, in the order of the journal."""
        return [name for name, track in self.course.tracks.items() if track.kind in kinds]

    def has_media(self, track: str, t0: int, t1: int) -> bool:
        """Whether anything of a track was recorded between two times."""
        return track in self.inits and any(piece.t0 < t1 and t0 < piece.t1 for piece in self.pieces.get(track, ()))

    def to_play(self, track: str, t0: int, t1: int) -> list[Piece]:
        """The files that are needed to see or hear a track from t0 to t1, its beginning first.

        One more behind t1: frames that came late lie in the segment after their own.
        """
        pieces = self.pieces[track]
        wanted = [index for index, piece in enumerate(pieces) if piece.t0 < t1 and t0 < piece.t1]
        start = pieces[wanted[0]].rap
        until = pieces[min(wanted[-1] + 1, len(pieces) - 1)].n
        return [self.inits[track], *(piece for piece in pieces if start <= piece.n <= until)]

    def stream(self, track: str, t0: int, t1: int, identities: Identities) -> Iterator[bytes]:
        """A track from t0 to t1 as clear WebM, in memory only, file by file. Raises MaterialError."""
        filler = DARK if self.course.tracks[track].kind in VIDEO else SILENCE
        init, *pieces = self.to_play(track, t0, t1)
        yield self._opened(init, identities)
        end = min(t0, pieces[0].t0)
        for piece in pieces:
            if piece.t0 - end > FILLED_EVERY:
                yield clusters(Block(t, True, filler) for t in range(end, piece.t0, FILLED_EVERY))
            yield self._opened(piece, identities)
            end = piece.t1

    def _opened(self, piece: Piece, identities: Identities) -> bytes:
        """The clear content of a file."""
        try:
            sealed = (self.folder / piece.file).read_bytes()
        except OSError as error:
            raise MaterialError(f"{piece.file} cannot be read: {error.strerror}") from None
        if len(sealed) != piece.size or hashlib.sha256(sealed).hexdigest() != piece.sha256:
            raise MaterialError(f"{piece.file} has changed since it was verified")
        try:
            return identities[piece.key].unseal(sealed)
        except (age.SealError, KeyError):
            raise MaterialError(f"the identity does not open {piece.file}") from None

    def missing(self, track: str, t0: int, t1: int) -> list[Stretch]:
        """The times between t0 and t1 of which a track holds nothing, each with its cause; "" where it has none."""
        told = self.course.tracks[track]
        found: list[Stretch] = []
        for start, stop in _without(told.recorded, t0, t1):
            for gap in sorted(told.gaps, key=lambda one: one.t0):
                if gap.t1 <= start or gap.t0 >= stop:
                    continue
                if gap.t0 > start:
                    found.append(Stretch(start, gap.t0))
                found.append(Stretch(max(start, gap.t0), min(stop, gap.t1), gap.cause))
                start = found[-1].t1
            if start < stop:
                found.append(Stretch(start, stop))
        return found


def _without(stretches: list[Stretch], t0: int, t1: int) -> Iterator[tuple[int, int]]:
    """What is left of [t0, t1) without these."""
    for stretch in sorted(stretches, key=lambda one: one.t0):
        if stretch.t1 <= t0 or stretch.t0 >= t1:
            continue
        if stretch.t0 > t0:
            yield t0, stretch.t0
        t0 = stretch.t1
    if t0 < t1:
        yield t0, t1


def read(bag: Path, root: str) -> Material:
    """What the bag holds. Its journal must have been verified, with this root in hexadecimal; else MaterialError."""
    folder = bag / "data"
    whole = (folder / "journal.jsonl").read_bytes()
    if tree_of(whole).root().hex() != root:
        raise MaterialError("the journal has changed since it was verified")
    lines = whole.split(b"\n")[:-1]
    material, decode = Material(folder, course.read(lines)), msgspec.json.Decoder().decode
    for raw in lines:
        line = decode(raw)
        take = TAKEN.get(line["type"])
        if take is not None:
            take(material, line)
    return material


def _open(material: Material, line: course.Line) -> None:
    material.recording = line["recording"]


def _init(material: Material, line: course.Line) -> None:
    material.inits[line["track"]] = Piece(0, 0, 0, 0, line["file"], line["size"], line["sha256"])


def _segment(material: Material, line: course.Line) -> None:
    piece = Piece(
        line["n"], line["t0"], line["t1"], line["rap"], line["file"], line["size"], line["sha256"], material.key
    )
    material.pieces.setdefault(line["track"], []).append(piece)


def _rekey(material: Material, line: course.Line) -> None:
    material.key = line["key"]


def _event(material: Material, line: course.Line) -> None:
    material.seals[line["entry"]] = line["sha256"]


TAKEN: dict[str, Callable[[Material, course.Line], None]] = {
    "open": _open,
    "init": _init,
    "segment": _segment,
    "rekey": _rekey,
    "event": _event,
}
"""What each type of line adds to the files; the course takes its own."""
