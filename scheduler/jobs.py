"""Carries out due actions: the claim and the effect of an action commit together, or neither does."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.custody import acceptance, keeping
from hearings.models import CustodyAudit, Hearing, HearingRequest, Recording, Sitting
from hearings.outward import claims, invitations, notices
from hearings.queries import get
from hearings.requests import priority
from hearings.status import HearingStatus, RecordingStatus, RequestStatus
from media.evidence.log import custody
from scheduler import audits, tidying
from scheduler.due import MISSED, Action, Kind, Rows, StoredRecording, due
from scheduler.environment import World

logger = logging.getLogger("vivavoce.scheduler.jobs")

LOOK_BACK, LOOK_AHEAD = timedelta(days=60), timedelta(days=8)
"""Hearings examined, around now: a reminder comes a week before, and missed actions are marked for two months."""
_SHORTEST = timedelta(minutes=15)
_OPEN_REQUESTS = frozenset(RequestStatus) - {
    RequestStatus.draft,
    RequestStatus.refused,
    RequestStatus.withdrawn,
    RequestStatus.closed,
    RequestStatus.executed,
}


class _Stale(Exception):
    """The rows have changed since they were read: the action is not due any more."""


# --- looking -----------------------------------------------------------------------------------------------------


async def tick(world: World) -> int:
    """Do the due actions of hearings, requests and the installation. Returns how many actions were carried out."""
    now = world.clock()
    async with world.database.reading() as db:
        rows = Rows(hearings=await _hearings(db, now), requests=await _requests(db), installation=True)
    return await _all(world, rows, now)


async def audit(world: World) -> int:
    """Do the due audits of stored recordings: they take long, and nothing else waits for them."""
    now = world.clock()
    async with world.database.reading() as db:
        rows = Rows(recordings=await _recordings(db, now))
    return await _all(world, rows, now)


async def _hearings(db: AsyncSession, now: datetime) -> Sequence[Hearing]:
    query = select(Hearing).where(
        col(Hearing.status).in_([HearingStatus.agreed, HearingStatus.ready]),
        col(Hearing.starts_at) > now - LOOK_BACK,
        col(Hearing.starts_at) < now + LOOK_AHEAD,
    )
    return (await db.exec(query)).all()


async def _requests(db: AsyncSession) -> Sequence[HearingRequest]:
    return (await db.exec(select(HearingRequest).where(col(HearingRequest.status).in_(_OPEN_REQUESTS)))).all()


async def _recordings(db: AsyncSession, now: datetime) -> Sequence[StoredRecording]:
    query = (
        select(Recording.id, Recording.owner_state, Recording.closed_at, Hearing.ref)
        .join(Sitting, col(Recording.sitting_id) == col(Sitting.id))
        .join(Hearing, col(Sitting.hearing_id) == col(Hearing.id))
        .where(Recording.status == RecordingStatus.sealed, col(Recording.closed_at).is_not(None))
    )
    decided, conditions = await keeping.all_decisions(db), await acceptance.destroy_after(db)
    owed = await acceptance.owed_until(db)
    rows = [
        _stored(
            row_id, state, at, ref, keeping.keeping_status(at, decided.get(row_id, ()), now, conditions.get(row_id))
        )
        for row_id, state, at, ref in (await db.exec(query)).all()
        if at is not None
    ]
    return [replace(row, copy_until=owed.get(row.id)) for row in rows]


def _stored(row_id: str, state: str, at: datetime, ref: str, found: keeping.KeepingStatus) -> StoredRecording:
    return StoredRecording(
        id=row_id,
        owner_state=state,
        closed_at=at,
        hearing_ref=ref,
        retention=found.dates,
        gone=found.destroyed is not None,
    )


# --- doing -------------------------------------------------------------------------------------------------------


async def _all(world: World, rows: Rows, now: datetime) -> int:
    actions = due(now, rows, world.policy)
    async with world.database.reading() as db:
        done = await claims.claimed(db, [action.key for action in actions])
    count = 0
    for action in actions:
        if action.key not in done:
            try:
                count += await carry_out(world, action)
            except Exception:  # the others do not wait for it; it is due again at the next tick
                logger.exception("an action that is due failed, kind %s", action.kind)
    return count


async def carry_out(world: World, action: Action) -> bool:
    """Do one action. Effects: its claim (as missed when it comes too late to be of use) and those of its handler.

    False, and nothing changed, when it has been done already or is not due any more.
    """
    now = world.clock()
    late = action.useful_until is not None and now > action.useful_until
    prepare = None if late else PREPARE.get(action.kind)
    prepared = await prepare(world, action) if prepare else None
    try:
        async with world.database.transaction() as db:
            mine = await claims.claim(
                db,
                key=action.key,
                kind=action.kind.value,
                subject=action.subject,
                subject_id=action.subject_id,
                about=action.about,
                owner_state=action.owner_state,
                due_at=action.due_at,
                now=now,
                missed=MISSED[action.kind] if late else "",
            )
            if mine and not late:
                await HANDLERS.get(action.kind, _notice)(world, db, action, now, prepared)
            return mine
    except _Stale:
        return False


async def _notice(world: World, db: AsyncSession, action: Action, now: datetime, _prepared: Any) -> None:
    """Mail those concerned, unless the hearing or request has moved on meanwhile."""
    table = Hearing if action.subject == "hearing" else HearingRequest
    subject: Hearing | HearingRequest = await get(db, table, action.subject_id, lock=True)
    fresh = Rows(hearings=[subject]) if isinstance(subject, Hearing) else Rows(requests=[subject])
    if action.key not in {item.key for item in due(now, fresh, world.policy)}:
        raise _Stale
    to, functions, text = notices.DUE[action.kind.value]
    useful = max(action.useful_until - now, _SHORTEST) if action.useful_until else notices.USEFUL
    if isinstance(subject, Hearing) and action.kind is Kind.reminder_day:
        await notices.mail_participants(
            db,
            hearing=subject,
            text=text,
            cause=action.key,
            state=action.state,
            say=world.say,
            now=now,
            useful=useful,
        )
    await notices.notify(
        db,
        subject=subject,
        to=to or action.state,
        functions=functions,
        text=text,
        key=action.key,
        origin=world.origin,
        say=world.say,
        now=now,
        useful=useful,
    )


async def _of_recording(world: World, db: AsyncSession, action: Action, now: datetime, _prepared: Any) -> None:
    await _tell_of_recording(world, db, action, action.kind.value, now)


async def _tell_of_recording(world: World, db: AsyncSession, action: Action, what: str, now: datetime) -> None:
    subject = await notices.subject_of(db, "recording", action.subject_id)
    to, functions, text = notices.DUE[what]
    if subject is not None:
        await notices.notify(
            db,
            subject=subject,
            to=to,
            functions=functions,
            text=text,
            key=action.key,
            origin=world.origin,
            say=world.say,
            now=now,
        )


async def _verify(world: World, action: Action) -> audits.Verdict | None:
    if world.recordings is None:
        return None
    seal = None if world.seal is None else await asyncio.to_thread(world.seal)
    anchors = world.authorities.anchors if world.authorities is not None else b""
    folder = world.recordings / action.subject_id
    if seal is not None:
        with contextlib.suppress(custody.CustodyError):  # the audit itself says what is wrong
            await asyncio.to_thread(custody.complete, folder, seal)
    pins = await asyncio.to_thread(world.pins)
    return await audits.audit(folder, pins, seal.path if seal else None, anchors)


async def _record_audit(world: World, db: AsyncSession, action: Action, now: datetime, verdict: Any) -> None:
    """Effects: the verdict's row; mail to administrators and judges of both States when it is not a good one."""
    if verdict is None:
        raise _Stale
    db.add(
        CustodyAudit(
            owner_state=action.owner_state,
            recording_id=action.subject_id,
            at=now,
            verdict=verdict.verdict,
            first=verdict.first,
            size=verdict.size,
            root=verdict.root,
        )
    )
    if not verdict.good:
        logger.error("a stored recording did not verify, id %s: %s", action.subject_id, verdict.verdict)
        await _tell_of_recording(world, db, action, "audit_failed", now)


