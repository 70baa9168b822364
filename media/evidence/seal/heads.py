"""The heads a seal has signed: the last one of every recording, durable, and the rule for signing the next.

The seal acts as a witness of its own log: it signs a head only with a consistency proof from the one it signed last
(C2SP tlog-witness: "a witness must never cosign inconsistent checkpoints"), and stores the new head durably before it
returns the signature. Write access to the recordings without these heads is not enough to have another history signed.
"""

import hashlib
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from media.evidence.log import tlog
from media.evidence.log.store import TEMPORARY, sync_folder, write_durably

HEADS = "heads"
"""The folder of heads, in the seal's own."""


class NoteKey(Protocol):
    """Interface of a signing key: a key file, or a token that holds the key."""

    public: bytes
    """The 32-byte Ed25519 public key."""

    def sign(self, text: bytes, origin: str) -> bytes:
        """A signed note over the text, in the name of the origin. `KeySilentError` while it cannot."""
        ...


class KeySilentError(OSError):
    """The key cannot sign now: the token that holds it does not answer. The next request may succeed."""


class SealRefusedError(ValueError):
    """A head that is not signed; nothing was changed. `code` is stable, `head` is the one signed last, if any.

    `behind`: the proof is not from the head signed last; `rollback`: there is a longer one; `fork`: the proof does not
    hold; `unknown`: the seal has signed no head of this recording, so it cannot continue it.
    """

    def __init__(self, code: str, text: str, head: tlog.Checkpoint | None = None) -> None:
        super().__init__(text)
        self.code = code
        self.head = head


class HeadStore:
    """The head signed last of each origin, a file each in a folder that only the seal writes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def last(self, origin: str) -> tlog.Checkpoint | None:
        """The head signed last, None if none was. ValueError or OSError when it cannot be read."""
        try:
            text = self._path(origin).read_bytes()
        except FileNotFoundError:
            return None
        head = tlog.parse_checkpoint(text)
        if head.origin != origin:
            raise ValueError("a kept head is not that of its origin")
        return head

    def listed(self, after: str, most: int) -> tuple[list[tlog.Checkpoint], str]:
        """A page of all heads, and the value of `after` for the next page; empty at the end."""
        names = sorted(path.name for path in self.folder.iterdir() if not path.name.startswith(TEMPORARY))
        page = [name for name in names if name > after][:most]
        heads = [tlog.parse_checkpoint((self.folder / name).read_bytes()) for name in page]
        return heads, page[-1] if len(page) == most else ""

    def keep(self, head: tlog.Checkpoint) -> None:
        """Replace the stored head of an origin; durable on return."""
        path = self._path(head.origin)
        draft = path.with_name(f"{TEMPORARY}{path.name}")
        draft.unlink(missing_ok=True)
        write_durably(draft, tlog.checkpoint_text(head.origin, head.size, head.root))
        os.rename(draft, path)  # noqa: PTH104 as in the store of segments
        sync_folder(self.folder)

    def _path(self, origin: str) -> Path:
        return self.folder / hashlib.sha256(origin.encode()).hexdigest()


class Seal:
    """A key and the heads it has signed; may be called from several threads."""

    def __init__(self, key: NoteKey, heads: HeadStore) -> None:
        self._key = key
        self._heads = heads
        self._gate = threading.Lock()

    @property
    def public(self) -> bytes:
        """The public key."""
        return self._key.public

    def take_key(self, key: NoteKey) -> None:
        """Sign by another key from now on."""
        with self._gate:
            self._key = key

    def last(self, origin: str) -> tlog.Checkpoint | None:
        """The head signed last of an origin."""
        return self._heads.last(origin)

    def listed(self, after: str, most: int) -> tuple[list[tlog.Checkpoint], str]:
        """A page of the heads signed last, of every origin, and the value of `after` for the next; empty at the end."""
        return self._heads.listed(after, most)

    def sign(self, head: tlog.Checkpoint, old: int, proof: Sequence[bytes]) -> bytes:
        """The signed note over a head that extends the one signed last, of size `old`.

        Effects: the head is stored, durably, before it is signed. Raises `SealRefusedError`, `KeySilentError`.
        """
        with self._gate:
            last = self._heads.last(head.origin)
            if last is None and old:
                raise SealRefusedError("unknown", "the seal has signed nothing of this recording")
            if last is not None:
                _require_consistent(last, head, old, proof)
            if head != last:
                self._heads.keep(head)
            return self._key.sign(tlog.checkpoint_text(head.origin, head.size, head.root), head.origin)


def _require_consistent(last: tlog.Checkpoint, head: tlog.Checkpoint, old: int, proof: Sequence[bytes]) -> None:
    if head.size < last.size:
        raise SealRefusedError("rollback", f"the seal has signed {last.size} lines, this head has {head.size}", last)
    if old != last.size:
        raise SealRefusedError("behind", f"the seal has signed {last.size} lines, the proof is from {old}", last)
    if not tlog.verify_consistency(last.size, head.size, proof, last.root, head.root):
        raise SealRefusedError("fork", "the journal is not the one that the seal has signed", last)
