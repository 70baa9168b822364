"""One live hearing as whoever works in it sees it: its rows, its pages, and the way to tell both.

The conductor makes it and gives it to the acts, to the media side and to the recording side, so that none of them needs
the conductor. Owner of every field is the event loop's single thread. Commands of one hearing run one after another
(`acting`), so that what a person is answered is what the next one sees.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.db import Database
from hearings.errors import DatabaseRefused, LoginEnded, NotFound
from hearings.hearing import seats
from hearings.models import Participant
from hearings.sitting import conduct
from media import messages
from media.fence import Mandate
from web.live import notices
from web.live.connections import Connection
from web.live.rows import Rows, read_rows
from web.live.view import Liveness, Scene
from web.words.i18n import speaking

logger = logging.getLogger("vivavoce.web.live.room")

WAIT = 1.0
"""Seconds after which a database that did not answer is asked again."""


class Room:
    """`show` derives plan and views from rows just read; `drop` closes somebody's media; `finish` ends the hearing's
    two processes once the sitting is closed, saying why. All three are the conductor's; `mandate` is what it orders
    and writes with."""

    def __init__(
        self,
        hearing_id: str,
        database: Database,
        *,
        show: Callable[[Rows], None],
        drop: Callable[[str], None],
        finish: Callable[[str], Coroutine[Any, Any, None]],
        mandate: Mandate,
    ) -> None:
        self.hearing_id = hearing_id
        self.folder = Path()
        """Of the sockets of worker and recorder; set when the hearing is taken up."""
        self.scene: Scene | None = None
        self.connections: dict[str, Connection] = {}
        """Of each seat, the page that has it."""
        self.pages: set[Connection] = set()
        """Every page that has said hello, those that only ask for a seat too."""
        self.media_logins: dict[str, str] = {}
        """Of each seat, whose login the latest media connection is of, as far as this process has passed it on."""
        self.liveness: dict[str, Liveness] = {}
        self.changed = asyncio.Event()
        self.acted = asyncio.Event()
        """Something may have been written into the hearing's log."""
        self.database = database
        self.mandate = mandate
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

    async def turn(self, work: Callable[[], Awaitable[None]]) -> bool:
        """One turn of work that comes again. A database that does not answer is waited for; False for such a turn."""
        try:
            await work()
        except DatabaseRefused:
            logger.warning("the database does not answer; a live hearing waits for it")
            await asyncio.sleep(WAIT)
            return False
        return True

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
    async def acting(
        self, page: Connection | None = None, *, tell: bool = True
    ) -> AsyncIterator[tuple[AsyncSession, Rows]]:
        """One transaction of this hearing at a time; worker and pages are told afterwards, unless `tell` is False.

        What is done for a `page` is done only while its login stands and has the seat, which is asked of the rows every
        time. Raises `NotFound`; `LoginEnded`, when everything that login holds here has ended too; `ConductedElsewhere`
        when a newer process conducts. Nothing is changed then.
        """
        async with self._lock:
            async with self.database.transaction() as db:
                await conduct.require(db, token=self.mandate.token)
                if page is not None:
                    await self._require_login(db, page)
                yield db, await read_rows(db, self.hearing_id)
        self.acted.set()
        if tell:
            self.touch()

    async def _require_login(self, db: AsyncSession, page: Connection) -> None:
        try:
            me = await seats.of_login(db, participant_id=page.participant_id, login_id=page.login_id, now=self.now())
        except LoginEnded as ended:
            self.end_login(page.login_id, ended.why, only=page.participant_id)
            raise
        if me.hearing_id != self.hearing_id:
            raise NotFound

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

    def cut(self) -> None:
        """End every page's connection without a word: each comes again by itself, to whoever conducts."""
        for page in list(self.pages):
            page.cut()
        self.connections.clear()

    def dismiss(self, participant_id: str, why: str) -> None:
        """End all of somebody's pages and their media at once, saying why."""
        for page in [one for one in self.pages if one.participant_id == participant_id]:
            self.end_page(page, why)
        self.drop_media(participant_id)
        self.touch()

    def end_page(self, page: Connection, why: str) -> None:
        """Say goodbye to one page; if it had the seat, nobody has it."""
        if page.ended:
            return
        if self.connections.get(page.participant_id) is page:
            del self.connections[page.participant_id]
        code, words = notices.BYE[why]
        with speaking(page.locale):
            page.end(messages.Bye(why=code, text=words()))

    def drop_media(self, participant_id: str) -> None:
        """Close somebody's media connection."""
        self.media_logins.pop(participant_id, None)
        self._drop(participant_id)

    def logins(self) -> set[str]:
        """Logins that hold something here."""
        return {page.login_id for page in self.pages} | set(self.media_logins.values())

    def end_login(self, login_id: str, why: str, *, only: str = "") -> None:
        """A login has ended: so do its pages, also those that only ask for a seat, and its media. `only`: of one."""
        pages = [one for one in self.pages if one.login_id == login_id and only in ("", one.participant_id)]
        # Of media that were there before this process, it is known only whose seat they are of.
        seated = {one.participant_id for one in pages if self.connections.get(one.participant_id) is one}
        seats_held = {seat for seat, holder in self.media_logins.items() if holder == login_id and only in ("", seat)}
        for page in pages:
            self.end_page(page, why)
        for seat in seats_held | (seated - set(self.media_logins)):
            self.drop_media(seat)
        self.touch()
