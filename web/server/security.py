"""What every answer carries and every request must pass: headers, origin check, CSRF token, rate limits.

Three content security policies, one table (`POLICIES`): pages with an island also require Trusted Types; form and list
pages do not; what is handed out as a download can do nothing wherever it is opened. Nothing here knows a page; which
policy a path gets is decided by `ISLANDS`.
"""

import hashlib
import hmac
import re
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.buckets import Buckets, counted_as
from web.paths import BASE, within
from web.settings import Settings, is_loopback

_COMMON = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' blob:; "
    "media-src 'self' blob:; connect-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; report-uri /csp-report"
)
POLICIES: dict[str, str] = {
    "form": _COMMON,
    "download": "sandbox; default-src 'none'; frame-ancestors 'none'",
    "island": f"{_COMMON}; require-trusted-types-for 'script'; trusted-types vivavoce",
}
ISLANDS = re.compile(r"/h/[^/]+/live|/recordings/[^/]+(/verify)?|/verify|/j|/s|/(h|requests)/.+/sign(/[^/]+)?")
"""Paths of the pages that run an island; the others are forms and lists."""

ALWAYS = re.compile(r"/healthz(/|$)|/metrics$|/static/|/csp-report$")
"""Paths that are answered while a restored copy stands by."""
REPORTS = "/csp-report"
"""Where browsers say that a page broke its policy. They are counted, not read, so anybody may send one."""

_OWN_FEATURES = ("camera", "microphone", "display-capture", "screen-wake-lock", "autoplay", "fullscreen")
_NO_FEATURES = (
    "accelerometer", "browsing-topics", "clipboard-read", "encrypted-media", "gamepad", "geolocation",
    "gyroscope", "hid", "idle-detection", "local-fonts", "magnetometer", "midi", "payment", "picture-in-picture",
    "publickey-credentials-create", "publickey-credentials-get", "serial", "storage-access", "usb",
    "window-management", "xr-spatial-tracking",
)  # fmt: skip

HEADERS: dict[str, str] = {
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": ", ".join([f"{name}=(self)" for name in _OWN_FEATURES] + [f"{n}=()" for n in _NO_FEATURES]),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "x-robots-tag": "noindex, nofollow",
}
KEPT = ("/static/", f"{BASE}/openapi.json")
"""What a browser or a program may keep if it asks each time whether it is still so."""
HSTS = "max-age=63072000; includeSubDomains"

BODY_LIMIT = 262_144
"""Bytes of a request body; a longer one is refused with 413 while it is being read."""
ODD = re.compile(r"[\x00-\x1f\x7f\\]|(?:^|/)\.\.?(?:/|$)")
"""In no path of ours once percent signs are decoded."""
UPLOAD_LIMIT = 26_214_400 + 65_536
"""Likewise where a file of 25 MiB is sent, with the rest of its form."""
SIGNED_LIMIT = BODY_LIMIT + 512_000
"""Likewise where a signed statement comes with the form: a whole request may stand in it."""
SIGNED = re.compile(r"/requests/[^/]+/act/[^/]+")
UPLOADS = re.compile(r"/requests/[^/]+/documents|/directory")
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def policy_for(path: str) -> str:
    """Name of the content security policy of a path."""
    return "island" if ISLANDS.fullmatch(path) else "form"


class HeadersMiddleware:
    """Puts the headers of this module on every HTTP answer, those of errors included. Must be outermost."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.secure = settings.secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path: str = scope["path"]

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                download = headers.get("content-disposition", "").startswith("attachment")
                headers["content-security-policy"] = POLICIES["download" if download else policy_for(path)]
                if self.secure:
                    headers["strict-transport-security"] = HSTS
                if path.startswith("/static/dist/") and message["status"] == 200:
                    headers["cache-control"] = "public, max-age=31536000, immutable"
                else:
                    headers["cache-control"] = "no-cache" if path.startswith(KEPT) else "no-store"
            await send(message)

        await self.app(scope, receive, send_with_headers)


class PathMiddleware:
    """Refuses addresses nobody types: control characters, backslashes, and steps upwards, however they are written."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and ODD.search(scope["path"]):
            raise HTTPException(400, "bad_request")
        await self.app(scope, receive, send)


# --- origin and CSRF token ---------------------------------------------------------------------------------------


def origin_allowed(settings: Settings, headers: Headers) -> bool:
    """Whether an unsafe request (or a WebSocket handshake) comes from a page of this installation.

    `Origin` must be the configured origin. On loopback, `localhost` and `127.0.0.1` are the same machine: there the
    request's own host counts too, if it is a loopback one. `Sec-Fetch-Site`, where sent, must agree; it stands in for
    the `Origin: null` that our `Referrer-Policy: no-referrer` makes browsers send with a form.
    """
    origin = headers.get("origin", "").lower()
    site = headers.get("sec-fetch-site", "")
    if site not in ("", "same-origin"):
        return False
    if origin == settings.origin or (origin in ("", "null") and site == "same-origin"):
        return True
    host = headers.get("host", "").lower()
    return not settings.secure and origin == f"http://{host}" and is_loopback(_name(host))


