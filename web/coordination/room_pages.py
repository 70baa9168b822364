"""Coordination rooms of a State: listed, convened, answered, filled, agreed and closed; what is owed becomes a draft.

What is done goes through the functions that the API calls (`web.coordination.rooms_api`).
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings import errors, queries, reference
from hearings.coordination import rooms
from hearings.models import CoordinationRoom, Person
from hearings.models.coordination import RoomAnswer
from hearings.requests import requests
from hearings.sentences import tell
from hearings.texts import NOT_A_VALUE
from web.coordination import room_forms, room_views
from web.server.forms import FormError
from web.server.page_acts import Act, Endpoint, Sent, again, notice, page_act
from web.server.rendering import render
from web.server.sign_in import administrator, may_own
from web.words.court_clocks import of_person
from web.words.i18n import N_, _

RIGHT = "coordinate"
PAGE = 25
REFUSED = (errors.Invalid, errors.NotReady)
DONE = {
    "convened": N_("The room is convened. Every State invited finds it in its list."),
    "answered": N_("The answer of your State is recorded."),
    "time": N_("The time is set. The other States are asked again."),
    "agenda": N_("The agenda is saved."),
    "named": N_("Named. All States of the room see who takes part."),
    "shared": N_("Shared with all States of the room. It is no exhibit."),
    "linked": N_("The request is linked. Only your State sees that."),
    "recorded": N_("The outcome is recorded."),
    "finished": N_("The outcome is done."),
    "summarised": N_("The summary is saved. Every State says again whether it agrees."),
    "said": N_("The word of your State stands beside the summary."),
    "closed": N_("The room is closed."),
}
ANSWER = {"other_time": ("other_time", N_("Other time")), "answer": ("other_time", N_("Other time"))}
PERSON = {
    "name": ("person_name", N_("Name")),
    "authority": ("person_authority", N_("Authority")),
    "role": ("person_role", N_("Role")),
}
DOCUMENT = {
    "title": ("document_title", N_("Title")),
    "text": ("document_text", N_("Text")),
    "conditions": ("document_conditions", N_("Conditions of use")),
}
OUTCOME = {
    "kind": ("outcome_kind", N_("Kind of outcome")),
    "text": ("outcome_text", N_("What was agreed")),
    "owed_by": ("owed_by", N_("Owed by")),
    "towards": ("towards", N_("Owed to")),
    "due": ("due", N_("Due on")),
}
LINK = {"request": ("request", N_("Reference of the request"))}
SUMMARY = {"text": ("summary_text", N_("Summary of the meeting"))}
WORD = {"dissent": ("dissent", N_("Dissent"))}


# --- the list, and a new room ------------------------------------------------------------------------------------


async def listing(request: Request) -> Response:
    """The rooms to which the reader's State is invited, those it has convened among them."""
    _signed, person = administrator(RIGHT, request)
    after = request.query_params.get("after", "")
    async with request.app.state.parts.database.reading() as db:
        page = await rooms.listed(db, state=person.owner_state, after=after, limit=PAGE)
        found = [row for row, _own in page.rows]
        invited = await rooms.invited(db, found)
    context = room_views.words() | {
        "lines": room_views.listing(found, invited, of_person(person), datetime.now(UTC)),
        "answers": {row.id: own.answer for row, own in page.rows},
        "own": person.owner_state,
        "next": page.after,
        "base": "/rooms",
        "may_convene": may_own("convene_room", person),
    }
    return render(request, "rooms.html", context)


async def new(request: Request) -> Response:
    """The form for a new room; a search for times fills in States, time and length."""
    _signed, person = administrator("convene_room", request)
    query = request.query_params
    values = {name: query.get(name, "")[:40] for name in ("starts_at", "starts_at_fold", "duration")}
    return await _form(request, person, {**values, "states": query.getlist("states")}, [])


async def _form(request: Request, person: Person, values: Mapping[str, Any], wrong: list[FormError]) -> Response:
    place = of_person(person)
    others = [code for code in reference.jurisdictions() if code != person.owner_state]
    context = room_forms.convening(others, values, place[0].zone) | {
        "values": {"states": [], "languages": [], **values},
        "errors": wrong,
        "base": "/rooms",
        "own": person.owner_state,
        "place": place[0],
    }
    return render(request, "room_form.html", context, status=422 if wrong else 200)


