"""Rooms, endpoints, judges and interpreters: the list, a resource with its bookings, the forms to add and change one,
and the directory of interpreters."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings import errors, queries, reference
from hearings.clocks import to_utc
from hearings.law import law as laws
from hearings.models import Booking, Hearing, Person, Resource
from hearings.models.diary import ResourceKind
from hearings.sentences import tell
from hearings.times import bookings, queries as diary_queries, resources
from hearings.times.availability import HIDDEN
from hearings.times.interpreters import by_day, rules
from web.server import forms
from web.server.forms import Form, FormError
from web.server.page_acts import Sent, notice, page_act
from web.server.rendering import render
from web.server.sign_in import may_own, staff
from web.server.tables import csv_answer
from web.times import calendar_grids
from web.times.calendar_grids import WeekGrid
from web.words import court_clocks, diary as diary_words, labels
from web.words.court_clocks import CourtClock
from web.words.i18n import N_, _, city_here, language_here, pgettext
from web.words.labels import CHANGES_KEPT
from web.words.refusals import ENTER_DATE

PAGE = 25
TEXTS = ("name", "city", "zone", "accreditation", "note")
ROWS = 6
"""The number of language pairs on the form."""
DONE = {
    "added": N_("It has been added and can be booked."),
    "changed": CHANGES_KEPT,
    "deactivate": N_("Taken out of use: existing bookings stay, no new ones can be made."),
    "activate": N_("Back in use."),
    "block": N_("It is kept free of hearings for this time."),
    "unblock": N_("It can be booked again."),
}


async def listing(request: Request) -> Response:
    """The resources of the person's State, and those other States share with it."""
    _signed, person = staff(request)
    asked = request.query_params.get("kind", "")
    kind = ResourceKind(asked) if asked in set(ResourceKind) else None
    async with request.app.state.parts.database.reading() as db:
        page = await diary_queries.resources(
            db,
            state=person.owner_state,
            kind=kind,
            active=None,
            after=request.query_params.get("after", ""),
            limit=PAGE,
        )
    context = {
        "rows": page.rows,
        "next": page.after,
        "kind": asked if kind else "",
        "kinds": [(kind.value, diary_words.kind(kind)) for kind in ResourceKind],
        "kind_of": diary_words.kind,
        "own": person.owner_state,
        "may_edit": may_own("edit_resource", person),
    }
    return render(request, "resources.html", context)


@dataclass(frozen=True)
class Load:
    """Hours an interpreter sits in hearings, without margins, on each day of a week by her own clock."""

    row: Resource
    minutes: list[int]

    @property
    def busiest(self) -> int:
        """Minutes on the day with the most."""
        return max(self.minutes)

    @property
    def total(self) -> int:
        """Minutes in the week."""
        return sum(self.minutes)


