"""Re-wrapping a recording under four eyes: one person proposes the recipients, another confirms them.

Both are of the State whose recording it is. What is confirmed may then be carried out once: where an authority's key
file is, and never here, since the server has no key. Nobody alone can have a recording opened to somebody else, and
nobody can leave out a State for which it was made. Nobody alone can take a recording's key away either: who brought the
re-wrapped keys neither puts the former ones back nor has them deleted.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import uuid4

from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.agreement import room_rules
from hearings.custody import two_people
from hearings.errors import Invalid, NotAllowed, NotFound, NotReady
from hearings.languages import state_name
from hearings.models import AuthorityKey, Hearing, Person, Recording, Rewrap
from hearings.permissions import require_staff
from hearings.queries import authority_keys, get
from hearings.sentences import N_, tell
from hearings.signatures.recipients import ESCROW
from hearings.status import RecordingStatus
from hearings.texts import clean

RIGHT = "rewrap_recording"
BUSY = N_("The keys are being taken in by somebody else. Look at the page again in a moment")
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
    """End a proposal, confirmed or not, without effect. Raises `NotAllowed`, and `NotReady` when it is over already or
    its keys are being taken in (`revoke`)."""
    _require(actor, hearing)
    _open(row)
    if row.claim:
        raise NotReady(tell(BUSY))
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


async def begin_taking(
    db: AsyncSession, *, row: Rewrap, hearing: Hearing, actor: Actor
) -> tuple[Sequence[AuthorityKey], str]:
    """Claim a confirmed proposal for one request, which alone may exchange the files from now on: the recipients, and
    the claim. Raises as `due`. Effects: an earlier claim is worth nothing any more, as its request finds out (`holds`).
    Then `carried_out` follows, or `let_go`; what a kill leaves is claimed anew."""
    keys = await due(db, row=row, hearing=hearing, actor=actor)
    row.claim, row.taken_by = str(uuid4()), actor.id
    db.add(row)
    await db.flush()
    return keys, row.claim


async def holds(db: AsyncSession, row_id: str, claim: str) -> bool:
    """Whether a claim is still that of its proposal: whoever exchanges files asks under the lock of the recording."""
    row = await get(db, Rewrap, row_id)
    return bool(claim) and row.claim == claim


async def let_go(db: AsyncSession, *, row_id: str, claim: str) -> None:
    """Nothing was exchanged under this claim. Effects: it ends, unless another has taken its place."""
    row = await get(db, Rewrap, row_id, lock=True)
    if row.claim == claim:
        row.claim = ""
        db.add(row)


async def revoke(db: AsyncSession, *, row: Rewrap, hearing: Hearing, actor: Actor) -> bool:
    """End the claim of whoever is taking keys in; whether there was one. It may have exchanged the files already: what
    the custody log says counts. Raises `NotAllowed`, `NotReady`."""
    _require(actor, hearing)
    _open(row)
    claimed, row.claim = bool(row.claim), ""
    db.add(row)
    await db.flush()
    return claimed


async def carried_out(db: AsyncSession, *, row_id: str, by: str, label: str, now: datetime) -> None:
    """The keys of the recording are encrypted to these recipients, by its custody log. Effects: the row is over, and
    done; `by` has brought them, a person (empty: whoever has claimed it last). Nothing when it says so already."""
    row = await get(db, Rewrap, row_id, lock=True)
    if row.ended_at is not None:
        return
    row.done, row.ended_at, row.ended_by_label, row.claim = True, now, label, ""
    row.taken_by = by or row.taken_by
    db.add(row)
    await db.flush()


# --- the former keys --------------------------------------------------------------------------------------------------


async def last_exchange(db: AsyncSession, recording_id: str) -> Rewrap | None:
    """The re-wrap by which the keys of a recording were exchanged last, put back since or not."""
    query = select(Rewrap).where(
        Rewrap.recording_id == recording_id, or_(col(Rewrap.done), col(Rewrap.put_back_at).is_not(None))
    )
    return (await db.exec(query.order_by(col(Rewrap.id).desc()).limit(1))).first()


def name_of(row: Rewrap, *, back: bool = False) -> str:
    """What the custody log calls a re-wrap, or that its former keys were put back. Pure."""
    return f"{row.id}/put-back" if back else row.id


def exchanged(row: Rewrap) -> tuple[str, datetime]:
    """Who exchanged the keys last, the id of a person, and when. Pure."""
    assert row.ended_at is not None
    return (row.put_back_by, row.put_back_at) if row.put_back_at is not None else (row.taken_by, row.ended_at)


async def begin_putting_back(
    db: AsyncSession, *, recording_id: str, row_id: str, hearing: Hearing, actor: Actor
) -> tuple[Rewrap, str]:
    """Claim that the former keys are put back: by another person than the one who brought those that took their places.
    Raises `NotAllowed`; `NotFound` and `NotReady` when it is not the last exchange, or was undone. Then `put_back`
    follows, or `let_go`."""
    row = await require_other(db, recording_id=recording_id, row_id=row_id, hearing=hearing, actor=actor)
    if not row.done:
        raise NotReady(tell("The former keys are in their places again"))
    row.claim = str(uuid4())
    db.add(row)
    await db.flush()
    return row, row.claim


async def put_back(db: AsyncSession, *, row_id: str, actor: Actor, now: datetime) -> None:
    """The former keys are in their places again. Effects: the row is not done any more, and says by whom."""
    row = await get(db, Rewrap, row_id, lock=True)
    if row.put_back_at is None:
        row.done, row.claim, row.put_back_at = False, "", now
        row.put_back_by, row.put_back_by_label = actor.id, actor.label
        db.add(row)
        await db.flush()


async def require_other(db: AsyncSession, *, recording_id: str, row_id: str, hearing: Hearing, actor: Actor) -> Rewrap:
    """The last exchange of a recording's keys, for somebody else than the person who made it. Raises `NotAllowed`, and
    `NotFound` when another was looked at."""
    _require(actor, hearing)
    await get(db, Recording, recording_id, lock=True)
    row = await last_exchange(db, recording_id)
    if row is None or row.id != row_id:
        raise NotFound
    await two_people.require(db, exchanged(row)[0], actor)
    return row


async def shown_by(db: AsyncSession, recording_id: str, person: Person, since: datetime) -> str:
    """The exchange (`name_of`) whose keys open the recording, as the use of one in a viewing that began at `since`
    shows; empty unless that was after the exchange, and the viewer is somebody else than the person who made it."""
    row = await last_exchange(db, recording_id)
    by, at = exchanged(row) if row is not None else ("", since)
    if row is None or not by or since <= at:
        return ""
    other = await two_people.shared(db, await get(db, Person, by), person) is None
    return name_of(row, back=not row.done) if other else ""


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
