"""The custody log of a recording (docs/recording-format.md §4a), and reading of both logs for a player.

At `close` a recording is frozen. Accesses, re-wrapped keys and notices go into a second log beside the journal, with a
signed head of its own, by any process, one at a time: an exclusive `flock` on the folder.
Its second line names the head at which the recording was closed. Durable append, in order: lines written behind the
last whole line; log fsynced; new signed head written beside the old one, fsynced, renamed over it; folder fsynced. A
crash in between leaves unsigned lines; the next append sets them aside. A head never covers lines that are not durable.
Before a read or an append both logs are compared with what the seal has signed (`media.evidence.log.proof`); on a
mismatch the operation is refused, and nothing is signed.
"""

import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from media.evidence.log import former_keys, journal_lines, tlog
from media.evidence.log.former_keys import STAGED
from media.evidence.log.journal_lines import Line
from media.evidence.log.proof import CourtSeal, ProofError, ProvenJournal, Trust, prove
from media.evidence.log.store import sync_folder, write_durably

JOURNAL = "journal.jsonl"
CHECKPOINT = "checkpoint"
TOKEN = "checkpoint.tsr"  # noqa: S105 a time-stamp
LOG = "custody.jsonl"
LOG_CHECKPOINT = "custody-checkpoint"
UNSIGNED = ".unsigned"
"""Folder beside the recordings for unsigned lines from behind the last signed head; they are never signed."""


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
    """The line's type is not allowed in the custody log, or the line is not well formed."""


class NotSignedError(CustodyError):
    """The seal refuses to sign; nothing was changed."""


@dataclass(frozen=True)
class Accessor:
    """Person who views or takes a recording: name, role in the hearing (or `operator`, `staff`), State (ISO 3166-1)."""

    person: str
    role: str
    state: str

    def line(self, what: str, why: str) -> Line:
        """The `access` line."""
        who = {"person": self.person, "role": self.role, "state": self.state}
        return {"type": "access", **who, "what": what, "why": why}

    def key_line(self, key: int, why: str, viewing: str) -> Line:
        """The `keyuse` line: with this key of the recording, opened, it is looked at. `viewing` names the viewing."""
        who = {"person": self.person, "role": self.role, "state": self.state}
        return {"type": "keyuse", "key": key, **who, "why": why, "viewing": viewing}


@dataclass(frozen=True)
class SignedHeads:
    """The signed heads of a recording: the one at which it was closed, and the newest of its custody log."""

    recording: tlog.Checkpoint
    custody: tlog.Checkpoint


@dataclass(frozen=True)
class Ledger:
    """A recording's journal as read from its folder."""

    lines: tuple[bytes, ...]
    """The lines that were signed, without their LF."""
    proven: ProvenJournal
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
        """The head that the checkpoint states."""
        return self.proven.head

    @property
    def unsigned(self) -> int:
        """Complete lines behind the signed ones."""
        return len(self.proven.lines) - self.proven.signed

    @property
    def origin(self) -> str:
        """The recording's origin, as its checkpoint has it."""
        return self.head.origin


def read(folder: Path, trust: Trust) -> Ledger:
    """Read journal and checkpoint and compare them with the trusted heads and keys.

    CustodyError when they cannot be read or the seal does not answer; NotProvenError when they are not what was signed.
    """
    proven = _proven(folder, JOURNAL, CHECKPOINT, None, trust)
    closed_at: int | None = None
    for index, line in enumerate(proven.lines[: proven.signed]):
        if b'"type":"close"' in line or b'"type":"reopen"' in line:
            kind = (journal_lines.read(line)[0] or {}).get("type")
            closed_at = index if kind == "close" else None if kind == "reopen" else closed_at
    return Ledger(proven.lines[: proven.signed], proven, closed_at)


def read_log(folder: Path, origin: str, trust: Trust) -> tuple[bytes, ...]:
    """The signed lines of the custody log of a recording, without their LF; errors as those of `read`."""
    proven = _proven(folder, LOG, LOG_CHECKPOINT, origin + tlog.CUSTODY, trust)
    return proven.lines[: proven.signed]


