"""A file deleted when the disk is full, so that the journal still has room to record the failure."""

import errno
import os
from pathlib import Path

from media.evidence.log import store

SIZE = 4 * 1024 * 1024
RESERVE = 1024 * 1024
"""Free bytes required beside the reserved file before sealing continues."""

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""Errors that mean there is no room, rather than that the disk is broken."""


class ReservedSpace:
    """`SIZE` bytes really allocated at a path beside the recordings."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def fill(self) -> bool:
        """Allocate it; False if there is not that much room and the reserve."""
        if self._path.exists():
            return True
        if self._free() < SIZE + RESERVE:
            return False
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            try:
                os.posix_fallocate(descriptor, 0, SIZE)
            finally:
                os.close(descriptor)
        except OSError:
            self.free()
            return False
        return True

    def free(self) -> None:
        """Delete the file; safe when there is none."""
        try:
            self._path.unlink(missing_ok=True)
        except OSError:
            return

    def is_low(self) -> bool:
        """Whether less than a tenth of the file system is free."""
        return store.is_low(self._path.parent)

    def _free(self) -> int:
        stats = os.statvfs(self._path.parent)
        return stats.f_bavail * stats.f_frsize
