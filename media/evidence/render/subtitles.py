"""Subtitles (WebVTT) and chapters from the entries of the hearing's log, and captions where an exported case has them.

The journal has kind, role and time of an entry, not its text. A caption's text is taken from the log of an exported
case, and only when the hash that the journal has of that entry is the one of the text.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import rfc8785

from media.evidence.render import words
from media.evidence.render.material import Material

SHOWN = 5_000
"""Milliseconds for which a subtitle stands, when no other follows."""
CAPTION = "caption"
CHAPTERS = frozenset(
    {"started", "closing", "aborted", "break_ordered", "break_ended", "hold", "resumed", "exhibit_shown"}
    | {"closed_session_begun", "closed_session_ended"}
)
"""Kinds of entries at which a chapter of the copy begins: its course, and the exhibits."""


class CaseError(ValueError):
    """The folder is no exported case that knows this hearing, or cannot be read."""


@dataclass(frozen=True)
class Cue:
    """A subtitle; ms of the copy."""

    t0: int
    t1: int
    text: str


@dataclass(frozen=True)
class Caption:
    """A caption; ms on the recording's timeline, language as BCP 47."""

    t: int
    lang: str
    text: str


def of_log(material: Material, begin: int, end: int) -> list[Cue]:
    """A subtitle for each entry of the log but captions, with its time on the recording."""
    sitting = material.course
    told = [
        (one.t - begin, f"{words.clock(one.t)} {words.entry(sitting, one)}")
        for one in sitting.entries
        if begin <= one.t < end and one.kind != CAPTION
    ]
    return _until_the_next(told, end - begin)


def chapters(material: Material, begin: int, end: int) -> str:
    """The chapters as ffmetadata; "" where there are none."""
    marks = [one for one in material.course.entries if begin <= one.t < end and one.kind in CHAPTERS]
    if not marks:
        return ""
    parts = [";FFMETADATA1"]
    for one, until in zip(marks, [*(mark.t for mark in marks[1:]), end], strict=True):
        title = _escaped(f"{words.clock(one.t)} {words.entry(material.course, one)}")
        parts.append(f"[CHAPTER]\nTIMEBASE=1/1000\nSTART={one.t - begin}\nEND={until - begin}\ntitle={title}")
    return "\n".join(parts) + "\n"


@dataclass(frozen=True)
class ShownCaptions:
    """By language those that are shown. `lacking`: how many of the journal's have no text, or not the sealed one;
    `masked`: how many are left out because they name a masked person as the speaker.
    """

    shown: Mapping[str, list[Cue]]
    lacking: int
    masked: int


def captions(material: Material, case: Path, begin: int, end: int, masked: Collection[str] = ()) -> ShownCaptions:
    """The captions that the seal covers, but for those of whoever has one of the masked seats. Raises CaseError.

    Each stands where it was spoken; a correction stands in the place of what it corrects.
    """
    texts, seats = _read(case)
    shown: dict[int, Caption] = {}
    hidden: set[int] = set()
    lacking = left_out = 0
    for one in material.course.entries:
        if one.kind != CAPTION:
            continue
        data = texts.get(material.seals[one.number])
        if data is None:
            lacking += begin <= one.t < end
            continue
        corrected = data.get("corrects", 0)
        if corrected in hidden or seats.get(data.get("participant", "")) in masked:
            hidden.add(one.number)
            shown.pop(corrected, None)
            left_out += begin <= one.t < end
            continue
        spoken = data.get("timecode_ms") if data.get("recording") == material.recording else None
        new = Caption(one.t if spoken is None else spoken, data["lang"], words.plain(data["text"]))
        old = shown.get(corrected)
        shown[corrected if old else one.number] = replace(new, t=old.t) if old else new
    told: dict[str, list[tuple[int, str]]] = {}
    for caption in shown.values():
        if begin <= caption.t < end:
            told.setdefault(caption.lang, []).append((caption.t - begin, caption.text))
    cues = {lang: _until_the_next(lines, end - begin) for lang, lines in sorted(told.items())}
    return ShownCaptions(cues, lacking, left_out)


def webvtt(cues: Iterable[Cue]) -> str:
    """A WebVTT file."""
    parts = ["WEBVTT\n"]
    for cue in cues:
        text = cue.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        parts.append(f"{_stamp(cue.t0)} --> {_stamp(cue.t1)}\n{text}\n")
    return "\n".join(parts)


def _read(case: Path) -> tuple[dict[str, Mapping[str, Any]], dict[str, str]]:
    """Hash → data of each caption in the logs of an exported case, the hash computed from what is there; and by their
    id the seats of the people in its hearings.
    """
    files = sorted(case.glob("hearings/*/log.json")) or sorted(case.glob("data/hearings/*/log.json"))
    if not files:
        raise CaseError(f"{case} holds no log of a hearing (hearings/…/log.json): it is no exported case")
    found: dict[str, Mapping[str, Any]] = {}
    seats: dict[str, str] = {}
    for file in files:
        try:
            entries = json.loads(file.read_bytes())
            hearing = json.loads((file.parent / "hearing.json").read_bytes())
            seats |= {person["id"]: person["seat"] for person in hearing.get("people", ())}
            for entry in entries:
                if entry["kind"] == CAPTION and entry["id"]:
                    found[_hash(entry, hearing["id"])] = dict(entry["data"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CaseError(f"{file} cannot be read as the log of a hearing: {error!r}") from None
    return found, seats


def _hash(entry: Mapping[str, Any], hearing: str) -> str:
    """What the journal has of an entry (docs/recording-format.md §9, `event`)."""
    content = {name: entry[name] for name in ("id", "seq", "at", "kind", "actor", "data")}
    content |= {"hearing": hearing, "actor_role": entry["role"]}
    return hashlib.sha256(rfc8785.dumps(content)).hexdigest()


def _until_the_next(told: list[tuple[int, str]], end: int) -> list[Cue]:
    """Each line until the next comes, at most `SHOWN`; those of one instant together."""
    together: dict[int, list[str]] = {}
    for t, text in sorted(told, key=lambda pair: pair[0]):
        together.setdefault(t, []).append(text)
    times = [*together, end]
    return [
        Cue(t, min(t + SHOWN, max(t + 1, following)), "\n".join(texts))
        for (t, texts), following in zip(together.items(), times[1:], strict=True)
    ]


def _stamp(t: int) -> str:
    return f"{t // 3_600_000:02d}:{t // 60_000 % 60:02d}:{t // 1000 % 60:02d}.{t % 1000:03d}"


def _escaped(text: str) -> str:
    return "".join(f"\\{letter}" if letter in "=;#\\\n" else letter for letter in text)
