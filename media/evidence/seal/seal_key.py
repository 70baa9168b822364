"""The seal key of a court: an Ed25519 seed in a file only its owner can read, signing checkpoints.

`python -m media.evidence.seal.seal_key FOLDER` makes one for a seal with an account of its own (docs/seal.md).
"""

import argparse
import base64
import binascii
import os
import stat
import sys
from pathlib import Path

from media.evidence.log import tlog

_HEADER = "# Vivavoce seal key: signs the checkpoints of recordings. Never copy it off this machine.\n"


class SealKeyError(Exception):
    """The seal key is missing, can be read by others, or is not a key."""


class SealKey:
    """Signs notes; the seed does not leave it. A key on a token has the same interface (token.py)."""

    def __init__(self, seed: bytes) -> None:
        if len(seed) != 32:
            raise SealKeyError("a seal key is 32 bytes")
        self._seed = seed
        self.public = tlog.public_key(seed)

    def sign(self, text: bytes, origin: str) -> bytes:
        """A signed note over the text, in the name of the origin."""
        return tlog.sign_note(text, origin, self._seed)

    def vkey(self, court: str) -> str:
        """The line that pins this key for every recording of a court: its `log` in `policy.txt`."""
        return tlog.vkey(f"{court}/hearing", self.public)


def make_seal_key(path: Path) -> SealKey:
    """Make a new key file, mode 0600; FileExistsError if there is one already."""
    seed = os.urandom(32)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(_HEADER + base64.b64encode(seed).decode() + "\n")
        file.flush()
        os.fsync(file.fileno())
    return SealKey(seed)


def read_seal_key(path: Path) -> SealKey:
    """Read a key file: comment lines, then the seed in base64 or hexadecimal. Refuses one others can read."""
    text = read_private(path, "the seal key").decode("ascii", errors="replace")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if len(lines) != 1:
        raise SealKeyError(f"the seal key {path} does not hold one key")
    try:
        seed = bytes.fromhex(lines[0]) if len(lines[0]) == 64 else base64.b64decode(lines[0], validate=True)
    except (binascii.Error, ValueError) as error:
        raise SealKeyError(f"the seal key {path} is neither base64 nor hexadecimal") from error
    return SealKey(seed)


def read_private(path: Path, what: str) -> bytes:
    """The bytes of a file; SealKeyError if other accounts can read it, or this one cannot."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError as error:
        raise SealKeyError(f"{what} {path} cannot be read: {error.strerror}") from error
    with os.fdopen(descriptor, "rb") as file:
        if stat.S_IMODE(os.fstat(descriptor).st_mode) & 0o077:
            raise SealKeyError(f"{what} {path} can be read by others: set its mode to 0600")
        return file.read()


def main() -> int:
    """Make the key of a seal that has signed nothing yet, and print its public half; 2 when it cannot."""
    parser = argparse.ArgumentParser(prog="media.evidence.seal.seal_key", description="Make a seal key in a file.")
    parser.add_argument("folder", type=Path, help="private folder of the seal, as its service is given it")
    folder: Path = parser.parse_args().folder
    try:
        if (folder / "heads").is_dir() and any((folder / "heads").iterdir()):
            raise SealKeyError(f"{folder}/heads holds what another key has signed: put that key back")
        made = make_seal_key(folder / "seal.key")
    except (SealKeyError, OSError) as error:
        print(f"no key was made: {error}", file=sys.stderr)
        return 2
    print(f"Made. Its public half: {made.public.hex()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
