"""Which ffmpeg there is, and what it can do: the containers of a copy and the encoders for each."""

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

Options = Mapping[str, str | int]
"""Options of ffmpeg, without their hyphen."""
FILTERS = ("drawtext", "xstack", "overlay", "tpad", "aresample", "amix", "alimiter")
"""Filters that not every ffmpeg has, or not before version 5.1."""


class FfmpegError(Exception):
    """There is no ffmpeg, or it lacks what a copy needs; the text says what."""


@dataclass(frozen=True)
class Container:
    """A kind of file: ffmpeg's name, its encoders, the best first, each with its options, and that of subtitles."""

    name: str
    video: Mapping[str, Options]
    audio: Mapping[str, Options]
    subtitles: str


CONTAINERS = {
    ".mp4": Container(
        "mp4",
        {"libx264": {"preset": "veryfast", "crf": 23}, "libopenh264": {"b:v": "2M"}},
        {"aac": {"b:a": "96k"}, "libfdk_aac": {"b:a": "96k"}},
        "mov_text",
    ),
    ".webm": Container(
        "webm",
        {
            "libvpx": {"b:v": "2M", "deadline": "realtime", "cpu-used": 8},
            "libvpx-vp9": {"b:v": "1500k", "deadline": "realtime", "cpu-used": 8, "row-mt": 1},
        },
        {"libopus": {"b:a": "64k"}, "libvorbis": {"b:a": "96k"}},
        "webvtt",
    ),
}
"""By the ending of the file's name."""


@dataclass(frozen=True)
class Ffmpeg:
    """The ffmpeg at hand, and what it says of itself."""

    path: str
    version: str
    encoders: frozenset[str]
    filters: frozenset[str]


def at_hand() -> Ffmpeg:
    """The ffmpeg found on the PATH. Raises FfmpegError."""
    path = shutil.which("ffmpeg")
    if path is None:
        raise FfmpegError("ffmpeg is not installed: it makes the copy (on Debian: apt install ffmpeg)")
    version = _said(path, "-version").splitlines()[0].split(" Copyright")[0]
    return Ffmpeg(path, version, _names(_said(path, "-encoders")), _names(_said(path, "-filters")))


def container_of(out: Path) -> Container:
    """What a file is to be, by the ending of its name. Raises FfmpegError."""
    found = CONTAINERS.get(out.suffix.lower())
    if found is None:
        raise FfmpegError(f"{out.name} must end in {' or '.join(CONTAINERS)}")
    return found


def codecs(ffmpeg: Ffmpeg, container: Container) -> tuple[Options, Options]:
    """The options that choose the encoders, of pictures and of sounds. Raises FfmpegError when one is lacking."""
    lacking = [name for name in FILTERS if name not in ffmpeg.filters]
    if lacking:
        raise FfmpegError(f"{ffmpeg.path} lacks the filters {', '.join(lacking)}: take an ffmpeg built with them")
    return _chosen(ffmpeg, container, "v", container.video), _chosen(ffmpeg, container, "a", container.audio)


def _chosen(ffmpeg: Ffmpeg, container: Container, letter: str, known: Mapping[str, Options]) -> Options:
    name = next((name for name in known if name in ffmpeg.encoders), None)
    if name is None:
        raise FfmpegError(
            f"{ffmpeg.path} has no encoder for {container.name} ({' or '.join(known)}): take another ffmpeg, or"
            f" another kind of file ({' or '.join(CONTAINERS)})"
        )
    return {f"c:{letter}": name, **known[name]}


def _said(path: str, option: str) -> str:
    done = subprocess.run(
        [path, "-hide_banner", option], capture_output=True, text=True, errors="replace", check=False, timeout=60
    )
    if done.returncode != 0 or not done.stdout:
        raise FfmpegError(f"{path} does not run: {done.stderr.strip()[-200:]}")
    return done.stdout


def _names(table: str) -> frozenset[str]:
    """The second words of the lines of a table."""
    return frozenset(words[1] for line in table.splitlines() if len(words := line.split()) > 1)
