"""Finding a time: a pure search over any number of calendars and diaries, with a reason for every day without one.

Instants are whole seconds in UTC; the times at which a hearing may start are closed intervals [low, high]. Every
calendar and diary cuts them down in turn, in one sweep each, so the work follows the number of intervals and not the
number of minutes. The search reports what excluded a day, and ranks the rest by convenience
(`hearings.times.convenience`).
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from hearings import clocks
from hearings.errors import Invalid, NaiveTime
from hearings.sentences import tell
from hearings.texts import LAST_BEFORE_FIRST
from hearings.times import calendars, interpreters
from hearings.times.calendars import Closed, CourtCalendar, Span
from hearings.times.convenience import WEIGHTS, Attendee, inconvenience, offset, ranked
from hearings.times.interpreters import Interpreter, InterpreterNeed
from hearings.times.wall_times import SITTING_LENGTH

STEP = 15 * 60
"""Seconds between two starts that are tried; zones lie quarters of an hour apart."""
WINDOW = timedelta(days=370)
NEXT_DAY_WITHIN = 5
"""Days within which the next day of a hearing over several days has to follow: a weekend with a holiday beside it."""


@dataclass(frozen=True, kw_only=True)
class Diary:
    """Bookings of one resource: sorted spans. `granted`: objections that have been overruled."""

    key: str
    label: str
    busy: tuple[Span, ...] = ()
    interpreter: Interpreter | None = None
    granted: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class SlotSearch:
    """The input of a search. Margins and line test occupy resources; the sitting itself must fit into court hours."""

    since: datetime
    until: datetime
    duration: timedelta
    margin_before: timedelta = timedelta()
    margin_after: timedelta = timedelta()
    line_test: timedelta = timedelta()
    days: int = 1
    languages: tuple[str, ...] | None = None
    """The languages between which interpreters render, if known."""
    any_hour: bool = False
    """Whether times outside court hours count, on days on which the courts sit."""
    step: int = STEP


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why a day has no slot: the court or resource, a code, and details.

    Codes: `holiday`, `recess`, `closure`, `not_a_court_day`, `hours_unknown`, `outside_hours`, `booked`, `next_day`,
    `outside_window`, and those of `hearings.times.interpreters`.
    """

    key: str
    label: str
    code: str
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Convenience:
    """One person's local time at the start, and the inconvenience of the sitting for them."""

    part: str
    label: str
    zone: str
    starts: datetime
    penalty: int


@dataclass(frozen=True, kw_only=True)
class Slot:
    """A time that fits all; with several days, the starts of all of them."""

    starts_at: datetime
    ends_at: datetime
    days: tuple[datetime, ...]
    penalty: int
    comfort: tuple[Convenience, ...]
    clock_changes: tuple[str, ...]
    """Zones whose offset changes between now and then."""


@dataclass(frozen=True)
class SlotResults:
    """The best slots, how many there are in all, and why days have none; `notes` are codes about the whole search."""

    slots: tuple[Slot, ...]
    count: int
    excluded: tuple[tuple[date, tuple[Reason, ...]], ...]
    notes: tuple[str, ...] = ()
    starts: tuple[int, ...] = field(default=(), repr=False)
    """Every start that fits, in order of time."""
    slots_at: Callable[[Iterable[int]], tuple[Slot, ...]] = field(default=lambda starts: (), repr=False, compare=False)
    """The slots of some of `starts`, in their order."""


