"""Whether a folder is a complete and valid bag (RFC 8493); each file is read and hashed once for all checks.

Our own code because the `bagit` library (1.9) accepts what a recording's bag must not have: a bag without Payload-Oxum
or without tag manifests, a path listed twice, links, `fetch.txt`, and checksums of unknown algorithms.
"""

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from media.evidence.check.findings import Findings
from media.evidence.check.hash_worker import READ_BYTES
from media.evidence.check.hashing import Hashing

MAX_TAG_FILE = 64 * 1024 * 1024
"""Bytes of a manifest or of `bag-info.txt` that are read into memory."""
MAX_DEPTH = 32
"""Levels of folders that are walked."""
REQUIRED = ("bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt", "tagmanifest-sha512.txt")
"""Tag files without which a bag is not one of ours; VERIFY.txt may be missing and carries no check."""

STORED = re.compile(
    r"hearing-key(?:-[1-9][0-9]{0,2})?\.age|journal\.jsonl|checkpoint|checkpoint\.tsr|custody\.jsonl|custody-checkpoint|seg/[a-z][a-z0-9_]{0,31}-[0-9]{6}\.age"
    r"|index/[a-z][a-z0-9_]{0,31}-[0-9]{4}\.idx|derived/[0-9]{6}\.age|blob/[0-9a-f]{64}\.age"
    r"|proofs/[a-z0-9_-]+\.tlog-proof"
)
"""Every file a recording's folder may hold; a bag takes nothing else with it."""

_DECLARATION = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8"
_MANIFEST = re.compile(r"(tag)?manifest-([a-z0-9]+)\.txt")
_ENTRY = re.compile(r"([0-9A-Fa-f]+)[ \t]+\*?([^ \t].*)")
_CODE = re.compile("%(0[Aa]|0[Dd]|25)")
_ALGORITHMS = {"md5", "sha1", "sha224", "sha256", "sha384", "sha512"}


class Digest(NamedTuple):
    """Size in bytes and SHA-256, in hexadecimal, of a file."""

    size: int
    sha256: str


@dataclass
class Bag:
    """The files of a bag, from a walk over it; paths are relative, with `/`. They are being hashed until `finish`."""

    folder: Path
    paths: Mapping[str, str]
    """Regular files under `data/`, by their path inside it."""
    tags: dict[str, Path]
    """Regular files outside `data/`, by their path in the bag."""
    stored: bool
    """Whether it is a recording in the server's own storage, which has no tag files to compare with."""
    algorithms: tuple[str, ...] = ()
    """Those of further payload manifests."""
    hashing: Hashing | None = None
    payload: dict[str, Digest] = field(default_factory=dict)
    """Size and hash of each of `paths` that could be read; empty until `finish`."""
    others: dict[str, dict[str, str]] = field(default_factory=dict)
    """Hexadecimal digests a payload manifest of another algorithm asks for: algorithm → path in `data/` → digest."""
    listed: dict[str, tuple[str, dict[str, str]]] = field(default_factory=dict)
    """Content of each payload manifest: its path → algorithm, and path in the bag → digest."""

    def finish(self, findings: Findings) -> None:
        """Wait for the hashes, then report all that makes the bag incomplete or invalid. OSError: hashing failed."""
        assert self.hashing is not None
        for path, result in zip(self.paths, self.hashing.results(), strict=True):
            if isinstance(result, str):
                findings.bag(f"data/{printable(path)} cannot be read: {result}")
                continue
            size, (main, *more) = result
            self.payload[path] = Digest(size, main)
            for name, digest in zip(self.algorithms, more, strict=True):
                self.others.setdefault(name, {})[path] = digest
        if not self.stored:
            _check_oxum(self, findings)
            for path, (algorithm, listed) in self.listed.items():
                _check_payload_manifest(self, path, algorithm, listed, findings)


def begin(folder: Path, findings: Findings) -> Bag:
    """Walk a bag, start hashing its files, and do the checks that need no hashes. OSError: no worker can be started."""
    files = dict(_walk(str(folder), "", findings))
    inside = {path[5:]: file for path, file in files.items() if path.startswith("data/")}
    bag = Bag(folder, inside, {path: Path(file) for path, file in files.items() if not path.startswith("data/")}, False)
    manifests = [match for path in bag.tags if (match := _MANIFEST.fullmatch(path)) and not match[1]]
    bag.algorithms = tuple(sorted({match[2] for match in manifests} & _ALGORITHMS - {"sha256"}))
    bag.hashing = Hashing(list(inside.values()), ("sha256", *bag.algorithms))
    _check_tags(bag, findings)
    return bag


def begin_stored(folder: Path, around: Path, findings: Findings) -> Bag:
    """As `begin`, for a recording in the server's own storage: the later payload of its bag, in `around`/data."""
    inside = {path: file for path, file in _walk(str(folder), "", findings) if STORED.fullmatch(path)}
    return Bag(around, inside, {}, True, hashing=Hashing(list(inside.values()), ("sha256",)))


def read_bag(folder: Path, findings: Findings) -> Bag:
    """Walk and hash a bag, and name in Findings whatever makes it incomplete or invalid."""
    bag = begin(folder, findings)
    bag.finish(findings)
    return bag


