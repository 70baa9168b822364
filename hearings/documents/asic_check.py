"""Check manifests of one container and the signatures over them: a program that `hearings.documents.asic.read` runs,
with little memory and little time.

Reads one JSON from its input: root certificates as PEM, manifests and signatures in base64; writes a list of reports.
"""

import asyncio
import base64
import json
import sys
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

from asn1crypto import cms, pem, x509 as asn1_x509
from pyhanko.sign.validation import async_validate_detached_cms
from pyhanko_certvalidator import ValidationContext

from hearings.documents import limited
from hearings.documents.pdf_check import printable

ASIC = "{http://uri.etsi.org/02918/v1.2.1#}"
DS = "{http://www.w3.org/2000/09/xmldsig#}"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
TAGS = 2_000
"""Most tags of a manifest: one of a hundred files has a third of them."""


def main() -> None:
    """Limit memory and time of this process, then check."""
    limited.limit()
    asked = json.load(sys.stdin.buffer)
    roots = [asn1_x509.Certificate.load(pem.unarmor(root.encode())[2]) for root in asked["roots"]]
    signatures = {name: base64.b64decode(text) for name, text in asked["signatures"].items()}
    manifests = [base64.b64decode(text) for text in asked["manifests"]]
    print(json.dumps(asyncio.run(_look(manifests, signatures, roots))))


async def _look(manifests: list[bytes], signatures: dict[str, bytes], roots: list[Any]) -> list[dict[str, Any]]:
    return [await look(manifest, signatures, roots) for manifest in manifests]


async def look(manifest: bytes, signatures: dict[str, bytes], roots: list[Any]) -> dict[str, Any]:
    """The report on one manifest; what cannot be decided counts as failed."""
    report: dict[str, Any] = {"signature": "", "files": {}, "intact": False, "trusted": False}
    report |= {"signer": "", "issuer": "", "said_at": "", "stamped_at": ""}
    try:
        report["signature"], report["files"] = read(manifest)
        signed = cms.ContentInfo.load(signatures[report["signature"]], strict=True)["content"]
        context = ValidationContext(trust_roots=roots, allow_fetching=False, revocation_mode="soft-fail")
        stamps = ValidationContext(trust_roots=roots, allow_fetching=False, revocation_mode="soft-fail")
        status = await async_validate_detached_cms(manifest, signed, context, stamps)
        report["signer"] = printable(status.signing_cert.subject.human_friendly)
        report["issuer"] = printable(status.signing_cert.issuer.human_friendly)
        report["said_at"] = status.signer_reported_dt.isoformat() if status.signer_reported_dt else ""
        report["intact"] = bool(status.intact and status.valid)
        report["trusted"] = bool(report["intact"] and status.trusted)
        stamp = status.timestamp_validity
        if stamp is not None:
            report["intact"] = bool(report["intact"] and stamp.intact and stamp.valid)
            report["stamped_at"] = stamp.timestamp.isoformat() if stamp.trusted else ""
    except Exception:
        report["intact"] = report["trusted"] = False
    return report


def read(manifest: bytes) -> tuple[str, dict[str, str]]:
    """The signature that a manifest names, and the SHA-256 of each file. Raises `ValueError`: no declarations, no other
    elements than these, each name once."""
    text = manifest.decode("utf-8")
    if "<!" in text or text.count("<") > TAGS:
        raise ValueError("a declaration, or too many elements")
    root = ElementTree.fromstring(text.encode())  # noqa: S314  without declarations, in a process of its own
    if root.tag != f"{ASIC}ASiCManifest" or {child.tag for child in root} != {
        f"{ASIC}SigReference",
        f"{ASIC}DataObjectReference",
    }:
        raise ValueError("not a manifest")
    [signature] = root.findall(f"{ASIC}SigReference")
    files: dict[str, str] = {}
    for one in root.findall(f"{ASIC}DataObjectReference"):
        [method], [value] = one.findall(f"{DS}DigestMethod"), one.findall(f"{DS}DigestValue")
        name = unquote(one.attrib["URI"], errors="strict")
        if method.attrib["Algorithm"] != SHA256 or name in files:
            raise ValueError("another digest, or a name twice")
        files[name] = base64.b64decode((value.text or "").strip(), validate=True).hex()
    return unquote(signature.attrib["URI"], errors="strict"), files


if __name__ == "__main__":
    main()
