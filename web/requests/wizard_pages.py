"""The wizard a clerk drafts a request with: seven short pages, each saved by itself, and one that checks the whole."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hearings import errors, reference
from hearings.hearing import law_on_the_day
from hearings.law import glossary, law
from hearings.models import HearingRequest, Person
from hearings.requests import priority, requests, translations
from hearings.sentences import tell
from hearings.status import RequestStatus
from web.requests import steps
from web.requests.access import find, require
from web.server import forms
from web.server.forms import Form, FormError, read
from web.server.rendering import render
from web.server.sign_in import staff
from web.words import terms
from web.words.i18n import _, language_here, listed, state_name


def _page(
    request: Request,
    person: Person,
    step: steps.Step,
    known: law.Law,
    shown: Mapping[str, Any],
    wrong: list[FormError],
    row: HearingRequest | None,
    *,
    differs: list[tuple[str, str, str]] | None = None,
    status: int = 0,
) -> Response:
    other = row.requested_state if row else str(shown.get("requested_state", ""))
    other = other if other in reference.jurisdictions() else ""
    kinds = {one.kind for one in step.inputs}
    accepted = reference.jurisdiction(other).accepted_languages if other else ()
    states = [(code, f"{code} {state_name(code)}") for code in reference.jurisdictions() if code != person.owner_state]
    languages = [shown.get("language_of_request") or "", shown.get("language_of_court") or "", *accepted]
    context = {
        "row": row,
        "step": step,
        "steps": steps.STEPS,
        "number": [one.slug for one in steps.STEPS].index(step.slug) + 1,
        "values": shown,
        "errors": wrong,
        "differs": differs or [],
        "version": row.version if row else 0,
        "options": {
            kind: steps.options(
                kind,
                own=person.owner_state,
                other=other,
                law=known,
                chosen=str(shown.get(steps.ZONE_OF.get(kind, ""), "")),
            )
            for kind in kinds
        },
        "state_options": sorted(states, key=lambda pair: pair[1][3:].casefold()),
        "accepted": listed(language_here(tag) for tag in accepted),
        "glossary": glossary.beside(languages),
        "terms": terms,
        "slots": steps.lines(shown),
        "twice": steps.doubled(shown),
    }
    return render(request, "request_step.html", context, status=status or (422 if wrong else 200))


async def new_page(request: Request) -> Response:
    """The first page of a new request."""
    _signed, person = staff(request)
    require("draft_request", person, person.owner_state, "")
    zone = reference.jurisdiction(person.owner_state).default_zone
    shown = {"requested_state": "", "channel": "central_authority", "moment_zone": zone}
    return _page(request, person, steps.STEPS[0], law.LAW, shown, [], None)


async def create(request: Request) -> Response:
    """Keep a new draft. Effects: adds the request."""
    signed, person = staff(request)
    form = await read(request)
    require("draft_request", person, person.owner_state, "")
    step = steps.STEPS[0]
    async with request.app.state.parts.database.reading() as db:
        known = await law.current(db)
    values, wrong = _checked(form, step, known, None)
    if form.text("requested_state") not in reference.jurisdictions():
        wrong.insert(0, FormError("requested_state", _("Choose the State you ask.")))
    if wrong:
        return _page(request, person, step, known, steps.typed(form), wrong, None)
    # An authority left empty is the central one; `hearings.requests.requests` knows which.
    given = {name: value for name, value in values.items() if value or not name.endswith("_authority")}
    try:
        async with request.app.state.parts.database.transaction() as db:
            row = await requests.draft(
                db,
                requested_state=form.text("requested_state"),
                fields=given,
                actor=signed.actor(),
                now=datetime.now(UTC),
            )
    except errors.Invalid as error:
        return _page(request, person, step, known, steps.typed(form), [_explained(error)], None)
    return RedirectResponse(_next(row, step, form), 303)


def _checked(
    form: Form, step: steps.Step, known: law.Law, row: HearingRequest | None
) -> tuple[dict[str, Any], list[FormError]]:
    values, wrong = steps.fields(form, step if "lists" in form else None, law=known, row=row)
    text = _("This form holds a field that does not exist. Nothing was changed.")
    return values, wrong + [FormError("", text) for _name in steps.unknown(form)[:1]]


def _explained(error: errors.Invalid) -> FormError:
    if error.field == "requested_state":
        return FormError(error.field, _("A State asks another State, not itself."))
    return forms.explain(error, terms.field_labels())


def _next(row: HearingRequest, step: steps.Step, form: Form) -> str:
    if form.text("next") == "exit":
        return f"/requests/{row.reference}"
    following = steps.after(step.slug)
    return f"/requests/{row.reference}/{'check' if following == 'check' else f'edit/{following}'}"


async def edit_start(request: Request) -> Response:
    """The first page of a draft."""
    _signed, person = staff(request)
    async with request.app.state.parts.database.reading() as db:
        row = await find(db, request, person)
    return RedirectResponse(f"/requests/{row.reference}/edit/{steps.STEPS[0].slug}", 303)


def _step(request: Request) -> steps.Step:
    found = steps.BY_SLUG.get(request.path_params["step"])
    if found is None:
        raise HTTPException(404, "not_found")
    return found


async def edit_page(request: Request) -> Response:
    """One page of a draft, to be changed."""
    _signed, person = staff(request)
    step = _step(request)
    async with request.app.state.parts.database.reading() as db:
        row = await find(db, request, person)
        known = await law.current(db)
    require("draft_request", person, row.requesting_state, row.requested_state)
    if row.status is not RequestStatus.draft:
        raise errors.NotReady(tell("Only a draft can be changed"))
    return _page(request, person, step, known, steps.values(row), [], row)


async def edit(request: Request) -> Response:
    """Keep one page of a draft. Effects: the fields sent. What somebody else changed is shown beside what was typed."""
    signed, person = staff(request)
    step = _step(request)
    form = await read(request)
    async with request.app.state.parts.database.reading() as db:
        row = await find(db, request, person)
        known = await law.current(db)
    require("draft_request", person, row.requesting_state, row.requested_state)
    values, wrong = _checked(form, step, known, row)
    if wrong:
        return _page(request, person, step, known, steps.typed(form), wrong, row)
    version = form.text("version")
    try:
        async with request.app.state.parts.database.transaction() as db:
            locked = await find(db, request, person, lock=True)
            await requests.update(
                db,
                request=locked,
                fields=values,
                version=int(version) if version.isascii() and version.isdecimal() and len(version) < 9 else None,
                actor=signed.actor(),
                now=datetime.now(UTC),
            )
    except errors.Stale:
        return await _stale(request, person, step, known, form, values)
    except errors.Invalid as error:
        return _page(request, person, step, known, steps.typed(form), [_explained(error)], row)
    return RedirectResponse(_next(row, step, form), 303)


async def _stale(
    request: Request, person: Person, step: steps.Step, known: law.Law, form: Form, values: Mapping[str, Any]
) -> Response:
    """The page again with what was typed, and beside it what somebody else has saved."""
    async with request.app.state.parts.database.reading() as db:
        row = await find(db, request, person)
    mine = HearingRequest(
        **{name: getattr(row, name) for name in ("owner_state", "reference", "created_by", "created_at")}
    )
    for name, value in requests.read_fields(values, law=known).items():
        setattr(mine, name, value)
    differs = [
        (terms.label(name), steps.in_words(row, name) or "–", steps.in_words(mine, name) or "–")
        for name in values
        if getattr(mine, name) != getattr(row, name)
    ]
    text = _("Somebody else has changed this draft since you opened it. Compare, then save again.")
    return _page(
        request, person, step, known, steps.typed(form), [FormError("", text)], row, differs=differs, status=409
    )


async def check(request: Request) -> Response:
    """The last page: paragraph 15 letter by letter, every legal basis, the priority, and the button that submits."""
    _signed, person = staff(request)
    now = datetime.now(UTC)
    async with request.app.state.parts.database.reading() as db:
        row = await find(db, request, person)
        known = await law.current(db)
        found = tuple(await translations.of_request(db, row.id))
        held = await law_on_the_day.held(db, row, now=now)
    require("draft_request", person, row.requesting_state, row.requested_state)
    context = {
        "row": row,
        "completeness": requests.complete(row, found),
        "blockers": requests.blockers(row, now=now, law=known),
        "gate": requests.evaluate(row, now=now, held=held, law=known).as_json(),
        "score": priority.score(row, on=now.date()),
        "step_of": steps.STEP_OF,
        "steps": steps.STEPS,
        "terms": terms,
    }
    return render(request, "request_check.html", context)


routes = [
    Route("/requests/new", new_page, methods=["GET"]),
    Route("/requests/new", create, methods=["POST"]),
    Route("/requests/{reference}/edit", edit_start, methods=["GET"]),
    Route("/requests/{reference}/edit/{step}", edit_page, methods=["GET"]),
    Route("/requests/{reference}/edit/{step}", edit, methods=["POST"]),
    Route("/requests/{reference}/check", check),
]
