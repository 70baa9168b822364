"""The player and what was recorded in a closed session: jumped over without its key, played without a seam with it."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from media.evidence.seal import age
from tests.support.evidence.archive import Archive
from tests.support.evidence.player_pages import Viewer, viewing
from tests.support.evidence.recordings import RECORDING, TRACKS, build

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="module")]

OWN = (22_000, 26_000)
"""The closed session, in ms; each track begins it and the time behind it with a key frame."""


@contextlib.asynccontextmanager
async def looked_at(
    prepared: Path, browser: Browser, folder: Path, reader: age.Identity | None = None
) -> AsyncIterator[Viewer]:
    """The player on a recording with a closed session, open, at a second before it. `reader` can open that, or else
    the authority whose key file is used."""
    tracks = {name: TRACKS[name] for name in ("judge_1_cam", "judge_1_mic")}
    built = build(folder / "built" / RECORDING, folder / "built-seal", tracks=tracks, own=OWN, reader=reader)
    archive = await Archive.make(prepared, folder, built)
    async with archive.in_process(), archive.on_port(archive.settings.port), viewing(archive, browser) as viewer:
        await viewer.opened()
        await viewer.seek(21)
        await viewer.play.click()
        yield viewer


@pytest.mark.quiet
async def test_what_the_key_file_does_not_open_is_named_and_jumped_over(
    prepared: Path, browser: Browser, tmp_path: Path
) -> None:
    async with looked_at(prepared, browser, tmp_path, age.make_identity()) as viewer:
        listed = viewer.page.get_by_test_id("own-keys")
        await expect(listed).to_contain_text(
            "Closed session: recorded for authority (Romania); your key does not open it"
        )
        seconds = set()
        while not seconds or max(seconds) < 27:
            seconds.add(int(await viewer.page.evaluate("() => probe.second('judge_1_cam')")))
        assert not seconds & {23, 24}, "nothing of it is seen"
        await expect(viewer.verdict).to_have_attribute("data-word", "verified", timeout=30_000)
        await viewer.page.get_by_role("button", name="Pause", exact=True).click()
        await viewer.seek(24)
        await expect(viewer.page.get_by_test_id("tile-judge_1_cam")).to_contain_text("your key does not open it")


@pytest.mark.quiet
async def test_what_the_key_file_opens_plays_on_without_a_seam(
    prepared: Path, browser: Browser, tmp_path: Path
) -> None:
    async with looked_at(prepared, browser, tmp_path) as viewer:
        listed = viewer.page.get_by_test_id("own-keys")
        await expect(listed).to_contain_text("Closed session: recorded for authority (Romania); your key opens it")
        for second in (22, 24, 26, 27):
            await viewer.page.wait_for_function(
                "second => probe.second('judge_1_cam') === second", arg=second, timeout=20_000
            )
        await expect(viewer.verdict).to_have_attribute("data-word", "verified", timeout=30_000)
