"""Public signing keys of authorities: registered and retired by their own State's administrator, never replaced.

The private half belongs to the authority and is never on this installation. A retired key still verifies what it
signed.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import queries, reference
from hearings.actors import SYSTEM, Actor
from hearings.errors import Invalid, NotFound, NotReady
from hearings.models import SigningKey
from hearings.moves import administered
from hearings.permissions import require_staff
from hearings.sentences import N_, tell, tell_n
from hearings.signatures import jws
from hearings.texts import clean

TRAINING_KEYS = N_("A rehearsal takes no keys but those that were made for it")
MOST_IN_FORCE = 20
"""Keys of one State that may sign at a time: one for each of its authorities, and room to change them."""


def public(key: SigningKey) -> jws.PublicKey:
    """The public key that verifies signatures."""
    return jws.public_key({"kty": "OKP", "crv": "Ed25519", "x": key.public_key})


async def add(
    db: AsyncSession,
    *,
    state: str,
    authority_name: str,
    public_key: str,
    demo: bool = False,
    actor: Actor = SYSTEM,
    now: datetime,
) -> SigningKey:
    """Register an authority's public Ed25519 key (32 bytes in base64url). Raises `NotAllowed`, `Invalid`, `NotReady`.

    A key once registered, for whatever State and even if retired, is not registered again; in a rehearsal none but its
    own is. Effects: adds the row.
    """
    _administrator(actor, state)
    if not demo and await queries.is_training(db):
        raise Invalid(tell(TRAINING_KEYS), "public_key")
    owner = reference.jurisdiction(state).state
    try:
        parsed = jws.public_key({"kty": "OKP", "crv": "Ed25519", "x": public_key.strip()})
    except Invalid as error:
        raise Invalid(tell("A public signing key is 43 characters of base64url"), "public_key") from error
    if (await db.exec(select(SigningKey).where(SigningKey.kid == parsed.thumbprint))).first() is not None:
        raise Invalid(tell("This key was already registered before: create a new one"), "public_key")
    in_force = [key for key in await keys_of(db, state=owner) if key.retired_at is None]
    if len(in_force) >= MOST_IN_FORCE:
        raise NotReady(
            tell_n(
                "A State has at most {n} signing key at a time: retire it first",
                "A State has at most {n} signing keys at a time: retire one first",
                MOST_IN_FORCE,
            )
        )
    key = SigningKey(
        owner_state=owner,
        authority_name=clean(authority_name, "authority_name", most=300, least=1),
        kid=parsed.thumbprint,
        public_key=parsed.jwk["x"],
        demo=demo,
        created_by=actor.id,
        created_at=now,
    )
    db.add(key)
    await db.flush()
    return key


async def retire(db: AsyncSession, *, key: SigningKey, actor: Actor, now: datetime) -> None:
    """Retire a key at once: what it signs from now on is refused. Raises `NotAllowed`.

    Effects: `retired_at`, and a line of history.
    """
    _administrator(actor, key.owner_state)
    if key.retired_at is None:
        key.retired_at = now
        db.add(key)
        administered(db, key, "retired", actor=actor, now=now)


async def key(db: AsyncSession, kid: str, *, state: str, lock: bool = False) -> SigningKey:
    """A key of `state`, in force or not. Raises `NotFound`, the same for an unknown and a foreign one."""
    query = select(SigningKey).where(SigningKey.kid == kid, SigningKey.owner_state == state)
    query = query.execution_options(populate_existing=True)
    row = (await db.exec(query.with_for_update() if lock else query)).first()
    if row is None:
        raise NotFound
    return row


async def keys_of(db: AsyncSession, *, state: str) -> Sequence[SigningKey]:
    """The keys a State has had, oldest first."""
    query = select(SigningKey).where(SigningKey.owner_state == state).order_by(col(SigningKey.id))
    return (await db.exec(query)).all()


def _administrator(actor: Actor, state: str) -> None:
    require_staff("manage_signing_keys", actor, requesting_state=state, requested_state=state)
