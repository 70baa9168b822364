"""A released copy and the receipt for it: signed statements beside a bag, compared with its content (docs/receive.md).

Both are compact JWS with Ed25519 over canonical JSON (docs/signatures.md). Whose key counts comes from elsewhere, as
for the seal. The releasing State's statement is `release.json` of the bag; the other State's receipt is a file.
"""

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

RELEASE = "release.json"
MOST = 500_000
"""Characters of a signed statement."""
DEEPEST = 20
TYPE = "vivavoce+jws"
RELEASES, RECEIVES = "release_recording", "receive_recording"
"""What a statement is about: its member `act`."""
_MEMBERS = {"iss", "aud", "iat", "jti", "act", "about", "body"}
_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")


class StatementError(ValueError):
    """Not a signed statement of the form that is expected."""


@dataclass(frozen=True)
class Statement:
    """A statement that was read. Nothing in it is proven before `signed_by`."""

    claims: Mapping[str, Any]
    kid: str
    signed: bytes
    signature: bytes
    payload: bytes
    jws: str

    @property
    def body(self) -> Mapping[str, Any]:
        """What is stated."""
        body: Mapping[str, Any] = self.claims["body"]
        return body

    @property
    def sha256(self) -> str:
        """The hash by which a receipt and the custody log name it: of its payload."""
        return hashlib.sha256(self.payload).hexdigest()

    def signed_by(self, key: bytes) -> bool:
        """Whether this public key (32 bytes) has signed it."""
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(self.signature, self.signed)
        except (InvalidSignature, ValueError):
            return False
        return True


def read(text: str) -> Statement:
    """Read a compact JWS. Raises `StatementError`."""
    text = text.strip()
    parts = text.split(".")
    if len(text) > MOST or len(parts) != 3:
        raise StatementError("it is no compact JWS")
    header, payload = decode(parts[0]), decode(parts[1])
    claims = _object(payload)
    kid = _object(header).get("kid")
    if not isinstance(kid, str) or header != rfc8785.dumps({"alg": "EdDSA", "kid": kid, "typ": TYPE}):
        raise StatementError("its header is another")
    try:
        spelled = rfc8785.dumps(dict(claims))
    except (ValueError, RecursionError) as error:
        raise StatementError("it cannot be written by RFC 8785") from error
    if spelled != payload or set(claims) != _MEMBERS or not isinstance(claims["body"], dict):
        raise StatementError("it is not canonical, or has other members")
    if type(claims["iat"]) is not int or not all(isinstance(claims[name], str) for name in _MEMBERS - {"iat", "body"}):
        raise StatementError("a member of it has another form")
    return Statement(claims, kid, f"{parts[0]}.{parts[1]}".encode("ascii"), decode(parts[2]), payload, text)


def decode(text: str) -> bytes:
    """Canonical base64url without padding. Raises `StatementError`."""
    if not _BASE64URL.fullmatch(text):
        raise StatementError("it is not base64url")
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise StatementError("it is not base64url") from error
    if base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii") != text:
        raise StatementError("it is not canonical base64url")
    return data


def public_key(text: str) -> bytes:
    """A public signing key, 43 characters of base64url, as `# signing-public:` of a key file has it. Raises
    `StatementError`."""
    key = decode(text.strip())
    if len(key) != 32:
        raise StatementError("a public signing key is 43 characters of base64url")
    return key


def _object(data: bytes) -> dict[str, Any]:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({name for name, _value in pairs}) != len(pairs):
            raise StatementError("a name is repeated")
        return dict(pairs)

    if data.count(b"[") + data.count(b"{") > 4_000:
        raise StatementError("it is nested too deeply")
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=unique)
    except (ValueError, RecursionError) as error:
        raise StatementError(f"it is not JSON: {error}") from None
    if not isinstance(value, dict) or _depth(value) > DEEPEST:
        raise StatementError("it is no JSON object, or nested too deeply")
    return value


def _depth(value: object) -> int:
    inside = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return 1 + max(map(_depth, inside), default=0)


