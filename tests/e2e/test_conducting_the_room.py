"""In real browsers: a call for help in the lobby, a message to the court, and the tabs of the room's panel."""

from typing import Any

import pytest
from playwright.async_api import expect

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]
WIDTHS = ((1366, 768), (360, 640))


async def test_help_is_answered_and_a_message_read_on_every_screen(people: Any) -> None:
    clerk, judge, witness = [await people.person(role) for role in ("clerk", "judge", "witness")]
    await clerk.sign_in()
    await judge.sign_in()
    await people.open_lobby()
    await judge.prepare()
    await witness.sign_in()
    await witness.prepare()

    await witness.press("I need help")
    calls = judge.page.get_by_test_id("calls")
    await expect(calls).to_contain_text("needs help")
    await judge.accessible()
    await judge.press("Answered: I am coming")
    await expect(witness.page.locator(".notice", has_text="is coming to help you")).to_be_visible()
    await expect(calls.get_by_role("button")).to_have_count(0)
    await witness.press("Help no longer needed")
    await expect(calls).to_have_count(0)

    await witness.page.get_by_text("Messages to the court").first.click()
    await witness.page.get_by_label("Message to the court").fill("I have no water.")
    await witness.press("Send")
    await witness.accessible()
    tab = judge.page.get_by_role("tab", name="Messages")
    await expect(tab).to_contain_text("1 new")
    # By keyboard alone: the tabs are one stop, arrows move between them.
    await judge.page.get_by_role("tab", name="People").focus()
    await judge.page.keyboard.press("End")
    await expect(tab).to_be_focused()
    await expect(tab).to_have_attribute("aria-selected", "true")
    await expect(judge.page.locator(".kept", has_text="I have no water.")).to_be_visible()
    await expect(tab).not_to_contain_text("new")
    await judge.accessible()
    for width, height in WIDTHS:
        await judge.page.set_viewport_size({"width": width, "height": height})
        wide = await judge.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, (width, wide)
        await judge.accessible()
