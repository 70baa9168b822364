"""Two `vivavoce serve` on the same data: one conducts, the other serves pages, says so, and takes over.

All processes are real: two web processes, the media worker and the recorder of an open lobby.
"""

import asyncio
import contextlib
import json
import os
import re
import signal
import sqlite3
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets

from media import messages
from media.bookmark import Bookmark
from media.link import connect
from tests.support.installation import free_port
from tests.support.process import VIVAVOCE, ServedInstallation, serving

pytestmark = pytest.mark.timeout(180)


class Second:
    """Another web process on the data of an installation."""

    def __init__(self, installation: Any) -> None:
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self.log = installation.data.parent / "second.log"
        environment = installation.environment | {"VIVAVOCE_PORT": str(self.port), "VIVAVOCE_PUBLIC_URL": self.url}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([*VIVAVOCE, "serve"], env=environment, stdout=log, stderr=log)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def installation(prepared: Path, tmp_path: Path) -> Iterator[ServedInstallation]:
    """One for each test: its web process does not live through it."""
    with serving(prepared, tmp_path) as made:
        yield made


@pytest.fixture
async def second(judge: Any, installation: Any) -> AsyncIterator[Second]:
    made = Second(installation)
    yield made
    made.end()


async def health(url: str, wanted: str) -> str:
    """Wait until /healthz says so."""
    text = ""
    async with asyncio.timeout(60), httpx.AsyncClient() as http:
        while wanted not in text:
            with contextlib.suppress(httpx.HTTPError):
                text = (await http.get(f"{url}/healthz", timeout=30)).text
            await asyncio.sleep(0.1)
    return text


async def at(url: str, visitor: Any) -> Any:
    """The same person with the same cookie at another process."""
    visitor.http.base_url = url
    visitor.http.headers["origin"] = url
    return visitor


async def test_of_two_web_processes_one_conducts_and_the_other_says_so_and_takes_over(
    judge: Any, clerk: Any, installation: Any, demo: Any, second: Second
) -> None:
    pids = installation.processes("worker") + installation.processes("recorder")
    assert len(pids) == 2
    await health(installation.url, "conductor: this process, token 1\n")
    assert "stands by" in await health(second.url, "conductor: another process")
    assert "another process conducts the live hearings" in second.log.read_text()
    async with judge.socket() as socket:
        await asyncio.wait_for(socket.recv(), 20)
        await refused_at(second, judge, clerk, demo)
        await at(installation.url, judge)
        await socket.send('{"type":"raise_hand","id":"one","up":true}')
        await heard(socket, "result", ok=True)
    text = await health(installation.url, "orders of older conductors refused: 0\n")
    assert "token 1" in text
    assert installation.processes("worker") + installation.processes("recorder") == pids
    assert (installation.data / "run" / "conduct.token").read_text() == f"{1:020}"

    installation.kill_web()
    await health(second.url, "conductor: this process, token 2\n")
    await at(second.url, judge)
    async with asyncio.timeout(20):
        while (status := await judge.open_live()) == 503:  # noqa: ASYNC110 a page tries again until it is taken over
            await asyncio.sleep(0.2)
    assert status == 200
    async with socket_at(second.url, judge) as socket:
        view = await heard(socket, "view")
        assert view["media_up"] is True
    assert installation.processes("worker") + installation.processes("recorder") == pids


