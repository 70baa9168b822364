"""What every request finds at hand: settings, databases, keys, templates, the live hearings."""

import asyncio
import os
import stat
from dataclasses import dataclass, field

import jinja2

from hearings.db import Database
from hearings.documents.pdf_seals import DocumentSeal
from web.anchor import AnchorKeeper
from web.buckets import Buckets
from web.live.conductors import Conductors
from web.live.line_rooms import LineRooms
from web.logins import LoginWatch
from web.pulse import Pulse
from web.seal_keeper import SealKeeper
from web.settings import Settings


class NotInitialised(Exception):
    """Something `vivavoce init` makes is missing or not as it must be."""


PDF_CHECKS = 2
"""Files whose signatures are checked at the same time."""


@dataclass(frozen=True)
class Keys:
    """Keys of this installation. That of the seal is not among them: only the seal process reads it."""

    cookie: bytes
    documents: DocumentSeal
    monitor: str = ""
    """What a monitoring system shows to see figures and checks; empty where there is none: then nobody sees them."""


@dataclass
class Parts:
    """What requests share; `request.app.state.parts`. Made once, by `web.app.create_app`."""

    settings: Settings
    database: Database
    templates: jinja2.Environment
    keys: Keys
    buckets: Buckets
    conductors: Conductors
    line_rooms: LineRooms
    logins: LoginWatch
    seal: SealKeeper
    anchor: AnchorKeeper
    sandbox: Database | None = None
    """Where the sandbox clients of the API work; None when the installation has no sandbox."""
    pulse: Pulse = field(default_factory=Pulse)
    ending: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the process has been told to stop: what would go on for long ends by itself."""
    standing_by: bool = False
    """A restored copy, of which nobody has said yet that it is the one: nothing is answered but health."""
    pdf_checks: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(PDF_CHECKS))
    """Each check is a process of up to 1 GiB; whoever comes when all are busy waits."""


def read_keys(settings: Settings) -> Keys:
    """The keys, refused when missing or readable by others. Raises `NotInitialised`."""
    cookie = settings.keys / "cookie.key"
    documents = DocumentSeal(settings.keys / "document-seal.key", settings.keys / "document-seal.crt")
    monitor = settings.keys / "monitor.token"
    for path in (cookie, documents.key, documents.certificate, *([monitor] if monitor.exists() else [])):
        try:
            mode = path.stat().st_mode
        except FileNotFoundError:
            raise NotInitialised(f"The key {path} is missing: `vivavoce init` says what to do") from None
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise NotInitialised(f"The key {path} can be read by others: run `chmod 600 {path}`, or make a new one")
        if hasattr(os, "getuid") and path.stat().st_uid != os.getuid():
            raise NotInitialised(f"The key {path} belongs to another account")
    if not (settings.keys / "seal.pub").exists():
        raise NotInitialised(f"The key {settings.keys / 'seal.pub'} is missing: `vivavoce init` says what to do")
    secret = bytes.fromhex(cookie.read_text(encoding="ascii").strip())
    if len(secret) != 32:
        raise NotInitialised(f"The key {cookie} is not 32 bytes in hexadecimal")
    return Keys(secret, documents, monitor.read_text(encoding="ascii").strip() if monitor.exists() else "")


def require_folders(settings: Settings) -> None:
    """Refuse to begin without the folders `init` makes. Raises `NotInitialised`."""
    for folder in (settings.data, settings.recordings, settings.run):
        if not folder.is_dir():
            raise NotInitialised(f"The folder {folder} is missing: run `vivavoce init`")
