"""What a login holds ends with it: tickets, pages with a seat and without, media; also if another process ended it."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aioice.ice
import pytest
from sqlmodel import col, update

from hearings import queries
from hearings.db import Database
from hearings.hearing import links
from hearings.ids import new_id
from hearings.models import Login, Person
from hearings.people import logins
from hearings.people.logins import LoginEnd as E
from hearings.roles import Role
from hearings.status import PresenceStatus
from media import messages
from tests.support.conducted import Conducted, Page, conducted
from tests.support.court import STAGES
from tests.support.databases import Server, Sqlite
from tests.support.live_pages import FakeRecorder, Page as MediaPage
from web import logins as held
from web.live.line_rooms import SIDES, LineRooms, seat_of
from web.live.notices import BYE
from web.logins import BOUND, MOST_TICKETS, LoginWatch, Ticket, Tickets
from web.settings import Settings

R = Role


# --- tickets -----------------------------------------------------------------------------------------------------


def ticket(seconds: float, login: str = "login") -> Ticket:
    return Ticket("hearing", "participant", login, time.monotonic() + seconds)


def test_a_ticket_is_good_once() -> None:
    tickets = Tickets()
    text = tickets.give(ticket(60))
    found = tickets.take(text)
    assert found is not None and found.participant_id == "participant"
    assert tickets.take(text) is None


def test_an_old_or_invented_ticket_is_no_ticket() -> None:
    tickets = Tickets()
    assert tickets.take(tickets.give(ticket(-1))) is None
    text = tickets.give(ticket(60))
    assert tickets.take("invented") is None
    assert tickets.take(text[:-1]) is None
    found = tickets.take(text)
    assert found is not None and found.participant_id == "participant"


def test_old_tickets_are_forgotten_when_there_are_too_many() -> None:
    tickets = Tickets()
    for _ in range(MOST_TICKETS):
        tickets.give(ticket(-1))
    text = tickets.give(ticket(60))
    assert len(tickets._all) == 1
    assert tickets.take(text) is not None


def test_tickets_end_with_their_login_and_with_no_other() -> None:
    tickets = Tickets()
    ended, other = tickets.give(ticket(60)), tickets.give(ticket(60, "other"))
    tickets.end_login("login", E.signed_out)
    assert tickets.take(ended) is None
    assert tickets.take(other) is not None


# --- pages -------------------------------------------------------------------------------------------------------


@pytest.fixture
async def database(sqlite_server: Sqlite) -> AsyncIterator[Database]:
    """Of a hearing whose roll is called, everybody in the room."""
    with sqlite_server.at(STAGES["assembled"]) as url:
        found = Database(url)
        yield found
        await found.close()


@pytest.fixture
async def web(database: Database, tmp_path: Path) -> AsyncIterator[Conducted]:
    async with conducted(database, tmp_path) as found:
        yield found


async def two_pages(web: Conducted, role: Role, login: Login) -> tuple[Page, Page]:
    """One that has the seat, and one that asks for it."""
    first = web.open(role, login)
    await first.wire.until("view")
    second = web.open(role, login)
    await second.wire.until("seat_taken")
    return first, second


def test_every_end_of_a_login_has_its_word_for_the_page() -> None:
    assert {why for why in E if why not in BYE} == set()


@pytest.mark.parametrize("why", E)
async def test_every_page_of_a_login_ends_with_it_and_no_other_does(web: Conducted, why: E) -> None:
    """The one that has the seat and the one that asks for it; nobody has told the process, it looks at the rows."""
    login, other = await web.login(R.clerk), await web.login(R.presiding_judge)
    first, second = await two_pages(web, R.clerk, login)
    stays = web.open(R.presiding_judge, other)
    await stays.wire.until("view")
    async with web.court.database.transaction() as db:
        await logins.end_login(db, login_id=login.id, now=datetime.now(UTC), why=why)
    await web.watch.look()
    assert await first.gone() == await second.gone() == BYE[why][0]
    assert set(web.conductor.room.connections) == {web.court.ids[R.presiding_judge]}
    assert not stays.wire.closed_at
    late = web.open(R.clerk, login, take_over=True)
    assert await late.gone() == BYE[why][0]
    assert not late.wire.of("view") and web.court.ids[R.clerk] not in web.conductor.room.connections


async def test_of_two_pages_that_come_in_the_same_moment_one_is_asked(web: Conducted) -> None:
    login = await web.login(R.clerk)
    pages = [web.open(R.clerk, login) for _ in range(2)]
    async with asyncio.timeout(30):
        while not all(page.wire.of("view") or page.wire.of("seat_taken") for page in pages):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert sorted(bool(page.wire.of("seat_taken")) for page in pages) == [False, True]
    assert not any(page.wire.closed_at for page in pages)


async def test_a_page_that_asks_for_a_seat_does_not_get_it_once_its_login_has_ended(web: Conducted) -> None:
    """Seen: it took the seat of the judge after the judge had signed out, and its hold was obeyed."""
    login = await web.login(R.presiding_judge)
    _first, second = await two_pages(web, R.presiding_judge, login)
    async with web.court.database.transaction() as db:
        await logins.end_login(db, login_id=login.id, now=datetime.now(UTC), why=E.signed_out)
    second.wire.say(messages.Hello(ticket="", take_over=True))
    second.wire.say(messages.Hold(id="1", reason="I am still here"))
    assert await second.gone() == "signed_out"
    assert not second.wire.of("view") and not second.wire.of("result")
    async with web.court.database.reading() as db:
        sitting, _ = await web.court.sitting(db)
    assert sitting.floor_open


async def test_the_holder_of_a_replaced_link_does_not_evict_who_holds_the_new_one(web: Conducted) -> None:
    old = await web.login(R.witness)
    _first, second = await two_pages(web, R.witness, old)
    now = datetime.now(UTC)
    async with web.court.database.transaction() as db:
        seat = await queries.get(db, type(await web.court.seat(db, R.witness)), web.court.ids[R.witness], lock=True)
        await links.replace_link(db, participant=seat, actor=await web.court.actor(db, R.clerk), now=now)
    web.conductors.dismiss(web.court.hearing.id, web.court.ids[R.witness], E.link_replaced)
    assert await second.gone() == "link_replaced"
    new = web.open(R.witness, await web.login(R.witness))
    await new.wire.until("view")
    again = web.open(R.witness, old, take_over=True)
    assert await again.gone() == "link_replaced"
    assert not new.wire.closed_at and web.conductor.room.connections[web.court.ids[R.witness]].login_id != old.id


async def test_who_was_removed_has_no_page_left_and_gets_none_whatever_their_login(web: Conducted) -> None:
    """A clerk stays signed in, but not in this hearing."""
    login = await web.login(R.clerk)
    pages = await two_pages(web, R.clerk, login)
    judge = web.open(R.presiding_judge, await web.login(R.presiding_judge))
    await judge.wire.until("view")
    judge.wire.say(messages.Remove(id="1", participant=web.court.ids[R.clerk], reason="Not impartial"))
    assert (await judge.wire.until("result"))["ok"] is True
    assert [await page.gone() for page in pages] == ["removed", "removed"]
    assert await web.open(R.clerk, login).gone() == "removed"
    async with web.court.database.reading() as db:
        assert not await logins.endings(db, login_ids=[login.id], now=datetime.now(UTC))


async def test_a_login_that_is_too_old_or_whose_owner_left_ends_in_the_rows_and_on_the_page(web: Conducted) -> None:
    changes: dict[E, Any] = {
        E.expired: lambda login: update(Login).where(col(Login.id) == login.id).values(expires_at=datetime.now(UTC)),
        E.deactivated: lambda login: update(Person).where(col(Person.id) == login.person_id).values(active=False),
    }
    for why, change in changes.items():
        login = await web.login(R.clerk)
        page = web.open(R.clerk, login, take_over=True)
        await page.wire.until("view")
        async with web.court.database.transaction() as db:
            await db.exec(change(login))
        await web.watch.look()
        assert await page.gone() == "signed_out"
        async with web.court.database.reading() as db:
            assert (await queries.get(db, Login, login.id)).ended_why == why


async def test_people_in_the_room_are_warned_before_the_longest_time_of_their_login_is_over(web: Conducted) -> None:
    login, link = await web.login(R.clerk), await web.login(R.witness)
    page, other = web.open(R.clerk, login), web.open(R.witness, link)
    for one in (page, other):
        await one.wire.until("view")
    for left, told in ((15.5, []), (14.5, [15]), (14, [15]), (4.5, [15, 5]), (3.5, [15, 5]), (0.9, [15, 5, 1])):
        async with web.court.database.transaction() as db:
            ends = datetime.now(UTC) + timedelta(minutes=left)
            await db.exec(update(Login).where(col(Login.id) == login.id).values(expires_at=ends))
        for _again in range(2):
            await web.watch.look()
        async with asyncio.timeout(30):
            while len(page.wire.of("notice")) < len(told):  # noqa: ASYNC110 the page's writer sends it
                await asyncio.sleep(0.01)
        texts = [one["text"] for one in page.wire.of("notice")]
        assert [int(text.split("ends in ")[1].split()[0]) for text in texts] == told, left
    assert all("open a new sign-in link in this browser" in text for text in texts)
    assert (other.wire.of("notice"), {one["assertive"] for one in page.wire.of("notice")}) == ([], {False})


async def test_who_signs_in_again_in_the_same_browser_and_opens_the_hearing_again_has_the_seat(web: Conducted) -> None:
    """What the warning says."""
    login = await web.login(R.clerk)
    page = web.open(R.clerk, login)
    await page.wire.until("view")
    async with web.court.database.transaction() as db:
        await logins.end_login(db, login_id=login.id, now=datetime.now(UTC), why=E.signed_in_again)
    web.watch.ended(login.id, E.signed_in_again)
    assert await page.gone() == "signed_out"
    again = web.open(R.clerk, await web.login(R.clerk))
    await again.wire.until("view")
    async with web.court.database.reading() as db:
        seat = await web.court.seat(db, R.clerk)
        assert (seat.presence, seat.microphone) == (PresenceStatus.present, False)


async def test_whoever_watches_is_not_idle_and_whoever_has_gone_is(web: Conducted) -> None:
    login, idle = await web.login(R.clerk), datetime.now(UTC) - logins.IDLE - timedelta(seconds=5)
    page = web.open(R.clerk, login)
    await page.wire.until("view")
    async with web.court.database.transaction() as db:
        await db.exec(update(Login).where(col(Login.id) == login.id).values(seen_at=idle))
    assert web.watch.watched(login.id)
    await web.watch.look()
    async with web.court.database.reading() as db:
        assert (await queries.get(db, Login, login.id)).seen_at > idle
    page.wire.leave()
    await page.task
    assert not web.watch.watched(login.id)


async def test_another_login_of_the_same_person_takes_the_seat_and_ends_the_media_of_the_first(web: Conducted) -> None:
    dropped: list[str] = []
    web.conductor.room._drop = dropped.append
    seat, old, new = web.court.ids[R.clerk], await web.login(R.clerk), await web.login(R.clerk)
    first = web.open(R.clerk, old)
    await first.wire.until("view")
    web.conductor.room.media_logins[seat] = old.id
    second = web.open(R.clerk, new, take_over=True)
    await second.wire.until("view")
    assert (await first.gone(), dropped) == ("superseded", [seat])


# --- another process, and the same moment ------------------------------------------------------------------------


@pytest.fixture(params=["sqlite", "postgresql"])
async def two(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[Conducted, Database]]:
    """A process with a hearing, and the database as another process has it."""
    server: Server = request.getfixturevalue(f"{request.param}_server")
    with server.at(STAGES["assembled"]) as url:
        database, elsewhere = Database(url), Database(url)
        async with conducted(database, tmp_path) as found:
            yield found, elsewhere
        await database.close()
        await elsewhere.close()


async def test_what_ends_in_another_process_ends_here_within_the_bound(two: tuple[Conducted, Database]) -> None:
    """By the time-stamps of the row and of the page's end."""
    web, elsewhere = two
    web.watch.start()
    login = await web.login(R.clerk)
    pages = await two_pages(web, R.clerk, login)
    async with elsewhere.transaction() as db:
        await logins.end_login(db, login_id=login.id, now=datetime.now(UTC), why=E.signed_out)
    for page in pages:
        assert await page.gone() == "signed_out"
    async with elsewhere.reading() as db:
        ended = (await queries.get(db, Login, login.id)).ended_at
    assert ended is not None
    # The bound is that of a machine that has nothing else to do; this one may have.
    assert max(page.wire.closed_at for page in pages) - ended.timestamp() < 5 * BOUND


