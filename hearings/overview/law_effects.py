"""What an edit of the law would change, before it is made: requests evaluated otherwise, hearings they are held for.

Each open request is evaluated by the law as it is and as it would be; what differs is told instrument by instrument,
in sentences. Law holds for the whole installation, so requests of all States are looked at, but only those the
administrator's own State may see are named; the others are a number.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

from sqlmodel import col, or_, select, tuple_
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.law import legal_bases
from hearings.law.answer import ConsentNeed, Line, LineStatus, Note, Term
from hearings.law.law import Law
from hearings.law.legal_bases import Verdict
from hearings.law.rows import Edit, edited
from hearings.models import Hearing, HearingDay, HearingRequest
from hearings.sentences import Series, tell
from hearings.status import HearingStatus, RequestStatus
from hearings.times import court_times, queries as diary_queries

OPEN = tuple(status for status in RequestStatus if status.value not in {"refused", "withdrawn", "executed", "closed"})
"""Requests whose evaluation still matters."""
COMING = tuple(HearingStatus(word) for word in ("proposed", "countered", "agreed", "ready", "part_heard"))
"""Statuses of hearings that may still be held."""
MOST = 1000
"""So many open requests are looked at, the newest first."""
PARTS = 12
"""So many differences on one instrument are told; the others are a number."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One open request whose evaluation an edit would change; what it came to on one instrument."""

    reference: str
    instrument: str
    before: str
    after: str
    parts: tuple[str, ...] = ()
    """What differs, a sentence each (`hearings.sentences`), at most `PARTS`."""
    more: int = 0
    """Number of further differences."""


@dataclass(frozen=True, kw_only=True)
class Held:
    """A hearing to come of a request that would be evaluated otherwise; `zone` is that of the reader's court."""

    ref: str
    request: str
    status: HearingStatus
    starts_at: datetime
    zone: str


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
    held: tuple[Held, ...] = ()
    """Hearings to come of the requests in `own`, the next first."""
    other_held: int = 0
    """Number of hearings to come of the requests in `others`."""
    outside: tuple[Outside, ...] = ()
    """Days to come that lie within court hours now and would not; of hearings the administrator's State sees."""
    other_hearings: int = 0


async def effect(db: AsyncSession, *, edits: Sequence[Edit], law: Law, state: str, on: date) -> Effect:
    """Which open requests the edits would change, and which hearings to come. Changes nothing."""
    query = select(HearingRequest).where(col(HearingRequest.status).in_(OPEN))
    query = query.order_by(col(HearingRequest.created_at).desc(), col(HearingRequest.id)).limit(MOST + 1)
    requests = (await db.exec(query)).all()
    # A thread of its own: a thousand evaluations must not keep everybody else waiting.
    changes = await asyncio.to_thread(_compare, requests[:MOST], edits, law, on)
    own = [one for one, _changes in changes if _visible(one, state)]
    held = await _held(db, [one.id for one, _changes in changes], state)
    outside, other_hearings = await _outside(db, edits, law, state, on)
    mine = {one.id: one.reference for one in own}
    return Effect(
        own=tuple(change for one, found in changes if one.id in mine for change in found),
        others=len(changes) - len(own),
        looked_at=min(len(requests), MOST),
        more=len(requests) > MOST,
        held=tuple(_shown(one, mine[one.request_id], state) for one in held if one.request_id in mine),
        other_held=sum(one.request_id not in mine for one in held),
        outside=outside,
        other_hearings=other_hearings,
    )


def _visible(request: HearingRequest, state: str) -> bool:
    return request.requesting_state == state or (
        request.requested_state == state and request.status is not RequestStatus.draft
    )


async def _held(db: AsyncSession, requests: Sequence[str], state: str) -> Sequence[Hearing]:
    """Hearings to come of these requests, the next first."""
    if not requests:
        return ()
    query = select(Hearing).where(col(Hearing.request_id).in_(requests), col(Hearing.status).in_(COMING))
    return (await db.exec(query.order_by(col(Hearing.starts_at), col(Hearing.id)))).all()


def _shown(hearing: Hearing, request: str, state: str) -> Held:
    ours = hearing.requesting_state == state
    return Held(
        ref=hearing.ref,
        request=request,
        status=hearing.status,
        starts_at=hearing.starts_at,
        zone=hearing.requesting_zone if ours else hearing.requested_zone,
    )


# --- requests ----------------------------------------------------------------------------------------------------


def _compare(
    requests: Sequence[HearingRequest], edits: Sequence[Edit], law: Law, on: date
) -> list[tuple[HearingRequest, list[Change]]]:
    """The requests that would be evaluated otherwise, each with what changes."""
    after = edited(law, *edits)
    also = {edit.key for edit in edits if edit.kind == "instrument"}
    found = []
    for request in requests:
        if not any(_concerns(edit, law, request) for edit in edits):
            continue
        was, becomes = (_verdicts(request, one, on, also) for one in (law, after))
        pairs = [(was.get(name), becomes.get(name)) for name in {**was, **becomes}]
        if changes := [change for pair in pairs if (change := _change(request, *pair))]:
            found.append((request, changes))
    return found


