"""Finding a time: a pure search over any number of calendars and diaries, with a reason for every day without one.

Instants are whole seconds in UTC; the times at which a hearing may start are closed intervals [low, high]. Every
calendar and diary cuts them down in turn, in one sweep each, so the work follows the number of intervals and not the
number of minutes. The search says what excluded a day, and ranks what is left by how convenient it is
(`hearings.times.convenience`).
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from hearings import clocks
from hearings.errors import Invalid, NaiveTime
from hearings.sentences import tell
from hearings.times import calendars, interpreters
from hearings.times.calendars import Closed, CourtCalendar, Span
from hearings.times.convenience import WEIGHTS, Attendee, inconvenience, offset, ranked
from hearings.times.interpreters import Interpreter, Need

STEP = 15 * 60
"""Seconds between two starts that are tried; zones lie quarters of an hour apart."""
WINDOW = timedelta(days=370)
NEXT_DAY_WITHIN = 5
"""Days within which the next day of a hearing over several days has to follow: a weekend with a holiday beside it."""


@dataclass(frozen=True, kw_only=True)
class Diary:
    """What somebody or something is booked for: sorted spans. `granted`: objections somebody has answered already."""

    key: str
    label: str
    busy: tuple[Span, ...] = ()
    interpreter: Interpreter | None = None
    granted: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is looked for. Margins and line test keep resources busy; the sitting itself must fit into court hours."""

    since: datetime
    until: datetime
    duration: timedelta
    margin_before: timedelta = timedelta()
    margin_after: timedelta = timedelta()
    line_test: timedelta = timedelta()
    days: int = 1
    languages: tuple[str, str] | None = None
    """Between which interpreters are to render, where it is known."""
    any_hour: bool = False
    """Also outside court hours, on days on which the courts sit."""
    step: int = STEP


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why a day has no slot: who is in the way, a code, and what the code alone does not say.

    Codes: `holiday`, `recess`, `closure`, `not_a_court_day`, `hours_unknown`, `outside_hours`, `booked`, `next_day`,
    `outside_window`, and those of `hearings.times.interpreters`.
    """

    key: str
    label: str
    code: str
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Comfort:
    """What one person's clock shows at the start, and how inconvenient the whole sitting is for them."""

    part: str
    label: str
    zone: str
    starts: datetime
    penalty: int


@dataclass(frozen=True, kw_only=True)
class Slot:
    """A time that fits everybody; with several days, the starts of all of them."""

    starts_at: datetime
    ends_at: datetime
    days: tuple[datetime, ...]
    penalty: int
    comfort: tuple[Comfort, ...]
    clock_changes: tuple[str, ...]
    """Zones whose clocks change between now and then."""


@dataclass(frozen=True)
class Found:
    """The best slots, how many there are in all, and why days have none; `notes` are codes about the whole search."""

    slots: tuple[Slot, ...]
    count: int
    excluded: tuple[tuple[date, tuple[Reason, ...]], ...]
    notes: tuple[str, ...] = ()
    starts: tuple[int, ...] = field(default=(), repr=False)
    """Every start that fits, in order of time."""


