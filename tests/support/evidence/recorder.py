"""Real VP8 frames and Opus packets, a recorder process, and what stands in for web and worker beside it."""

import asyncio
import contextlib
import fractions
import json
import math
import os
import signal
import subprocess
import sys
import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import av

from media.evidence.check import bag, policy, verify
from media.evidence.log.custody import Accessor
from media.evidence.seal import age, seal_key
from media.link import Link, connect
from media.messages import (
    RECORDER_TO_WEB,
    RECORDER_TO_WORKER,
    Attach,
    Attached,
    Batch,
    CloseRecording,
    Frame,
    KeyFrameWanted,
    NamedRecipient,
    OpenRecording,
    SealProgress,
    TrackPlan,
    TrackSwitch,
)
from tests.support.evidence.seals import LocalSeal, ServedSeal

ROOT = Path(__file__).resolve().parents[3]
RECORDING = "0193c0de-0000-7000-8000-000000000001"
COURT = "court.example"


def encode_video(count: int, *, gop: int = 1000, plain: bool = False, size: tuple[int, int] = (320, 240)) -> list[Any]:
    """VP8 frames at 25 a second, (is key, bytes) each: moving stripes, or a single colour."""
    codec = av.CodecContext.create("libvpx", "w")
    codec.width, codec.height = size
    codec.pix_fmt = "yuv420p"
    codec.time_base = fractions.Fraction(1, 25)
    codec.bit_rate, codec.thread_count = 200_000, 1
    codec.gop_size = gop
    codec.options = {"deadline": "realtime", "cpu-used": "16", "lag-in-frames": "0", "auto-alt-ref": "0"}
    packets = []
    for number in range(count):
        frame = av.VideoFrame(*size, "yuv420p")
        for index, plane in enumerate(frame.planes):
            moving = index == 0 and not plain
            line = bytes((3 * x + 5 * number) % 256 if moving else 128 for x in range(plane.line_size))
            plane.update(line * plane.height)
        frame.pts = number
        packets += codec.encode(frame)
    packets += codec.encode(None)
    return [(packet.is_keyframe, bytes(packet)) for packet in packets]


def encode_audio(count: int, *, amplitude: int = 8000) -> list[bytes]:
    """Opus packets of 20 ms: a tone of 440 Hz."""
    codec = av.CodecContext.create("libopus", "w")
    codec.sample_rate = 48_000
    codec.layout = "mono"
    codec.format = "s16"
    codec.bit_rate = 32_000
    codec.options = {"application": "voip", "frame_duration": "20"}
    packets = []
    for number in range(count):
        frame = av.AudioFrame(format="s16", layout="mono", samples=960)
        frame.sample_rate = 48_000
        start = number * 960
        tone = (int(amplitude * math.sin(2 * math.pi * 440 * at / 48_000)) for at in range(start, start + 960))
        frame.planes[0].update(array("h", tone).tobytes())
        frame.pts = start
        packets += codec.encode(frame)
    return [bytes(packet) for packet in packets]


