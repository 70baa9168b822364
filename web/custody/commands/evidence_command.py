"""`vivavoce verify --evidence FILE…`: evidences of transmissions, checked with keys alone (docs/transmission.md)."""

import argparse
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from hearings.signatures import evidence_check
from hearings.signatures.evidence_check import Evidence, EvidenceReport
from media.evidence.check import stamp_check
from media.evidence.check.findings import EXIT_CODES
from media.evidence.check.stamp_check import Imprint, StampError, StampUnavailable
from media.evidence.check.verify import UsageError, read_file

OPTION = "--evidence"
LARGEST = 64 * 1024 * 1024
"""Bytes of a document that is compared."""


def main(argv: Sequence[str]) -> int:
    """Run the command; returns the exit code: 0 verified, 20 failed, 30 cannot verify, 2 a usage error."""
    options = _parser().parse_args(argv)
    try:
        report = _check(options)
    except UsageError as error:
        _parser().error(str(error))
    print(
        json.dumps(report.as_json(), indent=1) if options.json else report.as_text(), end="\n" if options.json else ""
    )
    return EXIT_CODES[report.verdict]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="vivavoce verify", description="Check evidences of transmissions.")
    parser.add_argument(OPTION, type=Path, nargs="+", required=True, metavar="FILE", help="evidences (JWS)")
    parser.add_argument(
        "--evidence-key",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="certificate or public key (PEM) of the installation, had from elsewhere; may be repeated",
    )
    parser.add_argument("--document", type=Path, nargs="+", default=[], metavar="FILE", help="what was transmitted")
    parser.add_argument(
        "--authority-key",
        action="append",
        default=[],
        metavar="KEY",
        help="public key of an authority that signed a statement given as document (base64url); may be repeated",
    )
    parser.add_argument("--stamp", type=Path, nargs="+", default=[], metavar="FILE", help="time-stamps (TSR)")
    parser.add_argument(
        "--tsa", type=Path, metavar="FILE", help="certificates of the authorities that are trusted (PEM)"
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON, for programs")
    return parser


def _check(options: argparse.Namespace) -> EvidenceReport:
    keys = []
    for path in options.evidence_key:
        try:
            keys.append(evidence_check.public_key(read_file(path, "the key")))
        except ValueError as error:
            raise UsageError(f"--evidence-key: {path}: {error}") from None
    files = [
        (path.name, read_file(path, "the evidence", evidence_check.LONGEST + 10).decode("ascii", "replace"))
        for path in options.evidence
    ]
    # By the whole path: of two with one name in two folders, each is compared.
    documents = {str(path): read_file(path, "the document", LARGEST) for path in options.document}
    try:
        authorities = [evidence_check.authority_key(text) for text in options.authority_key]
    except ValueError:
        raise UsageError("--authority-key: it is no public key on Ed25519 in base64url") from None
    report, good = evidence_check.check(files, keys=keys, documents=documents, authorities=authorities)
    anchors = read_file(options.tsa, "the trust anchors") if options.tsa else None
    for path in options.stamp:
        _stamp(path.name, read_file(path, "the time-stamp"), anchors, good, report)
    return report


def _stamp(name: str, tsr: bytes, anchors: bytes | None, good: Sequence[Evidence], report: EvidenceReport) -> None:
    """Compare a time-stamp with the evidence it is over. Effects: a line of the report."""
    for one in good:
        try:
            stamp_check.require_token_over(tsr, Imprint(bytes.fromhex(one.sha256)))
        except StampError:
            continue
        if anchors is None:
            report.missing.append(f"{name}: the certificates of the time-stamping authorities (--tsa)")
            return
        try:
            at = stamp_check.check_token(tsr, Imprint(bytes.fromhex(one.sha256)), anchors)
        except StampError as error:
            report.failures.append(f"{name}: {error}")
            return
        except StampUnavailable as error:
            report.missing.append(f"{name}: {error}")
            return
        when = datetime.fromtimestamp(at / 10**9, UTC)
        first, *others = evidence_check.linked(good, one)
        told = f"numbers {first} to {others[-1]} of the chain were" if others else f"number {first} of the chain was"
        report.lines.append(f"{told} there at {when:%Y-%m-%d %H:%M:%S} UTC ({name})")
        return
    report.failures.append(f"{name}: it is over none of the evidences that verified")
