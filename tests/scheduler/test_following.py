"""Following the history: notices, events and calendars, once for each change, and a name that is in none of them."""

import asyncio
import base64
import email
import email.policy
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import icalendar
import pytest
from aiosmtpd.controller import Controller
from sqlmodel import select

from hearings.actors import SYSTEM, Actor, person_actor
from hearings.models import (
    CalendarEntry,
    Claim,
    Consent,
    Hearing,
    HearingDay,
    Offer,
    OutboxMessage,
    Participant,
    Person,
    UnfollowedChange,
    Webhook,
)
from hearings.models.outbox import FeedScope, OutboxKind
from hearings.moves import born, move
from hearings.outward import calendar_files, feeds, invitations, notices, webhooks
from hearings.sentences import Sentence
from hearings.status import ConsentStatus, HearingStatus, OfferStatus, RequestStatus
from hearings.times import queries as diary_queries
from scheduler import delivery, following, mail
from scheduler.delivery_ways import MailServer, Ways
from tests.support.rows import NOW, keep, make_hearing

NAME = "Planted"
DAY = timedelta(days=1)


async def messages(setting: Any) -> list[OutboxMessage]:
    async with setting.database.reading() as db:
        return list((await db.exec(select(OutboxMessage).order_by(OutboxMessage.id))).all())


async def move_hearing(setting: Any, to: HearingStatus, actor: Actor = SYSTEM, **changes: Any) -> None:
    async with setting.database.transaction() as db:
        row = await db.get(Hearing, setting.hearing.id)
        for name, value in changes.items():
            setattr(row, name, value)
        if row.status is not to:
            move(db, row, to, actor=actor, now=setting.now, reason=f"because of {NAME}")
        db.add(row)


async def status(setting: Any, to: HearingStatus) -> None:
    async with setting.database.transaction() as db:
        (await db.get(Hearing, setting.hearing.id)).status = to


async def hook(setting: Any, state: str = "RO", events: list[str] | None = None) -> Webhook:
    row = Webhook(
        owner_state=state, url="https://h.example/", events=events or list(webhooks.EVENTS), salt="5a", created_by="a",
        created_at=setting.now,
    )  # fmt: skip
    async with setting.database.transaction() as db:
        db.add(row)
    return row


def files(message: OutboxMessage) -> list[tuple[str, Any]]:
    """Method and event of each calendar file of a mail."""
    found = []
    for each in message.payload.get("calendars", ()):
        (event,) = icalendar.Calendar.from_ical(base64.b64decode(each["content"])).walk("VEVENT")
        found.append((each["method"], event))
    return found


def event(message: OutboxMessage) -> Any:
    ((_method, found),) = files(message)
    return found


def told(made: list[OutboxMessage]) -> list[tuple[str, str, int]]:
    return sorted((one.address, method, int(event["SEQUENCE"])) for one in made for method, event in files(one))


async def test_a_change_is_told_once_to_those_concerned_but_not_to_who_made_it(setting: Any) -> None:
    clerk = person_actor(setting.people["clerk"])
    await status(setting, HearingStatus.agreed)
    await move_hearing(setting, HearingStatus.ready, clerk)
    assert await following.follow(setting.world) == 1
    assert await following.follow(setting.world) == 0
    made = [message for message in await messages(setting) if "calendars" not in message.payload]
    # Everybody got the invitation in the same step, which says it already.
    assert made == []
    assert told(await messages(setting)) == [
        ("authority@th.example", "REQUEST", 0),
        ("clerk@ro.example", "REQUEST", 0),
        ("judge@ro.example", "REQUEST", 0),
    ]
    # What no invitation says is told both sides, but not the clerk whose act it was.
    async with setting.database.transaction() as db:
        row = await db.get(type(setting.request), setting.request.id)
        move(db, row, RequestStatus.executed, actor=clerk, now=setting.now)
    assert (await following.follow(setting.world), await following.follow(setting.world)) == (1, 0)
    assert [
        (message.address, message.payload["subject"])
        for message in await messages(setting)
        if "calendars" not in message.payload
    ] == [("authority@th.example", "Request RO-2026-0001: the request has been executed")]


