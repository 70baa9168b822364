"""Breaks: ordered by the judge, with microphones off and the recording paused; what the log says at the end."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from hearings import queries
from hearings.errors import Invalid, NotAllowed, NotReady
from hearings.hearing import seats
from hearings.models import Participant
from hearings.roles import Role
from hearings.sitting import breaks, calls, sittings
from hearings.status import RecordingStatus, SittingStatus

IN_SESSION = pytest.mark.parametrize("stage", ["in_session"])
ASSEMBLED = pytest.mark.parametrize("stage", ["assembled"])
JUDGE, CLERK, AUTHORITY = Role.presiding_judge, Role.clerk, Role.requested_authority
WITNESS, INTERPRETER = Role.witness, Role.interpreter


async def act(court: Any, what: Any, by: Role, now: datetime, **words: Any) -> Any:
    async with court.database.transaction() as db:
        sitting, _ = await court.sitting(db)
        return await what(db, sitting=sitting, actor=await court.actor(db, by), now=now, **words)


async def own(court: Any, what: Any, by: Role, now: datetime, **words: Any) -> None:
    async with court.database.transaction() as db:
        seat = await court.seat(db, by)
        await what(db, participant=seat, actor=await court.actor(db, by), now=now, **words)


async def logged(court: Any, kind: str) -> list[dict[str, Any]]:
    async with court.database.reading() as db:
        return [event.data for event in await queries.events(db, court.hearing.id) if event.kind == kind]


@pytest.mark.both_databases
@IN_SESSION
async def test_a_break_closes_the_floor_switches_microphones_off_and_ends_by_the_judge(
    court: Any, now: datetime
) -> None:
    for role in (WITNESS, JUDGE):
        await own(court, seats.set_microphone, role, now, on=True)
    await own(court, calls.ask_break, INTERPRETER, now, up=True, reason="My voice")
    await act(court, breaks.order, JUDGE, now, purpose="interpreter", minutes=10)
    async with court.database.reading() as db:
        sitting, recording = await court.sitting(db)
        people = await queries.participants(db, court.hearing.id)
    assert (sitting.status, sitting.floor_open) == (SittingStatus.paused, False)
    assert recording.status is RecordingStatus.recording
    assert not any(person.microphone or person.muted_by_court or person.break_asked_at for person in people)
    until = (now + timedelta(minutes=10)).isoformat()
    assert await logged(court, "break_ordered") == [{"purpose": "interpreter", "until": until, "reason": ""}]
    assert sittings.break_of(sitting) == {"purpose": "interpreter", "until": until, "begun": now.isoformat()}

    await own(court, seats.leave, INTERPRETER, now)
    with pytest.raises(NotAllowed):
        await act(court, sittings.resume, AUTHORITY, now, reason="Go on")
    back = now + timedelta(minutes=11)
    assert await act(court, sittings.resume, JUDGE, back, reason="Go on")
    away = [court.ids[INTERPRETER]]
    ended = {"purpose": "interpreter", "seconds": 660, "away": away, "paused_after": None}
    assert await logged(court, "break_ended") == [ended]
    async with court.database.reading() as db:
        sitting, _ = await court.sitting(db)
    assert (sitting.status, sittings.break_of(sitting)) == (SittingStatus.in_session, None)


@pytest.mark.both_databases
@IN_SESSION
async def test_the_log_says_how_long_after_the_order_the_recording_went_on(court: Any, now: datetime) -> None:
    async def confirm(at: datetime) -> None:
        async with court.database.transaction() as db:
            sitting, _ = await court.sitting(db)
            await breaks.confirmed(db, sitting=sitting, now=at)

    await confirm(now)  # nothing is paused by order: nothing is noted
    await act(court, breaks.order, JUDGE, now, purpose="rest", minutes=5)
    await act(court, sittings.hold, AUTHORITY, now, reason="Wait for me")
    await confirm(now + timedelta(seconds=1.44))
    await confirm(now + timedelta(seconds=90))  # said again by a recorder that was started again
    await act(court, sittings.resume, JUDGE, now + timedelta(minutes=5), reason="Go on")
    (ended,) = await logged(court, "break_ended")
    assert ended == {"purpose": "rest", "seconds": 300, "away": [], "paused_after": 1.4}
    async with court.database.reading() as db:
        sitting, _ = await court.sitting(db)
    assert [hold["reason"] for hold in sitting.holds] == ["Wait for me"]


@IN_SESSION
async def test_a_break_ends_although_another_hold_stays(court: Any, now: datetime) -> None:
    await act(court, breaks.order, JUDGE, now, purpose="rest", minutes=5, reason="Lunch")
    await act(court, sittings.hold, AUTHORITY, now, reason="Wait for me")
    assert not await act(court, sittings.resume, JUDGE, now, reason="Go on")
    assert len(await logged(court, "break_ended")) == 1
    assert await act(court, sittings.resume, AUTHORITY, now, reason="Here I am")
    assert len(await logged(court, "break_ended")) == 1


async def pause(court: Any) -> breaks.RecordingPause | None:
    async with court.database.reading() as db:
        return breaks.recording_pause((await court.sitting(db))[0])


@IN_SESSION
async def test_a_break_and_no_other_hold_pauses_the_recording_until_it_is_over(court: Any, now: datetime) -> None:
    await act(court, sittings.hold, JUDGE, now, reason="One moment")
    await act(court, sittings.hold, AUTHORITY, now, reason="Wait for me")
    assert await pause(court) is None
    await act(court, breaks.order, JUDGE, now, purpose="consultation", minutes=5, reason="With Mr Popescu")
    assert await pause(court) == breaks.RecordingPause(by="presiding_judge", purpose="consultation")
    await act(court, sittings.resume, AUTHORITY, now, reason="Here I am")
    assert await pause(court) is not None
    await act(court, sittings.resume, JUDGE, now, reason="Go on")
    assert await pause(court) is None


@IN_SESSION
@pytest.mark.parametrize("end", [sittings.close, sittings.abort])
async def test_the_end_of_the_sitting_leaves_no_pause(court: Any, now: datetime, end: Any) -> None:
    await act(court, breaks.order, JUDGE, now, purpose="rest", minutes=5)
    await act(court, end, JUDGE, now, reason="For today")
    assert await pause(court) is None


@IN_SESSION
async def test_a_break_that_is_not_ordered_changes_nothing(court: Any, now: datetime, everything: Any) -> None:
    before = await everything(court.database)
    for by in (CLERK, AUTHORITY, WITNESS, INTERPRETER):
        with pytest.raises(NotAllowed):
            await act(court, breaks.order, by, now, purpose="rest", minutes=5)
    for words, field in (
        ({"purpose": "tea", "minutes": 5}, "purpose"),
        ({"purpose": "rest", "minutes": 0}, "minutes"),
        ({"purpose": "rest", "minutes": breaks.LONGEST + 1}, "minutes"),
        ({"purpose": "rest", "minutes": 5, "reason": "\u202e"}, "reason"),
    ):
        with pytest.raises(Invalid) as refused:
            await act(court, breaks.order, JUDGE, now, **words)
        assert refused.value.field == field
    assert await everything(court.database) == before
    await act(court, breaks.order, JUDGE, now, purpose="rest", minutes=5)
    with pytest.raises(NotReady, match="ordered already"):
        await act(court, breaks.order, JUDGE, now, purpose="rest", minutes=5)


@ASSEMBLED
async def test_before_the_start_there_is_no_break(court: Any, now: datetime) -> None:
    with pytest.raises(NotReady, match="in session"):
        await act(court, breaks.order, JUDGE, now, purpose="rest", minutes=5)


@IN_SESSION
async def test_a_break_does_not_unmute_and_an_order_of_the_court_to_be_silent_stays(court: Any, now: datetime) -> None:
    async with court.database.transaction() as db:
        seat = await court.seat(db, WITNESS)
        seat.muted_by_court = True
        db.add(seat)
    await act(court, breaks.order, JUDGE, now, purpose="consultation", minutes=5)
    await act(court, sittings.resume, JUDGE, now, reason="Go on")
    async with court.database.reading() as db:
        seat = await queries.get(db, Participant, court.ids[WITNESS])
    assert (seat.microphone, seat.muted_by_court) == (False, True)
