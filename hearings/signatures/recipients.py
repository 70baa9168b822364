"""Public age recipients of authorities: every recording between their States is encrypted to those in force.

Added and retired by their own State's administrator, never replaced or deleted: each row has author and time. The
private half belongs to the authority and is never on this installation.
"""

import hashlib
import re
from collections.abc import Collection, Sequence
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import queries, reference
from hearings.actors import SYSTEM, Actor
from hearings.errors import Invalid, NoRecipients, NotFound, NotReady
from hearings.models import AuthorityKey
from hearings.permissions import require_staff
from hearings.queries import authority_keys
from hearings.sentences import N_, Series, tell, tell_n
from hearings.signatures.signing_keys import TRAINING_KEYS
from hearings.texts import clean

LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECK = 6


def decode(text: str, *, prefix: str) -> bytes:
    """The bytes of a Bech32 text in lower case with this prefix. Raises `ValueError` for anything else."""
    head, separator, tail = text.rpartition("1")
    if not separator or head != prefix or len(tail) < _CHECK:
        raise ValueError("another prefix")
    values = [LETTERS.index(letter) for letter in tail]
    if _polymod([*_spread(prefix), *values]) != 1:
        raise ValueError("the checksum does not hold")
    bits = 0
    for value in values[:-_CHECK]:
        bits = bits << 5 | value
    size, rest = divmod(5 * (len(values) - _CHECK), 8)
    if rest > 4 or bits & ((1 << rest) - 1):
        raise ValueError("bits are left over")
    return (bits >> rest).to_bytes(size, "big")


def _spread(prefix: str) -> list[int]:
    codes = prefix.encode("ascii")
    return [code >> 5 for code in codes] + [0] + [code & 31 for code in codes]


def _polymod(values: list[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for place, factor in enumerate(_GENERATOR):
            if top >> place & 1:
                check ^= factor
    return check


ESCROW = "escrow"
KINDS = ("requesting", "requested", ESCROW)
MOST_IN_FORCE = 20
"""Recipients of one State in force at a time: one for each of its authorities, and room to change them."""
PRIVATE = "AGE-SECRET-KEY-"
IS_PRIVATE = N_("This is a private key: add only the public half, age1…")
IS_RETIRED = N_("This recipient has already been retired")
_RECIPIENTS = {
    "age": re.compile(r"age1[02-9ac-hj-np-z]{58}"),
    "age1pq": re.compile(r"age1pq1[02-9ac-hj-np-z]{1952}"),
}
"""The forms of a recipient by Bech32 prefix: X25519, and post-quantum (`mlkem768x25519`)."""
PATTERN = "^(age1[02-9ac-hj-np-z]{58}|age1pq1[02-9ac-hj-np-z]{1952})$"
"""What the API takes."""
_MLKEM = 1184
"""Bytes of the ML-KEM half of a post-quantum recipient; that of X25519 follows."""


def parse(text: str) -> str:
    """The recipient in a pasted text or a file: one line `age1…`, and comments beginning with #.

    Raises `Invalid` for a private key, for none or several lines, and for what is no recipient, of X25519 or
    post-quantum: its checksum does not hold, or nothing could be encrypted to it (a point of low order, RFC 7748 §6.1).
    """
    if PRIVATE in text.upper():
        raise Invalid(tell(IS_PRIVATE), "recipient")
    lines = [line.strip() for line in text.splitlines()]
    keys = [line for line in lines if line and not line.startswith("#")]
    prefix = next((one for one, form in _RECIPIENTS.items() if len(keys) == 1 and form.fullmatch(keys[0])), None)
    if prefix is None:
        raise Invalid(tell("An age recipient is one line that begins with age1"), "recipient")
    try:
        data = decode(keys[0], prefix=prefix)
        if is_post_quantum(keys[0]):
            MLKEM768PublicKey.from_public_bytes(data[:_MLKEM])
            data = data[_MLKEM:]
        X25519PrivateKey.generate().exchange(X25519PublicKey.from_public_bytes(data))
    except ValueError as error:
        raise Invalid(
            tell("This is not a complete age recipient: a character is wrong or missing"), "recipient"
        ) from error
    return keys[0]


def is_post_quantum(recipient: str) -> bool:
    """Whether a recipient is of the kind that stays closed to a quantum computer."""
    return recipient.startswith("age1pq1")


def fingerprint(recipient: str) -> str:
    """The fingerprint to compare over the telephone: the first half of the SHA-256 of the line, in groups of four."""
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
    """Add an authority's recipient; recordings opened from now on are encrypted to it too.

    Raises `NotAllowed`, `NotReady`, and `Invalid` for what `parse` refuses, for one that was added before, by whatever
    State and even if it is retired, and in a rehearsal for all but its own. Effects: adds the row, with who added it.
    """
    _administrator(actor, state)
    if not demo and await queries.is_training(db):
        raise Invalid(tell(TRAINING_KEYS), "recipient")
    owner = reference.jurisdiction(state).state
    if kind not in KINDS:
        raise Invalid(tell("One of {known}", known=Series.of(KINDS)), "kind")
    recipient = parse(recipient)
    if (await db.exec(select(AuthorityKey).where(AuthorityKey.recipient == recipient))).first() is not None:
        raise Invalid(tell("This recipient was already added before: create a new key"), "recipient")
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
    """End a recipient: recordings opened from now on are not encrypted to it. Earlier ones can still be opened with it.

    Raises `NotAllowed`, `Invalid` without a reason, `NotReady` when it has been retired before. Effects: the row says
    who retired it, when and why. Where it was the State's last, no sitting that is to be recorded for it starts.
    """
    _administrator(actor, key.owner_state)
    if key.retired_at is not None:
        raise NotReady(tell(IS_RETIRED))
    key.retired_reason = clean(reason, "reason", most=500, least=3)
    key.retired_at, key.retired_by, key.retired_by_label = now, actor.id, actor.label
    db.add(key)
    await db.flush()


async def lose(db: AsyncSession, *, key: AuthorityKey, reason: str, actor: Actor, now: datetime) -> None:
    """Nobody has the key file of a recipient any more: it is retired, if it was in force, and opens nothing any more.

    Raises as `retire`. Effects: the row says when and why; nothing where it is known to be lost already.
    """
    _administrator(actor, key.owner_state)
    if key.lost_at is not None:
        return
    if key.retired_at is None:
        await retire(db, key=key, reason=reason, actor=actor, now=now)
    key.lost_at, key.lost_reason = now, clean(reason, "reason", most=500, least=3)
    db.add(key)
    await db.flush()


async def key(db: AsyncSession, key_id: str, *, state: str, lock: bool = False) -> AuthorityKey:
    """A recipient of `state`, in force or not. Raises `NotFound`, the same for an unknown and a foreign one."""
    query = select(AuthorityKey).where(AuthorityKey.id == key_id, AuthorityKey.owner_state == state)
    query = query.execution_options(populate_existing=True)
    row = (await db.exec(query.with_for_update() if lock else query)).first()
    if row is None:
        raise NotFound
    return row


async def keys_of(db: AsyncSession, *, state: str) -> Sequence[AuthorityKey]:
    """The recipients a State has had, oldest first."""
    query = select(AuthorityKey).where(AuthorityKey.owner_state == state).order_by(col(AuthorityKey.id))
    return (await db.exec(query)).all()


async def lacking(db: AsyncSession, states: Collection[str]) -> list[str]:
    """The States whose authority has no recipient of its own in force; one in escrow does not count."""
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
