"""Pages of lists: a cursor that says where the next one begins, in the body and as a `Link` header (RFC 8288)."""

from typing import Annotated
from urllib.parse import urlencode

from pydantic import Field

from web.api.access import Caller
from web.paths import BASE

After = Annotated[
    str,
    Field(max_length=2000, pattern="^[ -~]*$", description="The `next` of the page before; none for the first page."),
]
Limit = Annotated[int, Field(ge=1, le=100, description="How many at most.")]


def link(caller: Caller, after: str) -> str:
    """Put the next page's address on the answer, with the filters of this one; returns the cursor for the body."""
    if after:
        query = dict(caller.request.query_params) | {"after": after}
        path = caller.request.scope["path"].removeprefix(BASE)
        caller.headers["Link"] = f'<{caller.url(path)}?{urlencode(query)}>; rel="next"'
    return after
