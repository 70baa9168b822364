"""The anchor of a running installation: it lags for a moment, never leads, and what binds a State waits for it."""

import asyncio
import contextlib
import json
import multiprocessing
import os
import random
import shutil
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from hearings.actors import SYSTEM
from hearings.db import Database
from hearings.models import Hearing, StatusChange
from hearings.moves import noted
from hearings.outward import heads
from tests.support.api_client import ApiInstallation, Client, Story, with_api
from tests.support.installation import free_port
from tests.support.process import ServedInstallation
from tests.web.operation.test_backup import command
from web.anchor import NAME, AnchorKeeper
from web.operation import older_data
from web.settings import Settings

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
async def anchored(prepared: Path, tmp_path: Path, limits: dict[str, Any]) -> AsyncIterator[ApiInstallation]:
    (tmp_path / "outside").mkdir()
    async with with_api(prepared, tmp_path, anchor=tmp_path / "outside", **limits).in_process() as found:
        await found.app.state.parts.anchor.start()
        yield found
        await found.app.state.parts.anchor.stop()


def kept(installation: ApiInstallation) -> int:
    assert installation.settings.anchor is not None
    return int(json.loads((installation.settings.anchor / NAME).read_bytes())["number"])


def head(data: Path) -> int:
    with closing(sqlite3.connect(data / "vivavoce.db")) as db:
        return int(db.execute("SELECT max(number) FROM act_head").fetchone()[0])


async def test_what_binds_a_state_is_in_the_anchor_with_the_answer_and_refused_while_it_is_away(
    anchored: ApiInstallation, story: Story
) -> None:
    ro, outside = await anchored.client("RO"), anchored.settings.anchor
    assert outside is not None
    first = await story.submitted(ro)
    assert kept(anchored) == head(anchored.settings.data)
    told = json.loads((outside / NAME).read_text())["cases"]
    assert told[first["reference"]]["states"] == ["RO", "TH"]
    assert "Somchai" not in (outside / NAME).read_text() and (outside / NAME).stat().st_mode & 0o077 == 0

    draft = (await ro.post("/requests", {"requested_state": "TH", "content": story.content})).json()
    outside.rename(outside.with_name("away"))
    refused = await ro.signed(f"/requests/{draft['id']}/submit", "submit_request")
    assert (refused.status_code, refused.json()["code"]) == (503, "anchor_away"), refused.text
    assert "Nothing was changed" in refused.json()["detail"] and int(refused.headers["retry-after"])
    assert (await ro.get(f"/requests/{draft['id']}")).json()["status"] == "draft"
    await anchored.app.state.parts.anchor.keep()
    health = await anchored.http.get("/healthz")
    assert health.status_code == 503 and "write: the anchor cannot be written: " in health.text
    assert not outside.exists()  # nothing is written beside a folder that is not mounted

    outside.with_name("away").rename(outside)
    await anchored.app.state.parts.anchor.keep()
    answer = await ro.signed(f"/requests/{draft['id']}/submit", "submit_request")
    assert (answer.status_code, kept(anchored)) == (200, head(anchored.settings.data))


async def test_a_client_that_hands_back_a_newer_head_makes_an_older_copy_fail_loudly(
    anchored: ApiInstallation, story: Story, tmp_path: Path, limits: dict[str, Any]
) -> None:
    ro = await anchored.client("RO")
    first = await ro.get("/requests")
    with closing(sqlite3.connect(anchored.settings.data / "vivavoce.db")) as db:
        with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
            db.backup(copy)
    await story.submitted(ro)
    seen = (await ro.get("/requests")).headers["vivavoce-head"]
    for value in (first.headers["vivavoce-head"], seen, "nonsense"):
        assert (await ro.get("/requests", headers=with_head(await ro.token(), ro, value))).status_code == 200
    assert "has seen act" not in (await anchored.http.get("/healthz")).text

    data = Path(shutil.copytree(anchored.settings.data, tmp_path / "old" / "again"))
    for path in data.glob("vivavoce.db*"):
        path.unlink()
    shutil.copy(tmp_path / "copy.db", data / "vivavoce.db")
    async with ApiInstallation(Settings(data=data, **limits)).in_process() as restored:
        await restored.app.state.parts.anchor.start()
        client = Client(restored.http, ro.id, ro.state, ro.key, ro.dpop, ro.seed)
        for value in ("nonsense", seen, seen):
            answer = await client.get("/requests", headers=with_head(await client.token(), client, value))
            assert answer.status_code == 200
        health = await restored.http.get("/healthz")
        assert health.status_code == 503 and "ready: a system of RO has seen act " in health.text
        found = await older_data.troubles(restored.settings, restored.database, None)
        assert [one.code for one in found] == ["anchor_unset", "newer_seen"]
        await restored.app.state.parts.anchor.stop()


def with_head(token: str, client: Client, head: str) -> dict[str, str]:
    proof = client.proof("GET", "http://localhost:8000/api/v1/requests", token)
    return {"authorization": f"DPoP {token}", "dpop": proof, "vivavoce-head": head}


