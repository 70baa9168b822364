"""People of a hearing: named, so that it can become ready, and corrected."""

from typing import Annotated, Any

from fastapi import Path
from pydantic import ConfigDict, Field

from hearings import queries
from hearings.errors import Invalid, NotFound
from hearings.hearing import participants
from hearings.models import Hearing, Participant, Person
from hearings.roles import Role, StaffFunction
from hearings.status import PresenceStatus
from web.api import etags, examples
from web.api.access import Caller, Calling, parts_of
from web.api.fields import Model, Moment, Shown, StateCode
from web.api.routes import Resource
from web.hearing.api import Ref

router = Resource("participants")

Id = Annotated[str, Path(max_length=40, description="Id of the participant.", examples=[examples.ID])]
NEW: dict[str, Any] = {
    "role": "witness",
    "display_name": "Somchai Wongsa",
    "state": "TH",
    "city": "Bangkok",
    "speaks": "th",
}
PERSON = {
    "hearing": "7F3K-22QD",
    "id": "0193a1b2-9d3e-7a11-9b22-6c7d8e9f0a1b",
    "role": "witness",
    "number": 1,
    "display_name": "Somchai Wongsa",
    "state": "TH",
    "city": "Bangkok",
    "speaks": "th",
    "hears": "th",
    "staff": False,
    "presence": "invited",
    "needs_identity": True,
    "essential": True,
    "identity_confirmed_at": None,
}
STAFF_ROLES = {
    Role.presiding_judge: StaffFunction.judge,
    Role.clerk: StaffFunction.clerk,
    Role.requested_authority: StaffFunction.authority,
}
"""The function a member of staff must hold to play a part."""
Name = Annotated[str, Field(min_length=1, max_length=200)]
Language = Annotated[str, Field(min_length=2, max_length=35, description="BCP 47 tag.", examples=["th"])]
Town = Annotated[str, Field(max_length=100)]


class NewParticipant(Model):
    """Somebody who takes part. By default people hear what they speak, and interpreters the floor."""

    model_config = ConfigDict(json_schema_extra={"examples": [NEW]})

    role: Annotated[Role, Field(strict=False)]
    display_name: Name
    state: StateCode
    city: Town = ""
    speaks: Language
    hears: str | None = Field(default=None, max_length=35, description="Empty: the floor as spoken.")
    staff: str = Field(
        default="",
        max_length=254,
        description="E-mail address under which a judge, clerk or authority signs in. Others come by a link.",
    )
    needs_identity: bool | None = Field(default=None, description="Nothing: the person heard.")
    essential: bool | None = Field(
        default=None, description="Nothing: judge, clerk, authority, interpreter, person heard."
    )


class Correction(Model):
    """What is known of somebody: the fields that are sent, and no others."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"display_name": "Somchai W.", "city": "Chiang Mai"}]})

    display_name: Name | None = None
    city: Town | None = None
    speaks: Language | None = None
    hears: str | None = Field(default=None, max_length=35)


class ShownParticipant(Shown):
    """Somebody of a hearing. `staff`: signs in as a member of staff."""

    hearing: str
    id: str
    role: Role
    number: int
    display_name: str
    state: str
    city: str
    speaks: str
    hears: str
    staff: bool
    presence: PresenceStatus
    needs_identity: bool
    essential: bool
    identity_confirmed_at: Moment | None

    @classmethod
    def of(cls, row: Participant, hearing: Hearing) -> "ShownParticipant":
        own = {name: getattr(row, name) for name in cls.model_fields if name not in ("hearing", "staff")}
        return cls(hearing=hearing.ref, staff=row.person_id is not None, **own)


class ParticipantList(Shown):
    """The people of a hearing, in the order they were named."""

    items: list[ShownParticipant]


async def hearing_of(caller: Caller, ref: str, *, lock: bool = False) -> Hearing:
    """The hearing, as the caller's State may see it; noted as shown."""
    hearing = await queries.hearing(caller.db, ref, state=caller.state, lock=lock)
    caller.shown.append(hearing)
    return hearing


