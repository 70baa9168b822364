"""The network test of a person in a hearing: days before, from the hearing's page or by the joining link (`OWN_TEST`,
where camera and microphone are checked too), or in the lobby; its page, and the requests of its island. The lines are
made in a room of the person's own (`web.live.line_rooms`).
"""

import uuid
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, cast

import msgspec
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hearings import queries
from hearings.actors import Actor
from hearings.agreement import network_tests, room_rules
from hearings.errors import NotFound, NotReady
from hearings.hearing.links import OVER
from hearings.models import Hearing, NetworkTest, Participant
from hearings.sentences import tell
from hearings.texts import HEARING_OVER
from media import messages
from web.hearing import network_words
from web.hearing.island_requests import problem, read_offer, read_report
from web.live.line_rooms import SIDES
from web.live.relays import OF_A_TEST
from web.server import view_log as shown
from web.server.rendering import messages_url, render
from web.server.sign_in import OWN_TEST, SignedIn, require_token, seat, signed_in
from web.words import court_clocks

REFUSED: dict[str, int] = {"media_restarting": 503, "busy": 503}
ROOMS = uuid.UUID("6f0a3f43-2f6c-4f0a-9a43-6b1d6d6f7a51")
"""Namespace of the ids of rooms: each login has one."""


async def _place(db: AsyncSession, request: Request, signed: SignedIn) -> tuple[Hearing, Participant | None]:
    """The hearing, and the seat in it of who asks, if any. Raises `NotFound` alike for unknown and foreign hearings,
    and to staff for the test of an invited person."""
    ref = request.path_params.get("ref")
    if signed.person is None:
        return await seat(db, signed, ref or cast(Hearing, signed.hearing).ref)
    if ref is None:
        raise NotFound
    hearing = await queries.hearing(db, ref, state=signed.person.owner_state)
    try:
        return hearing, await queries.seat_of(db, hearing_id=hearing.id, person_id=signed.person.id)
    except NotFound:
        return hearing, None


async def page(request: Request) -> Response:
    """The latest test of who asks in words, what to open, earlier tests; for staff, who else has tested and how."""
    signed, parts = signed_in(request), request.app.state.parts
    async with parts.database.reading() as db:
        hearing, me = await _place(db, request, signed)
        shown.add(request, hearing)
        session = (await room_rules.of_hearing(db, hearing)).session
        actor = signed.actor(me)
        own = await network_tests.tests(db, hearing, actor_id=actor.id)
        everybody = await network_tests.tests(db, hearing) if signed.person else []
        people = await queries.in_office(db, hearing.id) if signed.person else []
    needed = network_tests.need(session)
    context: dict[str, Any] = {
        "hearing": hearing,
        "report": network_words.report(own[0].measured, needed) if own else None,
        "own": own,
        "earlier": [(row, network_words.report(row.measured, needed)) for row in own[1:]],
        "others": _others(people, everybody, needed),
        "openings": network_words.openings(parts.settings),
        "places": court_clocks.own_first(court_clocks.of_hearing(hearing), actor.state),
        "config": {"ref": hearing.ref, "devices": False, "csrf": request.scope["csrf"]}
        | {"messages_url": messages_url("network")}
        | _agreed(session),
    }
    return render(request, "network.html", context)


async def own_page(request: Request) -> Response:
    """The test of an invited person before the lobby opens: their own results, the date of the hearing, and nothing
    else of it."""
    signed, parts = signed_in(request), request.app.state.parts
    async with parts.database.reading() as db:
        hearing, me = await _place(db, request, signed)
        session = (await room_rules.of_hearing(db, hearing)).session
        own = await network_tests.tests(db, hearing, actor_id=signed.actor(me).id)
    needed = network_tests.need(session)
    context: dict[str, Any] = {
        "report": network_words.report(own[0].measured, needed) if own else None,
        "own": own,
        "earlier": [(row, network_words.report(row.measured, needed)) for row in own[1:]],
        "openings": network_words.openings(parts.settings),
        "starts_at": hearing.starts_at,
        "places": court_clocks.own_first(court_clocks.of_hearing(hearing), signed.actor(me).state),
        "config": {"ref": "", "base": OWN_TEST, "devices": True, "csrf": request.scope["csrf"]}
        | {"messages_url": messages_url("network")}
        | _agreed(session),
    }
    return render(request, "own_test.html", context)


