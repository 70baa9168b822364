"""A machine's draft of what was said, made where the recording's key is (docs/transcript.md).

`python -m media.evidence.transcript.transcribe BAG --policy FILE --identity FILE --model FOLDER OUT.json` or `vivavoce
transcribe`. Needs the extra `transcribe`, no network and no server. Exit codes: 0 made, 1 not made, 2 usage error, 20
and 30 the verdict on the recording (failed, cannot verify), 130 interrupted. Nothing is left when it is not made.
"""

import contextlib
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
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from media.evidence.check.files_check import IdentityError, read_identities
from media.evidence.check.verify import USAGE_ERROR, Parser, UsageError, read_file, request_of, verify
from media.evidence.log.custody import CustodyError
from media.evidence.log.journal_lines import key_of_file
from media.evidence.render import material, people, words
from media.evidence.render.making import RefusedError, require_verified
from media.evidence.render.material import Identities, Material, MaterialError
from media.evidence.render.people import CasePeople
from media.evidence.render.render import INTERRUPTED, NOT_MADE
from media.evidence.render.subtitles import CaseError
from media.evidence.transcript import formats, model, transcript
from media.evidence.transcript.model import ModelError
from media.evidence.transcript.sound import SoundError
from media.evidence.transcript.transcript import TranscriptWish, TranscriptWishError

_TIME = re.compile(r"(?:(?:[0-9]{1,3}:)?[0-9]{1,2}:)?[0-9]{1,6}(?:\.[0-9]{1,3})?")
MARK = "machine's draft, not evidence, not an interpretation"


def write(made: Mapping[str, Any], out: Path, readable: Sequence[str] = ()) -> list[Path]:
    """Write a transcript, and beside it what is to be read, each for its owner alone (mode 0600). Raises UsageError.

    Each gets its name when all are complete.
    """
    texts = {out: json.dumps(made, ensure_ascii=False, indent=1) + "\n"}
    texts |= {out.with_suffix(f".{ending}"): formats.FORMATS[ending](made) for ending in readable}
    require_free(texts)
    with contextlib.ExitStack() as unfinished:
        parts = {path: unfinished.enter_context(_unfinished(path)) for path in texts}
        for path, text in texts.items():
            parts[path].write_text(text, encoding="utf-8")
        for path, part in parts.items():
            part.rename(path)
    return list(texts)


def require_free(paths: Sequence[Path] | Mapping[Path, str]) -> None:
    """Raises UsageError when a file is there already: nothing is written over."""
    for path in paths:
        if path.exists() or path.is_symlink():
            raise UsageError(f"{path} is there already")


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


class TranscriptProgress:
    """Says on a stream how far it is, at most once a second: per cent, times real time, time left."""

    def __init__(self, stream: Any, clock: Callable[[], float]) -> None:
        self.stream, self.clock = stream, clock
        self.began, self.last = clock(), float("-inf")

    def __call__(self, done: int, whole: int) -> None:
        """So many ms of sound are done."""
        now = self.clock()
        if now - self.last < 1 or not done:
            return
        self.last = now
        speed = done / 1000 / max(now - self.began, 0.001)
        left = words.clock(round((whole - done) / speed))
        print(f"{100 * done / whole:5.1f} %  {speed:.1f} x  {left} left", file=self.stream, flush=True)


# --- the command -----------------------------------------------------------------------------------------------------


def _parser() -> Parser:
    parser = Parser(
        prog="vivavoce transcribe",
        description="Write down what was said in a recording: a machine's draft, never evidence.",
    )
    parser.add_argument("out", type=Path, metavar="OUT", help="the new file: its name ends in .json")
    parser.add_argument(
        "--identity", type=Path, required=True, metavar="FILE", help="the recording's age identity, or an authority's"
    )
    parser.add_argument(
        "--model", type=Path, required=True, metavar="FOLDER", help="a Whisper model in the form of CTranslate2"
    )
    parser.add_argument(
        "--readable",
        action="append",
        default=[],
        choices=list(formats.FORMATS),
        help="also a file to be read, beside the first",
    )
    parser.add_argument("--languages", default="", metavar="TAGS", help="only these languages, such as ro,th")
    parser.add_argument("--from", dest="begin", metavar="TIME", help="from this time of the recording: H:MM:SS or s")
    parser.add_argument("--to", dest="end", metavar="TIME", help="to this time")
    parser.add_argument("--track", action="append", default=[], help="only this track; may be repeated")
    parser.add_argument("--mask", action="append", default=[], metavar="SEAT", help="leave out this voice")
    parser.add_argument(
        "--clock", action="append", default=[], metavar="ZONE", help="a clock, such as Europe/Bucharest"
    )
    parser.add_argument("--case", type=Path, metavar="FOLDER", help="the exported case, for names and clocks")
    parser.add_argument("--threads", type=int, default=0, metavar="N", help="processor cores to use; all without it")
    return parser


