"""What the clock has found of the archives: a file beside the recordings, for pages and health.

What stands in it is not archived, or not any more. That a recording is archived is told by its custody log alone.
"""

import contextlib
import os
from pathlib import Path

import msgspec

FOLDER = ".archive"
"""Folder beside the recordings."""
_STATUS, _CHECKED = "status.json", "checked.json"


class TargetStatus(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An archive. `why`: a word of `store.Trouble`, empty while all is well; `since`: seconds since 1970."""

    name: str
    why: str = ""
    since: int = 0


class CopyStatus(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A copy that is not as it is to be. `state`: `pending`, `failed`, or `lost` when it was there before."""

    recording: str
    target: str
    state: str
    why: str = ""
    since: int = 0


class ArchiveStatus(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of them; `at`: when the clock looked last, in seconds since 1970."""

    at: int
    targets: list[TargetStatus]
    copies: list[CopyStatus]

    def of(self, recording: str, target: str) -> CopyStatus | None:
        """What is wrong with one copy."""
        return next((one for one in self.copies if (one.recording, one.target) == (recording, target)), None)


Checked = dict[str, dict[str, int]]
"""When each copy was last read back in full: recording, archive, seconds since 1970."""


def read(recordings: Path) -> ArchiveStatus | None:
    """What was written last; None when no clock has looked yet, or it cannot be read."""
    with contextlib.suppress(OSError, ValueError):
        return msgspec.json.decode((recordings / FOLDER / _STATUS).read_bytes(), type=ArchiveStatus)
    return None


def write(recordings: Path, status: ArchiveStatus) -> None:
    """Replace it. OSError."""
    _replace(recordings / FOLDER, _STATUS, msgspec.json.encode(status))


def read_checked(recordings: Path) -> Checked:
    """Empty where it cannot be read: then everything is read back again."""
    with contextlib.suppress(OSError, ValueError):
        return msgspec.json.decode((recordings / FOLDER / _CHECKED).read_bytes(), type=Checked)
    return {}


def write_checked(recordings: Path, checked: Checked) -> None:
    """Replace it. OSError."""
    _replace(recordings / FOLDER, _CHECKED, msgspec.json.encode(checked))


def _replace(folder: Path, name: str, data: bytes) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    draft = folder / f".{name}.tmp"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    draft.replace(folder / name)
