"""Hashes of many files on all cores, by processes: threads would compete with the parser for the interpreter lock."""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from media.evidence.check.hash_worker import READ_BYTES, Hashed, hash_file

WAIT_SECONDS = 0.002
"""Seconds between two reads of a worker's output."""
ALONE = 32 * 1024 * 1024
"""Bytes altogether below which no process is started."""


class Hashing:
    """Files being hashed since this was made; `results` waits for them."""

    def __init__(self, paths: Sequence[str], algorithms: Sequence[str]) -> None:
        """OSError when a worker cannot be started."""
        self._paths = paths
        self._algorithms = list(algorithms)
        self._workers: list[_Worker] = []
        if _are_many(paths):
            count = os.cpu_count() or 1
            self._workers = [_Worker(paths[number::count], self._algorithms) for number in range(count)]

    def results(self) -> Iterator[Hashed]:
        """The result of each file, in order: see `hash_worker`. OSError when a worker has failed."""
        if not self._workers:
            room = memoryview(bytearray(READ_BYTES))
            yield from (hash_file(path, self._algorithms, room) for path in self._paths)
            return
        lines = [worker.lines() for worker in self._workers]
        for number, _path in enumerate(self._paths):
            answer = next(lines[number % len(lines)])
            if answer[0] == '"':
                yield str(json.loads(answer))
            else:
                size, *digests = answer.split()
                yield int(size), tuple(digests)
        for worker in self._workers:
            worker.end()


class _Worker:
    """A process that hashes some of the files. Paths and answers go through files in memory (memfd)."""

    def __init__(self, paths: Sequence[str], algorithms: list[str]) -> None:
        self.answers = os.memfd_create("answers")
        asked = os.memfd_create("asked")
        try:
            with open(asked, "wb", closefd=False) as stream:
                stream.write(b"".join([os.fsencode(path) + b"\0" for path in paths]))
            os.lseek(asked, 0, os.SEEK_SET)
            command = [sys.executable, "-I", "-S", str(Path(__file__).with_name("hash_worker.py")), *algorithms]
            self.process = subprocess.Popen(command, stdin=asked, stdout=self.answers)
        finally:
            os.close(asked)

    def lines(self) -> Iterator[str]:
        """Its output lines as they come. OSError when it has failed or ended early."""
        at, half = 0, b""
        while True:
            has_ended = self.process.poll() is not None
            while data := os.pread(self.answers, READ_BYTES, at):
                at += len(data)
                *whole, half = (half + data).split(b"\n")
                yield from map(bytes.decode, whole)
            if has_ended:
                raise OSError(f"a process that hashes files ended with {self.process.returncode}")
            time.sleep(WAIT_SECONDS)

    def end(self) -> None:
        """Wait for its end, after its last line. OSError when it has failed."""
        os.close(self.answers)
        if self.process.wait():
            raise OSError(f"a process that hashes files ended with {self.process.returncode}")


def _are_many(paths: Sequence[str]) -> bool:
    """Whether the files are large enough altogether to justify starting a process."""
    size = 0
    for path in paths:
        with contextlib.suppress(OSError):
            size += os.stat(path).st_size  # noqa: PTH116 a Path for every file takes longer
        if size >= ALONE:
            return True
    return False
