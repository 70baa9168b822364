"""What every request shares: settings, databases, keys, templates and the live hearings."""

import asyncio
import os
import stat
from dataclasses import dataclass, field

import jinja2

from hearings.db import Database
from hearings.documents.pdf_seals import DocumentSeal
from hearings.lint.linting import FileTexts
from web.anchor import AnchorKeeper
from web.buckets import Buckets
from web.issuers import IssuerClient
from web.live.conductors import Conductors
from web.live.line_rooms import LineRooms
from web.live.relays import NO_RELAYS, Relays
from web.logins import LoginWatch
from web.pulse import Pulse
from web.seal_keeper import SealKeeper
from web.settings import Settings


class NotInitialised(Exception):
    """Something that `vivavoce init` makes is missing or cannot be used."""


PDF_CHECKS = 2
"""How many PDF files may have their signatures checked at the same time."""


@dataclass(frozen=True)
class Keys:
    """Keys of this installation, without the seal key: only the seal process reads that."""

    cookie: bytes
    documents: DocumentSeal
    monitor: str = ""
    """Bearer token by which a monitoring system reads figures and checks. Empty: nobody may read them."""


@dataclass
class Parts:
    """What requests share, as `request.app.state.parts`. Built once, by `web.app.create_app`."""

    settings: Settings
    database: Database
    templates: jinja2.Environment
    keys: Keys
    buckets: Buckets
    conductors: Conductors
    line_rooms: LineRooms
    network_rooms: LineRooms
    logins: LoginWatch
    seal: SealKeeper
    anchor: AnchorKeeper
    issuers: IssuerClient
    relays: Relays = NO_RELAYS
    sandbox: Database | None = None
    """Database of the sandbox clients of the API; None when the installation has no sandbox."""
    pulse: Pulse = field(default_factory=Pulse)
    ending: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the process has been told to stop; long-running answers then end by themselves."""
    standing_by: bool = False
    """True for a restored copy that nobody has taken over yet: only health, figures and files are served."""
    pdf_checks: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(PDF_CHECKS))
    """Limits the checks that run at once: each is a process of up to 1 GiB. Further ones wait."""
    file_texts: FileTexts = field(default_factory=FileTexts)
    """Texts of translations that were compared last, in memory alone."""


def read_keys(settings: Settings) -> Keys:
    """Reads the key files. Raises `NotInitialised` when one is missing or readable by other accounts."""
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
    """Checks that the folders made by `vivavoce init` exist. Raises `NotInitialised`, naming the missing one."""
    for folder in (settings.data, settings.recordings, settings.run):
        if not folder.is_dir():
            raise NotInitialised(f"The folder {folder} is missing: run `vivavoce init`")
