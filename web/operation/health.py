"""Liveness, readiness and writability of the service: three results, each with the fault, if any. Beside them, what the
relays last answered, which fails nothing: who reaches the server directly needs none.

Live: the event loop answers. Ready: the database can be read, the seal answers, every open sitting has its media
worker, this copy is not on standby, and no newer data are known. Writable: the database accepts a commit, the disk has
room, and the anchor, if one is set, is written.
"""

import asyncio
import importlib
import logging
import shutil
import ssl
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
from web.live.relays import OF_A_TEST, Relays
from web.parts import Parts

logger = logging.getLogger("vivavoce.web.operation.health")

PATIENCE = 5.0
"""Seconds in which the database must answer."""
ROOM = 64 * 1024 * 1024
"""Bytes below which a disk counts as full: a recording is then about to fail."""
KEPT = 2.0
"""Seconds for which a result is cached, so that frequent requests cause no work."""
RELAYS_ASKED_EVERY = 60.0
"""Seconds between two questions to the relays; each takes a relay up to `media.relay.PATIENCE` and an allocation."""
RELAY_WORDS = {
    "": "ok",
    "silent": "does not answer",
    "credentials": "refuses the credentials",
    "untrusted": "its certificate is not trusted",
    "full": "its quota is reached",
    "refused": "refuses to relay",
}
"""In English for programs, by `media.relay.RelayFault`."""


@dataclass
class RelayWatch:
    """What each relay of the settings answered last, without anybody's waiting for it.

    Asked in a task of its own, when somebody wants to know and the last answer is older than `RELAYS_ASKED_EVERY`.
    """

    relays: Relays
    faults: tuple[str, ...] | None = None
    """By relay in the order of the settings, as `media.relay.RelayFault`; None before the first answer."""
    _asked_at: float | None = None
    _asking: asyncio.Task[None] | None = None

    def lines(self) -> tuple[str, ...]:
        """One line for a program: by the way to each relay what it answered. No address: it is for everybody.

        Effects: asks anew, where that is due.
        """
        if not self.relays.urls:
            return ("relays: none",)
        now = time.monotonic()
        due = self._asked_at is None or now - self._asked_at >= RELAYS_ASKED_EVERY
        if due and (self._asking is None or self._asking.done()):
            self._asked_at, self._asking = now, asyncio.create_task(self._ask())
        if self.faults is None:
            return ("relays: not asked yet",)
        answers = zip(self.relays.urls, self.faults, strict=True)
        return (f"relays: {', '.join(f'{url.kind} {RELAY_WORDS[fault]}' for url, fault in answers)}",)

    async def _ask(self) -> None:
        try:
            # A library of media, which a service without relays does not need; loading it takes a moment.
            relay = await asyncio.to_thread(importlib.import_module, "media.relay")
            context = await asyncio.to_thread(ssl.create_default_context)
            credentials = self.relays.credentials("health", time.time(), OF_A_TEST)
            clients = [
                relay.RelayClient(url.kind, url.host, url.port, *credentials, context=context)
                for url in self.relays.urls
            ]
            self.faults = tuple(await asyncio.gather(*(client.fault() for client in clients)))
        except Exception:
            logger.exception("the relays could not be asked")
            self.faults = None

    async def stop(self) -> None:
        """End a question that is under way."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait([self._asking])


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
    relays: tuple[str, ...] = ()
    """What the relays last answered."""

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
            *self.relays,
        ]


@dataclass
class Examiner:
    """Examines the service, once for simultaneous requests."""

    parts: Parts
    _found: Health | None = None
    _until: float = 0.0
    _gate: asyncio.Lock = field(default_factory=asyncio.Lock)
    _relays: RelayWatch = field(init=False)

    def __post_init__(self) -> None:
        self._relays = RelayWatch(self.parts.relays)

    async def stop(self) -> None:
        """End what is under way, with the web process."""
        await self._relays.stop()

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
        return Health(
            ready=wrong,
            write=write,
            seal=seal,
            conductor=conductor,
            database_seconds=seconds,
            cosigners=cosigners,
            relays=self._relays.lines(),
        )

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
