"""Small recordings of which every frame is known: colours and tones change at set times. What is in a copy of one."""

import hashlib
import math
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import rfc8785

from media.evidence.recording import mux
from media.evidence.recording.mux import Block
from tests.support.evidence.bags import MIMES, Recording

SEGMENT, PICTURE, PACKET = 2_000, 40, 20
RED, GREEN, BLUE, WHITE = (200, 30, 30), (30, 160, 30), (30, 30, 200), (235, 235, 235)

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Shot:
    """A track: `shows` gives the colour, or the tone in Hz (0: silence), of a time in ms. `gaps`: ms, ms, cause.

    `lost`: from when to when frames did not come, in a segment.

    `size` gives the picture's width and height at a time; it may change where a segment begins.
    """

    kind: str
    shows: Callable[[int], Colour | int]
    lang: str = ""
    begin: int = 0
    gaps: tuple[tuple[int, int, str], ...] = ()
    lost: tuple[tuple[int, int], ...] = ()
    size: Callable[[int], tuple[int, int]] = lambda _t: (160, 96)

    def pieces(self, end: int) -> list[tuple[int, int, str]]:
        """Segments (without a cause) and gaps, in order of time."""
        found, at = list(self.gaps), self.begin
        for t0, t1 in [*((gap[0], gap[1]) for gap in self.gaps), (end, end)]:
            cuts = [*range(at, t0, SEGMENT), t0]
            found += [(start, stop, "") for start, stop in pairwise(cuts)]
            at = t1
        return sorted(found)


def person(seat: str, role: str, state: str) -> dict[str, str]:
    """Somebody as an exported case has them."""
    return {"id": f"id-{seat}", "display_name": f"Name of {seat}", "role": role, "state": state, "seat": seat}


def film(shots: Mapping[str, Shot], end: int, people: Mapping[str, tuple[str, str]] | None = None) -> Recording:
    """A recording of these tracks, without entries and `close`. `people`: seat → role and State."""
    made = Recording()
    made.begin()
    for seat, (role, state) in (people or {}).items():
        facts = {"id": f"id-{seat}", "name": f"Name of {seat}", "role": role, "state": state}
        sealed = hashlib.sha256(rfc8785.dumps(facts)).hexdigest()
        made.line("person", seat=seat, role=role, state=state, sha256=sealed)
    for name, shot in shots.items():
        made.track(name, shot.kind, t=shot.begin, required=shot.begin == 0, lang=shot.lang)
        video = shot.kind in ("floor-video", "screen")
        pieces = shot.pieces(end)
        media = _video(shot, pieces) if video else _audio(shot, pieces)
        init = mux.video_init(*shot.size(shot.begin)) if video else mux.audio_init()
        if any(not cause for _t0, _t1, cause in pieces):
            made.init(name, init, MIMES["video" if video else "audio"])
        number = 0
        for t0, t1, cause in pieces:
            if cause:
                made.gap(name, (t0, t1), cause)
                continue
            number += 1
            came = [block for block in media if not any(start <= block.t < stop for start, stop in shot.lost)]
            inside = [block for block in came if t0 <= block.t < t1]
            made.segment(name, number, mux.clusters(inside), (t0, t1), [0] if video else [])
    return made


def entry(made: Recording, number: int, t: int, kind: str, who: str = "", seat: str = "", sha256: str = "") -> None:
    """An entry of the hearing's log."""
    made.line("event", entry=number, kind=kind, t=t, who=who, seat=seat, sha256=sha256 or f"{number:064x}")


def _video(shot: Shot, pieces: list[tuple[int, int, str]]) -> list[Block]:
    blocks: list[Block] = []
    for t0, t1, cause in pieces:
        if cause:
            continue
        width, height = shot.size(t0)
        codec = av.CodecContext.create("libvpx", "w")
        codec.width, codec.height, codec.pix_fmt = width, height, "yuv420p"
        codec.time_base, codec.framerate = Fraction(1, 1000), Fraction(1000 // PICTURE)
        codec.bit_rate, codec.thread_count = 200_000, 1
        codec.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "auto-alt-ref": "0"}
        for t in range(t0, t1, PICTURE):
            frame = av.VideoFrame(width, height, "rgb24")
            line = frame.planes[0].line_size
            colour = shot.shows(t)
            assert not isinstance(colour, int)
            frame.planes[0].update((bytes(colour) * width).ljust(line, b"\0") * height)
            frame = frame.reformat(format="yuv420p")
            frame.pts = t
            blocks += [Block(t, mux.is_vp8_key(bytes(packet)), bytes(packet)) for packet in codec.encode(frame)]
    return blocks


def _audio(shot: Shot, pieces: list[tuple[int, int, str]]) -> list[Block]:
    codec = av.CodecContext.create("libopus", "w")
    codec.sample_rate, codec.layout, codec.format, codec.bit_rate = 48_000, "stereo", "s16", 64_000
    blocks: list[Block] = []
    for t0, t1, cause in pieces:
        if cause:
            continue
        for t in range(t0, t1, PACKET):
            tone = shot.shows(t)
            assert isinstance(tone, int)
            wave = [round(8_000 * math.sin(2 * math.pi * tone * (t * 48 + at) / 48_000)) for at in range(960)]
            frame = av.AudioFrame(format="s16", layout="stereo", samples=960)
            frame.planes[0].update(struct.pack("<1920h", *(sample for each in wave for sample in (each, each))))
            frame.sample_rate, frame.pts = 48_000, t * 48
            blocks += [Block(t, True, bytes(packet)) for packet in codec.encode(frame)]
    return blocks


# --- what is in a copy -----------------------------------------------------------------------------------------------


def changes(file: Path, x: float, y: float) -> list[tuple[float, str]]:
    """At which second which colour is to be seen from then on, at a place given in shares of width and height."""
    found: list[tuple[float, str]] = []
    with av.open(str(file)) as copy:
        for frame in copy.decode(video=0):
            picture = frame.reformat(format="rgb24")
            plane = picture.planes[0]
            at = int(y * picture.height) * plane.line_size + int(x * picture.width) * 3
            name = colour_name(*bytes(plane)[at : at + 3])
            assert frame.time is not None
            if not found or found[-1][1] != name:
                found.append((frame.time, name))
    return found


def colour_name(red: int, green: int, blue: int) -> str:
    """The nearest of the colours that films have, or `dark` for a card and what is empty."""
    known = {"red": RED, "green": GREEN, "blue": BLUE, "white": WHITE, "dark": (28, 32, 36)}
    return min(known, key=lambda name: sum((a - b) ** 2 for a, b in zip(known[name], (red, green, blue), strict=True)))


def tones(file: Path, stream: int) -> list[tuple[float, bool]]:
    """At which second a sound begins (True) and ends (False), to 10 ms, in the copy's sound of this number."""
    samples: list[float] = []
    begin = 0.0
    with av.open(str(file)) as copy:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=48_000)
        for frame in copy.decode(audio=stream):
            begin = begin if samples else float(frame.time or 0)
            for part in resampler.resample(frame):
                samples += struct.unpack(f"<{part.samples}f", bytes(part.planes[0])[: 4 * part.samples])
    found: list[tuple[float, bool]] = []
    for at in range(0, len(samples), 480):
        loud = max(map(abs, samples[at : at + 480])) > 0.05
        if loud != (found[-1][1] if found else False):
            found.append((begin + at / 48_000, loud))
    return found
