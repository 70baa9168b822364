"""Seals on PDF: the installation's own (PAdES B-B, ETSI EN 319 142-1), and what is on a file somebody has brought.

The seal says which installation made a file and that it has not been changed. It is no authority's signature: its
reason and the file's last line say so. Its key is made by `vivavoce init` and certified by nobody but itself.
"""

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

REASON = "Sealed by this installation, not by the authority"
LIFETIME = timedelta(days=3653)
LARGEST = 26_214_400
"""Bytes of a file that is checked: as large as an attachment."""
PATIENCE = 30.0
"""Seconds a check may take."""


@dataclass(frozen=True)
class DocumentSeal:
    """Where the seal's key and certificate are, both PEM."""

    key: Path
    certificate: Path


@dataclass(frozen=True, kw_only=True)
class PdfSignature:
    """One signature on a file: whose it says it is, and what holds."""

    signer: str
    issuer: str
    said_at: str
    """The time the signer's machine claims; nobody else vouches for it."""
    intact: bool
    """What it covers is what was signed, and nothing but signatures was added since."""
    whole_file: bool
    """It covers the file to its last byte."""
    trusted: bool
    """Its certificate leads to a root an administrator has added; otherwise nothing is known about the signer."""
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class SignedPdfReport:
    """What is known of a file. `problem` is empty when it could be read."""

    signatures: Sequence[PdfSignature] = field(default_factory=tuple)
    problem: str = ""

    @property
    def intact(self) -> bool:
        """There are signatures, all hold, and one of them covers the whole file."""
        held = [one.intact for one in self.signatures]
        return bool(held) and all(held) and any(one.whole_file for one in self.signatures)


# --- the installation's seal -------------------------------------------------------------------------------------


def make_seal(*, key: Path, certificate: Path, name: str, now: datetime) -> DocumentSeal:
    """Make the seal of an installation. Effects: two new files of mode 0600. Raises `FileExistsError`."""
    private = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, f"Document seal of {name}"[:64]),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, REASON),
        ]
    )
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                content_commitment=True,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=False,
                crl_sign=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(private.public_key()), critical=False)
        .sign(private, hashes.SHA256())
    )
    encoded = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    _write(key, encoded)
    _write(certificate, made.public_bytes(serialization.Encoding.PEM))
    return DocumentSeal(key, certificate)


def _write(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


async def seal(pdf: bytes, seal: DocumentSeal) -> bytes:
    """The file with the installation's seal as a further revision. In a thread."""
    return await asyncio.to_thread(_seal, pdf, seal)


def _seal(pdf: bytes, seal: DocumentSeal) -> bytes:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import fields, signers

    signer = signers.SimpleSigner.load(str(seal.key), str(seal.certificate))  # type: ignore[no-untyped-call]
    if signer is None:
        raise ValueError(f"The document seal {seal.key} cannot be read")
    # No picture on the page: its font would not be embedded, which PDF/A forbids. A field of no size needs none.
    meta = signers.PdfSignatureMetadata(
        field_name="InstallationSeal",
        md_algorithm="sha256",
        reason=REASON,
        subfilter=fields.SigSeedSubFilter.PADES,
    )
    out = signers.sign_pdf(IncrementalPdfFileWriter(BytesIO(pdf)), meta, signer=signer)
    return bytes(out.getvalue())


# --- files from outside ------------------------------------------------------------------------------------------


async def check(pdf: bytes, *, roots: Sequence[Path] = ()) -> SignedPdfReport:
    """What signatures a file carries, and whether they hold. Never raises for what the file is.

    In a process of its own with bounded memory and time, because a file from outside may be anything. `roots` are PEM
    certificates an administrator has added; nothing is fetched.
    """
    if len(pdf) > LARGEST:
        return SignedPdfReport(problem="too_large")
    told = json.dumps([path.read_text("ascii") for path in roots]).encode() + b"\n"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-m", "hearings.documents.pdf_check"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={"PYTHONDONTWRITEBYTECODE": "1"},
    )
    try:
        out, _nothing = await asyncio.wait_for(process.communicate(told + pdf), PATIENCE)
        found: dict[str, Any] = json.loads(out)
    except (TimeoutError, ValueError):
        return SignedPdfReport(problem="unreadable")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return SignedPdfReport(
        signatures=tuple(PdfSignature(**one) for one in found["signatures"]), problem=str(found["problem"])
    )


def as_json(report: SignedPdfReport) -> dict[str, Any]:
    """A report as JSON, with what follows from it."""
    return {
        "problem": report.problem,
        "intact": report.intact,
        "signatures": [asdict(one) for one in report.signatures],
    }


def roots_in(folder: Path) -> list[Path]:
    """The root certificates an administrator has put into a folder, if there is one."""
    return sorted(folder.glob("*.pem"))


def expires(seal: DocumentSeal) -> datetime:
    """Until when the seal's certificate says it is valid."""
    found = x509.load_pem_x509_certificate(seal.certificate.read_bytes())
    return found.not_valid_after_utc.astimezone(UTC)