@dataclass
class Source:
    """One sender in real time: 25 pictures and 50 packets of sound a second, looped; key frames when asked."""

    link: Link[Any]
    audio: dict[str, list[bytes]] = field(default_factory=dict)
    video: dict[str, list[Any]] = field(default_factory=dict)
    off: set[str] = field(default_factory=set)
    wanted: list[str] = field(default_factory=list)
    failing: list[str] = field(default_factory=list)
    progress: list[int] = field(default_factory=list)
    restart: set[str] = field(default_factory=set)
    places: dict[str, int] = field(default_factory=dict)
    sent: dict[str, int] = field(default_factory=dict)
    """Capture time in ns of the last frame handed to the socket, by track."""

    async def listen(self) -> None:
        """Take what the recorder says."""
        async for message in self.link:
            if isinstance(message, KeyFrameWanted):
                self.wanted.append(message.track)
                self.restart.add(message.track)
            elif isinstance(message, SealProgress):
                self.progress.append(message.count)
            else:
                self.failing.append(message.code)

    def switch(self, track: str, on: bool, cause: str = "") -> None:
        """Switch a track."""
        (self.off.discard if on else self.off.add)(track)
        at = time.time_ns()
        switches = [TrackSwitch(track=track, on=on, cause=cause, at=at)]
        self.link.send(Batch(sent=at, frames=[], reports=[], switches=switches, losses=[], outages=[]))

    async def run(self, seconds: float) -> None:
        """Send in batches of 80 ms for so long."""
        start = time.time_ns()
        sent = 0
        while sent < seconds * 1000:
            frames = []
            for ms in range(sent, sent + 80, 20):
                at = start + ms * 1_000_000
                for track, packets in self.audio.items():
                    if track not in self.off:
                        frames.append(_frame(track, at, 11, packets[(ms // 20) % len(packets)], True))
                for track, pictures in self.video.items():
                    if track not in self.off and ms % 40 == 0:
                        frames.append(self._picture(track, at, pictures))
            sent += 80
            await asyncio.sleep(max(0.0, (start + sent * 1_000_000 - time.time_ns()) / 1e9))
            self.link.send(Batch(sent=time.time_ns(), frames=frames, reports=[], switches=[], losses=[], outages=[]))
            self.sent |= {frame.track: frame.at for frame in frames}

    def _picture(self, track: str, at: int, pictures: list[Any]) -> Frame:
        place = self.places.get(track, 0)
        if track in self.restart:
            self.restart.discard(track)
            place = 0
        self.places[track] = (place + 1) % len(pictures)
        key, data = pictures[place]
        return _frame(track, at, 22, data, key)


def _frame(track: str, at: int, ssrc: int, data: bytes, key: bool) -> Frame:
    return Frame(
        track=track,
        at=at,
        rtp=at // 20_833 % 2**32,
        ssrc=ssrc,
        key=key,
        level=30,
        seq=at // 20_000_000 % 2**16,
        packets=1,
        data=data,
    )


@dataclass
class Bench:
    """A recorder process with its folders, and links to it."""

    base: Path
    recordings: Path
    seal: LocalSeal
    served: ServedSeal
    authority: age.Identity
    process: subprocess.Popen[bytes] | None = None
    events: list[Any] = field(default_factory=list)
    tasks: list[Any] = field(default_factory=list)
    links: list[Any] = field(default_factory=list)
    number: int = 0

    @property
    def folder(self) -> Path:
        """The recording's folder."""
        return self.recordings / RECORDING

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The journal's whole lines."""
        data = (self.folder / "journal.jsonl").read_bytes()
        return [json.loads(line) for line in data[: data.rfind(b"\n") + 1].splitlines()]

    def start(self, *arguments: str, prefix: tuple[str, ...] = ()) -> None:
        """Start the process."""
        run = self.base / "run"
        run.mkdir(mode=0o700, exist_ok=True)
        command = [
            *prefix, sys.executable, "-m", "media.evidence.recording.recorder", "--folder", str(run),
            "--recordings", str(self.recordings), "--seal", str(self.served.socket),
            "--court", COURT, *arguments,
        ]  # fmt: skip
        with (self.base / "recorder.log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    async def web(self, last_seq: int = 0) -> Link[Any]:
        """A web process attaches; its events go to `events`."""
        link = await self._connect("recorder.sock", RECORDER_TO_WEB)
        link.send(Attach(last_seq=last_seq))
        before = len(self.of(Attached))

        async def listen() -> None:
            async for message in link:
                self.events.append(message)

        self.tasks.append(asyncio.create_task(listen()))
        await self.until(lambda: len(self.of(Attached)) > before)
        self.control = link
        return link

    async def worker(self, **tracks: Any) -> Source:
        """A worker connects."""
        source = Source(await self._connect("frames.sock", RECORDER_TO_WORKER), **tracks)
        self.tasks.append(asyncio.create_task(source.listen()))
        return source

    def send(self, source: Source, seconds: float = 120) -> asyncio.Task[None]:
        """Let a source send in the background."""
        task = asyncio.create_task(source.run(seconds))
        self.tasks.append(task)
        return task

    async def _connect(self, name: str, incoming: Any) -> Link[Any]:
        deadline = time.monotonic() + 20
        while True:
            try:
                link = await connect(self.base / "run" / name, incoming)
            except OSError:
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(0.02)
            else:
                self.links.append(link)
                return link

    async def until(self, condition: Callable[[], Any], seconds: float = 20) -> Any:
        """Wait until something is true; what it was."""
        deadline = time.monotonic() + seconds
        while not (found := condition()):
            assert time.monotonic() < deadline, (self.base / "recorder.log").read_text()[-2000:] or self.events[-5:]
            await asyncio.sleep(0.02)
        return found

    def of(self, kind: type[Any]) -> list[Any]:
        """Events of a kind so far."""
        return [event for event in self.events if isinstance(event, kind)]

    async def ask(self, kind: type[Any], **fields: Any) -> Any:
        """Send a command; the answer."""
        self.number += 1
        name = f"ask-{self.number}-{time.monotonic_ns()}"
        self.control.send(kind(id=name, **fields))
        found = await self.until(lambda: [event for event in self.events if getattr(event, "re", "") == name], 30)
        return found[0]

    async def open(self, *tracks: TrackPlan) -> Any:
        """Open the recording."""
        recipients = [NamedRecipient(name="requesting authority", recipient=self.authority.recipient.text)]
        return await self.ask(
            OpenRecording, recording=RECORDING, hearing="hearing-1", recipients=recipients, tracks=list(tracks)
        )

    async def close(self) -> Any:
        """Close the recording."""
        return await self.ask(CloseRecording)

    def signal(self, number: int) -> None:
        """Send a signal to the process."""
        assert self.process is not None
        os.kill(self.process.pid, number)

    async def gone(self) -> int:
        """Wait for the end of the process; its exit code."""
        assert self.process is not None
        return await asyncio.to_thread(self.process.wait, 30)

    async def kill(self) -> None:
        """End it at once, and forget what it said."""
        self.signal(signal.SIGKILL)
        await self.gone()
        self.events.clear()

    async def end(self) -> None:
        """Take everything down."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        for link in self.links:
            await link.close()
        if self.process is not None and self.process.poll() is None:
            self.signal(signal.SIGCONT)
            with contextlib.suppress(OSError, ValueError):  # under strace the recorder is its child
                os.kill(int((self.base / "run/recorder.pid").read_text().split()[0]), signal.SIGKILL)
            self.process.kill()
            await self.gone()
        self.served.close()

    def clear(self, name: str) -> bytes:
        """A stored file, decrypted with the authority's key."""
        identity = age.unwrap((self.folder / "hearing-key.age").read_bytes(), self.authority)
        return identity.unseal((self.folder / name).read_bytes())

    def verdict(self) -> verify.VerificationReport:
        """Export what was recorded and check the bag, also decrypting everything."""
        target = self.base / f"bag-{time.monotonic_ns()}"
        bag.export(self.folder, target, self.seal, Accessor("Ioana Marin", "clerk", "RO"), "test", datetime.now(UTC))
        pinned = policy.parse(f"log {self.seal.key.vkey(COURT)}\nquorum none\n".encode())
        key_file = f"{self.authority.text()}\n".encode()
        return verify.verify(target, verify.VerificationRequest(pinned, without_stamp=True, identity=key_file))


def plan(track: str, kind: Any, *, required: bool = True, lang: str = "") -> TrackPlan:
    """A track plan."""
    return TrackPlan(track=track, role="judge", kind=kind, lang=lang, required=required, pseudonym=False)


def make_bench(base: Path, recordings: Path) -> Bench:
    """A bench whose recordings lie in a folder that may be a file system of its own."""
    folder = base / "seal"
    folder.mkdir(mode=0o700)
    local = LocalSeal(folder, seal_key.make_seal_key(folder / "seal.key"))
    return Bench(base, recordings, local, ServedSeal(local, base / "seal.sock"), age.make_identity())
