"""After each way a client's token ends, every operation refuses it, and a stream that is open ends."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import col, update
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.models import ApiClient, ApiToken
from hearings.outward import api_clients
from tests.support.api_client import API, ApiInstallation, Client
from tests.support.installation import BASE
from web.api_app import RESOURCES
from web.outward import events_api

ADMIN = Actor(id="admin", label="Admin", state="RO", functions=frozenset({"administrator"}))
NOW = datetime.now(UTC)


@dataclass
class Shut:
    """What an administrator does to a client."""

    client: Client

    async def disabled(self, db: AsyncSession, row: ApiClient) -> None:
        await api_clients.disable(db, client=row, actor=ADMIN, now=datetime.now(UTC))

    async def disabled_and_enabled(self, db: AsyncSession, row: ApiClient) -> None:
        await api_clients.disable(db, client=row, actor=ADMIN, now=datetime.now(UTC))
        await api_clients.enable(db, client=row, actor=ADMIN, now=datetime.now(UTC))

    async def scopes_changed(self, db: AsyncSession, row: ApiClient) -> None:
        await api_clients.change(db, client=row, name=row.name, scopes=["law:read"], actor=ADMIN, now=datetime.now(UTC))

    async def key_replaced(self, db: AsyncSession, row: ApiClient) -> None:
        now, new = datetime.now(UTC), type(self.client.key).make()
        await api_clients.add_key(db, client=row, jwk=new.jwk, actor=ADMIN, now=now)
        await api_clients.retire_key(db, client=row, kid=self.client.key.thumbprint, actor=ADMIN, now=now)

    async def too_old(self, db: AsyncSession, row: ApiClient) -> None:
        await db.exec(update(ApiToken).where(col(ApiToken.client_id) == row.id).values(expires_at=datetime.now(UTC)))


WAYS = [name for name in vars(Shut) if not name.startswith("_") and callable(getattr(Shut, name))]
OPERATED = [
    (route.method, re.sub(r"\{[^}]+\}", "1", route.path))
    for module in RESOURCES
    for route in module.router.routes
    if route.operation.scope is not None
]
"""Every operation that takes a token."""


async def shut(installation: ApiInstallation, client: Client, way: str) -> None:
    async with installation.database.transaction() as db:
        row = await api_clients.client(db, client.id, lock=True)
        work: Callable[..., Awaitable[None]] = getattr(Shut(client), way)
        await work(db, row)


@pytest.mark.parametrize("way", WAYS)
async def test_no_operation_takes_a_token_that_has_ended(installation: ApiInstallation, ro: Client, way: str) -> None:
    assert len(OPERATED) > 120
    assert (await ro.get("/client")).status_code == 200
    await shut(installation, ro, way)
    for method, path in OPERATED:
        answer = await ro.call(method, path)
        assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid"), (method, path)


async def test_a_token_ends_with_the_key_it_was_got_with(installation: ApiInstallation, ro: Client) -> None:
    """A key whose end is known already: five minutes would be longer."""
    until = datetime.now(UTC) + timedelta(seconds=90)
    key = type(ro.key).make()
    async with installation.database.transaction() as db:
        row = await api_clients.client(db, ro.id, lock=True)
        now = datetime.now(UTC)
        await api_clients.add_key(db, client=row, jwk=key.jwk, not_after=until, actor=ADMIN, now=now)
    ro.key = key
    assert 0 < (await ro.ask_token()).json()["expires_in"] <= 90


@pytest.mark.parametrize("way", [one for one in WAYS if one != "too_old"])
async def test_a_stream_ends_with_its_token(
    installation: ApiInstallation, ro: Client, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events_api, "EVERY", 0.05)
    token = await ro.token()
    proof = ro.proof("GET", f"{BASE}{API}/events", token)
    ended: Any = None
    sent: list[bytes] = []

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(3600)
        return {}

    async def send(message: dict[str, Any]) -> None:
        nonlocal ended
        if message["type"] == "http.response.body":
            if not sent:
                await shut(installation, ro, way)
            sent.append(message["body"])
            ended = not message.get("more_body")

    headers = [(b"authorization", f"DPoP {token}".encode()), (b"dpop", proof.encode()), (b"host", b"localhost")]
    path = f"{API}/events"
    scope: dict[str, Any] = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "headers": headers,
    }
    scope |= {"query_string": b"", "client": ("127.0.0.1", 1), "server": ("localhost", 80), "scheme": "http"}
    scope |= {"http_version": "1.1", "asgi": {"version": "3.0"}, "root_path": ""}
    await installation.app(scope, receive, send)
    assert (sent[0], ended) == (b"retry: 2000\n\n", True)
