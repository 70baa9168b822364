"""What a copy shows, from what the recording holds and what is wanted of it: pictures, sounds, subtitles, chapters.

Pure but for the sealed files, which are opened when ffmpeg asks for them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import ffmpeg

from media.evidence.log.journal_lines import SWITCHED_OFF
from media.evidence.render import graph, layout, subtitles, words
from media.evidence.render.feed import FfmpegCommand
from media.evidence.render.graph import Canvas, Card, Stream, Tile
from media.evidence.render.layout import Turn
from media.evidence.render.material import LANGUAGE, SOUND, VIDEO, Identities, Material
from media.evidence.render.subtitles import Cue, ShownCaptions

LAYOUTS = ("grid", "speaker")
_MEDIA: Mapping[str, str | int] = {"f": "matroska", "reinit_filter": 0}
"""A camera changes its size at will; a graph made anew would lose what it holds."""


class WishError(ValueError):
    """The recording has not what is wanted of the copy; the text names it."""


@dataclass(frozen=True)
class Wish:
    """What is wanted of a copy; times in ms on the recording's timeline. `tracks`: these alone, or all when empty;
    `languages`: interpretation and captions in these alone (`words.primary`), or in all when empty.
    """

    begin: int
    end: int
    layout: str = "grid"
    tracks: tuple[str, ...] = ()
    languages: frozenset[str] = frozenset()
    masked: tuple[str, ...] = ()
    zones: tuple[ZoneInfo, ...] = (ZoneInfo("UTC"),)
    case: Path | None = None
    size: tuple[int, int] = (1280, 720)


class Sound(NamedTuple):
    """A sound of the copy: what players call it, its language by ISO 639-2, and the tracks that are in it together."""

    title: str
    code: str
    tracks: tuple[str, ...]


class Text(NamedTuple):
    """Subtitles of the copy, named as sounds are."""

    title: str
    code: str
    cues: list[Cue]


@dataclass
class Fed:
    """The inputs of a command that come from memory, by the names that they have in it until it runs."""

    feeds: dict[str, Iterable[bytes]] = field(default_factory=dict)

    def input(self, content: Iterable[bytes], **options: str | int) -> Stream:
        """One more input."""
        name = f"feed:{len(self.feeds)}"
        self.feeds[name] = content
        return ffmpeg.input(name, **options)


@dataclass(frozen=True)
class CopyPlan:
    """A copy that is to be made."""

    material: Material
    identities: Identities
    origin: str
    wish: Wish
    wanted: Sequence[str]
    """The tracks that were asked for."""
    used: Sequence[str]
    """The tracks of which something is in the copy."""
    sounds: Sequence[Sound]
    subtitles: Sequence[Text]
    chapters: str
    """As ffmetadata; "" without any."""
    captions: ShownCaptions

    def pictures(self, t0: int, t1: int, options: Mapping[str, str | int], out: Path) -> FfmpegCommand:
        """The command that makes the pictures from t0 to t1, without sound."""
        fed = Fed()
        made = ffmpeg.output(self.picture_stream(fed, t0, t1), f"file:{out}", r=graph.RATE, **options)
        return _command(made, fed)

    def together(
        self, parts: Iterable[bytes], options: Mapping[str, str | int], about: Mapping[str, str], out: Path
    ) -> FfmpegCommand:
        """The command that puts the pictures, as they are, and sounds, subtitles and chapters into one file.

        `parts` lists the files of pictures for ffmpeg's `concat`; `about` are the tags of the copy.
        """
        fed = Fed()
        pictures = fed.input(parts, f="concat", safe=0, protocol_whitelist="file,pipe").video
        heard = self.sound_streams(fed)
        texts = [fed.input([subtitles.webvtt(text.cues).encode()], f="webvtt")["s"] for text in self.subtitles]
        streams = {f"a:{at}": (sound.title, sound.code) for at, sound in enumerate(self.sounds)}
        streams |= {f"s:{at}": (text.title, text.code) for at, text in enumerate(self.subtitles)}
        chosen = {f"disposition:{stream}": "default" if stream == "a:0" else "0" for stream in streams}
        made = ffmpeg.output(pictures, *heard, *texts, f"file:{out}", **chosen, **options, **{"c:v": "copy"})
        return _with_tags(_command(made, fed), streams, about, self.chapters)

    def _stream(self, track: str, t0: int, t1: int) -> Iterable[bytes]:
        return self.material.stream(track, t0, t1, self.identities)

    def sound_streams(self, fed: Fed) -> list[Stream]:
        """The sounds, as streams of a graph; their inputs are added to `fed`."""
        wish, made = self.wish, []
        for at, sound in enumerate(self.sounds):
            sources = [fed.input(self._stream(name, wish.begin, wish.end), **_MEDIA) for name in sound.tracks]
            made.append(graph.sound(f"sound{at}", sources, wish.begin, wish.end - wish.begin))
        return made

    def picture_stream(self, fed: Fed, t0: int, t1: int) -> Stream:
        """The pictures from t0 to t1, as a stream of a graph; their inputs are added to `fed`."""
        material, wish = self.material, self.wish
        cameras = [name for name in self.wanted if material.course.tracks[name].kind in VIDEO]
        canvas = Canvas(
            width=wish.size[0],
            height=wish.size[1],
            begin=t0,
            length=t1 - t0,
            zero_ms=material.course.zero // 1_000_000,
            mark=words.MARK,
            origin=words.plain(self.origin),
            zones=wish.zones,
        )
        large = None
        places = layout.grid(len(cameras), canvas.area) if cameras else []
        if wish.layout == "speaker" and len(cameras) > 1:
            place, places = layout.beside(len(cameras), canvas.area)
            large = place, _turns(material, cameras, wish, t0, t1)
        tiles = []
        for name, box in zip(cameras, places, strict=True):
            shows = name in self.used and material.has_media(name, t0, t1)
            source = fed.input(self._stream(name, t0, t1), **_MEDIA) if shows else None
            label = words.label(material.course, name, wish.begin)
            tiles.append(Tile(box, source, label, _cards(material, name, wish, t0, t1)))
        return graph.picture(tiles, canvas, large)


def make(material: Material, identities: Identities, origin: str, wish: Wish) -> CopyPlan:
    """Plan a copy. Raises WishError, and CaseError for a case that cannot be read."""
    _check(material, wish)
    wanted = [
        name
        for name, track in material.course.tracks.items()
        if (not wish.tracks or name in wish.tracks) and (track.kind != LANGUAGE or _is_wanted(wish, track.lang))
    ]
    used = [
        name
        for name in wanted
        if words.seat_of(name) not in wish.masked
        and material.course.tracks[name].kind in {*VIDEO, SOUND, LANGUAGE}
        and material.has_media(name, wish.begin, wish.end)
    ]
    texts, captions = _texts(material, wish)
    _require_languages(material, wish, captions)
    return CopyPlan(
        material,
        identities,
        origin,
        wish,
        wanted,
        used,
        sounds=_sounds(material, wanted, used, wish),
        subtitles=texts,
        chapters=subtitles.chapters(material, wish.begin, wish.end),
        captions=captions,
    )


def _command(made: Stream, fed: Fed) -> FfmpegCommand:
    """What ffmpeg-python compiles. Times are the recording's; the file is there already, and empty."""
    return FfmpegCommand(["-copyts", "-y", *ffmpeg.get_args(made)], fed.feeds)


