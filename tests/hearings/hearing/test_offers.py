"""Times offered, countered, taken back and agreed to; terms by their hash; days, adjournments, what bookings follow."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import queries
from hearings.actors import Actor, person_actor
from hearings.db import Database
from hearings.errors import (
    DoubleBooking,
    IllegalMove,
    Invalid,
    NonexistentTime,
    NotAllowed,
    NotFound,
    NotReady,
    StaleTimeZones,
    WouldBeLost,
)
from hearings.hearing import (
    adjournments,
    agreed_terms,
    days as hearing_days,
    hearing as diary,
    offers,
    participants,
)
from hearings.models import Booking, Hearing, HearingRequest, Offer, Person
from hearings.models.diary import ResourceKind
from hearings.models.hearing import RecordingPolicy
from hearings.moves import move
from hearings.roles import Role
from hearings.status import HearingStatus, OfferStatus
from hearings.times import availability, bookings, queries as diary_queries, resources
from hearings.times.slots import SlotSearch
from hearings.times.wall_times import WallTime

H = HearingStatus
BUCHAREST = "Europe/Bucharest"


def wall(text: str, zone: str = BUCHAREST, minutes: int = 120, fold: int | None = None) -> WallTime:
    return WallTime(
        wall_start=datetime.fromisoformat(text), wall_zone=zone, duration=timedelta(minutes=minutes), fold=fold
    )


class Table:
    """One request between Romania and Thailand, rooms of both, and the officers at the two ends of it."""

    def __init__(self, database: Database, request: HearingRequest, staff: dict[str, Person], now: datetime) -> None:
        self.database, self.request, self.now = database, request, now
        self.clerk, self.authority = person_actor(staff["clerk"]), person_actor(staff["authority"])
        self.hearing_id = ""
        self.rooms: dict[str, int] = {}

    async def furnish(self) -> None:
        async with self.database.transaction() as db:
            for name, actor in (("ro", self.clerk), ("ro2", self.clerk), ("th", self.authority)):
                functions = actor.functions | {"clerk"}
                keeper = Actor(id=actor.id, label=actor.label, state=actor.state, functions=functions)
                made = await resources.add(
                    db, kind=ResourceKind.room, name=f"Room {name}", zone=BUCHAREST, actor=keeper, now=self.now
                )
                self.rooms[name] = made.resource_no

    async def propose(self, *texts: str, rooms: tuple[str, ...] = (), **words: Any) -> Hearing:
        first, *others = [wall(text) for text in texts]
        async with self.database.transaction() as db:
            made = await diary.propose(
                db,
                request=await queries.get(db, HearingRequest, self.request.id),
                wall_start=first.wall_start,
                wall_zone=first.wall_zone,
                duration=first.duration,
                alternatives=others,
                resources=[self.rooms[name] for name in rooms],
                requesting_zone=BUCHAREST,
                requesting_city="Bucharest",
                requested_zone="Asia/Bangkok",
                requested_city="Bangkok",
                actor=self.clerk,
                now=self.now,
                **words,
            )
        self.hearing_id = made.id
        return made

    async def hearing(self, db: AsyncSession) -> Hearing:
        return await queries.get(db, Hearing, self.hearing_id)

    async def offers(self) -> list[Offer]:
        async with self.database.reading() as db:
            return list(await diary_queries.offers_of(db, self.hearing_id))

    async def held(self) -> list[tuple[int, datetime]]:
        async with self.database.reading() as db:
            rows = (await db.exec(select(Booking).where(col(Booking.active)).order_by(col(Booking.starts_at)))).all()
        return [(row.resource_no, row.starts_at) for row in rows]

    async def agree(self, number: int | None = None, rooms: tuple[str, ...] = (), **words: Any) -> None:
        async with self.database.transaction() as db:
            on_table = await diary_queries.offers_of(db, self.hearing_id, open_only=True)
            offer = next((one for one in on_table if one.number == number), None)
            await diary.agree(
                db,
                hearing=await self.hearing(db),
                offer=offer,
                resources=[self.rooms[name] for name in rooms],
                actor=self.authority,
                now=self.now,
                **words,
            )
            await agreed_terms.sign_terms(db, hearing=await self.hearing(db), actor=self.clerk, now=self.now)


@pytest.fixture
async def table(database: Database, accepted: HearingRequest, staff: dict[str, Person], now: datetime) -> Table:
    made = Table(database, accepted, staff, now)
    await made.furnish()
    return made


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


# --- offers ------------------------------------------------------------------------------------------------------


async def test_three_times_are_offered_and_each_holds_the_room_until_one_is_chosen(table: Table) -> None:
    margins = {"margin_before": 15, "margin_after": 30, "line_test": 15}
    await table.propose("2026-12-03T09:00", "2026-12-04T09:00", "2026-12-07T09:00", rooms=("ro",), margins=margins)
    room = table.rooms["ro"]
    assert await table.held() == [
        (room, at("2026-12-03T06:30")),
        (room, at("2026-12-04T06:30")),
        (room, at("2026-12-07T06:30")),
    ]
    with pytest.raises(NotReady, match="Several times are offered: state which one"):
        await table.agree()  # which one?
    await table.agree(2, rooms=("th",))
    assert [offer.status for offer in await table.offers()] == [
        OfferStatus.passed_over,
        OfferStatus.accepted,
        OfferStatus.passed_over,
    ]
    assert await table.held() == [(room, at("2026-12-04T06:30")), (table.rooms["th"], at("2026-12-04T06:30"))]
    async with table.database.reading() as db:
        hearing = await table.hearing(db)
        assert (hearing.status, hearing.starts_at) == (H.agreed, at("2026-12-04T07:00"))
        assert [day.starts_at for day in await diary_queries.days_of(db, hearing.id)] == [hearing.starts_at]
        assert await agreed_terms.agreed_by(db, hearing) == {"RO", "TH"}


async def test_an_offer_of_a_room_that_is_booked_is_refused_whole(table: Table) -> None:
    async with table.database.transaction() as db:
        time = (at("2026-12-04T08:00"), at("2026-12-04T08:30"))
        await bookings.book(db, numbers=[table.rooms["ro"]], times=[time], actor=table.clerk, now=table.now)
    with pytest.raises(DoubleBooking) as refusal:
        await table.propose("2026-12-03T09:00", "2026-12-04T09:00", rooms=("ro",))
    assert refusal.value.resources == ((table.rooms["ro"], "Room ro"),)
    async with table.database.reading() as db:
        assert await queries.hearings_of_request(db, table.request.id) == []
        assert (await queries.get(db, HearingRequest, table.request.id)).status.value == "accepted"


async def test_times_too_close_together_hold_no_room_but_may_be_offered_without_one(table: Table) -> None:
    close = ("2026-12-03T09:00", "2026-12-03T10:00")
    with pytest.raises(Invalid, match="These times are too close together to keep resources"):
        await table.propose(*close, rooms=("ro",))
    await table.propose(*close)
    await table.agree(2)


@pytest.mark.parametrize(
    "texts", [["2026-12-03T09:00", "2026-12-03T09:00"], [f"2026-12-{day:02}T09:00" for day in (3, 4, 7, 8)]]
)
async def test_one_to_three_different_times_are_offered(table: Table, texts: list[str]) -> None:
    with pytest.raises(Invalid):
        await table.propose(*texts)


async def test_an_offer_is_taken_back_before_it_is_read_and_not_after(table: Table) -> None:
    await table.propose("2026-12-03T09:00", "2026-12-04T09:00", "2026-12-07T09:00", rooms=("ro",))
    async with table.database.transaction() as db:
        hearing = await table.hearing(db)
        first, second, third = await diary_queries.offers_of(db, hearing.id)
        with pytest.raises(NotFound):
            await diary.take_back(db, hearing=hearing, offer=first, actor=table.authority, now=table.now)
        await diary.take_back(db, hearing=hearing, offer=first, actor=table.clerk, now=table.now)
        assert hearing.starts_at == second.starts_at
        assert not await offers.read_by(db, hearing=hearing, state="RO", now=table.now)
        assert await offers.read_by(db, hearing=hearing, state="TH", now=table.now)
        assert (second.read_at, first.read_at) == (table.now, None)
        with pytest.raises(NotReady, match="The other State has read this offer; it can be"):
            await diary.take_back(db, hearing=hearing, offer=second, actor=table.clerk, now=table.now)
        with pytest.raises(NotReady, match="This time is no longer on offer: it is taken back"):
            await diary.agree(db, hearing=hearing, offer=first, actor=table.authority, now=table.now)
    assert len(await table.held()) == 2
    assert third.number == 3


async def test_the_only_time_on_the_table_is_not_taken_back(table: Table, everything: Any) -> None:
    await table.propose("2026-12-03T09:00")
    before = await everything(table.database)
    async with table.database.transaction() as db:
        hearing = await table.hearing(db)
        (only,) = await diary_queries.offers_of(db, hearing.id)
        with pytest.raises(NotReady, match="It is the only time on offer: propose another, or"):
            await diary.take_back(db, hearing=hearing, offer=only, actor=table.clerk, now=table.now)
    assert await everything(table.database) == before


async def test_a_counter_releases_what_was_held_and_may_offer_several_times_itself(table: Table) -> None:
    await table.propose("2026-12-03T09:00", "2026-12-04T09:00", rooms=("ro",))
    async with table.database.transaction() as db:
        hearing = await table.hearing(db)
        await diary.counter(
            db,
            hearing=hearing,
            wall_start=datetime.fromisoformat("2026-12-08T14:00"),
            wall_zone="Asia/Bangkok",
            duration=timedelta(hours=1),
            alternatives=[wall("2026-12-09T14:00", "Asia/Bangkok")],
            resources=[table.rooms["th"]],
            reason="No room",
            actor=table.authority,
            now=table.now,
        )
        assert (hearing.status, hearing.starts_at) == (H.countered, at("2026-12-08T07:00"))
        with pytest.raises(NotAllowed):
            await diary.agree(db, hearing=hearing, actor=table.authority, now=table.now)
    assert {number for number, _at in await table.held()} == {table.rooms["th"]}
    assert [(offer.round, offer.number, offer.by_state, offer.status.value) for offer in await table.offers()] == [
        (1, 1, "RO", "passed_over"),
        (1, 2, "RO", "passed_over"),
        (2, 1, "TH", "offered"),
        (2, 2, "TH", "offered"),
    ]


async def test_an_offer_of_another_hearing_or_in_the_past_is_not_accepted(table: Table, everything: Any) -> None:
    await table.propose("2026-12-03T09:00")
    later = at("2026-12-03T07:00")
    before = await everything(table.database)
    async with table.database.transaction() as db:
        hearing = await table.hearing(db)
        (offer,) = await diary_queries.offers_of(db, hearing.id)
        with pytest.raises(NotReady, match="This time has passed"):
            await diary.agree(db, hearing=hearing, offer=offer, actor=table.authority, now=later)
    assert await everything(table.database) == before
    async with table.database.transaction() as db:
        offer.hearing_id = "another"
        with pytest.raises(NotFound):
            await diary.agree(db, hearing=await table.hearing(db), offer=offer, actor=table.authority, now=table.now)


# --- terms -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"recording_policy": RecordingPolicy.not_recorded},
        {"participant_classes": ["presiding_judge", "requested_authority", "witness"]},
    ],
)
@pytest.mark.parametrize(("who", "status"), [("clerk", H.proposed), ("authority", H.countered)])
async def test_any_change_of_the_terms_voids_an_agreement(
    table: Table, change: dict[str, Any], who: str, status: HearingStatus
) -> None:
    await table.propose("2026-12-03T09:00", rooms=("ro",))
    await table.agree(rooms=("th",))
    held = await table.held()
    actor = getattr(table, who)
    async with table.database.transaction() as db:
        hearing = await table.hearing(db)
        move(db, hearing, H.ready, actor=table.clerk, now=table.now)
        with pytest.raises(WouldBeLost):
            await diary.change_terms(db, hearing=hearing, reason="as it is", actor=actor, now=table.now)
        same = await diary.change_terms(db, hearing=hearing, reason="", actor=actor, now=table.now)
        assert (same, hearing.status) == (False, H.ready)
        changed = await diary.change_terms(db, hearing=hearing, reason="By order", actor=actor, now=table.now, **change)
        assert (changed, hearing.status, await agreed_terms.agreed_by(db, hearing)) == (True, status, frozenset())
        steps = [(one.after, one.reason) for one in await queries.history(db, hearing)][-2:]
        assert steps == [("agreed", "the agreement is void"), (status.value, "By order")]
        other = table.authority if who == "clerk" else table.clerk
        await diary.agree(db, hearing=hearing, actor=other, now=table.now)
        assert (hearing.status, await agreed_terms.agreed_by(db, hearing)) == (status, frozenset({other.state}))
        await diary.agree(db, hearing=hearing, actor=actor, now=table.now)
        assert (hearing.status, await agreed_terms.agreed_by(db, hearing)) == (H.agreed, frozenset({"RO", "TH"}))
    assert await table.held() == held  # the time is the same


@pytest.mark.parametrize("classes", [[], ["witness"], ["presiding_judge", "requested_authority", "bystander"]])
async def test_classes_of_participants_are_roles_and_hold_those_without_whom_there_is_no_hearing(
    table: Table, classes: list[str]
) -> None:
    with pytest.raises(Invalid):
        await table.propose("2026-12-03T09:00", participant_classes=classes)


async def test_nobody_is_added_of_a_class_the_terms_do_not_have(table: Table) -> None:
    await table.propose("2026-12-03T09:00", participant_classes=["presiding_judge", "requested_authority", "witness"])
    words = {"display_name": "X", "state": "RO", "city": "Bucharest", "speaks": "ro"}
    async with table.database.transaction() as db:
        hearing = await table.hearing(db)
        with pytest.raises(NotReady, match="The terms agreed by both States do not include this role"):
            await participants.add(db, hearing=hearing, role=Role.prosecutor, actor=table.clerk, now=table.now, **words)
        await participants.add(db, hearing=hearing, role=Role.witness, actor=table.clerk, now=table.now, **words)
        assert [participant.role for participant in await queries.participants(db, hearing.id)] == [Role.witness]


async def test_terms_are_canonical_and_follow_the_instants(table: Table) -> None:
    made = await table.propose("2026-12-03T09:00")
    async with table.database.reading() as db:
        found = await agreed_terms.terms_of(db, made)
        again = agreed_terms.terms(made, [], [])
    assert found == again
    assert found.body["days"] == [{"starts_at": "2026-12-03T07:00:00Z", "ends_at": "2026-12-03T09:00:00Z"}]
    assert found.body["participant_classes"] == sorted(Role)
    assert len(found.hash) == 64


# --- days, postponing, adjourning --------------------------------------------------------------------------------


async def conclude_day(table: Table, *, to: HearingStatus = H.part_heard) -> None:
    async with table.database.transaction() as db:
        hearing = await table.hearing(db)
        move(db, hearing, H.ready, actor=table.clerk, now=table.now)
        move(db, hearing, H.in_progress, actor=table.clerk, now=table.now)
        move(db, hearing, to, actor=table.clerk, now=table.now)
        await hearing_days.heard(db, hearing=hearing, over=to is not H.part_heard, now=table.now)


async def test_a_hearing_over_several_days_books_each_and_goes_on_with_the_next(table: Table) -> None:
    days = [wall("2026-12-04T09:00"), wall("2026-12-07T10:00")]
    await table.propose("2026-12-03T09:00", rooms=("ro",), more_days=days)
    await table.agree(rooms=("th",))
    assert len(await table.held()) == 6
    await conclude_day(table)
    async with table.database.transaction() as db:
        hearing = await table.hearing(db)
        agreed = (await agreed_terms.terms_of(db, hearing)).hash
        await adjournments.next_day(db, hearing=hearing, actor=table.clerk, now=at("2026-12-03T10:00"))
        assert (hearing.status, hearing.starts_at) == (H.agreed, at("2026-12-04T07:00"))
        assert (await agreed_terms.terms_of(db, hearing)).hash == agreed
        assert await agreed_terms.agreed_by(db, hearing) == {"RO", "TH"}
    await conclude_day(table, to=H.concluded)
    async with table.database.reading() as db:
        ends = [(day.heard_at is not None, day.dropped_why) for day in await diary_queries.days_of(db, hearing.id)]
    assert ends == [(True, ""), (True, ""), (False, "the hearing has ended")]
    assert {begin.day for _number, begin in await table.held()} == {3, 4}


async def test_going_on_agrees_to_nothing_the_other_state_has_not_agreed_to(table: Table, everything: Any) -> None:
    await table.propose("2026-12-03T09:00", more_days=[wall("2026-12-04T09:00")])
    before = await everything(table.database)
    async with table.database.transaction() as db:
        hearing = await table.hearing(db)
        with pytest.raises(NotReady, match="Only a part-heard hearing can be continued; this one is proposed"):
            await adjournments.next_day(db, hearing=hearing, actor=table.clerk, now=table.now)
        assert hearing.status is H.proposed
    assert await everything(table.database) == before


async def test_without_a_further_day_a_part_heard_hearing_is_adjourned_to_one_both_agree_to(table: Table) -> None:
    await table.propose("2026-12-03T09:00", rooms=("ro",))
    await table.agree()
    await conclude_day(table)
    later = at("2026-12-03T10:00")
    async with table.database.transaction() as db:
        hearing = await table.hearing(db)
        with pytest.raises(NotReady, match="No further day has been agreed: agree on one, then adjourn"):
            await adjournments.next_day(db, hearing=hearing, actor=table.clerk, now=later)
        with pytest.raises(NotReady, match="Only an agreed hearing can be postponed; this one is part"):
            await adjournments.postpone(
                db, hearing=hearing, to=wall("2026-12-10T09:00"), reason="More", actor=table.clerk, now=later
            )
        await adjournments.adjourn(
            db,
            hearing=hearing,
            to=wall("2026-12-10T09:00"),
            resources=[table.rooms["ro2"]],
            reason="More questions",
            actor=table.clerk,
            now=later,
        )
        assert (hearing.status, hearing.starts_at) == (H.proposed, at("2026-12-10T07:00"))
        await diary.agree(db, hearing=hearing, actor=table.authority, now=later)
        days = await diary_queries.days_of(db, hearing.id)
        assert [(day.number, day.heard_at is None) for day in days] == [(1, False), (2, True)]
    assert (table.rooms["ro2"], at("2026-12-10T07:00")) in await table.held()


async def test_a_postponed_hearing_needs_a_reason_and_a_new_agreement_and_its_bookings_follow(table: Table) -> None:
    await table.propose("2026-12-03T09:00", rooms=("ro",), more_days=[wall("2026-12-04T09:00")])
    await table.agree(rooms=("th",))
    async with table.database.transaction() as db:
        hearing = await table.hearing(db)
        with pytest.raises(Invalid, match="At least 3 characters are needed"):
            await adjournments.postpone(
                db, hearing=hearing, to=wall("2026-12-10T11:00"), reason="", actor=table.authority, now=table.now
            )
        await adjournments.postpone(
            db,
            hearing=hearing,
            to=wall("2026-12-10T11:00"),
            reason="Judge ill",
            actor=table.authority,
            now=table.now,
        )
        assert (hearing.status, await agreed_terms.agreed_by(db, hearing)) == (H.countered, frozenset())
        assert [day.wall_start for day in await hearing_days.planned(db, hearing)] == [
            "2026-12-10T11:00:00",
            "2026-12-11T11:00:00",
        ]
        assert (await queries.history(db, hearing))[-1].reason == "Judge ill"
    assert sorted({begin for _number, begin in await table.held()}) == [at("2026-12-10T09:00"), at("2026-12-11T09:00")]
    assert len(await table.held()) == 4


async def test_a_day_that_falls_upon_another_or_upon_a_skipped_hour_is_refused_and_nothing_moves(
    table: Table,
    everything: Any,
) -> None:
    with pytest.raises(Invalid, match="Each day begins after the one before has ended"):
        await table.propose("2026-12-03T09:00", more_days=[wall("2026-12-03T10:00")])
    await table.propose("2027-03-26T03:30", more_days=[wall("2027-03-27T03:30")])
    before = await everything(table.database)
    async with table.database.transaction() as db:
        hearing = await table.hearing(db)
        with pytest.raises(NonexistentTime):
            await diary.counter(
                db,
                hearing=hearing,
                wall_start=datetime.fromisoformat("2027-03-27T03:30"),
                wall_zone=BUCHAREST,
                duration=timedelta(hours=2),
                actor=table.authority,
                now=table.now,
            )
    assert await everything(table.database) == before
    async with table.database.reading() as db:
        assert [day.wall_start[:10] for day in await diary_queries.days_of(db, table.hearing_id)] == [
            "2027-03-26",
            "2027-03-27",
        ]


async def test_cancelling_gives_everything_back(table: Table) -> None:
    await table.propose("2026-12-03T09:00", "2026-12-04T09:00", rooms=("ro",))
    async with table.database.transaction() as db:
        hearing = await table.hearing(db)
        await diary.cancel(db, hearing=hearing, reason="Plea entered", actor=table.clerk, now=table.now)
        assert await hearing_days.planned(db, hearing) == []
        with pytest.raises(IllegalMove):
            await diary.agree(db, hearing=hearing, actor=table.authority, now=table.now)
    assert await table.held() == []
    assert {offer.status for offer in await table.offers()} == {OfferStatus.passed_over}


async def test_resources_are_assigned_and_given_back_by_their_own_state(table: Table) -> None:
    await table.propose("2026-12-03T09:00")
    await table.agree()
    async with table.database.transaction() as db:
        hearing = await table.hearing(db)
        when = await hearing_days.times(db, hearing)
        numbers = [table.rooms["ro"]]
        await bookings.assign(db, hearing=hearing, numbers=numbers, times=when, actor=table.clerk, now=table.now)
        room = await diary_queries.resource(db, table.rooms["ro"], state="RO")
        with pytest.raises(NotFound):
            await bookings.unassign(db, hearing=hearing, resource=room, actor=table.authority, now=table.now)
        with pytest.raises(NotFound):
            await bookings.assign(
                db, hearing=hearing, numbers=numbers, times=when, actor=table.authority, now=table.now
            )
        seen = await diary_queries.bookings_of_hearing(db, hearing.id, state="TH")
        assert list(seen) == []
        await bookings.unassign(db, hearing=hearing, resource=room, actor=table.clerk, now=table.now)
    assert await table.held() == []


async def test_the_search_keeps_free_of_both_states_bookings_and_names_only_ones_own(table: Table) -> None:
    await table.propose("2027-03-22T09:00", rooms=("ro",))
    await table.agree(rooms=("th",))
    async with table.database.transaction() as db:
        day = (at("2027-03-23T00:00"), at("2027-03-24T00:00"))
        await bookings.book(db, numbers=[table.rooms["th"]], times=[day], actor=table.authority, now=table.now)
    ask = SlotSearch(since=at("2027-03-22T00:00"), until=at("2027-03-24T00:00"), duration=timedelta(hours=1))
    courts = [("RO", BUCHAREST), ("TH", "Asia/Bangkok")]

    async def find(hearing: Hearing | None, numbers: list[int]) -> Any:
        async with table.database.reading() as db:
            return await availability.find(
                db, wanted=ask, courts=courts, numbers=numbers, hearing=hearing, state="RO", now=table.now
            )

    async with table.database.reading() as db:
        hearing = await table.hearing(db)
    found = await find(hearing, [])
    # Its own room on its own day stands in nobody's way; the other State's room on the next does, and is not named.
    assert {slot.starts_at.day for slot in found.slots} == {22}
    assert [(reason.label, reason.code) for reason in dict(found.excluded)[date(2027, 3, 23)]] == [
        (availability.HIDDEN, "booked")
    ]
    other = await find(None, [table.rooms["ro"]])
    assert {slot.starts_at.day for slot in other.slots} == {23}
    with pytest.raises(NotFound):
        await find(None, [table.rooms["th"]])


# --- bad inputs ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", ["end before start", "25 hours", "the year 9999", "GMT+3", "Etc/../.."])
async def test_a_time_that_cannot_be_is_refused_and_nothing_is_changed(
    table: Table, wrong: str, everything: Any
) -> None:
    changes: dict[str, dict[str, Any]] = {
        "end before start": {"duration": timedelta(hours=-1)},
        "25 hours": {"duration": timedelta(hours=25)},
        "the year 9999": {"wall_start": datetime.fromisoformat("9999-12-31T23:59")},
        "GMT+3": {"wall_zone": "GMT+3"},
        "Etc/../..": {"wall_zone": "Etc/../.."},
    }
    await table.propose("2026-12-03T09:00", rooms=("ro",))
    usual = {"wall_start": datetime.fromisoformat("2026-12-10T09:00"), "wall_zone": BUCHAREST}
    before = await everything(table.database)
    async with table.database.transaction() as db:
        hearing = await table.hearing(db)
        words = {"duration": timedelta(hours=1), **usual, **changes[wrong]}
        with pytest.raises(Invalid):
            await diary.counter(db, hearing=hearing, actor=table.authority, now=table.now, **words)
    assert await everything(table.database) == before
    async with table.database.reading() as db:
        assert (await table.hearing(db)).status is H.proposed
    assert len(await table.offers()) == 1


async def test_stale_time_zone_data_are_refused_for_a_state_whose_clocks_they_do_not_know(
    database: Database, accepted: HearingRequest, staff: dict[str, Person], now: datetime, monkeypatch: Any
) -> None:
    """Kazakhstan has one zone since 1 March 2024: data older than 2024a put Almaty an hour off."""
    from hearings import clocks
    from hearings.times import wall_times

    monkeypatch.setattr(clocks, "tzdb_version", lambda: "2023d")
    ask = wall("2026-12-03T09:00", "Asia/Almaty")
    with pytest.raises(StaleTimeZones, match="2024a"):
        wall_times.fix(ask, zones=("Asia/Almaty", BUCHAREST), states=("KZ", "RO"), now=now)
    assert wall_times.fix(wall("2026-12-03T09:00"), zones=(BUCHAREST, BUCHAREST), states=("RO", "TH"), now=now)
    monkeypatch.setattr(clocks, "tzdb_version", lambda: "2024a")
    fixed = wall_times.fix(ask, zones=("Asia/Almaty", BUCHAREST), states=("KZ", "RO"), now=now)
    assert fixed.starts_at == datetime(2026, 12, 3, 4, 0, tzinfo=UTC)  # +05:00
