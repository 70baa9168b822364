"""Line tests: what the page's requests take in and refuse, and two real browsers measuring one another."""

import asyncio
import json
import re
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, expect

from hearings.agreement import profiles
from hearings.models import Person
from tests.support.browsers import chromium_in_step
from web.agreement import line_test_pages as line_test

TONES = profiles.table()["line_test"]["tones_hz"]
MEASURED = {
    "seconds": 20, "rtt_ms": 80, "loss_percent": 0, "jitter_ms": 4, "up_kbps": 6000, "down_kbps": 900,
    "tones": {str(hz): 40 for hz in TONES},
}  # fmt: skip
STATE = {"reported": [], "judged": False, "passed": None, "fault": "", "other_fault": ""}
UNPROTECTED = "no_common_protection"


@pytest.fixture
def clerk(service):
    return service.signed_in("clerk")


@pytest.fixture
def authority(service):
    return service.signed_in("authority")


def post(client, path: str, body: str = "", kind: str = "application/json", token: str | None = None):
    """As the island posts: the token in a header, the origin our own."""
    headers = {
        "origin": str(client.http.base_url).rstrip("/"),
        "content-type": kind,
        "accept": "application/json",
        "x-csrf-token": client.token(path.rpartition("/test")[0] + "/technical") if token is None else token,
    }
    return client.request("POST", path, content=body, headers=headers)


def begun(client, ref: str) -> str:
    return f"/h/{ref}/test/{post(client, f'/h/{ref}/test/begin').json()['test']}"


def test_both_sites_report_and_the_page_shows_each_line_with_its_limit(service, clerk, authority):
    place = begun(clerk, service.ref)
    assert begun(authority, service.ref) == place
    answer = post(clerk, f"{place}/report", json.dumps(MEASURED))
    assert (answer.status_code, answer.json()) == (201, {"reported": ["RO"], "judged": False, "passed": None})
    answer = post(authority, f"{place}/report", json.dumps(MEASURED | {"jitter_ms": 31}))
    assert answer.json() == {"reported": ["RO", "TH"], "judged": True, "passed": False}
    assert clerk.get(f"{place}/state").json()["passed"] is False
    words = clerk.words(clerk.get(f"/h/{service.ref}/test"))
    assert "Jitter (ms) At the requested site 31 30 Not passed" in words
    assert "Round trip between the sites (ms) Both sites 160 300 Passed" in words
    # What is weak stands first, with its figure and its limit, and the line it lies on.
    assert words.index("Jitter (ms), At the requested site: 31") < words.index("Where it is weak")
    legs = re.findall(r'class="leg (\w+)"', clerk.get(f"/h/{service.ref}/test").text)
    assert legs == ["sound", "weak"]
    assert re.findall(r'class="leg (\w+)"', authority.get(f"/h/{service.ref}/test").text) == ["weak", "sound"]
    place = begun(clerk, service.ref)
    for client in (clerk, authority):
        post(client, f"{place}/report", json.dumps(MEASURED))
    assert "A test has passed within 7 days before the hearing." in clerk.words(clerk.get(f"/h/{service.ref}/test"))
    assert "Signed and tested" in clerk.words(clerk.get(f"/h/{service.ref}/technical"))


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ('{"seconds": NaN}', "application/json"),
        ('{"seconds": 20, "seconds": 20}', "application/json"),
        ("[" * 15_000, "application/json"),
        ("[]", "application/json"),
        ("x" * 17_000, "application/json"),
        (json.dumps(MEASURED), "text/plain"),
        (json.dumps(MEASURED | {"passed": True}), "application/json"),
        (json.dumps({**MEASURED, "tones": {}}), "application/json"),
    ],
)
def test_a_report_that_is_none_is_refused_and_nothing_is_kept(service, everything, clerk, body, kind):
    place = begun(clerk, service.ref)
    before = service.run(everything)
    answer = post(clerk, f"{place}/report", body, kind)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert clerk.get(f"{place}/state").json() == STATE
    assert service.run(everything) == before


def test_tests_are_for_the_staff_of_the_two_states_with_their_token(service, everything, clerk):
    async def of_a_third_state(database):
        async with database.transaction() as db:
            db.add(Person(owner_state="FR", name="M. Blanc", email="blanc@fr.example", functions=["clerk"]))

    service.run(of_a_third_state)
    place, report = begun(clerk, service.ref), json.dumps(MEASURED)
    stranger, judge, nobody = service.signed_in("blanc@fr.example"), service.signed_in("judge"), service.client()
    token = stranger.token("/docket")
    before = service.run(everything)
    unknown = f"/h/{service.ref}/test/0190-unknown/report"
    for answer, refusal in (
        (post(clerk, f"{place}/report", report, token="0" * 64), (403, "csrf")),
        (post(judge, f"{place}/report", report, token="0" * 64), (403, "csrf")),
        (post(clerk, unknown, report), (404, "not_found")),
        (post(stranger, f"/h/{service.ref}/test/begin", token=token), (404, "not_found")),
        (post(stranger, f"{place}/report", report, token=token), (404, "not_found")),
        (post(nobody, f"{place}/report", report, token="0" * 64), (401, "sign_in_needed")),
        (nobody.get(f"{place}/state", headers={"accept": "application/json"}), (401, "sign_in_needed")),
        (stranger.get(f"{place}/state", headers={"accept": "application/json"}), (404, "not_found")),
        (post(clerk, f"{place}/media", "v=0", "text/plain"), (415, "unsupported_media_type")),
        (post(clerk, f"{place}/media", "v=0\r\n", "application/sdp"), (422, "no_media")),
    ):
        assert (answer.status_code, answer.json()["code"]) == refusal
    assert service.run(everything) == before
    assert clerk.get(f"{place}/state").json() == STATE


