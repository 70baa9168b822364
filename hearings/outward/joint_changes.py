"""Changes of data that belong to another State or to all: left waiting until somebody whose they are confirms them.

    whose the data are                      who confirms a change by an administrator of State A
    ─────────────────────────────────────── ────────────────────────────────────────────────────────────────
    A's own                                 nobody: it counts at once
    State B's, which has administrators     an administrator of B
    State B's, which has none here          an administrator of any State but A
    the installation's (`""`)               an administrator of any State but A
    …and only A has administrators          nobody: it counts at once

All administrators are told of each step. The State that proposed a change can withdraw it until it is decided.
"""

import asyncio
import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import SYSTEM, Actor
from hearings.errors import Invalid, NotAllowed, NotReady
from hearings.law import law as laws, rows as law_rows
from hearings.law.rows import Edit
from hearings.minutes.phrases import N_
from hearings.models import JointChange, LawRow
from hearings.models.law import JointKind, JointStatus
from hearings.outward import administrators
from hearings.outward.mail_words import Say, english
from hearings.pages import by_id
from hearings.people import directory
from hearings.people.directory import Entry
from hearings.permissions import require_staff
from hearings.queries import Page, get
from hearings.sentences import tell
from hearings.texts import clean

MADE = {
    JointKind.law: N_("The data of the law have been changed"),
    JointKind.directory: N_("The directory of authorities has been changed"),
}
TOLD = {
    JointStatus.waiting: N_("A change of data waits to be confirmed"),
    JointStatus.confirmed: N_("A change of data has been confirmed and counts from now on"),
    JointStatus.refused: N_("A change of data has been refused"),
    JointStatus.withdrawn: N_("A change of data has been withdrawn"),
}


@dataclass(frozen=True, kw_only=True)
class Telling:
    """How people are told: where the pages are, and in which words."""

    origin: str
    say: Say = english


@dataclass(frozen=True, kw_only=True)
class Made:
    """What has become of a change: how many rows count at once, and what waits."""

    rows: int = 0
    edits: list[LawRow] = field(default_factory=list)
    waiting: list[JointChange] = field(default_factory=list)


def deciders(concerns: str, proposed_by: str, administrating: Collection[str]) -> frozenset[str]:
    """The States of which an administrator may confirm a change; none: it counts at once. Pure."""
    if concerns == proposed_by:
        return frozenset()
    if concerns in administrating:
        return frozenset({concerns})
    return frozenset(administrating) - {proposed_by}


def concerned(owners: Collection[str], own: str) -> str:
    """The one State whose word is needed; the installation's rows go with it. Raises `Invalid` where it is two's."""
    others = sorted(set(owners) - {own, ""})
    if len(others) > 1:
        raise Invalid(tell("This changes data of two other States: change those of one at a time"), "edits")
    return others[0] if others else "" if "" in owners else own


# --- proposing ---------------------------------------------------------------------------------------------------


async def change_law(
    db: AsyncSession, *, edits: Sequence[Edit], reason: str, seen: int, actor: Actor, telling: Telling, now: datetime
) -> Made:
    """Make edits of the law, or leave them waiting. `seen`: serial of the law the editor looked at.

    Raises as `law_rows.save`. Effects: versions of the rows, or a joint change; mails to all administrators.
    """
    law_rows.require_editor(actor)
    law = await law_rows.as_seen(db, seen)
    reason = clean(reason, "reason", most=2000, least=3, lines=True)
    checked = law_rows.check_all(edits, law)
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
        data=[{"kind": one.kind, "key": one.key, "data": one.data} for one in checked],
        about="".join(f"\n{one.kind} {one.key}\n" for one in checked),
        reason=reason,
        actor=actor,
        telling=telling,
        now=now,
    )
    return Made(waiting=[change])


async def import_directory(db: AsyncSession, *, text: str, actor: Actor, telling: Telling, now: datetime) -> Made:
    """Import a table into the directory: rows of the own State count at once, those of others wait, a State at a time.

    Rows that are in the directory as they are change nothing and wait for nobody. Raises `RowsRefused`, `NotAllowed`.
    Effects: the rows, joint changes; mails to all administrators.
    """
    require_staff("import_directory", actor, requesting_state=actor.state, requested_state=actor.state)
    rows = await asyncio.to_thread(directory.read, text, on=now.date())  # megabytes of commas take a tenth of a second
    news = await directory.differing(db, rows)
    waiting = {one for one in {row.state for row in news} if await _waits(db, one, actor)}
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
            reason="",
            actor=actor,
            telling=telling,
            now=now,
        )
        for state in sorted(waiting)
    ]
    return Made(rows=len(rows) - sum(len(one.data) for one in changes), waiting=changes)


async def _waits(db: AsyncSession, concerns: str, actor: Actor) -> bool:
    """Whether a change must wait for another State. The service itself (the demo) asks nobody."""
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
    telling: Telling,
    now: datetime,
) -> JointChange:
    made = JointChange(
        owner_state=actor.state,
        kind=kind,
        concerns=concerns,
        data=[dict(one) for one in data],
        about=about,
        reason=reason,
        proposed_by=actor.id,
        proposed_label=actor.label,
        at=now,
    )
    db.add(made)
    await db.flush()
    await _told(db, made, actor, telling, now)
    return made


