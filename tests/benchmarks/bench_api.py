"""How often the API answers a read, against an empty 200 route behind the same door: at least a quarter as often.

Run by hand: `.venv/bin/python -m tests.benchmarks.bench_api [--seconds 2] [--rounds 5] [--only NAME]`. Exits 1 when a
ratio does not hold.

The server is `vivavoce` as `serve` configures it (one process, uvicorn, SQLite, 2,000 requests and hearings), in a
process of its own, with its rate limits raised. Two empty routes are added to it here and exist nowhere else. The
yardstick is one of the API's own, which answers 200 without a body to a client whose token, proof and limit hold. The
other stands outside the API, before its mount, and passes every middleware a read passes and nothing else: no token, no
proof, no database. Checking one Ed25519 signature, which each request of a client carries (RFC 9449), takes longer than
all of that route, so nothing behind the door can be a quarter as fast; how often it is stands beside, as a fact.

The load comes from this process over eight kept connections, one request at a time on each, as bytes made beforehand:
each read with a DPoP proof of its own. Rounds take the yardstick and the reads in turns; what counts is the median of
the ratios of the rounds. The processor time of the server for one answer is shown beside it, for a busy machine.
"""

import argparse
import asyncio
import base64
import functools
import hashlib
import itertools
import json
import os
import random
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import update
from sqlmodel import select
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings.actors import Actor
from hearings.db import Database
from hearings.models import Hearing, HearingRequest
from hearings.outward import api_clients
from hearings.status import RequestStatus
from tests.benchmarks.bench_start import COMMAND, free_port
from tests.benchmarks.filled import fill
from web import api_app as api, cli
from web.api.access import Caller
from web.api.routes import Resource
from web.app import create_app
from web.settings import Settings

RATIO = 0.25
ROWS = 2_000
CONNECTIONS = 8
EMPTY, ADMITTED = "/api/v1/empty", "/api/v1/admitted"
STATE = "RO"
MOST_PROOFS = 90_000
"""The server remembers 100,000 proofs of a minute, and asks for patience after that."""


# --- the server --------------------------------------------------------------------------------------------------


async def _empty(_request: Request) -> Response:
    return Response()


_router = Resource("bench")


@_router.read("/admitted", scope="")
async def _admitted(caller: Caller) -> Response:
    """Nothing, for a client that has proved itself."""
    return Response()


def serve() -> None:
    """Be the server: the application of the settings in the environment, and the empty route."""
    settings = Settings.from_environment(os.environ)
    config = cli.configuration(settings)
    vars(api)["RESOURCES"] = (*api.RESOURCES, SimpleNamespace(router=_router))
    app = create_app(settings)
    app.router.routes.insert(0, Route(EMPTY, _empty))
    rates = app.state.parts.buckets.rates
    rates |= dict.fromkeys(("api_token", "api_refused", "api_description"), rates["api"])
    config.app = app
    uvicorn.Server(config).run()


