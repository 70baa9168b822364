"""Checks evidences of transmissions by themselves: with public keys that were had from elsewhere, and nothing else
(docs/transmission.md). Pure.
"""

import contextlib
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import rfc8785
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from hearings.models.signature import TransmissionEvent
from hearings.signatures import jws as proofs, signatures
from hearings.signatures.evidences import ALGORITHM, ETSI, FORMAT, TYPE, VERSION, key_of

LONGEST = 20_000
"""Characters of an evidence."""
LATE = timedelta(minutes=5)
"""Between an event and the signature over its evidence; more is said."""
LAST = 253_402_300_800
"""The first second of the year 10000, of which there is no date."""
HEADERS = frozenset({"alg", "kid", "typ", "x5t#S256"})
MEMBERS: Mapping[str, type | tuple[type, ...]] = {
    "format": str,
    "version": int,
    "iss": str,
    "iat": int,
    "about": str,
    "chain": str,
    "number": int,
    "previous": str,
    "event": str,
    "etsi": str,
    "at": str,
    "sender": dict,
    "recipient": dict,
    "what": str,
    "source": str,
    "name": str,
    "digest": dict,
    "statement": (dict, type(None)),
    "by": str,
    "code": str,
}
"""Every member of an evidence, and its type."""
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
_HASH = re.compile(r"[0-9a-f]{64}")


class BadEvidence(ValueError):
    """Not an evidence: the text says which rule it breaks."""


@dataclass(frozen=True)
class Evidence:
    """One that was read. Nothing in it is proven before `signed_by`."""

    claims: Mapping[str, Any]
    proof: proofs.Proof
    jws: str

    @property
    def sha256(self) -> str:
        """By which the next one names it, and over which a time-stamp is."""
        return hashlib.sha256(self.jws.encode("ascii")).hexdigest()

    def signed_by(self, keys: Sequence[proofs.PublicKey]) -> bool:
        """Whether one of these keys has signed it."""
        return any(key.thumbprint == self.proof.header["kid"] and self.proof.signed_by(key) for key in keys)


def read(text: str) -> Evidence:
    """Read a compact JWS. Raises `BadEvidence`."""
    text = text.strip()
    try:
        proof = proofs.parse(text, headers=HEADERS, longest=LONGEST)
        claims = proof.claims
        payload = proofs.decode(text.split(".")[1])
        spelled = rfc8785.dumps(dict(claims))
    except (proofs.BadProof, ValueError) as error:
        raise BadEvidence(f"it is no evidence: {error}") from None
    if (proof.header.get("alg"), proof.header.get("typ"), set(proof.header)) != (ALGORITHM, TYPE, set(HEADERS)):
        raise BadEvidence("its header is another")
    if spelled != payload or set(claims) != set(MEMBERS):
        raise BadEvidence("it is not canonical, or has other members")
    if any(not isinstance(claims[name], kind) or isinstance(claims[name], bool) for name, kind in MEMBERS.items()):
        raise BadEvidence("a member of it has another form")
    if (claims["format"], claims["version"]) != (FORMAT, VERSION) or not _sound(claims):
        raise BadEvidence("it is of another format, or contradicts itself")
    if len(proof.signature) != 64 or int.from_bytes(proof.signature[32:]) > proofs.P256_ORDER // 2:
        raise BadEvidence("its signature has another form: a second one could be made of it (high s)")
    return Evidence(claims, proof, text)


def _sound(claims: Mapping[str, Any]) -> bool:
    events = {event.value: name for event, name in ETSI.items()}
    first = claims["number"] == 1
    return (
        events.get(claims["event"]) == claims["etsi"]
        and claims["event"] in TransmissionEvent.__members__
        and claims["number"] >= 1
        and bool(_INSTANT.fullmatch(claims["at"]))
        and _is_signed_after(claims)
        and claims["digest"].get("alg") == "sha-256"
        and bool(_HASH.fullmatch(str(claims["digest"].get("value"))))
        and (claims["previous"] == "" if first else bool(_HASH.fullmatch(claims["previous"])))
    )