def open_log(folder: Path, origin: str, seal: CourtSeal, now_ns: int) -> None:
    """Begin the custody log of a recording whose first head is signed; nothing when there is one.

    Effects: `custody.jsonl` with its first line, durable; its signed head. A crash in between leaves what the next
    call completes. Raises as `read`.
    """
    if (folder / LOG_CHECKPOINT).exists():
        _proven(folder, LOG, LOG_CHECKPOINT, origin + tlog.CUSTODY, seal.trust())
        return
    head = _last(seal, origin + tlog.CUSTODY)
    recording = origin.rpartition("/")[2]
    first = _encode({"type": "custody", "format": 1, "recording": recording, "of": origin}, now_ns)
    if head is not None:  # signed, and the process ended before that was stored
        first = _first_line(folder, head)
    tree = tlog.Tree([tlog.leaf_hash(first)])
    _replace(folder, LOG, first + b"\n")
    _replace(folder, LOG_CHECKPOINT, _sign(seal, tlog.Checkpoint(origin + tlog.CUSTODY, 1, tree.root()), tree))


def _first_line(folder: Path, head: tlog.Checkpoint) -> bytes:
    """The single signed line of a custody log whose head is missing. NotProvenError when the line is another."""
    path = folder / LOG
    line = path.read_bytes().partition(b"\n")[0] if path.exists() else b""
    if head.size != 1 or tlog.leaf_hash(line) != head.root:
        raise NotProvenError("rollback", f"the seal has signed {head.size} lines of a custody log that is not here")
    return line


def close_log(folder: Path, seal: CourtSeal, now_ns: int) -> SignedHeads:
    """Write into the custody log the head at which the recording was closed; no effect when it is there already.

    Errors as those of `record`.
    """
    return record(folder, [], seal, now_ns)


def record(
    folder: Path, entries: Sequence[Line], seal: CourtSeal, now_ns: int, kept: Sequence[tlog.Checkpoint] = ()
) -> SignedHeads:
    """Append lines to the custody log of a closed recording and have its new head signed; durable on return.

    `at` is `now_ns` where an entry has none. NotClosedError, NotAllowedError or NotProvenError: nothing was appended.
    CustodyError: nothing was appended, or the appended lines are not signed and will be set aside.
    """
    with locked(folder):
        return record_locked(folder, entries, seal, now_ns, kept)


def record_once(
    folder: Path,
    entries: Sequence[Line],
    seal: CourtSeal,
    now_ns: int,
    kept: Sequence[tlog.Checkpoint] = (),
    *,
    by: Sequence[str],
) -> bool:
    """As `record`, of those lines only that the custody log does not have yet; whether there were any.

    `by` names the fields that tell lines apart. Whoever was interrupted, or failed, calls it again.
    """

    def named(line: Line) -> tuple[object, ...]:
        return tuple(line.get(name) for name in by)

    with locked(folder):
        there = {named(journal_lines.parse(line)) for line in signed_lines(folder, seal)}
        missing = [entry for entry in entries if named(entry) not in there]
        if missing:
            record_locked(folder, missing, seal, now_ns, kept)
        return bool(missing)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the exclusive lock for appending to a recording; blocks. CustodyError when the folder is missing."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise CustodyError(f"the recording cannot be read: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def complete(folder: Path, seal: CourtSeal) -> None:
    """Complete, or undo, a re-wrap that was interrupted; nothing where there is none. Raises as `read`."""
    if any(folder.glob(f".hearing-key*{STAGED}")):
        with locked(folder):
            settle(folder, signed_lines(folder, seal))


def settle(folder: Path, signed: Sequence[bytes]) -> None:
    """Complete a re-wrap that was interrupted, by the signed lines of the custody log: a new file that a line names
    takes the place of the old one, which is kept; any other goes. The caller holds the lock. CustodyError when it
    cannot be written.
    """
    staged = sorted(folder.glob(f".hearing-key*{STAGED}"))
    if not staged:
        return
    lines = [journal_lines.parse(line) for line in signed if b'"type":"keywrap"' in line]
    wanted = {line["file"]: line["sha256"] for line in lines}
    try:
        for path in staged:
            name = path.name[1 : -len(STAGED)]
            if hashlib.sha256(path.read_bytes()).hexdigest() == wanted.get(name):
                former_keys.replace(folder, name, path)
            else:
                path.unlink()
        sync_folder(folder)
    except OSError as error:
        raise CustodyError(f"the keys cannot be written: {error.strerror}") from error


