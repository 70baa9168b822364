"""Content credentials (C2PA) of an MP4: who signed the copy, what it was made from and how; and their check.

By c2pa-python, which is an extra: `pip install vivavoce[c2pa]`. It signs a whole file into another one, so for a while
the copy is there twice. It is kept from the network: no time-stamp, no OCSP, no manifest from elsewhere.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

MIME = "video/mp4"
ABOUT = "org.vivavoce.copy"
"""Label of the assertion that says what `OUT.json` says, but for the file's own size and hash."""
_CURVES = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}
_OFFLINE = {"remote_manifest_fetch": False, "ocsp_fetch": False}


class SigningError(Exception):
    """A copy cannot be signed, or what it was signed with cannot be read; the text says why."""


@dataclass(frozen=True)
class CopySigner:
    """Who signs: certificates as PEM, the own one first; the private key as PEM, and its algorithm."""

    certificates: bytes
    key: bytes
    algorithm: str


class Credentials(NamedTuple):
    """What a copy says of itself. `problems` are codes of C2PA; none when nothing was changed since it was signed."""

    signer: str
    trusted: bool
    """Whether the certificate leads to one of the given anchors."""
    problems: tuple[str, ...]
    about: Mapping[str, Any]


def signer(certificates: bytes, key: bytes) -> CopySigner:
    """Reads both from PEM. Raises SigningError when they do not belong together."""
    try:
        chain = x509.load_pem_x509_certificates(certificates)
        private = load_pem_private_key(key, None)
    except (ValueError, TypeError) as error:
        raise SigningError(f"certificate or key cannot be read (PEM, the key without a passphrase): {error}") from None
    if isinstance(private, ec.EllipticCurvePrivateKey):
        algorithm = _CURVES.get(private.curve.name, "")
    elif isinstance(private, rsa.RSAPrivateKey):
        algorithm = "PS256"
    else:
        algorithm = "ED25519" if isinstance(private, ed25519.Ed25519PrivateKey) else ""
    if not algorithm:
        raise SigningError("C2PA knows no such key: take P-256, P-384, P-521, RSA or Ed25519")
    forms = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    if private.public_key().public_bytes(*forms) != chain[0].public_key().public_bytes(*forms):
        raise SigningError("the key does not belong to the first certificate")
    plain = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return CopySigner(b"".join(one.public_bytes(Encoding.PEM) for one in chain), plain, algorithm)


def manifest(facts: Mapping[str, Any], name: str) -> dict[str, Any]:
    """What is signed, from what `OUT.json` says: the original as the ingredient, the acts that made this of it."""
    original = facts["original"]
    acts: list[dict[str, Any]] = [
        {"action": "c2pa.opened", "parameters": {"ingredientIds": ["original"]}},
        {"action": "c2pa.transcoded"},
        {"action": "c2pa.edited", "parameters": {"description": f"Put together: {facts['layout']}"}},
    ]
    for seat in facts["masked"]:
        told = {"description": f"Picture covered and voice left out: {seat}"}
        acts.append({"action": "c2pa.edited", "parameters": told})
    return {
        "claim_generator_info": [dict(zip(("name", "version"), facts["software"].split(" ", 1), strict=True))],
        "title": name,
        "format": MIME,
        "ingredients": [
            {
                "title": original["origin"],
                "format": "application/octet-stream",
                "instance_id": original["head"],
                "relationship": "parentOf",
                "label": "original",
            }
        ],
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": acts}},
            {"label": ABOUT, "data": dict(facts)},
        ],
    }


def sign(unsigned: Path, signed: Path, told: Mapping[str, Any], by: CopySigner) -> None:
    """Write the signed copy, and check it as anybody would. Raises SigningError. `told` is of `manifest`."""
    c2pa = _library()
    try:
        info = c2pa.C2paSignerInfo(getattr(c2pa.C2paSigningAlg, by.algorithm), by.certificates, by.key, None)
        with (
            c2pa.Context(c2pa.Settings.from_dict({"verify": _OFFLINE})) as context,
            c2pa.Signer.from_info(info) as made,
            c2pa.Builder(dict(told), context=context) as builder,
            unsigned.open("rb") as source,
            signed.open("r+b") as target,
        ):
            builder.sign(made, MIME, source, target)
    except c2pa.C2paError as error:
        raise SigningError(f"the copy could not be signed: {error}") from None
    found = credentials(signed, None)
    if found is None or found.problems:
        raise SigningError(f"the signed copy does not pass its own check: {', '.join(found.problems if found else ())}")


def credentials(copy: Path, anchors: bytes | None) -> Credentials | None:
    """The content credentials of a copy, checked; None where it has none. `anchors`: trusted certificates (PEM).

    Raises SigningError when they cannot be read at all.
    """
    c2pa = _library()
    settings: dict[str, Any] = {"verify": _OFFLINE}
    if anchors is not None:
        settings["trust"] = {"trust_anchors": anchors.decode("ascii", "replace")}
    try:
        with (
            c2pa.Context(c2pa.Settings.from_dict(settings)) as context,
            copy.open("rb") as stream,
            c2pa.Reader(MIME, stream, context=context) as reader,
        ):
            told = json.loads(reader.json())
    except c2pa.C2paError as error:
        if "ManifestNotFound" in str(error):
            return None
        raise SigningError(f"the content credentials of {copy.name} cannot be read: {error}") from None
    active = told["manifests"][told["active_manifest"]]
    failures = [one["code"] for one in told["validation_results"]["activeManifest"]["failure"]]
    about: Mapping[str, Any] = next((one["data"] for one in active["assertions"] if one["label"] == ABOUT), {})
    signature = active.get("signature_info", {})
    named = ", ".join(signature[name] for name in ("common_name", "issuer") if signature.get(name))
    problems = tuple(dict.fromkeys(code for code in failures if code != "signingCredential.untrusted"))
    return Credentials(named, told["validation_state"] == "Trusted", problems, about)


def _library() -> Any:
    try:
        import c2pa  # an extra, in machine code: only whoever signs or checks needs it
    except ImportError:
        raise SigningError("content credentials need c2pa-python: pip install 'vivavoce[c2pa]'") from None
    return c2pa
