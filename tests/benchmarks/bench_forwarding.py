"""Forwarding encoded packets against decoding and encoding them again: CPU for the same hearing in the same run.

    python -m tests.benchmarks.bench_forwarding [--seconds 10]

Four people send 640×480 VP8 at 25 frames/s (about 500 kbit/s) and Opus; each receives the three others. First
through the media worker, then through aiortc's `RTCPeerConnection` and `MediaRelay`, each in a process of its own
whose CPU time is read from /proc. The relay may be unable to keep up, so CPU is compared per picture delivered.
Exit code 1 when forwarding costs more than a twentieth.
"""

import argparse
import asyncio
import contextlib
import fractions
import json
import math
import os
import random
import signal
import struct
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PEOPLE = 4
FPS = 25
CLIP_SECONDS = 4
LIMIT = 1 / 20
ROOT = Path(__file__).parent.parent.parent


def load_pages() -> Any:
    """The pages of the worker's tests."""
    from tests.support import live_pages

    return live_pages


@dataclass
class Clip:
    """Encoded media to send in a loop; the first picture is a key frame."""

    pictures: list[bytes]
    sounds: list[bytes]

    @property
    def bitrate(self) -> float:
        """Of the pictures, in kbit/s."""
        return sum(map(len, self.pictures)) * 8 / CLIP_SECONDS / 1_000


