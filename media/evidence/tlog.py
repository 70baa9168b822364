"""Merkle tree of RFC 6962, and the signed checkpoints of C2SP that name its head.

Bytes in, bytes out: this module knows no files, no clocks and no recordings. Sources: RFC 6962 §2.1 (tree, proofs),
RFC 9162 §2.1.3 and §2.1.4 (checking proofs), C2SP signed-note, tlog-checkpoint and tlog-cosignature, and
docs/recording-format.md §5 for what a recording narrows (no extension lines, a key pinned for a court counts for each
of its recordings).
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

ED25519 = 0x01
"""Signature type of a log's own key: Ed25519 over the note's text."""
COSIGNATURE = 0x04
"""Signature type of a cosigner: cosignature/v1, Ed25519 over a header with a time and the note's text."""
MAX_NOTE = 128 * 1024
"""Bytes of a signed note that are accepted."""
MAX_SIGNATURES = 64
"""Signature lines that are accepted in one note."""

EMPTY_ROOT = hashlib.sha256(b"").digest()
"""Root of the tree of size 0."""

_SIZE = re.compile(r"0|[1-9][0-9]{0,15}")
_MAX_SIZE = 2**53 - 1
_DASH = "\u2014 "


class NoteError(ValueError):
    """A note or checkpoint that is not well formed, or that belongs to another origin."""


class UnpinnedError(NoteError):
    """No key for this origin is known from outside, so nothing can be said about its signature."""


class SignatureError(NoteError):
    """A pinned key did not sign this, or its signature does not verify."""


def leaf_hash(line: bytes) -> bytes:
    """Hash of one leaf: the bytes of a journal line without its LF."""
    return hashlib.sha256(b"\x00" + line).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node over its two children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """A tree that grows leaf by leaf and can still tell its root and proofs at every earlier size.

    Keeps the hashes of all complete subtrees, 64 bytes a leaf; root and proofs cost O(log n) hashes.
    """

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        self._levels: list[bytearray] = [bytearray()]
        for leaf in leaves:
            self.append(leaf)

    @property
    def size(self) -> int:
        """Number of leaves."""
        return len(self._levels[0]) // 32

    def append(self, leaf: bytes) -> int:
        """Add the hash of a leaf (see `leaf_hash`) and return its index."""
        if len(leaf) != 32:
            raise ValueError("a leaf hash has 32 bytes")
        index = position = self.size
        level = 0
        self._levels[0] += leaf
        while position & 1:
            row = self._levels[level]
            parent = node_hash(bytes(row[-64:-32]), bytes(row[-32:]))
            level += 1
            if level == len(self._levels):
                self._levels.append(bytearray())
            self._levels[level] += parent
            position >>= 1
        return index

    def leaf(self, index: int) -> bytes:
        """Hash of the leaf at an index."""
        if not 0 <= index < self.size:
            raise IndexError("no such leaf")
        return bytes(self._levels[0][32 * index : 32 * index + 32])

    def root(self, size: int | None = None) -> bytes:
        """Root now, or as it was at an earlier size."""
        size = self._at(size)
        return self._range(0, size) if size else EMPTY_ROOT

    def inclusion(self, index: int, size: int | None = None) -> list[bytes]:
        """Audit path of a leaf in the tree of a size, from the leaf up (RFC 6962 §2.1.1)."""
        size = self._at(size)
        if not 0 <= index < size:
            raise IndexError("no such leaf")
        path: list[bytes] = []
        low, high = 0, size
        while high - low > 1:
            middle = low + _split(high - low)
            if index < middle:
                path.append(self._range(middle, high))
                high = middle
            else:
                path.append(self._range(low, middle))
                low = middle
        return path[::-1]

    def consistency(self, old: int, size: int | None = None) -> list[bytes]:
        """Proof that the tree of `old` leaves is a beginning of the tree of a size (RFC 6962 §2.1.2)."""
        size = self._at(size)
        if not 0 <= old <= size:
            raise IndexError("no such size")
        if old in (0, size):
            return []
        path: list[bytes] = []
        low, high, complete = 0, size, True
        while old != high:
            middle = low + _split(high - low)
            if old <= middle:
                path.append(self._range(middle, high))
                high = middle
            else:
                path.append(self._range(low, middle))
                low, complete = middle, False
        if not complete:
            path.append(self._range(low, high))
        return path[::-1]

    def _at(self, size: int | None) -> int:
        if size is None:
            return self.size
        if not 0 <= size <= self.size:
            raise IndexError("no such size")
        return size

    def _range(self, low: int, high: int) -> bytes:
        """Hash over [low, high), where low is a multiple of the least power of two not below the width."""
        width = high - low
        if width & (width - 1) == 0:
            level = width.bit_length() - 1
            at = 32 * (low >> level)
            return bytes(self._levels[level][at : at + 32])
        middle = low + _split(width)
        return node_hash(self._range(low, middle), self._range(middle, high))


