"""A certificate with which content credentials (C2PA) may be signed, and the one that it leads to."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_RIGHTS = ("key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only")


class Identity(NamedTuple):
    """All as PEM: the own certificate and the one above it, the private key, and the anchor by itself."""

    certificates: bytes
    key: bytes
    anchor: bytes


def identity(name: str = "Evidence custodian") -> Identity:
    """A new one."""
    above, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    anchor = _certificate("Court authority", above, "Court authority", above, above=True)
    certificate = _certificate(name, own, "Court authority", above, above=False)
    pem = Encoding.PEM
    key = own.private_bytes(pem, PrivateFormat.PKCS8, NoEncryption())
    return Identity(certificate.public_bytes(pem) + anchor.public_bytes(pem), key, anchor.public_bytes(pem))


def _certificate(
    name: str, key: ec.EllipticCurvePrivateKey, issuer: str, by: ec.EllipticCurvePrivateKey, *, above: bool
) -> x509.Certificate:
    now = datetime.now(UTC)
    rights = {"digital_signature": not above, "content_commitment": False, "key_cert_sign": above, "crl_sign": above}
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=300))
        .add_extension(x509.BasicConstraints(above, None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
        .add_extension(x509.KeyUsage(**rights, **dict.fromkeys(_RIGHTS, False)), critical=True)
    )
    if not above:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
    return builder.sign(by, hashes.SHA256())


def _name(name: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Court"), x509.NameAttribute(NameOID.COMMON_NAME, name)]
    )
