"""Facilitators: who brings States together and is of none (UNODC paper, paragraphs 16 and 27 to 33).

An administrator enters one. A State lets it read status, dates and open points of one request at a time, and can end
that; it reads nothing else of any case. What it may do stands in `staff_table.FACILITATION`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import queries, reference
from hearings.actors import Actor
from hearings.errors import Invalid, NotAllowed, NotFound, NotReady
from hearings.models import Facilitator, Hearing, HearingRequest, Person, RequestShare
from hearings.models.coordination import FacilitatorKind
from hearings.models.people import Network
from hearings.moves import administered
from hearings.people import logins, staff
from hearings.people.logins import LoginEnd
from hearings.permissions import require_staff
from hearings.roles import FACILITATOR, NO_STATE
from hearings.sentences import N_, tell
from hearings.staff_table import FACILITATION
from hearings.status import HearingStatus, RequestStatus
from hearings.texts import NOT_A_VALUE, NOT_SUBMITTED, clean

NOT_COVERED = N_("Only for a State that the mandate covers")
LONGEST = timedelta(days=3 * 366)
"""For which a facilitator is entered at most; then the mandate is looked at again."""

_R = RequestStatus
OPEN_POINTS: Mapping[RequestStatus, tuple[str, str]] = {
    _R.submitted: ("requested", "acknowledge"),
    _R.received: ("requested", "acknowledge"),
    _R.under_review: ("requested", "answer"),
    _R.information_requested: ("requesting", "answer_question"),
    _R.accepted: ("requesting", "set_time"),
    _R.accepted_with_conditions: ("requesting", "set_time"),
    _R.postponed: ("requested", "review"),
    _R.executed: ("requesting", "close"),
}
"""By the status of a request, who is waited for (its side) and the step that is open."""


def is_facilitator(person: Person) -> bool:
    """Whether a person is a facilitator and no member of staff. Pure."""
    return person.owner_state == NO_STATE


def in_force(facilitator: Facilitator, *, on: date) -> bool:
    """Whether a facilitator may still act on a day. Pure."""
    return facilitator.ended_at is None and on <= facilitator.valid_until


def require(action: str, facilitator: Facilitator, actor: Actor, *, now: datetime) -> None:
    """Raises `NotAllowed` unless this is the actor's own entry, in force, and its row says so."""
    if action not in FACILITATION or facilitator.person_id != actor.id:
        raise NotAllowed(tell("This is not for a facilitator"))
    require_in_force(facilitator, now=now)


def require_in_force(facilitator: Facilitator, *, now: datetime) -> None:
    """Raises `NotAllowed` for a facilitator whose mandate has ended."""
    if not in_force(facilitator, on=now.date()):
        raise NotAllowed(tell("The mandate of this facilitator has ended"))


# --- who is one --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Mandate:
    """What is entered of a facilitator, as typed. `valid_until`: the last day."""

    name: str
    email: str
    kind: str
    organisation: str
    network: str = ""
    states: Sequence[str]
    valid_until: date
    mandate: str
    contact: str = ""


async def enter(db: AsyncSession, *, mandate: Mandate, actor: Actor, now: datetime) -> Facilitator:
    """Enter a facilitator, who then signs in as staff do. Raises `NotAllowed`, `UnknownState`, `Invalid` naming the
    field. Effects: adds a person of no State, the entry, and a line of its history."""
    require_staff("manage_facilitators", actor, requesting_state=actor.state, requested_state=actor.state)
    try:
        kind = FacilitatorKind(mandate.kind)
    except ValueError:
        raise Invalid(tell(NOT_A_VALUE), "kind") from None
    if mandate.network and mandate.network not in set(Network):
        raise Invalid(tell(NOT_A_VALUE), "network")
    states = sorted({reference.jurisdiction(state).state for state in mandate.states})
    if not states:
        raise Invalid(tell("Choose at least one State"), "states")
    if not now.date() <= mandate.valid_until <= now.date() + LONGEST:
        raise Invalid(tell("A day from today, at most three years ahead"), "valid_until")
    organisation = clean(mandate.organisation, "organisation", most=300, least=2)
    person = Person(
        owner_state=NO_STATE,
        name=clean(mandate.name, "name", most=200, least=1),
        email=await staff.free_address(db, mandate.email),
        functions=[FACILITATOR],
        authority_name=organisation,
    )
    db.add(person)
    await db.flush()
    made = Facilitator(
        owner_state=actor.state,
        person_id=person.id,
        kind=kind,
        organisation=organisation,
        network=mandate.network,
        states=states,
        valid_until=mandate.valid_until,
        mandate=clean(mandate.mandate, "mandate", most=2000, least=3, lines=True),
        contact=clean(mandate.contact, "contact", most=200),
        made_by=actor.id,
        made_label=actor.label,
        made_at=now,
    )
    db.add(made)
    administered(db, made, "entered", actor=actor, now=now)
    await db.flush()
    return made


