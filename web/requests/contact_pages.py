"""What the two authorities said to one another about a request: recorded consultations, and the informal thread."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hearings import errors, reference
from hearings.models import Person
from hearings.requests import consultations, informal
from web.requests.access import find, may_on
from web.server import forms, wall_fields
from web.server.forms import Form, FormError
from web.server.rendering import render
from web.server.sign_in import staff
from web.words import places, terms
from web.words.i18n import _


async def consulted(request: Request) -> Response:
    """The consultations on record."""
    _signed, person = staff(request)
    return await _consultations(request, person, {}, [])


async def _consultations(
    request: Request, person: Person, values: Mapping[str, str], wrong: list[FormError]
) -> Response:
    async with request.app.state.parts.database.reading() as db:
        row = await find(db, request, person)
        rows = await consultations.of_request(db, row.id)
    context = {
        "row": row,
        "consultations": rows,
        "values": values,
        "errors": wrong,
        "notice": _("The consultation is recorded.") if request.query_params.get("done") and not wrong else None,
        "may_record": row.submitted_at is not None and may_on("record_consultation", person, row),
        "ways": terms.options("way"),
        "twice": wall_fields.doubled(values, ["held_at"], reference.jurisdiction(person.owner_state).default_zone),
        "places": places.own_first(places.of_states(row.requesting_state, row.requested_state), person.owner_state),
        "terms": terms,
    }
    return render(request, "request_consultations.html", context, status=422 if wrong else 200)


def _held_at(form: Form, state: str, now: datetime) -> datetime:
    return wall_fields.read(form, "held_at", reference.jurisdiction(state).default_zone) or now


async def record(request: Request) -> Response:
    """Record a consultation that was held. Effects: those of `consultations.record`."""
    signed, person = staff(request)
    form = await forms.read(request)
    now = datetime.now(UTC)
    try:
        async with request.app.state.parts.database.transaction() as db:
            row = await find(db, request, person, lock=True)
            await consultations.record(
                db,
                request=row,
                held_at=_held_at(form, person.owner_state, now),
                way=form.text("way"),
                with_whom=form.text("with_whom"),
                subject=form.text("subject"),
                outcome=form.text("outcome"),
                actor=signed.actor(),
                now=now,
            )
    except errors.Invalid as error:
        texts: dict[str, Any] = {
            "way": _("Say how you consulted."),
            "held_at": _("Give a time after the submission that has been."),
            "with_whom": _("Say with whom."),
            "subject": _("Say in a few words what it was about."),
            "outcome": _("Say in a few words what came of it."),
        }
        clocks_say = wall_fields.explained(error, _("When"))
        text = clocks_say or forms.explain(error, terms.field_labels()).text
        if not clocks_say and "cannot be shown" not in str(error) and "Too long" not in str(error):
            text = texts.get(error.field, text)
        return await _consultations(request, person, form.first, [FormError(error.field, text)])
    return RedirectResponse(f"/requests/{row.reference}/consultations?done=1", 303)


async def thread(request: Request) -> Response:
    """The informal thread, newest first."""
    _signed, person = staff(request)
    return await _thread(request, person, {}, [])


async def _thread(request: Request, person: Person, values: Mapping[str, str], wrong: list[FormError]) -> Response:
    async with request.app.state.parts.database.reading() as db:
        row = await find(db, request, person)
        page = await informal.thread(db, row.id, before=request.query_params.get("before", "")[:36], limit=25)
    context = {
        "row": row,
        "lines": page.rows,
        "next": page.after,
        "values": values,
        "errors": wrong,
        "may_write": row.submitted_at is not None and may_on("write_informally", person, row),
        "places": places.own_first(places.of_states(row.requesting_state, row.requested_state), person.owner_state),
        "terms": terms,
    }
    return render(request, "request_informal.html", context, status=422 if wrong else 200)


async def write(request: Request) -> Response:
    """Write in the informal thread. Effects: those of `informal.write`."""
    signed, person = staff(request)
    form = await forms.read(request)
    try:
        async with request.app.state.parts.database.transaction() as db:
            row = await find(db, request, person)
            await informal.write(db, request=row, text=form.text("text"), actor=signed.actor(), now=datetime.now(UTC))
    except errors.Invalid as error:
        wrong = [FormError("text", forms.explain(error, terms.field_labels()).text)]
        return await _thread(request, person, form.first, wrong)
    return RedirectResponse(f"/requests/{row.reference}/informal", 303)


routes = [
    Route("/requests/{reference}/consultations", consulted, methods=["GET"]),
    Route("/requests/{reference}/consultations", record, methods=["POST"]),
    Route("/requests/{reference}/informal", thread, methods=["GET"]),
    Route("/requests/{reference}/informal", write, methods=["POST"]),
]
