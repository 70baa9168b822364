"""What pages are asked to send at most, and that the most that can be agreed passes through a real worker."""

import asyncio
import time
from typing import Any

import pytest

from media.live.limits import Limits

KBPS = 4_355  # 1080 lines, 30 pictures a second: hearings/data/negotiation.yaml


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        (Limits(), {}),
        (Limits(voice_hz=8_000, voice_bitrate=24_000), {"maxplaybackrate": "16000", "maxaveragebitrate": "24000"}),
        (Limits(voice_hz=12_000), {"maxplaybackrate": "24000"}),
        (Limits(voice_hz=20_000, voice_bitrate=48_000), {"maxaveragebitrate": "48000"}),
    ],
)
def test_opus_is_asked_for_the_band_and_the_rate_of_the_agreement(limits: Limits, told: dict[str, str]) -> None:
    assert limits.opus() == told


@pytest.mark.parametrize(
    ("limits", "bitrate", "opus"),
    [
        ([], 1_200_000, "minptime=10;useinbandfec=1"),
        (
            ["--bitrate", "4843300", "--voice-hz", "8000", "--voice-bitrate", "24000"],
            4_843_300,
            "minptime=10;useinbandfec=1;maxplaybackrate=16000;maxaveragebitrate=24000",
        ),
    ],
)
async def test_a_page_is_told_what_its_camera_and_its_voice_may_take(
    court: Any, until: Any, limits: list[str], bitrate: int, opus: str
) -> None:
    court.seat("witness")
    court.plan()
    witness = await court.page("witness")
    await until(lambda: witness.asked_bitrates)
    (asked,) = witness.asked_bitrates
    assert asked == pytest.approx(bitrate, rel=0.001)  # 18 bits of it travel
    microphone, _camera, *slots = witness.answer.split("\r\nm=")[1:]
    assert f"a=fmtp:111 {opus}\r\n" in microphone
    assert "a=fmtp:111 minptime=10;useinbandfec=1\r\n" in slots[0]


async def test_two_cameras_of_1080_lines_are_forwarded_and_recorded_whole(
    court: Any, recorder: Any, until: Any
) -> None:
    for name in ("judge", "witness"):
        court.seat(name)
    court.feed = True
    court.plan()
    pages = [court.make_page(name) for name in ("judge", "witness")]
    for page in pages:
        await page.join(court.process)
        page.picture_bytes = KBPS * 1_000 // 8 // 30
    begun = time.monotonic()
    for page in pages:
        page.send(fps=30)
    await until(lambda: all(len(recorder.frames(f"{page.seat}_cam")) > 90 for page in pages))
    took = time.monotonic() - begun
    for page in pages:
        await page.cease()
    await asyncio.sleep(0.6)
    for page, other in zip(pages, reversed(pages), strict=True):
        sent = [data for kind, data, _ in page.sent_frames if kind == "video"]
        assert [frame.data for frame in recorder.frames(f"{page.seat}_cam")] == sent
        packets = other.heard_from(page.seat, sound=False)
        assert packets >= len(sent) - 3, "the first packet of each, but for those before the slot had its key frame"
        assert sum(map(len, sent)) * 8 / took / 1_000 > 0.8 * KBPS, "this machine was too slow to ask for the rate"
