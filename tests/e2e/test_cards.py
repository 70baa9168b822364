"""Script cards in real browsers: read out by the judge, seen by the witness in their language, interpreted, answered.

The requested State has brought in its approved text; the requesting State has not, so its draft is taken over first.
"""

import hashlib
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Locator, expect

from tests.support.process import serving

pytestmark = [pytest.mark.e2e, pytest.mark.alone, pytest.mark.timeout(300)]

THAI = "ท่านให้การในฐานะพยาน ภายใต้กฎหมายของ ไทย ท่านอาจปฏิเสธที่จะตอบ"
ROMANIAN = "Sunteți audiat ca martor. Potrivit legii din Thailanda puteți refuza să răspundeți."
APPROVED = f"""texts:
- card: rights_witness
  jurisdiction: 'TH'
  version: 4
  status: approved
  approved_by: Office of the Attorney General
  approved_on: 2026-01-15
  in: {{th: '{THAI}', ro: '{ROMANIAN}'}}
"""


@pytest.fixture
async def people(
    browser: Browser,
    prepared: Path,
    tmp_path: Path,
    gathered: Callable[..., AbstractAsyncContextManager[Any]],
) -> AsyncIterator[Any]:
    """The demonstration's people at a court that keeps approved texts."""
    texts = tmp_path / "texts"
    texts.mkdir()
    (texts / "th.yaml").write_text(APPROVED, encoding="utf-8")
    with serving(prepared, tmp_path / "served", card_texts=texts) as made:
        async with gathered(browser, made) as found:
            yield found


async def open_card(person: Any, title: str, law: str, whom: str = "Somchai Wongsa") -> Locator:
    """The dialog of a card for somebody; it may stand behind a disclosure of its tab."""
    await person.page.get_by_role("tab", name="Cards").click()
    button = person.page.get_by_role("button", name=re.compile(f"^{title} ?: ?{whom}, Law of {law}$"))
    closed = person.page.locator(".cards details:not([open]) > summary")
    while await closed.count():
        await closed.first.click()
    await button.click()
    dialog: Locator = person.page.get_by_role("dialog")
    return dialog


async def test_the_rights_are_read_in_two_languages_under_both_laws(people: Any) -> None:
    await people.gather()
    await people.start_sitting()
    judge, witness, interpreter, clerk = (people[role] for role in ("judge", "witness", "interpreter", "clerk"))

    # The requesting State's own text does not exist: a draft, and none in Thai. It is not read as it is.
    dialog = await open_card(judge, "Rights of a witness", "Romania")
    await expect(dialog.get_by_role("heading", level=2)).to_be_focused()
    await expect(dialog.get_by_text("Draft, not approved by Romania")).to_have_count(2)
    await expect(dialog.get_by_text("There is no approved text in this language: Thai.")).to_be_visible()
    await expect(dialog.locator("p[lang=ro]")).to_contain_text("Sunteți audiat ca martor")
    await expect(dialog.locator("p[lang=en]")).to_contain_text("under the law of Romania")
    await expect(dialog.get_by_role("button", name="Read out", exact=True)).to_be_disabled()
    await expect(dialog.get_by_role("button", name="Answer: yes")).to_have_count(0)
    await judge.accessible()
    await dialog.get_by_role("button", name="Take over this draft").click()
    await expect(dialog.get_by_role("button", name="Take over this draft")).to_have_count(0)
    await dialog.get_by_role("button", name="Read out", exact=True).click()
    await expect(dialog.get_by_role("button", name="Interpreted")).to_be_visible()
    await judge.page.keyboard.press("Escape")

    # The clerk may read neither for the judge what nobody has taken over, nor take it over.
    at_clerk = await open_card(clerk, "Privilege not to testify", "Romania")
    await expect(at_clerk.get_by_text("The presiding judge has to take over this draft")).to_be_visible()
    await expect(at_clerk.get_by_role("button", name="Read out", exact=True)).to_be_disabled()
    await clerk.page.keyboard.press("Escape")

    # The witness sees it in the nearest there is; the interpreter renders it; the witness has understood.
    heard = witness.page.get_by_test_id("card-rights_witness")
    await expect(heard.locator("p[lang=en]")).to_contain_text("under the law of Romania")
    await expect(heard.get_by_text("There is no approved text in this language: Thai.")).to_be_visible()
    await interpreter.press("I have interpreted it")
    await witness.press("I have understood")
    await expect(heard).to_have_count(0)

    # The requested State has approved its text, in both languages: it is read at once, and the witness sees Thai.
    await open_card(judge, "Rights of a witness", "Thailand")
    await expect(dialog.get_by_text("Approved by Office of the Attorney General")).to_have_count(2)
    await expect(dialog.locator("p[lang=th]")).to_have_text(THAI)
    await expect(dialog.locator("p[lang=ro]")).to_have_text(ROMANIAN)
    await expect(dialog.get_by_role("button", name="Take over this draft")).to_have_count(0)
    await dialog.get_by_role("button", name="Read out", exact=True).click()
    await expect(heard.locator("p[lang=th]")).to_have_text(THAI)
    await expect(heard.locator("p[lang=ro]")).to_have_count(0)
    await witness.accessible()
    await witness.page.set_viewport_size({"width": 390, "height": 844})
    await expect(heard.get_by_role("button", name="I have understood", exact=True)).to_be_visible()
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert await witness.page.evaluate(wide) == 0
    await dialog.get_by_label("Word for word").fill("Yes, all of it.")
    await dialog.get_by_role("button", name="Another answer, word for word").click()
    await expect(dialog.get_by_text("answered otherwise")).to_be_visible()
    await judge.page.keyboard.press("Escape")

    # Oath refused, so the affirmation: one record of each, the answer to the card.
    await open_card(judge, "Affirmation", "Romania")
    await dialog.get_by_role("button", name="Take over this draft").click()
    await dialog.get_by_role("button", name="Read out", exact=True).click()
    await dialog.get_by_role("button", name="Answer: yes").click()
    await expect(dialog.get_by_text("answered: yes")).to_be_visible()
    await judge.page.keyboard.press("Escape")
    await judge.page.get_by_role("tab", name="Log").click()
    await expect(judge.page.get_by_test_id("entries").get_by_text("Oath, affirmation or caution").first).to_be_visible()

    log = people.installation.events(people.demo.ref)
    made = [(kind, data) for kind, _at, data in log if "card" in data]
    assert [kind for kind, _data in made] == [
        "card_adopted", "rights_notice", "card_rendered", "card_answered", "rights_notice", "card_answered",
        "card_adopted", "card_read", "oath",
    ]  # fmt: skip
    for _kind, data in made:
        for text in data["card"]["texts"]:
            assert "text" not in text or text["sha256"] == hashlib.sha256(text["text"].encode()).hexdigest()
    second = made[4][1]["card"]
    assert [(text["language"], text["approved"]) for text in second["texts"]] == [("ro", True), ("th", True)]
    assert second["texts"][1]["sha256"] == hashlib.sha256(THAI.encode()).hexdigest()
    assert (made[8][1]["form"], made[8][1]["outcome"]) == ("affirmation", "taken")
