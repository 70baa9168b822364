"""Rules of a hearing's room, from the conditions and the technical agreement, and what prevents the start.

`of` is pure. The room enforces them: excluded tracks never reach the recorder, the start waits for the people and
confirmations that the requested State required, times are announced, the picture is limited to the agreed format.
docs/conditions.md says what is enforced and what is not.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import reference
from hearings.actors import SYSTEM, Actor
from hearings.agreement import agreements, profiles, sites
from hearings.agreement.outcome import Interpreting
from hearings.errors import ConditionsOpen, Invalid, NotAllowed, NotReady
from hearings.events import EventKind, record
from hearings.models import (
    Agreement,
    Hearing,
    HearingEvent,
    HearingRequest,
    Participant,
    RoomConfirmation,
    SiteProfile,
    Sitting,
)
from hearings.models.hearing import RecordingPolicy
from hearings.models.request import Capacity
from hearings.permissions import require_from
from hearings.queries import events, get, participants
from hearings.requests import conditions
from hearings.requests.conditions import Condition, ConditionKind, NotRecorded, Treatment
from hearings.roles import LABELS, Role
from hearings.sentences import N_, Sentence, tell
from hearings.signatures import recipients as keys
from hearings.status import PresenceStatus, SittingStatus

BEFORE_START = frozenset({SittingStatus.roll_call, SittingStatus.pre_record})
TELEPHONES = ("room_phone", "technician_phone")
"""Details of a site (`site_details`) that are called when its line is lost, in this order."""


@dataclass(frozen=True)
class RoomRules:
    """The rules of a room; the defaults are those without conditions and agreement."""

    conditions: tuple[Condition, ...] = ()
    unrecorded: frozenset[tuple[Role, str]] = frozenset()
    """Role and `mic` or `cam`."""
    sound_only: bool = False
    present: frozenset[Role] = frozenset()
    """Roles of which somebody must be in the room, from before the start to the end."""
    confirm: tuple[Condition, ...] = ()
    """Conditions that the requested authority confirms before the start."""
    time_limit: timedelta | None = None
    breaks_every: timedelta | None = None
    session: Mapping[str, Any] = field(default_factory=dict)
    """The agreed session (`negotiation.Session`), empty without an agreement."""
    telephones: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By State, the telephones of its agreed site (`TELEPHONES`), if the agreement names the telephone as a way when a
    line breaks. Both States read them: both have signed."""
    recipients: frozenset[str] = frozenset()
    """States the recording is encrypted to by the agreement; without one it is both (`require_keys`)."""

    @property
    def fingerprints(self) -> bool:
        """Whether the start waits until fingerprints were compared aloud; terms made before that rule do not."""
        return bool(self.session.get("fingerprints", False))

    @property
    def consecutive(self) -> bool:
        """Whether both States have agreed consecutive interpreting: there are no language channels then."""
        return self.session.get("interpreting") == Interpreting.consecutive.value

    @property
    def channels(self) -> bool:
        """Whether there are language channels that go to the recorder."""
        return self.records_channels and not self.consecutive

    @property
    def too_narrow(self) -> Sentence | None:
        """Why interpreters cannot speak at the same time as the floor in this room; None where they can, and where no
        sound is agreed. Simultaneous interpreting needs 125 to 15 000 Hz (ISO 24019), and at least 32 kbit/s."""
        if "audio_codec" not in self.session:
            return None
        least = reference.defaults()["interpretation"]
        band, kbps = profiles.audio_hz()[self.session["audio_codec"]], int(self.session["audio_kbps"])
        if band >= least["simultaneous_min_audio_hz"] and kbps >= least["simultaneous_min_kbps"]:
            return None
        return tell(
            "The agreed sound carries {band} Hz at {kbps} kbit/s; simultaneous interpreting needs {least} Hz and "
            "{least_kbps} kbit/s. Interpret consecutively",
            band=str(band),
            kbps=str(kbps),
            least=str(least["simultaneous_min_audio_hz"]),
            least_kbps=str(least["simultaneous_min_kbps"]),
        )

    def records(self, role: Role, kind: str) -> bool:
        """Whether a `mic` or `cam` of somebody in this role goes to the recorder."""
        return (role, kind) not in self.unrecorded and not (self.sound_only and kind == "cam")

    @property
    def records_channels(self) -> bool:
        """Whether the language channels, which are interpreters' voices, go to the recorder."""
        return self.records(Role.interpreter, "mic")


NO_RULES = RoomRules()
ABSENT = N_("{role} is not in the room")
UNCONFIRMED = N_("Not confirmed by the requested authority: {condition}")


NEED_COUNSEL = frozenset({Capacity.suspect, Capacity.accused, Capacity.convicted_person})
"""Capacities in which nobody answers without counsel in the room, unless they have waived it on the record (ICCPR
14(3)(b) and (d); Directive 2013/48/EU art. 3)."""


