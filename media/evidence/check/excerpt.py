"""An excerpt of a recording: a bag of its own, cut from a whole one, that verifies alone
(docs/recording-format.md §6, docs/excerpt.md).

It holds whole segments, nothing decrypted, each with a proof that its journal line lies under the signed head. No key
and no server is needed to make one. `vivavoce excerpt BAG TARGET --from T --to T --policy FILE`.
"""

import argparse
import hashlib
import re
import secrets
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from media.evidence.check.bag import ExportError, UnsoundError, copy_file, excerpt_text, write_tags
from media.evidence.check.policy import MAX_BYTES, Policy, PolicyError, of_key_file, parse
from media.evidence.check.proofs_check import Proof, write_proof
from media.evidence.check.verify import VerificationReport, VerificationRequest, verify
from media.evidence.log import journal_lines, tlog
from media.evidence.log.custody import LOG, LOG_CHECKPOINT
from media.evidence.log.journal_lines import Line

CONTEXT = ("person", "event", "pause", "resume", "rekey", "anchor")
"""Types of line whose proofs go with an excerpt when they lie in its time; of `person` those of its seats."""


class ExcerptError(ExportError):
    """The excerpt could not be made; nothing is left of it."""


class NothingThereError(ExcerptError):
    """Nothing was recorded of these tracks in this time."""


@dataclass(frozen=True)
class Part:
    """What is asked for: the time from `start` until before `end`, in ms of the recording; `tracks` empty: all."""

    start: int
    end: int
    tracks: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    """Of the tracks of interpreters, those into these languages (BCP 47) alone; empty: all."""


@dataclass(frozen=True)
class Excerpted:
    """An excerpt that was made."""

    folder: Path
    origin: str
    tagmanifest_sha256: str
    """SHA-256 of `tagmanifest-sha256.txt`: names the whole bag."""
    size: int
    """Bytes of payload."""
    start: int
    """From when it holds something, ms: whole segments, and cameras from the picture they can be decoded at."""
    end: int
    segments: Mapping[str, int]
    """Number of segments of each of its tracks."""
    report: VerificationReport


@dataclass(frozen=True)
class _Piece:
    """What answers for a time of a track: a segment or a gap. `n` is 0 for a gap."""

    index: int
    t0: int
    t1: int
    n: int = 0
    rap: int = 0
    key: int = 0


@dataclass
class _Track:
    """The lines of one track, by their indices in the journal."""

    declared: int
    kind: str
    language: str
    init: int = -1
    pieces: list[_Piece] = field(default_factory=list)
    numbers: dict[int, int] = field(default_factory=dict)
    """By number, the index of its `segment` or `recovered_segment` line."""

    def cut(self, start: int, end: int) -> list[_Piece]:
        """The pieces that have a moment of [start, end), and those before that its first picture refers to."""
        hit = [piece for piece in self.pieces if piece.t0 < end and piece.t1 > start]
        first = min((piece for piece in hit if piece.n), key=lambda piece: piece.n, default=None)
        if first is None or first.rap == first.n:
            return hit
        begin = next((piece.t0 for piece in self.pieces if piece.n == first.rap), first.t0)
        return [piece for piece in self.pieces if piece.t0 < end and piece.t1 > min(start, begin)]


