"""What is recorded of a hearing while it goes on: notices, oaths, objections, rulings, exhibits, interventions, notes.

`KINDS` is the one table: of each kind, by which row of `hearings.permissions` somebody may record it, and its fields.
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
from hearings.languages import language
from hearings.models import Hearing, HearingEvent, HearingRequest, Participant, Recording, Sitting
from hearings.models.request_parts import AttachmentKind
from hearings.people.protected_names import protected_names, refuse_names
from hearings.permissions import may, require
from hearings.queries import Page, get, open_sitting, participants, recording_of
from hearings.requests import attachments
from hearings.roles import HEARD, Role
from hearings.sentences import tell
from hearings.status import IN_ROOM, PresenceStatus, SittingStatus
from hearings.texts import clean

K = EventKind
LONGEST = 2000
"""Characters of a text."""


def _who_may(action: str) -> frozenset[Role]:
    return frozenset(role for role in Role if may(action, role, own=True).allowed)


PRESIDING = _who_may("administer_oath")
"""Who gives notices, takes oaths and rules."""
THROUGH_COUNSEL = frozenset({Role.defendant})
"""A defendant's objection or claim is put by counsel, and named by whose it is."""
OBJECTING = _who_may("object") | THROUGH_COUNSEL
CLAIMING = _who_may("raise_privilege") | THROUGH_COUNSEL
PRESENTING = _who_may("present_exhibit")


class Sort(StrEnum):
    """What a field holds."""

    participant = "participant"
    state = "state"
    language = "language"
    choice = "choice"
    exhibit = "exhibit"
    entry = "entry"
    text = "text"


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field of a kind: who it may be, what may be chosen, which entries it may name."""

    sort: Sort
    required: bool = True
    roles: frozenset[Role] = frozenset()
    choices: tuple[str, ...] = ()
    kinds: tuple[EventKind, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of recorded act. `needs`: the action of the permission table. `withdraws`: it takes an entry back, for
    whoever may make one of that kind. `own`: somebody's own word, who must be in the room; nobody else corrects or
    withdraws it.
    """

    needs: str
    fields: Mapping[str, Field]
    withdraws: bool = False
    own: bool = False


def _somebody(roles: frozenset[Role], *, required: bool = True) -> Field:
    return Field(sort=Sort.participant, roles=roles, required=required)


def _one_of(*choices: str) -> Field:
    return Field(sort=Sort.choice, choices=choices)


_LAW = Field(sort=Sort.state)
_LANGUAGE = Field(sort=Sort.language)
_TEXT = Field(sort=Sort.text)
_REMARK = Field(sort=Sort.text, required=False)