def of(agreement: Agreement | None, asked: Iterable[Condition], capacity: Capacity | None = None) -> RoomRules:
    """The rules that follow from an agreement that both have signed, from conditions, and from the capacity in which
    the person is heard."""
    asked = tuple(asked)
    terms = agreement.terms if agreement is not None and agreement.status in agreements.SIGNED else {}
    session = terms.get("session", {})
    kinds = {condition.kind: condition for condition in asked}
    present = {Role(condition["role"]) for condition in asked if condition.kind is ConditionKind.official_present}
    if ConditionKind.counsel_present in kinds or capacity in NEED_COUNSEL:
        present.add(Role.defence)
    limit, pause = kinds.get(ConditionKind.time_limit), kinds.get(ConditionKind.breaks_every)
    return RoomRules(
        conditions=asked,
        unrecorded=frozenset(_unrecorded(asked)),
        sound_only=session.get("recording") == RecordingPolicy.sound_only.value,
        present=frozenset(present),
        confirm=tuple(condition for condition in asked if condition.treatment is Treatment.confirmed),
        time_limit=timedelta(minutes=limit["minutes"]) if limit else None,
        breaks_every=timedelta(minutes=pause["minutes"]) if pause else None,
        session=session,
        recipients=frozenset(terms.get("recipients", ())),
    )


def _unrecorded(asked: Iterable[Condition]) -> Iterable[tuple[Role, str]]:
    for condition in asked:
        if condition.kind is ConditionKind.no_recording_of:
            kinds = {NotRecorded.sound.value: ("mic",), NotRecorded.picture.value: ("cam",)}.get(
                condition["what"], ("mic", "cam")
            )
            yield from ((Role(condition["who"]), kind) for kind in kinds)


async def of_hearing(db: AsyncSession, hearing: Hearing) -> RoomRules:
    """The rules of a hearing, from its rows."""
    request = await get(db, HearingRequest, hearing.request_id)
    signed = await agreements.running(db, hearing.id)
    rules = of(signed, conditions.parse(request.condition_rules), request.capacity)
    if signed is None or not rules.session.get("breakdown", {}).get("phone"):
        return rules
    return replace(rules, telephones=await _telephones(db, signed))


async def _telephones(db: AsyncSession, agreement: Agreement) -> dict[str, dict[str, str]]:
    """The telephones of the sites of an agreement that both have signed, as last published: another number than the
    signed one voids no agreement."""
    found: dict[str, dict[str, str]] = {}
    for profile_id in (agreement.requesting_profile_id, agreement.requested_profile_id):
        profile = await sites.newest(db, (await get(db, SiteProfile, profile_id)).site_id)
        details = sites.details_for(profile, state=profile.owner_state, signed=True)
        found[profile.owner_state] = {name: details[name] for name in TELEPHONES if details.get(name)}
    return found


async def of_sitting(db: AsyncSession, sitting: Sitting) -> RoomRules:
    """The rules of a sitting's hearing."""
    return await of_hearing(db, await get(db, Hearing, sitting.hearing_id))


# --- before the start --------------------------------------------------------------------------------------------


async def confirmed(db: AsyncSession, sitting_id: str) -> dict[str, RoomConfirmation]:
    """The confirmations of a sitting, by kind of condition."""
    query = select(RoomConfirmation).where(RoomConfirmation.sitting_id == sitting_id)
    return {confirmation.condition_kind: confirmation for confirmation in (await db.exec(query)).all()}


async def confirm(db: AsyncSession, *, sitting: Sitting, kind: str, actor: Actor, now: datetime) -> None:
    """The requested authority confirms, before the start, that a condition is kept. A repeated confirmation changes
    nothing.

    Raises `NotAllowed` for other actors, `NotReady` outside roll call and sound check, `Invalid` for other conditions.
    Effects: adds the confirmation, event condition_confirmed.
    """
    if actor.role is not Role.requested_authority:
        raise NotAllowed(tell("Only the requested authority can confirm this"), (Role.requested_authority,))
    require_from("confirm_condition", actor.presence)
    if sitting.status not in BEFORE_START:
        raise NotReady(tell("This is confirmed at the roll call or the sound check"))
    rules = await of_sitting(db, sitting)
    if kind not in {condition.kind.value for condition in rules.confirm}:
        raise Invalid(tell("This condition needs no confirmation here"), "kind")
    if kind in await confirmed(db, sitting.id):
        return
    db.add(
        RoomConfirmation(
            owner_state=sitting.owner_state,
            sitting_id=sitting.id,
            condition_kind=kind,
            at=now,
            actor=actor.id,
            actor_label=actor.label,
        )
    )
    event = EventKind.condition_confirmed
    await record(db, hearing=sitting.hearing_id, kind=event, actor=actor, now=now, condition=kind)


