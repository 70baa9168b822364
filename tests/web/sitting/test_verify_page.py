"""The public page that checks a bag in the browser: the verdict, what is named, and that nothing is sent."""

import base64
import json
import re
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, Request, expect

from media.evidence.check import bag, excerpt
from media.evidence.check.policy import parse
from media.evidence.check.proofs_check import parse_proof
from media.evidence.log import custody, key_exchange
from media.evidence.seal import age
from tests.support.evidence.recordings import RECORDING, TRACKS, build

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="module")]


@pytest.fixture
def sealed(served_archive: Any) -> Any:
    """The recording in the archive, which a test may damage."""
    return served_archive.sealed


@pytest.fixture
def copy(sealed: Any, tmp_path: Path) -> Path:
    """A bag of the recording."""
    target = tmp_path / "copy"
    judge = custody.Accessor("Ana Popa", "presiding_judge", "RO")
    bag.export(sealed.folder, target, sealed.seal, judge, "copy", datetime.now(UTC))
    return target


@pytest_asyncio.fixture(loop_scope="module")
async def page(served_archive: Any, browser: Any) -> AsyncIterator[Page]:
    """The page, in a browser that is not signed in."""
    context = await browser.new_context(locale="en-GB")
    found = await context.new_page()
    errors: list[str] = []
    found.on("pageerror", lambda error: errors.append(str(error)))
    await found.goto(f"http://localhost:{served_archive.settings.port}/verify")
    yield found
    await context.close()
    assert errors == []


async def check(page: Page, folder: Path, policy: str) -> Any:
    await page.get_by_label("Folder of the bag").set_input_files(folder)
    files = {"name": "policy.txt", "mimeType": "text/plain", "buffer": policy.encode()}
    await page.get_by_label("Policy or key file").set_input_files(files)
    await page.get_by_role("button", name="Check the bag").click()
    verdict = page.get_by_test_id("verdict")
    await expect(verdict).to_be_visible(timeout=60_000)
    return verdict


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(data)


async def test_an_untouched_bag_is_verified_without_a_network_and_nothing_is_sent(page: Page, copy: Path, sealed: Any):
    sent: list[Request] = []
    await page.wait_for_load_state("networkidle")
    await page.context.set_offline(True)
    page.on("request", lambda request: sent.append(request))
    verdict = await check(page, copy, sealed.key_file())
    await expect(verdict).to_have_attribute("data-word", "gaps")
    await expect(verdict).to_contain_text("Verified with declared gaps")
    await expect(verdict).to_contain_text("No time-stamp and no cosigner were checked.")
    await expect(verdict).to_contain_text(sealed.origin)
    assert sent == []
    found = await Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def cut(sealed: Any, target: Path, start: int, end: int) -> Path:
    """An excerpt of the recording, of the witness's microphone and camera."""
    tracks = frozenset({"witness_1_mic", "witness_1_cam"})
    part, policy = excerpt.Part(start, end, tracks), parse(policy_of(sealed).encode())
    return excerpt.make(excerpt.SealedJournal(sealed.folder), target, part, policy, datetime.now(UTC)).folder


def policy_of(sealed: Any) -> str:
    return f"log {sealed.seal.key.vkey('demo.vivavoce.example')}\nquorum none\n"


async def test_an_excerpt_is_checked_without_a_network_and_the_page_says_what_it_holds_and_does_not_prove(
    page: Page, sealed: Any, tmp_path: Path
):
    folder = cut(sealed, tmp_path / "part", 4_000, 9_000)
    await page.wait_for_load_state("networkidle")
    await page.context.set_offline(True)
    verdict = await check(page, folder, sealed.key_file())
    await expect(verdict).to_have_attribute("data-word", re.compile("verified|gaps"))
    await expect(verdict).to_contain_text(f"It is an excerpt of the recording: {sealed.origin}")
    told = verdict.get_by_test_id("excerpt")
    lines = [parse_proof(path.read_bytes()).line for path in (folder / "data/proofs").glob("witness_1_mic-*")]
    times = [(line["t0"], line["t1"]) for line in map(json.loads, lines)]
    first, last = min(t0 for t0, _ in times), max(t1 for _, t1 in times)
    assert first <= 4_000 < 9_000 <= last
    for t in (first, last):
        at = datetime.fromtimestamp(sealed.zero / 10**9 + t / 1000, UTC)
        await expect(told).to_contain_text(f"{at:%H:%M:%S} UTC")
    numbers = sorted(json.loads(line)["n"] for line in lines)
    await expect(told).to_contain_text(f"parts {numbers[0]} to {numbers[-1]} of ")
    await expect(told).to_contain_text("Witness")
    await expect(told).to_contain_text("It does not prove what came before or after it")
    found = await Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


async def test_an_excerpt_of_a_recording_that_was_wrapped_anew_says_so_and_a_forged_one_is_failed(
    page: Page, tmp_path: Path
):
    built = build(tmp_path / "built" / RECORDING, tmp_path / "built-seal", tracks=TRACKS)
    own = age.unwrap((built.folder / "hearing-key.age").read_bytes(), built.authority)
    key = age.wrap(own, [age.make_identity().recipient.text])
    key_exchange.rewrap(built.folder, {"hearing-key.age": key}, [], built.seal, time.time_ns())
    folder = cut(built, tmp_path / "part", 4_000, 9_000)
    verdict = await check(page, folder, built.key_file())
    await expect(verdict).to_have_attribute("data-word", re.compile("verified|gaps"))
    await expect(verdict).to_contain_text("Its key was encrypted to others after the recording was closed")
    flip(folder / "data/hearing-key.age")
    verdict = await check(page, folder, built.key_file())
    await expect(verdict).to_have_attribute("data-word", "failed")
    await expect(verdict).to_contain_text("The recording's sealed key: not what was sealed.")


