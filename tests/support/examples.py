"""Examples of the API's description, out of what clients were answered; `python -m tests.vectors.examples` writes them.

Of each operation the answer that says most is kept, with its request. What differs from run to run (ids, keys, proofs,
the time) is replaced, the same value by the same everywhere, so that the examples go on telling one case.
"""

import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hearings.ids import REF_ALPHABET
from hearings.signatures.jws import encode
from hearings.signatures.recipients import fingerprint
from tests.support.api_client import API, Client
from tests.support.installation import BASE
from web.api.bodies import FORM, JOSE

AT = datetime(2027, 2, 1, 9, 30, tzinfo=UTC)
"""The time of the run, in the examples."""
MOST = 8
"""Entries of a list of plain values; of objects, one of each shape is enough."""
RECIPIENT = "age1l52v7n556dcznm58xz8e3hw587fk0gezpxasfftm68f4gwu5mq7s0pc7e5"
ID = "0193a1b2-7c3d-7e4f-8a5b"
NEXT = "eyJpZCI6Ii4uLiJ9"
JWS = "eyJhbGciOiJFZERTQSIsImtpZCI6Ii4uLiIsInR5cCI6InZpdmF2b2NlK2p3cyJ9.eyJhY3QiOiIuLi4ifQ.c2lnbmF0dXJl"


