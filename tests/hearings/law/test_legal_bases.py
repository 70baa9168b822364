"""The gate: what art. 18(18) UNTOC and 46(18) UNCAC, and all other instruments of the data, say of a request."""

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, strategies as st

from hearings import reference
from hearings.errors import Invalid
from hearings.law.answer import Answerer
from hearings.law.law import LAW, merge
from hearings.law.legal_bases import (
    Ask,
    GateLine,
    GateOutcome,
    GateResult,
    GateStatus,
    LineStatus,
    Verdict,
    evaluate,
    selectable,
)
from hearings.models.request import Capacity, OffenceScope, ReasonNoAttendance

ON = date(2026, 11, 24)
YES = {"offence_serious": True, "offence_transnational": True, "offence_organised": True}
ASK = Ask(
    requesting_state="RO",
    requested_state="TH",
    on=ON,
    capacity=Capacity.witness,
    scopes=frozenset({"untoc_offence"}),
    answers=YES,
    reason_no_attendance=ReasonNoAttendance.not_possible,
    reason_text="She cannot travel",
    language_of_request="en",
)


def verdict(ask: Ask, instrument: str = "untoc") -> Verdict:
    found = evaluate(ask, [instrument]).verdict(instrument)
    assert found is not None
    return found


def line(ask: Ask, key: str, instrument: str = "untoc") -> GateLine:
    return next(one for one in verdict(ask, instrument).lines if one.key == key)


def test_a_witness_under_untoc_leaves_only_what_a_human_must_say() -> None:
    found = verdict(ASK)
    assert (found.outcome, found.usable, found.provision) == (GateOutcome.needs_human, True, "UNTOC art. 18(18)")
    open_lines = [one.key for one in found.lines if one.status is not LineStatus.met]
    assert open_lines == ["channel", "domestic_law"]
    assert "identification" in found.must_be_agreed


@pytest.mark.parametrize("capacity", [c for c in Capacity if c not in {Capacity.witness, Capacity.expert}])
@pytest.mark.parametrize("instrument", ["untoc", "uncac"])
def test_whoever_is_neither_witness_nor_expert_cannot_be_heard_on_these_alone(
    capacity: Capacity, instrument: str
) -> None:
    ask = replace(ASK, capacity=capacity, scopes=frozenset({"untoc_offence", "uncac_offence"}))
    found = verdict(ask, instrument)
    under_a_head = capacity in {Capacity.victim, Capacity.suspect, Capacity.accused}
    outcome = GateOutcome.needs_human if under_a_head else GateOutcome.refused
    assert (found.outcome, found.usable) == (outcome, under_a_head)
    assert found.decision is (GateStatus.pending if under_a_head else GateStatus.refused)
    person = line(ask, "person", instrument)
    paragraph = {"untoc": "UNTOC art. 18(18)", "uncac": "UNCAC art. 46(18)"}[instrument]
    code = "domestic_law_confirmation_pending" if under_a_head else "person_category_not_covered"
    status = LineStatus.needs_human if under_a_head else LineStatus.missing
    assert (person.status, person.code, found.provision) == (status, code, paragraph)
    assert found.obstacles == (() if under_a_head else (person.text,))
    assert person.text.startswith(f"{paragraph} covers: a witness or an expert. It alone is not a basis for hearing a")


def test_the_accused_is_told_which_other_footing_and_that_consent_is_needed() -> None:
    person = line(replace(ASK, capacity=Capacity.accused), "person")
    assert person.inputs["other_footing"] == ["untoc_18_3_a", "untoc_18_3_i"]
    assert "It alone is not a basis for hearing an accused person" in person.text
    for need in ("art. 18(3)", "the law of the requested State", "the agreement of both", "the person's consent"):
        assert need in person.text


def test_a_victim_is_told_another_footing_without_consent() -> None:
    text = line(replace(ASK, capacity=Capacity.victim), "person").text
    assert "art. 18(3)" in text
    assert "consent" not in text


