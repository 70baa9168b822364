"""Recordings: which there are, the player, who has had them, how to check them, and a copy to take away.

The server hands out sealed bytes; the player opens and checks them in the browser. Every viewing and every export is a
line in the recording's custody log, written before the first byte is served: person, role, State and reason.
"""

import json
import logging
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from hearings import errors, queries
from hearings.models import CustodyAudit, Hearing, Recording
from hearings.permissions import Decision, may
from hearings.roles import Role
from hearings.sentences import tell
from hearings.status import RecordingStatus
from media.evidence.check import bag
from media.evidence.log import custody, tlog
from media.evidence.seal.client import SealClient, SealSilentError
from web import strict_json
from web.server import forms
from web.server.rendering import asset, render
from web.server.sign_in import SignedIn, require_token, staff
from web.sitting import sealed_files
from web.sitting.custody import WHY, entries_of
from web.words import i18n, places, roles
from web.words.i18n import _

logger = logging.getLogger("vivavoce.web.sitting.recording_pages")

PAGE = 50
SHOWN = 500
"""Entries of the custody page, the newest."""
PLAYABLE = frozenset({RecordingStatus.sealed, RecordingStatus.failed})


class NotProven(errors.NotReady):
    """The recording is not the one that was sealed: nothing of it is shown or handed out, nothing is signed."""

    code = "recording_not_proven"


class NoProvenEnd(errors.NotReady):
    """A recording without a `close` in force: it belongs to the recorder, and nothing can be added to it."""

    code = "no_proven_end"


@dataclass(frozen=True)
class Access:
    """A recording a member of staff of one of its States has asked for, and their role in its hearing."""

    signed: SignedIn
    recording: Recording
    hearing: Hearing
    role: Role | None

    def may(self, action: str) -> Decision:
        """What the one decision function says."""
        return may(action, self.role, own_state=self.signed.state, target_state=self.signed.state)

    def require(self, action: str) -> None:
        """Raise `NotAllowed` unless it is allowed."""
        decision = self.may(action)
        if not decision.allowed:
            raise errors.NotAllowed(decision.reason, decision.who_can)

    @property
    def places(self) -> list[places.Place]:
        """Both courts, the viewer's own first."""
        return places.own_first(places.of_hearing(self.hearing), self.signed.state)

    @property
    def kept(self) -> list[tlog.Checkpoint]:
        """The head that was told at the close, as the row keeps it; none before."""
        return sealed_files.kept_heads(self.recording)

    @property
    def accessor(self) -> custody.Accessor:
        """For the custody log."""
        return custody.Accessor(self.signed.name, str(self.role or "staff"), self.signed.state)


async def _access(request: Request) -> Access:
    """Raises 401, `NotFound` (the same for another State's and for unknown recordings)."""
    signed, person = staff(request)
    recording_id = request.path_params["recording"]
    if not sealed_files.RECORDING_ID.fullmatch(recording_id):
        raise errors.NotFound
    async with request.app.state.parts.database.reading() as db:
        recording, hearing = await queries.recording(db, recording_id, state=person.owner_state)
        try:
            role = (await queries.seat_of(db, hearing_id=hearing.id, person_id=person.id)).role
        except errors.NotFound:
            role = None
    return Access(signed, recording, hearing, role)


def _folder(request: Request, access: Access) -> Path:
    folder: Path = request.app.state.parts.settings.recordings / access.recording.id
    return folder


# --- pages -------------------------------------------------------------------------------------------------------


async def index(request: Request) -> Response:
    """The recordings of a State's hearings."""
    _signed, person = staff(request)
    before = request.query_params.get("before", "")
    async with request.app.state.parts.database.reading() as db:
        rows = await queries.recordings(db, state=person.owner_state, before=before, limit=PAGE + 1)
    lines = [
        {
            "recording": recording,
            "hearing": hearing,
            "places": places.own_first(places.of_hearing(hearing), person.owner_state),
        }
        for recording, hearing in rows[:PAGE]
    ]
    context = {"lines": lines, "next": rows[PAGE - 1][0].id if len(rows) > PAGE else "", "playable": PLAYABLE}
    return render(request, "recordings.html", context)


