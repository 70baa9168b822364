"""Signed statements of authorities, which bind their State, as compact JWS over canonical JSON.

A statement is `{"iss", "aud", "iat", "jti", "act", "about", "body"}`: the signing State, the other State of the case,
seconds, an id used once, the act, the reference it concerns, and what is agreed to. It is serialised by RFC 8785 and
signed with Ed25519 (RFC 8037) under the header `{"alg": "EdDSA", "kid": …, "typ": "vivavoce+jws"}` and no other.
The bytes are kept as received. This program holds no authority's private key: officers sign in their own page,
systems of authorities sign before they send. docs/signatures.md is the description for others.
"""

import hashlib
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.errors import NotAllowed, NotFound, SignatureRefused, SignatureRequired, TermsChanged, Undecided
from hearings.models import RefusedStatement, Signature, SigningKey
from hearings.models.columns import Row
from hearings.models.signature import Act
from hearings.paging import Page, cut, page
from hearings.signatures import jws as proofs, signing_keys

NEEDED, MAY_BE_EMPTY = False, True
"""Whether an empty text or list counts as a decision: no reasons given, no motive."""

DECISIONS: Mapping[Act, Mapping[str, bool]] = {
    Act.submit_request: {},  # the request as it stands, which people have written
    Act.accept_request: {"reason": MAY_BE_EMPTY},
    Act.accept_with_conditions: {"conditions": NEEDED, "rules": MAY_BE_EMPTY},
    Act.refuse_request: {"ground": NEEDED, "motive": MAY_BE_EMPTY, "reasons": NEEDED},
    Act.postpone_request: {"reasons": NEEDED, "review": NEEDED},
    Act.withdraw_request: {"reason": NEEDED},
    Act.agree_hearing: {},  # the terms on the table
    Act.sign_agreement: {},  # the terms on the table
    Act.sign_minutes: {},  # the hash of the text that was read back
    Act.release_recording: {},  # the release as somebody else has proposed it
    Act.receive_recording: {"limits": MAY_BE_EMPTY, "verdict": NEEDED},
    Act.answer_gate: {"answers": NEEDED, "note": MAY_BE_EMPTY},
}
"""By act, the members of the body that a person decides."""

BESIDES: Mapping[Act, frozenset[str]] = dict.fromkeys(
    (Act.refuse_request, Act.postpone_request), frozenset({"consultation_left_out_because"})
)
"""By act, the members that a body may hold besides; one that is left out decides nothing."""


def blank(act: Act) -> dict[str, None]:
    """The decisions of an act, all open."""
    return dict.fromkeys(DECISIONS[act])


def open_in(act: Act, body: Mapping[str, Any]) -> list[str]:
    """The decisions of an act that are open in a body, in the order of the table."""
    return [name for name, empty in DECISIONS[act].items() if not _decided(body.get(name), empty)]


def require(act: Act, body: Mapping[str, Any]) -> None:
    """Raises `Undecided`, naming every open decision of a body."""
    if left := open_in(act, body):
        raise Undecided(left)


def _decided(value: Any, may_be_empty: bool) -> bool:
    if value is None:
        return False
    return may_be_empty or not _is_empty(value)


def _is_empty(value: Any) -> bool:
    return not value.strip() if isinstance(value, str) else isinstance(value, Iterable) and not value


__all__ = ["Act", "payload", "receive", "refused", "sign", "signatures_of", "statement", "still_verifies"]

TYPE = "vivavoce+jws"
ALGORITHM = "EdDSA"
HEADERS = frozenset({"alg", "kid", "typ"})
MEMBERS = frozenset({"iss", "aud", "iat", "jti", "act", "about", "body"})
LONGEST = 500_000
"""Most characters of a signed statement: a request with all fields full, in a script of three bytes a letter."""
BRACKETS = 4_000
DEEPEST = 20
_JTI = re.compile(r"[A-Za-z0-9._~-]{16,64}")

CAUSES: Mapping[str, str] = {
    "signature_unreadable": "This is not a signed statement in the form that is expected",
    "signature_header": f"The header is exactly alg {ALGORITHM}, kid and typ {TYPE}",
    "signature_key_unknown": "No key of this State has this id",
    "signature_key_retired": "This key has been retired",
    "signature_wrong": "The signature does not belong to this text and key",
    "signature_not_canonical": "The statement is not canonical JSON (RFC 8785)",
    "signature_members": "The statement has other members than it must have",
    "signature_wrong_issuer": "The statement is signed in the name of another State",
    "signature_wrong_audience": "The statement is meant for another State",
    "signature_wrong_act": "The statement is about another act",
    "signature_wrong_subject": "The statement is about something else",
    "signature_stale": "The statement was signed too long ago: sign again",
    "signature_future": "The statement is dated in the future: check the signer's clock",
    "signature_used": "This statement has been used before",
}
"""Every cause of a `SignatureRefused`, by its code."""

