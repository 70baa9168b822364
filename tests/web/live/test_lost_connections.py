"""Whose line is lost: a page that is away, and a web process that has only just begun to hear pages."""

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hearings import queries
from hearings.db import Database
from hearings.errors import ConditionsOpen
from hearings.hearing import seats
from hearings.models import HearingRequest, Participant
from hearings.models.request import Capacity
from hearings.roles import Role
from hearings.sitting import floor_turns, sittings
from hearings.status import PresenceStatus
from media import messages
from tests.support.conducted import Conducted, conducted
from tests.support.court import STAGES
from tests.support.databases import Sqlite
from web.live import plan, scene
from web.live.scene import Liveness
from web.words import refusals

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
    assert scene.is_lost(somebody(presence), Liveness(media=media), away=away, returning=returning) is lost


def test_a_page_that_is_away_for_two_seconds_leaves_its_seat_reconnecting() -> None:
    state = Liveness(lost_since=100 * SECOND)
    assert not scene.is_gone(somebody(), state, away=True, now=102 * SECOND - 1)
    assert scene.is_gone(somebody(), state, away=True, now=102 * SECOND)
    assert not scene.is_gone(somebody(), state, away=False, now=200 * SECOND)
    assert not scene.is_gone(somebody("reconnecting"), state, away=True, now=200 * SECOND)
    assert not scene.is_gone(somebody(), Liveness(), away=True, now=200 * SECOND)


@pytest.mark.parametrize(
    ("presence", "media", "essential", "after", "closes"),
    [
        ("present", "lost", True, 1.49, False),
        ("present", "lost", True, 1.5, True),
        ("reconnecting", "lost", True, 1.5, True),
        ("present", "quiet", True, 0.0, True),  # the worker says so after 1.5 s
        # Only the WebSocket is lost, or the web process or the worker is new.
        ("reconnecting", "connected", True, 50.0, False),
        ("reconnecting", "", True, 50.0, False),
        ("present", "lost", False, 50.0, False),
        ("waiting", "lost", True, 50.0, False),
        ("left", "lost", True, 50.0, False),
    ],
)
def test_which_lost_line_closes_the_floor(
    presence: str, media: str, essential: bool, after: float, closes: bool
) -> None:
    state, now = Liveness(media=media, lost_since=100 * SECOND), 100 * SECOND + int(after * SECOND)
    someone = somebody(presence, essential=essential)
    assert scene.closes_the_floor(someone, state, now=now) is closes
    assert not scene.closes_the_floor(someone, Liveness(media=media), now=now)


async def held(database: Database, web: Conducted) -> list[str]:
    """The reasons of the holds of the hearing's sitting."""
    async with database.reading() as db:
        return [hold["reason"] for hold in (await web.court.sitting(db))[0].holds]


async def test_a_floor_that_the_worker_closed_is_held_once_until_a_person_lifts_it(
    sqlite_server: Sqlite, tmp_path: Path
) -> None:
    with sqlite_server.at(STAGES["in_session"]) as url:
        database = Database(url)
        async with conducted(database, tmp_path) as web:
            page = web.open(Role.clerk, await web.login(Role.clerk))
            await page.wire.until("view")
            witness = web.court.ids[Role.witness]
            lost = messages.FloorClosed(seq=1, at=time.time_ns(), cause="line_lost", seat=witness)
            for _again in range(2):
                await web.conductor.media._heard(lost)
            assert await held(database, web) == [f"line_lost:{witness}"]
            assert (await page.wire.until("notice"))["code"] == "line_lost"
            assert len(page.wire.of("notice")) == 1
            async with database.transaction() as db:
                sitting = (await web.court.sitting(db))[0]
                judge = await web.court.actor(db, Role.presiding_judge)
                await sittings.resume(db, sitting=sitting, actor=judge, now=datetime.now(UTC), reason="back")
            await web.conductor.media._heard(lost)
            assert await held(database, web) == [f"line_lost:{witness}"]
        await database.close()


async def test_a_lost_consecutive_interpreter_holds_the_languages_and_one_whom_nobody_needs_holds_nothing(
    sqlite_server: Sqlite, tmp_path: Path
) -> None:
    with sqlite_server.at(STAGES["in_session"]) as url:
        database = Database(url)
        async with conducted(database, tmp_path) as web:
            room, ana = web.conductor.room, web.court.ids[Role.interpreter]
            async with database.transaction() as db:
                sitting, judge = (await web.court.sitting(db))[0], await web.court.actor(db, Role.presiding_judge)
                now = datetime.now(UTC)
                await floor_turns.set_mode(db, sitting=sitting, mode="consecutive", actor=judge, now=now)
                hears = {}
                for person in await queries.participants(db, web.court.hearing.id):
                    hears[person.id], person.hears = person.hears, ""
                    person.essential = person.id == ana
                    db.add(person)
            web.conductor._returning_until, web.conductor.media.up = 0, True
            room.liveness[ana] = Liveness(media="quiet")
            await room.refresh()
            for needed in (False, True):
                if needed:
                    async with database.transaction() as db:
                        for person in await queries.participants(db, web.court.hearing.id):
                            person.hears = hears[person.id]
                            db.add(person)
                    await room.refresh()
                assert room.scene is not None
                seats_planned = plan.grants(room.scene.rows).plan.seats
                assert [one.essential for one in seats_planned if one.seat == ana] == [needed]
                await web.conductor._watch_lines(time.time_ns())
                await room.refresh()
                assert await held(database, web) == (["interpreter_lost:ro,th"] if needed else [])
            lost = messages.FloorClosed(seq=1, at=time.time_ns(), cause="line_lost", seat=ana)
            await web.conductor.media._heard(lost)
            assert await held(database, web) == ["interpreter_lost:ro,th"]
        await database.close()


