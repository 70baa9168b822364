#!/usr/bin/env python3
"""Sets Vivavoce up and runs it, from a checkout and nothing but Python.

    python3 deploy/start.py                  set up, then serve a demo on this machine only
    python3 deploy/start.py test [ARGS]      set up, also for tests, then run them (ARGS go to pytest)

Standard library only. Started by a Python that is too old, or that one cookie can hold up (CVE-2024-7592), it goes on
with the best one on PATH, in /usr/local/bin and in /usr/bin. On Debian and Ubuntu, as root or with sudo, missing system
packages are installed; elsewhere it says which ones to install. Everything else goes into .venv, from requirement files
locked by hash. The project is installed editable: what runs is this checkout. (A court's own server installs the wheel:
docs/operation.md.) What is up to date is left alone, so a second start is quick. Certificates are taken from
SSL_CERT_FILE, PIP_CERT or npm's own cafile; the package index from pip's and npm's own settings.

Data lies in .data or where VIVAVOCE_DATA says; a new folder is filled by `vivavoce init` and `vivavoce demo`.
"""

from __future__ import annotations  # so that an old Python gets as far as saying that it is too old

import ctypes
import hashlib
import itertools
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
OLDEST = (3, 11)
# Looked for in this order: what the tests run on, then what every locked package can be installed for.
SOUGHT = ((3, 13), (3, 14), (3, 12), (3, 11))
# The first ones that read every cookie quickly (CVE-2024-7592).
MENDED = {(3, 11): (3, 11, 10), (3, 12): (3, 12, 6)}
FOLDERS = [Path("/usr/local/bin"), Path("/usr/bin")]  # looked into after those of PATH
HANDED_OVER = "START_PY_HANDED_OVER"
# Between two tries of a step that installs: a registry that drops one connection is not a reason to give up.
PAUSES = (5.0, 20.0, 60.0)
LOCKED = ("Could not get lock", "Unable to lock", "is another process using it")
LOCK_SECONDS, LOCK_PAUSE = 600.0, 3.0  # how long another process's apt is waited for, and between two tries
VENV_PACKAGE = "python{}.{}-venv"  # Debian's, for a version
# What the tests need beside Python: command and the Debian package that brings it.
TEST_TOOLS = {
    "chromium": "chromium",
    "firefox-esr": "firefox-esr",
    "ffmpeg": "ffmpeg",
    "age": "age",
    "openssl": "openssl",
    "softhsm2-util": "softhsm2",
    "systemd-analyze": "systemd",
    "turnserver": "coturn",
    "jq": "jq",
    "pdfsig": "poppler-utils",
}


def say(text: str) -> None:
    """One line of progress."""
    print(text, flush=True)


def work(command: list[str], env: dict[str, str] | None = None) -> tuple[bool, str]:
    """Run a long command quietly; a line every 15 s says it is still at work. Answers success, and its last lines."""
    started, ended = time.monotonic(), threading.Event()

    def breathe() -> None:
        while not ended.wait(15):
            say(f"  … {time.monotonic() - started:.0f} s")

    threading.Thread(target=breathe, daemon=True).start()
    try:
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as log:
            done = subprocess.run(
                command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, check=False
            )
            log.seek(0)
            return done.returncode == 0, "".join(log.readlines()[-40:])
    finally:
        ended.set()


def run(what: str, command: list[str], env: dict[str, str] | None = None, pauses: tuple[float, ...] = ()) -> None:
    """A step that must succeed; tried again after each of `pauses` (seconds)."""
    say(f"- {what}")
    for pause in (*pauses, None):
        good, tail = work(command, env)
        if good:
            return
        if pause is not None:
            say(f"{tail}\n  {what}: failed; once more in {pause:.0f} s")
            time.sleep(pause)
    raise SystemExit(f"{tail}\n{what}: failed ({' '.join(command[:6])} …)")


# --- which Python ------------------------------------------------------------------------------------------------


class Python(NamedTuple):
    """An interpreter, by what it says of itself."""

    path: str
    version: tuple[int, int, int]
    final: bool
    venv: bool
    quick_cookies: bool

    def __str__(self) -> str:
        return ".".join(map(str, self.version))

    @property
    def mended(self) -> bool:
        """Whether no header can hold it up; distributors mend older versions too, which then say so themselves."""
        return self.quick_cookies or self.version >= MENDED.get(self.version[:2], (3, 13))

    def fits(self, apt: bool) -> bool:
        """Whether the locked packages install for it. With `apt`, one of Debian's can be given its venv."""
        venv = self.venv or (apt and self.path.startswith("/usr/bin/"))
        return venv and self.final and self.version[:2] in SOUGHT


