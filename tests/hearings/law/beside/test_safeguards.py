"""What is asked for children, detained persons, victims and others, once for a request, whatever the two States."""

from dataclasses import fields
from datetime import UTC, date, datetime
from typing import Any

import pytest

from hearings import reference
from hearings.law.answer import FACTS, Ask, facts_for
from hearings.law.beside import safeguards
from hearings.law.law import LAW
from hearings.law.legal_bases import LineStatus, Verdict, ask_about, evaluate
from hearings.models import HearingRequest
from hearings.models.request import Capacity, ReasonNoAttendance
from hearings.requests.fields import FIELDS, fill

MET, HUMAN = LineStatus.met, LineStatus.needs_human
DERIVED = {"consent_needed", "capacity", "nationalities", "foreign_national", "interpreter_needed"}
"""Facts that a request does not hold as they stand."""


def ask(capacity: str = "witness", pair: str = "RO>TH", **facts: Any) -> Ask:
    requesting, requested = pair.split(">")
    given: dict[str, Any] = {
        "on": date(2026, 11, 24),
        "scopes": frozenset({"untoc_offence"}),
        "answers": {"offence_serious": True, "offence_transnational": True, "offence_organised": True},
        "reason_no_attendance": ReasonNoAttendance.not_possible,
        "reason_text": "cannot travel",
        "language_of_request": LAW.jurisdiction(requested).accepted_languages[0],
        "channel": "central_authority",
        "evidential_purpose": True,
    }
    return Ask(requesting_state=requesting, requested_state=requested, capacity=Capacity(capacity), **given | facts)


def verdict(question: Ask, instrument: str = "untoc") -> Verdict:
    found = evaluate(question, [instrument]).verdict(instrument)
    assert found is not None
    return found


def parts(found: Verdict) -> dict[str, str]:
    """Key and kind of what safeguards have added."""
    kinds: dict[str, tuple[Any, ...]] = {"line": found.lines, "note": found.notes, "term": found.terms}
    return {part.key: kind for kind, those in kinds.items() for part in those if part.key.startswith("sg_")}


def request(**values: Any) -> HearingRequest:
    made = HearingRequest(
        owner_state="RO", reference="x", requesting_state="RO", requested_state="TH", created_by="-",
        created_at=datetime(2026, 12, 2, tzinfo=UTC),
    )  # fmt: skip
    fill(made, values)
    return made


# --- the rows ----------------------------------------------------------------------------------------------------


def test_every_row_is_of_known_facts_instruments_codes_and_effects() -> None:
    enums, facts = reference.enums(), {field.name for field in fields(Ask)} | {*safeguards.DERIVED, "consent_needed"}
    codes = {*enums["block_code"], *enums["warning_code"], *enums["refusal_code"]}
    for row in reference.safeguards():
        assert set(row["instruments"]) <= set(LAW.instruments), row["id"]
        assert row["applies_when"].keys() <= facts, row["id"]
        assert row["shows"] in safeguards.SHOWN and row["effect"] in {"pending", "note"}, row["id"]
        assert row["code"] is None or row["code"] in codes, row["id"]
        assert ("asks" in row) is (row["shows"] == "line") and row.get("asks", "on") in facts, row["id"]
        assert row["confidence"] in enums["confidence"] and row["source"] and row["text"], row["id"]


def test_what_a_row_asks_is_a_field_of_a_request_or_a_fact_that_states_answer() -> None:
    asked = {row["asks"] for row in reference.safeguards() if "asks" in row}
    asked |= {name for row in reference.safeguards() for name in row["applies_when"]} - DERIVED - {"in_custody"}
    assert asked - set(FIELDS) - set(FACTS) == set()
    assert len(asked) > 12


