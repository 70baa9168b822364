"""A witness with a telephone of 360 px, in Thai: from the link to the lobby, into the room, and out again."""

import contextlib
import re
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from tests.support.seat import READY, Seat
from web.words import i18n

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

PHONE: dict[str, Any] = {
    "viewport": {"width": 360, "height": 740},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
    "locale": "th-TH",
    "timezone_id": "Asia/Bangkok",
}
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
thai = i18n.translations("th").gettext


async def tap(page: Page, message: str) -> None:
    """Tap the button with this message in Thai."""
    await page.get_by_role("button", name=thai(message), exact=True).first.tap()


async def right(page: Page) -> None:
    """The page is Thai, fits the telephone, and keeps nobody out."""
    assert await page.evaluate("document.documentElement.lang") == "th"
    over = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert await page.evaluate(over) <= 0, page.url
    # What lies under the bar of controls is reached by scrolling: axe takes it for covered.
    await page.evaluate("document.querySelector('[role=tablist]')?.scrollIntoView({block: 'center'})")
    found = await Axe().run(page, options={"runOnly": WCAG})
    assert found.violations_count == 0, (page.url, found.generate_report())


async def come_as_far_as_the_lobby(page: Page, entry: dict[str, str]) -> None:
    """Link and PIN, the recording notice, the devices, and who will see and hear."""
    await page.goto(entry["link"])
    await right(page)
    await page.get_by_label("PIN").fill(entry["pin"])
    await tap(page, "Continue")
    await page.wait_for_url(re.compile("/live"))
    await expect(page.get_by_role("button", name=thai("I have read this"))).to_be_visible(timeout=30_000)
    await right(page)
    await tap(page, "I have read this")
    await tap(page, "Allow camera and microphone")
    await tap(page, "Play a sound")
    await tap(page, "Yes, I heard it")
    await right(page)
    await tap(page, "Continue")
    await expect(page.get_by_text(thai("Who will see and hear you")).first).to_be_visible()
    await right(page)
    await tap(page, "Join the hearing")
    await expect(page.get_by_role("button", name=thai("I need help"))).to_be_visible(timeout=30_000)


async def test_a_witness_comes_by_a_telephone_in_thai_is_admitted_asks_for_help_and_unmutes(
    browser: Browser, judge: Any, visitor: Any, demo: Any
) -> None:
    witness_id = demo.words["seats"]["witness"]
    authority = await visitor().sign_in("authority")
    await authority.open_live()
    context = await browser.new_context(**PHONE)
    context.set_default_timeout(30_000)
    page = await context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    async with contextlib.AsyncExitStack() as stack:
        j, a = [Seat(await stack.enter_async_context(one.socket())) for one in (judge, authority)]
        for seat in (j, a):
            assert (await seat.act("ready", **READY))["ok"]
        await come_as_far_as_the_lobby(page, demo.words["participants"]["witness"])
        await right(page)
        await tap(page, "I need help")
        await j.see(lambda view: any(person["help"] for person in view["people"]))
        confirmed = await a.act("confirm_identity", participant=witness_id, method="known_to_authority")
        assert confirmed["ok"], confirmed
        admitted = await j.act("admit", participant=witness_id)
        assert admitted["ok"], admitted
        unmute = page.get_by_role("button", name=thai("Unmute"))
        await expect(unmute).to_be_visible(timeout=40_000)
        await right(page)
        await unmute.tap()
        await j.see(lambda view: j.person(witness_id)["microphone"] == "on")
    await context.close()
    assert problems == []