KINDS: Mapping[EventKind, Kind] = {
    K.log_note: Kind(needs="add_log_note", fields={"text": _TEXT}),
    K.rights_notice: Kind(
        needs="record_act",
        fields={
            "participant": _somebody(HEARD),
            "by": _somebody(PRESIDING),
            "law": _LAW,
            "language": _LANGUAGE,
            "text": _REMARK,
        },
    ),
    K.oath: Kind(
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
    K.interpreting: Kind(
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
    K.objection: Kind(
        needs="record_act",
        fields={
            "participant": _somebody(OBJECTING),
            "law": Field(sort=Sort.state, required=False),
            "text": _TEXT,
        },
    ),
    K.privilege_claim: Kind(
        needs="record_act",
        fields={"participant": _somebody(CLAIMING), "law": _LAW, "text": _TEXT},
    ),
    K.ruling: Kind(
        needs="record_act",
        fields={
            "on": Field(sort=Sort.entry, kinds=(K.objection, K.privilege_claim)),
            "by": _somebody(PRESIDING),
            "ruling": _one_of("upheld", "upheld_in_part", "rejected", "reserved"),
            "law": _LAW,
            "text": _REMARK,
        },
    ),
    K.exhibit_shown: Kind(
        needs="present_exhibit",
        fields={
            "exhibit": Field(sort=Sort.exhibit),
            "participant": _somebody(HEARD),
            "by": _somebody(PRESENTING),
            "text": _REMARK,
        },
    ),
    K.intervention: Kind(needs="record_intervention", fields={"law": _LAW, "text": _TEXT}),
    K.remark: Kind(needs="record_remark", fields={"text": _TEXT}, own=True),
    K.entry_withdrawn: Kind(needs="record_act", fields={"text": _TEXT}, withdraws=True),
}
"""Every kind of recorded act, in the order they are offered."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A recorded act as it stands: its newest words, and every event it came from, the first being when it was."""

    events: tuple[HearingEvent, ...]

    @property
    def event(self) -> HearingEvent:
        return self.events[-1]

    @property
    def first(self) -> HearingEvent:
        return self.events[0]


def replaced(found: Sequence[HearingEvent]) -> dict[int, int]:
    """By the number of an entry that stands no longer, the entry that corrects or withdraws it."""
    return {int(one.data["corrects"]): one.seq for one in found if one.kind in KINDS and one.data.get("corrects")}


def standing(found: Sequence[HearingEvent]) -> list[Entry]:
    """The recorded acts that stand, in the order in which they happened; what is withdrawn is not among them."""
    lines: dict[int, tuple[HearingEvent, ...]] = {}
    for one in found:
        if one.kind not in KINDS:
            continue
        before = lines.pop(int(one.data.get("corrects") or 0), ())
        if not KINDS[EventKind(one.kind)].withdraws:
            lines[one.seq] = (*before, one)
    return sorted((Entry(events=line) for line in lines.values()), key=lambda entry: entry.first.seq)


async def of_hearing(db: AsyncSession, hearing_id: str) -> Sequence[HearingEvent]:
    """Every recorded act of a hearing, oldest first, corrections and what they correct included."""
    kinds = col(HearingEvent.kind).in_([kind.value for kind in KINDS])
    query = select(HearingEvent).where(HearingEvent.hearing_id == hearing_id, kinds)
    return (await db.exec(query.order_by(col(HearingEvent.seq)))).all()


async def page_of_hearing(
    db: AsyncSession, hearing_id: str, *, after: str = "", limit: int = 50
) -> tuple[Page[HearingEvent], Mapping[int, int]]:
    """Some recorded acts, oldest first, those after the one with number `after`; and which of them stand no longer.

    Of the corrections `replaced` tells of, those on later pages are among them. Raises `Invalid` for what is no number.
    """
    if after and not (after.isdecimal() and after.isascii() and len(after) < 10):
        raise Invalid(tell("This is not the mark of a page"), "after")
    acts = select(HearingEvent).where(
        HearingEvent.hearing_id == hearing_id, col(HearingEvent.kind).in_([kind.value for kind in KINDS])
    )
    some = acts.where(HearingEvent.seq > int(after or 0)).order_by(col(HearingEvent.seq)).limit(limit + 1)
    found = list((await db.exec(some)).all())
    shown = found[:limit]
    named = col(HearingEvent.data)["corrects"].as_integer()
    later = (await db.exec(acts.where(named.in_([one.seq for one in shown])))).all()
    return Page(shown, str(shown[-1].seq) if len(found) > limit else ""), replaced(later)


def made_by(entry: HearingEvent, participant: Participant) -> bool:
    """Whether somebody of the hearing has made an entry."""
    return entry.actor in (participant.id, participant.person_id)


def takes(sitting: Sitting) -> bool:
    """Whether acts are still recorded in a sitting: until its close is ordered."""
    return sitting.status not in (SittingStatus.closing, SittingStatus.closed)


def timecode(recording: Recording, at: datetime) -> int | None:
    """Milliseconds into a recording that runs; None before it has begun and once it is closed."""
    if recording.opened_at is None or recording.closed_at is not None:
        return None
    return max(0, (at - recording.opened_at) // timedelta(milliseconds=1))


@dataclass(frozen=True)
class _Asked:
    """What the checks of fields look at."""

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
    actor: Actor,
    now: datetime,
) -> HearingEvent:
    """Record an act in the log of a hearing whose sitting is open.

    `values` by the fields of the kind; `corrects`: number of the entry it takes the place of, of the same kind and
    recorded by the same State. Who is named must be in the room; for a correction, must have come.
    Raises `NotAllowed`, `NotReady` without an open sitting or for somebody who is not there, `Invalid` naming the
    field, also for a protected person's name.
    Effects: locks the sitting and the hearing's row, adds the event with sitting, recording and time code.
    """
    known = EventKind(kind) if kind in KINDS else None
    if known is None:
        raise Invalid(tell("Not a kind of act that is recorded"), "kind")
    asked = KINDS[known]
    if not asked.withdraws:
        require(asked.needs, actor)
    sitting = await open_sitting(db, hearing.id, lock=True)
    if sitting is None or not takes(sitting):
        raise NotReady(tell("No sitting of this hearing is open"))
    request = await get(db, HearingRequest, hearing.request_id)
    people, entries = await participants(db, hearing.id), await of_hearing(db, hearing.id)
    about = _about(asked, entries, corrects)
    require(about.needs, actor)
    if corrects is None and asked.withdraws:
        raise Invalid(tell("Say which entry is meant"), "corrects")
    if about.own:
        _in_room(people, actor)
    data: dict[str, object] = {"sitting": sitting.id}
    if corrects is not None:
        data["corrects"] = _corrected(entries, known, corrects, actor).seq
    context = _Asked(db, hearing, request, people, entries, corrects is not None)
    if unknown := sorted(set(values) - set(asked.fields)):
        raise Invalid(tell("This kind of act has no such field"), unknown[0])
    for name, field in asked.fields.items():
        value = values.get(name, "").strip()
        if value:
            data[name] = await CHECKS[field.sort](context, field, name, value)
        elif field.required:
            raise Invalid(tell("Cannot be empty"), name)
    recording = await recording_of(db, sitting.id)
    if (code := timecode(recording, now)) is not None:
        data |= {"recording": recording.id, "timecode_ms": code}
    return await events.record(db, hearing=hearing, kind=known, actor=actor, now=now, **data)


def _corrected(entries: Sequence[HearingEvent], kind: EventKind, seq: int, actor: Actor) -> HearingEvent:
    found = next((one for one in entries if one.seq == seq), None)
    same = found is not None and (KINDS[kind].withdraws or found.kind == kind)
    if found is None or not same or found.kind == EventKind.entry_withdrawn:
        raise Invalid(tell("There is no such entry of this kind"), "corrects")
    if seq in replaced(entries):
        raise Invalid(tell("This entry has been corrected or withdrawn already"), "corrects")
    if KINDS[EventKind(found.kind)].own and found.actor != actor.id:
        raise Invalid(tell("Only who made a remark corrects it"), "corrects")
    if correctable_by(found, actor.role):
        return found
    raise Invalid(tell("Only the State that made an entry corrects it"), "corrects")


def _about(asked: Kind, entries: Sequence[HearingEvent], corrects: int | None) -> Kind:
    """By which kind it is decided who may: to withdraw an entry, by that of the entry."""
    old = next((one for one in entries if one.seq == corrects), None)
    return KINDS[EventKind(old.kind)] if asked.withdraws and old is not None else asked


def _in_room(people: Sequence[Participant], actor: Actor) -> None:
    here = next((one for one in people if one.id == actor.participant_id), None)
    if here is None or here.presence not in IN_ROOM:
        raise NotReady(tell("You are not in the room"))


def correctable_by(entry: HearingEvent, role: Role | None) -> bool:
    """Whether somebody in this role is of the State whose judge, clerk or authority made the entry."""
    return (entry.actor_role == Role.requested_authority) == (role is Role.requested_authority)


# --- fields ------------------------------------------------------------------------------------------------------


async def _participant(asked: _Asked, field: Field, name: str, value: str) -> object:
    found = next((one for one in asked.people if one.id == value), None)
    if found is None or found.role not in field.roles:
        raise Invalid(tell("Nobody of this hearing who could be meant here"), name)
    if found.presence is PresenceStatus.invited or not (asked.correcting or found.presence in IN_ROOM):
        raise NotReady(tell("The person is not in the room"))
    return found.id


async def _state(asked: _Asked, field: Field, name: str, value: str) -> object:
    if value not in (asked.hearing.requesting_state, asked.hearing.requested_state):
        raise Invalid(tell("The law of one of the two States of the hearing"), name)
    return value


async def _language(asked: _Asked, field: Field, name: str, value: str) -> object:
    return language(value)


async def _choice(asked: _Asked, field: Field, name: str, value: str) -> object:
    if value not in field.choices:
        raise Invalid(tell("Not one of the values this field takes"), name)
    return value


async def _exhibit(asked: _Asked, field: Field, name: str, value: str) -> object:
    """What identifies it for good: its SHA-256, beside its name in the file."""
    try:
        found = await attachments.of_id(asked.db, asked.request, value)
    except NotFound:
        found = None
    if found is None or found.kind is not AttachmentKind.exhibit:
        raise Invalid(tell("There is no such exhibit in this case"), name)
    return {"id": found.id, "name": found.name, "sha256": found.sha256}


async def _entry(asked: _Asked, field: Field, name: str, value: str) -> object:
    found = next((one for one in asked.entries if str(one.seq) == value and one.kind in field.kinds), None)
    if found is None or found.seq in replaced(asked.entries):
        raise Invalid(tell("There is no such entry, or it stands no longer"), name)
    return found.seq


async def _text(asked: _Asked, field: Field, name: str, value: str) -> object:
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
"""How the value of a field is checked, and what of it is kept."""
