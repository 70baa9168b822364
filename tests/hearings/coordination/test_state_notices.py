"""Notices of a State: who publishes what, how long they count, and what they stop."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from hearings import queries
from hearings.actors import person_actor
from hearings.coordination import state_notices
from hearings.coordination.state_notices import STOPS, NoticeContent, NoticeStatus, Stopped
from hearings.db import Database
from hearings.errors import Invalid, NotAllowed, NotFound, NoticeBlocks, NotReady, UnknownState
from hearings.hearing import hearing as diary
from hearings.models import HearingRequest, Person, StateNotice
from hearings.models.coordination import NoticeEffect, NoticeTopic
from hearings.queries import history
from hearings.times import availability
from hearings.times.slots import SlotSearch
from tests.support.rows import keep, make_person

DAY = timedelta(days=1)


def content(**more: Any) -> NoticeContent:
    given: dict[str, Any] = {
        "state": "TH",
        "topic": "delay",
        "text": "Answers take four weeks.",
        "first_day": date(2026, 1, 1),
    }
    return NoticeContent(**given | more)


async def publish(database: Database, by: Person, now: datetime, **more: Any) -> StateNotice:
    async with database.transaction() as db:
        what = content(**{"first_day": now.date(), "last_day": None, **more})
        return await state_notices.publish(db, content=what, actor=person_actor(by), now=now)


@pytest.mark.both_databases
async def test_a_notice_is_published_superseded_and_kept_in_the_history(
    database: Database, staff: dict[str, Person], now: datetime
) -> None:
    first = await publish(database, staff["authority"], now, effect="warn")
    second = await publish(database, staff["authority"], now, text="Answers take a week.", supersedes=first.id)
    async with database.reading() as db:
        page = await state_notices.listed(db, state="TH", now=now)
        everything = await state_notices.listed(db, state="TH", history=True, now=now)
        told = await history(db, first)
        shown = await state_notices.on_days(db, states=["TH", "RO"], first=now.date(), last=now.date())
    assert [one.row.id for one in page.rows] == [second.id] == [row.id for row in shown]
    assert [one.status for one in everything.rows] == [NoticeStatus.in_force, NoticeStatus.superseded]
    assert [(line.after, line.actor_label) for line in told] == [("published", staff["authority"].name)]
    with pytest.raises(NotReady):
        await publish(database, staff["authority"], now, supersedes=first.id)


async def test_only_an_authority_or_administrator_publishes_and_only_for_the_own_state(
    database: Database, staff: dict[str, Person], now: datetime
) -> None:
    administrator = make_person("administrator", "TH", "N. Admin")
    await keep(database, administrator)
    await publish(database, administrator, now)
    for who in ("clerk", "judge"):
        with pytest.raises(NotAllowed):
            await publish(database, staff[who], now, state="RO")
    with pytest.raises(NotAllowed):
        await publish(database, staff["authority"], now, state="RO")
    theirs = await publish(database, staff["authority"], now)
    romanian = make_person("authority", "RO", "O. Other")
    await keep(database, romanian)
    with pytest.raises(NotFound):
        await publish(database, romanian, now, state="RO", supersedes=theirs.id)


@pytest.mark.parametrize(
    ("field", "more"),
    [
        ("topic", {"topic": "weather"}),
        ("effect", {"effect": "stop"}),
        ("effect", {"topic": "delay", "effect": "block", "reason": "No staff"}),
        ("reason", {"topic": "closure", "effect": "block"}),
        ("text", {"text": ""}),
        ("last_day", {"last_day": date(2020, 1, 1)}),
        ("first_day", {"first_day": date(2099, 1, 1), "last_day": None}),
        ("languages", {"languages": ["en"] * 11}),
    ],
)
async def test_what_cannot_be_right_names_its_field_and_changes_nothing(
    database: Database, staff: dict[str, Person], now: datetime, field: str, more: dict[str, Any]
) -> None:
    with pytest.raises(Invalid) as refusal:
        await publish(database, staff["authority"], now, **more)
    assert refusal.value.field == field
    async with database.reading() as db:
        assert (await state_notices.listed(db, history=True, now=now)).rows == []


async def test_a_notice_of_no_state_is_refused(database: Database, now: datetime) -> None:
    stranger = make_person("authority", "ZZ", "Nobody")
    with pytest.raises(UnknownState):
        await publish(database, stranger, now, state="ZZ")


def test_an_unconfirmed_notice_says_so_only_after_fourteen_days_and_only_a_facilitators(now: datetime) -> None:
    def notice(**more: Any) -> StateNotice:
        return StateNotice(owner_state="TH", published_at=now, **more)

    theirs, own = notice(facilitator_id="f"), notice()
    assert not state_notices.overdue(theirs, now=now + 14 * DAY)
    assert state_notices.overdue(theirs, now=now + 14 * DAY + timedelta(seconds=1))
    assert not state_notices.overdue(own, now=now + 100 * DAY)
    assert not state_notices.overdue(notice(facilitator_id="f", confirmed_at=now), now=now + 100 * DAY)


def test_a_notice_counts_from_its_first_to_its_last_day(now: datetime) -> None:
    row = StateNotice(owner_state="TH", first_day=date(2026, 3, 1), last_day=date(2026, 3, 3))
    days = (date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 3), date(2026, 3, 4))
    assert [state_notices.status(row, on=day).value for day in days] == ["ahead", "in_force", "in_force", "expired"]
    row.last_day = None
    assert state_notices.status(row, on=date(2040, 1, 1)) is NoticeStatus.in_force


@pytest.mark.parametrize("topic", NoticeTopic)
@pytest.mark.parametrize("effect", NoticeEffect)
def test_a_notice_stops_only_what_its_topic_stops_and_only_when_it_blocks(
    topic: NoticeTopic, effect: NoticeEffect
) -> None:
    row = StateNotice(owner_state="TH", topic=topic, effect=effect)
    stops = {what for what in Stopped if state_notices.stopping([row], what)}
    assert stops == (STOPS.get(topic, frozenset()) if effect is NoticeEffect.block else set())


async def test_a_closed_day_is_in_no_slot_search_and_no_hearing_is_proposed_for_it(
    database: Database, staff: dict[str, Person], accepted: HearingRequest, now: datetime
) -> None:
    day = datetime.fromisoformat("2026-12-09T09:00")
    block = {"topic": "closure", "effect": "block", "reason": "The court building is closed"}
    await publish(database, staff["authority"], now, first_day=day.date(), last_day=day.date(), **block)
    async with database.reading() as db:
        wanted = SlotSearch(since=now, until=now + 14 * DAY, duration=timedelta(hours=1))
        courts = [("RO", "Europe/Bucharest"), ("TH", "Asia/Bangkok")]
        found = await availability.find(db, wanted=wanted, courts=courts, state="RO", now=now, limit=500, per_day=9)
    reasons = {on: {reason.detail for reason in why} for on, why in found.excluded}
    assert block["reason"] in reasons[day.date()]
    assert day.date() not in {slot.starts_at.date() for slot in found.slots} != set()
    times = {"wall_zone": "Europe/Bucharest", "requesting_zone": "Europe/Bucharest", "requested_zone": "Asia/Bangkok"}
    places = {"requesting_city": "Bucharest", "requested_city": "Bangkok"}
    by = {"actor": person_actor(staff["clerk"]), "now": now}
    with pytest.raises(NoticeBlocks) as refusal:
        async with database.transaction() as db:
            request = await queries.get(db, HearingRequest, accepted.id)
            await diary.propose(db, request=request, wall_start=day, **times, **places, **by)
    assert refusal.value.missing == ("TH: The court building is closed",)
    async with database.transaction() as db:
        request = await queries.get(db, HearingRequest, accepted.id)
        made = await diary.propose(db, request=request, wall_start=day + 2 * DAY, **times, **places, **by)
    assert made.id


async def test_no_request_is_submitted_on_a_day_on_which_a_state_takes_none(
    database: Database, staff: dict[str, Person], now: datetime
) -> None:
    block = {"topic": "e_transmission", "effect": "block", "reason": "The platform is moved"}
    await publish(database, staff["authority"], now, last_day=now.date(), **block)
    async with database.reading() as db:
        for at, stopped in ((now, True), (now + 2 * DAY, False)):
            asked = {"what": Stopped.request, "states": {"RO", "TH"}, "first": at, "last": at}
            if stopped:
                with pytest.raises(NoticeBlocks):
                    await state_notices.require_open(db, **asked)
            else:
                await state_notices.require_open(db, **asked)


async def test_who_subscribes_to_a_state_is_among_its_subscribers_until_they_leave(
    database: Database, staff: dict[str, Person], now: datetime
) -> None:
    clerk = staff["clerk"]
    for on, expected in ((True, [clerk.id]), (True, [clerk.id]), (False, [])):
        async with database.transaction() as db:
            await state_notices.subscribe(db, person=clerk, state="TH", on=on, now=now)
        async with database.reading() as db:
            assert [person.id for person in await state_notices.subscribers(db, "TH")] == expected
            assert bool(await state_notices.subscribed(db, clerk.id)) == bool(expected)