def fail_to_connect(client, place: str, stack: Any) -> None:
    """The offer of a stack, which takes back what was told of an earlier one, and a handshake that fails."""

    async def work() -> None:
        answer = post(client, f"{place}/media", await stack.offer(), "application/sdp")
        assert answer.status_code == 201, answer.text
        assert client.get(f"{place}/state").json()["fault"] == ""
        await stack.connect(answer.text)

    asyncio.run(work())


def wait_for_state(client, place: str, expected: dict[str, object]) -> None:
    """Up to a safety bound."""
    until = time.monotonic() + 20
    while (found := client.get(f"{place}/state").json()) != expected:
        assert time.monotonic() < until, found
        time.sleep(0.05)


def test_a_site_is_told_that_its_browser_has_no_agreed_protection_until_it_offers_anew(
    service, clerk, authority, old_stack
):
    place = begun(clerk, service.ref)
    assert clerk.get(f"{place}/state").json() == STATE
    fail_to_connect(clerk, place, old_stack())
    wait_for_state(clerk, place, STATE | {"fault": UNPROTECTED})
    assert authority.get(f"{place}/state").json() == STATE | {"other_fault": UNPROTECTED}
    fail_to_connect(authority, place, old_stack())
    wait_for_state(authority, place, STATE | {"fault": UNPROTECTED, "other_fault": UNPROTECTED})
    fail_to_connect(clerk, place, old_stack())


# --- two browsers ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium_in_step() as found:
        yield found


BEGIN = "Start the line test"
AHEAD = "Audio ahead of video (ms; behind: negative)"


def opened(service, browser: Browser, who: str) -> Page:
    """The page of the line test, of somebody who has just signed in."""
    page = browser.new_context(locale="en-GB").new_page()
    page.goto(f"{service.base}/s#{service.secret(who)}")
    page.locator("main button").click()
    page.wait_for_url("**/docket")
    page.goto(f"{service.base}/h/{service.ref}/test")
    return page


@pytest.mark.e2e
@pytest.mark.alone
def test_two_browsers_measure_the_line_between_them(service, browser, monkeypatch):
    monkeypatch.setattr(line_test, "SECONDS", len(TONES) + 1)
    pages = [opened(service, browser, who) for who in ("clerk", "authority")]
    for page in pages:
        page.get_by_role("button", name=BEGIN).click()
    for page in pages:
        expect(page.locator("[data-step=done]")).to_be_visible(timeout=120_000)
    page = pages[0]
    page.get_by_role("link", name="Show results").click()
    section = page.locator("#test-1").inner_text()
    rows = {row[:2]: row[2] for row in re.findall(r"^(.+?)\t(.+?)\t([-\d.e+]+)\t", section, re.M)}
    assert float(rows["Round trip between the sites (ms)", "Both sites"]) < 300
    for side in ("At the requesting site", "At the requested site"):
        # Tones up to 19 kHz were played; the sound format carries what simultaneous interpreting needs.
        assert float(rows["Sound passes up to (Hz)", side]) >= 15_000
        assert float(rows["Downward, as received (kbit/s)", side]) > 0
        # The worker lets pages send what was agreed: 720 lines, 25 pictures a second, and a voice.
        assert float(rows["Upward bandwidth (kbit/s)", side]) >= 1_613 + 48
        assert 3 < float(rows["Quality of speech, estimated (MOS, at most 4.5)", side]) < 4.5
        # By the sender's clock, once the browser knows it: after two reports of the sender, seconds apart.
        if f"{AHEAD}\t{side}\tnot measured" not in section:
            assert abs(float(rows[AHEAD, side])) < 1_000
    assert [found["id"] for found in Axe().run(page).response["violations"]] == []


@pytest.fixture
def apart() -> Iterator[Callable[[Coroutine[Any, Any, Any]], Future[Any]]]:
    """Runs in a loop of its own: the browser's driver keeps one running here."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield lambda work: asyncio.run_coroutine_threadsafe(work, loop)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.mark.e2e
def test_a_browser_without_agreed_protection_ends_its_test_and_the_other_site_waits_for_another_browser(
    service, browser, old_stack, apart
):
    handshakes = []

    def answer(route: Route) -> None:
        old = old_stack()
        answered = route.fetch(post_data=apart(old.offer(str(route.request.post_data))).result())
        route.fulfill(response=answered, body=answered.text())
        handshakes.append(apart(old.connect(answered.text())))

    clerk, authority = opened(service, browser, "clerk"), opened(service, browser, "authority")
    clerk.route("**/media", answer)
    clerk.get_by_role("button", name=BEGIN).click()
    expect(clerk.get_by_role("alert")).to_contain_text("none of the agreed ways of protecting", timeout=20_000)
    expect(clerk.get_by_role("status")).to_have_text("The test was stopped.")
    for handshake in handshakes:
        handshake.result()
    authority.get_by_role("button", name=BEGIN).click()
    waiting = authority.get_by_role("status")
    expect(waiting).to_contain_text("The browser of the other site cannot protect", timeout=20_000)
    for page in (clerk, authority):
        assert [found["id"] for found in Axe().run(page).response["violations"]] == []

    clerk.unroute("**/media")
    clerk.get_by_role("button", name=BEGIN).click()
    for page in (clerk, authority):
        expect(page.locator("[data-step=measuring]")).to_be_visible(timeout=60_000)
        expect(page.get_by_role("alert")).to_have_count(0)
