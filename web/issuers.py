"""OpenID Connect issuers of States: read from a TOML file at start; discovery, keys and the exchange of codes.

docs/sign-in.md describes the file. What an issuer publishes names addresses to ask: only those of its own host, or of
hosts in the file, and only where they are public. It is kept for an hour; keys are asked for again, at most once a
minute, when a token names one that is not known: so an issuer changes its keys as it likes.
"""

import asyncio
import base64
import hashlib
import hmac
import re
import secrets
import time
import tomllib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlencode, urlsplit

import jwt

from hearings.errors import SignInRefused
from hearings.outward import webhooks
from hearings.people import id_tokens
from hearings.people.id_tokens import ALGORITHMS, Expected, UnknownKey
from hearings.people.logins import STAFF_LOGIN
from hearings.roles import StaffFunction
from web import strict_json
from web.settings import SettingsError, is_loopback

KEPT = 3600.0
KEYS_AGAIN = 60.0
TIMEOUT = 5.0
LARGEST = 1_000_000
REST = 10.0
"""Seconds for which an address that failed is not asked again."""
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
PROVED = timedelta(minutes=1)
"""Longest time since the person proved to the issuer who they are, where it was asked to have them do so now."""
SESSION = STAFF_LOGIN
"""Longest time of it to come in: as long as a login of ours lasts. Asked for, so that every token says when it was."""


@dataclass(frozen=True, kw_only=True)
class Issuer:
    """One issuer, as the file names it. `key` is its name in addresses; it names people of one State."""

    key: str
    state: str
    name: str
    issuer: str
    client_id: str
    secret: str = field(default="", repr=False)
    private_key: str = field(default="", repr=False)
    """PEM of a P-256 key, for `private_key_jwt`."""
    subject_claim: str = "sub"
    scopes: str = "openid"
    algorithms: tuple[str, ...] = ("RS256", "PS256", "ES256", "EdDSA")
    acr: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    """Other hosts than its own that its endpoints may be at: `host`, or `host:port`."""
    private_network: bool = False
    """Whether it is in a private network. The machine itself and link-local addresses are never asked, nevertheless."""
    functions_claim: str = ""
    functions: Mapping[str, str] = field(default_factory=dict)
    """What a value of that claim stands for. The issuer has to confirm each function of the staff list."""

    def confirms(self, claims: Mapping[str, Any], functions: Sequence[str]) -> bool:
        """Whether the issuer confirms these functions; it gives none. Without a claim it need not."""
        if not self.functions_claim:
            return True
        said = claims.get(self.functions_claim)
        values: list[Any] = said if isinstance(said, list) else [said]
        return set(functions) <= {
            self.functions[value] for value in values if isinstance(value, str) and value in self.functions
        }


