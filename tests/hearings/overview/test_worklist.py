"""What waits for whom, by when; the informal thread; delegation; deadlines; the search over a State's own cases."""

import random
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import queries, reference
from hearings.actors import Actor, person_actor
from hearings.agreement import agreements
from hearings.clocks import tzdb_version
from hearings.db import Database
from hearings.errors import GateNotMet, Invalid, NotAllowed, NotFound, NotReady, Stale
from hearings.hearing import adjournments, days as hearing_days, hearing as diary, zone_data
from hearings.ids import new_id
from hearings.law.answer import ConsentNeed
from hearings.law.legal_bases import GateResult
from hearings.models import (
    Agreement,
    AgreementOffer,
    Consent,
    Hearing,
    HearingDay,
    HearingRequest,
    Minutes,
    MinutesReading,
    Participant,
    Person,
    Recording,
    RecordingRelease,
    Signature,
    SigningKey,
    Site,
    SiteProfile,
    Sitting,
    SummonsService,
)
from hearings.models.minutes import ReadingOutcome
from hearings.models.participant import SummonsOutcome, SummonsWay
from hearings.models.request import Capacity, OathForm, Protection, Stage
from hearings.models.rights import RightAnswer, RightAnswerKind
from hearings.models.signature import Act
from hearings.overview import worklist
from hearings.overview.next_steps import ASKED, ASKING, CONFIRM, CONSENT, HEARINGS
from hearings.requests import (
    consent_answers,
    consultations,
    log as request_log,
    person_consents,
    queries as request_queries,
    requests,
    sending,
)
from hearings.rights import checklist
from hearings.roles import Role
from hearings.sitting import recordings, sittings, withdrawals
from hearings.status import (
    AgreementStatus,
    ConsentStatus,
    HearingStatus,
    MinutesStatus,
    RecordingStatus,
    RequestStatus,
    SittingStatus,
)
from hearings.times.wall_times import WallTime, fix

pytestmark = pytest.mark.beside

R, M = RequestStatus, MinutesStatus


@pytest.fixture
def clerk(staff: dict[str, Person]) -> Actor:
    return person_actor(staff["clerk"])


@pytest.fixture
def authority(staff: dict[str, Person]) -> Actor:
    return person_actor(staff["authority"])


async def made(database: Database, clerk: Actor, now: datetime, fields: dict[str, Any], **more: Any) -> HearingRequest:
    async with database.transaction() as db:
        row = await requests.draft(db, requested_state="TH", fields=fields | more, actor=clerk, now=now)
        await requests.submit(db, request=row, actor=clerk, now=now)
    return row


async def act(database: Database, row: HearingRequest, what: Any, actor: Actor, now: datetime, **words: Any) -> Any:
    async with database.transaction() as db:
        found = await queries.get(db, HearingRequest, row.id, lock=True)
        await what(db, request=found, actor=actor, now=now, **words)
        return found


async def waits(database: Database, person: Person, now: datetime, *, everything: bool = False) -> list[Any]:
    async with database.reading() as db:
        found = await worklist.waiting(db, person=person, now=now, everything=everything)
    return [(row.step, row.subject.reference, row.due, row.late) for row in found.rows]


@pytest.mark.both_databases
async def test_what_waits_is_each_sides_own_earliest_due_first(
    database: Database, staff: dict[str, Person], clerk: Actor, authority: Actor, now: datetime, fields: dict[str, Any]
) -> None:
    plain = await made(database, clerk, now, fields)
    wanted = await made(database, clerk, now, fields, wanted_by="2026-12-10", wanted_by_reason="The trial begins")
    due = datetime(2026, 12, 10, 16, 59, 59, tzinfo=UTC)  # the end of that day in Bangkok
    assert await waits(database, staff["authority"], now) == [
        ("acknowledge", wanted.reference, due, False),
        ("acknowledge", plain.reference, now + timedelta(days=30), False),
    ]
    assert await waits(database, staff["clerk"], now) == []
    assert await waits(database, staff["judge"], now) == []
    await act(database, plain, requests.acknowledge, authority, now)
    asked = now + timedelta(days=3)
    await act(database, plain, requests.ask_information, authority, now, question="Which dialect?", due=asked)
    assert await waits(database, staff["clerk"], now) == [("answer_question", plain.reference, asked, False)]
    late = now + timedelta(days=9)
    assert await waits(database, staff["clerk"], late) == [("answer_question", plain.reference, asked, True)]
    assert [wait[3] for wait in await waits(database, staff["authority"], late)] == [True]


async def test_an_acknowledgement_an_instrument_limits_waits_once_until_its_own_day_and_is_then_late(
    database: Database, staff: dict[str, Person], clerk: Actor, authority: Actor, now: datetime, fields: dict[str, Any]
) -> None:
    row = await made(database, clerk, now, fields)
    week = now + timedelta(days=7)
    async with database.transaction() as db:
        (await queries.get(db, HearingRequest, row.id, lock=True)).receipt_due = week
    assert await waits(database, staff["authority"], now) == [("acknowledge", row.reference, week, False)]
    late = week + timedelta(seconds=1)
    assert await waits(database, staff["authority"], late) == [("acknowledge", row.reference, week, True)]
    await act(database, row, requests.acknowledge, authority, late)
    assert await waits(database, staff["authority"], late) == [
        ("answer", row.reference, now + timedelta(days=30), False)
    ]


@pytest.mark.both_databases
async def test_the_open_steps_of_one_request_are_what_waits_for_either_state_in_it(
    database: Database, staff: dict[str, Person], clerk: Actor, authority: Actor, now: datetime, fields: dict[str, Any]
) -> None:
    await made(database, clerk, now, fields)  # another one, whose steps are not named
    async with database.transaction() as db:
        row = await requests.draft(db, requested_state="TH", fields=fields, actor=clerk, now=now)
    question = {"question": "Which dialect?", "due": now + timedelta(days=3)}
    for what, actor, words in (
        (None, None, {}),
        (requests.submit, clerk, {}),
        (requests.acknowledge, authority, {}),
        (requests.ask_information, authority, question),
        (requests.answer_information, clerk, {"answer": "Isan"}),
        (requests.accept, authority, {"reason": ""}),
    ):
        if what is not None and actor is not None:
            await act(database, row, what, actor, now, **words)
        async with database.reading() as db:
            found = await queries.get(db, HearingRequest, row.id)
            for own in ("RO", "TH"):
                steps = await worklist.of_request(db, request=found, hearings=[], own=own, now=now)
                assert {step.subject.id for step in steps} <= {row.id}
                for person in (staff["clerk"], staff["authority"]):
                    waiting = (await worklist.waiting(db, person=person, now=now)).rows
                    mine = {(wait.step, wait.due) for wait in waiting if wait.subject.id == row.id}
                    state = person.owner_state
                    assert mine == {(step.step.word, step.due) for step in steps if step.state == state}, found.status


