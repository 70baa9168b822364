"""The docket as a constraint model (CP-SAT of ortools), solved level by level of priority.

For each priority, highest first: place as many as can be, with the least delay in all; then, of all ways to do so, put
those received earlier before the others. The result of a level is a constraint of all lower ones, so that a lower one
never worsens a higher one. One worker, a fixed seed and a limit of counted work make the same plan of the same docket
every time. If the work is used up, the best solution so far is the plan, and it is not marked as proven.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hearings.errors import PlanningMissing
from hearings.times.docket import (
    Docket,
    Job,
    Placed,
    Plan,
    booked,
    by_priority,
    delay,
    described,
    evenly,
    fill,
    first_come,
    left,
    work,
)

SECONDS = 20.0
"""Time limit of the solver."""
SEED = 20_261_124
SHARES = (0.8, 0.2)
"""Shares of the work of a level: for the goals, and for the order among equals."""
PATIENCE = 3
"""Factor of the allowed work in real time after which the search is stopped."""

Use = tuple[datetime, str]
"""A start, and a resource that represents all equal ones."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The best plan, and that of first-come order."""

    best: Plan
    first_come: Plan


def compare(docket: Docket, *, seconds: float = SECONDS) -> Comparison:
    """Plan by priorities and by first-come order. Raises `PlanningMissing` if the solver is not installed."""
    placed, proven = solve(docket, seconds=seconds)
    return Comparison(best=described(docket, evenly(docket, placed), proven=proven), first_come=first_come(docket))


def solve(docket: Docket, *, seconds: float) -> tuple[Placed, bool]:
    """The best placements, and whether that is proven. Raises `PlanningMissing` if the solver is not installed."""
    try:
        from ortools.sat.python import cp_model
    except ImportError as error:
        raise PlanningMissing("Planning is not installed here: the solver (ortools) is missing") from error
    order = by_priority(docket)
    levels = [[job for job in order if job.priority == level] for level in dict.fromkeys(job.priority for job in order)]
    simple = fill(docket, {}, order)
    if seconds <= 0:
        return simple, not order
    model = _Model(docket, cp_model)
    model.hint(simple)
    ends = time.monotonic() + PATIENCE * seconds
    settled: list[Job] = []
    proven = True
    for jobs in levels:
        goals = list(model.goals(jobs))
        for goal, share in zip(goals, SHARES, strict=True):
            if time.monotonic() >= ends:
                break
            proven &= model.improve(goal, share * seconds / len(levels), ends - time.monotonic())
        else:
            settled += jobs
            continue
        proven = False
        break
    if proven:
        return model.placements(order), True
    filled = fill(docket, model.placements(settled), order)
    return min(filled, simple, key=lambda placed: worth(docket, placed)), False


def worth(docket: Docket, placed: Placed) -> list[tuple[int, int, int, int]]:
    """The goals' values of a plan, level by level; less is better."""
    order = by_priority(docket)
    worths = []
    for level in dict.fromkeys(job.priority for job in order):
        ranked = enumerate(reversed([job for job in order if job.priority == level]), 1)
        delays = [(rank, _minutes(delay(docket, job, placed))) for rank, job in ranked if job.id in placed]
        waits = sum(wait for _rank, wait in delays)
        ranks = sum(rank for rank, _wait in delays)
        worths.append((-len(delays), waits, -ranks, sum(rank * wait for rank, wait in delays)))
    return worths


def alike(docket: Docket) -> dict[str, str]:
    """By resource, the representative of all that are interchangeable for every request."""
    wanted: dict[str, list[tuple[str, int]]] = {each.id: [] for each in docket.resources}
    for job in docket.jobs:
        for number, need in enumerate(job.needs):
            for fromkey in dict.fromkeys(need):
                wanted[fromkey].append((job.id, number))
    stands: dict[Any, str] = {}
    representatives = {}
    for resource in docket.resources:
        own = resource.id if resource.interpreter is not None else tuple(wanted[resource.id])
        representatives[resource.id] = stands.setdefault((own, tuple(sorted(resource.busy))), resource.id)
    return representatives


