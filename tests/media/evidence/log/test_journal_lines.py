"""The one spelling of a line is RFC 8785's, and no bytes, however odd, stop the verifier from giving a verdict."""

import copy
import json
import shutil
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import rfc8785
from hypothesis import HealthCheck, given, settings, strategies as st

from media.evidence.check import policy, proofs_check
from media.evidence.check.policy import parse
from media.evidence.check.verify import VerificationRequest, verify
from media.evidence.log import journal_lines

INTEGERS = st.integers(-journal_lines.MAX_INTEGER, journal_lines.MAX_INTEGER)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
KEYS = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
VALUES = st.recursive(
    st.none() | st.booleans() | INTEGERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)
JUNK = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | TEXTS | st.lists(st.integers(), max_size=2)


@given(st.dictionaries(KEYS, VALUES, max_size=5))
def test_a_line_is_spelled_as_rfc_8785_spells_it(value: dict[str, Any]) -> None:
    spelled = journal_lines.canonical(value)
    assert spelled == rfc8785.dumps(value)
    assert journal_lines.parse(spelled) == value


@given(st.dictionaries(KEYS, VALUES, min_size=1, max_size=5), st.data())
def test_any_other_spelling_of_a_line_is_refused(value: dict[str, Any], data: st.DataObject) -> None:
    spelled = journal_lines.canonical(value)
    other = data.draw(
        st.sampled_from(
            [
                json.dumps(value, ensure_ascii=False).encode(errors="surrogatepass"),
                json.dumps(value, separators=(",", ":"), ensure_ascii=True, sort_keys=True).encode(),
                b" " + spelled,
                spelled + b"\n",
                spelled[:-1] + b",}",
            ]
        )
    )
    if other != spelled:
        with pytest.raises(journal_lines.LineError):
            journal_lines.parse(other)


SEGMENT = {
    "at": "1700000000000000000", "file": "seg/judge_1_mic-000001.age", "holes": [0, 0], "k": [], "n": 1,
    "packets": [100, 0, 0], "rap": 1, "rtp": [48_000, 144_000], "seq": [1, 100],
    "sha256": "0123456789abcdef" * 4, "size": 8_000, "t0": 0, "t1": 2_000, "track": "judge_1_mic", "type": "segment",
}  # fmt: skip
NUMBERS = [0, -1, 1.0, 1e3, 10**6, 2**53, 2**53 - 1, 2**64, True, None]
NEARLY = ["", "1", "01", "1\n", "segment\n", "a", "A", "a" * 33, "\x00", "f" * 64, "F" * 64, "f" * 64 + "\n"]
LISTS = [[], [1], [1, 2], [1, 2, 3], [1, -2], [1, True], [1, 2.0], ["1", 2], {}]
NEAR = st.sampled_from([*NUMBERS, *NEARLY, *LISTS])
"""Values that are nearly or just right for one field or another of a segment's line."""


@given(st.dictionaries(st.sampled_from([*SEGMENT, "more", "at "]), NEAR, max_size=2), st.sampled_from([*SEGMENT, ""]))
def test_a_segment_read_quickly_is_what_is_read_slowly(changed: dict[str, Any], without: str) -> None:
    value = {**SEGMENT, **changed}
    value.pop(without, None)
    for line in (journal_lines.canonical(value), json.dumps(value, separators=(",", ":")).encode()):
        quick = journal_lines.read_segment(line)
        if quick is not None:
            journal_lines.check_fields(quick)
            assert (quick, quick["type"]) == (journal_lines.parse(line), "segment")


def test_a_right_segment_is_read_quickly_and_no_byte_of_it_may_differ() -> None:
    line = journal_lines.canonical(SEGMENT)
    assert journal_lines.read_segment(line) == SEGMENT
    for position in range(len(line)):
        for byte in b' "}0,\\e':
            other = line[:position] + bytes([byte]) + line[position + 1 :]
            quick = journal_lines.read_segment(other)
            if quick is not None:
                journal_lines.check_fields(quick)
                assert quick == journal_lines.parse(other)


@given(st.binary(max_size=200))
def test_random_bytes_are_refused_as_a_line_a_policy_or_a_proof_and_nothing_breaks(data: bytes) -> None:
    value, problem = journal_lines.read(data)
    assert value is not None or problem
    with pytest.raises(policy.PolicyError):
        parse(data)
    with pytest.raises(proofs_check.ProofFileError):
        proofs_check.parse_proof(data)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_sealed_journal_with_any_nonsense_in_it_gets_a_verdict(
    data: st.DataObject, good_recording: Any, builder: ModuleType, tmp_path: Path
) -> None:
    recording = copy.copy(good_recording)
    recording.lines = copy.deepcopy(good_recording.lines)
    recording.raw = {}
    for _ in range(data.draw(st.integers(1, 3))):
        index = data.draw(st.integers(0, len(recording.lines) - 1))
        line = recording.lines[index]
        action = data.draw(st.sampled_from(["field", "remove", "drop", "twice", "move", "raw", "inner"]))
        if action == "field":
            line[data.draw(st.sampled_from(sorted(line)))] = data.draw(JUNK)
        elif action == "remove":
            line.pop(data.draw(st.sampled_from(sorted(line))), None)
        elif action == "inner" and isinstance(line.get("tracks"), dict) and line["tracks"]:
            line["tracks"][data.draw(st.sampled_from(sorted(line["tracks"])))] = data.draw(JUNK)
        elif action == "drop" and len(recording.lines) > 1:
            recording.lines.pop(index)
        elif action == "twice":
            recording.lines.insert(data.draw(st.integers(0, index)), copy.deepcopy(line))
        elif action == "move":
            recording.lines.insert(data.draw(st.integers(0, len(recording.lines) - 1)), recording.lines.pop(index))
        elif action == "raw":
            recording.raw[index] = data.draw(st.binary(max_size=40)).replace(b"\n", b"")
        if not line:
            line["type"] = "x"
    for index, line in enumerate(recording.lines):
        try:
            rfc8785.dumps(line)
        except Exception:
            recording.raw[index] = json.dumps(line).encode()
    bag = tmp_path / "bag"
    shutil.rmtree(bag, ignore_errors=True)
    recording.write(bag)
    report = verify(bag, VerificationRequest(parse(recording.policy()), without_stamp=True))
    assert report.findings.verdict in ("verified", "gaps", "failed", "cannot")
    assert (report.findings.verdict == "failed") is (report.findings.first != "-")
    assert report.as_text().startswith("origin:    court.example")
    json.dumps(report.as_json())
