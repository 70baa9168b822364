"""The pages of a request in Chromium: every step of the wizard, its parts and lists, in light and right to left."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from hearings import consultations, informal, queries, requests, translations
from hearings.actors import person_actor
from hearings.db import Database
from web import cli, demo
from web.pages.request_steps import STEPS

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
VIOLATIONS = """document.addEventListener("securitypolicyviolation", (event) =>
  console.error("policy violated: " + event.violatedDirective));"""
LOOKS = {
    "light": {"viewport": {"width": 1440, "height": 900}, "locale": "en-GB"},
    "arabic telephone": {"locale": "ar", "viewport": {"width": 390, "height": 844}, "color_scheme": "dark"},
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield found
        found.close()


async def fill(database: Database) -> tuple[str, str]:
    """A draft with everything in it, and a request under review with a line of everything."""
    now = datetime.now(UTC)
    async with database.transaction() as db:
        people = await queries.people(db)
        clerk, authority = (person_actor(cli.match(people, who)) for who in ("clerk", "authority"))
        draft = await requests.draft(db, requested_state="TH", fields=demo.REQUEST, actor=clerk, now=now)
        urgent = demo.REQUEST | {"urgent": True, "detained_since": "2026-01-01", "custody_limit": "2099-01-01"}
        sent = await requests.draft(db, requested_state="TH", fields=urgent, actor=clerk, now=now)
        await requests.submit(db, request=sent, actor=clerk, now=now)
        await requests.acknowledge(db, request=sent, actor=authority, now=now)
        await informal.write(db, request=sent, text="Could Tuesday do?", actor=clerk, now=now)
        await translations.put(db, request=sent, language="th", machine=True, actor=clerk, now=now)
        await consultations.record(
            db, request=sent, held_at=now, way="telephone", with_whom="The court", subject="Conditions",
            outcome="Agreed", actor=authority, now=now,
        )  # fmt: skip
    return draft.reference, sent.reference


@pytest.fixture(scope="module")
def made(running) -> tuple[str, str]:
    return running.run(fill)


def check(page: Page) -> list[str]:
    page.wait_for_load_state("load")
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}}).response["violations"]
    wrong = [f"{page.url}: {one['id']}: {[node['target'] for node in one['nodes'][:3]]}" for one in found]
    across = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return wrong + ([f"{page.url}: {across} px wider than the window"] if across > 0 else [])


@pytest.mark.parametrize("name", LOOKS)
def test_the_pages_of_a_request_keep_nobody_out(browser, service, made, name):
    draft, sent = made
    mine = [f"/requests/{draft}", f"/requests/{draft}/check", *(f"/requests/{draft}/edit/{one.slug}" for one in STEPS)]
    mine += [f"/requests/{sent}/{part}" for part in ("documents", "consents", "consultations", "informal")]
    mine += ["/waiting", "/search?words=RO", "/directory?state=TH"]
    theirs = [f"/requests/{sent}", "/requests?side=queue", "/waiting"]
    wrong: list[str] = []
    for who, paths in (("clerk", mine), ("authority", theirs)):
        context = browser.new_context(**LOOKS[name])
        page = context.new_page()
        page.add_init_script(VIOLATIONS)
        page.on("console", lambda told, into=wrong: into.append(told.text) if told.type == "error" else None)
        page.goto(f"{service.base}/s#{service.secret(who)}")
        page.locator("main button").click()
        page.wait_for_url("**/docket")
        for path in paths:
            page.goto(service.base + path)
            assert re.search(r"Vivavoce$", page.title()), path
            wrong += check(page)
        context.close()
    assert wrong == []
