"""The whole road in real browsers: gathering, hearing, its record, close, verification by what others wrote.

One hearing for all: started without the comparison, for a reason; heard; its acts entered by keyboard, seen at once by
those who may, with their time code; closed.
"""

import asyncio
import contextlib
import re
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from media.evidence.seal import age
from tests import outsider
from tests.e2e import conftest as e2e
from tests.e2e.test_booth import name_person
from tests.e2e.test_counted_frames import blocks
from tests.support import outside
from tests.support.process import VIVAVOCE

pytestmark = [pytest.mark.e2e, pytest.mark.alone, pytest.mark.timeout(420)]

SILENT = 0.002
HEARD = 0.05


@pytest.fixture(scope="module")
def look() -> bool:
    return True


@pytest.fixture(scope="module")
def witnessed(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Two cosigners and a time-stamping authority, all of whom the court names."""
    with outside.witnesses((prepared / "keys" / "seal.pub").read_text().strip(), tmp_path_factory.mktemp("w")) as made:
        yield made


@pytest.mark.asyncio(loop_scope="module")
async def test_without_the_comparison_the_judge_starts_only_with_a_reason(shared: Any) -> None:
    shared.compares = False
    await shared.check_sound()
    judge = shared["judge"]
    await judge.press("Start the sitting")
    await judge.press("Start now")
    await expect(judge.page.get_by_role("dialog").get_by_text("Read the codes aloud, or start without")).to_be_visible()
    await judge.page.get_by_label("Start anyway").check()
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
async def test_who_hears_a_language_hears_its_interpreter_over_the_floor_and_all_see_all(
    shared: Any, roles: tuple[str, ...]
) -> None:
    judge, clerk, witness, interpreter = (shared[role] for role in ("judge", "clerk", "witness", "interpreter"))
    seat = shared.demo.words["seats"]

    # She speaks into Thai: who hears Thai has her at full level over the Romanian floor at 15 %; nobody else has her.
    async def into_thai() -> None:
        at_witness = await witness.hears("judge", "interpreter", "authority")
        assert at_witness["interpreter"] > HEARD
        assert at_witness["authority"] > HEARD
        assert 0.1 < at_witness["judge"] / at_witness["authority"] < 0.2
        at_judge = await judge.hears("interpreter", "witness", "clerk")
        assert at_judge["interpreter"] < SILENT
        assert 0.8 < at_judge["witness"] / at_judge["clerk"] < 1.25

    await shared.until(into_thai)
    await expect(judge.page.get_by_text("No interpreter into").first).to_be_visible()
    before = await counts(clerk)

    # One key turns her round.
    await interpreter.page.keyboard.press("1")

    async def into_romanian() -> None:
        at_judge = await judge.hears("witness", "interpreter", "clerk")
        assert at_judge["interpreter"] > HEARD
        assert 0.1 < at_judge["witness"] / at_judge["clerk"] < 0.2
        at_witness = await witness.hears("interpreter", "judge", "authority")
        assert at_witness["interpreter"] < SILENT
        assert 0.8 < at_witness["judge"] / at_witness["authority"] < 1.25

    await shared.until(into_romanian)
    middle = await counts(clerk)
    moving = (seat["interpreter"], "channel", "ro", seat["judge"])
    still = (seat["interpreter"], "channel", "th", seat["witness"])
    assert middle[moving] > before.get(moving, 0)

    async def goes_on() -> None:
        assert (await counts(clerk))[moving] > middle[moving] + 50

    await shared.until(goes_on)
    after = await counts(clerk)
    assert after[still] == middle[still] > 0
    forbidden = {
        (origin, kind, lang, receiver)
        for origin, kind, lang, receiver in after
        if (
            origin == seat["interpreter"]
            and ((kind == "floor") or (lang == "ro" and receiver in (seat["authority"], seat["witness"])))
        )
        or (kind == "channel" and lang == "th" and receiver in (seat["judge"], seat["clerk"]))
    }
    assert {key for key in forbidden if after[key] > 0} == set()

    for person in (judge, interpreter, witness):
        await person.accessible()

    # Everybody sees everybody, each in their colour.
    async def seen() -> None:
        for person in shared.all.values():
            for role in roles:
                if role != person.role:
                    assert near(await person.sees(seat[role]), shared.colours[role]), (person.role, role)

    await shared.until(seen)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_hold_silences_all_and_only_whom_the_judge_has_muted_speaks_again_by_themselves(shared: Any) -> None:
    judge, clerk, authority, witness = (shared[role] for role in ("judge", "clerk", "authority", "witness"))

    # A hold by the requested authority silences everybody, and only it can lift it.
    await authority.press("Hold", exact=True)
    await authority.give_reason("The witness asks for counsel.", "Put on hold")
    for person in shared.all.values():
        await expect(person.hold_bar).to_contain_text("Requested authority")

    await authority.accessible()

    async def silence() -> None:
        assert max((await witness.hears("judge", "interpreter", "authority")).values()) < SILENT

    await shared.until(silence)
    await expect(judge.page.get_by_role("button", name="Resume")).to_have_count(0)
    await authority.press("Resume")
    await authority.give_reason("Counsel was consulted.", "Resume the hearing")
    for person in shared.all.values():
        await expect(person.hold_bar).to_have_count(0)

    # The judge mutes the clerk; only the clerk opens the microphone again.
    await judge.press("Mute Mihai Dinu")

    async def muted() -> None:
        assert (await judge.hears("clerk"))["clerk"] < SILENT

    await shared.until(muted)
    await expect(clerk.page.get_by_text("The court has switched off your microphone").first).to_be_visible()
    await clerk.press("Unmute")

    async def audible() -> None:
        assert (await judge.hears("clerk"))["clerk"] > 0.01

    await shared.until(audible)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_break_pauses_the_recording_and_nothing_of_it_is_kept(shared: Any) -> None:
    judge, witness = shared["judge"], shared["witness"]
    await judge.press("Order a break")
    await expect(judge.page.get_by_role("dialog")).to_contain_text("the recording is paused")
    await judge.press("Order the break")
    await shared.all_say("Recording paused by order")
    await expect(witness.hold_bar).to_contain_text("the recording is paused")
    await witness.accessible()
    await witness.press("Unmute", exact=True)  # who forgets it in the break is not recorded either
    await expect(witness.page.get_by_text("Nobody hears you; the recording is paused.")).to_be_visible()
    await asyncio.sleep(12)  # the journal is sealed all the same: a seal older than 10 s would show
    await shared.all_say("Recording paused by order.*sealed [0-9] second")
    (paused,) = shared.installation.journal("pause")
    assert (paused["by"], paused["reason"]) == ("presiding_judge", "rest")
    assert shared.installation.journal("resume") == []
    await shared.resume()
    await shared.all_say("RECORDING")
    (resumed,) = shared.installation.journal("resume")
    assert resumed["by"] == "presiding_judge"

    async def goes_on() -> None:
        behind = [line["track"] for line in shared.installation.journal("segment") if line["t0"] >= resumed["t"]]
        assert {"witness_1_mic", "witness_1_cam", "judge_1_cam"} <= set(behind)
        assert (await judge.hears("witness"))["witness"] > HEARD

    await shared.until(goes_on)
    for person in shared.all.values():  # everybody's microphone went off
        unmute = person.page.get_by_role("button", name="Unmute", exact=True)
        if await unmute.count():
            await unmute.click()


@pytest.mark.asyncio(loop_scope="module")
async def test_in_consecutive_interpreting_one_is_heard_after_the_other(shared: Any) -> None:
    judge, clerk, witness, interpreter = (shared[role] for role in ("judge", "clerk", "witness", "interpreter"))

    async def heard(listener: Any, *roles: str) -> None:
        """Of these four, only `roles` are heard."""

        async def check() -> None:
            found = await listener.hears("judge", "clerk", "witness", "interpreter")
            found.pop(listener.role)
            assert {role for role, level in found.items() if level > 0.01} == set(roles), found
            assert max([0.0, *(level for role, level in found.items() if role not in roles)]) < SILENT, found

        await shared.until(check)

    await interpreter.page.keyboard.press("0")  # into no channel
    await judge.page.get_by_label("How people speak").select_option("consecutive")
    await expect(clerk.page.get_by_text("Has the floor: Ioana Popa")).to_be_visible()
    await heard(clerk, "judge")  # the others were switched off
    await judge.press("Give Somchai Wongsa the floor")
    await expect(interpreter.page.get_by_text("To be interpreted: what Ioana Popa said")).to_be_visible()
    await expect(witness.page.get_by_text("What was said before is being interpreted").first).to_be_visible()
    await judge.press("Mute", exact=True)
    await interpreter.press("Interpret now")
    await heard(witness, "interpreter")  # at the full level of the floor, without a channel
    await witness.accessible()
    await interpreter.accessible()
    await judge.press("Hold", exact=True)
    await judge.give_reason("A knock on the door", "Put on hold")
    await heard(clerk)
    await shared.resume()
    await heard(clerk, "interpreter")  # the turn is what it was before
    await interpreter.press("Interpreted")
    await witness.press("Unmute")
    await heard(clerk, "witness")
    await clerk.press("Raise hand")
    await expect(judge.page.get_by_text("Ask for the floor: Mihai Dinu").first).to_be_visible()
    await judge.press("Next: Mihai Dinu")
    await judge.accessible()
    await witness.press("I have finished")
    await heard(judge)
    await judge.press("Go on without interpreting")
    await clerk.press("Unmute")
    await heard(judge, "clerk")
    await judge.page.get_by_label("How people speak").select_option("open")
    for person in (judge, witness):
        await person.press("Unmute")
    await heard(clerk, "judge", "witness")
    await interpreter.page.keyboard.press("1")
    kinds = [kind for kind, _at, _data in shared.installation.events()]
    assert (kinds.count("floor_mode"), kinds.count("floor_given"), kinds.count("interpreting_ended")) == (2, 2, 2)


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
    await judge.press("Raise hand")
    await shared.until(heard)
    await shared.all_say("RECORDING")


@pytest.mark.asyncio(loop_scope="module")
async def test_the_witness_asks_for_a_break_and_the_judge_refuses_it(shared: Any) -> None:
    judge, witness = shared["judge"], shared["witness"]
    await witness.press("Ask for a break")
    await witness.press("Ask the court")
    calls = judge.page.get_by_test_id("calls")
    await expect(calls).to_contain_text("Somchai Wongsa asks for a break.")
    await expect(witness.page.get_by_role("button", name="Break no longer needed")).to_be_visible()
    await judge.press("No break now")
    await judge.press("Refuse the break")
    await expect(calls).to_have_count(0)
    await expect(witness.page.get_by_role("button", name="Ask for a break")).to_be_visible()


@pytest.mark.asyncio(loop_scope="module")
async def test_an_objection_stands_before_everybody_until_the_judge_has_ruled_on_it(shared: Any) -> None:
    judge, authority = shared["judge"], shared["authority"]
    await authority.press("Object", exact=True)
    await authority.press("Raise it now")
    await expect(authority.page.get_by_text("Choose a ground, or say it in a few words.")).to_be_visible()
    await authority.page.get_by_label("Ground").select_option("leading")
    await authority.accessible()
    await authority.press("Raise it now")
    queue = "The question suggests its answer"
    await shared.everybody(lambda one: expect(one.page.get_by_test_id("objections")).to_contain_text(queue))
    for role in ("clerk", "authority", "witness", "interpreter"):
        await expect(shared[role].page.get_by_role("button", name=re.compile("^Rule on it"))).to_have_count(0)
    await judge.press("Rule on it")
    await judge.press("Give the ruling")
    await expect(judge.page.get_by_text("Give a reason, in a few words.")).to_be_visible()
    await judge.page.get_by_label("Decision").select_option("rejected")
    await judge.accessible()
    await judge.give_reason("The question leaves the answer open.", "Give the ruling")
    await shared.everybody(lambda one: expect(one.page.get_by_test_id("objections")).to_have_count(0))
    log = [(kind, data) for kind, _at, data in shared.installation.events() if kind in ("objection", "ruling")]
    raised, ruled = (data for _kind, data in log)
    assert (raised["participant"], raised["ground"]) == (shared.demo.words["seats"]["authority"], "leading")
    assert (ruled["ruling"], ruled["text"]) == ("rejected", "The question leaves the answer open.")


@pytest.mark.asyncio(loop_scope="module")
async def test_in_a_closed_session_an_observer_reads_why_hears_nothing_and_comes_back(shared: Any) -> None:
    judge, name = shared["judge"], "Anton Weber"
    e2e.TONES["observer"], e2e.COLOURS["observer"] = 1620, "#ffffff"
    observer = await name_person(shared, "observer", "Observer", name)

    others = ("judge", "clerk", "authority", "witness", "interpreter")

    async def hears() -> None:
        assert max((await observer.hears(*others)).values()) > 0.01

    async def hears_nobody() -> None:
        assert max((await observer.hears(*others)).values()) < SILENT

    await judge.press(f"Admit {name}")
    await shared.until(hears)
    await judge.press("Closed session")
    dialog = judge.page.get_by_role("dialog")
    await expect(dialog.get_by_label(name)).to_be_checked()
    await expect(dialog.get_by_label(name)).to_be_disabled()
    await judge.accessible()
    await judge.give_reason("The privacy of a child.", "Order it")
    bar = "The privacy of a child."
    await shared.everybody(lambda one: expect(one.page.get_by_test_id("closed-session")).to_contain_text(bar))
    await expect(observer.page.get_by_role("heading", name="Waiting for the court")).to_be_visible()
    await shared.until(hears_nobody)
    await observer.accessible()
    await judge.press(f"Admit {name}")
    await expect(judge.page.locator(".panel p", has_text="is admitted when it has ended")).to_be_visible()
    await judge.press("End the closed session")
    await shared.everybody(lambda one: expect(one.page.get_by_test_id("closed-session")).to_have_count(0))
    await judge.press(f"Admit {name}")
    await shared.until(hears)
    told = {kind: data for kind, _at, data in shared.installation.events()}
    assert told["closed_session_begun"]["reason"] == bar
    assert len(told["closed_session_begun"]["out"]) == 1 and "closed_session_ended" in told
    await shared.all.pop("observer").context.close()


@pytest.mark.asyncio(loop_scope="module")
async def test_who_conducts_reads_which_rights_are_due_until_they_were_told_under_both_laws(shared: Any) -> None:
    judge, clerk, authority, witness = (shared[role] for role in ("judge", "clerk", "authority", "witness"))
    due = "1 rights item is due: Rights told, both laws"
    for one in (judge, clerk, authority):
        await expect(one.page.get_by_test_id("rights-due")).to_contain_text(due)
    assert await witness.page.get_by_test_id("rights-due").count() == 0
    await judge.accessible()
    async with judge.page.context.expect_page() as opened:
        await judge.page.get_by_role("link", name="Open the list").click()
    page = await opened.value
    await expect(page.get_by_role("heading", level=1)).to_have_text("Rights checklist")
    for law in ("RO", "TH"):
        await page.goto(f"{shared.installation.url}/h/{shared.demo.ref}/record?kind=rights_notice")
        await page.get_by_label("Person", exact=True).select_option(label="Somchai Wongsa")
        await page.get_by_label("Explained by").select_option(label="Ioana Popa")
        await page.get_by_label("Under the law of").select_option(law)
        await page.get_by_label("Language", exact=True).select_option("th")
        await page.get_by_role("button", name="Record", exact=True).click()
        await expect(page.get_by_text("Added to the log.")).to_be_visible()
    await page.close()
    for one in (judge, clerk, authority):
        await expect(one.page.get_by_test_id("rights-due")).to_have_count(0)


@pytest.mark.asyncio(loop_scope="module")
async def test_an_oath_is_recorded_by_keyboard_seen_by_those_who_may_and_corrected(shared: Any) -> None:
    judge, clerk, authority, witness = (shared[role] for role in ("judge", "clerk", "authority", "witness"))
    page = judge.page

    # By keyboard alone, from wherever the focus is.
    await page.keyboard.press("Alt+Shift+L")
    kinds = page.get_by_label("Kind of entry")
    await expect(kinds).to_be_focused()
    await expect(kinds.locator("option")).to_have_count(11)  # not the authority's intervention, no withdrawal
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
    await page.get_by_label("Wording, or where it is found").fill("Code of criminal procedure, art. 121")
    await page.get_by_role("button", name="Record", exact=True).press("Enter")

    for one in (judge, clerk, authority):
        await one.page.get_by_role("tab", name="Log").click()
        entry = one.page.get_by_test_id("entries").locator("li").first
        await expect(entry).to_contain_text("Oath, affirmation or caution")
        await expect(entry).to_contain_text("Person: Somchai Wongsa; Administered by: Ioana Popa; Form: Oath")
        await expect(entry).to_contain_text(re.compile(r"\d\d:\d\d:\d\d Bucharest.*\d\d:\d\d:\d\d Bangkok"))
        await expect(entry).to_contain_text(re.compile(r"time code 00:0\d:\d\d"))
        await one.accessible()
    assert await witness.page.get_by_test_id("entries").count() == 0
    newest = authority.page.get_by_test_id("entries").locator("li").first
    await expect(newest.get_by_role("button", name="Correct")).to_have_count(0)

    # The clerk corrects what the judge entered: a new entry, the old one stays.
    newest = clerk.page.get_by_test_id("entries").locator("li").first
    await newest.get_by_role("button", name="Correct").click()
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
    await expect(interpreter.page.get_by_label("Kind of entry").locator("option")).to_have_text(["Remark"])
    await interpreter.page.get_by_label("Remark, for the minutes").fill("The last answer could not be heard whole.")
    await interpreter.accessible()
    await interpreter.page.get_by_role("button", name="Record", exact=True).click()
    for one in (judge, authority, interpreter):
        entry = one.page.get_by_test_id("entries").locator("li").first
        await expect(entry).to_contain_text("The last answer could not be heard whole.")
    await expect(interpreter.page.get_by_test_id("entries").locator("li")).to_have_count(1)
    await expect(interpreter.page.get_by_role("button", name="Correct")).to_have_count(1)
    assert await witness.page.get_by_test_id("entries").count() == 0
    for one in (judge, authority, interpreter):
        await one.page.get_by_role("tab", name="People").click()


@pytest.mark.asyncio(loop_scope="module")
async def test_an_exhibit_of_the_request_has_a_tab_and_is_noted_as_shown(shared: Any) -> None:
    judge, authority, clerk = (shared[role] for role in ("judge", "authority", "clerk"))
    await expect(judge.page.get_by_role("tab", name="Exhibits")).to_have_count(0)
    with contextlib.closing(sqlite3.connect(shared.installation.data / "vivavoce.db", timeout=10)) as db:
        (reference,) = db.execute("SELECT reference FROM hearing_request").fetchone()
    page = await clerk.context.new_page()
    await page.goto(f"{shared.installation.url}/requests/{reference}/documents")
    await page.get_by_label("Kind of file").select_option("exhibit")
    letter = {"name": "letter.txt", "mimeType": "text/plain", "buffer": b"Meet me at the van."}
    await page.get_by_label("File", exact=True).set_input_files(letter)
    await page.get_by_role("button", name="Attach", exact=True).click()
    await expect(page.get_by_text("letter.txt").first).to_be_visible()
    await page.close()

    await judge.page.get_by_role("tab", name="Messages").click()
    await judge.page.get_by_role("tab", name="Exhibits").click()
    await expect(judge.page.locator(".kept", has_text="letter.txt (")).to_be_visible()
    await judge.accessible()
    await judge.press("Note that it was shown")
    await expect(judge.page.get_by_role("tab", name="Log")).to_have_attribute("aria-selected", "true")
    await judge.page.get_by_label("Shown to").select_option(label="Somchai Wongsa")
    await judge.page.get_by_label("Shown by").select_option(label="Ioana Popa")
    await judge.press("Record", exact=True)
    await authority.page.get_by_role("tab", name="Log").click()
    await expect(authority.page.get_by_test_id("entries").locator("li").first).to_contain_text("letter.txt")
    await judge.page.get_by_role("tab", name="People").click()
    await authority.page.get_by_role("tab", name="People").click()


@pytest.mark.asyncio(loop_scope="module")
async def test_closed_after_all_that_its_recording_is_verified_and_played(
    shared: Any, roles: tuple[str, ...], tmp_path: Path
) -> None:
    installation, demo = shared.installation, shared.demo
    judge, authority, witness = shared["judge"], shared["authority"], shared["witness"]

    # Reload: same seat, listening, muted, no lobby. If it took longer than 1.5 s the floor is held.
    await witness.page.reload()
    await expect(witness.page.get_by_role("button", name="Unmute", exact=True)).to_be_visible(timeout=20_000)

    async def listening() -> None:
        if await judge.hold_bar.count():
            await shared.resume()
        assert (await witness.hears("judge"))["judge"] > 0.01
        assert (await judge.hears("witness"))["witness"] < SILENT

    await shared.until(listening)
    await asyncio.sleep(2)

    # Close: the last seal first; then both cosigners and the time authority have the head; then the bag verifies.
    await shared.close()
    await shared.until(lambda: vouched(installation), 90)
    code, text = await asyncio.to_thread(installation.verify, demo.words["policy"], tmp_path)
    assert (code, "verified with declared gaps" in text) == (10, True), text
    # By cause, since of single gaps only the first are listed.
    assert re.search(r"^gaps:      pause: ", text, re.MULTILINE), text
    assert "orders a break" not in text  # the log under the seal has its order
    assert_nothing_kept_in_the_pause(installation, demo, tmp_path)
    await play(authority, installation, demo, shared.colours["witness"])
    tracks = {line["track"] for line in installation.journal("segment") if not line["track"].startswith("observer")}
    seats = (*(f"{role}_1" for role in roles), "witness_7")
    assert tracks == {f"{seat}_{kind}" for seat in seats for kind in ("mic", "cam")} | {"channel_ro", "channel_th"}
    # "other": the fraction of a second before a camera's first key frame.
    causes = {line["cause"] for line in installation.journal("gap")}
    assert {"order", "pause"} <= causes <= {"order", "pause", "sender_off", "network", "other", "late"}
    assert installation.processes("worker") == installation.processes("recorder") == []


async def vouched(installation: Any) -> None:
    """The closing head has two cosignatures and a time-stamp."""
    lines = (installation.recording() / "checkpoint").read_bytes().count("\n— ".encode())
    assert (lines, (installation.recording() / "checkpoint.tsr").exists()) == (3, True)


@pytest.mark.asyncio(loop_scope="module")
async def test_an_outsider_makes_twelve_checks_with_tools_of_others(
    shared: Any, witnessed: dict[str, Any], tmp_path: Path
) -> None:
    installation, demo, page = shared.installation, shared.demo, shared["authority"].page
    await asyncio.to_thread(installation.verify, demo.words["policy"], tmp_path)
    policy, words = tmp_path / "policy.txt", ("--policy", str(tmp_path / "policy.txt"))
    cut = ("--from", "0:00:04", "--to", "0:00:20")
    excerpt = [*VIVAVOCE, "excerpt", str(tmp_path / "bag"), str(tmp_path / "excerpt"), *words, *cut]
    done = await asyncio.to_thread(subprocess.run, excerpt, capture_output=True, check=False)
    assert done.returncode in (0, 10), done.stdout.decode() + done.stderr.decode()
    paper = await page.context.request.get(f"{installation.url}/recordings/{installation.recording().name}/custody.pdf")
    (tmp_path / "custody.pdf").write_bytes(await paper.body())
    (tmp_path / "work").mkdir()
    papers = outsider.Papers(
        bag=tmp_path / "bag",
        policy=policy,
        key=Path(next(path for path in demo.words["key_files"] if "thailand" in path)),
        tsa=witnessed["tsa_anchors"],
        excerpt=tmp_path / "excerpt",
        pdf=tmp_path / "custody.pdf",
        work=tmp_path / "work",
    )
    assert len(await asyncio.to_thread(outsider.check, papers)) == 12
    (papers.data / "journal.jsonl").write_bytes(b"\n".join(papers.lines[:-1]) + b"\n")
    with pytest.raises(outsider.RefusedError):
        await asyncio.to_thread(outsider.check, papers)


def opened(keys: list[Any], sealed: bytes) -> bytes:
    """The content of a piece, by the one key of the recording that opens it."""
    found = []
    for key in keys:
        with contextlib.suppress(age.SealError):
            found.append(key.unseal(sealed))
    (clear,) = found
    return bytes(clear)


def assert_nothing_kept_in_the_pause(installation: Any, demo: Any, folder: Path) -> None:
    """By the times of the decrypted frames of every track; there are some shortly before and behind the pause."""
    key_file = next(path for path in demo.words["key_files"] if "thailand" in path)
    own = next(line for line in Path(key_file).read_text().splitlines() if line.startswith("AGE-SECRET-KEY-"))
    wrapped = [path.read_bytes() for path in sorted(installation.recording().glob("hearing-key*.age"))]
    keys = [age.unwrap(content, age.X25519Identity(own)) for content in wrapped]
    assert len(keys) == 2  # the closed session has one of its own
    (paused,), (resumed,) = installation.journal("pause"), installation.journal("resume")
    times: dict[str, list[int]] = {}
    for line in installation.journal("segment"):
        clear = opened(keys, (installation.recording() / line["file"]).read_bytes())
        times.setdefault(line["track"], []).extend(at for at, _frame in blocks(clear))
    kept = [at for track in times.values() for at in track if paused["t"] <= at < resumed["t"]]
    assert kept == []
    assert resumed["t"] - paused["t"] > 10_000
    for track in ("witness_1_mic", "witness_1_cam"):
        assert paused["t"] - max(at for at in times[track] if at < paused["t"]) < 1_000
        assert min(at for at in times[track] if at >= resumed["t"]) - resumed["t"] < 2_000


async def play(authority: Any, installation: Any, demo: Any, colour: str) -> None:
    """The requested State's authority plays the recording with its own key file, decrypted in the browser."""
    page = authority.page
    await page.goto(f"{installation.url}/recordings/{installation.recording().name}")
    await page.get_by_label("Why do you view this recording?").select_option("minutes")
    key_file = next(path for path in demo.words["key_files"] if "thailand" in path)
    await page.get_by_label("Key file of your authority").set_input_files(key_file)
    await page.get_by_role("button", name="Open the recording").click()
    await expect(page.get_by_test_id("verdict")).to_contain_text("Verified with declared gaps", timeout=30_000)
    await page.get_by_label("Position in the recording").fill("4")
    await page.get_by_role("button", name="Play", exact=True).click()

    async def shown() -> None:
        picture = await page.evaluate(
            "() => window.__colour(document.querySelector('[data-testid=\"tile-witness_1_cam\"] video'))"
        )
        assert near(picture, colour), picture

    await authority.until(shown)
    began = time.monotonic()
    before = float(await page.get_by_label("Position in the recording").input_value())
    await page.get_by_role("radio", name="Romanian").check()
    after = float(await page.get_by_label("Position in the recording").input_value())
    assert 0 <= after - before < 3 + (time.monotonic() - began)


async def counts(clerk: Any) -> dict[tuple[str, str, str, str], int]:
    """Packets handed to the worker's socket, by (origin, kind, language, receiver)."""
    found = await clerk.page.evaluate("async (ref) => (await fetch(`/h/${ref}/packets`)).json()", clerk.demo.ref)
    return {(c["origin"], c["kind"], c["lang"], c["receiver"]): c["packets"] for c in found["counts"]}


def near(colour: list[int] | None, wanted: str) -> bool:
    """Whether a mean colour is the one of the canvas, codec and scaling allowed for."""
    parts = [int(wanted[i : i + 2], 16) for i in (1, 3, 5)]
    return colour is not None and all(abs(found - part) < 50 for found, part in zip(colour, parts, strict=True))
