"""The sound check: record to a throw-away key, read back from the store, decrypt, decode, measure, forget.

Same muxer, seal and store as a recording. Passed when, in what was decoded from the store, the loudest 400 ms of sound
is above `PASS_LEVEL` and at least `PASS_FRAMES` pictures decode of which one is not a single colour. The files and the
key live only as long as the check; the journal keeps the result, not the media.
"""

import asyncio
import errno
import hashlib
import io
import logging
import math
import shutil
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from media.evidence import mux, seal
from media.evidence.ledger import segment_name
from media.evidence.mux import Block
from media.evidence.store import FileStore
from media.messages import Frame

logger = logging.getLogger("vivavoce.media.evidence.soundcheck")

PASS_LEVEL = -500
"""Tenths of dBFS RMS."""
LOWEST_LEVEL = -1000
"""What is said of no sound at all."""
PASS_FRAMES = 10
PASS_DEVIATION = 4.0
"""Standard deviation of luma, of 255."""
PIECE = 0.8
"""Seconds of media in one stored file."""
_HOP = 4_800
_WINDOW = 4


@dataclass(frozen=True)
class Measured:
    """What was decoded from the store."""

    level: int
    frames: int
    deviation: float
    heard: bool
    """Whether any sound was decoded, silence included."""
    error: str = ""

    @property
    def audio_ok(self) -> bool:
        """Whether the sound is loud enough."""
        return self.level > PASS_LEVEL

    @property
    def picture(self) -> bool:
        """Whether there was a picture that is not a single colour."""
        return self.frames >= PASS_FRAMES and self.deviation > PASS_DEVIATION


class Ear:
    """Measures decoded sound and pictures, file by file; knows nothing of stores and keys."""

    def __init__(self) -> None:
        self.level = LOWEST_LEVEL
        self.frames = 0
        self.deviation = 0.0
        self.heard = False
        self._energies: list[float] = []
        self._rest: array[int] = array("h")
        self._video: Any = None

    def hear(self, webm: bytes) -> None:
        """Take one audio file: init and Clusters."""
        import av

        with av.open(io.BytesIO(webm), "r", format="matroska") as container:
            resampler = av.AudioResampler(format="s16", layout="mono", rate=48_000)
            for frame in container.decode(audio=0):
                self.heard = True
                for part in resampler.resample(frame):
                    self._rest.frombytes(bytes(part.planes[0])[: 2 * part.samples])
        while len(self._rest) >= _HOP:
            hop, self._rest = self._rest[:_HOP], self._rest[_HOP:]
            self._energies.append(sum(sample * sample for sample in hop) / _HOP)
            if len(self._energies) >= _WINDOW:
                mean = sum(self._energies[-_WINDOW:]) / _WINDOW
                self.level = max(self.level, tenths(math.sqrt(mean) / 32_768))

    def see(self, webm: bytes) -> None:
        """Take one video file: init and Clusters; it may begin with any frame that follows the file before."""
        import av

        if self._video is None:
            self._video = av.CodecContext.create("vp8", "r")
        with av.open(io.BytesIO(webm), "r", format="matroska") as container:
            for packet in container.demux(video=0):
                if packet.size:
                    self._look(packet)

    def _look(self, packet: Any) -> None:
        import av

        try:
            frames = self._video.decode(packet)
        except av.error.FFmpegError:
            return
        for frame in frames:
            self.frames += 1
            plane = frame.planes[0]
            self.deviation = max(self.deviation, deviation(bytes(plane), plane.line_size, frame.width, frame.height))


def tenths(rms: float) -> int:
    """Tenths of dBFS of an RMS between 0 and 1."""
    return max(LOWEST_LEVEL, round(200 * math.log10(rms))) if rms > 0 else LOWEST_LEVEL


