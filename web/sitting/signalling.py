"""How a live page connects: a ticket, the offer by POST, and the WebSocket. The logic is in the conductor.

The cookie authenticates the request; the ticket carries this over to the WebSocket in its first message, so that no
secret is part of an address. A ticket is used once, within a minute.
"""

import asyncio
import time
from datetime import UTC, datetime

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from hearings.actors import participant_actor
from hearings.errors import LobbyClosed, NotFound
from hearings.models import Participant
from hearings.people import logins
from hearings.permissions import require
from media import messages
from web.hearing.island_requests import problem, read_offer
from web.live.conductor import Conductor
from web.live.connections import receive
from web.logins import TICKET_SECONDS, Ticket
from web.parts import Parts
from web.server.sign_in import require_token, seat, signed_in
from web.words.i18n import current

HELLO_SECONDS = 10

REFUSED: dict[str, int] = {"media_restarting": 503, "stale_generation": 409, "not_seated": 409}
"""HTTP status of a refused offer by code; 422 for all others, where the session description cannot be used."""


async def _seat(request: Request) -> tuple[Conductor, Participant, str]:
    """The caller's seat in the hearing of the address. Raises `NotFound` for a hearing or seat that is not theirs,
    `LobbyClosed` when the hearing is not live, `ConductedElsewhere` when it may be, at another process."""
    signed = signed_in(request)
    require_token(request)
    parts: Parts = request.app.state.parts
    async with parts.database.reading() as db:
        hearing, me = await seat(db, signed, request.path_params["ref"])
    parts.conductors.require()
    conductor = parts.conductors.get(hearing.id)
    if conductor is None:
        raise LobbyClosed
    return conductor, me, signed.login.id


async def ticket(request: Request) -> Response:
    """POST: a ticket for the WebSocket. 409 when the lobby is not open."""
    conductor, me, login_id = await _seat(request)
    text = request.app.state.parts.conductors.tickets.give(
        Ticket(conductor.hearing_id, me.id, login_id, time.monotonic() + TICKET_SECONDS)
    )
    return JSONResponse({"ticket": text}, status_code=201)


async def media(request: Request) -> Response:
    """POST an offer (application/sdp), get the answer: 201. Problems: 409, 415, 422, 503 with a stable code."""
    conductor, me, login_id = await _seat(request)
    offer = await read_offer(request)
    if not isinstance(offer, str):
        return offer
    try:
        generation = int(request.query_params.get("generation", ""))
    except ValueError:
        return problem(422, "malformed_offer", "generation is missing, or no number")
    answer = await conductor.media.offer(me.id, login_id, generation, offer)
    if isinstance(answer, messages.Answered):
        return Response(answer.sdp, 201, media_type="application/sdp")
    response = problem(REFUSED.get(answer.code, 422), answer.code, answer.text)
    if response.status_code == 503:
        response.headers["retry-after"] = "1"
    return response


async def packets(request: Request) -> Response:
    """GET which participant received whose packets since the media worker started, for those who may see line
    statistics."""
    parts: Parts = request.app.state.parts
    async with parts.database.reading() as db:
        hearing, me = await seat(db, signed_in(request), request.path_params["ref"])
    require("line_statistics", participant_actor(me))
    parts.conductors.require()
    conductor = parts.conductors.get(hearing.id)
    if conductor is None:
        raise LobbyClosed
    return Response(msgspec.json.encode(await conductor.media.count_packets()), media_type="application/json")


async def connect(websocket: WebSocket) -> None:
    """The WebSocket of a live page. Its first message says hello with a ticket; the origin must be our own."""
    parts: Parts = websocket.app.state.parts
    await websocket.accept()
    try:
        async with asyncio.timeout(HELLO_SECONDS):
            hello = await receive(websocket)
    except (TimeoutError, WebSocketDisconnect):
        return
    redeemed = parts.conductors.tickets.take(hello.ticket) if isinstance(hello, messages.Hello) else None
    conductor = parts.conductors.get(redeemed.hearing_id) if redeemed else None
    if parts.conductors.conducting.stands_by:
        await websocket.close(1013)  # try again later
        return
    if redeemed is None or conductor is None or not isinstance(hello, messages.Hello):
        await websocket.close(4401)
        return
    try:
        await conductor.join(websocket, redeemed.participant_id, redeemed.login_id, current.get().tag, hello)
    except NotFound:
        await websocket.close(4401)
    else:
        # Time in the hearing is not idle time: the login goes on in other pages afterwards, unless it has ended.
        async with parts.database.transaction() as db:
            await logins.keep_awake(db, login_ids=[redeemed.login_id], now=datetime.now(UTC))


routes = [
    Route("/h/{ref}/ticket", ticket, methods=["POST"]),
    Route("/h/{ref}/media", media, methods=["POST"]),
    Route("/h/{ref}/packets", packets),
    WebSocketRoute("/h/{ref}/ws", connect),
]
