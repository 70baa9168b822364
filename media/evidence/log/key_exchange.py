"""Wrapped keys of a closed recording exchanged for others, put back, and shown to open it (docs/keys.md).

Each is one step under the lock of the recording, with its lines in the custody log; what a kill leaves is completed, or
undone, by whoever writes there next (`custody.settle`).
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from media.evidence.log import custody, former_keys, journal_lines, tlog
from media.evidence.log.former_keys import STAGED
from media.evidence.log.journal_lines import Line
from media.evidence.log.proof import CourtSeal
from media.evidence.log.store import sync_folder, write_durably


class FormerKeptError(custody.CustodyError):
    """The keys were exchanged before, and the former ones are still kept: that comes to its end first."""


class NoFormerError(custody.CustodyError):
    """No former key of the recording is kept."""


class NoSuchKeyError(custody.CustodyError):
    """The recording has no key of this number."""


def rewrap(
    folder: Path,
    files: Mapping[str, bytes],
    entries: Sequence[Line],
    seal: CourtSeal,
    now_ns: int,
    kept: Sequence[tlog.Checkpoint] = (),
    *,
    recipients: Sequence[str] = (),
    proposal: str = "",
    still: Callable[[], None] = lambda: None,
) -> bool:
    """Replace wrapped keys of a closed recording by the same keys, encrypted to others: by name, the new content.

    `entries` go before their `keywrap` lines, which say the fingerprints of the `recipients`, and the `proposal` that
    is carried out: one whose lines are there is not carried out again (False). `still` is called under the lock and
    raises where this may not be done any more. One step: the new files lie beside the old ones before the lines are
    signed, and take their places afterwards. The old files are kept (`former_keys`): FormerKeptError while those of an
    earlier exchange are. `custody.NotAllowedError` for a file that the recording does not have; the rest as
    `custody.record`.
    """
    more = ({"recipients": list(recipients)} if recipients else {}) | ({"proposal": proposal} if proposal else {})
    with custody.locked(folder):
        for name in files:
            if not journal_lines.KEY_FILE.fullmatch(name) or not (folder / name).is_file():
                raise custody.NotAllowedError(f"the recording has no key {name}")
        custody.record_locked(folder, [], seal, now_ns, kept)
        if proposal and proposal in _exchanges(folder, seal):
            return False
        if former_keys.of(folder):
            raise FormerKeptError("the former keys are kept until the recording has been opened with the present ones")
        still()
        _exchange(folder, files, entries, seal, now_ns, kept, more)
        return True


def put_back(
    folder: Path,
    entries: Sequence[Line],
    seal: CourtSeal,
    now_ns: int,
    kept: Sequence[tlog.Checkpoint] = (),
    *,
    proposal: str,
    still: Callable[[], None] = lambda: None,
) -> None:
    """Put the former keys back into their places, as `rewrap`, with `keywrap` lines of their own; the present ones are
    kept in their stead. `proposal` names this, and it is done once. NoFormerError where none is kept, and
    where the keys of the recording were destroyed."""
    with custody.locked(folder):
        custody.record_locked(folder, [], seal, now_ns, kept)
        if proposal in _exchanges(folder, seal):
            return
        former = former_keys.of(folder)
        files = {one.name: one.path.read_bytes() for one in former if (folder / one.name).is_file()}
        if not files:
            raise NoFormerError("no former key of the recording is kept")
        still()
        _exchange(folder, files, entries, seal, now_ns, kept, {"proposal": proposal})


def discard_former(
    folder: Path,
    entries: Sequence[Line],
    seal: CourtSeal,
    now_ns: int,
    kept: Sequence[tlog.Checkpoint] = (),
    *,
    proposal: str,
) -> bool:
    """Append lines, then delete the former keys. False, and nothing done, unless the keys were exchanged last by this
    `proposal`. NoFormerError where none is kept; the rest as `record`."""
    with custody.locked(folder):
        custody.record_locked(folder, [], seal, now_ns, kept)
        if _exchanges(folder, seal)[-1:] != [proposal]:
            return False
        if not former_keys.of(folder):
            raise NoFormerError("no former key of the recording is kept")
        custody.record_locked(folder, entries, seal, now_ns, kept)
        _delete_former(folder, None)
        return True


def record_use(
    folder: Path,
    uses: Sequence[Line],
    seal: CourtSeal,
    now_ns: int,
    kept: Sequence[tlog.Checkpoint] = (),
    *,
    shown: str = "",
) -> None:
    """Append `keyuse` lines, each `key` of one `viewing` once; NoSuchKeyError, and nothing done, for a key that neither
    journal nor folder has. `shown`: the proposal by which the keys were exchanged last, where this use shows that they
    open the recording; the former keys of these numbers are deleted then. The rest as `record`."""
    with custody.locked(folder):
        custody.record_locked(folder, [], seal, now_ns, kept)
        ledger = custody.read(folder, seal.trust(kept))
        rekeyed = [journal_lines.parse(line) for line in ledger.lines if b'"type":"rekey"' in line]
        present = {journal_lines.key_of_file(path.name) for path in folder.glob("hearing-key*.age")}
        numbers = {line["key"] for line in uses}
        if not numbers <= {0, *present, *(line["key"] for line in rekeyed if line["type"] == "rekey")}:
            raise NoSuchKeyError("the recording has no such key")
        lines = [journal_lines.parse(line) for line in custody.signed_lines(folder, seal) if b'"type":"keyuse"' in line]
        said = {(line.get("key"), line.get("viewing")) for line in lines}
        fresh = [line for line in uses if (line["key"], line["viewing"]) not in said]
        custody.record_locked(folder, fresh, seal, now_ns, kept)
        if shown and _exchanges(folder, seal)[-1:] == [shown]:
            _delete_former(folder, frozenset(numbers))


def _delete_former(folder: Path, numbers: frozenset[int] | None) -> None:
    try:
        former_keys.discard(folder, numbers)
    except OSError as error:
        raise custody.CustodyError(f"the former keys cannot be deleted: {error.strerror}") from error


def was_rewrapped(folder: Path, seal: CourtSeal, proposal: str) -> bool:
    """Whether a proposal has been carried out, by its signed lines: when this returns, whoever was at it is done.
    Raises as `read`."""
    with custody.locked(folder):
        return proposal in _exchanges(folder, seal)


def _exchanges(folder: Path, seal: CourtSeal) -> list[str]:
    """What the signed `keywrap` lines say was carried out, oldest first; "" of lines that name no proposal."""
    lines = [journal_lines.parse(line) for line in custody.signed_lines(folder, seal) if b'"type":"keywrap"' in line]
    return [str(line.get("proposal", "")) for line in lines]


def _exchange(
    folder: Path,
    files: Mapping[str, bytes],
    entries: Sequence[Line],
    seal: CourtSeal,
    now_ns: int,
    kept: Sequence[tlog.Checkpoint],
    more: Line,
) -> None:
    """The caller holds the lock. `more`: further fields of the `keywrap` lines."""
    try:
        for name, content in files.items():
            write_durably(folder / f".{name}{STAGED}", content)
        sync_folder(folder)
        lines = [*entries, *(_keywrap(name, data) | more for name, data in files.items())]
        custody.record_staged(folder, lines, seal, now_ns, kept)
    except OSError as error:
        raise custody.CustodyError(f"the keys cannot be written: {error.strerror}") from error
    custody.settle(folder, custody.signed_lines(folder, seal))


def _keywrap(name: str, content: bytes) -> Line:
    sha256 = hashlib.sha256(content).hexdigest()
    return {"type": "keywrap", "file": name, "size": len(content), "sha256": sha256}
