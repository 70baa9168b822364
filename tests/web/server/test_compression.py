"""Which answers are compressed, and how those that hold a secret are kept from telling it by their length."""

import gzip
import re
from difflib import SequenceMatcher
from itertools import pairwise
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route

from tests.support.compressed import require_compressed
from tests.support.page_client import Service
from web import app
from web.paths import BASE
from web.server import security
from web.server.compression import SMALLEST, UNCOMPRESSED, BuiltFiles, CompressionMiddleware
from web.server.rendering import asset

TEXT = "Evidence by the living voice. " * 100


def over(made: Starlette) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(made), base_url="http://test")


def served(answer: Response, path: str = "/page") -> httpx.AsyncClient:
    """A client of an application that gives one answer."""

    async def give(_request: Request) -> Response:
        return answer

    routes = [Route(path, give, methods=["GET", "POST"])]
    made = Starlette(routes=routes)
    made.add_middleware(CompressionMiddleware)
    return over(made)


@pytest.mark.parametrize(
    ("kind", "packed"),
    [
        ("text/html; charset=utf-8", True), ("text/plain", True), ("text/csv", True), ("application/json", True),
        ("application/problem+json", True), ("text/calendar", True), ("image/svg+xml", True),
        ("text/event-stream", False), ("application/octet-stream", False), ("video/webm", False),
        ("audio/ogg", False), ("application/zip", False), ("application/x-tar", False), ("application/pdf", False),
        ("font/woff2", False),
    ],
)  # fmt: skip
async def test_texts_are_compressed_and_media_archives_ciphertext_and_event_streams_are_not(kind, packed):
    answer = await served(Response(TEXT, media_type=kind)).get("/page")
    assert (answer.headers.get("content-encoding") == "gzip") is packed
    assert answer.text == TEXT


async def test_a_stream_is_compressed_piece_by_piece_and_arrives_whole():
    async def pieces():
        for _ in range(3):
            yield TEXT

    answer = await served(StreamingResponse(pieces(), media_type="text/csv")).get("/page")
    assert (answer.headers["content-encoding"], answer.text) == ("gzip", TEXT * 3)


@pytest.mark.parametrize(
    ("headers", "packed"),
    [
        ({}, True), ({"sec-fetch-site": "same-origin"}, True), ({"sec-fetch-site": "none"}, True),
        ({"sec-fetch-site": "cross-site"}, False), ({"sec-fetch-site": "same-site"}, False),
        ({"accept-encoding": "identity"}, False), ({"accept-encoding": "gzip;q=0, br"}, False),
    ],
)  # fmt: skip
async def test_what_a_page_of_another_site_asks_for_is_not_compressed(headers, packed):
    answer = await served(PlainTextResponse(TEXT)).get("/page", headers=headers)
    assert ("content-encoding" in answer.headers) is packed
    assert answer.headers["vary"] == "Accept-Encoding"


async def test_short_answers_stay_as_they_are():
    assert "content-encoding" not in (await served(PlainTextResponse("x" * (SMALLEST - 1))).get("/page")).headers


@pytest.fixture(scope="module")
def posted(running: Service) -> set[str]:
    """The routes of pages and API that take a POST."""
    (api,) = (route for route in running.app.routes if isinstance(route, Mount) and route.path == BASE)
    routes = [("", route) for route in app._routes()] + [(BASE, route) for route in api.routes]
    return {base + route.path for base, route in routes if isinstance(route, Route) and "POST" in route.methods}


@pytest.mark.parametrize("path", UNCOMPRESSED)
async def test_an_answer_with_a_secret_is_not_compressed_and_its_route_exists(path, posted):
    address = re.sub(r"\{\w+\}", "x", path)
    assert "content-encoding" not in (await served(PlainTextResponse(TEXT), path).post(address)).headers
    assert "content-encoding" in (await served(PlainTextResponse(TEXT), path).get(address)).headers
    assert path in posted


async def test_each_coding_has_its_own_entity_tag_and_conditions_work_with_both():
    known = []

    async def give(request: Request) -> Response:
        known.append((request.headers.get("if-match"), request.headers.get("if-none-match")))
        return JSONResponse({"text": TEXT}, headers={"etag": '"abc"'})

    made = Starlette(routes=[Route("/page", give)])
    made.add_middleware(CompressionMiddleware)
    client = over(made)
    plain = (await client.get("/page", headers={"accept-encoding": "identity"})).headers["etag"]
    packed = (await client.get("/page")).headers["etag"]
    assert (plain, packed) == ('"abc"', '"abc-gzip"')
    await client.get("/page", headers={"if-match": packed, "if-none-match": f'"x", W/{packed}'})
    assert known[-1] == (plain, f'"x", W/{plain}')


def test_the_token_of_forms_is_another_in_each_answer_and_each_works(service: Service):
    clerk = service.signed_in("clerk")
    tokens = [clerk.token("/docket") for _ in range(6)]
    for token in tokens:
        assert clerk.post("/outbox/none/again", {"csrf": token}).status_code == 404
    for one, other in pairwise(tokens):
        match = SequenceMatcher(None, one, other, autojunk=False).find_longest_match()
        assert match.size < security.CSRF_BYTES  # of 64: by chance three or four are the same
    assert clerk.post("/outbox/none/again", {"csrf": "0" * 64}).status_code == 403


def test_a_page_is_compressed_and_a_refused_pin_is_not(service: Service):
    page = service.client().get("/help")
    assert page.headers["content-encoding"] == "gzip"
    assert {one.strip().lower() for one in page.headers["vary"].split(",")} >= {"cookie", "accept-encoding"}
    refused = service.client().post("/j", {"secret": "x" * 22, "pin": "123456"})
    assert len(refused.content) > SMALLEST
    assert "content-encoding" not in refused.headers
    for answer in (page, refused):
        require_compressed(answer)


@pytest.mark.parametrize(
    ("accepted", "coding"), [("gzip, deflate, br, zstd", "br"), ("gzip", "gzip"), ("br;q=0, gzip", "gzip"), ("", None)]
)
def test_built_files_come_in_the_best_coding_the_browser_takes_and_may_be_kept(service: Service, accepted, coding):
    answer = service.client().get(asset("live.js"), headers={"accept-encoding": accepted})
    assert answer.status_code == 200
    assert answer.headers.get("content-encoding") == coding
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "RTCPeerConnection" in (answer.text if coding != "br" else "RTCPeerConnection")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "Accept-Encoding" in answer.headers["vary"]


async def test_a_built_file_is_the_same_after_unpacking_and_an_unknown_one_is_not_there(tmp_path: Path):
    (tmp_path / "a.css").write_text(TEXT)
    (tmp_path / "a.css.gz").write_bytes(gzip.compress(TEXT.encode()))
    (tmp_path / "b.css").write_text("b{}")
    client = over(Starlette(routes=[Mount("/static", BuiltFiles(directory=tmp_path))]))
    answer = await client.get("/static/a.css")
    assert (answer.headers["content-encoding"], answer.text) == ("gzip", TEXT)
    assert answer.headers["content-type"].startswith("text/css")
    again = await client.get("/static/a.css", headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304
    assert (await client.get("/static/b.css")).text == "b{}"
    assert (await client.get("/static/c.css")).status_code == 404
