"""The languages of a hearing, spoken and signed, and between which of them each interpreter works."""

from typing import Annotated

from pydantic import Field

from hearings import languages as tags
from hearings.interpreting import assignments
from hearings.models import Hearing
from web.api.access import Caller, parts_of
from web.api.fields import Model, Shown
from web.api.routes import Resource
from web.hearing.api import Ref
from web.hearing.participants_api import Id, Language, find, hearing_of

router = Resource("languages")


class Booking(Model):
    """A language, spoken or signed."""

    language: Language


class InterpreterLanguages(Model):
    """Between which languages somebody interprets: none, between those of the two courts. `into`: none, into all."""

    languages: Annotated[list[Language], Field(max_length=assignments.MOST)]
    into: Annotated[list[Language], Field(max_length=assignments.MOST, default_factory=list)]


class ShownLanguage(Shown):
    """A language that has a channel. `booked`: besides the languages of the two courts."""

    language: str
    signed: bool
    booked: bool


class LanguageList(Shown):
    """The languages of a hearing, the requesting court's first."""

    items: list[ShownLanguage]


class ShownInterpreter(Shown):
    """An interpreter, and between which languages they interpret."""

    hearing: str
    participant: str
    languages: list[str]
    into: list[str]


def _list(hearing: Hearing) -> LanguageList:
    return LanguageList(
        items=[
            ShownLanguage(language=tag, signed=tags.signed(tag), booked=tag in hearing.booked_languages)
            for tag in hearing.languages
        ]
    )


def _touch(caller: Caller, hearing: Hearing) -> None:
    parts = parts_of(caller.request)
    if caller.database is parts.database:
        caller.after.append(lambda: parts.conductors.touch(hearing.id))


@router.read("/hearings/{ref}/languages", scope="hearings:read", errors=(404,))
async def list_languages(caller: Caller, ref: Ref) -> LanguageList:
    """The languages of a hearing."""
    return _list(await hearing_of(caller, ref))


@router.act("/hearings/{ref}/languages/book", scope="hearings:write", errors=(404, 409))
async def book_language(caller: Caller, ref: Ref, body: Booking) -> LanguageList:
    """Book a further language. A technical agreement that rests on other languages is void."""
    hearing = await hearing_of(caller, ref, lock=True)
    await assignments.book(caller.db, hearing=hearing, lang=body.language, actor=caller.actor, now=caller.now)
    _touch(caller, hearing)
    return _list(hearing)


@router.act("/hearings/{ref}/languages/cancel", scope="hearings:write", errors=(404, 409))
async def cancel_language(caller: Caller, ref: Ref, body: Booking) -> LanguageList:
    """Cancel a language that was booked besides those of the courts, and that nobody speaks, hears or interprets."""
    hearing = await hearing_of(caller, ref, lock=True)
    await assignments.cancel(caller.db, hearing=hearing, lang=body.language, actor=caller.actor, now=caller.now)
    return _list(hearing)


@router.act("/hearings/{ref}/participants/{participant}/languages", scope="hearings:write", errors=(404, 409))
async def assign_interpreter(caller: Caller, ref: Ref, participant: Id, body: InterpreterLanguages) -> ShownInterpreter:
    """Say between which languages an interpreter works, and into which of them."""
    hearing = await hearing_of(caller, ref, lock=True)
    row = await find(caller, hearing, participant, lock=True)
    await assignments.assign(
        caller.db,
        hearing=hearing,
        participant=row,
        languages=body.languages,
        into=body.into,
        actor=caller.actor,
        now=caller.now,
    )
    _touch(caller, hearing)
    return ShownInterpreter(hearing=hearing.ref, participant=row.id, languages=row.interprets, into=row.interprets_into)
