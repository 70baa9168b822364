"""A transcript to be read says what it is, and nothing that was said can break its form."""

import re

import pytest

from media.evidence.transcript import formats

SEGMENT = {
    "n": 1, "track": "witness_1_mic", "kind": "floor", "language": "ro", "seat": "witness_1", "role": "witness",
    "state": "RO", "name": "Ana <b> Popa", "t0": 63_500, "t1": 65_000, "key": 0, "confidence": 0.734, "status": "draft",
    "from": ["2026-11-28T10:01:03.500+02:00"], "until": ["2026-11-28T10:01:05.000+02:00"],
    "text": "a --> b <script>alert(1)</script> & c",
}  # fmt: skip
MADE = {
    "what": "Machine's draft — not evidence, not an interpretation", "from_ms": 60_000, "until_ms": 70_000,
    "clocks": ["Europe/Bucharest"], "masked": ["judge_1"], "made": "2026-11-28T09:00:00+00:00",
    "recording": {"origin": "court.example/hearing/1", "head": "8:ab"},
    "model": {"name": "tiny", "engine": "faster-whisper 1.2.1", "sha256": "cd"},
    "left_out": [{"track": "channel_th", "why": "the model does not know Thai (th)"}],
    "silences": [{"kind": "gap", "t0": 61_000, "t1": 62_000, "track": "witness_1_mic", "why": "the line was lost"}],
    "segments": [SEGMENT, SEGMENT | {"t0": 66_000, "t1": 67_000, "status": "corrected", "kind": "interpretation"}],
}  # fmt: skip


@pytest.mark.parametrize("ending", list(formats.FORMATS))
def test_each_form_says_first_what_it_is_and_of_which_recording_and_model(ending: str) -> None:
    text = formats.FORMATS[ending](MADE)
    assert text.index("not evidence, not an interpretation") < text.index("court.example/hearing/1 8:ab")
    for part in ("tiny (faster-whisper 1.2.1, SHA-256 cd)", "judge_1", "channel_th: the model does not know Thai (th)"):
        assert part in text


def test_plain_text_has_who_both_times_how_sure_and_what_is_missing() -> None:
    text = formats.as_text(MADE)
    assert (
        "[0:01:03–0:01:05; 2026-11-28 10:01:03+02:00 Europe/Bucharest] Ana <b> Popa, witness, RO (machine, 73 % sure)"
        in text
    )
    assert text.index("the line was lost (witness_1_mic)") < text.index("a --> b")
    assert "Interpretation: Romanian (corrected)" in text


def test_webvtt_of_a_part_has_the_recordings_own_times_and_no_arrow_in_a_text() -> None:
    text = formats.as_vtt(MADE)
    assert text.startswith("WEBVTT\n\nNOTE\n")
    assert "00:01:03.500 --> 00:01:05.000\n<v Ana &lt;b&gt; Popa, witness, RO>a --&gt; b" in text
    assert len(re.findall("-->", text)) == 3 and "<script>" not in text


def test_html_has_no_tag_that_was_said() -> None:
    text = formats.as_html(MADE)
    assert "<script" not in text and "<b>" not in text and 'lang="ro"' in text and 'dir="auto"' in text
