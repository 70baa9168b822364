"""The whole docket at once: which pending requests get which time, room and interpreters over a horizon. Pure.

Priorities are strict: a request of lower priority never delays or displaces one of higher priority
(`hearings.times.solver` proves it, or reports that its time ran out). The same constraints in first-come order are the
comparison. Each placement names what blocked every earlier time, and each request without a time has a reason.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from hearings.errors import Invalid, NaiveTime
from hearings.times.interpreters import Interpreter, InterpreterNeed, by_day, objections

MOST_JOBS = 400
ZERO = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class PlannedResource:
    """A room, an endpoint or an interpreter, whose diary is her own. `busy`: booked already."""

    id: str
    kind: str
    label: str = ""
    busy: tuple[tuple[datetime, datetime], ...] = ()
    interpreter: Interpreter | None = None


@dataclass(frozen=True, kw_only=True)
class Job:
    """A request to be heard. `needs`: one resource out of each group, all different. `starts`: possible starts by all
    other calendars (`hearings.times.slots`). `priority`: higher goes first. `received`: for first-come order.
    `languages`: the pair between which interpreters render.
    """

    id: str
    priority: int
    received: datetime
    duration: timedelta
    starts: tuple[datetime, ...]
    needs: tuple[tuple[str, ...], ...]
    label: str = ""
    languages: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Docket:
    """The input of a plan. `margin` lies between two uses of one resource."""

    jobs: tuple[Job, ...]
    resources: tuple[PlannedResource, ...]
    until: datetime
    """End of the horizon: a request without a time counts as waiting until then."""
    margin: timedelta = timedelta()

    def __post_init__(self) -> None:
        """Raises `NaiveTime` and `Invalid` for input that cannot be planned."""
        for moment in [self.until, *(at for job in self.jobs for at in (job.received, *job.starts))]:
            if moment.tzinfo is None:
                raise NaiveTime
        known = {resource.id for resource in self.resources}
        if len(known) < len(self.resources) or len({job.id for job in self.jobs}) < len(self.jobs):
            raise Invalid("Two resources or two requests have the same id", "id")
        if len(self.jobs) > MOST_JOBS:
            raise Invalid(f"At most {MOST_JOBS} requests are planned at once", "jobs")
        if any(resource not in known for job in self.jobs for need in job.needs for resource in need):
            raise Invalid("A request needs a resource that is not there", "needs")
        if any(job.duration <= timedelta() for job in self.jobs) or self.margin < timedelta():
            raise Invalid("A sitting takes some time", "duration")
        spans = [self.margin, *(job.duration for job in self.jobs)]
        starts = [start - ZERO for job in self.jobs for start in job.starts]
        if any(span % timedelta(minutes=1) for span in (*spans, *starts)):
            raise Invalid("Times are whole minutes", "starts")

    @property
    def by_id(self) -> Mapping[str, PlannedResource]:
        return {resource.id: resource for resource in self.resources}

    def between(self, resource: PlannedResource) -> timedelta:
        """The time between two uses of a resource: the margin, and for an interpreter the gap between two bookings."""
        rest = resource.interpreter.rest.gap if resource.interpreter else 0
        return self.margin + timedelta(minutes=rest)


@dataclass(frozen=True, kw_only=True)
class Blocked:
    """An earlier time that was not taken, with the jobs whose placements block it; empty if it was booked already."""

    start: datetime
    by: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Placement:
    """A time and resources for one request, in the order of its needs, and why not earlier."""

    job: str
    start: datetime
    end: datetime
    resources: tuple[str, ...]
    not_earlier: tuple[Blocked, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Unplaced:
    """A request without a time. `why`: `no_start`, `no_resource`, `booked`, or `taken` (then `by` says by whom)."""

    job: str
    why: str
    by: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PlanFigures:
    """Figures of a plan."""

    placed: int
    placed_by_priority: Mapping[int, int]
    delay: timedelta
    """Sum of the waits of all requests after their first possible start."""
    weighted_delay_hours: float
    """The same in hours, each counted as often as its priority plus one."""
    utilisation: Mapping[str, float]
    """By kind of resource: time used, of the time in which it could be used."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Placements by time, those without a time, and the figures. `proven`: no better plan exists."""

    placements: tuple[Placement, ...]
    unplaced: tuple[Unplaced, ...]
    figures: PlanFigures
    proven: bool = False


Placed = dict[str, tuple[datetime, tuple[str, ...]]]


def first_come(docket: Docket) -> Plan:
    """Each request in the order received gets the first time at which everything it needs is free."""
    order = sorted(docket.jobs, key=lambda job: (job.received, job.id))
    return described(docket, evenly(docket, fill(docket, {}, order)))


