"""Facilitators: entered, of no State, reading what is shared with them and nothing else, and doing nothing else."""

from dataclasses import fields
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from hearings import queries
from hearings.actors import Actor, person_actor
from hearings.coordination import facilitators, state_notices
from hearings.coordination.facilitators import Mandate, SharedRequest
from hearings.coordination.state_notices import NoticeContent
from hearings.db import Database
from hearings.errors import Invalid, NotAllowed, NotFound, NotReady
from hearings.models import Facilitator, HearingRequest, Person
from hearings.permission_table import TABLE
from hearings.permissions import may, may_staff
from hearings.roles import NO_STATE
from hearings.staff_table import STAFF
from tests.support.rows import keep, make_person

DAY = timedelta(days=1)


def mandate(now: datetime, **more: Any) -> Mandate:
    given: dict[str, Any] = {
        "name": "E. Desk", "email": "desk@eurojust.example", "kind": "eurojust_desk", "organisation": "Eurojust",
        "network": "eurojust", "states": ["RO", "TH"], "valid_until": now.date() + 30 * DAY, "mandate": "By decision.",
    }  # fmt: skip
    return Mandate(**given | more)


async def entered(database: Database, now: datetime, **more: Any) -> tuple[Facilitator, Actor]:
    administrator = make_person("administrator", "RO", "N. Admin", f"{now.timestamp()}@ro.example")
    await keep(database, administrator)
    async with database.transaction() as db:
        actor = person_actor(administrator)
        made = await facilitators.enter(db, mandate=mandate(now, **more), actor=actor, now=now)
        return made, person_actor(await queries.get(db, Person, made.person_id))


@pytest.mark.both_databases
async def test_a_shared_request_shows_status_dates_and_open_points_until_the_share_is_revoked(
    database: Database, staff: dict[str, Person], accepted: HearingRequest, now: datetime
) -> None:
    one, desk = await entered(database, now)
    clerk = person_actor(staff["clerk"])
    async with database.transaction() as db:
        request = await queries.get(db, HearingRequest, accepted.id)
        share = await facilitators.share(db, request=request, facilitator_id=one.id, actor=clerk, now=now)
        (read,) = await facilitators.shared_with(db, facilitator=one, actor=desk, now=now)
        assert (read.reference, read.waits_for, read.step) == (request.reference, "RO", "set_time")
        with pytest.raises(NotReady):
            await facilitators.share(db, request=request, facilitator_id=one.id, actor=clerk, now=now)
        with pytest.raises(NotFound):
            authority = person_actor(staff["authority"])
            await facilitators.revoke(db, request=request, share_id=share.id, actor=authority, now=now)
        await facilitators.revoke(db, request=request, share_id=share.id, actor=clerk, now=now)
        assert await facilitators.shared_with(db, facilitator=one, actor=desk, now=now) == []
        lines = [line.after for line in await queries.history(db, share)]
        assert lines == ["shared", "revoked"]
        assert len(await facilitators.shares(db, request.id, ended=True)) == 1


def test_nothing_of_the_content_of_a_request_is_among_what_is_shared() -> None:
    assert {field.name for field in fields(SharedRequest)} == {
        "id", "reference", "requesting_state", "requested_state", "shared_by_state", "status", "submitted_at",
        "answer_due", "info_due", "review_due", "written_due", "hearings", "waits_for", "step",
    }  # fmt: skip


@pytest.mark.parametrize("action", [*STAFF, *TABLE])
async def test_a_facilitator_may_do_nothing_that_staff_or_people_of_a_hearing_may(action: str) -> None:
    functions = frozenset({"facilitator"})
    states = {"requesting_state": "RO", "requested_state": "TH"}
    assert not may_staff(action, functions, own_state=NO_STATE, **states).allowed
    own = {"requesting_state": NO_STATE, "requested_state": NO_STATE}
    assert not may_staff(action, functions, own_state=NO_STATE, **own).allowed
    assert not may(action, None).allowed


