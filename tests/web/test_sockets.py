"""Connections: everything a client can leave unfinished comes to an end, and one address leaves room for the others.

Over real sockets: the addresses are of 127.0.0.0/8, which are all this machine's.
"""

import asyncio
import contextlib
import itertools
import subprocess
import sys

import pytest
import uvicorn
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.support.installation import BASE, free_port
from web import sockets
from web.settings import Settings
from web.sockets import ConnectionTable

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\n"
HALVES = {
    "nothing": b"",
    "a letter": b"G",
    "a line": b"GET / HTTP/1.1\r\n",
    "a head without its end": b"GET / HTTP/1.1\r\nHost: x\r\nCookie: a=",
    "a body that is told and not sent": POST + b"Content-Length: 10\r\n\r\n",
    "a body in part": POST + b"Content-Length: 10\r\n\r\nabc",
    "a body in pieces without an end": POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n",
    "the length of a piece": POST + b"Transfer-Encoding: chunked\r\n\r\n5;a=b",
    "what follows a body": POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n",
    "a body that is answered before it is there": b"POST /early HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc",
    "a body announced": POST + b"Content-Length: 10\r\nExpect: 100-continue\r\n\r\n",
    "a second request": REQUEST,
    "a second head in part": REQUEST + b"GET / HT",
    "a second body in part": REQUEST + POST + b"Content-Length: 10\r\n\r\nabc",
    "a first and a second in part at once": REQUEST * 3 + b"GET / HTTP/1.1\r\nA:",
}
TOO_MUCH = {
    "a head without an end": (b"GET / HTTP/1.1\r\n", b"A: " + b"a" * 1021 + b"\r\n", b"HTTP/1.1 4"),
    "a header without an end": (b"GET / HTTP/1.1\r\nA: ", b"a" * 1024, b"HTTP/1.1 4"),
    "an address without an end": (b"GET /", b"a" * 1024, b"HTTP/1.1 4"),
    "many headers": (b"GET / HTTP/1.1\r\n", b"A: b\r\n" * 50, b"HTTP/1.1 4"),
    "many lines after the body": (POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"A: b\r\n" * 100, b""),
    "many requests at once": (b"", b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n" * 50, b""),
}


async def application(scope, receive, send):
    """Reads the body and answers; `/early` answers before, `/slow` much later, `/large` more than anybody reads."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (await receive())["type"] != "websocket.disconnect":
            pass
        return
    more = scope["path"] != "/early"
    while more:
        message = await receive()
        more = message.get("more_body", False)
        if message["type"] == "http.disconnect":
            return
    if scope["path"] == "/slow":
        await asyncio.sleep(20)
    refused = scope["path"] == "/early" and (b"expect-refusal", b"yes") in scope["headers"]
    headers = [(b"connection", b"close")] if refused else []
    await send({"type": "http.response.start", "status": 413 if refused else 200, "headers": headers})
    if scope["path"] == "/large":
        for _ in range(100):
            await send({"type": "http.response.body", "body": bytes(1 << 20), "more_body": True})
    await send({"type": "http.response.body", "body": b"done"})


async def until(holds):
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110  nothing tells when a connection is gone
            await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def serving(**settings):
    protocol = sockets.http_protocol(Settings(**settings))
    port = free_port()
    config = uvicorn.Config(
        application, port=port, http=protocol, ws=sockets.SocketConnection, lifespan="off", log_config=None,
        loop="asyncio", timeout_keep_alive=60, timeout_graceful_shutdown=1,
    )  # fmt: skip
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    try:
        yield port, protocol.room
    finally:
        server.should_exit = True
        await task


@pytest.fixture
def soon(monkeypatch):
    """The same limits, a moment long."""
    for name, value in {"HEAD_SECONDS": 0.5, "IDLE_SECONDS": 0.5, "BODY_SECONDS": 0.5, "WRITE_SECONDS": 0.5}.items():
        monkeypatch.setattr(sockets, name, value)
    monkeypatch.setattr(sockets, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr(sockets, "CLOSE_SECONDS", 0.2)


async def opened(port, address="127.0.0.1"):
    return await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))


async def answer(port, address="127.0.0.1"):
    """What a client that behaves is told."""
    reader, writer = await opened(port, address)
    writer.write(REQUEST.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    try:
        return (await asyncio.wait_for(reader.read(), 20)).partition(b"\r\n")[0]
    finally:
        writer.close()


async def ended(reader, within=20):
    """What came until the connection was ended by the server."""
    found = b""
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(within):
            while piece := await reader.read(65_536):
                found = (found + piece)[-100_000:]
    return found


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("half", HALVES)
async def test_whatever_is_left_unfinished_is_ended(half):
    async with serving() as (port, room):
        reader, writer = await opened(port)
        writer.write(HALVES[half])
        found = await ended(reader)
        assert found.count(b"HTTP/1.1 200") == HALVES[half].count(REQUEST) + HALVES[half].count(b"/early")
        writer.close()
        await until(lambda: not room.inside)
        assert (room.waiting, room.of_address) == ({}, {})


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("begin", [b"GET / HTTP/1.1\r\nA: ", POST + b"Content-Length: 100000\r\n\r\n"])
async def test_bytes_that_come_one_by_one_gain_no_time(begin):
    async with serving() as (port, _room):
        reader, writer = await opened(port)
        writer.write(begin)
        reading = asyncio.create_task(ended(reader))
        for _ in range(1000):
            if reading.done():
                break
            writer.write(b"a")
            await asyncio.sleep(0.05)
        assert (await reading).startswith(b"HTTP/1.1 408")
        writer.close()


@pytest.mark.usefixtures("soon")
async def test_a_body_that_goes_on_coming_is_waited_for(monkeypatch):
    monkeypatch.setattr(sockets, "LEAST_RATE", 10)
    async with serving() as (port, _room):
        reader, writer = await opened(port)
        writer.write(POST + b"Connection: close\r\nContent-Length: 200\r\n\r\n")
        for _ in range(20):
            writer.write(b"a" * 10)
            await asyncio.sleep(0.06)
        assert (await ended(reader)).startswith(b"HTTP/1.1 200")
        writer.close()


@pytest.mark.parametrize("what", TOO_MUCH)
async def test_what_has_no_end_is_refused_while_it_comes(what):
    begin, piece, told = TOO_MUCH[what]
    async with serving() as (port, _room):
        reader, writer = await opened(port)
        reading = asyncio.create_task(ended(reader))
        writer.write(begin)
        for _ in range(2000):
            writer.write(piece)
            await asyncio.sleep(0)
            if reading.done():
                break
        found = await asyncio.wait_for(reading, 20)
        assert found.startswith(told) or found == b""  # a reset may overtake the answer
        writer.close()


async def test_who_sends_a_refused_body_to_its_end_still_reads_the_refusal(monkeypatch):
    head = b"POST /early HTTP/1.1\r\nHost: x\r\nExpect-Refusal: yes\r\nContent-Length: %d\r\n\r\n" % (1 << 23)
    async with serving() as (port, room):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head)
        for _ in range(128):
            writer.write(bytes(1 << 16))
            await writer.drain()
        async with asyncio.timeout(20):
            answer = await reader.read()
        assert answer.startswith(b"HTTP/1.1 413 ") and b"done" in answer
        writer.close()
        await until(lambda: not room.inside)
        monkeypatch.setattr(sockets, "MOST_THROWN_AWAY", 1 << 20)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head)
        with pytest.raises(ConnectionError):
            for _ in range(1280):
                writer.write(bytes(1 << 16))
                await writer.drain()
        writer.close()


@pytest.mark.usefixtures("soon")
async def test_an_answer_nobody_reads_is_given_up():
    async with serving() as (port, room):
        _reader, writer = await opened(port)
        writer.transport.pause_reading()
        writer.write(REQUEST.replace(b"GET /", b"GET /large"))
        await until(lambda: room.inside)
        await until(lambda: not room.inside)
        writer.close()


async def test_one_address_cannot_take_the_room_of_others_nor_of_its_own():
    async with serving(connections=150, connections_per_address=40) as (port, room):
        halves = itertools.cycle([HALVES[name] for name in HALVES if HALVES[name].count(b"\r\n\r\n") == 0])
        lines = []
        for number in range(400):
            _reader, writer = await opened(port, f"127.0.0.{2 + number % 2}")
            writer.write(next(halves))
            lines.append(writer)
            if number % 50 == 49:
                assert await answer(port, "127.0.0.9") == b"HTTP/1.1 200 OK"
                assert await answer(port, "127.0.0.2") == b"HTTP/1.1 200 OK"
        assert len(room.inside) <= 80
        for number in range(200):  # from many addresses
            _reader, writer = await opened(port, f"127.0.1.{1 + number}")
            writer.write(b"GET")
            lines.append(writer)
        assert await answer(port, "127.0.0.9") == b"HTTP/1.1 200 OK"
        assert len(room.inside) <= 150
        for writer in lines:
            writer.transport.abort()
        await until(lambda: not room.inside)


async def test_who_has_a_request_in_progress_keeps_it_and_a_new_connection_finds_no_room():
    async with serving(connections_per_address=3) as (port, room):
        lines = [await opened(port) for _ in range(3)]
        for _reader, writer in lines:
            writer.write(POST + b"Content-Length: 3\r\n\r\nab")
        await until(lambda: not room.waiting)
        reader, refused = await opened(port)
        assert await ended(reader) == b""
        refused.close()
        assert await answer(port, "127.0.0.2") == b"HTTP/1.1 200 OK"
        for reader, writer in lines:
            writer.write(b"c")
            assert (await reader.readline()).startswith(b"HTTP/1.1 200")
            writer.close()


async def test_connections_of_a_trusted_proxy_are_not_counted_by_its_address():
    async with serving(connections_per_address=2, trusted_proxies="127.0.0.0/30, ::1") as (port, room):
        lines = [(await opened(port, "127.0.0.2"))[1] for _ in range(10)]
        await until(lambda: len(room.inside) == 10)
        for writer in lines:
            writer.transport.abort()


@pytest.mark.parametrize("how", ["pieces", "pings"])
async def test_a_websocket_of_endless_pieces_or_unread_pongs_is_cut_off(how, monkeypatch):
    monkeypatch.setattr(sockets, "MOST_UNREAD", 1 << 16)
    async with serving() as (port, room):
        async with connect(f"ws://127.0.0.1:{port}/", ping_interval=None) as line:
            assert len(room.inside) == 1 and not room.waiting
            if how == "pings":
                line.transport.pause_reading()
            piece = {"pieces": b"\x00\x80abcd", "pings": b"\x89\xfdabcd" + bytes(125)}[how]
            line.transport.write(b"\x01\x80abcd" if how == "pieces" else b"")
            with contextlib.suppress(ConnectionClosed):
                for _ in range(3000):
                    line.transport.write(piece * 100)
                    await asyncio.sleep(0)
                    if not room.inside:
                        break
            await until(lambda: not room.inside)
            line.transport.abort()


def test_the_rooms_of_two_servers_are_apart():
    one, other = (sockets.http_protocol(Settings()).room for _ in range(2))
    assert isinstance(one, ConnectionTable) and one is not other


# --- what a process that serves builds once ----------------------------------------------------------------------

SERVED = """
import asyncio, gc, sys
from pathlib import Path
import httpx
from web import cli, sockets
from web.settings import Settings

async def serve(data, port):
    configuration = cli.configuration(Settings(data=Path(data), port=port, public_url=sys.argv[3]))
    configuration.lifespan = "off"
    server = sockets.Server(configuration)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        assert not serving.done()
        await asyncio.sleep(0.02)
    begun = gc.get_freeze_count(), len(gc.get_objects())
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as http:
        await http.get("/api/v1/client")
    print(*begun, gc.get_freeze_count(), len(gc.get_objects()), int(gc.isenabled()))
    server.should_exit = True
    await serving

asyncio.run(serve(sys.argv[1], int(sys.argv[2])))
"""


def test_what_serve_and_the_api_begin_with_is_left_out_of_every_collection(prepared, tmp_path):
    command = [sys.executable, "-c", SERVED, str(prepared), str(free_port()), BASE]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    kept, looked_at, kept_then, looked_at_then, collects = map(int, done.stdout.split()[-5:])
    assert kept > 100_000 > 10 * looked_at
    assert kept_then > kept - 1_000 > 10 * looked_at_then
    assert collects
