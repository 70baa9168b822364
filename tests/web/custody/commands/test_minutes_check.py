"""Minutes beside a bag: whether they name this recording, who has signed them, and that a correction is theirs."""

import asyncio
import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hearings.documents import documents, pdf_seals
from hearings.documents.pdf_seals import DocumentSeal, PdfSignature, SealMark
from hearings.minutes.text import digest
from hearings.signatures import signatures
from hearings.signatures.jws import encode
from hearings.signatures.signatures import Act
from web.custody.commands import minutes_check, verify_command
from web.custody.commands.minutes_check import MinutesReport, RecordingHead

NOW = datetime.now(UTC)
ROOT = Path(__file__).parents[4]
FONTS = ROOT / "web" / "static" / "dist" / "print-fonts"
SEEDS = {"RO": secrets.token_bytes(32), "TH": secrets.token_bytes(32)}
OF = RecordingHead("0192f3a4-7c1e-7b2a-9d3e-1f2a3b4c5d6e", "9:" + "cd" * 32)


def public(state: str) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(SEEDS[state]).public_key().public_bytes_raw()


KEYS = {state: [public(state)] for state in SEEDS}


def signed(body: dict[str, Any], about: str, seeds: Mapping[str, bytes] = SEEDS) -> list[str]:
    both = {"RO": "TH", "TH": "RO"}
    return [
        signatures.sign(
            signatures.statement(state=state, other=other, act=Act.sign_minutes, about=about, body=body, now=NOW),
            seed=seeds[state],
        )
        for state, other in both.items()
    ]


def minutes(
    of: RecordingHead = OF, passage: str = "Public.", *, requested: str = "TH", seeds: Mapping[str, bytes] = SEEDS
) -> dict[str, Any]:
    text = {
        "format": "vivavoce-minutes", "version": 1, "hearing": "7F3K-22QD", "number": 1, "requesting_state": "RO",
        "requested_state": requested, "languages": ["ro", "th"], "passages": [passage],
    }  # fmt: skip
    body = {"text_sha256": digest(text), "recordings": {of.recording: of.head}}
    return {"text": text, **body, "signatures": signed(body, "7F3K-22QD/1", seeds)}


def correction(of: dict[str, Any]) -> dict[str, Any]:
    text = {
        "format": "vivavoce-minutes-correction", "version": 1, "hearing": "7F3K-22QD", "minutes": 1, "number": 2,
        "requesting_state": "RO", "requested_state": "TH", "text_sha256": of["text_sha256"],
        "recordings": of["recordings"], "texts": {"ro": "Nouă."},
    }  # fmt: skip
    body = {"text_sha256": of["text_sha256"], "recordings": of["recordings"], "correction_sha256": digest(text)}
    made = signed(body, "7F3K-22QD/1/correction/2")
    return {"text": text, "correction_sha256": digest(text), "signatures": made}


def none(_data: bytes, _state: str) -> Sequence[PdfSignature]:
    raise AssertionError("no PDF was given")


def check(*papers: Any, keys: Mapping[str, Sequence[bytes]] = KEYS, of: RecordingHead = OF) -> list[MinutesReport]:
    files = [(f"{number}.json", rfc8785.dumps(paper)) for number, paper in enumerate(papers)]
    return minutes_check.check(files, of, keys=keys, pdf=none)


def test_minutes_and_a_correction_of_them_that_both_have_signed_are_verified() -> None:
    whole = minutes()
    found = check(whole, correction(whole))
    assert [(one.kind, one.verdict, one.signed_for) for one in found] == [
        ("minutes", "verified", ("RO", "TH")),
        ("correction", "verified", ("RO", "TH")),
    ]
    assert "signed for RO by the key " in found[0].as_text()


def test_without_the_keys_nobody_can_say_whose_the_signatures_are() -> None:
    (found,) = check(minutes(), keys={})
    assert (found.verdict, found.failures, len(found.missing)) == ("cannot", [], 2)
    (found,) = check(minutes(), keys={"RO": KEYS["RO"], "TH": [bytes(32)]})
    assert (found.verdict, found.signed_for, len(found.missing)) == ("cannot", ("RO",), 1)
    assert "none of its keys given made it" in found.missing[0]


