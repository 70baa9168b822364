"""Help: the reader's own part first, and a page for each role."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from web.help.help_texts import ROLES, RoleHelp, by_name
from web.server.rendering import render
from web.server.sign_in import SignedIn

OF_PARTICIPANTS = {"presiding_judge": "judge", "requested_authority": "authority", "central_authority": "authority"}
"""Names of help pages by the role of a participant, where they differ."""


def own_roles(signed: SignedIn | None) -> list[RoleHelp]:
    """The help of a reader's own functions, or of their role in the hearing; none for others."""
    if signed is None:
        return []
    names = set(signed.person.functions) if signed.person is not None else set()
    if signed.participant is not None:
        names.add(OF_PARTICIPANTS.get(signed.participant.role, signed.participant.role))
    return [role for role in ROLES if role.name in names]


async def help_page(request: Request) -> Response:
    """What to do when something does not work; first the part for the reader's role."""
    own = own_roles(request.scope["actor"])
    figures = bool(request.app.state.parts.settings.statistics_public_states)
    others = [role for role in ROLES if role not in own]
    return render(request, "help.html", {"own": own, "roles": others, "figures": figures})


async def help_of_role(request: Request) -> Response:
    """The help of one role. Raises 404 for a name that has none."""
    role = by_name(request.path_params["role"])
    if role is None:
        raise HTTPException(404)
    return render(request, "help_role.html", {"role": role, "roles": ROLES})


routes = [Route("/help", help_page), Route("/help/{role}", help_of_role)]
