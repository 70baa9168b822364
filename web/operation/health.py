"""Liveness, readiness and writability of the service: three results, each with the fault, if any.

Live: the event loop answers. Ready: the database can be read, the seal answers, every open sitting has its media
worker, this copy is not on standby, and no newer data are known. Writable: the database accepts a commit, the disk has
room, and the anchor, if one is set, is written.
"""

import asyncio
import shutil
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from hearings import queries
from hearings.errors import DatabaseFull, DatabaseRefused
from media.evidence.cosigning import waiting
from media.evidence.cosigning.asking import ALARMING
from media.evidence.cosigning.waiting import Waiting
from web.live.conducting import Conducting
from web.parts import Parts

PATIENCE = 5.0
"""Seconds in which the database must answer."""
ROOM = 64 * 1024 * 1024
"""Bytes below which a disk counts as full: a recording is then about to fail."""
KEPT = 2.0
"""Seconds for which a result is cached, so that frequent requests cause no work."""


@dataclass(frozen=True)
class Health:
    """Result of an examination: faults in English, empty without one."""

    ready: str
    write: str
    seal: str
    conductor: tuple[str, ...]
    """Whether this process conducts the live hearings, and how many orders of older conductors were refused."""
    database_seconds: float
    cosigners: str = ""
    """Whether heads wait for a cosigner, where there are any: `ok`, `waiting` or `REFUSED`, with what and how many."""

    @property
    def good(self) -> bool:
        """Whether the service can do all of its work."""
        return not (self.ready or self.write)

    @property
    def lines(self) -> list[str]:
        """The lines of `/healthz`, in English for programs."""
        answers = {"live": "ok", "ready": self.ready or "ok", "write": self.write or "ok", "seal": self.seal}
        return [
            "ok" if self.good else "failing",
            *(f"{name}: {words}" for name, words in answers.items()),
            *([f"cosigners: {self.cosigners}"] if self.cosigners else []),
            *self.conductor,
        ]


@dataclass
class Examiner:
    """Examines the service, once for simultaneous requests."""

    parts: Parts
    _found: Health | None = None
    _until: float = 0.0
    _gate: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def health(self) -> Health:
        """The present health, at most `KEPT` seconds old."""
        async with self._gate:
            if self._found is None or time.monotonic() > self._until:
                self._found = await self._look()
                self._until = time.monotonic() + KEPT
            return self._found

    async def _look(self) -> Health:
        began = time.monotonic()
        wrong = await self._reads()
        seconds = time.monotonic() - began
        write = wrong or await self._writes() or await asyncio.to_thread(no_room, self.places)
        write = write or self.parts.anchor.wrong
        seal = await asyncio.to_thread(self.parts.seal.state)
        if not wrong and seal == "silent":
            wrong = "the seal does not answer"
        if not wrong and (silent := len(self.parts.conductors.silent())):
            wrong = f"{silent} open {'sitting has' if silent == 1 else 'sittings have'} no media service"
        wrong = wrong or self.parts.anchor.newer
        if self.parts.standing_by:
            wrong = "this restored copy stands by"
        conductor = conducted(self.parts.conductors.conducting)
        cosigners = ""
        if self.parts.settings.cosigners is not None:
            cosigners = cosigned(await asyncio.to_thread(waiting.read, self.parts.settings.recordings))
        return Health(wrong, write, seal, conductor, seconds, cosigners)

    @property
    def places(self) -> list[Path]:
        """Folders that are written to."""
        return [self.parts.settings.data, *folder_of(self.parts.settings.database_url)]

    async def _reads(self) -> str:
        try:
            async with asyncio.timeout(PATIENCE), self.parts.database.reading() as db:
                await queries.open_sittings(db)
        except (DatabaseRefused, TimeoutError):
            return "the database does not answer"
        return ""

    async def _writes(self) -> str:
        try:
            async with asyncio.timeout(PATIENCE):
                await self.parts.database.try_write()
        except DatabaseFull:
            return "the database has no room to write"
        except (DatabaseRefused, TimeoutError):
            return "the database takes no changes"
        return ""


def conducted(by: Conducting) -> tuple[str, ...]:
    """Whether this or another process conducts the live hearings, in English for programs."""
    if by.stands_by:
        return ("conductor: another process; this one stands by",)
    at = f", last {by.refused_at:%Y-%m-%dT%H:%M:%SZ}" if by.refused_at else ""
    return (
        f"conductor: this process, token {by.token}",
        f"orders of older conductors refused: {by.refused}{at}",
    )


def cosigned(found: Waiting | None) -> str:
    """Which heads of recordings wait for a cosigner, in English for programs: hearings go on without."""
    heads = found.heads if found is not None else []
    if refused := [one for one in heads if one.why in ALARMING]:
        return f"REFUSED, {len(refused)} heads: another past was seen"
    if not heads:
        return "ok"
    since = datetime.fromtimestamp(min(one.since for one in heads), UTC)
    return f"waiting since {since:%Y-%m-%dT%H:%M:%SZ}, {len(heads)} heads"


def no_room(places: list[Path]) -> str:
    """The fault text for the first folder whose disk is full; empty without one."""
    for place in places:
        if shutil.disk_usage(place).free < ROOM:
            return "a disk is full"
    return ""


def folder_of(database_url: str) -> list[Path]:
    """The folder of a SQLite database; empty for another database."""
    if not database_url.startswith("sqlite"):
        return []
    return [Path(database_url.partition("?")[0].partition(":///")[2]).parent]
