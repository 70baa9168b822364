"""The docket: the hearings of a State as a day with two clocks, a week, a month and a list, and the tasks of this
person. Every picture has its table (the list) and its CSV."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hearings import queries
from hearings.law import law as laws
from hearings.models import Hearing, Participant, Person, Sitting
from hearings.overview import docket_days
from hearings.overview.docket_days import DocketDay
from hearings.roles import HEARD, Role
from hearings.status import RequestStatus
from hearings.times import calendars, queries as diary_queries
from hearings.times.calendars import CourtCalendar
from web.overview import docket_board
from web.overview.docket_board import Board
from web.overview.waiting_pages import tasks
from web.server.rendering import render
from web.server.sign_in import signed_in, staff
from web.server.tables import csv_answer
from web.words import diary, statuses
from web.words.court_clocks import CourtClock, of_hearing, of_person, own_first
from web.words.i18n import N_, _, month_name, ngettext, offset, wall

PAGE = 25
FIRST = 8
"""The maximum number of tasks on the docket; the others are on a page of their own."""
PAST = timedelta(hours=12)
"""How long after its start a hearing stays in the list; earlier hearings are behind a link."""
SOON = timedelta(hours=3)
AHEAD = 14
"""Days of the strip below the day."""
FAR = timedelta(days=3660)
"""Days from today that may be shown."""
VIEWS = {"day": N_("Day"), "week": N_("Week"), "month": N_("Month"), "list": N_("List")}
STAGES = (
    (RequestStatus.draft, ()),
    (RequestStatus.submitted, ()),
    (RequestStatus.received, ()),
    (RequestStatus.under_review, ()),
    (RequestStatus.information_requested, ()),
    (RequestStatus.postponed, ()),
    (RequestStatus.accepted, (RequestStatus.accepted_with_conditions,)),
    (RequestStatus.executing, ()),
    (RequestStatus.executed, ()),
)
"""Stages of the pipeline, each with further statuses counted in it. What has ended is in no stage."""
STOPPED = {RequestStatus.information_requested, RequestStatus.postponed}
"""Stages that are marked: a request there does not go on by itself."""


@dataclass(frozen=True)
class DocketLine:
    """One hearing in the list."""

    hearing: Hearing
    request: str
    """The reference of its hearing request."""
    places: list[CourtClock]
    with_state: str
    with_city: str
    people: str
    sitting: Sitting | None
    seat: Participant | None


@dataclass(frozen=True)
class Asked:
    """What the address asks for. `day`: by the clock of the person's own court."""

    view: str
    day: date
    today: date
    own: CourtClock
    state: str
    person: str
    """The id of the person who looks."""


async def docket(request: Request) -> Response:
    """The page of the docket, displayed after sign-in."""
    signed = signed_in(request)
    if signed.person is None:
        return RedirectResponse("/", 303)
    now = datetime.now(UTC)
    asked = _asked(request, signed.person, now)
    if asked.view == "list":
        return await _list(request, signed.person, now)
    async with request.app.state.parts.database.reading() as db:
        if "day" not in request.query_params:
            asked = await _coming(db, asked, now)
        views = {"day": _day, "week": _week, "month": _month}
        context = await views[asked.view](db, asked, now)
        waiting = await tasks(db, signed.person, now, limit=FIRST) if asked.view == "day" else None
    context |= {
        "view": asked.view,
        "views": [
            (f"/docket?view={view}&day={asked.day}", _(text), view == asked.view) for view, text in VIEWS.items()
        ],
        "day": asked.day,
        "today": asked.today,
        "own": asked.own,
        "tasks": waiting,
        "may_request": "clerk" in signed.person.functions,
        "closed_words": diary.closed_briefly,
    }
    return render(request, "docket.html", context)


def _asked(request: Request, person: Person, now: datetime) -> Asked:
    own = of_person(person)[0]
    today = docket_board.today_in(own.zone, now)
    view = request.query_params.get("view", "list" if {"earlier", "after"} & set(request.query_params) else "day")
    try:
        day = date.fromisoformat(request.query_params.get("day", ""))
    except ValueError:
        day = today
    if abs(day - today) > FAR:
        day = today
    return Asked(view if view in VIEWS else "day", day, today, own, person.owner_state, person.id)