def test_one_authority_cannot_sign_for_the_other_state() -> None:
    """Its own key, a second key of its own State, and minutes that name its State as both."""
    alone = minutes(seeds={"RO": SEEDS["RO"], "TH": SEEDS["RO"]})
    for keys in ({"RO": KEYS["RO"]}, KEYS, {"RO": KEYS["RO"], "TH": KEYS["RO"]}):
        (found,) = check(alone, keys=keys)
        assert (found.verdict, found.failures) == ("failed", ["one key has signed for both States"])
    second = secrets.token_bytes(32)
    own = Ed25519PrivateKey.from_private_bytes(second).public_key().public_bytes_raw()
    keys = {"RO": [*KEYS["RO"], own], "TH": KEYS["TH"]}
    (found,) = check(minutes(seeds={"RO": SEEDS["RO"], "TH": second}), keys=keys)
    assert (found.verdict, found.signed_for) == ("cannot", ("RO",))
    (found,) = check(minutes(requested="RO"))
    assert (found.verdict, found.failures) == ("failed", ["it names one State as both: RO"])


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda whole: whole["text"]["passages"].append("more"), "its text is not the one its hash is of"),
        (lambda whole: whole["recordings"].update({OF.recording: "10:" + "cd" * 32}), "another head"),
        (lambda whole: whole["recordings"].clear(), "does not name this recording"),
        (lambda whole: whole["signatures"].pop(), "no signature of TH"),
        (lambda whole: whole.update(signatures=["x", "y"]), "no signature of RO"),
        (lambda whole: whole["text"].pop("format"), "neither minutes nor a correction"),
    ],
)
def test_what_has_been_changed_fails(change: Any, why: str) -> None:
    whole = minutes()
    change(whole)
    (found,) = check(whole)
    assert found.verdict == "failed" and any(why in one for one in found.failures)


def test_minutes_of_another_recording_fail() -> None:
    (found,) = check(minutes(RecordingHead("another", OF.head)))
    assert found.failures == [f"it does not name this recording ({OF.recording})"]


def test_a_correction_belongs_to_the_minutes_it_names() -> None:
    whole, other = minutes(), minutes(passage="Closed.")
    found = check(other, correction(whole))
    assert (found[0].verdict, found[1].failures) == ("verified", ["it corrects other minutes than those given"])
    (alone,) = check(correction(whole))
    assert (alone.verdict, len(alone.missing)) == ("cannot", 1)


# --- as PDF ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def seals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, DocumentSeal]:
    folder = tmp_path_factory.mktemp("seals")
    made = {state: pdf_seals.seal_of_state(folder, state=state, name="court.example", now=NOW) for state in SEEDS}
    again = pdf_seals.seal_of_state(folder, state="RO", name="court.example", now=NOW)
    assert again == made["RO"] and again.key.read_bytes() == made["RO"].key.read_bytes()
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert sorted(path.name for path in folder.iterdir()) == ["RO.crt", "RO.key", "TH.crt", "TH.key"]
    return made


def reason(state: str, whole: dict[str, Any]) -> str:
    ((recording, head),) = whole["recordings"].items()
    return (
        f"{state} signed vivavoce-minutes 7F3K-22QD/1 text_sha256={whole['text_sha256']} "
        f"recording={recording}@{head} statement_sha256={'ab' * 32}"
    )


def printed(seals: Mapping[str, DocumentSeal], reasons: dict[str, str]) -> bytes:
    data = {"lang": "en", "title": "T", "reference": "RO-1", "notice": "", "meta": [], "sections": []}
    marks = [SealMark(seal=seals[state], field=f"Seal{state}", reason=why) for state, why in reasons.items()]
    return pdf_seals._seal(documents._compile("request", data, documents.FRAME, FONTS), seals["RO"], None, marks)


def command(capsys: pytest.CaptureFixture[str], *arguments: Any) -> tuple[int, list[dict[str, Any]]]:
    code = verify_command.main([*map(str, arguments), "--json"])
    return code, json.loads(capsys.readouterr().out)["minutes"]