@pytest.mark.parametrize(
    ("change", "key", "status", "code"),
    [
        ({}, "offence", LineStatus.met, ""),
        ({"scopes": frozenset()}, "offence", LineStatus.missing, ""),
        ({"scopes": frozenset({"uncac_offence"})}, "offence", LineStatus.missing, "offence_not_covered"),
        ({"answers": {**YES, "offence_organised": False}}, "organised", LineStatus.missing, "offence_not_covered"),
        ({"answers": {**YES, "offence_organised": None}}, "organised", LineStatus.needs_human, ""),
        ({"answers": {}}, "transnational", LineStatus.needs_human, ""),
        ({"capacity": None}, "person", LineStatus.missing, ""),
        ({"capacity": Capacity.expert}, "person", LineStatus.met, ""),
        ({"reason_no_attendance": None}, "reason", LineStatus.missing, "reason_no_attendance_missing"),
        ({"reason_text": " "}, "reason", LineStatus.missing, "reason_no_attendance_missing"),
        ({"reason_no_attendance": ReasonNoAttendance.not_desirable}, "reason", LineStatus.met, ""),
        ({"language_of_request": "th"}, "language", LineStatus.met, ""),
        ({"language_of_request": "en-GB"}, "language", LineStatus.met, ""),
        ({"language_of_request": "ro"}, "language", LineStatus.missing, "language"),
        ({"language_of_request": ""}, "language", LineStatus.needs_human, ""),
        ({"on": date(2003, 9, 28)}, "in_force", LineStatus.missing, "instrument_not_in_force"),
        ({"on": date(2013, 11, 15)}, "party_requested", LineStatus.missing, "no_instrument_in_force_between_states"),
        ({"on": date(2013, 11, 16)}, "party_requested", LineStatus.met, ""),
        ({}, "domestic_law", LineStatus.needs_human, ""),
        ({"domestic_law_confirmed": True}, "domestic_law", LineStatus.met, ""),
        ({"domestic_law_confirmed": False}, "domestic_law", LineStatus.missing, "domestic_law_bar"),
        ({}, "channel", LineStatus.needs_human, ""),
        ({"channel": "central_authority"}, "channel", LineStatus.met, ""),
        ({"channel": "direct_judicial"}, "channel", LineStatus.missing, "wrong_channel"),
        ({"channel": "diplomatic"}, "channel", LineStatus.needs_human, "wrong_channel"),
        ({"channel": "diplomatic", "requested_state_insists": True}, "channel", LineStatus.met, ""),
        ({"channel": "interpol"}, "channel", LineStatus.needs_human, "interpol_conditions_not_met"),
        ({"channel": "interpol", "urgent": False}, "channel", LineStatus.missing, "interpol_conditions_not_met"),
        (
            {"channel": "interpol", "urgent": True, "both_agree_urgent_route": True, "route_possible": True},
            "channel",
            LineStatus.met,
            "",
        ),
        ({"oral": True}, "oral", LineStatus.needs_human, "oral_conditions_not_met"),
        ({"oral": True, "urgent": False}, "oral", LineStatus.missing, "oral_conditions_not_met"),
        ({"oral": True, "urgent": True, "both_agree_oral": True}, "oral", LineStatus.met, ""),
        (
            {"oral": True, "urgent": True, "both_agree_urgent_route": True},
            "oral",
            LineStatus.needs_human,
            "oral_conditions_not_met",
        ),
        (
            {"channel": "interpol", "urgent": True, "both_agree_oral": True, "route_possible": True},
            "channel",
            LineStatus.needs_human,
            "interpol_conditions_not_met",
        ),
        (
            {"oral": True, "written_confirmed": False},
            "oral_confirmation",
            LineStatus.missing,
            "oral_written_confirmation_overdue",
        ),
        ({"prefer_convention": True}, "specific_treaty", LineStatus.met, ""),
    ],
)
def test_each_line_of_untoc(change: dict[str, Any], key: str, status: LineStatus, code: str) -> None:
    found = line(replace(ASK, **change), key)
    assert (found.status, found.code) == (status, code)


def test_uncac_needs_only_that_the_offence_is_one_of_corruption() -> None:
    found = verdict(replace(ASK, scopes=frozenset({"uncac_offence"}), answers={}), "uncac")
    assert (found.outcome, found.usable, found.provision) == (GateOutcome.needs_human, True, "UNCAC art. 46(18)")
    assert verdict(ASK, "uncac").outcome is GateOutcome.missing


def test_a_conditional_language_is_for_a_human() -> None:
    ask = replace(ASK, requesting_state="TH", requested_state="RO", language_of_request="fr")
    found = line(ask, "language")
    assert found.status is LineStatus.needs_human
    assert line(replace(ask, language_of_request="ro"), "language").status is LineStatus.met
    assert line(replace(ask, language_of_request="th"), "language").status is LineStatus.missing


def test_what_nobody_verified_is_shown_as_unverified() -> None:
    found = line(replace(ASK, requested_state="ES"), "party_requested", "eio")
    assert (found.confidence, found.unverified) == ("knowledge-high", True)
    found = line(ASK, "central_authority")
    assert (found.confidence, found.unverified) == ("read-in-source", False)
    assert found.source


