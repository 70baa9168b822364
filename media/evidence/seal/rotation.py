"""Rotation of a court's seal key that is in a file: a new key beside the running seal process.

From `begin` to `end` every head is signed by both keys, so that whoever still pins the old one, an authority or a
cosigner, is not cut off, and a recording that was begun before goes on. What the old key signed counts afterwards as
well: its public half stays in `former.pub`, its private half is deleted. `python -m media.evidence.seal.rotation FOLDER
[--end]`, as the account of the seal.
"""

import argparse
import base64
import fcntl
import os
import signal
import sys
from pathlib import Path

from media.evidence.log import tlog
from media.evidence.log.store import sync_folder
from media.evidence.seal.heads import NoteKey
from media.evidence.seal.seal_key import SealKey, SealKeyError, make_seal_key, read_seal_key

KEY, OLD, NEW = "seal.key", "seal.key.former", "seal.key.new"
FORMER = "former.pub"
"""Public keys of seal keys that were used before, one a line: in base64, or as the line that pinned it."""


class TwoKeys:
    """Signs by the present key and, beside it, by the one of before."""

    def __init__(self, present: NoteKey, before: NoteKey) -> None:
        self._present = present
        self._before = before
        self.public = present.public

    def sign(self, text: bytes, origin: str) -> bytes:
        """A note with both signatures, that of the present key first."""
        line = self._before.sign(text, origin).splitlines(keepends=True)[-1]
        return tlog.with_signatures(self._present.sign(text, origin), [line])


def read_keys(folder: Path) -> NoteKey:
    """The key of a seal's folder, with that of before while a rotation is under way. Raises SealKeyError."""
    present = read_seal_key(folder / KEY)
    if not (folder / OLD).exists():
        return present
    before = read_seal_key(folder / OLD)
    return present if before.public == present.public else TwoKeys(present, before)


def under_way(folder: Path) -> bool:
    """Whether a rotation was begun and has not ended."""
    return (folder / OLD).exists() and read_seal_key(folder / OLD).public != read_seal_key(folder / KEY).public


def begin(folder: Path) -> SealKey:
    """Make a new key and keep the old one beside it; the new one. Goes on with a rotation that was interrupted.

    Effects, each durable before the next: the old public key in `former.pub`; the old key under its second name; the
    new key. There is a key under `seal.key` at every moment. Raises SealKeyError, OSError.
    """
    present = read_seal_key(folder / KEY)
    if under_way(folder):
        return present
    keep_former(folder / FORMER, base64.b64encode(present.public).decode("ascii"))
    if not (folder / OLD).exists():
        os.link(folder / KEY, folder / OLD)
    (folder / NEW).unlink(missing_ok=True)
    made = make_seal_key(folder / NEW)
    sync_folder(folder)
    (folder / NEW).replace(folder / KEY)
    sync_folder(folder)
    return made


def end(folder: Path) -> bool:
    """Delete the private half of the old key; False where no rotation is under way. Raises SealKeyError, OSError."""
    if not under_way(folder):
        return False
    (folder / OLD).unlink()
    sync_folder(folder)
    return True


def keep_former(path: Path, line: str) -> None:
    """Add a public key to a list of former ones, if it is not in it; durable."""
    known = path.read_text(encoding="ascii").splitlines() if path.exists() else []
    if line in known:
        return
    path.touch(mode=0o600)
    with path.open("a", encoding="ascii") as file:
        file.write(f"{line}\n")
        file.flush()
        os.fsync(file.fileno())


def tell_process(folder: Path) -> bool:
    """Have the seal process of a folder read its keys again; False where none runs."""
    try:
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.kill(int(os.read(lock, 20)), signal.SIGHUP)
        return True
    finally:
        os.close(lock)
    return False


def main() -> int:
    """Begin, or end, the rotation of the key of a seal's folder; 2 when it cannot."""
    parser = argparse.ArgumentParser(prog="media.evidence.seal.rotation", description="Change the key of a seal.")
    parser.add_argument("folder", type=Path, help="private folder of the seal, as its service is given it")
    parser.add_argument("--end", action="store_true", help="sign by the new key alone from now on")
    options = parser.parse_args()
    try:
        if options.end and not end(options.folder):
            raise SealKeyError("no rotation is under way")
        made = read_seal_key(options.folder / KEY) if options.end else begin(options.folder)
        tell_process(options.folder)
    except (SealKeyError, OSError) as error:
        print(f"nothing was changed: {error}", file=sys.stderr)
        return 2
    print(f"{'Ended' if options.end else 'Begun'}. The public half of the key: {made.public.hex()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
