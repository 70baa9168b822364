"""What a copy shows, from what the recording holds and what is wanted of it: inputs, filter graph, streams, chapters.

Pure but for the sealed files, which are opened when ffmpeg asks for them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from media.evidence.log.journal_lines import SWITCHED_OFF
from media.evidence.render import graph, layout, subtitles, words
from media.evidence.render.encoders import Container
from media.evidence.render.feed import Input
from media.evidence.render.graph import Canvas, Card, Tile
from media.evidence.render.material import LANGUAGE, SOUND, VIDEO, Identities, Material

LAYOUTS = ("grid", "speaker")
_MEDIA = ("-reinit_filter", "0", "-f", "matroska")
"""A camera changes its size at will; a graph made anew would lose what it holds."""


class WishError(ValueError):
    """The recording has not what is wanted of the copy; the text names it."""


@dataclass(frozen=True)
class Wish:
    """What is wanted of a copy; times in ms on the recording's timeline. `tracks`: these alone, or all when empty."""

    begin: int
    end: int
    layout: str = "grid"
    tracks: tuple[str, ...] = ()
    masked: tuple[str, ...] = ()
    zones: tuple[ZoneInfo, ...] = (ZoneInfo("UTC"),)
    case: Path | None = None
    size: tuple[int, int] = (1280, 720)


@dataclass
class CopyPlan:
    """A copy that is to be made. `graphs`: one that ends in [picture], and one for each sound, so that ffmpeg can run
    them side by side.
    """

    inputs: list[Input] = field(default_factory=list)
    graphs: list[str] = field(default_factory=list)
    sounds: list[tuple[str, str, str]] = field(default_factory=list)
    """Label in its graph, title, ISO 639-2 code."""
    subtitles: list[tuple[int, str, str]] = field(default_factory=list)
    """Number of the input, title, ISO 639-2 code."""
    chapters: int | None = None
    """Number of the input."""
    used: list[str] = field(default_factory=list)
    """The tracks of which something is in the copy."""
    lacking: int = 0
    """Captions of this time of which the text is not at hand, or is not the one that was sealed."""

    def add(self, options: Sequence[str], content: list[bytes] | object) -> int:
        """Add an input; returns its number."""
        self.inputs.append(Input(options, content))  # type: ignore[arg-type]
        return len(self.inputs) - 1


def make(material: Material, identities: Identities, origin: str, wish: Wish) -> CopyPlan:
    """Plan a copy. Raises WishError, and CaseError for a case that cannot be read."""
    _check(material, wish)
    wanted = [name for name in material.course.tracks if not wish.tracks or name in wish.tracks]
    plan = CopyPlan()
    sources = {
        name: plan.add(_MEDIA, material.stream(name, wish.begin, wish.end, identities))
        for name in wanted
        if words.seat_of(name) not in wish.masked
        and material.course.tracks[name].kind in {*VIDEO, SOUND, LANGUAGE}
        and material.has_media(name, wish.begin, wish.end)
    }
    plan.used = list(sources)
    plan.graphs = [_pictures(material, wanted, sources, origin, wish), *_sounds(plan, material, wanted, sources, wish)]
    _texts(plan, material, wish)
    return plan


def arguments(plan: CopyPlan, container: Container, codecs: Sequence[str], about: Mapping[str, str]) -> list[str]:
    """ffmpeg's arguments behind its inputs, but the name of the file."""
    parts = [part for one in plan.graphs for part in ("-filter_complex", one)] + ["-map", "[picture]"]
    streams = [("a", title, code) for _label, title, code in plan.sounds]
    for label, _title, _code in plan.sounds:
        parts += ["-map", f"[{label}]"]
    for number, title, code in plan.subtitles:
        parts += ["-map", f"{number}:s"]
        streams.append(("s", title, code))
    parts += ["-map_chapters", "-1" if plan.chapters is None else str(plan.chapters)]
    parts += codecs
    if plan.subtitles:
        parts += ["-c:s", container.subtitles]
    counted = {"a": 0, "s": 0}
    for kind, title, code in streams:
        stream = f"{kind}:{counted[kind]}"
        for name, value in (("language", code), ("title", title), ("handler_name", title)):
            parts += [f"-metadata:s:{stream}", f"{name}={value}"]
        parts += [f"-disposition:{stream}", "default" if stream == "a:0" else "0"]
        counted[kind] += 1
    for name, value in about.items():
        parts += ["-metadata", f"{name}={value}"]
    return [*parts, "-r", str(graph.RATE), "-f", container.name, *container.options]