def deviation(luma: bytes, line_size: int, width: int, height: int) -> float:
    """Standard deviation over a grid of about 4,000 pixels of a luma plane."""
    across, down = max(1, width // 64), max(1, height // 64)
    pixels = bytearray()
    for row in range(0, height, down):
        pixels += luma[row * line_size : row * line_size + width : across]
    mean = sum(pixels) / len(pixels)
    return math.sqrt(sum((pixel - mean) ** 2 for pixel in pixels) / len(pixels))


class SoundCheck:
    """One check of one person, or of one language channel. Fed on the event loop; stores and decodes in threads."""

    def __init__(self, folder: Path, audio: str, video: str | None, ask_key: Callable[[str], None]) -> None:
        self.audio = audio
        self.video = video
        self._folder = folder
        self._ask_key = ask_key
        self._blocks: dict[str, list[Block]] = {track: [] for track in (audio, video) if track is not None}
        self._init: dict[str, bytes] = {audio: mux.audio_init()}
        self._numbers: dict[str, int] = {}
        self._start: int | None = None
        self._ear = Ear()

    def feed(self, frame: Frame) -> None:
        """Take a frame of the recorder's feed; other tracks' are ignored. Video begins with a key frame."""
        blocks = self._blocks.get(frame.track)
        if blocks is None:
            return
        if frame.track not in self._init:
            if not frame.key or not mux.is_vp8_key(frame.data):
                self._ask_key(frame.track)
                return
            self._init[frame.track] = mux.video_init(*mux.vp8_size(frame.data))
        if self._start is None:
            self._start = frame.at
        t = max((frame.at - self._start) // 1_000_000, blocks[-1].t if blocks else 0)
        blocks.append(Block(t, frame.key or frame.track == self.audio, frame.data))

    async def run(self, seconds: float) -> Measured:
        """Measure until passed, at most `seconds`; the files are gone and the key forgotten on return."""
        identity = seal.make_identity()
        store = FileStore(self._folder)
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        try:
            await asyncio.to_thread((self._folder / "seg").mkdir, mode=0o700, parents=True)
            if self.video is not None:
                self._ask_key(self.video)
            while not self._passed() and (left := end - loop.time()) > 0:
                await asyncio.sleep(min(PIECE, left))
                pieces = [(track, blocks.copy()) for track, blocks in self._blocks.items() if blocks]
                for blocks in self._blocks.values():
                    blocks.clear()
                await asyncio.to_thread(self._store_and_measure, store, identity, pieces)
        except OSError as error:
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            return self._measured("disk_full" if full else "io_error")
        finally:
            await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)
        return self._measured()

    def _passed(self) -> bool:
        measured = self._measured()
        return measured.audio_ok and (self.video is None or measured.picture)

    def _measured(self, error: str = "") -> Measured:
        ear = self._ear
        return Measured(ear.level, ear.frames, ear.deviation, ear.heard, error)

    def _store_and_measure(
        self, store: FileStore, identity: seal.X25519Identity, pieces: list[tuple[str, list[Block]]]
    ) -> None:
        for track, blocks in pieces:
            n = self._numbers[track] = self._numbers.get(track, 0) + 1
            name = segment_name(track, n)
            sealed = identity.recipient.seal(mux.clusters(blocks))
            store.publish([(store.stage(name, sealed), name)])
            stored = store.read(name)
            if hashlib.sha256(stored).digest() != hashlib.sha256(sealed).digest():
                raise OSError(errno.EIO, "what was read back is not what was written")
            clear = self._init[track] + identity.unseal(stored)
            (self._ear.hear if track == self.audio else self._ear.see)(clear)


def advice(measured: Measured, wants_picture: bool) -> str:
    """What was measured and what to try, in English."""
    if measured.error == "disk_full":
        return "The recorder's disk is full: nothing could be stored. Ask the technician to free space."
    if measured.error:
        return "The recorder could not store or read back the test. Ask the technician to look at its disk."
    parts = []
    if not measured.heard:
        parts.append("No sound reached the recorder. Switch the microphone on, and choose the right one.")
    elif measured.level == LOWEST_LEVEL:
        parts.append("Only silence reached the recorder. Unmute the microphone, or choose another one.")
    elif not measured.audio_ok:
        loud, wanted = measured.level / 10, PASS_LEVEL / 10
        parts.append(f"The sound is too quiet: {loud:.1f} dBFS, more than {wanted:.0f} is needed. Move closer.")
    if wants_picture and measured.frames == 0:
        parts.append("No picture reached the recorder. Switch the camera on, and choose the right one.")
    elif wants_picture and measured.frames < PASS_FRAMES:
        parts.append(f"Only {measured.frames} pictures reached the recorder, {PASS_FRAMES} are needed. Try again.")
    elif wants_picture and not measured.picture:
        parts.append("The picture is a single colour. Take off the lens cover, and turn on a light.")
    if parts:
        return " ".join(parts)
    text = f"Heard at {measured.level / 10:.1f} dBFS"
    return f"{text}, {measured.frames} pictures decoded." if wants_picture else f"{text}."
