"""Line tests between the two sites of an agreement: the page, and the requests of its island."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hearings import errors, queries
from hearings.agreement import agreements, line_tests, profiles
from hearings.models import Agreement, Hearing, LineTest, Person, Site, SiteProfile
from hearings.sentences import tell
from media import messages
from web.hearing.access import find
from web.hearing.island_requests import problem, read_offer, read_report
from web.live.line_rooms import SIDES
from web.server.rendering import messages_url, render
from web.server.sign_in import may_on, require_token, staff
from web.words import court_clocks, i18n, technical as technical_words
from web.words.i18n import _

SECONDS = 26
"""How long a page measures, in seconds: every tone is played twice in this time."""
REFUSED: dict[str, int] = {"media_restarting": 503, "busy": 503}


async def page(request: Request) -> Response:
    """The results of the line tests, and the island that measures."""
    _signed, person = staff(request)
    async with request.app.state.parts.database.reading() as db:
        hearing = await find(db, request, person)
        agreement = await _agreement(db, hearing, person)
        tests = await line_tests.tests(db, agreement) if agreement else []
        names = await _sites(db, agreement) if agreement else {}
        good = agreement is not None and await line_tests.good(db, agreement, hearing)
        reported = {test.id: [row.owner_state for row in await line_tests.reports(db, test)] for test in tests}
    signed_terms = agreement is not None and agreement.status in agreements.SIGNED
    context: dict[str, Any] = {
        "hearing": hearing,
        "agreement": agreement if signed_terms else None,
        "good": good,
        "days": line_tests.valid_for().days,
        "tests": [
            (
                len(tests) - number,
                test,
                reported[test.id],
                _finding_rows(test),
                _legs(test, names, own=_side(hearing, person)),
            )
            for number, test in enumerate(tests)
        ],
        "places": court_clocks.own_first(court_clocks.of_hearing(hearing), person.owner_state),
        "may_test": signed_terms and may_on("test_line", person, hearing),
        "config": None,
    }
    if agreement is not None and signed_terms:
        session = agreement.terms["session"]
        context["config"] = {
            "ref": hearing.ref,
            "csrf": request.scope["csrf"],
            "messages_url": messages_url("line-test"),
            "tones": profiles.table()["line_test"]["tones_hz"],
            "seconds": SECONDS,
            "agreed": {name: session[name] for name in ("height", "fps", "video_kbps", "audio_kbps")},
        }
    return render(request, "line_test.html", context)


@dataclass(frozen=True)
class FindingRow:
    """A finding in words. `passed`: False only where a limit is not kept."""

    item: str
    side: str
    measured: str
    limit: str
    chip: tuple[str, str]
    passed: bool


@dataclass(frozen=True)
class Leg:
    """The line between a site's browser and the server, as measured. `failed`: what does not keep its limit."""

    site: str
    figures: list[str]
    failed: list[FindingRow]


def _finding_rows(test: LineTest) -> list[FindingRow]:
    """The findings of a test, those that have not passed first."""
    rows = [_finding_row(finding) for finding in test.findings]
    return sorted(rows, key=lambda row: row.passed)


def _finding_row(finding: Mapping[str, Any]) -> FindingRow:
    chip = ("ok", _("Passed")) if finding["passed"] else ("rec", _("Not passed"))
    if finding["limit"] is None:
        chip = ("plain", _("Measured only") if finding["measured"] is not None else _("Not judged"))
    return FindingRow(
        item=technical_words.named(technical_words.FINDINGS, finding["item"]),
        side=technical_words.named(technical_words.SIDES, finding["side"]),
        measured=_("not measured") if finding["measured"] is None else f"{finding['measured']:g}",
        limit="–" if finding["limit"] is None else f"{finding['limit']:g}",
        chip=chip,
        passed=finding["passed"],
    )


def _legs(test: LineTest, sites: Mapping[str, str], *, own: str) -> list[Leg]:
    """Both lines to the server with loss and bandwidth, the reader's own first; empty before the test is judged."""
    legs = []
    for side in sorted(SIDES, key=lambda side: side != own) if test.judged_at else ():
        mine = [finding for finding in test.findings if finding["side"] == side]
        measured = {finding["item"]: finding["measured"] for finding in mine}
        figures = [
            _("{n} % lost").format(n=f"{measured['loss_percent']:g}"),
            _("{n} kbit/s up").format(n=f"{measured['up_kbps']:g}"),
        ]
        legs.append(Leg(sites[side], figures, [_finding_row(finding) for finding in mine if not finding["passed"]]))
    return legs