class SealedJournal:
    """The lines of a closed recording that an excerpt can be cut from. Raises `ExcerptError` when they are not those
    that the checkpoint beside them names."""

    def __init__(self, data: Path) -> None:
        """Read the payload folder of a bag, or a recording where it is stored."""
        self.data = data
        self.checkpoint = _bytes(data / "checkpoint")
        text = _bytes(data / "journal.jsonl")
        try:
            self.head = tlog.parse_checkpoint(tlog.parse_note(self.checkpoint).text)
        except (tlog.NoteError, UnicodeDecodeError) as error:
            raise ExcerptError(f"the checkpoint is damaged: {error}") from error
        self.lines = text.split(b"\n")[:-1]
        self.tree = tlog.Tree(map(tlog.leaf_hash, self.lines))
        if (self.tree.size, self.tree.root()) != (self.head.size, self.head.root):
            raise ExcerptError("the journal is not the one its checkpoint names; nothing was made of it")
        self.tracks: dict[str, _Track] = {}
        self.context: list[tuple[int, Line]] = []
        self.opened = self.closed = -1
        self.wrapped: dict[int, int] = {}
        """By key of the recording, the index of the last line that wraps it."""
        self._key = 0
        self.zero_ms = self.end = 0
        for index, line in enumerate(self.lines):
            self._take(index, journal_lines.read_segment(line) or _parsed(index, line))
        if self.opened or self.closed < 0 or 0 not in self.wrapped:
            raise ExcerptError("the recording was not closed, or has no key: an excerpt of it proves nothing")

    def _take(self, index: int, line: Line) -> None:
        kind, track = line["type"], self.tracks.get(line.get("track", ""))
        if kind == "open":
            self.opened, self.zero_ms = index, int(line["zero"]) // 1_000_000
        elif kind in ("close", "reopen"):
            self.closed = index if kind == "close" else -1
            self.end = int(line["t"])
        elif kind == "keywrap":
            self.wrapped[journal_lines.key_of_file(line["file"]) or 0] = index
        elif kind == "track":
            self.tracks[line["track"]] = _Track(index, line["kind"], line["lang"])
        elif kind in CONTEXT:
            self.context.append((index, line))
            self._key = line["key"] if kind == "rekey" else self._key
        elif track is not None:
            _add(track, index, line, self._key)

    def value(self, index: int) -> Line:
        """The object of a line."""
        return _parsed(index, self.lines[index])

    def proof(self, index: int) -> bytes:
        """The file that proves a line to lie under the checkpoint."""
        return write_proof(Proof(index, self.lines[index], tuple(self.tree.inclusion(index)), self.checkpoint))


class _KeysAnew:
    """The keys of a recording that were wrapped anew after its close, by the lines of its custody log under its signed
    head. Raises `ExcerptError` when the lines are not those that the head names."""

    def __init__(self, data: Path, origin: str) -> None:
        self.wrapped: dict[str, tuple[int, Line]] = {}
        """By file, index and object of the last line that wraps it."""
        if not (data / LOG).is_file():
            return
        self.checkpoint = _bytes(data / LOG_CHECKPOINT)  # before the log, which may grow meanwhile
        try:
            head = tlog.parse_checkpoint(tlog.parse_note(self.checkpoint).text)
        except (tlog.NoteError, UnicodeDecodeError) as error:
            raise ExcerptError(f"the checkpoint of the custody log is damaged: {error}") from error
        self.lines = _bytes(data / LOG).split(b"\n")[:-1][: head.size]
        self.tree = tlog.Tree(map(tlog.leaf_hash, self.lines))
        if (origin + tlog.CUSTODY, self.tree.size, self.tree.root()) != (head.origin, head.size, head.root):
            raise ExcerptError("the custody log is not the one its checkpoint names; nothing was made of it")
        for index, line in enumerate(self.lines):
            if b'"type":"keywrap"' in line and (value := _parsed(index, line))["type"] == "keywrap":
                self.wrapped[value["file"]] = index, value

    def proof(self, index: int) -> bytes:
        """The file that proves a line to lie under the checkpoint of the custody log."""
        return write_proof(Proof(index, self.lines[index], tuple(self.tree.inclusion(index)), self.checkpoint))


def _add(track: _Track, index: int, line: Line, key: int) -> None:
    kind = line["type"]
    if kind == "init":
        track.init = index
    elif kind == "gap":
        track.pieces.append(_Piece(index, line["t0"], line["t1"]))
    elif kind in ("segment", "recovered_segment"):
        track.numbers[line["n"]] = index
        if kind == "segment":
            track.pieces.append(_Piece(index, line["t0"], line["t1"], line["n"], line["rap"], key))


