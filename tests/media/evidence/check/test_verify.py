"""The rules of the format one by one: what the verdict is, and what it names first."""

import argparse
import json
import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from media.evidence.check import proofs_check
from media.evidence.check.policy import parse
from media.evidence.check.verify import CheckPapers, UsageError, VerificationReport, VerificationRequest, main, verify
from media.evidence.log import tlog
from media.evidence.seal import key_use
from tests.support.tsa import stamped
from tests.vectors import make
from web.demo.time_authority import Authority

WITNESS_SEED = b"w" * 32
SECOND_NS = 10**9


def check(recording: Any, folder: Path, **more: Any) -> VerificationReport:
    """Write the recording as a bag, sealed as it is, and judge it."""
    more = {"policy": parse(recording.policy()), "without_stamp": True, **more}
    return verify(recording.write(folder / "bag"), VerificationRequest(**more))


def summary(report: VerificationReport) -> tuple[str, str]:
    """Verdict and first."""
    return report.findings.verdict, report.findings.first


def find(recording: Any, kind: str, **fields: Any) -> dict[str, Any]:
    """The first line of a type with these fields."""
    return next(
        line for line in recording.lines if line["type"] == kind and all(line[key] == fields[key] for key in fields)
    )


def position(recording: Any, line: dict[str, Any]) -> int:
    """Its index."""
    return next(index for index, other in enumerate(recording.lines) if other is line)


def edit(kind: str, change: dict[str, Any], /, **fields: Any) -> Callable[[Any], str]:
    """Change fields of a line (None removes one); the line is what fails first."""

    def apply(recording: Any) -> str:
        line = find(recording, kind, **fields)
        for key, value in change.items():
            line[key] = value
            if value is None:
                del line[key]
        return f"line {position(recording, line)}"

    return apply


def raw(index: int, change: Callable[[bytes], bytes]) -> Callable[[Any], str]:
    """Write a line in another spelling."""

    def apply(recording: Any) -> str:
        recording.raw[index] = change(recording.encoded()[index])
        return f"line {index}"

    return apply


def move(kind: str, to: int, **fields: Any) -> Callable[[Any], str]:
    """Put a line elsewhere; it fails at its new place."""

    def apply(recording: Any) -> str:
        line = find(recording, kind, **fields)
        recording.lines.remove(line)
        recording.lines.insert(to, line)
        return f"line {to}"

    return apply


def add(kind: str, at: int | None = None, /, **fields: Any) -> Callable[[Any], str]:
    """Insert a line (at the end without a place)."""

    def apply(recording: Any) -> str:
        recording.line(kind, **fields)
        line = recording.lines.pop()
        place = len(recording.lines) if at is None else at
        recording.lines.insert(place, line)
        return f"line {place}"

    return apply


def closing(track: str, **change: Any) -> Callable[[Any], str]:
    """Change what close says of a track."""

    def apply(recording: Any) -> str:
        line = find(recording, "close")
        line["tracks"][track].update(change)
        return f"line {position(recording, line)}"

    return apply


CLOCK = {"source": "kernel", "synchronised": False, "offset": "", "error": "", "stratum": ""}
EVENT = {"entry": 1, "kind": "hold", "t": 0, "who": "clerk", "seat": "", "sha256": "0" * 64}

