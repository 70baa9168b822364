"""Webhooks through the API: made with a secret shown once, listed, ended, and what became of each message."""

import asyncio
import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlmodel import select

from hearings.models import ApiAnswer, Person
from hearings.models.outbox import OutboxKind, OutboxStatus
from hearings.outward import outbox, webhooks
from scheduler import delivery, following, jobs
from scheduler.election import election
from web import clock

URL = "http://localhost:9/hooks"
EVENTS = ["hearing.agreed", "request.accepted"]


@pytest.fixture
def limits(limits):
    """A receiver on this machine counts as a host webhooks may go to."""
    return limits | {"test_hooks": True, "webhook_hosts": "hooks.example"}


def code(answer):
    return answer.status_code, answer.json()["code"]


async def test_the_secret_of_a_webhook_is_not_kept_with_the_answer(installation, ro):
    body, key = {"url": URL, "events": EVENTS}, {"idempotency-key": "one"}
    made, again = [await ro.post("/webhooks", body, headers=key) for _time in range(2)]
    assert (again.status_code, again.headers["idempotency-replayed"]) == (201, "true")
    assert again.json() == made.json() | {"secret": None}
    assert made.headers["cache-control"] == "no-store"
    async with installation.database.reading() as db:
        (kept,) = (await db.exec(select(ApiAnswer))).all()
    assert made.json()["secret"] not in repr(kept)


async def test_a_webhook_is_made_read_and_ended_and_its_secret_is_shown_once(installation, ro, th):
    made = await ro.post("/webhooks", {"url": URL, "events": EVENTS})
    assert made.status_code == 201, made.text
    hook = made.json()
    secret = hook.pop("secret")
    async with installation.database.reading() as db:
        row = await webhooks.webhook_of(db, hook["id"], state="RO")
    assert secret == webhooks.secret_of(row, installation.app.state.parts.keys.cookie)
    path = f"/webhooks/{hook['id']}"
    assert made.headers["location"] == f"http://localhost:8000/api/v1{path}"
    assert (await ro.get(path)).json() == hook
    assert (await ro.get("/webhooks")).json() == {"items": [hook]}
    assert (await th.get("/webhooks")).json() == {"items": []}
    for where in (path, "/webhooks/none"):
        assert code(await th.get(where)) == (404, "not_found")
        assert code(await th.get(f"{where}/deliveries")) == (404, "not_found")
        assert code(await th.call("DELETE", where)) == (404, "not_found")
    assert (await ro.call("DELETE", path)).status_code == 204
    ended = (await ro.get(path)).json()
    assert (ended["disabled_why"], ended["disabled_at"] is not None) == ("by_hand", True)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"url": "https://elsewhere.example/x", "events": EVENTS}, "url"),
        ({"url": "http://hooks.example/x", "events": EVENTS}, "url"),
        ({"url": "https://127.0.0.1/x", "events": EVENTS}, "url"),
        ({"url": URL, "events": ["hearing.exploded"]}, "events"),
    ],
)
async def test_where_no_webhook_may_go_none_is_made(ro, body, field):
    answer = await ro.post("/webhooks", body)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert (await ro.get("/webhooks")).json() == {"items": []}


