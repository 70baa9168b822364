"""Names come from an exported case, and only if the journal has their hash."""

import json
from pathlib import Path
from typing import Any

import pytest

from media.evidence.render import people
from media.evidence.render.subtitles import CaseError
from tests.support.evidence.speech import PEOPLE, person_hash, spoken


def case(folder: Path, *seats: str, **change: Any) -> Path:
    """An exported case with one hearing and these people."""
    hearing: dict[str, Any] = {"requesting_zone": "Europe/Bucharest", "requested_zone": "Asia/Bangkok"}
    hearing |= {"people": [PEOPLE[seat] | change for seat in seats]}
    (folder / "hearings" / "RO-1").mkdir(parents=True)
    (folder / "hearings" / "RO-1" / "hearing.json").write_text(json.dumps(hearing))
    return folder


def test_names_and_both_zones_are_those_of_the_hearing(tmp_path: Path) -> None:
    sealed = people.sealed_people(spoken().encoded())
    assert sealed["witness_1", "witness"] == person_hash("witness_1")
    found = people.read(case(tmp_path, "judge_1", "witness_1"), sealed)
    assert sorted(found.names.values()) == ["Ana Popa", "Witness 1"]
    assert found.zones == ("Europe/Bucharest", "Asia/Bangkok")


def test_a_name_that_is_not_the_sealed_one_is_not_taken(tmp_path: Path) -> None:
    sealed = people.sealed_people(spoken().encoded())
    whole = case(tmp_path, "judge_1", "witness_1")
    file = whole / "hearings" / "RO-1" / "hearing.json"
    file.write_text(file.read_text().replace("Witness 1", "Somebody Else"))
    assert list(people.read(whole, sealed).names.values()) == ["Ana Popa"]


@pytest.mark.parametrize(
    "spoil", [lambda file: file.unlink(), lambda file: file.write_text("{}"), lambda file: file.write_text("[")]
)
def test_what_is_no_case_is_refused(tmp_path: Path, spoil: Any) -> None:
    whole = case(tmp_path, "judge_1")
    spoil(whole / "hearings" / "RO-1" / "hearing.json")
    with pytest.raises(CaseError):
        people.read(whole, {("judge_1", "presiding_judge"): person_hash("judge_1")})


def test_the_case_of_another_hearing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="anybody who is in this recording"):
        people.read(case(tmp_path, "judge_1", state="FR"), {("judge_1", "presiding_judge"): person_hash("judge_1")})
