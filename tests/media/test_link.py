"""Links between processes: messages over a Unix socket."""

import asyncio
import struct
from pathlib import Path
from typing import Any

import pytest

from media.link import READ_AHEAD, Link, LinkError, connect, serve
from media.messages import (
    RECORDER_TO_WORKER,
    WEB_TO_WORKER,
    WORKER_TO_RECORDER,
    WORKER_TO_WEB,
    Alive,
    Attach,
    Batch,
    CountPackets,
    DropPeer,
    Frame,
    Stop,
)


async def collect(link: Link[Any], into: list[Any], failed: asyncio.Future[Exception | None]) -> None:
    try:
        async for message in link:
            into.append(message)
    except LinkError as error:
        failed.set_result(error)
    else:
        failed.set_result(None)


async def test_messages_arrive_in_order_and_whole(tmp_path: Path) -> None:
    heard: list[Any] = []
    done: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()
    server = await serve(tmp_path / "x.sock", WEB_TO_WORKER, lambda link: collect(link, heard, done))
    link = await connect(tmp_path / "x.sock", WORKER_TO_WEB)
    sent = [Attach(last_seq=number) for number in range(500)] + [DropPeer(seat="s" * 64), Stop()]
    for message in sent:
        link.send(message)
    await link.close()
    assert await asyncio.wait_for(done, 5) is None
    assert heard == sent
    server.close()


def _batch(size: int) -> Batch:
    """One frame of so many bytes."""
    frame = Frame(track="a", at=1, rtp=1, ssrc=1, key=True, level=0, seq=1, packets=1, data=b"x" * size)
    return Batch(sent=1, frames=[frame], reports=[], switches=[], losses=[], outages=[])


async def test_messages_of_any_allowed_size_wait_for_who_takes_them_later(tmp_path: Path) -> None:
    heard: list[Any] = []
    done: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()
    take = asyncio.Event()
    links: list[Link[Any]] = []

    async def later(link: Link[Any]) -> None:
        links.append(link)
        await take.wait()
        await collect(link, heard, done)

    server = await serve(tmp_path / "x.sock", WORKER_TO_RECORDER, later)
    link = await connect(tmp_path / "x.sock", RECORDER_TO_WORKER)
    sizes = [10, READ_AHEAD, 1_000_000, 1, 2_000_000, 2 * READ_AHEAD, 5]
    sent = [_batch(size) for size in sizes]
    for message in sent:
        link.send(message)
    async with asyncio.timeout(30):
        while not links or not links[0]._paused:  # noqa: ASYNC110 the system's
            await asyncio.sleep(0.01)
    assert len(links[0]._read) < 1_000_000 < link.waiting
    take.set()
    await link.close()
    assert await asyncio.wait_for(done, 30) is None
    assert heard == sent
    server.close()


async def test_a_socket_in_a_very_deep_folder_is_reached(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100) / ("e" * 100)
    deep.mkdir(parents=True)
    heard: list[Any] = []
    done: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()
    server = await serve(deep / "x.sock", WEB_TO_WORKER, lambda link: collect(link, heard, done))
    link = await connect(deep / "x.sock", WORKER_TO_WEB)
    link.send(Stop())
    await link.close()
    assert await asyncio.wait_for(done, 5) is None
    assert heard == [Stop()]
    server.close()


async def test_the_socket_is_private(tmp_path: Path) -> None:
    server = await serve(tmp_path / "x.sock", WEB_TO_WORKER, lambda link: asyncio.sleep(0))
    assert (tmp_path / "x.sock").stat().st_mode & 0o777 == 0o600
    server.close()


@pytest.mark.parametrize(
    "raw",
    [
        struct.pack("!I", 5) + b"hello",
        struct.pack("!I", 1 << 30),
        struct.pack("!I", 1) + b"\xc0",
        struct.pack("!I", 13) + b"\x81\xa4type\xa6nobody",
    ],
)
async def test_what_is_not_in_the_table_is_an_error(tmp_path: Path, raw: bytes) -> None:
    done: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()
    server = await serve(tmp_path / "x.sock", WEB_TO_WORKER, lambda link: collect(link, [], done))
    _, writer = await asyncio.open_unix_connection(str(tmp_path / "x.sock"))
    writer.write(raw)
    assert isinstance(await asyncio.wait_for(done, 5), LinkError)
    writer.close()
    await writer.wait_closed()
    server.close()


async def test_half_a_message_and_an_end_is_an_end(tmp_path: Path) -> None:
    heard: list[Any] = []
    done: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()
    server = await serve(tmp_path / "x.sock", WEB_TO_WORKER, lambda link: collect(link, heard, done))
    _, writer = await asyncio.open_unix_connection(str(tmp_path / "x.sock"))
    writer.write(struct.pack("!I", 500) + b"half")
    writer.close()
    await writer.wait_closed()
    assert await asyncio.wait_for(done, 5) is None
    assert heard == []
    server.close()


async def test_a_side_that_does_not_read_stops_the_sender_and_not_its_memory(tmp_path: Path) -> None:
    release = asyncio.Event()

    async def idle(link: Link[Any]) -> None:
        await release.wait()

    server = await serve(tmp_path / "x.sock", WEB_TO_WORKER, idle)
    link = await connect(tmp_path / "x.sock", WORKER_TO_WEB)
    link._limit = 1_000_000
    big = CountPackets(id="x" * 64)
    with pytest.raises(ConnectionError, match="does not read"):
        for _ in range(1_000_000):
            link.send(big)
    assert link.waiting < 1_100_000
    release.set()
    await link.close()
    with pytest.raises(ConnectionError, match="closed"):
        link.send(Alive(at=0, lag_ms=0))
    server.close()


@pytest.mark.parametrize(
    "body",
    [b"\xde\x00\x04\xa4type\xaaseat_slots\xa3seq\x01\xa4\xde\x00\x07\xa4", b"\x81\xa1x" + b"\x91" * 100_000, b"\xc1"],
    ids=["text that is none", "nested without end", "nothing"],
)
async def test_whatever_is_not_in_the_table_is_an_error_of_the_link(tmp_path: Path, body: bytes) -> None:
    errors: list[Exception] = []

    async def handler(link: Link[Any]) -> None:
        try:
            async for _message in link:
                pass
        except ConnectionError as error:
            errors.append(error)

    server = await serve(tmp_path / "a.sock", WORKER_TO_WEB, handler)
    _reader, writer = await asyncio.open_unix_connection(str(tmp_path / "a.sock"))
    writer.write(len(body).to_bytes(4, "big") + body)
    async with asyncio.timeout(10):
        while not errors:  # noqa: ASYNC110 the other task's
            await asyncio.sleep(0.01)
    assert isinstance(errors[0], LinkError)
    writer.close()
    server.close()