@pytest.mark.both_databases
async def test_what_is_given_to_a_colleague_waits_for_the_colleague(
    database: Database, staff: dict[str, Person], clerk: Actor, authority: Actor, now: datetime, fields: dict[str, Any]
) -> None:
    async with database.transaction() as db:
        other = Person(owner_state="TH", name="Ploy", email="ploy@th.example", functions=["authority"])
        db.add(other)
    row = await made(database, clerk, now, fields)
    for person, error in ((staff["clerk"].id, NotFound), ("nobody", NotFound)):
        with pytest.raises(error):
            await act(database, row, requests.delegate, authority, now, person_id=person)
    with pytest.raises(Invalid):  # a judge of the own State, who could do nothing with it
        await act(database, row, requests.delegate, clerk, now, person_id=staff["judge"].id)
    found = await act(database, row, requests.delegate, authority, now, person_id=other.id, reason="Yours")
    assert (found.requested_assignee, found.requesting_assignee, found.version) == (other.id, None, row.version + 1)
    assert [wait[0] for wait in await waits(database, other, now)] == ["acknowledge"]
    assert await waits(database, staff["authority"], now) == []
    assert len(await waits(database, staff["authority"], now, everything=True)) == 1
    async with database.reading() as db:
        (line,) = (await request_log.of_request(db, row, state="TH")).rows
        ours = await request_log.of_request(db, row, state="RO")
        assert ours.rows == []  # whom they put on the case is their business
    assert (line.reason, line.data) == ("Yours", {"to": "Ploy", "to_id": other.id})


async def test_two_clerks_on_one_draft_do_not_overwrite_one_another(
    database: Database, clerk: Actor, now: datetime
) -> None:
    async with database.transaction() as db:
        row = await requests.draft(db, requested_state="TH", actor=clerk, now=now)
    await act(database, row, requests.update, clerk, now, fields={"case_number": "1"}, version=1)
    with pytest.raises(Stale) as refusal:
        await act(database, row, requests.update, clerk, now, fields={"case_number": "2"}, version=1)
    assert (refusal.value.expected, refusal.value.found) == (1, 2)
    async with database.reading() as db:
        kept = await queries.get(db, HearingRequest, row.id)
    assert (kept.case_number, kept.version) == ("1", 2)


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"channel": "interpol"}, "By INTERPOL only"),
        ({"approach": "direct_to_person"}, "Nobody is approached directly"),
        (
            {"oral": True, "oral_at": "2026-12-02T05:00:00+00:00"},
            "Orally only",
        ),
    ],
)
async def test_a_way_that_is_not_open_stops_the_submission(
    database: Database, clerk: Actor, now: datetime, fields: dict[str, Any], change: dict[str, Any], missing: str
) -> None:
    with pytest.raises(GateNotMet) as refusal:
        await made(database, clerk, now, fields, **change)
    assert [text for text in refusal.value.missing if missing in text] != []


async def test_an_oral_request_is_confirmed_in_writing_or_is_not_accepted(
    database: Database, staff: dict[str, Person], clerk: Actor, authority: Actor, now: datetime, fields: dict[str, Any]
) -> None:
    oral = {"oral": True, "oral_at": now.isoformat(), "urgent": True}
    row = await made(database, clerk, now, fields, **oral)
    due = now + timedelta(hours=24)
    assert await waits(database, staff["clerk"], now) == [("confirm_in_writing", row.reference, due, False)]
    late = due + timedelta(seconds=1)
    kept = await act(database, row, requests.acknowledge, authority, now)
    assert (sending.blocks(kept, now=due), sending.blocks(kept, now=late)[0].code) == (
        (), "oral_written_confirmation_overdue",
    )  # fmt: skip
    with pytest.raises(NotReady, match="made orally"):
        await act(database, row, requests.accept, authority, late)
    with pytest.raises(NotAllowed):
        await act(database, row, requests.confirm_in_writing, authority, late)
    kept = await act(database, row, requests.confirm_in_writing, clerk, late)
    assert (kept.written_confirmed_at, kept.written_due) == (late, None)
    with pytest.raises(NotReady):
        await act(database, row, requests.confirm_in_writing, clerk, late)
    agreed = {"both_agree_oral": True}
    kept = await act(database, row, requests.accept, authority, late, answers=agreed)
    assert kept.status is RequestStatus.accepted
    async with database.reading() as db:
        answered, line = (await request_log.of_request(db, row, state=row.owner_state)).rows
    assert (answered.data, line.data) == ({"answers": agreed}, {"late": True})


@pytest.mark.parametrize(
    ("since", "late"),
    [(timedelta(hours=24, seconds=-1), False), (timedelta(hours=24), False), (timedelta(hours=24, seconds=1), True)],
)
async def test_an_oral_request_entered_after_its_time_is_confirmed_by_its_submission_and_the_log_says_that_it_is_late(
    database: Database, staff: dict[str, Person], clerk: Actor, authority: Actor, now: datetime, fields: dict[str, Any],
    since: timedelta, late: bool,
) -> None:  # fmt: skip
    oral = {"oral": True, "oral_at": (now - since).isoformat(), "urgent": True}
    row = await made(database, clerk, now, fields, **oral)
    waiting = [step for step, *_rest in await waits(database, staff["clerk"], now)]
    async with database.reading() as db:
        lines = (await request_log.of_request(db, row, state=authority.state)).rows
    assert (row.written_confirmed_at, sending.confirmed_late(row)) == (now if late else None, late)
    told = [(line.act.value, line.data) for line in lines if line.act.value != "gate_answered"]
    assert told == [("confirmed_in_writing", {"late": True})] * late
    assert waiting == ["confirm_in_writing"] * (not late)
    confirmed = [
        (one["status"], one["code"])
        for verdict in row.gate_result["verdicts"]
        for one in verdict["lines"]
        if one["key"] == "oral_confirmation"
    ]
    assert set(confirmed) == {("met" if late else "needs_human", "")}
    await act(database, row, requests.acknowledge, authority, now)
    if not late:
        kept = await act(database, row, requests.confirm_in_writing, clerk, now)
        assert not sending.confirmed_late(kept)
    with pytest.raises(NotReady, match="nothing to confirm"):
        await act(database, row, requests.confirm_in_writing, clerk, now)
    kept = await act(database, row, requests.accept, authority, now, answers={"both_agree_oral": True})
    assert kept.status is RequestStatus.accepted


async def test_a_postponement_has_a_day_and_a_refusal_one_comment(
    database: Database, clerk: Actor, authority: Actor, now: datetime, fields: dict[str, Any]
) -> None:
    row = await made(database, clerk, now, fields)
    await act(database, row, requests.acknowledge, authority, now)
    for day in (now, now + timedelta(days=800)):
        with pytest.raises(Invalid):
            await act(database, row, requests.postpone, authority, now, reasons="Trial", review=day)
    held = {"way": "telephone", "with_whom": "Ministry", "subject": "Conditions", "outcome": "None", "held_at": now}
    await act(database, row, consultations.record, authority, now, **held)
    kept = await act(
        database, row, requests.postpone, authority, now, reasons="Our own trial", review=now + timedelta(days=30)
    )
    assert (kept.review_due, kept.answer_due) == (now + timedelta(days=30), None)
    kept = await act(database, row, requests.take_up_again, authority, now)
    assert kept.review_due is None
    with pytest.raises(NotReady):
        await act(database, row, requests.comment_on_refusal, clerk, now, comment="Too early")
    await act(database, row, requests.refuse, authority, now, ground="no_consent", reasons="She said no.")
    with pytest.raises(NotAllowed):
        await act(database, row, requests.comment_on_refusal, authority, now, comment="Sorry")
    kept = await act(database, row, requests.comment_on_refusal, clerk, now, comment="We regret it.")
    assert (kept.refusal_comment, kept.status) == ("We regret it.", RequestStatus.refused)
    with pytest.raises(NotReady):
        await act(database, row, requests.comment_on_refusal, clerk, now, comment="Again")