def make(
    journal: SealedJournal,
    target: Path,
    part: Part,
    policy: Policy,
    now: datetime,
    *,
    tags: Mapping[str, str] | None = None,
) -> Excerpted:
    """Cut an excerpt of a recording into a new bag at `target`.

    It is verified, by `policy`, before it has its name. Raises `ExcerptError` when there is nothing to cut or the
    recording does not fit; `UnsoundError` when the excerpt does not verify. Nothing is left of it then. `tags`: further
    tag files of the bag, by their names.
    """
    if now.tzinfo is None:
        raise ValueError("a naive datetime")
    if target.exists():
        raise ExcerptError(f"{target} is there already")
    if part.start >= part.end:
        raise ExcerptError("an excerpt ends after it begins")
    pieces = _chosen(journal, part)
    building = target.with_name(f".{target.name}.{secrets.token_hex(4)}.building")
    try:
        building.mkdir(mode=0o700)
        manifest = _write(journal, building, pieces, part)
        more = {"Recording-Scope": "excerpt"}
        write_tags(building, journal.head, manifest, now, more, text=excerpt_text(journal.head), beside=tags)
        request = VerificationRequest(policy, without_stamp=True, origin=journal.head.origin)
        report = verify(building, request)
        if report.findings.verdict in ("failed", "cannot"):
            raise UnsoundError(report)
        digest = hashlib.sha256((building / "tagmanifest-sha256.txt").read_bytes()).hexdigest()
        size = sum((building / path).stat().st_size for path in manifest)
        building.rename(target)
    except OSError as error:
        raise ExcerptError(f"the excerpt cannot be written: {error.strerror}") from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    times = [(piece.t0, piece.t1) for found in pieces.values() for piece in found if piece.n]
    counts = {name: sum(1 for piece in found if piece.n) for name, found in pieces.items()}
    start, end = min(t0 for t0, _ in times), max(t1 for _, t1 in times)
    return Excerpted(target, journal.head.origin, digest, size, start, end, counts, report)


def _chosen(journal: SealedJournal, part: Part) -> dict[str, list[_Piece]]:
    """By track, what of it is in the excerpt; tracks without a segment in its time are left out."""
    unknown = part.tracks - set(journal.tracks)
    if unknown:
        raise ExcerptError(f"the recording has no track {', '.join(sorted(unknown))}")
    found: dict[str, list[_Piece]] = {}
    for name, track in journal.tracks.items():
        foreign = track.kind == "language" and part.languages and track.language not in part.languages
        if (part.tracks and name not in part.tracks) or foreign:
            continue
        pieces = track.cut(part.start, part.end)
        if any(piece.n for piece in pieces):
            found[name] = pieces
    if not found:
        raise NothingThereError("nothing was recorded in this time on these tracks")
    return found


def _write(journal: SealedJournal, building: Path, pieces: Mapping[str, list[_Piece]], part: Part) -> dict[str, str]:
    """Write the payload; path in the bag → SHA-256."""
    data, payload = journal.data, building / "data"
    manifest: dict[str, str] = {}
    for folder in ("seg", "proofs"):
        (payload / folder).mkdir(parents=True)
    keys = {0} | {piece.key for found in pieces.values() for piece in found if piece.n}
    if not keys <= set(journal.wrapped):
        raise ExcerptError("a key of the recording is wrapped nowhere in it")
    proofs = {"open": journal.opened, "close": journal.closed}
    proofs |= {f"keywrap-{key}" if key else "keywrap": journal.wrapped[key] for key in keys}
    files = [journal.wrapped[key] for key in sorted(keys)]
    for name, found in pieces.items():
        track = journal.tracks[name]
        numbers = [piece.n for piece in found if piece.n]
        run = range(min(numbers), max(numbers) + 1)
        if track.init < 0 or not all(n in track.numbers for n in run):
            raise ExcerptError(f"numbers of {name} are missing in the recording")
        files += [track.init, *(track.numbers[n] for n in run)]
        proofs |= {f"track-{name}": track.declared, f"init-{name}": track.init}
        proofs |= {f"{name}-{n:06d}": track.numbers[n] for n in run}
        proofs |= {f"gap-{name}-{piece.index}": piece.index for piece in found if not piece.n}
    proofs |= _context(journal, pieces, part)
    written = {name: journal.proof(index) for name, index in proofs.items()}
    anew = _KeysAnew(data, journal.head.origin)
    for index in files:
        line = journal.value(index)
        file = line["file"]
        if file in anew.wrapped:
            index, line = anew.wrapped[file]
            written[f"custody-{file.replace('hearing-key', 'keywrap').removesuffix('.age')}"] = anew.proof(index)
            manifest[f"data/{LOG_CHECKPOINT}"] = _put(payload / LOG_CHECKPOINT, anew.checkpoint)
        digest = copy_file(data / file, payload / file)
        if digest != line["sha256"]:
            raise ExcerptError(f"{file} is not the file that was sealed")
        manifest[f"data/{file}"] = digest
    for name, content in written.items():
        path = f"proofs/{name}.tlog-proof"
        manifest[f"data/{path}"] = _put(payload / path, content)
    manifest["data/checkpoint"] = _put(payload / "checkpoint", journal.checkpoint)
    if (data / "checkpoint.tsr").is_file():
        manifest["data/checkpoint.tsr"] = copy_file(data / "checkpoint.tsr", payload / "checkpoint.tsr")
    return manifest