async def refused_at(second: Second, judge: Any, clerk: Any, demo: Any) -> None:
    """What people meet at a process that stands by: pages, but no live room, no ticket, no socket, no lobby."""
    await at(second.url, judge)
    page = await judge.http.get(f"/h/{demo.ref}/live", headers={"accept": "text/html"})
    assert (page.status_code, page.headers["retry-after"]) == (503, "5")
    assert "The live room runs in another process" in page.text
    assert (await judge.http.get(f"/h/{demo.ref}", headers={"accept": "text/html"})).status_code == 200
    answer = await judge.post("ticket")
    assert (answer.status_code, answer.json()["code"]) == (503, "conducted_elsewhere")
    async with websockets.connect(f"{second.url.replace('http', 'ws')}/h/{demo.ref}/ws", origin=second.url) as socket:
        await socket.send(json.dumps({"type": "hello", "ticket": "t", "take_over": False}))
        with pytest.raises(websockets.ConnectionClosed):
            await asyncio.wait_for(socket.recv(), 20)
        assert socket.close_code == 1013
    await at(second.url, clerk)
    token = clerk.form_token((await clerk.http.get(f"/h/{demo.ref}")).text)
    lobby = await clerk.http.post(f"/h/{demo.ref}/act/lobby", data={"csrf": token})
    assert (lobby.status_code, lobby.json()["code"]) == (503, "conducted_elsewhere")


async def heard(socket: Any, kind: str, **fields: Any) -> dict[str, Any]:
    """The next message of a type with these fields."""
    async with asyncio.timeout(20):
        while True:
            message: dict[str, Any] = json.loads(await socket.recv())
            if message["type"] == kind and fields.items() <= message.items():
                return message


@contextlib.asynccontextmanager
async def socket_at(url: str, visitor: Any) -> AsyncIterator[Any]:
    ticket = await visitor.ticket()
    address = url.replace("http", "ws") + f"/h/{visitor.demo.ref}/ws"
    async with websockets.connect(address, origin=url) as socket:
        await socket.send(json.dumps({"type": "hello", "ticket": ticket, "take_over": True}))
        yield socket


async def answer_to(order: messages.Order, union: Any, socket: Path) -> str:
    """The code by which a worker or recorder refuses an order."""
    link = await connect(socket, union)
    link.send(order)
    async with asyncio.timeout(20):
        async for answer in link:
            assert isinstance(answer, messages.Refused)
            await link.close()
            return answer.code
    raise AssertionError("the link was closed")


def stop(installation: Any) -> None:
    """SIGSTOP the web process, while it is not in the middle of a write: SQLite would be locked for everybody."""
    while True:
        installation.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, installation.process.pid, os.WSTOPPED)
        with contextlib.closing(sqlite3.connect(installation.data / "vivavoce.db", timeout=0)) as db:
            try:
                db.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError:
                installation.process.send_signal(signal.SIGCONT)
        time.sleep(0.2)


async def test_a_conductor_that_was_stopped_while_another_took_over_orders_and_writes_nothing_more(
    judge: Any, installation: Any, demo: Any, second: Second
) -> None:
    pids = installation.processes("worker") + installation.processes("recorder")
    await health(second.url, "conductor: another process")
    async with judge.socket() as socket:
        await heard(socket, "view")
        await asyncio.to_thread(stop, installation)
        try:
            await socket.send('{"type":"raise_hand","id":"late","up":true}')  # read when it wakes
            await health(second.url, "conductor: this process, token 2\n")
        finally:
            installation.process.send_signal(signal.SIGCONT)
        await health(installation.url, "conductor: another process")
    for name, union, order in (
        ("worker", messages.WORKER_TO_WEB, messages.Stop()),
        ("recorder", messages.RECORDER_TO_WEB, messages.CloseRecording(id="late")),
    ):
        order.token = 1  # as the first would say it, had it not noticed
        assert await answer_to(order, union, *(installation.data / "run").glob(f"*/{name}.sock")) == "stale_conductor"
    async with asyncio.timeout(60):
        refused = 0
        while refused < 2:  # what health says is some seconds old
            found = re.search(r"refused: (\d+), last \d{4}-", await health(second.url, "of older conductors refused"))
            refused = int(found[1]) if found else 0
    assert installation.processes("worker") + installation.processes("recorder") == pids
    assert "hand" not in [kind for kind, _at, _data in installation.events()]
    assert [Bookmark(path).read() for path in sorted((installation.data / "run").glob("*/*.token"))] == [2, 2]
    first_log = (installation.data.parent / "serve.log").read_text()
    assert "another process conducts the live hearings now" in first_log