# Of a venv, the interpreter it was made with. The slow reading of cookies is known by a pattern only it needs.
ASK = """
import http.cookies, json, sys
try:
    import ensurepip, venv
except ImportError:
    venv = None
path = getattr(sys, "_base_executable", sys.executable)
quick = not hasattr(http.cookies, "_QuotePatt")
print(json.dumps([path, sys.version_info[:3], sys.version_info[3] == "final", venv is not None, quick]))
"""


def ask(path: str) -> Python | None:
    """What the interpreter at `path` says of itself; None when nothing there answers as one."""
    try:
        done = subprocess.run([path, "-I", "-c", ASK], check=False, capture_output=True, text=True, timeout=30)
        path, version, final, venv, quick = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return Python(path, tuple(version), final, venv, quick)


def others(apt: bool) -> list[Python]:
    """The interpreters on PATH and in FOLDERS, by names such as python3.13, as far as a better one may still come."""
    folders = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
    found: list[Python] = []
    for major, minor in SOUGHT:
        names = [folder / f"python{major}.{minor}" for folder in [*folders, *FOLDERS]]
        # A name may be there and lead nowhere (pyenv's do), so that each is asked.
        files = {str(name.resolve()): str(name) for name in names if os.access(name, os.X_OK)}
        found += filter(None, map(ask, files.values()))
        if any(python.mended and python.fits(apt) for python in found):
            break
    return found


def choose(running: Python, found: list[Python], apt: bool) -> Python:
    """The Python to go on with: the running one if it is mended, else the first mended one of SOUGHT, else any."""
    fit = [python for python in (running, *found) if python.fits(apt)]
    best = [python for python in fit if python.mended] or fit
    if running in best or not best:
        return running
    return min(best, key=lambda python: (not python.venv, SOUGHT.index(python.version[:2]), -python.version[2]))


def has_venv(python: Python) -> bool:
    """Whether it can make a venv, after installing what Debian splits off; if that fails, says why."""
    try:
        if not python.venv:
            system_packages([VENV_PACKAGE.format(*python.version)])
    except SystemExit as refusal:
        say(str(refusal))
        return False
    return True


def settle_python(arguments: list[str]) -> None:
    """Return if the running Python is the one to go on with, warning if it is a weak one; else become the better."""
    running = ask(sys.executable) or Python(sys.executable, sys.version_info[:3], True, True, False)
    apt = bool(shutil.which("apt-get") and as_root([]))
    handed_over = os.environ.pop(HANDED_OVER, None)  # once only, whatever is found
    if not handed_over and not (running.mended and running.fits(apt)):
        python = choose(running, others(apt), apt)
        if python is not running and has_venv(python):
            say(f"- Python {running} started this; going on with the better {python} ({python.path})")
            os.environ[HANDED_OVER] = "1"
            os.execv(python.path, [python.path, str(Path(__file__).resolve()), *arguments])
    if running.version < OLDEST:
        raise SystemExit(
            f"Vivavoce needs Python {OLDEST[0]}.{OLDEST[1]} or newer; this is {running}, and no newer one was found. "
            "Install one, such as Debian's python3.13 with python3.13-venv, then start again: it is found by itself"
        )
    if not running.mended:
        say(
            f"! Python {running} reads some cookies very slowly (CVE-2024-7592): somebody without a login can hold the "
            "server, and every hearing on it, with one header.\n  Install Python 3.13, or 3.12.6 or 3.11.10, or newer "
            "of these, with its venv, then start again: it is found by itself."
        )


# --- system packages ---------------------------------------------------------------------------------------------


def as_root(command: list[str]) -> list[str] | None:
    """The command as root may run it here; None when nobody can."""
    quiet = ["env", "DEBIAN_FRONTEND=noninteractive", *command]
    if os.geteuid() == 0:
        return quiet
    if shutil.which("sudo"):
        return ["sudo", *([] if sys.stdin and sys.stdin.isatty() else ["-n"]), *quiet]
    return None


def apt(command: list[str]) -> tuple[bool, str]:
    """As `work`, for apt-get and dpkg; while another process holds their lock, it is waited for."""
    end, waiting = time.monotonic() + LOCK_SECONDS, False
    while True:
        good, tail = work(as_root(command) or [])
        if good or time.monotonic() > end or not any(word in tail for word in LOCKED):
            return good, tail
        if not waiting:
            say("  another process installs packages just now; waiting for it")
        waiting = True
        time.sleep(LOCK_PAUSE)


