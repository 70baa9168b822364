"""Who is asking, and how often: token and proof of a request become a `Caller`, which acts for one State and on one
database. Requests count for their client, told in headers; before a client is known, for its address."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from hearings.actors import Actor
from hearings.db import Database
from hearings.models import ApiClient, ApiToken
from hearings.models.columns import Row
from hearings.outward import api_clients
from web.api import dpop
from web.api.dpop import Checked
from web.api.problems import ApiError
from web.parts import Parts
from web.paths import BASE
from web.server.security import address
from web.server.security_events import CALLER


@dataclass
class Caller:
    """A client that has proved itself, for one request. `db` is the session of the request: use no other."""

    client: ApiClient
    actor: Actor
    scopes: frozenset[str]
    database: Database
    """The live docket, or the sandbox: what a sandbox client does happens there and nowhere else."""
    proof: Checked
    token: ApiToken
    request: Request
    now: datetime
    db: AsyncSession = field(init=False)
    headers: dict[str, str] = field(default_factory=dict)
    """What the answer carries besides its body: `ETag`, `Location`, `Link`."""
    shown: list[Row] = field(default_factory=list)
    """Rows the answer shows; those of the other State are noted for it before the answer goes out."""
    handed_over: bool = False
    """Whether the answer holds the content of the request it shows; that this was read is recorded if it succeeds."""
    notes: list[Callable[[AsyncSession], object]] = field(default_factory=list)
    """Of a route that reads: further lines of a log, written together with the note of what is shown."""
    after: list[Callable[[], None]] = field(default_factory=list)
    """Of an act: what is told inside this process once it is committed."""
    finish: Callable[[], Awaitable[Response]] | None = None
    """Of an act: what is still to be done once it is committed and that gives the answer, such as what waits for the
    seal or reads and writes files. The answer kept for an `Idempotency-Key` is that of the act itself."""
    written: tuple[object, bytes] = (None, b"")
    """A representation and its JSON, of which its tag was made: it is not written twice."""

    @property
    def state(self) -> str:
        """The State the client belongs to."""
        return self.client.owner_state

    def require(self, scope: str) -> None:
        """Raise `ApiError` 403 unless the token carries the scope, or one of several (`a|b`)."""
        if scope and not self.scopes.intersection(scope.split("|")):
            told = scope.replace("|", " or ")
            raise ApiError("scope_missing", f"This needs the scope {told}", more={"scope": scope})

    def url(self, path: str) -> str:
        """An address of the API, from the configured origin whatever the request's headers say."""
        return f"{parts_of(self.request).settings.origin}{BASE}{path}"


def parts_of(request: Request) -> Parts:
    """What the application shares."""
    return cast(Parts, request.scope["app"].state.parts)


def current(request: Request) -> Caller:
    """The caller of this request; `web.api.routes` has put it there."""
    return cast(Caller, request.scope[CALLER])


def address_of(request: Request) -> str:
    """The address a proof must name: the configured origin and the path as it was sent."""
    path = request.scope.get("raw_path") or request.scope["path"].encode()
    return parts_of(request).settings.origin + cast(bytes, path).partition(b"?")[0].decode("ascii", "replace")


async def authenticate(db: AsyncSession, request: Request, now: datetime) -> Caller:
    """The caller, found by the live database `db`. Raises `ApiError` 401.

    The proof is checked; `web.api.routes` marks it as used.
    """
    kind, _, secret = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "dpop" or not secret or len(secret) > 200 or len(request.headers.getlist("authorization")) != 1:
        raise ApiError("token_missing")
    texts = request.headers.getlist("dpop")
    if len(texts) != 1:
        raise ApiError("proof_invalid", "Exactly one DPoP header is needed")
    nonces = parts_of(request).keys.cookie
    proof = dpop.check(texts[0], method=request.method, url=address_of(request), now=now, secret=nonces, token=secret)
    found = await api_clients.token_and_client(db, secret=secret, now=now)
    if found is None or found[0].jkt != proof.thumbprint:
        raise ApiError("token_invalid")
    token, client = found
    return Caller(
        client=client,
        actor=actor_of(client, token.scopes),
        scopes=frozenset(token.scopes),
        database=database_of(parts_of(request), client),
        proof=proof,
        token=token,
        request=request,
        now=now,
    )


def actor_of(client: ApiClient, scopes: Sequence[str]) -> Actor:
    """The client in the history: its own name, its State, and the functions that go with the scopes of its token."""
    return Actor(id=client.id, label=client.name, state=client.owner_state, functions=api_clients.functions_of(scopes))


def database_of(parts: Parts, client: ApiClient) -> Database:
    """Where a client works. Raises `ApiError` when the installation has no sandbox."""
    if not client.sandbox:
        return parts.database
    if parts.sandbox is None:
        raise ApiError("sandbox_off")
    return parts.sandbox


def scopes_text() -> Mapping[str, str]:
    """Every scope and what it allows, for the description."""
    return {name: scope.text for name, scope in api_clients.SCOPES.items()}


# --- how often ---------------------------------------------------------------------------------------------------


def take(parts: Parts, client_id: str) -> Mapping[str, str]:
    """One request of a client; the headers that tell what is left. Raises `ApiError` 429."""
    wait = parts.buckets.take("api", client_id)
    headers = _headers(parts, client_id)
    if wait:
        raise ApiError("too_many_requests", headers={**headers, "Retry-After": str(int(wait) + 1)})
    return headers


def take_address(parts: Parts, connection: HTTPConnection, rate: str) -> None:
    """One request of somebody not known (yet), of a kind that has a `rate` of its own. Raises `ApiError` 429."""
    wait = parts.buckets.take(rate, address(connection))
    if wait:
        raise ApiError("too_many_requests", headers={"Retry-After": str(int(wait) + 1)})


def _headers(parts: Parts, client_id: str) -> dict[str, str]:
    limit = parts.buckets.rates["api"]
    left = parts.buckets.left("api", client_id)
    return {
        "RateLimit-Limit": str(limit.burst),
        "RateLimit-Remaining": str(int(left)),
        "RateLimit-Reset": str(int((limit.burst - left) * 60 / limit.per_minute) + 1),
        "RateLimit-Policy": f"{limit.burst};w={int(limit.burst * 60 / limit.per_minute) or 1}",
    }
