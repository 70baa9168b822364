"""What is told of uses of keys away from the court is in the time of the recording, and not without number."""

import json
from pathlib import Path
from typing import Any

import pytest

from media.evidence.log import custody, key_exchange
from media.evidence.log.journal_lines import Line
from media.evidence.log.key_exchange import DAY_NS, MOST_TOLD, SLOW_NS
from tests.support.evidence.seals import LocalSeal

NOW_NS = 1_790_000_200 * 10**9
JUDGE = custody.Accessor("Ioana Marin", "judge", "RO")
OTHER = custody.Accessor("S. Srisai", "authority", "TH")


@pytest.fixture
def folder(recording: Any, tmp_path: Path) -> Path:
    """A closed recording as the recorder leaves it."""
    return Path(recording.write_folder(tmp_path / "recording"))


@pytest.fixture
def seal(recording: Any, tmp_path: Path) -> LocalSeal:
    """The court's seal, which has signed the recording as it is."""
    made: LocalSeal = recording.court_seal(tmp_path / "seal")
    return made


def told(number: int, used: int = NOW_NS, who: custody.Accessor = JUDGE) -> list[Line]:
    """The lines of a note."""
    return [who.key_line(0, "copy", f"{number:032x}") | {"what": "render", "used": str(used)}]


def uses(folder: Path) -> list[dict[str, Any]]:
    every = [json.loads(line) for line in (folder / "custody.jsonl").read_bytes().splitlines()]
    return [line for line in every if line["type"] == "keyuse"]


def test_a_use_before_the_recording_began_is_refused_and_nothing_is_written(folder: Path, seal: LocalSeal) -> None:
    zero = int(json.loads((folder / "journal.jsonl").read_bytes().splitlines()[0])["zero"])
    for early in (-62_135_683_140 * 10**9, 0, zero - SLOW_NS - 1):
        with pytest.raises(key_exchange.UsedTooEarlyError):
            key_exchange.record_use(folder, told(1, early), seal, NOW_NS)
    assert uses(folder) == []
    key_exchange.record_use(folder, told(1, zero - SLOW_NS), seal, NOW_NS)
    assert len(uses(folder)) == 1


def test_one_person_tells_of_so_many_uses_a_day_and_the_others_of_theirs(folder: Path, seal: LocalSeal) -> None:
    for number in range(MOST_TOLD):
        key_exchange.record_use(folder, told(number), seal, NOW_NS)
    with pytest.raises(key_exchange.ToldTooOftenError):
        key_exchange.record_use(folder, told(MOST_TOLD), seal, NOW_NS + DAY_NS - 1)
    key_exchange.record_use(folder, told(0), seal, NOW_NS)
    key_exchange.record_use(folder, [JUDGE.key_line(0, "copy", "in the player")], seal, NOW_NS)
    key_exchange.record_use(folder, told(MOST_TOLD + 1, who=OTHER), seal, NOW_NS)
    key_exchange.record_use(folder, told(MOST_TOLD), seal, NOW_NS + DAY_NS)
    assert len(uses(folder)) == MOST_TOLD + 3


def test_a_note_with_the_id_of_another_does_not_keep_that_one_out(folder: Path, seal: LocalSeal) -> None:
    key_exchange.record_use(folder, told(1, NOW_NS - 60 * 10**9, OTHER), seal, NOW_NS)
    for _again in range(2):
        key_exchange.record_use(folder, told(1), seal, NOW_NS)
    assert [line["person"] for line in uses(folder)] == ["S. Srisai", "Ioana Marin"]