LINES: dict[str, Callable[[Any], str]] = {
    "no at": edit("loss", {"at": None}),
    "at is a number": edit("loss", {"at": 5}),
    "at has a leading zero": edit("loss", {"at": "05"}),
    "at has 21 digits": edit("loss", {"at": "1" * 21}),
    "a type that is no text": edit("loss", {"type": 5}),
    "a missing field": edit("loss", {"packets": None}),
    "a negative number": edit("loss", {"packets": -1}),
    "true for a number": edit("loss", {"packets": True}),
    "text for a number": edit("loss", {"packets": "2"}),
    "a number for a flag": edit("track", {"required": 1}),
    "an unknown kind of track": edit("track", {"kind": "camera"}),
    "a language that is none": edit("track", {"lang": "r_o"}, track="channel_ro"),
    "a track name in capitals": edit("soundcheck", {"track": "Judge"}),
    "a level that is a text": edit("soundcheck", {"level": "-20"}),
    "a hash in capitals": edit("keywrap", {"sha256": "A" * 64}),
    "k that does not rise": edit("segment", {"k": [0, 5, 5]}, track="judge_1_cam", n=1),
    "k beyond the segment": edit("segment", {"k": [0, 2000]}, track="judge_1_cam", n=1),
    "k in audio": edit("segment", {"k": [0]}, track="judge_1_mic", n=1),
    "rap of audio elsewhere": edit("segment", {"rap": 1}, track="judge_1_mic", n=2),
    "rap of video ahead": edit("segment", {"rap": 3}, track="judge_1_cam", n=2),
    "rap without a key frame": edit("segment", {"k": [100]}, track="judge_1_cam", n=1),
    "a file of another number": edit("segment", {"file": "seg/judge_1_mic-000002.age"}, track="judge_1_mic", n=1),
    "an init of another file": edit("init", {"file": "seg/x-000000.age"}, track="judge_1_mic"),
    "a wrapped key of another name": edit("keywrap", {"file": "key.age"}),
    "open twice": lambda recording: add("open", 5, **_fields(recording.lines[0]))(recording),
    "open with another uuid": edit("open", {"recording": "0198c0de-0000-7000-8000-000000000009"}),
    "a track declared twice": add(
        "track", 8, track="judge_1_mic", t=0, role="", kind="language", codec="", lang="", required=True, pseudonym=""
    ),
    "a gap that ends as it begins": add("gap", 9, track="judge_1_mic", t0=5, t1=5, cause="network"),
    "a gap of an unknown cause": add("gap", 9, track="judge_1_mic", t0=5, t1=6, cause="weather"),
    "a gap of no track": add("gap", 9, track="nobody", t0=5, t1=6, cause="network"),
    "a pause, which is no type any more but a cause": add("gap", 9, track="judge_1_mic", t0=5, t1=6, cause="pause"),
    "a clock in words": add("clock", 9, **CLOCK | {"offset": "fast"}),
    "a clock without its stratum": add("clock", 9, **CLOCK | {"stratum": None}),
    "a person without a seat": add("person", 9, seat="", role="witness", state="TH", sha256="0" * 64),
    "an entry of the log without a number": add("event", 9, **EVENT | {"entry": 0}),
    "a log that begins in the middle": add("event", 9, **EVENT | {"entry": 2}),
    "an entry of the log after close": add("event", **EVENT),
    "a loss after close": add("loss", track="judge_1_mic", t0=0, t1=1, packets=1),
    "an unknown type after close": add("later", z=1),
    "a notice after close": add("notice", code="x", text=""),
    "an access in the journal": add("access", 9, person="", role="", state="", what="view", why=""),
    "a second close": lambda recording: add("close", t=6000, tracks=find(recording, "close")["tracks"])(recording),
    "close without a track": edit("close", {"tracks": {}}),
    "close with another count": closing("judge_1_mic", count=4),
    "close with another end": closing("channel_ro", end=5999),
    "close with another number of gaps": closing("judge_1_mic", gaps=1),
    "close with another init": closing("judge_1_mic", init="0" * 64),
    "close with another mime": closing("judge_1_mic", mime="audio/ogg"),
    "close without index pages": closing("judge_1_mic", pages=[]),
    "close before an end": edit("close", {"t": 5999}),
    "close after the required tracks": edit("close", {"t": 6001}),
    "a space": raw(3, lambda line: line.replace(b":", b": ", 1)),
    "a CR": raw(3, lambda line: line + b"\r"),
    "an empty line": raw(3, lambda line: b""),
    "a BOM": raw(0, lambda line: b"\xef\xbb\xbf" + line),
    "keys in another order": raw(3, lambda line: line[:-1] + b',"a":1}'),
    "a key twice": raw(3, lambda line: line[:-1] + b',"type":"soundcheck"}'),
    "a key in capitals": raw(3, lambda line: b'{"A":1,' + line[1:]),
    "a fraction": raw(3, lambda line: line.replace(b"-213", b"-213.0")),
    "an exponent": raw(3, lambda line: line.replace(b"-213", b"-2e2")),
    "minus zero": raw(3, lambda line: line.replace(b"-213", b"-0")),
    "a number beyond 2^53": raw(3, lambda line: line.replace(b"-213", b"-9007199254740992")),
    "not a number": raw(3, lambda line: line.replace(b"-213", b"NaN")),
    "a lone surrogate": raw(3, lambda line: line[:-1] + b',"z":"\\ud800"}'),
    "an escape that is not needed": raw(3, lambda line: line[:-1] + b',"z":"\\u0041"}'),
    "bytes that are not UTF-8": raw(3, lambda line: line[:-1] + b',"z":"\xff"}'),
    "a list": raw(3, lambda line: b"[]"),
    "nesting of 17": raw(3, lambda line: line[:-1] + b',"z":' + b"[" * 16 + b"]" * 16 + b"}"),
    "nesting without end": raw(3, lambda line: b"[" * 60_000),
    "a line of 65,537 bytes": raw(
        3, lambda line: line[:-1] + b',"z":"' + b"x" * (65_537 - len(line) - 7) + b'"}'
    ),
}  # fmt: skip


def _fields(line: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in line.items() if key not in ("type", "at")}


@pytest.mark.parametrize("case", LINES)
def test_a_line_against_the_rules_fails_and_is_named(case: str, recording: Any, tmp_path: Path) -> None:
    first = LINES[case](recording)
    report = check(recording, tmp_path)
    places = [item.where for item in report.findings.failures if item.kind == "line"]
    assert report.findings.verdict == "failed"
    assert first in places
    if report.findings.first.startswith("line"):
        assert report.findings.first == first
    assert "checkpoint" not in places


ALLOWED: dict[str, Callable[[Any], str]] = {
    "nesting of 16": raw(22, lambda line: line[:-1] + b',"z":' + b"[" * 15 + b"]" * 15 + b"}"),
    "a line of 65,536 bytes": raw(22, lambda line: line[:-1] + b',"z":"' + b"x" * (65_536 - len(line) - 7) + b'"}'),
    "an unknown field": edit("loss", {"z": [None, "é", -5]}),
    "an unknown type in the custody log": lambda recording: recording.custody("later", z=1),
    "a blob that is gone": lambda recording: recording.access(why={"blob": "a" * 64}),
    "a derived file that is gone": lambda recording: recording.custody(
        "derive", file="derived/000001.age", size=5, sha256="a" * 64, of=[], what="grid"
    ),
    "a language channel without media": lambda recording: _without_media(recording),
}


def _without_media(recording: Any) -> str:
    recording.lines[:] = [
        line for line in recording.lines if line.get("track") != "channel_ro" or line["type"] == "track"
    ]
    recording.files = {path: data for path, data in recording.files.items() if "channel_ro" not in path}
    recording.lines[6]["t"] = 6000
    find(recording, "close")["tracks"]["channel_ro"] = {
        "mime": "", "init": "", "count": 0, "end": 6000, "gaps": 0, "pages": []
    }  # fmt: skip
    return ""


@pytest.mark.parametrize("case", ALLOWED)
def test_what_the_rules_allow_passes(case: str, recording: Any, tmp_path: Path) -> None:
    ALLOWED[case](recording)
    report = check(recording, tmp_path)
    assert report.findings.failures == []
    assert summary(report) == ("verified", "-")


