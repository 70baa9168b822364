"""Chromium for tests: its flags, and how it is started."""

import contextlib
from collections.abc import AsyncIterator, Iterator

from playwright import async_api, sync_api

USUAL, MANY = 15_000, 60_000
"""Milliseconds a slow machine may take, and one with many people; what is promised is measured from events."""
for api in (async_api, sync_api):
    api.expect.set_options(timeout=USUAL)

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
]
DEVICES = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
"""A camera and a microphone, and nobody who must allow them."""
SPARING = ["--disable-gpu", "--disable-software-rasterizer", "--audio-buffer-size=4096"]
"""For many pages on one machine: drawn without a feigned graphics card, and sound handed on in larger portions."""


@contextlib.asynccontextmanager
async def chromium(*more: str, program: str = CHROMIUM) -> AsyncIterator[async_api.Browser]:
    """A browser for tests with a loop of their own."""
    async with async_api.async_playwright() as playwright:
        found = await playwright.chromium.launch(executable_path=program, args=[*FLAGS, *more])
        yield found
        await found.close()


@contextlib.contextmanager
def chromium_in_step(*more: str) -> Iterator[sync_api.Browser]:
    """A browser for tests without; while it runs, this thread has its driver's loop."""
    with sync_api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *more])
        yield found
        found.close()
