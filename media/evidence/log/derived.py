"""What people make of a closed recording and keep with it: sealed files that its custody log names (`derive` lines).

They are encrypted where they are made; nothing here can open them. They are no part of what was recorded.
"""

import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path

from media.evidence.log import custody, journal_lines, tlog
from media.evidence.log.journal_lines import Line
from media.evidence.log.key_exchange import NoSuchKeyError
from media.evidence.log.proof import CourtSeal
from media.evidence.log.store import TEMPORARY, is_low, sync_folder, write_durably

FOLDER = "derived"
MOST = 5_000
"""Derived files of a recording; a number is used once, also when its file was removed."""
MOST_BYTES = 128 * 1024**2
"""Bytes of the derived files of a recording together. They are in each tar of its custody log, which archives keep for
years and take anew when the log has grown; such a tar may have `media.evidence.archive.volumes.MOST_PAPERS`."""
_NAME = re.compile(r"derived/([0-9]{6})\.age")


class NoSuchTrackError(custody.CustodyError):
    """The recording has no track of this name."""


class FullError(custody.CustodyError):
    """The recording has as many derived files, or as many bytes of them, as it may have."""


class DiskLowError(custody.CustodyError):
    """Less than a tenth of the disk is free: it is left to hearings that are being recorded."""


def keep(
    folder: Path,
    parts: Mapping[int, bytes],
    about: Line,
    seal: CourtSeal,
    now_ns: int,
    kept: Sequence[tlog.Checkpoint] = (),
) -> list[str]:
    """Keep sealed files with a closed recording, by the number of the key each is encrypted to; returns their names.

    `about` is what their `derive` lines say beside file, size, hash and `key`: `what`, `of`, who made them, and why.
    The lines are signed first: a crash leaves lines whose files are missing, which verifiers report as removed, and
    never a file that no line names. NoSuchKeyError, NoSuchTrackError, FullError, DiskLowError: nothing was kept. The
    rest as `custody.record`.
    """
    with custody.locked(folder):
        _require_disk(folder)
        custody.record_locked(folder, [], seal, now_ns, kept)
        journal = custody.read(folder, seal.trust(kept)).lines
        _require(journal, parts, about)
        first = 1 + _highest(folder, journal, custody.signed_lines(folder, seal))
        _require_room(folder, first, parts)
        names = {key: f"{FOLDER}/{number:06}.age" for number, key in enumerate(sorted(parts), first)}
        staged = _stage(folder, {names[key]: data for key, data in parts.items()})
        try:
            lines = [{"type": "derive", "key": key, **_named(names[key], parts[key]), **about} for key in sorted(parts)]
            custody.record_locked(folder, lines, seal, now_ns, kept)
            for name, path in staged.items():
                path.rename(folder / name)
            sync_folder(folder / FOLDER)
        except OSError as error:
            raise custody.CustodyError(f"the derived files cannot be written: {error.strerror}") from error
        finally:
            for path in staged.values():
                path.unlink(missing_ok=True)
        return [names[key] for key in sorted(parts)]


def _require(journal: Sequence[bytes], parts: Mapping[int, bytes], about: Line) -> None:
    """Keys and tracks are those of the recording."""
    lines = [journal_lines.parse(line) for line in journal if b'"type":"track"' in line or b'"type":"rekey"' in line]
    if not set(parts) <= {0, *(line["key"] for line in lines if line["type"] == "rekey")}:
        raise NoSuchKeyError("the recording has no such key")
    if not set(about["of"]) <= {line["track"] for line in lines if line["type"] == "track"}:
        raise NoSuchTrackError("the recording has no such track")


def _require_disk(folder: Path) -> None:
    try:
        low = is_low(folder)
    except OSError as error:
        raise custody.CustodyError(f"the recording cannot be read: {error.strerror}") from error
    if low:
        raise DiskLowError("the disk is nine tenths full")


def _require_room(folder: Path, first: int, parts: Mapping[int, bytes]) -> None:
    """Raises FullError unless files from the number `first` on find room beside those that are there."""
    try:
        there = sum(path.stat().st_size for path in (folder / FOLDER).glob("*.age"))
    except OSError as error:
        raise custody.CustodyError(f"the derived files cannot be read: {error.strerror}") from error
    if first + len(parts) - 1 > MOST or there + sum(map(len, parts.values())) > MOST_BYTES:
        raise FullError(f"the recording has {first - 1} derived files with {there} bytes")


def _highest(folder: Path, *logs: Sequence[bytes]) -> int:
    """The highest number of a derived file that a line names or that is there."""
    lines = [journal_lines.parse(line) for log in logs for line in log if b'"type":"derive"' in line]
    names = [str(line.get("file")) for line in lines]
    names += [f"{FOLDER}/{path.name}" for path in (folder / FOLDER).glob("*.age")]
    return max((int(match[1]) for name in names if (match := _NAME.fullmatch(name))), default=0)


def _named(name: str, data: bytes) -> Line:
    return {"file": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def _stage(folder: Path, files: Mapping[str, bytes]) -> dict[str, Path]:
    """The files, durable under names of their own. CustodyError, and none of them is left."""
    staged: dict[str, Path] = {}
    try:
        (folder / FOLDER).mkdir(mode=0o700, exist_ok=True)
        for name, data in files.items():
            staged[name] = folder / FOLDER / f"{TEMPORARY}{secrets.token_hex(8)}"
            write_durably(staged[name], data)
        sync_folder(folder)
    except OSError as error:
        for path in staged.values():
            path.unlink(missing_ok=True)
        raise custody.CustodyError(f"the derived files cannot be written: {error.strerror}") from error
    return staged
