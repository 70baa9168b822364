"""How far the events of a process have been taken in, in a file beside its pid file.

It outlives the web process, so that the next one hears what came since, and not what was acted upon long ago: an old
failure told again would close the floor again. Written without waiting for the disk: a machine that falls takes the
process with it.
"""

import contextlib
import logging
import os
from pathlib import Path

logger = logging.getLogger("vivavoce.media.bookmark")

DIGITS = 20
"""Always as many, written in place: a full disk has room for what it held already."""


class Bookmark:
    """The number of the last event taken in; 0 when there is none, or the file is damaged."""

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
        """Keep the number. One that cannot be kept is logged once: events are then told again."""
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
        """Another process begins, or this one has ended."""
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()
