"""A sitting in a real live room: started without the comparison, for a reason; then its record, entered by keyboard,
seen at once by those who may, with its time code. One hearing for all.
"""

import contextlib
import re
import sqlite3
from typing import Any

import pytest
from playwright.async_api import expect

pytestmark = [pytest.mark.e2e, pytest.mark.alone, pytest.mark.timeout(420)]


@pytest.mark.asyncio(loop_scope="module")
async def test_without_the_comparison_the_judge_starts_only_with_a_reason(shared: Any) -> None:
    shared.compares = False
    await shared.check_sound()
    judge = shared["judge"]
    await judge.press("Start the sitting")
    await judge.press("Start now")
    await expect(
        judge.page.get_by_role("dialog").get_by_text("Compare the codes aloud, or start without")
    ).to_be_visible()
    await judge.page.get_by_label("Start all the same").check()
    await judge.press("Start now")
    await expect(judge.page.get_by_text("Give a reason, in a few words.")).to_be_visible()
    await judge.accessible()
    await judge.give_reason("The telephone between the courts is down.", "Start now")
    await shared.all_say("RECORDING")
    ordered = [data for kind, _at, data in shared.installation.events() if kind == "start_ordered"]
    assert [(one["without_comparison"], one["reason"]) for one in ordered] == [
        ("open", "The telephone between the courts is down.")
    ]


@pytest.mark.asyncio(loop_scope="module")
async def test_whose_track_is_new_is_told_to_the_recorder_and_heard_and_recorded(shared: Any) -> None:
    judge, installation = shared["judge"], shared.installation
    witness_id = shared.demo.words["seats"]["witness"]

    def recorded() -> set[str]:
        return {line["track"] for line in installation.journal("segment")}

    async def heard() -> None:
        assert (await judge.hears("witness"))["witness"] > 0.02
        assert "witness_7_mic" in recorded()

    assert "witness_1_mic" in recorded()
    with contextlib.closing(sqlite3.connect(installation.data / "vivavoce.db", timeout=10)) as db:
        db.execute("UPDATE participant SET number = 7 WHERE id = ?", [witness_id])  # their tracks have other names now
        db.commit()
    await judge.press("Raise my hand")
    await shared.until(heard)
    await shared.all_say("RECORDING")


@pytest.mark.asyncio(loop_scope="module")
async def test_an_oath_is_recorded_by_keyboard_seen_by_those_who_may_and_corrected(shared: Any) -> None:
    judge, clerk, authority, witness = (shared[role] for role in ("judge", "clerk", "authority", "witness"))
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
    found = [(kind, data) for kind, _at, data in shared.installation.events() if kind == "oath"]
    assert [data["form"] for _kind, data in found] == ["oath", "affirmation"]
    (opened,) = [at for kind, at, _data in shared.installation.events() if kind == "recording_opened"]
    began = int(shared.installation.journal("open")[0]["zero"]) / 1e9
    entered = next(at for kind, at, _data in shared.installation.events() if kind == "oath")
    assert opened - began > 0.3  # the first seal comes later than the beginning, from which the time code counts
    assert abs(found[0][1]["timecode_ms"] - (entered - began) * 1000) < 50

    # The same on a page of its own, which tells the room.
    await clerk.page.goto(f"{shared.installation.url}/h/{shared.demo.ref}/record?kind=objection")
    await clerk.accessible()
    await clerk.page.get_by_label("Raised by").select_option(label="Niran Srisai")
    await clerk.page.get_by_label("Against what, and why").fill("The question suggests its answer.")
    await clerk.press("Record", exact=True)
    await expect(judge.page.get_by_test_id("entries").locator("li").first).to_contain_text("suggests its answer")

    # An interpreter remarks something: those who read the record see it, and she reads nothing else of it.
    interpreter = shared["interpreter"]
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
    await shared.close()