def test_a_close_may_be_longer_than_other_lines(recording: Any, tmp_path: Path) -> None:
    close = find(recording, "close")
    close["more"] = "x" * 100_000
    assert summary(check(recording, tmp_path)) == ("verified", "-")
    close["more"] = "x" * 1_048_577
    shutil.rmtree(tmp_path / "bag")
    assert summary(check(recording, tmp_path))[0] == "failed"


# --- numbers and time ------------------------------------------------------------------------------------------------


def test_a_missing_number_is_named(recording: Any, tmp_path: Path) -> None:
    recording.lines.remove(find(recording, "segment", track="judge_1_mic", n=2))
    assert summary(check(recording, tmp_path)) == ("failed", "judge_1_mic-000002")


def test_a_number_used_twice_is_named(recording: Any, tmp_path: Path) -> None:
    line = find(recording, "segment", track="judge_1_mic", n=2)
    recording.lines.insert(position(recording, line), dict(line))
    assert summary(check(recording, tmp_path)) == ("failed", "judge_1_mic-000002")


def test_a_hole_in_time_names_the_segment_behind_it(
    gapped: Any, builder: ModuleType, webm: Any, tmp_path: Path
) -> None:
    recording = builder.standard(webm, gaps=True)
    recording.lines.remove(find(recording, "gap"))
    find(recording, "close")["tracks"]["judge_1_cam"]["gaps"] = 0
    assert summary(check(recording, tmp_path)) == ("failed", "judge_1_cam-000002")


@pytest.mark.parametrize(("t0", "t1"), [(2001, 4000), (1999, 4000)])
def test_a_hole_or_overlap_of_one_millisecond_fails(
    t0: int, t1: int, builder: ModuleType, webm: Any, tmp_path: Path
) -> None:
    recording = builder.standard(webm)
    find(recording, "segment", track="judge_1_mic", n=2).update(t0=t0, t1=t1)
    assert summary(check(recording, tmp_path)) == ("failed", "judge_1_mic-000002")


def test_a_gap_over_sealed_time_fails(recording: Any, tmp_path: Path) -> None:
    place = position(recording, find(recording, "loss"))
    add("gap", place, track="judge_1_mic", t0=2500, t1=3000, cause="network")(recording)
    find(recording, "close")["tracks"]["judge_1_mic"]["gaps"] = 1
    assert summary(check(recording, tmp_path)) == ("failed", f"line {place}")


def test_a_segment_that_begins_before_a_lower_number_is_named(recording: Any, tmp_path: Path) -> None:
    find(recording, "segment", track="judge_1_mic", n=2).update(t0=4000, t1=6000)
    find(recording, "segment", track="judge_1_mic", n=3).update(t0=2000, t1=4000)
    assert summary(check(recording, tmp_path)) == ("failed", "judge_1_mic-000003")


def test_a_required_track_that_joins_late_fails_without_a_gap(recording: Any, tmp_path: Path) -> None:
    find(recording, "track", track="channel_ro")["required"] = True
    line = position(recording, find(recording, "track", track="channel_ro"))
    assert summary(check(recording, tmp_path)) == ("failed", f"line {line}")


def test_a_recording_without_a_required_track_fails(recording: Any, tmp_path: Path) -> None:
    for line in recording.lines:
        if line["type"] == "track":
            line["required"] = False
    close = position(recording, find(recording, "close"))
    assert summary(check(recording, tmp_path)) == ("failed", f"line {close}")


def _reopened(builder: ModuleType, webm: Any, *, anchor: bool = True, cause: str = "recovered", t: int = 3500) -> Any:
    recording = builder.Recording()
    recording.begin()
    recording.track("judge_1_mic", "floor-audio")
    recording.init("judge_1_mic", webm["audio"][0], builder.MIMES["audio"])
    recording.segment("judge_1_mic", 1, webm["audio"][1], (0, 2000), [])
    recording.line("reopen", t=t, reason="recorder restarted")
    if anchor:
        recording.line("anchor", t=t, utc="1", mono="1")
    named = recording.sealed("seg/judge_1_mic-000002.age", webm["audio"][2])
    recording.line("recovered_segment", track="judge_1_mic", n=2, **named)
    recording.gap("judge_1_mic", (2000, 4000), cause)
    times = (2000 if cause == "recovered" else 0).to_bytes(4, "big") + bytes.fromhex("0000ffff00000000")
    recording.records["judge_1_mic"] += times + named["size"].to_bytes(4, "big") + bytes.fromhex(named["sha256"])
    recording.segment("judge_1_mic", 3, webm["audio"][3], (4000, 6000), [])
    recording.close(6000)
    return recording


def test_a_recovered_recording_is_verified_with_its_gaps(builder: ModuleType, webm: Any, tmp_path: Path) -> None:
    recording = _reopened(builder, webm)
    report = check(recording, tmp_path, identity=recording.key_file())
    assert report.findings.failures == []
    assert summary(report) == ("gaps", "-")
    assert report.findings.gaps == {"recovered_segment": [1, 0], "recovered": [1, 2000]}
    assert report.content == 4


@pytest.mark.parametrize(
    ("change", "first"),
    [({"anchor": False}, "line 6"), ({"cause": "network"}, "line 5"), ({"t": 4001}, "line 5"), ({"t": 1999}, "line 5")],
)
def test_a_reopening_against_the_rules_fails(
    change: dict[str, Any], first: str, builder: ModuleType, webm: Any, tmp_path: Path
) -> None:
    assert summary(check(_reopened(builder, webm, **change), tmp_path)) == ("failed", first)


