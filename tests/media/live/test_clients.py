"""Clients that are not ours: real Chromium pages, and aiortc's own RTCPeerConnection, against a real worker."""

import asyncio
import fractions
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiortc import (
    AudioStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
    VideoStreamTrack,
)
from playwright.async_api import Browser, Page, async_playwright

from media.messages import Answered, FloorClosed, Offer, PeerStatus
from tests.support.lines import LossyLine

FLAGS = (
    "--no-sandbox --use-fake-device-for-media-stream --use-fake-ui-for-media-stream"
    " --disable-background-timer-throttling --disable-renderer-backgrounding"
    " --disable-backgrounding-occluded-windows --autoplay-policy=no-user-gesture-required"
)

JOIN = """
async ([hz, colour]) => {
  const context = new AudioContext();
  const tone = new OscillatorNode(context, {frequency: hz});
  const out = new MediaStreamAudioDestinationNode(context);
  tone.connect(out); tone.start();
  const canvas = document.createElement('canvas');
  canvas.width = 320; canvas.height = 180;
  const g = canvas.getContext('2d');
  let n = 0;
  setInterval(() => {
    g.fillStyle = colour; g.fillRect(0, 0, 320, 180);
    g.fillStyle = 'white'; g.fillRect(n++ % 300, 10, 4, 4);
  }, 100);
  const pc = window.pc = new RTCPeerConnection({iceServers: [], bundlePolicy: 'max-bundle'});
  const keep = (transceiver, kind, names) => transceiver.setCodecPreferences(
    RTCRtpReceiver.getCapabilities(kind).codecs.filter(codec => names.includes(codec.mimeType.toLowerCase())));
  window.players = {};
  pc.ontrack = ({track, transceiver}) => {
    const player = document.createElement(track.kind);
    player.muted = true; player.autoplay = true; player.playsInline = true;
    player.srcObject = new MediaStream([track]);
    document.body.append(player);
    player.play();
    const entry = {player};
    if (track.kind === 'audio') {
      entry.analyser = new AnalyserNode(context, {fftSize: 8192});
      new MediaStreamAudioSourceNode(context, {mediaStream: player.srcObject}).connect(entry.analyser);
    }
    window.players[transceiver.mid] = entry;
  };
  const both = [['audio', ['audio/opus']], ['video', ['video/vp8', 'video/rtx']]];
  const tracks = {audio: out.stream.getAudioTracks()[0], video: canvas.captureStream(10).getVideoTracks()[0]};
  for (const [kind, names] of both) keep(pc.addTransceiver(tracks[kind], {direction: 'sendonly'}), kind, names);
  for (const [kind, names] of both)
    for (let i = 0; i < 8; i++) keep(pc.addTransceiver(kind, {direction: 'recvonly'}), kind, names);
  await pc.setLocalDescription(await pc.createOffer());
  return pc.localDescription.sdp;
}
"""
TONE = """
mid => {
  const {analyser} = window.players[mid];
  const bins = new Float32Array(analyser.frequencyBinCount);
  analyser.getFloatFrequencyData(bins);
  let best = 0;
  bins.forEach((level, bin) => { if (level > bins[best]) best = bin; });
  return [best * analyser.context.sampleRate / analyser.fftSize, bins[best]];
}
"""
COLOUR = """
mid => {
  const {player} = window.players[mid];
  const canvas = document.createElement('canvas');
  canvas.width = 32; canvas.height = 18;
  const g = canvas.getContext('2d');
  if (player.videoWidth) g.drawImage(player, 0, 0, 32, 18);
  return [...g.getImageData(16, 12, 1, 1).data.slice(0, 3)];
}
"""
STATS = """
async () => {
  const found = {};
  (await pc.getStats()).forEach(s => {
    if (s.type === 'inbound-rtp' && s.packetsReceived) found[s.mid] = {
      packets: s.packetsReceived, lost: s.packetsLost, frames: s.framesDecoded, keys: s.keyFramesDecoded,
      freezes: s.freezeCount};
  });
  return found;
}
"""


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        one = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS.split())
        yield one
        await one.close()


async def join(browser: Browser, court: Any, seat: str, hertz: int, colour: str) -> Page:
    page = await (await browser.new_context()).new_page()
    await page.goto("about:blank")
    sdp = await page.evaluate(JOIN, [hertz, colour])
    assert len(sdp) < 40_000
    answer = await court.process.request(Offer(id=court.process.new_id(), seat=seat, sdp=sdp))
    assert isinstance(answer, Answered), answer
    await page.evaluate("sdp => pc.setRemoteDescription({type: 'answer', sdp})", answer.sdp)
    await page.wait_for_function("pc.connectionState === 'connected'", timeout=20_000)
    return page


