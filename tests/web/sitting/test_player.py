"""The player in a real browser: what is seen and heard, what is refused, and that the key stays where it is."""

import asyncio
import base64
import json
import os
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from hearings.models import Recording
from media.evidence.log import custody, tlog
from media.evidence.seal import age as seal
from media.evidence.seal.seal_key import SealKey
from tests.support.evidence.archive import Archive
from tests.support.evidence.player_pages import Viewer, flip, looking, viewing
from tests.support.evidence.seals import LocalSeal
from web.words.i18n import city_here, speaking

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(loop_scope="module")
async def viewer(served_archive: Archive, browser: Browser) -> AsyncIterator[Viewer]:
    """The judge's browser, before the player is opened."""
    async with viewing(served_archive, browser) as found:
        yield found


# --- playing -----------------------------------------------------------------------------------------------------


def is_red(pixel: list[int]) -> bool:
    return pixel[0] > 150 and max(pixel[1], pixel[2]) < 90


def is_green(pixel: list[int]) -> bool:
    return pixel[1] > 120 and max(pixel[0], pixel[2]) < 90


def near(seconds: tuple[int, int]) -> bool:
    return abs(seconds[0] - seconds[1]) <= 1


def both_in_full(one: float, other: float, *_others: float) -> bool:
    return min(one, other) > -40 and abs(one - other) < 6


def both_over_the_original(one: float, other: float, original: float, *_others: float) -> bool:
    """15 % is 16.5 dB down."""
    return both_in_full(one, other) and 12 < one - original < 21


@pytest.mark.quiet
async def test_it_plays_pictures_and_both_languages_and_keeps_its_place(viewer: Viewer):
    await viewer.opened()
    await viewer.play.click()
    await viewer.page.wait_for_function("() => probe.time('judge_1_cam') > 1.5", timeout=20_000)

    red = await looking(lambda: viewer.pixel("judge_1_cam"), is_red)
    green = await looking(lambda: viewer.pixel("witness_1_cam"), is_green)
    assert is_red(red) and is_green(green), (red, green)
    shown, said = await looking(lambda: viewer.shown_and_said("judge_1_cam"), near)
    assert near((shown, said)), (shown, said)

    # Floor: judge and witness as spoken, no interpreter.
    levels = await viewer.tones(440, 810, 1040, 1330, 1570, wanted=both_in_full)
    assert both_in_full(*levels), levels
    judge, _witness, *interpreters = levels
    assert max(interpreters) < judge - 25, levels

    # Romanian: the judge speaks it, the witness is interpreted.
    began, before = await viewer.page.evaluate("() => [performance.now() / 1000, probe.time('judge_1_cam')]")
    await viewer.page.get_by_role("radio", name="Romanian").check()
    await viewer.page.wait_for_function("before => probe.time('judge_1_cam') > before + 0.6", arg=before)
    ended, after = await viewer.page.evaluate("() => [performance.now() / 1000, probe.time('judge_1_cam')]")
    assert after - before < ended - began + 0.9  # it went on, and did not jump
    levels = await viewer.tones(440, 1040, 810, 1330, 1570, wanted=both_over_the_original)
    assert both_over_the_original(*levels), levels
    judge, _into_ro, _witness, *others = levels
    assert max(others) < judge - 25, levels

    # Thai: the other way round; the original can be turned off altogether.
    await viewer.page.get_by_role("radio", name="Thai").check()
    await viewer.page.get_by_label("Original under the interpretation").fill("0")
    before = await viewer.media("judge_1_cam")
    await viewer.page.wait_for_function("before => probe.time('judge_1_cam') > before + 0.6", arg=before)
    levels = await viewer.tones(810, 1330, 440, 1040, wanted=both_in_full)
    assert both_in_full(*levels), levels
    witness, _into_th, *others = levels
    assert max(others) < witness - 25, levels


