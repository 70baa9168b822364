"""A recording of 8 s with known colours and tones, as a bag with its policy and its key."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.evidence.bags import Recording
from tests.support.evidence.films import BLUE, GREEN, RED, Shot, entry, film

END = 8_000
SHOTS = {
    "judge_1_cam": Shot("floor-video", lambda t: RED if t < 3_000 else BLUE),
    "judge_1_mic": Shot("floor-audio", lambda t: 440 if t >= 3_000 else 0, "ro"),
    "witness_1_cam": Shot(
        "floor-video", lambda _t: GREEN, begin=1_000, gaps=((3_000, 5_000, "network"),),
        size=lambda t: (160, 96) if t < 5_000 else (96, 160),
    ),
    "witness_1_mic": Shot(
        "floor-audio", lambda t: 1_000 if t < 2_000 else 0, "th", begin=1_000, gaps=((3_000, 5_000, "sender_off"),)
    ),
    "channel_ro": Shot(
        "language", lambda t: 700 if 6_000 <= t < 7_000 else 0, "ro", gaps=((2_000, 4_000, "network"),)
    ),
    "channel_th": Shot(
        "language", lambda t: 1_500 if 4_000 <= t < 5_000 else 0, "th", gaps=((6_000, 8_000, "sender_off"),),
        lost=tuple((t, t + 60) for t in range(500, 3_000, 500)),
    ),
}  # fmt: skip
"""The judge's camera and tone change at 3 s; the witness comes at 1 s, speaks to 2 s, is away from 3 to 5 s, and holds
the camera upright from then on. One channel has a gap before its tone, the other lost packets.
"""


@dataclass(frozen=True)
class Bagged:
    """A bag, and the files by which the command takes it."""

    recording: Recording
    folder: Path

    @property
    def bag(self) -> Path:
        return self.folder / "bag"

    @property
    def arguments(self) -> list[str]:
        """Of the command, before the copy's name."""
        given = ["--policy", str(self.folder / "policy.txt"), "--identity", str(self.folder / "key.txt")]
        return [str(self.bag), *given, "--without-stamp", "--size", "320x240"]


def write(recording: Recording, folder: Path) -> Bagged:
    """Put a recording into a folder, as its holder has it."""
    recording.write(folder / "bag")
    (folder / "policy.txt").write_bytes(recording.policy())
    (folder / "key.txt").write_bytes(recording.key_file())
    return Bagged(recording, folder)


@pytest.fixture(scope="session")
def bagged(tmp_path_factory: pytest.TempPathFactory) -> Bagged:
    """The recording; do not change it."""
    if not shutil.which("ffmpeg"):
        pytest.fail("ffmpeg is not installed")
    people = {"judge_1": ("presiding_judge", "RO"), "witness_1": ("witness", "TH")}
    recording = film(SHOTS, END, people)
    entry(recording, 1, 0, "started", "presiding_judge")
    entry(recording, 2, 2_500, "exhibit_shown", "clerk", "witness_1")
    entry(recording, 3, 6_000, "objection", "defence")
    entry(recording, 4, END, "closing", "presiding_judge")
    recording.close(END)
    return write(recording, tmp_path_factory.mktemp("film"))
