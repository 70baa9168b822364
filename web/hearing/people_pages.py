"""People of a hearing: naming staff, inviting others, and the links and PINs they join with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hearings import errors, queries
from hearings.actors import Actor
from hearings.hearing import naming, participant_contacts, participants
from hearings.models import Hearing, Participant, Person
from hearings.people.logins import LoginEnd
from hearings.roles import HEARD, Role
from hearings.sentences import tell
from hearings.sitting import replacements
from hearings.status import IN_ROOM
from web.hearing.access import guest_of, namable
from web.server import forms
from web.server.forms import Form, FormError
from web.server.page_acts import Sent, again, page_act
from web.server.rendering import render
from web.server.sign_in import may_on, staff
from web.words import court_clocks, labels
from web.words.i18n import _, about, city_here, language_here, one_by_one, state_name
from web.words.roles import label


@dataclass(frozen=True, kw_only=True)
class NamingChoices:
    """What a person may choose from: `staff` of their own State, each with the role; `states` and `roles` of guests;
    `devices` of others."""

    staff: list[tuple[str, str]]
    states: list[str]
    roles: list[Role]
    devices: list[tuple[str, str]]


async def new_page(request: Request) -> Response:
    """The two forms: name a member of staff, invite somebody by link."""
    _signed, person = staff(request)
    async with request.app.state.parts.database.reading() as db:
        hearing = await namable(db, request, person)
        choices = await _choices(db, hearing, person)
    return _form(request, hearing, choices, {"kind": "guest", "state": choices.states[0]}, [])


async def create(request: Request) -> Response:
    """Add a person. Effects: those of `participants.add`."""
    signed, person = staff(request)
    form = await forms.read(request)
    parts = request.app.state.parts
    async with parts.database.reading() as db:
        hearing = await namable(db, request, person)
        choices = await _choices(db, hearing, person)
    wrong = _check(form, choices)
    if wrong:
        return _form(request, hearing, choices, form.first, wrong)
    try:
        async with parts.database.transaction() as db:
            # A variable of its own: rows of this transaction cannot be displayed after a refusal, `hearing` can.
            locked = await queries.hearing(db, hearing.ref, state=person.owner_state, lock=True)
            await participants.add(
                db,
                hearing=locked,
                **await _new_participant(db, locked, form),
                actor=signed.actor(),
                now=datetime.now(UTC),
            )
    except errors.Invalid as error:
        return _form(request, hearing, choices, form.first, [forms.explain(error, _labels())])
    parts.conductors.touch(hearing.id)
    return RedirectResponse(f"/h/{hearing.ref}?done=person#people", 303)


async def _new_participant(db: Any, hearing: Hearing, form: Form) -> dict[str, Any]:
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
        "device_of": await queries.get(db, Participant, form.text("device_of")) if form.text("device_of") else None,
    }


def _check(form: Form, choices: NamingChoices) -> list[FormError]:
    wrong = []
    if form.text("kind") == "staff":
        if form.text("staff") not in dict(choices.staff):
            wrong.append(FormError("staff", _("Choose a person and their role.")))
        if not form.text("staff_speaks"):
            wrong.append(FormError("staff_speaks", _("Choose a language.")))
        return wrong
    if form.text("role") not in {role.value for role in choices.roles}:
        wrong.append(FormError("role", _("Choose the role of this person.")))
    if not form.text("display_name"):
        wrong.append(FormError("display_name", _("Enter the name as others in the hearing may see it.")))
    if form.text("state") not in choices.states:
        wrong.append(FormError("state", _("Choose where the person is.")))
    if form.text("device_of") not in dict([("", ""), *choices.devices]):
        wrong.append(FormError("device_of", _("Choose a device from the list.")))
    if not form.text("speaks"):
        wrong.append(FormError("speaks", _("Choose a language.")))
    return wrong


async def _choices(db: Any, hearing: Hearing, person: Person) -> NamingChoices:
    named = await queries.in_office(db, hearing.id)
    own, both = person.owner_state, [hearing.requesting_state, hearing.requested_state]
    states = [own, *(state for state in both if state != own and may_on("prepare_hearing", person, hearing))]
    possible = {role for state in states for role in naming.roles_of(hearing, state)}
    return NamingChoices(
        staff=await _staff_choices(db, hearing, named, own),
        states=states,
        roles=[role for role in naming.GUEST_ROLES if role in possible],
        devices=[
            (row.id, about(label(row.role), one_by_one((row.display_name, state_name(row.state)))))
            for row in named
            if row.device_of_id is None and row.state in states
        ],
    )


async def _staff_choices(db: Any, hearing: Hearing, named: Sequence[Participant], state: str) -> list[tuple[str, str]]:
    """The staff of a State who can be named, each with the role: one presiding judge, nobody twice."""
    taken, roles = {row.person_id for row in named}, {row.role for row in named}
    choices = []
    for role in naming.STAFF_ROLES:
        if role not in naming.roles_of(hearing, state) or (role is Role.presiding_judge and role in roles):
            continue
        choices += [
            (f"{role.value}:{colleague.id}", about(label(role), _colleague(colleague)))
            for colleague in await queries.people(db, state=state)
            if naming.can_play(role, colleague.functions) and colleague.id not in taken
        ]
    return choices


def _colleague(person: Person) -> str:
    return one_by_one((person.name, person.authority_name or person.city))


def _labels() -> dict[str, str]:
    return {
        "display_name": _("Name"),
        "city": _("City"),
        "state": _("Where the person is"),
        "language": _("Language"),
        "email": _("E-mail address"),
    }


def _form(
    request: Request,
    hearing: Hearing,
    choices: NamingChoices,
    values: Mapping[str, str],
    wrong: list[FormError],
) -> Response:
    context = {
        "hearing": hearing,
        "values": values,
        "errors": wrong,
        "staff_options": choices.staff,
        "role_options": [(role.value, label(role)) for role in choices.roles],
        "state_options": [
            (place.state, f"{place.state} {state_name(place.state)}, {city_here(place.city)}")
            for place in court_clocks.of_hearing(hearing)
            if place.state in choices.states
        ],
        "device_options": choices.devices,
        "language_options": _languages(hearing),
    }
    return render(request, "person_form.html", context, status=422 if wrong else 200)


async def edit_page(request: Request) -> Response:
    """The form that corrects the data of one participant."""
    _signed, person = staff(request)
    async with request.app.state.parts.database.reading() as db:
        hearing = await namable(db, request, person)
        guest = await guest_of(db, request, hearing)
        contact = await participant_contacts.of_participant(db, guest.id, state=person.owner_state)
        staff_options = await _successors(db, hearing, guest, person)
    values = {name: getattr(guest, name) for name in ("display_name", "city", "speaks", "hears")}
    values |= {"email": contact.email, "mail_language": contact.language} if contact else {}
    return _edit_form(request, hearing, guest, values, [], staff_options)


async def edit(request: Request) -> Response:
    """Corrects the data of one participant. Effects: those of `_save`."""
    signed, person = staff(request)
    form = await forms.read(request)
    parts = request.app.state.parts
    async with parts.database.reading() as db:
        hearing = await namable(db, request, person)
        guest = await guest_of(db, request, hearing)
        options = await _successors(db, hearing, guest, person)
    wrong = [] if form.text("speaks") else [FormError("speaks", _("Choose a language."))]
    if not form.text("display_name"):
        wrong.append(FormError("display_name", _("Enter the name as others in the hearing may see it.")))
    if wrong:
        return _edit_form(request, hearing, guest, form.first, wrong, options)
    try:
        async with parts.database.transaction() as db:
            await _save(db, hearing, guest.id, form, signed.actor())
    except errors.Invalid as error:
        return _edit_form(request, hearing, guest, form.first, [forms.explain(error, _labels())], options)
    except errors.NotReady as error:
        text = forms.explain(error, _labels()).text
        return _edit_form(request, hearing, guest, form.first, [FormError("", text)], options)
    parts.conductors.touch(hearing.id)
    return RedirectResponse(f"/h/{hearing.ref}?done=changed#people", 303)


async def _save(db: Any, hearing: Hearing, participant_id: str, form: Form, actor: Actor) -> None:
    """Effects: those of `participants.change` where a detail differs, which nobody can change of a person in the room,
    and of `participant_contacts.put`."""
    row = await queries.get(db, Participant, participant_id, lock=True)
    details = {name: form.text(name) for name in ("display_name", "city", "speaks", "hears")}
    if any(getattr(row, name) != value for name, value in details.items()):
        await participants.change(db, hearing=hearing, participant=row, **details, actor=actor, now=datetime.now(UTC))
    if row.person_id is None:
        await participant_contacts.put(
            db,
            hearing=hearing,
            participant=row,
            email=form.text("email"),
            language=form.text("mail_language"),
            actor=actor,
            now=datetime.now(UTC),
        )


async def _successors(db: Any, hearing: Hearing, guest: Participant, person: Person) -> list[tuple[str, str]]:
    """The staff who can take the place of a member of staff of their State; empty for a guest."""
    if guest.person_id is None or guest.state != person.owner_state:
        return []
    taken = {row.person_id for row in await queries.in_office(db, hearing.id)}
    return [
        (colleague.id, _colleague(colleague))
        for colleague in await queries.people(db, state=guest.state)
        if naming.can_play(guest.role, colleague.functions) and colleague.id not in taken
    ]


async def _edit_again(request: Request, person: Person, values: Mapping[str, Any], wrong: list[FormError]) -> Response:
    async with request.app.state.parts.database.reading() as db:
        hearing = await namable(db, request, person)
        guest = await guest_of(db, request, hearing)
        options = await _successors(db, hearing, guest, person)
    known = {name: getattr(guest, name) for name in ("display_name", "city", "speaks", "hears")}
    return _edit_form(request, hearing, guest, {**known, **values}, wrong, options)


def _named(prefix: str) -> Callable[[errors.HearingsError], FormError]:
    """Explains a refusal of a form whose fields are called by those of the function, after a prefix."""

    def explain(error: errors.HearingsError) -> FormError:
        wrong = forms.explain(error, _labels() | {"reason": _("Reason"), "person": _("Person")})
        return FormError(f"{prefix}{wrong.field}" if wrong.field else "", wrong.text)

    return explain


@page_act(again(_edit_again, _named("next_")), (errors.Invalid, errors.NotReady))
async def replace(sent: Sent) -> Response:
    """Puts somebody else in a person's place. Effects: those of `replacements.replace`; their live page is closed."""
    hearing, row = await _locked(sent)
    person = await _successor(sent, row)
    await replacements.replace(
        sent.db,
        hearing=hearing,
        participant=row,
        display_name=person.name if person else sent.form.text("next_display_name"),
        city=(person.city if person else sent.form.text("next_city")) or row.city,
        speaks=sent.form.text("next_speaks") or row.speaks,
        hears=row.hears,
        person=person,
        reason=sent.form.text("next_reason"),
        **sent.by,
    )
    _vacated(sent, hearing, row)
    return RedirectResponse(f"/h/{hearing.ref}?done=replaced#people", 303)


