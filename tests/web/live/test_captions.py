"""Captions in the room: who is sent which, that no rows are read for them, and that all are under the seal."""

import asyncio
import itertools
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from hearings import queries
from hearings.interpreting import captions
from hearings.interpreting.captions import CaptionSource, NewCaption
from hearings.models import Hearing, HearingEvent, Participant
from hearings.roles import Role
from hearings.sitting import closed_sessions, recordings
from hearings.status import PresenceStatus
from tests.support.conducted import Conducted, Page
from tests.web.live.test_rows_untouched import PRESENT, WRITE, live, quiet, sealed, statements

__all__ = ["live"]

SEALS = itertools.count(2)

READ = {"BEGIN", "SELECT hearing_event", "SELECT participant"}
"""What is read of the database for captions: they themselves, and who is where, for the journal."""


async def feed(web: Conducted, text: str, by: Role = Role.clerk, **more: Any) -> HearingEvent:
    """Feed a caption as page and API do, and tell the room as they do."""
    given: dict[str, Any] = {"lang": "ro", "source": CaptionSource.stenographer} | more
    await web.conductor.recording._heard(sealed(next(SEALS)))  # or the floor closes, on a slow machine
    async with web.court.database.transaction() as db:
        made = await captions.feed(
            db,
            hearing=await queries.get(db, Hearing, web.court.hearing.id),
            caption=NewCaption(text=text, **given),
            actor=await web.court.actor(db, by),
            now=datetime.now(UTC),
        )
    web.conductors.captioned(web.court.hearing.id, made.seq)
    return made


def texts(page: Page) -> list[str]:
    return [line["text"] for message in page.wire.of("captions") for line in message["lines"]]


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 the room brings it about
            await asyncio.sleep(0.02)


async def follow(web: Conducted) -> None:
    """The lane begins, in a sitting that began a minute ago, not on the day of the story."""
    before = datetime.now(UTC) - timedelta(minutes=1)
    async with web.court.database.transaction() as db:
        sitting, recording = await web.court.sitting(db)
        sitting.started_at = recording.opened_at = before
        db.add_all([sitting, recording])
        for person in await queries.participants(db, web.court.hearing.id):
            person.presence_since = before
            db.add(person)
        for key in await queries.authority_keys(db, ["RO", "TH"]):
            key.created_at = before
            db.add(key)
    web.conductor.room.touch()
    await quiet(web)
    web.conductor.room.spawn(web.conductor.captions.follow())
    await until(lambda: web.conductor.captions.told >= 0)


async def test_captions_reach_every_page_without_a_reading_of_rows_and_the_first_alone_makes_a_view(
    live: tuple[Conducted, list[Page]],
) -> None:
    web, pages = live
    await follow(web)
    await quiet(web)
    views = [len(page.wire.of("view")) for page in pages]
    said = [await feed(web, "Am văzut mașina.", participant=web.court.ids[Role.witness])]
    with statements() as found:
        await until(lambda: all(texts(page) == ["Am văzut mașina."] for page in pages))
        await quiet(web)
    assert set(found) <= READ | set(WRITE), found
    # Those who read the log of the room are shown there that a feed has begun, once; nobody else is shown anything new.
    assert [len(page.wire.of("view")) - before for page, before in zip(pages, views, strict=True)] == [1, 1, 1, 0]
    (line,) = pages[0].wire.of("captions")[0]["lines"]
    assert {**line, "at": 0} == {
        "number": said[0].seq, "corrects": 0, "lang": "ro", "source": "stenographer", "speaker": "The witness",
        "text": "Am văzut mașina.", "at": 0,
    }  # fmt: skip


async def test_the_log_of_the_room_names_each_feed_once_when_it_begins(live: tuple[Conducted, list[Page]]) -> None:
    web, pages = live
    roles = dict(zip(PRESENT, pages, strict=True))
    clerk, interpreter = roles[Role.clerk], roles[Role.interpreter]
    await follow(web)
    await feed(web, "Unu.")
    await feed(web, "Doi.")
    await feed(web, "One.", by=Role.requested_authority, lang="en", source=CaptionSource.machine)

    def told(page: Page) -> list[str]:
        return [one["text"] for one in page.wire.of("view")[-1]["recorded"] if one["kind"] == "caption"]

    await until(lambda: len(told(clerk)) == 2)
    assert told(clerk) == ["English; machine, not the record; Thailand", "Romanian; stenographer; Romania"]
    (first, _second) = web.conductor.captions.firsts
    assert [one["seq"] for one in clerk.wire.of("view")[-1]["recorded"]][-1] == first.seq
    assert told(interpreter) == []
    web.conductor.captions.firsts, web.conductor.captions.told = [], -1
    await web.conductor.captions._look()  # as the next web process begins
    assert [one.data["text"] for one in web.conductor.captions.firsts] == ["Unu.", "One."]