def _context(journal: SealedJournal, tracks: Iterable[str], part: Part) -> dict[str, int]:
    """The proofs of who is on the tracks, of what happened in the time, and of the key in force when it begins."""
    seats = {re.sub(r"_(mic|cam|screen)$", "", name) for name in tracks}
    found: dict[str, int] = {}
    rekeys = [index for index, line in journal.context if line["type"] == "rekey" and line["t"] < part.start]
    for index, line in journal.context:
        kind = line["type"]
        inside = index in rekeys[-1:] or part.start <= line.get("t", -1) < part.end
        if line["seat"] in seats if kind == "person" else inside:
            found[f"{kind}-line-{index}"] = index
    return found


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ExcerptError(f"{path} cannot be read: {error.strerror}") from error


def _parsed(index: int, line: bytes) -> Line:
    try:
        value: Line = journal_lines.parse(line)
        journal_lines.check_fields(value)
    except journal_lines.LineError as error:
        raise ExcerptError(f"line {index} is malformed: {error}") from error
    return value


def _put(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


# --- the command -----------------------------------------------------------------------------------------------------

_TIME_CODE = re.compile(r"(?:(\d{1,3}):)?([0-5]?\d):([0-5]\d)(?:\.(\d{1,3}))?")


def moment(text: str, zero_ms: int) -> int:
    """A time in ms of the recording, from a time code (`1:02:03.5`, from its beginning) or an instant with its offset
    from UTC (RFC 3339). Raises `ValueError`."""
    found = _TIME_CODE.fullmatch(text)
    if found:
        hours, minutes, seconds = (int(part or 0) for part in found.groups()[:3])
        return ((hours * 60 + minutes) * 60 + seconds) * 1000 + int((found[4] or "0").ljust(3, "0"))
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError("a time of day needs its offset from UTC, as in 2026-11-28T10:15:00+02:00")
    return round(instant.timestamp() * 1000) - zero_ms


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="vivavoce excerpt", description="Cut an excerpt from the recording in a bag.")
    parser.add_argument("bag", type=Path, help="the folder of the whole bag")
    parser.add_argument("target", type=Path, help="the folder of the excerpt, which must not exist")
    when = "time code from the recording's beginning (H:MM:SS), or an instant with its offset from UTC"
    parser.add_argument("--from", dest="start", required=True, metavar="TIME", help=when)
    parser.add_argument("--to", dest="end", required=True, metavar="TIME", help="the first moment that is not in it")
    parser.add_argument("--track", action="append", default=[], help="only this track; may be given several times")
    parser.add_argument("--lang", action="append", default=[], help="of interpretation, only into this language")
    parser.add_argument("--policy", type=Path, required=True, help="whose seal counts, had from elsewhere than the bag")
    return parser


def _policy(path: Path) -> Policy:
    pins = _bytes(path)[: MAX_BYTES + 1]
    carried = of_key_file(pins)
    return parse(pins if carried is None else carried)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code: 0 or 10 as of `vivavoce verify`, 20 and 30 when the excerpt does not
    verify and was not kept, 2 when it could not be made."""
    options = _parser().parse_args(argv)
    try:
        policy, journal = _policy(options.policy), SealedJournal(options.bag / "data")
        start, end = (moment(text, journal.zero_ms) for text in (options.start, options.end))
        part = Part(start, end, frozenset(options.track), frozenset(options.lang))
        made = make(journal, options.target.absolute(), part, policy, datetime.now(UTC))
    except UnsoundError as error:
        print(error.report.as_text(), end="")
        print(f"vivavoce excerpt: {error}; no excerpt was made", file=sys.stderr)
        return error.report.exit_code
    except (ExcerptError, PolicyError, ValueError) as error:
        print(f"vivavoce excerpt: {error}", file=sys.stderr)
        return 2
    print(made.report.as_text(), end="")
    pieces = ", ".join(f"{name}: {count}" for name, count in made.segments.items())
    print(f"excerpt:   {_clock(made.start)} to {_clock(made.end)}, segments {pieces}, {made.size} bytes")
    print(f"bag:       {made.folder}, tagmanifest-sha256.txt {made.tagmanifest_sha256}")
    return made.report.exit_code


def _clock(ms: int) -> str:
    seconds, rest = divmod(ms, 1000)
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:03}"


if __name__ == "__main__":
    raise SystemExit(main())