# --- what they add -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "instrument", "added"),
    [
        (ask(), "untoc", {"sg_no_safe_conduct": "note"}),
        (ask(person_age_under_18=True), "untoc", {
            "sg_child_general": "line", "sg_child_witness_measures": "line", "sg_child_oath": "note",
            "sg_no_safe_conduct": "note",
        }),
        (ask(in_custody=True), "untoc", {
            "sg_detained_place": "line", "sg_detained_alternative_untoc": "note", "sg_detained_clock": "term",
            "sg_no_safe_conduct": "note",
        }),
        (ask(in_custody=True, person_nationality="RO"), "untoc", {
            "sg_detained_place": "line", "sg_detained_alternative_untoc": "note", "sg_detained_clock": "term",
            "sg_consular": "note", "sg_no_safe_conduct": "note",
        }),
        (ask("victim", "RO>IT"), "eio", {"sg_victim_as_witness": "note", "sg_victim_eu": "note"}),
        (ask("victim", "RO>IT", victim_assessed=True), "eio", {
            "sg_victim_as_witness": "note", "sg_victim_eu": "line",
        }),
        (ask(person_nationality="RO", nationalities=("TH",)), "untoc", {
            "sg_several_nationalities": "note", "sg_no_safe_conduct": "note",
        }),
        (ask(pair="RO>GB", protection_requested=True), "ets182", {
            "sg_witness_protected_ets": "line", "sg_protected_person_profile": "term", "sg_no_safe_conduct": "note",
        }),
        (ask("accused", "RO>IT", person_age_under_18=True, in_custody=True, consent="given"), "eio", {
            "sg_child_general": "line", "sg_child_oath": "note", "sg_child_accused_eu": "line",
            "sg_child_consent": "line", "sg_detained_place": "line", "sg_detained_counsel_line": "line",
            "sg_detained_consent_free": "line", "sg_detained_alternative_eio": "note", "sg_detained_clock": "term",
        }),
    ],
    ids=[
        "an adult witness", "a child", "detained", "a foreigner in custody", "a victim", "a victim, assessed",
        "several nationalities", "protected", "a detained child accused",
    ],
)  # fmt: skip
def test_what_is_added_to_an_instrument_by_the_facts(question: Ask, instrument: str, added: dict[str, str]) -> None:
    assert parts(verdict(question, instrument)) == added


@pytest.mark.parametrize(("answer", "status"), [(None, HUMAN), (False, HUMAN), (True, MET)])
def test_what_is_not_answered_stays_open_and_never_makes_an_instrument_unusable(
    answer: bool | None, status: LineStatus
) -> None:
    found = verdict(ask(in_custody=True, custody_room=answer))
    (line,) = (one for one in found.lines if one.key == "sg_detained_place")
    assert (line.status, found.usable) == (status, True)


def test_what_stops_a_hearing_can_be_answered_after_the_submission() -> None:
    pending = {row["asks"] for row in reference.safeguards() if row["shows"] == "line" and row["effect"] == "pending"}
    assert {name for name in pending if not facts_for(name)} == set()


def test_nothing_is_added_to_what_cannot_be_relied_on() -> None:
    assert parts(verdict(ask(pair="RO>IT", in_custody=True), "ets182")) == {}
    assert parts(verdict(ask(in_custody=True), "cets224")) == {}


def test_what_the_instrument_asks_by_itself_is_not_asked_twice() -> None:
    question = ask("accused", "FR>RO", procedure="eaw_fd_2002_584", channel="direct_judicial", person_age_under_18=True)
    found = verdict(question, "reg2844")
    assert "child_adult_not_informed" in [line.code for line in found.lines]
    assert "sg_child_general" not in parts(found)
    assert "sg_child_accused_eu" in parts(found)


def test_every_nationality_counts_for_a_national_rule() -> None:
    codes = [
        note.code
        for note in verdict(ask("accused", "RO>CN", person_nationality="RO", nationalities=("CN",))).notes
        if note.key.startswith("summons")
    ]
    assert codes == ["summons_not_owed_to_citizen_as_defendant"]


# --- of a request ------------------------------------------------------------------------------------------------


def test_the_facts_of_a_request_are_those_of_the_question() -> None:
    made = request(
        capacity="witness",
        custody_place="Rahova",
        custody_room="Room 4",
        person_nationality="RO",
        nationalities=["TH", "CN"],
        protection_requested=["voice"],
        accessibility_needs=["captions"],
        language_of_person="th",
        language_of_court="ro",
        is_victim=True,
        lawyer_offered=False,
    )
    question = ask_about(made, on=date(2026, 11, 24))
    assert question.every_nationality == ("RO", "CN", "TH")
    names = ("in_custody", "custody_room", "protection_requested", "accessibility_needs", "interpreter_needed")
    assert {name: question.fact(name) for name in names} == dict.fromkeys(names, True)
    assert (question.is_victim, question.lawyer_offered, question.victim_assessed) == (True, False, None)


def test_of_an_empty_request_nothing_is_said() -> None:
    question = ask_about(request(), on=date(2026, 11, 24))
    names = {row["asks"] for row in reference.safeguards() if "asks" in row} | {"interpreter_needed", "is_victim"}
    assert {name: question.fact(name) for name in names} == dict.fromkeys(names)
