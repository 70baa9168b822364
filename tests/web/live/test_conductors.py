"""Opening a lobby and taking hearings over where a worker or a recorder does not start."""

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from hearings import queries
from hearings.db import Database
from hearings.errors import ConductedElsewhere, DatabaseAway
from hearings.status import RecordingStatus, SittingStatus
from tests.support.databases import UPGRADED, Sqlite
from web.live import conductor, media_side, room
from web.live.conductors import Conductors
from web.seal_keeper import SealKeeper
from web.settings import Settings

pytestmark = pytest.mark.timeout(120)
ENDS_AT_ONCE = [sys.executable, "-c", "raise SystemExit('cannot start')"]


@pytest.mark.parametrize("module", [media_side, conductor], ids=["worker", "recorder"])
def test_a_lobby_whose_worker_or_recorder_cannot_start_is_not_open_and_says_so(
    serving: Callable[[Path], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: Any
) -> None:
    with serving(tmp_path) as service:
        ref, hearing_id = service.made.hearing.ref, service.made.hearing.id
        clerk = service.signed_in("clerk")
        with monkeypatch.context() as broken:
            broken.setattr(module, "python", lambda *_: ENDS_AT_ONCE)
            answer = clerk.post(f"/h/{ref}/act/lobby", page=f"/h/{ref}")
        words = clerk.words(answer)
        assert "The lobby could not be opened: the media service did not start." in words
        assert "Enter the hearing" not in words
        for page in (answer, clerk.get(f"/h/{ref}")):
            chips = page.text.partition('<div class="acts">')[2].partition("</div>")[0]
            assert "Ready" in chips and "Lobby open" not in chips
            assert "Open the lobby" in clerk.words(page) and "the media service did not start" in clerk.words(page)

        async def look(database: Database) -> tuple[Any, Any, str, list[str]]:
            async with database.reading() as db:
                last = await queries.last_sitting(db, hearing_id)
                assert last is not None
                recording = await queries.recording_of(db, last.id)
                hearing = await queries.hearing_by_ref(db, ref)
                kinds = [event.kind for event in await queries.events(db, hearing_id, limit=100)]
                return last.status, recording.status, hearing.status.value, kinds

        assert service.run(look) == (
            SittingStatus.closed,
            RecordingStatus.no_recording,
            "ready",
            [*["right_answered"] * 4, "link_issued", "link_issued", "lobby_opened", "closed"],
        )
        assert not [one for one in (service.settings.run).glob("*/*.pid") if _runs(one)]
        link = service.made.participants["witness"]
        guest = service.client()
        refused = guest.post("/j", {"secret": link.secret, "pin": link.pin})
        assert "The lobby is not open yet" in guest.words(refused)
        again = clerk.post(f"/h/{ref}/act/lobby", page=f"/h/{ref}")
        assert again.headers["location"].endswith("done=lobby")
        assert guest.post("/j", {"secret": link.secret, "pin": link.pin}).status_code == 303


def _runs(pid_file: Path) -> bool:
    stat = Path(f"/proc/{pid_file.read_text().split()[0]}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def test_a_hearing_that_cannot_be_taken_over_is_told_on_its_page_and_by_health(
    serving: Callable[[Path], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(tmp_path) as service:
        ref, hearing_id = service.made.hearing.ref, service.made.hearing.id
        clerk = service.signed_in("clerk")
        clerk.post(f"/h/{ref}/act/lobby", page=f"/h/{ref}")
        conductors = service.app.state.parts.conductors
        assert conductors.silent() == frozenset()
        monkeypatch.setattr(conductors.get(hearing_id).media, "up", False)
        assert conductors.silent() == {hearing_id}
        assert "Nobody can see or hear anyone" in clerk.words(clerk.get(f"/h/{ref}"))
        health = clerk.get("/healthz")
        assert (health.status_code, "ready: 1 open sitting has no media service" in health.text) == (503, True)


def test_a_live_hearing_outlives_a_database_that_does_not_answer(
    serving: Callable[[Path], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "WAIT", 0.05)
    with serving(tmp_path) as service:
        ref, hearing_id = service.made.hearing.ref, service.made.hearing.id
        clerk = service.signed_in("clerk")
        clerk.post(f"/h/{ref}/act/lobby", page=f"/h/{ref}")
        live = service.app.state.parts.conductors.get(hearing_id)
        database, asked = live.room.database, []

        @contextlib.asynccontextmanager
        async def away(*_given: Any) -> AsyncIterator[Any]:
            asked.append(1)
            raise DatabaseAway
            yield

        # A look that comes again each second, and one that somebody's act brings about.
        monkeypatch.setattr(live, "_watch_lines", lambda _now: live.room.refresh())
        tasks = set(live.room._tasks)
        with monkeypatch.context() as broken:
            broken.setattr(database, "reading", away)
            live.room.touch()
            until(lambda: len(asked) > 30)
        before = live.room.scene
        live.room.touch()
        until(lambda: live.room.scene is not before)
        assert {task for task in tasks if not task.done()} == tasks & live.room._tasks
        assert len([task for task in tasks if not task.done()]) >= 3  # follow, tick, keep_log


def until(found: Callable[[], Any]) -> None:
    """Wait until it is so."""
    end = time.monotonic() + 60
    while not found():
        assert time.monotonic() < end
        time.sleep(0.02)


async def test_a_process_that_begins_to_conduct_lets_pages_try_again_until_it_has_taken_the_hearings_over(
    sqlite_server: Sqlite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, taken, settings = asyncio.Event(), asyncio.Event(), Settings(data=tmp_path)
    settings.run.mkdir(parents=True)

    async def slowly(self: Conductors) -> None:
        begun.set()
        await taken.wait()

    monkeypatch.setattr(Conductors, "_take_all", slowly)
    with sqlite_server.at(UPGRADED) as url:
        database = Database(url)
        conductors = Conductors(settings, database, SealKeeper(settings))
        starting = asyncio.create_task(conductors.start())
        await asyncio.wait_for(begun.wait(), 20)
        with pytest.raises(ConductedElsewhere):
            conductors.require()
        taken.set()
        await starting
        conductors.require()
        await conductors.stop()
        await database.close()