async def _sweep(world: World, _action: Action) -> None:
    """Send calendars the changes that came without a change of status. Each hearing commits by itself.

    A hearing with a change of status still to be followed is left to `following`: invitation and notice are one mail.
    """
    async with world.database.reading() as db:
        hearing_ids = await invitations.unsettled(db, now=world.clock())
    for hearing_id in hearing_ids:
        async with world.database.transaction() as db:
            if await invitations.unfollowed(db, hearing_id):
                continue
            await invitations.settle(
                db,
                hearing_id=hearing_id,
                origin=world.origin,
                organiser=world.organiser,
                say=world.say,
                now=world.clock(),
            )


async def _tidy(world: World, db: AsyncSession, _action: Action, now: datetime, _prepared: Any) -> None:
    await tidying.tidy(db, now=now)


async def _nothing(_world: World, _db: AsyncSession, _action: Action, _now: datetime, _prepared: Any) -> None:
    """Nothing to do in the transaction: the preparation has done all."""


async def _priorities(_world: World, db: AsyncSession, _action: Action, now: datetime, _prepared: Any) -> None:
    await priority.refresh_open(db, now=now)


async def _zones(world: World, db: AsyncSession, _action: Action, now: datetime, _prepared: Any) -> None:
    await tidying.check_zones(db, origin=world.origin, say=world.say, now=now)


Handler = Callable[[World, AsyncSession, Action, datetime, Any], Awaitable[None]]
HANDLERS: Mapping[Kind, Handler] = {
    Kind.retention_review: _of_recording,
    Kind.copy_owed: _of_recording,
    Kind.copy_overdue: _of_recording,
    Kind.custody_audit: _record_audit,
    Kind.calendar_sweep: _nothing,
    Kind.priorities: _priorities,
    Kind.timezone_check: _zones,
    Kind.clean_up: _tidy,
}
"""Handlers of kinds of action, run within the transaction; other kinds mail a notice."""
PREPARE: Mapping[Kind, Callable[[World, Action], Awaitable[Any]]] = {
    Kind.custody_audit: _verify,
    Kind.calendar_sweep: _sweep,
}
"""Preparations before the transaction that take long or commit by themselves; repeated if the process is killed."""