async def test_a_consultation_is_recorded_after_it_was_held_by_either_side(
    database: Database, clerk: Actor, authority: Actor, now: datetime, fields: dict[str, Any]
) -> None:
    words = {"way": "video", "with_whom": "Ministry", "subject": "Conditions", "outcome": "None", "held_at": now}
    row = await made(database, clerk, now, fields)
    for change, field in (
        ({"way": "pigeon"}, "way"),
        ({"held_at": now + timedelta(seconds=1)}, "held_at"),
        ({"held_at": now - timedelta(seconds=1)}, "held_at"),
        ({"outcome": ""}, "outcome"),
    ):
        with pytest.raises(Invalid) as refusal:
            await act(database, row, consultations.record, authority, now, **words | change)
        assert refusal.value.field == field
    for actor in (clerk, authority):
        await act(database, row, consultations.record, actor, now, **words)
    async with database.reading() as db:
        assert [one.owner_state for one in await consultations.of_request(db, row.id)] == ["RO", "TH"]


async def test_the_informal_thread_changes_nothing_but_itself(
    database: Database, clerk: Actor, authority: Actor, now: datetime, fields: dict[str, Any]
) -> None:
    async with database.transaction() as db:
        draft = await requests.draft(db, requested_state="TH", actor=clerk, now=now)
    with pytest.raises(NotReady):
        await act(database, draft, consultations.write_informally, clerk, now, text="Hello")
    row = await made(database, clerk, now, fields)
    async with database.reading() as db:
        before = (await queries.get(db, HearingRequest, row.id)).model_dump()
    for number in range(3):
        await act(
            database,
            row,
            consultations.write_informally,
            authority if number % 2 else clerk,
            now,
            text=f"Line {number}",
        )
    async with database.reading() as db:
        assert (await queries.get(db, HearingRequest, row.id)).model_dump() == before
        assert (await request_log.of_request(db, row, state=row.owner_state)).rows == []
        page = await consultations.informal_thread(db, row.id, limit=2)
        rest = await consultations.informal_thread(db, row.id, after=page.after, limit=2)
    assert [one.text for one in [*page.rows, *rest.rows]] == ["Line 2", "Line 1", "Line 0"]
    assert rest.after == ""


@pytest.mark.both_databases
async def test_the_search_finds_ones_own_cases_and_names_only_for_who_is_cleared(
    database: Database, staff: dict[str, Person], clerk: Actor, now: datetime, fields: dict[str, Any]
) -> None:
    first = await made(database, clerk, now, fields, case_number="1234/P/2026", person_name="Ștefan ÎMPĂRAT")
    hidden = await made(
        database, clerk, now, fields, case_number="77%/X", person_name="Ștefan Popa",
        protection_requested=["pseudonym"], protection_reason="Threats",
    )  # fmt: skip
    async with database.transaction() as db:
        await requests.draft(db, requested_state="TH", fields={"case_number": "1234/draft"}, actor=clerk, now=now)

    async def found(state: str, words: str, **more: Any) -> list[str]:
        async with database.reading() as db:
            return [
                row.case_number for row in (await request_queries.search(db, state=state, words=words, **more)).rows
            ]

    assert await found("RO", "1234") == ["1234/draft", "1234/P/2026"]
    assert await found("TH", "1234") == ["1234/P/2026"]
    assert await found("FR", "1234") == []
    assert await found("TH", first.reference.lower()) == ["1234/P/2026"]
    assert await found("TH", "1234/p") == ["1234/P/2026"]
    assert await found("RO", "1234/DRAFT") == ["1234/draft"]
    assert await found("RO", "7%") == []
    assert await found("RO", "77%") == ["77%/X"]
    assert await found("RO", "împărat") == []
    assert await found("RO", "împărat", names=True) == ["1234/P/2026"]
    assert await found("TH", "ștefan", names=True, person_id=staff["authority"].id) == ["1234/P/2026"]
    assert await found("RO", "ștefan", names=True, person_id=staff["clerk"].id) == ["77%/X", "1234/P/2026"]
    with pytest.raises(Invalid):
        await found("RO", "1")
    assert hidden.pseudonym


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("case", "words"),
    [("1234/P/2026", "1234/p"), ("Straße 7/X", "STRASSE 7"), ("ДЕЛО 5", "дело"), ("ÎN 9", "în"), ("a_b%c!d", "A_B%C!")],
)
async def test_a_case_number_is_found_by_its_beginning_whatever_its_capitals_on_both_databases(
    database: Database, clerk: Actor, now: datetime, fields: dict[str, Any], case: str, words: str
) -> None:
    async with database.transaction() as db:
        made = [
            await requests.draft(db, requested_state="TH", fields={"case_number": one}, actor=clerk, now=now)
            for one in (case, "aXbYcZd", f"0{case}")
        ]
        page = await request_queries.search(db, state="RO", words=words)
        assert [row.id for row in page.rows] == [made[0].id]


@pytest.mark.both_databases
async def test_a_request_is_found_by_the_beginning_of_its_hearings_reference(court: Any, database: Database) -> None:
    async def found(words: str) -> list[str]:
        async with database.reading() as db:
            return [row.id for row in (await request_queries.search(db, state="RO", words=words)).rows]

    ref = court.hearing.ref
    for words in (ref, ref[:2], ref[:6].lower()):
        assert await found(words) == [court.request.id]
    assert await found(ref[1:]) == []


@pytest.mark.both_databases
async def test_the_beginnings_are_looked_up_by_index(database: Database) -> None:
    async with database.reading() as db:
        connection = await db.connection()
        lite = connection.dialect.name == "sqlite"
        if not lite:
            await connection.exec_driver_sql("SET enable_seqscan = off")
        for table, column, index in (
            ("hearing_request", "case_folded", "ix_hearing_request_case"),
            ("hearing", "ref", "autoindex" if lite else "uq_hearing_ref"),
        ):
            query = f"SELECT id FROM {table} WHERE {column} >= 'ab' AND {column} < 'ab\U0010ffff'"
            explain = "EXPLAIN QUERY PLAN " if lite else "EXPLAIN "
            plan = " ".join(str(row) for row in (await connection.exec_driver_sql(explain + query)).all())
            assert index in plan
            assert f"{column}>?" in plan if lite else f"Index Cond: ((({column})" in plan