async def find(caller: Caller, hearing: Hearing, participant_id: str, *, lock: bool = False) -> Participant:
    """Somebody of this hearing. Raises `NotFound`."""
    found = await queries.get(caller.db, Participant, participant_id, lock=lock)
    if found.hearing_id != hearing.id:
        raise NotFound
    return found


async def _staff(caller: Caller, body: NewParticipant) -> Person | None:
    """The member of staff who is meant. Raises `Invalid` for one who is not there, or not for this part."""
    if not body.staff:
        return None
    try:
        found = await queries.person_by_email(caller.db, body.staff)
    except NotFound:
        found = None
    if found is None or not found.active or found.owner_state != body.state:
        raise Invalid("Nobody of this State signs in with this address", "staff")
    if STAFF_ROLES.get(body.role, "") not in found.functions:
        raise Invalid("This member of staff cannot play this part", "role")
    return found


async def _shown(caller: Caller, row: Participant, hearing: Hearing) -> ShownParticipant:
    await caller.db.flush()
    parts = parts_of(caller.request)
    if caller.database is parts.database:
        # People of a hearing that is live see it at once.
        caller.after.append(lambda: parts.conductors.touch(hearing.id))
    return etags.tag(caller, ShownParticipant.of(row, hearing))


@router.create(
    "/hearings/{ref}/participants",
    scope="hearings:write",
    example=PERSON,
    errors=(404, 409),
    tagged=True,
    gives={"ref": "hearing", "participant": "id"},
)
async def name_participant(caller: Calling, ref: Ref, body: NewParticipant) -> ShownParticipant:
    """Name somebody who takes part. A technical agreement that rests on other languages is void."""
    hearing = await hearing_of(caller, ref, lock=True)
    row = await participants.add(
        caller.db,
        hearing=hearing,
        role=body.role,
        display_name=body.display_name,
        state=body.state,
        city=body.city,
        speaks=body.speaks,
        hears=body.hears,
        person=await _staff(caller, body),
        needs_identity=body.needs_identity,
        essential=body.essential,
        actor=caller.actor,
        now=caller.now,
    )
    caller.headers["Location"] = caller.url(f"/hearings/{hearing.ref}/participants/{row.id}")
    return await _shown(caller, row, hearing)


@router.read(
    "/hearings/{ref}/participants",
    scope="hearings:read",
    example={"items": [PERSON]},
    errors=(404,),
    gives={"participant": "items/0/id"},
)
async def list_participants(caller: Calling, ref: Ref) -> ParticipantList:
    """The people of a hearing."""
    hearing = await hearing_of(caller, ref)
    found = await queries.participants(caller.db, hearing.id)
    return ParticipantList(items=[ShownParticipant.of(row, hearing) for row in found])


@router.read(
    "/hearings/{ref}/participants/{participant}", scope="hearings:read", example=PERSON, errors=(404,), tagged=True
)
async def read_participant(caller: Calling, ref: Ref, participant: Id) -> ShownParticipant:
    """Read what is known of somebody."""
    hearing = await hearing_of(caller, ref)
    return etags.tag(caller, ShownParticipant.of(await find(caller, hearing, participant), hearing))


@router.change("/hearings/{ref}/participants/{participant}", scope="hearings:write", example=PERSON, errors=(404,))
async def correct_participant(caller: Calling, ref: Ref, participant: Id, body: Correction) -> ShownParticipant:
    """Correct what is known of somebody who is not in the room."""
    hearing = await hearing_of(caller, ref, lock=True)
    row = await find(caller, hearing, participant)
    etags.require(caller, ShownParticipant.of(row, hearing))
    told = body.model_dump(exclude_none=True)
    known = {name: getattr(row, name) for name in Correction.model_fields}
    await participants.change(
        caller.db, hearing=hearing, participant=row, actor=caller.actor, now=caller.now, **(known | told)
    )
    return await _shown(caller, row, hearing)
