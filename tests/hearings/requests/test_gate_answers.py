"""Answers to the legal check: each State's own, signed, and needed for acceptance and for the hearing."""

from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import select

from hearings import queries
from hearings.actors import Actor, person_actor
from hearings.db import Database
from hearings.errors import GateOpen, Invalid, NotAllowed, NotReady, OtherStateAnswers
from hearings.ids import earliest
from hearings.law import rows as law_rows
from hearings.law.answer import FACTS, states_say
from hearings.law.law import LAW, current
from hearings.models import GateAnswer, HearingRequest, Person
from hearings.models.request_parts import AnsweredWith
from hearings.requests import gate_answers, log as request_log, requests
from hearings.requests.fields import fill
from hearings.status import RequestStatus
from tests.hearings.test_db import downgrade

Act = Callable[..., Coroutine[Any, Any, object]]
YES = {"domestic_law_confirmed": True, "authorities_agree": True}


@pytest.fixture
def clerk(staff: dict[str, Person]) -> Actor:
    return person_actor(staff["clerk"])


@pytest.fixture
def authority(staff: dict[str, Person]) -> Actor:
    return person_actor(staff["authority"])


async def act(database: Database, request: HearingRequest, what: Act, actor: Actor, now: datetime, **words: Any) -> Any:
    async with database.transaction() as db:
        row = await queries.get(db, HearingRequest, request.id, lock=True)
        await what(db, request=row, actor=actor, now=now, **words)
        return row


async def drafted(database: Database, clerk: Actor, now: datetime, fields: dict[str, Any], **more: Any) -> Any:
    async with database.transaction() as db:
        return await requests.draft(db, requested_state="TH", fields={**fields, **more}, actor=clerk, now=now)


@pytest.fixture
async def accused(
    database: Database, clerk: Actor, authority: Actor, now: datetime, fields: dict[str, Any]
) -> HearingRequest:
    """A request to hear an accused under a general head, under review; nobody has spoken for the requested State."""
    request = await drafted(database, clerk, now, fields, capacity="accused")
    await act(database, request, requests.submit, clerk, now)
    await act(database, request, requests.acknowledge, authority, now)
    async with database.reading() as db:
        return await queries.get(db, HearingRequest, request.id)


async def kept(database: Database, request: HearingRequest) -> list[tuple[str, str, bool, str]]:
    async with database.reading() as db:
        rows = await gate_answers.of_request(db, request.id)
    return [(row.owner_state, row.fact, row.answer, row.answered_with.value) for row in rows]


async def newest(database: Database, request: HearingRequest) -> dict[str, dict[str, bool]]:
    async with database.reading() as db:
        return (await queries.get(db, HearingRequest, request.id)).gate_answers


async def test_submitting_answers_nothing_that_a_state_has_to_answer_on_its_own(
    database: Database, accused: HearingRequest, now: datetime
) -> None:
    assert await kept(database, accused) == []
    owed = {(one.state, one.fact): one.stands_in_the_way for one in gate_answers.owed(accused, now=now)}
    assert owed == {
        ("TH", "domestic_law_confirmed"): True, ("TH", "authorities_agree"): True, ("RO", "authorities_agree"): True,
    }  # fmt: skip
    for act, state in ((AnsweredWith.submission, "RO"), (AnsweredWith.acceptance, "TH")):
        assert gate_answers.said_with(accused, act, state=state, now=now) == ()


def test_what_is_never_answered_besides_is_said_in_the_table() -> None:
    assert {fact: {act.value for act in who.never_with} for fact, who in FACTS.items() if who.never_with} == {
        "prefer_convention": {"submission", "acceptance"},
        "authorities_agree": {"submission"},
    }


async def test_an_accused_is_accepted_with_the_answers_of_the_requested_state_in_one_go(
    database: Database, accused: HearingRequest, clerk: Actor, authority: Actor, now: datetime
) -> None:
    with pytest.raises(GateOpen) as refusal:
        await act(database, accused, requests.accept, authority, now)
    assert [("permits" in text, "agree" in text) for text in refusal.value.missing] == [(True, False), (False, True)]
    assert all("Thailand" in text for text in refusal.value.missing)
    row = await act(database, accused, requests.accept, authority, now, answers=YES)
    assert row.status is RequestStatus.accepted
    assert [(one.state, one.fact) for one in gate_answers.owed(row, now=now)] == [("RO", "authorities_agree")]
    row = await act(database, accused, gate_answers.answer, clerk, now, answers={"authorities_agree": True})
    assert gate_answers.owed(row, now=now) == ()
    verdict = requests.evaluate(row, now=now, instruments=("untoc",)).verdicts[0]
    open_ = {line.key for line in verdict.lines if line.status.value != "met"}
    assert (verdict.provision, open_) == ("UNTOC art. 18(3)", {"consent"})


