"""Rooms, endpoints, judges and interpreters: lists, one with its bookings, adding and changing, and the directory."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hearings import errors, queries, reference
from hearings.clocks import to_utc
from hearings.models import Booking, Person, Resource
from hearings.models.diary import ResourceKind
from hearings.permissions import may_staff
from hearings.sentences import tell
from hearings.times import bookings, queries as diary_queries, resources
from hearings.times.availability import HIDDEN
from web.server import forms
from web.server.forms import Form, FormError
from web.server.rendering import render
from web.server.sign_in import staff
from web.words import diary as diary_words, places, terms
from web.words.i18n import N_, _, language_here, pgettext

PAGE = 25
TEXTS = ("name", "city", "zone", "accreditation", "note")
ROWS = 6
"""Language pairs the form has room for."""
DONE = {
    "added": N_("It has been added and can be booked."),
    "changed": N_("The changes are kept."),
    "deactivate": N_("It is out of use: what is booked stays, nothing new is booked."),
    "activate": N_("It is in use again."),
    "block": N_("It is kept free of hearings for this time."),
    "unblock": N_("It can be booked again."),
}


def _may(person: Person) -> bool:
    return may_staff(
        "edit_resource",
        frozenset(person.functions),
        own_state=person.owner_state,
        requesting_state=person.owner_state,
        requested_state=person.owner_state,
    ).allowed


async def listing(request: Request) -> Response:
    """What this State keeps, and what others share with it."""
    _signed, person = staff(request)
    asked = request.query_params.get("kind", "")
    kind = ResourceKind(asked) if asked in set(ResourceKind) else None
    async with request.app.state.parts.database.reading() as db:
        page = await diary_queries.resources(
            db,
            state=person.owner_state,
            kind=kind,
            active=None,
            after=request.query_params.get("after", ""),
            limit=PAGE,
        )
    context = {
        "rows": page.rows,
        "next": page.after,
        "kind": asked if kind else "",
        "kinds": [(one.value, diary_words.kind(one)) for one in ResourceKind],
        "kind_of": diary_words.kind,
        "own": person.owner_state,
        "may_edit": _may(person),
    }
    return render(request, "resources.html", context)


async def directory(request: Request) -> Response:
    """Interpreters by language pair."""
    _signed, person = staff(request)
    source, target = (request.query_params.get(name, "") for name in ("source", "target"))
    async with request.app.state.parts.database.reading() as db:
        rows = await diary_queries.interpreters(db, state=person.owner_state, source=source, target=target)
        pairs = await diary_queries.pairs(db, [one.id for one in rows])
    context = {
        "rows": rows,
        "pairs": pairs,
        "languages": _languages(),
        "values": {"source": source, "target": target},
        "today": datetime.now(UTC).date(),
    }
    return render(request, "interpreters.html", context)


def _languages() -> list[tuple[str, str]]:
    tags = {tag for one in reference.jurisdictions().values() for tag in one.accepted_languages} | set(terms.LANGUAGES)
    return sorted(((tag, language_here(tag)) for tag in tags), key=lambda pair: pair[1].casefold())


# --- adding and changing -----------------------------------------------------------------------------------------


async def new_page(request: Request) -> Response:
    """An empty form."""
    _signed, person = staff(request)
    if not _may(person):
        raise errors.NotAllowed("not for this person")
    zone = reference.jurisdiction(person.owner_state).default_zone
    return _form_page(request, person, None, {"kind": "", "zone": zone, "city": person.city}, [])


async def create(request: Request) -> Response:
    """Add it. Effects: those of `resources.add`."""
    signed, person = staff(request)
    form = await forms.read(request)
    fields, wrong = _read(form)
    if form.text("kind") not in set(ResourceKind):
        wrong.append(FormError("kind", _("Choose what it is.")))
    if wrong:
        return _form_page(request, person, None, form.first, wrong)
    try:
        async with request.app.state.parts.database.transaction() as db:
            made = await resources.add(
                db,
                kind=ResourceKind(form.text("kind")),
                pairs=_pairs(form),
                actor=signed.actor(),
                now=datetime.now(UTC),
                **fields,
            )
    except errors.Invalid as error:
        return _form_page(request, person, None, form.first, [_explain(error)])
    return RedirectResponse(f"/resources/{made.resource_no}?done=added", 303)


async def edit_page(request: Request) -> Response:
    """The form with what is kept."""
    _signed, person = staff(request)
    async with request.app.state.parts.database.reading() as db:
        found = await _find(db, request, person)
        pairs = (await diary_queries.pairs(db, [found.id])).get(found.id, [])
    if found.owner_state != person.owner_state:
        raise errors.NotFound
    if not _may(person):
        raise errors.NotAllowed("not for this person")
    values = {name: str(getattr(found, name)) for name in TEXTS} | {
        "kind": found.kind.value,
        "shared": "yes" if found.shared else "",
        "accredited_until": str(found.accredited_until or ""),
    }
    for number, (source, target) in enumerate(pairs[:ROWS], start=1):
        values |= {f"source{number}": source, f"target{number}": target}
    return _form_page(request, person, found, values, [])


async def edit(request: Request) -> Response:
    """Keep the changes. Effects: those of `resources.change`."""
    signed, person = staff(request)
    form = await forms.read(request)
    fields, wrong = _read(form)
    async with request.app.state.parts.database.reading() as db:
        found = await _find(db, request, person)
    if wrong:
        return _form_page(request, person, found, form.first, wrong)
    if found.kind is not ResourceKind.interpreter:
        fields = {name: value for name, value in fields.items() if not name.startswith("accredit")}
    try:
        async with request.app.state.parts.database.transaction() as db:
            locked = await _find(db, request, person)
            await resources.change(
                db, resource=locked, fields=fields, pairs=_pairs(form), actor=signed.actor(), now=datetime.now(UTC)
            )
    except errors.Invalid as error:
        return _form_page(request, person, found, form.first, [_explain(error)])
    return RedirectResponse(f"/resources/{found.resource_no}?done=changed", 303)


def _read(form: Form) -> tuple[dict[str, Any], list[FormError]]:
    fields: dict[str, Any] = {name: form.text(name) for name in TEXTS}
    fields["shared"] = form.text("shared") == "yes"
    fields["accredited_until"] = None
    if form.text("accredited_until"):
        try:
            fields["accredited_until"] = date.fromisoformat(form.text("accredited_until"))
        except ValueError:
            return fields, [FormError("accredited_until", _("Enter the date, such as 2026-12-03."))]
    return fields, []


def _pairs(form: Form) -> list[tuple[str, str]]:
    rows = [(form.text(f"source{number}"), form.text(f"target{number}")) for number in range(1, ROWS + 1)]
    return [(source, target) for source, target in rows if source or target]


def _explain(error: errors.Invalid) -> FormError:
    labels = {"name": _("Name"), "zone": _("Time zone"), "accreditation": _("Accreditation"), "pairs": _("Languages")}
    found = forms.explain(error, labels)
    return FormError({"language": "source1", "pairs": "source1"}.get(found.field, found.field), found.text)


def _form_page(
    request: Request, person: Person, found: Resource | None, values: Mapping[str, Any], wrong: list[FormError]
) -> Response:
    state = person.owner_state
    zones = [(zone, places.of_zone(state, zone).city) for zone in reference.jurisdiction(state).zones]
    context = {
        "found": found,
        "values": dict(values),
        "kinds": [(one.value, diary_words.kind(one)) for one in ResourceKind],
        "zones": zones,
        "languages": _languages(),
        "pair_rows": range(1, ROWS + 1),
        "errors": wrong,
    }
    return render(request, "resource_form.html", context, status=422 if wrong else 200)


# --- one ---------------------------------------------------------------------------------------------------------


async def show(request: Request) -> Response:
    """One resource with what it is booked for."""
    _signed, person = staff(request)
    return await _page(request, person, {}, [])


async def act(request: Request) -> Response:
    """Take out of use or into use, keep free, give free. Effects: those of the functions named."""
    signed, person = staff(request)
    form = await forms.read(request)
    name = request.path_params["action"]
    actor, now = signed.actor(), datetime.now(UTC)
    try:
        async with request.app.state.parts.database.transaction() as db:
            found = await _find(db, request, person)
            if name == "deactivate":
                await resources.deactivate(db, resource=found, actor=actor, now=now)
            elif name == "activate":
                await resources.activate(db, resource=found, actor=actor, now=now)
            elif name == "block":
                times = {side: _instant(form, side, found) for side in ("starts", "ends")}
                await bookings.block(
                    db,
                    resource=found,
                    starts_at=times["starts"],
                    ends_at=times["ends"],
                    reason=form.text("reason"),
                    actor=actor,
                    now=now,
                )
            elif name == "unblock":
                booking = await queries.get(db, Booking, form.text("booking"), lock=True)
                if booking.resource_no != found.resource_no:
                    raise errors.NotFound
                await bookings.unblock(db, booking=booking, resource=found, actor=actor, now=now)
            else:
                raise HTTPException(404, "not_found")
    except errors.DoubleBooking:
        wrong = FormError("starts", _("It is booked already at this time. Give that free first."))
        return await _page(request, person, form.first, [wrong])
    except errors.Invalid as error:
        labels = {"reason": _("Reason"), "ends_at": _("Until"), "starts_at": pgettext("time", "From")}
        wrong = forms.explain(error, labels)
        field = {"starts_at": "starts", "ends_at": "ends", "wall_start": "starts", "fold": "starts"}
        return await _page(request, person, form.first, [FormError(field.get(wrong.field, wrong.field), wrong.text)])
    return RedirectResponse(f"/resources/{found.resource_no}?done={name}", 303)


def _instant(form: Form, side: str, found: Resource) -> datetime:
    """A wall time of the resource's place; of one the clocks show twice, the first to begin and the second to end."""
    try:
        wall = datetime.strptime(form.text(side), "%Y-%m-%dT%H:%M")  # noqa: DTZ007  a wall time has no zone
    except ValueError as error:
        raise errors.Invalid(tell("Not a date and a time"), side) from error
    if not 2000 <= wall.year <= 2100:
        raise errors.Invalid(tell("Not a date and a time"), side)
    return to_utc(wall, found.zone, 0 if side == "starts" else 1)


