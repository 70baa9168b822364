"""The timeline of a sitting in a real browser: in the player, and on the pages of the recording."""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, expect

from tests.support.evidence.archive import Archive
from tests.support.evidence.player_pages import Viewer, viewing

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="module")]

AXE = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"],
    }
}


@pytest_asyncio.fixture(loop_scope="module")
async def viewer(served_archive: Archive, browser: Browser) -> AsyncIterator[Viewer]:
    """The judge's browser, before the player is opened."""
    async with viewing(served_archive, browser) as found:
        yield found


@pytest.mark.parametrize(("language", "scheme", "width"), [("en", "light", 1440), ("ar", "dark", 390)])
async def test_no_barrier_is_found_on_the_pages_of_a_recording(viewer: Viewer, language: str, scheme: str, width: int):
    page, port = viewer.page, viewer.installation.settings.port
    cookie = {"name": "vivavoce_language", "value": language, "url": f"http://localhost:{port}/"}
    await page.context.add_cookies([cookie])  # type: ignore[list-item]
    await page.emulate_media(color_scheme=scheme)
    await page.set_viewport_size({"width": width, "height": 900})
    await viewer.opened() if language == "en" else await page.goto(viewer.url)
    for below in ("", "/timeline", "/transcript", "/custody", "/verify", "/excerpt"):
        if below:
            await page.goto(viewer.url + below)
        await page.evaluate("() => document.querySelectorAll('details').forEach(each => { each.open = true; })")
        found = await Axe().run(page, options=AXE)
        assert found.violations_count == 0, f"{below}: {found.generate_report()}"
        assert await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), below


async def test_the_players_timeline_says_what_was_recorded_and_a_gap_as_a_gap(viewer: Viewer):
    await viewer.opened()
    timeline = viewer.page.get_by_role("group", name=re.compile("Timeline of the sitting"))
    await expect(timeline.locator("rect.missing")).to_have_count(2)
    await expect(timeline.locator("rect.hold")).to_have_count(1)
    await expect(timeline.locator("[class^=mark-]")).to_have_count(9)
    names = viewer.page.locator(".player-course-names")
    for name in ("Judge (Romania)", "Witness (Thailand)", "Into Thai", "Hold"):
        await expect(names).to_contain_text(name)
    gaps = viewer.page.get_by_role("region", name="Gaps")
    await expect(gaps).to_contain_text("the line was lost")
    await expect(gaps).to_contain_text("Witness (Thailand), camera")


async def test_an_entry_of_the_log_is_reached_by_keyboard_and_marked_when_the_clock_is_there(viewer: Viewer):
    await viewer.opened()
    log = viewer.page.get_by_role("region", name="Log")
    entry = log.get_by_role("button", name=re.compile("Go to entry 7, Exhibit shown, at 09:00:24"))
    await entry.focus()
    await viewer.page.keyboard.press("Enter")
    await expect(viewer.page.get_by_label("Position in the recording")).to_have_value("22")
    await viewer.seek(25)
    await expect(log.locator("[aria-current]")).to_contain_text("Exhibit shown")
    await expect(log.locator("[aria-current]")).to_contain_text("14:00:24")


async def test_a_press_on_the_timeline_goes_there(viewer: Viewer):
    await viewer.opened()
    timeline = viewer.page.get_by_role("group", name=re.compile("Timeline of the sitting"))
    box = await timeline.bounding_box()
    assert box
    await timeline.click(position={"x": box["width"] * 0.76, "y": 10})
    assert 29 <= await viewer.clock() <= 31


async def test_an_address_that_names_a_time_opens_the_player_there(viewer: Viewer):
    await viewer.open(place="#t=24.5")
    await expect(viewer.page.get_by_label("Position in the recording")).to_have_value("24", timeout=20_000)
    await expect(viewer.page.locator(".player-now")).to_contain_text("09:00:24")
