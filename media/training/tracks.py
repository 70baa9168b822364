"""Voice and picture of a simulated person: a tone that grows loud when it speaks, and a field of colour."""

import array
import asyncio
import fractions
import math
import time

from aiortc import MediaStreamTrack
from av import AudioFrame, VideoFrame

RATE, SAMPLES = 48_000, 960
"""Hz, and samples of the 20 ms of a frame."""
LOUD, SOFT = 9_000, 1_200
"""Amplitudes of 16 bits: while somebody speaks, and while they are only there."""
FPS, WIDTH, HEIGHT = 8, 320, 180
CLOCK = 90_000


def tone(hertz: int, amplitude: int) -> bytes:
    """A frame of a tone whose waves end with the frame: `hertz` is a multiple of 50."""
    wave = (round(amplitude * math.sin(2 * math.pi * hertz * n / RATE)) for n in range(SAMPLES))
    return array.array("h", wave).tobytes()


class _Paced(MediaStreamTrack):
    """Gives a frame each time it is due."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._every, self._number, self._began = seconds, 0, 0.0

    async def _due(self) -> int:
        """Wait for the next frame; its number."""
        self._began = self._began or time.monotonic()
        await asyncio.sleep(self._began + self._number * self._every - time.monotonic())
        self._number += 1
        return self._number - 1


class Voice(_Paced):
    """A tone. `speaking` makes it loud."""

    kind = "audio"

    def __init__(self, hertz: int) -> None:
        super().__init__(SAMPLES / RATE)
        self.speaking = False
        self._frames = {True: tone(hertz, LOUD), False: tone(hertz, SOFT)}

    async def recv(self) -> AudioFrame:
        """The next 20 ms."""
        number = await self._due()
        frame = AudioFrame(format="s16", layout="mono", samples=SAMPLES)
        frame.planes[0].update(self._frames[self.speaking])
        frame.sample_rate, frame.pts = RATE, number * SAMPLES
        frame.time_base = fractions.Fraction(1, RATE)
        return frame


class Picture(_Paced):
    """A field of one colour (Y, U, V), with a bar that moves: so that it is not taken for a frozen camera."""

    kind = "video"

    def __init__(self, colour: tuple[int, int, int]) -> None:
        super().__init__(1 / FPS)
        self._colour = colour

    async def recv(self) -> VideoFrame:
        """The next picture."""
        number = await self._due()
        frame = VideoFrame(WIDTH, HEIGHT, "yuv420p")
        for plane, value in zip(frame.planes, self._colour, strict=True):
            plane.update(bytes([value]) * plane.buffer_size)
        luma = frame.planes[0]
        rows = bytearray([self._colour[0]]) * luma.buffer_size
        at = (number * 8) % (WIDTH - 16)
        for row in range(20, 40):
            begin = row * luma.line_size + at
            rows[begin : begin + 16] = b"\xeb" * 16
        luma.update(bytes(rows))
        frame.pts, frame.time_base = number * CLOCK // FPS, fractions.Fraction(1, CLOCK)
        return frame
