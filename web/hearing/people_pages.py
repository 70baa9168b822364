"""People of a hearing: naming staff, inviting others, and the links and PINs they join with."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hearings import errors, queries
from hearings.hearing import links, participants
from hearings.models import Hearing, Participant, Person
from hearings.people.logins import LoginEnd
from hearings.permissions import may_staff
from hearings.roles import Role
from web.hearing.access import find
from web.server import forms
from web.server.forms import Form, FormError
from web.server.rendering import render
from web.server.sign_in import staff
from web.words import places, terms
from web.words.i18n import _, about, language_here, one_by_one, state_name
from web.words.roles import label

STAFF_ROLES = {
    Role.presiding_judge: ("judge", "requesting"),
    Role.clerk: ("clerk", "requesting"),
    Role.requested_authority: ("authority", "requested"),
}
"""Function a person must hold, and in which of the two States, to play the part."""
GUEST_ROLES = (Role.witness, Role.expert, Role.interpreter)


async def new_page(request: Request) -> Response:
    """The two forms: name a member of staff, invite somebody by link."""
    _signed, person = staff(request)
    async with request.app.state.parts.database.reading() as db:
        hearing = await _hearing(db, request, person)
        choices = await _staff_choices(db, hearing)
    return _form(request, hearing, choices, {"kind": "guest"}, [])


async def create(request: Request) -> Response:
    """Add a person. Effects: those of `participants.add`."""
    signed, person = staff(request)
    form = await forms.read(request)
    parts = request.app.state.parts
    async with parts.database.reading() as db:
        hearing = await _hearing(db, request, person)
        choices = await _staff_choices(db, hearing)
    wrong = _check(form, choices)
    if wrong:
        return _form(request, hearing, choices, form.first, wrong)
    try:
        async with parts.database.transaction() as db:
            # Under another name: a refusal rolls back, and rows of that transaction cannot be shown any more.
            locked = await queries.hearing(db, hearing.ref, state=person.owner_state, lock=True)
            await participants.add(
                db, hearing=locked, **await _wanted(db, locked, form), actor=signed.actor(), now=datetime.now(UTC)
            )
    except errors.Invalid as error:
        return _form(request, hearing, choices, form.first, [forms.explain(error, _labels())])
    parts.conductors.touch(hearing.id)
    return RedirectResponse(f"/h/{hearing.ref}?done=person#people", 303)


async def _wanted(db: Any, hearing: Hearing, form: Form) -> dict[str, Any]:
    if form.text("kind") == "staff":
        role_name, _sep, person_id = form.text("staff").partition(":")
        chosen = await queries.get(db, Person, person_id)
        city = hearing.requesting_city if chosen.owner_state == hearing.requesting_state else hearing.requested_city
        return {
            "role": Role(role_name),
            "person": chosen,
            "display_name": chosen.name,
            "state": chosen.owner_state,
            "city": chosen.city or city,
            "speaks": form.text("staff_speaks"),
        }
    cities = {hearing.requesting_state: hearing.requesting_city, hearing.requested_state: hearing.requested_city}
    return {
        "role": Role(form.text("role")),
        "display_name": form.text("display_name"),
        "state": form.text("state"),
        "city": form.text("city") or cities.get(form.text("state"), ""),
        "speaks": form.text("speaks"),
        "hears": form.text("hears") or None,
    }


def _check(form: Form, choices: list[tuple[str, str]]) -> list[FormError]:
    wrong = []
    if form.text("kind") == "staff":
        if form.text("staff") not in dict(choices):
            wrong.append(FormError("staff", _("Choose a person and their part.")))
        if not form.text("staff_speaks"):
            wrong.append(FormError("staff_speaks", _("Choose a language.")))
        return wrong
    if form.text("role") not in {role.value for role in GUEST_ROLES}:
        wrong.append(FormError("role", _("Choose the part this person plays.")))
    if not form.text("display_name"):
        wrong.append(FormError("display_name", _("Enter the name as others in the hearing may see it.")))
    if not form.text("state"):
        wrong.append(FormError("state", _("Choose where the person is.")))
    if not form.text("speaks"):
        wrong.append(FormError("speaks", _("Choose a language.")))
    return wrong


async def _hearing(db: Any, request: Request, person: Person) -> Hearing:
    """The hearing, for who may prepare it. Raises `NotFound`, `NotAllowed`."""
    hearing = await find(db, request, person)
    decision = may_staff(
        "prepare_hearing",
        frozenset(person.functions),
        own_state=person.owner_state,
        requesting_state=hearing.requesting_state,
        requested_state=hearing.requested_state,
    )
    if not decision.allowed:
        raise errors.NotAllowed(decision.reason, decision.who_can)
    return hearing


async def _staff_choices(db: Any, hearing: Hearing) -> list[tuple[str, str]]:
    """Who can be named, each with the part: one presiding judge, nobody twice."""
    there = await queries.participants(db, hearing.id)
    taken = {one.person_id for one in there}
    roles = {one.role for one in there}
    sides = {"requesting": hearing.requesting_state, "requested": hearing.requested_state}
    found = []
    for role, (function, side) in STAFF_ROLES.items():
        if role is Role.presiding_judge and role in roles:
            continue
        for one in await queries.people(db, state=sides[side]):
            if function in one.functions and one.id not in taken:
                person = one_by_one((one.name, one.authority_name or one.city))
                found.append((f"{role.value}:{one.id}", about(label(role), person)))
    return found


def _labels() -> dict[str, str]:
    return {"display_name": _("Name"), "city": _("City"), "state": _("Where the person is"), "language": _("Language")}


def _form(
    request: Request,
    hearing: Hearing,
    choices: list[tuple[str, str]],
    values: Mapping[str, str],
    wrong: list[FormError],
) -> Response:
    context = {
        "hearing": hearing,
        "values": values,
        "errors": wrong,
        "staff_options": choices,
        "role_options": [(role.value, label(role)) for role in GUEST_ROLES],
        "state_options": [
            (place.state, f"{place.state} {state_name(place.state)}, {place.city}")
            for place in places.of_hearing(hearing)
        ],
        "language_options": _languages(hearing),
    }
    return render(request, "person_form.html", context, status=422 if wrong else 200)


async def edit_page(request: Request) -> Response:
    """What is known of one person, to be corrected."""
    _signed, person = staff(request)
    async with request.app.state.parts.database.reading() as db:
        hearing = await _hearing(db, request, person)
        guest = await _guest(db, request, hearing)
    values = {name: getattr(guest, name) for name in ("display_name", "city", "speaks", "hears")}
    return _edit_form(request, hearing, guest, values, [])


async def edit(request: Request) -> Response:
    """Correct it. Effects: those of `participants.change`."""
    signed, person = staff(request)
    form = await forms.read(request)
    parts = request.app.state.parts
    async with parts.database.reading() as db:
        hearing = await _hearing(db, request, person)
        guest = await _guest(db, request, hearing)
    wrong = [] if form.text("speaks") else [FormError("speaks", _("Choose a language."))]
    if not form.text("display_name"):
        wrong.append(FormError("display_name", _("Enter the name as others in the hearing may see it.")))
    if wrong:
        return _edit_form(request, hearing, guest, form.first, wrong)
    try:
        async with parts.database.transaction() as db:
            await participants.change(
                db,
                hearing=hearing,
                participant=await queries.get(db, Participant, guest.id, lock=True),
                display_name=form.text("display_name"),
                city=form.text("city"),
                speaks=form.text("speaks"),
                hears=form.text("hears"),
                actor=signed.actor(),
                now=datetime.now(UTC),
            )
    except errors.Invalid as error:
        return _edit_form(request, hearing, guest, form.first, [forms.explain(error, _labels())])
    except errors.NotReady:
        text = _("This person is in the room. Correct it when they have left.")
        return _edit_form(request, hearing, guest, form.first, [FormError("", text)])
    parts.conductors.touch(hearing.id)
    return RedirectResponse(f"/h/{hearing.ref}?done=changed#people", 303)


async def _guest(db: Any, request: Request, hearing: Hearing) -> Participant:
    guest = await queries.get(db, Participant, request.path_params["participant"])
    if guest.hearing_id != hearing.id:
        raise errors.NotFound
    return guest


def _edit_form(
    request: Request, hearing: Hearing, guest: Participant, values: Mapping[str, str], wrong: list[FormError]
) -> Response:
    context = {
        "hearing": hearing,
        "guest": guest,
        "values": values,
        "errors": wrong,
        "language_options": _languages(hearing),
    }
    return render(request, "person_edit.html", context, status=422 if wrong else 200)


def _languages(hearing: Hearing) -> list[tuple[str, str]]:
    tags = {hearing.language_requesting, hearing.language_requested, *terms.LANGUAGES}
    return sorted(((tag, language_here(tag)) for tag in tags), key=lambda pair: pair[1].casefold())


async def new_link(request: Request) -> Response:
    """Make a link and PIN, shown this once; an earlier link and login die.

    Effects: those of `links.issue`; whoever held the old login is sent out.
    """
    signed, person = staff(request)
    await forms.read(request)
    parts = request.app.state.parts
    now = datetime.now(UTC)
    async with parts.database.transaction() as db:
        hearing = await find(db, request, person)
        seat = await queries.seat_of(db, hearing_id=hearing.id, person_id=person.id)
        await _guest(db, request, hearing)
        guest = await queries.get(db, Participant, request.path_params["participant"], lock=True)
        made, replaced = await links.issue(db, participant=guest, actor=signed.actor(seat), now=now)
    if replaced:
        parts.conductors.dismiss(hearing.id, guest.id, LoginEnd.link_replaced)
    parts.conductors.touch(hearing.id)
    context = {
        "hearing": hearing,
        "guest": guest,
        "address": links.address(parts.settings.origin, made),
        "pin": made.pin,
        "replaced": replaced,
        "places": places.of_hearing(hearing),
    }
    return render(request, "link_made.html", context)


routes = [
    Route("/h/{ref}/people/new", new_page, methods=["GET"]),
    Route("/h/{ref}/people/new", create, methods=["POST"]),
    Route("/h/{ref}/people/{participant}", edit_page, methods=["GET"]),
    Route("/h/{ref}/people/{participant}", edit, methods=["POST"]),
    Route("/h/{ref}/people/{participant}/link", new_link, methods=["POST"]),
]
