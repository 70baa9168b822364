"""The API as one application, mounted at `/api/v1` by `web.app`; a resource is a module with a `router`, named here."""

import json
from functools import cache
from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from web.api import (
    agreements,
    attachments,
    calendars,
    clients,
    clock_changes,
    consents,
    consultations,
    days,
    directory,
    docket_plan,
    documents,
    events,
    export,
    hearings,
    invitations,
    law_rows,
    line_tests,
    messages,
    minutes,
    offers,
    openapi,
    participants,
    problems,
    recipients,
    recorded_acts,
    recordings,
    reference,
    request_log,
    request_work,
    requests,
    resources,
    signing,
    sites,
    slots,
    tokens,
    translations,
    webhooks,
    worklist,
)
from web.api.dpop import SeenProofs

if TYPE_CHECKING:
    from web.parts import Parts

REQUESTS = (
    *(requests, request_log, request_work, consents, attachments, translations, consultations, messages, documents),
    *(export, worklist),
)
HEARINGS = (
    *(hearings, slots, docket_plan, resources, calendars, offers, days, participants, invitations, sites, agreements),
    *(line_tests, recorded_acts, recordings, minutes, clock_changes),
)
RESOURCES = (
    *(tokens, clients, reference, law_rows, directory, *REQUESTS, *HEARINGS, signing, recipients, events, webhooks),
)
"""Modules with a `router`, in the order of the description."""


def create_api(parts: "Parts", *, started: float) -> FastAPI:
    """Build the API over the application's parts; it has no lifespan of its own. `started`: when this process began."""
    api = FastAPI(
        title="Vivavoce",
        version="1",
        description=openapi.DESCRIPTION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        exception_handlers={HTTPException: _problem},
    )
    api.state.parts = parts
    api.state.seen = SeenProofs(started=started)
    api.state.streams = {}
    for module in RESOURCES:
        api.router.routes.extend(module.router.routes)

    @cache
    def description() -> bytes:
        return json.dumps(openapi.describe(api, parts.settings.origin), ensure_ascii=False).encode()

    async def show(_request: Request) -> Response:
        return Response(await run_in_threadpool(description), media_type="application/json")

    api.router.routes.append(Route("/openapi.json", show))
    return api


async def _problem(request: Request, error: Exception) -> Response:
    return problems.answer(request, error)
