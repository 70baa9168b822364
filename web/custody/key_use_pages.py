"""Use of a key: the player says that a key file has opened keys of a recording, before it asks for any segment.

Only the browser can know it, and a changed browser could leave it out; that the recording is viewed was written before,
and without that there is no ticket.
"""

import hashlib
import logging
import time
from functools import partial
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings.custody import rewraps
from media.evidence.log import custody, key_exchange
from media.evidence.recording.recording_keys import MOST
from web import strict_json
from web.server.sign_in import require_token
from web.sitting import sealed_files
from web.sitting.custody import WHY
from web.sitting.recording_access import NoProvenEnd, access_of, folder_of, not_proven, seal_of

logger = logging.getLogger("vivavoce.web.custody.key_use_pages")


async def key_use(request: Request) -> Response:
    """Effects: those of `key_exchange.record_use`. 403 without the ticket of a viewing, 422 for what names no key of
    the recording."""
    access = await access_of(request)
    require_token(request)
    access.require("view_recording")
    keys, why, ticket = _asked(await request.body())
    parts, login = request.app.state.parts, access.signed.login.id
    if not sealed_files.ticket_holds(
        parts.keys.cookie, ticket, recording=access.recording.id, login=login, now=int(time.time())
    ):
        raise HTTPException(403, "ticket")
    folder, seal = folder_of(request, access), await seal_of(request)
    person = access.signed.person
    assert person is not None  # a recording is opened to staff alone
    async with parts.database.reading() as db:
        shown = await rewraps.shown_by(db, access.recording.id, person, sealed_files.begun_at(ticket))
    viewing = hashlib.sha256(ticket.encode()).hexdigest()[:32]
    uses = [access.accessor.key_line(key, why, viewing) for key in keys]
    work = partial(key_exchange.record_use, folder, uses, seal, time.time_ns(), access.head_at_close, shown=shown)
    try:
        await run_in_threadpool(work)
    except key_exchange.NoSuchKeyError:
        raise HTTPException(422, "unprocessable") from None
    except custody.NotClosedError:
        raise NoProvenEnd from None
    except custody.NotProvenError as error:
        raise await not_proven(request, access, error) from error
    except custody.CustodyError as error:
        logger.error("the use of a key could not be logged: %s", error)
        raise HTTPException(503, "unavailable") from error
    return Response(status_code=204)


def _asked(body: bytes) -> tuple[list[int], str, str]:
    """The keys, the reason, and the ticket of the viewing. Raises 400, 422."""
    try:
        asked: Any = strict_json.parse(body)
    except ValueError:
        raise HTTPException(400, "bad_request") from None
    asked = asked if isinstance(asked, dict) else {}
    keys, why, ticket = asked.get("keys"), asked.get("why"), asked.get("ticket")
    numbers = isinstance(keys, list) and all(type(key) is int and 0 <= key <= MOST for key in keys)
    if not numbers or not keys or len(set(keys)) != len(keys) or len(keys) > MOST + 1 or why not in list(WHY):
        raise HTTPException(422, "unprocessable")
    return keys, str(why), str(ticket)


routes = [Route("/recordings/{recording}/key-use", key_use, methods=["POST"])]
