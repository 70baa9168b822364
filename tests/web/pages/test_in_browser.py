"""Every page in Chromium: no violation of the content security policy, none of WCAG A or AA, nothing that overflows."""

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from web.actors import COOKIE

AXE = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"],
    }
}
VIOLATIONS = """document.addEventListener("securitypolicyviolation", (event) =>
  console.error("policy violated: " + event.violatedDirective + " " + event.blockedURI + " " + event.sourceFile));"""
PUBLIC = ("/sign-in", "/sign-in?why=used", "/s", "/j", "/language", "/help", "/nothing")
STAFF = (
    "/docket", "/docket?earlier", "/requests", "/requests?side=in", "/requests/new", "/requests/RO-2026-0001",
    "/h/{ref}", "/h/{ref}/live", "/h/{ref}/people/new", "/h/{ref}/people/{person}", "/recordings",
    "/h/{ref}/technical", "/h/{ref}/test", "/sites", "/sites/new",
)  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"],
        )
        yield found
        found.close()


class Look:
    """A page and everything that was found wrong with it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.wrong: list[str] = []
        page.add_init_script(VIOLATIONS)
        page.on("pageerror", lambda error: self.wrong.append(f"{page.url}: {error}"))
        page.on("console", lambda message: self._console(message.type, message.text))

    def _console(self, kind: str, text: str) -> None:
        # The console also tells of answers that are no 200: forms with errors and unknown pages are meant here.
        if kind == "error" and "Failed to load resource" not in text:
            self.wrong.append(f"{self.page.url}: {text}")

    def check(self) -> None:
        self.page.wait_for_load_state("load")
        for found in Axe().run(self.page, options=AXE).response["violations"]:
            nodes = "; ".join(str(node["target"]) for node in found["nodes"][:4])
            self.wrong.append(f"{self.page.url}: {found['id']}: {nodes}")
        across = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if across > 0:
            self.wrong.append(f"{self.page.url}: {across} px wider than the window")


def look(browser: Browser, service, who: str = "", **options: object) -> Look:
    """A context of its own; signed in through the page, since browsers take a `__Host-` cookie from a server only."""
    context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, "locale": "en-GB", **options})
    found = Look(context.new_page())
    if who:
        found.page.goto(f"{service.base}/s#{service.secret(who)}")
        found.page.locator("main button").click()
        found.page.wait_for_url("**/docket")
    return found


LOOKS = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "telephone": {"viewport": {"width": 390, "height": 844}},
    "narrowest": {"viewport": {"width": 320, "height": 640}},
    "arabic": {"locale": "ar"},
    "arabic telephone": {"locale": "ar", "viewport": {"width": 390, "height": 844}, "color_scheme": "dark"},
    "thai": {"locale": "th", "viewport": {"width": 768, "height": 1024}},
    "more contrast": {"forced_colors": "active", "reduced_motion": "reduce"},
}


@pytest.mark.parametrize("name", LOOKS)
def test_no_page_violates_its_policy_or_keeps_anybody_out(browser, service, name):
    clerk = service.signed_in("clerk")
    person = re.search(rf"/h/{service.ref}/people/([0-9a-f-]{{36}})\"", clerk.get(f"/h/{service.ref}").text)[1]
    seen = look(browser, service, **LOOKS[name])
    for path in PUBLIC:
        seen.page.goto(service.base + path)
        seen.check()
    signed = look(browser, service, "clerk", **LOOKS[name])
    for path in STAFF:
        signed.page.goto(service.base + path.format(ref=service.ref, person=person))
        signed.check()
    seen.page.context.close()
    signed.page.context.close()
    assert seen.wrong + signed.wrong == []


def test_forms_with_errors_put_the_focus_on_the_summary_and_lead_to_the_field(browser, service):
    seen = look(browser, service, "clerk")
    page = seen.page
    page.goto(f"{service.base}/requests/new")
    page.get_by_label("Contact person").fill("keep/7")
    page.get_by_role("button", name="Save and continue").click()
    expect(page).to_have_title(re.compile("^Error:"))
    expect(page.locator("#error-summary")).to_be_focused()
    page.get_by_role("link", name="Choose the State you ask.").click()
    expect(page.locator("#requested_state")).to_be_focused()
    assert page.get_by_label("Contact person").input_value() == "keep/7"
    seen.check()
    page.goto(f"{service.base}/h/{service.ref}/people/new")
    page.get_by_role("button", name="Add the person").click()
    expect(page).to_have_title(re.compile("^Error:"))
    seen.check()
    page.context.close()
    assert seen.wrong == []


def test_a_sign_in_link_is_taken_out_of_the_address_and_used_by_a_button(browser, service):
    seen = look(browser, service)
    page = seen.page
    secret = service.secret("judge")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{service.base}/s#{secret}")
    assert page.url == f"{service.base}/s"
    assert not any(secret in address for address in asked)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/docket")
    assert [cookie["name"] for cookie in page.context.cookies()] == [COOKIE]
    assert page.evaluate("document.cookie") == ""
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in?why=out")
    assert page.context.cookies() == []
    page.context.close()
    assert seen.wrong == []


def test_a_link_and_its_pin_lead_through_wrong_and_early_to_a_page_that_says_so(browser, service):
    clerk = look(browser, service, "clerk")
    clerk.page.goto(f"{service.base}/h/{service.ref}")
    clerk.page.get_by_role("row", name=re.compile("Witness")).get_by_role("button").click()
    expect(clerk.page.get_by_role("heading", level=1)).to_contain_text("Link and PIN for")
    clerk.check()
    address = clerk.page.get_by_role("textbox", name="Link").input_value()
    pin = clerk.page.locator(".pin-shown").inner_text()
    witness = look(browser, service, viewport={"width": 390, "height": 844})
    page = witness.page
    page.goto(address)
    assert page.url == f"{service.base}/j"
    page.get_by_label("PIN").fill("12")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert")).to_contain_text("There is a problem")
    witness.check()
    page.get_by_label("PIN").fill(pin)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The lobby is not open yet")
    expect(page.get_by_role("main")).to_contain_text("Bangkok")
    witness.check()
    clerk.page.context.close()
    page.context.close()
    assert clerk.wrong + witness.wrong == []


def test_in_arabic_every_hour_stays_with_its_city(browser, service):
    seen = look(browser, service, "clerk", locale="ar")
    page = seen.page
    page.goto(f"{service.base}/h/{service.ref}")
    for row in page.locator(".time-pair").first.locator(".time-row").all():
        clock = row.locator("bdi.t").bounding_box()
        city = row.locator("bdi.city").bounding_box()
        offset = row.locator("bdi.offset").bounding_box()
        assert clock["x"] > city["x"] > offset["x"], "read from the right: hour, city, offset"
        assert abs(clock["y"] - city["y"]) < clock["height"]
        hours = row.locator("time").all()
        assert hours[0].bounding_box()["x"] < hours[1].bounding_box()["x"], "a span of time runs from left to right"
    page.context.close()
