"""Minutes and corrections beside a bag: whether they name this recording, and whether both authorities have signed them
(docs/minutes.md). As JSON they carry the authorities' own signatures; as PDF, the seals set on these.

Whose key and whose certificate count, and of which State they are, comes from elsewhere, as for the seal: what one
State has signed never counts for the other.
"""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import rfc8785

from hearings.documents.pdf_seals import PdfSignature
from media.evidence.check import receipt
from media.evidence.check.bag_check import printable
from web import strict_json

MINUTES, CORRECTION = "vivavoce-minutes", "vivavoce-minutes-correction"
ACT = "sign_minutes"
MOST = 26_214_400
"""Greatest size in bytes of a file of minutes."""
Kind = Literal["minutes", "correction"]
_REASON = re.compile(rf"([A-Z]{{2}}) signed ({CORRECTION}|{MINUTES}) (\S+)((?: [a-z0-9_]+=\S+)*)")


ReadPdf = Callable[[bytes, str], Sequence[PdfSignature]]
"""The signatures of a PDF in their order, each checked against the certificates of a State; against none where that is
empty. Raises `ValueError` for a file that cannot be read."""


@dataclass(frozen=True)
class MinutesReport:
    """What one file says, and whether it holds. Empty lists: it does."""

    name: str
    kind: Kind
    text_sha256: str
    """Of the text of the minutes: its own, or of those a correction is about."""
    signed_for: Sequence[str] = ()
    """The States whose signature or seal holds."""
    by: Sequence[str] = ()
    """By which key or certificate."""
    failures: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        """As that of a bag: `failed`, `cannot` or `verified`."""
        return "failed" if self.failures else "cannot" if self.missing else "verified"

    def as_json(self) -> dict[str, Any]:
        """Everything, for programs."""
        return {
            "file": self.name,
            "kind": self.kind,
            "verdict": self.verdict,
            "text_sha256": self.text_sha256,
            "signed_for": list(self.signed_for),
            "by": list(self.by),
            "failures": self.failures,
            "missing": self.missing,
        }

    def as_text(self) -> str:
        """The report as lines of the verifier's output."""
        lines = [
            f"{self.kind}: {self.name}: {WORDS[self.verdict]}",
            *(f"    {one}" for one in self.by),
            *(f"    failed:  {one}" for one in self.failures),
            *(f"    missing: {one}" for one in self.missing),
        ]
        return "".join(f"{printable(line)}\n" for line in lines)


WORDS: Mapping[str, str] = {
    "verified": "names this recording, signed for both States",
    "failed": "failed",
    "cannot": "names this recording; cannot verify all of it",
}


@dataclass(frozen=True)
class RecordingHead:
    """What the files must name: the recording's id, and `SIZE:ROOT` of its journal; empty if that is not known."""

    recording: str
    head: str


def check(
    files: Sequence[tuple[str, bytes]], of: RecordingHead, *, keys: Mapping[str, Sequence[bytes]], pdf: ReadPdf
) -> list[MinutesReport]:
    """Check files of minutes and corrections, JSON or PDF, against a recording, and corrections against the minutes.

    `keys`: by State, the public signing keys of its authorities, had from elsewhere. Never raises for the content of a
    file.
    """
    reports = [_report_of(name, data, of, keys, pdf) for name, data in files]
    known = {report.text_sha256 for report in reports if report.kind == "minutes"}
    for report in reports:
        if report.kind == "correction" and report.text_sha256:
            if not known:
                report.missing.append("the minutes it corrects: give them by --minutes too")
            elif report.text_sha256 not in known:
                report.failures.append("it corrects other minutes than those given")
    return reports


def _report_of(
    name: str, data: bytes, of: RecordingHead, keys: Mapping[str, Sequence[bytes]], pdf: ReadPdf
) -> MinutesReport:
    if len(data) > MOST:
        return MinutesReport(name, "minutes", "", failures=["the file is too large"])
    if data.startswith(b"%PDF-"):
        return _sealed(name, data, of, pdf)
    try:
        whole = strict_json.parse(data)
        return _signed(name, whole, of, keys)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return MinutesReport(
            name, "minutes", "", failures=["it is neither minutes nor a correction, as JSON or as PDF"]
        )


def _names(recordings: Mapping[str, Any], of: RecordingHead, report: MinutesReport) -> None:
    named = recordings.get(of.recording)
    if named is None:
        report.failures.append(f"it does not name this recording ({of.recording})")
    elif not of.head:
        report.missing.append("the head of the recording, which could not be read")
    elif named != of.head:
        report.failures.append(f"it names another head of this recording: {named}")


# --- as JSON: the authorities' own signatures --------------------------------------------------------------------