@pytest.mark.quiet
async def test_an_element_that_has_strayed_is_brought_back_to_the_clock(viewer: Viewer):
    await viewer.opened()
    await viewer.play.click()
    in_step = "() => probe.time('judge_1_cam') > 2 && Math.abs(probe.apart('judge_1_cam')) < 0.06"
    await viewer.page.wait_for_function(in_step, timeout=20_000)
    for strayed in (-1.5, 1.0, -0.2, 0.2):
        # The first is beyond the jump, the last is made up for by speed.
        before = await viewer.page.evaluate(
            "by => { probe.element('judge_1_cam').currentTime += by; return probe.apart('judge_1_cam'); }", strayed
        )
        assert abs(before - strayed) < 0.5
        await viewer.page.wait_for_function(in_step, timeout=15_000)
    rates = await viewer.page.evaluate("() => probe.rates()")
    assert all(0.92 <= rate <= 1.08 for rate in rates)


@pytest.mark.quiet
async def test_a_seek_shows_the_picture_of_that_second_and_goes_on_from_there(viewer: Viewer):
    await viewer.opened()
    for second in (31, 7, 38, 3):
        await viewer.seek(second)
        await viewer.page.wait_for_function(
            "second => probe.second('judge_1_cam') === second", arg=second, timeout=40_000
        )
    await viewer.seek(30)
    await viewer.play.click()
    await viewer.page.wait_for_function("() => probe.second('judge_1_cam') > 30", timeout=40_000)
    shown, at = await viewer.page.evaluate("() => [probe.second('judge_1_cam'), probe.time('judge_1_cam')]")
    assert abs(shown - at) <= 1.5


@pytest.mark.quiet
async def test_times_of_day_of_both_courts_stand_beside_the_bar(viewer: Viewer):
    await viewer.opened()
    await viewer.seek(25)
    now = viewer.page.locator(".player-now")
    await expect(now).to_contain_text("09:00:25")
    await expect(now).to_contain_text("14:00:25")
    await expect(now).to_contain_text("(UTC+02:00)")
    await expect(now).to_contain_text("(UTC+07:00)")
    bar = viewer.page.get_by_label("Position in the recording")
    await expect(bar).to_have_attribute("aria-valuetext", "00:00:25, 09:00:25 Bucharest and 14:00:25 Bangkok")
    await expect(viewer.page.get_by_text("Thursday 4 December 2025")).to_be_visible()


@pytest.mark.quiet
async def test_a_gap_is_named_and_does_not_stop_the_others(viewer: Viewer):
    await viewer.opened()
    await viewer.tones(440)  # from here on listening takes no more than its time: the gap is five seconds long
    await viewer.page.get_by_role("button", name=re.compile("Go to the gap at 09:00:12")).click()
    await viewer.play.click()
    tile = viewer.page.get_by_test_id("tile-witness_1_cam")
    await expect(tile).to_contain_text("No picture: the line was lost", timeout=15_000)
    await viewer.page.wait_for_function("() => probe.time('judge_1_cam') > 13", timeout=15_000)
    judge, witness = await viewer.tones(440, 810, wanted=lambda judge, _witness: judge > -40)
    assert judge > -40 and witness < -70, (judge, witness)
    await expect(tile).not_to_contain_text("No picture", timeout=15_000)
    await viewer.page.wait_for_function("() => probe.second('witness_1_cam') >= 17", timeout=10_000)
    apart = await looking(lambda: viewer.apart("witness_1_cam", "judge_1_cam"), lambda apart: abs(apart) < 0.3)
    assert abs(apart) < 0.3


@pytest.mark.quiet
async def test_lost_packets_inside_a_part_leave_no_hole_that_an_element_would_stop_at(viewer: Viewer):
    await viewer.opened()
    for second, last in ((33, 38), (4, 8)):
        await viewer.seek(second)
        await viewer.page.wait_for_function(
            "([from, to]) => probe.stretches(from, to).every((count) => count === 1)",
            arg=[second, last],
            timeout=20_000,
        )
    await viewer.seek(32)
    await viewer.play.click()
    await viewer.page.wait_for_function("() => probe.time('judge_1_cam') > 36", timeout=20_000)
    levels = await viewer.tones(440, 810, wanted=both_in_full)
    assert both_in_full(*levels), levels


