"""A booth of two in real browsers, by tone: who hears whom before and after a handover, in a hold, when one is lost."""

import re
from typing import Any

import pytest
from playwright.async_api import expect

from tests.e2e import conftest as e2e

pytestmark = [pytest.mark.e2e, pytest.mark.alone, pytest.mark.timeout(420)]

SILENT = 0.002
HEARD = 0.05
NAME = "Luis Bran"


async def name_person(people: Any, key: str, role: str, name: str) -> Any:
    """The clerk names somebody more of Romania and gives them a link; they come into the lobby."""
    page = await people["clerk"].context.new_page()
    here = f"{people.installation.url}/h/{people.demo.ref}"
    await page.goto(f"{here}/people/new")
    await page.get_by_label(role, exact=True).check()
    await page.get_by_label("Name", exact=True).fill(name)
    await page.get_by_label("Where the person is").select_option("RO")
    await page.get_by_label("Speaks", exact=True).select_option("ro")
    await page.get_by_role("button", name="Add the person").click()
    await page.get_by_role("button", name=re.compile(f"Issue a link.*{name}")).click()
    pin = re.sub(r"\D", "", await page.locator(".pin-shown").inner_text())
    people.demo.words["participants"][key] = {"link": await page.locator("#address").input_value(), "pin": pin}
    await page.close()
    person = await people.person(key)
    await person.sign_in()
    await person.prepare()
    return person


async def add_partner(people: Any) -> None:
    """Another interpreter comes into the room."""
    e2e.TONES["partner"], e2e.COLOURS["partner"] = 1620, "#a020c0"
    partner = await name_person(people, "partner", "Interpreter", NAME)
    await people["judge"].press(f"Admit {NAME}")
    await partner.offers("Unmute")


async def few_controls(interpreter: Any) -> None:
    """Bar and console together: what is needed while one speaks is in sight, the rest in the menu, by keyboard too."""
    page = interpreter.page
    seen = [
        await one.get_attribute("data-control") for one in await page.locator(".control").filter(visible=True).all()
    ]
    assert len(seen) <= 7 and {"microphone", "into", "turn", "cough", "more", "hold"} <= set(seen), seen
    more = page.get_by_role("button", name="More controls")
    await more.focus()
    await page.keyboard.press("Enter")
    menu = page.locator("#more-controls")
    await expect(menu.get_by_label("Incoming level")).to_be_visible()
    await menu.get_by_role("button", name="Note to your partner").press("Enter")
    await expect(page.get_by_role("dialog").get_by_label("only, not kept")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(more).to_be_focused()


@pytest.mark.asyncio(loop_scope="module")
async def test_the_turn_is_handed_over_and_one_microphone_is_heard(shared: Any) -> None:
    await add_partner(shared)
    judge, witness, ana, luis = (shared[role] for role in ("judge", "witness", "interpreter", "partner"))
    shared.all.pop("partner")
    await shared.start_sitting()
    shared.all["partner"] = luis
    await ana.page.keyboard.press("1")

    async def ana_is_heard() -> None:
        at_judge = await judge.hears("interpreter", "partner", "witness")
        assert at_judge["interpreter"] > HEARD
        assert at_judge["partner"] < SILENT

    await shared.until(ana_is_heard)
    await luis.press("Unmute")
    await expect(luis.page.get_by_text("Your partner in the booth has the turn").first).to_be_visible()
    await expect(luis.page.get_by_role("button", name="Unmute")).to_be_visible()
    await shared.until(ana_is_heard)

    # A cough is heard by nobody and gives nothing away.
    cough = ana.page.get_by_role("button", name="Cough (hold)")
    await cough.dispatch_event("pointerdown")

    async def nobody_is_heard() -> None:
        assert max((await judge.hears("interpreter", "partner")).values()) < SILENT

    await shared.until(nobody_is_heard)
    await expect(ana.page.get_by_role("button", name="Hand over")).to_be_visible()
    await ana.page.get_by_role("button", name="Coughing: nobody hears you").dispatch_event("pointerup")
    await shared.until(ana_is_heard)

    await luis.press("Take the turn")
    await expect(ana.page.get_by_text("Your partner asks for the turn.").first).to_be_visible()
    for person in (ana, luis):
        await few_controls(person)
        await person.accessible()
    await ana.press("Hand over")
    await expect(luis.page.get_by_text("The turn passes in").first).to_be_visible()
    await expect(luis.page.get_by_text("LIVE into Română").first).to_be_visible()

    async def luis_is_heard() -> None:
        at_judge = await judge.hears("interpreter", "partner", "witness")
        assert at_judge["partner"] > HEARD
        assert at_judge["interpreter"] < SILENT
        at_witness = await witness.hears("interpreter", "partner")
        assert max(at_witness.values()) < SILENT

    await shared.until(luis_is_heard)
    await expect(ana.page.get_by_role("button", name="Unmute")).to_be_visible()

    # In a hold nobody is heard; after it the turn is where it was.
    await judge.press("Hold", exact=True)
    await judge.give_reason("A short break.", "Put on hold")
    await shared.until(nobody_is_heard)
    await shared.resume()
    await shared.until(luis_is_heard)


@pytest.mark.asyncio(loop_scope="module")
async def test_signals_reach_the_judge_and_who_speaks(shared: Any) -> None:
    judge, ana = shared["judge"], shared["interpreter"]
    await ana.press("Signal", exact=True)
    await ana.press("Slower, please")
    await expect(judge.page.get_by_text("Ana Chaiyaporn asks: please speak more slowly.").first).to_be_visible()
    await shared["witness"].press("Signal", exact=True)
    await shared["witness"].press("Repeat, please")
    await expect(judge.page.get_by_text("Somchai Wongsa asks: please repeat that.").first).to_be_visible()
    await ana.press("Signal", exact=True)
    await ana.press("I cannot interpret")
    await ana.give_reason("The sound breaks up.", "Ask for a hold")
    for person in (judge, shared["clerk"]):
        await expect(person.page.get_by_text("cannot interpret now, and asks for a hold.").first).to_be_visible()
    kinds = shared.demo.events()
    assert (kinds.count("signal"), kinds.count("remark")) == (3, 1)


@pytest.mark.asyncio(loop_scope="module")
async def test_when_one_is_lost_the_partner_takes_over_and_else_the_floor_is_held(shared: Any) -> None:
    judge, ana, luis = (shared[role] for role in ("judge", "interpreter", "partner"))
    await luis.page.goto(f"{shared.installation.url}/status")
    await ana.press("Take over now")

    async def ana_is_heard() -> None:
        at_judge = await judge.hears("interpreter", "partner")
        assert at_judge["interpreter"] > HEARD
        assert at_judge["partner"] < SILENT

    await shared.until(ana_is_heard)
    assert "hold" not in [kind for kind, _at, data in shared.installation.events() if "interpreter_lost" in str(data)]
    shared.all.pop("partner")
    await luis.context.close()
    await ana.page.goto(f"{shared.installation.url}/status")
    # Her line is one the hearing cannot go on without, and nobody interprets: whichever is found first is the reason.
    reason = re.compile("The line to Ana Chaiyaporn is lost|Nobody interprets into this language any more")
    await expect(judge.hold_bar).to_contain_text(reason, timeout=30_000)
    told = [data for kind, _at, data in shared.installation.events() if kind == "handed_over"]
    assert [one["why"] for one in told] == ["handover", "take_over"]

    async def measured() -> None:
        found = [data for kind, _at, data in shared.installation.events() if kind == "uncovered"]
        assert any(data["seconds"] >= 2 for data in found), found

    await shared.until(measured)