def by_priority(docket: Docket) -> list[Job]:
    """The requests, the most urgent first, then as received."""
    return sorted(docket.jobs, key=lambda job: (-job.priority, job.received, job.id))


def fill(docket: Docket, placed: Placed, order: Sequence[Job]) -> Placed:
    """These placements, with each other request at its first free time, in this order."""
    placed_now = dict(placed)
    for job in order:
        if job.id in placed_now:
            continue
        for start in sorted(set(job.starts)):
            chosen = _choose(docket, job, start, placed_now)
            if chosen is not None:
                placed_now[job.id] = (start, chosen)
                break
    return placed_now


def evenly(docket: Docket, placed: Placed) -> Placed:
    """The same times, with the work of interpreters shared as evenly as one change after another makes it.

    An interpreter gives a sitting to one who could take it as well and would then have less work in the plan and in her
    diary; times, rooms and what blocks what stay within the same rules.
    """
    shared = dict(placed)
    jobs, known = {job.id: job for job in docket.jobs}, docket.by_id
    minutes = {row.id: _booked_minutes(row) for row in docket.resources if row.interpreter is not None}
    for job_id, (_start, used) in placed.items():
        for each in used:
            if each in minutes:
                minutes[each] += _minutes(jobs[job_id])
    changed = True
    while changed:
        changed = False
        for job_id, (start, used) in sorted(shared.items(), key=lambda pair: (pair[1][0], pair[0])):
            job = jobs[job_id]
            for number, now in enumerate(used):
                free = [
                    each
                    for each in job.needs[number]
                    if now in minutes
                    and each in minutes
                    and each not in used
                    and minutes[each] + _minutes(job) < minutes[now]
                    and not booked(docket, known[each], job, start)
                    and not _users(docket, known[each], job, start, shared)
                ]
                if free:
                    other = min(free, key=lambda each: (minutes[each], job.needs[number].index(each)))
                    used = (*used[:number], other, *used[number + 1 :])
                    shared[job_id] = (start, used)
                    minutes[now] -= _minutes(job)
                    minutes[other] += _minutes(job)
                    changed = True
    return shared