def _with_tags(
    command: FfmpegCommand, streams: Mapping[str, tuple[str, str]], about: Mapping[str, str], chapters: str
) -> FfmpegCommand:
    """The command with what ffmpeg-python cannot say: an option given several times, an input without a stream."""
    *arguments, out = command.arguments
    for stream, (title, code) in streams.items():
        for name, value in (("language", code), ("title", title), ("handler_name", title)):
            arguments += [f"-metadata:s:{stream}", f"{name}={value}"]
    for name, value in about.items():
        arguments += ["-metadata", f"{name}={value}"]
    if not chapters:
        return FfmpegCommand([*arguments, "-map_chapters", "-1", out], command.feeds)
    number, behind = arguments.count("-i"), arguments.index("-filter_complex")
    arguments[behind:behind] = ["-f", "ffmetadata", "-i", "feed:chapters"]
    return FfmpegCommand(
        [*arguments, "-map_chapters", str(number), out], {**command.feeds, "feed:chapters": [chapters.encode()]}
    )


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


def _is_wanted(wish: Wish, tag: str) -> bool:
    return not wish.languages or words.primary(tag) in wish.languages


def _require_languages(material: Material, wish: Wish, captions: ShownCaptions) -> None:
    """Every language that is wanted is one of the recording's channels, or of the captions that can be shown."""
    channels = (track.lang for track in material.course.tracks.values() if track.kind == LANGUAGE)
    there = {words.primary(tag) for tag in (*channels, *captions.shown)}
    for tag in sorted(wish.languages - there):
        raise WishError(f"nothing was interpreted into {tag}; there are {', '.join(sorted(there)) or 'no languages'}")


