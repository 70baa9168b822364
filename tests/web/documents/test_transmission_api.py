"""Evidences of transmissions: made of everything that goes from one authority to the other, read through the API, and
verified by others with nothing but the installation's certificate.
"""

import base64
import hashlib
import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
import rfc8785
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from hearings.documents import pdf_seals
from hearings.signatures import evidences
from hearings.signatures.evidences import Signer
from hearings.signatures.jws import encode
from media.evidence.stamping.timestamps import Authorities
from scheduler.environment import World
from scheduler.stamping import Evidences
from tests.support import tsa
from tests.support.api_client import CONTENT
from tests.support.attested import clock_of
from web import cli
from web.demo.time_authority import REPLY, Authority

TEXT = {"content-type": "text/plain"}


async def told(client: Any, request: dict[str, Any]) -> list[dict[str, Any]]:
    """The evidences of a request as a State reads them; none is owed."""
    answer = await client.get(f"/requests/{request['id']}/transmission")
    assert (answer.status_code, answer.json()["owed"]) == (200, 0), answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def events(items: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return [(one["event"], one["what"], one["state"]) for one in items]


SUBMITTED = [("submission_accepted", "request", "RO"), ("made_available", "request", "RO")]


async def test_a_request_is_taken_in_made_available_retrieved_once_and_acknowledged(installation, ro, th, story):
    clock = clock_of(installation)
    request = await story.submitted(ro)
    owed = (await ro.get(f"/requests/{request['id']}/transmission")).json()
    certificate = x509.load_pem_x509_certificate(owed["certificate"].encode())
    assert certificate.fingerprint(hashes.SHA256()).hex() == owed["certificate_sha256"]
    assert (owed["owed"], owed["items"]) == (2, [])  # its own State has read it: that is no retrieval
    assert await clock.round() == 2
    assert events(await told(ro, request)) == SUBMITTED
    for _ in range(2):
        assert (await th.get(f"/requests/{request['id']}")).status_code == 200
    assert await clock.round() == 1
    assert events(await told(th, request)) == [*SUBMITTED, ("retrieved", "request", "RO")]
    await th.post(f"/requests/{request['id']}/acknowledge")
    assert await clock.round() == 1
    items = await told(ro, request)
    assert events(items)[3:] == [("acceptance", "request", "RO")]
    assert [one["number"] for one in items] == [1, 2, 3, 4]
    said = [jwt.decode(one["jws"], options={"verify_signature": False}) for one in items]
    assert said[2]["by"] == "TH system" or said[2]["by"]
    assert said[0]["statement"]["act"] == "submit_request"
    signed = (await ro.get(f"/requests/{request['id']}/signatures")).json()["items"][0]["jws"]
    assert (
        hashlib.sha256(base64.urlsafe_b64decode(signed.split(".")[1] + "==")).hexdigest() == said[0]["digest"]["value"]
    )


async def test_each_answer_and_each_file_goes_the_other_way_with_evidences_of_its_own(installation, ro, th, story):
    clock = clock_of(installation)
    request = await story.submitted(ro)
    path = f"/requests/{request['id']}"
    await th.post(f"{path}/acknowledge")
    assert (await th.post(f"{path}/ask", {"question": "Which court?"})).status_code == 200
    await clock.round()
    assert [one for one in events(await told(th, request)) if one[1] == "question"] == [
        ("submission_accepted", "question", "TH"),
        ("made_available", "question", "TH"),
    ]
    assert (await ro.get(path)).status_code == 200
    assert (await ro.post(f"{path}/answer", {"answer": "The second section."})).status_code == 200
    file = await ro.post(f"{path}/attachments?name=note.txt", content=b"A note.\n", headers=TEXT)
    assert file.status_code == 201
    await clock.round()
    items = await told(ro, request)
    assert ("retrieved", "question", "TH") in events(items)
    assert ("retrieved", "document", "RO") not in events(items)  # the request was opened, not the file
    assert [one["digest"] for one in items if one["what"] == "document"] == [
        hashlib.sha256(b"A note.\n").hexdigest()
    ] * 2
    assert (await th.get(f"{path}/attachments/{file.json()['id']}/content")).status_code == 200
    await clock.round()
    assert ("retrieved", "document", "RO") in events(await told(th, request))
    question = next(one for one in items if one["what"] == "question")
    assert question["content"]["text"] == "Which court?"
    assert hashlib.sha256(rfc8785.dumps(question["content"])).hexdigest() == question["digest"]
    accepted = await th.signed(f"{path}/accept", "accept_request", reason="")
    assert accepted.status_code == 200, accepted.text
    await clock.round()
    answers = [one for one in await told(th, request) if one["what"] == "answer"]
    assert [one["event"] for one in answers] == ["submission_accepted", "made_available"]
    assert jwt.decode(answers[0]["jws"], options={"verify_signature": False})["statement"]["act"] == "accept_request"


async def test_what_was_read_before_an_answer_is_no_retrieval_of_it(installation, ro, th, story):
    clock = clock_of(installation)
    request = await story.submitted(ro)
    path = f"/requests/{request['id']}"
    await th.post(f"{path}/acknowledge")
    assert (await ro.get(path)).status_code == 200
    await th.post(f"{path}/ask", {"question": "Which court?"})
    await clock.round()
    assert ("retrieved", "question", "TH") not in events(await told(th, request))


async def test_a_request_that_cannot_be_read_keeps_no_other_from_its_evidences(installation, ro, story, monkeypatch):
    unread, read = await story.submitted(ro), await story.submitted(ro)
    really = evidences.attest

    async def attest(db: Any, *, request_id: str, **more: Any) -> Any:
        if request_id == unread["id"]:
            raise ValueError("a row of its history that no code reads")
        return await really(db, request_id=request_id, **more)

    clock = clock_of(installation)
    monkeypatch.setattr(evidences, "attest", attest)
    assert await clock.round() == 2
    assert events(await told(ro, read)) == SUBMITTED
    monkeypatch.undo()
    assert await clock.round() == 2  # it was waiting for its turn
    assert events(await told(ro, unread)) == SUBMITTED


@pytest.mark.parametrize("place", ["transmission", "history", "log", "messages", "consultations", "signatures", "none"])
async def test_what_hands_over_no_content_is_no_retrieval(installation, ro, th, story, place):
    request = await story.submitted(ro)
    answer = await th.get(f"/requests/{request['id']}/{place}")
    assert answer.status_code == (404 if place == "none" else 200)
    refused = await th.post(f"/requests/{request['id']}/ask", {"question": "Which court?"})
    assert refused.status_code == 409
    await clock_of(installation).round()
    assert events(await told(th, request)) == SUBMITTED


@pytest.mark.parametrize("place", ["", "/document.json"])
async def test_whatever_hands_over_the_request_is_its_retrieval(installation, ro, th, story, place):
    request = await story.submitted(ro)
    assert (await th.get(f"/requests/{request['id']}{place}")).status_code == 200
    await clock_of(installation).round()
    assert events(await told(ro, request)) == [*SUBMITTED, ("retrieved", "request", "RO")]


async def recorded(client: Any, path: str, language: str, translator: str, **more: Any) -> Any:
    body = {"language": language, "translator": translator} | more
    return await client.post(f"{path}/translations", body)


def translations_of(items: list[dict[str, Any]]) -> list[tuple[str, str, str, bool, str]]:
    """Sender, language, translator, certified and file of each translation that was made available."""
    told = [one for one in items if (one["event"], one["what"]) == ("made_available", "translation")]
    names = ("language", "translator", "certified", "file")
    return [(one["state"], *(one["content"][name] for name in names)) for one in told]


async def test_a_state_cannot_have_its_own_words_certified_as_a_translation_of_the_other(installation, ro, th, story):
    request = await story.submitted(ro)
    path = f"/requests/{request['id']}"
    assert (await recorded(ro, path, "th", "Ana Pop")).status_code == 200
    bad = await recorded(th, path, "th", "Somchai", certified=True)
    assert (bad.status_code, bad.json()["code"]) == (403, "not_allowed")
    await clock_of(installation).round()  # signed only now: from what was recorded then
    assert translations_of(await told(ro, request)) == [("RO", "th", "Ana Pop", False, "")]


async def test_a_translation_is_evidence_of_what_was_recorded_then_and_its_correction_of_the_rest(
    installation, ro, th, story
):
    request = await story.submitted(ro)
    path = f"/requests/{request['id']}"
    file = (await ro.post(f"{path}/attachments?name=th.txt", content=b"Thai.\n", headers=TEXT)).json()
    digest = hashlib.sha256(b"Thai.\n").hexdigest()
    for translator in ("Ana Pop", "Ion Rus"):
        given = {"attachment_id": file["id"], "certified": translator == "Ion Rus"}
        assert (await recorded(ro, path, "th", translator, **given)).status_code == 200
    assert (await th.get(path)).status_code == 200
    clock = clock_of(installation)
    await clock.round()
    items = await told(th, request)
    assert translations_of(items) == [("RO", "th", "Ana Pop", False, digest), ("RO", "th", "Ion Rus", True, digest)]
    assert ("retrieved", "translation", "RO") not in events(items)  # the request was opened, not the file
    assert (await th.get(f"{path}/attachments/{file['id']}/content")).status_code == 200
    await clock.round()
    assert events(await told(th, request)).count(("retrieved", "translation", "RO")) == 2


async def test_a_translation_that_came_with_the_request_is_evidence_of_the_submission(installation, ro):
    request = (await ro.post("/requests", {"requested_state": "TH", "content": CONTENT})).json()
    path = f"/requests/{request['id']}"
    for translator in ("Ana Pop", "Ion Rus"):
        assert (await recorded(ro, path, "th", translator)).status_code == 200
    assert (await ro.signed(f"{path}/submit", "submit_request")).status_code == 200
    assert (await recorded(ro, path, "th", "Dan Ene")).status_code == 200
    await clock_of(installation).round()
    found = translations_of(await told(ro, request))
    assert [one[2] for one in found] == ["Ion Rus", "Dan Ene"]


async def test_a_rejected_statement_is_evidence_for_the_state_that_handed_it_in_alone(installation, ro, th, story):
    clock = clock_of(installation)
    request = await story.submitted(ro)
    await th.post(f"/requests/{request['id']}/acknowledge")
    statement = (await th.get(f"/requests/{request['id']}/statements/accept_request")).json()
    signed = th.sign(statement | {"body": {"reason": ""}, "act": "withdraw_request"})
    bad = await th.post(f"/requests/{request['id']}/accept", signed)
    assert (bad.status_code, bad.json()["code"]) == (401, "signature_wrong_act")
    await clock.round()
    own = [one for one in await told(th, request) if one["event"] == "submission_rejected"]
    assert [(one["chain"], one["number"], one["content"]["code"]) for one in own] == [("TH", 1, "signature_wrong_act")]
    assert not [one for one in await told(ro, request) if one["event"] == "submission_rejected"]
    assert (await ro.get(f"/requests/{request['id']}/transmission/{own[0]['id']}")).status_code == 404


async def test_answers_to_the_legal_check_are_evidence_with_their_statement_and_so_is_each_change(
    installation, ro, th, story
):
    request = await story.submitted(ro)
    path = f"/requests/{request['id']}"
    assert (await th.post(f"{path}/acknowledge")).status_code == 200
    fact = "domestic_law_confirmed"
    for answer in (True, False):
        given = await th.signed(f"{path}/gate-answers", "answer_gate", answers={fact: answer}, note="")
        assert given.status_code == 200, given.text
    await clock_of(installation).round()
    told_of = [one for one in await told(ro, request) if one["what"] == "legal_check"]
    made = [one for one in told_of if one["event"] == "made_available"]
    said = [jwt.decode(one["jws"], options={"verify_signature": False}) for one in made]
    assert [one["statement"]["act"] for one in said] == ["answer_gate"] * 2
    assert len({one["digest"]["value"] for one in said}) == 2


async def test_the_record_of_a_consultation_is_evidence(installation, ro, th, story):
    request = await story.submitted(ro)
    body = {"held_at": datetime.now(UTC).isoformat(), "way": "video", "with_whom": "A judge", "subject": "The day"}
    given = await th.post(f"/requests/{request['id']}/consultations", body | {"outcome": "Another day."})
    assert given.status_code in (200, 201), given.text
    await clock_of(installation).round()
    made = [one for one in await told(ro, request) if one["what"] == "consultation"]
    assert [one["event"] for one in made] == ["submission_accepted", "made_available"]
    assert (made[0]["state"], made[0]["content"]["outcome"]) == ("TH", "Another day.")


async def test_nobody_else_reads_them_and_the_database_keeps_them(installation, ro, th, story):
    request = await story.submitted(ro)
    await clock_of(installation).round()
    first = (await told(ro, request))[0]
    stranger = await installation.client("FR")
    for path in ("", f"/{first['id']}"):
        assert (await stranger.get(f"/requests/{request['id']}/transmission{path}")).status_code == 404
    one = await th.get(f"/requests/{request['id']}/transmission/{first['id']}")
    assert (one.text, one.headers["content-type"]) == (first["jws"], "application/jose")
    assert one.headers["content-disposition"].endswith("0001-submission_accepted.jws")


# --- verified by others -------------------------------------------------------------------------------------------


@pytest.fixture
async def chain(installation, ro, th, story, tmp_path) -> list[Path]:
    """The evidences of a request as files, and the certificate of the installation beside them."""
    request = await story.submitted(ro)
    await th.post(f"/requests/{request['id']}/acknowledge")
    await clock_of(installation).round()
    files = []
    for one in await told(ro, request):
        files.append(tmp_path / f"{one['number']:04}.jws")
        files[-1].write_text(one["jws"])
    (tmp_path / "seal.pem").write_bytes((installation.settings.keys / "document-seal.crt").read_bytes())
    return files


def openssl(folder: Path, *arguments: str) -> int:
    """The exit code of openssl in a folder."""
    return subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, check=False).returncode


