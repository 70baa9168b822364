"""The cookie that tells one browser from another before anybody has signed in: challenges are bound to it.

`SameSite=Lax`, unlike the login's: it comes along when an issuer sends the browser back. It opens nothing by itself.
"""

import re
import secrets

from starlette.requests import Request
from starlette.responses import Response

from web.cookies import value as cookie

COOKIE = "__Host-vivavoce-browser"
SECONDS = 900


def browser_of(request: Request) -> str:
    """The secret of this browser's cookie; a new one where it has none that can be one of ours."""
    secret = cookie(request.headers.get("cookie", ""), COOKIE)
    return secret if re.fullmatch(r"[A-Za-z0-9_-]{43}", secret) else secrets.token_urlsafe(32)


def keep_browser(response: Response, secret: str) -> None:
    """Set the cookie, for `SECONDS`."""
    response.set_cookie(COOKIE, secret, SECONDS, path="/", secure=True, httponly=True, samesite="lax")
