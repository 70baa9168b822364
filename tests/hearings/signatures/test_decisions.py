"""What a person decides: every act is in the table, and an open decision is named."""

import re
from pathlib import Path

import pytest

from hearings.errors import Undecided
from hearings.models.signature import Act
from hearings.signatures import signatures
from hearings.signatures.signatures import DECISIONS

PAGE = Path(__file__).parents[3] / "docs" / "signatures.md"


def test_every_act_says_what_a_person_decides_and_the_page_says_the_same() -> None:
    assert DECISIONS.keys() == set(Act)
    part = PAGE.read_text(encoding="utf-8").split("## What a person decides")[1].split("\n## ")[0]
    told = {}
    for act, decided, empty in re.findall(r"^\| `(\w+)` \| (.+?) \|(.*?)\|$", part, re.MULTILINE):
        names = re.findall(r"`(\w+)`", decided)
        told[Act(act)] = {name: name in re.findall(r"`(\w+)`", empty) for name in names}
    assert told == {act: decided for act, decided in DECISIONS.items() if decided}


def test_an_act_is_blank_until_somebody_decides_and_every_open_decision_is_named() -> None:
    for act, decided in DECISIONS.items():
        assert signatures.open_in(act, signatures.blank(act)) == signatures.open_in(act, {}) == list(decided)
        full = {name: "" if may_be_empty else "Said" for name, may_be_empty in decided.items()}
        signatures.require(act, full)
        for name, may_be_empty in decided.items():
            for nothing in (None, *(() if may_be_empty else ("", " ", []))):
                with pytest.raises(Undecided, match=name) as refused:
                    signatures.require(act, full | {name: nothing})
                assert refused.value.fields == (name,)
