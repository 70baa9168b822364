"""Calendars of courts: hours with their source, holidays, what a State has entered; what clock changes would move."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hearings import errors, queries, reference
from hearings.clocks import tzdb_version
from hearings.hearing import zone_data
from hearings.law import law as laws
from hearings.models import Person
from hearings.models.diary import PeriodKind
from hearings.permissions import may_staff
from hearings.times import availability, calendars, court_periods, queries as diary_queries
from hearings.times.interpreter_rest import rows as rest_rows
from web.server import forms
from web.server.forms import Form, FormError
from web.server.rendering import render
from web.server.sign_in import staff
from web.words import diary as diary_words, places
from web.words.i18n import N_, _, state_name

AHEAD = timedelta(days=365)
DONE = {
    "added": N_("It has been entered and counts from now on."),
    "struck": N_("It has been struck out and no longer counts."),
    "wall": N_("The wall time is kept. The other State is asked to agree to the new instant."),
    "instant": N_("The instant is kept. Both States have been told."),
}
FIELDS = ("kind", "zone", "first_day", "last_day", "opens", "closes", "reason")


async def listing(request: Request) -> Response:
    """The States whose courts have a calendar here, the own one first."""
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


async def add(request: Request) -> Response:
    """Enter days of the own State. Effects: those of `court_periods.add`."""
    signed, person = staff(request)
    form = await forms.read(request)
    _own(request, person)
    given, wrong = _read(form)
    if wrong:
        return await _page(request, person, wrong, _kept(form))
    try:
        async with request.app.state.parts.database.transaction() as db:
            await court_periods.add(db, **given, actor=signed.actor(), now=datetime.now(UTC))
    except errors.Invalid as error:
        labels = {"reason": _("Reason"), "last_day": _("Last day"), "closes": _("Closes at"), "zone": _("Where")}
        return await _page(request, person, [forms.explain(error, labels)], _kept(form))
    return RedirectResponse(f"/calendars/{person.owner_state}?done=added", 303)


async def strike(request: Request) -> Response:
    """Strike out what was entered. Effects: those of `court_periods.strike`."""
    signed, person = staff(request)
    await forms.read(request)
    _own(request, person)
    async with request.app.state.parts.database.transaction() as db:
        period = await diary_queries.period(db, request.path_params["period"], state=person.owner_state)
        await court_periods.strike(db, period=period, actor=signed.actor(), now=datetime.now(UTC))
    return RedirectResponse(f"/calendars/{person.owner_state}?done=struck", 303)


def _own(request: Request, person: Person) -> None:
    if request.path_params["state"] != person.owner_state:
        raise HTTPException(404, "not_found")


def _kept(form: Form) -> dict[str, Any]:
    return {name: form.text(name) for name in FIELDS} | {"weekdays": form.all("weekdays")}


def _read(form: Form) -> tuple[dict[str, Any], list[FormError]]:
    wrong = []
    given: dict[str, Any] = {"zone": form.text("zone"), "reason": form.text("reason")}
    kind = form.text("kind")
    if kind in set(PeriodKind):
        given["kind"] = PeriodKind(kind)
    else:
        wrong.append(FormError("kind", _("Choose what you enter.")))
    always = kind == PeriodKind.hours.value and not form.text("last_day")
    for name in ("first_day", "last_day"):
        try:
            given[name] = court_periods.ALWAYS if always and name == "last_day" else date.fromisoformat(form.text(name))
        except ValueError:
            wrong.append(FormError(name, _("Enter the date, such as 2026-12-03.")))
    opens = given.get("kind") in court_periods.OPENS
    for name in ("opens", "closes"):
        given[name] = _minutes(form.text(name)) if opens else None
        if opens and given[name] is None:
            wrong.append(FormError(name, _("Enter the time on a 24-hour clock, such as 09:00.")))
    given["weekdays"] = "".join(form.all("weekdays"))[:7]
    return given, wrong


def _minutes(text: str) -> int | None:
    hours, colon, minutes = text.partition(":")
    if not (colon and hours.isascii() and minutes.isascii() and hours.isdigit() and minutes.isdigit()):
        return None
    if len(text) > 5 or int(minutes) > 59:
        return None
    return int(hours) * 60 + int(minutes)


async def _page(request: Request, person: Person, wrong: list[FormError], values: Mapping[str, Any]) -> Response:
    state = request.path_params["state"]
    if state not in reference.jurisdictions():
        raise HTTPException(404, "not_found")
    today = datetime.now(UTC).date()
    found = reference.jurisdiction(state)
    async with request.app.state.parts.database.reading() as db:
        law = await laws.current(db)
        zones = [
            await diary_queries.court_calendar(db, law=law, state=state, zone=zone, since=today, until=today + AHEAD)
            for zone in found.zones
        ]
        page = await diary_queries.periods(
            db, state=state, since=today, after=request.query_params.get("after", ""), limit=50
        )
    names = calendars.holidays_between(state, today, today + AHEAD)
    own = state == person.owner_state
    may_edit = (
        own
        and may_staff(
            "edit_calendar",
            frozenset(person.functions),
            own_state=person.owner_state,
            requesting_state=person.owner_state,
            requested_state=person.owner_state,
        ).allowed
    )
    done = request.query_params.get("done", "")
    context = {
        "state": state,
        "zones": [(one, availability.hours_of(one)) for one in zones],
        "holidays": None if names is None else [pair for pair in names if today <= pair[0] <= today + AHEAD],
        "periods": page.rows,
        "next": page.after,
        "may_edit": may_edit,
        "kinds": [(one.value, diary_words.period(one)) for one in PeriodKind],
        "zone_options": [(zone, places.of_zone(state, zone).city) for zone in found.zones],
        "weekday_options": [(digit, _(text)) for digit, text in diary_words.WEEKDAYS.items()],
        "period_of": diary_words.period,
        "weekdays_of": lambda days: diary_words.weekdays("".join(str(day) for day in sorted(days))),
        "clock_of": diary_words.minutes,
        "always": court_periods.ALWAYS,
        "today": today,
        "errors": wrong,
        "values": dict(values),
        "notice": _(DONE[done]) if done in DONE and not wrong else None,
    }
    return render(request, "calendar.html", context, status=422 if wrong else 200)


# --- newer time-zone data ----------------------------------------------------------------------------------------


async def _moved(request: Request, person: Person) -> list[zone_data.Moved]:
    async with request.app.state.parts.database.reading() as db:
        return list(await zone_data.moved(db, now=datetime.now(UTC), state=person.owner_state))


async def clock_changes(request: Request) -> Response:
    """Hearings that newer time-zone data would move, with both ways to decide."""
    _signed, person = staff(request)
    return await _changes(request, person, [])


async def decide(request: Request) -> Response:
    """Keep the wall time or the instant. Effects: those of the function of `hearings.hearing.zone_data`."""
    signed, person = staff(request)
    form = await forms.read(request)
    keep = form.text("keep")
    ways = {"wall": zone_data.keep_wall_time, "instant": zone_data.keep_instant}
    if keep not in ways:
        return await _changes(request, person, [FormError("", _("Say what is to be kept."))])
    try:
        async with request.app.state.parts.database.transaction() as db:
            hearing = await queries.hearing(db, request.path_params["ref"], state=person.owner_state, lock=True)
            await ways[keep](db, hearing=hearing, actor=signed.actor(), now=datetime.now(UTC))
    except (errors.NotReady, errors.DoubleBooking) as error:
        return await _changes(request, person, [FormError("", forms.explain(error).text)])
    return RedirectResponse(f"/admin/clock-changes?done={keep}", 303)


async def _changes(request: Request, person: Person, wrong: list[FormError]) -> Response:
    rows = await _moved(request, person)
    done = request.query_params.get("done", "")
    context = {
        "rows": [
            (
                one,
                places.own_first(places.of_hearing(one.hearing), person.owner_state),
                may_staff(
                    "decide_clock_change",
                    frozenset(person.functions),
                    own_state=person.owner_state,
                    requesting_state=one.hearing.requesting_state,
                    requested_state=one.hearing.requested_state,
                ).allowed,
            )
            for one in rows
        ],
        "version": tzdb_version(),
        "errors": wrong,
        "notice": _(DONE[done]) if done in DONE and not wrong else None,
    }
    return render(request, "clock_changes.html", context, status=409 if wrong else 200)


routes = [
    Route("/calendars", listing, methods=["GET"]),
    Route("/calendars/{state}", show, methods=["GET"]),
    Route("/calendars/{state}", add, methods=["POST"]),
    Route("/calendars/{state}/{period}/strike", strike, methods=["POST"]),
    Route("/admin/clock-changes", clock_changes, methods=["GET"]),
    Route("/admin/clock-changes/{ref}", decide, methods=["POST"]),
]
