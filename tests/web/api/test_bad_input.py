"""Hostile requests to the API or its server: each is refused, and nothing is changed."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
import tracemalloc
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlmodel import func, select

from hearings import queries
from hearings.models import ApiAnswer, Hearing, HearingRequest, RefusedStatement
from hearings.signatures.jws import encode
from web.app import create_app
from web.server import security

pytestmark = pytest.mark.beside

JSON = {"content-type": "application/json"}


async def count(installation, table):
    async with installation.database.reading() as db:
        return (await db.exec(select(func.count()).select_from(table))).one()


def problem(answer):
    """Status and code of a refusal, which must be a problem of RFC 9457."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    body = answer.json()
    assert body["status"] == answer.status_code
    assert body["type"].endswith(f"#{body['code']}")
    return answer.status_code, body["code"]


# --- 1 to 5: what JSON is ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 5000])
async def test_a_number_that_json_does_not_have_is_refused(ro, number):
    text = f'{{"requesting_state": "RO", "requested_state": "TH", "urgent": {number}}}'
    assert problem(await ro.call("POST", "/legal-bases/evaluate", content=text, headers=JSON)) == (422, "not_a_number")


async def test_a_repeated_name_is_refused(ro, installation):
    text = '{"requested_state": "TH", "content": {}, "requested_state": "FR"}'
    assert problem(await ro.call("POST", "/requests", content=text, headers=JSON)) == (422, "repeated_name")
    text = r'{"requested_state": "TH", "content": {"case_number": "1", "case\u005fnumber": "2"}}'
    assert problem(await ro.call("POST", "/requests", content=text, headers=JSON)) == (422, "repeated_name")
    assert await count(installation, HearingRequest) == 0


@pytest.mark.parametrize("text", ["[" * 10_000 + "]" * 10_000, '{"a":' * 10_000 + "1" + "}" * 10_000])
async def test_deep_nesting_is_refused_at_once(ro, text):
    await ro.token()
    began = time.process_time()  # what others do to the machine does not count
    answer = await ro.call("POST", "/requests", content=text, headers=JSON)
    assert problem(answer) == (422, "too_deep")
    assert time.process_time() - began < 0.5  # signing the proof included