async def test_a_change_of_a_request_goes_to_the_side_it_is_for(setting: Any) -> None:
    async with setting.database.transaction() as db:
        row = await db.get(type(setting.request), setting.request.id)
        row.status = RequestStatus.under_review
        move(db, row, RequestStatus.accepted, actor=SYSTEM, now=setting.now, reason=NAME)
    await following.follow(setting.world)
    assert [(message.address, message.payload["subject"]) for message in await messages(setting)] == [
        ("clerk@ro.example", "Request RO-2026-0001: the request has been accepted")
    ]


async def test_a_time_that_was_accepted_is_told_to_the_state_that_offered_it_and_signs_it_too(setting: Any) -> None:
    await status(setting, HearingStatus.proposed)
    row, authority = setting.hearing, person_actor(setting.people["authority"])
    at = {name: getattr(row, name) for name in ("starts_at", "ends_at", "wall_start", "wall_zone", "tzdb_version")}
    offer = Offer(
        owner_state="RO",
        hearing_id=row.id,
        round=1,
        number=1,
        by_state="RO",
        created_by="c",
        created_at=setting.now,
        **at,
    )
    await keep(setting.database, offer)
    async with setting.database.transaction() as db:
        found = await db.get(Offer, offer.id)
        move(db, found, OfferStatus.accepted, actor=authority, now=setting.now)
    await following.follow(setting.world)
    made = [message for message in await messages(setting) if "accepted" in str(message.payload.get("subject"))]
    assert made and {one.owner_state for one in made} == {"RO"}, "who has accepted it knows"


async def test_an_event_goes_to_both_states_systems_and_to_no_third(setting: Any) -> None:
    ro, th = await hook(setting), await hook(setting, "TH", ["recording.failed", "hearing.cancelled"])
    await hook(setting, "FR")
    await move_hearing(setting, HearingStatus.cancelled)
    await following.follow(setting.world)
    made = [message for message in await messages(setting) if message.kind is OutboxKind.webhook]
    assert sorted((one.address, one.owner_state) for one in made) == sorted([(ro.id, "RO"), (th.id, "TH")])
    assert made[0].payload == {
        "type": "hearing.cancelled",
        "timestamp": "2026-11-24T06:00:00Z",
        "data": {
            "reference": "7F3K-22QD",
            "status": "cancelled",
            "before": "ready",
            "link": "https://court.example/h/7F3K-22QD",
        },
    }


async def test_a_withdrawn_consent_is_told_to_both_states_and_their_systems_without_a_name(setting: Any) -> None:
    ro, th = await hook(setting, events=["consent.withdrawn"]), await hook(setting, "TH", ["consent.withdrawn"])
    consent = Consent(
        owner_state="RO", request_id=setting.request.id, rule="r", provision=NAME, text=NAME, since=setting.now,
        status=ConsentStatus.given, given_at=setting.now,
    )  # fmt: skip
    async with setting.database.transaction() as db:
        db.add(consent)
        await db.flush()
        move(db, consent, ConsentStatus.withdrawn, actor=SYSTEM, now=setting.now, reason=NAME)
    await following.follow(setting.world)
    made = await messages(setting)
    mails = [one for one in made if one.kind is OutboxKind.mail]
    assert sorted(one.address for one in mails) == ["authority@th.example", "clerk@ro.example"]
    assert "a consent to be heard has been withdrawn" in mails[0].payload["subject"]
    events = {one.address: one.payload for one in made if one.kind is OutboxKind.webhook}
    assert {address: payload["type"] for address, payload in events.items()} == dict.fromkeys(
        (ro.id, th.id), "consent.withdrawn"
    )
    assert NAME not in str([one.payload for one in made])


