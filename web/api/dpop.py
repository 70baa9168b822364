"""DPoP (RFC 9449): each request carries a proof that its sender holds the key its token is bound to.

A proof is good for one request: method, address and token are in it, and it is refused a second time. For acts its
`jti` is kept in the database. For reading it is kept in memory, and a process that has just started refuses proofs
older than itself, so that no proof it has forgotten is taken again.
"""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Lock
from urllib.parse import urlsplit

from hearings.errors import Invalid
from hearings.signatures import jws
from hearings.signatures.jws import BadProof, PublicKey
from web.api.problems import ApiError

HEADERS = frozenset({"typ", "alg", "jwk"})
OLDEST, AHEAD = 60, 5
"""Seconds a proof may be old, or a client's clock ahead."""


@dataclass(frozen=True)
class Checked:
    """A proof that holds for this request, not yet marked as used."""

    thumbprint: str
    jti: str
    until: datetime
    """When the proof is too old in any case."""
    made: int

    @property
    def issuer(self) -> str:
        """Under whose name the `jti` is unique."""
        return f"jkt:{self.thumbprint}"


def check(text: str, *, method: str, url: str, now: datetime, token: str = "") -> Checked:
    """Check a proof for a request to `url`, with `token` where there is one. Raises `ApiError` `proof_invalid`."""
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
    seconds = now.timestamp()
    if type(made) is not int or not seconds - OLDEST <= made <= seconds + AHEAD:
        raise _invalid(f"iat is not within the last {OLDEST} seconds")
    if token and claims.get("ath") != jws.encode(hashlib.sha256(token.encode()).digest()):
        raise _invalid("ath is not the hash of the access token")
    until = datetime.fromtimestamp(made, UTC) + timedelta(seconds=OLDEST + 1)
    return Checked(key.thumbprint, jti, until, made)


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


@dataclass
class SeenProofs:
    """Proofs of reading requests this process has seen; `started` is when it began, in seconds since 1970.

    Any thread may ask.
    """

    started: float
    size: int = 100_000
    seen: OrderedDict[tuple[str, str], datetime] = field(default_factory=OrderedDict)
    lock: Lock = field(default_factory=Lock)

    def use(self, proof: Checked, now: datetime) -> None:
        """Mark as used. Raises `ApiError` for one seen before, one older than this process, and when it is full."""
        if proof.made < int(self.started):
            raise _invalid("it is older than this server: make a new one")
        place = (proof.thumbprint, proof.jti)
        with self.lock:
            while self.seen and next(iter(self.seen.values())) < now:
                self.seen.popitem(last=False)
            if place in self.seen:
                raise _invalid("it has been used")
            if len(self.seen) >= self.size:
                raise ApiError("too_many_requests", headers={"Retry-After": str(OLDEST)})
            self.seen[place] = now + timedelta(seconds=OLDEST + AHEAD + 1)
