"""The anchor: how far an installation had come, as a file outside its database and data folder says it.

It names references, States, numbers and times, and nobody. A MAC by the installation's own secret tells it from garbage
and from another installation's. And the token that clients of the API hand back: the same head, sealed, so that it says
nothing to whoever carries it and cannot be made up.
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
from hearings.outward.heads import Case, as_json, public_id

FORMAT = 1


class AnchorUnreadable(ValueError):
    """It is no anchor, or was changed by somebody."""


class AnchorForeign(ValueError):
    """It is the anchor of another installation."""


@dataclass(frozen=True)
class Kept:
    """What an anchor says."""

    head: Head
    at: str
    """When it was written."""
    cases: Mapping[str, Case] = field(default_factory=dict)


def encode(kept: Kept, secret: str) -> bytes:
    """As the file has it."""
    told: dict[str, Any] = {
        "vivavoce-anchor": FORMAT,
        "installation": public_id(secret),
        "number": kept.head.number,
        "hash": kept.head.hash,
        "written": kept.at,
        "cases": as_json(kept.cases),
    }
    return json.dumps({**told, "mac": _mac(told, secret)}, indent=1).encode() + b"\n"


def decode(text: bytes, secret: str) -> Kept:
    """What it says. Raises `AnchorUnreadable`, `AnchorForeign`."""
    try:
        told = json.loads(text)
        mac = told.pop("mac")
        if told["vivavoce-anchor"] != FORMAT:
            raise AnchorUnreadable("of another format")
        if told["installation"] != public_id(secret):
            raise AnchorForeign(str(told["installation"])[:32])
        if not hmac.compare_digest(str(mac).encode(), _mac(told, secret).encode()):
            raise AnchorUnreadable("changed by somebody")
        cases = {ref: Case(**{**one, "states": tuple(one["states"])}) for ref, one in told["cases"].items()}
        return Kept(Head(told["number"], told["hash"]), told["written"], cases)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        if isinstance(error, AnchorUnreadable | AnchorForeign):
            raise
        raise AnchorUnreadable("not an anchor") from error


def _mac(told: Mapping[str, Any], secret: str) -> str:
    text = json.dumps(told, sort_keys=True, separators=(",", ":")).encode()
    return hmac.new(f"anchor {secret}".encode(), text, hashlib.sha256).hexdigest()


def _cipher(secret: str) -> AESGCM:
    return AESGCM(hashlib.sha256(f"head token {secret}".encode()).digest())


def token(head: Head, secret: str) -> str:
    """What a client is given."""
    nonce = os.urandom(12)
    sealed = _cipher(secret).encrypt(nonce, f"{head.number} {head.hash}".encode(), None)
    return base64.urlsafe_b64encode(nonce + sealed).decode().rstrip("=")


def head_of(text: str, secret: str) -> Head | None:
    """The head of a token of ours; None for anything else."""
    try:
        found = base64.urlsafe_b64decode(text[:400] + "=" * (-len(text[:400]) % 4))
        number, _, digest = _cipher(secret).decrypt(found[:12], found[12:], None).decode().partition(" ")
        return Head(int(number), digest)
    except (ValueError, InvalidTag, binascii.Error):
        return None
