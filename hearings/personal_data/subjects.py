"""Whose data are looked for: by an exact address, or as one person of a hearing of the State that asks.

A person whose identity is protected is never found by an address, and what is found says nothing of that: an address is
asked for by whoever claims to own it. As a person of a hearing they are refused, since whoever asks sees them there.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement
from sqlmodel import col, func, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import queries
from hearings.errors import Invalid, NotReady
from hearings.models import Hearing, HearingRequest, Invitation, Participant, ParticipantContact, Person
from hearings.people.staff import protected
from hearings.roles import HEARD
from hearings.sentences import N_, tell
from hearings.texts import folded

PROTECTED = N_("The identity of this person is protected: the court that hears them answers, not this report")
NOBODY = N_("Nobody of this name is in this hearing")
SEVERAL = N_("Several people of this name are in this hearing: ask by their address")


@dataclass(frozen=True, kw_only=True)
class Subject:
    """Whose data are reported: ids of the person's seats in hearings, of their account as staff of the State, and the
    address that was asked for."""

    participants: tuple[str, ...] = ()
    person: str = ""
    address: str = ""


def is_protected(participant: Participant, request: HearingRequest) -> bool:
    """Whether nothing may be said of a participant: they were identified under protection, or they are heard in a case
    for which any protection of the person was asked for."""
    asked = bool(request.pseudonym or request.protection_requested)
    return protected(participant) or (asked and participant.role in HEARD)


async def by_address(db: AsyncSession, address: str, *, state: str) -> Subject:
    """Whom a State knows by exactly this mail address or telephone number. Raises `Invalid` for none."""
    wanted = address.strip().casefold()
    if len(wanted) < 5 or len(wanted) > 254:
        raise Invalid(tell("Enter the whole address or number"), "address")
    staff = select(Person).where(Person.owner_state == state, func.lower(Person.email) == wanted)
    person = (await db.exec(staff)).first()
    contacts = select(ParticipantContact.participant_id).where(
        ParticipantContact.owner_state == state, func.lower(ParticipantContact.email) == wanted
    )
    links = select(Invitation.participant_id).where(
        Invitation.owner_state == state, func.lower(Invitation.code_to) == wanted
    )
    ways: list[ColumnElement[bool]] = [col(Participant.id).in_(contacts), col(Participant.id).in_(links)]
    if person is not None:
        ways.append(col(Participant.person_id) == person.id)
    seats = await _open(db, or_(*ways), state)
    return Subject(participants=tuple(seats), person=person.id if person else "", address=wanted)


async def by_name(db: AsyncSession, ref: str, name: str, *, state: str) -> Subject:
    """The person of this name, as it stands in a hearing of the State. Raises `NotFound` for the hearing, `Invalid`,
    `NotReady` for a person whose identity is protected."""
    hearing = await queries.hearing(db, ref, state=state)
    request = await queries.get(db, HearingRequest, hearing.request_id)
    people = await queries.participants(db, hearing.id)
    found = [person for person in people if folded(person.display_name) == folded(name.strip())]
    if not found:
        raise Invalid(tell(NOBODY), "name")
    if any(is_protected(person, request) for person in found):
        raise NotReady(tell(PROTECTED))
    if len({person.person_id or person.id for person in found}) > 1:
        raise Invalid(tell(SEVERAL), "name")
    account = next((person.person_id for person in found if person.person_id), None)
    own = await db.get(Person, account) if account else None
    return Subject(
        participants=tuple(person.id for person in found),
        person=own.id if own is not None and own.owner_state == state else "",
    )


async def _open(db: AsyncSession, which: ColumnElement[bool], state: str) -> Sequence[str]:
    """Ids of the participants of hearings of the State that nothing protects."""
    query = (
        select(Participant, HearingRequest)
        .join(Hearing, col(Hearing.id) == col(Participant.hearing_id))
        .join(HearingRequest, col(HearingRequest.id) == col(Hearing.request_id))
        .where(which, or_(Hearing.requesting_state == state, Hearing.requested_state == state))
        .order_by(col(Participant.id))
        .limit(500)
    )
    return [seat.id for seat, request in (await db.exec(query)).all() if not is_protected(seat, request)]
