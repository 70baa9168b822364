"""The filter graph of ffmpeg that makes picture and sound of a copy. Text in, text out; runs nothing.

Every input keeps its times on the recording's timeline (`-copyts`); the graph moves them so that the copy begins at 0.
Recorded pictures come at any rate: each is made 25 a second before they are put together (`fps`), and a missing one is
covered by a card. A camera may change its size at any time, so the size of each frame is looked at (`pad` by frame).
Missing sound is filled by silence by its times, to within 20 ms (`aresample`).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from media.evidence.render.layout import Box, Turn

RATE = 25
"""Pictures a second of a copy."""
_FRAME = f"fps={RATE}:start_time=0"
_SOUND = "aformat=sample_fmts=fltp:channel_layouts=stereo"
_CARD, _BAR = "0x202428", "0x101214"
_OPTION = re.compile(r"([\\': ])")
_GRAPH = re.compile(r"([\\'\[\],; ])")


@dataclass(frozen=True)
class Card:
    """Covers a picture, or with `over` only stands at its upper edge, from t0 to t1 (ms of the copy)."""

    t0: int
    t1: int
    text: str
    over: bool = False


@dataclass(frozen=True)
class Tile:
    """A picture in its place. `source` is the number of its input, None where there is nothing to decode."""

    box: Box
    source: int | None
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


def option(text: str) -> str:
    """A text as the value of an option of a filter in a graph (ffmpeg-filters, "Notes on filtergraph escaping")."""
    return _GRAPH.sub(r"\\\1", _OPTION.sub(r"\\\1", text))


def seconds(ms: int) -> str:
    """Milliseconds as ffmpeg's seconds."""
    return f"{ms / 1000:.3f}"


def during(spans: Iterable[tuple[int, int]]) -> str:
    """The option that has a filter act in these times (ms) alone."""
    return "enable=" + option("+".join(f"gte(t,{seconds(t0)})*lt(t,{seconds(t1)})" for t0, t1 in spans))


def write(text: str, x: str, y: str, size: int, *, when: str = "", moving: bool = False) -> str:
    """The filter that writes a text; `moving` texts hold %{…}, all others are taken literally."""
    parts = [
        f"text={option(text)}",
        f"x={option(x)}",
        f"y={option(y)}",
        f"fontsize={size}",
        "fontcolor=white:box=1:boxcolor=black@0.5:boxborderw=2",
        f"expansion={'normal' if moving else 'none'}",
        *([when] if when else []),
    ]
    return "drawtext=" + ":".join(parts)


def picture(tiles: Sequence[Tile], frame: Canvas, large: tuple[Box, Sequence[Turn]] | None = None) -> str:
    """The chains that end in [picture]. With `large`, one of the pictures stands there too, in turn."""
    chains: list[str] = []
    places = [tile.box for tile in tiles]
    names = [f"tile{at}" for at in range(len(tiles))]
    if large is not None:
        chains += [_source(tile, frame, large[0], f"all{at}") for at, tile in enumerate(tiles)]
        chains += _in_turn(len(tiles), frame, large)
        chains += [
            f"[small{at}]scale={tile.box.w}:{tile.box.h}:flags=fast_bilinear,setsar=1[tile{at}]"
            for at, tile in enumerate(tiles)
        ]
        places.append(large[0])
        names.append("large")
    else:
        chains += [_source(tile, frame, tile.box, f"tile{at}") for at, tile in enumerate(tiles)]
    chains.append(_put_together(names, places, frame))
    return ";".join(chains)


