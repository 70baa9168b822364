"""The engine over the real data, instrument by instrument and rule by rule, against oracles where there are any."""

import ast
import re
from dataclasses import fields, replace
from datetime import date
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from hearings import reference
from hearings.errors import Invalid, UnknownState
from hearings.law import law, overlays
from hearings.law.law import LAW
from hearings.law.legal_bases import (
    Ask,
    GateLine,
    GateStatus,
    LineStatus,
    Verdict,
    evaluate,
    refusal_grounds,
    refusal_objections,
    request_objections,
    selectable,
)
from hearings.models.request import Capacity, OffenceScope, ReasonNoAttendance

MET, MISSING, HUMAN = LineStatus.met, LineStatus.missing, LineStatus.needs_human
ON = date(2026, 11, 24)
DIRECT = "direct_contact_without_approval"


def ask(pair: str, capacity: str = "witness", **facts: Any) -> Ask:
    """A question between two States, `RO>TH`, with what is needed to come to the point of the test."""
    requesting, requested = pair.split(">")
    given: dict[str, Any] = {
        "scopes": frozenset({"untoc_offence"}),
        "answers": {"offence_serious": True, "offence_transnational": True, "offence_organised": True},
        "reason_no_attendance": ReasonNoAttendance.not_possible,
        "reason_text": "cannot travel",
        "language_of_request": (LAW.jurisdiction(requested).accepted_languages or ("",))[0],
        "channel": "central_authority",
    }
    facts = {"on": ON} | given | facts
    return Ask(requesting_state=requesting, requested_state=requested, capacity=Capacity(capacity), **facts)


def verdict(question: Ask, instrument: str) -> Verdict:
    found = evaluate(question, [instrument]).verdict(instrument)
    assert found is not None
    return found


def line(found: Verdict, start: str) -> GateLine:
    (one,) = (one for one in found.lines if one.key.startswith(start))
    return one


# --- which basis goes first --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "first", "fallbacks"),
    [
        (ask("RO>TH"), "untoc", ()),
        (ask("RO>TH", scopes=frozenset({"uncac_offence"})), "uncac", ()),
        (ask("FR>IT", evidential_purpose=True), "eio", ()),
        (ask("FR>IT", "accused", evidential_purpose=True), "eio", ()),
        (
            ask("FR>RO", "accused", channel="direct_judicial", procedure="eaw_fd_2002_584"),
            "reg2844",
            ("eu2000", "ets182"),
        ),
        (ask("RO>GB"), "ets182", ("untoc",)),
        (ask("RO>JP"), "eu_japan", ("untoc",)),
        (ask("JP>RO"), "eu_japan", ("untoc",)),
        (ask("RO>US"), "eu_us", ("untoc",)),
        (ask("RO>US", prefer_convention=True), "untoc", ("eu_us",)),
        (ask("RO>US", prefer_convention=False), "eu_us", ()),
        (ask("MX>ES"), "ibero_vc", ("untoc",)),
        (ask("TH>KE"), "untoc", ()),
        (ask("TH>KE", scopes=frozenset({"cybercrime_offence"})), "reciprocity", ()),
        (
            ask(
                *("TH>KE", "accused"),
                scopes=frozenset({"cybercrime_offence"}),
                domestic_law_confirmed=True,
                authorities_agree=True,
            ),
            *("reciprocity", ()),
        ),
    ],
)
def test_the_most_specific_basis_goes_first_and_the_others_are_fallbacks(
    question: Ask, first: str, fallbacks: tuple[str, ...]
) -> None:
    result = evaluate(question)
    assert (result.first, result.fallbacks) == (first, fallbacks)


@pytest.mark.parametrize("instrument", ["cets224", "un_cybercrime"])
def test_what_is_not_in_force_is_shown_as_such_and_never_selectable(instrument: str) -> None:
    found = verdict(ask("RS>JP", scopes=frozenset({"cybercrime_offence"})), instrument)
    assert (found.selectable, found.usable, found.decision) == (False, False, GateStatus.refused)
    assert instrument not in selectable()
    assert found.lines[0].code == "instrument_not_in_force"


def test_a_regulation_is_selectable_from_its_first_day_only() -> None:
    assert "reg2844" not in selectable(date(2025, 4, 30))
    assert "reg2844" in selectable(date(2025, 5, 1))


