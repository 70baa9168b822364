"""A folder of files as one zip that proves itself: BagIt 1.0 (RFC 8493) with SHA-256; the same files, the same bytes.

Names and their order follow from the content, no clock of this machine is in it, and a file is never held beside
another: each is written as it comes.
"""

import hashlib
import zipfile
from typing import IO, Self

ALGORITHM = "sha256"
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest a zip can say; so that it says nothing."""
PACKED = frozenset({".pdf", ".png", ".jpg", ".jpeg"})
"""Endings of what is packed already."""


class Bag:
    """A bag that is being written. `name` is its one folder, as RFC 8493 §4 wants of what is sent as one file.

    Used as a context manager: what becomes of the writing, the zip is closed, and `file` may be closed after it.
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
        """Put a file into the payload. Raises `ValueError` for a name that is there or leads out of the bag."""
        steps = path.split("/")
        if path in self.payload or any(step in ("", ".", "..") or "\\" in step for step in steps):
            raise ValueError(f"Not a new name inside the bag: {path!r}")
        self._write(f"data/{path}", data)
        self.payload[path] = hashlib.sha256(data).hexdigest()
        self.size += len(data)

    def close(self, info: dict[str, str]) -> None:
        """Write the manifests and what the bag says of itself; nothing can be added any more."""
        told = info | {"Payload-Oxum": f"{self.size}.{len(self.payload)}"}
        tags = {
            "bagit.txt": "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n",
            "bag-info.txt": "".join(f"{label}: {' '.join(value.split())}\n" for label, value in told.items()),
            f"manifest-{ALGORITHM}.txt": _manifest({f"data/{path}": found for path, found in self.payload.items()}),
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
    lines = (f"{found}  {_encoded(path)}\n" for path, found in sorted(hashes.items()))
    return "".join(lines)


def _encoded(path: str) -> str:
    """RFC 8493 §2.1.3: only line ends and the sign that encodes them are encoded."""
    return path.replace("%", "%25").replace("\n", "%0A").replace("\r", "%0D")
