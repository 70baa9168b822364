"""The status of a recording, as reported by the recorder. Indicators on pages show these rows."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import rfc8785
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import SYSTEM
from hearings.agreement import room_rules
from hearings.errors import Invalid
from hearings.events import EventKind, record
from hearings.models import AuthorityKey, Hearing, HearingEvent, Participant, Recording, Sitting
from hearings.models.sitting import HoldCause, HoldCode
from hearings.moves import move
from hearings.queries import authority_keys, get
from hearings.requests.document import plain
from hearings.roles import SHORT
from hearings.sitting import floor_turns, sittings
from hearings.status import LIVE_SITTINGS, RecordingStatus, SittingStatus


@dataclass(frozen=True, slots=True)
class KeyRecipient:
    """Who can open a recording's key: what the journal calls them (kind and State), and their public age recipient."""

    name: str
    recipient: str
    kind: str
    state: str


async def recipients(db: AsyncSession, states: Collection[str]) -> list[KeyRecipient]:
    """The keys to which a recording for these States is encrypted now (`room_rules.recipients`): those in force."""
    keys = await authority_keys(db, sorted(states))
    return [_named(key) for key in keys]


def _named(key: AuthorityKey) -> KeyRecipient:
    return KeyRecipient(f"{key.kind} {key.owner_state}", key.recipient, key.kind, key.owner_state)


async def readers(db: AsyncSession, recording: Recording, states: Collection[str]) -> list[KeyRecipient]:
    """Who can be let open a part of an open recording for these States: whom it names since it began (kind and State,
    as in its journal's `open`), each by the keys in force now.

    A key retired since is not used again, whatever it opens already; one that was put in its place is. Nobody comes to
    it who could not open the rest: another key in escrow, another State. Empty before the recording has begun.
    """
    began = recording.opened_at
    if began is None:
        return []
    then = select(AuthorityKey).where(
        col(AuthorityKey.owner_state).in_(states),
        col(AuthorityKey.created_at) <= began,
        or_(col(AuthorityKey.retired_at).is_(None), col(AuthorityKey.retired_at) > began),
    )
    named = {_named(key).name for key in (await db.exec(then)).all()}
    return [one for one in await recipients(db, states) if one.name in named]


async def opened(
    db: AsyncSession, *, sitting: Sitting, recording: Recording, now: datetime, began: datetime | None = None
) -> None:
    """Record that the recorder has opened (or re-opened) the recording and it is durable.

    `began`: when its time code begins, as reported; without it, `now` counts, which is a few seconds later.
    Effects: recording to recording; the first time `opened_at` (when it began), event recording_opened and the sitting
    is in session (`sittings.begin_session`), with consecutive interpreting if agreed (`floor_turns.as_agreed`); after a
    failure event recording_back, and the floor stays closed until a person lifts the hold. Nothing when it is recording
    already, or paused.
    """
    if recording.status in {RecordingStatus.recording, RecordingStatus.paused}:
        return
    await sittings.lock(db, sitting)  # first, and its hearing after it, as everybody does: see `record`
    move(db, recording, RecordingStatus.recording, actor=SYSTEM, now=now)
    first = recording.opened_at is None
    recording.opened_at = recording.opened_at or began or now
    recording.last_sealed_at = now  # the twenty seconds count from here
    recording.failing_code = ""
    kind = EventKind.recording_opened if first else EventKind.recording_back
    await record(db, hearing=sitting.hearing_id, kind=kind, actor=SYSTEM, now=now)
    await sittings.end_unrecorded(db, sitting, actor=SYSTEM, now=now)
    if sitting.status is SittingStatus.pre_record:
        await sittings.begin_session(db, sitting=sitting, now=now)
        rules = await room_rules.of_hearing(db, await get(db, Hearing, sitting.hearing_id))
        await floor_turns.as_agreed(db, sitting=sitting, rules=rules, now=now)


async def sealed(db: AsyncSession, *, recording: Recording, count: int, at: datetime) -> None:
    """`count` segments are sealed, the last at `at`. Effects: `sealed_count`, `last_sealed_at`; both only rise."""
    recording.sealed_count = max(recording.sealed_count, count)
    recording.last_sealed_at = max(recording.last_sealed_at or at, at)
    db.add(recording)