def test_a_treaty_that_is_a_mere_way_carries_the_request_but_is_no_basis() -> None:
    assert "medellin" not in [one.instrument for one in evaluate(ask("ES>CO")).verdicts]
    found = line(verdict(ask("ES>CO", channel="ibera"), "untoc"), "channel")
    assert (found.status, found.provision) == (MET, "Medellin Treaty (Iber@ channel only)")
    assert line(verdict(ask("ES>CO", channel="ibera", on=date(2024, 5, 14)), "untoc"), "channel").status is MISSING
    assert line(verdict(ask("RO>TH", channel="ibera"), "untoc"), "channel").code == "wrong_channel"


# --- persons, heads, declarations --------------------------------------------------------------------------------


def test_an_accused_is_carried_by_a_general_head_once_both_authorities_have_spoken() -> None:
    waiting = verdict(ask("RO>TH", "accused"), "untoc")
    assert (waiting.decision, waiting.usable, waiting.provision) == (GateStatus.pending, True, "UNTOC art. 18(18)")
    assert (line(waiting, "person").status, line(waiting, "person").waits) == (HUMAN, True)
    carried = verdict(ask("RO>TH", "accused", domestic_law_confirmed=True, authorities_agree=True), "untoc")
    assert (carried.decision, carried.usable, carried.provision) == (GateStatus.pending, True, "UNTOC art. 18(3)")
    assert [need.layer for need in carried.consents] == ["policy"]
    refused = verdict(ask("RO>TH", "accused", domestic_law_confirmed=False), "untoc")
    assert (refused.decision, refused.usable) == (GateStatus.refused, False)


def test_whoever_the_regulation_does_not_reach_is_sent_to_the_next_instrument() -> None:
    found = verdict(ask("FR>IT", procedure="eaw_fd_2002_584"), "reg2844")
    person = line(found, "person")
    assert (person.code, person.inputs["route"]) == ("person_category_not_covered", "eio")
    assert "Consider Directive 2014/41/EU (EIO) art. 24 instead" in person.text


@pytest.mark.parametrize(
    ("capacity", "stage", "status", "code"),
    [
        ("accused", "trial", MISSING, "declaration_9_9"),
        ("accused", "", HUMAN, "declaration_unknown"),
        ("accused", "investigation", MET, ""),
        ("accused", "appeal", MET, ""),
    ],
)
@pytest.mark.parametrize("pair", ["RS>GB", "GB>RS"])
def test_a_partial_declaration_blocks_its_persons_and_stages_whoever_made_it(
    pair: str, capacity: str, stage: str, status: LineStatus, code: str
) -> None:
    found = verdict(ask(pair, capacity, stage=stage), "ets182")
    one = line(found, "declaration_GB")
    assert (one.status, one.code, one.provision) == (status, code, "ETS 182 (2nd Add. Protocol CoE MLA) art. 9(9)")
    unknown = line(found, "declaration_RS")
    assert (unknown.status, unknown.code, unknown.asks) == (HUMAN, "declaration_unknown", ("no_declaration",))
    assert found.usable is (status is MET)
    assert found.decision is not GateStatus.allowed


@pytest.mark.parametrize(
    ("answer", "status", "code", "usable"),
    [
        (None, HUMAN, "declaration_unknown", True),
        (True, MET, "", True),
        (False, MISSING, "declaration_9_9", False),
    ],
)
@pytest.mark.parametrize("pair", ["RO>NO", "RO>CH", "TR>UA"])
def test_a_declaration_that_the_data_do_not_know_is_answered_by_the_state_itself(
    pair: str, answer: bool | None, status: LineStatus, code: str, usable: bool
) -> None:
    requesting, requested = pair.split(">")
    given = {} if answer is None else {requested: answer}
    question = ask(pair, "accused", stage="trial", each_state={"no_declaration": {requesting: True, **given}})
    found = verdict(question, "ets182")
    assert line(found, f"declaration_{requesting}").status is MET, "each State answers for itself alone"
    asked = line(found, f"declaration_{requested}")
    assert (asked.status, asked.code, asked.only_of, found.usable) == (status, code, requested, usable)


def test_a_declaration_in_the_data_blocks_whatever_the_state_answers() -> None:
    yes = {"no_declaration": {"GB": True, "RS": True}}
    found = verdict(ask("RS>GB", "accused", stage="trial", each_state=yes), "ets182")
    assert (line(found, "declaration_GB").code, line(found, "declaration_GB").asks) == ("declaration_9_9", ())
    assert line(found, "declaration_RS").status is MET


