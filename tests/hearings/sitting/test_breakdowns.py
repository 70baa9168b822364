"""The signed rule for a broken line: its steps in order, each taken once and logged, only while a line is lost."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from hearings import queries
from hearings.actors import SYSTEM
from hearings.agreement import room_rules
from hearings.errors import Invalid, NotAllowed, NotReady
from hearings.models.sitting import HoldCause
from hearings.roles import Role
from hearings.sitting import breakdowns, sittings

IN_SESSION = pytest.mark.parametrize("stage", ["in_session"])
JUDGE, CLERK, AUTHORITY = Role.presiding_judge, Role.clerk, Role.requested_authority
WITNESS, INTERPRETER = Role.witness, Role.interpreter
RULE = {"redial": 2, "second_line": True, "phone": False, "adjourn_after_minutes": 20}


async def act(court: Any, what: Any, by: Role | None, now: datetime, **words: Any) -> Any:
    async with court.database.transaction() as db:
        sitting, _ = await court.sitting(db)
        actor = SYSTEM if by is None else await court.actor(db, by)
        return await what(db, sitting=sitting, actor=actor, now=now, **words)


async def loses_the_line(court: Any, role: Role, now: datetime) -> None:
    reason = f"line_lost:{court.ids[role]}"
    await act(court, sittings.hold, None, now, cause=HoldCause.fault, reason=reason)


async def agreed(court: Any) -> dict[str, Any]:
    async with court.database.reading() as db:
        sitting, _ = await court.sitting(db)
        rules = await room_rules.of_sitting(db, sitting)
    return dict(rules.session["breakdown"])


def test_the_steps_follow_from_the_agreement_in_its_order() -> None:
    assert breakdowns.steps(RULE) == ["redial_1", "redial_2", "second_line", "adjourn"]
    assert breakdowns.steps(RULE | {"redial": 0, "second_line": False, "phone": True}) == ["phone", "adjourn"]
    assert len(breakdowns.steps(RULE | {"redial": 10**9})) == breakdowns.MOST_REDIALS + 2
    told = [str(breakdowns.words(step)) for step in breakdowns.steps(RULE | {"phone": True})]
    assert told == [
        "Redial, attempt 1", "Redial, attempt 2", "Change to the second line", "Call by telephone",
        "Adjourn the hearing",
    ]  # fmt: skip


@pytest.mark.both_databases
@IN_SESSION
async def test_each_step_is_an_event_and_taken_once(court: Any, now: datetime) -> None:
    await loses_the_line(court, WITNESS, now)
    witness, rule = court.ids[WITNESS], await agreed(court)
    wanted = breakdowns.steps(rule)
    later = now + timedelta(seconds=40)
    for by, step in zip((CLERK, JUDGE, AUTHORITY), wanted, strict=False):
        await act(court, breakdowns.take, by, later, participant=witness, step=step)
        with pytest.raises(NotReady, match="taken already"):
            await act(court, breakdowns.take, by, later, participant=witness, step=step)
    async with court.database.reading() as db:
        sitting, _ = await court.sitting(db)
        events = await queries.events(db, court.hearing.id)
    (hold,) = breakdowns.lost_lines(sitting)
    taken = wanted[:3]
    assert [one["step"] for one in hold["steps"]] == taken
    found = [(event.actor_role, event.data) for event in events if event.kind == "breakdown_step"]
    roles = ("clerk", "presiding_judge", "requested_authority")
    assert found == [(role, {"participant": witness, "step": step}) for role, step in zip(roles, taken, strict=False)]
    assert breakdowns.adjourn_at(hold, rule) == now + timedelta(minutes=rule["adjourn_after_minutes"])
    assert not sitting.floor_open


@IN_SESSION
async def test_nothing_is_noted_for_a_line_that_is_not_lost_or_by_anybody_else(
    court: Any, now: datetime, everything: Any
) -> None:
    witness = court.ids[WITNESS]
    with pytest.raises(NotReady, match="No line is lost"):
        await act(court, breakdowns.take, CLERK, now, participant=witness, step="adjourn")
    await loses_the_line(court, WITNESS, now)
    before = await everything(court.database)
    with pytest.raises(NotReady):
        await act(court, breakdowns.take, CLERK, now, participant=court.ids[INTERPRETER], step="adjourn")
    for step in ("redial_99", "redial_0", "pray", ""):
        with pytest.raises(Invalid):
            await act(court, breakdowns.take, CLERK, now, participant=witness, step=step)
    for by in (WITNESS, INTERPRETER):
        with pytest.raises(NotAllowed):
            await act(court, breakdowns.take, by, now, participant=witness, step="adjourn")
    assert await everything(court.database) == before