async def test_messages_are_listed_with_their_attempts_and_sent_again_on_request(installation, ro, th):
    hook = (await ro.post("/webhooks", {"url": URL, "events": EVENTS})).json()
    path, now = f"/webhooks/{hook['id']}/deliveries", datetime.now(UTC)
    made = []
    async with installation.database.transaction() as db:
        for number in range(3):
            message = await outbox.put(
                db,
                kind=OutboxKind.webhook,
                to=hook["id"],
                payload={"type": "hearing.agreed"},
                about="7F3K-22QD",
                owner_state="RO",
                now=now,
                key=f"k{number}",
            )
            made.append(message.id)
        await outbox.take(db, kinds=[OutboxKind.webhook], now=now, limit=1)
        await outbox.settle(
            db, message_id=made[0], attempt=1, outcome=OutboxStatus.not_delivered, code="rejected", now=now
        )
    first = (await ro.get(f"{path}?limit=2")).json()
    rest = (await ro.get(f"{path}?limit=2&after={first['next']}")).json()
    shown = first["items"] + rest["items"]
    assert ([one["id"] for one in shown], rest["next"]) == ([f"msg_{one}" for one in reversed(made)], "")
    assert {one["event"] for one in shown} == {"hearing.agreed"}
    (failed,) = (await ro.get(f"{path}?status=not_delivered")).json()["items"]
    assert (failed["id"], failed["last_code"], failed["next_at"]) == (f"msg_{made[0]}", "rejected", None)
    attempts = (await ro.get(f"{path}/{failed['id']}/attempts")).json()["items"]
    assert [(attempt["number"], attempt["outcome"], attempt["code"]) for attempt in attempts] == [
        (1, "not_delivered", "rejected")
    ]
    again = await ro.post(f"{path}/{failed['id']}/send-again")
    assert (again.status_code, again.json()["status"]) == (200, "waiting")
    assert code(await ro.post(f"{path}/{failed['id']}/send-again")) == (409, "illegal_move")
    other = (await ro.post("/webhooks", {"url": URL, "events": EVENTS})).json()
    for where in (f"{path}/msg_none", f"{path}/{made[0]}", f"/webhooks/{other['id']}/deliveries/{failed['id']}"):
        assert code(await ro.get(f"{where}/attempts")) == (404, "not_found")
        assert code(await th.post(f"{where}/send-again")) == (404, "not_found")


async def test_the_sandbox_tells_its_own_webhooks_of_its_own_events_and_reaches_nobody_else(
    installation, ro, th, story
):
    got: list[tuple[str, dict[str, Any]]] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = int(re.search(r"content-length: (\d+)", head, re.IGNORECASE)[1])
        got.append((head.split(" ")[1], json.loads(await reader.readexactly(length))))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    sandbox, other = [await installation.client(state, sandbox=True) for state in ("RO", "TH")]
    events = ["request.received", "request.accepted"]
    settings, parts = installation.settings, installation.app.state.parts
    docket, trial = clock.build(settings, installation.database, installation.sandbox, parts.keys)
    assert (trial.world.ways.mail, trial.world.recordings) == (None, None)
    assert (docket.world.name, trial.world.name) == ("docket", "sandbox")
    async with installation.sandbox.transaction() as db:  # somebody who would be mailed
        db.add(Person(owner_state="RO", name="A", email="a@ro.example", functions=["clerk"]))
    async with await asyncio.start_server(take, "127.0.0.1", 0) as listener:
        port = listener.sockets[0].getsockname()[1]
        for client, path in ((ro, "docket"), (sandbox, "sandbox")):
            body = {"url": f"http://localhost:{port}/{path}", "events": events}
            assert (await client.post("/webhooks", body)).status_code == 201
        request = await story.accepted(sandbox, other)
        for each in (trial, docket):
            await following.follow(each.world)
            await jobs.tick(each.world)
            await delivery.deliver(each.world.database, each.world.ways, clock=each.world.clock)
    assert sorted((path, body["type"]) for path, body in got) == [
        ("/sandbox", "request.accepted"),
        ("/sandbox", "request.received"),
    ]
    assert {body["data"]["link"] for _path, body in got} == {
        f"{settings.origin}/sandbox/requests/{request['reference']}"
    }
    async with installation.sandbox.reading() as db:
        mails = [row for row in (await outbox.messages(db, state="RO")).rows if row.kind is OutboxKind.mail]
    assert mails and {mail.status for mail in mails} == {OutboxStatus.waiting}
    async with installation.database.reading() as db:
        assert (await outbox.messages(db, state="RO")).rows == []


async def test_the_clocks_of_docket_and_sandbox_are_elected_apart(installation):
    parts = installation.app.state.parts
    pairs = [
        clock.build(installation.settings, installation.database, installation.sandbox, parts.keys) for _ in range(2)
    ]
    candidates = [[election(one.world.database) for one in pair] for pair in pairs]
    assert [[await one.win() for one in pair] for pair in candidates] == [[True, True], [False, False]]
    for pair in candidates:
        for one in pair:
            await one.resign()
    assert len(clock.build(installation.settings, installation.database, None, parts.keys)) == 1


async def test_without_the_scope_nobody_has_webhooks(installation):
    unscoped = await installation.client("RO", scopes=("hearings:read",))
    assert code(await unscoped.get("/webhooks")) == (403, "scope_missing")
    assert code(await unscoped.post("/webhooks", {"url": URL, "events": EVENTS})) == (403, "scope_missing")
