"""Figures, and how cases are counted into them: one for all cases, and one for each group of each cut."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from math import ceil
from statistics import median
from typing import NamedTuple

from hearings.sentences import N_
from hearings.statistics.past import PastRequest

DAY = timedelta(days=1)


class Figure(NamedTuple):
    """One number. Without a cut it is of all cases; else of those whose group in the cut is `key`.

    `cases`: of how many cases it was made; `hits`: of a share, how many of them. `value` is None where it is not shown.
    """

    what: str
    cut: str
    key: str
    value: float | None
    cases: int
    hits: int | None = None


class Case(NamedTuple):
    """Something counted at an instant. `keys`: its groups in cuts that only its measure has."""

    request: PastRequest
    at: datetime
    value: float = 1.0
    keys: Mapping[str, Iterable[str]] = {}


@dataclass(frozen=True, kw_only=True)
class Window:
    """What is asked. Counted is what was done from `since` on and before `until`; `as_of` is never before `until`."""

    since: datetime
    until: datetime
    as_of: datetime
    zone: tzinfo
    """Of the months."""
    own: str = ""
    """The State whose figures these are; empty: of no State, so that no figure is by State."""
    received: bool | None = None
    """Whether its requests are those it received, or sent; None: of no State."""
    without: frozenset[str] = field(default_factory=frozenset)
    """Cuts that are not made."""

    def within(self, at: datetime | None) -> bool:
        """Whether something was done in the window."""
        return at is not None and self.since <= at < self.until


def _other(case: Case, window: Window) -> Iterable[str]:
    if not window.own:
        return ()
    request = case.request
    return (request.requesting_state if window.own == request.requested_state else request.requested_state,)


CUTS: Mapping[str, tuple[str, Callable[[Case, Window], Iterable[str]]]] = {
    "month": (N_("Month"), lambda case, window: (f"{case.at.astimezone(window.zone):%Y-%m}",)),
    "state": (N_("Other State"), _other),
    "instrument": (N_("Instrument"), lambda case, _window: case.request.instruments),
    "offence_scope": (N_("Offence"), lambda case, _window: case.request.offence_scope),
    "capacity": (N_("Capacity"), lambda case, _window: (case.request.capacity,)),
    "stage": (N_("Stage of the proceedings"), lambda case, _window: (case.request.stage,)),
    "channel": (N_("Channel"), lambda case, _window: (case.request.channel,)),
    "urgent": (N_("Urgent"), lambda case, _window: ("yes" if case.request.urgent else "no",)),
    "oral": (N_("Made orally"), lambda case, _window: ("yes" if case.request.oral else "no",)),
}
"""Cuts of every measure that names them: label, and the groups a case is in. A request that relies on several
instruments, or whose offence falls under several conventions, is in several groups; an empty key: not stated."""
OWN_CUTS: Mapping[str, str] = {
    "age": N_("Days since submission"),
    "priority": N_("Priority"),
    "waits_for": N_("Waits for"),
    "ground": N_("Ground of refusal"),
    "reason": N_("Why the person does not come"),
    "language": N_("Interpreted into"),
    "mode": N_("Interpreting"),
}
"""Cuts that only one measure has."""
BY_STATE = frozenset({"state"})


def grouped(cases: Iterable[Case], window: Window, cuts: Sequence[str]) -> dict[tuple[str, str], list[float]]:
    """The values of the cases, by cut and group; those of all under two empty texts."""
    functions = [(cut, CUTS[cut][1]) for cut in cuts if cut in CUTS and cut not in window.without]
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    found["", ""] = []
    for case in cases:
        found["", ""].append(case.value)
        for cut, function in functions:
            for key in function(case, window):
                found[cut, key].append(case.value)
        for cut, keys in case.keys.items():
            if cut not in window.without:
                for key in keys:
                    found[cut, key].append(case.value)
    return found


def counts(what: str, cases: Iterable[Case], window: Window, cuts: Sequence[str] = ()) -> Iterator[Figure]:
    """How many."""
    for (cut, key), values in grouped(cases, window, cuts).items():
        yield Figure(what, cut, key, len(values), len(values))


def shares(what: str, cases: Iterable[Case], window: Window, cuts: Sequence[str] = ()) -> Iterator[Figure]:
    """Of how many cases, in per cent, the value is 1 (and not 0). No figure where there are no cases."""
    for (cut, key), values in grouped(cases, window, cuts).items():
        if values:
            hits = int(sum(values))
            yield Figure(what, cut, key, round(100 * hits / len(values), 1), len(values), hits)


SPREAD: Mapping[str, Callable[[Sequence[float]], float]] = {
    "median": median,
    "p75": lambda values: ranked(values, 0.75),
    "p90": lambda values: ranked(values, 0.9),
}


def ranked(values: Sequence[float], part: float) -> float:
    """The smallest of the sorted values that this part of them does not exceed (nearest rank: one that occurred)."""
    return values[ceil(part * len(values)) - 1]


def spreads(what: str, cases: Iterable[Case], window: Window, cuts: Sequence[str] = ()) -> Iterator[Figure]:
    """Median, 75th and 90th percentile of the values, each a figure of its own. None where there are no cases."""
    for (cut, key), values in grouped(cases, window, cuts).items():
        if values:
            values.sort()
            for name, function in SPREAD.items():
                yield Figure(f"{what}_{name}", cut, key, round(function(values), 2), len(values))
