"""Carrying out what is due: once, with its effect, or not at all; late, or stale, and saying so."""

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from hearings.clocks import tzdb_version
from hearings.custody.retention_classes import YEAR
from hearings.models import (
    Claim,
    CustodyAudit,
    Hearing,
    HearingDay,
    HearingRequest,
    OutboxAttempt,
    OutboxMessage,
    RecordingRelease,
    RequestEvent,
    StatusChange,
    UnfollowedChange,
)
from hearings.models.outbox import ClaimOutcome, OutboxKind, OutboxStatus
from hearings.outward import claims, outbox
from hearings.status import HearingStatus, RequestStatus
from scheduler import audits, jobs, tidying
from scheduler.due import Rows, due
from scheduler.environment import World

VECTORS = Path(__file__).parents[1] / "vectors"
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


async def all_of(setting: Any, table: Any) -> list[Any]:
    async with setting.database.reading() as db:
        return list((await db.exec(select(table).order_by(table.id))).all())


async def mails(setting: Any) -> list[tuple[str, str]]:
    return sorted((one.address, one.payload["subject"]) for one in await all_of(setting, OutboxMessage))


async def test_a_reminder_goes_once_to_those_who_are_named_and_not_to_everybody(setting: Any) -> None:
    setting.now = setting.hearing.starts_at - 7 * DAY
    await jobs.tick(setting.world)
    await jobs.tick(setting.world)
    text = "Hearing 7F3K-22QD: reminder: the hearing is about a week away"
    reminders = [mail for mail in await mails(setting) if "reminder" in mail[1]]
    assert reminders == [("authority@th.example", text), ("clerk@ro.example", text), ("judge@ro.example", text)]


async def test_what_came_too_late_is_marked_as_missed_with_its_reason_and_not_sent(setting: Any) -> None:
    setting.now = setting.hearing.starts_at - HOUR / 2
    await jobs.tick(setting.world)
    found = {one.kind: (one.outcome, one.reason) for one in await all_of(setting, Claim) if one.about == "7F3K-22QD"}
    assert found == {
        "reminder_week": (ClaimOutcome.missed, "Nearer reminders had taken its place"),
        "reminder_day": (ClaimOutcome.missed, "The hearing was too near"),
        "reminder_hour": (ClaimOutcome.done, ""),
        "opening": (ClaimOutcome.done, ""),
    }
    async with setting.database.reading() as db:
        assert {one.kind for one in await claims.missed(db, state="TH")} == {"reminder_day", "reminder_week"}


async def test_a_hearing_that_was_cancelled_meanwhile_reminds_nobody(setting: Any) -> None:
    setting.now = setting.hearing.starts_at - HOUR
    (action, *_) = [one for one in due(setting.now, Rows(hearings=[setting.hearing])) if one.kind == "reminder_hour"]
    async with setting.database.transaction() as db:
        (await db.get(Hearing, setting.hearing.id)).status = HearingStatus.cancelled
    assert not await jobs.carry_out(setting.world, action)
    assert (await all_of(setting, Claim), await all_of(setting, OutboxMessage)) == ([], [])


