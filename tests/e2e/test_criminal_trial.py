"""A day of a criminal trial in real browsers: eleven people, two languages, a booth of two; verified and played.

The witness is heard in Thailand, the accused attends from there with counsel, and the requested State demands that
counsel is present. Each has a tone of their own; four show a small picture.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import expect

from hearings.roles import Role
from tests.e2e import conftest as e2e
from tests.e2e.conftest import STAFF, Demo, gathering, near
from tests.e2e.test_cards import open_card
from tests.support import larger_hearings
from tests.support.browsers import DEVICES, SPARING, chromium
from tests.support.larger_hearings import Guest
from tests.support.process import serving

pytestmark = [pytest.mark.e2e, pytest.mark.alone, pytest.mark.large, pytest.mark.timeout(900)]

GUESTS = {
    "accused": Guest(role=Role.defendant, name="Prasert Kittisak", state="TH", speaks="th"),
    "defence": Guest(role=Role.defence, name="Wanida Rattana", state="TH", speaks="th"),
    "prosecutor": Guest(role=Role.prosecutor, name="Radu Ionescu", state="RO", speaks="ro"),
    "victim": Guest(role=Role.civil_party, name="Kanya Saetang", state="TH", speaks="th"),
    "partner": Guest(role=Role.interpreter, name="Luis Bran", state="RO", speaks="ro"),
    "observer": Guest(role=Role.observer, name="Anton Weber", state="RO", speaks="ro"),
}
NAME = {**e2e.NAMES, **{key: guest.name for key, guest in GUESTS.items()}}
TONES = {"accused": 1620, "defence": 1900, "prosecutor": 2200, "victim": 2500, "partner": 2800, "observer": 3100}
COLOURS = {"accused": "#a020c0"} | dict.fromkeys(("defence", "prosecutor", "victim", "partner", "observer"), "#fff")
WITHOUT_CAMERA = ("clerk", "defence", "prosecutor", "victim", "interpreter", "partner")
RIGHTS = {
    "th": "ท่านไม่จำต้องให้การ และมีสิทธิพบทนายความเมื่อใดก็ได้ ภายใต้กฎหมายของ ไทย",
    "ro": "Nu sunteți obligat să vorbiți și aveți oricând dreptul la avocat, potrivit legii din Thailanda.",
}
APPROVED = f"""texts:
- card: rights_accused
  jurisdiction: 'TH'
  version: 1
  status: approved
  approved_by: Office of the Attorney General
  approved_on: 2026-01-15
  in: {{th: '{RIGHTS["th"]}', ro: '{RIGHTS["ro"]}'}}
