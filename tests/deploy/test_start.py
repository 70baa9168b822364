"""deploy/start.py where something is missing: a good Python, system packages, a whole dpkg."""

import ast
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent.parent
START = ROOT / "deploy" / "start.py"
PREAMBLE = f"import runpy, sys; start = runpy.run_path({str(START)!r}); "
# start.py as it is when `running` starts it and FOLDERS are empty: a version, and whether its cookies are quick.
STARTED_BY = f"""
import importlib.util, sys
spec = importlib.util.spec_from_file_location("start", {str(START)!r})
start = sys.modules["start"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(start)
start.FOLDERS.clear()
real, running = start.ask, start.Python(sys.executable, {{version}}, True, True, {{quick}})
start.ask = lambda path: running if path == sys.executable else real(path)
start.set_up = lambda for_tests: start.say("setting up")
start.os.execv, execv = lambda path, command: start.say("tests"), start.os.execv
if {{hand_over}}:
    start.os.execv = execv
start.main(["test", "-k", "x y"])
"""


def run(code: str, path: str | None = None, **more: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, **({"PATH": path} if path else {}), **more}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=60)


def tool(folder: Path, name: str, script: str) -> None:
    """A command of our own in front of the path."""
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    file.chmod(0o755)


@pytest.fixture(scope="module")
def start() -> ModuleType:
    spec = importlib.util.spec_from_file_location("start", START)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["start"] = module  # its annotations are strings, looked up there
    spec.loader.exec_module(module)
    return module


