"""What an archive can do: five methods over objects that are put once and never changed (docs/archive.md).

An object is a file under a key, in a version; the version is the store's own name for these bytes and is written into
the custody log. Every method blocks on a disk or a network: never call one on the event loop.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Protocol

CHUNK = 1 << 20
"""Bytes read at once."""


class Trouble(StrEnum):
    """Why a store did not do what it was asked."""

    away = "away"
    """It does not answer, or its disk is not there."""
    refused = "refused"
    """It does not let this account in, or has no bucket of this name."""
    no_lock = "no_lock"
    """It keeps no versions or takes no lock: what is put there can be deleted at any time."""
    locked = "locked"
    """It deletes nothing whose lock has not ended."""
    missing = "missing"
    """There is no such version."""
    altered = "altered"
    """What it gives back is not what was put."""
    shortened = "shortened"
    """Its lock ends before the day it was to end, or is one that an administrator can lift."""
    full = "full"
    """It has no room."""
    not_proven = "not_proven"
    """The recording here is not the one that was sealed: it is not archived."""
    unreadable = "unreadable"
    """The recording here cannot be read."""
    too_large = "too_large"
    """The custody log here, with what was derived, is larger than what is restored again."""
    other = "other"
    """Anything else; the service's log says what."""


class ArchiveError(Exception):
    """A store failed; nothing that was there before was changed."""

    def __init__(self, trouble: Trouble, text: str = "") -> None:
        super().__init__(f"{trouble.value}: {text}" if text else trouble.value)
        self.trouble = trouble


@dataclass(frozen=True)
class ObjectState:
    """What a store says of an object. `sha256`: 64 hexadecimal digits, empty where it gives no checksum."""

    key: str
    version: str
    size: int
    sha256: str = ""
    until: date | None = None
    """The lock ends at 00:00 UTC of this day; None without a lock that nobody can shorten."""


class ArchiveStore(Protocol):
    """A place where archived objects are kept."""

    @property
    def name(self) -> str:
        """The bucket, or the folder's last name: `bucket` of the lines of a custody log."""
        ...

    def put(self, key: str, source: Path, sha256: str, until: date) -> str:
        """Have the content under the key, locked at least until a day; returns its version.

        Called again with the same content it adds nothing, but lengthens a lock that ends earlier. ArchiveError.
        """
        ...

    def read(self, key: str, version: str) -> Iterator[bytes]:
        """The bytes of a version. ArchiveError, also while they are read."""
        ...

    def listed(self, prefix: str) -> list[ObjectState]:
        """Every version of every object whose key begins so, by key, the newest version last; without checksums."""
        ...

    def state(self, key: str, version: str) -> ObjectState:
        """What the store says of a version. ArchiveError."""
        ...

    def delete(self, key: str, version: str) -> None:
        """Delete a version for good; nothing where it is gone. ArchiveError `locked` before its lock has ended."""
        ...
