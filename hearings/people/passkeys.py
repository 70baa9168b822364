"""Passkeys of staff (WebAuthn Level 3): registration and authentication, each for one challenge; names, removal.

Verification is that of py_webauthn. User verification (PIN or biometrics of the device) is always required, attestation
never: which authenticators a court trusts is decided by whom it gives them to.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import webauthn
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.cose import COSEAlgorithmIdentifier as Algorithm
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from hearings import moves
from hearings.actors import Actor
from hearings.errors import NotFound, NotReady, SignInRefused
from hearings.models import Passkey, Person
from hearings.people import credentials, proofs
from hearings.people.logins import LoginEnd, authenticated, end_logins_by
from hearings.people.staff import StaffStatus
from hearings.sentences import tell
from hearings.texts import clean

LONGEST = 20_000
"""Characters of an authenticator's answer."""
MOST = 20
"""Passkeys of one person."""
ALGORITHMS = [Algorithm.EDDSA, Algorithm.ECDSA_SHA_256, Algorithm.RSASSA_PKCS1_v1_5_SHA_256]
TIMEOUT_MS = 300_000
REQUIRED = UserVerificationRequirement.REQUIRED


@dataclass(frozen=True, kw_only=True)
class RelyingParty:
    """This installation, as authenticators know it."""

    id: str
    """Host name of the public address."""
    origin: str
    name: str = "Vivavoce"


def challenge_of(answer: str) -> str:
    """The challenge in an authenticator's answer, not verified. Raises `SignInRefused`."""
    try:
        if len(answer) > LONGEST:
            raise ValueError("too long")
        client = json.loads(base64url_to_bytes(json.loads(answer)["response"]["clientDataJSON"]))
        challenge = client["challenge"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise SignInRefused("malformed") from error
    if not isinstance(challenge, str):
        raise SignInRefused("malformed")
    return challenge


# --- adding ------------------------------------------------------------------------------------------------------


async def creation_options(
    db: AsyncSession, *, person: Person, party: RelyingParty, challenge: str
) -> Mapping[str, Any]:
    """`PublicKeyCredentialCreationOptionsJSON` for a discoverable passkey. Authenticators that hold one of this person
    are excluded."""
    known, _identities = await credentials.in_use(db, person_id=person.id)
    options = webauthn.generate_registration_options(
        rp_id=party.id,
        rp_name=party.name,
        user_id=person.id.encode(),
        user_name=person.email,
        user_display_name=person.name,
        challenge=base64url_to_bytes(challenge),
        timeout=TIMEOUT_MS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=REQUIRED
        ),
        exclude_credentials=[
            PublicKeyCredentialDescriptor(id=base64url_to_bytes(passkey.credential_id)) for passkey in known
        ],
        supported_pub_key_algs=ALGORITHMS,
    )
    return _as_json(options)


