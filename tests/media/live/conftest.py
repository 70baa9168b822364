"""A courtroom with a real worker process, a recorder's socket, and pages that talk to both."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aioice.ice
import pytest

from media.messages import WORKER_TO_WEB
from media.processes import Process, python
from tests.support.live_pages import Courtroom, FakeRecorder, offer_text


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of tests have one address, the loopback one."""
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda use_ipv4, use_ipv6: ["127.0.0.1"])


@pytest.fixture
def protection() -> list[str]:
    """SRTP profiles the worker is held to; none: it takes any."""
    return []


@pytest.fixture
def limits() -> list[str]:
    """What pages are asked to send at most, as arguments of the worker; none: its own."""
    return []


@pytest.fixture
async def court(tmp_path: Path, protection: list[str], limits: list[str]) -> AsyncIterator[Courtroom]:
    """A courtroom with a real worker process."""
    folder = tmp_path / "run"
    folder.mkdir(mode=0o700)
    argv = python("media.live.worker", "--folder", str(folder), "--udp-host", "127.0.0.1", "--udp-port", "0")
    argv += ["--srtp", *protection] if protection else []
    argv += limits
    events: list[Any] = []
    room: Courtroom | None = None

    def heard(event: Any) -> None:
        if room is None:
            events.append(event)
        else:
            room.heard(event)

    process = await Process.start_or_adopt("worker", argv, folder, "worker.sock", WORKER_TO_WEB, heard)
    room = Courtroom(process, folder)
    yield room
    for page in room.pages.values():
        await page.close()
    await room.process.stop()
    log = (folder / "worker.log").read_text()
    assert "Traceback" not in log, log


@pytest.fixture
async def recorder(court: Courtroom) -> AsyncIterator[FakeRecorder]:
    """A recorder's socket in the same folder."""
    fake = FakeRecorder()
    await fake.listen(court.folder)
    yield fake
    await fake.go()


@pytest.fixture
def until() -> Callable[..., Awaitable[None]]:
    """Wait for a condition, up to a safety bound."""

    async def wait(condition: Callable[[], bool], seconds: float = 20.0) -> None:
        async with asyncio.timeout(seconds):
            while not condition():  # noqa: ASYNC110 the condition is another process's
                await asyncio.sleep(0.02)

    return wait


@pytest.fixture
def make_offer() -> Callable[..., str]:
    """Writes offers."""
    return offer_text
