"""The files of a recording, for those who may have them: which names exist, reading them safely, viewing tickets.

The bytes are sealed and stay so: nothing here can open them. A ticket shows that a viewing was written into the custody
log before anything was served; it belongs to one login and one recording and is worth nothing without that login.
"""

import hashlib
import hmac
import os
import re
import stat
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from starlette.background import BackgroundTask
from starlette.responses import Response, StreamingResponse

from hearings.models import Recording
from media.evidence.check.bag_check import STORED
from media.evidence.log import tlog
from web.sitting import export_rooms

TICKET_SECONDS = 3600
"""How long one entry in the custody log covers a viewing, in seconds; then the player requests another."""

RECORDING_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
READ_BYTES = 1 << 18
_RANGE = re.compile(r"bytes=(?:([0-9]{1,15})-([0-9]{0,15})|-([0-9]{1,15}))")


class NoSuchFileError(LookupError):
    """The recording has no such file, or the name is not a valid name of a file in a recording."""


class RangeError(ValueError):
    """The header is not a single satisfiable range of the file. `size` is the size of the file in bytes."""

    def __init__(self, size: int) -> None:
        super().__init__("not a range of this file")
        self.size = size


def kept_heads(recording: Recording) -> list[tlog.Checkpoint]:
    """The head announced when the recording was closed, from its row; empty before that."""
    if not recording.size or not recording.root:
        return []
    return [tlog.Checkpoint(recording.origin, recording.size, bytes.fromhex(recording.root))]


def give_ticket(key: bytes, *, recording: str, login: str, now: int) -> str:
    """A ticket for one recording and one login, valid for `TICKET_SECONDS` from `now` (seconds since 1970)."""
    until = str(now + TICKET_SECONDS)
    return f"{until}.{_mac(key, recording, login, until)}"


def ticket_holds(key: bytes, ticket: str, *, recording: str, login: str, now: int) -> bool:
    """Whether a ticket was issued for this recording and this login, and has not expired."""
    until, _, mac = ticket.partition(".")
    if not re.fullmatch("[0-9]{1,12}", until) or not mac.isascii():
        return False
    return hmac.compare_digest(mac, _mac(key, recording, login, until)) and now <= int(until)


def begun_at(ticket: str) -> datetime:
    """When a ticket that holds was issued."""
    return datetime.fromtimestamp(int(ticket.partition(".")[0]) - TICKET_SECONDS, UTC)


def _mac(key: bytes, recording: str, login: str, until: str) -> str:
    return hmac.new(key, f"viewing:{recording}:{login}:{until}".encode(), hashlib.sha256).hexdigest()


def read_file(recordings: Path, recording: str, name: str, wanted: str = "") -> tuple[bytes, int, int]:
    """Bytes of a file, their offset, and the size of the file; the whole file, or the range in the header value
    `wanted`.

    Every step of the path is opened without following a symbolic link. Raises `NoSuchFileError`, `RangeError`.
    """
    if not RECORDING_ID.fullmatch(recording) or not STORED.fullmatch(name):
        raise NoSuchFileError(name)
    descriptor = _open(recordings, [recording, *name.split("/")])
    with os.fdopen(descriptor, "rb") as file:
        size = os.fstat(descriptor).st_size
        start, length = _range(wanted, size)
        file.seek(start)
        return file.read(length), start, size


def _open(root: Path, steps: list[str]) -> int:
    at = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for place, step in enumerate(steps):
            last = place == len(steps) - 1
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | (os.O_NONBLOCK if last else os.O_DIRECTORY)
            try:
                opened = os.open(step, flags, dir_fd=at)
            except OSError as error:
                raise NoSuchFileError(step) from error
            os.close(at)
            at = opened
        if not stat.S_ISREG(os.fstat(at).st_mode):
            raise NoSuchFileError(steps[-1])
    except NoSuchFileError:
        os.close(at)
        raise
    return at


def _range(wanted: str, size: int) -> tuple[int, int]:
    if not wanted:
        return 0, size
    match = _RANGE.fullmatch(wanted)
    if not match:
        raise RangeError(size)
    first, last, tail = match.groups()
    if tail is not None:
        start, stop = max(0, size - int(tail)), size
    else:
        start, stop = int(first), min(int(last) + 1 if last else size, size)
    if start >= stop:
        raise RangeError(size)
    return start, stop - start


def tar_size(folder: Path) -> int:
    """The size of `tar_stream` in bytes."""
    blocks = sum(1 + (path.stat().st_size + 511) // 512 for path in _files(folder))
    return 512 * (blocks + 2)


def tar_stream(folder: Path) -> Iterator[bytes]:
    """A folder as one tar file, streamed in pieces."""
    for path in _files(folder):
        info = tarfile.TarInfo(f"{folder.name}/{path.relative_to(folder).as_posix()}")
        info.size, info.mode, info.mtime = path.stat().st_size, 0o644, int(path.stat().st_mtime)
        yield info.tobuf(tarfile.USTAR_FORMAT)
        with path.open("rb") as file:
            while block := file.read(READ_BYTES):
                yield block
        yield bytes(-info.size % 512)
    yield bytes(1024)


def tar_answer(target: Path, room: Path) -> Response:
    """A bag in one tar file as an answer; afterwards, and when the other side goes, the folder it was made in is
    removed. Reads the sizes of files."""
    headers = {
        "content-length": str(tar_size(target)),
        "content-disposition": f'attachment; filename="{target.name}.tar"',
    }

    def streamed() -> Iterator[bytes]:
        try:
            yield from tar_stream(target)
        finally:
            export_rooms.leave(room)

    tidy = BackgroundTask(export_rooms.leave, room)
    return StreamingResponse(streamed(), 200, headers, "application/x-tar", tidy)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
