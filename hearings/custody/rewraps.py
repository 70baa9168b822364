"""Re-wrapping a recording under four eyes: one person proposes the recipients, another confirms them.

Both are of the State whose recording it is. What is confirmed may then be carried out once: where an authority's key
file is, and never here, since the server has no key. Nobody alone can have a recording opened to somebody else, and
nobody can leave out a State for which it was made.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.agreement import room_rules
from hearings.custody import two_people
from hearings.errors import Invalid, NotAllowed, NotFound, NotReady
from hearings.languages import state_name
from hearings.models import AuthorityKey, Hearing, Recording, Rewrap
from hearings.permissions import require_staff
from hearings.queries import authority_keys, get
from hearings.sentences import tell
from hearings.signatures.recipients import ESCROW
from hearings.status import RecordingStatus
from hearings.texts import clean

RIGHT = "rewrap_recording"
CLOSED = frozenset({RecordingStatus.sealed, RecordingStatus.failed})
"""Statuses of a recording in which nobody writes into it any more."""


async def choices(db: AsyncSession, hearing: Hearing) -> Sequence[AuthorityKey]:
    """The recipients a recording of this hearing can be encrypted to: those in force of the States it is for."""
    return await authority_keys(db, sorted(await room_rules.recipients(db, hearing)))


async def propose(
    db: AsyncSession,
    *,
    recording: Recording,
    hearing: Hearing,
    recipients: Collection[str],
    reason: str,
    actor: Actor,
    now: datetime,
) -> Rewrap:
    """Propose that the keys of a recording are encrypted to these recipients (ids), and to nobody else.

    Raises `NotAllowed`; `NotReady` while it is recorded, or another proposal is open; `Invalid` without a reason, for a
    recipient that is not in force for this hearing, and when an authority of a State it is for would be left out.
    """
    _require(actor, hearing)
    if recording.status not in CLOSED:
        raise NotReady(tell("The recording has not been closed yet"))
    if await open_of(db, recording.id, lock=True) is not None:
        raise NotReady(tell("A change of the recipients has been proposed already: it comes to its end first"))
    known = {key.id: key for key in await choices(db, hearing)}
    if not recipients or not set(recipients) <= known.keys():
        raise Invalid(tell("Choose recipients that are in force"), "recipients")
    chosen = [known[one] for one in sorted(set(recipients))]
    for state in sorted(await room_rules.recipients(db, hearing)):
        if not any(key.owner_state == state and key.kind != ESCROW for key in chosen):
            raise Invalid(
                tell("No authority of {state} would be able to open the recording any more", state=state_name(state)),
                "recipients",
            )
    row = Rewrap(
        owner_state=hearing.requesting_state,
        recording_id=recording.id,
        recipients=[key.id for key in chosen],
        reason=clean(reason, "reason", most=500, least=3),
        proposed_by=actor.id,
        proposed_by_label=actor.label,
        proposed_at=now,
    )
    db.add(row)
    await db.flush()
    return row


async def confirm(db: AsyncSession, *, row: Rewrap, hearing: Hearing, actor: Actor, now: datetime) -> None:
    """Confirm what somebody else has proposed: it may be carried out from now on.

    Raises `NotAllowed`, for whoever proposed it too; `NotReady` when it is confirmed or over already, and when a
    recipient has been retired since.
    """
    _require(actor, hearing)
    _open(row)
    if row.confirmed_at is not None:
        raise NotReady(tell("This has been confirmed already"))
    await two_people.require(db, row.proposed_by, actor)
    await chosen(db, row, in_force=True)
    row.confirmed_by, row.confirmed_by_label, row.confirmed_at = actor.id, actor.label, now
    db.add(row)
    await db.flush()


async def withdraw(db: AsyncSession, *, row: Rewrap, hearing: Hearing, actor: Actor, now: datetime) -> None:
    """End a proposal, confirmed or not, without effect. Raises `NotAllowed`, and `NotReady` when it is over already."""
    _require(actor, hearing)
    _open(row)
    row.ended_at, row.ended_by_label = now, actor.label
    db.add(row)
    await db.flush()


async def due(db: AsyncSession, *, row: Rewrap, hearing: Hearing, actor: Actor) -> Sequence[AuthorityKey]:
    """The recipients to whom the keys are to be encrypted now. Raises `NotAllowed`; `NotReady` without a confirmation,
    when it is over, or when a recipient has been retired since."""
    _require(actor, hearing)
    _open(row)
    if row.confirmed_at is None:
        raise NotReady(tell("A second person has to confirm this first"))
    return await chosen(db, row, in_force=True)


async def carried_out(db: AsyncSession, *, row: Rewrap, actor: Actor, now: datetime) -> None:
    """The keys of the recording are encrypted to these recipients. Effects: the row is over, and done."""
    row.done, row.ended_at, row.ended_by_label = True, now, actor.label
    db.add(row)
    await db.flush()


async def chosen(db: AsyncSession, row: Rewrap, *, in_force: bool = False) -> Sequence[AuthorityKey]:
    """The recipients of a proposal. `in_force`: raises `NotReady` when one has been retired since."""
    query = select(AuthorityKey).where(col(AuthorityKey.id).in_(row.recipients)).order_by(col(AuthorityKey.id))
    keys = (await db.exec(query)).all()
    if in_force and any(key.retired_at is not None for key in keys):
        raise NotReady(tell("A recipient has been retired since it was proposed: withdraw it and propose again"))
    return keys


async def open_of(db: AsyncSession, recording_id: str, *, lock: bool = False) -> Rewrap | None:
    """The proposal for a recording that is not over; None if there is none. `lock`: of the recording's row."""
    if lock:
        await get(db, Recording, recording_id, lock=True)
    query = select(Rewrap).where(Rewrap.recording_id == recording_id, col(Rewrap.ended_at).is_(None))
    return (await db.exec(query.execution_options(populate_existing=True))).first()


async def require_open(db: AsyncSession, recording_id: str, row_id: str) -> Rewrap:
    """The open proposal that was looked at. Raises `NotFound` when it is over, or another by now."""
    row = await open_of(db, recording_id, lock=True)
    if row is None or row.id != row_id:
        raise NotFound
    return row


async def of_recording(db: AsyncSession, recording_id: str) -> Sequence[Rewrap]:
    """All proposals for a recording, newest first."""
    query = select(Rewrap).where(Rewrap.recording_id == recording_id).order_by(col(Rewrap.id).desc())
    return (await db.exec(query)).all()


def may(actor: Actor, hearing: Hearing) -> bool:
    """Whether somebody may propose, confirm and carry out."""
    try:
        _require(actor, hearing)
    except NotAllowed:
        return False
    return True


def _require(actor: Actor, hearing: Hearing) -> None:
    require_staff(RIGHT, actor, requesting_state=hearing.requesting_state, requested_state=hearing.requested_state)


def _open(row: Rewrap) -> None:
    if row.ended_at is not None:
        raise NotReady(tell("This has come to its end already"))
