"""Staff of courts and authorities: people with a standing sign-in."""

import re
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import moves, reference
from hearings.actors import SYSTEM, Actor
from hearings.errors import Invalid, NotFound, NotReady
from hearings.languages import language
from hearings.models import Person, StatusChange
from hearings.pages import by_id
from hearings.people.logins import LoginEnd, end_logins_of_person
from hearings.permissions import require_staff
from hearings.queries import Page, get
from hearings.roles import StaffFunction
from hearings.sentences import tell
from hearings.texts import clean

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}")


class StaffStatus(StrEnum):
    """Whether somebody works here."""

    active = "active"
    inactive = "inactive"


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
    actor: Actor = SYSTEM,
    now: datetime | None = None,
) -> Person:
    """Add a member of staff; `lang` is that of mails until the first sign-in.

    Raises `UnknownState`, `UnknownLanguage`, `NotAllowed`, and `Invalid` naming the field.
    Effects: adds the row and, with `now`, the first line of its history.
    """
    require_staff("manage_staff", actor, requesting_state=state, requested_state=state)
    wanted = _functions(functions)
    person = Person(
        owner_state=reference.jurisdiction(state).state,
        name=clean(name, "name", most=200, least=1),
        email=await _free(db, email),
        functions=wanted,
        city=clean(city, "city", most=100),
        authority_name=clean(authority_name, "authority_name", most=300, least=1),
        language=language(lang) if lang else "",
    )
    db.add(person)
    await db.flush()
    if now is not None:
        moves.born(db, person, StaffStatus.active, actor=actor, now=now)
    return person


async def change(
    db: AsyncSession,
    *,
    person: Person,
    seen: int,
    name: str,
    email: str,
    functions: Sequence[str],
    city: str,
    authority_name: str,
    lang: str,
    actor: Actor,
    now: datetime,
) -> None:
    """Change what is known of somebody. `seen`: the version that was looked at.

    Raises `NotAllowed`, `NotReady` (seen too long ago, or the last administrator), `Invalid` naming the field.
    Effects: the fields, a line of history that names the fields and no value but functions; with other functions, all
    logins and unused sign-in links end.
    """
    _as_seen(person, seen, actor)
    wanted = _functions(functions)
    if person.active and StaffFunction.administrator not in wanted:
        await _require_another(db, person)
    values = {
        "name": clean(name, "name", most=200, least=1),
        "email": email if email == person.email else await _free(db, email),
        "city": clean(city, "city", most=100),
        "authority_name": clean(authority_name, "authority_name", most=300, least=1),
        "language": language(lang) if lang else "",
        "functions": wanted,
    }
    changed = [field for field, value in values.items() if getattr(person, field) != value]
    if not changed:
        return
    if "functions" in changed:
        await end_logins_of_person(db, person_id=person.id, now=now, why=LoginEnd.functions_changed)
    what = [
        f"{one}: {', '.join(person.functions)} → {', '.join(wanted)}" if one == "functions" else one for one in changed
    ]
    for field in changed:
        setattr(person, field, values[field])
    _noted(db, person, "; ".join(what), actor, now)


async def deactivate(
    db: AsyncSession, *, person: Person, now: datetime, seen: int = 0, reason: str = "", actor: Actor = SYSTEM
) -> None:
    """Somebody no longer works here. Raises as `change`. Effects: `active`, history; all logins and links end."""
    _as_seen(person, seen, actor)
    if actor is not SYSTEM:
        await _require_another(db, person)
    person.active = False
    await end_logins_of_person(db, person_id=person.id, now=now, why=LoginEnd.deactivated)
    _noted(db, person, clean(reason, "reason", most=500), actor, now)


async def reactivate(db: AsyncSession, *, person: Person, seen: int, actor: Actor, now: datetime) -> None:
    """Somebody works here again; they sign in anew. Raises as `change`. Effects: `active`, history."""
    _as_seen(person, seen, actor)
    person.active = True
    _noted(db, person, "", actor, now)


