"""An excerpt of a recording, chosen on a page: from when to when, and whose tracks; a bag in one tar file.

Nothing is decrypted: whoever could open the whole recording can open the excerpt, and nobody else.
"""

import logging
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from media.evidence.check import excerpt
from media.evidence.check.bag import ExportError, UnsoundError
from media.evidence.check.policy import Policy
from media.evidence.log import course as journal_course, custody, tlog
from media.evidence.log.course import Course
from media.evidence.log.proof import CourtSeal
from web.server import forms
from web.server.forms import Form, FormError
from web.server.rendering import render
from web.sitting import course, export_rooms, sealed_files
from web.sitting.custody import WHY
from web.sitting.recording_access import (
    NoProvenEnd,
    RecordingAccess,
    access_of,
    folder_of,
    not_proven,
    proven_logs,
    seal_of,
)
from web.words.i18n import _, precise_clock

logger = logging.getLogger("vivavoce.web.sitting.excerpt_pages")

FLOOR = re.compile(r"_(mic|cam|screen)$")
TIME = re.compile(r"([01]?\d|2[0-3])[:.]([0-5]\d)(?:[:.]([0-5]\d))?")


@dataclass(frozen=True)
class Choice:
    """What can be chosen together: the tracks of one seat, or of one language."""

    key: str
    label: str
    tracks: frozenset[str]


def choices(sitting: Course) -> list[Choice]:
    """The seats, then the languages, in the order of the journal."""
    found: dict[str, tuple[str, set[str]]] = {}
    for track in sorted(sitting.tracks.values(), key=lambda track: track.kind == "language"):
        key = FLOOR.sub("", track.name)
        label = course.channel(track) if track.kind == "language" else course.person(sitting, track)
        found.setdefault(key, (label, set()))[1].add(track.name)
    return [Choice(key, label, frozenset(tracks)) for key, (label, tracks) in found.items()]


async def page(request: Request) -> Response:
    """The form."""
    access, sitting = await _opened(request)
    return _form(request, access, sitting, {"choices": [one.key for one in choices(sitting)] if sitting else []})


async def _opened(request: Request) -> tuple[RecordingAccess, Course | None]:
    access = await access_of(request)
    access.require("export_recording")
    logs = await proven_logs(request, access)
    if logs is None or logs.ledger.closed_at is None:
        return access, None
    return access, await run_in_threadpool(journal_course.read, logs.ledger.lines)


def _form(
    request: Request,
    access: RecordingAccess,
    sitting: Course | None,
    values: Mapping[str, Any],
    wrong: list[FormError] | None = None,
) -> Response:
    zone = access.places[0].zone
    context = {
        "access": access,
        "places": access.places,
        "place": access.places[0],
        "values": values,
        "errors": wrong or [],
        "bounds": [precise_clock(course.instant(sitting, t), zone) for t in (0, sitting.end)] if sitting else [],
        "day": course.instant(sitting, 0) if sitting else None,
        "options": [(one.key, one.label) for one in choices(sitting)] if sitting else [],
        "reasons": [(code, _(text)) for code, text in WHY.items() if code in access.export_for],
    }
    status = 422 if wrong else 200 if sitting else 409
    return render(request, "recording_excerpt.html", context, status=status)


def wanted_of(form: Form, sitting: Course, zone: str) -> tuple[excerpt.Part | None, list[FormError]]:
    """What the form asks for, or what is wrong with it."""
    part, wrong = part_of(form, sitting, zone)
    if form.text("why") not in WHY:
        wrong.append(FormError("why", _("Choose a reason.")))
    return None if wrong else part, wrong


def extent(wanted: excerpt.Part, made: excerpt.Excerpted) -> dict[str, Any]:
    """What the `access` line of an excerpt says of it: from when to when it was wanted, and its tracks."""
    return {"t0": wanted.start, "t1": wanted.end, "tracks": sorted(made.segments)}


