"""A recording out of an archive again, with nothing but the archive: its custody log names the versions of the rest.

Whoever could write into the archive may have put newer versions over the true ones; therefore the longest custody log
is tried first and the others after it, until one fits what it names and the verifier says that it is what was sealed.
Nothing a stranger put there stops the next one from being tried, and what no key of the court has signed has nothing
fetched for it.
"""

import errno
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from media.evidence.archive import keeping, volumes
from media.evidence.archive.store import ArchiveError, ArchiveStore, ObjectState, Trouble
from media.evidence.log import custody, tlog

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
"""The disk here is full: no other copy would fit either."""


def recordings_in(store: ArchiveStore) -> list[str]:
    """The ids of the recordings of which an archive has anything, sorted. ArchiveError."""
    names = {state.key.partition("/") for state in store.listed("")}
    return sorted({recording for recording, _, name in names if _ID.fullmatch(recording) and volumes.is_ours(name)})


def fetch(
    store: ArchiveStore,
    recording: str,
    folder: Path,
    logs: Sequence[tlog.VerifierKey],
    verifies: Callable[[Path], bool],
    with_keys: Callable[[Path], bool] = lambda _folder: True,
) -> int:
    """Write a recording into a folder that does not exist yet; returns the bytes read. ArchiveError; OSError when the
    disk here is full, or the folder is there.

    `logs`: the court's keys, by which the head of its custody log is signed. `verifies`: whether what is in the folder
    is what was sealed. `with_keys`: whether its keys are wanted, by a folder that has nothing but its custody log yet.
    On an error the folder is not there.
    """
    if folder.exists():
        raise FileExistsError(errno.EEXIST, "the folder is there already", str(folder))
    states = store.listed(f"{recording}/")
    wrong = ArchiveError(Trouble.missing, "no custody log of it is there")
    for state in _papers(states):
        try:
            read = _by(store, state, folder, recording, logs, with_keys)
            if verifies(folder):
                return read
            wrong = ArchiveError(Trouble.altered, "what is there does not verify")
        except ArchiveError as error:
            wrong = error
        except Exception as error:  # an object that a stranger has made may break anything, but not the next one
            if isinstance(error, OSError) and error.errno in _FULL:
                shutil.rmtree(folder, ignore_errors=True)
                raise
            wrong = ArchiveError(Trouble.altered, str(error) or type(error).__name__)
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


def _by(
    store: ArchiveStore,
    papers: ObjectState,
    folder: Path,
    recording: str,
    logs: Sequence[tlog.VerifierKey],
    with_keys: Callable[[Path], bool],
) -> int:
    folder.mkdir(mode=0o700, parents=True)
    volumes.unpack(store.read(papers.key, papers.version), folder, volumes.MOST_PAPERS)
    kept = keeping.named(_signed_lines(folder, recording, logs), store.name)
    if not any(name.startswith("part-") for name in kept):
        raise ArchiveError(Trouble.missing, "its custody log names no parts")
    read = papers.size
    unwanted = ("custody-",) if with_keys(folder) else ("custody-", "keys-")
    for one in keeping.current(kept):
        if one.volume.startswith(unwanted):
            continue
        if volumes.unpack(store.read(one.key, one.version), folder, one.size) != one.sha256:
            raise ArchiveError(Trouble.altered, one.volume)
        read += one.size
    return read


def _signed_lines(folder: Path, recording: str, logs: Sequence[tlog.VerifierKey]) -> list[bytes]:
    """The lines of its custody log under a head that the court has signed. ArchiveError, OSError, ValueError."""
    note = tlog.parse_note((folder / custody.LOG_CHECKPOINT).read_bytes())
    head = tlog.parse_checkpoint(note.text)
    if head.origin.removesuffix(tlog.CUSTODY).rpartition("/")[2] != recording:
        raise ArchiveError(Trouble.altered, "the head of its custody log is that of another recording")
    try:
        tlog.check_log_signature(note, list(logs))
    except tlog.SignatureError as error:
        raise ArchiveError(
            Trouble.altered, f"the head of its custody log is not signed by the court: {error}"
        ) from error
    lines = (folder / custody.LOG).read_bytes().split(b"\n")[:-1][: head.size]
    if tlog.Tree(tlog.leaf_hash(line) for line in lines).root() != head.root or len(lines) != head.size:
        raise ArchiveError(Trouble.altered, "its custody log is not the one whose head was signed")
    return lines
