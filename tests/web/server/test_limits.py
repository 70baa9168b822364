"""What every answer carries, and what is refused before any page sees it."""

import asyncio
import http.client
import json
import re

import pytest
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from web.buckets import Buckets, counted_as
from web.server import security
from web.sitting import signalling
from web.sockets import HttpConnection, SocketConnection


@pytest.mark.parametrize("path", ["/sign-in", "/nothing-here", "/docket", "/healthz", "/static/css/page.css"])
def test_every_answer_carries_the_headers(service, path):
    answer = service.client().get(path)
    for name, value in security.HEADERS.items():
        assert answer.headers[name] == value
    assert answer.headers["content-security-policy"] == security.POLICIES["page"]
    assert answer.headers["cache-control"] == ("no-cache" if path.startswith("/static") else "no-store")
    assert "strict-transport-security" not in answer.headers
    assert "server" not in answer.headers


def test_a_form_from_elsewhere_or_without_token_changes_nothing(service, everything):
    client = service.signed_in("clerk")
    before = service.run(everything)
    first = {"requested_state": "TH", "authority_contact": "Ana", "lists": "yes", "next": "continue"}
    for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
        answer = client.post("/requests/new", first, page="/docket", headers=headers)
        assert answer.status_code == 403
        assert "This request came from somewhere else" in client.words(answer)
    answer = client.post("/sign-out", {"csrf": "0" * 64})
    assert (answer.status_code, "This form is too old" in client.words(answer)) == (403, True)
    assert client.get("/docket").status_code == 200
    assert service.run(everything) == before


def test_nothing_changes_by_looking(service, everything):
    client = service.signed_in("clerk")
    before = service.run(everything)
    for path in ("/sign-out", f"/h/{service.ref}/act/lobby"):
        assert client.get(path).status_code in (404, 405)
    led_back = client.get("/requests/RO-2026-0001/act/withdraw")
    assert (led_back.status_code, led_back.headers["location"]) == (303, "/requests/RO-2026-0001")
    assert "Being executed" in client.words(client.get("/requests/RO-2026-0001"))
    assert client.get("/docket").status_code == 200
    assert service.run(everything) == before


def test_a_body_without_length_that_grows_too_long_is_refused_while_it_comes(service):
    port = service.settings.port
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    headers = {"Origin": service.base, "Content-Type": "application/x-www-form-urlencoded"}
    sent, most = 0, 256 * 1024 * 1024  # what has been refused is thrown away up to a bound, so that the answer is read

    def endless():
        nonlocal sent
        while sent < most:
            sent += 65_536
            yield b"a" * 65_536

    try:
        connection.request("POST", "/s", endless(), headers, encode_chunked=True)
        status = connection.getresponse().status
    except (BrokenPipeError, ConnectionResetError):
        status = 413
    finally:
        connection.close()
    assert status == 413
    assert sent < most


def test_a_body_that_says_it_is_too_long_is_refused_unread(service):
    client = service.client()
    answer = client.post("/s", {"secret": "a" * 300_000})
    assert (answer.status_code, answer.headers["connection"]) == (413, "close")
    assert answer.headers["content-security-policy"] == security.POLICIES["page"]
    assert "That is too much" in client.words(answer)


def test_a_length_of_more_digits_than_python_reads_is_too_long():
    assert security.longer("9" * 5000, 10)
    assert [security.longer(told, 10) for told in ("", "x", "10", "011", "00000000000000000011", "\u0663")] == [
        False, False, False, True, True, False,
    ]  # fmt: skip


@pytest.mark.parametrize("host", ["[", "[::1", "a]", "\xb2[", ""])
def test_a_host_that_is_none_is_not_our_own_and_no_failure(service, host):
    told = Headers({"host": host, "origin": f"http://{host}"})
    assert not security.origin_allowed(service.settings, told)


def test_a_form_that_is_json_is_refused(service):
    client = service.client()
    answer = client.request(
        "POST", "/s", content="{}", headers={"origin": service.base, "content-type": "application/json"}
    )
    assert (answer.status_code, "This request could not be read" in client.words(answer)) == (415, True)
    told = client.request(
        "POST", "/s", content="{}",
        headers={"origin": service.base, "content-type": "application/json", "accept": "application/json"},
    )  # fmt: skip
    assert (told.status_code, told.json()["code"]) == (415, "bad_request")
    assert client.cookies == {}