_FOR_BOTH = frozenset({"signature_wrong_issuer", "signature_wrong_audience"})
"""Refusals that both States of the case are notified of: the statement was signed for another case."""


# --- making ------------------------------------------------------------------------------------------------------


def statement(
    *, state: str, other: str, act: Act, about: str, body: Mapping[str, Any], now: datetime, jti: str = ""
) -> dict[str, Any]:
    """The statement to be displayed and signed: `state` is the signing State, `other` the other State of the case."""
    return {
        "iss": state,
        "aud": other,
        "iat": int(now.timestamp()),
        "jti": jti or secrets.token_urlsafe(18),
        "act": act.value,
        "about": about,
        "body": dict(body),
    }


def payload(stated: Mapping[str, Any]) -> bytes:
    """The bytes that are signed. Raises `ValueError` for values that RFC 8785 cannot serialise."""
    return rfc8785.dumps(dict(stated))


def sign(stated: Mapping[str, Any], *, seed: bytes) -> str:
    """Sign with an authority's own seed: for its own systems, the demonstration and tests. No page calls this."""
    key = Ed25519PrivateKey.from_private_bytes(seed)
    x = proofs.encode(key.public_key().public_bytes_raw())
    kid = proofs.public_key({"kty": "OKP", "crv": "Ed25519", "x": x}).thumbprint
    header = rfc8785.dumps({"alg": ALGORITHM, "kid": kid, "typ": TYPE})
    signed = f"{proofs.encode(header)}.{proofs.encode(payload(stated))}"
    return f"{signed}.{proofs.encode(key.sign(signed.encode('ascii')))}"


# --- receiving ---------------------------------------------------------------------------------------------------


async def receive(
    db: AsyncSession,
    *,
    jws: str,
    state: str,
    other: str,
    act: Act,
    about: str,
    subject: Row,
    actor: Actor,
    now: datetime,
    expect_body: Mapping[str, Any] | None = None,
    max_age: timedelta = proofs.FRESH,
) -> Signature:
    """Verify and store a statement of `state` towards `other`: unused, and about this act on this subject.

    Raises `NotAllowed` when the actor is not of `state`; `SignatureRequired` when `jws` is empty; `SignatureRefused`,
    whose entry is kept though everything else is rolled back (let it leave the transaction); `TermsChanged` when the
    statement is sound and its body is not `expect_body`; `Undecided` when it leaves open what a person decides.
    Effects: adds the signature with the text as received; its `jti` is used up.
    """
    if actor.state and actor.state != state:
        raise NotAllowed("A statement is handed in by the State that signed it")
    if not jws.strip():
        raise SignatureRequired
    try:
        key, proof = await _verified(db, jws, state)
        _check(proof, state=state, other=other, act=act, about=about, now=now, max_age=max_age)
        if expect_body is not None and payload(proof.claims["body"]) != payload(expect_body):
            raise TermsChanged
        require(act, proof.claims["body"])
        return await _keep(db, jws, proof, key, other=other, subject=subject, actor=actor, now=now)
    except _Refusal as refusal:
        both = refusal.code in _FOR_BOTH
        entry = RefusedStatement(
            owner_state=state,
            other_state=other if both else None,
            code=refusal.code,
            act=act,
            about=about,
            issuer=refusal.issuer,
            audience=refusal.audience,
            at=now,
            actor=actor.id,
            actor_label=actor.label,
        )
        raise SignatureRefused(refusal.code, CAUSES[refusal.code], entry) from refusal


