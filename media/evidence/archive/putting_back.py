"""A recording whose folder is gone is put back out of an archive (docs/archive.md), as far as the seal has signed it.

What an archive has of a custody log lacks its last lines: those that say that it was archived, and later time-stamps.
The seal signs nothing that does not go on from what it signed last, and nothing is cut off: the missing lines come from
a copy of the log that is kept beside the recordings, or from the second copy. Keys are fetched only where that whole
log does not say that they were destroyed.

Before a recording has its name again, the line that will say so in its custody log is kept beside the recordings: a
process that ends between the two leaves what the next one completes.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from media import held_folders
from media.evidence.archive import keeping, restoring
from media.evidence.archive.status import FOLDER
from media.evidence.archive.store import ArchiveError, ArchiveStore, Trouble
from media.evidence.log import custody, journal_lines, tlog
from media.evidence.log.journal_lines import Line
from media.evidence.log.proof import CourtSeal, Trust
from media.evidence.log.store import sync_folder, write_durably

LOGS = "logs"
"""Folder within that of the archives' status: the newest custody log of each archived recording."""
_SUFFIX = ".restoring"
ROOMS = f".*{_SUFFIX}"
"""Names of the hidden folders, beside the recordings, in which one is put together: no backup has them."""
OWED = "owed"
"""Folder within that of the archives' status: the lines that custody logs of recordings put back do not have yet."""


class DiffersError(Exception):
    """Where the recording would be put is something else; nothing was changed."""


