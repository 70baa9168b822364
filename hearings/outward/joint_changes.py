"""Changes of data of another State or of the installation: they wait until an administrator entitled to confirms them.

    owner of the data                       who confirms a change by an administrator of State A
    ─────────────────────────────────────── ────────────────────────────────────────────────────────────────
    A's own                                 nobody: it takes effect at once
    State B's, which has administrators     an administrator of B
    State B's, which has none here          an administrator of any State but A
    the installation's (`""`)               an administrator of any State but A
    …and only A has administrators          nobody: it takes effect at once

All administrators are mailed at each step. The State that proposed a change can withdraw it until it is decided.
"""

import asyncio
import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import reference
from hearings.actors import SYSTEM, Actor
from hearings.errors import Invalid, NotAllowed, NotFound, NotReady
from hearings.law import law as laws, rows as law_rows
from hearings.law.law import Law
from hearings.law.rows import Edit
from hearings.models import JointChange, LawRow
from hearings.models.law import JointKind, JointStatus
from hearings.outward import administrators
from hearings.paging import Page, page
from hearings.people import directory
from hearings.people.directory import DirectoryEntry
from hearings.permissions import require_staff
from hearings.queries import get
from hearings.sentences import N_, Say, StateName, english, tell
from hearings.texts import clean

MADE = {
    JointKind.law: N_("The law data have been changed"),
    JointKind.directory: N_("The directory of authorities has been changed"),
}
TOLD = {
    JointStatus.waiting: N_("A change of data awaits confirmation"),
    JointStatus.confirmed: N_("A change of data has been confirmed and now applies"),
    JointStatus.refused: N_("A change of data has been refused"),
    JointStatus.withdrawn: N_("A change of data has been withdrawn"),
}


@dataclass(frozen=True, kw_only=True)
class MailContext:
    """Values for mails: the address of the pages, and the translation."""

    origin: str
    say: Say = english


@dataclass(frozen=True, kw_only=True)
class Made:
    """The result of a proposal: number of rows in effect at once, and the changes that wait."""

    rows: int = 0
    edits: list[LawRow] = field(default_factory=list)
    waiting: list[JointChange] = field(default_factory=list)


def deciders(concerns: str, proposed_by: str, administrating: Collection[str]) -> frozenset[str]:
    """The States whose administrators may confirm a change; none: it takes effect at once. Pure."""
    if concerns == proposed_by:
        return frozenset()
    if concerns in administrating:
        return frozenset({concerns})
    return frozenset(administrating) - {proposed_by}


def concerned(owners: Collection[str], own: str) -> str:
    """The State that must confirm; rows of the installation are included. Raises `Invalid` if there are two."""
    others = sorted(set(owners) - {own, ""})
    if len(others) > 1:
        raise Invalid(tell("This changes data of two other States: change the data of one at a time"), "edits")
    return others[0] if others else "" if "" in owners else own


# --- proposing ---------------------------------------------------------------------------------------------------


async def change_law(
    db: AsyncSession,
    *,
    edits: Sequence[Edit],
    reason: str,
    seen: int,
    actor: Actor,
    telling: MailContext,
    now: datetime,
) -> Made:
    """Make edits of the law, or leave them waiting. `seen`: serial of the law the editor looked at.

    Raises as `law_rows.save`. Effects: versions of the rows, or a joint change; mails to all administrators.
    """
    law_rows.require_editor(actor)
    law = await law_rows.as_seen(db, seen)
    reason = clean(reason, "reason", most=2000, least=3, lines=True)
    checked = await law_rows.checked_beside(edits, law)
    concerns = concerned(law_rows.owners(checked, law), actor.state)
    if not await _waits(db, concerns, actor):
        made = await law_rows.write(db, edits=checked, reason=reason, law=law, actor=actor, now=now)
        path = "/admin/law/log"
        await _tell(db, MADE[JointKind.law], path, f"law:{made[-1].id}", but=actor, telling=telling, now=now)
        return Made(rows=len(made), edits=made)
    change = await _propose(
        db,
        kind=JointKind.law,
        concerns=concerns,
        data=[{"kind": row.kind, "key": row.key, "data": row.data} for row in checked],
        about="".join(f"\n{row.kind} {row.key}\n" for row in checked),
        reason=reason,
        actor=actor,
        telling=telling,
        now=now,
    )
    return Made(waiting=[change])


