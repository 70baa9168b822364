"""Whether a folder is a complete and valid bag (RFC 8493), read once: a file is hashed for all checks at the same time.

Written here rather than left to the `bagit` library (1.9), which lets pass what a recording's bag must not have: a bag
without Payload-Oxum or without tag manifests, a path listed twice, links, `fetch.txt`, and checksums it has no
algorithm for.
"""

import hashlib
import os
import re
import stat
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple

from media.evidence.check.findings import Findings

READ_BYTES = 1024 * 1024
SHARE = 64
"""Files that a thread hashes in one go."""
MAX_TAG_FILE = 64 * 1024 * 1024
"""Bytes of a manifest or of `bag-info.txt` that are read into memory."""
MAX_DEPTH = 32
"""Levels of folders that are walked."""
REQUIRED = ("bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt", "tagmanifest-sha512.txt")
"""Tag files without which a bag is not one of ours; VERIFY.txt may be missing and carries no check."""

STORED = re.compile(
    r"hearing-key\.age|journal\.jsonl|checkpoint|checkpoint\.tsr|custody\.jsonl|custody-checkpoint|seg/[a-z][a-z0-9_]{0,31}-[0-9]{6}\.age"
    r"|index/[a-z][a-z0-9_]{0,31}-[0-9]{4}\.idx|derived/[0-9]{6}\.age|blob/[0-9a-f]{64}\.age"
    r"|proofs/[a-z0-9_-]+\.tlog-proof"
)
"""Every file a recording's folder may hold; a bag takes nothing else with it."""

_DECLARATION = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8"
_MANIFEST = re.compile(r"(tag)?manifest-([a-z0-9]+)\.txt")
_ENTRY = re.compile(r"([0-9A-Fa-f]+)[ \t]+\*?([^ \t].*)")
_ALGORITHMS = {"md5", "sha1", "sha224", "sha256", "sha384", "sha512"}


class Digest(NamedTuple):
    """Size in bytes and SHA-256 of a file."""

    size: int
    sha256: bytes


@dataclass
class Bag:
    """What a walk over a bag has found; paths are relative, with `/`."""

    folder: Path
    payload: dict[str, Digest] = field(default_factory=dict)
    """Files under `data/`, by their path inside it."""
    tags: dict[str, Path] = field(default_factory=dict)
    """Regular files outside `data/`, by their path in the bag."""
    others: dict[str, dict[str, str]] = field(default_factory=dict)
    """Hexadecimal digests a payload manifest of another algorithm asks for: algorithm → path in `data/` → digest."""


def read_bag(folder: Path, findings: Findings) -> Bag:
    """Walk and hash a bag, and name in Findings whatever makes it incomplete or invalid."""
    bag = Bag(folder)
    paths = dict(_walk(folder, "", findings))
    bag.tags = {path: file for path, file in paths.items() if not path.startswith("data/")}
    manifests = {path: match for path in bag.tags if (match := _MANIFEST.fullmatch(path))}
    algorithms = {match[2] for match in manifests.values() if not match[1]} & _ALGORITHMS - {"sha256"}
    inside = {path.removeprefix("data/"): file for path, file in paths.items() if path.startswith("data/")}
    _hash_payload(bag, inside, algorithms, findings)
    if not (folder / "data").is_dir():
        findings.bag("there is no data folder")
    for path in REQUIRED:
        if path not in bag.tags:
            findings.bag(f"{path} is not there")
    if "fetch.txt" in bag.tags:
        findings.bag("fetch.txt has no place in a recording's bag")
    _check_declaration(bag, findings)
    _check_oxum(bag, findings)
    for path, match in manifests.items():
        if match[2] not in _ALGORITHMS:
            findings.bag(f"{path} is of an algorithm that cannot be checked")
        elif match[1]:
            _check_tag_manifest(bag, path, match[2], findings)
        else:
            _check_payload_manifest(bag, path, match[2], findings)
    return bag


def read_stored(folder: Path, findings: Findings) -> dict[str, Digest]:
    """Hash the files of a recording as the server keeps it: what would be the payload of its bag."""
    bag = Bag(folder)
    _hash_payload(
        bag, {path: file for path, file in _walk(folder, "", findings) if STORED.fullmatch(path)}, (), findings
    )
    return bag.payload