async def hears(page: Page, mid: str, hertz: int) -> None:
    """The loudest tone on an m-line becomes this one."""
    found = (0.0, 0.0)
    async with asyncio.timeout(20):
        while not (abs(found[0] - hertz) < 12 and found[1] > -60):
            await asyncio.sleep(0.1)
            found = tuple(await page.evaluate(TONE, mid))


async def sees(page: Page, mid: str, colour: tuple[bool, bool, bool]) -> None:
    """The picture on an m-line becomes this colour."""
    found = [0, 0, 0]
    async with asyncio.timeout(20):
        while tuple(value > 128 for value in found) != colour:
            await asyncio.sleep(0.1)
            found = await page.evaluate(COLOUR, mid)


RED, GREEN, BLUE = (True, False, False), (False, True, False), (False, False, True)


def mid_of(court: Any, seat: str, origin: str, *kinds: str) -> str:
    return next(view.mid for view in court.slots[seat].slots if view.participant == origin and view.kind in kinds)


@pytest.mark.e2e
async def test_chromium_hears_and_sees_who_it_should_and_changes_without_a_new_offer(
    browser: Browser, court: Any
) -> None:
    court.seat("judge", speaks="en", hears="en")
    court.seat("witness", speaks="th", hears="th")
    court.seat("interpreter", interpreter=True, renders="en", hears="")
    court.plan()
    judge = await join(browser, court, "judge", 440, "rgb(255,0,0)")
    witness = await join(browser, court, "witness", 550, "rgb(0,255,0)")
    interpreter = await join(browser, court, "interpreter", 880, "rgb(0,0,255)")
    await hears(judge, mid_of(court, "judge", "witness", "floor"), 550)
    await hears(judge, mid_of(court, "judge", "interpreter", "channel"), 880)
    await sees(judge, mid_of(court, "judge", "witness", "camera"), GREEN)
    await sees(judge, mid_of(court, "judge", "interpreter", "camera"), BLUE)
    await hears(witness, mid_of(court, "witness", "judge", "floor"), 440)
    await sees(witness, mid_of(court, "witness", "judge", "camera"), RED)
    await hears(interpreter, mid_of(court, "interpreter", "witness", "floor"), 550)
    assert not [
        view for view in court.slots["witness"].slots if (view.participant, view.kind) == ("interpreter", "channel")
    ]
    audio = {str(number) for number in range(2, 10)}
    heard = {mid for mid in await witness.evaluate(STATS) if mid in audio}
    assert heard == {mid_of(court, "witness", "judge", "floor")}

    # The interpreter turns round: the same connection carries her to the other side.
    court.seat("interpreter", renders="th")
    court.plan()
    await asyncio.sleep(0.3)
    await hears(witness, mid_of(court, "witness", "interpreter", "channel"), 880)

    # Somebody leaves; their place on the judge's page carries another picture, from a key frame.
    place = mid_of(court, "judge", "witness", "camera")
    court.seat("witness", present=False)
    court.plan()
    court.seat("clerk")
    court.plan()
    await join(browser, court, "clerk", 660, "rgb(255,0,0)")
    assert mid_of(court, "judge", "clerk", "camera") == place
    await sees(judge, place, RED)
    await hears(judge, mid_of(court, "judge", "clerk", "floor"), 660)
    stats = await judge.evaluate(STATS)
    assert all(found["lost"] <= 0 for found in stats.values()), stats
    assert stats[place]["keys"] >= 2


@pytest.mark.e2e
async def test_chromium_is_back_on_a_new_worker_with_a_new_offer(browser: Browser, court: Any, until: Any) -> None:
    import os
    import signal

    court.seat("judge")
    court.seat("witness")
    court.plan()
    judge = await join(browser, court, "judge", 440, "rgb(255,0,0)")
    await join(browser, court, "witness", 550, "rgb(0,255,0)")
    await sees(judge, mid_of(court, "judge", "witness", "camera"), GREEN)
    pid = court.process.pid
    os.kill(pid, signal.SIGKILL)
    await until(lambda: court.process.pid not in (0, pid) and court.process.history[-1].what == "restarted")
    court.slots.clear()
    court.plan()
    judge = await join(browser, court, "judge", 440, "rgb(255,0,0)")
    await join(browser, court, "witness", 550, "rgb(0,0,255)")
    await sees(judge, mid_of(court, "judge", "witness", "camera"), BLUE)
    assert [one.what for one in court.process.history if one.what in ("exit", "restarted")] == ["exit", "restarted"]


class Tone(AudioStreamTrack):
    """Silence of the right length; what counts is that it is encoded by somebody else's code."""


class Picture(VideoStreamTrack):
    """aiortc's green picture."""