def search(
    wanted: Wanted,
    *,
    courts: Sequence[CourtCalendar],
    diaries: Sequence[Diary] = (),
    attendees: Sequence[Attendee] = (),
    now: datetime | None = None,
    limit: int = 20,
    per_day: int = 3,
) -> Found:
    """Every time that fits, the most convenient first. Days are those of the first court's calendar.

    Raises `Invalid` for a window that is empty or longer than a year, or a length that cannot be.
    """
    _check(wanted, courts)
    lead = courts[0].zone
    begin, end = (int(moment.timestamp()) for moment in (wanted.since, wanted.until))
    length = int(wanted.duration.total_seconds())
    first, last = calendars.local_date(begin, lead), calendars.local_date(end - 1, lead)
    count = last.toordinal() - first.toordinal() + 1
    bounds = [calendars.edge(lead, first + timedelta(days=number), 0) for number in range(count + 1)]
    sieve = _Sieve(bounds, wanted.step, [(begin, end - length)] if end - length >= begin else [])
    closed_on: list[tuple[CourtCalendar, dict[date, Closed]]] = []
    for court in courts:
        there = [calendars.local_date(moment, court.zone) for moment in (begin, end)]
        found = calendars.openings(court, there[0], there[1] + timedelta(days=1), any_hour=wanted.any_hour)
        closed_on.append((court, dict(found.closed)))
        sieve.keep([(a, b - length) for a, b in found.spans if b - a >= length], _court_reason(court, found.closed))
    before = int((wanted.margin_before + wanted.line_test).total_seconds())
    after = length + int(wanted.margin_after.total_seconds())
    need = Need(length=length, before=before, after=after - length, languages=wanted.languages)
    for diary in diaries:
        sieve.drop(interpreters.conflicts(diary.busy, before, after), _said(diary, "booked"))
        for code, starts_lost in interpreters.forbidden(diary.interpreter, need) if diary.interpreter else ():
            if code not in diary.granted:
                sieve.drop(starts_lost, _said(diary, code))
    starts = sieve.grid()
    chains: dict[int, tuple[int, ...]] = {start: (start,) for start in starts}
    if wanted.days > 1:
        chains = _chains(starts, wanted.days, lead)
        sieve.stop_at(sorted(chains), Reason(key=courts[0].key, label=courts[0].key, code="next_day"))
        starts = sorted(chains)
    best = ranked(starts, length, attendees, bounds)
    zones = {court.zone: None for court in courts} | {one.zone: None for one in attendees}
    slots = tuple(
        _slot(start, chains[start], length, attendees, list(zones), now)
        for start in _some(best, bounds, limit, per_day, before + after)
    )
    excluded = tuple(
        (first + timedelta(days=day), _reasons((bounds[day] + bounds[day + 1]) // 2, why, closed_on))
        for day, why in sorted(sieve.emptied.items())
    )
    return Found(slots, len(starts), excluded, _notes(wanted, courts, diaries), tuple(starts))


def _check(wanted: Wanted, courts: Sequence[CourtCalendar]) -> None:
    for moment in (wanted.since, wanted.until):
        if moment.tzinfo is None:
            raise NaiveTime
    if not courts:
        raise Invalid(tell("At least one calendar is needed"), "courts")
    if wanted.until <= wanted.since:
        raise Invalid(tell("The last day lies before the first"), "until")
    if wanted.until - wanted.since > WINDOW:
        raise Invalid(tell("Look at a year at most"), "until")
    if not timedelta() < wanted.duration <= timedelta(hours=12):
        raise Invalid(tell("A sitting lasts between five minutes and twelve hours"), "duration")
    if min(wanted.margin_before, wanted.margin_after, wanted.line_test) < timedelta():
        raise Invalid(tell("A margin cannot be negative"), "margin_before")
    if not 1 <= wanted.days <= 20:
        raise Invalid(tell("Between one day and twenty"), "days")
    if wanted.step <= 0 or STEP % wanted.step:
        raise Invalid(tell("A quarter of an hour, or a part of it"), "step")


# --- cutting down ------------------------------------------------------------------------------------------------

Why = Any
"""From an interval of starts that was lost to the reason."""


class _Sieve:
    """The starts still possible, and for each day that has lost its last one, what took it."""

    def __init__(self, bounds: list[int], step: int, starts: list[Span]) -> None:
        self.bounds, self.step, self.starts = bounds, step, starts
        self.emptied: dict[int, Reason] = {}
        self.alive = self._days(starts)
        for day in range(len(bounds) - 1):
            if day not in self.alive:
                self.emptied[day] = Reason(key="", label="", code="outside_window")

    def keep(self, allowed: list[Span], why: Why) -> None:
        """Only starts within these closed intervals, which are sorted and apart."""
        kept: list[Span] = []
        at = 0
        for low, high in self.starts:
            while at < len(allowed) and allowed[at][1] < low:
                at += 1
            look = at
            while look < len(allowed) and allowed[look][0] <= high:
                kept.append((max(low, allowed[look][0]), min(high, allowed[look][1])))
                look += 1
        self._left(kept, why)

    def drop(self, forbidden: Sequence[Span], why: Why) -> None:
        """No start within these closed intervals, which are sorted and apart."""
        if not forbidden:
            return
        kept: list[Span] = []
        at = 0
        for low, high in self.starts:
            while at < len(forbidden) and forbidden[at][1] < low:
                at += 1
            look = at
            while look < len(forbidden) and forbidden[look][0] <= high:
                if forbidden[look][0] > low:
                    kept.append((low, forbidden[look][0] - 1))
                low = forbidden[look][1] + 1
                look += 1
            if low <= high:
                kept.append((low, high))
        self._left(kept, why)

    def stop_at(self, starts: list[int], reason: Reason) -> None:
        """Only these starts."""
        self._left([(start, start) for start in starts], lambda lost: reason)

    def grid(self) -> list[int]:
        """The starts on the grid."""
        step = self.step
        return [start for low, high in self.starts for start in range(-(-low // step) * step, high + 1, step)]

    def _left(self, kept: list[Span], why: Why) -> None:
        alive = self._days(kept)
        lost = self.alive.keys() - alive.keys()
        for day in lost:
            self.emptied[day] = why(self.alive[day])
        self.starts, self.alive = kept, alive

    def _days(self, starts: Iterable[Span]) -> dict[int, int]:
        """Days that have a start on the grid, with the first of them."""
        found: dict[int, int] = {}
        step, bounds = self.step, self.bounds
        for low, high in starts:
            first = -(-low // step) * step
            while first <= high:
                day = bisect_right(bounds, first) - 1
                found.setdefault(day, first)
                if day + 1 >= len(bounds) or bounds[day + 1] > high:
                    break
                first = -(-bounds[day + 1] // step) * step
        return found


def _said(diary: Diary, code: str) -> Why:
    return lambda lost: Reason(key=diary.key, label=diary.label, code=code)


def _court_reason(court: CourtCalendar, closed: Any) -> Why:
    def why(lost: int) -> Reason:
        found = closed.get(calendars.local_date(lost, court.zone))
        if found is None:
            code = "outside_hours" if court.hours_known else "hours_unknown"
            return Reason(key=court.key, label=court.key, code=code)
        return Reason(key=court.key, label=court.key, code=found.code, detail=found.detail)

    return why


def _reasons(
    noon: int, why: Reason, closed_on: Sequence[tuple[CourtCalendar, dict[date, Closed]]]
) -> tuple[Reason, ...]:
    """What took the last start of a day, and every court that does not sit then by its own calendar."""
    found = [why]
    for court, closed in closed_on:
        there = closed.get(calendars.local_date(noon, court.zone))
        if there is not None and court.key != why.key:
            found.append(Reason(key=court.key, label=court.key, code=there.code, detail=there.detail))
    return tuple(found)


def _chains(starts: list[int], days: int, lead: str) -> dict[int, tuple[int, ...]]:
    """For each start, the same wall time on the next days on which it is free; none where too many days lie between."""
    by_wall: dict[tuple[int, int], int] = {}
    walls = {}
    for start in starts:
        wall = datetime.fromtimestamp(start, clocks.zone(lead))
        walls[start] = (wall.toordinal(), wall.hour * 60 + wall.minute)
        by_wall.setdefault(walls[start], start)
    found = {}
    for start, (day, minute) in walls.items():
        chain = [start]
        while len(chain) < days:
            ahead = (by_wall.get((day + one, minute)) for one in range(1, NEXT_DAY_WITHIN + 1))
            following = next((one for one in ahead if one is not None), None)
            if following is None:
                break
            day = walls[following][0]
            chain.append(following)
        if len(chain) == days:
            found[start] = tuple(chain)
    return found


# --- what is shown ------------------------------------------------------------------------------------------------


def _some(best: list[int], bounds: list[int], limit: int, per_day: int, apart: int) -> list[int]:
    """The best, no more than a few of one day, and so far apart that a resource can be kept free for each of them."""
    taken: dict[int, list[int]] = {}
    found: list[int] = []
    for start in best:
        beside = taken.setdefault(bisect_right(bounds, start), [])
        if len(beside) < per_day and all(abs(start - one) >= apart for one in beside):
            beside.append(start)
            found.append(start)
            if len(found) == limit:
                break
    return found


def _slot(
    start: int,
    chain: tuple[int, ...],
    length: int,
    attendees: Sequence[Attendee],
    zones: list[str],
    now: datetime | None,
) -> Slot:
    comfort = []
    for one in attendees:
        local = datetime.fromtimestamp(start, clocks.zone(one.zone))
        penalty = inconvenience(local.hour * 60 + local.minute, length // 60) * WEIGHTS[one.part]
        comfort.append(Comfort(part=one.part, label=one.label, zone=one.zone, starts=local, penalty=penalty))
    changes: tuple[str, ...] = ()
    if now is not None:
        moment = int(now.timestamp())
        changes = tuple(zone for zone in zones if offset(moment, zone) != offset(start, zone))
    return Slot(
        starts_at=calendars.at(start),
        ends_at=calendars.at(start + length),
        days=tuple(calendars.at(one) for one in chain),
        penalty=sum(one.penalty for one in comfort),
        comfort=tuple(comfort),
        clock_changes=changes,
    )


def _notes(wanted: Wanted, courts: Sequence[CourtCalendar], diaries: Sequence[Diary]) -> tuple[str, ...]:
    found = []
    if any(court.unverified for court in courts):
        found.append("hours_unverified")
    if any(not court.hours_known for court in courts):
        found.append("hours_unknown")
    if any(court.holidays is None for court in courts):
        found.append("holidays_unknown")
    alone = [diary.interpreter for diary in diaries if diary.interpreter is not None]
    if len(alone) == 1 and wanted.duration > timedelta(minutes=alone[0].rest.solo_speech):
        found.append("solo_interpreter_pauses")
    return tuple(found)
