"""From the first page of a request to a hearing that is ready: officers of two States, each with a key of its own."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from hearings.db import Database
from hearings.people import logins, staff
from hearings.signatures import recipients, signing_keys
from media.evidence.seal.keyfile import make_key_file
from web.demo.demo import REQUEST
from web.requests.steps import STEPS

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PEOPLE = {
    "clerk": ("RO", "Mihai Dinu", ["clerk"], "București", "Tribunalul București"),
    "judge": ("RO", "Ioana Popa", ["judge"], "București", "Tribunalul București"),
    "authority": ("TH", "Niran Srisai", ["judge", "authority"], "Bangkok", "Office of the Attorney General"),
}
LINE = {
    "up_least": 5000,
    "up_target": 20_000,
    "down_least": 5000,
    "down_target": 50_000,
    "interpreting": ["consecutive", "simultaneous"],
    "recordings": ["sound_and_picture", "sound_only"],
    "private_lines": ["phone"],
    "fallbacks": ["phone"],
    "room_view": True,
}
"""What a site offers besides what its form begins with."""


@dataclass
class Officer:
    """A member of staff at a browser of their own, with the key file of their authority."""

    page: Page
    url: str
    key_file: Path
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("pageerror", lambda error: self.problems.append(f"{self.page.url}: {error}"))
        self.page.on("console", self._console)

    def _console(self, message: Any) -> None:
        if message.type == "error" and "status of 422" not in message.text:  # answers to forms with errors
            self.problems.append(f"{self.page.url}: {message.text}")

    async def open(self, path: str) -> None:
        await self.page.goto(self.url + path)

    async def follow(self, name: str) -> None:
        await self.page.get_by_role("main").get_by_role("link", name=name, exact=True).first.click()

    async def press(self, name: str | re.Pattern[str], **options: Any) -> None:
        await self.page.get_by_role("main").get_by_role("button", name=name, **{"exact": True, **options}).first.click()

    async def fill(self, values: dict[str, Any]) -> None:
        """Fill in what the page has of these fields."""
        for name, value in values.items():
            found = self.page.locator(f"main [name={name}]")
            if await found.count() == 0:
                continue
            folded = self.page.locator("main details:not([open])", has=self.page.locator(f"[name={name}]"))
            if await folded.count():
                await folded.locator("summary").click()
            if await found.first.evaluate("element => element.type") in ("checkbox", "radio"):
                for one in value if isinstance(value, list) else ["yes"] if value is True else [value]:
                    await self.page.locator(f'main [name={name}][value="{one}"]').check()
            elif await found.first.evaluate("element => element.tagName") == "SELECT":
                await found.select_option({True: "yes", False: "no"}.get(value, value))
            else:
                await found.fill(str(value))

    async def sign(self) -> None:
        """Sign what the page shows with the key file, as the page asks."""
        await expect(self.page.get_by_role("button", name="Sign and send")).to_be_enabled()
        await self.page.get_by_label("Key file of your authority").set_input_files(self.key_file)
        await expect(self.page.get_by_text("key of")).to_be_visible()
        await self.press("Sign and send")

    async def accessible(self) -> None:
        """axe finds nothing against WCAG 2.0–2.2 A and AA."""
        await self.page.wait_for_load_state()
        await self.page.evaluate("document.fonts.ready.then(() => true)")  # targets are as large as their words
        found = await Axe().run(self.page, options={"runOnly": WCAG})
        assert found.violations_count == 0, (self.page.url, found.generate_report())

    async def reads(self, words: str) -> None:
        await expect(self.page.get_by_role("main")).to_contain_text(words)


@pytest.fixture
async def officers(installation: Any, browser: Browser, tmp_path: Path) -> AsyncIterator[dict[str, Officer]]:
    """The clerk and the authority, signed in; their States' keys are registered, and a judge is there to be named."""
    now = datetime.now(UTC)
    links, keys = {}, {}
    database = Database(f"sqlite+aiosqlite:///{installation.data / 'vivavoce.db'}")
    async with database.transaction() as db:
        for who, (state, name, functions, city, authority) in PEOPLE.items():
            person = await staff.add(
                db,
                state=state,
                name=name,
                email=f"{who}@court.{state.lower()}.example",
                functions=functions,
                city=city,
                authority_name=authority,
            )
            links[who] = await logins.issue_sign_in_link(db, person=person, now=now)
            if state in keys:
                continue
            made = make_key_file(authority=f"{authority} ({state})", log_vkey="court.example+00000000+AA==")
            keys[state] = tmp_path / f"{state}.key.txt"
            keys[state].write_text(made.text)
            await signing_keys.add(
                db, state=state, authority_name=authority, public_key=made.signing_public, demo=False, now=now
            )
            await recipients.add(
                db, state=state, authority_name=authority, kind="requesting", recipient=made.recipient, now=now
            )
    await database.close()
    made_officers = {}
    for who in ("clerk", "authority"):
        context = await browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
        context.set_default_timeout(10_000)
        officer = Officer(await context.new_page(), installation.url, keys[PEOPLE[who][0]])
        await officer.open(f"/s#{links[who]}")
        await officer.press("Sign in")
        await officer.page.wait_for_url("**/docket")
        made_officers[who] = officer
    yield made_officers
    for who, officer in made_officers.items():
        await officer.page.screenshot(path=tmp_path / f"{who}.png", full_page=True)
        await officer.page.context.close()
    assert [problem for officer in made_officers.values() for problem in officer.problems] == []


