"""age: encrypt a segment to the recording's recipient, wrap the recording's identity to the authorities' recipients.

Bytes in, bytes out (age v1, binary); no files, rooms or clocks. age does not authenticate the sender: authenticity
comes only from the hash in the journal. Keys are X25519 or, by choice, post-quantum (`hybrid`).
"""

from collections.abc import Collection, Sequence
from typing import Protocol

from pyrage import DecryptError, IdentityError, RecipientError, decrypt, encrypt, x25519

from media.evidence.seal import hybrid
from media.evidence.seal.age_file import SealError as SealError


class Recipient(Protocol):
    """Interface of a recipient to which a file can be encrypted."""

    @property
    def text(self) -> str:
        """The recipient as age writes it."""
        ...

    def seal(self, clear: bytes) -> bytes:
        """The clear bytes as one binary age file."""
        ...


class Identity(Protocol):
    """Interface of an identity, which decrypts files encrypted to its recipient."""

    @property
    def recipient(self) -> Recipient:
        """Its public half."""
        ...

    def text(self) -> str:
        """The secret itself, as age writes it."""
        ...

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


def make_identity(*, post_quantum: bool = False) -> Identity:
    """A new identity from the operating system's randomness, in memory only."""
    return hybrid.make_hybrid_identity() if post_quantum else X25519Identity(str(x25519.Identity.generate()))


def is_post_quantum(text: str) -> bool:
    """Whether a recipient is one of the post-quantum kind."""
    return text.startswith(f"{hybrid.RECIPIENT}1")


def recipient_of(text: str) -> Recipient:
    """The recipient a text names, of either kind. SealError when it is none."""
    return hybrid.HybridRecipient(text) if is_post_quantum(text) else X25519Recipient(text)


def identity_of(text: str) -> Identity:
    """The identity a text names, of either kind. SealError when it is none."""
    return hybrid.HybridIdentity(text) if text.startswith(hybrid.IDENTITY) else X25519Identity(text)


def read_identity(key_file: bytes) -> Identity:
    """The one identity of a key file, among comments. SealError when it holds none, or more than one."""
    lines = [line.strip() for line in key_file.decode("ascii", "replace").splitlines()]
    keys = [line for line in lines if line.startswith("AGE-SECRET-KEY-")]
    if len(keys) != 1:
        raise SealError("the key file holds no age identity, or more than one")
    return identity_of(keys[0])


def make_recording_identity(recipients: Collection[str]) -> Identity:
    """A new identity for what is encrypted to these: post-quantum when all of them are, so that nothing weakens it."""
    return make_identity(post_quantum=bool(recipients) and all(map(is_post_quantum, recipients)))


def wrap(identity: Identity, recipients: Sequence[str]) -> bytes:
    """The identity, encrypted to all of the recipients: the content of `hearing-key.age`."""
    if not recipients:
        raise SealError("a recording's key needs at least one recipient")
    clear = f"{identity.text()}\n".encode()
    if not any(map(is_post_quantum, recipients)):
        return bytes(encrypt(clear, [_recipient(text) for text in recipients]))
    mixed = [
        hybrid.HybridRecipient(text) if is_post_quantum(text) else hybrid.ClassicRecipient(text) for text in recipients
    ]
    return hybrid.seal(clear, mixed)


def unwrap(wrapped: bytes, authority: Identity) -> Identity:
    """The recording's identity, opened with an authority's. SealError when it does not open or holds no identity."""
    return identity_of(authority.unseal(wrapped).decode("ascii", "replace").strip())


def _recipient(text: str) -> x25519.Recipient:
    try:
        return x25519.Recipient.from_str(text)
    except RecipientError as error:
        raise SealError("not an age recipient of the kind age1…") from error