def _is_signed_after(claims: Mapping[str, Any]) -> bool:
    """Whether the event has a time that exists, and is no later than the second in which its evidence was signed."""
    try:
        return bool(int(datetime.fromisoformat(claims["at"]).timestamp()) <= claims["iat"] < LAST)
    except (ValueError, OverflowError):
        return False


def public_key(pem: bytes) -> proofs.PublicKey:
    """The key of a certificate or a public key in PEM. Raises `ValueError`."""
    if b"CERTIFICATE" in pem:
        public: Any = x509.load_pem_x509_certificate(pem).public_key()
    else:
        public = serialization.load_pem_public_key(pem)
    if not isinstance(public, ec.EllipticCurvePublicKey) or not isinstance(public.curve, ec.SECP256R1):
        raise ValueError("it is no key on P-256")
    return key_of(public)


@dataclass
class EvidenceReport:
    """What came of checking some evidences."""

    lines: list[str] = field(default_factory=list)
    """What each says that verified."""
    failures: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    """What could not be checked."""
    notes: list[str] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        """`failed`, `cannot` or `verified`."""
        return "failed" if self.failures else "cannot" if self.missing else "verified"

    def as_json(self) -> dict[str, Any]:
        """Everything, for programs."""
        told = {"evidences": self.lines, "failures": self.failures, "missing": self.missing, "notes": self.notes}
        return {"verdict": self.verdict, **told}

    def as_text(self) -> str:
        """Lines for people."""
        told = [("evidence", self.lines), ("note", self.notes), ("failed", self.failures), ("missing", self.missing)]
        lines = [f"{name + ':':<11}{text}" for name, texts in told for text in texts]
        return "\n".join([*lines, f"verdict:   {self.verdict}"]) + "\n"


def check(
    files: Sequence[tuple[str, str]],
    *,
    keys: Sequence[proofs.PublicKey],
    documents: Mapping[str, bytes] | None = None,
    authorities: Sequence[proofs.PublicKey] = (),
) -> tuple[EvidenceReport, Sequence[Evidence]]:
    """Check evidences, each given with a name: their signatures, and that those of one chain go on from one another.
    Each of `documents` must be what one of them names by its digest; a signed statement must be signed by one of the
    keys of `authorities`. Returns those that verified too."""
    report, good = EvidenceReport(), []
    if not keys:
        report.missing.append("the certificate or public key of the installation (--evidence-key)")
    for name, text in files:
        try:
            one = read(text)
        except BadEvidence as error:
            report.failures.append(f"{name}: {error}")
            continue
        if keys and not one.signed_by(keys):
            report.failures.append(f"{name}: the signature is not by a key that was given")
            continue
        good.append(one)
        if keys:
            report.lines.append(_in_words(one))
            if (late := _signed_at(one) - datetime.fromisoformat(one.claims["at"])) > LATE:
                minutes = int(late / timedelta(minutes=1))
                report.notes.append(f"{name}: it was signed {minutes} minutes after the time it gives for the event")
    _chains(good, report)
    for name, data in (documents or {}).items():
        _document(name, data, good, authorities, report)
    return report, good


def _document(
    name: str, data: bytes, good: Sequence[Evidence], authorities: Sequence[proofs.PublicKey], report: EvidenceReport
) -> None:
    """Compare a document with the evidences that name it. Effects: a line of the report."""
    naming = _naming(good, data)
    statement = None if naming else _statement(data)
    if statement is not None:
        naming = _naming(good, proofs.decode(statement.message.decode("ascii").partition(".")[2]))
    sent = [one for one in naming if one.claims["event"] != TransmissionEvent.submission_rejected]
    if not naming:
        report.failures.append(f"{name}: no evidence given here names it by its SHA-256")
    elif not sent:
        report.missing.append(f"{name}: named only by evidence that it was rejected, so it was not transmitted")
    elif statement is not None and not _is_signed(statement, sent, authorities):
        report.missing.append(f"{name}: payload only; no key was given that verifies its signature (--authority-key)")
    else:
        numbers = ", ".join(str(number) for number in sorted({one.claims["number"] for one in sent}))
        report.lines.append(f"{name}: is what number {numbers} names")


def _naming(good: Sequence[Evidence], data: bytes) -> list[Evidence]:
    digest = hashlib.sha256(data).hexdigest()
    return [one for one in good if one.claims["digest"]["value"] == digest]


