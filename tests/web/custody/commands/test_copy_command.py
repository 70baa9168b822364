"""A copy to look at is reported by its maker: the custody log has its hash. One of another recording is refused."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from media.evidence.check import bag
from media.evidence.check.policy import parse
from media.evidence.check.verify import VerificationRequest, verify
from media.evidence.log.custody import Accessor
from tests.support.evidence import bags
from tests.support.evidence.films import Shot, film
from web.custody.commands import copy_command
from web.custody.commands.copy_command import NotNoted

BY = Accessor("Ioana Marin (account court)", "operator", "RO")
NOW = 1_795_900_000 * 10**9


@pytest.fixture
def recording() -> bags.Recording:
    made = film({"judge_1_mic": Shot("floor-audio", lambda _t: 440)}, 4_000)
    made.close(4_000)
    return made


def told(recording: bags.Recording, **other: Any) -> bytes:
    """What lies beside a copy of the recording."""
    original = {"origin": bags.ORIGIN, "head": f"{len(recording.lines)}:{recording.root().hex()}"}
    facts = {"original": original, "sha256": "cd" * 32, "purpose": "appeal 12/2026", "masked": ["witness_1"]}
    return json.dumps(facts | {"from_ms": 500, "until_ms": 4_000} | other).encode()


def test_the_custody_log_says_who_made_which_copy_and_what_for(recording, tmp_path: Path) -> None:
    folder = recording.write_folder(tmp_path / "recording")
    seal = recording.court_seal(tmp_path / "seal")
    copy_command.note(folder, told(recording), BY, seal, NOW)
    last = json.loads((folder / "custody.jsonl").read_bytes().splitlines()[-1])
    assert last == {
        "type": "access", "at": str(NOW), "person": BY.person, "role": "operator", "state": "RO", "what": "render",
        "why": "appeal 12/2026", "t0": 500, "t1": 4_000, "masked": ["witness_1"], "sha256": "cd" * 32,
        "root": recording.root().hex(),
    }  # fmt: skip
    bag.export(folder, tmp_path / "bag", seal, BY, "for the file", datetime.fromtimestamp(NOW // 10**9 + 1, UTC))
    report = verify(tmp_path / "bag", VerificationRequest(parse(recording.policy()), without_stamp=True))
    assert (report.findings.verdict, report.findings.failures) == ("verified", [])
    assert "made a copy to look at" in (tmp_path / "bag/provenance.jsonld").read_text()


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"original": {"origin": bags.ORIGIN, "head": f"9:{'ab' * 32}"}}, "another recording: .* 9:abab"),
        ({"sha256": "cd"}, "another form"),
        ({"from_ms": True}, "another form"),
        ({"masked": "witness_1"}, "another form"),
        ({"original": {}}, "not what a copy has beside it"),
    ],
)
def test_what_is_not_of_a_copy_of_this_recording_is_refused(recording, tmp_path: Path, other, said: str) -> None:
    folder = recording.write_folder(tmp_path / "recording")
    before = (folder / "custody.jsonl").read_bytes()
    with pytest.raises(NotNoted, match=said):
        copy_command.note(folder, told(recording, **other), BY, recording.court_seal(tmp_path / "seal"), NOW)
    assert (folder / "custody.jsonl").read_bytes() == before
    with pytest.raises(NotNoted, match="not what a copy has"):
        copy_command.note(folder, b"[]", BY, recording.court_seal(tmp_path / "seal2"), NOW)