def _signed(
    name: str, whole: Mapping[str, Any], of: RecordingHead, keys: Mapping[str, Sequence[bytes]]
) -> MinutesReport:
    text, kind = whole["text"], KINDS[whole["text"]["format"]]
    digest = hashlib.sha256(rfc8785.dumps(text)).hexdigest()
    about = f"{text['hearing']}/{text['number']}"
    recordings, body = whole.get("recordings"), {"text_sha256": digest, "recordings": whole.get("recordings")}
    if kind == "correction":
        recordings, about = text["recordings"], f"{text['hearing']}/{text['minutes']}/correction/{text['number']}"
        body = {"text_sha256": text["text_sha256"], "recordings": recordings, "correction_sha256": digest}
    said = whole["correction_sha256" if kind == "correction" else "text_sha256"]
    report = MinutesReport(name, kind, str(body["text_sha256"]))
    if said != digest:
        report.failures.append("its text is not the one its hash is of")
    _names(recordings or {}, of, report)
    states = (text["requesting_state"], text["requested_state"])
    if states[0] == states[1]:
        report.failures.append(f"it names one State as both: {states[0]}")
        return report
    statements = [one for one in map(_statement, whole["signatures"]) if one is not None]
    wanted = rfc8785.dumps(body)
    mine = {
        state: [
            one
            for one in statements
            if (one.claims["iss"], one.claims["act"], one.claims["about"]) == (state, ACT, about)
            and rfc8785.dumps(dict(one.body)) == wanted
        ]
        for state in states
    }
    found = {state: kid for state in states if (kid := _signer(state, mine[state], keys.get(state, ()), report))}
    if {one.kid for one in mine[states[0]]} & {one.kid for one in mine[states[1]]}:
        report.failures.append("one key has signed for both States")
    by = tuple(f"signed for {state} by the key {kid}" for state, kid in found.items())
    return replace(report, signed_for=tuple(found), by=by)


def _signer(state: str, mine: Sequence[receipt.Statement], keys: Sequence[bytes], report: MinutesReport) -> str:
    """By which key of a State one of its signatures is made; empty, and said in the report, if by none."""
    if not mine:
        report.failures.append(f"no signature of {state} is on this text and these recordings")
        return ""
    kid = next((one.kid for one in mine for key in keys if one.signed_by(key)), "")
    if not kid:
        kids = ", ".join(sorted({one.kid for one in mine}))
        why = "none of its keys given made it" if keys else f"give its public key by --minutes-key {state}=KEY"
        report.missing.append(f"whose the signature of {state} is (key {kids}): {why}")
    return kid


KINDS: Mapping[str, Kind] = {MINUTES: "minutes", CORRECTION: "correction"}


def _statement(jws: object) -> receipt.Statement | None:
    try:
        return receipt.read(str(jws))
    except receipt.StatementError:
        return None


# --- as PDF: the seals set on these signatures -------------------------------------------------------------------


def _sealed(name: str, data: bytes, of: RecordingHead, pdf: ReadPdf) -> MinutesReport:
    try:
        seals = pdf(data, "")
        marks = [(seal, match) for seal in seals if (match := _REASON.fullmatch(seal.reason))]
        states = list(dict.fromkeys(match[1] for _seal, match in marks))
        trusted = {(state, seal.certificate) for state in states[:2] for seal in pdf(data, state) if seal.trusted}
    except ValueError as error:
        return MinutesReport(name, "minutes", "", failures=[f"the signatures of the PDF cannot be read: {error}"])
    said = {(match[2], match[3], _values_of(match[4], "text_sha256"), _values_of(match[4], "correction_sha256"),
             *_recordings(match[4])) for _seal, match in marks}  # fmt: skip
    if not marks:
        return MinutesReport(name, "minutes", "", failures=["no seal in it is on minutes that a State has signed"])
    first = marks[0][1]
    report = MinutesReport(
        name,
        KINDS[first[2]],
        _values_of(first[4], "text_sha256"),
        signed_for=tuple(dict.fromkeys(match[1] for seal, match in marks if seal.intact)),
        by=tuple(f"sealed for {match[1]} by {seal.signer} (certificate {seal.certificate})" for seal, match in marks),
    )
    if len(said) > 1:
        report.failures.append("its seals are on different texts or recordings")
    if not all(seal.intact for seal in seals) or not any(seal.whole_file for seal in seals):
        report.failures.append("the file has been changed since it was sealed")
    if len(report.signed_for) < 2:
        report.failures.append("it is not sealed for both States")
    if len(states) > 2:
        report.failures.append(f"it is sealed for more than two States: {', '.join(sorted(states))}")
    if len({(seal.certificate, match[1]) for seal, match in marks}) > len({seal.certificate for seal, _ in marks}):
        report.failures.append("one certificate has sealed for both States")
    _names(dict(one.split("@", 1) for one in _recordings(first[4])), of, report)
    report.missing.extend(
        f"whose the certificate {seal.certificate} is, by which it is sealed for {match[1]}: give it by "
        f"--minutes-root {match[1]}=FILE"
        for seal, match in marks
        if (match[1], seal.certificate) not in trusted
    )
    return report


def _values_of(values: str, name: str) -> str:
    return next((one.partition("=")[2] for one in values.split() if one.startswith(f"{name}=")), "")


def _recordings(values: str) -> list[str]:
    found = [one.removeprefix("recording=") for one in values.split() if one.startswith("recording=")]
    return sorted(one for one in found if "@" in one)
