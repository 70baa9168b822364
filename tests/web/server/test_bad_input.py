"""Hostile requests to pages as such; those to the API are in tests/web/api/test_bad_input.py."""

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.support.browsers import chromium_in_step
from web.server import security

PAGES = {
    "": ("/", "/sign-in", "/s", "/j", "/privacy", "/verify", "/nothing"),
    "clerk": (
        "/docket", "/requests", "/requests/new", "/sites", "/law", "/h/{ref}", "/h/{ref}/live", "/h/{ref}/test",
        "/h/{ref}/technical", "/h/NONE-NONE", "/admin/api-clients",
    ),
}  # fmt: skip
"""Of every kind: forms, islands, the live room, and pages that say no."""

FRAME = "<!doctype html><title>Elsewhere</title><iframe src='{}'></iframe>"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # What the browser does by itself against pages elsewhere that ask for this machine's is not what is tested.
    with chromium_in_step("--disable-features=LocalNetworkAccessChecks") as found:
        yield found


@pytest.mark.parametrize("who", PAGES)
def test_every_page_says_that_nobody_may_frame_it(service, who):
    client = service.signed_in(who) if who else service.client()
    seen = set()
    for path in PAGES[who]:
        answer = client.get(path.format(ref=service.ref))
        seen.add(answer.status_code)
        for name, value in security.HEADERS.items():
            assert answer.headers[name] == value, path
        assert answer.headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"], path
    assert {200, 404} <= seen


@pytest.mark.e2e
def test_a_browser_shows_no_page_in_the_frame_of_another(service, browser):
    page = browser.new_context().new_page()
    failed = {}
    page.on("requestfailed", lambda request: failed.update({request.url: request.failure}))
    for path in ("/sign-in", "/j", "/verify"):
        html = FRAME.format(service.base + path)
        page.route(
            "**/elsewhere", lambda route, _request, html=html: route.fulfill(body=html, content_type="text/html")
        )
        page.goto("http://127.0.0.1:1/elsewhere")
        (frame,) = page.main_frame.child_frames
        assert frame.locator("main").count() == 0
        assert failed.pop(service.base + path) == "net::ERR_BLOCKED_BY_RESPONSE"
        page.unroute("**/elsewhere")
    counts, end = service.app.state.parts.pulse.counts, time.monotonic() + 30
    while counts["csp_reports"] < 3:  # what was refused is reported too: these three were wanted
        assert time.monotonic() < end
        page.wait_for_timeout(50)
    page.context.close()
    counts["csp_reports"] = 0
