"""The rules of a journal, line by line and at its end (docs/recording-format.md §3 and §4).

Feed it every line in order; it reports faults to Findings and keeps what later checks need. It accesses no files: what
a line says of a file goes to a `Payload`.
"""

import hashlib
import re
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any, Protocol

from media.evidence.check.findings import Findings
from media.evidence.check.gaps import OwnKey
from media.evidence.check.track_check import MAX_SEGMENT_MS, NO_KEY_FRAME, RECORD, Pause, Rekey, Track
from media.evidence.log import journal_lines
from media.evidence.log.journal_lines import PAUSE, Line, LineError

ORIGIN = re.compile(
    r"(?P<court>[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*)"
    r"/hearing/(?P<uuid>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
)
"""The one form of an origin; at most 255 bytes."""
SLACK_NS = 60 * 10**9
"""How much earlier than a proven time a line may say it was written."""
AHEAD_NS = 300 * 10**9
"""How much later than a verifier's own time a time may be."""


def is_origin(text: str) -> bool:
    """Whether a text is an origin: court, `/hearing/`, UUID."""
    return len(text) <= 255 and bool(ORIGIN.fullmatch(text))


class Payload(Protocol):
    """Receiver of the journal's statements about files."""

    def segment(self, track: str, n: int, line: int, size: int | None, sha256: str | None) -> None:
        """A line names a segment (or init, n = 0); size and hash are None where the line does not give them."""

    def named(self, path: str) -> None:
        """A failed line names a file, which counts as named but cannot be compared."""

    def wrapped_key(self, path: str, report: Callable[[str], None], size: int, sha256: str) -> None:
        """A `keywrap` line; the last one of a file counts. `report` takes the line's faults."""

    def derived(self, path: str, report: Callable[[str], None], size: int, sha256: str) -> None:
        """A `derive` line."""

    def blob(self, sha256: str, report: Callable[[str], None]) -> None:
        """A line refers to a blob."""

    def page(self, path: str, line: int, size: int, sha256: str) -> None:
        """The `close` in force names an index page."""


