"""The filters of ffmpeg that make picture and sound of a copy, as a graph of ffmpeg-python. Runs nothing.

Every input keeps its times on the recording's timeline (`-copyts`); the graph moves them so that the copy begins at 0.
Recorded pictures come at any rate: each is made 25 a second before they are put together (`fps`), and a missing one is
covered by a card. A camera may change its size at any time, so the size of each frame is looked at (`pad` by frame).
Missing sound is filled by silence by its times, to within 20 ms (`aresample`).

ffmpeg-python names the links and escapes the texts. It takes what is the same for one and the same, so each surface of
one colour has a name of its own (`color@tile0`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import ffmpeg

from media.evidence.render.layout import Box, Turn

Stream = Any
"""A stream of a graph, of an input or a filter; ffmpeg-python has no types."""
RATE = 25
"""Pictures a second of a copy."""
_CARD, _BAR = "0x202428", "0x101214"
LETTER = {"fontcolor": "white", "box": 1, "boxcolor": "black@0.5", "boxborderw": 2}
"""How a text looks."""
_LETTER_WIDTH = 0.6
"""Mean width of a letter, in parts of its height."""


@dataclass(frozen=True)
class Card:
    """Covers a picture, or with `over` only stands at its upper edge, from t0 to t1 (ms of the copy)."""

    t0: int
    t1: int
    text: str
    over: bool = False


@dataclass(frozen=True)
class Tile:
    """A picture in its place. `source` is its input, None where there is nothing to decode."""

    box: Box
    source: Stream | None
    label: str
    cards: tuple[Card, ...] = ()


@dataclass(frozen=True)
class Canvas:
    """What is burnt in around the pictures. `begin`: ms on the recording's timeline; `zero_ms`: since 1970 at its 0."""

    width: int
    height: int
    begin: int
    length: int
    zero_ms: int
    mark: str
    origin: str
    zones: tuple[ZoneInfo, ...]

    @property
    def bar(self) -> int:
        """Height of the bars above and below the pictures, in pixels."""
        return self.height // 36 * 2

    @property
    def area(self) -> Box:
        """What is left for the pictures."""
        return Box(0, self.bar, self.width, self.height - 2 * self.bar)


def seconds(ms: int) -> str:
    """Milliseconds as ffmpeg's seconds."""
    return f"{ms / 1000:.3f}"


def colour(name: str, c: str, w: int, h: int, **more: str) -> Stream:
    """A surface of one colour; no two of a graph have the same name."""
    return _source(f"color@{name}", c=c, s=f"{w}x{h}", r=RATE, **more).video.filter("format", "yuv420p")


def _source(name: str, **options: str | int) -> Stream:
    """What a filter makes of nothing, as an input: ffmpeg-python has no filters without one."""
    told = ":".join(f"{option}={value}" for option, value in options.items())
    return ffmpeg.input(f"{name}={told}", f="lavfi")


def during(spans: Iterable[tuple[int, int]]) -> dict[str, str]:
    """The option that has a filter act in these times (ms) alone; never, when there are none."""
    return {"enable": "+".join(f"gte(t,{seconds(t0)})*lt(t,{seconds(t1)})" for t0, t1 in spans) or "0"}


def write(
    on: Stream,
    text: str,
    x: int | str,
    y: int | str,
    size: int,
    *,
    when: dict[str, str] | None = None,
    moving: bool = False,
) -> Stream:
    """A text written on a picture; `moving` texts hold %{…}, all others are taken literally."""
    expansion = "normal" if moving else "none"
    return on.filter("drawtext", text=text, x=x, y=y, fontsize=size, expansion=expansion, **LETTER, **(when or {}))


def picture(tiles: Sequence[Tile], frame: Canvas, large: tuple[Box, Sequence[Turn]] | None = None) -> Stream:
    """The whole picture. With `large`, one of the pictures stands there too, in turn."""
    places = [tile.box for tile in tiles]
    if large is None:
        alone = [_fitted(tile, _moved(tile, frame), tile.box, f"tile{at}", frame) for at, tile in enumerate(tiles)]
        return _put_together(alone, places, frame)
    small, big = [], []
    for at, tile in enumerate(tiles):
        moved = _moved(tile, frame)
        twice = (None, None) if moved is None else tuple(moved.split()[way] for way in range(2))
        small.append(_fitted(tile, twice[0], tile.box, f"tile{at}", frame))
        big.append(_fitted(tile, twice[1], large[0], f"big{at}", frame))
    return _put_together([*small, _in_turn(big, frame, large)], [*places, large[0]], frame)


def _moved(tile: Tile, frame: Canvas) -> Stream | None:
    """The source of a picture, with the times of the copy."""
    return tile.source.video.filter("setpts", f"PTS-{seconds(frame.begin)}/TB") if tile.source is not None else None


