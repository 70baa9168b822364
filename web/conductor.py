"""A conductor holds one hearing together while it is live: rows, media worker, recorder and pages.

Truth is in the database. The conductor reads it after every change, derives the worker's plan and each page's view,
and sends what is new. It owns no packet and no law. When the web process dies, worker and recorder go on; the next
web process makes a new conductor from the rows and takes them over (`web.conductors`).
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.websockets import WebSocket

from hearings import fingerprints, queries, recorded_acts, room_rules, seats, sittings
from hearings.actors import SYSTEM
from hearings.errors import NotFound
from hearings.events import EventKind
from hearings.fingerprints import Standing
from hearings.models import Hearing, HearingEvent, HearingRequest, Participant, Recording, Sitting, SoundCheck
from hearings.models.sitting import HoldCause, HoldCode
from hearings.room_rules import RoomRules
from hearings.status import LIVE_SITTINGS, PresenceStatus
from media import messages
from media.processes import python
from web import acts, lines
from web.i18n import speaking
from web.media_side import MediaSide
from web.proceedings import Proceedings
from web.seats import Answers, Connection
from web.view import Liveness, Scene, recording_view, view_for

if TYPE_CHECKING:
    from web.app import Parts

logger = logging.getLogger("vivavoce.web.conductor")

CATCH_UP_SECONDS = 30
"""For what worker and recorder have said while there was no web process: one or two events a second."""

SLOW = (messages.SoundCheck, messages.Start, messages.Close, messages.BreakOff, messages.Resume)
"""Commands that wait for the recorder, and therefore run beside the others."""


@dataclass
class Rows:
    """The rows of one live hearing, read together."""

    hearing: Hearing
    sitting: Sitting
    recording: Recording | None
    participants: Sequence[Participant]
    checks: Sequence[SoundCheck]
    rules: RoomRules
    confirmed: frozenset[str]
    """Kinds of conditions the requested authority has confirmed in this sitting."""
    entries: Sequence[HearingEvent]
    """Recorded acts of the hearing."""
    person_name: str
    comparison: Standing
    """Of fingerprints, aloud."""

    def participant(self, participant_id: str) -> Participant | None:
        """The participant with this id."""
        return next((one for one in self.participants if one.id == participant_id), None)

    @property
    def languages(self) -> list[str]:
        """The booked languages, the requesting court's first."""
        return list(dict.fromkeys([self.hearing.language_requesting, self.hearing.language_requested]))


async def read_rows(db: AsyncSession, hearing_id: str) -> Rows:
    """Everything a live hearing is made of. Raises `NotFound` when it never had a sitting."""
    hearing = await queries.get(db, Hearing, hearing_id)
    sitting = await queries.last_sitting(db, hearing_id)
    if sitting is None:
        raise NotFound
    return Rows(
        hearing=hearing,
        sitting=sitting,
        recording=await queries.recording_of(db, sitting.id),
        participants=await queries.participants(db, hearing_id),
        checks=await queries.sound_checks(db, sitting.id),
        rules=await room_rules.of_hearing(db, hearing),
        confirmed=frozenset(await room_rules.confirmed(db, sitting.id)),
        entries=await recorded_acts.of_hearing(db, hearing_id),
        person_name=(await queries.get(db, HearingRequest, hearing.request_id)).person_name,
        comparison=await fingerprints.of_sitting(db, sitting.id),
    )


