"""How long a witness on a weak line waits for the lobby, in every language; at most six seconds.

Chromium, nothing in its cache, on what browsers call slow 3G: 400 kbit/s each way, 400 ms there and back. Measured from
the address to the first step that can be taken (the notice, with its button); then the bytes that have come by that
time, and those that come in all, fonts with them.

Run by hand: `.venv/bin/python -m tests.benchmarks.bench_lobby [LANGUAGE …]`. The exit code is 1 above the limit.
"""

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.async_api import BrowserContext, Page

from tests.support.browsers import chromium
from tests.support.installation import prepare
from tests.support.process import ServedInstallation, serving
from web.words.i18n import COOKIE, LANGUAGES

LIMIT = 6.0
SLOW_3G = {"offline": False, "latency": 400, "downloadThroughput": 400_000 / 8, "uploadThroughput": 400_000 / 8}
FIRST_STEP = "#app .step"
QUIET = 1.5
"""Seconds without a request after which a page has come whole."""


async def enter(context: BrowserContext, demo: dict[str, Any], url: str) -> None:
    """The clerk opens the lobby, in the context of the witness, who signs in afterwards."""
    page = await context.new_page()
    await page.goto(demo["staff"]["clerk"]["link"])
    await page.locator("main button").click()
    await page.wait_for_url("**/docket")
    await page.goto(f"{url}/h/{demo['hearing']}")
    await page.get_by_role("button", name="Open the lobby").click()
    await page.get_by_role("link", name="Enter the hearing").wait_for()
    witness = demo["participants"]["witness"]
    await page.goto(witness["link"])
    await page.get_by_label("PIN").fill(witness["pin"])
    await page.get_by_role("button", name="Continue").click()
    await page.wait_for_url("**/live")
    await page.close()


async def measure(page: Page, address: str) -> tuple[float, int, int]:
    """Seconds to the first step; bytes by then, and in all."""
    wire = await page.context.new_cdp_session(page)
    received, pending, quiet = [0], set[str](), [time.monotonic()]

    def came(event: dict[str, Any]) -> None:
        received[0] += event["encodedDataLength"]

    def ended(event: dict[str, Any]) -> None:
        pending.discard(event["requestId"])
        quiet[0] = time.monotonic()

    wire.on("Network.dataReceived", came)
    wire.on("Network.responseReceived", lambda event: came(event["response"]))
    wire.on("Network.requestWillBeSent", lambda event: pending.add(event["requestId"]))
    wire.on("Network.loadingFinished", ended)
    wire.on("Network.loadingFailed", ended)
    await wire.send("Network.enable")
    await wire.send("Network.setCacheDisabled", {"cacheDisabled": True})
    await wire.send("Network.emulateNetworkConditions", SLOW_3G)
    began = time.monotonic()
    await page.goto(address, wait_until="commit")
    await page.locator(FIRST_STEP).wait_for(timeout=120_000)
    seconds, first = time.monotonic() - began, received[0]
    while pending or time.monotonic() - quiet[0] < QUIET:
        await page.wait_for_timeout(200)
    return seconds, first, received[0]


async def compare(served: ServedInstallation, tags: list[str]) -> float:
    """Prints a line for each language; the longest time."""
    demo, longest = served.demonstration(), 0.0
    async with chromium() as browser:
        context = await browser.new_context(locale="en-GB", viewport={"width": 360, "height": 740})
        await enter(context, demo, served.url)
        for tag in tags:
            await context.add_cookies([{"name": COOKIE, "value": tag, "url": served.url}])
            page = await context.new_page()
            seconds, first, whole = await measure(page, f"{served.url}/h/{demo['hearing']}/live")
            await page.close()
            print(f"{tag:8} {seconds:5.2f} s, {first // 1000:4} kB by then, {whole // 1000:4} kB in all", flush=True)
            longest = max(longest, seconds)
    return longest


def main() -> None:
    """Serve a demonstration, and load its lobby in the languages that are named, else in all."""
    tags = sys.argv[1:] or list(LANGUAGES)
    with tempfile.TemporaryDirectory() as folder:
        with serving(prepare(Path(folder) / "prepared"), Path(folder) / "served") as served:
            longest = asyncio.run(compare(served, tags))
    print(f"longest {longest:.2f} s, limit {LIMIT} s")
    sys.exit(longest > LIMIT)


if __name__ == "__main__":
    main()
