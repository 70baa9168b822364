"""Coordination rooms: States meet beside the formal way (UNODC paper, paragraphs 19, 27 to 32 and 34).

Nobody is heard in one and nothing of it is evidence: no oath, no rights notice, no exhibit, no
recording and no minutes. A State that is not invited does not see that it exists, and a
facilitator sees no request linked to it.
"""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import queries, reference
from hearings.actors import Actor
from hearings.coordination import facilitators
from hearings.coordination.facilitators import NOT_COVERED
from hearings.errors import Invalid, NotAllowed, NotFound, NotReady
from hearings.languages import language
from hearings.models import (
    CoordinationRoom,
    Facilitator,
    HearingRequest,
    RoomDocument,
    RoomLink,
    RoomOutcome,
    RoomParticipant,
    RoomState,
)
from hearings.models.coordination import Classification, OutcomeKind, RoomAnswer, RoomKind, RoomRole, SummaryWord
from hearings.models.people import Network
from hearings.models.request import Capacity
from hearings.moves import administered
from hearings.paging import Page, page
from hearings.permissions import require_staff
from hearings.roles import NO_STATE
from hearings.sentences import tell
from hearings.texts import NOT_A_VALUE, clean, folded

LONGEST = timedelta(hours=12)
FURTHEST = timedelta(days=366)
MOST_STATES = 12
HEARD = frozenset({Capacity.witness, Capacity.suspect, Capacity.accused})
"""Capacities of persons of a linked request who cannot take part."""


@dataclass(frozen=True, kw_only=True)
class RoomPlan:
    """What is convened, as typed. `states`: those invited, with that of the convener or without. `agreement`: of a
    joint investigation team, its parties and date, or that it is pending. `meeting`: how those invited meet."""

    kind: str
    subject: str
    states: Sequence[str]
    starts_at: datetime
    ends_at: datetime
    network: str = ""
    classification: str = Classification.ordinary
    agreement: str = ""
    languages: Sequence[str] = ()
    meeting: str = ""


async def convene(
    db: AsyncSession, *, plan: RoomPlan, facilitator: Facilitator | None = None, actor: Actor, now: datetime
) -> CoordinationRoom:
    """Convene a room of at least two States, as an authority of one of them or as a facilitator for States it covers.

    Raises `NotAllowed`, `UnknownState`, `UnknownLanguage`, and `Invalid` naming the field. Effects: adds the room, a
    row for each State (the convener's own accepts) and a line of the room's log.
    """
    states = sorted({reference.jurisdiction(state).state for state in plan.states})
    if facilitator is None:
        require_staff("convene_room", actor, requesting_state=actor.state, requested_state=actor.state)
        states = sorted({*states, actor.state})
    else:
        facilitators.require("convene_room", facilitator, actor, now=now)
        if not set(states) <= set(facilitator.states):
            raise NotAllowed(tell(NOT_COVERED))
    if not 2 <= len(states) <= MOST_STATES:
        raise Invalid(tell("Invite at least one other State"), "states")
    room = _room(plan, now)
    room.owner_state, room.convened_by, room.convened_label = actor.state, actor.id, actor.label
    room.facilitator_id = facilitator.id if facilitator else None
    db.add(room)
    await db.flush()
    for state in states:
        db.add(RoomState(owner_state=state, room_id=room.id))
    administered(db, room, "convened", actor=actor, now=now, reason=" ".join(states))
    await db.flush()
    if facilitator is None:
        await answer(db, room=room, given=RoomAnswer.accepts, actor=actor, now=now)
    return room


