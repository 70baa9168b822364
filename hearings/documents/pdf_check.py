"""Check the signatures of one PDF: a program that `hearings.documents.pdf_seals.check` runs, with little memory and
little time.

Reads a line of JSON (root certificates as PEM) and then the file from its input, and writes one line of JSON.
"""

import asyncio
import hashlib
import json
import sys
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from typing import Any

from asn1crypto import pem, x509 as asn1_x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation import EmbeddedPdfSignature, async_validate_pdf_signature
from pyhanko.sign.validation.status import PdfSignatureStatus, SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from hearings.documents import limited

LONGEST = 10_000
"""Greatest number of characters of a reason that is read."""
MOST = 50
"""Greatest number of signatures that are checked."""


def main() -> None:
    """Limit memory and time of this process, then check."""
    limited.limit()
    roots: list[str] = json.loads(sys.stdin.buffer.readline())
    print(json.dumps(asyncio.run(look(sys.stdin.buffer.read(), roots))))


async def look(data: bytes, roots: list[str]) -> dict[str, Any]:
    """The report on a file."""
    try:
        reader = PdfFileReader(BytesIO(data), strict=False)
        if reader.encrypted:
            return {"signatures": [], "problem": "encrypted"}
        embedded = list(reader.embedded_regular_signatures)[:MOST]
    except Exception:
        return {"signatures": [], "problem": "unreadable"}
    trusted = [asn1_x509.Certificate.load(pem.unarmor(root.encode())[2]) for root in roots]
    return {"signatures": [await one_signature(signature, trusted) for signature in embedded], "problem": ""}


def _context(roots: Sequence[asn1_x509.Certificate], at: datetime | None = None) -> ValidationContext:
    """How certificates are judged: as of an instant, by default now."""
    return ValidationContext(trust_roots=roots, allow_fetching=False, revocation_mode="soft-fail", moment=at)


async def _status(signature: EmbeddedPdfSignature, roots: Sequence[asn1_x509.Certificate]) -> PdfSignatureStatus:
    """The library's word: as of now, or of the time of a time-stamp whose own certificate leads to a root now."""
    status = await async_validate_pdf_signature(signature, _context(roots))
    stamp = status.timestamp_validity
    if stamp is None or not (stamp.intact and stamp.valid and stamp.trusted):
        return status
    return await async_validate_pdf_signature(signature, _context(roots, stamp.timestamp), _context(roots))


async def one_signature(signature: EmbeddedPdfSignature, roots: Sequence[asn1_x509.Certificate]) -> dict[str, Any]:
    """The report on one signature; what cannot be decided counts as failed."""
    report: dict[str, Any] = {
        "signer": "",
        "issuer": "",
        "said_at": "",
        "intact": False,
        "whole_file": False,
        "trusted": False,
        "problem": "",
        "reason": "",
        "certificate": "",
    }
    try:
        report["signer"] = printable(signature.signer_cert.subject.human_friendly)
        report["issuer"] = printable(signature.signer_cert.issuer.human_friendly)
        report["said_at"] = signature.self_reported_timestamp.isoformat() if signature.self_reported_timestamp else ""
        report["reason"] = printable(str(signature.sig_object.get("/Reason", "")), LONGEST)
        report["certificate"] = hashlib.sha256(signature.signer_cert.dump()).hexdigest()
        status = await _status(signature, roots)
        report["whole_file"] = status.coverage == SignatureCoverageLevel.ENTIRE_FILE
        added = status.modification_level
        unchanged = report["whole_file"] or (added is not None and added <= ModificationLevel.FORM_FILLING)
        report["intact"] = bool(status.intact and status.valid and unchanged and status.docmdp_ok is not False)
        report["trusted"] = bool(status.trusted and report["intact"])
        if not status.intact or not status.valid:
            report["problem"] = "changed"
        elif not unchanged or status.docmdp_ok is False:
            report["problem"] = "changed_since"
    except Exception as error:
        report["problem"] = f"undecided: {type(error).__name__}"
    return report


def printable(name: str, most: int = 300) -> str:
    """A name without control characters: a certificate may hold any character, and PostgreSQL stores no NUL."""
    return "".join(
        "\ufffd" if unicodedata.category(character) in ("Cc", "Cs") else character for character in name[:most]
    )


if __name__ == "__main__":
    main()
