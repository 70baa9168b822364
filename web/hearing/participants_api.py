"""People of a hearing: named, so that it can become ready, and corrected."""

from typing import Annotated

from pydantic import Field

from hearings import queries
from hearings.errors import Invalid, NotFound
from hearings.hearing import naming, participants
from hearings.models import Hearing, Participant, Person
from hearings.people.logins import LoginEnd
from hearings.roles import Role
from hearings.sitting import replacements
from hearings.status import PresenceStatus
from web.api import etags
from web.api.access import Caller, parts_of
from web.api.fields import Model, Moment, Shown, StateCode
from web.api.routes import Resource
from web.hearing.api import Ref

router = Resource("participants")

Id = Annotated[str, Field(max_length=40, description="Id of the participant.")]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Language = Annotated[str, Field(min_length=2, max_length=35, description="BCP 47 tag.")]
Town = Annotated[str, Field(max_length=100)]


class NewParticipant(Model):
    """Somebody who takes part. By default people hear what they speak, and interpreters the floor."""

    role: Annotated[Role, Field(strict=False)]
    display_name: Name
    state: StateCode
    city: Town = ""
    speaks: Language
    hears: str | None = Field(default=None, max_length=35, description="Empty: the floor as spoken.")
    staff: str = Field(
        default="",
        max_length=254,
        description="E-mail address of a judge, clerk, authority or custodian of the client's State. Others come by a "
        "link, or sit at the device of somebody.",
    )
    device_of: str | None = Field(
        default=None,
        max_length=40,
        description="Id of the participant at whose device the person sits; nothing: a device of their own.",
    )
    needs_identity: bool | None = Field(default=None, description="Nothing: the person heard.")
    essential: bool | None = Field(
        default=None, description="Nothing: judge, clerk, authority, interpreter, person heard."
    )


class Correction(Model):
    """What is known of somebody: the fields that are sent, and no others."""

    display_name: Name | None = None
    city: Town | None = None
    speaks: Language | None = None
    hears: str | None = Field(default=None, max_length=35)


class Successor(Model):
    """Who takes a participant's place: the name of a guest, or the address of a member of staff."""

    display_name: Annotated[str, Field(max_length=200)] = ""
    city: Town = ""
    speaks: str = Field(default="", max_length=35, description="Nothing: the language of the one who is replaced.")
    staff: str = Field(default="", max_length=254, description="E-mail address of the member of staff.")
    reason: Annotated[str, Field(min_length=3, max_length=500)]


class Removal(Model):
    """Why somebody is taken off the list."""

    reason: Annotated[str, Field(min_length=3, max_length=500)]


class ShownParticipant(Shown):
    """Somebody of a hearing. `staff`: signs in as a member of staff; `vacated_at`: when the place became free."""

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
    device_of: str | None
    replaces: str | None
    vacated_at: Moment | None


def _of(row: Participant, hearing: Hearing) -> ShownParticipant:
    return ShownParticipant.from_row(
        row,
        hearing=hearing.ref,
        staff=row.person_id is not None,
        device_of=row.device_of_id,
        replaces=row.replaces_id,
    )


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


async def _staff(caller: Caller, email: str, role: Role) -> Person | None:
    """The member of staff of the client's State who is meant. Raises `Invalid` for one who is not there, or not for
    this part."""
    if not email:
        return None
    try:
        found = await queries.person_by_email(caller.db, email)
    except NotFound:
        found = None
    if found is None or not found.active or found.owner_state != caller.state:
        raise Invalid("Nobody of this State signs in with this address", "staff")
    if not naming.can_play(role, found.functions):
        raise Invalid("This member of staff cannot play this part", "role")
    return found


async def _device(caller: Caller, hearing: Hearing, participant_id: str | None) -> Participant | None:
    """The participant at whose device somebody sits. Raises `Invalid`."""
    if not participant_id:
        return None
    try:
        return await find(caller, hearing, participant_id)
    except NotFound:
        raise Invalid("Nobody of this hearing has this id", "device_of") from None


async def _tagged(caller: Caller, row: Participant, hearing: Hearing) -> ShownParticipant:
    await caller.db.flush()
    parts = parts_of(caller.request)
    if caller.database is parts.database:
        # People of a hearing that is live see it at once.
        caller.after.append(lambda: parts.conductors.touch(hearing.id))
    return etags.tag(caller, _of(row, hearing))


