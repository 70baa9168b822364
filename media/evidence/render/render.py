"""A copy of a recording to look at, made where its key is (docs/render.md).

`python -m media.evidence.render.render BAG --policy FILE --identity FILE OUT.mp4` or `vivavoce render`. Needs ffmpeg,
no network and no server. Exit codes: 0 made, 1 not made, 2 usage error, 20 and 30 the verdict on the recording
(failed, cannot verify), 130 interrupted: the same command goes on from there.
"""

import re
import signal
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from media.evidence.check.files_check import IdentityError, read_identities
from media.evidence.check.verify import USAGE_ERROR, Parser, UsageError, read_file, request_of, verify
from media.evidence.log.custody import CustodyError
from media.evidence.log.journal_lines import key_of_file
from media.evidence.render import graph, making, material, parts, people, plan, signing, words
from media.evidence.render.encoders import FfmpegError
from media.evidence.render.feed import RenderError
from media.evidence.render.making import Maker, RefusedError
from media.evidence.render.material import MaterialError
from media.evidence.render.parts import PartsError
from media.evidence.render.plan import Wish, WishError
from media.evidence.render.signing import SigningError
from media.evidence.render.subtitles import CaseError

NOT_MADE, INTERRUPTED = 1, 130
_TIME = re.compile(r"(?:(?:(\d{1,3}):)?(\d{1,2}):)?(\d{1,6})(?:\.(\d{1,3}))?")
_SIZE = re.compile(r"(\d{3,4})x(\d{3,4})")


def _parser() -> Parser:
    parser = Parser(prog="vivavoce render", description="Make a copy of a recording to look at: MP4 or WebM.")
    parser.add_argument("out", type=Path, metavar="OUT", help="the new file: its name ends in .mp4 or .webm")
    parser.add_argument(
        "--identity", type=Path, required=True, metavar="FILE", help="the recording's age identity, or an authority's"
    )
    parser.add_argument(
        "--layout", choices=plan.LAYOUTS, default="grid", help="all pictures alike, or the speaker large"
    )
    parser.add_argument(
        "--from", dest="begin", metavar="TIME", help="from this time of the recording: H:MM:SS or seconds"
    )
    parser.add_argument("--to", dest="end", metavar="TIME", help="to this time")
    parser.add_argument(
        "--track", action="append", default=[], help="only this track (this and the next two: as often as wanted)"
    )
    parser.add_argument(
        "--mask",
        action="append",
        default=[],
        metavar="SEAT",
        help="cover the picture, leave out the voice",
    )
    parser.add_argument(
        "--clock",
        action="append",
        default=[],
        metavar="ZONE",
        help="a clock to show, such as Europe/Bucharest",
    )
    parser.add_argument("--languages", default="", metavar="TAGS", help="only these languages, such as ro,th")
    parser.add_argument(
        "--case", type=Path, metavar="FOLDER", help="the exported case, for the text of captions and for clocks"
    )
    parser.add_argument("--size", default="1280x720", metavar="WxH", help="size of the picture, both even")
    parser.add_argument("--by", default="", metavar="NAME", help="who makes the copy, as it is to say")
    parser.add_argument("--purpose", default="", metavar="TEXT", help="what the copy is for, as it is to say")
    parser.add_argument(
        "--sign-with",
        nargs=2,
        type=Path,
        metavar=("CERT", "KEY"),
        help="sign the MP4 (C2PA): certificates and private key, as PEM",
    )
    parser.add_argument(
        "--discard", action="store_true", help="make no copy, but remove what a run that ended early has left of it"
    )
    return parser


def _milliseconds(text: str) -> int:
    match = _TIME.fullmatch(text)
    if match is None:
        raise UsageError(f"{text} is no time of a recording: H:MM:SS, M:SS or seconds, with up to three decimals")
    hours, minutes, seconds, fraction = match.groups()
    return ((int(hours or 0) * 60 + int(minutes or 0)) * 60 + int(seconds)) * 1000 + int(
        (fraction or "0").ljust(3, "0")
    )


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        raise UsageError(f"{name} is no time zone, such as Europe/Bucharest") from None


def _size(text: str) -> tuple[int, int]:
    match = _SIZE.fullmatch(text)
    width, height = (int(match[1]), int(match[2])) if match else (1, 1)
    if width % 2 or height % 2 or not (160 <= width <= 3840 and 120 <= height <= 2160):
        raise UsageError(f"{text} is no size of a picture: WIDTHxHEIGHT, both even, from 160x120 to 3840x2160")
    return width, height


def _clocks(options: Namespace) -> tuple[ZoneInfo, ...]:
    """Those that were given, else those of both courts by the exported case, else UTC. Raises CaseError, UsageError."""
    names: Sequence[str] = options.clock
    if options.case is not None and not names:
        lines = (options.bag / "data" / "journal.jsonl").read_bytes().split(b"\n")
        names = people.read(options.case, people.sealed_people(lines)).zones
    return tuple(_zone(name) for name in dict.fromkeys(names)) or (ZoneInfo("UTC"),)


