"""Calendar feeds: the file a calendar program reads by its secret address, and the page to make and revoke addresses.

The file is for programs: GET and HEAD only, no cookie is looked at; links in it begin with the configured address.
"""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hearings import errors
from hearings.models.outbox import FeedScope
from hearings.outward import feeds
from web.server import forms
from web.server.forms import FormError
from web.server.rendering import render
from web.server.sign_in import staff
from web.words.i18n import N_, _, ngettext, say
from web.words.places import of_person

SCOPES = {
    "own": N_("Hearings I take part in or handle"),
    "state": N_("All hearings of my State"),
}
DONE = {"revoked": N_("The address has been taken back. It no longer works.")}


async def file(request: Request) -> Response:
    """The calendar. 404 for what is no address, or no more."""
    parts = request.app.state.parts
    async with parts.database.reading() as db:
        found = await feeds.read(
            db, token=request.path_params["token"], origin=parts.settings.origin, say=say, now=datetime.now(UTC)
        )
    return Response(
        found,
        media_type="text/calendar; charset=utf-8",
        headers={"content-disposition": 'inline; filename="vivavoce.ics"'},
    )


async def page(
    request: Request, *, made: feeds.MadeFeed | None = None, wrong: list[FormError] | None = None
) -> Response:
    """The addresses of the person who looks; a new one is shown once."""
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
        "notice": _(DONE[done]) if (done := request.query_params.get("done", "")) in DONE and not made else None,
        "places": of_person(person),
    }
    return render(request, "feeds.html", context, status=422 if wrong else 200)


async def show(request: Request) -> Response:
    """The page."""
    return await page(request)


async def make(request: Request) -> Response:
    """Make an address. Effects: adds the feed; its secret is in this answer and nowhere else."""
    _signed, person = staff(request)
    form = await forms.read(request)
    if form.text("scope") not in SCOPES:
        return await page(request, wrong=[FormError("scope", _("Choose which hearings."))])
    try:
        async with request.app.state.parts.database.transaction() as db:
            made = await feeds.make(db, person=person, scope=FeedScope(form.text("scope")), now=datetime.now(UTC))
    except errors.NotReady:
        text = ngettext(
            "You have {n} address: take it back first.", "You have {n} addresses: take one back first.", feeds.FEEDS
        ).format(n=feeds.FEEDS)
        return await page(request, wrong=[FormError("", text)])
    return await page(request, made=made)


async def revoke(request: Request) -> Response:
    """Take an address back. Effects: it no longer works."""
    _signed, person = staff(request)
    await forms.read(request)
    async with request.app.state.parts.database.transaction() as db:
        await feeds.revoke(db, feed_id=request.path_params["feed"], person=person, now=datetime.now(UTC))
    return RedirectResponse("/calendar?done=revoked", 303)


routes = [
    Route("/calendar", show, methods=["GET"]),
    Route("/calendar", make, methods=["POST"]),
    Route("/calendar/{token:str}.ics", file, methods=["GET"]),
    Route("/calendar/{feed}/revoke", revoke, methods=["POST"]),
]
