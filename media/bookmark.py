"""The number of the last event of a process that has been processed, in a file beside its pid file.

It outlives the web process, so that the next one gets the later events, but not those processed already: an old failure
sent again would close the floor again. Written without fsync: a crash of the machine ends the process, too.
"""

import contextlib
import logging
import os
from pathlib import Path

logger = logging.getLogger("vivavoce.media.bookmark")

DIGITS = 20
"""Fixed length in bytes, written in place: that works on a full disk, too."""


class Bookmark:
    """The number of the last event processed; 0 when there is none, or the file is damaged."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._failed = False

    def read(self) -> int:
        """The number."""
        try:
            return max(0, int(self._path.read_text()))
        except (OSError, ValueError):
            return 0

    def write(self, seq: int) -> None:
        """Write the number. A failure is logged once; its effect is that events are processed again."""
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600)
            try:
                os.pwrite(descriptor, f"{seq:0{DIGITS}}".encode(), 0)
            finally:
                os.close(descriptor)
        except OSError as error:
            if not self._failed:
                logger.warning("%s cannot be written: %s", self._path.name, error.strerror)
            self._failed = True

    def remove(self) -> None:
        """Delete the file: another process begins, or this one has ended."""
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()