async def _find(db: Any, request: Request, person: Person) -> Resource:
    text = request.path_params["number"]
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise errors.NotFound
    return await diary_queries.resource(db, int(text), state=person.owner_state)


async def _page(request: Request, person: Person, values: Mapping[str, Any], wrong: list[FormError]) -> Response:
    async with request.app.state.parts.database.reading() as db:
        found = await _find(db, request, person)
        own = found.owner_state == person.owner_state
        page = await diary_queries.bookings_of(
            db,
            found.resource_no,
            since=datetime.now(UTC) - timedelta(hours=12),
            after=request.query_params.get("after", ""),
            limit=PAGE,
        )
        pairs = (await diary_queries.pairs(db, [found.id])).get(found.id, [])
        names = await diary_queries.hearing_names(
            db, [one.hearing_id for one in page.rows if one.hearing_id], state=person.owner_state
        )
    done = request.query_params.get("done", "")
    context = {
        "found": found,
        "own": own,
        "may_edit": own and _may(person),
        "rows": page.rows,
        "next": page.after,
        "names": names,
        "pairs": pairs,
        "kind_of": diary_words.kind,
        "hidden": diary_words.place(HIDDEN),
        "places": [places.of_zone(found.owner_state, found.zone, found.city)],
        "values": dict(values),
        "errors": wrong,
        "notice": _(DONE[done]) if done in DONE and not wrong else None,
    }
    return render(request, "resource.html", context, status=422 if wrong else 200)


routes = [
    Route("/resources", listing, methods=["GET"]),
    Route("/resources/new", new_page, methods=["GET"]),
    Route("/resources/new", create, methods=["POST"]),
    Route("/resources/{number}", show, methods=["GET"]),
    Route("/resources/{number}/edit", edit_page, methods=["GET"]),
    Route("/resources/{number}/edit", edit, methods=["POST"]),
    Route("/resources/{number}/act/{action}", act, methods=["POST"]),
    Route("/interpreters", directory, methods=["GET"]),
]