def test_a_state_not_known_to_be_bound_makes_an_instrument_unusable() -> None:
    row = {**LAW.rows["party"]["TH/untoc"], "party_status": "unknown"}
    found = evaluate(ASK, ["untoc"], law=merge([("party", "TH/untoc", row)])).verdict("untoc")
    assert found is not None and not found.usable
    assert [one.key for one in found.lines if one.status is LineStatus.needs_human][:1] == ["party_requested"]


def test_the_specific_treaty_is_named_where_the_data_knows_one() -> None:
    ask = replace(ASK, requested_state="ES", language_of_request="es")
    found = line(ask, "specific_treaty")
    assert (found.status, found.provision) == (LineStatus.needs_human, "UNTOC art. 18(7)")
    assert "Directive 2014/41/EU (EIO) art. 24" in found.inputs["known"]
    none = line(ASK, "specific_treaty")
    assert (none.inputs["known"], none.status, none.who.answered_by, none.unverified) == (
        [], LineStatus.met, Answerer.data, True,
    )  # fmt: skip


def test_an_accused_under_the_eio_needs_consent() -> None:
    ask = replace(ASK, requested_state="ES", capacity=Capacity.accused, language_of_request="es")
    assert verdict(ask, "eio").outcome is GateOutcome.needs_human
    assert line(ask, "consent", "eio").code == "consent_pending"


def test_national_law_may_ask_for_consent() -> None:
    ask = replace(ASK, requested_state="FR", capacity=Capacity.accused, language_of_request="fr")
    assert line(ask, "consent_FR", "eio").provision.startswith("art. 694-5")


def test_the_declaration_of_the_united_kingdom_blocks_an_accused() -> None:
    ask = replace(ASK, requested_state="GB", capacity=Capacity.accused, language_of_request="en")
    found = verdict(ask, "ets182")
    assert found.decision is GateStatus.blocked
    assert line(ask, "declaration_GB", "ets182").code == "declaration_unknown"
    assert "State the stage" in line(ask, "declaration_GB", "ets182").text
    at_trial = replace(ask, stage="trial")
    assert verdict(at_trial, "ets182").outcome is GateOutcome.refused
    assert verdict(at_trial, "ets182").next_steps["declaration_9_9"][1] == "travel_with_safe_conduct"
    assert line(at_trial, "declaration_GB", "ets182").code == "declaration_9_9"
    assert line(replace(ask, stage="investigation"), "declaration_GB", "ets182").status is LineStatus.met
    suspect = replace(at_trial, capacity=Capacity.suspect)
    assert [one.key for one in verdict(suspect, "ets182").lines if one.key == "declaration_GB"] == []
    witness = replace(ask, capacity=Capacity.witness)
    assert [one.key for one in verdict(witness, "ets182").lines if one.key.startswith("declaration")] == []


def test_an_unknown_declaration_is_for_a_human() -> None:
    ask = replace(ASK, requested_state="ES", capacity=Capacity.accused, language_of_request="es")
    found = line(ask, "declaration_ES", "ets182")
    assert (found.status, found.code) == (LineStatus.needs_human, "declaration_unknown")


def test_a_regulation_with_listed_procedures_takes_only_those() -> None:
    ask = replace(ASK, requested_state="ES", capacity=Capacity.accused, language_of_request="es")
    assert line(ask, "procedure", "reg2844").code == "procedure_not_covered"
    listed = replace(ask, procedure="eaw_fd_2002_584")
    assert line(listed, "procedure", "reg2844").status is LineStatus.met


def test_a_bilateral_treaty_binds_its_sides_only() -> None:
    japan = replace(ASK, requested_state="JP", language_of_request="ja")
    assert line(japan, "parties", "eu_japan").status is LineStatus.met
    back = replace(japan, requesting_state="JP", requested_state="RO", language_of_request="ro")
    assert line(back, "parties", "eu_japan").status is LineStatus.met
    assert line(ASK, "parties", "eu_japan").status is LineStatus.missing
    assert not verdict(ASK, "eu_japan").usable
    assert "eu_japan" not in evaluate(ASK).usable


@pytest.mark.parametrize("instrument", ["cets224", "un_cybercrime"])
def test_what_is_not_in_force_is_never_usable(instrument: str) -> None:
    found = verdict(replace(ASK, scopes=frozenset(OffenceScope)), instrument)
    assert not found.usable
    assert found.lines[0].code == "instrument_not_in_force"


def test_a_proposal_or_a_mere_channel_cannot_be_asked() -> None:
    for instrument in ("com_2026_313", "medellin", "cjeu", "hcch_guide"):
        assert instrument not in selectable()
        assert evaluate(ASK, [instrument]).verdicts == ()


