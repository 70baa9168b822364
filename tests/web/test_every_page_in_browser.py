"""Every page in Chromium: no violation of the content security policy, none of WCAG A or AA, nothing that overflows."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from hearings import queries
from hearings.actors import person_actor
from hearings.db import Database
from hearings.requests import consultations, requests, translations
from tests.support.browsers import DEVICES, chromium_in_step
from web import cli
from web.demo import demo
from web.requests.steps import STEPS
from web.server.sign_in import COOKIE

pytestmark = [pytest.mark.e2e, pytest.mark.beside, pytest.mark.timeout(900)]
PATIENCE = 120_000
"""Milliseconds: it has only what is left over by what runs alone."""

AXE = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"],
    },
    "resultTypes": ["violations"],
}
OF_A_LOOK = (
    *("color-contrast", "target-size", "scrollable-region-focusable", "link-in-text-block"),
    *("html-has-lang", "html-lang-valid", "valid-lang", "document-title", "bypass", "meta-viewport"),
)
"""Rules of axe whose verdict depends on colours, places and the language: the others say the same in every look."""
VIOLATIONS = """document.addEventListener("securitypolicyviolation", (event) =>
  console.error("policy violated: " + event.violatedDirective + " " + event.blockedURI + " " + event.sourceFile));"""
ZOOMED = {"width": 320, "height": 225}
"""A window of 1280 by 900 pixels at 400 % zoom (WCAG 1.4.10)."""
PINNED = """() => {
  const tops = () => new Map([...document.querySelectorAll("body *")].map((e) => [e, e.getBoundingClientRect()]));
  const most = document.documentElement.scrollHeight - innerHeight;
  scrollTo(0, most / 3);
  const before = tops();
  scrollTo(0, most / 2);
  const lines = new Set();
  for (const [element, now] of tops()) {
    const style = getComputedStyle(element);
    const pins = style.position === "fixed" || style.position === "sticky";
    if (!pins || style.pointerEvents === "none" || most < 20 || before.get(element)?.top !== now.top) continue;
    for (let y = Math.max(0, Math.floor(now.top)); y < Math.min(innerHeight, now.bottom); y++) lines.add(y);
  }
  scrollTo(0, 0);
  return lines.size / innerHeight;
}"""
"""The part of the window's height that is covered by what does not move when the page scrolls."""
OPENED = "for (const one of document.querySelectorAll('details.confirm, details.technical')) one.open = true"
"""What an act leads to and values of machines are looked at too."""
PUBLIC = (
    *("/sign-in", "/sign-in?why=used", "/s", "/j", "/language", "/help", "/help/judge", "/status", "/accessibility"),
    *("/privacy", "/nothing", "/verify", "/docs", "/docs?for=developers", "/docs/operation", "/docs/search?q=seal+key"),
    "/sign-in/stop-recovery",
)
FIND = (
    "find=yes&since=2027-03-22&until=2027-04-02&duration=60&days=1&line_test=15&margin_before=15&margin_after=15"
    "&requesting_zone=Europe/Bucharest&requesting_city=Bucharest&requested_zone=Asia/Bangkok&requested_city=Bangkok"
    "&heard_zone=Asia/Bangkok"
)
PAGES = {
    "clerk": (
        "/docket", "/docket?earlier", "/docket/day/2026-11-24", "/docket/plan", "/requests",
        "/requests?side=in", "/requests/new", "{draft}",
        "{draft}/check", *(f"{{draft}}/edit/{step.slug}" for step in STEPS), "{sent}/documents", "{sent}/consents",
        "{sent}", "{sent}?tab=asked", "{sent}?tab=law", "{sent}?tab=history", "{sent}?done=submit", "{accepted}",
        "{sent}/consultations", "{sent}/informal", "{sent}/transmission", "/requests/import",
        "{accepted}/slots?" + FIND, "{accepted}/schedule", "{home}",
        "{home}/live", "{home}/people/new", "{home}/people/{person}", "{home}/people/{person}/link", "{home}/languages",
        "{home}/technical", "{home}/test", "{home}/network",
        "{home}/minutes", "{home}/record", "{home}/captions", "{home}/log",
        "{home}/rights", "{home}/rights/r03_parties_heard", "{home}/summons",
        "{home}/costs", "{home}/costs/mine", "{home}/costs/statement", "{claim}",
        "/docket?view=week", "/docket?view=month", "/docket?view=list",
        "{offered}", "{offered}/times", "{offered}/technical", "{offered}/slots",
        "/recordings", "/personal-data",
        "/sites", "/sites/new", "/calendars", "/calendars/RO", "/calendar", "/resources", "/resources/new",
        "/resources/{room}", "/resources/{room}/edit", "/interpreters", "/waiting", "/search?words=RO",
        "/notices?state=TH",
        "/directory?state=TH", "/law/check?requesting_state=RO&requested_state=TH&capacity=witness", "/outbox",
    ),
    "authority": (
        "{sent}", "{sent}?act=conditions", "{sent}?act=refuse",
        "/requests?side=queue", "/waiting", "/figures", "/statistics", "/statistics?side=sent&as_of=x",
        "{offered}/times", "{offered}/times/sign?offer={offer}", "{home}/summons",
        "/rooms", "/rooms/new", "/rooms/times?find=yes&states=RO", "{meeting}", "{meeting}/times?find=yes",
    ),
    "administrator": (
        "/admin/law", "/admin/law/row?kind=party&key=TH%2Funtoc", "/admin/law/treaty", "/admin/law/log", "/admin/keys",
        "/admin/law/state", "/admin/law/reviews", "/directory?state=RO",
        "/admin/api-clients", "/admin/clock-changes", "/webhooks", "/admin/recipients", "/admin/staff",
        "/admin/recoveries", "/admin/setup", "/admin/audit", "/admin/audit?since=x", "/admin/audit?subject=views",
        "/notices/new", "/facilitators", "/admin/retention", "/admin/personal-data", "/admin/statistics", "/sign-ins",
        "{member}", "{member}?deactivate", "{member}/recovery",
    ),
}  # fmt: skip
"""Pages by who looks at them; `filled` has what stands in the braces."""
OFTEN = ("/docket", "{sent}", "{home}", "{home}/live", "/requests/new", "{accepted}/slots?" + FIND)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium_in_step(*DEVICES) as found:
        yield found


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

    def check(self, *rules: str) -> None:
        """By all of axe, or by some rules; nothing is wider than the window."""
        self.page.wait_for_load_state("load")
        self.page.evaluate(OPENED)
        options = {**AXE, "runOnly": {"type": "rule", "values": rules}} if rules else AXE
        for found in Axe().run(self.page, options=options).response["violations"]:
            nodes = "; ".join(str(node["target"]) for node in found["nodes"][:4])
            self.wrong.append(f"{self.page.url}: {found['id']}: {nodes}")
        self.fits()

    def uncovered(self) -> None:
        """What keeps its place while the page scrolls covers no more than a quarter of a low window (WCAG 2.4.11)."""
        covered = self.page.evaluate(PINNED)
        if covered > 0.25:
            self.wrong.append(f"{self.page.url}: {covered:.0%} of a low window stay covered")

    def prints(self) -> None:
        """On paper there is nothing to press."""
        self.page.emulate_media(media="print")
        for left in self.page.locator(FOR_THE_HAND).filter(visible=True).all():
            self.wrong.append(f"{self.page.url} printed: {left.evaluate('e => e.outerHTML.slice(0, 120)')}")
        self.page.emulate_media(media="screen")

    def fits(self) -> None:
        across = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if across > 0:
            self.wrong.append(f"{self.page.url}: {across} px wider than the window")


