"""Evidences of transmissions against the test vectors of docs/transmission.md, by two verifiers."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography import x509

from hearings.models.signature import TransmissionEvent
from hearings.signatures import evidence_check, jws
from hearings.signatures.evidences import CHANGES, ETSI, Transmitted
from hearings.status import RequestStatus

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent / "evidences.json").read_text("utf-8"))
PAGE = (Path(__file__).parents[3] / "docs" / "transmission.md").read_text("utf-8")
KEY = evidence_check.public_key(VECTORS["certificate"].encode())
FILES = [(f"{number}.jws", text) for number, text in enumerate(VECTORS["chain"], 1)]


def test_the_chain_of_the_vectors_verifies_whatever_the_order_of_the_files() -> None:
    for files in (FILES, FILES[::-1]):
        report, good = evidence_check.check(files, keys=[KEY])
        assert (report.verdict, report.notes, len(good)) == ("verified", [], 5)


@pytest.mark.parametrize("bad", VECTORS["bad"], ids=[one["why"] for one in VECTORS["bad"]])
def test_what_must_fail_fails_for_the_reason_that_is_given(bad: dict[str, str]) -> None:
    report, _good = evidence_check.check([*FILES, ("bad.jws", bad["jws"])], keys=[KEY])
    assert report.verdict == "failed"
    assert any(bad["reason"] in text for text in report.failures), report.failures


def independent(texts: list[str], certificate: str) -> None:
    """A verifier written from the page alone, with another library. Raises for what is wrong."""
    key, before, about = x509.load_pem_x509_certificate(certificate.encode()).public_key(), "", set()
    for number, text in enumerate(texts, 1):
        claims = jwt.decode(text, key, algorithms=["ES256"], options={"verify_iat": False})
        payload = base64.urlsafe_b64decode(text.split(".")[1] + "==")
        spelled = json.dumps(claims, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
        about.add(claims["about"])
        if payload != spelled or (claims["number"], claims["previous"]) != (number, before) or len(about) > 1:
            raise ValueError("not this chain")
        if f"| `{claims['event']}` | {claims['etsi']} |" not in PAGE:
            raise ValueError("not this event")
        before = hashlib.sha256(text.encode()).hexdigest()


def test_a_verifier_written_from_the_page_alone_comes_to_the_same() -> None:
    chain = VECTORS["chain"]
    independent(chain, VECTORS["certificate"])
    for bad in VECTORS["bad"]:
        claims = jws.parse(bad["jws"], headers=evidence_check.HEADERS).claims
        with pytest.raises((jwt.InvalidTokenError, ValueError)):
            independent([*chain[: claims["number"] - 1], bad["jws"]][-6:], VECTORS["certificate"])
            independent([*chain, bad["jws"]], VECTORS["certificate"])


def test_the_page_names_every_event_and_every_kind_and_every_member() -> None:
    assert ETSI.keys() == set(TransmissionEvent)
    for event, name in ETSI.items():
        assert f"| `{event.value}` | {name} |" in PAGE
    assert [kind for kind in Transmitted if f"`{kind.value}`" not in PAGE] == []
    assert [name for name in evidence_check.MEMBERS if f"`{name}`" not in PAGE] == []


def test_every_status_of_a_request_is_a_transmission_or_none_on_purpose() -> None:
    none = {RequestStatus.draft, RequestStatus.received, RequestStatus.executing, RequestStatus.executed}
    assert set(RequestStatus) - CHANGES.keys() == none


@pytest.mark.parametrize("text", ["", "a", "a.b.c", "e30.e30.e30", "x" * 30_000])
def test_anything_else_is_no_evidence(text: str) -> None:
    with pytest.raises(evidence_check.BadEvidence):
        evidence_check.read(text)
