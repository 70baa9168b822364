"""Opening a recording's folder: new, or again after a crash (docs/recording-format.md §4, §5).

Effects of a new opening, in order: folders; age identity created, wrapped into `hearing-key.age`, and discarded;
`open`, `keywrap`, `anchor` and the required tracks in one durable append; first checkpoint; custody log.
With recipients of a stretch, a key of its own is in force from the first moment, in either case.
Effects of a recovery: the journal compared with what the seal has signed, and left unchanged on a mismatch; temporary
files deleted; unsigned lines set aside, and named in `found` lines; files re-hashed; orphan segments numbered;
`reopen`, `anchor`, `recovered_segment`, `found` and `gap` lines; checkpoint. Every change is journaled, and nothing is
signed that the recorder did not write. Blocks: never call it on the event loop.
"""

import hashlib
import json
import logging
import re
import struct
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

from media.evidence.log import custody, journal as journals
from media.evidence.log.journal import Journal, Line
from media.evidence.log.journal_lines import PAUSE, SWITCHED_OFF
from media.evidence.log.proof import CourtSeal, ProofError, ProvenJournal, prove
from media.evidence.log.store import TEMPORARY, FileStore, sync_folder, write_durably
from media.evidence.recording.clock import Timeline
from media.evidence.recording.ledger import HearingLog, TrackLedger, from_declaration, segment_name
from media.evidence.recording.recording_keys import MAIN, RecordingKey, RecordingKeys, key_file, keywrap
from media.evidence.seal import age

logger = logging.getLogger("vivavoce.media.evidence.recording.recovery")

MOST_FOUND = 8_192
"""Bytes of an unsigned line that its `found` line quotes; the whole line is set aside beside the recordings."""
REHASHED = 256
"""Number of files re-hashed before the recording continues; the caller re-hashes older ones later."""

_SEGMENT = re.compile(r"([a-z][a-z0-9_]{0,31})-([0-9]{6})\.age")


Pause = tuple[int, int | None]
"""Begin and end of a pause by order, in ms; no end while it lasts."""


class RecoveryError(Exception):
    """The folder cannot be opened; nothing was changed. `code` is stable."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True)
class RecoveryTarget:
    """Parameters of the recording to open."""

    court: str
    recording: str
    hearing: str
    recipients: Sequence[tuple[str, str]]
    """Name in the journal (a role) and age recipient of each authority."""
    required: Sequence[TrackLedger]
    extra: Sequence[Line] = ()
    """Lines for the journal's beginning: results of sound checks."""
    off: Mapping[str, str] = field(default_factory=dict)
    """Tracks last reported as switched off, with the cause of their gap."""
    pause: tuple[str, str] | None = None
    """By which role and why the recording is to be paused when it is opened again, if it is not yet."""
    stretch: Sequence[tuple[str, str]] = ()
    """Name and age recipient of each who alone may open it from then on, if a key of theirs is not in force yet."""

    @property
    def origin(self) -> str:
        """The recording's origin."""
        return f"{self.court}/hearing/{self.recording}"


@dataclass
class Opened:
    """An open recording."""

    journal: Journal
    store: FileStore
    keys: RecordingKeys
    timeline: Timeline
    ledgers: dict[str, TrackLedger]
    reopened: bool
    closed_at: int | None = None
    """End in ms of a recording whose `close` is in force, which is read-only; else None."""
    gaps: list[Line] = field(default_factory=list)
    files: list[tuple[str, str]] = field(default_factory=list)
    """Path and hash of every journaled file, oldest first."""
    log: HearingLog = field(default_factory=HearingLog)
    """State of the hearing's log as journaled."""
    pauses: list[Pause] = field(default_factory=list)
    """The pauses by order, oldest first."""


