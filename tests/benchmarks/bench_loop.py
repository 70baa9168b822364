"""How long one hostile input holds the event loop of a served installation: at most 100 ms.

Run by hand: `.venv/bin/python -m tests.benchmarks.bench_loop [--only NAME] [--sockets 1500]`. Exits 1 when an input
holds it longer, or when half-sent requests keep others from being answered.

The server is `vivavoce` as `serve` configures it, with a demonstration, in a process of its own, its rate limits raised
so that every input is read. Each reader of `tests.support.hostile_web` gets each of its shapes, at the allowed size,
over HTTP or a WebSocket, signed in where that is needed: as a clerk and an administrator, and as a client of the API. A
task in the server wakes every 5 ms and notes how much processor time the thread of the loop has used since it woke
last: that is how long others waited, whatever else the machine does. Time by the clock stands beside it.

Then come `--sockets` connections that send half a head, from one address: how many stay, and how soon another answers.
"""

import argparse
import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from hearings import queries
from hearings.people import logins
from tests.support import api_client
from tests.support.api_client import ApiInstallation, Client
from tests.support.hostile import Parser
from tests.support.hostile_web import MULTIPART, PARSERS, PDF, READ_BY, TAKEN
from tests.support.installation import BASE, free_port, prepare
from web import cli, sockets
from web.api.bodies import FORM
from web.app import create_app
from web.server.security import BODY_LIMIT, UPLOAD_LIMIT
from web.server.sign_in import COOKIE
from web.settings import Settings
from web.sockets import HEAD_BYTES

MOST = 0.100
BEAT = 0.005
HEAD_ROOM = HEAD_BYTES - 2048
"""Bytes of one header, beside the others of its request."""
UPLOAD = UPLOAD_LIMIT - 65_536


# --- the server --------------------------------------------------------------------------------------------------


class Watch:
    """The longest the loop was held since it was last asked."""

    def __init__(self) -> None:
        self.used = self.waited = 0.0
        self.task: asyncio.Task[None] | None = None

    async def _beat(self) -> None:
        used, at = time.thread_time(), time.monotonic()
        while True:
            await asyncio.sleep(BEAT)
            now_used, now = time.thread_time(), time.monotonic()
            self.used, self.waited = max(self.used, now_used - used), max(self.waited, now - at - BEAT)
            used, at = now_used, now

    async def show(self, _request: Request) -> JSONResponse:
        if self.task is None:
            self.task = asyncio.create_task(self._beat())
        found = {"used": self.used, "waited": self.waited}
        self.used = self.waited = 0.0
        return JSONResponse(found)


def serve() -> None:
    """Be the server."""
    settings = Settings.from_environment(os.environ)
    config = cli.configuration(settings)
    app = create_app(settings)
    app.router.routes.insert(0, Route("/static/watch", Watch().show))
    rates = app.state.parts.buckets.rates
    rates |= dict.fromkeys(rates, cli_rate())
    config.app = app
    sockets.Server(config).run()


def cli_rate() -> object:
    """One that is never met."""
    from web.buckets import Rate

    return Rate(per_minute=10_000_000, burst=10_000_000)


# --- who asks ----------------------------------------------------------------------------------------------------


@dataclass
class Known:
    """A login, a client of the API, and where they are served."""

    port: int
    ref: str
    cookie: str
    client: Client
    http: httpx.AsyncClient

    async def held(self) -> tuple[float, float]:
        """What the watch says; it begins anew."""
        await asyncio.sleep(BEAT * 2)
        found = (await self.http.get("/static/watch")).json()
        return found["used"], found["waited"]


@contextlib.asynccontextmanager
async def served() -> AsyncIterator[Known]:
    """A demonstration, served, with who is needed."""
    with tempfile.TemporaryDirectory() as folder:
        data = prepare(Path(folder) / "data")
        port = free_port()
        settings = Settings(data=data, port=port, public_url=BASE, udp_ports="45100-45199")
        made = await cli._seed(settings, "demo.vivavoce.example/hearing+00000000+AA==", again=False)
        installation = ApiInstallation(settings)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as http:
            installation.http = http
            async with installation.database.transaction() as db:
                person = cli.match(await queries.people(db), "clerk")
                person.functions = [*person.functions, "administrator"]
                db.add(person)
                secret = await logins.issue_sign_in_link(db, person=person, now=datetime.now(UTC))
            client = await installation.client("RO")
            environment = {name: text for name, text in os.environ.items() if not name.startswith("VIVAVOCE_")}
            told = {"DATA": data, "PORT": port, "PUBLIC_URL": BASE, "UDP_PORTS": "45100-45199", "SCHEDULER": "no"}
            environment |= {f"VIVAVOCE_{name}": str(value) for name, value in told.items()}
            process = subprocess.Popen(  # noqa: ASYNC220  it is begun once
                [sys.executable, "-m", "tests.benchmarks.bench_loop", "--serve"], env=environment
            )
            try:
                await _answers(http)
                answer = await http.post("/s", data={"secret": secret}, headers={"origin": BASE})
                cookie = answer.headers["set-cookie"].partition(";")[0].partition("=")[2]
                yield Known(port, made.hearing.ref, cookie, client, http)
            finally:
                process.terminate()
                process.wait(20)
                await installation.database.close()