def _wish(options: Namespace, end: int) -> Wish:
    return Wish(
        begin=_milliseconds(options.begin) if options.begin else 0,
        end=_milliseconds(options.end) if options.end else end,
        layout=options.layout,
        tracks=tuple(options.track),
        languages=words.languages(options.languages),
        masked=tuple(options.mask),
        zones=_clocks(options),
        case=options.case,
        size=_size(options.size),
    )


class ProgressLines:
    """Says on a stream how far a step is, at most once a second: per cent, times real time, time left for it."""

    def __init__(self, length: int, stream: Any, clock: Callable[[], float]) -> None:
        self.seconds, self.stream, self.clock = length / 1000, stream, clock
        self.step, self.first, self.began, self.last = "", 0.0, clock(), float("-inf")

    def __call__(self, step: str, pictures: int) -> None:
        """So many pictures have gone through a step. What an earlier run finished is no part of the speed."""
        now, at = self.clock(), pictures / graph.RATE
        if step != self.step:
            self.began, self.first = (now, at) if self.step or at > 0 else (self.began, 0.0)
            self.step, self.last = step, float("-inf")
        if now - self.last < 1 or at <= self.first:
            return
        self.last = now
        speed = (at - self.first) / max(now - self.began, 0.001)
        left = words.clock(round(max(0.0, self.seconds - at) / speed * 1000))
        share = min(100.0, 100 * at / self.seconds)
        print(f"{step} {share:5.1f} %  {speed:.1f} x  {left} left", file=self.stream, flush=True)


def _wrapped(data: Path) -> Mapping[int, bytes]:
    """The keys of the recording as they are wrapped, by their number."""
    found = {key_of_file(path.name): path for path in data.glob("hearing-key*.age")}
    return {key: read_file(path, "the recording's key") for key, path in found.items() if key is not None}


def _maker(options: Namespace) -> Maker:
    signer = None
    if options.sign_with:
        certificates, key = (
            read_file(path, what) for path, what in zip(options.sign_with, ("the certificate", "the key"), strict=True)
        )
        signer = signing.signer(certificates, key)
    return Maker(words.plain(options.by), words.plain(options.purpose), signer)


def _run(options: Namespace) -> Mapping[str, Any]:
    maker = _maker(options)
    report = verify(options.bag, request_of(options, time.time_ns()))
    making.require_verified(report)
    identities = read_identities(read_file(options.identity, "the key file"), _wrapped(options.bag / "data"))
    wish = _wish(options, material.read(options.bag, report.root).course.end)
    progress = ProgressLines(wish.end - wish.begin, sys.stderr, time.monotonic)
    return making.make(options.bag, report, identities, wish, options.out, datetime.now(UTC), maker, progress)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns the exit code."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    options = None
    try:
        options = _parser().parse_args(argv)
        if options.discard:
            return _discard(options.out)
        facts = _run(options)
    except RefusedError as refused:
        print(refused.report.as_text(), end="", file=sys.stderr)
        print("vivavoce render: no copy is made of a recording that is not verified", file=sys.stderr)
        return refused.report.exit_code
    except (UsageError, IdentityError, WishError, FfmpegError, CaseError, PartsError, SigningError) as error:
        print(f"vivavoce render: {error}", file=sys.stderr)
        return USAGE_ERROR
    except (MaterialError, RenderError, OSError, CustodyError) as error:
        print(f"vivavoce render: no copy was made: {error}", file=sys.stderr)
        _say_what_is_left(options)
        return NOT_MADE
    except KeyboardInterrupt:
        print("vivavoce render: interrupted", file=sys.stderr)
        _say_what_is_left(options)
        return INTERRUPTED
    finally:
        signal.signal(signal.SIGTERM, before)
    _tell(facts)
    return 0


def _say_what_is_left(options: Namespace | None) -> None:
    """What is finished is a clear part of the recording: whoever left it is told where it is."""
    folder = parts.folder_of(options.out) if options is not None else None
    if folder is None or not folder.exists():
        print("vivavoce render: nothing is left", file=sys.stderr)
        return
    print(
        f"vivavoce render: what is finished is in {folder}, not encrypted: the same command goes on from there, and"
        " --discard removes it",
        file=sys.stderr,
    )


def _discard(out: Path) -> int:
    there = parts.discard(out)
    print(f"{parts.folder_of(out)} is removed" if there else f"nothing of {out} was left")
    return 0


def _tell(facts: Mapping[str, Any]) -> None:
    for part in facts["masked"]:
        print(f"masked:    {part}: {words.COVERED.lower()}")
    if facts["captions_of_masked"]:
        print(f"captions:  {facts['captions_of_masked']} of masked people: left out")
    if facts["captions_without_text"]:
        print(f"captions:  {facts['captions_without_text']} without text, or not as they were sealed: left out")
    print(f"original:  {facts['original']['origin']} {facts['original']['head']}")
    print(f"copy:      {facts['file']}, SHA-256 {facts['sha256']}")
    print(
        f"key use:   bring {facts['file']}.json to the recording's page Keys at the court, which logs that it was used"
    )


if __name__ == "__main__":
    raise SystemExit(main())