async def test_a_body_without_length_is_refused_before_it_fills_memory(ro, installation, api_port):
    token = await ro.token()
    proof = ro.proof("POST", "http://localhost:8000/api/v1/requests", token)
    reader, writer = await asyncio.open_connection("127.0.0.1", api_port)
    head = (
        "POST /api/v1/requests HTTP/1.1\r\nHost: localhost:8000\r\nContent-Type: application/json\r\n"
        f"Authorization: DPoP {token}\r\nDPoP: {proof}\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    writer.write(head.encode())
    total, chunk, sent = 25 * 1024 * 1024 + 1, b"10000\r\n" + b" " * 65_536 + b"\r\n", 0
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    answering = asyncio.create_task(reader.readuntil(b"}"))
    while sent < total and not answering.done():
        writer.write(chunk)
        sent += 65_536
        await asyncio.sleep(0)
        if writer.transport.get_write_buffer_size() > 1 << 20:
            await asyncio.wait([answering], timeout=0.01)
    answer = await asyncio.wait_for(answering, 10)
    peak = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in answer.lower()
    assert b'"code":"too_large"' in answer
    assert sent < total, "the connection was not closed before everything had been sent"
    assert peak < 8 * 1024 * 1024  # both ends of the connection live in this process
    assert await count(installation, HearingRequest) == 0


async def test_json_that_is_called_something_else_is_refused(ro):
    for kind in ("text/plain", "text/html", "application/x-www-form-urlencoded", "application/json; charset=utf-16"):
        answer = await ro.call("POST", "/requests", content='{"requested_state":"TH"}', headers={"content-type": kind})
        assert problem(answer) == (415, "media_type"), kind


async def test_a_body_that_is_not_json_is_refused(ro):
    for body in (b"{", b"", b"\xff\xfe{}", b"{} {}", b'{"requested_state": "TH",}'):
        assert problem(await ro.call("POST", "/requests", content=body, headers=JSON)) == (400, "not_json"), body


# --- 6 to 9: times -----------------------------------------------------------------------------------------------


@pytest.fixture
async def request_(installation, ro, th, story):
    return await story.accepted(ro, th)


async def propose(client, story, request, **changes):
    return await client.post("/hearings", {"request": request["id"], **story.hearing, **changes})


async def test_a_time_the_clocks_skip_is_refused_with_both_neighbours(ro, request_, story, installation):
    paris = {"requesting_zone": "Europe/Paris", "wall_zone": "Europe/Paris", "requesting_city": "Paris"}
    answer = await propose(ro, story, request_, wall_start="2027-03-28T02:30", **paris)
    assert problem(answer) == (422, "nonexistent_time")
    assert (answer.json()["before"], answer.json()["after"], answer.json()["field"]) == (
        "2027-03-28T01:59:59+01:00",
        "2027-03-28T03:00:00+02:00",
        "wall_start",
    )
    assert await count(installation, Hearing) == 0


async def test_a_time_that_comes_twice_is_refused_unless_it_is_said_which(ro, request_, story, installation):
    twice = {"requesting_zone": "Europe/Paris", "wall_zone": "Europe/Paris", "wall_start": "2027-10-31T02:30"}
    answer = await propose(ro, story, request_, **twice)
    assert problem(answer) == (422, "ambiguous_time")
    assert (answer.json()["first"], answer.json()["second"]) == (
        "2027-10-31T02:30:00+02:00",
        "2027-10-31T02:30:00+01:00",
    )
    assert await count(installation, Hearing) == 0
    answer = await propose(ro, story, request_, **twice, fold=1)
    assert (answer.status_code, answer.json()["starts_at"]) == (201, "2027-10-31T01:30:00Z")


async def test_what_is_no_place_is_no_zone(ro, request_, story, installation):
    for zone in ("GMT+3", "Etc/../../etc/passwd", "posixrules", "UTC", "Europe/Nowhere", "\x00", ""):
        answer = await propose(ro, story, request_, wall_zone=zone, requesting_zone=zone)
        assert problem(answer) == (422, "unknown_zone"), zone
    assert await count(installation, Hearing) == 0


async def test_a_time_that_cannot_be_right_is_refused(ro, request_, story, installation):
    for changes in (
        {"duration_minutes": 0},
        {"duration_minutes": -60},
        {"duration_minutes": 25 * 60},
        {"duration_minutes": 1.5},
        {"wall_start": "9999-12-31T23:59"},
        {"wall_start": "0001-01-01T00:00"},
        {"wall_start": "2020-01-01T09:00"},
        {"wall_start": "2027-02-30T09:00"},
        {"wall_start": "2027-03-29T09:00Z"},
        {"wall_start": "2027-W13-1T09:00"},
        {"wall_start": 1_800_000_000},
    ):
        answer = await propose(ro, story, request_, **changes)
        status, code = problem(answer)
        assert (status, code in ("invalid", "invalid_input")) == (422, True), answer.text
    assert await count(installation, Hearing) == 0


# --- 11 to 14: repeats, old versions, other States, more than was asked -------------------------------------------


async def test_a_key_stands_for_one_request_and_one_effect(either, story):
    client = await either.client("RO")
    key = {"idempotency-key": "k-1"}
    body = {"requested_state": "TH", "content": story.content}
    await client.token()
    answers = await asyncio.gather(*(client.post("/requests", body, headers=key) for _ in range(12)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert len({answer.headers["etag"] for answer in answers}) == 1
    assert sum("idempotency-replayed" in answer.headers for answer in answers) == 11
    assert await count(either, HearingRequest) == 1
    other = body | {"requested_state": "FR"}
    assert problem(await client.post("/requests", other, headers=key)) == (422, "key_reused")
    assert problem(await client.post("/legal-bases/evaluate", body, headers=key)) == (422, "key_reused")
    assert await count(either, HearingRequest) == 1
    stranger = await either.client("RO")
    assert (await stranger.post("/requests", body, headers=key)).status_code == 201
    assert await count(either, HearingRequest) == 2


async def test_a_refused_request_uses_no_key(ro, installation):
    key = {"idempotency-key": "k-2"}
    assert problem(await ro.post("/requests", {"requested_state": "RO"}, headers=key)) == (422, "invalid")
    assert await count(installation, ApiAnswer) == 0
    assert (await ro.post("/requests", {"requested_state": "TH"}, headers=key)).status_code == 201
    for bad in ("", "two words", "x" * 201, "\x7f"):
        answer = await ro.post("/requests", {"requested_state": "TH"}, headers={"idempotency-key": bad})
        assert problem(answer) == (422, "invalid_input")


async def test_nobody_changes_what_they_have_not_seen(ro, installation):
    made = await ro.post("/requests", {"requested_state": "TH", "content": {"case_number": "1"}})
    path, tag = f"/requests/{made.json()['id']}", made.headers["etag"]
    assert problem(await ro.call("PATCH", path, json={"case_number": "2"})) == (428, "precondition_required")
    first = await ro.call("PATCH", path, json={"case_number": "2"}, headers={"if-match": tag})
    assert (first.status_code, first.json()["content"]["case_number"], first.json()["version"]) == (200, "2", 2)
    stale = await ro.call("PATCH", path, json={"case_number": "3"}, headers={"if-match": tag})
    assert problem(stale) == (412, "precondition_failed")
    assert stale.headers["etag"].replace("-gzip", "") == first.headers["etag"].replace("-gzip", "")
    for weak in (f"W/{first.headers['etag']}", "nothing", ""):
        answer = await ro.call("PATCH", path, json={"case_number": "3"}, headers={"if-match": weak})
        assert problem(answer) == (412, "precondition_failed")
    unseen = await ro.call("PATCH", path, json={"case_number": "3"}, headers={"if-match": "*"})
    assert problem(unseen) == (428, "precondition_required")
    assert (await ro.get(path)).json() == first.json()


async def test_what_is_another_states_looks_like_what_does_not_exist(installation, ro, th, story):
    request = await story.accepted(ro, th)
    hearing = (await ro.post("/hearings", {"request": request["id"], **story.hearing})).json()
    draft = (await ro.post("/requests", {"requested_state": "TH"})).json()
    stranger = await installation.client("FR")
    random = "01a20f06-b443-7797-b365-f5b09ec9caab"
    told = set()
    for path in (
        *(
            f"/requests/{one}{more}"
            for one in (request["id"], draft["id"], random)
            for more in ("", "/history", "/views")
        ),
        *(f"/hearings/{one}" for one in (hearing["ref"], "2222-2222")),
    ):
        answer = await stranger.get(path)
        assert problem(answer) == (404, "not_found")
        told.add(answer.text)
    for one in (request["id"], draft["id"], random):
        answer = await stranger.call("PATCH", f"/requests/{one}", json={}, headers={"if-match": '"x"'})
        told.add(answer.text)
        told.add((await stranger.post(f"/requests/{one}/acknowledge")).text)
    told.add((await th.get(f"/requests/{draft['id']}")).text)
    for odd in ("%EF%BF%BF", "RO-2027-9999", "'%20OR%201=1"):
        told.add((await stranger.get(f"/requests/{odd}")).text)
    assert len(told) == 1


async def test_a_field_that_does_not_exist_is_refused(ro, installation):
    for body in (
        {"requested_state": "TH", "role": "judge"},
        {"requested_state": "TH", "state": "XX"},
        {"requested_state": "TH", "content": {"status": "accepted"}},
        {"requested_state": "TH", "content": {"owner_state": "TH", "priority": 15}},
    ):
        answer = await ro.post("/requests", body)
        assert problem(answer) == (422, "unknown_field")
        assert "judge" not in answer.text and "XX" not in answer.text
    assert await count(installation, HearingRequest) == 0
    made = await ro.post("/requests", {"requested_state": "TH"})
    headers = {"if-match": made.headers["etag"]}
    answer = await ro.call("PATCH", f"/requests/{made.json()['id']}", json={"version": 9}, headers=headers)
    assert problem(answer) == (422, "unknown_field")
    answer = await ro.post(f"/requests/{made.json()['id']}/acknowledge", {"as": "TH"})
    assert problem(answer) == (422, "unknown_field")
    assert problem(await ro.get("/requests?state=TH")) == (422, "unknown_parameter")


# --- 15 to 17: signatures ----------------------------------------------------------------------------------------


def parts(text):
    header, claims, signature = text.split(".")
    return header, claims, signature


def headed(text, **header):
    """The same claims and signature under another header."""
    _old, claims, signature = parts(text)
    return f"{encode(json.dumps(header).encode())}.{claims}.{signature}"


def weakened(key, text):
    """A good JWS made bad in each way by which libraries were broken."""
    header, claims, _signature = parts(text)
    old = json.loads(base64.urlsafe_b64decode(header + "=="))
    none = encode(json.dumps(old | {"alg": "none"}).encode())
    yield "none", f"{none}.{claims}."
    yield "none, signed", headed(text, **(old | {"alg": "none"}))
    mac = encode(json.dumps(old | {"alg": "HS256"}).encode())
    for secret in (json.dumps(key.jwk).encode(), key.thumbprint.encode(), key.jwk["x"].encode()):
        signed = encode(hmac.new(secret, f"{mac}.{claims}".encode(), hashlib.sha256).digest())
        yield "HS256", f"{mac}.{claims}.{signed}"
    yield "r = s = 0", f"{header}.{claims}.{encode(bytes(64))}"
    yield "ES256, r = s = 0", f"{encode(json.dumps(old | {'alg': 'ES256'}).encode())}.{claims}.{encode(bytes(64))}"
    for extra in ({"crit": ["b64"], "b64": False}, {"jku": "https://evil.example"}, {"x5u": "https://evil.example"}):
        yield str(extra), key.jws(old | extra, json.loads(base64.urlsafe_b64decode(claims + "==")))
    yield "padding", f"{text}="
    yield "four parts", f"{text}.{claims}"
    yield "empty", ""


@pytest.mark.parametrize("alg", ["EdDSA", "ES256"])
async def test_a_weakened_signature_is_refused_wherever_there_is_one(installation, story, alg):
    client = await installation.client("RO", alg=alg)
    assert (await client.ask_token()).status_code == 200
    for what, assertion in weakened(client.key, client.assertion()):
        answer = await client.ask_token(assertion=assertion or "..")
        assert problem(answer) == (401, "client_invalid"), what
    token, url = await client.token(), "http://localhost:8000/api/v1/client"
    for what, proof in weakened(client.dpop, client.proof("GET", url, token)):
        answer = await client.call("GET", "/client", headers={"dpop": proof})
        assert problem(answer) == (401, "proof_invalid"), what
    # A key in the header of an assertion is not looked at, but refused; and so is a proof that holds a private one.
    with_key = client.key.jws(
        {"kid": client.key.thumbprint, "jwk": client.key.jwk}, json.loads('{"iss":"x","sub":"x"}')
    )
    assert problem(await client.ask_token(assertion=with_key)) == (401, "client_invalid")
    private = client.proof("GET", url, token, header={"jwk": client.dpop.jwk | {"d": client.dpop.jwk["x"]}})
    assert problem(await client.call("GET", "/client", headers={"dpop": private})) == (401, "proof_invalid")


async def test_a_weakened_statement_changes_nothing(ro, story):
    made = (await ro.post("/requests", {"requested_state": "TH", "content": story.content})).json()
    path = f"/requests/{made['id']}/submit"
    statement = (await ro.get(f"/requests/{made['id']}/statements/submit_request")).json()
    good = ro.sign(statement)["jws"]
    header, claims, _signature = parts(good)
    kid = json.loads(base64.urlsafe_b64decode(header + "=="))["kid"]
    for bad in (
        headed(good, alg="none", kid=kid, typ="vivavoce+jws"),
        headed(good, alg="HS256", kid=kid, typ="vivavoce+jws"),
        headed(good, alg="ES256", kid=kid, typ="vivavoce+jws"),
        headed(good, alg="EdDSA", kid=kid, typ="vivavoce+jws", crit=["b64"]),
        f"{header}.{claims}.{encode(bytes(64))}",
    ):
        answer = await ro.post(path, {"jws": bad})
        status, code = problem(answer)
        assert (status, code.startswith("signature_")) == (401, True), answer.text
    assert problem(await ro.post(path, {"reason": "please"})) == (422, "signature_required")
    assert problem(await ro.post(path)) == (422, "signature_required")
    assert (await ro.get(f"/requests/{made['id']}")).json() == made
    answer = await ro.call("POST", path, content=good, headers={"content-type": "application/jose"})
    assert (answer.status_code, answer.json()["status"]) == (200, "received")


async def test_a_statement_meant_for_another_state_is_refused_and_both_are_told(ro, story, installation):
    made = (await ro.post("/requests", {"requested_state": "TH", "content": story.content})).json()
    statement = (await ro.get(f"/requests/{made['id']}/statements/submit_request")).json()
    answer = await ro.post(f"/requests/{made['id']}/submit", ro.sign(statement | {"aud": "FR"}))
    assert problem(answer) == (401, "signature_wrong_audience")
    async with installation.database.reading() as db:
        (entry,) = (await db.exec(select(RefusedStatement))).all()
    assert (entry.owner_state, entry.other_state, entry.audience) == ("RO", "TH", "FR")
    assert (await ro.get(f"/requests/{made['id']}")).json() == made


async def test_what_was_used_once_is_refused_after_a_restart_too(installation, story):
    client = await installation.client("RO")
    assertion, proof = client.assertion(), client.proof("POST", "http://localhost:8000/api/v1/oauth/token")
    token = (await client.ask_token(assertion=assertion, proof=proof)).json()["access_token"]
    url = "http://localhost:8000/api/v1/requests"
    act, look = client.proof("POST", url, token), client.proof("GET", url, token)
    body = {"requested_state": "TH"}

    async def again(http):
        client.http = http
        headers = {"authorization": f"DPoP {token}"}
        yield await client.ask_token(assertion=assertion)
        yield await client.ask_token(proof=proof)
        yield await http.post("/api/v1/requests", json=body, headers=headers | {"dpop": act})
        yield await http.get("/api/v1/requests", headers=headers | {"dpop": look})

    told = [answer.status_code async for answer in again(installation.http)]
    assert told == [401, 401, 201, 200]
    assert [answer.status_code async for answer in again(installation.http)] == [401, 401, 401, 401]

    restarted = create_app(installation.settings)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(restarted), base_url="http://localhost:8000") as http:
        refusals = [answer async for answer in again(http)]
        assert [problem(answer)[0] for answer in refusals] == [401, 401, 401, 401]
        fresh = client.proof("GET", url, token)
        answer = await http.get("/api/v1/requests", headers={"authorization": f"DPoP {token}", "dpop": fresh})
        assert (answer.status_code, len(answer.json()["items"])) == (200, 1)
    await restarted.state.parts.database.close()
    await restarted.state.parts.sandbox.close()


async def test_an_agreement_to_older_terms_is_refused(ro, th, request_, story):
    hearing = (await propose(ro, story, request_)).json()
    path = f"/hearings/{hearing['ref']}"
    statement = (await th.get(f"{path}/statement")).json()
    body = {"wall_start": "2027-11-30T14:00", "wall_zone": "Asia/Bangkok", "duration_minutes": 120, "reason": "Room"}
    assert (await th.post(f"{path}/counter", body)).status_code == 200
    again = story.hearing["wall_start"].replace("29T", "30T")
    own = {"wall_start": again, "wall_zone": "Europe/Bucharest", "duration_minutes": 90}
    proposed = await ro.post(f"{path}/counter", own)
    assert (proposed.status_code, proposed.json()["status"]) == (200, "proposed")
    assert problem(await th.post(f"{path}/agree", th.sign(statement))) == (409, "terms_changed")
    assert (await th.get(path)).json() == proposed.json()
    answer = await th.signed(f"{path}/agree", "agree_hearing")
    assert (answer.status_code, answer.json()["signed_by"]) == (200, ["TH"])


# --- 21, 22, 28: what surrounds a request --------------------------------------------------------------------------


async def test_links_follow_the_configured_origin_whatever_the_headers_say(ro, installation, story):
    forged = {"host": "evil.example", "x-forwarded-host": "evil.example", "x-forwarded-proto": "https"}
    forged |= {"forwarded": "host=evil.example", "x-forwarded-prefix": "/evil"}
    made = await ro.post("/requests", {"requested_state": "TH"}, headers=forged)
    assert made.headers["location"] == f"http://localhost:8000/api/v1/requests/{made.json()['id']}"
    for _ in range(2):
        await ro.post("/requests", {"requested_state": "TH"})
    page = await ro.get("/requests?limit=2&side=made", headers=forged)
    assert page.headers["link"].startswith("<http://localhost:8000/api/v1/requests?limit=2&side=made&after=")
    described = await installation.http.get("/api/v1/openapi.json", headers=forged)
    assert "evil" not in made.text + page.text + described.text + str(made.headers) + str(page.headers)
    # A proof for the forged address does not do either.
    token = await ro.token()
    proof = ro.proof("GET", "https://evil.example/api/v1/requests", token)
    assert problem(await ro.get("/requests", headers=forged | {"dpop": proof})) == (401, "proof_invalid")


RAW = {
    "both lengths": b"POST /api/v1/oauth/token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "two lengths": b"POST /api/v1/oauth/token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
    b"Content-Length: 6\r\n\r\nhello!",
    "folded header": b"GET /api/v1/problems HTTP/1.1\r\nHost: localhost\r\nX-One: a\r\n b: c\r\n\r\n",
    "space before the colon": b"GET /api/v1/problems HTTP/1.1\r\nHost: localhost\r\nContent-Length : 0\r\n\r\n",
    "NUL in the path": b"GET /api/v1/requests/\x00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "encoded NUL": b"GET /api/v1/requests/%00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "encoded steps": b"GET /api/v1/requests/%2e%2e%2f%2e%2e%2fhealthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "half encoded steps": b"GET /static/..%2f..%2fapp.py HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "plain steps": b"GET /api/v1/../../healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "backslashes": b"GET /api/v1/..%5c..%5chealthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
}


async def test_what_two_servers_could_read_differently_is_refused(api_port):
    for what, text in RAW.items():
        reader, writer = await asyncio.open_connection("127.0.0.1", api_port)
        writer.write(text)
        answer = await asyncio.wait_for(reader.readuntil(b"\r\n"), 10)
        assert answer.startswith(b"HTTP/1.1 400 "), (what, answer)
        if what == "both lengths":  # nothing that was smuggled in is answered, and nothing more is read
            assert b"HTTP/1.1" not in await asyncio.wait_for(reader.read(), 10)
        writer.close()


async def test_no_page_may_frame_the_api_or_read_it(ro, installation):
    for answer in (
        await ro.get("/client"),
        await ro.get("/requests/none"),
        await installation.http.get("/api/v1/client"),
        await installation.http.get("/api/v1/openapi.json"),
        await installation.http.get(
            "/api/v1/nothing", headers={"accept": "text/html", "origin": "https://evil.example"}
        ),
        await installation.http.options("/api/v1/client", headers={"origin": "https://evil.example"}),
    ):
        for name, value in security.HEADERS.items():
            assert answer.headers[name] == value
        assert answer.headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        is_page = answer.url.path.endswith("/openapi.json")  # of nobody's, and tagged
        assert answer.headers["cache-control"] == ("no-cache" if is_page else "no-store")
        assert not {"set-cookie", "access-control-allow-origin"} & set(answer.headers)


async def test_an_unexpected_failure_is_ours_and_tells_nothing(ro, installation, monkeypatch, caplog):
    async def broken(*_args, **_kwargs):
        raise ValueError("secret inside")

    monkeypatch.setattr(queries, "requests_told", broken)
    answer = await ro.get("/requests", headers={"accept": "text/html"})
    assert problem(answer) == (500, "failed")
    assert "secret" not in answer.text
    assert any(answer.json()["instance"] in record.getMessage() for record in caplog.records)


async def test_a_token_and_its_proofs_have_their_time(ro):
    old = int((datetime.now(UTC) - timedelta(minutes=6)).timestamp())
    url, token = "http://localhost:8000/api/v1/client", await ro.token()
    for made, code in ((old, "use_dpop_nonce"), (old + 420, "use_dpop_nonce"), *ODD):
        proof = ro.proof("GET", url, token, iat=made)
        assert problem(await ro.get("/client", headers={"dpop": proof})) == (401, code)
    for change in ({"htm": "POST"}, {"htu": url + "/keys"}, {"ath": "x"}, {"jti": "short"}, {"jti": 5}):
        proof = ro.proof("GET", url, token, **change)
        assert problem(await ro.get("/client", headers={"dpop": proof})) == (401, "proof_invalid"), change
    for changes in ({"exp": old}, {"exp": old + 1200}, {"aud": url}, {"sub": "x"}, {"nbf": old + 420}, {"jti": ""}):
        assert problem(await ro.ask_token(assertion=ro.assertion(**changes))) == (401, "client_invalid"), changes


ODD = [(made, "proof_invalid") for made in ("now", None, 1e300, True)]