def _walk(folder: Path, prefix: str, findings: Findings) -> Iterator[tuple[str, Path]]:
    """Regular files below a folder, sorted; links and devices are named and not followed."""
    if prefix.count("/") > MAX_DEPTH:
        findings.bag(f"{printable(prefix)} lies too deep")
        return
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        findings.bag(f"{prefix or 'the bag'} cannot be read: {error.strerror}")
        return
    for entry in entries:
        path = prefix + entry.name
        mode = entry.stat(follow_symlinks=False).st_mode
        if stat.S_ISDIR(mode):
            yield from _walk(Path(entry.path), f"{path}/", findings)
        elif stat.S_ISREG(mode):
            yield path, Path(entry.path)
        else:
            findings.bag(f"{printable(path)} is a link or a device")


def _hash_payload(bag: Bag, files: Mapping[str, Path], algorithms: Collection[str], findings: Findings) -> None:
    """Hash files on all cores: SHA-256 lets go of the interpreter while it works. Paths stay in their order."""
    paths = list(files)
    shares = [paths[start : start + SHARE] for start in range(0, len(paths), SHARE)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for share, hashed in zip(shares, pool.map(partial(_hash_share, files, algorithms), shares), strict=True):
            for path, found in zip(share, hashed, strict=True):
                if isinstance(found, str):
                    findings.bag(f"data/{printable(path)} cannot be read: {found}")
                    continue
                bag.payload[path], others = found
                for name, digest in others.items():
                    bag.others.setdefault(name, {})[path] = digest


def _hash_share(
    files: Mapping[str, Path], algorithms: Collection[str], share: Sequence[str]
) -> list[tuple[Digest, dict[str, str]] | str]:
    """Digests of some files, in order; of one that cannot be read, why."""
    found: list[tuple[Digest, dict[str, str]] | str] = []
    for path in share:
        try:
            found.append(_hash(files[path], algorithms))
        except OSError as error:
            found.append(str(error.strerror))
    return found


def _hash(file: Path, algorithms: Collection[str]) -> tuple[Digest, dict[str, str]]:
    """Size and SHA-256, and the hexadecimal digests by further algorithms."""
    hashers = {name: hashlib.new(name, usedforsecurity=False) for name in algorithms}
    main, size = hashlib.sha256(), 0
    descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    try:
        while block := os.read(descriptor, READ_BYTES):
            size += len(block)
            main.update(block)
            for hasher in hashers.values():
                hasher.update(block)
            if len(block) < READ_BYTES and size == os.fstat(descriptor).st_size:
                break
    finally:
        os.close(descriptor)
    return Digest(size, main.digest()), {name: hasher.hexdigest() for name, hasher in hashers.items()}


def _check_declaration(bag: Bag, findings: Findings) -> None:
    if "bagit.txt" in bag.tags and (_text(bag, "bagit.txt", findings) or "").removesuffix("\n") != _DECLARATION:
        findings.bag("bagit.txt does not declare BagIt 1.0 in UTF-8")


def _check_oxum(bag: Bag, findings: Findings) -> None:
    text = _text(bag, "bag-info.txt", findings)
    if text is None:
        return
    values = re.findall(r"^Payload-Oxum[ \t]*:[ \t]*(.*?)[ \t]*$", text, re.MULTILINE | re.IGNORECASE)
    size = sum(digest.size for digest in bag.payload.values())
    if values != [f"{size}.{len(bag.payload)}"]:
        findings.bag("Payload-Oxum of bag-info.txt is not the payload's size and number of files")


def _check_payload_manifest(bag: Bag, path: str, algorithm: str, findings: Findings) -> None:
    listed = _entries(bag, path, findings)
    for name, digest in listed.items():
        inside = name.removeprefix("data/")
        if inside == name or inside not in bag.payload:
            findings.bag(f"{path} lists {printable(name)}, which is not there")
            continue
        is_main = algorithm == "sha256"
        actual = bag.payload[inside].sha256.hex() if is_main else bag.others[algorithm][inside]
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
    found: dict[str, str] = {}
    for number, line in enumerate(text.split("\n") if text else [], 1):
        if not line:
            continue
        match = _ENTRY.fullmatch(line)
        if not match:
            findings.bag(f"{path} line {number} is malformed")
            continue
        name = re.sub("%(0[Aa]|0[Dd]|25)", lambda code: chr(int(code[1], 16)), match[2])
        if name in found:
            findings.bag(f"{path} lists {printable(name)} twice")
        found[name] = match[1].lower()
    return found


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
        data = stream.read(MAX_TAG_FILE + 1)
    if len(data) > MAX_TAG_FILE:
        findings.bag(f"{path} is too long")
        return None
    return data


def printable(path: str) -> str:
    """A path with nothing in it that a terminal would act on."""
    clean = path.encode(errors="surrogateescape").decode(errors="backslashreplace")
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in clean)
