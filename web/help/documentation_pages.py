"""The documentation: its index by subject and by reader, its pages, and the search in it. For everybody."""

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from web.help.documentation import MOST_LETTERS, documentation
from web.server.rendering import render

OWN = {
    "judge": "judges-and-clerks",
    "clerk": "judges-and-clerks",
    "authority": "central-authorities",
    "administrator": "administrators",
}
"""The group of readers a function of staff belongs to."""


async def index(request: Request) -> Response:
    """All pages by subject, or those for a group of readers. Raises 404 for a group that there is not."""
    docs = documentation()
    chosen = request.query_params.get("for", "")
    readers = docs.readers_named(chosen)
    if chosen and readers is None:
        raise HTTPException(404)
    actor = request.scope.get("actor")
    functions = actor.person.functions if actor is not None and actor.person is not None else ()
    own = {OWN[function] for function in functions if function in OWN}
    return render(request, "docs_index.html", {"docs": docs, "page": None, "chosen": readers, "own": own})


async def search(request: Request) -> Response:
    """What the pages say about some words."""
    docs, words = documentation(), request.query_params.get("q", "")[:MOST_LETTERS].strip()
    hits = await run_in_threadpool(docs.search, words)
    return render(request, "docs_search.html", {"docs": docs, "page": None, "words": words, "hits": hits})


async def page(request: Request) -> Response:
    """A page. Raises 404 for a name that has none."""
    docs = documentation()
    shown = docs.pages.get(request.path_params["page"])
    if shown is None:
        raise HTTPException(404)
    return render(request, "docs_page.html", {"docs": docs, "page": shown, "words": ""})


routes = [Route("/docs", index), Route("/docs/search", search), Route("/docs/{page}", page)]
