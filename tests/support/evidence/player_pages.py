"""A page on the player in a real browser: what is done there, and what is seen and heard."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from playwright.async_api import Browser, FilePayload, Page, Request, expect

from tests.support.evidence.archive import JUDGE, Archive

PROBE = Path(__file__).parent / "player_probe.js"
Found = TypeVar("Found")


async def looking(look: Callable[[], Awaitable[Found]], wanted: Callable[[Found], bool]) -> Found:
    """What is found once it is as wanted, or at last: the assertion behind it says what that was.

    A picture or a sound may come a little later than another, by so much as the machine has to do.
    """
    until = time.monotonic() + 15
    while True:
        found = await look()
        if wanted(found) or time.monotonic() > until:
            return found
        await asyncio.sleep(0.05)


@dataclass
class Viewer:
    """A page on the player, and everything it has sent."""

    page: Page
    installation: Archive
    requests: list[Request] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.installation.settings.port}{self.installation.path}"

    async def choose(self, text: str | bytes, name: str = "ministry.txt") -> None:
        """Choose a key file."""
        data = text.encode() if isinstance(text, str) else text
        files = FilePayload(name=name, mimeType="text/plain", buffer=data)
        await self.page.get_by_label("Key file of your authority").set_input_files(files)

    async def open(self, text: str | None = None, place: str = "") -> None:
        """Say why, choose the key file, open; `place` is the end of an address (`#t=24`)."""
        await self.page.goto(self.url + place)
        await self.page.get_by_label("Why do you view this recording?").select_option("minutes")
        await self.choose(self.installation.sealed.key_file() if text is None else text)
        await expect(self.page.get_by_text("key of Ministry of Justice")).to_be_visible()
        await self.page.get_by_role("button", name="Open the recording").click()

    async def opened(self) -> None:
        await self.open()
        await expect(self.play).to_be_visible(timeout=20_000)

    @property
    def play(self) -> Any:
        return self.page.get_by_role("button", name="Play", exact=True)

    @property
    def verdict(self) -> Any:
        return self.page.get_by_test_id("verdict")

    async def seek(self, second: int) -> None:
        await self.page.get_by_label("Position in the recording").fill(str(second))

    async def clock(self) -> float:
        """Where the player says it is, in seconds."""
        return float(await self.page.get_by_label("Position in the recording").input_value())

    async def media(self, track: str) -> float:
        """Where a track's picture is, in seconds."""
        return float(await self.page.evaluate("name => probe.time(name)", track))

    async def apart(self, one: str, other: str) -> float:
        """How many seconds one track's picture is ahead of another's, at one moment."""
        return float(await self.page.evaluate("([one, other]) => probe.time(one) - probe.time(other)", [one, other]))

    async def pixel(self, track: str) -> list[int]:
        return list(await self.page.evaluate("name => probe.pixel(name)", track))

    async def shown_and_said(self, track: str) -> tuple[int, int]:
        """The second that stands in the picture itself, and the one the player says, at one moment."""
        shown, said = await self.page.evaluate("name => [probe.second(name), probe.clock()]", track)
        return int(shown), int(said)

    async def tones(self, *frequencies: int, wanted: Callable[..., bool] = lambda *_levels: True) -> list[float]:
        """Level of each tone in what is heard, dB, once they are as wanted.

        `wanted` names what must be heard. What must not is looked at in what is returned: at that very moment.
        """

        async def listen() -> list[float]:
            return list(await self.page.evaluate("wanted => probe.tones(wanted)", list(frequencies)))

        return await looking(listen, lambda levels: wanted(*levels))


@contextlib.asynccontextmanager
async def viewing(archive: Archive, browser: Browser) -> AsyncIterator[Viewer]:
    """The judge's browser, before the player is opened. Afterwards: no violation of the policy, no error."""
    context = await browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    await context.add_cookies(
        [
            {
                "name": "__Host-vivavoce", "value": archive.cookies[JUDGE], "secure": True, "httpOnly": True,
                "sameSite": "Strict", "url": f"https://localhost:{archive.settings.port}/",
            }
        ]
    )  # fmt: skip
    page = await context.new_page()
    await page.add_init_script(PROBE.read_text())
    found = Viewer(page, archive)
    page.on("request", lambda request: found.requests.append(request))
    page.on("pageerror", lambda error: found.complaints.append(str(error)))
    page.on("console", lambda message: found.complaints.append(message.text) if message.type == "error" else None)
    yield found
    violations = await page.evaluate("() => window.probe ? probe.violations : []")
    await context.close()
    assert violations == []
    # The browser reports answers of 4xx as errors; tests that provoke them look at them themselves.
    assert [text for text in found.complaints if "the server responded with a status of" not in text] == []


def flip(path: Path, where: int) -> None:
    """Change one bit of a file."""
    data = bytearray(path.read_bytes())
    data[where] ^= 1
    path.write_bytes(data)
