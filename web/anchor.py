"""The anchor: how far this installation has come, kept in a folder outside database and data folder.

`anchor.json` in VIVAVOCE_ANCHOR, one folder for one installation. It is brought forward once a second, and before
anybody gets an answer to what binds a State: it may lag behind the database for a moment, and never leads. Several
processes may bring it forward at the same time: each writes only what goes on from what it has read there.
"""

import asyncio
import contextlib
import fcntl
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError

from hearings.db import Database, Head
from hearings.errors import AnchorAway, DatabaseRefused
from hearings.models.history import InstallationKind
from hearings.outward import anchors, heads, installation, losses
from hearings.outward.anchors import AnchorForeign, AnchorRecord, AnchorUnreadable
from media.evidence.log.store import FileStore

logger = logging.getLogger("vivavoce.web.anchor")

NAME, LOCK = "anchor.json", "anchor.lock"
EVERY, PATIENCE = 1.0, 5.0
WRITTEN_EVERY = 60.0
"""Seconds after which it is written anew where nothing has happened, so that it is known to be writable."""
ATTEMPTS = 5
T = TypeVar("T")


class AnchorFile:
    """The file in its folder. Every method blocks, for as long as the folder's disk or network likes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._store = FileStore(folder)

    def read(self) -> bytes | None:
        """What is there; None when nothing is, the folder included. OSError."""
        try:
            return (self.folder / NAME).read_bytes()
        except FileNotFoundError:
            return None

    def swap(self, before: bytes | None, text: bytes) -> bytes | None:
        """Write durably if it is still as it was `before`. What is there now. OSError."""
        with self._locked():
            there = self.read()
            if there != before:
                return there
            self._store.replace(NAME, text)
            return text

    def set_aside(self) -> Path | None:
        """Give it another name, for good; what it is called then. OSError."""
        with self._locked():
            if self.read() is None:
                return None
            name = f"anchor-{datetime.now(UTC):%Y%m%dT%H%M%S%f}.json"
            return (self.folder / NAME).rename(self.folder / name)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(self.folder / LOCK, flags, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


class AnchorKeeper:
    """Owned by the event loop of its process. Without a folder it only knows the newest head."""

    def __init__(self, folder: Path | None, database: Database) -> None:
        self.wrong = ""
        """Why the anchor is not kept, in English for programs; empty while it is, or none is set."""
        self.newer = ""
        """What a client of the API has shown that is not here."""
        self.head: Head | None = None
        self.kept: AnchorRecord | None = None
        self._file = AnchorFile(folder) if folder else None
        self._database = database
        self._secret = ""
        self._text: bytes | None = None
        self._written = 0.0
        self._known = heads.Known()
        self._gate = asyncio.Lock()
        self._busy: asyncio.Future[object] | None = None
        self._token: tuple[Head | None, str] = (None, "")
        self._task: asyncio.Task[None] | None = None

    @property
    def is_set(self) -> bool:
        """Whether a folder is named."""
        return self._file is not None

    async def start(self) -> None:
        """Begin the anchor, or go on from it, and keep it from now on. Raises `AnchorAway`, `DatabaseRefused`."""
        await self.begin()
        self._database.anchor = self
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Keep it once more, and no longer."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            await self.keep()
        self._database.anchor = None

    async def begin(self) -> None:
        """Go on from what is there; where nothing is and nothing was, begin. Raises `AnchorAway`.

        Effects: the file; the event `anchor_begun`.
        """
        async with self._database.reading() as db:
            self._secret, known = await heads.genesis(db), await losses.accepted(db)
            self.head = await heads.newest(db)
        if self._file is None:
            return
        text = await self._do(self._file.read)
        if text is None and known.anchored:
            raise self._away("the anchor is missing")
        if text is not None:
            await self._adopt(text)
        async with self._gate:
            await self._forward(write=True)
        if not known.anchored:
            async with self._database.transaction() as db:
                kind, now = InstallationKind.anchor_begun, datetime.now(UTC)
                await installation.note(db, kind=kind, now=now, actor="system")
            async with self._gate:
                await self._forward()

    async def require(self) -> None:
        """Raise `AnchorAway` unless it can be written: it is written as it is."""
        if self._file is None:
            return
        async with self._gate:
            if self.wrong or self._text is None:
                raise self._away(self.wrong or "the anchor is not begun")
            there = await self._do(self._file.swap, self._text, self._text)
            if there != self._text:
                await self._adopt(there)
            self._written = time.monotonic()

    async def keep(self) -> None:
        """Bring it forward to the newest head. What hinders is logged, and told by `wrong`."""
        try:
            async with self._gate:
                await self._forward()
        except AnchorAway:
            pass  # `wrong` says it
        except (DatabaseRefused, SQLAlchemyError):
            logger.warning("the newest head could not be read")

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self.keep()
            except Exception:
                logger.exception("the anchor was not kept")

    async def _forward(self, *, write: bool = False) -> None:
        """Write what has been added since what is there; by compare and swap, since others do the same."""
        for _attempt in range(ATTEMPTS):
            async with self._database.reading() as db:
                self.head = await heads.newest(db)
                if self._file is None:
                    return
                base = self.kept or AnchorRecord(Head(0, ""), "")
                number, cases = base.head.number, base.cases
                while rows := await heads.since(db, number):
                    cases, number = await heads.gather(db, rows, self._known, cases), rows[-1].number
                    self.head = Head(number, rows[-1].hash)
            late = time.monotonic() - self._written > WRITTEN_EVERY
            if self.head == base.head and self._text is not None and not write and not late and not self.wrong:
                there = await self._do(self._file.read)
                if there == self._text:
                    return
            kept = AnchorRecord(self.head, heads.told_at(datetime.now(UTC)), cases)
            text = anchors.encode(kept, self._secret)
            there = await self._do(self._file.swap, self._text, text)
            if there == text:
                self._well(kept, text)
                return
            await self._adopt(there)
        raise self._away("the anchor is always changed by others")

    def _well(self, kept: AnchorRecord, text: bytes) -> None:
        if self.wrong:
            logger.warning("the anchor is kept again")
        self.kept, self._text, self._written, self.wrong = kept, text, time.monotonic(), ""

    async def _adopt(self, text: bytes | None) -> None:
        """Go on from what another process has written. Raises `AnchorAway` when this database has not come by it."""
        if text is None:
            raise self._away("the anchor is missing")
        try:
            kept = anchors.decode(text, self._secret)
        except AnchorForeign:
            raise self._away("the anchor is that of another installation") from None
        except AnchorUnreadable:
            raise self._away("the anchor cannot be read") from None
        async with self._database.reading() as db:
            known = await losses.accepted(db)
            if not await losses.fits(db, kept.head, known):
                raise self._away("the anchor knows what the database does not")
        lost = (kept.head.number, kept.head.hash) in known.heads
        self.kept, self._text = (None if lost else kept), text

    def _away(self, why: str) -> AnchorAway:
        if self.wrong != why:
            logger.error("%s", why)
        self.wrong = why
        return AnchorAway(f"{AnchorAway.__doc__} ({why})")

    async def _do(self, work: Callable[..., T], *given: object) -> T:
        """In a thread, one at a time, and not waited for too long: a network folder may hang."""
        if self._busy is not None and not self._busy.done():
            raise self._away("the folder of the anchor does not answer")
        running = _in_thread(work, *given)
        self._busy = running  # type: ignore[assignment]
        try:
            return await asyncio.wait_for(asyncio.shield(running), PATIENCE)
        except TimeoutError:
            raise self._away("the folder of the anchor does not answer") from None
        except OSError as error:
            raise self._away(f"the anchor cannot be written: {error.strerror}") from None

    # --- what clients of the API carry --------------------------------------------------------------------------

    def token(self) -> str:
        """The newest head, sealed; empty before the start."""
        if self.head is None:
            return ""
        if self._token[0] != self.head:
            self._token = (self.head, anchors.token(self.head, self._secret))
        return self._token[1]

    async def take_back(self, token: str, *, state: str, client: str) -> None:
        """A client hands back the newest head it has seen. Effects: those of `losses.note_shown`; `newer`."""
        if not self._secret or (head := anchors.head_of(token, self._secret)) is None or head == self.head:
            return
        async with self._database.reading() as db:
            if await losses.fits(db, head, await losses.accepted(db)):
                return
        async with self._database.transaction() as db:
            now = datetime.now(UTC)
            if not await losses.note_shown(db, head=head, state=state, client=client, now=now):
                return
        self.newer = f"a system of {state} has seen act {head.number}, which is not here"
        logger.error("%s", self.newer)


def _in_thread(work: Callable[..., T], *given: object) -> "asyncio.Future[T]":
    """In a thread of its own that nobody waits for at the end: one that hangs keeps no process from ending."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def tell(result: T | None, error: OSError | None) -> None:
        if error is not None:
            done.set_exception(error)
            done.exception()  # whoever waited may have gone
        else:
            done.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        found: tuple[T | None, OSError | None]
        try:
            found = work(*given), None
        except OSError as error:
            found = None, error
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
            loop.call_soon_threadsafe(tell, *found)

    threading.Thread(target=run, name="anchor", daemon=True).start()
    return done
