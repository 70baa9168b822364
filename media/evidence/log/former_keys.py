"""Former wrapped keys of a recording: what a re-wrap has replaced, kept beside the new keys until those have opened.

Nobody but a recipient can see what a wrapped key holds, so a file that took the place of a good one may open nothing.
The old one stays in the recording's folder under a hidden name with its hash, `.hearing-key.age.<sha256>.former`; it is
no file of the recording: in no bag, no volume of an archive, no second copy, and no check looks at it.
Where the keys of a recording are destroyed, these have to go too (`hidden`).
"""

import hashlib
from pathlib import Path
from typing import NamedTuple

from media.evidence.log import journal_lines
from media.evidence.log.store import sync_folder, write_durably

SUFFIX = ".former"
STAGED = ".rewrapped"
"""How the name of a key ends that was wrapped anew and waits for its line."""
HIDDEN = ".hearing-key*"
"""Pattern of everything hidden in a recording's folder that holds a wrapped key: former ones, staged ones, drafts."""


class FormerKey(NamedTuple):
    """A wrapped key that was replaced, and is kept."""

    path: Path
    name: str
    """Of the file whose place was taken, as `hearing-key.age`."""
    sha256: str

    @property
    def number(self) -> int | None:
        """Number of the key, 0 the main one."""
        return journal_lines.key_of_file(self.name)


def of(folder: Path) -> list[FormerKey]:
    """The former keys of a recording, sorted by name; not one that is in its place again. OSError."""
    found = []
    for path in sorted(folder.glob(f".hearing-key*{SUFFIX}")):
        name, _dot, sha256 = path.name[1 : -len(SUFFIX)].rpartition(".")
        if journal_lines.KEY_FILE.fullmatch(name) and _digest(folder / name) != sha256:
            found.append(FormerKey(path, name, sha256))
    return found


def replace(folder: Path, name: str, new: Path) -> None:
    """Put a file into the place of a wrapped key, which is kept; again after a kill, it does what is left. OSError.

    Effects: the former key, durable under its hidden name, before the new one takes its place; not where they are the
    same bytes. The caller holds the lock of the recording.
    """
    old = (folder / name).read_bytes()
    sha256 = hashlib.sha256(old).hexdigest()
    target = folder / f".{name}.{sha256}{SUFFIX}"
    if old != new.read_bytes() and not target.exists():
        draft = folder / f"{target.name}.draft"
        draft.unlink(missing_ok=True)
        write_durably(draft, old)
        draft.replace(target)
        sync_folder(folder)
    new.replace(folder / name)
    back = folder / f".{name}.{_digest(folder / name)}{SUFFIX}"
    back.unlink(missing_ok=True)
    sync_folder(folder)


def discard(folder: Path, numbers: frozenset[int] | None = None) -> list[FormerKey]:
    """Delete former keys, of these numbers or all; returns them. The caller holds the lock. OSError."""
    gone = [one for one in of(folder) if numbers is None or one.number in numbers]
    for one in gone:
        one.path.unlink()
    if gone:
        sync_folder(folder)
    return gone


def hidden(folder: Path) -> list[Path]:
    """Every hidden file of a folder that holds a wrapped key: where keys are destroyed, these are deleted as well."""
    return sorted(path for path in folder.glob(HIDDEN) if path.is_file() or path.is_symlink())


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        return ""
