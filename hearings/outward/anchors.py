"""The anchor: the newest head of an installation, in a file outside its database and data folder.

It holds references, States, numbers and times, and no name. A MAC by the installation's own secret tells it from
garbage and from another installation's. Also the token that clients of the API hand back: the same head, encrypted and
authenticated, so that a client can neither read nor forge it.
"""

import base64
import binascii
import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hearings.db import Head
from hearings.outward.heads import CaseHead, as_json, public_id

FORMAT = 1


class AnchorUnreadable(ValueError):
    """It is no anchor, or was changed by somebody."""


class AnchorForeign(ValueError):
    """It is the anchor of another installation."""


@dataclass(frozen=True)
class AnchorRecord:
    """The content of an anchor."""

    head: Head
    at: str
    """When it was written."""
    cases: Mapping[str, CaseHead] = field(default_factory=dict)


def encode(record: AnchorRecord, secret: str) -> bytes:
    """The content of the file."""
    content: dict[str, Any] = {
        "vivavoce-anchor": FORMAT,
        "installation": public_id(secret),
        "number": record.head.number,
        "hash": record.head.hash,
        "written": record.at,
        "cases": as_json(record.cases),
    }
    return json.dumps({**content, "mac": _mac(content, secret)}, indent=1).encode() + b"\n"


def decode(text: bytes, secret: str) -> AnchorRecord:
    """The record in the text of a file. Raises `AnchorUnreadable`, `AnchorForeign`."""
    try:
        content = json.loads(text)
        mac = content.pop("mac")
        if content["vivavoce-anchor"] != FORMAT:
            raise AnchorUnreadable("of another format")
        if content["installation"] != public_id(secret):
            raise AnchorForeign(str(content["installation"])[:32])
        if not hmac.compare_digest(str(mac).encode(), _mac(content, secret).encode()):
            raise AnchorUnreadable("changed by somebody")
        cases = {ref: CaseHead(**{**case, "states": tuple(case["states"])}) for ref, case in content["cases"].items()}
        return AnchorRecord(Head(content["number"], content["hash"]), content["written"], cases)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        if isinstance(error, AnchorUnreadable | AnchorForeign):
            raise
        raise AnchorUnreadable("not an anchor") from error


def _mac(content: Mapping[str, Any], secret: str) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
    return hmac.new(f"anchor {secret}".encode(), text, hashlib.sha256).hexdigest()


def _cipher(secret: str) -> AESGCM:
    return AESGCM(hashlib.sha256(f"head token {secret}".encode()).digest())


def token(head: Head, secret: str) -> str:
    """The token a client is given."""
    nonce = os.urandom(12)
    sealed = _cipher(secret).encrypt(nonce, f"{head.number} {head.hash}".encode(), None)
    return base64.urlsafe_b64encode(nonce + sealed).decode().rstrip("=")


def head_of(text: str, secret: str) -> Head | None:
    """The head in a token of this installation; None for anything else."""
    try:
        sealed = base64.urlsafe_b64decode(text[:400] + "=" * (-len(text[:400]) % 4))
        number, _, digest = _cipher(secret).decrypt(sealed[:12], sealed[12:], None).decode().partition(" ")
        return Head(int(number), digest)
    except (ValueError, InvalidTag, binascii.Error):
        return None
