"""An ffmpeg that lacks something is told before anything is done."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from media.evidence.render import encoders
from media.evidence.render.encoders import CONTAINERS, FfmpegError


def test_the_ffmpeg_at_hand_can_make_both_kinds_of_file() -> None:
    found = encoders.at_hand()
    assert re.match(r"ffmpeg version \S+$", found.version)
    assert encoders.codecs(found, CONTAINERS[".mp4"])[0]["c:v"] == "libx264"
    assert encoders.codecs(found, CONTAINERS[".webm"])[1]["c:a"] == "libopus"


def test_the_next_best_encoder_is_taken_and_none_at_all_is_told() -> None:
    found = encoders.at_hand()
    less = replace(found, encoders=frozenset({"libopenh264", "aac"}))
    assert encoders.codecs(less, CONTAINERS[".mp4"])[0]["c:v"] == "libopenh264"
    with pytest.raises(FfmpegError, match="no encoder for webm \\(libvpx or libvpx-vp9\\)"):
        encoders.codecs(less, CONTAINERS[".webm"])


def test_an_ffmpeg_without_a_filter_is_told_which() -> None:
    found = encoders.at_hand()
    with pytest.raises(FfmpegError, match="lacks the filters drawtext:"):
        encoders.codecs(replace(found, filters=found.filters - {"drawtext"}), CONTAINERS[".mp4"])


def test_no_ffmpeg_at_all_is_told(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FfmpegError, match="ffmpeg is not installed"):
        encoders.at_hand()
    broken = tmp_path / "ffmpeg"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    with pytest.raises(FfmpegError, match="does not run"):
        encoders.at_hand()
