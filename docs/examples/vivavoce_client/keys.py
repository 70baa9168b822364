"""Keys, signatures and who signs: the system's own key and that of the authority are two."""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, cast

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key


def encode(data: bytes) -> str:
    """Base64url without padding (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decode(text: str) -> bytes:
    """The bytes of base64url without padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass(frozen=True)
class Key:
    """An Ed25519 key pair. Keep the private half where your other secrets are."""

    private: Ed25519PrivateKey

    @classmethod
    def make(cls) -> "Key":
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def read(cls, pem: bytes) -> "Key":
        """From PKCS 8. Raises `ValueError` for a key of another kind."""
        found = load_pem_private_key(pem, None)
        if not isinstance(found, Ed25519PrivateKey):
            raise ValueError("This is not an Ed25519 key")
        return cls(found)

    @property
    def pem(self) -> bytes:
        return self.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    @property
    def x(self) -> str:
        """The public half, as `x` of its JWK."""
        return encode(self.private.public_key().public_bytes_raw())

    @property
    def jwk(self) -> dict[str, str]:
        """The public half, to be registered."""
        return {"kty": "OKP", "crv": "Ed25519", "x": self.x}

    @property
    def kid(self) -> str:
        """The key's name: its thumbprint (RFC 7638)."""
        return thumbprint(self.x)

    def jws(self, header: Mapping[str, Any], payload: bytes) -> str:
        """A compact JWS (RFC 7515) over exactly these bytes."""
        signed = f"{encode(rfc8785.dumps(dict(header)))}.{encode(payload)}"
        return f"{signed}.{encode(self.private.sign(signed.encode('ascii')))}"


def thumbprint(x: str) -> str:
    """RFC 7638, of an Ed25519 key."""
    return encode(hashlib.sha256(rfc8785.dumps({"kty": "OKP", "crv": "Ed25519", "x": x})).digest())


def verified(jws: str, x: str) -> dict[str, Any]:
    """What a JWS says, if the key `x` has signed it. Raises `InvalidSignature` or `ValueError`."""
    header, payload, signature = jws.split(".")
    Ed25519PublicKey.from_public_bytes(decode(x)).verify(decode(signature), f"{header}.{payload}".encode("ascii"))
    if json.loads(decode(header)) != {"alg": "EdDSA", "kid": thumbprint(x), "typ": "vivavoce+jws"}:
        raise ValueError("The header is not that of a statement of this key")
    return cast(dict[str, Any], json.loads(decode(payload)))


class Authority(Protocol):
    """Whoever signs for the State: a key here, or a call to the machine or the person that holds it."""

    def sign(self, statement: Mapping[str, Any]) -> str:
        """The statement as a compact JWS. Refuse by raising: nothing is sent then."""


@dataclass(frozen=True)
class KeyAuthority:
    """An authority whose key lies here."""

    key: Key

    def sign(self, statement: Mapping[str, Any]) -> str:
        header = {"alg": "EdDSA", "kid": self.key.kid, "typ": "vivavoce+jws"}
        return self.key.jws(header, rfc8785.dumps(dict(statement)))