def test_a_close_that_was_reopened_is_no_close(recording: Any, tmp_path: Path) -> None:
    recording.line("reopen", t=6000, reason="a mistake")
    recording.line("anchor", t=6000, utc="1", mono="1")
    for track in ("judge_1_cam", "judge_1_mic"):
        recording.gap(track, (6000, 6001), "recorder")
    for path in [path for path in recording.files if path.startswith("index/")]:
        del recording.files[path]
    recording.change_custody = lambda lines: lines.__delitem__(slice(1, None))
    report = check(recording, tmp_path)
    assert report.findings.failures == []
    assert report.exit_code == 30
    recording.change_custody = lambda lines: None
    shutil.rmtree(tmp_path / "bag")
    assert summary(check(recording, tmp_path)) == ("failed", "custody line 1")


# --- format, files, identity -----------------------------------------------------------------------------------------


def test_another_format_cannot_be_verified(recording: Any, tmp_path: Path) -> None:
    recording.lines[0]["format"] = 2
    recording.lines[5] = {"type": "unheard of", "at": []}
    report = check(recording, tmp_path)
    assert summary(report) == ("cannot", "-")
    assert "format 2" in report.findings.missing[0]


def test_a_bag_without_a_checkpoint_cannot_be_verified(recording: Any, builder: ModuleType, tmp_path: Path) -> None:
    bag = recording.write(tmp_path / "bag")
    (bag / "data/checkpoint").unlink()
    builder.rebag(bag)
    report = verify(bag, VerificationRequest(parse(recording.policy()), without_stamp=True))
    assert summary(report) == ("cannot", "-")


def test_a_blob_or_derived_file_that_is_there_must_match(recording: Any, builder: ModuleType, tmp_path: Path) -> None:
    named = recording.file("derived/000001.age", b"grid")
    recording.custody("derive", **named, of=["judge_1_cam"], what="grid")
    reason = recording.file("blob/x", b"a reason")
    del recording.files["blob/x"]
    recording.files[f"blob/{reason['sha256']}.age"] = b"a reason"
    recording.access(why={"blob": reason["sha256"]})
    assert summary(check(recording, tmp_path)) == ("verified", "-")
    bag = tmp_path / "bag"
    (bag / f"data/blob/{reason['sha256']}.age").write_bytes(b"another one")
    report = verify(builder.rebag(bag), VerificationRequest(parse(recording.policy()), without_stamp=True))
    assert summary(report) == ("failed", "custody line 4")
    (bag / f"data/blob/{reason['sha256']}.age").unlink()
    (bag / "data/derived/000001.age").write_bytes(b"changed")
    report = verify(builder.rebag(bag), VerificationRequest(parse(recording.policy()), without_stamp=True))
    assert summary(report) == ("failed", "custody line 3")


def test_with_the_identity_the_content_must_be_webm(recording: Any, builder: ModuleType, tmp_path: Path) -> None:
    assert check(recording, tmp_path, identity=recording.key_file()).content == 11
    clear = str(recording.identity).encode()
    assert (
        verify(
            tmp_path / "bag", VerificationRequest(parse(recording.policy()), without_stamp=True, identity=clear)
        ).exit_code
        == 0
    )
    line = find(recording, "segment", track="judge_1_mic", n=3)
    line.update(recording.sealed("seg/judge_1_mic-000003.age", b"not a Cluster"))
    record = recording.records["judge_1_mic"]
    record[-48:] = record[-48:-36] + line["size"].to_bytes(4, "big") + bytes.fromhex(line["sha256"])
    recording.lines.pop()
    recording.close(6000)
    shutil.rmtree(tmp_path / "bag")
    assert summary(check(recording, tmp_path)) == ("verified", "-")
    shutil.rmtree(tmp_path / "bag")
    report = check(recording, tmp_path, identity=recording.key_file())
    assert summary(report) == ("failed", "judge_1_mic-000003")


def test_another_identity_opens_nothing(recording: Any, builder: ModuleType, tmp_path: Path) -> None:
    report = check(recording, tmp_path, identity=builder.Recording().key_file())
    assert summary(report) == ("failed", "judge_1_cam-000000")


# --- cosigners, heads, stamps, times ---------------------------------------------------------------------------------


def _cosigned_policy(recording: Any, builder: ModuleType) -> Any:
    witness = builder.vkey("state.example", WITNESS_SEED, 4)
    return parse(recording.policy().replace(b"quorum none", f"witness state {witness}\nquorum state".encode()))


def _write_cosigned(
    recording: Any, builder: ModuleType, folder: Path, seconds: int, seed: bytes = WITNESS_SEED
) -> Path:
    bag = recording.write(folder / "bag")
    note = builder.cosign((bag / "data/checkpoint").read_bytes(), "state.example", seed, seconds)
    (bag / "data/checkpoint").write_bytes(note)
    return Path(builder.rebag(bag))


def last_second(recording: Any) -> int:
    """`at` of the last line, in s."""
    return int(recording.lines[-1]["at"]) // SECOND_NS


def test_a_quorum_is_met_by_a_valid_cosignature(recording: Any, builder: ModuleType, tmp_path: Path) -> None:
    policy = _cosigned_policy(recording, builder)
    bag = _write_cosigned(recording, builder, tmp_path, last_second(recording) + 5)
    report = verify(bag, VerificationRequest(policy, without_stamp=True))
    assert summary(report) == ("verified", "-")
    assert report.findings.waived == ["time-stamp: not asked for (--without-stamp)"]


def test_a_quorum_not_met_cannot_be_verified_and_names_who_is_missing(
    recording: Any, builder: ModuleType, tmp_path: Path
) -> None:
    report = check(recording, tmp_path, policy=_cosigned_policy(recording, builder))
    assert summary(report) == ("cannot", "-")
    assert report.findings.missing == ["cosignatures for the quorum: none that is valid by state"]


def test_a_cosignature_by_a_key_that_is_not_pinned_is_ignored(
    recording: Any, builder: ModuleType, tmp_path: Path
) -> None:
    bag = _write_cosigned(recording, builder, tmp_path, last_second(recording), b"x" * 32)
    report = verify(bag, VerificationRequest(parse(recording.policy()), without_stamp=True))
    assert summary(report) == ("verified", "-")
    assert "1 signature lines by keys that are not pinned: not checked" in report.findings.notes


