"""Closed recordings are put into the archives and read back (docs/archive.md), by the elected clock alone.

A recording counts as archived when a line of its custody log says so, and that line is written after every byte has
been read back. An archive that is away is asked again, less and less often; one that has lost or changed what it had is
told to the court's administrators, and gets it again. Nothing here can hold a recording up: only closed ones are read.
"""

import asyncio
import logging
import os
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlmodel import col, select

from hearings.custody import acceptance, keeping as decided
from hearings.custody.acceptance import DestroyAfter
from hearings.models import KeepingDecision, Recording
from hearings.outward import claims, notices
from hearings.status import RecordingStatus
from media.evidence.archive import keeping, putting_back, status, volumes
from media.evidence.archive.keeping import KeptObject
from media.evidence.archive.status import ArchiveStatus, CopyStatus, TargetStatus
from media.evidence.archive.store import ArchiveError, ArchiveStore, Trouble
from media.evidence.archive.volumes import Volume
from media.evidence.log import custody
from media.evidence.stamping import timestamps
from scheduler.environment import World

logger = logging.getLogger("vivavoce.scheduler.archiving")

SETTLED = 300.0
"""Seconds for which heads and custody log stay as they are before the log is archived."""
FIRST_PAUSE, LONGEST_PAUSE = 30.0, 1800.0
"""Seconds until an archive, or a copy that failed, is tried again: twice as long each time, up to the longest."""
LOOK_EVERY, READ_EVERY = timedelta(days=1), timedelta(days=30)
"""How often it is looked whether an archived copy is there, and how often every byte of it is read back."""
PATIENCE = timedelta(minutes=30)
"""How long an archive may be away before administrators are mailed."""
WIDE = frozenset({Trouble.away, Trouble.refused, Trouble.no_lock, Trouble.full})
"""Troubles of the whole archive: the next recording would have the same."""
GONE = frozenset({Trouble.missing, Trouble.altered, Trouble.shortened})
"""Troubles of a copy that was there before: it is lost."""
WAITING = frozenset({Trouble.away, Trouble.refused, Trouble.full})
"""Troubles that may pass by themselves: told after `PATIENCE`."""
LEAST_LOCK = timedelta(days=7)
"""How long a new object is locked at least: a store refuses a lock whose end is past, as after the end of a retention,
or so near that its clock may have passed it. Not longer, since keys that were destroyed wait for the end of a lock."""
SPOOL = "spool"
_LOGS = (custody.CHECKPOINT, timestamps.FILE, custody.LOG_CHECKPOINT)


@dataclass
class _Pause:
    """How often something was tried in vain, and when it is tried again, on the monotonic clock."""

    tries: int = 0
    again: float = 0.0


@dataclass(frozen=True)
class _Stored:
    """A closed recording: until when it is kept."""

    owner_state: str
    until: date


