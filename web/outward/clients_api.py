"""The client itself: who it is here, and its keys, which it can change while it holds one that is in force."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Literal

from pydantic import Field
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response

from hearings.models import ApiClientKey
from hearings.outward import api_clients
from web.api import statements
from web.api.access import Caller, parts_of
from web.api.fields import Instant, Model, Moment, Shown
from web.api.routes import Resource

router = Resource("access")

Kid = Annotated[str, Field(pattern="^[A-Za-z0-9_-]{43}$", description="Thumbprint of the key (RFC 7638).")]


class Jwk(Model):
    """A public key: Ed25519 (`OKP`), or P-256 (`EC`) with `y`. Never a private one."""

    kty: Literal["OKP", "EC"]
    crv: Literal["Ed25519", "P-256"]
    x: str = Field(pattern="^[A-Za-z0-9_-]{43}$")
    y: str | None = Field(default=None, pattern="^[A-Za-z0-9_-]{43}$")


class NewKey(Model):
    """A further public key, in force at once or from `not_before`."""

    jwk: Jwk
    not_before: Instant | None = None
    not_after: Instant | None = None


class ShownClientKey(Shown):
    """A public key of the client and when it may sign."""

    kid: str
    jwk: dict[str, str]
    not_before: Moment
    not_after: Moment | None


class ShownClient(Shown):
    """The client as it is registered, and what this token lets it do."""

    id: str
    name: str
    state: str
    sandbox: bool
    scopes: list[str]
    token_scopes: list[str]
    keys: list[ShownClientKey]


def _key(row: ApiClientKey) -> ShownClientKey:
    return ShownClientKey(kid=row.kid, jwk=row.jwk, not_before=row.not_before, not_after=row.not_after)


@router.read("/client", scope="", gives={"kid": "keys/0/kid"})
async def read_client(caller: Caller) -> ShownClient:
    """Who this client is here, and its keys."""
    async with _registry(caller) as live:
        keys = await api_clients.keys_of(live, caller.client.id)
    return ShownClient(
        id=caller.client.id,
        name=caller.client.name,
        state=caller.state,
        sandbox=caller.client.sandbox,
        scopes=caller.client.scopes,
        token_scopes=sorted(caller.scopes),
        keys=[_key(row) for row in keys],
    )


@router.create("/client/keys", scope="", errors=(409,), gives={"kid": "kid"})
async def add_client_key(caller: Caller, body: NewKey) -> ShownClientKey:
    """Add a public key of this client, signed in with one that is in force.

    The new key may sign assertions at once, or from `not_before`. A key that any client has had is refused.
    """
    async with _registry(caller) as live:
        row = await api_clients.add_key(
            live,
            client=await api_clients.client(live, caller.client.id, lock=True),
            jwk=body.jwk.model_dump(exclude_none=True),
            not_before=statements.instant(body.not_before, "not_before"),
            not_after=statements.instant(body.not_after, "not_after"),
            actor=caller.actor,
            now=caller.now,
        )
    caller.headers["Location"] = caller.url("/client")
    return _key(row)


@router.operation("DELETE", "/client/keys/{kid}", scope="", status=204, errors=(404, 409))
async def retire_client_key(caller: Caller, kid: Kid) -> Response:
    """End a key of this client, now. Its last key in force cannot be ended so: the client would be shut out."""
    async with _registry(caller) as live:
        client = await api_clients.client(live, caller.client.id, lock=True)
        await api_clients.retire_key(live, client=client, kid=kid, actor=caller.actor, now=caller.now)
    return Response(status_code=204)


@asynccontextmanager
async def _registry(caller: Caller) -> AsyncIterator[AsyncSession]:
    """Where clients are registered: the live database, whatever the client works on; for reading and for writing."""
    live = parts_of(caller.request).database
    if caller.database is live:
        yield caller.db
        return
    async with live.transaction() as db:
        yield db
