"""The hearing's log on its way into the recording's journal: a real recorder, and web processes that come and go."""

import asyncio
import contextlib
import hashlib
import json
import os
import signal
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event as sqlalchemy_event

from hearings import queries
from hearings.db import Database
from hearings.events import EventKind, record
from hearings.hearing import participants
from hearings.roles import Role
from hearings.sitting import breaks, closed_sessions, recordings, sittings
from hearings.status import RecordingStatus, SittingStatus
from media import messages
from media.evidence.seal.seal_key import make_seal_key
from media.link import Mandate, connect
from media.processes import MOST_TRIES, Process, python
from tests.support.court import NOW, STAGES, Court
from tests.support.databases import Sqlite
from tests.support.evidence.recorder import Source, encode_audio
from tests.support.evidence.seals import LocalSeal, ServedSeal
from web.live import recording_side
from web.live.recorder import RecorderSilent
from web.live.recording_side import RecordingSide
from web.live.room import Room
from web.live.scene import RecordingFacts, Rows, Scene, indicator
from web.security_log import SecurityLog


@dataclass
class Page:
    """Of one participant; keeps what it is told."""

    participant_id: str
    locale: str = "en"
    told: list[str] = field(default_factory=list)

    def send(self, message: messages.Message) -> None:
        if isinstance(message, messages.Notice) and message.code == "gap":
            self.told.append(message.text.replace("\u2066", "").replace("\u2069", ""))


@dataclass
class Web:
    """A web process's part in one hearing, as far as its recording goes."""

    court: Court
    folder: Path
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    finished: list[str] = field(default_factory=list)

    async def begin(self) -> RecordingSide:
        """Start the recorder or take it over."""

        def show(rows: Rows) -> None:
            self.side.orders.follow(rows)

        async def finish(notice: str) -> None:
            self.finished.append(notice)

        hearing = self.court.hearing.id
        self.room = Room(
            hearing, self.court.database, show=show, drop=lambda seat: None, finish=finish, mandate=Mandate()
        )
        self.room.folder = self.folder / "run"
        self.side = RecordingSide(self.room, on_refused=print)
        async with self.room.reading() as (_db, rows):
            self.side.read_facts(rows)
        argv = ["--folder", str(self.room.folder), "--recordings", str(self.folder / "recordings")]
        argv += ["--seal", str(self.folder / "seal.sock"), "--court", "court.example"]
        await self.side.start_process(python("media.evidence.recording.recorder", *argv))
        self.tasks.append(asyncio.create_task(self.side.keep_log()))
        return self.side

    async def killed(self) -> None:
        """It is gone, and has told nobody."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        self.tasks.clear()
        await self.room.end_tasks()
        await self.side.recorder.detach()

    def lines(self, *types: str) -> list[dict[str, Any]]:
        """The journal's lines of these types."""
        with contextlib.suppress(IndexError):
            data = next((self.folder / "recordings").glob("*/journal.jsonl")).read_bytes()
            return [one for one in map(json.loads, data[: data.rfind(b"\n") + 1].splitlines()) if one["type"] in types]
        return []

    def entries(self) -> list[int]:
        return [line["entry"] for line in self.lines("event")]

    async def until(self, condition: Callable[[], Any]) -> None:
        async with asyncio.timeout(20):
            while not condition():  # noqa: ASYNC110 other processes bring it about
                await asyncio.sleep(0.05)


@pytest.fixture
async def web(sqlite_server: Sqlite, tmp_path: Path) -> AsyncIterator[Web]:
    """Of a hearing in session."""
    for name in ("run", "recordings"):
        (tmp_path / name).mkdir(mode=0o700)
    served = ServedSeal(LocalSeal(tmp_path / "seal", make_seal_key(tmp_path / "seal.key")), tmp_path / "seal.sock")
    with sqlite_server.at(STAGES["in_session"]) as url:
        database = Database(url)
        found = Web(await Court.load(database), tmp_path)
        yield found
        with contextlib.suppress(ConnectionError):
            await found.side.recorder.stop()
        await found.killed()
        await database.close()
    served.close()


async def note(web: Web, now: datetime = NOW) -> int:
    """Something that is written into the log without the room: a page, or the clock. Its number. The room is told as
    `Conductors.touch` tells it."""
    async with web.court.database.transaction() as db:
        clerk = await web.court.actor(db, Role.clerk)
        event = await record(db, hearing=web.court.hearing, kind=EventKind.hand, actor=clerk, now=now, up=True)
    web.room.acted.set()
    return event.seq


