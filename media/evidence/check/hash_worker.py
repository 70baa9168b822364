"""Hashes files one after another: a module that `hashing` imports, and a script that it starts as a worker process.

`python hash_worker.py ALGORITHM …` reads NUL-terminated paths from standard input and writes a line for each: size and
digests, or, as a JSON string, the error by which the file cannot be read. Imports are few, so that it starts quickly.
"""

import hashlib
import os
import sys

READ_BYTES = 256 * 1024
MAKERS = {
    "md5": hashlib.md5,
    "sha1": hashlib.sha1,
    "sha224": hashlib.sha224,
    "sha256": hashlib.sha256,
    "sha384": hashlib.sha384,
    "sha512": hashlib.sha512,
}
Hashed = tuple[int, tuple[str, ...]] | str
"""Size in bytes and hexadecimal digests, one an algorithm; or why the file cannot be read."""


def hash_file(path: str | bytes, algorithms: list[str], room: memoryview) -> Hashed:
    """Read a file once for all algorithms, into `room`: new memory for every file would take longer than hashing it."""
    size = 0
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            size = length = os.readv(descriptor, (room,))
            hashers = [MAKERS[name](room[:length], usedforsecurity=False) for name in algorithms]
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


def main() -> None:
    """Run the worker until the end of standard input."""
    room = memoryview(bytearray(READ_BYTES))
    for path in sys.stdin.buffer.read().split(b"\0")[:-1]:
        result = hash_file(path, sys.argv[1:], room)
        if isinstance(result, str):
            import json

            sys.stdout.write(f"{json.dumps(result)}\n")
        else:
            sys.stdout.write(f"{result[0]} {' '.join(result[1])}\n")


if __name__ == "__main__":
    main()
