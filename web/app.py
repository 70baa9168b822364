"""The one place that builds things: `create_app(settings)`."""

import asyncio
import contextlib
import logging
import os
import stat
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, cast

import jinja2
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from hearings.db import Database
from hearings.pdf_seals import DocumentSeal
from web import rendering, signalling
from web.actors import LoginMiddleware
from web.api.mount import BASE, LazyApi
from web.conductors import Conductors
from web.i18n import LanguageMiddleware
from web.line_rooms import LineRooms
from web.pages import (
    api_clients,
    calendars,
    directory,
    docket,
    docket_plan,
    documents,
    entry,
    feeds,
    hearing,
    hearing_requests,
    keys,
    law,
    law_check,
    line_test,
    live,
    minutes,
    minutes_copies,
    minutes_passages,
    outbox,
    people,
    recipients,
    recorded,
    recordings,
    request_consents,
    request_contacts,
    request_documents,
    request_export,
    request_signing,
    request_wizard,
    resources,
    schedule,
    sites,
    slots,
    technical,
    time_signing,
    times,
    waiting,
    webhooks,
)
from web.problems import ProblemsMiddleware, handle
from web.security import (
    BodyLimitMiddleware,
    Buckets,
    HeadersMiddleware,
    LimitsMiddleware,
    OriginMiddleware,
    PathMiddleware,
    Rate,
)
from web.settings import Settings
from web.shown import ViewsMiddleware

if TYPE_CHECKING:
    from scheduler.runner import Clock

logger = logging.getLogger("vivavoce.web.app")

STATIC = Path(__file__).parent / "static"


class NotInitialised(Exception):
    """Something `vivavoce init` makes is missing or not as it must be."""


PDF_CHECKS = 2
"""Files whose signatures are checked at the same time."""


@dataclass(frozen=True)
class Keys:
    """Keys of this installation: `cookie` in memory; the seal key only as a path, the recorder reads it."""

    cookie: bytes
    seal: Path
    documents: DocumentSeal


@dataclass
class Parts:
    """What requests share; `request.app.state.parts`. `conductors` and `line_rooms` are set once, by `create_app`."""

    settings: Settings
    database: Database
    templates: jinja2.Environment
    keys: Keys
    buckets: Buckets
    conductors: Conductors
    line_rooms: LineRooms
    sandbox: Database | None = None
    """Where the sandbox clients of the API work; None when the installation has no sandbox."""
    pdf_checks: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(PDF_CHECKS))
    """Each check is a process of up to 1 GiB; whoever comes when all are busy waits."""


def read_keys(settings: Settings) -> Keys:
    """The keys, refused when missing or readable by others. Raises `NotInitialised`."""
    cookie, seal = settings.keys / "cookie.key", settings.keys / "seal.key"
    documents = DocumentSeal(settings.keys / "document-seal.key", settings.keys / "document-seal.crt")
    for path in (cookie, seal, documents.key, documents.certificate):
        try:
            mode = path.stat().st_mode
        except FileNotFoundError:
            raise NotInitialised(f"The key {path} is missing: run `vivavoce init`") from None
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise NotInitialised(f"The key {path} can be read by others: run `chmod 600 {path}`, or make a new one")
        if hasattr(os, "getuid") and path.stat().st_uid != os.getuid():
            raise NotInitialised(f"The key {path} belongs to another account")
    secret = bytes.fromhex(cookie.read_text(encoding="ascii").strip())
    if len(secret) != 32:
        raise NotInitialised(f"The key {cookie} is not 32 bytes in hexadecimal")
    return Keys(cookie=secret, seal=seal, documents=documents)


def require_folders(settings: Settings) -> None:
    """Refuse to begin without the folders `init` makes. Raises `NotInitialised`."""
    for folder in (settings.data, settings.recordings, settings.run):
        if not folder.is_dir():
            raise NotInitialised(f"The folder {folder} is missing: run `vivavoce init`")


def create_app(settings: Settings) -> Starlette:
    """Build the application. Raises `NotInitialised`; touches no network and no database before the lifespan."""
    require_folders(settings)
    keys = read_keys(settings)
    parts = Parts(
        settings=settings,
        database=Database(settings.database_url),
        templates=rendering.environment(),
        keys=keys,
        buckets=Buckets(rates={"api": Rate(settings.api_per_minute, settings.api_burst)}),
        conductors=cast(Conductors, None),
        line_rooms=cast(LineRooms, None),
        sandbox=Database(settings.sandbox_database_url) if settings.sandbox_database_url else None,
    )
    parts.conductors = Conductors(parts)
    parts.line_rooms = LineRooms(parts)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await parts.database.check()
        if parts.sandbox is not None:
            await parts.sandbox.check()
        await parts.conductors.start()
        clocks = _clocks(parts)
        try:
            yield
        finally:
            for clock in clocks:
                await clock.stop()
            await parts.line_rooms.stop()
            await parts.conductors.stop()
            await parts.database.close()
            if parts.sandbox is not None:
                await parts.sandbox.close()

    app = Starlette(
        routes=[Mount(BASE, LazyApi(parts), name="api"), *_routes()],
        # Outermost first. Headers go on every answer, those of refusals included.
        middleware=[
            Middleware(HeadersMiddleware, settings=settings),
            Middleware(LanguageMiddleware),
            Middleware(ProblemsMiddleware),
            Middleware(PathMiddleware),
            Middleware(LimitsMiddleware, buckets=parts.buckets),
            Middleware(BodyLimitMiddleware),
            Middleware(OriginMiddleware, settings=settings),
            Middleware(LoginMiddleware),
            Middleware(ViewsMiddleware),
        ],
        exception_handlers={HTTPException: handle},
        lifespan=lifespan,
    )
    app.state.parts = parts
    return app


def _clocks(parts: Parts) -> "list[Clock]":
    """The clocks, candidates for election unless the settings say that this process is to be none."""
    if not parts.settings.scheduler:
        return []
    from web import clock

    made = clock.build(parts.settings, parts.database, parts.sandbox, parts.keys)
    for one in made:
        one.start()
    return made


def _routes() -> list[BaseRoute]:
    modules = (
        entry,
        docket,
        docket_plan,
        waiting,
        directory,
        request_wizard,
        hearing_requests,
        law,
        law_check,
        request_documents,
        request_export,
        documents,
        request_signing,
        request_consents,
        request_contacts,
        schedule,
        slots,
        calendars,
        resources,
        time_signing,
        times,
        hearing,
        minutes,
        minutes_passages,
        minutes_copies,
        people,
        live,
        recorded,
        recordings,
        outbox,
        feeds,
        webhooks,
        api_clients,
        keys,
        recipients,
        signalling,
        sites,
        technical,
        line_test,
    )
    found: list[BaseRoute] = [route for module in modules for route in module.routes]
    return [*found, Mount("/static", StaticFiles(directory=STATIC), name="static")]