def system_packages(missing: list[str]) -> None:
    """Install Debian packages, or say what to install. An interrupted dpkg is set right once."""
    wanted = " ".join(missing)
    install = ["apt-get", "install", "-y", "--no-install-recommends", *missing]
    if not shutil.which("apt-get") or as_root(install) is None:
        raise SystemExit(
            f"Please install, then start again: {wanted} (names of Debian's packages"
            + ("; as root: apt-get install " + wanted + ")" if shutil.which("apt-get") else ")")
        )
    say(f"- installing system packages: {wanted}")
    tail = ""
    for last in (False, True):
        for command in (["apt-get", "update", "-q"], install):
            good, tail = apt(command)
        if good:
            return
        if not last:
            say("  apt-get failed; setting right what an interrupted run has left, then once more")
            apt(["dpkg", "--configure", "-a"])
    raise SystemExit(f"{tail}\napt-get could not install: {wanted}")


def can_make_venv() -> bool:
    """Debian splits venv from Python: `ensurepip` is missing without its package."""
    done = subprocess.run([sys.executable, "-c", "import ensurepip, venv"], check=False, capture_output=True)
    return done.returncode == 0


def require_system(for_tests: bool) -> None:
    """All system packages that are missing, in one go."""
    missing = [] if can_make_venv() or venv_works() else [VENV_PACKAGE.format(*sys.version_info)]
    if for_tests:
        missing += [package for tool, package in TEST_TOOLS.items() if not shutil.which(tool)]
    if missing:
        system_packages(missing)


# --- .venv -------------------------------------------------------------------------------------------------------


def venv_works() -> bool:
    """The .venv is there and of the very Python that runs this."""
    if not PYTHON.exists():
        return False
    ask = "import sys, pip; print(*sys.version_info[:3])"
    done = subprocess.run([str(PYTHON), "-c", ask], check=False, capture_output=True, text=True)
    return done.stdout.split() == [str(part) for part in sys.version_info[:3]]


def environment() -> dict[str, str]:
    """The environment for pip: where only SSL_CERT_FILE is set, pip and the build take it too."""
    env = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    if "SSL_CERT_FILE" in env:
        env.setdefault("PIP_CERT", env["SSL_CERT_FILE"])
    return env


def set_up(for_tests: bool) -> None:
    """Everything between a bare checkout and a `vivavoce` command, as far as it is not up to date."""
    require_system(for_tests)
    if not venv_works():
        run("making .venv", [sys.executable, "-m", "venv", "--clear", str(VENV)])
    names = ["requirements-test.txt"] if for_tests else ["requirements.txt", "requirements-build.txt"]
    locks = [ROOT / "deploy" / name for name in names]
    stamp = VENV / f".vivavoce-{'test' if for_tests else 'serve'}"
    wanted = hashlib.sha256(b"\0".join(file.read_bytes() for file in [*locks, ROOT / "pyproject.toml"])).hexdigest()
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--progress-bar", "off"]
    env = environment()
    if not stamp.is_file() or stamp.read_text(encoding="utf-8") != wanted:
        from_locks = [part for lock in locks for part in ("-r", str(lock))]
        run("installing Python packages, by hash", [*pip, "--require-hashes", *from_locks], env, PAUSES)
        editable = ["--no-deps", "--no-build-isolation", "--editable", str(ROOT)]
        run("building the browser code and installing vivavoce", [*pip, *editable], env)
        stamp.write_text(wanted, encoding="utf-8")
    else:
        run("browser code, documentation and catalogues", [str(PYTHON), str(ROOT / "deploy" / "assets.py")], env)


# --- the two commands --------------------------------------------------------------------------------------------


def must(vivavoce: list[str], data: Path, *step: str) -> None:
    """One step that makes the demo."""
    if subprocess.run([*vivavoce, *step], cwd=ROOT, check=False).returncode:
        raise SystemExit(f"`vivavoce {step[0]}` failed; nothing is served. Remove {data} before another try.")


COSIGNERS = "demo-cosigners"  # in the data folder of a demo, a folder for each State's cosigner
STATES = ("RO", "TH")


def make_cosigners(vivavoce: list[str], data: Path) -> None:
    """A cosigner for each State of the demo, which trusts the demo's court. (A real one is on the State's machine.)"""
    seal = (data / "keys" / "seal.pub").read_text(encoding="ascii").strip()
    for state in STATES:
        folder = str(data / COSIGNERS / state)
        must(vivavoce, data, "cosigner", "make", folder, "--name", f"{state.lower()}.cosigner.demo.vivavoce.example")
        must(vivavoce, data, "cosigner", "trust", folder, seal)


