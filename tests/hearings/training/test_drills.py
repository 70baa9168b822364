"""The drills as data: every row is one, what breaks has its drill, and a wrong row is refused by name."""

from copy import deepcopy
from typing import Any

import pytest

from hearings import reference
from hearings.errors import NotFound
from hearings.events import EventKind
from hearings.hearing.participants import IDENTITY_METHODS
from hearings.training import drills
from hearings.training.drills import InjectEffect, WrongDrill

CONFIDENCES = frozenset(reference.enums()["confidence"])


def row(number: int = 0) -> dict[str, Any]:
    return deepcopy(reference.drills()["drills"][number])


def test_the_five_breakdowns_that_every_site_rehearses_have_a_drill_each() -> None:
    wanted = {"recording_fails", "interpreter_drops", "line_lost", "protected_name", "wrong_witness"}
    assert wanted <= {one.id for one in drills.drills()}
    assert IDENTITY_METHODS  # who answers wrongly is not identified by any of them


def test_every_effect_is_used_and_every_inject_leads_to_an_expected_act() -> None:
    assert {one.effect for each in drills.drills() for one in each.injects} == set(InjectEffect)
    for each in drills.drills():
        assert {one.id for one in each.injects} == {one.inject for one in each.expected}, each.id


def test_every_expected_act_names_what_it_rests_on() -> None:
    for each in drills.drills():
        for act in each.expected:
            assert act.provision, (each.id, act.id)
            assert act.confidence in CONFIDENCES
            assert EventKind.drill_inject not in act.kinds


def test_a_drill_and_an_inject_are_found_by_their_ids_and_invented_ones_are_not() -> None:
    found = drills.drill("line_lost")
    assert found.inject("second_loss").seconds == 30
    for ask in (lambda: drills.drill("nothing"), lambda: found.inject("nothing")):
        with pytest.raises(NotFound):
            ask()


WRONG: list[tuple[str, Any]] = [
    ("kind", "holiday"),
    ("minutes", 0),
    ("minutes", True),
    ("states", ["RO"]),
    ("roles", []),
    ("roles", ["witness"]),
    ("played", ["nobody"]),
    ("title", " "),
    ("surprise", 1),
]


@pytest.mark.parametrize(("key", "value"), WRONG)
def test_a_wrong_row_is_refused_by_the_name_of_its_drill(key: str, value: Any) -> None:
    with pytest.raises(WrongDrill, match=r"^recording_fails: "):
        drills.read(row() | {key: value}, CONFIDENCES)


INJECTS: list[dict[str, Any]] = [
    {"whom": ""},
    {"whom": "expert"},
    {"seconds": 0},
    {"after": 100_000},
    {"effect": "explode"},
]


@pytest.mark.parametrize("change", INJECTS)
def test_an_inject_about_nobody_who_plays_or_without_its_seconds_is_refused(change: dict[str, Any]) -> None:
    wrong = row(1)
    wrong["injects"][0] |= change
    with pytest.raises(WrongDrill, match=r"^interpreter_drops: "):
        drills.read(wrong, CONFIDENCES)


ACTS: list[dict[str, Any]] = [
    {"inject": "other"},
    {"kinds": ["applause"]},
    {"by": []},
    {"never": True},
    {"within": 0},
    {"confidence": "rumour"},
    {"id": "noted"},
]


@pytest.mark.parametrize("change", ACTS)
def test_an_expected_act_that_nobody_could_do_is_refused(change: dict[str, Any]) -> None:
    wrong = row(1)
    wrong["expected"][0] |= change
    with pytest.raises(WrongDrill, match=r"^interpreter_drops: "):
        drills.read(wrong, CONFIDENCES)
