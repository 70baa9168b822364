"""Recipients of recordings: the public age keys of the own State's authorities, listed, added and retired."""

from typing import Annotated, Any

from fastapi import Path
from pydantic import ConfigDict, Field

from hearings.errors import NotFound
from hearings.models import AuthorityKey
from hearings.signatures import recipients
from web.api import examples
from web.api.access import Caller, Calling
from web.api.fields import Model, Moment, Shown
from web.api.routes import Resource

router = Resource("recipients")

Id = Annotated[str, Path(max_length=40, description="Id of the recipient.", examples=[examples.ID])]
NEW: dict[str, Any] = {
    "authority": "Tribunalul Cluj",
    "kind": "requesting",
    "recipient": "age1l52v7n556dcznm58xz8e3hw587fk0gezpxasfftm68f4gwu5mq7s0pc7e5",
}
RECIPIENT: dict[str, Any] = {
    "id": examples.ID,
    **NEW,
    "fingerprint": recipients.fingerprint(NEW["recipient"]),
    "added_by": "Case system of the Ministry of Justice",
    "added_at": examples.AT,
    "retired_by": "",
    "retired_at": None,
    "retired_reason": "",
}
REASON: dict[str, Any] = {"reason": "The officer who kept the key has left; a new one is in use."}
RETIRED = RECIPIENT | {
    "retired_by": RECIPIENT["added_by"],
    "retired_at": examples.AT,
    "retired_reason": REASON["reason"],
}


class NewRecipient(Model):
    """A public age recipient (X25519) of an authority. `escrow` is one kept apart, and no authority's own."""

    model_config = ConfigDict(json_schema_extra={"examples": [NEW]})

    authority: str = Field(min_length=1, max_length=300)
    kind: str = Field(json_schema_extra={"enum": list(recipients.KINDS)})
    recipient: str = Field(pattern="^age1[02-9ac-hj-np-z]{58}$")


class Retirement(Model):
    """Why a recipient is retired; this is kept."""

    model_config = ConfigDict(json_schema_extra={"examples": [REASON]})

    reason: str = Field(min_length=3, max_length=500)


class ShownRecipient(Shown):
    """A recipient. Recordings opened between `added_at` and `retired_at` are encrypted to it.

    `fingerprint` is the first half of the SHA-256 of `recipient`, to be compared with the authority by another way.
    """

    id: str
    authority: str
    kind: str
    recipient: str
    fingerprint: str
    added_by: str
    added_at: Moment
    retired_by: str
    retired_at: Moment | None
    retired_reason: str

    @classmethod
    def of(cls, row: AuthorityKey) -> "ShownRecipient":
        names = ("id", "kind", "recipient", "retired_at", "retired_reason")
        return cls(
            **{name: getattr(row, name) for name in names},
            authority=row.authority_name,
            fingerprint=recipients.fingerprint(row.recipient),
            added_by=row.created_by_label,
            added_at=row.created_at,
            retired_by=row.retired_by_label,
        )


class RecipientList(Shown):
    """The recipients of this State, oldest first, those retired too."""

    items: list[ShownRecipient]


@router.read(
    "/recipients", scope="recipients:read", example={"items": [RECIPIENT]}, gives={"recipient_id": "items/0/id"}
)
async def list_recipients(caller: Calling) -> RecipientList:
    """The recipients recordings of this State are or were encrypted to. Those of other States are theirs to see."""
    return RecipientList(
        items=[ShownRecipient.of(row) for row in await recipients.keys_of(caller.db, state=caller.state)]
    )


@router.read("/recipients/{recipient_id}", scope="recipients:read", example=RECIPIENT, errors=(404,))
async def read_recipient(caller: Calling, recipient_id: Id) -> ShownRecipient:
    """Read a recipient of this State."""
    return ShownRecipient.of(await _find(caller, recipient_id))


@router.create("/recipients", scope="recipients:write", example=RECIPIENT, errors=(409,), gives={"recipient_id": "id"})
async def add_recipient(caller: Calling, body: NewRecipient) -> ShownRecipient:
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
    return ShownRecipient.of(row)


@router.act("/recipients/{recipient_id}/retire", scope="recipients:write", example=RETIRED, errors=(404, 409))
async def retire_recipient(caller: Calling, recipient_id: Id, body: Retirement) -> ShownRecipient:
    """Retire a recipient: recordings opened from now on are not encrypted to it. It stays listed.

    What was encrypted to it before can still be opened with its key.
    """
    row = await _find(caller, recipient_id, lock=True)
    await recipients.retire(caller.db, key=row, reason=body.reason, actor=caller.actor, now=caller.now)
    return ShownRecipient.of(row)


async def _find(caller: Caller, recipient_id: str, *, lock: bool = False) -> AuthorityKey:
    if "\x00" in recipient_id:
        raise NotFound
    return await recipients.key(caller.db, recipient_id, state=caller.state, lock=lock)