def _statement(data: bytes) -> proofs.Proof | None:
    """A signed statement, where the document is one (docs/signatures.md)."""
    with contextlib.suppress(ValueError):
        text = data.decode("ascii").strip()
        return proofs.parse(text, headers=signatures.HEADERS, longest=signatures.LONGEST, brackets=signatures.BRACKETS)
    return None


def _is_signed(statement: proofs.Proof, naming: Sequence[Evidence], authorities: Sequence[proofs.PublicKey]) -> bool:
    """Whether one of these keys has signed the statement, and is the one that an evidence names."""
    named = {(one.claims["statement"] or {}).get("kid") for one in naming}
    return any(key.thumbprint in named and statement.signed_by(key) for key in authorities)


def authority_key(text: str) -> proofs.PublicKey:
    """The signing key of an authority as pages show it: 32 bytes in base64url. Raises `ValueError`."""
    return proofs.public_key({"kty": "OKP", "crv": "Ed25519", "x": text})


def linked(good: Sequence[Evidence], last: Evidence) -> Sequence[int]:
    """The numbers of the evidences that a time-stamp over `last` counts for: back from it without a hole, each named by
    the hash in the next one."""
    same = [one for one in good if _chain_of(one) == _chain_of(last)]
    there, numbers, one = {one.sha256: one for one in same}, [last.claims["number"]], last
    while (before := there.get(one.claims["previous"])) and before.claims["number"] == numbers[-1] - 1:
        one = before
        numbers.append(one.claims["number"])
    return numbers[::-1]


def _chain_of(one: Evidence) -> tuple[str, str]:
    return one.claims["about"], one.claims["chain"]


def _chains(good: Sequence[Evidence], report: EvidenceReport) -> None:
    chains: dict[tuple[str, str], dict[int, Evidence]] = {}
    for one in good:
        about, number = one.claims["about"], one.claims["number"]
        if chains.setdefault(_chain_of(one), {}).setdefault(number, one).sha256 != one.sha256:
            report.failures.append(f"{about}: two different evidences have number {number}")
    if len({about for about, _chain in chains}) > 1:
        report.failures.append("the evidences are of several requests")
    for (about, _chain), chain in chains.items():
        ordered = [one for _number, one in sorted(chain.items())]
        for before, one in pairwise(ordered):
            _follows(about, before, one, report)
        if (left := ordered[0].claims["number"] - 1) > 0:
            report.notes.append(f"{about}: {left} earlier evidences of this chain were not given")


def _follows(about: str, before: Evidence, one: Evidence, report: EvidenceReport) -> None:
    """Compare two evidences of a chain between which none was given. Effects: lines of the report."""
    number, last = one.claims["number"], before.claims["number"]
    if number == last + 1 and before.sha256 != one.claims["previous"]:
        report.failures.append(f"{about}: number {number} does not go on from number {last}")
    if number > last + 1:
        report.missing.append(f"{about}: the evidences between number {last} and number {number}")
    if one.claims["iat"] < before.claims["iat"]:
        report.failures.append(f"{about}: number {number} was signed before number {last}")
    if one.claims["iss"] != before.claims["iss"]:
        names = f"{before.claims['iss']} to {one.claims['iss']}"
        report.notes.append(f"{about}: from number {last} to {number} the installation changes, {names}")
    if one.proof.header["kid"] != before.proof.header["kid"]:
        report.notes.append(f"{about}: from number {last} to {number} the key of the installation changes")


def _signed_at(one: Evidence) -> datetime:
    return datetime.fromtimestamp(one.claims["iat"], UTC)


def _in_words(one: Evidence) -> str:
    claims = one.claims
    who = f"{claims['sender'].get('state')} to {claims['recipient'].get('state')}"
    by = f", by {claims['by']}" if claims["by"] else ""
    return (
        f"{claims['about']} number {claims['number']}: {claims['event']} ({claims['etsi']}) of {claims['what']}, "
        f"{who}, {claims['at']}{by}, signed {_signed_at(one):%Y-%m-%dT%H:%M:%SZ}, "
        f"SHA-256 {claims['digest']['value']}"
    )
