"""The sealer: encrypts segments, makes them durable and journals them in order. Owns journal, store and ledgers.

Segments of a round are sealed and staged in a small pool of threads; one thread publishes, reads back, re-hashes and
journals the rounds in order, and has the head signed after each. Effects of a round, in order: `track` lines; files
renamed, their folder fsynced; each file read back and re-hashed; all other lines appended and fsynced; the head signed
by the seal process; progress reported. A segment that could not be stored becomes a gap of the same length; its file is
deleted and its number reused. Runs outside the event loop; callbacks are called on the sealer's thread.
"""

import contextlib
import hashlib
import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from media.evidence.log import custody
from media.evidence.log.journal import Journal, JournalBrokenError, JournalError, Line
from media.evidence.log.store import SegmentStore
from media.evidence.recording import mux
from media.evidence.recording.ledger import TrackLedger, segment_name, total
from media.evidence.recording.reserved_space import FULL, ReservedSpace
from media.evidence.recording.sealing_rounds import (
    Closed,
    Entry,
    Listener,
    Named,
    Progress,
    SealingRound,
    Staged,
    StoreError,
)
from media.evidence.recording.track import Segment, TrackGap
from media.evidence.seal.age import Recipient
from media.evidence.seal.client import SealSilentError
from media.evidence.seal.heads import SealRefusedError

logger = logging.getLogger("vivavoce.media.evidence.recording.sealer")

SIGN_EVERY = 1.0
RETRY_EVERY = 1.0
SEAL_PATIENCE = 5.0
"""Seconds without the seal process, which may be restarting, before that is an error."""
LOOK_EVERY = 5.0
POOL = 2
SHARE = 4
"""A thread is not woken for fewer segments of a round than this, unless there are no more."""


