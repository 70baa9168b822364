"""Which instrument gives way to which between two States: the rows of the data, and what they do to an answer."""

from datetime import date
from typing import Any

import pytest

from hearings import reference
from hearings.law import law
from hearings.law.beside import displacement
from hearings.law.law import LAW, Law
from hearings.law.legal_bases import Ask, GateLine, GateStatus, LineStatus, Verdict, evaluate
from hearings.models.request import Capacity, ReasonNoAttendance

MET, MISSING, HUMAN = LineStatus.met, LineStatus.missing, LineStatus.needs_human
ON = date(2026, 11, 24)


def ask(pair: str, capacity: str = "witness", **facts: Any) -> Ask:
    """A question between two States, `RO>TH`, of which all is said that any instrument asks."""
    requesting, requested = pair.split(">")
    given: dict[str, Any] = {
        "scopes": frozenset({"untoc_offence", "uncac_offence"}),
        "answers": {"offence_serious": True, "offence_transnational": True, "offence_organised": True},
        "reason_no_attendance": ReasonNoAttendance.not_possible,
        "reason_text": "cannot travel",
        "language_of_request": LAW.jurisdiction(requested).accepted_languages[0],
        "channel": "central_authority",
        "evidential_purpose": True,
    }
    facts = {"on": ON} | given | facts
    return Ask(requesting_state=requesting, requested_state=requested, capacity=Capacity(capacity), **facts)


def verdict(question: Ask, instrument: str, known: Law = LAW) -> Verdict:
    found = evaluate(question, [instrument], law=known).verdict(instrument)
    assert found is not None
    return found


def keyed(found: Verdict, key: str) -> GateLine:
    (one,) = (one for one in found.lines if one.key == key)
    return one


def with_party(state: str, instrument: str, status: str) -> Law:
    """The law with another row of parties."""
    row = {**LAW.rows["party"][f"{state}/{instrument}"], "party_status": status, "in_force_from": ""}
    return law.merge([("party", f"{state}/{instrument}", row)])


# --- the rows ----------------------------------------------------------------------------------------------------


def test_every_row_names_what_is_there_and_says_when_it_counts() -> None:
    enums = reference.enums()
    for row in reference.displacement():
        named = [row["displaced"], *([row["displacing"]] if row["displacing"] else [])]
        assert set(named) <= set(LAW.instruments), row["id"]
        assert {row["rule"], *row.get("adds", ())} <= set(LAW.rules), row["id"]
        assert row["effect"] in displacement.EFFECTS and row["condition"] in displacement.CONDITIONS, row["id"]
        assert row["confidence"] in enums["confidence"] and row["text"], row["id"]
        assert set(row["procedures"]) <= set(enums["procedure"]), row["id"]
        assert set(row["persons"]) <= set(enums["person_status"]), row["id"]
        assert all(row[end] is None or reference.day(row[end]) for end in ("from", "to")), row["id"]
    ids = [row["id"] for row in reference.displacement()]
    assert len(ids) == len(set(ids)) == 16


# --- between two States ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pair", "usable"),
    [
        ("DE>ES", ("eio",)),
        ("IT>BE", ("eio",)),
        ("RO>LU", ("eio",)),
        ("DK>DE", ("eu2000", "ets182", "untoc", "uncac")),
        ("RO>GB", ("ets182", "untoc", "uncac")),
        ("NO>SE", ("eu_is_no", "ets182", "untoc", "uncac")),
        ("TH>RO", ("untoc", "uncac")),
    ],
)
def test_what_a_request_may_rely_on_and_in_which_order(pair: str, usable: tuple[str, ...]) -> None:
    result = evaluate(ask(pair))
    assert (result.usable, result.first, result.fallbacks) == (usable, usable[0], usable[1:])


def test_what_is_replaced_is_refused_with_the_rule_and_the_instrument_that_replaced_it() -> None:
    found = verdict(ask("DE>ES"), "ets182")
    line = keyed(found, "displaced")
    assert (found.decision, found.usable, found.displaced) == (GateStatus.refused, False, line)
    assert (line.status, line.code, line.confidence) == (MISSING, "displaced_by", "read-in-source")
    assert line.provision == "Directive 2014/41/EU (EIO) art. 34(1)"
    assert line.inputs["displacing"] == ["eio"]
    assert "European Investigation Order has replaced" in line.text
    assert line.text in found.obstacles


def test_a_general_convention_is_no_way_round_union_law_and_no_agreement_makes_it_one() -> None:
    for agreed in (None, False, True):
        found = verdict(ask("DE>ES", prefer_convention=agreed), "untoc")
        assert (found.usable, keyed(found, "gives_way_eio_over_untoc").code) == (False, "displaced_by")
    assert evaluate(ask("DE>ES", prefer_convention=True)).first == "eio"


@pytest.mark.parametrize(
    ("agreed", "status"), [(None, HUMAN), (False, HUMAN), (True, MET)], ids=["not said", "no", "yes"]
)
def test_what_gives_way_by_agreement_stays_a_fallback_and_is_open_until_both_agree(
    agreed: bool | None, status: LineStatus
) -> None:
    found = verdict(ask("DK>DE", prefer_convention=agreed), "ets182")
    line = keyed(found, "gives_way_eu2000_over_ets182")
    assert (line.status, line.code, found.usable) == (status, "", True)


