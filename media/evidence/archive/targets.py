"""The archives that a setting names: `file:///srv/archive`, `s3://bucket/prefix?endpoint=https://…&region=…`."""

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from media.evidence.archive.folder_store import FolderStore
from media.evidence.archive.s3_store import S3Store
from media.evidence.archive.store import ArchiveStore

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PREFIX = re.compile(r"(?:[A-Za-z0-9._-]+/)*")


class TargetError(ValueError):
    """An address that names no archive; the text says why."""


def store_of(address: str, credentials: Path | None = None) -> ArchiveStore:
    """The archive of an address; nothing is opened yet. `credentials`: as of `S3Store`. TargetError."""
    try:
        url = urlsplit(address)
    except ValueError:
        raise TargetError("it is not an address") from None
    make = _KINDS.get(url.scheme)
    if make is None:
        raise TargetError("it begins with neither file:// nor s3://")
    return make(url, credentials)


def stores_of(addresses: list[str], credentials: Path | None = None) -> list[ArchiveStore]:
    """All of them, each with a name of its own, since the custody log names an archive by it. TargetError."""
    stores = [store_of(address, credentials) for address in addresses]
    if len({store.name for store in stores}) != len(stores):
        raise TargetError("two archives have the same name: give the bucket or folder another one")
    return stores


def _folder(url: SplitResult, _credentials: Path | None) -> ArchiveStore:
    path = Path(unquote(url.path))
    if url.netloc or url.query or url.fragment or not path.is_absolute() or ".." in path.parts or not path.name:
        raise TargetError("a folder is named by its whole path, as file:///srv/archive")
    return FolderStore(path)


def _bucket(url: SplitResult, credentials: Path | None) -> ArchiveStore:
    options = {key: values[-1] for key, values in parse_qs(url.query, keep_blank_values=True).items()}
    prefix = url.path.strip("/") + "/" if url.path.strip("/") else ""
    if not _BUCKET.fullmatch(url.netloc) or not _PREFIX.fullmatch(prefix) or options.keys() - {"endpoint", "region"}:
        raise TargetError("a bucket is named as s3://bucket/prefix?endpoint=https://s3.court.example&region=eu-1")
    endpoint = options.get("endpoint", "")
    if endpoint and urlsplit(endpoint).scheme not in ("https", "http"):
        raise TargetError("the endpoint begins with https://")
    return S3Store(url.netloc, prefix, endpoint=endpoint, region=options.get("region", ""), credentials=credentials)


_KINDS: dict[str, Callable[[SplitResult, Path | None], ArchiveStore]] = {"file": _folder, "s3": _bucket}
