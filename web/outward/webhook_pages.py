"""Webhooks of one's own State: made and switched off by an administrator; the secret is shown once."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hearings import errors
from hearings.models import Person
from hearings.outward import webhooks
from hearings.permissions import require_staff
from web.server import forms
from web.server.forms import FormError
from web.server.rendering import render
from web.server.sign_in import SignedIn, staff
from web.words.i18n import N_, _, ngettext
from web.words.places import of_person

LABELS = {"url": N_("Address"), "events": N_("Events")}
WRONG = {
    text: text
    for text in (
        N_("Not an address like https://authority.example/hooks"),
        N_("The address of a webhook begins with https://"),
        N_("The address of a webhook has no name, password or fragment in it"),
        N_("A webhook goes to a named host, not to a number"),
        N_("This host is not among those the installation allows (setting webhook_hosts)"),
        N_("This host is in a private network"),
        N_("This host has no address"),
        N_("Choose one or more of the events"),
    )
}
WHY = {"by_hand": N_("switched off here"), "gone": N_("the receiver said that it is gone")}
DONE = {"off": N_("The webhook has been switched off.")}


def _administrator(request: Request) -> tuple[SignedIn, Person]:
    """Raises 401, 404 for participants, `NotAllowed`."""
    signed, person = staff(request)
    require_staff(
        "manage_webhooks", signed.actor(), requesting_state=person.owner_state, requested_state=person.owner_state
    )
    return signed, person


async def _page(
    request: Request,
    person: Person,
    *,
    made: webhooks.Subscribed | None = None,
    values: dict[str, object] | None = None,
    wrong: list[FormError] | None = None,
) -> Response:
    parts = request.app.state.parts
    async with parts.database.reading() as db:
        rows = await webhooks.webhooks(db, state=person.owner_state)
    context = {
        "rows": rows,
        "made": made,
        "events": [(event, event) for event in webhooks.EVENTS],
        "hosts": sorted(parts.settings.allowed_webhook_hosts),
        "why": lambda row: _(WHY[row.disabled_why]) if row.disabled_why in WHY else row.disabled_why,
        "values": values or {"url": "", "events": []},
        "errors": wrong or [],
        "notice": _(DONE[done]) if (done := request.query_params.get("done", "")) in DONE and not made else None,
        "places": of_person(person),
    }
    return render(request, "webhooks.html", context, status=422 if wrong else 200)


async def show(request: Request) -> Response:
    """The webhooks of this State."""
    _signed, person = _administrator(request)
    return await _page(request, person)


async def make(request: Request) -> Response:
    """Make a webhook. Effects: adds the row; its secret is in this answer and nowhere else."""
    signed, person = _administrator(request)
    form = await forms.read(request)
    parts = request.app.state.parts
    try:
        async with parts.database.transaction() as db:
            made = await webhooks.subscribe(
                db,
                state=person.owner_state,
                url=form.text("url"),
                events=form.all("events"),
                hosts=parts.settings.allowed_webhook_hosts,
                key=parts.keys.cookie,
                actor=signed.actor(),
                now=datetime.now(UTC),
                loopback=parts.settings.test_hooks,
            )
    except errors.Invalid as error:
        kept: dict[str, object] = {"url": form.text("url"), "events": form.all("events")}
        wrong = forms.explain(error, {name: _(text) for name, text in LABELS.items()})
        return await _page(request, person, values=kept, wrong=[wrong])
    except errors.NotReady:
        text = ngettext(
            "Your State has {n} webhook: switch it off first.",
            "Your State has {n} webhooks: switch one off first.",
            webhooks.MOST,
        ).format(n=webhooks.MOST)
        return await _page(request, person, wrong=[FormError("", text)])
    return await _page(request, person, made=made)


async def disable(request: Request) -> Response:
    """Switch a webhook off. Effects: those of `webhooks.disable`."""
    signed, person = _administrator(request)
    await forms.read(request)
    async with request.app.state.parts.database.transaction() as db:
        row = await webhooks.webhook_of(db, request.path_params["webhook"], state=person.owner_state, lock=True)
        await webhooks.disable(db, webhook=row, actor=signed.actor(), now=datetime.now(UTC))
    return RedirectResponse("/webhooks?done=off", 303)


routes = [
    Route("/webhooks", show, methods=["GET"]),
    Route("/webhooks", make, methods=["POST"]),
    Route("/webhooks/{webhook}/disable", disable, methods=["POST"]),
]
