"""A file counts as kept only when the store has given every byte back, under a lock that lasts; a store that lies is
found out."""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from media.evidence.archive import keeping
from media.evidence.archive.folder_store import FolderStore
from media.evidence.archive.store import ArchiveError, ArchiveStore, ObjectState, Trouble
from media.evidence.archive.volumes import Packed
from media.evidence.log import journal_lines

DAY = datetime.now(UTC).date() + timedelta(days=400)
KEY = "019300aa/part-000.tar"


class Liar:
    """An archive that takes everything, and says or gives back something else."""

    def __init__(
        self,
        store: ArchiveStore,
        state: Callable[[ObjectState], ObjectState] = lambda state: state,
        given: Callable[[bytes], bytes] = lambda data: data,
    ) -> None:
        self.store, self._state, self._given = store, state, given
        self.name = store.name

    def put(self, key: str, source: Path, sha256: str, until: date) -> str:
        return self.store.put(key, source, sha256, until)

    def read(self, key: str, version: str) -> Iterator[bytes]:
        yield self._given(b"".join(self.store.read(key, version)))

    def listed(self, prefix: str) -> list[ObjectState]:
        return self.store.listed(prefix)

    def state(self, key: str, version: str) -> ObjectState:
        return self._state(self.store.state(key, version))

    def delete(self, key: str, version: str) -> None:
        self.store.delete(key, version)


@pytest.fixture
def packed(tmp_path: Path) -> tuple[Path, Packed]:
    path = tmp_path / "volume"
    path.write_bytes(os.urandom(100_000))
    return path, keeping.digest([path.read_bytes()])


def test_what_is_kept_is_a_line_that_names_version_and_lock(store: ArchiveStore, packed: tuple[Path, Packed]) -> None:
    kept = keeping.keep(store, KEY, *packed, DAY)
    line = {**kept.line, "at": "1764835200123456789"}
    journal_lines.check_fields(line)
    assert (line["bucket"], line["until"], line["sha256"]) == (store.name, DAY.isoformat(), packed[1].sha256)
    raw = journal_lines.canonical(line)
    named = keeping.named([b'{"type":"custody"}', raw], store.name)
    assert named == {"part-000.tar": replace(kept, at=1764835200123456789)}
    assert keeping.named([raw], "another") == {}
    assert keeping.keep(store, KEY, *packed, DAY) == kept


LIES: dict[str, tuple[dict[str, object], Trouble]] = {
    "another checksum": ({"state": lambda state: replace(state, sha256="0" * 64)}, Trouble.altered),
    "another size": ({"state": lambda state: replace(state, size=1)}, Trouble.altered),
    "another version": ({"state": lambda state: replace(state, version="other")}, Trouble.missing),
    "no lock": ({"state": lambda state: replace(state, until=None)}, Trouble.shortened),
    "a shorter lock": ({"state": lambda state: replace(state, until=DAY - timedelta(days=1))}, Trouble.shortened),
    "a flipped bit": ({"given": lambda data: bytes([data[0] ^ 1]) + data[1:]}, Trouble.altered),
    "a shorter file": ({"given": lambda data: data[:-1]}, Trouble.altered),
    "nothing": ({"given": lambda data: b""}, Trouble.altered),
    "no checksum, and other bytes": (
        {"state": lambda state: replace(state, sha256=""), "given": lambda data: data[::-1]},
        Trouble.altered,
    ),
}
"""What the store does, and how it is found out."""


@pytest.mark.parametrize("lie", LIES)
def test_a_store_that_lies_about_what_it_keeps_is_found_out(
    folder_store: FolderStore, packed: tuple[Path, Packed], lie: str
) -> None:
    doing, trouble = LIES[lie]
    with pytest.raises(ArchiveError) as found:
        keeping.keep(Liar(folder_store, **doing), KEY, *packed, DAY)
    assert found.value.trouble is trouble


def test_a_line_of_others_about_an_archive_is_not_taken_for_ours() -> None:
    line = {"type": "archive", "at": "1", "bucket": "b", "file": "x.tar", "until": "2035-12-04", "version": "v"}
    other = {**line, "file": "1/part-000.tar"}
    assert keeping.named([json.dumps(each, separators=(",", ":")).encode() for each in (line, other)], "b") == {}


@pytest.mark.parametrize("spoilt", ["file", "bucket", "version", "until", "at", "sha256", "size"])
def test_a_line_that_is_not_whole_names_nothing_and_stops_nothing(spoilt: str) -> None:
    whole = keeping.KeptObject(KEY, "evidence", "v1", DAY, "ab" * 32, 7, 0).line | {"at": "1"}
    bare = {name: value for name, value in whole.items() if name != spoilt}
    spoilt_lines = (bare, whole | {spoilt: None}, whole | {spoilt: []})
    lines = [json.dumps(line, separators=(",", ":")).encode() for line in spoilt_lines]
    assert keeping.named(lines, "evidence") == {}
    lines += [b'[{"type":"archive"}]', json.dumps(whole, separators=(",", ":")).encode()]
    assert set(keeping.named(lines, "evidence")) == {"part-000.tar"}
