"""The script of a draft's form: it saves while somebody types, stops where somebody else was, and never moves the
focus; fields that depend on others."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Page, expect

from hearings import queries
from hearings.actors import person_actor
from hearings.db import Database
from hearings.requests import requests
from tests.support.browsers import chromium_in_step
from web import cli
from web.demo import demo

pytestmark = [pytest.mark.e2e, pytest.mark.beside]
PATIENCE = 60_000
"""Milliseconds: the machine may be busy."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium_in_step() as chromium:
        yield chromium


def draft(service) -> str:
    async def make(database: Database) -> str:
        now = datetime.now(UTC)
        async with database.transaction() as db:
            actor = person_actor(cli.match(await queries.people(db), "clerk"))
            row = await requests.draft(db, requested_state="TH", fields=demo.REQUEST, actor=actor, now=now)
        return row.reference

    return str(service.run(make))


def elsewhere(service, reference: str) -> None:
    """Somebody else changes the draft."""

    async def change(database: Database) -> None:
        async with database.transaction() as db:
            actor = person_actor(cli.match(await queries.people(db), "clerk"))
            row = await queries.request(db, reference, state="RO", lock=True)
            fields = {"custody_place": "Jilava"}
            await requests.update(db, request=row, fields=fields, actor=actor, now=datetime.now(UTC))

    service.run(change)


@pytest.fixture
def clerk(browser, service) -> Iterator[Page]:
    page = browser.new_context(locale="en-GB").new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"{service.base}/s#{service.secret('clerk')}")
    page.locator("main button").click()
    page.wait_for_url("**/docket")
    page.clock.install()
    yield page
    page.context.close()


def test_a_draft_is_saved_while_it_is_typed_until_somebody_else_changes_it(clerk, service):
    reference = draft(service)
    clerk.goto(f"{service.base}/requests/{reference}/edit/person")
    place, line = clerk.get_by_role("textbox", name="Place of custody", exact=True), clerk.locator("#autosave")
    place.fill("Rahova")
    clerk.clock.run_for(16_000)
    expect(line).to_have_text(re.compile(r"^Saved \d\d:\d\d București$"), timeout=PATIENCE)
    expect(place).to_be_focused()
    clerk.get_by_label("Date of birth").fill("2090-01-01")
    clerk.clock.run_for(16_000)
    expect(line).to_contain_text("1 field is not saved yet", timeout=PATIENCE)
    elsewhere(service, reference)
    place.fill("Aiud")
    clerk.clock.run_for(16_000)
    expect(line).to_contain_text("somebody else has changed this draft", timeout=PATIENCE)
    expect(place).to_be_focused()
    clerk.get_by_label("Date of birth").fill("1990-01-01")
    clerk.get_by_role("button", name="Save and continue").click()
    expect(clerk.locator("#error-summary")).to_contain_text("Compare, then save again", timeout=PATIENCE)
    expect(clerk.get_by_role("cell", name="Jilava")).to_be_visible()
    expect(clerk.get_by_role("textbox", name="Place of custody", exact=True)).to_have_value("Aiud")


def test_the_button_after_an_autosave_saves_the_rest_and_goes_on(clerk, service):
    reference = draft(service)
    clerk.goto(f"{service.base}/requests/{reference}/edit/person")
    clerk.get_by_role("textbox", name="Place of custody", exact=True).fill("Rahova")
    clerk.clock.run_for(16_000)
    expect(clerk.locator("#autosave")).to_contain_text("Saved", timeout=PATIENCE)
    clerk.get_by_role("textbox", name="Place of custody", exact=True).fill("Aiud")
    clerk.get_by_role("button", name="Save and continue").click()
    clerk.wait_for_url("**/edit/assistance")
    clerk.goto(f"{service.base}/requests/{reference}/edit/person")
    expect(clerk.get_by_role("textbox", name="Place of custody", exact=True)).to_have_value("Aiud")


def test_a_field_that_depends_on_another_is_there_only_with_it(clerk, service):
    reference = draft(service)
    clerk.goto(f"{service.base}/requests/{reference}/edit/authorities")
    why = clerk.get_by_label("Why it is urgent")
    expect(why).to_be_hidden()
    clerk.get_by_label("Urgent", exact=True).check()
    expect(why).to_be_visible()
    why.fill("The custody ends")
    clerk.get_by_label("Urgent", exact=True).uncheck()
    expect(why).to_be_visible()  # what would be sent is never hidden


def test_without_a_script_every_field_is_there_with_its_condition_in_words(browser, service):
    signed_in = browser.new_context(locale="en-GB")
    page = signed_in.new_page()
    page.goto(f"{service.base}/s#{service.secret('clerk')}")
    page.locator("main button").click()
    page.wait_for_url("**/docket")
    bare = browser.new_context(locale="en-GB", java_script_enabled=False, storage_state=signed_in.storage_state())
    page = bare.new_page()
    page.goto(f"{service.base}/requests/{draft(service)}/edit/authorities")
    expect(page.get_by_label("Why it is urgent")).to_be_visible()
    expect(page.get_by_text("Only with: Urgent").first).to_be_visible()
    for context in (signed_in, bare):
        context.close()
