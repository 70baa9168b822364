"""Rules of a hearing's room: what the conditions and the technical agreement ask of it, and what stands in the way.

`of` is pure. The room obeys: what must not be recorded never reaches the recorder, the start waits for whom and what
the requested State asked for, times are announced, the picture is held to what was agreed. docs/conditions.md says what
is enforced and what is not.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import SYSTEM, Actor
from hearings.agreement import agreements
from hearings.errors import ConditionsOpen, Invalid, NotAllowed, NotReady
from hearings.events import EventKind, record
from hearings.models import Agreement, Hearing, HearingRequest, RoomConfirmation, Sitting
from hearings.models.hearing import RecordingPolicy
from hearings.permissions import require_from
from hearings.queries import events, get, participants
from hearings.requests import conditions
from hearings.requests.conditions import Condition, ConditionKind, Kept, Treatment
from hearings.roles import LABELS, Role
from hearings.sentences import tell
from hearings.signatures import recipients as keys
from hearings.status import PresenceStatus, SittingStatus

BEFORE_START = frozenset({SittingStatus.roll_call, SittingStatus.pre_record})


@dataclass(frozen=True)
class RoomRules:
    """What the room keeps to. Without conditions and agreement: nothing special."""

    conditions: tuple[Condition, ...] = ()
    unrecorded: frozenset[tuple[Role, str]] = frozenset()
    """Role and `mic` or `cam`."""
    sound_only: bool = False
    present: frozenset[Role] = frozenset()
    """Roles of which somebody must be in the room before the start."""
    confirm: tuple[Condition, ...] = ()
    """What the requested authority confirms before the start."""
    time_limit: timedelta | None = None
    breaks_every: timedelta | None = None
    session: Mapping[str, Any] = field(default_factory=dict)
    """The agreed session (`negotiation.Session`), empty without an agreement."""
    recipients: frozenset[str] = frozenset()
    """States the recording is encrypted to by the agreement; without one it is both (`require_keys`)."""

    @property
    def fingerprints(self) -> bool:
        """Whether the start waits until fingerprints were compared aloud; terms made before that rule do not."""
        return bool(self.session.get("fingerprints", False))

    def records(self, role: Role, kind: str) -> bool:
        """Whether a `mic` or `cam` of somebody in this role goes to the recorder."""
        return (role, kind) not in self.unrecorded and not (self.sound_only and kind == "cam")

    @property
    def records_channels(self) -> bool:
        """Whether the language channels, which are interpreters' voices, go to the recorder."""
        return self.records(Role.interpreter, "mic")


NO_RULES = RoomRules()


def of(agreement: Agreement | None, asked: Iterable[Condition]) -> RoomRules:
    """The rules that follow from an agreement that both have signed, and from conditions."""
    asked = tuple(asked)
    terms = agreement.terms if agreement is not None and agreement.status in agreements.SIGNED else {}
    session = terms.get("session", {})
    kinds = {one.kind: one for one in asked}
    present = {Role(one["role"]) for one in asked if one.kind is ConditionKind.official_present}
    if ConditionKind.counsel_present in kinds:
        present.add(Role.defence)
    limit, pause = kinds.get(ConditionKind.time_limit), kinds.get(ConditionKind.breaks_every)
    return RoomRules(
        conditions=asked,
        unrecorded=frozenset(_unrecorded(asked)),
        sound_only=session.get("recording") == RecordingPolicy.sound_only.value,
        present=frozenset(present),
        confirm=tuple(one for one in asked if one.treatment is Treatment.confirmed),
        time_limit=timedelta(minutes=limit["minutes"]) if limit else None,
        breaks_every=timedelta(minutes=pause["minutes"]) if pause else None,
        session=session,
        recipients=frozenset(terms.get("recipients", ())),
    )


