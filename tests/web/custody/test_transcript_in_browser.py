"""A draft is corrected against the sound in a real browser, kept, and opened again; the server reads nothing of it."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, FilePayload, Route, expect

from tests.support.evidence.archive import Archive
from tests.support.evidence.player_pages import Viewer, looking, viewing

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="module")]

SAID, MEANT = "Domnule președinte am văzut mașina", "Doamnă președintă, am văzut mașina plecând."
AXE = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"],
    }
}


@pytest_asyncio.fixture(loop_scope="module")
async def viewer(served_archive: Archive, browser: Browser) -> AsyncIterator[Viewer]:
    """The judge's browser, before a page is opened."""
    async with viewing(served_archive, browser) as found:
        yield found


def draft(archive: Archive, **change: Any) -> bytes:
    """What `vivavoce transcribe` would write of the recording, two pieces and a hold."""
    head = archive.sealed.seal.seal.last(archive.sealed.origin)
    assert head is not None
    one = {
        "n": 1, "track": "judge_1_mic", "kind": "floor", "language": "ro", "seat": "judge_1", "role": "presiding_judge",
        "state": "RO", "name": "Ana Popa", "t0": 3_000, "t1": 5_000, "key": 0, "text": SAID, "confidence": 0.62,
        "status": "draft",
    }  # fmt: skip
    other = one | {"n": 2, "track": "channel_th", "kind": "interpretation", "language": "th", "role": "interpreter"}
    other |= {"t0": 28_000, "t1": 30_000, "text": "สวัสดี", "name": "", "state": ""}
    made = {
        "what": "Machine's draft — not evidence, not an interpretation", "format": 1, "status": "draft",
        "recording": {"id": archive.sealed.recording, "head": f"{head.size}:{head.root.hex()}"},
        "model": {"name": "tiny", "sha256": "cd" * 32, "engine": "faster-whisper 1.2.1"},
        "silences": [{"kind": "hold", "t0": 13_000, "t1": 18_000, "track": "", "why": "hold"}],
        "segments": [one, other],
    }  # fmt: skip
    return json.dumps(made | change, ensure_ascii=False).encode()


async def opened(viewer: Viewer) -> None:
    """The page, with the recording open."""
    await viewer.page.goto(f"{viewer.url}/transcript")
    await viewer.page.get_by_label("Why do you view this recording?").select_option("minutes")
    await viewer.choose(viewer.installation.sealed.key_file())
    await expect(viewer.page.get_by_text("key of Ministry of Justice")).to_be_visible()
    await viewer.page.get_by_role("button", name="Open the recording").click()
    await expect(viewer.page.get_by_role("heading", name="Choose a transcript")).to_be_visible(timeout=20_000)


async def choose(viewer: Viewer, data: bytes) -> None:
    file = FilePayload(name="draft.json", mimeType="application/json", buffer=data)
    await viewer.page.get_by_label("Draft from this computer").set_input_files(file)


async def test_a_draft_is_corrected_against_the_sound_kept_and_opened_again(viewer: Viewer):
    page, archive = viewer.page, viewer.installation
    await page.add_init_script(
        "window.heard = []; const play = HTMLMediaElement.prototype.play;"
        "HTMLMediaElement.prototype.play = function () { heard.push(this); return play.call(this); };"
    )
    await opened(viewer)
    await expect(page.get_by_text("None yet.")).to_be_visible()
    await choose(viewer, draft(archive))
    await expect(page.get_by_test_id("label")).to_contain_text("not evidence, not an interpretation")
    pieces = page.get_by_test_id("piece")
    await expect(pieces).to_have_count(2)
    await expect(pieces.first).to_contain_text("Ana Popa (Romania)")
    await expect(pieces.first).to_contain_text("Machine, 62 % sure")
    await expect(pieces.nth(1)).to_contain_text("Interpretation into Thai")
    await expect(page.get_by_test_id("silence")).to_contain_text("Hold: the floor was closed")

    await pieces.first.get_by_role("button", name="Listen to 00:00:03").click()
    await page.wait_for_function("() => heard.some(each => each.currentTime > 3)", timeout=20_000)
    await expect(pieces.first.get_by_role("button", name="Listen to 00:00:03")).to_be_visible(timeout=20_000)
    ended = await looking(
        lambda: page.evaluate(
            "() => [heard.every(each => each.paused), Math.max(...heard.map(each => each.currentTime))]"
        ),
        lambda found: bool(found[0]),
    )
    assert ended[0] and 4.9 < ended[1] < 7, ended

    text = pieces.first.get_by_role("textbox")
    assert await text.get_attribute("lang") == "ro" and await text.get_attribute("dir") == "auto"
    await text.fill(MEANT)
    await expect(pieces.first).to_contain_text("Corrected by a person")
    await expect(pieces.first).to_contain_text(SAID)
    await page.get_by_role("button", name="Choose another transcript").click()
    await expect(page.get_by_role("alert").filter(has_text="have not been kept")).to_be_visible()
    await page.get_by_role("button", name="Keep it with the recording").click()
    await expect(page.get_by_text("Kept. The recording's custody log says")).to_be_visible(timeout=20_000)

    (line,) = [each for each in archive._lines("custody.jsonl") if each["type"] == "derive"]
    assert (line["person"], line["what"], line["key"], line["why"]) == ("Ana Popa", "transcript", 0, "minutes")
    stored = (archive.sealed.folder / line["file"]).read_bytes()
    assert stored.startswith(b"age-encryption.org/v1\n")
    for clear in (SAID, MEANT):
        assert clear.encode() not in stored
        assert not any(clear in (request.post_data or "") for request in viewer.requests)

    await page.get_by_role("button", name="Choose another transcript").click()
    await page.get_by_role("button", name="Open the transcript of Ana Popa").click()
    await expect(page.get_by_test_id("piece").first.get_by_role("textbox")).to_have_value(MEANT)

    await page.route("**/file/derived/*", lambda route: route.fulfill(status=503))
    await opened(viewer)
    await expect(page.get_by_role("alert").filter(has_text="server is not responding")).to_be_visible(timeout=20_000)
    await page.unroute("**/file/derived/*")
    await page.get_by_role("button", name="Try again").click()
    await expect(page.get_by_role("heading", name="Kept with the recording")).to_be_focused()
    await page.get_by_role("button", name="Open the transcript of Ana Popa").click()
    again = page.get_by_test_id("piece").first
    await expect(again.get_by_role("textbox")).to_have_value(MEANT)
    await expect(again).to_contain_text("The machine had written")
    await expect(page.get_by_text("1 piece was corrected.")).to_be_visible()


