"""A court's seal for tests: by the product's own rules, in this process or in one of its own."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from media.evidence.log import tlog
from media.evidence.log.proof import Trust
from media.evidence.seal.client import SealClient, SealSilentError
from media.evidence.seal.heads import HEADS, HeadStore, Seal
from media.evidence.seal.seal_key import SealKey
from media.evidence.seal.service import Server, Service

ROOT = Path(__file__).parents[3]


class LocalSeal:
    """Key and heads in a folder; what `SealClient` is, without a process."""

    def __init__(self, folder: Path, key: SealKey) -> None:
        (folder / HEADS).mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder = folder
        self.key = key
        self.seal = Seal(key, HeadStore(folder / HEADS))

    def sign_head(self, head: tlog.Checkpoint, tree: tlog.Tree) -> bytes:
        last = self.seal.last(head.origin)
        old = last.size if last is not None else 0
        return self.seal.sign(head, old, tree.consistency(old, head.size) if old <= head.size else [])

    def trust(self, kept: Sequence[tlog.Checkpoint] = ()) -> Trust:
        return Trust(public_keys=lambda: [self.key.public], last=self.seal.last, kept=kept)

    def has_signed(self, head: tlog.Checkpoint) -> None:
        """As if it had signed this head."""
        HeadStore(self.folder / HEADS).keep(head)


class ServedSeal:
    """A seal behind a socket, served by a thread of this process until `close`."""

    def __init__(self, seal: LocalSeal, socket: Path) -> None:
        self.socket = socket
        self._server = Server(socket, Service(seal.seal, []), {0, *range(70_000)})
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self.socket.unlink(missing_ok=True)


class SealProcess:
    """A seal process of its own, perhaps under an account of its own."""

    def __init__(self, folder: Path, socket_path: Path, *more: str, user: int | None = None) -> None:
        self.client = SealClient(socket_path)
        command = [sys.executable, "-m", "media.evidence.seal.service", "--socket", str(socket_path)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self.popen = subprocess.Popen(
            [*command, "--folder", str(folder), *more], cwd="/", env=environment, user=user, stderr=subprocess.PIPE
        )

    def answers(self) -> bool:
        """Whether it answers, waiting until it does or has ended."""
        for _ in range(400):
            try:
                return bool(self.client.keys())
            except SealSilentError:
                if self.popen.poll() is not None:
                    return False
                time.sleep(0.02)
        return False

    def end(self) -> str:
        """Kill it; what it has said."""
        self.popen.kill()
        self.popen.wait()
        assert self.popen.stderr is not None
        if not self.popen.stderr.closed:
            with self.popen.stderr as said:
                self.said = said.read().decode()
        return self.said
