"""`vivavoce check`: a table of checks, each a function that looks and says what to do.

The same findings stand on an administrator's page and in `/healthz?full`. A check never raises for what it finds, names
no secret and changes nothing.
"""

import asyncio
import logging
import os
import shutil
import stat
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hearings import clocks
from hearings.documents.glyphs import covered
from hearings.errors import AnchorAway, DatabaseFull, DatabaseRefused, FontsMissing
from hearings.outward import installation
from media.evidence.recording import clock as machine_clock
from web.operation import network, older
from web.operation.findings import Finding, Findings, Place, Severity, failure, note, ok, warning
from web.operation.health import ROOM, folder_of
from web.seal_keeper import SealKeeper
from web.server.printing import FONTS
from web.settings import Settings, is_loopback
from web.words.i18n import N_

logger = logging.getLogger("vivavoce.web.operation.checks")

LITTLE_ROOM = 5 * 1024**3
"""Bytes of free disk below which it is time to act: an hour of a hearing of five takes about one."""
SLOW, SKEW = 0.25, 2.0
"""Seconds a database may take to answer, and by which its clock may differ from this machine's."""


async def settings(place: Place) -> Findings:
    """What the settings say that is good for a demonstration only."""
    given, found = place.settings, []
    if given.test_hooks:
        found.append(failure(N_("VIVAVOCE_TEST_HOOKS is on: it is for automated tests. Take it out.")))
    if is_loopback(given.origin.partition("://")[2].partition(":")[0]):
        found.append(note(N_("VIVAVOCE_PUBLIC_URL is this machine's own address: nobody else can come in.")))
    if given.court_name == Settings.court_name:
        found.append(
            warning(N_("VIVAVOCE_COURT_NAME is the demonstration's: give the court's own before the first recording."))
        )
    return found or [ok(N_("The settings fit a court."))]


async def database(place: Place) -> Findings:
    """Whether it answers, takes changes, and is nobody else's to read."""
    began = time.monotonic()
    try:
        await place.database.check()
        await place.database.try_write()
    except DatabaseFull:
        return [failure(N_("The database has no room to write. Free space on its disk."))]
    except DatabaseRefused as error:
        return [failure(N_("The database cannot be worked on: {why}"), why=error.text)]
    seconds = time.monotonic() - began
    found = (
        [] if seconds < SLOW else [warning(N_("The database took {seconds} s to answer."), seconds=f"{seconds:.1f}")]
    )
    found += _readable([Path(str(place.database.url.database))]) if place.database.sqlite else await _server(place)
    return found or [ok(N_("The database answers, takes changes and has the right tables."))]


async def _server(place: Place) -> Findings:
    """A PostgreSQL server: our rights there, and its clock."""
    query = (
        "SELECT rolsuper, has_schema_privilege(current_schema(), 'CREATE'), extract(epoch FROM clock_timestamp()) "
        "FROM pg_roles WHERE rolname = current_user"
    )
    async with place.database.reading() as db:
        row: Any = (await (await db.connection()).exec_driver_sql(query)).one()
        skew = float(row[2]) - time.time()
    found = []
    if row[0]:
        found.append(warning(N_("The database account is a superuser. Give Vivavoce one that owns its database only.")))
    if not row[1]:
        found.append(warning(N_("The database account may make no tables: the next `vivavoce init` will fail.")))
    if abs(skew) > SKEW:
        found.append(
            warning(
                N_("The clock of the database server differs by {seconds} s. Set both by NTP."), seconds=round(skew)
            )
        )
    return found


async def standing(place: Place) -> Findings:
    """What kind of installation this is."""
    try:
        await place.database.check()
        async with place.database.reading() as db:
            waits, demo = await installation.standing_by(db), await installation.is_demo(db)
    except DatabaseRefused:
        return [failure(N_("The database does not answer, so it is not known whether this copy stands by."))]
    if waits is not None:
        return [warning(N_("A restored copy that stands by. When the other is gone for good: `vivavoce takeover`."))]
    if demo:
        return [note(N_("A demonstration, with invented people and throw-away keys: hold no real hearing here."))]
    return [ok(N_("An installation of its own, not a copy that stands by."))]


def _readable(paths: Sequence[Path]) -> Findings:
    """Files that others can read, or that are not ours."""
    found = []
    for path in paths:
        try:
            status = path.stat()
        except OSError as error:
            found.append(failure(N_("{path} cannot be looked at: {why}"), path=path, why=error.strerror))
            continue
        if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            mode = 700 if path.is_dir() else 600
            found.append(failure(N_("Others can read {path}: run `chmod {mode} {path}`."), path=path, mode=mode))
        elif status.st_uid != os.getuid():
            found.append(warning(N_("{path} belongs to another account than the one that runs this."), path=path))
    return found


def keys(place: Place) -> Findings:
    """Keys are there, private, and the pinned one is the one that signs."""
    folder = place.settings.keys
    names = ("cookie.key", "document-seal.key", "document-seal.crt", "seal.pub")
    found = _readable([place.settings.data, folder, *(folder / name for name in names)])
    keeper = SealKeeper(place.settings)
    try:
        pinned = (folder / "seal.pub").read_text(encoding="ascii").strip()
        if keeper.state() != "silent" and not network.signs(keeper, pinned):
            found.append(failure(N_("The seal signs with another key than keys/seal.pub names. Run `vivavoce init`.")))
    except OSError:  # the missing file is told already
        pass
    if keeper.external and keeper.state() == "silent":
        found.append(
            failure(N_("The seal process does not answer: nothing can be sealed. Start vivavoce-seal.service."))
        )
    elif not keeper.separated:
        found.append(
            warning(N_("The seal runs under this service's own account. Give it one of its own: docs/seal.md."))
        )
    return found or [ok(N_("The keys are there and private, and the seal runs under an account of its own."))]


