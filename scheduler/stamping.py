"""Signed heads of recordings are time-stamped by authorities outside the court (docs/timestamps.md), by the elected
clock alone.

While a sitting is recorded, its newest head at the opening and every ten minutes; at the close that of the close, whose
token lies beside it; afterwards that of the custody log, when something was added to it. Nothing here can hold a
recording up: it reads what recorder and seal have written, and an authority that is away is asked again, less and less
often. Tokens taken while recording are kept beside the recordings and go into the custody log as `stamp` lines once the
recording is closed. Before the certificate of a token ends it is renewed.

Evidences of transmissions (docs/transmission.md) are signed here too, and the last one of each chain is time-stamped,
which counts for all before it.
"""

import asyncio
import json
import logging
import os
import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from hearings import queries
from hearings.models import HearingRequest, TransmissionStamp
from hearings.signatures import evidences
from media.evidence.check.stamp_check import Imprint
from media.evidence.log import custody, journal_lines, tlog
from media.evidence.log.store import sync_folder, write_durably
from media.evidence.stamping import renewal, timestamps
from media.evidence.stamping.timestamps import Authorities, HeadChangedError, NoStampError
from scheduler.environment import World

logger = logging.getLogger("vivavoce.scheduler.stamping")

EVERY = 600.0
"""Seconds between two tokens over the journal of a recording that goes on."""
SETTLED = 600.0
"""Seconds for which nothing was added to a custody log before its head is stamped."""
FIRST_PAUSE, LONGEST_PAUSE = 10.0, 600.0
"""Seconds until the authorities are asked again after none gave a token: twice as long each time, up to the longest."""
BESIDE = ".stamps"
"""Folder beside the recordings for tokens over heads of recordings that are not closed yet."""
RENEWED_AGAIN = timedelta(hours=6)
"""After which the authorities are asked again for a token that lasts longer, when none gave one."""
RENEWALS = 4
"""Of how many recordings tokens are renewed in one look, after all that is due while and when hearings are recorded."""
OWN = ("head", "stamp")
"""Lines of a custody log that need no stamp: they are evidence of others about it."""


OVERLAP = 60.0
"""Seconds by which each look at what has happened to requests goes back behind the last: another process may commit
late."""
AT_ONCE = 50
"""Of how many requests evidences are made or stamped in one look."""


@dataclass
class _Live:
    """A recording that goes on: the size stamped last, and when, on the monotonic clock."""

    size: int
    at: float