async def test_a_kept_transcript_is_searched_in_the_player_as_a_machines_draft_that_a_person_corrected(viewer: Viewer):
    page = viewer.page
    await viewer.opened()
    finder = page.get_by_role("search", name="Search")
    await finder.get_by_text("Search a transcript too").click()
    await expect(finder.get_by_test_id("kept-transcripts")).to_have_count(0)

    await opened(viewer)
    await choose(viewer, draft(viewer.installation))
    await page.get_by_test_id("piece").first.get_by_role("textbox").fill(MEANT)
    await page.get_by_role("button", name="Keep it with the recording").click()
    await expect(page.get_by_text("Kept. The recording's custody log says")).to_be_visible(timeout=20_000)

    await viewer.opened()
    await expect(finder.get_by_text("1 kept with the recording")).to_be_visible()
    assert not any("/file/derived/" in request.url for request in viewer.requests)
    await finder.get_by_text("Search a transcript too").click()
    kept = finder.get_by_test_id("kept-transcripts")
    await expect(kept).to_contain_text("A machine's draft, corrected by a person: not evidence, not an interpretation.")
    await kept.get_by_role("button", name="Search the transcript of Ana Popa").click()
    await finder.get_by_role("searchbox").fill("plecand")
    row = finder.locator(".player-found > li")
    await expect(row).to_contain_text(MEANT)
    await expect(row).to_contain_text("Transcript: a machine's draft, corrected by a person")
    await viewer.seek(20)
    await row.get_by_role("button").click()
    assert await looking(viewer.clock, lambda second: second == 0) == 0
    found = await Axe().run(page, options=AXE)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"format": 2}, "This is no transcript"),
        ({"recording": {"id": "019300aa-0000-7000-8000-00000000abcd", "head": "8:ab"}}, "of another recording"),
    ],
)  # fmt: skip
async def test_what_is_no_transcript_of_this_recording_is_refused(viewer: Viewer, change: dict[str, Any], text: str):
    await opened(viewer)
    await choose(viewer, draft(viewer.installation, **change))
    await expect(viewer.page.get_by_role("alert").filter(has_text=re.compile(text))).to_be_visible()
    await expect(viewer.page.get_by_test_id("piece")).to_have_count(0)


@pytest.mark.parametrize(
    ("language", "scheme", "width"), [("en", "light", 1440), ("en", "dark", 390), ("ar", "dark", 390)]
)
async def test_no_barrier_is_found_while_a_transcript_is_corrected(
    viewer: Viewer, language: str, scheme: str, width: int
):
    page, port = viewer.page, viewer.installation.settings.port
    await page.emulate_media(color_scheme=scheme)
    await page.set_viewport_size({"width": width, "height": 900})
    await opened(viewer)
    await choose(viewer, draft(viewer.installation))
    await expect(page.get_by_test_id("piece")).to_have_count(2)
    if language == "ar":  # the words of the form are English in this test: only the direction is turned round
        await page.evaluate("() => { document.documentElement.dir = 'rtl'; }")
    found = await Axe().run(page, options=AXE)
    assert found.violations_count == 0, found.generate_report()
    assert await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), port


async def test_what_is_corrected_while_a_transcript_is_being_kept_stays_and_is_kept_next(viewer: Viewer):
    page, sent, answered = viewer.page, asyncio.Event(), asyncio.Event()

    async def slow(route: Route) -> None:
        sent.set()
        await answered.wait()
        await route.continue_()

    await opened(viewer)
    await choose(viewer, draft(viewer.installation))
    text = page.get_by_test_id("piece").first.get_by_role("textbox")
    await text.fill("Doamnă președintă")
    await page.route("**/transcript", slow)
    await page.get_by_role("button", name="Keep it with the recording").click()
    await asyncio.wait_for(sent.wait(), 20)
    await text.fill(MEANT)
    answered.set()
    await expect(page.get_by_text("Kept, without what you have changed since.")).to_be_visible(timeout=20_000)
    await expect(text).to_have_value(MEANT)
    await page.get_by_role("button", name="Choose another transcript").click()
    await expect(page.get_by_role("alert").filter(has_text="have not been kept")).to_be_visible()
    await page.get_by_role("button", name="Keep it with the recording").click()
    await expect(page.get_by_text("Kept. The recording's custody log says")).to_be_visible(timeout=20_000)
    await expect(text).to_have_value(MEANT)
    assert len([one for one in viewer.installation._lines("custody.jsonl") if one["type"] == "derive"]) == 2
