"""`vivavoce note-copy`: whoever made a copy to look at (docs/render.md) has it written into the custody log.

A copy is made where the key is, without the server: nobody but its maker can report it, and a maker may not.
"""

import argparse
import json
import re
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from media.evidence.log import custody, tlog
from media.evidence.log.journal_lines import Line
from media.evidence.log.proof import CourtSeal
from web import strict_json
from web.seal_keeper import SealKeeper
from web.settings import Settings

Add = Callable[[str, Callable[[Settings, argparse.Namespace], int], str], argparse.ArgumentParser]
FindPerson = Callable[[Settings, str], custody.Accessor]
FindRecording = Callable[[Settings, str], tuple[str, list[tlog.Checkpoint]]]
WHAT = "render"
"""What such an `access` line says was done."""
MOST_BYTES = 1 << 20
_SHA256 = re.compile(r"[0-9a-f]{64}")


class NotNoted(Exception):
    """Nothing was written: the file is not of a copy of this recording, or its log cannot be appended to."""


def add_to(add: Add, person: FindPerson, recording: FindRecording) -> None:
    """Add the command to the parser. `person` and `recording` find what the arguments name."""
    made = add(
        "note-copy", partial(_note, person, recording), "Write a copy to look at into the recording's custody log."
    )
    made.add_argument("recording", help="id of the recording, or reference of the hearing")
    made.add_argument("told", type=Path, metavar="COPY.json", help="the file that lies beside the copy")
    made.add_argument("--by", required=True, metavar="PERSON", help="who made it: e-mail address or name of the staff")


def _note(person: FindPerson, recording: FindRecording, settings: Settings, options: argparse.Namespace) -> int:
    by = person(settings, options.by)
    name, kept = recording(settings, options.recording)
    try:
        with options.told.open("rb") as stream:
            told = stream.read(MOST_BYTES)
    except OSError as error:
        raise NotNoted(f"{options.told} cannot be read: {error.strerror}") from None
    line = note(settings.recordings / name, told, by, SealKeeper(settings).ensure(), time.time_ns(), kept)
    print(json.dumps({"noted": line["sha256"], "recording": name}))
    return 0


def note(
    folder: Path,
    told: bytes,
    by: custody.Accessor,
    seal: CourtSeal,
    now_ns: int,
    kept: Sequence[tlog.Checkpoint] = (),
) -> Line:
    """Append the line of a copy to the custody log of its recording, and have the head signed; returns the line.

    `told` is the content of the file beside the copy. Raises NotNoted when it does not name this recording and its head
    at the close, or the log cannot be appended to: then nothing was written.
    """
    try:
        closed = custody.read(folder, seal.trust(kept)).head
        line = line_of(told, closed, by)
        custody.record(folder, [line], seal, now_ns, kept)
    except custody.CustodyError as error:
        raise NotNoted(str(error)) from error
    return line


def line_of(told: bytes, head: tlog.Checkpoint, by: custody.Accessor) -> Line:
    """The line: who, what for, from when to when (ms), which seats are masked, SHA-256 of the copy. Raises NotNoted."""
    try:
        copy: dict[str, Any] = strict_json.parse(told)
        named = copy["original"]["origin"], copy["original"]["head"]
        sha256, purpose, masked = copy["sha256"], copy["purpose"], copy["masked"]
        t0, t1 = copy["from_ms"], copy["until_ms"]
    except (ValueError, KeyError, TypeError):
        raise NotNoted("this is not what a copy has beside it (COPY.json)") from None
    if named != (head.origin, f"{head.size}:{head.root.hex()}"):
        raise NotNoted(f"the copy is of another recording: {named[0]} {named[1]}")
    well = isinstance(sha256, str) and _SHA256.fullmatch(sha256) and isinstance(purpose, str)
    if not (well and type(t0) is int and type(t1) is int and 0 <= t0 < t1 and _texts(masked)):
        raise NotNoted("a field of the file has another form than a copy gives it")
    return by.line(WHAT, purpose) | {"t0": t0, "t1": t1, "masked": masked, "sha256": sha256}


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)