class Stamping:
    """What was stamped so far. Owned by the event loop of the clock; the next process finds the rest in the files."""

    def __init__(
        self,
        authorities: Authorities,
        recordings: Path,
        *,
        client: Callable[[], httpx.AsyncClient] | None = None,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self.authorities = authorities
        self.recordings = recordings
        self._client = client or (lambda: httpx.AsyncClient(trust_env=False, timeout=timestamps.SECONDS))
        self._steady = steady
        self._live: dict[str, _Live] = {}
        self._settled: dict[str, tuple[int, ...]] = {}
        self._fitting: dict[str, tuple[int, ...]] = {}
        """Recordings whose checkpoint has a token that holds, with the times of the two files."""
        self._renewals: dict[str, datetime] = {}
        """When the tokens of a closed recording are renewed, since one of them will end; or tried again."""
        self._renew_again = 0.0
        self._failed = 0
        self._again = 0.0

    async def stamp_due(self, world: World) -> int:
        """Take the tokens that are due; returns how many. Effects: those of the module."""
        count = 0
        there = await asyncio.to_thread(self._there)
        for name, seen in there.items():
            if self._steady() < self._again:
                break
            if self._settled.get(name) == seen:
                continue
            try:
                taken, settled = await self._recording(world, name, seen[:2])
                count += taken
                if settled:  # as it was before it was looked at
                    self._settled[name] = seen
                self._failed = 0
            except NoStampError as error:
                self._failed += 1
                self._again = self._steady() + min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(self._failed - 1, 10))
                logger.warning("no authority gave a time-stamp: %s", error)
            except (custody.CustodyError, HeadChangedError, OSError, ValueError):
                logger.exception("a recording could not be time-stamped, id %s", name)
        return count + await self._renew_due(world, there)

    def _there(self) -> dict[str, tuple[int, ...]]:
        """The recordings that have a signed head, the newest first, each with the times of its files."""
        found: dict[str, tuple[int, ...]] = {}
        for entry in os.scandir(self.recordings):
            if entry.name.startswith(".") or not entry.is_dir():
                continue
            names = (custody.CHECKPOINT, timestamps.FILE, custody.LOG_CHECKPOINT)
            seen = tuple(_changed_at(Path(entry.path) / name) for name in names)
            if seen[0]:
                found[entry.name] = seen
        return dict(sorted(found.items(), reverse=True))

    async def _recording(self, world: World, name: str, files: tuple[int, ...]) -> tuple[int, bool]:
        """How many tokens were taken, and whether nothing more is due before something changes."""
        folder = self.recordings / name
        if not await asyncio.to_thread(custody.is_closed, folder):
            return await self._going_on(world, name), False
        count, fits = 0, self._fitting.get(name) == files
        if not fits and await asyncio.to_thread(timestamps.stamped_at, folder, self.authorities.anchors) is not None:
            self._fitting[name], fits = files, True
        if not fits:
            note = await asyncio.to_thread((folder / custody.CHECKPOINT).read_bytes)
            await asyncio.to_thread(timestamps.keep, folder, note, await self._obtain(world, note))
            count += 1
        kept = await asyncio.to_thread(_kept_lines, self.recordings / BESIDE / name)
        if kept:
            await asyncio.to_thread(_record, folder, kept, world)
            shutil.rmtree(self.recordings / BESIDE / name, ignore_errors=True)
        due = await asyncio.to_thread(_custody_due, folder, world.clock().timestamp())
        if due is None:
            await self._note_end(world, name)
            return count, not kept
        if due:
            line = renewal.line(due, (await self._obtain(world, due)).tsr)
            await asyncio.to_thread(_record, folder, [line], world)
            count += 1
        return count, False

    async def _note_end(self, world: World, name: str) -> None:
        """Note when the tokens of a closed recording are renewed; one that is due, and was tried, keeps its time."""
        ends, now = (await asyncio.to_thread(renewal.outstanding, self.recordings / name)).ends, world.clock()
        if ends is None:
            self._renewals.pop(name, None)
        elif now < ends - renewal.BEFORE:
            self._renewals[name] = ends - renewal.BEFORE
        else:
            self._renewals.setdefault(name, ends - renewal.BEFORE)

    async def _renew_due(self, world: World, there: Mapping[str, tuple[int, ...]]) -> int:
        """Renew the tokens of a few settled recordings, those that have been due for longest; returns how many were
        taken. Once no authority gave one, none is asked for another until `LONGEST_PAUSE` is over."""
        count, now = 0, world.clock()
        settled = [name for name, seen in there.items() if self._settled.get(name) == seen]
        due = sorted((at, name) for name in settled if (at := self._renewals.get(name)) is not None and at <= now)
        for _at, name in due[:RENEWALS]:
            if self._steady() < max(self._again, self._renew_again):
                break
            try:
                count += await self._renew(world, name)
            except NoStampError as error:
                self._renew_again = self._steady() + LONGEST_PAUSE
                logger.warning("a time-stamp ends soon and cannot be renewed, id %s: %s", name, error)
            except (custody.CustodyError, HeadChangedError, OSError, ValueError):
                logger.exception("the time-stamps of a recording could not be renewed, id %s", name)
        return count

    async def _renew(self, world: World, name: str) -> int:
        """Renew the tokens of a closed recording, of which one ends soon; returns how many were taken. Effects: a
        token over the head of its custody log, under which the old ones lie, as a `stamp` line that names them."""
        folder, self._renewals[name] = self.recordings / name, world.clock() + RENEWED_AGAIN
        ending = await asyncio.to_thread(renewal.outstanding, folder)
        if ending.missing is not None:
            await asyncio.to_thread(_record, folder, [ending.missing], world)
        note = await asyncio.to_thread((folder / custody.LOG_CHECKPOINT).read_bytes)
        stamp = await self._obtain(world, note, outlasting=ending.ends)
        await asyncio.to_thread(
            _record, folder, [renewal.line(note, stamp.tsr) | {"renews": list(ending.renews)}], world
        )
        return 1

    async def _going_on(self, world: World, name: str) -> int:
        live = self._live.get(name)
        if live is not None and self._steady() - live.at < EVERY:
            return 0
        note = await asyncio.to_thread((self.recordings / name / custody.CHECKPOINT).read_bytes)
        size = tlog.parse_checkpoint(tlog.parse_note(note).text).size
        if live is not None and size == live.size:
            return 0
        stamp = await self._obtain(world, note)
        await asyncio.to_thread(_put_beside, self.recordings / BESIDE / name, size, renewal.line(note, stamp.tsr))
        self._live[name] = _Live(size, self._steady())
        return 1

    async def _obtain(self, world: World, note: bytes, *, outlasting: datetime | None = None) -> timestamps.Stamp:
        async with self._client() as client:
            return await timestamps.obtain(
                self.authorities, note, client=client, clock=world.clock, outlasting=outlasting
            )


