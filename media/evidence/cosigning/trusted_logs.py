"""The courts whose heads a cosigner cosigns: a file of `log <vkey>` lines, as in a C2SP policy.

A line pins the seal key of one court, `<court>/hearing`, for all its recordings. The file is read again when it has
changed; one that cannot be read then leaves what was trusted before, and is logged.
"""

import logging
import os
import re
from collections.abc import Sequence
from pathlib import Path

from media.evidence.log import tlog
from media.evidence.log.store import sync_folder, write_durably

logger = logging.getLogger("vivavoce.media.evidence.cosigning.trusted_logs")

FILE = "logs"
_COURT = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?/hearing")


class TrustedLogsError(ValueError):
    """The file, or a line for it, cannot be used."""


def court_key(text: str) -> tlog.VerifierKey:
    """The seal key of a court, from the line that `vivavoce init` prints. TrustedLogsError if it is none."""
    try:
        key = tlog.parse_vkey(text)
    except tlog.NoteError as error:
        raise TrustedLogsError(f"not the line of a court's seal key: {error}") from None
    if key.kind != tlog.ED25519 or not _COURT.fullmatch(key.name):
        raise TrustedLogsError("not the line of a court's seal key: its name ends in /hearing")
    return key


def read(path: Path) -> tuple[tlog.VerifierKey, ...]:
    """The keys of a file. TrustedLogsError, naming the line; OSError."""
    keys = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        try:
            if words[0] != "log" or len(words) not in (2, 3):
                raise TrustedLogsError("a line is `log` and a key")
            keys.append(court_key(words[1]))
        except TrustedLogsError as error:
            raise TrustedLogsError(f"{path}, line {number}: {error}") from None
    return tuple(keys)


def add(path: Path, text: str) -> bool:
    """Add a court's key, durably; False when it is there already. Raises as `read` and `court_key`."""
    key = court_key(text)
    if key in read(path):
        return False
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    write_durably(draft, path.read_bytes() + f"log {text}\n".encode())
    os.rename(draft, path)  # noqa: PTH104 as in the store of segments
    sync_folder(path.parent)
    return True


class TrustedLogs:
    """The keys of a file as it is now."""

    def __init__(self, path: Path) -> None:
        """Read it for the first time. Raises as `read`."""
        self._path = path
        self._stamp = self._now()
        self._keys = read(path)

    def __call__(self) -> Sequence[tlog.VerifierKey]:
        """The keys; the file is read again if it has changed."""
        try:
            stamp = self._now()
            if stamp != self._stamp:
                self._keys, self._stamp = read(self._path), stamp
        except (OSError, TrustedLogsError):
            logger.exception("the file of trusted courts cannot be read: what was trusted before goes on being so")
        return self._keys

    def _now(self) -> tuple[int, int, int]:
        found = self._path.stat()
        return found.st_mtime_ns, found.st_ino, found.st_size