async def own_entry(db: AsyncSession, facilitator_id: str, *, actor: Actor, lock: bool = False) -> Facilitator:
    """The entry of a facilitator that the actor's State keeps. Raises `NotAllowed`, `NotFound`."""
    require_staff("manage_facilitators", actor, requesting_state=actor.state, requested_state=actor.state)
    row = await queries.get(db, Facilitator, facilitator_id, lock=lock)
    if row.owner_state != actor.state:
        raise NotFound
    return row


async def end(db: AsyncSession, *, facilitator: Facilitator, actor: Actor, now: datetime) -> None:
    """End the access of a facilitator, for good. Raises `NotReady` for one that has ended. Effects: the entry, the
    person, their logins and links; a line of history."""
    if facilitator.ended_at is not None:
        raise NotReady(tell("The mandate of this facilitator has ended"))
    facilitator.ended_at, facilitator.ended_label = now, actor.label
    person = await queries.get(db, Person, facilitator.person_id, lock=True)
    person.active = False
    db.add_all([facilitator, person])
    await logins.end_logins_of_person(db, person_id=person.id, now=now, why=LoginEnd.deactivated)
    administered(db, facilitator, "ended", actor=actor, now=now)
    await db.flush()


async def of_person(db: AsyncSession, person_id: str) -> Facilitator:
    """The entry of a person who is a facilitator. Raises `NotFound`."""
    row = (await db.exec(select(Facilitator).where(Facilitator.person_id == person_id))).first()
    if row is None:
        raise NotFound
    return row


async def everybody(db: AsyncSession) -> Sequence[tuple[Facilitator, Person]]:
    """All facilitators and their persons, the newest first."""
    query = select(Facilitator, Person).join(Person, col(Person.id) == col(Facilitator.person_id))
    return (await db.exec(query.order_by(col(Facilitator.id).desc()).limit(200))).all()


# --- requests shared ---------------------------------------------------------------------------------------------


async def share(
    db: AsyncSession, *, request: HearingRequest, facilitator_id: str, actor: Actor, now: datetime
) -> RequestShare:
    """Share a request of the actor's State with a facilitator. Raises `NotAllowed`, `NotFound`, `NotReady` for a draft,
    one who covers not the State, has ended, or reads it already. Effects: adds the row and a line of its history."""
    states = {"requesting_state": request.requesting_state, "requested_state": request.requested_state}
    require_staff("share_request", actor, **states)
    if request.submitted_at is None:
        raise NotReady(tell(NOT_SUBMITTED))
    facilitator = await queries.get(db, Facilitator, facilitator_id, lock=True)
    if not in_force(facilitator, on=now.date()) or actor.state not in facilitator.states:
        raise NotReady(tell("This facilitator does not act for your State now"))
    if any(row.facilitator_id == facilitator.id for row in await shares(db, request.id, state=actor.state)):
        raise NotReady(tell("The request is shared with this facilitator already"))
    made = RequestShare(
        owner_state=actor.state,
        request_id=request.id,
        facilitator_id=facilitator.id,
        shared_by=actor.id,
        shared_label=actor.label,
        shared_at=now,
    )
    db.add(made)
    administered(db, made, "shared", actor=actor, now=now)
    await db.flush()
    return made


