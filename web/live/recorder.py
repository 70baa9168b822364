"""Client of the recorder process of one live hearing: orders that wait for their answer, and what it must confirm.

`breaks.recording_pause` and `closed_sessions.stretch` decide from the rows whether the recording is paused and to whose
key it is, so that every web process sends the same orders. `facts.paused_at` and `facts.key_of` are what the recorder
has confirmed; until that is what the rows say, the floor is closed (`RecordingOrders.waits`).
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.errors import ConductedElsewhere, DatabaseAway, DatabaseFull, DatabaseRefused, HearingsError
from hearings.roles import Role
from hearings.sitting import breaks, recordings, sittings
from media import messages
from media.link import Mandate
from media.processes import Process
from web.live import plan
from web.live.room import Room
from web.live.scene import RecordingFacts, Rows

logger = logging.getLogger("vivavoce.web.live.recorder")

ADD_SECONDS = 5
CHECK_SECONDS = 12
OPEN_SECONDS = 20
CLOSE_SECONDS = 60
JOURNAL_SECONDS = 5
PAUSE_SECONDS = 5
AGAIN_SECONDS = 1
"""Seconds after which a recorder that did not confirm a pause, or its end, is told again."""

Heard = Callable[[messages.Message], Awaitable[bool]]
Told = Callable[[], Awaitable[None]]


def will_pass(error: Exception) -> bool:
    """Whether an error is temporary, so that the event is handled again until it passes: database away or full."""
    return isinstance(error, DatabaseAway | DatabaseFull)


class RecorderSilent(HearingsError):
    """The recorder did not answer."""

    code = "recorder_silent"


class Recorder:
    """Called only from the conductor's event loop. Every order raises `RecorderSilent` when no answer comes."""

    def __init__(self) -> None:
        self._process: Process | None = None
        self.tracks: frozenset[str] = frozenset()
        """Tracks the recorder has confirmed to this web process; adding one again has no effect."""
        self._told: set[str] = set()
        """Tracks that are being added now."""

    async def start(
        self,
        argv: list[str],
        folder: Path,
        *,
        heard: Heard,
        gone: Callable[[int], None],
        lost: Told,
        restarted: Told,
        mandate: Mandate,
    ) -> bool:
        """Start the process or take it over; returns whether it was taken over. `gone` is called at once when it ends,
        before `lost` and even while `heard` waits. `heard` returns whether it has kept the event in memory only, until
        `settle`."""
        self._process = await Process.start_or_adopt(
            "recorder",
            argv,
            folder,
            "recorder.sock",
            messages.RECORDER_TO_WEB,
            on_message=heard,
            on_lost=lost,
            on_restart=restarted,
            mandate=mandate,
            on_gone=gone,
            passing=will_pass,
        )
        return self._process.adopted

    def settle(self) -> None:
        """The events that were kept in memory are in the rows."""
        if self._process is not None:
            self._process.settle()

    async def caught_up(self, within: float) -> bool:
        """Wait until the recorder's events from before the take-over have been processed."""
        return self._process is None or await self._process.caught_up(within)

    async def detach(self) -> None:
        """Leave the recorder running."""
        if self._process is not None:
            await self._process.detach()

    async def stop(self) -> None:
        """End the recorder."""
        if self._process is not None:
            await self._process.stop()

    async def check_sound(self, audio: str, video: str | None) -> messages.SoundChecked:
        """Record to a temporary key, read back, decode, delete."""
        order = messages.CheckSound(id=self._id(), audio=audio, video=video, seconds=CHECK_SECONDS)
        answer = await self._ask(order, CHECK_SECONDS + 15)
        assert isinstance(answer, messages.SoundChecked)
        return answer

    async def open(
        self,
        recording: str,
        hearing: str,
        recipients: list[messages.NamedRecipient],
        tracks: list[messages.TrackPlan],
        pause: messages.OrderedPause | None = None,
        stretch: Sequence[messages.NamedRecipient] = (),
    ) -> messages.RecordingOpened | messages.RecordingClosed:
        """Open a recording, new or again; the answer is that it is closed if the recorder was lost while closing it.
        `pause`: the break that is in force. `stretch`: who alone can open what is recorded in a closed session."""
        order = messages.OpenRecording(
            id=self._id(),
            recording=recording,
            hearing=hearing,
            recipients=recipients,
            tracks=tracks,
            pause=pause,
            stretch=list(stretch),
        )
        opened = await self._ask(order, OPEN_SECONDS)
        assert isinstance(opened, messages.RecordingOpened | messages.RecordingClosed)
        if isinstance(opened, messages.RecordingOpened):
            self.tracks = frozenset(track.track for track in tracks)
        return opened

    def lacks(self, wanted: Sequence[messages.TrackPlan]) -> bool:
        """Whether a track is neither confirmed nor being added."""
        return any(track.track not in self.tracks | self._told for track in wanted)

    async def add_tracks(self, wanted: Sequence[messages.TrackPlan]) -> bool:
        """Add tracks that are new since the recording was opened; returns whether all are confirmed now."""
        missing = [track for track in wanted if track.track not in self.tracks | self._told]
        self._told |= {track.track for track in missing}
        try:
            for track in missing:
                await self._ask(messages.AddTrack(id=self._id(), track=track), ADD_SECONDS)
                self.tracks |= {track.track}
        except RecorderSilent:
            return False
        finally:
            self._told -= {track.track for track in missing}
        return True

    async def journal_log(self, people: list[messages.SeatedPerson], entries: list[messages.LoggedEntry]) -> int:
        """Have it journal the people by seat and entries of the hearing's log; returns the latest entry journaled."""
        order = messages.JournalLog(id=self._id(), sent=time.time_ns(), people=people, entries=entries)
        answer = await self._ask(order, JOURNAL_SECONDS)
        assert isinstance(answer, messages.LogJournaled)
        return answer.entry

    async def pause(self, pause: messages.OrderedPause) -> None:
        """Have it keep nothing from now on; returns once that is under the seal. The same again changes nothing."""
        await self._ask(messages.PauseRecording(id=self._id(), pause=pause), PAUSE_SECONDS)

    async def resume(self, by: str) -> None:
        """Have it keep again what comes, by order of a role; returns once that is under the seal."""
        await self._ask(messages.ResumeRecording(id=self._id(), by=by), PAUSE_SECONDS)

    async def rekey(self, recipients: Sequence[messages.NamedRecipient]) -> None:
        """Have it encrypt what comes to a key of its own for these recipients, without any to that of the recording;
        returns once that is under the seal. The same again changes nothing."""
        await self._ask(messages.RekeyRecording(id=self._id(), recipients=list(recipients)), PAUSE_SECONDS)

    async def close(self) -> messages.RecordingClosed:
        """Seal the frames in memory, close the recording and sign its final head."""
        closed = await self._ask(messages.CloseRecording(id=self._id()), CLOSE_SECONDS)
        assert isinstance(closed, messages.RecordingClosed)
        return closed

    async def _ask(self, order: messages.Message, seconds: float) -> messages.Message:
        if self._process is None:
            raise RecorderSilent
        try:
            answer = await self._process.request(order, timeout=seconds)
        except (ConnectionError, TimeoutError) as error:
            raise RecorderSilent from error
        if isinstance(answer, messages.Refused):
            logger.warning("the recorder refused %s: %s", type(order).__name__, answer.code)
            raise RecorderSilent
        assert isinstance(answer, messages.Message)
        return answer

    def _id(self) -> str:
        assert self._process is not None
        return self._process.new_id()


