"""An archive in a folder, best on a disk of another machine. It has no lock of its own: whoever administers that
machine can delete what is in it (docs/archive.md); from here nothing is deleted before its day.

    vivavoce-archive               the mark: without it the disk is not there, and nothing is written
    <key>/<version>                the bytes, mode 0400; the version is the beginning of their SHA-256
    <key>/<version>.until          the day before which they are not deleted
"""

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

from media.evidence.archive.store import CHUNK, ArchiveError, ObjectState, Trouble
from media.evidence.log.store import TEMPORARY, sync_folder

MARK = "vivavoce-archive"
"""File that says that the archive's disk is in its place; a folder without it is an empty mount point."""
_UNTIL = ".until"
_DIGITS = 32
_TROUBLES = {errno.ENOSPC: Trouble.full, errno.EDQUOT: Trouble.full, errno.EACCES: Trouble.refused}


class FolderStore:
    """`today`: for tests; the day by which a lock has ended."""

    def __init__(self, folder: Path, today: date | None = None) -> None:
        self.folder = folder
        self._today = today

    @property
    def name(self) -> str:
        """The folder's last name."""
        return self.folder.name

    def put(self, key: str, source: Path, sha256: str, until: date) -> str:
        """Copy beside, fsync, rename."""
        version = sha256[:_DIGITS]
        with self._troubles():
            place = self._at(key, version)
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not place.exists() or _digest(place) != sha256:
                _replace(place, source)
            if (day := _day(place)) is None or day < until:
                mark = place.with_name(place.name + _UNTIL)
                draft = place.parent / f"{TEMPORARY}{version}{_UNTIL}"
                draft.unlink(missing_ok=True)
                draft.write_text(until.isoformat(), encoding="ascii")
                draft.replace(mark)
            sync_folder(place.parent)
            sync_folder(self.folder)
        return version

    def read(self, key: str, version: str) -> Iterator[bytes]:
        """The file, in pieces."""
        with self._troubles():
            with self._at(key, version).open("rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)  # from the disk, not from memory
                while piece := file.read(CHUNK):
                    yield piece

    def listed(self, prefix: str) -> list[ObjectState]:
        """Whatever lies there under such keys."""
        with self._troubles():
            self._at("", "")
            paths = [path for path in self.folder.rglob("*") if path.is_file() and path.suffix != _UNTIL]
            found = [
                (path.stat().st_mtime_ns, ObjectState(key, path.name, path.stat().st_size, "", _day(path)))
                for path in paths
                if (key := path.parent.relative_to(self.folder).as_posix()).startswith(prefix)
                and not path.name.startswith(TEMPORARY)
                and path.parent != self.folder
            ]
        return [state for _at, state in sorted(found, key=lambda each: (each[1].key, each[0]))]

    def state(self, key: str, version: str) -> ObjectState:
        """With the hash of what the disk holds now."""
        with self._troubles():
            place = self._at(key, version)
            return ObjectState(key, version, place.stat().st_size, _digest(place), _day(place))

    def delete(self, key: str, version: str) -> None:
        """Overwrites nothing: what a disk keeps of a deleted file is the disk's affair."""
        with self._troubles():
            place = self._at(key, version)
            day = _day(place)
            if day is not None and (self._today or datetime.now(UTC).date()) < day:
                raise ArchiveError(Trouble.locked, f"until {day}")
            place.unlink(missing_ok=True)
            place.with_name(place.name + _UNTIL).unlink(missing_ok=True)
            if place.parent.is_dir():
                sync_folder(place.parent)

    def _at(self, key: str, version: str) -> Path:
        if not (self.folder / MARK).is_file():
            raise ArchiveError(Trouble.away, f"the file {MARK} is not there")
        return self.folder / key / version

    @contextmanager
    def _troubles(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            raise ArchiveError(Trouble.missing) from error
        except OSError as error:
            raise ArchiveError(_TROUBLES.get(error.errno or 0, Trouble.away), error.strerror or "") from error


def _replace(place: Path, source: Path) -> None:
    draft = place.parent / f"{TEMPORARY}{place.name}"
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o400)
    with source.open("rb") as given, os.fdopen(descriptor, "wb") as file:
        shutil.copyfileobj(given, file, CHUNK)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(place)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        return hashlib.file_digest(file, "sha256").hexdigest()


def _day(place: Path) -> date | None:
    try:
        return date.fromisoformat(place.with_name(place.name + _UNTIL).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
