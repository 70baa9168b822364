"""`vivavoce keys lost` and `rotate`, on the court's server: a recipient whose key file is lost, or has a successor.

They are of the operator, as `vivavoce key` is: acts of the State's administrators are on the page of recipients.
"""

import argparse
import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from hearings.db import Database
from hearings.errors import NotReady
from hearings.law import law as laws
from hearings.models import AuthorityKey
from hearings.outward import installation
from hearings.sentences import tell
from hearings.signatures import recipients
from hearings.signatures.recipients import fingerprint
from web.custody import encrypted_recordings
from web.custody.encrypted_recordings import EncryptedRecording
from web.operation.commands import account
from web.operation.older_data import require_newest
from web.people.staff_commands import operator
from web.server import security_events
from web.settings import Settings

NOBODY_LEFT = 20
"""Exit code of `lost` when there is a recording that nobody can open any more."""
STANDS_BY = "This restored copy stands by and changes nothing until `vivavoce takeover`"
Add = Callable[[str, Callable[[argparse.Namespace], int], str], argparse.ArgumentParser]


def add_to(add: Add) -> None:
    """Add the commands to the parser of `vivavoce keys`."""
    gone = add("lost", lost, "Retire a recipient whose key file is lost, and list what nobody else can open.")
    gone.add_argument("recipient", help="the public key that is lost: age1…")
    gone.add_argument("--why", required=True, help="what has become of it; kept with the recipient")
    turn = add("rotate", rotate, "Put a new recipient in the place of one, in one step.")
    turn.add_argument("recipient", help="the public key until now: age1…")
    turn.add_argument("--to", required=True, metavar="RECIPIENT", help="the new one that the authority has sent: age1…")
    turn.add_argument("--why", required=True, help="kept with the one of before")


def lost(options: argparse.Namespace) -> int:
    """Retire a recipient at once as lost; print each recording encrypted to it and who else can open it."""
    return _logged("keys lost", lambda settings: _said(asyncio.run(_lost(settings, options.recipient, options.why))))


def rotate(options: argparse.Namespace) -> int:
    """Retire a recipient and add another of the same State, authority and kind, in one transaction."""

    def act(settings: Settings) -> int:
        made = asyncio.run(_rotate(settings, options.recipient, options.to, options.why))
        print(f"{made.authority_name} ({made.owner_state}), {made.kind}: {made.recipient}")
        print(f"its fingerprint: {fingerprint(made.recipient)}")
        print("Recordings of before stay encrypted to the old one until they are re-wrapped: its file is still needed.")
        return 0

    return _logged("keys rotate", act)


def _logged(name: str, command: Callable[[Settings], int]) -> int:
    settings = Settings.from_environment(os.environ)
    return security_events.logged(name, settings, lambda: command(settings))


def _said(found: Sequence[EncryptedRecording]) -> int:
    print(f"Retired. Recordings encrypted to it: {len(found)}")
    for one in found:
        others = "; ".join(f"{key.authority_name} ({key.kind})" for key in one.others)
        print(f"  {one.hearing}  {one.recording}  {others or 'NOBODY ELSE CAN OPEN IT'}")
    if any(not one.others for one in found):
        return NOBODY_LEFT
    if found:
        print("Have each re-wrapped by one of those named (docs/keys.md).")
    return 0


async def _lost(settings: Settings, recipient: str, why: str) -> list[EncryptedRecording]:
    async with _database(settings) as database:
        async with database.transaction() as db:
            key = await encrypted_recordings.by_text(db, recipient)
            actor = operator(account(), key.owner_state)
            await recipients.lose(db, key=key, reason=why, actor=actor, now=datetime.now(UTC))
        async with database.reading() as db:
            return await encrypted_recordings.encrypted_to(db, await encrypted_recordings.by_text(db, recipient))


async def _rotate(settings: Settings, old: str, new: str, why: str) -> AuthorityKey:
    now = datetime.now(UTC)
    async with _database(settings) as database, database.transaction() as db:
        key = await encrypted_recordings.by_text(db, old)
        actor = operator(account(), key.owner_state)
        await recipients.retire(db, key=key, reason=why, actor=actor, now=now)
        return await recipients.add(
            db,
            state=key.owner_state,
            authority_name=key.authority_name,
            kind=key.kind,
            recipient=new,
            demo=key.demo,
            actor=actor,
            now=now,
        )


@asynccontextmanager
async def _database(settings: Settings) -> AsyncIterator[Database]:
    """The database, of this version and not older than what is known outside; closed at the end of the block."""
    database = Database(settings.database_url)
    try:
        await database.check()
        async with database.reading() as db:
            if await installation.pending_restore(db) is not None:
                raise NotReady(tell(STANDS_BY))
        await require_newest(settings, database)
        async with laws.reading(database):
            yield database
    finally:
        await database.close()