class RecordingOrders:
    """Tells the recorder of one live hearing to pause or to go on, and to whose key. Called only from the conductor's
    event loop.

    `facts` gives the present facts of the recording, `note` changes fields of them, `writing` begins a transaction.
    """

    def __init__(
        self,
        room: Room,
        recorder: Recorder,
        *,
        facts: Callable[[], RecordingFacts],
        note: Callable[..., None],
        writing: Callable[[], AbstractAsyncContextManager[tuple[AsyncSession, Rows]]],
    ) -> None:
        self._room = room
        self._recorder = recorder
        self._facts = facts
        self._note = note
        self._writing = writing
        self._lock = asyncio.Lock()
        """Held while the recorder is told, and while a break or a closed session ends."""
        self._known = False
        """Whether the recorder has confirmed to this process what the facts say."""
        self._under_way = False
        self._ended: dict[str, Any] = {}
        """Facts that the recorder has confirmed to the transaction under way, and has not been started again since."""

    @property
    def _open(self) -> bool:
        facts = self._facts()
        return facts.opened_at is not None and facts.closed_at is None and facts.stopping_at is None

    def doubt(self) -> None:
        """The recorder may have changed: it is told again."""
        self._known = False

    def opened(self, opened: messages.RecordingOpened, *, told: bool) -> None:
        """The recorder has opened the recording and says whether it is paused, and to whose key. `told`: to an order
        just given; else it is told again what the rows say."""
        self._note(
            paused_at=(self._facts().paused_at or opened.at) if opened.paused else None,
            key_of=tuple(opened.key_recipients) if opened.key else (),
        )
        self._known, self._ended = told, {}

    def waits(self, rows: Rows) -> bool:
        """Whether the floor is closed because the recorder may be keeping nothing, or may record to another key than
        the rows say. Without a closed session it is to that of the recording: it ended only when that was confirmed."""
        facts, stretch = self._facts(), _names(plan.recording_stretch(rows.sitting))
        return facts.paused_at is not None or facts.key_of != stretch or (bool(stretch) and not self._known)

    def follow(self, rows: Rows) -> None:
        """Has the recorder do as the rows say, until it confirms that. Rows with neither a break nor a closed session
        are not sent again: each ended in them only when the recorder had confirmed it."""
        facts, stretch = self._facts(), _names(plan.recording_stretch(rows.sitting))
        wanted = plan.recording_pause(rows.sitting) is not None
        agrees = wanted == (facts.paused_at is not None) and stretch == facts.key_of
        agrees = agrees and (self._known or not (wanted or stretch))
        if self._open and not agrees and not self._under_way:
            self._under_way = True
            self._room.spawn(self._tell())

    async def _tell(self) -> None:
        try:
            async with self._lock:
                await self._tell_once()
        except (RecorderSilent, DatabaseRefused, ConductedElsewhere):
            logger.warning("the recorder has not confirmed what is ordered of it")
            await asyncio.sleep(AGAIN_SECONDS)
        finally:
            self._under_way = False
            self._room.touch()

    async def _tell_once(self) -> None:
        async with self._room.reading() as (_db, rows):
            pause, stretch = plan.recording_pause(rows.sitting), plan.recording_stretch(rows.sitting)
        if not self._open:
            return
        self._known = False
        if stretch or self._facts().key_of:
            await self._recorder.rekey(stretch)
        if pause is not None:
            await self._recorder.pause(pause)
        else:
            await self._recorder.resume("")
        async with self._writing() as (db, rows):
            if pause is not None:  # it locks the sitting, which everybody locks first
                await breaks.confirmed(db, sitting=rows.sitting, now=self._room.now())
            if rows.recording is not None:
                to = recordings.paused if pause is not None else recordings.resumed
                await to(db, recording=rows.recording, now=self._room.now())
        paused_at = (self._facts().paused_at or time.time_ns()) if pause is not None else None
        self._note(paused_at=paused_at, key_of=_names(stretch))
        self._known = True

    @contextlib.asynccontextmanager
    async def ending(self) -> AsyncIterator[None]:
        """Around the transaction in which somebody lifts a hold or ends a closed session. When it fails after the
        recorder has confirmed that, the recorder is told again what the rows say."""
        async with self._lock:
            self._ended = {}
            try:
                yield
            finally:
                self._room.touch()
            if self._ended:
                self._note(**self._ended)
                self._known = True

    async def end(self, db: AsyncSession, rows: Rows, *, paused: bool, by: Role | None) -> None:
        """Has the recorder go on if the rows of this transaction say so. `paused`: whether there was a break before it.
        Effects: recording to recording.

        Raises `RecorderSilent` when it does not confirm that, unless two have decided to go on without a recording.
        """
        paused = paused or self._facts().paused_at is not None
        if not self._open or rows.recording is None or not paused or plan.recording_pause(rows.sitting) is not None:
            return
        self._known = False
        try:
            await self._recorder.resume(by.value if by else "")
        except RecorderSilent:
            if not sittings.unrecorded(rows.sitting):
                raise
            return
        await recordings.resumed(db, recording=rows.recording, now=self._room.now())
        self._ended["paused_at"] = None

    async def reopen_key(self, rows: Rows) -> None:
        """Has the recorder record to the recording's key again, now that the rows of this transaction say so.

        Raises `RecorderSilent` when it does not confirm that, unless two have decided to go on without a recording.
        """
        if not self._open or plan.recording_stretch(rows.sitting):
            return
        self._known = False
        try:
            await self._recorder.rekey([])
        except RecorderSilent:
            if not sittings.unrecorded(rows.sitting):
                raise
            return
        self._ended["key_of"] = ()


def _names(recipients: Sequence[messages.NamedRecipient]) -> tuple[str, ...]:
    return tuple(recipient.name for recipient in recipients)
