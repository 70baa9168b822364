"""Recordings: the list, the player, the custody log, the verification, and the export.

The server delivers sealed bytes; the player decrypts and verifies them in the browser. Every viewing and every export
is a line in the recording's custody log, written before the first byte is served: person, role, State and reason.
"""

import json
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hearings import events, queries
from hearings.events import EventKind
from hearings.interpreting import captions
from hearings.models import HearingRequest
from hearings.permissions import Decision, may
from hearings.sitting import recordings
from hearings.status import RecordingStatus
from media.evidence.archive import copies, status as archive_status
from media.evidence.check import bag
from media.evidence.cosigning import waiting
from media.evidence.log import course as journal_course, custody, tlog
from media.evidence.stamping import renewal, timestamps
from web import strict_json
from web.seal_keeper import authorities_of, cosigners_of
from web.server import forms
from web.server.rendering import asset, messages_url, render
from web.server.sign_in import require_token, staff
from web.sitting import cosignatures, export_rooms, sealed_files
from web.sitting.course import MARKS
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
from web.words import court_clocks, event_log, recorded_acts as recorded_words, roles
from web.words.i18n import _, city_here

logger = logging.getLogger("vivavoce.web.sitting.recording_pages")

PAGE = 50
CAPTIONS = 500
"""Captions, or entries of the log, that the player gets at a time."""
PLAYABLE = frozenset({RecordingStatus.sealed, RecordingStatus.failed})


# --- pages -------------------------------------------------------------------------------------------------------


async def index(request: Request) -> Response:
    """The recordings of a State's hearings."""
    _signed, person = staff(request)
    before = request.query_params.get("before", "")
    async with request.app.state.parts.database.reading() as db:
        page = await queries.recordings(db, state=person.owner_state, after=before, limit=PAGE)
    lines = [
        {
            "recording": recording,
            "hearing": hearing,
            "places": court_clocks.own_first(court_clocks.of_hearing(hearing), person.owner_state),
        }
        for recording, hearing in page.rows
    ]
    context = {"lines": lines, "next": page.after, "playable": PLAYABLE}
    return render(request, "recordings.html", context)


async def player(request: Request) -> Response:
    """The player. Nothing of the recording is in the page: it comes after the viewing has been logged."""
    access = await access_of(request)
    decision = may("view_recording", access.role)  # a recording that goes on is refused where it would be shown
    both = access.places
    config = {
        "base": f"/recordings/{access.recording.id}",
        "csrf": request.scope["csrf"],
        "worker": asset("player-worker.js"),
        "origin": access.recording.origin,
        "places": [{"city": city_here(place.city), "zone": place.zone} for place in both],
        "reasons": [{"code": code, "text": _(text)} for code, text in WHY.items()],
        "kinds": {kind.value: {"text": _(event_log.WORDS[kind]), "shape": shape} for kind, shape in MARKS.items()},
        "log": f"/h/{access.hearing.ref}/log",
        "texts": f"/recordings/{access.recording.id}/log.json",
        "captions": f"/recordings/{access.recording.id}/captions.json",
        "messages_url": messages_url("player"),
    }
    context = {
        "access": access,
        "places": both,
        "config": json.dumps(config),
        "allowed": decision.allowed,
        "refusal": "" if decision.allowed else refusal(decision),
        "ready": access.recording.status in PLAYABLE,
    }
    return render(request, "recording.html", context, status=200 if decision.allowed else 403)


def refusal(decision: Decision) -> str:
    """Why somebody may not view a recording, and who can."""
    if not decision.who_can:
        return _("You may not view this recording.")
    return _("Only {roles} of this hearing can view its recording.").format(roles=roles.any_of(decision.who_can))


async def verify_page(request: Request) -> Response:
    """The verdict on the recording, what was checked, and how to verify it with one's own tools."""
    access = await access_of(request)
    access.require("verify")
    logs = await proven_logs(request, access)
    async with request.app.state.parts.database.reading() as db:
        audit = await queries.latest_audit(db, access.recording.id)
    ledger = logs.ledger if logs else None
    sitting = await run_in_threadpool(journal_course.read, ledger.lines) if ledger else None
    missing = [gap for gap, _tracks in sitting.interruptions()] if sitting else []
    context = {
        "access": access,
        "places": access.places,
        "word": "failed" if logs is None else audit.verdict if audit else "unchecked",
        "audit": audit,
        "head": ledger.head if ledger else None,
        "custody_log": logs.custody_log if logs else None,
        "missing": missing,
        "missing_seconds": round(sum(gap.t1 - gap.t0 for gap in missing) / 1000, 1),
        "root": ledger.head.root.hex() if ledger else "",
        "named": f"{ledger.head.size}:{ledger.head.root.hex()}" if ledger else "",
        "cosignatures": await _cosignatures(request, ledger.note) if ledger else (),
        "stamp": await _stamp(request, folder_of(request, access)) if ledger else None,
        "copies": await _copies(request, access, logs.custody_log if logs else None),
        "separated": request.app.state.parts.seal.separated,
        "closed": ledger is not None and ledger.closed_at is not None,
        "court": tlog.key_name(access.recording.origin),
        "reasons": [(code, _(text)) for code, text in WHY.items() if code in access.export_for],
        "may_export": access.may("export_recording").allowed,
        "may_release": access.may("transmit").allowed,
    }
    return render(request, "recording_verify.html", context)