def test_a_declaration_counts_from_its_first_day() -> None:
    key = "GB/ets182/9(9)"
    row = {**LAW.rows["declaration"][key], "effective_from": "2027-01-01"}
    later = law.merge([("declaration", key, row)])
    question = ask("RS>GB", "accused", stage="trial")
    found = evaluate(question, ["ets182"], law=later).verdicts[0]
    assert (line(found, "declaration_GB").status, line(found, "declaration_GB").code) == (MET, "")
    found = evaluate(replace(question, on=date(2027, 1, 1)), ["ets182"], law=later).verdicts[0]
    assert (line(found, "declaration_GB").status, line(found, "declaration_GB").code) == (MISSING, "declaration_9_9")
    assert not found.usable


# --- conditions of instruments -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "key", "status", "code"),
    [
        ({}, "lawyer_access", HUMAN, "lawyer_access_pending"),
        ({"lawyer_access": True}, "lawyer_access", MET, ""),
        ({"lawyer_access": False}, "lawyer_access", MISSING, "lawyer_access_pending"),
        ({"consent_recorded": True}, "consent_record", MET, ""),
        ({}, "child_adult_not_informed", HUMAN, ""),
        ({"person_age_under_18": True}, "child_adult_not_informed", HUMAN, "child_adult_not_informed"),
        ({"person_age_under_18": True, "adult_informed": True}, "child_adult_not_informed", MET, ""),
    ],
)
def test_conditions_of_the_regulation(facts: dict[str, Any], key: str, status: LineStatus, code: str) -> None:
    found = verdict(ask("FR>RO", "accused", procedure="eaw_fd_2002_584", **facts), "reg2844")
    one = line(found, key)
    assert (one.status, one.code) == (status, code)
    assert one.provision.startswith("Regulation (EU) 2023/2844 art. 6(")


def test_an_adult_is_not_asked_for_a_childs_condition() -> None:
    found = verdict(ask("FR>RO", "accused", procedure="eaw_fd_2002_584", person_age_under_18=False), "reg2844")
    assert [one.key for one in found.lines if one.key.startswith("child")] == []


@pytest.mark.parametrize(("answer", "usable"), [(True, True), (None, False), (False, False)])
def test_a_european_investigation_order_must_aim_at_evidence(answer: bool | None, usable: bool) -> None:
    found = verdict(ask("RO>PT", evidential_purpose=answer), "eio")
    assert found.usable is usable
    assert line(found, "evidential_purpose").provision == "CJEU C-325/24 Bissilli (18.12.2025) judgment"


def test_an_alternative_to_video_that_also_needs_consent_is_named() -> None:
    codes = [note.code for note in verdict(ask("RO>PT", "accused"), "eio").notes if note.code]
    assert codes == ["alternative_also_needs_consent"]
    assert not any(note.code for note in verdict(ask("RO>PT", "accused", in_custody=False), "eio").notes)


@pytest.mark.parametrize(
    ("instrument", "pair", "wanted"),
    [
        ("eio", "RO>PT", {"conducted_by": "requesting_authority", "cost_default": "requested_state"}),
        ("ets182", "RS>CH", {"presence_requested_authority": "mandatory", "cost_default": "requesting_state"}),
        ("ets182", "RS>UA", {"interpreter_side": "requesting_state", "investigating_judge": "present"}),
        ("untoc", "TH>FR", {"minutes_by": "silent", "minutes_each_place": "each_place", "protection": None}),
        (
            "untoc",
            "RO>TH",
            {"silence_rule": "silent", "identification_by": "silent"},
        ),
        ("ets182", "RS>TR", {"protection": "protected_identity", "silence_rule": "both_laws"}),
    ],
)
def test_how_the_hearing_is_held(instrument: str, pair: str, wanted: dict[str, str | None]) -> None:
    terms = {term.key: term for term in verdict(ask(pair), instrument).terms}
    assert {key: terms[key].value if key in terms else None for key in wanted} == wanted
    assert all(term.provision and term.source and term.confidence for term in terms.values())


