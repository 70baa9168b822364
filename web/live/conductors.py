"""All live hearings, if this web process conducts them: opening, look-up, and take-over after a restart.

A standby process (`web.live.conducting`) has none, and tries once a second to become the conductor.
"""

import asyncio
import logging
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import queries
from hearings.db import Database
from hearings.errors import ConductedElsewhere
from hearings.interpreting import captions
from hearings.people.logins import LoginEnd
from hearings.sitting import sittings
from hearings.status import SittingStatus
from media.evidence.seal.client import SealSilentError
from web.live import plan
from web.live.conducting import BEAT_SECONDS, STANDS_BY, Conducting
from web.live.conductor import Conductor
from web.live.relays import NO_RELAYS, Relays
from web.logins import Tickets
from web.seal_keeper import SealKeeper
from web.settings import Settings

logger = logging.getLogger("vivavoce.web.live.conductors")

WATCHED_SECONDS = 150.0
"""Time since its last message in which a page counts as open: browsers let a hidden page send once a minute."""


class Conductors:
    """One conductor per hearing whose sitting is open. Owned by the event loop of the web process."""

    def __init__(self, settings: Settings, database: Database, seal: SealKeeper, relays: Relays = NO_RELAYS) -> None:
        self._settings = settings
        self._relays = relays
        self._seal = seal
        self._database = database
        self.tickets = Tickets()
        self.conducting = Conducting(settings, database)
        self._all: dict[str, Conductor] = {}
        self._lock = asyncio.Lock()
        self._keeping: asyncio.Task[None] | None = None
        self._acts: dict[str, int] = {}
        """The latest event of each live hearing that its pages show."""
        self._taking_over = False
        """From winning the election until the open hearings are taken over: no page reads that its lobby is closed."""
        self._failed: set[str] = set()
        """Hearings whose sitting is open and whose worker or recorder did not start."""

    async def start(self) -> None:
        """Become the conductor, or stand by and try again every second."""
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
                cause = str(getattr(error, "orig", error))
                logger.error("who conducts could not be settled (%s: %s)", type(error).__name__, cause)

    async def _look_at_rows(self) -> None:
        """Pick up changes in these hearings by processes that serve pages only; for logins see `LoginWatch`."""
        asked, known = list(self._all), dict(self._acts)

        async def look(db: AsyncSession) -> tuple[Mapping[str, int], list[str], set[str]]:
            acts = await queries.last_events(db, asked)
            changed = [hearing_id for hearing_id, number in acts.items() if known.get(hearing_id) != number]
            return acts, changed, {one for one in changed if await captions.alone_after(db, one, known.get(one, 0))}

        acts, changed, captioned = await self._database.look(look)
        for hearing_id in changed:
            if hearing_id not in captioned:
                self.touch(hearing_id)
            self.captioned(hearing_id, acts[hearing_id])
        self._acts = dict(acts)

    async def _step_down(self) -> None:
        """Leave workers and recorders to the new conductor, and cut the pages, which reconnect to it."""
        logger.error("another process conducts the live hearings now: this one has stopped")
        await self.conducting.let_go()
        conductors, self._all = list(self._all.values()), {}
        self._failed.clear()
        for conductor in conductors:
            await conductor.detach()
            conductor.room.cut()

    async def _take_over(self) -> None:
        """Take over every hearing whose sitting is open; its worker and recorder have continued meanwhile."""
        self._taking_over = True
        try:
            await self._take_all()
        finally:
            self._taking_over = False

    async def _take_all(self) -> None:
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
        """End the conductors with the web process; media and recording continue."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
        for conductor in list(self._all.values()):
            await conductor.detach()
        self._all.clear()
        await self.conducting.let_go()

    def require(self) -> None:
        """Raise `ConductedElsewhere` when another process conducts the live hearings, or this one is only beginning."""
        self.conducting.require()
        if self._taking_over:
            raise ConductedElsewhere

    async def open(self, hearing_id: str) -> Conductor:
        """The conductor of a hearing whose lobby is open; made when there is none.

        Raises `ConductedElsewhere`, ConnectionError when worker or recorder does not start, OSError when no UDP port is
        free: the lobby is not open then, and its sitting is closed again.
        """
        self.require()
        async with self._lock:
            conductor = self._all.get(hearing_id)
            if conductor is None:
                try:
                    conductor = await self._begin(hearing_id)
                except OSError:
                    await self._not_opened(hearing_id)
                    raise
                conductor.expect_pages()
            return conductor

    async def _begin(self, hearing_id: str) -> Conductor:
        try:
            await self._seal.ready()
        except SealSilentError:  # the hearing continues; the recorder reports that nothing can be sealed
            logger.exception("the seal process does not answer")
        begun = Conductor(
            self._settings,
            self._database,
            hearing_id,
            self._forget,
            self._seal.socket,
            self.conducting,
            self._relays,
        )
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
        """Close a lobby whose worker or recorder did not start. A sitting that had begun stays, as failed."""
        async with self._database.transaction() as db:
            sitting = await queries.open_sitting(db, hearing_id, lock=True)
            begun = sitting is not None and sitting.status is not SittingStatus.lobby_open
            if sitting is not None and not begun:
                await sittings.not_opened(db, sitting=sitting, now=datetime.now(UTC))
        (self._failed.add if begun else self._failed.discard)(hearing_id)

    def silent(self) -> frozenset[str]:
        """Hearings whose sitting is open and whose media worker does not run."""
        down = {conductor.hearing_id for conductor in self._all.values() if not conductor.media.up}
        return frozenset(self._failed | down)

    def seats(self) -> int:
        """Live pages connected to this process."""
        return sum(len(conductor.room.connections) for conductor in self._all.values())

    def last_seals(self) -> list[int]:
        """Of every running recording, when it sealed last, or opened (nanoseconds since 1970)."""
        facts = [conductor.recording.facts for conductor in self._all.values() if conductor.recording.open]
        return [fact.last_sealed_at or fact.opened_at or 0 for fact in facts]

    def get(self, hearing_id: str) -> Conductor | None:
        """The conductor of a live hearing."""
        return self._all.get(hearing_id)

    def touch(self, hearing_id: str) -> None:
        """Update the room, and tell the recorder: a page outside it has changed rows of this hearing."""
        if (conductor := self._all.get(hearing_id)) is not None:
            conductor.room.touch()
            conductor.room.acted.set()

    def captioned(self, hearing_id: str, number: int) -> None:
        """Show the captions of a hearing up to this number of its log, unless they are shown: no rows are read."""
        if (conductor := self._all.get(hearing_id)) is not None and conductor.captions.told < number:
            conductor.captions.fed()

    def floor_closed(self, hearing_id: str) -> None:
        """Notify everybody in the room: a page outside it has closed the floor of this hearing."""
        if (conductor := self._all.get(hearing_id)) is not None:
            conductor.room.touch()
            conductor.room.notify("hold", assertive=True)

    def dismiss(self, hearing_id: str, participant_id: str, why: str) -> None:
        """End a participant's pages and media with a reason (`LoginEnd`), after the rows were changed."""
        if (conductor := self._all.get(hearing_id)) is not None:
            conductor.room.dismiss(participant_id, why)

    def logins(self) -> set[str]:
        """Logins with a page or a media connection in a live hearing."""
        return {login_id for conductor in self._all.values() for login_id in conductor.room.logins()}

    def watching(self) -> set[str]:
        """Logins with a live page that has sent a message recently: these do not end as idle."""
        pages = (page for conductor in self._all.values() for page in conductor.room.pages)
        since = time.monotonic() - WATCHED_SECONDS
        return {page.login_id for page in pages if page.heard_at > since and not page.ended}

    def warn_login(self, login_id: str, left: timedelta) -> None:
        """Warn the login's page in the room that the login ends soon."""
        for conductor in self._all.values():
            conductor.room.warn_login(login_id, left)

    def end_login(self, login_id: str, why: LoginEnd) -> None:
        """End the live pages and media of a login that has ended."""
        for conductor in self._all.values():
            conductor.room.end_login(login_id, why)

    def _forget(self, conductor: Conductor) -> None:
        self._all.pop(conductor.hearing_id, None)

    def _free_port(self) -> int:
        return plan.free_udp_port(self._settings.udp_host, self._settings.udp_range)
