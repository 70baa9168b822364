"""What was decided about the keeping of recordings is carried out, by the elected clock alone (docs/archive.md).

Legal holds become lines of the custody log, and so do receipts whose line could not be written when they came, and
that minutes, or a correction of them, were signed by both authorities. Keys
that two people have decided to destroy are destroyed: first the line that says so, under a signed head; then, once that
line was read back, the files here that it names; then in every archive whose lock has ended. A process that ends in
between leaves what the next one completes: nothing is missing that no line explains.
"""

import asyncio
import hashlib
import json
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hearings.custody import keeping, receipts, signed_papers
from hearings.models import KeepingDecision
from hearings.models.sitting import KeepingKind
from hearings.outward import claims, notices
from media.evidence.archive.store import ArchiveError, ArchiveStore, Trouble
from media.evidence.archive.volumes import is_ours
from media.evidence.log import custody, former_keys, journal_lines
from media.evidence.log.store import sync_folder
from media.evidence.seal.client import SealClient
from scheduler.environment import World

logger = logging.getLogger("vivavoce.scheduler.keeping")

K = KeepingKind
MARGIN = timedelta(hours=1)
"""A receipt is looked at again for as long: another process may commit it late."""
TOLD = "keys_destroyed"
"""Kind of the notice to both States, and of its claim."""
AGAIN = 24 * 3600.0
"""Seconds after which an archive that keeps destroyed keys under a lock is asked again."""


class Keeping:
    """What was carried out so far. Owned by the event loop of the clock; the next process finds it in the files."""

    def __init__(self, recordings: Path) -> None:
        self.recordings = recordings
        self._done: dict[str, str] = {}
        self._named: dict[str, tuple[str, ...]] = {}
        self._told: set[str] = set()
        self._failing: set[str] = set()
        self._asked: dict[tuple[str, str], float] = {}
        self._receipts_since: datetime | None = None
        self._signed_since: datetime | None = None
        self._unsaid: list[tuple[str, dict[str, Any]]] = []
        """Lines on signed minutes that are to be written yet, each with its recording."""

    async def carry_out(self, world: World) -> int:
        """Write the lines that are due, and destroy keys; returns how many recordings were changed.

        Without a seal nothing is done: no line could be signed, and no key goes before its line.
        """
        if world.seal is None:
            return 0
        async with world.database.reading() as db:
            decided = await keeping.all_decisions(db)
        count = 0
        for name, decisions in decided.items():
            try:
                if self._done.get(name) != decisions[-1].id and custody.is_closed(self.recordings / name):
                    count += await asyncio.to_thread(_write, world, world.seal, self.recordings / name, decisions)
                    self._done[name] = decisions[-1].id
                if any(row.kind is K.destroy for row in decisions):
                    if await asyncio.to_thread(self._destroy, world, world.seal, name):
                        await self._tell(world, name)
                    else:
                        self._done.pop(name, None)  # its line is not there: it is written again
                self._failing.discard(name)
            except (custody.CustodyError, OSError, ValueError):
                if name not in self._failing:  # once, not at every look
                    logger.exception("what was decided about a recording was not carried out, id %s", name)
                self._failing.add(name)
        return count + await self._tell_receipts(world) + await self._tell_signed(world)

    async def _tell_receipts(self, world: World) -> int:
        """Write the lines of receipts that are not in their custody logs yet; returns how many."""
        if world.seal is None:
            return 0
        now, count, missed = world.clock(), 0, False
        async with world.database.reading() as db:
            found = await receipts.accepted(db, since=self._receipts_since)
        for row, receipt in found:
            try:
                line, folder = receipts.line(row, receipt), self.recordings / row.recording_id
                count += await asyncio.to_thread(_write_once, world, folder, line, receipts.TOLD_APART)
            except (custody.CustodyError, OSError, ValueError):
                missed = True
                logger.exception("the line of a receipt was not written, recording %s", row.recording_id)
        if not missed:
            self._receipts_since = now - MARGIN
        return count

    async def _tell_signed(self, world: World) -> int:
        """Write the lines on minutes and corrections that both authorities have signed; returns how many. That of a
        recording that is not here, or not closed, waits until it is.
        """
        now, count = world.clock(), 0
        async with world.database.reading() as db:
            found = await signed_papers.signed(db, since=self._signed_since)
        self._unsaid += [one for one in found if one not in self._unsaid]
        self._signed_since = now - MARGIN
        for name, line in tuple(self._unsaid):
            folder = self.recordings / name
            try:
                if not await asyncio.to_thread(custody.is_closed, folder):
                    continue
                count += await asyncio.to_thread(_write_once, world, folder, line, signed_papers.TOLD_APART)
                self._unsaid.remove((name, line))
                self._failing.discard(f"{name} signed")
            except (custody.CustodyError, OSError, ValueError):
                if f"{name} signed" not in self._failing:  # once, not at every look
                    logger.exception("the line on signed minutes was not written, recording %s", name)
                self._failing.add(f"{name} signed")
        return count

    def _destroy(self, world: World, seal: Callable[[], SealClient], name: str) -> bool:
        """Whether the key files that the signed line names are gone here. Raises as `custody.read`.

        Effects: these files are deleted, and the volumes of keys in every archive that lets them go; nothing, until
        the line was read back out of a custody log that is the one that was signed.
        """
        if name not in self._named:
            files = _named_destroyed(self.recordings / name, seal())
            if files is None:
                return False
            self._named[name] = files
        for folder in (self.recordings, *([world.second] if world.second is not None else [])):
            if left := _delete_keys(folder / name, self._named[name]):
                logger.error("KEYS ARE LEFT that no line says were destroyed, id %s: %d", name, left)
        for store in world.archives:
            if world.clock().timestamp() - self._asked.get((name, store.name), 0.0) >= AGAIN:
                self._destroy_in(store, name, world.clock().timestamp())
        return True

    def _destroy_in(self, store: ArchiveStore, name: str, now: float) -> None:
        """Each volume of keys is tried, however the one before it went; what is locked is asked for a day later."""
        try:
            there = [one for one in store.listed(f"{name}/keys-") if is_ours(one.key.rpartition("/")[2])]
        except ArchiveError as error:
            logger.warning("an archive keeps keys that were destroyed, id %s: %s", name, error)
            return
        troubles = []
        for state in there:
            try:
                store.delete(state.key, state.version)
            except ArchiveError as error:
                troubles.append(error.trouble)
                logger.warning("an archive keeps keys that were destroyed, id %s: %s", name, error)
        if set(troubles) <= {Trouble.locked}:
            self._asked[name, store.name] = now

    async def _tell(self, world: World, name: str) -> None:
        """Mail both States, once, that the keys are gone."""
        if name in self._told:
            return
        to, functions, text = notices.DUE[TOLD]
        key, now = keeping.destroyed_key(name), world.clock()
        async with world.database.transaction() as db:
            subject = await notices.subject_of(db, "recording", name)
            mine = await claims.claim(db, key=key, kind=TOLD, subject="recording", subject_id=name, due_at=now, now=now)
            if subject is not None and mine:
                await notices.notify(
                    db,
                    subject=subject,
                    to=to,
                    functions=functions,
                    text=text,
                    key=key,
                    origin=world.origin,
                    say=world.say,
                    now=now,
                )
        self._told.add(name)


