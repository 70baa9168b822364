"""A query has a most of values, counted before anything reads it: pages, API, files and WebSockets alike."""

import re

import pytest
from starlette.routing import Mount, Route, WebSocketRoute

from tests.support.api_client import API
from web import api_app
from web.server.problems import PROBLEMS
from web.server.security import MOST_PARAMETERS

TOO_MANY = "&".join(["a=1"] * (MOST_PARAMETERS + 1))


def addresses(installation, kind):
    """Every address of a kind of route, with what a path has in it made up; those of the API and of files too."""
    api = api_app.create_api(installation.app.state.parts)
    for prefix, routes in (("", installation.app.routes), (API, api.routes)):
        for route in routes:
            path = prefix + re.sub(r"\{[^}]+\}", "1", route.path)
            if kind is Mount and isinstance(route, Mount):
                yield "GET", path + "/css/page.css"
            elif isinstance(route, kind):
                yield from ((method, path) for method in getattr(route, "methods", None) or ["GET"])


@pytest.mark.parametrize("kind", [Route, Mount])
async def test_every_route_refuses_a_query_of_too_many_values(installation, kind):
    asked = list(addresses(installation, kind))
    assert len(asked) > (1 if kind is Mount else 300)
    let_through = []
    for method, path in asked:
        answer = await installation.http.request(method, f"{path}?{TOO_MANY}")
        if answer.status_code != 400 or (method != "HEAD" and answer.json()["code"] != "too_many_parameters"):
            let_through.append((method, path, answer.status_code))
    assert let_through == []


async def test_every_websocket_with_such_a_query_is_closed_before_it_is_opened(installation):
    asked = [path for _method, path in addresses(installation, WebSocketRoute)]
    assert asked
    for path in asked:
        sent = []

        async def receive():
            return {"type": "websocket.connect"}

        async def send(message, sent=sent):
            sent.append(message)

        scope = {"type": "websocket", "path": path, "query_string": TOO_MANY.encode(), "headers": [], "client": None}
        await installation.app(scope, receive, send)
        assert sent == [{"type": "websocket.close", "code": 1008, "reason": "too_many_parameters"}]


async def test_a_query_of_as_many_values_as_are_allowed_is_read(installation):
    answer = await installation.http.get(f"/sign-in?{TOO_MANY.removesuffix('&a=1')}")
    assert (answer.status_code, "too many values" in answer.text) == (200, False)


async def test_the_refusal_says_how_many_values_are_read_and_that_nothing_was_changed(installation):
    answer = await installation.http.get(f"/sign-in?{TOO_MANY}", headers={"accept": "text/html"})
    assert "This address has too many values" in answer.text
    told = PROBLEMS["too_many_parameters"].happened
    assert str(MOST_PARAMETERS) in told and "Nothing was changed" in told and told in answer.text
