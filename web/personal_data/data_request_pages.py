"""Requests of people about their data: what was recorded, what an erasure would take and leave, the decision, and the
text of the answer."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings import errors
from hearings.models import Person
from hearings.models.history import DataAsked, DataOutcome
from hearings.personal_data import data_requests, data_table
from hearings.personal_data.data_requests import StayingRows
from hearings.sentences import tell
from web.personal_data import report_pages
from web.server.forms import Form, FormError
from web.server.page_acts import Sent, again, explained, notice, page_act
from web.server.rendering import render
from web.server.sign_in import administrator, may_own, staff
from web.words import court_clocks
from web.words.i18n import N_, _
from web.words.sentences import translated

RIGHT, DECIDES = "report_personal_data", "decide_data_request"
KINDS = {
    DataAsked.erasure: N_("Erasure"),
    DataAsked.rectification: N_("Correction"),
    DataAsked.restriction: N_("Restriction"),
}
OUTCOMES = {
    DataOutcome.granted: ("ok", N_("Done")),
    DataOutcome.partly: ("info", N_("Done in part")),
    DataOutcome.refused: ("warn", N_("Refused")),
}
LABELS = {
    **{name: report_pages.LABELS[name] for name in ("ref", "name", "identity")},
    "kind": N_("What is asked for"),
    "asked": N_("What the person asks, in your words"),
    "received_on": N_("Received on"),
    "reason": N_("Reasons"),
}
DONE = {
    "recorded": N_("The request is recorded. Another person decides on it."),
    "decided": N_("The request is decided. The text of the answer is below."),
}


def _reader(request: Request) -> Person:
    """Whoever records requests or decides on them. Raises as `administrator`."""
    _signed, person = staff(request)
    _signed, person = administrator(RIGHT if may_own(RIGHT, person) else DECIDES, request)
    return person


async def listing(request: Request) -> Response:
    """The requests of this State, and the form to record one."""
    person = _reader(request)
    return await _listing(request, person, {}, [])


async def _listing(request: Request, person: Person, values: Mapping[str, Any], wrong: list[FormError]) -> Response:
    async with request.app.state.parts.database.reading() as db:
        page = await data_requests.of_state(db, state=person.owner_state, after=request.query_params.get("after", ""))
    context = {
        "rows": page.rows,
        "next": page.after,
        "kinds": [(kind.value, _(text)) for kind, text in KINDS.items()],
        "kind": lambda row: _(KINDS[row.kind]),
        "chip": lambda made: (OUTCOMES[made.outcome][0], _(OUTCOMES[made.outcome][1])),
        "records": may_own(RIGHT, person),
        "labels": {name: _(text) for name, text in LABELS.items()},
        "places": court_clocks.of_person(person),
        "values": values,
        "errors": wrong,
        "notice": notice(request, DONE, wrong),
    }
    return render(request, "data_requests.html", context, status=422 if wrong else 200)


def _day(form: Form) -> date | None:
    try:
        return date.fromisoformat(form.text("received_on"))
    except ValueError:
        return None


@page_act(again(_listing, explained(LABELS)), right=RIGHT)
async def record(sent: Sent) -> str:
    """Records a request. Effects: those of `data_requests.record`."""
    form = sent.form
    given: dict[str, Any] = {name: form.text(name) for name in ("kind", "ref", "name", "asked", "identity")}
    row = await data_requests.record(sent.db, **given, received_on=_day(form), **sent.by)
    return f"/personal-data/requests/{row.id}?done=recorded"


async def show(request: Request) -> Response:
    """One request: what would be erased and what stays, or what was decided."""
    person = _reader(request)
    return await _page(request, person, {}, [])


async def _page(request: Request, person: Person, values: Mapping[str, Any], wrong: list[FormError]) -> Response:
    async with request.app.state.parts.database.reading() as db:
        row, made = await data_requests.look(db, request.path_params["request"], state=person.owner_state)
        weighed = await data_requests.weigh(db, row) if made is None and row.kind is DataAsked.erasure else None
    rules = data_table.rules()
    erasable = {name: len(ids) for name, ids in weighed.ids.items() if ids} if weighed else made.erased if made else {}
    stays = weighed.stays if weighed else [StayingRows(**each) for each in made.stays] if made else []
    context = {
        "row": row,
        "made": made,
        "kind": _(KINDS[row.kind]),
        "chip": (OUTCOMES[made.outcome][0], _(OUTCOMES[made.outcome][1])) if made else None,
        "erased": [(_(rules[name].title), rows) for name, rows in erasable.items() if name in rules],
        "stays": [(_(one.what), _(one.why), one.rows, one.provision) for one in stays],
        "letter": [(translated(text), provision) for text, provision in data_requests.letter(row, made)]
        if made
        else [],
        "decides": may_own(DECIDES, person) and row.recorded_by != person.id,
        "labels": {name: _(text) for name, text in LABELS.items()},
        "places": court_clocks.of_person(person),
        "values": values,
        "errors": wrong,
        "notice": notice(request, DONE, wrong),
    }
    return render(request, "data_request.html", context, status=422 if wrong else 200)


@page_act(again(_page, explained(LABELS)), right=DECIDES)
async def decide(sent: Sent) -> str:
    """Decides on a request. Effects: those of `data_requests.decide`."""
    if sent.form.text("carry_out") not in ("yes", "no"):
        raise errors.Invalid(tell("Choose whether it is carried out"), "carry_out")
    name = sent.path["request"]
    await data_requests.decide(
        sent.db,
        request_id=name,
        carry_out=sent.form.text("carry_out") == "yes",
        reason=sent.form.text("reason"),
        **sent.by,
    )
    return f"/personal-data/requests/{name}?done=decided"


routes = [
    Route("/personal-data/requests", listing, methods=["GET"]),
    Route("/personal-data/requests", record, methods=["POST"]),
    Route("/personal-data/requests/{request}", show, methods=["GET"]),
    Route("/personal-data/requests/{request}", decide, methods=["POST"]),
]