def test_too_many_sign_ins_from_one_address_must_wait(service):
    client = service.client()
    found = [client.post("/s", {"secret": "x"}) for _ in range(12)]
    assert [answer.status_code for answer in found] == [303] * 10 + [429] * 2
    assert 1 <= int(found[-1].headers["retry-after"]) <= 7
    assert "Too many requests" in client.words(found[-1])
    assert client.get("/sign-in").status_code == 200


def test_a_courtroom_whose_people_come_all_at_once_by_one_address_is_let_in_and_guesses_are_not(service):
    buckets, client = service.app.state.parts.buckets, service.client()
    buckets.levels.clear()
    links = [service.secret("clerk") for _ in range(14)]
    assert [client.post("/s", {"secret": link}).headers["location"] for link in links] == ["/docket"] * 14
    refused = [client.post("/s", {"secret": "x"}).status_code for _ in range(11)]
    assert refused == [303] * 10 + [429]
    assert client.post("/s", {"secret": service.secret("clerk")}).status_code == 429
    buckets.levels.clear()


def test_guesses_that_come_together_are_paid_for_afterwards_and_lock_nobody_out_for_long():
    now = [0.0]
    buckets = Buckets(lambda: now[0])
    for _ in range(500):
        buckets.charge("sign_in", "203.0.113.7")
    assert buckets.wait("sign_in", "203.0.113.7") == pytest.approx(11 * 6)
    now[0] = 11 * 6 + 0.1
    assert buckets.wait("sign_in", "203.0.113.7") == 0


async def test_no_more_links_of_an_address_are_tried_at_once_than_may_be_counted_late():
    buckets, waiting, answers = Buckets(), asyncio.Event(), []

    async def app(scope, receive, send):
        await waiting.wait()
        await send({"type": "http.response.start", "status": 303, "headers": []})

    async def sent(message):
        answers.append(message)

    limits = security.LimitsMiddleware(app, buckets, "login")
    scope = {"type": "http", "method": "POST", "path": "/s", "headers": [], "client": ("203.0.113.7", 1)}
    tried = [asyncio.create_task(limits(dict(scope), sent, sent)) for _ in range(security.AT_ONCE)]
    await asyncio.sleep(0)
    with pytest.raises(HTTPException) as refused:
        await limits(dict(scope), sent, sent)
    assert refused.value.status_code == 429
    waiting.set()
    await asyncio.gather(*tried)
    assert (len(answers), limits.in_use) == (security.AT_ONCE, {})
    assert buckets.wait("sign_in", "203.0.113.7") > 60


def test_signing_in_and_writing_take_nothing_from_each_other(service):
    """An office behind one address that saves its drafts can still sign in; and the other way round."""
    buckets = service.app.state.parts.buckets
    client = service.client()
    for spent, waits, goes in (("write", "/sign-out", "/sign-in/passkey"), ("entry", "/sign-in/passkey", "/sign-out")):
        buckets.levels.clear()
        while not buckets.take(spent, "127.0.0.1"):
            pass
        late = client.post(waits)
        assert (late.status_code, "Too many requests" in client.words(late)) == (429, True)
        assert "Too many requests" not in client.words(client.post(goes))
    buckets.levels.clear()


def test_every_way_in_that_keeps_a_challenge_is_an_entry(service):
    """What anybody may ask for and what keeps a row goes by the narrow rate, by GET too."""
    routes = {
        (method, route.path)
        for route in service.app.routes
        for method in getattr(route, "methods", None) or ()
        if re.search("/issuer/|/(passkey|passkeys)/options$", getattr(route, "path", ""))
    }
    assert len(routes) > 6
    for method, path in routes:
        assert security.rate_of(method, re.sub(r"\{\w+\}", "ro", path)) == "entry", (method, path)
    rate = service.app.state.parts.buckets.rates["entry"]
    assert (rate.burst, rate.per_minute) < (service.app.state.parts.buckets.rates["read"].burst, 600)


