"""Calls for help and for a break: who asks, who answers, and what the log keeps of it."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from hearings import queries
from hearings.errors import Invalid, NotAllowed, NotReady
from hearings.hearing import seats
from hearings.roles import Role
from hearings.sitting import calls

ASSEMBLED = pytest.mark.parametrize("stage", ["assembled"])
JUDGE, CLERK, AUTHORITY = Role.presiding_judge, Role.clerk, Role.requested_authority
WITNESS, INTERPRETER = Role.witness, Role.interpreter


async def act(court: Any, what: Any, target: Role, by: Role, now: datetime, **words: Any) -> Any:
    async with court.database.transaction() as db:
        seat = await court.seat(db, target)
        await what(db, participant=seat, actor=await court.actor(db, by), now=now, **words)
        return seat


async def logged(court: Any, kind: str) -> list[dict[str, Any]]:
    async with court.database.reading() as db:
        return [event.data for event in await queries.events(db, court.hearing.id) if event.kind == kind]


@pytest.mark.both_databases
@ASSEMBLED
async def test_a_call_for_help_is_answered_once_and_asked_again(court: Any, now: datetime) -> None:
    await act(court, seats.ask_help, WITNESS, WITNESS, now, up=True)
    witness = await act(court, calls.answer_help, WITNESS, CLERK, now + timedelta(seconds=34))
    assert (witness.help_at, witness.help_answered_by) == (now, court.ids[CLERK])
    assert await logged(court, "help_answered") == [{"participant": court.ids[WITNESS], "after": 34}]
    with pytest.raises(NotReady, match="Somebody else has answered"):
        await act(court, calls.answer_help, WITNESS, AUTHORITY, now)
    # Nobody came: asked again, it waits for another answer, and its time begins anew.
    again = now + timedelta(minutes=5)
    witness = await act(court, seats.ask_help, WITNESS, WITNESS, again, up=True)
    assert (witness.help_at, witness.help_answered_by) == (again, "")
    witness = await act(court, seats.ask_help, WITNESS, WITNESS, again + timedelta(seconds=9), up=True)
    assert witness.help_at == again
    witness = await act(court, seats.ask_help, WITNESS, WITNESS, again, up=False)
    assert (witness.help_at, witness.help_answered_by) == (None, "")


@ASSEMBLED
async def test_help_is_answered_by_who_may_and_only_where_it_was_asked(
    court: Any, now: datetime, everything: Any
) -> None:
    with pytest.raises(NotReady, match="does not ask for this"):
        await act(court, calls.answer_help, WITNESS, CLERK, now)
    await act(court, seats.ask_help, WITNESS, WITNESS, now, up=True)
    await act(court, seats.ask_help, CLERK, CLERK, now, up=True)
    before = await everything(court.database)
    for target, by in ((WITNESS, WITNESS), (WITNESS, INTERPRETER), (CLERK, CLERK)):
        with pytest.raises(NotAllowed):
            await act(court, calls.answer_help, target, by, now)
    assert await everything(court.database) == before
    await act(court, calls.answer_help, CLERK, AUTHORITY, now)


@ASSEMBLED
async def test_who_leaves_has_asked_for_nothing_any_more(court: Any, now: datetime) -> None:
    await act(court, seats.ask_help, WITNESS, WITNESS, now, up=True)
    await act(court, calls.ask_break, WITNESS, WITNESS, now, up=True, reason="Water")
    await act(court, calls.answer_help, WITNESS, CLERK, now)
    witness = await act(court, seats.leave, WITNESS, WITNESS, now)
    assert (witness.help_at, witness.help_answered_by, witness.break_asked_at, witness.break_reason) == (
        None, "", None, "",
    )  # fmt: skip


@pytest.mark.both_databases
@ASSEMBLED
async def test_a_break_is_asked_for_by_the_person_and_refused_by_the_judge(
    court: Any, now: datetime, everything: Any
) -> None:
    await act(court, calls.ask_break, INTERPRETER, INTERPRETER, now, up=True, reason="  My voice  ")
    later = now + timedelta(seconds=40)
    interpreter = await act(court, calls.ask_break, INTERPRETER, INTERPRETER, later, up=True, reason="My voice")
    assert (interpreter.break_asked_at, interpreter.break_reason) == (now, "My voice")
    before = await everything(court.database)
    for what, target, by in (
        (calls.refuse_break, INTERPRETER, CLERK),
        (calls.refuse_break, INTERPRETER, AUTHORITY),
        (calls.refuse_break, INTERPRETER, INTERPRETER),
    ):
        with pytest.raises(NotAllowed):
            await act(court, what, target, by, now)
    with pytest.raises(NotAllowed):
        await act(court, calls.ask_break, WITNESS, CLERK, now, up=True)
    with pytest.raises(Invalid):
        await act(court, calls.ask_break, WITNESS, WITNESS, now, up=True, reason="\u202ereversed")
    with pytest.raises(NotReady):
        await act(court, calls.refuse_break, WITNESS, JUDGE, now)
    assert await everything(court.database) == before
    interpreter = await act(court, calls.refuse_break, INTERPRETER, JUDGE, later, reason="In ten minutes")
    assert (interpreter.break_asked_at, interpreter.break_reason) == (None, "")
    asked = court.ids[INTERPRETER]
    assert await logged(court, "break_refused") == [{"participant": asked, "reason": "In ten minutes"}]
    assert [data["up"] for data in await logged(court, "break_asked")] == [True, True]