async def change_functions(db: AsyncSession, *, person: Person, functions: Sequence[str], now: datetime) -> None:
    """Somebody does other work now. Raises `Invalid`.

    Effects: `functions`; if they are others than before, their logins and unused sign-in links end.
    """
    wanted = _functions(functions)
    if wanted != person.functions:
        person.functions = wanted
        db.add(person)
        await end_logins_of_person(db, person_id=person.id, now=now, why=LoginEnd.functions_changed)


def _as_seen(person: Person, seen: int, actor: Actor) -> None:
    state = person.owner_state
    require_staff("manage_staff", actor, requesting_state=state, requested_state=state)
    if actor is not SYSTEM and seen != person.version:
        raise NotReady(tell("This has been changed since you looked at it; look again. Nothing was changed"))


def _noted(db: AsyncSession, person: Person, reason: str, actor: Actor, now: datetime) -> None:
    person.version += 1
    db.add(person)
    status = StaffStatus.active if person.active else StaffStatus.inactive
    moves.noted(db, person, status, actor=actor, now=now, reason=reason)


async def _require_another(db: AsyncSession, person: Person) -> None:
    """Refuse to take away the last administrator of a State. Locks those there are, so that two do not go at once."""
    if StaffFunction.administrator not in person.functions:
        return
    query = select(Person).where(Person.owner_state == person.owner_state, col(Person.active)).order_by(col(Person.id))
    rows = (await db.exec(query.with_for_update())).all()
    if not any(one.id != person.id and StaffFunction.administrator in one.functions for one in rows):
        raise NotReady(
            tell("This is the last administrator of the State: make somebody else one first. Nothing was changed")
        )


async def _free(db: AsyncSession, email: str) -> str:
    """An address nobody has yet. Raises `Invalid`."""
    if not _EMAIL.fullmatch(email):
        raise Invalid(tell("Not an e-mail address: {email}", email=repr(email[:80])), "email")
    if (await db.exec(select(Person).where(Person.email == email))).first() is not None:
        raise Invalid(tell("Somebody has this address already: {email}", email=email), "email")
    return email


def _functions(wanted: Sequence[str]) -> list[str]:
    if not wanted or not set(wanted) <= set(StaffFunction):
        raise Invalid(tell("At least one function, and no other than those offered"), "functions")
    return sorted(set(wanted))


async def reads(db: AsyncSession, *, person_id: str, lang: str) -> None:
    """A person has chosen the language of their pages: mails come in it too. Effects: `language`."""
    (await get(db, Person, person_id, lock=True)).language = language(lang)


# --- reading -----------------------------------------------------------------------------------------------------


async def one(db: AsyncSession, person_id: str, *, state: str, lock: bool = False) -> Person:
    """A member of staff of this State, active or not. Raises `NotFound`, the same for another State's."""
    found = await get(db, Person, person_id, lock=lock)
    if found.owner_state != state:
        raise NotFound
    return found


async def listed(
    db: AsyncSession, *, state: str, words: str = "", active: bool | None = None, after: str = "", limit: int = 50
) -> Page[Person]:
    """Staff of a State, in the order they were added; only those with these words in name, address or authority."""
    query = select(Person).where(Person.owner_state == state)
    if active is not None:
        query = query.where(col(Person.active) if active else ~col(Person.active))
    for word in words.split()[:10]:
        places = (col(Person.name), col(Person.email), col(Person.authority_name))
        query = query.where(or_(*(place.icontains(word, autoescape=True) for place in places)))
    return await by_id(db, query, Person, after=after, limit=limit)


async def everybody(db: AsyncSession, *, state: str = "") -> Sequence[Person]:
    """All staff, those deactivated too, of one State or all."""
    query = select(Person).order_by(col(Person.owner_state), col(Person.name))
    return (await db.exec(query.where(Person.owner_state == state) if state else query)).all()


async def history(db: AsyncSession, *, person: Person, limit: int = 50) -> Sequence[StatusChange]:
    """What was changed of somebody, the newest first."""
    query = select(StatusChange).where(StatusChange.subject == "person", StatusChange.subject_id == person.id)
    return (await db.exec(query.order_by(col(StatusChange.at).desc(), col(StatusChange.id).desc()).limit(limit))).all()