def _segment(folder: Path) -> None:
    flip(folder / "data/seg/witness_1_mic-000003.age")


def _orphan(folder: Path) -> None:
    (folder / "data/notes.txt").write_text("slipped in")


def _removed(folder: Path) -> None:
    (folder / "data/seg/judge_1_cam-000007.age").unlink()


def _journal(folder: Path) -> None:
    path = folder / "data/journal.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"cause":"network"', b'"cause":"other"'))


def _custody(folder: Path) -> None:
    path = folder / "data/custody.jsonl"
    path.write_bytes(path.read_bytes().replace(b"Ana Popa", b"Ana Pope"))


def _token(folder: Path) -> None:
    (folder / "data/checkpoint.tsr").write_bytes(b"garbage")


def _manifest(folder: Path) -> None:
    path = folder / "manifest-sha256.txt"
    path.write_text(path.read_text().replace("0", "1", 1))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_segment, "Part witness_1_mic-000003: not what was sealed."),
        (_orphan, "File notes.txt: no line of the journal names it."),
        (_removed, "Part judge_1_cam-000007: missing."),
        (_journal, "Signed head: the journal is not the one that was signed."),
        (_custody, "Custody log: it is not the one that was signed."),
        (_token, "Time-stamp: it is no time-stamp."),
        (_manifest, "Bag: a file is not what its manifest says."),
    ],
)
async def test_tampering_is_failed_and_named(
    page: Page, copy: Path, sealed: Any, change: Callable[[Path], None], words: str
):
    change(copy)
    verdict = await check(page, copy, policy_of(sealed))
    await expect(verdict).to_have_attribute("data-word", "failed")
    await expect(verdict).to_contain_text(words)


async def test_a_head_from_the_minutes_is_compared_and_a_malformed_one_refused_in_words(
    page: Page, copy: Path, sealed: Any
):
    _origin, size, root = (copy / "data/checkpoint").read_text().splitlines()[:3]
    named = f"{size}:{base64.b64decode(root).hex()}"
    field = page.get_by_label("Head from the minutes or a mail")
    await field.fill(f" {named[:40]}\n{named[40:]}")
    verdict = await check(page, copy, sealed.key_file())
    await expect(verdict).to_have_attribute("data-word", "gaps")
    await expect(verdict).to_contain_text("It is that of this recording.")

    await field.fill(f"{size}:{'0' * 64}")
    await expect(verdict).to_have_count(0)  # what was found belongs to another head
    await page.get_by_role("button", name="Check the bag").click()
    await expect(verdict).to_have_attribute("data-word", "failed", timeout=60_000)
    await expect(verdict).to_contain_text("the head from the minutes or a mail is not that of this recording")

    await field.fill(named[:-1])
    await page.get_by_role("button", name="Check the bag").click()
    await expect(page.get_by_text("This is not a head")).to_be_visible()
    await expect(verdict).to_have_count(0)
    await expect(field).to_be_focused()
    found = await Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


async def test_without_a_pinned_key_it_cannot_verify(page: Page, copy: Path, sealed: Any):
    verdict = await check(page, copy, "quorum none\n")
    await expect(verdict).to_have_attribute("data-word", "cannot")
    await expect(verdict).to_contain_text("Missing: your key file names no sealing key of this court.")


async def test_a_folder_that_is_no_bag_and_a_policy_that_is_none_are_refused_in_words(page: Page, copy: Path):
    await page.get_by_label("Folder of the bag").set_input_files(copy / "data")
    await expect(page.get_by_text("This folder is not a bag")).to_be_visible()
    files = {"name": "p", "mimeType": "text/plain", "buffer": b"log me in\n"}
    await page.get_by_label("Policy or key file").set_input_files(files)
    await expect(page.get_by_text("cannot be read at “log me in”")).to_be_visible()


async def test_closed_sessions_are_listed_with_their_times_and_who_can_open_them(page: Page, tmp_path: Path):
    tracks = {name: TRACKS[name] for name in ("judge_1_mic",)}
    built = build(tmp_path / "built" / RECORDING, tmp_path / "built-seal", tracks=tracks, own=(22_000, 26_000))
    judge = custody.Accessor("Ana Popa", "presiding_judge", "RO")
    bag.export(built.folder, tmp_path / "copy", built.seal, judge, "copy", datetime.now(UTC))
    verdict = await check(page, tmp_path / "copy", built.key_file())
    listed = verdict.get_by_test_id("closed-sessions")
    await expect(listed).to_contain_text("1 closed session was recorded to a key of its own:")
    await expect(listed).to_contain_text("Readable by: authority (Romania)")
    begins, ends = (datetime.fromtimestamp(built.zero / 10**9 + t, UTC).strftime("%H:%M:%S") for t in (22, 26))
    await expect(listed).to_contain_text(f"{begins} UTC")
    await expect(listed).to_contain_text(f"{ends} UTC")
    found = await Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
