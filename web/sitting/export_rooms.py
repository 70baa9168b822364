"""Folders in which a copy of a recording is made before it is handed out: gone when it has been, or its process ends.

A room is locked for as long as its process uses it. What a kill leaves behind is a whole copy with its wrapped keys:
the next start removes every room that nobody holds.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
from pathlib import Path

PREFIX = ".export-"
_held: dict[Path, int] = {}
"""The rooms of this process, with the descriptors of their locks."""


def enter(data: Path) -> Path:
    """A new room below the data folder, mode 0700, held by this process until `leave`. OSError."""
    while True:
        room = Path(tempfile.mkdtemp(prefix=PREFIX, dir=data))
        if (descriptor := _lock(room)) is not None:
            _held[room] = descriptor
            return room


def leave(room: Path) -> None:
    """Remove a room with all that is in it; nothing where that has been done."""
    shutil.rmtree(room, ignore_errors=True)
    if (descriptor := _held.pop(room, None)) is not None:
        os.close(descriptor)


def remove_left(data: Path) -> int:
    """Remove the rooms that no process holds; returns how many."""
    count = 0
    for room in sorted(data.glob(f"{PREFIX}*")):
        if (descriptor := _lock(room)) is not None:
            shutil.rmtree(room, ignore_errors=True)
            os.close(descriptor)
            count += 1
    return count


def _lock(room: Path) -> int | None:
    """The descriptor of a lock on a room; None where another has it, or has removed the room."""
    try:
        descriptor = os.open(room, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    with contextlib.suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if room.stat().st_ino == os.fstat(descriptor).st_ino:
            return descriptor
    os.close(descriptor)
    return None
