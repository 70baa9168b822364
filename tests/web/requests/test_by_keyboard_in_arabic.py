"""The requesting clerk's way from the sign-in link to the request that is sent: by keyboard alone, in Arabic."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.browsers import chromium_in_step
from web.demo import demo
from web.demo.keys import KEY_FILES
from web.requests.steps import STEPS
from web.words import i18n

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]
arabic = i18n.translations("ar").gettext
MOST = 250
"""Presses of a key until what is looked for must have come."""
FOCUSED = """() => {
  const element = document.activeElement;
  const style = getComputedStyle(element);
  return {
    lost: element === document.body,
    // The parts of a field for dates have the browser's own mark.
    seen: style.outlineStyle !== "none" || style.boxShadow !== "none" || /^date/.test(element.type),
    tag: element.tagName, type: element.type || "", name: element.name || "", value: element.value ?? "",
    checked: Boolean(element.checked), text: element.textContent.trim().replace(/\\s+/g, " "),
    options: element.tagName === "SELECT" ? [...element.options].map((option) => option.value) : [],
    index: element.selectedIndex ?? -1,
    group: element.type === "radio" ? [...document.getElementsByName(element.name)].map((one) => one.value) : [],
    folds: element.tagName === "SUMMARY" && !element.parentElement.open
      ? [...element.parentElement.querySelectorAll("[name]")].map((one) => one.name) : [],
  };
}"""


class Keyboard:
    """Somebody without a mouse. Wherever the focus goes it is on something, and it can be seen."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def tab(self) -> dict[str, Any]:
        self.page.wait_for_load_state("load")  # before it, neither styles nor scripts need to have arrived
        self.page.keyboard.press("Tab")
        focused: dict[str, Any] = self.page.evaluate(FOCUSED)
        assert not focused["lost"] and focused["seen"], f"{self.page.url}: {focused}"
        return focused

    def reach(self, wanted: Callable[[dict[str, Any]], bool]) -> None:
        for _ in range(MOST):
            if wanted(self.tab()):
                return
        raise AssertionError(f"{self.page.url}: not reached by Tab")

    def open(self, text: str) -> None:
        """Press the link or button with this text, as the catalogue has it in Arabic."""
        self.reach(lambda focused: focused["tag"] in ("A", "BUTTON") and focused["text"].rstrip("…") == arabic(text))
        self.page.keyboard.press("Enter")

    def fill(self, values: Mapping[str, Any], button: str) -> None:
        """Go through a form from field to field, and press the button behind it."""
        done = set[str]()
        for _ in range(MOST):
            focused = self.tab()
            if focused["tag"] == "BUTTON" and focused["text"] == arabic(button):
                self.page.keyboard.press("Enter")
                return
            name = focused["name"]
            if set(focused["folds"]) & set(values):
                self.page.keyboard.press("Enter")
            elif name in values and (name not in done or focused["type"] == "checkbox"):
                done.add(name)
                self.enter(focused, values[name])
        raise AssertionError(f"{self.page.url}: {button} not reached by Tab")

    def enter(self, focused: dict[str, Any], value: Any) -> None:
        """Give the focused field a value."""
        text = {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value
        if focused["type"] == "checkbox":
            wanted = focused["value"] in text if isinstance(text, list) else focused["value"] == text
            if wanted != focused["checked"]:
                self.page.keyboard.press("Space")
        elif focused["type"] == "radio":
            steps = focused["group"].index(text)
            self.page.keyboard.press("Space")
            for _ in range(steps):
                self.page.keyboard.press("ArrowDown")
        elif focused["tag"] == "SELECT":
            steps = focused["options"].index(str(text)) - focused["index"]
            for _ in range(abs(steps)):
                self.page.keyboard.press("ArrowDown" if steps > 0 else "ArrowUp")
        else:
            self.page.keyboard.press("Control+A")
            self.page.keyboard.insert_text(str(text))


def test_a_clerk_asks_for_a_hearing_by_keyboard_alone_in_arabic(service: Any) -> None:
    with chromium_in_step() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 900}, locale="ar")
        keys = Keyboard(page)
        page.goto(f"{service.base}/s#{service.secret('clerk')}")
        keys.open("Sign in")
        page.wait_for_url("**/docket")
        assert page.evaluate("[document.documentElement.lang, document.documentElement.dir]") == ["ar", "rtl"]
        keys.open("Skip to content")
        assert page.evaluate("document.activeElement.id") == "main"
        keys.open("New request")
        for step in STEPS:
            expect(page.get_by_role("heading", level=1)).to_contain_text(arabic(step.title))
            keys.fill({"requested_state": "TH"} | demo.REQUEST, "Save and continue")
        expect(page.get_by_role("heading", level=1)).to_contain_text(arabic("Check and submit"))
        keys.open("Submit the request")
        expect(page.get_by_role("button", name=arabic("Sign and send"))).to_be_enabled()
        with page.expect_file_chooser() as chooser:
            keys.reach(lambda focused: focused["type"] == "file")
            page.keyboard.press("Enter")
        chooser.value.set_files(service.settings.data / "demo-keys" / KEY_FILES["RO"])
        expect(page.locator("[data-sign-key]")).to_contain_text("Tribunalul București")
        keys.open("Sign and send")
        page.wait_for_url("**?done=submit")
        reference = page.url.partition("/requests/")[2].partition("?")[0]
        shown = service.signed_in("authority").get("/requests?side=in").text
        assert f'href="/requests/{reference}"' in shown
        page.context.close()