def _check_tags(bag: Bag, findings: Findings) -> None:
    if not (bag.folder / "data").is_dir():
        findings.bag("there is no data folder")
    for path in REQUIRED:
        if path not in bag.tags:
            findings.bag(f"{path} is not there")
    if "fetch.txt" in bag.tags:
        findings.bag("fetch.txt has no place in a recording's bag")
    _check_declaration(bag, findings)
    for path in bag.tags:
        match = _MANIFEST.fullmatch(path)
        if match is None:
            continue
        if match[2] not in _ALGORITHMS:
            findings.bag(f"{path} is of an algorithm that cannot be checked")
        elif match[1]:
            _check_tag_manifest(bag, path, match[2], findings)
        else:
            bag.listed[path] = match[2], _entries(bag, path, findings)


def _walk(folder: str, prefix: str, findings: Findings) -> Iterator[tuple[str, str]]:
    """Regular files below a folder, sorted: path in it, and path; links and devices are named and not followed."""
    if prefix.count("/") > MAX_DEPTH:
        findings.bag(f"{printable(prefix)} lies too deep")
        return
    try:
        entries = sorted(os.scandir(folder), key=attrgetter("name"))
    except OSError as error:
        findings.bag(f"{prefix or 'the bag'} cannot be read: {error.strerror}")
        return
    for entry in entries:
        path = prefix + entry.name
        if entry.is_file(follow_symlinks=False):
            yield path, entry.path
        elif entry.is_dir(follow_symlinks=False):
            yield from _walk(entry.path, f"{path}/", findings)
        else:
            findings.bag(f"{printable(path)} is a link or a device")


def _check_declaration(bag: Bag, findings: Findings) -> None:
    if "bagit.txt" in bag.tags and (_text(bag, "bagit.txt", findings) or "").removesuffix("\n") != _DECLARATION:
        findings.bag("bagit.txt does not declare BagIt 1.0 in UTF-8")


def _check_oxum(bag: Bag, findings: Findings) -> None:
    text = _text(bag, "bag-info.txt", findings)
    if text is None:
        return
    values = [
        value.strip(" \t") for value in re.findall(r"^Payload-Oxum[ \t]*:(.*)$", text, re.MULTILINE | re.IGNORECASE)
    ]
    size = sum(digest.size for digest in bag.payload.values())
    if values != [f"{size}.{len(bag.payload)}"]:
        findings.bag("Payload-Oxum of bag-info.txt is not the payload's size and number of files")


def _check_payload_manifest(bag: Bag, path: str, algorithm: str, listed: dict[str, str], findings: Findings) -> None:
    for name, digest in listed.items():
        inside = name.removeprefix("data/")
        if inside == name or inside not in bag.payload:
            findings.bag(f"{path} lists {printable(name)}, which is not there")
            continue
        is_main = algorithm == "sha256"
        actual = bag.payload[inside].sha256 if is_main else bag.others[algorithm][inside]
        if digest != actual:
            findings.bag(f"{printable(name)} does not match {path}")
    for inside in bag.payload:
        if f"data/{inside}" not in listed:
            findings.bag(f"data/{printable(inside)} is not listed in {path}")


def _check_tag_manifest(bag: Bag, path: str, algorithm: str, findings: Findings) -> None:
    listed = _entries(bag, path, findings)
    for name, digest in listed.items():
        if name not in bag.tags or ((match := _MANIFEST.fullmatch(name)) and match[1]):
            findings.bag(f"{path} lists {printable(name)}, which is not there or has no place in it")
            continue
        hasher = hashlib.new(algorithm, usedforsecurity=False)
        with bag.tags[name].open("rb", buffering=0) as stream:
            while block := stream.read(READ_BYTES):
                hasher.update(block)
        if digest != hasher.hexdigest():
            findings.bag(f"{printable(name)} does not match {path}")
    for name in bag.tags:
        match = _MANIFEST.fullmatch(name)
        if name in listed or (match and match[1]):
            continue
        if match or name in REQUIRED:
            findings.bag(f"{name} is not listed in {path}")
        else:
            findings.note(f"{printable(name)} is not listed in {path}")


def _entries(bag: Bag, path: str, findings: Findings) -> dict[str, str]:
    """Path → lower-case hexadecimal digest."""
    text = _text(bag, path, findings)
    digests: dict[str, str] = {}
    for number, line in enumerate(text.split("\n") if text else [], 1):
        if not line:
            continue
        match = _ENTRY.fullmatch(line)
        if not match:
            findings.bag(f"{path} line {number} is malformed")
            continue
        name = match[2]
        if "%" in name:
            name = _CODE.sub(lambda code: chr(int(code[1], 16)), name)
        if name in digests:
            findings.bag(f"{path} lists {printable(name)} twice")
        digests[name] = match[1].lower()
    return digests


def _text(bag: Bag, path: str, findings: Findings) -> str | None:
    """A tag file with its line ends made LF (RFC 8493 §2.1.3 leaves them open)."""
    data = _read(bag, path, findings)
    if data is None:
        return None
    try:
        return data.decode().replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError:
        findings.bag(f"{path} is not UTF-8")
        return None


def _read(bag: Bag, path: str, findings: Findings) -> bytes | None:
    file = bag.tags.get(path)
    if file is None:
        return None
    with file.open("rb") as stream:
        data = stream.read(min(MAX_TAG_FILE, os.fstat(stream.fileno()).st_size) + 1)
    if len(data) > MAX_TAG_FILE:
        findings.bag(f"{path} is too long")
        return None
    return data


def printable(path: str) -> str:
    """A path with nothing in it that a terminal would act on."""
    try:
        clean = path.encode(errors="surrogateescape").decode(errors="backslashreplace")
    except UnicodeEncodeError:  # half of a surrogate pair, out of a journal
        clean = path.encode(errors="backslashreplace").decode()
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in clean)