def letters(box: Box, frame: Canvas) -> int:
    """Height of the letters in a picture, in pixels: readable in a small one, modest in a large one."""
    return min(max(10, min(box.h // 6, box.w // 27)), max(10, frame.height // 30))


def _fitted(tile: Tile, source: Stream | None, size: Box, name: str, frame: Canvas) -> Stream:
    """A picture in its size with its cards and its label."""
    text = letters(size, frame)
    if source is None:
        shown = colour(name, _CARD, size.w, size.h)
    else:
        fitted = {"force_original_aspect_ratio": "decrease", "force_divisible_by": 2, "flags": "fast_bilinear"}
        shown = (
            source.filter("scale", size.w, size.h, **fitted)
            .filter("fps", fps=RATE, start_time=0)
            .filter("pad", size.w, size.h, -1, -1, eval="frame")
            .filter("setsar", 1)
            .filter("format", "yuv420p")
            .filter("tpad", stop=-1, stop_mode="clone")
        )
    covered = [(card.t0, card.t1) for card in tile.cards if not card.over]
    if covered and source is not None:
        shown = shown.filter("drawbox", c=_CARD, t="fill", **during(covered))
    for line, over in dict.fromkeys((card.text, card.over) for card in tile.cards):
        when = during((card.t0, card.t1) for card in tile.cards if (card.text, card.over) == (line, over))
        y = text // 2 if over else "(h-th)/2"
        shown = write(shown, _wrapped(line, size.w, text), "(w-tw)/2", y, text, when=when)
    return write(shown, tile.label, text // 2, f"h-{text}-{text // 2}", text)


def _in_turn(pictures: Sequence[Stream], frame: Canvas, large: tuple[Box, Sequence[Turn]]) -> Stream:
    """The large place: the pictures lie above one another, one is shown at a time."""
    box, turns = large
    shown = colour("large", _BAR, box.w, box.h, d=seconds(frame.length))
    for at, one in enumerate(pictures):
        when = during((turn.t0, turn.t1) for turn in turns if turn.which == at)
        shown = ffmpeg.filter([shown, one], "overlay", 0, 0, **when)
    return shown


def _put_together(pictures: Sequence[Stream], places: Sequence[Box], frame: Canvas) -> Stream:
    """The pictures in their places, the bars around them, and the end."""
    area = frame.area
    if len(pictures) > 1:
        layout = "|".join(f"{box.x - area.x}_{box.y - area.y}" for box in places)
        shown = ffmpeg.filter(pictures, "xstack", inputs=len(pictures), layout=layout, fill="black")
    else:
        shown = pictures[0] if pictures else colour("nobody", _CARD, area.w, area.h)
    size = max(8, frame.bar * 3 // 5)
    upper, lower = f"({frame.bar}-th)/2", f"h-({frame.bar}+th)/2"
    shown = shown.filter("pad", frame.width, frame.height, area.x, area.y, color=_BAR)
    shown = write(shown, frame.mark, size // 2, upper, size)
    shown = write(shown, frame.origin, f"w-tw-{size // 2}", upper, size * 3 // 4)
    shown = write(shown, f"%{{pts:hms:{seconds(frame.begin)}}}", size // 2, lower, size, moving=True)
    return _clocks(shown, frame, size, lower).filter("trim", end=seconds(frame.length))


def _clocks(shown: Stream, frame: Canvas, size: int, y: str) -> Stream:
    """The courts' clocks: local time by the zone's own rules, also when they change in the recording."""
    begin = size * 9
    share = (frame.width - begin) // max(1, len(frame.zones))
    longest = max((len(_place(zone)) for zone in frame.zones), default=0) + len("2026-09-21 17:13:25  (UTC+3:00) ")
    fits = max(6, int(share / longest / _LETTER_WIDTH))
    for index, zone in enumerate(frame.zones):
        x = begin + index * share
        for t0, t1, offset in offsets(zone, frame.zero_ms + frame.begin, frame.length):
            at = (frame.zero_ms + frame.begin) / 1000 + offset
            sign, minutes = "-" if offset < 0 else "+", abs(offset) // 60
            behind = f" {_place(zone)} (UTC{sign}{minutes // 60}:{minutes % 60:02d})"
            text = f"%{{pts:gmtime:{at:.3f}:%Y-%m-%d %H\\:%M\\:%S}}{behind}"
            shown = write(shown, text, x, y, min(size * 3 // 4, fits), when=during([(t0, t1)]), moving=True)
    return shown


def _place(zone: ZoneInfo) -> str:
    """`Buenos Aires` of `America/Argentina/Buenos_Aires`."""
    return zone.key.rpartition("/")[2].replace("_", " ")


def offsets(zone: ZoneInfo, begin_ms: int, length: int) -> list[tuple[int, int, int]]:
    """From when to when (ms from `begin_ms`, since 1970) a zone has which distance from UTC, in seconds."""
    found: list[tuple[int, int, int]] = []
    for t in range(0, length, 60_000):
        moment = datetime.fromtimestamp(begin_ms // 1000, UTC) + timedelta(milliseconds=t + begin_ms % 1000)
        distance = moment.astimezone(zone).utcoffset()
        offset = int(distance.total_seconds()) if distance is not None else 0
        if found and found[-1][2] == offset:
            found[-1] = (found[-1][0], min(length, t + 60_000), offset)
        else:
            found.append((t, min(length, t + 60_000), offset))
    return found


def sound(name: str, sources: Sequence[Stream], begin: int, length: int) -> Stream:
    """These inputs together, silence where none has anything."""
    silence = _source(f"anullsrc@{name}", r=48000, cl="stereo")
    heard = [_stereo(silence.audio).filter("atrim", end=seconds(length))]
    for source in sources:
        moved = source.audio.filter("atrim", start=seconds(begin), end=seconds(begin + length))
        moved = moved.filter("asetpts", f"PTS-{seconds(begin)}/TB")
        options = {"async": 1, "min_hard_comp": 0.02, "first_pts": 0}
        heard.append(_stereo(moved.filter("aresample", 48000, **options)))
    mixed = ffmpeg.filter(heard, "amix", inputs=len(heard), duration="first", normalize=0)
    return mixed.filter("alimiter", limit=0.95, level=0, latency=1) if len(sources) > 1 else mixed


def _stereo(sound: Stream) -> Stream:
    return sound.filter("aformat", sample_fmts="fltp", channel_layouts="stereo")


def _wrapped(text: str, width: int, size: int) -> str:
    """A text in lines that fit a width, by the mean width of letters."""
    most = max(8, int(width / (size * _LETTER_WIDTH)))
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > most:
            lines.append("")
        lines[-1] += (" " if lines[-1] else "") + word
    return "\n".join(lines)
