"""A witness in Firefox: through the lobby into the room, heard and seen there, hearing others, and recorded."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.firefox import TONE, Firefox, firefox, own_address
from tests.support.process import ServedInstallation, serving

pytestmark = [pytest.mark.e2e, pytest.mark.alone, pytest.mark.timeout(420)]

LISTEN = (Path(__file__).parent / "listen.js").read_text(encoding="utf-8")
HEARD = 0.01


class Witness:
    """What `People` asks of a person, done in Firefox."""

    role = "witness"

    def __init__(self, browser: Firefox, demo: Any) -> None:
        self.browser, self.demo = browser, demo
        self.problems: list[str] = []

    async def sign_in(self) -> None:
        entry = self.demo.words["participants"]["witness"]
        await self.browser.act("before", LISTEN)
        await self.browser.act("goto", entry["link"])
        await self.browser.act("fill", {"label": "PIN", "text": entry["pin"]})
        await self.press("Continue")

    async def prepare(self) -> None:
        for name in ("I have read this", "Allow camera and microphone", "Play a sound", "Yes, I heard it"):
            await self.press(name)
        await self.press("Continue")
        await self.press("Join the hearing")

    async def press(self, name: str) -> None:
        await self.browser.act("press", name)

    async def offers(self, name: str) -> None:
        await self.browser.act("offers", name)

    async def says(self, words: str, seconds: float = 30) -> None:
        await self.browser.act("says", {"id": "rec-indicator", "words": words, "milliseconds": seconds * 1000})

    async def energies(self) -> dict[str, float]:
        """Energy of the sound that was decoded, by line. Without a sound card, as here, Firefox plays nothing."""
        found: dict[str, float] = await self.browser.evaluate("__energies()")
        return found

    async def pictures(self) -> int:
        """How many people's pictures move here."""
        seen = "[...document.querySelectorAll('[data-testid^=tile-] video')].filter((one) => one.videoWidth > 0).length"
        return int(await self.browser.evaluate(seen))

    async def end(self, folder: Path) -> None:
        await self.browser.act("screenshot", str(folder / "witness.png"))
        self.problems += await self.browser.act("wrong")


@pytest.fixture(scope="module")
def installation(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedInstallation]:
    """Its media lie at an address that Firefox sends to."""
    with serving(prepared, tmp_path_factory.mktemp("served"), own_address()) as made:
        yield made


@pytest.fixture
async def witness(people: Any, demo: Any) -> AsyncIterator[Witness]:
    async with firefox() as browser:
        people.all["witness"] = found = Witness(browser, demo)
        yield found
        people.all.pop("witness")
        assert found.problems == []


async def test_a_witness_in_firefox_is_heard_seen_and_recorded_and_hears_and_sees_the_others(
    people: Any, witness: Witness, installation: Any, tmp_path: Path
) -> None:
    await people.gather()
    await people.start_sitting()
    judge, seat = people["judge"], people.demo.words["seats"]["witness"]

    async def is_heard() -> None:
        (found,) = await judge.page.evaluate("(tone) => window.__hear([tone])", TONE)
        assert found > HEARD

    async def is_seen() -> None:
        assert await judge.sees(seat) is not None

    before = await witness.energies()

    async def hears() -> None:
        after = await witness.energies()
        grown = {line for line, energy in after.items() if energy > before.get(line, 0) + 0.1}
        assert len(grown) >= 4, (before, after)  # the judge, the clerk, the authority, the interpreter

    async def sees() -> None:
        assert await witness.pictures() >= 4

    def recorded() -> set[str]:
        return {line["track"] for line in installation.journal("segment")}

    async def is_recorded() -> None:
        assert {"witness_1_mic", "witness_1_cam"} <= recorded()

    for wanted in (is_heard, is_seen, hears, sees, is_recorded):
        await people.until(wanted, 60)
    await witness.end(tmp_path)
    await people.close()
    code, text = await asyncio.to_thread(installation.verify, people.demo.words["policy"], tmp_path)
    assert code in (0, 10), text
