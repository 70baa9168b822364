"""Recordings and bags for the tests of evidence."""

import shutil
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.support.evidence import bags


@pytest.fixture(scope="session")
def builder() -> ModuleType:
    """The module that makes recordings and bags."""
    return bags


@pytest.fixture(scope="session")
def webm(builder: ModuleType) -> dict[str, list[bytes]]:
    """Pieces of real WebM, by kind."""
    if not shutil.which("ffmpeg"):
        pytest.fail("ffmpeg is not installed")
    return {kind: builder.webm_pieces(kind) for kind in ("video", "audio")}


@pytest.fixture
def recording(builder: ModuleType, webm: dict[str, list[bytes]]) -> Any:
    """A recording without gaps, not yet written."""
    return builder.standard(webm)


@pytest.fixture(scope="session")
def gapped(builder: ModuleType, webm: dict[str, list[bytes]]) -> Any:
    """A recording with a declared gap; do not change it."""
    return builder.standard(webm, gaps=True)


@pytest.fixture(scope="session")
def good_recording(builder: ModuleType, webm: dict[str, list[bytes]]) -> Any:
    """A recording without gaps; do not change it."""
    return builder.standard(webm)


@pytest.fixture(scope="session")
def good_bag(good_recording: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bag without fault; copy it before you change it."""
    return Path(good_recording.write(tmp_path_factory.mktemp("good") / "bag"))
