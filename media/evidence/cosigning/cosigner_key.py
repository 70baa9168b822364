"""The key of a cosigner: an Ed25519 seed in a file that only its owner can read, and the public line beside it.

`cosigner.key` holds the seed, `cosigner.pub` the line that policies pin (a C2SP vkey of type 0x04, with the cosigner's
name). The name is part of the key's identity: another name is another cosigner.
"""

import base64
import os
import re
from dataclasses import dataclass
from pathlib import Path

from media.evidence.log import tlog
from media.evidence.log.store import sync_folder
from media.evidence.seal.seal_key import SealKeyError, read_private

KEY, PUBLIC = "cosigner.key", "cosigner.pub"
_HEADER = "# Vivavoce cosigner key: cosigns heads of other courts' recordings. Never copy it off this machine.\n"
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9./-]{0,198}[a-z0-9])?")


@dataclass(frozen=True)
class CosignerKey:
    """Cosigns under a name."""

    name: str
    seed: bytes

    @property
    def public(self) -> bytes:
        """The 32-byte Ed25519 public key."""
        return tlog.public_key(self.seed)

    @property
    def vkey(self) -> str:
        """The line that pins this cosigner: the key of its `witness` line in a policy."""
        return tlog.vkey(self.name, self.public, tlog.COSIGNATURE)

    def cosign(self, text: bytes, time: int) -> bytes:
        """A cosignature/v1 line, with its LF, over the text of a checkpoint; `time` in seconds since 1970."""
        return tlog.cosign_line(text, self.name, self.seed, time)


def make(folder: Path, name: str) -> CosignerKey:
    """Make a key, mode 0600, and its public line. FileExistsError if there is one; ValueError for such a name."""
    if not _NAME.fullmatch(name):
        raise ValueError("a cosigner's name is like cosigner.example/ro: lower-case letters, digits, . / and -")
    key = CosignerKey(name, os.urandom(32))
    _write(folder / KEY, _HEADER + base64.b64encode(key.seed).decode() + "\n")
    _write(folder / PUBLIC, key.vkey + "\n")
    sync_folder(folder)
    return key


def read(folder: Path) -> CosignerKey:
    """Read key and name. SealKeyError if one is missing, others can read the key, or the two do not fit."""
    text = read_private(folder / KEY, "the cosigner's key").decode("ascii", errors="replace")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    try:
        pinned = tlog.parse_vkey((folder / PUBLIC).read_text(encoding="utf-8").strip())
        (line,) = lines
        key = CosignerKey(pinned.name, base64.b64decode(line, validate=True))
        fits = len(key.seed) == 32 and key.vkey == tlog.vkey(pinned.name, pinned.key, pinned.kind)
    except (OSError, ValueError) as error:
        raise SealKeyError(f"the cosigner's key in {folder} cannot be read: {error}") from error
    if not fits:
        raise SealKeyError(f"{folder / PUBLIC} does not belong to {folder / KEY}")
    return key


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