def test_a_pinned_cosignature_that_does_not_verify_fails(recording: Any, builder: ModuleType, tmp_path: Path) -> None:
    bag = recording.write(tmp_path / "bag")
    good = recording.note()
    wrong = builder.cosign(recording.note(5), "state.example", WITNESS_SEED, last_second(recording))
    (bag / "data/checkpoint").write_bytes(good + wrong.split(b"\n")[-2] + b"\n")
    report = verify(builder.rebag(bag), VerificationRequest(_cosigned_policy(recording, builder), without_stamp=True))
    assert summary(report) == ("failed", "checkpoint")


@pytest.mark.parametrize(("offset", "verdict"), [(-61, "failed"), (-59, "verified")])
def test_a_cosignature_may_be_a_minute_earlier_than_the_last_line(
    offset: int, verdict: str, recording: Any, builder: ModuleType, tmp_path: Path
) -> None:
    bag = _write_cosigned(recording, builder, tmp_path, last_second(recording) + offset)
    report = verify(bag, VerificationRequest(_cosigned_policy(recording, builder), without_stamp=True))
    assert report.findings.verdict == verdict


@pytest.mark.parametrize(("ahead", "verdict"), [(301, "failed"), (299, "verified")])
def test_a_time_may_be_five_minutes_ahead_of_the_verifiers_clock(
    ahead: int, verdict: str, recording: Any, tmp_path: Path
) -> None:
    latest = max(int(line["at"]) for line in recording.custody_lines())
    report = check(recording, tmp_path, now_ns=latest - ahead * SECOND_NS)
    assert report.findings.verdict == verdict


def test_a_journaled_head_must_match_the_journal_before_it(recording: Any, builder: ModuleType, tmp_path: Path) -> None:
    close, head = recording.lines.pop(), recording.line("head", note=recording.note(20).decode())
    recording.lines.append(close)
    index = position(recording, head)
    assert summary(check(recording, tmp_path)) == ("verified", "-")
    for wrong in (recording.note(index + 1), recording.note(20, origin=recording.origin[:-1] + "2"), b"nonsense\n"):
        head["note"] = wrong.decode()
        shutil.rmtree(tmp_path / "bag")
        assert summary(check(recording, tmp_path)) == ("failed", f"line {index}")


def test_a_line_may_not_claim_a_time_before_a_head_that_precedes_it(recording: Any, tmp_path: Path) -> None:
    close, head = recording.lines.pop(), recording.line("head", note=recording.note(20).decode())
    after = recording.line("notice", code="x", text="")
    recording.lines.append(close)
    after["at"] = str(int(head["at"]) - 61 * SECOND_NS)
    assert summary(check(recording, tmp_path)) == ("failed", f"line {position(recording, after)}")
    after["at"] = str(int(head["at"]) - 59 * SECOND_NS)
    shutil.rmtree(tmp_path / "bag")
    assert summary(check(recording, tmp_path)) == ("verified", "-")


def test_a_seal_key_may_be_rotated(recording: Any, builder: ModuleType, tmp_path: Path) -> None:
    second = b"2" * 32
    recording.custody("sealkey", vkey=builder.vkey("court.example/hearing", second))
    policy = parse(
        recording.policy().replace(
            b"quorum", b"log " + builder.vkey("court.example/hearing", second).encode() + b"\nquorum"
        )
    )
    recording.seed = second
    assert summary(check(recording, tmp_path, policy=policy)) == ("verified", "-")


@pytest.mark.parametrize("change", ["origin", "size", "root", "form", "signature"])
def test_a_kept_head_that_does_not_fit_fails(change: str, recording: Any, builder: ModuleType, tmp_path: Path) -> None:
    kept = recording.note(12)
    if change == "origin":
        kept = recording.note(12, origin=recording.origin[:-1] + "2")
    if change == "size":
        recording.line("notice", code="x", text="")
        kept = recording.note()
        recording.lines.pop()
    if change == "root":
        recording.lines[3]["level"] = -1
    if change == "form":
        kept = kept[:-1]
    if change == "signature":
        kept = kept.replace(b"\n12\n", b"\n13\n")
    assert summary(check(recording, tmp_path, kept=(("kept", kept),))) == ("failed", "checkpoint")


def test_a_kept_head_without_a_pinned_signature_is_compared_all_the_same(recording: Any, tmp_path: Path) -> None:
    kept = (("kept", recording.note(12, seed=b"x" * 32)),)
    assert summary(check(recording, tmp_path, kept=kept)) == ("verified", "-")


def test_a_time_stamp_is_checked_when_anchors_are_given(recording: Any, builder: ModuleType, tmp_path: Path) -> None:
    authority = Authority(tmp_path / "tsa")
    anchors = authority.anchors
    policy = parse(recording.policy())
    for line in recording.lines:
        line["at"] = str(int(line["at"]) - 30 * 86400 * SECOND_NS)
    bag = recording.write(tmp_path / "bag")
    assert summary(verify(bag, VerificationRequest(policy, anchors=anchors))) == ("cannot", "-")
    token = stamped(authority, (bag / "data/checkpoint").read_bytes())
    (bag / "data/checkpoint.tsr").write_bytes(token)
    builder.rebag(bag)
    report = verify(bag, VerificationRequest(policy, anchors=anchors))
    assert summary(report) == ("verified", "-")
    assert report.findings.waived == ["cosigners: the policy asks for none (quorum none)"]
    assert verify(bag, VerificationRequest(policy)).findings.missing == ["trust anchors for the time-stamp token"]
    (bag / "data/checkpoint.tsr").write_bytes(stamped(authority, b"something else"))
    builder.rebag(bag)
    assert summary(verify(bag, VerificationRequest(policy, anchors=anchors))) == ("failed", "token")
    assert summary(verify(bag, VerificationRequest(policy, anchors=anchors, without_stamp=True))) == ("failed", "token")