async def _sites(db: AsyncSession, agreement: Agreement) -> dict[str, str]:
    """The sites of an agreement by side: name and city."""
    names = {}
    ids = (agreement.requesting_profile_id, agreement.requested_profile_id)
    for side, profile_id in zip(("requesting", "requested"), ids, strict=True):
        site = await queries.get(db, Site, (await queries.get(db, SiteProfile, profile_id)).site_id)
        names[side] = i18n.one_by_one([site.name, site.city])
    return names


async def begin(request: Request) -> Response:
    """POST: begin a test, or join the one the other site has begun. 201 with its id, and relays for the line."""
    signed, person = staff(request)
    require_token(request)
    async with request.app.state.parts.database.transaction() as db:
        hearing, agreement = await _both(db, request, person)
        test = await line_tests.begin(db, agreement=agreement, actor=signed.actor(), now=datetime.now(UTC))
    relays = msgspec.to_builtins(request.app.state.parts.relays.servers(signed.login.id))
    body = {"test": test.id, "side": _side(hearing, person), "ice_servers": relays}
    return JSONResponse(body, status_code=201)


async def media(request: Request) -> Response:
    """POST an offer (application/sdp), get the answer: 201. Problems as for the offer of a hearing."""
    signed, person = staff(request)
    require_token(request)
    async with request.app.state.parts.database.reading() as db:
        hearing, agreement = await _both(db, request, person)
        test = await line_tests.test_of(db, agreement, request.path_params["test"])
    if not may_on("test_line", person, hearing):
        raise errors.NotAllowed(tell("Only clerks, judges and authorities can test a line"))
    if test.judged_at is not None or datetime.now(UTC) - test.begun_at > line_tests.OPEN_FOR:
        raise errors.NotReady(tell("This test is over: start a new one"))
    offer = await read_offer(request)
    if not isinstance(offer, str):
        return offer
    session = agreement.terms["session"]
    side, rooms = _side(hearing, person), request.app.state.parts.line_rooms
    answer = await rooms.offer(test.id, side, offer, session, login_id=signed.login.id)
    if isinstance(answer, messages.Answered):
        return Response(answer.sdp, 201, media_type="application/sdp")
    return problem(REFUSED.get(answer.code, 422), answer.code, answer.text)


async def report(request: Request) -> Response:
    """POST the measurements of the page as JSON. 201; the second report decides the result of the test."""
    signed, person = staff(request)
    require_token(request)
    measured = read_report(await request.body(), request.headers.get("content-type", ""))
    async with request.app.state.parts.database.transaction() as db:
        _hearing, agreement = await _both(db, request, person)
        test = await line_tests.test_of(db, agreement, request.path_params["test"])
        await line_tests.report(db, test=test, measured=measured, actor=signed.actor(), now=datetime.now(UTC))
        state = await _state(db, test)
    return JSONResponse(state, status_code=201)


async def state(request: Request) -> Response:
    """GET the progress of a test, and why the line of the own site (`fault`) or of the other (`other_fault`) fails."""
    _signed, person = staff(request)
    async with request.app.state.parts.database.reading() as db:
        hearing, agreement = await _both(db, request, person)
        test = await line_tests.test_of(db, agreement, request.path_params["test"])
        body = await _state(db, test)
    own, rooms = _side(hearing, person), request.app.state.parts.line_rooms
    for side in SIDES:
        body["fault" if side == own else "other_fault"] = rooms.fault(test.id, side)
    return JSONResponse(body)


async def _state(db: AsyncSession, test: LineTest) -> dict[str, Any]:
    reported = [row.owner_state for row in await line_tests.reports(db, test)]
    return {"reported": reported, "judged": test.judged_at is not None, "passed": test.passed}


async def _agreement(db: AsyncSession, hearing: Hearing, person: Person) -> Agreement | None:
    agreement = await agreements.running(db, hearing.id)
    return agreement if agreement is not None and await agreements.visible(db, agreement, person.owner_state) else None


async def _both(db: AsyncSession, request: Request, person: Person) -> tuple[Hearing, Agreement]:
    hearing = await queries.hearing(db, request.path_params["ref"], state=person.owner_state)
    agreement = await _agreement(db, hearing, person)
    if agreement is None:
        raise errors.AgreementMissing
    return hearing, agreement


def _side(hearing: Hearing, person: Person) -> str:
    return "requesting" if person.owner_state == hearing.requesting_state else "requested"


routes = [
    Route("/h/{ref}/test", page, methods=["GET"]),
    Route("/h/{ref}/test/begin", begin, methods=["POST"]),
    Route("/h/{ref}/test/{test}/media", media, methods=["POST"]),
    Route("/h/{ref}/test/{test}/report", report, methods=["POST"]),
    Route("/h/{ref}/test/{test}/state", state, methods=["GET"]),
]
