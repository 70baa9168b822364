"""Controls of the live room in a browser: some stand in its bar, the rest in its menu (bar.ts says which)."""

from typing import Any

from playwright.async_api import Locator, Page, expect


async def button(page: Page, name: str, **options: Any) -> Locator:
    """The button of that name on any page, in sight: the menu of the room is opened when it is in there."""
    menu = page.locator("#more-controls[hidden]")
    hidden = menu.get_by_role("button", name=name, include_hidden=True, **options)
    return await _in_sight(page, page.get_by_role("button", name=name, **options), hidden)


async def field(page: Page, label: str) -> Locator:
    """The field of that label on any page, in sight, as `button`."""
    return await _in_sight(page, page.get_by_label(label), page.locator("#more-controls[hidden]").get_by_label(label))


async def _in_sight(page: Page, wanted: Locator, hidden: Locator) -> Locator:
    found = wanted.filter(visible=True)
    await found.or_(hidden).first.wait_for(state="attached")
    if not await found.count() and await hidden.count():
        await page.get_by_test_id("more").click()
        await expect(page.get_by_test_id("more")).to_have_attribute("aria-expanded", "true")
    return found.first