async def test_every_entry_is_under_the_seal_once_whoever_is_killed(web: Web) -> None:
    await web.begin()
    last = await note(web)
    await web.until(lambda: web.entries() == list(range(1, last + 1)))
    await web.killed()
    last = await note(web)
    await web.begin()
    await web.until(lambda: web.entries()[-1:] == [last])
    os.kill(int((web.folder / "run/recorder.pid").read_text().split()[0]), signal.SIGKILL)
    await note(web)
    await web.until(lambda: web.lines("reopen") and web.entries()[-1] > last)
    await note(web)
    async with web.court.database.reading() as db:
        people = await queries.participants(db, web.court.hearing.id)
        events = await queries.events(db, web.court.hearing.id)
    await web.until(lambda: len(web.entries()) >= len(events))
    assert web.entries() == [event.seq for event in events]
    assert [line["sha256"] for line in web.lines("event")] == [
        recordings.sha256(recordings.entry(event)) for event in events
    ]
    assert {line["seat"]: line["sha256"] for line in web.lines("person")} == {
        recordings.seat(person): recordings.sha256(recordings.person(person)) for person in people
    }
    assert len(web.lines("person")) == len(people)
    gaps = {event.data["track"]: event.data for event in events if event.kind == EventKind.gap}
    witness = next(person for person in people if person.role is Role.witness)
    assert gaps["witness_1_mic"]["participant"] == gaps["witness_1_cam"]["participant"] == witness.id
    assert gaps["channel_th"]["lang"] == "th"


async def test_a_mute_says_by_whom_and_of_whom_and_the_order_to_close_is_the_last_entry(web: Web) -> None:
    side = await web.begin()
    async with web.room.acting() as (db, rows):
        judge = await web.court.actor(db, Role.presiding_judge)
        witness = await web.court.seat(db, Role.witness)
        await participants.mute(db, participant=witness, actor=judge, now=web.room.now())
    await web.until(lambda: web.lines("event")[-1:] and web.lines("event")[-1]["kind"] == "muted")
    said = web.lines("event")[-1]
    assert (said["who"], said["seat"]) == ("presiding_judge", "witness_1")
    async with web.room.acting() as (db, rows):
        await sittings.close(db, sitting=rows.sitting, actor=judge, now=web.room.now())
    await side.finish_closing()
    await web.until(lambda: web.finished)
    assert web.lines("event", "close")[-2]["kind"] == "closing"
    assert web.lines("close")
    async with web.court.database.reading() as db:
        sitting, _recording = await web.court.sitting(db)
        after = [event.kind for event in await queries.events(db, web.court.hearing.id, after=web.entries()[-1])]
    assert sitting.status is SittingStatus.closed
    assert [kind for kind in after if kind != "gap"] == ["recording_sealed", "closed"]


async def test_more_than_one_part_is_told_in_parts(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording_side, "LOG_PART", 3)
    await web.begin()
    last = await note(web)
    await web.until(lambda: web.entries() == list(range(1, last + 1)))


async def test_who_conducts_is_told_once_of_each_whose_gap_it_is_and_nobody_else_is(web: Web) -> None:
    await web.begin()
    async with web.room.reading() as (_db, rows):
        web.room.scene = Scene(rows, RecordingFacts(), generation=1, media_up=True)
    pages = {participant.role: Page(participant.id) for participant in rows.participants}
    web.room.connections.update({page.participant_id: page for page in pages.values()})  # type: ignore[misc]
    await web.until(web.entries)
    os.kill(int((web.folder / "run/recorder.pid").read_text().split()[0]), signal.SIGKILL)
    conducting = (Role.presiding_judge, Role.clerk, Role.requested_authority)
    await web.until(lambda: all("Witness (Thailand), " in "".join(pages[role].told) for role in conducting))
    for role in conducting:
        witness = [text for text in pages[role].told if "Witness (Thailand), " in text]
        assert len(witness) == 1
        assert witness[0].endswith(": the recorder had failed.")
    assert " in Bucharest): " in pages[Role.requested_authority].told[0]
    assert " in Bangkok): " in pages[Role.presiding_judge].told[0]
    assert [role for role, page in pages.items() if page.told and role not in conducting] == []


@dataclass
class Watcher:
    """A page that keeps what the indicator said, and when."""

    participant_id: str
    locale: str = "en"
    said: list[tuple[int, str]] = field(default_factory=list)

    def send(self, message: messages.Message) -> None:
        if isinstance(message, messages.Tick):
            self.said.append((message.at, message.recording.status))