def test_what_the_text_leaves_open_belongs_into_the_agreement() -> None:
    found = verdict(ask("RO>TH"), "untoc")
    assert {term.key for term in found.terms if term.agree} >= {"interpreter_side", "minutes_by", "agree_minutes"}
    ready = verdict(ask("RO>TH", domestic_law_confirmed=True, prefer_convention=True), "untoc")
    assert ready.decision is GateStatus.allowed_with_conditions


# --- national rules ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "instrument", "key", "status", "code"),
    [
        (
            ask("RO>CN", approach="direct_to_person"),
            "untoc",
            "block_0_nat_CN",
            MISSING,
            "direct_contact_without_approval",
        ),
        (ask("RO>CN"), "untoc", "block_0_nat_CN", HUMAN, ""),
        (ask("RO>CN", approach="court_service"), "untoc", "block_0_nat_CN", MET, ""),
        (ask("RO>CN", approach="consular", channel="interpol"), "untoc", "block_0_nat_CN", MET, ""),
        (ask("RO>CN", channel="interpol"), "untoc", "required_channel_nat_CN", MISSING, "wrong_channel"),
        (
            ask("RO>CH", approach="direct_to_person"),
            "ets182",
            "block_0_nat_CH",
            MISSING,
            "direct_contact_without_approval",
        ),
        (ask("ES>TH", "accused", grave_offence_or_jury=True), "untoc", "presence_0", MISSING, "domestic_law_bar"),
        (ask("ES>TH", "accused", grave_offence_or_jury=False), "untoc", "presence_0", MET, ""),
        (ask("ES>TH", "accused"), "untoc", "presence_0", HUMAN, ""),
        (ask("FR>IT", "accused"), "eio", "counsel_nat_IT", HUMAN, "lawyer_access_pending"),
        (ask("FR>IT", "accused", counsel_named=True), "eio", "counsel_nat_IT", MET, ""),
        (ask("FR>IT"), "eio", "treaty_basis_nat_IT", MET, ""),
        (ask("TH>IT"), "reciprocity", "treaty_basis_nat_IT", MISSING, "domestic_law_bar"),
        (ask("FR>NL", "accused", stage="trial"), "eio", "stage_nat_NL", HUMAN, ""),
        (ask("FR>NL", "accused", stage="investigation"), "eio", "stage_nat_NL", MET, ""),
        (ask("FR>NL", "accused"), "eio", "stage_nat_NL", HUMAN, ""),
        (ask("RO>KE"), "untoc", "persons_nat_KE", MET, ""),
    ],
)
def test_effects_of_national_rules(question: Ask, instrument: str, key: str, status: LineStatus, code: str) -> None:
    one = line(verdict(question, instrument), key)
    assert (one.status, one.code) == (status, code)


@pytest.mark.parametrize(
    ("question", "instrument", "key"),
    [
        (ask("CN>RO", approach="direct_to_person"), "untoc", "nat_CN_ICJA"),
        (ask("TH>ES", "accused", grave_offence_or_jury=True), "untoc", "nat_ES_258bis"),
        (ask("NL>FR", "accused", stage="trial"), "eio", "nat_NL_711"),
        (ask("ES>TH", grave_offence_or_jury=True), "untoc", "nat_ES_258bis"),
        (ask("FR>NL", stage="trial"), "eio", "nat_NL_711"),
        (ask("FR>IT"), "eio", "counsel"),
        (ask("UA>RS"), "ets182", "nat_UA_567"),
    ],
)
def test_a_national_rule_counts_on_its_side_and_for_its_persons_only(question: Ask, instrument: str, key: str) -> None:
    found = verdict(question, instrument)
    assert [one.key for one in found.lines if key in one.key] == []
    assert "investigating_judge" not in {term.key for term in found.terms}


def test_a_superseded_exclusion_no_longer_blocks_and_says_by_what() -> None:
    one = line(verdict(ask("FR>NL", "accused", stage="trial"), "eio"), "stage_nat_NL")
    assert "Superseded for this instrument by CJEU C-325/24 Bissilli" in one.text
    row = dict(LAW.rows["overlay"]["nat_NL_711"])
    del row["stage_excluded_superseded_by"]
    bare = law.merge([("overlay", "nat_NL_711", row)])
    found = evaluate(ask("FR>NL", "accused", stage="trial"), ["eio"], law=bare).verdicts[0]
    assert (line(found, "stage_nat_NL").code, found.decision) == ("domestic_law_bar", GateStatus.refused)


