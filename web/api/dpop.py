"""DPoP (RFC 9449): each request carries a proof that its sender holds the key its token is bound to.

A proof is good for one request: it names method, address and token, and its `jti` is kept in the database, so that
every process refuses it a second time, also after a restart. Its age follows from `iat`, or from a nonce of ours: a
sender whose `iat` does not fit gets a nonce (RFC 9449 §8) and can go on although its own clock is wrong. A nonce is the
time and the HMAC of it: any process of the installation can check it, and none keeps it.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from hearings.errors import Invalid
from hearings.signatures import jws
from hearings.signatures.jws import AHEAD, FRESH, BadProof, PublicKey
from web.api.problems import ApiError

HEADERS = frozenset({"typ", "alg", "jwk"})
NONCE_HEADER = "DPoP-Nonce"
_TIME = 8
"""Bytes of the time in a nonce."""


@dataclass(frozen=True)
class Checked:
    """A proof that holds for this request, not yet marked as used."""

    thumbprint: str
    jti: str
    until: datetime
    """When the proof is too old in any case."""

    @property
    def issuer(self) -> str:
        """Under whose name the `jti` is unique."""
        return f"jkt:{self.thumbprint}"


def check(text: str, *, method: str, url: str, now: datetime, secret: bytes, token: str = "") -> Checked:
    """Check a proof for a request to `url`, with `token` where there is one; `secret`: of this installation's nonces.

    Raises `ApiError`: `proof_invalid`, or `use_dpop_nonce` with a nonce when only its time does not fit.
    """
    try:
        proof = jws.parse(text, headers=HEADERS)
        if proof.header.get("typ") != "dpop+jwt":
            raise BadProof("typ is not dpop+jwt")
        key = _key(proof.header.get("jwk"))
        if not proof.signed_by(key):
            raise BadProof("the signature is not that of the key")
    except (BadProof, Invalid) as error:
        raise _invalid(str(error)) from None
    claims = proof.claims
    jti, made = claims.get("jti"), claims.get("iat")
    if claims.get("htm") != method:
        raise _invalid("htm is not the method")
    htu = claims.get("htu")
    if htu != url and (not isinstance(htu, str) or _plain(htu) != url):
        raise _invalid("htu is not the address, as this installation is configured")
    if not isinstance(jti, str) or not 8 <= len(jti) <= 200:
        raise _invalid("jti is a string of 8 to 200 characters")
    if type(made) is not int:
        raise _invalid("iat is not a whole number of seconds")
    if token and claims.get("ath") != jws.encode(hashlib.sha256(token.encode()).digest()):
        raise _invalid("ath is not the hash of the access token")
    if "nonce" in claims:
        if not _is_ours(claims["nonce"], secret, now):
            raise _ask("its nonce is none of ours, or too old", secret, now)
    elif jws.is_stale(made, now) or jws.is_ahead(made, now):
        told = f"iat is not within {FRESH.seconds} seconds before and {AHEAD.seconds} after the time here"
        raise _ask(told, secret, now)
    return Checked(key.thumbprint, jti, now + FRESH + AHEAD + timedelta(seconds=1))


def nonce(secret: bytes, now: datetime) -> str:
    """A nonce that is good for as long as a proof without one."""
    time = int(now.timestamp()).to_bytes(_TIME)
    return jws.encode(time + hmac.digest(secret, b"vivavoce dpop nonce" + time, "sha256"))


def _is_ours(text: object, secret: bytes, now: datetime) -> bool:
    try:
        data = jws.decode(text) if isinstance(text, str) and len(text) <= 100 else b""
    except BadProof:
        return False
    made = data[:_TIME]
    known = hmac.digest(secret, b"vivavoce dpop nonce" + made, "sha256")
    if not hmac.compare_digest(data[_TIME:], known):
        return False
    at = int.from_bytes(made)
    return not jws.is_stale(at, now) and not jws.is_ahead(at, now)


def _ask(why: str, secret: bytes, now: datetime) -> ApiError:
    text = f"The DPoP proof is refused: {why}. Send another with the nonce of the {NONCE_HEADER} header"
    return ApiError("use_dpop_nonce", text, {NONCE_HEADER: nonce(secret, now)})


def _key(jwk: object) -> PublicKey:
    if not isinstance(jwk, dict):
        raise BadProof("no public key")
    return jws.public_key(jwk)


def _plain(url: str) -> str:
    """The address without query and fragment (RFC 9449 §4.3), scheme and host in lower case."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.scheme.lower()}://{parts.netloc.lower()}{parts.path}"


def _invalid(why: str) -> ApiError:
    return ApiError("proof_invalid", f"The DPoP proof is refused: {why}")
