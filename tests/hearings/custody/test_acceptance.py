"""Conditions of acceptance reach a recording: when its retention ends, what goes with a copy, and who is owed one."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from hearings.actors import SYSTEM
from hearings.custody import acceptance, keeping, releases
from hearings.custody.acceptance import DestroyAfter
from hearings.custody.retention_classes import YEAR
from hearings.models import HearingRequest, KeepingDecision
from hearings.models.sitting import KeepingKind
from hearings.moves import move
from hearings.queries import get
from hearings.status import RequestStatus
from scheduler.archiving import keep_until
from tests.support.releases import Desk
from tests.support.rows import NOW

CONDITION = DestroyAfter(90, "TH")
RULES = [{"kind": "destroy_after", "days": 90}, {"kind": "copy_to_requested_state", "days": 14}]


def decision(state: str, code: str) -> KeepingDecision:
    return KeepingDecision(
        owner_state=state, recording_id="r", hearing_id="h", kind=KeepingKind.retention, value=code, person_id="p",
        person_name="A. Popa", reason="as ordered", at=NOW,
    )  # fmt: skip


def test_the_condition_counts_instead_of_the_class_once_the_request_is_closed() -> None:
    at = NOW + YEAR
    open_ = keeping.keeping_status(NOW, [], at, CONDITION)
    assert (open_.ends_at, open_.condition) == (NOW + 10 * YEAR, CONDITION)
    over = replace(CONDITION, over_since=at)
    found = keeping.keeping_status(NOW, [decision("RO", "long")], at, over)
    assert (found.ends_at, found.review_at) == (at + timedelta(days=90), at + timedelta(days=90))
    later = keeping.keeping_status(NOW, [], at + timedelta(days=91), over)
    assert later.is_over(at + timedelta(days=91)) and later.review_at == at + timedelta(days=90) + YEAR


def test_a_class_that_the_requested_state_itself_chooses_counts_again() -> None:
    over = replace(CONDITION, over_since=NOW)
    found = keeping.keeping_status(NOW, [decision("TH", "long")], NOW, over)
    assert (found.condition, found.ends_at) == (None, NOW + 30 * YEAR)


@pytest.mark.parametrize(
    ("condition", "until"),
    [
        (None, (NOW + 10 * YEAR + timedelta(days=1)).date()),
        (CONDITION, date(NOW.year + 2, 1, 1)),
        (replace(CONDITION, over_since=NOW), (NOW + timedelta(days=91)).date()),
    ],
)
def test_an_archive_locks_no_longer_than_the_condition_lets_it(condition: DestroyAfter | None, until: date) -> None:
    assert keep_until(NOW, [], condition, now=NOW) == until


async def test_it_counts_from_the_closing_of_the_request(desk: Desk) -> None:
    async with desk.database.transaction() as db:
        request = await get(db, HearingRequest, desk.request.id)
        request.condition_rules, request.status = RULES, RequestStatus.executed
        db.add(request)
    async with desk.database.reading() as db:
        found = await acceptance.destroy_after(db)
        assert found == {desk.recording.id: DestroyAfter(90, "TH", None)}
    async with desk.database.transaction() as db:
        request = await get(db, HearingRequest, desk.request.id)
        move(db, request, RequestStatus.closed, actor=SYSTEM, now=desk.now)
    async with desk.database.reading() as db:
        found = await acceptance.destroy_after(db, [desk.recording.id])
        assert found[desk.recording.id].over_since == desk.now
        assert await acceptance.destroy_after(db, ["another"]) == {}
        status = await keeping.status_now(db, desk.recording, desk.now, desk.now)
        assert status.ends_at == desk.now + timedelta(days=90)


async def test_the_condition_goes_with_a_copy_and_a_copy_is_owed_until_one_was_taken(desk: Desk) -> None:
    async with desk.database.transaction() as db:
        request = await get(db, HearingRequest, desk.request.id)
        request.condition_rules = RULES
        db.add(request)
    row = await desk.propose()
    assert row.limits[-1] == {
        "source": f"acceptance of request {desk.request.reference}",
        "text": "The recording is destroyed 90 days after the final decision.",
    }
    owed = acceptance.owed_copy(request, desk.recording, [row])
    assert owed is not None and (owed.state, owed.until, owed.taken) == ("TH", desk.now + timedelta(days=14), False)
    taken = await desk.take(await desk.confirm(row))
    owed = acceptance.owed_copy(request, desk.recording, [taken])
    assert owed is not None and owed.taken
    async with desk.database.reading() as db:
        assert await releases.limits_now(db, await get(db, HearingRequest, desk.request.id)) == row.limits
