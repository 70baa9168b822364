"""A closed recording as files of an archive: a few tars whose bytes depend on nothing but their content.

part-000.tar, part-001.tar …  journal, segments and index: frozen at the close, so the same whenever they are made
keys-<hash>.tar               the wrapped keys of the recording, apart from the rest because they can be destroyed
custody-<lines>.tar           heads, custody log, time-stamp, and what was derived: as it was at that length of the log
"""

import hashlib
import re
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from media.evidence.log import custody, journal_lines, tlog
from media.evidence.log.store import TEMPORARY

PART = 256 * 1024**2
"""Bytes of content after which the next part begins."""
FROZEN = ("index", "seg")
_OURS = re.compile(r"(?:part-[0-9]{3}|keys-[0-9a-f]{16}|custody-[0-9]{9})\.tar")
MOST_MEMBERS = 2_000_000
MOST_PAPERS = 4 * PART
"""Bytes of a tar of the custody log at most: nothing that is signed says yet how many it has."""


@dataclass(frozen=True)
class Volume:
    """One tar of a recording: its name, and its members by their paths in the recording's folder."""

    name: str
    members: tuple[str, ...]

    @property
    def kind(self) -> str:
        """`part`, `keys` or `custody`."""
        return self.name.partition("-")[0]


@dataclass(frozen=True)
class Packed:
    """A tar that was made: SHA-256 and size of its bytes."""

    sha256: str
    size: int


class VolumeError(ValueError):
    """A tar is not one of an archive's."""


class TooLargeError(VolumeError):
    """A tar of the custody log would be one that is not unpacked again."""


def parts(folder: Path) -> list[Volume]:
    """The frozen files of a closed recording, in parts. OSError."""
    names = [custody.JOURNAL, *(name for kind in FROZEN for name in _names(folder, folder / kind))]
    groups: list[list[str]] = [[]]
    room = PART
    for name in names:
        size = (folder / name).stat().st_size
        if groups[-1] and size > room:
            groups.append([])
            room = PART
        groups[-1].append(name)
        room -= size
    return [Volume(f"part-{number:03}.tar", tuple(group)) for number, group in enumerate(groups)]


def keys(folder: Path) -> Volume | None:
    """The wrapped keys, as they are now; None where they were destroyed. OSError."""
    names = [name for name in _names(folder, folder) if journal_lines.KEY_FILE.fullmatch(name)]
    if not names:
        return None
    hashed = hashlib.sha256()
    for name in names:
        hashed.update(name.encode() + b"\0" + hashlib.sha256((folder / name).read_bytes()).digest())
    return Volume(f"keys-{hashed.hexdigest()[:16]}.tar", tuple(names))


def papers(folder: Path) -> Volume:
    """Everything else: for a caller that holds the lock of the custody log while it packs. OSError, ValueError;
    TooLargeError where its tar would have more than `MOST_PAPERS` bytes, so that no archive could give it back."""
    rest = [
        name
        for name in _names(folder, folder)
        if name.partition("/")[0] not in FROZEN
        and name != custody.JOURNAL
        and not journal_lines.KEY_FILE.fullmatch(name)
    ]
    if (tar := _size_of_tar((folder / name).stat().st_size for name in rest)) > MOST_PAPERS:
        raise TooLargeError(f"the tar of the custody log would have {tar} bytes")
    size = tlog.parse_checkpoint(tlog.parse_note((folder / custody.LOG_CHECKPOINT).read_bytes()).text).size
    return Volume(f"custody-{size:09}.tar", tuple(rest))


def _size_of_tar(sizes: Iterable[int]) -> int:
    """Bytes of a tar of files with these sizes and names of at most 100 characters, as `pack` writes it. Pure."""
    block, record = tarfile.BLOCKSIZE, tarfile.RECORDSIZE
    blocks = 2 + sum(1 + -(-size // block) for size in sizes)
    return -(-blocks * block // record) * record


def _names(folder: Path, within: Path) -> list[str]:
    """Paths of files in a folder and below, sorted; none whose name begins with a dot."""
    paths = [path.relative_to(folder) for path in within.rglob("*") if path.is_file() and not path.is_symlink()]
    hidden = (".", TEMPORARY)
    return sorted(path.as_posix() for path in paths if not any(part.startswith(hidden) for part in path.parts))


def pack(folder: Path, volume: Volume, target: Path) -> Packed:
    """Write the tar; the same members give the same bytes. OSError."""
    with target.open("wb") as file:
        target.chmod(0o600)
        hashing = _Hashing(file)
        with tarfile.open(fileobj=hashing, mode="w|", format=tarfile.PAX_FORMAT) as tar:  # type: ignore[call-overload]
            for name in volume.members:
                with (folder / name).open("rb") as source:
                    member = tarfile.TarInfo(name)
                    member.size, member.mode = source.seek(0, 2), 0o600
                    source.seek(0)
                    tar.addfile(member, source)
    return Packed(hashing.sha256.hexdigest(), hashing.size)


class _Hashing:
    """A file that is hashed while it is written."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.sha256, self.size = file, hashlib.sha256(), 0

    def write(self, data: bytes) -> int:
        self.sha256.update(data)
        self.size += len(data)
        return self.file.write(data)


class _Pieces:
    """What a store gives back, as a file that is read once; it is hashed on the way."""

    def __init__(self, pieces: Iterator[bytes], most: int) -> None:
        self.pieces, self.kept, self.sha256, self.left = pieces, b"", hashlib.sha256(), most

    def read(self, size: int) -> bytes:
        while len(self.kept) < size and (piece := next(self.pieces, b"")):
            self.left -= len(piece)
            if self.left < 0:
                raise VolumeError("it is larger than it was said to be")
            self.sha256.update(piece)
            self.kept += piece
        given, self.kept = self.kept[:size], self.kept[size:]
        return given


def unpack(pieces: Iterator[bytes], folder: Path, most: int) -> str:
    """Write the members of a tar into a folder, over those of the same name; SHA-256 of the tar. VolumeError, OSError.

    Members are plain files with relative paths that stay within the folder; nothing else is written. `most`: bytes that
    the tar may have; no more are read, so that no more are written.
    """
    source = _Pieces(pieces, most)
    try:
        with tarfile.open(fileobj=source, mode="r|", format=tarfile.PAX_FORMAT) as tar:  # type: ignore[call-overload]
            for number, member in enumerate(tar):
                path = PurePosixPath(member.name)
                if (
                    not member.isreg()
                    or member.issparse()
                    or path.is_absolute()
                    or ".." in path.parts
                    or number >= MOST_MEMBERS
                ):
                    raise VolumeError("a member of the archive is no plain file of a recording")
                target = folder / path
                target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                content = tar.extractfile(member)
                assert content is not None  # a plain file has content
                with target.open("wb") as file:
                    target.chmod(0o600)
                    while piece := content.read(1 << 20):
                        file.write(piece)
    except tarfile.TarError as error:
        raise VolumeError("it is no tar, or ends too early") from error
    while source.read(1 << 20):
        pass
    return source.sha256.hexdigest()


def is_ours(name: str) -> bool:
    """Whether an object has the name of a volume."""
    return _OURS.fullmatch(name) is not None
