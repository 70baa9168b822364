"""Client of the recorder process of one live hearing: orders that wait for their answer."""

import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from hearings.errors import DatabaseAway, DatabaseFull, HearingsError
from media import messages
from media.link import Mandate
from media.processes import Process

logger = logging.getLogger("vivavoce.web.live.recorder")

ADD_SECONDS = 5
CHECK_SECONDS = 12
OPEN_SECONDS = 20
CLOSE_SECONDS = 60
JOURNAL_SECONDS = 5

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
    ) -> messages.RecordingOpened | messages.RecordingClosed:
        """Open a recording, new or again; the answer is that it is closed if the recorder was lost while closing it."""
        order = messages.OpenRecording(
            id=self._id(), recording=recording, hearing=hearing, recipients=recipients, tracks=tracks
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