async def _locked(sent: Sent) -> tuple[Hearing, Participant]:
    """Raises `NotFound`, and `ConductedElsewhere` where the sitting that must hear of it runs in another process."""
    hearing = await queries.hearing(sent.db, sent.path["ref"], state=sent.person.owner_state)
    if await queries.open_sitting(sent.db, hearing.id) is not None:
        sent.parts.conductors.require()
    return await replacements.locked(sent.db, hearing, sent.path["participant"])


async def _successor(sent: Sent, row: Participant) -> Person | None:
    """The member of staff chosen to succeed a member of staff; None for a guest. Raises `Invalid`."""
    if row.person_id is None:
        return None
    chosen = sent.form.text("next_person")
    for colleague in await queries.people(sent.db, state=sent.person.owner_state):
        if colleague.id == chosen and naming.can_play(row.role, colleague.functions):
            return colleague
    raise errors.Invalid(tell("Choose a person from the list"), "person")


@page_act(again(_edit_again, _named("off_")), (errors.Invalid, errors.NotReady))
async def take_off(sent: Sent) -> Response:
    """Takes somebody off the list of the hearing. Effects: those of `replacements.take_off`."""
    hearing, row = await _locked(sent)
    await replacements.take_off(
        sent.db, hearing=hearing, participant=row, reason=sent.form.text("off_reason"), **sent.by
    )
    _vacated(sent, hearing, row)
    return RedirectResponse(f"/h/{hearing.ref}?done=taken_off#people", 303)


