"""Line tests between the two sites of an agreement: the page, and what its island asks for."""

from datetime import UTC, datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hearings import errors, queries
from hearings.agreement import agreements, line_tests, profiles
from hearings.models import Agreement, Hearing, LineTest, Person
from hearings.permissions import may_staff
from hearings.sentences import tell
from media import messages
from web import strict_json
from web.hearing.access import find
from web.live.line_rooms import SIDES
from web.server.rendering import render
from web.server.sign_in import require_token, staff
from web.words import places, technical as technical_words
from web.words.i18n import _, current

REPORT_LIMIT = 16_384
SECONDS = 26
"""How long a page measures: every tone is played twice in it."""
REFUSED: dict[str, int] = {"media_restarting": 503, "busy": 503}


async def page(request: Request) -> Response:
    """What was measured, and the island that measures."""
    _signed, person = staff(request)
    async with request.app.state.parts.database.reading() as db:
        hearing = await find(db, request, person)
        agreement = await _agreement(db, hearing, person)
        tests = await line_tests.tests(db, agreement) if agreement else []
        good = agreement is not None and await line_tests.good(db, agreement, hearing)
        reported = {test.id: [one.owner_state for one in await line_tests.reports(db, test)] for test in tests}
    signed_terms = agreement is not None and agreement.status in agreements.SIGNED
    context: dict[str, Any] = {
        "hearing": hearing,
        "agreement": agreement if signed_terms else None,
        "good": good,
        "days": line_tests.valid_for().days,
        "tests": [(test, reported[test.id], _told(test)) for test in tests],
        "places": places.own_first(places.of_hearing(hearing), person.owner_state),
        "may_test": signed_terms and _may(hearing, person),
        "config": None,
    }
    if agreement is not None and signed_terms:
        session = agreement.terms["session"]
        context["config"] = {
            "ref": hearing.ref,
            "csrf": request.scope["csrf"],
            "messages_url": f"/catalogue/{current.get().tag}.json",
            "tones": profiles.table()["line_test"]["tones_hz"],
            "seconds": SECONDS,
            "agreed": {name: session[name] for name in ("height", "fps", "video_kbps", "audio_kbps")},
        }
    return render(request, "line_test.html", context)


def _told(test: LineTest) -> list[tuple[str, str, str, str, tuple[str, str]]]:
    """Item, side, measured, limit and chip of each finding."""
    found = []
    for one in test.findings:
        chip = ("ok", _("Passed")) if one["passed"] else ("rec", _("Not passed"))
        if one["limit"] is None:
            chip = ("plain", _("Measured only") if one["measured"] is not None else _("Not judged"))
        limit = "–" if one["limit"] is None else f"{one['limit']:g}"
        item = technical_words.named(technical_words.FINDINGS, one["item"])
        side = technical_words.named(technical_words.SIDES, one["side"])
        measured = _("not measured") if one["measured"] is None else f"{one['measured']:g}"
        found.append((item, side, measured, limit, chip))
    return found


async def begin(request: Request) -> Response:
    """POST: begin a test, or join the one the other site has begun. 201 with its id."""
    signed, person = staff(request)
    require_token(request)
    async with request.app.state.parts.database.transaction() as db:
        hearing, agreement = await _both(db, request, person)
        test = await line_tests.begin(db, agreement=agreement, actor=signed.actor(), now=datetime.now(UTC))
    return JSONResponse({"test": test.id, "side": _side(hearing, person)}, status_code=201)


async def media(request: Request) -> Response:
    """POST an offer (application/sdp), get the answer: 201. Problems as for the offer of a hearing."""
    signed, person = staff(request)
    require_token(request)
    async with request.app.state.parts.database.reading() as db:
        hearing, agreement = await _both(db, request, person)
        test = await line_tests.test_of(db, agreement, request.path_params["test"])
    if not _may(hearing, person):
        raise errors.NotAllowed(tell("Line tests are for clerks, judges and authorities"))
    if test.judged_at is not None or datetime.now(UTC) - test.begun_at > line_tests.OPEN_FOR:
        raise errors.NotReady(tell("This test is over: begin a new one"))
    if request.headers.get("content-type", "").split(";")[0].strip() != "application/sdp":
        return _problem(415, "unsupported_media_type", "send the offer as application/sdp")
    try:
        offer = (await request.body()).decode("ascii")
    except UnicodeDecodeError:
        return _problem(422, "malformed_offer", "the offer is not ASCII text")
    if len(offer) > 65_536:
        return _problem(413, "too_large", "an offer has at most 64 KiB")
    session = agreement.terms["session"]
    side, rooms = _side(hearing, person), request.app.state.parts.line_rooms
    answer = await rooms.offer(test.id, side, offer, session, login_id=signed.login.id)
    if isinstance(answer, messages.Answered):
        return Response(answer.sdp, 201, media_type="application/sdp")
    return _problem(REFUSED.get(answer.code, 422), answer.code, answer.text)


