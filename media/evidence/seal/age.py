"""age: encrypt a segment to the recording's recipient, wrap the recording's identity to the authorities' recipients.

Bytes in, bytes out (age v1, binary); no files, rooms or clocks. age does not authenticate the sender: authenticity
comes only from the hash in the journal.
"""

from collections.abc import Sequence
from typing import Protocol

from pyrage import DecryptError, IdentityError, RecipientError, decrypt, encrypt, x25519


class SealError(Exception):
    """A malformed key, or a sealed file that this identity cannot decrypt or that was altered."""


class Recipient(Protocol):
    """Interface of a recipient to which a file can be encrypted."""

    def seal(self, clear: bytes) -> bytes:
        """The clear bytes as one binary age file."""
        ...


class Identity(Protocol):
    """Interface of an identity, which decrypts files encrypted to its recipient."""

    def unseal(self, sealed: bytes) -> bytes:
        """The plaintext of an age file; SealError if it is for another recipient or was altered."""
        ...


MOST_HEADER, MOST_STANZAS = 16_384, 64
"""Accepted bytes and recipients of a header: the parser is quadratic, and took 8 s for 32 kB of stanzas."""


class X25519Recipient:
    """An `age1…` recipient."""

    def __init__(self, text: str) -> None:
        self._key = _recipient(text)
        self.text = text

    def seal(self, clear: bytes) -> bytes:
        """Seal to this one recipient."""
        return bytes(encrypt(clear, [self._key]))


class X25519Identity:
    """An `AGE-SECRET-KEY-1…` identity. `repr` does not show it."""

    def __init__(self, text: str) -> None:
        try:
            self._key = x25519.Identity.from_str(text)
        except IdentityError as error:
            raise SealError("not an age identity") from error

    @property
    def recipient(self) -> X25519Recipient:
        """Its public half."""
        return X25519Recipient(str(self._key.to_public()))

    def text(self) -> str:
        """The secret itself, as age writes it."""
        return str(self._key)

    def unseal(self, sealed: bytes) -> bytes:
        """Open a file sealed to this identity."""
        end = sealed.find(b"\n---", 0, MOST_HEADER)
        if end < 0 or sealed.count(b"\n->", 0, end) > MOST_STANZAS:
            raise SealError("the header of the file has no end, or too many recipients")
        try:
            return bytes(decrypt(sealed, [self._key]))
        except DecryptError as error:
            raise SealError("this identity does not open the file, or it was altered") from error


def make_identity() -> X25519Identity:
    """A new identity from the operating system's randomness, in memory only."""
    return X25519Identity(str(x25519.Identity.generate()))


def wrap(identity: X25519Identity, recipients: Sequence[str]) -> bytes:
    """The identity, encrypted to all of the recipients: the content of `hearing-key.age`."""
    if not recipients:
        raise SealError("a recording's key needs at least one recipient")
    return bytes(encrypt(f"{identity.text()}\n".encode(), [_recipient(text) for text in recipients]))


def unwrap(wrapped: bytes, authority: X25519Identity) -> X25519Identity:
    """The recording's identity, opened with an authority's."""
    return X25519Identity(authority.unseal(wrapped).decode("ascii").strip())


def _recipient(text: str) -> x25519.Recipient:
    try:
        return x25519.Recipient.from_str(text)
    except RecipientError as error:
        raise SealError("not an age recipient of the kind age1…") from error