async def review(
    db: AsyncSession, *, kind: str, key: str, reason: str, seen: int, actor: Actor, now: datetime
) -> LawRow:
    """Put on record that a row was reviewed and is right as it is. `seen`: serial of the law that was looked at.

    A row of another State is reviewed by that State, if it has administrators here; a row of the installation by
    anybody's. Raises `NotAllowed`, `NotFound`, `NotReady`, `Invalid`. Effects: a version that changes nothing.
    """
    require_staff("review_law", actor, requesting_state=actor.state, requested_state=actor.state)
    law = await law_rows.as_seen(db, seen)
    row = law.rows.get(kind, {}).get(key)
    owner = law_rows.owner_of(kind, row) if row else ""
    if owner not in ("", actor.state) and owner in await administrators.administrating(db):
        raise NotAllowed(
            tell(
                "This row belongs to {state}, whose administrators review it",
                state=StateName.of(owner, law.state_name(owner)),
            )
        )
    return await law_rows.write_review(db, kind=kind, key=key, reason=reason, law=law, actor=actor, now=now)


async def import_directory(
    db: AsyncSession, *, text: str, reason: str = "", actor: Actor, telling: MailContext, now: datetime
) -> Made:
    """Import a table into the directory: own rows take effect at once, others wait in one change for each State.

    Rows equal to those in the directory are ignored. `reason` is displayed to those who confirm.
    Raises `RowsRefused`, `NotAllowed`, `Invalid` without a reason where something waits.
    Effects: the rows, joint changes; mails to all administrators.
    """
    require_staff("import_directory", actor, requesting_state=actor.state, requested_state=actor.state)
    rows = await asyncio.to_thread(directory.read, text, on=now.date())  # megabytes of commas take a tenth of a second
    news = await directory.differing(db, rows)
    waiting = {state for state in {row.state for row in news} if await _waits(db, state, actor)}
    if waiting:
        reason = clean(reason, "reason", most=2000, least=3, lines=True)
    at_once = [row for row in rows if row.state not in waiting]
    await directory.put(db, rows=at_once, by=actor.id, now=now)
    if any(row.state not in waiting for row in news):
        key = f"directory:{actor.id}:{now.isoformat()}"
        await _tell(db, MADE[JointKind.directory], "/directory", key, but=actor, telling=telling, now=now)
    changes = [
        await _propose(
            db,
            kind=JointKind.directory,
            concerns=state,
            data=[dict(zip(directory.COLUMNS, row.cells(), strict=True)) for row in news if row.state == state],
            about="",
            reason=reason,
            actor=actor,
            telling=telling,
            now=now,
        )
        for state in sorted(waiting)
    ]
    return Made(rows=len(rows) - sum(len(change.data) for change in changes), waiting=changes)


async def confirm_entry(
    db: AsyncSession, *, entry: tuple[str, str, str], seen: str, actor: Actor, now: datetime
) -> DirectoryEntry:
    """Put on record that an entry of the directory (State, kind, name) was checked today and is right.

    An entry of another State is confirmed by that State, if it has administrators here. `seen`: the
    `directory.mark` of what was looked at. Raises `NotAllowed`, `NotFound`, `NotReady`. Effects: the entry.
    """
    require_staff("import_directory", actor, requesting_state=actor.state, requested_state=actor.state)
    state, kind, name = entry
    if state not in reference.jurisdictions():
        raise NotFound
    if state != actor.state and state in await administrators.administrating(db):
        raise NotAllowed(tell("This entry belongs to {state}, which confirms it", state=StateName.of(state, state)))
    rows = await directory.entries(db, state=state)
    known = next((row for row in rows if (row.kind, row.name) == (kind, name)), None)
    if known is None:
        raise NotFound
    if directory.mark(known) != seen:
        raise NotReady(tell("The data have changed since you opened them; load them again"))
    confirmed = replace(known, as_of=now.date(), confirmed_by=actor.label[:200], confidence="")
    await directory.put(db, rows=[confirmed], by=actor.id, now=now)
    return confirmed


