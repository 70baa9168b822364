"""Public age recipients of authorities: every recording between their States is encrypted to them."""

import re
from collections.abc import Collection
from datetime import datetime

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import reference
from hearings.errors import Invalid, NoRecipients
from hearings.models import AuthorityKey
from hearings.queries import authority_keys
from hearings.texts import clean

ESCROW = "escrow"
KINDS = ("requesting", "requested", ESCROW)
_RECIPIENT = re.compile(r"age1[02-9ac-hj-np-z]{58}")


async def add(
    db: AsyncSession,
    *,
    state: str,
    authority_name: str,
    kind: str,
    recipient: str,
    now: datetime,
    demo: bool = False,
) -> AuthorityKey:
    """Add an authority's recipient; from now on recordings are wrapped to it too.

    Raises `Invalid` for what is not an X25519 age recipient, or one that is there already. Effects: adds the row.
    """
    if kind not in KINDS:
        raise Invalid(f"One of {', '.join(KINDS)}", "kind")
    if not _RECIPIENT.fullmatch(recipient):
        raise Invalid("An age recipient begins with age1 and has 62 characters", "recipient")
    if (await db.exec(select(AuthorityKey).where(AuthorityKey.recipient == recipient))).first() is not None:
        raise Invalid("This recipient is there already", "recipient")
    key = AuthorityKey(
        owner_state=reference.jurisdiction(state).state,
        authority_name=clean(authority_name, "authority_name", most=300, least=1),
        kind=kind,
        recipient=recipient,
        demo=demo,
        created_at=now,
    )
    db.add(key)
    await db.flush()
    return key


async def require(db: AsyncSession, states: Collection[str]) -> None:
    """Raise `NoRecipients` unless the authority of each State has a key; one in escrow is not the authority's own."""
    have = {key.owner_state for key in await authority_keys(db, sorted(states)) if key.kind != ESCROW}
    if missing := sorted(set(states) - have):
        raise NoRecipients(
            f"No public key of an authority of {', '.join(missing)}: it could not open the recording", missing
        )