def test_a_time_stamp_earlier_than_the_last_line_fails(recording: Any, builder: ModuleType, tmp_path: Path) -> None:
    authority = Authority(tmp_path / "tsa")
    anchors = authority.anchors
    recording.lines[-1]["at"] = "2000000000000000000"
    bag = recording.write(tmp_path / "bag")
    (bag / "data/checkpoint.tsr").write_bytes(stamped(authority, (bag / "data/checkpoint").read_bytes()))
    builder.rebag(bag)
    assert summary(verify(bag, VerificationRequest(parse(recording.policy()), anchors=anchors))) == ("failed", "token")


# --- excerpts --------------------------------------------------------------------------------------------------------


def excerpt(recording: Any, folder: Path, keep: Callable[[dict[str, Any]], str | None]) -> Path:
    """A bag of only the lines to which `keep` gives a name, each with its proof."""
    lines = recording.encoded()
    tree = tlog.Tree(tlog.leaf_hash(line) for line in lines)
    data = folder / "bag/data"
    for name in ("seg", "proofs"):
        (data / name).mkdir(parents=True, exist_ok=True)
    note = recording.note()
    (data / "checkpoint").write_bytes(note)
    for index, line in enumerate(recording.lines):
        name = keep(line)
        if name is None:
            continue
        proof = proofs_check.Proof(index, lines[index], tuple(tree.inclusion(index)), note)
        (data / f"proofs/{name.replace('@', str(index))}.tlog-proof").write_bytes(proofs_check.write_proof(proof))
        if line["type"] in ("keywrap", "init", "segment"):
            (data / line["file"]).write_bytes(recording.files[line["file"]])
    return folder / "bag"


def kept_name(line: dict[str, Any]) -> str | None:
    """The judge's camera and microphone from the second segment on."""
    kind, track = line["type"], line.get("track")
    if kind in ("open", "close", "keywrap"):
        return str(kind)
    if track not in ("judge_1_cam", "judge_1_mic"):
        return None
    if kind in ("track", "init"):
        return f"{kind}-{track}"
    if kind == "gap":
        return f"gap-{track}-@"
    return f"{track}-{line['n']:06d}" if kind == "segment" and line["n"] > 1 else None


def judge(bag: Path, recording: Any, builder: ModuleType, **more: Any) -> VerificationReport:
    """The verdict on an excerpt."""
    return verify(builder.rebag(bag), VerificationRequest(parse(recording.policy()), without_stamp=True, **more))


def test_an_excerpt_is_verified_for_what_it_holds(good_recording: Any, builder: ModuleType, tmp_path: Path) -> None:
    bag = excerpt(good_recording, tmp_path, kept_name)
    report = judge(bag, good_recording, builder, kept=(("same", good_recording.note()),))
    assert report.findings.failures == []
    assert summary(report) == ("verified", "-")
    assert report.verdict == "verified (excerpt judge_1_cam 2–3 of 3, judge_1_mic 2–3 of 3)"
    report = judge(bag, good_recording, builder, kept=(("earlier", good_recording.note(7)),))
    assert summary(report) == ("cannot", "-")


@pytest.mark.parametrize("name", ["open", "close", "keywrap", "track-judge_1_cam", "init-judge_1_mic"])
def test_an_excerpt_without_a_required_proof_cannot_be_verified(
    name: str, good_recording: Any, builder: ModuleType, tmp_path: Path
) -> None:
    bag = excerpt(good_recording, tmp_path, lambda line: None if kept_name(line) == name else kept_name(line))
    for orphan in {"keywrap": ["hearing-key.age"], "init-judge_1_mic": ["seg/judge_1_mic-000000.age"]}.get(name, []):
        (bag / "data" / orphan).unlink(missing_ok=True)
    report = judge(bag, good_recording, builder)
    assert summary(report) == ("cannot", "-")
    assert report.findings.missing == [f"the proof of {name}"]


def test_an_excerpt_with_a_hole_fails_unless_a_gap_fills_it(
    good_recording: Any, gapped: Any, builder: ModuleType, tmp_path: Path
) -> None:
    def whole(line: dict[str, Any]) -> str | None:
        first = line["type"] == "segment" and (line["track"], line["n"]) == ("judge_1_cam", 1)
        return "judge_1_cam-000001" if first else kept_name(line)

    def holed(line: dict[str, Any]) -> str | None:
        return None if line.get("n") == 2 and line["track"] == "judge_1_cam" else whole(line)

    bag = excerpt(gapped, tmp_path / "a", whole)
    report = judge(bag, gapped, builder)
    assert summary(report) == ("gaps", "-")
    assert [gap["from"] for gap in report.as_json()["declared"]] == ["2026-09-21T14:13:22.000Z"]
    next((bag / "data/proofs").glob("gap-*")).unlink()
    assert summary(judge(bag, gapped, builder)) == ("failed", "judge_1_cam-000002")
    bag = excerpt(good_recording, tmp_path / "b", holed)
    assert summary(judge(bag, good_recording, builder)) == ("failed", "judge_1_cam-000002")


def test_an_excerpt_of_another_format_cannot_be_verified(recording: Any, builder: ModuleType, tmp_path: Path) -> None:
    recording.lines[0]["format"] = 2
    report = judge(excerpt(recording, tmp_path, kept_name), recording, builder)
    assert summary(report) == ("cannot", "-")
    assert report.findings.missing == ["a verifier for format 2: this one knows format 1"]