def make_clip() -> Clip:
    """Moving blocks with some noise, and a tone."""
    import av

    encoder: Any = av.CodecContext.create("libvpx", "w")
    encoder.width, encoder.height, encoder.pix_fmt = 640, 480, "yuv420p"
    encoder.time_base, encoder.framerate = fractions.Fraction(1, FPS), fractions.Fraction(FPS)
    encoder.bit_rate = 500_000
    encoder.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "error-resilient": "1"}
    encoder.gop_size = 10_000
    rng = random.Random(1)
    blocks = [b"".join(bytes([rng.randrange(256)]) * 16 for _ in range(80)) for _ in range(30)]
    pictures = []
    for number in range(FPS * CLIP_SECONDS):
        frame: Any = av.VideoFrame(640, 480, "yuv420p")
        start = number * 3 % 640
        rows = [blocks[row // 16][start : start + 640] for row in range(480)]
        for row in range(0, 480, 96):
            rows[row] = rng.randbytes(320) + rows[row][320:]
        contents = (b"".join(rows), bytes([128]) * 76_800, bytes([128]) * 76_800)
        for plane, content in zip(frame.planes, contents, strict=True):
            plane.update(content)
        frame.pts = number
        pictures += [bytes(packet) for packet in encoder.encode(frame)]
    voice: Any = av.CodecContext.create("libopus", "w")
    voice.sample_rate, voice.layout, voice.format, voice.bit_rate = 48_000, "stereo", "s16", 32_000
    voice.time_base = fractions.Fraction(1, 48_000)
    sounds = []
    for number in range(50 * CLIP_SECONDS):
        sound: Any = av.AudioFrame(format="s16", layout="stereo", samples=960)
        at = range(number * 960, number * 960 + 960)
        wave = [int(8_000 * math.sin(2 * math.pi * 440 * moment / 48_000)) for moment in at]
        sound.planes[0].update(b"".join(struct.pack("<hh", value, value) for value in wave))
        sound.pts, sound.sample_rate = number * 960, 48_000
        sounds += [bytes(packet) for packet in voice.encode(sound)]
    return Clip(pictures, sounds)


def make_sender(pages: Any, clip: Clip) -> type:
    """A page that sends the clip and counts what it receives."""

    class Sender(pages.Page):  # type: ignore[misc]
        """Counts packets and pictures (marker bits) received."""

        def __init__(self, seat: str) -> None:
            super().__init__(seat)
            self.received = self.pictures = 0
            self.place = 0
            self.slots = PEOPLE - 1

        async def prepare(self) -> str:
            return (await super().prepare()).replace("a=setup:actpass", "a=setup:active")

        async def _send_sound(self, captured: float) -> None:
            stream = self.streams["audio"]
            payload = clip.sounds[stream.packets % len(clip.sounds)]
            await self._packet(stream, stream.packets * 960 & 0xFFFFFFFF, 0, payload)

        async def _send_picture(self, captured: float) -> None:
            stream = self.streams["video"]
            if self._key:  # type: ignore[has-type]
                self._key, self.place = False, 0
            frame = clip.pictures[self.place % len(clip.pictures)]
            self.place += 1
            starts = range(0, len(frame), 1_150)
            for start in starts:
                descriptor = b"\x10" if start == 0 else b"\x00"
                marker = 0x80 if start == starts[-1] else 0
                part = frame[start : start + 1_150]
                await self._packet(stream, self._timestamp(stream, captured), marker, descriptor + part)

        def _rtp(self, data: bytes) -> None:
            self.received += 1
            if data[1] & 0x80 and data[1] & 0x7F in (96, 97, 100):
                self.pictures += 1

    return Sender


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass
class Measured:
    """One server under the load."""

    cores: float
    packets: int
    pictures: int
    seconds: float

    @property
    def per_picture(self) -> float:
        """CPU µs for each picture delivered to one receiver, its share of the sound included."""
        return self.cores * self.seconds * 1e6 / max(1, self.pictures)

    def row(self, name: str) -> str:
        """For people."""
        rate = self.pictures / self.seconds / (PEOPLE * (PEOPLE - 1))
        return (
            f"{name:<12} {self.cores:6.3f} cores  {self.packets / self.seconds:7.0f} packets/s out  "
            f"{rate:5.1f} of {FPS} pictures/s  {self.per_picture:8.0f} µs per picture delivered"
        )


async def measure(pid: int, senders: list[Any], seconds: float) -> Measured:
    """Warm up, then watch CPU and what arrives."""
    await asyncio.sleep(4)
    before = cpu_seconds(pid), sum(s.received for s in senders), sum(s.pictures for s in senders), time.monotonic()
    await asyncio.sleep(seconds)
    after = cpu_seconds(pid), sum(s.received for s in senders), sum(s.pictures for s in senders), time.monotonic()
    took = after[3] - before[3]
    return Measured((after[0] - before[0]) / took, after[1] - before[1], after[2] - before[2], took)


async def through_worker(pages: Any, sender: type, seconds: float) -> Measured:
    """The media worker."""
    from media.messages import WORKER_TO_WEB
    from media.processes import Process, python

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        argv = python("media.live.worker", "--folder", name, "--udp-host", "127.0.0.1", "--udp-port", "0")
        process = await Process.start_or_adopt(
            "worker", argv, folder, "worker.sock", WORKER_TO_WEB, lambda message: None
        )
        court = pages.Courtroom(process, folder)
        people = [f"person{number}" for number in range(PEOPLE)]
        for person in people:
            court.seat(person)
        court.plan()
        senders = [sender(person) for person in people]
        for one in senders:
            await one.join(process)
        for one in senders:
            one.send(fps=FPS)
        measured = await measure(process.pid, senders, seconds)
        for one in senders:
            await one.close()
        await process.stop()
        return measured


async def through_relay(sender: type, seconds: float) -> Measured:
    """MediaRelay, in this file's own process."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "relay.sock"
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.benchmarks.bench_forwarding", "--serve-relay", str(path)
        )
        try:
            while not path.exists():  # noqa: ASYNC110 another process makes it
                await asyncio.sleep(0.05)
            reader, writer = await asyncio.open_unix_connection(str(path), limit=1 << 20)
            senders = [sender(f"person{number}") for number in range(PEOPLE)]
            for one in senders:
                writer.write(json.dumps({"sdp": await one.prepare()}).encode() + b"\n")
                await one.connect(json.loads(await reader.readline())["sdp"])
            for one in senders:
                one.send(fps=FPS)
            measured = await measure(child.pid, senders, seconds)
            for one in senders:
                await one.close()
            writer.close()
            return measured
        finally:
            with contextlib.suppress(ProcessLookupError):
                child.send_signal(signal.SIGKILL)
            await child.wait()


async def serve_relay(path: Path) -> None:
    """One RTCPeerConnection a person; what comes in goes to the others through MediaRelay."""
    import aioice.ice
    from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
    from aiortc.contrib.media import MediaRelay

    aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]
    relay = MediaRelay()
    people: list[Any] = []

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            client = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
            await client.setRemoteDescription(RTCSessionDescription(json.loads(line)["sdp"], "offer"))
            for transceiver in client.getTransceivers()[2:]:
                transceiver.direction = "sendonly"
            await client.setLocalDescription(await client.createAnswer())
            people.append(client)
            writer.write(json.dumps({"sdp": client.localDescription.sdp}).encode() + b"\n")
            if len(people) == PEOPLE:
                for receiver in people:
                    others = [person for person in people if person is not receiver]
                    slots = receiver.getTransceivers()[2:]
                    for place, origin in enumerate(others):
                        sound, picture = (t.receiver.track for t in origin.getTransceivers()[:2])
                        slots[place].sender.replaceTrack(relay.subscribe(sound))
                        slots[PEOPLE - 1 + place].sender.replaceTrack(relay.subscribe(picture))

    server = await asyncio.start_unix_server(accept, str(path), limit=1 << 20)
    async with server:
        await server.serve_forever()


async def compare(seconds: float) -> int:
    """Both, one after the other."""
    import aioice.ice

    random.seed(1)
    aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]
    pages = load_pages()
    clip = make_clip()
    sender = make_sender(pages, clip)
    print(f"{PEOPLE} people, everybody receives everybody; VP8 640×480@{FPS} {clip.bitrate:.0f} kbit/s, Opus")
    forwarded = await through_worker(pages, sender, seconds)
    print(forwarded.row("forwarding"))
    relayed = await through_relay(sender, seconds)
    print(relayed.row("MediaRelay"))
    ratio = forwarded.per_picture / relayed.per_picture
    print(f"forwarding / MediaRelay: 1/{1 / ratio:.1f} of the CPU (limit 1/{1 / LIMIT:.0f})")
    return 0 if ratio <= LIMIT else 1


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0, help="length of each measurement")
    parser.add_argument("--serve-relay", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve_relay is not None:
        asyncio.run(serve_relay(options.serve_relay))
        return 0
    return asyncio.run(compare(options.seconds))


if __name__ == "__main__":
    sys.exit(main())
