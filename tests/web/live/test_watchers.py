"""Watchers of devices: made-up cameras and microphones of real browsers, and what their person and the clerk read."""

import math
import random
import wave
from array import array
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.support.browsers import chromium_in_step
from tests.support.page_client import Service

PATIENCE = 60_000
"""Milliseconds: something is wrong only after some seconds, and a busy machine looks rarely."""
NOBODY_ASKS = "--use-fake-ui-for-media-stream"
REFUSE = """
const open = MediaDevices.prototype.getUserMedia;
MediaDevices.prototype.getUserMedia = function (wanted) {
  if (wanted.audio) return Promise.reject(new DOMException("Permission denied by system", "NotAllowedError"));
  return open.call(this, wanted);
};
Object.defineProperty(MediaStreamTrack.prototype, "label", { get: () => "OBS Virtual Camera" });
"""
"""A system that keeps the microphone to itself, and a camera that is a program: no switch of a browser makes these."""


def sound(path: Path, samples: bytes) -> Path:
    """One second of sound, which a browser plays over and over as its microphone."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes(samples)
    return path


def picture(path: Path, light: int) -> Path:
    """One picture of an even light, which a browser shows over and over as its camera."""
    size = (320, 240)
    points = bytes([light]) * (size[0] * size[1]) + bytes([128]) * (size[0] * size[1] // 2)
    path.write_bytes(b"YUV4MPEG2 W320 H240 F25:1 Ip A1:1 C420\nFRAME\n" + points)
    return path


SILENCE = bytes(96_000)


def overdriven() -> bytes:
    """Syllables of a voice, cut off at full scale. (The browser takes a steady tone for noise.)"""
    chance, samples = random.Random(1), array("h")
    for _syllable in range(24):
        hz, length = chance.uniform(110, 230), round(48_000 * chance.uniform(0.12, 0.22))
        for at in range(length):
            voice = sum(math.sin(math.tau * hz * part * at / 48_000 + part) / part for part in range(1, 10))
            samples.append(round(32_767 * max(-1.0, min(1.0, 3.2 * math.sin(math.pi * at / length) * voice))))
        samples.extend([0] * 4_000)
    return samples.tobytes()


@pytest.fixture(scope="module")
def live(running: Service) -> Iterator[Service]:
    """The demonstration with its lobby open."""
    clerk = running.signed_in("clerk")
    clerk.post(f"/h/{running.ref}/act/lobby", {}, page=f"/h/{running.ref}")
    yield running


def equipment(service: Service, browser: Browser, who: str, script: str = "") -> Page:
    """The check of the equipment, by somebody of the staff."""
    page = browser.new_context(locale="en-GB").new_page()
    if script:
        page.add_init_script(script)
    page.goto(f"{service.base}/s#{service.secret(who)}")
    page.locator("main button").click()
    page.wait_for_url("**/docket")
    page.goto(f"{service.base}/h/{service.ref}/live")
    for name in ("I have read this", "Allow camera and microphone"):
        page.get_by_role("button", name=name).click()
    return page


def capture(folder: Path, samples: bytes, light: int) -> list[str]:
    """Switches of a browser with this microphone and this camera."""
    return [
        NOBODY_ASKS,
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={sound(folder / 'sound.wav', samples)}",
        f"--use-file-for-fake-video-capture={picture(folder / 'picture.y4m', light)}",
    ]


@pytest.mark.e2e
@pytest.mark.alone
def test_a_device_that_the_system_blocks_and_a_virtual_camera_are_told(live: Service) -> None:
    with chromium_in_step(NOBODY_ASKS, "--use-fake-device-for-media-stream") as browser:
        page = equipment(live, browser, "judge", REFUSE)
        expect(
            page.get_by_text("The system of this device does not let the browser use the microphone.")
        ).to_be_visible()
        expect(page.locator("[data-trouble=camera_virtual]")).to_be_visible(timeout=PATIENCE)


@pytest.mark.e2e
@pytest.mark.alone
@pytest.mark.parametrize(
    ("who", "reader", "samples", "light", "troubles"),
    [
        ("authority", "clerk", SILENCE, 16, ["microphone_silent", "camera_black"]),
        ("authority", "judge", overdriven(), 140, ["microphone_clipped", "camera_frozen"]),
    ],
)
def test_what_is_wrong_with_sound_and_picture_is_told_to_the_person_and_shown_to_the_court(
    live: Service, tmp_path: Path, who: str, reader: str, samples: bytes, light: int, troubles: list[str]
) -> None:
    with chromium_in_step(*capture(tmp_path, samples, light)) as browser:
        page = equipment(live, browser, who)
        for trouble in troubles:
            expect(page.locator(f"[data-trouble={trouble}]")).to_be_visible(timeout=PATIENCE)
        assert [wrong["id"] for wrong in Axe().run(page).response["violations"]] == []
        court = equipment(live, browser, reader)
        for name in ("Play a sound", "Yes, I heard it", "Continue", "Join the hearing"):
            court.get_by_role("button", name=name).click()
        shown = court.locator(f'[data-troubles="{" ".join(sorted(troubles))}"]')
        expect(shown).to_be_visible(timeout=PATIENCE)
        assert [wrong["id"] for wrong in Axe().run(court).response["violations"]] == []