def read(path: Path | None) -> dict[str, Issuer]:
    """The issuers of a file, by key; none without a file. Raises `SettingsError`."""
    if path is None:
        return {}
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
        return {key: _issuer(key, dict(table), path.parent) for key, table in tables.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SettingsError("issuers", str(path), f"a file as docs/sign-in.md describes it ({error})") from error


def _issuer(key: str, table: dict[str, Any], folder: Path) -> Issuer:
    for name in ("secret", "private_key"):
        if file := table.pop(f"{name}_file", None):
            table[name] = (folder / file).read_text(encoding="utf-8").strip()
    for name in ("algorithms", "acr", "hosts"):
        if name in table:
            table[name] = tuple(table[name])
    made = Issuer(key=key, **table)
    texts = (made.state, made.name, made.issuer, made.client_id, made.subject_claim, made.scopes)
    if not all(isinstance(text, str) and text for text in texts) or not re.fullmatch("[a-z0-9-]{1,40}", key):
        raise ValueError(f"{key}: state, name, issuer and client_id are texts, the table's name is in lower case")
    if not all(isinstance(host, str) for host in made.hosts) or not isinstance(made.private_network, bool):
        raise ValueError(f"{key}: hosts are texts, private_network is true or false")
    if (
        not re.fullmatch("[A-Z]{2}", made.state)
        or not may_be_asked(made, made.issuer)
        or "openid" not in made.scopes.split()
    ):
        raise ValueError(f"{key}: an issuer with https://")
    if not set(made.algorithms) <= set(ALGORITHMS) or bool(made.secret) == bool(made.private_key):
        raise ValueError(f"{key}: algorithms of {', '.join(ALGORITHMS)}, and one of secret_file and private_key_file")
    if not set(made.functions.values()) <= set(StaffFunction):
        raise ValueError(f"{key}: functions of {', '.join(StaffFunction)}")
    return made


def may_be_asked(issuer: Issuer, address: str) -> bool:
    """Whether an issuer may name this address: of its own host or one in the file, by https, or on this machine where
    the issuer is. Pure; `_resolved` looks at where the name leads."""
    try:
        url, own = urlsplit(address), urlsplit(issuer.issuer)
        host, named = _host(url), {_host(own), *issuer.hosts}
    except ValueError:
        return False
    if url.username is not None or url.password is not None or host not in named:
        return False
    return url.scheme == "https" or (url.scheme == "http" and _is_here(issuer) and is_loopback(url.hostname or ""))


def _host(url: SplitResult) -> str:
    """The host of an address, with the port where it is not that of https."""
    name = url.hostname or ""
    return name if url.port in (None, 443) else f"{name}:{url.port}"


def _is_here(issuer: Issuer) -> bool:
    """Whether the issuer is on this machine, as in tests."""
    return is_loopback(urlsplit(issuer.issuer).hostname or "")


def may_lead_to(issuer: Issuer, address: str) -> bool:
    """Whether a host of this issuer may resolve to this IP address. Pure."""
    ip = ip_address(address.split("%")[0])
    if _is_here(issuer):
        return ip.is_loopback
    if issuer.private_network and ip.is_private:
        return not (ip.is_loopback or ip.is_link_local or ip.is_unspecified or ip.is_multicast or ip.is_reserved)
    return webhooks.public(address)


@dataclass(frozen=True)
class Flow:
    """One sign-in at an issuer. `state` is the challenge; what is derived from the browser's cookie is kept nowhere."""

    issuer: Issuer
    state: str
    browser: str
    redirect_uri: str

    def derived(self, name: str) -> str:
        """A secret of this flow: `nonce`, or `verifier` (PKCE)."""
        made = hmac.digest(self.browser.encode(), f"{name}:{self.state}".encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(made).decode().rstrip("=")


class IssuerClient:
    """What this process knows of its issuers, and how it asks them."""

    def __init__(self, issuers: Mapping[str, Issuer], resolve: webhooks.Resolve = webhooks.resolve) -> None:
        self.issuers = issuers
        self._resolve = resolve
        self._kept: dict[str, tuple[float, Any]] = {}
        self._failed: dict[str, float] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def authorization_address(self, flow: Flow, *, again: bool) -> str:
        """Where the browser goes. `again`: the person has to prove anew who they are. Raises `SignInRefused`."""
        endpoints = await self._discovered(flow.issuer)
        verifier = flow.derived("verifier")
        values = {
            "response_type": "code",
            "client_id": flow.issuer.client_id,
            "redirect_uri": flow.redirect_uri,
            "scope": flow.issuer.scopes,
            "state": flow.state,
            "nonce": flow.derived("nonce"),
            "code_challenge": _base64url(hashlib.sha256(verifier.encode()).digest()),
            "code_challenge_method": "S256",
        }
        if flow.issuer.acr:
            values["acr_values"] = " ".join(flow.issuer.acr)
        values |= {"prompt": "login", "max_age": "0"} if again else {"max_age": str(int(SESSION.total_seconds()))}
        address = str(endpoints["authorization_endpoint"])
        return f"{address}{'&' if '?' in address else '?'}{urlencode(values)}"

    async def claims(self, flow: Flow, query: Mapping[str, str], *, again: bool) -> Mapping[str, Any]:
        """The verified claims for what the browser brought back. Raises `SignInRefused`."""
        endpoints = await self._discovered(flow.issuer)
        said = query.get("iss", "")  # RFC 9207: a mix-up of two issuers
        if said != flow.issuer.issuer and (said or endpoints.get("authorization_response_iss_parameter_supported")):
            raise SignInRefused("issuer")
        if query.get("error") or not query.get("code"):
            raise SignInRefused("issuer_refused")
        token = await self._exchange(flow, str(endpoints["token_endpoint"]), query["code"])
        expected = Expected(
            issuer=flow.issuer.issuer,
            client_id=flow.issuer.client_id,
            nonce=flow.derived("nonce"),
            algorithms=flow.issuer.algorithms,
            max_age=PROVED if again else SESSION,
            acr=flow.issuer.acr,
        )
        keys_at, now = str(endpoints["jwks_uri"]), datetime.now(UTC)
        try:
            keys = await self._keys(flow.issuer, keys_at, KEPT)
            return id_tokens.claims_of(token, keys=keys, expected=expected, now=now)
        except UnknownKey:
            pass
        try:
            keys = await self._keys(flow.issuer, keys_at, KEYS_AGAIN)
            return id_tokens.claims_of(token, keys=keys, expected=expected, now=now)
        except UnknownKey:
            raise SignInRefused("key") from None

    async def _exchange(self, flow: Flow, endpoint: str, code: str) -> str:
        issuer = flow.issuer
        values = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": flow.redirect_uri,
            "code_verifier": flow.derived("verifier"),
        }
        how: dict[str, Any] = {}
        if issuer.private_key:
            values |= {"client_id": issuer.client_id, "client_assertion_type": ASSERTION}
            values["client_assertion"] = _assertion(issuer, endpoint)
        else:
            import httpx  # costs 40 ms; only who signs in at an issuer needs it

            how["auth"] = httpx.BasicAuth(*(_form_encoded(text) for text in (issuer.client_id, issuer.secret)))
        token = (await self._asked(issuer, "POST", endpoint, data=values, **how)).get("id_token")
        if not isinstance(token, str):
            raise SignInRefused("malformed")
        return token

    async def _discovered(self, issuer: Issuer) -> Mapping[str, Any]:
        address = f"{issuer.issuer.rstrip('/')}/.well-known/openid-configuration"
        found: Mapping[str, Any] = await self._fresh(issuer, address, KEPT)
        needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        if found.get("issuer") != issuer.issuer or not all(
            may_be_asked(issuer, str(found.get(name, ""))) for name in needed
        ):
            raise SignInRefused("issuer")
        return found

    async def _keys(self, issuer: Issuer, address: str, age: float) -> Sequence[Mapping[str, Any]]:
        found = (await self._fresh(issuer, address, age)).get("keys")
        return [key for key in found if isinstance(key, dict)] if isinstance(found, list) else []

    async def _fresh(self, issuer: Issuer, address: str, age: float) -> Any:
        """What an address answers, at most so many seconds old. One that has just failed is not asked again at once."""
        async with self._locks[address]:
            at, answer = self._kept.get(address, (float("-inf"), None))
            if time.monotonic() - at < age:
                return answer
            if time.monotonic() - self._failed.get(address, float("-inf")) < REST:
                raise SignInRefused("issuer_away")
            try:
                answer = await self._asked(issuer, "GET", address)
            except SignInRefused:
                self._failed[address] = time.monotonic()
                raise
            self._kept[address] = (time.monotonic(), answer)
            return answer

    async def _resolved(self, issuer: Issuer, url: SplitResult) -> str:
        """The IP address to connect to, resolved now. Raises `SignInRefused` where any that the name has is not one an
        issuer may lead to; OSError without an answer."""
        resolved = await self._resolve(url.hostname or "", url.port or (443 if url.scheme == "https" else 80))
        if not resolved:
            raise OSError("no address")
        if not all(may_lead_to(issuer, address) for address in resolved):
            raise SignInRefused("issuer_address")
        return f"[{resolved[0]}]" if ":" in resolved[0] else resolved[0]

    async def _asked(self, issuer: Issuer, method: str, address: str, **how: Any) -> dict[str, Any]:
        """What an address answers. It is connected to as a number, so that no second answer of a name server leads
        elsewhere; the name stays in `Host` and in TLS. Raises `SignInRefused`."""
        import httpx

        url, body = urlsplit(address), bytearray()
        headers = {"accept": "application/json", "accept-encoding": "identity", "host": url.netloc}
        how["extensions"] = {"sni_hostname": url.hostname or ""}
        try:
            number = await asyncio.wait_for(self._resolved(issuer, url), TIMEOUT)
            target = url._replace(netloc=f"{number}:{url.port}" if url.port else number).geturl()
            async with (
                asyncio.timeout(TIMEOUT),
                httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False, trust_env=False) as http,
                http.stream(method, target, headers=headers, **how) as answer,
            ):
                async for piece in answer.aiter_raw():
                    body += piece
                    if len(body) > LARGEST:
                        raise SignInRefused("issuer_away")
            found = strict_json.parse(bytes(body)) if answer.status_code == 200 else None
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, RecursionError, OSError) as error:
            raise SignInRefused("issuer_away") from error
        if not isinstance(found, dict):
            raise SignInRefused("issuer_away")
        return found


def _assertion(issuer: Issuer, endpoint: str) -> str:
    now = datetime.now(UTC)
    claims: dict[str, Any] = {"iss": issuer.client_id, "sub": issuer.client_id, "aud": [issuer.issuer, endpoint]}
    claims |= {"jti": secrets.token_urlsafe(16), "iat": now, "exp": now + timedelta(minutes=1)}
    return jwt.encode(claims, issuer.private_key, algorithm="ES256")


def _form_encoded(text: str) -> str:
    return urlencode({"": text})[1:]


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
