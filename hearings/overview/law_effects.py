"""Effects of an edit of the law before it is made: requests with another evaluation, and their coming hearings.

Each open request is evaluated by the present and by the edited law; differences are listed by instrument, in sentences.
Law holds for the whole installation, so requests of all States are evaluated, but only those the administrator's own
State may see are named; the others are counted.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

from sqlmodel import col, or_, select, tuple_
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.law import legal_bases, overlays
from hearings.law.answer import ConductTerm, ConsentNeed, GateLine, LineStatus, Note
from hearings.law.law import Law
from hearings.law.legal_bases import Verdict
from hearings.law.rows import Edit, edited
from hearings.models import Hearing, HearingDay, HearingRequest
from hearings.sentences import Series, tell
from hearings.status import HearingStatus, RequestStatus
from hearings.times import court_times, queries as diary_queries

OPEN = tuple(status for status in RequestStatus if status.value not in {"refused", "withdrawn", "executed", "closed"})
"""Statuses of requests that are evaluated."""
COMING = tuple(HearingStatus(word) for word in ("proposed", "countered", "agreed", "ready", "part_heard"))
"""Statuses of hearings that may still be held."""
MOST = 1000
"""Most open requests evaluated, the newest first."""
PARTS = 12
"""Most differences listed for one instrument; the others are counted."""


@dataclass(frozen=True, kw_only=True)
class ChangedRequest:
    """The change of one open request's evaluation on one instrument."""

    reference: str
    instrument: str
    before: str
    after: str
    parts: tuple[str, ...] = ()
    """The differences, a sentence each (`hearings.sentences`), at most `PARTS`."""
    more: int = 0
    """Number of further differences."""


@dataclass(frozen=True, kw_only=True)
class AffectedHearing:
    """A coming hearing of a request whose evaluation would change; `zone` is that of the reader's court."""

    ref: str
    request: str
    status: HearingStatus
    starts_at: datetime
    zone: str


@dataclass(frozen=True, kw_only=True)
class Outside:
    """A day of a hearing that would be outside the hours of a court. It does not move: people decide."""

    ref: str
    starts_at: datetime
    zone: str


@dataclass(frozen=True, kw_only=True)
class Effect:
    """The effect of an edit. `own`: requests the administrator's State sees; `others`: number of further ones."""

    own: tuple[ChangedRequest, ...]
    others: int
    looked_at: int
    more: bool
    """Whether there are open requests that were not evaluated."""
    held: tuple[AffectedHearing, ...] = ()
    """Hearings to come of the requests in `own`, the next first."""
    other_held: int = 0
    """Number of hearings to come of the requests in `others`."""
    outside: tuple[Outside, ...] = ()
    """Coming days within court hours now that would be outside; of hearings the administrator's State sees."""
    other_hearings: int = 0


async def effect(db: AsyncSession, *, edits: Sequence[Edit], law: Law, state: str, on: date) -> Effect:
    """The open requests and coming hearings the edits would affect. Changes nothing."""
    query = select(HearingRequest).where(col(HearingRequest.status).in_(OPEN))
    query = query.order_by(col(HearingRequest.created_at).desc(), col(HearingRequest.id)).limit(MOST + 1)
    requests = (await db.exec(query)).all()
    # A thread of its own: a thousand evaluations must not block the event loop.
    changes = await asyncio.to_thread(_compare, requests[:MOST], edits, law, on)
    own = [request for request, _changes in changes if _visible(request, state)]
    coming = await _coming_hearings(db, [request.id for request, _changes in changes], state)
    outside, other_hearings = await _outside(db, edits, law, state, on)
    mine = {request.id: request.reference for request in own}
    return Effect(
        own=tuple(change for request, parts in changes if request.id in mine for change in parts),
        others=len(changes) - len(own),
        looked_at=min(len(requests), MOST),
        more=len(requests) > MOST,
        held=tuple(
            _affected(hearing, mine[hearing.request_id], state) for hearing in coming if hearing.request_id in mine
        ),
        other_held=sum(hearing.request_id not in mine for hearing in coming),
        outside=outside,
        other_hearings=other_hearings,
    )


def _visible(request: HearingRequest, state: str) -> bool:
    return request.requesting_state == state or (
        request.requested_state == state and request.status is not RequestStatus.draft
    )


async def _coming_hearings(db: AsyncSession, requests: Sequence[str], state: str) -> Sequence[Hearing]:
    """Hearings to come of these requests, the next first."""
    if not requests:
        return ()
    query = select(Hearing).where(col(Hearing.request_id).in_(requests), col(Hearing.status).in_(COMING))
    return (await db.exec(query.order_by(col(Hearing.starts_at), col(Hearing.id)))).all()


def _affected(hearing: Hearing, request: str, state: str) -> AffectedHearing:
    ours = hearing.requesting_state == state
    return AffectedHearing(
        ref=hearing.ref,
        request=request,
        status=hearing.status,
        starts_at=hearing.starts_at,
        zone=hearing.requesting_zone if ours else hearing.requested_zone,
    )


# --- requests ----------------------------------------------------------------------------------------------------


def _compare(
    requests: Sequence[HearingRequest], edits: Sequence[Edit], law: Law, on: date
) -> list[tuple[HearingRequest, list[ChangedRequest]]]:
    """The requests whose evaluation would change, each with its changes."""
    after = edited(law, *edits)
    also = {edit.key for edit in edits if edit.kind == "instrument"}
    changed = []
    for request in requests:
        if not any(_concerns(edit, law, request) for edit in edits):
            continue
        was, becomes = (_verdicts(request, version, on, also) for version in (law, after))
        pairs = [(was.get(name), becomes.get(name)) for name in {**was, **becomes}]
        if changes := [change for pair in pairs if (change := _change(request, *pair))]:
            changed.append((request, changes))
    return changed


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


