"""The rights checklist as data: every row is one, and nothing in it goes unread."""

from typing import Any

import pytest

from hearings import reference
from hearings.rights import checklist
from hearings.rights.applying import APPLIES
from hearings.rights.checklist import AnsweredBy, Gate, WrongRow
from hearings.rights.evidence import EVIDENCE

CONFIDENCES = frozenset(reference.enums()["confidence"])


def row(**changes: Any) -> dict[str, Any]:
    return dict(reference.rights()["items"][1]) | changes


def test_the_list_has_twenty_four_items_and_three_more_in_their_order() -> None:
    numbers = [item.number for item in checklist.items()]
    assert numbers == [*range(1, 28)]


def test_every_condition_and_every_evidence_of_the_data_has_its_function_and_none_is_left_over() -> None:
    assert {item.applies for item in checklist.items()} == set(APPLIES)
    assert {each.id for item in checklist.items() for each in item.evidence} == set(EVIDENCE)


def test_an_item_that_evidence_keeps_names_what_it_needs() -> None:
    for item in checklist.items():
        if item.answer is not AnsweredBy.person:
            assert any(each.needed for each in item.evidence), item.id


def test_nothing_waits_for_what_is_shown_only_during_and_after_the_sitting() -> None:
    assert {item.gate for item in checklist.items() if item.stops} == {
        Gate.agree, Gate.ready, Gate.start, Gate.first_question,
    }  # fmt: skip
    assert [item.id for item in checklist.items() if item.blocks and not item.stops] == [
        "r01_legal_basis", "r04_consent", "r12_line_test", "r13_encryption", "r24_closing",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [
        {"gate": "never"},
        {"answer": "nobody"},
        {"side": "third"},
        {"blocks": "yes"},
        {"title": " "},
        {"confidence": "sure"},
        {"id": "decision"},
        {"who": []},
        {"who": [{"function": "king", "side": "requesting"}]},
        {"answer": "evidence"},
        {"answer": "either", "evidence": []},
        {"evidence": [{"id": "x"}]},
        {"more": 1},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_row_that_is_wrong_is_refused_and_named(changes: dict[str, Any]) -> None:
    with pytest.raises(WrongRow, match=str(changes.get("id", "r02_decision_video"))):
        checklist.read(row(**changes), CONFIDENCES)


def test_a_row_that_lacks_a_field_is_refused() -> None:
    lacking = row()
    del lacking["provision"]
    with pytest.raises(WrongRow, match="provision"):
        checklist.read(lacking, CONFIDENCES)