class Sealer:
    """Seals the rounds of one recording; made when the journal is open, ends with `close` or `stop`."""

    def __init__(
        self,
        journal: Journal,
        store: SegmentStore,
        recipient: Recipient,
        ledgers: dict[str, TrackLedger],
        listener: Listener,
        ballast: ReservedSpace | None = None,
        freezes: Callable[[], object] | None = None,
    ) -> None:
        """`freezes` writes the closing head into the custody log; it raises `CustodyError`."""
        self._freezes = freezes
        self.ledgers = ledgers
        self.failure = ""
        """Code of the error that has not been overcome yet."""
        self._journal = journal
        self._store = store
        self._main = recipient
        self.recipient = recipient
        """To whom the segments of the rounds handed over from now on are encrypted; headers go to the main recipient.
        Set on the event loop."""
        self._listener = listener
        self._ballast = ballast
        self._full = False
        self._closed = False
        self._leftovers: set[str] = set()
        self._pool = ThreadPoolExecutor(POOL, thread_name_prefix="seal")
        self._queue: queue.SimpleQueue[SealingRound | Callable[[], None] | None] = queue.SimpleQueue()
        self._signed_at = time.monotonic()
        self._looked_at = 0.0
        self._low = False
        self._stopping = threading.Event()
        self._silent_since = 0.0
        self._owed: Progress | None = None
        """Progress that is journaled and not yet covered by a signed head."""
        self._held = threading.Lock()
        self.pending = 0
        """Segments handed over and not yet sealed."""
        self.pending_bytes = 0
        self._thread = threading.Thread(target=self._run, name="sealer", daemon=True)
        self._thread.start()

    @property
    def full(self) -> bool:
        """Whether the disk is full; nothing is staged until it has room again."""
        return self._full

    def submit(self, entries: Sequence[Entry], *, proof: bool = False, binding: bool = False) -> None:
        """Hand over a round; returns at once. Called on the event loop. `binding`: no later round gets a file before
        the lines of this one are under a signed head."""
        work = SealingRound(entries, proof=proof, binding=binding)
        segments: list[tuple[int, str, Segment]] = []
        for place, entry in enumerate(entries):
            if isinstance(entry, tuple) and isinstance(entry[1], Segment):
                work.bytes += sum(block.weight for block in entry[1].blocks)
                segments.append((place, entry[0], entry[1]))
        work.segments = len(segments)
        if not self._full:
            share = max(SHARE, -(-len(segments) // POOL))
            for start in range(0, len(segments), share):
                work.staging.append(
                    self._pool.submit(self._stage_share, segments[start : start + share], self.recipient)
                )
        with self._held:
            self.pending += work.segments
            self.pending_bytes += work.bytes
        self._queue.put(work)

    def proven(self) -> "Future[None]":
        """Set once the rounds handed over are journaled and under a signed head; else `StoreError`."""
        future: Future[None] = Future()

        def work() -> None:
            if self._sign():
                future.set_result(None)
            else:
                future.set_exception(StoreError(self.failure or "seal_lost", "the head could not be signed"))

        self._queue.put(work)
        return future

    def close(self, t: int) -> "Future[Closed]":
        """Journal the end at `t` ms, after all rounds handed over; every ledger must reach its end."""
        future: Future[Closed] = Future()

        def work() -> None:
            try:
                future.set_result(self._close(t))
            except Exception as error:
                logger.exception("the recording could not be closed")
                future.set_exception(error)

        self._queue.put(work)
        return future

    def stop(self, timeout: float = 10.0) -> bool:
        """Seal the rounds handed over, sign, end the thread; False if the disk prevents it."""
        self._queue.put(None)
        self._thread.join(timeout / 2)
        self._stopping.set()
        self._thread.join(timeout / 2)
        self._pool.shutdown(wait=False, cancel_futures=True)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            while True:
                try:
                    work = self._queue.get(timeout=SIGN_EVERY)
                except queue.Empty:
                    self._idle()
                    continue
                if work is None:
                    self._sign()
                    self._journal.close()
                    return
                if callable(work):
                    work()
                    continue
                self._seal(work)
                with self._held:
                    self.pending -= work.segments
                    self.pending_bytes -= work.bytes
                self._idle()
        except Exception:
            logger.exception("the sealer has stopped")
            self._fail("internal", "the sealer has stopped on an error of its own")
            self._listener.dead()

    def _idle(self) -> None:
        if time.monotonic() - self._signed_at >= SIGN_EVERY:
            self._sign()
        self._look_at_disk()
        if self._full and self._ballast is not None and self._ballast.fill():
            self._full = False
            self._append([_notice("disk_room", "there is room on the disk again")])
            self._listener.room()

    def _look_at_disk(self) -> None:
        """Raise an early alarm, once each time the disk becomes nine tenths full."""
        if self._ballast is None or time.monotonic() - self._looked_at < LOOK_EVERY:
            return
        self._looked_at = time.monotonic()
        was, self._low = self._low, self._ballast.is_low()
        if self._low and not was:
            logger.warning("the recorder's disk is nine tenths full")
            self._append([_notice("disk_low", "the disk is nine tenths full")])

    def _sign(self) -> bool:
        """Have the journal's head signed, then report the progress that waited for it; False when not signed."""
        self._signed_at = time.monotonic()
        try:
            self._journal.sign()
        except SealSilentError as error:
            self._silent_since = self._silent_since or self._signed_at
            if time.monotonic() - self._silent_since >= SEAL_PATIENCE:
                self._fail("seal_lost", str(error))
            return False
        except SealRefusedError as error:
            self._fail("seal_refused", str(error))
            return False
        except OSError as error:
            self._fail_on(error, "the checkpoint could not be stored")
            return False
        self._silent_since = 0.0
        if self._owed is not None:
            self._tell(self._owed)
        return True

    def _tell(self, progress: Progress) -> None:
        """Report what was sealed, once a signed head covers it."""
        self._owed = None
        if progress.sealed or self.failure in ("seal_lost", "seal_refused"):
            self.failure = ""
        self._listener.progress(progress)

    # --- a round -------------------------------------------------------------------------------------------------

    def _stage(self, name: str, clear: Callable[[], bytes], recipient: Recipient) -> Staged:
        sealed = recipient.seal(clear())
        ticket = self._store.stage(name, sealed)
        return Staged(ticket, hashlib.sha256(sealed).hexdigest(), len(sealed))

    def _stage_share(
        self, segments: Sequence[tuple[int, str, Segment]], recipient: Recipient
    ) -> dict[int, Staged | Exception]:
        """One thread's share of a round: by index, the staged segment or the error."""
        out: dict[int, Staged | Exception] = {}
        for place, track, segment in segments:
            try:
                out[place] = self._stage(segment_name(track, 1), partial(mux.clusters, segment.blocks), recipient)
            except Exception as error:
                out[place] = error
        return out

    def _seal(self, work: SealingRound) -> None:
        before = total(self.ledgers, "count")
        self._sweep()
        for entry in work.entries:
            if isinstance(entry, TrackLedger):
                self._append([entry.declaration()])
                self.ledgers[entry.track] = entry
        named, causes = self._name(work)
        good = self._publish([name for names in named.values() for name in names])
        lines: list[Line] = []
        gaps: list[tuple[str, TrackGap]] = []
        lost: list[str] = []
        for place, entry in enumerate(work.entries):
            if isinstance(entry, TrackLedger):
                continue
            if not isinstance(entry, tuple):
                lines.append(entry)
                continue
            track, item = entry
            ledger = self.ledgers[track]
            for name in named.get(place, []):
                if self._counts(ledger, name, good):
                    ledger.apply(name.line)
                    lines.append(name.line)
            if isinstance(item, Segment):
                if ledger.end == item.t1:
                    continue
                lost.append(track)
                ledger.broken = ledger.video
                item = TrackGap(item.t0, item.t1, causes.get(place, "disk"))
            line = ledger.gap_line(item.t0, item.t1, item.cause)
            ledger.apply(line)
            lines.append(line)
            gaps.append((track, item))
        self._append(lines)
        count = total(self.ledgers, "count")
        ends = {track: ledger.end for track, ledger in self.ledgers.items()}
        pending = max(0, self.pending - work.segments)
        progress = Progress(count, count - before, pending, ends, gaps, lost, work.proof)
        if self._owed is not None:
            progress = self._owed.then(progress)
        self._owed = progress
        if not self._sign() and progress.lost:
            self._listener.progress(replace(progress, sealed=0, proof=False, gaps=[]))
            self._owed = replace(progress, lost=[])
        while work.binding and self._journal.signed < self._journal.size and not self._sign():
            if self._stopping.wait(RETRY_EVERY):
                raise JournalError("stopped before a change of the key was under a signed head")

    def _name(self, work: SealingRound) -> tuple[dict[int, list[Named]], dict[int, str]]:
        """Numbers and lines for staged segments, by index in the round; for the others, the cause of the gap."""
        named: dict[int, list[Named]] = {}
        causes: dict[int, str] = {}
        drafts: dict[str, TrackLedger] = {}
        shares = [future.result() for future in work.staging]
        for place, staged in (item for share in shares for item in share.items()):
            track, segment = work.entries[place]  # type: ignore[misc]
            assert isinstance(segment, Segment)
            draft = drafts.setdefault(track, replace(self.ledgers[track], records=[], recovered=[]))
            try:
                if isinstance(staged, Exception):
                    raise staged
                names = self._name_one(draft, segment, staged)
            except OSError as error:
                self._fail_on(error, "a segment could not be written")
                draft.broken = draft.video
            except Exception:
                logger.exception("a segment could not be sealed")
                self._fail("internal", "a segment could not be sealed")
                draft.broken, causes[place] = draft.video, "recorder"
            else:
                named[place] = names
        return named, causes

    def _name_one(self, draft: TrackLedger, segment: Segment, staged: Staged) -> list[Named]:
        if draft.broken and (not segment.keys or segment.keys[0] != 0):
            self._throw_away(staged.ticket)
            return []
        names: list[Named] = []
        if not draft.init:
            first = segment.blocks[0].data
            try:
                init = self._stage(
                    segment_name(draft.track, 0),
                    lambda: mux.video_init(*mux.vp8_size(first)) if draft.video else mux.audio_init(),
                    self._main,
                )
            except Exception:
                self._throw_away(staged.ticket)
                raise
            names.append(Named(init, draft.init_line(init.size, init.sha256)))
        names.append(Named(staged, draft.segment_line(segment, staged.size, staged.sha256)))
        for name in names:
            draft.apply(name.line)
        draft.broken = False
        return names

    def _publish(self, names: Sequence[Named]) -> set[str]:
        """Rename the files and read each back; returns the paths of intact ones. The others are deleted."""
        if not names:
            return set()
        good: set[str] = set()
        try:
            self._store.publish([(name.staged.ticket, name.line["file"]) for name in names])
        except OSError as error:
            self._fail_on(error, "segments could not be stored")
            for name in names:  # numbers above the journal's: a file of such a name is not part of the recording
                self._throw_away(name.staged.ticket)
                self._throw_away(name.line["file"])
            return good
        for name in names:
            file = name.line["file"]
            try:
                if hashlib.sha256(self._store.read(file)).hexdigest() != name.staged.sha256:
                    raise OSError("what was read back is not what was written")
                good.add(file)
            except OSError as error:
                self._fail_on(error, "a segment could not be read back")
                self._throw_away(file)
        return good

    def _counts(self, ledger: TrackLedger, name: Named, good: set[str]) -> bool:
        """Whether a segment can be journaled: its file is intact, and so are those it needs (init, key frame)."""
        line = name.line
        ready = bool(ledger.init) and line["n"] == ledger.count + 1 if line["type"] == "segment" else True
        if ready and line["file"] in good and (line.get("rap") == line.get("n") or not ledger.broken):
            ledger.broken = False
            return True
        if line["file"] in good:
            self._throw_away(line["file"])
        return False

    def _throw_away(self, name: str) -> None:
        try:
            self._store.discard(name)
        except OSError:
            self._leftovers.add(name)

    def _sweep(self) -> None:
        for name in sorted(self._leftovers):
            with contextlib.suppress(OSError):
                self._store.discard(name)
                self._leftovers.discard(name)

    # --- errors --------------------------------------------------------------------------------------------------

    def _fail_on(self, error: OSError, text: str) -> None:
        if error.errno in FULL:
            self._no_room()
        else:
            self._fail("io_error", f"{text}: {error.strerror or error}")

    def _no_room(self) -> None:
        if self._full:
            return
        self._full = True
        if self._ballast is not None:
            self._ballast.free()
        self._fail("disk_full", "there is no room on the recorder's disk")
        self._append([_notice("disk_full", "there is no room on the disk")])

    def _fail(self, code: str, text: str) -> None:
        logger.error("recording is failing: %s", code)
        self.failure = code
        self._listener.failing(code, text)

    def _append(self, lines: Sequence[Line]) -> None:
        """Append, with retries until it succeeds, since published files must be journaled; gives up only when stopped.

        Nothing is appended behind `close`.
        """
        if not lines or self._closed:
            return
        while True:
            try:
                self._journal.append(lines)
            except JournalBrokenError as error:
                self._fail("io_error", str(error))
                with contextlib.suppress(JournalError, OSError):
                    self._journal.renew()
                    continue
            except JournalError as error:
                self._journal_refused(error)
            else:
                return
            if self._stopping.wait(RETRY_EVERY):
                raise JournalError("stopped before the journal could be written")

    def _journal_refused(self, error: JournalError) -> None:
        cause = error.__cause__
        full = isinstance(cause, OSError) and cause.errno in FULL
        if full and self._ballast is not None:
            self._ballast.free()
        if full:
            self._full = True
        self._fail("disk_full" if full else "io_error", str(error))

    # --- the end -------------------------------------------------------------------------------------------------

    def _close(self, t: int) -> Closed:
        self._sweep()
        if self._leftovers:
            raise StoreError("io_error", "a file that is not part of the recording could not be removed")
        tracks: dict[str, Line] = {}
        for name, ledger in sorted(self.ledgers.items()):
            pages: list[Line] = []
            for file, first, data in ledger.pages():
                self._store.replace(file, data)
                pages.append({"file": file, "size": len(data), "sha256": hashlib.sha256(data).hexdigest(), "t0": first})
            tracks[name] = ledger.closing(pages)
        if not self._closed:
            self._append([{"type": "close", "t": t, "tracks": tracks}])
            self._closed = True
        if not self._sign():
            raise StoreError(self.failure or "seal_lost", "the end could not be sealed")
        segments, gaps = total(self.ledgers, "count"), total(self.ledgers, "gaps")
        self._freeze()
        return Closed(self._journal.size, self._journal.root, segments, gaps)

    def _freeze(self) -> None:
        """Write the closing head into the custody log: from here on the recording is frozen."""
        if self._freezes is None:
            return
        try:
            self._freezes()
        except custody.CustodyError as error:
            self._fail("seal_lost", str(error))
            raise StoreError("seal_lost", "the end could not be named in the custody log") from error


def _notice(code: str, text: str) -> Line:
    return {"type": "notice", "code": code, "text": text}
