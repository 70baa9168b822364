"""Captions, search, speed, keys and the grid of the player in a real browser."""

import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, FilePayload, Page, Route, expect

from hearings.models import HearingEvent
from hearings.roles import Role
from hearings.sitting import recordings
from tests.support.evidence.archive import Archive
from tests.support.evidence.player_pages import Viewer, looking, viewing
from tests.support.evidence.recordings import HEARING, RECORDING, ZERO, SealedRecording, build
from tests.support.rows import keep

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="module")]

SAID = (
    (0, "started", Role.presiding_judge, {}),
    (3_000, "court_message", Role.witness, {"text": "The lamp is too bright"}),
    (8_000, "caption", Role.clerk, {"lang": "ro", "source": "stenographer", "text": "Am văzut mașina."}),
    (20_000, "caption", Role.clerk, {"lang": "ro", "source": "stenographer", "text": "Era roșie."}),
    (24_000, "exhibit_shown", Role.clerk, {"exhibit": {"name": "Photograph of the car.pdf", "sha256": "5a" * 32}}),
    (30_000, "objection", Role.defence, {}),
)
"""ms, kind, role of who did it, what the entry holds."""
TRANSCRIPT = "WEBVTT\n\n00:33.000 --> 00:35.000\n<v Somchai Wongsa>I saw the car leave.\n"

OF_ANOTHER = json.dumps(
    {
        "format": 1, "recording": {"id": RECORDING, "head": f"1:{'ab' * 32}"},
        "segments": [{"t0": 33_000, "t1": 35_000, "text": "I saw the car leave."}],
    }
).encode()  # fmt: skip
"""As `vivavoce transcribe` writes it, of another head."""


def entries() -> list[HearingEvent]:
    """The hearing's log."""
    made = []
    for seq, (t, kind, role, data) in enumerate(SAID, 1):
        of_caption: dict[str, Any] = {"timecode_ms": t, "recording": RECORDING} if kind == "caption" else {}
        at = datetime.fromtimestamp(ZERO // 10**9, UTC) + timedelta(milliseconds=t)
        made.append(
            HearingEvent(
                owner_state="RO", hearing_id=HEARING, seq=seq, at=at, kind=kind, actor=f"person-{seq}",
                actor_role=role.value, data=data | of_caption,
            )
        )  # fmt: skip
    return made


@pytest.fixture(scope="module")
def logged() -> list[HearingEvent]:
    return entries()


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, logged: list[HearingEvent]) -> SealedRecording:
    """A recording whose journal has the hashes of these entries."""
    log = [
        (t, kind, role.value, "", recordings.sha256(recordings.entry(row)))
        for (t, kind, role, _data), row in zip(SAID, logged, strict=True)
    ]
    folder = tmp_path_factory.mktemp("told")
    return build(folder / RECORDING, folder / "seal", log=log)


@pytest_asyncio.fixture(loop_scope="module")
async def viewer(
    prepared: Path, told: SealedRecording, logged: list[HearingEvent], tmp_path: Path, browser: Browser
) -> AsyncIterator[Viewer]:
    """The judge's browser, before the player is opened."""
    archive = await Archive.make(prepared, tmp_path, told)
    async with archive.in_process(), archive.on_port(archive.settings.port), viewing(archive, browser) as found:
        await keep(archive.database, *[HearingEvent(**row.model_dump()) for row in logged])
        yield found


async def opened(viewer: Viewer) -> Page:
    """The player, and the focus in it."""
    await viewer.opened()
    await expect(viewer.page.get_by_role("region", name="Player")).to_be_focused()
    return viewer.page


async def at_second(viewer: Viewer, wanted: int) -> None:
    assert await looking(viewer.clock, lambda second: second == wanted) == wanted


async def test_a_caption_is_shown_at_its_time_and_not_before_or_after(viewer: Viewer):
    await viewer.opened()
    now = viewer.page.get_by_test_id("captions-now")
    await expect(now).to_be_attached()
    for second, text in ((7, ""), (8, "Am văzut mașina."), (14, "Am văzut mașina."), (15, ""), (20, "Era roșie.")):
        await viewer.seek(second)
        await expect(now).to_have_text(text)
    await expect(now.locator("p")).to_have_attribute("lang", "ro")
    await viewer.seek(7)
    await viewer.play.click()
    await expect(now).to_have_text("Am văzut mașina.", timeout=20_000)
    assert 8 <= await viewer.clock() <= 15


async def test_a_caption_that_was_changed_since_it_was_sealed_is_not_shown(viewer: Viewer):
    async def lie(route: Route) -> None:
        answer = await route.fetch()
        await route.fulfill(response=answer, body=(await answer.text()).replace("Am văzut", "N-am văzut"))

    await viewer.page.route("**/captions.json*", lie)
    await viewer.opened()
    await expect(viewer.page.get_by_text("1 caption is not the one that was sealed, and is not shown.")).to_be_visible()
    await viewer.seek(9)
    await expect(viewer.page.get_by_test_id("captions-now")).to_have_text("")