class _Model:
    """Owns the solver's variables: `at[job][start]`, and `uses[job][need][start, resource]`, all yes or no."""

    def __init__(self, docket: Docket, cp_model: Any) -> None:
        self.docket, self.cp = docket, cp_model
        self.model = cp_model.CpModel()
        self.at: dict[str, dict[datetime, Any]] = {}
        self.uses: dict[str, list[dict[Use, Any]]] = {}
        self.found: dict[int, int] = {}
        self.stands = alike(docket)
        self.alike: dict[str, list[str]] = {}
        for resource_id, first in self.stands.items():
            self.alike.setdefault(first, []).append(resource_id)
        for job in docket.jobs:
            self._add(job)
        for resource, same in self.alike.items():
            self._together(resource, len(same))
            self._no_longer_than(resource)

    def _add(self, job: Job) -> None:
        """At most one start; with it, one resource for each need, none twice."""
        known = self.docket.by_id
        starts = {
            start: self.model.new_bool_var(f"{job.id}@{number}") for number, start in enumerate(sorted(set(job.starts)))
        }
        uses = [
            {
                (start, fromkey): self.model.new_bool_var(f"{job.id}.{number}.{fromkey}")
                for start in starts
                for fromkey in dict.fromkeys(self.stands[each] for each in need)
                if not booked(self.docket, known[fromkey], job, start)
            }
            for number, need in enumerate(job.needs)
        ]
        self.at[job.id], self.uses[job.id] = starts, uses
        self.model.add_at_most_one(starts.values())
        for need in uses:
            for start, here in starts.items():
                self.model.add(sum(used for (at, _one), used in need.items() if at == start) == here)
        for resource in sorted({resource_id for need in uses for _start, resource_id in need}):
            same = [used for need in uses for (_start, other), used in need.items() if other == resource]
            self.model.add(sum(same) <= len(self.alike[resource]))

    def _of(self, resource: str) -> list[tuple[Job, datetime, Any]]:
        return [
            (job, start, used)
            for job in self.docket.jobs
            for need in self.uses[job.id]
            for (start, other), used in need.items()
            if other == resource
        ]

    def _together(self, resource: str, many: int) -> None:
        """Uses that overlap all last at the latest of their starts: so a limit at each start is enough."""
        uses, apart = self._of(resource), self.docket.between(self.docket.by_id[resource])
        for moment in sorted({start for _job, start, _used in uses}):
            now = [used for job, start, used in uses if start <= moment < start + job.duration + apart]
            if many == 1:
                self.model.add_at_most_one(now)
            elif len(now) > many:
                self.model.add(sum(now) <= many)

    def _no_longer_than(self, resource_id: str) -> None:
        resource = self.docket.by_id[resource_id]
        if resource.interpreter is None:
            return
        days: dict[Any, list[Any]] = {}
        for job, start, used in self._of(resource_id):
            for day, minutes in work(resource, job, start).items():
                days.setdefault(day, []).append(minutes * used)
        for day, spent in days.items():
            self.model.add(sum(spent) <= left(resource, day))

    def goals(self, jobs: Sequence[Job]) -> Iterator[Any]:
        """The goals to minimise for the jobs of one level: first how many are without a time and, of equal
        numbers, their delay; then both again with those received earlier counting more.
        """
        choices = [
            (rank, _minutes(start - min(job.starts)), here)
            for rank, job in enumerate(reversed(jobs), 1)
            for start, here in self.at[job.id].items()
        ]
        longest: dict[int, int] = {}
        for rank, wait, _here in choices:
            longest[rank] = max(wait, longest.get(rank, 0))
        far = 1 + sum(longest.values())
        yield sum((wait - far) * here for _rank, wait, here in choices)
        yield sum(rank * (wait - far * len(jobs)) * here for rank, wait, here in choices)

    def _variables(self) -> Iterator[Any]:
        for starts in self.at.values():
            yield from starts.values()
        for needs in self.uses.values():
            for need in needs:
                yield from need.values()

    def hint(self, placed: Placed) -> None:
        """Sets the solver's hint to a known plan."""
        for job in self.docket.jobs:
            start, used = placed.get(job.id, (None, ()))
            for at, here in self.at[job.id].items():
                self.model.add_hint(here, at == start)
            for number, need in enumerate(self.uses[job.id]):
                for (at, resource), variable in need.items():
                    self.model.add_hint(variable, at == start and self.stands[used[number]] == resource)

    def improve(self, goal: Any, work: float, seconds: float) -> bool:
        """Minimise `goal` and fix the value reached. Returns whether it is proven minimal."""
        if isinstance(goal, int):  # nothing to choose
            return True
        if seconds <= 0:
            return False
        self.model.minimize(goal)
        solver = self.cp.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = SEED
        solver.parameters.max_deterministic_time = work
        solver.parameters.max_time_in_seconds = seconds
        status = solver.solve(self.model)
        if status not in (self.cp.OPTIMAL, self.cp.FEASIBLE):
            return False
        self.model.add(goal <= round(solver.objective_value))
        self.model.clear_hints()
        for variable in self._variables():
            self.found[variable.index] = solver.value(variable)
            self.model.add_hint(variable, self.found[variable.index])
        return bool(status == self.cp.OPTIMAL)

    def placements(self, jobs: Sequence[Job]) -> Placed:
        """The placements of these jobs in the last solution; of interchangeable resources, the first that is free."""
        chosen = [(start, job) for job in jobs for start, here in self.at[job.id].items() if self.found.get(here.index)]
        free: dict[str, datetime] = {}
        placed: Placed = {}
        for start, job in sorted(chosen, key=lambda pair: (pair[0], pair[1].id)):
            used: list[str] = []
            for need in self.uses[job.id]:
                first = next(resource for (at, resource), use in need.items() if at == start and self.found[use.index])
                resource_id = next(
                    each for each in self.alike[first] if each not in used and free.get(each, start) <= start
                )
                free[resource_id] = start + job.duration + self.docket.margin
                used.append(resource_id)
            placed[job.id] = (start, tuple(used))
        return placed


def _minutes(span: Any) -> int:
    return int(span.total_seconds() // 60)
