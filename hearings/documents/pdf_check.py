"""Check the signatures of one PDF: a program that `hearings.documents.pdf_seals.check` runs, with little memory and
little time.

Reads a line of JSON (root certificates as PEM) and then the file from its input, and writes one line of JSON.
"""

import asyncio
import json
import logging
import resource
import sys
import unicodedata
from io import BytesIO
from typing import Any

from asn1crypto import pem, x509 as asn1_x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation import EmbeddedPdfSignature, async_validate_pdf_signature
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

MEMORY = 1 << 30
SECONDS = 20
MOST = 50
"""Signatures that are looked at."""


def main() -> None:
    """Bound what this process may use, then check."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    logging.disable(logging.CRITICAL)
    roots: list[str] = json.loads(sys.stdin.buffer.readline())
    print(json.dumps(asyncio.run(look(sys.stdin.buffer.read(), roots))))


async def look(data: bytes, roots: list[str]) -> dict[str, Any]:
    """What is known of the file."""
    try:
        reader = PdfFileReader(BytesIO(data), strict=False)
        if reader.encrypted:
            return {"signatures": [], "problem": "encrypted"}
        embedded = list(reader.embedded_regular_signatures)[:MOST]
    except Exception:
        return {"signatures": [], "problem": "unreadable"}
    context = ValidationContext(
        trust_roots=[asn1_x509.Certificate.load(pem.unarmor(one.encode())[2]) for one in roots],
        allow_fetching=False,
        revocation_mode="soft-fail",
    )
    return {"signatures": [await one_signature(one, context) for one in embedded], "problem": ""}


async def one_signature(one: EmbeddedPdfSignature, context: ValidationContext) -> dict[str, Any]:
    """What is known of one signature; whatever cannot be decided counts as not holding."""
    found: dict[str, Any] = {
        "signer": "",
        "issuer": "",
        "said_at": "",
        "intact": False,
        "whole_file": False,
        "trusted": False,
        "problem": "",
    }
    try:
        found["signer"] = _shown(one.signer_cert.subject.human_friendly)
        found["issuer"] = _shown(one.signer_cert.issuer.human_friendly)
        found["said_at"] = one.self_reported_timestamp.isoformat() if one.self_reported_timestamp else ""
        status = await async_validate_pdf_signature(one, context)
        found["whole_file"] = status.coverage == SignatureCoverageLevel.ENTIRE_FILE
        added = status.modification_level
        kept = found["whole_file"] or (added is not None and added <= ModificationLevel.FORM_FILLING)
        found["intact"] = bool(status.intact and status.valid and kept and status.docmdp_ok is not False)
        found["trusted"] = bool(status.trusted and found["intact"])
        if not status.intact or not status.valid:
            found["problem"] = "changed"
        elif not kept or status.docmdp_ok is False:
            found["problem"] = "changed_since"
    except Exception as error:
        found["problem"] = f"undecided: {type(error).__name__}"
    return found


def _shown(name: str) -> str:
    """A name as it can be kept and shown: a certificate may hold any character, and PostgreSQL keeps no NUL."""
    return "".join("\ufffd" if unicodedata.category(one) in ("Cc", "Cs") else one for one in name[:300])


if __name__ == "__main__":
    main()