async def test_a_database_that_was_away_hides_no_end(
    web: Conducted, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Hearings go on without it; what has ended is found once it is back. It is said once."""
    monkeypatch.setattr(held, "EVERY", 0.02)
    login = await web.login(R.clerk)
    page = web.open(R.clerk, login)
    await page.wire.until("view")
    async with web.court.database.transaction() as db:
        await logins.end_login(db, login_id=login.id, now=datetime.now(UTC), why=E.signed_out)
    there, looks = web.court.database.look, 0

    def away(_work: Any) -> Any:
        nonlocal looks
        looks += 1
        raise ConnectionError("away")

    monkeypatch.setattr(web.court.database, "look", away)
    web.watch.start()
    async with asyncio.timeout(30):
        while looks < 5:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert not page.wire.closed_at
    monkeypatch.setattr(web.court.database, "look", there)
    assert await page.gone() == "signed_out"
    assert len([record for record in caplog.records if "logins stand" in record.message]) == 1


async def test_whoever_joins_while_the_login_ends_has_no_seat_afterwards(two: tuple[Conducted, Database]) -> None:
    """Join and end at once, in many orders: whatever came first, nothing is left."""
    web, elsewhere = two

    async def end(login: Login, after: float) -> None:
        await asyncio.sleep(after)
        async with elsewhere.transaction() as db:
            await logins.end_login(db, login_id=login.id, now=datetime.now(UTC), why=E.signed_out)
        web.watch.ended(login.id, E.signed_out)

    seated = 0
    for turn in range(20):
        login = await web.login(R.clerk)
        page = web.open(R.clerk, login, take_over=bool(turn % 2))
        await end(login, turn * 0.002)
        assert await page.gone() == "signed_out"
        seated += bool(page.wire.of("view"))
        assert web.court.ids[R.clerk] not in web.conductor.room.connections
    assert seated < 20  # some were refused before they had it


async def test_a_link_replaced_while_its_holder_acts_leaves_the_seat_to_the_next(
    two: tuple[Conducted, Database],
) -> None:
    """Whatever the holder has sent in the same moment is done before, or refused: the seat begins afresh."""
    web, elsewhere = two
    for _turn in range(6):
        login = await web.login(R.witness)
        page = web.open(R.witness, login, take_over=True)
        await page.wire.until("view")
        for number in range(4):
            page.wire.say(messages.RaiseHand(id=f"hand {number}", up=True))

        async with elsewhere.transaction() as db:
            seat = await queries.get(db, type(await web.court.seat(db, R.witness)), web.court.ids[R.witness], lock=True)
            actor = await web.court.actor(db, R.clerk)
            await links.replace_link(db, participant=seat, actor=actor, now=datetime.now(UTC))
        web.conductors.dismiss(web.court.hearing.id, web.court.ids[R.witness], E.link_replaced)
        assert await page.gone() == "link_replaced"
        async with elsewhere.reading() as db:
            seat = await web.court.seat(db, R.witness)
        assert (seat.presence, seat.hand_at) == (PresenceStatus.invited, None)
        async with elsewhere.transaction() as db:  # for the next turn
            (await web.court.seat(db, R.witness)).presence = PresenceStatus.present


# --- media -------------------------------------------------------------------------------------------------------


async def test_the_media_of_an_ended_login_are_neither_forwarded_nor_recorded_and_its_line_is_closed(
    web: Conducted, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A real worker and two real connections: by the worker's own counts and what comes to the recorder's socket."""
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda use_ipv4, use_ipv6: ["127.0.0.1"])
    room, media = web.conductor.room, web.conductor.media
    room.folder = tmp_path / "run" / "h"
    room.folder.mkdir(mode=0o700, parents=True)
    recorder = FakeRecorder()
    await recorder.listen(room.folder)
    async with room.reading() as (_db, rows):
        await media.start_process(0, rows)
    pages, held = {}, {}
    try:
        for role in (R.witness, R.presiding_judge):
            seat, login = web.court.ids[role], await web.login(role)
            held[role] = web.open(role, login)
            await held[role].wire.until("view")
            pages[role] = (MediaPage(seat), login)
            answer = await media.offer(seat, login.id, media.generation, await pages[role][0].prepare())
            assert isinstance(answer, messages.Answered), answer
            await pages[role][0].connect(answer.sdp)
            async with room.acting() as (db, rows):
                one = rows.participant(seat)
                assert one is not None
                one.microphone = one.camera = True
            await room.refresh()
            pages[role][0].send()
        witness, judge = pages[R.witness][0], pages[R.presiding_judge][0]
        mic = f"{R.witness.value}_1_mic"
        async with asyncio.timeout(30):
            while not (judge.heard_from(witness.seat, True) > 20 and recorder.frames(mic)):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        async with web.court.database.transaction() as db:
            await logins.end_login(db, login_id=pages[R.witness][1].id, now=datetime.now(UTC), why=E.link_revoked)
        await web.watch.look()
        assert await held[R.witness].gone() == "removed"
        async with asyncio.timeout(30):
            while room.liveness[witness.seat].media != "lost":  # noqa: ASYNC110 the worker closes it
                await asyncio.sleep(0.02)
        second = await web.login(R.presiding_judge)  # of the same person, without the seat
        refused = await media.offer(judge.seat, second.id, media.generation, "v=0")
        assert isinstance(refused, messages.Refused) and refused.code == "not_seated"
        before, stored = await _sent_on(web, witness.seat), len(recorder.frames(mic))
        sent, received = witness.streams["audio"].packets, sum(witness.by_socket.values())
        async with asyncio.timeout(30):  # it goes on sending
            while witness.streams["audio"].packets < sent + 100:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert sum(witness.by_socket.values()) <= received + 10
        assert await _sent_on(web, witness.seat) == before
        assert len(recorder.frames(mic)) <= stored + 10  # what was on its way
        refused = await media.offer(witness.seat, pages[R.witness][1].id, media.generation, "v=0")
        assert isinstance(refused, messages.Refused) and refused.code == "not_seated"
    finally:
        for page, _login in pages.values():
            await page.close()
        await recorder.go()
        await media.stop()


