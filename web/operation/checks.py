"""`vivavoce check`: a table of checks, each a function that returns findings with instructions.

The same findings are on an administrator's page and in `/healthz?full`. A check does not raise for a fault it finds,
names no secret and changes nothing.
"""

import asyncio
import logging
import os
import shutil
import stat
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hearings import clocks, queries
from hearings.documents import pdf_seals
from hearings.documents.glyphs import covered
from hearings.documents.pdf_seals import DocumentSeal
from hearings.errors import AnchorAway, DatabaseFull, DatabaseRefused, FontsMissing
from hearings.law import scripts
from hearings.outward import installation
from media.evidence.archive import status as archive_status
from media.evidence.archive.store import Trouble
from media.evidence.cosigning import waiting
from media.evidence.cosigning.asking import ALARMING
from media.evidence.recording import clock as machine_clock
from web.operation import network, older_data
from web.operation.findings import Finding, Findings, Inspected, Severity, failure, note, ok, warning
from web.operation.health import ROOM, folder_of
from web.seal_keeper import SealKeeper, cosigners_of
from web.server.printing import FONTS, STATE_SEALS
from web.settings import Settings, SettingsError, is_loopback
from web.words.i18n import N_

logger = logging.getLogger("vivavoce.web.operation.checks")

LITTLE_ROOM = 5 * 1024**3
"""Bytes of free disk space below which a check warns: an hour of a hearing of five people takes about one GiB."""
SLOW, SKEW = 0.25, 2.0
"""Seconds a database may take to answer, and by which its clock may differ from this machine's."""
NOT_CHECKED = N_("This could not be checked: {why}")


async def settings(place: Inspected) -> Findings:
    """Settings that are suitable for a demonstration only."""
    given, findings = place.settings, []
    if given.test_hooks:
        findings.append(failure(N_("VIVAVOCE_TEST_HOOKS is on: it is for automated tests. Remove it.")))
    if is_loopback(given.origin.partition("://")[2].partition(":")[0]):
        findings.append(note(N_("VIVAVOCE_PUBLIC_URL is this machine's own address: nobody else can connect.")))
    if given.court_name == Settings.court_name:
        findings.append(
            warning(N_("VIVAVOCE_COURT_NAME is the demonstration's: set the court's own before the first recording."))
        )
    return findings or [ok(N_("The settings are fit for a court."))]


async def database(place: Inspected) -> Findings:
    """Whether the database answers, accepts changes, and cannot be read by others."""
    began = time.monotonic()
    try:
        await place.database.check()
        await place.database.try_write()
    except DatabaseFull:
        return [failure(N_("The database has no room to write. Free space on its disk."))]
    except DatabaseRefused as error:
        return [failure(N_("The database cannot be used: {why}"), why=error.text)]
    seconds = time.monotonic() - began
    findings = (
        [] if seconds < SLOW else [warning(N_("The database took {seconds} s to answer."), seconds=f"{seconds:.1f}")]
    )
    findings += _readable([Path(str(place.database.url.database))]) if place.database.sqlite else await _server(place)
    return findings or [ok(N_("The database answers, takes changes and has the right tables."))]


async def _server(place: Inspected) -> Findings:
    """A PostgreSQL server: the rights of Vivavoce's account, and the server's clock."""
    query = (
        "SELECT rolsuper, has_schema_privilege(current_schema(), 'CREATE'), extract(epoch FROM clock_timestamp()) "
        "FROM pg_roles WHERE rolname = current_user"
    )
    async with place.database.reading() as db:
        row: Any = (await (await db.connection()).exec_driver_sql(query)).one()
        skew = float(row[2]) - time.time()
    findings = []
    if row[0]:
        findings.append(
            warning(N_("The database account is a superuser. Give Vivavoce one that owns its database only."))
        )
    if not row[1]:
        findings.append(warning(N_("The database account may make no tables: the next `vivavoce init` will fail.")))
    if abs(skew) > SKEW:
        findings.append(
            warning(
                N_("The clock of the database server differs by {seconds} s. Set both by NTP."), seconds=round(skew)
            )
        )
    return findings


async def installation_kind(place: Inspected) -> Findings:
    """The kind of this installation."""
    try:
        await place.database.check()
        async with place.database.reading() as db:
            waits, demo = await installation.pending_restore(db), await installation.is_demo(db)
            training = await queries.is_training(db)
    except DatabaseRefused:
        return [failure(N_("The database does not answer, so it is not known whether this copy is on standby."))]
    if waits is not None:
        return [warning(N_("A restored copy on standby. When the other is gone for good: `vivavoce takeover`."))]
    if training:
        return [note(N_("A rehearsal, with invented people and keys of its own: hold no real hearing here."))]
    if demo:
        return [note(N_("A demonstration, with invented people and throw-away keys: hold no real hearing here."))]
    return [ok(N_("An installation of its own, not a copy on standby."))]


