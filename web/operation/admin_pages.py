"""The page of the administration: what a member of staff may set up and look after."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from web.server.navigation import ADMINISTRATION, allowed
from web.server.rendering import render
from web.server.sign_in import staff


async def administration(request: Request) -> Response:
    """Lists the pages of the administration that this member of staff may use."""
    _signed, person = staff(request)
    return render(request, "administration.html", {"items": allowed(person, ADMINISTRATION)})


routes = [Route("/admin", administration)]
