"""Decodes and measures the media of a sound check, in a process of its own: decoders parse untrusted input.

`python -m media.evidence.recording.level_meter` reads pieces from standard input, each a letter (`a` sound, `v`
pictures), a four-byte big-endian length and a WebM file, and answers each with one line of JSON. It writes no file and
holds no key.
"""

import io
import json
import math
import resource
import struct
import sys
from array import array
from collections.abc import Callable
from functools import partial
from typing import Any

LOWEST_LEVEL = -1000
"""Level reported for digital silence, in tenths of dBFS."""
HEADER = struct.Struct(">cI")
MAX_PIECE = 16 * 1024 * 1024
CPU_SECONDS = 60
_HOP = 4_800
_WINDOW = 4


class LevelMeter:
    """Measures decoded sound and pictures, file by file; accesses no stores and keys."""

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
            for packet in container.demux(audio=0):
                for frame in _decoded(packet.decode):
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
                    for frame in _decoded(partial(self._video.decode, packet)):
                        self._look(frame)

    def _look(self, frame: Any) -> None:
        self.frames += 1
        plane = frame.planes[0]
        self.deviation = max(self.deviation, deviation(bytes(plane), plane.line_size, frame.width, frame.height))


def _decoded(decode: Callable[[], list[Any]]) -> list[Any]:
    """The decoded frames; a packet that cannot be decoded is skipped."""
    import av

    try:
        return decode()
    except av.error.FFmpegError:
        return []


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


def main() -> int:
    """Serve until standard input ends."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    ear = LevelMeter()
    while header := sys.stdin.buffer.read(HEADER.size):
        kind, length = HEADER.unpack(header)
        if length > MAX_PIECE:
            return 1
        (ear.hear if kind == b"a" else ear.see)(sys.stdin.buffer.read(length))
        report = {"level": ear.level, "heard": ear.heard, "frames": ear.frames, "deviation": ear.deviation}
        print(json.dumps(report), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
