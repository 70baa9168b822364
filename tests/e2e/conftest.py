"""A served installation and real browsers, one context per role, each with its own tone and colour."""

import asyncio
import contextlib
import itertools
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import pytest_asyncio
import websockets
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, Locator, Page, expect

from tests.support import room_controls
from tests.support.browsers import DEVICES, MANY, USUAL, chromium
from tests.support.process import ServedInstallation, serving

HERE = Path(__file__).parent
ADDRESSES = itertools.cycle(range(2, 255))
"""The last numbers of this machine's own addresses, beside that of browsers."""
TONES = {"judge": 440, "clerk": 620, "authority": 1330, "witness": 810, "interpreter": 1040}
COLOURS = {
    "judge": "#d02020",
    "clerk": "#909090",
    "authority": "#2040d0",
    "witness": "#20a020",
    "interpreter": "#c0a010",
}
LOUD, QUIET, SILENT = 0.1, 0.01, 0.002
"""Amplitudes: a voice in full is above the first, one under an interpretation (15 %) between the first and the second,
and who is not heard is below the third."""
LISTEN = (HERE / "listen.js").read_text(encoding="utf-8")
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
ROLES = tuple(TONES)
STAFF = ROLES[:3]
NAMES = {
    "judge": "Ioana Popa",
    "clerk": "Mihai Dinu",
    "authority": "Niran Srisai",
    "witness": "Somchai Wongsa",
    "interpreter": "Ana Chaiyaporn",
}


@pytest.fixture(scope="module")
def installation(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedInstallation]:
    """One for the tests of a module: each has a hearing of its own in it, and comes from an address of its own."""
    with serving(prepared, tmp_path_factory.mktemp("served")) as made:
        yield made


@dataclass
class Demo:
    """What `vivavoce demo --json` prints."""

    installation: ServedInstallation
    words: dict[str, Any]

    @property
    def ref(self) -> str:
        return str(self.words["hearing"])

    def events(self) -> list[str]:
        """The kinds of what is in the log of its hearing."""
        return [kind for kind, _at, _data in self.installation.events(self.ref)]


@pytest.fixture
def demo(installation: ServedInstallation) -> Demo:
    return Demo(installation, installation.demonstration())


@pytest.fixture
def roles() -> tuple[str, ...]:
    """Everybody of the demonstration."""
    return ROLES


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium(*DEVICES) as found:
        yield found


def near(colour: list[int] | None, wanted: str) -> bool:
    """Whether a mean colour is the one of the canvas, codec and scaling allowed for."""
    parts = [int(wanted[i : i + 2], 16) for i in (1, 3, 5)]
    return colour is not None and all(abs(found - part) < 50 for found, part in zip(colour, parts, strict=True))


