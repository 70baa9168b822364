"""The folder in which a copy is made is gone afterwards, and what a kill leaves behind goes at the next start."""

import signal
import subprocess
import sys
from pathlib import Path

from tests.support.installation import Installation, free_port
from web.sitting import export_rooms

MAKES_A_COPY = """
import sys, time
from pathlib import Path
from web.sitting import export_rooms
room = export_rooms.enter(Path(sys.argv[1]))
(room / "hearing-key.age").write_bytes(b"wrapped")
print(room, flush=True)
time.sleep(600)
"""


def making(data: Path) -> tuple[subprocess.Popen[str], Path]:
    """A process that makes a copy, and its room."""
    made = subprocess.Popen([sys.executable, "-c", MAKES_A_COPY, str(data)], stdout=subprocess.PIPE, text=True)
    assert made.stdout is not None
    return made, Path(made.stdout.readline().strip())


def end(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()


def test_a_room_is_private_and_goes_with_all_that_is_in_it(tmp_path: Path) -> None:
    room = export_rooms.enter(tmp_path)
    assert room.stat().st_mode & 0o777 == 0o700
    (room / "bag").mkdir()
    (room / "bag" / "manifest").touch()
    before = len(list(Path("/proc/self/fd").iterdir()))
    export_rooms.leave(room)
    export_rooms.leave(room)
    assert list(tmp_path.iterdir()) == [] and len(list(Path("/proc/self/fd").iterdir())) == before - 1


def test_a_copy_that_a_kill_left_behind_is_removed_and_one_that_is_being_made_is_not(tmp_path: Path) -> None:
    (killed, left), (living, held) = making(tmp_path), making(tmp_path)
    own = export_rooms.enter(tmp_path)
    try:
        end(killed)
        (tmp_path / "recordings").mkdir()
        assert (left / "hearing-key.age").exists()
        assert export_rooms.remove_left(tmp_path) == 1
        assert not left.exists() and (held / "hearing-key.age").exists() and own.exists()
    finally:
        end(living)
        export_rooms.leave(own)
    assert export_rooms.remove_left(tmp_path) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["recordings"]


def test_the_service_removes_at_its_start_what_an_earlier_one_left(prepared: Path, tmp_path: Path) -> None:
    port = free_port()
    made = Installation.copy(prepared, tmp_path, port=port, public_url=f"http://localhost:{port}")
    left = [made.settings.data / ".export-killed", made.settings.recordings / ".019300aa.a1b2c3d4.restoring"]
    for folder in left:
        folder.mkdir()
        (folder / "hearing-key.age").write_bytes(b"wrapped")
    with made.in_thread():
        assert not any(folder.exists() for folder in left)
