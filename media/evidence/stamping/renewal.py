"""Which time-stamps of a closed recording end next, and with what they are renewed (docs/timestamps.md).

A token proves a time as long as the certificate that signed it is valid and its key is relied on
(`media.evidence.check.stamp_check.end_of`). Before that it is renewed, as archive time-stamps are (RFC 4998 §5.1,
ETSI EN 319 122-1 §5.5): a new token is taken over the head of the custody log, under which the old tokens lie as
`stamp` lines. One new token so renews all of a recording.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from media.evidence.check.stamp_check import StampError, end_of
from media.evidence.log import custody, journal_lines, tlog
from media.evidence.log.journal_lines import Line
from media.evidence.stamping import timestamps

BEFORE = timedelta(days=90)
"""How long before its end a token is renewed."""


@dataclass(frozen=True)
class Outstanding:
    """The tokens of a recording that no later token covers."""

    ends: datetime | None
    """When the first of them ends (UTC); None where there is none, or none says so."""
    renews: tuple[str, ...]
    """Their SHA-256, in hex."""
    missing: Line | None
    """The `stamp` line of the token beside the checkpoint, where the custody log does not have it yet."""


@dataclass(frozen=True)
class _Token:
    line: int
    covers: int
    value: Line
    tsr: bytes


def outstanding(folder: Path) -> Outstanding:
    """What of a closed recording is to be renewed next. Verifies nothing. Blocks. OSError, ValueError."""
    tokens = list(_tokens(folder))
    covered = max((one.covers for one in tokens), default=0)
    open_ones = [one.tsr for one in tokens if one.line >= covered]
    missing = None
    beside = folder / timestamps.FILE
    if beside.is_file() and (tsr := beside.read_bytes()) not in [one.tsr for one in tokens]:
        missing = line((folder / custody.CHECKPOINT).read_bytes(), tsr)
        open_ones.append(tsr)
    ends = [end for end in map(end_of, open_ones) if end is not None]
    renews = tuple(hashlib.sha256(tsr).hexdigest() for tsr in open_ones)
    return Outstanding(datetime.fromtimestamp(min(ends) // 10**9, UTC) if ends else None, renews, missing)


def renewed_at(folder: Path, anchors: bytes) -> datetime | None:
    """The time of the newest token that holds and covers that beside the checkpoint, if there is one. Blocks. OSError,
    ValueError."""
    tokens, beside = list(_tokens(folder)), (folder / timestamps.FILE).read_bytes()
    first = next((one.line for one in tokens if one.tsr == beside), None)
    for one in reversed(tokens):
        if first is not None and one.covers > first:
            try:
                return timestamps.check(one.tsr, one.value["note"].encode(), None, anchors, None)
            except StampError:
                continue
    return None


def line(note: bytes, tsr: bytes) -> Line:
    """The `stamp` line of a token over a head."""
    return {"type": "stamp", "note": note.decode(), "tsr": base64.b64encode(tsr).decode()}


def _tokens(folder: Path) -> Iterator[_Token]:
    """The tokens of the custody log, in the order of their lines, under its signed head."""
    note = (folder / custody.LOG_CHECKPOINT).read_bytes()
    size = tlog.parse_checkpoint(tlog.parse_note(note).text).size
    for index, raw in enumerate((folder / custody.LOG).read_bytes().split(b"\n")[:size]):
        value = journal_lines.read(raw)[0] if b'"type":"stamp"' in raw else None
        if value is None or value.get("type") != "stamp":
            continue
        try:
            head = tlog.parse_checkpoint(tlog.parse_note(str(value["note"]).encode()).text)
            tsr = base64.b64decode(str(value["tsr"]), validate=True)
        except (tlog.NoteError, binascii.Error, KeyError):
            continue  # the check of the recording says so
        yield _Token(index, head.size if head.origin.endswith(tlog.CUSTODY) else 0, value, tsr)
