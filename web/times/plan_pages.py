"""Planning the docket: a proposal for all accepted requests at once, beside first-come order."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hearings import clocks, errors, queries
from hearings.hearing import hearing as diary
from hearings.models import Person
from hearings.permissions import require_staff
from hearings.sentences import tell
from hearings.times.docket_gathering import Gathered
from hearings.times.solver import Comparison
from web.server import forms
from web.server.forms import Form, FormError
from web.server.rendering import render
from web.server.sign_in import SignedIn, staff
from web.times import planning
from web.words import places, refusals
from web.words.i18n import N_, _

WHY = {
    "no_start": N_("No time fits the hours of both courts."),
    "no_resource": N_("Something it needs, such as an interpreter for its languages, is not in the diary."),
    "booked": N_("Everything it needs is booked already at all its times."),
    "taken": N_("Other requests have taken all its times:"),
}
KINDS = {"room": N_("Rooms"), "interpreter": N_("Interpreters"), "endpoint": N_("Endpoints"), "judge": N_("Judges")}
NOTES = {
    "no_rooms": N_("Your State has entered no rooms; the plan is made without them."),
    "more": N_("There are more requests than are planned at once: only the most urgent ones are in the plan."),
}
DEFAULTS = {"days": "28", "duration": "120", "margin": "30"}


def _clerk(request: Request) -> tuple[SignedIn, Person]:
    signed, person = staff(request)
    require_staff(
        "propose_hearing", signed.actor(), requesting_state=person.owner_state, requested_state=person.owner_state
    )
    return signed, person


async def page(request: Request) -> Response:
    """What the plan is to be about."""
    _clerk(request)
    return _render(request, DEFAULTS, [])


async def plan(request: Request) -> Response:
    """Make the plan and show it. Nothing is kept or booked."""
    _signed, person = _clerk(request)
    form = await forms.read(request)
    kept = DEFAULTS | {name: form.text(name) for name in DEFAULTS if name in form}
    wrong = [
        FormError(name, _("Give a whole number."))
        for name in DEFAULTS
        if not (kept[name].isascii() and kept[name].isdigit() and len(kept[name]) < 5)
    ]
    if wrong:
        return _render(request, kept, wrong)
    try:
        async with request.app.state.parts.database.reading() as db:
            found = await _gather(db, person, kept)
        compared = await planning.compare(found)
    except errors.Invalid as error:
        return _render(request, kept, [forms.explain(error)])
    except errors.PlanningMissing:
        text = _("Planning is not installed here. The administrator installs the extra “optimise”.")
        return _render(request, kept, [FormError("", text)])
    return _render(request, kept, [], found, compared)


async def _gather(db: AsyncSession, person: Person, kept: dict[str, str]) -> Gathered:
    return await planning.gather(
        db,
        state=person.owner_state,
        days=int(kept["days"]),
        duration=timedelta(minutes=int(kept["duration"])),
        margin=timedelta(minutes=int(kept["margin"])),
        now=datetime.now(UTC),
    )


def _render(
    request: Request,
    values: dict[str, str],
    wrong: list[FormError],
    found: Gathered | None = None,
    compared: Comparison | None = None,
) -> Response:
    context: dict[str, Any] = {"values": values, "errors": wrong, "found": found, "compared": compared}
    if found is not None:
        state = staff(request)[1].owner_state
        context |= {
            "why": {code: _(text) for code, text in WHY.items()},
            "kinds": {code: _(text) for code, text in KINDS.items()},
            "notes": [_(NOTES[code]) for code in found.notes],
            "places_of": lambda row: [places.of_zone(code, found.zones[code]) for code in (state, row.requested_state)],
        }
    return render(request, "docket_plan.html", context, status=422 if wrong else 200)


async def offer(request: Request) -> Response:
    """Take a placement over as an offer to the other State. Effects: those of `diary.propose`."""
    signed, person = _clerk(request)
    form = await forms.read(request)
    try:
        async with request.app.state.parts.database.transaction() as db:
            row = await queries.request(db, form.text("reference"), state=person.owner_state, lock=True)
            own, other = places.of_states(row.requesting_state, row.requested_state)
            start = _start(form)
            wall = start.astimezone(clocks.zone(own.zone))
            hearing = await diary.propose(
                db,
                request=row,
                wall_start=wall.replace(tzinfo=None, fold=0),
                wall_zone=own.zone,
                fold=wall.fold,
                duration=timedelta(minutes=_whole(form, "duration")),
                requesting_zone=own.zone,
                requesting_city=person.city or own.city,
                requested_zone=other.zone,
                requested_city=other.city,
                resources=[
                    int(one) for one in form.all("resource") if one.isascii() and one.isdigit() and len(one) < 18
                ],
                margins={"margin_before": _whole(form, "margin")},
                actor=signed.actor(),
                now=datetime.now(UTC),
            )
    except errors.Invalid as error:
        return _render(request, DEFAULTS, [FormError("", forms.explain(error).text)])
    except (errors.NotReady, errors.DoubleBooking) as error:
        return _render(request, DEFAULTS, [FormError("", refusals.words(error))])
    return RedirectResponse(f"/h/{hearing.ref}", 303)


def _start(form: Form) -> datetime:
    try:
        start = datetime.fromisoformat(form.text("start"))
    except ValueError:
        raise errors.Invalid(tell("This is not a time"), "start") from None
    if start.tzinfo is None:
        raise errors.NaiveTime
    return start


def _whole(form: Form, name: str) -> int:
    text = form.text(name)
    if not (text.isascii() and text.isdigit() and len(text) < 5):
        raise errors.Invalid(tell("Give a whole number."), name)
    return int(text)


routes = [
    Route("/docket/plan", page, methods=["GET"]),
    Route("/docket/plan", plan, methods=["POST"]),
    Route("/docket/plan/offer", offer, methods=["POST"]),
]
