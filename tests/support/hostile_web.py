"""The readers of headers, forms, JSON, files and messages on the web side, and which of them reads what.

`READ_BY` is compared with the code: every header, body and form that it reads, every kind of body of the API and every
message of a live page has a reader here, and every reader has its shapes.
"""

import ast
import asyncio
import tempfile
from collections.abc import Coroutine, Iterator, Mapping
from datetime import UTC, date, datetime
from importlib import import_module
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import msgspec
import msgspec.inspect as inspected
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from hearings import languages, paging, queries, texts
from hearings.documents import asic, asic_check, pdf_check, pdf_seals
from hearings.errors import HearingsError
from hearings.outward import anchors
from hearings.people import directory
from hearings.signatures import jws, recipients, signatures
from media import messages
from media.evidence.check import bag_check, policy
from media.evidence.check.findings import Findings
from media.evidence.log import journal_lines, tlog
from media.evidence.seal import rewrapping
from media.evidence.seal.age import SealError, make_identity
from tests.support.hostile import Make, Parser, counted, pieces, repeated
from web import cookies, strict_json
from web.api import bodies, dpop, etags
from web.api.problems import ApiError
from web.law import forms as law_forms
from web.live import connections
from web.outward import client_pages
from web.server import compression, forms, security
from web.settings import Settings
from web.sitting import sealed_files
from web.sockets import HEAD_BYTES
from web.words.i18n import COOKIE, choose, match

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 12, 3, 9, tzinfo=UTC)
HTTP = (HTTPException, ApiError)
MULTIPART = b"multipart/form-data; boundary=" + b"x" * 70
_PART = b"--" + b"x" * 70 + b"\r\ncontent-disposition: form-data; name="
_PROXIES = ProxyHeadersMiddleware(None, "127.0.0.1, 10.0.0.0/8").trusted_hosts  # type: ignore[arg-type]
AUTHORITY = make_identity()
"""Whose file nothing here is."""
_HEAD = jws.encode(b'{"alg":"EdDSA","jwk":{"crv":"Ed25519","kty":"OKP","x":"x"},"typ":"dpop+jwt"}').encode()


# --- readers -----------------------------------------------------------------------------------------------------


def finished(work: Coroutine[Any, Any, Any]) -> Any:
    """What comes of a coroutine that waits for nothing."""
    try:
        work.send(None)
    except StopIteration as done:
        return done.value
    work.close()
    raise AssertionError("it waits for something")


def request(data: bytes, kind: bytes, *, at_once: int = 65_536) -> Request:
    """A POST of these bytes, which come as uvicorn gives them."""
    left = [data[start : start + at_once] for start in range(0, len(data), at_once)] or [b""]
    left.reverse()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": left.pop(), "more_body": bool(left)}

    scope = {"type": "http", "method": "POST", "path": "/", "headers": [(b"content-type", kind)], "app": None}
    return Request(scope, receive)


def _text(data: bytes) -> str:
    return data.decode("latin-1")


def _origin(data: bytes) -> object:
    host = _text(data)
    return security.origin_allowed(Settings(), Headers({"host": host, "origin": f"http://{host}"}))


def _query(data: bytes) -> object:
    async def read(scope: Scope, _receive: Receive, _send: Send) -> None:
        assert Request(scope).query_params is not None

    scope = {"type": "http", "path": "/", "query_string": data}
    return finished(security.AddressMiddleware(read)(scope, None, None))  # type: ignore[arg-type]


def _form(kind: bytes) -> Any:
    async def read(data: bytes) -> object:
        return await forms.read(request(data, kind), token=False, files=1)

    return lambda data: asyncio.run(read(data))


def _body(kind: Any, told: bytes, limit: int) -> Any:
    return lambda data: asyncio.run(bodies.read(request(data, told), kind, limit))


def _type(data: bytes) -> object:
    async def read() -> object:
        return await bodies.read(request(b"", b"multipart/form-data; " + data), "file")

    return asyncio.run(read())


