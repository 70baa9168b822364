"""Commands for administrators: `check`, `backup`, `restore`, `takeover`, `accept-loss`."""

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
from web.operation import backup, checks, drill_command, older_data
from web.operation.findings import Finding, Inspected, Severity
from web.seal_keeper import policy_of
from web.settings import Settings
from web.words import sentences

Add = Callable[[str, Callable[[Settings, argparse.Namespace], int], str], argparse.ArgumentParser]
MARKS = {Severity.ok: "  ok", Severity.note: "note", Severity.warning: "WARN", Severity.failure: "FAIL"}


def add_to(add: Add) -> None:
    """Add the commands to the argument parser."""
    look = add("check", check, "Look at everything an installation needs; exit code 1 when hearings cannot be held.")
    look.add_argument("--json", action="store_true", help="print it as JSON, for programs")
    look.add_argument("--inside", action="store_true", help="ask no other machine")
    add(
        "policy",
        policy,
        "Print what whoever verifies pins: the seal key, the cosigners, and the quorum.",
    )
    out = add("backup", make_backup, "Copy database and recordings into a new folder, and the keys into another.")
    out.add_argument("folder", type=Path, help="the new folder for database and recordings")
    out.add_argument("--keys", type=Path, metavar="FOLDER", help="the new folder for the keys, to be kept elsewhere")
    back = add("restore", restore, "Make an installation out of a backup. It stands by until `vivavoce takeover`.")
    back.add_argument("folder", type=Path, help="what `vivavoce backup` has made")
    back.add_argument("--keys", type=Path, metavar="FOLDER", required=True, help="the folder of its keys")
    drill_command.add_options(
        add("drill", drill_command.drill, "Restore a backup or an archive into an empty folder, and compare the roots.")
    )
    take = add("takeover", take_over, "Say that the installation this one was restored from is gone for good.")
    take.add_argument("--by", required=True, metavar="NAME", help="who says so")
    take.add_argument("--why", required=True, help="what has become of the other; both States read it")

    loss = add("accept-loss", accept_loss, "Take on record that newer data are gone for good; both States are told.")
    loss.add_argument("--by", required=True, metavar="NAME", help="who says so")
    loss.add_argument("--why", required=True, help="what has become of them; both States read it")


def version() -> str:
    """The version of the installed package."""
    try:
        return importlib.metadata.version("vivavoce")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


def account() -> str:
    """The operating-system account that runs the command; behind sudo, also the one that called it."""
    own, caller = getpass.getuser(), os.environ.get("SUDO_USER", "")
    return f"{own}, sudo by {caller}" if caller else own


def policy(settings: Settings, _options: argparse.Namespace) -> int:
    """Print the policy of this installation."""
    print(policy_of(settings), end="")
    return 0


def check(settings: Settings, options: argparse.Namespace) -> int:
    """Prints every finding. The exit code is 1 if one is a failure."""
    results = asyncio.run(_examine(settings, outside=not options.inside))
    if options.json:
        rows = [
            {"check": check.name, "severity": finding.severity, "text": finding.sentence()}
            for check, finding in results
        ]
        print(json.dumps(rows, ensure_ascii=False))
    else:
        for check, finding in results:
            print(f"{MARKS[finding.severity]}  {check.label}: {finding.sentence()}")
    return 1 if checks.worst(results) is Severity.failure else 0


async def _examine(settings: Settings, *, outside: bool) -> list[tuple[checks.Check, Finding]]:
    database = Database(settings.database_url)
    try:
        return await checks.examine(Inspected(settings, database, datetime.now(UTC), outside))
    finally:
        await database.close()


def make_backup(settings: Settings, options: argparse.Namespace) -> int:
    """The command `backup`. Effects: those of `backup.make`."""
    asyncio.run(_whole(settings))
    keys = options.keys.absolute() if options.keys else None
    backup.make(settings, options.folder.absolute(), keys, version=version(), now=(now := datetime.now(UTC)))
    backup.remember(settings, now)
    print(f"Backed up into {options.folder}{f', the keys into {keys}' if keys else '; without the keys (--keys)'}")
    return 0


async def _whole(settings: Settings) -> None:
    database = Database(settings.database_url)
    try:
        await database.check()
    finally:
        await database.close()


def restore(settings: Settings, options: argparse.Namespace) -> int:
    """The command `restore`. Effects: those of `backup.restore`."""
    where = (options.folder.absolute(), options.keys.absolute())
    facts = backup.restore(settings, *where, actor=account(), now=datetime.now(UTC))
    print(
        f"Restored what was backed up at {facts['at']} into {settings.data}. It stands by: it takes over no hearing and"
    )
    print("sends nothing. When the other installation is gone for good: `vivavoce takeover --by NAME --why TEXT`")
    asyncio.run(_tell_if_older(settings))
    return 0


async def _tell_if_older(settings: Settings) -> None:
    """Prints what the backup lacks compared with the anchor, before anybody relies on the restored copy."""
    database = Database(settings.database_url)
    try:
        await older_data.require_newest(settings, database)
    except (older_data.OlderData, AnchorAway) as lacking:
        print(lacking)
    finally:
        await database.close()


def take_over(settings: Settings, options: argparse.Namespace) -> int:
    """The command `takeover`. Effects: those of `installation.take_over`."""
    asyncio.run(_take_over(settings, f"{options.by} (account {account()})", options.why))
    print("This is the installation now. Both States are told. Start `vivavoce serve` again.")
    return 0


async def _take_over(settings: Settings, actor: str, reason: str) -> None:
    database = Database(settings.database_url)
    try:
        await database.check()
        await older_data.require_newest(settings, database)
        async with database.transaction() as db:
            now, words = datetime.now(UTC), {"origin": settings.origin, "say": sentences.say}
            await installation.take_over(db, actor=actor[:200], reason=reason, now=now, **words)  # type: ignore[arg-type]
    finally:
        await database.close()


def accept_loss(settings: Settings, options: argparse.Namespace) -> int:
    """The command `accept-loss`. Effects: those of `older.accept`."""
    troubles = asyncio.run(_accept_loss(settings, f"{options.by} (account {account()})"[:200], options.why))
    cases = sorted({lost.ref for trouble in troubles for lost in trouble.lost})
    print(f"The loss is on record. Both States are told of {', '.join(cases) or 'it, in every case that is open'}.")
    return 0


async def _accept_loss(settings: Settings, actor: str, reason: str) -> list[Trouble]:
    database = Database(settings.database_url)
    try:
        await database.check()
        return await older_data.accept(settings, database, actor=actor, reason=reason, now=datetime.now(UTC))
    finally:
        await database.close()
