"""`vivavoce drill`: restores a backup or an archive into an empty folder, verifies every recording in it, and compares
their roots with those of this installation.

Nothing of the installation is changed. What is restored stays in the folder: with the keys of a backup it is as secret
as the installation itself.
"""

import argparse
import asyncio
import json
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import select

from hearings.db import Database
from hearings.models import Recording
from hearings.status import RecordingStatus
from media.evidence.archive import restoring
from media.evidence.archive.store import ArchiveError, ArchiveStore
from media.evidence.check.policy import parse
from media.evidence.check.verify import VerificationRequest, verify_stored
from media.evidence.log import custody, tlog
from scheduler.audits import GOOD
from web.operation import backup
from web.operation.backup import DOCKET, BackupRefused
from web.seal_keeper import authorities_of, policy_of
from web.settings import Settings

HERE = {
    "same": "as here",
    "earlier": "as here, with an earlier custody log",
    "other": "NOT AS HERE",
    "gone": "not here any more",
    "deleted": "SEALED BY THE DOCKET AND NOT HERE ANY MORE",
    "lacking": "HERE AND NOT RESTORED",
    "missing": "SEALED BY THE DOCKET, NEITHER HERE NOR RESTORED",
    "open": "not closed when it was copied, nor sealed by the docket",
    "cut": "NOT CLOSED IN THE COPY, AND SEALED BY THE DOCKET OR UNKNOWN TO IT",
}
"""What the comparison with the installation came to."""


@dataclass(frozen=True)
class DrillRow:
    """One recording: `verdict` is a word of the verifier, or empty; `here` one of `HERE`."""

    recording: str
    head: str
    verdict: str
    here: str
    problem: str = ""

    @property
    def good(self) -> bool:
        """Whether it came back as it is here, or as it was here."""
        return not self.problem and self.here in ("same", "earlier", "gone", "open")


@dataclass(frozen=True)
class DrillReport:
    """What a drill came to."""

    source: str
    seconds: float
    size: int
    database: str
    rows: tuple[DrillRow, ...]

    @property
    def good(self) -> bool:
        """Whether everything came back."""
        return all(row.good for row in self.rows)


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--backup", type=Path, metavar="FOLDER", help="what `vivavoce backup` has made")
    source.add_argument("--archive", metavar="NAME", help="bucket or folder of VIVAVOCE_ARCHIVES")
    parser.add_argument("--keys", type=Path, metavar="FOLDER", help="the folder of the backup's keys")
    parser.add_argument("--into", type=Path, required=True, metavar="FOLDER", help="the empty folder to restore into")
    parser.add_argument("--json", action="store_true", help="print it as JSON, for programs")


def drill(settings: Settings, options: argparse.Namespace) -> int:
    """The command. Effects: the folder. The exit code is 1 when something did not come back as it is here."""
    into = options.into.absolute()
    if into.is_file() or (into.is_dir() and any(into.iterdir())):
        raise BackupRefused(f"{into} is not empty: a drill restores into an empty folder")
    began, docket = time.monotonic(), asyncio.run(_docket(settings))
    if options.backup is not None:
        if options.keys is None:
            raise BackupRefused("--keys FOLDER is needed: without its keys a backup cannot be restored")
        database = _from_backup(settings, options.backup.absolute(), options.keys.absolute(), into)
        faults: dict[str, str] = {}
    else:
        database, faults = "not in an archive", _from_archive(settings, options.archive, into / "recordings")
    rows = tuple(compare(settings, into / "recordings", faults, docket))
    size = sum(path.stat().st_size for path in into.rglob("*") if path.is_file())
    source = str(options.backup or options.archive)
    report = DrillReport(source, round(time.monotonic() - began, 1), size, database, rows)
    print(json.dumps({**asdict(report), "good": report.good}) if options.json else "\n".join(report_lines(report)))
    return 0 if report.good else 1


def report_lines(report: DrillReport) -> Iterator[str]:
    """The report, line by line."""
    for row in report.rows:
        mark = "  ok" if row.good else "FAIL"
        yield f"{mark}  {row.recording}  {row.head or '-'}  {row.verdict or '-'}: {row.problem or HERE[row.here]}"
    good = sum(row.good for row in report.rows)
    yield f"Database: {report.database}"
    yield f"{good} of {len(report.rows)} recordings came back from {report.source}"
    yield f"{report.size / 1024**2:.1f} MiB in {report.seconds} s"


# --- restoring ---------------------------------------------------------------------------------------------------


def _from_backup(settings: Settings, folder: Path, keys: Path, into: Path) -> str:
    """As `vivavoce restore` does it; a dump of PostgreSQL is read to its end, and no database is made of it."""
    if (dump := folder / f"{DOCKET}.dump").exists():
        facts, other = backup.facts_of(folder, "data"), backup.facts_of(keys, "keys")
        if facts["seal"] != other["seal"]:
            raise BackupRefused("The keys are those of another installation")
        backup.copy_tree(keys / "keys", into / "keys")
        backup.copy_tree(folder / "recordings", into / "recordings")
        try:
            command = ["pg_restore", "--file=/dev/null", str(dump)]
            subprocess.run(command, check=True, capture_output=True, timeout=3600)
        except (OSError, subprocess.SubprocessError) as error:
            raise BackupRefused(f"pg_restore cannot read the dump ({type(error).__name__})") from error
        return "the dump of PostgreSQL can be read to its end"
    there = replace(settings, data=into, database_url="", sandbox_database_url="", anchor=None)
    backup.restore(there, folder, keys, actor="drill", now=datetime.now(UTC))
    return f"restored, {asyncio.run(_hearings(there))} hearings"


