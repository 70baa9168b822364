"""Counted to the frame: what a worker has received over a bad line is in the recording, or its absence is declared.

A browser sends through a line that loses, delays and stalls. What came is written down at the worker before anything is
done with it, and held against what is sealed, decrypted and taken apart here.
"""

import asyncio
import json
import re
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page

from media.live import vp8
from media.messages import WORKER_TO_WEB, Answered, Offer
from media.processes import Process, python
from tests.support.evidence.recorder import Bench, make_bench, plan
from tests.support.lines import LossyLine
from tests.support.live_pages import Courtroom

pytestmark = [pytest.mark.e2e, pytest.mark.quiet]

SECONDS = 20
STEP = 40
"""ms that the time of a frame which was not recorded, told from its neighbours, may lie outside its gap."""
CLOCKS = {"audio": 48, "video": 90}
TRACKS = {"audio": "witness_mic", "video": "witness_cam"}
SEND = """
async () => {
  const context = new AudioContext();
  const tone = new OscillatorNode(context, {frequency: 300});
  tone.frequency.linearRampToValueAtTime(3000, 60);
  const out = new MediaStreamAudioDestinationNode(context);
  tone.connect(out); tone.start();
  const canvas = document.createElement('canvas');
  canvas.width = 320; canvas.height = 180;
  const g = canvas.getContext('2d');
  let n = 0;
  setInterval(() => {
    g.fillStyle = `hsl(${n * 3}, 80%, 50%)`; g.fillRect(0, 0, 320, 180);
    g.fillStyle = 'white'; g.fillRect(n++ % 300, 10, 40, 40);
  }, 50);
  const pc = window.pc = new RTCPeerConnection({iceServers: [], bundlePolicy: 'max-bundle'});
  const tracks = [out.stream.getAudioTracks()[0], canvas.captureStream(20).getVideoTracks()[0]];
  for (const [track, names] of [[tracks[0], ['audio/opus']], [tracks[1], ['video/vp8', 'video/rtx']]])
    pc.addTransceiver(track, {direction: 'sendonly'}).setCodecPreferences(
      RTCRtpReceiver.getCapabilities(track.kind).codecs.filter(one => names.includes(one.mimeType.toLowerCase())));
  await pc.setLocalDescription(await pc.createOffer());
  return pc.localDescription.sdp;
}
"""


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    """A real recorder, running."""
    (tmp_path / "recordings").mkdir()
    made = make_bench(tmp_path, tmp_path / "recordings")
    made.start()
    await made.web()
    yield made
    await made.end()


@pytest.fixture
async def court(bench: Bench) -> AsyncIterator[Courtroom]:
    """A real worker that feeds it, and writes down what it receives."""
    folder = bench.base / "run"
    argv = python("tests.support.lines", str(bench.base / "received.jsonl"))
    argv += ["--folder", str(folder), "--udp-host", "127.0.0.1", "--udp-port", "0"]
    process = await Process.start_or_adopt("worker", argv, folder, "worker.sock", WORKER_TO_WEB, lambda event: None)
    yield Courtroom(process, folder)
    await process.stop()


async def join(page: Page, court: Courtroom, loss: float, jitter: float) -> LossyLine:
    """A page joins as the witness, through a line of its own."""
    await page.goto("about:blank")
    answer = await court.process.request(Offer(id="lossy", seat="witness", sdp=await page.evaluate(SEND)))
    assert isinstance(answer, Answered), answer
    found = re.search(r"127\.0\.0\.1 (\d+) typ host", answer.sdp)
    assert found is not None
    line = LossyLine(("127.0.0.1", int(found[1])), loss, jitter)
    text = answer.sdp.replace(found[0], f"127.0.0.1 {line.port} typ host")
    await page.evaluate("sdp => pc.setRemoteDescription({type: 'answer', sdp})", text)
    await page.wait_for_function("pc.connectionState === 'connected'", timeout=20_000)
    return line


@dataclass(frozen=True)
class Received:
    """One frame that came whole."""

    rtp: int
    data: bytes
    packets: int


@dataclass
class Arrivals:
    """What came to the worker, as it was written down there."""

    packets: dict[str, dict[int, tuple[int, bool, bytes]]]
    """By kind and number: RTP time, marker, payload; each once."""
    unasked: set[tuple[int, int]]
    """SSRC and number of what came other than by retransmission streams."""

    @classmethod
    def read(cls, file: Path) -> "Arrivals":
        found = cls({"audio": {}, "video": {}}, set())
        for line in file.read_text().splitlines():
            kind, ssrc, seq, rtp, marker, resent, payload = json.loads(line)
            if not resent:
                found.unasked.add((ssrc, seq))
            if payload:
                found.packets[kind].setdefault(seq, (rtp, marker, bytes.fromhex(payload)))
        return found

    def frames(self, kind: str) -> list[Received]:
        """Whole frames, in the order of their RTP times."""
        packets = self.packets[kind]
        if kind == "audio":
            found = [Received(rtp, payload, 1) for rtp, _, payload in packets.values()]
        else:
            found = [frame for seq in packets if (frame := self._picture(packets, seq)) is not None]
        return sorted(found, key=lambda frame: frame.rtp)

    @staticmethod
    def _picture(packets: dict[int, tuple[int, bool, bytes]], seq: int) -> Received | None:
        """The picture whose first packet has this number, if it is one and all of it came."""
        begins = vp8.descriptor(packets[seq][2])
        parts, rtp = [], packets[seq][0]
        while begins is not None and begins.begins and seq in packets and packets[seq][0] == rtp:
            _, marker, payload = packets[seq]
            head = vp8.descriptor(payload)
            assert head is not None
            parts.append(payload[head.length :])
            if marker:
                return Received(rtp, b"".join(parts), len(parts))
            seq = (seq + 1) & 0xFFFF
        return None


