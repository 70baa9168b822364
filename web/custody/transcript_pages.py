"""The transcript of a recording: a machine's draft that a person corrects against the sound, in the browser.

The server never sees its text: the browser encrypts it to the keys of the recording before it sends it. It is kept as a
derived file of the recording, whose line in the custody log says who corrected which draft, and the reason for which
they opened the recording.
"""

import base64
import binascii
import json
import logging
import re
import time
from functools import partial
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hearings.permissions import may
from media.evidence.log import custody, derived, key_exchange
from media.evidence.log.journal_lines import Line
from media.evidence.recording.recording_keys import MOST
from web import strict_json
from web.server.rendering import asset, messages_url, render
from web.server.sign_in import require_token
from web.sitting import sealed_files
from web.sitting.custody import WHY
from web.sitting.recording_access import NoProvenEnd, RecordingAccess, access_of, folder_of, not_proven, seal_of
from web.sitting.recording_pages import PLAYABLE, refusal
from web.words.i18n import _, city_here

logger = logging.getLogger("vivavoce.web.custody.transcript_pages")

WHAT = "transcript"
"""What a `derive` line says of such a file."""
AGE = b"age-encryption.org/v1\n-> "
"""How a file of age begins; one with another beginning is in the clear, or no file of ours."""
MOST_BYTES = 16 * 1024 * 1024
"""Of all parts of a transcript together, encrypted."""
MOST_TRACKS = 200
_HASH = re.compile("[0-9a-f]{64}")
_TRACK = re.compile("[a-z][a-z0-9_]{0,31}")


async def page(request: Request) -> Response:
    """The page of correction. As on the player, nothing of the recording is in it."""
    access = await access_of(request)
    decision = may("view_recording", access.role)
    places = access.places
    config = {
        "base": f"/recordings/{access.recording.id}",
        "csrf": request.scope["csrf"],
        "worker": asset("player-worker.js"),
        "origin": access.recording.origin,
        "person": access.signed.name,
        "places": [{"city": city_here(place.city), "zone": place.zone} for place in places],
        "reasons": [{"code": code, "text": _(text)} for code, text in WHY.items()],
        "messages_url": messages_url("transcript"),
    }
    context = {
        "access": access,
        "config": json.dumps(config),
        "allowed": decision.allowed,
        "refusal": "" if decision.allowed else refusal(decision),
        "ready": access.recording.status in PLAYABLE,
    }
    return render(request, "recording_transcript.html", context, status=200 if decision.allowed else 403)


async def keep(request: Request) -> Response:
    """Keep a corrected transcript. Effects: `derive` lines of the custody log, then the files they name.

    403 without the ticket of a viewing, 422 for what is not encrypted, names no key or track of the recording, or gives
    none of the reasons of WHY.
    """
    access = await access_of(request)
    require_token(request)
    access.require("view_recording")
    access.require("unseal")
    parts, about, ticket = _asked(await request.body())
    court, login = request.app.state.parts, access.signed.login.id
    if not sealed_files.ticket_holds(
        court.keys.cookie, ticket, recording=access.recording.id, login=login, now=int(time.time())
    ):
        raise HTTPException(403, "ticket")
    names = await _store(request, access, parts, about | _by(access))
    return JSONResponse({"files": names}, status_code=201)


def _by(access: RecordingAccess) -> Line:
    who = access.accessor
    return {"person": who.person, "role": who.role, "state": who.state}


async def _store(request: Request, access: RecordingAccess, parts: dict[int, bytes], about: Line) -> list[str]:
    folder, seal = folder_of(request, access), await seal_of(request)
    work = partial(derived.keep, folder, parts, about, seal, time.time_ns(), access.head_at_close)
    try:
        return await run_in_threadpool(work)
    except (key_exchange.NoSuchKeyError, derived.NoSuchTrackError):
        raise HTTPException(422, "unprocessable") from None
    except derived.FullError:
        raise HTTPException(409, "transcripts_full") from None
    except derived.DiskLowError:
        raise HTTPException(503, "disk_low") from None
    except custody.NotClosedError:
        raise NoProvenEnd from None
    except custody.NotProvenError as error:
        raise await not_proven(request, access, error) from error
    except custody.CustodyError as error:
        logger.error("a transcript could not be kept: %s", error)
        raise HTTPException(503, "unavailable") from error


def _asked(body: bytes) -> tuple[dict[int, bytes], Line, str]:
    """The sealed parts by number of the key, what their lines say of them, and the ticket. Raises 400, 413, 422."""
    try:
        asked: Any = strict_json.parse(body)
    except ValueError:
        raise HTTPException(400, "bad_request") from None
    asked = asked if isinstance(asked, dict) else {}
    draft, tracks, told, ticket, why = (asked.get(name) for name in ("draft", "tracks", "parts", "ticket", "why"))
    named = isinstance(tracks, list) and 0 < len(tracks) <= MOST_TRACKS and all(_matches(_TRACK, one) for one in tracks)
    named = named and _matches(_HASH, draft) and isinstance(why, str) and why in WHY
    if not named or not isinstance(told, list) or not 0 < len(told) <= MOST + 1:
        raise HTTPException(422, "unprocessable")
    parts: dict[int, bytes] = {}
    for part in told:
        key = part.get("key") if isinstance(part, dict) else None
        if type(key) is not int or not 0 <= key <= MOST or key in parts:
            raise HTTPException(422, "unprocessable")
        parts[key] = _sealed(part.get("content"))
    if sum(map(len, parts.values())) > MOST_BYTES:
        raise HTTPException(413, "too_large")
    return parts, {"what": WHAT, "of": sorted(set(tracks)), "draft": draft, "why": why}, str(ticket)


def _matches(form: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and form.fullmatch(value) is not None


def _sealed(content: object) -> bytes:
    """The bytes of a part. Raises 422 for what is no file of age: nothing in the clear is kept."""
    try:
        data = base64.b64decode(content if isinstance(content, str) else "", validate=True)
    except (ValueError, binascii.Error):
        data = b""
    if not data.startswith(AGE):
        raise HTTPException(422, "unprocessable")
    return data


routes = [
    Route("/recordings/{recording}/transcript", page),
    Route("/recordings/{recording}/transcript", keep, methods=["POST"]),
]
