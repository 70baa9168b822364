"""What logins hold in this process, and how it ends with them: tickets, live pages, media connections.

Rows decide whether a login stands, and every join and every act asks them. What is held between two acts ends by
`LoginWatch`: at once when the login ends in this process, within `BOUND` seconds when it ends in another, is changed in
the database, or grows too old.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from hearings.db import Database
from hearings.people import logins
from hearings.people.logins import LoginEnd
from web import security_log
from web.security_log import EventCode

logger = logging.getLogger("vivavoce.web.logins")

EVERY = 1.0
"""Seconds between two looks at the rows."""
BOUND = 3.0
"""Seconds after which nothing of an ended login is left, if the database answers as it should."""
AWAKE_EVERY = 30.0
"""Seconds between two notes that somebody watches."""

TICKET_SECONDS = 60
MOST_TICKETS = 10_000


@dataclass(frozen=True)
class Ticket:
    """What a ticket stands for."""

    hearing_id: str
    participant_id: str
    login_id: str
    until: float


class Tickets:
    """Tickets given out and not yet used; of this process, in memory: a page simply asks for another."""

    def __init__(self) -> None:
        self._all: dict[str, Ticket] = {}

    def give(self, ticket: Ticket) -> str:
        """A new ticket's text."""
        now = time.monotonic()
        if len(self._all) >= MOST_TICKETS:
            self._all = {text: one for text, one in self._all.items() if one.until > now}
        text = secrets.token_urlsafe(24)
        self._all[text] = ticket
        return text

    def take(self, text: str) -> Ticket | None:
        """Use a ticket; None when it is unknown, used or too old."""
        found = self._all.pop(text, None)
        return found if found is not None and found.until > time.monotonic() else None

    def logins(self) -> set[str]:
        """None: a ticket is worth nothing once its login has ended, for the join asks the rows."""
        return set()

    def watching(self) -> set[str]:
        """None."""
        return set()

    def warn_login(self, login_id: str, left: timedelta) -> None:
        """A ticket tells nobody anything."""

    def end_login(self, login_id: str, why: LoginEnd) -> None:
        """Its tickets are no more."""
        self._all = {text: one for text, one in self._all.items() if one.login_id != login_id}


class Holder(Protocol):
    """Something that holds what belongs to logins."""

    def logins(self) -> set[str]:
        """Whose it holds anything of."""
        ...

    def watching(self) -> set[str]:
        """Of these, those with a page that is open now: their owners are not idle."""
        ...

    def end_login(self, login_id: str, why: LoginEnd) -> None:
        """Let go of everything of a login that has ended."""
        ...

    def warn_login(self, login_id: str, left: timedelta) -> None:
        """Tell the pages of a login that it ends by its longest time in `left`; asked again and again until then."""
        ...


class LoginWatch:
    """Ends what ended logins hold. Owned by the event loop of the web process."""

    def __init__(self, database: Database, holders: Sequence[Holder]) -> None:
        self._database = database
        self._holders = holders
        self._task: asyncio.Task[None] | None = None
        self._awake_at = float("-inf")

    def start(self) -> None:
        """Look from now on."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def watched(self, login_id: str) -> bool:
        """Whether a live page of this login is open."""
        return any(login_id in holder.watching() for holder in self._holders)

    def ended(self, login_id: str, why: LoginEnd) -> None:
        """A login has ended, and the rows say so: everything it holds here ends now."""
        for holder in self._holders:
            holder.end_login(login_id, why)

    async def look(self) -> None:
        """Ask the rows once. Effects: logins that are too old end in the rows; so does what ended ones hold here; those
        with an open page stay awake, and are warned before their longest time is over."""
        held = set[str]().union(*(holder.logins() for holder in self._holders))
        if not held:
            return
        now = datetime.now(UTC)
        watched = await self._database.look(lambda db: logins.watch(db, login_ids=held, now=now))
        found = watched.ended
        for login_id, left in watched.soon.items():
            for holder in self._holders:
                holder.warn_login(login_id, left)
        if found:
            async with self._database.transaction() as db:
                for login_id, why in found.items():
                    await logins.end_login(db, login_id=login_id, now=now, why=why)
            for login_id, why in found.items():
                security_log.emit(EventCode.login_ended, reason=why.value, about=login_id)
                self.ended(login_id, why)
        awake = set[str]().union(*(holder.watching() for holder in self._holders)) - set(found)
        if awake and time.monotonic() - self._awake_at >= AWAKE_EVERY:
            self._awake_at = time.monotonic()
            async with self._database.transaction() as db:
                await logins.keep_awake(db, login_ids=awake, now=now)

    async def _run(self) -> None:
        failing = False
        while True:
            try:
                await self.look()
                failing = False
            except Exception:  # the database is away: hearings go on, and a later look finds what has ended
                if not failing:
                    logger.exception("it cannot be asked which logins stand")
                failing = True
            await asyncio.sleep(EVERY)
