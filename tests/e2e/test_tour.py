"""The tour in README.md, walked: its steps are read from there, and what it calls by name is on the pages."""

import re
import shlex
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from web.demo.demo import REQUEST
from web.requests.steps import STEPS

pytestmark = [pytest.mark.e2e, pytest.mark.alone, pytest.mark.timeout(420)]

ROOT = Path(__file__).parents[2]
HEARD = 0.05
COMMAND = ".venv/bin/vivavoce "
ROLES = ("judge", "clerk", "authority", "witness", "interpreter")


class Step:
    """A numbered step of the README: its title, its text, and the names in bold that the walk has to meet."""

    def __init__(self, text: str) -> None:
        found = re.fullmatch(r"\*\*(.+?)\.?\*\*(.*)", " ".join(text.split()))
        assert found, text
        self.title, self.text = found.groups()
        self.names = re.findall(r"\*\*(.+?)\*\*", self.text)
        self.met: set[str] = set()

    def commands(self) -> list[str]:
        return [words for words in re.findall(r"`(.+?)`", self.text) if words.startswith(COMMAND)]


def tour() -> tuple[list[Step], str]:
    """The steps, and what the README says after them."""
    (section,) = re.findall(r"^## A tour of .*?(?=^## )", (ROOT / "README.md").read_text(encoding="utf-8"), re.M | re.S)
    items = re.split(r"^(\d+)\. ", section, flags=re.MULTILINE)
    assert [int(number) for number in items[1::2]] == list(range(1, len(items) // 2 + 1))
    last, _, after = items[-1].partition("\n\n")
    return [Step(text) for text in (*items[2:-1:2], last)], after


class Walk:
    """Five people at five browsers, and the step they are at."""

    def __init__(self, people: Any, installation: Any, demo: Any, folder: Path) -> None:
        self.people, self.installation, self.demo, self.folder = people, installation, demo, folder
        self.keys = installation.data / "demo-keys"
        self.step = Step("**Before**")

    def page(self, who: str) -> Page:
        return self.people[who].page

    def named(self, who: str, name: str, rest: str = "") -> Locator:
        """What this person can press that the README calls by this name; `rest` is whom or what it is about."""
        assert name in self.step.names, f"{name!r} is not in step {self.step.title!r} of the README"
        self.step.met.add(name)
        visible = re.compile(rf"^{re.escape(f'{name} {rest}'.strip())}(?=\W|$)")
        page = self.page(who)
        roles = [page.get_by_role(role, name=visible) for role in ("button", "link")]
        return roles[0].or_(roles[1]).or_(page.locator("summary", has_text=visible)).first

    async def press(self, who: str, name: str, rest: str = "") -> None:
        await self.named(who, name, rest).click()

    async def shows(self, who: str, name: str) -> None:
        """A heading or the label of a field."""
        assert name in self.step.names, f"{name!r} is not in step {self.step.title!r} of the README"
        self.step.met.add(name)
        page = self.page(who)
        heading, group = page.get_by_role("heading", name=name), page.get_by_role("group", name=name)
        await expect(heading.or_(group).or_(page.get_by_label(name)).first).to_be_visible()

    async def reads(self, who: str, *words: str) -> None:
        for word in words:
            await expect(self.page(who).get_by_role("main")).to_contain_text(word)

    async def sign(self, who: str, state: str) -> None:
        """Sign what the page shows with the throw-away key file of the demonstration."""
        await expect(self.named(who, "Sign and send")).to_be_enabled()
        await self.page(who).get_by_label("Key file of your authority").set_input_files(self.keys / f"{state}.key.txt")
        await expect(self.page(who).get_by_text("key of")).to_be_visible()
        await self.press(who, "Sign and send")
        await expect(self.page(who).get_by_role("button", name="Sign and send")).to_have_count(0)


async def request(walk: Walk) -> None:
    await walk.people.person("clerk")
    await walk.people["clerk"].sign_in()
    await walk.press("clerk", "Request")
    await walk.press("clerk", "What is asked")
    await walk.shows("clerk", "Required contents")
    await walk.reads("clerk", *(f"18(15)({letter})" for letter in "abcdef"))
    await walk.press("clerk", "Legal basis")
    await walk.shows("clerk", "Legal basis")
    await walk.reads("clerk", "UNTOC art. 18(18)", "Met", "Needs assessment")
    async with walk.page("clerk").expect_download() as download:
        await walk.press("clerk", "Request as PDF")
    sealed = (await (await download.value).path()).read_bytes()
    assert sealed.startswith(b"%PDF") and b"/ByteRange" in sealed


async def time_and_technique(walk: Walk) -> None:
    page = walk.page("clerk")
    await walk.press("clerk", "Overview")
    await walk.press("clerk", "Open the hearing")
    await walk.reads("clerk", "Bucharest (UTC", "Bangkok (UTC")
    hearing = page.url
    await walk.press("clerk", "Times, terms and bookings")
    await walk.reads("clerk", "Times offered", "Time accepted")
    await page.goto(hearing)
    await walk.press("clerk", "Technical agreement")
    await walk.reads("clerk", "Signed by both")
    lines = page.locator("main table.compare tbody tr")
    assert await lines.count() > 10
    assert all([(await line.locator("td").last.text_content() or "").strip() for line in await lines.all()])
    await page.goto(hearing)


async def lobby(walk: Walk) -> None:
    await walk.press("clerk", "Open the lobby")
    await walk.reads("clerk", "The lobby is open. The links work now.")


async def join(walk: Walk) -> None:
    people = walk.people
    for who in ("witness", "interpreter"):
        await people.person(who)
        await people[who].sign_in()
        await check_equipment(walk, who)
        await walk.reads(who, "Waiting for the court")
    await walk.press("clerk", "Enter the hearing")
    for who in ("judge", "authority"):
        await people.person(who)
        await people[who].sign_in()
        await walk.press(who, "Enter the room")
    for who in ("judge", "authority", "clerk"):
        await check_equipment(walk, who)
        await expect(walk.page(who).get_by_role("button", name="Unmute", exact=True)).to_be_visible()


async def check_equipment(walk: Walk, who: str) -> None:
    await walk.reads(who, "This hearing is recorded")
    for name in ("I have read this", "Allow camera and microphone", "Play a sound"):
        await walk.press(who, name)
    await walk.people[who].press("Yes, I heard it")
    await walk.people[who].press("Continue")
    await walk.reads(who, "Who will see and hear you")
    await walk.press(who, "Join the hearing")


async def admit(walk: Walk) -> None:
    people = walk.people
    await walk.press("judge", "Start the roll call")
    await walk.press("authority", "Confirm the identity of", "Somchai Wongsa")
    await walk.page("authority").get_by_label("Kind of document").select_option("passport")
    await walk.page("authority").get_by_label("Last four letters or digits of its number").fill("9876")
    await people["authority"].press("Confirm identity", exact=True)
    for name in ("Somchai Wongsa", "Ana Chaiyaporn"):
        await walk.press("judge", "Admit", name)


async def check_and_start(walk: Walk) -> None:
    people = walk.people
    for who in ("judge", "authority"):
        await walk.shows(who, "Compare codes")
    assert await people["judge"].code() == await people["authority"].code()
    await walk.press("authority", "The codes match")
    await walk.reads("judge", "Compared: the codes match.")
    for who in people.all:
        await walk.press(who, "Unmute")
    languages = iter((("1", "Română"), ("2", "ไทย")))
    checks = walk.page("judge").get_by_role("button", name=re.compile("^Check .*(?<! again)$"))
    await expect(checks).to_have_count(5)
    for name in [(await one.inner_text()).removeprefix("Check ") for one in await checks.all()]:
        if ", into " in name:
            key, language = next(languages)
            assert name.endswith(language), name
            await walk.page("interpreter").keyboard.press(key)
        await walk.press("judge", "Check", name)
        again = walk.page("judge").get_by_role("button", name=f"Check {name} again")
        await expect(again).to_be_visible(timeout=30_000)
    await walk.reads("judge", "5 of 5 required ones passed")
    await walk.press("judge", "Start the sitting")
    await walk.press("judge", "Start now")
    await people.all_say("RECORDING")
    assert walk.installation.journal("segment")


async def hear(walk: Walk) -> None:
    people, page = walk.people, walk.page
    for key, listener, floor in (("2", "witness", "judge"), ("1", "judge", "witness")):
        await page("interpreter").keyboard.press(key)

        async def over_the_floor(listener: str = listener, floor: str = floor) -> None:
            heard = await people[listener].hears("interpreter", floor)
            assert heard["interpreter"] > HEARD
            assert 0.1 < heard[floor] / heard["interpreter"] < 0.2

        await people.until(over_the_floor)
    await walk.press("judge", "More controls")
    await walk.shows("judge", "Original under the interpretation")
    slider = page("judge").get_by_label("Original under the interpretation")
    assert [await slider.get_attribute(name) for name in ("min", "max")] == ["0", "40"]
    await walk.press("judge", "Mute", "Somchai Wongsa")
    await expect(page("witness").get_by_text("The court has switched off your microphone").first).to_be_visible()
    await people["witness"].press("Unmute")
    await walk.press("authority", "Hold")
    await people["authority"].give_reason("The witness asks for counsel.", "Put on hold")
    await expect(people["witness"].hold_bar).to_contain_text("Requested authority")
    await walk.press("authority", "Resume")
    await people["authority"].give_reason("Counsel was consulted.", "Resume the hearing")
    await expect(people["witness"].hold_bar).to_have_count(0)
    await page("clerk").reload()
    await expect(page("clerk").get_by_role("button", name="Unmute", exact=True)).to_be_visible(timeout=20_000)


async def close(walk: Walk) -> None:
    await walk.press("judge", "Close the sitting")
    await walk.press("judge", "Close now")
    await walk.reads("judge", "The hearing is closed")
    assert len(walk.installation.journal("close")) == 1


async def play(walk: Walk) -> None:
    page = walk.page("judge")
    await walk.press("judge", "Recording")
    await page.get_by_label("Why do you view this recording?").select_option("minutes")
    await walk.shows("judge", "Key file of your authority")
    await page.get_by_label("Key file of your authority").set_input_files(walk.keys / "romania.key.txt")
    await walk.press("judge", "Open the recording")
    await expect(page.get_by_test_id("verdict")).to_contain_text("Verified", timeout=30_000)
    await walk.press("judge", "Play")
    await walk.shows("judge", "Language you hear")
    position = page.get_by_label("Position in the recording")

    async def plays() -> None:
        assert float(await position.input_value()) > 1

    await walk.people.until(plays)
    before = float(await position.input_value())
    await page.get_by_role("radio", name="Thai").check()
    assert float(await position.input_value()) >= before


async def check_with_other_tools(walk: Walk) -> None:
    bag = walk.folder / "bag"
    export, verify = [run_as_written(walk, words) for words in walk.step.commands()]
    assert export.returncode == 0, export.stderr
    assert (verify.returncode, "verified" in verify.stdout) in ((0, True), (10, True)), verify.stdout
    assert "bagit.txt" in {file.name for file in bag.iterdir()}
    told = (bag / "VERIFY.txt").read_text(encoding="utf-8")
    assert [tool for tool in ("sha256sum", "openssl", "python3", "age -d") if tool not in told] == []


def run_as_written(walk: Walk, command: str) -> subprocess.CompletedProcess[str]:
    """A command of the README, its words in capitals and its data folder filled in."""
    filled = {"HEARING": walk.demo.ref, "BAG": str(walk.folder / "bag")}
    words = [filled.get(word, word) for word in shlex.split(command.removeprefix(COMMAND))]
    words = [word.replace(".data/", f"{walk.installation.data}/") for word in words]
    return subprocess.run(
        [sys.executable, "-m", "web.cli", *words],
        env=walk.installation.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


async def a_request_of_your_own(walk: Walk) -> None:
    clerk, authority = walk.page("clerk"), walk.page("authority")
    await clerk.goto("/docket")
    await walk.press("clerk", "New request")
    await clerk.get_by_label("Requested State").select_option("TH")
    for number, step in enumerate(STEPS, start=1):
        await walk.reads("clerk", f"Step {number} of 8")
        await fill(clerk, {one.name: REQUEST[one.name] for one in step.inputs if one.name in REQUEST})
        await walk.people["clerk"].press("Save and continue")
    await walk.reads("clerk", "Check and submit")
    reference = clerk.url.split("/requests/")[1].partition("/")[0]
    await walk.press("clerk", "Submit the request")
    await walk.sign("clerk", "romania")
    await walk.reads("clerk", "sent to Thailand", "What happens next")
    await clerk.goto(f"/requests/{reference}")
    await authority.goto("/docket")
    await walk.press("authority", "Requests")
    await authority.get_by_role("link", name=reference).click()
    await walk.press("authority", "Acknowledge")
    await walk.press("authority", "Accept…")
    await walk.sign("authority", "thailand")
    await clerk.reload()
    await walk.press("clerk", "Set a time for the hearing")
    await walk.reads("clerk", "Find a time that fits both courts")


async def fill(page: Page, values: dict[str, Any]) -> None:
    """Fill in what the page has of these fields."""
    for name, value in values.items():
        field = page.locator(f"main [name={name}]")
        if await field.count() == 0:
            continue
        folded = page.locator("main details:not([open])", has=page.locator(f"[name={name}]"))
        if await folded.count():
            await folded.locator("summary").click()
        kind = await field.first.evaluate("element => element.type")
        if kind in ("checkbox", "radio"):
            for one in value if isinstance(value, list) else ["yes"] if value is True else [value]:
                await page.locator(f'main [name={name}][value="{one}"]').check()
        elif kind == "select-one":
            await field.select_option({True: "yes", False: "no"}.get(value, value))
        else:
            await field.fill(str(value))


WALKED: dict[str, Callable[[Walk], Awaitable[None]]] = {
    "Request": request,
    "Time and technique": time_and_technique,
    "Lobby": lobby,
    "Join": join,
    "Admit": admit,
    "Check and start": check_and_start,
    "Hear": hear,
    "Close": close,
    "Play": play,
    "Check with other tools": check_with_other_tools,
    "A request of your own": a_request_of_your_own,
}


async def test_the_tour_of_the_readme_is_true(people: Any, installation: Any, demo: Any, tmp_path: Path) -> None:
    steps, after = tour()
    assert [step.title for step in steps] == list(WALKED)
    walk = Walk(people, installation, demo, tmp_path)
    for walk.step in steps:
        await WALKED[walk.step.title](walk)
        unmet = [name for name in walk.step.names if name not in walk.step.met]
        assert unmet == [], f"step {walk.step.title!r} of the README names what was not met"
    await again_and_a_fresh_link(walk, after)


async def again_and_a_fresh_link(walk: Walk, after: str) -> None:
    """What the README says after its steps, and before them of links: each browser holds one login."""
    commands = re.findall(rf"`{re.escape(COMMAND)}(.+?)`", after)
    assert commands == ["demo --again", "link judge"]
    again, link = [walk.installation.run(*shlex.split(words)) for words in commands]
    assert re.findall(r"^Hearing (\S+): ", again, re.MULTILINE) != [walk.demo.ref]
    links = re.findall(r"(judge|clerk|authority|witness|interpreter): http\S+/[sj]#\S{22}(   PIN \d{6})?$", again, re.M)
    assert [(who, bool(pin)) for who, pin in links] == [(who, who in ROLES[3:]) for who in ROLES]
    assert {str(walk.keys / f"{name}.key.txt") for name in ("romania", "thailand")} <= set(again.split())
    page = walk.page("clerk")
    await page.goto(re.findall(r"http\S+", link)[0])
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.locator(".me")).to_contain_text("Ioana Popa")
    await expect(page.locator(".me")).not_to_contain_text("Mihai Dinu")
