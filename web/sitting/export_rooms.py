"""Folders in which a copy of a recording is made before it is handed out: gone when it has been, or its process ends.

What a kill leaves behind is a whole copy with its wrapped keys: the next start removes every room that nobody holds.
"""

from pathlib import Path

from media import held_folders

PREFIX = ".export-"


def enter(data: Path) -> Path:
    """A new room below the data folder, mode 0700, held by this process until `leave`. OSError."""
    return held_folders.enter(data, PREFIX)


def leave(room: Path) -> None:
    """Remove a room with all that is in it; nothing where that has been done."""
    held_folders.leave(room)


def remove_left(data: Path) -> int:
    """Remove the rooms that no process holds; returns how many."""
    return held_folders.remove_left(data, f"{PREFIX}*")