async def revoke(
    db: AsyncSession, *, request: HearingRequest, share_id: str, actor: Actor, now: datetime
) -> RequestShare:
    """End a share of the own State. Raises `NotAllowed`, `NotFound`, `NotReady` for one that has ended. Effects: the
    row and a line of its history; the facilitator reads nothing of the request any more."""
    states = {"requesting_state": request.requesting_state, "requested_state": request.requested_state}
    require_staff("share_request", actor, **states)
    row = await queries.get(db, RequestShare, share_id, lock=True)
    if row.request_id != request.id or row.owner_state != actor.state:
        raise NotFound
    if row.revoked_at is not None:
        raise NotReady(tell("The facilitator does not read this request any more"))
    row.revoked_at, row.revoked_label = now, actor.label
    db.add(row)
    administered(db, row, "revoked", actor=actor, now=now)
    await db.flush()
    return row


async def shares(db: AsyncSession, request_id: str, *, state: str = "", ended: bool = False) -> Sequence[RequestShare]:
    """The shares of a request by one State or both, oldest first; with `ended` those that have ended too."""
    query = select(RequestShare).where(RequestShare.request_id == request_id)
    if state:
        query = query.where(RequestShare.owner_state == state)
    if not ended:
        query = query.where(col(RequestShare.revoked_at).is_(None))
    return (await db.exec(query.order_by(col(RequestShare.id)))).all()


@dataclass(frozen=True, kw_only=True)
class SharedRequest:
    """All that a facilitator reads of a request: no names, no case number, no content."""

    id: str
    """Of the share, not of the request."""
    reference: str
    requesting_state: str
    requested_state: str
    shared_by_state: str
    status: RequestStatus
    submitted_at: datetime | None
    answer_due: datetime | None
    info_due: datetime | None
    review_due: datetime | None
    written_due: datetime | None
    hearings: tuple[tuple[datetime, HearingStatus], ...]
    """Start and status of each hearing."""
    waits_for: str
    """The State that is waited for; empty where none is."""
    step: str
    """The open step, a code of `OPEN_POINTS`; empty where none is."""


async def shared_with(
    db: AsyncSession, *, facilitator: Facilitator, actor: Actor, now: datetime
) -> list[SharedRequest]:
    """What the States share with a facilitator now, the newest first. Raises `NotAllowed` as `require`."""
    require("read_shared", facilitator, actor, now=now)
    query = (
        select(RequestShare, HearingRequest)
        .join(HearingRequest, col(HearingRequest.id) == col(RequestShare.request_id))
        .where(RequestShare.facilitator_id == facilitator.id, col(RequestShare.revoked_at).is_(None))
        .order_by(col(RequestShare.id).desc())
        .limit(200)
    )
    found = (await db.exec(query)).all()
    ids = [request.id for _share, request in found]
    hearings = (
        await db.exec(select(Hearing).where(col(Hearing.request_id).in_(ids)).order_by(col(Hearing.starts_at)))
    ).all()
    return [_glimpse(row, request, [one for one in hearings if one.request_id == request.id]) for row, request in found]


def _glimpse(row: RequestShare, request: HearingRequest, hearings: Sequence[Hearing]) -> SharedRequest:
    side, step = OPEN_POINTS.get(request.status, ("", ""))
    sides = {"requesting": request.requesting_state, "requested": request.requested_state}
    return SharedRequest(
        id=row.id,
        reference=request.reference,
        requesting_state=request.requesting_state,
        requested_state=request.requested_state,
        shared_by_state=row.owner_state,
        status=request.status,
        submitted_at=request.submitted_at,
        answer_due=request.answer_due,
        info_due=request.info_due,
        review_due=request.review_due,
        written_due=request.written_due,
        hearings=tuple((one.starts_at, one.status) for one in hearings),
        waits_for=sides.get(side, ""),
        step=step,
    )
