"""Coordination rooms of a facilitator: those it has convened, with time and agenda; no request and no document."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings import queries
from hearings.coordination import facilitators, rooms
from hearings.models import CoordinationRoom, Facilitator, Person
from hearings.roles import NO_STATE
from web.coordination import room_forms, room_views
from web.coordination.room_pages import DONE, PAGE, REFUSED
from web.server.forms import FormError
from web.server.page_acts import Sent, again, notice, page_act
from web.server.rendering import render
from web.server.sign_in import staff
from web.words.court_clocks import of_person

BASE = "/facilitation/rooms"


def _facilitator(request: Request) -> Person:
    """The facilitator who sent this request. Raises 401; 403 for members of staff."""
    _signed, person = staff(request)
    if not facilitators.is_facilitator(person):
        raise HTTPException(403, "not_allowed")
    return person


async def listing(request: Request) -> Response:
    """The rooms that the reader has convened."""
    person = _facilitator(request)
    signed, _person = staff(request)
    now, after = datetime.now(UTC), request.query_params.get("after", "")
    async with request.app.state.parts.database.reading() as db:
        own = await facilitators.of_person(db, person.id)
        page = await rooms.convened(db, facilitator=own, actor=signed.actor(), now=now, after=after, limit=PAGE)
        invited = await rooms.invited(db, page.rows)
    context = room_views.words() | {
        "lines": room_views.listing(page.rows, invited, of_person(person), now),
        "answers": None,
        "own": "",
        "next": page.after,
        "base": BASE,
        "may_convene": True,
    }
    return render(request, "rooms.html", context)


async def new(request: Request) -> Response:
    """The form for a new room of States that the reader covers."""
    query = request.query_params
    values = {name: query.get(name, "")[:40] for name in ("starts_at", "starts_at_fold", "duration")}
    return await _form(request, _facilitator(request), {**values, "states": query.getlist("states")}, [])


async def _form(request: Request, person: Person, values: Mapping[str, Any], wrong: list[FormError]) -> Response:
    place = of_person(person)
    async with request.app.state.parts.database.reading() as db:
        own = await facilitators.of_person(db, person.id)
    facilitators.require_in_force(own, now=datetime.now(UTC))
    context = room_forms.convening(own.states, values, place[0].zone) | {
        "values": {"states": [], "languages": [], **values},
        "errors": wrong,
        "base": BASE,
        "own": "",
        "place": place[0],
    }
    return render(request, "room_form.html", context, status=422 if wrong else 200)


@page_act(
    again(_form, room_forms.explained(room_forms.PLAN), room_forms.keep), REFUSED, most=2 * room_forms.MOST_FIELDS
)
async def convene(sent: Sent) -> str:
    """Convenes a room of States that the sender covers. Effects: those of `rooms.convene` and `rooms.set_agenda`."""
    own = await _own(sent)
    plan = room_forms.plan(sent.form, of_person(sent.person)[0].zone)
    items = room_forms.agenda(sent.form)
    room = await rooms.convene(sent.db, plan=plan, facilitator=own, **sent.by)
    await rooms.set_agenda(sent.db, room=room, items=items, facilitator=own, **sent.by)
    return f"{BASE}/{room.ref}?done=convened"


async def show(request: Request) -> Response:
    """One room that the reader has convened, with its next step."""
    return await _page(request, _facilitator(request), {}, [])


async def _page(request: Request, person: Person, values: Mapping[str, Any], wrong: list[FormError]) -> Response:
    signed, _person = staff(request)
    now = datetime.now(UTC)
    async with request.app.state.parts.database.reading() as db:
        own = await facilitators.of_person(db, person.id)
        ref = request.path_params["room"]
        room = await rooms.convened_room(db, ref, facilitator=own, actor=signed.actor(), now=now)
        file = await rooms.file(db, room, state=NO_STATE)
        history = await queries.history(db, room)
    seen: dict[str, Any] = {"state": NO_STATE, "convener": True, "own": of_person(person), "now": now}
    context = room_views.of_room(file, history, values=values, wrong=wrong, **seen) | {
        "base": BASE,
        "may_draft": False,
        "may_close": True,
        "notice": notice(request, DONE, wrong),
    }
    return render(request, "room.html", context, status=422 if wrong else 200)


async def _own(sent: Sent) -> Facilitator:
    if not facilitators.is_facilitator(sent.person):
        raise HTTPException(403, "not_allowed")
    return await facilitators.of_person(sent.db, sent.person.id)


async def _room(sent: Sent, own: Facilitator) -> CoordinationRoom:
    return await rooms.convened_room(sent.db, sent.path["room"], facilitator=own, lock=True, **sent.by)


@page_act(again(_page, room_forms.explained(room_forms.TIME)), REFUSED)
async def set_time(sent: Sent) -> str:
    """Sets another time. Effects: those of `rooms.set_time`."""
    own = await _own(sent)
    room = await _room(sent, own)
    starts_at, ends_at = room_forms.time(sent.form, of_person(sent.person)[0].zone)
    await rooms.set_time(sent.db, room=room, starts_at=starts_at, ends_at=ends_at, facilitator=own, **sent.by)
    return f"{BASE}/{room.ref}?done=time"


@page_act(again(_page, room_forms.explained(room_forms.AGENDA)), REFUSED, most=room_forms.MOST_FIELDS)
async def set_agenda(sent: Sent) -> str:
    """Writes the agenda anew. Effects: those of `rooms.set_agenda`."""
    own = await _own(sent)
    room = await _room(sent, own)
    await rooms.set_agenda(sent.db, room=room, items=room_forms.agenda(sent.form), facilitator=own, **sent.by)
    return f"{BASE}/{room.ref}?done=agenda"


@page_act(again(_page), REFUSED)
async def close(sent: Sent) -> str:
    """Closes the room. Effects: those of `rooms.close`."""
    own = await _own(sent)
    room = await _room(sent, own)
    await rooms.close(sent.db, room=room, facilitator=own, **sent.by)
    return f"{BASE}/{room.ref}?done=closed"


routes = [
    Route(BASE, listing, methods=["GET"]),
    Route(BASE, convene, methods=["POST"]),
    Route(f"{BASE}/new", new, methods=["GET"]),
    Route(f"{BASE}/{{room}}", show, methods=["GET"]),
    Route(f"{BASE}/{{room}}/time", set_time, methods=["POST"]),
    Route(f"{BASE}/{{room}}/agenda", set_agenda, methods=["POST"]),
    Route(f"{BASE}/{{room}}/close", close, methods=["POST"]),
]
