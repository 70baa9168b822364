"""Which answers are compressed, which are not and why, and the files that the build has compressed beforehand.

BREACH: whoever makes a browser ask again and again for a page that contains a secret and something of their choosing,
and sees how long the compressed answers are, learns the secret. Hence the token of forms differs in each answer
(`web.server.security.csrf_token`), answers with another secret are in `UNCOMPRESSED`, and what a page of another site
has asked for is never compressed.
"""

import re
import stat
from collections.abc import Mapping

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.responses import Response
from starlette.routing import compile_path
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.paths import BASE

UNCOMPRESSED: Mapping[str, str] = {
    "/s": "the secret of a sign-in link stands in the form",
    "/j/code": "the secret of a joining link stands in the form",
    "/j/test": "the secret of a joining link stands in the form",
    "/own-test/begin": "the password of a relay",
    "/own-test/media/{side}": "ICE passwords",
    "/j": "the secret of a joining link stands in the form",
    "/h/{ref}/people/{participant}/link": "a joining link and its PIN",
    "/admin/staff/{person}/{action}": "a sign-in link",
    "/facilitators/{facilitator}/link": "a sign-in link",
    "/admin/recoveries/{recovery}/{action}": "a sign-in link",
    "/calendar": "the secret address of a calendar feed",
    "/webhooks": "the secret that signs what a webhook receives",
    "/h/{ref}/ticket": "a ticket for the live connection",
    "/h/{ref}/media": "ICE passwords",
    "/h/{ref}/network/begin": "the password of a relay",
    "/h/{ref}/network/media/{side}": "ICE passwords",
    "/h/{ref}/test/begin": "the password of a relay",
    "/h/{ref}/test/{test}/media": "ICE passwords",
    "/recordings/{recording}/viewing": "a ticket for the files of a recording",
    f"{BASE}/oauth/token": "an access token",
    f"{BASE}/webhooks": "the secret that signs what a webhook receives",
    f"{BASE}/hearings/{{ref}}/participants/{{participant}}/invitation": "a joining link and its PIN",
}
"""Routes whose answers to POST contain a secret, and which."""
FEED = re.compile(r"/calendar/[^/]+\.ics")
_SECRET = tuple(compile_path(path)[0] for path in UNCOMPRESSED)

SMALLEST = 1_000
"""Bytes from which an answer is compressed; fewer fit into a packet anyway."""
IN_THREAD = 16_384
"""Bytes from which a piece is compressed outside the event loop: about a millisecond of it."""
PACKED = (
    *DEFAULT_EXCLUDED_CONTENT_TYPES, "application/octet-stream", "application/pdf", "application/x-tar",
    *("application/jose", "application/timestamp-reply", "application/vnd.etsi.asic-e+zip"),
)  # fmt: skip
"""Types that gain nothing: media, archives, ciphertext; and streams of events, of which each must leave at once."""
CODINGS = {"br": ".br", "gzip": ".gz"}
"""Codings of built files, the best first, and the ending of the file that has it (web/frontend/compress.mjs)."""


def accepts(header: str, coding: str) -> bool:
    """Whether an `Accept-Encoding` takes a coding, by its name or by `*`; not with a weight of 0 (RFC 9110 §12.5.3)."""
    weights: dict[str, bool] = {}
    for part in header[:1000].lower().split(","):
        name, *parameters = (one.strip() for one in part.split(";"))
        weights[name.removeprefix("x-")] = not any(
            parameter.replace(" ", "").strip("0.") == "q=" for parameter in parameters
        )
    return weights.get(coding, weights.get("*", False))


def has_secret(method: str, path: str) -> bool:
    """Whether the answer to this request contains a secret; one whose address is a secret may say its address."""
    if FEED.fullmatch(path):
        return True
    return method == "POST" and any(pattern.fullmatch(path) for pattern in _SECRET)


class CompressionMiddleware:
    """Compresses answers by gzip, except those of `UNCOMPRESSED`, those of types in `PACKED`, short and partial ones,
    and those to requests of other sites.

    A compressed answer has an entity tag of its own (RFC 9110 §8.8.3.3), which ends in `-gzip`; conditions of requests
    are told without it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.gzip = GZipMiddleware(app, SMALLEST, 6, IN_THREAD, exclude_content_types=PACKED)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if has_secret(scope["method"], scope["path"]):
            await self.app(scope, receive, send)
            return
        headers = MutableHeaders(scope=scope)
        known = headers.get("if-none-match", "")
        if "if-none-match" in headers:
            headers["if-none-match"] = known.replace('-gzip"', '"')
        if "if-match" in headers:
            headers["if-match"] = headers["if-match"].replace('-gzip"', '"')
        foreign = headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")
        accepted = headers.get("accept-encoding", "")
        taken = [] if foreign else [coding for coding in CODINGS if accepts(accepted, coding)]
        headers["accept-encoding"] = ", ".join(taken) or "identity"

        async def send_tagged(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(raw=message["headers"])
                tag = answer.get("etag", "")
                own = f'{tag[:-1]}-gzip"'
                packed = answer.get("content-encoding") == "gzip"
                if tag and (packed or (message["status"] == 304 and own in known)):
                    answer["etag"] = own
            await send(message)

        await self.gzip(scope, receive, send_tagged)


class BuiltFiles(StaticFiles):
    """Files; where the build has put a compressed one beside a file, that one to browsers that take its coding."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The answer for one file. Raises HTTPException 404 where there is none."""
        accepted = Headers(scope=scope).get("accept-encoding", "")
        for coding, ending in CODINGS.items():
            if scope["method"] in ("GET", "HEAD") and accepts(accepted, coding):
                file, info = await run_in_threadpool(self.lookup_path, path + ending)
                if info is not None and stat.S_ISREG(info.st_mode):
                    answer = self.file_response(file, info, scope)
                    answer.headers["content-encoding"] = coding
                    answer.headers.add_vary_header("Accept-Encoding")
                    return answer
        return await super().get_response(path, scope)
