"""What of a copy is finished, so that a run can go on from another: pictures by stretches, in a folder beside it.

`OUT.parts` holds `begun.json` (what the copy is to be), a file for each finished stretch, and `finished` (a line for
each: number, bytes, SHA-256); at the end the film as well, which gets its name when its note, `OUT.json`, has got its
own. The stretches are parts of the copy itself, as clear as it: for their owner alone, and gone when the copy is there.
What is gone on from ends in a signed copy: a folder that another account could have filled is not touched, and no link
in it is followed.
"""

import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
import stat
from collections.abc import Iterator, Mapping
from io import BufferedReader
from pathlib import Path
from typing import IO, Any

STRETCH = 120_000
"""Milliseconds of pictures in one file: what is lost at most when a run ends early. A multiple of a picture's 40."""
BEGUN, FINISHED = "begun.json", "finished"
FILMS = WHOLE, SIGNED = "whole", "signed"
"""Names of the film in the folder."""
_LINE = re.compile(r"^([0-9]{1,6}) ([0-9]{1,18}) ([0-9a-f]{64})$", re.MULTILINE)


class PartsError(ValueError):
    """What is there beside the copy cannot be gone on from; the text says why and what to do."""


def folder_of(out: Path) -> Path:
    """The folder of a copy that is not complete."""
    return out.with_name(f"{out.name}.parts")


def note_of(out: Path) -> Path:
    """The file beside a copy that names its original."""
    return out.with_name(f"{out.name}.json")


def is_note_alone(out: Path) -> bool:
    """Whether `OUT.json` is that of a film in `OUT.parts`: its run was killed before the film got its name."""
    note, folder = note_of(out), folder_of(out)
    if note.is_symlink() or folder.is_symlink() or not note.is_file() or not (folder / BEGUN).is_file():
        return False
    try:
        told = json.loads(note.read_bytes())["sha256"]
    except (OSError, ValueError, LookupError, TypeError):
        return False
    return told in [_measured(folder / name)[1] for name in FILMS if (folder / name).is_file()]


def discard(out: Path) -> bool:
    """Remove what a run has left; says whether there was anything. Raises PartsError while another makes the copy, and
    for a folder that is not this account's own."""
    folder = folder_of(out)
    if _is_not_begun(folder):
        (folder / BEGUN).touch(mode=0o600)  # to be held
    if folder.is_symlink() or not (folder / BEGUN).is_file():
        return False
    _require_own(folder)
    with _open(folder / BEGUN) as lock:
        _hold(lock, out)
        if is_note_alone(out):
            note_of(out).unlink()
        shutil.rmtree(folder)
    return True


