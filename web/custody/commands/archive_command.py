"""`vivavoce archive restore`: a recording that lies in an archive alone is put back into the installation."""

import argparse
import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from hearings.db import Database
from hearings.models import Recording
from hearings.status import RecordingStatus
from media.evidence.archive import putting_back
from media.evidence.archive.putting_back import DiffersError, Sources
from media.evidence.archive.status import FOLDER
from media.evidence.archive.store import ArchiveError
from media.evidence.check.policy import parse
from media.evidence.check.verify import verify_stored
from media.evidence.log import custody, journal_lines
from scheduler.audits import GOOD
from web.operation import commands, drill_command
from web.operation.backup import BackupRefused
from web.seal_keeper import SealKeeper, policy_of
from web.settings import Settings
from web.sitting.sealed_files import RECORDING_ID, kept_heads

Add = Callable[[str, Callable[[Settings, argparse.Namespace], int], str], argparse.ArgumentParser]


def add_to(add: Add) -> None:
    """Add the command to the argument parser."""
    made = add("archive", restore, "Put a recording that lies in an archive alone back into this installation.")
    made.add_argument("act", choices=["restore"], help="what is done")
    made.add_argument("recording", help="id of the recording, as `vivavoce drill --archive` prints it")
    made.add_argument("--archive", required=True, metavar="NAME", help="bucket or folder of VIVAVOCE_ARCHIVES")
    made.add_argument("--by", required=True, metavar="NAME", help="who does it; the custody log names them")
    made.add_argument("--why", required=True, help="reason, kept in the custody log")


def restore(settings: Settings, options: argparse.Namespace) -> int:
    """The command. Effects: the recording's folder, verified before it has its name and afterwards, and an `access`
    line `restored` in its custody log. Refused when something else is there, and when the docket does not say that the
    recording was sealed."""
    name: str = options.recording
    row = asyncio.run(_row(settings, name)) if RECORDING_ID.fullmatch(name) else None
    if row is None or row.status is not RecordingStatus.sealed:
        raise BackupRefused(f"The docket knows no sealed recording {name}")
    store, request = drill_command.store_named(settings, options.archive), drill_command.requests_of(settings)
    seal = SealKeeper(settings).ensure()
    folder = settings.recordings / name
    who = custody.Accessor(f"{options.by} (account {commands.account()})"[:200], "operator", "")
    line = who.line("restored", options.why)
    try:
        journal_lines.parse(journal_lines.canonical({**line, "at": "0"}))
    except ValueError as error:
        raise BackupRefused(f"No line of a custody log can have this --by or --why: {error}") from error

    def verifies(found: Path) -> bool:
        return verify_stored(found, replace(request(found), last=seal.last)).findings.verdict in GOOD

    elsewhere = [settings.recordings / FOLDER / putting_back.LOGS]
    elsewhere += [settings.second_target] if settings.second_target else []
    keys = parse(policy_of(settings).encode()).logs
    try:
        sources = Sources(store, elsewhere)
        if not putting_back.put_back(sources, name, settings.recordings, seal, keys, verifies, line):
            print(f"{name} is there, as in the archive {store.name}: nothing was changed")
            return 0
        heads = putting_back.write_owed(settings.recordings, name, seal, time.time_ns(), kept_heads(row))
    except (ArchiveError, DiffersError, custody.CustodyError, OSError) as error:
        raise BackupRefused(f"{name}: {error}") from error
    if not verifies(folder):
        raise BackupRefused(f"{name} was put back, and does not verify now: see `vivavoce verify --stored {folder}`")
    print(f"{name} was put back from the archive {store.name} and verified, {heads.recording.size} lines")
    print(f"root {heads.recording.root.hex()}; its custody log has {heads.custody.size} lines")
    return 0


async def _row(settings: Settings, name: str) -> Recording | None:
    database = Database(settings.database_url)
    try:
        async with database.reading() as db:
            return await db.get(Recording, name)
    finally:
        await database.close()
