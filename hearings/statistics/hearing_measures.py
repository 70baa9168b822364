"""What is counted of hearings and line tests: each function gives the figures of one measure. Pure."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from hearings.statistics.cells import Case, Figure, Window, counts, shares, spreads
from hearings.statistics.past import Past, PastHearing
from hearings.status import HearingStatus

CUT = ("month", "state", "instrument", "capacity")
FEW = ("state", "instrument")
ON_TIME = timedelta(minutes=15)
"""A hearing that begins no later than this after the agreed time is on time."""


def _begun(past: Past, window: Window) -> list[PastHearing]:
    return [one for one in past.hearings if window.within(one.held_at)]


def _case(hearing: PastHearing, value: float = 1.0, **keys: tuple[str, ...]) -> Case:
    return Case(hearing.request, hearing.held_at or hearing.steps[0].at, value, keys)


def hearings(past: Past, window: Window) -> Iterator[Figure]:
    """Hearings held, how they went, and those that did not take place."""
    held = _begun(past, window)
    yield from counts("held", map(_case, held), window, CUT)
    timed = [
        _case(one, float(one.held_at <= start + ON_TIME))
        for one in held
        if one.held_at is not None and (start := one.agreed_start()) is not None
    ]
    yield from shares("on_time", timed, window, FEW)
    yield from shares("interrupted", (_case(one, float(one.faults > 0)) for one in held), window, FEW)
    over = [one for one in held if one.over_at is not None]
    yield from spreads("length", (_case(one, one.hours * 60) for one in over), window, FEW)
    yield from spreads("sittings", (_case(one, float(len(one.sittings))) for one in over), window)
    for status in (HearingStatus.aborted, HearingStatus.cancelled):
        ended = [
            Case(one.request, step.at)
            for one in past.hearings
            for step in one.steps
            if step.after == status and window.within(step.at)
        ]
        yield from counts(status.value, ended, window, FEW)


def travel(past: Past, window: Window) -> Iterator[Figure]:
    """Hearings held instead of a journey of the person, or of bringing them out of custody."""
    held = _begun(past, window)
    reasoned = [_case(one, reason=(one.request.reason_no_attendance,)) for one in held]
    yield from counts("instead", (one for one in reasoned if one.request.reason_no_attendance), window, FEW)
    yield from counts("transfer_avoided", (_case(one) for one in held if one.request.in_custody), window, FEW)


def custody(past: Past, window: Window) -> Iterator[Figure]:
    """Hearings held before and after the day on which the custody must end, and those of requests that name none."""
    found: Mapping[str, list[Case]] = {"before_limit": [], "after_limit": [], "no_limit": []}
    for one in _begun(past, window):
        limit, at = one.request.custody_limit, one.held_at
        late = limit is not None and at is not None and at.astimezone(window.zone).date() > limit
        found["no_limit" if limit is None else "after_limit" if late else "before_limit"].append(_case(one))
    for what, cases in found.items():
        yield from counts(what, cases, window, FEW)


def interpreting(past: Past, window: Window) -> Iterator[Figure]:
    """Hearings with interpreting, by language and mode, and remarks on its quality for each hour."""
    held = _begun(past, window)
    interpreted = [one for one in held if one.languages or one.consecutive]
    cases = [_case(one, language=tuple(sorted(one.languages)), mode=_modes(one)) for one in interpreted]
    yield from counts("interpreted", cases, window)
    yield from shares("relay", (_case(one, float(one.relay)) for one in interpreted), window)
    hours = sum(one.hours for one in interpreted)
    if hours > 0:
        heard = [one for one in interpreted if one.hours > 0]
        yield Figure("signals", "", "", round(sum(one.signals for one in heard) / hours, 2), len(heard))


def _modes(hearing: PastHearing) -> tuple[str, ...]:
    """In which modes: a channel of a language is simultaneous interpreting."""
    return (*(("simultaneous",) if hearing.languages else ()), *(("consecutive",) if hearing.consecutive else ()))


def line(past: Past, window: Window) -> Iterator[Figure]:
    """Line tests judged in the window, how many passed, and what was measured."""
    tests = [one for one in past.tests if window.within(one.at)]
    yield from counts("tests", (Case(one.request, one.at) for one in tests), window, ("state",))
    yield from shares("passed", (Case(one.request, one.at, float(one.passed)) for one in tests), window, ("state",))
    first = (Case(one.request, one.at, float(one.passed)) for one in tests if one.first)
    yield from shares("passed_first", first, window, ("state",))
    for what, values in (
        ("loss", [(one, one.loss_percent) for one in tests]),
        ("rtt", [(one, one.rtt_ms) for one in tests]),
    ):
        cases = [Case(one.request, one.at, value) for one, value in values if value is not None]
        yield from spreads(what, cases, window, ("state",))
