"""The one place that builds things: `create_app(settings)`."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount

from hearings.db import Database
from hearings.law import scripts
from hearings.outward import installation
from media.evidence.archive import putting_back
from web import issuers, security_log
from web.agreement import agreement_pages as technical, line_test_pages as line_test, site_pages as sites
from web.anchor import AnchorKeeper
from web.buckets import Buckets, Rate
from web.coordination import (
    facilitation_pages,
    facilitation_room_pages,
    facilitator_pages as facilitators,
    notice_pages as state_notices,
    room_file_pages,
    room_pages,
    room_time_pages,
)
from web.costs import claim_pages as cost_claims, cost_pages as hearing_costs
from web.custody import (
    keeping_pages,
    key_pages as recording_keys,
    key_use_pages as key_use,
    record_pages as custody_records,
    release_pages as releases,
    transcript_pages as transcripts,
)
from web.documents import (
    container_pages as containers,
    document_pages as documents,
    export_pages as request_export,
    file_pages as request_documents,
    transmission_pages as transmission,
)
from web.hearing import (
    hearing_pages as hearing,
    language_pages as hearing_languages,
    link_pages as hearing_links,
    log_pages as hearing_log,
    network_pages as network_test,
    people_pages as people,
)
from web.help import documentation_pages, help_pages, public_pages
from web.issuers import IssuerClient
from web.law import check_pages as law_check, row_pages as law, state_pages as law_state
from web.live.conductors import Conductors
from web.live.line_rooms import LineRooms
from web.live.relays import Relays
from web.logins import LoginWatch
from web.minutes import (
    copy_pages as minutes_copies,
    correction_pages as minutes_corrections,
    minutes_pages as minutes,
    passage_pages as minutes_passages,
)
from web.operation import admin_pages, language_pages, monitoring_pages as operation, setup_pages
from web.outward import (
    change_stream,
    client_pages as api_clients,
    feed_pages as feeds,
    outbox_pages as outbox,
    webhook_pages as webhooks,
)
from web.outward.change_watch import ChangeWatch
from web.overview import (
    audit_pages,
    change_pages as changes,
    day_pages as days,
    docket_pages as docket,
    retention_pages,
    waiting_pages as waiting,
    workload_pages as workload,
)
from web.parts import Parts, read_keys, require_folders
from web.paths import BASE
from web.people import (
    directory_pages as directory,
    entry_pages as entry,
    issuer_pages,
    passkey_pages,
    recovery_pages,
    staff_pages,
)
from web.personal_data import data_request_pages, personal_data_pages, report_pages
from web.requests import (
    consent_pages as request_consents,
    contact_pages as request_contacts,
    request_pages as hearing_requests,
    signing_pages as request_signing,
    wizard_pages as request_wizard,
)
from web.rights import rights_pages
from web.seal_keeper import SealKeeper, cosigners_of
from web.security_log import EventCode, SecurityLog
from web.server import rendering
from web.server.compression import BuiltFiles, CompressionMiddleware
from web.server.law_in_force import LawMiddleware
from web.server.problems import ProblemsMiddleware, handle
from web.server.security import (
    AddressMiddleware,
    BodyLimitMiddleware,
    HeadersMiddleware,
    InProgressMiddleware,
    LimitsMiddleware,
    OriginMiddleware,
    StandbyMiddleware,
)
from web.server.security_events import SecurityEventsMiddleware
from web.server.sign_in import COOKIE, LoginMiddleware
from web.server.step_up import StepUpMiddleware
from web.server.view_log import ViewsMiddleware
from web.settings import Settings, SettingsError
from web.signatures import recipient_pages as recipients, signing_key_pages as keys
from web.sitting import (
    act_pages as recorded,
    caption_pages as captions,
    card_pages as cards,
    course_pages as course,
    excerpt_pages as excerpts,
    export_rooms,
    live_pages as live,
    recording_pages as recordings,
    signalling,
)
from web.statistics import statistics_pages
from web.statistics.year_figures import YearFigures
from web.summons import summons_pages
from web.times import (
    calendar_pages as calendars,
    offer_pages as times,
    plan_pages as docket_plan,
    resource_pages as resources,
    schedule_pages as schedule,
    signing_pages as time_signing,
    slot_pages as slots,
)
from web.training import runs, training_pages
from web.words.i18n import LanguageMiddleware

if TYPE_CHECKING:
    from scheduler.runner import Clock

NETWORK_TEST_SECONDS = 90
"""After which the room of a network test ends that has not reported."""
STATIC = Path(__file__).parent / "static"


def create_app(settings: Settings) -> Starlette:
    """Build the application. Raises `NotInitialised` and `SettingsError`.

    Touches no network and no database before the lifespan.
    """
    from web.api_app import create_api  # 0.2 s that no other command needs

    require_folders(settings)
    bring_in_card_texts(settings)
    cosigners_of(settings)  # a list that cannot be read is found now, not in a hearing
    database, seal = Database(settings.database_url), SealKeeper(settings)
    relays = Relays.read(settings)
    conductors = Conductors(settings, database, seal, relays)
    line_rooms = LineRooms(settings, conductors.conducting)
    network_rooms = LineRooms(settings, conductors.conducting, seconds=NETWORK_TEST_SECONDS)
    change_watch = ChangeWatch(database)
    parts = Parts(
        settings=settings,
        database=database,
        templates=rendering.environment(training=settings.training),
        keys=read_keys(settings),
        buckets=Buckets(rates={"api": Rate(settings.api_per_minute, settings.api_burst)}),
        conductors=conductors,
        line_rooms=line_rooms,
        network_rooms=network_rooms,
        relays=relays,
        logins=LoginWatch(database, [conductors.tickets, conductors, line_rooms, network_rooms, change_watch]),
        seal=seal,
        anchor=AnchorKeeper(settings.anchor, database),
        issuers=IssuerClient(issuers.read(settings.issuers)),
        sandbox=Database(settings.sandbox_database_url) if settings.sandbox_database_url else None,
    )
    app = Starlette(
        routes=[Mount(BASE, create_api(parts), name="api"), *_routes()],
        # Outermost first. Headers go on every answer, those of refusals included.
        middleware=[
            Middleware(HeadersMiddleware, settings=settings),
            Middleware(CompressionMiddleware),
            Middleware(SecurityEventsMiddleware),
            Middleware(LanguageMiddleware),
            Middleware(LawMiddleware),
            Middleware(ProblemsMiddleware),
            Middleware(InProgressMiddleware, most=settings.connections_per_address),
            Middleware(AddressMiddleware),
            Middleware(StandbyMiddleware),
            Middleware(LimitsMiddleware, buckets=parts.buckets, login=COOKIE),
            Middleware(BodyLimitMiddleware),
            Middleware(OriginMiddleware, settings=settings),
            Middleware(LoginMiddleware),
            Middleware(StepUpMiddleware),
            Middleware(ViewsMiddleware),
        ],
        exception_handlers={HTTPException: handle},
        lifespan=_lifespan,
    )
    app.state.parts, app.state.change_watch = parts, change_watch
    app.state.year_figures = YearFigures(database)
    return app


def bring_in_card_texts(settings: Settings) -> None:
    """Load the texts of script cards. Raises `SettingsError` for a file that cannot be used."""
    try:
        scripts.bring_in(settings.card_texts)
    except scripts.ScriptError as error:
        raise SettingsError("card_texts", str(settings.card_texts or ""), f"texts of docs/cards.md ({error})") from None


@contextlib.asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    parts: Parts = app.state.parts
    log = SecurityLog(parts.settings.security_log)
    log.start()
    security_log.emit(EventCode.started, settings=parts.settings.changed())
    try:
        async with _running(parts, app.state.change_watch):
            yield
    finally:
        if (rehearsal := getattr(app.state, "rehearsal", None)) is not None:
            await rehearsal.stop()
        if (examiner := getattr(app.state, "examiner", None)) is not None:
            await examiner.stop()
        security_log.emit(EventCode.stopped)
        log.stop()


@contextlib.asynccontextmanager
async def _running(parts: Parts, change_watch: ChangeWatch) -> AsyncIterator[None]:
    await parts.database.check()
    await runs.require_kind(parts.settings, parts.database)
    if parts.sandbox is not None:
        await parts.sandbox.check()
    parts.standing_by = await _stands_by(parts.database)
    parts.pulse.start()
    if not parts.standing_by:
        await asyncio.to_thread(export_rooms.remove_left, parts.settings.data)
        await asyncio.to_thread(putting_back.remove_left, parts.settings.recordings)
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
        await change_watch.stop()
        await parts.pulse.stop()
        await parts.line_rooms.stop()
        await parts.network_rooms.stop()
        await parts.conductors.stop()
        await parts.seal.detach()
        await parts.anchor.stop()
        await parts.database.close()
        if parts.sandbox is not None:
            await parts.sandbox.close()


async def _stands_by(database: Database) -> bool:
    async with database.reading() as db:
        return await installation.pending_restore(db) is not None


def _clocks(parts: Parts) -> "list[Clock]":
    """The clocks, candidates for election unless the settings say that this process is to be none, or it stands by."""
    if parts.standing_by or not parts.settings.scheduler:
        return []
    from web import clock

    made = clock.build(parts.settings, parts.database, parts.sandbox, parts.keys)
    for one in made:
        one.start()
    return made


MODULES = (
    operation,
    admin_pages,
    language_pages,
    setup_pages,
    entry,
    help_pages,
    public_pages,
    documentation_pages,
    docket,
    days,
    docket_plan,
    waiting,
    workload,
    statistics_pages,
    audit_pages,
    retention_pages,
    keeping_pages,
    directory,
    state_notices,
    facilitators,
    facilitation_pages,
    room_time_pages,
    room_pages,
    room_file_pages,
    facilitation_room_pages,
    recovery_pages,
    staff_pages,
    passkey_pages,
    issuer_pages,
    containers,
    request_wizard,
    hearing_requests,
    law,
    law_state,
    law_check,
    changes,
    request_documents,
    transmission,
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
    hearing_links,
    hearing_log,
    rights_pages,
    summons_pages,
    personal_data_pages,
    report_pages,
    hearing_costs,
    cost_claims,
    data_request_pages,
    minutes,
    minutes_passages,
    minutes_copies,
    minutes_corrections,
    people,
    hearing_languages,
    network_test,
    live,
    cards,
    recorded,
    captions,
    recordings,
    excerpts,
    course,
    custody_records,
    recording_keys,
    key_use,
    releases,
    transcripts,
    outbox,
    change_stream,
    feeds,
    webhooks,
    api_clients,
    keys,
    recipients,
    signalling,
    sites,
    technical,
    line_test,
    training_pages,
)
"""The modules of pages, each with its routes."""


def _routes() -> list[BaseRoute]:
    found: list[BaseRoute] = [route for module in MODULES for route in module.routes]
    return [*found, Mount("/static", BuiltFiles(directory=STATIC), name="static")]
