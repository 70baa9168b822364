"""Exchanges between the two authorities about a request: recorded consultations and the informal thread."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings import errors, reference
from hearings.law.handling.procedures import Duty, procedures
from hearings.models import Person
from hearings.requests import consultations
from web.requests import request_file
from web.requests.access import find
from web.server import forms, wall_fields
from web.server.forms import FormError
from web.server.page_acts import Sent, again, page_act
from web.server.rendering import render
from web.server.sign_in import may_on, staff
from web.words import labels
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
        file = await request_file.head(db, row, person)
        rows = await consultations.of_request(db, row.id)
    context = file | {
        "consultations": rows,
        "values": values,
        "errors": wrong,
        "notice": _("The consultation is recorded.") if request.query_params.get("done") and not wrong else None,
        "may_record": row.submitted_at is not None and may_on("record_consultation", person, row),
        "ways": labels.options("way"),
        "procedures": [one for one in procedures(row.instruments) if one.consultation.duty is Duty.must],
        "twice": wall_fields.doubled(values, ["held_at"], reference.jurisdiction(person.owner_state).default_zone),
        "terms": labels,
    }
    return render(request, "request_consultations.html", context, status=422 if wrong else 200)


def _not_recorded(error: errors.Invalid) -> FormError:
    texts: dict[str, Any] = {
        "way": _("State how you consulted."),
        "held_at": _("Enter a past time after the submission."),
        "with_whom": _("State with whom you consulted."),
        "subject": _("State in a few words what it was about."),
        "outcome": _("State the outcome in a few words."),
    }
    clocks_say = wall_fields.explained(error, _("When"))
    text = clocks_say or forms.explain(error, labels.field_labels()).text
    if not clocks_say and "cannot be shown" not in str(error) and "Too long" not in str(error):
        text = texts.get(error.field, text)
    return FormError(error.field, text)


@page_act(again(_consultations, _not_recorded))
async def record(sent: Sent) -> str:
    """Record a consultation that was held. Effects: those of `consultations.record`."""
    form = sent.form
    row = await find(sent.db, sent.request, sent.person, lock=True)
    await consultations.record(
        sent.db,
        request=row,
        held_at=wall_fields.read(form, "held_at", reference.jurisdiction(sent.state).default_zone) or sent.now,
        way=form.text("way"),
        with_whom=form.text("with_whom"),
        subject=form.text("subject"),
        outcome=form.text("outcome"),
        **sent.by,
    )
    return f"/requests/{row.reference}/consultations?done=1"


async def thread(request: Request) -> Response:
    """The informal thread, newest first."""
    _signed, person = staff(request)
    return await _thread(request, person, {}, [])


async def _thread(request: Request, person: Person, values: Mapping[str, str], wrong: list[FormError]) -> Response:
    async with request.app.state.parts.database.reading() as db:
        row = await find(db, request, person)
        file = await request_file.head(db, row, person)
        page = await consultations.informal_thread(db, row.id, after=request.query_params.get("before", ""), limit=25)
    context = file | {
        "lines": page.rows,
        "next": page.after,
        "values": values,
        "errors": wrong,
        "may_write": row.submitted_at is not None and may_on("write_informally", person, row),
        "terms": labels,
    }
    return render(request, "request_informal.html", context, status=422 if wrong else 200)


def _not_written(error: errors.Invalid) -> FormError:
    return FormError("text", forms.explain(error, labels.field_labels()).text)


@page_act(again(_thread, _not_written))
async def write(sent: Sent) -> str:
    """Write in the informal thread. Effects: those of `consultations.write`."""
    row = await find(sent.db, sent.request, sent.person)
    await consultations.write_informally(sent.db, request=row, text=sent.form.text("text"), **sent.by)
    return f"/requests/{row.reference}/informal"


routes = [
    Route("/requests/{reference}/consultations", consulted, methods=["GET"]),
    Route("/requests/{reference}/consultations", record, methods=["POST"]),
    Route("/requests/{reference}/informal", thread, methods=["GET"]),
    Route("/requests/{reference}/informal", write, methods=["POST"]),
]
