"""The first inputs of the corpus: `python -m tests.fuzz.seeds` writes those that are missing.

They come from the vectors, from sound examples of each kind, and from the hostile shapes, small. What fuzzing has found
is added beside them by hand, with its defect mended.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from hearings.models.signature import Act
from hearings.people import directory
from hearings.signatures import signatures
from tests.fuzz.targets import CORPUS, TARGETS
from tests.support.hostile_web import MULTIPART, PARSERS, PDF, message_types

VECTORS = Path(__file__).parents[1] / "vectors"
SMALL, MOST = 160, 12
"""Bytes of a hostile shape, and how many of a target."""
LONGEST = 6000


def _statement() -> bytes:
    stated = signatures.statement(
        state="RO", other="TH", act=Act.accept_request, about="RO-2026-0001", body={"reason": "", "days": [1, 2.5]},
        now=datetime(2026, 12, 3, tzinfo=UTC), jti="x" * 24,
    )  # fmt: skip
    return signatures.sign(stated, seed=bytes(32)).encode()


def _form() -> bytes:
    edge = b"--" + MULTIPART.partition(b"boundary=")[2]
    text = edge + b'\r\nContent-Disposition: form-data; name="kind"\r\n\r\nrequest\r\n'
    head = (
        edge + b'\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\n'
    )
    return text + head + b"one\r\ntwo\r\n" + edge + b"--\r\n"


JSON = [b'{"requested_state":"TH","content":{"offences":["a","\\u00e9"],"n":-1.5e3,"b":true,"x":null}}', b"[]", b'"a"']
EXAMPLES: Mapping[str, list[bytes]] = {
    "cookies": [b"vivavoce_language=zh-Hans; __Host-vivavoce=abc", b'a="b"; c=d=e;; f'],
    "accept-language": [b"zh-Hans,ro;q=0.9, en-GB;q=0.8,*;q=0.1"],
    "language_tag": [b"zh-Hans-CN", b"ro", b"es-419"],
    "content-type": [b'boundary="a b"; charset=utf-8', b"boundary*=utf-8''a"],
    "accept-encoding": [b"gzip;q=0.5, br, *;q=0"],
    "host": [b"localhost:8000", b"[::1]:8000", b"127.0.0.1"],
    "content-length": [b"10"],
    "entity_tags": [b'"a", W/"b"', b"*"],
    "range": [b"bytes=0-99", b"bytes=-5", b"bytes=5-"],
    "viewing_ticket": [b"9999999999." + b"a" * 64],
    "forwarded": [b"192.0.2.1, 10.0.0.1", b"[2001:db8::1]:80, 127.0.0.1:9"],
    "cursor": [b"eyJzdGFydHNfYXQiOiIyMDI2LTEyLTAzVDA5OjAwOjAwKzAwOjAwIiwiaWQiOiJhIn0"],
    "json": JSON,
    "jwk": [b'{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}',
            b'{"keys":[{"kty":"EC"}]}'],
    "edits_of_the_law": [b'[{"kind":"rule","key":"a","data":{"x":1}}]'],
    "form": [b"csrf=abc&kind=a+b%20c&kind=&x=%C3%A9"],
    "multipart_form": [_form()],
    "api_json": JSON,
    "api_signed": [_statement()],
    "api_form": [b"grant_type=client_credentials&client_assertion=a.b.c&scope=requests%3Aread"],
    "api_file": [_form()],
    "text": ["Łódź e\u0301 ไทย\u200d ok\nx".encode()],
    "directory_table": [
        f"{','.join(directory.FORMER)}\r\nRO,central,\"A, b\",,,,,,,,\r\n".encode(),
        f"{','.join(directory.COLUMNS)}\r\nRO,court,A,,,,,,,,,,untoc,,urgent;a@b.example,no\r\n".encode(),
    ],
    "recipient": [b"# a\nage1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj\n"],
    "key_file": [b"# Vivavoce key file\n# | quorum none\nAGE-SECRET-KEY-1QQQ\n"],
    "statement": [_statement()],
    "websocket": [json.dumps({"type": name, "id": "a"}).encode() for name in sorted(message_types())],
    "pdf": [b"%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[]/SigFlags 3>>>>\nendobj\n2 0 obj\n"
            b"<</Type/Pages/Kids[]/Count 0>>\nendobj\nxref\n0 3\n0000000000 65535 f \n0000000009 00000 n \n"
            b"0000000087 00000 n \ntrailer\n<</Size 3/Root 1 0 R>>\nstartxref\n136\n%%EOF\n"],
}  # fmt: skip


def _vectors() -> Iterator[tuple[str, bytes]]:
    """Policies, heads, lines of journals and manifests of the recordings in tests/vectors."""
    for name in ("good", "cosigned", "quorum-not-met"):
        folder = VECTORS / name
        for policy in folder.glob("policy.txt"):
            yield "policy", policy.read_bytes()
            yield "key_file", b"AGE-SECRET-KEY-1Q\n" + b"".join(b"# | " + one for one in policy.open("rb"))
        for path in sorted(folder.rglob("*")):
            if path.name.startswith("checkpoint") and path.is_file():
                yield "checkpoint", path.read_bytes()
            if path.name == "hearing-key.age":
                yield "age_file", path.read_bytes()
            if path.name == "manifest-sha256.txt" or path.name == "bag-info.txt":
                yield "bag", path.read_bytes()
            if path.name.startswith("journal") and path.is_file():
                for line in path.read_bytes().split(b"\n")[:12]:
                    yield "journal_line", line


def seeds() -> Iterator[tuple[str, bytes]]:
    """Every seed with its target."""
    for name, found in EXAMPLES.items():
        yield from ((name, data) for data in found)
    yield from _vectors()
    for parser in (*PARSERS, PDF):
        for make in list(parser.shapes.values())[:: max(1, len(parser.shapes) // MOST)]:
            yield parser.name.replace(" ", "_"), make(SMALL)


def main() -> None:
    """Write what is missing."""
    for name, data in seeds():
        assert name in TARGETS, name
        folder = CORPUS / name
        folder.mkdir(parents=True, exist_ok=True)
        if len(data) <= LONGEST:
            (folder / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)


if __name__ == "__main__":
    main()