async def test_a_no_refuses_acceptance_until_the_state_answers_anew(
    database: Database, accused: HearingRequest, authority: Actor, now: datetime
) -> None:
    no = YES | {"domestic_law_confirmed": False}
    with pytest.raises(GateOpen, match="has answered no") as refusal:
        await act(database, accused, requests.accept, authority, now, answers=no)
    assert len(refusal.value.missing) == 1
    assert await kept(database, accused) == [], "what was refused has kept nothing"
    await act(database, accused, gate_answers.answer, authority, now, answers=no, note="Section 5 forbids it.")
    with pytest.raises(GateOpen, match="Refuse the request or withdraw it"):
        await act(database, accused, requests.accept, authority, now)
    row = await act(database, accused, requests.accept, authority, now, answers={"domestic_law_confirmed": True})
    assert row.status is RequestStatus.accepted
    assert (await newest(database, accused))["domestic_law_confirmed"] == {"TH": True}


async def test_the_newest_row_of_each_state_is_what_the_request_holds(
    database: Database, accused: HearingRequest, authority: Actor, clerk: Actor, now: datetime
) -> None:
    for actor, answer in ((authority, True), (clerk, False), (authority, False), (clerk, True)):
        await act(database, accused, gate_answers.answer, actor, now, answers={"authorities_agree": answer})
    held: dict[str, dict[str, bool]] = {}
    for state, fact, answer, _with in await kept(database, accused):
        held.setdefault(fact, {})[state] = answer
    assert await newest(database, accused) == held == {"authorities_agree": {"RO": True, "TH": False}}
    async with database.reading() as db:
        lines = (await request_log.of_request(db, accused, state="RO")).rows
    newest_line = next(line for line in lines if line.act.value == "gate_answered")
    assert newest_line.data == {"answers": {"authorities_agree": True}}


@pytest.mark.parametrize("side", ["RO", "TH"])
@pytest.mark.parametrize("fact", FACTS)
async def test_a_state_answers_only_its_own_lines(
    database: Database, accused: HearingRequest, clerk: Actor, authority: Actor, now: datetime, fact: str, side: str
) -> None:
    actor = clerk if side == "RO" else authority
    before = await kept(database, accused)
    own = side in FACTS[fact].states("RO", "TH")
    if own:
        await act(database, accused, gate_answers.answer, actor, now, answers={fact: True})
        assert (await kept(database, accused))[len(before) :] == [(side, fact, True, "answer")]
        return
    with pytest.raises(OtherStateAnswers):
        await act(database, accused, gate_answers.answer, actor, now, answers={fact: True})
    assert await kept(database, accused) == before


async def test_answers_are_taken_from_receipt_on_and_only_of_what_is_asked(
    database: Database, clerk: Actor, authority: Actor, now: datetime, fields: dict[str, Any], staff: dict[str, Person]
) -> None:
    request = await drafted(database, clerk, now, fields, capacity="accused")
    agreed = {"authorities_agree": True}
    with pytest.raises(NotReady):
        await act(database, request, gate_answers.answer, clerk, now, answers=agreed)
    await act(database, request, requests.submit, clerk, now)
    await act(database, request, gate_answers.answer, authority, now, answers=agreed)
    for wrong in ({}, {"moon": True}):
        with pytest.raises(Invalid):
            await act(database, request, gate_answers.answer, authority, now, answers=wrong)
    for person in staff.values():
        if not {"clerk", "authority"} & set(person.functions):
            with pytest.raises(NotAllowed):
                await act(database, request, gate_answers.answer, person_actor(person), now, answers=agreed)
    await act(database, request, requests.withdraw, clerk, now, reason="No longer needed")
    with pytest.raises(NotReady, match="over"):
        await act(database, request, gate_answers.answer, authority, now, answers=agreed)


