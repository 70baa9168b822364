"""The certificate of the installation with which its evidence and documents are checked."""

import asyncio
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from web.parts import Parts


@dataclass(frozen=True)
class Certificate:
    """`pem`: as a file; `sha256`: fingerprint over its DER, in lower-case hexadecimal."""

    pem: bytes
    sha256: str


async def of_installation(parts: Parts) -> Certificate:
    """The certificate of the document seal."""
    pem = await asyncio.to_thread(parts.keys.documents.certificate.read_bytes)
    return Certificate(pem, x509.load_pem_x509_certificate(pem).fingerprint(hashes.SHA256()).hex())
