"""Whether the files of a recording are those its journal names: presence, size, hash, orphans
(docs/recording-format.md §2).
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pyrage

from media.evidence.check.bag_check import Bag, printable
from media.evidence.check.findings import Findings

EBML = b"\x1a\x45\xdf\xa3"
CLUSTER = b"\x1f\x43\xb6\x75"

_ALWAYS = ("journal.jsonl", "checkpoint", "checkpoint.tsr")
_CUSTODY = ("custody.jsonl", "custody-checkpoint")
"""Not in an excerpt."""


Report = Callable[[str], None]
"""Reports a fault of a journal line."""


class _Named(NamedTuple):
    report: Report
    size: int
    sha256: str


class FilesCheck:
    """Compares files with the journal lines that name them, and at the end reports files that no line names."""

    def __init__(self, bag: Bag, findings: Findings) -> None:
        """Sizes and hashes are those of the bag when `finish` is called; until then its files may be being hashed."""
        self.payload = bag.payload
        self.findings = findings
        self._unnamed = set(bag.paths)
        self._segments: list[tuple[str, str, int, int, int, str]] = []
        self._pages: list[tuple[str, int, int, str]] = []
        self._wrapped_key: _Named | None = None
        self._derived: dict[str, _Named] = {}
        self._blobs: dict[str, Report] = {}
        self.segments: list[tuple[str, int, int]] = []
        """(track, n, line) of every init and segment that is there as its line says, if `collect` is set."""
        self.collect = False

    def segment(self, track: str, n: int, line: int, size: int | None, sha256: str | None) -> None:
        """A line names a segment, or an init (n = 0)."""
        path = f"seg/{track}-{n:06d}.age"
        self._unnamed.discard(path)
        if size is not None and sha256 is not None:
            self._segments.append((path, track, n, line, size, sha256))

    def named(self, path: str) -> None:
        """A failed line names a file, which counts as named but cannot be compared."""
        self._unnamed.discard(path)

    def wrapped_key(self, report: Report, size: int, sha256: str) -> None:
        """A `keywrap` line; the last one counts."""
        self._unnamed.discard("hearing-key.age")
        self._wrapped_key = _Named(report, size, sha256)

    def derived(self, path: str, report: Report, size: int, sha256: str) -> None:
        """A `derive` line; if two name a file, the last one counts."""
        self._derived[path] = _Named(report, size, sha256)

    def blob(self, sha256: str, report: Report) -> None:
        """A line refers to a blob."""
        self._blobs.setdefault(sha256, report)

    def page(self, path: str, line: int, size: int, sha256: str) -> None:
        """The `close` in force names an index page."""
        self._unnamed.discard(path)
        self._pages.append((path, line, size, sha256))

    def finish(self) -> None:
        """Segments, index pages, key, derived files, blobs; then orphans."""
        for path, track, n, line, size, sha256 in self._segments:
            problem = self._compare(path, size, sha256)
            if problem:
                self.findings.segment(track, n, line, problem)
            elif self.collect:
                self.segments.append((track, n, line))
        for path, line, size, sha256 in self._pages:
            problem = self._compare(path, size, sha256)
            if problem:
                self.findings.line(line, problem)
        if self._wrapped_key is not None:
            problem = self._compare("hearing-key.age", self._wrapped_key.size, self._wrapped_key.sha256)
            if problem:
                self._wrapped_key.report(problem)
        for path, named in self._derived.items():
            self._removable(path, named.report, named.size, named.sha256)
        for sha256, report in self._blobs.items():
            self._removable(f"blob/{sha256}.age", report, None, sha256)
        for path in sorted(self._unnamed):
            whole = "journal.jsonl" in self.payload
            if not (path in _ALWAYS or (whole and path in _CUSTODY) or _is_proof(path)):
                self.findings.orphan(printable(path), f"no line names {printable(path)}")

    def _removable(self, path: str, report: Report, size: int | None, sha256: str) -> None:
        self._unnamed.discard(path)
        if path not in self.payload:
            self.findings.note(f"{path} has been removed")
            return
        problem = self._compare(path, self.payload[path].size if size is None else size, sha256)
        if problem:
            report(problem)

    def _compare(self, path: str, size: int, sha256: str) -> str:
        digest = self.payload.get(path)
        if digest is None:
            return f"{path} is not there"
        if digest.size != size:
            return f"{path} has {digest.size} bytes, its line says {size}"
        if digest.sha256 != sha256:
            return f"{path} is not what was sealed: its SHA-256 differs"
        return ""


def _is_proof(path: str) -> bool:
    return path.startswith("proofs/") and path.endswith(".tlog-proof") and path.count("/") == 1


class IdentityError(ValueError):
    """The key file given is no age identity, or opens neither the recording's key nor its segments."""


def read_identity(key_file: bytes, wrapped_key: bytes | None) -> pyrage.x25519.Identity:
    """The recording's identity: the one of the key file itself, or the one it unwraps."""
    key_lines = [
        line.strip() for line in key_file.decode("ascii", "replace").splitlines() if line.startswith("AGE-SECRET-KEY-")
    ]
    try:
        identities = [pyrage.x25519.Identity.from_str(line) for line in key_lines]
    except pyrage.IdentityError as error:
        raise IdentityError("the key file holds no age identity") from error
    if len(identities) != 1:
        raise IdentityError("the key file holds no age identity, or more than one")
    if wrapped_key is not None:
        try:
            clear = pyrage.decrypt(wrapped_key, identities)
            return pyrage.x25519.Identity.from_str(clear.decode("ascii").strip())
        except (pyrage.DecryptError, pyrage.IdentityError, UnicodeDecodeError):
            pass
    return identities[0]


def check_content(data: Path, files: FilesCheck, identity: pyrage.x25519.Identity, findings: Findings) -> None:
    """Every init decrypts to the beginning of a WebM file, every segment to a Cluster."""
    for track, n, line in files.segments:
        try:
            clear = pyrage.decrypt((data / f"seg/{track}-{n:06d}.age").read_bytes(), [identity])
        except (pyrage.DecryptError, OSError):
            findings.segment(track, n, line, f"{track}-{n:06d} does not decrypt with the recording's identity")
            continue
        if not clear.startswith(CLUSTER if n else EBML):
            findings.segment(track, n, line, f"{track}-{n:06d} does not hold WebM")
