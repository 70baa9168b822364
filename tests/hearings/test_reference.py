"""The law data: complete, consistent, and each row with a source and a confidence."""

import csv
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from hearings import languages, reference
from hearings.errors import UnknownState
from hearings.models.request import Capacity, OffenceScope, ReasonNoAttendance

DATA = files("hearings") / "data"


def rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((DATA / name).read_text(encoding="utf-8").splitlines()))


def test_the_data_is_all_there() -> None:
    counts = {
        "instruments": len(reference.instruments()),
        "rules": len(reference.rules()),
        "overlays": len(reference.overlays()),
        "jurisdictions": len(reference.jurisdictions()),
        "parties": len(rows("parties.csv")),
    }
    assert counts == {"instruments": 27, "rules": 168, "overlays": 32, "jurisdictions": 59, "parties": 838}


@pytest.mark.parametrize(
    ("enum", "name"),
    [(Capacity, "person_status"), (ReasonNoAttendance, "reason_no_attendance"), (OffenceScope, "offence_scope")],
)
def test_our_enums_are_those_of_the_data(enum: Any, name: str) -> None:
    assert [member.value for member in enum] == reference.enums()[name]


def test_every_row_has_a_known_confidence() -> None:
    known = set(reference.enums()["confidence"])
    found = {row["confidence"] for row in [*reference.instruments().values(), *reference.rules().values()]}
    found |= {row["confidence"] for row in reference.overlays()}
    for name in ("parties.csv", "declarations.csv", "court_hours.csv"):
        found |= {row["confidence"] for row in rows(name)}
    assert found <= known


def test_every_row_of_law_has_a_source() -> None:
    lacking = [id_ for id_, row in reference.rules().items() if not row.get("source")]
    lacking += [id_ for id_, row in reference.instruments().items() if not row.get("source")]
    assert lacking == []


def test_profiles_cite_rules_that_are_there() -> None:
    cited = set()
    for row in reference.instruments().values():
        profile = row["profile"] or {"persons": {}, "general_heads": []}
        cited |= {entry["rule"] for entry in profile["persons"].values()}
        cited |= {head["rule"] for head in profile["general_heads"]}
        cited |= {profile["treaty_priority"]["rule"]} if "treaty_priority" in profile else set()
    assert cited - set(reference.rules()) == set()
    assert "untoc_18_18" in cited


def test_parties_name_known_states_instruments_and_statuses() -> None:
    for row in rows("parties.csv"):
        assert row["iso2"] in {*reference.jurisdictions(), *reference.members("group:EU")}
        assert row["instrument_id"] in reference.instruments()
        assert row["party_status"] in reference.enums()["party_status"]


def test_zones_and_languages_of_states_exist() -> None:
    for state in reference.jurisdictions().values():
        assert state.default_zone in state.zones
        for zone in state.zones:
            ZoneInfo(zone)
        for tag in (*state.accepted_languages, *state.conditional_languages):
            assert languages.language(tag) == tag


def test_every_court_hour_is_of_a_zone_of_its_state_and_opens_before_it_closes() -> None:
    for hours in reference.court_hours():
        assert hours.zone in reference.jurisdiction(hours.state).zones
        assert 0 <= hours.opens < hours.closes <= 24 * 60
        assert hours.weekdays <= set(range(1, 8))


def test_an_unknown_state_is_refused() -> None:
    for state in ("XX", "", "ro", "NO\0"):
        with pytest.raises(UnknownState):
            reference.jurisdiction(state)


def test_no_country_code_was_read_as_a_truth_value() -> None:
    def walk(value: Any) -> list[Any]:
        if isinstance(value, dict):
            return [found for one in value.values() for found in walk(one)]
        if isinstance(value, list):
            return [one for one in value if isinstance(one, bool)] + [found for one in value for found in walk(one)]
        return []

    for name in ("instruments.yaml", "overlays.yaml", "defaults.yaml", "rules.yaml"):
        assert walk(yaml.safe_load((DATA / name).read_text(encoding="utf-8"))) == []


def test_a_state_without_a_row_is_not_known_to_be_bound() -> None:
    written = {(row["iso2"], row["instrument_id"]): row["party_status"] for row in rows("parties.csv")}
    assert ("AU", "ljubljana_hague") not in written and written["RO", "untoc"] == "in_force"
    assert reference.party("AU", "ljubljana_hague").status == "unknown"
    assert reference.party("RO", "untoc").status == "in_force"


def test_what_the_gate_asks_are_columns_of_a_request() -> None:
    from hearings.models import HearingRequest

    for scope, tests in reference.gate()["scope_tests"].items():
        assert scope in reference.enums()["offence_scope"]
        for test in tests:
            assert test["field"] in HearingRequest.model_fields
            assert test["source"]
            assert test["confidence"] in reference.enums()["confidence"]
    assert set(reference.gate()["capacity_labels"]) == set(reference.enums()["person_status"])
