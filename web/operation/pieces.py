"""What an installation is made of, and what is missing of one that is there: `init` fills no such hole by itself.

A new seal key or an empty database beside old recordings would look like an installation and be another one.
"""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from web.settings import Settings


@dataclass(frozen=True)
class Piece:
    """One part. `anew`: the word by which whoever runs it may order another; empty where there can be none."""

    name: str
    there: bool
    anew: str = ""


def pieces(settings: Settings, *, tables: bool) -> list[Piece]:
    """All parts that cannot be told apart from lost ones when they are missing. `tables`: the database has some."""
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
    """What an installation that is there lacks; empty for a whole one, and where there is none at all."""
    found = pieces(settings, tables=tables)
    return [one for one in found if not one.there] if any(one.there for one in found) else []


def refusal(lacking: Collection[Piece], settings: Settings) -> str:
    """What is missing, and by which command it comes back."""
    names = ", ".join(one.name for one in lacking)
    anew = " ".join(dict.fromkeys(f"--anew {one.anew}" for one in lacking if one.anew))
    told = (
        f"An installation is there, but not all of it. Missing: {names}. Nothing was made. Put back what is missing, "
        f"or all of it: move {settings.data} away and run `vivavoce restore BACKUP --keys KEYS`"
    )
    if anew and all(one.anew for one in lacking):
        told += f". What is lost for good is made anew by order: `vivavoce init {anew}`"
    return told


def sqlite_file(url: str) -> Path | None:
    """The file of a SQLite database."""
    return Path(url.partition("?")[0].partition(":///")[2]) if url.startswith("sqlite") else None
