"""Corrections asked for at reading back: made in every language that was read, or answered, before anybody may sign."""

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from hearings import queries
from hearings.errors import Invalid, NotAllowed, NotFound, NotReady
from hearings.minutes import corrections, minutes, passages, text as minutes_text
from hearings.minutes.revision import How, Writing
from hearings.models import Hearing
from hearings.models.minutes import ReadingOutcome
from hearings.roles import Role
from hearings.status import MinutesStatus

pytestmark = pytest.mark.parametrize("stage", ["in_session"])
CLERK, AUTHORITY = Role.clerk, Role.requested_authority
READ: dict[str, Any] = {"read_by": "Ioana Marin", "languages": ["ro", "th"], "heard_by": ["The witness"]}


def say(lang: str, text: str) -> str:
    return f"{lang}:{text}"


async def act(court: Any, what: Any, by: Role, now: datetime, **words: Any) -> Any:
    async with court.database.transaction() as db:
        found = await minutes.current(db, court.hearing)
        return await what(db, minutes=found, actor=await court.actor(db, by), now=now, **words)


async def left(court: Any) -> list[str]:
    """What keeps the minutes from being signed."""
    async with court.database.reading() as db:
        return [str(obstacle) for obstacle in await minutes.obstacles(db, await minutes.current(db, court.hearing))]


async def write(court: Any, now: datetime, key: str, **said: str) -> None:
    async with court.database.reading() as db:
        found = await minutes.current(db, court.hearing)
        before = (await passages.revisions(db, found, key))[-1]
    texts = {lang: Writing(text=one, how=How.machine, by="a machine") for lang, one in said.items()}
    await act(court, passages.revise, CLERK, now, key=key, revision=before.revision, writings=texts)


@pytest.fixture
async def asked(court: Any, now: datetime) -> Any:
    """Minutes that were read back once, and something was asked for."""
    await court.end(now)
    async with court.database.transaction() as db:
        hearing = await queries.get(db, Hearing, court.hearing.id)
        await minutes.begin(db, hearing=hearing, say=say, actor=await court.actor(db, CLERK), now=now)
    await act(court, minutes.submit, CLERK, now)
    await court.write_minutes(now, "Scris.")
    assert await left(court) == []
    await act(court, minutes.read_back, CLERK, now, corrections="It was nine, not eight.", **READ)
    return court


async def test_a_correction_that_was_asked_for_keeps_the_text_from_being_fixed(asked: Any, now: datetime) -> None:
    assert await left(asked) == ["reading 1: correction ro", "reading 1: correction th"]
    with pytest.raises(NotReady) as refusal:
        await act(asked, minutes.read_back, CLERK, now, **READ)
    assert refusal.value.missing == ("reading 1: correction ro", "reading 1: correction th")


async def test_it_is_made_when_the_text_has_changed_in_every_language_that_was_read(asked: Any, now: datetime) -> None:
    await write(asked, now, "times.sitting_1", ro="Ora nouă.")
    assert await left(asked) == ["reading 1: correction th"]
    await write(asked, now, "times.sitting_1", th="เก้าโมง")
    assert await left(asked) == []
    done = await act(asked, minutes.read_back, CLERK, now, **READ)
    assert done.outcome is ReadingOutcome.accepted


async def test_a_change_that_is_taken_back_makes_it_open_again(asked: Any, now: datetime) -> None:
    async with asked.database.reading() as db:
        found = await minutes.current(db, asked.hearing)
        before = (await passages.revisions(db, found, "times.sitting_1"))[-1].texts
    await write(asked, now, "times.sitting_1", ro="Ora nouă.", th="เก้าโมง")
    await write(asked, now, "times.sitting_1", ro=before["ro"])
    assert await left(asked) == ["reading 1: correction ro"]


@pytest.mark.both_databases
async def test_an_answer_stands_in_the_text_that_is_signed_with_who_and_when(asked: Any, now: datetime) -> None:
    given = await act(asked, corrections.answer, AUTHORITY, now, reading=1, text="The recording says eight.")
    assert await left(asked) == []
    await act(asked, minutes.read_back, CLERK, now, **READ)
    async with asked.database.reading() as db:
        found = await minutes.current(db, asked.hearing)
        known = await corrections.of_minutes(db, found)
        said = minutes_text.text(
            asked.hearing, found, await passages.latest(db, found), await minutes.reading_in_force(db, found), known
        )
    assert (found.status, minutes_text.digest(said)) == (MinutesStatus.read_back, found.text_sha256)
    assert said["answers"] == [
        {
            "reading": 1,
            "asked": "It was nine, not eight.",
            "answer": "The recording says eight.",
            "answered_by": "Kanya Srisai",
            "at": now.isoformat(),
        }
    ]
    for refused in ("UPDATE minutes_answer SET text = ''", "DELETE FROM minutes_answer"):
        with pytest.raises(DBAPIError, match="only grows"):
            async with asked.database.transaction() as db:
                await db.exec(text(f"{refused} WHERE id = '{given.id}'"))


async def test_who_answers_what_and_when_is_checked(asked: Any, now: datetime) -> None:
    with pytest.raises(Invalid):
        await act(asked, corrections.answer, CLERK, now, reading=1, text=" ")
    with pytest.raises(NotFound):
        await act(asked, corrections.answer, CLERK, now, reading=2, text="Not so.")
    with pytest.raises(NotAllowed):
        await act(asked, corrections.answer, Role.witness, now, reading=1, text="Not so.")
    await act(asked, corrections.answer, CLERK, now, reading=1, text="Not so.")
    with pytest.raises(NotReady, match="already been made or answered"):
        await act(asked, corrections.answer, CLERK, now, reading=1, text="Not so either.")
    await act(asked, minutes.read_back, CLERK, now, **READ)
    with pytest.raises(NotReady, match="have been read back"):
        await act(asked, corrections.answer, CLERK, now, reading=1, text="Too late.")


async def test_more_may_be_asked_for_before_the_first_is_dealt_with(asked: Any, now: datetime) -> None:
    await act(asked, minutes.read_back, CLERK, now, **(READ | {"languages": ["th"]}), corrections="And a name.")
    assert await left(asked) == [f"reading {n}: correction {lang}" for n, lang in ((1, "ro"), (1, "th"), (2, "th"))]


async def test_minutes_read_back_by_an_earlier_version_are_not_signed_with_a_correction_open(
    asked: Any, now: datetime
) -> None:
    """There a second reading without a change fixed the text."""
    async with asked.database.transaction() as db:
        found = await minutes.current(db, asked.hearing)
        found.text_sha256 = "ab" * 32
        found.status = MinutesStatus.read_back
        db.add(found)
    with pytest.raises(NotReady) as refusal:
        await act(asked, minutes.sign, AUTHORITY, now, jws="x")
    assert refusal.value.missing == ("reading 1: correction ro", "reading 1: correction th")