class Parts:
    """The finished stretches of one copy. Use as a context; no two runs hold the same folder at a time."""

    def __init__(self, out: Path, begin: int, end: int, facts: Mapping[str, Any]) -> None:
        """`facts` is all that shapes the pictures: a folder of others is not gone on from. Times in ms."""
        self.out, self.folder = out, folder_of(out)
        self.facts = json.loads(json.dumps({**facts, "begin": begin, "end": end, "stretch": STRETCH}))
        self.stretches = [(t0, min(end, t0 + STRETCH)) for t0 in range(begin, end, STRETCH)]
        self.finished: set[int] = set()
        self.rooms: set[Path] = set()
        self._lock: IO[bytes] | None = None

    def __enter__(self) -> "Parts":
        """Raises PartsError."""
        try:
            self.folder.mkdir(mode=0o700)
        except FileExistsError:
            pass
        except OSError as error:
            raise PartsError(f"{self.out} cannot be written: {error.strerror}") from None
        if _is_not_begun(self.folder):
            self._begin()
        else:
            self._take_up()
        return self

    def __exit__(self, *_: object) -> None:
        """Only finished stretches are left, and nothing of a run without any."""
        for path in self.rooms:
            path.unlink(missing_ok=True)
        if not self.finished:
            self.remove()
        self.close()

    def close(self) -> None:
        """Let another run go on."""
        if self._lock is not None:
            self._lock.close()

    def file(self, number: int) -> Path:
        """The file of a stretch."""
        return self.folder / f"{number:04d}{self.out.suffix.lower()}"

    def room(self, name: str) -> Path:
        """A new empty file in the folder, in the place of one that an earlier run has left."""
        path = self.folder / name
        self.rooms.add(path)
        path.unlink(missing_ok=True)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        return path

    def unfinished(self) -> Iterator[tuple[int, int, Path]]:
        """The stretches that are to be made: from, to, and where to write. Each is kept when the next is asked for."""
        for number, (t0, t1) in enumerate(self.stretches):
            if number not in self.finished:
                part = self.room("unfinished")
                yield t0, t1, part
                self._keep(number, part)

    def listed(self) -> Iterator[bytes]:
        """All of them, for ffmpeg's `concat`. Raises PartsError when one has changed since it was finished."""
        lines = ["ffconcat version 1.0"]
        told = self._lines()
        for number, (t0, t1) in enumerate(self.stretches):
            file = self.file(number)
            if told.get(number) != _measured(file):
                raise PartsError(f"{file} has changed since it was made: begin anew with --discard")
            path = str(file.absolute()).replace("'", "'\\''")
            lines += [f"file 'file:{path}'", f"duration {(t1 - t0) / 1000:.3f}"]
        yield "\n".join([*lines, ""]).encode()

    def remove(self) -> None:
        """Nothing of them is left."""
        self.finished.clear()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _begin(self) -> None:
        """Say what the copy is to be, holding the folder: nobody has said it yet."""
        path = self.folder / BEGUN
        path.touch(mode=0o600)
        self._lock = path.open("rb")
        try:
            _hold(self._lock, self.out)
            if not _is_not_begun(self.folder):
                raise PartsError(f"{self.out} was begun just now, by another run")
            _write(path, json.dumps(self.facts, indent=1))
        except (PartsError, OSError):
            self.close()
            raise

    def _take_up(self) -> None:
        """Go on from what is there."""
        try:
            _require_own(self.folder)
            self._lock = _open(self.folder / BEGUN)
            _hold(self._lock, self.out)
            begun = json.loads(self._lock.read())
            others = sorted(name for name in {*begun, *self.facts} if begun.get(name) != self.facts.get(name))
        except (OSError, ValueError, TypeError) as error:
            self.close()
            if isinstance(error, PartsError):
                raise
            raise PartsError(f"{self.folder} is in the way, and was not left by a copy that was begun") from None
        if others:
            self.close()
            raise PartsError(
                f"{self.folder} was begun with another {', '.join(others)}: give the same options as then, or throw it"
                " away with --discard"
            )
        told = self._lines()
        self.finished = {
            number for number in range(len(self.stretches)) if told.get(number, ()) == _measured(self.file(number))
        }

    def _keep(self, number: int, part: Path) -> None:
        """A stretch is finished, and is so after a loss of power too."""
        size, digest = _measured(part)
        with _open(part) as stream:
            os.fsync(stream.fileno())
        part.rename(self.file(number))
        told = {**self._lines(), number: (size, digest)}
        lines = self.room("finishing")
        _write(lines, "".join(f"{n} {size} {digest}\n" for n, (size, digest) in told.items()))
        lines.rename(self.folder / FINISHED)
        self.finished.add(number)

    def _lines(self) -> dict[int, tuple[int, str]]:
        """What was said of each when it was finished; what is no such line says nothing."""
        try:
            with _open(self.folder / FINISHED) as stream:
                lines = _LINE.findall(stream.read().decode(errors="replace"))
        except OSError as error:
            _require_none(error)
            return {}
        return {int(number): (int(size), digest) for number, size, digest in lines}


def _is_not_begun(folder: Path) -> bool:
    """Whether a folder is as a run leaves it that was killed before it had begun: ours alone, with nothing in it, or
    with nothing but an empty `begun.json`."""
    try:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
            return False
        return all(path.name == BEGUN and path.lstat().st_size == 0 for path in folder.iterdir())
    except OSError:
        return False


def _measured(file: Path) -> tuple[int, str]:
    """Bytes and SHA-256 of a file; of one that is missing, or a link, none."""
    try:
        with _open(file) as stream:
            return os.fstat(stream.fileno()).st_size, hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        _require_none(error)
        return -1, ""


def _open(path: Path) -> BufferedReader:
    """A file itself, to read, never what a link of its name leads to. OSError."""
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb")


def _require_none(error: OSError) -> None:
    """Raise it again unless it says that there is no such file, or a link in its place."""
    if error.errno not in (errno.ENOENT, errno.ELOOP):
        raise error


def _require_own(folder: Path) -> None:
    """Raise PartsError unless nobody but this account can have filled a folder. OSError where it is none, or a link."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        found = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    if found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise PartsError(
            f"{folder} is in the way: it belongs to another account, or is open to others. It is neither gone on from"
            " nor removed: remove it yourself, or write the copy elsewhere"
        )


def _hold(lock: IO[bytes], out: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise PartsError(f"{out} is being made already, by another run") from None


def _write(path: Path, text: str) -> None:
    """Write a text for its owner alone, and have it on the disk."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600), "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
