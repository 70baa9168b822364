"""Backup and restore of an installation: database, recordings, and the keys in a folder of their own.

Copied in this order: heads and keys, database, recordings. Recordings only grow, and neither seal nor database may
refer to more than they contain (docs/seal.md). Each folder has `backup.json` and `manifest-sha256.txt` (in the format
of `sha256sum`); a backup that does not match them is not restored.
"""

import asyncio
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatch
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy.engine import URL, make_url

from hearings.db import Database
from hearings.models.history import InstallationKind
from hearings.outward import installation
from media.evidence.archive import putting_back
from web.settings import Settings


@dataclass(frozen=True)
class Piece:
    """One part of an installation. `anew`: value of `init --anew` that makes a new one; empty if none can be made."""

    name: str
    there: bool
    anew: str = ""


def pieces(settings: Settings, *, tables: bool) -> list[Piece]:
    """All required parts: a missing one counts as lost. `tables`: whether the database has tables."""
    keys = settings.keys
    ours = settings.seal_socket is None and not settings.seal_token
    seal = (settings.seal_folder / "seal.key").exists() or (keys / "seal.key").exists()
    files = {"cookie.key": "cookie", "document-seal.key": "documents", "document-seal.crt": "documents"}
    return [
        Piece("the database", tables),
        Piece(str(settings.recordings), settings.recordings.is_dir()),
        *([Piece(str(settings.seal_folder / "seal.key"), seal, "seal")] if ours else []),
        Piece(str(keys / "seal.pub"), (keys / "seal.pub").exists(), "seal"),
        *(Piece(str(keys / name), (keys / name).exists(), anew) for name, anew in files.items()),
    ]


def missing(settings: Settings, *, tables: bool) -> list[Piece]:
    """The missing parts of an installation; empty for a complete one, and where no part exists."""
    needed = pieces(settings, tables=tables)
    return [piece for piece in needed if not piece.there] if any(piece.there for piece in needed) else []


def refusal(lacking: Collection[Piece], settings: Settings) -> str:
    """The text that names the missing parts and the commands that restore them."""
    names = ", ".join(piece.name for piece in lacking)
    anew = " ".join(dict.fromkeys(f"--anew {piece.anew}" for piece in lacking if piece.anew))
    text = (
        f"An installation is there, but not all of it. Missing: {names}. Nothing was made. Put back what is missing, "
        f"or all of it: move {settings.data} away and run `vivavoce restore BACKUP --keys KEYS`"
    )
    if anew and all(piece.anew for piece in lacking):
        text += f". What is lost for good is made anew by order: `vivavoce init {anew}`"
    return text


def sqlite_file(url: str) -> Path | None:
    """The file of a SQLite database; None for another database."""
    return Path(url.partition("?")[0].partition(":///")[2]) if url.startswith("sqlite") else None


MANIFEST, FACTS = "manifest-sha256.txt", "backup.json"
DOCKET, SANDBOX = "docket", "sandbox"
LAST = "last-backup.json"


class BackupRefused(Exception):
    """A backup or restore was refused; the text gives the reason. Nothing existing was changed."""


# --- making ------------------------------------------------------------------------------------------------------


def make(settings: Settings, folder: Path, keys: Path | None, *, version: str, now: datetime) -> dict[str, Any]:
    """Back up into new folders. Effects: `folder`, and `keys` when given. Raises `BackupRefused`, OSError."""
    for new in (folder, keys):
        if new is not None and new.exists() and any(new.iterdir()):
            raise BackupRefused(f"{new} is not empty: a backup is made into a new folder")
    facts = {"vivavoce": version, "at": now.isoformat(), "court": settings.court_name}
    facts["seal"] = (settings.keys / "seal.pub").read_text(encoding="ascii").strip()
    if keys is not None:
        keys.mkdir(mode=0o700, parents=True, exist_ok=True)
        copy_tree(settings.keys, keys / "keys", without={"lock"})
        _close(keys, {**facts, "holds": "keys"})
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, url in _databases(settings).items():
        _dump(url, folder / f"{name}{_kind(url)}")
    copy_tree(settings.recordings, folder / "recordings")
    _close(folder, {**facts, "holds": "data"})
    return facts


def _databases(settings: Settings) -> dict[str, str]:
    urls = {DOCKET: settings.database_url, SANDBOX: settings.sandbox_database_url}
    return {name: url for name, url in urls.items() if url}


def _kind(url: str) -> str:
    return ".sqlite" if url.startswith("sqlite") else ".dump"


def _dump(url: str, target: Path) -> None:
    if (file := sqlite_file(url)) is None:
        _postgresql("pg_dump", url, "--format=custom", "--no-owner", f"--file={target}")
    else:
        source = sqlite3.connect(f"file:{quote(str(file))}?mode=ro", uri=True)
        with closing(source), closing(sqlite3.connect(target)) as copy:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
    target.chmod(0o600)