def _ms(text: str) -> int:
    """A time of the recording, `H:MM:SS`, `M:SS` or seconds, to the millisecond."""
    if _TIME.fullmatch(text) is None:
        raise UsageError(f"{text} is no time of a recording: H:MM:SS, M:SS or seconds, with up to three decimals")
    seconds = Decimal(0)
    for part in text.split(":"):
        seconds = seconds * 60 + Decimal(part)
    return int(seconds * 1000)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        raise UsageError(f"{name} is no time zone, such as Europe/Bucharest") from None


def _wrapped(data: Path) -> dict[int, bytes | None]:
    """The keys of the recording as they are wrapped, by their number."""
    paths = data.glob("hearing-key*.age")
    return {key: read_file(path, "a key") for path in paths if (key := key_of_file(path.name)) is not None}


def _wish(
    options: Namespace, course_end: int, told: CasePeople | None, sealed: Mapping[tuple[str, str], str]
) -> TranscriptWish:
    zones = options.clock or (told.zones if told else ()) or ("UTC",)
    names = {place: told.names[key] for place, key in sealed.items() if key in told.names} if told else None
    return TranscriptWish(
        begin=_ms(options.begin) if options.begin else 0,
        end=_ms(options.end) if options.end else course_end,
        languages=words.languages(options.languages),
        tracks=tuple(options.track),
        masked=tuple(options.mask),
        zones=tuple(_zone(name) for name in zones),
        names=names,
    )


def _opened(options: Namespace) -> tuple[Any, Material, Identities]:
    """The verdict, what the recording holds, and what opens it. Raises RefusedError, UsageError, IdentityError."""
    report = verify(options.bag, request_of(options, time.time_ns()))
    require_verified(report)
    identities = read_identities(read_file(options.identity, "the key file"), _wrapped(options.bag / "data"))
    held = material.read(options.bag, report.root)
    held.lock(identities)
    return report, held, identities


def _run(options: Namespace) -> tuple[dict[str, Any], list[Path]]:
    if options.out.suffix.lower() != ".json":
        raise UsageError(f"{options.out.name} must end in .json")
    require_free([options.out, *(options.out.with_suffix(f".{ending}") for ending in options.readable)])
    report, held, identities = _opened(options)
    sealed = people.sealed_people((options.bag / "data" / "journal.jsonl").read_bytes().split(b"\n"))
    told = people.read(options.case, sealed) if options.case else None
    wish = _wish(options, held.course.end, told, sealed)
    machine = model.load(options.model, max(0, options.threads))
    progress = TranscriptProgress(sys.stderr, time.monotonic)
    made = transcript.make(held, identities, report, machine, wish, datetime.now(UTC), progress)
    return made, write(made, options.out, list(dict.fromkeys(options.readable)))


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns the exit code."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        made, files = _run(_parser().parse_args(argv))
    except RefusedError as refused:
        print(refused.report.as_text(), end="", file=sys.stderr)
        print("vivavoce transcribe: nothing is written of a recording that is not verified", file=sys.stderr)
        return refused.report.exit_code
    except (UsageError, IdentityError, TranscriptWishError, CaseError, ModelError) as error:
        print(f"vivavoce transcribe: {error}", file=sys.stderr)
        return USAGE_ERROR
    except (MaterialError, SoundError, OSError, CustodyError) as error:
        print(f"vivavoce transcribe: no transcript was made: {error}", file=sys.stderr)
        return NOT_MADE
    except KeyboardInterrupt:
        print("vivavoce transcribe: interrupted; nothing is left", file=sys.stderr)
        return INTERRUPTED
    finally:
        signal.signal(signal.SIGTERM, before)
    for one in made["left_out"]:
        print(f"left out:  {one['track']}: {one['why']}")
    print(f"original:  {made['recording']['origin']} {made['recording']['head']}")
    for path in files:
        print(f"written:   {path.name} ({MARK})")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
