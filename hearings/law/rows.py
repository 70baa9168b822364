"""Edits of the law by an administrator: each a new version, checked, previewed (`law_effects`), never deleted.

The rows of `law_row` are the log: who, when, why. Nothing is changed or deleted in them; withdrawing an override is a
version without data. A row that was reviewed and is right has a version that changes nothing.

A row of the files counts as reviewed on the day of the files, or on the day it says itself (`status_checked_on`); a
change or a review here counts from its own day. The periods, by kind of row, are in data/defaults.yaml.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import reference
from hearings.actors import Actor
from hearings.errors import Invalid, NotFound, NotReady
from hearings.law import law as laws, legal_bases
from hearings.law.law import Law
from hearings.law.row_checks import NOT_A_KIND, validate
from hearings.law.row_shape import states_of
from hearings.models import HearingRequest, LawRow, Person
from hearings.models.law import LawKind
from hearings.models.request import Capacity
from hearings.paging import Page, page
from hearings.permissions import require_staff
from hearings.sentences import Series, StateName, tell
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
    edit = _formed(kind, data, law, key)
    _try(edited(law, edit))
    return edit


def _formed(kind: str, data: Mapping[str, Any] | None, law: Law, key: str) -> Edit:
    """The edit, its fields checked. Raises `Invalid`."""
    if kind not in set(LawKind):
        raise Invalid(tell(NOT_A_KIND, kind=kind[:40]), "kind")
    if data is None:
        if (kind, key) not in law.edited:
            raise Invalid(tell("This row is the same as in the files"), "key")
        return Edit(kind=kind, key=key, data=None)
    row = validate(kind, data, law)
    made = reference.key_of(kind, row)
    if key and made != key:
        raise Invalid(tell("The key of a row cannot be changed: add another row"), reference.KEYS[kind][0])
    return Edit(kind=kind, key=made, data=row)


def owners(edits: Sequence[Edit], law: Law) -> frozenset[str]:
    """The States whose rows these edits change; `""` is the installation. Pure. A row that changes State has both, and
    so has one that is taken back: that of the files comes in its place."""
    rows = [(edit.kind, row) for edit in edits for row in _changed(edit, law) if row]
    return frozenset(owner_of(kind, row) for kind, row in rows)


def _changed(edit: Edit, law: Law) -> tuple[Mapping[str, Any] | None, ...]:
    """The row there is, and that which comes in its place."""
    there, files = law.rows[edit.kind].get(edit.key), laws.LAW.rows[edit.kind].get(edit.key)
    return there, edit.data if edit.data is not None else files


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
    made = ((kind, key, data) for (kind, key), data in rows.items())
    return laws.merge(made, serial=law.serial, hours=hours, looked_at=law.looked_at)


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
    """Checks edits against this law, one after the other, and tries what comes of them. Raises `Invalid`."""
    checked: list[Edit] = []
    before = law
    for edit in edits:
        checked.append(_formed(edit.kind, edit.data, law, edit.key))
        law = edited(law, checked[-1])
    if checked:
        _try(law)
    _whole_states(before, law)
    return checked


def _whole_states(before: Law, after: Law) -> None:
    """A State that is added has court hours for each of its zones: without them no time can be found there."""
    for state in set(after.jurisdictions) - set(before.jurisdictions):
        zones = [zone for zone in after.jurisdiction(state).zones if not after.court_hours(state, zone)]
        if zones:
            raise Invalid(
                tell(
                    "A new State is added together with its court hours, which are missing for: {zones}",
                    zones=Series.of(zones),
                ),
                "tz_ids",
            )


async def write(
    db: AsyncSession, *, edits: Sequence[Edit], reason: str, law: Law, actor: Actor, now: datetime
) -> list[LawRow]:
    """Make edits that were checked, to the law that was locked (`as_seen`). Effects: as `save`. Raises `Invalid` for a
    State that is taken away while it has staff or requests here."""
    reason = clean(reason, "reason", most=2000, least=3, lines=True)
    gone = set(law.jurisdictions) - set(edited(law, *edits).jurisdictions)
    if gone:
        await _require_unused(db, gone, law)
    rows = []
    for number, edit in enumerate(edits, start=1):
        version = 1 + len(await history(db, kind=edit.kind, key=edit.key))
        row = LawRow(
            **_deed(law.serial + number, reason, actor, now),
            kind=LawKind(edit.kind),
            key=edit.key,
            version=version,
            data=edit.data,
        )
        db.add(row)
        await db.flush()
        rows.append(row)
    return rows


async def _require_unused(db: AsyncSession, states: Collection[str], law: Law) -> None:
    people = select(Person.owner_state).where(col(Person.owner_state).in_(states))
    asking = select(HearingRequest.requesting_state).where(col(HearingRequest.requesting_state).in_(states))
    asked = select(HearingRequest.requested_state).where(col(HearingRequest.requested_state).in_(states))
    for query in (people, asking, asked):
        if (state := (await db.exec(query.limit(1))).first()) is not None:
            named = StateName.of(state, law.state_name(state))
            raise Invalid(
                tell("{state} has staff or requests here: its row can be changed, but not taken away", state=named),
                "key",
            )


def _deed(serial: int, reason: str, actor: Actor, now: datetime) -> dict[str, Any]:
    who = {"owner_state": actor.state, "edited_by": actor.id, "edited_label": actor.label}
    return {"serial": serial, "reason": reason, "at": now, **who}


async def write_review(
    db: AsyncSession, *, kind: str, key: str, reason: str, law: Law, actor: Actor, now: datetime
) -> LawRow:
    """Put on record that a row of the law that was locked (`as_seen`) was reviewed and is right as it is.

    Raises `NotFound` for a row there is none of, `Invalid` without a source. Effects: a version that changes nothing.
    """
    if key not in law.rows.get(kind, {}):
        raise NotFound
    reason = clean(reason, "reason", most=2000, least=3, lines=True)
    versions = await history(db, kind=kind, key=key)
    seen = next((version.version for version in versions if version.confirms is None), 0)
    row = LawRow(
        **_deed(law.serial + 1, reason, actor, now),
        kind=LawKind(kind),
        key=key,
        version=1 + len(versions),
        data=None,
        confirms=seen,
    )
    db.add(row)
    await db.flush()
    return row


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


# --- reviews -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Review:
    """How fresh one row is. `owner`: the State the row belongs to; empty: the installation."""

    kind: str
    key: str
    owner: str
    reviewed_on: date
    due_on: date

    def stale(self, on: date) -> bool:
        """Whether the row should have been reviewed before this day."""
        return self.due_on < on


def owner_of(kind: str, row: Mapping[str, Any]) -> str:
    """The State a row belongs to; empty for the installation."""
    return str(row[OWNERS[kind]]) if kind in OWNERS else ""


def review_of(law: Law, kind: str, key: str) -> Review:
    """The review of a row. Raises `KeyError` for a row there is none of."""
    row, rules = law.rows[kind][key], law.defaults["review"]
    said = str(row.get("status_checked_on") or "")
    own = reference.day(said) or reference.day(f"{said}-01")
    filed = own or date.fromisoformat(rules["files_reviewed_on"])
    looked = law.looked_at.get((kind, key), filed)
    reviewed = looked if (kind, key) in law.edited else max(filed, looked)  # a change does not say when it was reviewed
    due = reviewed + timedelta(days=rules["days"][kind])
    return Review(kind=kind, key=key, owner=owner_of(kind, row), reviewed_on=reviewed, due_on=due)


def to_review(law: Law, *, on: date, owner: str | None = None, kind: str = "") -> list[Review]:
    """The rows whose review is overdue on a day, the longest first; of one owner (`""`: the installation) or kind."""
    found = [
        review
        for name, rows in law.rows.items()
        if kind in ("", name)
        for review in (review_of(law, name, key) for key in rows)
        if review.stale(on) and owner in (None, review.owner)
    ]
    return sorted(found, key=lambda review: (review.due_on, review.kind, review.key))


def stale(law: Law, row: Mapping[str, Any], on: date) -> bool:
    """Whether a row that a line or a term is built on is overdue for review; False for what is no row of this law."""
    place = law.places.get(id(row))
    return place is not None and review_of(law, *place).stale(on)