def test_an_old_python_can_read_it() -> None:
    tree = ast.parse(START.read_text(encoding="utf-8"), feature_version=(3, 8))
    assert {"main", "settle_python"} <= {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


# An interpreter as one word: its version; `rc` is no release, `-` cannot make a venv, `+` was mended by a distributor,
# `/` is one of Debian's.
@pytest.mark.parametrize(
    ("running", "found", "apt", "chosen"),
    [
        ("3.13.0", "", False, "3.13.0"),
        ("3.12.6", "3.13.5", False, "3.12.6"),  # whoever chose a good one keeps it
        ("3.11.10", "3.13.5", False, "3.11.10"),
        ("3.11.2+", "3.13.5", False, "3.11.2+"),
        ("3.14.0", "3.13.5", False, "3.14.0"),
        ("3.11.9", "3.12.5 3.12.6 3.13.5", False, "3.13.5"),
        ("3.12.5", "3.11.10", False, "3.11.10"),  # older, but mended
        ("3.11.7", "3.14.1 3.13.0", False, "3.13.0"),  # what the tests run on
        ("3.11.7", "3.14.1 3.12.9", False, "3.14.1"),
        ("3.11.7", "3.13.2 3.13.5 3.13.4", False, "3.13.5"),
        ("3.11.7", "3.13.0rc 3.14.0rc", False, "3.11.7"),
        ("3.13.0rc", "3.11.10", False, "3.11.10"),
        ("3.11.7", "3.15.0", False, "3.11.7"),  # no wheels for it
        ("3.15.0", "3.12.9", False, "3.12.9"),
        ("3.15.0", "", False, "3.15.0"),
        ("3.11.7", "3.13.5-", False, "3.11.7"),
        ("3.11.7", "/3.13.5-", False, "3.11.7"),
        ("3.11.7", "/3.13.5-", True, "/3.13.5-"),
        ("3.11.7", "/3.13.5- 3.12.9", True, "3.12.9"),  # nothing to install
        ("3.11.7", "3.13.5-", True, "3.11.7"),  # apt has no venv for a Python that is not Debian's
        ("/3.13.5-", "3.12.9", False, "3.12.9"),
        ("3.11.7-", "", False, "3.11.7-"),
        ("3.11.7", "3.12.3", False, "3.11.7"),  # one open to attack is no better than another
        ("3.9.2", "3.11.7 3.12.3", False, "3.12.3"),
        ("3.9.2", "3.11.7 3.12.3 3.11.11", False, "3.11.11"),
        ("3.9.2", "3.10.15", False, "3.9.2"),
    ],
)
def test_it_chooses_a_python(start: ModuleType, running: str, found: str, apt: bool, chosen: str) -> None:
    def python(word: str) -> object:
        version = tuple(int(part) for part in word.strip("/+-").removesuffix("rc").split("."))
        path = f"/usr/bin/{word}" if word.startswith("/") else f"/opt/{word}"
        return start.Python(path, version, "rc" not in word, "-" not in word, "+" in word)

    assert start.choose(python(running), [python(word) for word in found.split()], apt) == python(chosen)


def started_by(version: tuple[int, int, int], quick: bool = False, hand_over: bool = False) -> str:
    return STARTED_BY.format(version=version, quick=quick, hand_over=hand_over)


def answering(folder: Path, version: tuple[int, int, int]) -> str:
    """A python3.13 in `folder` that answers as `version` and, once become, echoes its arguments. Says where it is."""
    file = folder / "python3.13"
    facts = json.dumps([str(file), version, "final", True, True])
    tool(folder, file.name, f"""if [ "$1" = -I ]; then echo '{facts}'; else printf '<%s>' "$@"; fi""")
    return str(file)


def test_it_goes_on_with_a_better_python_and_the_same_arguments(tmp_path: Path) -> None:
    better = answering(tmp_path, (3, 13, 99))
    done = run(started_by((3, 11, 7), hand_over=True), path=str(tmp_path))
    assert done.stdout.splitlines() == [
        f"- Python 3.11.7 started this; going on with the better 3.13.99 ({better})",
        f"<{START}><test><-k><x y>",
    ]
    assert (done.returncode, done.stderr) == (0, "")


def test_a_name_that_leads_nowhere_hides_no_python_behind_it(tmp_path: Path) -> None:
    (tmp_path / "shims").mkdir()
    tool(tmp_path / "shims", "python3.13", "echo 'python3.13: command not found' >&2; exit 127")
    better = answering(tmp_path, (3, 13, 99))
    done = run(started_by((3, 9, 2), hand_over=True), path=f"{tmp_path}/shims{os.pathsep}{tmp_path}")
    assert done.stdout.startswith(f"- Python 3.9.2 started this; going on with the better 3.13.99 ({better})\n<")


@pytest.mark.parametrize("installs", [True, False])
def test_debians_python_is_given_its_venv_or_left_alone(
    start: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    installs: bool,
) -> None:
    monkeypatch.setenv("PATH", apt(tmp_path, "true" if installs else "echo 'E: no such package'; exit 100"))
    assert start.has_venv(start.Python("/usr/bin/python3.13", (3, 13, 5), True, False, True)) is installs
    assert "apt-get install -y --no-install-recommends python3.13-venv" in (tmp_path / "calls").read_text()
    assert ("apt-get could not install: python3.13-venv" in capsys.readouterr().out) is not installs
    (tmp_path / "calls").unlink()
    assert start.has_venv(start.Python("/usr/bin/python3.13", (3, 13, 5), True, True, True)) is True
    assert not (tmp_path / "calls").exists()


def test_it_hands_over_once_only(tmp_path: Path) -> None:
    answering(tmp_path, (3, 13, 99))
    done = run(started_by((3, 11, 7)), path=str(tmp_path), START_PY_HANDED_OVER="1")
    assert "going on with" not in done.stdout
    assert done.stdout.splitlines()[-3:] == ["setting up", "- running the tests", "tests"]


def test_without_a_better_python_it_warns_and_goes_on(tmp_path: Path) -> None:
    done = run(started_by((3, 12, 5)), path=str(tmp_path))
    assert done.stdout.splitlines() == [
        "! Python 3.12.5 reads some cookies very slowly (CVE-2024-7592): somebody without a login can hold the server, "
        "and every hearing on it, with one header.",
        "  Install Python 3.13, or 3.12.6 or 3.11.10, or newer of these, with its venv, then start again: it is found "
        "by itself.",
        "setting up",
        "- running the tests",
        "tests",
    ]


@pytest.mark.parametrize(("version", "quick"), [((3, 13, 1), True), ((3, 12, 6), False), ((3, 11, 2), True)])
def test_a_mended_python_starts_without_a_word(tmp_path: Path, version: tuple[int, int, int], quick: bool) -> None:
    answering(tmp_path, (3, 13, 99))
    done = run(started_by(version, quick), path=str(tmp_path))
    assert done.stdout.splitlines() == ["setting up", "- running the tests", "tests"]


def test_an_old_python_with_no_other_is_told_what_to_install(tmp_path: Path) -> None:
    done = run(started_by((3, 9, 2)), path=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.startswith("Vivavoce needs Python 3.11 or newer; this is 3.9.2, and no newer one was found. ")


def test_an_interpreter_knows_whether_its_cookies_are_quick(start: ModuleType) -> None:
    """By trying: reading a cookie twice as long takes four times as long where it is slow."""
    here = start.ask(sys.executable)
    assert here.version == sys.version_info[:3]
    cookie = "SimpleCookie().load('a=\"' + chr(92) * {} + '\"')"
    ask = "import timeit; print(min(timeit.repeat({!r}, 'from http.cookies import SimpleCookie', number=1)))"
    short, long = (float(run(ask.format(cookie.format(size))).stdout) for size in (2_000, 16_000))
    assert (long < 24 * short) is here.quick_cookies


@pytest.mark.skipif(not shutil.which("python3.11"), reason="no python3.11 on this machine")
def test_the_pythons_of_this_machine_end_at_a_mended_one(start: ModuleType) -> None:
    old = start.ask(shutil.which("python3.11"))
    if old is None or old.mended or not any(python.mended and python.fits(False) for python in start.others(False)):
        pytest.skip("no weak Python, or no mended one, on this machine")
    done = subprocess.run([old.path, str(START), "serv"], capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout.startswith(f"- Python {old} started this; going on with the better ")
    assert done.stdout.count("\n") == 1
    assert "python3 deploy/start.py test" in done.stderr


def test_a_venv_of_another_micro_version_is_not_taken(
    start: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start, "PYTHON", tmp_path / "python")
    for version, works in ((sys.version_info[:3], True), ((*sys.version_info[:2], 99), False)):
        tool(tmp_path, "python", "echo " + " ".join(map(str, version)))
        assert start.venv_works() is works


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


@pytest.mark.parametrize(
    "words",
    [
        "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 7 (apt-get)",
        "E: Unable to lock directory /var/lib/apt/lists/",
        "dpkg: error: dpkg frontend lock was locked by another process with pid 7: is another process using it?",
    ],
)
def test_another_processs_apt_is_waited_for_and_nothing_is_set_right_under_it(tmp_path: Path, words: str) -> None:
    held = f"""n=$(cat {tmp_path}/tries 2>/dev/null || echo 0); echo $((n + 1)) >{tmp_path}/tries
        if [ $n -lt 2 ]; then echo '{words}'; exit 100; fi"""
    path = apt(tmp_path, held)
    quick = PREAMBLE + "start['apt'].__globals__['LOCK_PAUSE'] = 0.01; start['system_packages'](['age'])"
    done = run(quick, path=path)
    assert done.returncode == 0, done.stderr
    install = "apt-get install -y --no-install-recommends age"
    assert (tmp_path / "calls").read_text().splitlines() == ["apt-get update -q", *[install] * 3]
    assert done.stdout.count("waiting for it") == 1


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


# One of a test on its own, and one of two that tell a story: each goes on where the one before has ended.
SHAKY = """
import pathlib, pytest
FIRST = pathlib.Path(__file__).with_suffix(".tried")
told = []
@pytest.mark.{mark}
def test_good():
    told.append(1)
@pytest.mark.{mark}
def test_shaky():
    tried = FIRST.exists()
    FIRST.touch()
    assert tried and {needs}
"""


def every_test(start: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """The exit code of a whole run over the tests in `tmp_path`; its workers are counted, not started."""
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\naddopts = -rA -p xdist\nmarkers =\n  quiet\n  alone\n  beside\n  plain\n"
    )
    tool(tmp_path, "python", f'echo "$*" >>{tmp_path}/runs\nexec {sys.executable} "$@"')
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(start, "ROOT", tmp_path)
    monkeypatch.setattr(start, "PYTHON", tmp_path / "python")
    monkeypatch.setattr(start, "set_up", lambda for_tests: None)
    with pytest.raises(SystemExit) as ended:
        start.test([])
    assert isinstance(ended.value.code, int)
    return ended.value.code


@pytest.mark.parametrize("mended", [True, False])
def test_what_fails_is_tried_once_more_and_named_when_it_passes_only_then(
    start: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], mended: bool
) -> None:
    places = {"tests/web": "plain", "tests/media": "quiet", "tests/e2e": "alone", "tests/fuzz": "beside"}
    for place, mark in places.items():
        (tmp_path / place).mkdir(parents=True)
        needs = "told" if place == "tests/e2e" else mended or place != "tests/web"
        (tmp_path / place / f"test_{place[6:]}.py").write_text(SHAKY.format(mark=mark, needs=needs))
    code = every_test(start, tmp_path, monkeypatch)
    first, again = capfd.readouterr().out.split("- trying once more what has failed, with nothing beside it\n")
    assert code == (0 if mended else 1)
    assert (first.count("\nPASSED "), first.count("\nFAILED ")) == (4, 4)
    good = ["tests/web", "tests/media", "tests/e2e", "tests/fuzz"][0 if mended else 1 :]
    named = ", ".join(f"{place}/test_{place[6:]}.py::test_shaky" for place in good)
    assert f"\n! passed only when tried again: {named}\n" in again
    assert (again.count("\nPASSED "), again.count("\nFAILED ")) == ((5, 0) if mended else (4, 1))
    runs = [run.partition(" -o cache_dir=")[0] for run in (tmp_path / "runs").read_text().splitlines()]
    assert "-m pytest -q -n 2 --dist loadfile --no-loadscope-reorder -m beside -o timeout=1800" in runs
    assert "-m pytest -n 3 --dist loadfile --no-loadscope-reorder -m not quiet and not alone and not beside" in runs
    assert not (tmp_path / ".pytest_cache").exists()
    told = re.search(r"^- [\d.]+ minutes; processor time: (\d+) s \((.*)\)$", first, re.MULTILINE)
    assert told is not None, first
    parts = re.fullmatch(
        r"together (\d+) s of \d+, quiet (\d+) s of \d+, alone (\d+) s of \d+, beside (\d+) s of \d+", told[2]
    )
    assert parts is not None, told[2]
    assert 0 < int(told[1]) <= sum(map(int, parts.groups())) + 2  # each is rounded


def test_what_costs_more_than_it_was_given_is_named_at_the_end(
    start: ModuleType, capfd: pytest.CaptureFixture[str]
) -> None:
    names = [name for name, _budget in start.BUDGETS]
    assert len(names) == len(start.RUNS) + 1
    costs = [float(budget) for _name, budget in start.BUDGETS]
    start.say_costs(costs, 90.0)
    said = capfd.readouterr().out
    assert "- 1.5 minutes; " in said and "!" not in said
    costs[2] += 1
    start.say_costs(costs, 90.0)
    assert f"! the tests that run {names[2]} cost more" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("test", "code"),
    [
        ("def test_many(number): assert False", 1),  # more than an accident of a busy machine
        ("import nothing_of_this_name\ndef test_many(number): pass", 2),  # not collected
    ],
    ids=["many", "not collected"],
)
def test_what_is_no_accident_is_not_tried_again(
    start: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], test: str,
    code: int,
) -> None:  # fmt: skip
    many = f"import pytest\n@pytest.mark.parametrize('number', range({start.AGAIN_AT_MOST + 1}))\n{test}"
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_many.py").write_text(many)
    for mark in ("quiet", "alone", "beside"):
        one = f"import pytest\n@pytest.mark.{mark}\ndef test_good():\n    pass\n"
        (tmp_path / "tests" / f"test_{mark}.py").write_text(one)
    assert every_test(start, tmp_path, monkeypatch) == code
    assert "trying once more" not in capfd.readouterr().out