def test_verdicts_come_most_specific_first() -> None:
    order = [one.instrument for one in evaluate(ASK).verdicts]
    priorities = [reference.instruments()[one]["priority"] for one in order]
    assert priorities == sorted(priorities)
    assert order[-1] == "reciprocity"
    assert [one for one in order if one not in selectable()] == ["cets224", "un_cybercrime"]


def test_the_answer_is_plain_json() -> None:
    result = evaluate(replace(ASK, requested_state="ES", language_of_request="es", evidential_purpose=True))
    assert json.loads(json.dumps(result.as_json())) == result.as_json()
    assert result.as_json()["usable"] == ["eio"]
    assert (result.first, result.fallbacks) == ("eio", ())
    assert evaluate(ASK).usable == ("untoc",)


def test_one_state_alone_is_not_asked() -> None:
    with pytest.raises(Invalid, match="The two States are the same"):
        evaluate(replace(ASK, requested_state="RO"))


@given(
    st.permutations(sorted(reference.jurisdictions())),
    st.sampled_from([None, *Capacity]),
    st.frozensets(st.sampled_from([scope.value for scope in OffenceScope])),
    st.dictionaries(st.sampled_from(sorted(YES)), st.sampled_from([True, False, None])),
    st.dates(date(2000, 1, 1), date(2035, 1, 1)),
    st.sampled_from(["", "en", "fr", "th", "pt-BR", "zz"]),
)
def test_no_question_breaks_the_gate_and_no_outcome_belies_its_lines(
    states: list[str],
    capacity: Capacity | None,
    scopes: frozenset[str],
    answers: dict[str, bool | None],
    on: date,
    tag: str,
) -> None:
    ask = Ask(
        requesting_state=states[0],
        requested_state=states[1],
        on=on,
        capacity=capacity,
        scopes=scopes,
        answers=answers,
        language_of_request=tag,
    )
    result: GateResult = evaluate(ask)
    codes = {*reference.enums()["refusal_code"], *reference.enums()["block_code"], ""}
    for found in result.verdicts:
        statuses = {line.status for line in found.lines}
        assert (found.outcome in {GateOutcome.missing, GateOutcome.refused}) == (LineStatus.missing in statuses)
        assert {line.code for line in found.lines} <= codes
        assert len({line.key for line in found.lines}) == len(found.lines)
        if capacity in {Capacity.accused, Capacity.suspect} and found.instrument in {"untoc", "uncac"}:
            assert found.outcome is not GateOutcome.met
        assert all(one.provision and one.text and one.source and one.confidence for one in found.lines)
        assert not found.usable or not found.obstacles
        assert not any(
            "lawful" in one.text or "allowed" in one.text for said in (found.lines, found.terms) for one in said
        )


# --- whom an instrument is open to -------------------------------------------------------------------------------


@pytest.mark.parametrize("instrument", ["eio", "reg2844", "eu2000", "ibero_vc"])
def test_an_instrument_of_a_closed_circle_is_not_open_to_a_state_outside_it_whatever_the_rows_say(
    instrument: str,
) -> None:
    for status in ("unknown", "not_party", ""):
        row = {**LAW.rows["party"][f"TH/{instrument}"], "party_status": status or "unknown"}
        known = merge([("party", f"TH/{instrument}", row)])
        found = evaluate(ASK, [instrument], law=known).verdict(instrument)
        assert found is not None
        (one,) = (one for one in found.lines if one.key == "party_requested")
        assert (one.status, one.code) == (LineStatus.missing, "no_instrument_in_force_between_states")
        assert one.text == f"{found.name} is not open to Thailand"


def test_where_anybody_may_join_nothing_is_said_of_being_open() -> None:
    row = {**LAW.rows["party"]["TH/untoc"], "party_status": "unknown"}
    found = evaluate(ASK, ["untoc"], law=merge([("party", "TH/untoc", row)])).verdict("untoc")
    assert found is not None
    (one,) = (one for one in found.lines if one.key == "party_requested")
    assert (one.status, one.text) == (LineStatus.needs_human, "Not known whether Thailand is bound")


def test_a_state_within_the_circle_of_which_nothing_is_known_stays_not_known() -> None:
    row = {**LAW.rows["party"]["ES/eio"], "party_status": "unknown", "in_force_from": ""}
    found = evaluate(replace(ASK, requested_state="ES"), ["eio"], law=merge([("party", "ES/eio", row)])).verdict("eio")
    assert found is not None
    assert [one.status for one in found.lines if one.key == "party_requested"] == [LineStatus.needs_human]