def test_the_answer_is_due_when_it_is_wanted_or_after_the_usual_time() -> None:
    now = datetime(2026, 12, 2, 6, tzinfo=UTC)
    row = HearingRequest(
        owner_state="RO", reference="x", requesting_state="RO", requested_state="TH", created_by="-", created_at=now
    )
    assert requests.answer_due(row, now=now) == now + timedelta(days=30)
    row.urgent = True
    assert requests.answer_due(row, now=now) == now + timedelta(days=3)
    row.wanted_by = date(2026, 12, 5)
    assert requests.answer_due(row, now=now) == datetime(2026, 12, 5, 16, 59, 59, tzinfo=UTC)


STEPS = {
    R.draft: ("submit", "requesting", ""),
    R.information_requested: ("answer_question", "requesting", "info_due"),
    R.accepted: ("set_time", "requesting", ""),
    R.accepted_with_conditions: ("set_time", "requesting", ""),
    R.executed: ("close", "requesting", ""),
    R.received: ("acknowledge", "requested", "answer_due"),
    R.under_review: ("answer", "requested", "answer_due"),
    R.postponed: ("review", "requested", "review_due"),
}


@dataclass
class Facts:
    """What a step may also depend on, besides the status of its row."""

    terms: dict[str, tuple[Agreement, list[AgreementOffer | Signature]]]
    """By hearing: the agreement, and what was offered and signed, in that order."""
    minutes: dict[str, list[tuple[Minutes, list[MinutesReading | Signature]]]]
    unanswered: set[str]
    """Requests."""
    seats: set[tuple[str, str]]
    """Person and hearing."""
    days: dict[str, list[HearingDay]]
    lobbies: set[str]
    """Hearings whose lobby is open."""
    demanded: set[str]
    """Requests accepted on condition that the requested State gets a copy of each recording."""
    owed: set[str]
    """Those of which a sealed recording has been taken by nobody."""
    answered: dict[str, set[str]]
    """By hearing: the items of its rights checklist that somebody has answered."""
    served: set[str]
    """Hearings the person heard was summoned to."""


def unsigned(told: list[Any], state: str) -> bool:
    """Whether a State's signature on the newest text is missing, by going through what happened."""
    text, signed = "", set[str]()
    for one in told:
        if isinstance(one, Signature):
            signed |= {text} if one.owner_state == state else set()
        else:
            text = one.terms_sha256 if isinstance(one, AgreementOffer) else one.id
    return text not in signed


def signers(one: Hearing) -> set[str]:
    signed = {one.requesting_state: one.requesting_signed, one.requested_state: one.requested_signed}
    return {state for state, terms in signed.items() if terms}


def signing(one: Hearing, *, asked: str, state: str) -> list[str]:
    """The State that is asked signs first, then the one that has offered the time."""
    if state == asked:
        return [] if signers(one) else ["decide_time"]
    return ["sign_time"] if signers(one) == {asked} else []


def hearing_steps(one: Hearing, facts: Facts, who: Person | Actor, state: str, now: datetime) -> list[str]:
    """The steps of one State in one hearing."""
    asks = one.requesting_state == state
    found = {
        HearingStatus.proposed: signing(one, asked=one.requested_state, state=state),
        HearingStatus.countered: signing(one, asked=one.requesting_state, state=state),
        HearingStatus.agreed: ["prepare"] if asks else [],
        HearingStatus.part_heard: ["set_next_day"] if asks else [],
    }.get(one.status, [])
    part = isinstance(who, Actor) or (who.id, one.id) in facts.seats
    if one.status is HearingStatus.ready and asks and part and one.id not in facts.lobbies and comes_today(one, now):
        found = ["open_lobby"]
    if one.one_signed and one.status in {HearingStatus.agreed, HearingStatus.ready}:
        found = [*found, *(["sign_time"] if state not in signers(one) else [])]
    agreement, told = facts.terms.get(one.id, (None, []))
    if agreement is not None:
        booked = {HearingStatus.proposed, HearingStatus.countered, HearingStatus.agreed}
        if agreement.status in agreements.ON_THE_TABLE and one.status in booked and unsigned(told, state):
            found.append("sign_terms" if agreement.by_state == state else "answer_terms")
        untested = agreement.status is AgreementStatus.agreed and agreement.passed_over_at is None
        if untested and one.status in {HearingStatus.agreed, HearingStatus.ready} and one.starts_at > now:
            found.append("test_line")
    for minutes, happened in facts.minutes.get(one.id, []):
        if part:
            if minutes.status is M.drafted:
                found.append("complete_minutes")
            if minutes.status is M.in_review:
                found.append("read_minutes_back")
            if minutes.status is M.read_back and unsigned(happened, state):
                found.append("sign_minutes")
        if minutes.status is M.signed and minutes.received_at is None and asks:
            found.append("acknowledge_minutes")
    return sorted(set(found))


AT = {"proposed": {"agree"}, "countered": {"agree"}, "agreed": {"agree", "ready"}, "ready": {"agree", "ready"}}


def owes_a_right(one: Hearing, row: HearingRequest, facts: Facts, state: str) -> bool:
    """Whether an item that an act of the hearing waits for is this State's to answer, and is not answered."""
    accused = row.capacity in (Capacity.suspect, Capacity.accused)
    reasoned = bool(row.judicial_authority and row.reason_text) and not accused
    applies = {
        "always": True,
        "accused_or_trial": accused or row.stage is Stage.trial,
        "trial_or_appeal": row.stage in (Stage.trial, Stage.appeal),
        "child_or_vulnerable": bool(row.person_age_under_18) or Protection.child_measures in row.protection_requested,
        "death_penalty": bool(row.death_penalty),
    }
    shown = {
        "r02_decision_video": reasoned, "r07_summons": one.id in facts.served, "r22_oath": row.oath_form is not None,
    }  # fmt: skip
    side = "requesting" if state == one.requesting_state else "requested"
    for item in checklist.items() if one.rights_version and one.status.value in AT else ():
        by_person = item.answer.value == "person" or item.id in shown
        if item.gate.value in AT[one.status.value] and item.stops and by_person and applies.get(item.applies, False):
            mine = any(who.side.value in (side, "both") for who in item.who)
            if mine and item.id not in facts.answered.get(one.id, set()) and not shown.get(item.id, False):
                return True
    return False


def comes_today(one: Hearing, now: datetime) -> bool:
    """Whether the day of the requesting court has come, in its own zone; one elsewhere counts as at its capital's."""
    own = reference.jurisdiction(one.requesting_state)
    place = ZoneInfo(one.requesting_zone if one.requesting_zone in own.zones else own.default_zone)
    return one.starts_at.astimezone(place).date() <= now.astimezone(place).date()


DUE = {"answer_rights", "open_lobby", "decide_time", "sign_time", "prepare", "answer_terms", "sign_terms", "test_line"}
OVER = {R.draft, R.refused, R.withdrawn, R.executed, R.closed}


