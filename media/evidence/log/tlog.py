"""Transparency log: the tree of `media.evidence.log.merkle`, and the signed checkpoints of C2SP that name its head.

Bytes in, bytes out: this module knows no files, no clocks and no recordings. Sources: C2SP signed-note,
tlog-checkpoint and tlog-cosignature, and docs/recording-format.md §5 for what a recording narrows (no extension
lines, a key pinned for a court counts for each of its recordings).
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from media.evidence.log.merkle import EMPTY_ROOT, Tree, leaf_hash, node_hash, verify_consistency, verify_inclusion

__all__ = [
    "COSIGNATURE",
    "ED25519",
    "EMPTY_ROOT",
    "MAX_NOTE",
    "MAX_SIGNATURES",
    "TRAINING",
    "Checkpoint",
    "Note",
    "NoteError",
    "Signature",
    "SignatureError",
    "Signer",
    "Tree",
    "UnpinnedError",
    "VerifierKey",
    "check_log_signature",
    "checkpoint_text",
    "cosign_line",
    "is_training",
    "key_id",
    "leaf_hash",
    "log_keys_for",
    "node_hash",
    "parse_checkpoint",
    "parse_note",
    "parse_vkey",
    "public_key",
    "sealed_note",
    "sign_line",
    "sign_note",
    "verify_checkpoint",
    "verify_consistency",
    "verify_cosignature",
    "verify_ed25519",
    "verify_inclusion",
    "vkey",
]

ED25519 = 0x01
"""Signature type of a log's own key: Ed25519 over the note's text."""
COSIGNATURE = 0x04
"""Signature type of a cosigner: cosignature/v1, Ed25519 over a header with a time and the note's text."""
CUSTODY = "/custody"
"""Suffix that the origin of a custody log adds to the origin of its recording."""
TRAINING = "training."
"""How the name of the court begins in the origin of a training record: made in a rehearsal, and no evidence."""
MAX_NOTE = 128 * 1024
"""Bytes of a signed note that are accepted."""
MAX_SIGNATURES = 64
"""Signature lines that are accepted in one note."""

_SIZE = re.compile(r"0|[1-9][0-9]{0,15}")
_MAX_SIZE = 2**53 - 1
_DASH = "\u2014 "


class Signer(Protocol):
    """A signer of log heads: the seal process behind its socket, or a key in tests and tools."""

    def sign_head(self, head: "Checkpoint", tree: Tree) -> bytes:
        """A signed note over a head of this tree. OSError or ValueError when it is not signed."""
        ...


class NoteError(ValueError):
    """A note or checkpoint that is not well formed, or that belongs to another origin."""


class UnpinnedError(NoteError):
    """No key is pinned for this origin, so its signature cannot be verified."""


class SignatureError(NoteError):
    """A pinned key did not sign this, or its signature does not verify."""


@dataclass(frozen=True)
class Signature:
    """One signature line of a note: the claimed key name, the 4-byte key ID, and the signature bytes."""

    name: str
    key_id: bytes
    value: bytes


@dataclass(frozen=True)
class Note:
    """A signed note: its text with the last LF, and its signature lines in order; nothing is verified."""

    text: bytes
    signatures: tuple[Signature, ...]


@dataclass(frozen=True)
class Checkpoint:
    """The head of a tree: which log, how many leaves, and their root."""

    origin: str
    size: int
    root: bytes


@dataclass(frozen=True)
class VerifierKey:
    """A public key as C2SP writes it: `<name>+<8 hex digits of the ID>+<base64 of type and key>`."""

    name: str
    kind: int
    key: bytes

    @property
    def id(self) -> bytes:
        """The key ID that it has in signature lines."""
        return key_id(self.name, self.kind, self.key)

    def has_signed(self, line: "Signature") -> bool:
        """Whether a signature line names this key; the signature is not verified."""
        return line.name == self.name and line.key_id == self.id