@pytest.mark.parametrize(
    ("question", "code"),
    [
        (ask("RO>NO", "accused", hearing_on=date(2026, 12, 23)), "lead_time_too_short"),  # 30 days, counted by days
        (ask("RO>NO", "accused", hearing_on=date(2026, 12, 24)), "no note"),
        (ask("RO>DE", "accused", hearing_on=date(2026, 12, 23)), "lead_time_too_short"),
        (ask("RO>DE", "accused", hearing_on=date(2026, 12, 24)), "no note"),
        (ask("RO>NO", "witness", hearing_on=date(2026, 11, 25)), "no note"),
        (replace(ask("RO>NO", hearing_on=date(2026, 11, 25)), capacity=None), "lead_time_too_short"),
        (ask("RO>NO", "accused"), ""),
    ],
)
def test_a_time_for_a_summons_is_counted_in_days_where_the_rule_says_days_and_for_its_persons_only(
    question: Ask, code: str
) -> None:
    notes = [note.code for note in verdict(question, "untoc").notes if note.key.startswith("lead_time")]
    assert (notes or ["no note"]) == [code]


@pytest.mark.parametrize(
    ("on", "code"), [(None, ""), (date(2027, 2, 23), "lead_time_too_short"), (date(2027, 2, 24), "no note")]
)
def test_a_summons_needs_three_months_where_the_law_says_so(on: date | None, code: str) -> None:
    notes = [note for note in verdict(ask("RO>CN", hearing_on=on), "untoc").notes if note.key.startswith("lead_time")]
    assert [note.code for note in notes] == ([] if code == "no note" else [code])


@pytest.mark.parametrize(
    ("nationality", "codes"),
    [("CN", ["summons_not_owed_to_citizen_as_defendant"]), ("RO", []), ("", [""])],
)
def test_no_summons_is_owed_on_an_own_national_as_defendant(nationality: str, codes: list[str]) -> None:
    found = verdict(ask("RO>CN", "accused", person_nationality=nationality), "untoc")
    assert [note.code for note in found.notes if note.key.startswith("summons")] == codes


def test_every_field_of_every_national_rule_is_understood() -> None:
    known = {*overlays.EFFECTS, *overlays.ELSEWHERE, *overlays.DESCRIBING}
    assert {name for row in reference.overlays() for name in row} - known == set()


# --- consent -----------------------------------------------------------------------------------------------------


def oracle(question: Ask, instrument: str) -> set[tuple[str, str]]:
    """Who asks for consent, straight from the files: layer and provision."""
    assert question.capacity is not None
    row, capacity, found = reference.instruments()[instrument], question.capacity.value, set()
    for person, entry in row["profile"]["persons"].items():
        if person == capacity and entry["consent_required"]:
            found.add(("treaty", reference.rules()[entry["rule"]]["provision"]))
    if capacity not in row["profile"]["persons"]:
        for head in [one for one in row["profile"]["general_heads"] if capacity in one["persons"]][:1]:
            if capacity in head["consent_required_for"]:
                found.add(("policy", reference.rules()[head["rule"]]["provision"]))
    for overlay in reference.overlays():
        asked = overlay.get("consent_required", {})
        sides = {"requesting": question.requesting_state, "requested": question.requested_state}
        for side in overlay["applies_when_state_is"]:
            if overlay["state"] == sides[side] and capacity in asked and asked[capacity] is not False:
                found.add(("national", overlay["provision"]))
    return found


STATES = sorted(reference.jurisdictions())
COVERED = ["FR", "IT", "NL", "LU", "UA", "GB", "TH", "RO"]


def test_consent_is_what_an_oracle_over_the_files_finds() -> None:
    compared = 0
    for one, other in permutations(COVERED, 2):
        for capacity in Capacity:
            question = Ask(requesting_state=one, requested_state=other, on=ON, capacity=capacity)
            for found in evaluate(question).verdicts:
                wanted = oracle(question, found.instrument)
                layers = {(need.layer, need.provision.split(" ", 1)[-1]) for need in found.consents}
                assert {layer for layer, _provision in layers} == {layer for layer, _provision in wanted}
                assert len(found.consents) == len(wanted)
                compared += 1
    assert compared == 56 * 7 * len(LAW.bases) > 56 * 7 * 15


def test_an_accused_in_croatia_must_consent_by_national_law_too_and_may_take_it_back() -> None:
    found = verdict(ask("FR>HR", "accused"), "eio").consents
    assert ("national", "HR", True) in [(need.layer, need.state, need.revocable) for need in found]
    assert verdict(ask("FR>HR"), "eio").consents == ()


