"""Checks evidences of transmissions by themselves: with public keys that were had from elsewhere, and nothing else
(docs/transmission.md). Pure.
"""

import contextlib
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import rfc8785
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from hearings.models.signature import TransmissionEvent
from hearings.signatures import jws as proofs
from hearings.signatures.evidences import ALGORITHM, ETSI, FORMAT, TYPE, VERSION, key_of

LONGEST = 20_000
"""Characters of an evidence."""
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
    return Evidence(claims, proof, text)


def _sound(claims: Mapping[str, Any]) -> bool:
    events = {event.value: name for event, name in ETSI.items()}
    first = claims["number"] == 1
    return (
        events.get(claims["event"]) == claims["etsi"]
        and claims["event"] in TransmissionEvent.__members__
        and claims["number"] >= 1
        and bool(_INSTANT.fullmatch(claims["at"]))
        and claims["digest"].get("alg") == "sha-256"
        and bool(_HASH.fullmatch(str(claims["digest"].get("value"))))
        and (claims["previous"] == "" if first else bool(_HASH.fullmatch(claims["previous"])))
    )


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
) -> tuple[EvidenceReport, Sequence[Evidence]]:
    """Check evidences, each given with a name: their signatures, and that those of one chain go on from one another.
    Each of `documents` must be what one of them names by its digest. Returns those that verified too."""
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
    _chains(good, report)
    digests = {one.claims["digest"]["value"] for one in good}
    for name, data in (documents or {}).items():
        if not _hashes(data) & digests:
            report.failures.append(f"{name}: no evidence given here names it by its SHA-256")
    return report, good


def _hashes(data: bytes) -> set[str]:
    """The digests by which an evidence could name a file: its own, and that of the payload where it is a JWS."""
    found = {hashlib.sha256(data).hexdigest()}
    with contextlib.suppress(ValueError, IndexError):
        found.add(hashlib.sha256(proofs.decode(data.decode("ascii").strip().split(".")[1])).hexdigest())
    return found


def _chains(good: Sequence[Evidence], report: EvidenceReport) -> None:
    chains: dict[tuple[str, str, str], dict[int, Evidence]] = {}
    for one in good:
        claims = one.claims
        chain = chains.setdefault((claims["iss"], claims["about"], claims["chain"]), {})
        if dict(chain.setdefault(claims["number"], one).claims) != dict(claims):
            report.failures.append(f"{claims['about']}: two different evidences have number {claims['number']}")
    if len({about for _iss, about, _chain in chains}) > 1:
        report.failures.append("the evidences are of several requests")
    for (_iss, about, _chain), chain in chains.items():
        for number, one in sorted(chain.items()):
            before = chain.get(number - 1)
            if before is not None and before.sha256 != one.claims["previous"]:
                report.failures.append(f"{about}: number {number} does not go on from number {number - 1}")
        if left := max(chain) - len(chain):
            report.notes.append(f"{about}: {left} earlier evidences of this chain were not given")


def _in_words(one: Evidence) -> str:
    claims = one.claims
    who = f"{claims['sender'].get('state')} to {claims['recipient'].get('state')}"
    by = f", by {claims['by']}" if claims["by"] else ""
    return (
        f"{claims['about']} number {claims['number']}: {claims['event']} ({claims['etsi']}) of {claims['what']}, "
        f"{who}, {claims['at']}{by}, SHA-256 {claims['digest']['value']}"
    )
