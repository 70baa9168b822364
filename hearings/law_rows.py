"""The administrator's hand on the law: each edit a new version, checked, seen beforehand, and kept for ever.

The rows of `law_row` are the log: who, when, why. Nothing is changed or deleted in them; taking an override back is a
version without data.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlmodel import col, or_, select, tuple_
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import court_times, diary_queries, legal_bases, reference
from hearings import law as laws
from hearings.actors import Actor
from hearings.errors import Invalid, NotReady
from hearings.law import Law
from hearings.law_checks import validate
from hearings.law_profile import states_of
from hearings.models import Hearing, HearingDay, HearingRequest, LawRow
from hearings.models.law import LawKind
from hearings.models.request import Capacity
from hearings.permissions import require_staff
from hearings.sentences import StateName, tell
from hearings.status import HearingStatus, RequestStatus
from hearings.texts import clean

OPEN = tuple(status for status in RequestStatus if status.value not in {"refused", "withdrawn", "executed", "closed"})
"""Requests whose evaluation still matters."""
COMING = tuple(HearingStatus(word) for word in ("proposed", "countered", "agreed", "ready", "part_heard"))
"""Statuses of hearings that may still be held."""
TRIED_ON = date(2100, 1, 1)
"""The day an edited row is tried for: all that is in force by then is read."""
MOST = 1000
"""So many open requests are looked at, the newest first."""


@dataclass(frozen=True, kw_only=True)
class Edit:
    """One edit, checked: `data` None takes the override back."""

    kind: str
    key: str
    data: dict[str, Any] | None


@dataclass(frozen=True, kw_only=True)
class Change:
    """One open request whose evaluation an edit would change; what it came to on one instrument."""

    reference: str
    instrument: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class Outside:
    """A day of a hearing that would lie outside the hours of a court. It stays where it is: people decide."""

    ref: str
    starts_at: datetime
    zone: str


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What an edit would change. `own`: requests the administrator's State sees; `others`: number of further ones."""

    own: tuple[Change, ...]
    others: int
    looked_at: int
    more: bool
    """There are open requests that were not looked at."""
    outside: tuple[Outside, ...] = ()
    """Days to come that lie within court hours now and would not; of hearings the administrator's State sees."""
    other_hearings: int = 0


def check(kind: str, data: Mapping[str, Any] | None, law: Law, *, key: str = "") -> Edit:
    """An edit that can be made to this law. Raises `Invalid` naming the field.

    After the fields, the row is tried: every capacity between the States it may concern must get an answer.
    """
    if kind not in set(LawKind):
        raise Invalid(tell("Not a kind of row: {kind}", kind=kind[:40]), "kind")
    if data is None:
        if (kind, key) not in law.edited:
            raise Invalid(tell("This row is as in the files"), "key")
        edit = Edit(kind=kind, key=key, data=None)
    else:
        row = validate(kind, data, law)
        made = reference.key_of(kind, row)
        if key and made != key:
            raise Invalid(tell("What names a row cannot be changed: add another row"), reference.KEYS[kind][0])
        edit = Edit(kind=kind, key=made, data=row)
    _try(edited(law, edit))
    return edit


def edited(law: Law, *edits: Edit) -> Law:
    """The law as it would be."""
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
    """Rows another row names must be there."""
    for row in law.bases:
        cited = [entry["rule"] for entry in row["profile"]["persons"].values()]
        cited += [head["rule"] for head in row["profile"]["general_heads"]]
        gone = [rule for rule in cited if rule not in law.rules]
        if gone:
            raise Invalid(
                tell("{name} rests on the paragraph {rule}, which would be gone", name=row["name"], rule=gone[0]), "key"
            )
    for kind in ("party", "declaration"):
        for row in law.rows[kind].values():
            if row["instrument_id"] not in law.instruments:
                raise Invalid(
                    tell(
                        "A row of {state} names the instrument {instrument}, gone",
                        state=StateName.of(row["iso2"], row["iso2"]),
                        instrument=row["instrument_id"],
                    ),
                    "key",
                )


