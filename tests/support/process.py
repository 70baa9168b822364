"""An installation served as a court's is: by `vivavoce serve`, in a process of its own, with worker and recorder."""

import contextlib
import json
import os
import signal
import sqlite3
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from tests.support.databases import apart
from tests.support.installation import Installation, free_port
from web import cli
from web.seal_keeper import seal_vkey
from web.settings import Settings

VIVAVOCE = [sys.executable, "-m", "web.cli"]
BEFORE_PAGES = ["nice", "-n", "-10"] if os.geteuid() == 0 else []
"""The server comes before the browsers of all people, which in a hearing run on machines of their own."""


def _seconds(at: str) -> float:
    return datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp()


class ServedInstallation(Installation):
    """A data folder of its own and the web process that serves it."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.process: subprocess.Popen[bytes] | None = None
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("VIVAVOCE_")},
            "VIVAVOCE_DATA": str(settings.data),
            "VIVAVOCE_PORT": str(settings.port),
            "VIVAVOCE_PUBLIC_URL": settings.public_url,
            "VIVAVOCE_UDP_HOST": settings.udp_host,
            "VIVAVOCE_UDP_PORTS": settings.udp_ports,
            "PYTHONWARNINGS": "default",
        }
        more = ("host", "tls_cert", "tls_key", "turn_urls", "turn_secret_file", "card_texts")
        for name in (*more, "cosigners", "tsa_urls", "tsa_anchors"):
            if value := getattr(settings, name):
                self.environment[f"VIVAVOCE_{name.upper()}"] = str(value)
        self.trust = ssl.create_default_context(cafile=settings.tls_cert and str(settings.tls_cert))

    @property
    def data(self) -> Path:
        return self.settings.data

    @property
    def url(self) -> str:
        return self.settings.public_url

    def run(self, *words: str, timeout: float = 60) -> str:
        """One `vivavoce` command; its standard output."""
        done = subprocess.run(
            [*VIVAVOCE, *words],
            env=self.environment,
            capture_output=True,
            timeout=timeout,
            check=False,
        )
        assert done.returncode == 0, f"{words}: {done.returncode}\n{done.stdout.decode()}\n{done.stderr.decode()}"
        return done.stdout.decode()

    def serve(self) -> None:
        """Start the web process and wait for it."""
        log = (self.settings.data.parent / "serve.log").open("ab")
        self.process = subprocess.Popen(
            [*BEFORE_PAGES, *VIVAVOCE, "serve"], env=self.environment, stdout=log, stderr=log
        )
        log.close()
        with httpx.Client(timeout=2, verify=self.trust) as http:
            for _ in range(200):
                try:
                    if http.get(f"{self.url}/healthz").status_code == 200:
                        return
                except httpx.HTTPError:
                    pass
                if self.process.poll() is not None:
                    break
                time.sleep(0.1)
        raise AssertionError((self.settings.data.parent / "serve.log").read_text()[-4000:])

    def require_no_reports(self) -> None:
        """As in this process; a web process that has been killed, or does not answer, is not asked."""
        token = (self.settings.keys / "monitor.token").read_text().strip()
        try:
            answer = httpx.get(
                f"{self.url}/metrics", headers={"authorization": f"Bearer {token}"}, timeout=10, verify=self.trust
            )
        except httpx.HTTPError:
            return
        assert "vivavoce_csp_reports_total 0\n" in answer.text, answer.text

    def signal(self, name: str, number: signal.Signals) -> float:
        """Send a signal to the one worker or recorder; the moment (seconds since 1970)."""
        (pid,) = self.processes(name)
        at = time.time()
        os.kill(pid, number)
        return at

    def kill_web(self) -> None:
        """kill -9 the web process; worker and recorder go on."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def processes(self, name: str) -> list[int]:
        """Process ids of `worker` or `recorder`, from the files they write."""
        found = []
        for file in sorted((self.settings.data / "run").glob(f"*/{name}.pid")):
            pid = int(file.read_text().split()[0])
            if Path(f"/proc/{pid}").exists():
                found.append(pid)
        return found

    def recording(self) -> Path:
        """The folder of the one recording."""
        (found,) = [path for path in (self.settings.data / "recordings").iterdir() if (path / "journal.jsonl").exists()]
        return found

    def journal(self, kind: str) -> list[dict[str, Any]]:
        """The recording's journal lines of a kind."""
        lines = (json.loads(line) for line in (self.recording() / "journal.jsonl").read_text().splitlines())
        return [line for line in lines if line["type"] == kind]

    def demonstration(self) -> dict[str, Any]:
        """What `vivavoce demo --again --json` prints: another hearing."""
        vkey = seal_vkey(self.settings)
        return cli.demo_words(self.settings, apart(lambda: cli._seed(self.settings, vkey, again=True)))

    def events(self, ref: str = "") -> list[tuple[str, float, dict[str, Any]]]:
        """The log of the only hearing, or of one of several: kind, seconds since 1970, data."""
        which = "hearing_id = (SELECT id FROM hearing WHERE ref = ?)" if ref else "? = ''"
        with contextlib.closing(sqlite3.connect(self.settings.data / "vivavoce.db")) as db:
            rows = db.execute(f"SELECT kind, at, data FROM hearing_event WHERE {which} ORDER BY seq", [ref]).fetchall()
        return [(kind, _seconds(at), json.loads(data)) for kind, at, data in rows]

    def verify(self, policy: str, folder: Path) -> tuple[int, str]:
        """Export the recording and check the bag; exit code and text."""
        (folder / "policy.txt").write_text(policy)
        self.run("export", self.recording().name, str(folder / "bag"), "--by", "judge")
        done = subprocess.run(
            [*VIVAVOCE, "verify", str(folder / "bag"), "--policy", str(folder / "policy.txt"), "--without-stamp"],
            capture_output=True,
            env=self.environment,
            timeout=60,
            check=False,
        )
        return done.returncode, done.stdout.decode() + done.stderr.decode()

    def end(self) -> None:
        """Stop the web process and whatever it left running."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for name in ("worker", "recorder"):
            for pid in self.processes(name):
                os.kill(pid, signal.SIGKILL)
        end_seal(self.settings.seal_folder)


def end_seal(folder: Path) -> None:
    """End the seal process of a folder, if there is one: it outlives the web process."""
    lock = folder / "lock"
    if lock.exists() and (text := lock.read_text().strip()):
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(text), signal.SIGKILL)


@contextlib.contextmanager
def serving(prepared: Path, folder: Path, udp_host: str = "127.0.0.1", **unlike: Any) -> Iterator[ServedInstallation]:
    """Served until the end. `unlike`: other settings."""
    port = free_port()
    usual = {"port": port, "public_url": f"http://localhost:{port}", "udp_host": udp_host, "udp_ports": "48000-48999"}
    made = ServedInstallation.copy(prepared, folder, **usual | unlike)
    try:
        made.serve()
        yield made
        made.require_no_reports()
    finally:
        made.end()