def look(browser: Browser, service, who: str = "", **options: object) -> Look:
    """A context of its own; signed in through the page, since browsers take a `__Host-` cookie from a server only."""
    context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, "locale": "en-GB", **options})
    context.set_default_timeout(PATIENCE)
    found = Look(context.new_page())
    if who:
        found.page.goto(f"{service.base}/s#{service.secret(who)}")
        found.page.locator("main button").click()
        found.page.wait_for_url("**/docket")
    return found


async def fill(database: Database) -> tuple[str, str, str]:
    """A draft, a request under review with a line of everything, and one the other State has accepted."""
    now = datetime.now(UTC)
    async with database.transaction() as db:
        people = await queries.people(db)
        clerk, authority = (person_actor(cli.match(people, who)) for who in ("clerk", "authority"))
        draft = await requests.draft(db, requested_state="TH", fields=demo.REQUEST, actor=clerk, now=now)
        urgent = demo.REQUEST | {"urgent": True, "detained_since": "2026-01-01", "custody_limit": "2099-01-01"}
        sent = await requests.draft(db, requested_state="TH", fields=urgent, actor=clerk, now=now)
        accepted = await requests.draft(db, requested_state="TH", fields=demo.REQUEST, actor=clerk, now=now)
        for row in (sent, accepted):
            await requests.submit(db, request=row, actor=clerk, now=now)
            await requests.acknowledge(db, request=row, actor=authority, now=now)
        await requests.accept(db, request=accepted, actor=authority, now=now)
        await consultations.write_informally(db, request=sent, text="Could Tuesday do?", actor=clerk, now=now)
        await translations.put(db, request=sent, language="th", machine=True, actor=clerk, now=now)
        await consultations.record(
            db, request=sent, held_at=now, way="telephone", with_whom="The court", subject="Conditions",
            outcome="Agreed", actor=authority, now=now,
        )  # fmt: skip
    return draft.reference, sent.reference, accepted.reference


