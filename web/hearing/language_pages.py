"""The languages of a hearing, spoken and signed: those booked besides the courts', and who interprets between which."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings import errors, languages, queries
from hearings.errors import NotFound
from hearings.hearing import floor
from hearings.interpreting import assignments
from hearings.models import Hearing, Participant, Person
from hearings.roles import Role
from hearings.sitting import replacements
from web.hearing.access import find
from web.server import forms
from web.server.forms import Form, FormError
from web.server.page_acts import Sent, again, notice, page_act
from web.server.rendering import render
from web.server.sign_in import may_on, staff
from web.words import labels
from web.words.i18n import N_, language_here

DONE = {
    "booked": N_("The language is booked. Assign an interpreter to it."),
    "cancelled": N_("The language is no longer booked."),
    "assigned": N_("The interpreter’s languages are saved."),
}


@dataclass(frozen=True, kw_only=True)
class LanguageRow:
    """A language of the hearing: whether it is signed, `court` of one of the two courts, who speaks it, and who
    interprets into it."""

    tag: str
    signed: bool
    court: bool
    speakers: Sequence[str]
    interpreters: Sequence[str]


def rows(hearing: Hearing, people: Sequence[Participant]) -> list[LanguageRow]:
    """The languages of a hearing, and those that somebody speaks although they are not booked."""
    voices = [person for person in people if person.role is not Role.interpreter and floor.has_voice(person.role)]
    tags = dict.fromkeys((*hearing.languages, *(person.speaks for person in voices)))
    return [
        LanguageRow(
            tag=tag,
            signed=languages.signed(tag),
            court=tag in (hearing.language_requesting, hearing.language_requested),
            speakers=[person.display_name for person in voices if person.speaks == tag],
            interpreters=[
                person.display_name
                for person in people
                if person.role is Role.interpreter and tag in floor.renders_into(person, hearing.languages)
            ],
        )
        for tag in tags
    ]


async def page(request: Request) -> Response:
    """The languages, and the forms for whom they are."""
    return await _page(request, staff(request)[1], {}, [])


async def _page(request: Request, person: Person, values: Mapping[str, Any], wrong: list[FormError]) -> Response:
    async with request.app.state.parts.database.reading() as db:
        hearing = await find(db, request, person)
        people = await queries.in_office(db, hearing.id)
        open_now = await queries.open_sitting(db, hearing.id) is not None
    able = may_on("prepare_hearing", person, hearing)
    named = may_on("name_people", person, hearing)
    choices = {*labels.LANGUAGES, *languages.sign_languages()} - set(hearing.languages)
    context = {
        "hearing": hearing,
        "rows": rows(hearing, people),
        "booked": hearing.booked_languages,
        "may_book": able,
        "may_cancel": able and not open_now,
        "assignable": [
            row
            for row in people
            if row.role is Role.interpreter
            and named
            and (row.state == person.owner_state or (able and row.person_id is None))
        ],
        "options": sorted(((tag, language_here(tag)) for tag in choices), key=lambda pair: pair[1].casefold()),
        "between": [(tag, language_here(tag)) for tag in hearing.languages],
        "values": values,
        "errors": wrong,
        "notice": notice(request, DONE, instead=wrong),
    }
    return render(request, "hearing_languages.html", context, status=422 if wrong else 200)


def _explain(error: errors.HearingsError) -> FormError:
    return forms.explain(error, {})


def _typed(form: Form) -> Mapping[str, Any]:
    """The submitted values under the names of the fields they were entered in."""
    many = {name: form.all(name) for name in form if name.startswith(("languages_", "into_"))}
    return {**form.first, **many}


@page_act(again(_page, _explain, _typed), (errors.Invalid, errors.UnknownLanguage, errors.NotReady))
async def book(sent: Sent) -> str:
    """Book a language. Effects: those of `assignments.book`."""
    hearing = await find(sent.db, sent.request, sent.person, lock=True)
    await assignments.book(sent.db, hearing=hearing, lang=sent.form.text("lang"), **sent.by)
    sent.after.append(partial(sent.parts.conductors.touch, hearing.id))
    return f"/h/{hearing.ref}/languages?done=booked"


@page_act(again(_page, _explain, _typed), (errors.Invalid, errors.UnknownLanguage, errors.NotReady))
async def cancel(sent: Sent) -> str:
    """Cancel a language. Effects: those of `assignments.cancel`."""
    hearing = await find(sent.db, sent.request, sent.person, lock=True)
    await assignments.cancel(sent.db, hearing=hearing, lang=sent.form.text("cancel"), **sent.by)
    return f"/h/{hearing.ref}/languages?done=cancelled"


def _of_interpreter(sent: Sent, error: errors.HearingsError) -> FormError:
    wrong = _explain(error)
    return FormError(f"{wrong.field}_{sent.path['participant']}" if wrong.field else "", wrong.text)


async def _refused(sent: Sent, error: errors.HearingsError) -> Response:
    return await _page(sent.request, sent.person, _typed(sent.form), [_of_interpreter(sent, error)])


@page_act(_refused, (errors.Invalid, errors.UnknownLanguage, errors.NotReady))
async def assign(sent: Sent) -> str:
    """Assign languages to an interpreter. Effects: those of `assignments.assign`."""
    hearing = await queries.hearing(sent.db, sent.path["ref"], state=sent.person.owner_state)
    hearing, row = await replacements.locked(sent.db, hearing, sent.path["participant"])
    if row.vacated_at is not None:
        raise NotFound
    await assignments.assign(
        sent.db,
        hearing=hearing,
        participant=row,
        languages=sent.form.all(f"languages_{row.id}"),
        into=sent.form.all(f"into_{row.id}"),
        **sent.by,
    )
    sent.after.append(partial(sent.parts.conductors.touch, hearing.id))
    return f"/h/{hearing.ref}/languages?done=assigned"


routes = [
    Route("/h/{ref}/languages", page, methods=["GET"]),
    Route("/h/{ref}/languages", book, methods=["POST"]),
    Route("/h/{ref}/languages/cancel", cancel, methods=["POST"]),
    Route("/h/{ref}/languages/{participant}", assign, methods=["POST"]),
]