@dataclass
class Tape:
    """What was asked and answered; a hook of httpx's."""

    heard: list[tuple[httpx.Request, httpx.Response]] = field(default_factory=list)
    begun: datetime = field(default_factory=lambda: datetime.now(UTC))

    async def __call__(self, response: httpx.Response) -> None:
        if response.is_success:
            await response.aread()
            self.heard.append((response.request, response))

    def examples(self, description: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        """Of each operation that has succeeded, by its id: path parameters, query, request and answer.

        `more` are examples of operations that were not heard.
        """
        best: dict[str, tuple[int, dict[str, Any]]] = {}
        routes = [
            (re.compile(API + re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", path)), method.upper(), operation["operationId"])
            for path, methods in sorted(description["paths"].items(), key=lambda one: "{" in one[0])
            for method, operation in methods.items()
        ]
        for request, response in self.heard:
            for pattern, method, name in routes:
                match = pattern.fullmatch(request.url.path) if method == request.method else None
                if match:
                    example = _example(request, response, match.groupdict())
                    weight = len(shape([example.get("request"), example.get("answer")]))
                    if weight > best.get(name, (-1, {}))[0]:
                        best[name] = weight, example
                    break
        return _settled({name: best[name][1] for name in sorted(best)} | more, self.begun)


def _example(request: httpx.Request, response: httpx.Response, params: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {"path": dict(params), "query": dict(request.url.params)}
    if request.content:
        kind = request.headers["content-type"].partition(";")[0]
        found |= {"type": kind} if kind not in ("application/json", FORM, JOSE) else {}
        found["request"] = _sent(request.content, kind)
    if response.content:
        found["answer"] = _answered(response.content, response.headers["content-type"])
    return {name: value for name, value in found.items() if value != {}}


def _sent(data: bytes, kind: str) -> Any:
    if kind == "application/json":
        return json.loads(data)
    text = data.decode("ascii", "ignore")
    return dict(httpx.QueryParams(text)) if kind == FORM else {"jws": text} if kind == JOSE else text


def _answered(data: bytes, kind: str) -> Any:
    """The JSON; of any other file how it begins."""
    if kind.startswith("application/json"):
        return _short(json.loads(data))
    return re.match(rb"[ -~]*", data)[0].decode()  # type: ignore[index]


def _short(value: Any) -> Any:
    """The value, its lists no longer than what they show."""
    if isinstance(value, dict):
        return {name: _short(one) for name, one in value.items()}
    if isinstance(value, list):
        shown: list[Any] = []
        for one in map(_short, value):
            if not isinstance(one, (dict, list)) and len(shown) < MOST:
                shown.append(one)
            elif isinstance(one, (dict, list)) and not any(shape(one) <= shape(other) for other in shown):
                shown = [other for other in shown if not shape(other) <= shape(one)] + [one]
        return shown
    return value


def shape(value: Any, at: str = "") -> frozenset[str]:
    """The names in a value, each with the names above it."""
    if isinstance(value, dict):
        return frozenset().union(*({f"{at}/{name}"} | shape(one, f"{at}/{name}") for name, one in value.items()))
    if isinstance(value, list):
        return frozenset().union(*(shape(one, f"{at}/0") for one in value))
    return frozenset()


def names(examples: Mapping[str, Any]) -> dict[str, Any]:
    """Of each example what it holds, whatever the values: rows of a list may be other ones another day."""
    return {
        name: {part: sorted(value) if isinstance(value, dict) else "" for part, value in example.items()}
        for name, example in sorted(examples.items())
    }


async def first_event(port: int, client: Client) -> str:
    """What a stream of events begins with."""
    path, token = f"{API}/events", await client.token()
    headers = {"authorization": f"DPoP {token}", "dpop": client.proof("GET", BASE + path, token)}
    headers["last-event-id"] = "00000000-0000-7000-8000-000000000000"
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as http:
        async with http.stream("GET", path, headers=headers) as answer:
            text = ""
            async for part in answer.aiter_text():
                text += part
                if text.count("\n\n") > 1:
                    break
    return "\n\n".join(text.split("\n\n")[:2]) + "\n\n"


# --- what differs from run to run ---------------------------------------------------------------------------------


def _settled(examples: dict[str, Any], begun: datetime) -> dict[str, Any]:
    """The same examples, whenever and wherever they were recorded."""
    known: dict[str, dict[str, str]] = {}

    def numbered(kind: str, make: Callable[[int], str]) -> Callable[[re.Match[str]], str]:
        seen = known.setdefault(kind, {})
        return lambda match: seen.setdefault(match[0], make(len(seen) + 1))

    def digest(number: int) -> bytes:
        return hashlib.sha256(str(number).encode()).digest()

    def moment(match: re.Match[str]) -> str:
        at = datetime.fromisoformat(match[0])
        if not match[1] and abs(at - begun) > timedelta(days=2):
            return match[0]
        return f"{AT + timedelta(hours=round((at - begun) / timedelta(hours=1))):%Y-%m-%dT%H:%M:%SZ}"

    def key(number: int) -> str:
        return encode(Ed25519PrivateKey.from_private_bytes(digest(number)).public_key().public_bytes_raw())

    ref = f"[{REF_ALPHABET}]{{4}}"
    rules: list[tuple[str, Callable[[re.Match[str]], str]]] = [
        (r"\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(?:Z|\+00:00)", moment),
        (rf"\b{begun:%Y-%m-%d}\b", lambda _match: f"{AT:%Y-%m-%d}"),
        (rf"\b{begun.year + 1}-", lambda _match: f"{AT.year}-"),
        (rf"\b([A-Z]{{2}})-{begun.year}-", lambda match: f"{match[1]}-{AT.year}-"),
        (r"\b20\d\d[a-z]\b", lambda _match: f"{AT.year}a"),
        (r'(?<="iat": )\d+', lambda _match: str(int(AT.timestamp()))),
        (r'(?<="next": ")[^"]+', lambda _match: NEXT),
        (r'(?<="pin": ")\d+', lambda _match: "204816"),
        (r'(?<=delay_minutes": )\d+', lambda _match: "7200"),
        (r'(?<=weighted_delay_hours": )[\d.]+', lambda _match: "600.0"),
        (r"(?<=-----BEGIN CERTIFICATE-----).*?(?=-----END)", lambda _match: r"\nMII...\n"),
        (r"(?<![0-9a-f])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", numbered("id", lambda n: f"{ID}-{n:012x}")),
        (rf"(?<![\w-]){ref}-{ref}(?![\w-])", numbered("ref", lambda n: f"7F3K-{n:04d}")),
        (r"\b[0-9a-f]{64}\b", numbered("sha256", lambda n: digest(n).hex())),
        (r"\bage1[0-9a-z]{58}\b", lambda _match: RECIPIENT),
        (r"\b(?:[0-9a-f]{4} ){7}[0-9a-f]{4}\b", lambda _match: fingerprint(RECIPIENT)),
        (r"(?<=whsec_)[\w+/=-]+", numbered("secret", lambda n: base64.b64encode(bytes([n]) * 24).decode())),
        (r"(?<![\w.-])(?=[\w-]*[A-Z])(?=[\w-]*[a-z])(?=[\w-]*\d)[\w-]{22,88}(?![\w.-])", numbered("key", key)),
        (r"\b[\w-]{20,}\.[\w-]{20,}\.[\w-]{40,}(?![\w-])", lambda _match: JWS),
    ]  # fmt: skip
    text = json.dumps(examples, ensure_ascii=False)
    for pattern, replace in rules:
        text = re.sub(pattern, replace, text)
    found: dict[str, Any] = json.loads(text)
    return found