async def test_a_request_becomes_a_hearing_that_is_ready_on_pages_alone(officers: dict[str, Officer]) -> None:
    clerk, authority = officers["clerk"], officers["authority"]
    request = await ask(clerk)
    await accept(authority, request)
    hearing = await agree_a_time(clerk, authority, request)
    await name_people(clerk, authority, hearing)
    await agree_the_means(clerk, authority, hearing)
    await keep_the_rights(clerk, authority, hearing)
    await make_ready(clerk, hearing)
    await authority.open(f"/h/{hearing}")
    await authority.reads("Ready")


async def ask(clerk: Officer) -> str:
    """The seven pages of the wizard, the check, and the submission signed; the reference of the request."""
    await clerk.open("/requests")
    await clerk.follow("New request")
    await clerk.page.get_by_label("Requested State").select_option("TH")
    for step in STEPS:
        await expect(clerk.page.get_by_role("heading", level=1)).to_contain_text(step.title)
        await clerk.fill({one.name: REQUEST[one.name] for one in step.inputs if one.name in REQUEST})
        await clerk.press("Save and continue")
    await expect(clerk.page.get_by_role("heading", level=1)).to_contain_text("Check and submit")
    await clerk.accessible()
    request = clerk.page.url.split("/requests/")[1].partition("/")[0]
    await clerk.press("Submit the request…")
    await clerk.accessible()
    await clerk.sign()
    await clerk.reads("sent to Thailand")
    await clerk.accessible()
    return request


async def accept(authority: Officer, request: str) -> None:
    """The other State acknowledges, asks the person, and accepts with its signature."""
    await authority.open("/requests?side=in")
    await authority.follow(request)
    await authority.press("Acknowledge")
    await authority.follow("Consultations")
    await authority.page.get_by_label("Telephone").check()
    await authority.fill({"with_whom": "Mihai Dinu", "subject": "Interpreter", "outcome": "The court brings one."})
    await authority.press("Record")
    await authority.reads("The court brings one.")
    await authority.open(f"/requests/{request}")
    await authority.accessible()
    await authority.press("Accept…")
    await authority.sign()
    await authority.reads("Accepted")


async def agree_a_time(clerk: Officer, authority: Officer, request: str) -> str:
    """Two times out of the slot finder are offered, one is accepted; the reference of the hearing."""
    await clerk.open(f"/requests/{request}/slots")
    await clerk.press("Search")
    times = clerk.page.get_by_role("group", name="Times of the week").get_by_role("checkbox")
    await times.nth(0).check()
    await times.nth(1).check()
    await clerk.press("Add to the offer")
    await clerk.reads("2 of up to 3")
    await clerk.page.get_by_label("I have checked both local times").check()
    await clerk.accessible()
    await clerk.press("Propose chosen times")
    await expect(clerk.page.get_by_role("cell", name="Offered", exact=True)).to_have_count(2)
    hearing = clerk.page.url.split("/h/")[1].partition("/")[0]
    await authority.open(f"/h/{hearing}")
    await authority.follow("Times, terms and bookings")
    await authority.accessible()
    await authority.page.get_by_role("link", name="Accept this time").first.click()
    await authority.accessible()
    await authority.sign()
    await authority.reads("Your State has signed.")
    await clerk.open(f"/h/{hearing}/times")
    await clerk.follow("Sign the time and terms")
    await clerk.sign()
    await clerk.reads("Time agreed")
    return hearing


