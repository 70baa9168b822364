"""Cosigners for tests: the product's own, in this process or as the command it is served by."""

import os
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path

import httpx

from media.evidence.cosigning import cosigner_key, seen_heads, trusted_logs
from media.evidence.cosigning.cosigner import Answer, Cosigner
from media.evidence.cosigning.seen_heads import SeenHeads
from media.evidence.cosigning.submission import write
from media.evidence.log import tlog

ROOT = Path(__file__).parents[3]
COMMAND = [sys.executable, "-m", "web.operation.cosigner_command"]
"""What `vivavoce cosigner` does, without loading the other commands first."""


class LocalCosigner:
    """A cosigner in a folder, asked without a network."""

    def __init__(self, folder: Path, name: str, *logs: str) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (folder / cosigner_key.KEY).exists():
            made = cosigner_key.make(folder, name)
            seen_heads.make(folder, made.vkey)
            (folder / trusted_logs.FILE).touch()
        for log in logs:
            trusted_logs.add(folder / trusted_logs.FILE, log)
        self.folder = folder
        self.key = cosigner_key.read(folder)
        self.seen = SeenHeads(folder, self.key.vkey)
        self.alarms = 0
        self.cosigner = Cosigner(self.key, self.seen, trusted_logs.TrustedLogs(folder / trusted_logs.FILE), self._alarm)

    def _alarm(self) -> None:
        self.alarms += 1

    def add(self, note: bytes, tree: tlog.Tree, old: int, *, now: int, proof: list[bytes] | None = None) -> Answer:
        """Submit a head of a tree, with the proof from `old` unless another is given."""
        size = tlog.parse_checkpoint(tlog.parse_note(note).text).size
        given = proof if proof is not None else tree.consistency(old, size) if old <= size else []
        return self.cosigner.add_checkpoint(write(old, given, note), now)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class CosignerProcess:
    """`vivavoce cosigner serve` over a folder, on a port of its own."""

    def __init__(self, folder: Path, name: str, *logs: str, trust: ssl.SSLContext | None = None) -> None:
        self.folder = folder
        self.trust = trust
        self.port = free_port()
        self.popen: subprocess.Popen[bytes] | None = None
        made = LocalCosigner(folder, name, *logs)
        made.seen.close()
        self.vkey = made.key.vkey

    @property
    def url(self) -> str:
        return f"{'http' if self.trust is None else 'https'}://127.0.0.1:{self.port}"

    def run(self, *arguments: str, code: int = 0) -> str:
        """One of its commands; what it printed."""
        command = [*COMMAND, *arguments]
        done = subprocess.run(command, env=_environment(), capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def start(self, *more: str) -> None:
        """Start it, and wait until it answers."""
        command = [*COMMAND, "serve", str(self.folder), "--port", str(self.port)]
        self.popen = subprocess.Popen([*command, *more], env=_environment(), stderr=subprocess.DEVNULL)
        with httpx.Client(base_url=self.url, verify=self.trust or False) as client:
            for _ in range(1200):
                assert self.popen.poll() is None, "the cosigner has ended"
                try:
                    if client.get("/healthz").status_code == 200:
                        return
                except httpx.TransportError:
                    time.sleep(0.05)
        raise AssertionError("the cosigner does not answer")

    def kill(self) -> None:
        """kill -9."""
        if self.popen is not None:
            self.popen.kill()
            self.popen.wait()
            self.popen = None

    def stop(self) -> int:
        """End it in order; its exit code."""
        assert self.popen is not None
        self.popen.terminate()
        code = self.popen.wait(30)
        self.popen = None
        return code


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}
