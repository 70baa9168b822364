"""What tests cost is added up by file, across workers too, and told of a run that was long."""

import re
import subprocess
import sys
from pathlib import Path

from tests.support.costs import MOST, told

ROOT = Path(__file__).parent.parent
CONFTEST = """
from tests.support import costs
costs.WORTH_TELLING = 0.0
def pytest_configure(config):
    config.pluginmanager.register(costs.Costs())
"""
WORKS = """
import subprocess, sys, time
def until(seconds):
    while time.process_time() < seconds:
        pass
def test_works_itself():
    until(time.process_time() + {own})
def test_lets_others_work():
    code = "import time\\nwhile time.process_time() < {others}: pass"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
"""


def test_a_short_run_says_nothing_and_a_long_one_its_dearest_files() -> None:
    costs = {f"tests/test_{number}.py": number / 10 for number in range(1, MOST + 3)}
    assert told(costs) == []
    costs["tests/test_long.py"] = 90.0
    whole, first, *others = told(costs)
    assert whole == f"   115.3 s  altogether, {MOST + 3} files"
    assert first == "    90.0 s  tests/test_long.py"
    assert (len(others), others[-1]) == (MOST - 1, "     0.4 s  tests/test_4.py")


def test_a_file_costs_what_it_and_the_processes_it_waits_for_work_whichever_worker_runs_it(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_dear.py").write_text(WORKS.format(own=0.3, others=0.6))
    (tmp_path / "test_cheap.py").write_text("def test_nothing():\n    assert True\n")
    command = [sys.executable, "-m", "pytest", "-p", "no:schemathesis", "-n", "1", "--dist", "loadfile"]
    command += ["--rootdir", str(tmp_path), "-c", str(tmp_path / "pytest.ini"), str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    section = done.stdout.partition(" processor time, by file ")[2]
    costs = {name: float(cost) for cost, name in re.findall(r"^ +([\d.]+) s  ([\w.]+)", section, re.MULTILINE)}
    assert list(costs) == ["altogether", "test_dear.py", "test_cheap.py"], done.stdout
    assert costs["test_dear.py"] >= 0.9, costs
    assert costs["test_cheap.py"] < costs["test_dear.py"], costs
