"""In real browsers: a call for help in the lobby, a message to the court, and the room's tabs, controls and next step,
by keyboard and in windows from wide to 400 % zoom."""

import re
from typing import Any

import pytest
from playwright.async_api import expect

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]
WIDTHS = ((1366, 768), (360, 640))
VISIBLE = {(1440, 900): 7, (1366, 768): 7, (360, 640): 6, (320, 225): 6}
"""By window, how many controls are always visible at most; 320 × 225 is 1280 × 900 at 400 %."""
STICKY = """() => [...document.querySelectorAll(".room-state, .controls")]
  .filter((element) => getComputedStyle(element).position === "sticky")
  .reduce((sum, element) => sum + element.getBoundingClientRect().height, 0)"""
FOCUS = "document.activeElement.closest('.panel') !== null"


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


async def test_few_controls_stand_in_the_room_and_the_next_step_asks_for_nobody_who_is_not_there(people: Any) -> None:
    clerk, judge, witness = [await people.person(role) for role in ("clerk", "judge", "witness")]
    await clerk.sign_in()
    await judge.sign_in()
    await people.open_lobby()
    await judge.prepare()
    await witness.sign_in()
    await witness.prepare()
    page, step = judge.page, judge.page.locator(".next-bar")
    await expect(step).to_have_attribute("data-step", "roll_call")
    await judge.press("Start the roll call")
    await expect(step).to_have_attribute("data-step", "wait")
    await expect(step).to_contain_text("Not in the room yet: Niran Srisai. Wait for them, or call them.")
    await expect(step.get_by_role("button")).to_have_count(0)

    await controls_fit(judge)
    await menu_by_keyboard(judge)

    # Who stands in the lobby goes, and with the row the focus in it; it stays in the panel.
    await page.locator("summary", has_text="More").first.focus()
    await page.keyboard.press("Enter")
    await witness.press("Leave", exact=True)
    await witness.press("Leave the hearing")
    await expect(page.get_by_role("heading", name="In the lobby")).to_have_count(0)
    assert await page.evaluate(FOCUS)


async def test_an_interpreter_has_few_controls_in_sight_with_those_of_the_console_and_the_rest_by_keyboard(
    people: Any,
) -> None:
    clerk, judge, interpreter = [await people.person(role) for role in ("clerk", "judge", "interpreter")]
    await clerk.sign_in()
    await judge.sign_in()
    await people.open_lobby()
    await judge.prepare()
    await interpreter.sign_in()
    await interpreter.prepare()
    await judge.press("Start the roll call")
    await judge.press("Admit Ana Chaiyaporn")
    await interpreter.offers("Unmute")
    page, console = interpreter.page, interpreter.page.get_by_role("region", name="Interpreter’s console")
    await expect(console.locator("[data-control=into]")).to_be_visible()
    for (width, height), most in VISIBLE.items():
        await page.set_viewport_size({"width": width, "height": height})

        async def few(width: int = width, most: int = most) -> None:  # once the page has followed the window
            controls = page.locator(".control:visible")
            seen = await controls.evaluate_all("(all) => all.map((one) => one.getAttribute('data-control'))")
            assert len(seen) <= most and {"microphone", "into", "cough", "hold", "more"} <= set(seen), (width, seen)

        await people.until(few)
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, (width, height)
        await interpreter.accessible()
    await page.set_viewport_size({"width": 1366, "height": 768})
    await expect(console.get_by_role("button", name="Cough (hold)")).to_be_disabled()
    await page.keyboard.press("1")
    await expect(console.get_by_role("button", name="Română")).to_have_attribute("aria-pressed", "true")
    menu = page.locator("#more-controls")
    await page.get_by_role("button", name="More controls").press("Enter")
    level = menu.get_by_label("Incoming level")
    await level.focus()
    await page.keyboard.press("ArrowLeft")
    await expect(menu.get_by_text("Incoming level 95 %")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("button", name="More controls")).to_be_focused()
    await interpreter.press("Signal", exact=True)
    await interpreter.press("I cannot interpret")
    await expect(page.get_by_role("dialog", name="Say that you cannot interpret?")).to_be_visible()
    await interpreter.accessible()
    await interpreter.give_reason("The sound breaks up.", "Ask for a hold")
    await expect(judge.page.get_by_text("cannot interpret now, and asks for a hold.").first).to_be_visible()


async def controls_fit(judge: Any) -> None:
    """In every window few controls are seen, none that ends the hearing before it runs, and half of it is free."""
    page = judge.page
    for (width, height), most in VISIBLE.items():
        await page.set_viewport_size({"width": width, "height": height})
        assert 4 < await page.locator(".ctl-bar .control").count() <= most, (width, height)
        for name in ("Close the sitting", "Terminate the hearing"):
            await expect(page.get_by_role("button", name=name)).to_have_count(0)
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, (width, height)
        assert await page.evaluate(STICKY) <= (height * 0.55 if height > 480 else 0), (width, height)
        await judge.accessible()
    await page.set_viewport_size({"width": 1366, "height": 768})


async def menu_by_keyboard(judge: Any) -> None:
    """The menu opens on its first control, Escape closes it, and both it and a question give the focus back."""
    page = judge.page
    more = page.get_by_role("button", name="More controls")
    menu = page.locator("#more-controls")
    await more.focus()
    await page.keyboard.press("Enter")
    await expect(more).to_have_attribute("aria-expanded", "true")
    await expect(menu.locator("button:focus, select:focus, input:focus")).to_have_count(1)
    await judge.accessible()
    await page.keyboard.press("Escape")
    await expect(more).to_be_focused()
    await expect(menu).to_be_hidden()
    await page.keyboard.press("Space")
    await expect(menu.get_by_role("button", name="Close the sitting")).to_be_visible()
    await menu.get_by_role("button", name="Keys", exact=True).press("Enter")
    await expect(menu).to_be_hidden()
    await page.get_by_role("dialog", name=re.compile("Keys")).get_by_role("button", name="Done").press("Enter")
    await expect(more).to_be_focused()
