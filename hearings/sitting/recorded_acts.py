"""Recorded acts of a hearing: notices, oaths, objections, rulings, exhibits, interventions, notes.

`KINDS` is the table of kinds: for each, the row of `hearings.permissions` that allows recording it, and its fields.
Each is an event of the hearing's log, which is only ever added to: a correction is a new entry of the same kind that
names the old one, and a withdrawal is one without content. What is recorded is for the minutes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import events
from hearings.actors import Actor
from hearings.errors import Invalid, NotFound, NotReady
from hearings.events import EventKind
from hearings.hearing.participants import NOT_IN_ROOM
from hearings.languages import language
from hearings.models import Hearing, HearingEvent, HearingRequest, Participant, Recording, Sitting
from hearings.models.request_parts import AttachmentKind
from hearings.paging import Page, page
from hearings.people.staff import protected_names, refuse_names
from hearings.permissions import YOU_ARE_NOT_IN_ROOM, may, require
from hearings.queries import get, open_sitting, participants, recording_of
from hearings.requests import attachments
from hearings.rights import item_states
from hearings.rights.checklist import Gate
from hearings.roles import HEARD, Role
from hearings.sentences import N_, tell
from hearings.status import IN_ROOM, PresenceStatus, SittingStatus
from hearings.texts import NOT_A_VALUE, clean

K = EventKind
LONGEST = 2000
"""Longest text, in characters."""
NO_SITTING = N_("No sitting of this hearing is open")
CHOOSE_PARTICIPANT = N_("Choose a participant of this hearing")


def _who_may(action: str) -> frozenset[Role]:
    here = PresenceStatus.present
    return frozenset(role for role in Role if may(action, role, own=True, presence=here).allowed)


PRESIDING = _who_may("administer_oath")
"""Roles that give notices, take oaths and rule."""
THROUGH_COUNSEL = frozenset({Role.defendant})
"""A defendant's objection or claim is put by counsel, and named by whose it is."""
OBJECTING = _who_may("object") | THROUGH_COUNSEL
READING = _who_may("read_card")
CLAIMING = _who_may("raise_privilege") | THROUGH_COUNSEL
PRESENTING = _who_may("present_exhibit")
GROUNDS: Mapping[str, str] = {
    "leading": N_("The question suggests its answer"),
    "not_relevant": N_("Not relevant to the case"),
    "outside_request": N_("Outside what was requested"),
    "unclear": N_("Unclear, or several questions at once"),
    "speculation": N_("Asks for a guess or an opinion"),
    "hearsay": N_("What somebody else has said"),
    "degrading": N_("Degrading or threatening"),
    "interpretation": N_("The interpretation is not correct"),
    "procedure": N_("The procedure is not kept"),
}
"""Short grounds of an objection. No law limits an objection to them: a text says any other."""
PRIVILEGES: Mapping[str, str] = {
    "self_incrimination": N_("Not to incriminate oneself"),
    "relative": N_("Not to testify against a relative"),
    "professional": N_("Professional secrecy"),
    "official": N_("Official secrecy"),
    "source": N_("Protection of a source"),
}
"""Short grounds of a privilege; the law of either State gives it (Hague Evidence Convention, article 11)."""


class Sort(StrEnum):
    """The type of a field's value."""

    participant = "participant"
    state = "state"
    language = "language"
    choice = "choice"
    exhibit = "exhibit"
    entry = "entry"
    text = "text"