def test_what_is_replaced_is_not_revived_for_a_person_the_other_does_not_reach() -> None:
    no_victims = {**LAW.instruments["eio"], "profile": {**LAW.instruments["eio"]["profile"], "victim_as": None}}
    known = law.merge([("instrument", "eio", no_victims)])
    line = keyed(verdict(ask("DE>ES", "victim"), "eu2000", known), "displaced")
    assert line.status is MISSING
    assert "has no provision on hearing a victim; that does not bring this instrument back" in line.text
    assert line.text.endswith("What is left of it: joint investigation teams (art. 13)")


@pytest.mark.parametrize(
    ("question", "displaced"),
    [
        (ask("DE>ES"), True),
        (ask("DE>ES", on=date(2016, 6, 1)), False),
        (ask("DE>ES", procedure="eaw_fd_2002_584"), False),
        (ask("DK>DE"), False),
        (ask("GB>DE"), False),
    ],
    ids=["both bound", "before its first day", "another procedure", "a State not bound", "a State outside the Union"],
)
def test_a_row_counts_on_its_days_for_its_procedures_and_between_bound_states(question: Ask, displaced: bool) -> None:
    assert (verdict(question, "ets182").displaced is not None) is displaced


def test_a_request_of_2016_is_untouched() -> None:
    before = ask("FR>IT", on=date(2016, 11, 24))
    assert verdict(before, "ets182").displaced is None
    assert not any(line.key.startswith(("displaced", "gives_way_eio")) for line in verdict(before, "untoc").lines)


def test_where_it_is_not_known_whether_the_other_binds_a_human_decides() -> None:
    found = verdict(ask("DE>ES"), "ets182", with_party("ES", "eio", "unknown"))
    line = keyed(found, "displaced")
    assert (line.status, line.code, line.confidence) == (HUMAN, "", "unknown")
    assert "Not known whether another instrument has replaced this one" in line.text
    assert found.displaced is None


def test_what_supplements_an_instrument_adds_terms_and_conditions_and_takes_nothing_away() -> None:
    found, without = verdict(ask("RO>GB"), "ets182"), verdict(ask("RO>GE"), "ets182")
    condition = keyed(found, "added_eu_uk_tca_conditions")
    assert (condition.status, "necessary and proportionate" in condition.text) == (HUMAN, True)
    terms = {term.key: term for term in found.terms}
    assert {term.key for term in without.terms} <= set(terms)
    assert terms["sla_days"].text == "Time limits in days: recognition: 45, execution: 90"
    assert terms["added_eu_uk_tca_inform"].provision.startswith("EU-UK Trade and Cooperation Agreement")
    assert "supplement_tca_with_ets182" in [note.key for note in found.notes]
    assert not any(line.key.startswith("added_") for line in without.lines)


@pytest.mark.parametrize(
    ("necessity", "similar", "status"), [(True, True, MET), (True, None, HUMAN), (None, True, HUMAN)]
)
def test_an_added_condition_is_met_by_what_the_request_says_to_it(
    necessity: bool | None, similar: bool | None, status: LineStatus
) -> None:
    found = verdict(ask("RO>GB", necessity=necessity, domestic_equivalent=similar), "ets182")
    assert keyed(found, "added_eu_uk_tca_conditions").status is status


def test_of_two_time_limits_the_shorter_counts() -> None:
    row = {
        **LAW.instruments["ets182"],
        "profile": {**LAW.instruments["ets182"]["profile"], "sla_days": {"execution": 30}},
    }
    found = verdict(ask("RO>GB"), "ets182", law.merge([("instrument", "ets182", row)]))
    (limits,) = (term for term in found.terms if term.key == "sla_days")
    assert limits.value == "execution=30 recognition=45"


def test_an_act_that_implements_others_applies_where_those_bind() -> None:
    assert "supplement_impl_reg_with_eio" in [note.key for note in verdict(ask("DE>ES"), "eio").notes]
    assert "supplement_impl_reg_with_eio" not in [note.key for note in verdict(ask("DE>GB"), "eio").notes]
    before = ask("DE>ES", on=date(2025, 11, 24))
    assert "supplement_impl_reg_with_eio" not in [note.key for note in verdict(before, "eio").notes]


def test_a_convention_without_a_rule_of_its_own_gives_way_to_a_known_treaty_and_is_met_without_one() -> None:
    key = "gives_way_un_cybercrime_gives_way"
    line = keyed(verdict(ask("RO>GB"), "un_cybercrime"), key)
    assert (line.status, line.inputs["displacing"][0]) == (HUMAN, "ets182")
    line = keyed(verdict(ask("KE>TH", on=date(1985, 1, 1)), "un_cybercrime"), key)
    assert (line.status, line.inputs["displacing"], line.confidence) == (MET, [], "knowledge-medium")


# --- persons and duties of an instrument -------------------------------------------------------------------------


def test_a_victim_is_heard_as_a_witness_where_the_instrument_says_so() -> None:
    found = verdict(ask("DE>ES", "victim"), "eio")
    person = keyed(found, "person")
    assert (found.usable, person.status, found.consents) == (True, MET, ())
    assert person.text.endswith("does not name a victim: ask for the hearing as a witness, and say who the person is")


def test_how_far_the_duty_of_an_instrument_goes_is_said_as_a_note() -> None:
    notes = {note.key: note for note in verdict(ask("RO>US"), "eu_us").notes}
    assert "bilateral treaty of each Member State" in notes["obligation"].text
    assert "obligation" not in [note.key for note in verdict(ask("RO>TH"), "untoc").notes]