async def test_a_draft_is_nobody_elses_business(setting: Any) -> None:
    ro, _th = await hook(setting), await hook(setting, "TH")
    async with setting.database.transaction() as db:
        row = await db.get(type(setting.request), setting.request.id)
        row.status, row.submitted_at = RequestStatus.draft, None
        born(db, row, row.status, actor=SYSTEM, now=setting.now)
    await following.follow(setting.world)
    assert [message.address for message in await messages(setting)] == [ro.id]


async def test_news_of_last_month_is_marked_as_missed(setting: Any) -> None:
    await move_hearing(setting, HearingStatus.cancelled)
    setting.now += 8 * DAY
    await following.follow(setting.world)
    assert await messages(setting) == []
    async with setting.database.reading() as db:
        (claim,) = (await db.exec(select(Claim))).all()
        assert (await db.exec(select(UnfollowedChange))).all() == []
    assert (claim.kind, claim.about, claim.reason) == ("notice", "7F3K-22QD", notices.MISSED)


async def test_a_change_that_cannot_be_told_lets_others_pass_and_is_marked_in_the_end(
    setting: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await move_hearing(setting, HearingStatus.cancelled)
    real = notices.readers

    async def broken(db: Any, change: Any) -> Any:
        if change.subject == "hearing":
            raise ZeroDivisionError
        return await real(db, change)

    monkeypatch.setattr(notices, "readers", broken)
    async with setting.database.transaction() as db:
        row = await db.get(type(setting.recording), setting.recording.id)
        row.status = type(row.status).stopping
        move(db, row, type(row.status).sealed, actor=SYSTEM, now=setting.now)
    for _ in range(following.MOST_TRIES):
        await following.follow(setting.world)
    assert {message.payload["subject"] for message in await messages(setting)} == {
        "Hearing 7F3K-22QD: the recording is sealed"
    }
    async with setting.database.reading() as db:
        (claim,) = (await db.exec(select(Claim))).all()
        assert (await db.exec(select(UnfollowedChange))).all() == []
    assert claim.reason == notices.UNMAKEABLE


async def test_who_is_mailed_of_a_sealed_recording_keeps_its_head(setting: Any) -> None:
    async with setting.database.transaction() as db:
        row = await db.get(type(setting.recording), setting.recording.id)
        row.status, row.size, row.root = type(row.status).stopping, 47, "0a" * 32
        move(db, row, type(row.status).sealed, actor=SYSTEM, now=setting.now)
    await following.follow(setting.world)
    texts = [message.payload["text"] for message in await messages(setting)]
    assert texts
    line = f"The recording is sealed.\nEvery copy must have this head (size and root): 47:{'0a' * 32}\n"
    assert all(line in text for text in texts)


@asynccontextmanager
async def receiving() -> AsyncIterator[tuple[Ways, list[bytes]]]:
    """A mail server, and what it has taken."""
    taken: list[bytes] = []

    class Handler:
        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
            taken.append(envelope.content)
            return "250 taken"

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    controller = Controller(Handler(), hostname="127.0.0.1", port=port)
    await asyncio.to_thread(controller.start)
    try:
        yield Ways(mail=MailServer(host="127.0.0.1", port=port, tls="none", sender="c@court.example")), taken
    finally:
        await asyncio.to_thread(controller.stop)


# --- calendars ---------------------------------------------------------------------------------------------------


async def settle(setting: Any) -> list[OutboxMessage]:
    async with setting.database.transaction() as db:
        made = await invitations.settle(
            db,
            hearing_id=setting.hearing.id,
            origin="https://court.example",
            organiser="c@court.example",
            now=setting.now,
        )
    setting.now += timedelta(minutes=1)
    return made


async def test_calendars_follow_a_hearing_with_a_stable_uid_and_a_rising_sequence(setting: Any) -> None:
    everybody = ("authority@th.example", "clerk@ro.example", "judge@ro.example")
    first = await settle(setting)
    assert told(first) == [(one, "REQUEST", 0) for one in everybody]
    assert await settle(setting) == []
    await move_hearing(setting, HearingStatus.agreed)  # shown in the same way: nothing to tell
    assert await settle(setting) == []
    await move_hearing(setting, HearingStatus.countered)
    second = await settle(setting)
    assert told(second) == [(one, "REQUEST", 1) for one in everybody]
    assert {str(event(one)["STATUS"]) for one in second} == {"TENTATIVE"}
    later = setting.hearing.starts_at + DAY
    await move_hearing(setting, HearingStatus.agreed, starts_at=later, ends_at=later + timedelta(hours=1))
    third = await settle(setting)
    assert told(third) == [(one, "REQUEST", 2) for one in everybody]
    assert {event(one)["DTSTART"].dt for one in third} == {later}
    async with setting.database.transaction() as db:
        await db.delete(await db.get(Participant, setting.judge.id))
    assert told(await settle(setting)) == [("judge@ro.example", "CANCEL", 2)]
    await move_hearing(setting, HearingStatus.cancelled)
    last = await settle(setting)
    assert told(last) == [(one, "CANCEL", 3) for one in everybody[:2]]
    assert await settle(setting) == []
    uids = {str(event(one)["UID"]) for one in [*first, *second, *third, *last]}
    assert uids == {f"{setting.hearing.id}@court.example"}


HOUR = timedelta(hours=1)
LENGTHS = (2 * HOUR, 4 * HOUR, HOUR)


async def days(setting: Any) -> list[HearingDay]:
    """Three days of different lengths; on the last one the clocks of Bucharest have changed."""
    starts = [setting.hearing.starts_at + distance for distance in (0 * DAY, DAY, 120 * DAY - HOUR)]
    rows = [
        HearingDay(
            owner_state="RO", hearing_id=setting.hearing.id, number=number, starts_at=start, ends_at=start + length,
            wall_start="2026-12-02T09:00:00", wall_zone="Europe/Bucharest", tzdb_version="2026a",
        )
        for number, (start, length) in enumerate(zip(starts, LENGTHS, strict=True), start=1)
    ]  # fmt: skip
    async with setting.database.transaction() as db:
        db.add_all(rows)
    return rows


async def change_day(setting: Any, day: HearingDay, **changes: Any) -> None:
    async with setting.database.transaction() as db:
        row = await db.get(HearingDay, day.id)
        for name, value in changes.items():
            setattr(row, name, value)
        db.add(row)


async def feed_events(setting: Any, token: str) -> dict[str, Any]:
    async with setting.database.reading() as db:
        file = await feeds.read(db, token=token, origin="https://court.example", now=setting.now)
    return {str(one["UID"]): one for one in icalendar.Calendar.from_ical(file).walk("VEVENT")}


async def test_each_day_of_a_hearing_is_an_event_of_its_own_in_invitations_and_in_the_feed(setting: Any) -> None:
    rows = await days(setting)
    (first,) = [one for one in await settle(setting) if one.address == "judge@ro.example"]
    uid = setting.hearing.id
    wanted = {
        f"{uid}@court.example": ("Hearing 7F3K-22QD, day 1", 9, 2 * HOUR, 14),
        f"{uid}-2@court.example": ("Hearing 7F3K-22QD, day 2", 9, 4 * HOUR, 14),
        f"{uid}-3@court.example": ("Hearing 7F3K-22QD, day 3", 9, HOUR, 13),
    }
    async with setting.database.transaction() as db:
        made = await feeds.make(db, person=setting.people["clerk"], scope=FeedScope.state, now=setting.now)
    mailed = {str(event["UID"]): event for _method, event in files(first)}
    for found in (mailed, await feed_events(setting, made.token)):
        assert {
            key: (str(one["SUMMARY"]), one["DTSTART"].dt.hour, one["DTEND"].dt - one["DTSTART"].dt)
            for key, one in found.items()
        } == {key: value[:3] for key, value in wanted.items()}
        for row, (key, value) in zip(rows, wanted.items(), strict=True):
            assert found[key]["DTSTART"].dt == row.starts_at
            assert f" {value[3]}:00–" in str(found[key]["DESCRIPTION"])
    assert (first.payload["subject"], first.expires_at) == (
        "Hearing 7F3K-22QD: the time has been agreed",
        rows[-1].ends_at,
    )
    assert first.payload["text"].count("The time has been agreed.") == 1
    for row in rows:
        assert f"Hearing 7F3K-22QD, day {row.number}\n{row.starts_at + 2 * HOUR:%Y-%m-%d}" in first.payload["text"]


async def test_calendars_follow_a_day_that_moves_is_added_is_held_or_falls_away_and_leave_the_others(
    setting: Any,
) -> None:
    one, two, three = await days(setting)
    await settle(setting)
    moved = two.starts_at + 2 * DAY
    await change_day(setting, two, starts_at=moved, ends_at=moved + HOUR)
    second = await settle(setting)
    assert {(str(event(each)["UID"]), event(each)["DTSTART"].dt, int(event(each)["SEQUENCE"])) for each in second} == {
        (f"{setting.hearing.id}-2@court.example", moved, 1)
    }
    assert len(second) == 3
    # The first day has been held: whatever the hearing is now, it stays as it was.
    await change_day(setting, one, heard_at=setting.now)
    await status(setting, HearingStatus.part_heard)
    assert await settle(setting) == []
    await move_hearing(setting, HearingStatus.proposed)
    assert {
        (str(event["SUMMARY"]), str(event["STATUS"])) for each in await settle(setting) for _, event in files(each)
    } == {
        ("Hearing 7F3K-22QD, day 2", "TENTATIVE"),
        ("Hearing 7F3K-22QD, day 3", "TENTATIVE"),
    }
    await move_hearing(setting, HearingStatus.agreed)
    await settle(setting)
    # The second day was the last: the third falls away, and a fourth comes in its place later.
    await change_day(setting, two, heard_at=setting.now)
    await change_day(setting, three, dropped_at=setting.now, dropped_why="the hearing has ended")
    off = await settle(setting)
    assert told(off) == [
        (each, "CANCEL", 3) for each in ("authority@th.example", "clerk@ro.example", "judge@ro.example")
    ]
    assert {(str(event(each)["UID"]), each.payload["subject"]) for each in off} == {
        (f"{setting.hearing.id}-3@court.example", "Hearing 7F3K-22QD, day 3: this day is cancelled")
    }
    assert await settle(setting) == []
    four = HearingDay(
        owner_state="RO", hearing_id=setting.hearing.id, number=4, starts_at=moved + DAY, ends_at=moved + DAY + HOUR,
        wall_start="2026-12-05T09:00:00", wall_zone="Europe/Bucharest", tzdb_version="2026a",
    )  # fmt: skip
    async with setting.database.transaction() as db:
        db.add(four)
    added = await settle(setting)
    assert {(str(event(each)["UID"]), int(event(each)["SEQUENCE"])) for each in added} == {
        (f"{setting.hearing.id}-4@court.example", 0)
    }
    async with setting.database.transaction() as db:
        made = await feeds.make(db, person=setting.people["clerk"], scope=FeedScope.state, now=setting.now)
    assert [str(each["STATUS"]) for each in (await feed_events(setting, made.token)).values()] == [
        *("CONFIRMED", "CONFIRMED", "CANCELLED", "CONFIRMED")
    ]


@pytest.mark.parametrize("shown_as", ["CONFIRMED", "TENTATIVE"])
async def test_the_one_event_an_earlier_version_moved_from_day_to_day_is_taken_back_once(
    setting: Any, shown_as: str
) -> None:
    one, two, _three = await days(setting)
    await settle(setting)
    await change_day(setting, one, heard_at=setting.now)
    judge, clerk = (setting.people[who] for who in ("judge", "clerk"))
    async with setting.database.transaction() as db:  # as the version before left it: day 2 in the event of day 1
        hearing = await db.get(Hearing, setting.hearing.id)
        hearing.starts_at, hearing.ends_at = two.starts_at, two.ends_at
        entries = await invitations.entries_of(db, hearing.id)
        _one, second, _last = calendar_files.days(hearing, await diary_queries.days_of(db, hearing.id))
        entries[1].digest = invitations.digest(hearing, replace(second, shown_as=shown_as))
        entries[1].sequence, entries[1].people = 4, [judge.id, clerk.id]
        for entry in (entries[2], entries[3]):
            await db.delete(entry)
    made = await settle(setting)
    cancelled = [each for each in told(made) if each[1] == "CANCEL"]
    assert cancelled == [("clerk@ro.example", "CANCEL", 5), ("judge@ro.example", "CANCEL", 5)]
    found = {(method, str(event["UID"]), str(event["STATUS"])) for each in made for method, event in files(each)}
    assert {each[1:] for each in found if each[0] == "CANCEL"} == {(f"{setting.hearing.id}@court.example", "CANCELLED")}
    assert {each.address for each in made if "each day now has its own entry" in each.payload["subject"]} == {
        "clerk@ro.example",
        "judge@ro.example",
    }
    invited = {uid for method, uid, _status in found if method == "REQUEST"}
    assert invited == {f"{setting.hearing.id}-{number}@court.example" for number in (2, 3)}
    assert await settle(setting) == []


async def test_a_hearing_that_ends_early_cancels_its_further_days_and_says_that_it_has_ended(setting: Any) -> None:
    one, two, three = await days(setting)
    await settle(setting)
    for row in (two, three):
        await change_day(setting, row, dropped_at=setting.now, dropped_why="the hearing has ended")
    await change_day(setting, one, heard_at=setting.now)
    await status(setting, HearingStatus.in_progress)
    before = len(await messages(setting))
    await move_hearing(setting, HearingStatus.concluded)
    await following.follow(setting.world)
    (made,) = [each for each in (await messages(setting))[before:] if each.address == "judge@ro.example"]
    assert made.payload["subject"] == "Hearing 7F3K-22QD: the hearing is concluded"
    assert "The hearing is concluded.\nThese days are cancelled.\n\nHearing 7F3K-22QD, day 2" in made.payload["text"]
    assert [(method, str(event["UID"])[-16:]) for method, event in files(made)] == [
        ("CANCEL", "-2@court.example"),
        ("CANCEL", "-3@court.example"),
    ]


async def test_the_sweep_settles_what_is_to_go_on_and_a_feed_reaches_the_day_furthest_away(setting: Any) -> None:
    one, _two, three = await days(setting)
    await settle(setting)
    await change_day(setting, one, heard_at=setting.now)
    await status(setting, HearingStatus.part_heard)
    setting.now = three.starts_at - DAY  # the hearing's own time lies further back than a feed looks
    async with setting.database.transaction() as db:
        found = await invitations.unsettled(db, now=setting.now)
        made = await feeds.make(db, person=setting.people["clerk"], scope=FeedScope.state, now=setting.now)
    assert list(found) == [setting.hearing.id]
    assert f"{setting.hearing.id}-3@court.example" in await feed_events(setting, made.token)
    assert three.starts_at - setting.hearing.starts_at > feeds.PAST


async def test_the_days_of_a_hearing_arrive_as_mails_a_calendar_can_read(setting: Any) -> None:
    rows = await days(setting)
    await settle(setting)
    async with receiving() as (ways, taken):
        await delivery.deliver(setting.database, ways, clock=lambda: setting.now)
    (found,) = [
        email.message_from_bytes(content, policy=email.policy.default)
        for content in taken
        if b"To: judge@ro.example" in content
    ]
    parts = [part for part in found.walk() if part.get_content_type() == "text/calendar"]
    assert [part.get_param("method") for part in parts] == ["REQUEST"] * 3
    calendars = [icalendar.Calendar.from_ical(part.get_content()) for part in parts]
    events = [event for calendar in calendars for event in calendar.walk("VEVENT")]
    assert [str(calendar["METHOD"]) for calendar in calendars] == ["REQUEST"] * 3
    assert sorted(one["DTSTART"].dt for one in events) == [row.starts_at for row in rows]
    assert len({str(one["UID"]) for one in events}) == 3


async def test_nobody_is_invited_before_the_time_is_agreed(setting: Any) -> None:
    for each in (HearingStatus.proposed, HearingStatus.countered, HearingStatus.cancelled, HearingStatus.concluded):
        await status(setting, each)
        assert await settle(setting) == []
    async with setting.database.reading() as db:
        assert (await db.exec(select(CalendarEntry))).all() == []


async def test_the_sweep_finds_what_changed_without_a_change_of_status(setting: Any) -> None:
    from scheduler import jobs

    await settle(setting)
    await move_hearing(setting, HearingStatus.ready, requested_city="Chiang Mai")
    await jobs.tick(setting.world)
    assert told(await messages(setting))[0::2] == [
        ("authority@th.example", "REQUEST", 0),
        ("clerk@ro.example", "REQUEST", 0),
        ("judge@ro.example", "REQUEST", 0),
    ]
    assert len(told(await messages(setting))) == 6


@pytest.mark.parametrize("order", ["sweep follow sweep", "follow sweep", "sweep sweep follow follow"])
async def test_an_invitation_and_the_news_that_a_hearing_is_ready_are_one_mail_whichever_job_runs_first(
    setting: Any, order: str
) -> None:
    from scheduler import jobs

    await status(setting, HearingStatus.agreed)
    await move_hearing(setting, HearingStatus.ready)
    for job in order.split():
        if job == "sweep":
            await jobs._sweep(setting.world, None)
        else:
            await following.follow(setting.world)
    made = await messages(setting)
    assert [one.address for one in made if one.kind is OutboxKind.mail and "calendars" not in one.payload] == []
    assert told(made) == [
        ("authority@th.example", "REQUEST", 0),
        ("clerk@ro.example", "REQUEST", 0),
        ("judge@ro.example", "REQUEST", 0),
    ]


# --- languages ---------------------------------------------------------------------------------------------------

WORDS = {
    ("ro", "Hearing {ref}"): "Audierea {ref}",
    ("ar", "Hearing {ref}"): "جلسة {ref}",
    ("ro", "The time has been agreed"): "Ora a fost convenită",
    ("ar", "The time has been agreed"): "اتُّفق على الوقت",
}


def say(lang: str, text: str) -> str:
    return WORDS.get((lang, text.message), text.message).format_map(text.given) if isinstance(text, Sentence) else text


async def test_everybody_is_mailed_in_their_own_language_and_a_reference_stays_whole_from_right_to_left(
    setting: Any,
) -> None:
    setting.world = replace(setting.world, say=say)
    for name, lang in (("judge", "ro"), ("authority", "ar")):
        async with setting.database.transaction() as db:
            (await db.get(Person, setting.people[name].id)).language = lang
    await status(setting, HearingStatus.agreed)
    await move_hearing(setting, HearingStatus.ready)
    await following.follow(setting.world)
    async with receiving() as (ways, taken):
        await delivery.deliver(setting.database, ways, clock=lambda: setting.now)
    found = {}
    for content in taken:
        one = email.message_from_bytes(content, policy=email.policy.default)
        text, calendar = list(one.walk())[1:3]
        (shown,) = icalendar.Calendar.from_ical(calendar.get_content()).walk("VEVENT")
        lines = text.get_content().splitlines()[:3]
        found[str(one["Content-Language"])] = (str(one["Subject"]), lines, shown["SUMMARY"])
    assert {lang: (subject, lines, str(summary)) for lang, (subject, lines, summary) in found.items()} == {
        "en": (
            "Hearing 7F3K-22QD: the time has been agreed",
            ["The time has been agreed.", "", "Hearing 7F3K-22QD"],
            "Hearing 7F3K-22QD",
        ),
        "ro": (
            "Audierea 7F3K-22QD: ora a fost convenită",
            ["Ora a fost convenită.", "", "Audierea 7F3K-22QD"],
            "Audierea 7F3K-22QD",
        ),
        "ar": (
            "جلسة \u20667F3K-22QD\u2069: اتُّفق على الوقت",
            ["اتُّفق على الوقت.", "", "جلسة \u20667F3K-22QD\u2069"],
            "جلسة \u20667F3K-22QD\u2069",
        ),
    }
    assert {lang: one[2].params["LANGUAGE"] for lang, one in found.items()} == {"en": "en", "ro": "ro", "ar": "ar"}


async def test_a_calendar_address_is_read_in_the_language_of_its_owner(setting: Any) -> None:
    async with setting.database.transaction() as db:
        (await db.get(Person, setting.people["clerk"].id)).language = "ro"
        made = await feeds.make(db, person=setting.people["clerk"], scope=FeedScope.state, now=setting.now)
    async with setting.database.reading() as db:
        file = await feeds.read(db, token=made.token, origin="https://court.example", say=say, now=setting.now)
    assert [str(one["SUMMARY"]) for one in icalendar.Calendar.from_ical(file).walk("VEVENT")] == ["Audierea 7F3K-22QD"]


# --- what must be in none of it ----------------------------------------------------------------------------------


async def test_a_planted_name_is_in_no_mail_no_invitation_no_event_and_no_feed(setting: Any) -> None:
    await hook(setting)
    await hook(setting, "TH")
    for to in (HearingStatus.agreed, HearingStatus.countered, HearingStatus.agreed, HearingStatus.cancelled):
        await move_hearing(setting, to)
        setting.now += timedelta(minutes=1)
        await following.follow(setting.world)
    async with setting.database.transaction() as db:
        made = await feeds.make(db, person=setting.people["clerk"], scope=FeedScope.state, now=setting.now)
    async with setting.database.reading() as db:
        file = await feeds.read(db, token=made.token, origin="https://court.example", now=setting.now)
    out = [file]
    for message in await messages(setting):
        out.append(repr(message.payload).encode())
        if message.kind is OutboxKind.mail:
            out.append(mail.compose(message, "court@court.example"))
            out += [base64.b64decode(each["content"]) for each in message.payload.get("calendars", ())]
    assert len(out) > 20
    for content in out:
        text = content.replace(b"\r\n ", b"").replace(b"=\r\n", b"")
        assert NAME.encode() not in text
        assert base64.b64encode(NAME.encode())[:8] not in text
        assert b"Wongsa" not in text
        for person in setting.people.values():  # nobody else's name either
            assert person.name.encode() not in text


def test_row_25_crlf_in_a_summary_is_folded_into_one_property() -> None:
    hearing = make_hearing(ref="X\r\nATTENDEE:mailto:evil@e.example\r\n", requested_city="B\nX-EVIL:1;,\\")
    (day,) = calendar_files.days(hearing, [])
    booking = calendar_files.CalendarEvent(
        hearing=hearing, day=day, sequence=0, changed_at=NOW, origin="https://court.example"
    )
    file = calendar_files.invitation(
        booking, method=calendar_files.Method.request, organiser="a@b.example", attendee="c@d.example\r\nX: 1"
    )
    lines = file.replace(b"\r\n ", b"").split(b"\r\n")
    assert [line for line in lines if line.startswith((b"SUMMARY", b"ATTENDEE", b"X-"))] == [
        b"SUMMARY;LANGUAGE=en:Hearing X ATTENDEE:mailto:evil@e.example",
        b"ATTENDEE;ROLE=REQ-PARTICIPANT;RSVP=FALSE:MAILTO:c@d.example X: 1",
    ]
    assert all(len(line) <= 75 for line in file.split(b"\r\n"))
