"""What is written into a recording after its close, and what a player's server reads from it.

After `close` the recorder has let go of the folder; accesses, re-wrapped keys and notices are appended here, by
whichever process has something to say, one at a time: an exclusive `flock` on the folder. Durable append, in order:
lines written behind the last whole line; journal fsynced; new signed checkpoint written beside the old one, fsynced,
renamed over it; folder fsynced. A crash in between leaves lines that the next append covers, or a torn line that it
cuts; never a checkpoint over lines that are not there.
"""

import fcntl
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from media.evidence.log import journal_lines, tlog
from media.evidence.log.journal_lines import Line

JOURNAL = "journal.jsonl"
CHECKPOINT = "checkpoint"


class CustodyError(Exception):
    """A recording that cannot be appended to or read: its journal and checkpoint do not fit, or the disk failed."""


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
    """Whole lines without their LF."""
    tree: tlog.Tree
    note: bytes
    head: tlog.Checkpoint
    closed_at: int | None
    """Index of the `close` in force."""
    torn: int
    """Bytes behind the last LF."""

    @property
    def origin(self) -> str:
        """The recording's origin, as its checkpoint has it."""
        return self.head.origin


def read(folder: Path) -> Ledger:
    """Read journal and checkpoint; CustodyError unless the checkpoint is over a beginning of the journal.

    Signatures are not checked here: whoever shows a recording to somebody lets them check against their own pins.
    """
    try:
        data = (folder / JOURNAL).read_bytes()
        note = (folder / CHECKPOINT).read_bytes()
        head = tlog.parse_checkpoint(tlog.parse_note(note).text)
    except (OSError, ValueError) as error:
        raise CustodyError(f"the recording cannot be read: {error}") from error
    *lines, torn = data.split(b"\n")
    tree = tlog.Tree(tlog.leaf_hash(line) for line in lines)
    if head.size > tree.size or tree.root(head.size) != head.root:
        raise CustodyError("the journal does not match its checkpoint")
    closed_at: int | None = None
    for index, line in enumerate(lines):
        if line.endswith((b'"type":"close"}', b'"type":"reopen"}')) or b'"type":"close"' in line:
            kind = (journal_lines.read(line)[0] or {}).get("type")
            closed_at = index if kind == "close" else None if kind == "reopen" else closed_at
    return Ledger(tuple(lines), tree, note, head, closed_at, len(torn))


def read_closing(folder: Path) -> Closing:
    """The close in force with its proof under the checkpoint; NotClosedError if there is none."""
    ledger = read(folder)
    if ledger.closed_at is None or ledger.closed_at >= ledger.head.size:
        raise NotClosedError("the recording has no close in force")
    proof = ledger.tree.inclusion(ledger.closed_at, ledger.head.size)
    return Closing(ledger.closed_at, ledger.lines[ledger.closed_at], tuple(proof), ledger.head, ledger.note)


def append_after_close(
    folder: Path, entries: Sequence[Line], seed: bytes | tlog.Signer, now_ns: int
) -> tlog.Checkpoint:
    """Append lines that may follow a close and sign the new head; durable on return.

    `at` is `now_ns` where an entry has none. NotClosedError, NotAllowedError or CustodyError: nothing was appended.
    """
    with locked(folder):
        return append_locked(folder, entries, seed, now_ns)


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


def append_locked(folder: Path, entries: Sequence[Line], seed: bytes | tlog.Signer, now_ns: int) -> tlog.Checkpoint:
    """`append_after_close` for a caller that holds the lock."""
    ledger = read(folder)
    if ledger.closed_at is None:
        raise NotClosedError("the recording has no close in force")
    encoded = [_encode(entry, now_ns) for entry in entries]
    start = sum(len(line) + 1 for line in ledger.lines)
    _write_lines(folder / JOURNAL, start, b"".join(line + b"\n" for line in encoded))
    for line in encoded:
        ledger.tree.append(tlog.leaf_hash(line))
    head = tlog.Checkpoint(ledger.origin, ledger.tree.size, ledger.tree.root())
    text = tlog.checkpoint_text(head.origin, head.size, head.root)
    note = tlog.sign_note(text, head.origin, seed) if isinstance(seed, bytes) else seed.sign(text, head.origin)
    _replace(folder, CHECKPOINT, note)
    return head


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