def _name(host: str) -> str:
    """The host name in a `Host` header; empty for what is none."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


class OriginMiddleware:
    """Refuses every unsafe request and WebSocket that does not come from our own pages.

    The API is not for pages: it knows no cookies, so there is nothing a foreign page could use.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        unsafe = scope["type"] == "websocket" or (scope["type"] == "http" and scope["method"] not in SAFE_METHODS)
        unsafe = unsafe and not (scope["type"] == "http" and (within(scope["path"]) or scope["path"] == REPORTS))
        if unsafe and not origin_allowed(self.settings, Headers(scope=scope)):
            if scope["type"] == "websocket":
                await receive()
                await send({"type": "websocket.close", "code": 1008, "reason": "origin"})
                return
            raise HTTPException(403, "cross_origin")
        await self.app(scope, receive, send)


def csrf_token(key: bytes, login: str) -> str:
    """The token of one login, in every form and in the header `X-CSRF-Token` of every request an island makes."""
    return hmac.new(key, b"csrf:" + login.encode(), hashlib.sha256).hexdigest()


def check_csrf(key: bytes, login: str, token: str) -> None:
    """Refuse a request whose token is not the one of its login."""
    if not hmac.compare_digest(csrf_token(key, login).encode(), token.encode()):
        raise HTTPException(403, "csrf")


class BodyLimitMiddleware:
    """Refuses a body that says it is, or grows, longer than `BODY_LIMIT`; the connection is then closed.

    The API has limits of its own (`web.api.bodies`).
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or within(scope["path"]):
            await self.app(scope, receive, send)
            return
        told = Headers(scope=scope).get("content-length", "")
        most = body_limit(scope["method"], scope["path"])
        if longer(told, most):
            raise _too_large()
        total = 0

        async def counted() -> Message:
            nonlocal total
            message = await receive()
            total += len(message.get("body", b""))
            if total > most:
                raise _too_large()
            return message

        await self.app(scope, counted, send)


def body_limit(method: str, path: str) -> int:
    """Bytes of a body to this path."""
    if method != "POST":
        return BODY_LIMIT
    return UPLOAD_LIMIT if UPLOADS.fullmatch(path) else SIGNED_LIMIT if SIGNED.fullmatch(path) else BODY_LIMIT


def longer(told: str, most: int) -> bool:
    """Whether a `Content-Length` says that a body has more than `most` bytes."""
    return told.isdecimal() and (len(told) > 18 or int(told) > most)


def _too_large() -> HTTPException:
    return HTTPException(413, "too_large", {"Connection": "close"})


class StandbyMiddleware:
    """While this copy stands by, nothing is answered but health, figures and files."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and scope["app"].state.parts.standing_by:
            if scope["type"] == "websocket":
                await receive()
                await send({"type": "websocket.close", "code": 1013, "reason": "standing_by"})
                return
            if not ALWAYS.match(scope["path"]):
                raise HTTPException(503, "standing_by")
        await self.app(scope, receive, send)


# --- rate limits -------------------------------------------------------------------------------------------------


def rate_of(method: str, path: str) -> str | None:
    """Which limit a request counts against; None for static files, health, figures, and the API, which counts for
    itself."""
    if path.startswith(("/static/", "/catalogue/", "/healthz/")) or path in ("/healthz", "/metrics") or within(path):
        return None
    if path == REPORTS:
        return "report"
    if method in SAFE_METHODS:
        return "segment" if path.startswith("/recordings/") else "read"
    return "sign_in" if path in ("/s", "/j") else "write"


class InProgressMiddleware:
    """Answers 429 when an address has too many requests or WebSockets in progress: the address that a trusted proxy
    tells, too, whose connections `web.sockets` cannot tell apart."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        self.app = app
        self.most = most
        self.counts: dict[str, int] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        who = address(HTTPConnection(scope))
        count = self.counts.get(who, 0)
        if count >= self.most:
            if scope["type"] == "http":
                raise HTTPException(429, "too_many_requests", {"Retry-After": "5"})
            await receive()
            await send({"type": "websocket.close", "code": 1013, "reason": "too many connections"})
            return
        self.counts[who] = count + 1
        try:
            await self.app(scope, receive, send)
        finally:
            self.counts[who] -= 1
            if not self.counts[who]:
                del self.counts[who]


class LimitsMiddleware:
    """Answers 429 with `Retry-After` when an address asks too often."""

    def __init__(self, app: ASGIApp, buckets: Buckets) -> None:
        self.app = app
        self.buckets = buckets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            rate = rate_of(scope["method"], scope["path"])
            wait = self.buckets.take(rate, address(HTTPConnection(scope))) if rate else 0
            if wait:
                raise HTTPException(429, "too_many_requests", {"Retry-After": str(int(wait) + 1)})
        await self.app(scope, receive, send)


def address(connection: HTTPConnection) -> str:
    """What the client's address is counted by."""
    return counted_as(connection.client.host if connection.client else "unknown")


def require_csrf_header(request: Request, key: bytes, login: str) -> None:
    """For requests an island makes: `X-CSRF-Token` must be the token of the login."""
    check_csrf(key, login, request.headers.get("x-csrf-token", ""))