def start_cosigners(vivavoce: list[str], data: Path) -> list[subprocess.Popen[bytes]]:
    """Serve the demo's cosigners, on ports that are free, and name them to the court; both must sign every recording.

    They end with this process, or with what takes its place."""
    lines, started = [], []
    for state in STATES:
        folder = data / COSIGNERS / state
        port = free_port()
        with (folder / "log").open("ab") as log:
            command = [*vivavoce, "cosigner", "serve", str(folder), "--port", str(port)]
            started.append(subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, preexec_fn=end_together))
        key = (folder / "cosigner.pub").read_text(encoding="utf-8").strip()
        lines.append(f"witness {state} {key} http://127.0.0.1:{port}")
    listed = data / COSIGNERS / "list"
    listed.write_text("\n".join([*lines, f"group both all {' '.join(STATES)}", "quorum both", ""]), encoding="utf-8")
    os.environ["VIVAVOCE_COSIGNERS"] = str(listed)
    return started


TIME_AUTHORITY = "demo-tsa"  # in the data folder of a demo, its own time-stamping authority


def start_time_authority(data: Path) -> subprocess.Popen[bytes] | None:
    """Serve the demo's time-stamping authority and name it to the court; none without openssl. It ends like the
    cosigners. (A real one is not the court's.)"""
    if shutil.which("openssl") is None:
        say("! without the openssl command the demo's recordings are not time-stamped")
        return None
    folder = data / TIME_AUTHORITY
    folder.mkdir(mode=0o700, exist_ok=True)
    port = free_port()
    with (folder / "log").open("ab") as log:
        command = [str(PYTHON), "-m", "web.demo.time_authority", str(folder), str(port)]
        started = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, preexec_fn=end_together)
    for _ in range(300):  # an RSA key is made
        if (folder / "tsa.pem").exists() or started.poll() is not None:
            break
        time.sleep(0.1)
    os.environ["VIVAVOCE_TSA_URLS"] = f"http://127.0.0.1:{port}/"
    os.environ["VIVAVOCE_TSA_ANCHORS"] = str(folder / "tsa.pem")
    return started


def free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        found: int = free.getsockname()[1]
    return found


def end_together() -> None:
    """In a new process: end when the one that started it does (Linux; elsewhere Ctrl-C ends both)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def serve() -> None:
    """Set up; fill a new data folder; become `vivavoce serve`. A demo made here has cosigners and a time authority."""
    set_up(for_tests=False)
    data = Path(os.environ.setdefault("VIVAVOCE_DATA", str(ROOT / ".data")))
    vivavoce = str(VENV / "bin" / "vivavoce")
    new = not data.is_dir() or not any(data.iterdir())
    if new:
        say(f"- new data folder: {data}")
        must([vivavoce], data, "init")
        if not os.environ.get("VIVAVOCE_COSIGNERS"):
            make_cosigners([vivavoce], data)
    if (data / COSIGNERS).is_dir() and not os.environ.get("VIVAVOCE_TSA_URLS"):
        start_time_authority(data)
    if (data / COSIGNERS).is_dir() and not os.environ.get("VIVAVOCE_COSIGNERS"):
        start_cosigners([vivavoce], data)
    if new:
        must([vivavoce], data, "demo")
    else:
        say(f"- data folder: {data}; who can sign in, each with `.venv/bin/vivavoce link PERSON`:")
        subprocess.run([vivavoce, "people"], cwd=ROOT, check=False)
        say("- another demo hearing with links and PINs: .venv/bin/vivavoce demo --again")
    sys.stdout.flush()
    os.execv(vivavoce, [vivavoce, "serve"])


def lowest() -> list[str]:
    """What lets a command have only what others leave over."""
    idle = ["chrt", "--idle", "0"]
    if shutil.which("chrt") and subprocess.run([*idle, "true"], check=False, capture_output=True).returncode == 0:
        return idle
    return ["nice", "-n", "19"]


# Whole runs with arguments for pytest, of all but `large`: most of them three at a time, since they wait more than
# they work; then what waits for pictures and sound; then what nothing may come near. Beside them, with what they leave
# over, what computes for long and looks at no clock.
BY_FILE = ["--dist", "loadfile", "--no-loadscope-reorder"]
RUNS = (
    ["-n", "3", *BY_FILE, "-m", "not quiet and not alone and not beside"],
    ["-n", "2", "--dist", "loadfile", "-m", "quiet"],
    ["-m", "alone and not large"],
)
BESIDE = ["-q", "-n", "2", *BY_FILE, "-m", "beside", "-o", "timeout=1800"]
# Of each run and of what is beside them: a name, and the seconds of processor time it was given. More of them is no
# failure, since machines differ; it is said, and then the suite is looked at (CONTRIBUTING.md, "What the suite costs").
BUDGETS = (("together", 1500), ("quiet", 300), ("alone", 600), ("beside", 1200))
AGAIN_AT_MOST = 40  # failed tests that are tried once more: a server that came up late takes all of its file along


def last_failed(cache: Path) -> list[str]:
    """The tests that failed in the runs which kept their cache here."""
    kept = cache / "v" / "cache" / "lastfailed"
    return list(json.loads(kept.read_text(encoding="utf-8"))) if kept.is_file() else []


def again(pytest: list[str], failed: list[str]) -> int:
    """Try once more what failed, one by one on a machine that does nothing else; that is what counts, and it is said.

    Tests of one hearing are tried together: each goes on where the one before it has ended.
    """
    tests = {test.partition("::")[0] if test.startswith("tests/e2e/") else test for test in failed}
    if len(tests) > AGAIN_AT_MOST:
        return 1
    say("- trying once more what has failed, with nothing beside it")
    with tempfile.TemporaryDirectory() as cache:
        command = [*pytest, "-o", f"cache_dir={cache}", "-o", "timeout=1800", *sorted(tests)]
        code = subprocess.run(command, check=False).returncode
        left = last_failed(Path(cache))
    good = [test for test in failed if test not in left]
    if good:
        say("! passed only when tried again: " + ", ".join(good))
    return code


def spent() -> float:
    """Seconds of processor time of all processes that were waited for, and of theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def say_costs(costs: list[float], seconds: float) -> None:
    """How long all runs took (`seconds`) and what each cost; which one has outgrown what it was given."""
    named = [(name, cost, budget) for (name, budget), cost in zip(BUDGETS, costs, strict=True)]
    parts = ", ".join(f"{name} {cost:.0f} s of {budget}" for name, cost, budget in named)
    say(f"- {seconds / 60:.1f} minutes; processor time: {sum(costs):.0f} s ({parts})")
    for name, cost, budget in named:
        if cost > budget:
            say(f"! the tests that run {name} cost more than they were given; CONTRIBUTING.md says what to do")


