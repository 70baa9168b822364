"""A rehearsal: over ASGI, or served by the command, with its staff as peers without a browser."""

import argparse
import asyncio
import contextlib
import io
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from hearings.db import Database
from hearings.training import drills
from media.training.orders import Join
from media.training.person import Person
from tests.support.databases import apart
from tests.support.installation import Installation, free_port
from tests.support.process import ServedInstallation
from web import cli
from web.seal_keeper import seal_vkey
from web.settings import Settings
from web.training import runs, staging
from web.training.runs import RunMark
from web.training.staging import Staged

COLOURS = {"judge": (60, 90, 220), "clerk": (140, 128, 128), "authority": (70, 220, 100)}
TONES = {"judge": 400, "clerk": 600, "authority": 1350}


def staged(folder: Path, drill: str) -> tuple[Settings, Staged]:
    """A run as the command makes it."""
    now = datetime.now(UTC)
    run = runs.make(folder / "runs", RunMark(drill=drill, version=drills.VERSION, made_at=now))
    real = Settings(data=folder / "data", court_name="court.example")
    settings = runs.settings_of(real, run, port=8000, public_url="http://localhost:8000")

    async def fill() -> Staged:
        database = Database(settings.database_url)
        vkey, keys = seal_vkey(settings), run / "training-keys"
        try:
            return await staging.stage(database, drills.drill(drill), log_vkey=vkey, key_folder=keys, now=now)
        finally:
            await database.close()

    def both() -> None:
        with contextlib.redirect_stdout(io.StringIO()):
            cli.init(settings, argparse.Namespace(anew=[]))

    async def init() -> None:
        await asyncio.to_thread(both)

    apart(init)
    return settings, apart(fill)


class Rehearsing(Installation):
    """The application of a run, and browsers without a screen."""

    made: Staged

    async def signed_in(self, who: str) -> dict[str, str]:
        """The headers of a browser that is signed in: the trainer's, or a trainee's."""
        link = self.made.trainer if who == "trainer" else self.made.trainees[who]
        answer = await self.http.post("/s", data={"secret": link.secret}, headers={"origin": self.settings.public_url})
        assert answer.status_code == 303, answer.text[:500]
        return {"cookie": answer.headers["set-cookie"].split(";")[0], "origin": self.settings.public_url}

    async def press(self, path: str, headers: dict[str, str]) -> httpx.Response:
        """Send a form of the trainer's page that has no fields."""
        page = await self.http.get("/training", headers=headers)
        found = re.search(r'name="csrf" value="([0-9a-f]{64})"', page.text)
        assert found, page.text[:500]
        return await self.http.post(path, data={"csrf": found[1]}, headers=headers)


class Rehearsed(ServedInstallation):
    """A run of a drill, made and served by `vivavoce rehearse`."""

    def __init__(self, folder: Path, drill: str) -> None:
        self.place, port = folder / "runs", free_port()
        real = ServedInstallation(Settings(data=folder / "data", udp_ports="46000-46999"))
        told = real.run(
            "rehearse", "--drill", drill, "--folder", str(self.place), "--port", str(port), "--no-serve", timeout=240
        )
        (run,) = self.place.iterdir()
        url = f"http://localhost:{port}"
        super().__init__(runs.settings_of(real.settings, run, port=port, public_url=url))
        self.environment |= {"VIVAVOCE_COURT_NAME": self.settings.court_name}
        self.told = told
        self.ref = re.findall(r"The hearing is (\S+):", told)[0]
        names = {"Elena Stan": "trainer", "Ioana Popa": "judge", "Mihai Dinu": "clerk", "Niran Srisai": "authority"}
        found = re.findall(r"^  ([^:,]+)(?:, \w+)?: (http\S+/s#\S+)$", told, re.MULTILINE)
        self.links = {names[name]: link for name, link in found}

    def score(self, page: str) -> str:
        """The score as the trainer's page shows it."""
        return str(re.findall(r'<h2 id="score">[^<]*</h2><span class="count">([^<]*)</span>', page)[0])