async def _coming(db: Any, asked: Asked, now: datetime) -> Asked:
    """The day of a hearing that goes on, or begins within `SOON`, instead of today: late at night tomorrow's."""
    coming = await docket_days.days(db, state=asked.state, since=now, until=now + SOON)
    if not coming or any(_touches(entry, asked.today, asked.own.zone) for entry in coming):
        return asked
    return replace(asked, day=wall(coming[0].day.starts_at, asked.own.zone).date())


async def _day(db: Any, asked: Asked, now: datetime) -> dict[str, Any]:
    last = max(asked.day, asked.day + timedelta(days=AHEAD - 1))
    own = await _calendar(db, asked.state, asked.own, asked.day, last)
    entries = await _entries(db, asked, asked.day, last)
    on_day = [entry for entry in entries if _touches(entry, asked.day, asked.own.zone)]
    sittings, people = await _details(db, on_day)
    others = await _others(db, asked, on_day)
    references = await queries.references(db, [entry.hearing for entry in on_day])
    board = docket_board.board(asked.day, own, on_day, state=asked.state, others=others, sittings=sittings, now=now)
    stages = await docket_days.stages(db, state=asked.state)
    return {
        "board": board,
        "strip": docket_board.cells(asked.day, last, own, entries, today=asked.today),
        "at": docket_board.cells(asked.day, asked.day, own, (), today=asked.today)[0].at,
        "words": {lane.entry.day.id: _words(lane.entry, sittings, people) for lane in board.lanes},
        "seats": await docket_days.rooms(db, person_id=asked.person),
        "references": references,
        "summary": _summary(board, now),
        "stages": _stages(stages),
        "all_requests": sum(stages.values()),
        "clocks": [asked.own, *_next_place(board, asked)],
        "step": (asked.day - timedelta(days=1), asked.day + timedelta(days=1)),
    }


async def _week(db: Any, asked: Asked, now: datetime) -> dict[str, Any]:
    monday = asked.day - timedelta(days=asked.day.isoweekday() - 1)
    sunday = monday + timedelta(days=6)
    own = await _calendar(db, asked.state, asked.own, monday, sunday)
    entries = await _entries(db, asked, monday, sunday)
    sittings, _people_by_hearing = await _details(db, entries)
    week = docket_board.week(monday, own, entries, state=asked.state, sittings=sittings)
    return {
        "week": week,
        "at": week.days[0].at,
        "until": week.days[-1].at,
        "clocks": [asked.own, *([week.other] if week.other else [])],
        "number": len(entries),
        "rooms": await _rooms(db, asked, entries),
        "words": {entry.day.id: statuses.chip(_status(entry, sittings)) for entry in entries},
        "step": (monday - timedelta(days=7), monday + timedelta(days=7)),
    }


async def _month(db: Any, asked: Asked, now: datetime) -> dict[str, Any]:
    first, last = docket_board.month_bounds(asked.day)
    own = await _calendar(db, asked.state, asked.own, first, last)
    entries = await _entries(db, asked, first, last)
    cells = docket_board.cells(first, last, own, entries, today=asked.today)
    start = asked.day.replace(day=1)
    middle = next(cell for cell in cells if cell.day == start)
    return {
        "weeks": [cells[number : number + 7] for number in range(0, len(cells), 7)],
        "at": middle.at,
        "name": month_name(start),
        "number": sum(cell.entries for cell in cells if cell.day.month == start.month),
        "rooms": await _rooms(db, asked, entries),
        "step": (start - timedelta(days=1), (start + timedelta(days=31)).replace(day=1)),
    }


async def _calendar(db: Any, state: str, place: CourtClock, since: date, until: date) -> CourtCalendar:
    law = await laws.current(db)
    return await diary_queries.court_calendar(
        db,
        law=law,
        state=state,
        zone=place.zone,
        city=place.city,
        since=since - timedelta(days=1),
        until=until + timedelta(days=1),
    )


