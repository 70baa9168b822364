"""What speaks against an interpreter for a sitting: languages, accreditation, rest. Pure, and the same for everybody.

The slot search takes the starts that are `forbidden` out; bookings and the plan of the docket ask for the `objections`
to one start, which are the same spans asked of one instant. None of them is a law that binds every court: a person may
book all the same with a stated reason (`hearings.times.bookings`). Instants are whole seconds since 1970 in UTC.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from hearings import languages
from hearings.times import calendars
from hearings.times.calendars import Span
from hearings.times.interpreter_rest import RestRules

LASTING = frozenset({"language_pair_missing", "not_accredited", "accreditation_ended"})
"""Objections that another time of the same day does not answer. The others are `rest` and `daily_cap`."""
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
    """What she is booked for, margins included: sorted. The gap lies between these."""
    work: tuple[Span, ...] = ()
    """The sittings of these bookings, without margins: they count for the day."""


@dataclass(frozen=True, kw_only=True)
class Need:
    """What a sitting asks of an interpreter: seconds of the sitting and of what is booked around it, two languages."""

    length: int
    before: int = 0
    after: int = 0
    languages: tuple[str, str] | None = None
    """None where nobody has said between which."""


def objections(one: Interpreter, need: Need, start: int) -> tuple[str, ...]:
    """The codes of what speaks against a sitting that starts then, in the order of `forbidden`."""
    return tuple(code for code, spans in forbidden(one, need) if any(low <= start <= high for low, high in spans))


@lru_cache(maxsize=4096)
def forbidden(one: Interpreter, need: Need) -> tuple[tuple[str, tuple[Span, ...]], ...]:
    """By code, the starts at which a sitting may not begin: closed intervals, sorted and apart."""
    gap = one.rest.gap * 60
    return (
        ("language_pair_missing", () if _renders(one.pairs, need.languages) else ALWAYS),
        ("not_accredited", () if one.accredited else ALWAYS),
        ("accreditation_ended", _after_accreditation(one, need.length)),
        ("rest", tuple(conflicts(one.busy, need.before + gap, need.length + need.after + gap))),
        ("daily_cap", tuple(_over_cap(one, need.length))),
    )


def conflicts(busy: Sequence[Span], before: int, after: int) -> list[Span]:
    """Closed intervals of starts that meet what is booked: [start - before, start + after) over [begin, end)."""
    found: list[Span] = []
    for begin, end in busy:
        low, high = begin - after + 1, end + before - 1
        if found and low <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], high))
        else:
            found.append((low, high))
    return found


def by_day(zone: str, spans: Iterable[Span]) -> Mapping[date, int]:
    """Seconds of these spans by the day on the calendar of a zone: what goes over midnight counts for both days."""
    found: dict[date, int] = {}
    for begin, end in spans:
        day = calendars.local_date(begin, zone)
        while begin < end:
            midnight = calendars.edge(zone, day, 1440)
            found[day] = found.get(day, 0) + min(end, midnight) - begin
            begin, day = max(begin, midnight), day + timedelta(days=1)
    return found


def _renders(pairs: Iterable[tuple[str, str]], wanted: tuple[str, str] | None) -> bool:
    """Whether these directions lead both ways between two languages; the primary language decides."""
    if wanted is None or languages.same(*wanted):
        return True
    one, other = (languages.primary(tag) for tag in wanted)
    able = {(languages.primary(source), languages.primary(target)) for source, target in pairs}
    return {(one, other), (other, one)} <= able


def _after_accreditation(one: Interpreter, length: int) -> tuple[Span, ...]:
    """Starts of sittings that do not end by the end of the last day of the accreditation."""
    if one.accredited_until is None or one.accredited_until.year > LAST_YEAR:
        return ()
    return ((calendars.edge(one.zone, one.accredited_until, 1440) - length + 1, FAR),)


def _over_cap(one: Interpreter, length: int) -> Sequence[Span]:
    """Starts that would have her work longer in one day of her calendar than she may."""
    cap = one.rest.daily_cap * 60
    if length > cap:
        return ALWAYS
    found: list[Span] = []
    used = by_day(one.zone, one.work)
    for day in sorted(used):
        left = max(0, cap - used[day])
        low = calendars.edge(one.zone, day, 0) + left - length + 1
        high = calendars.edge(one.zone, day, 1440) - left - 1
        if length > left and low <= high:
            if found and low <= found[-1][1] + 1:
                found[-1] = (found[-1][0], max(found[-1][1], high))
            else:
                found.append((low, high))
    return found