async def name_people(clerk: Officer, authority: Officer, hearing: str) -> None:
    """Everybody is named first, each State's staff by itself: an agreement rests on their languages too."""
    for officer, function, speaks in ((clerk, "Presiding judge", "ro"), (authority, "Requested authority", "th")):
        await officer.open(f"/h/{hearing}/people/new")
        options = officer.page.get_by_label("Person and role").locator("option", has_text=function)
        await officer.page.get_by_label("Person and role").select_option(await options.first.get_attribute("value"))
        await officer.fill({"staff_speaks": speaks})
        await officer.press("Name this person")
    for role, name, state in (("witness", "Somchai Wongsa", "TH"), ("interpreter", "Ana Chaiyaporn", "RO")):
        await clerk.open(f"/h/{hearing}/people/new")
        await clerk.fill({"role": role, "display_name": name, "state": state, "speaks": state.lower()})
        await clerk.press("Add the person")


async def agree_the_means(clerk: Officer, authority: Officer, hearing: str) -> None:
    """Each State adds a site; the two are negotiated into terms, and both sign them."""
    for officer, name, court, city in (
        (clerk, "Sala 4", "Tribunalul București", "București"),
        (authority, "Room 12", "Criminal Court", "Bangkok"),
    ):
        await officer.open("/sites/new")
        await officer.fill({"name": name, "court": court, "city": city, **LINE})
        await officer.press("Add the site")
        await officer.reads("Profile, version 1")
    await clerk.open(f"/h/{hearing}/technical")
    await clerk.page.get_by_label("Site of the requesting State").select_option(index=1)
    await clerk.page.get_by_label("Site of the requested State").select_option(index=1)
    await clerk.press("Negotiate")
    await clerk.reads("0 conflicts")
    await clerk.press("Propose to the other State")
    for officer in (authority, clerk):
        await officer.open(f"/h/{hearing}/technical")
        await officer.accessible()
        await officer.follow("Sign these terms")
        await officer.accessible()
        await officer.sign()
        await officer.reads("The signature has been saved.")
    await clerk.reads("Signed by both")


async def keep_the_rights(clerk: Officer, authority: Officer, hearing: str) -> None:
    """The page of the hearing leads each State to the item that is its own to answer."""
    for officer, item, title in (
        (clerk, "r03_parties_heard", "Parties heard"),
        (authority, "r07_summons", "Summons in time"),
    ):
        await officer.open(f"/h/{hearing}")
        await officer.page.get_by_role("main").get_by_role("link", name="Open the checklist").first.click()
        await officer.page.wait_for_url(f"**/h/{hearing}/rights#{item}")
        await officer.accessible()
        await officer.follow(f"Answer : {title}")
        await officer.page.get_by_role("combobox", name="Answer").select_option("kept")
        await officer.accessible()
        await officer.press("Record")
        await officer.reads("The answer is recorded. Both States see it.")


async def make_ready(clerk: Officer, hearing: str) -> None:
    """Without a line test, a reason is asked for and kept."""
    await clerk.open(f"/h/{hearing}")
    await clerk.accessible()
    await clerk.press("Mark as ready")
    await expect(clerk.page.get_by_role("alert")).to_contain_text("There is a problem")
    await clerk.page.get_by_label("Reason for proceeding without a line test").fill(
        "Both rooms met yesterday with this equipment."
    )
    await clerk.press("Mark as ready")
    await clerk.reads("The hearing is ready: the lobby can be opened.")
    await clerk.reads("Both rooms met yesterday with this equipment.")
