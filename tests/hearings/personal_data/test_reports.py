"""What is held about a person: everything of theirs, nothing of others, and nothing that finds a protected witness."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from hearings.actors import Actor
from hearings.db import Database
from hearings.errors import Invalid, NotAllowed, NotFound, NotReady
from hearings.hearing.participant_contacts import message_key
from hearings.models import (
    DataReport,
    HearingRequest,
    Invitation,
    Login,
    NetworkTest,
    OutboxMessage,
    Participant,
    ParticipantContact,
)
from hearings.models.outbox import OutboxKind, OutboxStatus
from hearings.personal_data import data_table, reports
from hearings.personal_data.reports import HeldReport
from hearings.roles import Role
from tests.support.rows import Setting, keep, make_seat

ADDRESS = "somchai.w@example.org"
OTHER = "Malee Suwan"
CLERK = Actor(id="c", label="I. Marin", state="RO", functions=frozenset({"clerk"}))
WHY = {"identity": "Passport seen", "reason": "Letter of 3 May"}


class Case(Setting):
    """The setting, with an expert who has an address, a second expert at the same address, and what others wrote."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.expert = make_seat(
            self.hearing.id, Role.expert, display_name="Somchai Wattana", name_folded="somchai wattana"
        )
        self.other = make_seat(self.hearing.id, Role.expert, display_name=OTHER, number=2, break_reason=OTHER)

    def contact(self, seat: Participant, email: str = ADDRESS, state: str = "RO") -> ParticipantContact:
        return ParticipantContact(
            owner_state=state, participant_id=seat.id, email=email, language="th", created_by=OTHER, created_at=self.now
        )

    def mail(self, seat: Participant, address: str = ADDRESS) -> OutboxMessage:
        return OutboxMessage(
            owner_state="RO",
            kind=OutboxKind.mail,
            key=message_key(seat.id, "invited"),
            address=address,
            about=f"mail to {seat.display_name}",
            payload={"text": OTHER},
            status=OutboxStatus.sent,
            created_at=self.now,
            next_at=self.now,
            sent_at=self.now,
        )


@pytest.fixture
async def case(database: Database) -> AsyncIterator[Case]:
    made = Case(database)
    await made.keep()
    await keep(database, made.expert, made.other)
    yield made


async def report(case: Case, actor: Actor = CLERK, **given: str) -> HeldReport:
    async with case.database.transaction() as db:
        return await reports.make(db, **WHY, **given, actor=actor, now=case.now)


def tables(found: HeldReport) -> set[str]:
    return {section.table for section in found.sections}


async def all_of(case: Case, table: Any) -> list[Any]:
    async with case.database.reading() as db:
        return list((await db.exec(select(table))).all())


async def test_a_person_gets_every_row_about_them_and_nothing_that_names_another(case: Case) -> None:
    at = case.now
    await keep(
        case.database,
        case.contact(case.expert),
        case.contact(case.other, "malee@example.org"),
        Invitation(
            owner_state="RO",
            participant_id=case.expert.id,
            secret_hash="secret" * 10,
            pin_hash="pin",
            code_to=ADDRESS,
            created_at=at,
        ),
        Login(owner_state="RO", participant_id=case.expert.id, secret_hash="l" * 64, created_at=at, seen_at=at),
        NetworkTest(
            owner_state="RO",
            hearing_id=case.hearing.id,
            participant_id=case.expert.id,
            measured={"note": OTHER},
            verdict="good",
            at=at,
            actor=case.expert.id,
            actor_label=OTHER,
        ),
        case.mail(case.expert),
        case.mail(case.other, "malee@example.org"),
    )
    wanted = {"participant", "participant_contact", "invitation", "login", "network_test", "outbox_message"}
    by_address = await report(case, address=f"  {ADDRESS.upper()} ")
    by_name = await report(case, ref=case.hearing.ref, name="somchai WATTANA")
    for found in (by_address, by_name):
        assert tables(found) == wanted and found.count == len(wanted)
        said = json.dumps(found.as_json(), ensure_ascii=False)
        assert "Somchai Wattana" in said and ADDRESS in said
        assert OTHER not in said and "malee" not in said and "secret" not in said
        assert found.hearings == (case.hearing.ref,)
        assert all(section.rules for section in found.sections)


async def test_staff_get_what_is_held_of_their_account_in_their_own_state_alone(case: Case) -> None:
    clerk = case.people["clerk"]
    found = await report(case, address=clerk.email)
    (account,) = [section for section in found.sections if section.table == "person"]
    assert account.rows[0]["name"] == "I. Marin"
    assert (await report(case, address=case.people["authority"].email)).sections == ()


async def test_what_another_state_has_entered_is_not_told(case: Case) -> None:
    await keep(case.database, case.contact(case.expert, state="TH"))
    assert (await report(case, address=ADDRESS)).sections == ()
    assert "participant_contact" not in tables(await report(case, ref=case.hearing.ref, name="Somchai Wattana"))