async def _waits(db: AsyncSession, concerns: str, actor: Actor) -> bool:
    """Whether a change must wait for another State; not for the service itself (the demo)."""
    return actor is not SYSTEM and bool(deciders(concerns, actor.state, await administrators.administrating(db)))


async def _propose(
    db: AsyncSession,
    *,
    kind: JointKind,
    concerns: str,
    data: Sequence[Mapping[str, Any]],
    about: str,
    reason: str,
    actor: Actor,
    telling: MailContext,
    now: datetime,
) -> JointChange:
    made = JointChange(
        owner_state=actor.state,
        kind=kind,
        concerns=concerns,
        data=[dict(row) for row in data],
        about=about,
        reason=reason,
        proposed_by=actor.id,
        proposed_label=actor.label,
        at=now,
    )
    db.add(made)
    await db.flush()
    await _notify_of(db, made, actor, telling, now)
    return made


# --- deciding ----------------------------------------------------------------------------------------------------


async def may_decide(db: AsyncSession, *, change: JointChange, state: str) -> bool:
    """Whether an administrator of this State may confirm or refuse it now."""
    waiting = change.status is JointStatus.waiting
    return waiting and state in deciders(change.concerns, change.owner_state, await administrators.administrating(db))


async def mark(db: AsyncSession, change: JointChange) -> str:
    """A digest of the present data that would change, to prove that the confirming person saw these."""
    if change.kind is JointKind.law:
        return str((await laws.current(db)).serial)
    keys = {(row["state"], row["kind"], row["name"]) for row in change.data}
    rows = await directory.entries(db, state=change.concerns)
    text = "\n".join("\t".join(row.cells()) for row in rows if (row.state, row.kind, row.name) in keys)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


async def confirm(
    db: AsyncSession, *, change_id: str, seen: str, actor: Actor, telling: MailContext, now: datetime
) -> JointChange:
    """Confirm a change, which takes effect now. `seen`: the `mark` of the data displayed to the administrator.

    Raises `NotFound`, `NotAllowed`, `NotReady`, `Invalid` when the data no longer take it.
    Effects: the rows, in the name of who proposed it; the change; mails to all administrators.
    """
    change = await _deciding(db, change_id, actor)
    if seen != await mark(db, change):
        raise NotReady(tell("The data have changed since you opened them; load them again"))
    if change.kind is JointKind.law:
        proposer = Actor(
            id=change.proposed_by,
            label=change.proposed_label,
            state=change.owner_state,
            functions=frozenset({"administrator"}),
        )
        edits = [Edit(kind=row["kind"], key=row["key"], data=row["data"]) for row in change.data]
        _require_same_owners(edits, change, await laws.current(db))
        await law_rows.save(db, edits=edits, reason=change.reason, seen=int(seen), actor=proposer, now=now)
    else:
        await directory.put(db, rows=entries(change, now), by=change.proposed_by, now=now)
    return await _decided(db, change, JointStatus.confirmed, "", actor, telling, now)


def _require_same_owners(edits: Sequence[Edit], change: JointChange, law: Law) -> None:
    """Raises `NotReady` where a row that would change has come to belong to a State that nobody has asked."""
    if law_rows.owners(edits, law) - {change.owner_state, change.concerns, ""}:
        raise NotReady(tell("A row of this change now belongs to another State: refuse it, and propose it anew"))


def entries(change: JointChange, now: datetime) -> list[DirectoryEntry]:
    """The rows of the directory in a change."""
    return [directory.row_of(row, now.date()) for row in change.data]


async def refuse(
    db: AsyncSession, *, change_id: str, reason: str, actor: Actor, telling: MailContext, now: datetime
) -> JointChange:
    """Refuse a change with a reason. Raises `NotFound`, `NotAllowed`, `NotReady`, `Invalid`.

    Effects: the change; mails to all administrators.
    """
    change = await _deciding(db, change_id, actor)
    why = clean(reason, "reason", most=2000, least=3, lines=True)
    return await _decided(db, change, JointStatus.refused, why, actor, telling, now)


