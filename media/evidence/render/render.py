"""A copy of a recording to look at, made where its key is (docs/render.md).

`python -m media.evidence.render.render BAG --policy FILE --identity FILE OUT.mp4` or `vivavoce render`. Needs ffmpeg,
no network and no server. Exit codes: 0 made, 1 not made, 2 usage error, 20 and 30 the verdict on the recording
(failed, cannot verify), 130 interrupted. Nothing is left when it is not made.
"""

import contextlib
import hashlib
import json
import os
import re
import secrets
import signal
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from media.evidence.check.files_check import IdentityError, read_identities
from media.evidence.check.verify import (
    USAGE_ERROR,
    Parser,
    UsageError,
    VerificationReport,
    read_file,
    request_of,
    verify,
)
from media.evidence.log.custody import CustodyError
from media.evidence.log.journal_lines import key_of_file
from media.evidence.render import encoders, graph, material, plan, words
from media.evidence.render.encoders import FfmpegError
from media.evidence.render.feed import RenderError, run
from media.evidence.render.material import Identities, Material, MaterialError
from media.evidence.render.plan import CopyPlan, Wish, WishError
from media.evidence.render.subtitles import CaseError

NOT_MADE, INTERRUPTED = 1, 130
_TIME = re.compile(r"(?:(?:(\d{1,3}):)?(\d{1,2}):)?(\d{1,6})(?:\.(\d{1,3}))?")
_SIZE = re.compile(r"(\d{3,4})x(\d{3,4})")
READ_BYTES = 1 << 20


class RefusedError(Exception):
    """The recording is not verified, so no copy of it is made."""

    def __init__(self, report: VerificationReport) -> None:
        super().__init__(f"the verdict is {report.verdict} (first: {report.findings.first})")
        self.report = report


def require_verified(report: VerificationReport) -> None:
    """Raises RefusedError unless a recording is verified, with gaps or without, and UsageError for an excerpt."""
    if report.findings.verdict not in ("verified", "gaps"):
        raise RefusedError(report)
    if report.excerpt is not None:
        raise UsageError("this is an excerpt, without a journal: a copy is made of a whole recording (--from, --to)")