async def _entries(db: Any, asked: Asked, first: date, last: date) -> Sequence[DocketDay]:
    zone = asked.own.zone
    since = datetime.fromtimestamp(calendars.edge(zone, first, 0), UTC)
    until = datetime.fromtimestamp(calendars.edge(zone, last + timedelta(days=1), 0), UTC)
    return await docket_days.days(db, state=asked.state, since=since, until=until)


async def _others(db: Any, asked: Asked, entries: Iterable[DocketDay]) -> Mapping[tuple[str, str], CourtCalendar]:
    """The calendars of the other courts of these days, by State and zone."""
    places = {own_first(of_hearing(entry.hearing), asked.state)[1] for entry in entries}
    return {
        (place.state, place.zone): await _calendar(db, place.state, place, asked.day, asked.day) for place in places
    }


async def _details(db: Any, entries: Sequence[DocketDay]) -> tuple[dict[str, Sitting], dict[str, Any]]:
    """The open sitting and the people of each hearing, by its id."""
    sittings: dict[str, Sitting] = {}
    people: dict[str, Any] = {}
    for hearing_id in {entry.hearing.id for entry in entries}:
        people[hearing_id] = await queries.in_office(db, hearing_id)
        if (sitting := await queries.open_sitting(db, hearing_id)) is not None:
            sittings[hearing_id] = sitting
    return sittings, people


async def _rooms(db: Any, asked: Asked, entries: Sequence[DocketDay]) -> list[tuple[DocketDay, list[CourtClock]]]:
    """The hearings whose room the person can enter now, each once, with the clocks of its courts."""
    seats = await docket_days.rooms(db, person_id=asked.person)
    found = {entry.hearing.id: entry for entry in entries if entry.hearing.id in seats}
    return [(entry, own_first(of_hearing(entry.hearing), asked.state)) for entry in found.values()]


def _touches(entry: DocketDay, day: date, zone: str) -> bool:
    return wall(entry.day.starts_at, zone).date() <= day <= wall(entry.day.ends_at - timedelta(seconds=1), zone).date()


def _status(entry: DocketDay, sittings: Mapping[str, Sitting]) -> Any:
    sitting = sittings.get(entry.hearing.id)
    return sitting.status if sitting else entry.hearing.status


def _words(entry: DocketDay, sittings: Mapping[str, Sitting], people: Mapping[str, Any]) -> tuple[str, str, str]:
    """The kind of chip, the status, and who takes part."""
    kind, text = statuses.chip(_status(entry, sittings))
    return kind, text, _people(people[entry.hearing.id])


def _summary(board: Board, now: datetime) -> str:
    """How many hearings the day has, and how long until the next one."""
    number = len(board.lanes)
    words = ngettext("{n} hearing on this day.", "{n} hearings on this day.", number).format(n=number)
    coming = next((lane for lane in board.lanes if lane.entry.day.starts_at > now), None)
    if coming is None or coming.entry.day.starts_at - now > timedelta(hours=12):
        return words if number else _("No hearings on this day.")
    minutes = int((coming.entry.day.starts_at - now).total_seconds() // 60)
    hours, rest = divmod(minutes, 60)
    if hours:
        then = ngettext("The next one begins in {n} hour.", "The next one begins in {n} hours.", hours).format(n=hours)
    else:
        then = ngettext("The next one begins in {n} minute.", "The next one begins in {n} minutes.", rest).format(
            n=rest
        )
    return f"{words} {then}"


def _next_place(board: Board, asked: Asked) -> list[CourtClock]:
    """The other court of the first hearing of the day that is not over."""
    open_lanes = [lane for lane in board.lanes if lane.kind != "done"] or list(board.lanes)
    return [open_lanes[0].places[1]] if open_lanes else []


def _stages(numbers: Mapping[RequestStatus, int]) -> list[tuple[str, int, str, bool]]:
    stages = []
    for status, also in STAGES:
        number = sum(numbers.get(each, 0) for each in (status, *also))
        stages.append((f"/requests?status={status}", number, statuses.word(status), status in STOPPED and number > 0))
    return stages


async def table(request: Request) -> Response:
    """The hearings of a month as CSV, with both wall times, their offsets and UTC."""
    _signed, person = staff(request)
    now = datetime.now(UTC)
    asked = _asked(request, person, now)
    first = asked.day.replace(day=1)
    async with request.app.state.parts.database.reading() as db:
        entries = await _entries(db, asked, first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1))
        references = await queries.references(db, [entry.hearing for entry in entries])
    rows = (_row(entry, references[entry.hearing.request_id], asked.state) for entry in entries)
    return csv_answer(f"docket-{first:%Y-%m}", COLUMNS, rows)