def signed_lines(folder: Path, seal: CourtSeal) -> tuple[bytes, ...]:
    """The signed lines of the custody log. Raises as `read`."""
    trust = seal.trust()
    return read_log(folder, read(folder, trust).origin, trust)


def record_locked(
    folder: Path, entries: Sequence[Line], seal: CourtSeal, now_ns: int, kept: Sequence[tlog.Checkpoint] = ()
) -> SignedHeads:
    """As `record`, for a caller that holds the lock (`locked`)."""
    if any(folder.glob(f".hearing-key*{STAGED}")):
        settle(folder, signed_lines(folder, seal))
    return record_staged(folder, entries, seal, now_ns, kept)


def record_staged(
    folder: Path, entries: Sequence[Line], seal: CourtSeal, now_ns: int, kept: Sequence[tlog.Checkpoint]
) -> SignedHeads:
    """As `record_locked`, while wrapped keys are staged whose lines are among the entries: they are left alone."""
    ledger = read(folder, seal.trust(kept))
    if ledger.closed_at is None:
        raise NotClosedError("the recording has no close in force")
    closing = _freeze(folder, ledger, seal)
    encoded = [_encode(_concerned(entry, closing), now_ns) for entry in entries]
    open_log(folder, ledger.origin, seal, now_ns)
    log = _proven(folder, LOG, LOG_CHECKPOINT, ledger.origin + tlog.CUSTODY, seal.trust())
    signed = log.lines[: log.signed]
    closed: Line = {"type": "closed", "size": closing.size, "root": closing.root.hex()}
    if len(signed) == 1:
        encoded.insert(0, _encode(closed, now_ns))
    elif {**journal_lines.parse(signed[1]), **closed} != journal_lines.parse(signed[1]):
        raise NotProvenError("altered", "the custody log names another head than that of the close")
    return SignedHeads(closing, _append(folder, ledger.origin + tlog.CUSTODY, signed, encoded, log, seal))


def _concerned(entry: Line, closing: tlog.Checkpoint) -> Line:
    """The line with the root of the head that it is about, where lines of its type name one."""
    return {"root": closing.root.hex(), **entry} if entry.get("type") in journal_lines.CONCERNED else entry


def is_closed(folder: Path) -> bool:
    """Whether the custody log has its line `closed`, so that the journal never changes again; False where it cannot be
    read."""
    try:
        return tlog.parse_checkpoint(tlog.parse_note((folder / LOG_CHECKPOINT).read_bytes()).text).size > 1
    except (OSError, ValueError):
        return False


def add_cosignatures(folder: Path, checkpoint: str, text: bytes, lines: Sequence[bytes]) -> bool:
    """Add signature lines, each with its LF, to the head `checkpoint` of a recording, if it is still that of `text`.

    False, and nothing changed, when there is another head by now; a line takes the place of one of the same key. A
    time-stamp over the head as it was goes: it would be over something else. Durable on return. The caller has
    verified the lines. CustodyError when it cannot be written.
    """
    with locked(folder):
        try:
            note = (folder / checkpoint).read_bytes()
            if tlog.parse_note(note).text != text:
                return False
        except (OSError, ValueError) as error:
            raise CustodyError(f"the checkpoint cannot be read: {error}") from error
        if checkpoint == CHECKPOINT:
            (folder / TOKEN).unlink(missing_ok=True)
        _replace(folder, checkpoint, tlog.with_signatures(note, lines))
        return True


