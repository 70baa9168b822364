"""Access tokens: OAuth 2 client credentials, the client proved by a signed assertion (RFC 7523), bound to a key (DPoP).

An assertion is used up in the database before anything else is looked at, a proof with the token it is for: neither
works twice, not after a restart either, and an assertion seen in a refused request is worth nothing. Tokens are random
and opaque, last five minutes, and are worth nothing without the key.
"""

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import Field
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request

from hearings.models import ApiClient, ApiClientKey
from hearings.outward import api_clients
from hearings.signatures import jws
from hearings.signatures.jws import AHEAD, FRESH, BadProof
from web.api import dpop
from web.api.access import address_of, parts_of
from web.api.fields import Model, Shown
from web.api.problems import ApiError
from web.api.routes import Resource
from web.paths import BASE

router = Resource("access")

PATH = "/oauth/token"
HEADERS = frozenset({"alg", "kid", "typ"})
TYPES = frozenset({None, "JWT", "client-authentication+jwt"})


class TokenRequest(Model):
    """RFC 6749 §4.4.2 with RFC 7523 §2.2. Without `scope`, the token carries every scope of the client."""

    grant_type: Literal["client_credentials"]
    client_assertion_type: Literal["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"]
    client_assertion: Annotated[str, Field(max_length=jws.LONGEST)]
    client_id: Annotated[str, Field(max_length=60)] | None = None
    scope: Annotated[str, Field(max_length=1000)] | None = None


class Token(Shown):
    """RFC 6749 §5.1."""

    access_token: str
    token_type: Literal["DPoP"]
    expires_in: int
    scope: str


@router.operation(
    "POST",
    PATH,
    scope=None,
    body="form",
    errors=(400, 401),
)
async def issue_token(request: Request, body: TokenRequest) -> Token:
    """Give a client an access token for five minutes.

    The assertion is a JWT signed with a key of the client (`EdDSA` or `ES256`), with `iss` and `sub` the client's id,
    `aud` the address of this operation, `exp` at most five minutes ahead, and a `jti` never used before. The `DPoP`
    header holds a proof for this request by the key the token is to be bound to.
    """
    now = datetime.now(UTC)
    texts = request.headers.getlist("dpop")
    if len(texts) != 1:
        raise ApiError("proof_invalid", "Exactly one DPoP header is needed")
    try:
        proof = dpop.check(
            texts[0], method="POST", url=address_of(request), now=now, secret=parts_of(request).keys.cookie
        )
    except ApiError as error:
        if error.code == "use_dpop_nonce":
            error.status = 400  # here, by RFC 9449 §8; 401 where a token is used (§9)
        raise
    database = parts_of(request).database
    async with database.transaction() as db:
        client, key = await _client(db, body, parts_of(request).settings.origin + BASE + PATH, now)
    async with database.transaction() as db:
        await api_clients.use_proof(db, issuer=proof.issuer, jti=proof.jti, state=client.owner_state, until=proof.until)
        wanted = client.scopes if body.scope is None else body.scope.split(" ")
        if not set(wanted) <= set(client.scopes):
            raise ApiError("scope_invalid", "The client does not have every scope asked for")
        secret, token = await api_clients.issue_token(
            db, client=client, scopes=wanted, jkt=proof.thumbprint, until=key.not_after, now=now
        )
    return Token(
        access_token=secret,
        token_type="DPoP",
        expires_in=int((token.expires_at - now).total_seconds()),
        scope=" ".join(token.scopes),
    )


async def _client(db: AsyncSession, body: TokenRequest, audience: str, now: datetime) -> tuple[ApiClient, ApiClientKey]:
    """The client that made the assertion, which is thereby used up, and the key it has made it with.

    Raises `ApiError` `client_invalid`, `ProofUsed`.
    """
    try:
        proof = jws.parse(body.client_assertion, headers=HEADERS)
        client_id, kid = proof.claims.get("iss"), proof.header.get("kid")
        if not isinstance(client_id, str) or not isinstance(kid, str) or len(client_id) > 60 or len(kid) > 60:
            raise BadProof("iss is the client's id, kid the thumbprint of its key")
        if proof.header.get("typ") not in TYPES:
            raise BadProof("typ is not JWT")
        found = await api_clients.key_for(db, client_id=client_id, kid=kid, now=now)
        if found is None or not proof.signed_by(jws.public_key(found[1].jwk)):
            raise BadProof("no key of a client in force has signed it")
        until = _until(proof, audience, now)
    except BadProof as error:
        raise ApiError("client_invalid", f"The client assertion is refused: {error}") from None
    client = found[0]
    if proof.claims.get("sub") != client.id or body.client_id not in (None, client.id):
        raise ApiError("client_invalid", "iss, sub and client_id must be the same")
    await api_clients.use_proof(
        db, issuer=client.id, jti=str(proof.claims["jti"]), state=client.owner_state, until=until + AHEAD
    )
    return found


def _until(proof: jws.Proof, audience: str, now: datetime) -> datetime:
    """When the assertion ends; checks its times, its audience and that it has an id."""
    claims = proof.claims
    if claims.get("aud") not in (audience, [audience]):
        raise BadProof("aud is not the address of this operation")
    jti, ends, made = claims.get("jti"), claims.get("exp"), claims.get("iat", int(now.timestamp()))
    if not isinstance(jti, str) or not 8 <= len(jti) <= 200:
        raise BadProof("jti is a string of 8 to 200 characters")
    if type(ends) is not int or ends <= (now - AHEAD).timestamp() or jws.is_ahead(ends, now + FRESH):
        raise BadProof("exp is not within the next five minutes")
    if type(made) is not int or jws.is_stale(made, now) or jws.is_ahead(made, now):
        raise BadProof("iat is not within the last five minutes")
    if type(claims.get("nbf", 0)) is not int or jws.is_ahead(claims.get("nbf", 0), now):
        raise BadProof("nbf is in the future")
    return datetime.fromtimestamp(ends, UTC)
