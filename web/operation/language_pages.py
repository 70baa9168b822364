"""How far each language of the pages is: for administrators."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings.law import termbase
from hearings.permissions import require_staff
from web.server.rendering import render
from web.server.sign_in import staff
from web.words import catalogues
from web.words.i18n import LANGUAGES


async def show(request: Request) -> Response:
    """Messages, translations, those that await review and unconfirmed terms of each language."""
    signed, _person = staff(request)
    require_staff("see_languages", signed.actor(), requesting_state=signed.state, requested_state=signed.state)
    rows = [(LANGUAGES[tag], coverage, termbase.unconfirmed(tag)) for tag, coverage in catalogues.installed().items()]
    return render(request, "languages.html", {"rows": rows, "terms": len(termbase.terms())})


routes = [Route("/admin/languages", show)]
