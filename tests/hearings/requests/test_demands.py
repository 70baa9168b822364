"""What each instrument demands of a request: every item of the data, complete and missing, and when it is asked for."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from hearings.law.handling import contents
from hearings.law.handling.contents import CONTENTS, ELSEWHERE, ContentItem, Mandatory
from hearings.models import HearingRequest
from hearings.models.request import Capacity, Stage
from hearings.requests.completeness import ItemContent, completeness
from hearings.requests.demands import CONDITIONS, asked, columns, demands, met, provisions
from hearings.requests.field_kinds import Answer, Choice, Day, Flag, Number, Several
from hearings.requests.fields import FIELDS, Need

NOW = datetime(2026, 12, 2, 6, tzinfo=UTC)
ITEMS = [item for found in CONTENTS.values() for item in found.items]
HOLDS: dict[str, dict[str, Any]] = {
    "": {}, "said": {}, "wanted_by": {"wanted_by": date(2027, 1, 4)}, "hurried": {"urgent": True},
    "suspected": {"capacity": Capacity.suspect}, "witness_or_expert": {"capacity": Capacity.expert},
    "accused_at_trial": {"capacity": Capacity.accused, "stage": Stage.trial}, "reciprocity_relied_on": {},
    "conditions_added": {"requested_state": "GB"},
}  # fmt: skip
"""Values of a request with which each condition holds."""


def empty(item: ContentItem) -> HearingRequest:
    """A request under the instrument of an item in which only what the condition of the item needs is filled in."""
    to = next(iter(item.states), "TH")
    row = HearingRequest(
        owner_state="RO", reference="RO-2026-1", requesting_state="RO", requested_state=to, created_by="-",
        created_at=NOW, instruments=[item.instrument],
    )  # fmt: skip
    for name, value in HOLDS[item.when].items():
        setattr(row, name, value)
    return row


def content(name: str) -> Any:
    kind = FIELDS[name].kind
    if isinstance(kind, Choice):
        return next(iter(kind.of))
    made: dict[type, Any] = {Answer: True, Flag: True, Day: date(2027, 1, 4), Number: 5, Several: ["voice"]}
    return made.get(type(kind), "A text that is long enough for everybody who reads it, art. 1.")


def found(row: HearingRequest, item: ContentItem) -> ItemContent:
    return next(demand.found for demand in completeness(row).demands if demand.item == item)


def test_every_condition_of_the_data_has_its_meaning_and_a_request_it_holds_for() -> None:
    assert {"", *contents.CONDITIONS} == {*CONDITIONS, "said"} == set(HOLDS)


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.id)
def test_an_item_is_complete_with_its_content_and_missing_or_thin_without(item: ContentItem) -> None:
    row = empty(item)
    settled = bool(set(item.fields) & ELSEWHERE) or any(name not in FIELDS for name in item.fields)
    held = any(FIELDS[name].kind.given(getattr(row, name)) for name in columns(item))
    if item.when == "said":
        assert asked(row, item) is held, "where nothing is said, nothing is asked"
    elif not settled and not held:
        assert not met(row, item)
        always = item.mandatory is Mandatory.always
        assert found(row, item) is (ItemContent.missing if always else ItemContent.thin)
        cited = [one.provision for one in completeness(row).missing if one.field in item.fields]
        assert (item.provision in cited) is always or FIELDS[item.fields[0]].need is Need.practical
    for name in columns(item):
        setattr(row, name, content(name))
    assert asked(row, item)
    assert met(row, item)
    assert found(row, item) is not ItemContent.missing
    assert not {one.field for one in completeness(row).missing} & set(item.fields)


@pytest.mark.parametrize("item", [item for item in ITEMS if item.each], ids=lambda item: item.id)
def test_of_an_item_that_needs_each_field_one_is_not_enough(item: ContentItem) -> None:
    for name in columns(item):
        row = empty(item)
        for other in columns(item):
            setattr(row, other, content(other) if other != name else "")
        assert not met(row, item)
        assert [one.field for one in completeness(row).missing if one.provision == item.provision].count(name) == 1


@pytest.mark.parametrize(
    ("values", "item", "is_asked"),
    [
        ({"capacity": Capacity.witness}, "untoc_c_18", True),
        ({"capacity": Capacity.suspect}, "untoc_c_18", False),
        ({"wanted_by": date(2027, 1, 4)}, "eu2000_c_4_2", True),
        ({}, "eu2000_c_4_2", False),
        ({"urgent": True}, "eio_c_B", True),
        ({}, "eio_c_B", False),
        ({"capacity": Capacity.accused, "stage": Stage.trial}, "eio_c_bissilli", True),
        ({"capacity": Capacity.accused, "stage": Stage.appeal}, "eio_c_bissilli", False),
        ({"requested_state": "JP"}, "eu_japan_c_essential", True),
        ({"requested_state": "TH"}, "eu_japan_c_essential", False),
        ({"validating_authority": "Public prosecutor"}, "eio_c_L", True),
        ({}, "eio_c_L", False),
    ],
)
def test_an_item_with_a_condition_is_asked_for_only_when_it_holds(
    values: dict[str, Any], item: str, is_asked: bool
) -> None:
    named = next(one for one in ITEMS if one.id == item)
    row = HearingRequest(
        owner_state="RO", reference="x", requesting_state="RO", requested_state="TH", created_by="-", created_at=NOW,
        instruments=[named.instrument],
    )  # fmt: skip
    for name, value in values.items():
        setattr(row, name, value)
    assert (named in demands(row)) is is_asked


def test_the_persons_who_conduct_the_hearing_are_demanded_where_article_9_3_does() -> None:
    assert provisions("persons_conducting", ["ets182"]) == ["ETS 182 art. 9(3)"]
    assert provisions("persons_conducting", ["untoc"]) == []
    assert provisions("purpose")[:2] == ["UNTOC art. 18(15)(f)", "UNCAC art. 46(15)(f)"]
