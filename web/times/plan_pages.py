"""Planning the docket: a proposal for all accepted requests at once, beside first-come order."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings import clocks, errors, queries
from hearings.hearing import hearing as diary
from hearings.models import Person
from hearings.sentences import tell
from hearings.times.docket_gathering import Gathered
from hearings.times.solver import Comparison
from web.server import forms
from web.server.forms import Form, FormError
from web.server.page_acts import Sent, page_act
from web.server.rendering import render
from web.server.sign_in import administrator, staff
from web.times import planning
from web.words import court_clocks, diary as diary_words, refusals
from web.words.i18n import N_, _

WHY = {
    "no_start": N_("No time fits the hours of both courts."),
    "no_resource": N_("Something it needs, such as an interpreter for its languages, is not in the diary."),
    "booked": N_("Everything it needs is already booked at all its times."),
    "taken": N_("Other requests have taken all its times:"),
}
KINDS = {"room": N_("Rooms"), "interpreter": N_("Interpreters"), "endpoint": N_("Endpoints"), "judge": N_("Judges")}
NOTES = {
    "no_rooms": N_("Your State has entered no rooms; the plan is made without them."),
    "more": N_("There are more requests than can be planned at once: only the most urgent are in the plan."),
}
NO_INTERPRETER = {
    "same_language": N_("No interpreter is needed: the person speaks the language of the court."),
    "neither": N_("No interpreter is booked: neither State provides one."),
    "languages_unknown": N_(
        "Whether an interpreter is needed is not known: the request does not state both languages."
    ),
}
DEFAULTS = {"days": "28", "duration": "120", "margin": "30"}


RIGHT = "propose_hearing"


async def page(request: Request) -> Response:
    """The form with the parameters of a plan."""
    administrator(RIGHT, request)
    return _render(request, DEFAULTS, [])


async def plan(request: Request) -> Response:
    """Makes a plan and displays it. Nothing is stored or booked."""
    _signed, person = administrator(RIGHT, request)
    form = await forms.read(request)
    values = DEFAULTS | {name: form.text(name) for name in DEFAULTS if name in form}
    wrong = [
        FormError(name, _("Give a whole number."))
        for name in DEFAULTS
        if not (values[name].isascii() and values[name].isdigit() and len(values[name]) < 5)
    ]
    if wrong:
        return _render(request, values, wrong)
    try:
        async with request.app.state.parts.database.reading() as db:
            gathered = await _gather(db, person, values)
        compared = await planning.compare(gathered)
    except errors.Invalid as error:
        return _render(request, values, [forms.explain(error)])
    except errors.PlanningMissing:
        text = _("Planning is not installed here: the solver is missing. Ask the administrator.")
        return _render(request, values, [FormError("", text)])
    return _render(request, values, [], gathered, compared)


async def _gather(db: AsyncSession, person: Person, values: dict[str, str]) -> Gathered:
    return await planning.gather(
        db,
        state=person.owner_state,
        days=int(values["days"]),
        duration=timedelta(minutes=int(values["duration"])),
        margin=timedelta(minutes=int(values["margin"])),
        now=datetime.now(UTC),
    )


def _render(
    request: Request,
    values: dict[str, str],
    wrong: list[FormError],
    gathered: Gathered | None = None,
    compared: Comparison | None = None,
) -> Response:
    context: dict[str, Any] = {"values": values, "errors": wrong, "found": gathered, "compared": compared}
    if gathered is not None:
        state = staff(request)[1].owner_state
        context |= {
            "why": {code: _(text) for code, text in WHY.items()},
            "kinds": {code: _(text) for code, text in KINDS.items()},
            "no_interpreter": {row: _(NO_INTERPRETER[code]) for row, code in gathered.without_interpreter.items()},
            "notes": [_(NOTES[code]) for code in gathered.notes],
            "places_of": lambda row: [
                court_clocks.of_zone(code, gathered.zones[code]) for code in (state, row.requested_state)
            ],
        }
    return render(request, "docket_plan.html", context, status=422 if wrong else 200)


async def _again(sent: Sent, error: errors.HearingsError) -> Response:
    match error:
        case errors.InterpreterUnfit():
            text = diary_words.unfit(error)
        case errors.Invalid():
            text = forms.explain(error).text
        case _:
            text = refusals.words(error)
    return _render(sent.request, DEFAULTS, [FormError("", text)])


@page_act(_again, (errors.Invalid, errors.NotReady, errors.DoubleBooking, errors.InterpreterUnfit), right=RIGHT)
async def offer(sent: Sent) -> str:
    """Offers a placement of the plan to the other State. Effects: those of `diary.propose`."""
    form, person = sent.form, sent.person
    row = await queries.request(sent.db, form.text("reference"), state=sent.state, lock=True)
    own, other = court_clocks.of_states(row.requesting_state, row.requested_state)
    wall = _start(form).astimezone(clocks.zone(own.zone))
    hearing = await diary.propose(
        sent.db,
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
            int(number) for number in form.all("resource") if number.isascii() and number.isdigit() and len(number) < 18
        ],
        margins={"margin_before": _whole(form, "margin")},
        **sent.by,
    )
    return f"/h/{hearing.ref}"


def _start(form: Form) -> datetime:
    try:
        start = datetime.fromisoformat(form.text("start"))
    except ValueError:
        raise errors.Invalid(tell("Not a valid time"), "start") from None
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