def expected(
    rows: list[HearingRequest], held: list[Hearing], facts: Facts, who: Person | Actor, state: str, now: datetime
) -> list[tuple[str, str]]:
    """The whole list, by looking at every row."""
    found: list[tuple[datetime | None, int, str, str]] = []
    by_id = {row.id: row for row in rows}
    for row in rows:
        word, side, due = STEPS.get(row.status, ("", "requesting", ""))
        if row.status is R.executing and row.unscheduled:
            word = "set_time"
        if word and getattr(row, f"{side}_state") == state:
            found.append((getattr(row, due) if due else None, row.priority, row.id, word))
        if row.status in {R.executing, R.executed} and row.id in facts.owed and row.requesting_state == state:
            found.append((None, row.priority, row.id, "release_copy"))
        if row.written_due is not None and row.submitted_at is not None and row.requesting_state == state:
            found.append((row.written_due, row.priority, row.id, "confirm_in_writing"))
        ours = state in (row.requesting_state, row.requested_state)
        if ours and row.id in facts.unanswered and row.status not in OVER:
            found.append((None, row.priority, row.id, "record_consent"))
    for hearing in held:
        if state in (hearing.requesting_state, hearing.requested_state):
            steps = hearing_steps(hearing, facts, who, state, now)
            steps += ["answer_rights"] * owes_a_right(hearing, by_id[hearing.request_id], facts, state)
            for word in steps:
                found.append((hearing.starts_at if word in DUE else None, 0, hearing.id, word))
        moving = [one.starts_at for one in facts.days.get(hearing.id, []) if undecided(one, now)]
        if moving and hearing.requesting_state == state and hearing.status in zone_data.OPEN:
            found.append((min(moving), 0, hearing.id, "decide_clock_change"))
    found.sort(key=lambda one: one[2:], reverse=True)
    far = datetime(9999, 1, 1, tzinfo=UTC)
    found.sort(key=lambda one: (one[0] is None, one[0] or far, -one[1]))
    return [one[2:] for one in found]


def undecided(day: HearingDay, now: datetime) -> bool:
    """Whether the running time-zone data move a day that is still to come."""
    to_come = day.starts_at > now and day.heard_at is None and day.dropped_at is None
    return to_come and day.moved_by == tzdb_version() != day.tzdb_version


LIKELY = [*AgreementStatus, *[AgreementStatus.proposed, AgreementStatus.agreed] * 3]
EVERY = {one.word for one in (*ASKING, *ASKED, CONSENT, CONFIRM)} | {one.word for one, _sides in HEARINGS}


async def around(
    db: AsyncSession, held: list[Hearing], people: list[Person], now: datetime, chance: random.Random
) -> Facts:
    """Agreements, minutes, consents and people of hearings, by chance."""
    profiles, signing = dict[str, SiteProfile](), dict[str, SigningKey]()
    for person in people:
        state = person.owner_state
        site = Site(owner_state=state, name="A", court="B", city="C", zone="UTC", created_by="-", created_at=now)
        signing[state] = SigningKey(
            owner_state=state, authority_name="A", kid=state * 20, public_key="-", created_by="-", created_at=now
        )
        db.add_all([site, signing[state]])
        await db.flush()
        profiles[state] = SiteProfile(
            owner_state=state, site_id=site.id, version=1, abilities={}, created_by="-", created_label="-",
            created_at=now,
        )  # fmt: skip
    db.add_all(profiles.values())
    await db.flush()
    facts = Facts({}, {}, set(), set(), {}, set(), set(), set(), {}, set())
    made: list[Any] = []
    summoned: list[SummonsService] = []
    items, luck = [item.id for item in checklist.items()], random.Random(11)

    def signature(subject: Agreement | Minutes, states: tuple[str, str]) -> Signature:
        one, other = chance.sample(states, 2)
        return Signature(
            owner_state=one, other_state=other, key_id=signing[one].id, act=Act.sign_agreement, about="-",
            subject=str(type(subject).__tablename__), subject_id=subject.id, jti=new_id(),
            payload_sha256=new_id().replace("-", "") * 2, jws="-", signed_at=now, received_at=now, actor="-",
            actor_label="-",
        )  # fmt: skip

    for hearing in held:
        states = hearing.requesting_state, hearing.requested_state
        own = {"owner_state": hearing.owner_state}
        if chance.random() < 0.5:
            facts.unanswered.add(hearing.request_id)
        for number, status in enumerate(chance.choices(list(ConsentStatus), k=2)):
            if (status in (ConsentStatus.not_asked, ConsentStatus.pending)) <= (hearing.request_id in facts.unanswered):
                at = now if status is ConsentStatus.given else None
                made.append(
                    Consent(
                        **own, request_id=hearing.request_id, rule=str(number), status=status, since=now, given_at=at
                    )
                )
        if hearing.request_id in facts.unanswered:
            made.append(Consent(**own, request_id=hearing.request_id, rule="x", since=now))
        for item in luck.sample(items, luck.choice([0, 2, len(items) - 2, len(items)])):
            kind = luck.choice([*RightAnswerKind, *[RightAnswerKind.kept] * 5])
            facts.answered.setdefault(hearing.id, set())
            facts.answered[hearing.id] |= set() if kind is RightAnswerKind.objection else {item}
            made.append(
                RightAnswer(
                    **own, hearing_id=hearing.id, item=item, kind=kind, person_id="-", person_name="A", at=now,
                )
            )  # fmt: skip
        for person in people:
            if person.owner_state in states and chance.random() < 0.7:
                role = chance.choice([Role.clerk, Role.clerk, Role.technician])
                made.append(
                    Participant(
                        **own, hearing_id=hearing.id, person_id=person.id, role=role, number=len(made) + 1,
                        display_name="A", state=person.owner_state, speaks="en", presence_since=now,
                    )
                )  # fmt: skip
                if role is Role.clerk:
                    facts.seats.add((person.id, hearing.id))
                for outcome in luck.choices([*SummonsOutcome, SummonsOutcome.served], k=luck.randrange(2)):
                    to = luck.choice([hearing.starts_at, hearing.starts_at - timedelta(days=1)])
                    if outcome is SummonsOutcome.served and to == hearing.starts_at:
                        facts.served.add(hearing.id)
                    summoned.append(
                        SummonsService(
                            **own, hearing_id=hearing.id, participant_id=made[-1].id, summoned_to=to, outcome=outcome,
                            way=SummonsWay.by_post, served_at=now, served_zone="UTC", served_by="-", language="en",
                            reason="-", recorded_by="-", recorded_by_label="-", at=now,
                        )
                    )  # fmt: skip
        versions = ["", "1999a", tzdb_version(), tzdb_version(), tzdb_version()]
        for number in range(chance.randrange(4)):
            begins = hearing.starts_at + timedelta(days=number * chance.choice([-1, 1]))
            made.append(
                HearingDay(
                    **own, hearing_id=hearing.id, number=number + 1, starts_at=begins,
                    ends_at=begins + timedelta(hours=1), wall_start="2026-12-02T08:00", wall_zone="Europe/Bucharest",
                    tzdb_version=chance.choice(["2026a", "2026a", tzdb_version()]), moved_by=chance.choice(versions),
                    heard_at=chance.choice([None] * 6 + [now]),
                )
            )  # fmt: skip
            if made[-1].heard_at is None:
                made[-1].dropped_at = chance.choice([None] * 6 + [now])
            facts.days.setdefault(hearing.id, []).append(made[-1])
        for status_ in chance.choices(list(SittingStatus), k=chance.choice([0, 0, 1])):
            made.append(Sitting(**own, hearing_id=hearing.id, status=status_, since=now))
            facts.lobbies |= set() if status_ is SittingStatus.closed else {hearing.id}
            kept = chance.choice([RecordingStatus.sealed, RecordingStatus.sealed, RecordingStatus.recording])
            ends = now if kept is RecordingStatus.sealed else None
            origin = f"court.example/hearing/{hearing.id}"
            made.append(
                Recording(
                    **own, sitting_id=made[-1].id, status=kept, since=now, closed_at=ends, origin=origin
                )
            )  # fmt: skip
            taken = chance.random() < 0.3
            if taken:
                made.append(
                    RecordingRelease(
                        **own, recording_id=made[-1].id, to_person="A", to_body="B", to_state=states[1], purpose="C",
                        proposed_by="-", proposed_label="-", proposed_at=now, bag_sha256="a" * 64,
                    )
                )  # fmt: skip
            if chance.random() < 0.7:
                facts.demanded.add(hearing.request_id)
                facts.owed |= {hearing.request_id} if kept is RecordingStatus.sealed and not taken else set()
        if chance.random() < 0.8:
            passed = chance.choice([None, None, now])
            agreement = Agreement(
                **own, hearing_id=hearing.id, requested_state=states[1], starts_at=hearing.starts_at, number=1,
                by_state=chance.choice(states), needs={}, terms={},
                status=chance.choice(LIKELY), terms_sha256="", created_by="-", created_at=now,
                requesting_profile_id=profiles[states[0]].id, requested_profile_id=profiles[states[1]].id,
                passed_over_at=passed, passed_over_why="Met" if passed else "",
            )  # fmt: skip
            told: list[AgreementOffer | Signature] = []
            for number in range(chance.randrange(1, 6)):
                if number and chance.random() < 0.5:
                    told.append(signature(agreement, states))
                    continue
                agreement.terms_sha256 = chance.choice(["a", "b"])  # so that terms come back
                told.append(
                    AgreementOffer(
                        **own, agreement_id=agreement.id, round=number + 1, by_state=agreement.by_state, needs={},
                        terms={}, terms_sha256=agreement.terms_sha256, at=now, actor="-", actor_label="-",
                    )
                )  # fmt: skip
            facts.terms[hearing.id] = agreement, told
            made += [agreement, *told]
        for number in range(chance.randrange(3)):
            written = chance.choice(list(M))
            minutes = Minutes(
                **own, requested_state=hearing.requested_state, hearing_id=hearing.id, number=number + 1,
                status=written, language_requesting="ro", language_requested="th", text_sha256="a" * 64,
                created_by="-", created_at=now, signed_at=now,
                received_at=chance.choice([None, now]) if written is M.signed else None,
            )  # fmt: skip
            happened: list[MinutesReading | Signature] = []
            for turn in range(chance.randrange(1, 5)):
                if turn and chance.random() < 0.6:
                    happened.append(signature(minutes, states))
                    continue
                happened.append(
                    MinutesReading(
                        **own, minutes_id=minutes.id, number=turn + 1, outcome=ReadingOutcome.accepted, read_by="-",
                        passages_sha256="a" * 64, author="-", author_label="-", at=now,
                    )
                )  # fmt: skip
            facts.minutes.setdefault(hearing.id, []).append((minutes, happened))
            made += [minutes, *happened]
    for first in ((Agreement, Minutes, Sitting, Participant), (Recording,)):
        db.add_all([one for one in made if isinstance(one, first)])
        await db.flush()
    db.add_all([*made, *summoned])
    return facts