async def test_a_line_of_a_line_test_ends_with_its_login(
    web: Conducted, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda use_ipv4, use_ipv6: ["127.0.0.1"])
    async with web.conductor.room.reading() as (_db, rows):
        session = rows.rules.session
    settings = Settings(data=tmp_path, udp_host="127.0.0.1")
    rooms, test_id = LineRooms(settings, web.conductors.conducting), new_id()
    watch = LoginWatch(web.court.database, [rooms])
    sides = {side: (MediaPage(seat_of(test_id, side)), await web.login(R.clerk)) for side in SIDES}
    try:
        for side, (page, login) in sides.items():
            answer = await rooms.offer(test_id, side, await page.prepare(), session, login_id=login.id)
            assert isinstance(answer, messages.Answered), answer
            await page.connect(answer.sdp)
            page.send()
        (first, login), (second, _other) = sides.values()
        async with asyncio.timeout(30):
            while not second.heard_from(first.seat, True) > 20:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        async with web.court.database.transaction() as db:
            await logins.end_login(db, login_id=login.id, now=datetime.now(UTC), why=E.signed_out)
        await watch.look()
        assert rooms.logins() == {sides[SIDES[1]][1].id}
        process = next(iter(rooms._rooms.values())).process
        counts = [await process.request(messages.CountPackets(id=process.new_id()))]
        sent = first.streams["audio"].packets
        async with asyncio.timeout(30):  # it goes on sending
            while first.streams["audio"].packets < sent + 50:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        counts.append(await process.request(messages.CountPackets(id=process.new_id())))
        before, after = ({count.origin: count.packets for count in each.counts} for each in counts)
        assert before[first.seat] == after[first.seat]
    finally:
        for page, _login in sides.values():
            await page.close()
        await rooms.stop()


async def _sent_on(web: Conducted, origin: str) -> int:
    counts = (await web.conductor.media.count_packets()).counts
    return sum(count.packets for count in counts if count.origin == origin)
