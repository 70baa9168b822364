"""Older data are noticed: databases and data folders put back, anchors that are away, strange or no good."""

import asyncio
import contextlib
import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from hearings.actors import SYSTEM
from hearings.db import Database
from hearings.events import EventKind, record
from hearings.models import Hearing
from media.evidence.log import tlog
from media.evidence.seal.heads import HeadStore
from tests.support.process import end_seal
from tests.web.operation.test_backup import Done, backed_up, command
from web.anchor import NAME, AnchorKeeper
from web.settings import Settings

pytestmark = pytest.mark.timeout(180)
NOT_DATABASE = {"keys", "recordings", "run", "demo-keys"}


def forward(data: Path, folder: Path) -> None:
    """Bring the anchor forward, as a process that serves does."""

    async def keep() -> None:
        database = Database(Settings(data=data).database_url)
        keeper = AnchorKeeper(folder, database)
        await keeper.start()
        await keeper.stop()
        await database.close()
        assert keeper.wrong == ""

    asyncio.run(keep())


def act(data: Path) -> None:
    """Somebody does something in the first hearing."""

    async def note() -> None:
        database = Database(Settings(data=data).database_url)
        async with database.transaction() as db:
            hearing = (await db.exec(select(Hearing).order_by(Hearing.id).limit(1))).one()
            await record(db, hearing=hearing, kind=EventKind.lobby_opened, actor=SYSTEM, now=datetime.now(UTC))
        await database.close()

    asyncio.run(note())


class Court:
    """An installation with an anchor, a copy of it as it was, and something that was done since."""

    def __init__(self, data: Path, folder: Path) -> None:
        self.data, self.folder = data, folder
        self.before = data.with_name("before")
        self.anchor = folder / NAME

    def run(self, *words: str, **more: str) -> Done:
        return command(self.data, *words, VIVAVOCE_ANCHOR=str(self.folder), **more)

    def rows(self, query: str) -> list[Any]:
        with contextlib.closing(sqlite3.connect(self.data / "vivavoce.db")) as db:
            return db.execute(query).fetchall()

    def head(self) -> int:
        return int(self.rows("SELECT max(number) FROM act_head")[0][0])

    def kept(self) -> int:
        return int(json.loads(self.anchor.read_bytes())["number"])

    def put_back(self, *, whole: bool) -> None:
        """The database file alone, or the whole data folder."""
        end_seal(self.data / "keys" / "seal")
        for path in list(self.data.iterdir()):
            if whole or path.name not in NOT_DATABASE:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        for path in self.before.iterdir():
            if whole or path.name not in NOT_DATABASE:
                to = self.data / path.name
                shutil.copytree(path, to) if path.is_dir() else shutil.copy(path, to)


