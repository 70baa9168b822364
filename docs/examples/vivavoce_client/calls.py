"""Asking the service: tokens, proofs, repeats that do no harm, pages of a list, signed acts, events."""

import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import httpx

from vivavoce_client.keys import Authority, Key, encode
from vivavoce_client.problems import Problem, problem as problem_of

API = "/api/v1"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
TRIES = 4
"""How often a request is sent while the line or the service fails, or there were too many."""


@dataclass(frozen=True)
class Tagged:
    """An answer with its tag: what `If-Match` compares."""

    body: Any
    etag: str


@dataclass(frozen=True)
class Event:
    """A change of status. `id` is where to go on from; `number` is an agreement's or that of minutes."""

    id: str
    subject: str
    about: str
    number: int | None
    before: str
    after: str
    at: str


def said(question: Any) -> dict[str, Any]:
    """A dataclass as the service wants it: what was left out is not sent."""
    return {name: value for name, value in asdict(question).items() if value is not None}


@dataclass
class Calls:
    """How one client of one State asks one installation. Safe to use from several threads.

    `base` is the public address the installation has; `through` an address it is reached by instead, if that differs
    (a tunnel, a test): proofs name the public one.
    """

    base: str
    client_id: str
    key: Key
    authority: Authority | None = None
    scope: str = ""
    through: str = ""
    proof_key: Key = field(default_factory=Key.make)
    """Tokens are bound to it. It need not be kept: a new one with each start is best."""

    def __post_init__(self) -> None:
        self.http = httpx.Client(base_url=self.through or self.base, timeout=30)
        self._token, self._until, self._lock = "", 0.0, threading.Lock()
        self._nonce = ""  # once the service has asked for one: our clock is not as its own

    def close(self) -> None:
        self.http.close()

    # Who we are.

    def _proof(self, method: str, path: str, token: str = "") -> str:
        """A DPoP proof (RFC 9449) for one request: never used twice."""
        url = self.base + path.partition("?")[0]
        claims: dict[str, object] = {
            "htm": method,
            "htu": url,
            "iat": int(time.time()),
            "jti": secrets.token_urlsafe(18),
        }
        if self._nonce:
            claims["nonce"] = self._nonce
        if token:
            claims["ath"] = encode(hashlib.sha256(token.encode("ascii")).digest())
        header = {"typ": "dpop+jwt", "alg": "EdDSA", "jwk": self.proof_key.jwk}
        return self.proof_key.jws(header, json.dumps(claims).encode())

    def _assertion(self, audience: str) -> str:
        """Who is asking for a token (RFC 7523), signed with the key the client is registered with."""
        now = int(time.time())
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": audience,
            "iat": now,
            "exp": now + 120,
            "jti": secrets.token_urlsafe(18),
        }
        return self.key.jws({"alg": "EdDSA", "kid": self.key.kid, "typ": "JWT"}, json.dumps(claims).encode())

    def token(self, *, anew: bool = False) -> str:
        """The access token: asked for again half a minute before it ends."""
        with self._lock:
            if anew or time.monotonic() > self._until - 30:
                path = f"{API}/oauth/token"
                form = {
                    "grant_type": "client_credentials",
                    "client_assertion_type": ASSERTION,
                    "client_assertion": self._assertion(self.base + path),
                } | ({"scope": self.scope} if self.scope else {})
                answer = self.http.post(path, data=form, headers={"dpop": self._proof("POST", path)})
                if answer.status_code != 200 and self._nonce_of(problem_of(answer)):
                    answer = self.http.post(path, data=form, headers={"dpop": self._proof("POST", path)})
                if answer.status_code != 200:
                    raise problem_of(answer)
                found = answer.json()
                self._token, self._until = found["access_token"], time.monotonic() + found["expires_in"]
            return self._token

    # Asking.

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> httpx.Response:
        """A request, sent again where that does no harm. Raises a `Problem`, or `httpx.HTTPError` in the end.

        Every POST has an `Idempotency-Key` that stays the same however often it is sent: a second sending of what was
        done already is answered as the first was. An answer that never came is no reason to do it twice.
        """
        path = API + path
        steady = {"idempotency-key": secrets.token_urlsafe(18)} if method == "POST" else {}
        for left in reversed(range(TRIES)):
            try:
                answer = self.http.request(
                    method,
                    path,
                    params=dict(params) if params else None,
                    json=body,
                    content=content,
                    headers={**steady, **(headers or {}), **self._proved(method, path)},
                )
            except httpx.TransportError:
                if not left or method not in ("GET", "POST"):
                    raise
                time.sleep(2 ** (TRIES - left - 1) / 4)
                continue
            if answer.status_code < 400:
                return answer
            problem = problem_of(answer)
            if not left or not self._mended(problem):
                raise problem
        raise AssertionError("unreachable")

    def _proved(self, method: str, path: str) -> dict[str, str]:
        token = self.token()
        return {"authorization": f"DPoP {token}", "dpop": self._proof(method, path, token)}

    def _mended(self, problem: Problem) -> bool:
        """Whether to try again at once: with a nonce, with a new token, or when we were to come back later and have
        waited."""
        if self._nonce_of(problem):
            return True
        if problem.code == "token_invalid":
            self.token(anew=True)
            return True
        if problem.status in (429, 503) and 0 < problem.retry_after <= 60:
            time.sleep(problem.retry_after)
            return True
        return False

    def _nonce_of(self, problem: Problem) -> bool:
        """Whether proofs are to carry a nonce from now on (RFC 9449 §8); it is kept until another one is asked for."""
        if problem.code != "use_dpop_nonce":
            return False
        self._nonce = problem.nonce
        return True

    def get(self, path: str, **params: str | int) -> Any:
        """What is there."""
        return self.call("GET", path, params=params).json()

    def post(self, path: str, body: object = None) -> Any:
        """Do something, or make something."""
        return self.call("POST", path, body).json()

    def tagged(self, path: str) -> Tagged:
        """What is there, with the tag that `change` needs."""
        answer = self.call("GET", path)
        return Tagged(answer.json(), answer.headers.get("etag", ""))

    def change(self, path: str, body: object, read: Tagged) -> Any:
        """Change what was read. Raises `NotNow` (412) when somebody else has changed it since."""
        return self.call("PATCH", path, body, headers={"if-match": read.etag}).json()

    def pages(self, path: str, **params: str | int) -> Iterator[Any]:
        """Everything a list holds, page by page."""
        after = ""
        while True:
            page = self.get(path, **params, **({"after": after} if after else {}))
            yield from page["items"]
            after = page.get("next", "")
            if not after:
                return

    def signed(self, path: str, statement: str, body: Mapping[str, Any] | None = None) -> Any:
        """An act that binds the State: its statement is read, filled in, signed by the authority, and sent.

        `statement` is where it is read. `body` is what is decided, null there; nothing: the terms as they stand.
        Look at the terms before you call this: what is signed is what the service answers.
        """
        if self.authority is None:
            raise ValueError("This client has no authority to sign for it")
        stated = self.get(statement)
        if body is not None:
            stated = {**stated, "body": dict(body)}
        return self.post(path, {"jws": self.authority.sign(stated)})

    def events(self, since: str = "", *, lasting: float | None = None) -> Iterator[Event]:
        """Changes of status as they happen, through broken lines and ended tokens, for `lasting` seconds or for good.

        Go on with the id of the last event you have dealt with; one that comes again has the same id.
        """
        until = time.monotonic() + lasting if lasting is not None else float("inf")
        seen = {since}
        while time.monotonic() < until:
            path = f"{API}/events"
            headers = {**self._proved("GET", path), **({"last-event-id": since} if since else {})}
            try:
                with self.http.stream("GET", path, headers=headers, timeout=httpx.Timeout(30)) as answer:
                    if answer.status_code != 200:
                        answer.read()
                        problem = problem_of(answer)
                        if self._nonce_of(problem):
                            continue
                        raise problem
                    for event in _parsed(answer.iter_lines()):
                        if event.id not in seen:
                            seen.add(event.id)
                            since = event.id
                            yield event
                        if time.monotonic() >= until:
                            return
            except httpx.TransportError:
                time.sleep(0.5)


def _parsed(lines: Iterator[str]) -> Iterator[Event]:
    """Events of a stream (HTML Living Standard §9.2): fields up to an empty line."""
    fields: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        if name:
            fields[name] = value.removeprefix(" ")
        elif not line:
            if "data" in fields:
                yield Event(id=fields.get("id", ""), **json.loads(fields["data"]))
            fields = {}
