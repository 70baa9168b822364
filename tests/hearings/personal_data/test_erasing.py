"""What is due is erased, counted and logged once; what belongs to an open case or is under a legal hold waits."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import DatabaseError
from sqlmodel import delete, select

from hearings.db import Database
from hearings.hearing.participant_contacts import message_key
from hearings.models import (
    Attachment,
    AttachmentBytes,
    CalendarFeed,
    Erasure,
    Hearing,
    HearingRequest,
    Invitation,
    JoinCode,
    KeepingDecision,
    Login,
    NetworkTest,
    OutboxAttempt,
    OutboxMessage,
    RetentionPeriod,
    SharedView,
    StatusChange,
    Translation,
)
from hearings.models.outbox import OutboxKind, OutboxStatus
from hearings.models.sitting import KeepingKind
from hearings.personal_data import data_table, erasing, sweeps
from hearings.personal_data.data_table import DataKind
from hearings.personal_data.sweeps import SWEEPS
from hearings.status import HearingStatus, RequestStatus
from tests.support.rows import NAME, Setting, keep, make_request

DAY = timedelta(days=1)
CASE = ("mail_text", "join_link", "network_test", "view_log")
"""Rules that wait for the case."""


@pytest.fixture
async def setting(database: Database) -> AsyncIterator[Setting]:
    """A case that is over: its hearing was twelve years before the clock of the world."""
    made = Setting(database)
    made.now += 12 * 366 * DAY  # of the rows nothing is newer than eleven years
    made.request.status = RequestStatus.closed
    made.hearing.status = HearingStatus.concluded
    await made.keep()
    yield made


async def all_of(setting: Setting, table: Any) -> list[Any]:
    async with setting.database.reading() as db:
        return list((await db.exec(select(table).order_by(table.id))).all())


def mail(at: datetime, key: str, about: str = "7F3K-22QD", **more: object) -> OutboxMessage:
    given: dict[str, Any] = {
        "owner_state": "RO",
        "kind": OutboxKind.mail,
        "key": key,
        "address": "planted@example.org",
        "about": about,
        "payload": {"subject": NAME, "text": NAME},
        "status": OutboxStatus.sent,
        "created_at": at,
        "next_at": at,
        "sent_at": at,
        "last_text": NAME,
    }
    return OutboxMessage(**(given | more))


def rows_of(setting: Setting) -> list[Any]:
    """A row for every rule, all of them due."""
    at, witness, hearing = setting.hearing.starts_at, setting.witness.id, setting.hearing.id
    invitation = Invitation(
        owner_state="RO", participant_id=witness, secret_hash="s" * 64, pin_hash="p", code_to=NAME, created_at=at
    )
    draft = make_request(
        reference="RO-2026-0002",
        status=RequestStatus.draft,
        submitted_at=None,
        created_at=at,
        priority_override=3,
        priority_reason=NAME,
    )
    file = Attachment(
        owner_state="RO",
        request_id=draft.id,
        name=NAME,
        media_type="text/plain",
        size=1,
        sha256="a" * 64,
        added_by="x",
        added_by_label=NAME,
        added_at=at,
    )
    sent = mail(at, message_key(witness, "x"))
    return [
        sent,
        OutboxAttempt(owner_state="RO", message_id=sent.id, number=1, at=at, outcome=OutboxStatus.sent, text=NAME),
        invitation,
        JoinCode(owner_state="RO", invitation_id=invitation.id, code_hash="c", created_at=at, expires_at=at),
        NetworkTest(
            owner_state="TH",
            hearing_id=hearing,
            participant_id=witness,
            measured={},
            verdict="good",
            at=at,
            actor=witness,
            actor_label=NAME,
        ),
        Login(owner_state="TH", participant_id=witness, secret_hash="l" * 64, created_at=at, seen_at=at, ended_at=at),
        CalendarFeed(
            owner_state="RO", person_id=setting.people["clerk"].id, token_hash="f" * 64, created_at=at, revoked_at=at
        ),
        draft,
        file,
        AttachmentBytes(owner_state="RO", attachment_id=file.id, data=NAME.encode()),
        Translation(
            owner_state="RO",
            request_id=draft.id,
            language="th",
            translator=NAME,
            attachment_id=file.id,
            added_by="x",
            added_at=at,
        ),
        SharedView(
            owner_state="RO",
            subject="hearing",
            subject_id=hearing,
            viewer_state="TH",
            viewer="x",
            viewer_label=NAME,
            at=at - 12 * 365 * DAY,  # by the clock of the database, which refuses to delete younger ones
        ),
    ]


def test_every_rule_that_a_state_may_change_has_what_erases_it_and_no_other_has() -> None:
    adjustable = {rule.id for rule in data_table.rules().values() if rule.adjustable}
    assert list(SWEEPS) == [rule for rule in data_table.rules() if rule in adjustable]
    for sweep in SWEEPS.values():
        assert sweep.rule in data_table.tables()[str(sweep.table.__tablename__)].rules
        assert data_table.rules()[sweep.rule].waits == (sweep.rule in CASE)


@pytest.mark.both_databases
async def test_what_is_due_is_erased_once_with_a_line_that_counts_it_and_names_nobody(setting: Setting) -> None:
    await keep(setting.database, *rows_of(setting))
    async with setting.database.reading() as db:
        told = {(one.state, one.rule.id): (one.rows, one.waiting) for one in await erasing.due(db, now=setting.now)}
    counts = await erasing.erase_due(setting.database, now=setting.now)
    assert counts == dict.fromkeys(SWEEPS, 1)
    assert told == {("TH" if rule in ("network_test", "login") else "RO", rule): (1, 0) for rule in SWEEPS}
    for table in (Invitation, JoinCode, NetworkTest, Login, CalendarFeed, Attachment, AttachmentBytes, SharedView):
        assert await all_of(setting, table) == []
    lines = await all_of(setting, Erasure)
    assert sorted((line.rule, line.rows_erased) for line in lines) == sorted((rule, 1) for rule in SWEEPS)
    assert await erasing.erase_due(setting.database, now=setting.now) == {}
    assert len(await all_of(setting, Erasure)) == len(lines)


async def test_of_a_mail_the_digest_the_times_and_the_result_remain(setting: Setting) -> None:
    sent = mail(setting.hearing.starts_at, "one")
    await keep(setting.database, sent)
    was = sweeps.digest(sent)
    await erasing.erase_due(setting.database, now=setting.now)
    (row,) = await all_of(setting, OutboxMessage)
    assert (row.address, row.payload, row.last_text, row.erased_at) == ("", {}, "", setting.now)
    assert (row.digest, row.status, row.sent_at) == (was, OutboxStatus.sent, setting.hearing.starts_at)
    assert was == sweeps.digest(mail(setting.hearing.starts_at, "another"))
    assert was != sweeps.digest(mail(setting.hearing.starts_at, "one", address="other@example.org"))


async def test_a_draft_is_withdrawn_without_its_content_and_a_submitted_request_stays_as_it_is(
    setting: Setting,
) -> None:
    await keep(setting.database, *rows_of(setting))
    await erasing.erase_due(setting.database, now=setting.now)
    closed, draft = sorted(await all_of(setting, HearingRequest), key=lambda row: row.reference)
    assert (draft.status, draft.reference) == (RequestStatus.withdrawn, "RO-2026-0002")
    texts = data_table.tables()["hearing_request"].of(DataKind.special, DataKind.contact, DataKind.free_text)
    assert {name: getattr(draft, name) for name in (*texts, "person_name", "case_number") if getattr(draft, name)} == {}
    assert (closed.person_name, closed.status) == (NAME, RequestStatus.closed)
    (line,) = await all_of(setting, StatusChange)
    assert (line.subject_id, line.before, line.after, line.actor) == (draft.id, "draft", "withdrawn", "system")


async def test_a_draft_that_was_changed_or_got_a_file_within_its_period_stays(setting: Setting) -> None:
    rows = rows_of(setting)
    draft = next(row for row in rows if isinstance(row, HearingRequest))
    other = make_request(
        reference="RO-2026-0003",
        status=RequestStatus.draft,
        submitted_at=None,
        created_at=setting.hearing.starts_at,
        changed_at=setting.now - 300 * DAY,
    )
    next(row for row in rows if isinstance(row, Attachment)).added_at = setting.now - 300 * DAY
    await keep(setting.database, *rows, other)
    counts = await erasing.erase_due(setting.database, now=setting.now)
    assert "draft" not in counts
    kept = {row.id: row.person_name for row in await all_of(setting, HearingRequest) if row.status == "draft"}
    assert kept == {draft.id: NAME, other.id: NAME}


async def hold(setting: Setting, kind: KeepingKind, refers_to: str = "") -> KeepingDecision:
    decision = KeepingDecision(
        owner_state="TH",
        recording_id=setting.recording.id,
        hearing_id=setting.hearing.id,
        kind=kind,
        refers_to=refers_to,
        person_id="x",
        person_name="K. Srisai",
        reason="Appeal",
        at=setting.hearing.starts_at,
    )
    await keep(setting.database, decision)
    return decision


async def waiting(setting: Setting) -> set[str]:
    """The rules of which something is due and waits; nothing of these was erased."""
    async with setting.database.reading() as db:
        told = {one.rule.id for one in await erasing.due(db, now=setting.now) if one.waiting}
    counts = await erasing.erase_due(setting.database, now=setting.now)
    assert not told & set(counts)
    return told


@pytest.mark.both_databases
async def test_a_legal_hold_on_a_recording_keeps_the_whole_case_until_it_is_lifted(setting: Setting) -> None:
    await keep(setting.database, *rows_of(setting))
    placed = await hold(setting, KeepingKind.hold)
    assert await waiting(setting) == set(CASE)
    assert len(await all_of(setting, Invitation)) == len(await all_of(setting, SharedView)) == 1
    await hold(setting, KeepingKind.lift, placed.id)
    assert await waiting(setting) == set()
    assert await all_of(setting, Invitation) == []


@pytest.mark.parametrize("status", [RequestStatus.executed, RequestStatus.executing, RequestStatus.postponed])
async def test_a_request_that_is_not_closed_keeps_what_belongs_to_its_case(
    setting: Setting, status: RequestStatus
) -> None:
    await keep(setting.database, *rows_of(setting))
    async with setting.database.transaction() as db:
        (await db.get(HearingRequest, setting.request.id)).status = status
    assert await waiting(setting) == set(CASE)


async def test_a_hearing_that_is_not_over_keeps_what_belongs_to_its_case(setting: Setting) -> None:
    await keep(setting.database, mail(setting.hearing.starts_at, "of the hearing"))
    await keep(setting.database, mail(setting.hearing.starts_at, "of the request", about="RO-2026-0001"))
    async with setting.database.transaction() as db:
        (await db.get(Hearing, setting.hearing.id)).status = HearingStatus.agreed
    assert await waiting(setting) == {"mail_text"}
    assert {row.address for row in await all_of(setting, OutboxMessage)} == {"planted@example.org"}


async def test_what_was_not_sent_yet_and_events_for_systems_are_left_alone(setting: Setting) -> None:
    at = setting.hearing.starts_at
    statuses = (OutboxStatus.waiting, OutboxStatus.sending, OutboxStatus.unconfirmed)
    rows = [mail(at, str(status), status=status, sent_at=None) for status in statuses]
    await keep(setting.database, *rows, mail(at, "event", kind=OutboxKind.webhook))
    assert await erasing.erase_due(setting.database, now=setting.now) == {}


async def test_a_period_that_a_state_has_lengthened_counts_for_its_rows_alone(setting: Setting) -> None:
    at = setting.now - 100 * DAY
    await keep(setting.database, mail(at, "ours"), mail(at, "theirs", owner_state="TH"))
    longer = RetentionPeriod(
        owner_state="RO", rule="mail_text", days=200, reason="Appeals", set_by="a", set_label="A", at=at
    )
    await keep(setting.database, longer)
    await erasing.erase_due(setting.database, now=setting.now)
    assert {row.owner_state: bool(row.address) for row in await all_of(setting, OutboxMessage)} == {
        "RO": True,
        "TH": False,
    }


async def test_a_sweep_that_is_cut_off_leaves_what_was_done_on_record_and_the_rest_due(
    setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    await keep(setting.database, *(mail(setting.hearing.starts_at, str(number)) for number in range(5)))
    batches = []
    whole = erasing.erase_batch

    async def killed(*given: Any, **named: Any) -> int:
        done = await whole(*given, **named)
        batches.append(done)
        if len(batches) == 2:
            raise KeyboardInterrupt  # within the transaction of the second batch
        return done

    monkeypatch.setattr(erasing, "erase_batch", killed)
    with pytest.raises(KeyboardInterrupt):
        await erasing.erase_due(setting.database, now=setting.now, limit=2)
    assert batches == [2, 2]
    assert [line.rows_erased for line in await all_of(setting, Erasure)] == [2]
    assert len([row for row in await all_of(setting, OutboxMessage) if row.erased_at]) == 2
    monkeypatch.undo()
    assert await erasing.erase_due(setting.database, now=setting.now, limit=2) == {"mail_text": 3}
    assert [line.rows_erased for line in await all_of(setting, Erasure)] == [2, 2, 1]


@pytest.mark.both_databases
async def test_the_database_itself_refuses_to_delete_a_view_that_is_not_five_years_old(
    setting: Setting,
) -> None:
    view = next(row for row in rows_of(setting) if isinstance(row, SharedView))
    view.at = datetime.now(view.at.tzinfo) - 1820 * DAY
    await keep(setting.database, view)
    with pytest.raises(DatabaseError, match="shared_view only grows"):
        async with setting.database.transaction() as db:
            await db.exec(delete(SharedView))
