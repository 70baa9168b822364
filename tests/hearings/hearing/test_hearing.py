"""The diary: wall times kept as the court fixed them, both States' consent, what is needed before the day."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hearings import queries
from hearings.actors import person_actor
from hearings.clocks import tzdb_version
from hearings.db import Database
from hearings.errors import (
    AmbiguousTime,
    HearingNotOver,
    IllegalMove,
    Invalid,
    NonexistentTime,
    NotAllowed,
    NotReady,
    RequestOver,
    UnknownLanguage,
    UnknownZone,
)
from hearings.hearing import hearing as diary
from hearings.models import Hearing, HearingRequest, Participant, Person
from hearings.requests import requests
from hearings.rights import checklist
from hearings.roles import Role
from hearings.status import HearingStatus, RequestStatus

WORDS: dict[str, Any] = {
    "wall_start": datetime.fromisoformat("2026-12-03T09:00"),
    "wall_zone": "Europe/Bucharest",
    "duration": timedelta(hours=2),
    "requesting_zone": "Europe/Bucharest",
    "requesting_city": "Bucharest",
    "requested_zone": "Asia/Bangkok",
    "requested_city": "Bangkok",
}


async def propose(database: Database, request: HearingRequest, person: Person, now: datetime, **words: Any) -> Hearing:
    async with database.transaction() as db:
        request = await queries.get(db, HearingRequest, request.id)
        return await diary.propose(db, request=request, actor=person_actor(person), now=now, **{**WORDS, **words})


@pytest.mark.both_databases
async def test_a_hearing_keeps_wall_time_zone_utc_and_the_version_of_the_data(
    database: Database, accepted: HearingRequest, staff: dict[str, Person], now: datetime
) -> None:
    made = await propose(database, accepted, staff["clerk"], now)
    async with database.reading() as db:
        hearing = await queries.get(db, Hearing, made.id)
        request = await queries.get(db, HearingRequest, accepted.id)
    assert (hearing.wall_start, hearing.wall_zone) == ("2026-12-03T09:00:00", "Europe/Bucharest")
    assert hearing.starts_at == datetime(2026, 12, 3, 7, 0, tzinfo=UTC)
    assert hearing.ends_at == datetime(2026, 12, 3, 9, 0, tzinfo=UTC)
    assert hearing.tzdb_version == tzdb_version()
    assert [str(instant) for instant in diary.both_times(hearing)] == [
        "2026-12-03 09:00 Bucharest (+02:00)",
        "2026-12-03 14:00 Bangkok (+07:00)",
    ]
    assert (hearing.language_requesting, hearing.language_requested) == ("ro", "th")
    assert (hearing.status, hearing.owner_state, hearing.case_number) == (HearingStatus.proposed, "RO", "1234/P/2025")
    assert request.status is RequestStatus.executing
    assert diary.moved_to(hearing) is None
    assert hearing.rights_version == checklist.VERSION


async def test_the_wall_time_may_be_the_other_courts(
    database: Database, accepted: HearingRequest, staff: dict[str, Person], now: datetime
) -> None:
    hearing = await propose(
        database,
        accepted,
        staff["clerk"],
        now,
        wall_start=datetime.fromisoformat("2026-12-03T14:00"),
        wall_zone="Asia/Bangkok",
    )
    assert hearing.starts_at == datetime(2026, 12, 3, 7, 0, tzinfo=UTC)


def wall(text: str) -> dict[str, Any]:
    return {"wall_start": datetime.fromisoformat(text)}


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (wall("2027-03-28T03:30"), NonexistentTime),
        (wall("2027-10-31T03:30"), AmbiguousTime),
        (wall("2026-12-01T09:00"), Invalid),
        (wall("9999-12-31T09:00"), Invalid),
        ({"duration": timedelta(0)}, Invalid),
        ({"duration": timedelta(hours=-1)}, Invalid),
        ({"duration": timedelta(hours=25)}, Invalid),
        ({"wall_zone": "Europe/Paris"}, Invalid),
        ({"requested_zone": "GMT+7"}, UnknownZone),
        ({"requested_zone": "posixrules"}, UnknownZone),
        ({"requested_city": ""}, Invalid),
        ({"language_requested": "en-x-<script>"}, UnknownLanguage),
    ],
)
async def test_a_time_that_cannot_be_is_refused_and_nothing_is_booked(
    database: Database,
    accepted: HearingRequest,
    staff: dict[str, Person],
    now: datetime,
    words: dict[str, Any],
    error: type[Exception],
) -> None:
    with pytest.raises(error) as refusal:
        await propose(database, accepted, staff["clerk"], now, **words)
    assert refusal.type is error
    async with database.reading() as db:
        assert await queries.hearings_of_request(db, accepted.id) == []
        assert (await queries.get(db, HearingRequest, accepted.id)).status is RequestStatus.accepted


@pytest.mark.both_databases
@pytest.mark.parametrize(("fold", "hour"), [(0, 0), (1, 1)])
async def test_a_time_that_exists_twice_is_kept_with_which_one(
    database: Database, accepted: HearingRequest, staff: dict[str, Person], now: datetime, fold: int, hour: int
) -> None:
    hearing = await propose(database, accepted, staff["clerk"], now, **wall("2027-10-31T03:30"), fold=fold)
    assert hearing.starts_at == datetime(2027, 10, 31, hour, 30, tzinfo=UTC)
    assert hearing.wall_fold == fold
    assert diary.moved_to(hearing) is None


async def test_newer_time_zone_data_moves_nothing_by_itself(
    database: Database, accepted: HearingRequest, staff: dict[str, Person], now: datetime
) -> None:
    hearing = await propose(database, accepted, staff["clerk"], now)
    before = hearing.starts_at
    hearing.starts_at = before - timedelta(hours=1)  # as if it had been booked with data that said so
    assert diary.moved_to(hearing) == before
    assert hearing.starts_at == before - timedelta(hours=1)


@pytest.mark.parametrize("status", [s for s in RequestStatus if "accepted" not in s.value and s.value != "executing"])
async def test_only_an_accepted_request_gets_a_hearing(
    database: Database, staff: dict[str, Person], now: datetime, status: RequestStatus
) -> None:
    async with database.transaction() as db:
        request = HearingRequest(
            owner_state="RO",
            reference="RO-2026-0001",
            requesting_state="RO",
            requested_state="TH",
            status=status,
            created_by=staff["clerk"].id,
            created_at=now,
            language_of_person="th",
            language_of_court="ro",
        )
        db.add(request)
    with pytest.raises(NotReady, match="A hearing requires an accepted request; this one is"):
        await propose(database, request, staff["clerk"], now)


@pytest.mark.both_databases
async def test_a_request_has_one_hearing_at_a_time(court: Any, database: Database, now: datetime) -> None:
    with pytest.raises(NotReady, match="This request already has a hearing"):
        await propose(database, court.request, court.people["clerk"], now)
    async with database.transaction() as db:
        hearing = await queries.get(db, Hearing, court.hearing.id)
        await diary.cancel(db, hearing=hearing, reason="Judge ill", actor=court.staff("judge"), now=now)
    again = await propose(database, court.request, court.people["clerk"], now)
    assert again.id != court.hearing.id
    assert again.ref != court.hearing.ref


@pytest.mark.parametrize("function", ["judge", "authority"])
async def test_only_the_clerk_proposes(
    database: Database, accepted: HearingRequest, staff: dict[str, Person], now: datetime, function: str
) -> None:
    with pytest.raises(NotAllowed):
        await propose(database, accepted, staff[function], now)


# --- consent -----------------------------------------------------------------------------------------------------


async def test_it_is_for_the_other_state_to_agree(
    database: Database, accepted: HearingRequest, staff: dict[str, Person], now: datetime
) -> None:
    made = await propose(database, accepted, staff["clerk"], now)
    clerk, authority = person_actor(staff["clerk"]), person_actor(staff["authority"])
    async with database.transaction() as db:
        hearing = await queries.get(db, Hearing, made.id)
        with pytest.raises(NotAllowed):
            await diary.agree(db, hearing=hearing, actor=clerk, now=now)
        words = {"wall_zone": "Asia/Bangkok", "duration": timedelta(hours=1)}
        at = datetime.fromisoformat("2026-12-04T15:00")
        await diary.counter(db, hearing=hearing, wall_start=at, actor=authority, now=now, reason="No room", **words)
        assert (hearing.status, hearing.starts_at) == (
            HearingStatus.countered,
            datetime(2026, 12, 4, 8, 0, tzinfo=UTC),
        )
        with pytest.raises(NotAllowed):
            await diary.agree(db, hearing=hearing, actor=authority, now=now)
        await diary.agree(db, hearing=hearing, actor=clerk, now=now)
        assert hearing.status is HearingStatus.countered, "one has signed"
        with pytest.raises(NotReady, match="Already signed: TH must sign it too"):
            await diary.agree(db, hearing=hearing, actor=clerk, now=now)
        await diary.agree(db, hearing=hearing, actor=authority, now=now)
    async with database.reading() as db:
        steps = [change.after for change in await queries.history(db, hearing)]
    assert steps == ["proposed", "countered", "agreed"]


async def test_a_counter_may_be_answered_by_another_proposal(
    database: Database, accepted: HearingRequest, staff: dict[str, Person], now: datetime
) -> None:
    made = await propose(database, accepted, staff["clerk"], now)
    words: dict[str, Any] = {"wall_zone": "Asia/Bangkok", "duration": timedelta(hours=1), "now": now}
    async with database.transaction() as db:
        hearing = await queries.get(db, Hearing, made.id)
        for function, day, status in (("authority", 4, "countered"), ("clerk", 7, "proposed")):
            at = datetime(2026, 12, day, 15, 0)  # noqa: DTZ001 (a wall time)
            await diary.counter(db, hearing=hearing, wall_start=at, actor=person_actor(staff[function]), **words)
            assert hearing.status.value == status
        with pytest.raises(IllegalMove):
            await diary.counter(db, hearing=hearing, wall_start=at, actor=person_actor(staff["clerk"]), **words)


async def test_nothing_is_ready_until_everybody_needed_is_named(court: Any, database: Database, now: datetime) -> None:
    async with database.transaction() as db:
        hearing = await queries.get(db, Hearing, court.hearing.id)
        hearing.status = HearingStatus.agreed
        for role in (Role.witness, Role.interpreter):
            await db.delete(await queries.get(db, Participant, court.ids[role]))
        await db.flush()
        with pytest.raises(NotReady) as refusal:
            await diary.make_ready(db, hearing=hearing, actor=court.staff("clerk"), now=now)
    assert refusal.value.missing == ("person to be heard", "interpreter")


@pytest.mark.both_databases
async def test_a_cancelled_hearing_says_why_and_stays_cancelled(court: Any, database: Database, now: datetime) -> None:
    async with database.transaction() as db:
        hearing = await queries.get(db, Hearing, court.hearing.id)
        with pytest.raises(Invalid, match="At least 3 characters are needed"):
            await diary.cancel(db, hearing=hearing, reason="", actor=court.staff("clerk"), now=now)
        await diary.cancel(db, hearing=hearing, reason="Plea entered", actor=court.staff("authority"), now=now)
        with pytest.raises(IllegalMove):
            await diary.cancel(db, hearing=hearing, reason="Again", actor=court.staff("clerk"), now=now)
    async with database.reading() as db:
        assert (await queries.history(db, hearing))[-1].reason == "Plea entered"


async def test_a_hearing_with_an_open_lobby_is_not_cancelled(
    court: Any, database: Database, now: datetime, everything: Any
) -> None:
    await court.open_lobby()
    before = await everything(database)
    async with database.transaction() as db:
        hearing = await queries.get(db, Hearing, court.hearing.id)
        with pytest.raises(NotReady, match="The lobby is open: close the sitting first"):
            await diary.cancel(db, hearing=hearing, reason="Settled", actor=court.staff("clerk"), now=now)
    assert await everything(database) == before


# --- the end of the request --------------------------------------------------------------------------------------


@pytest.mark.both_databases
async def test_the_request_is_closed_when_its_hearing_came_to_nothing(
    court: Any, database: Database, now: datetime
) -> None:
    async with database.transaction() as db:
        request = await queries.get(db, HearingRequest, court.request.id)
        hearing = await queries.get(db, Hearing, court.hearing.id)
        await diary.cancel(db, hearing=hearing, reason="Plea entered", actor=court.staff("clerk"), now=now)
        with pytest.raises(
            Invalid, match="At least 3 characters are needed"
        ):  # nothing was heard: the other State reads why
            await requests.close(db, request=request, actor=court.staff("clerk"), now=now)
        await requests.close(db, request=request, reason="Plea entered", actor=court.staff("clerk"), now=now)
    async with database.reading() as db:
        last = (await queries.history(db, request))[-1]
    assert (last.before, last.after, last.reason) == ("executing", "closed", "Plea entered")


@pytest.mark.parametrize("status", list(HearingStatus))
async def test_a_request_is_closed_only_when_none_of_its_hearings_is_still_to_come(
    court: Any, database: Database, now: datetime, status: HearingStatus
) -> None:
    over = status in {HearingStatus.concluded, HearingStatus.cancelled, HearingStatus.aborted}
    async with database.transaction() as db:
        (await queries.get(db, Hearing, court.hearing.id)).status = status

    async def close() -> None:
        async with database.transaction() as db:
            request = await queries.get(db, HearingRequest, court.request.id)
            await requests.close(db, request=request, reason="Filed", actor=court.staff("clerk"), now=now)

    if over:
        await close()
    else:
        with pytest.raises(HearingNotOver, match=f"{court.hearing.ref} of 2026-12-02 is not over") as refusal:
            await close()
        assert (refusal.value.code, refusal.value.missing) == ("hearing_not_over", (court.hearing.ref,))
    async with database.reading() as db:
        kept = (await queries.get(db, HearingRequest, court.request.id)).status
    assert kept is (RequestStatus.closed if over else RequestStatus.executing)


@pytest.mark.both_databases
async def test_a_request_is_not_closed_while_another_hearing_of_it_is_proposed(
    court: Any, database: Database, now: datetime
) -> None:
    async with database.transaction() as db:
        hearing = await queries.get(db, Hearing, court.hearing.id)
        await diary.cancel(db, hearing=hearing, reason="Judge ill", actor=court.staff("clerk"), now=now)

    async def close() -> None:
        async with database.transaction() as db:
            request = await queries.get(db, HearingRequest, court.request.id)
            await asyncio.sleep(0.05)  # both have read it
            await requests.close(db, request=request, reason="Settled", actor=court.staff("clerk"), now=now)

    async def again() -> None:
        async with database.transaction() as db:
            request = await queries.get(db, HearingRequest, court.request.id)
            await asyncio.sleep(0.05)
            await diary.propose(db, request=request, actor=court.staff("clerk"), now=now, **WORDS)

    refused = [one for one in await asyncio.gather(close(), again(), return_exceptions=True) if one is not None]
    assert [type(one) for one in refused if isinstance(one, Exception)] in ([NotReady], [HearingNotOver])
    async with database.reading() as db:
        status = (await queries.get(db, HearingRequest, court.request.id)).status
        there = await queries.hearings_of_request(db, court.request.id)
    assert (status is RequestStatus.closed) is (len(there) == 1)


@pytest.mark.parametrize("status", [RequestStatus.executed, RequestStatus.closed])
async def test_a_hearing_of_a_request_that_is_over_is_not_made_ready(
    court: Any, database: Database, now: datetime, status: RequestStatus
) -> None:
    async with database.transaction() as db:
        (await queries.get(db, HearingRequest, court.request.id)).status = status
        (await queries.get(db, Hearing, court.hearing.id)).status = HearingStatus.agreed
    with pytest.raises(RequestOver, match=court.request.reference) as refusal:
        async with database.transaction() as db:
            hearing = await queries.get(db, Hearing, court.hearing.id)
            await diary.make_ready(db, hearing=hearing, actor=court.staff("clerk"), now=now)
    assert refusal.value.code == "request_over"