async def until(check: Callable[[], Awaitable[None]], seconds: float = 30) -> None:
    """Wait until an assertion holds."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while True:
        try:
            await check()
            return
        except AssertionError:
            if loop.time() > end:
                raise
            await asyncio.sleep(0.3)


class Person:
    """One role in one browser context of its own."""

    until = staticmethod(until)

    def __init__(
        self, role: str, context: BrowserContext, page: Page, installation: ServedInstallation, demo: Demo
    ) -> None:
        self.role, self.context, self.page = role, context, page
        self.installation, self.demo = installation, demo
        self.shows = True
        """Whether the camera is on in the room."""
        self.problems: list[str] = []
        page.on("pageerror", lambda error: self.problems.append(f"{role}: {error}"))
        page.on(
            "console",
            lambda message: (
                self.problems.append(f"{role}: {message.text}")
                if message.type == "error" and "Content Security Policy" in message.text
                else None
            ),
        )

    @property
    def staff(self) -> bool:
        return self.role in ("judge", "clerk", "authority")

    async def sign_in(self) -> None:
        """Staff by their one-use link, others by link and PIN, as a person would."""
        entry = self.demo.words["staff" if self.staff else "participants"][self.role]
        await self.page.goto(entry["link"])
        if self.staff:
            await self.page.get_by_role("button", name="Sign in").click()
            await self.page.wait_for_url(re.compile("/docket"))
        else:
            await self.page.get_by_label("PIN").fill(entry["pin"])
            await self.page.get_by_role("button", name="Continue").click()
            await expect(self.page).to_have_url(re.compile("/live"))

    async def prepare(self) -> None:
        """To the live page, through notice and device check."""
        if self.staff:
            await self.page.goto(f"{self.installation.url}/h/{self.demo.ref}/live")
        page = self.page
        await page.get_by_role("button", name="I have read this").click()
        await page.get_by_role("button", name="Allow camera and microphone").click()
        await page.get_by_role("button", name="Play a sound").click()
        await page.get_by_role("button", name="Yes, I heard it").click()
        await page.get_by_role("button", name="Continue").click()
        if not self.shows:
            await page.get_by_label("Turn camera on when I enter the room").uncheck()
        await page.get_by_role("button", name="Join the hearing").click()

    @property
    def indicator(self) -> Locator:
        """What this page says of the recording."""
        return self.page.get_by_test_id("rec-indicator")

    @property
    def hold_bar(self) -> Locator:
        """The bar of a hold."""
        return self.page.get_by_test_id("hold-bar")

    async def give_reason(self, reason: str, confirm: str) -> None:
        """Fill in the dialog that asks for a reason, and confirm."""
        await self.page.get_by_label("Reason").fill(reason)
        await self.press(confirm, exact=True)

    async def press(self, name: str, **options: Any) -> None:
        await (await room_controls.button(self.page, name, **options)).click()

    async def muted(self) -> bool:
        """Whether this page offers to switch the microphone on."""
        return bool(await self.page.get_by_role("button", name="Unmute", exact=True).filter(visible=True).count())

    async def offers(self, name: str) -> None:
        """Wait until this page has a button of that name."""
        await expect(self.page.get_by_role("button", name=name)).to_be_visible(timeout=40_000)

    async def says(self, words: str, seconds: float = 30) -> None:
        """Wait until this page's indicator says so."""
        await expect(self.indicator).to_contain_text(re.compile(rf"^\s*{words}"), timeout=seconds * 1000)

    async def end(self, folder: Path) -> None:
        """Keep what was last seen, for whoever looks, and close the browser's context."""
        await self.page.screenshot(path=folder / f"{self.role}.png")
        await self.context.close()

    async def code(self) -> str:
        """What this page reads aloud of the certificate on its own line."""
        groups = self.page.get_by_role("group", name="Code of the server’s certificate").locator("bdi")
        await expect(groups).to_have_count(6)
        return " ".join(await groups.all_text_contents())

    async def accessible(self) -> None:
        """axe finds nothing against WCAG 2.0–2.2 A and AA in what this person sees now."""
        found = await Axe().run(self.page, options={"runOnly": WCAG})
        assert found.violations_count == 0, (self.role, found.generate_report())

    async def hears(self, *roles: str) -> dict[str, float]:
        """Amplitude of each role's tone in this person's loudspeaker, the largest of several looks."""
        best = dict.fromkeys(roles, 0.0)
        for _ in range(3):
            found = await self.page.evaluate("(tones) => window.__hear(tones)", [TONES[role] for role in roles])
            for role, amplitude in zip(roles, found, strict=True):
                best[role] = max(best[role], amplitude)
            await asyncio.sleep(0.15)
        return best

    async def sees(self, participant: str) -> list[int] | None:
        """Mean colour of somebody's tile, or None when there is no picture."""
        return await self.page.evaluate(
            '(id) => window.__colour(document.querySelector(`[data-testid="tile-${id}"] video`))', participant
        )


