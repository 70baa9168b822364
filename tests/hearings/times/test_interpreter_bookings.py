"""An interpreter against whom something speaks is booked with a stated reason only, by every way of booking one."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from hearings import queries
from hearings.actors import Actor, person_actor
from hearings.db import Database
from hearings.errors import DoubleBooking, InterpreterUnfit, Invalid
from hearings.hearing import adjournments, agreed_terms, days, hearing as diary
from hearings.law import rows as law_rows
from hearings.law.law import LAW
from hearings.models import Booking, Hearing, HearingRequest, Resource
from hearings.models.diary import ResourceKind
from hearings.requests import requests
from hearings.times import availability, bookings, resources
from hearings.times.slots import SlotSearch
from hearings.times.wall_times import WallTime

BUCHAREST = "Europe/Bucharest"
HOUR = timedelta(hours=1)
BOTH = (("ro", "th"), ("th", "ro"))
DESPITE = "Relay through English"


def wall(text: str, minutes: int = 120) -> WallTime:
    return WallTime(wall_start=datetime.fromisoformat(text), wall_zone=BUCHAREST, duration=timedelta(minutes=minutes))


class Desk:
    """A clerk of Romania and an authority of Thailand with accepted requests, and interpreters."""

    def __init__(self, database: Database, first: HearingRequest, staff: Any, now: datetime) -> None:
        self.database, self.now, self.waiting = database, now, [first.id]
        self.clerk, self.authority = person_actor(staff["clerk"]), person_actor(staff["authority"])

    async def another_request(self, fields: dict[str, object]) -> None:
        async with self.database.transaction() as db:
            row = await requests.draft(db, requested_state="TH", fields=fields, actor=self.clerk, now=self.now)
            await requests.submit(db, request=row, actor=self.clerk, now=self.now)
            await requests.acknowledge(db, request=row, actor=self.authority, now=self.now)
            await requests.accept(db, request=row, actor=self.authority, now=self.now)
            self.waiting.append(row.id)

    async def interpreter(self, actor: Actor | None = None, **words: Any) -> int:
        words = {"pairs": BOTH, "accreditation": "Register 7", "name": "Ana Ionescu"} | words
        async with self.database.transaction() as db:
            keeper = actor or self.clerk
            keeper = Actor(id=keeper.id, label=keeper.label, state=keeper.state, functions=keeper.functions | {"clerk"})
            made = await resources.add(
                db, kind=ResourceKind.interpreter, zone=BUCHAREST, actor=keeper, now=self.now, **words
            )
        return made.resource_no

    async def propose(self, *texts: str, minutes: int = 120, **words: Any) -> str:
        first, *others = [wall(text, minutes) for text in texts]
        async with self.database.transaction() as db:
            made = await diary.propose(
                db,
                request=await queries.get(db, HearingRequest, self.waiting[-1]),
                wall_start=first.wall_start,
                wall_zone=first.wall_zone,
                duration=first.duration,
                alternatives=others,
                requesting_zone=BUCHAREST,
                requesting_city="Bucharest",
                requested_zone="Asia/Bangkok",
                requested_city="Bangkok",
                actor=self.clerk,
                now=self.now,
                **words,
            )
        return made.id

    async def assign(self, hearing_id: str, number: int, despite: str = "") -> None:
        async with self.database.transaction() as db:
            hearing = await queries.get(db, Hearing, hearing_id)
            await bookings.assign(
                db,
                hearing=hearing,
                numbers=[number],
                times=await days.times(db, hearing),
                despite=despite,
                actor=self.clerk,
                now=self.now,
            )

    async def held(self) -> list[tuple[int, str]]:
        async with self.database.reading() as db:
            rows = (await db.exec(select(Booking).where(col(Booking.active)).order_by(col(Booking.starts_at)))).all()
        return [(row.resource_no, row.reason) for row in rows]

    async def block(self, number: int, starts: str, hours: float = 1) -> None:
        async with self.database.transaction() as db:
            row = (await db.exec(select(Resource).where(Resource.resource_no == number))).one()
            keeper = Actor(id="k", label="Keeper", state=row.owner_state, functions=frozenset({"clerk"}))
            begins = datetime.fromisoformat(f"{starts}+00:00")
            await bookings.block(
                db,
                resource=row,
                starts_at=begins,
                ends_at=begins + hours * HOUR,
                reason="Elsewhere",
                actor=keeper,
                now=self.now,
            )

    async def counter(self, hearing_id: str, text: str, **words: Any) -> None:
        """The authority agrees to what is on the table, and the clerk asks for another time."""
        to = wall(text)
        async with self.database.transaction() as db:
            hearing = await queries.get(db, Hearing, hearing_id)
            await diary.agree(db, hearing=hearing, actor=self.authority, now=self.now)
            await diary.counter(
                db,
                hearing=hearing,
                wall_start=to.wall_start,
                wall_zone=to.wall_zone,
                duration=to.duration,
                actor=self.clerk,
                now=self.now,
                **words,
            )


@pytest.fixture
async def desk(database: Database, accepted: HearingRequest, staff: Any, now: datetime) -> Desk:
    return Desk(database, accepted, staff, now)


def against(refusal: pytest.ExceptionInfo[InterpreterUnfit]) -> dict[int, tuple[str, ...]]:
    return {number: codes for number, _name, codes in refusal.value.interpreters}


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("words", "codes"),
    [
        ({"pairs": BOTH[:1]}, ("language_pair_missing",)),
        ({"accreditation": ""}, ("not_accredited",)),
        ({"accredited_until": date(2026, 12, 2)}, ("accreditation_ended",)),
        ({"pairs": (), "accreditation": ""}, ("language_pair_missing", "not_accredited")),
    ],
)
async def test_who_does_not_fit_is_refused_by_every_way_and_booked_with_a_reason(
    desk: Desk, words: dict[str, Any], codes: tuple[str, ...]
) -> None:
    number = await desk.interpreter(**words)
    with pytest.raises(InterpreterUnfit) as refusal:
        await desk.propose("2026-12-03T09:00", resources=[number])
    assert against(refusal) == {number: codes}
    async with desk.database.reading() as db:
        assert (await db.exec(select(Hearing))).all() == []
    hearing = await desk.propose("2026-12-03T09:00")
    with pytest.raises(InterpreterUnfit) as refusal:
        await desk.assign(hearing, number)
    assert against(refusal) == {number: codes}
    with pytest.raises(InterpreterUnfit):
        await desk.counter(hearing, "2026-12-04T09:00", resources=[number])
    with pytest.raises(Invalid, match="least"):
        await desk.assign(hearing, number, "x")
    assert await desk.held() == []
    await desk.assign(hearing, number, DESPITE)
    assert await desk.held() == [(number, DESPITE)]


async def test_one_who_fits_needs_no_reason_and_none_is_kept(desk: Desk) -> None:
    number = await desk.interpreter(accredited_until=date(2026, 12, 3))
    await desk.assign(await desk.propose("2026-12-03T09:00"), number, DESPITE)
    assert await desk.held() == [(number, "")]


@pytest.mark.both_databases
async def test_rest_between_two_bookings_and_the_hours_of_a_day_bind(desk: Desk, fields: dict[str, object]) -> None:
    number = await desk.interpreter()
    await desk.propose("2026-12-03T09:00", resources=[number], margins={"margin_after": 15})
    await desk.another_request(fields)
    # The first is booked to 11:15 (09:15 UTC); half an hour follows.
    with pytest.raises(InterpreterUnfit) as refusal:
        await desk.propose("2026-12-03T11:30", resources=[number])
    assert against(refusal) == {number: ("rest",)}
    with pytest.raises(InterpreterUnfit) as refusal:
        await desk.propose("2026-12-03T11:45", minutes=125, resources=[number])
    assert against(refusal) == {number: ("daily_cap",)}
    with pytest.raises(DoubleBooking):
        await desk.propose("2026-12-03T10:00", resources=[number])
    await desk.propose("2026-12-03T11:45", resources=[number])
    assert await desk.held() == [(number, ""), (number, "")]


@pytest.mark.both_databases
async def test_a_long_sitting_needs_a_team_and_who_is_free_is_named(desk: Desk, fields: dict[str, object]) -> None:
    ana, ion = await desk.interpreter(), await desk.interpreter(name="Ion Rusu")
    away, other = await desk.interpreter(name="On leave"), await desk.interpreter(name="French", pairs=(("ro", "fr"),))
    await desk.block(away, "2026-12-03T08:00")
    with pytest.raises(InterpreterUnfit) as refusal:
        await desk.propose("2026-12-03T09:00", minutes=240, resources=[ana])
    assert (against(refusal), refusal.value.free) == ({ana: ("alone",)}, ((ion, "Ion Rusu"),))
    with pytest.raises(InterpreterUnfit) as refusal:
        await desk.propose("2026-12-03T09:00", minutes=181, resources=[ana, other])
    assert against(refusal) == {ana: ("alone",), other: ("language_pair_missing", "alone")}
    await desk.propose("2026-12-03T09:00", minutes=240, resources=[ana, ion])
    assert await desk.held() == [(ana, ""), (ion, ""), (away, "Elsewhere")]
    await desk.another_request(fields)
    await desk.propose("2026-12-04T09:00", minutes=180, resources=[ana])
    await desk.another_request(fields)
    late = await desk.propose("2026-12-08T09:00", minutes=200)
    with pytest.raises(InterpreterUnfit):
        await desk.assign(late, ion)
    await desk.assign(late, ion, "She asked for it")
    await desk.assign(late, ana)
    assert sorted((await desk.held())[-2:]) == [(ana, ""), (ion, "She asked for it")]


async def test_leave_is_no_interpreting_but_takes_its_time(desk: Desk) -> None:
    number = await desk.interpreter()
    await desk.block(number, "2026-12-03T12:00", hours=6)
    hearing = await desk.propose("2026-12-03T09:00")
    await desk.assign(hearing, number)
    await desk.block(number, "2026-12-04T06:40", hours=0.25)
    with pytest.raises(InterpreterUnfit):
        await desk.counter(hearing, "2026-12-04T09:00")
    await desk.counter(hearing, "2026-12-04T09:00", despite="She asked for it")
    assert (number, "She asked for it") in await desk.held()


@pytest.mark.both_databases
async def test_times_of_which_one_will_be_do_not_tire_an_interpreter_but_two_days_at_once_do(
    desk: Desk, fields: dict[str, object]
) -> None:
    number = await desk.interpreter()
    await desk.propose("2026-12-03T08:00", "2026-12-03T10:10", "2026-12-03T12:30", resources=[number])
    assert len(await desk.held()) == 3
    await desk.another_request(fields)
    more = [wall("2026-12-07T14:00", 150)]
    with pytest.raises(InterpreterUnfit) as refusal:
        await desk.propose("2026-12-07T09:00", more_days=more, resources=[number])
    assert against(refusal) == {number: ("daily_cap",)}


async def test_what_was_answered_once_is_not_asked_again_when_the_hearing_moves(desk: Desk) -> None:
    number = await desk.interpreter(pairs=(("ro", "en"), ("en", "ro")))
    hearing = await desk.propose("2026-12-03T09:00")
    await desk.assign(hearing, number, DESPITE)
    await desk.counter(hearing, "2026-12-04T09:00")
    assert await desk.held() == [(number, DESPITE)]
    await desk.block(number, "2026-12-08T06:30", hours=0.25)
    with pytest.raises(InterpreterUnfit) as refusal:
        await desk.counter(hearing, "2026-12-08T09:00")
    assert against(refusal) == {number: ("rest",)}
    # The search does not exclude her for her languages either, and for her rest it does.
    ask = SlotSearch(
        since=datetime.fromisoformat("2026-12-08T06:00+00:00"),
        until=datetime.fromisoformat("2026-12-09T00:00+00:00"),
        duration=HOUR,
        languages=("ro", "th"),
    )
    async with desk.database.reading() as db:
        row = await queries.get(db, Hearing, hearing)
        courts = [("RO", BUCHAREST), ("TH", "Asia/Bangkok")]
        words: dict[str, Any] = {"wanted": ask, "courts": courts, "numbers": [number], "state": "RO", "now": desk.now}
        found = await availability.find(db, hearing=row, **words)
        anew = await availability.find(db, **words)
    assert found.starts[0] == datetime.fromisoformat("2026-12-08T07:15+00:00").timestamp()
    assert (anew.count, [one.code for one in anew.excluded[0][1]]) == (0, ["language_pair_missing"])


async def test_the_rest_an_administrator_has_entered_binds_at_once(desk: Desk, fields: dict[str, object]) -> None:
    number = await desk.interpreter()
    await desk.propose("2026-12-09T09:00", minutes=60, resources=(number,))
    admin = Actor(id="admin", label="Elena Stan", state="RO", functions=frozenset({"administrator"}))
    async with desk.database.transaction() as db:
        row = {**LAW.rows["interpreting_rest"]["gap"], "minutes": 61}
        edits = [law_rows.check("interpreting_rest", row, LAW)]
        await law_rows.save(db, edits=edits, reason="Agreed with them", seen=0, actor=admin, now=desk.now)
    await desk.another_request(fields)
    with pytest.raises(InterpreterUnfit) as refusal:
        await desk.propose("2026-12-09T11:00", minutes=60, resources=(number,))
    assert against(refusal) == {number: ("rest",)}
    await desk.propose("2026-12-09T11:15", minutes=60, resources=(number,))


async def test_the_other_states_interpreter_is_not_named_when_a_move_costs_her_rest(desk: Desk) -> None:
    number = await desk.interpreter(desk.authority, name="Malee Suksan")
    hearing = await desk.propose("2026-12-03T09:00")
    async with desk.database.transaction() as db:
        row = await queries.get(db, Hearing, hearing)
        await diary.agree(db, hearing=row, resources=[number], actor=desk.authority, now=desk.now)
        await agreed_terms.sign_terms(db, hearing=row, actor=desk.clerk, now=desk.now)
    await desk.block(number, "2026-12-04T06:40", hours=0.25)
    to = wall("2026-12-04T09:00")
    with pytest.raises(InterpreterUnfit) as refusal:
        async with desk.database.transaction() as db:
            row = await queries.get(db, Hearing, hearing)
            await adjournments.postpone(db, hearing=row, to=to, reason="Illness", actor=desk.clerk, now=desk.now)
    assert (refusal.value.interpreters, refusal.value.hidden) == ((), 1)
    assert "Malee" not in str(refusal.value)
    assert await desk.held() == [(number, ""), (number, "Elsewhere")]
