"""Keeping a recording in an archive: put, read back, and only then a line for the custody log (docs/archive.md).

What is due follows from the signed custody log and the files alone, so that a process that ends anywhere in between
leaves nothing that the next one does not find: it puts the same bytes under the same key, and the store adds nothing.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from media.evidence.archive import volumes
from media.evidence.archive.store import ArchiveError, ArchiveStore, Trouble
from media.evidence.archive.volumes import Packed, Volume
from media.evidence.log.journal_lines import Line

ADDED_BY_US = frozenset({"archive", "head", "stamp"})
"""Lines of a custody log that alone are no reason to archive it again: they follow from the archiving itself."""


@dataclass(frozen=True)
class KeptObject:
    """An object as a line of the custody log names it. `at`: of the line, ns since 1970."""

    key: str
    bucket: str
    version: str
    until: date
    sha256: str
    size: int
    at: int

    @property
    def volume(self) -> str:
        """The name of the volume, without the recording's id."""
        return self.key.rpartition("/")[2]

    @property
    def line(self) -> Line:
        """The `archive` line; `at` is added when it is recorded."""
        return {
            "type": "archive",
            "file": self.key,
            "bucket": self.bucket,
            "version": self.version,
            "until": self.until.isoformat(),
            "sha256": self.sha256,
            "size": self.size,
        }


def digest(pieces: Iterable[bytes]) -> Packed:
    """SHA-256 and size of what a store gives back."""
    hashed, size = hashlib.sha256(), 0
    for piece in pieces:
        hashed.update(piece)
        size += len(piece)
    return Packed(hashed.hexdigest(), size)


def keep(store: ArchiveStore, key: str, source: Path, packed: Packed, until: date) -> KeptObject:
    """Put one file and read it back. ArchiveError: it is not certain that the store keeps it, so it counts as not kept.

    Effects: a version of the object in the store.
    """
    version = store.put(key, source, packed.sha256, until)
    kept = KeptObject(key, store.name, version, until, packed.sha256, packed.size, 0)
    confirm(store, kept, until)
    return kept


def confirm(store: ArchiveStore, kept: KeptObject, until: date) -> None:
    """Compare what the store says of an object, and every byte it gives back, with what was put. ArchiveError."""
    state = store.state(kept.key, kept.version)
    if state.version != kept.version:
        raise ArchiveError(Trouble.missing, "the store names another version")
    if state.size != kept.size or state.sha256 not in ("", kept.sha256):
        raise ArchiveError(Trouble.altered, "the store states another size or checksum")
    if state.until is None or state.until < until:
        raise ArchiveError(Trouble.shortened, f"the lock ends {state.until}, not {until}")
    if digest(store.read(kept.key, kept.version)) != Packed(kept.sha256, kept.size):
        raise ArchiveError(Trouble.altered, "the store gives other bytes back")


def is_destroyed(lines: Iterable[bytes]) -> bool:
    """Whether the keys of a recording were destroyed: then no archive is to have them."""
    return any(b'"type":"destroyed"' in raw and json.loads(raw).get("type") == "destroyed" for raw in lines)


def named(lines: Sequence[bytes], bucket: str) -> dict[str, KeptObject]:
    """The objects that a custody log says are in a bucket, by volume; of a volume named again, the last line counts.

    Without the keys, once they were destroyed.
    """
    found = {kept.volume: kept for kept in _all(lines) if kept.bucket == bucket}
    gone = is_destroyed(lines)
    return {name: kept for name, kept in found.items() if not (gone and name.startswith("keys-"))}


def _all(lines: Iterable[bytes]) -> Iterator[KeptObject]:
    for raw in lines:
        if b'"type":"archive"' not in raw:
            continue
        if (kept := _kept_object(json.loads(raw))) is not None:
            yield kept


def _kept_object(line: object) -> KeptObject | None:
    """The object that an `archive` line names; None where it is none, names nothing of ours, or is not whole."""
    if not isinstance(line, dict) or line.get("type") != "archive":
        return None
    texts = [line.get(name) for name in ("file", "bucket", "version", "sha256", "until", "at")]
    if not all(isinstance(text, str) for text in texts) or type(size := line.get("size")) is not int or size < 0:
        return None
    file, bucket, version, sha256, until, at = map(str, texts)
    if not volumes.is_ours(file.rpartition("/")[2]):
        return None
    try:
        return KeptObject(file, bucket, version, date.fromisoformat(until), sha256, size, int(at))
    except ValueError:
        return None


def current(kept: Mapping[str, KeptObject]) -> list[KeptObject]:
    """What a recording is restored from: its parts, the keys named last, and the newest custody log."""
    newest = {name.partition("-")[0]: one for name, one in sorted(kept.items(), key=lambda each: each[1].at)}
    parts = [one for name, one in sorted(kept.items()) if name.startswith("part-")]
    return [*parts, *(newest[kind] for kind in ("keys", "custody") if kind in newest)]


def is_whole(kept: Mapping[str, KeptObject]) -> bool:
    """Whether an archive has the recording with its custody log, by the lines: parts are named all at once."""
    return {"part", "custody"} <= {name.partition("-")[0] for name in kept}


def due(folder: Path, lines: Sequence[bytes], kept: Mapping[str, KeptObject], until: date) -> list[Volume]:
    """The frozen parts and keys that an archive does not have yet, or not as long as they are to be kept. OSError."""
    wanted = volumes.parts(folder)
    if (keys := volumes.keys(folder)) is not None and not is_destroyed(lines):
        wanted.append(keys)
    return [volume for volume in wanted if volume.name not in kept or kept[volume.name].until < until]


def papers_due(lines: Sequence[bytes], kept: Mapping[str, KeptObject], until: date) -> bool:
    """Whether the custody log says more than what an archive has of it."""
    names = sorted(name for name in kept if name.startswith("custody-"))
    if not names or kept[names[-1]].until < until:
        return True
    size = int(names[-1][len("custody-") : -len(".tar")])
    return any(json.loads(line).get("type") not in ADDED_BY_US for line in lines[size:])
