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


class UsedTooEarlyError(custody.CustodyError):
    """A use that is told of would have been before the recording was begun."""


class ToldTooOftenError(custody.CustodyError):
    """One person has told of as many uses of keys of a recording in a day as are taken."""


MOST_TOLD = 20
"""Uses away from the court that one person tells of a recording within `DAY_NS`: lines of a log are there for ever."""
DAY_NS = 24 * 3600 * 10**9
SLOW_NS = 300 * 10**9
"""By how much the clock of the computer where a key was used may be slow."""


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
    """Append `keyuse` lines, each `key` of one use once; NoSuchKeyError, and nothing done, for a key that neither
    journal nor folder has. Of a use away from the court, told later, the line says `what` it was and when the key was
    `used`, ns since 1970: UsedTooEarlyError, ToldTooOftenError, and nothing done. `shown`: the proposal by which the
    keys were exchanged last, where this use shows that they open the recording; the former keys of these numbers are
    deleted then. The rest as `record`."""
    with custody.locked(folder):
        custody.record_locked(folder, [], seal, now_ns, kept)
        ledger = custody.read(folder, seal.trust(kept))
        rekeyed = [journal_lines.parse(line) for line in ledger.lines if b'"type":"rekey"' in line]
        present = {journal_lines.key_of_file(path.name) for path in folder.glob("hearing-key*.age")}
        numbers = {line["key"] for line in uses}
        if not numbers <= {0, *present, *(line["key"] for line in rekeyed if line["type"] == "rekey")}:
            raise NoSuchKeyError("the recording has no such key")
        lines = [journal_lines.parse(line) for line in custody.signed_lines(folder, seal) if b'"type":"keyuse"' in line]
        said = {(line.get("key"), _use(line)) for line in lines}
        fresh = [line for line in uses if (line["key"], _use(line)) not in said]
        _require_told(fresh, lines, int(journal_lines.parse(ledger.lines[0])["zero"]), now_ns)
        custody.record_locked(folder, fresh, seal, now_ns, kept)
        if shown and _exchanges(folder, seal)[-1:] == [shown]:
            _delete_former(folder, frozenset(numbers))


def _use(line: Line) -> tuple[object, ...]:
    """What tells the use of a `keyuse` line from others; a note that takes the id of another is not taken for it."""
    return tuple(line.get(name) for name in ("viewing", "what", "used"))


def _require_told(fresh: Sequence[Line], lines: Sequence[Line], zero_ns: int, now_ns: int) -> None:
    """Of what is told of uses away from the court: not before the recording's time 0, and not too many a day. Pure."""
    told = [line for line in fresh if "used" in line]
    if any(int(line["used"]) < zero_ns - SLOW_NS for line in told):
        raise UsedTooEarlyError("a key cannot have been used before the recording was begun")
    for who in {_who(line) for line in told}:
        before = {
            _use(line) for line in lines if "used" in line and _who(line) == who and now_ns - int(line["at"]) < DAY_NS
        }
        if len(before | {_use(line) for line in told if _who(line) == who}) > MOST_TOLD:
            raise ToldTooOftenError("too many uses of keys were told by one person within a day")


def _who(line: Line) -> tuple[object, ...]:
    return line.get("person"), line.get("state")


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
