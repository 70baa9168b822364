"""What comes before a refusal, by instrument: who must consult, before what, and what never suffices alone."""

import copy
from typing import Any

import pytest

from hearings import reference
from hearings.errors import Invalid
from hearings.law.handling.procedures import (
    PROCEDURES,
    Duty,
    duties,
    owed_before_postponement,
    owed_before_refusal,
    procedures,
    read,
)
from hearings.law.law import LAW
from hearings.law.refusals import not_consulted, refusal_objections

GROUNDS = LAW.enums["refusal_code"]


def test_every_instrument_that_can_be_relied_on_says_what_comes_before_a_refusal() -> None:
    assert [row["id"] for row in LAW.instruments.values() if row["selectable"] and row["id"] not in PROCEDURES] == []


@pytest.mark.parametrize("instrument", PROCEDURES)
def test_a_consultation_is_owed_on_the_grounds_that_the_instrument_names_and_no_other(instrument: str) -> None:
    row = PROCEDURES[instrument].consultation
    reached = set(GROUNDS) if row.grounds is None else row.grounds
    for ground in GROUNDS:
        owed = [one.provision for one in owed_before_refusal([instrument], ground)]
        assert owed == ([row.provision] if row.duty is Duty.must and ground in reached else [])


def test_what_no_instrument_has_written_stops_no_refusal() -> None:
    free = [name for name, row in PROCEDURES.items() if row.consultation.duty is not Duty.must]
    assert {"drugs1988", "ets182", "reciprocity"} <= set(free)
    assert [one for ground in GROUNDS for one in owed_before_refusal(free, ground)] == []
    assert owed_before_refusal(["ro_th_2030"], "essential_interests") == ()


def test_the_duty_of_the_order_leaves_out_the_grounds_of_article_24_2() -> None:
    assert owed_before_refusal(["eio"], "no_consent") == owed_before_refusal(["eio"], "fundamental_principles") == ()
    (owed,) = owed_before_refusal(["eio"], "fundamental_rights")
    assert (owed.provision, owed.may_object) == ("Directive 2014/41/EU art. 11(4)", True)


def test_each_duty_of_the_data_is_named_to_whoever_refuses_with_its_provision() -> None:
    for row in reference.refusal_procedures():
        named = [provision for _duty, provision in duties([row["instrument_id"]])]
        wanted = [row[one] for one in ("reasons", "remedies", "inform") if one in row]
        assert named == [one["provision"] for one in wanted if one["duty"] == Duty.must or one == row.get("inform")], (
            row["instrument_id"]
        )
    assert duties([]) == []
    (reasons, informed) = duties(["untoc", "ets182", "untoc"])
    assert reasons[1] == "UNTOC art. 18(23); ETS 30 art. 19"
    assert informed[1] == "UNTOC art. 18(24); ETS 182 art. 7(3)"


def test_a_postponement_is_consulted_on_only_where_the_instrument_says_so() -> None:
    cited = {name: [one.provision for one in owed_before_postponement([name])] for name in PROCEDURES}
    assert cited["untoc"] == ["UNTOC art. 18(26)"]
    assert cited["drugs1988"] == ["1988 Convention art. 7(17)"], "tied to postponing, not to refusing"
    assert cited["eio"] == cited["eu2000"] == cited["ets182"] == []


@pytest.mark.parametrize(
    ("instrument", "motive", "provision"),
    [
        ("untoc", "bank_secrecy", "UNTOC art. 18(8)"),
        ("uncac", "bank_secrecy", "UNCAC art. 46(8)"),
        ("untoc", "fiscal", "UNTOC art. 18(22)"),
        ("drugs1988", "bank_secrecy", "1988 Convention art. 7(5)"),
    ],
)
def test_a_motive_that_never_suffices_alone_is_objected_to_by_its_own_provision(
    instrument: str, motive: str, provision: str
) -> None:
    found = refusal_objections(instrument, "domestic_law_bar", motive, "The bank may not say.")
    assert [one.provision for one in found if one.code == "motive_invalid"] == [provision]
    assert "motive_invalid" not in {one.code for one in refusal_objections("eu2000", "dual_criminality", motive, "No.")}


def test_the_objection_of_a_consultation_left_out_holds_the_reason_stated() -> None:
    (found,) = not_consulted(owed_before_refusal(["eu2000"], "no_consent"), "Nobody answered.")
    assert (found.code, found.provision, found.binding) == ("not_consulted", "2000 Convention art. 4(3)", True)
    assert "Nobody answered." in found.text
    assert [row.instrument for row in procedures(["uncac", "untoc", "uncac"])] == ["uncac", "untoc"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"instrument_id": "none"}, "instrument_id"),
        ({"consultation": {"duty": "perhaps", "grounds": [], "if_not_met": "remark"}}, "duty"),
        ({"consultation": {"duty": "must", "grounds": ["mood"], "if_not_met": "remark"}}, "grounds"),
        ({"consultation": {"duty": "must", "grounds": [], "if_not_met": "war"}}, "if_not_met"),
        ({"never_alone": [{"motive": "mood", "provision": "art. 1"}]}, "never_alone"),
        ({"source": ""}, "source"),
    ],
)
def test_a_row_that_cannot_be_right_is_refused_when_it_is_loaded(change: dict[str, Any], field: str) -> None:
    rows = copy.deepcopy(list(reference.refusal_procedures()))
    with pytest.raises(Invalid) as refusal:
        read([{**rows[0], **change}])
    assert refusal.value.field == field