@pytest.mark.quiet
async def test_where_nobody_interprets_the_original_is_heard_in_full_and_the_page_says_so(viewer: Viewer):
    await viewer.opened()
    await viewer.page.get_by_role("radio", name="Thai").check()
    await viewer.seek(21)
    await viewer.play.click()
    await viewer.page.wait_for_function("() => probe.time('judge_1_cam') > 21.5", timeout=15_000)
    await expect(viewer.page.get_by_text("No interpreter into Thai at this moment.")).to_be_visible()
    levels = await viewer.tones(440, 810, wanted=both_in_full)  # from 27 on the judge is interpreted, and in the back
    assert both_in_full(*levels), levels


@pytest.mark.quiet
async def test_it_can_be_played_by_keyboard_alone(viewer: Viewer):
    await viewer.opened()
    page = viewer.page
    await page.get_by_role("region", name="Player").focus()
    await page.keyboard.press("Space")
    await page.wait_for_function("() => probe.time('judge_1_cam') > 0.5", timeout=15_000)
    await page.keyboard.press("ArrowRight")
    await page.wait_for_function("() => probe.time('judge_1_cam') > 10.5", timeout=15_000)
    await page.keyboard.press("Space")
    await expect(viewer.play).to_be_visible()
    await expect(page.get_by_test_id("live-polite")).to_contain_text("Paused at 00:00:1")
    paused = await viewer.clock()
    await page.keyboard.press("ArrowLeft")
    back = await looking(viewer.clock, lambda second: second < paused)
    assert paused - back in (9, 10, 11) or back == 0, (paused, back)


@pytest.mark.quiet
async def test_the_large_picture_is_chosen_and_both_go_on(viewer: Viewer):
    await viewer.opened()
    judge, witness = viewer.page.get_by_test_id("tile-judge_1_cam"), viewer.page.get_by_test_id("tile-witness_1_cam")
    await viewer.play.click()
    await viewer.page.get_by_role("button", name="Show Judge large").click()
    await expect(viewer.page.get_by_role("button", name="Show Witness large")).to_be_visible()
    one, two = await judge.bounding_box(), await witness.bounding_box()
    assert one and two and one["width"] > 1.5 * two["width"]
    for track in ("judge_1_cam", "witness_1_cam"):
        now = await viewer.media(track)
        await viewer.page.wait_for_function(f"() => probe.time('{track}') > {now + 0.5}", timeout=15_000)


@pytest.mark.quiet
async def test_many_seeks_in_a_row_end_at_the_last_and_fetch_no_part_over_and_over(viewer: Viewer):
    arrived: Counter[str] = Counter()
    viewer.page.on("requestfinished", lambda request: arrived.update([request.url]))
    await viewer.opened()
    for step in range(30):
        await viewer.seek((step * 17) % 38)
    await viewer.seek(36)
    await viewer.page.wait_for_function("() => probe.second('judge_1_cam') === 36", timeout=60_000)
    await expect(viewer.verdict).to_have_attribute("data-word", "gaps", timeout=60_000)
    parts = {url: times for url, times in arrived.items() if "/file/seg/" in url}
    # Once for the check of the whole recording; once for playing, which keeps what has come.
    assert parts and max(parts.values()) <= 2


@pytest.mark.quiet
async def test_a_lost_line_is_said_and_playing_goes_on_when_it_is_back(viewer: Viewer):
    page = viewer.page

    async def large(route: Any) -> None:
        await route.abort()

    await viewer.opened()
    await expect(viewer.verdict).to_have_attribute("data-word", "gaps", timeout=30_000)
    await viewer.seek(2)
    await page.route("**/file/seg/**", large)
    await viewer.seek(33)
    await viewer.play.click()
    state = page.locator(".player-state")
    await expect(state).to_have_text("The court's server is not responding. Trying again.", timeout=20_000)
    await page.unroute("**/file/seg/**")
    await page.wait_for_function("() => probe.second('judge_1_cam') >= 34", timeout=20_000)
    await expect(state).to_have_text("")
    await expect(viewer.verdict).to_have_attribute("data-word", "gaps")


