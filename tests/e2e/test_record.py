"""The record in a real live room: entered by keyboard, seen at once by those who may, with its time code."""

import re
from typing import Any

import pytest
from playwright.async_api import expect

pytestmark = [pytest.mark.e2e, pytest.mark.alone, pytest.mark.timeout(420)]


async def test_an_oath_is_recorded_by_keyboard_seen_by_those_who_may_and_corrected(people: Any, demo: Any) -> None:
    await people.gather()
    await people.start_sitting()
    judge, clerk, authority, witness = (people[role] for role in ("judge", "clerk", "authority", "witness"))
    page = judge.page

    # By keyboard alone, from wherever the focus is.
    await page.keyboard.press("Alt+Shift+L")
    kinds = page.get_by_label("What to record")
    await expect(kinds).to_be_focused()
    await expect(kinds.locator("option")).to_have_count(8)  # not the authority's intervention, no withdrawal of nothing
    await kinds.select_option("oath")
    await page.get_by_label("Person", exact=True).select_option(label="Somchai Wongsa")
    await page.get_by_role("button", name="Record", exact=True).click()
    await expect(page.get_by_text("Administered by: this cannot be empty.")).to_be_visible()
    await judge.accessible()
    await page.get_by_label("Administered by").select_option(label="Ioana Popa")
    await page.get_by_label("Form", exact=True).select_option("oath")
    await page.get_by_label("Outcome").select_option("taken")
    await page.get_by_label("Under the law of").select_option("RO")
    await page.get_by_label("Language", exact=True).select_option("th")
    await page.get_by_label("Words, or where they stand").fill("Code of criminal procedure, art. 121")
    await page.get_by_role("button", name="Record", exact=True).press("Enter")

    for one in (judge, clerk, authority):
        entry = one.page.get_by_test_id("entries").locator("li").first
        await expect(entry).to_contain_text("Oath, affirmation or caution")
        await expect(entry).to_contain_text("Person: Somchai Wongsa; Administered by: Ioana Popa; Form: Oath")
        await expect(entry).to_contain_text(re.compile(r"\d\d:\d\d:\d\d București.*\d\d:\d\d:\d\d Bangkok"))
        await expect(entry).to_contain_text(re.compile(r"time code 00:0\d:\d\d"))
        await one.accessible()
    assert await witness.page.get_by_test_id("entries").count() == 0
    await expect(authority.page.get_by_role("button", name="Correct")).to_have_count(0)

    # The clerk corrects what the judge entered: a new entry, the old one stays.
    await clerk.press("Correct")
    await clerk.page.get_by_label("Form", exact=True).select_option("affirmation")
    await clerk.page.get_by_role("button", name="Record", exact=True).click()
    await expect(judge.page.get_by_text("Corrected or withdrawn by entry")).to_be_visible()
    found = [(kind, data) for kind, _at, data in people.installation.events() if kind == "oath"]
    assert [data["form"] for _kind, data in found] == ["oath", "affirmation"]
    (opened,) = [at for kind, at, _data in people.installation.events() if kind == "recording_opened"]
    began = int(people.installation.journal("open")[0]["zero"]) / 1e9
    entered = next(at for kind, at, _data in people.installation.events() if kind == "oath")
    assert opened - began > 0.3  # the first seal comes later than the beginning, from which the time code counts
    assert abs(found[0][1]["timecode_ms"] - (entered - began) * 1000) < 50

    # The same on a page of its own, which tells the room.
    await clerk.page.goto(f"{people.installation.url}/h/{demo.ref}/record?kind=objection")
    await clerk.accessible()
    await clerk.page.get_by_label("Raised by").select_option(label="Niran Srisai")
    await clerk.page.get_by_label("Against what, and why").fill("The question suggests its answer.")
    await clerk.press("Record", exact=True)
    await expect(judge.page.get_by_test_id("entries").locator("li").first).to_contain_text("suggests its answer")

    # An interpreter remarks something: those who read the record see it, and she reads nothing else of it.
    interpreter = people["interpreter"]
    await interpreter.page.keyboard.press("Alt+Shift+L")
    await expect(interpreter.page.get_by_label("What to record").locator("option")).to_have_text(["Remark"])
    await interpreter.page.get_by_label("Remark, for the minutes").fill("The last answer could not be heard whole.")
    await interpreter.accessible()
    await interpreter.page.get_by_role("button", name="Record", exact=True).click()
    for one in (judge, authority, interpreter):
        entry = one.page.get_by_test_id("entries").locator("li").first
        await expect(entry).to_contain_text("The last answer could not be heard whole.")
    await expect(interpreter.page.get_by_test_id("entries").locator("li")).to_have_count(1)
    await expect(interpreter.page.get_by_role("button", name="Correct")).to_have_count(1)
    assert await witness.page.get_by_test_id("entries").count() == 0
    await people.close()
