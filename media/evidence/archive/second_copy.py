"""A second copy of a recording while it is made: a folder on another disk, a second or two behind the recorder's.

Nothing of the recorder waits for it: it reads what is durable under a signed head. In the copy, as in the original, no
head comes before the lines it covers, and no line before the file it names, so that at any instant the copy is a
recording up to its head. What was copied is never changed, but for keys that were wrapped anew: what they were wrapped
for before is to open no copy. A folder without the mark of an archive is not written to.
"""

import contextlib
import os
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from media.evidence.archive.folder_store import MARK
from media.evidence.archive.status import FOLDER
from media.evidence.log import custody, journal_lines, tlog
from media.evidence.log.store import TEMPORARY, sync_folder, write_durably

STATUS = "second.json"
CHUNK = 1 << 20
_SMALL = (custody.LOG, custody.LOG_CHECKPOINT, "checkpoint.tsr")


class SecondStatus(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the second copy stands. `at`: when everything open was looked at last, in seconds since 1970; `lost`: since
    when the copy of a recording cannot be written, by its id."""

    at: int
    lost: dict[str, int]


@dataclass
class SecondCopy:
    """One recording that is followed; what was copied so far. Every method blocks on a disk."""

    folder: Path
    target: Path
    copied: set[str] = field(default_factory=set)
    keys: dict[str, bytes] = field(default_factory=dict)
    """The wrapped keys that are in the copy, by the names of their files."""
    size: int = 0
    """Bytes of the journal that are in the copy."""
    lines: int = 0
    """Lines of the journal that are in the copy."""

    def follow(self) -> int:
        """Copy what is new; returns the files. OSError: the copy is as it was, up to its head, and goes on later.

        ValueError: what is there begins otherwise than the recording; nothing of it is changed.
        """
        if not (self.target.parent / MARK).is_file():
            raise FileNotFoundError(f"the file {MARK} is not there")
        if not self.copied:
            self._take_up()
        head = _read(self.folder / custody.CHECKPOINT)
        lines = self._new_lines(head)
        new = [name for name in _sealed(self.folder) if name not in self.copied or self._is_anew(name)]
        for name in new:
            self._copy(name)
        self._write(lines)
        small = {name: _read(self.folder / name) for name in reversed(_SMALL)}  # a log has what its head covers
        for name, data in ((custody.CHECKPOINT, head), *((name, small[name]) for name in _SMALL)):
            if data and data != _read(self.target / name):
                _replace(self.target / name, data)
        return len(new)

    def is_current(self) -> bool:
        """Whether the copy of a closed recording has its keys and its heads as they are now. OSError."""
        keys = [name for name in _sealed(self.folder) if journal_lines.KEY_FILE.fullmatch(name)]
        names = (custody.CHECKPOINT, *_SMALL, *keys)
        return all(not (data := _read(self.folder / name)) or data == _read(self.target / name) for name in names)

    def _is_anew(self, name: str) -> bool:
        """Whether a key was wrapped anew since it was copied."""
        return name in self.keys and self.keys[name] != _read(self.folder / name)

    def _take_up(self) -> None:
        """Go on with what an earlier process has copied."""
        for name in ("seg", "index"):
            (self.target / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        self.copied = set(_sealed(self.target))
        self.keys = {name: _read(self.target / name) for name in self.copied if journal_lines.KEY_FILE.fullmatch(name)}
        journal = self.target / custody.JOURNAL
        with contextlib.suppress(FileNotFoundError):
            there = journal.read_bytes()
            there = there[: there.rfind(b"\n") + 1]
            with (self.folder / custody.JOURNAL).open("rb") as here:
                if there != here.read(len(there)):
                    raise ValueError("the second copy's journal is not the beginning of the recording's")
            self.size, self.lines = len(there), there.count(b"\n")

    def _copy(self, name: str) -> None:
        place = self.target / name
        draft = place.parent / f"{TEMPORARY}{place.name}"
        draft.unlink(missing_ok=True)
        data = (self.folder / name).read_bytes()
        write_durably(draft, data)
        draft.replace(place)
        sync_folder(place.parent)
        self.copied.add(name)
        if journal_lines.KEY_FILE.fullmatch(name):
            self.keys[name] = data

    def _new_lines(self, head: bytes) -> bytes:
        """The lines under the head that are not in the copy yet; none behind it, which a restart may cut off."""
        count = tlog.parse_checkpoint(tlog.parse_note(head).text).size - self.lines
        with (self.folder / custody.JOURNAL).open("rb") as here:
            here.seek(self.size)
            return b"".join(here.readline() for _ in range(count))

    def _write(self, lines: bytes) -> None:
        if not lines:
            return
        descriptor = os.open(self.target / custody.JOURNAL, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.ftruncate(descriptor, self.size)
            written = 0
            while written < len(lines):
                written += os.pwrite(descriptor, lines[written : written + CHUNK], self.size + written)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        self.size += len(lines)
        self.lines += lines.count(b"\n")


def read_status(recordings: Path) -> SecondStatus | None:
    """What was written last; None when nobody follows, or it cannot be read."""
    with contextlib.suppress(OSError, ValueError):
        return msgspec.json.decode((recordings / FOLDER / STATUS).read_bytes(), type=SecondStatus)
    return None


def write_status(recordings: Path, found: SecondStatus) -> None:
    """Replace it. OSError."""
    (recordings / FOLDER).mkdir(mode=0o700, exist_ok=True)
    _replace(recordings / FOLDER / STATUS, msgspec.json.encode(found), durable=False)


def _sealed(folder: Path) -> list[str]:
    """The files that are never changed once they are there: segments and index pages, then keys."""
    found = []
    for name in ("seg", "index"):
        with contextlib.suppress(FileNotFoundError):
            for entry in os.scandir(folder / name):
                if not entry.name.startswith(".") and entry.is_file():
                    found.append(f"{name}/{entry.name}")
    keys = [path.name for path in folder.iterdir() if journal_lines.KEY_FILE.fullmatch(path.name)]
    return sorted(found) + sorted(keys)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _replace(path: Path, data: bytes, *, durable: bool = True) -> None:
    draft = path.parent / f"{TEMPORARY}{path.name}"
    draft.unlink(missing_ok=True)
    write_durably(draft, data)
    draft.replace(path)
    if durable:
        sync_folder(path.parent)