@dataclass(frozen=True, kw_only=True)
class ActField:
    """One field of a kind: roles it may name, values to choose from, kinds of entries it may name."""

    sort: Sort
    required: bool = True
    roles: frozenset[Role] = frozenset()
    choices: tuple[str, ...] = ()
    kinds: tuple[EventKind, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ActKind:
    """A kind of recorded act. `needs`: the action of the permission table. `withdraws`: it withdraws an
    entry, allowed to those who may record that kind. `own`: a statement of the author, who must be in the room; nobody
    else corrects or withdraws it. `by_card`: only a press of a script card makes it (`hearings.sitting.cards`), nobody
    writes or corrects it by hand, and who records acts withdraws it.
    """

    needs: str
    fields: Mapping[str, ActField]
    withdraws: bool = False
    own: bool = False
    either: tuple[str, ...] = ()
    """Fields of which at least one must be filled in."""
    by_card: bool = False

    @property
    def withdrawn_by(self) -> str:
        """The action of the permission table that withdraws an entry of this kind."""
        return "record_act" if self.by_card else self.needs


def _somebody(roles: frozenset[Role], *, required: bool = True) -> ActField:
    return ActField(sort=Sort.participant, roles=roles, required=required)


def _one_of(*choices: str, required: bool = True) -> ActField:
    return ActField(sort=Sort.choice, choices=choices, required=required)


_LAW = ActField(sort=Sort.state)
_LANGUAGE = ActField(sort=Sort.language)
_TEXT = ActField(sort=Sort.text)
_REMARK = ActField(sort=Sort.text, required=False)
_ADDRESSED = _somebody(HEARD | {Role.interpreter}, required=False)
"""Whom a card is read to; nobody named: everybody."""

KINDS: Mapping[EventKind, ActKind] = {
    K.log_note: ActKind(needs="add_log_note", fields={"text": _TEXT}),
    K.rights_notice: ActKind(
        needs="record_act",
        fields={
            "participant": _somebody(HEARD),
            "by": _somebody(PRESIDING),
            "law": _LAW,
            "language": _LANGUAGE,
            "text": _REMARK,
        },
    ),
    K.counsel_waived: ActKind(
        needs="record_act",
        fields={
            "participant": _somebody(frozenset({Role.defendant})),
            "by": _somebody(PRESIDING),
            "law": _LAW,
            "language": _LANGUAGE,
            "text": _TEXT,
        },
    ),
    K.oath: ActKind(
        needs="record_act",
        fields={
            "participant": _somebody(HEARD | {Role.interpreter}),
            "by": _somebody(PRESIDING),
            "form": _one_of("oath", "affirmation", "caution"),
            "outcome": _one_of("taken", "refused", "not_required"),
            "law": _LAW,
            "language": _LANGUAGE,
            "text": _TEXT,
        },
    ),
    K.interpreting: ActKind(
        needs="record_act",
        fields={
            "participant": _somebody(frozenset({Role.interpreter})),
            "what": _one_of(
                "consecutive",
                "simultaneous",
                "break_begun",
                "break_ended",
                "handed_over",
                "quality_good",
                "quality_poor",
            ),
            "text": _REMARK,
        },
    ),
    K.objection: ActKind(
        needs="record_act",
        fields={
            "participant": _somebody(OBJECTING),
            "ground": _one_of(*GROUNDS, required=False),
            "law": ActField(sort=Sort.state, required=False),
            "text": _REMARK,
        },
        either=("text", "ground"),
    ),
    K.privilege_claim: ActKind(
        needs="record_act",
        fields={
            "participant": _somebody(CLAIMING),
            "ground": _one_of(*PRIVILEGES, required=False),
            "law": _LAW,
            "text": _REMARK,
        },
        either=("text", "ground"),
    ),
    K.objection_withdrawn: ActKind(
        needs="record_act",
        fields={
            "on": ActField(sort=Sort.entry, kinds=(K.objection, K.privilege_claim)),
            "by": _somebody(OBJECTING | CLAIMING),
            "text": _REMARK,
        },
    ),
    K.ruling: ActKind(
        needs="record_act",
        fields={
            "on": ActField(sort=Sort.entry, kinds=(K.objection, K.privilege_claim)),
            "by": _somebody(PRESIDING),
            "ruling": _one_of("upheld", "upheld_in_part", "rejected", "reserved"),
            "law": _LAW,
            "text": _REMARK,
        },
    ),
    K.exhibit_shown: ActKind(
        needs="present_exhibit",
        fields={
            "exhibit": ActField(sort=Sort.exhibit),
            "participant": _somebody(HEARD),
            "by": _somebody(PRESENTING),
            "text": _REMARK,
        },
    ),
    K.intervention: ActKind(needs="record_intervention", fields={"law": _LAW, "text": _TEXT}),
    K.remark: ActKind(needs="record_remark", fields={"text": _TEXT}, own=True),
    K.counsel_asked: ActKind(needs="record_act", fields={"participant": _somebody(HEARD), "text": _REMARK}),
    K.card_adopted: ActKind(needs="adopt_card", fields={"law": _LAW}, by_card=True),
    K.card_read: ActKind(
        needs="read_card",
        fields={"participant": _ADDRESSED, "by": _somebody(READING), "law": _LAW, "language": _LANGUAGE},
        by_card=True,
    ),
    K.card_rendered: ActKind(
        needs="render_card",
        fields={
            "participant": _ADDRESSED,
            "interpreter": _somebody(frozenset({Role.interpreter})),
            "law": _LAW,
            "language": _LANGUAGE,
        },
        by_card=True,
    ),
    K.card_answered: ActKind(
        needs="answer_card",
        fields={"participant": _ADDRESSED, "answer": _one_of("yes", "no", "other"), "law": _LAW, "text": _REMARK},
        by_card=True,
    ),
    K.entry_withdrawn: ActKind(needs="record_act", fields={"text": _TEXT}, withdraws=True),
}
"""Every kind of recorded act, in the order they are offered."""


@dataclass(frozen=True, kw_only=True)
class RecordedAct:
    """A recorded act in force: its newest version, and all its events, the first of which gives its time."""

    events: tuple[HearingEvent, ...]

    @property
    def event(self) -> HearingEvent:
        return self.events[-1]

    @property
    def first(self) -> HearingEvent:
        return self.events[0]


def replaced(log: Sequence[HearingEvent]) -> dict[int, int]:
    """By the number of an entry no longer in force, the number of the entry that corrects or withdraws it."""
    return {
        int(event.data["corrects"]): event.seq for event in log if event.kind in KINDS and event.data.get("corrects")
    }


def in_force(log: Sequence[HearingEvent]) -> list[RecordedAct]:
    """The recorded acts in force, in the order of their first events, without withdrawn ones."""
    lines: dict[int, tuple[HearingEvent, ...]] = {}
    for event in log:
        if event.kind not in KINDS:
            continue
        before = lines.pop(int(event.data.get("corrects") or 0), ())
        if not KINDS[EventKind(event.kind)].withdraws:
            lines[event.seq] = (*before, event)
    return sorted((RecordedAct(events=line) for line in lines.values()), key=lambda entry: entry.first.seq)


async def of_hearing(db: AsyncSession, hearing_id: str) -> Sequence[HearingEvent]:
    """Every recorded act of a hearing, oldest first, corrections and what they correct included."""
    kinds = col(HearingEvent.kind).in_([kind.value for kind in KINDS])
    query = select(HearingEvent).where(HearingEvent.hearing_id == hearing_id, kinds)
    return (await db.exec(query.order_by(col(HearingEvent.seq)))).all()


async def page_of_hearing(
    db: AsyncSession, hearing_id: str, *, after: str = "", limit: int = 50
) -> tuple[Page[HearingEvent], Mapping[int, int]]:
    """A page of recorded acts, oldest first, and `replaced` for them.

    Corrections on later pages are taken into account. Raises `Invalid`.
    """
    acts = select(HearingEvent).where(
        HearingEvent.hearing_id == hearing_id, col(HearingEvent.kind).in_([kind.value for kind in KINDS])
    )
    acts_page = await page(db, acts, col(HearingEvent.seq), after=after, limit=limit)
    named = col(HearingEvent.data)["corrects"].as_integer()
    later = (await db.exec(acts.where(named.in_([row.seq for row in acts_page.rows])))).all()
    return acts_page, replaced(later)


def made_by(entry: HearingEvent, participant: Participant) -> bool:
    """Whether a participant of the hearing is the author of an entry."""
    return entry.actor in (participant.id, participant.person_id)


def takes(sitting: Sitting) -> bool:
    """Whether acts can still be recorded in a sitting: until its close is ordered."""
    return sitting.status not in (SittingStatus.closing, SittingStatus.closed)


def timecode(recording: Recording, at: datetime) -> int | None:
    """Time code of a running recording, in milliseconds; None before it has begun and once it is closed."""
    if recording.opened_at is None or recording.closed_at is not None:
        return None
    return max(0, (at - recording.opened_at) // timedelta(milliseconds=1))


@dataclass(frozen=True)
class _Asked:
    """The values that checks of fields use."""

    db: AsyncSession
    hearing: Hearing
    request: HearingRequest
    people: Sequence[Participant]
    entries: Sequence[HearingEvent]
    correcting: bool


async def record(
    db: AsyncSession,
    *,
    hearing: Hearing,
    kind: str,
    values: Mapping[str, str],
    corrects: int | None = None,
    card: Mapping[str, object] | None = None,
    granted: bool = False,
    actor: Actor,
    now: datetime,
) -> HearingEvent:
    """Record an act in the log of a hearing whose sitting is open.

    `values` by the fields of the kind; `corrects`: number of the entry it takes the place of, of the same kind and
    recorded by the same State. Who is named must be in the room; for a correction, must have come.
    `card`: the script card whose press makes the entry, with the hashes of its text; a correction keeps it. `granted`:
    the card lets the person addressed answer.
    Raises `NotAllowed`, `NotReady` without an open sitting or for somebody who is not there, `RightsOpen` for an oath
    or an exhibit before the rights were told, `Invalid` naming the field, also for a protected person's name.
    Effects: locks the sitting and the hearing's row, adds the event with sitting, recording and time code.
    """
    known = EventKind(kind) if kind in KINDS else None
    if known is None or (KINDS[known].by_card and card is None):
        raise Invalid(tell("Not a kind of log entry"), "kind")
    asked = KINDS[known]
    if not asked.withdraws:
        require(asked.needs, actor, granted=granted)
    sitting, context = await _asked(db, hearing, correcting=corrects is not None)
    about = _about(asked, context.entries, corrects)
    require(about.withdrawn_by if asked.withdraws else about.needs, actor, granted=granted)
    if corrects is None and asked.withdraws:
        raise Invalid(tell("State which entry is meant"), "corrects")
    if about.own:
        _in_room(context.people, actor)
    data: dict[str, object] = {}
    if corrects is not None:
        old = _corrected(context.entries, known, corrects, actor)
        data["corrects"], card = old.seq, None if asked.withdraws else old.data.get("card")
    if card is not None:
        data["card"] = dict(card)
    return await _add(context, sitting, known, values, data, actor=actor, now=now)


async def enter(
    db: AsyncSession, *, hearing: Hearing, kind: EventKind, values: Mapping[str, str], actor: Actor, now: datetime
) -> HearingEvent:
    """Add an entry for an act in the room whose own right the caller has examined (`objections`).

    Raises and effects as `record`, but for the right to record.
    """
    sitting, context = await _asked(db, hearing, correcting=False)
    return await _add(context, sitting, kind, values, {}, actor=actor, now=now)


async def _asked(db: AsyncSession, hearing: Hearing, *, correcting: bool) -> tuple[Sitting, _Asked]:
    sitting = await open_sitting(db, hearing.id, lock=True)
    if sitting is None or not takes(sitting):
        raise NotReady(tell(NO_SITTING))
    request = await get(db, HearingRequest, hearing.request_id)
    people, entries = await participants(db, hearing.id), await of_hearing(db, hearing.id)
    return sitting, _Asked(db, hearing, request, people, entries, correcting)


async def _add(
    context: _Asked,
    sitting: Sitting,
    kind: EventKind,
    values: Mapping[str, str],
    data: Mapping[str, object],
    *,
    actor: Actor,
    now: datetime,
) -> HearingEvent:
    asked, data = KINDS[kind], {"sitting": sitting.id, **data}
    if "corrects" not in data and _first_question(context, kind, values):
        await item_states.require(context.db, context.hearing, Gate.first_question, now=now)
    if unknown := sorted(set(values) - set(asked.fields)):
        raise Invalid(tell("This kind of entry has no such field"), unknown[0])
    for name, field in asked.fields.items():
        value = values.get(name, "").strip()
        if value:
            data[name] = await CHECKS[field.sort](context, field, name, value)
        elif field.required:
            raise Invalid(tell("Cannot be empty"), name)
    if asked.either and not any(name in data for name in asked.either):
        raise Invalid(tell("Cannot be empty"), asked.either[0])
    recording = await recording_of(context.db, sitting.id)
    if (code := timecode(recording, now)) is not None:
        data |= {"recording": recording.id, "timecode_ms": code}
    return await events.record(context.db, hearing=context.hearing, kind=kind, actor=actor, now=now, **data)


def _first_question(context: _Asked, kind: EventKind, values: Mapping[str, str]) -> bool:
    """Whether the rights must have been told before this: an oath taken by the person heard, or an exhibit shown."""
    heard = {person.id for person in context.people if person.role in HEARD}
    taken = kind is K.oath and values.get("outcome", "").strip() == "taken"
    return (taken or kind is K.exhibit_shown) and values.get("participant", "").strip() in heard


def _corrected(entries: Sequence[HearingEvent], kind: EventKind, seq: int, actor: Actor) -> HearingEvent:
    corrected = next((entry for entry in entries if entry.seq == seq), None)
    same = corrected is not None and (KINDS[kind].withdraws or corrected.kind == kind)
    if corrected is None or not same or corrected.kind == EventKind.entry_withdrawn:
        raise Invalid(tell("There is no such entry of this kind"), "corrects")
    if seq in replaced(entries):
        raise Invalid(tell("This entry has already been corrected or withdrawn"), "corrects")
    if KINDS[EventKind(corrected.kind)].own and corrected.actor != actor.id:
        raise Invalid(tell("Only the author of a remark can correct it"), "corrects")
    if correctable_by(corrected, actor.role):
        return corrected
    raise Invalid(tell("Only the State that made an entry can correct it"), "corrects")


def _about(asked: ActKind, entries: Sequence[HearingEvent], corrects: int | None) -> ActKind:
    """The kind that decides who may record: for a withdrawal, the kind of the entry withdrawn."""
    old = next((entry for entry in entries if entry.seq == corrects), None)
    return KINDS[EventKind(old.kind)] if asked.withdraws and old is not None else asked


def _in_room(people: Sequence[Participant], actor: Actor) -> None:
    here = next((person for person in people if person.id == actor.participant_id), None)
    if here is None or here.presence not in IN_ROOM:
        raise NotReady(tell(YOU_ARE_NOT_IN_ROOM))


def correctable_by(entry: HearingEvent, role: Role | None) -> bool:
    """Whether somebody in this role is of the State whose judge, clerk or authority made the entry."""
    return (entry.actor_role == Role.requested_authority) == (role is Role.requested_authority)


# --- fields ------------------------------------------------------------------------------------------------------


async def _participant(asked: _Asked, field: ActField, name: str, value: str) -> object:
    named = next((person for person in asked.people if person.id == value), None)
    if named is None or named.role not in field.roles:
        raise Invalid(tell(CHOOSE_PARTICIPANT), name)
    if named.presence is PresenceStatus.invited or not (asked.correcting or named.presence in IN_ROOM):
        raise NotReady(tell(NOT_IN_ROOM))
    return named.id


async def _state(asked: _Asked, field: ActField, name: str, value: str) -> object:
    if value not in (asked.hearing.requesting_state, asked.hearing.requested_state):
        raise Invalid(tell("Choose the law of one of the two States of the hearing"), name)
    return value


async def _language(asked: _Asked, field: ActField, name: str, value: str) -> object:
    return language(value)


async def _choice(asked: _Asked, field: ActField, name: str, value: str) -> object:
    if value not in field.choices:
        raise Invalid(tell(NOT_A_VALUE), name)
    return value


async def _exhibit(asked: _Asked, field: ActField, name: str, value: str) -> object:
    """Id, name and SHA-256 of an exhibit."""
    try:
        exhibit = await attachments.of_id(asked.db, asked.request, value)
    except NotFound:
        exhibit = None
    if exhibit is None or exhibit.kind is not AttachmentKind.exhibit:
        raise Invalid(tell("There is no such exhibit in this case"), name)
    return {"id": exhibit.id, "name": exhibit.name, "sha256": exhibit.sha256}


async def _entry(asked: _Asked, field: ActField, name: str, value: str) -> object:
    named = next((entry for entry in asked.entries if str(entry.seq) == value and entry.kind in field.kinds), None)
    if named is None or named.seq in replaced(asked.entries):
        raise Invalid(tell("There is no such entry, or it is no longer valid"), name)
    return named.seq


async def _text(asked: _Asked, field: ActField, name: str, value: str) -> object:
    text = clean(value, name, most=LONGEST, lines=True)
    refuse_names(text, [hidden for hidden, _whose in protected_names(asked.request.person_name, asked.people)], name)
    return text


CHECKS = {
    Sort.participant: _participant,
    Sort.state: _state,
    Sort.language: _language,
    Sort.choice: _choice,
    Sort.exhibit: _exhibit,
    Sort.entry: _entry,
    Sort.text: _text,
}
"""The function that checks the value of a field and returns what is stored."""