def test_a_step_that_a_dropped_connection_ends_is_tried_again(
    start: ModuleType, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    step = ["sh", "-c", f"echo x >>{tmp_path}/tries; echo ECONNRESET; test $(wc -l <{tmp_path}/tries) = 3"]
    start.run("installing", step, pauses=(0.0, 0.0, 0.0))
    assert (tmp_path / "tries").read_text() == "x\nx\nx\n"
    assert capfd.readouterr().out.count("ECONNRESET\n\n  installing: failed; once more in 0 s") == 2
    with pytest.raises(SystemExit, match="ECONNRESET\\n\\ninstalling: failed"):
        start.run("installing", step)


@pytest.mark.parametrize(("chrt", "words"), [("", "chrt --idle 0"), ("exit 1", "nice -n 19"), (None, "nice -n 19")])
def test_what_runs_beside_has_only_what_others_leave_over(
    start: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chrt: str | None, words: str
) -> None:
    if chrt is not None:
        tool(tmp_path, "chrt", chrt)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert " ".join(start.lowest()) == words


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd on this machine")
@pytest.mark.parametrize("name", ["vivavoce", "vivavoce-cosigner"])
def test_systemd_accepts_the_unit(tmp_path: Path, name: str) -> None:
    unit = (ROOT / "deploy" / f"{name}.service").read_text(encoding="utf-8")
    # The user and the command are not on this machine; everything else is checked as it stands.
    for line in (f"User={name}\n", f"Group={name}\n"):
        unit = unit.replace(line, "")
    (tmp_path / f"{name}.service").write_text(unit.replace("/opt/vivavoce/bin/vivavoce", "/bin/true"))
    command = ["systemd-analyze", "verify", "--man=no", str(tmp_path / f"{name}.service")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
