"""A conductor coordinates one live hearing: rows, media worker, recorder and pages.

The database is the single source of truth. The conductor reads it after every change, derives the worker's plan and
each page's view, and sends those that changed. It handles no packets and decides no rules of law. When the web process
dies, worker and recorder continue; the next web process makes a new conductor from the rows and takes them over
(`web.live.conductors`).
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.websockets import WebSocket

from hearings.actors import SYSTEM, participant_actor
from hearings.agreement import room_rules
from hearings.db import Database
from hearings.errors import HearingsError, LoginEnded, NotFound
from hearings.events import EventKind, record
from hearings.hearing import seats
from hearings.interpreting import figures, interpreters
from hearings.interpreting.figures import FiguresSum, StopRule, StopStep
from hearings.models import Participant
from hearings.models.sitting import HoldCause, HoldCode
from hearings.people import logins
from hearings.roles import CONDUCTING, Role
from hearings.sitting import conductor_lease, sittings
from hearings.status import LIVE_SITTINGS, PresenceStatus, SittingStatus
from media import messages
from media.evidence.archive import second_copy
from media.processes import python
from web.live import notices, plan, scene as live_scene
from web.live.acts import ACTS, Act, refusal
from web.live.captions import CaptionLane
from web.live.conducting import Conducting
from web.live.connections import Answers, Connection
from web.live.media_side import MediaSide
from web.live.recording_side import RecordingSide
from web.live.relays import NO_RELAYS, Relays
from web.live.room import Room
from web.live.scene import Liveness, Rows, Scene, line, read_rows
from web.live.view import view_for
from web.settings import Settings
from web.words.i18n import speaking

logger = logging.getLogger("vivavoce.web.live.conductor")

REREAD_SECONDS = 30
"""Seconds after which the rows are read although nothing has told of a change: something else may have written them."""
SECOND_COPY_SECONDS, SECOND_COPY_LATE = 4.0, 12.0
"""How often it is looked whether the second copy is written, and after how long without news it counts as lost: both
together stay below 20 s."""
CATCH_UP_SECONDS = 30
"""Seconds for processing the events that worker and recorder sent without a web process: one or two a second."""


class Conductor:
    """One hearing, from the opening of its lobby to its close.

    Every field belongs to the event loop's single thread. `room.changed` is set after a change of rows; one task
    (`_follow`) reads the rows and updates worker and pages.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        hearing_id: str,
        on_end: Callable[["Conductor"], None],
        seal: Path,
        conducting: Conducting,
        relays: Relays = NO_RELAYS,
    ) -> None:
        self.hearing_id = hearing_id
        self.ended = False
        mandate = conducting.mandate
        self.room = Room(hearing_id, database, show=self._show, drop=self._drop, finish=self.finish, mandate=mandate)
        self.captions = CaptionLane(self.room)
        self.recording = RecordingSide(self.room, on_refused=conducting.note_refused)
        self.media = MediaSide(
            self.room,
            settings,
            relays,
            on_floor_closed=self.recording.floor_closed_by_worker,
            on_line_lost=self._line_lost,
            on_refused=conducting.note_refused,
        )
        self._settings = settings
        self._on_end = on_end
        self._seal = seal
        self._returning_until: int | None = None
        self._view_seq = 0
        self._answers: dict[str, Answers] = {}
        self._figures: dict[str, FiguresSum] = {}
        self._stop_rules: dict[str, StopRule] = {}
        self._stops: dict[str, StopStep] = {}
        """By interpreter, what the stop rule asks for and has not been done yet."""
        """By interpreter, what their page has measured since it was last kept."""
        self._booths_due: asyncio.TimerHandle | None = None
        self._announced: tuple[EventKind, datetime] | None = None

    # --- life ---------------------------------------------------------------------------------------------------

    async def start(self, free_port: Callable[[], int]) -> None:
        """Start, or take over, worker and recorder; then follow the rows.

        Events of both that the last web process has not processed are handled first, so that no page gets an outdated
        state as the present one. Silent pages do not count as lost before `expect_pages`.
        """
        settings, room = self._settings, self.room
        async with room.database.transaction() as db:
            await conductor_lease.require(db, token=room.mandate.token)
            rows = await read_rows(db, self.hearing_id)
            sitting = rows.sitting
            room.folder = settings.run / sitting.id.replace("-", "")[-8:]
            port = sitting.udp_port or free_port()
            await sittings.set_process(db, sitting=sitting, udp_port=port, run_folder=room.folder.name)
        room.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        recorder = ["--folder", str(room.folder), "--recordings", str(settings.recordings)]
        recorder += ["--seal", str(self._seal), "--court", settings.court_name]
        self.recording.read_facts(rows)
        await self.media.start_process(port, rows)
        await self.recording.start_process(python("media.evidence.recording.recorder", *recorder))
        for side in (self.media, self.recording.recorder):
            if not await side.caught_up(CATCH_UP_SECONDS):
                logger.warning("worker or recorder have more to say than could be taken in")
        if self.ended:  # the recording was closed while there was no web process
            return
        async with room.acting() as (db, rows):
            await self.media.tell_certificate(db, rows)
        await self.recording.learn_tracks(rows)
        room.spawn(self._follow())
        room.spawn(self._tick())
        room.spawn(self.captions.follow())
        room.spawn(self.recording.keep_log())
        room.spawn(self.recording.keep_rows())
        room.spawn(self.recording.take_up(rows))
        if settings.second_target is not None:
            room.spawn(self._watch_second_copy(settings.recordings))
        room.touch()

    async def _watch_second_copy(self, recordings: Path) -> None:
        """Background task: tells the room, and the hearing's log, when the second copy of the recording is lost, and
        when it is back. The clock writes it; a clock that stands still counts as lost."""
        lost = False
        while True:
            await asyncio.sleep(SECOND_COPY_SECONDS)
            recording = self.room.scene.rows.recording if self.room.scene is not None else None
            if not self.recording.open or recording is None:
                lost = False
                continue
            found = await asyncio.to_thread(second_copy.read_status, recordings)
            stands = found is not None and time.time() - found.at < SECOND_COPY_LATE and recording.id not in found.lost
            if stands is not lost:
                continue
            kind = EventKind.second_copy_back if lost else EventKind.second_copy_lost
            try:
                async with self.room.acting() as (db, rows):
                    await record(db, hearing=rows.hearing, kind=kind, actor=SYSTEM, now=self.room.now())
            except HearingsError:
                continue
            lost = not lost
            conducting = lambda viewer: viewer.role in CONDUCTING or viewer.role is Role.technician  # noqa: E731
            self.room.notify(kind.value, assertive=lost, only=conducting)

    def expect_pages(self) -> None:
        """Start the time in which pages can connect: those whose media continue have `scene.RETURNING`."""
        self._returning_until = time.time_ns() + live_scene.RETURNING

    async def detach(self) -> None:
        """Leave worker and recorder running: the web process ends."""
        await self.room.end_tasks()
        await self.media.detach()
        await self.recording.recorder.detach()

    async def give_up(self) -> None:
        """End both processes: worker or recorder did not start."""
        await self.media.stop()
        await self.recording.recorder.stop()
        await self.room.end_tasks()

    async def finish(self, notice: str) -> None:
        """Notify every page and end both processes: the sitting is closed."""
        self.ended = True
        self.room.notify(notice)
        await self.room.refresh()
        for participant_id in {page.participant_id for page in self.room.pages}:
            self.room.dismiss(participant_id, "closed")
        await self.media.stop()
        await self.recording.recorder.stop()
        self._on_end(self)
        await self.room.end_tasks()

    def _drop(self, participant_id: str) -> None:
        self.media.drop(participant_id)

    # --- rows to plan and views ---------------------------------------------------------------------------------

    async def _follow(self) -> None:
        while True:
            try:
                async with asyncio.timeout(REREAD_SECONDS):
                    await self.room.changed.wait()
            except TimeoutError:
                self.room.touch()
            self.room.changed.clear()
            if not await self.room.turn(self.room.update) or not await self.room.turn(self._keep_booths):
                self.room.touch()
            await asyncio.sleep(0.02)

    def _show(self, rows: Rows) -> None:
        granted = plan.grants(
            rows,
            opened=self.recording.tracks,
            recording_open=self.recording.open,
            waits=self.recording.orders.waits(rows),
        )
        self.room.scene = scene = Scene(
            rows,
            facts=self.recording.facts,
            generation=self.media.generation,
            media_up=self.media.up,
            liveness=self.room.liveness,
            plan=granted.plan,
            feeds=self.captions.firsts,
        )
        self.recording.plan_tracks(granted.tracks)
        self.recording.orders.follow(rows)
        self.media.send_plan(granted.plan)
        now = time.time_ns()
        for connection in list(self.room.connections.values()):
            viewer = rows.participant(connection.participant_id)
            if viewer is not None:
                self._view_seq += 1
                with speaking(connection.locale):
                    connection.send_view(view_for(viewer, scene, seq=self._view_seq, now=now))

    async def _keep_booths(self) -> None:
        """Bring the booths and the languages that are not interpreted into up to now, and come back at the next change.

        The rows just shown say whether there is anything to do, so that most updates cost no transaction."""
        scene, room = self.room.scene, self.room
        if scene is None or self.ended:
            return
        asked: dict[str, Any] = {
            "without_line": {seat for seat, state in room.liveness.items() if state.lost_since is not None},
            "consecutive": scene.rows.in_turn,
            "now": room.now(),
        }
        rows = scene.rows
        await self._keep_figures(rows)
        if interpreters.changes(
            rows.sitting, interpreters.step(rows.sitting, rows.participants, rows.languages, **asked)
        ):
            async with room.acting() as (db, now_rows):
                found = await interpreters.keep(
                    db, sitting=now_rows.sitting, hearing=now_rows.hearing, people=now_rows.participants, **asked
                )
            notices.of_booths(room, found)
        due = interpreters.next_step(rows.sitting)
        if due is not None:
            delay = max(0.05, (due - room.now()).total_seconds())
            if self._booths_due is not None:
                self._booths_due.cancel()
            self._booths_due = asyncio.get_running_loop().call_later(delay, room.touch)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(1)
            self.recording.announce()
            await self.room.turn(self._watch)

    async def _watch(self) -> None:
        now = time.time_ns()
        await self.recording.watch(now)
        await self._watch_lines(now)
        await self._watch_presence()
        await self._watch_media()
        await self._watch_times()

    async def _watch_media(self) -> None:
        """End media connections older than this process whose page has not come back, if no login for the seat is valid
        any more."""
        room = self.room
        going_on = {seat for seat, state in room.liveness.items() if state.media in ("connected", "quiet")}
        unknown = going_on - set(room.media_logins) - set(room.connections)
        if not unknown or room.scene is None:
            return
        people = [participant for participant in room.scene.rows.participants if participant.id in unknown]
        async with room.database.reading() as db:
            for seat in await logins.unheld(db, participants=people, now=room.now()):
                room.drop_media(seat)

    async def _watch_times(self) -> None:
        """Notify the room when a time limit of the conditions is reached; the judge decides what follows."""
        scene = self.room.scene
        if scene is None or self.ended:
            return
        due = room_rules.due(scene.rows.rules, scene.rows.sitting, self.room.now())
        if due in (None, self._announced):
            return
        async with self.room.acting() as (db, rows):
            kind = await room_rules.announce(db, sitting=rows.sitting, now=self.room.now())
        self._announced = due
        if kind is not None:
            self.room.notify(kind.value, assertive=True)

    async def _watch_lines(self, now: int) -> None:
        """Detect what is not reported by an event: people who do not come back, and lost connections."""
        scene, until = self.room.scene, self._returning_until
        if scene is None or self.ended or until is None:
            return
        gone: list[str] = []
        back: list[str] = []
        holds: list[str] = []
        relieved = interpreters.in_care(scene.rows.sitting, scene.rows.participants, scene.rows.languages)
        reasons = {hold["reason"] for hold in scene.rows.sitting.holds}
        for participant in scene.rows.participants:
            if participant.device_of_id is not None:
                continue  # no connection of their own: they go with the device
            state = self.room.liveness.setdefault(participant.id, Liveness())
            connection = self.room.connections.get(participant.id)
            away = connection is None or connection.silent
            lost = live_scene.is_lost(participant, state, away=away, returning=now < until)
            if lost != (state.lost_since is not None):
                state.lost_since = now if lost else None
                self.room.redraw()
            if live_scene.is_gone(participant, state, away=away, now=now):
                gone.append(participant.id)
            if (
                participant.presence is PresenceStatus.reconnecting and not away
            ):  # silent, and received again on the same connection
                back.append(participant.id)
            closes = self.media.up and live_scene.closes_the_floor(participant, state, now=now)
            if closes and scene.rows.sitting.status in LIVE_SITTINGS:
                reason = scene.rows.loss(participant)
                alone = reason.startswith(HoldCode.interpreter_lost.value)  # no partner who could be asked first
                if reason and reason not in reasons and (alone or participant.id not in relieved):
                    holds.append(participant.id)
        if not (gone or back or holds or seats.lapsing(scene.rows.participants, self.room.now())):
            return
        lapsed: list[Participant] = []
        async with self.room.acting(tell=bool(gone or back or holds)) as (db, rows):
            for participant in rows.participants:
                if participant.id in gone:
                    await seats.disconnected(db, participant=participant, now=self.room.now())
                if participant.id in back:
                    await seats.connected(db, participant=participant, now=self.room.now())
            lapsed = await seats.lapse(db, hearing_id=self.hearing_id, now=self.room.now())
            holds += [participant.id for participant in lapsed if participant.essential]
            held = [await self._hold_for(db, rows, participant_id) for participant_id in holds]
        if any(held):
            self.room.notify("line_lost", assertive=True)
        if lapsed:
            self.room.touch()

    async def _watch_presence(self) -> None:
        """Hold the floor when somebody has gone who must be in the room: nobody accused answers without counsel."""
        scene = self.room.scene
        if scene is None or self.ended or not _absent(scene.rows):
            return
        async with self.room.acting() as (db, rows):
            held = [await self._hold(db, rows, f"{HoldCode.absent.value}:{role.value}") for role in _absent(rows)]
        if any(held):
            self.room.notify("hold", assertive=True)

    async def _hold_for(self, db: AsyncSession, rows: Rows, participant_id: str, *, closed: bool = False) -> bool:
        """Hold the floor for an essential person whose line is lost, unless nobody needs them (`closed`: the worker
        has closed the floor already); whether it was done."""
        participant = rows.participant(participant_id)
        reason = rows.loss(participant) if participant is not None else ""
        reason = reason or (f"{HoldCode.line_lost.value}:{participant_id}" if closed or participant is None else "")
        return bool(reason) and await self._hold(db, rows, reason)

    async def _hold(self, db: AsyncSession, rows: Rows, reason: str) -> bool:
        """Hold the floor for a fault with this reason, unless it is held for that, or no sitting is live; whether it
        was done."""
        if rows.sitting.status not in LIVE_SITTINGS or reason in {hold["reason"] for hold in rows.sitting.holds}:
            return False
        now = self.room.now()
        await sittings.hold(db, sitting=rows.sitting, cause=HoldCause.fault, reason=reason, actor=SYSTEM, now=now)
        return True

    async def _line_lost(self, participant_id: str) -> None:
        """The worker has closed the floor by itself. The hold is made whoever the person is by now: without one the
        worker would not open the floor again."""
        async with self.room.acting() as (db, rows):
            held = await self._hold_for(db, rows, participant_id, closed=True)
        if held:
            self.room.notify("line_lost", assertive=True)

    # --- pages --------------------------------------------------------------------------------------------------

    async def join(
        self, websocket: WebSocket, participant_id: str, login_id: str, locale: str, hello: messages.Hello
    ) -> None:
        """Handle `hello`: give the page the seat, or ask if another has it; then serve it until it disconnects."""
        answers = self._answers.setdefault(participant_id, Answers())
        connection = Connection(websocket, participant_id, login_id, locale, answers)
        self.room.pages.add(connection)  # first, so that the end of its login from here on ends it too
        try:
            seated = self.room.connections.get(participant_id)
            if seated is not None and not seated.silent and not hello.take_over:
                await self._ask_before(connection)
            else:
                await self._take_seat(connection, hello)
            await connection.listen(self._handle)
        finally:
            self.room.pages.discard(connection)
            if self.room.connections.get(participant_id) is connection:
                del self.room.connections[participant_id]
                self.room.liveness.setdefault(participant_id, Liveness()).connected = False
                self.room.redraw()

    async def _ask_before(self, connection: Connection) -> None:
        """Ask the page whether to take over the seat that another page has, if its login is valid."""
        with contextlib.suppress(LoginEnded):
            async with self.room.acting(connection, tell=False):
                pass
            connection.send(messages.SeatTaken())

    async def _take_seat(self, connection: Connection, hello: messages.Hello) -> None:
        """Give the page the seat; a page whose login has ended is notified instead.

        Effects: the page that had the seat is dismissed, and its media end if another login takes the seat; a
        participant without the media connection (reload, other tab, crash) comes back muted, and through the lobby
        after more than 60 s."""
        with contextlib.suppress(LoginEnded):
            await self._seat(connection, hello)

    async def _seat(self, connection: Connection, hello: messages.Hello) -> None:
        participant_id = connection.participant_id
        state = self.room.liveness.setdefault(participant_id, Liveness())
        own = self.room.media_logins.get(participant_id, connection.login_id) == connection.login_id
        keeps = own and hello.generation == self.media.generation and self.media.up and state.media != "lost"
        async with self.room.acting(connection) as (db, rows):
            me = rows.participant(participant_id)
            if me is None:
                raise NotFound
            if me.person_id is not None:
                await seats.arrive(db, participant=me, now=self.room.now())
            if hello.take_over:
                await seats.take_over(db, participant=me, now=self.room.now())
            if not keeps:
                await seats.disconnected(db, participant=me, now=self.room.now())
            await seats.connected(db, participant=me, now=self.room.now())
        await self.room.refresh()  # from here on nothing drawn anew is older than what was just written
        if connection.ended:  # its login has ended since the rows were read
            return
        seated = self.room.connections.get(participant_id)
        if seated is not None and not seated.silent and not hello.take_over:  # it sent `hello` at the same time
            connection.send(messages.SeatTaken())
            return
        if not own:
            self.room.drop_media(participant_id)
        self.room.connections[participant_id] = connection
        state.connected, state.report, state.lost_since, state.troubles = True, None, None, ()
        if keeps:
            self.room.media_logins[participant_id] = connection.login_id
        else:
            state.fault = ""  # it may be another browser
        if seated is not None and seated is not connection:
            self.room.end_page(seated, "superseded")
        connection.last_view = None
        self.media.tell_relays(connection)
        await self.room.refresh()
        connection.send(messages.Slots(slots=self.media.slots.get(participant_id, [])))
        self.captions.show_again(connection)

    async def _handle(self, connection: Connection, message: messages.Message) -> None:
        if connection.ended:
            return
        seated = self.room.connections.get(connection.participant_id) is connection
        match message:
            case messages.LineReport() if seated:
                state = self.room.liveness.setdefault(connection.participant_id, Liveness())
                before, state.report = line(state), message
                if line(state) != before:
                    self.room.redraw()
            case messages.DeviceReport() if seated:
                state = self.room.liveness.setdefault(connection.participant_id, Liveness())
                if state.troubles != (troubles := tuple(sorted(set(message.troubles)))):
                    state.troubles = troubles
                    self.room.redraw()
            case messages.ListeningFigures() if seated and self._measures(connection.participant_id):
                since = FiguresSum(self.room.now())
                values = msgspec.structs.asdict(message)
                self._figures.setdefault(connection.participant_id, since).add(values)
                rule = self._stop_rules.setdefault(connection.participant_id, StopRule())
                if step := rule.add(values, self.room.now()):
                    self._stops[connection.participant_id] = step
                    self.room.touch()
            case messages.Hello() if not seated and message.take_over:
                await self._take_seat(connection, message)
            case messages.Command() if seated:
                await self._obey(connection, message)
            case _:
                return

    def _measures(self, seat: str) -> bool:
        """Whether figures of a seat's page are kept: of an interpreter, while the sitting is live."""
        scene = self.room.scene
        person = scene.rows.participant(seat) if scene else None
        interprets = person is not None and person.role is Role.interpreter
        return interprets and scene is not None and scene.rows.sitting.status in LIVE_SITTINGS

    async def _keep_figures(self, rows: Rows) -> None:
        """Write down the figures of interpreters that are due."""
        for who in figures.due(self._figures, rows.sitting, self.room.now()):
            async with self.room.acting(tell=False) as (db, now_rows):
                found, now = self._figures[who], self.room.now()
                await figures.keep(db, hearing=now_rows.hearing, who=who, found=found, now=now)
            del self._figures[who]
        while self._stops:
            who, step = self._stops.popitem()
            async with self.room.acting() as (db, now_rows):
                person = now_rows.participant(who)
                asked: dict[str, Any] = {"rules": now_rows.rules, "step": step, "now": self.room.now()}
                stopped = person is not None and await interpreters.stop(
                    db, sitting=now_rows.sitting, participant=person, **asked
                )
            if stopped:
                self.room.notify("interpreter_line_poor" if step == "consecutive" else "hold", assertive=True)

    async def _obey(self, connection: Connection, command: messages.Command) -> None:
        """Carry out a command once: the same id again gets the same answer, or waits until the first is done."""
        if command.id in connection.answers:
            answer = connection.answers.get(command.id)
            if answer is not None:
                connection.send(answer)
            return
        connection.answers.keep(command.id, None)
        with speaking(connection.locale):
            if ACTS[type(command)].does is None:
                self.room.spawn(self._obey_beside(connection, command))
            else:
                await self._perform(connection, command)

    async def _obey_beside(self, connection: Connection, command: messages.Command) -> None:
        self.room.answer(connection, await self.recording.perform(connection, command))

    async def _perform(self, connection: Connection, command: messages.Command) -> None:
        """Carry out one command of one page and answer it. A refusal changes nothing and says why."""
        room, row = self.room, ACTS[type(command)]
        try:
            async with room.acting(connection) as (db, rows):
                me = rows.participant(connection.participant_id)
                if me is None:
                    raise NotFound
                act = Act(db, rows.hearing, rows.sitting, me, participant_actor(me), room.now())
                await row.carry_out(act, command)
        except HearingsError as error:
            room.answer(connection, refusal(command.id, error))
            return
        named = getattr(command, "participant", "")
        if row.notice and row.notice_if(command):
            room.notify(
                row.notice, assertive=True, only=(lambda participant: participant.id == named) if named else None
            )
        if row.tells:
            row.tells(room, me, command)
        room.answer(connection, messages.Result(re=command.id, ok=True))
        if row.dismisses:
            room.dismiss(named or me.id, row.dismisses)


def _absent(rows: Rows) -> list[Role]:
    """Of whom nobody is in the room although the floor is open in a sitting and somebody must be."""
    if rows.sitting.status is not SittingStatus.in_session or rows.sitting.holds:
        return []
    return room_rules.absent_roles(rows.rules, rows.participants, rows.entries)
