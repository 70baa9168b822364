"""National rules: what the data hold of the law of each State, what nobody has confirmed, and effects one by one."""

from datetime import date
from typing import Any

import pytest

from hearings import reference
from hearings.law import law
from hearings.law.answer import Ask
from hearings.law.law import LAW, Law
from hearings.law.legal_bases import Verdict, evaluate
from hearings.models.request import Capacity

ON = date(2026, 11, 24)


def verdict(
    pair: str, capacity: str = "witness", *, instrument: str = "untoc", known: Law = LAW, **facts: Any
) -> Verdict:
    requesting, requested = pair.split(">")
    question = Ask(requesting_state=requesting, requested_state=requested, on=ON, capacity=Capacity(capacity), **facts)
    found = evaluate(question, [instrument], law=known).verdict(instrument)
    assert found is not None
    return found


def notes(found: Verdict, start: str) -> dict[str, str]:
    return {note.key: str(note.text) for note in found.notes if note.key.startswith(start)}


# --- what the data hold ------------------------------------------------------------------------------------------


def test_every_state_has_a_row_that_agrees_with_the_rules_in_the_data() -> None:
    assert set(reference.national()) == set(LAW.jurisdictions)
    for state, row in reference.national().items():
        rules = [overlay["id"] for overlay in LAW.national_rules(state)]
        candidates = [overlay["id"] for overlay in LAW.national_rules(state, candidates=True)]
        assert (sorted(row["rules_in_data"]), sorted(row["candidates_in_data"])) == (sorted(rules), sorted(candidates))
        assert row["coverage"] == ("read_rules" if rules else "candidates_only" if candidates else "none"), state


def test_a_state_without_national_rules_says_so_with_every_instrument() -> None:
    found = evaluate(Ask(requesting_state="RO", requested_state="FR", on=ON, capacity=Capacity.witness))
    assert len(found.verdicts) > 10
    for one in found.verdicts:
        said = notes(one, "national_")
        assert list(said) == ["national_RO"]
        assert said["national_RO"].startswith("Romania: There are no national rules of this State in the data.")


def test_a_rule_of_an_administrator_ends_the_silence() -> None:
    mine = {**LAW.rows["overlay"]["nat_FR_694_5"], "id": "nat_RO_1", "state": "RO"}
    known = law.merge([("overlay", "nat_RO_1", mine)])
    assert notes(verdict("RO>FR", known=known), "national_") == {}


def test_a_state_without_a_row_counts_as_one_without_rules() -> None:
    row = {**LAW.rows["jurisdiction"]["TH"], "iso2": "VN", "name": "Vietnam"}
    said = notes(verdict("FR>VN", known=law.merge([("jurisdiction", "VN", row)])), "national_")
    assert said["national_VN"].startswith("Vietnam: There are no national rules")


def test_what_nobody_has_confirmed_is_named_apart_and_has_no_effect() -> None:
    found = verdict("RO>DE", "accused", instrument="eio")
    assert "IRG s. 61c; StPO s. 247a" in notes(found, "candidates_")["candidates_DE"]
    assert [need.state for need in found.consents] == [""]
    assert notes(found, "national_").keys() == {"national_RO"}, "Germany has a confirmed rule"
    confirmed = {name: value for name, value in LAW.rows["overlay"]["nat_DE_61c"].items() if name != "candidate"}
    found = verdict("RO>DE", "accused", instrument="eio", known=law.merge([("overlay", "nat_DE_61c", confirmed)]))
    assert [need.state for need in found.consents] == ["", "DE"]
    assert notes(found, "candidates_") == {}


def test_eight_rules_wait_to_be_confirmed() -> None:
    assert sum(bool(row.get("candidate")) for row in reference.overlays()) == 8


# --- effects -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("capacity", "hearing_on", "codes"),
    [
        ("accused", date(2026, 12, 23), ["lead_time_too_short"]),
        ("accused", date(2026, 12, 24), []),
        ("accused", None, [""]),
        ("witness", date(2026, 11, 30), []),
    ],
    ids=["29 days", "30 days", "no day yet", "another person"],
)
def test_a_summons_that_counts_in_days_counts_for_the_persons_it_names(
    capacity: str, hearing_on: date | None, codes: list[str]
) -> None:
    found = verdict("SE>NO", capacity, instrument="ets182", hearing_on=hearing_on)
    assert [note.code for note in found.notes if note.key == "lead_time_nat_NO_30"] == codes


@pytest.mark.parametrize(
    ("pair", "key", "words"),
    [
        ("RO>JP", "dual_criminality_nat_JP_1980", "punishable in both States"),
        ("RO>IL", "electronic_nat_IL_electronic", "only in extreme urgency"),
        ("RO>AL", "copy_nat_AL_copy", "central authority"),
    ],
)
def test_what_a_national_rule_asks_of_the_request_is_a_note(pair: str, key: str, words: str) -> None:
    assert words in notes(verdict(pair), key)[key]


@pytest.mark.parametrize(
    ("pair", "key", "value"), [("IE>TH", "recording", "mandatory"), ("RO>LV", "oath_form", "caution")]
)
def test_what_a_national_rule_says_of_the_hearing_is_a_term(pair: str, key: str, value: str) -> None:
    (term,) = (term for term in verdict(pair).terms if term.key == key)
    assert term.value == value
    assert term.text.startswith("The law of ")
