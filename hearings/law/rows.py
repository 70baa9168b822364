"""Edits of the law by an administrator: each a new version, checked, previewed (`law_effects`), never deleted.

The rows of `law_row` are the log: who, when, why. Nothing is changed or deleted in them; withdrawing an override is a
version without data.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import reference
from hearings.actors import Actor
from hearings.errors import Invalid, NotReady
from hearings.law import law as laws, legal_bases
from hearings.law.law import Law
from hearings.law.row_checks import NOT_A_KIND, validate
from hearings.law.row_shape import states_of
from hearings.models import LawRow
from hearings.models.law import LawKind
from hearings.models.request import Capacity
from hearings.paging import Page, page
from hearings.permissions import require_staff
from hearings.sentences import StateName, tell
from hearings.texts import clean

TRIED_ON = date(2100, 1, 1)
"""The day for which an edited row is tried, by which all dated rows are in force."""


OWNERS: Mapping[str, str] = {
    "party": "iso2",
    "declaration": "iso2",
    "overlay": "state",
    "court_hours": "iso2",
    "jurisdiction": "iso2",
}
"""The field that names the State a row belongs to, by kind; rows of other kinds belong to the installation."""


@dataclass(frozen=True, kw_only=True)
class Edit:
    """One checked edit; `data` None withdraws the override."""

    kind: str
    key: str
    data: dict[str, Any] | None


def check(kind: str, data: Mapping[str, Any] | None, law: Law, *, key: str = "") -> Edit:
    """An edit that can be made to this law. Raises `Invalid` naming the field.

    After the fields, the row is tried: every capacity between the States it may concern must get an answer.
    """
    if kind not in set(LawKind):
        raise Invalid(tell(NOT_A_KIND, kind=kind[:40]), "kind")
    if data is None:
        if (kind, key) not in law.edited:
            raise Invalid(tell("This row is the same as in the files"), "key")
        edit = Edit(kind=kind, key=key, data=None)
    else:
        row = validate(kind, data, law)
        made = reference.key_of(kind, row)
        if key and made != key:
            raise Invalid(tell("The key of a row cannot be changed: add another row"), reference.KEYS[kind][0])
        edit = Edit(kind=kind, key=made, data=row)
    _try(edited(law, edit))
    return edit


def owners(edits: Sequence[Edit], law: Law) -> frozenset[str]:
    """The States whose rows these edits change; `""` is the installation. Pure. A row that changes State has both."""
    rows = [(edit.kind, row) for edit in edits for row in (edit.data, law.rows[edit.kind].get(edit.key)) if row]
    return frozenset(str(row[OWNERS[kind]]) if kind in OWNERS else "" for kind, row in rows)


def edited(law: Law, *edits: Edit) -> Law:
    """The law with the edit made."""
    rows: dict[tuple[str, str], Mapping[str, Any] | None] = {
        (kind, key): law.rows[kind][key] for kind, key in law.edited
    }
    rows |= {(edit.kind, edit.key): edit.data for edit in edits}
    hours = dict(law.hours_versions)
    for edit in edits:
        if edit.kind == "court_hours":
            before = hours.get(edit.key, ())
            hours[edit.key] = (*before, (before[-1][0] + 1 if before else 1, edit.data))
    return laws.merge(((kind, key, data) for (kind, key), data in rows.items()), serial=law.serial, hours=hours)


def _merge_check(law: Law) -> None:
    """Checks that rows named by other rows exist."""
    for row in law.bases:
        cited = [entry["rule"] for entry in row["profile"]["persons"].values()]
        cited += [head["rule"] for head in row["profile"]["general_heads"]]
        gone = [rule for rule in cited if rule not in law.rules]
        if gone:
            raise Invalid(
                tell(
                    "{name} refers to the paragraph {rule}, which would no longer exist", name=row["name"], rule=gone[0]
                ),
                "key",
            )
    for kind in ("party", "declaration"):
        for row in law.rows[kind].values():
            if row["instrument_id"] not in law.instruments:
                raise Invalid(
                    tell(
                        "A row of {state} refers to the instrument {instrument}, which would no longer exist",
                        state=StateName.of(row["iso2"], row["iso2"]),
                        instrument=row["instrument_id"],
                    ),
                    "key",
                )


def _try(law: Law) -> None:
    _merge_check(law)
    states = sorted(set(law.jurisdictions) & states_of(law))
    for state, other in zip(states, [*states[1:], *states[:1]], strict=True):
        for capacity in (None, *Capacity)[:: 1 if state == states[0] else 4]:
            ask = legal_bases.Ask(requesting_state=state, requested_state=other, on=TRIED_ON, capacity=capacity)
            try:
                legal_bases.evaluate(ask, law=law).as_json()
            except (LookupError, TypeError, ValueError, AttributeError) as error:
                raise Invalid(
                    tell("The engine cannot read this row: {why}", why=f"{type(error).__name__} {error}"[:267]), "data"
                ) from None


async def save(
    db: AsyncSession, *, edits: Sequence[Edit], reason: str, seen: int, actor: Actor, now: datetime
) -> list[LawRow]:
    """Make the edits, all or none. `seen`: serial of the law the editor looked at.

    The caller has checked who owns the rows (`hearings.outward.joint_changes`).

    Effects: one version for each edit, with who, when and why. Raises `NotReady` when the law has changed since then,
    `Invalid` for an edit that cannot be made, `NotAllowed`.
    """
    require_editor(actor)
    law = await as_seen(db, seen)
    checked = await checked_beside(edits, law)
    return await write(db, edits=checked, reason=reason, law=law, actor=actor, now=now)


async def checked_beside(edits: Sequence[Edit], law: Law) -> list[Edit]:
    """As `check_all`, in a thread: trying a law between all States takes some tenths of a second."""
    return await asyncio.to_thread(check_all, edits, law)


def check_all(edits: Sequence[Edit], law: Law) -> list[Edit]:
    """Checks edits against this law, one after the other. Raises `Invalid`."""
    checked: list[Edit] = []
    for edit in edits:
        checked.append(check(edit.kind, edit.data, law, key=edit.key))
        law = edited(law, checked[-1])
    return checked


async def write(
    db: AsyncSession, *, edits: Sequence[Edit], reason: str, law: Law, actor: Actor, now: datetime
) -> list[LawRow]:
    """Make edits that were checked, to the law that was locked (`as_seen`). Effects: as `save`."""
    reason = clean(reason, "reason", most=2000, least=3, lines=True)
    rows = []
    for number, edit in enumerate(edits, start=1):
        row = LawRow(
            owner_state=actor.state,
            serial=law.serial + number,
            kind=LawKind(edit.kind),
            key=edit.key,
            version=1 + len(await history(db, kind=edit.kind, key=edit.key)),
            data=edit.data,
            reason=reason,
            edited_by=actor.id,
            edited_label=actor.label,
            at=now,
        )
        db.add(row)
        await db.flush()
        rows.append(row)
    return rows


async def as_seen(db: AsyncSession, seen: int) -> Law:
    """The law, locked until the end of the transaction. Raises `NotReady` if its serial is not `seen`."""
    connection = await db.connection()
    if connection.dialect.name == "postgresql":
        await connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('law_row'))"))
    law = await laws.current(db)
    if law.serial != seen:
        raise NotReady(tell("The law data have changed since you opened them; load them again"))
    return law


def require_editor(actor: Actor) -> None:
    """Raise `NotAllowed` unless the actor may edit the law."""
    require_staff("edit_law", actor, requesting_state=actor.state, requested_state=actor.state)


async def history(db: AsyncSession, *, kind: str, key: str) -> Sequence[LawRow]:
    """Every version of one row, the newest first."""
    query = select(LawRow).where(col(LawRow.kind) == LawKind(kind), col(LawRow.key) == key)
    return (await db.exec(query.order_by(col(LawRow.serial).desc()))).all()


async def edits(db: AsyncSession, *, after: str = "", limit: int = 25) -> Page[LawRow]:
    """The log, the newest first."""
    return await page(db, select(LawRow), col(LawRow.serial).desc(), after=after, limit=limit)
