"""Tokens, keys, scopes, limits, and the sandbox."""

import asyncio
import hashlib
import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from pyrage import x25519
from sqlmodel import select

from hearings import queries
from hearings.actors import Actor
from hearings.errors import Invalid, NotAllowed
from hearings.models import ApiAnswer, ApiClient, ApiClientKey, ApiToken, HearingRequest, SharedView, StatusChange
from hearings.models.columns import Row
from hearings.outward import api_clients, claims
from hearings.signatures import jws
from web import api_app
from web.api import tokens


def problem(answer):
    return answer.status_code, answer.json()["code"]


def admin(state="RO"):
    return Actor(id="admin", label="Admin", state=state, functions=frozenset({"administrator"}))


async def rows(database, table=None):
    """Every row of a database, as text; or of one table."""
    tables = [table] if table else [subclass for subclass in Row.__subclasses__() if hasattr(subclass, "__table__")]
    found = []
    async with database.reading() as db:
        for one in tables:
            found += [repr(row) for row in (await db.exec(select(one))).all()]
    return sorted(found)


# --- tokens ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("alg", ["EdDSA", "ES256"])
async def test_a_token_is_given_to_a_client_that_proves_itself_and_kept_only_as_a_hash(installation, alg):
    client = await installation.client("RO", alg=alg, scopes=("requests:read", "law:read"))
    answer = await client.ask_token(scope="law:read")
    assert answer.status_code == 200
    told = answer.json()
    assert (told["token_type"], told["expires_in"], told["scope"]) == ("DPoP", 300, "law:read")
    async with installation.database.reading() as db:
        (row,) = (await db.exec(select(ApiToken))).all()
    assert row.secret_hash == hashlib.sha256(told["access_token"].encode()).hexdigest()
    assert (row.jkt, row.scopes, row.client_id) == (client.dpop.thumbprint, ["law:read"], client.id)
    assert (row.expires_at - row.created_at) == timedelta(minutes=5)
    answer = await client.ask_token(scope="requests:write")
    assert (problem(answer), answer.json()["error"]) == ((400, "scope_invalid"), "invalid_scope")


async def test_a_token_is_worth_nothing_without_the_key_it_is_bound_to(installation, ro):
    other = await installation.client("RO")
    token, url = await ro.token(), "http://localhost:8000/api/v1/client"
    stolen = {"authorization": f"DPoP {token}", "dpop": other.proof("GET", url, token)}
    answer = await installation.http.get("/api/v1/client", headers=stolen)
    assert problem(answer) == (401, "token_invalid")
    assert answer.headers["www-authenticate"] == 'DPoP error="invalid_token", algs="EdDSA ES256"'
    for headers in ({}, {"authorization": f"Bearer {token}"}, {"authorization": f"DPoP {token}, DPoP {token}"}):
        answer = await installation.http.get("/api/v1/client", headers=headers)
        assert answer.status_code == 401
    bearer = {"authorization": f"Bearer {token}", "dpop": ro.proof("GET", url, token)}
    assert problem(await installation.http.get("/api/v1/client", headers=bearer)) == (401, "token_missing")
    mine = {"authorization": f"DPoP {token}", "dpop": ro.proof("GET", url, token)}
    assert (await installation.http.get("/api/v1/client", headers=mine)).json()["id"] == ro.id


async def test_an_assertion_seen_in_a_refused_request_is_worth_nothing(installation, ro):
    assertion = ro.assertion()
    refused = await ro.ask_token(assertion=assertion, scope="no:such")
    assert problem(refused) == (400, "scope_invalid")
    thief = await installation.client("FR")
    thief.id = ro.id
    assert problem(await thief.ask_token(assertion=assertion)) == (401, "proof_used")


async def test_an_expired_token_and_a_disabled_client_are_shut_out_at_once(installation, ro):
    token = await ro.token()
    async with installation.database.transaction() as db:
        row = (await db.exec(select(ApiToken))).one()
        row.expires_at = datetime.now(UTC)
        db.add(row)
    assert problem(await ro.get("/client")) == (401, "token_invalid")
    ro.tokens.clear()
    assert (await ro.get("/client")).status_code == 200
    assert await ro.token() != token
    async with installation.database.transaction() as db:
        client = await api_clients.client(db, ro.id)
        await api_clients.disable(db, client=client, actor=admin(), now=datetime.now(UTC))
    assert problem(await ro.get("/client")) == (401, "token_invalid")
    assert problem(await ro.ask_token()) == (401, "client_invalid")


