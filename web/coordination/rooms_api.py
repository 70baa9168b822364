"""Coordination rooms: convened, answered, filled, agreed and closed; what comes of one becomes a draft of a request."""

from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import Field

from hearings import queries
from hearings.coordination import rooms
from hearings.coordination.rooms import RoomPlan
from hearings.errors import Invalid
from hearings.models import CoordinationRoom
from hearings.models.coordination import Classification, OutcomeKind, RoomAnswer, RoomKind, RoomRole, SummaryWord
from hearings.models.people import Network
from hearings.requests import requests
from hearings.sentences import tell
from web.api.access import Caller
from web.api.fields import Column, Day, Model, Moment, Shown, StateCode
from web.api.routes import Resource

router = Resource("rooms")

RoomRef = Annotated[str, Field(pattern="^CR-[0-9a-f]{8}$", description="Reference of the room.")]
OutcomeId = Annotated[str, Field(max_length=36, description="Id of the outcome.")]
Instant = Annotated[datetime, Field(strict=False)]
ACT = (403, 404, 409)


class ShownRoomState(Shown):
    """An invited State: its answer, and its word on the summary."""

    state: Annotated[str, Column("owner_state")]
    answer: RoomAnswer
    other_time: Moment | None
    answered_at: Moment | None
    summary_word: SummaryWord | None
    dissent: str


class ShownRoomParticipant(Shown):
    """Somebody who takes part for an authority of a State."""

    state: Annotated[str, Column("owner_state")]
    name: str
    authority: str
    role: RoomRole


class ShownDocument(Shown):
    """A text shared by a State; no exhibit. `conditions`: for what it may be used."""

    id: str
    state: Annotated[str, Column("owner_state")]
    title: str
    text: str
    conditions: str
    shared_by: Annotated[str, Column("shared_label")]
    shared_at: Moment


class ShownRoomOutcome(Shown):
    """What the room has come to. `owed_by`: the State that owes it `towards` another. `became`: a request came of it,
    which only States that may see it read."""

    id: str
    kind: OutcomeKind
    text: str
    owed_by: Annotated[str, Column("owner_state")]
    towards: str
    due: date | None
    done: bool
    became: bool


class AgendaItem(Model):
    """An item of the agenda, the State that speaks to it (or empty), and its minutes."""

    item: str = Field(min_length=2, max_length=300)
    state: str = Field(default="", pattern="^([A-Z]{2})?$")
    minutes: int = Field(ge=1, le=720)


class ShownRoom(Shown):
    """A coordination room, as an invited State sees it. `requests`: references of those it has linked itself."""

    ref: str
    kind: RoomKind
    network: str
    subject: str
    classification: Classification
    agreement: str
    starts_at: Moment
    ends_at: Moment
    languages: list[str]
    meeting: str
    convened_by: str
    agenda: list[AgendaItem]
    states: list[ShownRoomState]
    participants: list[ShownRoomParticipant]
    documents: list[ShownDocument]
    outcomes: list[ShownRoomOutcome]
    requests: list[str]
    summary: str
    closed_at: Moment | None


class RoomInList(Shown):
    """A room in a list."""

    ref: str
    kind: RoomKind
    subject: str
    starts_at: Moment
    ends_at: Moment
    closed_at: Moment | None


class RoomList(Shown):
    """The rooms to which the State is invited, the latest first."""

    items: list[RoomInList]


class NewRoom(Model):
    """What is convened. A joint investigation team names its `agreement`, or that it is pending."""

    kind: Annotated[RoomKind, Field(strict=False)]
    subject: str = Field(min_length=3, max_length=500)
    states: list[StateCode] = Field(min_length=1, max_length=12)
    starts_at: Instant
    ends_at: Instant
    network: Annotated[Network | None, Field(strict=False)] = None
    classification: Annotated[Classification, Field(strict=False)] = Classification.ordinary
    agreement: str = Field(default="", max_length=500)
    languages: list[str] = Field(default=[], max_length=10)
    meeting: str = Field(default="", max_length=500, description="How those invited meet.")


class InvitationAnswer(Model):
    """The answer of the own State; `other_time` with `proposes_other_time` only."""

    answer: Annotated[RoomAnswer, Field(strict=False)]
    other_time: Instant | None = None


class Agenda(Model):
    """The whole agenda, written anew."""

    agenda: list[AgendaItem] = Field(max_length=50)


class NewRoomParticipant(Model):
    """Somebody of the own State."""

    name: str = Field(min_length=2, max_length=200)
    authority: str = Field(min_length=2, max_length=300)
    role: str = Field(max_length=40, description="`delegate`, `expert`, `interpreter` or `technician`.")


