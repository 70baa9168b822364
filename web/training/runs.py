"""Runs of rehearsals: each is an installation of its own in a folder of its own, with its own database and keys.

Nothing can be moved out of a run into an installation, or from there into it: they share no file. A run is removed as a
whole, with all that was recorded in it, `KEPT` after it was made.
"""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hearings import queries
from hearings.db import Database
from media.evidence.log import tlog
from media.evidence.log.store import write_durably
from web.settings import OUTSIDE, Settings, SettingsError

KEPT = timedelta(days=14)
"""After which nothing of a run is left."""
MARK = "training.json"
"""In a run's folder, what it is."""
PLACE = "-training"
"""Added to the name of the data folder: where runs lie unless somebody says otherwise."""


@dataclass(frozen=True, kw_only=True)
class RunMark:
    """What a run is: its drill, the version of the table, and when it was made."""

    drill: str
    version: int
    made_at: datetime

    def over(self, now: datetime) -> bool:
        """Whether it has been kept long enough."""
        return now >= self.made_at + KEPT


def place_of(settings: Settings) -> Path:
    """The folder of the runs of an installation: beside its data, never in them."""
    return settings.data.with_name(settings.data.name + PLACE)


def settings_of(settings: Settings, folder: Path, *, port: int, public_url: str) -> Settings:
    """The settings of a run: those of the installation without whatever leads outside, under a name of its own."""
    blank: dict[str, Any] = {item.name: item.default for item in fields(Settings) if item.name in OUTSIDE}
    name = settings.court_name
    return replace(
        settings,
        **blank,
        data=folder,
        database_url="",
        sandbox_database_url="",
        court_name=name if tlog.is_training(name) else f"{tlog.TRAINING}{name}"[:101].rstrip(".-"),
        port=port,
        public_url=public_url,
        passkeys_required=False,
        test_hooks=False,
        security_log=None,
    )


def make(place: Path, mark: RunMark) -> Path:
    """Make the folder of a run, with its mark. Raises `FileExistsError`. Effects: the folder, mode 0700."""
    folder = place / f"{mark.made_at.astimezone(UTC):%Y%m%dT%H%M%S}"  # short: sockets lie below it
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.mkdir(mode=0o700)
    words = {"training": True, "drill": mark.drill, "version": mark.version, "made_at": mark.made_at.isoformat()}
    write_durably(folder / MARK, json.dumps(words).encode("ascii"))
    return folder


def read(folder: Path) -> RunMark | None:
    """The mark of a folder; None where there is none that can be read."""
    try:
        words = json.loads((folder / MARK).read_bytes())
        return RunMark(
            drill=str(words["drill"]),
            version=int(words["version"]),
            made_at=datetime.fromisoformat(words["made_at"]).astimezone(UTC),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def runs_in(place: Path) -> Iterator[tuple[Path, RunMark]]:
    """The runs that lie in a place, oldest first. What bears no mark of a run is none, and is left alone."""
    for folder in sorted(place.iterdir()) if place.is_dir() else ():
        named = folder.is_dir() and not folder.is_symlink() and re.fullmatch(r"\d{8}T\d{6}", folder.name)
        if named and (mark := read(folder)) is not None:
            yield folder, mark


def sweep(place: Path, now: datetime) -> list[Path]:
    """Remove every run that is over, and return what was removed. Raises `OSError`."""
    found = [folder for folder, mark in runs_in(place) if mark.over(now)]
    for folder in found:
        # The mark goes last, so that what a power cut leaves is found again.
        for inner in folder.iterdir():
            if inner.name != MARK:
                shutil.rmtree(inner) if inner.is_dir() and not inner.is_symlink() else inner.unlink()
        shutil.rmtree(folder)
    return found


async def require_kind(settings: Settings, database: Database) -> None:
    """Raise `SettingsError` unless the name of the court and the data agree on whether this is a rehearsal: so that no
    record of a rehearsal is taken on under the name of a court, and no hearing is held under that of a rehearsal."""
    async with database.reading() as db:
        training = await queries.is_training(db)
    if training is not settings.training:
        expected = f"a name that {'begins' if training else 'does not begin'} with {tlog.TRAINING}"
        why = "a rehearsal" if training else "no rehearsal"
        raise SettingsError("court_name", settings.court_name, f"{expected}: these are the data of {why}")