async def test_one_search_finds_acts_messages_captions_and_a_transcript_and_each_result_leads_to_its_place(
    viewer: Viewer,
):
    page = await opened(viewer)
    finder = page.get_by_role("search", name="Search")
    rows = finder.locator(".player-found > li")
    await page.keyboard.press("/")
    await expect(finder.get_by_role("searchbox")).to_be_focused()
    await page.keyboard.type("masina")
    await expect(finder.get_by_test_id("found")).to_have_text("1 place found.")
    await expect(rows).to_contain_text("Am văzut mașina.")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    await at_second(viewer, 5)
    await expect(page.get_by_test_id("live-polite")).to_contain_text("Went to 09:00:05 Bucharest and 14:00:05 Bangkok")

    await finder.get_by_role("searchbox").fill("LAMP")
    await expect(rows).to_contain_text("Message to the court: The lamp is too bright")
    await rows.get_by_role("button").click()
    await at_second(viewer, 1)

    await finder.get_by_text("Search a transcript too").click()
    field = finder.get_by_label("Transcript file")
    await field.set_input_files(FilePayload(name="x.vtt", mimeType="text/vtt", buffer=b"WEBVTT\n\nno cue\n"))
    await expect(finder.get_by_role("alert")).to_contain_text("Not read: line or segment 3")
    await field.set_input_files(FilePayload(name="x.json", mimeType="application/json", buffer=OF_ANOTHER))
    await expect(finder.get_by_role("alert")).to_have_text("This is the transcript of another recording.")
    await field.set_input_files(FilePayload(name="t.vtt", mimeType="text/vtt", buffer=TRANSCRIPT.encode()))
    await finder.get_by_role("searchbox").fill("car")
    await expect(finder.get_by_test_id("found")).to_have_text("2 places found.")
    await expect(rows.nth(0)).to_contain_text("Photograph of the car.pdf")
    await expect(rows.nth(1)).to_contain_text("Somchai Wongsa: I saw the car leave.")
    await rows.nth(1).get_by_role("button").click()
    await at_second(viewer, 30)
    await finder.get_by_label("Log", exact=True).check()
    await expect(rows).to_have_count(1)
    assert not [
        one.url for one in viewer.requests if "t.vtt" in one.url or (one.post_data or "").find("car leave") >= 0
    ]


async def test_keys_change_speed_grid_and_place_and_are_listed(viewer: Viewer):
    page = await opened(viewer)
    await page.keyboard.press("?")
    await expect(page.locator(".player-keys")).to_contain_text("To the entry of the log before, to the next")
    await page.keyboard.press("]")
    await at_second(viewer, 22)
    await page.keyboard.press("]")
    await at_second(viewer, 28)
    await page.keyboard.press("[")
    await at_second(viewer, 22)
    await page.keyboard.press("+")
    await expect(page.get_by_label("Speed")).to_have_value("1.25")
    one, two = page.get_by_test_id("tile-judge_1_cam"), page.get_by_test_id("tile-witness_1_cam")
    await page.keyboard.press("g")
    await expect(page.get_by_role("button", name="All of one size")).to_have_attribute("aria-pressed", "true")
    boxes = [await each.bounding_box() for each in (one, two)]
    assert boxes[0] and boxes[1] and abs(boxes[0]["width"] - boxes[1]["width"]) < 2
    await page.keyboard.press("1")
    boxes = [await each.bounding_box() for each in (one, two)]
    assert boxes[0] and boxes[1] and boxes[0]["width"] > 1.5 * boxes[1]["width"]
    await page.keyboard.press("Home")
    await at_second(viewer, 0)


@pytest.mark.quiet
async def test_at_double_speed_pictures_and_clock_go_together_twice_as_fast(viewer: Viewer):
    await viewer.opened()
    await viewer.page.get_by_label("Speed").select_option("2")
    await viewer.play.click()
    await viewer.page.wait_for_function("() => probe.time('judge_1_cam') > 2", timeout=20_000)
    look = "() => [performance.now() / 1000, probe.time('judge_1_cam'), probe.time('witness_1_cam')]"
    began, judge, _witness = await viewer.page.evaluate(look)
    await viewer.page.wait_for_function("from => probe.time('judge_1_cam') > from + 6", arg=judge, timeout=20_000)
    ended, after, witness = await viewer.page.evaluate(look)
    assert 1.6 < (after - judge) / (ended - began) < 2.4
    assert abs(after - witness) < 0.4
    shown, said = await looking(lambda: viewer.shown_and_said("judge_1_cam"), lambda two: abs(two[0] - two[1]) <= 1)
    assert abs(shown - said) <= 1


async def test_the_timeline_is_one_stop_of_the_keyboard_and_leads_to_gap_hold_and_exhibit(viewer: Viewer):
    await viewer.opened()
    page = viewer.page
    timeline = page.get_by_role("group", name=re.compile("Timeline of the sitting"))
    assert await timeline.locator("[tabindex='0']").count() == 1
    await timeline.locator("[tabindex='0']").focus()
    for _step in range(12):
        if "Gap: the line was lost" in str(await page.evaluate("() => document.activeElement.ariaLabel")):
            break
        await page.keyboard.press("ArrowDown")
    gap = timeline.get_by_role("button", name=re.compile("Gap: the line was lost, 5.0 s, from 09:00:12 Bucharest"))
    await expect(gap).to_be_focused()
    await page.keyboard.press("Enter")
    await at_second(viewer, 12)
    await timeline.get_by_role("button", name=re.compile("Exhibit shown, at 09:00:24")).click()
    await at_second(viewer, 22)
    assert await timeline.locator("[tabindex='0']").count() == 1


async def test_the_custody_page_says_who_has_opened_the_player_and_why(viewer: Viewer):
    await viewer.opened()
    await viewer.page.goto(f"{viewer.url}/custody")
    await expect(viewer.page.get_by_text("To draw up or check the minutes").first).to_be_visible()
    (line,) = viewer.installation.accesses()
    assert (line["what"], line["why"], line["person"]) == ("view", "minutes", "Ana Popa")
