"""Makes a copy of a recording to look at: pictures by stretches, then all in one file; and what names its original.

An early end leaves the finished stretches, and the same call goes on from them (`media.evidence.render.parts`).
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

from media.evidence.check.verify import UsageError, VerificationReport
from media.evidence.render import encoders, graph, material, plan, signing, words
from media.evidence.render.encoders import Container, Options
from media.evidence.render.feed import run
from media.evidence.render.material import Identities, Material, MaterialError
from media.evidence.render.parts import SIGNED, WHOLE, Parts, is_note_alone, note_of
from media.evidence.render.plan import CopyPlan, Wish
from media.evidence.render.signing import CopySigner
from media.evidence.seal import key_use

PICTURES, SOUNDS = "pictures", "sounds"
"""Steps of making a copy, as progress is told."""


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


@dataclass(frozen=True)
class Maker:
    """Who makes a copy, and what for, in their own words; and who signs it, if anybody."""

    by: str = ""
    purpose: str = ""
    signer: CopySigner | None = None


def make(
    bag: Path,
    report: VerificationReport,
    identities: Identities,
    wish: Wish,
    out: Path,
    now: datetime,
    maker: Maker | None = None,
    progress: Callable[[str, int], None] = lambda _step, _pictures: None,
) -> dict[str, Any]:
    """Make the copy of a verified recording, and beside it `OUT.json`, which names its original; returns that.

    Raises RefusedError, UsageError, WishError, FfmpegError, CaseError, PartsError, MaterialError, SigningError and
    RenderError. Effects: two files of mode 0600, under their names only when they are complete; when it ends early, the
    finished stretches in `OUT.parts` for the same call to go on from, but nothing after a MaterialError.
    """
    maker = maker or Maker()
    require_verified(report)
    container, ffmpeg = encoders.container_of(out), encoders.at_hand()
    if maker.signer is not None and container.name != "mp4":
        raise UsageError("only an MP4 can be signed")
    codecs = encoders.codecs(ffmpeg, container)
    _require_room(out)
    held = material.read(bag, report.root)
    held.lock(identities)
    planned = plan.make(held, identities, report.origin, wish)
    facts = _facts(report, held, planned, maker, now) | {"ffmpeg": ffmpeg.version}
    with Parts(out, wish.begin, wish.end, _shape(facts, planned, identities, codecs[0])) as parts:
        _require_room(out)  # nobody else makes it now
        note_of(out).unlink(missing_ok=True)
        try:
            whole = _film(_Tools(ffmpeg.path, container, codecs, progress), planned, parts, facts["original"])
            if maker.signer is not None:
                unsigned, whole = whole, parts.room(SIGNED)
                signing.sign(unsigned, whole, signing.manifest(facts, out.name), maker.signer)
        except MaterialError:
            parts.remove()
            raise
        facts["key_use"] = key_use.made(report.origin, identities, "render", now).as_json()
        facts |= {"file": out.name, "size": whole.stat().st_size, "sha256": sha256_of(whole)}
        written = parts.room("told")
        written.write_text(json.dumps(facts, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        written.rename(note_of(out))
        whole.rename(out)
        parts.remove()
    return facts


def _require_room(out: Path) -> None:
    """UsageError where the copy or its note is there already, but for the note of a film that never got its name."""
    for path in (out, note_of(out)):
        if (path.exists() or path.is_symlink()) and not (path == note_of(out) and is_note_alone(out)):
            raise UsageError(f"{path} is there already")


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


class _Tools(NamedTuple):
    """ffmpeg, what it is to make with which encoders (of pictures, of sounds), and who is told how far it is."""

    ffmpeg: str
    container: Container
    codecs: tuple[Options, Options]
    progress: Callable[[str, int], None]


def _film(tools: _Tools, planned: CopyPlan, parts: Parts, original: Mapping[str, Any]) -> Path:
    """The stretches that are not finished, then the whole: pictures as they are, with sounds and texts."""
    container, (video, audio) = tools.container, tools.codecs
    for t0, t1, file in parts.unfinished():
        command = planned.pictures(t0, t1, {**video, "f": container.name}, file)
        before = (t0 - planned.wish.begin) * graph.RATE // 1000
        run(tools.ffmpeg, command, partial(_further, tools.progress, before))
    about = {
        "title": f"{words.MARK}: {original['origin']}",
        "comment": f"{words.MARK}. Original: {original['origin']} {original['head']}",
    }
    texts = {"c:s": container.subtitles} if planned.subtitles else {}
    whole = parts.room(WHOLE)
    command = planned.together(parts.listed(), {**audio, **texts, "f": container.name}, about, whole)
    run(tools.ffmpeg, command, partial(tools.progress, SOUNDS))
    return whole


def _further(progress: Callable[[str, int], None], before: int, pictures: int) -> None:
    progress(PICTURES, before + pictures)


def _shape(facts: Mapping[str, Any], planned: CopyPlan, identities: Identities, video: Options) -> dict[str, Any]:
    """All that shapes the pictures: what is finished with other options, or keys, is not gone on from."""
    named = ("layout", "masked", "clocks", "size_of_picture", "software", "ffmpeg")
    wanted = {"original": facts["original"]["head"], "tracks": list(planned.wanted), "opened": list(planned.used)}
    return {**{name: facts[name] for name in named}, **wanted, "identity": sorted(identities), "encoder": dict(video)}


def _facts(
    report: VerificationReport, held: Material, planned: CopyPlan, maker: Maker, now: datetime
) -> dict[str, Any]:
    """What the file beside a copy says of it."""
    zero, wish = held.course.zero // 1_000_000, planned.wish
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
        "size_of_picture": list(wish.size),
        "tracks": list(planned.used),
        "masked": list(wish.masked),
        "sounds": [{"title": sound.title, "language": sound.code} for sound in planned.sounds],
        "subtitles": [{"title": text.title, "language": text.code} for text in planned.subtitles],
        "captions_without_text": planned.captions.lacking,
        "captions_of_masked": planned.captions.masked,
        "clocks": [zone.key for zone in wish.zones],
        "made": now.astimezone(UTC).isoformat(timespec="seconds"),
        "made_by": maker.by,
        "purpose": maker.purpose,
        "signed": maker.signer is not None,
        "software": f"Vivavoce {metadata.version('vivavoce')}",
    }


def _utc(ms: int) -> str:
    moment = datetime.fromtimestamp(ms // 1000, UTC).replace(microsecond=ms % 1000 * 1000, tzinfo=None)
    return moment.isoformat(timespec="milliseconds") + "Z"
