"""Clients of the API that do the whole dance (assertion, token, proof of each request) against the real application."""

import hashlib
import itertools
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from pyrage import x25519

from hearings.actors import Actor
from hearings.agreement import profiles
from hearings.outward import api_clients
from hearings.signatures import recipients, signatures, signing_keys
from hearings.signatures.jws import encode
from tests.support.compressed import require_compressed
from tests.support.installation import BASE, Installation
from web.settings import Settings

API = "/api/v1"
TOKEN = f"{BASE}{API}/oauth/token"
EVERYTHING = tuple(api_clients.SCOPES)
UNLIMITED = {"api_per_minute": 1_000_000, "api_burst": 100_000}

CONTENT = {
    "case_number": "1234/P/2027",
    "person_name": "Somchai Wongsa",
    "capacity": "witness",
    "procedure": "criminal_proceedings",
    "stage": "trial",
    "proceeding_nature": "Criminal trial at first instance",
    "proceeding_subject": "Trafficking in persons by an organised criminal group.",
    "conducting_authority": "Tribunalul București, second criminal section",
    "conducting_functions": "Court of first instance in criminal matters",
    "judicial_authority": "Tribunalul București",
    "persons_conducting": "Judge Ioana Popa",
    "offence_summary": "Trafficking in persons by an organised criminal group between 2024 and 2026; the witness saw "
    "the transport of six people from Bangkok to Bucharest and can name who organised it.",
    "offences": "Trafficking in persons, art. 210 of the Criminal Code",
    "offence_scope": ["untoc_offence"],
    "offence_serious": True,
    "offence_transnational": True,
    "offence_organised": True,
    "reason_no_attendance": "not_possible",
    "reason_text": "The witness cares for two small children and cannot travel.",
    "special_procedure": "Hearing by video link with interpretation.",
    "purpose": "Testimony of a witness at the trial, on the transport and those who organised it.",
    "language_of_person": "th",
    "language_of_court": "ro",
    "language_of_request": "en",
    "instruments": ["untoc"],
}
HEARING = {
    "wall_start": "2027-11-29T09:00",
    "wall_zone": "Europe/Bucharest",
    "duration_minutes": 120,
    "requesting_zone": "Europe/Bucharest",
    "requesting_city": "Bucharest",
    "requested_zone": "Asia/Bangkok",
    "requested_city": "Bangkok",
}
NEW_SITE: dict[str, Any] = {
    "name": "Room 4",
    "court": "Tribunalul București",
    "city": "București",
    "zone": "Europe/Bucharest",
    "abilities": {
        "endpoint": "webrtc",
        "audio_codecs": ["opus-fb"],
        "video_codecs": ["vp8"],
        "microphone_hz": 20_000,
        "height": 720,
        "fps": 25,
        "up_least": 5_000,
        "up_target": 20_000,
        "down_least": 5_000,
        "down_target": 20_000,
        "transports": ["udp_direct"],
        "encryption": ["dtls_srtp"],
        "srtp_profiles": ["SRTP_AEAD_AES_256_GCM", "SRTP_AES128_CM_HMAC_SHA1_80"],
        "interpreting": ["consecutive"],
        "channels": 1,
        "recordings": ["sound_and_picture", "sound_only"],
        "key_holders": ["both_states"],
        "formats": ["webm"],
        "private_lines": ["phone"],
        "accessibility": ["wheelchair"],
        "fallbacks": ["phone"],
        "redial": 3,
        "adjourn_after_minutes": 30,
        "room_view": True,
        "document_camera": True,
        "content_sharing": [],
    },
    "details": {
        "room_phone": {"value": "+40 21 555 0104", "confidential": True},
        "who_dials": {"value": "each_dials_room", "confidential": False},
        "pin_told_by": {"value": "phone", "confidential": False},
    },
}
MEASURED: dict[str, Any] = {
    "seconds": 26,
    "rtt_ms": 95.5,
    "loss_percent": 0.2,
    "jitter_ms": 8.1,
    "sound_ahead_ms": -12.5,
    "up_kbps": 4200,
    "down_kbps": 9800,
    "tones": {str(hz): 41.5 for hz in profiles.table()["line_test"]["tones_hz"]},
}
PEOPLE = (
    ("presiding_judge", "Ioana Popa", "RO", "ro"),
    ("requested_authority", "Anong Chaiyasit", "TH", "th"),
    ("witness", "Somchai Wongsa", "TH", "th"),
    ("interpreter", "Malee Suksan", "TH", "th"),
)