def _freeze(folder: Path, ledger: Ledger, seal: CourtSeal) -> tlog.Checkpoint:
    """The head at which the recording was closed; unsigned lines behind it are set aside, its note is stored."""
    start = sum(len(line) + 1 for line in ledger.lines)
    _cut_off(folder, JOURNAL, start)
    closing = tlog.Checkpoint(ledger.origin, len(ledger.lines), ledger.tree.root(len(ledger.lines)))
    if ledger.head.size < closing.size:
        _replace(folder, CHECKPOINT, _sign(seal, closing, ledger.tree))
    return closing


def _append(
    folder: Path, origin: str, signed: Sequence[bytes], encoded: Sequence[bytes], log: ProvenJournal, seal: CourtSeal
) -> tlog.Checkpoint:
    tree = tlog.Tree(tlog.leaf_hash(line) for line in (*signed, *encoded))
    head = tlog.Checkpoint(origin, tree.size, tree.root())
    start = sum(len(line) + 1 for line in signed)
    _cut_off(folder, LOG, start)
    if head == log.head:
        return head
    _write_lines(folder / LOG, start, b"".join(line + b"\n" for line in encoded))
    try:
        note = _sign(seal, head, tree)
    except NotSignedError:
        _write_lines(folder / LOG, start, b"")
        raise
    _replace(folder, LOG_CHECKPOINT, note)
    return head


def _sign(seal: CourtSeal, head: tlog.Checkpoint, tree: tlog.Tree) -> bytes:
    """The signed note over a head. NotSignedError: the seal refuses. CustodyError: it does not answer and may have
    signed, so the lines stay, and count once the seal confirms its signature."""
    try:
        return seal.sign_head(head, tree)
    except ValueError as error:
        raise NotSignedError(f"the head was not signed: {error}") from error
    except OSError as error:
        raise CustodyError(f"the seal does not answer: {error}") from error


def _last(seal: CourtSeal, origin: str) -> tlog.Checkpoint | None:
    try:
        return seal.trust().last(origin)
    except (OSError, ValueError) as error:
        raise CustodyError(f"the seal does not answer: {error}") from error


def _proven(folder: Path, log: str, checkpoint: str, origin: str | None, trust: Trust) -> ProvenJournal:
    try:
        return prove((folder / log).read_bytes(), (folder / checkpoint).read_bytes(), origin, trust)
    except ProofError as error:
        raise NotProvenError(error.code, str(error)) from error
    except (OSError, ValueError) as error:
        raise CustodyError(f"the recording cannot be read: {error}") from error


def set_aside(folder: Path, log: str, start: int) -> bool:
    """Move the unsigned bytes of a log from offset `start` into the folder of unsigned lines beside the recordings.

    Effects: a new file there, under its name only when it is durable; the caller then cuts them off the log. False when
    there are no such bytes. OSError when they cannot be kept; the log must not be cut then.
    """
    beside = folder.parent / UNSIGNED
    draft = beside / f".{secrets.token_hex(8)}.tmp"
    try:
        with (folder / log).open("rb") as journal:
            journal.seek(start)
            tail = journal.read()
        if not tail:
            return False
        beside.mkdir(mode=0o700, exist_ok=True)
        sync_folder(folder.parent)
        name = f"{folder.name}-{log}-{start}-{hashlib.sha256(tail).hexdigest()[:16]}"
        write_durably(draft, tail)
        draft.replace(beside / name)
        sync_folder(beside)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    return True


def _cut_off(folder: Path, log: str, start: int) -> None:
    """Set the unsigned bytes of a log aside, if there are any, and cut them off it."""
    try:
        if set_aside(folder, log, start):
            _write_lines(folder / log, start, b"")
    except OSError as error:
        raise CustodyError(f"unsigned lines cannot be set aside: {error.strerror}") from error


def _encode(entry: Line, now_ns: int) -> bytes:
    line = entry if "at" in entry else {**entry, "at": str(now_ns)}
    if line.get("type") not in journal_lines.IN_CUSTODY:
        raise NotAllowedError(f"{line.get('type')} has no place in a custody log")
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
        write_durably(temporary, data)
        temporary.replace(folder / name)
        sync_folder(folder)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise CustodyError(f"the checkpoint cannot be written: {error.strerror}") from error