class People:
    """Opens one context per role on demand."""

    colours = COLOURS
    until = staticmethod(until)

    def __init__(self, browser: Browser, installation: ServedInstallation, demo: Demo) -> None:
        self.browser, self.installation, self.demo = browser, installation, demo
        self.all: dict[str, Person] = {}
        self.compares = True
        """Whether fingerprints are compared aloud before the sound checks."""
        self.picture: dict[str, int | bool] = {}
        """`width`, `height` and `fps` of what the cameras show, and `unmeasured`, where many people share a machine."""
        self.size = {"width": 1280, "height": 800}
        """Of everybody's window."""
        self.patience = 30_000
        """Milliseconds for each thing that a person does."""
        self.quiet: frozenset[str] = frozenset()
        """Whose microphones stay off before the start."""
        self.checked: tuple[str, ...] = ("judge", "authority", "witness")
        """Whose sound is checked before the start."""
        self.channels: tuple[tuple[str, str, str], ...] = (("interpreter", "1", "Română"), ("interpreter", "2", "ไทย"))
        """Each channel that is checked too: who speaks into it, by which key, and its name."""
        self.elsewhere: dict[str, Browser] = {}
        """By role, the browser of who sits at another machine than the rest."""

    async def person(self, role: str) -> Person:
        """Somebody's page, made if it is not there yet."""
        if role in self.all:
            return self.all[role]
        context = await self.elsewhere.get(role, self.browser).new_context(
            base_url=self.installation.url,
            viewport=self.size,
            locale="en-GB",
            reduced_motion="reduce",  # a mark that pulses has every page painted sixty times a second
        )
        context.set_default_timeout(self.patience)
        role_data = json.dumps({"tone": TONES[role], "colour": COLOURS[role], **self.picture})
        await context.add_init_script(f"window.__role = {role_data};\n" + (HERE / "role.js").read_text())
        await context.add_init_script(LISTEN)
        page = await context.new_page()
        self.all[role] = Person(role, context, page, self.installation, self.demo)
        return self.all[role]

    def __getitem__(self, role: str) -> Person:
        return self.all[role]

    async def open_lobby(self) -> None:
        """The clerk opens the lobby from the hearing's page."""
        clerk = self["clerk"]
        await clerk.page.goto(f"{self.installation.url}/h/{self.demo.ref}")
        await clerk.press("Open the lobby")
        await expect(clerk.page.get_by_role("link", name="Enter the hearing")).to_be_visible(timeout=20_000)

    async def come(self, *roles: str, without_camera: Collection[str] = ()) -> None:
        """Staff and guests sign in, all at once, and pass the check: guests are in the lobby then."""
        staff = [role for role in roles if role in STAFF]
        for role in roles:
            (await self.person(role)).shows = role not in without_camera
        await asyncio.gather(*(self[role].sign_in() for role in staff))
        await self.open_lobby()
        await asyncio.gather(*(self[role].sign_in() for role in roles if role not in staff))
        await asyncio.gather(*(self[role].prepare() for role in roles))

    async def identify(self, name: str) -> None:
        """The requested authority knows who this is."""
        authority = self["authority"]
        await authority.press(f"Confirm the identity of {name}")
        await authority.page.get_by_label("How was the identity checked?").select_option("known_to_authority")
        await authority.press("Confirm identity", exact=True)
        await expect(authority.page.get_by_role("dialog")).to_have_count(0)

    def many(self) -> None:
        """More people than a machine easily has room for: small windows and pictures, and more time."""
        self.size = {"width": 800, "height": 600}
        self.picture = {"width": 160, "height": 120, "fps": 3, "unmeasured": True}
        self.patience = 2 * MANY
        expect.set_options(timeout=MANY)

    async def gather(self, *, look: bool = False) -> None:
        """Everybody signs in, opens the live page and passes the check; the judge admits; the roll is called.

        `look`: axe goes over the lobby on the way.
        """
        for role in ROLES[:3]:
            await self.person(role)
            await self[role].sign_in()
        await self.open_lobby()
        for role in ROLES[3:]:
            await self.person(role)
            await self[role].sign_in()
        for person in self.all.values():
            await person.prepare()
        judge, authority = self["judge"], self["authority"]
        if look:
            await self["witness"].accessible()
        await judge.press("Start the roll call")
        await authority.press("Confirm the identity of Somchai Wongsa")
        await authority.press("Confirm identity", exact=True)
        await expect(authority.page.get_by_text("Choose the kind of document.")).to_be_visible()
        await authority.page.get_by_label("Kind of document").select_option("passport")
        await authority.page.get_by_label("Last four letters or digits of its number").fill("98-6")
        await authority.press("Confirm identity", exact=True)
        await expect(authority.page.get_by_text("Give exactly four letters or digits.")).to_be_visible()
        await authority.page.get_by_label("Last four letters or digits of its number").fill("9876")
        if look:
            await authority.accessible()
        await authority.press("Confirm identity", exact=True)
        await expect(judge.page.get_by_text("identity confirmed").first).to_be_visible()
        await judge.press("Admit Somchai Wongsa")
        await judge.press("Admit Ana Chaiyaporn")
        for role in ROLES[3:]:
            await self[role].offers("Unmute")

    async def start_sitting(self) -> None:
        """Microphones on, every required sound check, start; until every page says RECORDING."""
        await self.check_sound()
        await self["judge"].press("Start the sitting")
        await self["judge"].press("Start now")
        await self.all_say("RECORDING")

    async def check_sound(self) -> None:
        """Fingerprints compared, microphones on, and every required sound check."""
        if self.compares:
            codes = {role: await self[role].code() for role in ("judge", "clerk", "authority")}
            assert len(set(codes.values())) == 1, codes
            await self["authority"].press("The codes match")
            await expect(self["judge"].page.get_by_text("Compared: the codes match.")).to_be_visible()
        for person in self.all.values():
            if person.role not in self.quiet:
                await person.press("Unmute")
        judge = self["judge"]
        labels = [NAMES[role] for role in self.checked]
        for label in labels:
            await self._check(label)
        for role, key, language in self.channels:
            await self[role].page.keyboard.press(key)
            labels.append(f"{NAMES[role]}, into {language}")
            await self._check(labels[-1])
        await expect(judge.page.get_by_text(f"{len(labels)} of {len(labels)} required ones passed")).to_be_visible()

    async def _check(self, label: str) -> None:
        """Once, and again as long as the machine was too busy for a picture in the seconds that are recorded."""
        judge, name = self["judge"], f"Check {label}"
        row = judge.page.locator(".checks li", has=judge.page.get_by_text(label, exact=True))
        for _ in range(5 if self.size["width"] < 1280 else 1):
            await judge.press(name, exact=True)
            name = f"Check {label} again"
            await expect(judge.page.get_by_role("button", name=name)).to_be_visible(timeout=30_000)
            if await row.locator(".check-passed").count():
                return

    async def check_again(self) -> None:
        """Check once more whoever's line was made anew since; nothing where every check has passed."""
        rows = self["judge"].page.locator(".checks li", has=self["judge"].page.locator(".check-waiting, .check-failed"))
        for label in await rows.locator("b").all_text_contents():
            for role, key, language in self.channels:
                if label == f"{NAMES[role]}, into {language}":
                    await self.interprets(role, key)
            await self._check(label)

    async def everybody(self, check: Callable[[Person], Awaitable[None]]) -> None:
        """Look at all pages at once: what passes is not over on the last one while the first is looked at."""
        await asyncio.gather(*(check(person) for person in self.all.values()))

    async def heard(self, listener: str, *, full: Collection[str] = (), under: Collection[str] = ()) -> None:
        """Wait until, of all voices, somebody hears these in full, those `under` an interpretation, and no other."""
        voices = [role for role in self.all if role != listener]

        async def check() -> None:
            found = await self[listener].hears(*voices)
            loud = {role for role, level in found.items() if level > LOUD}
            low = {role for role, level in found.items() if QUIET < level <= LOUD}
            assert (loud, low) == (set(full), set(under)), (listener, found)
            assert max([0.0, *(found[role] for role in voices if role not in loud | low)]) < SILENT, (listener, found)

        await until(check, 60)

    async def seen(self, viewer: str, *roles: str) -> None:
        """Wait until somebody sees these people, each in their colour."""

        async def check() -> None:
            for role in roles:
                assert near(await self[viewer].sees(self.demo.words["seats"][role]), COLOURS[role]), (viewer, role)

        await until(check, 60)

    async def by_turn(self) -> None:
        """The floor is given by turn from now on; who may always speak is silent."""
        await self["judge"].page.get_by_label("How people speak").select_option("by_turn")
        for role in ("judge", "authority"):
            if not await self[role].muted():
                await self[role].press("Mute", exact=True)

    async def gives_floor(self, role: str) -> None:
        """The presiding judge gives somebody the floor, who switches on the microphone."""
        await self["judge"].press(f"Give {NAMES[role]} the floor")
        await self[role].press("Unmute", exact=True)

    async def interprets(self, role: str, key: str) -> None:
        """An interpreter chooses the language; whose line was made anew on a busy machine is muted and switches on."""
        await self[role].page.keyboard.press(key)
        if await self[role].muted():
            await self[role].press("Unmute", exact=True)

    async def all_say(self, words: str, seconds: float = 30) -> None:
        """Every page's indicator says so."""
        await self.everybody(lambda one: one.says(words, seconds))

    async def resume(self, reason: str = "Everybody is back.") -> None:
        """The presiding judge opens the floor again."""
        judge = self["judge"]
        await judge.press("Resume")
        await judge.give_reason(reason, "Resume the hearing")
        await expect(judge.hold_bar).to_have_count(0)

    async def break_off(self, reason: str) -> None:
        """The presiding judge breaks the hearing off, which needs a reason; nobody else is offered it."""
        for role, person in self.all.items():
            offered = 1 if role == "judge" else 0
            button = person.page.get_by_role("button", name="Terminate the hearing", include_hidden=True)
            await expect(button).to_have_count(offered)
        judge = self["judge"]
        await judge.press("Terminate the hearing")
        await judge.press("Terminate now")
        await expect(judge.page.get_by_text("Give a reason, in a few words.")).to_be_visible()
        await judge.give_reason(reason, "Terminate now")
        await expect(judge.page.get_by_role("heading", name="The hearing is closed")).to_be_visible(timeout=30_000)

    async def close(self) -> None:
        """The presiding judge closes; every page says so."""
        await self["judge"].press("Close the sitting")
        await self["judge"].press("Close now")
        await expect(self["judge"].page.get_by_role("heading", name="The hearing is closed")).to_be_visible(
            timeout=30_000
        )


