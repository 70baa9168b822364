"""Which heads wait for which cosigner, as the process that asks them last wrote it: a file beside the recordings.

Written by the clock, read by pages and health. What is not in it was cosigned. Beside it lie, in a folder for each
recording that is not closed yet, the heads cosigned so far; at the close they go into the custody log.
"""

import contextlib
import os
from pathlib import Path

import msgspec

FOLDER = ".cosigned"
"""Folder beside the recordings."""
STATUS = "waiting.json"


class WaitingHead(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A log whose newest head a cosigner has not signed.

    `since`: seconds since 1970; `why`: a word of `asking.NotCosigned`; `size` and `at`: of the head it has signed last.
    """

    origin: str
    cosigner: str
    since: int
    why: str
    size: int = 0
    at: int = 0


class Waiting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of them; `at`: when this was so, in seconds since 1970."""

    at: int
    heads: list[WaitingHead]


def read(recordings: Path) -> Waiting | None:
    """What was written last; None when nobody has asked a cosigner yet, or it cannot be read."""
    with contextlib.suppress(OSError, ValueError):
        return msgspec.json.decode((recordings / FOLDER / STATUS).read_bytes(), type=Waiting)
    return None


def write(recordings: Path, waiting: Waiting) -> None:
    """Replace it. OSError."""
    folder = recordings / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    draft = folder / f".{STATUS}.tmp"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(waiting))
    draft.replace(folder / STATUS)
