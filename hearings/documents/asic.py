"""Signed containers: ASiC-E with CAdES (ETSI EN 319 162-1, clause 4.4), made and read (docs/asice.md).

A zip with the files, a manifest of their SHA-256 for each signature, and the detached signatures (CMS, ETSI EN 319
122-1) over the manifests. A container from outside may be anything: names, sizes and structure are checked before a
byte of it is unpacked, and its manifests and signatures are read by a process of its own with little memory and little
time.
"""

import asyncio
import base64
import hashlib
import json
import re
import stat
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from hearings.documents import limited
from hearings.documents.bags import EPOCH, PACKED
from hearings.documents.pdf_seals import DocumentSeal, Stamp
from hearings.errors import Invalid
from hearings.sentences import N_, tell

MEDIA_TYPE = "application/vnd.etsi.asic-e+zip"
ENDING = ".asice"
NAMESPACE = "http://uri.etsi.org/02918/v1.2.1#"
LARGEST = 26_214_400
"""Greatest size of a container in bytes, as that of an attachment."""
UNPACKED = 104_857_600
"""Greatest size in bytes of all its files together."""
MOST = 100
"""Most files in it, manifests and signatures counted."""
SIGNING, MOST_SIGNING = 2 << 20, 32
"""Greatest size in bytes of manifests and signatures together, and most of them."""
SMALL = 1 << 20
"""Greatest size of a manifest or a signature in bytes."""
_NAME = re.compile(r"[^/\\:\x00-\x1f\x7f]+(/[^/\\:\x00-\x1f\x7f]+)*")
_MANIFEST = re.compile(r"META-INF/ASiCManifest[A-Za-z0-9_-]*\.xml")
_SIGNATURE = re.compile(r"META-INF/[A-Za-z0-9_-]*signature[A-Za-z0-9_-]*\.p7s")

NOT_A_CONTAINER = N_("This file is not a signed container (ASiC-E)")
NOT_A_NAME = N_("The container has a file whose name is not allowed")
TOO_LARGE = N_("The container is too large, or has too many files")
NOT_SIGNED = N_("The container has no signature that can be checked")
CHANGED = N_(
    "A signature in the container does not hold: it was changed after it was signed, or the signature is damaged"
)
NOT_COVERED = N_("The container has a file that a signature does not cover")
NOT_THE_FILE = N_("A file in the container is not the one that was signed")


@dataclass(frozen=True, kw_only=True)
class ContainerSignature:
    """One signature of a container that holds over all of its files."""

    signer: str
    issuer: str
    said_at: str
    """The signing time that the signer's machine claims; nobody else confirms it."""
    stamped_at: str
    """That of a time-stamp in it whose authority leads to a trusted root; else empty."""
    trusted: bool
    """Whether its certificate leads to a root that an administrator has added; else the signer is unknown."""


@dataclass(frozen=True)
class Container:
    """What was read: the files by name, and the signatures over them."""

    files: Mapping[str, bytes]
    signatures: Sequence[ContainerSignature]


# --- making -------------------------------------------------------------------------------------------------------


async def make(
    files: Mapping[str, tuple[str, bytes]], seals: Sequence[DocumentSeal], stamp: Stamp | None = None
) -> bytes:
    """A container of files, by name with their media types, signed by each of these seals; with `stamp` the last has a
    time-stamp (CAdES B-T). Computed in a thread; what `stamp` raises is raised. Raises `ValueError` for a name that
    leads out of it."""
    return await asyncio.to_thread(lambda: asyncio.run(_made(files, seals, stamp)))


async def _made(files: Mapping[str, tuple[str, bytes]], seals: Sequence[DocumentSeal], stamp: Stamp | None) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", strict_timestamps=True) as container:
        _write(container, "mimetype", MEDIA_TYPE.encode("ascii"), stored=True)
        for name, (_kind, data) in files.items():
            if not is_name(name) or name.startswith("META-INF/"):
                raise ValueError(f"Not a name inside a container: {name!r}")
            _write(container, name, data, stored=any(name.lower().endswith(ending) for ending in PACKED))
        for number, seal in enumerate(seals, 1):
            place = f"META-INF/signature{number:03d}.p7s"
            manifest = _manifest(files, place)
            _write(container, f"META-INF/ASiCManifest{number:03d}.xml", manifest)
            _write(container, place, await _signed(manifest, seal, stamp if number == len(seals) else None))
    return out.getvalue()


