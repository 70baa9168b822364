"""ID tokens of OpenID Connect Core 1.0: every check of section 3.1.3.7, with `now` passed in.

The algorithm is one of those the settings allow, never one a token chooses; keys are those the issuer publishes.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from jwt.types import Options

from hearings.errors import SignInRefused

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
"""Those an issuer may be set up with; none of them uses a shared secret."""
SKEW = timedelta(seconds=60)
LONGEST = 16_384
CHECKS: Options = {
    "require": ["iss", "sub", "aud", "exp", "iat"],
    "verify_signature": True,
    "verify_aud": True,
    "verify_iss": True,
    "strict_aud": False,
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
}
"""What PyJWT checks; times are compared in `_check`, with the caller's clock."""


class UnknownKey(Exception):
    """The token names a key that is not among those given: the issuer may have new ones."""


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What an ID token has to say."""

    issuer: str
    client_id: str
    nonce: str
    algorithms: Collection[str]
    max_age: timedelta
    """Longest time since the person last proved to the issuer who they are; the token has to say when that was."""
    acr: Collection[str] = ()
    """Levels of authentication, one of which it must be; empty: any."""


def claims_of(token: str, *, keys: Sequence[Mapping[str, Any]], expected: Expected, now: datetime) -> Mapping[str, Any]:
    """The claims of a verified ID token. `keys`: the JWK set of the issuer. Raises `SignInRefused`, `UnknownKey`."""
    try:
        header = jwt.get_unverified_header(token) if len(token) <= LONGEST else {}
    except jwt.PyJWTError as error:
        raise SignInRefused("malformed") from error
    algorithm = header.get("alg")
    if algorithm not in expected.algorithms or algorithm not in ALGORITHMS:
        raise SignInRefused("algorithm")
    given = [key for key in keys if key.get("kid") == header.get("kid") and key.get("use", "sig") == "sig"]
    if not given:
        raise UnknownKey
    try:
        key = jwt.PyJWK(dict(given[0]), algorithm)
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            audience=expected.client_id,
            issuer=expected.issuer,
            options=CHECKS,
        )
    except jwt.InvalidIssuerError as error:
        raise SignInRefused("issuer") from error
    except jwt.InvalidAudienceError as error:
        raise SignInRefused("audience") from error
    except jwt.PyJWTError as error:
        raise SignInRefused("signature" if isinstance(error, jwt.InvalidSignatureError) else "malformed") from error
    _check(claims, expected, now)
    return claims


def _check(claims: Mapping[str, Any], expected: Expected, now: datetime) -> None:
    at, skew = now.timestamp(), SKEW.total_seconds()
    if any(not _is_number(claims[name]) for name in ("exp", "iat")):
        raise SignInRefused("malformed")
    if at >= claims["exp"] + skew:
        raise SignInRefused("expired")
    not_before = claims.get("nbf", claims["iat"])
    if not _is_number(not_before) or max(claims["iat"], not_before) > at + skew:
        raise SignInRefused("future")
    if claims.get("nonce") != expected.nonce:
        raise SignInRefused("nonce")
    audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    if claims.get("azp", expected.client_id) != expected.client_id or (len(audiences) > 1 and "azp" not in claims):
        raise SignInRefused("audience")
    if expected.acr and claims.get("acr") not in expected.acr:
        raise SignInRefused("level")
    proved: Any = claims.get("auth_time")
    if not _is_number(proved) or at - proved > expected.max_age.total_seconds() + skew:
        raise SignInRefused("not_fresh")
    if proved > at + skew:
        raise SignInRefused("future")


def proved_at(claims: Mapping[str, Any], *, now: datetime) -> datetime:
    """When the person of verified claims proved to the issuer who they are (`auth_time`), never later than `now`."""
    return min(now, datetime.fromtimestamp(claims["auth_time"], UTC))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