def _readable(paths: Sequence[Path]) -> Findings:
    """Files that other accounts can read or own."""
    findings = []
    for path in paths:
        try:
            status = path.stat()
        except OSError as error:
            findings.append(failure(N_("{path} cannot be checked: {why}"), path=path, why=error.strerror))
            continue
        if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            mode = 700 if path.is_dir() else 600
            findings.append(failure(N_("Others can read {path}: run `chmod {mode} {path}`."), path=path, mode=mode))
        elif status.st_uid != os.getuid():
            findings.append(
                warning(N_("{path} belongs to another account than the one that runs this service."), path=path)
            )
    return findings


def keys(place: Inspected) -> Findings:
    """Whether the keys exist and are private, and the seal signs with the pinned key."""
    folder = place.settings.keys
    names = ("cookie.key", "document-seal.key", "document-seal.crt", "seal.pub")
    findings = _readable([place.settings.data, folder, *(folder / name for name in names)])
    keeper = SealKeeper(place.settings)
    try:
        pinned = (folder / "seal.pub").read_text(encoding="ascii").strip()
        if keeper.state() != "silent" and not network.signs(keeper, pinned):
            findings.append(
                failure(N_("The seal signs with another key than keys/seal.pub names. Run `vivavoce init`."))
            )
    except OSError:  # the missing file is reported already
        pass
    if keeper.external and keeper.state() == "silent":
        findings.append(
            failure(N_("The seal process does not answer: nothing can be sealed. Start vivavoce-seal.service."))
        )
    elif not keeper.separated:
        findings.append(
            warning(N_("The seal runs under this service's own account. Give it one of its own: docs/seal.md."))
        )
    return findings or [ok(N_("The keys are there and private, and the seal runs under an account of its own."))]


def document_seals(place: Inspected) -> Findings:
    """Until when the certificates of the seals on documents last: the installation's own, and those of the States."""
    own, states = place.settings.keys / "document-seal.crt", place.settings.keys / STATE_SEALS
    named = sorted({path.stem.partition("-")[0] for path in states.glob("*.crt")})
    newest = [seals[-1] for state in named if (seals := pdf_seals.seals_of_state(states, state))]
    findings, ends = [], []
    for seal in (DocumentSeal(own.with_suffix(".key"), own), *newest):
        path = seal.certificate
        try:
            ends.append(end := pdf_seals.expires(seal))
        except (OSError, ValueError):
            findings.append(failure(N_("The certificate {path} cannot be read."), path=path))
            continue
        day = f"{end:%Y-%m-%d}"
        if end - place.now > pdf_seals.AHEAD:
            continue
        if path == own:
            text = N_("The seal {path} ends on {day}. Move it and its key away, run `vivavoce init --anew documents`.")
            findings.append((failure if end <= place.now else warning)(text, path=path, day=day))
        else:
            text = N_("The seal {path} ends on {day}. The next document of its State gets a new one, beside it.")
            findings.append(note(text, path=path, day=day))
    return findings or [ok(N_("The seals on documents last until {day} at least."), day=f"{min(ends):%Y-%m-%d}")]


def clock(place: Inspected) -> Findings:
    """The machine's clock, on which recordings and deadlines depend, and its time-zone data, for times of courts."""
    quality, findings = machine_clock.read(), []
    if not quality.synchronised:
        findings.append(warning(N_("Nothing synchronises this machine's clock. Run chrony or systemd-timesyncd.")))
    version = clocks.tzdb_version()
    if old := [state for state in clocks.states_with_changes() if clocks.too_old(state, version)]:
        findings.append(
            warning(N_("The time-zone data are too old for {states}. Update tzdata."), states=", ".join(old))
        )
    return findings or [ok(N_("The clock is synchronised, and the time-zone data are recent enough."))]


def fonts(_place: Inspected) -> Findings:
    """The fonts for documents."""
    try:
        covered(FONTS)
    except FontsMissing:
        return [failure(N_("The fonts of documents are missing. Install the wheel again, or run deploy/assets.py."))]
    return [ok(N_("The fonts of documents are there."))]


