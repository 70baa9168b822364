"""A recorder process, and what is sent to it."""

import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.support.evidence.recorder import Bench, encode_audio, encode_video, make_bench, plan


@pytest.fixture(scope="session")
def samples() -> SimpleNamespace:
    """Encoded once: `video`, `plain`, `audio`, `silence`; and `plan` to make track plans."""
    return SimpleNamespace(
        video=encode_video(100),
        plain=encode_video(50, plain=True),
        audio=encode_audio(200),
        silence=encode_audio(100, amplitude=0),
        faint=encode_audio(100, amplitude=100),
        plan=plan,
        encode_video=encode_video,
    )


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    """A recorder that is not started yet."""
    recordings = tmp_path / "recordings"
    recordings.mkdir()
    made = make_bench(tmp_path, recordings)
    yield made
    await made.end()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 16 MiB."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip(f"a small file system cannot be mounted here: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
async def small_disk_bench(small_disk: Path, tmp_path: Path) -> AsyncIterator[Bench]:
    """A recorder whose recordings lie on a small file system."""
    made = make_bench(tmp_path, small_disk)
    yield made
    await made.end()