@page_act(
    again(_form, room_forms.explained(room_forms.PLAN), room_forms.keep),
    REFUSED,
    right="convene_room",
    most=2 * room_forms.MOST_FIELDS,
)
async def convene(sent: Sent) -> str:
    """Convenes a room. Effects: those of `rooms.convene`, and of `rooms.set_agenda`."""
    plan = room_forms.plan(sent.form, of_person(sent.person)[0].zone)
    items = room_forms.agenda(sent.form)
    room = await rooms.convene(sent.db, plan=plan, **sent.by)
    await rooms.set_agenda(sent.db, room=room, items=items, **sent.by)
    return f"/rooms/{room.ref}?done=convened"


# --- one room ----------------------------------------------------------------------------------------------------


async def show(request: Request) -> Response:
    """One room, as the reader's State sees it, with its next step."""
    _signed, person = administrator(RIGHT, request)
    return await room_page(request, person, {}, [])


async def room_page(request: Request, person: Person, values: Mapping[str, Any], wrong: list[FormError]) -> Response:
    """The page of a room; with what was typed and the errors, where a form of it was refused."""
    own = person.owner_state
    async with request.app.state.parts.database.reading() as db:
        room = await rooms.room(db, request.path_params["room"], state=own)
        file = await rooms.file(db, room, state=own)
        history = await queries.history(db, room)
    convener = room.owner_state == own
    seen: dict[str, Any] = {"state": own, "convener": convener, "own": of_person(person), "now": datetime.now(UTC)}
    context = room_views.of_room(file, history, values=values, wrong=wrong, **seen) | {
        "base": "/rooms",
        "may_draft": may_own("draft_request", person),
        "may_close": convener or room.facilitator_id is not None,
        "notice": notice(request, DONE, wrong),
    }
    return render(request, "room.html", context, status=422 if wrong else 200)


async def _room(sent: Sent) -> CoordinationRoom:
    return await rooms.room(sent.db, sent.path["room"], state=sent.state, lock=True)


def _act(inputs: Mapping[str, tuple[str, str]], most: int = 20) -> Callable[[Act], Endpoint]:
    """An act on the page of a room, which is shown again where it is refused."""
    return page_act(again(room_page, room_forms.explained(inputs)), REFUSED, right=RIGHT, most=most)


def _done(room: CoordinationRoom, done: str) -> str:
    return f"/rooms/{room.ref}?done={done}"


@_act(ANSWER)
async def answer(sent: Sent) -> str:
    """Answers the invitation of the own State. Effects: those of `rooms.answer`."""
    room = await _room(sent)
    form = sent.form
    if form.text("answer") not in set(RoomAnswer):
        raise errors.Invalid(tell(NOT_A_VALUE), "answer")
    given = RoomAnswer(form.text("answer"))
    proposes = given is RoomAnswer.proposes_other_time
    other = room_forms.wall_time(form, "other_time", of_person(sent.person)[0].zone) if proposes else None
    read = room_forms.instant(form, "read")
    await rooms.answer(sent.db, room=room, given=given, other_time=other, read=read, **sent.by)
    return _done(room, "answered")


@_act(room_forms.TIME)
async def set_time(sent: Sent) -> str:
    """Sets another time. Effects: those of `rooms.set_time`."""
    room = await _room(sent)
    starts_at, ends_at = room_forms.time(sent.form, of_person(sent.person)[0].zone)
    await rooms.set_time(sent.db, room=room, starts_at=starts_at, ends_at=ends_at, **sent.by)
    return _done(room, "time")


@_act(room_forms.AGENDA, most=room_forms.MOST_FIELDS)
async def set_agenda(sent: Sent) -> str:
    """Writes the agenda anew. Effects: those of `rooms.set_agenda`."""
    room = await _room(sent)
    await rooms.set_agenda(sent.db, room=room, items=room_forms.agenda(sent.form), **sent.by)
    return _done(room, "agenda")


@_act(PERSON)
async def name_person(sent: Sent) -> str:
    """Names somebody of the own State. Effects: those of `rooms.add_participant`."""
    room = await _room(sent)
    given: dict[str, Any] = {name: sent.form.text(field) for name, (field, _label) in PERSON.items()}
    await rooms.add_participant(sent.db, room=room, **given, **sent.by)
    return _done(room, "named")


@_act(DOCUMENT)
async def share(sent: Sent) -> str:
    """Shares a text with all States of the room. Effects: those of `rooms.share_document`."""
    room = await _room(sent)
    given: dict[str, Any] = {name: sent.form.text(field) for name, (field, _label) in DOCUMENT.items()}
    await rooms.share_document(sent.db, room=room, **given, **sent.by)
    return _done(room, "shared")