@pytest.mark.quiet
async def test_a_ticket_that_ends_is_renewed_and_the_custody_log_says_so(viewer: Viewer):
    await viewer.opened()
    await expect(viewer.verdict).to_have_attribute("data-word", "gaps", timeout=30_000)
    refused = []

    async def refuse_old(route: Any) -> None:
        if len(refused) < 4:
            refused.append(route.request.url)
            await route.fulfill(status=403, content_type="application/problem+json", body="{}")
        else:
            await route.continue_()

    await viewer.page.route("**/file/seg/**", refuse_old)
    await viewer.seek(33)
    await viewer.page.wait_for_function("() => probe.second('judge_1_cam') === 33", timeout=30_000)
    whats = [line["what"] for line in viewer.installation.accesses()]
    assert whats == ["view", "view_continued"]


# --- checking ----------------------------------------------------------------------------------------------------


@pytest.mark.quiet
async def test_an_untouched_recording_is_verified_with_gaps_and_says_what_was_not_checked(viewer: Viewer):
    await viewer.opened()
    await expect(viewer.verdict).to_have_attribute("data-word", "gaps", timeout=30_000)
    await expect(viewer.verdict).to_contain_text("Verified with declared gaps")
    await expect(viewer.verdict).to_contain_text("No time-stamp and no cosigner were checked.")


@pytest.mark.quiet
async def test_a_flipped_byte_stops_playing_at_the_last_good_frame_and_names_the_part(viewer: Viewer):
    part = viewer.installation.sealed.folder / "seg/witness_1_cam-000004.age"
    flip(part, -1)
    await viewer.opened()
    await viewer.play.click()
    await expect(viewer.verdict).to_have_attribute("data-word", "failed", timeout=30_000)
    await expect(viewer.verdict).to_contain_text("FAILED – do not rely on this recording")
    await expect(viewer.verdict).to_contain_text("Part witness_1_cam-000004: not what was sealed.")
    stopped = viewer.page.get_by_test_id("stopped")
    await expect(stopped).to_contain_text("part witness_1_cam-000004 failed the check", timeout=30_000)
    at = await looking(lambda: viewer.media("judge_1_cam"), lambda second: 5.8 <= second <= 6.2)
    assert 5.8 <= at <= 6.2
    await expect(viewer.play).to_be_visible()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("hearing-key.age", "The recording's sealed key: not what was sealed."),
        ("seg/channel_ro-000000.age", "Part channel_ro-000000: not what was sealed."),
        ("seg/judge_1_mic-000020.age", "Part judge_1_mic-000020: not what was sealed."),
    ],
)
async def test_one_bit_of_a_file_is_found_and_the_file_named(viewer: Viewer, name: str, words: str):
    flip(viewer.installation.sealed.folder / name, -5)
    await viewer.open()
    await expect(viewer.verdict).to_contain_text(words, timeout=30_000)
    await expect(viewer.verdict).to_have_attribute("data-word", "failed")


async def test_the_seal_of_another_key_is_failed_and_nothing_is_played(viewer: Viewer):
    sealed = viewer.installation.sealed
    sealed.seal = LocalSeal(sealed.seal.folder, SealKey(b"another seed of thirty-two bytes"))
    await viewer.open(sealed.key_file())
    await expect(viewer.verdict).to_have_attribute("data-word", "failed", timeout=20_000)
    await expect(viewer.verdict).to_contain_text("the seal's signature is not by the court's key that you trust")
    await expect(viewer.page.get_by_text("This recording cannot be played")).to_be_visible()
    assert not [request for request in viewer.requests if "/file/seg/" in request.url]


def _another_byte(body: bytearray) -> None:
    body[300] ^= 1


def _line_gone(body: bytearray) -> None:
    del body[body.index(b"\n") + 1 : body.index(b"\n", body.index(b"\n") + 1) + 1]


def _spelling(body: bytearray) -> None:
    body[0:1] = b"{ "


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_another_byte, "Signed head: the journal is not the one that was signed."),
        (_line_gone, "Signed head: the number of lines in the journal differs from what was signed."),
        (_spelling, "Signed head: the journal is not the one that was signed."),
    ],
)
async def test_a_journal_altered_on_its_way_is_failed_and_nothing_is_played(
    viewer: Viewer, change: Callable[[bytearray], None], words: str
):
    async def alter(route: Any) -> None:
        answer = await route.fetch()
        body = bytearray(await answer.body())
        change(body)
        await route.fulfill(response=answer, body=bytes(body))

    await viewer.page.route("**/file/journal.jsonl", alter)
    await viewer.open()
    await expect(viewer.verdict).to_contain_text(words, timeout=20_000)
    await expect(viewer.page.get_by_text("This recording cannot be played")).to_be_visible()