class _OwedLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`line` says that a recording was put back, `before` how many lines its custody log had then."""

    line: dict[str, Any]
    before: int


@dataclass(frozen=True)
class Sources:
    """What a recording is put back from: an archive, and folders that may have a longer custody log of it."""

    store: ArchiveStore
    logs: Sequence[Path]


def keep_log(recordings: Path, folder: Path) -> None:
    """Keep the custody log of an archived recording as it is now, beside the recordings; durable. OSError."""
    kept = recordings / FOLDER / LOGS / folder.name
    with custody.locked(folder):
        texts = {name: (folder / name).read_bytes() for name in (custody.LOG, custody.LOG_CHECKPOINT)}
    if all((kept / name).is_file() and (kept / name).read_bytes() == text for name, text in texts.items()):
        return
    kept.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, text in texts.items():
        draft = kept / f".{name}"
        draft.unlink(missing_ok=True)
        write_durably(draft, text)
        draft.replace(kept / name)
    sync_folder(kept)


def remove_left(recordings: Path) -> int:
    """Remove the folders in which a recording was put together until a kill; returns how many."""
    return held_folders.remove_left(recordings, ROOMS)


def put_back(
    sources: Sources,
    recording: str,
    recordings: Path,
    seal: CourtSeal,
    keys: Sequence[tlog.VerifierKey],
    verifies: Callable[[Path], bool],
    line: Line,
) -> bool:
    """Put a recording back into the folder of recordings; False, and nothing done, where it is there as in the archive.

    `keys`: the court's, by which heads are signed; `verifies`: whether a folder is what was sealed and signed last;
    `line` is owed to its custody log from now on: the caller calls `write_owed` next. True also where an earlier call
    has put it back and its line is still owed. Raises DiffersError; ArchiveError when the archive does not have it, or
    not as far as the seal has signed it, and OSError: nothing was changed then.
    """
    target = recordings / recording
    if target.exists() and _owed(recordings, recording).exists():
        return True
    remove_left(recordings)
    trust = seal.trust()
    others = [*(folder / recording for folder in sources.logs), target]
    held = held_folders.enter(recordings, f".{recording}.", _SUFFIX)
    room = held / recording
    try:
        restoring.fetch(
            sources.store,
            recording,
            room,
            keys,
            lambda folder: _is_ours(folder, recording),
            with_keys=lambda folder: _has_keys(folder, others, trust),
        )
        _complete(room, others, seal)
        _destroy(room)
        if not verifies(room):
            raise ArchiveError(Trouble.altered, "what is there does not verify, or is not what the seal signed last")
        if target.exists():
            _require_same(target, room, verifies)
            return False
        for path in [room, *room.iterdir()]:
            if path.is_dir():
                sync_folder(path)
        _owe(recordings, recording, _OwedLine(line, len(_lines(room))))
        room.rename(target)
        sync_folder(recordings)
        return True
    finally:
        held_folders.leave(held)


def write_owed(
    recordings: Path, recording: str, seal: CourtSeal, now_ns: int, kept: Sequence[tlog.Checkpoint]
) -> custody.SignedHeads:
    """Write the line that is owed to the custody log of a recording that was put back, unless it is there.

    Raises as `custody.record`, and OSError: the line is owed still.
    """
    owed, folder = _owed(recordings, recording), recordings / recording
    try:
        found = msgspec.json.decode(owed.read_bytes(), type=_OwedLine)
    except msgspec.DecodeError as error:
        raise custody.CustodyError(f"{owed} cannot be read: {error}") from error
    since = [journal_lines.parse(line) for line in custody.signed_lines(folder, seal)[found.before :]]
    said = any({**line, **found.line} == line for line in since)
    heads = custody.record(folder, [] if said else [found.line], seal, now_ns, kept)
    owed.unlink()
    sync_folder(owed.parent)
    return heads


def _owed(recordings: Path, recording: str) -> Path:
    return recordings / FOLDER / OWED / f"{recording}.json"


def _owe(recordings: Path, recording: str, line: _OwedLine) -> None:
    path = _owed(recordings, recording)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    write_durably(draft, msgspec.json.encode(line))
    draft.replace(path)
    sync_folder(path.parent)


def _is_ours(folder: Path, recording: str) -> bool:
    """Whether what was fetched is of this recording at all; whether it is sound is looked at when its log is whole."""
    head = tlog.parse_checkpoint(tlog.parse_note((folder / custody.CHECKPOINT).read_bytes()).text)
    return head.origin.rpartition("/")[2] == recording


def _has_keys(room: Path, others: Sequence[Path], trust: Trust) -> bool:
    """Whether its keys are to be there, by the custody log as the seal has signed it last. Where nobody has that log it
    is not known, and nothing is put back anyway."""
    try:
        _last, lines = _whole(room, others, trust)
    except ArchiveError:
        return False
    return not keeping.is_destroyed(lines)


def _complete(room: Path, others: Sequence[Path], seal: CourtSeal) -> None:
    """Give the custody log the lines that the seal has signed since it was archived. ArchiveError as `_whole`."""
    last, lines = _whole(room, others, seal.trust())
    note = seal.sign_head(last, tlog.Tree(map(tlog.leaf_hash, lines)))
    for name, text in ((custody.LOG, b"".join(line + b"\n" for line in lines)), (custody.LOG_CHECKPOINT, note)):
        (room / name).unlink()
        write_durably(room / name, text)


def _whole(room: Path, others: Sequence[Path], trust: Trust) -> tuple[tlog.Checkpoint, list[bytes]]:
    """The head that the seal has signed last, and the lines of the custody log under it. ArchiveError where nobody has
    them, or the seal has signed another past."""
    origin = tlog.parse_checkpoint(tlog.parse_note((room / custody.CHECKPOINT).read_bytes()).text).origin
    last = trust.last(origin + tlog.CUSTODY)
    archived = _lines(room)
    if last is None or last.size < len(archived):
        raise ArchiveError(Trouble.not_proven, "the seal knows less of this recording than the archive has")
    for folder in (room, *others):
        lines = _lines(folder)[: last.size]
        tree = tlog.Tree(map(tlog.leaf_hash, lines))
        if (tree.size, tree.root()) == (last.size, last.root) and lines[: len(archived)] == archived:
            return last, lines
    raise ArchiveError(
        Trouble.not_proven,
        f"the seal has signed {last.size} lines of its custody log, the archive has {len(archived)}, and nobody else "
        "here has the rest",
    )


def _lines(folder: Path) -> list[bytes]:
    try:
        return (folder / custody.LOG).read_bytes().split(b"\n")[:-1]
    except OSError:
        return []


def _destroy(room: Path) -> None:
    """Key files that were destroyed by order do not come back."""
    for raw in _lines(room):
        line = json.loads(raw) if b'"type":"destroyed"' in raw else {}
        for name in line.get("files", ()) if line.get("type") == "destroyed" else ():
            if journal_lines.KEY_FILE.fullmatch(str(name)):
                (room / str(name)).unlink(missing_ok=True)


def _require_same(target: Path, room: Path, verifies: Callable[[Path], bool]) -> None:
    try:
        names = (custody.CHECKPOINT, custody.LOG)
        same = all(_text(target / name) == _text(room / name) for name in names) and verifies(target)
    except (OSError, custody.CustodyError):
        same = False
    if not same:
        raise DiffersError(f"{target} is there and is not what the archive has: look at it, and move it away first")


def _text(path: Path) -> bytes:
    """A file; of a checkpoint what was signed, since cosignatures may have been added."""
    data = path.read_bytes()
    return tlog.parse_note(data).text if path.name == custody.CHECKPOINT else data