def _split(width: int) -> int:
    """The largest power of two smaller than a width of at least 2."""
    return 1 << ((width - 1).bit_length() - 1)


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether a proof shows the leaf hash at an index of the tree of a size (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size:
        return False
    first, last, current = index, size - 1, leaf
    for item in proof:
        if last == 0:
            return False
        if first & 1 or first == last:
            current = node_hash(item, current)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            current = node_hash(current, item)
        first, last = first >> 1, last >> 1
    return last == 0 and current == root


def verify_consistency(old: int, size: int, proof: Sequence[bytes], old_root: bytes, root: bytes) -> bool:
    """Whether a proof shows that one root is over a beginning of the other (RFC 9162 §2.1.4.2)."""
    if not 0 <= old <= size:
        return False
    if old == size:
        return not proof and old_root == root
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    first, last = old - 1, size - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    left = right = path[0]
    for item in path[1:]:
        if last == 0:
            return False
        if first & 1 or first == last:
            left, right = node_hash(item, left), node_hash(item, right)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            right = node_hash(right, item)
        first, last = first >> 1, last >> 1
    return last == 0 and left == old_root and right == root


@dataclass(frozen=True)
class Signature:
    """One signature line of a note: who says to have signed, the 4-byte key ID, and the bytes after it."""

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

    def id_for(self, name: str) -> bytes:
        """The key ID this key has in the signature lines of a name."""
        return key_id(name, self.kind, self.key)


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


def sign_line(text: bytes, name: str, seed: bytes) -> bytes:
    """One signature line, with its LF, by the Ed25519 key of a seed."""
    key = SigningKey(seed)
    signed = key_id(name, ED25519, bytes(key.verify_key)) + key.sign(text).signature
    return f"{_DASH}{name} {base64.b64encode(signed).decode()}\n".encode()


def cosign_line(text: bytes, name: str, seed: bytes, time: int) -> bytes:
    """One cosignature/v1 line, with its LF, at a time in seconds since 1970."""
    key = SigningKey(seed)
    signed = key_id(name, COSIGNATURE, bytes(key.verify_key)) + time.to_bytes(8, "big")
    signed += key.sign(b"cosignature/v1\ntime %d\n" % time + text).signature
    return f"{_DASH}{name} {base64.b64encode(signed).decode()}\n".encode()


def sign_note(text: bytes, name: str, seed: bytes) -> bytes:
    """A whole signed note: text (which ends in LF), an empty line, one signature line."""
    if not text.endswith(b"\n"):
        raise ValueError("the text of a note ends in a line feed")
    return text + b"\n" + sign_line(text, name, seed)


def parse_note(note: bytes) -> Note:
    """Take a signed note apart; NoteError unless it is in the one form of C2SP signed-note."""
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
    """Those keys that are pinned for the court of an origin, `<court>/hearing/<uuid>`, or for exactly the origin."""
    keys = [parse_vkey(key) if isinstance(key, str) else key for key in log_vkeys]
    court = origin.rpartition("/")[0]
    return [key for key in keys if key.kind == ED25519 and key.name == court]


def check_log_signature(note: Note, origin: str, keys: Sequence[VerifierKey]) -> None:
    """Raise SignatureError unless a pinned key signed the note under the origin, and none did so wrongly."""
    found = False
    for signature in note.signatures:
        for key in keys:
            if signature.name == origin and signature.key_id == key.id_for(origin):
                if not verify_ed25519(key.key, note.text, signature.value):
                    raise SignatureError("the signature of a pinned key does not verify")
                found = True
    if not found:
        raise SignatureError("no pinned key has signed")


def verify_checkpoint(note: bytes, origin: str, log_vkeys: Iterable[str | VerifierKey]) -> Checkpoint:
    """The head a signed note proves for an origin.

    NoteError if it is malformed or of another origin, UnpinnedError if no key is pinned for the court,
    SignatureError if none of the pinned keys has signed it or one has done so wrongly.
    """
    parsed = parse_note(note)
    head = parse_checkpoint(parsed.text)
    if head.origin != origin:
        raise NoteError("the checkpoint belongs to another recording")
    keys = log_keys_for(origin, log_vkeys)
    if not keys:
        raise UnpinnedError("no key is pinned for this court")
    check_log_signature(parsed, origin, keys)
    return head


def _is_name(name: str) -> bool:
    return bool(name) and "+" not in name and not re.search(r"\s", name)


def _base64(text: str) -> bytes | None:
    """Strict base64: the standard alphabet, with padding, in the one spelling."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if base64.b64encode(data).decode() == text else None
