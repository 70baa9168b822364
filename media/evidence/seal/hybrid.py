"""Post-quantum recipients of age, `mlkem768x25519`: what is encrypted to one stays closed to a quantum computer.

A file key is encrypted by HPKE (RFC 9180) with the hybrid KEM MLKEM768-X25519 of draft-ietf-hpke-pq, from
`cryptography`; age from version 1.3 and npm `age-encryption` read and write the same (C2SP `age`). Whoever breaks one
of ML-KEM and X25519 alone opens nothing.
"""

import hashlib
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from media.evidence.seal import age_file, bech32
from media.evidence.seal.age_file import SealError, Stanza

RECIPIENT, IDENTITY = "age1pq", "AGE-SECRET-KEY-PQ-"
"""The Bech32 prefixes."""
KIND = "mlkem768x25519"
"""What a stanza calls it."""
_SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
_INFO = b"age-encryption.org/mlkem768x25519"
_CLASSIC_INFO = b"age-encryption.org/v1/X25519"
_SEED, _MLKEM_PUBLIC, _CURVE = 32, 1184, 32
_SHARE, _WRAPPED = 1120, 32
"""Bytes of a stanza's share and body."""


class HybridRecipient:
    """An `age1pq1…` recipient."""

    def __init__(self, text: str) -> None:
        try:
            data = bech32.decode(RECIPIENT, text)
            if len(data) != _MLKEM_PUBLIC + _CURVE or text != text.lower():
                raise ValueError("another length")
            self._key = MLKEM768X25519PublicKey(
                MLKEM768PublicKey.from_public_bytes(data[:_MLKEM_PUBLIC]),
                X25519PublicKey.from_public_bytes(data[_MLKEM_PUBLIC:]),
            )
        except ValueError as error:
            raise SealError("not an age recipient of the kind age1pq1…") from error
        self.text = text

    def stanza(self, file_key: bytes) -> Stanza:
        """The file key, encrypted to this recipient."""
        sealed = _SUITE.encrypt(file_key, self._key, _INFO)
        return Stanza((KIND, age_file.encode(sealed[:_SHARE])), sealed[_SHARE:])

    def seal(self, clear: bytes) -> bytes:
        """Seal to this one recipient."""
        return seal(clear, [self])


class ClassicRecipient:
    """An `age1…` recipient of the kind X25519, beside post-quantum ones in one header; alone it is pyrage's."""

    def __init__(self, text: str) -> None:
        try:
            self._public = bech32.decode("age", text)
            self._key = X25519PublicKey.from_public_bytes(self._public)
        except ValueError as error:
            raise SealError("not an age recipient of the kind age1…") from error

    def stanza(self, file_key: bytes) -> Stanza:
        """The file key, encrypted to this recipient."""
        ephemeral = X25519PrivateKey.generate()
        share = ephemeral.public_key().public_bytes_raw()
        try:
            secret = ephemeral.exchange(self._key)
        except ValueError as error:  # of low order
            raise SealError("nothing can be encrypted to this recipient") from error
        key = HKDF(algorithm=SHA256(), length=32, salt=share + self._public, info=_CLASSIC_INFO).derive(secret)
        return Stanza(("X25519", age_file.encode(share)), ChaCha20Poly1305(key).encrypt(bytes(12), file_key, None))


class HybridIdentity:
    """An `AGE-SECRET-KEY-PQ-1…` identity: 32 bytes, from which both private keys follow. `repr` does not show it."""

    def __init__(self, text: str) -> None:
        try:
            self._seed = bech32.decode(IDENTITY, text)
            if len(self._seed) != _SEED or text != text.upper():
                raise ValueError("another length")
        except ValueError as error:
            raise SealError("not an age identity") from error
        halves = hashlib.shake_256(self._seed).digest(64 + _CURVE)
        self._lattice = MLKEM768PrivateKey.from_seed_bytes(halves[:64])
        self._curve = X25519PrivateKey.from_private_bytes(halves[64:])
        self._key = MLKEM768X25519PrivateKey(self._lattice, self._curve)

    @property
    def recipient(self) -> HybridRecipient:
        """Its public half."""
        public = self._lattice.public_key().public_bytes_raw() + self._curve.public_key().public_bytes_raw()
        return HybridRecipient(bech32.encode(RECIPIENT, public))

    def text(self) -> str:
        """The secret itself, as age writes it."""
        return bech32.encode(IDENTITY.lower(), self._seed).upper()

    def unseal(self, sealed: bytes) -> bytes:
        """Open a file sealed to this identity."""
        header = age_file.read_header(sealed)
        if any(stanza.arguments[0] == "scrypt" for stanza in header.stanzas):
            raise SealError("the file is encrypted to a passphrase")
        for stanza in header.stanzas:
            if stanza.arguments[0] == KIND and (file_key := self._file_key(stanza)) is not None:
                return age_file.open_payload(sealed, header, file_key)
        raise SealError("this identity does not open the file, or it was altered")

    def _file_key(self, stanza: Stanza) -> bytes | None:
        if len(stanza.arguments) != 2 or len(stanza.body) != _WRAPPED:
            raise SealError("a recipient in the header is malformed")
        share = age_file.decode(stanza.arguments[1].encode("ascii"))
        if len(share) != _SHARE:
            raise SealError("a recipient in the header is malformed")
        try:
            return _SUITE.decrypt(share + stanza.body, self._key, _INFO)
        except (InvalidTag, ValueError):
            return None


def make_hybrid_identity() -> HybridIdentity:
    """A new identity from the operating system's randomness, in memory only."""
    return HybridIdentity(bech32.encode(IDENTITY.lower(), os.urandom(_SEED)).upper())


def seal(clear: bytes, recipients: Sequence[HybridRecipient | ClassicRecipient]) -> bytes:
    """The clear bytes as one age file to all of the recipients."""
    file_key = os.urandom(age_file.FILE_KEY)
    return age_file.write(file_key, [recipient.stanza(file_key) for recipient in recipients], clear)
