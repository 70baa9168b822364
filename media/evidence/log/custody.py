"""What is written into a recording after its close, and what a player's server reads from it.

After `close` the recorder has let go of the folder; accesses, re-wrapped keys and notices are appended here, by
whichever process has something to say, one at a time: an exclusive `flock` on the folder. Durable append, in order:
lines written behind the last whole line; journal fsynced; new signed checkpoint written beside the old one, fsynced,
renamed over it; folder fsynced. A crash in between leaves lines that nobody signed; the next append sets them aside.
Never a checkpoint over lines that are not there. Before anything is read or appended the journal is held against what
the seal has signed (`media.evidence.log.proof`); what does not fit is refused, and nothing is signed.
"""

import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from media.evidence.log import journal_lines, tlog
from media.evidence.log.journal_lines import Line
from media.evidence.log.proof import CourtSeal, ProofError, Proven, Trust, prove
from media.evidence.log.store import sync_folder, write_durably

JOURNAL = "journal.jsonl"
CHECKPOINT = "checkpoint"
UNSIGNED = ".unsigned"
"""Folder beside the recordings: lines that were found behind what was signed, set aside and never signed."""


class CustodyError(Exception):
    """A recording that cannot be appended to or read: its journal and checkpoint do not fit, or the disk failed."""


class NotProvenError(CustodyError):
    """The journal is not the one that was signed. `code` as that of `ProofError`."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class NotClosedError(CustodyError):
    """The recording has no close in force: it belongs to the recorder."""


class NotAllowedError(CustodyError):
    """The line may not follow a close, or is not well formed."""


@dataclass(frozen=True)
class Closing:
    """The `close` in force and what proves it: enough for a player to start without the whole journal."""

    index: int
    line: bytes
    proof: tuple[bytes, ...]
    """Inclusion proof of the line in the tree of `head`, from the leaf up."""
    head: tlog.Checkpoint
    note: bytes
    """The signed checkpoint, byte for byte."""


@dataclass(frozen=True)
class Ledger:
    """A recording's journal as read from its folder."""

    lines: tuple[bytes, ...]
    """The lines that were signed, without their LF."""
    proven: Proven
    closed_at: int | None
    """Index of the `close` in force."""

    @property
    def tree(self) -> tlog.Tree:
        """Over all whole lines of the file."""
        return self.proven.tree

    @property
    def note(self) -> bytes:
        """The signed checkpoint, byte for byte."""
        return self.proven.note

    @property
    def head(self) -> tlog.Checkpoint:
        """What the checkpoint says."""
        return self.proven.head

    @property
    def unsigned(self) -> int:
        """Whole lines behind what was signed."""
        return len(self.proven.lines) - self.proven.signed

    @property
    def origin(self) -> str:
        """The recording's origin, as its checkpoint has it."""
        return self.head.origin


def read(folder: Path, trust: Trust) -> Ledger:
    """Read journal and checkpoint and hold them against what is trusted.

    CustodyError when they cannot be read or the seal is silent; NotProvenError when they are not what was signed.
    """
    try:
        data = (folder / JOURNAL).read_bytes()
        note = (folder / CHECKPOINT).read_bytes()
        proven = prove(data, note, None, trust)
    except ProofError as error:
        raise NotProvenError(error.code, str(error)) from error
    except (OSError, ValueError) as error:
        raise CustodyError(f"the recording cannot be read: {error}") from error
    closed_at: int | None = None
    for index, line in enumerate(proven.lines[: proven.signed]):
        if b'"type":"close"' in line or b'"type":"reopen"' in line:
            kind = (journal_lines.read(line)[0] or {}).get("type")
            closed_at = index if kind == "close" else None if kind == "reopen" else closed_at
    return Ledger(proven.lines[: proven.signed], proven, closed_at)


def read_closing(folder: Path, trust: Trust) -> Closing:
    """The close in force with its proof under the checkpoint; NotClosedError if there is none."""
    ledger = read(folder, trust)
    if ledger.closed_at is None or ledger.closed_at >= ledger.head.size:
        raise NotClosedError("the recording has no close in force")
    proof = ledger.tree.inclusion(ledger.closed_at, ledger.head.size)
    return Closing(ledger.closed_at, ledger.lines[ledger.closed_at], tuple(proof), ledger.head, ledger.note)