class NewDocument(Model):
    """A text to be shared. `conditions`: of information given without a request, for what it may be used."""

    title: str = Field(min_length=2, max_length=200)
    text: str = Field(min_length=2, max_length=20_000)
    conditions: str = Field(default="", max_length=2000)


class NewLink(Model):
    """A request of the own State; other States do not see it."""

    request: str = Field(max_length=40, description="Id or reference.")


class NewOutcome(Model):
    """What the room has come to."""

    kind: Annotated[OutcomeKind, Field(strict=False)]
    text: str = Field(min_length=3, max_length=2000)
    owed_by: StateCode
    towards: StateCode
    due: Day | None = None


class Summary(Model):
    """The summary, written anew; every State then says again whether it agrees."""

    text: str = Field(min_length=3, max_length=8000)


class WordOnSummary(Model):
    """Empty: the State agrees; else its dissent, which stands beside the summary."""

    dissent: str = Field(default="", max_length=4000)


class DraftOfOutcome(Shown):
    """The draft that has come of an outcome."""

    request: str
    reference: str


class RoomLogLine(Shown):
    """A line of the room's log. `about`: the States or the State it concerns."""

    act: Annotated[str, Column("after")]
    by: Annotated[str, Column("actor_label")]
    about: Annotated[str, Column("reason")]
    at: Moment


class RoomLog(Shown):
    """The log of a room, oldest first; it only grows."""

    items: list[RoomLogLine]


async def _find(caller: Caller, ref: str, *, lock: bool = False) -> CoordinationRoom:
    return await rooms.room(caller.db, ref, state=caller.state, lock=lock)


async def _as_seen(caller: Caller, row: CoordinationRoom) -> ShownRoom:
    file = await rooms.file(caller.db, row, state=caller.state)
    return ShownRoom.from_row(
        row,
        convened_by=row.convened_label,
        agenda=[AgendaItem(**item) for item in row.agenda],
        states=[ShownRoomState.from_row(one) for one in file.states],
        participants=[ShownRoomParticipant.from_row(one) for one in file.participants],
        documents=[ShownDocument.from_row(one) for one in file.documents],
        outcomes=[ShownRoomOutcome.from_row(one, became=one.request_id is not None) for one in file.outcomes],
        requests=[one.reference for one in file.links],
    )


def _instant(given: datetime, field: str) -> datetime:
    """An instant that says its zone. Raises `Invalid`."""
    if given.tzinfo is None:
        raise Invalid(tell("An instant needs a time zone"), field)
    return given.astimezone(UTC)


def _by(caller: Caller) -> dict[str, Any]:
    return {"actor": caller.actor, "now": caller.now}


@router.read("/rooms", scope="rooms:read", gives={"room": "items/0/ref"})
async def list_rooms(caller: Caller) -> RoomList:
    """The coordination rooms to which the State is invited."""
    found = await rooms.rooms(caller.db, state=caller.state)
    return RoomList(items=[RoomInList.from_row(one) for one in found])


@router.create("/rooms", scope="rooms:write", errors=(403,), gives={"room": "ref"})
async def convene_room(caller: Caller, body: NewRoom) -> ShownRoom:
    """Convene a coordination room. Nothing above `restricted` is held here, and nothing in it is evidence."""
    given = {**body.model_dump(), "network": body.network.value if body.network else ""}
    given |= {name: _instant(getattr(body, name), name) for name in ("starts_at", "ends_at")}
    plan = RoomPlan(**given)
    return await _as_seen(caller, await rooms.convene(caller.db, plan=plan, **_by(caller)))


@router.read("/rooms/{room}", scope="rooms:read", errors=(404,))
async def read_room(caller: Caller, room: RoomRef) -> ShownRoom:
    """A coordination room; 404 for a State that is not invited."""
    return await _as_seen(caller, await _find(caller, room))


@router.read("/rooms/{room}/log", scope="rooms:read", errors=(404,))
async def read_room_log(caller: Caller, room: RoomRef) -> RoomLog:
    """What was done in a room, by whom and when."""
    lines = await queries.history(caller.db, await _find(caller, room))
    return RoomLog(items=[RoomLogLine.from_row(line) for line in lines])


@router.act("/rooms/{room}/answer", scope="rooms:write", errors=ACT)
async def answer_invitation(caller: Caller, room: RoomRef, body: InvitationAnswer) -> ShownRoom:
    """Answer the invitation of the own State."""
    row = await _find(caller, room, lock=True)
    other = _instant(body.other_time, "other_time") if body.other_time else None
    await rooms.answer(caller.db, room=row, given=body.answer, other_time=other, **_by(caller))
    return await _as_seen(caller, row)


