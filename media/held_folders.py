"""Hidden folders in which something is made that must not outlive its process: a copy of a recording, say.

Each is locked for as long as its process uses it. What a kill leaves behind is held by nobody, and can be removed.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
from pathlib import Path

_held: dict[Path, int] = {}
"""The folders of this process, with the descriptors of their locks."""


def enter(parent: Path, prefix: str, suffix: str = "") -> Path:
    """A new folder, mode 0700, held by this process until `leave`. OSError."""
    while True:
        made = Path(tempfile.mkdtemp(prefix=prefix, suffix=suffix, dir=parent))
        if (descriptor := _lock(made)) is not None:
            _held[made] = descriptor
            return made


def leave(folder: Path) -> None:
    """Remove a folder with all that is in it; nothing where that has been done."""
    shutil.rmtree(folder, ignore_errors=True)
    if (descriptor := _held.pop(folder, None)) is not None:
        os.close(descriptor)


def remove_left(parent: Path, pattern: str) -> int:
    """Remove the folders of a name (as in `Path.glob`) that no process holds; returns how many."""
    count = 0
    for folder in sorted(parent.glob(pattern)):
        if (descriptor := _lock(folder)) is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(descriptor)
            count += 1
    return count


def _lock(folder: Path) -> int | None:
    """The descriptor of a lock on a folder; None where another has it, or has removed the folder."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    with contextlib.suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if folder.stat().st_ino == os.fstat(descriptor).st_ino:
            return descriptor
    os.close(descriptor)
    return None
