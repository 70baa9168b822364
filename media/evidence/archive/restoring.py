"""A recording out of an archive again, with nothing but the archive: its custody log names the versions of the rest.

Whoever could write into the archive may have put newer versions over the true ones; therefore the longest custody log
is tried first and the others after it, until one fits what it names and the verifier says that it is what was sealed.
"""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from media.evidence.archive import keeping, volumes
from media.evidence.archive.store import ArchiveError, ArchiveStore, ObjectState, Trouble
from media.evidence.log import custody


def recordings_in(store: ArchiveStore) -> list[str]:
    """The ids of the recordings of which an archive has anything, sorted. ArchiveError."""
    names = {state.key.partition("/") for state in store.listed("")}
    return sorted({recording for recording, _slash, name in names if volumes.is_ours(name)})


def fetch(store: ArchiveStore, recording: str, folder: Path, verifies: Callable[[Path], bool]) -> int:
    """Write a recording into a folder that does not exist yet; returns the bytes read. ArchiveError, OSError.

    `verifies`: whether what is in the folder is what was sealed. On an error the folder is not there.
    """
    states = store.listed(f"{recording}/")
    wrong = ArchiveError(Trouble.missing, "no custody log of it is there")
    for state in _papers(states):
        try:
            read = _by(store, state, folder)
            if verifies(folder):
                return read
            wrong = ArchiveError(Trouble.altered, "what is there does not verify")
        except ArchiveError as error:
            wrong = error
        except ValueError as error:
            wrong = ArchiveError(Trouble.altered, str(error))
        shutil.rmtree(folder, ignore_errors=True)
    raise wrong


def _papers(states: list[ObjectState]) -> Iterator[ObjectState]:
    """Custody logs, the longest first; of one length, the newest first."""
    found = [
        (state.key, number, state) for number, state in enumerate(states) if "/custody-" in state.key
    ]  # in one archive all keys are of one recording
    for _key, _number, state in sorted(found, key=lambda each: each[:2], reverse=True):
        if volumes.is_ours(state.key.rpartition("/")[2]):
            yield state


def _by(store: ArchiveStore, papers: ObjectState, folder: Path) -> int:
    folder.mkdir(mode=0o700, parents=True)
    volumes.unpack(store.read(papers.key, papers.version), folder)
    lines = (folder / custody.LOG).read_bytes().split(b"\n")[:-1]
    kept = keeping.named(lines, store.name)
    if not any(name.startswith("part-") for name in kept):
        raise ArchiveError(Trouble.missing, "its custody log names no parts")
    read = papers.size
    for one in keeping.current(kept):
        if one.volume.startswith("custody-"):
            continue
        if volumes.unpack(store.read(one.key, one.version), folder) != one.sha256:
            raise ArchiveError(Trouble.altered, one.volume)
        read += one.size
    return read
