"""Releases: a copy of a recording, or an excerpt, that one State hands to the other, under four eyes.

One person with the right `transmit` proposes it: to whom, what for, within which limits on the use. Another person of
the same State confirms it with the signed statement of their authority; two accounts of one person are not two
(`two_people`). Then the copy can be taken once, with the statement in it, and the other State acknowledges it by a
receipt that it signs (`receipts`).
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.custody import copies, two_people, use_limits
from hearings.errors import NotFound, NotReady
from hearings.law import law
from hearings.models import Hearing, HearingRequest, Recording, RecordingRelease, Signature
from hearings.models.signature import Act
from hearings.permissions import may_copy, refusal
from hearings.queries import get
from hearings.sentences import N_, tell
from hearings.signatures import signatures
from hearings.texts import clean

MOST_OPEN = 20
"""Releases of one recording that may wait to be confirmed at a time."""
DECIDED = N_("This release has been decided already. Nothing was changed")


class ReleaseStage(StrEnum):
    """How far a release has come."""

    proposed = "proposed"
    refused = "refused"
    withdrawn = "withdrawn"
    confirmed = "confirmed"
    """It can be taken."""
    taken = "taken"
    """Not acknowledged yet."""
    lost = "lost"
    """It was being taken when the service stopped: nobody knows what was handed out."""
    received = "received"


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """What somebody proposes to release. `part`: of an excerpt, its `from`, `to` (ms) and `tracks`; empty: all."""

    to_person: str
    body: str
    purpose: str
    part: Mapping[str, Any] = field(default_factory=dict)


def stage_of(row: RecordingRelease) -> ReleaseStage:
    """The stage of a release. Pure."""
    if row.decided_at is None:
        return ReleaseStage.proposed
    if not row.confirmed:
        return ReleaseStage.withdrawn if row.decided_by == row.proposed_by else ReleaseStage.refused
    if row.taken_at is None:
        return ReleaseStage.confirmed
    if row.received_at is not None:
        return ReleaseStage.received
    return ReleaseStage.taken if row.bag_sha256 else ReleaseStage.lost


def other_state(hearing: Hearing, state: str) -> str:
    """The other of the two States of a hearing. Pure."""
    return hearing.requested_state if state == hearing.requesting_state else hearing.requesting_state


def statement_body(row: RecordingRelease, recording: Recording, *, confirmed_by: str) -> dict[str, Any]:
    """What the releasing State signs; `confirmed_by` is the name of who hands it in. Pure."""
    return {
        "release": row.id,
        "recording": recording.id,
        "origin": recording.origin,
        "size": recording.size,
        "root": recording.root,
        "part": dict(row.part) or None,
        "to": {"person": row.to_person, "body": row.to_body, "state": row.to_state},
        "purpose": row.purpose,
        "limits": [dict(limit) for limit in row.limits],
        "proposed_by": row.proposed_label,
        "confirmed_by": confirmed_by,
    }


async def limits_now(db: AsyncSession, request: HearingRequest) -> list[use_limits.Limit]:
    """The limits that a release would carry if it were proposed now."""
    return use_limits.limits_of(request, await law.current(db))


# --- proposing and deciding ------------------------------------------------------------------------------------------


async def propose(
    db: AsyncSession, *, recording: Recording, hearing: Hearing, wanted: Proposal, actor: Actor, now: datetime
) -> RecordingRelease:
    """Propose to release a copy to the other State. `actor` has the role in the hearing.

    Raises `NotAllowed`, `NotReady` before the recording has its head or with `MOST_OPEN` waiting, `Invalid` naming the
    field. Effects: adds the row, with the limits as they stand now.
    """
    await require_right(db, recording, hearing, actor)
    if not recording.size or not recording.root:
        raise NotReady(tell("The recording has no head yet that a release could name"))
    recording = await get(db, Recording, recording.id, lock=True)
    waiting = [one for one in await of_recording(db, recording) if stage_of(one) is ReleaseStage.proposed]
    if len(waiting) >= MOST_OPEN:
        raise NotReady(tell("Too many releases of this recording wait to be confirmed: decide on those first"))
    request = await get(db, HearingRequest, hearing.request_id)
    row = RecordingRelease(
        owner_state=actor.state,
        recording_id=recording.id,
        part=dict(wanted.part),
        to_person=clean(wanted.to_person, "to_person", most=200, least=1),
        to_body=clean(wanted.body, "to_body", most=300, least=1),
        to_state=other_state(hearing, actor.state),
        purpose=clean(wanted.purpose, "purpose", most=1000, least=3),
        limits=await limits_now(db, request),
        proposed_by=actor.id,
        proposed_label=actor.label,
        proposed_role=str(actor.role or ""),
        proposed_through=actor.client,
        proposed_at=now,
    )
    db.add(row)
    await db.flush()
    return row


async def confirm(
    db: AsyncSession, *, release_id: str, recording: Recording, hearing: Hearing, jws: str, actor: Actor, now: datetime
) -> RecordingRelease:
    """Confirm a release with the signed statement of the releasing State; `actor` has the role in the hearing.

    Raises `NotFound`, `NotAllowed` (also when this is the person who proposed it, by whatever account), `NotReady`, and
    what `signatures.receive` raises. Effects: keeps the statement; the release can be taken.
    """
    row = await _deciding(db, release_id, recording, hearing, actor)
    await two_people.require(db, row.proposed_by, actor, through=row.proposed_through)
    kept = await signatures.receive(
        db,
        jws=jws,
        state=row.owner_state,
        other=row.to_state,
        act=Act.release_recording,
        about=hearing.ref,
        subject=row,
        actor=actor,
        now=now,
        expect_body=statement_body(row, recording, confirmed_by=actor.label),
    )
    row.confirmed, row.statement_sha256 = True, kept.payload_sha256
    return await _decide(db, row, actor, now)


async def refuse(
    db: AsyncSession, *, release_id: str, recording: Recording, hearing: Hearing, actor: Actor, now: datetime
) -> RecordingRelease:
    """Refuse a release; whoever proposed it withdraws it. Raises as `confirm`. Effects: the row."""
    return await _decide(db, await _deciding(db, release_id, recording, hearing, actor), actor, now)


async def _deciding(
    db: AsyncSession, release_id: str, recording: Recording, hearing: Hearing, actor: Actor
) -> RecordingRelease:
    row = await find(db, release_id, recording, state=actor.state, lock=True)
    await require_right(db, recording, hearing, actor)
    if row.decided_at is not None:
        raise NotReady(tell(DECIDED))
    return row


async def _decide(db: AsyncSession, row: RecordingRelease, actor: Actor, now: datetime) -> RecordingRelease:
    row.decided_by, row.decided_label, row.decided_at = actor.id, actor.label, now
    row.decided_role = str(actor.role or "")
    db.add(row)
    await db.flush()
    return row


# --- taking ----------------------------------------------------------------------------------------------------------


async def begin_taking(
    db: AsyncSession, *, release_id: str, recording: Recording, hearing: Hearing, actor: Actor, now: datetime
) -> tuple[RecordingRelease, Signature]:
    """Take the copy of a confirmed release: nobody else does after this. Returns the row, and the signed statement.

    Raises `NotFound`, `NotAllowed`, `NotReady`. Effects: `taken_at`. Then `taken` follows, or `not_taken` when no
    byte was handed out.
    """
    row = await find(db, release_id, recording, state=actor.state, lock=True)
    await require_right(db, recording, hearing, actor)
    if stage_of(row) is not ReleaseStage.confirmed:
        raise NotReady(
            tell("A copy is taken once, after the release has been confirmed. Propose another release if it was lost")
        )
    statement = next(one for one in await signatures.signatures_of(db, row) if one.act is Act.release_recording)
    row.taken_at, row.taken_label = now, actor.label
    db.add(row)
    await db.flush()
    return row, statement


async def not_taken(db: AsyncSession, *, release_id: str) -> None:
    """The copy could not be made, and nothing was handed out. Effects: it can be taken again."""
    row = await get(db, RecordingRelease, release_id, lock=True)
    if not row.bag_sha256:
        row.taken_at, row.taken_label = None, ""
        db.add(row)


async def taken(
    db: AsyncSession, *, release_id: str, bag_sha256: str, custody: tuple[int, str] | None
) -> RecordingRelease:
    """The copy has been made and is about to be handed out: `bag_sha256` names it, `custody` is the size and root of
    the custody log in it, None of an excerpt. Effects: the row, which the receipt must fit."""
    row = await get(db, RecordingRelease, release_id, lock=True)
    row.bag_sha256 = bag_sha256
    row.custody_size, row.custody_root = custody or (None, "")
    db.add(row)
    await db.flush()
    return row


def line(row: RecordingRelease) -> dict[str, Any]:
    """The line `released` of the custody log (docs/recording-format.md §9). Pure."""
    roles = {"roles": [row.proposed_role, row.decided_role]} if row.proposed_role and row.decided_role else {}
    return {
        **roles,
        "from": row.owner_state,
        "type": "released",
        "release": row.id,
        "what": "excerpt" if row.part else "whole",
        "to": f"{row.to_person}, {row.to_body}",
        "state": row.to_state,
        "purpose": row.purpose,
        "by": [row.proposed_label, row.decided_label],
        "limits": use_limits.lines(row.limits),
        "statement": row.statement_sha256,
    }


# --- reading ---------------------------------------------------------------------------------------------------------


async def require_right(db: AsyncSession, recording: Recording, hearing: Hearing, actor: Actor) -> None:
    """Raises `NotAllowed` unless the law of copies allows `actor` to release it at this stage of the case."""
    stage = await copies.stage_of(db, recording, hearing)
    decision = may_copy("transmit", actor.role, stage=stage, state=actor.state)
    if not decision.allowed:
        raise refusal(decision)


async def of_recording(db: AsyncSession, recording: Recording) -> Sequence[RecordingRelease]:
    """The releases of a recording, newest first. Both States of its hearing may read them once they are confirmed; who
    reads sees to that (`seen_by`)."""
    query = select(RecordingRelease).where(RecordingRelease.recording_id == recording.id)
    return (await db.exec(query.order_by(col(RecordingRelease.id).desc()).limit(200))).all()


def seen_by(row: RecordingRelease, state: str) -> bool:
    """Whether a State may see a release: its own, and the other State's once it is confirmed. Pure."""
    return row.owner_state == state or (row.to_state == state and row.confirmed)


async def find(
    db: AsyncSession, release_id: str, recording: Recording, *, state: str, lock: bool = False
) -> RecordingRelease:
    """A release of this recording by a State. Raises `NotFound`, the same for an unknown one and another State's."""
    row = await get(db, RecordingRelease, release_id, lock=lock)
    if row.recording_id != recording.id or row.owner_state != state:
        raise NotFound
    return row


async def seen(db: AsyncSession, release_id: str, recording: Recording, *, state: str) -> RecordingRelease:
    """A release that a State may see. Raises `NotFound`."""
    row = await get(db, RecordingRelease, release_id)
    if row.recording_id != recording.id or not seen_by(row, state):
        raise NotFound
    return row


def digest(payload: bytes) -> str:
    """The hash by which a statement or a receipt is named. Pure."""
    return hashlib.sha256(payload).hexdigest()
