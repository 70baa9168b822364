"""The table of personal data: it names every column there is, and a wrong row is refused."""

from datetime import timedelta
from typing import Any

import pytest

from hearings import reference
from hearings.models import metadata
from hearings.personal_data import data_table
from hearings.personal_data.data_table import DataKind, FoundBy, Then, WrongDataRow

EVERYWHERE = {"id", "owner_state"}
RULE = {
    "id": "a",
    "title": "A",
    "starts": "After it",
    "days": 9,
    "least": 1,
    "most": 9,
    "then": "erase",
    "does": "Gone",
    "waits": True,
    "provision": "",
}
TABLE = {"holds": "Things", "basis": "file", "rules": ["a"], "report": "case", "personal": ["name"], "none": ["at"]}
BASES = {"file": "The file"}


def test_every_column_of_every_table_says_what_it_holds_of_people() -> None:
    there = {table.name: {column.name for column in table.columns} - EVERYWHERE for table in metadata.sorted_tables}
    said = {name: set(table.columns) for name, table in data_table.tables().items()}
    assert {name: columns ^ said.get(name, set()) for name, columns in there.items() if columns != said.get(name)} == {}
    assert set(said) == set(there)


def test_a_column_that_names_a_person_or_opens_something_is_never_called_harmless() -> None:
    telling = ("email", "phone", "_label", "person_name", "display_name", "secret_hash", "pin_hash", "code_hash")
    harmless = [
        f"{table.name}.{column}"
        for table in data_table.tables().values()
        for column in table.of(DataKind.none)
        if column.endswith(telling) or column in {"actor", "author", "reader", "viewer", "created_by", "person_id"}
    ]
    assert harmless == []


def test_a_table_without_personal_data_has_no_rule_and_any_other_has_one() -> None:
    for table in data_table.tables().values():
        harmless = set(table.columns.values()) <= {DataKind.none}
        if table.rules == ("none",):
            assert harmless and table.report is FoundBy.none, table.name
        assert (DataKind.credential in table.columns.values()) <= (table.rules != ("none",)), table.name


def test_every_rule_is_used_and_says_what_happens_and_what_is_kept_says_by_which_provision() -> None:
    used = {rule for table in data_table.tables().values() for rule in table.rules}
    assert used == set(data_table.rules())
    for rule in data_table.rules().values():
        assert rule.title and rule.does and (rule.provision or rule.id == "none")
        assert (rule.then is Then.keep) == (rule.period is None) == (not rule.starts)


def test_a_rule_is_read_with_its_period_and_its_bounds() -> None:
    rule = data_table.read_rule(RULE)
    assert (rule.period, rule.least, rule.most, rule.adjustable, rule.waits) == (timedelta(days=9), 1, 9, True, True)
    short = {**{key: RULE[key] for key in RULE if key not in ("days", "least", "most")}, "minutes": 5}
    assert (data_table.read_rule(short).period, data_table.read_rule(short).adjustable) == (timedelta(minutes=5), False)


@pytest.mark.parametrize(
    "change",
    [
        {"then": "burn"},
        {"days": 10},
        {"least": 0},
        {"most": None},
        {"minutes": 5},
        {"more": 1},
        {"waits": "yes"},
        {"title": 3},
        {"then": "keep"},
        {"days": "soon"},
    ],
)
def test_a_wrong_rule_is_refused_and_named(change: dict[str, Any]) -> None:
    with pytest.raises(WrongDataRow, match=r"^a: "):
        data_table.read_rule({**RULE, **change})


@pytest.mark.parametrize(
    "change",
    [{"basis": "none"}, {"rules": []}, {"rules": ["b"]}, {"report": "all"}, {"secret": ["x"]}, {"contact": ["name"]}],
)
def test_a_wrong_table_is_refused_and_named(change: dict[str, Any]) -> None:
    known = {"a": data_table.read_rule(RULE)}
    assert data_table.read_table("t", TABLE, BASES, known).of(DataKind.personal) == ("name",)
    with pytest.raises(WrongDataRow, match=r"^t: "):
        data_table.read_table("t", {**TABLE, **change}, BASES, known)


def test_an_id_that_stands_twice_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reference, "personal_data", lambda: {"rules": [RULE, RULE]})
    data_table.rules.cache_clear()
    try:
        with pytest.raises(WrongDataRow, match="twice"):
            data_table.rules()
    finally:
        data_table.rules.cache_clear()
