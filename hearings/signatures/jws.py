"""Signed proofs of API clients: public keys as JWK (RFC 7517), their thumbprints (RFC 7638), compact JWS (RFC 7515).

Two algorithms and no negotiation: Ed25519 keys sign `EdDSA`, P-256 keys sign `ES256`. Reading is strict: canonical
base64url without padding, JSON without repeated names, no header but those a caller allows. A header never decides
which key is trusted.
"""

import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from hearings.errors import Invalid
from hearings.sentences import N_, tell

LONGEST = 16_384
"""Characters of a proof; assertions and DPoP proofs are far shorter."""
_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Order of the group of P-256 (FIPS 186-5)."""


FRESH = timedelta(minutes=5)
AHEAD = timedelta(seconds=30)
"""Greatest age of signed statements, assertions and proofs of possession, and greatest advance of their clock."""


def is_stale(made: int, now: datetime, fresh: timedelta = FRESH) -> bool:
    """Whether something signed at this time, in seconds since 1970, is too old."""
    return made < (now - fresh).timestamp()


def is_ahead(made: int, now: datetime) -> bool:
    """Whether something signed at this time, in seconds since 1970, is dated in the future."""
    return made > (now + AHEAD).timestamp()


class BadProof(ValueError):
    """Not a proof: the text says which rule it breaks and repeats nothing of it."""


@dataclass(frozen=True)
class PublicKey:
    """A public key with its one algorithm, its JWK with required members only, and its thumbprint."""

    alg: str
    jwk: Mapping[str, str]
    thumbprint: str
    check: Callable[[bytes, bytes], None]
    """Raises if the signature (second) is not this key's over the message (first)."""

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Whether the signature is this key's."""
        try:
            self.check(message, signature)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True)
class Proof:
    """A parsed compact JWS; nothing in it is trusted before `signed_by`."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    message: bytes
    signature: bytes

    def signed_by(self, key: PublicKey) -> bool:
        """Whether the key signed this, with the one algorithm it has."""
        return self.header.get("alg") == key.alg and key.verifies(self.message, self.signature)


def decode(text: str) -> bytes:
    """Decodes base64url, in canonical form only. Raises `BadProof`."""
    if not _BASE64URL.fullmatch(text):
        raise BadProof("not base64url")
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise BadProof("not base64url") from error
    if encode(data) != text:
        raise BadProof("not canonical base64url")
    return data


def encode(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise BadProof("a name is repeated")
    return members


def _constant(_text: str) -> Any:
    raise BadProof("not a JSON number")


def _json(data: bytes, brackets: int) -> dict[str, Any]:
    if data.count(b"[") + data.count(b"{") > brackets:
        raise BadProof("too deep")
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_object, parse_constant=_constant)
    except BadProof:
        raise
    except (ValueError, RecursionError) as error:
        raise BadProof("not JSON") from error
    if not isinstance(value, dict):
        raise BadProof("not a JSON object")
    return value


def parse(text: str, *, headers: frozenset[str], longest: int = LONGEST, brackets: int = 64) -> Proof:
    """Parse a compact JWS. Raises `BadProof`; a header outside `headers` (`crit`, `jku`, `x5u` …) is refused.

    At most `longest` characters, and as many opening `brackets` in its JSON (a bound on its depth too).
    """
    if len(text) > longest:
        raise BadProof("too long")
    parts = text.split(".")
    if len(parts) != 3:
        raise BadProof("not three parts")
    header, claims = _json(decode(parts[0]), 64), _json(decode(parts[1]), brackets)
    if set(header) - headers:
        raise BadProof("a header that is not allowed")
    return Proof(header, claims, f"{parts[0]}.{parts[1]}".encode("ascii"), decode(parts[2]))


NOT_PUBLIC = N_("A public key as JWK is needed, never a private one")


def public_key(jwk: Mapping[str, Any]) -> PublicKey:
    """A public key out of a JWK. Raises `Invalid` for another kind, a point off the curve, or a private key."""
    if not isinstance(jwk, Mapping) or "d" in jwk or "k" in jwk:
        raise Invalid(tell(NOT_PUBLIC), "jwk")
    try:
        if (jwk.get("kty"), jwk.get("crv")) == ("OKP", "Ed25519"):
            return _ed25519(_number(jwk, "x"))
        if (jwk.get("kty"), jwk.get("crv")) == ("EC", "P-256"):
            return _p256(_number(jwk, "x"), _number(jwk, "y"))
    except ValueError as error:
        raise Invalid(tell("This JWK holds no key of its kind"), "jwk") from error
    raise Invalid(tell("A key is Ed25519 (kty OKP) or P-256 (kty EC)"), "jwk")


def _number(jwk: Mapping[str, Any], name: str) -> bytes:
    value = jwk.get(name)
    data = decode(value) if isinstance(value, str) else b""
    if len(data) != 32:
        raise BadProof(f"{name} is not 32 bytes")
    return data


@lru_cache(1024)
def _ed25519(x: bytes) -> PublicKey:
    key = Ed25519PublicKey.from_public_bytes(x)
    jwk = {"crv": "Ed25519", "kty": "OKP", "x": encode(x)}
    return PublicKey("EdDSA", jwk, _thumbprint(jwk), lambda message, signature: key.verify(signature, message))


@lru_cache(1024)
def _p256(x: bytes, y: bytes) -> PublicKey:
    numbers = ec.EllipticCurvePublicNumbers(int.from_bytes(x), int.from_bytes(y), ec.SECP256R1())
    key = numbers.public_key()
    jwk = {"crv": "P-256", "kty": "EC", "x": encode(x), "y": encode(y)}

    def check(message: bytes, signature: bytes) -> None:
        if len(signature) != 64:
            raise ValueError("RFC 7518 §3.4: 64 octets")
        r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
        if not (0 < r < P256_ORDER and 0 < s < P256_ORDER):
            raise ValueError("r or s out of range")
        key.verify(encode_dss_signature(r, s), message, ec.ECDSA(SHA256()))

    return PublicKey("ES256", jwk, _thumbprint(jwk), check)


def _thumbprint(jwk: Mapping[str, str]) -> str:
    text = json.dumps(jwk, sort_keys=True, separators=(",", ":"))
    return encode(hashlib.sha256(text.encode()).digest())