@contextlib.asynccontextmanager
async def rows_locked(web: Web) -> AsyncIterator[None]:
    """Another process holds the database, and what the recorder said last is waiting for it."""
    process = web.side.recorder._process
    assert process is not None
    path = str(web.court.database.engine.url.database)
    other = sqlite3.connect(path, isolation_level=None, timeout=20)
    other.execute("BEGIN EXCLUSIVE")
    process._queue_call(web.side._heard, messages.Sealed(seq=0, at=time.time_ns(), count=1, pending=0, t=1))
    try:
        await web.until(process._events.empty)
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


@contextlib.asynccontextmanager
async def bags_hashed(web: Web) -> AsyncIterator[None]:
    """Recordings are exported and checked: threads hash."""
    large, enough = web.folder / "large", threading.Event()
    large.write_bytes(bytes(64 * 1024 * 1024))

    def work() -> None:
        while not enough.is_set():
            with large.open("rb") as file:
                hashlib.file_digest(file, "sha512")

    busy = [asyncio.create_task(asyncio.to_thread(work)) for _ in range(4)]
    try:
        yield
    finally:
        enough.set()
        await asyncio.gather(*busy)
        large.unlink()


@contextlib.asynccontextmanager
async def a_stopped_worker(web: Web) -> AsyncIterator[None]:
    folder = web.folder / "worker"
    folder.mkdir(mode=0o700)
    argv = python("media.live.worker", "--folder", str(folder), "--udp-host", "127.0.0.1", "--udp-port", "0")
    worker = await Process.start_or_adopt("worker", argv, folder, "worker.sock", messages.WORKER_TO_WEB, print)
    os.kill(worker.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        await worker.stop()


@contextlib.asynccontextmanager
async def recovery(web: Web) -> AsyncIterator[None]:
    """The recorder was killed a moment ago, and another takes the recording up again."""
    process = web.side.recorder._process
    assert process is not None
    first = process.pid
    os.kill(first, signal.SIGKILL)
    await web.until(lambda: process.pid not in (0, first) and process.attached.pid == process.pid)
    yield


@pytest.mark.parametrize("work", [rows_locked, bags_hashed, a_stopped_worker, recovery], ids=lambda one: one.__name__)
async def test_a_killed_recorder_is_noticed_within_two_seconds_whatever_else_runs(web: Web, work: Any) -> None:
    """Asserted from times of events, not from a clock of the test's: what is waited for may come late to it."""
    await web.begin()
    await web.until(web.entries)
    async with web.room.reading() as (_db, rows):
        page = Watcher(rows.participants[0].id)
    web.room.connections[page.participant_id] = page  # type: ignore[assignment]
    process = web.side.recorder._process
    assert process is not None
    async with work(web):
        pid, lost = process.pid, len([one for one in process.history if one.what == "lost"])
        killed, monotonic = time.time_ns(), time.monotonic()
        page.said.clear()
        os.kill(pid, signal.SIGKILL)
        await web.until(lambda: [one for one in process.history if one.what == "lost"][lost:] and page.said)
    moment = [one for one in process.history if one.what == "lost"][lost]
    assert (moment.pid, moment.at - monotonic < 2.0) == (pid, True)
    assert page.said[0][1] == "failing"
    assert page.said[0][0] - killed < 2_000_000_000
    await web.until(lambda: web.lines("reopen"))
    async with web.court.database.reading() as db:
        events = await queries.events(db, web.court.hearing.id)
    assert "recording_failing" in [event.kind for event in events]


async def test_what_the_recorder_said_while_the_database_was_away_is_written_when_it_is_back(web: Web) -> None:
    """Its driver fails as of a disk that cannot be written, as often as an event is tried that fails by itself."""
    side = await web.begin()
    await web.until(web.entries)
    await web.until(lambda: side.open)
    failed: list[str] = []

    def fail(_cursor: Any, statement: str, _parameters: Any, _context: Any) -> None:
        if statement.startswith("INSERT INTO hearing_event") and len(failed) < MOST_TRIES:
            failed.append(statement)
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR
            raise error

    sqlalchemy_event.listen(web.court.database.engine.sync_engine, "do_execute", fail)
    os.kill(int((web.folder / "run/recorder.pid").read_text().split()[0]), signal.SIGKILL)
    await web.until(lambda: len(failed) == MOST_TRIES and web.lines("reopen"))
    async with web.court.database.reading() as db:
        kinds = [event.kind for event in await queries.events(db, web.court.hearing.id)]
    assert kinds.count("recording_failing") == 1


async def test_that_the_seal_seals_again_after_a_failure_is_one_line_of_the_security_log(web: Web) -> None:
    side = await web.begin()
    await web.until(lambda: side.open)
    log = SecurityLog(web.folder / "security.log")
    log.start()

    async def seal() -> None:
        for _again in range(2):
            count = side.facts.sealed + 1
            await side._heard(messages.Sealed(seq=count, at=time.time_ns(), count=count, pending=0, t=0))

    await seal()  # the recorder of this process has taken it up
    await side._failed("seal_lost")
    await side._failed("seal_lost")
    await seal()
    log.stop()
    written = [json.loads(line) for line in (web.folder / "security.log").read_text("ascii").splitlines()]
    assert [(one["event.code"], one["event.outcome"], one.get("event.reason")) for one in written] == [
        ("seal_used", "success", None),
        ("seal_used", "failure", "seal_lost"),
        ("seal_used", "success", None),
    ]


async def test_a_seal_that_was_kept_in_memory_is_told_again_to_the_next_web_process(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is written late survives a killed web process; what was written is not acted upon again."""
    side = await web.begin()
    link = await connect(web.folder / "run/frames.sock", messages.RECORDER_TO_WORKER)
    source = Source(link, audio={"witness_1_mic": encode_audio(50)})
    sending = asyncio.create_task(source.run(60))
    web.tasks.append(sending)
    await web.until(lambda: len(web.lines("gap")) > 5)  # written at once, with the seals before them
    await asyncio.sleep(1)
    await web.until(lambda: side._unwritten is not None)
    web.tasks.remove(sending)
    await web.killed()
    assert side._unwritten is not None
    kept = side._unwritten.count
    async with web.court.database.reading() as db:
        written = (await web.court.sitting(db))[1].sealed_count
    assert written < kept
    told: list[int] = []
    heard = RecordingSide._heard

    async def noted(self: RecordingSide, message: messages.Message) -> bool:
        if isinstance(message, messages.Sealed):
            told.append(message.count)
        return await heard(self, message)

    monkeypatch.setattr(RecordingSide, "_heard", noted)
    side = await web.begin()
    assert await side.recorder.caught_up(20)
    assert kept in told
    assert written not in told
    assert side.facts.sealed >= kept
    async with web.court.database.reading() as db:
        events = await queries.events(db, web.court.hearing.id)
    gaps = [(one.data["track"], one.data["from_ms"]) for one in events if one.kind == EventKind.gap]
    assert len(gaps) == len(set(gaps)) > 5
    web.tasks.append(sending)
    await link.close()


async def send_sound(web: Web) -> None:
    """Sound reaches the recorder process that runs now."""
    link = await connect(web.folder / "run/frames.sock", messages.RECORDER_TO_WORKER)
    source = Source(link, audio={"witness_1_mic": encode_audio(50), "judge_1_mic": encode_audio(50)})

    async def send() -> None:
        try:
            await source.run(60)
        finally:
            await link.close()

    web.tasks.append(asyncio.create_task(send()))


async def lift(web: Web) -> bool:
    """The presiding judge ends the break, as `RecordingSide` has it done."""
    async with web.side.orders.ending(), web.room.acting() as (db, rows):
        judge = await web.court.actor(db, Role.presiding_judge)
        is_open = await sittings.resume(db, sitting=rows.sitting, reason="Go on", actor=judge, now=web.room.now())
        await web.side.orders.end(db, rows, paused=True, by=judge.role)
        return is_open


async def statuses(web: Web) -> tuple[RecordingStatus, bool]:
    """Of the recording, and whether the floor is open, by the rows."""
    async with web.court.database.reading() as db:
        sitting, recording = await web.court.sitting(db)
    return recording.status, sitting.floor_open


async def test_a_break_pauses_the_recording_whoever_is_killed_and_the_floor_opens_only_when_it_goes_on(
    web: Web,
) -> None:
    def shown() -> str:
        return indicator(web.side.facts, time.time_ns())[0]

    await web.begin()
    await web.until(web.entries)
    await send_sound(web)
    await web.until(lambda: shown() == "recording")
    async with web.room.acting() as (db, rows):
        judge = await web.court.actor(db, Role.presiding_judge)
        await breaks.order(db, sitting=rows.sitting, purpose="rest", minutes=5, actor=judge, now=web.room.now())
    await web.room.refresh()
    await web.until(lambda: shown() == "paused")
    assert [(line["by"], line["reason"]) for line in web.lines("pause")] == [("presiding_judge", "rest")]
    assert await statuses(web) == (RecordingStatus.paused, False)
    async with web.court.database.reading() as db:
        sitting, _recording = await web.court.sitting(db)
    confirmed = sittings.break_of(sitting)["paused"]

    await web.killed()
    await web.begin()
    assert shown() == "paused"
    await web.room.refresh()
    await web.until(lambda: web.side.orders._known)

    pid = int((web.folder / "run/recorder.pid").read_text().split()[0])
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(RecorderSilent):
        await lift(web)
    assert (await statuses(web))[1] is False
    await web.until(lambda: web.lines("reopen") and web.side.facts.error and not web.lines("resume"))
    assert shown() == "failing"
    await send_sound(web)
    await web.until(lambda: shown() == "paused")
    async with web.court.database.reading() as db:
        kinds = [event.kind for event in await queries.events(db, web.court.hearing.id)]
    assert {"recording_failing", "recording_back"} <= set(kinds)
    assert await statuses(web) == (RecordingStatus.paused, False)
    assert len(web.lines("pause")) == 1

    assert await lift(web)
    assert [line["by"] for line in web.lines("resume")] == ["presiding_judge"]
    assert web.side.facts.paused_at is None
    async with web.court.database.reading() as db:
        (ended,) = [event for event in await queries.events(db, web.court.hearing.id) if event.kind == "break_ended"]
        (ordered,) = [
            event for event in await queries.events(db, web.court.hearing.id) if event.kind == "break_ordered"
        ]
    between = (datetime.fromisoformat(confirmed) - ordered.at).total_seconds()
    assert ended.data["paused_after"] == round(between, 1), "the first confirmation counts"
    assert await statuses(web) == (RecordingStatus.recording, True)
    await web.room.refresh()
    assert web.side.orders._known
    end = web.lines("resume")[0]["t"]
    await web.until(lambda: [line for line in web.lines("segment") if line["t0"] >= end])
    assert shown() == "recording"
    assert [line for line in web.lines("segment") if web.lines("pause")[0]["t"] < line["t1"] and line["t0"] < end] == []


async def end_closed_session(web: Web) -> None:
    """The presiding judge ends the closed session, as `RecordingSide` has it done."""
    async with web.side.orders.ending(), web.room.acting() as (db, rows):
        judge = await web.court.actor(db, Role.presiding_judge)
        await closed_sessions.end(db, sitting=rows.sitting, actor=judge, now=web.room.now())
        await web.side.orders.reopen_key(rows)


async def test_a_closed_session_is_recorded_to_its_own_key_whoever_is_killed_and_the_floor_waits_for_it(
    web: Web,
) -> None:
    async def waits() -> bool:
        async with web.room.reading() as (_db, rows):
            assert bool(rows.sitting.closed_session) is closed
            return web.side.orders.waits(rows)

    await web.begin()
    await web.until(web.entries)
    await send_sound(web)
    await web.until(lambda: indicator(web.side.facts, time.time_ns())[0] == "recording")
    closed = False
    assert not await waits()
    names = ["requesting RO"]
    async with web.room.acting() as (db, rows):
        judge = await web.court.actor(db, Role.presiding_judge)
        await closed_sessions.begin(
            db, sitting=rows.sitting, out=[], reason="A child.", recipients=names, actor=judge, now=web.room.now()
        )
    closed = True
    assert await waits(), "not before the recorder has confirmed it"
    await web.room.refresh()
    await web.until(lambda: web.side.facts.key_of)
    assert not await waits()
    assert [(line["key"], line["recipients"]) for line in web.lines("rekey")] == [(1, names)]

    await web.killed()
    await web.begin()
    assert await waits(), "another process does not know what the recorder does"
    await web.room.refresh()
    await web.until(lambda: web.side.orders._known)
    assert not await waits()

    pid = int((web.folder / "run/recorder.pid").read_text().split()[0])
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(RecorderSilent):
        await end_closed_session(web)
    assert await waits()
    await web.until(lambda: web.lines("reopen") and web.side.facts.error)
    await send_sound(web)
    await web.until(lambda: indicator(web.side.facts, time.time_ns())[0] == "recording")
    await web.room.refresh()
    await web.until(lambda: web.side.orders._known)
    assert not await waits()
    assert [line["key"] for line in web.lines("rekey")] == [1]

    await end_closed_session(web)
    closed = False
    assert not await waits()
    assert [line["key"] for line in web.lines("rekey")] == [1, 0]
    assert web.side.facts.key_of == ()
    begun, ended = (line["t"] for line in web.lines("rekey"))
    await web.until(lambda: [line for line in web.lines("segment") if line["t0"] >= ended])
    over = [line for line in web.lines("segment") if line["t0"] < begun < line["t1"] or line["t0"] < ended < line["t1"]]
    assert over == []