def _named_destroyed(folder: Path, seal: SealClient) -> tuple[str, ...] | None:
    """The files that the `destroyed` line of a proven custody log names; None where it has no such line."""
    trust = seal.trust()
    for raw in custody.read_log(folder, custody.read(folder, trust).origin, trust):
        line = json.loads(raw)
        if line.get("type") == "destroyed":
            return tuple(line["files"])
    return None


def _delete_keys(folder: Path, files: Collection[str]) -> int:
    """How many key files are left. Effects: exactly these files are deleted, and what a re-wrap has replaced."""
    found = (
        [path for path in folder.iterdir() if journal_lines.KEY_FILE.fullmatch(path.name)] if folder.is_dir() else []
    )
    hidden = former_keys.hidden(folder) if folder.is_dir() else []
    for path in (*found, *hidden):
        if path.name in files or path in hidden:
            path.unlink()
    if found or hidden:
        sync_folder(folder)
    return sum(path.name not in files for path in found)


def lines_of(decisions: Sequence[KeepingDecision], files: Mapping[str, str]) -> list[dict[str, Any]]:
    """The lines of a custody log that say what was decided, oldest first. `files`: the key files there are, each with
    its SHA-256."""
    by_id, lines = {row.id: row for row in decisions}, []
    for row in decisions:
        role = {"role": row.role} if row.role else {}
        who = {"person": row.person_name, "state": row.owner_state, "why": row.reason, **role}
        if row.kind in (K.hold, K.lift):
            hold = row.id if row.kind is K.hold else row.refers_to
            lines.append({"type": "hold", "hold": hold, "in_force": row.kind is K.hold, **who})
        elif row.kind is K.destroy:
            proposal = by_id[row.refers_to]
            names = {"proposed": proposal.person_name, "decided": row.person_name}
            roles = {"roles": [proposal.role, row.role]} if proposal.role and row.role else {}
            said = {"state": row.owner_state, "why": row.reason, "hashes": list(files.values())}
            lines.append({"type": "destroyed", "files": list(files), **names, **roles, **said})
    return lines


def _write(world: World, made: Callable[[], SealClient], folder: Path, decisions: Sequence[KeepingDecision]) -> bool:
    """Append the lines that are not in the custody log yet; whether there were any."""
    seal = made()
    trust = seal.trust()
    there = custody.read_log(folder, custody.read(folder, trust).origin, trust)
    said = {_name(json.loads(line)) for line in there}
    keys = sorted(path for path in folder.iterdir() if journal_lines.KEY_FILE.fullmatch(path.name))
    files = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in keys}
    due = [line for line in lines_of(decisions, files) if _name(line) not in said]
    if due:
        custody.record(folder, due, seal, int(world.clock().timestamp()) * 10**9)
    return bool(due)


def _write_once(world: World, folder: Path, line: dict[str, Any], by: Sequence[str]) -> bool:
    assert world.seal is not None
    return custody.record_once(folder, [line], world.seal(), int(world.clock().timestamp()) * 10**9, by=by)


def _name(line: dict[str, Any]) -> tuple[Any, ...]:
    """What tells one decision's line from another's: of a hold, whether it was placed or lifted."""
    return (line.get("type"), line.get("hold"), line.get("in_force"))