def used(pid: int) -> float:
    """Seconds of processor time a process has used, with all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# --- what is read ------------------------------------------------------------------------------------------------


@dataclass
class Known:
    """A token, the key it is bound to, and addresses to read."""

    origin: str
    token: str
    key: Ed25519PrivateKey
    paths: dict[str, list[str]]
    jwk: dict[str, str] = field(init=False)
    ath: str = field(init=False)

    def __post_init__(self) -> None:
        self.jwk = jwk_of(self.key)
        self.ath = encode(hashlib.sha256(self.token.encode()).digest())

    def request(self, path: str) -> bytes:
        """A request with a proof made now."""
        host = self.origin.partition("//")[2]
        lines = [f"GET {path} HTTP/1.1", f"Host: {host}"]
        if not path.startswith(EMPTY):
            lines += [f"Authorization: DPoP {self.token}", f"DPoP: {self.proof(path.partition('?')[0])}"]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")

    def proof(self, path: str) -> str:
        """RFC 9449."""
        header = {"typ": "dpop+jwt", "alg": "EdDSA", "jwk": self.jwk}
        claims = {"htm": "GET", "htu": self.origin + path, "iat": int(time.time()), "jti": secrets.token_hex(8)}
        message = ".".join(encode(json.dumps(part).encode()) for part in (header, claims | {"ath": self.ath}))
        return f"{message}.{encode(self.key.sign(message.encode()))}"


def encode(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def jwk_of(key: Ed25519PrivateKey) -> dict[str, str]:
    """The public key as JWK."""
    return {"crv": "Ed25519", "kty": "OKP", "x": encode(key.public_key().public_bytes_raw())}


async def prepare(url: str, origin: str) -> Known:
    """Fill the database, register a client, give it a token. All requests are submitted and filled in."""
    database, now, key = Database(url), datetime.now(UTC), Ed25519PrivateKey.generate()
    await fill(database, ROWS, 0)
    admin = Actor(id="bench", label="Bench", state=STATE, functions=frozenset({"administrator"}))
    text = "The witness saw the defendant at the harbour and is to say when, with whom, and what was loaded. " * 4
    filled = dict.fromkeys(("offence_summary", "offences", "purpose", "rights_notice_requesting"), text)
    async with database.transaction() as db:
        await db.exec(update(HearingRequest).values(status=RequestStatus.submitted, **filled))
        client = await api_clients.register(
            db, name="Bench", scopes=list(api_clients.SCOPES), jwks=[jwk_of(key)], actor=admin, now=now
        )
        thumbprint = encode(hashlib.sha256(json.dumps(jwk_of(key), separators=(",", ":")).encode()).digest())
        token, _row = await api_clients.issue_token(db, client=client, scopes=client.scopes, jkt=thumbprint, now=now)
    async with database.reading() as db:
        requests = (await db.exec(select(HearingRequest).where(HearingRequest.owner_state == STATE))).all()
        hearings = (await db.exec(select(Hearing).where(Hearing.owner_state == STATE))).all()
        others = (await db.exec(select(Hearing).where(Hearing.requested_state == STATE))).all()
    await database.close()
    base = "/api/v1"
    paths = {
        "a request": [f"{base}/requests/{request.id}" for request in requests],
        "a request by reference": [f"{base}/requests/{request.reference}" for request in requests],
        "a hearing": [f"{base}/hearings/{hearing.ref}" for hearing in hearings],
        "its history": [f"{base}/hearings/{hearing.ref}/history" for hearing in hearings],
        "States": [f"{base}/states"],
        "problems": [f"{base}/problems"],
        "requests, 10": [f"{base}/requests?limit=10"],
        "hearings, 10": [f"{base}/hearings?limit=10"],
        "requests, 50": [f"{base}/requests"],
        "hearings, 50": [f"{base}/hearings"],
        "another State's, noted": [f"{base}/hearings/{other.ref}" for other in others],
    }
    return Known(origin, token, key, paths)


# --- the load ----------------------------------------------------------------------------------------------------


class Connection(asyncio.Protocol):
    """Sends the next request when the last one is answered, until there is none."""

    def __init__(self, requests: Iterator[bytes], done: asyncio.Future[None]) -> None:
        self.requests = requests
        self.done = done
        self.got = bytearray()
        self.wanted = 0
        self.answers: dict[int, int] = {}
        self.bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]
        self._next()

    def _next(self) -> None:
        request = next(self.requests, None)
        if request is None:
            if not self.done.done():
                self.done.set_result(None)
            self.transport.close()
            return
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Count an answer when it is whole."""
        self.got += data
        if not self.wanted:
            head = self.got.find(b"\r\n\r\n")
            if head < 0:
                return
            lower = self.got[:head].lower()
            length = lower.partition(b"\ncontent-length:")[2].partition(b"\r")[0]
            self.wanted = head + 4 + int(length)
        if len(self.got) >= self.wanted:
            status = int(self.got[9:12])
            self.answers[status] = self.answers.get(status, 0) + 1
            self.bytes += self.wanted
            del self.got[: self.wanted]
            self.wanted = 0
            self._next()

    def connection_lost(self, _error: Exception | None) -> None:
        """Nothing more comes."""
        if not self.done.done():
            self.done.set_exception(ConnectionError("the server has closed the connection"))


