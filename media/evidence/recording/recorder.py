"""The recorder process: seals frames from the worker as segments; takes orders from and reports to the web process.

`python -m media.evidence.recording.recorder --folder RUNDIR --recordings DIR --seal SOCKET --court NAME`. It listens
on `recorder.sock` and `frames.sock` in RUNDIR and writes `recorder.pid`; it continues without a connection. `stop` and
SIGTERM seal the frames in memory and end it; the recording can be opened again. A sealer that died ends it too: its
supervisor starts another, which recovers. All state belongs to the event loop; blocking calls run in threads.
Without a recording it only does sound checks.
"""

import argparse
import asyncio
import contextlib
import fcntl
import gc
import logging
import os
import secrets
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvloop

from media.evidence.log import custody
from media.evidence.log.journal import JournalError
from media.evidence.log.proof import CourtSeal
from media.evidence.recording import clock, soundcheck
from media.evidence.recording.control import Control
from media.evidence.recording.recording import Recording, ledger_for
from media.evidence.recording.recording_keys import MAIN
from media.evidence.recording.recovery import REHASHED, Opened, RecoveryError, RecoveryTarget, is_intact, open_recording
from media.evidence.recording.reserved_space import FULL, ReservedSpace
from media.evidence.recording.restart_state import Check, RestartState
from media.evidence.recording.sealer import Sealer
from media.evidence.recording.sealing_rounds import Listener, Progress, StoreError
from media.evidence.recording.ticker import Ticker
from media.evidence.seal.age_file import SealError
from media.evidence.seal.client import SealClient, SealSilentError
from media.evidence.seal.heads import SealRefusedError
from media.link import Fence, Link, LinkError, serve
from media.log_budget import limit_log
from media.messages import (
    WEB_TO_RECORDER,
    WORKER_TO_RECORDER,
    AddTrack,
    Alive,
    Batch,
    CheckSound,
    CloseRecording,
    Done,
    Failing,
    GapDeclared,
    JournalLog,
    KeyFrameWanted,
    LogJournaled,
    Message,
    NamedRecipient,
    OpenRecording,
    PauseRecording,
    RecorderFailing,
    RecordingClosed,
    RecordingOpened,
    Refused,
    RekeyRecording,
    ResumeRecording,
    Sealed,
    SealProgress,
    SoundChecked,
    TrackPlan,
)

logger = logging.getLogger("vivavoce.media.evidence.recording.recorder")

MOST_WAITING = 600
"""Greatest number of batches kept while a recording opens: about a minute."""
CLOCK_EVERY = 600.0
"""Interval of `clock` lines, in seconds."""
SAY_AGAIN = 5.0
"""Interval in seconds at which a lasting error is reported again."""


