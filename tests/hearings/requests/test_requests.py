"""Requests: drafted field by field, submitted through the gate, answered with reasons, seen by two States only."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from hearings import queries
from hearings.actors import Actor, person_actor
from hearings.db import Database
from hearings.errors import (
    DisplacedBy,
    GateNotMet,
    IllegalMove,
    Invalid,
    NotAllowed,
    NotFound,
    NotReady,
    UnknownLanguage,
    UnknownState,
)
from hearings.law.law import current
from hearings.models import HearingRequest, Person
from hearings.requests import consultations, requests
from hearings.signatures import evidences
from hearings.status import RequestStatus
from tests.support.court import ORDER

Act = Callable[..., Coroutine[Any, Any, object]]


@pytest.fixture
def clerk(staff: dict[str, Person]) -> Actor:
    return person_actor(staff["clerk"])


@pytest.fixture
def authority(staff: dict[str, Person]) -> Actor:
    return person_actor(staff["authority"])


async def draft(database: Database, actor: Actor, now: datetime, fields: dict[str, Any]) -> HearingRequest:
    async with database.transaction() as db:
        return await requests.draft(db, requested_state="TH", fields=fields, actor=actor, now=now)


async def act(database: Database, request: HearingRequest, what: Act, actor: Actor, now: datetime, **words: Any) -> Any:
    async with database.transaction() as db:
        row = await queries.get(db, HearingRequest, request.id, lock=True)
        await what(db, request=row, actor=actor, now=now, **words)
        return row


async def reviewed(
    database: Database, clerk: Actor, authority: Actor, now: datetime, fields: dict[str, Any]
) -> HearingRequest:
    request = await draft(database, clerk, now, fields)
    await act(database, request, requests.submit, clerk, now)
    await act(database, request, requests.acknowledge, authority, now)
    return request


async def consulted(database: Database, request: HearingRequest, actor: Actor, now: datetime) -> None:
    """The two States have spoken about the request."""
    await act(
        database, request, consultations.record, actor, now, held_at=now, way="telephone",
        with_whom="Ministry of Justice", subject="Whether conditions would do", outcome="They would not",
    )  # fmt: skip


# --- drafting ----------------------------------------------------------------------------------------------------


@pytest.mark.both_databases
async def test_a_draft_has_a_reference_and_both_central_authorities(
    database: Database, clerk: Actor, now: datetime
) -> None:
    first, second = [await draft(database, clerk, now, {}) for _ in range(2)]
    assert (first.reference, second.reference) == ("RO-2026-0001", "RO-2026-0002")
    assert (first.owner_state, first.requesting_state, first.requested_state) == ("RO", "RO", "TH")
    assert first.requesting_authority.startswith("Ministry of Justice")
    assert first.requested_authority.startswith("Attorney General")
    assert first.status is RequestStatus.draft


@pytest.mark.both_databases
async def test_references_are_each_states_own(database: Database, clerk: Actor, now: datetime) -> None:
    thai = Actor(id="x", label="x", state="TH", functions=frozenset({"clerk"}))
    await draft(database, clerk, now, {})
    async with database.transaction() as db:
        other = await requests.draft(db, requested_state="RO", actor=thai, now=now)
    assert other.reference == "TH-2026-0001"


@pytest.mark.both_databases
async def test_references_made_at_once_differ(database: Database, clerk: Actor, now: datetime) -> None:
    made = await asyncio.gather(*(draft(database, clerk, now, {}) for _ in range(8)))
    assert sorted(one.reference for one in made) == [f"RO-2026-{number:04d}" for number in range(1, 9)]


@pytest.mark.parametrize(("state", "error"), [("XX", UnknownState), ("RO", Invalid), ("", UnknownState)])
async def test_a_request_goes_to_another_state_we_know(
    database: Database, clerk: Actor, now: datetime, state: str, error: type[Exception], everything: Any
) -> None:
    before = await everything(database)
    async with database.transaction() as db:
        with pytest.raises(error):
            await requests.draft(db, requested_state=state, actor=clerk, now=now)
    assert await everything(database) == before


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("capacity", "bystander", Invalid),
        ("reason_no_attendance", "lazy", Invalid),
        ("offence_scope", ["piracy"], Invalid),
        ("offence_serious", "yes", Invalid),
        ("instruments", ["com_2026_313"], Invalid),
        ("instruments", ["nonsense"], Invalid),
        ("language_of_person", "en-x-<script>", UnknownLanguage),
        ("person_name", "‮Somchai", Invalid),
        ("person_name", "x" * 201, Invalid),
        ("person_name", 7, Invalid),
        ("case_number", "12\n34", Invalid),
        ("authority_mailbox", "clerk@mail.Yahoo.com", Invalid),
        ("offence_summary", "x" * 4001, Invalid),
        ("owner_state", "TH", Invalid),
        ("status", "accepted", Invalid),
        ("nonsense", "x", Invalid),
    ],
)
async def test_a_field_that_cannot_be_right_is_refused_by_name(
    database: Database, clerk: Actor, now: datetime, field: str, value: Any, error: type[Invalid]
) -> None:
    request = await draft(database, clerk, now, {})
    before = request.model_dump()
    with pytest.raises(error) as refusal:
        await act(database, request, requests.update, clerk, now, fields={field: value})
    if error is Invalid:
        assert refusal.value.field == field
    async with database.reading() as db:
        assert (await queries.get(db, HearingRequest, request.id)).model_dump() == before


@pytest.mark.both_databases
async def test_a_draft_is_changed_until_it_is_submitted(
    database: Database, clerk: Actor, now: datetime, fields: dict[str, Any]
) -> None:
    request = await draft(database, clerk, now, {"capacity": "accused"})
    changed = await act(database, request, requests.update, clerk, now, fields=fields)
    assert (changed.capacity, changed.language_of_person, changed.offence_scope) == ("witness", "th", ["untoc_offence"])
    await act(database, request, requests.submit, clerk, now)
    with pytest.raises(NotReady, match="Only a draft can be changed; this request is received"):
        await act(database, request, requests.update, clerk, now, fields={"case_number": "9"})


@pytest.mark.both_databases
async def test_a_text_of_several_lines_and_scripts_is_kept(database: Database, clerk: Actor, now: datetime) -> None:
    request = await draft(
        database, clerk, now, {"person_name": "สมชาย ใจดี", "reason_text": "First.\r\nSecond: Ștefan cel Mare."}
    )
    assert request.person_name == "สมชาย ใจดี"
    assert request.reason_text == "First.\nSecond: Ștefan cel Mare."


# --- the gate ----------------------------------------------------------------------------------------------------


@pytest.mark.both_databases
async def test_submission_keeps_the_gates_answer_and_is_received_at_once(
    database: Database, clerk: Actor, now: datetime, fields: dict[str, Any]
) -> None:
    request = await draft(database, clerk, now, fields)
    submitted = await act(database, request, requests.submit, clerk, now)
    assert (submitted.status, submitted.submitted_at) == (RequestStatus.received, now)
    assert submitted.gate_result["on"] == "2026-12-02"
    assert submitted.gate_result["usable"] == ["untoc"]
    async with database.reading() as db:
        steps = [(change.after, change.actor) for change in await queries.history(db, submitted)]
    assert steps == [("draft", clerk.id), ("submitted", clerk.id), ("received", "system")]


@pytest.mark.parametrize("capacity", ["convicted_person", "affected_person"])
async def test_whom_no_paragraph_reaches_is_refused_on_art_18_18_and_46_18_alone(
    database: Database, clerk: Actor, now: datetime, fields: dict[str, Any], capacity: str
) -> None:
    words = {
        "instruments": ["untoc", "uncac"],
        "offence_scope": ["untoc_offence", "uncac_offence"],
        "offences": "Art. 1",
    }
    request = await draft(database, clerk, now, {**fields, **words, "capacity": capacity})
    with pytest.raises(GateNotMet) as refusal:
        await act(database, request, requests.submit, clerk, now)
    assert len(refusal.value.missing) == 2
    for text, paragraph in zip(refusal.value.missing, ("UNTOC art. 18(18)", "UNCAC art. 46(18)"), strict=True):
        assert text.startswith(f"{paragraph}: {paragraph} covers: a witness or an expert")
        assert "It alone is not a basis for hearing" in text
    async with database.reading() as db:
        kept = await queries.get(db, HearingRequest, request.id)
    assert (kept.status, kept.submitted_at, kept.gate_result) == (RequestStatus.draft, None, None)


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"case_number": ""}, "Missing: Case number"),
        ({"person_name": ""}, "Missing: Person to be heard"),
        ({"instruments": []}, "Missing: Instruments relied on"),
        ({"purpose": ""}, "UNTOC art. 18(15)(f): Missing: Purpose"),
        ({"language_of_court": ""}, "Missing: Language of the court"),
        ({"reason_no_attendance": None}, "UNTOC art. 18(18): State whether appearance in person is not possible"),
        ({"capacity": None}, "UNTOC art. 18(18): State in what capacity the person will be heard"),
        ({"offence_scope": []}, "UNTOC art. 18(18): State whether this is an offence covered"),
        ({"offence_organised": False}, "UNTOC art. 18(18): There are reasonable grounds"),
        ({"language_of_request": "ro"}, "UNTOC art. 18(18): Languages that Thailand accepts: th, en. A translation"),
    ],
)
async def test_what_is_missing_is_named(
    database: Database, clerk: Actor, now: datetime, fields: dict[str, Any], change: dict[str, Any], missing: str
) -> None:
    request = await draft(database, clerk, now, {**fields, **change})
    with pytest.raises(GateNotMet) as refusal:
        await act(database, request, requests.submit, clerk, now)
    assert len(refusal.value.missing) == 1
    assert refusal.value.missing[0].startswith(missing)


async def test_an_instrument_that_does_not_bind_both_states_is_no_basis(
    database: Database, clerk: Actor, now: datetime, fields: dict[str, Any]
) -> None:
    request = await draft(database, clerk, now, {**fields, "instruments": ["eu2000"]})
    with pytest.raises(GateNotMet) as refusal:
        await act(database, request, requests.submit, clerk, now)
    named = "2000 Convention art. 10(3): Missing: "
    conducted, persons, *others = refusal.value.missing
    assert conducted == f"{named}Judicial authority that will conduct the hearing"
    assert persons == f"{named}Names of the persons who will conduct the hearing"
    assert others
    assert all("Thailand" in text for text in others)


@pytest.mark.parametrize("instruments", [["ets182"], ["untoc"], ["eu2000", "ets182", "untoc"]])
async def test_a_request_that_names_only_what_another_instrument_goes_before_is_not_submitted(
    database: Database, clerk: Actor, now: datetime, fields: dict[str, Any], instruments: list[str], everything: Any
) -> None:
    words = {**fields, "instruments": instruments, "language_of_request": "es", "evidential_purpose": True}
    async with database.transaction() as db:
        request = await requests.draft(db, requested_state="ES", fields=words, actor=clerk, now=now)
    before = await everything(database)
    with pytest.raises(DisplacedBy) as refusal:
        await act(database, request, requests.submit, clerk, now)
    assert (refusal.value.code, len(refusal.value.missing)) == ("displaced_by", len(instruments))
    assert "goes before it: Directive 2014/41/EU (EIO) art. 24. " in str(refusal.value)
    assert await everything(database) == before


async def test_beside_what_goes_before_it_a_displaced_instrument_may_be_named(
    database: Database, clerk: Actor, now: datetime, fields: dict[str, Any]
) -> None:
    conducted = {"judicial_authority": "Tribunalul București", "persons_conducting": "Andrei Ionescu"}
    words = fields | ORDER | conducted
    words |= {"instruments": ["eio", "ets182"], "language_of_request": "es", "evidential_purpose": True}
    async with database.transaction() as db:
        request = await requests.draft(db, requested_state="ES", fields=words, actor=clerk, now=now)
    submitted = await act(database, request, requests.submit, clerk, now)
    assert (submitted.gate_result["first"], submitted.gate_result["usable"]) == ("eio", ["eio"])


async def test_a_request_is_evaluated_with_three_selects_at_most(
    database: Database, clerk: Actor, now: datetime, fields: dict[str, Any]
) -> None:
    request = await draft(database, clerk, now, fields)
    asked: list[str] = []

    def note(*given: Any) -> None:
        asked.append(given[2])

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    async with database.reading() as db:
        row = await queries.get(db, HearingRequest, request.id)
        result = requests.evaluate(row, now=now, law=await current(db))
    event.remove(database.engine.sync_engine, "before_cursor_execute", note)
    assert len(result.verdicts) > 5
    assert 1 < len([statement for statement in asked if statement.startswith("SELECT")]) <= 3


async def test_one_usable_instrument_is_enough(
    database: Database, clerk: Actor, now: datetime, fields: dict[str, Any]
) -> None:
    request = await draft(database, clerk, now, {**fields, "instruments": ["untoc", "uncac"], "offences": "Art. 210"})
    submitted = await act(database, request, requests.submit, clerk, now)
    assert submitted.gate_result["usable"] == ["untoc"]
    assert [one["outcome"] for one in submitted.gate_result["verdicts"]] == ["needs_human", "missing"]


async def test_what_the_sender_alone_can_say_is_said_before_the_submission(
    database: Database, clerk: Actor, now: datetime, fields: dict[str, Any]
) -> None:
    unsaid = {"offence_organised": None, "language_of_request": ""}
    request = await draft(database, clerk, now, {**fields, **unsaid})
    with pytest.raises(GateNotMet) as refusal:
        await act(database, request, requests.submit, clerk, now)
    assert ["organised criminal group" in line for line in refusal.value.missing] == [True, False]
    assert "State the language of the request" in refusal.value.missing[1]
    said = {name: fields[name] for name in unsaid}
    await act(database, request, requests.update, clerk, now, fields=said)
    submitted = await act(database, request, requests.submit, clerk, now)
    assert submitted.status is RequestStatus.received


# --- answers -----------------------------------------------------------------------------------------------------


async def test_a_question_that_stays_without_an_answer_does_not_stop_the_state_that_asked(
    database: Database, clerk: Actor, authority: Actor, now: datetime, fields: dict[str, Any]
) -> None:
    request = await reviewed(database, clerk, authority, now, fields)
    asked = await act(database, request, requests.ask_information, authority, now, question="Which dialect?")
    with pytest.raises(NotAllowed):
        await act(database, request, requests.take_up_again, clerk, now)
    later = now + timedelta(days=20)
    again = await act(database, request, requests.take_up_again, authority, later)
    assert (again.status, again.info_due, again.answer_due) == (RequestStatus.under_review, None, asked.answer_due)
    with pytest.raises(NotReady, match="No question"):
        await act(database, request, requests.answer_information, clerk, later, answer="Isan.")
    found = await act(database, request, requests.refuse, authority, later, ground="no_consent", reasons="She said no.")
    assert found.status is RequestStatus.refused
    async with database.reading() as db:  # nobody is said to have sent an answer that was never given
        past = await evidences.history(db, found)
    sent = [(one.kind.value, one.sender) for one in evidences.transmissions(past) if one.source.startswith("status")]
    assert sent == [("request", "RO"), ("question", "TH"), ("resumption", "TH"), ("answer", "TH")]


async def test_the_roads_of_an_answer(
    database: Database, clerk: Actor, authority: Actor, now: datetime, fields: dict[str, Any]
) -> None:
    request = await reviewed(database, clerk, authority, now, fields)
    await act(database, request, requests.ask_information, authority, now, question="Which dialect?")
    await act(database, request, requests.answer_information, clerk, now, answer="Isan.")
    await consulted(database, request, authority, now)
    postponed = {"reasons": "Our own trial is under way.", "review": now + timedelta(days=30)}
    await act(database, request, requests.postpone, authority, now, **postponed)
    later = now + timedelta(days=20)
    again = await act(database, request, requests.take_up_again, authority, later)
    assert (again.review_due, again.answer_due) == (None, requests.answer_due(again, now=later))
    assert later < again.answer_due
    found = await act(
        database, request, requests.accept_with_conditions, authority, later, conditions="No question on X."
    )
    assert (found.conditions, found.answered_by, found.answered_at) == ("No question on X.", authority.id, later)
    async with database.reading() as db:
        steps = [(change.after, change.reason) for change in await queries.history(db, request)][4:]
    assert steps == [
        ("information_requested", "Which dialect?"),
        ("under_review", "Isan."),
        ("postponed", "postponed_ongoing_proceedings: Our own trial is under way."),
        ("under_review", ""),
        ("accepted_with_conditions", "No question on X."),
    ]


async def test_a_refusal_needs_a_ground_and_reasons(
    database: Database, clerk: Actor, authority: Actor, now: datetime, fields: dict[str, Any]
) -> None:
    request = await reviewed(database, clerk, authority, now, fields)
    for words in ({"ground": "mood", "reasons": "Because."}, {"ground": "essential_interests", "reasons": " "}):
        with pytest.raises(Invalid):
            await act(database, request, requests.refuse, authority, now, **words)
    words = {"ground": "essential_interests", "reasons": "State secrets."}
    with pytest.raises(NotReady, match="consult"):
        await act(database, request, requests.refuse, authority, now, **words)
    await consulted(database, request, authority, now)
    found = await act(database, request, requests.refuse, authority, now, **words)
    assert (found.answered_ground, found.answered_reason) == ("essential_interests", "State secrets.")
    with pytest.raises(IllegalMove) as refusal:
        await act(database, request, requests.accept, authority, now)
    assert refusal.value.allowed == ()


async def test_an_answer_comes_after_the_acknowledgement(
    database: Database, clerk: Actor, authority: Actor, now: datetime, fields: dict[str, Any]
) -> None:
    request = await draft(database, clerk, now, fields)
    await act(database, request, requests.submit, clerk, now)
    with pytest.raises(IllegalMove) as refusal:
        await act(database, request, requests.accept, authority, now)
    assert refusal.value.allowed == ("under_review", "withdrawn")


async def test_a_refusal_on_a_ground_the_duty_to_consult_reaches_waits_for_the_consultation(
    database: Database, clerk: Actor, authority: Actor, now: datetime, fields: dict[str, Any]
) -> None:
    request = await reviewed(database, clerk, authority, now, fields)
    words = {"ground": "domestic_law_bar", "reasons": "Our law knows no such hearing."}
    with pytest.raises(NotReady, match=r"UNTOC art\. 18\(26\).*consult") as refusal:
        await act(database, request, requests.refuse, authority, now, **words)
    assert refusal.value.missing == ("consultation",)
    await consulted(database, request, clerk, now)  # either State records it
    found = await act(database, request, requests.refuse, authority, now, **words)
    assert (found.status, found.answered_objections) == (RequestStatus.refused, [])


@pytest.mark.parametrize("ground", ["no_consent", "consent_withdrawn", "language", "dual_criminality"])
async def test_on_a_ground_the_duty_does_not_reach_no_consultation_is_waited_for(
    database: Database, clerk: Actor, authority: Actor, now: datetime, fields: dict[str, Any], ground: str
) -> None:
    request = await reviewed(database, clerk, authority, now, fields)
    found = await act(database, request, requests.refuse, authority, now, ground=ground, reasons="She said no.")
    assert (found.status, found.answered_ground) == (RequestStatus.refused, ground)
    assert "not_consulted" not in {one["code"] for one in found.answered_objections}


async def test_a_state_that_did_not_consult_says_why_and_the_objection_stands_with_its_refusal(
    database: Database, clerk: Actor, authority: Actor, now: datetime, fields: dict[str, Any]
) -> None:
    request = await reviewed(database, clerk, authority, now, fields)
    words = {"ground": "essential_interests", "reasons": "State secrets."}
    because = "Nobody answered on five days."
    found = await act(
        database, request, requests.refuse, authority, now, **words, consultation_left_out_because=because
    )
    (one,) = found.answered_objections
    assert (one["code"], one["provision"]) == ("not_consulted", "UNTOC art. 18(26)")
    assert because in one["text"]
    assert (found.status, found.consultation_left_out_because) == (RequestStatus.refused, because)


@pytest.mark.parametrize(("motive", "paragraph"), [("bank_secrecy", "18(8)"), ("fiscal", "18(22)")])
async def test_a_motive_the_law_bars_is_an_objection_on_record_and_no_bar(
    database: Database, clerk: Actor, authority: Actor, now: datetime, fields: dict[str, Any],
    motive: str, paragraph: str,
) -> None:  # fmt: skip
    request = await reviewed(database, clerk, authority, now, fields)
    await consulted(database, request, authority, now)
    words = {"ground": "domestic_law_bar", "reasons": "The bank may not say.", "motive": motive}
    found = await act(database, request, requests.refuse, authority, now, **words)
    assert found.status is RequestStatus.refused
    kept = {one["code"]: one["provision"] for one in found.answered_objections}
    assert kept == {"motive_invalid": f"UNTOC art. {paragraph}"}


async def test_no_request_is_postponed_without_a_consultation(
    database: Database, clerk: Actor, authority: Actor, now: datetime, fields: dict[str, Any]
) -> None:
    request = await reviewed(database, clerk, authority, now, fields)
    trial = {"reasons": "Our own trial", "review": now + timedelta(days=30)}
    with pytest.raises(Invalid, match="which day"):
        await act(database, request, requests.postpone, authority, now, reasons="Our own trial", review=None)
    with pytest.raises(NotReady, match="consult") as refusal:
        await act(database, request, requests.postpone, authority, now, **trial)
    assert refusal.value.missing == ("consultation",)
    found = await act(
        database, request, requests.postpone, authority, now, **trial, consultation_left_out_because="It was urgent."
    )
    assert (found.status, [one["code"] for one in found.answered_objections]) == ("postponed", ["not_consulted"])
    again = await act(database, request, requests.take_up_again, authority, now)
    assert (again.answered_objections, again.consultation_left_out_because) == ([], ""), "nothing is postponed now"
    async with database.reading() as db:
        reasons = {change.after: change.reason for change in await queries.history(db, request)}
    assert reasons["postponed"] == "postponed_ongoing_proceedings: Our own trial\nIt was urgent."
    await consulted(database, request, authority, now)
    found = await act(database, request, requests.postpone, authority, now, **trial)
    assert (found.status, found.answered_objections) == (RequestStatus.postponed, [])


ASKING = [(requests.submit, {}), (requests.withdraw, {"reason": "Settled"})]
ANSWERING: list[tuple[Act, dict[str, Any]]] = [
    (requests.acknowledge, {}),
    (requests.accept, {}),
    (requests.accept_with_conditions, {"conditions": "None"}),
    (requests.refuse, {"ground": "essential_interests", "reasons": "Secrets"}),
    (requests.postpone, {"reasons": "Trial", "review": None}),
    (requests.ask_information, {"question": "Why?"}),
]


@pytest.mark.parametrize(("what", "words"), ASKING)
async def test_the_requested_state_does_not_act_for_the_requesting_one(
    database: Database,
    clerk: Actor,
    authority: Actor,
    now: datetime,
    fields: dict[str, Any],
    what: Act,
    words: dict[str, str],
) -> None:
    request = await draft(database, clerk, now, fields)
    with pytest.raises(NotAllowed):
        await act(database, request, what, authority, now, **words)


@pytest.mark.parametrize(("what", "words"), ANSWERING)
async def test_the_requesting_state_does_not_answer_itself(
    database: Database,
    staff: dict[str, Person],
    clerk: Actor,
    now: datetime,
    fields: dict[str, Any],
    what: Act,
    words: dict[str, str],
) -> None:
    request = await draft(database, clerk, now, fields)
    await act(database, request, requests.submit, clerk, now)
    own_authority = Actor(id="x", label="x", state="RO", functions=frozenset({"authority", "clerk"}))
    for actor in (clerk, person_actor(staff["judge"]), own_authority):
        with pytest.raises(NotAllowed):
            await act(database, request, what, actor, now, **words)


@pytest.mark.parametrize("after", ["draft", "received", "under_review"])
async def test_a_request_can_be_withdrawn_with_a_reason(
    database: Database, clerk: Actor, authority: Actor, now: datetime, fields: dict[str, Any], after: str
) -> None:
    request = await draft(database, clerk, now, fields)
    if after != "draft":
        await act(database, request, requests.submit, clerk, now)
    if after == "under_review":
        await act(database, request, requests.acknowledge, authority, now)
    with pytest.raises(Invalid, match="At least 3 characters are needed"):
        await act(database, request, requests.withdraw, clerk, now, reason="")
    found = await act(database, request, requests.withdraw, clerk, now, reason="Settled")
    assert found.status is RequestStatus.withdrawn


# --- who sees it -------------------------------------------------------------------------------------------------


@pytest.mark.both_databases
async def test_the_requested_state_sees_a_request_only_once_submitted(
    database: Database, clerk: Actor, now: datetime, fields: dict[str, Any]
) -> None:
    request = await draft(database, clerk, now, fields)
    async with database.reading() as db:
        assert (await queries.request(db, request.id, state="RO")).id == request.id
        with pytest.raises(NotFound):
            await queries.request(db, request.id, state="TH")
        assert (await queries.requests(db, state="TH")).rows == []
    await act(database, request, requests.submit, clerk, now)
    async with database.reading() as db:
        assert (await queries.request(db, request.id, state="TH")).id == request.id
        assert [row.id for row in (await queries.requests(db, state="TH")).rows] == [request.id]
        assert (await queries.request(db, request.reference, state="TH")).id == request.id


async def test_a_withdrawn_draft_is_never_shown_to_the_other_state(
    database: Database, clerk: Actor, now: datetime, fields: dict[str, Any]
) -> None:
    request = await draft(database, clerk, now, fields)
    await act(database, request, requests.withdraw, clerk, now, reason="Mistake")
    async with database.reading() as db:
        with pytest.raises(NotFound):
            await queries.request(db, request.id, state="TH")
