"""Seals on PDF: making the installation's own and those it keeps for each State (PAdES B-B or B-T, ETSI EN 319 142-1),
and checking those of others.

The installation's seal shows which installation made a file and that it is unchanged. It is no authority's signature:
its reason and the file's last line say so. Its key is made by `vivavoce init`, with a self-signed certificate. The seal
of a State is set on what its authority has signed, and its reason repeats what that was; its key is made when it is
first needed, and a new one a year before the certificate ends.
"""

import asyncio
import contextlib
import json
import os
import secrets
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

from hearings.documents import limited

REASON = "Sealed by this installation, not by the authority"
OF_STATE = "Set by the installation on what the authority has signed"
LIFETIME = timedelta(days=3653)
AHEAD = timedelta(days=365)
"""How long before its certificate ends a seal is replaced: what is sealed can be checked for a year at least, and the
new certificate be given to those who are to know it."""
LARGEST = 26_214_400
"""Greatest size in bytes of a file that is checked: that of an attachment."""
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
class SealMark:
    """A seal to be set: whose, in which field of the file, and the reason it gives."""

    seal: DocumentSeal
    field: str
    reason: str


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
    reason: str = ""
    """What the signature says it is for; covered by it."""
    certificate: str = ""
    """SHA-256 of the signer's certificate (DER), in hexadecimal: by it two files of one signer are told from others."""


OF_SIGNATURE = (*("signer", "issuer", "said_at", "intact", "whole_file", "trusted", "problem"),)
"""What is kept and shown of a signature in a file from outside."""


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
    _write(key, _pem(private))
    _write(certificate, _certified(private, subject, now))
    return DocumentSeal(key, certificate)


def seals_of_state(folder: Path, state: str) -> list[DocumentSeal]:
    """The seals that were made for a State, the one that is used last: `RO.key`, then `RO-2.key` and so on."""
    seals: list[DocumentSeal] = []
    while (seal := _numbered(folder, state, len(seals) + 1)).certificate.exists():
        seals.append(seal)
    return seals


def _numbered(folder: Path, state: str, number: int) -> DocumentSeal:
    name = state if number == 1 else f"{state}-{number}"
    return DocumentSeal(folder / f"{name}.key", folder / f"{name}.crt")


def seal_of_state(folder: Path, *, state: str, name: str, now: datetime) -> DocumentSeal:
    """The seal that the installation `name` keeps for a State, made when there is none yet, or when the newest one ends
    within `AHEAD`; older ones stay, for those who are to know them. Two processes that make it at once get the same.
    Effects: the folder, mode 0700, and two files in it, mode 0600.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = seals_of_state(folder, state)
    if made and expires(made[-1]) - now > AHEAD:
        return made[-1]
    seal = _numbered(folder, state, len(made) + 1)
    _once(seal.key, lambda: _pem(ec.generate_private_key(ec.SECP256R1())))

    def certified() -> bytes:
        private = serialization.load_pem_private_key(seal.key.read_bytes(), None)
        assert isinstance(private, ec.EllipticCurvePrivateKey)
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, state),
                x509.NameAttribute(NameOID.COMMON_NAME, f"Seal of {state} at {name}"[:64]),
                x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, OF_STATE),
            ]
        )
        return _certified(private, subject, now)

    _once(seal.certificate, certified)
    return seal


def _once(path: Path, content: Callable[[], bytes]) -> None:
    """Make a file, whole or not at all, unless it is there."""
    if path.exists():
        return
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    _write(beside, content())
    try:
        with contextlib.suppress(FileExistsError):
            os.link(beside, path)
    finally:
        beside.unlink()


def _certified(private: ec.EllipticCurvePrivateKey, subject: x509.Name, now: datetime) -> bytes:
    """A certificate of a seal's key, signed by the key itself (PEM)."""
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
    return made.public_bytes(serialization.Encoding.PEM)


def _pem(private: ec.EllipticCurvePrivateKey) -> bytes:
    return private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


async def seal(pdf: bytes, seal: DocumentSeal, stamp: Stamp | None = None, first: Sequence[SealMark] = ()) -> bytes:
    """The PDF with the seals `first` and then the installation's, each added as an incremental revision; with `stamp`
    the time of the last is that of a time-stamping authority (PAdES B-T, ETSI EN 319 142-1, clause 6). Computed in a
    thread with a loop of its own, where `stamp` is awaited; what it raises is raised.
    """
    return await asyncio.to_thread(_seal, pdf, seal, stamp, first)


def _seal(pdf: bytes, seal: DocumentSeal, stamp: Stamp | None = None, first: Sequence[SealMark] = ()) -> bytes:
    for mark in first:
        pdf = asyncio.run(_sealed(pdf, mark, None))
    return asyncio.run(_sealed(pdf, SealMark(seal=seal, field="InstallationSeal", reason=REASON), stamp))


async def _sealed(pdf: bytes, mark: SealMark, stamp: Stamp | None) -> bytes:
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

    key, certificate = str(mark.seal.key), str(mark.seal.certificate)
    signer = signers.SimpleSigner.load(key, certificate)  # type: ignore[no-untyped-call]
    if signer is None:
        raise ValueError(f"The document seal {mark.seal.key} cannot be read")
    # No picture on the page: its font would not be embedded, which PDF/A forbids. A field of no size needs none.
    meta = signers.PdfSignatureMetadata(
        field_name=mark.field,
        md_algorithm="sha256",
        reason=mark.reason,
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
    report = await limited.ask("hearings.documents.pdf_check", trusted + pdf)
    if report is None:
        return SignedPdfReport(problem="unreadable")
    return SignedPdfReport(
        signatures=tuple(PdfSignature(**signature) for signature in report["signatures"]),
        problem=str(report["problem"]),
    )


def as_json(report: SignedPdfReport) -> dict[str, Any]:
    """A report as JSON, with `intact`."""
    return {
        "problem": report.problem,
        "intact": report.intact,
        "signatures": [
            {name: value for name, value in asdict(signature).items() if name in OF_SIGNATURE}
            for signature in report.signatures
        ],
    }


def roots_in(folder: Path) -> list[Path]:
    """The root certificates that an administrator has put into a folder; none without the folder."""
    return sorted(folder.glob("*.pem"))


def expires(seal: DocumentSeal) -> datetime:
    """The instant at which the seal's certificate expires."""
    certificate = x509.load_pem_x509_certificate(seal.certificate.read_bytes())
    return certificate.not_valid_after_utc.astimezone(UTC)