@dataclass
class Key:
    """A private key of a client, of one of the two kinds."""

    alg: str
    private: Any

    @classmethod
    def make(cls, alg: str = "EdDSA") -> "Key":
        return cls(alg, Ed25519PrivateKey.generate() if alg == "EdDSA" else ec.generate_private_key(ec.SECP256R1()))

    @property
    def jwk(self) -> dict[str, str]:
        public = self.private.public_key()
        if self.alg == "EdDSA":
            return {"kty": "OKP", "crv": "Ed25519", "x": encode(public.public_bytes_raw())}
        numbers = public.public_numbers()
        return {
            "kty": "EC",
            "crv": "P-256",
            "x": encode(numbers.x.to_bytes(32)),
            "y": encode(numbers.y.to_bytes(32)),
        }

    @property
    def thumbprint(self) -> str:
        text = json.dumps(self.jwk, sort_keys=True, separators=(",", ":"))
        return encode(hashlib.sha256(text.encode()).digest())

    def signature(self, message: bytes) -> bytes:
        if self.alg == "EdDSA":
            return bytes(self.private.sign(message))
        r, s = decode_dss_signature(self.private.sign(message, ec.ECDSA(SHA256())))
        return r.to_bytes(32) + s.to_bytes(32)

    def jws(self, header: dict[str, Any], claims: dict[str, Any]) -> str:
        parts = (encode(json.dumps(part).encode()) for part in ({"alg": self.alg} | header, claims))
        message = ".".join(parts)
        return f"{message}.{encode(self.signature(message.encode()))}"


@dataclass
class Client:
    """A client of one State: its keys, its token, and requests with a fresh proof each."""

    http: httpx.AsyncClient
    id: str
    state: str
    key: Key
    dpop: Key
    seed: bytes
    tokens: dict[str, str] = field(default_factory=dict)

    def assertion(self, header: dict[str, Any] | None = None, **changes: Any) -> str:
        now = int(datetime.now(UTC).timestamp())
        claims = {"iss": self.id, "sub": self.id, "aud": TOKEN, "iat": now, "exp": now + 120} | {"jti": unique()}
        return self.key.jws({"kid": self.key.thumbprint, "typ": "JWT"} | (header or {}), claims | changes)

    def proof(
        self, method: str, url: str, token: str = "", header: dict[str, Any] | None = None, **changes: Any
    ) -> str:
        now = int(datetime.now(UTC).timestamp())
        claims: dict[str, Any] = {"htm": method, "htu": url.partition("?")[0], "iat": now, "jti": unique()}
        if token:
            claims["ath"] = encode(hashlib.sha256(token.encode()).digest())
        return self.dpop.jws({"typ": "dpop+jwt", "jwk": self.dpop.jwk} | (header or {}), claims | changes)

    async def ask_token(
        self, *, assertion: str = "", proof: str = "", scope: str = "", **headers: str
    ) -> httpx.Response:
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": assertion or self.assertion(),
        } | ({"scope": scope} if scope else {})
        return await self.http.post(
            f"{API}/oauth/token", data=form, headers={"dpop": proof or self.proof("POST", TOKEN)} | headers
        )

    async def token(self, scope: str = "") -> str:
        if scope not in self.tokens:
            answer = await self.ask_token(scope=scope)
            assert answer.status_code == 200, answer.text
            self.tokens[scope] = answer.json()["access_token"]
        return self.tokens[scope]

    async def call(
        self, method: str, path: str, *, scope: str = "", headers: dict[str, str] | None = None, **options: Any
    ) -> httpx.Response:
        """A request with token and proof; `headers` go over those it would send."""
        token = await self.token(scope)
        proof = self.proof(method, BASE + API + path, token)
        told = {"authorization": f"DPoP {token}", "dpop": proof} | (headers or {})
        answer = await self.http.request(method, API + path, headers=told, **options)
        require_compressed(answer)
        return answer

    async def get(self, path: str, **options: Any) -> httpx.Response:
        return await self.call("GET", path, **options)

    async def post(self, path: str, body: Any = None, **options: Any) -> httpx.Response:
        return await self.call("POST", path, **({"json": body} if body is not None else {}), **options)

    def sign(self, statement: dict[str, Any]) -> dict[str, str]:
        """What the State's authority would do with its key, which no server has."""
        return {"jws": signatures.sign(statement, seed=self.seed)}

    async def signed(self, path: str, act: str, **body: Any) -> httpx.Response:
        """Do a signed act on a request: fetch its statement, fill it in, sign it, send it."""
        base = path.rpartition("/")[0]
        where = f"{base}/statements/{act}" if base.startswith("/requests/") else f"{base}/statement"
        answer = await self.get(where)
        assert answer.status_code == 200, answer.text
        statement = answer.json()
        return await self.post(path, self.sign(statement | ({"body": body} if body else {})))


