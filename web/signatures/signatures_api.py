"""Signatures on a request or hearing, as they were received; and signing keys for trying things out in the sandbox."""

from typing import Annotated, Any

from pydantic import Field

from hearings import queries
from hearings.models import SigningKey
from hearings.models.columns import Row
from hearings.models.signature import Act
from hearings.signatures import recipients, signatures, signing_keys
from web.api import paging
from web.api.access import Caller
from web.api.fields import Column, Model, Moment, Shown
from web.api.problems import ApiError
from web.api.routes import Resource

router = Resource("signatures")


class ShownSignature(Shown):
    """A signed statement, byte for byte as received, and the key that checks it."""

    state: Annotated[str, Column("owner_state")]
    act: Act
    about: str
    kid: str
    public_key: str
    authority: str
    signed_at: Moment
    received_at: Moment
    jws: str


class SignatureList(Shown):
    """Every signature, oldest first."""

    items: list[ShownSignature]
    next: str


class NewSigningKey(Model):
    """A public Ed25519 key, as `x` of its JWK; and the age recipient recordings are encrypted to, if given."""

    authority: str = Field(min_length=1, max_length=300)
    public_key: str = Field(pattern="^[A-Za-z0-9_-]{43}$")
    recipient: str = Field(default="", pattern=f"{recipients.PATTERN}|^$")


class ShownSigningKey(Shown):
    """A registered signing key."""

    kid: str
    state: str
    authority: str
    public_key: str


async def signatures_about(caller: Caller, row: Row, after: str, limit: int) -> SignatureList:
    """What both authorities have signed about a row, the view of it noted."""
    caller.shown.append(row)
    found = []
    page = await signatures.page_of(caller.db, row, after=after, limit=limit)
    for one in page.rows:
        key = await queries.get(caller.db, SigningKey, one.key_id)
        found.append(ShownSignature.from_row(one, kid=key.kid, public_key=key.public_key, authority=key.authority_name))
    return SignatureList(items=found, next=paging.link(caller, page.after))


@router.read("/requests/{request_id}/signatures", scope="requests:read", errors=(404,), paged=True)
async def list_request_signatures(
    caller: Caller,
    request_id: Annotated[str, Field(max_length=40)],
    after: paging.After = "",
    limit: paging.Limit = 100,
) -> SignatureList:
    """What both authorities have signed about this request."""
    row = await queries.request(caller.db, request_id, state=caller.state)
    return await signatures_about(caller, row, after, limit)


@router.read("/hearings/{ref}/signatures", scope="hearings:read", errors=(404,), paged=True)
async def list_hearing_signatures(
    caller: Caller,
    ref: Annotated[str, Field(max_length=20)],
    after: paging.After = "",
    limit: paging.Limit = 100,
) -> SignatureList:
    """What both authorities have signed about this hearing."""
    row = await queries.hearing(caller.db, ref, state=caller.state)
    return await signatures_about(caller, row, after, limit)


@router.create("/sandbox/signing-keys", scope="", errors=(409,))
async def add_sandbox_signing_key(caller: Caller, body: NewSigningKey) -> ShownSigningKey:
    """Register a signing key of one's own State in the sandbox, and the recipient that a hearing is made ready with.

    On the live docket an administrator does this.
    """
    if not caller.client.sandbox:
        raise ApiError("sandbox_only")
    key = await signing_keys.add(
        caller.db,
        state=caller.state,
        authority_name=body.authority,
        public_key=body.public_key,
        demo=True,
        now=caller.now,
    )
    if body.recipient:
        await recipients.add(
            caller.db,
            state=caller.state,
            authority_name=body.authority,
            kind="requesting",
            recipient=body.recipient,
            demo=True,
            now=caller.now,
        )
    caller.headers["Location"] = caller.url("/client")
    shown: dict[str, Any] = {"kid": key.kid, "state": key.owner_state, "public_key": key.public_key}
    return ShownSigningKey(**shown, authority=key.authority_name)
