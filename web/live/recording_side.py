"""The recording of a live hearing: sound checks, start, close, and the alarm when no segments are sealed.

`facts` is the known state of the recording; the indicator on every page is derived from it (`web.live.scene`).
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import queries
from hearings.actors import SYSTEM, participant_actor
from hearings.errors import ConductedElsewhere, HearingsError, NotFound
from hearings.events import EventKind, record
from hearings.models import Participant, Recording
from hearings.roles import CONDUCTING, channel_track
from hearings.sitting import closed_sessions, gaps, recordings, sittings, sound_checks
from hearings.status import RecordingStatus, SittingStatus
from media import messages
from web import security_log
from web.live import acts, plan
from web.live.connections import Connection
from web.live.notices import GapNotices
from web.live.recorder import Recorder, RecorderSilent, RecordingOrders
from web.live.room import Room
from web.live.scene import RecordingFacts, Rows, indicator, nanoseconds
from web.live.view import recording_view
from web.words.i18n import speaking

logger = logging.getLogger("vivavoce.web.live.recording_side")

AGAIN_LOG_SECONDS = 1.0
"""Seconds after which entries of the log that the recorder has not taken are sent again."""
ROWS_SECONDS = 5.0
"""Seconds for which seals that change no status are kept in memory, before the latest is written."""
REREAD_LOG_SECONDS = 10.0
"""How long an entry of which nobody has told may be in the log before it is sent to the recorder."""
LOG_PART = 200
"""Entries of the log sent to the recorder in one message."""
NEVER_OPENED = frozenset({RecordingStatus.not_started, RecordingStatus.no_recording})
FIRST_SEAL_SECONDS = 15
AGAIN_SECONDS = 1
SEAL_FAILURES = frozenset({"seal_lost", "seal_refused", "no_seal"})
"""Codes of failures of the seal: it does not answer, it refuses, or no segment was sealed for 20 s."""
QUIET_GAPS = frozenset({"sender_off", "order", "pause"})
"""Causes of gaps that are not entered in the hearing's log: neither a microphone that is switched off nor a pause by
order is an incident."""


class RecordingSide:
    """The recorder's side of one live hearing. Called only from the conductor's event loop. `on_refused` is called when
    the recorder refuses an order because a newer conductor exists."""

    def __init__(self, room: Room, *, on_refused: Callable[[messages.OrderRefused], None]) -> None:
        self.facts = RecordingFacts()
        self.recorder = Recorder()
        self._room = room
        self._on_refused = on_refused
        self._gaps = GapNotices(self._tell_missing, room.spawn)
        self._first_seal = asyncio.Event()
        self._unwritten: messages.Sealed | None = None
        """The latest seal, while it is not in the rows: the recorder reports it again if this process ends."""
        self._began: datetime | None = None  # instant of time code 0 (UTC); None until known
        self._ordered = False
        """Whether the judge has ordered the start; the next seal carries it out."""
        self._busy = asyncio.Lock()
        self._telling = asyncio.Lock()
        self._journaled = 0
        """Number of the latest entry of the hearing's log that the recorder has confirmed."""
        self.orders = RecordingOrders(
            self._room, self.recorder, facts=lambda: self.facts, note=self._note, writing=self._writing
        )
        self._seated: list[messages.SeatedPerson] = []
        """The people by seat that were sent to the recorder."""

    @property
    def open(self) -> bool:
        """Whether a recording is open and not yet closed."""
        return self.facts.opened_at is not None and self.facts.closed_at is None

    async def start_process(self, argv: list[str]) -> None:
        """Starts or takes over the recorder process, and resumes an open recording."""
        adopted = await self.recorder.start(
            argv,
            self._room.folder,
            heard=self._heard,
            gone=self._gone,
            lost=self._lost,
            restarted=self._restarted,
            mandate=self._room.mandate,
        )
        if self.open and not adopted:
            await self._failed("recorder_lost")
            await self._restarted()

    async def take_up(self, rows: Rows) -> None:
        """Continues what an earlier web process had begun: a close or a start. `rows` are those read at the
        take-over."""
        if rows.sitting.status is SittingStatus.closing and self.facts.closed_at is None:
            await self.finish_closing()
        elif rows.recording is not None and rows.recording.status is RecordingStatus.starting:
            await self._open()

    def read_facts(self, rows: Rows) -> None:
        """Sets `facts` from the rows; events of the recorder change them from then on."""
        recording = rows.recording
        if recording is None or recording.status in NEVER_OPENED:
            return
        if recording.status is RecordingStatus.starting:  # the recorder has to confirm whether it is open
            self._ordered = True
            return
        opened_at = nanoseconds(recording.opened_at or recording.since)
        failing = recording.status is RecordingStatus.failing
        self.facts = RecordingFacts(
            opened_at=opened_at,
            started_at=opened_at,
            stopping_at=nanoseconds(rows.sitting.since) if rows.sitting.status is SittingStatus.closing else None,
            closed_at=nanoseconds(recording.closed_at) if recording.closed_at else None,
            sealed=recording.sealed_count,
            last_sealed_at=nanoseconds(recording.last_sealed_at) if recording.last_sealed_at else None,
            error=recording.failing_code if failing else "",
            error_at=nanoseconds(recording.since) if failing else None,
            paused_at=nanoseconds(recording.since) if recording.status is RecordingStatus.paused else None,
        )

    # --- events of the recorder ---------------------------------------------------------------------------------

    async def _heard(self, message: messages.Message) -> bool:
        """Handles an event of the recorder; whether it is kept in memory only."""
        match message:
            case messages.Sealed():
                return await self._sealed(message)
            case messages.Failing():
                await self._failed(message.code, message.at)
            case messages.GapDeclared() if message.cause not in QUIET_GAPS:
                await self._missed(message)
            case messages.RecordingOpened():  # the web process that sent the order has ended
                self.facts, self._began = RecordingFacts(opened_at=message.at), _utc(message.zero)
                self.orders.opened(message, told=False)
                self._room.redraw()
                self._room.acted.set()
            case messages.RecordingClosed():
                await self._closed(message)
            case messages.OrderRefused():
                self._on_refused(message)
            case _:
                pass
        return False

    async def _sealed(self, message: messages.Sealed) -> bool:
        """Handles a sealed round; whether it is kept in memory only: it changes no status.

        The indicator follows the rows where a status changes: when it turns to RECORDING, the sitting is in session or
        can be resumed.
        """
        ordered = self._ordered
        back = bool(self.facts.error) and not self.facts.sealed_until(message.at, message.count).error
        self._unwritten = message
        if not (ordered or back):
            self.facts = self.facts.sealed_until(message.at, message.count)
            self._first_seal.set()
            return True
        async with self._writing() as (db, rows):
            if rows.recording is None:
                return False
            to = partial(recordings.opened, began=self._began) if ordered else recordings.recovered
            await to(db, sitting=rows.sitting, recording=rows.recording, now=self._room.now())
            if self.facts.paused_at is not None:
                await recordings.paused(db, recording=rows.recording, now=self._room.now())
        if ordered:  # and not before: if the rows could not be written, the event is handled again
            self._ordered = False
        self.facts = self.facts.sealed_until(message.at, message.count)
        self._first_seal.set()
        self._seal_used(rows)
        self._room.notify("started" if ordered else "recording_back", assertive=True)
        return False

    @contextlib.asynccontextmanager
    async def _writing(self) -> AsyncIterator[tuple[AsyncSession, Rows]]:
        """One transaction of the room that begins with the seal that is not in the rows yet. Events of the recorder are
        written in it, so that none of them comes again with an earlier seal."""
        seal = self._unwritten
        async with self._room.acting() as (db, rows):
            await self._write(db, rows.recording, seal)
            yield db, rows
        self._written(seal)

    async def keep_rows(self) -> None:
        """Background task: writes the latest seal every `ROWS_SECONDS`, as long as this process conducts."""
        while True:
            await asyncio.sleep(ROWS_SECONDS)
            try:
                await self._room.turn(self._write_seal)
            except ConductedElsewhere:
                return

    async def _write_seal(self) -> None:
        seal, scene = self._unwritten, self._room.scene
        if seal is None or scene is None or scene.rows.recording is None:
            return
        async with self._room.writing() as db:
            await self._write(db, await db.get(Recording, scene.rows.recording.id), seal)
        self._written(seal)

    async def _write(self, db: AsyncSession, recording: Recording | None, seal: messages.Sealed | None) -> None:
        if recording is not None and seal is not None:
            await recordings.sealed(db, recording=recording, count=seal.count, at=_utc(seal.at))

    def _written(self, seal: messages.Sealed | None) -> None:
        """The rows have this seal: unless there is a later one, no event comes again."""
        if self._unwritten is seal:
            self._unwritten = None
            self.recorder.settle()

    def _seal_used(self, rows: Rows, why: str = "") -> None:
        """Log uses of the seal by the recorder in the security log, though not each head."""
        about = rows.recording.id if rows.recording else ""
        security_log.emit(security_log.EventCode.seal_used, good=not why, reason=why, about=about)

    async def _missed(self, gap: messages.GapDeclared) -> None:
        """Handles a gap: enters it in the hearing's log with the person concerned, and tells those who conduct the
        hearing."""
        async with self._writing() as (db, rows):
            event = await record(
                db,
                hearing=rows.hearing,
                kind=EventKind.gap,
                actor=SYSTEM,
                now=self._room.now(),
                track=gap.track,
                from_ms=gap.t0,
                until_ms=gap.t1,
                cause=gap.cause,
                **gaps.belonging(gap.track, rows.participants, rows.languages),
            )
            who = rows.participant(event.data.get("participant", ""))
            began = self._began or (rows.recording.opened_at if rows.recording else None)
        self._gaps.tell(event.data, rows.hearing, who, began)

    def _tell_missing(self, words: Callable[[Participant], str]) -> None:
        self._room.notify("gap", only=lambda participant: participant.role in CONDUCTING, words=words)

    async def _failed(self, code: str, at: int | None = None) -> None:
        """NOT RECORDING: on a known error at once, else 20 s after the last seal. Closes the floor.

        Effects, in order: the indicator turns; pages are told; recording failing and a hold with cause `recording`.
        """
        if not self.open or self.facts.stopping_at is not None:
            return
        first = not self.facts.error
        self.facts = self.facts.failed_with(code, at or time.time_ns())
        self.announce()
        if first:
            self._room.notify("recording_failing", assertive=True)
        async with self._writing() as (db, rows):
            if rows.recording is not None:
                await recordings.failing(
                    db,
                    sitting=rows.sitting,
                    recording=rows.recording,
                    code=code,
                    now=self._room.now(),
                )
        if first and code in SEAL_FAILURES:
            self._seal_used(rows, code)

    async def floor_closed_by_worker(self, cause: str, at: int) -> None:
        """Handles a floor that the worker has closed by itself."""
        await self._failed("no_seal" if cause == "no_seal" else "recorder_failing", at)

    async def watch(self, now: int) -> None:
        """Called once a second: checks whether 20 s have passed without a seal."""
        if self.open and not self.facts.error and indicator(self.facts, now)[0] == "failing":
            await self._failed("no_seal")

    def announce(self) -> None:
        """Sends the state of the recording to every page."""
        now = time.time_ns()
        ticks: dict[str, messages.Tick] = {}
        for connection in list(self._room.connections.values()):
            if connection.locale not in ticks:
                with speaking(connection.locale):
                    ticks[connection.locale] = messages.Tick(at=now, recording=recording_view(self.facts, now))
            connection.send(ticks[connection.locale])

    async def keep_log(self) -> None:
        """Background task: sends new entries of the hearing's log to the recorder, which journals them."""
        while True:
            self._room.acted.clear()
            if await self._tell_log():
                with contextlib.suppress(TimeoutError):  # an entry of which nobody has told is sealed all the same
                    await asyncio.wait_for(self._room.acted.wait(), REREAD_LOG_SECONDS)
            else:
                await asyncio.sleep(AGAIN_LOG_SECONDS)

    async def _tell_log(self) -> bool:
        """Sends the entries that the recorder does not have yet; False when some have to be sent again later."""
        async with self._telling:
            more = taken = True
            try:
                while more and taken and self.open:
                    more, taken = await self._tell_part()
            except RecorderSilent:
                return False
            except Exception:
                logger.exception("the hearing's log could not be told to the recorder")
                return False
            return taken

    async def _tell_part(self) -> tuple[bool, bool]:
        """Sends one part of the log; whether there is more to send, and whether the recorder has taken this part."""
        async with self._room.database.reading() as db:
            people = await queries.participants(db, self._room.hearing_id)
            events = await queries.events(db, self._room.hearing_id, after=self._journaled, limit=LOG_PART)
        seated = plan.seated(people)
        if not events and seated == self._seated:
            return False, True
        self._journaled = await self.recorder.journal_log(seated, plan.logged(events, people))
        self._seated = seated
        return len(events) == LOG_PART, not events or self._journaled >= events[-1].seq

    @property
    def tracks(self) -> frozenset[str]:
        """Tracks of the recording that the recorder has confirmed. In a sitting, a source without one is not
        forwarded."""
        return self.recorder.tracks

    async def learn_tracks(self, rows: Rows) -> None:
        """After a take-over, has the recorder confirm its tracks before any grant is made. Repeating it changes
        nothing."""
        if self.open and self.facts.stopping_at is None:
            await self.recorder.add_tracks(plan.grants(rows).tracks)

    def plan_tracks(self, wanted: list[messages.TrackPlan]) -> None:
        """Adds tracks for a participant added during a sitting, who is heard once the recorder has confirmed them."""
        if self.open and self.facts.stopping_at is None and self.recorder.lacks(wanted):
            self._room.spawn(self._add_tracks(wanted))

    async def _add_tracks(self, wanted: list[messages.TrackPlan]) -> None:
        if not await self.recorder.add_tracks(wanted):
            await asyncio.sleep(AGAIN_SECONDS)
        self._room.touch()

    def _note(self, **facts: Any) -> None:
        self.facts = replace(self.facts, **facts)
        self.announce()

    def _gone(self, at: int) -> None:
        """Called at once when the recorder is lost, even while a handler waits: every page displays NOT RECORDING.
        `_lost` writes the rows afterwards."""
        self.orders.doubt()
        if not self.open or self.facts.stopping_at is not None:
            return
        first = not self.facts.error
        self.facts = self.facts.failed_with("recorder_lost", at)
        self.announce()
        if first:
            self._room.notify("recording_failing", assertive=True)

    async def _lost(self) -> None:
        await self._failed("recorder_lost", self.facts.error_at)

    async def _restarted(self) -> None:
        """Has a new recorder process resume the recording and declare what was lost."""
        if not self.open:
            return
        try:
            await self._open()
        except RecorderSilent:
            logger.warning("the recorder did not take the recording up again")
            return
        if self.facts.stopping_at is not None and self.open:
            self._room.spawn(self._close_recording())

    # --- commands of people -------------------------------------------------------------------------------------

    async def perform(self, connection: Connection, command: messages.Command) -> messages.Result:
        """Carries out a sound check, start, resumption, close or breaking off; the answer follows when it is done."""
        orders: dict[type[messages.Command], Callable[[Connection, Any], Awaitable[None]]] = {
            messages.SoundCheck: self._sound_check,
            messages.Start: self._start,
            messages.Close: self._close,
            messages.BreakOff: self._break_off,
            messages.Resume: self._resume,
            messages.EndClosedSession: self._end_closed_session,
        }
        try:
            await orders[type(command)](connection, command)
        except HearingsError as error:
            return acts.refusal(command.id, error)
        return messages.Result(re=command.id, ok=True)

    async def _sound_check(self, connection: Connection, command: messages.SoundCheck) -> None:
        """Checks one person: record, read back, decode, discard. A second check waits for the first."""
        async with self._busy:
            async with self._room.acting(connection) as (db, rows):
                who = rows.participant(command.participant)
                if who is None:
                    raise NotFound
                check = await sound_checks.begin_sound_check(
                    db,
                    sitting=rows.sitting,
                    participant=who,
                    lang=command.lang,
                    actor=participant_actor(_me(rows, connection)),
                    now=self._room.now(),
                )
                mic, cam = (
                    plan.source(who, kind, rows.rules, plan.roles_at_devices(rows.participants)[who.id]).track
                    for kind in plan.KINDS
                )
            try:
                result = await self.recorder.check_sound(
                    channel_track(check.lang) if check.lang else mic, None if check.lang else cam or None
                )
            except RecorderSilent:
                await self._check_found(check.participant_id, check.lang, None)
                raise
            await self._check_found(check.participant_id, check.lang, result)

    async def _check_found(self, participant_id: str, lang: str, result: messages.SoundChecked | None) -> None:
        async with self._room.acting() as (db, rows):
            await sound_checks.record_sound_check(
                db,
                sitting=rows.sitting,
                participant_id=participant_id,
                lang=lang,
                audio_ok=result is not None and result.audio_ok,
                picture=result is not None and result.picture,
                level=result.level if result else None,
                text=result.text if result else "",
                now=self._room.now(),
            )

    async def _start(self, connection: Connection, command: messages.Start) -> None:
        """The judge starts: the recorder opens, and only when its first segments are sealed and read back is the
        sitting in session (`_sealed`). Nothing when it is: an order given again after the web process was lost."""
        async with self._busy:
            async with self._room.acting(connection) as (db, rows):
                if rows.sitting.status is SittingStatus.in_session:
                    return
                await sittings.start(
                    db,
                    sitting=rows.sitting,
                    without_camera=command.without_camera,
                    without_comparison=command.without_comparison,
                    reason=command.reason,
                    actor=participant_actor(_me(rows, connection)),
                    now=self._room.now(),
                )
            self._first_seal.clear()
            self._ordered = True
            try:
                await self._open()  # no effect if an earlier web process has done this already
                async with asyncio.timeout(FIRST_SEAL_SECONDS):
                    await self._first_seal.wait()
            except TimeoutError as error:
                raise RecorderSilent from error
            finally:
                self._ordered = False

    async def _open(self) -> None:
        """Opens the recording, or has the recorder resume it. Effects: `facts.opened_at`.

        `sittings.start` has checked that each State it is for has a key.
        """
        async with self._room.reading() as (_db, rows):
            pass
        assert rows.recording is not None
        opened = await self.recorder.open(
            rows.recording.id,
            rows.hearing.id,
            [messages.NamedRecipient(name=key.name, recipient=key.recipient) for key in rows.recipients],
            plan.grants(rows).tracks,
            plan.recording_pause(rows.sitting),
            plan.recording_stretch(rows.sitting),
        )
        if isinstance(opened, messages.RecordingClosed):
            # The recorder was lost between `close` and its answer: there is nothing to take up again.
            await self._closed(opened)
            return
        self._began = _utc(opened.zero)
        self._journaled, self._seated = 0, []  # the recorder reports how much of the log it has journaled
        self._room.acted.set()
        if self.facts.opened_at is None:
            self.facts = RecordingFacts(opened_at=opened.at)
        self.orders.opened(opened, told=True)
        self._room.redraw()

    async def _resume(self, connection: Connection, command: messages.Resume) -> None:
        """Lifts holds. Where that ends a break, the recording goes on before the floor opens: when the recorder does
        not confirm that, nothing is changed."""
        async with self.orders.ending(), self._room.acting(connection) as (db, rows):
            actor, paused = participant_actor(_me(rows, connection)), plan.recording_pause(rows.sitting) is not None
            is_open = await sittings.resume(
                db,
                sitting=rows.sitting,
                reason=command.reason,
                without_consent=command.without_consent,
                actor=actor,
                now=self._room.now(),
            )
            await self.orders.end(db, rows, paused=paused, by=actor.role)
        await self._room.refresh()
        if is_open:
            self._room.notify("resumed", assertive=True)

    async def _end_closed_session(self, connection: Connection, _command: messages.EndClosedSession) -> None:
        """Ends the closed session, if the recorder confirms that it records to the recording's key again."""
        async with self.orders.ending(), self._room.acting(connection) as (db, rows):
            actor = participant_actor(_me(rows, connection))
            await closed_sessions.end(db, sitting=rows.sitting, actor=actor, now=self._room.now())
            await self.orders.reopen_key(rows)
        await self._room.refresh()
        self._room.notify("closed_session_ended", assertive=True)

    async def _close(self, connection: Connection, command: messages.Close) -> None:
        async with self._room.acting(connection) as (db, rows):
            await sittings.close(
                db,
                sitting=rows.sitting,
                reason=command.reason,
                actor=participant_actor(_me(rows, connection)),
                now=self._room.now(),
            )
        self._room.notify("closing", assertive=True)
        await self.finish_closing()

    async def _break_off(self, connection: Connection, command: messages.BreakOff) -> None:
        async with self._room.acting(connection) as (db, rows):
            closing = rows.sitting.status is SittingStatus.closing
            await sittings.abort(
                db,
                sitting=rows.sitting,
                reason=command.reason,
                actor=participant_actor(_me(rows, connection)),
                now=self._room.now(),
            )
        self._room.notify("breaking_off", assertive=True)
        if not closing:  # else the task that closed it is waiting for the recorder already
            await self.finish_closing()

    async def finish_closing(self) -> None:
        """Seals what there is and ends the recording of a sitting that is closing, also after a take-over."""
        if self.open:
            self.facts = replace(self.facts, stopping_at=time.time_ns())
            await self._room.refresh()
            await self._close_recording()
        else:
            async with self._room.acting() as (db, rows):
                await sittings.finish(db, sitting=rows.sitting, now=self._room.now())
            self._room.finish("no_recording")

    async def _close_recording(self) -> None:
        """Sends the log as it is now, with the order to close in it, then closes. Later entries are not under the
        seal."""
        await self._tell_log()
        await self._closed(await self.recorder.close())

    async def _closed(self, closed: messages.RecordingClosed) -> None:
        self.facts = replace(self.facts, closed_at=closed.at, error="", error_at=None)
        async with self._writing() as (db, rows):
            assert rows.recording is not None
            if rows.recording.status is not RecordingStatus.sealed:
                await recordings.closed(
                    db,
                    sitting=rows.sitting,
                    recording=rows.recording,
                    size=closed.size,
                    root=closed.root,
                    now=self._room.now(),
                )
                await sittings.finish(db, sitting=rows.sitting, now=self._room.now())
        self._seal_used(rows)
        self._room.finish("closed")


def _me(rows: Rows, connection: Connection) -> Participant:
    me = rows.participant(connection.participant_id)
    if me is None:
        raise NotFound
    return me


def _utc(at: int) -> datetime:
    return datetime.fromtimestamp(at / 1e9, UTC)
