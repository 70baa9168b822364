"""Calendar feeds: the file a calendar program reads at its secret address, and the page to make and revoke addresses.

The file is for programs: GET and HEAD only, cookies are ignored; links in it begin with the configured address.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings import errors
from hearings.models.outbox import FeedScope
from hearings.outward import feeds
from web.server.forms import FormError
from web.server.page_acts import Sent, notice, page_act
from web.server.rendering import render
from web.server.sign_in import staff
from web.words.court_clocks import of_person
from web.words.i18n import N_, _, ngettext
from web.words.sentences import say

SCOPES = {
    "own": N_("Hearings I take part in or handle"),
    "state": N_("All hearings of my State"),
}
DONE = {"revoked": N_("The address has been revoked. It no longer works.")}


async def file(request: Request) -> Response:
    """The calendar as an iCalendar file. 404 for an unknown or revoked address."""
    parts = request.app.state.parts
    async with parts.database.reading() as db:
        calendar = await feeds.read(
            db, token=request.path_params["token"], origin=parts.settings.origin, say=say, now=datetime.now(UTC)
        )
    return Response(
        calendar,
        media_type="text/calendar; charset=utf-8",
        headers={"content-disposition": 'inline; filename="vivavoce.ics"'},
    )


async def page(
    request: Request, *, made: feeds.MadeFeed | None = None, wrong: list[FormError] | None = None
) -> Response:
    """The page of the person's own addresses; a new one is displayed only once."""
    _signed, person = staff(request)
    parts = request.app.state.parts
    async with parts.database.reading() as db:
        rows = await feeds.feeds_of(db, person)
    context = {
        "rows": rows,
        "scopes": [(value, _(text)) for value, text in SCOPES.items()],
        "scope": lambda row: _(SCOPES[row.scope.value]),
        "values": {"scope": "own"},
        "address": f"{parts.settings.origin}/calendar/{made.token}.ics" if made else "",
        "errors": wrong or [],
        "notice": notice(request, DONE, made),
        "places": of_person(person),
    }
    return render(request, "feeds.html", context, status=422 if wrong else 200)


async def show(request: Request) -> Response:
    """The page of the person's own addresses."""
    return await page(request)


async def _full(sent: Sent, error: errors.NotReady) -> Response:
    text = ngettext(
        "You have {n} address: revoke it first.", "You have {n} addresses: revoke one first.", feeds.FEEDS
    ).format(n=feeds.FEEDS)
    return await page(sent.request, wrong=[FormError("", text)])


@page_act(_full, (errors.NotReady,))
async def make(sent: Sent) -> Callable[[], Awaitable[Response]]:
    """Makes an address. Effects: adds the feed; its secret is in this response and nowhere else."""
    if sent.form.text("scope") not in SCOPES:
        return lambda: page(sent.request, wrong=[FormError("scope", _("Choose which hearings."))])
    made = await feeds.make(sent.db, person=sent.person, scope=FeedScope(sent.form.text("scope")), now=sent.now)
    return lambda: page(sent.request, made=made)


@page_act()
async def revoke(sent: Sent) -> str:
    """Revokes an address. Effects: the address no longer works."""
    await feeds.revoke(sent.db, feed_id=sent.path["feed"], person=sent.person, now=sent.now)
    return "/calendar?done=revoked"


routes = [
    Route("/calendar", show, methods=["GET"]),
    Route("/calendar", make, methods=["POST"]),
    Route("/calendar/{token:str}.ics", file, methods=["GET"]),
    Route("/calendar/{feed}/revoke", revoke, methods=["POST"]),
]