def _change(request: HearingRequest, was: Verdict | None, becomes: Verdict | None) -> ChangedRequest | None:
    """The change on one instrument, or None. An instrument added or removed is one difference."""
    known = becomes or was
    if known is None:
        return None
    before, after = _summary(was), _summary(becomes)
    parts = list(differences(was, becomes)) if was and becomes else []
    if before == after and not parts:
        return None
    return ChangedRequest(
        reference=request.reference,
        instrument=known.name,
        before=before,
        after=after,
        parts=tuple(parts[:PARTS]),
        more=max(0, len(parts) - PARTS),
    )


def _summary(verdict: Verdict | None) -> str:
    if verdict is None:
        return "not there"
    return f"{verdict.decision.value}, {'usable' if verdict.usable else 'not usable'}"


# --- what differs between two verdicts ---------------------------------------------------------------------------

T = TypeVar("T", ConsentNeed, GateLine, ConductTerm, Note)


def _asked(verdict: Verdict) -> tuple[Note, ...]:
    """The notes on what the law asks, without those on what the data hold of it."""
    return tuple(note for note in verdict.notes if not note.key.startswith(overlays.COVERAGE))


def differences(was: Verdict, becomes: Verdict) -> Iterator[str]:
    """The differences of two verdicts, a sentence each: consents, needs, conduct, warnings.

    The order of parts in a verdict, or their wording alone, makes no difference.
    """
    yield from _consents(was.consents, becomes.consents)
    yield from _lines(was.lines, becomes.lines)
    for old, new in _pairs(was.terms, becomes.terms, lambda term: term.key, lambda term: term.value):
        if old and new:
            yield tell("{now} (previously: {before})", now=_said(new), before=_said(old))
        elif new:
            yield tell("New on the conduct of the hearing: {now}", now=_said(new))
        else:
            yield tell("No longer stated on the conduct of the hearing: {before}", before=_said(old))
    for earlier, later in _pairs(_asked(was), _asked(becomes), lambda note: note.key, lambda note: note.code):
        if later:
            yield tell("Point to note: {note} ({provision})", note=later[0].text, provision=later[0].provision)
        else:
            yield tell(
                "No longer a point to note: {note} ({provision})", note=earlier[0].text, provision=earlier[0].provision
            )


def _said(terms: Sequence[ConductTerm]) -> str:
    return terms[0].text if len(terms) == 1 else Series.of((term.text for term in terms), "semicolon")


def _pairs(
    was: Iterable[T], becomes: Iterable[T], key: Callable[[T], str], value: Callable[[T], str]
) -> Iterator[tuple[list[T], list[T]]]:
    """The parts of a key before and after, for keys whose values differ."""
    before, after = _by(was, key), _by(becomes, key)
    for name in {**before, **after}:
        old, new = before.get(name, []), after.get(name, [])
        if sorted(map(value, old)) != sorted(map(value, new)):
            yield old, new


def _by(parts: Iterable[T], key: Callable[[T], str]) -> dict[str, list[T]]:
    by_key: dict[str, list[T]] = {}
    for part in parts:
        by_key.setdefault(key(part), []).append(part)
    return by_key


def _consents(was: Sequence[ConsentNeed], becomes: Sequence[ConsentNeed]) -> Iterator[str]:
    def keyed(needs: Sequence[ConsentNeed]) -> dict[tuple[str, str, str, str], ConsentNeed]:
        return {(need.who, need.layer, need.state, need.provision): need for need in needs}

    before, after = keyed(was), keyed(becomes)
    for need in (after[key] for key in after if key not in before):
        yield tell("Now requires the person's consent: {provision}", provision=need.provision)
    for need in (before[key] for key in before if key not in after):
        yield tell("No longer requires the person's consent: {provision}", provision=need.provision)


def _lines(was: Sequence[GateLine], becomes: Sequence[GateLine]) -> Iterator[str]:
    """Needs that open, close, are added or removed; those of consents are listed as consents."""
    before, after = (
        {line.key: line for line in lines if not line.key.startswith("consent")} for lines in (was, becomes)
    )
    for key in {**before, **after}:
        old, new = before.get(key), after.get(key)
        line = new or old
        if line is None or (old and new and (old.status, old.code) == (new.status, new.code)):
            continue
        was_open, now_open = (line is not None and line.status is not LineStatus.met for line in (old, new))
        if now_open and was_open:
            yield tell("Still open, for another reason: {line} ({provision})", line=line.text, provision=line.provision)
        elif now_open:
            yield tell("Another requirement is open: {line} ({provision})", line=line.text, provision=line.provision)
        elif was_open:
            yield tell("No longer open: {line} ({provision})", line=line.text, provision=line.provision)
        elif new:
            yield tell("Also required, and met: {line} ({provision})", line=line.text, provision=line.provision)
        else:
            yield tell("No longer required: {line} ({provision})", line=line.text, provision=line.provision)


# --- hearings outside court hours --------------------------------------------------------------------------------


async def _outside(
    db: AsyncSession, edits: Sequence[Edit], law: Law, state: str, on: date
) -> tuple[tuple[Outside, ...], int]:
    """Coming days outside the edited court hours: those of hearings the State sees, and the number of others.

    Times a State has entered for its courts apply before and after: if these give other hours, or a closure, the
    edit changes nothing.
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
            await diary_queries.court_calendar(db, law=version, state=side, zone=zone, since=since, until=until)
            for version in (law, after)
        ]
        for side, zone in zones
    }
    outside: list[Outside] = []
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
            outside += [Outside(ref=hearing.ref, starts_at=day.starts_at, zone=zone) for zone in left_out]
        elif left_out:
            others += 1
    return tuple(outside), others