@pytest.mark.both_databases
async def test_pages_of_any_size_hold_everything_once_and_in_order(database: Database, now: datetime) -> None:
    chance, luck = random.Random(7), random.Random(12)
    days = [now + timedelta(days=number) for number in range(-2, 4)]  # few, so that many are due together
    rows, held = [], []
    for number in range(250):
        sides = dict(zip(("requesting_state", "requested_state"), chance.sample(("RO", "TH", "FR"), 2), strict=True))
        oral = chance.random() < 0.3
        rows.append(
            HearingRequest(
                owner_state=sides["requesting_state"], reference=f"X-{number}", created_by="-", created_at=now,
                submitted_at=chance.choice([None, now]), status=chance.choice([*R, R.executing]),
                priority=chance.randrange(3), unscheduled=chance.random() < 0.3,
                oral=oral, oral_at=now if oral else None, written_due=chance.choice(days) if oral else None, **sides,
                **{name: chance.choice([None, *days]) for name in ("answer_due", "info_due", "review_due")},
                capacity=luck.choice([None, *Capacity]), stage=luck.choice([None, *Stage]),
                judicial_authority=luck.choice(["", "A court"]), reason_text=luck.choice(["", "Far away"]),
                person_age_under_18=luck.choice([None, True, False]), death_penalty=luck.choice([None, True, False]),
                protection_requested=luck.choice([[], [], [Protection.child_measures]]),
                oath_form=luck.choice([None, *OathForm]),
            )
        )  # fmt: skip
        begins, status = chance.choice(days), chance.choice([*HearingStatus, HearingStatus.ready])
        signed = chance.choice([("", ""), ("", ""), ("a", ""), ("", "a"), ("a", "a")])
        waits = status in {HearingStatus.proposed, HearingStatus.countered}
        asked_signs = {HearingStatus.proposed: ("", "a"), HearingStatus.countered: ("a", "")}
        signed = (asked_signs[status] if any(signed) else ("", "")) if waits else signed
        held.append(
            Hearing(
                owner_state=sides["requesting_state"], ref=f"H{number}", request_id=rows[-1].id, starts_at=begins,
                ends_at=begins + timedelta(hours=1), wall_start="2026-12-02T08:00", wall_zone="Europe/Bucharest",
                requesting_zone=chance.choice(["Europe/Bucharest", "Asia/Bangkok"]), requesting_city="A",
                requested_zone="Asia/Bangkok", requested_city="B", tzdb_version="2026a",
                language_requesting="ro", language_requested="th", created_by="-", created_at=now,
                status=status, rights_version=luck.choice([0, 1]),
                requesting_signed=signed[0], requested_signed=signed[1], one_signed=not all(signed),
                **sides,
            )
        )  # fmt: skip
    people = [
        Person(owner_state=state, name=state, email=f"{state}@x.example", functions=["clerk", "authority"])
        for state in ("RO", "TH", "FR")
    ]
    async with database.transaction() as db:
        db.add_all([*rows, *people])
        await db.flush()
        db.add_all(held)
        await db.flush()
        facts = await around(db, held, people, now, chance)
        for row in rows:
            row.unanswered = row.id in facts.unanswered
            copy = [{"kind": "copy_to_requested_state", "days": 14}]
            other = [{"kind": "official_present", "role": "clerk", "function": '"kind": "copy_to_requested_state"'}]
            row.condition_rules = copy if row.id in facts.demanded else other
    systems = [
        Actor(id="x", label="X", state=person.owner_state, functions=frozenset(person.functions)) for person in people
    ]
    met = set[str]()
    everybody: list[Person | Actor] = [*people, *systems]
    for who in everybody:
        state = who.state if isinstance(who, Actor) else who.owner_state
        whole = expected(rows, held, facts, who, state, now)
        assert len(whole) > 120
        met |= {word for _id, word in whole}
        for limit in (13, 50):
            found, after = [], ""
            async with database.reading() as db:
                while True:
                    page = await worklist.waiting(db, person=who, now=now, everything=True, after=after, limit=limit)
                    found += [(one.subject.id, one.step) for one in page.rows]
                    after = page.after
                    if not after:
                        break
                    assert len(page.rows) == limit
            assert found == whole
    assert met == EVERY