@pytest.fixture(scope="module")
def made(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Court:
    """Made once: a demonstration, its copy, and another hearing."""
    folder = tmp_path_factory.mktemp("court")
    found = Court(Path(shutil.copytree(prepared, folder / "data")), folder / "outside")
    found.folder.mkdir()
    assert found.run("demo").returncode == 0
    forward(found.data, found.folder)
    shutil.copytree(found.data, found.before)
    act(found.data)
    assert found.run("demo", "--again").returncode == 0
    forward(found.data, found.folder)
    return found


@pytest.fixture
def court(made: Court, tmp_path: Path) -> Iterator[Court]:
    for name in ("data", "before", "outside"):
        shutil.copytree(made.data.with_name(name), tmp_path / name)
    found = Court(tmp_path / "data", tmp_path / "outside")
    yield found
    end_seal(found.data / "keys" / "seal")


def garbage(court: Court) -> None:
    text = court.anchor.read_text()
    court.anchor.write_text(text.replace('"number": ', '"number": 1'))


def foreign(court: Court) -> None:
    told = json.loads(court.anchor.read_text())
    court.anchor.write_text(json.dumps({**told, "installation": "0" * 32}))


def signed(court: Court) -> None:
    folder = court.data / "keys" / "seal" / "heads"
    folder.mkdir(mode=0o700, exist_ok=True)
    HeadStore(folder).keep(tlog.Checkpoint("demo.vivavoce.example/hearing/0190-unknown", 7, bytes(32)))


OLDER: dict[str, tuple[Callable[[Court], Any], dict[str, str], str]] = {
    "the database file alone was put back": (lambda one: one.put_back(whole=False), {}, "The anchor of "),
    "the whole data folder was put back": (lambda one: one.put_back(whole=True), {}, "The anchor of "),
    "the anchor is missing": (lambda one: one.anchor.unlink(), {}, "is the folder mounted?"),
    "the folder is missing": (lambda one: one.folder.rename(one.folder.with_name("gone")), {}, "folder mounted?"),
    "the setting is gone": (lambda one: None, {"VIVAVOCE_ANCHOR": ""}, "VIVAVOCE_ANCHOR does not name"),
    "the anchor is another installation's": (foreign, {}, "that of another installation"),
    "the anchor was changed": (garbage, {}, "changed by somebody"),
    "the anchor is garbage": (lambda one: one.anchor.write_bytes(b"\xff{"), {}, "not an anchor"),
    "the anchor is of no bytes": (lambda one: one.anchor.write_bytes(b""), {}, "not an anchor"),
    "the seal signed a recording the database does not have": (signed, {}, "0190-unknown (7 lines)"),
}
"""What has happened, other settings, and what the refusal says."""


@pytest.mark.parametrize("case", OLDER)
def test_older_data_are_refused_by_every_command_that_would_go_on_from_them(court: Court, case: str) -> None:
    happen, settings, words = OLDER[case]
    happen(court)
    before = court.rows("SELECT * FROM act_head ORDER BY number")
    settings = {"VIVAVOCE_ANCHOR": str(court.folder), **settings}
    others = (["clock"], ["demo", "--again"]) if "alone" in case else ()
    for name in (["serve"], ["link", "judge"], *others):
        refused = command(court.data, *name, **settings)
        assert (refused.returncode, words in refused.stderr) == (2, True), refused.stderr
        assert "Nothing was changed" in refused.stderr and "vivavoce accept-loss --by" in refused.stderr
    assert court.rows("SELECT * FROM act_head ORDER BY number") == before
    assert command(court.data, "people", **settings).returncode == 0


def test_what_fits_is_served_whatever_the_anchor_lags_behind(court: Court) -> None:
    assert court.run("link", "judge").returncode == 0
    assert court.run("demo", "--again").returncode == 0
    assert court.head() > court.kept()
    assert court.run("link", "judge").returncode == 0


def test_the_refusal_names_the_cases_their_logs_and_times_and_nobody(court: Court) -> None:
    (newest,) = court.rows("SELECT ref FROM hearing ORDER BY id DESC LIMIT 1")[0]
    people = [name for (name,) in court.rows("SELECT name FROM person UNION SELECT email FROM person")]
    court.put_back(whole=True)
    told = court.run("serve").stderr
    assert f"missing: hearing {newest}: what was done at 20" in told
    assert [name for name in people if name in told] == [] and len(people) > 6


def test_a_loss_is_accepted_once_is_told_to_both_states_and_lets_the_installation_go_on(court: Court) -> None:
    old = court.rows("SELECT ref FROM hearing ORDER BY id LIMIT 1")[0][0]
    lost = court.rows("SELECT ref FROM hearing ORDER BY id DESC LIMIT 1")[0][0]
    kept = court.kept()
    court.put_back(whole=True)
    assert court.run("accept-loss", "--by", "Elena Stan", "--why", "").returncode == 2
    done = court.run("accept-loss", "--by", "Elena Stan", "--why", "The disk of Tuesday is gone.")
    assert (done.returncode, lost in done.stdout) == (0, True), done.stderr
    assert court.kept() == court.head() > kept
    ((actor, reason, data),) = court.rows(
        "SELECT actor, reason, data FROM installation_event WHERE kind = 'loss_accepted'"
    )
    assert (actor.startswith("Elena Stan (account "), reason) == (True, "The disk of Tuesday is gone.")
    assert lost in {one["ref"] for one in json.loads(data)["lost"]}
    told = court.rows("SELECT owner_state, about FROM outbox_message WHERE key LIKE 'loss:%'")
    assert {state for state, about in told if about == lost} == {"RO", "TH"}
    assert {state for state, about in told if about == old} == {"RO", "TH"}
    ((line,),) = court.rows("SELECT data FROM hearing_event WHERE kind = 'data_lost'")
    assert json.loads(line) | {"at": ""} == {"reason": reason, "event": 7, "here": 6, "at": ""}
    ((subject,),) = court.rows(f"SELECT subject_id FROM status_change WHERE reason = '{reason}'")
    assert court.rows(f"SELECT ref FROM hearing WHERE id = '{subject}'") == [(old,)]
    twice = court.run("accept-loss", "--by", "Elena Stan", "--why", "Once more.")
    assert (twice.returncode, "Nothing is missing" in twice.stderr) == (2, True)
    assert court.run("demo", "--again").returncode == 0
    forward(court.data, court.folder)
    assert court.run("link", "judge").returncode == 0


@pytest.mark.parametrize("case", [one for one in OLDER if "put back" not in one])
def test_where_it_is_not_known_what_is_missing_every_open_case_is_told_to_both_states(court: Court, case: str) -> None:
    happen, settings, _words = OLDER[case]
    happen(court)
    if case == "the folder is missing":
        assert court.run("accept-loss", "--by", "Elena Stan", "--why", "It burnt.").returncode == 2
        court.folder.mkdir()
    settings = {"VIVAVOCE_ANCHOR": str(court.folder), **settings}
    done = command(court.data, "accept-loss", "--by", "Elena Stan", "--why", "It burnt.", **settings)
    assert done.returncode == 0, done.stderr
    told = court.rows("SELECT DISTINCT owner_state, about FROM outbox_message WHERE key LIKE 'loss:%'")
    cases = {about for _state, about in told}
    assert len(cases) >= 2
    assert {(state, about) for state, about in told} == {(state, about) for state in ("RO", "TH") for about in cases}
    assert len(court.rows("SELECT id FROM hearing_event WHERE kind = 'data_lost'")) == 2
    assert command(court.data, "link", "judge", **settings).returncode == 0
    assert command(court.data, "accept-loss", "--by", "Elena Stan", "--why", "Twice.", **settings).returncode == 2
    if settings["VIVAVOCE_ANCHOR"]:
        assert court.kept() == court.head()


def test_an_older_backup_stands_by_and_takes_nothing_over_before_the_loss_is_on_record(
    court: Court, tmp_path: Path
) -> None:
    copy, keys = backed_up(court.before, tmp_path / "kept")
    anchor = {"VIVAVOCE_ANCHOR": str(court.folder)}
    second = tmp_path / "second"
    restored = command(second, "restore", str(copy), "--keys", str(keys), **anchor)
    assert (restored.returncode, "missing: hearing" in restored.stdout) == (0, True), restored.stderr
    assert "older than they were" in command(second, "check", "--inside", **anchor).stdout
    take = ("takeover", "--by", "Elena Stan", "--why", "The machine burnt.")
    refused = command(second, *take, **anchor)
    assert (refused.returncode, "accept-loss" in refused.stderr) == (2, True), refused.stderr
    done = command(second, "accept-loss", "--by", "Elena Stan", "--why", "The machine burnt.", **anchor)
    assert done.returncode == 0, done.stderr
    assert command(second, *take, **anchor).returncode == 0
    assert command(second, "link", "judge", **anchor).returncode == 0
    living = court.run("link", "judge")
    assert (living.returncode, "accept-loss" in living.stderr) == (2, True), "the living one would go on beside it"
