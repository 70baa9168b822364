"""Hashes of many files on all cores, by processes: threads would wait for the interpreter that parses meanwhile.

Run as a script (`python hashing.py ALGORITHM …`) it is the worker: paths on standard input, each ended by NUL, in their
order out as JSON lines: size and digests, or a text that says why the file cannot be read. Imports nothing of ours.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

READ_BYTES = 1024 * 1024
ALONE = 32 * 1024 * 1024
"""Bytes altogether below which no process is started."""

Hashed = tuple[int, tuple[str, ...]] | str
"""Size in bytes and hexadecimal digests, one an algorithm; or why the file cannot be read."""


def hash_file(path: str | Path, algorithms: Sequence[str]) -> Hashed:
    """Read a file once for all algorithms."""
    hashers = [hashlib.new(name, usedforsecurity=name == "sha256") for name in algorithms]
    size = 0
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            while block := os.read(descriptor, READ_BYTES):
                size += len(block)
                for hasher in hashers:
                    hasher.update(block)
        finally:
            os.close(descriptor)
    except OSError as error:
        return str(error.strerror)
    return size, tuple(hasher.hexdigest() for hasher in hashers)


class Hashing:
    """Files being hashed since this was made; `results` waits for them."""

    def __init__(self, paths: Sequence[Path], algorithms: Sequence[str], size: int) -> None:
        """`size`: bytes of all of them, about. OSError when a worker cannot be started."""
        self._paths = paths
        self._algorithms = algorithms
        self._workers: list[tuple[subprocess.Popen[bytes], tempfile._TemporaryFileWrapper[bytes]]] = []
        if size < ALONE:
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
            yield from (hash_file(path, self._algorithms) for path in self._paths)
            return
        for process, answers in self._workers:
            if process.wait():
                raise OSError(f"a process that hashes files ended with {process.returncode}")
            answers.seek(0)
        for number, _path in enumerate(self._paths):
            found = json.loads(self._workers[number % len(self._workers)][1].readline())
            yield found if isinstance(found, str) else (found[0], tuple(found[1:]))
        for _process, answers in self._workers:
            answers.close()


def main() -> None:
    """The worker."""
    for path in sys.stdin.buffer.read().split(b"\0")[:-1]:
        found = hash_file(os.fsdecode(path), sys.argv[1:])
        print(json.dumps(found if isinstance(found, str) else [found[0], *found[1]]))


if __name__ == "__main__":
    main()
