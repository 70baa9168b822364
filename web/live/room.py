"""One live hearing as whoever works in it sees it: its rows, its pages, and the way to tell both.

The conductor makes it and gives it to the acts, to the media side and to the recording side, so that none of them needs
the conductor. Owner of every field is the event loop's single thread. Commands of one hearing run one after another
(`acting`), so that what a person is answered is what the next one sees.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.db import Database
from hearings.errors import NotFound
from hearings.models import Participant
from media import messages
from web.live import notices
from web.live.connections import Connection
from web.live.rows import Rows, read_rows
from web.live.view import Liveness, Scene
from web.words.i18n import speaking

logger = logging.getLogger("vivavoce.web.live.room")


class Room:
    """`show` derives plan and views from rows just read; `drop` closes somebody's media; `finish` ends the hearing's
    two processes once the sitting is closed, saying why. All three are the conductor's."""

    def __init__(
        self,
        hearing_id: str,
        database: Database,
        *,
        show: Callable[[Rows], None],
        drop: Callable[[str], None],
        finish: Callable[[str], Coroutine[Any, Any, None]],
    ) -> None:
        self.hearing_id = hearing_id
        self.folder = Path()
        """Of the sockets of worker and recorder; set when the hearing is taken up."""
        self.scene: Scene | None = None
        self.connections: dict[str, Connection] = {}
        self.liveness: dict[str, Liveness] = {}
        self.changed = asyncio.Event()
        self.acted = asyncio.Event()
        """Something may have been written into the hearing's log."""
        self.database = database
        self._show = show
        self._drop = drop
        self._finish = finish
        self._lock = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    @staticmethod
    def now() -> datetime:
        """The present instant."""
        return datetime.now(UTC)

    # --- work beside --------------------------------------------------------------------------------------------

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run beside; a failure is logged, the end of the conductor ends it."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._task_done)

    def _task_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("a task of a live hearing failed", exc_info=error)

    async def end_tasks(self) -> None:
        """End all work beside, except the task that asks for it."""
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def finish(self, notice: str) -> None:
        """The sitting is closed: everybody is told, and the processes end, beside."""
        self.spawn(self._finish(notice))

    # --- rows ---------------------------------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def acting(self, participant_id: str = "", *, tell: bool = True) -> AsyncIterator[tuple[AsyncSession, Rows]]:
        """One transaction of this hearing at a time; worker and pages are told afterwards, unless `tell` is False."""
        async with self._lock:
            async with self.database.transaction() as db:
                rows = await read_rows(db, self.hearing_id)
                if participant_id and rows.participant(participant_id) is None:
                    raise NotFound
                yield db, rows
        self.acted.set()
        if tell:
            self.touch()

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[tuple[AsyncSession, Rows]]:
        """The rows as they stand."""
        async with self.database.reading() as db:
            yield db, await read_rows(db, self.hearing_id)

    def touch(self) -> None:
        """Rows have changed: worker and pages are told soon."""
        self.changed.set()

    async def refresh(self) -> None:
        """Read the rows once; send the plan if it changed, and each page its view if it changed.

        Under the lock, so that no page is shown how things were before an act it has had the answer to.
        """
        async with self._lock:
            async with self.reading() as (_db, rows):
                pass
            self._show(rows)

    # --- pages --------------------------------------------------------------------------------------------------

    def answer(self, connection: Connection, answer: messages.Result) -> None:
        """To the page that asked, or the one that has its seat now."""
        connection.answers.keep(answer.re, answer)
        self.connections.get(connection.participant_id, connection).send(answer)

    def notify(
        self,
        code: str,
        *,
        assertive: bool = False,
        only: Callable[[Participant], bool] | None = None,
        words: Callable[[Participant], str] | None = None,
    ) -> None:
        """Tell every page that something happened, each in its language. `words`: where they depend on the case."""
        at = time.time_ns()
        for connection in list(self.connections.values()):
            viewer = self.scene.participant(connection.participant_id) if self.scene else None
            if viewer is None or (only is not None and not only(viewer)):
                continue
            with speaking(connection.locale):
                text = words(viewer) if words is not None else notices.NOTICES[code]()
            connection.send(messages.Notice(at=at, code=code, text=text, assertive=assertive))

    def dismiss(self, participant_id: str, why: str) -> None:
        """End a page's connection and its media at once, saying why."""
        connection = self.connections.pop(participant_id, None)
        if connection is not None:
            with speaking(connection.locale):
                connection.end(messages.Bye(why=why, text=notices.BYE[why]()))  # type: ignore[arg-type]
        self._drop(participant_id)
        self.touch()