async def test_a_facilitator_whose_mandate_has_ended_reads_nothing_and_gets_no_share(
    database: Database, staff: dict[str, Person], accepted: HearingRequest, now: datetime
) -> None:
    one, desk = await entered(database, now)
    later = now + 31 * DAY
    async with database.transaction() as db:
        request = await queries.get(db, HearingRequest, accepted.id)
        clerk = person_actor(staff["clerk"])
        with pytest.raises(NotReady):
            await facilitators.share(db, request=request, facilitator_id=one.id, actor=clerk, now=later)
        with pytest.raises(NotAllowed):
            await facilitators.shared_with(db, facilitator=one, actor=desk, now=later)
        with pytest.raises(NotAllowed):
            await facilitators.shared_with(db, facilitator=one, actor=clerk, now=now)
        administrator = Actor(id="a", label="A", state="RO", functions=frozenset({"administrator"}))
        row = await facilitators.own_entry(db, one.id, actor=administrator)
        await facilitators.end(db, facilitator=row, actor=administrator, now=now)
        with pytest.raises(NotAllowed):
            await facilitators.shared_with(db, facilitator=row, actor=desk, now=now)
        assert not (await queries.get(db, Person, one.person_id)).active


async def test_a_facilitators_notice_warns_at_most_covers_its_states_only_and_is_confirmed_by_the_state(
    database: Database, staff: dict[str, Person], now: datetime
) -> None:
    one, desk = await entered(database, now, states=["TH"])
    content: dict[str, Any] = {"topic": "closure", "text": "The ministry is closed.", "first_day": now.date()}
    async with database.transaction() as db:
        how: dict[str, Any] = {"facilitator": one, "actor": desk, "now": now}
        for wrong in ({"state": "RO"}, {"state": "TH", "effect": "block", "reason": "No staff"}):
            with pytest.raises(NotAllowed):
                await state_notices.publish_for(db, content=NoticeContent(**content | wrong), **how)
        made = await state_notices.publish_for(db, content=NoticeContent(**content, state="TH", effect="warn"), **how)
        assert state_notices.overdue(made, now=now + 15 * DAY)
        with pytest.raises(NotAllowed):
            await state_notices.confirm(db, notice=made, actor=desk, now=now)
        await state_notices.confirm(db, notice=made, actor=person_actor(staff["authority"]), now=now)
        assert not state_notices.overdue(made, now=now + 15 * DAY)


async def test_a_facilitator_lifts_no_notice_of_the_state_itself_and_none_that_the_state_has_confirmed(
    database: Database, staff: dict[str, Person], now: datetime
) -> None:
    one, desk = await entered(database, now, states=["TH"])
    authority = person_actor(staff["authority"])
    what: dict[str, Any] = {"state": "TH", "topic": "closure", "text": "Closed.", "first_day": now.date()}
    async with database.transaction() as db:
        how: dict[str, Any] = {"facilitator": one, "actor": desk, "now": now}
        block = NoticeContent(**what, effect="block", reason="No staff")
        own = await state_notices.publish(db, content=block, actor=authority, now=now)
        theirs = await state_notices.publish_for(db, content=NoticeContent(**what), **how)
        again = await state_notices.publish_for(db, content=NoticeContent(**what, supersedes=theirs.id), **how)
        await state_notices.confirm(db, notice=again, actor=authority, now=now)
        for earlier in (own, again):
            with pytest.raises(NotAllowed, match="published or confirmed"):
                await state_notices.publish_for(db, content=NoticeContent(**what, supersedes=earlier.id), **how)


@pytest.mark.parametrize(
    ("field", "more"),
    [
        ("kind", {"kind": "friend"}),
        ("states", {"states": []}),
        ("network", {"network": "club"}),
        ("valid_until", {"valid_until": date(2020, 1, 1)}),
        ("valid_until", {"valid_until": date(2040, 1, 1)}),
        ("email", {"email": "clerk@ro.example"}),
        ("mandate", {"mandate": ""}),
    ],
)
async def test_an_entry_that_cannot_be_right_names_its_field(
    database: Database, staff: dict[str, Person], now: datetime, field: str, more: dict[str, Any]
) -> None:
    with pytest.raises(Invalid) as refusal:
        await entered(database, now, **more)
    assert refusal.value.field == field


async def test_only_an_administrator_enters_a_facilitator(
    database: Database, staff: dict[str, Person], now: datetime
) -> None:
    for who in staff.values():
        with pytest.raises(NotAllowed):
            async with database.transaction() as db:
                await facilitators.enter(db, mandate=mandate(now), actor=person_actor(who), now=now)