class Visitor:
    """A browser without a screen: cookies, CSRF token, WebSocket."""

    def __init__(self, installation: ServedInstallation, demo: Demo, address: str) -> None:
        self.installation, self.demo, self.address = installation, demo, address
        transport = httpx.AsyncHTTPTransport(local_address=address)
        self.http = httpx.AsyncClient(
            transport=transport, base_url=installation.url, headers={"origin": installation.url}
        )
        self.csrf = ""

    async def sign_in(self, key: str) -> "Visitor":
        link = urlsplit(self.demo.words["staff"][key]["link"])
        answer = await self.http.post(link.path, data={"secret": link.fragment})
        assert answer.headers["location"] == "/docket", answer.text
        self._keep(answer)
        return self

    async def join(self, key: str, pin: str = "") -> httpx.Response:
        entry = self.demo.words["participants"][key]
        link = urlsplit(entry["link"])
        answer = await self.http.post(link.path, data={"secret": link.fragment, "pin": pin or entry["pin"]})
        if answer.status_code == 303:
            self._keep(answer)
        return answer

    def _keep(self, answer: httpx.Response) -> None:
        # httpx keeps no Secure cookie for http, browsers do on loopback.
        self.http.headers["cookie"] = answer.headers["set-cookie"].split(";")[0]

    async def open_live(self, ref: str = "") -> int:
        page = await self.http.get(f"/h/{ref or self.demo.ref}/live")
        found = re.search(r"data-config=(?:'|\")(.*?)(?:'|\")>", page.text.replace("&#34;", '"').replace("&quot;", '"'))
        token = re.search(r'"csrf": ?"([0-9a-f]+)"', page.text.replace("&#34;", '"').replace("&quot;", '"'))
        self.csrf = token[1] if token else ""
        assert found or page.status_code != 200
        return page.status_code

    @staticmethod
    def form_token(text: str) -> str:
        """The CSRF token in a page's forms."""
        found = re.search(r'name="csrf" value="([0-9a-f]+)"', text)
        assert found, text[:2000]
        return found[1]

    async def post(self, path: str, **options: Any) -> httpx.Response:
        headers = {"x-csrf-token": self.csrf, **options.pop("headers", {})}
        return await self.http.post(f"/h/{self.demo.ref}/{path}", headers=headers, **options)

    async def ticket(self) -> str:
        answer = await self.post("ticket")
        assert answer.status_code == 201, answer.text
        return str(answer.json()["ticket"])

    @contextlib.asynccontextmanager
    async def socket(self, *, take_over: bool = False, ticket: str = "") -> AsyncIterator[Any]:
        address = self.installation.url.replace("http", "ws") + f"/h/{self.demo.ref}/ws"
        here = (self.address, 0)
        async with websockets.connect(address, origin=self.installation.url, local_addr=here) as socket:
            hello = {"type": "hello", "ticket": ticket or await self.ticket(), "take_over": take_over}
            await socket.send(json.dumps(hello))
            yield socket


