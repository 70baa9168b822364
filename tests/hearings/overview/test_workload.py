"""The figures of a central authority: whose requests count, and where each is counted."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from hearings.db import Database
from hearings.models import HearingRequest, StatusChange
from hearings.overview import workload as figures
from hearings.overview.next_steps import OPEN
from hearings.overview.workload import AGES, Workload
from hearings.status import RequestStatus as R
from tests.support.rows import keep, make_request

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def request(number: int, days: float = 5, **more: Any) -> HearingRequest:
    """Submitted so many days ago."""
    given = {"reference": f"RO-2026-{number:04}", "created_at": ago(days + 1), "submitted_at": ago(days)}
    return make_request(**(given | more))


def history(row: HearingRequest, *moves: tuple[R, float]) -> list[StatusChange]:
    """Its changes of status, each so many days ago."""
    before, changes = "", []
    for status, days in moves:
        changes.append(
            StatusChange(
                owner_state="RO", subject="hearing_request", subject_id=row.id, before=before, after=status.value,
                at=ago(days), actor="x", actor_label="x",
            )
        )  # fmt: skip
        before = status.value
    return changes


async def read(database: Database, state: str = "TH", *, received: bool = True) -> Workload:
    async with database.reading() as db:
        return await figures.workload(db, state=state, received=received, now=NOW)


@pytest.mark.both_databases
async def test_open_requests_are_counted_by_stage_and_age_and_no_draft_or_ended_one(database: Database):
    rows = [
        *(request(number, days, status=R.under_review) for number, days in enumerate((0, 10, 11, 30, 31, 60, 61, 500))),
        request(20, 3, status=R.accepted),
        request(21, 3, status=R.executed),
        request(22, 3, status=R.refused),
        request(23, status=R.draft, submitted_at=None),
    ]
    await keep(database, *rows)
    load = await read(database)
    assert [(stage.status, stage.by_age) for stage in load.stages] == [
        (R.under_review, (2, 2, 2, 2)), (R.accepted, (1, 0, 0, 0)),
    ]  # fmt: skip
    assert (load.open, load.ages(), sum(load.ages())) == (9, [3, 2, 2, 2], load.open)
    assert load.submitted == 10  # of the last 12 months, also what has ended since
    assert len(load.ages()) == len(AGES) + 1


@pytest.mark.both_databases
async def test_a_state_sees_its_own_side_only(database: Database):
    others = {"owner_state": "FR", "requesting_state": "FR", "requested_state": "ES", "status": R.received}
    await keep(database, request(1, status=R.received), request(2, reference="FR-1", **others))
    assert [(one.state, one.open) for one in (await read(database)).states] == [("RO", 1)]
    assert (await read(database, received=False)).open == 0
    assert [(one.state, one.open) for one in (await read(database, "RO", received=False)).states] == [("TH", 1)]
    assert (await read(database, "DE")).states == []


@pytest.mark.both_databases
async def test_a_deadline_is_missed_coming_later_or_not_set(database: Database):
    dues = (ago(0.01), ago(-6.9), ago(-7.1), None)
    rows = [request(number, status=R.under_review, answer_due=due) for number, due in enumerate(dues)]
    asked = request(9, status=R.information_requested, info_due=ago(2))
    await keep(database, *rows, asked)
    ((answer),) = (await read(database)).deadlines
    assert (answer.step, answer.late, answer.soon, answer.later, answer.undated) == ("answer", 1, 1, 1, 1)
    sent = await read(database, "RO", received=False)
    assert [(step.step, step.late) for step in sent.deadlines] == [("answer_question", 1)]
    assert sent.late == 1


@pytest.mark.both_databases
async def test_median_and_slowest_of_a_stage_are_of_the_requests_that_left_it(database: Database):
    rows = [request(days, 50, status=R.accepted, answered_at=ago(50 - days)) for days in (2, 4, 30)]
    moves = [
        change
        for row, days in zip(rows, (2, 4, 30), strict=True)
        for change in history(row, (R.draft, 60), (R.received, 50), (R.under_review, 50 - days))
    ]
    waiting = request(8, 40, status=R.received)
    await keep(database, *rows, waiting, *moves, *history(waiting, (R.received, 40)))
    load = await read(database)
    (received,) = load.steps
    assert (received.status, received.number, received.median_days) == (R.received, 3, 4)
    assert (received.slowest_days, received.slowest) == (30, "RO-2026-0030")
    assert load.answer_days == 4


@pytest.mark.both_databases
async def test_months_are_those_of_the_states_clock_and_each_end_counts_once(database: Database):
    # 30 November 18:00 UTC is 1 December in Bangkok, and November in Bucharest.
    edge = datetime(2026, 10, 31, 18, tzinfo=UTC)
    row = request(1, submitted_at=edge, status=R.closed)
    await keep(database, row, *history(row, (R.received, 20), (R.executed, 3), (R.closed, 1)))
    bangkok, bucharest = await read(database), await read(database, "RO", received=False)
    assert [month.submitted for month in bangkok.months][-2:] == [0, 1]
    assert [month.submitted for month in bucharest.months][-2:] == [1, 0]
    assert sum(month.ended for month in bangkok.months) == 1
    assert len(bangkok.months) == figures.MONTHS


async def test_the_number_of_queries_does_not_grow_with_the_requests(database: Database):
    asked: list[str] = []
    event.listen(database.engine.sync_engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    counts = []
    for number in (3, 30):
        rows = [request(100 * number + each, status=R.received) for each in range(number)]
        await keep(database, *rows, *(change for row in rows for change in history(row, (R.received, 4))))
        asked.clear()
        await read(database)
        counts.append(len(asked))
    assert counts[0] == counts[1] < 15


def test_every_open_status_is_a_stage_and_every_other_has_ended():
    assert {*OPEN, *figures.ENDED, R.draft} == set(R)