def test_what_is_not_known_of_consent_counts_as_if_it_were_asked_for() -> None:
    needs = verdict(ask("RO>NL", "accused"), "eio").consents
    assert [(need.layer, need.known, need.confidence) for need in needs] == [
        ("treaty", True, "read-in-source"),
        ("national", False, "unknown"),
    ]


@pytest.mark.parametrize(
    ("consent", "status", "code", "decision"),
    [
        ("not_asked", HUMAN, "consent_pending", GateStatus.pending),
        ("pending", HUMAN, "consent_pending", GateStatus.pending),
        ("given", MET, "", GateStatus.pending),
        ("refused", MISSING, "no_consent", GateStatus.refused),
        ("withdrawn", MISSING, "consent_withdrawn", GateStatus.refused),
    ],
)
def test_how_a_consent_stands(consent: str, status: LineStatus, code: str, decision: GateStatus) -> None:
    found = verdict(ask("FR>RO", "accused", evidential_purpose=True, consent=consent), "eio")
    for one in (line(found, "consent_FR"), next(one for one in found.lines if one.key == "consent")):
        assert (one.status, one.code) == (status, code)
    assert found.decision is decision


# --- refusals ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("instrument", "ground", "motive", "reasons", "codes"),
    [
        ("eio", "fundamental_principles", "domestic_case_would_not_allow_video", "because", ["motive_invalid"]),
        ("eio", "fundamental_principles", "general_guideline", "because", ["motive_invalid"]),
        ("eio", "fundamental_rights", "", "because", ["motive_missing"]),
        ("eio", "fundamental_rights", "case_specific_reasons", "because", []),
        ("eio", "fundamental_rights", "case_specific_reasons", " ", ["reasons_missing"]),
        ("eio", "no_consent", "", "because", []),
        ("eio", "dual_criminality", "", "because", ["ground_not_named"]),
        ("eio", "language", "", "because", []),
        ("untoc", "essential_interests", "", "because", []),
        ("untoc", "essential_interests", "", "", ["reasons_missing"]),
        ("ets182", "declaration_9_9", "", "because", []),
        ("ets182", "fundamental_principles", "domestic_case_would_not_allow_video", "because", []),
    ],
)
def test_what_stands_against_a_refusal(
    instrument: str, ground: str, motive: str, reasons: str, codes: list[str]
) -> None:
    found = refusal_objections(instrument, ground, motive, reasons)
    assert [one.code for one in found] == codes
    assert all(one.provision and one.source for one in found)
    assert [one.binding for one in found] == [code != "ground_not_named" for code in codes]


def test_postponing_is_no_refusal() -> None:
    with pytest.raises(Invalid) as refusal:
        refusal_objections("untoc", "postponed_ongoing_proceedings", "", "because")
    assert (refusal.value.field, "postpone" in str(refusal.value)) == ("ground", True)
    for wrong in (("nothing", "language", ""), ("untoc", "mood", ""), ("untoc", "language", "mood")):
        with pytest.raises(Invalid):
            refusal_objections(*wrong, "because")


def test_the_grounds_are_the_closed_list_with_their_paragraphs() -> None:
    grounds = {ground.code: ground for ground in refusal_grounds(["untoc"])}
    assert list(grounds) == reference.enums()["refusal_code"]
    assert grounds["essential_interests"].provisions == ("UNTOC art. 18(21)",)
    assert (grounds["language"].provisions, grounds["language"].formal) == ((), True)
    both = {ground.code: ground.provisions for ground in refusal_grounds(["untoc", "eio"])}
    assert both["essential_interests"] == ("UNTOC art. 18(21)", "Directive 2014/41/EU (EIO) art. 11")


@pytest.mark.parametrize(
    ("instruments", "ground", "against"),
    [
        (["untoc"], "no_consent", ["UNTOC"]),
        (["untoc", "uncac"], "no_consent", ["UNTOC", "UNCAC"]),
        (["untoc", "eio"], "no_consent", []),  # the directive names it
        (["untoc"], "language", []),  # formal: no text has to name it
        (["reciprocity"], "no_consent", []),  # the data hold no grounds of it
        ([], "no_consent", []),
    ],
)
def test_a_ground_one_of_the_instruments_names_is_named(
    instruments: list[str], ground: str, against: list[str]
) -> None:
    found = request_objections(instruments, ground, "", "because")
    assert [(one.code, one.provision, one.binding) for one in found] == [
        ("ground_not_named", LAW.instruments[one.lower()]["name"], False) for one in against
    ]


