"""Staff of courts and authorities: people with a standing sign-in."""

import re
from collections.abc import Sequence
from datetime import datetime

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import reference
from hearings.errors import Invalid
from hearings.languages import language
from hearings.models import Person
from hearings.people.logins import LoginEnd, end_logins_of_person
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
    wanted = _functions(functions)
    if (await db.exec(select(Person).where(Person.email == email))).first() is not None:
        raise Invalid(tell("Somebody has this address already: {email}", email=email), "email")
    person = Person(
        owner_state=reference.jurisdiction(state).state,
        name=clean(name, "name", most=200, least=1),
        email=email,
        functions=wanted,
        city=clean(city, "city", most=100),
        authority_name=clean(authority_name, "authority_name", most=300, least=1),
        language=language(lang) if lang else "",
    )
    db.add(person)
    await db.flush()
    return person


async def deactivate(db: AsyncSession, *, person: Person, now: datetime) -> None:
    """Somebody no longer works here. Effects: `active`; their logins and unused sign-in links end."""
    person.active = False
    db.add(person)
    await end_logins_of_person(db, person_id=person.id, now=now, why=LoginEnd.deactivated)


async def change_functions(db: AsyncSession, *, person: Person, functions: Sequence[str], now: datetime) -> None:
    """Somebody does other work now. Raises `Invalid`.

    Effects: `functions`; if they are others than before, their logins and unused sign-in links end.
    """
    wanted = _functions(functions)
    if wanted != person.functions:
        person.functions = wanted
        db.add(person)
        await end_logins_of_person(db, person_id=person.id, now=now, why=LoginEnd.functions_changed)


def _functions(wanted: Sequence[str]) -> list[str]:
    if not wanted or not set(wanted) <= set(StaffFunction):
        raise Invalid(tell("One or more of {known}", known=Series.of(StaffFunction)), "functions")
    return sorted(set(wanted))


async def reads(db: AsyncSession, *, person_id: str, lang: str) -> None:
    """A person has chosen the language of their pages: mails come in it too. Effects: `language`."""
    (await get(db, Person, person_id, lock=True)).language = language(lang)
