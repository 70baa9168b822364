"""Calendars of courts: hours with their source, holidays, periods a State has entered; hearings that a change of
time-zone data would move."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from markupsafe import Markup
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings import errors, queries, reference
from hearings.clocks import tzdb_version
from hearings.hearing import zone_data
from hearings.law import law as laws
from hearings.law.handling import public_holidays
from hearings.models import Person
from hearings.models.diary import PeriodKind
from hearings.times import availability, court_periods, queries as diary_queries
from hearings.times.calendars import CourtCalendar, CourtDay
from hearings.times.interpreters import rows as rest_rows
from web.server import forms
from web.server.forms import Form, FormError
from web.server.page_acts import Sent, notice, page_act
from web.server.rendering import render
from web.server.sign_in import may_on, may_own, staff
from web.server.tables import csv_answer
from web.times import calendar_grids
from web.times.calendar_grids import MonthDay
from web.words import court_clocks, diary as diary_words
from web.words.i18n import N_, _, city_here, state_name
from web.words.refusals import ENTER_DATE, ENTER_TIME

AHEAD = timedelta(days=365)
DONE = {
    "added": N_("The entry has been added and applies from now on."),
    "struck": N_("The entry has been cancelled and no longer applies."),
    "wall": N_("The local time is kept. The other State is asked to agree to the new UTC time."),
    "instant": N_("The UTC time is kept. Both States have been notified."),
}
SOURCES = {
    "entered": N_("Entered by the State"),
    "holiday": N_("Public holidays of the State"),
    "given": N_("Given by the State"),
    "default": N_("A default of this service, not verified"),
    "unknown": N_("Not known"),
}
STATUSES = {
    "short": N_("Shorter day"),
    "not_a_court_day": N_("No court day"),
    "hours_unknown": N_("Hours not known"),
}
FIELDS = ("kind", "zone", "first_day", "last_day", "opens", "closes", "reason")


async def listing(request: Request) -> Response:
    """The States whose courts have a calendar, the person's own State first."""
    _signed, person = staff(request)
    states = sorted(
        ((code, state_name(code)) for code in reference.jurisdictions()),
        key=lambda pair: (pair[0] != person.owner_state, pair[1].casefold()),
    )
    moved = await _moved(request, person)
    async with request.app.state.parts.database.reading() as db:
        rest = rest_rows(await laws.current(db))
    context = {"states": states, "own": person.owner_state, "moved": len(moved), "rest": rest}
    return render(request, "calendars.html", context)


async def show(request: Request) -> Response:
    """The calendar of the courts of one State, zone by zone."""
    _signed, person = staff(request)
    return await _page(request, person, [], {})


async def _again(sent: Sent, error: errors.Invalid) -> Response:
    labels = {"reason": _("Reason"), "last_day": _("Last day"), "closes": _("Closes at"), "zone": _("Where")}
    return await _page(sent.request, sent.person, [forms.explain(error, labels)], _typed(sent.form))


@page_act(_again)
async def add(sent: Sent) -> str | Callable[[], Awaitable[Response]]:
    """Adds a period to the calendar of the person's own State. Effects: those of `court_periods.add`."""
    _own(sent.request, sent.person)
    given, wrong = _read(sent.form)
    if wrong:
        return lambda: _page(sent.request, sent.person, wrong, _typed(sent.form))
    await court_periods.add(sent.db, **given, **sent.by)
    return f"/calendars/{sent.state}?done=added"


@page_act()
async def strike(sent: Sent) -> str:
    """Strikes out a period. Effects: those of `court_periods.strike`."""
    _own(sent.request, sent.person)
    period = await diary_queries.period(sent.db, sent.path["period"], state=sent.state)
    await court_periods.strike(sent.db, period=period, **sent.by)
    return f"/calendars/{sent.state}?done=struck"


def _own(request: Request, person: Person) -> None:
    if request.path_params["state"] != person.owner_state:
        raise HTTPException(404, "not_found")


def _typed(form: Form) -> dict[str, Any]:
    return {name: form.text(name) for name in FIELDS} | {"weekdays": form.all("weekdays")}