def key_id(name: str, kind: int, public_key: bytes) -> bytes:
    """First 4 bytes of SHA-256 over name, LF, type and key."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public_key).digest()[:4]


def vkey(name: str, public_key: bytes, kind: int = ED25519) -> str:
    """The text form of a public key, for a policy file."""
    encoded = base64.b64encode(bytes([kind]) + public_key).decode()
    return f"{name}+{key_id(name, kind, public_key).hex()}+{encoded}"


def parse_vkey(text: str) -> VerifierKey:
    """Read the text form of a public key; NoteError if it is not one or its ID is not its own."""
    name, _, rest = text.partition("+")
    number, _, encoded = rest.partition("+")
    data = _base64(encoded)
    if not _is_name(name) or not data or not re.fullmatch("[0-9a-f]{8}", number):
        raise NoteError("not a verifier key")
    kind, key = data[0], data[1:]
    if kind in (ED25519, COSIGNATURE) and len(key) != 32:
        raise NoteError("an Ed25519 key has 32 bytes")
    if key_id(name, kind, key).hex() != number:
        raise NoteError("the key ID of a verifier key is not that of its name and key")
    return VerifierKey(name, kind, key)


def checkpoint_text(origin: str, size: int, root: bytes) -> bytes:
    """The text that is signed: three lines, each ending in LF."""
    if len(root) != 32 or not 0 <= size <= _MAX_SIZE:
        raise ValueError("a checkpoint needs a size and a root of 32 bytes")
    return f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n".encode()


def parse_checkpoint(text: bytes) -> Checkpoint:
    """Read a checkpoint's text; NoteError if it has extension lines or is not in the one form."""
    lines = text.decode().split("\n")
    if len(lines) != 4 or lines[3]:
        raise NoteError("a checkpoint has three lines and no extension")
    origin, size, root = lines[:3]
    data = _base64(root)
    if not origin or not _SIZE.fullmatch(size) or int(size) > _MAX_SIZE or data is None or len(data) != 32:
        raise NoteError("a checkpoint names origin, size and root")
    return Checkpoint(origin, int(size), data)


def public_key(seed: bytes) -> bytes:
    """The 32-byte Ed25519 public key of a 32-byte seed."""
    return bytes(SigningKey(seed).verify_key)


def signature_line(name: str, public: bytes, signature: bytes) -> bytes:
    """One signature line, with its LF, of an Ed25519 signature that was made by the key of `public`."""
    signed = key_id(name, ED25519, public) + signature
    return f"{_DASH}{name} {base64.b64encode(signed).decode()}\n".encode()


def sign_line(text: bytes, name: str, seed: bytes) -> bytes:
    """One signature line, with its LF, by the Ed25519 key of a seed."""
    key = SigningKey(seed)
    return signature_line(name, bytes(key.verify_key), key.sign(text).signature)


def cosign_line(text: bytes, name: str, seed: bytes, time: int) -> bytes:
    """One cosignature/v1 line, with its LF, at a time in seconds since 1970."""
    key = SigningKey(seed)
    signed = key_id(name, COSIGNATURE, bytes(key.verify_key)) + time.to_bytes(8, "big")
    signed += key.sign(b"cosignature/v1\ntime %d\n" % time + text).signature
    return f"{_DASH}{name} {base64.b64encode(signed).decode()}\n".encode()


def is_training(origin: str) -> bool:
    """Whether an origin is that of a training record."""
    return origin.startswith(TRAINING)


def key_name(origin: str) -> str:
    """The key name under which a court's seal is pinned: `<court>/hearing` for a recording and its custody log."""
    return origin.removesuffix(CUSTODY).rpartition("/")[0]


def sealed_note(text: bytes, origin: str, public: bytes, signature: bytes) -> bytes:
    """A complete note over a head, from an Ed25519 signature over its text.

    The key's name is the pinned one, not the origin: a court has one key for many recordings, and a tool of C2SP takes
    the policy's `log` line as it is. (tlog-checkpoint recommends the origin as the key's name, as a SHOULD.)
    """
    if not text.endswith(b"\n"):
        raise ValueError("the text of a note ends in a line feed")
    return text + b"\n" + signature_line(key_name(origin), public, signature)


def sign_note(text: bytes, origin: str, seed: bytes) -> bytes:
    """A whole note over a head of an origin, signed by the Ed25519 key of a seed."""
    key = SigningKey(seed)
    return sealed_note(text, origin, bytes(key.verify_key), key.sign(text).signature)