async def test_a_lost_websocket_holds_nothing_before_the_seat_is_given_up(
    sqlite_server: Sqlite, tmp_path: Path
) -> None:
    """The media of an essential person go on, and the page does not come back."""
    with sqlite_server.at(STAGES["in_session"]) as url:
        database = Database(url)
        async with conducted(database, tmp_path) as web:
            room, witness, now = web.conductor.room, web.court.ids[Role.witness], time.time_ns()
            await room.refresh()
            async with database.transaction() as db:
                for participant in await queries.participants(db, web.court.hearing.id):
                    if participant.id != witness:
                        participant.essential = False
                        db.add(participant)
            web.conductor._returning_until, web.conductor.media.up = 0, True
            room.liveness[witness] = Liveness(media="connected")
            for at in (now, now + 3 * SECOND, now + 30 * SECOND):
                await web.conductor._watch_lines(at)
                await room.refresh()
            assert await held(database, web) == []
            async with database.transaction() as db:
                seat = await web.court.seat(db, Role.witness)
                assert seat.presence is PresenceStatus.reconnecting
                seat.presence_since -= seats.RETURN_WITHIN
                db.add(seat)
            await room.refresh()
            await web.conductor._watch_lines(now + 61 * SECOND)
            assert await held(database, web) == [f"line_lost:{witness}"]
        await database.close()


async def test_when_counsel_of_the_accused_has_gone_the_floor_is_held_until_counsel_is_back(
    sqlite_server: Sqlite, tmp_path: Path
) -> None:
    with sqlite_server.at(STAGES["in_session"]) as url:
        database = Database(url)
        async with conducted(database, tmp_path) as web:
            court, room = web.court, web.conductor.room
            page = web.open(Role.clerk, await web.login(Role.clerk))
            await page.wire.until("view")
            seat = {"owner_state": "RO", "hearing_id": court.hearing.id, "state": "TH", "speaks": "th"}
            counsel = Participant(role=Role.defence, display_name="C", presence_since=datetime.now(UTC), **seat)

            async def goes(presence: PresenceStatus) -> list[str]:
                """What the floor is held for once counsel has this presence, looked at twice."""
                async with database.transaction() as db:
                    counsel.presence = presence
                    await db.merge(counsel)
                for _again in range(2):
                    await room.refresh()
                    await web.conductor._watch_presence()
                return await held(database, web)

            assert await goes(PresenceStatus.left) == []  # nobody accused is heard
            async with database.transaction() as db:
                (await queries.get(db, HearingRequest, court.request.id)).capacity = Capacity.accused
            assert await goes(PresenceStatus.present) == []
            for away in (PresenceStatus.left, PresenceStatus.reconnecting):
                assert await goes(away) == ["absent:defence"]
                assert page.wire.of("view")[-1]["hold"]["reason"].startswith(
                    "Somebody must be in the room and is not: Defence counsel."
                )
                async with database.transaction() as db:
                    sitting, judge = (await court.sitting(db))[0], await court.actor(db, Role.presiding_judge)
                    with pytest.raises(ConditionsOpen) as refused:
                        await sittings.resume(db, sitting=sitting, actor=judge, now=datetime.now(UTC), reason="go on")
                assert refusals.words(refused.value) == "Defence counsel is not in the room"
                assert await goes(PresenceStatus.present) == ["absent:defence"]  # nothing opens the floor by itself
                async with database.transaction() as db:
                    sitting, judge = (await court.sitting(db))[0], await court.actor(db, Role.presiding_judge)
                    await sittings.resume(db, sitting=sitting, actor=judge, now=datetime.now(UTC), reason="back")
                assert await goes(PresenceStatus.present) == []
            assert [one["code"] for one in page.wire.of("notice")] == ["hold", "hold"]
        await database.close()


def test_pages_have_longer_to_come_back_than_their_longest_pause_and_wait() -> None:
    # signalling.ts: BACKOFF_MS up to 4 s, spread by a quarter; http.ts: 10 s for an answer.
    assert 4 * 1.25 + 10 + scene.AWAY / SECOND < scene.RETURNING / SECOND


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
            for heard, at in ((-60, now), (-60, now + scene.AWAY), (0, now + 2 * scene.AWAY)):
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