def _try(law: Law) -> None:
    _merge_check(law)
    states = sorted(set(law.jurisdictions) & states_of(law))
    for one, other in zip(states, [*states[1:], *states[:1]], strict=True):
        for capacity in (None, *Capacity)[:: 1 if one == states[0] else 4]:
            ask = legal_bases.Ask(requesting_state=one, requested_state=other, on=TRIED_ON, capacity=capacity)
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

    Effects: one version for each edit, with who, when and why. Raises `NotReady` when the law has changed since then,
    `Invalid` for an edit that cannot be made, `NotAllowed`.
    """
    require_editor(actor)
    reason = clean(reason, "reason", most=2000, least=3, lines=True)
    connection = await db.connection()
    if connection.dialect.name == "postgresql":
        await connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('law_row'))"))
    law = await laws.current(db)
    if law.serial != seen:
        raise NotReady(tell("The law has been changed since you looked at it; look again"))
    found = []
    for number, edit in enumerate(edits, start=1):
        checked = check(edit.kind, edit.data, law, key=edit.key)
        law = edited(law, checked)
        row = LawRow(
            owner_state=actor.state,
            serial=seen + number,
            kind=LawKind(checked.kind),
            key=checked.key,
            version=1 + len(await history(db, kind=checked.kind, key=checked.key)),
            data=checked.data,
            reason=reason,
            edited_by=actor.id,
            edited_label=actor.label,
            at=now,
        )
        db.add(row)
        await db.flush()
        found.append(row)
    return found


def require_editor(actor: Actor) -> None:
    """Raise `NotAllowed` unless the actor may edit the law."""
    require_staff("edit_law", actor, requesting_state=actor.state, requested_state=actor.state)


async def history(db: AsyncSession, *, kind: str, key: str) -> Sequence[LawRow]:
    """Every version of one row, the newest first."""
    query = select(LawRow).where(col(LawRow.kind) == LawKind(kind), col(LawRow.key) == key)
    return (await db.exec(query.order_by(col(LawRow.serial).desc()))).all()


async def edits(db: AsyncSession, *, before: int = 0, limit: int = 25) -> Sequence[LawRow]:
    """The log, the newest first; `before` is the serial the page goes on from."""
    query = select(LawRow).order_by(col(LawRow.serial).desc()).limit(limit)
    return (await db.exec(query.where(col(LawRow.serial) < before) if before else query)).all()


def _concerns(edit: Edit, law: Law, request: HearingRequest) -> bool:
    states = {request.requesting_state, request.requested_state}
    row = edit.data or law.rows[edit.kind].get(edit.key, {})
    if edit.kind == "overlay":
        return row.get("state") in states
    if edit.kind in ("party", "declaration", "jurisdiction", "court_hours"):
        return row.get("iso2") in states
    return True


def _outcomes(request: HearingRequest, law: Law, on: date, also: set[str]) -> dict[str, tuple[str, str]]:
    ask = legal_bases.ask_about(request, on=on, law=law)
    result = legal_bases.evaluate(ask, {*request.instruments, *also}, law=law)
    return {verdict.instrument: (_words(verdict), verdict.name) for verdict in result.verdicts}


def _words(verdict: legal_bases.Verdict) -> str:
    return f"{verdict.decision.value}, {'usable' if verdict.usable else 'not usable'}"


async def effect(db: AsyncSession, *, edits: Sequence[Edit], law: Law, state: str, on: date) -> Effect:
    """Which open requests the edits would change, before anything is changed.

    Law holds for the whole installation, so requests of all States are looked at; but only those the administrator's
    own State may see are named, the others are a number.
    """
    query = select(HearingRequest).where(col(HearingRequest.status).in_(OPEN))
    query = query.order_by(col(HearingRequest.created_at).desc(), col(HearingRequest.id)).limit(MOST + 1)
    requests = (await db.exec(query)).all()
    # A thread of its own: a thousand evaluations must not keep everybody else waiting.
    own, others = await asyncio.to_thread(_compare, requests[:MOST], edits, law, state, on)
    looked = min(len(requests), MOST)
    outside, other_hearings = await _outside(db, edits, law, state, on)
    return Effect(
        own=own,
        others=others,
        looked_at=looked,
        more=len(requests) > MOST,
        outside=outside,
        other_hearings=other_hearings,
    )


async def _outside(
    db: AsyncSession, edits: Sequence[Edit], law: Law, state: str, on: date
) -> tuple[tuple[Outside, ...], int]:
    """Days of hearings to come that edited court hours would leave out: those the State sees, and how many others.

    What a State has entered about its courts counts before and after: where it says other hours, or that a court is
    closed, the edit changes nothing.
    """
    zones = {(key[:2], key[3:]) for key in (edit.key for edit in edits if edit.kind == "court_hours")}
    if not zones:
        return (), 0
    after = edited(law, *edits)
    query = (
        select(HearingDay, Hearing)
        .join(Hearing, col(HearingDay.hearing_id) == col(Hearing.id))
        .where(
            col(HearingDay.starts_at) >= datetime(on.year, on.month, on.day, tzinfo=UTC),
            col(HearingDay.dropped_at).is_(None),
            col(Hearing.status).in_(COMING),
            or_(
                tuple_(col(Hearing.requesting_state), col(Hearing.requesting_zone)).in_(zones),
                tuple_(col(Hearing.requested_state), col(Hearing.requested_zone)).in_(zones),
            ),
        )
        .order_by(col(HearingDay.starts_at), col(HearingDay.id))
    )
    coming = (await db.exec(query)).all()
    if not coming:
        return (), 0
    since = min(day.starts_at for day, _hearing in coming).date() - timedelta(days=1)
    until = max(day.ends_at for day, _hearing in coming).date() + timedelta(days=1)
    courts = {
        (side, zone): [
            await diary_queries.court_calendar(db, law=one, state=side, zone=zone, since=since, until=until)
            for one in (law, after)
        ]
        for side, zone in zones
    }
    found: list[Outside] = []
    others = 0
    for day, hearing in coming:
        time = day.starts_at, day.ends_at
        sides = {
            (hearing.requesting_state, hearing.requesting_zone),
            (hearing.requested_state, hearing.requested_zone),
        }
        left_out = [
            place[1]
            for place in sorted(sides & zones)
            if [court_times.sits(court, time) for court in courts[place]] == [True, False]
        ]
        if left_out and state in (hearing.requesting_state, hearing.requested_state):
            found += [Outside(ref=hearing.ref, starts_at=day.starts_at, zone=zone) for zone in left_out]
        elif left_out:
            others += 1
    return tuple(found), others


def _compare(
    requests: Sequence[HearingRequest], edits: Sequence[Edit], law: Law, state: str, on: date
) -> tuple[tuple[Change, ...], int]:
    after = edited(law, *edits)
    also = {edit.key for edit in edits if edit.kind == "instrument"}
    own: list[Change] = []
    others = 0
    for request in requests:
        if not any(_concerns(edit, law, request) for edit in edits):
            continue
        was, becomes = (_outcomes(request, one, on, also) for one in (law, after))
        changed = [name for name in {**was, **becomes} if was.get(name) != becomes.get(name)]
        visible = request.requesting_state == state or (
            request.requested_state == state and request.status is not RequestStatus.draft
        )
        if changed and not visible:
            others += 1
        elif changed:
            own += [
                Change(
                    reference=request.reference,
                    instrument=(becomes.get(name) or was[name])[1],
                    before=was.get(name, ("not there", ""))[0],
                    after=becomes.get(name, ("not there", ""))[0],
                )
                for name in changed
            ]
    return tuple(own), others
