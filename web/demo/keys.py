"""What the demonstration's authorities sign, as their own systems would.

The private keys are read from the authorities' throw-away key files; only what they signed goes in.
"""

import re
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.signatures import jws, signatures, signing_keys
from web.server.signed_acts import StatementToSign

KEY_FILES = {"RO": "romania.key.txt", "TH": "thailand.key.txt"}


async def sign(db: AsyncSession, bond: StatementToSign, *, key_folder: Path, now: datetime) -> str:
    """The statement of a bond, signed with the key file of its State."""
    stated = signatures.statement(
        state=bond.state, other=bond.other, act=bond.act, about=bond.about, body=bond.body, now=now
    )
    return signatures.sign(stated, seed=await _seed(db, bond.state, key_folder / KEY_FILES[bond.state], now))


async def hand_in(db: AsyncSession, bond: StatementToSign, *, key_folder: Path, actor: Actor, now: datetime) -> None:
    """Sign, and take the statement in. Effects: those of `Bond.receive`."""
    await bond.receive(db, jws=await sign(db, bond, key_folder=key_folder, now=now), actor=actor, now=now)


async def _seed(db: AsyncSession, state: str, path: Path, now: datetime) -> bytes:
    """The signing key out of the key file. Somebody may have moved the file away, or it is older than signing keys:
    then a key is made for this once."""
    found = re.search(r"^# signing-key: ([\w-]{43})$", path.read_text("utf-8"), re.M) if path.exists() else None
    if found:
        return jws.decode(found[1])
    made = Ed25519PrivateKey.generate()
    public = jws.encode(made.public_key().public_bytes_raw())
    await signing_keys.add(db, state=state, authority_name="Demonstration", public_key=public, demo=True, now=now)
    return made.private_bytes_raw()
