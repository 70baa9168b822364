"""Planning the docket: a time, a room and interpreters for all accepted requests at once, beside first-come order."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import Field

from hearings import clocks
from hearings.permissions import require_staff
from hearings.times.docket import Placement
from hearings.times.docket_gathering import Gathered
from hearings.times.solver import Comparison
from web.api.access import Caller
from web.api.fields import Moment, Shown
from web.api.problems import ApiError
from web.api.routes import Resource
from web.times import planning
from web.words import court_clocks

router = Resource("docket plan")


class ShownMargins(Shown):
    """Minutes kept free before the sitting."""

    margin_before: int


class Proposal(Shown):
    """The placement as `POST /hearings` takes it, to be changed at will: nothing is booked before it is sent there."""

    request: str
    wall_start: str
    wall_zone: str
    fold: int
    duration_minutes: int
    requesting_zone: str
    requesting_city: str
    requested_zone: str
    requested_city: str
    resources: list[int]
    margins: ShownMargins


class ShownBlocked(Shown):
    """An earlier time, and the requests that have taken it; none: something was booked already."""

    starts_at: Moment
    by: list[str]


class ShownPlacement(Shown):
    """A time for one request, and why none before it."""

    request: str
    priority: int
    starts_at: Moment
    ends_at: Moment
    proposal: Proposal
    no_interpreter: Literal["same_language", "neither", "languages_unknown"] | None = Field(
        description="Why no interpreter is planned: none is needed, neither State provides one, or nobody can tell."
    )
    not_earlier: list[ShownBlocked]


class ShownUnplaced(Shown):
    """A request without a time. `taken`: by the requests that are named."""

    request: str
    priority: int
    why: Literal["no_start", "no_resource", "booked", "taken"]
    by: list[str]


class ShownFigures(Shown):
    """What a plan comes to. Delay counts from the first time at which each request could have begun."""

    placed: int
    placed_by_priority: Mapping[str, int]
    delay_minutes: int
    weighted_delay_hours: float
    utilisation: Mapping[str, float]

    @classmethod
    def from_row(cls, row: Any, **more: Any) -> Self:
        placed = {str(level): count for level, count in row.placed_by_priority.items()}
        return super().from_row(row, placed_by_priority=placed, delay_minutes=row.delay // timedelta(minutes=1), **more)


class ShownPlan(Shown):
    """A plan. `proven`: there is no better one. `notes`: `no_rooms` are entered; there are `more` requests."""

    requests: int
    placements: list[ShownPlacement]
    unplaced: list[ShownUnplaced]
    plan: ShownFigures
    first_come: ShownFigures
    proven: bool
    notes: list[Literal["no_rooms", "more"]]


@router.read(
    "/docket/plan", scope="hearings:write", errors=(409,), waits=True, gives={"request_id": "placements/0/request"}
)
async def plan_docket(
    caller: Caller,
    days: Annotated[int, Field(ge=1, le=42, description="How many, from tomorrow on.")] = 28,
    duration_minutes: Annotated[int, Field(ge=5, le=720, description="Length of a sitting.")] = 120,
    margin_minutes: Annotated[int, Field(ge=0, le=240, description="Between two uses of one resource.")] = 30,
) -> ShownPlan:
    """A proposal for all accepted requests of this State without a hearing, the most urgent first. Books nothing.

    Takes up to ten seconds; 429 while another plan is made, 409 `planning_missing` where the solver is not installed.
    """
    require_staff("propose_hearing", caller.actor, requesting_state=caller.state, requested_state=caller.state)
    if planning.under_way():
        raise ApiError("too_many_requests", "Another plan is being made", {"Retry-After": "10"})
    duration, margin = timedelta(minutes=duration_minutes), timedelta(minutes=margin_minutes)
    found = await planning.gather(
        caller.db, state=caller.state, days=days, duration=duration, margin=margin, now=caller.now
    )
    return _plan_answer(found, await planning.compare(found), duration_minutes, margin_minutes)


def _plan_answer(found: Gathered, compared: Comparison, duration: int, margin: int) -> ShownPlan:
    best = compared.best

    def named(ids: tuple[str, ...]) -> list[str]:
        return [found.requests[row_id].reference for row_id in ids]

    return ShownPlan(
        requests=len(found.requests),
        placements=[
            ShownPlacement(
                request=found.requests[placement.job].reference,
                priority=found.requests[placement.job].priority,
                starts_at=placement.start,
                ends_at=placement.end,
                proposal=_proposal(found, placement, duration, margin),
                no_interpreter=found.without_interpreter.get(placement.job),
                not_earlier=[
                    ShownBlocked(starts_at=blocked.start, by=named(blocked.by)) for blocked in placement.not_earlier
                ],
            )
            for placement in best.placements
        ],
        unplaced=[
            ShownUnplaced(
                request=found.requests[one.job].reference,
                priority=found.requests[one.job].priority,
                why=one.why,
                by=named(one.by),
            )
            for one in best.unplaced
        ],
        plan=ShownFigures.from_row(best.figures),
        first_come=ShownFigures.from_row(compared.first_come.figures),
        proven=best.proven,
        notes=list(found.notes),
    )


def _proposal(found: Gathered, one: Placement, duration: int, margin: int) -> Proposal:
    row = found.requests[one.job]
    own, other = (
        court_clocks.of_zone(state, found.zones[state]) for state in (row.requesting_state, row.requested_state)
    )
    wall: datetime = one.start.astimezone(clocks.zone(own.zone))
    return Proposal(
        request=row.reference,
        wall_start=f"{wall:%Y-%m-%dT%H:%M}",
        wall_zone=own.zone,
        fold=wall.fold,
        duration_minutes=duration,
        requesting_zone=own.zone,
        requesting_city=own.city,
        requested_zone=other.zone,
        requested_city=other.city,
        resources=[found.resources[resource].resource_no for resource in one.resources],
        margins=ShownMargins(margin_before=margin),
    )
