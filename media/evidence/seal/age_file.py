"""The bytes of an age v1 file: header, stanzas, and the encrypted payload (C2SP `age`).

pyrage 1.4 knows no post-quantum recipients, so a file to or for one is written and read here; all others are pyrage's.
A header is read strictly: what the specification gives one form has only that one.
"""

import base64
import binascii
import hmac
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MOST_HEADER, MOST_STANZAS = 131_072, 64
"""Accepted bytes and recipients of a header: a post-quantum stanza has 1,560 bytes."""
FILE_KEY = 16
"""Bytes of a file key."""
_VERSION = b"age-encryption.org/v1\n"
_MAC = b"---"
_NONCE, _TAG, _CHUNK = 16, 16, 65_536
_COLUMNS = 64
_ARGUMENT = re.compile(rb"[\x21-\x7e]+")


class SealError(Exception):
    """A malformed key, or a sealed file that this identity cannot decrypt or that was altered."""


@dataclass(frozen=True)
class Stanza:
    """A recipient's part of a header: its arguments, the kind first, and the wrapped file key."""

    arguments: tuple[str, ...]
    body: bytes

    def lines(self) -> bytes:
        """As it stands in the header; the last line is shorter than 64 characters, if need be empty."""
        text = encode(self.body)
        rows = [text[at : at + _COLUMNS] for at in range(0, len(text) + 1, _COLUMNS)]
        return "\n".join([" ".join(("->", *self.arguments)), *rows, ""]).encode("ascii")


@dataclass(frozen=True)
class Header:
    """A header as it was read: its stanzas, its authentication code, the bytes under that, and where it ends."""

    stanzas: tuple[Stanza, ...]
    mac: bytes
    covered: bytes
    end: int


def encode(data: bytes) -> str:
    """Base64 without padding."""
    return base64.b64encode(data).rstrip(b"=").decode("ascii")


def decode(text: bytes) -> bytes:
    """The bytes of canonical base64 without padding. SealError for anything else."""
    try:
        data = base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except binascii.Error as error:
        raise SealError("a header holds what is not base64") from error
    if encode(data).encode("ascii") != text:
        raise SealError("a header holds base64 that is not canonical")
    return data


def write(file_key: bytes, stanzas: Sequence[Stanza], clear: bytes) -> bytes:
    """A whole file: the clear bytes under a file key, and that key for each recipient."""
    covered = _VERSION + b"".join(stanza.lines() for stanza in stanzas) + _MAC
    header = covered + b" " + encode(_mac(file_key, covered)).encode("ascii") + b"\n"
    nonce = os.urandom(_NONCE)
    cipher = ChaCha20Poly1305(_derived(file_key, nonce, b"payload"))
    chunks = [clear[at : at + _CHUNK] for at in range(0, len(clear), _CHUNK)] or [b""]
    sealed = [
        cipher.encrypt(_counter(place, last=place == len(chunks) - 1), chunk, None)
        for place, chunk in enumerate(chunks)
    ]
    return b"".join((header, nonce, *sealed))


def read_header(sealed: bytes) -> Header:
    """The header of a file. SealError when it is malformed, too long, or has too many recipients."""
    if not sealed.startswith(_VERSION):
        raise SealError("not an age file of version 1")
    at = len(_VERSION)
    stanzas: list[Stanza] = []
    while sealed[at : at + 3] == b"-> ":
        if len(stanzas) == MOST_STANZAS:
            raise SealError("the header of the file has too many recipients")
        stanza, at = _stanza(sealed, at)
        stanzas.append(stanza)
    line, end = _line(sealed, at)
    if not stanzas or line[:4] != _MAC + b" " or len(mac := decode(line[4:])) != 32:
        raise SealError("the header of the file has no recipients, or no end")
    return Header(tuple(stanzas), mac, sealed[: at + len(_MAC)], end)


def open_payload(sealed: bytes, header: Header, file_key: bytes) -> bytes:
    """The clear bytes. SealError when header or payload were altered, or the end is missing."""
    if len(file_key) != FILE_KEY or not hmac.compare_digest(_mac(file_key, header.covered), header.mac):
        raise SealError("the header of the file was altered")
    nonce, at = sealed[header.end : header.end + _NONCE], header.end + _NONCE
    if len(nonce) != _NONCE:
        raise SealError("the file is cut off")
    cipher, width, clear = ChaCha20Poly1305(_derived(file_key, nonce, b"payload")), _CHUNK + _TAG, []
    for place, start in enumerate(range(at, max(len(sealed), at + 1), width)):
        chunk, last = sealed[start : start + width], start + width >= len(sealed)
        if last and place and len(chunk) == _TAG:
            raise SealError("the last part of the file is empty")
        try:
            clear.append(cipher.decrypt(_counter(place, last=last), chunk, None))
        except (InvalidTag, ValueError) as error:
            raise SealError("the file was altered or is cut off") from error
    return b"".join(clear)


def _stanza(sealed: bytes, at: int) -> tuple[Stanza, int]:
    line, at = _line(sealed, at)
    arguments = line[3:].split(b" ")
    if not all(map(_ARGUMENT.fullmatch, arguments)):
        raise SealError("a recipient in the header is malformed")
    rows: list[bytes] = []
    while not rows or len(rows[-1]) == _COLUMNS:
        row, at = _line(sealed, at)
        if len(row) > _COLUMNS:
            raise SealError("a line of the header is too long")
        rows.append(row)
    return Stanza(tuple(argument.decode("ascii") for argument in arguments), decode(b"".join(rows))), at


def _line(sealed: bytes, at: int) -> tuple[bytes, int]:
    end = sealed.find(b"\n", at, MOST_HEADER)
    if end < 0:
        raise SealError("the header of the file has no end")
    return sealed[at:end], end + 1


def _counter(place: int, *, last: bool) -> bytes:
    return place.to_bytes(11, "big") + bytes([last])


def _mac(file_key: bytes, covered: bytes) -> bytes:
    return hmac.digest(_derived(file_key, None, b"header"), covered, "sha256")


def _derived(file_key: bytes, salt: bytes | None, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=info).derive(file_key)