async def test_accepting_without_naming_an_answer_gives_none(
    database: Database, clerk: Actor, authority: Actor, now: datetime, fields: dict[str, Any]
) -> None:
    request = await drafted(database, clerk, now, fields)
    await act(database, request, requests.submit, clerk, now)
    await act(database, request, requests.acknowledge, authority, now)
    row = await act(database, request, requests.accept, authority, now)
    assert (row.status, await kept(database, request)) == (RequestStatus.accepted, [])
    assert [(one.state, one.fact) for one in gate_answers.owed(row, now=now)] == [("TH", "domestic_law_confirmed")]


async def test_accepting_a_witness_answers_what_needs_no_answer_of_its_own(
    database: Database, clerk: Actor, authority: Actor, now: datetime, fields: dict[str, Any]
) -> None:
    request = await drafted(database, clerk, now, fields)
    await act(database, request, requests.submit, clerk, now)
    await act(database, request, requests.acknowledge, authority, now)
    assert await kept(database, request) == []
    async with database.reading() as db:
        row = await queries.get(db, HearingRequest, request.id)
    said = gate_answers.said_with(row, AnsweredWith.acceptance, state="TH", now=now)
    assert [(one.fact, one.instrument) for one in said] == [
        ("domestic_law_confirmed", "UN Convention against Transnational Organized Crime")
    ]
    answers = {one.fact: True for one in said}
    row = await act(database, request, requests.accept, authority, now, answers=answers)
    assert await kept(database, request) == [("TH", "domestic_law_confirmed", True, "acceptance")]
    verdict = requests.evaluate(row, now=now, instruments=("untoc",)).verdicts[0]
    assert {line.key for line in verdict.lines if line.status.value != "met"} == set()


async def test_what_becomes_known_later_stops_no_acceptance_and_is_answered_before_the_hearing_is_ready(
    database: Database, clerk: Actor, authority: Actor, now: datetime, fields: dict[str, Any]
) -> None:
    child = {"custody_place": "Rahova", "person_age_under_18": True, "adult_informed": True}
    request = await drafted(database, clerk, now, fields, **child)
    await act(database, request, requests.submit, clerk, now)
    await act(database, request, requests.acknowledge, authority, now)
    row = await act(database, request, requests.accept, authority, now)
    assert row.status is RequestStatus.accepted
    later = {("TH", "custody_room_named"), ("RO", "child_measures_set"), ("TH", "child_measures_set")}
    waiting = gate_answers.in_the_way(row, now=now)
    assert {(one.state, one.fact) for one in waiting} == later, "no act that carried it on has answered them"
    with pytest.raises(GateOpen, match="still to be answered"):
        async with database.reading() as db:
            await gate_answers.require_answered(db, row, now=now)
    for actor in (clerk, authority):
        yes = {fact: True for state, fact in later if state == actor.state}
        row = await act(database, row, gate_answers.answer, actor, now, answers=yes)
    assert gate_answers.in_the_way(row, now=now) == []
    row = await act(database, row, gate_answers.answer, authority, now, answers={"child_measures_set": False})
    assert [(one.state, one.answer) for one in gate_answers.in_the_way(row, now=now)] == [("TH", False)]


async def test_interpol_is_submitted_when_urgent_and_accepted_only_with_the_agreement_of_the_other_state(
    database: Database, clerk: Actor, authority: Actor, now: datetime, fields: dict[str, Any]
) -> None:
    way = {"channel": "interpol", "urgent": True, "urgent_reason": "He leaves tomorrow."}
    request = await drafted(database, clerk, now, fields, **way)
    said = gate_answers.said_with(request, AnsweredWith.submission, state="RO", now=now)
    assert [one.fact for one in said] == ["both_agree_urgent_route"]
    await act(database, request, requests.submit, clerk, now, answers={"both_agree_urgent_route": True})
    async with database.reading() as db:
        lines = (await request_log.of_request(db, request, state="TH")).rows
    assert [(line.act.value, line.data) for line in lines] == [
        ("gate_answered", {"answers": {"both_agree_urgent_route": True}})
    ]
    await act(database, request, requests.acknowledge, authority, now)
    assert await kept(database, request) == [("RO", "both_agree_urgent_route", True, "submission")]
    with pytest.raises(GateOpen, match="because it is urgent"):
        await act(database, request, requests.accept, authority, now)
    agreed = {"both_agree_urgent_route": True}
    row = await act(database, request, requests.accept, authority, now, answers=agreed)
    assert row.status is RequestStatus.accepted