class Archiving:
    """What was archived so far. Owned by the event loop of the clock; the next process finds the rest in the files."""

    def __init__(
        self,
        stores: Sequence[ArchiveStore],
        recordings: Path,
        *,
        settled: float = SETTLED,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        """`settled`, `steady`: for tests."""
        self.stores = stores
        self.recordings = recordings
        self._quiet = settled
        self._steady = steady
        self._settled: dict[str, tuple[object, ...]] = {}
        self._looked: dict[tuple[str, str], float] = {}
        self._targets = {store.name: TargetStatus(store.name) for store in stores}
        self._copies: dict[tuple[str, str], CopyStatus] = {}
        self._pauses: dict[tuple[str, str], _Pause] = {}
        self._written: ArchiveStatus | None = None
        self._completed = 0

    async def archive_due(self, world: World) -> int:
        """Archive what is due, and look at one copy that was archived; returns how many copies were completed."""
        if self._written is None:
            await asyncio.to_thread(self._begin)
        stored, self._completed = await _stored(world), 0
        self._copies = {key: copy for key, copy in self._copies.items() if key[0] in stored}
        for name, seen in (await asyncio.to_thread(self._changed, stored)).items():
            done = [await self._archive(world, name, store, stored[name]) for store in self.stores]
            if all(done):
                self._settled[name] = seen  # as it was before it was looked at
        await self._look(world, stored)
        await self._tell(world, stored)
        await asyncio.to_thread(self._write, int(world.clock().timestamp()))
        return self._completed

    def _begin(self) -> None:
        """Take over what the last process knew; what it was about to put is made anew."""
        shutil.rmtree(self.recordings / status.FOLDER / SPOOL, ignore_errors=True)
        before = status.read(self.recordings)
        self._written = before or ArchiveStatus(0, [], [])
        names = self._targets.keys()
        self._targets |= {one.name: one for one in self._written.targets if one.name in names}
        self._copies = {(one.recording, one.target): one for one in self._written.copies if one.target in names}

    def _changed(self, stored: dict[str, _Stored]) -> dict[str, tuple[object, ...]]:
        """The recordings of which something may have to be archived, the newest first, each with its stamp."""
        found: dict[str, tuple[object, ...]] = {}
        for entry in os.scandir(self.recordings):
            if entry.name not in stored or not entry.is_dir():
                continue
            folder = Path(entry.path)
            seen = (stored[entry.name].until, entry.stat().st_mtime_ns, *(_changed_at(folder / name) for name in _LOGS))
            if self._settled.get(entry.name) != seen and custody.is_closed(folder):
                found[entry.name] = seen
        return dict(sorted(found.items(), reverse=True))

    async def _archive(self, world: World, name: str, store: ArchiveStore, stored: _Stored) -> bool:
        """Whether an archive has the whole recording now, after an attempt if one is due."""
        key, now = (name, store.name), world.clock()
        if self._steady() < max(self._pause(key).again, self._pause(("", store.name)).again):
            self._copies.setdefault(key, CopyStatus(name, store.name, "pending", "", int(now.timestamp())))
            return False
        try:
            whole = await asyncio.to_thread(self._copy, world, self.recordings / name, store, stored.until)
        except (ArchiveError, custody.CustodyError, OSError, ValueError) as error:
            self._failed(key, _trouble(error), now)
            logger.warning("a recording was not archived, id %s: %s", name, error)
            return False
        self._pauses.pop(key, None)
        self._pauses.pop(("", store.name), None)
        self._targets[store.name] = TargetStatus(store.name)
        if whole:
            self._copies.pop(key, None)
        else:
            self._copies[key] = CopyStatus(name, store.name, "pending", "", int(now.timestamp()))
        return whole

    def _copy(self, world: World, folder: Path, store: ArchiveStore, until: date) -> bool:
        """Put what an archive lacks, read it back, write the lines. False: the custody log has not settled yet."""
        if world.seal is None:
            return False
        seal, now = world.seal(), world.clock()
        origin = custody.read(folder, seal.trust()).origin
        lines = custody.read_log(folder, origin, seal.trust())
        copy = self._copies.get((folder.name, store.name))
        kept = {} if copy is not None and copy.state == "lost" else keeping.named(lines, store.name)
        lock = max(until, now.date() + LEAST_LOCK)  # of what is put now; what is there stays until its own day
        new = [self._put(folder, store, volume, lock) for volume in keeping.due(folder, lines, kept, until)]
        if new:  # all lines at once: a recording is never half archived
            custody.record(folder, [one.line for one in new], seal, int(now.timestamp()) * 10**9)
        kept |= {one.volume: one for one in new}
        if not self._has_settled(folder, now):
            return False
        if keeping.papers_due(lines, kept, until):
            with custody.locked(folder):
                volume = volumes.papers(folder)
                source = self._spooled(folder, volume)
            papers = self._keep(folder, store, volume, source, lock)
            custody.record(folder, [papers.line], seal, int(now.timestamp()) * 10**9)
            self._completed += 1
        putting_back.keep_log(self.recordings, folder)
        checked = status.read_checked(self.recordings)
        if new or store.name not in checked.get(folder.name, {}):
            checked.setdefault(folder.name, {})[store.name] = int(now.timestamp())
            status.write_checked(self.recordings, checked)
        return True

    def _has_settled(self, folder: Path, now: datetime) -> bool:
        newest = max(_changed_at(folder / name) for name in _LOGS)
        return now.timestamp() - newest / 1e9 >= self._quiet

    def _put(self, folder: Path, store: ArchiveStore, volume: Volume, until: date) -> KeptObject:
        return self._keep(folder, store, volume, self._spooled(folder, volume), until)

    def _spooled(self, folder: Path, volume: Volume) -> tuple[Path, volumes.Packed]:
        spool = self.recordings / status.FOLDER / SPOOL
        spool.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = spool / f"{folder.name}-{volume.name}"
        return path, volumes.pack(folder, volume, path)

    def _keep(
        self, folder: Path, store: ArchiveStore, volume: Volume, spooled: tuple[Path, volumes.Packed], until: date
    ) -> KeptObject:
        path, packed = spooled
        try:
            return keeping.keep(store, f"{folder.name}/{volume.name}", path, packed, until)
        finally:
            path.unlink(missing_ok=True)

    def _failed(self, key: tuple[str, str], trouble: Trouble, now: datetime) -> None:
        name, target = key
        seconds = int(now.timestamp())
        pause = self._pauses.setdefault(("", target) if trouble in WIDE else key, _Pause())
        pause.again = self._steady() + min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(pause.tries, 10))
        pause.tries += 1
        if trouble in WIDE and self._targets[target].why != trouble:
            self._targets[target] = TargetStatus(target, trouble.value, seconds)
        before = self._copies.get(key)
        state = "lost" if before is not None and before.state == "lost" else "failed"
        if before is None or (before.state, before.why) != (state, trouble.value):
            self._copies[key] = CopyStatus(name, target, state, trouble.value, seconds)

    def _pause(self, key: tuple[str, str]) -> _Pause:
        return self._pauses.get(key, _Pause())

    # --- copies that were archived --------------------------------------------------------------------------------

    async def _look(self, world: World, stored: dict[str, _Stored]) -> None:
        """Look at one archived copy whose turn it is: whether it is there, or, less often, whether it is the same."""
        now = world.clock().timestamp()
        checked = await asyncio.to_thread(status.read_checked, self.recordings)
        for name in self._settled.keys() & stored.keys():
            for store in self.stores:
                read = now - checked.get(name, {}).get(store.name, 0) >= READ_EVERY.total_seconds()
                looked = now - self._looked.get((name, store.name), 0.0) < LOOK_EVERY.total_seconds()
                if (looked and not read) or self._steady() < self._pause(("", store.name)).again:
                    continue
                await self._look_at(world, name, store, read)
                return

    async def _look_at(self, world: World, name: str, store: ArchiveStore, read: bool) -> None:
        now = world.clock()
        try:
            await asyncio.to_thread(self._compare, world, self.recordings / name, store, read)
            self._targets[store.name] = TargetStatus(store.name)
        except (ArchiveError, custody.CustodyError, OSError, ValueError) as error:
            trouble = _trouble(error)
            self._failed((name, store.name), trouble, now)
            if trouble in GONE:
                logger.error("A COPY IN AN ARCHIVE IS LOST (%s), id %s", error, name)
                copy = CopyStatus(name, store.name, "lost", trouble.value, int(now.timestamp()))
                self._copies[name, store.name] = copy
                self._pauses.pop((name, store.name), None)
            elif trouble in WIDE:
                self._copies.pop((name, store.name), None)  # it was there, and nothing says that it is not
                return
            self._settled.pop(name, None)
            return
        self._looked[name, store.name] = now.timestamp()
        if read:
            checked = await asyncio.to_thread(status.read_checked, self.recordings)
            checked.setdefault(name, {})[store.name] = int(now.timestamp())
            await asyncio.to_thread(status.write_checked, self.recordings, checked)

    def _compare(self, world: World, folder: Path, store: ArchiveStore, read: bool) -> None:
        if world.seal is None:
            return
        trust = world.seal().trust()
        lines = custody.read_log(folder, custody.read(folder, trust).origin, trust)
        kept = keeping.current(keeping.named(lines, store.name))
        there = {(one.key, one.version, one.size) for one in store.listed(f"{folder.name}/")}
        for one in kept:
            if (one.key, one.version, one.size) not in there:
                raise ArchiveError(Trouble.missing, one.volume)
            if read:
                keeping.confirm(store, one, one.until)

    # --- telling --------------------------------------------------------------------------------------------------

    async def _tell(self, world: World, stored: dict[str, _Stored]) -> None:
        """Mail the court's administrators once for each trouble of an archive or a copy, and each time it began."""
        now = world.clock()
        told: set[str] = set()
        for copy in self._copies.values():
            if copy.state == "pending" or not copy.why:
                continue
            wide = Trouble(copy.why) in WIDE
            since = self._targets[copy.target].since if wide else copy.since
            patience = PATIENCE if Trouble(copy.why) in WAITING else timedelta()
            if now.timestamp() - since < patience.total_seconds():
                continue
            key = f"archive:{'' if wide else copy.recording}:{copy.target}:{copy.why}:{since}"
            if key not in told:
                told.add(key)
                await self._mail(world, key, copy.recording, stored[copy.recording].owner_state, now)

    async def _mail(self, world: World, key: str, name: str, state: str, now: datetime) -> None:
        _to, functions, text = notices.DUE["archive_failed"]
        async with world.database.transaction() as db:
            subject = await notices.subject_of(db, "recording", name)
            about = {"subject": "recording", "subject_id": name, "owner_state": state}
            mine = await claims.claim(db, key=key, kind="archive_failed", due_at=now, now=now, **about)
            if subject is not None and mine:
                await notices.notify(
                    db,
                    subject=subject,
                    to=state,
                    functions=functions,
                    text=text,
                    key=key,
                    origin=world.origin,
                    say=world.say,
                    now=now,
                )

    def _write(self, now: int) -> None:
        """Say what is wrong, for pages and health; at least once a minute, so that a clock at a standstill is seen."""
        found = ArchiveStatus(now, list(self._targets.values()), sorted(self._copies.values(), key=_order))
        before = self._written
        if before is None or now - before.at >= 60 or _at(found, before.at) != before:
            status.write(self.recordings, found)
            self._written = found