COLUMNS = (
    "hearing", "case", "request", "day", "status", "own_state", "own_city", "own_start", "own_end", "own_offset",
    "other_state", "other_city", "other_start", "other_end", "other_offset", "start_utc", "end_utc",
)  # fmt: skip


def _row(entry: DocketDay, request: str, state: str) -> list[str]:
    hearing, day = entry.hearing, entry.day
    values = [hearing.ref, hearing.case_number, request, str(day.number), hearing.status.value]
    for place in own_first(of_hearing(hearing), state):
        start, end = wall(day.starts_at, place.zone), wall(day.ends_at, place.zone)
        values += [
            place.state,
            place.city,
            start.strftime("%Y-%m-%d %H:%M"),
            end.strftime("%Y-%m-%d %H:%M"),
            offset(day.starts_at, place.zone),
        ]
    return [*values, f"{day.starts_at:%Y-%m-%dT%H:%M:%SZ}", f"{day.ends_at:%Y-%m-%dT%H:%M:%SZ}"]


async def _list(request: Request, person: Person, now: datetime) -> Response:
    earlier = "earlier" in request.query_params
    async with request.app.state.parts.database.reading() as db:
        page = await queries.docket(
            db,
            state=person.owner_state,
            since=None if earlier else now - PAST,
            until=now - PAST if earlier else None,
            after=request.query_params.get("after", ""),
            limit=PAGE,
        )
        references = await queries.references(db, page.rows)
        lines = []
        for hearing in page.rows:
            people = await queries.in_office(db, hearing.id)
            sitting = await queries.open_sitting(db, hearing.id)
            lines.append(_line(hearing, references[hearing.request_id], person, people, sitting))
    days: dict[date, list[DocketLine]] = defaultdict(list)
    for line in lines:
        days[_own_day(line)].append(line)
    today = docket_board.today_in(of_person(person)[0].zone, now)
    context = {
        "days": list(days.values()),
        "next": page.after,
        "earlier": earlier,
        "today": today,
        "views": [(f"/docket?view={view}", _(text), view == "list") for view, text in VIEWS.items()],
        "may_request": "clerk" in person.functions,
        "clocks": _now_places(lines, person),
    }
    return render(request, "docket_list.html", context)


def _line(hearing: Hearing, request: str, person: Person, people: Any, sitting: Sitting | None) -> DocketLine:
    ours = hearing.requesting_state == person.owner_state
    return DocketLine(
        hearing=hearing,
        request=request,
        places=own_first(of_hearing(hearing), person.owner_state),
        with_state=hearing.requested_state if ours else hearing.requesting_state,
        with_city=hearing.requested_city if ours else hearing.requesting_city,
        people=_people(people),
        sitting=sitting,
        seat=next((row for row in people if row.person_id == person.id), None),
    )


def _people(people: Any) -> str:
    heard = sum(person.role in HEARD for person in people)
    interpreters = sum(person.role is Role.interpreter for person in people)
    counts = []
    if heard:
        counts.append(ngettext("{n} person to be heard", "{n} persons to be heard", heard).format(n=heard))
    if interpreters:
        counts.append(ngettext("{n} interpreter", "{n} interpreters", interpreters).format(n=interpreters))
    return " · ".join(counts) or _("Nobody named yet")


def _own_day(line: DocketLine) -> date:
    return wall(line.hearing.starts_at, line.places[0].zone).date()


def _now_places(lines: list[DocketLine], person: Person) -> list[CourtClock]:
    """The courts whose current time the page displays: those of the next hearing."""
    return lines[0].places if lines else of_person(person)


routes = [Route("/docket", docket), Route("/docket.csv", table)]