async def withdraw(
    db: AsyncSession, *, change_id: str, actor: Actor, telling: MailContext, now: datetime
) -> JointChange:
    """Withdraw a waiting change, by an administrator of the State that proposed it. Raises as `confirm`.

    Effects: the change; mails to all administrators.
    """
    change = await get(db, JointChange, change_id, lock=True)
    require_staff(
        "withdraw_joint_change", actor, requesting_state=change.owner_state, requested_state=change.owner_state
    )
    _require_waiting(change)
    return await _decided(db, change, JointStatus.withdrawn, "", actor, telling, now)


async def _deciding(db: AsyncSession, change_id: str, actor: Actor) -> JointChange:
    change = await get(db, JointChange, change_id, lock=True)
    require_staff("decide_joint_change", actor, requesting_state=actor.state, requested_state=actor.state)
    could = deciders(change.concerns, change.owner_state, await administrators.administrating(db))
    if actor.state not in could:
        text = tell(
            "Only an administrator of one of these States can decide on this change: {states}",
            states=", ".join(sorted(could)) or "–",
        )
        raise NotAllowed(text)
    _require_waiting(change)
    return change


def _require_waiting(change: JointChange) -> None:
    if change.status is not JointStatus.waiting:
        raise NotReady(tell("This change has already been decided on"))


async def _decided(
    db: AsyncSession,
    change: JointChange,
    status: JointStatus,
    reason: str,
    actor: Actor,
    telling: MailContext,
    now: datetime,
) -> JointChange:
    change.status, change.decided_at, change.decided_reason = status, now, reason
    change.decided_by, change.decided_label, change.decided_state = actor.id, actor.label, actor.state
    db.add(change)
    await db.flush()
    await _notify_of(db, change, actor, telling, now)
    return change


async def _notify_of(db: AsyncSession, change: JointChange, actor: Actor, telling: MailContext, now: datetime) -> None:
    path, key = f"/admin/changes/{change.id}", f"joint:{change.id}:{change.status.value}"
    await _tell(db, TOLD[change.status], path, key, but=actor, telling=telling, now=now)


async def _tell(
    db: AsyncSession, text: str, path: str, key: str, *, but: Actor, telling: MailContext, now: datetime
) -> None:
    to = [administrator for administrator in await administrators.administrators(db) if administrator.id != but.id]
    await administrators.mail(db, to=to, text=text, path=path, key=key, origin=telling.origin, say=telling.say, now=now)


# --- reading -----------------------------------------------------------------------------------------------------


async def changes(
    db: AsyncSession, *, waiting: bool | None = None, after: str = "", limit: int = 50
) -> Page[JointChange]:
    """Joint changes, the newest first; only those that wait, or only those that are decided. Raises `Invalid`."""
    query = select(JointChange)
    if waiting is not None:
        waits = col(JointChange.status) == JointStatus.waiting
        query = query.where(waits if waiting else ~waits)
    return await page(db, query, col(JointChange.id).desc(), after=after, limit=limit)


async def to_decide(db: AsyncSession, *, state: str, limit: int) -> list[JointChange]:
    """The joint changes this State can confirm, the oldest first."""
    could = await administrators.administrating(db)
    waits = select(JointChange).where(
        col(JointChange.status) == JointStatus.waiting,
        col(JointChange.owner_state) != state,
        or_(col(JointChange.concerns) == state, col(JointChange.concerns).not_in(set(could) - {state})),
    )
    rows = (await db.exec(waits.order_by(col(JointChange.id)).limit(limit))).all()
    return [row for row in rows if state in deciders(row.concerns, row.owner_state, could)]


async def of_row(db: AsyncSession, *, kind: str, key: str) -> Sequence[JointChange]:
    """The joint changes that contain a row of the law, the newest first."""
    here = col(JointChange.about).contains(f"\n{kind} {key}\n", autoescape=True)
    return (await db.exec(select(JointChange).where(here).order_by(col(JointChange.id).desc()))).all()
