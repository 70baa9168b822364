"""Following the history: notices, events and calendars, once for each change, and a name that is in none of them."""

import base64
from datetime import timedelta
from typing import Any

import icalendar
import pytest
from sqlmodel import select

from hearings import calendar_files, feeds, invitations, notices, webhooks
from hearings.actors import SYSTEM, Actor, person_actor
from hearings.models import CalendarEntry, Claim, Hearing, OutboxMessage, Participant, UnfollowedChange, Webhook
from hearings.models.outbox import FeedScope, OutboxKind
from hearings.moves import born, move_hearing, move_recording, move_request
from hearings.status import HearingStatus, RequestStatus
from scheduler import following, mail

NAME = "Planted"
DAY = timedelta(days=1)


async def messages(setting: Any) -> list[OutboxMessage]:
    async with setting.database.reading() as db:
        return list((await db.exec(select(OutboxMessage).order_by(OutboxMessage.id))).all())


async def move(setting: Any, to: HearingStatus, actor: Actor = SYSTEM, **changes: Any) -> None:
    async with setting.database.transaction() as db:
        row = await db.get(Hearing, setting.hearing.id)
        for name, value in changes.items():
            setattr(row, name, value)
        if row.status is not to:
            move_hearing(db, row, to, actor=actor, now=setting.now, reason=f"because of {NAME}")
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


def event(message: OutboxMessage) -> Any:
    file = base64.b64decode(message.payload["calendar"])
    (found,) = icalendar.Calendar.from_ical(file).walk("VEVENT")
    return found


def told(made: list[OutboxMessage]) -> list[tuple[str, str, int]]:
    return sorted(
        (one.address, one.payload["method"], int(event(one)["SEQUENCE"])) for one in made if "method" in one.payload
    )


async def test_a_change_is_told_once_to_those_concerned_but_not_to_who_made_it(setting: Any) -> None:
    clerk = person_actor(setting.people["clerk"])
    await status(setting, HearingStatus.agreed)
    await move(setting, HearingStatus.ready, clerk)
    assert await following.follow(setting.world) == 1
    assert await following.follow(setting.world) == 0
    made = [one for one in await messages(setting) if "method" not in one.payload]
    # Everybody got the invitation in the same step, which says it already.
    assert made == []
    assert told(await messages(setting)) == [
        ("authority@th.example", "REQUEST", 0),
        ("clerk@ro.example", "REQUEST", 0),
        ("judge@ro.example", "REQUEST", 0),
    ]


async def test_a_change_of_a_request_goes_to_the_side_it_is_for(setting: Any) -> None:
    async with setting.database.transaction() as db:
        row = await db.get(type(setting.request), setting.request.id)
        row.status = RequestStatus.under_review
        move_request(db, row, RequestStatus.accepted, actor=SYSTEM, now=setting.now, reason=NAME)
    await following.follow(setting.world)
    assert [(one.address, one.payload["subject"]) for one in await messages(setting)] == [
        ("clerk@ro.example", "Request RO-2026-0001: the request has been accepted")
    ]


async def test_an_event_goes_to_both_states_systems_and_to_no_third(setting: Any) -> None:
    ro, th = await hook(setting), await hook(setting, "TH", ["recording.failed", "hearing.cancelled"])
    await hook(setting, "FR")
    await move(setting, HearingStatus.cancelled)
    await following.follow(setting.world)
    made = [one for one in await messages(setting) if one.kind is OutboxKind.webhook]
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


async def test_a_draft_is_nobody_elses_business(setting: Any) -> None:
    ro, _th = await hook(setting), await hook(setting, "TH")
    async with setting.database.transaction() as db:
        row = await db.get(type(setting.request), setting.request.id)
        row.status, row.submitted_at = RequestStatus.draft, None
        born(db, row, row.status, actor=SYSTEM, now=setting.now)
    await following.follow(setting.world)
    assert [one.address for one in await messages(setting)] == [ro.id]


