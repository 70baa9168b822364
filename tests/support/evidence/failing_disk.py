"""A disk that fails once, under the real system calls: at the n-th write, or the n-th fsync, below a folder."""

import errno
import os
import stat
import threading
from collections.abc import Buffer
from pathlib import Path

import pytest

KINDS = {
    "no room": ("write", errno.ENOSPC),
    "an error of the disk": ("write", errno.EIO),
    "a short write": ("write", errno.ENOSPC),
    "a failed fsync": ("fsync", errno.EIO),
}
"""What can happen: at which system call, and the error it ends in. A short write takes half of the bytes, and the next
one to the same file finds no room. A file whose fsync fails has lost what was written since the last one: the kernel
may drop it."""


class FailingDisk:
    """Counts the calls that concern files below `folder`, without those below `spared`, and fails at number `at`."""

    def __init__(self, patch: pytest.MonkeyPatch, folder: Path, kind: str, at: int, spared: Path | None = None) -> None:
        self.fired = False
        self._call, self._error = KINDS[kind]
        self._short = kind == "a short write"
        self._folder, self._spared, self._at = folder, spared, at
        self._count = 0
        self._torn: int | None = None
        self._durable = {found.st_ino: found.st_size for found in map(Path.stat, folder.rglob("*"))}
        self._gate = threading.Lock()
        self._write, self._pwrite, self._fsync = os.write, os.pwrite, os.fsync
        patch.setattr(os, "write", lambda file, data: self._written(file, data, None))
        patch.setattr(os, "pwrite", lambda file, data, offset: self._written(file, data, offset))
        patch.setattr(os, "fsync", self._synced)

    def _concerns(self, descriptor: int) -> bool:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        spared = self._spared is not None and path.is_relative_to(self._spared)
        return path.is_relative_to(self._folder) and not spared

    def _is_due(self, call: str, descriptor: int) -> bool:
        if call != self._call or not self._concerns(descriptor):
            return False
        with self._gate:
            self._count += 1
            due = self._count == self._at
            self.fired = self.fired or due
        return due

    def _written(self, descriptor: int, data: Buffer, offset: int | None) -> int:
        if self._torn == descriptor:
            self._torn = None
            raise OSError(self._error, os.strerror(self._error))
        view = memoryview(data)
        if self._is_due("write", descriptor):
            if not self._short:
                raise OSError(self._error, os.strerror(self._error))
            self._torn, view = descriptor, view[: len(view) // 2]
        return self._write(descriptor, view) if offset is None else self._pwrite(descriptor, view, offset)

    def _synced(self, descriptor: int) -> None:
        found = os.fstat(descriptor)
        if self._is_due("fsync", descriptor):
            durable = self._durable.get(found.st_ino, 0)
            if stat.S_ISREG(found.st_mode):
                self._pwrite(descriptor, bytes(max(0, found.st_size - durable)), durable)
            raise OSError(self._error, os.strerror(self._error))
        self._fsync(descriptor)
        self._durable[found.st_ino] = found.st_size