def verify(*arguments: object) -> int:
    return cli.main(["verify", "--evidence", *map(str, arguments)])


def test_openssl_and_another_library_verify_each_with_the_certificate_alone(chain, tmp_path):
    certificate = x509.load_pem_x509_certificate((tmp_path / "seal.pem").read_bytes())
    before = ""
    for number, file in enumerate(chain, 1):
        text = file.read_text()
        found = jwt.decode(text, certificate.public_key(), algorithms=["ES256"], options={"verify_iat": False})
        assert (found["number"], found["previous"]) == (number, before)
        before = hashlib.sha256(text.encode()).hexdigest()
        signed, _dot, signature = text.rpartition(".")
        raw = base64.urlsafe_b64decode(signature + "==")
        r, s = int.from_bytes(raw[:32]), int.from_bytes(raw[32:])
        (tmp_path / "signed").write_text(signed)
        (tmp_path / "der").write_bytes(encode_dss_signature(r, s))
        public = subprocess.run(
            ["openssl", "x509", "-in", "seal.pem", "-pubkey", "-noout"], cwd=tmp_path, capture_output=True, check=True
        )
        (tmp_path / "pub.pem").write_bytes(public.stdout)
        command = ["dgst", "-sha256", "-verify", "pub.pem", "-signature", "der", "signed"]
        assert openssl(tmp_path, *command) == 0