async def test_news_of_last_month_is_marked_as_missed(setting: Any) -> None:
    await move(setting, HearingStatus.cancelled)
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
    await move(setting, HearingStatus.cancelled)
    real = notices.follow

    async def broken(*arguments: Any, change: Any, **more: Any) -> Any:
        if change.subject == "hearing":
            raise ZeroDivisionError
        return await real(*arguments, change=change, **more)

    monkeypatch.setattr(notices, "follow", broken)
    async with setting.database.transaction() as db:
        row = await db.get(type(setting.recording), setting.recording.id)
        row.status = type(row.status).stopping
        move_recording(db, row, type(row.status).sealed, actor=SYSTEM, now=setting.now)
    for _ in range(following.MOST_TRIES):
        await following.follow(setting.world)
    assert {one.payload["subject"] for one in await messages(setting)} == {"Hearing 7F3K-22QD: the recording is sealed"}
    async with setting.database.reading() as db:
        (claim,) = (await db.exec(select(Claim))).all()
        assert (await db.exec(select(UnfollowedChange))).all() == []
    assert claim.reason == following.UNMAKEABLE


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
    await move(setting, HearingStatus.agreed)  # shown in the same way: nothing to tell
    assert await settle(setting) == []
    await move(setting, HearingStatus.countered)
    second = await settle(setting)
    assert told(second) == [(one, "REQUEST", 1) for one in everybody]
    assert {str(event(one)["STATUS"]) for one in second} == {"TENTATIVE"}
    later = setting.hearing.starts_at + DAY
    await move(setting, HearingStatus.agreed, starts_at=later, ends_at=later + timedelta(hours=1))
    third = await settle(setting)
    assert told(third) == [(one, "REQUEST", 2) for one in everybody]
    assert {event(one)["DTSTART"].dt for one in third} == {later}
    async with setting.database.transaction() as db:
        await db.delete(await db.get(Participant, setting.judge.id))
    assert told(await settle(setting)) == [("judge@ro.example", "CANCEL", 2)]
    await move(setting, HearingStatus.cancelled)
    last = await settle(setting)
    assert told(last) == [(one, "CANCEL", 3) for one in everybody[:2]]
    assert await settle(setting) == []
    uids = {str(event(one)["UID"]) for one in [*first, *second, *third, *last]}
    assert uids == {f"{setting.hearing.id}@court.example"}


async def test_nobody_is_invited_before_the_time_is_agreed(setting: Any) -> None:
    for each in (HearingStatus.proposed, HearingStatus.countered, HearingStatus.cancelled, HearingStatus.concluded):
        await status(setting, each)
        assert await settle(setting) == []
    async with setting.database.reading() as db:
        assert (await db.exec(select(CalendarEntry))).all() == []


async def test_the_sweep_finds_what_changed_without_a_change_of_status(setting: Any) -> None:
    from scheduler import jobs

    await settle(setting)
    await move(setting, HearingStatus.ready, requested_city="Chiang Mai")
    await jobs.tick(setting.world)
    assert told(await messages(setting))[0::2] == [
        ("authority@th.example", "REQUEST", 0),
        ("clerk@ro.example", "REQUEST", 0),
        ("judge@ro.example", "REQUEST", 0),
    ]
    assert len(told(await messages(setting))) == 6


# --- what must be in none of it ----------------------------------------------------------------------------------


async def test_a_planted_name_is_in_no_mail_no_invitation_no_event_and_no_feed(setting: Any) -> None:
    await hook(setting)
    await hook(setting, "TH")
    for to in (HearingStatus.agreed, HearingStatus.countered, HearingStatus.agreed, HearingStatus.cancelled):
        await move(setting, to)
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
            out.append(base64.b64decode(message.payload.get("calendar", "")))
    assert len(out) > 20
    for content in out:
        text = content.replace(b"\r\n ", b"").replace(b"=\r\n", b"")
        assert NAME.encode() not in text
        assert base64.b64encode(NAME.encode())[:8] not in text
        assert b"Wongsa" not in text
        for person in setting.people.values():  # nobody else's name either
            assert person.name.encode() not in text


def test_row_25_crlf_in_a_summary_is_folded_into_one_property(setting_free: Any = None) -> None:
    import importlib.util
    from pathlib import Path

    spec = importlib.util.spec_from_file_location("c", Path(__file__).parent / "conftest.py")
    assert spec and spec.loader
    rows = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(rows)
    hearing = rows.make_hearing(ref="X\r\nATTENDEE:mailto:evil@e.example\r\n", requested_city="B\nX-EVIL:1;,\\")
    booking = calendar_files.Booking(hearing=hearing, sequence=0, changed_at=rows.NOW, origin="https://court.example")
    file = calendar_files.invitation(
        booking, method=calendar_files.Method.request, organiser="a@b.example", attendee="c@d.example\r\nX: 1"
    )
    lines = file.replace(b"\r\n ", b"").split(b"\r\n")
    assert [line for line in lines if line.startswith((b"SUMMARY", b"ATTENDEE", b"X-"))] == [
        b"SUMMARY:Hearing X ATTENDEE:mailto:evil@e.example",
        b"ATTENDEE;ROLE=REQ-PARTICIPANT;RSVP=FALSE:MAILTO:c@d.example X: 1",
    ]
    assert all(len(line) <= 75 for line in file.split(b"\r\n"))
