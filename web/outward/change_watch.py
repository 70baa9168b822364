"""Open pages of staff that wait for changes: the database is asked once for all of them, twice a second.

A page is told how many changes of status there have been since it was made, of what it displays; never what they say.
It keeps no login awake, and ends with its login (`web.logins.Holder`). Without an open page nothing is asked.
"""

import asyncio
import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import queries
from hearings.db import Database
from hearings.models import Hearing, HearingRequest
from hearings.outward import changes
from hearings.outward.changes import VisibleChange
from hearings.people.logins import LoginEnd
from web.server.followed import Followed

logger = logging.getLogger("vivavoce.web.outward.changes")

EVERY = 0.5
"""Seconds between two looks at the database."""
BACK = timedelta(seconds=10)
"""Longer than a transaction takes: ids rise with the making of a row, not with its commit."""
OVERLAP = timedelta(seconds=2)
"""Acts of others so long before a page was made count too: the page may have been read before their commit."""
OLDEST = timedelta(hours=12)
"""As far back a page may ask; what is older is not counted."""
BATCHES = 10
"""Batches of changes that are read for a page when it connects."""
PAGES = 8
"""Pages of one login at a time."""

OF_THE_DOCKET = frozenset({"hearing", "sitting", "recording", "agreement", "minutes", "offer"})
"""Tables whose changes the docket displays."""


@dataclass(eq=False, kw_only=True)
class OpenPage:
    """One page that is connected. `references`: of what it displays; None for everything of its kind."""

    login_id: str
    state: str
    person_id: str
    kind: str
    references: frozenset[str] | None
    since: datetime
    counted: dict[str, None] = field(default_factory=dict)
    """Ids of the changes that were counted, in order."""
    last: VisibleChange | None = None
    news: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when there is something to send, and when the page has ended."""
    ended: bool = False

    def offer(self, row: VisibleChange, about: Collection[str]) -> None:
        """Count a change if the page displays what it is about, and was made before it."""
        change = row.change
        shown = self.references is None or not self.references.isdisjoint(about)
        listed = self.kind != "docket" or change.subject in OF_THE_DOCKET
        begun = self.since if change.actor == self.person_id else self.since - OVERLAP
        if shown and listed and change.at >= begun and change.id not in self.counted:
            self.counted[change.id] = None
            self.last = row
            self.news.set()


class TooManyPages(Exception):
    """A login has as many connected pages as it may have."""


class ChangeWatch:
    """The connected pages of this process. Owned by its event loop."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._pages: set[OpenPage] = set()
        self._task: asyncio.Task[None] | None = None

    # --- as a holder of logins ---

    def logins(self) -> set[str]:
        """Logins with a connected page."""
        return {page.login_id for page in self._pages}

    def watching(self) -> set[str]:
        """None: a page that lies open keeps nobody signed in."""
        return set()

    def warn_login(self, login_id: str, left: timedelta) -> None:
        """The page warns by itself."""

    def end_login(self, login_id: str, why: LoginEnd) -> None:
        """Its pages are disconnected."""
        for page in self._pages:
            if page.login_id == login_id:
                page.ended = True
                page.news.set()

    # --- pages ---

    async def open(
        self, page: Followed, *, login_id: str, state: str, person_id: str, since: datetime, now: datetime
    ) -> OpenPage:
        """Connect a page made at `since`. Raises `NotFound` for what the State may not see, `TooManyPages`."""
        if sum(one.login_id == login_id for one in self._pages) >= PAGES:
            raise TooManyPages
        since = min(max(since, now - OLDEST), now)
        async with self._database.reading() as db:
            opened = OpenPage(
                login_id=login_id,
                state=state,
                person_id=person_id,
                kind=page.kind,
                references=await _references(db, page, state),
                since=since,
            )
            self._pages.add(opened)  # before the look back: what is committed meanwhile comes twice rather than never
            try:
                await self._look(db, state, [opened], changes.floor(since - OVERLAP))
            except BaseException:
                self._pages.discard(opened)
                raise
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="change watch")
        return opened

    def close(self, page: OpenPage) -> None:
        """Forget a page."""
        self._pages.discard(page)

    async def stop(self) -> None:
        """Ask no more."""
        for page in self._pages:
            page.ended = True
            page.news.set()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        failing = False
        since = datetime.now(UTC)
        while self._pages:
            looked = datetime.now(UTC)
            try:
                for state in {page.state for page in self._pages}:
                    pages = [page for page in self._pages if page.state == state]
                    async with self._database.reading() as db:
                        await self._look(db, state, pages, changes.floor(since - BACK))
                since, failing = looked, False
            except Exception:  # the database is away: pages stay as they are, and a later look finds what they missed
                if not failing:
                    logger.exception("it cannot be asked what has changed")
                failing = True
            await asyncio.sleep(EVERY)

    async def _look(self, db: AsyncSession, state: str, pages: Iterable[OpenPage], after: str) -> None:
        """Offer the changes after an id to these pages of a State."""
        for _batch in range(BATCHES):
            batch = await changes.changes(db, state=state, after=after)
            requests = await _requests_of(db, {row.about for row in batch.rows})
            for row in batch.rows:
                about = {row.about, requests.get(row.about, row.about)}
                for page in pages:
                    page.offer(row, about)
            after = batch.after
            if not after:
                return


async def _references(db: AsyncSession, page: Followed, state: str) -> frozenset[str] | None:
    """The references whose changes concern the page. Raises `NotFound`."""
    if page.kind == "hearing":
        hearing = await queries.hearing(db, page.about, state=state)
        request = await queries.get(db, HearingRequest, hearing.request_id)
        return frozenset({hearing.ref, request.reference})
    if page.kind == "request":
        return frozenset({(await queries.request(db, page.about, state=state)).reference})
    return None


async def _requests_of(db: AsyncSession, abouts: Collection[str]) -> dict[str, str]:
    """The reference of the request of each hearing among these references."""
    if not abouts:
        return {}
    query = select(Hearing.ref, HearingRequest.reference).join(
        HearingRequest, col(Hearing.request_id) == col(HearingRequest.id)
    )
    return dict((await db.exec(query.where(col(Hearing.ref).in_(abouts)))).all())
