"""`/openapi.json`: the description of the API, made once, in two codings, each with its own entity tag.

Anybody may read it, so it has a rate of its own by address; who has it already is told so in a few bytes.
"""

import gzip
import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from web.api import etags, limits, problems
from web.api.access import parts_of
from web.api.problems import ApiError

PATH = "/openapi.json"


def route(describe: Callable[[], Any]) -> Route:
    """The route that shows what `describe` gives, asked once."""

    @cache
    def codings() -> Mapping[str, bytes]:
        plain = json.dumps(describe(), ensure_ascii=False).encode()
        return {"identity": plain, "gzip": gzip.compress(plain, mtime=0)}

    async def show(request: Request) -> Response:
        try:
            limits.take_address(parts_of(request), request, "api_description")
        except ApiError as error:
            return problems.answer(request, error)
        coding = "gzip" if takes_gzip(request.headers.get("accept-encoding", "")) else "identity"
        data = (await run_in_threadpool(codings))[coding]
        tag = etags.tag_of(data)
        headers = {"ETag": tag, "Vary": "Accept-Encoding"}
        if etags.known(request.headers.get("if-none-match", ""), tag):
            return Response(status_code=304, headers=headers)
        if coding != "identity":
            headers["Content-Encoding"] = coding
        return Response(data, headers=headers, media_type="application/json")

    return Route(PATH, show)


def takes_gzip(accepted: str) -> bool:
    """Whether an `Accept-Encoding` takes gzip (RFC 9110 §12.5.3): by its name, or by `*`; not with a weight of 0."""
    weights: dict[str, bool] = {}
    for part in accepted[:1000].lower().split(","):
        coding, *parameters = (one.strip() for one in part.split(";"))
        weights[coding] = not any(one.replace(" ", "").strip("0.") == "q=" for one in parameters)
    return weights.get("gzip", weights.get("x-gzip", weights.get("*", False)))