async def test_a_line_written_by_another_viewing_meanwhile_is_no_fault(viewer: Viewer):
    sealed = viewer.installation.sealed
    written, head_read = [], asyncio.Event()
    viewer.page.on("requestfinished", lambda one: head_read.set() if one.url.endswith("/custody-checkpoint") else None)

    async def another(route: Any) -> None:
        if not written:
            await head_read.wait()  # both are asked for at once
            entry = custody.Accessor("I. Marin", "clerk", "RO").line("view", "minutes")
            written.append(custody.record(sealed.folder, [entry], sealed.seal, time.time_ns()))
        await route.continue_()

    await viewer.page.route("**/file/custody.jsonl", another)
    await viewer.opened()
    await expect(viewer.verdict).to_have_attribute("data-word", "gaps", timeout=30_000)
    assert [(heads.recording.size, heads.custody.size) for heads in written] == [(len(sealed.lines), 4)]
    asked = [request.url.rpartition("/")[2] for request in viewer.requests if "/file/custody" in request.url]
    assert asked == ["custody-checkpoint", "custody.jsonl"] * 2


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("custody.jsonl", _another_byte, "Custody log: it is not the one that was signed."),
        ("custody.jsonl", bytearray.clear, "Custody log: the number of lines differs from what was signed."),
        ("custody-checkpoint", bytearray.clear, "Custody log: the signed head is not in canonical form."),
        ("checkpoint.tsr", lambda body: body.extend(b"garbage"), "Time-stamp: it is no time-stamp."),
    ],
)
async def test_a_custody_log_or_token_altered_on_its_way_is_failed_and_named(
    viewer: Viewer, name: str, change: Callable[[bytearray], None], words: str
):
    async def alter(route: Any) -> None:
        answer = await route.fetch()
        body = bytearray(await answer.body() if answer.ok else b"")
        change(body)
        await route.fulfill(status=200, body=bytes(body))

    await viewer.page.route(f"**/file/{name}", alter)
    await viewer.open()
    await expect(viewer.verdict).to_contain_text(words, timeout=20_000)
    await expect(viewer.verdict).to_have_attribute("data-word", "failed")


async def test_a_recording_without_a_proven_end_is_not_opened_and_the_page_says_why(viewer: Viewer):
    sealed = viewer.installation.sealed
    path = sealed.folder / "journal.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)[:-1]
    path.write_bytes(b"".join(lines))
    tree = tlog.Tree(tlog.leaf_hash(line[:-1]) for line in lines)
    text = tlog.checkpoint_text(sealed.origin, tree.size, tree.root())
    (sealed.folder / "checkpoint").write_bytes(sealed.seal.key.sign(text, sealed.origin))
    sealed.seal.has_signed(tlog.Checkpoint(sealed.origin, tree.size, tree.root()))
    async with viewer.installation.database.transaction() as db:
        row = await db.get(Recording, sealed.recording)
        assert row is not None
        row.size, row.root = None, ""
        db.add(row)
    await viewer.open()
    await expect(viewer.page.get_by_text("This recording has no proven end yet")).to_be_visible(timeout=10_000)
    assert not [request for request in viewer.requests if "/file/" in request.url]


async def test_a_missing_part_is_named(viewer: Viewer):
    (viewer.installation.sealed.folder / "seg/judge_1_mic-000003.age").unlink()
    await viewer.opened()
    await expect(viewer.verdict).to_contain_text("Part judge_1_mic-000003: missing.", timeout=30_000)


async def test_swapped_parts_are_named_although_both_can_be_decrypted(viewer: Viewer):
    seg = viewer.installation.sealed.folder / "seg"
    one, two = seg / "judge_1_cam-000002.age", seg / "witness_1_cam-000002.age"
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)
    await viewer.opened()
    await expect(viewer.verdict).to_contain_text("Part judge_1_cam-000002: not", timeout=30_000)
    await expect(viewer.verdict).to_contain_text("Part witness_1_cam-000002: not")


