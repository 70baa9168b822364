"""The verdict tells each declared gap: whose, from when to when, and why, and no more of them than a person reads."""

import ast
from pathlib import Path
from types import ModuleType
from typing import Any

from media.evidence.check import gaps
from media.evidence.check.gaps import Gap, Gaps
from media.evidence.check.policy import parse
from media.evidence.check.verify import VerificationReport, VerificationRequest, verify
from media.evidence.log.journal_lines import CAUSES

TREE = Path(gaps.__file__).with_name("standalone") / "tree.py"


def _report(builder: ModuleType, webm: Any, folder: Path) -> VerificationReport:
    """A witness whose line was lost for a second, and something that came too late to be kept."""
    recording = builder.Recording()
    recording.begin()
    recording.line("person", seat="witness_1", role="expert", state="TH", sha256="b" * 64)
    recording.track("witness_1_mic", "floor-audio")
    recording.track("channel_ro", "language", required=False, lang="ro")
    recording.init("witness_1_mic", webm["audio"][0], builder.MIMES["audio"])
    recording.segment("witness_1_mic", 1, webm["audio"][1], (0, 2000), [])
    recording.line("person", seat="witness_1", role="protected_witness", state="TH", sha256="c" * 64)
    recording.gap("witness_1_mic", (2000, 3250), "network")
    recording.segment("witness_1_mic", 2, webm["audio"][2], (3250, 5000), [])
    recording.gap("witness_1_mic", (500, 540), "late")
    recording.gap("channel_ro", (0, 5000), "sender_off")
    recording.close(5000)
    return verify(recording.write(folder / "bag"), VerificationRequest(parse(recording.policy()), without_stamp=True))


def test_the_text_tells_whose_when_and_why(builder: ModuleType, webm: Any, tmp_path: Path) -> None:
    report = _report(builder, webm, tmp_path)
    assert (report.findings.verdict, report.findings.failures) == ("gaps", [])
    assert [line for line in report.as_text().splitlines() if line.startswith("gap")] == [
        "gaps:      late: 1, 0.040 s",
        "gaps:      network: 1, 1.250 s",
        "gaps:      sender_off: 1, 5.000 s",
        "gap:       2026-09-21T14:13:20.000Z to 2026-09-21T14:13:25.000Z, 5.000 s: channel_ro: "
        "switched off by the person",
        "gap:       2026-09-21T14:13:20.500Z to 2026-09-21T14:13:20.540Z, 0.040 s: witness_1_mic (protected "
        "witness, TH): it came too late to be kept",
        "gap:       2026-09-21T14:13:22.000Z to 2026-09-21T14:13:23.250Z, 1.250 s: witness_1_mic "
        "(protected witness, TH): nothing came over the line",
    ]


def test_json_has_every_gap_beside_the_totals(builder: ModuleType, webm: Any, tmp_path: Path) -> None:
    told = _report(builder, webm, tmp_path).as_json()
    assert told["gaps"]["network"] == {"count": 1, "ms": 1250}
    assert (told["declared_in_all"], [gap["cause"] for gap in told["declared"]]) == (
        3,
        ["sender_off", "late", "network"],
    )
    assert (told["declared"][0]["role"], told["declared"][0]["state"]) == (None, None)
    assert told["declared"][2] == {
        "track": "witness_1_mic",
        "role": "protected_witness",
        "state": "TH",
        "from": "2026-09-21T14:13:22.000Z",
        "until": "2026-09-21T14:13:23.250Z",
        "t0": 2000,
        "t1": 3250,
        "ms": 1250,
        "cause": "network",
        "words": "nothing came over the line",
    }


def test_of_many_gaps_the_longest_are_kept_and_the_rest_counted() -> None:
    found = Gaps(zero_ms=0)
    for number in range(1, 1_501):
        found.add(Gap(10_000 * number, 10_000 * number + number, "judge_1_mic", "network"))
    assert [gap.ms for gap in found.longest()] == list(range(501, 1_501))
    assert len(found.as_json()) == 1_000
    told = found.as_text(20)
    assert len(told) == 21
    assert told[0].startswith("1970-01-01T04:06:50.000Z to 1970-01-01T04:06:51.481Z, 1.481 s: judge_1_mic:")
    assert told[-1] == "1,480 more, none of them longer"


def test_a_gap_whose_time_is_not_known_is_told_by_the_recordings_own() -> None:
    for zero in (None, 10**17):
        found = Gaps(zero_ms=zero)
        found.add(Gap(2_000, 3_500, "judge_1_mic", "disk"))
        assert found.as_text(20) == ["2.000 s to 3.500 s, 1.500 s: judge_1_mic: it could not be stored"]


def test_every_cause_has_the_same_words_in_the_printed_script() -> None:
    tables = [node for node in ast.parse(TREE.read_text()).body if isinstance(node, ast.Assign)]
    printed = next(ast.literal_eval(node.value) for node in tables if getattr(node.targets[0], "id", "") == "CAUSES")
    assert printed == gaps.CAUSES
    assert set(printed) == CAUSES
