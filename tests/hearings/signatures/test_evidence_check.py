"""Evidences of transmissions against the test vectors of docs/transmission.md, by two verifiers."""

import base64
import hashlib
import json
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hearings.documents import pdf_seals
from hearings.models import HearingRequest, RefusedStatement
from hearings.models.signature import Act, TransmissionEvent
from hearings.signatures import evidence_check, jws
from hearings.signatures.evidences import CHANGES, ETSI, REJECTED_A_DAY, History, Signer, Transmitted, occurrences
from hearings.status import RequestStatus

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent / "evidences.json").read_text("utf-8"))
PAGE = (Path(__file__).parents[3] / "docs" / "transmission.md").read_text("utf-8")
KEY = evidence_check.public_key(VECTORS["certificate"].encode())
with tempfile.TemporaryDirectory() as _folder:
    _seal = {"key": Path(_folder) / "key", "certificate": Path(_folder) / "certificate"}
    _made = pdf_seals.make_seal(**_seal, name="court.example", now=datetime.now(UTC))
    OTHER = Signer.load(_made.key, _made.certificate, "court.example")
"""Another key."""
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
    signed = 0
    for number, text in enumerate(texts, 1):
        claims = jwt.decode(text, key, algorithms=["ES256"], options={"verify_iat": False})
        payload = base64.urlsafe_b64decode(text.split(".")[1] + "==")
        spelled = json.dumps(claims, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
        about.add(claims["about"])
        high = int.from_bytes(base64.urlsafe_b64decode(text.split(".")[2] + "==")[32:]) > jws.P256_ORDER // 2
        if high or claims["iat"] < max(signed, int(datetime.fromisoformat(claims["at"]).timestamp())):
            raise ValueError("not this signature, or not then")
        signed = claims["iat"]
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


def test_a_hole_inside_what_was_given_is_said_and_not_verified() -> None:
    report, _good = evidence_check.check([*FILES[:2], *FILES[3:]], keys=[KEY])
    assert report.verdict == "cannot"
    assert report.missing == ["RO-2026-0007: the evidences between number 2 and number 4"]


def test_a_time_stamp_counts_only_for_what_is_linked_to_it_without_a_hole() -> None:
    _report, good = evidence_check.check([*FILES[:2], *FILES[3:]], keys=[KEY])
    assert [list(evidence_check.linked(good, one)) for one in good] == [[1], [1, 2], [4], [4, 5]]


def another(number: int, **changes: Any) -> str:
    """The evidence with this number as another key signs it."""
    claims = dict(jws.parse(VECTORS["chain"][number - 1], headers=evidence_check.HEADERS).claims)
    return OTHER.sign(claims | changes)


def test_another_name_of_the_installation_begins_no_other_chain_and_is_said_with_another_key() -> None:
    keys = [KEY, OTHER.public]
    changed = another(2, iss="other.example")
    report, _good = evidence_check.check([FILES[0], ("2.jws", changed)], keys=keys)
    assert report.verdict == "verified"
    assert report.notes == [
        "RO-2026-0007: from number 1 to 2 the installation changes, court.example to other.example",
        "RO-2026-0007: from number 1 to 2 the key of the installation changes",
    ]
    report, _good = evidence_check.check([*FILES, ("other.jws", changed)], keys=keys)
    assert report.failures == ["RO-2026-0007: two different evidences have number 2"]


def test_evidence_signed_long_after_its_event_is_said_with_both_times() -> None:
    late = another(1, iat=1795939201 + 900)
    report, _good = evidence_check.check([("1.jws", late)], keys=[OTHER.public])
    assert report.notes == ["1.jws: it was signed 15 minutes after the time it gives for the event"]
    assert "2026-11-29T08:00:01.000000Z, signed 2026-11-29T08:15:01Z" in report.lines[0]


def test_a_year_of_which_there_is_no_date_is_refused_and_stops_no_check() -> None:
    report, _good = evidence_check.check([("1.jws", another(1, iat=2**40 - 1))], keys=[OTHER.public])
    assert report.failures == ["1.jws: it is of another format, or contradicts itself"]


def test_a_signed_statement_counts_only_with_the_key_of_its_authority() -> None:
    key = Ed25519PrivateKey.generate()
    public = evidence_check.authority_key(jws.encode(key.public_key().public_bytes_raw()))
    head = {"alg": "EdDSA", "kid": public.thumbprint, "typ": "x"}
    message = ".".join(jws.encode(json.dumps(one).encode()) for one in (head, {"act": "submit_request"}))
    digest = hashlib.sha256(b'{"act": "submit_request"}').hexdigest()
    named = {"act": "submit_request", "kid": public.thumbprint, "sha256": digest}
    evidence = another(1, digest={"alg": "sha-256", "value": digest}, statement=named)
    good = f"{message}.{jws.encode(key.sign(message.encode()))}".encode()
    forged = f"{message}.{jws.encode(bytes(64))}".encode()
    for document, keys, verdict in ((good, [public], "verified"), (good, [], "cannot"), (forged, [public], "cannot")):
        given = {"documents": {"statement.jws": document}, "authorities": keys}
        report, _good = evidence_check.check([("1.jws", evidence)], keys=[OTHER.public], **given)
        assert (report.verdict, "payload only" in str(report.missing)) == (verdict, verdict == "cannot")


def test_a_document_that_only_a_rejection_names_is_said_and_not_verified() -> None:
    data = b'{"code":"signature_wrong"}'
    digest = {"alg": "sha-256", "value": hashlib.sha256(data).hexdigest()}
    rejected = another(1, event="submission_rejected", etsi="SubmissionRejection", digest=digest, statement=None)
    given = {"keys": [OTHER.public], "documents": {"a.json": data}}
    report, _good = evidence_check.check([("1.jws", rejected)], **given)
    assert (report.verdict, "it was rejected" in str(report.missing)) == ("cannot", True)


def test_rejected_statements_leave_no_more_evidence_than_so_many_of_a_state_and_day() -> None:
    day = datetime(2026, 11, 29, 8, tzinfo=UTC)
    times = [day + timedelta(minutes=n) for n in range(REJECTED_A_DAY + 30)] + [day + timedelta(days=1)]
    about = {"about": "RO-2026-0007", "act": Act.submit_request, "code": "signature_wrong"}
    rows = [
        RefusedStatement(owner_state=state, at=at, actor="a", actor_label="A", **about)
        for at in times
        for state in ("RO", "TH")
    ]
    request = HearingRequest(requesting_state="RO", requested_state="TH", reference="RO-2026-0007")
    found = occurrences(History(request=request, refused=rows))
    assert len(found) == len({one.of.source for one in found}) == 2 * (REJECTED_A_DAY + 1)


def test_what_the_installation_signs_has_the_low_s() -> None:
    for _ in range(20):
        assert int.from_bytes(jws.decode(OTHER.sign({}).split(".")[2])[32:]) <= jws.P256_ORDER // 2


@pytest.mark.parametrize("text", ["", "a", "a.b.c", "e30.e30.e30", "x" * 30_000])
def test_anything_else_is_no_evidence(text: str) -> None:
    with pytest.raises(evidence_check.BadEvidence):
        evidence_check.read(text)