def _minutes(job: Job) -> int:
    return int(job.duration.total_seconds() // 60)


def _booked_minutes(row: PlannedResource) -> int:
    assert row.interpreter is not None
    return sum(end - begin for begin, end in row.interpreter.work) // 60


# --- what is free ------------------------------------------------------------------------------------------------


def booked(docket: Docket, resource: PlannedResource, job: Job, start: datetime) -> bool:
    """Whether earlier bookings of the resource, or objections to an interpreter, exclude this sitting."""
    if resource.interpreter is not None:
        return bool(against(docket, resource.interpreter, job, start))
    end = start + job.duration
    return any(start < until + docket.margin and since < end + docket.margin for since, until in resource.busy)


def against(docket: Docket, interpreter: Interpreter, job: Job, start: datetime) -> tuple[str, ...]:
    """Codes of objections to an interpreter for a sitting at this time."""
    margin = int(docket.margin.total_seconds())
    need = InterpreterNeed(
        length=int(job.duration.total_seconds()), before=margin, after=margin, languages=job.languages
    )
    return objections(interpreter, need, int(start.timestamp()))


def work(resource: PlannedResource, job: Job, start: datetime) -> Mapping[date, int]:
    """Minutes of this sitting by the day of an interpreter's calendar."""
    assert resource.interpreter is not None
    begin = int(start.timestamp())
    by_date = by_day(resource.interpreter.zone, [(begin, begin + int(job.duration.total_seconds()))])
    return {day: seconds // 60 for day, seconds in by_date.items()}


def left(resource: PlannedResource, day: date) -> int:
    """Minutes an interpreter may still work on a day, after her bookings."""
    assert resource.interpreter is not None
    interpreter = resource.interpreter
    return max(0, interpreter.rest.daily_cap - by_day(interpreter.zone, interpreter.work).get(day, 0) // 60)


def _users(docket: Docket, resource: PlannedResource, job: Job, start: datetime, placed: Placed) -> list[str]:
    """Ids of jobs whose placements exclude this resource: they overlap, or use up its day."""
    jobs = {each.id: each for each in docket.jobs}
    uses = [(job_id, at) for job_id, (at, used) in placed.items() if resource.id in used and job_id != job.id]
    end, apart = start + job.duration, docket.between(resource)
    over = [job_id for job_id, at in uses if start < at + jobs[job_id].duration + apart and at < end + apart]
    if over or resource.interpreter is None:
        return over
    full: dict[str, None] = {}
    for day, minutes in work(resource, job, start).items():
        minutes_of = {job_id: work(resource, jobs[job_id], at).get(day, 0) for job_id, at in uses}
        if minutes + sum(minutes_of.values()) > left(resource, day):
            full.update(dict.fromkeys(job_id for job_id, spent in minutes_of.items() if spent))
    return list(full)


def _choose(docket: Docket, job: Job, start: datetime, placed: Placed) -> tuple[str, ...] | None:
    """One free resource for each need, all different; None when there is none."""
    known = docket.by_id
    free = [
        [
            resource
            for resource in need
            if not booked(docket, known[resource], job, start)
            and not _users(docket, known[resource], job, start, placed)
        ]
        for need in job.needs
    ]
    return next(_different(free, ()), None)


def _different(groups: Sequence[Sequence[str]], taken: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if len(taken) == len(groups):
        yield taken
        return
    for resource in groups[len(taken)]:
        if resource not in taken:
            yield from _different(groups, (*taken, resource))


# --- what a plan says --------------------------------------------------------------------------------------------


def described(docket: Docket, placed: Placed, *, proven: bool = False) -> Plan:
    """The plan with its reasons and figures."""
    jobs = {job.id: job for job in docket.jobs}
    placements = [
        Placement(
            job=job,
            start=start,
            end=start + jobs[job].duration,
            resources=used,
            not_earlier=tuple(_blocked(docket, jobs[job], at, placed) for at in _starts(jobs[job]) if at < start),
        )
        for job, (start, used) in placed.items()
    ]
    without = [_unplaced(docket, job, placed) for job in by_priority(docket) if job.id not in placed]
    return Plan(
        placements=tuple(sorted(placements, key=lambda placement: (placement.start, placement.job))),
        unplaced=tuple(without),
        figures=figures(docket, placed),
        proven=proven,
    )


def _starts(job: Job) -> list[datetime]:
    return sorted(set(job.starts))


def _blocked(docket: Docket, job: Job, start: datetime, placed: Placed) -> Blocked:
    known = docket.by_id
    by = {
        other
        for need in job.needs
        for resource in need
        if not booked(docket, known[resource], job, start)
        for other in _users(docket, known[resource], job, start, placed)
    }
    return Blocked(start=start, by=tuple(sorted(by)))


def _unplaced(docket: Docket, job: Job, placed: Placed) -> Unplaced:
    if not job.starts:
        return Unplaced(job=job.id, why="no_start")
    if next(_different(job.needs, ()), None) is None:
        return Unplaced(job=job.id, why="no_resource")
    if all(_choose(docket, job, start, {}) is None for start in job.starts):
        return Unplaced(job=job.id, why="booked")
    by = {other for start in job.starts for other in _blocked(docket, job, start, placed).by}
    return Unplaced(job=job.id, why="taken", by=tuple(sorted(by)))


def delay(docket: Docket, job: Job, placed: Placed) -> timedelta:
    """The wait of this request after its first possible start; until the horizon's end without a time."""
    first = min(job.starts, default=docket.until)
    start = placed[job.id][0] if job.id in placed else max(docket.until, first)
    return start - first


def figures(docket: Docket, placed: Placed) -> PlanFigures:
    """The figures of a plan."""
    waits = {job.id: delay(docket, job, placed) for job in docket.jobs}
    levels: dict[int, int] = {}
    for job in docket.jobs:
        levels[job.priority] = levels.get(job.priority, 0) + (job.id in placed)
    weighted = sum((job.priority + 1) * waits[job.id].total_seconds() / 3600 for job in docket.jobs)
    return PlanFigures(
        placed=len(placed),
        placed_by_priority=dict(sorted(levels.items(), reverse=True)),
        delay=sum(waits.values(), timedelta()),
        weighted_delay_hours=round(weighted, 2),
        utilisation=_utilisation(docket, placed),
    )


@dataclass
class _Time:
    used: timedelta = field(default_factory=timedelta)
    open: timedelta = field(default_factory=timedelta)


def _utilisation(docket: Docket, placed: Placed) -> dict[str, float]:
    lengths = {job.id: job.duration for job in docket.jobs}
    kinds: dict[str, _Time] = {}
    for resource in docket.resources:
        spans = [
            (start, start + job.duration)
            for job in docket.jobs
            if any(resource.id in need for need in job.needs)
            for start in job.starts
            if not booked(docket, resource, job, start)
        ]
        time = kinds.setdefault(resource.kind, _Time())
        time.open += _union(spans)
        time.used += sum((lengths[job] for job, (_at, used) in placed.items() if resource.id in used), timedelta())
    return {kind: round(time.used / time.open, 3) if time.open else 0.0 for kind, time in sorted(kinds.items())}


def _union(spans: Sequence[tuple[datetime, datetime]]) -> timedelta:
    total, reached = timedelta(), datetime.min.replace(tzinfo=UTC)
    for start, end in sorted(spans):
        total += max(end - max(start, reached), timedelta())
        reached = max(reached, end)
    return total