def _source(tile: Tile, frame: Canvas, size: Box, name: str) -> str:
    """A picture in its size with its cards and its label."""
    blank = f"color=c={_CARD}:s={size.w}x{size.h}:r={RATE},format=yuv420p"
    text = max(8, min(size.h, size.w * 3 // 4) // 20)
    if tile.source is None:
        steps = [blank]
    else:
        steps = [
            f"[{tile.source}:v]setpts=PTS-{seconds(frame.begin)}/TB",
            f"scale={size.w}:{size.h}:force_original_aspect_ratio=decrease:force_divisible_by=2:flags=fast_bilinear",
            _FRAME,
            f"pad={size.w}:{size.h}:-1:-1:eval=frame",
            "setsar=1",
            "format=yuv420p",
            "tpad=stop=-1:stop_mode=clone",
        ]
    covered = [(card.t0, card.t1) for card in tile.cards if not card.over]
    if covered and tile.source is not None:
        steps.append(f"drawbox=c={_CARD}:t=fill:{during(covered)}")
    for line, over in dict.fromkeys((card.text, card.over) for card in tile.cards):
        when = during((card.t0, card.t1) for card in tile.cards if (card.text, card.over) == (line, over))
        y = str(text // 2) if over else "(h-th)/2"
        steps.append(write(_wrapped(line, size.w, text), "(w-tw)/2", y, text, when=when))
    steps.append(write(tile.label, str(text // 2), f"h-{text}-{text // 2}", text))
    return f"{','.join(steps)}[{name}]"


def _in_turn(count: int, frame: Canvas, large: tuple[Box, Sequence[Turn]]) -> list[str]:
    """Each picture twice, small and for the large place, on which they lie above one another, one shown at a time."""
    box, turns = large
    chains = [f"[all{at}]split=2[small{at}][big{at}]" for at in range(count)]
    below = f"color=c={_BAR}:s={box.w}x{box.h}:r={RATE}:d={seconds(frame.length)},format=yuv420p"
    for at in range(count):
        spans = [(turn.t0, turn.t1) for turn in turns if turn.which == at]
        chains.append(f"{below}[under{at}]" if at == 0 else "")
        when = during(spans) if spans else "enable=0"
        following = f"under{at + 1}" if at + 1 < count else "large"
        chains.append(f"[under{at}][big{at}]overlay=0:0:{when}[{following}]")
    return [chain for chain in chains if chain]


def _put_together(names: Sequence[str], places: Sequence[Box], frame: Canvas) -> str:
    """The pictures in their places, the bars around them, and the end."""
    inputs = "".join(f"[{name}]" for name in names)
    area, steps = frame.area, []
    if len(names) > 1:
        layout = "|".join(f"{box.x - area.x}_{box.y - area.y}" for box in places)
        steps.append(f"{inputs}xstack=inputs={len(names)}:layout={layout}:fill=black")
    else:
        steps.append(f"{inputs}null" if names else f"color=c={_CARD}:s={area.w}x{area.h}:r={RATE},format=yuv420p")
    size = max(8, frame.bar * 3 // 5)
    upper, lower = f"({frame.bar}-th)/2", f"h-({frame.bar}+th)/2"
    steps += [
        f"pad={frame.width}:{frame.height}:{area.x}:{area.y}:color={_BAR}",
        write(frame.mark, str(size // 2), upper, size),
        write(frame.origin, f"w-tw-{size // 2}", upper, size * 3 // 4),
        write(f"%{{pts:hms:{seconds(frame.begin)}}}", str(size // 2), lower, size, moving=True),
        *_clocks(frame, size, lower),
        f"trim=end={seconds(frame.length)}",
    ]
    return ",".join(steps) + "[picture]"


def _clocks(frame: Canvas, size: int, y: str) -> list[str]:
    """The courts' clocks: local time by the zone's own rules, also when they change in the recording."""
    written = []
    share = frame.width * 3 // 4 // max(1, len(frame.zones))
    for index, zone in enumerate(frame.zones):
        x = str(frame.width // 4 + index * share)
        for t0, t1, offset in offsets(zone, frame.zero_ms + frame.begin, frame.length):
            at = (frame.zero_ms + frame.begin) / 1000 + offset
            place = zone.key.rpartition("/")[2].replace("_", " ")
            sign, minutes = "-" if offset < 0 else "+", abs(offset) // 60
            text = (
                f"%{{pts:gmtime:{at:.3f}:%Y-%m-%d %H\\:%M\\:%S}} {place} (UTC{sign}{minutes // 60}:{minutes % 60:02d})"
            )
            written.append(write(text, x, y, size * 3 // 4, when=during([(t0, t1)]), moving=True))
    return written


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


def sound(name: str, sources: Sequence[int], begin: int, length: int) -> str:
    """The chain that ends in [name]: these inputs together, silence where none has anything."""
    chains = [f"anullsrc=r=48000:cl=stereo,{_SOUND},atrim=end={seconds(length)}[{name}0]"]
    for at, source in enumerate(sources, 1):
        chains.append(
            f"[{source}:a]atrim=start={seconds(begin)}:end={seconds(begin + length)},"
            f"asetpts=PTS-{seconds(begin)}/TB,aresample=48000:async=1:min_hard_comp=0.02:first_pts=0,{_SOUND}"
            f"[{name}{at}]"
        )
    inputs = "".join(f"[{name}{at}]" for at in range(len(sources) + 1))
    mixed = f"amix=inputs={len(sources) + 1}:duration=first:normalize=0"
    limited = ",alimiter=limit=0.95:level=0:latency=1" if len(sources) > 1 else ""
    return ";".join([*chains, f"{inputs}{mixed}{limited}[{name}]"])


def _wrapped(text: str, width: int, size: int) -> str:
    """A text in lines that fit a width, by the mean width of letters."""
    most = max(8, int(width / (size * 0.6)))
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > most:
            lines.append("")
        lines[-1] += (" " if lines[-1] else "") + word
    return "\n".join(lines)