async def test_an_effect_that_fails_leaves_no_claim_and_comes_again(
    setting: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting.now = setting.hearing.starts_at - HOUR
    actions = [one for one in due(setting.now, Rows(hearings=[setting.hearing])) if one.kind == "reminder_hour"]

    async def fail(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(jobs, "HANDLERS", {**jobs.HANDLERS, actions[0].kind: fail})
    with pytest.raises(ZeroDivisionError):
        await jobs.carry_out(setting.world, actions[0])
    assert await all_of(setting, Claim) == []
    monkeypatch.undo()
    assert await mails(setting) == []
    assert await jobs.carry_out(setting.world, actions[0])
    sent = await mails(setting)
    assert len(sent) > 0
    assert not await jobs.carry_out(setting.world, actions[0])
    assert (await mails(setting), len(await all_of(setting, Claim))) == (sent, 1)


async def test_an_unanswered_request_goes_up_to_the_administrators_of_the_state_asked(setting: Any) -> None:
    async with setting.database.transaction() as db:
        row = await db.get(HearingRequest, setting.request.id)
        row.status, row.requesting_state, row.requested_state = RequestStatus.received, "RO", "TH"
    setting.now = setting.request.submitted_at + 30 * DAY
    await jobs.tick(setting.world)
    # Thailand has no administrator: those concerned there hear of it.
    assert [m for m in await mails(setting) if "has not been answered" in m[1]] == [
        ("authority@th.example", "Request RO-2026-0001: a request has not been answered")
    ]


async def test_a_retention_review_is_asked_of_administrators(setting: Any) -> None:
    setting.now = setting.recording.closed_at + 3653 * DAY
    setting.world = World(database=setting.database, origin=setting.world.origin, clock=lambda: setting.now)
    await jobs.audit(setting.world)
    assert [m for m in await mails(setting) if "retention" in m[1]] == [
        ("administrator@ro.example", "Hearing 7F3K-22QD: the retention of a recording is due for review"),
        ("authority@th.example", "Hearing 7F3K-22QD: the retention of a recording is due for review"),
    ]
    assert await all_of(setting, CustodyAudit) == []  # no folder of recordings is known


async def owe_copy(setting: Any, taken: bool = False) -> None:
    """The requested State is to get a copy within 14 days; with `taken` it has taken one."""
    async with setting.database.transaction() as db:
        request = await db.get(HearingRequest, setting.request.id)
        request.condition_rules = [{"kind": "copy_to_requested_state", "days": 14}]
        if taken:
            release = RecordingRelease(
                owner_state="RO", recording_id=setting.recording.id, to_person="K. Srisai", to_body="Court",
                to_state="TH", purpose="Evidence", proposed_by="a", proposed_label="A", proposed_at=setting.now,
                bag_sha256="5a" * 32,
            )  # fmt: skip
            db.add(release)


async def test_a_copy_that_is_owed_is_mailed_to_who_owes_it_and_to_both_once_it_is_overdue(setting: Any) -> None:
    await owe_copy(setting)
    setting.world = World(database=setting.database, origin=setting.world.origin, clock=lambda: setting.now)

    async def told() -> list[tuple[str, str]]:
        await jobs.audit(setting.world)
        return [m for m in await mails(setting) if "copy" in m[1]]

    setting.now = setting.recording.closed_at
    owed = "Hearing 7F3K-22QD: the requested State is to get a copy of the recording: propose its release"
    first = [("clerk@ro.example", owed), ("judge@ro.example", owed)]
    assert await told() == await told() == first
    setting.now += 14 * DAY
    late = "Hearing 7F3K-22QD: a copy of a recording that the requested State is to get is overdue"
    after = sorted([*first, *((f"{who}.example", late) for who in ("clerk@ro", "judge@ro", "authority@th"))])
    assert sorted(await told()) == sorted(await told()) == after


async def test_a_copy_that_was_taken_is_not_asked_for(setting: Any) -> None:
    await owe_copy(setting, taken=True)
    setting.world = World(database=setting.database, origin=setting.world.origin, clock=lambda: setting.now)
    setting.now = setting.recording.closed_at + 20 * DAY
    await jobs.audit(setting.world)
    assert [m for m in await mails(setting) if "copy" in m[1]] == []


async def test_each_review_of_a_retention_is_mailed_once(setting: Any) -> None:
    setting.world = World(database=setting.database, origin=setting.world.origin, clock=lambda: setting.now)
    told = []
    for years in (9.9, 10, 12, 15, 15.1, 27):
        setting.now = setting.recording.closed_at + years * YEAR
        await jobs.audit(setting.world)
        told.append(len([m for m in await mails(setting) if "retention" in m[1]]))
    assert told == [0, 2, 2, 4, 4, 6]


@pytest.mark.parametrize(
    ("vector", "verdict", "told"),
    [
        ("good", "verified", []),
        ("gap", "gaps", []),
        ("byte-in-segment", "failed", ["administrator@ro.example", "authority@th.example", "judge@ro.example"]),
        ("", "unreadable", ["administrator@ro.example", "authority@th.example", "judge@ro.example"]),
    ],
)
async def test_a_stored_recording_is_audited_where_it_lies_and_failures_are_told(
    setting: Any, tmp_path: Path, vector: str, verdict: str, told: list[str]
) -> None:
    pins = (VECTORS / (vector or "good") / "policy.txt").read_text()
    folder = tmp_path / "recordings" / setting.recording.id
    if vector:
        shutil.copytree(VECTORS / vector / "bag" / "data", folder)
    before = sorted(path.name for path in tmp_path.rglob("*"))
    setting.world = World(
        database=setting.database,
        origin=setting.world.origin,
        clock=lambda: setting.now,
        recordings=tmp_path / "recordings",
        pins=lambda: pins,
    )
    await jobs.audit(setting.world)
    await jobs.audit(setting.world)
    (audit,) = await all_of(setting, CustodyAudit)
    assert (audit.recording_id, audit.verdict) == (setting.recording.id, verdict)
    assert [address for address, subject in await mails(setting) if "failed verification" in subject] == told
    assert sorted(path.name for path in tmp_path.rglob("*") if "vivavoce.db" not in path.name) == [
        name for name in before if "vivavoce.db" not in name
    ]


@pytest.mark.parametrize("out", [b"", b"{}", b"nonsense", b"[]"])
def test_a_verifier_that_says_nothing_has_verified_nothing(out: bytes) -> None:
    assert audits.read(out) == audits.Verdict("unreadable", "the verifier gave no verdict")


async def test_priorities_follow_the_days_once_a_day_and_nobody_is_mailed(setting: Any) -> None:
    async with setting.database.transaction() as db:
        row = await db.get(HearingRequest, setting.request.id)
        row.detained_since = setting.now.date() - 89 * DAY
        row.priority = 1
    await jobs.tick(setting.world)
    before = await mails(setting)
    found = []
    for _ in range(2):
        setting.now += DAY
        for _ in range(2):
            await jobs.tick(setting.world)
        found.append((await all_of(setting, HearingRequest))[0].priority)
    assert found == [2, 2]
    (line,) = await all_of(setting, RequestEvent)
    assert (line.act.value, line.data) == ("priority_refreshed", {"before": 1, "after": 2})
    assert len([one for one in await all_of(setting, Claim) if one.kind == "priorities"]) == 3
    assert [mail for mail in await mails(setting) if mail not in before and "priorit" in mail[1]] == []


async def test_tidying_forgets_what_has_expired_and_nothing_else(setting: Any) -> None:
    async def message(key: str, age: timedelta) -> OutboxMessage:
        async with setting.database.transaction() as db:
            made = await outbox.put(
                db,
                kind=OutboxKind.mail,
                to="a@b.example",
                payload={},
                about="",
                owner_state="RO",
                now=setting.now - age,
                key=key,
            )
            (taken,) = await outbox.take(db, kinds=[OutboxKind.mail], now=setting.now)
            await outbox.settle(db, message_id=made.id, attempt=1, outcome=OutboxStatus.sent, now=setting.now)
            assert taken.id == made.id
        return made

    await message("old", 500 * DAY)
    kept = await message("new", DAY)
    async with setting.database.transaction() as db:
        await tidying.tidy(db, now=setting.now)
    assert [one.id for one in await all_of(setting, OutboxMessage)] == [kept.id]
    assert [one.message_id for one in await all_of(setting, OutboxAttempt)] == [kept.id]


async def test_both_sides_are_told_once_of_a_hearing_that_newer_zone_data_would_move(setting: Any) -> None:
    hearing = setting.hearing
    day = HearingDay(
        owner_state="RO", hearing_id=hearing.id, number=1, starts_at=hearing.starts_at, ends_at=hearing.ends_at,
        wall_start="2026-12-02T10:00:00", wall_zone=hearing.wall_zone, tzdb_version="2020a",
    )  # fmt: skip
    async with setting.database.transaction() as db:
        db.add(day)  # as if the zone had been an hour off when it was resolved
    for _ in range(2):
        async with setting.database.transaction() as db:
            await tidying.check_zones(db, origin=setting.world.origin, now=setting.now)
    assert [address for address, subject in await mails(setting) if "time-zone" in subject] == [
        "authority@th.example",
        "clerk@ro.example",
        "judge@ro.example",
    ]
    async with setting.database.reading() as db:
        assert (await db.get(Hearing, hearing.id)).starts_at == hearing.starts_at
        assert (await db.get(HearingDay, day.id)).moved_by == tzdb_version()  # what waits is found by it


async def test_ticks_write_no_history_and_follow_nothing(setting: Any) -> None:
    setting.now = setting.hearing.starts_at
    await jobs.tick(setting.world)
    assert (await all_of(setting, StatusChange), await all_of(setting, UnfollowedChange)) == ([], [])