def test_whoever_asks_for_json_gets_a_problem_document(service):
    answer = service.client().get("/docket", headers={"accept": "application/json"})
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert (body["status"], body["code"], body["title"]) == (401, "sign_in_needed", "Sign in first")
    assert set(json.loads(answer.text)) == {"type", "title", "status", "detail", "code", "instance"}


def test_a_failure_of_ours_reveals_nothing_but_a_reference(service, caplog):
    async def broken(request):
        raise RuntimeError("the secret inside")

    from starlette.routing import Route

    service.app.router.routes.insert(0, Route("/broken", broken))
    try:
        answer = service.client().get("/broken")
    finally:
        service.app.router.routes.pop(0)
    assert answer.status_code == 500
    assert "secret inside" not in answer.text
    reference = answer.text.split("<code>")[1][:8]
    assert any(reference in record.getMessage() for record in caplog.records)


@pytest.mark.parametrize(
    "path", ["/h/%2e%2e%2fetc", "/static/../app.py", "/static/%2e%2e/app.py", "/h/%00", "/requests/%0d%0a"]
)
def test_odd_paths_find_nothing(service, path):
    client = service.signed_in("clerk")
    answer = client.get(path)
    assert answer.status_code in (400, 404)
    assert {"Page not found", "This request could not be read"} & {re.search(r"<h1>(.*?)</h1>", answer.text)[1]}
    assert "import" not in answer.text and service.ref not in answer.text


def counting(app, most):
    """The middleware, and one request or WebSocket of an address."""
    middleware = security.InProgressMiddleware(app, most)

    async def ask(kind, address):
        sent = []

        async def send(message):
            sent.append(message)

        async def receive():
            return {"type": f"{kind}.connect"}

        await middleware({"type": kind, "client": (address, 1), "headers": []}, receive, send)
        return sent

    return middleware, ask


@pytest.mark.parametrize("kind", ["http", "websocket"])
async def test_an_address_has_so_many_requests_in_progress_and_no_more_behind_a_proxy_too(kind):
    going = asyncio.Event()

    async def app(scope, receive, send):
        await going.wait()
        raise LookupError

    middleware, ask = counting(app, 3)
    first = [asyncio.create_task(ask("http", f"2001:db8::{n}")) for n in range(3)]
    await asyncio.sleep(0)
    assert middleware.counts == {"2001:db8::": 3}
    if kind == "http":
        with pytest.raises(HTTPException) as caught:
            await ask(kind, "2001:db8::9")
        assert (caught.value.status_code, caught.value.headers) == (429, {"Retry-After": "5"})
    else:
        assert [one["type"] for one in await ask(kind, "2001:db8::9")] == ["websocket.close"]
    other = asyncio.create_task(ask(kind, "198.51.100.1"))
    going.set()
    found = await asyncio.gather(*first, other, return_exceptions=True)
    assert [type(one) for one in found] == [LookupError] * 4
    assert middleware.counts == {}


def test_whatever_serves_has_limits_of_connections(service):
    config = service.configuration
    assert issubclass(config.http, HttpConnection) and config.ws is SocketConnection
    room = config.http.room
    assert (room.most, room.most_of_address) == (2000, 200)


@pytest.mark.parametrize(
    ("host", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8::1", "2001:db8::"),  # was counted by itself: the zeros are not written
        ("2001:db8::2", "2001:db8::"),
        ("2001:db8:0:1::2", "2001:db8:0:1::"),
        ("fe80::1%eth0", "fe80::"),
        ("::1", "::"),
        ("unknown", "unknown"),
    ],
)
def test_an_address_of_ipv6_is_counted_by_what_one_customer_has(host, counted):
    assert counted_as(host) == counted


def test_a_websocket_that_does_not_say_hello_is_closed(service, monkeypatch):
    monkeypatch.setattr(signalling, "HELLO_SECONDS", 0.2)
    address = f"ws://127.0.0.1:{service.settings.port}/h/{service.ref}/ws"
    with connect(address, origin=service.base, open_timeout=20) as line:
        with pytest.raises(ConnectionClosed):
            line.recv(timeout=20)
