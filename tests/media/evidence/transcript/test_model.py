"""The model: a folder that is given, told the language, never fetched."""

import hashlib
import sys
from pathlib import Path

import pytest

from media.evidence.transcript import model
from tests.support.evidence.speech import SMALL, pcm


def test_speech_becomes_text_with_times_and_how_sure_the_model_is(small: model.Model) -> None:
    heard = small.hear(pcm("witness.ogg", 16_000), "en")
    text = " ".join(one.text for one in heard).lower()
    assert "red car leaving the station" in text
    assert all(0 <= one.t0 < one.t1 <= 4_400 and 0.2 < one.confidence <= 1 for one in heard)


def test_a_language_is_known_by_its_primary_subtag_and_others_are_not(small: model.Model) -> None:
    assert (small.language("en-GB"), small.language("th"), small.language("rms")) == ("en", None, None)


def test_a_model_names_itself_by_folder_engine_and_hash(small: model.Model) -> None:
    assert small.name == SMALL.name and small.engine.startswith("faster-whisper 1.")
    assert small.sha256 == model.folder_hash(SMALL) and len(small.sha256) == 64


def test_the_hash_of_a_folder_changes_with_name_size_and_content(tmp_path: Path) -> None:
    def of(**files: str) -> str:
        folder = tmp_path / hashlib.sha256(repr(files).encode()).hexdigest()
        folder.mkdir()
        for name, text in files.items():
            (folder / name).write_text(text)
        return model.folder_hash(folder)

    assert len({of(a="x", b="y"), of(a="xy", b=""), of(a="y", b="x"), of(a="x", c="y")}) == 4


def test_a_folder_without_a_tokenizer_is_refused_since_one_would_be_fetched(tmp_path: Path) -> None:
    (tmp_path / "model.bin").touch()
    (tmp_path / "config.json").touch()
    with pytest.raises(model.ModelError, match=r"tokenizer\.json is not there"):
        model.load(tmp_path)


def test_a_broken_model_is_refused(tmp_path: Path) -> None:
    for name in model.NEEDED:
        (tmp_path / name).write_text("{}")
    with pytest.raises(model.ModelError, match="cannot be read"):
        model.load(tmp_path)


def test_without_the_extra_it_says_in_one_sentence_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    with pytest.raises(model.ModelError, match=r"install the extra, pip install 'vivavoce\[transcribe\]'"):
        model.load(SMALL)