def _unrecorded(asked: Iterable[Condition]) -> Iterable[tuple[Role, str]]:
    for one in asked:
        if one.kind is ConditionKind.no_recording_of:
            kinds = {Kept.sound.value: ("mic",), Kept.picture.value: ("cam",)}.get(one["what"], ("mic", "cam"))
            yield from ((Role(one["who"]), kind) for kind in kinds)


async def of_hearing(db: AsyncSession, hearing: Hearing) -> RoomRules:
    """The rules as the rows have them."""
    request = await get(db, HearingRequest, hearing.request_id)
    return of(await agreements.running(db, hearing.id), conditions.parse(request.condition_rules))


async def of_sitting(db: AsyncSession, sitting: Sitting) -> RoomRules:
    """The rules of a sitting's hearing."""
    return await of_hearing(db, await get(db, Hearing, sitting.hearing_id))


# --- before the start --------------------------------------------------------------------------------------------


async def confirmed(db: AsyncSession, sitting_id: str) -> dict[str, RoomConfirmation]:
    """What has been confirmed in a sitting, by kind of condition."""
    query = select(RoomConfirmation).where(RoomConfirmation.sitting_id == sitting_id)
    return {one.condition_kind: one for one in (await db.exec(query)).all()}


async def confirm(db: AsyncSession, *, sitting: Sitting, kind: str, actor: Actor, now: datetime) -> None:
    """The requested authority confirms, before the start, that a condition is kept. Again changes nothing.

    Raises `NotAllowed` for anybody else, `NotReady` outside roll call and sound check, `Invalid` for what is not asked.
    Effects: adds the confirmation, event condition_confirmed.
    """
    if actor.role is not Role.requested_authority:
        raise NotAllowed(tell("The requested authority confirms this"), (Role.requested_authority,))
    require_from("confirm_condition", actor.presence)
    if sitting.status not in BEFORE_START:
        raise NotReady(tell("This is confirmed at the roll call or the sound check"))
    rules = await of_sitting(db, sitting)
    if kind not in {one.kind.value for one in rules.confirm}:
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
    """Raise `ConditionsOpen`, naming each, unless everybody asked for is in the room and all is confirmed."""
    rules = await of_sitting(db, sitting)
    if not rules.conditions:
        return
    everybody = await participants(db, sitting.hearing_id)
    here = {one.role for one in everybody if one.presence is PresenceStatus.present}
    absent = [f"{LABELS[role]} is not in the room" for role in sorted(rules.present - here)]
    done = await confirmed(db, sitting.id)
    unconfirmed = [conditions.sentence(one) for one in rules.confirm if one.kind.value not in done]
    missing = absent + [f"Not confirmed by the requested authority: {text}" for text in unconfirmed]
    if missing:
        raise ConditionsOpen("; ".join(missing), missing)


async def require_keys(db: AsyncSession, hearing: Hearing) -> None:
    """Raise `NoRecipients` unless every State the recording is agreed to be for has a key to open it with."""
    await keys.require(db, await recipients(db, hearing))


async def recipients(db: AsyncSession, hearing: Hearing) -> Collection[str]:
    """The States the recording is agreed to be for; both of them without an agreement."""
    return (await of_hearing(db, hearing)).recipients or {hearing.requesting_state, hearing.requested_state}


# --- times -------------------------------------------------------------------------------------------------------


def due(rules: RoomRules, sitting: Sitting, now: datetime) -> tuple[EventKind, datetime] | None:
    """What time it is to announce, and since when it has been: the limit is used up, or a pause is due.

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
    """Put into the log what is due and not yet there. Returns it, None when there is nothing new. Nobody is cut off.

    Effects: event time_limit_reached or break_due, once for each time it falls due.
    """
    found = due(await of_sitting(db, sitting), sitting, now)
    if found is None:
        return None
    kind, since = found
    for event in await events(db, sitting.hearing_id, limit=100_000):
        if event.kind == kind.value and event.at >= since:
            return None
    await record(db, hearing=sitting.hearing_id, kind=kind, actor=SYSTEM, now=now, since=since.isoformat())
    return kind
