"""The recorder as the web process speaks to it: what it has said it has, of a real recorder process."""

import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from media.evidence.seal import age
from media.evidence.seal.seal_key import SealKey
from media.link import Mandate
from media.messages import NamedRecipient
from media.processes import python
from tests.support.evidence.recorder import COURT, RECORDING, plan
from tests.support.evidence.seals import LocalSeal, ServedSeal
from web.live import recorder as module
from web.live.recorder import Recorder

MIC, CAM, LATE = (
    plan("judge_1_mic", "floor-audio"),
    plan("judge_1_cam", "floor-video"),
    plan("late_1_mic", "floor-audio"),
)


async def nothing(*_words: Any) -> None:
    """What the process says by itself is not asked here."""


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Any]:
    served = ServedSeal(LocalSeal(tmp_path / "seal", SealKey(bytes(32))), tmp_path / "seal.sock")
    (tmp_path / "run").mkdir(mode=0o700)
    (tmp_path / "recordings").mkdir()
    where = ["--folder", str(tmp_path / "run"), "--recordings", str(tmp_path / "recordings")]
    argv = python("media.evidence.recording.recorder", *where, "--seal", str(served.socket), "--court", COURT)
    made: list[Recorder] = []

    async def begin() -> Recorder:
        one = Recorder()
        made.append(one)
        await one.start(
            argv, tmp_path / "run", heard=nothing, gone=print, lost=nothing, restarted=nothing, mandate=Mandate()
        )
        return one

    yield begin
    await made[-1].stop()
    served.close()


async def opened(recorder: Recorder) -> None:
    key = NamedRecipient(name="requesting authority", recipient=age.make_identity().recipient.text)
    await recorder.open(RECORDING, "hearing-1", [key], [MIC, CAM])


async def test_the_recorder_has_the_tracks_it_was_opened_with_and_those_it_has_answered(start: Any) -> None:
    recorder = await start()
    assert recorder.tracks == frozenset()
    await opened(recorder)
    assert recorder.tracks == {"judge_1_mic", "judge_1_cam"}
    assert not recorder.lacks([MIC, CAM])
    assert recorder.lacks([MIC, LATE])
    assert await recorder.add_tracks([MIC, CAM, LATE])
    assert recorder.tracks == {"judge_1_mic", "judge_1_cam", "late_1_mic"}


async def test_a_track_the_recorder_does_not_answer_for_is_none_and_is_told_of_again(
    start: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = await start()
    await opened(recorder)
    monkeypatch.setattr(module, "ADD_SECONDS", 0.5)
    pid = recorder._process.pid
    os.kill(pid, signal.SIGSTOP)
    try:
        assert not await recorder.add_tracks([LATE])
        assert "late_1_mic" not in recorder.tracks
        assert recorder.lacks([LATE])
    finally:
        os.kill(pid, signal.SIGCONT)
    assert await recorder.add_tracks([LATE])
    assert "late_1_mic" in recorder.tracks


async def test_who_takes_the_recorder_over_knows_of_no_track_until_it_has_answered(start: Any) -> None:
    first = await start()
    await opened(first)
    await first.detach()
    second = await start()
    assert second.tracks == frozenset()
    assert await second.add_tracks([MIC, CAM])
    assert second.tracks == {"judge_1_mic", "judge_1_cam"}
