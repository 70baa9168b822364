"""`Idempotency-Key`: a POST that is sent again is answered again, and done once.

The answer is stored in the transaction of the effect: whoever sees one sees the other, and a process killed in between
leaves neither. Only what was done is kept; a refusal can be tried again. Keys are a client's own, for 24 hours.
What is shown once is never stored: such an answer is kept without it (`Once`), and says so when it is given again.
"""

import hashlib
import json
import re
from collections.abc import Collection
from datetime import datetime, timedelta

from pydantic import BaseModel
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response

from hearings.models import ApiAnswer
from web.api.access import Caller
from web.api.bodies import ReadRequest
from web.api.problems import ApiError

KEPT = timedelta(hours=24)
HEADER = "idempotency-key"
_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_HEADERS = ("location", "etag", "content-type")


class Once(Response):
    """An answer with secrets, kept without them: when it is given again, those members are null."""

    media_type = "application/json"

    def __init__(self, shown: BaseModel, secrets: Collection[str], status: int) -> None:
        super().__init__(shown.model_dump_json(), status, {"Cache-Control": "no-store"})
        self.kept = shown.model_copy(update=dict.fromkeys(secrets)).model_dump_json()


class Busy(Exception):
    """Another request has just committed the same key: begin again."""


def key_of(request: ReadRequest) -> str:
    """The key of a request, empty when it has none. Raises `ApiError`."""
    keys = request.headers.getlist(HEADER)
    if not keys:
        return ""
    if len(keys) > 1 or not _KEY.fullmatch(keys[0]):
        raise ApiError("invalid_input", "An Idempotency-Key is 1 to 200 visible ASCII characters")
    return keys[0]


def hash_of(request: ReadRequest) -> str:
    """A hash by which two requests are the same: over method, path, query and the value of the body."""
    body = json.dumps(request.value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    told = [request.method, request.scope["path"], request.url.query, request.headers.get("if-match", ""), body]
    return hashlib.sha256("\n".join(told).encode("utf-8", "surrogatepass")).hexdigest()


async def begin(db: AsyncSession, caller: Caller, *, key: str, request_hash: str, now: datetime) -> ApiAnswer:
    """The row of an idempotency key: with the answer if the request was done before, with status 0 if it is to be done
    now.

    Raises `ApiError` 422 for a key of another request, `Busy`. Effects: deletes expired answers; adds the row. On
    PostgreSQL a second request with the key waits here for the first; on SQLite all writers wait anyway.
    """
    await db.exec(delete(ApiAnswer).where(col(ApiAnswer.created_at) < now - KEPT))
    query = select(ApiAnswer).where(ApiAnswer.client_id == caller.client.id, ApiAnswer.key == key)
    found = (await db.exec(query)).first()
    if found is not None:
        if found.request_hash != request_hash:
            raise ApiError("key_reused")
        return found
    row = ApiAnswer(
        owner_state=caller.state,
        client_id=caller.client.id,
        key=key,
        request_hash=request_hash,
        status=0,
        created_at=now,
    )
    db.add(row)
    try:
        await db.flush()
    except IntegrityError as error:
        raise Busy from error
    return row


def keep(db: AsyncSession, row: ApiAnswer, response: Response) -> None:
    """Stores the answer, without the secrets that are given once. Effects: fills the row."""
    row.status = response.status_code
    row.headers = {name: response.headers[name] for name in _HEADERS if name in response.headers}
    row.body = response.kept if isinstance(response, Once) else bytes(response.body).decode("utf-8")
    db.add(row)


def again(row: ApiAnswer) -> Response:
    """The stored answer."""
    return Response(row.body.encode("utf-8"), row.status, {**row.headers, "Idempotency-Replayed": "true"})
