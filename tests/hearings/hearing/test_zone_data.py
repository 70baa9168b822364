"""Newer time-zone data: hearings they would move are listed, a person decides, both States are told."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hearings import queries
from hearings.clocks import tzdb_version
from hearings.db import Database
from hearings.errors import NotAllowed, NotReady
from hearings.hearing import agreed_terms, days, zone_data
from hearings.models import Hearing
from hearings.status import HearingStatus
from hearings.times import queries as diary_queries

HOUR = timedelta(hours=1)


async def age(database: Database, hearing_id: str, *, wall: str = "") -> None:
    """As if the hearing had been fixed with older data, by which its wall time lay an hour earlier."""
    async with database.transaction() as db:
        hearing = await queries.get(db, Hearing, hearing_id)
        moved: list[Any] = [hearing, *await days.planned(db, hearing)]
        for row in moved:
            row.tzdb_version = "2020a"
            row.starts_at, row.ends_at = row.starts_at - HOUR / 2, row.ends_at - HOUR / 2
            row.wall_start = wall or row.wall_start
            db.add(row)


async def test_nothing_moves_while_the_data_say_the_same(
    court: Any, database: Database, now: datetime, everything: Any
) -> None:
    before = await everything(database)
    async with database.transaction() as db:
        assert await zone_data.moved(db, now=now) == []
        hearing = await queries.get(db, Hearing, court.hearing.id)
        with pytest.raises(NotReady, match="The time-zone data do not move this hearing"):
            await zone_data.keep_instant(db, hearing=hearing, actor=court.staff("clerk"), now=now)
    assert await everything(database) == before


async def test_a_hearing_that_newer_data_move_is_listed_for_both_states_and_has_not_moved(
    court: Any, database: Database, now: datetime
) -> None:
    before = court.hearing.starts_at
    await age(database, court.hearing.id)
    async with database.reading() as db:
        for state, count in (("", 1), ("RO", 1), ("TH", 1), ("FR", 0)):
            assert len(await zone_data.moved(db, now=now, state=state)) == count
        (found,) = await zone_data.moved(db, now=now)
        assert (found.day.starts_at, found.instant) == (before - HOUR / 2, before)
        assert await zone_data.moved(db, now=before) == []


async def test_keeping_the_wall_time_moves_the_instant_and_asks_the_other_state_anew(
    court: Any, database: Database, now: datetime
) -> None:
    before = court.hearing.starts_at
    await age(database, court.hearing.id)
    async with database.transaction() as db:
        hearing = await queries.get(db, Hearing, court.hearing.id)
        with pytest.raises(NotAllowed):
            await zone_data.keep_wall_time(db, hearing=hearing, actor=court.staff("authority"), now=now)
        await zone_data.keep_wall_time(db, hearing=hearing, actor=court.staff("clerk"), now=now)
        assert (hearing.starts_at, hearing.status, hearing.tzdb_version) == (
            before,
            HearingStatus.proposed,
            tzdb_version(),
        )
        assert hearing.wall_start == court.hearing.wall_start
        assert await zone_data.moved(db, now=now) == []
        assert [one.starts_at for one in await diary_queries.offers_of(db, hearing.id, open_only=True)] == [before]
        assert "the wall time is kept" in (await queries.history(db, hearing))[-1].reason


async def test_keeping_the_instant_tells_the_wall_time_anew_and_the_agreement_stands(
    court: Any, database: Database, now: datetime
) -> None:
    await age(database, court.hearing.id)
    async with database.transaction() as db:
        hearing = await queries.get(db, Hearing, court.hearing.id)
        instant, agreed = hearing.starts_at, (await agreed_terms.terms_of(db, hearing)).hash
        await zone_data.keep_instant(db, hearing=hearing, actor=court.staff("clerk"), now=now)
        assert (hearing.starts_at, hearing.status) == (instant, HearingStatus.ready)
        assert (hearing.wall_start, hearing.tzdb_version) == ("2026-12-02T08:30:00", tzdb_version())
        assert (await agreed_terms.terms_of(db, hearing)).hash == agreed
        assert await zone_data.moved(db, now=now) == []
        last = (await queries.history(db, hearing))[-1]
        assert (last.before, last.after) == ("ready", "ready")
        assert "the instant is kept" in last.reason


async def test_a_wall_time_the_clocks_skip_now_is_listed_and_cannot_be_kept(
    court: Any, database: Database, now: datetime
) -> None:
    await age(database, court.hearing.id, wall="2027-03-28T03:30:00")
    async with database.transaction() as db:
        (found,) = await zone_data.moved(db, now=now)
        assert found.instant is None
        hearing = await queries.get(db, Hearing, court.hearing.id)
        with pytest.raises(NotReady, match="The clocks now skip this time: propose another time, or"):
            await zone_data.keep_wall_time(db, hearing=hearing, actor=court.staff("clerk"), now=now)
        await zone_data.keep_instant(db, hearing=hearing, actor=court.staff("clerk"), now=now)


LIST = """
import asyncio, json, sys
from datetime import UTC, datetime
from hearings import clocks
from hearings.db import Database
from hearings.hearing import zone_data

async def main():
    database = Database(sys.argv[1])
    async with database.reading() as db:
        found = await zone_data.moved(db, now=datetime(2026, 12, 2, 6, tzinfo=UTC))
        print(json.dumps([clocks.tzdb_version(), [[one.hearing.ref, one.instant.isoformat()] for one in found]]))
    await database.close()

asyncio.run(main())
"""


def list_with_other_rules(url: str, folder: Path) -> str:
    """What a new process lists when Romania has winter time all year at three hours ahead."""
    rules = folder / "rules"
    rules.write_text("Zone Europe/Bucharest 3:00 - EET\n", encoding="ascii")
    zones = folder / "zoneinfo"
    subprocess.run([str(shutil.which("zic")), "-d", str(zones), str(rules)], check=True, timeout=30)
    (zones / "+VERSION").write_text("2099a\n", encoding="ascii")
    done = subprocess.run(
        [sys.executable, "-c", LIST, url],
        env=os.environ | {"PYTHONTZPATH": str(zones)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout


@pytest.mark.skipif(shutil.which("zic") is None, reason="zic, of the time-zone database, is not installed")
async def test_a_new_version_of_the_database_is_noticed_by_the_next_process(
    court: Any, database: Database, tmp_path: Path
) -> None:
    url = database.url.render_as_string(hide_password=False)
    printed = await asyncio.to_thread(list_with_other_rules, url, tmp_path)
    version, found = json.loads(printed)
    assert version == "2099a"
    assert found == [[court.hearing.ref, (court.hearing.starts_at - HOUR).isoformat()]]