async def _answers(http: httpx.AsyncClient) -> None:
    for _ in range(600):
        with contextlib.suppress(httpx.HTTPError):
            if (await http.get("/healthz")).status_code == 200:
                return
        await asyncio.sleep(0.1)
    raise SystemExit("the server does not answer")


# --- what is sent ------------------------------------------------------------------------------------------------

Ask = Callable[[Known, bytes], "asyncio.Future[int]"]


def request(
    method: str, path: str, size: int, *, kind: bytes = b"", header: bytes = b"", query: bool = False
) -> tuple[int, object]:
    """How much of a shape goes into a request, and the request: in its body, or in one of its headers."""

    async def ask(known: Known, data: bytes) -> int:
        where = path.format(ref=known.ref)
        lines = {b"host": b"localhost:8000", b"connection": b"close", b"origin": BASE.encode()}
        if where.startswith("/api/"):
            token = await known.client.token()
            lines |= {b"authorization": b"DPoP " + token.encode()}
            lines |= {b"dpop": known.client.proof(method, BASE + where, token).encode()}
        else:
            lines |= {b"cookie": f"{COOKIE}={known.cookie}".encode()}
        if kind:
            lines |= {b"content-type": kind, b"content-length": str(len(data)).encode()}
        if header:
            lines[header] = data
        head = b"".join(name + b": " + value + b"\r\n" for name, value in lines.items())
        if query:
            where += f"?after={quote(data, safe='=&;,')}"[:HEAD_ROOM]
        reader, writer = await asyncio.open_connection("127.0.0.1", known.port)
        with contextlib.suppress(ConnectionError):
            writer.write(f"{method} {where} HTTP/1.1\r\n".encode() + head + b"\r\n" + (data if kind else b""))
            await writer.drain()
        told = b""
        with contextlib.suppress(ConnectionError):
            told = await reader.readline()
            await reader.read()
        writer.close()
        return int([*told.split(), b"", b"0"][1] or 0)

    return size, ask


def frames(path: str) -> tuple[int, object]:
    """A message of a live page."""

    async def ask(known: Known, data: bytes) -> int:
        address = f"ws://127.0.0.1:{known.port}{path.format(ref=known.ref)}"
        try:
            async with connect(address, origin=BASE, open_timeout=60) as line:
                await line.send(data.decode("utf-8", "replace"))
                await line.recv()
        except (WebSocketException, OSError):
            return 101
        return 101

    return 65_000, ask


API = api_client.API
_HEADERS = {
    name: [
        request("GET", "/sign-in", HEAD_ROOM, header=name.removeprefix("header ").encode()),
        request("GET", f"{API}/client", HEAD_ROOM, header=name.removeprefix("header ").encode()),
    ]
    for name in READ_BY
    if name.startswith("header ")
}
_JSON = request("POST", f"{API}/requests", 1 << 20, kind=b"application/json")
WAYS: Mapping[str, list[tuple[int, object]]] = {
    **_HEADERS,
    "header host": [request("POST", "/s", HEAD_ROOM, header=b"host")],
    "header origin": [request("POST", "/s", HEAD_ROOM, header=b"origin")],
    "header content-type": [request("POST", "/s", HEAD_ROOM, header=b"content-type")],
    "header range": [request("GET", "/static/css/page.css", HEAD_ROOM, header=b"range")],
    "uvicorn x-forwarded-for": [request("GET", "/sign-in", HEAD_ROOM, header=b"x-forwarded-for")],
    "query": [request("GET", "/docket", HEAD_ROOM, query=True)],
    "body web/agreement/line_test_pages.py": [_JSON],
    "body web/api/bodies.py": [_JSON],
    "body web/sitting/recording_pages.py": [_JSON],
    "body web/hearing/island_requests.py": [request("POST", "/h/{ref}/media", 65_536, kind=b"application/sdp")],
    "body web/hearing/network_pages.py": [_JSON],
    "form web/documents/file_pages.py": [request("POST", "/requests/RO-2026-0001/documents", UPLOAD, kind=MULTIPART)],
    "form web/people/directory_pages.py": [request("POST", "/directory", UPLOAD, kind=MULTIPART)],
    "form web/server/forms.py": [
        request("POST", "/s", BODY_LIMIT, kind=FORM.encode()),
        request("POST", "/s", BODY_LIMIT, kind=MULTIPART),
        request("POST", "/requests/new", BODY_LIMIT, kind=FORM.encode()),
    ],
    "api json": [_JSON],
    "api signed": [
        request("POST", f"{API}/requests/a/submit", 1 << 20, kind=b"application/jose"),
        request("POST", f"{API}/requests/a/submit", 1 << 20, kind=b"application/json"),
    ],
    "api form": [request("POST", f"{API}/oauth/token", 1 << 20, kind=FORM.encode())],
    "api file": [request("POST", f"{API}/requests/a/attachments", UPLOAD, kind=MULTIPART)],
    "api pdf": [request("POST", f"{API}/requests/a/attachments", UPLOAD, kind=b"application/pdf")],
    "api table": [request("POST", f"{API}/directory/table.csv", 2_000_000, kind=b"text/csv")],
    "websocket web/live/connections.py": [frames("/h/{ref}/ws")],
}
"""How each thing the code reads is reached. What the verifier reads comes by no request."""
BY_NAME: Mapping[str, Parser] = {parser.name: parser for parser in (*PARSERS, PDF)}
GENERAL = {"a": b"a", "quotes": b'\\"', "commas": b"a,"}