def test_the_command_verifies_the_chain_and_says_what_was_not_given(chain, tmp_path, capsys):
    key = ("--evidence-key", tmp_path / "seal.pem")
    assert verify(*chain, *key) == 0
    said = capsys.readouterr().out
    assert "acceptance (ConsignmentAcceptance)" in said and said.endswith("verdict:   verified\n")
    assert verify(*reversed(chain), *key) == 0  # the order of the files says nothing: the numbers do
    assert verify(chain[2], *key, "--json") == 0
    assert json.loads(capsys.readouterr().out.split("verified\n", 2)[-1])["notes"] == [
        "RO-2026-0001: 2 earlier evidences of this chain were not given"
    ]
    assert verify(*chain) == 30
    assert "--evidence-key" in capsys.readouterr().out


def altered(text: str, **changes: Any) -> str:
    """An evidence that says something else, its signature kept."""
    header, payload, signature = text.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "==")) | changes
    return ".".join((header, encode(rfc8785.dumps(claims)), signature))


def resigned(text: str, signer: Signer, **changes: Any) -> str:
    payload = text.split(".")[1]
    return signer.sign(json.loads(base64.urlsafe_b64decode(payload + "==")) | changes)


def test_an_evidence_altered_reordered_of_another_request_or_by_another_key_fails(chain, tmp_path, capsys):
    key, bad = ("--evidence-key", tmp_path / "seal.pem"), tmp_path / "bad.jws"
    now = datetime.now(UTC)
    made = pdf_seals.make_seal(key=tmp_path / "k", certificate=tmp_path / "c", name="Another", now=now)
    other = Signer.load(made.key, made.certificate, "court.example")
    texts = [file.read_text() for file in chain]
    cases = {
        "not by a key": [
            altered(texts[1], at="2026-01-01T00:00:00.000000Z"),
            altered(texts[1], by="Somebody"),
            resigned(texts[1], other),
        ],
        "contradicts itself": [altered(texts[1], etsi="ContentHandover"), altered(texts[0], previous="0" * 64)],
        "other members": [altered(texts[1], more=1)],
        "no evidence": ["a.b.c", "", texts[1] + "."],
    }
    for why, given in cases.items():
        for text in given:
            bad.write_text(text)
            assert verify(chain[0], bad, *key) == 20, (why, text)
            assert why in capsys.readouterr().out
    # The installation itself is the adversary: it signs again what it likes, and the chain shows it.
    keys = chain[0].parent / "data" / "keys"
    own = Signer.load(keys / "document-seal.key", keys / "document-seal.crt", "court.example")
    for number, changes, why in (
        (1, {"at": "2026-01-01T00:00:00.000000Z"}, "two different evidences have number 2"),
        (1, {"number": 3}, "two different evidences have number 3"),
        (1, {"about": "RO-2026-0002"}, "of several requests"),
    ):
        bad.write_text(resigned(texts[number], own, **changes))
        assert verify(*chain, bad, *key) == 20
        assert why in capsys.readouterr().out
    bad.write_text(resigned(texts[0], own, by="Somebody"))
    assert verify(bad, *chain[1:], *key) == 20
    assert "number 2 does not go on from number 1" in capsys.readouterr().out


