"""The score of a run: which expected acts the hearing's own log shows, and in time. Pure.

Each expected act counts 0, 1 or 2. What never happened in the run, because its inject was not fired, counts nowhere: a
score sheet says how many acts it is of.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from hearings.events import EventKind
from hearings.sentences import Sentence, tell
from hearings.training.drills import Drill, ExpectedAct

FULL, PARTLY, NOTHING = 2, 1, 0
LATE_UP_TO = 3
"""An act that comes within this many times the seconds allowed still counts in part."""


@dataclass(frozen=True, kw_only=True)
class RunEvent:
    """An event of the hearing's log, as far as it is scored."""

    seq: int
    at: datetime
    kind: str
    role: str
    """Role of whoever did it; empty: the service itself."""
    data: Mapping[str, Any] = field(default_factory=dict)


class ActOutcome(StrEnum):
    """What became of an expected act."""

    in_time = "in_time"
    late = "late"
    by_other = "by_other"
    """Somebody did it in time whose act it was not to be."""
    not_seen = "not_seen"
    kept = "kept"
    """What must not be seen was not seen."""
    broken = "broken"
    """What must not be seen was seen."""
    not_played = "not_played"
    """Its inject was not fired in this run."""


POINTS: Mapping[ActOutcome, int] = {
    ActOutcome.in_time: FULL,
    ActOutcome.late: PARTLY,
    ActOutcome.by_other: PARTLY,
    ActOutcome.not_seen: NOTHING,
    ActOutcome.kept: FULL,
    ActOutcome.broken: NOTHING,
    ActOutcome.not_played: NOTHING,
}


@dataclass(frozen=True, kw_only=True)
class ScoredAct:
    """One line of the score sheet."""

    act: ExpectedAct
    outcome: ActOutcome
    seconds: float | None
    """From the inject, or from the event after it that counts, to the act; None where there is none."""
    seq: int | None
    """Number of the act in the hearing's log."""

    @property
    def points(self) -> int:
        """0, 1 or 2."""
        return POINTS[self.outcome]

    def says(self) -> Sentence:
        """Why it has these points."""
        if self.seconds is None:
            return SAYS[self.outcome]()
        return SAYS[self.outcome](seconds=round(self.seconds), within=self.act.within)


def _in_time(seconds: int, within: int) -> Sentence:
    return tell("Done after {seconds} s; {within} s are allowed", seconds=seconds, within=within)


def _late(seconds: int, within: int) -> Sentence:
    return tell("Done too late, after {seconds} s; {within} s are allowed", seconds=seconds, within=within)


def _by_other(seconds: int, within: int) -> Sentence:
    return tell("Done after {seconds} s, by somebody whose act it is not", seconds=seconds)


def _broken(seconds: int, within: int) -> Sentence:
    return tell("Done after {seconds} s, and it should not have been", seconds=seconds)


SAYS: Mapping[ActOutcome, Callable[..., Sentence]] = {
    ActOutcome.in_time: _in_time,
    ActOutcome.late: _late,
    ActOutcome.by_other: _by_other,
    ActOutcome.broken: _broken,
    ActOutcome.not_seen: lambda: tell("Not seen in the log of the hearing"),
    ActOutcome.kept: lambda: tell("Rightly not done"),
    ActOutcome.not_played: lambda: tell("Not asked for in this run"),
}
"""The sentence of each outcome."""


@dataclass(frozen=True, kw_only=True)
class ScoreSheet:
    """The score of one run."""

    drill: Drill
    acts: tuple[ScoredAct, ...]

    @property
    def points(self) -> int:
        """All points together."""
        return sum(one.points for one in self.acts)

    @property
    def most(self) -> int:
        """The most points that this run could have."""
        return FULL * sum(one.outcome is not ActOutcome.not_played for one in self.acts)

    @property
    def whole(self) -> bool:
        """Whether every inject of the drill was fired."""
        return all(one.outcome is not ActOutcome.not_played for one in self.acts)


def score(drill: Drill, log: Sequence[RunEvent]) -> ScoreSheet:
    """The score sheet of a run, by the log of its hearing in any order."""
    ordered = sorted(log, key=lambda one: one.seq)
    return ScoreSheet(drill=drill, acts=tuple(_scored(drill, act, ordered) for act in drill.expected))


def _scored(drill: Drill, act: ExpectedAct, log: Sequence[RunEvent]) -> ScoredAct:
    fired = next((one for one in log if _fires(one, drill, act.inject)), None)
    if fired is None:
        return ScoredAct(act=act, outcome=ActOutcome.not_played, seconds=None, seq=None)
    whom = str(fired.data.get("participant", ""))
    behind = [one for one in log if one.seq > fired.seq]
    begin = fired if act.since is None else next((one for one in behind if _since(one, act, whom)), None)
    found = [one for one in behind if one.kind in act.kinds and (not act.about or one.data.get("participant") == whom)]
    if act.never:
        return _made(act, ActOutcome.broken, fired, found[0]) if found else _none(act, ActOutcome.kept)
    if begin is None:
        return _none(act, ActOutcome.not_seen)
    found = [one for one in found if one.seq > begin.seq]
    right = [one for one in found if _of(one, act)]
    if right and _seconds(begin, right[0]) <= act.within:
        return _made(act, ActOutcome.in_time, begin, right[0])
    if right and _seconds(begin, right[0]) <= act.within * LATE_UP_TO:
        return _made(act, ActOutcome.late, begin, right[0])
    if found and _seconds(begin, found[0]) <= act.within:
        return _made(act, ActOutcome.by_other, begin, found[0])
    return _none(act, ActOutcome.not_seen)


def _fires(one: RunEvent, drill: Drill, inject: str) -> bool:
    return one.kind == EventKind.drill_inject and (one.data.get("drill"), one.data.get("inject")) == (drill.id, inject)


def _since(one: RunEvent, act: ExpectedAct, whom: str) -> bool:
    """Whether this is the event from which seconds count: of the inject's person, where it is of a person."""
    return one.kind == act.since and one.data.get("participant", whom) == whom


def _of(one: RunEvent, act: ExpectedAct) -> bool:
    return any(one.role == (role.value if role is not None else "") for role in act.by)


def _seconds(begin: RunEvent, end: RunEvent) -> float:
    return (end.at - begin.at).total_seconds()


def _made(act: ExpectedAct, outcome: ActOutcome, begin: RunEvent, end: RunEvent) -> ScoredAct:
    return ScoredAct(act=act, outcome=outcome, seconds=_seconds(begin, end), seq=end.seq)


def _none(act: ExpectedAct, outcome: ActOutcome) -> ScoredAct:
    return ScoredAct(act=act, outcome=outcome, seconds=None, seq=None)
