"""The five criteria, each 0 to 3, what each is taken from, and the override that is logged."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from hearings import queries
from hearings.actors import SYSTEM, Actor, person_actor
from hearings.db import Database
from hearings.errors import Invalid, NotAllowed
from hearings.models import HearingRequest, Person
from hearings.moves import move
from hearings.requests import log as request_log, priority, queries as request_queries, requests
from hearings.requests.fields import fill
from hearings.status import RequestStatus

ON = date(2026, 12, 2)


def points(**fields: Any) -> dict[str, int]:
    row = HearingRequest(
        owner_state="RO", reference="x", requesting_state="RO", requested_state="TH", created_by="-",
        created_at=datetime(2026, 12, 2, tzinfo=UTC),
    )  # fmt: skip
    fill(row, fields)
    return {one.name: one.points for one in priority.score(row, on=ON).criteria}


NOTHING = {"urgency": 0, "seriousness": 0, "custody": 0, "evidence": 0, "stage": 0}


@pytest.mark.parametrize(
    ("fields", "scored"),
    [
        ({}, {}),
        ({"wanted_by": "2026-12-09"}, {"urgency": 3}),
        ({"wanted_by": "2026-12-10"}, {"urgency": 1}),
        ({"wanted_by": "2027-02-01"}, {}),
        ({"urgent": True, "wanted_by": "2027-02-01"}, {"urgency": 2}),
        ({"offence_serious": True}, {"seriousness": 2}),
        ({"penalty_years": 3}, {"seriousness": 1}),
        ({"penalty_years": 4}, {"seriousness": 2}),
        ({"penalty_years": 10}, {"seriousness": 3}),
        ({"grave_offence_or_jury": True}, {"seriousness": 3}),
        ({"detained_since": "2026-12-01"}, {"custody": 1}),
        ({"detained_since": "2026-09-03"}, {"custody": 2}),
        ({"detained_since": "2026-06-05"}, {"custody": 3}),
        ({"detained_since": "2026-12-01", "custody_limit": "2027-01-31"}, {"custody": 3}),
        ({"detained_since": "2026-12-01", "custody_limit": "2027-02-01"}, {"custody": 1}),
        ({"detained_since": "2020-12-01", "stage": "execution"}, {}),
        ({"evidence_risk": 3}, {"evidence": 3}),
        ({"stage": "trial"}, {"stage": 3}),
        ({"stage": "appeal"}, {"stage": 2}),
        ({"stage": "investigation"}, {"stage": 1}),
    ],
)
def test_each_criterion_is_scored_by_what_was_said(fields: dict[str, Any], scored: dict[str, int]) -> None:
    assert points(**fields) == NOTHING | scored


def test_what_nobody_has_said_counts_nothing_and_says_so() -> None:
    row = HearingRequest(
        owner_state="RO", reference="x", requesting_state="RO", requested_state="TH", created_by="-",
        created_at=datetime(2026, 12, 2, tzinfo=UTC),
    )  # fmt: skip
    found = priority.score(row, on=ON)
    assert {one.name: one.known for one in found.criteria if one.name != "urgency"} == {
        "seriousness": False, "custody": False, "evidence": False, "stage": False,
    }  # fmt: skip
    assert (found.total, found.detained_days, found.custody_days_left) == (0, None, None)


async def test_an_override_needs_a_reason_sorts_the_queue_and_is_logged(
    database: Database, staff: dict[str, Person], now: datetime, fields: dict[str, Any]
) -> None:
    clerk, authority = person_actor(staff["clerk"]), person_actor(staff["authority"])
    made = []
    for stage in ("investigation", "trial", "appeal"):
        async with database.transaction() as db:
            row = await requests.draft(db, requested_state="TH", fields=fields | {"stage": stage}, actor=clerk, now=now)
            await requests.submit(db, request=row, actor=clerk, now=now)
            made.append(row.reference)

    async def queue() -> list[str]:
        found: list[str] = []
        after = ""
        async with database.reading() as db:
            while True:
                page = await request_queries.queue(db, state="TH", after=after, limit=1)
                found += [row.reference for row in page.rows]
                if not page.after:
                    return found
                after = page.after

    assert await queue() == [made[1], made[2], made[0]]

    async def overrule(actor: Actor, value: int | None, reason: str) -> HearingRequest:
        async with database.transaction() as db:
            row = await queries.request(db, made[0], state="TH", lock=True)
            await priority.overrule(db, request=row, value=value, reason=reason, actor=actor, now=now)
            return row

    for actor, value, reason, error in (
        (clerk, 15, "Please", NotAllowed),
        (authority, 15, "", Invalid),
        (authority, 16, "Too much", Invalid),
    ):
        with pytest.raises(error):
            await overrule(actor, value, reason)
    before = (await overrule(authority, 15, "A child waits")).version
    assert await queue() == [made[0], made[1], made[2]]
    assert (await overrule(authority, None, "It does not any more")).version == before + 1
    assert await queue() == [made[1], made[2], made[0]]
    async with database.reading() as db:
        row = await queries.request(db, made[0], state="TH")
        lines = (await request_log.of_request(db, row, state=row.owner_state)).rows[::-1]
    assert [(line.act.value, line.reason, line.data, line.actor) for line in lines] == [
        ("priority_set", "A child waits", {"before": 3, "after": 15}, authority.id),
        ("priority_cleared", "It does not any more", {"before": 15, "after": 3}, authority.id),
    ]


@pytest.mark.both_databases
async def test_the_priority_rises_with_time_alone_sorts_the_queue_anew_and_says_why(
    database: Database, staff: dict[str, Person], now: datetime, fields: dict[str, Any]
) -> None:
    clerk, authority = person_actor(staff["clerk"]), person_actor(staff["authority"])
    asked: dict[str, dict[str, Any]] = {
        "trial": {"stage": "trial"},
        "held": {"detained_since": (now.date() - timedelta(days=80)).isoformat(), "stage": "investigation"},
        "by hand": {"detained_since": (now.date() - timedelta(days=80)).isoformat()},
        "withdrawn": {"detained_since": (now.date() - timedelta(days=80)).isoformat()},
    }
    made: dict[str, str] = {}
    for name, more in asked.items():
        async with database.transaction() as db:
            row = await requests.draft(db, requested_state="TH", fields=fields | more, actor=clerk, now=now)
            await requests.submit(db, request=row, actor=clerk, now=now)
            made[name] = row.reference
            if name == "by hand":
                await priority.overrule(db, request=row, value=1, reason="It can wait", actor=authority, now=now)
            if name == "withdrawn":
                move(db, row, RequestStatus.withdrawn, actor=clerk, now=now)

    async def queue() -> list[str]:
        names = {reference: name for name, reference in made.items()}
        async with database.reading() as db:
            return [names[row.reference] for row in (await request_queries.queue(db, state="TH")).rows]

    async def after(days: int) -> int:
        async with database.transaction() as db:
            return await priority.refresh_open(db, now=now + timedelta(days=days))

    assert (await after(0), await after(9), await queue()) == (0, 0, ["trial", "held", "by hand"])
    assert (await after(10), await after(10), await queue()) == (1, 0, ["trial", "held", "by hand"])
    assert (await after(100), await queue()) == (1, ["held", "trial", "by hand"])
    async with database.reading() as db:
        row = await queries.request(db, made["held"], state="TH")
        lines = (await request_log.of_request(db, row, state="TH")).rows[::-1]
    assert [(line.act.value, line.reason, line.data, line.actor_label) for line in lines] == [
        ("priority_refreshed", "In custody for 90 days", {"before": 4, "after": 5}, SYSTEM.label),
        ("priority_refreshed", "In custody for 180 days", {"before": 5, "after": 6}, SYSTEM.label),
    ]