@pytest.mark.parametrize("asked", [{"pseudonym": True}, {"protection_requested": ["face"]}])
async def test_an_address_never_finds_a_protected_witness_and_the_answer_is_that_of_an_unknown_address(
    case: Case, asked: dict[str, Any]
) -> None:
    await keep(case.database, case.contact(case.witness), case.mail(case.witness))
    assert tables(await report(case, address=ADDRESS)) >= {"participant"}
    async with case.database.transaction() as db:
        row = await db.get(HearingRequest, case.request.id)
        for name, value in asked.items():
            setattr(row, name, value)
    unknown = await report(case, address="nobody.at.all@example.org")
    assert (await report(case, address=ADDRESS)).as_json() == unknown.as_json()


async def test_who_was_identified_under_protection_is_not_found_whatever_the_request_says(case: Case) -> None:
    case.expert.identity_method = "protected_identity"
    await keep(case.database, case.contact(case.expert), case.mail(case.expert))
    async with case.database.transaction() as db:
        row = await db.get(Participant, case.expert.id)
        assert row is not None
        row.identity_method = "protected_identity"
    assert (await report(case, address=ADDRESS)).sections == ()
    with pytest.raises(NotReady, match="identity of this person is protected"):
        await report(case, ref=case.hearing.ref, name="Somchai Wattana")


async def test_a_mailbox_that_a_protected_person_shares_tells_only_of_the_other(case: Case) -> None:
    await keep(case.database, case.contact(case.expert), case.contact(case.witness))
    await keep(case.database, case.mail(case.expert), case.mail(case.witness))
    async with case.database.transaction() as db:
        (await db.get(HearingRequest, case.request.id)).pseudonym = True
    found = await report(case, address=ADDRESS)
    assert not found.sections  # both are heard in this case, and whoever is heard in it is protected
    interpreter = make_seat(case.hearing.id, Role.interpreter, display_name="Ioana Dima")
    await keep(case.database, interpreter, case.contact(interpreter), case.mail(interpreter))
    said = json.dumps((await report(case, address=ADDRESS)).as_json())
    assert "mail to Ioana Dima" in said and case.witness.display_name not in said and "Somchai" not in said


async def test_the_person_heard_gets_what_the_request_says_of_them_without_the_facts_of_the_case(case: Case) -> None:
    async with case.database.transaction() as db:
        row = await db.get(HearingRequest, case.request.id)
        assert row is not None
        row.person_folded, row.person_name = "somchai wattana", "Somchai Wattana"
    found = await report(case, ref=case.hearing.ref, name="Somchai Wattana")
    (section,) = [each for each in found.sections if each.table == "hearing_request"]
    assert section.rows[0]["person_name"] == "Somchai Wattana"
    assert "offence_summary" not in section.rows[0] and "case_number" not in section.rows[0]


async def test_each_report_is_on_record_with_who_made_it_and_why_and_without_whom_it_is_about(case: Case) -> None:
    await keep(case.database, case.contact(case.expert))
    found = await report(case, address=ADDRESS)
    (line,) = await all_of(case, DataReport)
    assert (line.made_label, line.reason, line.identity) == ("I. Marin", "Letter of 3 May", "Passport seen")
    assert (line.rows_told, line.report_sha256) == (found.count, found.sha256())
    assert ADDRESS not in str(line) and "Somchai" not in str(line)


async def test_what_is_wrong_or_not_theirs_is_refused_and_leaves_no_report(case: Case) -> None:
    judge = Actor(id="j", label="A. Popa", state="RO", functions=frozenset({"administrator"}))
    with pytest.raises(NotAllowed):
        await report(case, judge, address=ADDRESS)
    with pytest.raises(NotFound):
        stranger = Actor(id="f", label="M. Blanc", state="FR", functions=frozenset({"clerk"}))
        await report(case, stranger, ref=case.hearing.ref, name=OTHER)
    for given in (
        {},
        {"address": "a@b"},
        {"address": ADDRESS, "ref": case.hearing.ref, "name": OTHER},
        {"ref": case.hearing.ref},
        {"ref": case.hearing.ref, "name": "Nobody"},
    ):
        with pytest.raises(Invalid):
            await report(case, **given)
    for missing in WHY:
        async with case.database.trial() as db:
            with pytest.raises(Invalid):
                await reports.make(db, **{**WHY, missing: " "}, address=ADDRESS, actor=CLERK, now=case.now)
    assert await all_of(case, DataReport) == []


async def test_two_people_of_one_name_are_told_apart_by_their_address_alone(case: Case) -> None:
    await keep(case.database, make_seat(case.hearing.id, Role.clerk, display_name=OTHER))
    with pytest.raises(Invalid, match="Several people"):
        await report(case, ref=case.hearing.ref, name=OTHER)


def test_reports_tell_no_credential_and_no_free_text_and_name_their_tables() -> None:
    known = data_table.tables()
    for name, columns in reports.told_columns().items():
        assert columns <= set(known[name].columns)
        assert not columns & set(known[name].of(*reports.NEVER)), name


async def test_a_report_of_a_long_past_has_no_more_than_so_many_rows_of_a_table(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "MOST", 3)
    at = case.now - timedelta(days=1)
    await keep(
        case.database,
        case.contact(case.expert),
        *(
            Login(owner_state="RO", participant_id=case.expert.id, secret_hash=f"{n:064}", created_at=at, seen_at=at)
            for n in range(5)
        ),
    )
    found = await report(case, address=ADDRESS)
    assert [len(section.rows) for section in found.sections if section.table == "login"] == [3]