def _write(container: zipfile.ZipFile, name: str, data: bytes, *, stored: bool = False) -> None:
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.create_system, entry.external_attr = 3, 0o100600 << 16
    container.writestr(entry, data, zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED)


def _manifest(files: Mapping[str, tuple[str, bytes]], signature: str) -> bytes:
    """The manifest that a signature is over (EN 319 162-1, annex A.4)."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<asic:ASiCManifest xmlns:asic="{NAMESPACE}" xmlns:ds="http://www.w3.org/2000/09/xmldsig#">',
        f'<asic:SigReference URI={quoteattr(_encoded(signature))} MimeType="application/pkcs7-signature"/>',
    ]
    for name, (kind, data) in files.items():
        digest = base64.b64encode(hashlib.sha256(data).digest()).decode("ascii")
        lines += [
            f"<asic:DataObjectReference URI={quoteattr(_encoded(name))} MimeType={quoteattr(kind)}>",
            '<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>',
            f"<ds:DigestValue>{digest}</ds:DigestValue></asic:DataObjectReference>",
        ]
    return "\n".join([*lines, "</asic:ASiCManifest>"]).encode()


def _encoded(name: str) -> str:
    """A name as a relative URI (RFC 3986)."""
    from urllib.parse import quote

    return quote(name, safe="/")


async def _signed(manifest: bytes, seal: DocumentSeal, stamp: Stamp | None) -> bytes:
    from asn1crypto import tsp
    from pyhanko.sign import signers, timestamps

    class Stamper(timestamps.TimeStamper):
        """Asks through `stamp`, which also checks who has signed the token."""

        async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> Any:
            assert stamp is not None and md_algorithm == "sha256"
            return tsp.TimeStampResp.load(await stamp(message_digest))["time_stamp_token"]

    signer = signers.SimpleSigner.load(str(seal.key), str(seal.certificate))  # type: ignore[no-untyped-call]
    if signer is None:
        raise ValueError(f"The document seal {seal.key} cannot be read")
    asked = Stamper() if stamp else None  # type: ignore[no-untyped-call]
    made = await signer.async_sign_general_data(manifest, "sha256", detached=True, use_cades=True, timestamper=asked)
    return bytes(made.dump())


# --- reading ------------------------------------------------------------------------------------------------------


def is_name(name: str) -> bool:
    """Whether a name stays inside the container: no folder above it, none from the root, no drive, no control
    characters."""
    return bool(_NAME.fullmatch(name)) and all(step not in (".", "..") for step in name.split("/"))


async def read(data: bytes, *, roots: Sequence[Path] = ()) -> Container:
    """Read a container and check its signatures; `roots` are certificates (PEM) that an administrator has added.

    Raises `Invalid` for anything but a container whose every file is as each of its signatures says, and no other.
    """
    files = await asyncio.to_thread(unpacked, data)
    manifests = {name: content for name, content in files.items() if _MANIFEST.fullmatch(name)}
    signatures = {name: content for name, content in files.items() if _SIGNATURE.fullmatch(name)}
    payload = {name: content for name, content in files.items() if not name.startswith("META-INF/")}
    if len(manifests) + len(signatures) + len(payload) != len(files):
        raise Invalid(tell(NOT_COVERED), "file")
    if not manifests or any(len(one) > SMALL for one in (*manifests.values(), *signatures.values())):
        raise Invalid(tell(NOT_SIGNED), "file")
    reports = await _checked(manifests, signatures, roots)
    named = {report["signature"] for report in reports}
    if named != set(signatures) or len(reports) != len(named):
        raise Invalid(tell(NOT_SIGNED), "file")
    hashes = await asyncio.to_thread(_hashes, payload)
    for report in reports:
        if not report["intact"]:
            raise Invalid(tell(CHANGED), "file")
        if set(report["files"]) != set(hashes):
            raise Invalid(tell(NOT_COVERED), "file")
        if report["files"] != hashes:
            raise Invalid(tell(NOT_THE_FILE), "file")
    fields = ContainerSignature.__dataclass_fields__
    return Container(payload, [ContainerSignature(**{name: report[name] for name in fields}) for report in reports])


def _hashes(files: Mapping[str, bytes]) -> dict[str, str]:
    """The SHA-256 of each file, by name; blocks."""
    return {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}


def unpacked(data: bytes) -> dict[str, bytes]:
    """The files of a container by name, without its media type; blocks. Raises `Invalid`."""
    if len(data) > LARGEST:
        raise Invalid(tell(TOO_LARGE), "file")
    # The first entry is the media type, stored, where whoever looks at the file's first bytes finds it (clause A.1).
    if data[:4] != b"PK\x03\x04" or data[30 : 38 + len(MEDIA_TYPE)] != b"mimetype" + MEDIA_TYPE.encode("ascii"):
        raise Invalid(tell(NOT_A_CONTAINER), "file")
    try:
        with zipfile.ZipFile(BytesIO(data)) as container:
            entries = container.infolist()
            _require_sound(entries)
            files = {one.filename: _content(container, one) for one in entries}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError, KeyError) as error:
        if isinstance(error, Invalid):
            raise
        raise Invalid(tell(NOT_A_CONTAINER), "file") from error
    except Exception as error:
        if type(error).__module__ != "zlib":
            raise
        raise Invalid(tell(NOT_A_CONTAINER), "file") from error
    if files.pop("mimetype", b"") != MEDIA_TYPE.encode("ascii"):
        raise Invalid(tell(NOT_A_CONTAINER), "file")
    return files


def _require_sound(entries: Sequence[zipfile.ZipInfo]) -> None:
    """Raises `Invalid` before anything is unpacked."""
    names = [one.filename for one in entries]
    signing = [one for one in entries if one.filename.startswith("META-INF/")]
    if len(names) > MOST or sum(one.file_size for one in entries) > UNPACKED:
        raise Invalid(tell(TOO_LARGE), "file")
    if len(signing) > MOST_SIGNING or sum(one.file_size for one in signing) > SIGNING:
        raise Invalid(tell(TOO_LARGE), "file")
    for one in entries:
        link = stat.S_ISLNK(one.external_attr >> 16)
        if not is_name(one.filename) or one.orig_filename != one.filename or link or one.flag_bits & 1:
            raise Invalid(tell(NOT_A_NAME), "file")
        if one.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Invalid(tell(NOT_A_CONTAINER), "file")
    if len({name.casefold() for name in names}) != len(names):
        raise Invalid(tell(NOT_A_NAME), "file")


def _content(container: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """The bytes of an entry: never more than it says it has, whatever is packed in it."""
    with container.open(entry) as stream:
        data = stream.read(entry.file_size + 1)
    if len(data) != entry.file_size:
        raise Invalid(tell(TOO_LARGE), "file")
    return data


async def _checked(
    manifests: Mapping[str, bytes], signatures: Mapping[str, bytes], roots: Sequence[Path]
) -> list[dict[str, Any]]:
    """The report of `asic_check` on each manifest. Raises `Invalid` when it comes to no end."""
    asked = {
        "roots": [path.read_text("ascii") for path in roots],
        "manifests": [base64.b64encode(one).decode("ascii") for one in manifests.values()],
        "signatures": {name: base64.b64encode(one).decode("ascii") for name, one in signatures.items()},
    }
    reports: list[dict[str, Any]] | None = await limited.ask(
        "hearings.documents.asic_check", json.dumps(asked).encode()
    )
    if reports is None:
        raise Invalid(tell(NOT_SIGNED), "file")
    return reports
