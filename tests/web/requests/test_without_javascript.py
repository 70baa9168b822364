"""From a new request to its acceptance in a browser that runs no JavaScript: only signing needs some, and says so."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browsers import chromium_in_step
from web.demo import demo
from web.requests.steps import STEPS

pytestmark = [pytest.mark.e2e, pytest.mark.beside, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium_in_step() as found:
        yield found


def opened(browser: Browser, service, who: str) -> Page:
    """A page of somebody who has signed in, which runs no script from now on. The link itself needs one."""
    page = browser.new_context(locale="en-GB").new_page()
    page.set_default_timeout(20_000)
    page.goto(f"{service.base}/s#{service.secret(who)}")
    page.locator("main button").click()
    page.wait_for_url("**/docket")
    page.context.new_cdp_session(page).send("Emulation.setScriptExecutionDisabled", {"value": True})
    return page


def fill(page: Page, name: str, value: object) -> None:
    """Fill in one field of a form as a person does, if it stands on this page."""
    said = {True: "yes", False: "no"}[value] if isinstance(value, bool) else value
    wanted = [str(part) for part in said] if isinstance(said, list) else [str(said)]
    for one in page.locator(f'main [name="{name}"]').all():
        kind = one.get_attribute("type") or ("select" if one.locator("option").count() else "text")
        if kind in ("radio", "checkbox"):
            if (one.get_attribute("value") or "yes") in wanted:
                one.check()
        elif kind == "select":
            one.select_option(wanted)
        elif kind != "hidden":
            one.fill(" ".join(wanted))


def test_a_request_is_drafted_sent_acknowledged_and_accepted_without_javascript(browser: Browser, service) -> None:
    clerk, authority = service.signed_in("clerk"), service.signed_in("authority")
    page = opened(browser, service, "clerk")
    page.goto(f"{service.base}/requests/new")
    for step in STEPS:
        expect(page.get_by_role("button", name="Save and continue")).to_be_visible()
        while page.locator("main details:not([open]) > summary").count():
            page.locator("main details:not([open]) > summary").first.click()
        for name, value in {"requested_state": "TH", **demo.REQUEST}.items():
            fill(page, name, value)
        page.get_by_role("button", name="Save and continue").click()
        expect(page.locator("#error-summary"), step.slug).to_have_count(0)
    place = page.url.removeprefix(service.base).rpartition("/")[0]
    page.goto(f"{service.base}{place}")
    page.get_by_role("button", name="Submit the request").click()
    expect(page.get_by_text("Signing needs JavaScript")).to_be_visible()
    service.act(clerk, place, "submit")  # the officer's program signs
    page.goto(f"{service.base}{place}")
    expect(page.get_by_text("Submitted").first).to_be_visible()

    page = opened(browser, service, "authority")
    page.goto(f"{service.base}{place}")
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_text("Under review").first).to_be_visible()
    expect(page.get_by_role("button", name="Accept").first).to_be_visible()
    service.act(authority, place, "accept")
    page.goto(f"{service.base}{place}")
    expect(page.get_by_text("Accepted").first).to_be_visible()
    for context in browser.contexts:
        context.close()
