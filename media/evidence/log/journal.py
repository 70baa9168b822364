"""The journal: append-only JCS lines, each a leaf of the tree, and the signed head over them.

Durable append: the lines are written behind the durable ones and the file is fsynced; only then do they enter the tree,
and only the tree's root is signed. A failed write is truncated and may be repeated (a write is not an
fsync). An fsync that fails is final for that file: `renew` copies the lines that were durable before into a new file,
proves them against the tree, and goes on there. One thread owns a journal.
"""

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import rfc8785

from media.evidence.log import tlog
from media.evidence.log.store import FileStore, SegmentStore, sync_folder, write_all

NAME = "journal.jsonl"
CHECKPOINT = "checkpoint"
MAX_LINE = 65_536
MAX_CLOSE = 1_048_576

Line = dict[str, Any]


class JournalError(Exception):
    """Lines could not be appended; nothing of them is in the journal."""


class JournalBrokenError(JournalError):
    """fsync of the journal failed, or the file is not what was written: no more is appended to this file."""


class JournalFile:
    """The open file, with the system calls that can fail; tests replace it by one that injects faults."""

    def __init__(self, path: Path, *, create: bool) -> None:
        flags = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | (os.O_CREAT | os.O_EXCL if create else 0)
        self._descriptor = os.open(path, flags, 0o600)

    def write(self, offset: int, data: bytes) -> None:
        """Write at an offset, which is where the file ends."""
        os.lseek(self._descriptor, offset, os.SEEK_SET)
        write_all(self._descriptor, data)

    def cut(self, length: int) -> None:
        """Truncate to a length."""
        os.ftruncate(self._descriptor, length)

    def sync(self) -> None:
        """fsync."""
        os.fsync(self._descriptor)

    def close(self) -> None:
        """Close."""
        os.close(self._descriptor)


class Journal:
    """A journal whose `length` bytes are durable and hashed into `tree`."""

    def __init__(
        self,
        folder: Path,
        origin: str,
        key: tlog.Signer,
        *,
        tree: tlog.Tree | None = None,
        length: int = 0,
        store: SegmentStore | None = None,
        open_file: Callable[..., JournalFile] = JournalFile,
        now: Callable[[], int] = time.time_ns,
    ) -> None:
        self.origin = origin
        self.tree = tree or tlog.Tree()
        self.signed = 0
        self._folder = folder
        self._key = key
        self._length = length
        self._store = store or FileStore(folder)
        self._open_file = open_file
        self._now = now
        self._file = open_file(folder / NAME, create=length == 0)
        self._broken = False
        if length == 0:
            sync_folder(folder)

    @property
    def size(self) -> int:
        """Number of durable lines."""
        return self.tree.size

    @property
    def root(self) -> bytes:
        """Root over the durable lines."""
        return self.tree.root()

    def append(self, lines: Sequence[Line]) -> None:
        """Append lines in order; durable on return. `at` is added where it is missing.

        JournalError: nothing was appended, the same lines may be tried again. JournalBrokenError: see `renew`.
        """
        if self._broken:
            raise JournalBrokenError("the journal's file failed before")
        encoded = [encode(line if "at" in line else {**line, "at": str(self._now())}) for line in lines]
        data = b"".join(line + b"\n" for line in encoded)
        try:
            self._file.write(self._length, data)
        except OSError as error:
            self._cut_back(error)
            raise JournalError(f"the journal cannot be written: {error.strerror}") from error
        try:
            self._file.sync()
        except OSError as error:
            self._broken = True
            raise JournalBrokenError(f"the journal cannot be made durable: {error.strerror}") from error
        self._length += len(data)
        for line in encoded:
            self.tree.append(tlog.leaf_hash(line))

    def renew(self) -> None:
        """Continue in a new file with the durable lines; JournalBrokenError if they do not match the tree."""
        path = self._folder / NAME
        lines = path.read_bytes()[: self._length]
        if len(lines) != self._length or tree_of(lines).root() != self.tree.root():
            raise JournalBrokenError("the journal on disk is not the one that was written")
        self._store.replace(NAME, lines)
        self._file.close()
        self._file = self._open_file(path, create=False)
        self._broken = False

    def sign(self) -> bytes | None:
        """Have the head over all durable lines signed and store it as `checkpoint`; None if it is signed already.

        OSError when the seal does not answer or the disk fails, ValueError when it refuses; then nothing was stored.
        """
        size = self.tree.size
        if size == self.signed:
            return None
        note = self._key.sign_head(tlog.Checkpoint(self.origin, size, self.tree.root()), self.tree)
        self._store.replace(CHECKPOINT, note)
        self.signed = size
        return note

    def close(self) -> None:
        """Close the file; nothing is written."""
        self._file.close()

    def _cut_back(self, cause: OSError) -> None:
        try:
            self._file.cut(self._length)
        except OSError as error:
            self._broken = True
            raise JournalBrokenError("the journal has a torn end that cannot be cut off") from (error or cause)


def encode(line: Line) -> bytes:
    """The canonical bytes of a line (RFC 8785), without its LF; JournalError if it is too long."""
    data = rfc8785.dumps(line)
    if len(data) > (MAX_CLOSE if line.get("type") == "close" else MAX_LINE):
        raise JournalError("a line is too long")
    return data


def tree_of(lines: bytes) -> tlog.Tree:
    """The tree over whole lines, each ending in LF."""
    return tlog.Tree(tlog.leaf_hash(line) for line in lines.split(b"\n")[:-1])
