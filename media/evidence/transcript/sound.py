"""The sound of a track as even pieces of 100 ms on the recording's timeline, decoded in memory (PyAV).

Frames that came late are put where they belong, as long as the time they are of is held. What is missing is silence.
"""

import io
from array import array
from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

RATE = 16_000
"""Samples a second, of one channel with 16 bits."""
HOP_MS = 100
HOP = RATE * HOP_MS // 1000
HELD_MS = 5_000
"""How late a frame may come (docs/recording-format.md §4)."""
_READ = 1 << 16
Samples: TypeAlias = "array[int]"
"""16 bits, one channel."""


class SoundError(Exception):
    """A track that cannot be decoded."""


def hops(content: Iterable[bytes], begin: int, end: int) -> Iterator[Samples]:
    """The sound from `begin` to `end` (ms of the recording), 100 ms at a time; the last piece is filled with silence.

    `content`: the track as WebM, whose times are those of the recording. Holds about five seconds. SoundError when it
    is no sound; a packet that cannot be decoded is silence.
    """
    held: Samples = array("h")
    at, most = begin, HELD_MS * RATE // 1000 + HOP
    for t, samples in _decoded(content):
        offset = round((t - at) * RATE / 1000)
        if offset < 0:
            samples, offset = samples[-offset:], 0
        if offset > len(held):
            held.frombytes(bytes(2 * (offset - len(held))))
        held[offset : offset + len(samples)] = samples
        while len(held) > most and at < end:
            yield held[:HOP]
            del held[:HOP]
            at += HOP_MS
        if at >= end:
            return
    while at < end:
        piece = held[:HOP]
        piece.frombytes(bytes(2 * (HOP - len(piece))))
        yield piece
        del held[:HOP]
        at += HOP_MS


class _Stream(io.RawIOBase):
    """Pieces of bytes as a file that is read once, from the beginning."""

    def __init__(self, content: Iterable[bytes]) -> None:
        self._pieces = iter(content)
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes, empty at the end; what the pieces raise goes through."""
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._rest = memoryview(piece)
        taken, self._rest = self._rest[: size if size >= 0 else _READ], self._rest[max(size, 0) or _READ :]
        return bytes(taken)


def _decoded(content: Iterable[bytes]) -> Iterator[tuple[float, Samples]]:
    """Times in ms and what is heard from then on."""
    import av  # a quarter of a second, and only a command needs it

    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    try:
        with av.open(_Stream(content), "r", format="matroska") as container:
            for packet in container.demux(audio=0):
                for frame in _frames(packet):
                    if frame.pts is None:
                        continue
                    t = float(frame.pts * frame.time_base) * 1000
                    for part in resampler.resample(frame):
                        samples: Samples = array("h")
                        samples.frombytes(bytes(part.planes[0])[: 2 * part.samples])
                        yield t, samples
                        t += part.samples * 1000 / RATE
    except (av.error.FFmpegError, IndexError) as error:
        raise SoundError(f"it is no sound that can be decoded: {error}") from None


def _frames(packet: Any) -> list[Any]:
    """The decoded frames; none of a packet that cannot be decoded."""
    import av

    try:
        return list(packet.decode())
    except av.error.FFmpegError:
        return []