async def test_aiortcs_own_client_hears_and_sees(court: Any, until: Any) -> None:
    court.seat("judge")
    court.seat("witness")
    court.plan()
    witness = await court.page("witness", send=False)
    got: dict[str, int] = {"audio": 0, "video": 0}
    config = RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
    client = RTCPeerConnection(config)
    client.addTransceiver(Tone(), direction="sendonly")
    client.addTransceiver(Picture(), direction="sendonly")
    for kind in ("audio", "video"):
        for _ in range(2):
            client.addTransceiver(kind, direction="recvonly")
    await client.setLocalDescription(await client.createOffer())
    answer = await court.process.request(Offer(id="1", seat="judge", sdp=client.localDescription.sdp))
    assert isinstance(answer, Answered), answer
    await client.setRemoteDescription(RTCSessionDescription(answer.sdp, "answer"))
    await until(lambda: client.connectionState == "connected")
    await until(lambda: witness.by_socket[witness.ssrc_of["2"]] > 20 and witness.by_socket[witness.ssrc_of["10"]] > 20)

    # And the other way: a second client of the same kind is decoded by the first.
    other = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
    other.addTransceiver(Tone(), direction="sendonly")
    other.addTransceiver(Picture(), direction="sendonly")
    await other.setLocalDescription(await other.createOffer())
    answer = await court.process.request(Offer(id="2", seat="witness", sdp=other.localDescription.sdp))
    assert isinstance(answer, Answered), answer
    await other.setRemoteDescription(RTCSessionDescription(answer.sdp, "answer"))

    async def take(track: Any) -> None:
        while True:
            frame = await track.recv()
            assert frame.time_base in (fractions.Fraction(1, 48_000), fractions.Fraction(1, 90_000))
            got[track.kind] += 1

    receivers = [t.receiver for t in client.getTransceivers() if t.direction == "recvonly"]
    tasks = [asyncio.create_task(take(receiver.track)) for receiver in receivers]
    await until(lambda: got["audio"] > 20 and got["video"] > 5, 30)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await client.close()
    await other.close()


@pytest.mark.e2e
async def test_three_percent_loss_costs_a_chromium_page_nothing_of_its_record(
    browser: Browser, court: Any, recorder: Any, until: Any
) -> None:
    court.seat("judge")
    court.seat("witness")
    court.feed = True
    court.plan()
    judge = await join(browser, court, "judge", 440, "rgb(255,0,0)")
    witness = await (await browser.new_context()).new_page()
    await witness.goto("about:blank")
    sdp = await witness.evaluate(JOIN, [550, "rgb(0,255,0)"])
    answer = await court.process.request(Offer(id="lossy", seat="witness", sdp=sdp))
    found = re.search(r"127\.0\.0\.1 (\d+) typ host", answer.sdp)
    assert found is not None
    line = LossyLine(("127.0.0.1", int(found[1])), 0.03)
    try:
        text = answer.sdp.replace(found[0], f"127.0.0.1 {line.port} typ host")
        await witness.evaluate("sdp => pc.setRemoteDescription({type: 'answer', sdp})", text)
        await until(lambda: line.lost >= 40, 60)
        await witness.evaluate("Promise.all(pc.getSenders().map(sender => sender.replaceTrack(null)))")
        await asyncio.sleep(1.5)
        sent = await witness.evaluate(
            """async () => {
              const found = {};
              (await pc.getStats()).forEach(s => {
                if (s.type === 'outbound-rtp')
                  found[s.kind] = s.kind === 'video' ? s.framesSent : s.packetsSent - s.retransmittedPacketsSent;
              });
              return found;
            }"""
        )
        assert len(recorder.frames("witness_cam")) >= 0.99 * sent["video"], (sent, line.lost)
        assert len(recorder.frames("witness_mic")) >= 0.99 * sent["audio"], (sent, line.lost)
        stats = (await judge.evaluate(STATS))[mid_of(court, "judge", "witness", "camera")]
        assert stats["lost"] <= 0
        assert stats["freezes"] == 0
    finally:
        await line.close()


@pytest.mark.e2e
async def test_a_muted_chromium_without_a_camera_shows_that_its_line_is_there(browser: Browser, court: Any) -> None:
    """It sends nothing by itself for seconds, and is asked."""
    court.seat("witness", essential=True)
    court.plan()
    page = await join(browser, court, "witness", 550, "rgb(0,255,0)")
    await page.evaluate("Promise.all(pc.getSenders().map(sender => sender.replaceTrack(null)))")
    await asyncio.sleep(8)
    assert [event for event in court.events if isinstance(event, FloorClosed)] == []
    assert [event.status for event in court.events if isinstance(event, PeerStatus)] == ["connected"]
    await page.close()
    async with asyncio.timeout(10):
        while not [event for event in court.events if isinstance(event, FloorClosed)]:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