def test_the_command_compares_a_bag_with_minutes_and_says_by_which_certificates_they_are_sealed(
    tmp_path: Path, seals: dict[str, DocumentSeal], capsys: pytest.CaptureFixture[str]
) -> None:
    vector = ROOT / "tests" / "vectors" / "custody"
    bag, policy = vector / "bag", vector / "policy.txt"
    assert verify_command.main([str(bag), "--policy", str(policy), "--without-stamp", "--json"]) in (0, 10)
    told = json.loads(capsys.readouterr().out)
    assert "minutes" not in told
    whole = minutes(RecordingHead(told["origin"].rpartition("/")[2], f"{told['size']}:{told['root']}"))
    both = {state: reason(state, whole) for state in SEEDS}
    (tmp_path / "m.json").write_bytes(rfc8785.dumps(whole))
    (tmp_path / "m.pdf").write_bytes(printed(seals, both))
    (tmp_path / "other.pdf").write_bytes(printed(seals, {state: reason(state, minutes()) for state in SEEDS}))
    (tmp_path / "one.pdf").write_bytes(printed(seals, {"RO": both["RO"]}))
    given = (bag, "--policy", policy, "--without-stamp", "--minutes")
    roots = [one for state, seal in seals.items() for one in ("--minutes-root", f"{state}={seal.certificate}")]
    keys = [one for state in SEEDS for one in ("--minutes-key", f"{state}={encode(public(state))}")]
    code, (found,) = command(capsys, *given, tmp_path / "m.json", *keys)
    assert (code in (0, 10), found["verdict"]) == (True, "verified")
    code, (found,) = command(capsys, *given, tmp_path / "m.pdf", *roots)
    assert (code in (0, 10), found["verdict"], found["signed_for"]) == (True, "verified", ["RO", "TH"])
    assert all("Seal of" in one and "certificate" in one for one in found["by"])
    code, (found,) = command(capsys, *given, tmp_path / "m.pdf")
    assert (code, found["verdict"], len(found["missing"])) == (30, "cannot", 2)
    code, (found,) = command(capsys, *given, tmp_path / "other.pdf", *roots)
    assert (code, found["failures"][0].startswith("it does not name this recording")) == (20, True)
    code, (found,) = command(capsys, *given, tmp_path / "one.pdf", *roots)
    assert (code, found["failures"]) == (20, ["it is not sealed for both States"])
    (tmp_path / "changed.pdf").write_bytes((tmp_path / "m.pdf").read_bytes().replace(b"%PDF-1.7", b"%PDF-1.6"))
    code, (found,) = command(capsys, *given, tmp_path / "changed.pdf", *roots)
    assert (code, found["verdict"]) == (20, "failed")


def test_a_seal_of_one_state_does_not_count_for_the_other(tmp_path: Path, seals: dict[str, DocumentSeal]) -> None:
    """Neither its own seal used twice, nor a second seal of its own under the name of the other."""
    second = pdf_seals.seal_of_state(tmp_path, state="TH", name="forged.example", now=NOW)
    roots = {"RO": [seals["RO"].certificate, second.certificate], "TH": [seals["TH"].certificate]}

    def read(data: bytes, state: str) -> Sequence[PdfSignature]:
        return asyncio.run(pdf_seals.check(data, roots=roots.get(state, ()))).signatures

    def found(**used: DocumentSeal) -> MinutesReport:
        pdf = printed(used, {state: reason(state, minutes()) for state in used})
        (report,) = minutes_check.check([("m.pdf", pdf)], OF, keys={}, pdf=read)
        return report

    twice = found(RO=seals["RO"], TH=seals["RO"])
    assert (twice.verdict, twice.failures) == ("failed", ["one certificate has sealed for both States"])
    forged = found(RO=seals["RO"], TH=second)
    assert (forged.verdict, forged.failures, len(forged.missing)) == ("cannot", [], 1)
    assert forged.missing[0].endswith("by which it is sealed for TH: give it by --minutes-root TH=FILE")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--minutes-key", "RO=x"], "--minutes-key: it is not base64url"),
        (["--minutes-key", "x"], "--minutes-key is given with its State"),
        (["--minutes-key", "ro=x"], "--minutes-key is given with its State"),
        (["--minutes-key", f"RO={encode(public('RO'))}", "--minutes-key", f"TH={encode(public('RO'))}"], "two States"),
        (["--minutes-root", "RO=none.pem"], "cannot be read"),
        (["--minutes-root", f"RO={__file__}"], "no certificate"),
    ],
)
def test_a_key_or_certificate_that_is_none_or_of_no_state_is_a_usage_error(
    given: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    vector = ROOT / "tests" / "vectors" / "custody"
    arguments = [str(vector / "bag"), "--policy", str(vector / "policy.txt"), "--without-stamp", *given]
    assert verify_command.main(arguments) == 2
    assert said in capsys.readouterr().err