@pytest.fixture(scope="module")
def filled(running) -> dict[str, str]:
    """Addresses of rows in every state, three times offered among them."""
    made = dict(zip(("draft", "sent", "accepted"), running.run(fill), strict=True))
    found = {name: f"/requests/{reference}" for name, reference in made.items()}
    clerk = running.signed_in("clerk")
    room = {"kind": "room", "name": "Courtroom 2", "zone": "Europe/Bucharest", "city": "București"}
    place = clerk.post("/resources/new", room, page="/resources/new").headers["location"]
    found["room"] = re.search(r"/resources/(\d+)", place)[1]
    here = f"{found['accepted']}/slots"
    chosen = {"slot": re.findall(r'name="slot" value="([^"]+)"', clerk.get(f"{here}?{FIND}").text)[:3]}
    chosen |= {"checked": "yes", "resource": found["room"]} | dict(parse_qsl(FIND))
    found["offered"] = clerk.post(here, chosen, page=here).headers["location"].partition("/times")[0]
    times = running.signed_in("authority").get(f"{found['offered']}/times").text
    invited = {"subject": "Two inquiries", "kind": "level_2", "classification": "restricted", "states": ["RO"]}
    begins = {"starts_at": f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%dT%H:%M}", "duration": "60"}
    convened = running.signed_in("authority").post("/rooms", invited | begins, page="/rooms/new")
    found["meeting"] = convened.headers["location"].partition("?")[0]
    found["offer"] = re.search(r"/times/sign\?offer=([0-9a-f-]{36})", times)[1]
    staff = running.signed_in("administrator").get("/admin/staff").text
    found["member"] = re.search(r'"(/admin/staff/[0-9a-f-]{36})"', staff)[1]
    found["home"] = f"/h/{running.ref}"
    mine = f"{found['home']}/costs/mine"
    office = {"participant_id": "", "claimant": "Agency", "currency": "RON"}
    found["claim"] = clerk.post(mine, office, page=mine).headers["location"].partition("?")[0]
    cost = {"kind": "other", "text": "Invoice 5", "amount": "1200.50"}
    clerk.post(f"{found['claim']}/lines", cost, page=found["claim"])
    found["person"] = re.search(r"/people/([0-9a-f-]{36})\"", clerk.get(found["home"]).text)[1]
    return found


FOR_THE_HAND = "button, .button, nav, input:not([type=hidden]), select, textarea, details.why, .clocks"
"""What has no meaning on paper."""
NOT_PRINTED = re.compile(r"/live$")
"""Pages made in the browser: nobody prints a room."""


LOOKS = {
    "light": {"color_scheme": "light"},
    "arabic telephone": {"locale": "ar", "viewport": {"width": 390, "height": 844}, "color_scheme": "dark"},
}
RARE = {
    "narrowest": {"viewport": {"width": 320, "height": 640}},
    "thai": {"locale": "th", "viewport": {"width": 768, "height": 1024}},
    "zoomed": {"viewport": ZOOMED},
    "more contrast": {"forced_colors": "active", "reduced_motion": "reduce"},
}