# --- whatever is asked -------------------------------------------------------------------------------------------

ENUMS = reference.enums()
TRI = st.sampled_from([None, True, False])
QUESTIONS = (
    *("urgent", "both_agree_urgent_route", "route_possible", "requested_state_insists", "both_agree_oral"),
    "written_confirmed",
    *("person_age_under_18", "evidential_purpose", "lawyer_access", "consent_recorded", "adult_informed"),
    *("counsel_named", "in_custody", "grave_offence_or_jury", "prefer_convention", "domestic_law_confirmed"),
    "authorities_agree",
)
FACTS: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(QUESTIONS, TRI),
    "stage": st.sampled_from(["", *ENUMS["proceeding_stage"]]),
    "channel": st.sampled_from(["", *ENUMS["channel"]]),
    "approach": st.sampled_from(["", *ENUMS["approach"]]),
    "procedure": st.sampled_from(ENUMS["procedure"]),
    "consent": st.sampled_from(ENUMS["consent_state"]),
    "oral": st.booleans(),
    "scopes": st.frozensets(st.sampled_from([one.value for one in OffenceScope])),
    "person_nationality": st.sampled_from(["", "CN", "RO"]),
    "hearing_on": st.none() | st.dates(date(2026, 11, 24), date(2028, 1, 1)),
    "capacity": st.sampled_from(list(Capacity)),
}
SIDES = st.sampled_from(["requesting", "requested"])
PAIRS = st.permutations(STATES).map(lambda states: f"{states[0]}>{states[1]}")


@settings(max_examples=60, deadline=None)
@given(PAIRS, st.fixed_dictionaries(FACTS), st.dates(date(2000, 1, 1), date(2035, 1, 1)))
def test_every_line_says_from_where_it_comes_and_nothing_not_in_force_is_usable(
    pair: str, facts: dict[str, Any], on: date
) -> None:
    capacity = facts.pop("capacity")
    result = evaluate(ask(pair, capacity, **facts, on=on))
    codes = {*ENUMS["refusal_code"], *ENUMS["block_code"], ""}
    for found in result.verdicts:
        row = reference.instruments()[found.instrument]
        start = reference.day(row["valid_from"])
        if row["status"] != "in_force" or (start and start > on):
            assert not found.usable
        assert len({one.key for one in found.lines}) == len(found.lines)
        for one in found.lines:
            assert one.provision and one.text and one.source and one.confidence in ENUMS["confidence"]
            assert one.code in codes
            assert one.status is not MET or not one.code
        assert {note.code for note in found.notes} <= {*ENUMS["warning_code"], ""}
    assert result.first in ("", *result.usable)
    assert result.as_json()["decision"] in ENUMS["decision"]


UNSAID = [name for name in FACTS if name not in {"scopes", "capacity", "procedure", "consent", "oral", "hearing_on"}]


@settings(max_examples=60, deadline=None)
@given(PAIRS, st.fixed_dictionaries(FACTS), st.sampled_from(UNSAID))
def test_saying_more_never_makes_missing_what_was_met(pair: str, facts: dict[str, Any], name: str) -> None:
    capacity, nothing = (
        facts.pop("capacity"),
        "" if name in {"stage", "channel", "approach", "person_nationality"} else None,
    )
    less = evaluate(ask(pair, capacity, **(facts | {name: nothing})))
    more = evaluate(ask(pair, capacity, **facts))
    for before, after in zip(less.verdicts, more.verdicts, strict=True):
        now_missing = {one.key for one in after.lines if one.status is MISSING}
        assert {one.key for one in before.lines if one.status is MET} & now_missing == set()


