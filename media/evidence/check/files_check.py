"""Whether the files of a recording are those its journal names: presence, size, hash, orphans
(docs/recording-format.md §2).
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from media.evidence.check.bag_check import Bag, printable
from media.evidence.check.findings import Findings
from media.evidence.log.journal_lines import key_of_file
from media.evidence.seal import age

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
        self._wrapped_keys: dict[str, _Named] = {}
        self._derived: dict[str, _Named] = {}
        self._destroyed: set[str] = set()
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

    def wrapped_key(self, path: str, report: Report, size: int, sha256: str) -> None:
        """A `keywrap` line; the last one of a file counts."""
        self._unnamed.discard(path)
        self._wrapped_keys[path] = _Named(report, size, sha256)

    @property
    def keys(self) -> list[int]:
        """The numbers of the keys that lines name."""
        return [key_of_file(path) or 0 for path in self._wrapped_keys]

    def destroyed(self, paths: Iterable[str]) -> None:
        """A `destroyed` line: these key files need not be there any more."""
        self._destroyed |= set(paths)

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
        for path, named in self._wrapped_keys.items():
            if path in self._destroyed and path not in self.payload:
                self.findings.note(f"{path} has been destroyed: nobody can open what was recorded to it")
                continue
            problem = self._compare(path, named.size, named.sha256)
            if problem:
                named.report(problem)
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


def read_identities(key_file: bytes, wrapped_keys: Mapping[int, bytes | None]) -> dict[int, age.Identity]:
    """The recording's identities by number, of those that the key file opens.

    The key file holds an authority's identity, or, where it opens none, the recording's main one itself.
    `IdentityError` when it holds none.
    """
    try:
        identity = age.read_identity(key_file)
    except age.SealError as error:
        raise IdentityError("the key file holds no age identity, or more than one") from error
    found: dict[int, age.Identity] = {}
    for number, wrapped in wrapped_keys.items():
        with suppress(age.SealError):
            found[number] = age.unwrap(wrapped or b"", identity)
    return found or {0: identity}


def check_content(
    data: Path,
    files: FilesCheck,
    identities: Mapping[int, age.Identity],
    key_of: Callable[[str, int, int], int | None],
    findings: Findings,
) -> int:
    """Every init decrypts to the beginning of a WebM file, every segment to a Cluster, with the key in force for it.

    `key_of` gives the number of that key for a file (track, n, line), None where it may be any. Returns the number of
    files whose key is not among `identities`.
    """
    locked = 0
    for track, n, line in files.segments:
        key, name = key_of(track, n, line), f"{track}-{n:06d}"
        opens, clear = _open(data / f"seg/{name}.age", identities)
        if opens is None and (key is None or key not in identities) and set(identities) != set(files.keys):
            locked += 1
        elif opens is None:
            findings.segment(track, n, line, f"{name} does not decrypt with the recording's identity")
        elif key not in (None, opens):
            findings.segment(track, n, line, f"{name} is encrypted to key {opens}, and not to key {key}")
        elif not clear.startswith(CLUSTER if n else EBML):
            findings.segment(track, n, line, f"{name} does not hold WebM")
    return locked


def _open(path: Path, identities: Mapping[int, age.Identity]) -> tuple[int | None, bytes]:
    """The number of the key that opens a file, None where none does, and its content."""
    for number, identity in identities.items():
        try:
            return number, identity.unseal(path.read_bytes())
        except (age.SealError, OSError):
            continue
    return None, b""
