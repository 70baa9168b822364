"""The search over cases: every word counts, letters however marked, and nobody finds what is kept from them."""

from datetime import datetime
from typing import Any

import pytest

from hearings import queries
from hearings.db import Database
from hearings.hearing import participants
from hearings.models import HearingRequest, Participant
from hearings.requests import queries as request_queries
from hearings.roles import Role
from tests.support.court import Court


async def named(court: Court, role: Role, name: str, now: datetime, **more: object) -> None:
    """Gives somebody in the hearing another name."""
    async with court.database.transaction() as db:
        seat = await court.seat(db, role)
        await participants.change(
            db,
            hearing=await queries.hearing(db, court.hearing.ref, state="RO"),
            participant=seat,
            display_name=name,
            city=seat.city,
            speaks=seat.speaks,
            hears=seat.hears,
            actor=court.staff("clerk"),
            now=now,
        )
        for field, value in more.items():
            setattr(seat, field, value)
        db.add(seat)


async def request_with(court: Court, **fields: object) -> None:
    async with court.database.transaction() as db:
        request = await queries.get(db, HearingRequest, court.request.id)
        for field, value in fields.items():
            setattr(request, field, value)
        db.add(request)


async def found(court: Court, words: str, *, state: str = "RO", names: bool = True, who: str = "nobody") -> bool:
    person_id = court.people[who].id if who in court.people else who
    async with court.database.reading() as db:
        page = await request_queries.search(db, state=state, words=words, names=names, person_id=person_id)
    assert [row.id for row in page.rows] in ([], [court.request.id])
    return bool(page.rows)


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Ștefan ÎMPĂRAT", "stefan imparat"),
        ("Ştefan", "ștefan"),  # with a cedilla, as older keyboards write it, and with a comma
        ("Müller-Lüdenscheidt", "muller"),
        ("Łukasz Ødegård", "odegard lukasz"),
        ("Nguyễn Thị Hồng", "nguyen hong"),
        ("مُحَمَّد الأمين", "محمد الامين"),
        ("Артём Йовчев", "артем"),
        ("Patrick O’Neill", "o'neill"),
        ("สมชาย วงศา", "วงศา"),
    ],
)
async def test_a_name_is_found_however_its_letters_are_marked(
    court: Court, database: Database, now: datetime, name: str, words: str
) -> None:
    await named(court, Role.interpreter, name, now)
    assert await found(court, words) and await found(court, name.upper())
    assert not await found(court, f"{words} qqq")


async def test_every_word_counts_wherever_it_is_found(court: Court, now: datetime) -> None:
    await named(court, Role.interpreter, "Ana Chaiyaporn", now)
    case = court.request.case_number
    for words in (
        f"{court.request.reference} chaiyaporn",
        f"ana {case.split()[0]}",
        f"{court.hearing.ref.lower()} {court.request.reference}",
        case,
    ):
        assert await found(court, words), words
        assert not await found(court, f"{words} zzz"), words


@pytest.mark.parametrize("words", ["chaiyaporn", "ana chai"])
async def test_who_is_not_cleared_for_names_finds_nobody_of_a_hearing(court: Court, now: datetime, words: str) -> None:
    await named(court, Role.interpreter, "Ana Chaiyaporn", now)
    assert await found(court, words) and await found(court, words, state="TH")
    assert not await found(court, words, names=False) and not await found(court, words, state="FR")
    assert not await found(court, f"{court.request.reference} {words}", names=False)


@pytest.mark.parametrize(
    ("role", "identity", "pseudonym", "kept"),
    [
        (Role.witness, "passport", False, False),
        (Role.witness, "passport", True, True),
        (Role.witness, "protected_identity", False, True),
        (Role.interpreter, "passport", True, False),
        (Role.interpreter, "protected_identity", False, True),
    ],
)
async def test_a_protected_name_is_found_only_by_who_works_on_the_case(
    court: Court, now: datetime, role: Role, identity: str, pseudonym: bool, kept: bool
) -> None:
    await request_with(court, pseudonym=pseudonym, requesting_assignee=court.people["judge"].id)
    await named(court, role, "Qadir Zelenko", now, identity_method=identity)
    assert await found(court, "zelenko", who="judge")
    assert await found(court, "zelenko", who="somebody") is not kept
    async with court.database.reading() as db:
        row = await queries.get(db, HearingRequest, court.request.id)
        people = await request_queries.people_with(db, requests=[row], words="zelenko")
    # Not even beside what somebody may find is a protected name written.
    assert [person.display_name for named in people.values() for person in named] == ([] if kept else ["Qadir Zelenko"])


async def test_a_new_participant_is_found_at_once(court: Court, now: datetime) -> None:
    async with court.database.transaction() as db:
        added: Any = await participants.add(
            db,
            hearing=await queries.hearing(db, court.hearing.ref, state="RO"),
            role=Role.technician,
            display_name="Țuțea Î.",
            state="RO",
            city="Iași",
            speaks="ro",
            actor=court.staff("clerk"),
            now=now,
        )
        assert isinstance(added, Participant)
    assert await found(court, "tutea")