def _postgresql(command: str, url: str, *arguments: str) -> None:
    """Run a client program of PostgreSQL; the password is passed in the environment, not as an argument."""
    address: URL = make_url(url).set(drivername="postgresql")
    environment = {**os.environ, **({"PGPASSWORD": str(address.password)} if address.password else {})}
    plain = address.set(password=None).render_as_string()
    try:
        done = subprocess.run(
            [command, *arguments, f"--dbname={plain}"], env=environment, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise BackupRefused(f"{command} is needed: install the client of PostgreSQL") from None
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or ["it said nothing"]
        raise BackupRefused(f"{command} failed: {lines[-1]}")


def copy_tree(source: Path, target: Path, without: Collection[str] = ()) -> None:
    """Copy files, each up to its present length, since journals may grow meanwhile. Folders 0700, files 0600. Not what
    is being put back out of an archive: it is there, and what a killed command has left is nothing to keep."""
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in sorted(source.rglob("*")):
        inner = path.relative_to(source)
        to = target / inner
        if path.is_symlink() or path.name in without or fnmatch(inner.parts[0], putting_back.ROOMS):
            continue
        if path.is_dir():
            to.mkdir(mode=0o700, exist_ok=True)
        elif path.is_file() and not path.name.endswith(".tmp"):
            shutil.copyfile(path, to)
            to.chmod(0o600)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != MANIFEST)


def _close(folder: Path, facts: dict[str, Any]) -> None:
    (folder / FACTS).write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    lines = [f"{_digest(path)}  {path.relative_to(folder).as_posix()}\n" for path in _files(folder)]
    (folder / MANIFEST).write_text("".join(lines), encoding="utf-8")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def remember(settings: Settings, now: datetime) -> None:
    """Keep when the last backup was made, for `last_made`. Effects: a file in the data folder, replaced as a whole."""
    target = settings.data / LAST
    new = target.with_suffix(".tmp")
    new.write_text(json.dumps({"at": now.isoformat()}) + "\n", encoding="utf-8")
    new.chmod(0o600)
    new.replace(target)


def last_made(settings: Settings) -> datetime | None:
    """When `vivavoce backup` last made a backup of this installation (UTC); None if never, or if it is not known."""
    try:
        return datetime.fromisoformat(json.loads((settings.data / LAST).read_text(encoding="utf-8"))["at"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


# --- restoring ---------------------------------------------------------------------------------------------------


def facts_of(folder: Path, holds: str) -> dict[str, Any]:
    """The content of `backup.json`, after every file was verified by its hash. Raises `BackupRefused`."""
    try:
        facts: dict[str, Any] = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        listed = [line.partition("  ") for line in (folder / MANIFEST).read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError):
        raise BackupRefused(f"{folder} is no backup of Vivavoce: {FACTS} or {MANIFEST} cannot be read") from None
    wanted = {name: digest for digest, _, name in listed}
    if facts.get("holds") != holds:
        raise BackupRefused(f"{folder} holds {facts.get('holds')}, and {holds} are wanted")
    digests = {path.relative_to(folder).as_posix(): _digest(path) for path in _files(folder)}
    wrong = sorted(name for name in wanted.keys() | digests.keys() if wanted.get(name) != digests.get(name))
    if wrong:
        raise BackupRefused(f"{len(wrong)} files of {folder} are not what was backed up, first {wrong[0]}")
    return facts


def restore(settings: Settings, folder: Path, keys: Path, *, actor: str, now: datetime) -> dict[str, Any]:
    """Make an installation from a backup; it stands by. Raises `BackupRefused`, and then makes nothing.

    Effects: the data folder, the databases brought to this version's schema, the event `restored`.
    """
    facts, other = facts_of(folder, "data"), facts_of(keys, "keys")
    if facts["seal"] != other["seal"]:
        raise BackupRefused("The keys are those of another installation")
    urls = {name: url for name, url in _databases(settings).items() if (folder / f"{name}{_kind(url)}").exists()}
    if DOCKET not in urls:
        raise BackupRefused("The backup is of the other kind of database: set VIVAVOCE_DATABASE_URL as it was")
    database_files = [sqlite_file(url) for url in urls.values()]
    for path in (settings.data, *(file for file in database_files if file is not None)):
        if path.is_file() or (path.is_dir() and any(path.iterdir())):
            raise BackupRefused(f"{path} is there already: move it away first")
    for name, url in urls.items():
        if sqlite_file(url) is None:
            _postgresql(
                "pg_restore", url, "--no-owner", "--exit-on-error", "--single-transaction", *_dumped(folder, name)
            )
    for made in (settings.data, settings.run):
        made.mkdir(mode=0o700, parents=True, exist_ok=True)
    copy_tree(keys / "keys", settings.keys)
    copy_tree(folder / "recordings", settings.recordings)
    for name, url in urls.items():
        if (file := sqlite_file(url)) is not None:
            shutil.copyfile(folder / f"{name}.sqlite", file)
            file.chmod(0o600)
    asyncio.run(_stand_by(settings, facts, actor, now))
    return facts


def _dumped(folder: Path, name: str) -> list[str]:
    return [str(folder / f"{name}.dump")]


async def _stand_by(settings: Settings, facts: dict[str, Any], actor: str, now: datetime) -> None:
    for name, url in _databases(settings).items():
        database = Database(url)
        try:
            await database.upgrade()
            if name == DOCKET:
                async with database.transaction() as db:
                    origin = {"backup_at": facts["at"], "backup_by": facts["vivavoce"]}
                    await installation.note(db, kind=InstallationKind.restored, now=now, actor=actor, **origin)
        finally:
            await database.close()
