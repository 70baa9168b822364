"""A real S3 server, and a store of each kind."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from media.evidence.archive.folder_store import MARK, FolderStore
from media.evidence.archive.store import ArchiveStore
from tests.support.evidence.object_store import ObjectServer, object_server


@pytest.fixture(scope="session")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectServer]:
    """The server of all tests of this folder."""
    with object_server(tmp_path_factory.mktemp("objects")) as made:
        yield made


@pytest.fixture
def folder_store(tmp_path: Path) -> FolderStore:
    """An archive in a folder."""
    (tmp_path / "shelf").mkdir()
    (tmp_path / "shelf" / MARK).touch()
    return FolderStore(tmp_path / "shelf")


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest) -> ArchiveStore:
    """An archive of each kind."""
    if request.param == "folder":
        made: ArchiveStore = request.getfixturevalue("folder_store")
        return made
    objects: ObjectServer = request.getfixturevalue("objects")
    return objects.store("evidence", f"{request.node.name.partition('[')[0].replace('_', '-')}/")