"""
REFUSED = "Defence counsel is not in the room"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def trial(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Any]:
    """Everybody is at the live page: who conducts in the room, the others in the lobby."""
    folder = tmp_path_factory.mktemp("trial")
    texts = folder / "texts"
    texts.mkdir()
    (texts / "th.yaml").write_text(APPROVED, encoding="utf-8")
    e2e.TONES |= TONES
    e2e.COLOURS |= COLOURS
    e2e.NAMES |= NAME
    with serving(prepared, folder, card_texts=texts) as installation:
        words = larger_hearings.seed(installation, GUESTS, rules=[{"kind": "counsel_present"}])
        demo = Demo(installation, words)
        async with chromium(*DEVICES, *SPARING) as browser, gathering(browser, installation, demo, folder) as made:
            made.many()
            made.checked = ("judge", "authority", "witness", "accused")
            made.quiet = frozenset({"clerk", "defence", "prosecutor", "victim", "partner", "observer"})
            await made.come(*STAFF, "witness", "interpreter", *GUESTS, without_camera=WITHOUT_CAMERA)
            yield made


async def starts(trial: Any) -> None:
    """The sitting starts; a line made anew on a busy machine is checked again first, as the judge is asked to."""
    judge = trial["judge"]
    refusal = judge.page.get_by_role("dialog").get_by_role("alert")
    for _ in range(4):
        await trial.check_again()
        await judge.press("Start the sitting")
        await judge.press("Start now")
        try:
            await trial.all_say("RECORDING", 30)
            return
        except AssertionError:
            await expect(refusal).to_contain_text("A required sound check has not passed yet.", timeout=1000)
            await judge.page.keyboard.press("Escape")
    pytest.fail("lines are made anew faster than they can be checked")


@pytest.mark.asyncio(loop_scope="module")
async def test_the_roll_is_called_and_the_sitting_does_not_start_before_counsel_is_there(trial: Any) -> None:
    judge = trial["judge"]
    await judge.press("Start the roll call")
    for role in ("witness", "accused"):
        await trial.identify(NAME[role])
    for role in ("witness", "interpreter", *GUESTS):
        if role != "defence":
            await judge.press(f"Admit {NAME[role]}", exact=True)
    for role in ("witness", "interpreter", "accused", "prosecutor", "victim", "partner"):
        await trial[role].offers("Unmute")
    # Who comes in without a picture is known to: nobody waits for it.
    for role in ("clerk", "prosecutor"):
        tile = judge.page.get_by_test_id(f"tile-{trial.demo.words['seats'][role]}")
        await expect(tile.get_by_text("No picture", exact=True)).to_be_visible()
    await trial.check_sound()
    await judge.press("Start the sitting")
    await judge.press("Start now")
    await expect(judge.page.get_by_role("dialog")).to_contain_text(REFUSED)
    await judge.page.keyboard.press("Escape")
    await judge.press(f"Admit {NAME['defence']}", exact=True)
    await trial["defence"].offers("Unmute")
    await starts(trial)
    assert trial.demo.events().count("started") == 1


@pytest.mark.asyncio(loop_scope="module")
async def test_the_accused_is_heard_as_spoken_by_counsel_and_interpreted_by_the_others_and_seen(trial: Any) -> None:
    await trial.by_turn()
    await trial.gives_floor("accused")
    await trial.interprets("interpreter", "1")
    for listener in ("judge", "prosecutor", "observer"):
        await trial.heard(listener, full=("interpreter",), under=("accused",))
    for listener in ("defence", "witness", "partner"):
        await trial.heard(listener, full=("accused",))
    for viewer in ("judge", "victim", "observer"):
        await trial.seen(viewer, *{"judge", "authority", "accused", "witness"} - {viewer})
    kinds = [kind for kind, _at, _data in trial.installation.events(trial.demo.ref)]
    assert "floor_mode" in kinds and "floor_given" in kinds


@pytest.mark.asyncio(loop_scope="module")
async def test_the_accused_reads_the_rights_in_thai_while_they_are_read_out_in_romanian(trial: Any) -> None:
    judge, accused = trial["judge"], trial["accused"]
    dialog = await open_card(judge, "Rights of a suspect or accused", "Thailand", NAME["accused"])
    await expect(dialog.get_by_text("Approved by Office of the Attorney General")).to_have_count(2)
    for lang, text in RIGHTS.items():
        await expect(dialog.locator(f"p[lang={lang}]")).to_have_text(text)
    await dialog.get_by_role("button", name="Read out", exact=True).click()
    card = accused.page.get_by_test_id("card-rights_accused")
    await expect(card.locator("p[lang=th]")).to_have_text(RIGHTS["th"])
    await expect(card.locator("p[lang=ro]")).to_have_count(0)
    await expect(trial["victim"].page.get_by_test_id("card-rights_accused")).to_have_count(0)
    await trial["interpreter"].press("I have interpreted it")
    await dialog.get_by_role("button", name="Answer: yes").click()
    await expect(dialog.get_by_text("answered: yes")).to_be_visible()
    await judge.page.keyboard.press("Escape")
    await expect(card).to_have_count(0)
    await judge.page.get_by_role("tab", name="People").click()
    made = [(kind, data) for kind, _at, data in trial.installation.events(trial.demo.ref) if "card" in data]
    assert [kind for kind, _data in made] == ["rights_notice", "card_rendered", "card_answered"]
    assert {data["participant"] for _kind, data in made} == {trial.demo.words["seats"]["accused"]}


@pytest.mark.asyncio(loop_scope="module")
async def test_counsel_objects_to_the_prosecutor_before_everybody_and_the_judge_rules(trial: Any) -> None:
    judge, defence = trial["judge"], trial["defence"]
    await trial.gives_floor("prosecutor")
    await trial.interprets("interpreter", "2")
    for listener in ("accused", "witness"):
        await trial.heard(listener, full=("interpreter",), under=("prosecutor",))
    await trial.heard("observer", full=("prosecutor",))
    await defence.press("Object", exact=True)
    await defence.press("Raise it now")
    await expect(defence.page.get_by_text("Choose a ground, or say it in a few words.")).to_be_visible()
    await defence.page.get_by_label("For whom").select_option(label=NAME["accused"])
    await defence.page.get_by_label("Ground").select_option("leading")
    await defence.accessible()
    await defence.press("Raise it now")

    async def queue(one: Any) -> None:
        await expect(one.page.get_by_test_id("objections")).to_contain_text(NAME["accused"])

    await trial.everybody(queue)
    for role in ("prosecutor", "defence", "authority"):
        await expect(trial[role].page.get_by_role("button", name=re.compile("^Rule on it"))).to_have_count(0)
    await judge.press("Rule on it")
    await judge.page.get_by_label("Decision").select_option("rejected")
    await judge.accessible()
    await judge.give_reason("The question leaves the answer open.", "Give the ruling")
    await trial.everybody(lambda one: expect(one.page.get_by_test_id("objections")).to_have_count(0))
    log = {kind: data for kind, _at, data in trial.installation.events(trial.demo.ref)}
    assert (log["objection"]["participant"], log["objection"]["ground"]) == (
        trial.demo.words["seats"]["accused"],
        "leading",
    )
    assert (log["ruling"]["ruling"], log["ruling"]["text"]) == ("rejected", "The question leaves the answer open.")


@pytest.mark.asyncio(loop_scope="module")
async def test_the_victim_writes_to_the_court_and_only_the_victim_reads_the_answer(trial: Any) -> None:
    judge, victim = trial["judge"], trial["victim"]
    await victim.page.get_by_role("tab", name="Messages").click()
    await victim.page.get_by_label("Message to the court").fill("I should like to speak last.")
    await victim.press("Send")
    tab = judge.page.get_by_role("tab", name="Messages")
    await expect(tab).to_contain_text("1 new")
    await tab.click()
    await judge.press(f"Answer {NAME['victim']}")
    await judge.page.get_by_role("dialog").get_by_label("Answer").fill("You will.")
    await judge.page.get_by_role("dialog").get_by_role("button", name="Send").click()
    await expect(victim.page.locator(".kept", has_text="You will.")).to_be_visible()
    await judge.page.get_by_role("tab", name="People").click()
    await trial["prosecutor"].page.get_by_role("tab", name="Messages").click()
    await expect(trial["prosecutor"].page.get_by_text("No messages yet.")).to_be_visible()


@pytest.mark.asyncio(loop_scope="module")
async def test_in_a_closed_session_who_is_excluded_reads_why_hears_nothing_and_comes_back(trial: Any) -> None:
    judge, out = trial["judge"], ("observer", "victim")
    await judge.press("Closed session")
    dialog = judge.page.get_by_role("dialog")
    await expect(dialog.get_by_label(NAME["observer"])).to_be_disabled()
    await expect(dialog.get_by_label(NAME["observer"])).to_be_checked()
    for role in ("accused", "defence", "interpreter"):
        await expect(dialog.get_by_label(NAME[role])).to_have_count(0)
    await dialog.get_by_label(NAME["victim"]).check()
    await judge.accessible()
    await judge.give_reason("The privacy of a child.", "Order it")
    await trial.everybody(
        lambda one: expect(one.page.get_by_test_id("closed-session")).to_contain_text("The privacy of a child.")
    )
    for role in out:
        await expect(trial[role].page.get_by_role("heading", name="Waiting for the court")).to_be_visible()
        await expect(trial[role].page.get_by_test_id("closed-session")).to_contain_text("please wait here")
        await trial.heard(role)
    await trial["observer"].accessible()
    await trial.heard("clerk", full=("prosecutor",))
    await judge.press(f"Admit {NAME['observer']}", exact=True)
    await expect(judge.page.locator("p", has_text="this person is admitted when it has ended")).to_be_visible()
    await judge.press("End the closed session")
    await trial.everybody(lambda one: expect(one.page.get_by_test_id("closed-session")).to_have_count(0))
    for role in out:
        await judge.press(f"Admit {NAME[role]}", exact=True)
        await expect(trial[role].page.locator(".room")).to_be_visible()
    await trial.heard("observer", full=("prosecutor",))
    await trial.heard("victim", full=("interpreter",), under=("prosecutor",))
    told = {kind: data for kind, _at, data in trial.installation.events(trial.demo.ref)}
    assert set(told["closed_session_begun"]["out"]) == {trial.demo.words["seats"][role] for role in out}
    assert "closed_session_ended" in told


@pytest.mark.asyncio(loop_scope="module")
async def test_when_counsel_leaves_the_floor_closes_and_does_not_open_before_counsel_is_back(trial: Any) -> None:
    judge, defence = trial["judge"], trial["defence"]
    await trial.gives_floor("accused")
    await trial.heard("defence", full=("accused",))
    await defence.press("Leave", exact=True)
    await defence.press("Leave the hearing")
    for role in ("judge", "accused", "observer"):
        await expect(trial[role].hold_bar).to_contain_text("Defence counsel")
        await trial.heard(role)
    await judge.press("Resume")
    await judge.give_reason("The hearing goes on.", "Resume the hearing")
    await expect(judge.page.get_by_role("dialog")).to_contain_text(REFUSED)
    await judge.page.keyboard.press("Escape")
    await defence.page.goto(f"{trial.installation.url}/h/{trial.demo.ref}/live")
    await defence.prepare()
    await judge.press(f"Admit {NAME['defence']}", exact=True)
    await defence.offers("Unmute")
    await trial.resume("Counsel is back.")
    await trial.heard("defence", full=("accused",))


@pytest.mark.asyncio(loop_scope="module")
async def test_closed_and_sealed_its_recording_has_every_voice_and_is_verified_and_played(
    trial: Any, tmp_path: Path
) -> None:
    installation, authority = trial.installation, trial["authority"]
    await trial.close()
    await trial.everybody(
        lambda one: expect(one.page.get_by_role("heading", name="The hearing is closed")).to_be_visible(timeout=30_000)
    )
    code, text = await asyncio.to_thread(installation.verify, trial.demo.words["policy"], tmp_path)
    assert (code, "verified" in text) in ((0, True), (10, True)), text
    tracks = {line["track"] for line in installation.journal("segment")}
    spoke = {f"{role}_1_mic" for role in ("judge", "authority", "witness", "defendant", "prosecutor", "interpreter")}
    assert spoke | {"defendant_1_cam", "channel_ro", "channel_th"} <= tracks
    assert not {track for track in tracks if track.startswith("observer")}
    assert {line["seat"] for line in installation.journal("person")} >= {"defendant_1", "party_1", "interpreter_2"}
    page = authority.page
    await page.goto(f"{installation.url}/recordings/{installation.recording().name}")
    await page.get_by_label("Why do you view this recording?").select_option("minutes")
    key_file = next(path for path in trial.demo.words["key_files"] if "thailand" in path)
    await page.get_by_label("Key file of your authority").set_input_files(key_file)
    await page.get_by_role("button", name="Open the recording").click()
    await expect(page.get_by_test_id("verdict")).to_contain_text("Verified", timeout=60_000)
    await page.get_by_label("Position in the recording").fill("8")
    await page.get_by_role("button", name="Play", exact=True).click()

    async def shown() -> None:
        picture = await page.evaluate(
            "() => window.__colour(document.querySelector('[data-testid=\"tile-defendant_1_cam\"] video'))"
        )
        assert near(picture, e2e.COLOURS["accused"]), picture

    await trial.until(shown, 60)