@router.create(
    "/hearings/{ref}/participants",
    scope="hearings:write",
    errors=(404, 409),
    tagged=True,
    gives={"ref": "hearing", "participant": "id"},
)
async def name_participant(caller: Caller, ref: Ref, body: NewParticipant) -> ShownParticipant:
    """Name somebody who takes part. A technical agreement that rests on other languages is void.

    Each State names its own people; the requesting State may also name guests at the requested State's site.
    """
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
        person=await _staff(caller, body.staff, body.role),
        device_of=await _device(caller, hearing, body.device_of),
        needs_identity=body.needs_identity,
        essential=body.essential,
        actor=caller.actor,
        now=caller.now,
    )
    caller.headers["Location"] = caller.url(f"/hearings/{hearing.ref}/participants/{row.id}")
    return await _tagged(caller, row, hearing)


@router.read("/hearings/{ref}/participants", scope="hearings:read", errors=(404,), gives={"participant": "items/0/id"})
async def list_participants(caller: Caller, ref: Ref) -> ParticipantList:
    """The people of a hearing."""
    hearing = await hearing_of(caller, ref)
    found = await queries.participants(caller.db, hearing.id)
    return ParticipantList(items=[_of(row, hearing) for row in found])


@router.read("/hearings/{ref}/participants/{participant}", scope="hearings:read", errors=(404,), tagged=True)
async def read_participant(caller: Caller, ref: Ref, participant: Id) -> ShownParticipant:
    """Read what is known of somebody."""
    hearing = await hearing_of(caller, ref)
    return etags.tag(caller, _of(await find(caller, hearing, participant), hearing))


@router.change("/hearings/{ref}/participants/{participant}", scope="hearings:write", errors=(404,))
async def correct_participant(caller: Caller, ref: Ref, participant: Id, body: Correction) -> ShownParticipant:
    """Correct what is known of somebody who is not in the room."""
    hearing = await hearing_of(caller, ref, lock=True)
    row = await find(caller, hearing, participant)
    etags.require(caller, _of(row, hearing))
    told = body.model_dump(exclude_none=True)
    known = {name: getattr(row, name) for name in Correction.model_fields}
    await participants.change(
        caller.db, hearing=hearing, participant=row, actor=caller.actor, now=caller.now, **(known | told)
    )
    return await _tagged(caller, row, hearing)


async def _locked(caller: Caller, ref: str, participant: str) -> tuple[Hearing, Participant]:
    """Raises `NotFound`, and `ConductedElsewhere` where the sitting that must hear of it runs in another process."""
    hearing, parts = await hearing_of(caller, ref), parts_of(caller.request)
    if caller.database is parts.database and await queries.open_sitting(caller.db, hearing.id) is not None:
        parts.conductors.require()
    return await replacements.locked(caller.db, hearing, participant)


@router.create(
    "/hearings/{ref}/participants/{participant}/successor",
    scope="hearings:write",
    errors=(404, 409),
    tagged=True,
    gives={"ref": "hearing", "participant": "id"},
)
async def replace_participant(caller: Caller, ref: Ref, participant: Id, body: Successor) -> ShownParticipant:
    """Put somebody else in a participant's place, also in mid-sitting. Answers the successor.

    The person heard cannot be replaced. In a running sitting the floor is held if the place was essential.
    """
    hearing, row = await _locked(caller, ref, participant)
    person = await _staff(caller, body.staff, row.role)
    successor = await replacements.replace(
        caller.db,
        hearing=hearing,
        participant=row,
        display_name=body.display_name or (person.name if person else ""),
        city=body.city or (person.city if person else row.city),
        speaks=body.speaks or row.speaks,
        hears=row.hears,
        person=person,
        reason=body.reason,
        actor=caller.actor,
        now=caller.now,
    )
    _dismissed(caller, hearing, row)
    caller.headers["Location"] = caller.url(f"/hearings/{hearing.ref}/participants/{successor.id}")
    return await _tagged(caller, successor, hearing)


@router.act("/hearings/{ref}/participants/{participant}/removal", scope="hearings:write", errors=(404, 409))
async def take_participant_off(caller: Caller, ref: Ref, participant: Id, body: Removal) -> ShownParticipant:
    """Take somebody who is not in the room off the list. The entry stays in the history."""
    hearing, row = await _locked(caller, ref, participant)
    await replacements.take_off(
        caller.db, hearing=hearing, participant=row, reason=body.reason, actor=caller.actor, now=caller.now
    )
    _dismissed(caller, hearing, row)
    await caller.db.flush()
    return _of(row, hearing)


def _dismissed(caller: Caller, hearing: Hearing, row: Participant) -> None:
    """Ends the live page of somebody who no longer takes part; in the sandbox there is none."""
    parts = parts_of(caller.request)
    if caller.database is parts.database:
        caller.after.append(lambda: parts.conductors.dismiss(hearing.id, row.id, LoginEnd.removed))
        caller.after.append(lambda: parts.conductors.touch(hearing.id))