async def _cosignatures(request: Request, note: bytes) -> Sequence[cosignatures.Cosignature]:
    settings = request.app.state.parts.settings
    if settings.cosigners is None:
        return ()
    waits = await run_in_threadpool(waiting.read, settings.recordings)
    return cosignatures.of_head(note, await run_in_threadpool(cosigners_of, settings), waits)


@dataclass(frozen=True)
class HeldStamp:
    """The time-stamp over the closing head, that holds: its time, until when it is relied on, and when it was renewed
    last."""

    at: datetime
    until: datetime | None
    renewed: datetime | None
    ending: bool
    """Whether it is to be renewed by now."""


async def _stamp(request: Request, folder: Path) -> tuple[bool, HeldStamp | None]:
    """Whether time-stamps are taken here, and that over the closing head, if it is there and holds."""
    authorities = await run_in_threadpool(authorities_of, request.app.state.parts.settings)
    if authorities is None:
        return False, None
    return True, await run_in_threadpool(_held_stamp, folder, authorities.anchors, datetime.now(UTC))


def _held_stamp(folder: Path, anchors: bytes, now: datetime) -> HeldStamp | None:
    at = timestamps.stamped_at(folder, anchors)
    if at is None:
        return None
    until = renewal.outstanding(folder).ends
    ending = until is not None and until - renewal.BEFORE <= now
    return HeldStamp(at, until, renewal.renewed_at(folder, anchors), ending)


async def _copies(
    request: Request, access: RecordingAccess, lines: tuple[bytes, ...] | None
) -> Sequence[copies.ArchivedCopy]:
    settings = request.app.state.parts.settings
    names = [store.name for store in settings.archive_stores]
    found = await run_in_threadpool(archive_status.read, settings.recordings) if names else None
    return copies.of_recording(access.recording.id, lines or (), names, found)


async def public_verify(request: Request) -> Response:
    """Verifies an exported bag in the browser; needs no login and sends nothing."""
    config = {"messages_url": messages_url("verify")}
    return render(request, "verify.html", {"config": json.dumps(config)})


# --- viewing -----------------------------------------------------------------------------------------------------


async def viewing(request: Request) -> Response:
    """Begins a viewing. Effects: an `access` line, durable and covered by a signed checkpoint; then a ticket for the
    files."""
    access = await access_of(request)
    require_token(request)
    access.require("view_recording")
    access.require("unseal")
    asked = await _asked(request)
    what = "view_continued" if asked.get("continued") is True else "view"
    await _log(request, access, what, str(asked["why"]))
    parts = request.app.state.parts
    now = int(time.time())
    ticket = sealed_files.give_ticket(
        parts.keys.cookie, recording=access.recording.id, login=access.signed.login.id, now=now
    )
    return JSONResponse({"ticket": ticket, "expires": now + sealed_files.TICKET_SECONDS})


async def caption_lines(request: Request) -> Response:
    """Captions of what is in the recording, for the player: JSON, `CAPTIONS` at a time after the number `after` of the
    log, each the canonical form of its entry, whose hash is in the journal, with the speaker's name and who wrote it.

    Who may view the recording may read them, as in the hearing's log. One that names somebody whose identity has been
    protected since is left out.
    """
    access = await access_of(request)
    access.require("view_recording")
    after = _number(request)
    hearing = access.hearing
    async with request.app.state.parts.database.reading() as db:
        people = await queries.participants(db, hearing.id)
        asked = await queries.get(db, HearingRequest, hearing.request_id)
        rows = await captions.of_recording(db, hearing.id, access.recording.id, after=after, limit=CAPTIONS)
    rules = recorded_words.name_rules(people, asked.person_name)
    lines = [
        {
            "entry": recordings.canonical(recordings.entry(row)).decode(),
            "by": rules.names.get(row.data.get("participant", ""), ""),
            "written": _(event_log.CAPTION_SOURCES[source]),
        }
        for row, source in ((row, row.data["source"]) for row in rows)
        if rules.quoted(row.data["text"]) == row.data["text"]
    ]
    return JSONResponse({"lines": lines, "next": rows[-1].seq if len(rows) == CAPTIONS else None})