def search(
    wanted: SlotSearch,
    *,
    courts: Sequence[CourtCalendar],
    diaries: Sequence[Diary] = (),
    attendees: Sequence[Attendee] = (),
    now: datetime | None = None,
    limit: int = 20,
    per_day: int = 3,
) -> SlotResults:
    """Every time that fits, the most convenient first. Days are those of the first court's calendar.

    Raises `Invalid` for a window that is empty or longer than a year, or a length out of range.
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
        days = [calendars.local_date(moment, court.zone) for moment in (begin, end)]
        opening = calendars.openings(court, days[0], days[1] + timedelta(days=1), any_hour=wanted.any_hour)
        closed_on.append((court, dict(opening.closed)))
        sieve.keep([(a, b - length) for a, b in opening.spans if b - a >= length], _court_reason(court, opening.closed))
    before = int((wanted.margin_before + wanted.line_test).total_seconds())
    after = length + int(wanted.margin_after.total_seconds())
    need = InterpreterNeed(length=length, before=before, after=after - length, languages=wanted.languages)
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
    zones = {court.zone: None for court in courts} | {attendee.zone: None for attendee in attendees}

    def slots_at(some: Iterable[int]) -> tuple[Slot, ...]:
        return tuple(_slot(start, chains[start], length, attendees, list(zones), now) for start in some)

    slots = slots_at(_some(best, bounds, limit, per_day, before + after))
    excluded = tuple(
        (first + timedelta(days=day), _reasons((bounds[day] + bounds[day + 1]) // 2, why, closed_on))
        for day, why in sorted(sieve.emptied.items())
    )
    return SlotResults(slots, len(starts), excluded, _notes(wanted, courts, diaries), tuple(starts), slots_at)


def _check(wanted: SlotSearch, courts: Sequence[CourtCalendar]) -> None:
    for moment in (wanted.since, wanted.until):
        if moment.tzinfo is None:
            raise NaiveTime
    if not courts:
        raise Invalid(tell("At least one calendar is needed"), "courts")
    if wanted.until <= wanted.since:
        raise Invalid(tell(LAST_BEFORE_FIRST), "until")
    if wanted.until - wanted.since > WINDOW:
        raise Invalid(tell("Look at a year at most"), "until")
    if not timedelta() < wanted.duration <= timedelta(hours=12):
        raise Invalid(tell(SITTING_LENGTH), "duration")
    if min(wanted.margin_before, wanted.margin_after, wanted.line_test) < timedelta():
        raise Invalid(tell("A buffer cannot be negative"), "margin_before")
    if not 1 <= wanted.days <= 20:
        raise Invalid(tell("Between one day and twenty"), "days")
    if wanted.step <= 0 or STEP % wanted.step:
        raise Invalid(tell("A quarter of an hour, or a part of it"), "step")


# --- cutting down ------------------------------------------------------------------------------------------------

Why = Any
"""A function from a lost start to the reason for losing it."""


class _Sieve:
    """The starts still possible, and for each day without one, the reason for losing its last."""

    def __init__(self, bounds: list[int], step: int, starts: list[Span]) -> None:
        self.bounds, self.step, self.starts = bounds, step, starts
        self.emptied: dict[int, Reason] = {}
        self.alive = self._days(starts)
        for day in range(len(bounds) - 1):
            if day not in self.alive:
                self.emptied[day] = Reason(key="", label="", code="outside_window")

    def keep(self, allowed: list[Span], why: Why) -> None:
        """Only starts within these closed intervals, which are sorted and apart."""
        starts: list[Span] = []
        at = 0
        for low, high in self.starts:
            while at < len(allowed) and allowed[at][1] < low:
                at += 1
            look = at
            while look < len(allowed) and allowed[look][0] <= high:
                starts.append((max(low, allowed[look][0]), min(high, allowed[look][1])))
                look += 1
        self._left(starts, why)

    def drop(self, forbidden: Sequence[Span], why: Why) -> None:
        """No start within these closed intervals, which are sorted and apart."""
        if not forbidden:
            return
        starts: list[Span] = []
        at = 0
        for low, high in self.starts:
            while at < len(forbidden) and forbidden[at][1] < low:
                at += 1
            look = at
            while look < len(forbidden) and forbidden[look][0] <= high:
                if forbidden[look][0] > low:
                    starts.append((low, forbidden[look][0] - 1))
                low = forbidden[look][1] + 1
                look += 1
            if low <= high:
                starts.append((low, high))
        self._left(starts, why)

    def stop_at(self, starts: list[int], reason: Reason) -> None:
        """Only these starts."""
        self._left([(start, start) for start in starts], lambda lost: reason)

    def grid(self) -> list[int]:
        """The starts on the grid."""
        step = self.step
        return [start for low, high in self.starts for start in range(-(-low // step) * step, high + 1, step)]

    def _left(self, starts: list[Span], why: Why) -> None:
        alive = self._days(starts)
        lost = self.alive.keys() - alive.keys()
        for day in lost:
            self.emptied[day] = why(self.alive[day])
        self.starts, self.alive = starts, alive

    def _days(self, starts: Iterable[Span]) -> dict[int, int]:
        """Days that have a start on the grid, with the first of them."""
        first_by_day: dict[int, int] = {}
        step, bounds = self.step, self.bounds
        for low, high in starts:
            first = -(-low // step) * step
            while first <= high:
                day = bisect_right(bounds, first) - 1
                first_by_day.setdefault(day, first)
                if day + 1 >= len(bounds) or bounds[day + 1] > high:
                    break
                first = -(-bounds[day + 1] // step) * step
        return first_by_day


def _said(diary: Diary, code: str) -> Why:
    return lambda lost: Reason(key=diary.key, label=diary.label, code=code)


def _court_reason(court: CourtCalendar, closed: Any) -> Why:
    def why(lost: int) -> Reason:
        closure = closed.get(calendars.local_date(lost, court.zone))
        if closure is None:
            code = "outside_hours" if court.hours_known else "hours_unknown"
            return Reason(key=court.key, label=court.key, code=code)
        return Reason(key=court.key, label=court.key, code=closure.code, detail=closure.detail)

    return why


def _reasons(
    noon: int, why: Reason, closed_on: Sequence[tuple[CourtCalendar, dict[date, Closed]]]
) -> tuple[Reason, ...]:
    """The reason for losing the last start of a day, and every court that does not sit on it."""
    reasons = [why]
    for court, closed in closed_on:
        closure = closed.get(calendars.local_date(noon, court.zone))
        if closure is not None and court.key != why.key:
            reasons.append(Reason(key=court.key, label=court.key, code=closure.code, detail=closure.detail))
    return tuple(reasons)


def _chains(starts: list[int], days: int, lead: str) -> dict[int, tuple[int, ...]]:
    """For each start, the same wall time on the next days on which it is free; none where too many days lie between."""
    by_wall: dict[tuple[int, int], int] = {}
    walls = {}
    for start in starts:
        wall = datetime.fromtimestamp(start, clocks.zone(lead))
        walls[start] = (wall.toordinal(), wall.hour * 60 + wall.minute)
        by_wall.setdefault(walls[start], start)
    chains = {}
    for start, (day, minute) in walls.items():
        chain = [start]
        while len(chain) < days:
            ahead = (by_wall.get((day + later, minute)) for later in range(1, NEXT_DAY_WITHIN + 1))
            following = next((next_start for next_start in ahead if next_start is not None), None)
            if following is None:
                break
            day = walls[following][0]
            chain.append(following)
        if len(chain) == days:
            chains[start] = tuple(chain)
    return chains


# --- what is shown ------------------------------------------------------------------------------------------------


def _some(best: list[int], bounds: list[int], limit: int, per_day: int, apart: int) -> list[int]:
    """The best starts, at most `per_day` of one day, and so far apart that a resource can be booked for each."""
    taken: dict[int, list[int]] = {}
    chosen: list[int] = []
    for start in best:
        same_day = taken.setdefault(bisect_right(bounds, start), [])
        if len(same_day) < per_day and all(abs(start - other) >= apart for other in same_day):
            same_day.append(start)
            chosen.append(start)
            if len(chosen) == limit:
                break
    return chosen


def _slot(
    start: int,
    chain: tuple[int, ...],
    length: int,
    attendees: Sequence[Attendee],
    zones: list[str],
    now: datetime | None,
) -> Slot:
    conveniences = []
    for attendee in attendees:
        local = datetime.fromtimestamp(start, clocks.zone(attendee.zone))
        penalty = inconvenience(local.hour * 60 + local.minute, length // 60) * WEIGHTS[attendee.part]
        conveniences.append(
            Convenience(part=attendee.part, label=attendee.label, zone=attendee.zone, starts=local, penalty=penalty)
        )
    changes: tuple[str, ...] = ()
    if now is not None:
        moment = int(now.timestamp())
        changes = tuple(zone for zone in zones if offset(moment, zone) != offset(start, zone))
    return Slot(
        starts_at=calendars.at(start),
        ends_at=calendars.at(start + length),
        days=tuple(calendars.at(second) for second in chain),
        penalty=sum(each.penalty for each in conveniences),
        comfort=tuple(conveniences),
        clock_changes=changes,
    )


def _notes(wanted: SlotSearch, courts: Sequence[CourtCalendar], diaries: Sequence[Diary]) -> tuple[str, ...]:
    notes = []
    if any(court.unverified for court in courts):
        notes.append("hours_unverified")
    if any(not court.hours_known for court in courts):
        notes.append("hours_unknown")
    if any(court.holidays is None for court in courts):
        notes.append("holidays_unknown")
    alone = [diary.interpreter for diary in diaries if diary.interpreter is not None]
    if len(alone) == 1 and wanted.duration > timedelta(minutes=alone[0].rest.solo_speech):
        notes.append("solo_interpreter_pauses")
    return tuple(notes)