async def test_without_a_pinned_key_of_the_court_it_cannot_verify_and_says_why(viewer: Viewer):
    await viewer.open(viewer.installation.sealed.key_file(court="other.example"))
    await expect(viewer.verdict).to_contain_text(
        "Cannot verify: your key file names no sealing key of this court", timeout=20_000
    )
    await expect(viewer.verdict).to_have_attribute("data-word", "cannot")


# --- the key -----------------------------------------------------------------------------------------------------


async def test_the_key_never_leaves_the_page(viewer: Viewer):
    identity = viewer.installation.sealed.authority.text()
    await viewer.page.goto(viewer.url)
    await viewer.page.get_by_label("Why do you view this recording?").select_option("minutes")
    await viewer.page.wait_for_load_state("networkidle")
    before = len(viewer.requests)
    await viewer.choose(viewer.installation.sealed.key_file())
    await expect(viewer.page.get_by_text("key of Ministry of Justice")).to_be_visible()
    await viewer.page.wait_for_timeout(500)
    after_choosing = viewer.requests[before:]
    assert [request.url.rpartition("/")[2].split("-")[0] for request in after_choosing] == ["player"], "the worker only"

    await viewer.page.get_by_role("button", name="Open the recording").click()
    await expect(viewer.verdict).to_have_attribute("data-word", "gaps", timeout=30_000)
    await viewer.play.click()
    await viewer.page.wait_for_function("() => probe.time('judge_1_cam') > 1", timeout=20_000)
    spellings = {identity, identity.lower(), identity.removeprefix("AGE-SECRET-KEY-1")}
    spellings |= {base64.b64encode(each.encode()).decode().rstrip("=")[:-2] for each in set(spellings)}
    bodies = [request for request in viewer.requests if request.method != "GET"]
    assert [request.url for request in bodies] == [f"{viewer.url}/viewing", f"{viewer.url}/key-use"]
    assert json.loads(bodies[0].post_data or "") == {"why": "minutes", "continued": False}
    assert json.loads(bodies[1].post_data or "") | {"ticket": ""} == {"why": "minutes", "keys": [0], "ticket": ""}
    for request in viewer.requests:
        sent = f"{request.url} {request.post_data or ''} {json.dumps(await request.all_headers())}"
        assert not any(spelling in sent for spelling in spellings), request.url
        assert request.url.startswith((f"http://localhost:{viewer.installation.settings.port}/", "blob:"))
    kept = await viewer.page.evaluate(
        "async () => [localStorage.length, sessionStorage.length, await indexedDB.databases(), document.cookie]"
    )
    assert kept == [0, 0, [], ""]


async def test_the_use_of_the_key_is_in_the_custody_log_before_a_segment_is_asked_for(viewer: Viewer):
    await viewer.opened()
    await expect(viewer.verdict).to_have_attribute("data-word", "gaps", timeout=30_000)
    asked = [request.url.removeprefix(f"{viewer.url}/") for request in viewer.requests]
    assert asked.index("key-use") < min(at for at, path in enumerate(asked) if path.startswith("file/seg/"))
    (line,) = [line for line in viewer.installation._lines("custody.jsonl") if line["type"] == "keyuse"]
    assert (line["key"], line["person"], line["why"]) == (0, "Ana Popa", "minutes")


async def test_where_the_use_of_the_key_cannot_be_written_nothing_is_fetched(viewer: Viewer):
    await viewer.page.route("**/key-use", lambda route: route.fulfill(status=503, body="{}"))
    await viewer.open()
    await expect(viewer.page.get_by_text("Reload the page to begin again")).to_be_visible(timeout=20_000)
    assert not [request for request in viewer.requests if "/file/seg/" in request.url]


