"""Hashes of many files on all cores, by processes: threads would wait for the interpreter that parses meanwhile.

Run as a script (`python hashing.py ALGORITHM …`) it is the worker: paths on standard input, each ended by NUL, in their
order out as lines: size and digests, or in quotes (JSON) why the file cannot be read. Imports nothing of ours.
"""

import contextlib
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

READ_BYTES = 256 * 1024
WAIT_SECONDS = 0.002
"""Between two looks at what a worker has written."""
ALONE = 32 * 1024 * 1024
"""Bytes altogether below which no process is started."""

_MAKERS: dict[str, Callable[[Any], Any]] = {
    name: partial(getattr(hashlib, name), usedforsecurity=False) for name in ("md5", "sha1", "sha224")
}
_MAKERS |= {"sha256": hashlib.sha256, "sha384": hashlib.sha384, "sha512": hashlib.sha512}
Hashed = tuple[int, tuple[str, ...]] | str
"""Size in bytes and hexadecimal digests, one an algorithm; or why the file cannot be read."""


def hash_file(path: str, algorithms: Sequence[str], room: memoryview) -> Hashed:
    """Read a file once for all algorithms, into `room`: new memory for every file would take longer than hashing it."""
    size = 0
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            size = length = os.readv(descriptor, (room,))
            hashers = [_MAKERS[name](room[:length]) for name in algorithms]
            while length:
                length = os.readv(descriptor, (room,))
                size += length
                for hasher in hashers:
                    hasher.update(room[:length])
        finally:
            os.close(descriptor)
    except OSError as error:
        return str(error.strerror)
    return size, tuple([hasher.hexdigest() for hasher in hashers])


class Hashing:
    """Files being hashed since this was made; `results` waits for them."""

    def __init__(self, paths: Sequence[str], algorithms: Sequence[str]) -> None:
        """OSError when a worker cannot be started."""
        self._paths = paths
        self._algorithms = algorithms
        self._workers: list[tuple[subprocess.Popen[bytes], tempfile._TemporaryFileWrapper[bytes]]] = []
        if not _are_many(paths):
            return
        count = os.cpu_count() or 1
        command = [sys.executable, "-I", "-S", __file__, *algorithms]
        for number in range(count):
            answers = tempfile.NamedTemporaryFile()  # noqa: SIM115 closed when its answers were read
            with tempfile.TemporaryFile() as asked:
                asked.write(b"".join(os.fsencode(path) + b"\0" for path in paths[number::count]))
                asked.seek(0)
                self._workers.append((subprocess.Popen(command, stdin=asked, stdout=answers), answers))

    def results(self) -> Iterator[Hashed]:
        """What came of each file, in order. OSError when a worker has failed."""
        if not self._workers:
            room = memoryview(bytearray(READ_BYTES))
            yield from (hash_file(path, self._algorithms, room) for path in self._paths)
            return
        lines = [_lines(process, Path(answers.name)) for process, answers in self._workers]
        for number, _path in enumerate(self._paths):
            found = next(lines[number % len(lines)])
            if found.startswith('"'):
                yield str(json.loads(found))
            else:
                size, *digests = found.split()
                yield int(size), tuple(digests)
        for process, answers in self._workers:
            answers.close()
            if process.wait():
                raise OSError(f"a process that hashes files ended with {process.returncode}")


def _lines(process: subprocess.Popen[bytes], answers: Path) -> Iterator[str]:
    """What a worker writes into a file, as it comes. OSError when the worker has failed or has not said enough."""
    half = b""
    with answers.open("rb") as stream:  # not the descriptor the worker has: they would move one position
        while True:
            has_ended = process.poll() is not None
            for line in stream:
                half += line
                if half.endswith(b"\n"):
                    yield half.decode()
                    half = b""
            if has_ended:
                raise OSError(f"a process that hashes files ended with {process.returncode}")
            time.sleep(WAIT_SECONDS)


def _are_many(paths: Sequence[str]) -> bool:
    """Whether the files come to so many bytes that a process is worth its start."""
    size = 0
    for path in paths:
        with contextlib.suppress(OSError):
            size += os.stat(path).st_size  # noqa: PTH116 a Path for every file takes longer
        if size >= ALONE:
            return True
    return False


def main() -> None:
    """The worker."""
    room = memoryview(bytearray(READ_BYTES))
    for path in sys.stdin.buffer.read().split(b"\0")[:-1]:
        found = hash_file(os.fsdecode(path), sys.argv[1:], room)
        sys.stdout.write(f"{json.dumps(found)}\n" if isinstance(found, str) else f"{found[0]} {' '.join(found[1])}\n")


if __name__ == "__main__":
    main()
