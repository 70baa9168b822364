"""Inclusion proofs: an excerpt of a recording, which has no journal, and proofs that lie beside a whole one
(docs/recording-format.md §6).
"""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from media.evidence.check.bag_check import Bag, printable
from media.evidence.check.files_check import FilesCheck
from media.evidence.check.findings import Findings
from media.evidence.check.heads_check import HeadsCheck
from media.evidence.check.journal_check import AHEAD_NS, ORIGIN
from media.evidence.check.track_check import Item, Track
from media.evidence.log import journal_lines, tlog
from media.evidence.log.custody import LOG_CHECKPOINT
from media.evidence.log.journal_lines import LATE, Line, LineError

MAX_PROOF = 2 * 1024 * 1024
"""Bytes of a proof file that are read."""
_MAGIC = "c2sp.org/tlog-proof@v1"
FURTHEST = 65_535
"""The most numbers that `rap` lies before `n`: the field of an index record has 16 bits."""
_NUMBERED = re.compile(r"(?P<track>[a-z][a-z0-9_]{0,31})-(?P<n>[0-9]{6})")
_NAMED = re.compile(r"open|close|keywrap(?:-[1-9][0-9]{0,2})?")
_ANEW = re.compile(r"custody-keywrap(?:-[1-9][0-9]{0,2})?")
"""A key that was wrapped anew after the close: its line is in the custody log."""
_GAP = re.compile(r"gap-(?P<track>[a-z][a-z0-9_]{0,31})-(?P<line>0|[1-9][0-9]{0,15})")


class ProofFileError(ValueError):
    """A proof file that is malformed or does not prove its line."""


@dataclass(frozen=True)
class Proof:
    """A parsed inclusion proof: the line, its index, the audit path, and the checkpoint."""

    index: int
    line: bytes
    path: tuple[bytes, ...]
    checkpoint: bytes


@dataclass(frozen=True)
class ProvenLine:
    """A line that has been proven to be in the journal."""

    index: int
    value: Line


def parse_proof(data: bytes) -> Proof:
    """Read a C2SP tlog-proof whose `extra` is the journal line."""
    body, separator, checkpoint = data.partition(b"\n\n")
    try:
        lines = body.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise ProofFileError("the proof is malformed") from None
    if (
        not separator
        or len(lines) < 3
        or lines[0] != _MAGIC
        or not re.fullmatch("index (0|[1-9][0-9]{0,15})", lines[2])
    ):
        raise ProofFileError("the proof is malformed")
    if not lines[1].startswith("extra "):
        raise ProofFileError("the proof does not carry its line")
    decoded = [_decode(text) for text in (lines[1][6:], *lines[3:])]
    if any(len(item) != 32 for item in decoded[1:]):
        raise ProofFileError("the proof is malformed")
    return Proof(int(lines[2][6:]), decoded[0], tuple(decoded[1:]), checkpoint)


def write_proof(proof: Proof) -> bytes:
    """The file for a proof."""
    lines = [_MAGIC, f"extra {base64.b64encode(proof.line).decode()}", f"index {proof.index}"]
    lines += [base64.b64encode(item).decode() for item in proof.path]
    return "\n".join(lines).encode() + b"\n\n" + proof.checkpoint


def check_proof(data: bytes, head: tlog.Checkpoint, checkpoint: bytes) -> Proof:
    """The proof, verified against the bag's own checkpoint; ProofError if it does not hold."""
    proof = parse_proof(data)
    if proof.checkpoint != checkpoint:
        raise ProofFileError("the proof's checkpoint is not the bag's")
    if not tlog.verify_inclusion(proof.index, head.size, tlog.leaf_hash(proof.line), proof.path, head.root):
        raise ProofFileError("the proof does not hold")
    return proof


def check_extra_proofs(bag: Bag, heads: HeadsCheck, tree: tlog.Tree, findings: Findings) -> None:
    """Proofs beside a whole journal: each must hold."""
    checkpoint = _read(bag, "checkpoint") if "checkpoint" in bag.payload else b""
    for path in sorted(bag.payload):
        if not _is_proof(path) or heads.head is None:
            continue
        try:
            check_proof(_read(bag, path), heads.head, checkpoint)
        except ProofFileError as error:
            findings.checkpoint(f"{printable(path)}: {error}")


def check_excerpt(
    bag: Bag,
    heads: HeadsCheck,
    files: FilesCheck,
    checkpoint: bytes | None,
    kept: Sequence[tuple[str, bytes]],
    findings: Findings,
) -> dict[str, tuple[int, int, int]]:
    """Check a bag without a journal: only lines with an inclusion proof are known."""
    excerpt = Excerpt(bag, heads, files, findings)
    for name, data in kept:
        heads.check_kept(name, data, None)
    if heads.head is None or checkpoint is None:
        findings.cannot("a checkpoint, to check the proofs of the excerpt")
        return {}
    excerpt.read_proofs(heads.head, checkpoint)
    if excerpt.foreign:
        return {}
    runs = excerpt.check()
    excerpt.check_keys_anew()
    files.finish()
    heads.check_times(excerpt.last_at)
    return runs