def disk(place: Inspected) -> Findings:
    """Free disk space for recordings and the database."""
    findings: Findings = []
    for path in {place.settings.data, place.settings.recordings, *folder_of(place.settings.database_url)}:
        if not path.is_dir():
            findings.append(failure(N_("The folder {path} is missing."), path=path))
            continue
        free = shutil.disk_usage(path).free
        words = {"path": path, "free": f"{free / 1024**3:.1f}"}
        if free < ROOM:
            findings.append(failure(N_("The disk of {path} is full. Free space before the next hearing."), path=path))
        elif free < LITTLE_ROOM:
            findings.append(warning(N_("The disk of {path} has {free} GiB left. Make room."), **words))
        if not os.access(path, os.W_OK | os.X_OK):
            findings.append(failure(N_("{path} cannot be written to by this account."), path=path))
    return findings or [ok(N_("There is room on the disk."))]


async def anchor(place: Inspected) -> Findings:
    """The anchor: a record outside the data folder of the newest state of the data."""
    folder = place.settings.anchor
    signed = await asyncio.to_thread(older_data.signed, place.settings)
    try:
        troubles = await older_data.troubles(place.settings, place.database, signed)
        record = await older_data.anchor_record(place.settings, place.database)
        async with place.database.reading() as db:
            waits = await installation.pending_restore(db) is not None
    except AnchorAway as error:
        return [failure(N_("The anchor cannot be kept: {why}"), why=error.text)]
    except DatabaseRefused:
        return [failure(N_("The database does not answer, so it is not known whether it is the newest."))]
    if troubles:
        text = N_("The data are older than they were, or cannot be compared; `vivavoce serve` refuses: {why}")
        return [(warning if waits else failure)(text, why="; ".join(trouble.text for trouble in troubles))]
    if folder is None:
        return [note(N_("Backup anchor: not set. A restored older copy is not noticed by itself."))]
    if not os.access(folder, os.W_OK | os.X_OK):
        return [failure(N_("{path} cannot be written to by this account."), path=folder)]
    if record is None:
        return [note(N_("The anchor is started when `vivavoce serve` starts next."))]
    words = {"number": record.head.number, "at": record.at, "path": folder}
    if folder.stat().st_dev == place.settings.data.stat().st_dev:
        text = N_("The anchor (act {number}, {at}) lies on the disk of the data. Give VIVAVOCE_ANCHOR another one.")
        return [warning(text, **words)]
    return [ok(N_("The anchor in {path} has reached act {number}, written at {at}."), **words)]


def card_texts(place: Inspected) -> Findings:
    """Texts of script cards that no authority has approved."""
    folder = place.settings.card_texts
    try:
        loaded = scripts.load(folder)
    except scripts.ScriptError as error:
        return [failure(N_("The texts of script cards cannot be used: {why}"), why=str(error))]
    if folder is None:
        return [note(N_("Script cards: drafts only, approved by no State (VIVAVOCE_CARD_TEXTS is not set)."))]
    lacking = loaded.unapproved(sorted(loaded.own), place.now.date())
    if lacking:
        states = ", ".join(sorted({state for state, _card in lacking}))
        text = N_("Script cards without an approved text: {count} ({states}). Their drafts are marked.")
        return [note(text, count=len(lacking), states=states)]
    return [ok(N_("Every script card of the States in {path} has an approved text."), path=folder)]


WAITS = {
    "away": N_("The cosigner {name} does not answer since {since}."),
    "untrusted": N_(
        "The cosigner {name} does not trust this court's seal key: give it the line that `vivavoce init` prints."
    ),
    "clock": N_("The cosigner {name} has another time than this machine since {since}: set the clocks."),
    "malformed": N_("The cosigner {name} does not speak the protocol, or signs with another key, since {since}."),
    "fork": N_("The cosigner {name} has seen another past of a recording than is here, since {since}. Compare both."),
    "ahead": N_("The cosigner {name} has seen more of a recording than is here, since {since}. Is this an older copy?"),
}
"""Why a cosigner has not signed, by the words of `media.evidence.cosigning.asking.NotCosigned`."""


def cosigners(place: Inspected) -> Findings:
    """Whether heads of recordings wait for a cosigner."""
    try:
        named = cosigners_of(place.settings).each
    except SettingsError as error:
        return [failure(N_("The cosigners cannot be used: {why}"), why=str(error))]
    if not named:
        text = N_("Cosigners: none. Nobody else would notice if a recording were written anew with the seal key.")
        return [note(text)]
    found = waiting.read(place.settings.recordings)
    heads = {one.cosigner: one for one in (found.heads if found is not None else [])}
    findings = []
    for one in named:
        if (head := heads.get(one.name)) is None:
            findings.append(ok(N_("No head waits for the cosigner {name}."), name=one.name))
            continue
        make = failure if head.why in ALARMING else warning
        since = f"{datetime.fromtimestamp(head.since, UTC):%Y-%m-%d %H:%M} UTC"
        findings.append(make(WAITS[head.why], name=one.name, since=since))
    return findings