def _vacated(sent: Sent, hearing: Hearing, row: Participant) -> None:
    sent.after.append(partial(sent.parts.conductors.dismiss, hearing.id, row.id, LoginEnd.removed))
    sent.after.append(partial(sent.parts.conductors.touch, hearing.id))


def _edit_form(
    request: Request,
    hearing: Hearing,
    guest: Participant,
    values: Mapping[str, str],
    wrong: list[FormError],
    staff_options: list[tuple[str, str]],
) -> Response:
    context = {
        "staff_options": staff_options,
        "in_room": guest.presence in IN_ROOM,
        "replaceable": guest.role not in HEARD and guest.state == staff(request)[1].owner_state,
        "hearing": hearing,
        "guest": guest,
        "values": values,
        "errors": wrong,
        "language_options": _languages(hearing),
    }
    return render(request, "person_edit.html", context, status=422 if wrong else 200)


def _languages(hearing: Hearing) -> list[tuple[str, str]]:
    tags = {*hearing.languages, *labels.LANGUAGES}
    return sorted(((tag, language_here(tag)) for tag in tags), key=lambda pair: pair[1].casefold())


routes = [
    Route("/h/{ref}/people/new", new_page, methods=["GET"]),
    Route("/h/{ref}/people/new", create, methods=["POST"]),
    Route("/h/{ref}/people/{participant}", edit_page, methods=["GET"]),
    Route("/h/{ref}/people/{participant}", edit, methods=["POST"]),
    Route("/h/{ref}/people/{participant}/replace", replace, methods=["POST"]),
    Route("/h/{ref}/people/{participant}/take-off", take_off, methods=["POST"]),
]
