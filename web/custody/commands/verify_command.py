"""`vivavoce verify`: a bag, and beside it the minutes that name it and the corrections of these; or evidences of
transmissions.
"""

import argparse
import asyncio
import re
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificate

from hearings.documents import pdf_seals
from hearings.documents.pdf_seals import PdfSignature
from media.evidence.check import receipt, verify
from media.evidence.check.verify import CheckPapers, UsageError, VerificationReport
from web.custody.commands import evidence_command, minutes_check
from web.custody.commands.minutes_check import MinutesReport, RecordingHead


class MinutesBeside:
    """The arguments on minutes, and their check (`media.evidence.check.verify.Papers`)."""

    def arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add them to those of the verifier."""
        parser.add_argument(
            "--minutes",
            type=Path,
            action="append",
            default=[],
            metavar="FILE",
            help="signed minutes, or a correction of them, JSON or PDF: must name this recording; may be repeated",
        )
        parser.add_argument(
            "--minutes-key",
            action="append",
            default=[],
            metavar="STATE=KEY",
            help="public signing key of an authority of a State (RO=…), had from elsewhere; may be repeated",
        )
        parser.add_argument(
            "--minutes-root",
            action="append",
            default=[],
            metavar="STATE=FILE",
            help="certificate (PEM) of a State's seal on PDF (RO=…), had from elsewhere; may be repeated",
        )

    def read(self, options: argparse.Namespace) -> CheckPapers:
        """Read keys, certificates and files; their check makes one report for each file. Raises `UsageError`."""
        made_by = _by_state("--minutes-key", options.minutes_key, _key)
        keys = {state: tuple(found.values()) for state, found in made_by.items()}
        sealed_by = _by_state("--minutes-root", options.minutes_root, _certificate)
        roots = {state: tuple(map(Path, found)) for state, found in sealed_by.items()}
        files = [(path.name, verify.read_file(path, "the file", minutes_check.MOST)) for path in options.minutes]

        @cache
        def signatures(data: bytes, trusted: tuple[Path, ...]) -> Sequence[PdfSignature]:
            found = asyncio.run(pdf_seals.check(data, roots=trusted))
            if found.problem:
                raise ValueError(found.problem)
            return found.signatures

        def pdf(data: bytes, state: str) -> Sequence[PdfSignature]:
            return signatures(data, roots.get(state, ()))

        def check(report: VerificationReport) -> Sequence[MinutesReport]:
            head = "" if report.size is None else f"{report.size}:{report.root}"
            of = RecordingHead(report.origin.rpartition("/")[2], head)
            return minutes_check.check(files, of, keys=keys, pdf=pdf)

        return check


def _by_state(option: str, given: Sequence[str], read: Callable[[str], bytes]) -> dict[str, dict[str, bytes]]:
    """What was given as `STATE=TEXT`: by State, each text with what it reads as. Raises `UsageError`, also for one
    thing given for two States: nobody could tell by it who has signed.
    """
    found: dict[str, dict[str, bytes]] = {}
    for one in given:
        state, _equals, text = one.partition("=")
        if not re.fullmatch(r"[A-Z]{2}", state) or not text:
            raise UsageError(f"{option} is given with its State, as in {option} RO=…")
        data = read(text)
        if any(data in others.values() for other, others in found.items() if other != state):
            raise UsageError(f"{option}: {text} is given for two States")
        found.setdefault(state, {})[text] = data
    return found


def _key(text: str) -> bytes:
    try:
        return receipt.public_key(text)
    except receipt.StatementError as error:
        raise UsageError(f"--minutes-key: {error}") from None


def _certificate(path: str) -> bytes:
    """The certificate in a file as DER."""
    data = verify.read_file(Path(path), "the certificate")
    try:
        return load_pem_x509_certificate(data.decode("ascii").encode()).public_bytes(Encoding.DER)
    except ValueError:
        raise UsageError(f"--minutes-root: {path} is no certificate (PEM)") from None


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if evidence_command.OPTION in arguments:
        return evidence_command.main(arguments)
    return verify.main(argv, MinutesBeside())