class _Refusal(Exception):
    """The cause of a refusal; once the signature is verified, also the States that the statement names."""

    def __init__(self, code: str, claims: Mapping[str, Any] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.issuer, self.audience = (_state((claims or {}).get(name)) for name in ("iss", "aud"))


def _state(value: object) -> str:
    return value if isinstance(value, str) and re.fullmatch("[A-Z]{2}", value) else ""


async def _verified(db: AsyncSession, jws: str, state: str) -> tuple[SigningKey, proofs.Proof]:
    """The key, from our own table, and the statement it signed. The header only names one of the State's keys."""
    try:
        proof = proofs.parse(jws.strip(), headers=HEADERS, longest=LONGEST, brackets=BRACKETS)
    except proofs.BadProof as error:
        code = "signature_header" if "header" in str(error) else "signature_unreadable"
        raise _Refusal(code) from error
    kid = proof.header.get("kid")
    if proof.header != {"alg": ALGORITHM, "kid": kid, "typ": TYPE} or not isinstance(kid, str):
        raise _Refusal("signature_header")
    if not re.fullmatch("[A-Za-z0-9_-]{43}", kid):
        raise _Refusal("signature_key_unknown")
    try:
        key = await signing_keys.key(db, kid, state=state)
    except NotFound as error:
        raise _Refusal("signature_key_unknown") from error
    if key.retired_at is not None:
        raise _Refusal("signature_key_retired")
    if not proof.signed_by(signing_keys.public(key)):
        raise _Refusal("signature_wrong")
    return key, proof


def _check(
    proof: proofs.Proof, *, state: str, other: str, act: Act, about: str, now: datetime, max_age: timedelta
) -> None:
    """Checks a statement with a good signature against the act and subject at hand."""
    claims = proof.claims

    def need(holds: object, code: str) -> None:
        if not holds:
            raise _Refusal(code, claims)

    need(_canonical(proof), "signature_not_canonical")
    need(set(claims) == MEMBERS and isinstance(claims["body"], dict), "signature_members")
    need(type(claims["iat"]) is int and isinstance(claims["jti"], str), "signature_members")
    need(_JTI.fullmatch(claims["jti"]), "signature_members")
    need(claims["iss"] == state, "signature_wrong_issuer")
    need(claims["aud"] == other, "signature_wrong_audience")
    need(claims["act"] == act.value, "signature_wrong_act")
    need(claims["about"] == about, "signature_wrong_subject")
    need(not proofs.is_ahead(claims["iat"], now), "signature_future")
    need(not proofs.is_stale(claims["iat"], now, max_age), "signature_stale")


def _signed_bytes(proof: proofs.Proof) -> bytes:
    return proofs.decode(proof.message.split(b".")[1].decode("ascii"))


def _canonical(proof: proofs.Proof) -> bool:
    """Whether the payload is canonical JSON (RFC 8785) of bounded depth."""
    try:
        return _depth(proof.claims) <= DEEPEST and payload(proof.claims) == _signed_bytes(proof)
    except (ValueError, RecursionError):
        return False


def _depth(value: object) -> int:
    inside = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return 1 + max(map(_depth, inside), default=0)


async def _keep(
    db: AsyncSession,
    jws: str,
    proof: proofs.Proof,
    key: SigningKey,
    *,
    other: str,
    subject: Row,
    actor: Actor,
    now: datetime,
) -> Signature:
    """Add the row; of two with the same `jti` or the same payload, the second is refused by the database."""
    row = Signature(
        owner_state=key.owner_state,
        other_state=other,
        key_id=key.id,
        act=Act(proof.claims["act"]),
        about=proof.claims["about"],
        subject=str(type(subject).__tablename__),
        subject_id=subject.id,
        jti=proof.claims["jti"],
        payload_sha256=hashlib.sha256(_signed_bytes(proof)).hexdigest(),
        jws=jws.strip(),
        signed_at=datetime.fromtimestamp(proof.claims["iat"], UTC),
        received_at=now,
        actor=actor.id,
        actor_label=actor.label,
    )
    try:
        async with db.begin_nested():
            db.add(row)
    except IntegrityError as error:
        raise _Refusal("signature_used", proof.claims) from error
    return row


# --- reading -----------------------------------------------------------------------------------------------------


async def signatures_of(db: AsyncSession, subject: Row) -> Sequence[Signature]:
    """The signatures on a row, oldest first. Who may read the row may read them."""
    query = select(Signature).where(
        Signature.subject == str(type(subject).__tablename__), Signature.subject_id == subject.id
    )
    return (await db.exec(query.order_by(col(Signature.id)))).all()


async def page_of(db: AsyncSession, subject: Row, *, after: str = "", limit: int = 100) -> Page[Signature]:
    """As `signatures_of`, in pages."""
    query = select(Signature).where(
        Signature.subject == str(type(subject).__tablename__), Signature.subject_id == subject.id
    )
    return await page(db, query, col(Signature.id), after=after, limit=limit)


def read(signature: Signature) -> Mapping[str, Any]:
    """The statement of a stored signature."""
    return proofs.parse(signature.jws, headers=HEADERS, longest=LONGEST, brackets=BRACKETS).claims


async def still_verifies(db: AsyncSession, signature: Signature) -> bool:
    """Whether the stored bytes carry the key's signature. The key may have been retired since."""
    key = await db.get(SigningKey, signature.key_id)
    try:
        proof = proofs.parse(signature.jws, headers=HEADERS, longest=LONGEST, brackets=BRACKETS)
    except proofs.BadProof:
        return False
    return (
        key is not None
        and key.owner_state == signature.owner_state == proof.claims.get("iss")
        and proof.header.get("kid") == key.kid
        and proof.signed_by(signing_keys.public(key))
        and hashlib.sha256(_signed_bytes(proof)).hexdigest() == signature.payload_sha256
    )


async def refused(db: AsyncSession, *, state: str, after: str = "", limit: int = 50) -> Page[RefusedStatement]:
    """Statements that were refused and that concern `state`, newest first."""
    newest = col(RefusedStatement.id).desc()
    rows: list[RefusedStatement] = []
    for side in (RefusedStatement.owner_state, RefusedStatement.other_state):  # each by its own index
        query = select(RefusedStatement).where(col(side) == state)
        rows += (await page(db, query, newest, after=after, limit=limit + 1)).rows
    return cut(sorted(rows, key=lambda row: row.id, reverse=True), limit, [newest])