async def test_a_scope_decides_what_a_client_may_do_and_as_whom(installation, story):
    reader = await installation.client("RO", scopes=("requests:read",))
    answer = await reader.post("/requests", {"requested_state": "TH"})
    assert (problem(answer), answer.json()["scope"]) == ((403, "scope_missing"), "requests:write")
    writer = await installation.client("RO")
    made = await writer.post("/requests", {"requested_state": "TH"})
    assert problem(await writer.post(f"/requests/{made.json()['id']}/acknowledge")) == (403, "not_allowed")
    history = (await reader.get(f"/requests/{made.json()['id']}/history")).json()["items"]
    assert [(one["after"], one["by"]) for one in history] == [("draft", "System of RO")]
    narrow = await writer.call("POST", "/requests", scope="requests:read", json={"requested_state": "TH"})
    assert problem(narrow) == (403, "scope_missing")


# --- keys --------------------------------------------------------------------------------------------------------


async def test_a_client_changes_its_own_key_without_a_gap(either):
    client = await either.client("RO")
    new = type(client.key).make("ES256")
    answer = await client.post("/client/keys", {"jwk": new.jwk})
    assert (answer.status_code, answer.json()["kid"]) == (201, new.thumbprint)
    old, client.key = client.key, new
    assert (await client.ask_token()).status_code == 200
    answer = await client.call("DELETE", f"/client/keys/{old.thumbprint}")
    assert answer.status_code == 204, answer.text
    assert problem(await client.get("/client")) == (401, "token_invalid")
    client.tokens.clear()
    client.key = old
    assert problem(await client.ask_token()) == (401, "client_invalid")
    client.key = new
    assert (await client.ask_token()).status_code == 200
    assert problem(await client.call("DELETE", f"/client/keys/{new.thumbprint}")) == (409, "not_ready")
    assert problem(await client.post("/client/keys", {"jwk": old.jwk})) == (422, "invalid")
    shown = (await client.get("/client")).json()["keys"]
    assert [(key["kid"], key["not_after"] is None) for key in shown] == [
        (old.thumbprint, False),
        (new.thumbprint, True),
    ]