_numbers = itertools.count()


def unique() -> str:
    return f"{next(_numbers)}-{secrets.token_urlsafe(8)}"


class ApiInstallation(Installation):
    """An installation, and the clients a test makes."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.seeds: dict[str, bytes] = {}

    async def client(
        self,
        state: str = "RO",
        *,
        scopes: tuple[str, ...] = EVERYTHING,
        sandbox: bool = False,
        alg: str = "EdDSA",
        by: str = "",
    ) -> Client:
        """Register a client, and the signing key of its State's authority where it works. `by`: id of the administrator
        who registers it; one of its own without it."""
        now, key = datetime.now(UTC), Key.make(alg)
        by = by or f"admin-{state}-{next(_numbers)}"
        admin = Actor(id=by, label="Admin", state=state, functions=frozenset({"administrator"}))
        async with self.database.transaction() as db:
            made = await api_clients.register(
                db, name=f"System of {state}", scopes=scopes, jwks=[key.jwk], sandbox=sandbox, actor=admin, now=now
            )
        place = f"{state}{sandbox}"
        if place not in self.seeds:
            self.seeds[place] = secrets.token_bytes(32)
            public = encode(Ed25519PrivateKey.from_private_bytes(self.seeds[place]).public_key().public_bytes_raw())
            async with (self.sandbox if sandbox else self.database).transaction() as db:
                await signing_keys.add(db, state=state, authority_name="Ministry", public_key=public, now=now)
                recipient = str(x25519.Identity.generate().to_public())
                await recipients.add(
                    db, state=state, authority_name="Ministry", kind="requesting", recipient=recipient, now=now
                )
        return Client(self.http, made.id, state, key, Key.make(), self.seeds[place])


def with_api(prepared: Path, folder: Path, **settings: Any) -> ApiInstallation:
    """An installation of its own, as free to one address as to one client."""
    found = ApiInstallation.copy(prepared, folder, public_url=BASE, **settings)
    rates = found.app.state.parts.buckets.rates
    rates |= dict.fromkeys(("api_token", "api_refused", "api_description"), rates["api"])
    return found


async def submitted(client: Client, **content: Any) -> dict[str, Any]:
    """A request of this client's State to Thailand, submitted."""
    made = await client.post("/requests", {"requested_state": "TH", "content": CONTENT | content})
    assert made.status_code == 201, made.text
    answer = await client.signed(f"/requests/{made.json()['id']}/submit", "submit_request")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def accepted(client: Client, other: Client, **content: Any) -> dict[str, Any]:
    """A request that the other State has accepted."""
    request = await submitted(client, **content)
    assert (await other.post(f"/requests/{request['id']}/acknowledge")).status_code == 200
    answer = await other.signed(f"/requests/{request['id']}/accept", "accept_request", reason="")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def keep_rights(client: Client, other: Client, path: str) -> None:
    """Both States answer the items of the rights checklist that the case does not show before a hearing is ready."""
    owed = ((client, "r03_parties_heard"), (other, "r07_summons"), (client, "r22_oath"))
    for who, item in owed:
        answer = await who.post(f"{path}/rights/{item}", {"kind": "kept"})
        assert answer.status_code == 200, answer.text


@dataclass(frozen=True)
class Story:
    """The steps of a case, for tests."""

    content: dict[str, Any]
    hearing: dict[str, Any]
    submitted: Callable[..., Any]
    accepted: Callable[..., Any]


def story() -> Story:
    return Story(dict(CONTENT), dict(HEARING), submitted, accepted)
