"""Requests of one State to another: list, draft, what the legal gate says, and the answers of both sides."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from babel import Locale
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hearings import errors, queries, reference, requests
from hearings.actors import Actor
from hearings.models import HearingRequest, Person
from hearings.models.request import Capacity
from hearings.permissions import may_staff
from hearings.status import RequestStatus
from web import forms, places, terms
from web.actors import staff
from web.forms import Form, FormError
from web.i18n import N_, _, current, language_here, state_name
from web.rendering import render

R = RequestStatus
PAGE = 25
TEXTS = (
    "requesting_authority",
    "requested_authority",
    "case_number",
    "person_name",
    "capacity",
    "offence_summary",
    "reason_no_attendance",
    "reason_text",
    "language_of_person",
    "language_of_court",
    "language_of_request",
)
LISTS = ("offence_scope", "instruments")
ANSWERS = ("offence_serious", "offence_transnational", "offence_organised")
ANSWER = {"yes": True, "no": False, "": None}


async def listing(request: Request) -> Response:
    """The requests this State has made and received, newest first."""
    _signed, person = staff(request)
    side = request.query_params.get("side", "")
    outgoing = {"out": True, "in": False}.get(side)
    async with request.app.state.parts.database.reading() as db:
        page = await queries.requests(
            db,
            state=person.owner_state,
            outgoing=outgoing,
            after=request.query_params.get("after", ""),
            limit=PAGE,
        )
    context: dict[str, Any] = {"rows": page.rows, "next": page.after, "side": side, "own": person.owner_state}
    context["may_request"] = "clerk" in person.functions
    context["places_of"] = lambda row: places.own_first(
        places.of_states(row.requesting_state, row.requested_state), person.owner_state
    )
    return render(request, "requests.html", context)


# --- drafting ----------------------------------------------------------------------------------------------------


def _options(person: Person, requested_state: str = "") -> dict[str, Any]:
    """What the choices of the form offer, in the language of the page."""
    tags = {tag for one in reference.jurisdictions().values() for tag in one.accepted_languages} | set(terms.LANGUAGES)
    languages = sorted(((tag, language_here(tag)) for tag in tags), key=lambda pair: pair[1].casefold())
    states = [(code, f"{code} {state_name(code)}") for code in reference.jurisdictions() if code != person.owner_state]
    accepted = reference.jurisdiction(requested_state).accepted_languages if requested_state else ()
    return {
        "language_options": languages,
        "state_options": sorted(states, key=lambda pair: pair[1][3:].casefold()),
        "capacity_options": [(one.value, terms.capacity(one)) for one in Capacity],
        "instrument_options": [(key, reference.instruments()[key]["name"]) for key in terms.INSTRUMENTS],
        "scope_options": [(key, _(text)) for key, text in terms.SCOPES.items()],
        "reason_options": [(key, _(text)) for key, text in terms.REASONS.items()],
        "answer_options": [("", _("Not answered yet")), ("yes", _("Yes")), ("no", _("No"))],
        "accepted": ", ".join(language_here(tag) for tag in accepted),
    }


def _values(row: HearingRequest) -> dict[str, Any]:
    """A draft as the form shows it."""
    shown: dict[str, Any] = {name: str(getattr(row, name) or "") for name in TEXTS}
    for name in ANSWERS:
        shown[name] = {True: "yes", False: "no", None: ""}[getattr(row, name)]
    for name in LISTS:
        shown[name] = list(getattr(row, name))
    return shown


def _fields(form: Form) -> dict[str, Any]:
    """A form as `hearings.requests` takes it."""
    fields: dict[str, Any] = {name: form.text(name) for name in TEXTS if name in form}
    for name in ANSWERS:
        if name in form:
            if form.text(name) not in ANSWER:
                raise errors.Invalid("Not one of the values this field takes", name)
            fields[name] = ANSWER[form.text(name)]
    if "lists" in form:
        fields |= {name: form.all(name) for name in LISTS}
    return fields


def _form_page(
    request: Request, person: Person, values: Mapping[str, Any], wrong: list[FormError], row: HearingRequest | None
) -> Response:
    target = row.requested_state if row else str(values.get("requested_state", ""))
    known = target if target in reference.jurisdictions() else ""
    context = {"values": values, "errors": wrong, "row": row} | _options(person, known)
    return render(request, "request_form.html", context, status=422 if wrong else 200)


def _kept(form: Form) -> dict[str, Any]:
    return dict(form.first) | {name: form.all(name) for name in LISTS}


async def new_page(request: Request) -> Response:
    """An empty draft."""
    _signed, person = staff(request)
    _require("draft_request", person, person.owner_state, "")
    values = {"language_of_request": "en", "requested_state": ""}
    return _form_page(request, person, values, [], None)


async def create(request: Request) -> Response:
    """Keep a new draft. Effects: adds the request."""
    signed, person = staff(request)
    form = await forms.read(request)
    _require("draft_request", person, person.owner_state, "")
    if form.text("requested_state") not in reference.jurisdictions():
        wrong = [FormError("requested_state", _("Choose the State you ask."))]
        return _form_page(request, person, _kept(form), wrong, None)
    try:
        async with request.app.state.parts.database.transaction() as db:
            row = await requests.draft(
                db,
                requested_state=form.text("requested_state"),
                fields={key: value for key, value in _fields(form).items() if value or not key.endswith("_authority")},
                actor=signed.actor(),
                now=datetime.now(UTC),
            )
    except errors.Invalid as error:
        return _form_page(request, person, _kept(form), [forms.explain(error, terms.field_labels())], None)
    return RedirectResponse(f"/requests/{row.reference}", 303)


async def edit_page(request: Request) -> Response:
    """A draft, to be changed."""
    _signed, person = staff(request)
    async with request.app.state.parts.database.reading() as db:
        row = await _find(db, request, person)
    _require("draft_request", person, row.requesting_state, row.requested_state)
    if row.status is not R.draft:
        raise errors.NotReady("Only a draft can be changed")
    return _form_page(request, person, _values(row), [], row)


async def edit(request: Request) -> Response:
    """Keep the changes of a draft. Effects: the fields sent."""
    signed, person = staff(request)
    form = await forms.read(request)
    async with request.app.state.parts.database.reading() as db:
        row = await _find(db, request, person)
    try:
        async with request.app.state.parts.database.transaction() as db:
            locked = await _find(db, request, person, lock=True)
            await requests.update(db, request=locked, fields=_fields(form), actor=signed.actor(), now=datetime.now(UTC))
    except errors.Invalid as error:
        return _form_page(request, person, _kept(form), [forms.explain(error, terms.field_labels())], row)
    return RedirectResponse(f"/requests/{row.reference}", 303)


async def _find(db: Any, request: Request, person: Person, *, lock: bool = False) -> HearingRequest:
    return await queries.request(db, request.path_params["reference"], state=person.owner_state, lock=lock)


def _require(action: str, person: Person, requesting: str, requested: str) -> None:
    if not _may(action, person, requesting, requested):
        raise errors.NotAllowed("not for this person")


def _may(action: str, person: Person, requesting: str, requested: str) -> bool:
    functions = frozenset(person.functions)
    return may_staff(
        action, functions, own_state=person.owner_state, requesting_state=requesting, requested_state=requested
    ).allowed


# --- one request -------------------------------------------------------------------------------------------------

Act = Callable[[Any, HearingRequest, Form, Actor, datetime], Awaitable[None]]


@dataclass(frozen=True)
class Action:
    """One button of the request's page: who may, when, what it asks, what it does."""

    name: str
    right: str
    statuses: frozenset[RequestStatus]
    button: str
    act: Act
    asks: str = ""
    """Label of the text it needs; empty when it needs none."""
    ground: bool = False
    kind: str = "second"
    done: str = N_("Done.")