def make(
    bag: Path,
    report: VerificationReport,
    identities: Identities,
    wish: Wish,
    out: Path,
    now: datetime,
    progress: Callable[[int], None] = lambda _pictures: None,
) -> dict[str, Any]:
    """Make the copy of a verified recording, and beside it `OUT.json`, which names its original; returns that.

    Raises RefusedError, UsageError, WishError, FfmpegError, CaseError, MaterialError and RenderError: then nothing is
    left. Effects: two files of mode 0600, under their names only when they are complete.
    """
    require_verified(report)
    container, ffmpeg = encoders.container_of(out), encoders.at_hand()
    codecs = encoders.codecs(ffmpeg, container)
    told = out.with_name(f"{out.name}.json")
    for path in (out, told):
        if path.exists() or path.is_symlink():
            raise UsageError(f"{path} is there already")
    held = material.read(bag, report.root)
    held.lock(identities)
    planned = plan.make(held, identities, report.origin, wish)
    head = f"{report.size}:{report.root}"
    about = {"title": f"{words.MARK}: {report.origin}", "comment": f"{words.MARK}. Original: {report.origin} {head}"}
    with _unfinished(out) as part, _unfinished(told) as part_told:
        arguments = plan.arguments(planned, container, codecs, about)
        run(ffmpeg.path, planned.inputs, [*arguments, "-y", f"file:{part}"], progress)
        facts = _facts(report, held, planned, wish, now) | {
            "file": out.name,
            "size": part.stat().st_size,
            "sha256": _sha256(part),
            "ffmpeg": ffmpeg.version,
        }
        part_told.write_text(json.dumps(facts, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        part_told.rename(told)
        part.rename(out)
    return facts


def _facts(report: VerificationReport, held: Material, planned: CopyPlan, wish: Wish, now: datetime) -> dict[str, Any]:
    """What the file beside a copy says of it."""
    zero = held.course.zero // 1_000_000
    return {
        "what": words.MARK,
        "original": {
            "origin": report.origin,
            "size": report.size,
            "root": report.root,
            "head": f"{report.size}:{report.root}",
            "verdict": report.findings.verdict,
            "waived": report.findings.waived,
        },
        "from_ms": wish.begin,
        "until_ms": wish.end,
        "from": _utc(zero + wish.begin),
        "until": _utc(zero + wish.end),
        "layout": wish.layout,
        "tracks": planned.used,
        "masked": list(wish.masked),
        "sounds": [{"title": title, "language": code} for _label, title, code in planned.sounds],
        "subtitles": [{"title": title, "language": code} for _number, title, code in planned.subtitles],
        "captions_without_text": planned.lacking,
        "clocks": [zone.key for zone in wish.zones],
        "made": now.astimezone(UTC).isoformat(timespec="seconds"),
        "software": f"Vivavoce {metadata.version('vivavoce')}",
    }


def _utc(ms: int) -> str:
    moment = datetime.fromtimestamp(ms // 1000, UTC).replace(microsecond=ms % 1000 * 1000, tzinfo=None)
    return moment.isoformat(timespec="milliseconds") + "Z"


@contextlib.contextmanager
def _unfinished(out: Path) -> Iterator[Path]:
    """A new file beside `out` for its owner alone; gone at the end, unless it was renamed. Raises UsageError."""
    part = out.with_name(f".{out.name}.{secrets.token_hex(6)}.part")
    try:
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {error.strerror}") from None
    try:
        yield part
    finally:
        part.unlink(missing_ok=True)


def _sha256(path: Path) -> str:
    hasher = hashlib.sha256()
    with path.open("rb", buffering=0) as stream:
        while block := stream.read(READ_BYTES):
            hasher.update(block)
    return hasher.hexdigest()


# --- the command -----------------------------------------------------------------------------------------------------


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
    parser.add_argument("--case", type=Path, metavar="FOLDER", help="the exported case, for the text of captions")
    parser.add_argument("--size", default="1280x720", metavar="WxH", help="size of the picture, both even")
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


def _wish(options: Namespace, end: int) -> Wish:
    return Wish(
        begin=_milliseconds(options.begin) if options.begin else 0,
        end=_milliseconds(options.end) if options.end else end,
        layout=options.layout,
        tracks=tuple(options.track),
        masked=tuple(options.mask),
        zones=tuple(_zone(name) for name in options.clock) or (ZoneInfo("UTC"),),
        case=options.case,
        size=_size(options.size),
    )


class ProgressLines:
    """Says on a stream how far a copy is, at most once a second: per cent, times real time, time left."""

    def __init__(self, length: int, stream: Any, clock: Callable[[], float]) -> None:
        self.seconds, self.stream, self.clock = length / 1000, stream, clock
        self.began, self.last = clock(), float("-inf")

    def __call__(self, pictures: int) -> None:
        """So many pictures of the copy are done."""
        now, at = self.clock(), pictures / graph.RATE
        if now - self.last < 1 or at <= 0:
            return
        self.last = now
        speed = at / max(now - self.began, 0.001)
        left = words.clock(round(max(0.0, self.seconds - at) / speed * 1000))
        print(f"{min(100.0, 100 * at / self.seconds):5.1f} %  {speed:.1f} x  {left} left", file=self.stream, flush=True)


def _wrapped(data: Path) -> Mapping[int, bytes]:
    """The keys of the recording as they are wrapped, by their number."""
    found = {key_of_file(path.name): path for path in data.glob("hearing-key*.age")}
    return {key: read_file(path, "the recording's key") for key, path in found.items() if key is not None}


def _run(options: Namespace) -> Mapping[str, Any]:
    report = verify(options.bag, request_of(options, time.time_ns()))
    if report.findings.verdict not in ("verified", "gaps"):
        raise RefusedError(report)
    if report.excerpt is not None:
        raise UsageError(
            "an excerpt has no journal: a copy is made of a whole recording (choose times with --from, --to)"
        )
    identities = read_identities(read_file(options.identity, "the key file"), _wrapped(options.bag / "data"))
    wish = _wish(options, material.read(options.bag, report.root).course.end)
    progress = ProgressLines(wish.end - wish.begin, sys.stderr, time.monotonic)
    return make(options.bag, report, identities, wish, options.out, datetime.now(UTC), progress)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns the exit code."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        facts = _run(_parser().parse_args(argv))
    except RefusedError as refused:
        print(refused.report.as_text(), end="", file=sys.stderr)
        print("vivavoce render: no copy is made of a recording that is not verified", file=sys.stderr)
        return refused.report.exit_code
    except (UsageError, IdentityError, WishError, FfmpegError, CaseError) as error:
        print(f"vivavoce render: {error}", file=sys.stderr)
        return USAGE_ERROR
    except (MaterialError, RenderError, OSError, CustodyError) as error:
        print(f"vivavoce render: no copy was made: {error}", file=sys.stderr)
        return NOT_MADE
    except KeyboardInterrupt:
        print("vivavoce render: interrupted; nothing is left", file=sys.stderr)
        return INTERRUPTED
    finally:
        signal.signal(signal.SIGTERM, before)
    for part in facts["masked"]:
        print(f"masked:    {part}: {words.COVERED.lower()}")
    if facts["captions_without_text"]:
        print(f"captions:  {facts['captions_without_text']} without text, or not as they were sealed: left out")
    print(f"original:  {facts['original']['origin']} {facts['original']['head']}")
    print(f"copy:      {facts['file']}, SHA-256 {facts['sha256']}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