def release_in(folder: Path) -> Statement:
    """The releasing State's statement in a bag. Raises `StatementError` when there is none, or when what is to be read
    there is not what was signed."""
    try:
        with (folder / RELEASE).open("rb") as stream:
            whole = _object(stream.read(4 * MOST))
    except OSError as error:
        raise StatementError(f"the bag has no {RELEASE}: it was not released") from error
    if set(whole) != {"statement", "jws"} or not isinstance(whole["jws"], str):
        raise StatementError(f"{RELEASE} has other members")
    found = read(whole["jws"])
    if whole["statement"] != found.claims or found.claims["act"] != RELEASES:
        raise StatementError(f"{RELEASE} says something else than was signed")
    return found


@dataclass(frozen=True)
class Copy:
    """What a bag was found to be, as a receipt names it."""

    origin: str
    size: int | None
    root: str
    custody: tuple[int, str] | None
    bag: str
    """SHA-256 of `tagmanifest-sha256.txt`."""

    def named(self, release: Statement) -> dict[str, Any]:
        """The members of a receipt's body that are decided by the copy and its release."""
        custody = None if self.custody is None else {"size": self.custody[0], "root": self.custody[1]}
        return {
            "release": release.body.get("release"),
            "statement": release.sha256,
            "origin": self.origin,
            "size": self.size,
            "root": self.root,
            "custody": custody,
            "bag": self.bag,
            "limits": release.body.get("limits"),
        }


def bag_sha256(folder: Path) -> str:
    """The hash that names a whole bag. Raises `OSError`."""
    return hashlib.sha256((folder / "tagmanifest-sha256.txt").read_bytes()).hexdigest()


@dataclass
class ReceiptReport:
    """What came of comparing a receipt with a bag."""

    failures: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    receipt: Statement | None = None

    @property
    def verdict(self) -> str:
        """`failed`, `cannot` or `verified`."""
        return "failed" if self.failures else "cannot" if self.missing else "verified"

    def as_json(self) -> dict[str, Any]:
        """Everything, for programs."""
        claims = dict(self.receipt.claims) if self.receipt else None
        return {"verdict": self.verdict, "failures": self.failures, "missing": self.missing, "statement": claims}

    def as_text(self) -> str:
        """Lines for people."""
        lines = [f"receipt:   {text}" for text in self._words()]
        lines += [f"failed:    receipt: {text}" for text in self.failures]
        return "\n".join([*lines, *(f"missing:   receipt: {text}" for text in self.missing)]) + "\n"

    def _words(self) -> Sequence[str]:
        if self.receipt is None or self.verdict == "failed":
            return [self.verdict]
        claims, body = self.receipt.claims, self.receipt.body
        when = datetime.fromtimestamp(claims["iat"], UTC)
        who = f"{body.get('received_by')} ({claims['iss']})"
        if self.verdict == "cannot":
            return [f"cannot verify; it says that {who} has received it"]
        limits = [f"{limit.get('source')}: {limit.get('text')}" for limit in body.get("limits") or ()]
        return [
            f"this copy was received by {who}, signed {when:%Y-%m-%d %H:%M:%S} UTC",
            *(f"acknowledged: {limit}" for limit in limits),
        ]


def check(text: str, key: bytes | None, folder: Path, copy: Copy) -> ReceiptReport:
    """Compare a receipt with a bag. `key` is the public signing key of the State that received it."""
    found = ReceiptReport()
    try:
        found.receipt, release = read(text), release_in(folder)
    except StatementError as error:
        found.failures.append(str(error))
        return found
    claims = found.receipt.claims
    if claims["act"] != RECEIVES:
        found.failures.append("it is a statement about something else")
    if (claims["iss"], claims["aud"], claims["about"]) != tuple(
        release.claims[name] for name in ("aud", "iss", "about")
    ):
        found.failures.append("it is of other States, or about another case, than the release")
    for name, wanted in copy.named(release).items():
        if found.receipt.body.get(name) != wanted or name not in found.receipt.body:
            found.failures.append(f"it names another {name} than this copy has")
    if key is None:
        found.missing.append("the public signing key of the State that received it (--receipt-key)")
    elif not found.receipt.signed_by(key):
        found.failures.append("the signature is not by the key that was given")
    return found
