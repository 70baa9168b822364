"""All live hearings, if this web process conducts them: opening them, finding them, taking them over after a restart.

A process that stands by (`web.live.conducting`) has none, and looks once a second whether it is to be the conductor.
"""

import asyncio
import logging
import time
from datetime import UTC, datetime

from sqlalchemy.exc import SQLAlchemyError

from hearings import queries
from hearings.db import Database
from hearings.people.logins import LoginEnd
from hearings.sitting import sittings
from hearings.status import SittingStatus
from media.evidence.seal.client import SealSilentError
from web.live import plan
from web.live.conducting import BEAT_SECONDS, STANDS_BY, Conducting
from web.live.conductor import Conductor
from web.logins import Tickets
from web.seal_keeper import SealKeeper
from web.settings import Settings

logger = logging.getLogger("vivavoce.web.live.conductors")

WATCHED_SECONDS = 150.0
"""Since it was heard, that a page counts as open: browsers let a hidden one speak once a minute."""


class Conductors:
    """One conductor per hearing whose sitting is open. Owned by the event loop of the web process."""

    def __init__(self, settings: Settings, database: Database, seal: SealKeeper) -> None:
        self._settings = settings
        self._seal = seal
        self._database = database
        self.tickets = Tickets()
        self.conducting = Conducting(settings, database)
        self._all: dict[str, Conductor] = {}
        self._lock = asyncio.Lock()
        self._keeping: asyncio.Task[None] | None = None
        self._acts: dict[str, int] = {}
        """The latest act of each live hearing that its pages have been told of."""
        self._failed: set[str] = set()
        """Hearings whose sitting is open and whose worker or recorder did not start."""

    async def start(self) -> None:
        """Become the conductor, or stand by; look again every second."""
        if await self.conducting.take():
            await self._take_over()
        else:
            logger.warning(STANDS_BY)
        self._keeping = asyncio.create_task(self._keep())

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            try:
                if self.conducting.conducts:
                    if not await self.conducting.holds():
                        await self._step_down()
                    elif self._all:
                        await self._look_at_rows()
                elif await self.conducting.take():
                    logger.warning("this process conducts the live hearings now, token %d", self.conducting.token)
                    await self._take_over()
            except (OSError, SQLAlchemyError) as error:  # a process frozen while it writes keeps SQLite locked
                said = str(getattr(error, "orig", error))
                logger.error("who conducts could not be settled (%s: %s)", type(error).__name__, said)

    async def _look_at_rows(self) -> None:
        """What another process, which serves pages only, has done in these hearings; for logins see `LoginWatch`."""
        async with self._database.reading() as db:
            acts = await queries.last_events(db, list(self._all))
        for hearing_id, number in acts.items():
            if self._acts.get(hearing_id) != number:
                self.touch(hearing_id)
        self._acts = dict(acts)

    async def _step_down(self) -> None:
        """Another process conducts: its worker and recorder are left to it, and the pages come again."""
        logger.error("another process conducts the live hearings now: this one has stopped")
        await self.conducting.let_go()
        conductors, self._all = list(self._all.values()), {}
        self._failed.clear()
        for conductor in conductors:
            await conductor.detach()
            conductor.room.cut()

    async def _take_over(self) -> None:
        """Take over every hearing whose sitting is open: its worker and recorder have gone on without us."""
        async with self._database.reading() as db:
            open_sittings = await queries.open_sittings(db)
        for sitting in open_sittings:
            try:
                await self._begin(sitting.hearing_id)
            except OSError:
                self._failed.add(sitting.hearing_id)
                logger.exception("a hearing could not be taken over")
        for conductor in self._all.values():  # no page can come before all of them have been taken over
            conductor.expect_pages()

    async def stop(self) -> None:
        """The web process ends; media and recording go on."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
        for conductor in list(self._all.values()):
            await conductor.detach()
        self._all.clear()
        await self.conducting.let_go()

    def require(self) -> None:
        """Raise `ConductedElsewhere` when another process conducts the live hearings."""
        self.conducting.require()

    async def open(self, hearing_id: str) -> Conductor:
        """The conductor of a hearing whose lobby is open; made when there is none.

        Raises `ConductedElsewhere`, ConnectionError when worker or recorder does not start, OSError when no UDP port is
        free: the lobby is not open then, and its sitting is closed again.
        """
        self.require()
        async with self._lock:
            found = self._all.get(hearing_id)
            if found is None:
                try:
                    found = await self._begin(hearing_id)
                except OSError:
                    await self._not_opened(hearing_id)
                    raise
                found.expect_pages()
            return found

    async def _begin(self, hearing_id: str) -> Conductor:
        try:
            await self._seal.ready()
        except SealSilentError:  # the hearing goes on; the recorder says loudly that nothing can be sealed
            logger.exception("the seal process does not answer")
        begun = Conductor(self._settings, self._database, hearing_id, self._forget, self._seal.socket, self.conducting)
        try:
            await begun.start(self._free_port)
        except OSError:
            await begun.give_up()
            raise
        self._failed.discard(hearing_id)
        if not begun.ended:
            self._all[hearing_id] = begun
        return begun

    async def _not_opened(self, hearing_id: str) -> None:
        """A lobby without worker and recorder is none. A sitting that had begun stays, and is told as failed."""
        async with self._database.transaction() as db:
            sitting = await queries.open_sitting(db, hearing_id, lock=True)
            begun = sitting is not None and sitting.status is not SittingStatus.lobby_open
            if sitting is not None and not begun:
                await sittings.not_opened(db, sitting=sitting, now=datetime.now(UTC))
        (self._failed.add if begun else self._failed.discard)(hearing_id)

    def silent(self) -> frozenset[str]:
        """Hearings whose sitting is open and whose media worker does not run."""
        down = {one.hearing_id for one in self._all.values() if not one.media.up}
        return frozenset(self._failed | down)

    def seats(self) -> int:
        """Live pages connected to this process."""
        return sum(len(one.room.connections) for one in self._all.values())

    def last_seals(self) -> list[int]:
        """Of every running recording, when it sealed last, or opened (nanoseconds since 1970)."""
        facts = [one.recording.facts for one in self._all.values() if one.recording.open]
        return [one.last_sealed_at or one.opened_at or 0 for one in facts]

    def get(self, hearing_id: str) -> Conductor | None:
        """The conductor of a live hearing."""
        return self._all.get(hearing_id)

    def touch(self, hearing_id: str) -> None:
        """A page outside the room has changed rows of this hearing."""
        if (found := self._all.get(hearing_id)) is not None:
            found.room.touch()

    def held(self, hearing_id: str) -> None:
        """A page outside the room has closed the floor of this hearing: everybody in it is told."""
        if (found := self._all.get(hearing_id)) is not None:
            found.room.touch()
            found.room.notify("hold", assertive=True)

    def dismiss(self, hearing_id: str, participant_id: str, why: str) -> None:
        """End somebody's pages and media, as the rows have it already: a way a login ends (`LoginEnd`)."""
        if (found := self._all.get(hearing_id)) is not None:
            found.room.dismiss(participant_id, why)

    def logins(self) -> set[str]:
        """Logins with a page or a media connection in a live hearing."""
        return {login_id for conductor in self._all.values() for login_id in conductor.room.logins()}

    def watching(self) -> set[str]:
        """Logins with a live page that has lately been heard: their owners are not idle."""
        pages = (page for conductor in self._all.values() for page in conductor.room.pages)
        since = time.monotonic() - WATCHED_SECONDS
        return {page.login_id for page in pages if page.heard_at > since and not page.ended}

    def end_login(self, login_id: str, why: LoginEnd) -> None:
        """A login has ended: its live pages and media end too."""
        for conductor in self._all.values():
            conductor.room.end_login(login_id, why)

    def _forget(self, conductor: Conductor) -> None:
        self._all.pop(conductor.hearing_id, None)

    def _free_port(self) -> int:
        return plan.free_udp_port(self._settings.udp_host, self._settings.udp_range)
