"""A client of the Vivavoce API: tokens, proofs, signed acts, repeats that do no harm, problems, pages, events.

Copy this file into your system. It needs `httpx`, `cryptography` and `rfc8785`, and nothing of Vivavoce. Two keys are
used, and they are not the same: the system's own (`Key`, registered as a client) says who is asking; the authority's
(`Authority`) binds the State, and never leaves your side. docs/client.md tells the rest.
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypedDict, cast

import httpx
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

API = "/api/v1"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
TRIES = 4
"""How often a request is sent while the line or the service fails, or there were too many."""


def encode(data: bytes) -> str:
    """Base64url without padding (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decode(text: str) -> bytes:
    """The bytes of base64url without padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


# --- keys --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Key:
    """An Ed25519 key pair. Keep the private half where your other secrets are."""

    private: Ed25519PrivateKey

    @classmethod
    def make(cls) -> "Key":
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def read(cls, pem: bytes) -> "Key":
        """From PKCS 8. Raises `ValueError` for a key of another kind."""
        found = load_pem_private_key(pem, None)
        if not isinstance(found, Ed25519PrivateKey):
            raise ValueError("This is not an Ed25519 key")
        return cls(found)

    @property
    def pem(self) -> bytes:
        return self.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    @property
    def x(self) -> str:
        """The public half, as `x` of its JWK."""
        return encode(self.private.public_key().public_bytes_raw())

    @property
    def jwk(self) -> dict[str, str]:
        """The public half, to be registered."""
        return {"kty": "OKP", "crv": "Ed25519", "x": self.x}

    @property
    def kid(self) -> str:
        """The key's name: its thumbprint (RFC 7638)."""
        return thumbprint(self.x)

    def jws(self, header: Mapping[str, Any], payload: bytes) -> str:
        """A compact JWS (RFC 7515) over exactly these bytes."""
        signed = f"{encode(rfc8785.dumps(dict(header)))}.{encode(payload)}"
        return f"{signed}.{encode(self.private.sign(signed.encode('ascii')))}"


def thumbprint(x: str) -> str:
    """RFC 7638, of an Ed25519 key."""
    return encode(hashlib.sha256(rfc8785.dumps({"kty": "OKP", "crv": "Ed25519", "x": x})).digest())


def verified(jws: str, x: str) -> dict[str, Any]:
    """What a JWS says, if the key `x` has signed it. Raises `InvalidSignature` or `ValueError`."""
    header, payload, signature = jws.split(".")
    Ed25519PublicKey.from_public_bytes(decode(x)).verify(decode(signature), f"{header}.{payload}".encode("ascii"))
    if json.loads(decode(header)) != {"alg": "EdDSA", "kid": thumbprint(x), "typ": "vivavoce+jws"}:
        raise ValueError("The header is not that of a statement of this key")
    return cast(dict[str, Any], json.loads(decode(payload)))


class Authority(Protocol):
    """Whoever signs for the State: a key here, or a call to the machine or the person that holds it."""

    def sign(self, statement: Mapping[str, Any]) -> str:
        """The statement as a compact JWS. Refuse by raising: nothing is sent then."""


@dataclass(frozen=True)
class KeyAuthority:
    """An authority whose key lies here."""

    key: Key

    def sign(self, statement: Mapping[str, Any]) -> str:
        header = {"alg": "EdDSA", "kid": self.key.kid, "typ": "vivavoce+jws"}
        return self.key.jws(header, rfc8785.dumps(dict(statement)))


# --- what the service answers ------------------------------------------------------------------------------------


class Problem(Exception):
    """A refusal (RFC 9457). Decide by `code`; `detail` is for a person; `more` holds what is known more exactly."""

    def __init__(self, answer: httpx.Response) -> None:
        try:
            found = answer.json()
        except ValueError:
            found = {}
        self.more: dict[str, Any] = found if isinstance(found, dict) else {}
        self.status = answer.status_code
        self.code = str(self.more.get("code", "unreadable"))
        self.detail = str(self.more.get("detail", answer.reason_phrase))
        self.retry_after = int(answer.headers.get("retry-after", 0))
        super().__init__(f"{self.status} {self.code}: {self.detail}")


class NotThere(Problem):
    """404: there is no such thing, or it was not shared with this State."""


class NotAllowed(Problem):
    """401 or 403: not with this token, key, scope or signature."""


class NotNow(Problem):
    """409, 412, 428: not as things stand. Read again and decide again."""


class NotRight(Problem):
    """400, 413, 415, 422: the request itself must be mended."""


_PROBLEMS: Mapping[int, type[Problem]] = {
    **dict.fromkeys((400, 413, 415, 422), NotRight),
    **dict.fromkeys((401, 403), NotAllowed),
    404: NotThere,
    **dict.fromkeys((409, 412, 428), NotNow),
}


class RequestSummary(TypedDict):
    """A request in a list."""

    id: str
    reference: str
    requesting_state: str
    requested_state: str
    status: str
    version: int
    created_at: str
    submitted_at: str | None
    answered_at: str | None
    answer_due: str | None
    info_due: str | None


class Request(RequestSummary):
    """A request, whole; `content` has every field a person fills in."""

    priority: int
    answered_ground: str
    answered_reason: str
    conditions: str
    condition_rules: list[dict[str, Any]]
    content: dict[str, Any]


class Place(TypedDict):
    """One of the two courts, and what its clocks show at the start."""

    state: str
    city: str
    zone: str
    language: str
    start: str


class Hearing(TypedDict):
    """A hearing."""

    ref: str
    request_id: str
    case_number: str
    status: str
    starts_at: str
    ends_at: str
    wall_start: str
    wall_zone: str
    recording_policy: str
    participant_classes: list[str]
    requesting: Place
    requested: Place


class Offer(TypedDict):
    """A time on the table."""

    hearing: str
    id: str
    by_state: str
    status: str
    starts_at: str
    ends_at: str
    wall_start: str
    wall_zone: str


class Agreement(TypedDict):
    """A technical agreement: each line says what came of it and why."""

    hearing: str
    number: int
    status: str
    round: int
    by_state: str
    lines: list[dict[str, Any]]
    session: dict[str, Any] | None
    terms: dict[str, Any]
    terms_sha256: str
    signed_by: list[str]


class Signature(TypedDict):
    """A signed statement, byte for byte, and the key that checks it."""

    state: str
    act: str
    about: str
    kid: str
    public_key: str
    authority: str
    signed_at: str
    received_at: str
    jws: str


class Letter(TypedDict):
    """One letter of what a request must say."""

    letter: str
    asks: str
    found: str


class Completeness(TypedDict):
    """What a request must say, and whether it does."""

    complete: bool
    letters: list[Letter]


class Webhook(TypedDict):
    """A webhook; `secret` is there once, when it is made."""

    id: str
    url: str
    events: list[str]
    secret: str


class Invitation(TypedDict):
    """A link to join a hearing by, and its PIN. They are there once: give them to the person by two different ways."""

    hearing: str
    participant: str
    status: str
    replaced: bool
    address: str
    pin: str


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


# --- the client --------------------------------------------------------------------------------------------------


@dataclass
class Vivavoce:
    """The API of one installation, for one client of one State. Safe to use from several threads.

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
                if answer.status_code != 200:
                    raise _PROBLEMS.get(answer.status_code, Problem)(answer)
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
            problem = _PROBLEMS.get(answer.status_code, Problem)(answer)
            if not left or not self._mended(problem):
                raise problem
        raise AssertionError("unreachable")

    def _proved(self, method: str, path: str) -> dict[str, str]:
        token = self.token()
        return {"authorization": f"DPoP {token}", "dpop": self._proof(method, path, token)}

    def _mended(self, problem: Problem) -> bool:
        """Whether to try again at once: with a new token, or when we were to come back later and have waited."""
        if problem.code == "token_invalid":
            self.token(anew=True)
            return True
        if problem.status in (429, 503) and 0 < problem.retry_after <= 60:
            time.sleep(problem.retry_after)
            return True
        return False

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

        `statement` is where it is read. `body` goes in the place of the example's; nothing: the terms as they stand.
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
                        raise _PROBLEMS.get(answer.status_code, Problem)(answer)
                    for event in _parsed(answer.iter_lines()):
                        if event.id not in seen:
                            seen.add(event.id)
                            since = event.id
                            yield event
                        if time.monotonic() >= until:
                            return
            except httpx.TransportError:
                time.sleep(0.5)

    # Requests.

    def requests(self, **params: str) -> Iterator[RequestSummary]:
        """Requests made or received (`side`, `status`), newest first."""
        return self.pages("/requests", **params)

    def request(self, request_id: str) -> Request:
        """A request. Reading another State's is seen by it."""
        return cast(Request, self.get(f"/requests/{request_id}"))

    def draft(self, requested_state: str, content: Mapping[str, Any]) -> Request:
        """Begin a request."""
        return cast(Request, self.post("/requests", {"requested_state": requested_state, "content": dict(content)}))

    def submit(self, request_id: str) -> Request:
        """Submit a draft, signed as it stands."""
        path = f"/requests/{request_id}"
        return cast(Request, self.signed(f"{path}/submit", f"{path}/statements/submit_request"))

    def completeness(self, request_id: str) -> Completeness:
        """What a request must say, and what of it there is."""
        return cast(Completeness, self.get(f"/requests/{request_id}/completeness"))

    def acknowledge(self, request_id: str) -> Request:
        """Take a request up."""
        return cast(Request, self.post(f"/requests/{request_id}/acknowledge"))

    def ask(self, request_id: str, question: str, due: str | None = None) -> Request:
        """Ask the requesting State for what is missing."""
        return cast(Request, self.post(f"/requests/{request_id}/ask", {"question": question, "due": due}))

    def accept(self, request_id: str, reason: str = "") -> Request:
        """Accept, signed."""
        path = f"/requests/{request_id}"
        return cast(Request, self.signed(f"{path}/accept", f"{path}/statements/accept_request", {"reason": reason}))

    def refuse(self, request_id: str, ground: str, reasons: str) -> Request:
        """Refuse on a ground of the closed list, signed."""
        path, body = f"/requests/{request_id}", {"ground": ground, "reasons": reasons}
        return cast(Request, self.signed(f"{path}/refuse", f"{path}/statements/refuse_request", body))

    def signatures(self, path: str) -> list[Signature]:
        """What was signed about `/requests/…`, `/hearings/…` or an agreement."""
        return cast(list[Signature], self.get(f"{path}/signatures")["items"])

    # Hearings.

    def hearing(self, ref: str) -> Hearing:
        """A hearing."""
        return cast(Hearing, self.get(f"/hearings/{ref}"))

    def offers(self, ref: str) -> list[Offer]:
        """The times on the table. Those of the other State count as read from now on."""
        return cast(list[Offer], self.get(f"/hearings/{ref}/offers")["items"])

    def accept_offer(self, ref: str, offer_id: str) -> Hearing:
        """Accept one of the times, signed over the terms it makes."""
        path = f"/hearings/{ref}/offers/{offer_id}"
        return cast(Hearing, self.signed(f"{path}/accept", f"{path}/statement"))

    def counter(self, ref: str, time_: Mapping[str, Any], reason: str) -> Hearing:
        """Ask for another time."""
        return cast(Hearing, self.post(f"/hearings/{ref}/counter", {**time_, "reason": reason}))

    def agreements(self, ref: str) -> list[Agreement]:
        """The technical agreements of a hearing, whole, the newest first."""
        found = self.get(f"/hearings/{ref}/agreements")["items"]
        return [cast(Agreement, self.get(f"/hearings/{ref}/agreements/{one['number']}")) for one in found]

    def sign_agreement(self, ref: str, number: int) -> Agreement:
        """Sign the terms on the table."""
        path = f"/hearings/{ref}/agreements/{number}"
        return cast(Agreement, self.signed(f"{path}/sign", f"{path}/statement"))

    def subscribe(self, url: str, events: list[str]) -> Webhook:
        """Make a webhook. Keep its secret: it is told once, so where that answer was lost another one is made."""
        made = self.post("/webhooks", {"url": url, "events": events})
        if made["secret"] is None:
            self.call("DELETE", f"/webhooks/{made['id']}")
            return self.subscribe(url, events)
        return cast(Webhook, made)

    def invite(self, ref: str, participant: str) -> Invitation:
        """Make the link somebody joins by; an earlier one dies. Where the answer was lost another one is made."""
        made = self.post(f"/hearings/{ref}/participants/{participant}/invitation")
        return self.invite(ref, participant) if made["pin"] is None else cast(Invitation, made)

    def uninvite(self, ref: str, participant: str) -> None:
        """Let somebody's link die; who has come by it is sent out."""
        self.call("DELETE", f"/hearings/{ref}/participants/{participant}/invitation")


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
