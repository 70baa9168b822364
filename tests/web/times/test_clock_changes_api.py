"""Newer time-zone data through the API: what they would move is listed, and decided by the requesting State."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from hearings import queries
from hearings.clocks import tzdb_version
from hearings.hearing import days


def code(answer):
    return answer.status_code, answer.json()["code"]


@pytest.fixture
async def hearing(installation, ro, th, story):
    """Agreed, and as if fixed with older data, by which its wall time lay half an hour earlier."""
    request = await story.accepted(ro, th)
    made = (await ro.post("/hearings", {"request": request["id"], **story.hearing})).json()
    for client in (th, ro):
        assert (await client.signed(f"/hearings/{made['ref']}/agree", "agree_hearing")).status_code == 200
    async with installation.database.transaction() as db:
        found = await queries.hearing(db, made["ref"], state="RO")
        moved: list[Any] = [found, *await days.planned(db, found)]
        for row in moved:
            row.tzdb_version = "2020a"
            row.starts_at, row.ends_at = (at - timedelta(minutes=30) for at in (row.starts_at, row.ends_at))
            db.add(row)
    return (await ro.get(f"/hearings/{made['ref']}")).json()


@pytest.mark.parametrize(("keep", "status", "moves"), [("instant", "agreed", 0), ("wall_time", "proposed", 30)])
async def test_what_newer_data_would_move_is_listed_and_decided(installation, ro, th, hearing, keep, status, moves):
    stranger, path = await installation.client("FR"), f"/hearings/{hearing['ref']}/clock-change"
    for client in (ro, th):
        found = (await client.get("/clock-changes")).json()
        (one,) = found["items"]
        assert (found["tzdb_version"], one["hearing"], one["day"]) == (tzdb_version(), hearing["ref"], 1)
        assert (one["starts_at"], one["reckoned_with"]) == (hearing["starts_at"], "2020a")
        moved = datetime.fromisoformat(one["would_start_at"]) - datetime.fromisoformat(one["starts_at"])
        assert moved == timedelta(minutes=30)
    assert (await stranger.get("/clock-changes")).json()["items"] == []
    assert code(await stranger.post(path, {"keep": keep})) == (404, "not_found")
    assert code(await th.post(path, {"keep": keep})) == (403, "not_allowed")
    assert code(await ro.post(path, {"keep": "both"})) == (422, "invalid_input")
    assert code(await ro.post(path, {"keep": keep}, headers={"if-match": '"old"'})) == (412, "precondition_failed")
    decided = await ro.post(path, {"keep": keep})
    assert decided.status_code == 200, decided.text
    after = decided.json()
    later = datetime.fromisoformat(after["starts_at"]) - datetime.fromisoformat(hearing["starts_at"])
    assert (after["status"], later) == (status, timedelta(minutes=moves))
    assert (await ro.get("/clock-changes")).json()["items"] == []
    assert code(await ro.post(path, {"keep": keep})) == (409, "not_ready")
