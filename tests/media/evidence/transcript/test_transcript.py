"""What a transcript holds: who, in which language, when by which clock; what is left out and why; what was silent."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from media.evidence.check.files_check import read_identities
from media.evidence.check.policy import parse
from media.evidence.check.verify import VerificationRequest, verify
from media.evidence.render import material
from media.evidence.transcript import transcript
from media.evidence.transcript.model import Heard
from media.evidence.transcript.sound import Samples
from media.evidence.transcript.transcript import TranscriptWish
from tests.support.evidence import bags, speech
from tests.support.evidence.speech import END, Bagged

ZONES = (ZoneInfo("Europe/Bucharest"), ZoneInfo("Asia/Bangkok"))
NOW = datetime(2026, 11, 28, tzinfo=UTC)


class Ear:
    """A model that writes down how long it was spoken to, in ms; it knows English, Thai and Romanian."""

    name, sha256, engine = "ear", "0" * 64, "test"

    def language(self, tag: str) -> str | None:
        first = tag.split("-")[0]
        return first if first in ("en", "ro", "th") else None

    def hear(self, samples: Samples, language: str) -> Sequence[Heard]:
        length = len(samples) // 16
        assert length <= 30_000
        return [Heard(0, length + 500, f"{language} {length}", 0.5)]


def made(bagged: Bagged, key_file: bytes | None = None, **wish: Any) -> dict[str, Any]:
    """The transcript, by the ear."""
    data = bagged.bag / "data"
    report = verify(bagged.bag, VerificationRequest(parse(bagged.recording.policy()), without_stamp=True))
    wrapped = {number: data / name for number, name in enumerate(["hearing-key.age", "hearing-key-1.age"])}
    there = {number: path.read_bytes() for number, path in wrapped.items() if path.exists()}
    identities = read_identities(key_file or bagged.recording.key_file(), there)
    held = material.read(bagged.bag, report.root)
    held.lock(identities)
    wanted = TranscriptWish(**{"begin": 0, "end": held.course.end, "zones": ZONES} | wish)
    return transcript.make(held, identities, report, Ear(), wanted, NOW)


def texts(found: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["track"], one["text"].split()[0]) for one in found["segments"]]


def test_each_segment_says_who_in_which_capacity_and_language_and_when_by_both_clocks(bagged: Bagged) -> None:
    found = made(bagged, names={("witness_1", "witness"): "Witness 1"})
    assert texts(found) == [("witness_1_mic", "en"), ("judge_1_mic", "en")]
    first = found["segments"][0]
    assert (first["n"], first["name"], first["role"], first["state"]) == (1, "Witness 1", "witness", "TH")
    assert (first["language"], first["kind"], first["key"], first["status"]) == ("en", "floor", 0, "draft")
    assert abs(first["t0"] - speech.WITNESS_AT) <= 500 and 6_500 < first["t1"] < 9_000
    zero = bags.ZERO_NS // 1_000_000
    assert [datetime.fromisoformat(at).timestamp() * 1000 for at in first["from"]] == pytest.approx(
        [zero + first["t0"]] * 2
    )
    assert [at[-6:] for at in first["until"]] == ["+03:00", "+07:00"]
    assert found["segments"][1]["name"] == "" and found["clocks"] == ["Europe/Bucharest", "Asia/Bangkok"]


def test_it_is_labelled_a_machines_draft_and_names_recording_and_model(bagged: Bagged) -> None:
    found = made(bagged)
    assert found["what"] == "Machine's draft — not evidence, not an interpretation" and found["status"] == "draft"
    recording = bagged.recording
    assert found["recording"]["head"] == f"{len(recording.lines)}:{recording.root().hex()}"
    assert found["recording"]["id"] == bags.UUID
    assert found["model"] == {"name": "ear", "sha256": "0" * 64, "engine": "test"}


def test_gaps_and_holds_stand_in_it_as_such(bagged: Bagged) -> None:
    found = [(one["kind"], one["t0"], one["t1"], one["track"]) for one in made(bagged)["silences"]]
    assert found == [("gap", 16_000, 20_000, "witness_1_mic"), ("hold", 18_000, 19_000, "")]


def test_a_language_that_is_not_asked_for_and_a_voice_to_be_masked_are_left_out_with_a_word(bagged: Bagged) -> None:
    found = made(bagged, languages=frozenset({"en"}), masked=("witness_1",))
    assert texts(found) == [("judge_1_mic", "en")] and found["masked"] == ["witness_1"]
    assert {one["track"]: one["why"] for one in found["left_out"]} == {
        "witness_1_mic": "its voice is left out, as ordered",
        "channel_th": "not asked for (Thai)",
    }


def test_a_part_has_only_what_was_said_in_it(bagged: Bagged) -> None:
    found = made(bagged, begin=10_000, end=20_000)
    assert texts(found) == [("judge_1_mic", "en")]
    assert [(one["kind"], one["t1"]) for one in found["silences"]] == [("gap", 20_000), ("hold", 19_000)]


@pytest.mark.parametrize(
    ("wish", "text"),
    [
        ({"begin": 5, "end": 5}, "runs from 0:00:00 to 0:00:24"),
        ({"tracks": ("nobody_mic",)}, "has no track nobody_mic"),
        ({"masked": ("nobody",)}, "nobody has the seat nobody"),
    ],
)
def test_what_the_recording_has_not_is_refused(bagged: Bagged, wish: dict[str, Any], text: str) -> None:
    with pytest.raises(transcript.TranscriptWishError, match=text):
        made(bagged, **wish)


def test_signed_unknown_and_twice_recorded_voices_are_left_out_with_a_word(tmp_path: Path) -> None:
    recording = speech.begun(
        {
            "witness_1_mic": ("floor-audio", "rms"),
            "judge_1_mic": ("floor-audio", ""),
            "interpreter_1_mic": ("floor-audio", "ro"),
            "channel_ro": ("language", "ro"),
        }
    )
    for name in recording.records:
        speech.put(recording, name, speech.opus({}, end=4_000), 0, 4_000, 0)
    recording.close(4_000)
    why = {one["track"]: one["why"] for one in made(speech.write(recording, tmp_path))["left_out"]}
    assert "does not know Romanian Sign Language (rms)" in why["witness_1_mic"] or "(rms)" in why["witness_1_mic"]
    assert why["judge_1_mic"] == "the recording does not say in which language"
    assert why["interpreter_1_mic"].startswith("an interpreter's own microphone")
    assert "channel_ro" not in why


@pytest.fixture
def closed(tmp_path: Path) -> Bagged:
    """The judge speaks at 2 s, over the beginning of a closed session (4 s to 8 s), and in it."""
    recording = speech.begun({"judge_1_mic": ("floor-audio", "ro")})
    loud = speech.pcm("witness.ogg")
    blocks = speech.opus({2_000: loud}, end=END)
    recording.wrap()
    last = speech.put(recording, "judge_1_mic", blocks, 0, 4_000, 0)
    recording.rekey(1, 4_000)
    last = speech.put(recording, "judge_1_mic", blocks, 4_000, 8_000, last)
    recording.rekey(0, 8_000)
    speech.put(recording, "judge_1_mic", blocks, 8_000, END, last)
    recording.close(END)
    return speech.write(recording, tmp_path)


def test_words_of_a_closed_session_are_segments_of_their_own_with_the_number_of_its_key(closed: Bagged) -> None:
    found = made(closed)
    assert [(one["key"], one["t1"] <= 4_000, one["t0"] >= 4_000) for one in found["segments"]] == [
        (0, True, False),
        (1, False, True),
    ]
    assert ("closed_session", 4_000, 8_000) in [(one["kind"], one["t0"], one["t1"]) for one in found["silences"]]


def test_a_closed_session_that_the_key_does_not_open_is_not_heard_and_is_said(closed: Bagged) -> None:
    (closed.bag / "data" / "hearing-key-1.age").rename(closed.folder / "elsewhere")
    identities = read_identities(
        closed.recording.key_file(), {0: (closed.bag / "data" / "hearing-key.age").read_bytes()}
    )
    root = closed.recording.root().hex()
    held = material.read(closed.bag, root)
    held.lock(identities)
    assert [key for _t0, _t1, key in transcript.spans_of(held, "judge_1_mic", TranscriptWish(0, END))] == [0, 0]
    told = [(one["kind"], one["why"]) for one in transcript.silences(held, ["judge_1_mic"], TranscriptWish(0, END))]
    assert ("gap", "closed session: this key file does not open it") in told
