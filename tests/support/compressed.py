"""Every answer that a test's client gets: a text is compressed, except where the table says what secret it holds."""

import re

import httpx

from web.server.compression import SMALLEST, has_secret

TEXT = re.compile(r"text/(?!event-stream)|application/(json|javascript|xml|[\w.-]+\+(json|xml))|image/svg\+xml")
SECRETS = re.compile(
    r"/[js]#[\w-]{20}|/calendar/[\w-]{20,}\.ics|whsec_|\"(access_token|ticket|secret|pin)\":\s*\"|ice-pwd"
)
"""What a page or an API says of a secret: links, addresses of feeds, keys of webhooks, tickets, ICE passwords."""


def require_compressed(answer: httpx.Response) -> None:
    """Look at the answer to a request of our own pages or of a program."""
    headers, request = answer.headers, answer.request
    kind, packed = headers.get("content-type", ""), headers.get("content-encoding", "")
    how = f"{request.method} {request.url.path} {answer.status_code} {kind}"
    foreign = request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin")
    if foreign or has_secret(request.method, request.url.path) or not TEXT.match(kind):
        assert not packed, how
    elif "gzip" in request.headers.get("accept-encoding", "") and answer.status_code != 206:
        assert packed or len(answer.content) < SMALLEST, how
        assert len(answer.content) < SMALLEST or "accept-encoding" in headers.get("vary", "").lower(), how
    described = request.url.path.startswith("/docs")  # the documentation says what secrets look like, and has none
    assert not packed or described or not SECRETS.search(answer.text), how
