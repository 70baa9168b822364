"""Shared state of one live hearing: access to its rows, its pages, and functions that notify and update pages.

The conductor makes it and gives it to the acts, to the media side and to the recording side, so that none of them needs
the conductor. Every field belongs to the event loop's single thread. Commands of one hearing run one after another
(`acting`), so that each sees the effects of those answered before.
"""

import asyncio
import contextlib
import logging
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.db import Database
from hearings.errors import DatabaseRefused, LoginEnded, NotFound
from hearings.hearing import seats
from hearings.models import Participant
from hearings.people.logins import WARNED
from hearings.rights.checklist import RightItem
from hearings.sitting import conductor_lease
from media import messages
from media.link import Mandate
from web.live import notices
from web.live.connections import Connection
from web.live.scene import Liveness, Rows, Scene, read_rows, rights_due
from web.words.i18n import speaking

logger = logging.getLogger("vivavoce.web.live.room")

RIGHTS_EVERY = 2.0
"""Seconds between two looks at the rights checklist, which takes the law and the hearing's log."""
WAIT = 1.0
"""Seconds to wait before a database that did not answer is asked again."""


class Room:
    """`show` derives plan and views from rows just read; `drop` closes somebody's media; `finish` ends the hearing's
    two processes with a reason, once the sitting is closed. All three are the conductor's; `mandate` authorises its
    orders and writes."""

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
        """Run folder with the sockets of worker and recorder; set when the hearing is opened or taken over."""
        self.scene: Scene | None = None
        self.connections: dict[str, Connection] = {}
        """By seat, the page that has it."""
        self.pages: set[Connection] = set()
        """Every page that has sent `hello`, including those that are asked whether to take over a seat."""
        self.media_logins: dict[str, str] = {}
        """By seat, the login of its latest media connection, as far as this process has passed its offer on."""
        self.liveness: dict[str, Liveness] = {}
        self.changed = asyncio.Event()
        self._rows_changed = True
        """Whether the rows may differ from those of `scene`."""
        self.acted = asyncio.Event()
        """Set when the hearing's log may have new entries."""
        self.database = database
        self.mandate = mandate
        self._show = show
        self._drop = drop
        self._finish = finish
        self._lock = asyncio.Lock()
        self._rights_due: Sequence[RightItem] = ()
        self._rights_looked = -math.inf
        self._looks_again = False
        self._tasks: set[asyncio.Task[None]] = set()

    @staticmethod
    def now() -> datetime:
        """The present instant."""
        return datetime.now(UTC)

    # --- background tasks ---------------------------------------------------------------------------------------

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs work in the background. A failure is logged; the work ends with the conductor."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._task_done)

    def _task_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("a task of a live hearing failed", exc_info=error)

    async def turn(self, work: Callable[[], Awaitable[None]]) -> bool:
        """Runs one iteration of periodic work. When the database does not answer, waits `WAIT` seconds and returns
        False."""
        try:
            await work()
        except DatabaseRefused:
            logger.warning("the database does not answer; a live hearing waits for it")
            await asyncio.sleep(WAIT)
            return False
        return True

    async def end_tasks(self) -> None:
        """Cancels all background work, except the task that calls this. A transaction under way may end before, within
        `WAIT` seconds: one that is cut off keeps SQLite locked for a while."""
        between = False
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(WAIT):
                between = await self._lock.acquire()
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if between:
            self._lock.release()

    def finish(self, notice: str) -> None:
        """Ends the hearing after its sitting was closed: tells every page and ends the processes, in the background."""
        self.spawn(self._finish(notice))

    # --- rows ---------------------------------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def acting(
        self, page: Connection | None = None, *, tell: bool = True
    ) -> AsyncIterator[tuple[AsyncSession, Rows]]:
        """One transaction of this hearing at a time; worker and pages are updated afterwards, unless `tell` is False.

        With `page`, its login must be valid and have the seat, which is read from the rows every time. Raises
        `NotFound`; `LoginEnded`, after the pages and media of that login were ended; `ConductedElsewhere` when a
        newer process conducts. Nothing is changed then.
        """
        async with self.writing() as db:
            if page is not None:
                await self._require_login(db, page)
            yield db, await read_rows(db, self.hearing_id)
        self.acted.set()
        if tell:
            self.touch()

    @contextlib.asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """One transaction of this hearing at a time, without its rows. Raises `ConductedElsewhere` when a newer process
        conducts; nothing is changed then."""
        async with self._lock, self.database.transaction() as db:
            await conductor_lease.require(db, token=self.mandate.token)
            yield db

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
        """The rows as they are in the database."""
        async with self.database.reading() as db:
            yield db, await read_rows(db, self.hearing_id)

    def touch(self) -> None:
        """Called when rows have changed: they are read, and worker and pages are updated soon."""
        self._rows_changed = True
        self.changed.set()

    def redraw(self) -> None:
        """Called when only state in memory has changed: pages are updated soon, from the rows that were read last."""
        self.changed.set()

    async def refresh(self) -> None:
        """Read the rows once; send the plan if it changed, and each page its view if it changed.

        Under the lock, so that no page gets a view older than an act whose answer it has received.
        """
        async with self._lock:
            self._rows_changed = False
            try:
                async with self.reading() as (db, rows):
                    rows.rights_due = await self._rights(db, rows)
            except BaseException:
                self._rows_changed = True
                raise
            self._show(rows)

    async def _rights(self, db: AsyncSession, rows: Rows) -> Sequence[RightItem]:
        """As `rights_due`, or as it was less than `RIGHTS_EVERY` ago: then it is looked at again when that is over."""
        left = self._rights_looked + RIGHTS_EVERY - time.monotonic()
        if left <= 0 or not rows.hearing.rights_version:
            self._rights_due, self._rights_looked = await rights_due(db, rows, now=self.now()), time.monotonic()
        elif not self._looks_again:
            self._looks_again = True
            self.spawn(self._look_again(left))
        return self._rights_due

    async def _look_again(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._looks_again = False
        self.touch()

    async def update(self) -> None:
        """Update plan and pages after `touch` or `redraw`; the rows are read only if they may have changed."""
        if self._rows_changed or self.scene is None:
            await self.refresh()
        else:
            self._show(self.scene.rows)

    # --- pages --------------------------------------------------------------------------------------------------

    def answer(self, connection: Connection, answer: messages.Result) -> None:
        """Sends the result of a command to the page that gave it, or to the page that has its seat now."""
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
        """Announces an event to every page in its language. `words`: when the text depends on the case."""
        at = time.time_ns()
        for connection in list(self.connections.values()):
            viewer = self.scene.rows.participant(connection.participant_id) if self.scene else None
            if viewer is None or (only is not None and not only(viewer)):
                continue
            with speaking(connection.locale):
                text = words(viewer) if words is not None else notices.NOTICES[code]()
            connection.send(messages.Notice(at=at, code=code, text=text, assertive=assertive))

    def cut(self) -> None:
        """Closes every page's connection without a message; each reconnects by itself, to the process that conducts
        then."""
        for page in list(self.pages):
            page.cut()
        self.connections.clear()

    def dismiss(self, participant_id: str, why: str) -> None:
        """Ends all pages and the media of a person at once, with the reason."""
        for page in [page for page in self.pages if page.participant_id == participant_id]:
            self.end_page(page, why)
        self.drop_media(participant_id)
        self.touch()

    def end_page(self, page: Connection, why: str) -> None:
        """Ends one page with the reason; a seat it had is then free."""
        if page.ended:
            return
        if self.connections.get(page.participant_id) is page:
            del self.connections[page.participant_id]
        code, words = notices.BYE[why]
        with speaking(page.locale):
            page.end(messages.Bye(why=code, text=words()))

    def drop_media(self, participant_id: str) -> None:
        """Closes a person's media connection."""
        self.media_logins.pop(participant_id, None)
        self._drop(participant_id)

    def logins(self) -> set[str]:
        """The logins that have a page or media here."""
        return {page.login_id for page in self.pages} | set(self.media_logins.values())

    def warn_login(self, login_id: str, left: timedelta) -> None:
        """Warn each page of a login in a seat that the login ends soon: once at each of `WARNED` minutes before."""
        minutes = math.ceil(left.total_seconds() / 60)
        step = min((limit for limit in WARNED if minutes <= limit), default=0)
        for page in [connection for connection in self.connections.values() if connection.login_id == login_id]:
            if step and step != page.warned:
                page.warned = step
                with speaking(page.locale):
                    text = notices.login_ends(minutes)
                page.send(messages.Notice(at=time.time_ns(), code="login_ends", text=text))

    def end_login(self, login_id: str, why: str, *, only: str = "") -> None:
        """Ends the pages and the media of a login that has ended, including pages that only ask for a seat. `only`: of
        one participant."""
        pages = [page for page in self.pages if page.login_id == login_id and only in ("", page.participant_id)]
        # For media connected before this process began, only the seat is known, not the login.
        seated = {page.participant_id for page in pages if self.connections.get(page.participant_id) is page}
        seats_held = {seat for seat, holder in self.media_logins.items() if holder == login_id and only in ("", seat)}
        for page in pages:
            self.end_page(page, why)
        for seat in seats_held | (seated - set(self.media_logins)):
            self.drop_media(seat)
        self.touch()
