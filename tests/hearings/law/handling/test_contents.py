"""What instruments ask a request to contain: every row is read and cites its own instrument; a wrong one is refused."""

import copy
from typing import Any

import pytest

from hearings import reference
from hearings.errors import Invalid
from hearings.law.handling.contents import CONTENTS, ELSEWHERE, FALLBACK, Mandatory, contents_of, read
from hearings.law.law import LAW
from hearings.models import HearingRequest


def test_every_instrument_that_can_be_relied_on_says_what_a_request_contains() -> None:
    assert [row["id"] for row in LAW.instruments.values() if row["selectable"] and row["id"] not in CONTENTS] == []


@pytest.mark.parametrize("instrument", CONTENTS)
def test_every_item_names_columns_a_provision_and_where_it_is_from(instrument: str) -> None:
    for item in CONTENTS[instrument].items:
        assert item.provision
        assert item.text
        assert item.source
        assert item.fields
        assert set(item.fields) <= {*HearingRequest.model_fields, *ELSEWHERE}


def test_only_the_conventions_with_those_letters_are_cited_by_them() -> None:
    lettered = {
        instrument for instrument, found in CONTENTS.items() for item in found.items if item.section in tuple("abcdef")
    }
    assert lettered == {"untoc", "uncac", "drugs1988", "un_cybercrime"}
    cited = {item.provision for item in CONTENTS["eio"].items}
    assert not any("18(15)" in provision for provision in cited)


def test_the_form_of_an_order_has_its_sections_in_their_order() -> None:
    form = CONTENTS["eio"].sections
    assert list(form)[1:] == ["A", "B", "C", "D", "E", "F", "G", "H2", "I", "J", "K", "L"]
    assert {item.section for item in CONTENTS["eio"].items if item.section} == set(form)
    receipt = CONTENTS["eio"].acknowledgement
    assert receipt is not None
    assert (receipt.days, receipt.provision) == (7, "Directive 2014/41/EU art. 16(1), Annex B")


def test_an_instrument_without_a_row_is_asked_what_practice_asks() -> None:
    assert contents_of(["ro_th_2030"]) == contents_of([]) == (FALLBACK,)
    assert [found.instrument for found in contents_of(["eio", "untoc", "eio"])] == ["eio", "untoc"]
    assert any(item.mandatory is Mandatory.always for item in FALLBACK.items)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"fields": ["mood"]}, "fields"),
        ({"mandatory": "perhaps"}, "mandatory"),
        ({"when": "it rains"}, "when"),
        ({"confidence": "sure"}, "confidence"),
        ({"provision": ""}, "provision"),
        ({"states": ["XX"]}, "states"),
        ({"id": "1"}, "id"),
    ],
)
def test_a_row_that_cannot_be_right_is_refused_when_it_is_loaded(change: dict[str, Any], field: str) -> None:
    data = copy.deepcopy(dict(reference.contents()))
    data["content"][0]["items"][0] |= change
    with pytest.raises(Invalid) as refusal:
        read(data)
    assert refusal.value.field == field


def test_an_item_of_a_form_stands_in_one_of_its_sections_and_no_id_comes_twice() -> None:
    data = copy.deepcopy(dict(reference.contents()))
    form = next(row for row in data["content"] if row["form"] != "free")
    form["items"][0]["section"] = "Z"
    with pytest.raises(Invalid) as refusal:
        read(data)
    assert refusal.value.field == "section"
    data = copy.deepcopy(dict(reference.contents()))
    data["content"][0]["items"].append(data["content"][0]["items"][0])
    with pytest.raises(Invalid, match="same id"):
        read(data)