def open_recording(folder: Path, seal: CourtSeal, wanted: RecoveryTarget) -> Opened:
    """Open the folder, new or again. RecoveryError or OSError on failure; no opening was acknowledged then."""
    if not (folder / journals.CHECKPOINT).exists():
        _finish_first_head(folder, seal, wanted.origin)
    if (folder / journals.CHECKPOINT).exists():
        opened = _again(folder, seal, wanted)
    else:
        if folder.exists():
            _remove_unfinished(folder)
        opened = _new(folder, seal, wanted)
    try:
        custody.open_log(folder, wanted.origin, seal, time.time_ns())
        if opened.closed_at is not None:
            custody.close_log(folder, seal, time.time_ns())
    except custody.NotProvenError as error:
        opened.journal.close()
        raise RecoveryError(f"custody_{error.code}", str(error)) from error
    except custody.CustodyError as error:
        opened.journal.close()
        raise OSError(str(error)) from error
    return opened


def _finish_first_head(folder: Path, seal: CourtSeal, origin: str) -> None:
    """Store the first head if it was signed but the process ended before storing it.

    RecoveryError when the seal has signed a head of this recording and its journal is not there.
    """
    last = seal.trust().last(origin)
    if last is None:
        return
    path = folder / journals.NAME
    tree = journals.tree_of(path.read_bytes() if path.exists() else b"")
    if tree.size < last.size or tree.root(last.size) != last.root:
        raise RecoveryError("journal_rollback", "the seal has signed a journal of this recording that is not here")
    FileStore(folder).replace(journals.CHECKPOINT, seal.sign_head(last, tree))


def software() -> str:
    """The fields of `open` that identify the recording software."""
    try:
        return f"vivavoce {metadata.version('vivavoce')}"
    except metadata.PackageNotFoundError:
        return "vivavoce"


def _new(folder: Path, seal: CourtSeal, wanted: RecoveryTarget) -> Opened:
    folder.mkdir(mode=0o700)
    (folder / "seg").mkdir(mode=0o700)
    (folder / "index").mkdir(mode=0o700)
    sync_folder(folder.parent)
    identity = age.make_recording_identity([text for _, text in wanted.recipients])
    recipient = identity.recipient
    wrapped = age.wrap(identity, [text for _, text in wanted.recipients])
    del identity
    write_durably(folder / key_file(MAIN), wrapped)
    names = tuple(name for name, _ in wanted.recipients)
    keys = RecordingKeys(RecordingKey(MAIN, recipient, names))
    store = FileStore(folder)
    rekeyed = _rekey(store, keys, wanted, 0)
    journal = Journal(folder, wanted.origin, seal)
    timeline = Timeline.begin()
    ledgers = {ledger.track: ledger for ledger in wanted.required}
    opening: Line = {
        "type": "open",
        "format": 1,
        "recording": wanted.recording,
        "hearing": wanted.hearing,
        "origin": wanted.origin,
        "software": software(),
        "recipient": recipient.text,
        "recipients": list(names),
        "clock": "system+monotonic",
        "zero": str(timeline.zero),
    }
    tracks = [ledger.declaration() for ledger in ledgers.values()]
    journal.append([opening, keywrap(MAIN, wrapped), *rekeyed, timeline.anchor(), *tracks, *wanted.extra])
    journal.sign()
    return Opened(journal, store, keys, timeline, ledgers, reopened=False)


def _rekey(store: FileStore, keys: RecordingKeys, wanted: RecoveryTarget, t: int) -> list[Line]:
    """The lines by which a key of its own for the recipients wanted is in force from `t` ms on; none if it is so."""
    if not wanted.stretch or keys.serves([name for name, _ in wanted.stretch]):
        return []
    key, wrapped = keys.make(store, wanted.stretch)
    keys.turn(key, t)
    return [wrapped, key.line(t)]


def _remove_unfinished(folder: Path) -> None:
    """Delete an opening that was never acknowledged: no head was signed, so no segment was cut."""
    if any((folder / "seg").glob("*.age")):
        raise RecoveryError("no_checkpoint", "there are segments and no signed checkpoint")
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        else:
            path.unlink()
    folder.rmdir()


@dataclass
class _State:
    """The state of a recording, from its journal."""

    opening: Line
    keys: RecordingKeys
    ledgers: dict[str, TrackLedger] = field(default_factory=dict)
    files: list[tuple[str, str]] = field(default_factory=list)
    latest: int = 0
    """The latest time on the timeline that it names, ms."""
    closed_at: int | None = None
    log: HearingLog = field(default_factory=HearingLog)
    pauses: list[Pause] = field(default_factory=list)