def _at(found: ArchiveStatus, at: int) -> ArchiveStatus:
    return ArchiveStatus(at, found.targets, found.copies)


def _order(copy: CopyStatus) -> tuple[str, str]:
    return copy.recording, copy.target


def _trouble(error: Exception) -> Trouble:
    if isinstance(error, ArchiveError):
        return error.trouble
    if isinstance(error, volumes.TooLargeError):
        return Trouble.too_large
    return Trouble.not_proven if isinstance(error, custody.NotProvenError) else Trouble.unreadable


def _changed_at(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def keep_until(
    closed_at: datetime,
    decisions: Sequence[KeepingDecision] = (),
    condition: DestroyAfter | None = None,
    *,
    now: datetime,
) -> date:
    """The first day on which a recording need not be kept any more; under a legal hold, in two years at most. So too
    while it is open from when a condition of acceptance has it destroyed: a lock for years would break it."""
    found, year = decided.keeping_status(closed_at, decisions, now, condition), date(now.year + 2, 1, 1)
    if found.condition is not None and found.condition.retention is None:
        return year
    until = (found.ends_at + timedelta(days=1)).date()
    return max(until, year) if found.holds else until


async def _stored(world: World) -> dict[str, _Stored]:
    """The closed recordings of the docket."""
    query = select(Recording.id, Recording.owner_state, Recording.closed_at).where(
        Recording.status == RecordingStatus.sealed, col(Recording.closed_at).is_not(None)
    )
    async with world.database.reading() as db:
        rows, decisions = (await db.exec(query)).all(), await decided.all_decisions(db)
        conditions = await acceptance.destroy_after(db)
    now = world.clock()
    return {
        row_id: _Stored(state, keep_until(at, decisions.get(row_id, ()), conditions.get(row_id), now=now))
        for row_id, state, at in rows
        if at is not None
    }