async def test_a_box_in_a_draft_of_before_is_no_answer_and_the_submission_asks_for_it(
    database: Database, staff: dict[str, Person], now: datetime
) -> None:
    async with database.transaction() as db:
        made = await requests.draft(db, requested_state="TH", actor=person_actor(staff["clerk"]), now=now)
    await downgrade(database, "0025_who_decided")
    async with database.transaction() as db:
        ticked = text("UPDATE hearing_request SET authorities_agree = :yes, domestic_law_confirmed = :no")
        await (await db.connection()).execute(ticked, {"yes": True, "no": False})
    await database.upgrade()
    async with database.reading() as db:
        kept = await queries.get(db, HearingRequest, made.id)
        assert await gate_answers.of_request(db, made.id) == []
    assert kept.gate_answers == {}


def test_a_footing_without_a_treaty_beside_a_treaty_sets_no_state_free_of_what_the_treaty_asks(
    now: datetime, fields: dict[str, Any]
) -> None:
    request = HearingRequest(owner_state="RO", requesting_state="RO", requested_state="CH", created_at=now)
    beside = {"instruments": ["ets182", "reciprocity"], "language_of_request": "de", "capacity": "accused"}
    fill(request, {**fields, **beside})
    assert requests.evaluate(request, now=now, instruments=tuple(request.instruments)).usable == ("ets182",)
    asked = {(one.state, one.fact) for one in gate_answers.owed(request, now=now)}
    assert {("RO", "no_declaration"), ("CH", "no_declaration")} < asked
    request.gate_answers = {"no_declaration": {"CH": False}}
    assert requests.evaluate(request, now=now, instruments=tuple(request.instruments)).usable == ("reciprocity",)
    asked = {(one.state, one.fact) for one in gate_answers.owed(request, now=now)}
    assert {fact for _state, fact in asked} == {"domestic_law_confirmed", "authorities_agree"}


async def test_an_instrument_that_the_law_takes_away_sets_no_state_free_of_its_answers(
    database: Database, accused: HearingRequest, authority: Actor, now: datetime
) -> None:
    administrator = Actor(id="a", label="Administrator", state="TH", functions=frozenset({"administrator"}))
    gone = dict(LAW.rows["party"]["TH/untoc"]) | {"party_status": "not_party"}
    async with database.transaction() as db:
        edits = [law_rows.check("party", gone, LAW, key="TH/untoc")]
        await law_rows.save(db, edits=edits, reason="Denounced", seen=0, actor=administrator, now=now)
        assert not requests.evaluate(accused, now=now, instruments=("untoc",), law=await current(db)).usable
    with pytest.raises(GateOpen) as refusal:
        await act(database, accused, requests.accept, authority, now)
    assert len(refusal.value.missing) == 2
    row = await act(database, accused, requests.accept, authority, now, answers=YES)
    assert row.status is RequestStatus.accepted


@pytest.mark.both_databases
async def test_a_box_ticked_before_is_an_answer_of_the_requesting_state_and_of_no_other(
    court: object, database: Database
) -> None:
    async with database.reading() as db:
        (request,) = (await db.exec(select(HearingRequest))).all()
    await downgrade(database, "0025_who_decided")
    async with database.transaction() as db:
        ticked = "UPDATE hearing_request SET prefer_convention = :no, domestic_law_confirmed = :yes, "
        ticked += "both_agree_urgent_route = :no"
        await (await db.connection()).execute(text(ticked), {"yes": True, "no": False})
    await database.upgrade()
    async with database.reading() as db:
        (kept,) = (await db.exec(select(HearingRequest))).all()
        rows = (await db.exec(select(GateAnswer))).all()
    wanted = {"domestic_law_confirmed": True, "both_agree_urgent_route": False}
    assert kept.gate_answers == {fact: {"RO": answer} for fact, answer in wanted.items()}
    assert {(row.owner_state, row.request_id, row.fact, row.answer, row.answered_with.value) for row in rows} == {
        ("RO", request.id, fact, answer, "draft") for fact, answer in wanted.items()
    }
    assert {row.at for row in rows} == {request.created_at}
    since, until = (earliest((request.created_at + timedelta(seconds=more)).timestamp()) for more in (-1, 1))
    assert all(since <= row.id < until for row in rows), "read before whatever was answered since"
    said = states_say(kept.gate_answers, requesting="RO", requested="TH")
    assert (said["domestic_law_confirmed"], said["both_agree_urgent_route"]) == (None, False)
