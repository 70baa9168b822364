"""Participants of a hearing: adding them, and acts of others on them (identity, admission, removal, muting).

`hearings.permissions` decides who may; refusals are `NotAllowed`. Participants' own switches are in
`hearings.hearing.seats`. All functions take rows loaded in the same transaction.
"""

from datetime import datetime

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import SYSTEM, Actor
from hearings.agreement import agreements, room_rules
from hearings.errors import EssentialMissing, IdentityMissing, Invalid, LobbyClosed, NotReady
from hearings.events import EventKind, record
from hearings.hearing import companions, floor, naming
from hearings.hearing.links import kill_links
from hearings.hearing.naming import NO_LONGER_TAKES_PART
from hearings.languages import language
from hearings.models import Hearing, Participant, Person, Sitting
from hearings.moves import born, move
from hearings.people.logins import LoginEnd, end_logins_of
from hearings.permissions import require
from hearings.queries import in_office, open_sitting, participants
from hearings.roles import CONDUCTING, HEARD, Role
from hearings.sentences import N_, Series, Word, tell
from hearings.status import IN_ROOM, PresenceStatus, SittingStatus
from hearings.texts import clean, folded

NOT_IN_ROOM = N_("The person is not in the room")

DOCUMENT_SEEN = "document_seen"
IDENTITY_METHODS = (DOCUMENT_SEEN, "known_to_authority", "database", "protected_identity")
DOCUMENTS = ("passport", "identity_card", "residence_permit", "driving_licence", "other")


def _may_join(hearing: Hearing, role: Role, state: str, person: Person | None, actor: Actor) -> None:
    naming.require_role(hearing, role=role, state=state, person=person, actor=actor)
    if role not in hearing.participant_classes:
        raise NotReady(
            tell(
                "The terms agreed by both States do not include this role: {role}. Change the terms first",
                role=Word.of("role", role.value),
            )
        )


def _require_identity(role: Role, needed: bool | None, actor: Actor) -> None:
    if needed is False and role in HEARD and actor is not SYSTEM:
        raise Invalid(tell("The identity of a person heard is always confirmed"), "needs_identity")


async def _require_free(db: AsyncSession, hearing: Hearing, role: Role, person: Person | None) -> None:
    people = await in_office(db, hearing.id)
    if role is Role.presiding_judge and any(row.role is role for row in people):
        raise Invalid(tell("A hearing has only one presiding judge"), "role")
    if person is not None and any(row.person_id == person.id for row in people):
        raise Invalid(tell("This person already takes part"), "person")


async def _require_device(
    db: AsyncSession, hearing: Hearing, device_of: Participant, role: Role, state: str, person: Person | None
) -> None:
    companions.require_device(hearing, device_of, state=state, person=person, role=role)
    rules = await room_rules.of_hearing(db, hearing)
    if any(rules.records(role, kind) != rules.records(device_of.role, kind) for kind in ("mic", "cam")):
        raise Invalid(tell("A condition of the requested State records the two differently"), "device_of")


async def add(
    db: AsyncSession,
    *,
    hearing: Hearing,
    role: Role,
    display_name: str,
    state: str,
    city: str,
    speaks: str,
    hears: str | None = None,
    person: Person | None = None,
    needs_identity: bool | None = None,
    essential: bool | None = None,
    device_of: Participant | None = None,
    replaces: Participant | None = None,
    actor: Actor,
    now: datetime,
) -> Participant:
    """Add somebody to a hearing.

    By default people hear the language they speak, and interpreters the floor; the person heard needs an identity
    check; judge, clerk, authority, interpreter and the person heard are essential. `device_of`: at whose device they
    sit (`companions`); `replaces`: whose place they take (`hearings.sitting.replacements`). Raises `NotAllowed`,
    `Invalid`, and `NotReady` for a class of participants the terms of the hearing do not have.
    Effects: adds the participant, numbered within the role, and the first line of their history; a technical agreement
    that rests on other languages is void.
    """
    _may_join(hearing, role, state, person, actor)
    _require_identity(role, needs_identity, actor)
    speaks = language(speaks)
    if hears is None:
        hears = "" if role is Role.interpreter else speaks
    same_role = (col(Participant.hearing_id) == hearing.id, col(Participant.role) == role)
    last = (await db.exec(select(func.max(Participant.number)).where(*same_role))).one()
    await _require_free(db, hearing, role, person)
    if device_of is not None:
        await _require_device(db, hearing, device_of, role, state, person)
    display_name = clean(display_name, "display_name", most=200, least=1)
    participant = Participant(
        owner_state=hearing.owner_state,
        hearing_id=hearing.id,
        person_id=person.id if person else None,
        role=role,
        number=(last or 0) + 1,
        display_name=display_name,
        name_folded=folded(display_name)[:400],
        state=state,
        city=clean(city, "city", most=100),
        speaks=speaks,
        hears=language(hears) if hears else "",
        presence_since=now,
        needs_identity=role in HEARD if needs_identity is None else needs_identity,
        essential=role in CONDUCTING | HEARD | {Role.interpreter} if essential is None else essential,
        device_of_id=device_of.id if device_of else None,
        replaces_id=replaces.id if replaces else None,
    )
    db.add(participant)
    born(db, participant, PresenceStatus.invited, actor=actor, now=now)
    await agreements.void_if_changed(db, hearing=hearing, now=now)
    return participant


