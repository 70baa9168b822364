"""Objections to an interpreter for a sitting: languages, accreditation, rest. Pure.

The slot search takes the starts that are `forbidden` out; bookings and the plan of the docket ask for the `objections`
to one start, which are the same spans asked of one instant. None of them is a law that binds every court: a person may
overrule them with a reason (`hearings.times.bookings`). Instants are whole seconds since 1970 in UTC.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import combinations

from hearings import languages
from hearings.law.law import LAW, Law
from hearings.times import calendars
from hearings.times.calendars import Span


@dataclass(frozen=True, kw_only=True)
class RestRules:
    """Minutes. A hearing longer than `solo_speech` with one interpreter needs pauses of `solo_pause`; one longer than
    `solo_sitting` a team of two."""

    solo_speech: int
    solo_pause: int
    daily_cap: int
    gap: int
    solo_sitting: int = 24 * 60


@dataclass(frozen=True, kw_only=True)
class RestRow:
    """One rule of the law. `edited`: by an administrator, in place of the file's."""

    rule: str
    minutes: int
    text: str
    confidence: str
    source: str
    edited: bool


@lru_cache(maxsize=8)
def rows(law: Law = LAW) -> tuple[RestRow, ...]:
    """The rules with their sources, for a page."""
    return tuple(
        RestRow(
            rule=key,
            minutes=row["minutes"],
            text=row["text"],
            confidence=row["confidence"],
            source=row["source"],
            edited=("interpreting_rest", key) in law.edited,
        )
        for key, row in law.rows["interpreting_rest"].items()
    )


@lru_cache(maxsize=8)
def rules(law: Law = LAW) -> RestRules:
    """The rules as numbers."""
    return RestRules(**{row.rule: row.minutes for row in rows(law)})


LASTING = frozenset({"language_pair_missing", "not_accredited", "accreditation_ended"})
"""Objections that no other time of the same day removes. The others are `rest` and `daily_cap`."""
FAR = 2**62
ALWAYS: tuple[Span, ...] = ((-FAR, FAR),)
LAST_YEAR = 2200
"""An accreditation that is valid beyond this year does not end."""


@dataclass(frozen=True, kw_only=True)
class Interpreter:
    """One interpreter and her diary. `zone` is that of her days."""

    zone: str
    rest: RestRules
    pairs: frozenset[tuple[str, str]] = frozenset()
    accredited: bool = True
    accredited_until: date | None = None
    """The last day on which the accreditation is valid."""
    busy: tuple[Span, ...] = ()
    """Her bookings with margins, sorted. The gap lies between these."""
    work: tuple[Span, ...] = ()
    """The sittings of these bookings, without margins; they count towards the daily cap."""


@dataclass(frozen=True, kw_only=True)
class InterpreterNeed:
    """The requirement of a sitting: seconds of the sitting and of the margins before and after, and its languages."""

    length: int
    before: int = 0
    after: int = 0
    languages: tuple[str, ...] | None = None
    """Those of the two courts, and those booked besides; None if unknown."""


def objections(interpreter: Interpreter, need: InterpreterNeed, start: int) -> tuple[str, ...]:
    """Codes of the objections to a sitting that starts then, in the order of `forbidden`."""
    return tuple(
        code for code, spans in forbidden(interpreter, need) if any(low <= start <= high for low, high in spans)
    )


@lru_cache(maxsize=4096)
def forbidden(interpreter: Interpreter, need: InterpreterNeed) -> tuple[tuple[str, tuple[Span, ...]], ...]:
    """By code, the starts at which a sitting may not begin: closed intervals, sorted and apart."""
    gap = interpreter.rest.gap * 60
    return (
        ("language_pair_missing", () if _renders(interpreter.pairs, need.languages) else ALWAYS),
        ("not_accredited", () if interpreter.accredited else ALWAYS),
        ("accreditation_ended", _after_accreditation(interpreter, need.length)),
        ("rest", tuple(conflicts(interpreter.busy, need.before + gap, need.length + need.after + gap))),
        ("daily_cap", tuple(_over_cap(interpreter, need.length))),
    )


def conflicts(busy: Sequence[Span], before: int, after: int) -> list[Span]:
    """Closed intervals of starts that overlap a booking: [start - before, start + after) over [begin, end)."""
    spans: list[Span] = []
    for begin, end in busy:
        low, high = begin - after + 1, end + before - 1
        if spans and low <= spans[-1][1] + 1:
            spans[-1] = (spans[-1][0], max(spans[-1][1], high))
        else:
            spans.append((low, high))
    return spans


def by_day(zone: str, spans: Iterable[Span]) -> Mapping[date, int]:
    """Seconds of these spans by the local day of a zone; a span over midnight is split between both days."""
    seconds: dict[date, int] = {}
    for begin, end in spans:
        day = calendars.local_date(begin, zone)
        while begin < end:
            midnight = calendars.edge(zone, day, 1440)
            seconds[day] = seconds.get(day, 0) + min(end, midnight) - begin
            begin, day = max(begin, midnight), day + timedelta(days=1)
    return seconds


def _renders(pairs: Iterable[tuple[str, str]], wanted: tuple[str, ...] | None) -> bool:
    """Whether these directions cover two of the languages both ways, by primary language."""
    spoken = sorted({languages.primary(tag) for tag in wanted or ()})
    if len(spoken) < 2:
        return True
    able = {(languages.primary(source), languages.primary(target)) for source, target in pairs}
    return any({(one, other), (other, one)} <= able for one, other in combinations(spoken, 2))


def needs_team(rest: RestRules, length: int) -> bool:
    """Whether a sitting of so many seconds is too long for one interpreter alone."""
    return length > rest.solo_sitting * 60


def in_team(interpreter: Interpreter, spoken: tuple[str, ...] | None) -> bool:
    """Whether she can take turns with another interpreter of these languages."""
    return _renders(interpreter.pairs, spoken)


def _after_accreditation(interpreter: Interpreter, length: int) -> tuple[Span, ...]:
    """Starts of sittings that do not end by the end of the last day of the accreditation."""
    if interpreter.accredited_until is None or interpreter.accredited_until.year > LAST_YEAR:
        return ()
    return ((calendars.edge(interpreter.zone, interpreter.accredited_until, 1440) - length + 1, FAR),)


def _over_cap(interpreter: Interpreter, length: int) -> Sequence[Span]:
    """Starts at which she would exceed her daily cap."""
    cap = interpreter.rest.daily_cap * 60
    if length > cap:
        return ALWAYS
    spans: list[Span] = []
    used = by_day(interpreter.zone, interpreter.work)
    for day in sorted(used):
        left = max(0, cap - used[day])
        low = calendars.edge(interpreter.zone, day, 0) + left - length + 1
        high = calendars.edge(interpreter.zone, day, 1440) - left - 1
        if length > left and low <= high:
            if spans and low <= spans[-1][1] + 1:
                spans[-1] = (spans[-1][0], max(spans[-1][1], high))
            else:
                spans.append((low, high))
    return spans