def _room(plan: RoomPlan, now: datetime) -> CoordinationRoom:
    if plan.kind not in set(RoomKind):
        raise Invalid(tell(NOT_A_VALUE), "kind")
    if plan.classification not in set(Classification):
        raise Invalid(tell("Ordinary or restricted: nothing more confidential is kept here"), "classification")
    if plan.network and plan.network not in set(Network):
        raise Invalid(tell(NOT_A_VALUE), "network")
    _require_times(plan.starts_at, plan.ends_at, now)
    jit = plan.kind == RoomKind.jit_meeting
    return CoordinationRoom(
        owner_state=NO_STATE,
        ref=f"CR-{secrets.token_hex(4)}",
        kind=RoomKind(plan.kind),
        network=plan.network,
        subject=clean(plan.subject, "subject", most=500, least=3),
        classification=Classification(plan.classification),
        agreement=clean(plan.agreement, "agreement", most=500, least=3 if jit else 0),
        starts_at=plan.starts_at,
        ends_at=plan.ends_at,
        languages=list(dict.fromkeys(language(tag) for tag in plan.languages)),
        meeting=clean(plan.meeting, "meeting", most=500),
        agenda=[],
        convened_by="",
        convened_label="",
        created_at=now,
    )


def _require_times(starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    if not now < starts_at < now + FURTHEST:
        raise Invalid(tell("A time from now on, at most a year ahead"), "starts_at")
    if not timedelta() < ends_at - starts_at <= LONGEST:
        raise Invalid(tell("A meeting ends within twelve hours of its start"), "ends_at")


# --- what a State sees -------------------------------------------------------------------------------------------


async def room(db: AsyncSession, ref: str, *, state: str, lock: bool = False) -> CoordinationRoom:
    """A room to which this State is invited. Raises `NotFound`, alike for one that there is not."""
    query = (
        select(CoordinationRoom)
        .join(RoomState, col(RoomState.room_id) == col(CoordinationRoom.id))
        .where(CoordinationRoom.ref == ref[:20], RoomState.owner_state == state)
    )
    row = (await db.exec(query.with_for_update(of=CoordinationRoom) if lock else query)).first()
    if row is None:
        raise NotFound
    return row


async def rooms(db: AsyncSession, *, state: str) -> Sequence[CoordinationRoom]:
    """The rooms to which this State is invited, the latest first."""
    query = (
        select(CoordinationRoom)
        .join(RoomState, col(RoomState.room_id) == col(CoordinationRoom.id))
        .where(RoomState.owner_state == state)
        .order_by(col(CoordinationRoom.starts_at).desc(), col(CoordinationRoom.id).desc())
    )
    return (await db.exec(query.limit(200))).all()


async def listed(
    db: AsyncSession, *, state: str, after: str = "", limit: int = 25
) -> Page[tuple[CoordinationRoom, RoomState]]:
    """A page of the rooms to which this State is invited, the latest first, each with the State's own row."""
    query = (
        select(CoordinationRoom, RoomState)
        .join(RoomState, col(RoomState.room_id) == col(CoordinationRoom.id))
        .where(RoomState.owner_state == state)
    )
    order = col(CoordinationRoom.starts_at).desc(), col(CoordinationRoom.id).desc()
    return await page(db, query, *order, after=after, limit=limit, row=lambda found: found[0])


async def convened(
    db: AsyncSession, *, facilitator: Facilitator, actor: Actor, now: datetime, after: str = "", limit: int = 25
) -> Page[CoordinationRoom]:
    """A page of the rooms that a facilitator has convened, the latest first. Raises `NotAllowed` as
    `facilitators.require`."""
    facilitators.require("keep_room", facilitator, actor, now=now)
    query = select(CoordinationRoom).where(CoordinationRoom.facilitator_id == facilitator.id)
    order = col(CoordinationRoom.starts_at).desc(), col(CoordinationRoom.id).desc()
    return await page(db, query, *order, after=after, limit=limit)


async def convened_room(
    db: AsyncSession, ref: str, *, facilitator: Facilitator, actor: Actor, now: datetime, lock: bool = False
) -> CoordinationRoom:
    """A room that a facilitator has convened. Raises `NotFound`, alike for one that there is not, and `NotAllowed` as
    `facilitators.require`."""
    facilitators.require("keep_room", facilitator, actor, now=now)
    query = select(CoordinationRoom).where(
        CoordinationRoom.ref == ref[:20], CoordinationRoom.facilitator_id == facilitator.id
    )
    row = (await db.exec(query.with_for_update() if lock else query)).first()
    if row is None:
        raise NotFound
    return row


async def invited(db: AsyncSession, rooms_shown: Sequence[CoordinationRoom]) -> Mapping[str, list[str]]:
    """The States of these rooms, by the room's id."""
    query = select(RoomState).where(col(RoomState.room_id).in_([row.id for row in rooms_shown]))
    found: dict[str, list[str]] = {row.id: [] for row in rooms_shown}
    for row in (await db.exec(query.order_by(col(RoomState.owner_state)))).all():
        found[row.room_id].append(row.owner_state)
    return found


@dataclass(frozen=True, kw_only=True)
class RoomFile:
    """A room as one State sees it. `links`: of the requests it has linked itself."""

    room: CoordinationRoom
    states: Sequence[RoomState]
    participants: Sequence[RoomParticipant]
    documents: Sequence[RoomDocument]
    outcomes: Sequence[RoomOutcome]
    links: Sequence[HearingRequest]


async def file(db: AsyncSession, room: CoordinationRoom, *, state: str) -> RoomFile:
    """Everything of a room that a State which is invited sees; for a facilitator (`NO_STATE`) no linked request."""
    of_room = {
        kind: (await db.exec(select(kind).where(kind.room_id == room.id).order_by(col(kind.id)))).all()
        for kind in (RoomState, RoomParticipant, RoomDocument, RoomOutcome)
    }
    linked = (
        select(HearingRequest)
        .join(RoomLink, col(RoomLink.request_id) == col(HearingRequest.id))
        .where(RoomLink.room_id == room.id, RoomLink.owner_state == state)
    )
    given: dict[str, Any] = {
        "states": of_room[RoomState],
        "participants": of_room[RoomParticipant],
        "documents": of_room[RoomDocument],
        "outcomes": of_room[RoomOutcome],
    }
    return RoomFile(room=room, links=(await db.exec(linked)).all(), **given)


async def of_request(db: AsyncSession, request_id: str, *, state: str) -> Sequence[CoordinationRoom]:
    """The rooms to which a State has linked a request: for its file, which names a room and its date, nothing else."""
    query = (
        select(CoordinationRoom)
        .join(RoomLink, col(RoomLink.room_id) == col(CoordinationRoom.id))
        .where(RoomLink.request_id == request_id, RoomLink.owner_state == state)
    )
    return (await db.exec(query.order_by(col(CoordinationRoom.starts_at)))).all()


# --- what States do there ----------------------------------------------------------------------------------------


async def take_part(db: AsyncSession, room: CoordinationRoom, actor: Actor) -> RoomState:
    """The row of the actor's State, locked. Raises `NotAllowed`, `NotReady` once the room is closed, and `NotFound` for
    a State that is not invited."""
    require_staff("coordinate", actor, requesting_state=actor.state, requested_state=actor.state)
    _not_closed(room)
    return await _own(db, room, actor)


def _not_closed(room: CoordinationRoom) -> None:
    if room.closed_at is not None:
        raise NotReady(tell("This coordination room is closed"))


async def _keeps(
    db: AsyncSession, room: CoordinationRoom, actor: Actor, facilitator: Facilitator | None, now: datetime
) -> None:
    """Raises unless the actor takes part for a State, or is the facilitator who has convened the room."""
    if facilitator is None:
        await take_part(db, room, actor)
        return
    facilitators.require("keep_room", facilitator, actor, now=now)
    if room.facilitator_id != facilitator.id:
        raise NotFound
    _not_closed(room)


def _state(actor: Actor) -> str:
    return "" if actor.state == NO_STATE else actor.state


async def _own(db: AsyncSession, room: CoordinationRoom, actor: Actor) -> RoomState:
    query = select(RoomState).where(RoomState.room_id == room.id, RoomState.owner_state == actor.state)
    row = (await db.exec(query.with_for_update())).first()
    if row is None:
        raise NotFound
    return row


async def answer(
    db: AsyncSession,
    *,
    room: CoordinationRoom,
    given: RoomAnswer,
    other_time: datetime | None = None,
    read: datetime | None = None,
    actor: Actor,
    now: datetime,
) -> RoomState:
    """Answer an invitation for the own State, or take that back. `read`: the time of the meeting that is answered.

    Raises `NotAllowed`, `NotFound`, `NotReady` once closed or where the time is another one by now, `Invalid`.
    Effects: the State's row and a line of the log.
    """
    own = await take_part(db, room, actor)
    if read is not None and read != room.starts_at:
        raise NotReady(tell("The time of the meeting has changed: read it and answer again"))
    proposes = given is RoomAnswer.proposes_other_time
    if given is RoomAnswer.invited:
        raise Invalid(tell(NOT_A_VALUE), "answer")
    if proposes != (other_time is not None) or (other_time is not None and other_time <= now):
        raise Invalid(tell("Another time is given with that answer only, and has not passed"), "other_time")
    own.answer, own.other_time, own.answered_label, own.answered_at = given, other_time, actor.label, now
    db.add(own)
    administered(db, room, f"answer_{given.value}", actor=actor, now=now, reason=actor.state)
    await db.flush()
    return own


async def set_time(
    db: AsyncSession,
    *,
    room: CoordinationRoom,
    starts_at: datetime,
    ends_at: datetime,
    facilitator: Facilitator | None = None,
    actor: Actor,
    now: datetime,
) -> None:
    """Set another time of the meeting, as whoever has convened it; all other States answer anew. Raises as `answer`.
    Effects: the times, the answers, a line of the log; none where it is the same time."""
    await _keeps(db, room, actor, facilitator, now)
    if facilitator is None and room.owner_state != actor.state:
        raise NotAllowed(tell("Only for whoever has convened it"))
    if (starts_at, ends_at) == (room.starts_at, room.ends_at):
        return
    _require_times(starts_at, ends_at, now)
    room.starts_at, room.ends_at = starts_at, ends_at
    others = select(RoomState).where(RoomState.room_id == room.id, RoomState.owner_state != actor.state)
    for row in (await db.exec(others.with_for_update())).all():
        row.answer, row.other_time, row.answered_label, row.answered_at = RoomAnswer.invited, None, "", None
        db.add(row)
    db.add(room)
    administered(db, room, "time_set", actor=actor, now=now)
    await db.flush()


async def link(
    db: AsyncSession, *, room: CoordinationRoom, request: HearingRequest, actor: Actor, now: datetime
) -> None:
    """Link a request of the own State, which only that State sees. Raises as `answer`; `NotReady` where somebody who
    takes part is heard in it. Effects: the row, and a line of the log that does not name the request."""
    await take_part(db, room, actor)
    if actor.state not in (request.requesting_state, request.requested_state):
        raise NotFound
    people = (await db.exec(select(RoomParticipant).where(RoomParticipant.room_id == room.id))).all()
    if any(_is_heard(person.name, request) for person in people):
        raise NotReady(tell("Somebody who is heard in a linked request cannot take part"))
    if any(row.id == room.id for row in await of_request(db, request.id, state=actor.state)):
        raise NotReady(tell("The request is linked to this room already"))
    db.add(RoomLink(owner_state=actor.state, room_id=room.id, request_id=request.id))
    administered(db, room, "request_linked", actor=actor, now=now, reason=actor.state)
    await db.flush()


def heard(file: RoomFile) -> list[tuple[RoomParticipant, HearingRequest]]:
    """Who takes part although heard in a request that the reader's State has linked. Pure."""
    return [(one, request) for request in file.links for one in file.participants if _is_heard(one.name, request)]


def _is_heard(name: str, request: HearingRequest) -> bool:
    heard = folded(request.person_name).split()
    return request.capacity in HEARD and bool(heard) and sorted(heard) == sorted(folded(name).split())


async def add_participant(
    db: AsyncSession, *, room: CoordinationRoom, name: str, authority: str, role: str, actor: Actor, now: datetime
) -> RoomParticipant:
    """Name somebody of the own State. Raises as `answer`; `Invalid` for a role of hearings, such as witness, and for
    who is witness, suspect or accused in a request that the own State has linked: of those of other States a refusal
    would tell who is heard in them, so that these States are warned (`heard`). Effects: the row and a line of the log.
    """
    await take_part(db, room, actor)
    if role not in set(RoomRole) - {RoomRole.facilitator}:
        raise Invalid(tell("Nobody is heard in a coordination room: choose another role"), "role")
    name = clean(name, "name", most=200, least=2)
    linked = select(HearingRequest).join(RoomLink, col(RoomLink.request_id) == col(HearingRequest.id))
    own = (RoomLink.room_id == room.id, RoomLink.owner_state == actor.state)
    for request in (await db.exec(linked.where(*own))).all():
        if _is_heard(name, request):
            raise Invalid(tell("Somebody who is heard in a linked request cannot take part"), "name")
    made = RoomParticipant(
        owner_state=actor.state,
        room_id=room.id,
        name=name,
        authority=clean(authority, "authority", most=300, least=2),
        role=RoomRole(role),
    )
    db.add(made)
    administered(db, room, "participant_added", actor=actor, now=now, reason=actor.state)
    await db.flush()
    return made


async def set_agenda(
    db: AsyncSession,
    *,
    room: CoordinationRoom,
    items: Sequence[tuple[str, str, int]],
    facilitator: Facilitator | None = None,
    actor: Actor,
    now: datetime,
) -> None:
    """Write the agenda anew: item, State that speaks (or empty) and minutes. Raises as `answer`. Effects: the agenda
    and a line of the log; none where it is the same."""
    await _keeps(db, room, actor, facilitator, now)
    states = {row.owner_state for row in (await db.exec(select(RoomState).where(RoomState.room_id == room.id))).all()}
    agenda = []
    for item, state, minutes in items:
        if (state and state not in states) or not 1 <= minutes <= 720:
            raise Invalid(tell(NOT_A_VALUE), "agenda")
        agenda.append({"item": clean(item, "agenda", most=300, least=2), "state": state, "minutes": minutes})
    if agenda == room.agenda:
        return
    room.agenda = agenda
    db.add(room)
    administered(db, room, "agenda_set", actor=actor, now=now, reason=_state(actor))


async def share_document(
    db: AsyncSession,
    *,
    room: CoordinationRoom,
    title: str,
    text: str,
    conditions: str = "",
    actor: Actor,
    now: datetime,
) -> RoomDocument:
    """Share a text, which is no exhibit. `conditions`: of information given without a request, for what it may be used.
    Raises as `answer`. Effects: the row and a line of the log."""
    await take_part(db, room, actor)
    made = RoomDocument(
        owner_state=actor.state,
        room_id=room.id,
        title=clean(title, "title", most=200, least=2),
        text=clean(text, "text", most=20_000, least=2, lines=True),
        conditions=clean(conditions, "conditions", most=2000, lines=True),
        shared_label=actor.label,
        shared_at=now,
    )
    db.add(made)
    administered(db, room, "document_shared", actor=actor, now=now, reason=actor.state)
    await db.flush()
    return made


# --- what comes of it --------------------------------------------------------------------------------------------


async def add_outcome(
    db: AsyncSession,
    *,
    room: CoordinationRoom,
    kind: str,
    text: str,
    owed_by: str,
    towards: str,
    due: date | None = None,
    actor: Actor,
    now: datetime,
) -> RoomOutcome:
    """Record an outcome, what it is, which State owes it to which. Raises as `answer`. Effects: the row and a line of
    the log."""
    await take_part(db, room, actor)
    states = {row.owner_state for row in (await db.exec(select(RoomState).where(RoomState.room_id == room.id))).all()}
    if kind not in set(OutcomeKind):
        raise Invalid(tell(NOT_A_VALUE), "kind")
    if owed_by not in states or towards not in states or owed_by == towards:
        raise Invalid(tell("An outcome is owed by one State of the room to another"), "owed_by")
    made = RoomOutcome(
        owner_state=owed_by,
        room_id=room.id,
        kind=OutcomeKind(kind),
        text=clean(text, "text", most=2000, least=3, lines=True),
        towards=towards,
        due=due,
    )
    db.add(made)
    administered(db, room, "outcome_recorded", actor=actor, now=now, reason=owed_by)
    await db.flush()
    return made


async def owed(db: AsyncSession, *, room: CoordinationRoom, outcome_id: str, actor: Actor) -> RoomOutcome:
    """An outcome that the actor's State owes, locked. Raises `NotFound`, `NotAllowed` for one of another State."""
    await _own(db, room, actor)
    row = await queries.get(db, RoomOutcome, outcome_id, lock=True)
    if row.room_id != room.id:
        raise NotFound
    if row.owner_state != actor.state:
        raise NotAllowed(tell("Only for the State that owes it"))
    return row


async def finish_outcome(
    db: AsyncSession,
    *,
    room: CoordinationRoom,
    outcome: RoomOutcome,
    request: HearingRequest | None = None,
    actor: Actor,
    now: datetime,
) -> None:
    """The State that owes an outcome has done it; `request`: the draft that has come of it, which the State links to
    the room. Raises as `owed`, and `NotReady` for one that is done. Effects: the outcome, the link, a line of the
    log."""
    require_staff("coordinate", actor, requesting_state=actor.state, requested_state=actor.state)
    if outcome.owner_state != actor.state:
        raise NotAllowed(tell("Only for the State that owes it"))
    if outcome.done:
        raise NotReady(tell("This outcome is done"))
    outcome.done = True
    if request is not None:
        outcome.request_id = request.id
        db.add(RoomLink(owner_state=actor.state, room_id=room.id, request_id=request.id))
    db.add(outcome)
    administered(db, room, "outcome_done", actor=actor, now=now, reason=actor.state)
    await db.flush()


async def summarise(db: AsyncSession, *, room: CoordinationRoom, text: str, actor: Actor, now: datetime) -> None:
    """Write the summary anew; every State says again whether it agrees. Raises as `answer`. Effects: the summary, the
    words of all States, a line of the log; none where it is the same text."""
    await take_part(db, room, actor)
    written = clean(text, "text", most=8000, least=3, lines=True)
    if written == room.summary:
        return
    room.summary = written
    for row in (await db.exec(select(RoomState).where(RoomState.room_id == room.id).with_for_update())).all():
        row.summary_word, row.dissent = None, ""
        db.add(row)
    db.add(room)
    administered(db, room, "summary_written", actor=actor, now=now, reason=actor.state)
    await db.flush()


def summary_mark(room: CoordinationRoom) -> str:
    """What tells one text of the summary from another: SHA-256 of it, in hex. Pure."""
    return hashlib.sha256(room.summary.encode()).hexdigest()


async def agree(
    db: AsyncSession, *, room: CoordinationRoom, dissent: str = "", read: str = "", actor: Actor, now: datetime
) -> None:
    """Agree to the summary for the own State, or put its dissent beside it. `read`: the `summary_mark` of what was
    read. Raises as `answer`, and `NotReady` without a summary or where it is another one by now. Effects: the State's
    word and a line of the log."""
    own = await take_part(db, room, actor)
    if not room.summary:
        raise NotReady(tell("There is no summary yet"))
    if read and read != summary_mark(room):
        raise NotReady(tell("The summary was written anew: read it first"))
    own.dissent = clean(dissent, "dissent", most=4000, lines=True)
    own.summary_word = SummaryWord.dissents if own.dissent else SummaryWord.agreed
    db.add(own)
    administered(db, room, f"summary_{own.summary_word.value}", actor=actor, now=now, reason=actor.state)
    await db.flush()


async def close(
    db: AsyncSession, *, room: CoordinationRoom, facilitator: Facilitator | None = None, actor: Actor, now: datetime
) -> None:
    """Close the room: nothing of it changes any more but outcomes that are done. Only the State that convened it; of a
    room of a facilitator that one, or any State. Raises as `answer`. Effects: `closed_at` and a line of the log."""
    await _keeps(db, room, actor, facilitator, now)
    if room.owner_state not in (actor.state, NO_STATE):
        raise NotAllowed(tell("Only for the State that has convened it"))
    room.closed_at = now
    db.add(room)
    administered(db, room, "closed", actor=actor, now=now)
    await db.flush()
