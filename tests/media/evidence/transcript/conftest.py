"""A recording in which two people speak, and the small model."""

import pytest

from media.evidence.transcript import model
from tests.support.evidence.speech import SMALL, Bagged, spoken, write


@pytest.fixture(scope="session")
def bagged(tmp_path_factory: pytest.TempPathFactory) -> Bagged:
    """The recording; do not change it."""
    return write(spoken(), tmp_path_factory.mktemp("spoken"))


@pytest.fixture(scope="session")
def small() -> model.Model:
    """The small model, read once."""
    return model.load(SMALL, threads=2)
