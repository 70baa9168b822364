"""Storage of sealed bytes: the SegmentStore protocol, an implementation over files and one in memory with faults.

Contract: `stage` and `publish` return only when their data are durable. Over files: the bytes are written to a new file
in the same folder (O_EXCL, mode 0600) and the file is fsynced; then it is renamed and the folder is fsynced, since a
rename changes the folder. An error of fsync is final for that file: the kernel may have dropped the pages and would
report success the second time, so the file is deleted, never retried.
"""

import contextlib
import errno
import os
import secrets
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

TEMPORARY = ".tmp-"
"""Prefix of the names of files not yet published; recovery deletes these."""


class SegmentStore(Protocol):
    """Files of one recording, by their path inside its folder."""

    def stage(self, name: str, data: bytes) -> str:
        """Write new bytes durably to a temporary file in the folder of `name`; returns a ticket. OSError on failure."""
        ...

    def publish(self, staged: Iterable[tuple[str, str]]) -> None:
        """Rename staged files, (ticket, name) each; durable on return. A name in use is an error."""
        ...

    def discard(self, name: str) -> None:
        """Delete a staged or published file if it exists."""
        ...

    def read(self, name: str) -> bytes:
        """The bytes stored under a name."""
        ...

    def replace(self, name: str, data: bytes) -> None:
        """Write a file, replacing any old content atomically; durable on return."""
        ...


class FileStore:
    """A recording's folder. Every method blocks on the disk: never call one on the event loop."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._root = str(folder)  # paths are joined as text: this is done for every segment

    def stage(self, name: str, data: bytes) -> str:
        """Write and fsync a temporary file in the folder where `name` will be."""
        ticket = f"{name.rpartition('/')[0]}/{TEMPORARY}{secrets.token_hex(8)}".lstrip("/")
        try:
            write_durably(self._at(ticket), data)
        except BaseException:
            with contextlib.suppress(OSError):
                self.discard(ticket)
            raise
        return ticket

    def publish(self, staged: Iterable[tuple[str, str]]) -> None:
        """Rename, then fsync each folder that changed."""
        folders: set[str] = set()
        for ticket, name in staged:
            target = self._at(name)
            if os.path.lexists(target):
                raise FileExistsError(errno.EEXIST, "a sealed file is never overwritten", target)
            os.rename(self._at(ticket), target)  # noqa: PTH104 see _root
            folders.add(target.rpartition("/")[0])
        for folder in folders:
            sync_folder(folder)

    def _at(self, name: str) -> str:
        return f"{self._root}/{name}"

    def discard(self, name: str) -> None:
        """Unlink."""
        (self.folder / name).unlink(missing_ok=True)

    def read(self, name: str) -> bytes:
        """Read back the whole file."""
        return (self.folder / name).read_bytes()

    def replace(self, name: str, data: bytes) -> None:
        """Stage, rename over the old file, fsync the folder."""
        ticket = self.stage(name, data)
        target = self.folder / name
        try:
            (self.folder / ticket).rename(target)
        except OSError:
            self.discard(ticket)
            raise
        sync_folder(target.parent)


class MemoryStore:
    """Keeps files in memory and fails where a test orders it; for failure matrices.

    `fault(operation, name, done)` is called before each operation with `done` false and after it with `done` true;
    it may raise. If it raises afterwards, the operation fails for the caller although its data are persisted.
    """

    def __init__(self, fault: Callable[[str, str, bool], None] | None = None) -> None:
        self.files: dict[str, bytes] = {}
        self._fault = fault or (lambda operation, name, done: None)
        self._tickets = 0

    def stage(self, name: str, data: bytes) -> str:
        """Store under a new ticket."""
        self._fault("stage", name, False)
        self._tickets += 1
        ticket = str(Path(name).parent / f"{TEMPORARY}{self._tickets}")
        self.files[ticket] = data
        self._fault("stage", name, True)
        return ticket

    def publish(self, staged: Iterable[tuple[str, str]]) -> None:
        """Move from ticket to name."""
        for ticket, name in staged:
            self._fault("publish", name, False)
            if name in self.files:
                raise FileExistsError(errno.EEXIST, "a sealed file is never overwritten", name)
            self.files[name] = self.files.pop(ticket)
            self._fault("publish", name, True)

    def discard(self, name: str) -> None:
        """Delete from memory."""
        self._fault("discard", name, False)
        self.files.pop(name, None)

    def read(self, name: str) -> bytes:
        """The bytes stored under the name."""
        self._fault("read", name, False)
        return self.files[name]

    def replace(self, name: str, data: bytes) -> None:
        """Store under the name, replacing any old content."""
        self._fault("replace", name, False)
        self.files[name] = data
        self._fault("replace", name, True)


def is_low(folder: Path) -> bool:
    """Whether less than a tenth of the file system of a folder is free. OSError."""
    stats = os.statvfs(folder)
    return stats.f_bavail * 10 < stats.f_blocks


def write_durably(path: Path | str, data: bytes) -> None:
    """Create a file that must not exist yet, mode 0600, write, fsync. The name is durable after `sync_folder`."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        write_all(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_all(descriptor: int, data: bytes) -> None:
    """Write every byte; a short write (as a disk that fills gives) is followed by the error of the next one."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def sync_folder(folder: Path | str) -> None:
    """fsync a folder: names created, renamed or removed in it are durable on return."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
