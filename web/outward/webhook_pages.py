"""Webhooks of one's own State: made and switched off by an administrator; the secret is displayed only once."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings import errors
from hearings.models import Person
from hearings.outward import webhooks
from web.server.forms import FormError
from web.server.page_acts import Sent, explained, notice, page_act
from web.server.rendering import render
from web.server.sign_in import administrator
from web.words.court_clocks import of_person
from web.words.i18n import N_, _, ngettext

LABELS = {"url": N_("Address"), "events": N_("Events")}
WHY = {"by_hand": N_("switched off here"), "gone": N_("the receiver no longer exists")}
DONE = {"off": N_("The webhook has been switched off.")}


RIGHT = "manage_webhooks"


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
        "notice": notice(request, DONE, made),
        "places": of_person(person),
    }
    return render(request, "webhooks.html", context, status=422 if wrong else 200)


async def show(request: Request) -> Response:
    """The webhooks of this State."""
    _signed, person = administrator(RIGHT, request)
    return await _page(request, person)


async def _again(sent: Sent, error: errors.HearingsError) -> Response:
    if isinstance(error, errors.NotReady):
        text = ngettext(
            "Your State has {n} webhook: switch it off first.",
            "Your State has {n} webhooks: switch one off first.",
            webhooks.MOST,
        ).format(n=webhooks.MOST)
        return await _page(sent.request, sent.person, wrong=[FormError("", text)])
    typed: dict[str, object] = {"url": sent.form.text("url"), "events": sent.form.all("events")}
    return await _page(sent.request, sent.person, values=typed, wrong=[explained(LABELS)(error)])


@page_act(_again, (errors.Invalid, errors.NotReady), right=RIGHT)
async def make(sent: Sent) -> Callable[[], Awaitable[Response]]:
    """Makes a webhook. Effects: adds the row; its secret is in this response and nowhere else."""
    settings = sent.parts.settings
    made = await webhooks.subscribe(
        sent.db,
        state=sent.state,
        url=sent.form.text("url"),
        events=sent.form.all("events"),
        hosts=settings.allowed_webhook_hosts,
        key=sent.parts.keys.cookie,
        loopback=settings.test_hooks,
        **sent.by,
    )
    return lambda: _page(sent.request, sent.person, made=made)


@page_act(right=RIGHT)
async def disable(sent: Sent) -> str:
    """Switch a webhook off. Effects: those of `webhooks.disable`."""
    row = await webhooks.webhook_of(sent.db, sent.path["webhook"], state=sent.state, lock=True)
    await webhooks.disable(sent.db, webhook=row, **sent.by)
    return "/webhooks?done=off"


routes = [
    Route("/webhooks", show, methods=["GET"]),
    Route("/webhooks", make, methods=["POST"]),
    Route("/webhooks/{webhook}/disable", disable, methods=["POST"]),
]
