"""Staff of courts and authorities: people with a standing sign-in."""

import re
from collections.abc import Sequence

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import reference
from hearings.errors import Invalid
from hearings.languages import language
from hearings.models import Person
from hearings.queries import get
from hearings.roles import StaffFunction
from hearings.sentences import Series, tell
from hearings.texts import clean

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}")


async def add(
    db: AsyncSession,
    *,
    state: str,
    name: str,
    email: str,
    functions: Sequence[str],
    city: str,
    authority_name: str,
    lang: str = "",
) -> Person:
    """Add a member of staff; `lang` is that of mails until the first sign-in.

    Raises `UnknownState`, `UnknownLanguage`, and `Invalid` naming the field. Effects: adds the row.
    """
    if not _EMAIL.fullmatch(email):
        raise Invalid(tell("Not an e-mail address: {email}", email=repr(email[:80])), "email")
    if not functions or not set(functions) <= set(StaffFunction):
        raise Invalid(tell("One or more of {known}", known=Series.of(StaffFunction)), "functions")
    if (await db.exec(select(Person).where(Person.email == email))).first() is not None:
        raise Invalid(tell("Somebody has this address already: {email}", email=email), "email")
    person = Person(
        owner_state=reference.jurisdiction(state).state,
        name=clean(name, "name", most=200, least=1),
        email=email,
        functions=sorted(set(functions)),
        city=clean(city, "city", most=100),
        authority_name=clean(authority_name, "authority_name", most=300, least=1),
        language=language(lang) if lang else "",
    )
    db.add(person)
    await db.flush()
    return person


async def reads(db: AsyncSession, *, person_id: str, lang: str) -> None:
    """A person has chosen the language of their pages: mails come in it too. Effects: `language`."""
    (await get(db, Person, person_id, lock=True)).language = language(lang)