class JournalCheck:
    """Checks a journal line by line."""

    def __init__(self, findings: Findings, payload: Payload, now_ns: int | None = None) -> None:
        self.findings = findings
        self.payload = payload
        self.now_ns = now_ns
        self.origin: str | None = None
        """`open.origin`, once the first line has been read."""
        self.foreign: int | None = None
        """The format's number when it is not 1: then lines are only counted."""
        self.lines = 0
        self.last_at: int | None = None
        """`at` of the last line, in ns."""
        self.tracks: dict[str, Track] = {}
        self.close: tuple[int, Line] | None = None
        """The `close` in force, with its line number."""
        self.proven_ns = 0
        """The latest time that a head or stamp gives, in ns; see `proven_at`."""
        self._reopens: list[tuple[int, int, dict[str, str]]] = []
        """Line, time, and the required tracks with the cause of the gap each was in ("" if in none; pause in a
        pause)."""
        self._pauses: list[Pause] = []
        self._breaks: list[int] = []
        """Times of the log's entries that order a break."""
        self.rekeys: list[Rekey] = []
        """Every change of the key, in order; before the first the main key is in force."""
        self._main: tuple[str, list[str]] | None = None
        """Recipient and recipients of `open`, once it has been read."""
        self._wrapped: set[int] = set()
        """The numbers of the keys that a `keywrap` has named."""
        self._found_again: set[tuple[str, int]] = set()
        """Track and number of each recovered segment."""
        self._keywrapped = False
        self._said_unwrapped = False
        self._expects_anchor = False
        self._entry = 0
        """The latest entry of the hearing's log, 0 before the first."""
        self._last_t = 0
        self._handlers: dict[str, Callable[[int, Line], None]] = {
            "keywrap": self._keywrap,
            "track": self._track,
            "init": self._init,
            "segment": self._segment,
            "recovered_segment": self._recovered,
            "found": self._found,
            "gap": self._gap,
            "person": self._person,
            "event": self._event,
            "derive": self._derive,
            "pause": self._pause,
            "resume": self._resume,
            "rekey": self._rekey,
            "reopen": self._reopen,
            "close": self._close,
        }

    def feed(self, raw: bytes) -> Line | None:
        """Check the next line (without its LF); returns it when it is a known type in its right form."""
        index = self.lines
        self.lines += 1
        if self.foreign is not None:
            return None
        quick = journal_lines.read_segment(raw)
        value, problem = (quick, "") if quick is not None else journal_lines.read(raw)
        if index == 0 and value is not None and self._is_foreign(value):
            return None
        if problem:
            self.findings.line(index, problem)
        kind = value.get("type") if value is not None else None
        kind = kind if isinstance(kind, str) else None
        self._check_order(index, kind)
        if value is None:
            return None
        if b'"blob"' in raw:
            for sha256 in journal_lines.blobs(value):
                self.payload.blob(sha256, partial(self.findings.line, index))
        try:
            if quick is None:
                journal_lines.check_fields(value)
        except LineError as error:
            self.findings.line(index, f"{kind if kind in journal_lines.FIELDS else 'line'}: {error}")
            self._salvage(index, value)
            return None
        self._check_time(index, int(value["at"]))
        if kind == "open":
            self._open(index, value)
        elif kind in self._handlers:
            self._handlers[kind](index, value)
        return value if kind in journal_lines.FIELDS else None

    def proven_at(self, time_ns: int) -> None:
        """A head or stamp proves a time for the lines before it; later lines may not claim an earlier one."""
        self.proven_ns = max(self.proven_ns, time_ns)

    def finish(self) -> None:
        """The checks that need the whole journal: tiling, reopenings, close and index."""
        if self.foreign is not None:
            return
        if not self.lines:
            self.findings.line(0, "the journal is empty")
        for track in self.tracks.values():
            for n, line in track.recovered:
                self.findings.line(line, f"no gap of cause recovered follows segment {n} of {track.name}")
        self._check_reopens()
        for pause in self._pauses:
            if not any(t <= pause.begin for t in self._breaks):
                self.findings.note(
                    f"line {pause.line}: paused, and no entry of the hearing's log before it orders a break"
                )
        end = None if self.close is None else self.close[1]["t"]
        for rekey, later in zip(self.rekeys, [*(rekey.t for rekey in self.rekeys[1:]), end], strict=False):
            if rekey.key:
                self.findings.declared.stretches.append(OwnKey(rekey.key, rekey.t, later, rekey.recipients))
        if self.close is None:
            self.findings.cannot("a close: the journal does not say where the recording ends")
            for track in self.tracks.values():
                track.check_tiling(None, 0, self.findings)
                track.check_pauses(self._pauses, None, self.findings)
                track.check_rekeys(self.rekeys, self.findings)
            return
        self._check_close(*self.close)

    # --- order -------------------------------------------------------------------------------------------------------

    def _is_foreign(self, value: Line) -> bool:
        number = value.get("format")
        if value.get("type") == "open" and type(number) is int and number != 1:
            self.foreign = number
            self.findings.cannot(f"a verifier for format {number}: this one knows format 1")
            return True
        return False

    def _check_order(self, index: int, kind: str | None) -> None:
        if (index == 0) != (kind == "open"):
            self.findings.line(index, "open is line 0, once" if index else "the first line is not open")
        if self._expects_anchor and kind != "anchor":
            self.findings.line(index, "after reopen comes an anchor")
        self._expects_anchor = kind == "reopen"
        if kind in journal_lines.CUSTODY_ONLY:
            self.findings.line(index, f"{kind} has its place in the custody log")
        elif self.close is not None and kind != "reopen":
            self.findings.line(index, f"{kind or 'a line'} after close")

    def _check_time(self, index: int, at: int) -> None:
        self.last_at = at
        if at < self.proven_ns - SLACK_NS:
            self.findings.line(index, "the line claims a time before a head or stamp that precedes it")
        if self.now_ns is not None and at > self.now_ns + AHEAD_NS:
            self.findings.line(index, "the line claims a time that has not come yet")

    def _point(self, index: int, t: int) -> None:
        if t < self._last_t:
            self.findings.line(index, f"time goes back from {self._last_t} to {t} ms")
        self._last_t = max(self._last_t, t)

    def _salvage(self, index: int, value: Line) -> None:
        """A failed line still counts for numbers and file names."""
        name, n, kind = value.get("track"), value.get("n"), value.get("type")
        if not isinstance(kind, str) or kind not in journal_lines.FIELDS:
            return
        for path in files_named(value):
            self.payload.named(path)
        if not isinstance(name, str) or not journal_lines.TRACK.fullmatch(name):
            return
        if kind == "init":
            self.payload.segment(name, 0, index, None, None)
        if kind == "track":
            self._declare(index, name, None, value.get("required") is True)
        if kind in ("segment", "recovered_segment") and type(n) is int and 1 <= n <= 999_999:
            self.payload.segment(name, n, index, None, None)
            track = self._of(index, name)
            track.take_number(n, index, self.findings)
            track.add_record(n, (0, 0, 0, 0), 0, "")

    # --- one handler a type ------------------------------------------------------------------------------------------

    def _open(self, index: int, value: Line) -> None:
        if index:
            return
        self.origin = value["origin"]
        self._main = value["recipient"], value["recipients"]
        self.findings.declared.zero_ms = int(value["zero"]) // 1_000_000
        match = ORIGIN.fullmatch(value["origin"])
        if not match or not is_origin(value["origin"]) or match["uuid"] != value["recording"]:
            self.findings.line(0, "origin and recording of open do not fit")

    def _keywrap(self, index: int, value: Line) -> None:
        self._keywrapped = True
        self._wrapped.add(journal_lines.key_of_file(value["file"]) or 0)
        self.payload.wrapped_key(value["file"], partial(self.findings.line, index), value["size"], value["sha256"])

    def _track(self, index: int, value: Line) -> None:
        self._declare(index, value["track"], value["t"], value["required"])

    def _declare(self, index: int, name: str, t: int | None, required: bool) -> None:
        track = self._of(index, name)
        if track.declared:
            self.findings.line(index, f"{name} is declared twice")
            return
        track.line, track.t, track.required, track.declared = index, t, required, True

    def _of(self, index: int, name: str) -> Track:
        """The track of a name, created if it was not declared, so that its lines are checked too."""
        track = self.tracks.get(name)
        if track is None:
            track = self.tracks[name] = Track(name, index)
        return track

    def _init(self, index: int, value: Line) -> None:
        track = self._declared(index, value)
        self.payload.segment(value["track"], 0, index, value["size"], value["sha256"])
        if value["file"] != f"seg/{value['track']}-000000.age":
            self.findings.line(index, "file is not that of the track's init segment")
        if track.init:
            self.findings.line(index, f"{track.name} has two init segments")
            return
        track.init, track.mime = value["sha256"], value["mime"]

    def _segment(self, index: int, value: Line) -> None:
        track = self._numbered(index, value)
        n, t0, t1, keys = value["n"], value["t0"], value["t1"], value["k"]
        if not 1 <= t1 - t0 <= MAX_SEGMENT_MS:
            self.findings.line(index, "a segment lasts 1 to 65,534 ms")
        if keys and (keys[-1] >= t1 - t0 or any(second <= first for first, second in pairwise(keys))):
            self.findings.line(index, "k does not rise inside the segment")
        if 0 in keys:
            track.starts_with_key.add(n)
        if track.is_audio:
            if keys or value["rap"] != n:
                self.findings.line(index, "an audio segment has no k, and is its own rap")
        elif value["rap"] > n or value["rap"] not in track.starts_with_key:
            self.findings.line(index, "rap does not name a segment that begins with a key frame")
        times = (t0, t1 - t0, keys[0] if keys else NO_KEY_FRAME, n - value["rap"])
        if not track.add_record(n, times, value["size"], value["sha256"]):
            self.findings.line(index, "a value of the segment does not fit its index record")
        track.add_segment(n, (t0, t1), index, self.findings)

    def _recovered(self, index: int, value: Line) -> None:
        track = self._numbered(index, value)
        self.findings.found("recovered_segment")
        track.add_record(value["n"], (0, 0, NO_KEY_FRAME, 0), value["size"], value["sha256"])
        track.recovered.append((value["n"], index))
        self._found_again.add((track.name, value["n"]))

    def _found(self, _index: int, _value: Line) -> None:
        self.findings.found("found")

    def _gap(self, index: int, value: Line) -> None:
        track = self._declared(index, value)
        self.findings.gap(value["track"], value["t0"], value["t1"], value["cause"])
        if value["t0"] >= value["t1"]:
            self.findings.line(index, "a gap ends after it begins")
        else:
            track.add_gap((value["t0"], value["t1"]), value["cause"], index)

    def _person(self, _index: int, value: Line) -> None:
        self.findings.declared.people[value["seat"]] = value["role"], value["state"]

    def _event(self, index: int, value: Line) -> None:
        if value["entry"] != self._entry + 1:
            self.findings.line(index, f"entry {value['entry']} of the hearing's log follows entry {self._entry}")
        self._entry = max(self._entry, value["entry"])
        if value["kind"] == "break_ordered":
            self._breaks.append(value["t"])

    def _derive(self, index: int, value: Line) -> None:
        report = partial(self.findings.line, index)
        self.payload.derived(value["file"], report, value["size"], value["sha256"])

    @property
    def _is_paused(self) -> bool:
        return bool(self._pauses) and self._pauses[-1].end is None

    def _pause(self, index: int, value: Line) -> None:
        self._point(index, value["t"])
        if self._is_paused:
            self.findings.line(index, "a pause in a pause")
        else:
            self._pauses.append(Pause(index, value["t"], None))

    def _resume(self, index: int, value: Line) -> None:
        self._point(index, value["t"])
        if self._is_paused:
            self._pauses[-1] = self._pauses[-1]._replace(end=value["t"])
        else:
            self.findings.line(index, "a resume without a pause")

    def _rekey(self, index: int, value: Line) -> None:
        self._point(index, value["t"])
        key, recipient = value["key"], value["recipient"]
        present = self.rekeys[-1].key if self.rekeys else 0
        if key == present:
            self.findings.line(index, f"key {key} is in force already")
        elif key == 0:
            if self._main not in (None, (recipient, value["recipients"])):
                self.findings.line(index, "key 0 is that of open, to the same recipients")
        elif key <= max((rekey.key for rekey in self.rekeys), default=0):
            self.findings.line(index, f"key {key} was used before, or a later one")
        elif key not in self._wrapped:
            self.findings.line(index, f"key {key} has not been wrapped before it is used")
        elif recipient in {*(self._main or ())[:1], *(rekey.recipient for rekey in self.rekeys)}:
            self.findings.line(index, f"key {key} is the same as an earlier one")
        self.rekeys.append(Rekey(index, value["t"], key, recipient, tuple(value["recipients"])))

    def key_of(self, track: str, n: int, line: int) -> int | None:
        """The number of the key that opens a segment that a line names; 0, the main one, for a header (`n` = 0); None
        for a recovered one, which any may open."""
        if (track, n) in self._found_again:
            return None
        return next((rekey.key for rekey in reversed(self.rekeys) if n and rekey.line < line), 0)

    def _reopen(self, index: int, value: Line) -> None:
        self._point(index, value["t"])
        self.close = None
        required = [track for track in self.tracks.values() if track.required]
        before = {track.name: PAUSE if self._is_paused else track.last_cause for track in required}
        self._reopens.append((index, value["t"], before))

    def _close(self, index: int, value: Line) -> None:
        self._point(index, value["t"])
        if self.close is None:
            self.close = (index, value)

    def _declared(self, index: int, value: Line) -> Track:
        track = self._of(index, value["track"])
        if not track.declared:
            self.findings.line(index, f"{track.name} has not been declared")
        return track

    def _numbered(self, index: int, value: Line) -> Track:
        """Checks common to segment and recovered_segment: order, file name, number."""
        self.payload.segment(value["track"], value["n"], index, value["size"], value["sha256"])
        if value["file"] != f"seg/{value['track']}-{value['n']:06d}.age":
            self.findings.line(index, "file is not that of the track's number")
        if not self._keywrapped and not self._said_unwrapped:
            self._said_unwrapped = True
            self.findings.line(index, "a segment before any keywrap")
        track = self._declared(index, value)
        if not track.init:
            self.findings.line(index, f"a segment of {track.name} before its init")
        track.take_number(value["n"], index, self.findings)
        return track

    # --- at the end --------------------------------------------------------------------------------------------------

    def _check_reopens(self) -> None:
        for line, t, before in self._reopens:
            for name, cause in before.items():
                causes = {"recorder", "recovered"} | ({cause} & (journal_lines.SWITCHED_OFF | {PAUSE}))
                if not any(
                    item.cause in causes and item.line > line and item.t0 <= t <= item.t1
                    for item in self.tracks[name].items
                ):
                    self.findings.line(line, f"no gap of {name} covers the reopening at {t} ms")

    def _check_close(self, index: int, value: Line) -> None:
        closing: dict[str, Line] = value["tracks"]
        ends = {name: closing[name]["end"] for name in closing}
        for page in (page for entry in closing.values() for page in entry["pages"]):
            self.payload.named(page["file"])
        if closing.keys() != {track.name for track in self.tracks.values() if track.declared}:
            self.findings.line(index, "close does not name exactly the tracks declared")
        if not any(track.required for track in self.tracks.values()):
            self.findings.line(index, "no track is required")
        pauses = [pause if pause.end is not None else pause._replace(end=value["t"]) for pause in self._pauses]
        for track in self.tracks.values():
            track.check_tiling(ends.get(track.name), index, self.findings)
            track.check_pauses(pauses, ends.get(track.name), self.findings)
            track.check_rekeys(self.rekeys, self.findings)
            if track.required and track.t:
                self.findings.line(track.line, f"{track.name} is required and does not run from 0")
            if track.name in closing:
                self._check_closing(index, value["t"], track, closing[track.name])

    def _check_closing(self, index: int, t: int, track: Track, closing: Line) -> None:
        expected = {"mime": track.mime, "init": track.init, "count": track.count, "gaps": track.gaps}
        for name, item in expected.items():
            if closing[name] != item:
                self.findings.line(index, f"{name} of {track.name} is {item}, close says {closing[name]}")
        if closing["end"] > t:
            self.findings.line(index, f"{track.name} ends after close")
        if track.required and closing["end"] != t:
            self.findings.line(index, f"{track.name} is required and does not run to the close")
        pages = [_Page(path, data) for path, data in track.pages()]
        if [_Page.said(page) for page in closing["pages"]] != [page.facts for page in pages]:
            self.findings.line(index, f"the index pages of {track.name} are not what the journal gives")
        for page in pages:
            self.payload.page(page.path, index, page.size, page.sha256)


def files_named(value: Line) -> list[str]:
    """Paths in the `file` fields of a line, at whatever depth."""
    files: list[str] = []
    waiting: list[Any] = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            if isinstance(item.get("file"), str):
                files.append(item["file"])
            waiting += item.values()
        elif isinstance(item, list):
            waiting += item
    return files


class _Page:
    """An index page, from the `close` line."""

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self.size = len(data)
        self.sha256 = hashlib.sha256(data).hexdigest()
        self.facts = (path, self.size, self.sha256, RECORD.unpack_from(data)[0])

    @staticmethod
    def said(page: Line) -> tuple[str, int, str, int]:
        """The same facts as `close` gives them."""
        return page["file"], page["size"], page["sha256"], page["t0"]
