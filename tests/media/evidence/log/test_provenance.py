"""`provenance.jsonld` says what the logs say, in terms that the checker of CASE accepts, and changes no verdict."""

import hashlib
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import bagit
import pytest

from media.evidence.check import bag
from media.evidence.log import custody, provenance

WHO = custody.Accessor("Ștefan “S.” Ionescu", "clerk", "RO")
NOW = datetime(2026, 9, 22, 10, 30, tzinfo=UTC)
CASE_VALIDATE = [sys.executable, "-c", "from case_utils.case_validate import main; main()"]


@pytest.fixture
def exported(recording: Any, tmp_path: Path) -> Path:
    """A bag taken by somebody, after a viewing."""
    folder, seal = Path(recording.write_folder(tmp_path / "recording")), recording.court_seal(tmp_path / "seal")
    custody.record(folder, [WHO.line("view", "minutes")], seal, int(NOW.timestamp()) * 10**9)
    bag.export(folder, tmp_path / "bag", seal, WHO, "copy", NOW + timedelta(minutes=1))
    return tmp_path / "bag"


def graph_of(folder: Path, kind: str) -> list[dict[str, Any]]:
    graph = json.loads((folder / provenance.FILE).read_text(encoding="utf-8"))["@graph"]
    return [node for node in graph if node["@type"] == kind]


def test_the_checker_of_case_accepts_it_without_a_warning(exported: Path) -> None:
    done = subprocess.run([*CASE_VALIDATE, exported / provenance.FILE], capture_output=True, text=True, check=False)
    assert (done.returncode, "Conforms: True" in done.stdout) == (0, True), done.stdout + done.stderr


def test_a_file_that_is_no_provenance_is_refused_by_that_checker(exported: Path, tmp_path: Path) -> None:
    wrong = json.loads((exported / provenance.FILE).read_text(encoding="utf-8"))
    action = next(node for node in wrong["@graph"] if node["@type"] == "case-investigation:InvestigativeAction")
    action["uco-action:startTime"] = "yesterday"
    (tmp_path / "wrong.jsonld").write_text(json.dumps(wrong))
    done = subprocess.run([*CASE_VALIDATE, tmp_path / "wrong.jsonld"], capture_output=True, text=True, check=False)
    assert (done.returncode, "Conforms: False" in done.stdout) == (1, True)


def test_each_link_is_an_action_with_its_person_and_follows_the_one_before(exported: Path) -> None:
    actions = graph_of(exported, "case-investigation:InvestigativeAction")
    assert [action["uco-core:name"] for action in actions] == [
        *("captured", "key wrapped", "sealed", "stored"),
        *("exported", "viewed", "exported"),
    ]
    _earlier, person = graph_of(exported, "uco-identity:Person")
    assert (person["uco-core:name"], person["uco-core:description"]) == (WHO.person, "clerk, RO")
    key, viewing = actions[1]["uco-core:description"], actions[-2]["uco-core:description"]
    named = hashlib.sha256((exported / "data/hearing-key.age").read_bytes()).hexdigest()
    assert (key, viewing) == (f"line 1 of journal.jsonl; sha256: {named}", "line 3 of custody.jsonl; why: minutes")
    by = [action["uco-action:performer"]["@id"] == person["@id"] for action in actions]
    assert by == [False] * 5 + [True] * 2
    before = [action.get("case-investigation:wasInformedBy", {}).get("@id", "") for action in actions]
    assert before == ["", *(action["@id"] for action in actions[:-1])]


def test_whoever_decided_released_or_received_is_named_and_why_to_whom_and_of_what_hash(tmp_path: Path) -> None:
    hold = {"type": "hold", "hold": "1", "in_force": True, "person": "A. Popa", "state": "RO", "why": "appeal"}
    destroyed = {"type": "destroyed", "files": ["hearing-key.age"], "state": "RO", "why": "its time is over"}
    released = {"type": "released", "release": "2", "what": "whole", "to": "S. Srisai", "state": "TH", "limits": []}
    received = {"type": "received", "release": "2", "by": "S. Srisai", "why": {"blob": "cd" * 32}}
    lines: list[dict[str, Any]] = [
        {"type": "custody", "format": 1},
        {"type": "archive", "file": "x", "bucket": "b", "version": "1", "until": "2036-01-01"},
        hold,
        destroyed | {"proposed": "A. Popa", "decided": "D. Ionescu", "hashes": ["01" * 32, "23" * 32]},
        released | {"purpose": "the trial", "by": ["I. Marin", "A. Popa"], "statement": "ab" * 32, "from": "RO"},
        received | {"state": "TH", "verdict": "verified", "receipt": "ef" * 32},
    ]
    logs = [json.dumps(line | {"at": str(1_790_000_000 * 10**9)}).encode() for line in lines]
    made = provenance.document("court.example/hearing/1", [], logs)
    (tmp_path / provenance.FILE).write_bytes(made)
    named = {
        node["@id"]: (node["uco-core:name"], node.get("uco-core:description", ""))
        for node in json.loads(made)["@graph"]
        if node["@type"].startswith("uco-identity:")
    }
    assert [
        (
            action["uco-core:name"],
            *(named[one["@id"]] for one in [action["uco-action:performer"], *action.get("uco-action:participant", [])]),
        )
        for action in graph_of(tmp_path, "case-investigation:InvestigativeAction")
    ] == [
        ("archive", ("court.example", "")),
        ("hold", ("A. Popa", "RO")),
        ("destroyed", ("D. Ionescu", "RO"), ("A. Popa", "RO")),
        ("released", ("A. Popa", "RO"), ("I. Marin", "RO")),
        ("received", ("S. Srisai", "TH")),
    ]
    actions = graph_of(tmp_path, "case-investigation:InvestigativeAction")
    assert [action["uco-core:description"] for action in actions] == [
        "line 1 of custody.jsonl",
        "line 2 of custody.jsonl; why: appeal",
        f"line 3 of custody.jsonl; why: its time is over; sha256: {'01' * 32}, {'23' * 32}",
        f"line 4 of custody.jsonl; why: the trial; to: S. Srisai (TH); statement: {'ab' * 32}",
        f"line 5 of custody.jsonl; why: blob/{'cd' * 32}.age; receipt: {'ef' * 32}",
    ]
    done = subprocess.run([*CASE_VALIDATE, tmp_path / provenance.FILE], capture_output=True, text=True, check=False)
    assert (done.returncode, "Conforms: True" in done.stdout) == (0, True), done.stdout + done.stderr


def test_the_same_logs_give_the_same_file_which_names_their_hashes(exported: Path) -> None:
    logs = [(exported / "data" / name).read_bytes() for name in (custody.JOURNAL, custody.LOG)]
    lines = [data.split(b"\n")[:-1] for data in logs]
    origin = json.loads(lines[0][0])["origin"]
    assert provenance.document(origin, *lines) == (exported / provenance.FILE).read_bytes()
    text = (exported / provenance.FILE).read_text(encoding="utf-8")
    assert all(hashlib.sha256(data).hexdigest() in text for data in logs)


def test_it_is_a_tag_file_under_the_tag_manifests(exported: Path) -> None:
    assert bagit.Bag(str(exported)).validate()
    for algorithm in ("sha256", "sha512"):
        assert f"  {provenance.FILE}\n" in (exported / f"tagmanifest-{algorithm}.txt").read_text()