async def report(request: Request) -> Response:
    """POST what the page has measured, as JSON. 201; with the second report the test is judged."""
    signed, person = staff(request)
    require_token(request)
    measured = _read(await request.body(), request.headers.get("content-type", ""))
    async with request.app.state.parts.database.transaction() as db:
        _hearing, agreement = await _both(db, request, person)
        test = await line_tests.test_of(db, agreement, request.path_params["test"])
        await line_tests.report(db, test=test, measured=measured, actor=signed.actor(), now=datetime.now(UTC))
        state = await _state(db, test)
    return JSONResponse(state, status_code=201)


async def state(request: Request) -> Response:
    """GET how far a test is, and why the line of the own site (`fault`) or the other (`other_fault`) cannot be made."""
    _signed, person = staff(request)
    async with request.app.state.parts.database.reading() as db:
        hearing, agreement = await _both(db, request, person)
        test = await line_tests.test_of(db, agreement, request.path_params["test"])
        found = await _state(db, test)
    own, rooms = _side(hearing, person), request.app.state.parts.line_rooms
    for side in SIDES:
        found["fault" if side == own else "other_fault"] = rooms.fault(test.id, side)
    return JSONResponse(found)


async def _state(db: AsyncSession, test: LineTest) -> dict[str, Any]:
    reported = [one.owner_state for one in await line_tests.reports(db, test)]
    return {"reported": reported, "judged": test.judged_at is not None, "passed": test.passed}


def _read(body: bytes, kind: str) -> dict[str, Any]:
    if kind.split(";")[0].strip() != "application/json" or len(body) > REPORT_LIMIT:
        raise errors.Invalid(tell("A report is JSON of at most 16 KiB"), "")
    try:
        found = strict_json.parse(body)
    except ValueError as error:
        raise errors.Invalid(tell("A report is JSON"), "") from error
    if not isinstance(found, dict):
        raise errors.Invalid(tell("A report is a JSON object"), "")
    return found


async def _agreement(db: AsyncSession, hearing: Hearing, person: Person) -> Agreement | None:
    found = await agreements.running(db, hearing.id)
    return found if found is not None and await agreements.visible(db, found, person.owner_state) else None


async def _both(db: AsyncSession, request: Request, person: Person) -> tuple[Hearing, Agreement]:
    hearing = await queries.hearing(db, request.path_params["ref"], state=person.owner_state)
    agreement = await _agreement(db, hearing, person)
    if agreement is None:
        raise errors.AgreementMissing
    return hearing, agreement


def _side(hearing: Hearing, person: Person) -> str:
    return "requesting" if person.owner_state == hearing.requesting_state else "requested"


def _may(hearing: Hearing, person: Person) -> bool:
    return may_staff(
        "test_line",
        frozenset(person.functions),
        own_state=person.owner_state,
        requesting_state=hearing.requesting_state,
        requested_state=hearing.requested_state,
    ).allowed


def _problem(status: int, code: str, detail: str) -> JSONResponse:
    body = {"type": f"about:blank#{code}", "title": code, "status": status, "code": code, "detail": detail}
    return JSONResponse(body, status, media_type="application/problem+json")


routes = [
    Route("/h/{ref}/test", page, methods=["GET"]),
    Route("/h/{ref}/test/begin", begin, methods=["POST"]),
    Route("/h/{ref}/test/{test}/media", media, methods=["POST"]),
    Route("/h/{ref}/test/{test}/report", report, methods=["POST"]),
    Route("/h/{ref}/test/{test}/state", state, methods=["GET"]),
]
