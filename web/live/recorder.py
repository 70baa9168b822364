"""Client of the recorder process of one live hearing: orders that wait for their answer, and the pause by order.

`breaks.recording_pause` decides from the rows whether the recording is paused, so that every web process sends the same
order. `facts.paused_at` is what the recorder has confirmed; as long as it may be keeping nothing, the floor is closed
(`plan.grants`).
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.errors import ConductedElsewhere, DatabaseAway, DatabaseFull, DatabaseRefused, HearingsError
from hearings.roles import Role
from hearings.sitting import recordings, sittings
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
    ) -> messages.RecordingOpened | messages.RecordingClosed:
        """Open a recording, new or again; the answer is that it is closed if the recorder was lost while closing it.
        `pause`: the break that is in force."""
        order = messages.OpenRecording(
            id=self._id(), recording=recording, hearing=hearing, recipients=recipients, tracks=tracks, pause=pause
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


class RecordingPauses:
    """Tells the recorder of one live hearing to pause or to go on. Called only from the conductor's event loop.

    `facts` gives the present facts of the recording, `note` sets their `paused_at`, `writing` begins a transaction.
    """

    def __init__(
        self,
        room: Room,
        recorder: Recorder,
        *,
        facts: Callable[[], RecordingFacts],
        note: Callable[[int | None], None],
        writing: Callable[[], AbstractAsyncContextManager[tuple[AsyncSession, Rows]]],
    ) -> None:
        self._room = room
        self._recorder = recorder
        self._facts = facts
        self._note = note
        self._writing = writing
        self._lock = asyncio.Lock()
        """Held while the recorder is told, and while a break ends."""
        self._known = False
        """Whether the recorder has confirmed to this process what the facts say of a pause."""
        self._under_way = False
        self._ended = False
        """Whether the recorder goes on by the transaction that is under way, and has not been started again since."""

    @property
    def _open(self) -> bool:
        facts = self._facts()
        return facts.opened_at is not None and facts.closed_at is None and facts.stopping_at is None

    def doubt(self) -> None:
        """The recorder may have changed: it is told again."""
        self._known = False

    def opened(self, opened: messages.RecordingOpened, *, told: bool) -> None:
        """The recorder has opened the recording and says whether it is paused. `told`: to an order just given; else it
        is told again what the rows say."""
        self._note((self._facts().paused_at or opened.at) if opened.paused else None)
        self._known, self._ended = told, False

    def follow(self, rows: Rows) -> None:
        """Has the recorder pause or go on as the rows say, until it confirms that. Rows without a break are not sent
        again: the break ended in them only when the recorder went on (`end`)."""
        wanted = plan.recording_pause(rows.sitting) is not None
        agrees = wanted == (self._facts().paused_at is not None) and (self._known or not wanted)
        if self._open and not agrees and not self._under_way:
            self._under_way = True
            self._room.spawn(self._tell())

    async def _tell(self) -> None:
        try:
            async with self._lock:
                await self._tell_once()
        except (RecorderSilent, DatabaseRefused, ConductedElsewhere):
            logger.warning("it is not confirmed that the recorder pauses, or goes on")
            await asyncio.sleep(AGAIN_SECONDS)
        finally:
            self._under_way = False
            self._room.touch()

    async def _tell_once(self) -> None:
        async with self._room.reading() as (_db, rows):
            pause = plan.recording_pause(rows.sitting)
        if not self._open:
            return
        self._known = False
        if pause is not None:
            await self._recorder.pause(pause)
        else:
            await self._recorder.resume("")
        async with self._writing() as (db, rows):
            if rows.recording is not None:
                to = recordings.paused if pause is not None else recordings.resumed
                await to(db, recording=rows.recording, now=self._room.now())
        self._note((self._facts().paused_at or time.time_ns()) if pause is not None else None)
        self._known = True

    @contextlib.asynccontextmanager
    async def resuming(self) -> AsyncIterator[None]:
        """Around the transaction in which somebody lifts a hold. When it fails after the recorder went on, the recorder
        is told again what the rows say."""
        async with self._lock:
            self._ended = False
            try:
                yield
            finally:
                self._room.touch()
            if self._ended:
                self._note(None)
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
        self._ended = True