class Recorder:
    """State and handlers of the process."""

    def __init__(self, folder: Path, recordings: Path, seal: CourtSeal, court: str) -> None:
        self.folder = folder
        self.recordings = recordings
        self.seal = seal
        self.court = court
        self.status = "idle"
        self.done = asyncio.Event()
        self.remembered = RestartState(folder / "recorder.state")
        self.control = Control(
            {
                OpenRecording: self._open,
                AddTrack: self._add_track,
                CheckSound: self._check_sound,
                JournalLog: self._journal_log,
                PauseRecording: self._pause,
                ResumeRecording: self._resume,
                RekeyRecording: self._rekey,
                CloseRecording: self._close,
            },
            status=lambda: self.status,
            refuse=self._refuse,
            stop=self.done.set,
            fence=Fence(folder / "recorder.token"),
        )
        self.beat = Ticker(self._tick, self._alive)
        self._worker: Link[Batch] | None = None
        self._plans: dict[str, TrackPlan] = {}
        self._checks: set[soundcheck.SoundCheckRun] = set()
        self._recording: Recording | None = None
        self._opening: list[Batch] | None = None
        self._name = ""
        self._ballast = ReservedSpace(recordings / f".ballast-{folder.name}")
        self._said: tuple[str, float] = ("", 0.0)
        self._clock_at = 0.0
        self._gate = asyncio.Lock()

    async def frames(self, link: Link[Batch]) -> None:
        """The connection of the worker; a new one replaces the old."""
        old, self._worker = self._worker, link
        if old is not None:
            old.abort()  # a stopped worker reads nothing: a graceful close would wait for it
        if self._recording is not None:
            self._recording.worker_came()
        if self.status == "failing":
            self._to_worker(RecorderFailing(at=time.time_ns(), code=self._said[0] or "internal"))
        try:
            async for batch in link:
                self._batch(batch)
                self.beat.move()
        except (LinkError, ConnectionError) as error:
            logger.warning("the worker's link ended: %s", error)
        finally:
            if self._worker is link:
                self._worker = None
                if self._recording is not None:
                    self._recording.worker_went()

    def _to_worker(self, message: Message) -> None:
        if self._worker is not None:
            with contextlib.suppress(ConnectionError):
                self._worker.send(message)

    def _refuse(self, message: Any, error: Exception) -> Message:
        """The answer to a command that raised an exception."""
        if isinstance(error, RecoveryError):
            return Refused(re=message.id, code=error.code, text=str(error))
        if isinstance(error, (SealSilentError, SealRefusedError)):
            code = "seal_lost" if isinstance(error, SealSilentError) else "seal_refused"
            self._failing(code, str(error))
            return Refused(re=message.id, code=code, text=str(error))
        if isinstance(error, SealError):
            return Refused(re=message.id, code="bad_recipient", text=str(error))
        if isinstance(error, (OSError, JournalError, StoreError)):
            code = "disk_full" if getattr(error, "errno", None) in FULL else "io_error"
            self._failing(code, "the recorder's disk refused")
            return Refused(re=message.id, code=code, text=str(error))
        logger.error("a command failed", exc_info=error)
        return Refused(re=message.id, code="internal", text="the recorder failed on an error of its own")

    # --- commands ------------------------------------------------------------------------------------------------

    async def _open(self, message: OpenRecording) -> Message:
        async with self._gate:
            if self._recording is not None:
                if self._name != message.recording:
                    return Refused(re=message.id, code="another_open", text="another recording is open")
                if message.pause is not None:
                    self._recording.pause(message.pause.by, message.pause.reason)
                if message.stretch:
                    await self._turn(self._recording, message.stretch)
                return self._opened(message.id, self._recording, reopened=False)
            plans = {plan.track: plan for plan in message.tracks} | self._plans
            quality = await asyncio.to_thread(clock.read)
            wanted = RecoveryTarget(
                court=self.court,
                recording=message.recording,
                hearing=message.hearing,
                recipients=_named(message.recipients),
                required=[ledger_for(plan, 0) for plan in plans.values() if plan.required],
                extra=[quality.line(), *(check.line() for check in self.remembered.checks.values())],
                off={switch.track: switch.cause for switch in self.remembered.switches.values() if not switch.on},
                pause=None if message.pause is None else (message.pause.by, message.pause.reason),
                stretch=_named(message.stretch),
            )
            self._opening = []  # frames that come meanwhile may already belong to the recording
            try:
                opened = await asyncio.to_thread(open_recording, self.recordings / message.recording, self.seal, wanted)
                self._name = message.recording
                if opened.closed_at is not None:
                    return self._closed_before(message.id, opened)
                await asyncio.to_thread(self._ballast.fill)
                recording = self._begin(opened, plans)
            finally:
                waiting, self._opening = self._opening, None
            for batch in waiting:
                self._batch(batch)
            self.control.spawn(self._look_back(opened))
            self.remembered.checks.clear()
            self.control.spawn(self.remembered.save())
            for gap in opened.gaps:
                self.control.event(GapDeclared, track=gap["track"], t0=gap["t0"], t1=gap["t1"], cause=gap["cause"])
            return self._opened(message.id, recording, reopened=opened.reopened)

    def _opened(self, re: str, recording: Recording, *, reopened: bool) -> Message:
        key = recording.keys.present
        return self.control.event(
            RecordingOpened,
            re=re,
            at=time.time_ns(),
            zero=recording.timeline.zero,
            reopened=reopened,
            paused=recording.paused,
            key=key.number,
            key_recipients=list(key.recipients),
        )

    def _begin(self, opened: Opened, plans: dict[str, TrackPlan]) -> Recording:
        loop = asyncio.get_running_loop()
        listener = Listener(
            progress=lambda progress: _call(loop, self._progress, progress),
            failing=lambda code, text: _call(loop, self._failing, code, text),
            room=lambda: _call(loop, self._room),
            dead=lambda: _call(loop, self.done.set),
        )
        folder = opened.store.folder
        sealer = Sealer(
            opened.journal,
            opened.store,
            opened.keys.main.recipient,
            opened.ledgers,
            listener,
            self._ballast,
            lambda: custody.close_log(folder, self.seal, time.time_ns()),
        )
        self._plans = plans
        self._recording = Recording(
            opened,
            sealer,
            plans,
            self.remembered.switches,
            self._want_key,
            self._failing,
            lambda: self._worker is not None,
        )
        self._said = ("", 0.0)
        self._clock_at = time.monotonic()
        self.status = "recording"
        return self._recording

    async def _look_back(self, opened: Opened) -> None:
        """Verifies the hashes of files sealed before a restart that were not verified when the recording was
        reopened."""
        for name, sha256 in opened.files[:-REHASHED]:
            if not await asyncio.to_thread(is_intact, opened.store.folder, name, sha256):
                text = f"{name} is missing or was altered"
                logger.error("%s", text)
                if self._recording is not None and self._recording.opened is opened:
                    self._recording.journal({"type": "notice", "code": "file_damaged", "text": text})

    def _closed_before(self, re: str, opened: Opened) -> Message:
        self.status = "closed"
        segments = sum(ledger.count for ledger in opened.ledgers.values())
        gaps = sum(ledger.gaps for ledger in opened.ledgers.values())
        journal = opened.journal
        journal.close()
        return self._closed(re, journal.size, journal.root, segments, gaps)

    def _closed(self, re: str, size: int, root: bytes, segments: int, gaps: int) -> Message:
        return self.control.event(
            RecordingClosed, re=re, at=time.time_ns(), size=size, root=root.hex(), segments=segments, gaps=gaps
        )

    async def _add_track(self, message: AddTrack) -> Message:
        self._plans[message.track.track] = message.track
        if self._recording is not None:
            self._recording.add(message.track)
        return Done(re=message.id)

    async def _journal_log(self, message: JournalLog) -> Message:
        if self._recording is None:
            return Refused(re=message.id, code="not_open", text="no recording is open")
        return LogJournaled(re=message.id, entry=self._recording.tell(message))

    async def _pause(self, message: PauseRecording) -> Message:
        if self._recording is None:
            return Refused(re=message.id, code="not_open", text="no recording is open")
        self._recording.pause(message.pause.by, message.pause.reason)
        await self._recording.proven()
        return Done(re=message.id)

    async def _resume(self, message: ResumeRecording) -> Message:
        if self._recording is None:
            return Refused(re=message.id, code="not_open", text="no recording is open")
        self._recording.resume(message.by)
        await self._recording.proven()
        return Done(re=message.id)

    async def _rekey(self, message: RekeyRecording) -> Message:
        async with self._gate:
            if self._recording is None:
                return Refused(re=message.id, code="not_open", text="no recording is open")
            await self._turn(self._recording, message.recipients)
            return Done(re=message.id)

    async def _turn(self, recording: Recording, recipients: list[NamedRecipient]) -> None:
        """Returns once a key of its own for these recipients, or without any the main key, is in force under a signed
        head."""
        keys, named = recording.keys, _named(recipients)
        await recording.turned()
        if named and not keys.serves([name for name, _ in named]):
            key, wrapped = await asyncio.to_thread(keys.make, recording.opened.store, named)
            recording.rekey(key, [wrapped])
        elif not named and keys.present.number != MAIN:
            recording.rekey(keys.main)
        await recording.turned()
        if not keys.serves([name for name, _ in named]) if named else keys.present.number != MAIN:
            raise StoreError("internal", "the key was not changed")
        await recording.proven()

    async def _close(self, message: CloseRecording) -> Message:
        async with self._gate:
            if self._recording is None:
                return Refused(re=message.id, code="not_open", text="no recording is open")
            recording = self._recording
            closed = await recording.close()
            self._recording = None
            self.status = "closed"
            await asyncio.to_thread(recording.sealer.stop)
            await asyncio.to_thread(self._ballast.free)
            return self._closed(message.id, closed.size, closed.root, closed.segments, closed.gaps)

    async def _check_sound(self, message: CheckSound) -> Message:
        folder = self.recordings / f".soundcheck-{self.folder.name}-{secrets.token_hex(4)}"
        check = soundcheck.SoundCheckRun(folder, message.audio, message.video, self._want_key)
        self._checks.add(check)
        try:
            measured = await check.run(message.seconds)
        finally:
            self._checks.discard(check)
        wants_picture = message.video is not None
        self._note_check(message.audio, measured.picture, measured.level, measured.audio_ok)
        if message.video is not None:
            self._note_check(message.video, measured.picture, measured.level, measured.picture)
        if self._recording is None:
            await self.remembered.save()  # before the answer: a result that was answered outlives the process
        return self.control.event(
            SoundChecked,
            re=message.id,
            audio=message.audio,
            level=measured.level,
            audio_ok=measured.audio_ok,
            picture=measured.picture,
            frames=measured.frames,
            text=soundcheck.advice(measured, wants_picture),
        )

    def _note_check(self, track: str, picture: bool, level: int, ok: bool) -> None:
        check = Check(track=track, picture=picture, level=level, ok=ok)
        if self._recording is not None:
            self._recording.journal(check.line())
        else:
            self.remembered.checks[track] = check

    # --- media ---------------------------------------------------------------------------------------------------

    def _batch(self, batch: Batch) -> None:
        if batch.switches:
            self.remembered.switches |= {switch.track: switch for switch in batch.switches}
            self.control.spawn(self.remembered.save())
        if self._opening is not None and len(self._opening) < MOST_WAITING:
            self._opening.append(batch)
            return
        for check in self._checks:
            for frame in batch.frames:
                check.feed(frame)
        if self._recording is not None:
            try:
                self._recording.feed(batch)
            except Exception:
                logger.exception("a batch could not be taken")
                self._failing("internal", "the recorder failed on an error of its own")

    def _want_key(self, track: str) -> None:
        self._to_worker(KeyFrameWanted(track=track))

    def _progress(self, progress: Progress) -> None:
        recording = self._recording
        for track, gap in progress.gaps:
            if recording is not None and recording.follows_pause(gap):
                continue
            self.control.event(GapDeclared, track=track, t0=gap.t0, t1=gap.t1, cause=gap.cause)
        if recording is None:
            return
        recording.lost(progress.lost)
        if progress.sealed or (progress.proof and not recording.sealer.failure):
            if not recording.sealer.failure:
                self.status = "recording"
                self._said = ("", 0.0)
            at, t = time.time_ns(), recording.sealed_until(progress.ends)
            self.control.event(Sealed, at=at, count=progress.count, pending=progress.pending, t=t)
            self._to_worker(SealProgress(at=at, count=progress.count))

    def _room(self) -> None:
        if self._recording is not None:
            self._recording.proceed()

    def _failing(self, code: str, text: str) -> None:
        if self._recording is not None:
            self.status = "failing"
        now = time.monotonic()
        if self._said[0] == code and now - self._said[1] < SAY_AGAIN:
            return
        self._said = (code, now)
        self.control.event(Failing, at=time.time_ns(), code=code, text=text)
        self._to_worker(RecorderFailing(at=time.time_ns(), code=code))

    # --- the process ---------------------------------------------------------------------------------------------

    def _tick(self) -> None:
        """Periodic work: cut segments, hand them to the sealer, ask for key frames."""
        if self._recording is not None:
            if time.monotonic() - self._clock_at >= CLOCK_EVERY:
                self._clock_at = time.monotonic()
                self.control.spawn(self._say_clock(self._recording))
            try:
                self._recording.tick()
            except Exception:
                logger.exception("a tick failed")
                self._failing("internal", "the recorder failed on an error of its own")

    async def _say_clock(self, recording: Recording) -> None:
        """Journals the present quality of the machine's clock."""
        recording.journal((await asyncio.to_thread(clock.read)).line())

    def _alive(self, lag: int) -> None:
        self.control.send(Alive(at=time.time_ns(), lag_ms=lag))

    async def end(self) -> None:
        """Seals the frames in memory and closes the files."""
        if self._recording is not None:
            self._recording.finish()
            if not await asyncio.to_thread(self._recording.sealer.stop):
                logger.error("the disk did not take what was held")
        await asyncio.to_thread(self._ballast.free)
        await self.control.close()
        if self._worker is not None:
            await self._worker.close()