TROUBLES = {
    Trouble.away: N_("does not answer, or its disk is not there"),
    Trouble.refused: N_("refuses this server: look at bucket and credentials"),
    Trouble.no_lock: N_("takes no lock, so that a copy in it could be deleted"),
    Trouble.full: N_("has no room"),
    Trouble.missing: N_("does not have a copy any more that it had"),
    Trouble.altered: N_("gives back other bytes than were put"),
    Trouble.shortened: N_("has shortened the lock of a copy"),
    Trouble.locked: N_("deletes nothing before its lock has ended"),
    Trouble.not_proven: N_("was not given a recording that is not the one that was sealed"),
    Trouble.unreadable: N_("was not given a recording that cannot be read"),
    Trouble.too_large: N_("was not given a custody log that is too large to be restored again"),
    Trouble.other: N_("has failed; the log of this service says how"),
}
"""What is wrong with an archive, or with a copy in it, after its name."""
CLOCK_AWAY = 900
"""Seconds after which nobody has looked at the archives."""


def archives(place: Inspected) -> Findings:
    """Whether every closed recording is in every archive."""
    stores = place.settings.archive_stores
    if not stores:
        return [note(N_("Archives: none. Closed recordings are on this machine and in its backups alone."))]
    found = archive_status.read(place.settings.recordings)
    if found is None or place.now.timestamp() - found.at > CLOCK_AWAY:
        return [warning(N_("Nothing has looked at the archives for a quarter of an hour: is the clock running?"))]
    findings = []
    for store in stores:
        wrong = [one for one in found.copies if one.target == store.name]
        target = next((one for one in found.targets if one.name == store.name and one.why), None)
        worst = target or next((one for one in wrong if one.state != "pending"), None)
        words = {"name": store.name, "count": len(wrong)}
        if worst is not None:
            since = f"{datetime.fromtimestamp(worst.since, UTC):%Y-%m-%d %H:%M} UTC"
            why = TROUBLES[Trouble(worst.why)]
            text = N_("The archive {name} {why}, since {since}. Not in it, or not certainly: {count}.")
            findings.append(failure(text, **words, why=why, since=since))
        elif wrong:
            findings.append(warning(N_("Not in the archive {name} yet: {count}."), **words))
        else:
            findings.append(ok(N_("Every closed recording is in the archive {name}, read back."), name=store.name))
    return findings


@dataclass(frozen=True)
class Check:
    """One row of the table. `look` is a blocking function, run in a thread, or a coroutine function."""

    name: str
    label: str
    look: Callable[[Inspected], Findings | Awaitable[Findings]]


CHECKS: tuple[Check, ...] = (
    Check("settings", N_("Settings"), settings),
    Check("database", N_("Database"), database),
    Check("installation", N_("Installation"), installation_kind),
    Check("keys", N_("Keys"), keys),
    Check("document_seals", N_("Seals on documents"), document_seals),
    Check("media", N_("Sound and picture"), network.media),
    Check("relays", N_("Relays"), network.relays),
    Check("agreed_relays", N_("Relays of agreements"), network.agreed_relays),
    Check("time_stamps", N_("Time-stamps"), network.time_stamps),
    Check("tls", N_("Encrypted connection"), network.tls),
    Check("mail", N_("Mail"), network.mail),
    Check("webhooks", N_("Webhooks"), network.hooks),
    Check("clock", N_("Clock"), clock),
    Check("fonts", N_("Fonts"), fonts),
    Check("disk", N_("Disk"), disk),
    Check("anchor", N_("Backup anchor"), anchor),
    Check("cosigners", N_("Cosigners"), cosigners),
    Check("archives", N_("Archives"), archives),
    Check("card_texts", N_("Script cards"), card_texts),
)


async def examine(place: Inspected) -> list[tuple[Check, Finding]]:
    """Run every check, in the order of the table. One that raises is a finding `failure` with the exception's class."""
    results: list[tuple[Check, Finding]] = []
    for check in CHECKS:
        try:
            if asyncio.iscoroutinefunction(check.look):
                findings = await check.look(place)
            else:
                findings = await asyncio.to_thread(check.look, place)
        except Exception as error:
            logger.exception("a check failed: %s", check.name)
            findings = [failure(NOT_CHECKED, why=type(error).__name__)]
        results += [(check, finding) for finding in findings]
    return results


def worst(results: Sequence[tuple[Check, Finding]]) -> Severity:
    """The worst severity; `ok` without findings."""
    return max((finding.severity for _check, finding in results), key=list(Severity).index, default=Severity.ok)