async def change(
    db: AsyncSession,
    *,
    hearing: Hearing,
    participant: Participant,
    display_name: str,
    city: str,
    speaks: str,
    hears: str,
    actor: Actor,
    now: datetime,
) -> None:
    """Correct the data of a participant who is not in the room. `hears` empty means the floor as spoken.

    Raises `NotReady` for somebody in the room. Effects: sets the four fields; a technical agreement that rests on other
    languages is void.
    """
    naming.require_guest(hearing, participant, actor)
    if participant.vacated_at is not None:
        raise NotReady(tell(NO_LONGER_TAKES_PART))
    if participant.presence in IN_ROOM:
        raise NotReady(tell("The person is in the room: edit the entry after they have left"))
    participant.display_name = clean(display_name, "display_name", most=200, least=1)
    participant.name_folded = folded(participant.display_name)[:400]
    participant.city = clean(city, "city", most=100)
    participant.speaks = language(speaks)
    participant.hears = language(hears) if hears else ""
    db.add(participant)
    await agreements.void_if_changed(db, hearing=hearing, now=now)


async def confirm_identity(
    db: AsyncSession,
    *,
    participant: Participant,
    method: str,
    document: str = "",
    last_four: str = "",
    actor: Actor,
    now: datetime,
) -> None:
    """Record that the requested authority has satisfied itself of the identity of a participant.

    Of a document that was seen the minutes need its kind (`DOCUMENTS`) and the last four letters or digits of its
    number, and no more; any other way has neither. Raises `Invalid` naming the field.
    Effects: sets `identity_*`, event.
    """
    require("confirm_identity", actor, target_state=participant.state)
    if method not in IDENTITY_METHODS:
        raise Invalid(tell("Unknown method of confirming identity"), "method")
    if document not in (DOCUMENTS if method == DOCUMENT_SEEN else ("",)):
        raise Invalid(tell("State the kind of document seen, and only if a document was seen"), "document")
    if method == DOCUMENT_SEEN and not (len(last_four) == 4 and last_four.isalnum()):
        raise Invalid(tell("The last four letters or digits of the document's number"), "last_four")
    if method != DOCUMENT_SEEN and last_four:
        raise Invalid(tell("Only for a document that was seen"), "last_four")
    away = {PresenceStatus.invited, PresenceStatus.removed, PresenceStatus.released}
    if participant.presence in away and (participant.device_of_id is None or participant.vacated_at is not None):
        raise NotReady(tell("The person has not arrived yet"))
    participant.identity_confirmed_at = now
    participant.identity_confirmed_by = actor.id
    participant.identity_method = method
    db.add(participant)
    seen = {"document": document, "last_four": last_four} if document else {}
    await _record(db, participant, EventKind.identity_confirmed, actor, now, method=method, **seen)


async def admit(
    db: AsyncSession, *, participant: Participant, actor: Actor, now: datetime, granted: bool = False
) -> None:
    """Admit a participant from the lobby to the room.

    Raises `IdentityMissing` for somebody whose identity must be confirmed first, `LobbyClosed`, `IllegalMove`.
    Effects: presence waiting → called → present, microphone off, sets `admitted_at`, event admitted.
    """
    require("admit", actor, target_state=participant.state, granted=granted)
    if participant.device_of_id is not None:
        await companions.note(db, participant=participant, here=True, actor=actor, now=now)
        return
    await require_open(db, participant.hearing_id)
    await companions.require_not_excluded(db, participant)
    if participant.needs_identity and participant.identity_confirmed_at is None:
        raise IdentityMissing("The requested authority has not confirmed who this is", [participant.id])
    move(db, participant, PresenceStatus.called, actor=actor, now=now)
    move(db, participant, PresenceStatus.present, actor=actor, now=now)
    participant.microphone = False
    participant.admitted_at = now
    await _record(db, participant, EventKind.admitted, actor, now)


