"""For monitoring and for administrators: health, checks, figures, and reports of content security policies.

`/healthz` and its parts say in a word whether the service can work, to anybody. Findings and figures are for whoever
shows the token of `keys/monitor.token` (`Authorization: Bearer …`): behind a proxy every address looks local.
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
from web.operation.findings import Place
from web.operation.health import Examiner, Health
from web.parts import Parts
from web.server.rendering import render
from web.server.sign_in import staff
from web.words.i18n import N_, _

AGAIN = {"Retry-After": "10"}
CHIPS = {
    "ok": ("ok", N_("In order")),
    "note": ("info", N_("To be known")),
    "warning": ("warn", N_("To be mended")),
    "failure": ("rec", N_("To be mended first")),
}


def _parts(request: Request) -> Parts:
    return cast(Parts, request.app.state.parts)


async def _health(request: Request) -> Health:
    state = request.app.state
    if not hasattr(state, "examiner"):
        state.examiner = Examiner(_parts(request))
    return await cast(Examiner, state.examiner).health()


def _monitor(request: Request) -> None:
    """Refuse who does not show the token. Raises 401."""
    token = _parts(request).keys.monitor
    shown = request.headers.get("authorization", "").removeprefix("Bearer ")
    if not token or not hmac.compare_digest(shown.encode(), token.encode()):
        raise HTTPException(401, "monitor_token_needed", {"WWW-Authenticate": "Bearer"})


async def healthz(request: Request) -> Response:
    """200 when everything the service does can be done, 503 with what cannot. `?full`: every finding, as JSON."""
    full = "full" in request.query_params
    if full:
        _monitor(request)
    health = await _health(request)
    status, headers = (200, {}) if health.good else (503, AGAIN)
    if not full:
        return PlainTextResponse("\n".join([*health.lines, ""]), status, headers)
    found = await checks.examine(_place(request, outside=False))
    findings = [{"check": check.name, "severity": one.severity, "text": one.told()} for check, one in found]
    words = {"live": "ok", "ready": health.ready or "ok", "write": health.write or "ok", "seal": health.seal}
    return JSONResponse({**words, "worst": checks.worst(found), "findings": findings}, status, headers)


async def live(_request: Request) -> Response:
    """200 while the process answers at all: else it is to be started again."""
    return PlainTextResponse("ok\n")


async def ready(request: Request) -> Response:
    """200 when hearings can be held, 503 with why not."""
    return _answer((await _health(request)).ready)


async def write(request: Request) -> Response:
    """200 when what is written is kept, 503 with why not."""
    return _answer((await _health(request)).write)


def _answer(wrong: str) -> Response:
    return PlainTextResponse(f"{wrong}\n", 503, AGAIN) if wrong else PlainTextResponse("ok\n")


def _place(request: Request, *, outside: bool) -> Place:
    parts = _parts(request)
    return Place(parts.settings, parts.database, datetime.now(UTC), outside)


async def metrics(request: Request) -> Response:
    """The figures, for a monitoring system."""
    _monitor(request)
    found = await figures.read(_parts(request), await _health(request), datetime.now(UTC))
    return Response(figures.text(found), media_type=figures.CONTENT_TYPE)


async def show(request: Request) -> Response:
    """What the checks find, for an administrator."""
    signed, _person = staff(request)
    require_staff("see_checks", signed.actor(), requesting_state=signed.state, requested_state=signed.state)
    found = await checks.examine(_place(request, outside=False))
    rows = [(_(check.label), one.told(_), (CHIPS[one.severity][0], _(CHIPS[one.severity][1]))) for check, one in found]
    return render(request, "checks.html", {"rows": rows})


async def report(request: Request) -> Response:
    """A browser says that a page broke its policy: it is counted, and nothing of it is read or kept."""
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
