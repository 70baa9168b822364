"""The units of deploy/, with what they forbid in force: under them a hearing opens, and a segment is sealed."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from media.evidence.seal import seal_key
from media.evidence.seal.client import SealClient, SealSilentError
from media.messages import RecordingOpened, Sealed
from tests.support import unit
from tests.support.evidence.recorder import encode_audio, make_bench, plan
from tests.support.installation import free_port

DEPLOY = unit.ROOT / "deploy"
PYTHON = str(unit.INSTALLED / "bin/python")
pytestmark = [
    pytest.mark.timeout(180),
    pytest.mark.skipif(os.geteuid() != 0, reason="accounts and mounts need root"),
    pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="it names the system calls of a set"),
]


def given(name: str, state: Path, environment: Path) -> tuple[str, ...]:
    """What goes before a command."""
    own = (sys.executable, str(unit.ROOT / "tests/support/unit.py"))
    return (*own, str(DEPLOY / name), str(state), str(environment), "--")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The state directory, of the service's account."""
    made = tmp_path / "state"
    made.mkdir(mode=0o700)
    os.chown(made, unit.ACCOUNT, unit.ACCOUNT)
    return made


@pytest.fixture
def service(state: Path, tmp_path: Path) -> Iterator[Any]:
    """`vivavoce init`, `demo` and `serve` under vivavoce.service."""
    port = free_port()
    environment = tmp_path / "vivavoce.env"
    lines = [f"VIVAVOCE_PORT={port}", f"VIVAVOCE_PUBLIC_URL=http://localhost:{port}", "VIVAVOCE_UDP_PORTS=46000-46999"]
    environment.write_text("\n".join(lines))
    before = given("vivavoce.service", state, environment)
    vivavoce = (*before, PYTHON, "-m", "web.cli")
    subprocess.run([*vivavoce, "init"], check=True, capture_output=True)
    made = subprocess.run([*vivavoce, "demo", "--json"], check=True, capture_output=True).stdout
    with (tmp_path / "serve.log").open("wb") as log:
        serving = subprocess.Popen([*vivavoce, "serve"], stdout=log, stderr=log)
    try:
        yield {"port": port, "demo": json.loads(made), "before": before, "log": tmp_path / "serve.log"}
    finally:
        serving.terminate()
        serving.wait(20)
        for file in (*state.glob("run/*/*.pid"), state / "keys/seal/lock"):
            with contextlib.suppress(OSError, ValueError, IndexError):
                os.kill(int(file.read_text().split()[0]), signal.SIGKILL)


@contextlib.contextmanager
def browser(service: Any) -> Iterator[httpx.Client]:
    """A browser at the service, once it answers."""
    address = f"http://localhost:{service['port']}"
    headers = {"origin": address, "accept": "text/html"}
    with httpx.Client(base_url=address, headers=headers, timeout=60) as client:
        end = time.monotonic() + 60
        while True:
            with contextlib.suppress(httpx.HTTPError):
                if client.get("/healthz").status_code == 200:
                    break
            assert time.monotonic() < end, service["log"].read_text()[-3000:]
            time.sleep(0.1)
        yield client


async def test_under_the_unit_a_lobby_opens_and_a_segment_is_sealed(service: Any, state: Path) -> None:
    with browser(service) as clerk:
        link = urlsplit(service["demo"]["staff"]["clerk"]["link"])
        signed = clerk.post(link.path, data={"secret": link.fragment})
        clerk.headers["cookie"] = signed.headers["set-cookie"].split(";")[0]
        page = f"/h/{service['demo']['hearing']}"
        token = re.search(r'name="csrf" value="([0-9a-f]+)"', clerk.get(page).text)
        assert token
        opened = clerk.post(f"{page}/act/lobby", data={"csrf": token[1]})
        assert opened.status_code == 303, service["log"].read_text()[-3000:]
        assert "Enter the hearing" in clerk.get(page).text
        assert "ok" in clerk.get("/healthz").text
    running = [int(file.read_text().split()[0]) for file in state.glob("run/*/*.pid")]
    assert len(running) == 2  # worker and recorder, restricted like what started them
    for pid in running:
        told = Path(f"/proc/{pid}/status").read_text()
        found = dict(re.findall(r"^(Uid|CapBnd|NoNewPrivs|Seccomp_filters):\s+(\w+)", told, re.MULTILINE))
        filters = str(len(unit.FILTERS.keys() & unit.read(DEPLOY / "vivavoce.service").keys()))
        assert found == {
            "Uid": str(unit.ACCOUNT), "CapBnd": "0" * 16, "NoNewPrivs": "1", "Seccomp_filters": filters,
        }  # fmt: skip
    recordings = state / "recordings"
    bench = make_bench(state, recordings)
    try:
        os.chown(bench.served.socket, unit.ACCOUNT, unit.ACCOUNT)
        bench.start(prefix=service["before"])
        await bench.web()
        source = await bench.worker(audio={"judge_1_mic": encode_audio(100)})
        bench.send(source)
        opened = await bench.open(plan("judge_1_mic", "floor-audio"))
        assert isinstance(opened, RecordingOpened), opened
        await bench.until(lambda: bench.of(Sealed) and bench.of(Sealed)[-1].count >= 1, 60)
    finally:
        await bench.end()
    assert [line["type"] for line in bench.lines].count("segment") >= 1


def test_what_the_unit_does_not_allow_is_refused(state: Path, tmp_path: Path) -> None:
    (tmp_path / "env").write_text("")
    tried = """
import os, socket
def refused(work):
    try:
        work()
    except OSError as error:
        return error.errno
tried = (
    lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
    lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW),
    lambda: open("/etc/vivavoce-was-here", "w"),
    lambda: open("/var/lib/vivavoce/here", "w"),
    lambda: os.listdir("/root"),
    lambda: os.unshare(os.CLONE_NEWUSER),
    lambda: os.setuid(0),
    lambda: socket.sethostname("x"),
    lambda: os.stat("/dev/kmsg"),
)
print([refused(work) for work in tried])
"""
    before = given("vivavoce.service", state, tmp_path / "env")
    done = subprocess.run([*before, PYTHON, "-c", tried], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.replace("None", "null")) == [None, 97, 30, None, 13, 1, 1, 1, 2]


def test_under_its_unit_the_seal_starts_and_says_its_key(state: Path, tmp_path: Path) -> None:
    (tmp_path / "env").write_text("")
    key = seal_key.make_seal_key(state / "seal.key")
    for path in state.iterdir():
        os.chown(path, unit.ACCOUNT, unit.ACCOUNT)
    before = given("vivavoce-seal.service", state, tmp_path / "env")
    service = [PYTHON, "-m", "media.evidence.seal.service", "--socket", str(state / "seal.sock")]
    process = subprocess.Popen([*before, *service, "--folder", str(state)])
    try:
        seal, end = SealClient(state / "seal.sock"), time.monotonic() + 60
        while True:
            with contextlib.suppress(SealSilentError):
                assert seal.keys() == [key.public]
                return
            assert process.poll() is None and time.monotonic() < end
            time.sleep(0.05)
    finally:
        process.kill()
        process.wait()
