"""A served installation and real browsers, one context per role, each with its own tone and colour."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

HERE = Path(__file__).parent
TONES = {"judge": 440, "clerk": 620, "authority": 1330, "witness": 810, "interpreter": 1040}
COLOURS = {
    "judge": "#d02020",
    "clerk": "#909090",
    "authority": "#2040d0",
    "witness": "#20a020",
    "interpreter": "#c0a010",
}
CHROMIUM = [
    "--no-sandbox",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Installation:
    """A data folder of its own and the web process that serves it."""

    data: Path
    port: int
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def run(self, *words: str, timeout: float = 60) -> str:
        """One `vivavoce` command; its standard output."""
        done = subprocess.run(
            [sys.executable, "-m", "web.cli", *words],
            env=self.environment,
            capture_output=True,
            timeout=timeout,
            check=False,
        )
        assert done.returncode == 0, f"{words}: {done.returncode}\n{done.stdout.decode()}\n{done.stderr.decode()}"
        return done.stdout.decode()

    def serve(self) -> None:
        """Start the web process and wait for it."""
        log = (self.data.parent / "serve.log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "web.cli", "serve"], env=self.environment, stdout=log, stderr=log
        )
        log.close()
        for _ in range(200):
            try:
                if httpx.get(f"{self.url}/healthz", timeout=2).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            if self.process.poll() is not None:
                break
            import time

            time.sleep(0.1)
        raise AssertionError((self.data.parent / "serve.log").read_text()[-4000:])

    def kill_web(self) -> None:
        """kill -9 the web process; worker and recorder go on."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def processes(self, name: str) -> list[int]:
        """Process ids of `worker` or `recorder`, from the files they write."""
        found = []
        for file in sorted((self.data / "run").glob(f"*/{name}.pid")):
            pid = int(file.read_text().split()[0])
            if Path(f"/proc/{pid}").exists():
                found.append(pid)
        return found

    def end(self) -> None:
        """Stop the web process and whatever it left running."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for name in ("worker", "recorder"):
            for pid in self.processes(name):
                os.kill(pid, signal.SIGKILL)


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    port = free_port()
    data = tmp_path / "data"
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("VIVAVOCE_")},
        "VIVAVOCE_DATA": str(data),
        "VIVAVOCE_PORT": str(port),
        "VIVAVOCE_PUBLIC_URL": f"http://localhost:{port}",
        "VIVAVOCE_UDP_PORTS": "48000-48999",
        "PYTHONWARNINGS": "default",
    }
    made = Installation(data, port, environment)
    made.run("init")
    made.serve()
    try:
        yield made
    finally:
        made.end()


@dataclass
class Demo:
    """What `vivavoce demo --json` printed."""

    words: dict[str, Any]

    @property
    def ref(self) -> str:
        return str(self.words["hearing"])


@pytest.fixture
def demo(installation: Installation) -> Demo:
    return Demo(json.loads(installation.run("demo", "--json")))


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        made = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        yield made
        await made.close()


class Person:
    """One role in one browser context of its own."""

    def __init__(self, role: str, context: BrowserContext, page: Page, installation: Installation, demo: Demo) -> None:
        self.role, self.context, self.page = role, context, page
        self.installation, self.demo = installation, demo
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
            await self.page.wait_for_url("**/docket*")
        else:
            await self.page.get_by_label("PIN").fill(entry["pin"])
            await self.page.get_by_role("button", name="Join the hearing").click()
            await self.page.wait_for_url("**/live*")

    async def prepare(self) -> None:
        """To the live page, through notice and device check."""
        if self.staff:
            await self.page.goto(f"{self.installation.url}/h/{self.demo.ref}/live")
        page = self.page
        await page.get_by_role("button", name="I have read this").click(timeout=20_000)
        await page.get_by_role("button", name="Allow camera and microphone").click()
        await page.get_by_role("button", name="Play a sound").click()
        await page.get_by_role("button", name="Yes, I heard it").click()
        await page.get_by_role("button", name="Continue").click()

    async def press(self, name: str, **options: Any) -> None:
        await self.page.get_by_role("button", name=name, **options).first.click()

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

    def __init__(self, browser: Browser, installation: Installation, demo: Demo) -> None:
        self.browser, self.installation, self.demo = browser, installation, demo
        self.all: dict[str, Person] = {}

    async def person(self, role: str) -> Person:
        context = await self.browser.new_context(
            base_url=self.installation.url, viewport={"width": 1280, "height": 800}, locale="en-GB"
        )
        context.set_default_timeout(15_000)
        role_data = json.dumps({"tone": TONES[role], "colour": COLOURS[role]})
        await context.add_init_script(f"window.__role = {role_data};\n" + (HERE / "role.js").read_text())
        page = await context.new_page()
        self.all[role] = Person(role, context, page, self.installation, self.demo)
        return self.all[role]

    def __getitem__(self, role: str) -> Person:
        return self.all[role]


@pytest.fixture
async def people(browser: Browser, installation: Installation, demo: Demo) -> AsyncIterator[People]:
    made = People(browser, installation, demo)
    yield made
    for person in made.all.values():
        await person.context.close()
    problems = [problem for person in made.all.values() for problem in person.problems]
    assert problems == []
