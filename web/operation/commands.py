"""Commands for whoever runs an installation: `check`, `backup`, `restore`, `takeover`, `accept-loss`."""

import argparse
import asyncio
import getpass
import importlib.metadata
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from hearings.db import Database
from hearings.errors import AnchorAway
from hearings.outward import installation
from hearings.outward.losses import Trouble
from web.operation import backup, checks, older
from web.operation.findings import Finding, Place, Severity
from web.settings import Settings
from web.words import i18n

Add = Callable[[str, Callable[[Settings, argparse.Namespace], int], str], argparse.ArgumentParser]
MARKS = {Severity.ok: "  ok", Severity.note: "note", Severity.warning: "WARN", Severity.failure: "FAIL"}


def add_to(add: Add) -> None:
    """Name the commands."""
    look = add("check", check, "Look at everything an installation needs; exit code 1 when hearings cannot be held.")
    look.add_argument("--json", action="store_true", help="print it as JSON, for programs")
    look.add_argument("--inside", action="store_true", help="ask no other machine")
    out = add("backup", make_backup, "Copy database and recordings into a new folder, and the keys into another.")
    out.add_argument("folder", type=Path, help="the new folder for database and recordings")
    out.add_argument("--keys", type=Path, metavar="FOLDER", help="the new folder for the keys, to be kept elsewhere")
    back = add("restore", restore, "Make an installation out of a backup. It stands by until `vivavoce takeover`.")
    back.add_argument("folder", type=Path, help="what `vivavoce backup` has made")
    back.add_argument("--keys", type=Path, metavar="FOLDER", required=True, help="the folder of its keys")
    take = add("takeover", take_over, "Say that the installation this one was restored from is gone for good.")
    take.add_argument("--by", required=True, metavar="NAME", help="who says so")
    take.add_argument("--why", required=True, help="what has become of the other; both States read it")

    loss = add("accept-loss", accept_loss, "Take on record that newer data are gone for good; both States are told.")
    loss.add_argument("--by", required=True, metavar="NAME", help="who says so")
    loss.add_argument("--why", required=True, help="what has become of them; both States read it")


def version() -> str:
    """Of the installed package."""
    try:
        return importlib.metadata.version("vivavoce")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


def account() -> str:
    """The account behind the command; behind sudo, the one it was called from too."""
    own, caller = getpass.getuser(), os.environ.get("SUDO_USER", "")
    return f"{own}, sudo by {caller}" if caller else own


def check(settings: Settings, options: argparse.Namespace) -> int:
    """Print every finding. 1 when one is a failure."""
    found = asyncio.run(_examine(settings, outside=not options.inside))
    if options.json:
        told = [{"check": one.name, "severity": each.severity, "text": each.told()} for one, each in found]
        print(json.dumps(told, ensure_ascii=False))
    else:
        for one, each in found:
            print(f"{MARKS[each.severity]}  {one.label}: {each.told()}")
    return 1 if checks.worst(found) is Severity.failure else 0


async def _examine(settings: Settings, *, outside: bool) -> list[tuple[checks.Check, Finding]]:
    database = Database(settings.database_url)
    try:
        return await checks.examine(Place(settings, database, datetime.now(UTC), outside))
    finally:
        await database.close()


def make_backup(settings: Settings, options: argparse.Namespace) -> int:
    """Effects: those of `backup.make`."""
    asyncio.run(_whole(settings))
    keys = options.keys.absolute() if options.keys else None
    backup.make(settings, options.folder.absolute(), keys, version=version(), now=datetime.now(UTC))
    print(f"Backed up into {options.folder}{f', the keys into {keys}' if keys else '; without the keys (--keys)'}")
    return 0


async def _whole(settings: Settings) -> None:
    database = Database(settings.database_url)
    try:
        await database.check()
    finally:
        await database.close()


def restore(settings: Settings, options: argparse.Namespace) -> int:
    """Effects: those of `backup.restore`."""
    where = (options.folder.absolute(), options.keys.absolute())
    facts = backup.restore(settings, *where, actor=account(), now=datetime.now(UTC))
    print(
        f"Restored what was backed up at {facts['at']} into {settings.data}. It stands by: it takes over no hearing and"
    )
    print("sends nothing. When the other installation is gone for good: `vivavoce takeover --by NAME --why TEXT`")
    asyncio.run(_tell_if_older(settings))
    return 0


async def _tell_if_older(settings: Settings) -> None:
    """What the backup lacks, where an anchor says so: to be known before anybody relies on it."""
    database = Database(settings.database_url)
    try:
        await older.require_newest(settings, database)
    except (older.OlderData, AnchorAway) as lacking:
        print(lacking)
    finally:
        await database.close()


def take_over(settings: Settings, options: argparse.Namespace) -> int:
    """Effects: those of `installation.take_over`."""
    asyncio.run(_take_over(settings, f"{options.by} (account {account()})", options.why))
    print("This is the installation now. Both States are told. Start `vivavoce serve` again.")
    return 0


async def _take_over(settings: Settings, actor: str, reason: str) -> None:
    database = Database(settings.database_url)
    try:
        await database.check()
        await older.require_newest(settings, database)
        async with database.transaction() as db:
            now, words = datetime.now(UTC), {"origin": settings.origin, "say": i18n.say}
            await installation.take_over(db, actor=actor[:200], reason=reason, now=now, **words)  # type: ignore[arg-type]
    finally:
        await database.close()


def accept_loss(settings: Settings, options: argparse.Namespace) -> int:
    """Effects: those of `older.accept`."""
    found = asyncio.run(_accept_loss(settings, f"{options.by} (account {account()})"[:200], options.why))
    cases = sorted({lost.ref for one in found for lost in one.lost})
    print(f"The loss is on record. Both States are told of {', '.join(cases) or 'it, in every case that is open'}.")
    return 0


async def _accept_loss(settings: Settings, actor: str, reason: str) -> list[Trouble]:
    database = Database(settings.database_url)
    try:
        await database.check()
        return await older.accept(settings, database, actor=actor, reason=reason, now=datetime.now(UTC))
    finally:
        await database.close()
