"""`vivavoce personal-data due`: what the service would erase now. It changes nothing."""

import argparse
import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime

from hearings.db import Database
from hearings.personal_data import erasing
from hearings.personal_data.erasing import DueRows
from web.settings import Settings

Add = Callable[[str, Callable[[Settings, argparse.Namespace], int], str], argparse.ArgumentParser]


def add_to(add: Add) -> None:
    """Add the command to the argument parser."""
    look = add("personal-data", personal_data, "Say which personal data are due to be erased, of every State.")
    look.add_argument("what", choices=["due"], help="what is due now; nothing is changed")
    look.add_argument("--json", action="store_true", help="print it as JSON, for programs")


def personal_data(settings: Settings, options: argparse.Namespace) -> int:
    """Prints counts by State and rule: no row, no name."""
    found = asyncio.run(_due(settings))
    if options.json:
        rows = [
            {"state": one.state, "rule": one.rule.id, "days": one.period.days, "due": one.rows, "waiting": one.waiting}
            for one in found
        ]
        print(json.dumps(rows))
        return 0
    for one in found:
        waits = f", {one.waiting} waiting for an open case or a legal hold" if one.waiting else ""
        print(f"{one.state}  {one.rule.title}: {one.rows} due after {one.period.days} days{waits}")
    if not found:
        print("Nothing is due.")
    return 0


async def _due(settings: Settings) -> list[DueRows]:
    database = Database(settings.database_url)
    try:
        await database.check()
        async with database.reading() as db:
            return await erasing.due(db, now=datetime.now(UTC))
    finally:
        await database.close()
