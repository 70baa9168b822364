"""Reading a body: its type, its size while it comes, its JSON strictly; what a route gets has been read already."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Mapping
from typing import Any, Literal
from urllib.parse import parse_qsl

from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from hearings.documents.pdf_seals import SignedPdfReport
from hearings.errors import SignatureRequired
from hearings.requests.attachments import TYPES
from web import strict_json
from web.api.problems import ApiError
from web.server.forms import media_type
from web.server.security import longer

Kind = Literal["none", "json", "signed", "form", "file", "pdf", "table"]
JSON_LIMIT = 1 << 20
"""Bytes of a JSON body. A route that takes files says its own limit (25 MiB)."""
JOSE = "application/jose"
FORM = "application/x-www-form-urlencoded"
JSON_TYPE = (b"content-type", b"application/json")
MULTIPART = "multipart/form-data"
FILES: Mapping[str, tuple[str, ...]] = {
    "file": (*TYPES, MULTIPART),
    "pdf": ("application/pdf", MULTIPART),
    "table": ("text/csv", MULTIPART),
}
"""Kinds of body that are a file: the bytes as they are, or the one part `file` of a form."""
FORM_ROOM = 4096
"""Bytes a form may have besides its file."""
AT_ONCE = 262_144
"""Bytes of a form that are parsed in one turn of the loop."""


class ReadRequest(Request):
    """A request whose body has been read and parsed; FastAPI asks for both and gets what was checked."""

    def __init__(self, request: Request, data: bytes, value: Any) -> None:
        scope = dict(request.scope)
        headers = [pair for pair in scope["headers"] if pair[0] != b"content-type"]
        scope["headers"] = [*headers, JSON_TYPE] if data else headers
        super().__init__(scope, request.receive)
        self.data = data
        self.value = value
        self.report: SignedPdfReport | None = None
        """Of an operation that asks for it: what the signatures of a PDF were found to be (`web.api.files.check`)."""

    async def body(self) -> bytes:
        return self.data

    async def json(self) -> Any:
        return self.value


async def read(request: Request, kind: Kind, limit: int = JSON_LIMIT) -> ReadRequest:
    """The request with its body. Raises `ApiError`: 413, 415, and the codes of `strict_json`."""
    if kind == "none":
        return ReadRequest(request, b"", None)
    if kind in FILES:
        return await _file(request, kind, limit)
    data = await _bytes(request, limit)
    told = _type(request.headers)
    if not data and not told:
        value = None
    elif told in accepted(kind):
        value = _value(told, data)
        data = data or b" "
    else:
        raise ApiError("media_type", f"Send {' or '.join(accepted(kind))}")
    if kind == "signed" and not (isinstance(value, dict) and "jws" in value):
        raise SignatureRequired('Send the statement as application/jose, or as {"jws": "..."}')
    return ReadRequest(request, data, value)


def accepted(kind: Kind) -> tuple[str, ...]:
    """The types of body a kind of route takes."""
    return {
        "none": (),
        "json": ("application/json",),
        "signed": ("application/json", JOSE),
        "form": (FORM,),
        **FILES,
    }[kind]


def _type(headers: Headers) -> str:
    """The media type, empty when none is told. JSON has one encoding, so a charset must say so."""
    if len(headers.getlist("content-type")) > 1:
        raise ApiError("media_type", "One Content-Type, please")
    kind, *parameters = headers.get("content-type", "").lower().split(";")
    if any(one.strip() not in ("", "charset=utf-8", 'charset="utf-8"') for one in parameters):
        raise ApiError("media_type", "The only charset is utf-8")
    return kind.strip()


def _value(kind: str, data: bytes) -> Any:
    if kind == FORM:
        try:
            text = data.decode("ascii")
            pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=bool(data), max_num_fields=20)
        except ValueError:
            raise ApiError("not_json", "The form could not be read") from None
        if len(dict(pairs)) != len(pairs):
            raise ApiError("repeated_name", "A field stands twice in the form")
        return dict(pairs)
    if kind == JOSE:
        return {"jws": data.decode("ascii", "replace").strip()}
    try:
        return strict_json.parse(data)
    except strict_json.JsonError as error:
        raise ApiError(error.code, str(error)) from None


async def _file(request: Request, kind: Kind, limit: int) -> ReadRequest:
    """A body that is a file: its bytes as `data`; its name, where a form told one, and hash as `value`."""
    told = media_type(request)
    if told not in FILES[kind] or len(request.headers.getlist("content-type")) > 1:
        raise ApiError("media_type", f"Send {' or '.join(FILES[kind])}")
    name = ""
    if told == MULTIPART:
        name, data = await _part(request, await _bytes(request, limit + FORM_ROOM), limit)
    else:
        data = await _bytes(request, limit)
    return ReadRequest(request, data, {"name": name, "sha256": hashlib.sha256(data).hexdigest()})


async def _part(request: Request, data: bytes, limit: int) -> tuple[str, bytes]:
    """Name and bytes of the one file of a form."""

    async def stream() -> AsyncGenerator[bytes, None]:
        # Piece by piece: others have a turn in between, and the whole is in memory twice and not three times.
        for start in range(0, len(data), AT_ONCE):
            yield data[start : start + AT_ONCE]
            await asyncio.sleep(0)

    try:
        form = await MultiPartParser(request.headers, stream(), max_files=1, max_fields=0).parse()
    except (MultiPartException, KeyError, UnicodeDecodeError, AttributeError) as error:
        raise ApiError("not_http", "The form could not be read: send one part, the file") from error
    try:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise ApiError("invalid_input", "The form needs one part `file` with a file name", more={"field": "file"})
        content = await file.read()
    finally:
        await form.close()
    if len(content) > limit:
        raise _too_large(limit)
    return file.filename or "", content


async def _bytes(request: Request, limit: int) -> bytes:
    """Everything, or 413 as soon as it is told or found to be more than `limit`; the connection is then closed."""
    told = request.headers.get("content-length", "")
    if longer(told, limit):
        raise _too_large(limit)
    parts, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        parts.append(chunk)
    return b"".join(parts)


def _too_large(limit: int) -> ApiError:
    return ApiError("too_large", f"At most {limit} bytes", {"Connection": "close"})