async def _submit(db: Any, row: HearingRequest, form: Form, actor: Actor, now: datetime) -> None:
    await requests.submit(db, request=row, actor=actor, now=now)


async def _acknowledge(db: Any, row: HearingRequest, form: Form, actor: Actor, now: datetime) -> None:
    await requests.acknowledge(db, request=row, actor=actor, now=now)


async def _accept(db: Any, row: HearingRequest, form: Form, actor: Actor, now: datetime) -> None:
    await requests.accept(db, request=row, actor=actor, now=now)


async def _conditions(db: Any, row: HearingRequest, form: Form, actor: Actor, now: datetime) -> None:
    await requests.accept_with_conditions(db, request=row, conditions=form.text("text"), actor=actor, now=now)


async def _ask(db: Any, row: HearingRequest, form: Form, actor: Actor, now: datetime) -> None:
    await requests.ask_information(db, request=row, question=form.text("text"), actor=actor, now=now)


async def _answer(db: Any, row: HearingRequest, form: Form, actor: Actor, now: datetime) -> None:
    await requests.answer_information(db, request=row, answer=form.text("text"), actor=actor, now=now)


async def _postpone(db: Any, row: HearingRequest, form: Form, actor: Actor, now: datetime) -> None:
    await requests.postpone(db, request=row, reasons=form.text("text"), actor=actor, now=now)


async def _again(db: Any, row: HearingRequest, form: Form, actor: Actor, now: datetime) -> None:
    await requests.take_up_again(db, request=row, actor=actor, now=now)


async def _refuse(db: Any, row: HearingRequest, form: Form, actor: Actor, now: datetime) -> None:
    await requests.refuse(db, request=row, ground=form.text("ground"), reasons=form.text("text"), actor=actor, now=now)


async def _withdraw(db: Any, row: HearingRequest, form: Form, actor: Actor, now: datetime) -> None:
    await requests.withdraw(db, request=row, reason=form.text("text"), actor=actor, now=now)


async def _close(db: Any, row: HearingRequest, form: Form, actor: Actor, now: datetime) -> None:
    await requests.close(db, request=row, reason=form.text("text"), actor=actor, now=now)