def test_a_document_that_no_evidence_names_fails(chain, tmp_path, capsys):
    key = ("--evidence-key", tmp_path / "seal.pem")
    (tmp_path / "other.txt").write_text("Something else.")
    assert verify(*chain, *key, "--document", tmp_path / "other.txt") == 20
    assert "no evidence given here names it" in capsys.readouterr().out
    one, two = tmp_path / "one" / "other.txt", tmp_path / "two" / "other.txt"
    for place in (one, two):
        place.parent.mkdir()
        place.write_text(str(place))
    assert verify(*chain, *key, "--document", one, two) == 20
    assert capsys.readouterr().out.count("no evidence given here names it") == 2


# --- time-stamps --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tsa"))


@pytest.fixture
def stamping(authority: Authority) -> Iterator[tuple[list[bool], str]]:
    """Whether the authority is away, and its address."""
    away = [True]

    def answer(query: bytes) -> tuple[int, str, bytes]:
        return (503, REPLY, b"") if away[0] else (200, REPLY, authority.answer(query))

    with tsa.served(answer) as url:
        yield away, url


async def test_time_stamps_that_were_owed_come_later_and_one_counts_for_all_before(
    installation, ro, story, authority, stamping, tmp_path, capsys
):
    away, url = stamping
    request = await story.submitted(ro)
    clock = clock_of(installation, Authorities([url], authority.anchors))
    steady = 0.0
    clock.job = Evidences(steady=lambda: steady)
    assert await clock.round() == 2
    assert [one["stamp"] for one in await told(ro, request)] == [None, None]
    away[0] = False
    assert await clock.round() == 0
    assert [one["stamp"] for one in await told(ro, request)] == [None, None]  # not asked again at once
    steady = 20.0
    await clock.round()
    items = await told(ro, request)
    assert {one["stamp"]["evidence_id"] for one in items} == {items[1]["id"]}
    tsr = base64.b64decode(items[0]["stamp"]["tsr"])
    files = {"1.jws": items[0]["jws"].encode(), "2.jws": items[1]["jws"].encode(), "2.tsr": tsr}
    files |= {"tsa.pem": authority.anchors, "seal.pem": (installation.settings.keys / "document-seal.crt").read_bytes()}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    command = ["ts", "-verify", "-data", "2.jws", "-in", "2.tsr", "-CAfile", "tsa.pem", "-partial_chain"]
    assert openssl(tmp_path, *command) == 0
    given = [tmp_path / "1.jws", tmp_path / "2.jws", "--evidence-key", tmp_path / "seal.pem"]
    given += ["--stamp", tmp_path / "2.tsr"]
    assert verify(*given, "--tsa", tmp_path / "tsa.pem") == 0
    assert "numbers 1 to 2 of the chain were there at" in capsys.readouterr().out
    assert verify(*given) == 30
    assert verify(given[0], *given[2:], "--tsa", tmp_path / "tsa.pem") == 20


async def test_another_process_finds_what_was_made_and_makes_nothing_twice(installation, ro, story):
    request = await story.submitted(ro)
    assert await clock_of(installation).round() == 2
    later = clock_of(installation)
    later.world = World(**{**vars(later.world), "clock": lambda: datetime.now(UTC) + timedelta(days=1)})
    assert await later.round() == 0
    assert len(await told(ro, request)) == 2


def test_a_seal_that_cannot_sign_evidences_is_refused(tmp_path):
    from cryptography.hazmat.primitives import serialization

    key = ec.generate_private_key(ec.SECP384R1())
    form = serialization.PrivateFormat.PKCS8
    (tmp_path / "k").write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    with pytest.raises(ValueError, match="no key on P-256"):
        Signer.load(tmp_path / "k", tmp_path / "k", "x")