def read_state(lines: Sequence[bytes]) -> _State:
    """Read the state from the lines, in order; RecoveryError if the first is not an `open` of this format."""
    try:
        return _read_state(lines)
    except (ValueError, KeyError, IndexError, TypeError, struct.error, age.SealError) as error:
        raise RecoveryError("journal_damaged", "the journal holds what is not a line of it") from error


def _read_state(lines: Sequence[bytes]) -> _State:
    opening = json.loads(lines[0])
    if opening.get("type") != "open" or opening.get("format") != 1:
        raise RecoveryError("journal_damaged", "the journal does not begin with an open line of format 1")
    main = RecordingKey(MAIN, age.recipient_of(opening["recipient"]), tuple(opening["recipients"]))
    state = _State(opening, RecordingKeys(main))
    for raw in lines[1:]:
        line = json.loads(raw)
        kind = line["type"]
        state.latest = max(state.latest, *(line[name] for name in ("t", "t1") if isinstance(line.get(name), int)), 0)
        if kind == "track":
            state.ledgers[line["track"]] = from_declaration(line)
        elif kind in ("init", "segment", "recovered_segment", "gap"):
            state.ledgers[line["track"]].apply(line)
        elif kind in ("event", "person"):
            state.log.apply(line)
        elif kind == "pause":
            state.pauses.append((line["t"], None))
        elif kind == "resume":
            state.pauses[-1] = (state.pauses[-1][0], line["t"])
        elif kind in ("keywrap", "rekey"):
            state.keys.apply(line)
        elif kind == "close":
            state.closed_at = line["t"]
        elif kind == "reopen":
            state.closed_at = None
        if "sha256" in line and "file" in line:
            state.files.append((line["file"], line["sha256"]))
    return state


def _again(folder: Path, seal: CourtSeal, wanted: RecoveryTarget) -> Opened:
    store = FileStore(folder)
    proven = _proven(folder, seal, wanted.origin)
    lines, unsigned = proven.lines[: proven.signed], proven.lines[proven.signed :]
    state = read_state(lines)
    if state.closed_at is None:
        for path in [*folder.glob(f"{TEMPORARY}*"), *folder.glob(f"*/{TEMPORARY}*")]:
            path.unlink()
    data = b"".join(line + b"\n" for line in lines)
    if unsigned or proven.torn:
        custody.set_aside(folder, journals.NAME, len(data))
        store.replace(journals.NAME, data)
    journal = Journal(folder, wanted.origin, seal, tree=journals.tree_of(data), length=len(data))
    journal.signed = proven.head.size
    timeline = Timeline.again(int(state.opening["zero"]), state.latest)
    opened = Opened(
        journal,
        store,
        state.keys,
        timeline,
        state.ledgers,
        True,
        closed_at=state.closed_at,
        files=state.files,
        log=state.log,
        pauses=state.pauses,
    )
    if state.closed_at is None:
        _reopen(folder, opened, wanted, unsigned)
    journal.sign()
    return opened


def _proven(folder: Path, seal: CourtSeal, origin: str) -> ProvenJournal:
    """The journal, checked against what the seal has signed."""
    note, data = (folder / journals.CHECKPOINT).read_bytes(), (folder / journals.NAME).read_bytes()
    try:
        return prove(data, note, origin, seal.trust())
    except ProofError as error:
        raise RecoveryError(f"journal_{error.code}", str(error)) from error


def _line_behind_head(line: bytes) -> Line:
    """The `found` line for a line behind the last signed head, which it quotes as text, since nobody sealed it."""
    return {"type": "found", "text": line[:MOST_FOUND].decode(errors="replace")}