def _turns(material: Material, cameras: Sequence[str], wish: Wish, t0: int, t1: int) -> list[Turn]:
    """Who is large from t0 to t1, told from the beginning of the copy on; ms from t0."""
    heard = [material.pieces.get(_microphone(material, name), []) for name in cameras]
    turns = layout.turns(heard, wish.begin, wish.end)
    return [
        Turn(max(turn.t0, t0) - t0, min(turn.t1, t1) - t0, turn.which)
        for turn in turns
        if turn.t0 < t1 and t0 < turn.t1
    ]


def _cards(material: Material, camera: str, wish: Wish, t0: int, t1: int) -> tuple[Card, ...]:
    """What is written over a picture: why there is none, and why its microphone is missing."""
    seat = words.seat_of(camera)
    if seat in wish.masked:
        return (Card(0, t1 - t0, words.COVERED),)
    cards = []
    for kind, track, over in (("Picture", camera, False), ("Sound", _microphone(material, camera), True)):
        if track not in material.course.tracks or (over and camera not in (f"{seat}_cam",)):
            continue
        for gap in material.missing(track, t0, t1):
            told = "Microphone" if over and gap.cause in SWITCHED_OFF else kind
            cards.append(Card(gap.t0 - t0, gap.t1 - t0, f"{told}: {words.why(gap.cause)}", over))
    return tuple(cards)


def _microphone(material: Material, camera: str) -> str:
    """The microphone of a camera's seat; "" for a seat without one."""
    seat = words.seat_of(camera)
    return next((name for name in material.tracks(SOUND) if words.seat_of(name) == seat), "")


def _sounds(material: Material, wanted: Sequence[str], used: Sequence[str], wish: Wish) -> list[Sound]:
    """The floor, all microphones together, then each channel of interpretation by itself."""
    tracks = material.course.tracks
    left_out = " (voices left out)" if wish.masked else ""
    floor = tuple(name for name in used if tracks[name].kind == SOUND)
    found = [Sound(f"Floor{left_out}", words.FLOOR, floor)]
    for name in (name for name in wanted if tracks[name].kind == LANGUAGE):
        tag = tracks[name].lang
        heard = (name,) if name in used else ()
        found.append(Sound(f"Interpretation: {words.language(tag)}", words.iso_639_2(tag), heard))
    return found


def _texts(material: Material, wish: Wish) -> tuple[list[Text], ShownCaptions]:
    """Subtitles, and the captions among them."""
    told = [Text("Log", "eng", subtitles.of_log(material, wish.begin, wish.end))]
    captions = ShownCaptions({}, 0, 0)
    if wish.case is not None:
        captions = subtitles.captions(material, wish.case, wish.begin, wish.end, wish.masked)
    for tag, cues in captions.shown.items():
        if _is_wanted(wish, tag):
            told.append(Text(f"Captions: {words.language(tag)}", words.iso_639_2(tag), cues))
    return [text for text in told if text.cues], captions
