"""Paragraph 15, letter by letter: what is given, thin or missing, and what stops a submission."""

from datetime import UTC, datetime
from typing import Any

import pytest

from hearings.models import HearingRequest, Translation
from hearings.requests.completeness import ItemContent, completeness
from hearings.requests.fields import FIELDS, Need, fill

NOW = datetime(2026, 12, 2, 6, tzinfo=UTC)


def request(fields: dict[str, Any]) -> HearingRequest:
    row = HearingRequest(
        owner_state="RO", reference="RO-2026-1", requesting_state="RO", requested_state="TH", created_by="-",
        created_at=NOW, requesting_authority="Ministry of Justice", requested_authority="Attorney General",
    )  # fmt: skip
    fill(row, fields)
    return row


def translation(**words: Any) -> Translation:
    return Translation(owner_state="RO", request_id="r", language="th", added_by="-", added_at=NOW, **words)


def test_what_the_instrument_demands_and_nobody_wrote_is_missing_by_its_provision(fields: dict[str, Any]) -> None:
    assert completeness(request(fields)).missing == ()
    demanded = {
        "requesting_authority": "a", "proceeding_nature": "b", "proceeding_subject": "b", "conducting_authority": "b",
        "conducting_functions": "b", "offence_summary": "c", "purpose": "f",
    }  # fmt: skip
    for field, letter in demanded.items():
        row = request(fields)
        setattr(row, field, "")
        found = completeness(row)
        assert [(one.field, one.provision) for one in found.missing] == [(field, f"UNTOC art. 18(15)({letter})")]
        assert {one.item.section for one in found.demands if one.found is ItemContent.missing} == {letter}


@pytest.mark.parametrize("field", [name for name, one in FIELDS.items() if one.need is Need.practical])
def test_what_no_hearing_can_be_arranged_without_is_missing_whatever_the_instrument(
    fields: dict[str, Any], field: str
) -> None:
    row = request(fields)
    setattr(row, field, FIELDS[field].kind.empty if field != "instruments" else [])
    assert field in {one.field for one in completeness(row).missing}


def test_of_several_instruments_the_items_of_each_are_asked_for_by_its_own_provision(fields: dict[str, Any]) -> None:
    found = completeness(request(fields | {"instruments": ["untoc", "uncac"], "purpose": ""}))
    purpose = [one.item.provision for one in found.demands if "purpose" in one.item.fields]
    assert purpose == ["UNTOC art. 18(15)(f)", "UNCAC art. 46(15)(f)"]
    assert [one.field for one in found.missing] == ["purpose", "convention_link"], "each field once"


@pytest.mark.parametrize(("states", "wanted"), [(("RO", "GB"), True), (("GB", "RO"), True), (("RO", "NO"), False)])
def test_what_another_instrument_adds_to_the_one_relied_on_is_asked_for_between_its_parties(
    fields: dict[str, Any], states: tuple[str, str], wanted: bool
) -> None:
    row = request(fields | {"instruments": ["ets182"]})
    row.requesting_state, row.requested_state = states
    added = {"necessity", "domestic_equivalent"}
    assert added & {one.field for one in completeness(row).missing} == (added if wanted else set())
    row.necessity = row.domestic_equivalent = "Nobody else saw it; a judge may order it at home."
    assert added & {one.field for one in completeness(row).missing} == set()


def test_without_an_instrument_practice_asks_for_what_the_letters_do(fields: dict[str, Any]) -> None:
    found = completeness(request(fields | {"instruments": [], "purpose": ""}))
    assert {one.field for one in found.missing} == {"instruments", "purpose"}
    assert {one.item.provision for one in found.demands} == {"Practice without a treaty"}


def test_what_is_asked_for_only_where_possible_is_thin_and_stops_nothing(fields: dict[str, Any]) -> None:
    found = completeness(request(fields))
    thin = {one.field for one in found.thin}
    assert {"person_nationality", "person_address", "offences", "offence_summary"} <= thin
    assert {one.item.id: one.found.value for one in found.demands}["untoc_c_e"] == "thin"


def test_a_full_request_has_every_item_given_or_settled_later() -> None:
    from web.demo.demo import REQUEST

    found = completeness(request(REQUEST | {"person_born": "1990-01-31"}))
    assert {one.found.value for one in found.demands} == {"given"}
    told = found.as_json()
    assert told["complete"] is True
    assert list(dict.fromkeys(one["section"] for one in told["demands"])) == ["a", "b", "c", "d", "e", "f", ""]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"offence_summary": "Theft."}, "offence_summary"),
        ({"offences": "Fraud"}, "offences"),
        ({"urgent": True}, "urgent_reason"),
        ({"wanted_by": "2026-12-24"}, "wanted_by_reason"),
        ({"protection_requested": ["voice"]}, "protection_reason"),
        ({"evidence_risk": 2}, "evidence_risk_reason"),
    ],
)
def test_the_lint_names_what_a_reader_would_ask_back_about(
    fields: dict[str, Any], change: dict[str, Any], field: str
) -> None:
    assert field in {one.field for one in completeness(request(fields | change)).thin}


def test_a_machines_translation_nobody_has_read_is_named(fields: dict[str, Any]) -> None:
    row = request(fields)
    read = completeness(row, [translation(machine=True, reviewer="S. Srisai")])
    unread = completeness(row, [translation(machine=True)])
    assert [one.text for one in unread.thin if one not in read.thin] == ["Machine translation, not reviewed: th"]


def test_no_interpreter_is_asked_for_where_the_languages_are_the_same(fields: dict[str, Any]) -> None:
    row = request(fields | {"language_of_person": "ro"})
    assert "interpreter_side" not in {one.field for one in completeness(row).thin}


def test_a_reason_is_asked_for_only_where_there_is_something_to_give_one_for(fields: dict[str, Any]) -> None:
    conditional: dict[str, dict[str, Any]] = {
        "urgent_reason": {"urgent": True}, "wanted_by_reason": {"wanted_by": "2026-12-24"},
        "protection_reason": {"protection_requested": ["voice"]}, "evidence_risk_reason": {"evidence_risk": 1},
        "dual_criminality": {"instruments": []}, "authority_mailbox": {"authority_phone": ""},
    }  # fmt: skip
    quiet = {"instruments": ["untoc"], "authority_phone": "+40 21"}
    for name, cause in conditional.items():
        assert name not in {one.field for one in completeness(request(fields | quiet)).thin}
        assert name in {one.field for one in completeness(request(fields | quiet | cause)).thin}