def test_a_changed_proof_or_segment_of_an_excerpt_fails(
    good_recording: Any, builder: ModuleType, tmp_path: Path
) -> None:
    bag = excerpt(good_recording, tmp_path, kept_name)
    path = bag / "data/proofs/judge_1_cam-000003.tlog-proof"
    good = path.read_bytes()
    path.write_bytes((bag / "data/proofs/judge_1_cam-000002.tlog-proof").read_bytes())
    assert summary(judge(bag, good_recording, builder)) == ("failed", "judge_1_cam-000003")
    path.write_bytes(re.sub(rb"index \d+", b"index 3", good))
    assert summary(judge(bag, good_recording, builder)) == ("failed", "judge_1_cam-000003")
    path.write_bytes(good.replace(b"extra ", b"extra A", 1))
    assert summary(judge(bag, good_recording, builder)) == ("failed", "judge_1_cam-000003")
    path.write_bytes(good)
    (bag / "data/seg/judge_1_cam-000003.age").write_bytes(b"other")
    assert summary(judge(bag, good_recording, builder)) == ("failed", "judge_1_cam-000003")


def test_what_a_forger_writes_into_a_bag_does_not_reach_the_terminal(
    recording: Any, builder: ModuleType, tmp_path: Path
) -> None:
    find(recording, "close")["tracks"]["judge_1_mic"]["mime"] = "\x1b[2Jverified\nverdict:   verified"
    bag = recording.write(tmp_path / "bag")
    (bag / "data/\x1b[2J\u202e").write_bytes(b"")
    report = verify(builder.rebag(bag), VerificationRequest(parse(recording.policy()), without_stamp=True))
    text = report.as_text()
    assert report.findings.first == "\\u001b[2J\\u202e"
    assert "\\u001b[2Jverified\\u000averdict" in text
    assert not any(char in text for char in "\x1b\u202e")
    assert text.count("\nverdict:") == 1


# --- the command -----------------------------------------------------------------------------------------------------


@pytest.fixture
def files(good_bag: Path, good_recording: Any, tmp_path: Path) -> Path:
    """A folder with policy and kept heads."""
    (tmp_path / "policy.txt").write_bytes(good_recording.policy())
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept/one").write_bytes(good_recording.note(9))
    (tmp_path / "key.txt").write_bytes(good_recording.key_file())
    return tmp_path


