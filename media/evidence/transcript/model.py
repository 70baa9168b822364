"""What turns sound into text: `Model`, and the one there is, faster-whisper on this machine (extra `transcribe`).

Nothing is fetched: the model is a folder that is given, and one that lacks a file is refused.
"""

import hashlib
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Protocol

from media.evidence.transcript.sound import RATE, Samples

NEEDED = ("model.bin", "config.json", "tokenizer.json")
"""Files without which a folder is no model; the last would be fetched from the network."""
NO_SPEECH = 0.6
"""From this probability on that nobody spoke, an unsure text is left out."""
UNSURE = -1.0
"""Mean logarithm of the probability of its words below which a text is unsure."""
_READ = 1 << 20
_OTHER_CODES = {"nb": "no", "fil": "tl", "cmn": "zh", "jv": "jw"}
"""Languages that Whisper calls otherwise than BCP 47."""


class ModelError(Exception):
    """The folder holds no model that can be used, or the extra is not installed; the text says what to do."""


@dataclass(frozen=True)
class Heard:
    """A text; ms from the beginning of the sound. `confidence`: from 0 to 1, the model's own, as it is."""

    t0: int
    t1: int
    text: str
    confidence: float


class Model(Protocol):
    """Turns sound into text of the same language."""

    name: str
    sha256: str
    """Over the files of the model, so that a transcript says which one it was."""
    engine: str

    def language(self, tag: str) -> str | None:
        """What the model calls a language (BCP 47); None for one that it does not know."""
        ...

    def hear(self, samples: Samples, language: str) -> Sequence[Heard]:
        """What is said in at most 30 s of sound (`sound.RATE`), in order."""
        ...


def folder_hash(folder: Path) -> str:
    """SHA-256 over name, size and content of the files in a folder, in the order of their names. OSError."""
    hashed = hashlib.sha256()
    for path in sorted(path for path in folder.iterdir() if path.is_file()):
        hashed.update(f"{path.name}\0{path.stat().st_size}\0".encode())
        with path.open("rb") as file:
            while block := file.read(_READ):
                hashed.update(block)
    return hashed.hexdigest()


def load(folder: Path, threads: int = 0) -> Model:
    """The model in a folder, read into memory. `threads`: 0 as many as there are. Raises ModelError."""
    missing = [name for name in NEEDED if not (folder / name).is_file()]
    if missing:
        raise ModelError(f"{folder} is no Whisper model for CTranslate2: {', '.join(missing)} is not there")
    os.environ["HF_HUB_OFFLINE"] = "1"
    try:
        from faster_whisper import WhisperModel
    except ImportError:
        raise ModelError(
            "faster-whisper is not installed: install the extra, pip install 'vivavoce[transcribe]'"
        ) from None
    try:
        whisper = WhisperModel(
            str(folder), device="cpu", compute_type="int8", cpu_threads=threads, local_files_only=True
        )
        return _Whisper(whisper, folder.resolve().name, folder_hash(folder))
    except (OSError, RuntimeError, ValueError) as error:
        raise ModelError(f"the model in {folder} cannot be read: {error}") from None


class _Whisper:
    """A model of faster-whisper. What is said in one utterance is never hinted at in the next."""

    def __init__(self, whisper: Any, name: str, sha256: str) -> None:
        self._whisper = whisper
        self._languages = frozenset(whisper.supported_languages)
        self.name, self.sha256 = name, sha256
        self.engine = f"faster-whisper {metadata.version('faster-whisper')}"

    def language(self, tag: str) -> str | None:
        """The primary subtag, where the model has it."""
        first = tag.split("-")[0].lower()
        code = _OTHER_CODES.get(first, first)
        return code if code in self._languages else None

    def hear(self, samples: Samples, language: str) -> Sequence[Heard]:
        """The segments of the model. It is told the language and never asked to translate."""
        import numpy as np

        sound = np.frombuffer(samples, dtype=np.int16).astype(np.float32) / 32_768
        segments, _info = self._whisper.transcribe(
            sound, language=language, task="transcribe", beam_size=5, vad_filter=False, condition_on_previous_text=False
        )
        longest = len(samples) * 1000 // RATE
        return [
            Heard(
                t0=max(0, min(longest, round(one.start * 1000))),
                t1=max(0, min(longest, round(one.end * 1000))),
                text=" ".join(one.text.split()),
                confidence=round(min(1.0, math.exp(one.avg_logprob)), 3),
            )
            for one in segments
            if one.text.strip() and not (one.no_speech_prob > NO_SPEECH and one.avg_logprob < UNSURE)
        ]