@pytest.mark.parametrize(
    "told",
    ["-", "- 0 x", "yesterday 0 x submit", "2026-12-02T06:00:00 0 x submit", "- 16 x submit", "- -1 x submit",
     "0001-01-01T00:00:00+23:59 0 x submit", "- 0 \x00 submit"],
)  # fmt: skip
async def test_the_mark_of_a_page_nobody_has_given_out_is_refused(
    database: Database, clerk: Actor, now: datetime, told: str
) -> None:
    for mark in (urlsafe_b64encode(told.encode()).decode(), told, "é"):
        async with database.reading() as db:
            with pytest.raises(Invalid) as refusal:
                await worklist.waiting(db, person=clerk, now=now, after=mark)
        assert refusal.value.field == "after"


@pytest.mark.both_databases
@pytest.mark.parametrize("stage", ["ready"])
async def test_terms_wait_for_each_state_until_it_has_signed_and_then_the_line_for_its_test(
    court: Any, now: datetime
) -> None:
    async def steps(at: datetime) -> dict[str, set[str]]:
        found = {}
        async with court.database.reading() as db:
            for who in ("clerk", "judge", "authority"):
                page = await worklist.waiting(db, person=court.people[who], now=at)
                found[who] = {row.step for row in page.rows} & {"answer_terms", "sign_terms", "test_line"}
        return found

    async def sign(who: str) -> None:
        async with court.database.transaction() as db:
            found = await agreements.running(db, court.hearing.id)
            actor = court.staff(who)
            jws = court.signed_terms(found, actor.state)
            await agreements.sign(db, agreement=found, jws=jws, actor=actor, now=now)

    def waiting(romania: str, thailand: str) -> dict[str, set[str]]:
        theirs, ours = ({word} if word else set[str]() for word in (thailand, romania))
        return {"clerk": ours, "judge": ours, "authority": theirs}

    assert await steps(now) == waiting("", "")  # signed, and passed over the test
    async with court.database.transaction() as db:
        hearing = await queries.get(db, Hearing, court.hearing.id)
        old = await agreements.running(db, hearing.id)
        assert old is not None
        clerk = court.staff("clerk")
        await agreements.void(db, agreement=old, reason="begin anew", actor=clerk, now=now)
        ids = old.requesting_profile_id, old.requested_profile_id
        one, other = [await queries.get(db, SiteProfile, profile_id) for profile_id in ids]
        draft = await agreements.draft(
            db, hearing=hearing, requesting_profile=one, requested_profile=other, actor=clerk, now=now
        )
    assert await steps(now) == waiting("", "")  # nobody is bound by a draft
    async with court.database.transaction() as db:
        draft = await queries.get(db, Agreement, draft.id)
        await agreements.propose(db, agreement=draft, actor=clerk, now=now)
    assert await steps(now) == waiting("sign_terms", "answer_terms")
    await sign("clerk")
    assert await steps(now) == waiting("", "answer_terms")
    async with court.database.transaction() as db:
        draft = await queries.get(db, Agreement, draft.id)
        needs = {"interpreting": "consecutive"}
        await agreements.counter(
            db, agreement=draft, needs=needs, reason="Faster", actor=court.staff("authority"), now=now
        )
    assert await steps(now) == waiting("answer_terms", "sign_terms")  # the signature was over other terms
    await sign("clerk")
    await sign("authority")
    assert await steps(now) == waiting("test_line", "test_line")
    assert await steps(court.hearing.starts_at) == waiting("", "")


@pytest.mark.both_databases
@pytest.mark.parametrize("stage", ["in_session"])
@pytest.mark.parametrize("planned", [True, False])
async def test_a_part_heard_hearing_waits_for_its_next_day_until_one_is_set(
    court: Any, now: datetime, planned: bool
) -> None:
    async def steps() -> dict[str, dict[str, datetime | None]]:
        found = {}
        async with court.database.reading() as db:
            for who in ("clerk", "judge", "authority"):
                page = await worklist.waiting(db, person=court.people[who], now=now)
                found[who] = {row.step: row.due for row in page.rows}
        return found

    at = court.hearing.starts_at + timedelta(days=7)
    to = WallTime(
        wall_start=at.astimezone(ZoneInfo("Europe/Bucharest")).replace(tzinfo=None), wall_zone="Europe/Bucharest",
        duration=timedelta(hours=1),
    )  # fmt: skip
    assert await steps() == {"clerk": {}, "judge": {}, "authority": {}}
    async with court.database.transaction() as db:
        sitting, recording = await court.sitting(db)
        if planned:
            zones, states = ("Europe/Bucharest", "Asia/Bangkok"), ("RO", "TH")
            hearing = await queries.get(db, Hearing, court.hearing.id)
            await hearing_days.plan(db, hearing=hearing, times=[fix(to, zones=zones, states=states, now=now)])
        await sittings.close(db, sitting=sitting, actor=await court.actor(db, Role.presiding_judge), now=now)
        await recordings.closed(db, sitting=sitting, recording=recording, size=120, root="abc", now=now)
        await sittings.finish(db, sitting=sitting, part_heard=True, now=now)
    assert await steps() == {"clerk": {"set_next_day": None}, "judge": {}, "authority": {}}
    async with court.database.transaction() as db:
        hearing, clerk = await queries.get(db, Hearing, court.hearing.id), court.staff("clerk")
        if planned:
            await adjournments.next_day(db, hearing=hearing, actor=clerk, now=now)
        else:
            await adjournments.adjourn(db, hearing=hearing, to=to, reason="The witness is tired", actor=clerk, now=now)
    ours, theirs = ({"prepare": at}, {}) if planned else ({}, {"decide_time": at})
    assert await steps() == {"clerk": ours, "judge": {}, "authority": theirs}
    async with court.database.reading() as db:
        agreement = await agreements.running(db, court.hearing.id)
    if planned:  # of the same terms, for the day that comes
        assert agreement is not None and agreement.starts_at == at
    else:
        assert agreement is None


async def waiting_in(court: Any, at: datetime) -> dict[str, list[tuple[str, str, datetime | None]]]:
    """Step, id and day of what waits for each of the court's people."""
    found = {}
    async with court.database.reading() as db:
        for who in ("clerk", "judge", "authority"):
            page = await worklist.waiting(db, person=court.people[who], now=at)
            found[who] = [(row.step, row.subject.id, row.due) for row in page.rows]
    return found