async def load(port: int, requests: Sequence[bytes]) -> float:
    """Send them all; the seconds it took. Every answer must be 200."""
    loop, queue = asyncio.get_running_loop(), iter(requests)
    connections, waiting = [], []
    began = time.perf_counter()
    for _number in range(CONNECTIONS):
        done = loop.create_future()
        waiting.append(done)
        _transport, connection = await loop.create_connection(
            functools.partial(Connection, queue, done), "127.0.0.1", port
        )
        connections.append(connection)
    await asyncio.gather(*waiting)
    taken = time.perf_counter() - began
    answers: dict[int, int] = {}
    for status, count in itertools.chain.from_iterable(one.answers.items() for one in connections):
        answers[status] = answers.get(status, 0) + count
    if answers != {200: len(requests)}:
        raise SystemExit(f"not every answer was 200: {answers}")
    return taken


@dataclass
class Measured:
    """Of one address: answers in a second and milliseconds of the server's processor for one, by round."""

    rates: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)


async def measure(port: int, pid: int, known: Known, options: argparse.Namespace) -> dict[str, Measured]:
    """All of them in turns, each about as long."""
    wanted = {
        "empty": [EMPTY],
        "admitted": [ADMITTED],
        **{name: paths for name, paths in known.paths.items() if options.only in name},
    }
    found = {name: Measured() for name in wanted}
    counts, chance, proofs = dict.fromkeys(wanted, 200), random.Random(1), 0
    for turn in range(options.rounds + 1):
        for name, paths in wanted.items():
            proofs += counts[name] if name != "empty" else 0
            if proofs > MOST_PROOFS:
                raise SystemExit("more proofs than the server remembers in a minute: fewer --seconds")
            requests = [known.request(chance.choice(paths)) for _ in range(counts[name])]
            before = used(pid)
            taken = await load(port, requests)
            rate = len(requests) / taken
            counts[name] = max(50, int(rate * options.seconds))
            if turn:  # the first is for warming up and for how many there are to be
                found[name].rates.append(rate)
                found[name].costs.append((used(pid) - before) * 1000 / len(requests))
    return found


def report(found: dict[str, Measured]) -> bool:
    """Print; whether every ratio holds."""
    empty, admitted, held = found.pop("empty"), found.pop("admitted"), True
    print(f"{'':26} answers/s   ms of processor   of the yardstick (least, most)   of the route outside")
    print(f"{'empty, outside the API':26} {statistics.median(empty.rates):9.0f} {statistics.median(empty.costs):13.3f}")
    for name, one in {"empty, in the API": admitted, **found}.items():
        ratios = [rate / yardstick for rate, yardstick in zip(one.rates, admitted.rates, strict=True)]
        outside = statistics.median(rate / other for rate, other in zip(one.rates, empty.rates, strict=True))
        good = statistics.median(ratios) >= RATIO
        held &= good
        print(
            f"{name:26} {statistics.median(one.rates):9.0f} {statistics.median(one.costs):13.3f}"
            f" {statistics.median(ratios):12.0%} ({min(ratios):.0%}, {max(ratios):.0%}) {outside:20.1%}"
            f"{'' if good else '   !'}"
        )
    return held


def main() -> None:
    """Make a data folder, serve it, ask."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="part of a name")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve()
        return
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        origin = f"http://localhost:{port}"
        env = {name: value for name, value in os.environ.items() if not name.startswith("VIVAVOCE_")}
        env |= {"VIVAVOCE_DATA": f"{folder}/data", "VIVAVOCE_PORT": str(port), "VIVAVOCE_PUBLIC_URL": origin}
        env |= {"VIVAVOCE_API_PER_MINUTE": "1000000", "VIVAVOCE_API_BURST": "1000000", "VIVAVOCE_SCHEDULER": "no"}
        subprocess.run([COMMAND, "init"], env=env, check=True, stdout=subprocess.DEVNULL)
        known = asyncio.run(prepare(f"sqlite+aiosqlite:///{folder}/data/vivavoce.db", origin))
        server = subprocess.Popen([sys.executable, "-m", "tests.benchmarks.bench_api", "--serve"], env=env)
        try:
            asyncio.run(reached(port, known))
            found = asyncio.run(measure(port, server.pid, known, options))
        finally:
            server.terminate()
            server.wait(30)
    raise SystemExit(0 if report(found) else f"a read is answered less than {RATIO:.0%} as often as the yardstick")


async def reached(port: int, known: Known) -> None:
    """Wait until the server answers, the API included; then one second more, so that no proof is older than it."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            await load(port, [known.request(EMPTY)])
            break
        except OSError:
            await asyncio.sleep(0.1)
    await asyncio.sleep(1.1)


if __name__ == "__main__":
    main()