def part_of(form: Form, sitting: Course, zone: str) -> tuple[excerpt.Part | None, list[FormError]]:
    """The part of the recording that the form names, or what is wrong with it."""
    wrong: list[FormError] = []
    times = []
    for name in ("from", "to"):
        at = _time(form.text(name), sitting, zone)
        if at is None:
            wrong.append(FormError(name, _("Enter a time of day as hours, minutes and seconds, such as 14:05:09.")))
        times.append(at)
    start, end = times
    if start is not None and end is not None and not 0 <= start < end:
        wrong.append(FormError("to", _("The end must be after the beginning.")))
    if start is not None and start >= sitting.end:
        wrong.append(FormError("from", _("The recording had ended by then.")))
    asked = set(form.all("choices"))
    tracks = frozenset[str]().union(*(one.tracks for one in choices(sitting) if one.key in asked))
    if not tracks:
        wrong.append(FormError("choices", _("Choose at least one person or language.")))
    if wrong or start is None or end is None:
        return None, wrong
    return excerpt.Part(start, end, tracks), []


def _time(text: str, sitting: Course, zone: str) -> int | None:
    """A time of day as ms of the recording: the first such time from the recording's beginning on, or at most a minute
    before it."""
    found = TIME.fullmatch(text.strip())
    if found is None:
        return None
    hour, minute, second = (int(part or 0) for part in found.groups())
    begin = course.instant(sitting, 0).astimezone(ZoneInfo(zone))
    at = begin.replace(hour=hour, minute=minute, second=second, microsecond=0)
    if at < begin - timedelta(minutes=1):
        at += timedelta(days=1)
    return max(0, round((at - begin).total_seconds() * 1000))


async def make(request: Request) -> Response:
    """The excerpt. Effects: an `access` line in the custody log, before the first byte is handed out."""
    access, sitting = await _opened(request)
    form = await forms.read(request)
    if sitting is None:
        raise NoProvenEnd
    wanted, wrong = wanted_of(form, sitting, access.places[0].zone)
    if wanted is None:
        return _again(request, access, sitting, form, wrong)
    access.require_purpose(form.text("why"))
    seal = await seal_of(request)
    folder, data = folder_of(request, access), request.app.state.parts.settings.data
    try:
        room, made = await run_in_threadpool(_made, folder, data, access, wanted, seal)
    except excerpt.NothingThereError:
        nothing = FormError("from", _("Nothing was recorded of them in this time."))
        return _again(request, access, sitting, form, [nothing])
    except UnsoundError as error:
        raise await not_proven(request, access, error) from error
    except ExportError as error:
        logger.error("an excerpt could not be made: %s", error)
        raise HTTPException(503, "unavailable") from error
    entry = access.accessor.line("excerpt", form.text("why")) | extent(wanted, made)
    try:
        await run_in_threadpool(custody.record, folder, [entry], seal, time.time_ns(), access.head_at_close)
    except BaseException as error:
        export_rooms.leave(room)
        if isinstance(error, custody.NotProvenError):
            raise await not_proven(request, access, error) from error
        if isinstance(error, custody.CustodyError):
            raise HTTPException(503, "unavailable") from error
        raise
    return await run_in_threadpool(sealed_files.tar_answer, made.folder, room)


def _again(request: Request, access: RecordingAccess, sitting: Course, form: Form, wrong: list[FormError]) -> Response:
    values = {name: form.text(name) for name in ("from", "to", "why")} | {"choices": form.all("choices")}
    return _form(request, access, sitting, values, wrong)


def _made(
    folder: Path, data: Path, access: RecordingAccess, wanted: excerpt.Part, seal: CourtSeal
) -> tuple[Path, excerpt.Excerpted]:
    """The excerpt in a folder of its own, verified by the court's own keys."""
    room = export_rooms.enter(data)
    try:
        journal = excerpt.SealedJournal(folder)
        name = tlog.key_name(journal.head.origin)
        keys = seal.trust(access.head_at_close).public_keys()
        policy = Policy(logs=tuple(tlog.VerifierKey(name, tlog.ED25519, key) for key in keys))
        target = room / f"{access.recording.id}-excerpt"
        return room, excerpt.make(journal, target, wanted, policy, datetime.now(UTC))
    except BaseException:
        export_rooms.leave(room)
        raise


routes = [
    Route("/recordings/{recording}/excerpt", page),
    Route("/recordings/{recording}/excerpt", make, methods=["POST"]),
]
