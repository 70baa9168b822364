"""Client of the seal process: a Unix socket, one line of JSON as request and one as answer; the key is never sent.

Blocks for at most `PATIENCE` seconds: never call it on the event loop.
"""

import base64
import json
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from media.evidence.log import tlog
from media.evidence.log.proof import Trust
from media.evidence.seal.heads import SealRefusedError

PATIENCE = 5.0
MAX_ANSWER = 256 * 1024


class SealSilentError(OSError):
    """The seal process, or its token, does not answer: nothing can be sealed until it does."""


class SealClient:
    """The seal behind a socket. `answered(origin, why)` is called after each request to sign a head: `why` is empty
    when it was signed, else the code of the refusal, or `silent`.
    """

    def __init__(self, path: Path, answered: Callable[[str, str], None] | None = None) -> None:
        self.path = path
        self._answered = answered

    def keys(self) -> list[bytes]:
        """Public keys: the present one first, then former ones."""
        return [base64.b64decode(text) for text in self._ask({"do": "keys"})["keys"]]

    def last(self, origin: str) -> tlog.Checkpoint | None:
        """The head that the seal has signed last of an origin; None if none."""
        return _head(self._ask({"do": "last", "origin": origin}).get("head"))

    def heads(self) -> list[tlog.Checkpoint]:
        """The heads signed last of every origin: of recordings and of their custody logs.

        Raises `SealRefusedError` (`bad_request`) where a seal process of an older version still runs.
        """
        heads: list[tlog.Checkpoint] = []
        after = ""
        while True:
            answer = self._ask({"do": "heads", "after": after})
            heads += [tlog.parse_checkpoint(text.encode()) for text in answer["heads"]]
            if not (after := answer["after"]):
                return heads

    def sign_head(self, head: tlog.Checkpoint, tree: tlog.Tree) -> bytes:
        """A signed note over a head of this tree. Raises `SealRefusedError`, `SealSilentError`.

        The consistency proof starts from the head that the seal itself reports as signed last.
        """
        why = "silent"
        try:
            note = self._sign(head, tree)
            why = ""
        except SealRefusedError as error:
            why = error.code
            raise
        finally:
            if self._answered is not None:
                self._answered(head.origin, why)
        return note

    def _sign(self, head: tlog.Checkpoint, tree: tlog.Tree) -> bytes:
        last = self.last(head.origin)
        old = last.size if last is not None else 0
        proof = tree.consistency(old, head.size) if old <= head.size else []
        asked = {
            "do": "sign",
            "origin": head.origin,
            "size": head.size,
            "root": base64.b64encode(head.root).decode(),
            "old": old,
            "proof": [base64.b64encode(item).decode() for item in proof],
        }
        return str(self._ask(asked)["note"]).encode()

    def trust(self, kept: Sequence[tlog.Checkpoint] = ()) -> Trust:
        """Trusted data for checking journals: this seal's keys and heads, and heads that others kept."""
        return Trust(public_keys=self.keys, last=self.last, kept=kept)

    def vkey(self, court: str) -> str:
        """The line that pins the present key for every recording of a court: its `log` in `policy.txt`."""
        return tlog.vkey(f"{court}/hearing", self.keys()[0])

    def _ask(self, asked: dict[str, Any]) -> dict[str, Any]:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
                link.settimeout(PATIENCE)
                link.connect(str(self.path))
                link.sendall(json.dumps(asked).encode() + b"\n")
                with link.makefile("rb") as lines:
                    answer = json.loads(lines.readline(MAX_ANSWER))
        except (OSError, ValueError) as error:
            raise SealSilentError(f"the seal does not answer: {error}") from error
        if answer.get("refused") == "no_key":
            raise SealSilentError(f"the seal cannot sign: {answer['text']}")
        if "refused" in answer:
            raise SealRefusedError(answer["refused"], answer["text"], _head(answer.get("head")))
        return dict(answer)


def _head(text: str | None) -> tlog.Checkpoint | None:
    return tlog.parse_checkpoint(text.encode()) if text else None
