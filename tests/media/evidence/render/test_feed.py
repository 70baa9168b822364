"""ffmpeg fed from memory: its failures are told, those of an input too, and nothing goes on behind them."""

import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from media.evidence.render import feed
from media.evidence.render.feed import FfmpegCommand, RenderError, run

RAW = ("-f", "s16le", "-ar", "48000", "-ac", "1")


def silence(seconds: int) -> Iterator[bytes]:
    for _second in range(seconds):
        yield bytes(96_000)


def fed(count: int) -> list[str]:
    """The arguments of inputs from memory."""
    return [part for at in range(count) for part in (*RAW, "-i", f"feed:{at}")]


def test_inputs_larger_than_a_pipe_all_arrive_and_progress_is_told(tmp_path: Path) -> None:
    out, told = tmp_path / "out.mkv", []
    graph = "[0][1]amix=inputs=2[out];color=s=16x16:r=25:d=60[picture]"
    mixed = [*fed(2), "-filter_complex", graph, "-map", "[picture]", "-map", "[out]", "-c:a", "pcm_s16le"]
    command = FfmpegCommand([*mixed, "-f", "matroska", str(out)], {"feed:0": silence(60), "feed:1": silence(60)})
    run("ffmpeg", command, told.append)
    assert told[-1] == 1_500
    reading = ["ffmpeg", "-v", "error", "-i", str(out), "-map", "0:a", "-f", "s16le", "-"]
    assert len(subprocess.run(reading, check=True, capture_output=True, timeout=60).stdout) == 60 * 96_000


def test_an_input_that_ffmpeg_does_not_need_to_its_end_is_no_failure(tmp_path: Path) -> None:
    out = tmp_path / "out.raw"
    run("ffmpeg", FfmpegCommand([*fed(1), "-t", "1", "-f", "s16le", str(out)], {"feed:0": silence(3_600)}))
    assert out.stat().st_size == 96_000


def test_what_an_input_raises_is_raised_and_no_thread_is_left() -> None:
    def broken() -> Iterator[bytes]:
        yield bytes(96_000)
        raise ValueError("not what was sealed")

    before = threading.active_count()
    feeds = {"feed:0": broken(), "feed:1": silence(3_600)}
    with pytest.raises(ValueError, match="not what was sealed"):
        run("ffmpeg", FfmpegCommand([*fed(2), "-map", "1", "-f", "s16le", "-y", "/dev/null"], feeds))
    assert threading.active_count() == before


def test_a_failure_of_ffmpeg_is_told_in_its_own_words() -> None:
    with pytest.raises(RenderError, match="no_such_filter"):
        run("ffmpeg", FfmpegCommand([*fed(1), "-af", "no_such_filter", "-f", "null", "-"], {"feed:0": silence(1)}))


def test_a_command_that_the_system_would_not_take_is_refused() -> None:
    with pytest.raises(RenderError, match="render less of it at a time"):
        run("ffmpeg", FfmpegCommand(["-filter_complex", "x" * (feed.MOST_ARGUMENT + 1)], {}))