async def test_a_key_that_is_yet_to_come_does_not_sign_and_a_foreign_one_cannot_be_ended(installation, ro, th):
    later = type(ro.key).make()
    ahead = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    assert (await ro.post("/client/keys", {"jwk": later.jwk, "not_before": ahead})).status_code == 201
    ro.key, now = later, ro.key
    assert problem(await ro.ask_token()) == (401, "client_invalid")
    ro.key = now
    assert problem(await ro.call("DELETE", f"/client/keys/{th.key.thumbprint}")) == (404, "not_found")
    assert problem(await ro.post("/client/keys", {"jwk": later.jwk, "not_before": "2027-01-01T00:00"}))[0] == 422
    private = ro.key.jwk | {"d": ro.key.jwk["x"]}
    assert problem(await ro.post("/client/keys", {"jwk": private})) == (422, "unknown_field")
    for bad in (
        {"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43},
        {"kty": "OKP", "crv": "P-256", "x": "A" * 43},
    ):
        assert problem(await ro.post("/client/keys", {"jwk": bad})) == (422, "invalid")


async def test_only_the_administrator_of_a_state_registers_its_clients(installation, ro):
    key, now = type(ro.key).make(), datetime.now(UTC)
    clerk = Actor(id="clerk", label="Clerk", state="RO", functions=frozenset({"clerk"}))
    async with installation.database.transaction() as db:
        for jwks, actor, scopes, error in (
            ([key.jwk], clerk, ["law:read"], NotAllowed),
            ([], admin(), ["law:read"], Invalid),
            ([key.jwk], admin(), [], Invalid),
            ([key.jwk], admin(), ["law:rewrite"], Invalid),
            ([key.jwk | {"d": "x"}], admin(), ["law:read"], Invalid),
        ):
            with pytest.raises(error):
                await api_clients.register(db, name="X", scopes=scopes, jwks=jwks, actor=actor, now=now)
        found = await api_clients.client(db, ro.id)
        with pytest.raises(NotAllowed):
            await api_clients.disable(db, client=found, actor=admin("TH"), now=now)


def test_a_thumbprint_is_that_of_rfc_7638_and_rfc_8037():
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    assert jws.public_key(jwk).thumbprint == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


# --- repeats and crashes -----------------------------------------------------------------------------------------


async def test_an_effect_and_its_kept_answer_are_there_together_or_not_at_all(either, story, monkeypatch):
    from web.api import idempotency

    client, key = await either.client("RO"), {"idempotency-key": "once"}
    whole = idempotency.keep

    def dies(*_args):
        raise SystemError("the power goes off between the effect and its answer")

    monkeypatch.setattr(idempotency, "keep", dies)
    assert (await client.post("/requests", {"requested_state": "TH"}, headers=key)).status_code == 500
    assert await rows(either.database, HearingRequest) == await rows(either.database, ApiAnswer) == []
    monkeypatch.setattr(idempotency, "keep", whole)
    first = await client.post("/requests", {"requested_state": "TH"}, headers=key)
    again = await client.post("/requests", {"requested_state": "TH"}, headers=key)
    assert (first.status_code, again.status_code, again.text) == (201, 201, first.text)
    assert again.headers["location"] == first.headers["location"]
    assert len(await rows(either.database, HearingRequest)) == 1


async def test_a_kept_answer_is_forgotten_after_a_day(installation, ro):
    key = {"idempotency-key": "yesterday"}
    first = await ro.post("/requests", {"requested_state": "TH"}, headers=key)
    async with installation.database.transaction() as db:
        row = (await db.exec(select(ApiAnswer))).one()
        row.created_at -= timedelta(hours=24, seconds=1)
        db.add(row)
    second = await ro.post("/requests", {"requested_state": "TH"}, headers=key)
    assert (second.status_code, second.json()["id"] == first.json()["id"]) == (201, False)


async def test_a_proof_used_by_two_requests_at_once_works_for_one(either):
    client = await either.client("RO")
    token = await client.token()
    proof = client.proof("POST", "http://localhost:8000/api/v1/requests", token)
    headers = {"authorization": f"DPoP {token}", "dpop": proof}
    answers = await asyncio.gather(
        *(either.http.post("/api/v1/requests", json={"requested_state": "TH"}, headers=headers) for _ in range(6))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 401, 401, 401, 401, 401]
    assert len(await rows(either.database, HearingRequest)) == 1


# --- limits ------------------------------------------------------------------------------------------------------


class TestAsShipped:
    """With the limits every installation begins with: 50 at once, 100 a minute."""

    @pytest.fixture
    def limits(self):
        return {}

    async def test_a_client_that_asks_too_often_is_told_when_to_come_back(self, installation, ro, th):
        installation.app.state.parts.buckets.clock = lambda: 1000.0
        first = await ro.get("/client")
        assert {name: first.headers[name] for name in ("ratelimit-limit", "ratelimit-remaining")} == {
            "ratelimit-limit": "50",
            "ratelimit-remaining": "49",
        }
        assert first.headers["ratelimit-policy"] == "50;w=30"
        answers = [await ro.get("/client") for _ in range(50)]
        assert [answer.status_code for answer in answers] == [200] * 49 + [429]
        last = answers[-1]
        assert (last.json()["code"], last.headers["retry-after"]) == ("too_many_requests", "1")
        assert (last.headers["ratelimit-remaining"], last.headers["ratelimit-reset"]) == ("0", "31")
        assert (await th.get("/client")).status_code == 200
        installation.app.state.parts.buckets.clock = lambda: 1001.0
        assert (await ro.get("/client")).status_code == 200

    async def test_an_address_that_guesses_is_stopped(self, installation):
        installation.app.state.parts.buckets.clock = lambda: 1000.0
        answers = [await installation.http.get("/api/v1/client") for _ in range(200)]
        told = [answer.status_code for answer in answers]
        assert told == sorted(told)
        assert 0 < told.count(401) <= 100
        assert told[-1] == 429

    async def test_who_calls_without_a_token_takes_nothing_from_a_client_behind_the_same_address(self, installation):
        client = await installation.client("RO")
        installation.app.state.parts.buckets.clock = lambda: 1000.0
        routes = [(f"/api/v1{path}", method) for path, method in every_operation() if path != tokens.PATH]
        told = [
            (await installation.http.request(method, path.replace("{", "").replace("}", ""))).status_code
            for path, method in [*routes, *[("/api/v1/openapi.json", "GET"), ("/api/v1/problems", "GET")] * 60]
        ]
        assert {401, 429} <= set(told) and max(told) == 429 and told[-2:] == [429, 429]
        assert (await client.get("/client")).status_code == 200

    async def test_the_description_has_a_limit_of_its_own(self, installation):
        installation.app.state.parts.buckets.clock = lambda: 1000.0
        answers = [await installation.http.get("/api/v1/openapi.json") for _ in range(51)]
        assert [answer.status_code for answer in answers] == [200] * 50 + [429]
        assert problem(answers[-1]) == (429, "too_many_requests") and "retry-after" in answers[-1].headers


def every_operation():
    """Path and method of each."""
    for module in api_app.RESOURCES:
        for route in module.router.routes:
            yield route.path, route.method


# --- the sandbox -------------------------------------------------------------------------------------------------


async def test_a_sandbox_client_never_reaches_the_docket(installation, ro, story):
    live = await story.submitted(ro)
    watched = (StatusChange, HearingRequest, SharedView)
    before = [await rows(installation.database, table) for table in watched]
    sandbox = await installation.client("RO", sandbox=True)
    other = await installation.client("TH", sandbox=True)
    assert (await sandbox.get("/client")).json()["sandbox"] is True
    assert problem(await sandbox.get(f"/requests/{live['id']}")) == (404, "not_found")
    assert (await sandbox.get("/requests")).json()["items"] == []
    request = await story.accepted(sandbox, other)
    assert (
        await other.post("/requests", {"requested_state": "RO"}, headers={"idempotency-key": "s"})
    ).status_code == 201
    assert problem(await ro.get(f"/requests/{request['id']}")) == (404, "not_found")
    assert [await rows(installation.database, table) for table in watched] == before
    assert (await ro.get("/requests")).json()["items"][0]["id"] == live["id"]
    assert await rows(installation.database, ApiAnswer) == []
    assert len(await rows(installation.sandbox, HearingRequest)) == 2
    assert await rows(installation.sandbox, ApiClient) == []


async def test_a_sandbox_client_registers_signing_keys_there_and_nobody_does_so_live(installation, ro):
    sandbox, key = await installation.client("RO", sandbox=True), type(ro.key).make()
    body = {"authority": "Test", "public_key": key.jwk["x"]}
    answer = await sandbox.post("/sandbox/signing-keys", body)
    assert (answer.status_code, answer.json()["kid"]) == (201, key.thumbprint)
    assert problem(await ro.post("/sandbox/signing-keys", body)) == (403, "sandbox_only")
    recipient, another = (
        str(x25519.Identity.generate().to_public()),
        {**body, "public_key": type(ro.key).make().jwk["x"]},
    )
    assert problem(await sandbox.post("/sandbox/signing-keys", another | {"recipient": "age1"})) == (
        422,
        "invalid_input",
    )
    assert (await sandbox.post("/sandbox/signing-keys", another | {"recipient": recipient})).status_code == 201
    async with installation.sandbox.reading() as db:
        assert recipient in {one.recipient for one in await queries.authority_keys(db, ["RO"])}
    async with installation.database.reading() as db:
        assert recipient not in {one.recipient for one in await queries.authority_keys(db, ["RO"])}


async def test_a_sandbox_client_changes_its_key_where_clients_are_registered(installation):
    sandbox = await installation.client("RO", sandbox=True)
    new = type(sandbox.key).make()
    assert (await sandbox.post("/client/keys", {"jwk": new.jwk})).status_code == 201
    sandbox.key = new
    answer = await sandbox.ask_token()
    assert (answer.status_code, answer.json()["token_type"]) == (200, "DPoP")
    kept = await rows(installation.database, ApiClientKey)
    assert [new.thumbprint in one for one in kept].count(True) == 1
    assert await rows(installation.sandbox, ApiClientKey) == []


async def test_without_a_sandbox_its_clients_are_told_so(installation):
    sandbox = await installation.client("RO", sandbox=True)
    parts = vars(installation.app.state.parts)  # frozen, and shared by everything that serves
    kept, parts["sandbox"] = installation.sandbox, None
    assert problem(await sandbox.get("/client")) == (503, "sandbox_off")
    parts["sandbox"] = kept


# --- events ------------------------------------------------------------------------------------------------------


class Stream:
    """Events of a stream that is read until `done` says so."""

    def __init__(self, base, client, last=""):
        self.base, self.client, self.last = base, client, last
        self.open = asyncio.Event()
        self.kind = ""

    async def read(self, number):
        token = await self.client.token()
        headers = {
            "authorization": f"DPoP {token}",
            "dpop": self.client.proof("GET", "http://localhost:8000/api/v1/events", token),
        } | ({"last-event-id": self.last} if self.last else {})
        found = []
        async with httpx.AsyncClient(base_url=self.base, timeout=20) as http:
            async with http.stream("GET", "/api/v1/events", headers=headers) as answer:
                assert (answer.status_code, answer.headers["content-type"]) == (
                    200,
                    "text/event-stream; charset=utf-8",
                )
                self.open.set()
                async for line in answer.aiter_lines():
                    name, _, value = line.partition(": ")
                    if name == "id":
                        self.last = value
                    if name == "event":
                        self.kind = value
                    if name == "data":
                        found.append((self.last, json.loads(value)))
                    if len(found) == number:
                        return found
        return found


async def test_what_a_cosigner_refuses_comes_as_an_event_of_its_own_name(
    installation, api_port, ro, th, held, hearing, monkeypatch
):
    from web.outward import events_api as events

    monkeypatch.setattr(events, "EVERY", 0.05)
    stream = Stream(f"http://127.0.0.1:{api_port}", th)
    reading = asyncio.create_task(stream.read(1))
    await stream.open.wait()
    now = datetime.now(UTC)
    key = f"head_refused:{held}:a.example:fork"
    async with installation.database.transaction() as db:
        about = {"subject": "recording", "subject_id": held, "owner_state": "RO", "due_at": now, "now": now}
        assert await claims.claim(db, key=key, kind="head_refused", **about)
    ((_id, data),) = await asyncio.wait_for(reading, 15)
    assert stream.kind == "cosignature.refused"
    at = data.pop("at")
    assert datetime.fromisoformat(at) == now
    assert data == {"about": hearing["ref"], "recording": held, "cosigner": "a.example", "why": "fork"}


async def test_events_of_ones_own_cases_come_and_are_resumed(installation, api_port, story, ro, th, monkeypatch):
    from web.outward import events_api as events

    monkeypatch.setattr(events, "EVERY", 0.05)
    stranger = await installation.client("FR")
    base = f"http://127.0.0.1:{api_port}"
    before = await story.submitted(ro)
    streams = [Stream(base, ro), Stream(base, th)]
    reading = [asyncio.create_task(one.read(number)) for one, number in zip(streams, (3, 2), strict=True)]
    await asyncio.gather(*(stream.open.wait() for stream in streams))
    request = await story.submitted(ro)
    mine, theirs = await asyncio.wait_for(asyncio.gather(*reading), 15)
    assert [(data["about"], data["after"]) for _id, data in mine] == [
        (request["reference"], "draft"),
        (request["reference"], "submitted"),
        (request["reference"], "received"),
    ]
    assert theirs == mine[1:]
    assert (await th.post(f"/requests/{request['id']}/acknowledge")).status_code == 200
    rest = await asyncio.wait_for(Stream(base, ro, last=mine[0][0]).read(7), 15)
    assert [data["after"] for _id, data in rest if data["about"] == request["reference"]] == [
        "draft",
        "submitted",
        "received",
        "under_review",
    ]
    assert {data["about"] for _id, data in rest} == {before["reference"], request["reference"]}
    odd = await stranger.get("/events", headers={"last-event-id": "yesterday"})
    assert problem(odd) == (422, "invalid_input")