REVIEW = frozenset({R.under_review})
OPEN = frozenset(
    {R.draft, R.submitted, R.received, R.under_review, R.information_requested, R.postponed}
    | {R.accepted, R.accepted_with_conditions}
)
ACTIONS: dict[str, Action] = {
    one.name: one
    for one in (
        Action("submit", "submit_request", frozenset({R.draft}), N_("Submit the request"), _submit, kind=""),
        Action("acknowledge", "acknowledge_request", frozenset({R.received}), N_("Acknowledge"), _acknowledge, kind=""),
        Action("accept", "answer_request", REVIEW, N_("Accept"), _accept, kind=""),
        Action("conditions", "answer_request", REVIEW, N_("Accept with conditions"), _conditions, N_("Conditions")),
        Action("ask", "answer_request", REVIEW, N_("Ask for information"), _ask, N_("Your question")),
        Action("postpone", "answer_request", REVIEW, N_("Postpone"), _postpone, N_("Reasons")),
        Action("again", "answer_request", frozenset({R.postponed}), N_("Take up again"), _again, kind=""),
        Action("refuse", "answer_request", REVIEW, N_("Refuse"), _refuse, N_("Reasons"), ground=True, kind="danger"),
        Action(
            "answer",
            "answer_information",
            frozenset({R.information_requested}),
            N_("Answer the question"),
            _answer,
            N_("Your answer"),
            kind="",
        ),
        Action("withdraw", "withdraw_request", OPEN, N_("Withdraw"), _withdraw, N_("Reason"), kind="danger"),
        Action(
            "close",
            "withdraw_request",
            frozenset({R.executing, R.executed}),
            N_("File the request as closed"),
            _close,
            N_("Reason"),
        ),
    )
}


async def show(request: Request) -> Response:
    """One request: its answers, what the gate says, what may be done, what has happened."""
    _signed, person = staff(request)
    return await _page(request, person, {}, [], "")


async def act(request: Request) -> Response:
    """Do one of `ACTIONS`. Effects: those of the function named there."""
    signed, person = staff(request)
    form = await forms.read(request)
    action = ACTIONS.get(request.path_params["action"])
    if action is None:
        raise HTTPException(404, "not_found")
    try:
        async with request.app.state.parts.database.transaction() as db:
            row = await _find(db, request, person, lock=True)
            await action.act(db, row, form, signed.actor(), datetime.now(UTC))
    except errors.GateNotMet as error:
        wrong = [FormError("gate", text) for text in error.missing]
        return await _page(request, person, form.first, wrong, action.name)
    except errors.Invalid as error:
        name = {"reason": "text", "ground": "ground"}.get(error.field, "text")
        if error.field == "ground":
            wrong = [FormError(f"{action.name}-ground", _("Choose a ground of refusal."))]
        elif "characters are needed" in str(error) or "empty" in str(error):
            wrong = [
                FormError(f"{action.name}-{name}", _("Write at least a few words: the other State will read them."))
            ]
        else:
            wrong = [FormError(f"{action.name}-{name}", forms.explain(error).text)]
        return await _page(request, person, form.first, wrong, action.name)
    return RedirectResponse(f"/requests/{row.reference}?done={action.name}", 303)


async def _page(
    request: Request, person: Person, values: Mapping[str, str], wrong: list[FormError], opened: str
) -> Response:
    now = datetime.now(UTC)
    async with request.app.state.parts.database.reading() as db:
        row = await _find(db, request, person)
        history = await queries.history(db, row)
        hearings = await queries.hearings_of_request(db, row.id)
    gate = (
        row.gate_result
        or requests.evaluate(row, now=now, instruments=tuple(row.instruments) or terms.INSTRUMENTS).as_json()
    )
    allowed = [
        action
        for action in ACTIONS.values()
        if row.status in action.statuses and _may(action.right, person, row.requesting_state, row.requested_state)
    ]
    done = ACTIONS.get(request.query_params.get("done", ""))
    context = {
        "row": row,
        "gate": gate,
        "gate_is_draft": row.gate_result is None,
        "blockers": requests.blockers(row, now=now) if row.status is R.draft else [],
        "history": history,
        "hearings": hearings,
        "actions": allowed,
        "opened": opened,
        "values": values,
        "errors": wrong,
        "notice": _(done.done) if done and not wrong else None,
        "places": places.own_first(places.of_states(row.requesting_state, row.requested_state), person.owner_state),
        "grounds": [(code, terms.ground(code)) for code in reference.enums()["refusal_code"]],
        "terms": terms,
        "english": current.get().tag == "en",
        "may_edit": row.status is R.draft and _may("draft_request", person, row.requesting_state, row.requested_state),
        "may_propose": row.status in (R.accepted, R.accepted_with_conditions, R.executing)
        and _may("propose_hearing", person, row.requesting_state, row.requested_state),
        "locale": Locale.parse(current.get().locale),
    }
    return render(request, "request.html", context, status=422 if wrong else 200)


routes = [
    Route("/requests", listing),
    Route("/requests/new", new_page, methods=["GET"]),
    Route("/requests/new", create, methods=["POST"]),
    Route("/requests/{reference}", show),
    Route("/requests/{reference}/edit", edit_page, methods=["GET"]),
    Route("/requests/{reference}/edit", edit, methods=["POST"]),
    Route("/requests/{reference}/act/{action}", act, methods=["POST"]),
]