def _concerns(edit: Edit, law: Law, request: HearingRequest) -> bool:
    states = {request.requesting_state, request.requested_state}
    if edit.kind == "interpreting_rest":
        return False
    rows = [row for row in (edit.data, law.rows[edit.kind].get(edit.key)) if row]
    if edit.kind == "overlay":
        return any(row["state"] in states for row in rows)
    if edit.kind in ("party", "declaration", "jurisdiction", "court_hours"):
        return any(row["iso2"] in states for row in rows)
    return True


def _verdicts(request: HearingRequest, law: Law, on: date, also: set[str]) -> dict[str, Verdict]:
    ask = legal_bases.ask_about(request, on=on, law=law)
    result = legal_bases.evaluate(ask, {*request.instruments, *also}, law=law)
    return {verdict.instrument: verdict for verdict in result.verdicts}


def _change(request: HearingRequest, was: Verdict | None, becomes: Verdict | None) -> Change | None:
    """What changes on one instrument, or None. One that was not there or goes away is told by that alone."""
    known = becomes or was
    if known is None:
        return None
    before, after = _standing(was), _standing(becomes)
    parts = list(differences(was, becomes)) if was and becomes else []
    if before == after and not parts:
        return None
    return Change(
        reference=request.reference,
        instrument=known.name,
        before=before,
        after=after,
        parts=tuple(parts[:PARTS]),
        more=max(0, len(parts) - PARTS),
    )


def _standing(verdict: Verdict | None) -> str:
    if verdict is None:
        return "not there"
    return f"{verdict.decision.value}, {'usable' if verdict.usable else 'not usable'}"


# --- what differs between two verdicts ---------------------------------------------------------------------------

T = TypeVar("T", ConsentNeed, Line, Term, Note)


def differences(was: Verdict, becomes: Verdict) -> Iterator[str]:
    """What the second says otherwise than the first, a sentence each: consents, needs, how it is held, warnings.

    The order in which a verdict lists its parts, and their wording alone, are no difference.
    """
    yield from _consents(was.consents, becomes.consents)
    yield from _lines(was.lines, becomes.lines)
    for old, new in _pairs(was.terms, becomes.terms, lambda one: one.key, lambda one: one.value):
        if old and new:
            yield tell("{now} (until now: {before})", now=_said(new), before=_said(old))
        elif new:
            yield tell("New on how the hearing is held: {now}", now=_said(new))
        else:
            yield tell("No longer said on how the hearing is held: {before}", before=_said(old))
    for earlier, later in _pairs(was.notes, becomes.notes, lambda one: one.key, lambda one: one.code):
        if later:
            yield tell("To watch: {note} ({provision})", note=later[0].text, provision=later[0].provision)
        else:
            yield tell("No longer to watch: {note} ({provision})", note=earlier[0].text, provision=earlier[0].provision)


def _said(terms: Sequence[Term]) -> str:
    return terms[0].text if len(terms) == 1 else Series.of((one.text for one in terms), "semicolon")


def _pairs(
    was: Iterable[T], becomes: Iterable[T], key: Callable[[T], str], value: Callable[[T], str]
) -> Iterator[tuple[list[T], list[T]]]:
    """What stands under a key before and after, where the values differ."""
    before, after = _by(was, key), _by(becomes, key)
    for name in {**before, **after}:
        old, new = before.get(name, []), after.get(name, [])
        if sorted(map(value, old)) != sorted(map(value, new)):
            yield old, new


def _by(parts: Iterable[T], key: Callable[[T], str]) -> dict[str, list[T]]:
    found: dict[str, list[T]] = {}
    for part in parts:
        found.setdefault(key(part), []).append(part)
    return found


def _consents(was: Sequence[ConsentNeed], becomes: Sequence[ConsentNeed]) -> Iterator[str]:
    def keyed(needs: Sequence[ConsentNeed]) -> dict[tuple[str, str, str, str], ConsentNeed]:
        return {(need.who, need.layer, need.state, need.provision): need for need in needs}

    before, after = keyed(was), keyed(becomes)
    for need in (after[key] for key in after if key not in before):
        yield tell("Newly asks for the person's consent: {provision}", provision=need.provision)
    for need in (before[key] for key in before if key not in after):
        yield tell("No longer asks for the person's consent: {provision}", provision=need.provision)


def _lines(was: Sequence[Line], becomes: Sequence[Line]) -> Iterator[str]:
    """Needs that open, close, come or go. Those of consents are told as consents."""
    before, after = (
        {line.key: line for line in lines if not line.key.startswith("consent")} for lines in (was, becomes)
    )
    for key in {**before, **after}:
        old, new = before.get(key), after.get(key)
        line = new or old
        if line is None or (old and new and (old.status, old.code) == (new.status, new.code)):
            continue
        was_open, now_open = (one is not None and one.status is not LineStatus.met for one in (old, new))
        if now_open and was_open:
            yield tell("Still open, for another reason: {line} ({provision})", line=line.text, provision=line.provision)
        elif now_open:
            yield tell("Another line is open: {line} ({provision})", line=line.text, provision=line.provision)
        elif was_open:
            yield tell("No longer open: {line} ({provision})", line=line.text, provision=line.provision)
        elif new:
            yield tell("Needed too, and met: {line} ({provision})", line=line.text, provision=line.provision)
        else:
            yield tell("No longer needed: {line} ({provision})", line=line.text, provision=line.provision)


# --- hearings outside court hours --------------------------------------------------------------------------------


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