async def return_to_lobby(
    db: AsyncSession, *, participant: Participant, reason: str = "", actor: Actor, now: datetime, granted: bool = False
) -> None:
    """Send a participant from the room back to the lobby. Effects: presence to waiting, microphone off, event."""
    require("return_to_lobby", actor, target_state=participant.state, granted=granted)
    if participant.device_of_id is not None:
        await companions.note(db, participant=participant, here=False, actor=actor, now=now)
        return
    reason = clean(reason, "reason", most=500)
    move(db, participant, PresenceStatus.waiting, actor=actor, now=now, reason=reason)
    floor.silence(participant)
    participant.admitted_at = None
    await companions.follow(db, participant, actor=actor, now=now)
    await _record(db, participant, EventKind.returned_to_lobby, actor, now, reason=reason)


async def remove(db: AsyncSession, *, participant: Participant, reason: str, actor: Actor, now: datetime) -> None:
    """Remove a participant from the hearing; only a new link lets them back in.

    Effects, in order: presence to removed, microphone off, logins and links end, event removed.
    """
    require("remove", actor, target_state=participant.state)
    if participant.id == actor.participant_id:
        raise Invalid(tell("Nobody can remove themselves: leave the hearing instead"), "participant")
    reason = clean(reason, "reason", most=500, least=3)
    move(db, participant, PresenceStatus.removed, actor=actor, now=now, reason=reason)
    floor.silence(participant)
    participant.admitted_at = None
    await companions.follow(db, participant, actor=actor, now=now)
    await end_logins_of(db, participant_ids=[participant.id], now=now, why=LoginEnd.removed)
    await kill_links(db, participant_ids=[participant.id], now=now, why="removed")
    await _record(db, participant, EventKind.removed, actor, now, reason=reason)


async def release(
    db: AsyncSession, *, participant: Participant, actor: Actor, now: datetime, granted: bool = False
) -> None:
    """Release a person heard. Effects: presence to released, microphone off, event; the login stays for the end."""
    require("release_witness", actor, target_state=participant.state, granted=granted)
    move(db, participant, PresenceStatus.released, actor=actor, now=now)
    floor.silence(participant)
    await companions.follow(db, participant, actor=actor, now=now)
    await _record(db, participant, EventKind.released, actor, now)


async def mute(
    db: AsyncSession, *, participant: Participant, actor: Actor, now: datetime, granted: bool = False
) -> None:
    """Mute another person; they open their own microphone again. Effects: microphone off, event muted."""
    require("mute_other", actor, target_state=participant.state, granted=granted)
    if participant.presence not in IN_ROOM:
        raise NotReady(tell(NOT_IN_ROOM))
    if participant.device_of_id is not None:
        raise NotReady(tell("The person sits at the device of another: mute that one"))
    participant.microphone = False
    participant.muted_by_court = participant.id != actor.participant_id
    db.add(participant)
    await _record(db, participant, EventKind.muted, actor, now)


async def missing_essentials(db: AsyncSession, sitting: Sitting) -> list[Participant]:
    """Essential people who are not in the room."""
    return [
        participant
        for participant in await participants(db, sitting.hearing_id)
        if participant.essential and participant.presence is not PresenceStatus.present
    ]


async def require_essentials(db: AsyncSession, sitting: Sitting) -> None:
    """Raise `EssentialMissing` unless everybody essential is in the room."""
    missing = await missing_essentials(db, sitting)
    if missing:
        roles = Series.of(Word.of("role", role) for role in sorted({participant.role.value for participant in missing}))
        raise EssentialMissing(
            tell("Not in the room: {roles}", roles=roles), [participant.id for participant in missing]
        )


async def require_open(db: AsyncSession, hearing_id: str) -> None:
    """Raise `LobbyClosed` unless the hearing has a sitting that people may come to."""
    sitting = await open_sitting(db, hearing_id)
    if sitting is None or sitting.status is SittingStatus.closing:
        raise LobbyClosed


async def _record(
    db: AsyncSession, participant: Participant, kind: EventKind, actor: Actor, now: datetime, **data: object
) -> None:
    await record(
        db, hearing=participant.hearing_id, kind=kind, actor=actor, now=now, participant=participant.id, **data
    )