def every_test(pytest: list[str]) -> int:
    """All tests: RUNS in turn, BESIDE them at the lowest priority; a few that fail are tried again at the end."""
    say("- running the tests, three at a time: they wait more than they work; and beside them, with what they leave")
    say("  over, what computes for long and looks at no clock")
    with tempfile.TemporaryDirectory() as caches, tempfile.TemporaryFile() as heard:
        kept = [Path(caches) / str(number) for number in range(len(RUNS) + 1)]
        low = [*lowest(), *pytest, *BESIDE, "-o", f"cache_dir={kept[-1]}"]
        beside = subprocess.Popen(low, stdout=heard, stderr=subprocess.STDOUT)
        codes, begun, costs = [], time.monotonic(), [spent()]
        for run, cache in zip(RUNS, kept, strict=False):
            if run is RUNS[1]:
                say("- running what needs a quiet machine: the player; then whole hearings and the line test alone")
            codes.append(subprocess.run([*pytest, *run, "-o", f"cache_dir={cache}"], check=False).returncode)
            costs.append(spent())
        codes.append(beside.wait())
        costs.append(spent())
        heard.seek(0)
        say(heard.read().decode(errors="replace"))
        say_costs([after - before for before, after in itertools.pairwise(costs)], time.monotonic() - begun)
        failed = [last_failed(cache) for cache in kept]
    # Whatever ended badly for another reason than tests that failed, and are known, counts as it is.
    other = [code for code, tests in zip(codes, failed, strict=True) if code and (code != 1 or not tests)]
    if other or not any(codes):
        return max(other, default=0)
    return again(pytest, [test for tests in failed for test in tests])


def test(arguments: list[str]) -> None:
    """Set up for tests too; run all of them, or become pytest with the arguments."""
    set_up(for_tests=True)
    os.chdir(ROOT)
    pytest = [str(PYTHON), "-m", "pytest"]
    if not arguments:
        raise SystemExit(every_test(pytest))
    say("- running the tests")
    sys.stdout.flush()
    os.execv(str(PYTHON), [*pytest, *arguments])


def main(arguments: list[str]) -> None:
    """Read the command line."""
    settle_python(arguments)
    if arguments[:1] == ["test"]:
        test(arguments[1:])
    elif not arguments:
        serve()
    else:
        raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