class Conductor:
    """One hearing, from the opening of its lobby to its close.

    Owner of every field is the event loop's single thread. `_changed` is set by whoever changed a row; one task
    (`_follow`) reads the rows and tells worker and pages. Commands of one hearing run one after another (`_lock`),
    so that what a person is answered is what the next one sees.
    """

    def __init__(self, parts: "Parts", hearing_id: str, on_end: Callable[["Conductor"], None]) -> None:
        self.parts = parts
        self.hearing_id = hearing_id
        self.scene: Scene | None = None
        self.connections: dict[str, Connection] = {}
        self.liveness: dict[str, Liveness] = {}
        self.ended = False
        self.media = MediaSide(self)
        self.proceedings = Proceedings(self)
        self._on_end = on_end
        self._returning_until: int | None = None
        self._lock = asyncio.Lock()
        self._changed = asyncio.Event()
        self._view_seq = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._answers: dict[str, Answers] = {}
        self._announced: tuple[EventKind, datetime] | None = None

    # --- life ---------------------------------------------------------------------------------------------------

    async def start(self, free_port: Callable[[], int]) -> None:
        """Start, or take over, worker and recorder; then follow the rows.

        What both have said since the last web process heard them is taken in first, so that nobody is told of the
        state of before as if it were the present one. Nobody's silence counts before `expect_pages`.
        """
        settings = self.parts.settings
        async with self.parts.database.transaction() as db:
            rows = await read_rows(db, self.hearing_id)
            sitting = rows.sitting
            self.folder = settings.run / sitting.id.replace("-", "")[-8:]
            port = sitting.udp_port or free_port()
            await sittings.set_process(db, sitting=sitting, udp_port=port, run_folder=self.folder.name)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        recorder = ["--recordings", str(settings.recordings), "--seal-key", str(settings.keys / "seal.key")]
        self.proceedings.read_facts(rows)
        await self.media.start_process(port, rows)
        await self.proceedings.start_process(
            python("media.evidence.recorder", "--folder", str(self.folder), *recorder, "--court", settings.court_name)
        )
        for side in (self.media, self.proceedings.recorder):
            if not await side.caught_up(CATCH_UP_SECONDS):
                logger.warning("worker or recorder have more to say than could be taken in")
        if self.ended:  # the recording was closed while there was no web process
            return
        async with self.acting() as (db, rows):
            await self.media.tell_certificate(db, rows)
        self.spawn(self._follow())
        self.spawn(self._tick())
        self.spawn(self.proceedings.take_up(rows))
        self.touch()

    def expect_pages(self) -> None:
        """From now on pages can connect: those whose media go on have `lines.RETURNING` to do so."""
        self._returning_until = time.time_ns() + lines.RETURNING

    async def detach(self) -> None:
        """The web process ends: leave worker and recorder running."""
        await self._end_tasks()
        await self.media.detach()
        await self.proceedings.recorder.detach()

    async def finish(self, notice: str) -> None:
        """The sitting is closed: tell every page, end both processes."""
        self.ended = True
        self.notify(notice)
        await self.refresh()
        for participant_id in list(self.connections):
            self.dismiss(participant_id, "closed")
        await self.media.stop()
        await self.proceedings.recorder.stop()
        self._on_end(self)
        await self._end_tasks()

    async def _end_tasks(self) -> None:
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run beside; a failure is logged, the end of the conductor ends it."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._task_done)

    def _task_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("a task of a conductor failed", exc_info=error)

    @staticmethod
    def now() -> datetime:
        """The present instant."""
        return datetime.now(UTC)

    # --- rows to plan and views ---------------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def acting(self, participant_id: str = "", *, tell: bool = True) -> AsyncIterator[tuple[AsyncSession, Rows]]:
        """One transaction of this hearing at a time; worker and pages are told afterwards, unless `tell` is False."""
        async with self._lock:
            async with self.parts.database.transaction() as db:
                rows = await read_rows(db, self.hearing_id)
                if participant_id and rows.participant(participant_id) is None:
                    raise NotFound
                yield db, rows
        if tell:
            self.touch()

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[tuple[AsyncSession, Rows]]:
        """The rows as they stand."""
        async with self.parts.database.reading() as db:
            yield db, await read_rows(db, self.hearing_id)

    def touch(self) -> None:
        """Rows have changed: worker and pages are told soon."""
        self._changed.set()

    async def _follow(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            await self.refresh()
            await asyncio.sleep(0.02)

    async def refresh(self) -> None:
        """Read the rows once; send the plan if it changed, and each page its view if it changed.

        Under the lock, so that no page is shown how things were before an act it has had the answer to.
        """
        async with self._lock:
            async with self.reading() as (_db, rows):
                pass
            self._show(rows)

    def _show(self, rows: Rows) -> None:
        self.scene = scene = Scene(
            hearing=rows.hearing,
            sitting=rows.sitting,
            participants=rows.participants,
            checks=rows.checks,
            languages=rows.languages,
            facts=self.proceedings.facts,
            generation=self.media.generation,
            media_up=self.media.up,
            liveness=self.liveness,
            rules=rows.rules,
            confirmed=rows.confirmed,
            entries=rows.entries,
            person_name=rows.person_name,
            comparison=rows.comparison,
        )
        self.proceedings.plan_tracks(scene)
        self.media.send_plan(scene, recording_open=self.proceedings.open)
        now = time.time_ns()
        for connection in list(self.connections.values()):
            viewer = scene.participant(connection.participant_id)
            if viewer is not None:
                self._view_seq += 1
                with speaking(connection.locale):
                    connection.send_view(view_for(viewer, scene, seq=self._view_seq, now=now))

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(1)
            now = time.time_ns()
            self.announce_recording()
            await self.proceedings.watch(now)
            await self._watch_lines(now)
            await self._watch_times()

    def announce_recording(self) -> None:
        """Every page learns the state of the recording now."""
        now = time.time_ns()
        for connection in list(self.connections.values()):
            with speaking(connection.locale):
                connection.send(messages.Tick(at=now, recording=recording_view(self.proceedings.facts, now)))

    async def _watch_times(self) -> None:
        """Tell the room when a time set by the conditions has come; the judge decides what follows."""
        scene, now = self.scene, self.now()
        if scene is None or self.ended or room_rules.due(scene.rules, scene.sitting, now) in (None, self._announced):
            return
        async with self.acting() as (db, rows):
            kind = await room_rules.announce(db, sitting=rows.sitting, now=now)
        self._announced = room_rules.due(scene.rules, scene.sitting, now)
        if kind is not None:
            self.notify(kind.value, assertive=True)

    async def _watch_lines(self, now: int) -> None:
        """What nobody reports: people who do not come back, lines that are lost."""
        scene, until = self.scene, self._returning_until
        if scene is None or self.ended or until is None:
            return
        gone: list[str] = []
        holds: list[str] = []
        held = {hold["reason"] for hold in scene.sitting.holds}
        for one in scene.participants:
            state = self.liveness.setdefault(one.id, Liveness())
            connection = self.connections.get(one.id)
            away = connection is None or connection.silent
            lost = lines.is_lost(one, state, away=away, returning=now < until)
            if lost != (state.lost_since is not None):
                state.lost_since = now if lost else None
                self.touch()
            if lines.is_gone(one, state, away=away, now=now):
                gone.append(one.id)
            closes = scene.sitting.status in LIVE_SITTINGS and lines.closes_the_floor(one, state, now=now)
            if closes and f"{HoldCode.line_lost.value}:{one.id}" not in held:
                holds.append(one.id)
        waiting = any(one.presence is PresenceStatus.reconnecting for one in scene.participants)
        if not (gone or holds or waiting):
            return
        lapsed: list[Participant] = []
        async with self.acting(tell=bool(gone or holds)) as (db, rows):
            for one in rows.participants:
                if one.id in gone:
                    await seats.disconnected(db, participant=one, now=self.now())
            for participant_id in holds:
                await sittings.hold(
                    db,
                    sitting=rows.sitting,
                    cause=HoldCause.fault,
                    reason=f"{HoldCode.line_lost.value}:{participant_id}",
                    actor=SYSTEM,
                    now=self.now(),
                )
            lapsed = await seats.lapse(db, hearing_id=self.hearing_id, now=self.now())
        if holds:
            self.notify("line_lost", assertive=True)
        if lapsed:
            self.touch()

    # --- pages --------------------------------------------------------------------------------------------------

    async def join(
        self, websocket: WebSocket, participant_id: str, login_id: str, locale: str, hello: messages.Hello
    ) -> None:
        """A page said hello: give it the seat, or ask when another page holds it; then listen until it goes."""
        answers = self._answers.setdefault(participant_id, Answers())
        connection = Connection(websocket, participant_id, login_id, locale, answers)
        held = self.connections.get(participant_id)
        if held is not None and not held.silent and not hello.take_over:
            connection.send(messages.SeatTaken())
        else:
            await self._take_seat(connection, hello)
        try:
            await connection.listen(self._handle)
        finally:
            if self.connections.get(participant_id) is connection:
                del self.connections[participant_id]
                self.liveness.setdefault(participant_id, Liveness()).connected = False

    async def _take_seat(self, connection: Connection, hello: messages.Hello) -> None:
        """Effects: the page that held the seat is dismissed; whoever does not still hold the media connection
        (reload, other tab, crash) comes back muted, and through the lobby after more than 60 s."""
        participant_id = connection.participant_id
        state = self.liveness.setdefault(participant_id, Liveness())
        keeps = hello.generation == self.media.generation and self.media.up and state.media != "lost"
        async with self.acting() as (db, rows):
            me = rows.participant(participant_id)
            if me is None:
                raise NotFound
            if me.person_id is not None:
                await seats.arrive(db, participant=me, now=self.now())
            if hello.take_over:
                await seats.take_over(db, participant=me, now=self.now())
            if not keeps:
                await seats.disconnected(db, participant=me, now=self.now())
            await seats.connected(db, participant=me, now=self.now())
        held = self.connections.get(participant_id)
        self.connections[participant_id] = connection
        state.connected, state.report, state.lost_since = True, None, None
        if not keeps:
            state.fault = ""  # it may be another browser
        if held is not None and held is not connection:
            with speaking(held.locale):
                held.end(messages.Bye(why="superseded", text=acts.BYE["superseded"]()))
        connection.last_view = b""
        await self.refresh()
        connection.send(messages.Slots(slots=self.media.slots.get(participant_id, [])))

    async def _handle(self, connection: Connection, message: messages.Message) -> None:
        seated = self.connections.get(connection.participant_id) is connection
        match message:
            case messages.LineReport() if seated:
                state = self.liveness.setdefault(connection.participant_id, Liveness())
                if state.report != message:
                    state.report = message
                    self.touch()
            case messages.Hello() if not seated and message.take_over:
                await self._take_seat(connection, message)
            case messages.Command() if seated:
                await self._obey(connection, message)
            case _:
                return

    async def _obey(self, connection: Connection, command: messages.Command) -> None:
        """Do it once: the same id again gets the same answer, or waits for the first to be done."""
        if command.id in connection.answers:
            answer = connection.answers.get(command.id)
            if answer is not None:
                connection.send(answer)
            return
        connection.answers.keep(command.id, None)
        with speaking(connection.locale):
            if isinstance(command, SLOW):
                self.spawn(self._obey_slowly(connection, command))
                return
            await acts.perform(self, connection, command)

    async def _obey_slowly(self, connection: Connection, command: messages.Command) -> None:
        self.answer(connection, await self.proceedings.perform(connection, command))

    def answer(self, connection: Connection, answer: messages.Result) -> None:
        """To the page that asked, or the one that has its seat now."""
        connection.answers.keep(answer.re, answer)
        self.connections.get(connection.participant_id, connection).send(answer)

    def notify(self, code: str, *, assertive: bool = False, only: Callable[[Participant], bool] | None = None) -> None:
        """Tell every page that something happened, each in its language."""
        at = time.time_ns()
        for connection in list(self.connections.values()):
            viewer = self.scene.participant(connection.participant_id) if self.scene else None
            if viewer is None or (only is not None and not only(viewer)):
                continue
            with speaking(connection.locale):
                text = acts.NOTICES[code]()
            connection.send(messages.Notice(at=at, code=code, text=text, assertive=assertive))

    def dismiss(self, participant_id: str, why: str) -> None:
        """End a page's connection and its media at once, saying why."""
        connection = self.connections.pop(participant_id, None)
        if connection is not None:
            with speaking(connection.locale):
                connection.end(messages.Bye(why=why, text=acts.BYE[why]()))  # type: ignore[arg-type]
        self.media.drop(participant_id)
        self.touch()
