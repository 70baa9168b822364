"""A log of a recording followed on disk: its newest signed head, and the tree over the lines that it covers.

Reads only what was added since the last look, and never a line that nobody has signed. For a journal that a recorder
is writing, and for a custody log. Blocks on the disk.
"""

from dataclasses import dataclass
from pathlib import Path

from media.evidence.log import tlog


class FollowedLogError(Exception):
    """Log and head beside it do not fit, or cannot be read."""


@dataclass(frozen=True)
class SignedHead:
    """The head and its note, byte for byte."""

    head: tlog.Checkpoint
    note: bytes


class FollowedLog:
    """One log: the file of its lines and the file of its head."""

    def __init__(self, folder: Path, log: str, checkpoint: str) -> None:
        self.log = folder / log
        self.checkpoint = folder / checkpoint
        self.tree = tlog.Tree()
        self._offset = 0

    def peek(self) -> SignedHead | None:
        """The newest signed head, the lines unread; None when there is none yet. FollowedLogError."""
        try:
            note = self.checkpoint.read_bytes()
            return SignedHead(tlog.parse_checkpoint(tlog.parse_note(note).text), note)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise FollowedLogError(f"{self.checkpoint} cannot be read: {error}") from error

    def look(self) -> SignedHead | None:
        """The newest signed head, `tree` then covering it; None when there is none yet. FollowedLogError."""
        signed = self.peek()
        if signed is None:
            return None
        head = signed.head
        try:
            self._read(head.size)
        except OSError as error:
            raise FollowedLogError(f"{self.log} cannot be read: {error}") from error
        if self.tree.size < head.size or self.tree.root(head.size) != head.root:
            self.tree, self._offset = tlog.Tree(), 0  # looked at anew the next time
            raise FollowedLogError(f"{self.log} does not fit its head")
        return signed

    def _read(self, size: int) -> None:
        """Take in lines until the tree has this size, or there are no more whole ones."""
        if self.tree.size >= size:
            return
        with self.log.open("rb") as lines:
            lines.seek(self._offset)
            for line in lines:
                if self.tree.size == size or not line.endswith(b"\n"):
                    return
                self.tree.append(tlog.leaf_hash(line[:-1]))
                self._offset += len(line)