async def player(request: Request) -> Response:
    """The player. Nothing of the recording is in the page: it comes after the viewing has been logged."""
    access = await _access(request)
    decision = access.may("view_recording")
    both = access.places
    config = {
        "base": f"/recordings/{access.recording.id}",
        "csrf": request.scope["csrf"],
        "worker": asset("player-worker.js"),
        "origin": access.recording.origin,
        "places": [{"city": place.city, "zone": place.zone} for place in both],
        "reasons": [{"code": code, "text": _(text)} for code, text in WHY.items()],
        "messages_url": f"/catalogue/{i18n.current.get().tag}.json",
    }
    context = {
        "access": access,
        "places": both,
        "config": json.dumps(config),
        "allowed": decision.allowed,
        "refusal": "" if decision.allowed else _refusal(decision),
        "ready": access.recording.status in PLAYABLE,
    }
    return render(request, "recording.html", context, status=200 if decision.allowed else 403)


def _refusal(decision: Decision) -> str:
    if not decision.who_can:
        return _("You may not view this recording.")
    return _("Only {roles} of this hearing can view its recording.").format(roles=roles.any_of(decision.who_can))


async def custody_page(request: Request) -> Response:
    """What has happened to the recording since it was opened, from its journal and its custody log."""
    access = await _access(request)
    access.require("verify")
    try:
        seal = await _seal(request)
        trust, folder = seal.trust(access.kept), _folder(request, access)
        ledger = await run_in_threadpool(custody.read, folder, trust)
        log = await run_in_threadpool(custody.read_log, folder, ledger.origin, trust)
    except custody.NotProvenError as error:
        ledger, log = None, ()
        await _not_proven(request, access, error)
    except custody.CustodyError:
        ledger, log = None, ()
    entries = list(entries_of(ledger.lines)) if ledger else []
    context = {
        "access": access,
        "places": access.places,
        "ledger": ledger,
        "entries": entries[-SHOWN:],
        "left_out": max(0, len(entries) - SHOWN),
        "since": list(entries_of(log))[-SHOWN:],
        "root": ledger.head.root.hex() if ledger else "",
    }
    return render(request, "recording_custody.html", context, status=200 if ledger else 503)


async def verify_page(request: Request) -> Response:
    """How to check the recording with one's own tools, and the head it must have."""
    access = await _access(request)
    access.require("verify")
    try:
        seal = await _seal(request)
        ledger = await run_in_threadpool(custody.read, _folder(request, access), seal.trust(access.kept))
    except custody.NotProvenError as error:
        ledger = None
        await _not_proven(request, access, error)
    except custody.CustodyError:
        ledger = None
    context = {
        "access": access,
        "head": ledger.head if ledger else None,
        "root": ledger.head.root.hex() if ledger else "",
        "named": f"{ledger.head.size}:{ledger.head.root.hex()}" if ledger else "",
        "separated": request.app.state.parts.seal.separated,
        "closed": ledger is not None and ledger.closed_at is not None,
        "court": tlog.key_name(access.recording.origin),
        "reasons": [(code, _(text)) for code, text in WHY.items()],
        "may_export": access.may("view_recording").allowed,
    }
    return render(request, "recording_verify.html", context)


async def public_verify(request: Request) -> Response:
    """Check a bag in the browser of whoever has one; no login, nothing is sent."""
    config = {"messages_url": f"/catalogue/{i18n.current.get().tag}.json"}
    return render(request, "verify.html", {"config": json.dumps(config)})


# --- viewing -----------------------------------------------------------------------------------------------------


async def viewing(request: Request) -> Response:
    """Begin a viewing. Effects: an `access` line, durable and signed over; then a ticket for the files."""
    access = await _access(request)
    require_token(request)
    access.require("view_recording")
    asked = await _asked(request)
    what = "view_continued" if asked.get("continued") is True else "view"
    await _log(request, access, what, str(asked["why"]))
    parts = request.app.state.parts
    now = int(time.time())
    ticket = sealed_files.give_ticket(
        parts.keys.cookie, recording=access.recording.id, login=access.signed.login.id, now=now
    )
    return JSONResponse({"ticket": ticket, "expires": now + sealed_files.TICKET_SECONDS})


async def _asked(request: Request) -> dict[str, Any]:
    try:
        asked = strict_json.parse(await request.body())
    except ValueError:
        raise HTTPException(400, "bad_request") from None
    if not isinstance(asked, dict) or not isinstance(asked.get("why"), str) or asked["why"] not in WHY:
        raise HTTPException(422, "unprocessable")
    return asked