async def failing(db: AsyncSession, *, sitting: Sitting, recording: Recording, code: str, now: datetime) -> None:
    """Record a known error, or that nothing was sealed for too long.

    Effects: recording to failing, `failing_code`, event recording_failing; in session the floor is held. Nothing
    when it is failing already or has ended.
    """
    if recording.status not in {RecordingStatus.starting, RecordingStatus.recording, RecordingStatus.paused}:
        return
    await sittings.lock(db, sitting)
    move(db, recording, RecordingStatus.failing, actor=SYSTEM, now=now, reason=code)
    recording.failing_code = code[:40]
    await record(db, hearing=sitting.hearing_id, kind=EventKind.recording_failing, actor=SYSTEM, now=now, code=code)
    if sitting.status in LIVE_SITTINGS:
        await sittings.hold(
            db,
            sitting=sitting,
            cause=HoldCause.recording,
            reason=f"{HoldCode.recording_failing.value}:{code}",
            actor=SYSTEM,
            now=now,
        )


async def recovered(db: AsyncSession, *, sitting: Sitting, recording: Recording, now: datetime) -> None:
    """Record that the same recorder seals segments again. Effects: recording to recording, event; the hold stays."""
    if recording.status is RecordingStatus.failing and recording.opened_at is not None:
        await opened(db, sitting=sitting, recording=recording, now=now)


async def paused(db: AsyncSession, *, recording: Recording, now: datetime) -> None:
    """Record that the recorder keeps nothing, by order. Effects: recording to paused; nothing unless it runs."""
    if recording.status is RecordingStatus.recording:
        move(db, recording, RecordingStatus.paused, actor=SYSTEM, now=now)


async def resumed(db: AsyncSession, *, recording: Recording, now: datetime) -> None:
    """Record that a paused recorder keeps again what comes. Effects: recording to recording; else nothing."""
    if recording.status is RecordingStatus.paused:
        move(db, recording, RecordingStatus.recording, actor=SYSTEM, now=now)


async def closed(
    db: AsyncSession, *, sitting: Sitting, recording: Recording, size: int, root: str, now: datetime
) -> None:
    """Record that the journal's `close` is durable and signed, with tree size and root.

    Effects: recording to sealed, `size`, `root`, `closed_at`, event recording_sealed.
    """
    if size < 0 or not root:
        raise Invalid("A sealed recording has a size and a root")
    move(db, recording, RecordingStatus.sealed, actor=SYSTEM, now=now)
    recording.size, recording.root, recording.closed_at = size, root, now
    await record(
        db, hearing=sitting.hearing_id, kind=EventKind.recording_sealed, actor=SYSTEM, now=now, size=size, root=root
    )


async def failed(db: AsyncSession, *, sitting: Sitting, recording: Recording, code: str, now: datetime) -> None:
    """Record that it cannot be closed. Effects: recording to failed, `failing_code`, event recording_failed."""
    move(db, recording, RecordingStatus.failed, actor=SYSTEM, now=now, reason=code)
    recording.failing_code, recording.closed_at = code[:40], now
    await record(db, hearing=sitting.hearing_id, kind=EventKind.recording_failed, actor=SYSTEM, now=now, code=code)


def entry(event: HearingEvent) -> dict[str, Any]:
    """The object that is hashed for an entry of the log."""
    return {
        "id": event.id,
        "hearing": event.hearing_id,
        "seq": event.seq,
        "at": plain(event.at),
        "kind": event.kind,
        "actor": event.actor,
        "actor_role": event.actor_role,
        "data": event.data,
    }


def person(participant: Participant) -> dict[str, Any]:
    """The object that is hashed for a participant."""
    return {
        "id": participant.id,
        "name": participant.display_name,
        "role": participant.role.value,
        "state": participant.state,
    }


def canonical(facts: Mapping[str, Any]) -> bytes:
    """The canonical form (RFC 8785) that is hashed. Half a surrogate pair, which no UTF-8 can hold, is U+FFFD."""
    return rfc8785.dumps(_well_formed(facts))


def sha256(facts: Mapping[str, Any]) -> str:
    """SHA-256 over the canonical form."""
    return hashlib.sha256(canonical(facts)).hexdigest()


def seat(participant: Participant) -> str:
    """The name of a participant's seat, such as `witness_1`."""
    return f"{SHORT[participant.role]}_{participant.number}"


def seat_of(event: HearingEvent, people: Sequence[Participant]) -> str:
    """The seat of the participant an entry is about; empty if it is about none."""
    about = event.data.get("participant")
    return next((seat(participant) for participant in people if participant.id == about), "")


def _well_formed(value: Any) -> Any:
    match value:
        case str():
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        case Mapping():
            return {_well_formed(name): _well_formed(member) for name, member in value.items()}
        case list() | tuple():
            return [_well_formed(item) for item in value]
        case _:
            return value