def _check(material: Material, wish: Wish) -> None:
    sitting = material.course
    if not 0 <= wish.begin < wish.end <= sitting.end:
        raise WishError(f"the recording runs from 0:00:00 to {words.clock(sitting.end)} ({sitting.end / 1000:.3f} s)")
    for name in wish.tracks:
        if name not in sitting.tracks:
            raise WishError(f"the recording has no track {name}; it has {', '.join(sitting.tracks)}")
    seats = {words.seat_of(name) for name, track in sitting.tracks.items() if track.kind != LANGUAGE}
    for seat in wish.masked:
        if seat not in seats:
            raise WishError(f"nobody has the seat {seat}; the seats are {', '.join(sorted(seats))}")


def _pictures(material: Material, wanted: Sequence[str], sources: Mapping[str, int], origin: str, wish: Wish) -> str:
    cameras = [name for name in wanted if material.course.tracks[name].kind in VIDEO]
    width, height = wish.size
    frame = Canvas(
        width=width,
        height=height,
        begin=wish.begin,
        length=wish.end - wish.begin,
        zero_ms=material.course.zero // 1_000_000,
        mark=words.MARK,
        origin=words.plain(origin),
        zones=wish.zones,
    )
    large = None
    places = layout.grid(len(cameras), frame.area) if cameras else []
    if wish.layout == "speaker" and len(cameras) > 1:
        place, places = layout.beside(len(cameras), frame.area)
        heard = [material.pieces.get(_microphone(material, name), []) for name in cameras]
        turns = layout.turns(heard, wish.begin, wish.end)
        large = place, [turn._replace(t0=turn.t0 - wish.begin, t1=turn.t1 - wish.begin) for turn in turns]
    tiles = [
        Tile(box, sources.get(name), words.label(material.course, name, wish.begin), _cards(material, name, wish))
        for name, box in zip(cameras, places, strict=True)
    ]
    return graph.picture(tiles, frame, large)


def _cards(material: Material, camera: str, wish: Wish) -> tuple[Card, ...]:
    """What is written over a picture: why there is none, and why its microphone is missing."""
    seat = words.seat_of(camera)
    length = wish.end - wish.begin
    if seat in wish.masked:
        return (Card(0, length, words.COVERED),)
    cards = []
    for kind, track, over in (("Picture", camera, False), ("Sound", _microphone(material, camera), True)):
        if track not in material.course.tracks or (over and camera not in (f"{seat}_cam",)):
            continue
        for gap in material.missing(track, wish.begin, wish.end):
            told = "Microphone" if over and gap.cause in SWITCHED_OFF else kind
            cards.append(Card(gap.t0 - wish.begin, gap.t1 - wish.begin, f"{told}: {words.why(gap.cause)}", over))
    return tuple(cards)


def _microphone(material: Material, camera: str) -> str:
    """The microphone of a camera's seat; "" for a seat without one."""
    seat = words.seat_of(camera)
    return next((name for name in material.tracks(SOUND) if words.seat_of(name) == seat), "")


def _sounds(
    plan: CopyPlan, material: Material, wanted: Sequence[str], sources: Mapping[str, int], wish: Wish
) -> list[str]:
    """The floor, all microphones together, then each channel of interpretation by itself."""
    length = wish.end - wish.begin
    tracks = material.course.tracks
    floor = [sources[name] for name in wanted if tracks[name].kind == SOUND and name in sources]
    left_out = " (voices left out)" if wish.masked else ""
    plan.sounds.append(("floor", f"Floor{left_out}", words.FLOOR))
    chains = [graph.sound("floor", floor, wish.begin, length)]
    for at, name in enumerate(name for name in wanted if tracks[name].kind == LANGUAGE):
        tag = tracks[name].lang
        plan.sounds.append((f"lang{at}x", f"Interpretation: {words.language(tag)}", words.iso_639_2(tag)))
        chains.append(graph.sound(f"lang{at}x", [sources[name]] if name in sources else [], wish.begin, length))
    return chains


def _texts(plan: CopyPlan, material: Material, wish: Wish) -> None:
    """Subtitles and chapters."""
    told = [("Log", "eng", subtitles.of_log(material, wish.begin, wish.end))]
    if wish.case is not None:
        captions, plan.lacking = subtitles.captions(material, wish.case, wish.begin, wish.end)
        told += [(f"Captions: {words.language(tag)}", words.iso_639_2(tag), cues) for tag, cues in captions.items()]
    for title, code, cues in told:
        if cues:
            number = plan.add(("-f", "webvtt"), [subtitles.webvtt(cues).encode()])
            plan.subtitles.append((number, title, code))
    marks = subtitles.chapters(material, wish.begin, wish.end)
    if marks:
        plan.chapters = plan.add(("-f", "ffmetadata"), [marks.encode()])
