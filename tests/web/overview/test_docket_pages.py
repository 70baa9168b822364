"""The docket as pages: a day, a week, a month, a list, and the table behind them."""

import csv
import io
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import select

from hearings import queries
from hearings.actors import participant_actor
from hearings.db import Database
from hearings.models import Person
from hearings.roles import Role
from hearings.sitting import sittings


@pytest.fixture
def third_state(service):
    """Somebody of a State that takes no part."""

    async def add(database) -> None:
        async with database.transaction() as db:
            if (await db.exec(select(Person).where(Person.email == "blanc@fr.example"))).first() is None:
                db.add(Person(owner_state="FR", name="M. Blanc", email="blanc@fr.example", functions=["clerk"]))

    service.run(add)
    return service.signed_in("blanc@fr.example")


@pytest.mark.parametrize("query", ["", "?view=week", "?view=month", "?view=list", "?day=2026-12-01", "?day=nonsense"])
def test_every_view_answers_and_leads_to_the_others(service, query):
    answer = service.signed_in("clerk").get(f"/docket{query}")
    assert answer.status_code == 200
    assert all(f"view={view}" in answer.text for view in ("day", "week", "month", "list"))


@pytest.mark.parametrize("view", ["day", "week", "month"])
def test_a_hearing_is_on_its_day_by_the_readers_clock_and_a_third_state_does_not_see_it(service, third_state, view):
    hearing = service.made.hearing
    people = {
        "clerk": (service.signed_in("clerk"), "Europe/Bucharest"),
        "authority": (service.signed_in("authority"), "Asia/Bangkok"),
        "third": (third_state, "Europe/Paris"),
    }
    for who, (client, zone) in people.items():
        day = hearing.starts_at.astimezone(ZoneInfo(zone))
        text = client.get(f"/docket?view={view}&day={day:%Y-%m-%d}").text
        shown = "1 hearing" in text if view == "month" else f"/h/{hearing.ref}" in text
        assert shown is (who != "third"), who


def test_the_table_of_a_month_has_both_wall_times_and_utc(service, third_state):
    hearing = service.made.hearing
    answer = service.signed_in("clerk").get(
        f"/docket.csv?day={hearing.starts_at.astimezone(ZoneInfo('Europe/Bucharest')):%Y-%m-%d}"
    )
    rows = [row for row in csv.DictReader(io.StringIO(answer.text)) if row["hearing"] == hearing.ref]
    assert rows
    assert rows[0]["start_utc"] == f"{hearing.starts_at:%Y-%m-%dT%H:%M:%SZ}"
    assert rows[0]["own_offset"].startswith("UTC")
    assert rows[0]["own_start"] != rows[0]["other_start"]
    assert hearing.ref not in third_state.get("/docket.csv").text


async def open_lobby(database: Database, ref: str) -> None:
    """The judge opens the lobby of a hearing."""
    async with database.transaction() as db:
        hearing = await queries.hearing(db, ref, state="RO")
        seats = {participant.role: participant for participant in await queries.participants(db, hearing.id)}
        judge = participant_actor(seats[Role.presiding_judge])
        await sittings.open_lobby(db, hearing=hearing, court_name="demo.example", actor=judge, now=datetime.now(UTC))


def test_an_open_room_is_entered_from_every_view_by_whoever_has_a_seat_in_it(service):
    hearing = service.made.hearing
    service.run(lambda database: open_lobby(database, hearing.ref))
    for who, seated in (("clerk", True), ("administrator", False)):
        client = service.signed_in(who)
        for view in ("day", "week", "month"):
            day = hearing.starts_at.astimezone(ZoneInfo("Europe/Bucharest"))
            text = client.get(f"/docket?view={view}&day={day:%Y-%m-%d}").text
            assert (f'href="/h/{hearing.ref}/live"' in text) is seated, (who, view)