def _reopen(folder: Path, opened: Opened, wanted: RecoveryTarget, unsigned: Sequence[bytes]) -> None:
    for path in folder.glob("index/*"):
        path.unlink()
    (folder / "index").mkdir(mode=0o700, exist_ok=True)
    timeline = opened.timeline
    notices = [
        {"type": "notice", "code": "file_damaged", "text": f"{name} is missing or was altered"}
        for name, sha256 in opened.files[-REHASHED:]
        if not is_intact(folder, name, sha256)
    ]
    recovered, removed = _adopt_orphans(folder, opened)
    adopted = opened.keys.adopt(folder)
    lines: list[Line] = [{"type": "reopen", "t": timeline.t, "reason": "the recorder was started again"}]
    anchor = timeline.anchor()
    lines.append({**anchor, "t": max(timeline.t, anchor["t"])})
    lines += [*adopted, *recovered, *(_line_behind_head(line) for line in unsigned)]
    for ledger in opened.ledgers.values():
        found = bool(ledger.recovered)
        for t0, t1, paused in list(_missing(ledger.end, timeline.t, opened.pauses)):
            line = ledger.gap_line(t0, t1, PAUSE if paused else "recovered" if found else _cause(ledger, wanted))
            ledger.apply(line)
            lines.append(line)
            opened.gaps.append(line)
    for ledger in wanted.required:
        if ledger.track not in opened.ledgers:
            opened.ledgers[ledger.track] = ledger
            lines.append(ledger.declaration())
    if wanted.pause is not None and not _is_paused(opened.pauses):
        by, reason = wanted.pause
        opened.pauses.append((timeline.t, None))
        lines.append({"type": "pause", "t": timeline.t, "by": by, "reason": reason})
    lines += _rekey(opened.store, opened.keys, wanted, timeline.t)
    lines += [*notices, *removed, *wanted.extra]
    opened.journal.append(lines)


def _is_paused(pauses: Sequence[Pause]) -> bool:
    return bool(pauses) and pauses[-1][1] is None


def _missing(since: int, until: int, pauses: Sequence[Pause]) -> Iterator[tuple[int, int, bool]]:
    """The pieces of a time that no line answers for: begin and end in ms, and whether it is in a pause by order."""
    for begin, end in pauses:
        first, last = max(begin, since), min(until if end is None else end, until)
        if first >= last:
            continue
        if since < first:
            yield since, first, False
        yield first, last, True
        since = last
    if since < until:
        yield since, until, False


def _cause(ledger: TrackLedger, wanted: RecoveryTarget) -> str:
    """The cause of a track's gap while the recorder was not running: an earlier known cause continues."""
    off = wanted.off.get(ledger.track, "")
    return off if off in SWITCHED_OFF and off == ledger.last_cause else "recorder"


def _adopt_orphans(folder: Path, opened: Opened) -> tuple[list[Line], list[Line]]:
    """Lines for segment files that no line names, and notices for other such files, which are deleted.

    Deleted too: what no line names of a track of which nothing was to be kept since its last line, by a pause.
    """
    known = {name for name, _ in opened.files}
    recovered: list[Line] = []
    removed: list[Line] = []
    for path in sorted(folder.glob("seg/*")):
        name = f"seg/{path.name}"
        if name in known:
            continue
        match = _SEGMENT.fullmatch(path.name)
        ledger = opened.ledgers.get(match[1]) if match else None
        if match is None or ledger is None or not ledger.init or int(match[2]) <= ledger.count:
            path.unlink()
            removed.append({"type": "notice", "code": "file_removed", "text": f"{name} belonged to nothing"})
            continue
        if all(paused for *_, paused in _missing(ledger.end, opened.timeline.t, opened.pauses)):
            path.unlink()
            removed.append({"type": "notice", "code": "file_removed", "text": f"{name} was made in a pause by order"})
            continue
        target = segment_name(ledger.track, ledger.count + 1)
        path.rename(folder / target)
        data = (folder / target).read_bytes()
        line: Line = {
            "type": "recovered_segment",
            "track": ledger.track,
            "n": ledger.count + 1,
            "file": target,
            "size": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
        }
        ledger.apply(line)
        recovered.append(line)
    sync_folder(folder / "seg")
    return recovered, removed


def is_intact(folder: Path, name: str, sha256: str) -> bool:
    """Whether a journaled file exists and has the journaled hash."""
    try:
        return hashlib.sha256((folder / name).read_bytes()).hexdigest() == sha256
    except OSError:
        return False
