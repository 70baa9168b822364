"""What is counted of requests: each function gives the figures of one measure. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import chain

from hearings.law.handling.deadlines import LimitedStep, TimeLimit, limits
from hearings.law.law import Law
from hearings.models.signature import Act
from hearings.requests.answers import Awaited
from hearings.statistics.cells import DAY, Case, Figure, Window, counts, shares, spreads
from hearings.statistics.past import DECIDED, Past, PastRequest, PastStep
from hearings.status import ACCEPTED_REQUESTS, ConsentStatus, RequestStatus

ALL = ("month", "state", "instrument", "offence_scope", "capacity", "stage", "channel", "urgent", "oral")
FEW = ("state", "instrument")
AGES = ((30, "0-30"), (90, "31-90"), (180, "91-180"), (365, "181-365"))
"""Most days of a band, and its key."""
OLDEST = ">365"
BANDS = ((3, "0-3"), (7, "4-7"), (11, "8-11"), (15, "12-15"))
"""Highest priority of a band, and its key."""
_R = RequestStatus
WAITS: Mapping[str, str] = {
    _R.submitted: "requested",
    _R.received: "requested",
    _R.under_review: "requested",
    _R.postponed: "requested",
    _R.information_requested: "requesting",
    _R.accepted: "requesting",
    _R.accepted_with_conditions: "requesting",
    _R.executing: "both",
}
"""By the status of an open request, the State that has the next step."""


def submitted(past: Past, window: Window) -> Iterator[Figure]:
    """Requests submitted in the window."""
    cases = (Case(one, one.submitted_at) for one in past.requests if window.within(one.submitted_at))
    yield from counts("submitted", cases, window, ALL)


def opened(past: Past, window: Window) -> Iterator[Figure]:
    """Requests open at the instant, with their age."""
    cases = [
        Case(
            one,
            one.submitted_at,
            days,
            {"age": (_band(days),), "priority": (_priority(one),), "waits_for": _waits(one)},
        )
        for one in past.requests
        if one.open
        for days in [_days(one.submitted_at, past.as_of)]
    ]
    yield from counts("open", cases, window, FEW)
    yield from spreads("age", [case._replace(keys={}) for case in cases], window)


def _band(days: float) -> str:
    return next((key for most, key in AGES if int(days) <= most), OLDEST)


def _priority(request: PastRequest) -> str:
    return next(key for most, key in BANDS if request.priority <= most)


def _waits(request: PastRequest) -> tuple[str, ...]:
    return (WAITS[request.status],)


def outcomes(past: Past, window: Window) -> Iterator[Figure]:
    """Requests that reached an outcome in the window, each once for each outcome."""
    begun = {hearing.request.id for hearing in past.hearings if hearing.held_at is not None}
    found: dict[str, list[Case]] = {what: [] for what in OUTCOMES}
    for request in past.requests:
        for what, step in _outcomes(request, begun).items():
            if window.within(step.at):
                grounds = {"ground": (step.ground,)} if what == "refused" and window.received else {}
                found[what].append(Case(request, step.at, keys=grounds))
    yield from chain.from_iterable(counts(what, cases, window, FEW) for what, cases in found.items())


OUTCOMES = (
    *("accepted", "accepted_with_conditions", "refused", "postponed", "withdrawn", "executed"),
    *("executed_in_part", "lapsed"),
)


def _outcomes(request: PastRequest, begun: Iterable[str]) -> dict[str, PastStep]:
    """The first step to each outcome."""
    found: dict[str, PastStep] = {}
    for step in request.steps:
        what = step.after
        if what == _R.closed:
            if step.before != _R.executing:
                continue
            what = "executed_in_part" if request.id in begun else "lapsed"
        if what in OUTCOMES:
            found.setdefault(what, step)
    return found


def decision(request: PastRequest) -> PastStep | None:
    """The step by which it was accepted or refused."""
    return request.first(*DECIDED)


def decision_days(request: PastRequest, decided: PastStep) -> float:
    """Days from the submission to the decision, without those for which it was postponed."""
    return (decided.at - request.submitted_at - request.postponed(decided.at)) / DAY


def times(past: Past, window: Window) -> Iterator[Figure]:
    """How long each stretch took that ended in the window."""
    found: dict[str, list[Case]] = {what: [] for what in TIMES}
    for request in past.requests:
        for what, at, days in _stretches(request):
            if window.within(at):
                found[what].append(Case(request, at, days))
    held: set[str] = set()
    for hearing in sorted(past.hearings, key=lambda one: (one.held_at or past.as_of, one.request.id)):
        request, begun, over, signed = hearing.request, hearing.held_at, hearing.over_at, hearing.minutes_signed
        if begun is not None and request.id not in held:
            held.add(request.id)
            if window.within(begun):
                found["hearing"].append(Case(request, begun, _days(request.submitted_at, begun)))
        if over is not None and signed is not None and signed >= over and window.within(signed):
            found["minutes"].append(Case(request, signed, _days(over, signed)))
    yield from chain.from_iterable(spreads(what, cases, window, FEW) for what, cases in found.items())


TIMES = ("acknowledgement", "question", "decision", "postponed", "hearing", "minutes", "close")


def _stretches(request: PastRequest) -> Iterator[tuple[str, datetime, float]]:
    since = request.submitted_at
    for what, status in (("acknowledgement", _R.under_review), ("question", _R.information_requested)):
        if step := request.first(status):
            yield what, step.at, _days(since, step.at)
    if decided := decision(request):
        yield "decision", decided.at, decision_days(request, decided)
        if postponed := request.postponed(decided.at):
            yield "postponed", decided.at, postponed / DAY
    if closed := request.first(_R.closed):
        yield "close", closed.at, _days(since, closed.at)


def in_time(past: Past, window: Window) -> Iterator[Figure]:
    """The share of steps taken within the time that an instrument of the request sets."""
    found: dict[str, list[Case]] = {step.value: [] for step in LimitedStep}
    for request in past.requests:
        decided = decision(request)
        done = {
            LimitedStep.acknowledgement: (request.first(_R.under_review), request.submitted_at),
            LimitedStep.recognition: (decided, request.submitted_at),
            LimitedStep.execution: (request.first(_R.executed), decided.at if decided else request.submitted_at),
        }
        limits = limits_of(request, past.law)
        for limited, (step, since) in done.items():
            if limited in limits and step is not None and window.within(step.at):
                extended = limited is LimitedStep.recognition and bool(request.postponed(step.at))
                end = limits[limited].ends(since, request.requested_state, extended=extended, law=past.law)
                found[limited].append(Case(request, step.at, float(step.at <= end)))
    for what, cases in found.items():
        yield from shares(f"in_time_{what}", cases, window, FEW)


IN_TIME = tuple(step.value for step in LimitedStep)


def limits_of(request: PastRequest, law: Law) -> Mapping[LimitedStep, TimeLimit]:
    """The limits of a request: of the instruments usable when it was submitted, and of what supplements them."""
    return limits(request.relied_on, request.requesting_state, request.requested_state, law=law)


def information(past: Past, window: Window) -> Iterator[Figure]:
    """Questions asked, and how many of the requests decided were asked any."""
    asked = [
        Case(request, step.at)
        for request in past.requests
        for step in request.steps
        if step.after == _R.information_requested and window.within(step.at)
    ]
    yield from counts("rounds", asked, window, FEW)
    decided = [
        Case(request, step.at, float(request.first(_R.information_requested) is not None))
        for request in past.requests
        if (step := decision(request)) and window.within(step.at)
    ]
    yield from shares("asked", decided, window, FEW)


def conditions(past: Past, window: Window) -> Iterator[Figure]:
    """How many acceptances had conditions, and before how many refusals a consultation was on record."""
    accepted, refused = [], []
    for request in past.requests:
        step = decision(request)
        if step is None or not window.within(step.at):
            continue
        if step.after in ACCEPTED_REQUESTS:
            accepted.append(Case(request, step.at, float(step.after == _R.accepted_with_conditions)))
        else:
            refused.append(Case(request, step.at, float(any(at <= step.at for at in request.consulted))))
    yield from shares("with_conditions", accepted, window, FEW)
    yield from shares("consulted", refused, window, FEW)


def consents(past: Past, window: Window) -> Iterator[Figure]:
    """Answers of persons on their consent, each change counted."""
    found: dict[str, list[Case]] = {status: [] for status in CONSENTS}
    for request in past.requests:
        for step in request.consents:
            if step.after in found and window.within(step.at):
                found[step.after].append(Case(request, step.at))
    for status, cases in found.items():
        yield from counts(f"consent_{CONSENTS[status]}", cases, window, FEW)


CONSENTS: Mapping[str, str] = {
    ConsentStatus.not_asked: "needed",
    ConsentStatus.pending: "asked",
    ConsentStatus.given: "given",
    ConsentStatus.refused: "refused",
    ConsentStatus.withdrawn: "withdrawn",
}
SIGNED: Mapping[str, Act] = {
    _R.accepted: Act.accept_request,
    _R.accepted_with_conditions: Act.accept_with_conditions,
    _R.refused: Act.refuse_request,
}


def signatures(past: Past, window: Window) -> Iterator[Figure]:
    """How many submissions and decisions came with a signed statement of the authority that was verified."""
    sent = [
        Case(one, one.submitted_at, float(Act.submit_request in one.signed))
        for one in past.requests
        if window.within(one.submitted_at)
    ]
    yield from shares("submission_signed", sent, window, FEW)
    decided = [
        Case(one, step.at, float(SIGNED[step.after] in one.signed))
        for one in past.requests
        if (step := decision(one)) and window.within(step.at)
    ]
    yield from shares("decision_signed", decided, window, FEW)


def workload(past: Past, window: Window) -> Iterator[Figure]:
    """The own State's open requests by whether somebody is assigned, what is overdue, and what came against what ended.

    Nobody is named: a median and percentiles over the officers who have any.
    """
    opened = [one for one in past.requests if one.open]
    officers: dict[str, list[PastRequest]] = {}
    for one in opened:
        officers.setdefault(one.assigned(window.own), []).append(one)
    unassigned = officers.pop("", [])
    yield from counts("unassigned", (Case(one, one.submitted_at) for one in unassigned), window)
    held = [Case(ones[0], past.as_of, float(len(ones))) for ones in officers.values()]
    yield from spreads("per_officer", held, window)
    late = [one for one in opened if (due := answer_due(one, past.law)) is not None and due < past.as_of]
    yield from counts("overdue", (Case(one, one.submitted_at) for one in late), window, FEW)
    came = [Case(one, one.submitted_at) for one in past.requests if window.within(one.submitted_at)]
    ended = [Case(one, step.at) for one in past.requests if (step := _end(one)) and window.within(step.at)]
    yield from counts("arrivals", came, window, ("month",))
    yield from counts("closures", ended, window, ("month",))
    yield Figure("balance", "", "", len(came) - len(ended), len(came) + len(ended))


def _end(request: PastRequest) -> PastStep | None:
    return next((step for step in request.steps if step.after in ENDS), None)


ENDS = frozenset({_R.refused, _R.withdrawn, _R.executed, _R.closed})
UNANSWERED = frozenset({_R.submitted, _R.received, _R.under_review})


def answer_due(request: PastRequest, law: Law) -> datetime | None:
    """When the answer is due at the instant, as `hearings.requests.answers` sets it; None where none is awaited."""
    if request.status not in UNANSWERED:
        return None
    awaited = Awaited(
        requested_state=request.requested_state,
        limit=limits_of(request, law).get(LimitedStep.recognition),
        wanted_by=request.wanted_by,
        urgent=request.urgent,
    )
    again = [step.at for step in request.steps if step.before == _R.postponed]
    if again:
        return awaited.due_again(submitted=request.submitted_at, now=again[-1], law=law)
    return awaited.due(since=request.submitted_at, law=law)


def _days(since: datetime, until: datetime) -> float:
    return (until - since) / DAY
