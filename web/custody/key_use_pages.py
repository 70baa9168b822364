"""Use of a key: the player says that a key file has opened keys of a recording, before it asks for any segment.

Only the browser can know it, and a changed browser could leave it out; that the recording is viewed was written before,
and without that there is no ticket.
"""

import logging
import time
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from media.evidence.log import custody
from media.evidence.recording.recording_keys import MOST
from web import strict_json
from web.server.sign_in import require_token
from web.sitting import sealed_files
from web.sitting.custody import WHY
from web.sitting.recording_access import NoProvenEnd, access_of, folder_of, not_proven, seal_of

logger = logging.getLogger("vivavoce.web.custody.key_use_pages")


async def key_use(request: Request) -> Response:
    """Effects: a `keyuse` line for each key, durable and covered by a signed head. 403 without the ticket of a viewing,
    422 for what names no key of the recording."""
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
    entries = [access.accessor.key_line(key, why) for key in keys]
    try:
        await run_in_threadpool(custody.record, folder, entries, seal, time.time_ns(), access.head_at_close)
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
