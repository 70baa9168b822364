"""Does a copy name this recording? By its tags, the file beside it and its content credentials (docs/render.md).

`python -m media.evidence.render.checking BAG COPY --policy FILE` or `vivavoce check-copy`. Exit codes: 0 it does, 1 it
does not or has changed, 2 usage error, 20 and 30 the verdict on the recording (failed, cannot verify).
"""

import json
import shutil
import subprocess
import sys
import time
from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from media.evidence.check.verify import USAGE_ERROR, Parser, UsageError, read_file, request_of, verify
from media.evidence.log.custody import CustodyError
from media.evidence.render import making, signing
from media.evidence.render.encoders import FfmpegError
from media.evidence.render.making import RefusedError
from media.evidence.render.signing import SigningError

NOT_THIS = 1


@dataclass(frozen=True)
class NamingAnswer:
    """What one of the three says. `names`: whether it names the recording, None when there is nothing to say so."""

    source: str
    names: bool | None
    text: str


def answers(copy: Path, origin: str, head: str, anchors: bytes | None = None) -> list[NamingAnswer]:
    """What a copy, and what lies beside it, says of the recording with this origin and head (`SIZE:ROOT`).

    `anchors`: trusted certificates (PEM). Raises FfmpegError without ffprobe, and SigningError when `anchors` are given
    and credentials cannot be read.
    """
    return [_tags(copy, origin, head), _beside(copy, origin, head), _credentials(copy, origin, head, anchors)]


def names(found: Sequence[NamingAnswer]) -> bool:
    """Whether one at least names the recording, and none another or a changed copy."""
    told = [one.names for one in found if one.names is not None]
    return bool(told) and all(told)


def _tags(copy: Path, origin: str, head: str) -> NamingAnswer:
    """The comment in the file itself."""
    if shutil.which("ffprobe") is None:
        raise FfmpegError("ffprobe is not installed: it reads the copy (on Debian: apt install ffmpeg)")
    command = ["ffprobe", "-v", "error", "-of", "json", "-show_entries", "format_tags", f"file:{copy}"]
    done = subprocess.run(command, capture_output=True, check=False, timeout=600)
    if done.returncode != 0:
        return NamingAnswer("tags", False, f"{copy.name} is no film that ffprobe can read")
    tags = {name.lower(): value for name, value in json.loads(done.stdout).get("format", {}).get("tags", {}).items()}
    comment = str(tags.get("comment", ""))
    if "Original: " not in comment:
        return NamingAnswer("tags", None, "name no recording")
    return _compared("tags", comment.rpartition("Original: ")[2].split(" "), origin, head)


def _beside(copy: Path, origin: str, head: str) -> NamingAnswer:
    """The file beside it."""
    path = copy.with_name(f"{copy.name}.json")
    if not path.exists():
        return NamingAnswer("file beside", None, f"there is no {path.name}")
    try:
        told = json.loads(path.read_bytes())
        named, sha256 = _original(told), told["sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        return NamingAnswer("file beside", False, f"{path.name} is not what a copy has beside it")
    if sha256 != making.sha256_of(copy):
        return NamingAnswer("file beside", False, f"{path.name} is of another file, or the copy has changed since")
    return _compared("file beside", named, origin, head)


def _credentials(copy: Path, origin: str, head: str, anchors: bytes | None) -> NamingAnswer:
    """The content credentials."""
    source = "credentials"
    if copy.suffix.lower() != ".mp4":
        return NamingAnswer(source, False if anchors is not None else None, "only an MP4 can have them")
    try:
        found = signing.credentials(copy, anchors)
    except SigningError as error:
        if anchors is not None:
            raise
        return NamingAnswer(source, None, f"not looked at: {error}")
    if found is None:
        return NamingAnswer(source, False if anchors is not None else None, "none: nobody signed the copy")
    if found.problems:
        return NamingAnswer(source, False, f"the copy has changed since it was signed: {', '.join(found.problems)}")
    if anchors is not None and not found.trusted:
        return NamingAnswer(source, False, f"signed by {found.signer}, whose certificate leads to none of those given")
    try:
        compared = _compared(source, _original(found.about), origin, head)
    except (KeyError, TypeError):
        return NamingAnswer(source, False, f"signed by {found.signer}, but not as a copy of a recording")
    trust = "trusted" if found.trusted else "a certificate that nobody was asked to trust"
    return NamingAnswer(source, compared.names, f"{compared.text}; signed by {found.signer} ({trust}), unchanged since")


def _original(told: Mapping[str, Any]) -> list[str]:
    return [str(told["original"]["origin"]), str(told["original"]["head"])]


def _compared(source: str, named: Sequence[str], origin: str, head: str) -> NamingAnswer:
    if list(named) == [origin, head]:
        return NamingAnswer(source, True, "this recording")
    return NamingAnswer(source, False, f"another recording: {' '.join(named)}")


# --- the command -----------------------------------------------------------------------------------------------------


def _parser() -> Parser:
    parser = Parser(prog="vivavoce check-copy", description="Does a copy to look at name this recording?")
    parser.add_argument(
        "copy", type=Path, metavar="COPY", help="the copy; its file with the facts is looked for beside it"
    )
    parser.add_argument(
        "--trust",
        type=Path,
        metavar="FILE",
        help="it must be signed, by a certificate that leads to one of these (PEM)",
    )
    return parser


def _run(options: Namespace) -> bool:
    if not options.copy.is_file():
        raise UsageError(f"{options.copy} is no file")
    anchors = read_file(options.trust, "the file of certificates") if options.trust else None
    report = verify(options.bag, request_of(options, time.time_ns()))
    making.require_verified(report)
    head = f"{report.size}:{report.root}"
    found = answers(options.copy, report.origin, head, anchors)
    print(f"recording:    {report.origin} {head}: {report.verdict}")
    for one in found:
        print(f"{one.source + ':':13} {one.text}")
    same = names(found)
    print(f"{options.copy.name} {'names' if same else 'does not name'} this recording")
    return same


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns the exit code."""
    try:
        return 0 if _run(_parser().parse_args(argv)) else NOT_THIS
    except RefusedError as refused:
        print(refused.report.as_text(), end="", file=sys.stderr)
        return refused.report.exit_code
    except (UsageError, FfmpegError, SigningError, CustodyError, OSError) as error:
        print(f"vivavoce check-copy: {error}", file=sys.stderr)
        return USAGE_ERROR


if __name__ == "__main__":
    raise SystemExit(main())
