"""Setting a time: proposing a hearing of an accepted request, and answering a proposed time with another.

The wall time is that of one of the two courts. A wall time that its clocks skip is refused, with the gap; for a wall
time they show twice the form asks which one is meant. Both local times are displayed before anything is agreed.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hearings import clocks, errors, queries, reference
from hearings.hearing import days, hearing as diary, law_on_the_day
from hearings.models import Hearing, HearingRequest
from hearings.models.hearing import RecordingPolicy
from hearings.times import court_times, wall_times
from hearings.times.wall_times import WallTime
from web.hearing import access as hearing_access
from web.requests import access as request_access
from web.server import forms
from web.server.forms import Form, FormError
from web.server.rendering import render
from web.server.sign_in import staff
from web.times import asked_times
from web.words import court_clocks, diary as diary_words
from web.words.court_clocks import CourtClock
from web.words.i18n import _, city_here, offset
from web.words.refusals import CHOOSE_RECORDING, ENTER_DATE, ENTER_TIME

SIDES = ("requesting", "requested")


def _zones(state: str) -> list[tuple[str, str]]:
    return [(zone, city_here(court_clocks.of_zone(state, zone).city)) for zone in reference.jurisdiction(state).zones]


async def page(request: Request) -> Response:
    """The form that proposes a hearing for an accepted request."""
    _signed, person = staff(request)
    async with request.app.state.parts.database.reading() as db:
        row = await request_access.find(db, request, person)
    sides = court_clocks.of_states(row.requesting_state, row.requested_state)
    values = {"clock": "requesting", "duration": "60", "time": "", "date": ""}
    values["recording_policy"] = "" if row.recording_asked is None else diary.policy_asked(row).value
    for name, side in zip(SIDES, sides, strict=True):
        own = person.city if side.state == person.owner_state and person.city else side.city
        values |= {f"{name}_zone": side.zone, f"{name}_city": own}
    asked = asked_times.ahead(row, datetime.now(UTC))
    wanted = request.query_params.get("asked", "")
    chosen = next((time for time in asked if str(time.number) == wanted), asked[0] if asked else None)
    if chosen is not None:
        values |= asked_times.clock_values(row, chosen, {name: values[f"{name}_zone"] for name in SIDES})
    return _render(request, row, None, values, [], {"chosen": chosen})


async def propose(request: Request) -> Response:
    """Propose the hearing. Effects: those of `diary.propose`."""
    signed, person = staff(request)
    form = await forms.read(request)
    async with request.app.state.parts.database.reading() as db:
        row = await request_access.find(db, request, person)
    wrong = _check(form, with_cities=True, undecided=row.recording_asked is None)
    if wrong:
        return _render(request, row, None, form.first, wrong)
    policy = form.text("recording_policy")
    try:
        courts = [
            (row.requesting_state, form.text("requesting_zone")),
            (row.requested_state, form.text("requested_zone")),
        ]
        warned = await _warned(request, form, row, courts, form.text(f"{_clock(form)}_zone"))
        if warned:
            return _render(request, row, None, form.first, [], warned)
        async with request.app.state.parts.database.transaction() as db:
            # A variable of its own: rows of this transaction cannot be displayed after a refusal, `row` can.
            locked = await queries.request(db, row.id, state=person.owner_state, lock=True)
            hearing = await diary.propose(
                db,
                request=locked,
                **_time(form, form.text(f"{_clock(form)}_zone")),
                requesting_zone=form.text("requesting_zone"),
                requesting_city=form.text("requesting_city"),
                requested_zone=form.text("requested_zone"),
                requested_city=form.text("requested_city"),
                recording_policy=RecordingPolicy(policy) if policy else None,
                actor=signed.actor(),
                now=datetime.now(UTC),
            )
    except errors.Invalid as error:
        return _render(request, row, None, form.first, _explain(error, form.text(f"{_clock(form)}_city")))
    return RedirectResponse(f"/h/{hearing.ref}", 303)


async def other_page(request: Request) -> Response:
    """The form for another time of a hearing."""
    _signed, person = staff(request)
    async with request.app.state.parts.database.reading() as db:
        hearing = await hearing_access.find(db, request, person)
        row = await queries.get(db, HearingRequest, hearing.request_id)
    wall = datetime.fromisoformat(hearing.wall_start.rstrip("!"))
    minutes = int((hearing.ends_at - hearing.starts_at).total_seconds() // 60)
    clock = "requesting" if hearing.wall_zone == hearing.requesting_zone else "requested"
    values = {"clock": clock, "duration": str(minutes), "date": f"{wall:%Y-%m-%d}", "time": f"{wall:%H:%M}"}
    values["fold"] = str(hearing.wall_fold)
    return _render(request, row, hearing, values, [])


async def counter(request: Request) -> Response:
    """Propose another time. Effects: those of `diary.counter`."""
    signed, person = staff(request)
    form = await forms.read(request)
    async with request.app.state.parts.database.reading() as db:
        hearing = await hearing_access.find(db, request, person)
        row = await queries.get(db, HearingRequest, hearing.request_id)
    wrong = _check(form, with_cities=False)
    if wrong:
        return _render(request, row, hearing, form.first, wrong)
    zone, city = {
        "requesting": (hearing.requesting_zone, hearing.requesting_city),
        "requested": (hearing.requested_zone, hearing.requested_city),
    }[_clock(form)]
    try:
        warned = await _warned(request, form, row, court_times.courts_of(hearing), zone, hearing)
        if warned:
            return _render(request, row, hearing, form.first, [], warned)
        async with request.app.state.parts.database.transaction() as db:
            locked = await queries.hearing(db, hearing.ref, state=person.owner_state, lock=True)
            await diary.counter(
                db,
                hearing=locked,
                **_time(form, zone),
                reason=form.text("reason"),
                despite=form.text("despite"),
                actor=signed.actor(),
                now=datetime.now(UTC),
            )
    except errors.InterpreterUnfit as error:
        return _render(request, row, hearing, form.first, [FormError("despite", diary_words.unfit(error))])
    except errors.Invalid as error:
        return _render(request, row, hearing, form.first, _explain(error, city))
    return RedirectResponse(f"/h/{hearing.ref}?done=time", 303)


async def _warned(
    request: Request,
    form: Form,
    row: HearingRequest,
    courts: list[tuple[str, str]],
    zone: str,
    hearing: Hearing | None = None,
) -> dict[str, Any]:
    """Objections of the courts' calendars and of the law to this time, which are displayed before it is proposed. Empty
    once they were displayed.

    Raises as `wall_times.fix`.
    """
    zones, states = (courts[0][1], courts[1][1]), (courts[0][0], courts[1][0])
    for name in zones:
        clocks.zone(name)
    now = datetime.now(UTC)
    times = [wall_times.fix(WallTime(**_time(form, zone)), zones=zones, states=states, now=now)]
    async with request.app.state.parts.database.reading() as db:
        if hearing is not None:
            times += await days.later(
                db, hearing=hearing, first=times[0], zones=zones, states=states, fold=_fold(form), now=now
            )
        begun = [(instant.starts_at, instant.ends_at) for instant in times]
        warned = await court_times.of_times(db, courts, begun)
        warned += await law_on_the_day.of_times(db, row, begun, zone=courts[0][1], now=now)
    seen = " ".join(
        f"{warning.starts_at:%Y%m%dT%H%M%S}/{warning.side}/{warning.day}/{warning.code}" for warning in warned
    )
    return {"warnings": diary_words.against(warned), "warned": seen} if seen != form.text("warned") else {}


def _clock(form: Form) -> str:
    return "requested" if form.text("clock") == "requested" else "requesting"


def _check(form: Form, *, with_cities: bool, undecided: bool = False) -> list[FormError]:
    """The errors of the form: time, length, place, recording. `undecided`: the request does not say whether to
    record."""
    wrong = []
    try:
        datetime.strptime(form.text("date"), "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        wrong.append(FormError("date", _(ENTER_DATE)))
    try:
        datetime.strptime(form.text("time"), "%H:%M").replace(tzinfo=UTC)
    except ValueError:
        wrong.append(FormError("time", _(ENTER_TIME)))
    if form.text("clock") not in ("requesting", "requested"):
        wrong.append(FormError("clock", _("Choose which court's local time this is.")))
    if not (form.text("duration").isascii() and form.text("duration").isdigit() and len(form.text("duration")) < 5):
        wrong.append(FormError("duration", _("Enter the length in minutes, such as 60.")))
    if form.text("recording_policy") not in ({*RecordingPolicy} | (set() if undecided else {""})):
        wrong.append(FormError("recording_policy", _(CHOOSE_RECORDING)))
    for name in ("requesting_city", "requested_city") if with_cities else ():
        if not form.text(name):
            wrong.append(FormError(name, _("Enter the city of the court.")))
    return wrong


def _fold(form: Form) -> int | None:
    return {"0": 0, "1": 1}.get(form.text("fold"))


def _which(values: Mapping[str, str], zones: Mapping[str, str]) -> list[tuple[str, str]]:
    """The two instants to choose from when the wall time of the form is ambiguous; empty otherwise."""
    try:
        wall = datetime.strptime(f"{values['date']} {values['time']}", "%Y-%m-%d %H:%M")  # noqa: DTZ007  wall time
        clocks.to_utc(wall, zones[values["clock"]])
    except errors.AmbiguousTime as error:
        return [
            ("0", _("The first, at {offset}").format(offset=offset(error.first, error.zone))),
            ("1", _("The second, at {offset}").format(offset=offset(error.second, error.zone))),
        ]
    except (ValueError, KeyError, OverflowError):
        return []
    return []


def _time(form: Form, zone: str) -> dict[str, Any]:
    wall = datetime.strptime(f"{form.text('date')} {form.text('time')}", "%Y-%m-%d %H:%M")  # noqa: DTZ007  wall time
    return {
        "wall_start": wall,
        "wall_zone": zone,
        "duration": timedelta(minutes=int(form.text("duration"))),
        "fold": _fold(form),
    }


def _explain(error: errors.Invalid, city: str) -> list[FormError]:
    """The errors of the time in the language of the page."""
    if isinstance(error, errors.NonexistentTime):
        text = _(
            "{time} does not exist in {city} on this day: the clocks go from {before} ({before_offset}) straight to "
            "{after} ({after_offset}). Choose a time before or after the gap."
        ).format(
            time=f"{error.wall:%H:%M}",
            city=city,
            before=f"{error.before:%H:%M:%S}",
            before_offset=offset(error.before, error.zone),
            after=f"{error.after:%H:%M}",
            after_offset=offset(error.after, error.zone),
        )
        return [FormError("time", text)]
    if isinstance(error, errors.AmbiguousTime):
        text = _("{time} occurs twice in {city} on this day, because the clocks go back. State which one you mean.")
        return [FormError("fold", text.format(time=f"{error.wall:%H:%M}", city=city))]
    explained = forms.explain(error, {"duration": _("Length"), "wall_start": _("Time"), "zone": _("Time zone")})
    field = {"wall_start": "time", "wall_zone": "clock", "zone": "requesting_zone"}.get(
        explained.field, explained.field
    )
    return [FormError(field, explained.text)]


def _render(
    request: Request,
    row: HearingRequest,
    hearing: Hearing | None,
    values: Mapping[str, str],
    wrong: list[FormError],
    extra: Mapping[str, Any] | None = None,
) -> Response:
    sides: list[CourtClock] = (
        court_clocks.of_hearing(hearing)
        if hearing
        else court_clocks.of_states(row.requesting_state, row.requested_state)
    )
    if hearing:
        zones = {"requesting": hearing.requesting_zone, "requested": hearing.requested_zone}
    else:
        zones = {side: values.get(f"{side}_zone", "") for side in SIDES}
    context = {
        "row": row,
        "hearing": hearing,
        "values": values,
        "errors": wrong,
        "ambiguous": _which(values, zones),
        "warnings": [],
        "asked": [] if hearing else asked_times.ahead(row, datetime.now(UTC)),
        "chosen": None,
        "policies": [(policy.value, diary_words.policy(policy)) for policy in RecordingPolicy],
        "sides": sides,
        "requesting_zones": _zones(row.requesting_state),
        "requested_zones": _zones(row.requested_state),
    }
    context |= dict(extra or {})
    return render(request, "schedule.html", context, status=422 if wrong or context["warnings"] else 200)


routes = [
    Route("/requests/{reference}/schedule", page, methods=["GET"]),
    Route("/requests/{reference}/schedule", propose, methods=["POST"]),
    Route("/h/{ref}/time", other_page, methods=["GET"]),
    Route("/h/{ref}/time", counter, methods=["POST"]),
]