class Excerpt:
    """The proven lines of an excerpt and the rules they must meet."""

    def __init__(self, bag: Bag, heads: HeadsCheck, files: FilesCheck, findings: Findings) -> None:
        self.bag = bag
        self.heads = heads
        self.files = files
        self.findings = findings
        self.proven: dict[str, ProvenLine] = {}
        """By the proof's name without `.tlog-proof`."""
        self.broken: set[str] = set()
        self.last_at: int | None = None
        self.foreign = False
        """Whether `open` has another format number than 1: then nothing more is checked."""

    def read_proofs(self, head: tlog.Checkpoint, checkpoint: bytes) -> None:
        """Check every proof in the bag and keep the lines that are proven."""
        paths = sorted(filter(_is_proof, self.bag.payload), key=lambda path: (path != "proofs/open.tlog-proof", path))
        for path in paths:
            name = _name(path)
            if _ANEW.fullmatch(name):
                continue
            try:
                proof = check_proof(_read(self.bag, path), head, checkpoint)
                value = journal_lines.parse(proof.line)
                if self._is_foreign(value):
                    return
                journal_lines.check_fields(value)
                self._check_name(name, proof.index, value)
            except (ProofFileError, LineError) as error:
                self.broken.add(name)
                self._fail(name, f"{printable(path)}: {error}")
                continue
            self.proven[name] = ProvenLine(proof.index, value)
            if value["type"] == "segment" and not 0 <= value["n"] - value["rap"] <= FURTHEST:
                self.findings.line(proof.index, "rap names no segment at or before its own")
            self.last_at = max(self.last_at or 0, int(value["at"]))
            if self.heads.now_ns is not None and int(value["at"]) > self.heads.now_ns + AHEAD_NS:
                self.findings.line(proof.index, "the line claims a time that has not come yet")
            for sha256 in journal_lines.blobs(value):
                self.files.blob(sha256, partial(self.findings.line, proof.index))

    def check(self) -> dict[str, tuple[int, int, int]]:
        """Open, key, close, and each track's run."""
        opened, closed, _wrapped = (self._required(name) for name in ("open", "close", "keywrap"))
        if opened is not None:
            match = ORIGIN.fullmatch(opened.value["origin"])
            if opened.index or not match or match["uuid"] != opened.value["recording"]:
                self.findings.line(opened.index, "origin and recording of open do not fit")
            self.findings.declared.zero_ms = int(opened.value["zero"]) // 1_000_000
            if opened.value["origin"] != self.heads.origin:
                self.findings.checkpoint("the checkpoint's origin is not that of open")
        for line in sorted(self.proven.values(), key=lambda line: line.index):
            if line.value["type"] == "person":
                self.findings.declared.people[line.value["seat"]] = line.value["role"], line.value["state"]
        for line in self.proven.values():
            if line.value["type"] == "keywrap":
                report, value = partial(self.findings.line, line.index), line.value
                self.files.wrapped_key(value["file"], report, value["size"], value["sha256"])
            if line.value["type"] == "init":
                self.files.segment(line.value["track"], 0, line.index, line.value["size"], line.value["sha256"])
        runs: dict[str, tuple[int, int, int]] = {}
        for track, numbers in self._numbers().items():
            count = self._check_closing(track, closed)
            self._check_run(track, numbers)
            runs[track] = (min(numbers), max(numbers), count)
        if not runs:
            self.findings.cannot("proofs of segments: the excerpt holds none")
        return runs

    def check_keys_anew(self) -> None:
        """Keys that were wrapped anew after the close: lines of the custody log, under its signed head."""
        paths = [path for path in sorted(self.bag.payload) if _is_proof(path) and _ANEW.fullmatch(_name(path))]
        if not paths:
            return
        self.files.named(LOG_CHECKPOINT)
        if LOG_CHECKPOINT not in self.bag.payload:
            self.findings.custody(None, f"{LOG_CHECKPOINT} is not there")
            return
        checkpoint = _read(self.bag, LOG_CHECKPOINT)
        head = self.heads.check_custody_head(
            checkpoint, None if self.heads.origin is None else self.heads.origin + tlog.CUSTODY
        )
        if head is None:
            return
        for path in paths:
            try:
                proof = check_proof(_read(self.bag, path), head, checkpoint)
                value = journal_lines.parse(proof.line)
                journal_lines.check_fields(value)
                if value["type"] != "keywrap" or f"custody-{_of_key(value['file'])}" != _name(path):
                    raise ProofFileError("the line proven is not the one the proof is named after")
            except (ProofFileError, LineError) as error:
                self.findings.custody(None, f"{printable(path)}: {error}")
                continue
            report = partial(self.findings.custody, proof.index)
            if self.heads.now_ns is not None and int(value["at"]) > self.heads.now_ns + AHEAD_NS:
                report("the line claims a time that has not come yet")
            for sha256 in journal_lines.blobs(value):
                self.files.blob(sha256, report)
            self.files.wrapped_key(value["file"], report, value["size"], value["sha256"])

    def _check_run(self, track: str, numbers: dict[int, ProvenLine]) -> None:
        for name in (f"track-{track}", f"init-{track}"):
            self._required(name)
        items: list[Item] = []
        expected = min(numbers)
        for n, line in sorted(numbers.items()):
            if n != expected:
                self.findings.segment(track, expected, line.index, f"segment {expected} of {track} is not there")
            expected = n + 1
            self.files.segment(track, n, line.index, line.value["size"], line.value["sha256"])
            if line.value["type"] == "segment":
                items.append(Item(line.value["t0"], line.value["t1"], line.index, n, ""))
        for name, line in self.proven.items():
            match = _GAP.fullmatch(name)
            if match and match["track"] == track:
                span, cause = (line.value["t0"], line.value["t1"]), line.value["cause"]
                self.findings.gap(track, *span, cause)
                if cause != LATE:
                    items.append(Item(*span, line.index, 0, cause))
        first = min((item.t0 for item in items), default=None)
        Track(track, 0, first, items=items).check_tiling(None, 0, self.findings)

    def _check_closing(self, track: str, closed: ProvenLine | None) -> int:
        if closed is None:
            return 0
        closing = closed.value["tracks"].get(track)
        if closing is None:
            self.findings.line(closed.index, f"close does not name {track}")
            return 0
        init = self.proven.get(f"init-{track}")
        if init is not None and (closing["init"], closing["mime"]) != (init.value["sha256"], init.value["mime"]):
            self.findings.line(closed.index, f"close names another init of {track}")
        return int(closing["count"])

    def _numbers(self) -> dict[str, dict[int, ProvenLine]]:
        numbers: dict[str, dict[int, ProvenLine]] = {}
        for name, proven in self.proven.items():
            match = _NUMBERED.fullmatch(name)
            if match and proven.value["type"] in ("segment", "recovered_segment"):
                numbers.setdefault(match["track"], {})[int(match["n"])] = proven
                if proven.value["type"] == "recovered_segment":
                    self.findings.found("recovered_segment")
        return numbers

    def _required(self, name: str) -> ProvenLine | None:
        if name not in self.proven and name not in self.broken:
            self.findings.cannot(f"the proof of {name}")
        return self.proven.get(name)

    def _check_name(self, name: str, index: int, value: Line) -> None:
        kind = value["type"]
        numbered, gap = _NUMBERED.fullmatch(name), _GAP.fullmatch(name)
        if kind in ("open", "close"):
            fits = name == kind
        elif kind == "keywrap":
            fits = name == _of_key(value["file"])
        elif kind in ("track", "init"):
            fits = name == f"{kind}-{value['track']}"
        elif kind in ("segment", "recovered_segment"):
            fits = bool(numbered) and name == f"{value['track']}-{value['n']:06d}"
            fits = fits and value["file"] == f"seg/{name}.age"
        elif kind == "gap":
            fits = bool(gap) and name == f"gap-{value['track']}-{index}"
        else:
            fits = not numbered and not gap and not _NAMED.fullmatch(name)
        if not fits:
            raise ProofFileError("the line proven is not the one the proof is named after")

    def _is_foreign(self, value: Line) -> bool:
        number = value.get("format")
        if value.get("type") == "open" and type(number) is int and number != 1:
            self.foreign = True
            self.findings.cannot(f"a verifier for format {number}: this one knows format 1")
        return self.foreign

    def _fail(self, name: str, what: str) -> None:
        match = _NUMBERED.fullmatch(name)
        if match:
            self.findings.segment(match["track"], int(match["n"]), 0, what)
        else:
            self.findings.checkpoint(what)


def _of_key(file: str) -> str:
    """The name of the proof of a key's line."""
    return file.replace("hearing-key", "keywrap").removesuffix(".age")


def _name(path: str) -> str:
    return path.removeprefix("proofs/").removesuffix(".tlog-proof")


def _is_proof(path: str) -> bool:
    return path.startswith("proofs/") and path.endswith(".tlog-proof") and path.count("/") == 1


def _read(bag: Bag, path: str) -> bytes:
    with (bag.folder / "data" / path).open("rb") as stream:
        return stream.read(MAX_PROOF)


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ProofFileError("the proof is malformed") from None