def acting(url: str, folder: str, answers: "Connection[int, int]") -> None:
    """Act for ever, and say of each act that it was answered: in a process of its own."""

    async def act() -> None:
        database = Database(url)
        await AnchorKeeper(Path(folder), database).start()
        while True:
            async with database.transaction() as db:
                hearing = (await db.exec(select(Hearing).limit(1))).one()
                noted(db, hearing, hearing.status, actor=SYSTEM, now=datetime.now(UTC), reason="again")
            async with database.reading() as db:
                answers.send((await heads.newest(db)).number)

    asyncio.run(act())


def test_killed_at_any_moment_the_anchor_lags_and_never_leads_and_has_every_act_that_was_answered(
    prepared: Path, tmp_path: Path
) -> None:
    data, outside, chance = Path(shutil.copytree(prepared, tmp_path / "data")), tmp_path / "outside", random.Random(10)
    outside.mkdir()
    assert command(data, "demo").returncode == 0
    settings = Settings(data=data, anchor=outside)

    async def look() -> list[Any]:
        database = Database(settings.database_url)
        try:
            return await older_data.troubles(settings, database, {})
        finally:
            await database.close()

    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["tests.web.test_anchor"])
    answered = 0
    for _kill in range(5):
        ours, theirs = processes.Pipe(duplex=False)
        process = processes.Process(target=acting, args=(settings.database_url, str(outside), theirs))
        process.start()
        theirs.close()
        for _ in range(chance.randrange(1, 30)):
            answered = ours.recv()
        time.sleep(chance.random() / 20)
        process.kill()
        with contextlib.suppress(EOFError):
            while True:
                answered = ours.recv()
        process.join()
        there = int(json.loads((outside / NAME).read_bytes())["number"])
        assert answered <= there <= head(data)
        assert asyncio.run(look()) == []


async def test_several_processes_bring_one_anchor_forward_and_none_takes_it_back(
    prepared: Path, tmp_path: Path
) -> None:
    data, outside = Path(shutil.copytree(prepared, tmp_path / "data")), tmp_path / "outside"
    outside.mkdir()
    databases = [Database(Settings(data=data).database_url) for _ in range(3)]
    keepers = [AnchorKeeper(outside, one) for one in databases]
    for keeper in keepers:
        await keeper.start()
    seen = [0]

    async def act(database: Database) -> None:
        for _ in range(8):
            async with database.transaction() as db:
                change = StatusChange(subject="hearing", subject_id="x", before="a", after="b", at=datetime.now(UTC))
                change.owner_state, change.actor, change.actor_label = "RO", "a", "a"
                db.add(change)
            seen.append(int(json.loads((outside / NAME).read_bytes())["number"]))

    await asyncio.gather(*(act(one) for one in databases))
    assert seen == sorted(seen) and seen[-1] == head(data) == len(seen)
    for keeper, database in zip(keepers, databases, strict=True):
        assert keeper.wrong == ""
        await keeper.stop()
        await database.close()


async def test_a_folder_that_hangs_is_not_waited_for_and_holds_nobody_up(
    anchored: ApiInstallation, story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    ro, outside = await anchored.client("RO"), anchored.settings.anchor
    assert outside is not None
    draft = (await ro.post("/requests", {"requested_state": "TH", "content": story.content})).json()
    monkeypatch.setattr("web.anchor.PATIENCE", 0.2)
    (outside / NAME).rename(outside / "kept")
    os.mkfifo(outside / NAME)  # whoever reads it waits until somebody writes
    for _ in range(2):
        answer = await ro.signed(f"/requests/{draft['id']}/submit", "submit_request")
        assert (answer.status_code, "does not answer" in answer.json()["detail"]) == (503, True), answer.text
    (outside / "kept").rename(outside / "again")
    with (outside / NAME).open("wb") as pipe:
        pipe.write((outside / "again").read_bytes())
    (outside / "again").rename(outside / NAME)
    keeper, end = anchored.app.state.parts.anchor, time.monotonic() + 60
    while keeper.wrong:
        assert time.monotonic() < end
        await keeper.keep()
        await asyncio.sleep(0.02)
    assert (await ro.signed(f"/requests/{draft['id']}/submit", "submit_request")).status_code == 200


def test_a_served_installation_brings_its_anchor_forward_and_tells_of_it(prepared: Path, tmp_path: Path) -> None:
    port, outside = free_port(), tmp_path / "outside"
    first = ServedInstallation.copy(prepared, tmp_path, port=port, public_url=f"http://localhost:{port}")
    first.environment["VIVAVOCE_ANCHOR"] = str(outside)
    refused = command(first.data, "serve", VIVAVOCE_ANCHOR=str(outside))
    assert (refused.returncode, "is missing: make it or mount it first" in refused.stderr) == (2, True)
    outside.mkdir()
    try:
        first.serve()
        assert command(first.data, "demo", VIVAVOCE_ANCHOR=str(outside)).returncode == 0
        wanted, end = head(first.data), time.monotonic() + 60
        while int(json.loads((outside / NAME).read_bytes())["number"]) < wanted:
            assert time.monotonic() < end
            time.sleep(0.05)
        told = command(first.data, "check", "--inside", "--json", VIVAVOCE_ANCHOR=str(outside)).stdout
        (found,) = [load for load in json.loads(told) if load["check"] == "anchor"]
        assert (found["severity"], f"act {wanted}" in found["text"]) == ("warning", True), found
    finally:
        first.end()
