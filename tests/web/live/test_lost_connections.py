"""Whose line is lost: a page that is away, and a web process that has only just begun to hear pages."""

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hearings.db import Database
from hearings.models import Participant
from hearings.roles import Role
from hearings.status import PresenceStatus
from tests.support.conducted import conducted
from tests.support.court import STAGES
from tests.support.databases import Sqlite
from web.live import lost_connections
from web.live.view import Liveness

SECOND = 1_000_000_000


def somebody(presence: str = "present", *, essential: bool = True) -> Participant:
    return Participant(
        id="w",
        owner_state="RO",
        hearing_id="-",
        role=Role.witness,
        display_name="-",
        state="TH",
        speaks="th",
        presence=PresenceStatus(presence),
        presence_since=datetime.now(UTC),
        essential=essential,
    )


@pytest.mark.parametrize(
    ("presence", "media", "away", "returning", "lost"),
    [
        ("present", "connected", False, False, False),
        ("present", "", False, False, False),
        ("present", "lost", False, False, True),
        ("present", "quiet", False, False, True),
        ("present", "connected", True, False, True),
        # The web process is new: whoever's media go on is on the way back, whoever's do not is lost.
        ("present", "connected", True, True, False),
        ("present", "quiet", True, True, True),
        ("present", "lost", True, True, True),
        ("present", "", True, True, True),
        ("reconnecting", "connected", True, True, False),
        ("reconnecting", "lost", True, True, True),
        # Nobody outside the room can be missed.
        ("waiting", "lost", True, False, False),
        ("left", "", True, False, False),
    ],
)
def test_a_line_is_lost(presence: str, media: str, away: bool, returning: bool, lost: bool) -> None:
    assert lost_connections.is_lost(somebody(presence), Liveness(media=media), away=away, returning=returning) is lost


def test_a_page_that_is_away_for_two_seconds_leaves_its_seat_reconnecting() -> None:
    state = Liveness(lost_since=100 * SECOND)
    assert not lost_connections.is_gone(somebody(), state, away=True, now=102 * SECOND - 1)
    assert lost_connections.is_gone(somebody(), state, away=True, now=102 * SECOND)
    assert not lost_connections.is_gone(somebody(), state, away=False, now=200 * SECOND)
    assert not lost_connections.is_gone(somebody("reconnecting"), state, away=True, now=200 * SECOND)
    assert not lost_connections.is_gone(somebody(), Liveness(), away=True, now=200 * SECOND)


def test_the_floor_closes_after_five_seconds_without_an_essential_person() -> None:
    state = Liveness(lost_since=100 * SECOND)
    assert not lost_connections.closes_the_floor(somebody(), state, now=105 * SECOND - 1)
    assert lost_connections.closes_the_floor(somebody(), state, now=105 * SECOND)
    assert not lost_connections.closes_the_floor(somebody(essential=False), state, now=200 * SECOND)
    assert not lost_connections.closes_the_floor(somebody(), Liveness(), now=200 * SECOND)


def test_pages_have_longer_to_come_back_than_their_longest_pause_and_wait() -> None:
    # signalling.ts: BACKOFF_MS up to 4 s, spread by a quarter; http.ts: 10 s for an answer.
    assert 4 * 1.25 + 10 + lost_connections.AWAY / SECOND < lost_connections.RETURNING / SECOND


async def test_a_page_that_was_silent_and_speaks_again_on_the_same_line_has_its_seat(
    sqlite_server: Sqlite, tmp_path: Path
) -> None:
    """Seen: a page that stood still for some seconds lost its seat a minute later, although it had gone on."""
    with sqlite_server.at(STAGES["assembled"]) as url:
        database = Database(url)
        async with conducted(database, tmp_path) as web:
            page = web.open(Role.clerk, await web.login(Role.clerk))
            await page.wire.until("view")
            connection, now = web.conductor.room.connections[web.court.ids[Role.clerk]], time.time_ns()
            web.conductor._returning_until = 0
            seen = []
            for heard, at in ((-60, now), (-60, now + lost_connections.AWAY), (0, now + 2 * lost_connections.AWAY)):
                connection.heard_at = time.monotonic() + heard
                await web.conductor._watch_lines(at)
                await web.conductor.room.refresh()
                async with database.reading() as db:
                    seen.append((await web.court.seat(db, Role.clerk)).presence)
        await database.close()
    assert seen == [PresenceStatus.present, PresenceStatus.reconnecting, PresenceStatus.present]


async def test_who_sits_at_the_device_of_another_is_lost_and_back_with_it_and_never_by_themselves(
    sqlite_server: Sqlite, tmp_path: Path
) -> None:
    with sqlite_server.at(STAGES["assembled"]) as url:
        database = Database(url)
        async with conducted(database, tmp_path) as web:
            page = web.open(Role.clerk, await web.login(Role.clerk))
            await page.wire.until("view")
            device, now = web.court.ids[Role.clerk], time.time_ns()
            async with database.transaction() as db:
                seat = {"owner_state": "RO", "hearing_id": web.court.hearing.id, "state": "RO", "speaks": "ro"}
                here = {"presence": PresenceStatus.present, "presence_since": datetime.now(UTC), "essential": True}
                row = Participant(role=Role.prosecutor, display_name="P", device_of_id=device, **seat, **here)
                db.add(row)
            await web.conductor.room.refresh()
            web.conductor._returning_until = 0
            seen = []
            for heard, at in ((0, now), (0, now + 60 * SECOND), (-60, now + 61 * SECOND), (-60, now + 64 * SECOND)):
                web.conductor.room.connections[device].heard_at = time.monotonic() + heard
                await web.conductor._watch_lines(at)
                await web.conductor.room.refresh()
                async with database.reading() as db:
                    places = [await db.get(Participant, one) for one in (device, row.id)]
                    seen.append([place.presence.value for place in places if place])
        await database.close()
    assert seen == [["present"] * 2] * 3 + [["reconnecting"] * 2]
