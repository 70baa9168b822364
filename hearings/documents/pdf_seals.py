"""Seals on PDF: making the installation's own (PAdES B-B or B-T, ETSI EN 319 142-1), and checking those of others.

The seal shows which installation made a file and that it is unchanged. It is no authority's signature: its reason and
the file's last line say so. Its key is made by `vivavoce init`, with a self-signed certificate.
"""

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
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
"""Greatest size in bytes of a file that is checked: that of an attachment."""
PATIENCE = 30.0
"""Time limit of a check, in seconds."""


STAMPED_BYTES = 65_536
"""Room for a signature with its time-stamp, in hexadecimal digits: the most that an authority may answer fits in."""
Stamp = Callable[[bytes], Awaitable[bytes]]
"""Gives the answer of a time-stamping authority (DER, RFC 3161 §2.4.2) over a SHA-256, checked by whoever asks."""


@dataclass(frozen=True)
class DocumentSeal:
    """Paths of the seal's private key and certificate, both PEM."""

    key: Path
    certificate: Path


@dataclass(frozen=True, kw_only=True)
class PdfSignature:
    """One signature of a PDF: whom it names as signer, and which checks it passes."""

    signer: str
    issuer: str
    said_at: str
    """The signing time that the signer's machine claims; nobody else confirms it."""
    intact: bool
    """Whether the signed bytes are unchanged and nothing but signatures was added since."""
    whole_file: bool
    """Whether it covers the file to its last byte."""
    trusted: bool
    """Whether its certificate leads to a root that an administrator has added; else the signer is unknown."""
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class SignedPdfReport:
    """The result of checking a file. `problem` is empty if the file could be read."""

    signatures: Sequence[PdfSignature] = field(default_factory=tuple)
    problem: str = ""

    @property
    def intact(self) -> bool:
        """Whether there are signatures, all are intact, and one of them covers the whole file."""
        intact = [signature.intact for signature in self.signatures]
        return bool(intact) and all(intact) and any(signature.whole_file for signature in self.signatures)


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


async def seal(pdf: bytes, seal: DocumentSeal, stamp: Stamp | None = None) -> bytes:
    """The PDF with the installation's seal added as an incremental revision; with `stamp` its time is that of a
    time-stamping authority (PAdES B-T, ETSI EN 319 142-1, clause 6). Computed in a thread with a loop of its own, where
    `stamp` is awaited; what it raises is raised.
    """
    return await asyncio.to_thread(_seal, pdf, seal, stamp)


def _seal(pdf: bytes, seal: DocumentSeal, stamp: Stamp | None = None) -> bytes:
    return asyncio.run(_sealed(pdf, seal, stamp))


async def _sealed(pdf: bytes, seal: DocumentSeal, stamp: Stamp | None) -> bytes:
    from asn1crypto import tsp
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import fields, signers, timestamps
    from pyhanko.sign.signers import constants

    class PdfASigner(signers.PdfSigner):
        """Does not raise the version of the file to 2.0, as the library does for ECDSA: PDF/A-2 is of PDF 1.7 (ISO
        19005-2), for which PAdES is an extension, whatever the algorithm (ETSI EN 319 142-1, clause 5.1)."""

        def register_extensions(self, pdf_out: Any, *, md_algorithm: str) -> None:
            pdf_out.register_extension(constants.ESIC_EXTENSION_1)

    class Stamper(timestamps.TimeStamper):
        """Asks through `stamp`, which also checks who has signed the token."""

        async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> Any:
            assert stamp is not None and md_algorithm == "sha256"
            return tsp.TimeStampResp.load(await stamp(message_digest))["time_stamp_token"]

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
    asked = Stamper() if stamp else None  # type: ignore[no-untyped-call]
    made = PdfASigner(meta, signer=signer, timestamper=asked)
    room = {"bytes_reserved": STAMPED_BYTES} if stamp else {}  # else a token is asked for only to see how long it is
    out = await made.async_sign_pdf(IncrementalPdfFileWriter(BytesIO(pdf)), **room)
    return bytes(out.getvalue())


# --- files from outside ------------------------------------------------------------------------------------------


async def check(pdf: bytes, *, roots: Sequence[Path] = ()) -> SignedPdfReport:
    """Checks the signatures of a file. Never raises for the file's content.

    In a process of its own with bounded memory and time, because a file from outside may be anything. `roots` are PEM
    certificates an administrator has added; nothing is fetched.
    """
    if len(pdf) > LARGEST:
        return SignedPdfReport(problem="too_large")
    trusted = json.dumps([path.read_text("ascii") for path in roots]).encode() + b"\n"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-m", "hearings.documents.pdf_check"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={"PYTHONDONTWRITEBYTECODE": "1"},
    )
    try:
        out, _nothing = await asyncio.wait_for(process.communicate(trusted + pdf), PATIENCE)
        report: dict[str, Any] = json.loads(out)
    except (TimeoutError, ValueError):
        return SignedPdfReport(problem="unreadable")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return SignedPdfReport(
        signatures=tuple(PdfSignature(**signature) for signature in report["signatures"]),
        problem=str(report["problem"]),
    )


def as_json(report: SignedPdfReport) -> dict[str, Any]:
    """A report as JSON, with `intact`."""
    return {
        "problem": report.problem,
        "intact": report.intact,
        "signatures": [asdict(signature) for signature in report.signatures],
    }


def roots_in(folder: Path) -> list[Path]:
    """The root certificates that an administrator has put into a folder; none without the folder."""
    return sorted(folder.glob("*.pem"))


def expires(seal: DocumentSeal) -> datetime:
    """The instant at which the seal's certificate expires."""
    certificate = x509.load_pem_x509_certificate(seal.certificate.read_bytes())
    return certificate.not_valid_after_utc.astimezone(UTC)