def _damaged(text: str) -> str:
    lines = text.splitlines()
    lines[-1] = lines[-1][:-1] + ("Q" if lines[-1][-1] != "Q" else "P")
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: "hello", "This file holds no key."),
        (lambda text: b"\x89PNG\r\n\x1a\n\xff\xfe", "it is not text"),
        (lambda text: "x" * 70_000, "far too long"),
        (lambda text: text.splitlines()[-1], "does not say which courts it trusts"),
        (lambda text: text + text.splitlines()[-1], "several keys"),
        (_damaged, "The key in this file is damaged"),
        (lambda text: text.replace("| quorum none", "| quorum all of them"), "cannot be read at “quorum all of them”"),
    ],
)
async def test_a_file_that_is_no_key_file_is_refused_in_plain_words(
    viewer: Viewer, change: Callable[[str], str | bytes], words: str
):
    await viewer.page.goto(viewer.url)
    await viewer.choose(change(viewer.installation.sealed.key_file()))
    await expect(viewer.page.locator("#key-error")).to_contain_text(words)
    assert not [request for request in viewer.requests if request.url.endswith("/viewing")]


async def test_the_key_of_somebody_else_does_not_open_it_and_the_page_says_so(viewer: Viewer):
    await viewer.open(viewer.installation.sealed.key_file(identity=seal.make_identity().text()))
    await expect(
        viewer.page.get_by_text("The key of Ministry of Justice (Romania) does not open this recording.")
    ).to_be_visible(timeout=20_000)


# --- everybody ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
async def test_no_barrier_is_found_and_nothing_is_wider_than_the_screen(viewer: Viewer, scheme: str, width: int):
    from axe_playwright_python.async_playwright import Axe

    page = viewer.page
    await page.emulate_media(color_scheme=scheme)
    await page.set_viewport_size({"width": width, "height": 900})
    options = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
    await page.goto(viewer.url)
    await expect(page.get_by_role("button", name="Open the recording")).to_be_visible()
    await page.get_by_role("button", name="Open the recording").click()
    await expect(page.get_by_text("Choose a reason.")).to_be_visible()
    found = await Axe().run(page, options=options)
    assert found.violations_count == 0, found.generate_report()
    await viewer.opened()
    await viewer.seek(13)
    await page.get_by_role("radio", name="Thai").check()
    await expect(page.get_by_test_id("tile-witness_1_cam")).to_contain_text("No picture")
    found = await Axe().run(page, options=options)
    assert found.violations_count == 0, found.generate_report()
    assert await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    await keep(page, f"player-{scheme}-{width}")


async def test_right_to_left_the_page_is_mirrored_but_not_the_bar(viewer: Viewer):
    await viewer.page.context.add_cookies(
        [{"name": "vivavoce_language", "value": "ar", "url": f"http://localhost:{viewer.installation.settings.port}/"}]
    )
    page = viewer.page
    await page.goto(viewer.url)
    assert await page.evaluate("() => document.documentElement.dir") == "rtl"
    await page.locator("#why").select_option("minutes")
    await page.locator("#key-file").set_input_files(
        {"name": "k", "mimeType": "text/plain", "buffer": viewer.installation.sealed.key_file().encode()}
    )
    await page.locator(".player-open .button").click()
    bar = page.locator(".player-range")
    await expect(bar).to_be_visible(timeout=20_000)
    await bar.fill("10")
    assert await bar.evaluate("bar => getComputedStyle(bar).direction") == "ltr"
    assert await page.locator(".player-buttons").evaluate("each => getComputedStyle(each).direction") == "ltr"
    # Each hour stands beside its own city, whatever the direction of the line.
    with speaking("ar"):
        cities = city_here("Bucharest"), city_here("Bangkok")
    for text, city in zip(("09:00:10", "14:00:10"), cities, strict=True):
        pair = page.locator(".player-now .player-time", has_text=city)
        await expect(pair).to_contain_text(text)
        # Both in one look: the page may still move while the pictures come.
        hour, place = await pair.locator("bdi").evaluate_all(
            "each => each.slice(0, 2).map(one => one.getBoundingClientRect()).map(({x, y}) => ({x, y}))"
        )
        assert abs(hour["y"] - place["y"]) < 6 and hour["x"] > place["x"]
    assert await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    await keep(page, "player-rtl")


async def keep(page: Page, name: str) -> None:
    """A screenshot, where somebody wants to look at it."""
    if folder := os.environ.get("VIVAVOCE_SCREENSHOTS"):
        await page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
