"""The API as one application, mounted at `/api/v1` by `web.app`; a resource is a module with a `router`, named here."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from web.agreement import api as agreements, line_tests_api as line_tests, sites_api as sites
from web.api import openapi, problems, tokens
from web.coordination import notices_api as state_notices, rooms_api as rooms, shares_api as shares
from web.costs import costs_api as costs
from web.custody import keeping_api as keeping, releases_api as releases
from web.documents import (
    api as documents,
    attachments_api as attachments,
    containers_api as containers,
    export_api as export,
    translations_api as translations,
    transmission_api as transmission,
)
from web.hearing import (
    api as hearings,
    days_api as days,
    invitations_api as invitations,
    languages_api as hearing_languages,
    participants_api as participants,
)
from web.law import reference_api as reference, rows_api as law_rows
from web.lint import lint_api as lint
from web.minutes import api as minutes, corrections_api as minutes_corrections
from web.outward import clients_api as clients, events_api as events, webhooks_api as webhooks
from web.overview import changes_api as changes, worklist_api as worklist
from web.parts import Parts
from web.people import directory_api as directory
from web.personal_data import personal_data_api as personal_data
from web.requests import (
    api as requests,
    consents_api as consents,
    consultations_api as consultations,
    log_api as request_log,
    messages_api as messages,
    work_api as request_work,
)
from web.rights import rights_api as rights
from web.signatures import recipients_api as recipients, signatures_api as signing
from web.sitting import acts_api as recorded_acts, captions_api as captions, recordings_api as recordings
from web.statistics import statistics_api as statistics
from web.summons import summons_api as summons
from web.times import (
    calendars_api as calendars,
    clock_changes_api as clock_changes,
    offers_api as offers,
    plan_api as docket_plan,
    resources_api as resources,
    slots_api as slots,
)

REQUESTS = (
    *(requests, request_log, request_work, consents, attachments, translations, consultations, messages, documents),
    *(lint, transmission, containers, export, worklist, statistics),
)
HEARINGS = (
    *(hearings, slots, docket_plan, resources, calendars, offers, days, participants, invitations, sites, agreements),
    hearing_languages,
    rights,
    summons,
    costs,
    *(line_tests, recorded_acts, captions, recordings, releases, keeping, minutes),
    *(minutes_corrections, clock_changes),
)
RESOURCES = (
    *(
        tokens,
        clients,
        reference,
        law_rows,
        directory,
        state_notices,
        shares,
        rooms,
        changes,
        personal_data,
        *REQUESTS,
        *HEARINGS,
        signing,
        recipients,
        events,
        webhooks,
    ),
)
"""Modules with a `router`, in the order of the description."""


def create_api(parts: Parts) -> Starlette:
    """Build the API over the application's parts; it has no lifespan of its own."""
    routes = [route for module in RESOURCES for route in module.router.routes]
    description = openapi.route(lambda: openapi.describe(routes, parts.settings.origin))
    api = Starlette(routes=[*routes, description], exception_handlers={HTTPException: _problem})
    api.router.redirect_slashes = False
    api.state.parts = parts
    api.state.streams = {}
    return api


async def _problem(request: Request, error: Exception) -> Response:
    return problems.answer(request, error)