async def test_a_caption_fed_by_another_process_is_shown_and_rows_are_read_only_for_other_acts(
    live: tuple[Conducted, list[Page]],
) -> None:
    web, pages = live
    await follow(web)
    await web.conductors._look_at_rows()
    await quiet(web)
    async with web.court.database.transaction() as db:
        await captions.feed(
            db,
            hearing=await queries.get(db, Hearing, web.court.hearing.id),
            caption=NewCaption(lang="ro", text="Din alt proces.", source=CaptionSource.machine),
            actor=await web.court.actor(db, Role.clerk),
            now=datetime.now(UTC),
        )
    await web.conductors._look_at_rows()
    assert not web.conductor.room.changed.is_set()
    await until(lambda: all(texts(page) == ["Din alt proces."] for page in pages))
    assert pages[0].wire.of("captions")[0]["lines"][0]["source"] == "machine"
    await web.conductors._look_at_rows()
    assert not web.conductor.room.changed.is_set()


async def test_who_takes_the_seat_again_gets_the_latest_lines_that_the_seat_was_shown(
    live: tuple[Conducted, list[Page]],
) -> None:
    web, pages = live
    await follow(web)
    for number in range(3):
        await feed(web, f"Linia {number}")
    await until(lambda: len(texts(pages[0])) == 3)
    again = web.open(Role.presiding_judge, await web.login(Role.presiding_judge), take_over=True)
    await again.wire.until("captions")
    assert texts(again) == ["Linia 0", "Linia 1", "Linia 2"]


async def test_in_a_closed_session_who_is_out_gets_none_of_it_and_none_of_it_later(
    live: tuple[Conducted, list[Page]],
) -> None:
    web, pages = live
    await follow(web)
    now = datetime.now(UTC)
    async with web.court.database.transaction() as db:
        interpreter = await web.court.seat(db, Role.interpreter)
        watcher = Participant(
            owner_state="RO", hearing_id=web.court.hearing.id, role=Role.observer, display_name="Observer", state="RO",
            speaks="ro", presence=PresenceStatus.present, presence_since=now, person_id=None,
        )  # fmt: skip
        db.add(watcher)
        web.court.ids[Role.observer] = watcher.id
        assert interpreter.presence is PresenceStatus.present
    page = web.open(Role.observer, await web.login(Role.observer))
    await page.wire.until("view")
    await feed(web, "Deschis.")
    await until(lambda: texts(page) == ["Deschis."])

    async def act(what: Any, **words: Any) -> None:
        async with web.court.database.transaction() as db:
            sitting, _ = await web.court.sitting(db)
            judge = await web.court.actor(db, Role.presiding_judge)
            await what(db, sitting=sitting, actor=judge, now=datetime.now(UTC), **words)
        web.conductors.touch(web.court.hearing.id)

    await act(closed_sessions.begin, out=[], reason="A child is heard.")
    said = await feed(web, "Închis.")
    await until(lambda: texts(pages[0])[-1] == "Închis.")
    await act(closed_sessions.end)
    async with web.court.database.transaction() as db:
        seat = await web.court.seat(db, Role.observer)
        seat.presence, seat.presence_since = PresenceStatus.present, datetime.now(UTC)
        db.add(seat)
    web.conductors.touch(web.court.hearing.id)
    await feed(web, "Imediat după.")
    await feed(web, "Corectat.", corrects=said.seq)
    back = web.open(Role.observer, await web.login(Role.observer), take_over=True)
    await back.wire.until("view")
    await until(lambda: texts(pages[0])[-1] == "Corectat.")
    await asyncio.sleep(0.3)
    assert texts(page) == ["Deschis."] and texts(back) == ["Deschis."]


async def test_a_protected_person_is_shown_by_role_and_number(live: tuple[Conducted, list[Page]]) -> None:
    web, pages = live
    await follow(web)
    async with web.court.database.transaction() as db:
        witness = await web.court.seat(db, Role.witness)
        name, witness.identity_method = witness.display_name, "protected_identity"
        db.add(witness)
    web.conductors.touch(web.court.hearing.id)
    await quiet(web)
    await feed(web, "Am văzut mașina.", participant=web.court.ids[Role.witness])
    await until(lambda: texts(pages[0]))
    (line,) = pages[0].wire.of("captions")[-1]["lines"]
    assert line["speaker"] == "Witness 1" and name not in json.dumps(line)


async def test_every_caption_is_in_the_journal_of_the_recording(live: tuple[Conducted, list[Page]]) -> None:
    web, _pages = live
    await follow(web)
    made = [await feed(web, f"Linia {number}", participant=web.court.ids[Role.witness]) for number in range(5)]
    folder = web.conductor.room.folder.parent / "recordings"

    def journaled() -> list[dict[str, Any]]:
        return [
            line
            for file in folder.glob("*/journal.jsonl")
            for line in map(json.loads, file.read_bytes().splitlines())
            if line["type"] == "event" and line["kind"] == "caption"
        ]

    await until(lambda: len(journaled()) == 5)
    async with web.court.database.reading() as db:
        witness = await web.court.seat(db, Role.witness)
    assert [(line["entry"], line["sha256"], line["who"], line["seat"]) for line in journaled()] == [
        (event.seq, recordings.sha256(recordings.entry(event)), "clerk", recordings.seat(witness)) for event in made
    ]
    times = [line["t"] for line in journaled()]
    assert times == sorted(times)