def clock(place: Place) -> Findings:
    """Recordings and deadlines stand by this machine's clock, times of courts by its time-zone data."""
    quality, found = machine_clock.read(), []
    if not quality.synchronised:
        found.append(warning(N_("Nothing keeps this machine's clock. Run chrony or systemd-timesyncd.")))
    version = clocks.tzdb_version()
    if old := [state for state in clocks.states_with_changes() if clocks.too_old(state, version)]:
        found.append(warning(N_("The time-zone data are too old for {states}. Update tzdata."), states=", ".join(old)))
    return found or [ok(N_("The clock is kept in step, and the time-zone data are recent enough."))]


def fonts(_place: Place) -> Findings:
    """What documents are printed with."""
    try:
        covered(FONTS)
    except FontsMissing:
        return [failure(N_("The fonts of documents are missing. Install the wheel again, or run deploy/assets.py."))]
    return [ok(N_("The fonts of documents are there."))]


def disk(place: Place) -> Findings:
    """Room for recordings and for the database."""
    found: Findings = []
    for path in {place.settings.data, place.settings.recordings, *folder_of(place.settings.database_url)}:
        if not path.is_dir():
            found.append(failure(N_("The folder {path} is missing."), path=path))
            continue
        free = shutil.disk_usage(path).free
        words = {"path": path, "free": f"{free / 1024**3:.1f}"}
        if free < ROOM:
            found.append(failure(N_("The disk of {path} is full. Free space before the next hearing."), path=path))
        elif free < LITTLE_ROOM:
            found.append(warning(N_("The disk of {path} has {free} GiB left. Make room."), **words))
        if not os.access(path, os.W_OK | os.X_OK):
            found.append(failure(N_("{path} cannot be written to by this account."), path=path))
    return found or [ok(N_("There is room on the disk."))]


async def anchor(place: Place) -> Findings:
    """A folder outside the data folder that says how far the data had come."""
    folder = place.settings.anchor
    signed = await asyncio.to_thread(older.signed, place.settings)
    try:
        found = await older.troubles(place.settings, place.database, signed)
        kept = await older.kept(place.settings, place.database)
        async with place.database.reading() as db:
            waits = await installation.standing_by(db) is not None
    except AnchorAway as error:
        return [failure(N_("The anchor cannot be kept: {why}"), why=error.text)]
    except DatabaseRefused:
        return [failure(N_("The database does not answer, so it is not known whether it is the newest."))]
    if found:
        text = N_("The data are older than they were, or cannot be compared; `vivavoce serve` refuses: {why}")
        return [(warning if waits else failure)(text, why="; ".join(one.text for one in found))]
    if folder is None:
        return [note(N_("Backup anchor: not set. A restored older copy is not noticed by itself."))]
    if not os.access(folder, os.W_OK | os.X_OK):
        return [failure(N_("{path} cannot be written to by this account."), path=folder)]
    if kept is None:
        return [note(N_("The anchor is begun when `vivavoce serve` starts next."))]
    words = {"number": kept.head.number, "at": kept.at, "path": folder}
    if folder.stat().st_dev == place.settings.data.stat().st_dev:
        text = N_("The anchor (act {number}, {at}) lies on the disk of the data. Give VIVAVOCE_ANCHOR another one.")
        return [warning(text, **words)]
    return [ok(N_("The anchor in {path} has come to act {number}, written at {at}."), **words)]


@dataclass(frozen=True)
class Check:
    """`look` blocks, or is a coroutine function."""

    name: str
    label: str
    look: Callable[[Place], Findings | Awaitable[Findings]]


CHECKS: tuple[Check, ...] = (
    Check("settings", N_("Settings"), settings),
    Check("database", N_("Database"), database),
    Check("installation", N_("Installation"), standing),
    Check("keys", N_("Keys"), keys),
    Check("media", N_("Sound and picture"), network.media),
    Check("tls", N_("Encrypted connection"), network.tls),
    Check("mail", N_("Mail"), network.mail),
    Check("webhooks", N_("Webhooks"), network.hooks),
    Check("clock", N_("Clock"), clock),
    Check("fonts", N_("Fonts"), fonts),
    Check("disk", N_("Disk"), disk),
    Check("anchor", N_("Backup anchor"), anchor),
)


async def examine(place: Place) -> list[tuple[Check, Finding]]:
    """Every check, in the order of the table. One that fails itself is a failure, told without its inside."""
    found: list[tuple[Check, Finding]] = []
    for check in CHECKS:
        try:
            if asyncio.iscoroutinefunction(check.look):
                told = await check.look(place)
            else:
                told = await asyncio.to_thread(check.look, place)
        except Exception as error:
            logger.exception("a check failed: %s", check.name)
            told = [failure(N_("This could not be looked at: {why}"), why=type(error).__name__)]
        found += [(check, one) for one in told]
    return found


def worst(found: Sequence[tuple[Check, Finding]]) -> Severity:
    """The worst of them."""
    return max((one.severity for _check, one in found), key=list(Severity).index, default=Severity.ok)
