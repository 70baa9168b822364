"""What an interpreter's page measures of what reaches ear and eye, summed against limits (`interpreting_limits.csv`).

The server decodes nothing, so that only the page can measure decoded sound. A report covers 30 s; a sum is kept for the
minutes every ten minutes and at the end (event `interpreting_figures`), as numbers, without sound.
"""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import SYSTEM
from hearings.events import EventKind, record
from hearings.models import Hearing, HearingEvent, Sitting
from hearings.status import LIVE_SITTINGS

EVERY = timedelta(minutes=10)
COUNTED = frozenset({"freezes", "limits", "howls"})
"""Measures that are counted over the whole sum; of the others each report has a value of its own."""


@dataclass(frozen=True, kw_only=True)
class Limit:
    """One measure: what is wanted, and from where on it is missed. `most`: more is worse."""

    measure: str
    unit: str
    most: bool
    wanted: float
    limit: float

    def missed(self, value: float) -> bool:
        """Whether a value is beyond the limit."""
        return value > self.limit if self.most else value < self.limit


@cache
def limits() -> Mapping[str, Limit]:
    """The table, by measure."""
    text = (files("hearings") / "data" / "interpreting_limits.csv").read_text("utf-8")
    return {
        row["measure"]: Limit(
            measure=row["measure"],
            unit=row["unit"],
            most=row["compare"] == "most",
            wanted=float(row["wanted"]),
            limit=float(row["limit"]),
        )
        for row in csv.DictReader(text.splitlines())
    }


@dataclass
class FiguresSum:
    """The reports of one interpreter since `since`: by measure how many, their sum, the worst, and how many missed."""

    since: datetime
    reports: int = 0
    measures: dict[str, dict[str, float]] = field(default_factory=dict)

    def add(self, values: Mapping[str, float | None]) -> None:
        """Take in one report; a measure without a value was not measured."""
        self.reports += 1
        for name, value in values.items():
            limit = limits().get(name)
            if limit is None or value is None:
                continue
            one = self.measures.setdefault(name, {"count": 0, "sum": 0, "worst": value, "missed": 0})
            one["count"] += 1
            one["sum"] += value
            one["worst"] = max(one["worst"], value) if limit.most else min(one["worst"], value)
            one["missed"] += limit.missed(value)

    def as_data(self) -> dict[str, Any]:
        """For the event: of counted measures the total; of others mean, worst, and how many missed the limit."""
        result: dict[str, dict[str, Any]] = {}
        for name, one in self.measures.items():
            if name in COUNTED:
                result[name] = {"total": one["sum"], "missed": limits()[name].missed(one["sum"])}
            else:
                counted = {"missed": int(one["missed"]), "of": int(one["count"])}
                result[name] = {"mean": round(one["sum"] / one["count"], 1), "worst": one["worst"], **counted}
        return {"since": self.since.isoformat(), "reports": self.reports, "measures": result}


STOPPING = ("concealed", "latency")
"""Measures of which each report beyond the limit is a miss of the stop rule; freezes are one where there are more than
the limit within `EVERY`."""
StopStep = Literal["", "consecutive", "hold"]


@dataclass
class StopRule:
    """When simultaneous interpreting of one interpreter is over, by what the page measured: at the second miss within
    `EVERY` interpreting goes back to consecutive, at the third the floor is held. A product rule; no standard has one.
    """

    missed: list[datetime] = field(default_factory=list)
    freezes: list[tuple[datetime, float]] = field(default_factory=list)

    def add(self, values: Mapping[str, float | None], now: datetime) -> StopStep:
        """Take in one report; what follows from it, if anything. After a hold the rule counts from the beginning."""
        self.missed = [at for at in self.missed if now - at < EVERY]
        self.freezes = [(at, many) for at, many in self.freezes if now - at < EVERY]
        if many := values.get("freezes"):
            self.freezes.append((now, many))
        frozen = limits()["freezes"].missed(sum(many for _at, many in self.freezes))
        if frozen:
            self.freezes = []
        beyond = (name for name in STOPPING if (value := values.get(name)) is not None and limits()[name].missed(value))
        if not frozen and next(beyond, None) is None:
            return ""
        self.missed.append(now)
        if len(self.missed) == 2:
            return "consecutive"
        if len(self.missed) < 3:
            return ""
        self.missed = []
        return "hold"


def due(sums: Mapping[str, FiguresSum], sitting: Sitting, now: datetime) -> list[str]:
    """The interpreters whose sum is to be kept now: after ten minutes, or as soon as the sitting is no longer live."""
    over = sitting.status not in LIVE_SITTINGS
    return [who for who, one in sums.items() if one.reports and (over or now - one.since >= EVERY)]


async def keep(db: AsyncSession, *, hearing: Hearing, who: str, found: FiguresSum, now: datetime) -> None:
    """Keep a sum in the log. Effects: event interpreting_figures."""
    kind = EventKind.interpreting_figures
    await record(db, hearing=hearing, kind=kind, actor=SYSTEM, now=now, participant=who, **found.as_data())


@dataclass(frozen=True)
class InterpretingTotal:
    """How often and how long was interpreted consecutively in one direction, or not at all into one language."""

    number: int
    seconds: float
    events: tuple[int, ...]
    """Their entries in the log."""


def consecutive(events: Iterable[HearingEvent]) -> dict[tuple[str, tuple[str, ...]], InterpretingTotal]:
    """What a log says of consecutive interpreting, by direction: from which language, and into which; both empty where
    it does not say. What one interpreter began and another ended counts once, what was skipped not at all."""
    found: dict[tuple[str, tuple[str, ...]], InterpretingTotal] = {}
    for event in events:
        if event.kind != EventKind.interpreting_ended or event.data.get("skipped"):
            continue
        way = (str(event.data.get("lang", "")), tuple(event.data.get("into", ())))
        before = found.get(way, InterpretingTotal(0, 0.0, ()))
        found[way] = InterpretingTotal(
            before.number + (not event.data.get("goes_on")),
            before.seconds + float(event.data["seconds"]),
            (*before.events, event.seq),
        )
    return found


def skipped(events: Iterable[HearingEvent]) -> tuple[int, ...]:
    """The entries of a log about words that were not interpreted, because the presiding judge went on without."""
    return tuple(e.seq for e in events if e.kind == EventKind.interpreting_ended and e.data.get("skipped"))


def uncovered(events: Iterable[HearingEvent]) -> dict[str, InterpretingTotal]:
    """By language, the times in which nobody interpreted into it although somebody needed it."""
    found: dict[str, InterpretingTotal] = {}
    for event in events:
        if event.kind == EventKind.uncovered:
            lang = str(event.data["lang"])
            before = found.get(lang, InterpretingTotal(0, 0.0, ()))
            seconds = before.seconds + float(event.data["seconds"])
            found[lang] = InterpretingTotal(before.number + 1, seconds, (*before.events, event.seq))
    return found
