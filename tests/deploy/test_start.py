"""deploy/start.py where something is missing: an old Python, system packages, a broken dpkg."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
START = ROOT / "deploy" / "start.py"
PREAMBLE = f"import runpy, sys; start = runpy.run_path({str(START)!r}); "


def run(code: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, **({"PATH": path} if path else {})}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=60)


def tool(folder: Path, name: str, script: str) -> None:
    """A command of our own in front of the path."""
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    file.chmod(0o755)


def test_an_old_python_can_read_it_and_is_told() -> None:
    ast.parse(START.read_text(encoding="utf-8"), feature_version=(3, 8))
    done = run(f"import runpy, sys; sys.version_info = (3, 9, 2); runpy.run_path({str(START)!r}, run_name='__main__')")
    assert done.returncode == 1
    assert done.stderr.startswith("Vivavoce needs Python 3.11 or newer; this is ")


def test_a_word_it_does_not_know_gets_the_two_commands() -> None:
    done = subprocess.run([sys.executable, str(START), "serv"], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert "python3 deploy/start.py test" in done.stderr


def test_without_apt_it_names_what_to_install(tmp_path: Path) -> None:
    done = run(PREAMBLE + "start['system_packages'](['age', 'ffmpeg'])", path=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.startswith("Please install, then start again: age ffmpeg")


def apt(folder: Path, install: str) -> str:
    """apt-get, dpkg and sudo that note how they were called; `install` decides what installing does."""
    calls = folder / "calls"
    tool(folder, "apt-get", f'echo "apt-get $*" >>{calls}\nif [ "$1" = install ]; then {install}; fi')
    tool(folder, "dpkg", f'echo "dpkg $*" >>{calls}; touch {folder}/repaired')
    tool(folder, "sudo", 'if [ "$1" = -n ]; then shift; fi; exec "$@"')
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def test_an_interrupted_dpkg_is_set_right_once(tmp_path: Path) -> None:
    path = apt(tmp_path, f"test -e {tmp_path}/repaired")
    done = run(PREAMBLE + "start['system_packages'](['age'])", path=path)
    assert done.returncode == 0, done.stderr
    once = ["apt-get update -q", "apt-get install -y --no-install-recommends age"]
    assert (tmp_path / "calls").read_text().splitlines() == [*once, "dpkg --configure -a", *once]


def test_apt_that_fails_twice_is_reported_with_its_words(tmp_path: Path) -> None:
    path = apt(tmp_path, "echo 'E: no room left'; exit 100")
    done = run(PREAMBLE + "start['system_packages'](['age'])", path=path)
    assert done.returncode == 1
    assert done.stderr.splitlines() == ["E: no room left", "", "apt-get could not install: age"]


def test_ci_script_ends_as_its_tests_do(tmp_path: Path) -> None:
    tool(tmp_path, "python3", 'echo "$*"; if read -r line; then echo "stdin: $line"; fi; exit 3')
    env = {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run([ROOT / ".ci" / "run"], env=env, input="x\n", capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (3, "deploy/start.py test\n")


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd on this machine")
def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    unit = (ROOT / "deploy" / "vivavoce.service").read_text(encoding="utf-8")
    # The user and the command are not on this machine; everything else is checked as it stands.
    for line in ("User=vivavoce\n", "Group=vivavoce\n"):
        unit = unit.replace(line, "")
    (tmp_path / "vivavoce.service").write_text(unit.replace("/opt/vivavoce/bin/vivavoce", "/bin/true"))
    command = ["systemd-analyze", "verify", "--man=no", str(tmp_path / "vivavoce.service")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
