"""Staff of courts and authorities."""

import re
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import moves, queries, reference
from hearings.actors import SYSTEM, Actor
from hearings.errors import Invalid, NotFound, NotReady
from hearings.languages import language
from hearings.models import Participant, Person, StatusChange
from hearings.paging import Page, page
from hearings.people import addresses
from hearings.people.logins import LoginEnd, end_logins_of_person
from hearings.permissions import require_staff
from hearings.queries import get
from hearings.roles import HEARD, StaffFunction
from hearings.sentences import tell
from hearings.texts import clean

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}")


class StaffStatus(StrEnum):
    """Whether a member of staff is active."""

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
        email=await free_address(db, email),
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
) -> list[str]:
    """Change the data of a member of staff. `seen`: the version that was read. Raises `NotAllowed`, `NotReady` (changed
    since, or the last administrator), `Invalid` naming the field. Effects: the fields, a line of history that names the
    fields and no value but functions; with other functions, all logins and unused sign-in links end. Returns the fields
    that were changed; the caller mails the person of another address.
    """
    _as_seen(person, seen, actor)
    wanted = _functions(functions)
    if person.active and StaffFunction.administrator not in wanted:
        await _require_another(db, person)
    values = {
        "name": clean(name, "name", most=200, least=1),
        "email": email if email == person.email else await free_address(db, email),
        "city": clean(city, "city", most=100),
        "authority_name": clean(authority_name, "authority_name", most=300, least=1),
        "language": language(lang) if lang else "",
        "functions": wanted,
    }
    changed = [field for field, value in values.items() if getattr(person, field) != value]
    if not changed:
        return []
    if "functions" in changed:
        await end_logins_of_person(db, person_id=person.id, now=now, why=LoginEnd.functions_changed)
    what = [
        f"{changed_name}: {', '.join(person.functions)} → {', '.join(wanted)}"
        if changed_name == "functions"
        else changed_name
        for changed_name in changed
    ]
    for field in changed:
        if field == "email":
            await addresses.replace(db, person=person, email=str(values[field]), now=now)
        else:
            setattr(person, field, values[field])
    _noted(db, person, "; ".join(what), actor, now)
    return changed


async def deactivate(
    db: AsyncSession, *, person: Person, now: datetime, seen: int = 0, reason: str = "", actor: Actor = SYSTEM
) -> None:
    """Deactivate a member of staff. Raises as `change`. Effects: `active`, history; all logins and links end."""
    _as_seen(person, seen, actor)
    if actor is not SYSTEM:
        await _require_another(db, person)
    person.active = False
    await end_logins_of_person(db, person_id=person.id, now=now, why=LoginEnd.deactivated)
    _noted(db, person, clean(reason, "reason", most=500), actor, now)


async def reactivate(db: AsyncSession, *, person: Person, seen: int, actor: Actor, now: datetime) -> None:
    """Reactivate a member of staff, who has to sign in again. Raises as `change`. Effects: `active`, history."""
    _as_seen(person, seen, actor)
    person.active = True
    _noted(db, person, "", actor, now)


async def change_functions(db: AsyncSession, *, person: Person, functions: Sequence[str], now: datetime) -> None:
    """Change the functions of a member of staff. Raises `Invalid`. Effects: `functions`; if they differ, their logins
    and unused sign-in links end.
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
        raise NotReady(tell("This has changed since you opened it; load it again. Nothing was changed"))


def _noted(db: AsyncSession, person: Person, reason: str, actor: Actor, now: datetime) -> None:
    person.version += 1
    db.add(person)
    status = StaffStatus.active if person.active else StaffStatus.inactive
    moves.noted(db, person, status, actor=actor, now=now, reason=reason)


async def _require_another(db: AsyncSession, person: Person) -> None:
    """Raises `NotReady` for the last administrator of a State. Locks them all, so that two are not removed at once."""
    if StaffFunction.administrator not in person.functions:
        return
    query = select(Person).where(Person.owner_state == person.owner_state, col(Person.active)).order_by(col(Person.id))
    rows = (await db.exec(query.with_for_update())).all()
    if not any(row.id != person.id and StaffFunction.administrator in row.functions for row in rows):
        raise NotReady(
            tell(
                "This is the last administrator of the State: make somebody else an administrator first. Nothing was "
                "changed"
            )
        )


async def free_address(db: AsyncSession, email: str) -> str:
    """An e-mail address that is not in use, and in a rehearsal nobody's. Raises `Invalid`."""
    if not _EMAIL.fullmatch(email):
        raise Invalid(tell("Not an e-mail address: {email}", email=repr(email[:80])), "email")
    if not email.endswith(".example") and await queries.is_training(db):
        raise Invalid(tell("A rehearsal has invented people only: their addresses end in .example"), "email")
    if (await db.exec(select(Person).where(Person.email == email))).first() is not None:
        raise Invalid(tell("This address is already in use: {email}", email=email), "email")
    return email


def _functions(wanted: Sequence[str]) -> list[str]:
    if not wanted or not set(wanted) <= set(StaffFunction):
        raise Invalid(tell("At least one function, and no other than those offered"), "functions")
    return sorted(set(wanted))


async def reads(db: AsyncSession, *, person_id: str, lang: str) -> None:
    """Record the language a person has chosen for pages, which is that of mails too. Effects: `language`."""
    (await get(db, Person, person_id, lock=True)).language = language(lang)


# --- reading -----------------------------------------------------------------------------------------------------


async def member(db: AsyncSession, person_id: str, *, state: str, lock: bool = False) -> Person:
    """A member of staff of this State, active or not. Raises `NotFound`, also for another State's."""
    person = await get(db, Person, person_id, lock=lock)
    if person.owner_state != state:
        raise NotFound
    return person


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
    return await page(db, query, col(Person.id), after=after, limit=limit)


async def everybody(db: AsyncSession, *, state: str = "") -> Sequence[Person]:
    """All staff, including deactivated, of one State or all."""
    query = select(Person).order_by(col(Person.owner_state), col(Person.name))
    return (await db.exec(query.where(Person.owner_state == state) if state else query)).all()


async def history(db: AsyncSession, *, person: Person, limit: int = 50) -> Sequence[StatusChange]:
    """The history of a member of staff, newest first."""
    query = select(StatusChange).where(StatusChange.subject == "person", StatusChange.subject_id == person.id)
    return (await db.exec(query.order_by(col(StatusChange.at).desc(), col(StatusChange.id).desc()).limit(limit))).all()


def protected(participant: Participant) -> bool:
    """Whether the identity of this person is not to be in the minutes."""
    return participant.identity_method == "protected_identity"


def protected_names(person_name: str, people: Sequence[Participant]) -> list[tuple[str, Participant]]:
    """Names that must not be in the record, longest first, each with its participant. `person_name`: name of the person
    heard in the request.
    """
    by_name: dict[str, Participant] = {}
    for person in people:
        if protected(person):
            by_name[person.display_name] = person
            if person.role in HEARD and person_name:
                by_name.setdefault(person_name, person)
    return sorted(((name, whose) for name, whose in by_name.items() if len(name) > 2), key=lambda pair: -len(pair[0]))


def refuse_names(text: str, names: Sequence[str], field: str) -> None:
    """Raises `Invalid` if the text contains the name of a protected person."""
    if any(name.casefold() in text.casefold() for name in names):
        raise Invalid(tell("This names a person whose identity is protected: use the pseudonym"), field)