class Trainer:
    """The trainer's browser, without a screen."""

    def __init__(self, run: Rehearsed) -> None:
        self.run = run
        self.http = httpx.AsyncClient(base_url=run.url, headers={"origin": run.url}, timeout=30)

    async def sign_in(self, who: str = "trainer") -> "Trainer":
        link = urlsplit(self.run.links[who])
        answer = await self.http.post(link.path, data={"secret": link.fragment})
        assert answer.status_code == 303, answer.text[:500]
        self.http.headers["cookie"] = answer.headers["set-cookie"].split(";")[0]
        return self

    async def page(self, path: str = "/training") -> str:
        answer = await self.http.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.text

    async def press(self, path: str, page: str = "/training") -> httpx.Response:
        """Send a form of a page that has no fields."""
        found = re.search(r'name="csrf" value="([0-9a-f]{64})"', await self.page(page))
        assert found
        return await self.http.post(path, data={"csrf": found[1]})


class Trainee(Person):
    """One of the staff: a peer like the simulated ones, whose acts the test decides."""

    def __init__(self, run: Rehearsed, who: str) -> None:
        super().__init__(Join(url=run.url, secret="", pin="", tone=TONES[who], colour=COLOURS[who]))
        self.rehearsed, self.who = run, who
        self.results: list[dict[str, Any]] = []
        self.cookie = ""
        """Of a sign-in that was made before; a link signs in once."""

    async def sign_in(self) -> None:
        self._address = f"/h/{self.rehearsed.ref}"
        if self.cookie:
            self._http.headers["cookie"] = self.cookie
            return
        link = urlsplit(self.rehearsed.links[self.who])
        answer = await self._http.post(link.path, data={"secret": link.fragment})
        assert answer.status_code == 303, answer.text[:500]
        self._http.headers["cookie"] = answer.headers["set-cookie"].split(";")[0]

    def _take(self, message: dict[str, Any]) -> None:
        if message["type"] == "result" and not message["ok"]:
            self.results.append(message)
        super()._take(message)

    def person(self, role: str) -> dict[str, Any]:
        """Somebody as this page sees them."""
        found: list[dict[str, Any]] = self.view.get("people", [])
        return next((one for one in found if one["role"] == role), {})

    async def see(self, what: Callable[[dict[str, Any]], bool], seconds: float = 60) -> None:
        """Wait until the view is as wanted."""
        try:
            async with asyncio.timeout(seconds):
                while not (self.view and what(self.view)):  # noqa: ASYNC110 the server brings it about
                    await asyncio.sleep(0.05)
        except TimeoutError:
            people = [(one["role"], one["presence"], one["microphone"]) for one in self.view.get("people", [])]
            raise AssertionError((self.who, people, self.view.get("sound_checks"), self.results[-3:])) from None


@contextlib.asynccontextmanager
async def trained(run: Rehearsed, *who: str) -> AsyncIterator[tuple[Trainer, dict[str, Trainee]]]:
    """The trainer and these trainees at their pages; all go at the end."""
    trainer, people = Trainer(run), {one: Trainee(run, one) for one in who}
    tasks: list[asyncio.Task[None]] = []
    try:
        await trainer.sign_in()
        clerk = await Trainer(run).sign_in("clerk")
        opened = await clerk.press(f"/h/{run.ref}/act/lobby", f"/h/{run.ref}")
        assert opened.status_code == 303, opened.text[:500]
        await clerk.http.aclose()
        if "clerk" in people:
            people["clerk"].cookie = clerk.http.headers["cookie"]
        tasks += [asyncio.create_task(one.run()) for one in people.values()]
        yield trainer, people
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await trainer.http.aclose()


async def until(check: Callable[[], Awaitable[bool]], seconds: float = 60) -> None:
    """Wait for a condition."""
    async with asyncio.timeout(seconds):
        while not await check():  # noqa: ASYNC110 another process brings it about
            await asyncio.sleep(0.1)