class _Page:
    """A live page that has sent one message."""

    def __init__(self, data: bytes) -> None:
        self.text = data.decode("utf-8", "replace")

    async def receive(self) -> dict[str, str]:
        return {"type": "websocket.receive", "text": self.text}


def _message(data: bytes) -> object:
    return finished(connections.receive(_Page(data)))  # type: ignore[arg-type]


def _statement(data: bytes) -> object:
    return jws.parse(_text(data), headers=signatures.HEADERS, longest=signatures.LONGEST, brackets=signatures.BRACKETS)


def _keys(data: bytes) -> object:
    return [jws.public_key(key) for key in client_pages._keys(_text(data))]


def _bag(data: bytes) -> object:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "data").mkdir()
        for path in ("manifest-sha256.txt", "tagmanifest-sha256.txt", "bag-info.txt", "bagit.txt"):
            (folder / path).write_bytes(data)
        return bag_check.read_bag(folder, Findings())


def _pdf(data: bytes) -> object:
    """Here and not in the process of its own it is read in: only what this thread computes is measured."""
    return asyncio.run(pdf_check.look(data, []))


# --- shapes ------------------------------------------------------------------------------------------------------


def _signed(piece: bytes, begin: bytes = b"", end: bytes = b"") -> Make:
    """JSON inside a proof."""
    inner = repeated(piece, begin, end)
    return lambda size: b".".join((_HEAD, jws.encode(inner(max(3, size * 3 // 4 - 200))).encode(), b"AA"))


def _messages() -> Iterator[tuple[str, Make]]:
    """For each message of a page, each of its fields filled with what it may not hold and what it may."""
    fillers = {"text": (b'"', b"a", b'"'), "list": (b"[", b'"a",', b'""]'), "object": (b"{", b'"a":1,', b'"b":1}'),
               "number": (b"", b"1", b""), "depth": (b"", b"[", b"")}  # fmt: skip
    for kind in messages.BROWSER_TO_WEB.__args__:
        shape = inspected.type_info(kind)
        assert isinstance(shape, inspected.StructType)
        for field in shape.fields:
            head = f'{{"type":"{shape.tag}","{field.encode_name}":'.encode()
            for what, (begin, piece, end) in fillers.items():
                yield f"{shape.tag}.{field.encode_name} {what}", repeated(piece, head + begin, end + b"}")
        yield f"{shape.tag} more", counted(lambda n: b'"x%05d":1,' % n, f'{{"type":"{shape.tag}",'.encode(), b'"y":1}')


JSON_SHAPES: Mapping[str, Make] = {
    **pieces(b'\\"', b'"', b'"a', b"\\", b'"\\', b'"",', b"[", b'{"a":', b"[]", b" ", b"1", b"\xff"),
    **pieces(b"a", "é".encode(), b"\\u0041", b"\\ud800", b"\\n", begin=b'["', end=b'"]'),
    **pieces(b"1,", b"{},", b'"",', b"1e9,", b"null,", begin=b"[", end=b"1]"),
    **pieces(b"1", begin=b"0.", end=b""),
    **pieces(b"1", begin=b"1e", end=b""),
    "members": counted(lambda n: b'"%07d":1,' % n, b"{", b'"a":1}'),
    "same": repeated(b'"a":1,', b"{", b'"a":1}'),
}
AGAIN: Mapping[str, Make] = {
    **pieces(b'\\"', b'"', b'{"a":', begin=b'["'),
    **pieces(b'"",', b"{},", begin=b"[", end=b"1]"),
    "members": JSON_SHAPES["members"],
}
"""For readers that begin with one that has all the shapes of JSON."""
FORM_SHAPES: Mapping[str, Make] = pieces(b"&", b"=", b"a=1&", b"%", b"%41", b"+", b"a", b"a&", b";", b"\xff")
MULTIPART_SHAPES: Mapping[str, Make] = {
    **pieces(b"\r", b"\r\n", b"\n", b"-", b"x", b"a", begin=_PART + b'file; filename="a"\r\n\r\n'),
    **pieces(b"\r\n--" + b"x" * 69, b"\r\n--" + b"x" * 68 + b"\r", begin=_PART + b'"file"; filename="a"\r\n\r\n'),
    **pieces(_PART + b'"a"\r\n\r\n\r\n', _PART + b'"a"; filename="a"\r\n\r\n\r\n', b"--", b"\r\n", b"a: b\r\n"),
    **pieces(b"a: b\r\n", b"a", b'"\\', begin=_PART),
}
TEXT_SHAPES = pieces(b"a", b" ", b"\n", b"\\", b'"', b",", b";", b"=", b"-", b".", b"%", b"\xff", b"[", b"/")

_FILE = 26_214_400
_CONTAINER = b"PK\x03\x04" + b"\0" * 26 + b"mimetype" + asic.MEDIA_TYPE.encode()
PARSERS: tuple[Parser, ...] = (
    Parser("cookies", lambda data: (choose(_text(data), ""), cookies.value(_text(data), "x")),
           {**TEXT_SHAPES, **pieces(b"\\", b'"', b'\\"', b"\\1", begin=COOKIE.encode() + b'="', end=b'"')}, HEAD_BYTES),
    Parser("accept-language", lambda data: choose("", _text(data)),
           {**TEXT_SHAPES, **pieces(b"a;q=1,", b"a;q=0.1;q=", b"zz-")}, HEAD_BYTES),
    Parser("language tag", lambda data: (match(_text(data)), languages.language(_text(data))),
           pieces(b"a", b"-", b"aa-", b"a-Latn-"), HEAD_BYTES, (HearingsError,)),
    Parser("content-type", _type, {**TEXT_SHAPES, **pieces(b"a=b;", b'a="', b'a="\\', b"a*0=b;", b"boundary=a;"),
           **pieces(b'\\"', begin=b'boundary="')}, HEAD_BYTES, HTTP),
    Parser("accept-encoding", lambda data: compression.accepts(_text(data), "gzip"),
           {**TEXT_SHAPES, **pieces(b"gzip;q=0,", b"gzip;")}, HEAD_BYTES),
    Parser("host", _origin, {**TEXT_SHAPES, **pieces(b"1:", b"::", b"@", begin=b"[")}, HEAD_BYTES),
    Parser("content-length", lambda data: security.longer(_text(data), 10), pieces(b"1", b"0", b"-", b"\xb2"),
           HEAD_BYTES),
    Parser("entity tags", lambda data: etags.known(_text(data), '"a"'),
           {**TEXT_SHAPES, **pieces(b'"a"', b'W/"', b'"a" ', b'"aaaa\x01'), **pieces(b"a", begin=b'"')}, HEAD_BYTES),
    Parser("range", lambda data: sealed_files._range(_text(data), 1000),
           {**TEXT_SHAPES, **pieces(b"1", b"1-2,", b"-", begin=b"bytes=")}, HEAD_BYTES, (sealed_files.RangeError,)),
    Parser("viewing ticket", lambda data: sealed_files.ticket_holds(b"k", _text(data), recording="r", login="l", now=1),
           {**TEXT_SHAPES, **pieces(b"1", b".", begin=b"1.")}, HEAD_BYTES),
    Parser("forwarded", lambda data: _PROXIES.get_trusted_client_address(_text(data)),
           {**TEXT_SHAPES, **pieces(b"10.0.0.1,", b"127.0.0.1, ", b"1,")}, HEAD_BYTES),
    Parser("dpop", lambda data: dpop.check(_text(data), method="GET", url="http://a", secret=b"k", now=NOW),
           {**TEXT_SHAPES, "brackets": _signed(b"["), "members": _signed(b'"a":1,', b"{", b'"a":1}')}, HEAD_BYTES,
           HTTP),
    Parser("head token", lambda data: anchors.head_of(_text(data), "secret"), TEXT_SHAPES, HEAD_BYTES),
    Parser("query", _query, FORM_SHAPES, HEAD_BYTES, HTTP),
    Parser("cursor", lambda data: paging.read(_text(data), queries._DOCKET_ORDER),
           {**TEXT_SHAPES, **pieces(b"MjAy", b"IA", b"=", b"W1tb")}, HEAD_BYTES, (HearingsError,)),
    Parser("json", strict_json.parse, JSON_SHAPES, bodies.JSON_LIMIT, (strict_json.JsonError,)),
    Parser("statement", _statement,
           {**TEXT_SHAPES, "brackets": _signed(b"["), "names": _signed(b'"a":1,', b"{", b'"b":1}'),
            "numbers": _signed(b"1"), "quotes": _signed(b'\\"', b'{"'), "texts": _signed(b'"",', b'{"a":[', b'""]}')},
           signatures.LONGEST, (jws.BadProof,)),
    Parser("jwk", _keys, AGAIN, security.BODY_LIMIT, (HearingsError, jws.BadProof)),
    Parser("edits of the law", lambda data: law_forms.unpack(_text(data)), AGAIN, security.BODY_LIMIT,
           (HearingsError,)),
    Parser("form", _form(b"application/x-www-form-urlencoded"), FORM_SHAPES, security.SIGNED_LIMIT, HTTP),
    Parser("multipart form", _form(MULTIPART), MULTIPART_SHAPES, security.SIGNED_LIMIT, HTTP),
    Parser("form in a charset", _form(MULTIPART + b"; charset=punycode"),
           pieces(b"a", b"a-", b"-", begin=_PART + b'"a"\r\n\r\n', end=b"\r\n--" + b"x" * 70 + b"--\r\n"),
           security.BODY_LIMIT, HTTP),
    Parser("api json", _body("json", b"application/json", bodies.JSON_LIMIT), AGAIN, bodies.JSON_LIMIT, HTTP),
    Parser("api signed", _body("signed", b"application/jose", bodies.JSON_LIMIT), TEXT_SHAPES, bodies.JSON_LIMIT, HTTP),
    Parser("api form", _body("form", bodies.FORM.encode(), bodies.JSON_LIMIT), FORM_SHAPES, bodies.JSON_LIMIT, HTTP),
    Parser("api file", _body("file", MULTIPART, _FILE), MULTIPART_SHAPES, _FILE, HTTP),
    Parser("text", lambda data: texts.clean(data.decode("utf-8", "replace"), "x", most=20_000, lines=True),
           pieces(b"a", b" ", b"\r\n", "é".encode(), "e\u0301".encode(), "\u0315\u0316".encode(),
                  "\u1100\u1161".encode(), "\ufdfa".encode()), 160_000, (HearingsError,)),
    Parser("directory table", lambda data: directory.read(data.decode("utf-8", "replace"), on=date(2026, 12, 3)),
           {**pieces(b"a", b'"', b","), **pieces(b'"', b'""', b"a,", b"a\r\n", b'"a"\n', b",,,,,,,,,,\n", b"\x00",
           begin=",".join(directory.COLUMNS).encode() + b"\r\n")}, 2_000_000, (HearingsError,)),
    Parser("recipient", lambda data: recipients.parse(data.decode("utf-8", "replace")),
           {**TEXT_SHAPES, **pieces(b"age1", b"#\n", b"age1q\n")}, security.BODY_LIMIT, (HearingsError,)),
    Parser("re-wrapped keys", rewrapping.read,
           {**TEXT_SHAPES, **pieces(b"[", b'{"files":{"a":"AAAA"},', b'"recipients":[', b"-> X25519 a\n")},
           security.BODY_LIMIT, (rewrapping.RewrapError,)),
    Parser("key file", policy.of_key_file, pieces(b"# | a\n", b"\n", b"AGE-SECRET-KEY-1\n", b"#", b"\r", b"a"),
           policy.MAX_BYTES * 4),
    Parser("policy", policy.parse, pieces(b"\n", b"log a\n", b"witness a b\n", b"group a b c\n", b"quorum none\n",
           b" ", b"\xff", begin=b"quorum none\n"), policy.MAX_BYTES, (policy.PolicyError,)),
    Parser("checkpoint", tlog.parse_note, {**TEXT_SHAPES, **pieces("— a b\n".encode(), b"\n\n", begin=b"a\n1\nb\n\n")},
           tlog.MAX_NOTE, (tlog.NoteError,)),
    Parser("journal line", journal_lines.read,
           {**AGAIN, **pieces(b"1,", b"[", begin=b"["), **pieces(b"a", begin=b'"')}, journal_lines.MAX_CLOSE),
    Parser("bag", _bag, {**pieces(b"a", b" ", b"\n", b"\r", b"\xff", b"a  b\n"),
           **pieces(b"ab *%0A\n", b"%", begin=b"ab  "), **pieces(b" ", b"\t\n", begin=b"Payload-Oxum"),
           **pieces(b" ", b"a", begin=b"Payload-Oxum:a", end=b"b"),
           "names": counted(lambda n: b"ab  data/%07d\n" % n)}, 1 << 18),
    Parser("age file", lambda data: AUTHORITY.unseal(data), pieces(
        b"-> X25519 a\n", b"-> a\n", b"a" * 64 + b"\n", b"-> X25519 " + b"a" * 43 + b"\n" + b"a" * 43 + b"\n", b" a",
        b"\n", b"a", b"-> ", b"--- a\n", b"\xff", begin=b"age-encryption.org/v1\n"), 1 << 20, (SealError,)),
    Parser("container", asic.unpacked, {**TEXT_SHAPES, **pieces(
        b"PK\x03\x04", b"PK\x01\x02" + b"\0" * 42, b"\0", b"PK\x05\x06" + b"\0" * 18, begin=_CONTAINER)},
           asic.LARGEST >> 3, (HearingsError,)),
    Parser("manifest", asic_check.read,
           {**TEXT_SHAPES, **pieces(b"<a>", b"<a/>", b"<a b='c'/>", b"&lt;", b"<!--", b"<?a ?>", begin=b"<a>"),
            "attributes": counted(lambda n: b" a%07d='b'" % n, b"<a", b"/>")},
           asic.SMALL, (ValueError, KeyError, ParseError)),
    Parser("websocket", _message, dict(_messages()) | dict(JSON_SHAPES), connections.LARGEST_MESSAGE),
)  # fmt: skip
PDF = Parser("pdf", _pdf, pieces(b"<<", begin=b"%PDF-1.7\n"), pdf_seals.LARGEST >> 3)
"""An eighth of the largest file: the whole one takes four seconds, and a bag's 64 MiB a minute."""

TAKEN = "compared as it is"
READ_BY: Mapping[str, tuple[str, ...]] = {
    "header accept": (TAKEN,),
    "header accept-encoding": ("accept-encoding",),
    "header accept-language": ("accept-language", "language tag"),
    "header authorization": (TAKEN,),
    "header content-disposition": (TAKEN,),  # of our own answers
    "header content-length": ("content-length",),
    "header content-type": ("content-type",),
    "header cookie": ("cookies",),
    "header dpop": ("dpop",),
    "header host": ("host",),
    "header idempotency-key": (TAKEN,),
    "header if-match": ("entity tags",),
    "header if-none-match": ("entity tags",),
    "header origin": ("host",),
    "header range": ("range",),
    "header sec-fetch-site": (TAKEN,),
    "header vivavoce-head": ("head token",),
    "header x-csrf-token": (TAKEN,),
    "header x-viewing-ticket": ("viewing ticket",),
    "uvicorn x-forwarded-for": ("forwarded",),
    "query": ("query", "cursor"),
    "body web/agreement/line_test_pages.py": ("json",),
    "body web/api/bodies.py": ("api json", "api signed", "api form", "api file"),
    "body web/sitting/recording_pages.py": ("json",),
    "body web/custody/key_use_pages.py": ("json",),
    "body web/custody/transcript_pages.py": ("json",),
    "body web/hearing/island_requests.py": (TAKEN,),
    "body web/hearing/network_pages.py": ("json",),
    "form web/coordination/room_file_pages.py": ("multipart form",),
    "form web/costs/claim_pages.py": ("multipart form", "api file"),
    "form web/documents/file_pages.py": ("multipart form", "api file", "pdf"),
    "form web/people/directory_pages.py": ("multipart form", "directory table"),
    "form web/server/forms.py": (
        "form",
        "multipart form",
        "form in a charset",
        "text",
        "jwk",
        "edits of the law",
        "recipient",
        "re-wrapped keys",
    ),
    "api json": ("api json", "text"),
    "api signed": ("api json", "api signed", "statement"),
    "api form": ("api form",),
    "api file": ("api file",),
    "api pdf": ("api file", "pdf"),
    "api container": ("api file", "container", "manifest", "pdf"),
    "form web/documents/container_pages.py": ("multipart form", "container", "manifest", "pdf"),
    "api table": ("api file", "directory table"),
    "websocket web/live/connections.py": ("websocket",),
    "file of the verifier": ("age file", "bag", "key file", "policy", "checkpoint", "journal line"),
}
"""What the code reads of strangers, and the readers that it comes to. The media side reads session descriptions."""


# --- what the code reads -----------------------------------------------------------------------------------------


def read_in_code() -> set[str]:
    """Headers, queries, bodies, forms and WebSockets that the code of `web` reads, by a walk over its syntax."""
    found = set()
    for file in sorted((ROOT / "web").rglob("*.py")):
        if "node_modules" in file.parts:
            continue
        path = file.relative_to(ROOT)
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            found |= set(_reads(node, path))
    return found


def _reads(node: ast.AST, path: Path) -> Iterator[str]:
    if isinstance(node, ast.Compare) and _is_headers(node.comparators[0]) and isinstance(node.left, ast.Constant):
        yield f"header {node.left.value!s}"
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and _is_headers(node.value):
        yield f"header {_name(node.slice, path)}"
    if isinstance(node, ast.Attribute) and node.attr == "query_params":
        yield "query"
    if not isinstance(node, ast.Call):
        return
    called = node.func
    if isinstance(called, ast.Attribute):
        if called.attr in ("get", "getlist") and _is_headers(called.value):
            yield f"header {_name(node.args[0], path)}"
        if called.attr in ("body", "stream", "json") and _ends_in(called.value, "request"):
            yield f"body {path}"
        if called.attr == "form" and _ends_in(called.value, "request"):
            yield f"form {path}"
        if called.attr.startswith("receive") and _ends_in(called.value, "websocket"):
            yield f"websocket {path}"


def _ends_in(node: ast.expr, name: str) -> bool:
    return getattr(node, "id", getattr(node, "attr", "")) == name


def _is_headers(node: ast.expr) -> bool:
    """Headers of a request: `headers`, `request.headers`, `Headers(scope=scope)`; not those of an answer."""
    if isinstance(node, ast.Call):
        return _ends_in(node.func, "Headers")
    if isinstance(node, ast.Attribute) and node.attr == "headers":
        return _ends_in(node.value, "request") or _ends_in(node.value, "connection")
    return isinstance(node, ast.Name) and node.id == "headers"


def _name(node: ast.expr, path: Path) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value).lower()
    module = import_module(".".join(path.with_suffix("").parts))
    return str(getattr(module, getattr(node, "id", ""), ast.dump(node))).lower()


def message_types() -> set[str]:
    """The tags of the messages a page may send."""
    return {str(msgspec.inspect.type_info(kind).tag) for kind in messages.BROWSER_TO_WEB.__args__}  # type: ignore[attr-defined]
