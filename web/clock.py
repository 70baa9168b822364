"""The clock of this installation, built from its settings; in the web process, or alone as `vivavoce clock`."""

import asyncio
import signal
import stat

from hearings.db import Database
from media.evidence.keyfile import policy_text
from media.evidence.seal_key import read_seal_key
from scheduler.runner import Clock
from scheduler.ways import MailServer, Posting, Ways
from scheduler.world import World
from web import i18n
from web.app import Keys, NotInitialised, read_keys, require_folders
from web.settings import Settings


def build(settings: Settings, database: Database, keys: Keys) -> Clock:
    """Made once, touches neither network nor database before it is started. Raises `NotInitialised`."""
    world = World(
        database=database,
        origin=settings.origin,
        say=i18n.say,
        ways=Ways(
            mail=_mail_server(settings),
            posting=Posting(key=keys.cookie, hosts=settings.allowed_webhook_hosts, loopback=settings.test_hooks),
        ),
        recordings=settings.recordings,
        pins=policy_text(read_seal_key(keys.seal).vkey(settings.court_name)),
    )
    return Clock(world)


def _mail_server(settings: Settings) -> MailServer | None:
    if not settings.smtp_host:
        return None
    return MailServer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        tls=settings.smtp_tls,
        sender=settings.smtp_sender,
        user=settings.smtp_user,
        password=_password(settings),
    )


def _password(settings: Settings) -> str:
    path = settings.smtp_password_file
    if path is None:
        return ""
    try:
        mode, text = path.stat().st_mode, path.read_text(encoding="utf-8")
    except OSError as error:
        raise NotInitialised(f"The password file {path} cannot be read: {error.strerror}") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise NotInitialised(f"The password file {path} can be read by others: run `chmod 600 {path}`")
    return text.strip()


def run(settings: Settings) -> None:
    """Be a candidate, and the clock when elected, until SIGINT or SIGTERM. Refuses like `serve`."""
    require_folders(settings)
    asyncio.run(_run(settings, read_keys(settings)))


async def _run(settings: Settings, keys: Keys) -> None:
    database = Database(settings.database_url)
    stopped = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, stopped.set)
    try:
        await database.check()
        clock = build(settings, database, keys)
        clock.start()
        try:
            await stopped.wait()
        finally:
            await clock.stop()
    finally:
        await database.close()