def _agreed(session: Any) -> dict[str, Any]:
    names = ("height", "fps", "video_kbps", "audio_kbps")
    return {"agreed": {name: session[name] for name in names}} if session else {}


def _others(
    people: Sequence[Participant], tests: Sequence[NetworkTest], needed: network_tests.LineNeed
) -> list[tuple[str, str, NetworkTest | None, network_words.NetworkReport | None]]:
    """For staff: everybody of the hearing with the newest test, those without one too; and staff without a seat."""
    newest = network_tests.latest_by_person(tests)
    seats = {row.participant_id: row for row in newest if row.participant_id}
    rows = [(person.display_name, person.state, seats.get(person.id)) for person in people]
    rows += [(row.actor_label, row.owner_state, row) for row in newest if row.participant_id is None]
    return [
        (name, state, row, network_words.report(row.measured, needed) if row else None) for name, state, row in rows
    ]


async def begin(request: Request) -> Response:
    """POST: the relays for a test, and what the picture is to be like."""
    signed, parts = signed_in(request), request.app.state.parts
    require_token(request)
    async with parts.database.reading() as db:
        hearing, _me = await _place(db, request, signed)
        if hearing.status in OVER:
            raise NotReady(tell(HEARING_OVER))
        session = (await room_rules.of_hearing(db, hearing)).session
    servers = msgspec.to_builtins(parts.relays.servers(signed.login.id, lifetime=OF_A_TEST))
    return JSONResponse({"ice_servers": servers, **_agreed(session)}, 201)


async def media(request: Request) -> Response:
    """POST an offer (application/sdp) for one of the two lines of a test, get the answer: 201."""
    signed, parts = signed_in(request), request.app.state.parts
    require_token(request)
    side = request.path_params["side"]
    if side not in SIDES:
        raise NotFound
    async with parts.database.reading() as db:
        hearing, _me = await _place(db, request, signed)
        session = (await room_rules.of_hearing(db, hearing)).session
    offer = await read_offer(request)
    if not isinstance(offer, str):
        return offer
    answer = await parts.network_rooms.offer(_room(signed), side, offer, session, login_id=signed.login.id)
    if isinstance(answer, messages.Answered):
        return Response(answer.sdp, 201, media_type="application/sdp")
    return problem(REFUSED.get(answer.code, 422), answer.code, answer.text)


async def report(request: Request) -> Response:
    """POST what the page has measured; the answer says it in words. Effects: those of `network_tests.report`."""
    signed, parts = signed_in(request), request.app.state.parts
    require_token(request)
    measured = read_report(await request.body(), request.headers.get("content-type", ""))
    async with parts.database.transaction() as db:
        hearing, me = await _place(db, request, signed)
        session = (await room_rules.of_hearing(db, hearing)).session
        actor: Actor = signed.actor(me)
        row = await network_tests.report(
            db, hearing=hearing, participant=me, session=session, measured=measured, actor=actor, now=datetime.now(UTC)
        )
    await parts.network_rooms.end(_room(signed))
    words = network_words.report(row.measured, network_tests.need(session))
    return JSONResponse({"verdict": row.verdict, **asdict(words)}, 201)


def _room(signed: SignedIn) -> str:
    return str(uuid.uuid5(ROOMS, signed.login.id))


routes = [
    Route("/h/{ref}/network", page),
    Route("/h/{ref}/network/begin", begin, methods=["POST"]),
    Route("/h/{ref}/network/media/{side}", media, methods=["POST"]),
    Route("/h/{ref}/network/report", report, methods=["POST"]),
    Route(OWN_TEST, own_page),
    Route(f"{OWN_TEST}/begin", begin, methods=["POST"]),
    Route(f"{OWN_TEST}/media/{{side}}", media, methods=["POST"]),
    Route(f"{OWN_TEST}/report", report, methods=["POST"]),
]