def shapes(read: str) -> Iterator[tuple[str, Callable[[int], bytes]]]:
    """The shapes of all readers of a thing; of one that is only compared, some."""
    for name in READ_BY[read]:
        if name == TAKEN:
            yield from ((word, lambda size, one=piece: one * (size // len(one))) for word, piece in GENERAL.items())
        else:
            yield from BY_NAME[name].shapes.items()


def fits(read: str, data: bytes) -> bool:
    """Whether bytes can stand in a header; a body takes any."""
    return not read.startswith(("header", "uvicorn")) or not any(byte < 32 or byte == 127 for byte in data)


async def measure(known: Known, only: str) -> bool:
    """Every input; whether none held the loop too long."""
    good, worst = True, 0.0
    for read, ways in WAYS.items():
        if only not in read:
            continue
        longest, inputs, statuses = (0.0, 0.0, ""), 0, set()
        for _size, ask in ways:  # what is made at the first request only: the API, templates
            await ask(known, b"a")  # type: ignore[operator]
        for shape, make in shapes(read):
            for size, ask in ways:
                data = make(size)[:size]
                if not fits(read, data):
                    continue
                await known.held()
                statuses.add(await ask(known, data))  # type: ignore[operator]
                used, waited = await known.held()
                longest, inputs = max(longest, (used, waited, shape)), inputs + 1
        held, waited, shape = longest
        good, worst = good and held <= MOST, max(worst, held)
        said = "" if held <= MOST else "  TOO LONG"
        print(
            f"{read:40} {inputs:5} inputs  held {held * 1000:6.1f} ms (clock {waited * 1000:6.1f}) by {shape:30.30}"
            f"  {sorted(statuses)}{said}",
            flush=True,
        )
    print(f"held {worst * 1000:.1f} ms at most; {MOST * 1000:.0f} are allowed")
    return good


async def half_sent(known: Known, count: int) -> bool:
    """Many half heads from one address; whether another client is answered meanwhile, and they end."""
    lines = []
    for _ in range(count):
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", known.port, local_addr=("127.0.0.2", 0))
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nCookie: ")
            lines.append((reader, writer))
    begun = time.monotonic()
    answered = (await known.http.get("/sign-in")).status_code == 200
    took = time.monotonic() - begun
    open_now = await _still_open(lines)
    await asyncio.sleep(12)
    for reader, _writer in lines:  # the 408 of those that were told so
        with contextlib.suppress(ConnectionError, TimeoutError):
            await asyncio.wait_for(reader.read(), 0.05)
    left = await _still_open(lines)
    print(
        f"{len(lines)} half-sent heads from one address: {open_now} stay at first, {left} after 12 s; "
        f"another client is answered in {took * 1000:.0f} ms"
    )
    for _reader, writer in lines:
        writer.transport.abort()
    return answered and left == 0


async def _still_open(lines: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]) -> int:
    await asyncio.sleep(0.5)
    return sum(not (reader.at_eof() or reader.exception()) for reader, _ in lines)


async def run(options: argparse.Namespace) -> bool:
    """All of it."""
    async with served() as known:
        good = await measure(known, options.only)
        return await half_sent(known, options.sockets) and good


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", default="")
    parser.add_argument("--sockets", type=int, default=1500)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve()
        return 0
    assert set(WAYS) == set(READ_BY) - {"file of the verifier"}, "a way to each"
    print(json.dumps({"limit_ms": MOST * 1000, "beat_ms": BEAT * 1000}))
    return 0 if asyncio.run(run(options)) else 1


if __name__ == "__main__":
    raise SystemExit(main())