def _read(form: Form) -> tuple[dict[str, Any], list[FormError]]:
    wrong = []
    given: dict[str, Any] = {"zone": form.text("zone"), "reason": form.text("reason")}
    kind = form.text("kind")
    if kind in set(PeriodKind):
        given["kind"] = PeriodKind(kind)
    else:
        wrong.append(FormError("kind", _("Choose what to enter.")))
    always = kind == PeriodKind.hours.value and not form.text("last_day")
    for name in ("first_day", "last_day"):
        try:
            given[name] = court_periods.ALWAYS if always and name == "last_day" else date.fromisoformat(form.text(name))
        except ValueError:
            wrong.append(FormError(name, _(ENTER_DATE)))
    opens = given.get("kind") in court_periods.OPENS
    for name in ("opens", "closes"):
        given[name] = _minutes(form.text(name)) if opens else None
        if opens and given[name] is None:
            wrong.append(FormError(name, _(ENTER_TIME)))
    given["weekdays"] = "".join(form.all("weekdays"))[:7]
    return given, wrong


def _minutes(text: str) -> int | None:
    hours, colon, minutes = text.partition(":")
    if not (colon and hours.isascii() and minutes.isascii() and hours.isdigit() and minutes.isdigit()):
        return None
    if len(text) > 5 or int(minutes) > 59:
        return None
    return int(hours) * 60 + int(minutes)


@dataclass(frozen=True)
class MonthView:
    """The month of the courts of one zone that the page shows."""

    calendar: CourtCalendar
    first: date
    days: list[MonthDay]


async def _month(db: AsyncSession, request: Request, state: str, today: date) -> MonthView:
    zones = reference.jurisdiction(state).zones
    zone = request.query_params.get("zone", "")
    first = calendar_grids.first_of_month(request.query_params.get("month", ""), today)
    calendar = await diary_queries.court_calendar(
        db,
        law=await laws.current(db),
        state=state,
        zone=zone if zone in zones else reference.jurisdiction(state).default_zone,
        since=first,
        until=calendar_grids.months_around(first)[1],
    )
    return MonthView(calendar, first, calendar_grids.month(calendar, first))


def _day_words(day: MonthDay) -> str:
    """Why the court does not sit as usual on a day; empty where it does."""
    if day.court.closed is None:
        return _(STATUSES[day.status]) if day.status == "short" else ""
    closed = day.court.closed
    if closed.code in ("not_a_court_day", "hours_unknown"):
        return _(STATUSES[closed.code])
    return diary_words.closed(closed)


async def table(request: Request) -> Response:
    """GET the month as CSV: each day with its hours, why it is closed or short, and the source."""
    staff(request)
    state = request.path_params["state"]
    if state not in reference.jurisdictions():
        raise HTTPException(404, "not_found")
    async with request.app.state.parts.database.reading() as db:
        view = await _month(db, request, state, datetime.now(UTC).date())
    return csv_answer(
        f"calendar-{state}-{view.first:%Y-%m}",
        [_("Day"), _("Hours"), _("Remarks"), _("Source"), _("Time zone")],
        [
            (
                day.court.day,
                _hours(day.court),
                _plain(_day_words(day)),
                _(SOURCES[day.court.source]),
                view.calendar.zone,
            )
            for day in view.days
        ],
    )


def _plain(text: str) -> str:
    return text.striptags() if isinstance(text, Markup) else text


def _hours(day: CourtDay) -> str:
    return ", ".join(f"{diary_words.minutes(opens)}–{diary_words.minutes(closes)}" for opens, closes in day.hours)