async def require_kept(db: AsyncSession, sitting: Sitting) -> None:
    """Raises `ConditionsOpen`, naming each, unless all required people are in the room and all conditions confirmed.

    Counsel whom no condition demands may be missing if every accused person in the room has waived counsel.
    """
    rules = await of_sitting(db, sitting)
    if not rules.conditions and not rules.present:
        return
    absent = await _absent(db, sitting, rules)
    done = await confirmed(db, sitting.id)
    unconfirmed = [conditions.sentence(condition) for condition in rules.confirm if condition.kind.value not in done]
    missing = absent + [tell(UNCONFIRMED, condition=text) for text in unconfirmed]
    if missing:
        raise ConditionsOpen("; ".join(missing), missing)


async def require_present(db: AsyncSession, sitting: Sitting) -> None:
    """Raises `ConditionsOpen` unless all required people are in the room: before the floor is opened again too, nobody
    accused answers without counsel. Counsel may be waived as for `require_kept`."""
    if missing := await _absent(db, sitting, await of_sitting(db, sitting)):
        raise ConditionsOpen("; ".join(missing), missing)


async def _absent(db: AsyncSession, sitting: Sitting, rules: RoomRules) -> list[Sentence]:
    kinds = (EventKind.counsel_waived.value, EventKind.entry_withdrawn.value)
    query = select(HearingEvent).where(HearingEvent.hearing_id == sitting.hearing_id, col(HearingEvent.kind).in_(kinds))
    absent = absent_roles(rules, await participants(db, sitting.hearing_id), (await db.exec(query)).all())
    return [tell(ABSENT, role=tell(LABELS[role])) for role in absent]


def absent_roles(rules: RoomRules, people: Iterable[Participant], log: Collection[HearingEvent]) -> list[Role]:
    """The roles of which somebody must be in the room and nobody is. Pure. `log`: of the hearing, at least every waiver
    of counsel and every entry that takes one back."""
    present = [participant for participant in people if participant.presence is PresenceStatus.present]
    here = {participant.role for participant in present}
    if ConditionKind.counsel_present not in {condition.kind for condition in rules.conditions}:
        here |= _waived(present, log)
    return sorted(rules.present - here)


def _waived(present: Iterable[Participant], log: Collection[HearingEvent]) -> set[Role]:
    """Counsel, if everybody accused who is in the room has waived it on the record of the hearing."""
    accused = {participant.id for participant in present if participant.role is Role.defendant}
    no_longer = {int(event.data.get("corrects") or 0) for event in log}
    in_force = [event for event in log if event.kind == EventKind.counsel_waived and event.seq not in no_longer]
    return {Role.defence} if accused and accused <= {event.data["participant"] for event in in_force} else set()


async def require_keys(db: AsyncSession, hearing: Hearing) -> None:
    """Raise `NoRecipients` unless every State the recording is agreed to be for has a key to open it with."""
    await keys.require(db, await recipients(db, hearing))


async def recipients(db: AsyncSession, hearing: Hearing) -> Collection[str]:
    """The States the recording is agreed to be for; both of them without an agreement."""
    return (await of_hearing(db, hearing)).recipients or {hearing.requesting_state, hearing.requested_state}


# --- times -------------------------------------------------------------------------------------------------------


def due(rules: RoomRules, sitting: Sitting, now: datetime) -> tuple[EventKind, datetime] | None:
    """The event to announce, and the instant since which it is due: the time limit is reached, or a pause is due.

    The limit counts from the start of the sitting, a pause from when the floor was last opened.
    """
    if sitting.status is not SittingStatus.in_session or sitting.started_at is None:
        return None
    if rules.time_limit is not None and now >= sitting.started_at + rules.time_limit:
        return EventKind.time_limit_reached, sitting.started_at + rules.time_limit
    if rules.breaks_every is not None and now >= sitting.since + rules.breaks_every:
        return EventKind.break_due, sitting.since + rules.breaks_every
    return None


async def announce(db: AsyncSession, *, sitting: Sitting, now: datetime) -> EventKind | None:
    """Records the event that is due, unless it is in the log. Returns it, or None. Nobody is cut off.

    Effects: event time_limit_reached or break_due, once for each time it falls due.
    """
    rule_due = due(await of_sitting(db, sitting), sitting, now)
    if rule_due is None:
        return None
    kind, since = rule_due
    for event in await events(db, sitting.hearing_id, limit=100_000):
        if event.kind == kind.value and event.at >= since:
            return None
    await record(db, hearing=sitting.hearing_id, kind=kind, actor=SYSTEM, now=now, since=since.isoformat())
    return kind
