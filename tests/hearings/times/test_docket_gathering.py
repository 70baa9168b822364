"""What of the database goes into a plan of the docket."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hearings import queries
from hearings.actors import Actor, person_actor
from hearings.errors import Invalid
from hearings.law import rows as law_rows
from hearings.law.law import LAW
from hearings.models import HearingRequest
from hearings.models.diary import ResourceKind
from hearings.models.request import Side
from hearings.times import docket_gathering, resources
from hearings.times.solver import compare

HOUR = timedelta(hours=1)
PLAN: dict[str, Any] = {"days": 7, "duration": timedelta(hours=1), "margin": timedelta(minutes=30)}


async def stock(database: Any, clerk: Actor, now: datetime) -> None:
    """A room of Romania, and four interpreters of whom one fits."""
    async with database.transaction() as db:
        both: dict[str, Any] = {"pairs": (("ro", "th"), ("th", "ro")), "accreditation": "Register 7"}
        for name, words in {
            "Both ways": both,
            "One way": both | {"pairs": (("ro", "th"),)},
            "No accreditation": both | {"accreditation": ""},
            "No longer accredited": both | {"accredited_until": now.date() - timedelta(days=1)},
        }.items():
            kind = ResourceKind.interpreter
            await resources.add(db, kind=kind, name=name, zone="Europe/Bucharest", **words, actor=clerk, now=now)
        kind = ResourceKind.room
        await resources.add(db, kind=kind, name="Room 4", zone="Europe/Bucharest", actor=clerk, now=now)


async def gather(database: Any, now: datetime, **changes: Any) -> docket_gathering.Gathered:
    async with database.reading() as db:
        return await docket_gathering.gather(db, state="RO", since=now, **(PLAN | changes))


async def test_an_accepted_request_is_planned_into_hours_both_courts_keep(
    database: Any, staff: Any, accepted: Any, now: datetime
) -> None:
    await stock(database, person_actor(staff["clerk"]), now)
    found = await gather(database, now)
    (job,) = found.docket.jobs
    assert (job.id, job.label, job.priority) == (accepted.id, accepted.reference, accepted.priority)
    names = {key: row.name for key, row in found.resources.items()}
    assert [[names[one] for one in need] for need in job.needs] == [["Room 4"], ["Both ways"]]
    assert {start.astimezone(UTC).minute for start in job.starts} == {0}
    # Thai courts close at half past four, 09:30 UTC in Bangkok; Romanian ones open at half past eight or nine.
    assert {start.hour for start in job.starts} <= {6, 7, 8}
    assert all(start.weekday() < 5 for start in job.starts)
    best = compare(found.docket).best
    assert [(placement.start, [names[used] for used in placement.resources]) for placement in best.placements] == [
        (min(job.starts), ["Room 4", "Both ways"])
    ]


@pytest.mark.parametrize(
    ("side", "wanted"),
    [
        (None, [["Both ways"]]),
        (Side.requesting, [["Both ways"]]),
        (Side.requested, [["Shared by Thailand"]]),
        (Side.both, [["Both ways"], ["Shared by Thailand"]]),
        (Side.neither, []),
    ],
)
async def test_interpreters_are_of_the_states_that_provide_them_by_the_request(
    database: Any, staff: Any, accepted: Any, now: datetime, side: Side | None, wanted: list[list[str]]
) -> None:
    await stock(database, person_actor(staff["clerk"]), now)
    thai = replace(person_actor(staff["authority"]), functions=frozenset({"clerk"}))
    async with database.transaction() as db:
        words: dict[str, Any] = {"pairs": (("ro", "th"), ("th", "ro")), "accreditation": "Register 8"}
        words |= {"kind": ResourceKind.interpreter, "zone": "Asia/Bangkok", "actor": thai, "now": now}
        await resources.add(db, name="Shared by Thailand", shared=True, **words)
        await resources.add(db, name="Thailand's own", **words)
        (await queries.get(db, HearingRequest, accepted.id)).interpreter_side = side
    found = await gather(database, now)
    (job,) = found.docket.jobs
    names = {key: row.name for key, row in found.resources.items()}
    assert [[names[one] for one in need] for need in job.needs] == [["Room 4"], *wanted]
    (placed,) = compare(found.docket).best.placements
    assert [names[resource] for resource in placed.resources] == ["Room 4", *(one for (one,) in wanted)]


@pytest.mark.parametrize(("longest", "team"), [(60, 1), (59, 2)])
async def test_a_sitting_too_long_for_one_interpreter_is_planned_with_two(
    database: Any, staff: Any, accepted: Any, now: datetime, longest: int, team: int
) -> None:
    await stock(database, person_actor(staff["clerk"]), now)
    admin = Actor(id="admin", label="Elena Stan", state="RO", functions=frozenset({"administrator"}))
    async with database.transaction() as db:
        row = {**LAW.rows["interpreting_rest"]["solo_sitting"], "minutes": longest}
        edits = [law_rows.check("interpreting_rest", row, LAW)]
        await law_rows.save(db, edits=edits, reason="Agreed with them", seen=0, actor=admin, now=now)
    found = await gather(database, now)
    assert [len(need) for need in found.docket.jobs[0].needs] == [1] * (1 + team)
    assert [one.why for one in compare(found.docket).best.unplaced] == ["no_resource"] * (team - 1)
    assert found.without_interpreter == {}


async def test_an_interpreter_the_other_state_keeps_to_itself_is_its_own_to_book(
    database: Any, staff: Any, accepted: Any, now: datetime
) -> None:
    await stock(database, person_actor(staff["clerk"]), now)
    async with database.transaction() as db:
        (await queries.get(db, HearingRequest, accepted.id)).interpreter_side = Side.requested
    found = await gather(database, now)
    assert [len(need) for need in found.docket.jobs[0].needs] == [1]
    assert len(compare(found.docket).best.placements) == 1


async def test_what_has_a_hearing_is_not_planned_again_and_others_see_nothing(
    database: Any, staff: Any, accepted: Any, now: datetime
) -> None:
    async with database.reading() as db:
        foreign = await docket_gathering.gather(db, state="TH", since=now, **PLAN)
    assert (foreign.docket.jobs, foreign.notes) == ((), ("no_rooms",))
    assert [job.id for job in (await gather(database, now)).docket.jobs] == [accepted.id]


@pytest.mark.parametrize("stage", ["ready"])
async def test_a_request_with_a_hearing_is_not_pending(database: Any, court: Any, now: datetime) -> None:
    assert (await gather(database, now)).docket.jobs == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("days", 0),
        ("days", 43),
        ("duration", timedelta()),
        ("margin", timedelta(hours=5)),
        ("margin", -timedelta(hours=1)),
    ],
)
async def test_a_horizon_or_length_that_cannot_be_is_refused(
    database: Any, now: datetime, name: str, value: Any
) -> None:
    with pytest.raises(Invalid) as refusal:
        await gather(database, now, **{name: value})
    assert refusal.value.field == name
