"""The one place that builds things: `create_app(settings)`."""

import contextlib
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from hearings.db import Database
from hearings.outward import installation
from web import security_log
from web.agreement import line_test_pages as line_test, pages as technical, site_pages as sites
from web.anchor import AnchorKeeper
from web.api.mount import LazyApi
from web.buckets import Buckets, Rate
from web.documents import export_pages as request_export, file_pages as request_documents, pages as documents
from web.hearing import pages as hearing, people_pages as people
from web.law import check_pages as law_check, pages as law
from web.live.conductors import Conductors
from web.live.line_rooms import LineRooms
from web.logins import LoginWatch
from web.minutes import copy_pages as minutes_copies, pages as minutes, passage_pages as minutes_passages
from web.operation import pages as operation
from web.outward import (
    client_pages as api_clients,
    feed_pages as feeds,
    outbox_pages as outbox,
    webhook_pages as webhooks,
)
from web.overview import change_pages as changes, docket_pages as docket, waiting_pages as waiting
from web.parts import Parts, read_keys, require_folders
from web.paths import BASE
from web.people import directory_pages as directory, entry_pages as entry, staff_pages
from web.requests import (
    consent_pages as request_consents,
    contact_pages as request_contacts,
    pages as hearing_requests,
    signing_pages as request_signing,
    wizard_pages as request_wizard,
)
from web.seal_keeper import SealKeeper
from web.security_log import Code, SecurityLog
from web.server import rendering
from web.server.problems import ProblemsMiddleware, handle
from web.server.security import (
    BodyLimitMiddleware,
    HeadersMiddleware,
    InProgressMiddleware,
    LimitsMiddleware,
    OriginMiddleware,
    PathMiddleware,
    StandbyMiddleware,
)
from web.server.security_events import SecurityEventsMiddleware
from web.server.sign_in import LoginMiddleware
from web.server.view_log import ViewsMiddleware
from web.settings import Settings
from web.signatures import recipient_pages as recipients, signing_key_pages as keys
from web.sitting import act_pages as recorded, live_pages as live, recording_pages as recordings, signalling
from web.times import (
    calendar_pages as calendars,
    offer_pages as times,
    plan_pages as docket_plan,
    resource_pages as resources,
    schedule_pages as schedule,
    signing_pages as time_signing,
    slot_pages as slots,
)
from web.words.i18n import LanguageMiddleware

if TYPE_CHECKING:
    from scheduler.runner import Clock

STATIC = Path(__file__).parent / "static"


def create_app(settings: Settings) -> Starlette:
    """Build the application. Raises `NotInitialised`; touches no network and no database before the lifespan."""
    require_folders(settings)
    database, seal = Database(settings.database_url), SealKeeper(settings)
    conductors = Conductors(settings, database, seal)
    line_rooms = LineRooms(settings, conductors.conducting)
    parts = Parts(
        settings=settings,
        database=database,
        templates=rendering.environment(),
        keys=read_keys(settings),
        buckets=Buckets(rates={"api": Rate(settings.api_per_minute, settings.api_burst)}),
        conductors=conductors,
        line_rooms=line_rooms,
        logins=LoginWatch(database, [conductors.tickets, conductors, line_rooms]),
        seal=seal,
        anchor=AnchorKeeper(settings.anchor, database),
        sandbox=Database(settings.sandbox_database_url) if settings.sandbox_database_url else None,
    )
    app = Starlette(
        routes=[Mount(BASE, LazyApi(partial(_api, parts)), name="api"), *_routes()],
        # Outermost first. Headers go on every answer, those of refusals included.
        middleware=[
            Middleware(HeadersMiddleware, settings=settings),
            Middleware(SecurityEventsMiddleware),
            Middleware(LanguageMiddleware),
            Middleware(ProblemsMiddleware),
            Middleware(InProgressMiddleware, most=settings.connections_per_address),
            Middleware(PathMiddleware),
            Middleware(StandbyMiddleware),
            Middleware(LimitsMiddleware, buckets=parts.buckets),
            Middleware(BodyLimitMiddleware),
            Middleware(OriginMiddleware, settings=settings),
            Middleware(LoginMiddleware),
            Middleware(ViewsMiddleware),
        ],
        exception_handlers={HTTPException: handle},
        lifespan=_lifespan,
    )
    app.state.parts = parts
    return app


@contextlib.asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    parts: Parts = app.state.parts
    log = SecurityLog(parts.settings.security_log)
    log.start()
    security_log.emit(Code.started, settings=parts.settings.changed())
    try:
        async with _running(parts):
            yield
    finally:
        security_log.emit(Code.stopped)
        log.stop()


@contextlib.asynccontextmanager
async def _running(parts: Parts) -> AsyncIterator[None]:
    await parts.database.check()
    if parts.sandbox is not None:
        await parts.sandbox.check()
    parts.standing_by = await _stands_by(parts.database)
    parts.pulse.start()
    if not parts.standing_by:
        await parts.anchor.start()
        await parts.conductors.start()
    parts.logins.start()
    clocks = _clocks(parts)
    try:
        yield
    finally:
        for clock in clocks:
            await clock.stop()
        await parts.logins.stop()
        await parts.pulse.stop()
        await parts.line_rooms.stop()
        await parts.conductors.stop()
        await parts.seal.detach()
        await parts.anchor.stop()
        await parts.database.close()
        if parts.sandbox is not None:
            await parts.sandbox.close()


def _api(parts: Parts) -> ASGIApp:
    """The API, built when it is first asked for something: its imports are slow."""
    from web.api.routes import Reads
    from web.api_app import create_api

    return Reads(create_api(parts))


async def _stands_by(database: Database) -> bool:
    async with database.reading() as db:
        return await installation.standing_by(db) is not None


def _clocks(parts: Parts) -> "list[Clock]":
    """The clocks, candidates for election unless the settings say that this process is to be none, or it stands by."""
    if parts.standing_by or not parts.settings.scheduler:
        return []
    from web import clock

    made = clock.build(parts.settings, parts.database, parts.sandbox, parts.keys)
    for one in made:
        one.start()
    return made


def _routes() -> list[BaseRoute]:
    modules = (
        operation,
        entry,
        docket,
        docket_plan,
        waiting,
        directory,
        staff_pages,
        request_wizard,
        hearing_requests,
        law,
        law_check,
        changes,
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