@settings(max_examples=40, deadline=None)
@given(
    PAIRS, st.sampled_from(list(Capacity)), st.sampled_from([True, None]), st.sampled_from(["requesting", "requested"])
)
def test_one_more_rule_of_consent_never_takes_another_away(
    pair: str, capacity: Capacity, asked: bool | None, side: str
) -> None:
    question = ask(pair, capacity)
    state = getattr(question, f"{side}_state")
    row = {
        "id": "more",
        "state": state,
        "provision": "art. 1",
        "applies_when_state_is": [side],
        "rule": "One more.",
        "consent_required": {capacity.value: asked},
        "source": "test",
        "confidence": "fixture",
    }
    stricter = law.merge([("overlay", "more", row)])
    for before, after in zip(evaluate(question).verdicts, evaluate(question, law=stricter).verdicts, strict=True):
        assert set(before.consents) < set(after.consents)
        assert after.decision.value == before.decision.value or before.decision.value.startswith("allowed")


@pytest.mark.parametrize("capacity", [None, *Capacity])
def test_all_states_in_all_capacities_get_an_answer(capacity: Capacity | None) -> None:
    for one, other in permutations(STATES[::2], 2):
        result = evaluate(Ask(requesting_state=one, requested_state=other, on=ON, capacity=capacity))
        assert len(result.verdicts) == len(LAW.bases)


def test_a_state_without_data_or_the_same_state_twice_is_refused() -> None:
    with pytest.raises(UnknownState):
        evaluate(Ask(requesting_state="RO", requested_state="XX", on=ON))
    with pytest.raises(Invalid, match="The two States are the same"):
        evaluate(Ask(requesting_state="RO", requested_state="RO", on=ON))


def test_a_bilateral_treaty_is_a_row_and_nothing_else() -> None:
    row = {
        **LAW.instruments["eu_japan"],
        "id": "ke_th",
        "name": "Kenya-Thailand",
        "priority": 40,
        "bilateral": {"side_a": ["KE"], "side_b": ["TH"]},
    }
    result = evaluate(ask("TH>KE"), law=law.merge([("instrument", "ke_th", row)], serial=1))
    assert (result.first, result.law) == ("ke_th", 1)
    assert evaluate(ask("TH>KE")).first == "untoc"


# --- the code ----------------------------------------------------------------------------------------------------


HEARINGS = Path(reference.__file__).parent
MODULES = sorted(
    file.relative_to(HEARINGS).with_suffix("").as_posix()
    for file in HEARINGS.rglob("*.py")
    if "migrations" not in file.parts  # they keep old rows, and are never written again
)
CODES = {
    # an interpreter, a support person, an arranger, a central authority: parts, no States
    "permission_table": ("IN", "AU", "AR", "CA"),
    "documents/documents": ("AL",),  # of the trail of a paper
    "requests/fields": ("reciprocity",),  # a field of a request, and of the same name the footing without a treaty
}
"""What only looks like a State's or an instrument's code, by module."""
NAMES = {
    "clocks": ("Australia",),  # a part of the world in the names of zones
    "requests/fields": ("ETS 182",),  # 9(3): the help of a field names what asks for it
}
"""Names a message may say, by module, with the reason."""


def _texts(module: str) -> set[str]:
    """String constants of a module, but docstrings."""
    tree = ast.parse((HEARINGS / f"{module}.py").read_text(encoding="utf-8"))
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs
    }


def _named(texts: set[str]) -> set[str]:
    """Names of States and instruments that stand in texts as words."""
    names = {LAW.state_name(code) for code in STATES}
    names |= {str(row["name"]) for row in LAW.instruments.values()}
    names |= {str(row["instrument_label"]) for row in LAW.rules.values()}
    return {name for name in names for text in texts if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)}


@pytest.mark.parametrize("module", MODULES)
def test_no_state_and_no_instrument_is_named_in_the_code(module: str) -> None:
    ids = {*STATES, *reference.members("group:EU"), *reference.instruments(), *reference.rules()}
    ids |= {str(row["id"]) for row in reference.overlays()}
    texts = _texts(module)
    assert texts & ids == set(CODES.get(module, ()))
    assert _named(texts) == set(NAMES.get(module, ()))


def test_the_guard_sees_what_it_is_to_find() -> None:
    assert {*CODES, *NAMES} <= set(MODULES)
    assert _named({"asked of Thailand, by UNTOC art. 18(18)"}) == {"Thailand", "UNTOC"}
    assert _named({"Thailanders"}) == set()


def test_every_fact_of_a_question_has_a_default_that_means_not_said() -> None:
    question = Ask(requesting_state="RO", requested_state="TH", on=ON)
    for field in fields(Ask):
        value = getattr(question, field.name)
        assert field.name in {"requesting_state", "requested_state", "on", "procedure", "consent"} or not value
