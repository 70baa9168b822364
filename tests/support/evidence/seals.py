"""A court's seal for tests: by the product's own rules, in this process, directly or behind its socket."""

import threading
from collections.abc import Sequence
from pathlib import Path

from media.evidence.log import tlog
from media.evidence.log.proof import Trust
from media.evidence.seal.heads import Heads, Seal
from media.evidence.seal.seal_key import SealKey
from media.evidence.seal.service import HEADS, Server, Service


class LocalSeal:
    """Key and heads in a folder; what `SealClient` is, without a process."""

    def __init__(self, folder: Path, key: SealKey) -> None:
        (folder / HEADS).mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder = folder
        self.key = key
        self.seal = Seal(key, Heads(folder / HEADS))

    def sign_head(self, head: tlog.Checkpoint, tree: tlog.Tree) -> bytes:
        last = self.seal.last(head.origin)
        old = last.size if last is not None else 0
        return self.seal.sign(head, old, tree.consistency(old, head.size) if old <= head.size else [])

    def trust(self, kept: Sequence[tlog.Checkpoint] = ()) -> Trust:
        return Trust(public_keys=lambda: [self.key.public], last=self.seal.last, kept=kept)

    def has_signed(self, head: tlog.Checkpoint) -> None:
        """As if it had signed this head."""
        Heads(self.folder / HEADS).keep(head)


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