class Evidences:
    """What requests are owed: evidences, and time-stamps over them. Owned by the event loop of the clock; the next
    process looks at all requests once."""

    def __init__(
        self,
        *,
        client: Callable[[], httpx.AsyncClient] | None = None,
        steady: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._client = client or (lambda: httpx.AsyncClient(trust_env=False, timeout=timestamps.SECONDS))
        self._steady, self._wall = steady, wall
        self._signer: evidences.Signer | None = None
        self._since: float | None = None
        self._waiting: dict[str, None] = {}
        self._unstamped: dict[str, None] = {}
        self._failed = 0
        self._again = 0.0

    async def make_due(self, world: World) -> int:
        """Sign the evidences that are owed, then stamp; returns how many were signed. What fails comes again."""
        if world.signer is None:
            return 0
        if self._signer is None:
            self._signer = await asyncio.to_thread(world.signer)
        began = self._wall()
        async with world.database.reading() as db:
            self._waiting |= dict.fromkeys(await evidences.touched(db, since=self._since))
        self._since = began - OVERLAP
        count = 0
        for request_id in list(self._waiting)[:AT_ONCE]:
            del self._waiting[request_id]
            try:
                count += await self._attest(world, self._signer, request_id)
            except Exception:
                # One history that cannot be read keeps no other request from its evidences: last in the line again.
                logger.exception("no evidences could be signed for the request %s", request_id)
                self._waiting[request_id] = None
            else:
                self._unstamped[request_id] = None
        await self._stamp(world, list(self._unstamped)[:AT_ONCE])
        return count

    async def _attest(self, world: World, signer: evidences.Signer, request_id: str) -> int:
        async with world.database.reading() as db:
            due = await evidences.is_owed(db, await queries.get(db, HearingRequest, request_id))
        if not due:
            return 0
        async with world.database.transaction() as db:
            return len(await evidences.attest(db, request_id=request_id, signer=signer, now=world.clock()))

    async def _stamp(self, world: World, requests: Iterable[str]) -> None:
        if world.authorities is None:
            self._unstamped.clear()
            return
        try:
            for request_id in requests:
                if self._steady() < self._again:
                    return
                await self._stamp_one(world, world.authorities, request_id)
                del self._unstamped[request_id]
                self._failed = 0
        except NoStampError as error:
            self._failed += 1
            self._again = self._steady() + min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(self._failed - 1, 10))
            logger.warning("no authority gave a time-stamp: %s", error)

    async def _stamp_one(self, world: World, authorities: Authorities, request_id: str) -> None:
        async with world.database.reading() as db:
            rows = await evidences.unstamped(db, request_id)
        for row in rows:
            async with self._client() as client:
                got = await timestamps.obtain(
                    authorities, Imprint(bytes.fromhex(row.sha256)), client=client, clock=world.clock
                )
            async with world.database.transaction() as db:
                db.add(
                    TransmissionStamp(
                        owner_state=row.owner_state,
                        evidence_id=row.id,
                        tsr=got.tsr,
                        stamped_at=got.at,
                        stamped_by=got.by,
                    )
                )


def _changed_at(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _custody_due(folder: Path, now: float) -> bytes | None:
    """The head of the custody log, if it is to be stamped now; empty if later; None when nothing is due: its lines
    behind the last stamp are of others alone."""
    note = (folder / custody.LOG_CHECKPOINT).read_bytes()
    size = tlog.parse_checkpoint(tlog.parse_note(note).text).size
    lines = (folder / custody.LOG).read_bytes().split(b"\n")[:size]
    types = [(journal_lines.read(line)[0] or {}).get("type") for line in lines]
    stamped = max((at for at, kind in enumerate(types) if kind == "stamp"), default=-1)
    if all(kind in OWN for kind in types[stamped + 1 :]):
        return None
    if now - (folder / custody.LOG_CHECKPOINT).stat().st_mtime < SETTLED:
        return b""
    return note


def _put_beside(folder: Path, size: int, line: dict[str, Any]) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = folder / "new"
    draft.unlink(missing_ok=True)
    write_durably(draft, json.dumps(line).encode())
    draft.replace(folder / f"{size:012}.json")
    sync_folder(folder)


def _kept_lines(folder: Path) -> list[dict[str, Any]]:
    if not folder.is_dir():
        return []
    return [json.loads(path.read_bytes()) for path in sorted(folder.glob("*.json"))]


def _record(folder: Path, lines: list[dict[str, Any]], world: World) -> None:
    """Append the lines that are not in the custody log yet. Effects: those lines, their signed head."""
    before = (folder / custody.LOG).read_bytes() if (folder / custody.LOG).exists() else b""
    new = [line for line in lines if json.dumps(line["tsr"]).encode() not in before]
    if new and world.seal is not None:
        custody.record(folder, new, world.seal(), int(world.clock().timestamp()) * 10**9)