@router.act("/rooms/{room}/agenda", scope="rooms:write", errors=ACT)
async def set_room_agenda(caller: Caller, room: RoomRef, body: Agenda) -> ShownRoom:
    """Write the agenda anew."""
    row = await _find(caller, room, lock=True)
    items = [(one.item, one.state, one.minutes) for one in body.agenda]
    await rooms.set_agenda(caller.db, room=row, items=items, **_by(caller))
    return await _as_seen(caller, row)


@router.act("/rooms/{room}/participants", scope="rooms:write", errors=ACT)
async def add_room_participant(caller: Caller, room: RoomRef, body: NewRoomParticipant) -> ShownRoom:
    """Name somebody of the own State. Nobody who is witness, suspect or accused in a linked request takes part."""
    row = await _find(caller, room, lock=True)
    await rooms.add_participant(caller.db, room=row, **body.model_dump(), **_by(caller))
    return await _as_seen(caller, row)


@router.act("/rooms/{room}/documents", scope="rooms:write", errors=ACT)
async def share_room_document(caller: Caller, room: RoomRef, body: NewDocument) -> ShownRoom:
    """Share a text, which is no exhibit."""
    row = await _find(caller, room, lock=True)
    await rooms.share_document(caller.db, room=row, **body.model_dump(), **_by(caller))
    return await _as_seen(caller, row)


@router.act("/rooms/{room}/requests", scope="rooms:write", errors=ACT)
async def link_request_to_room(caller: Caller, room: RoomRef, body: NewLink) -> ShownRoom:
    """Link a request of the own State, which no other State and no facilitator sees."""
    row = await _find(caller, room, lock=True)
    request = await queries.request(caller.db, body.request, state=caller.state)
    caller.shown.append(request)
    await rooms.link(caller.db, room=row, request=request, **_by(caller))
    return await _as_seen(caller, row)


@router.act("/rooms/{room}/outcomes", scope="rooms:write", errors=ACT)
async def record_room_outcome(caller: Caller, room: RoomRef, body: NewOutcome) -> ShownRoom:
    """Record what the room has come to, and which State owes it."""
    row = await _find(caller, room, lock=True)
    given = {**body.model_dump(), "kind": body.kind.value}
    await rooms.add_outcome(caller.db, room=row, **given, **_by(caller))
    return await _as_seen(caller, row)


@router.act("/rooms/{room}/outcomes/{outcome}/done", body="none", scope="rooms:write", errors=ACT)
async def finish_room_outcome(caller: Caller, room: RoomRef, outcome: OutcomeId) -> ShownRoom:
    """Say that the own State has done what it owes."""
    row = await _find(caller, room, lock=True)
    owed = await rooms.owed(caller.db, room=row, outcome_id=outcome, actor=caller.actor)
    await rooms.finish_outcome(caller.db, room=row, outcome=owed, **_by(caller))
    return await _as_seen(caller, row)


@router.create("/rooms/{room}/outcomes/{outcome}/draft", body="none", scope="rooms:write", errors=ACT)
async def draft_of_room_outcome(caller: Caller, room: RoomRef, outcome: OutcomeId) -> DraftOfOutcome:
    """Turn an outcome that the own State owes into a draft of a request to the State it is owed to."""
    row = await _find(caller, room, lock=True)
    owed = await rooms.owed(caller.db, room=row, outcome_id=outcome, actor=caller.actor)
    made = await requests.draft(caller.db, requested_state=owed.towards, **_by(caller))
    await rooms.finish_outcome(caller.db, room=row, outcome=owed, request=made, **_by(caller))
    return DraftOfOutcome(request=made.id, reference=made.reference)


@router.act("/rooms/{room}/summary", scope="rooms:write", errors=ACT)
async def write_room_summary(caller: Caller, room: RoomRef, body: Summary) -> ShownRoom:
    """Write the summary anew."""
    row = await _find(caller, room, lock=True)
    await rooms.summarise(caller.db, room=row, text=body.text, **_by(caller))
    return await _as_seen(caller, row)


@router.act("/rooms/{room}/summary/word", scope="rooms:write", errors=ACT)
async def agree_to_room_summary(caller: Caller, room: RoomRef, body: WordOnSummary) -> ShownRoom:
    """Agree to the summary for the own State, or put its dissent beside it."""
    row = await _find(caller, room, lock=True)
    await rooms.agree(caller.db, room=row, dissent=body.dissent, **_by(caller))
    return await _as_seen(caller, row)


@router.act("/rooms/{room}/close", body="none", scope="rooms:write", errors=ACT)
async def close_room(caller: Caller, room: RoomRef) -> ShownRoom:
    """Close the room."""
    row = await _find(caller, room, lock=True)
    await rooms.close(caller.db, room=row, **_by(caller))
    return await _as_seen(caller, row)