@_act(LINK)
async def link(sent: Sent) -> str:
    """Links a request of the own State. Effects: those of `rooms.link`."""
    room = await _room(sent)
    try:
        row = await queries.request(sent.db, sent.form.text("request"), state=sent.state)
    except errors.NotFound:
        raise errors.Invalid(_("Your State has no request with this reference."), "request") from None
    await rooms.link(sent.db, room=room, request=row, **sent.by)
    return _done(room, "linked")


# --- what comes of it --------------------------------------------------------------------------------------------


@_act(OUTCOME)
async def record(sent: Sent) -> str:
    """Records an outcome. Effects: those of `rooms.add_outcome`."""
    room = await _room(sent)
    given: dict[str, Any] = {name: sent.form.text(field) for name, (field, _label) in OUTCOME.items()}
    await rooms.add_outcome(sent.db, room=room, **given | {"due": room_forms.day(sent.form, "due")}, **sent.by)
    return _done(room, "recorded")


@_act({})
async def finish(sent: Sent) -> str:
    """Says that the own State has done what it owes. Effects: those of `rooms.finish_outcome`."""
    room = await _room(sent)
    owed = await rooms.owed(sent.db, room=room, outcome_id=sent.path["outcome"], actor=sent.actor)
    await rooms.finish_outcome(sent.db, room=room, outcome=owed, **sent.by)
    return _done(room, "finished")


@_act({})
async def draft(sent: Sent) -> str:
    """Drafts the request that the own State owes. Effects: those of `requests.draft` and `rooms.finish_outcome`."""
    room = await _room(sent)
    owed = await rooms.owed(sent.db, room=room, outcome_id=sent.path["outcome"], actor=sent.actor)
    made = await requests.draft(sent.db, requested_state=owed.towards, **sent.by)
    await rooms.finish_outcome(sent.db, room=room, outcome=owed, request=made, **sent.by)
    return f"/requests/{made.reference}"


@_act(SUMMARY)
async def summarise(sent: Sent) -> str:
    """Writes the summary anew. Effects: those of `rooms.summarise`."""
    room = await _room(sent)
    await rooms.summarise(sent.db, room=room, text=sent.form.text("summary_text"), **sent.by)
    return _done(room, "summarised")


@_act(WORD)
async def say(sent: Sent) -> str:
    """Agrees to the summary for the own State, or puts its dissent beside it. Effects: those of `rooms.agree`."""
    room = await _room(sent)
    form = sent.form
    dissents = form.text("word") == "dissents"
    if dissents and not form.text("dissent"):
        raise errors.Invalid(_("Say from what your State dissents."), "dissent")
    dissent = form.text("dissent") if dissents else ""
    await rooms.agree(sent.db, room=room, dissent=dissent, read=form.text("read"), **sent.by)
    return _done(room, "said")


@_act({})
async def close(sent: Sent) -> str:
    """Closes the room. Effects: those of `rooms.close`."""
    room = await _room(sent)
    await rooms.close(sent.db, room=room, **sent.by)
    return _done(room, "closed")


routes = [
    Route("/rooms", listing, methods=["GET"]),
    Route("/rooms", convene, methods=["POST"]),
    Route("/rooms/new", new, methods=["GET"]),
    Route("/rooms/{room}", show, methods=["GET"]),
    Route("/rooms/{room}/answer", answer, methods=["POST"]),
    Route("/rooms/{room}/time", set_time, methods=["POST"]),
    Route("/rooms/{room}/agenda", set_agenda, methods=["POST"]),
    Route("/rooms/{room}/people", name_person, methods=["POST"]),
    Route("/rooms/{room}/documents", share, methods=["POST"]),
    Route("/rooms/{room}/requests", link, methods=["POST"]),
    Route("/rooms/{room}/outcomes", record, methods=["POST"]),
    Route("/rooms/{room}/outcomes/{outcome}/done", finish, methods=["POST"]),
    Route("/rooms/{room}/outcomes/{outcome}/draft", draft, methods=["POST"]),
    Route("/rooms/{room}/summary", summarise, methods=["POST"]),
    Route("/rooms/{room}/word", say, methods=["POST"]),
    Route("/rooms/{room}/close", close, methods=["POST"]),
]
