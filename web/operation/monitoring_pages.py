"""For monitoring and for administrators: health, checks, figures, and reports of content security policies.

`/healthz` and its parts give the state of the service to anybody. Findings and metrics need the token of
`keys/monitor.token` (`Authorization: Bearer …`): behind a proxy every address looks local.
"""

import hmac
from datetime import UTC, datetime
from typing import cast

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from hearings.permissions import require_staff
from web.operation import checks, figures
from web.operation.findings import Inspected
from web.operation.health import Examiner, Health
from web.parts import Parts
from web.server.rendering import render
from web.server.sign_in import staff
from web.words.i18n import N_, _

AGAIN = {"Retry-After": "10"}
CHIPS = {
    "ok": ("ok", N_("In order")),
    "note": ("info", N_("For information")),
    "warning": ("warn", N_("Needs attention")),
    "failure": ("rec", N_("Urgent problem")),
}


def _parts(request: Request) -> Parts:
    return cast(Parts, request.app.state.parts)


async def current_health(request: Request) -> Health:
    """The health of the service, at most two seconds old."""
    state = request.app.state
    if not hasattr(state, "examiner"):
        state.examiner = Examiner(_parts(request))
    return await cast(Examiner, state.examiner).health()


def _monitor(request: Request) -> None:
    """Check the monitoring token of a request. Raises 401."""
    token = _parts(request).keys.monitor
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    if not token or not hmac.compare_digest(given.encode(), token.encode()):
        raise HTTPException(401, "monitor_token_needed", {"WWW-Authenticate": "Bearer"})


async def healthz(request: Request) -> Response:
    """200 when live, ready and writable, 503 with the faults otherwise. `?full`: every finding, as JSON."""
    full = "full" in request.query_params
    if full:
        _monitor(request)
    health = await current_health(request)
    status, headers = (200, {}) if health.good else (503, AGAIN)
    if not full:
        return PlainTextResponse("\n".join([*health.lines, ""]), status, headers)
    results = await checks.examine(_place(request, outside=False))
    findings = [
        {"check": check.name, "severity": finding.severity, "text": finding.sentence()} for check, finding in results
    ]
    words = {"live": "ok", "ready": health.ready or "ok", "write": health.write or "ok", "seal": health.seal}
    words["relays"] = health.relays[0].partition(": ")[2]
    return JSONResponse({**words, "worst": checks.worst(results), "findings": findings}, status, headers)


async def live(_request: Request) -> Response:
    """200 while the process answers; without an answer it has to be restarted."""
    return PlainTextResponse("ok\n")


async def ready(request: Request) -> Response:
    """200 when hearings can be held, 503 with the fault otherwise."""
    return _answer((await current_health(request)).ready)


async def write(request: Request) -> Response:
    """200 when data can be written durably, 503 with the fault otherwise."""
    return _answer((await current_health(request)).write)


def _answer(wrong: str) -> Response:
    return PlainTextResponse(f"{wrong}\n", 503, AGAIN) if wrong else PlainTextResponse("ok\n")


def _place(request: Request, *, outside: bool) -> Inspected:
    parts = _parts(request)
    return Inspected(parts.settings, parts.database, datetime.now(UTC), outside)


async def metrics(request: Request) -> Response:
    """The metrics, for a monitoring system."""
    _monitor(request)
    values = await figures.read(_parts(request), await current_health(request), datetime.now(UTC))
    return Response(figures.text(values), media_type=figures.CONTENT_TYPE)


async def show(request: Request) -> Response:
    """The findings of all checks, for an administrator."""
    signed, _person = staff(request)
    require_staff("see_checks", signed.actor(), requesting_state=signed.state, requested_state=signed.state)
    results = await checks.examine(_place(request, outside=False))
    rows = [
        (_(check.label), finding.sentence(_), (CHIPS[finding.severity][0], _(CHIPS[finding.severity][1])))
        for check, finding in results
    ]
    groups = [[row for row in rows if row[2][0] == chip] for chip, _word in reversed(CHIPS.values())]
    return render(request, "checks.html", {"groups": [group for group in groups if group]})


async def report(request: Request) -> Response:
    """Count a browser's report of a violation of the content security policy; its content is not read or stored."""
    _parts(request).pulse.counts["csp_reports"] += 1
    return Response(status_code=204)


routes = [
    Route("/healthz", healthz),
    Route("/healthz/live", live),
    Route("/healthz/ready", ready),
    Route("/healthz/write", write),
    Route("/metrics", metrics),
    Route("/admin/checks", show),
    Route("/csp-report", report, methods=["POST"]),
]
