"""Names of protected persons in what people typed: nothing of them is left, and nothing else is taken."""

import pytest

from hearings.minutes.facts import redacted
from hearings.sentences import Series

HIDDEN = {"Ana Weiß": Series.of(["Witness 1"]), "Rui": Series.of(["Witness 2"])}


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("Ana Weiß came.", "Witness 1 came."),
        ("ANA WEISS came, ana weiß went.", "Witness 1 came, Witness 1 went."),
        ("In der Großen Straße, außen, sah Ana Weiß ihn.", "In der Großen Straße, außen, sah Witness 1 ihn."),
        ("Straße: RUI, ﬁn. İ rui", "Straße: Witness 2, ﬁn. İ Witness 2"),
        ("Rui", "Witness 2"),
        ("Die Straße", "Die Straße"),
        ("", ""),
    ],
)
def test_a_name_is_replaced_whatever_its_capitals_and_nothing_beside_it(typed: str, told: str) -> None:
    assert redacted(typed, HIDDEN) == told