def append_after_close(
    folder: Path, entries: Sequence[Line], seal: CourtSeal, now_ns: int, kept: Sequence[tlog.Checkpoint] = ()
) -> tlog.Checkpoint:
    """Append lines that may follow a close and have the new head signed; durable on return.

    `at` is `now_ns` where an entry has none. NotClosedError, NotAllowedError or NotProvenError: nothing was appended.
    CustodyError: nothing was, or what was is not signed and will be set aside.
    """
    with locked(folder):
        return append_locked(folder, entries, seal, now_ns, kept)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a recording's folder for oneself; waits until whoever has it is done."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise CustodyError(f"the recording cannot be read: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def append_locked(
    folder: Path, entries: Sequence[Line], seal: CourtSeal, now_ns: int, kept: Sequence[tlog.Checkpoint] = ()
) -> tlog.Checkpoint:
    """`append_after_close` for a caller that holds the lock.

    Lines that lie behind what was signed are not signed now either: they are moved into a file of their own.
    """
    ledger = read(folder, seal.trust(kept))
    if ledger.closed_at is None:
        raise NotClosedError("the recording has no close in force")
    encoded = [_encode(entry, now_ns) for entry in entries]
    start = sum(len(line) + 1 for line in ledger.lines)
    set_aside(folder, start)
    tree = tlog.Tree(tlog.leaf_hash(line) for line in (*ledger.lines, *encoded))
    _write_lines(folder / JOURNAL, start, b"".join(line + b"\n" for line in encoded))
    head = tlog.Checkpoint(ledger.origin, tree.size, tree.root())
    try:
        note = seal.sign_head(head, tree)
    except ValueError as error:
        _write_lines(folder / JOURNAL, start, b"")
        raise CustodyError(f"the head was not signed: {error}") from error
    except OSError as error:  # it may have been: the lines stay, and count once the seal says that it has signed them
        raise CustodyError(f"the seal does not answer: {error}") from error
    _replace(folder, CHECKPOINT, note)
    return head


def set_aside(folder: Path, start: int) -> None:
    """Keep what lies behind `start` bytes of the journal, which nobody signed, in the folder `unsigned` beside it.

    Effects: a new file there, durable, before anything is cut off. Nothing when there is nothing.
    """
    with (folder / JOURNAL).open("rb") as journal:
        journal.seek(start)
        tail = journal.read()
    if not tail:
        return
    beside = folder.parent / UNSIGNED
    beside.mkdir(mode=0o700, exist_ok=True)
    name = f"{folder.name}-{start}-{hashlib.sha256(tail).hexdigest()[:16]}"
    if not (beside / name).exists():
        write_durably(beside / name, tail)
        sync_folder(beside)


def _encode(entry: Line, now_ns: int) -> bytes:
    line = entry if "at" in entry else {**entry, "at": str(now_ns)}
    if line.get("type") not in journal_lines.AFTER_CLOSE:
        raise NotAllowedError(f"{line.get('type')} may not follow a close")
    try:
        journal_lines.check_fields(line)
        encoded = journal_lines.canonical(line)
        journal_lines.parse(encoded)
    except ValueError as error:
        raise NotAllowedError(f"the line is not well formed: {error}") from None
    return encoded


def _write_lines(path: Path, start: int, data: bytes) -> None:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise CustodyError(f"the journal cannot be written: {error.strerror}") from error
    try:
        os.ftruncate(descriptor, start)
        try:
            written = 0
            while written < len(data):
                written += os.pwrite(descriptor, data[written:], start + written)
        except OSError:
            os.ftruncate(descriptor, start)
            raise
        os.fsync(descriptor)
    except OSError as error:
        raise CustodyError(f"the journal cannot be written: {error.strerror}") from error
    finally:
        os.close(descriptor)


def _replace(folder: Path, name: str, data: bytes) -> None:
    temporary = folder / f".{name}.{secrets.token_hex(4)}.tmp"
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(folder / name)
        directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise CustodyError(f"the checkpoint cannot be written: {error.strerror}") from error
