"""Drills in browsers: the court at three pages, the trainer at a fourth, and simulated people who have none."""

import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.e2e.conftest import Demo, People, gathering
from tests.support.browsers import DEVICES, chromium
from tests.support.rehearsal import Rehearsed

pytestmark = [pytest.mark.e2e, pytest.mark.alone, pytest.mark.large, pytest.mark.timeout(600)]
COURT = ("clerk", "judge", "authority")


@asynccontextmanager
async def court_of(browser: Browser, run: Rehearsed, folder: Path) -> AsyncIterator[People]:
    """The staff of a run, at their pages; the lobby is open."""
    words = {"hearing": run.ref, "staff": {role: {"link": run.links[role]} for role in COURT}, "participants": {}}
    async with gathering(browser, run, Demo(run, words), folder) as people:
        await people.come(*COURT)
        yield people


@pytest.fixture
def rehearse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Rehearsed]]:
    """Makes a run and serves it; ends it after the test."""
    made: list[Rehearsed] = []

    def make(drill: str) -> Rehearsed:
        made.append(Rehearsed(tmp_path_factory.mktemp("r"), drill))
        made[-1].serve()
        return made[-1]

    yield make
    for one in made:
        one.end()


async def trainer(browser: Browser, run: Rehearsed) -> Page:
    """The trainer's page, in a browser of its own."""
    context = await browser.new_context(base_url=run.url, locale="en-GB")
    page = await context.new_page()
    await page.goto(run.links["trainer"])
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url(re.compile("/docket"))
    await page.get_by_role("link", name="Page of the trainer").click()
    return page


async def score(page: Page, wanted: str) -> None:
    await page.reload()
    await expect(page.locator("#score + .count")).to_have_text(wanted)


async def test_the_wrong_person_is_sent_away_by_a_court_at_its_pages(
    rehearse: Callable[[str], Rehearsed], tmp_path: Path
) -> None:
    run = rehearse("wrong_witness")
    async with chromium(*DEVICES) as browser, court_of(browser, run, tmp_path) as people:
        page = await trainer(browser, run)
        await page.get_by_role("button", name="Bring them").click()
        judge = people["judge"]
        await judge.press("Start the roll call")
        await judge.offers("Admit Somchai Wongsa")
        await page.get_by_role("button", name=re.compile("Make it happen now.*I am not the person")).click()
        await expect(people["clerk"].page.get_by_text("I am a cousin").first).to_be_attached(timeout=30_000)
        await judge.page.locator("summary", has_text="Somchai Wongsa").click()
        await judge.press("Remove Somchai Wongsa")
        await judge.give_reason("Not the person on the summons.", "Remove from the hearing")
        await score(page, "6 / 8")
