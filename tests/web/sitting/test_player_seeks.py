"""Seeking in the player: the picture on the screen is that of the time beside it, or words say that it is not."""

import random
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.support.evidence.archive import Archive
from tests.support.evidence.player_pages import Viewer, flip, looking, viewing
from tests.support.evidence.recordings import RECORDING, Scene, SealedRecording, build

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.quiet,
    pytest.mark.timeout(180),
    pytest.mark.asyncio(loop_scope="module"),
]

END = 100_000
RARE = list(range(5_100, END - 6_000, 10_000))
"""Late frames come before a cut without a key frame."""
BEFORE_KEYS = [t + 4_000 for t in RARE]
"""And before one with."""
SCENES = {
    "judge_1_cam": Scene("judge 1", "floor-video", colour=(208, 32, 32), key_every=2_000, cut_first=700),
    "witness_1_cam": Scene("witness 1", "floor-video", colour=(32, 160, 32), key_every=4_000, cut_first=900),
    "clerk_1_cam": Scene(
        "clerk 1", "floor-video", colour=(32, 32, 208), key_every=10_000, cut_first=1_300,
        gaps=((41_250, 47_200, "network"),),
    ),
    "expert_1_cam": Scene(
        "expert 1", "floor-video", colour=(160, 160, 32), key_every=10_000, cut_first=600,
        late=tuple(sorted(RARE + BEFORE_KEYS)),
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def filmed(tmp_path_factory: pytest.TempPathFactory) -> SealedRecording:
    """Four cameras with 2, 4, 10 and 10 s between key frames: up to five segments hang on one."""
    folder = tmp_path_factory.mktemp("filmed")
    return build(folder / RECORDING, folder / "seal", tracks=SCENES, end=END)


@pytest_asyncio.fixture(loop_scope="module")
async def viewer(prepared: Path, filmed: SealedRecording, tmp_path: Path, browser: Browser) -> AsyncIterator[Viewer]:
    """The judge's browser, before the player is opened."""
    archive = await Archive.make(prepared, tmp_path, filmed)
    async with archive.in_process(), archive.on_port(archive.settings.port), viewing(archive, browser) as found:
        yield found


async def sweep(viewer: Viewer, seconds: list[int], patience: int = 20_000) -> dict[str, Any]:
    """Go to each second, and on as soon as it is seen; what was seen that should not have been."""
    found = await viewer.page.evaluate("wanted => probe.sweep(...wanted)", [list(SCENES), seconds, patience])
    return dict(found)


async def test_after_any_seek_the_picture_is_that_of_its_time_or_words_say_that_it_is_not(
    viewer: Viewer, filmed: SealedRecording
):
    back = Counter(line["n"] - line["rap"] for line in filmed.lines if line["type"] == "segment")
    assert sum(count for far, count in back.items() if far > 1) > 0.19 * back.total(), "many hang on one far back"
    await viewer.opened()
    chance = random.Random(20_251_204)
    seconds = [chance.randrange(END // 1_000) for _ in range(200)]
    found = await sweep(viewer, seconds)
    assert found["old"] == []
    assert found["never"] == []
    parts = [request.url for request in viewer.requests if "/file/seg/" in request.url]
    # Each begins anew at most once, five parts back, and goes ten ahead.
    assert len(parts) <= len(seconds) * len(SCENES) * 16


async def test_while_the_line_is_down_words_stand_over_the_old_picture(viewer: Viewer):
    await viewer.opened()
    await expect(viewer.verdict).to_have_attribute("data-word", "gaps", timeout=30_000)
    assert (await sweep(viewer, [3]))["never"] == []
    await viewer.page.route("**/file/seg/**", lambda route: route.abort())
    found = await sweep(viewer, [95], patience=1_500)
    assert found["old"] == []
    assert found["never"] == [[track, 95, "Loading: this is not yet the picture of this time"] for track in SCENES]
    await expect(viewer.page.get_by_test_id("live-polite")).to_contain_text("Loading: this is not yet the picture")
    await viewer.page.unroute("**/file/seg/**")
    found = await sweep(viewer, [96], patience=20_000)
    assert (found["old"], found["never"]) == ([], [])


async def test_a_part_that_failed_takes_with_it_what_hangs_on_it_and_its_card_says_so(viewer: Viewer):
    flip(viewer.installation.sealed.folder / "seg/clerk_1_cam-000007.age", -1)
    await viewer.opened()
    tile = viewer.page.get_by_test_id("tile-clerk_1_cam")
    for second in (15, 20):
        found = await sweep(viewer, [second], patience=1_000)
        assert found["old"] == []
        await expect(tile).to_contain_text("Not shown: part clerk_1_cam-000007 failed the check")
    found = await sweep(viewer, [22, 11])
    assert (found["old"], found["never"]) == ([], []), "what hangs on other parts, up to the last good frame, is shown"


async def test_in_a_gap_the_card_says_that_there_is_no_picture(viewer: Viewer):
    await viewer.opened()
    assert (await sweep(viewer, [40, 44]))["old"] == []
    await expect(viewer.page.get_by_test_id("tile-clerk_1_cam")).to_contain_text("No picture: the line was lost")
    card = await looking(lambda: viewer.page.evaluate("() => probe.card('judge_1_cam')"), lambda card: card == "")
    assert card == ""


async def test_while_it_plays_the_pictures_go_with_the_time(viewer: Viewer):
    await viewer.opened()
    assert (await sweep(viewer, [37]))["never"] == []
    await viewer.play.click()
    found = await viewer.page.evaluate("wanted => probe.play(...wanted)", [list(SCENES), 43, 30_000])
    assert found["old"] == []
    shown = found["shown"]
    assert all(len(set(shown[track])) > 20 for track in SCENES), "they moved"
    assert max(shown["clerk_1_cam"]) < 415 < max(shown["judge_1_cam"]), "the gap stopped its own picture only"
