"""`vivavoce verify`: a bag, and beside it the minutes that name it and the corrections of these."""

import argparse
import asyncio
from collections.abc import Sequence
from pathlib import Path

from hearings.documents import pdf_seals
from hearings.documents.pdf_seals import PdfSignature
from media.evidence.check import receipt, verify
from media.evidence.check.verify import CheckPapers, UsageError, VerificationReport
from web.custody import minutes_check
from web.custody.minutes_check import MinutesReport, RecordingHead


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
            metavar="KEY",
            help="public signing key of an authority, had from elsewhere; may be repeated",
        )
        parser.add_argument(
            "--minutes-root",
            type=Path,
            action="append",
            default=[],
            metavar="FILE",
            help="certificate (PEM) of a State's seal on PDF, had from elsewhere; may be repeated",
        )

    def read(self, options: argparse.Namespace) -> CheckPapers:
        """Read keys, certificates and files; their check makes one report for each file. Raises `UsageError`."""
        try:
            keys = [receipt.public_key(key) for key in options.minutes_key]
        except receipt.StatementError as error:
            raise UsageError(f"--minutes-key: {error}") from None
        for path in options.minutes_root:
            verify.read_file(path, "the certificate")
        files = [(path.name, verify.read_file(path, "the file", minutes_check.MOST)) for path in options.minutes]

        def pdf(data: bytes) -> Sequence[PdfSignature]:
            found = asyncio.run(pdf_seals.check(data, roots=options.minutes_root))
            if found.problem:
                raise ValueError(found.problem)
            return found.signatures

        def check(report: VerificationReport) -> Sequence[MinutesReport]:
            head = "" if report.size is None else f"{report.size}:{report.root}"
            of = RecordingHead(report.origin.rpartition("/")[2], head)
            return minutes_check.check(files, of, keys=keys, pdf=pdf)

        return check


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    return verify.main(argv, MinutesBeside())
