"""Files are durable when the store says so: asked of the operating system by tracing what it was told."""

import subprocess
import sys

import pytest

from media.evidence.log.store import FileStore, MemoryStore


@pytest.mark.parametrize("make", [FileStore, lambda folder: MemoryStore()])
def test_a_name_in_use_is_never_overwritten(tmp_path, make):
    (tmp_path / "seg").mkdir()
    store = make(tmp_path)
    first, second = (store.stage("seg/a.age", data) for data in (b"one", b"two"))
    store.publish([(first, "seg/a.age")])
    with pytest.raises(FileExistsError):
        store.publish([(second, "seg/a.age")])
    assert store.read("seg/a.age") == b"one"
    store.discard(second)
    store.discard(second)
    store.replace("checkpoint", b"1")
    store.replace("checkpoint", b"2")
    assert store.read("checkpoint") == b"2"


def test_files_are_private_and_links_are_not_followed(tmp_path):
    (tmp_path / "seg").mkdir()
    store = FileStore(tmp_path)
    store.publish([(store.stage("seg/a.age", b"x"), "seg/a.age")])
    assert (tmp_path / "seg/a.age").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (tmp_path / "seg").iterdir()] == ["a.age"]
    with pytest.raises(FileNotFoundError):
        store.stage("absent/a.age", b"x")


SCRIPT = """
import sys
from pathlib import Path
from media.evidence.log.store import FileStore
store = FileStore(Path(sys.argv[1]))
print("begin", flush=True)
store.publish([(store.stage("seg/a.age", b"x" * 100_000), "seg/a.age")])
print("end", flush=True)
"""


def test_file_is_synced_before_its_name_and_the_folder_after(tmp_path):
    (tmp_path / "seg").mkdir()
    trace = tmp_path / "trace"
    command = ["strace", "-f", "-y", "-o", str(trace), "-e", "trace=write,fsync,rename,renameat,renameat2"]
    found = subprocess.run(
        [*command, sys.executable, "-c", SCRIPT, str(tmp_path)], capture_output=True, text=True, check=False
    )
    if found.returncode != 0 or not trace.exists():
        pytest.skip(f"strace cannot be used here: {found.stderr.strip()[-200:]}")
    calls = [line for line in trace.read_text().splitlines() if str(tmp_path) in line]
    order = [("write" if "write(" in call else "fsync" if "fsync(" in call else "rename") for call in calls]
    assert order == ["write", "fsync", "rename", "fsync"]
    assert "/seg/.tmp-" in calls[1]
    assert calls[3].split("<")[1].startswith(f"{tmp_path}/seg>")