@pytest.mark.both_databases
@pytest.mark.parametrize(("stage", "how"), [("ready", "cancelled"), ("in_session", "broken off")])
async def test_a_request_whose_hearing_came_to_nothing_waits_for_another_time(
    court: Any, now: datetime, how: str
) -> None:
    clerk = court.staff("clerk")
    later = now + timedelta(hours=1)
    before = await waiting_in(court, later)
    async with court.database.transaction() as db:
        hearing = await queries.get(db, Hearing, court.hearing.id)
        if how == "cancelled":
            await diary.cancel(db, hearing=hearing, reason="Plea entered", actor=clerk, now=now)
        else:
            sitting, _recording = await court.sitting(db)
            judge = await court.actor(db, Role.presiding_judge)
            await sittings.abort(db, sitting=sitting, reason="The line is lost", actor=judge, now=now)
    assert ("set_time", court.request.id, None) not in before["clerk"]
    nothing: list[Any] = []
    assert await waiting_in(court, later) == {
        "clerk": [("set_time", court.request.id, None)], "judge": nothing, "authority": nothing,
    }  # fmt: skip
    async with court.database.transaction() as db:
        request = await queries.get(db, HearingRequest, court.request.id)
        await diary.propose(
            db, request=request, wall_start=datetime.fromisoformat("2026-12-09T09:00"), wall_zone="Europe/Bucharest",
            requesting_zone="Europe/Bucharest", requesting_city="A", requested_zone="Asia/Bangkok", requested_city="B",
            actor=clerk, now=now,
        )  # fmt: skip
    assert [step for step, _id, _due in (await waiting_in(court, later))["clerk"]] == []


@pytest.mark.both_databases
@pytest.mark.parametrize("stage", ["in_session"])
async def test_an_executed_request_waits_to_be_filed(court: Any, now: datetime) -> None:
    async with court.database.transaction() as db:
        sitting, recording = await court.sitting(db)
        await sittings.close(db, sitting=sitting, actor=await court.actor(db, Role.presiding_judge), now=now)
        await recordings.closed(db, sitting=sitting, recording=recording, size=120, root="abc", now=now)
        await sittings.finish(db, sitting=sitting, now=now)
    assert await waiting_in(court, now) == {
        "clerk": [("close", court.request.id, None)], "judge": [], "authority": []
    }  # fmt: skip
    await act(court.database, court.request, requests.close, court.staff("clerk"), now)
    assert (await waiting_in(court, now))["clerk"] == []


@pytest.mark.both_databases
@pytest.mark.parametrize("stage", ["ready"])
async def test_the_lobby_waits_for_who_may_open_it_from_the_morning_of_the_requesting_court_until_it_is_open(
    court: Any,
) -> None:
    begins = court.hearing.starts_at
    morning = datetime(2026, 12, 1, 22, tzinfo=UTC)  # midnight in Bucharest
    nobody: dict[str, Any] = {"clerk": [], "judge": [], "authority": []}
    assert await waiting_in(court, morning - timedelta(seconds=1)) == nobody
    waits = [("open_lobby", court.hearing.id, begins)]
    for at in (morning, begins, begins + timedelta(days=1)):
        assert await waiting_in(court, at) == {"clerk": waits, "judge": waits, "authority": []}
    async with court.database.transaction() as db:  # a colleague without a part in it
        other = Person(owner_state="RO", name="Ana", email="ana@ro.example", functions=["clerk", "judge"])
        db.add(other)
    async with court.database.reading() as db:
        assert (await worklist.waiting(db, person=other, now=begins)).rows == []
    await court.open_lobby()
    assert await waiting_in(court, begins) == nobody


@pytest.mark.both_databases
@pytest.mark.parametrize("stage", ["ready"])
async def test_a_hearing_newer_time_zone_data_move_waits_for_a_decision(court: Any, now: datetime) -> None:
    early = now - timedelta(days=1)
    begins = court.hearing.starts_at
    async with court.database.transaction() as db:
        hearing = await queries.get(db, Hearing, court.hearing.id)
        later = begins + timedelta(days=7)
        zones, states = ("Europe/Bucharest", "Asia/Bangkok"), ("RO", "TH")
        to = WallTime(
            wall_start=later.astimezone(ZoneInfo(zones[0])).replace(tzinfo=None), wall_zone=zones[0],
            duration=timedelta(hours=1),
        )  # fmt: skip
        await hearing_days.plan(db, hearing=hearing, times=[fix(to, zones=zones, states=states, now=now)])
        for day in await hearing_days.planned(db, hearing):  # as data of long ago had it
            day.wall_start, day.tzdb_version = f"{day.wall_start[:10]}T10:30:00", "1999a"
    nobody: dict[str, Any] = {"clerk": [], "judge": [], "authority": []}
    assert await waiting_in(court, early) == nobody
    async with court.database.transaction() as db:
        assert len(await zone_data.note(db, now=early)) == 2
    waits = [("decide_clock_change", court.hearing.id, begins)]
    assert await waiting_in(court, early) == {"clerk": waits, "judge": waits, "authority": []}
    async with court.database.transaction() as db:
        hearing = await queries.get(db, Hearing, court.hearing.id)
        await zone_data.keep_instant(db, hearing=hearing, actor=court.staff("judge"), now=early)
    assert await waiting_in(court, early) == nobody


@pytest.mark.both_databases
@pytest.mark.parametrize("stage", ["ready"])
async def test_a_consent_waits_for_both_states_until_the_answer_is_recorded(court: Any, now: datetime) -> None:
    clerk, authority = court.staff("clerk"), court.staff("authority")

    async def waiting() -> list[str]:
        found = []
        async with court.database.reading() as db:
            for who in ("clerk", "authority", "judge"):
                page = await worklist.waiting(db, person=court.people[who], now=now)
                due = [(row.subject.id, row.due) for row in page.rows if row.step == "record_consent"]
                assert due in ([], [(court.request.id, None)])
                found += [who] * len(due)
        return found

    async def change(what: Any, actor: Actor, **words: Any) -> Any:
        async with court.database.transaction() as db:
            row = await queries.get(db, HearingRequest, court.request.id)
            return await what(db, request=row, actor=actor, now=now, **words)

    def needs(*provisions: str) -> GateResult:
        return GateResult(
            on=now.date(), verdicts=(),
            consents=tuple(
                ConsentNeed(
                    who="witness", layer="national", state="TH", provision=provision, text="The person must consent",
                    source="-", confidence="fixture", revocable=True,
                )
                for provision in provisions
            ),
        )  # fmt: skip

    assert await waiting() == []
    await change(person_consents.prepare, clerk, result=needs("s. 1", "s. 2"))
    async with court.database.reading() as db:
        first, second = [one.id for one in await consent_answers.of_request(db, court.request.id)]
    assert await waiting() == ["clerk", "authority"]
    await change(person_consents.record, authority, consent_id=first, answer="given")
    await change(person_consents.record, clerk, consent_id=second, answer="pending")  # asked, and not answered yet
    assert await waiting() == ["clerk", "authority"]
    await change(person_consents.record, clerk, consent_id=second, answer="refused")
    assert await waiting() == []
    await change(person_consents.record, clerk, consent_id=second, answer="pending")  # who refused may be asked again
    assert await waiting() == ["clerk", "authority"]
    await change(person_consents.record, clerk, consent_id=second, answer="given")
    await change(withdrawals.withdraw, clerk, consent_id=second, reason="Afraid")
    assert await waiting() == []  # an answer too