async def add(
    db: AsyncSession,
    *,
    person: Person,
    answer: str,
    name: str,
    challenge: str,
    party: RelyingParty,
    login_id: str,
    actor: Actor,
    now: datetime,
) -> Passkey:
    """Add a passkey for which `challenge` was issued to this login of the person. Raises as `proofs.require`,
    `SignInRefused`, `NotReady` (too many), `Invalid` naming the field. The caller mails the person.

    Effects: adds the row, a line of the person's history; the login is proved; of a first one, `proofs.end_others`.
    """
    first = await proofs.require(db, person=person, login_id=login_id, now=now)
    known, _identities = await credentials.in_use(db, person_id=person.id)
    if len(known) >= MOST:
        raise NotReady(tell("Nobody has more than {most} passkeys: remove one first. Nothing was changed", most=MOST))
    name = clean(name, "name", most=100, least=1)
    try:
        proof = webauthn.verify_registration_response(
            credential=json.loads(answer),
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=party.id,
            expected_origin=party.origin,
            require_user_verification=True,
            supported_pub_key_algs=ALGORITHMS,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise SignInRefused("proof") from error
    credential_id = bytes_to_base64url(proof.credential_id)
    if await _by_credential(db, credential_id) is not None:
        raise SignInRefused("credential_known")
    passkey = Passkey(
        owner_state=person.owner_state,
        person_id=person.id,
        credential_id=credential_id,
        public_key=bytes_to_base64url(proof.credential_public_key),
        sign_count=proof.sign_count,
        name=name,
        created_at=now,
    )
    db.add(passkey)
    await db.flush()
    moves.noted(db, person, StaffStatus.active, actor=actor, now=now, reason="passkey_added")
    await authenticated(db, login_id=login_id, at=now)
    if first:
        await proofs.end_others(db, person=person, login_id=login_id, now=now)
    return passkey


# --- using -------------------------------------------------------------------------------------------------------


def request_options(*, party: RelyingParty, challenge: str, among: list[Passkey] | None = None) -> Mapping[str, Any]:
    """`PublicKeyCredentialRequestOptionsJSON`, for any passkey of this installation or for those of one person."""
    allowed = [PublicKeyCredentialDescriptor(id=base64url_to_bytes(passkey.credential_id)) for passkey in among or []]
    options = webauthn.generate_authentication_options(
        rp_id=party.id,
        challenge=base64url_to_bytes(challenge),
        timeout=TIMEOUT_MS,
        allow_credentials=allowed or None,
        user_verification=REQUIRED,
    )
    return _as_json(options)


async def authenticate(
    db: AsyncSession, *, answer: str, challenge: str, party: RelyingParty, person_id: str = "", now: datetime
) -> tuple[Person, Passkey]:
    """The person whose passkey has answered the challenge. `person_id`: the only person it may be.

    Raises `SignInRefused`. Effects: counter and `used_at` of the passkey.
    """
    try:
        given = json.loads(answer)
        handle = given["response"].get("userHandle")
        passkey = await _by_credential(db, str(given["id"]))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SignInRefused("malformed") from error
    if passkey is None:
        raise SignInRefused("credential_unknown")
    if passkey.removed_at is not None:
        raise SignInRefused("credential_removed")
    person = await db.get(Person, passkey.person_id)
    if person is None or not person.active:
        raise SignInRefused("deactivated")
    if person_id not in ("", person.id) or handle not in (None, bytes_to_base64url(person.id.encode())):
        raise SignInRefused("credential_foreign")
    try:
        proof = webauthn.verify_authentication_response(
            credential=given,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=base64url_to_bytes(passkey.public_key),
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise SignInRefused("proof") from error
    if (proof.new_sign_count or passkey.sign_count) and proof.new_sign_count <= passkey.sign_count:
        raise SignInRefused("counter")  # there may be a copy of the authenticator
    passkey.sign_count, passkey.used_at = proof.new_sign_count, now
    db.add(passkey)
    await db.flush()
    return person, passkey


# --- the own list ------------------------------------------------------------------------------------------------


async def own(db: AsyncSession, *, person: Person, passkey_id: str) -> Passkey:
    """A passkey of this person that is in use, locked. Raises `NotFound`."""
    passkey = await db.get(Passkey, passkey_id, with_for_update=True, populate_existing=True)
    if passkey is None or passkey.person_id != person.id or passkey.removed_at is not None:
        raise NotFound
    return passkey


async def rename(db: AsyncSession, *, person: Person, passkey_id: str, name: str, login_id: str, now: datetime) -> None:
    """Rename a passkey. Raises as `proofs.require`, `NotFound`, `Invalid`. Effects: `name`."""
    await proofs.require(db, person=person, login_id=login_id, now=now)
    passkey = await own(db, person=person, passkey_id=passkey_id)
    passkey.name = clean(name, "name", most=100, least=1)
    db.add(passkey)
    await db.flush()


async def remove(
    db: AsyncSession, *, person: Person, passkey_id: str, login_id: str, actor: Actor, now: datetime
) -> None:
    """Remove a passkey, which then signs nobody in. `login_id`: the login that removes it, which goes on.

    Raises as `proofs.require`, `NotFound`, `NotReady` for the last way in. Effects: `removed_at`, history; other logins
    made with it end.
    """
    await proofs.require(db, person=person, login_id=login_id, now=now)
    passkey = await own(db, person=person, passkey_id=passkey_id)
    await credentials.require_another(db, person_id=person.id)
    passkey.removed_at = now
    db.add(passkey)
    await end_logins_by(db, credential_id=passkey.id, but=login_id, now=now, why=LoginEnd.credential_removed)
    moves.noted(db, person, StaffStatus.active, actor=actor, now=now, reason="passkey_removed")
    await db.flush()


async def _by_credential(db: AsyncSession, credential_id: str) -> Passkey | None:
    query = select(Passkey).where(col(Passkey.credential_id) == credential_id).with_for_update()
    return (await db.exec(query.execution_options(populate_existing=True))).first()


def _as_json(options: Any) -> Mapping[str, Any]:
    made: Mapping[str, Any] = json.loads(webauthn.options_to_json(options))
    return made
