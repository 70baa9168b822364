"""The clocks of this installation, built from its settings; in the web process, or alone as `vivavoce clock`.

One is the docket's. Where there is a sandbox it has one of its own, elected by itself: what is due there happens there,
its events go to the webhooks of its own clients, and it has no way to mail anybody nor to any recording.
"""

import asyncio
import signal
from functools import partial

from hearings.db import Database
from hearings.outward import installation
from hearings.signatures.evidences import Signer
from scheduler.delivery_ways import Posting, Ways
from scheduler.environment import World
from scheduler.runner import Clock
from web.anchor import AnchorKeeper
from web.operation.older_data import require_newest
from web.parts import Keys, NotInitialised, read_keys, require_folders
from web.seal_keeper import SealKeeper, authorities_of, cosigners_of, own_policy
from web.sending.mail_server import mail_server
from web.settings import Settings
from web.words import sentences


def build(settings: Settings, database: Database, sandbox: Database | None, keys: Keys) -> list[Clock]:
    """Made once, touch neither network nor database before they are started. Raises `NotInitialised`."""
    posting = Posting(key=keys.cookie, hosts=settings.allowed_webhook_hosts, loopback=settings.test_hooks)
    docket = World(
        database=database,
        origin=settings.origin,
        say=sentences.say,
        ways=Ways(mail=mail_server(settings), posting=posting),
        recordings=settings.recordings,
        pins=partial(own_policy, settings),
        seal=SealKeeper(settings).ensure,
        cosigners=cosigners_of(settings),
        cosign_every=float(settings.cosign_seconds),
        authorities=authorities_of(settings),
        signer=partial(Signer.load, keys.documents.key, keys.documents.certificate, settings.court_name),
        archives=settings.archive_stores,
        second=settings.second_target,
    )
    if sandbox is None:
        return [Clock(docket)]
    # Links lead to no page: a reference of the sandbox may be that of another case on the docket.
    trial = World(
        name="sandbox",
        database=sandbox,
        origin=f"{settings.origin}/sandbox",
        ways=Ways(posting=posting),
        signer=partial(
            Signer.load, keys.documents.key, keys.documents.certificate, f"sandbox of {settings.court_name}"
        ),
    )
    return [Clock(docket), Clock(trial)]


def run(settings: Settings) -> None:
    """Be a candidate, and the clock of docket and sandbox when elected, until a signal. Refuses like `serve`."""
    require_folders(settings)
    asyncio.run(_run(settings, read_keys(settings)))


async def _run(settings: Settings, keys: Keys) -> None:
    database = Database(settings.database_url)
    sandbox = Database(settings.sandbox_database_url) if settings.sandbox_database_url else None
    stopped = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, stopped.set)
    try:
        await database.check()
        if sandbox is not None:
            await sandbox.check()
        async with database.reading() as db:
            if await installation.pending_restore(db) is not None:
                raise NotInitialised("This restored copy stands by and sends nothing until `vivavoce takeover`")
        await require_newest(settings, database)
        clocks = build(settings, database, sandbox, keys)
        anchor = AnchorKeeper(settings.anchor, database)
        await anchor.start()
        for clock in clocks:
            clock.start()
        try:
            await stopped.wait()
        finally:
            for clock in clocks:
                await clock.stop()
            await anchor.stop()
    finally:
        await database.close()
        if sandbox is not None:
            await sandbox.close()
