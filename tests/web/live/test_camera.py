"""The picture a page sends is the one that was agreed: a real browser with its own made-up camera."""

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.support.browsers import chromium_in_step
from web.demo import agreement as demo_agreement

WATCH = """
window.cameras = []; window.peers = [];
const media = navigator.mediaDevices, open = media.getUserMedia.bind(media);
media.getUserMedia = async (wanted) => {
  const stream = await open(wanted);
  cameras.push(...stream.getVideoTracks());
  return stream;
};
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...given) { super(...given); peers.push(this); }
};
"""
"""Keeps the tracks and connections a page makes, so that they can be asked."""

SENT = """
async () => {
  const peer = peers.at(-1);
  if (peer?.connectionState !== "connected") return {};
  const entries = [...(await peer.getStats()).values()];
  const { frameHeight } = entries.find((entry) => entry.type === "outbound-rtp" && entry.kind === "video") ?? {};
  const { height, frameRate } = cameras.at(-1).getSettings();
  const { maxBitrate, maxFramerate, scaleResolutionDownBy } = peer.getSenders()[1].getParameters().encodings[0];
  return { frameHeight, height, frameRate, maxBitrate, maxFramerate, scaleResolutionDownBy };
}
"""
"""What is sent, what the camera gives, and what the encoder is told."""
PATIENCE = 120
"""Seconds: a browser begins with a smaller picture, and enlarges it as the line turns out to carry it."""
JOIN = (
    "I have read this",
    "Allow camera and microphone",
    "Play a sound",
    "Yes, I heard it",
    "Continue",
    "Join the hearing",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium_in_step("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream=fps=30") as found:
        yield found


@contextlib.contextmanager
def ended(data: Path) -> Iterator[None]:
    """Media processes outlive the web process on purpose: an open lobby's are stopped by hand."""
    try:
        yield
    finally:
        for file in data.glob("run/*/*.pid"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(file.read_text().split()[0]), signal.SIGKILL)


@pytest.mark.e2e
@pytest.mark.alone
@pytest.mark.parametrize(("height", "fps", "kbps"), [(1080, 30, 4_355), (360, 15, 242)])
def test_camera_and_encoder_keep_to_the_agreement(
    browser: Browser, serving: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, height: int, fps: int, kbps: int
) -> None:
    words, abilities, details = demo_agreement.SITES["TH"]
    agreed = (words, {**abilities, "height": height, "fps": fps}, details)
    monkeypatch.setitem(demo_agreement.SITES, "TH", agreed)
    with ended(tmp_path / "data"), serving(tmp_path) as service:
        page = browser.new_context(locale="en-GB").new_page()
        page.add_init_script(WATCH)
        page.goto(f"{service.base}/s#{service.secret('clerk')}")
        page.locator("main button").click()
        page.wait_for_url("**/docket")
        page.goto(f"{service.base}/h/{service.ref}")
        page.get_by_role("button", name="Open the lobby").first.click()
        page.get_by_role("link", name="Enter the hearing").click()
        for name in JOIN:
            page.get_by_role("button", name=name).click()
        wanted = {
            "frameHeight": height, "height": height, "frameRate": fps,
            "maxBitrate": kbps * 1_000, "maxFramerate": fps, "scaleResolutionDownBy": 1,
        }  # fmt: skip
        end = time.monotonic() + PATIENCE
        while (sent := page.evaluate(SENT)) != wanted:
            assert time.monotonic() < end, sent
            page.wait_for_timeout(200)
        page.context.close()
