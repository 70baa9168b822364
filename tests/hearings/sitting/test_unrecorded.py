"""Going on without a recording: two named people of two States, never one, and only while the recording fails."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from hearings import queries
from hearings.errors import HearingsError, Invalid, NotAllowed, NotReady, RecordingNotHealthy
from hearings.models import Sitting
from hearings.roles import Role
from hearings.sitting import recordings, sittings, unrecorded
from hearings.status import SittingStatus

IN_SESSION = pytest.mark.parametrize("stage", ["in_session"])
JUDGE, CLERK, AUTHORITY = Role.presiding_judge, Role.clerk, Role.requested_authority
WITNESS, INTERPRETER = Role.witness, Role.interpreter
WHY = "The witness leaves the country tonight."


async def act(court: Any, what: Any, by: Role, now: datetime, **words: Any) -> Any:
    async with court.database.transaction() as db:
        sitting, _ = await court.sitting(db)
        return await what(db, sitting=sitting, actor=await court.actor(db, by), now=now, **words)


async def fails(court: Any, now: datetime) -> None:
    async with court.database.transaction() as db:
        sitting, recording = await court.sitting(db)
        await recordings.failing(db, sitting=sitting, recording=recording, code="disk_full", now=now)


async def back(court: Any, now: datetime) -> None:
    async with court.database.transaction() as db:
        sitting, recording = await court.sitting(db)
        await recordings.recovered(db, sitting=sitting, recording=recording, now=now)


async def row(court: Any) -> Sitting:
    async with court.database.reading() as db:
        sitting, _ = await court.sitting(db)
    return sitting


async def logged(court: Any, kind: str) -> list[dict[str, Any]]:
    async with court.database.reading() as db:
        return [event.data for event in await queries.events(db, court.hearing.id) if event.kind == kind]


async def resumes(court: Any, now: datetime) -> bool:
    return bool(await act(court, sittings.resume, JUDGE, now, reason="Two have decided"))


@pytest.mark.both_databases
@IN_SESSION
@pytest.mark.parametrize(("first", "second"), [(JUDGE, AUTHORITY), (AUTHORITY, JUDGE)])
async def test_two_of_two_states_open_the_floor_until_one_of_them_ends_it(
    court: Any, now: datetime, first: Role, second: Role
) -> None:
    await fails(court, now)
    await act(court, unrecorded.propose, first, now, reason=WHY)
    with pytest.raises(RecordingNotHealthy):
        await resumes(court, now)
    await act(court, unrecorded.confirm, second, now)
    assert not (await row(court)).floor_open  # the judge lifts the hold by an act of their own
    assert await resumes(court, now)
    assert await logged(court, "unrecorded_begun") == [
        {"by": court.ids[first], "confirmed_by": court.ids[second], "reason": WHY}
    ]
    await act(court, unrecorded.end, second, now + timedelta(seconds=90))
    sitting = await row(court)
    assert (sitting.floor_open, sitting.status, sitting.without_recording) == (False, SittingStatus.held, {})
    assert await logged(court, "unrecorded_ended") == [{"seconds": 90}]
    with pytest.raises(RecordingNotHealthy):
        await resumes(court, now)


@IN_SESSION
async def test_nobody_does_it_alone_and_nobody_else(court: Any, now: datetime, everything: Any) -> None:
    before = await everything(court.database)
    for by in (JUDGE, AUTHORITY):
        with pytest.raises(NotReady, match="only while the recording"):
            await act(court, unrecorded.propose, by, now, reason=WHY)
    assert await everything(court.database) == before
    await fails(court, now)
    with pytest.raises(Invalid):
        await act(court, unrecorded.propose, JUDGE, now, reason="x" * (unrecorded.LEAST - 1))
    with pytest.raises(NotReady, match="Nothing is proposed"):
        await act(court, unrecorded.confirm, JUDGE, now)
    await act(court, unrecorded.propose, JUDGE, now, reason=WHY)
    before = await everything(court.database)
    with pytest.raises(NotAllowed, match="Two people of two States"):
        await act(court, unrecorded.confirm, JUDGE, now)
    with pytest.raises(NotReady, match="proposed already"):
        await act(court, unrecorded.propose, AUTHORITY, now, reason=WHY)
    for by in (CLERK, WITNESS, INTERPRETER):
        for what, words in ((unrecorded.propose, {"reason": WHY}), (unrecorded.confirm, {}), (unrecorded.end, {})):
            with pytest.raises(NotAllowed):
                await act(court, what, by, now, **words)
    assert await everything(court.database) == before


@IN_SESSION
async def test_two_people_of_one_state_cannot(court: Any, now: datetime) -> None:
    """Somebody has made the requested authority one of the requesting State, in the database."""
    async with court.database.transaction() as db:
        seat = await court.seat(db, AUTHORITY)
        seat.state = (await court.seat(db, JUDGE)).state
        db.add(seat)
    await fails(court, now)
    await act(court, unrecorded.propose, JUDGE, now, reason=WHY)
    with pytest.raises(NotAllowed, match="Two people of two States"):
        await act(court, unrecorded.confirm, AUTHORITY, now)
    # And a row that somebody has written so opens nothing.
    async with court.database.transaction() as db:
        sitting, _ = await court.sitting(db)
        sitting.without_recording = {
            **sitting.without_recording,
            "confirmed_by": court.ids[AUTHORITY],
            "confirmed_role": AUTHORITY.value,
            "confirmed_state": sitting.without_recording["state"],
            "confirmed_at": now.isoformat(),
        }
        db.add(sitting)
    with pytest.raises(RecordingNotHealthy):
        await resumes(court, now)


@pytest.mark.both_databases
@IN_SESSION
async def test_it_ends_when_the_recorder_is_back_and_another_failure_needs_both_again(
    court: Any, now: datetime
) -> None:
    await fails(court, now)
    await act(court, unrecorded.propose, JUDGE, now, reason=WHY)
    await act(court, unrecorded.confirm, AUTHORITY, now)
    await resumes(court, now)
    await back(court, now + timedelta(seconds=30))
    sitting = await row(court)
    assert (sitting.floor_open, sitting.without_recording) == (True, {})
    assert await logged(court, "unrecorded_ended") == [{"seconds": 30}]
    await fails(court, now + timedelta(seconds=40))
    assert not (await row(court)).floor_open
    with pytest.raises(RecordingNotHealthy):
        await resumes(court, now)


@IN_SESSION
async def test_a_proposal_is_taken_back_and_ends_with_the_sitting(court: Any, now: datetime) -> None:
    await fails(court, now)
    await act(court, unrecorded.propose, JUDGE, now, reason=WHY)
    await act(court, unrecorded.end, AUTHORITY, now)
    assert (await row(court)).without_recording == {}
    with pytest.raises(NotReady):
        await act(court, unrecorded.end, JUDGE, now)
    await act(court, unrecorded.propose, AUTHORITY, now, reason=WHY)
    await act(court, unrecorded.confirm, JUDGE, now)
    await act(court, sittings.close, JUDGE, now)
    assert ((await row(court)).without_recording, len(await logged(court, "unrecorded_ended"))) == ({}, 1)
    for what, words in ((unrecorded.propose, {"reason": WHY}), (unrecorded.confirm, {})):
        with pytest.raises(HearingsError):
            await act(court, what, JUDGE, now, **words)
