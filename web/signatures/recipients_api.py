"""Recipients of recordings: the public age keys of the own State's authorities, listed, added and retired."""

from typing import Annotated, Any, Self

from pydantic import Field

from hearings.errors import NotFound
from hearings.models import AuthorityKey
from hearings.signatures import recipients
from web.api.access import Caller
from web.api.fields import Column, Model, Moment, Shown
from web.api.routes import Resource

router = Resource("recipients")

Id = Annotated[str, Field(max_length=40, description="Id of the recipient.")]


class NewRecipient(Model):
    """A public age recipient of an authority: X25519, or post-quantum (`age1pq1…`).

    `escrow` is one kept apart, and no authority's own.
    """

    authority: str = Field(min_length=1, max_length=300)
    kind: str = Field(json_schema_extra={"enum": list(recipients.KINDS)})
    recipient: str = Field(pattern=recipients.PATTERN)


class Retirement(Model):
    """Why a recipient is retired; this is kept."""

    reason: str = Field(min_length=3, max_length=500)


class ShownRecipient(Shown):
    """A recipient. Recordings opened between `added_at` and `retired_at` are encrypted to it.

    `fingerprint` is the first half of the SHA-256 of `recipient`, to be compared with the authority by another way.
    """

    id: str
    authority: Annotated[str, Column("authority_name")]
    kind: str
    recipient: str
    fingerprint: str
    added_by: Annotated[str, Column("created_by_label")]
    added_at: Annotated[Moment, Column("created_at")]
    retired_by: Annotated[str, Column("retired_by_label")]
    retired_at: Moment | None
    retired_reason: str

    @classmethod
    def from_row(cls, row: Any, **more: Any) -> Self:
        return super().from_row(row, fingerprint=recipients.fingerprint(row.recipient), **more)


class RecipientList(Shown):
    """The recipients of this State, oldest first, those retired too."""

    items: list[ShownRecipient]


@router.read("/recipients", scope="recipients:read", gives={"recipient_id": "items/0/id"})
async def list_recipients(caller: Caller) -> RecipientList:
    """The recipients recordings of this State are or were encrypted to. Those of other States are theirs to see."""
    return RecipientList(
        items=[ShownRecipient.from_row(row) for row in await recipients.keys_of(caller.db, state=caller.state)]
    )


@router.read("/recipients/{recipient_id}", scope="recipients:read", errors=(404,))
async def read_recipient(caller: Caller, recipient_id: Id) -> ShownRecipient:
    """Read a recipient of this State."""
    return ShownRecipient.from_row(await _find(caller, recipient_id))


@router.create("/recipients", scope="recipients:write", errors=(409,), gives={"recipient_id": "id"})
async def add_recipient(caller: Caller, body: NewRecipient) -> ShownRecipient:
    """Add a recipient of this State: recordings opened from now on are encrypted to it too.

    Without one in force that is no escrow, a hearing to be recorded for this State is not made ready (409
    `no_recipients`). One that was added before, even if it is retired, is 422.
    """
    row = await recipients.add(
        caller.db,
        state=caller.state,
        authority_name=body.authority,
        kind=body.kind,
        recipient=body.recipient,
        demo=caller.client.sandbox,
        actor=caller.actor,
        now=caller.now,
    )
    caller.headers["Location"] = caller.url(f"/recipients/{row.id}")
    return ShownRecipient.from_row(row)


@router.act("/recipients/{recipient_id}/retire", scope="recipients:write", errors=(404, 409))
async def retire_recipient(caller: Caller, recipient_id: Id, body: Retirement) -> ShownRecipient:
    """Retire a recipient: recordings opened from now on are not encrypted to it. It stays listed.

    What was encrypted to it before can still be opened with its key.
    """
    row = await _find(caller, recipient_id, lock=True)
    await recipients.retire(caller.db, key=row, reason=body.reason, actor=caller.actor, now=caller.now)
    return ShownRecipient.from_row(row)


async def _find(caller: Caller, recipient_id: str, *, lock: bool = False) -> AuthorityKey:
    if "\x00" in recipient_id:
        raise NotFound
    return await recipients.key(caller.db, recipient_id, state=caller.state, lock=lock)
