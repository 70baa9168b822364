"""`vivavoce rehearse`: makes a run of a drill apart from the installation, prints who signs in where, and serves it."""

import argparse
import asyncio
import os
import shutil
import signal
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from hearings.db import Database
from hearings.errors import Invalid, NotFound
from hearings.training import drills
from web.seal_keeper import seal_vkey
from web.settings import Settings
from web.training import runs, staging
from web.training.runs import RunMark
from web.training.staging import Staged

Command = Callable[[Settings, argparse.Namespace], int]
Add = Callable[[str, Command, str], argparse.ArgumentParser]
PORT = 8100


def add_to(add: Add, parts: Mapping[str, Command]) -> None:
    """Add the command. `parts`: `init` and `serve`, which make and serve an installation."""

    def rehearse(settings: Settings, options: argparse.Namespace) -> int:
        return _rehearse(settings, options, parts)

    made = add("rehearse", rehearse, "Rehearse a drill apart from the installation: nothing of it is evidence.")
    made.add_argument("--drill", default="recording_fails", help="its name; --list prints all")
    made.add_argument("--list", action="store_true", help="print the drills and end")
    made.add_argument("--sweep", action="store_true", help="remove the runs that are over and end")
    made.add_argument("--folder", type=Path, help="where runs lie; otherwise beside the data folder")
    made.add_argument("--port", type=int, default=PORT, help=f"to listen on; otherwise {PORT}")
    made.add_argument("--public-url", default="", help="where browsers find it; otherwise this machine only")
    made.add_argument("--again", type=Path, metavar="RUN", help="serve a run that was made before")
    made.add_argument("--no-serve", action="store_true", help="make it and print its links only")


def _rehearse(settings: Settings, options: argparse.Namespace, parts: Mapping[str, Command]) -> int:
    """The command. Effects: runs that are over are removed; a new run."""
    if options.list:
        for one in drills.drills():
            print(f"{one.id:22} {one.level:9} {one.minutes:3} min  {one.title}")
        return 0
    place, now = options.folder or runs.place_of(settings), datetime.now(UTC)
    place = place.expanduser().absolute()
    if place == settings.data or settings.data in place.parents:
        raise Invalid(f"{place} lies within the data folder: a rehearsal has no place there")
    for gone in runs.sweep(place, now):
        print(f"{gone.name} was over, and is removed with all that was recorded in it")
    if options.sweep:
        return 0
    url = options.public_url or f"http://localhost:{options.port}"
    folder = _folder(place, options, now)
    mark = runs.read(folder)
    if mark is None:
        raise Invalid(f"{folder} is no run of a rehearsal")
    mine = runs.settings_of(settings, folder, port=options.port, public_url=url)
    if not options.again:
        _fill(mine, mark, parts["init"])
    if options.no_serve:
        return 0
    return _serve(mine, mark, place, parts["serve"], options)


def _folder(place: Path, options: argparse.Namespace, now: datetime) -> Path:
    if options.again:
        folder: Path = options.again.expanduser().absolute()
        return folder
    try:
        drill = drills.drill(options.drill)
    except NotFound:
        known = ", ".join(one.id for one in drills.drills())
        raise Invalid(f"No drill is called {options.drill!r}; there are {known}") from None
    return runs.make(place, RunMark(drill=drill.id, version=drills.VERSION, made_at=now))


def _fill(settings: Settings, mark: RunMark, init: Command) -> None:
    """Make the installation of a run and its hearing, and say who signs in. Removed again when that fails."""
    try:
        init(settings, argparse.Namespace(anew=[]))
        staged = asyncio.run(_stage(settings, mark))
    except BaseException:
        shutil.rmtree(settings.data)
        raise
    print("\n".join(lines(settings, staged)), flush=True)


async def _stage(settings: Settings, mark: RunMark) -> Staged:
    database = Database(settings.database_url)
    try:
        return await staging.stage(
            database,
            drills.drill(mark.drill),
            log_vkey=seal_vkey(settings),
            key_folder=settings.data / "training-keys",
            now=datetime.now(UTC),
        )
    finally:
        await database.close()


def lines(settings: Settings, staged: Staged) -> list[str]:
    """What is printed: for the trainer, and for each trainee a link that signs in once."""
    drill = staged.drill
    return [
        "",
        f"TRAINING, not evidence: {drill.title} ({drill.id}, {drill.minutes} min). Invented people, keys of its own.",
        drill.briefing,
        "",
        "The trainer signs in once with this link, and opens the page Training:",
        f"  {staged.trainer.name}: {settings.origin}/s#{staged.trainer.secret}",
        f"  {settings.origin}/training",
        "",
        "The trainees, each in a browser profile of their own:",
        *(f"  {link.name}, {key}: {settings.origin}/s#{link.secret}" for key, link in staged.trainees.items()),
        f"  The hearing is {staged.ref}: the clerk opens the lobby, then everybody enters.",
        "",
        "Key files of this rehearsal, which open nothing else:",
        *(f"  {path}" for path in staged.key_files),
        f"All of it lies in {settings.data} and is removed {runs.KEPT.days} days from now.",
    ]


def _serve(settings: Settings, mark: RunMark, place: Path, serve: Command, options: argparse.Namespace) -> int:
    """Serve until somebody ends it, or the run is over; then it is removed."""
    left = (mark.made_at + runs.KEPT - datetime.now(UTC)).total_seconds()
    end = threading.Timer(min(max(left, 0.0), threading.TIMEOUT_MAX), os.kill, (os.getpid(), signal.SIGTERM))
    end.daemon = True
    end.start()
    try:
        return serve(replace(settings), options)
    finally:
        end.cancel()
        runs.sweep(place, datetime.now(UTC))
