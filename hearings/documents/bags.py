"""A folder of files as a verifiable zip: BagIt 1.0 (RFC 8493) with SHA-256; the same files give the same bytes.

Names and their order follow from the content, no time of this machine is in it, and only one file at a time is in
memory.
"""

import hashlib
import zipfile
from typing import IO, Self

ALGORITHM = "sha256"
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest date of the zip format, which carries no information."""
PACKED = frozenset({".pdf", ".png", ".jpg", ".jpeg"})
"""Endings of compressed files."""


class Bag:
    """A bag that is being written. `name` is its one folder (RFC 8493 §4). As a context manager it closes the zip on
    any exit; `file` may be closed after it.
    """

    def __init__(self, file: IO[bytes], name: str) -> None:
        self.name = name
        self.zip = zipfile.ZipFile(file, "w", strict_timestamps=True)
        self.payload: dict[str, str] = {}
        self.size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.zip.close()

    def add(self, path: str, data: bytes) -> None:
        """Add a file to the payload. Raises `ValueError` for a repeated name or one that leads out of the bag."""
        steps = path.split("/")
        if path in self.payload or any(step in ("", ".", "..") or "\\" in step for step in steps):
            raise ValueError(f"Not a new name inside the bag: {path!r}")
        self._write(f"data/{path}", data)
        self.payload[path] = hashlib.sha256(data).hexdigest()
        self.size += len(data)

    def close(self, info: dict[str, str]) -> None:
        """Write the manifests and bag-info.txt; nothing can be added afterwards."""
        labels = info | {"Payload-Oxum": f"{self.size}.{len(self.payload)}"}
        tags = {
            "bagit.txt": "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n",
            "bag-info.txt": "".join(f"{label}: {' '.join(value.split())}\n" for label, value in labels.items()),
            f"manifest-{ALGORITHM}.txt": _manifest({f"data/{path}": digest for path, digest in self.payload.items()}),
        }
        hashes = {path: hashlib.sha256(text.encode()).hexdigest() for path, text in tags.items()}
        for path, text in (tags | {f"tagmanifest-{ALGORITHM}.txt": _manifest(hashes)}).items():
            self._write(path, text.encode())
        self.zip.close()

    def _write(self, path: str, data: bytes) -> None:
        entry = zipfile.ZipInfo(f"{self.name}/{path}", EPOCH)
        entry.create_system, entry.external_attr = 3, 0o100600 << 16
        packed = any(path.lower().endswith(ending) for ending in PACKED)
        self.zip.writestr(entry, data, zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED)


def _manifest(hashes: dict[str, str]) -> str:
    lines = (f"{digest}  {_encoded(path)}\n" for path, digest in sorted(hashes.items()))
    return "".join(lines)


def _encoded(path: str) -> str:
    """A path as RFC 8493 §2.1.3 encodes it: line ends and the percent sign only."""
    return path.replace("%", "%25").replace("\n", "%0A").replace("\r", "%0D")