async def _log(request: Request, access: Access, what: str, why: str) -> None:
    entry = access.accessor.line(what, why)
    folder, seal = _folder(request, access), await _seal(request)

    def append() -> None:
        custody.record(folder, [entry], seal, time.time_ns(), access.kept)

    try:
        await run_in_threadpool(append)
    except custody.NotClosedError:
        raise NoProvenEnd from None
    except custody.NotProvenError as error:
        raise await _not_proven(request, access, error) from error
    except custody.CustodyError as error:
        logger.error("viewing of a recording could not be logged: %s", error)
        raise HTTPException(503, "unavailable") from error


async def _not_proven(request: Request, access: Access, error: custody.NotProvenError | bag.UnsoundError) -> NotProven:
    """Effects: the failed audit's row and mail to those of both States whom a failed audit is told, once a day; a line
    in the log."""
    from hearings.outward import notices  # its calendars are slow to load, and this is rare

    first = error.report.findings.first if isinstance(error, bag.UnsoundError) else f"journal {error.code}"
    logger.error("a recording is not the one that was sealed, id %s: %s", access.recording.id, first)
    parts, now = request.app.state.parts, datetime.now(UTC)
    async with parts.database.transaction() as db:
        row = CustodyAudit(
            owner_state=access.recording.owner_state,
            recording_id=access.recording.id,
            at=now,
            verdict="failed",
            first=first[:200],
        )
        if await queries.audit_said(db, access.recording.id, first[:200], since=now - timedelta(days=1)):
            return NotProven(tell("The recording is not the one that was sealed ({what})", what=first))
        db.add(row)
        subject = await notices.subject_of(db, "recording", access.recording.id)
        to, functions, text = notices.DUE["audit_failed"]
        if subject is not None:
            await notices.tell(
                db,
                subject=subject,
                to=to,
                functions=functions,
                text=text,
                key=f"not_proven:{access.recording.id}:{first}:{now:%Y-%m-%d}",
                origin=parts.settings.origin,
                say=i18n.say,
                now=now,
            )
    return NotProven(tell("The recording is not the one that was sealed ({what})", what=first))


async def _seal(request: Request) -> SealClient:
    try:
        seal: SealClient = await request.app.state.parts.seal.ready()
        return seal
    except SealSilentError as error:
        logger.exception("the seal process does not answer")
        raise HTTPException(503, "unavailable") from error


async def file(request: Request) -> Response:
    """One sealed file, to a login that may view it and has logged that it does."""
    access = await _access(request)
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
    """A copy to take away: the recording as a bag in one tar file. Effects: an `access` line, then the bag."""
    access = await _access(request)
    form = await forms.read(request)
    access.require("view_recording")
    why = form.text("why")
    if why not in WHY:
        raise HTTPException(422, "unprocessable")
    parts = request.app.state.parts
    folder, seal = _folder(request, access), await _seal(request)

    def make() -> tuple[Path, Path, int]:
        room = Path(tempfile.mkdtemp(prefix=".export-", dir=parts.settings.data))
        try:
            target = room / access.recording.id
            bag.export(folder, target, seal, access.accessor, why, datetime.now(UTC), kept=access.kept)
            return room, target, sealed_files.tar_size(target)
        except BaseException:
            shutil.rmtree(room, ignore_errors=True)
            raise

    try:
        room, target, size = await run_in_threadpool(make)
    except custody.NotClosedError:
        raise NoProvenEnd from None
    except (custody.NotProvenError, bag.UnsoundError) as error:
        raise await _not_proven(request, access, error) from error
    except (custody.CustodyError, bag.ExportError) as error:
        logger.error("a recording could not be exported: %s", error)
        raise HTTPException(503, "unavailable") from error
    headers = {
        "content-length": str(size),
        "content-disposition": f'attachment; filename="{access.recording.id}.tar"',
    }
    tidy = BackgroundTask(shutil.rmtree, room, ignore_errors=True)
    return StreamingResponse(_then_tidy(target, room), 200, headers, "application/x-tar", tidy)


def _then_tidy(target: Path, room: Path) -> Iterator[bytes]:
    try:
        yield from sealed_files.tar_stream(target)
    finally:
        shutil.rmtree(room, ignore_errors=True)


routes = [
    Route("/verify", public_verify),
    Route("/recordings", index),
    Route("/recordings/{recording}", player),
    Route("/recordings/{recording}/viewing", viewing, methods=["POST"]),
    Route("/recordings/{recording}/file/{path:path}", file),
    Route("/recordings/{recording}/custody", custody_page),
    Route("/recordings/{recording}/verify", verify_page),
    Route("/recordings/{recording}/export", export, methods=["POST"]),
]