def test_the_command_prints_the_origin_first_and_exits_with_the_verdict(
    files: Path, good_bag: Path, good_recording: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--policy", str(files / "policy.txt"), "--without-stamp"]
    more = ["--kept", str(files / "kept"), "--origin", good_recording.origin, "--identity", str(files / "key.txt")]
    assert main([str(good_bag), *options, *more]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"origin:    {good_recording.origin}"
    assert lines[1:3] == ["verdict:   verified", "first:     -"]
    assert "waived:    cosigners: the policy asks for none (quorum none)" in lines
    assert "waived:    time-stamp: not asked for (--without-stamp)" in lines
    assert main([str(good_bag), "--policy", str(files / "key.txt"), "--without-stamp"]) == 0
    assert capsys.readouterr().out.splitlines() == lines
    assert main([str(good_bag), *options[:-1]]) == 30
    assert "missing:   a time-stamp token: there is none in the bag" in capsys.readouterr().out


def test_the_command_prints_json(
    files: Path, good_bag: Path, good_recording: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(good_bag), "--policy", str(files / "policy.txt"), "--without-stamp", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["verdict"], report["exit"], report["first"], report["size"]) == ("verified", 0, "-", 24)
    assert report["root"] == good_recording.root().hex()


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["BAG"],
        ["BAG", "--policy", "none.txt"],
        ["BAG", "--policy", "bad.txt"],
        ["nowhere", "--policy", "policy.txt"],
        ["BAG", "--policy", "policy.txt", "--nonsense"],
        ["BAG", "--policy", "policy.txt", "--origin", "court.example"],
        ["BAG", "--policy", "policy.txt", "--kept", "policy.txt"],
        ["BAG", "--policy", "policy.txt", "--tsa", "none.pem"],
        ["BAG", "--policy", "policy.txt", "--identity", "policy.txt"],
    ],
)
def test_a_usage_error_exits_with_2(
    options: list[str], files: Path, good_bag: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (files / "bad.txt").write_text("quorum\n")
    monkeypatch.chdir(files)
    assert main([str(good_bag) if option == "BAG" else option for option in options]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("vivavoce verify: ")


def test_a_bag_that_is_no_folder_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        verify(tmp_path / "none", VerificationRequest(parse(b"quorum none\n")))


@pytest.mark.parametrize("kind", [[], {}, 1, None])
def test_a_custody_line_whose_type_is_no_text_is_named(recording: Any, tmp_path: Path, kind: Any):
    recording.access()
    recording.change_custody = lambda lines: lines[2].update(type=kind)
    assert summary(check(recording, tmp_path)) == ("failed", "custody line 2")


@pytest.mark.parametrize(("t", "said"), [(None, True), (4_001, True), (3_990, False)])
def test_a_pause_that_the_log_of_the_hearing_does_not_order_is_remarked_upon(
    t: int | None, said: bool, tmp_path: Path
) -> None:
    recording = make.paused()
    if t is not None:
        about = {"entry": 1, "t": t, "who": "presiding_judge", "seat": "", "sha256": "a" * 64}
        recording.line("event", kind="break_ordered", **about)
        recording.lines.insert(len(recording.lines) - 2, recording.lines.pop())
    report = check(recording, tmp_path)
    assert summary(report) == ("gaps", "-")
    note = "line 8: paused, and no entry of the hearing's log before it orders a break"
    assert (note in report.findings.notes) is said


def test_who_opens_the_recording_opens_no_stretch_and_is_told_what_was_not_decrypted(tmp_path: Path) -> None:
    recording, reader = make.rekeyed(), make.reader()
    report = check(recording, tmp_path, identity=recording.key_file())
    assert (summary(report), report.content) == (("verified", "-"), 4), "init and three segments"
    shutil.rmtree(tmp_path / "bag")
    recording = make.rekeyed(reader)
    report = check(recording, tmp_path, identity=recording.key_file())
    assert (summary(report), report.content) == (("verified", "-"), 3)
    assert "not decrypted, since the identity given does not open their key: 1 file(s)" in report.findings.notes
    times = "2026-09-21T14:13:22.000Z to 2026-09-21T14:13:24.000Z"
    assert f"own key:   {times}: key 1, to authority RO\n" in report.as_text()
    shutil.rmtree(tmp_path / "bag")
    report = check(recording, tmp_path, identity=f"{reader}\n".encode())
    assert (summary(report), report.content) == (("verified", "-"), 1)


@pytest.mark.parametrize(("n", "key"), [(2, 0), (1, 1), (3, 1)])
def test_a_segment_under_another_key_than_the_one_in_force_is_failed(n: int, key: int, tmp_path: Path) -> None:
    """What was said in a closed session lies where others can open it, or the other way round."""
    recording = make.rekeyed()
    line = find(recording, "segment", n=n)
    line.update(recording.sealed(line["file"], make.CLUSTER, key))
    record = recording.records["judge_1_mic"]
    at = 48 * (n - 1)
    record[at + 12 : at + 48] = line["size"].to_bytes(4, "big") + bytes.fromhex(line["sha256"])
    recording.lines.pop()
    recording.close(6000)
    assert summary(check(recording, tmp_path)) == ("verified", "-"), "nothing is seen without the keys"
    shutil.rmtree(tmp_path / "bag")
    report = check(recording, tmp_path, identity=recording.key_file())
    assert summary(report) == ("failed", f"judge_1_mic-00000{n}")


def test_a_check_with_a_key_leaves_a_note_of_its_use_where_it_is_told_to(
    good_bag: Path, good_recording: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "policy").write_bytes(good_recording.policy())
    (tmp_path / "key").write_bytes(good_recording.key_file())
    words = [str(good_bag), "--policy", str(tmp_path / "policy"), "--without-stamp"]
    with_key = [*words, "--identity", str(tmp_path / "key")]
    assert main(with_key) == 0
    assert "--key-use FILE" in capsys.readouterr().err
    for _again in range(2):
        code = main([*with_key, "--key-use", str(tmp_path / "note.json")])
        assert code == (2 if _again else 0)
    note = key_use.read((tmp_path / "note.json").read_bytes(), good_recording.origin, datetime.now(UTC))
    assert (note.keys, note.what) == ((0,), "verify")
    assert main(words) == 0
    assert "key was used" not in capsys.readouterr().err
    assert main([*words, "--key-use", str(tmp_path / "other.json")]) == 2
    assert not (tmp_path / "other.json").exists()


@pytest.fixture
def with_key(good_bag: Path, good_recording: Any, tmp_path: Path) -> list[str]:
    """Arguments, without the bag's folder, of a check with its key and a note of that."""
    (tmp_path / "policy").write_bytes(good_recording.policy())
    (tmp_path / "key").write_bytes(good_recording.key_file())
    return [
        *("--policy", str(tmp_path / "policy"), "--without-stamp", "--identity", str(tmp_path / "key")),
        *("--key-use", str(tmp_path / "note.json")),
    ]


class Late:
    """Papers that fail once the bag is checked, and leave no place for the note of the use of a key."""

    def arguments(self, parser: argparse.ArgumentParser) -> None:
        pass

    def read(self, options: argparse.Namespace) -> CheckPapers:
        options.key_use.write_text("mine")

        def check(report: VerificationReport) -> Any:
            raise UsageError("the papers are gone")

        return check


@pytest.mark.parametrize(("sound", "code", "verdict"), [(True, 2, "verified"), (False, 20, "failed")])
def test_the_report_of_a_bag_is_printed_also_when_what_comes_after_the_check_fails(
    sound: bool,
    code: int,
    verdict: str,
    good_bag: Path,
    with_key: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    bag = shutil.copytree(good_bag, tmp_path / "bag")
    if not sound:
        next((bag / "data" / "seg").iterdir()).write_bytes(b"x")
    assert main([str(bag), *with_key], Late()) == code
    captured = capsys.readouterr()
    assert f"verdict:   {verdict}\n" in captured.out
    assert "a key was used, but" in captured.err and "the papers are gone" in captured.err
    assert (tmp_path / "note.json").read_text() == "mine"
    (tmp_path / "note.json").unlink()
    assert main([str(bag), *with_key, "--json"], Late()) == code
    assert json.loads(capsys.readouterr().out)["verdict"] == verdict


@pytest.mark.parametrize("which", ["there", "no folder", "no identity", "no receipt"])
def test_what_cannot_be_read_or_written_is_said_before_the_bag_is_read(
    which: str, with_key: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = {
        "there": ["--key-use", str(tmp_path / "key")],
        "no folder": ["--key-use", str(tmp_path / "none" / "note.json")],
        "no receipt": ["--receipt", str(tmp_path / "none.jws")],
    }.get(which, [])
    if which == "no identity":
        at = with_key.index("--identity")
        with_key = [*with_key[:at], *with_key[at + 2 :]]
    assert main([str(tmp_path / "there is no bag"), *with_key, *more]) == 2
    captured = capsys.readouterr()
    assert (captured.out, "is not a folder" in captured.err) == ("", False)
    assert not (tmp_path / "note.json").exists()


def test_a_file_that_holds_no_key_is_refused_before_the_journal_is_read(
    good_bag: Path, good_recording: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("media.evidence.check.verify.JournalCheck", None)
    with pytest.raises(UsageError, match="no age identity"):
        verify(good_bag, VerificationRequest(parse(good_recording.policy()), without_stamp=True, identity=b"none"))