@pytest.mark.parametrize("name", LOOKS)
def test_no_page_violates_its_policy_or_keeps_anybody_out(browser, service, filled, name):
    """Every page by axe in light and left to right, and by what a look changes in dark and right to left; what fits, at
    three widths."""
    wrong = []
    for who, paths in ({"": PUBLIC} | PAGES).items():
        seen = look(browser, service, who, **LOOKS[name])
        size = seen.page.viewport_size
        for path in paths:
            answer = seen.page.goto(service.base + path.format_map(filled))
            assert answer.status == {
                "/nothing": 404,
                "/admin/audit?since=x": 422,
                "/statistics?side=sent&as_of=x": 422,
            }.get(path, 200), path
            seen.check(*(() if name == "light" or path in OFTEN else OF_A_LOOK))
            if who and name == "light" and not NOT_PRINTED.search(path):
                seen.prints()
            for size_here in ({"width": 768, "height": 700}, ZOOMED):
                seen.page.set_viewport_size(size_here)
                seen.fits()
            seen.uncovered()
            seen.page.set_viewport_size(size)
        seen.page.context.close()
        wrong += seen.wrong
    assert wrong == []


@pytest.mark.parametrize("name", RARE)
def test_what_is_seen_often_is_right_in_rarer_looks_too(browser, service, filled, name):
    seen = look(browser, service, "clerk", **RARE[name])
    for path in OFTEN:
        seen.page.goto(service.base + path.format_map(filled))
        seen.check()
    seen.page.context.close()
    assert seen.wrong == []


@pytest.mark.parametrize("locale", ["ar", "de", "en-GB", "th"])
def test_a_month_with_hearings_on_each_day_fits_the_window(browser, service, filled, locale):
    """Whatever day it is today: the count of one day is put into each cell, the last column included."""
    seen = look(browser, service, "clerk", locale=locale)
    seen.page.goto(f"{service.base}/docket?view=month")
    filled_in = seen.page.evaluate(
        """() => { const count = document.querySelector(".month-count");
        const cells = [...document.querySelectorAll(".docket-month td")];
        for (const cell of cells) if (!cell.querySelector(".month-count")) cell.append(count.cloneNode(true));
        return cells.length; }"""
    )
    assert filled_in >= 28
    for width in (1440, 768, 390, 320):
        seen.page.set_viewport_size({"width": width, "height": 700})
        seen.fits()
    assert seen.page.locator(".month-count .short").first.is_visible()
    seen.page.context.close()
    assert seen.wrong == []


def test_forms_with_errors_put_the_focus_on_the_summary_and_lead_to_the_field(browser, service):
    seen = look(browser, service, "clerk")
    page = seen.page
    page.goto(f"{service.base}/requests/new#authority_contact")  # as the links of the checks lead there
    page.get_by_label("Contact person").fill("keep/7")
    page.get_by_role("button", name="Save and continue").click()
    expect(page).to_have_title(re.compile("^Error:"))
    expect(page.locator("#error-summary")).to_be_focused()
    page.get_by_role("link", name="Choose the requested State.").click()
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
    page.set_viewport_size({"width": 1440, "height": 900})
    boxes = [page.locator(part).bounding_box() for part in ("#error-summary", "form[action='/j']")]
    assert all(box and box["x"] >= 720 for box in boxes), "what is wrong stands above the form, not beside it"
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
    rows = page.locator(".when").first.locator(".time-row")
    expect(rows).to_have_count(2)
    for row in rows.all():
        clock = row.locator("bdi.t").bounding_box()
        city = row.locator("bdi.city").bounding_box()
        offset = row.locator("bdi.offset").bounding_box()
        assert clock["x"] > city["x"] > offset["x"], "read from the right: hour, city, offset"
        assert abs(clock["y"] - city["y"]) < clock["height"]
        hours = row.locator("time").all()
        assert hours[0].bounding_box()["x"] < hours[1].bounding_box()["x"], "a span of time runs from left to right"
    page.context.close()
