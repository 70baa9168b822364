"""Languages booked for a hearing besides those of the two courts, and who interprets between which.

Each language of `Hearing.languages` has a channel. An interpreter without assigned languages interprets between those
of the two courts. Interpreters with the same languages and directions share a booth (`hearings.interpreting.booths`).
"""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import SYSTEM, Actor
from hearings.agreement import agreements
from hearings.errors import Invalid, NotAllowed, NotReady
from hearings.events import EventKind, record
from hearings.hearing import naming
from hearings.hearing.links import OVER
from hearings.hearing.seats import ONLY_INTERPRETERS
from hearings.languages import language
from hearings.models import Hearing, Participant
from hearings.permissions import require_staff
from hearings.queries import in_office, open_sitting
from hearings.roles import Role
from hearings.sentences import tell
from hearings.texts import HEARING_OVER

MOST = 12
"""Languages of one hearing: each has a recorded track."""


async def book(db: AsyncSession, *, hearing: Hearing, lang: str, actor: Actor, now: datetime) -> None:
    """Book a further language of a hearing, spoken or signed. Again changes nothing.

    Raises `NotAllowed` for others than the requesting State's clerk, `UnknownLanguage`, `Invalid`, `NotReady` when the
    hearing is over. Effects: `booked_languages`, event; a technical agreement that rests on other languages is void.
    """
    _require(hearing, actor)
    lang = language(lang)
    if lang in hearing.languages:
        return
    if len(hearing.languages) >= MOST:
        raise Invalid(tell("A hearing has at most {n} languages", n=str(MOST)), "lang")
    await _set(db, hearing, [*hearing.booked_languages, lang], actor, now)


async def cancel(db: AsyncSession, *, hearing: Hearing, lang: str, actor: Actor, now: datetime) -> None:
    """Cancel a language that was booked besides those of the courts. Raises and effects as `book`; `Invalid` also while
    somebody hears it or interprets it, `NotReady` also while a sitting is open, whose recording has its track."""
    _require(hearing, actor)
    if lang not in hearing.booked_languages:
        raise Invalid(tell("This language is not among those booked besides the courts’"), "lang")
    if await open_sitting(db, hearing.id) is not None:
        raise NotReady(tell("A language is cancelled before the lobby opens"))
    people = await in_office(db, hearing.id)
    using = [person.display_name for person in people if lang in (person.hears, person.speaks, *person.interprets)]
    if using:
        raise Invalid(tell("Somebody of the hearing speaks, hears or interprets this language"), "lang")
    await _set(db, hearing, [tag for tag in hearing.booked_languages if tag != lang], actor, now)


async def assign(
    db: AsyncSession,
    *,
    hearing: Hearing,
    participant: Participant,
    languages: Sequence[str],
    into: Sequence[str] = (),
    actor: Actor,
    now: datetime,
) -> None:
    """Say between which languages of the hearing an interpreter interprets, and into which: none for all of them.

    No languages: those of the two courts. Raises `NotAllowed` for others than those who may correct the person's data,
    `Invalid` naming the field, `NotReady` when the hearing is over.
    Effects: `interprets`, `interprets_into`; `renders` ends where it is no longer among them; event.
    """
    if hearing.status in OVER:
        raise NotReady(tell(HEARING_OVER))
    naming.require_guest(hearing, participant, actor)
    if participant.role is not Role.interpreter:
        raise NotAllowed(tell(ONLY_INTERPRETERS), (Role.interpreter,))
    between = list(dict.fromkeys(language(tag) for tag in languages))
    directions = list(dict.fromkeys(language(tag) for tag in into))
    if len(between) == 1 or any(tag not in hearing.languages for tag in between):
        raise Invalid(tell("Choose two or more languages booked for the hearing, or none"), "languages")
    if any(tag not in (between or hearing.languages) for tag in directions):
        raise Invalid(tell("Choose from the languages between which the person interprets"), "into")
    participant.interprets, participant.interprets_into = between, directions
    if participant.renders and participant.renders not in (directions or between or hearing.languages):
        participant.renders = ""
    db.add(participant)
    await record(
        db,
        hearing=hearing,
        kind=EventKind.interpreter_assigned,
        actor=actor,
        now=now,
        participant=participant.id,
        languages=between,
        into=directions,
    )


def _require(hearing: Hearing, actor: Actor) -> None:
    if actor is not SYSTEM:
        sides = {"requesting_state": hearing.requesting_state, "requested_state": hearing.requested_state}
        require_staff("prepare_hearing", actor, **sides)
    if hearing.status in OVER:
        raise NotReady(tell(HEARING_OVER))


async def _set(db: AsyncSession, hearing: Hearing, languages: list[str], actor: Actor, now: datetime) -> None:
    hearing.booked_languages = languages
    db.add(hearing)
    await record(
        db, hearing=hearing, kind=EventKind.languages_booked, actor=actor, now=now, languages=list(hearing.languages)
    )
    await agreements.void_if_changed(db, hearing=hearing, now=now)