@pytest.fixture
async def visitor(installation: ServedInstallation, demo: Demo) -> AsyncIterator[Callable[[], Visitor]]:
    """Makes visitors, and closes them. Each test's come from one address: how often one may ask is counted by it."""
    made: list[Visitor] = []
    address = f"127.0.0.{next(ADDRESSES)}"

    def make() -> Visitor:
        made.append(Visitor(installation, demo, address))
        return made[-1]

    yield make
    for one in made:
        await one.http.aclose()


@pytest.fixture
async def clerk(visitor: Callable[[], Visitor], demo: Demo) -> Visitor:
    """The clerk, signed in, who has opened the lobby."""
    made = await visitor().sign_in("clerk")
    page = await made.http.get(f"/h/{demo.ref}")
    opened = await made.http.post(f"/h/{demo.ref}/act/lobby", data={"csrf": made.form_token(page.text)}, timeout=30)
    assert opened.status_code == 303, opened.text[:500]
    return made


@pytest.fixture
async def judge(clerk: Visitor, visitor: Callable[[], Visitor]) -> Visitor:
    """The presiding judge, signed in, the lobby open."""
    made = await visitor().sign_in("judge")
    assert await made.open_live() == 200
    return made


@contextlib.asynccontextmanager
async def gathering(
    browser: Browser, installation: ServedInstallation, demo: Demo, folder: Path
) -> AsyncIterator[People]:
    """The people of a demonstration; at the end of all no page has had a problem."""
    made = People(browser, installation, demo)
    yield made
    expect.set_options(timeout=USUAL)
    for person in made.all.values():
        await person.end(folder)
    problems = [problem for person in made.all.values() for problem in person.problems]
    assert problems == []