# --- deciding ----------------------------------------------------------------------------------------------------


async def may_decide(db: AsyncSession, *, change: JointChange, state: str) -> bool:
    """Whether an administrator of this State may confirm or refuse it now."""
    waiting = change.status is JointStatus.waiting
    return waiting and state in deciders(change.concerns, change.owner_state, await administrators.administrating(db))


async def mark(db: AsyncSession, change: JointChange) -> str:
    """What the data it would change say now, as a mark: who confirms has looked at these."""
    if change.kind is JointKind.law:
        return str((await laws.current(db)).serial)
    keys = {(one["state"], one["kind"], one["name"]) for one in change.data}
    rows = await directory.entries(db, state=change.concerns)
    text = "\n".join("\t".join(row.cells()) for row in rows if (row.state, row.kind, row.name) in keys)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


async def confirm(
    db: AsyncSession, *, change_id: str, seen: str, actor: Actor, telling: Telling, now: datetime
) -> JointChange:
    """Confirm a change: it counts from now on. `seen`: the mark of the data the administrator looked at.

    Raises `NotFound`, `NotAllowed`, `NotReady`, `Invalid` when the data no longer take it.
    Effects: the rows, in the name of who proposed it; the change; mails to all administrators.
    """
    change = await _deciding(db, change_id, actor)
    if seen != await mark(db, change):
        raise NotReady(tell("The data have been changed since you looked at them; look again"))
    if change.kind is JointKind.law:
        proposer = Actor(
            id=change.proposed_by,
            label=change.proposed_label,
            state=change.owner_state,
            functions=frozenset({"administrator"}),
        )
        edits = [Edit(kind=one["kind"], key=one["key"], data=one["data"]) for one in change.data]
        await law_rows.save(db, edits=edits, reason=change.reason, seen=int(seen), actor=proposer, now=now)
    else:
        await directory.put(db, rows=entries(change, now), by=change.proposed_by, now=now)
    return await _decided(db, change, JointStatus.confirmed, "", actor, telling, now)


def entries(change: JointChange, now: datetime) -> list[Entry]:
    """The rows of the directory a change is of."""
    return [directory.row_of(one, now.date()) for one in change.data]


async def refuse(
    db: AsyncSession, *, change_id: str, reason: str, actor: Actor, telling: Telling, now: datetime
) -> JointChange:
    """Refuse a change, saying why. Raises `NotFound`, `NotAllowed`, `NotReady`, `Invalid`.

    Effects: the change; mails to all administrators.
    """
    change = await _deciding(db, change_id, actor)
    why = clean(reason, "reason", most=2000, least=3, lines=True)
    return await _decided(db, change, JointStatus.refused, why, actor, telling, now)


async def withdraw(db: AsyncSession, *, change_id: str, actor: Actor, telling: Telling, now: datetime) -> JointChange:
    """Take a change back that waits: by an administrator of the State that proposed it. Raises as `confirm`.

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
        text = tell("This change is decided by an administrator of: {states}", states=", ".join(sorted(could)) or "–")
        raise NotAllowed(text)
    _require_waiting(change)
    return change


def _require_waiting(change: JointChange) -> None:
    if change.status is not JointStatus.waiting:
        raise NotReady(tell("This change has been decided already"))


async def _decided(
    db: AsyncSession,
    change: JointChange,
    status: JointStatus,
    reason: str,
    actor: Actor,
    telling: Telling,
    now: datetime,
) -> JointChange:
    change.status, change.decided_at, change.decided_reason = status, now, reason
    change.decided_by, change.decided_label, change.decided_state = actor.id, actor.label, actor.state
    db.add(change)
    await db.flush()
    await _told(db, change, actor, telling, now)
    return change


async def _told(db: AsyncSession, change: JointChange, actor: Actor, telling: Telling, now: datetime) -> None:
    path, key = f"/admin/changes/{change.id}", f"joint:{change.id}:{change.status.value}"
    await _tell(db, TOLD[change.status], path, key, but=actor, telling=telling, now=now)


async def _tell(
    db: AsyncSession, text: str, path: str, key: str, *, but: Actor, telling: Telling, now: datetime
) -> None:
    to = [one for one in await administrators.administrators(db) if one.id != but.id]
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
    return await by_id(db, query, JointChange, after=after, limit=limit, newest=True)


async def to_decide(db: AsyncSession, *, state: str, limit: int) -> list[JointChange]:
    """What waits for the word of this State, the oldest first."""
    could = await administrators.administrating(db)
    waits = select(JointChange).where(
        col(JointChange.status) == JointStatus.waiting,
        col(JointChange.owner_state) != state,
        or_(col(JointChange.concerns) == state, col(JointChange.concerns).not_in(set(could) - {state})),
    )
    rows = (await db.exec(waits.order_by(col(JointChange.id)).limit(limit))).all()
    return [one for one in rows if state in deciders(one.concerns, one.owner_state, could)]


async def of_row(db: AsyncSession, *, kind: str, key: str) -> Sequence[JointChange]:
    """The joint changes a row of the law was in, the newest first."""
    here = col(JointChange.about).contains(f"\n{kind} {key}\n", autoescape=True)
    return (await db.exec(select(JointChange).where(here).order_by(col(JointChange.id).desc()))).all()