async def _page(request: Request, person: Person, wrong: list[FormError], values: Mapping[str, Any]) -> Response:
    state = request.path_params["state"]
    if state not in reference.jurisdictions():
        raise HTTPException(404, "not_found")
    today = datetime.now(UTC).date()
    jurisdiction = reference.jurisdiction(state)
    async with request.app.state.parts.database.reading() as db:
        law = await laws.current(db)
        zones = [
            await diary_queries.court_calendar(db, law=law, state=state, zone=zone, since=today, until=today + AHEAD)
            for zone in jurisdiction.zones
        ]
        page = await diary_queries.periods(
            db, state=state, since=today, after=request.query_params.get("after", ""), limit=50
        )
        grid = await _month(db, request, state, today)
    names = public_holidays.holidays_between(state, today, today + AHEAD)
    own = state == person.owner_state
    may_edit = own and may_own("edit_calendar", person)
    context = {
        "state": state,
        "grid": grid,
        "weeks": calendar_grids.weeks(grid.days),
        "months": calendar_grids.months_around(grid.first),
        "day_words": _day_words,
        "source_of": lambda day: _(SOURCES[day.court.source]),
        "zones": [(calendar, availability.hours_of(calendar)) for calendar in zones],
        "holidays": None if names is None else [pair for pair in names if today <= pair[0] <= today + AHEAD],
        "periods": page.rows,
        "next": page.after,
        "may_edit": may_edit,
        "kinds": [(kind.value, diary_words.period(kind)) for kind in PeriodKind],
        "zone_options": [(zone, city_here(court_clocks.of_zone(state, zone).city)) for zone in jurisdiction.zones],
        "weekday_options": [(digit, _(text)) for digit, text in diary_words.WEEKDAYS.items()],
        "period_of": diary_words.period,
        "weekdays_of": lambda days: diary_words.weekdays("".join(str(day) for day in sorted(days))),
        "clock_of": diary_words.minutes,
        "hours_of": _hours,
        "always": court_periods.ALWAYS,
        "today": today,
        "errors": wrong,
        "values": dict(values),
        "notice": notice(request, DONE, wrong),
    }
    return render(request, "calendar.html", context, status=422 if wrong else 200)


# --- newer time-zone data ----------------------------------------------------------------------------------------


async def _moved(request: Request, person: Person) -> list[zone_data.Moved]:
    async with request.app.state.parts.database.reading() as db:
        return list(await zone_data.moved(db, now=datetime.now(UTC), state=person.owner_state))


async def clock_changes(request: Request) -> Response:
    """Hearings that newer time-zone data would move, each to be decided: keep the wall time or keep the instant."""
    _signed, person = staff(request)
    return await _changes(request, person, [])


async def _undecided(sent: Sent, error: errors.HearingsError) -> Response:
    return await _changes(sent.request, sent.person, [FormError("", forms.explain(error).text)])


@page_act(_undecided, (errors.NotReady, errors.DoubleBooking))
async def decide(sent: Sent) -> str | Callable[[], Awaitable[Response]]:
    """Keeps the wall time or the instant of a hearing. Effects: those of the function of
    `hearings.hearing.zone_data`."""
    keep = sent.form.text("keep")
    ways = {"wall": zone_data.keep_wall_time, "instant": zone_data.keep_instant}
    if keep not in ways:
        return lambda: _changes(sent.request, sent.person, [FormError("", _("Choose what to keep."))])
    hearing = await queries.hearing(sent.db, sent.path["ref"], state=sent.state, lock=True)
    await ways[keep](sent.db, hearing=hearing, **sent.by)
    return f"/admin/clock-changes?done={keep}"


async def _changes(request: Request, person: Person, wrong: list[FormError]) -> Response:
    rows = await _moved(request, person)
    context = {
        "rows": [
            (
                row,
                court_clocks.own_first(court_clocks.of_hearing(row.hearing), person.owner_state),
                may_on("decide_clock_change", person, row.hearing),
            )
            for row in rows
        ],
        "version": tzdb_version(),
        "errors": wrong,
        "notice": notice(request, DONE, wrong),
    }
    return render(request, "clock_changes.html", context, status=409 if wrong else 200)


routes = [
    Route("/calendars", listing, methods=["GET"]),
    Route("/calendars/{state}.csv", table, methods=["GET"]),
    Route("/calendars/{state}", show, methods=["GET"]),
    Route("/calendars/{state}", add, methods=["POST"]),
    Route("/calendars/{state}/{period}/strike", strike, methods=["POST"]),
    Route("/admin/clock-changes", clock_changes, methods=["GET"]),
    Route("/admin/clock-changes/{ref}", decide, methods=["POST"]),
]
