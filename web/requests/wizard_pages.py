"""The form in which a clerk drafts a request: seven short pages, each saved by itself, and a last page that checks the
request as a whole."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from hearings import errors, reference
from hearings.hearing import law_on_the_day
from hearings.law import glossary, law
from hearings.law.handling.possible import impossible
from hearings.lint import linting
from hearings.models import HearingRequest, Person
from hearings.models.request_parts import AnsweredWith
from hearings.requests import gate_answers, priority, requests, sending, translations
from hearings.requests.fields import FIELDS, Values
from hearings.sentences import tell
from hearings.status import RequestStatus
from web.requests import authorities, steps
from web.requests.access import find, require
from web.requests.acts import ACTIONS
from web.server import forms
from web.server.forms import Form, FormError, read
from web.server.rendering import render
from web.server.sign_in import may_on, staff
from web.words import court_clocks, labels
from web.words.i18n import _, clock, language_here, listed, ngettext, state_name


async def _page(
    request: Request,
    person: Person,
    step: steps.Step,
    known: law.Law,
    values: Mapping[str, Any],
    wrong: list[FormError],
    row: HearingRequest | None,
    *,
    differs: list[tuple[str, str, str]] | None = None,
    status: int = 0,
) -> Response:
    other = row.requested_state if row else str(values.get("requested_state", ""))
    other = other if other in reference.jurisdictions() else ""
    accepted = reference.jurisdiction(other).accepted_languages if other else ()
    listed_there = await authorities.listed_in(request, other, row, values) if step.slug == "authorities" else None
    states = [(code, f"{code} {state_name(code)}") for code in reference.jurisdictions() if code != person.owner_state]
    languages = [values.get("language_of_request") or "", values.get("language_of_court") or "", *accepted]
    context = {
        "row": row,
        "step": step,
        "steps": steps.STEPS,
        "number": [each.slug for each in steps.STEPS].index(step.slug) + 1,
        "values": values,
        "errors": wrong,
        "differs": differs or [],
        "version": row.version if row else 0,
        "options": {
            field.name: steps.options(field.kind, own=person.owner_state, other=other, law=known, shown=values, row=row)
            for field in step.inputs
        },
        "state_options": sorted(states, key=lambda pair: pair[1][3:].casefold()),
        "listed_there": listed_there,
        "instrument_name": reference.instrument_name,
        "accepted": listed(language_here(tag) for tag in accepted),
        "glossary": glossary.beside(languages),
        "without_words": listed(language_here(tag) for tag in glossary.missing(languages)),
        "terms": labels,
        "slots": steps.lines(values),
        "progress": steps.progress(row, known) if row else [],
        "conditions": {field.name: steps.condition(field) for field in step.inputs if field.asked_if},
        "not_offered": steps.not_offered(row, known) if row and step.slug == "basis" else [],
        "asked": step.asked(row, known),
        "warnings": steps.closed_days(row, known) if row and step.slug == "arrangements" else [],
        "twice": steps.doubled(values),
    }
    return render(request, "request_step.html", context, status=status or (422 if wrong else 200))


async def new_page(request: Request) -> Response:
    """The first page of a new request."""
    _signed, person = staff(request)
    require("draft_request", person, person.owner_state, "")
    zone = reference.jurisdiction(person.owner_state).default_zone
    values = {"requested_state": "", "channel": "central_authority", "moment_zone": zone}
    async with request.app.state.parts.database.reading() as db:
        known = await law.current(db)
    return await _page(request, person, steps.STEPS[0], known, values, [], None)


async def create(request: Request) -> Response:
    """Saves a new draft. Effects: adds the request."""
    signed, person = staff(request)
    form = await read(request)
    require("draft_request", person, person.owner_state, "")
    step = steps.STEPS[0]
    async with request.app.state.parts.database.reading() as db:
        known = await law.current(db)
    values, wrong = _checked(form, step, known, None)
    if form.text("requested_state") not in reference.jurisdictions():
        wrong.insert(0, FormError("requested_state", _("Choose the requested State.")))
    if wrong:
        return await _page(request, person, step, known, steps.typed(form), wrong, None)
    try:
        async with request.app.state.parts.database.transaction() as db:
            row = await requests.draft(
                db,
                requested_state=form.text("requested_state"),
                fields=values,
                actor=signed.actor(),
                now=datetime.now(UTC),
            )
    except errors.Invalid as error:
        return await _page(request, person, step, known, steps.typed(form), [_explained(error)], None)
    return RedirectResponse(_next(row, step, form), 303)


def _checked(
    form: Form, step: steps.Step, known: law.Law, row: HearingRequest | None
) -> tuple[Values, list[FormError]]:
    values, wrong = steps.fields(form, step if "lists" in form else None, law=known, row=row)
    text = _("This form contains an unknown field. Nothing was changed.")
    return values, wrong + [FormError("", text) for _name in steps.unknown(form)[:1]]


def _explained(error: errors.Invalid) -> FormError:
    if error.field == "requested_state":
        return FormError(error.field, _("A State cannot send a request to itself."))
    return forms.explain(error, labels.field_labels())


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
    step = steps.BY_SLUG.get(request.path_params["step"])
    if step is None:
        raise HTTPException(404, "not_found")
    return step


async def edit_page(request: Request) -> Response:
    """One page of a draft as a form."""
    _signed, person = staff(request)
    step = _step(request)
    async with request.app.state.parts.database.reading() as db:
        row = await find(db, request, person)
        known = await law.current(db)
    require("draft_request", person, row.requesting_state, row.requested_state)
    if row.status is not RequestStatus.draft:
        raise errors.NotReady(tell("Only a draft can be changed"))
    return await _page(request, person, step, known, steps.values(row), [], row)


async def edit(request: Request) -> Response:
    """Saves one page of a draft. Effects: sets the fields sent. If somebody else has changed a field meanwhile, nothing
    is saved and both values are displayed."""
    signed, person = staff(request)
    step = _step(request)
    form = await read(request)
    async with request.app.state.parts.database.reading() as db:
        row = await find(db, request, person)
        known = await law.current(db)
    require("draft_request", person, row.requesting_state, row.requested_state)
    values, wrong = _checked(form, step, known, row)
    wrong += [_explained(error) for error in impossible(row, values, known, datetime.now(UTC))]
    if wrong:
        return await _page(request, person, step, known, steps.typed(form), wrong, row)
    try:
        async with request.app.state.parts.database.transaction() as db:
            locked = await find(db, request, person, lock=True)
            await requests.update(
                db,
                request=locked,
                fields=values,
                version=_version(form),
                actor=signed.actor(),
                now=datetime.now(UTC),
            )
    except errors.Stale:
        return await _stale(request, person, step, known, form, values)
    except errors.Invalid as error:
        return await _page(request, person, step, known, steps.typed(form), [_explained(error)], row)
    return RedirectResponse(_next(row, step, form), 303)


async def autosave(request: Request) -> Response:
    """Saves what is valid of a page of a draft while it is filled in, and refuses nothing: an invalid value leaves what
    was saved before. Answers in JSON when it was saved, and the new version. Effects: those of `requests.save`.
    """
    signed, person = staff(request)
    step = _step(request)
    form = await read(request)
    now = datetime.now(UTC)
    async with request.app.state.parts.database.reading() as db:
        row = await find(db, request, person)
        known = await law.current(db)
    require("draft_request", person, row.requesting_state, row.requested_state)
    values, wrong = _checked(form, step, known, row)
    values = Values({name: value for name, value in values.items() if FIELDS[name].step == step.slug})
    refused = impossible(row, values, known, now)
    for error in refused:
        values.pop(error.field, None)
    try:
        async with request.app.state.parts.database.transaction() as db:
            locked = await find(db, request, person, lock=True)
            version = _version(form)
            if version is None:
                raise errors.Stale(0, locked.version)
            left = await requests.save(
                db, request=locked, fields=values, version=version, actor=signed.actor(), now=now
            )
            version = locked.version
    except errors.Stale:
        text = _("Not saved: somebody else has changed this draft. Press “Save and continue” to compare.")
        return JSONResponse({"code": "stale", "text": text}, 409)
    except errors.NotReady:
        return JSONResponse({"code": "not_ready", "text": _("Not saved: this request is no longer a draft.")}, 409)
    place = court_clocks.of_person(person)[0]
    text = _("Saved {time} {city}").format(time=clock(now, place.zone), city=place.city)
    if missed := len({error.field for error in wrong} | {error.field for error in refused} | set(left)):
        more = ngettext(
            "{n} field is not saved yet: it is checked when you continue.",
            "{n} fields are not saved yet: they are checked when you continue.",
            missed,
        ).format(n=missed)
        text = f"{text}. {more}"
    return JSONResponse({"version": version, "text": text})


def _version(form: Form) -> int | None:
    """The version of the draft that the form was displayed with; None where it names none."""
    version = form.text("version")
    return int(version) if version.isascii() and version.isdecimal() and len(version) < 9 else None


async def _stale(
    request: Request, person: Person, step: steps.Step, known: law.Law, form: Form, values: Values
) -> Response:
    """Renders the page again with the values typed, beside the values somebody else has saved."""
    async with request.app.state.parts.database.reading() as db:
        row = await find(db, request, person)
    mine = HearingRequest(
        **{name: getattr(row, name) for name in ("owner_state", "reference", "created_by", "created_at")}
    )
    for name, value in values.items():
        setattr(mine, name, value)
    differs = [
        (labels.label(name), steps.in_words(row, name) or "–", steps.in_words(mine, name) or "–")
        for name in values
        if getattr(mine, name) != getattr(row, name)
    ]
    if not differs:  # what was typed is what is saved: by an autosave whose answer did not arrive
        return RedirectResponse(_next(row, step, form), 303)
    text = _("Somebody else has changed this draft since you opened it. Compare, then save again.")
    return await _page(
        request, person, step, known, steps.typed(form), [FormError("", text)], row, differs=differs, status=409
    )


async def check(request: Request) -> Response:
    """The last page: the letters of paragraph 15, every legal basis, the priority, and the button that submits the
    request."""
    _signed, person = staff(request)
    now = datetime.now(UTC)
    texts = request.app.state.parts.file_texts
    async with request.app.state.parts.database.reading() as db:
        row = await find(db, request, person)
        known = await law.current(db)
        gathered = await linting.gather(db, row, texts)
        translated = tuple(await translations.of_request(db, row.id))
        gate = await law_on_the_day.evaluation(db, row, every=True, now=now, law=known)
    require("draft_request", person, row.requesting_state, row.requested_state)
    said = gate_answers.said_with(row, AnsweredWith.submission, state=row.requesting_state, now=now, law=known)
    open_ = gate_answers.in_the_way(row, state=row.requesting_state, now=now, law=known)
    context = {
        "row": row,
        "said": said,
        "afterwards": [one for one in open_ if one not in said],
        "completeness": requests.complete(row, translated, law=known),
        "blockers": requests.blockers(row, now=now, law=known),
        "remarks": await linting.remarks(gathered, texts, now=now),
        "gate": gate.as_json(),
        "score": priority.score(row, on=now.date()),
        "step_of": steps.step_of(),
        "late": sending.overdue(row, now=now),
        "steps": steps.STEPS,
        "progress": steps.progress(row, known),
        "submit": ACTIONS["submit"] if may_on("submit_request", person, row) else None,
        "terms": labels,
        "may_edit": "administrator" in person.functions,
    }
    return render(request, "request_check.html", context)


routes = [
    Route("/requests/new", new_page, methods=["GET"]),
    Route("/requests/new", create, methods=["POST"]),
    Route("/requests/{reference}/edit", edit_start, methods=["GET"]),
    Route("/requests/{reference}/edit/{step}", edit_page, methods=["GET"]),
    Route("/requests/{reference}/edit/{step}", edit, methods=["POST"]),
    Route("/requests/{reference}/autosave/{step}", autosave, methods=["POST"]),
    Route("/requests/{reference}/check", check),
]
