"""Public age recipients of authorities: every recording between their States is encrypted to those in force.

Added and retired by their own State's administrator, never replaced and never deleted: each row says who and when. The
private half belongs to the authority and is nowhere here.
"""

import hashlib
import re
from collections.abc import Collection, Sequence
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import reference
from hearings.actors import SYSTEM, Actor
from hearings.errors import Invalid, NoRecipients, NotFound, NotReady
from hearings.models import AuthorityKey
from hearings.permissions import require_staff
from hearings.queries import authority_keys
from hearings.sentences import Series, tell, tell_n
from hearings.signatures import bech32
from hearings.texts import clean

ESCROW = "escrow"
KINDS = ("requesting", "requested", ESCROW)
MOST_IN_FORCE = 20
"""Recipients of one State in force at a time: one for each of its authorities, and room to change them."""
PRIVATE = "AGE-SECRET-KEY-"
_RECIPIENT = re.compile(r"age1[02-9ac-hj-np-z]{58}")


def parse(text: str) -> str:
    """The recipient that stands in what was pasted or in a file: one line `age1…`, and comments beginning with #.

    Raises `Invalid` for a private key, for none or several lines, and for what is no X25519 recipient: its checksum
    does not hold, or nothing could be encrypted to it (a point of low order, RFC 7748 §6.1).
    """
    if PRIVATE in text.upper():
        raise Invalid(tell("This holds a private key: only the public half, age1…, is added here"), "recipient")
    lines = [line.strip() for line in text.splitlines()]
    found = [line for line in lines if line and not line.startswith("#")]
    if len(found) != 1 or not _RECIPIENT.fullmatch(found[0]):
        raise Invalid(tell("An age recipient begins with age1 and has 62 characters"), "recipient")
    try:
        point = X25519PublicKey.from_public_bytes(bech32.decode(found[0], prefix="age"))
        X25519PrivateKey.generate().exchange(point)
    except ValueError as error:
        raise Invalid(
            tell("This is not a whole age recipient: a character is wrong or missing"), "recipient"
        ) from error
    return found[0]


def fingerprint(recipient: str) -> str:
    """What two people compare over the telephone: the first half of the SHA-256 of the line, in groups of four."""
    digits = hashlib.sha256(recipient.encode("ascii")).hexdigest()[:32]
    return " ".join(digits[at : at + 4] for at in range(0, 32, 4))


async def add(
    db: AsyncSession,
    *,
    state: str,
    authority_name: str,
    kind: str,
    recipient: str,
    demo: bool = False,
    actor: Actor = SYSTEM,
    now: datetime,
) -> AuthorityKey:
    """Add an authority's recipient; recordings opened from now on are wrapped to it too.

    Raises `NotAllowed`, `NotReady`, and `Invalid` for what `parse` refuses and for one that was added before, by
    whatever State and even if it is retired. Effects: adds the row, with who added it.
    """
    _administrator(actor, state)
    owner = reference.jurisdiction(state).state
    if kind not in KINDS:
        raise Invalid(tell("One of {known}", known=Series.of(KINDS)), "kind")
    recipient = parse(recipient)
    if (await db.exec(select(AuthorityKey).where(AuthorityKey.recipient == recipient))).first() is not None:
        raise Invalid(tell("This recipient has been added before: make a new key"), "recipient")
    if len(await authority_keys(db, [owner])) >= MOST_IN_FORCE:
        raise NotReady(
            tell_n(
                "A State has at most {n} recipient at a time: retire it first",
                "A State has at most {n} recipients at a time: retire one first",
                MOST_IN_FORCE,
            )
        )
    key = AuthorityKey(
        owner_state=owner,
        authority_name=clean(authority_name, "authority_name", most=300, least=1),
        kind=kind,
        recipient=recipient,
        demo=demo,
        created_by=actor.id,
        created_by_label=actor.label,
        created_at=now,
    )
    db.add(key)
    await db.flush()
    return key


async def retire(db: AsyncSession, *, key: AuthorityKey, reason: str, actor: Actor, now: datetime) -> None:
    """End a recipient: recordings opened from now on are not wrapped to it. Those before can still be opened with it.

    Raises `NotAllowed`, `Invalid` without a reason, `NotReady` when it has been retired before. Effects: the row says
    who retired it, when and why. Where it was the State's last, no sitting that is to be recorded for it starts.
    """
    _administrator(actor, key.owner_state)
    if key.retired_at is not None:
        raise NotReady(tell("This recipient has been retired before"))
    key.retired_reason = clean(reason, "reason", most=500, least=3)
    key.retired_at, key.retired_by, key.retired_by_label = now, actor.id, actor.label
    db.add(key)
    await db.flush()


async def key(db: AsyncSession, key_id: str, *, state: str, lock: bool = False) -> AuthorityKey:
    """A recipient of `state`, in force or not. Raises `NotFound`, the same for an unknown and a foreign one."""
    query = select(AuthorityKey).where(AuthorityKey.id == key_id, AuthorityKey.owner_state == state)
    query = query.execution_options(populate_existing=True)
    found = (await db.exec(query.with_for_update() if lock else query)).first()
    if found is None:
        raise NotFound
    return found


async def keys_of(db: AsyncSession, *, state: str) -> Sequence[AuthorityKey]:
    """The recipients a State has had, oldest first."""
    query = select(AuthorityKey).where(AuthorityKey.owner_state == state).order_by(col(AuthorityKey.id))
    return (await db.exec(query)).all()


async def lacking(db: AsyncSession, states: Collection[str]) -> list[str]:
    """The States without a recipient in force that is their authority's own; one in escrow is not."""
    have = {key.owner_state for key in await authority_keys(db, sorted(states)) if key.kind != ESCROW}
    return sorted(set(states) - have)


async def require(db: AsyncSession, states: Collection[str]) -> None:
    """Raise `NoRecipients` unless the authority of each State has a key (`lacking`)."""
    if missing := await lacking(db, states):
        raise NoRecipients(
            f"No public key of an authority of {', '.join(missing)}: it could not open the recording", missing
        )


def _administrator(actor: Actor, state: str) -> None:
    require_staff("manage_recipients", actor, requesting_state=state, requested_state=state)