async def _docket(settings: Settings) -> dict[str, RecordingStatus]:
    """Every recording of this installation, by its id. BackupRefused: nothing could be held against it."""
    database = Database(settings.database_url)
    try:
        async with database.reading() as db:
            rows = (await db.exec(select(Recording.id, Recording.status))).all()
            return {name: RecordingStatus(status) for name, status in rows}
    except SQLAlchemyError as error:
        raise BackupRefused(f"The docket here cannot be read ({type(error).__name__})") from error
    finally:
        await database.close()


async def _hearings(settings: Settings) -> int:
    database = Database(settings.database_url)
    try:
        async with database.reading() as db:
            found = await (await db.connection()).exec_driver_sql("SELECT count(*) FROM hearing")
            return int(found.scalar_one())
    finally:
        await database.close()


def store_named(settings: Settings, name: str) -> ArchiveStore:
    """The archive of a name. Raises `BackupRefused`."""
    stores = {store.name: store for store in settings.archive_stores}
    if name not in stores:
        raise BackupRefused(f"No archive is named {name}; VIVAVOCE_ARCHIVES names: {', '.join(stores) or 'none'}")
    return stores[name]


def _from_archive(settings: Settings, archive: str, folder: Path) -> dict[str, str]:
    """Every recording the archive has; by recording, why one could not be fetched."""
    store, request = store_named(settings, archive), requests_of(settings)
    logs = parse(policy_of(settings).encode()).logs

    def verifies(fetched: Path) -> bool:
        return verify_stored(fetched, request(fetched)).findings.verdict in GOOD

    folder.mkdir(mode=0o700, parents=True)
    faults = {}
    try:
        names = restoring.recordings_in(store)
    except ArchiveError as error:
        raise BackupRefused(f"The archive {store.name} cannot be read: {error}") from error
    for name in names:
        try:
            restoring.fetch(store, name, folder / name, logs, verifies)
        except (ArchiveError, OSError) as error:
            faults[name] = f"it cannot be fetched: {error}"
    return faults


# --- comparing ---------------------------------------------------------------------------------------------------


def compare(
    settings: Settings, restored: Path, faults: dict[str, str], docket: Mapping[str, RecordingStatus]
) -> Iterator[DrillRow]:
    """Verify every restored recording by this installation's policy, and hold it against the one here.

    `docket`: every recording it has. One that it says was sealed must have come back whole, wherever its files went.
    """
    sealed = {name for name, status in docket.items() if status is RecordingStatus.sealed}
    here = {path.name for path in settings.recordings.iterdir() if custody.is_closed(path)}
    there = {path.name for path in restored.iterdir() if path.is_dir() and not path.name.startswith(".")}
    request = requests_of(settings)
    for name in sorted(here | there | sealed | faults.keys()):
        if name in faults:
            yield DrillRow(name, "", "", "lacking", faults[name])
        elif name not in there:
            yield _bad(name, _head(settings.recordings / name), "", "lacking" if name in here else "missing")
        elif not custody.is_closed(restored / name):
            is_open = name in docket and name not in sealed
            head = _head(restored / name)
            yield DrillRow(name, head, "", "open") if is_open else _bad(name, head, "", "cut")
        else:
            yield _row(settings.recordings / name, restored / name, request(restored / name), name in sealed)


def _bad(name: str, head: str, verdict: str, here: str) -> DrillRow:
    return DrillRow(name, head, verdict, here, HERE[here].lower())


def requests_of(settings: Settings) -> Callable[[Path], VerificationRequest]:
    """By what a recording in a folder is verified here: this installation's policy, and its trust anchors."""
    policy, authorities = parse(policy_of(settings).encode()), authorities_of(settings)

    def of(folder: Path) -> VerificationRequest:
        stamped = authorities is not None and (folder / "checkpoint.tsr").exists()
        anchors = authorities.anchors if stamped and authorities is not None else None
        return VerificationRequest(policy, without_stamp=not stamped, anchors=anchors)

    return of


def _row(here: Path, restored: Path, request: VerificationRequest, sealed: bool) -> DrillRow:
    report = verify_stored(restored, request)
    head, verdict = f"{report.size}:{report.root}", report.findings.verdict
    if verdict not in GOOD:
        first = report.findings.first or "; ".join(report.findings.missing)
        return DrillRow(restored.name, head, verdict, "other", f"it does not verify: {first}")
    if not here.is_dir():
        gone = DrillRow(restored.name, head, verdict, "gone")
        return _bad(restored.name, head, verdict, "deleted") if sealed else gone
    logs = [(folder / custody.LOG).read_bytes() for folder in (here, restored)]
    if head != _head(here) or not logs[0].startswith(logs[1]):
        return _bad(restored.name, head, verdict, "other")
    return DrillRow(restored.name, head, verdict, "same" if logs[0] == logs[1] else "earlier")


def _head(folder: Path) -> str:
    """Size and root of a recording's signed head, `SIZE:ROOT`; empty where it cannot be read."""
    try:
        head = tlog.parse_checkpoint(tlog.parse_note((folder / custody.CHECKPOINT).read_bytes()).text)
    except (OSError, ValueError):
        return ""
    return f"{head.size}:{head.root.hex()}"
