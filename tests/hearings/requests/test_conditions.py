"""Conditions of the requested State: what is read, what is refused with its place, and the sentences."""

from typing import Any

import pytest

from hearings.errors import HearingsError, Invalid
from hearings.requests import conditions
from hearings.requests.conditions import Condition, ConditionKind, Treatment

ALL: list[dict[str, Any]] = [
    {"kind": "nobody_else_in_room"},
    {"kind": "camera_shows_room"},
    {"kind": "official_present", "role": "requested_authority", "function": "An investigating judge"},
    {"kind": "counsel_present"},
    {"kind": "time_limit", "minutes": 90},
    {"kind": "breaks_every", "minutes": 40, "pause": 10},
    {"kind": "language_only", "language": "th"},
    {"kind": "no_recording_of", "who": "interpreter", "what": "picture"},
    {"kind": "no_questions_on", "subject": "State secrets"},
    {"kind": "identity_protected"},
    {"kind": "copy_to_requested_state", "days": 14},
    {"kind": "destroy_after", "days": 365},
]


def test_every_kind_goes_through_json_and_back_in_its_order() -> None:
    found = conditions.parse(reversed(ALL))
    assert [conditions.as_json(one) for one in found] == ALL
    assert [one.kind for one in found] == list(ConditionKind)
    assert conditions.parse([*ALL, *found]) == found


def test_every_kind_has_a_sentence_and_says_how_it_is_treated() -> None:
    assert [conditions.sentence(one) for one in conditions.parse(ALL)] == [
        "Nobody but the person heard and those named here is in the room with them.",
        "A camera shows the whole room in which the person is heard before the start.",
        "An investigating judge is present throughout, as Requested authority.",
        "Defence counsel is present throughout.",
        "The person is heard for at most 90 minutes.",
        "There is a pause after 40 minutes at most. It lasts 10 minutes.",
        "The person is addressed in Thai only.",
        "No recording is made of the picture of the Interpreter.",
        "No questions are put on: State secrets",
        "The identity of the person heard is protected.",
        "The requested State gets a copy of the recording within 14 days.",
        "The recording is destroyed 365 days after the final decision.",
    ]
    assert {kind for kind in ConditionKind if kind not in conditions.HOW or kind not in conditions.TREATMENT} == set()
    assert Condition(ConditionKind.no_recording_of).treatment is Treatment.enforced
    assert Condition(ConditionKind.destroy_after).treatment is Treatment.recorded


@pytest.mark.parametrize(
    ("items", "field", "text"),
    [
        (["no_recording"], "rules.0", "A condition is an object with its kind"),
        ([{"kind": 3}], "rules.0", "A condition is an object with its kind"),
        ([{"kind": "time_limit"}], "rules.0.minutes", "State minutes"),
        ([{"kind": "time_limit", "minutes": 4}], "rules.0.minutes", "A whole number from 5 to 720 is needed"),
        ([{"kind": "time_limit", "minutes": True}], "rules.0.minutes", "A whole number from 5 to 720 is needed"),
        ([{"kind": "time_limit", "minutes": "²0"}], "rules.0.minutes", "A whole number from 5 to 720 is needed"),
        (
            [{"kind": "counsel_present", "name": "x"}],
            "rules.0",
            "Unknown field of a condition (counsel_present): 'name'",
        ),
        ([{"kind": "language_only", "language": "klingon"}], "language", "Unknown language tag: 'klingon'"),
        (
            [{"kind": "time_limit", "minutes": 60}, {"kind": "time_limit", "minutes": 90}],
            "rules",
            "Two conditions of the same kind differ: time limit",
        ),
        (
            [{"kind": "no_questions_on", "subject": "a\u202eb"}],
            "rules.0.subject",
            "A character that cannot be shown is not allowed: U+202E",
        ),
        ([{"kind": "identity_protected"}] * 31, "rules", "At most 30 conditions"),
    ],
)
def test_what_is_no_condition_is_refused_with_its_place(items: list[Any], field: str, text: str) -> None:
    with pytest.raises(Invalid) as caught:
        conditions.parse(items)
    assert (caught.value.field, str(caught.value)) == (field, text)


def test_an_unknown_kind_names_those_that_are_known() -> None:
    with pytest.raises(HearingsError, match="Unknown kind of condition: 'no_coffee'; known: nobody_else_in_room, "):
        conditions.parse([{"kind": "no_coffee"}])
