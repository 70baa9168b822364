"""Security headers of every response, and checks of every request: origin, CSRF token, sizes, rate limits.

Three content security policies, one table (`POLICIES`): of pages, of the player, of downloads, which may do nothing
wherever they are opened. Nothing here depends on a page; the policy of a path follows from `PLAYER`.
"""

import hashlib
import hmac
import re
import secrets
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
    "frame-ancestors 'none'; require-trusted-types-for 'script'; report-uri /csp-report; trusted-types"
)
POLICIES: dict[str, str] = {
    "page": f"{_COMMON} 'none'",
    "player": f"{_COMMON} player",
    "download": "sandbox; default-src 'none'; frame-ancestors 'none'",
}
"""No page makes markup or code from text. The player alone names a script, that of its worker: the Trusted Types policy
`player` lets it through and nothing else."""
PLAYER = re.compile(r"/recordings/[^/]+(?:/transcript)?")
"""Paths of the player, and of the transcript that is corrected against the sound."""

ALWAYS = re.compile(r"/healthz(/|$)|/metrics$|/static/|/csp-report$")
"""Paths that are served even while a restored copy stands by."""
REPORTS = "/csp-report"
"""Path to which browsers report violations of the content security policy. Reports are counted, not read, so anybody
may send one."""

_OWN_FEATURES = (
    "camera", "microphone", "display-capture", "screen-wake-lock", "autoplay", "fullscreen",
    "publickey-credentials-create", "publickey-credentials-get",
)  # fmt: skip
_NO_FEATURES = (
    "accelerometer", "browsing-topics", "clipboard-read", "encrypted-media", "gamepad", "geolocation",
    "gyroscope", "hid", "idle-detection", "local-fonts", "magnetometer", "midi", "payment", "picture-in-picture",
    "serial", "storage-access", "usb",
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
"""Beginnings of paths whose answers may be stored if they are revalidated at each use."""
ENDPOINT = "csp"
"""Name of `REPORTS` in the header `Reporting-Endpoints`, which browsers take over TLS only. Where they do, `report-to`
goes before `report-uri`; elsewhere it would silence it."""
HSTS = "max-age=63072000; includeSubDomains"

CSRF_BYTES = 16
"""Bytes of the secret in a CSRF token, and of its mask."""
BODY_LIMIT = 262_144
"""Bytes of a request body; a longer one is refused with 413 while it is being read."""
ODD = re.compile(r"[\x00-\x1f\x7f\\]|(?:^|/)\.\.?(?:/|$)")
"""Pattern of refused paths, after percent-decoding: control characters, backslashes, dot segments."""
MOST_PARAMETERS = 200
"""Maximum number of parameters of a query: more than any form has. They are counted before they are parsed."""
UPLOAD_LIMIT = 26_214_400 + 65_536
"""As `BODY_LIMIT`, where a file of 25 MiB is uploaded."""
SIGNED_LIMIT = BODY_LIMIT + 512_000
"""As `BODY_LIMIT`, where a form contains a signed statement, which may contain a whole request."""
SIGNED = re.compile(r"/requests/[^/]+/act/[^/]+")
UPLOADS = re.compile(
    r"/requests/import|/requests/[^/]+/documents|/directory|/recordings/[^/]+/transcript|/rooms/[^/]+/files"
    r"|/h/[^/]+/costs/claims/[^/]+/receipts"
)
SIGN_IN = re.compile(r"/s|/j(/code|/test)?")
"""Paths at which somebody could guess."""
ENTRY = re.compile(
    r"/(sign-in|confirm)/passkey(/options)?|/sign-ins/passkeys/options|/sign-in/stop-recovery"
    r"|/(sign-in|sign-ins|confirm)/issuer/[^/]+|/issuer/[^/]+/return"
)
"""Paths of sign-ins that cannot be guessed, and of proving again who one is. The rate bounds the challenges kept."""
AT_ONCE = 30
"""Uses of links by one address that are answered at once: as many guesses may come before one is counted."""
TRY_AGAIN = 1013
"""Close reason of a WebSocket whose page may reconnect later."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def policy_for(path: str) -> str:
    """Name of the content security policy of a path."""
    return "player" if PLAYER.fullmatch(path) else "page"


class HeadersMiddleware:
    """Adds the headers of this module to every HTTP response, errors included. Must be the outermost middleware."""

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
                policy = POLICIES["download" if download else policy_for(path)]
                if self.secure and REPORTS in policy:
                    policy = f"{policy}; report-to {ENDPOINT}"
                    headers["reporting-endpoints"] = f'{ENDPOINT}="{REPORTS}"'
                headers["content-security-policy"] = policy
                if self.secure:
                    headers["strict-transport-security"] = HSTS
                if path.startswith("/static/dist/") and message["status"] == 200:
                    headers["cache-control"] = "public, max-age=31536000, immutable"
                else:
                    headers["cache-control"] = "no-cache" if path.startswith(KEPT) else "no-store"
            await send(message)

        await self.app(scope, receive, send_with_headers)


async def refuse(scope: Scope, receive: Receive, send: Send, error: HTTPException, closing: int = 1008) -> None:
    """Raise the error for a request; close a WebSocket, which can carry only a close code and reason."""
    if scope["type"] == "http":
        raise error
    await receive()
    await send({"type": "websocket.close", "code": closing, "reason": error.detail})


class AddressMiddleware:
    """Refuses paths with control characters, backslashes or dot segments, in any encoding, and queries of more than
    `MOST_PARAMETERS` parameters."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
        elif ODD.search(scope["path"]):
            await refuse(scope, receive, send, HTTPException(400, "bad_request"))
        elif scope["query_string"].count(b"&") >= MOST_PARAMETERS:
            await refuse(scope, receive, send, HTTPException(400, "too_many_parameters"))
        else:
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
    """The host name in a `Host` header; empty for a malformed one."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


class OriginMiddleware:
    """Refuses every unsafe request and WebSocket that does not come from our own pages.

    The API is exempt: it uses no cookies, so a foreign page has no credentials to misuse.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        unsafe = scope["type"] == "websocket" or (scope["type"] == "http" and scope["method"] not in SAFE_METHODS)
        unsafe = unsafe and not (scope["type"] == "http" and (within(scope["path"]) or scope["path"] == REPORTS))
        if unsafe and not origin_allowed(self.settings, Headers(scope=scope)):
            await refuse(scope, receive, send, HTTPException(403, "cross_origin"))
            return
        await self.app(scope, receive, send)


def csrf_token(key: bytes, login: str) -> str:
    """A CSRF token of a login: a field of every form, and the header `X-CSRF-Token` of every request of browser code.

    It differs at each call (the secret under a random mask, with the mask before it), so that the length of compressed
    pages tells nothing about it (`web.server.compression`); each stays valid as long as the login.
    """
    mask = secrets.token_bytes(CSRF_BYTES)
    return (mask + _xor(mask, _csrf_secret(key, login))).hex()


def check_csrf(key: bytes, login: str, token: str) -> None:
    """Refuses a request whose CSRF token is not one of its login."""
    try:
        given = bytes.fromhex(token)
    except ValueError:
        given = b""
    mask, masked = given[:CSRF_BYTES], given[CSRF_BYTES:]
    if len(masked) != CSRF_BYTES or not hmac.compare_digest(_xor(mask, masked), _csrf_secret(key, login)):
        raise HTTPException(403, "csrf")


def _csrf_secret(key: bytes, login: str) -> bytes:
    return hmac.new(key, b"csrf:" + login.encode(), hashlib.sha256).digest()[:CSRF_BYTES]


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


class BodyLimitMiddleware:
    """Refuses a body whose Content-Length or received length exceeds `BODY_LIMIT`; the connection is then closed.

    The API has limits of its own (`web.api.bodies`).
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or within(scope["path"]):
            await self.app(scope, receive, send)
            return
        length = Headers(scope=scope).get("content-length", "")
        most = body_limit(scope["method"], scope["path"])
        if longer(length, most):
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
    """Greatest size in bytes of a request body to this path."""
    if method != "POST":
        return BODY_LIMIT
    return UPLOAD_LIMIT if UPLOADS.fullmatch(path) else SIGNED_LIMIT if SIGNED.fullmatch(path) else BODY_LIMIT


def longer(length: str, most: int) -> bool:
    """Whether a `Content-Length` exceeds `most` bytes."""
    return length.isdecimal() and (len(length) > 18 or int(length) > most)


def _too_large() -> HTTPException:
    return HTTPException(413, "too_large", {"Connection": "close"})


class StandbyMiddleware:
    """Serves only health, figures and files while a restored copy stands by."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = scope["type"] == "websocket" or (scope["type"] == "http" and not ALWAYS.match(scope["path"]))
        if asked and scope["app"].state.parts.standing_by:
            await refuse(scope, receive, send, HTTPException(503, "standing_by"), TRY_AGAIN)
        else:
            await self.app(scope, receive, send)


# --- rate limits -------------------------------------------------------------------------------------------------


def rate_of(method: str, path: str) -> str | None:
    """The rate limit that a request counts against; None for static files, health, metrics, and the API, which has its
    own."""
    if path.startswith(("/static/", "/healthz/")) or path in ("/healthz", "/metrics") or within(path):
        return None
    if path == REPORTS:
        return "report"
    if ENTRY.fullmatch(path):
        return "entry"
    if method in SAFE_METHODS:
        return "segment" if path.startswith("/recordings/") else "read"
    return "sign_in" if SIGN_IN.fullmatch(path) else "write"


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
            error = HTTPException(429, "too_many_requests", {"Retry-After": "5"})
            await refuse(scope, receive, send, error, TRY_AGAIN)
            return
        self.counts[who] = count + 1
        try:
            await self.app(scope, receive, send)
        finally:
            self.counts[who] -= 1
            if not self.counts[who]:
                del self.counts[who]


class LimitsMiddleware:
    """Answers 429 with `Retry-After` when an address sends requests too often. `login`: the cookie of a login."""

    def __init__(self, app: ASGIApp, buckets: Buckets, login: str) -> None:
        self.app = app
        self.buckets = buckets
        self.login = f"{login}=".encode()
        self.in_use: dict[str, int] = {}
        """Uses of links that are not answered yet, by address."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            rate, who = rate_of(scope["method"], scope["path"]), address(HTTPConnection(scope))
            if rate == "sign_in" and scope["path"] != "/j/code":
                await self._link(scope, receive, send, who)
                return
            self._refuse(self.buckets.take(rate, who) if rate else 0)
        await self.app(scope, receive, send)

    async def _link(self, scope: Scope, receive: Receive, send: Send, who: str) -> None:
        """The use of a link counts against guesses only if it lets nobody in: a courtroom comes all at once, by one
        address. An answer that signs in sets the cookie of the login."""
        in_use = self.in_use.get(who, 0)
        self._refuse(float(in_use >= AT_ONCE) or self.buckets.take("entry", who) or self.buckets.wait("sign_in", who))
        self.in_use[who] = in_use + 1
        signed_in = False

        async def look(message: Message) -> None:
            nonlocal signed_in
            if message["type"] == "http.response.start":
                signed_in = any(
                    name == b"set-cookie" and value.startswith(self.login) for name, value in message["headers"]
                )
            await send(message)

        try:
            await self.app(scope, receive, look)
        finally:
            self.in_use[who] -= 1
            if not self.in_use[who]:
                del self.in_use[who]
            if not signed_in:
                self.buckets.charge("sign_in", who)

    @staticmethod
    def _refuse(wait: float) -> None:
        if wait:
            raise HTTPException(429, "too_many_requests", {"Retry-After": str(int(wait) + 1)})


def address(connection: HTTPConnection) -> str:
    """The client address, or its network, by which requests are counted."""
    return counted_as(connection.client.host if connection.client else "unknown")


def require_csrf_header(request: Request, key: bytes, login: str) -> None:
    """Checks a request of browser code: the header `X-CSRF-Token` must be the token of the login."""
    check_csrf(key, login, request.headers.get("x-csrf-token", ""))