def blocks(data: bytes) -> list[tuple[int, bytes]]:
    """Time in ms and data of each frame in Clusters (RFC 9559)."""
    found: list[tuple[int, bytes]] = []
    place, start = 0, 0
    while place < len(data):
        name = data[place : place + 4] if data[place] == 0x1F else data[place : place + 1]
        place += len(name)
        width = 9 - data[place].bit_length()
        size = int.from_bytes(data[place : place + width], "big") & ((1 << 7 * width) - 1)
        place += width
        if name == b"\xe7":
            start = int.from_bytes(data[place : place + size], "big")
        elif name == b"\xa3":
            offset = int.from_bytes(data[place + 1 : place + 3], "big", signed=True)
            found.append((start + offset, data[place + 4 : place + size]))
        if len(name) == 1:
            place += size
    return found


@dataclass
class Count:
    """What became of the frames of one track."""

    received: int
    kept: int
    in_gaps: Counter[str]
    left_out: int
    """Whole pictures that no gap covers."""
    declared_left_out: int
    """Whole pictures that lines of losses declare, since what they refer to never came."""
    sealed: int
    packets_received: int
    packets_declared: int


def count(bench: Bench, arrivals: Arrivals, kind: str) -> Count:
    """Hold every received frame against what is sealed and what is declared."""
    mine = [line for line in bench.lines if line.get("track") == TRACKS[kind]]
    segments = [line for line in mine if line["type"] == "segment"]
    sealed = [block for line in segments for block in blocks(bench.clear(line["file"]))]
    gaps = [line for line in mine if line["type"] == "gap"]
    times = defaultdict[bytes, list[int]](list)
    for t, data in reversed(sealed):
        times[data].append(t)
    frames = arrivals.frames(kind)
    placed = [(frame.rtp, times[frame.data].pop()) for frame in frames if times[frame.data]]
    kept = {rtp for rtp, _ in placed}
    covered, left_out = Counter[str](), 0
    for frame in frames:
        if frame.rtp in kept:
            continue
        near, t = min(placed, key=lambda one: abs(one[0] - frame.rtp))
        at = t + (frame.rtp - near) // CLOCKS[kind]
        causes = [gap["cause"] for gap in gaps if gap["t0"] - STEP <= at < gap["t1"] + STEP]
        covered.update(causes[:1])
        left_out += not causes
    return Count(
        received=len(frames),
        kept=len(placed),
        in_gaps=covered,
        left_out=left_out,
        declared_left_out=sum(line["frames"] for line in mine if line["type"] == "loss"),
        sealed=len(sealed),
        packets_received=sum(frame.packets for frame in frames if frame.rtp in kept),
        packets_declared=sum(line["packets"][0] for line in segments),
    )


async def test_every_frame_that_came_over_a_bad_line_is_sealed_or_declared(
    browser: Browser, bench: Bench, court: Courtroom
) -> None:
    await bench.open(plan("witness_mic", "floor-audio"), plan("witness_cam", "floor-video"))
    court.seat("witness")
    court.feed = True
    court.plan()
    page = await (await browser.new_context()).new_page()
    line = await join(page, court, loss=0.03, jitter=0.2)
    await asyncio.sleep(SECONDS / 2)
    line.stall(1.0)
    await asyncio.sleep(SECONDS / 2)
    await page.evaluate("Promise.all(pc.getSenders().map(sender => sender.replaceTrack(null)))")
    await asyncio.sleep(1.5)
    await line.close()
    await bench.close()
    await court.process.stop()
    arrivals = Arrivals.read(bench.base / "received.jsonl")
    report = {kind: await asyncio.to_thread(count, bench, arrivals, kind) for kind in TRACKS}
    assert line.lost > 20
    mine = {ssrc for ssrc, _ in arrivals.unasked}
    assert {one for one in line.delivered if one[0] in mine} == arrivals.unasked
    for kind, least in (("audio", 40 * SECONDS), ("video", 3 * SECONDS)):
        found = report[kind]
        assert found.received > least, report
        assert found.kept + found.in_gaps.total() + found.left_out == found.received, report
        assert found.left_out <= found.declared_left_out, report
        assert found.sealed == found.kept, report  # nothing is in the recording that did not come, nothing twice
        assert found.packets_declared == found.packets_received, report
    assert report["audio"].left_out == 0, report
    verdict = await asyncio.to_thread(bench.verdict)
    assert verdict.findings.failures == []
