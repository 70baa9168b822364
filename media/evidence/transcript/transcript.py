"""The draft: every sound track of a verified recording, utterance by utterance, with who, in which language and when.

Times are milliseconds on the recording's timeline. Held in memory is the text, and of the sound half a minute.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from media.evidence.check.verify import VerificationReport
from media.evidence.log.course import Course
from media.evidence.log.journal_lines import SWITCHED_OFF
from media.evidence.render import words
from media.evidence.render.material import LANGUAGE, SOUND, Identities, Material
from media.evidence.transcript import gate, sound
from media.evidence.transcript.model import Model

FORMAT = 1
LABEL = "Machine's draft \N{EM DASH} not evidence, not an interpretation"
CORRECTED = "Machine's draft, corrected by a person \N{EM DASH} not evidence, not an interpretation"
DRAFT = "draft"
INTERPRETER = "interpreter"
"""Beginning of the roles whose microphones were heard through the channels of interpretation."""


class TranscriptWishError(ValueError):
    """The recording has not what is wanted of the transcript; the text names it."""


@dataclass(frozen=True)
class TranscriptWish:
    """What is wanted; ms on the recording's timeline. `languages`: primary subtags, all when empty. `masked`: seats
    that are left out. `names`: by seat and role.
    """

    begin: int
    end: int
    languages: frozenset[str] = frozenset()
    tracks: tuple[str, ...] = ()
    masked: tuple[str, ...] = ()
    zones: tuple[ZoneInfo, ...] = (ZoneInfo("UTC"),)
    names: Mapping[tuple[str, str], str] | None = None


@dataclass(frozen=True)
class Chosen:
    """A track that is transcribed: what the model calls its language."""

    name: str
    language: str


@dataclass(frozen=True)
class LeftOut:
    """A track that is not, and why, in English."""

    name: str
    why: str


Progress = Callable[[int, int], None]
"""Gets how many ms of sound are done, of how many."""


def choose(material: Material, model: Model, wish: TranscriptWish) -> tuple[list[Chosen], list[LeftOut]]:
    """The sound tracks that are transcribed, and those that are left out. Raises TranscriptWishError."""
    _check(material.course, wish)
    taken, left = [], []
    for name in material.tracks(SOUND, LANGUAGE):
        if wish.tracks and name not in wish.tracks:
            continue
        why = _why_not(material, model, wish, name)
        if why:
            left.append(LeftOut(name, why))
        else:
            taken.append(Chosen(name, model.language(material.course.tracks[name].lang) or ""))
    return taken, left


def _why_not(material: Material, model: Model, wish: TranscriptWish, name: str) -> str:
    """Why a track is left out; "" for one that is transcribed."""
    track = material.course.tracks[name]
    if track.kind != LANGUAGE and words.seat_of(name) in wish.masked:
        return "its voice is left out, as ordered"
    if not track.lang or track.lang.lower().startswith("und"):
        return "the recording does not say in which language"
    if wish.languages and words.primary(track.lang) not in wish.languages:
        return f"not asked for ({words.language(track.lang)})"
    if not material.has_media(name, wish.begin, wish.end):
        return "nothing was recorded"
    if track.kind != LANGUAGE and track.role.startswith(INTERPRETER) and _interpreted(material, wish):
        return "an interpreter's own microphone: it was heard through the channel of the language"
    if model.language(track.lang) is None:
        return f"the model does not know {words.language(track.lang)} ({track.lang})"
    return ""


def _interpreted(material: Material, wish: TranscriptWish) -> bool:
    return any(material.has_media(name, wish.begin, wish.end) for name in material.tracks(LANGUAGE))


def _check(course: Course, wish: TranscriptWish) -> None:
    if not 0 <= wish.begin < wish.end <= course.end:
        raise TranscriptWishError(
            f"the recording runs from 0:00:00 to {words.clock(course.end)} ({course.end / 1000:.3f} s)"
        )
    for name in wish.tracks:
        if name not in course.tracks:
            raise TranscriptWishError(f"the recording has no track {name}; it has {', '.join(course.tracks)}")
    seats = {words.seat_of(name) for name, track in course.tracks.items() if track.kind != LANGUAGE}
    for seat in wish.masked:
        if seat not in seats:
            raise TranscriptWishError(f"nobody has the seat {seat}; the seats are {', '.join(sorted(seats))}")


def make(
    material: Material,
    identities: Identities,
    report: VerificationReport,
    model: Model,
    wish: TranscriptWish,
    now: datetime,
    progress: Progress = lambda _done, _all: None,
) -> dict[str, Any]:
    """The transcript of a verified recording (docs/transcript.md). Raises TranscriptWishError, MaterialError and
    SoundError."""
    taken, left = choose(material, model, wish)
    spans = {one.name: list(spans_of(material, one.name, wish)) for one in taken}
    whole = sum(t1 - t0 for each in spans.values() for t0, t1, _key in each)
    segments: list[dict[str, Any]] = []
    done = 0
    for one in taken:
        for t0, t1, key in spans[one.name]:
            hops = _counted(sound.hops(material.stream(one.name, t0, t1, identities), t0, t1), done, whole, progress)
            for said in gate.utterances(hops, t0):
                for heard in model.hear(said.samples, one.language):
                    times = said.t0 + heard.t0, min(t1, said.t0 + max(heard.t1, heard.t0 + 1))
                    if times[0] < times[1]:
                        segments.append(_segment(material, wish, one.name, times, key, heard.text, heard.confidence))
            done += t1 - t0
    segments.sort(key=lambda each: (each["t0"], each["t1"], each["track"]))
    for number, segment in enumerate(segments, 1):
        segment["n"] = number
    return _head(report, material, model, wish, now) | {
        "tracks": [_track(material, one.name, wish) for one in taken],
        "left_out": [_track(material, one.name, wish) | {"why": one.why} for one in left],
        "silences": silences(material, [one.name for one in taken], wish),
        "segments": segments,
    }


def _counted(hops: Iterator[sound.Samples], done: int, whole: int, progress: Progress) -> Iterator[sound.Samples]:
    for index, samples in enumerate(hops, 1):
        yield samples
        progress(min(whole, done + index * sound.HOP_MS), whole)


def spans_of(material: Material, track: str, wish: TranscriptWish) -> Iterator[tuple[int, int, int]]:
    """From when to when a track is heard, and the number of the key: words of a closed session are never put together
    with others."""
    cuts = {wish.begin, wish.end}
    for stretch in material.course.closed:
        cuts |= {t for t in (stretch.t0, stretch.t1) if t is not None and wish.begin < t < wish.end}
    times = sorted(cuts)
    for t0, t1 in pairwise(times):
        inside = [piece for piece in material.pieces.get(track, ()) if piece.t0 < t1 and t0 < piece.t1]
        if inside:
            yield max(t0, inside[0].t0), min(t1, inside[-1].t1), inside[0].key


def silences(material: Material, tracks: Sequence[str], wish: TranscriptWish) -> list[dict[str, Any]]:
    """Why nothing is written of a time: holds and pauses of the whole hearing, what fewer may open, gaps of a track.

    What a person switched off, or came late, is no gap: nothing that was said is missing.
    """
    course, found = material.course, []
    for hold in course.holds():
        found.append(("hold", hold.t0, hold.t1, "", "hold: nothing may be said"))
    for pause in course.pauses:
        by = words.role(pause.by) or "the system"
        found.append(("pause", pause.t0, pause.t1 or course.end, "", f"recording paused by the {by}"))
    for closed in course.closed:
        found.append(("closed_session", closed.t0, closed.t1 or course.end, "", "closed session"))
    for name in tracks:
        for gap in material.missing(name, wish.begin, wish.end):
            if gap.cause and gap.cause not in {*SWITCHED_OFF, "pause"}:
                found.append(("gap", gap.t0, gap.t1, name, words.why(gap.cause)))
    inside = [each for each in found if each[1] < wish.end and wish.begin < each[2]]
    return [
        {"kind": kind, "t0": max(t0, wish.begin), "t1": min(t1, wish.end), "track": track, "why": why}
        for kind, t0, t1, track, why in sorted(inside, key=lambda each: (each[1], each[2], each[3]))
    ]


def _head(
    report: VerificationReport, material: Material, model: Model, wish: TranscriptWish, now: datetime
) -> dict[str, Any]:
    zero = material.course.zero // 1_000_000
    return {
        "what": LABEL,
        "format": FORMAT,
        "status": DRAFT,
        "recording": {
            "id": material.recording,
            "origin": report.origin,
            "size": report.size,
            "root": report.root,
            "head": f"{report.size}:{report.root}",
            "verdict": report.findings.verdict,
            "waived": report.findings.waived,
        },
        "zero_ms": zero,
        "from_ms": wish.begin,
        "until_ms": wish.end,
        "clocks": [zone.key for zone in wish.zones],
        "masked": list(wish.masked),
        "model": {"name": model.name, "sha256": model.sha256, "engine": model.engine},
        "made": now.astimezone(UTC).isoformat(timespec="seconds"),
        "software": f"Vivavoce {metadata.version('vivavoce')}",
    }


def _who(material: Material, track: str, at: int, wish: TranscriptWish) -> dict[str, str]:
    """Seat, role, State and name of whose track it is; the channel of a language has none of them but its role."""
    found = material.course.tracks[track]
    seated = material.course.seated(track, at) if found.kind != LANGUAGE else None
    if seated is None:
        return {"seat": "", "role": found.role, "state": "", "name": ""}
    name = (wish.names or {}).get((seated.seat, seated.role), "")
    return {"seat": seated.seat, "role": seated.role, "state": seated.state, "name": name}


def _track(material: Material, name: str, wish: TranscriptWish) -> dict[str, Any]:
    track = material.course.tracks[name]
    kind = "interpretation" if track.kind == LANGUAGE else "floor"
    return {"track": name, "kind": kind, "language": track.lang, **_who(material, name, wish.begin, wish)}


def _segment(
    material: Material, wish: TranscriptWish, track: str, times: tuple[int, int], key: int, text: str, confidence: float
) -> dict[str, Any]:
    zero = material.course.zero // 1_000_000
    return {
        "n": 0,
        **_track(material, track, wish),
        **_who(material, track, times[0], wish),
        "t0": times[0],
        "t1": times[1],
        "from": [local(zero + times[0], zone) for zone in wish.zones],
        "until": [local(zero + times[1], zone) for zone in wish.zones],
        "key": key,
        "text": text,
        "confidence": confidence,
        "status": DRAFT,
    }


def local(ms: int, zone: ZoneInfo) -> str:
    """An instant (ms since 1970 UTC) by a court's clock, with its distance from UTC."""
    moment = datetime.fromtimestamp(ms // 1000, UTC).replace(microsecond=ms % 1000 * 1000)
    return moment.astimezone(zone).isoformat(timespec="milliseconds")