async def _loads(db: AsyncSession, rows: Sequence[Resource], first: date) -> list[Load]:
    since = datetime.combine(first, time(), tzinfo=UTC) - timedelta(days=1)
    people = await diary_queries.interpreters_of(db, rows, since=since, until=since + timedelta(days=9))
    loads = []
    for row in rows:
        seconds = by_day(row.zone, people[row.resource_no].work)
        loads.append(Load(row, [seconds.get(first + timedelta(days=number), 0) // 60 for number in range(7)]))
    return loads


async def _interpreters(request: Request) -> dict[str, Any]:
    _signed, person = staff(request)
    source, target = (request.query_params.get(name, "") for name in ("source", "target"))
    today = datetime.now(UTC).date()
    first = calendar_grids.monday(request.query_params.get("week", ""), today)
    async with request.app.state.parts.database.reading() as db:
        rows = await diary_queries.interpreters(db, state=person.owner_state, source=source, target=target)
        return {
            "rows": rows,
            "pairs": await diary_queries.pairs(db, [row.id for row in rows]),
            "loads": await _loads(db, rows, first),
            "limit": rules(await laws.current(db)).daily_cap,
            "days": [first + timedelta(days=number) for number in range(7)],
            "values": {"source": source, "target": target},
            "today": today,
        }


async def directory(request: Request) -> Response:
    """Interpreters by language pair, and the hours they sit in a week."""
    context = await _interpreters(request)
    first = context["days"][0]
    weeks = {"before": first - timedelta(days=7), "after": first + timedelta(days=7)}
    return render(
        request, "interpreters.html", context | {"languages": _languages(), "hours": _in_hours, "weeks": weeks}
    )


async def load_table(request: Request) -> Response:
    """GET the hours of the interpreters in a week as CSV."""
    context = await _interpreters(request)
    return csv_answer(
        f"interpreters-{context['days'][0]}",
        [_("Interpreter"), _("Time zone"), *context["days"], _("Hours in the week"), _("Most hours a day")],
        [
            (
                load.row.name,
                load.row.zone,
                *(_in_hours(minutes) for minutes in load.minutes),
                _in_hours(load.total),
                _in_hours(context["limit"]),
            )
            for load in context["loads"]
        ],
    )


def _in_hours(minutes: int) -> str:
    return f"{round(minutes / 60, 1):g}"


def _languages() -> list[tuple[str, str]]:
    tags = {
        tag for jurisdiction in reference.jurisdictions().values() for tag in jurisdiction.accepted_languages
    } | set(labels.LANGUAGES)
    return sorted(((tag, language_here(tag)) for tag in tags), key=lambda pair: pair[1].casefold())


# --- adding and changing -----------------------------------------------------------------------------------------


async def new_page(request: Request) -> Response:
    """An empty form."""
    _signed, person = staff(request)
    if not may_own("edit_resource", person):
        raise errors.NotAllowed("not for this person")
    zone = reference.jurisdiction(person.owner_state).default_zone
    return _form_page(request, person, None, {"kind": "", "zone": zone, "city": person.city}, [])


async def _new_again(sent: Sent, error: errors.Invalid) -> Response:
    return _form_page(sent.request, sent.person, None, sent.form.first, [_explain(error)])


@page_act(_new_again)
async def create(sent: Sent) -> str | Response:
    """Adds a resource. Effects: those of `resources.add`."""
    kind = sent.form.text("kind")
    fields, wrong = _read(sent.form)
    if kind not in set(ResourceKind):
        wrong.append(FormError("kind", _("Choose the kind.")))
    if wrong:
        return _form_page(sent.request, sent.person, None, sent.form.first, wrong)
    made = await resources.add(sent.db, kind=ResourceKind(kind), pairs=_pairs(sent.form), **sent.by, **fields)
    return f"/resources/{made.resource_no}?done=added"


async def edit_page(request: Request) -> Response:
    """The form with the stored values of a resource."""
    _signed, person = staff(request)
    async with request.app.state.parts.database.reading() as db:
        resource = await _find(db, request, person)
        pairs = (await diary_queries.pairs(db, [resource.id])).get(resource.id, [])
    if resource.owner_state != person.owner_state:
        raise errors.NotFound
    if not may_own("edit_resource", person):
        raise errors.NotAllowed("not for this person")
    values = {name: str(getattr(resource, name)) for name in TEXTS} | {
        "kind": resource.kind.value,
        "shared": "yes" if resource.shared else "",
        "accredited_until": str(resource.accredited_until or ""),
    }
    for number, (source, target) in enumerate(pairs[:ROWS], start=1):
        values |= {f"source{number}": source, f"target{number}": target}
    return _form_page(request, person, resource, values, [])


async def _edit_again(sent: Sent, error: errors.Invalid) -> Response:
    async with sent.parts.database.reading() as db:
        resource = await _find(db, sent.request, sent.person)
    return _form_page(sent.request, sent.person, resource, sent.form.first, [_explain(error)])


@page_act(_edit_again)
async def edit(sent: Sent) -> str | Response:
    """Saves the changes of a resource. Effects: those of `resources.change`."""
    fields, wrong = _read(sent.form)
    resource = await _find(sent.db, sent.request, sent.person)
    if wrong:
        return _form_page(sent.request, sent.person, resource, sent.form.first, wrong)
    if resource.kind is not ResourceKind.interpreter:
        fields = {name: value for name, value in fields.items() if not name.startswith("accredit")}
    await resources.change(sent.db, resource=resource, fields=fields, pairs=_pairs(sent.form), **sent.by)
    return f"/resources/{resource.resource_no}?done=changed"


def _read(form: Form) -> tuple[dict[str, Any], list[FormError]]:
    fields: dict[str, Any] = {name: form.text(name) for name in TEXTS}
    fields["shared"] = form.text("shared") == "yes"
    fields["accredited_until"] = None
    if form.text("accredited_until"):
        try:
            fields["accredited_until"] = date.fromisoformat(form.text("accredited_until"))
        except ValueError:
            return fields, [FormError("accredited_until", _(ENTER_DATE))]
    return fields, []


def _pairs(form: Form) -> list[tuple[str, str]]:
    rows = [(form.text(f"source{number}"), form.text(f"target{number}")) for number in range(1, ROWS + 1)]
    return [(source, target) for source, target in rows if source or target]


def _explain(error: errors.Invalid) -> FormError:
    labels = {"name": _("Name"), "zone": _("Time zone"), "accreditation": _("Accreditation"), "pairs": _("Languages")}
    explained = forms.explain(error, labels)
    return FormError({"language": "source1", "pairs": "source1"}.get(explained.field, explained.field), explained.text)


def _form_page(
    request: Request, person: Person, resource: Resource | None, values: Mapping[str, Any], wrong: list[FormError]
) -> Response:
    state = person.owner_state
    zones = [(zone, city_here(court_clocks.of_zone(state, zone).city)) for zone in reference.jurisdiction(state).zones]
    context = {
        "found": resource,
        "values": dict(values),
        "kinds": [(kind.value, diary_words.kind(kind)) for kind in ResourceKind],
        "zones": zones,
        "languages": _languages(),
        "pair_rows": range(1, ROWS + 1),
        "errors": wrong,
    }
    return render(request, "resource_form.html", context, status=422 if wrong else 200)


# --- one ---------------------------------------------------------------------------------------------------------


async def show(request: Request) -> Response:
    """One resource with its bookings."""
    _signed, person = staff(request)
    return await _page(request, person, {}, [])


async def _again(sent: Sent, error: errors.DoubleBooking | errors.Invalid) -> Response:
    if isinstance(error, errors.DoubleBooking):
        wrong = FormError("starts", _("Already booked at this time. Release that booking first."))
    else:
        labels = {"reason": _("Reason"), "ends_at": _("Until"), "starts_at": pgettext("time", "From")}
        explained = forms.explain(error, labels)
        field = {"starts_at": "starts", "ends_at": "ends", "wall_start": "starts", "fold": "starts"}
        wrong = FormError(field.get(explained.field, explained.field), explained.text)
    return await _page(sent.request, sent.person, sent.form.first, [wrong])


async def _block(sent: Sent, resource: Resource) -> None:
    starts, ends = (_instant(sent.form, side, resource) for side in ("starts", "ends"))
    reason = sent.form.text("reason")
    await bookings.block(sent.db, resource=resource, starts_at=starts, ends_at=ends, reason=reason, **sent.by)


async def _unblock(sent: Sent, resource: Resource) -> None:
    booking = await queries.get(sent.db, Booking, sent.form.text("booking"), lock=True)
    if booking.resource_no != resource.resource_no:
        raise errors.NotFound
    await bookings.unblock(sent.db, booking=booking, resource=resource, **sent.by)


ACTS: Mapping[str, Callable[[Sent, Resource], Awaitable[None]]] = {
    "deactivate": lambda sent, resource: resources.deactivate(sent.db, resource=resource, **sent.by),
    "activate": lambda sent, resource: resources.activate(sent.db, resource=resource, **sent.by),
    "block": _block,
    "unblock": _unblock,
}


@page_act(_again, (errors.DoubleBooking, errors.Invalid))
async def act(sent: Sent) -> str:
    """Performs one of `ACTS`: deactivate, activate, block, unblock. Effects: those of the function named there."""
    name = sent.path["action"]
    resource = await _find(sent.db, sent.request, sent.person)
    if name not in ACTS:
        raise HTTPException(404, "not_found")
    await ACTS[name](sent, resource)
    return f"/resources/{resource.resource_no}?done={name}"


def _instant(form: Form, side: str, resource: Resource) -> datetime:
    """Reads a wall time in the resource's zone; an ambiguous one means its first instant as a start, its second as an
    end."""
    try:
        wall = datetime.strptime(form.text(side), "%Y-%m-%dT%H:%M")  # noqa: DTZ007  a wall time has no zone
    except ValueError as error:
        raise errors.Invalid(tell("Not a date and a time"), side) from error
    if not 2000 <= wall.year <= 2100:
        raise errors.Invalid(tell("Not a date and a time"), side)
    return to_utc(wall, resource.zone, 0 if side == "starts" else 1)


async def _find(db: Any, request: Request, person: Person) -> Resource:
    text = request.path_params["number"]
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise errors.NotFound
    return await diary_queries.resource(db, int(text), state=person.owner_state)


async def _page(request: Request, person: Person, values: Mapping[str, Any], wrong: list[FormError]) -> Response:
    async with request.app.state.parts.database.reading() as db:
        resource = await _find(db, request, person)
        own = resource.owner_state == person.owner_state
        page = await diary_queries.bookings_of(
            db,
            resource.resource_no,
            since=datetime.now(UTC) - timedelta(hours=12),
            after=request.query_params.get("after", ""),
            limit=PAGE,
        )
        pairs = (await diary_queries.pairs(db, [resource.id])).get(resource.id, [])
        week = await _week(db, request, resource, person)
        names = await diary_queries.hearing_names(
            db, [row.hearing_id for row in page.rows if row.hearing_id], state=person.owner_state
        )
    context = {
        "found": resource,
        "own": own,
        "may_edit": own and may_own("edit_resource", person),
        "rows": page.rows,
        "next": page.after,
        "names": names,
        "week": week,
        "pairs": pairs,
        "kind_of": diary_words.kind,
        "hidden": diary_words.place(HIDDEN),
        "places": [court_clocks.of_zone(resource.owner_state, resource.zone, resource.city)],
        "values": dict(values),
        "errors": wrong,
        "notice": notice(request, DONE, wrong),
    }
    return render(request, "resource.html", context, status=422 if wrong else 200)


@dataclass(frozen=True)
class WeekView:
    """A week of a resource: its grid, the hearings in it that the reader's State takes part in, and both clocks."""

    grid: WeekGrid
    hearings: Mapping[str, Hearing]
    clocks: list[CourtClock]
    """That of the resource, then that of the other court of the first hearing of the week, if there is one."""
    before: date
    after: date

    def other(self, booking: Booking) -> CourtClock | None:
        """The clock of the court of a booking's hearing that is not the resource's."""
        hearing = self.hearings.get(booking.hearing_id or "")
        if hearing is None:
            return None
        own = self.clocks[0]
        clocks = [clock for clock in court_clocks.of_hearing(hearing) if clock.state != own.state]
        return clocks[0] if clocks else None


async def _week(db: AsyncSession, request: Request, resource: Resource, person: Person) -> WeekView:
    now = datetime.now(UTC)
    today = now.astimezone(ZoneInfo(resource.zone)).date()
    first = calendar_grids.monday(request.query_params.get("week", ""), today)
    since, until = (
        datetime.combine(day, time(), tzinfo=ZoneInfo(resource.zone)).astimezone(UTC)
        for day in (first, first + timedelta(days=7))
    )
    booked = await diary_queries.bookings_between(db, resource.resource_no, since=since, until=until)
    hearings = await diary_queries.hearings_named(
        db, [row.hearing_id for row in booked if row.hearing_id], state=person.owner_state
    )
    own = court_clocks.of_zone(resource.owner_state, resource.zone, resource.city)
    view = WeekView(
        calendar_grids.week(first, booked, resource.zone),
        hearings,
        [own],
        first - timedelta(days=7),
        first + timedelta(days=7),
    )
    seconds = [clock for booking in booked if (clock := view.other(booking)) is not None]
    view.clocks.extend(seconds[:1])
    return view


routes = [
    Route("/interpreters.csv", load_table, methods=["GET"]),
    Route("/resources", listing, methods=["GET"]),
    Route("/resources/new", new_page, methods=["GET"]),
    Route("/resources/new", create, methods=["POST"]),
    Route("/resources/{number}", show, methods=["GET"]),
    Route("/resources/{number}/edit", edit_page, methods=["GET"]),
    Route("/resources/{number}/edit", edit, methods=["POST"]),
    Route("/resources/{number}/act/{action}", act, methods=["POST"]),
    Route("/interpreters", directory, methods=["GET"]),
]