def _named(recipients: list[NamedRecipient]) -> list[tuple[str, str]]:
    return [(recipient.name, recipient.recipient) for recipient in recipients]


def _call(loop: asyncio.AbstractEventLoop, function: Callable[..., None], *values: Any) -> None:
    """Schedules a call from another thread; does nothing when the event loop has ended."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(function, *values)


async def run(folder: Path, recordings: Path, seal: CourtSeal, court: str) -> None:
    """Serves until the message `stop` or SIGTERM."""
    recorder = Recorder(folder, recordings, seal, court)
    recorder.remembered.load()
    for stale in recordings.glob(f".soundcheck-{folder.name}-*"):
        shutil.rmtree(stale, ignore_errors=True)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, recorder.done.set)
    servers = [
        await serve(folder / "recorder.sock", WEB_TO_RECORDER, recorder.control.serve),
        await serve(folder / "frames.sock", WORKER_TO_RECORDER, recorder.frames),
    ]
    await recorder.beat.run(recorder.done)
    for server in servers:
        server.close()
    await recorder.end()


def hold(folder: Path) -> int:
    """Takes the lock of the one recorder of a folder. Raises BlockingIOError if another has it. The pid file may exist
    already."""
    descriptor = os.open(folder / "recorder.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    path = folder / "recorder.pid"
    if not path.exists() or path.read_text().split()[:1] != [str(os.getpid())]:
        started = Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]
        path.write_text(f"{os.getpid()} {started}\n")
    return descriptor


def main() -> int:
    """The command; its exit code is 2 when it cannot start."""
    parser = argparse.ArgumentParser(prog="media.evidence.recording.recorder")
    parser.add_argument("--folder", type=Path, required=True, help="private folder of sockets")
    parser.add_argument("--recordings", type=Path, required=True, help="folder that holds one folder a recording")
    parser.add_argument("--seal", type=Path, required=True, help="Unix socket of the seal process")
    parser.add_argument("--court", required=True, help="DNS name of the court")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    limit_log()
    try:
        descriptor = hold(options.folder)
    except OSError as error:
        logger.error("cannot begin: %s", error)
        return 2
    gc.collect()
    gc.freeze()  # keeps imported modules out of later garbage collections
    gc.set_threshold(20_000, 20, 20)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(run(options.folder, options.recordings, SealClient(options.seal), options.court))
    finally:
        os.close(descriptor)
    return 0


if __name__ == "__main__":
    sys.exit(main())