async def log_lines(request: Request) -> Response:
    """The log of the hearing in words, for the player's search: JSON, the newest first, `CAPTIONS` at a time below the
    number `after` (0: from the end), each with the hash by which the journal names its entry. Captions have a list of
    their own.

    Who may view the recording may read it, as on the log's own page, which hides the same names.
    """
    access = await access_of(request)
    access.require("view_recording")
    below = _number(request)
    hearing = access.hearing
    async with request.app.state.parts.database.reading() as db:
        people = await queries.participants(db, hearing.id)
        asked = await queries.get(db, HearingRequest, hearing.request_id)
        of_hearing = await queries.recordings_of_hearing(db, hearing.id)
        rows = await events.newest(
            db, hearing.id, without=EventKind.caption.value, before=below or None, limit=CAPTIONS
        )
    told = event_log.log_lines(rows, people, asked.person_name, recordings=of_hearing, clocks=access.places)
    lines = [
        {"seq": line.seq, "what": line.what, "about": line.about, "by": line.by, "detail": line.detail}
        | {"sha256": line.sha256}
        for line in told
    ]
    return JSONResponse({"lines": lines, "next": rows[-1].seq if len(rows) == CAPTIONS else None})


def _number(request: Request) -> int:
    """The number of the log from which a list goes on."""
    after = request.query_params.get("after", "0")
    if not (after.isascii() and after.isdigit() and len(after) < 10):
        raise HTTPException(400, "bad_request")
    return int(after)


async def _asked(request: Request) -> dict[str, Any]:
    try:
        asked = strict_json.parse(await request.body())
    except ValueError:
        raise HTTPException(400, "bad_request") from None
    if not isinstance(asked, dict) or not isinstance(asked.get("why"), str) or asked["why"] not in WHY:
        raise HTTPException(422, "unprocessable")
    return asked


async def _log(request: Request, access: RecordingAccess, what: str, why: str) -> None:
    entry = access.accessor.line(what, why)
    folder, seal = folder_of(request, access), await seal_of(request)

    def append() -> None:
        custody.record(folder, [entry], seal, time.time_ns(), access.head_at_close)

    try:
        await run_in_threadpool(append)
    except custody.NotClosedError:
        raise NoProvenEnd from None
    except custody.NotProvenError as error:
        raise await not_proven(request, access, error) from error
    except custody.CustodyError as error:
        logger.error("viewing of a recording could not be logged: %s", error)
        raise HTTPException(503, "unavailable") from error


async def file(request: Request) -> Response:
    """One sealed file, for a login that may view it and whose viewing is in the custody log."""
    access = await access_of(request)
    access.require("view_recording")
    parts = request.app.state.parts
    ticket = request.headers.get("x-viewing-ticket", "")
    login = access.signed.login.id
    if not sealed_files.ticket_holds(
        parts.keys.cookie, ticket, recording=access.recording.id, login=login, now=int(time.time())
    ):
        raise HTTPException(403, "ticket")
    wanted = request.headers.get("range", "")
    try:
        data, start, size = await run_in_threadpool(
            sealed_files.read_file, parts.settings.recordings, access.recording.id, request.path_params["path"], wanted
        )
    except sealed_files.NoSuchFileError:
        raise HTTPException(404, "not_found") from None
    except sealed_files.RangeError as error:
        return Response(status_code=416, headers={"content-range": f"bytes */{error.size}"})
    headers = {"accept-ranges": "bytes", "content-disposition": "attachment"}
    if wanted:
        headers["content-range"] = f"bytes {start}-{start + len(data) - 1}/{size}"
    return Response(data, 206 if wanted else 200, headers, media_type="application/octet-stream")


async def export(request: Request) -> Response:
    """The export of the recording as a bag in one tar file. Effects: an `access` line, then the bag."""
    access = await access_of(request)
    form = await forms.read(request)
    access.require("export_recording")
    why = form.text("why")
    if why not in WHY:
        raise HTTPException(422, "unprocessable")
    access.require_purpose(why)
    parts = request.app.state.parts
    folder, seal = folder_of(request, access), await seal_of(request)

    def make() -> tuple[Path, Path]:
        room = export_rooms.enter(parts.settings.data)
        try:
            target = room / access.recording.id
            bag.export(folder, target, seal, access.accessor, why, datetime.now(UTC), kept=access.head_at_close)
            return room, target
        except BaseException:
            export_rooms.leave(room)
            raise

    try:
        room, target = await run_in_threadpool(make)
    except custody.NotClosedError:
        raise NoProvenEnd from None
    except (custody.NotProvenError, bag.UnsoundError) as error:
        raise await not_proven(request, access, error) from error
    except (custody.CustodyError, bag.ExportError) as error:
        logger.error("a recording could not be exported: %s", error)
        raise HTTPException(503, "unavailable") from error
    return sealed_files.tar_answer(target, room)


routes = [
    Route("/verify", public_verify),
    Route("/recordings", index),
    Route("/recordings/{recording}", player),
    Route("/recordings/{recording}/viewing", viewing, methods=["POST"]),
    Route("/recordings/{recording}/captions.json", caption_lines),
    Route("/recordings/{recording}/log.json", log_lines),
    Route("/recordings/{recording}/file/{path:path}", file),
    Route("/recordings/{recording}/verify", verify_page),
    Route("/recordings/{recording}/export", export, methods=["POST"]),
]
