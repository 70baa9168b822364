"""Reads request bodies: media type, size while it arrives, and strict JSON. Handlers get a body that has been read."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Mapping
from typing import Any, Literal
from urllib.parse import parse_qsl

from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from hearings.documents import asic
from hearings.documents.file_types import TYPES
from hearings.documents.pdf_seals import SignedPdfReport
from hearings.errors import SignatureRequired
from web import strict_json
from web.api.problems import ApiError
from web.server.forms import media_type
from web.server.printing import CheckedContainer
from web.server.security import longer

Kind = Literal["none", "json", "signed", "form", "file", "pdf", "table", "container"]
JSON_LIMIT = 1 << 20
"""Greatest size of a JSON body in bytes. Routes for files declare their own limit (25 MiB)."""
JOSE = "application/jose"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
FILES: Mapping[str, tuple[str, ...]] = {
    "file": (*TYPES, MULTIPART),
    "pdf": ("application/pdf", MULTIPART),
    "table": ("text/csv", MULTIPART),
    "container": (asic.MEDIA_TYPE, MULTIPART),
}
"""Kinds of body that are a file: the bytes themselves, or the one part `file` of a form."""
FORM_ROOM = 4096
"""Bytes that a form may have in addition to its file."""
AT_ONCE = 262_144
"""Bytes of a form that are parsed without yielding to the event loop."""


class ReadRequest(Request):
    """A request whose body has been read and parsed: its bytes, none when nothing was sent, and their value."""

    def __init__(self, request: Request, data: bytes, value: Any) -> None:
        super().__init__(dict(request.scope), request.receive)
        self.data = data
        self.value = value
        self.report: SignedPdfReport | None = None
        """Of an operation that asks for it: what the signatures of a PDF were found to be (`web.api.files.check`)."""
        self.container: CheckedContainer | None = None
        """Likewise: the signed container that was sent, read."""


async def read(request: Request, kind: Kind, limit: int = JSON_LIMIT) -> ReadRequest:
    """Reads the body of a request. Raises `ApiError`: 413, 415, and the codes of `strict_json`."""
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
    """The media types of body that a kind of route accepts."""
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
    if any(parameter.strip() not in ("", "charset=utf-8", 'charset="utf-8"') for parameter in parameters):
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
    """Reads a file: its bytes as `data`; its name, where a form gives one, and its hash as `value`."""
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
    """The name and the bytes of the only file of a form."""

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
    """The whole body. Raises `ApiError` 413, and closes the connection, as soon as its declared or actual length
    exceeds `limit`."""
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