def parse_note(note: bytes) -> Note:
    """Parse a signed note; NoteError unless it has the canonical form of C2SP signed-note."""
    if len(note) > MAX_NOTE:
        raise NoteError("the note is longer than 128 KiB")
    try:
        decoded = note.decode()
    except UnicodeDecodeError:
        raise NoteError("the note is not UTF-8") from None
    if re.search("[\x00-\x09\x0b-\x1f]", decoded):
        raise NoteError("the note holds a control character")
    text, separator, rest = decoded.rpartition("\n\n")
    if not separator or not text or not rest.endswith("\n"):
        raise NoteError("the note has no signature block")
    lines = rest[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise NoteError("the note has more than 64 signatures")
    return Note(f"{text}\n".encode(), tuple(_signature(line) for line in lines))


def _signature(line: str) -> Signature:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    data = _base64(encoded)
    if not line.startswith(_DASH) or not _is_name(name) or data is None or len(data) < 5:
        raise NoteError("a signature line is malformed")
    return Signature(name, data[:4], data[4:])


def with_signatures(note: bytes, lines: Iterable[bytes]) -> bytes:
    """A note with further signature lines, each with its LF; a line takes the place of one of the same name and ID, as
    some verifiers refuse a note in which a key has signed twice. NoteError when the note or a line is malformed.
    """
    parsed = parse_note(note)
    body = len(parsed.text) + 1
    present = note[body:].splitlines(keepends=True)
    for line in lines:
        new = _signature(line.decode().removesuffix("\n"))
        present = [
            old
            for old, signature in ((old, _signature(old.decode().removesuffix("\n"))) for old in present)
            if (signature.name, signature.key_id) != (new.name, new.key_id)
        ]
        present.append(line)
    return note[:body] + b"".join(present)


def verify_ed25519(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether an Ed25519 signature is valid; libsodium refuses S ≥ L and keys of small order."""
    try:
        VerifyKey(key).verify(message, signature)
    except (BadSignatureError, ValueError, TypeError):
        return False
    return True


def verify_cosignature(text: bytes, signature: Signature, key: bytes) -> int | None:
    """The time in seconds of a valid cosignature/v1 over a text, or None if it is not valid."""
    if len(signature.value) != 72:
        return None
    time = int.from_bytes(signature.value[:8], "big")
    message = b"cosignature/v1\ntime %d\n" % time + text
    return time if verify_ed25519(key, message, signature.value[8:]) else None


def log_keys_for(origin: str, log_vkeys: Iterable[str | VerifierKey]) -> list[VerifierKey]:
    """The keys pinned for the court of an origin."""
    keys = [parse_vkey(key) if isinstance(key, str) else key for key in log_vkeys]
    return [key for key in keys if key.kind == ED25519 and key.name == key_name(origin)]


def check_log_signature(note: Note, keys: Sequence[VerifierKey]) -> None:
    """Raise SignatureError unless a pinned key signed the note and no signature of a pinned key is invalid."""
    signed = False
    for signature in note.signatures:
        for key in keys:
            if key.has_signed(signature):
                if not verify_ed25519(key.key, note.text, signature.value):
                    raise SignatureError("the signature of a pinned key does not verify")
                signed = True
    if not signed:
        raise SignatureError("no pinned key has signed")


def verify_checkpoint(note: bytes, origin: str, log_vkeys: Iterable[str | VerifierKey]) -> Checkpoint:
    """The head a signed note proves for an origin.

    NoteError if it is malformed or of another origin, UnpinnedError if no key is pinned for the court,
    SignatureError if none of the pinned keys has signed it or a signature by one is invalid.
    """
    parsed = parse_note(note)
    head = parse_checkpoint(parsed.text)
    if head.origin != origin:
        raise NoteError("the checkpoint belongs to another recording")
    keys = log_keys_for(origin, log_vkeys)
    if not keys:
        raise UnpinnedError("no key is pinned for this court")
    check_log_signature(parsed, keys)
    return head


def _is_name(name: str) -> bool:
    return bool(name) and "+" not in name and not re.search(r"\s", name)


def _base64(text: str) -> bytes | None:
    """Strict base64 (RFC 4648 section 4): the standard alphabet, with padding, canonical."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if base64.b64encode(data).decode() == text else None