@pytest.fixture
def gathered(tmp_path: Path) -> Callable[[Browser, ServedInstallation], contextlib.AbstractAsyncContextManager[People]]:
    """The people of a demonstration at an installation of the test's own."""
    return lambda browser, at: gathering(browser, at, Demo(at, at.demonstration()), tmp_path)


@pytest.fixture
async def people(
    browser: Browser, installation: ServedInstallation, demo: Demo, tmp_path: Path
) -> AsyncIterator[People]:
    async with gathering(browser, installation, demo, tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def look() -> bool:
    """Whether axe goes over the lobby on the way of `shared`."""
    return False


@pytest.fixture(scope="module")
def witnessed() -> dict[str, Any]:
    """Settings that name who stands outside the court of `shared`; nobody, unless a module says so."""
    return {}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(
    prepared: Path, tmp_path_factory: pytest.TempPathFactory, look: bool, witnessed: dict[str, Any]
) -> AsyncIterator[People]:
    """The people of one hearing that the tests of a module hold together, one after the other."""
    folder = tmp_path_factory.mktemp("shared")
    with serving(prepared, folder, **witnessed) as installation:
        demo = Demo(installation, installation.demonstration())
        async with chromium(*DEVICES) as browser, gathering(browser, installation, demo, folder) as made:
            await made.gather(look=look)
            yield made
