"""The diary in words: a reason with its name and without one, in the punctuation of each language."""

import pytest

from hearings.errors import InterpreterUnfit
from hearings.times.slots import Reason
from web.words import diary as diary_words, i18n


@pytest.mark.parametrize(
    ("tag", "named", "bare"),
    [
        ("en", "Holiday in Here: {name}", "Holiday in Here"),
        ("fr", "Jour férié, Here\u00a0: {name}", "Jour férié, Here"),
        ("ar", "عطلة رسمية في Here: {name}", "عطلة رسمية في Here"),
    ],
)
def test_a_reason_without_a_name_ends_where_its_sentence_does(tag: str, named: str, bare: str) -> None:
    with i18n.speaking(tag):
        found = [
            diary_words.reason(Reason(key="x", label="Here", code="holiday", detail=one)) for one in ("Chakri Day", "")
        ]
    assert found == [named.format(name='<bdi lang="en" dir="ltr">Chakri Day</bdi>'), bare]


def test_a_name_that_an_administrator_gave_is_in_no_known_language_and_harmless() -> None:
    reason = Reason(key="x", label="Here", code="closure", detail="<Bau>")
    assert diary_words.reason(reason) == "Closed in Here: <bdi>&lt;Bau&gt;</bdi>"


def test_what_speaks_against_interpreters_is_told_in_sentences() -> None:
    error = InterpreterUnfit([(3, "Malee", ("rest", "not_accredited"))], hidden=1)
    assert diary_words.unfit(error) == (
        "Malee needs a rest before or after another booking. No accreditation of Malee is recorded. There is "
        "a reason against an interpreter of the other State. Choose another, or give a reason for the "
        "booking."
    )


def test_who_is_free_instead_is_named() -> None:
    error = InterpreterUnfit([(3, "Malee", ("alone",))], free=[(4, "Ana"), (5, "Ion")])
    assert diary_words.unfit(error) == (
        "Malee would interpret alone for longer than allowed: book a team of two. Free at this time: Ana and Ion. "
        "Choose another, or give a reason for the booking."
    )


def test_weekdays_are_listed_as_the_language_has_it() -> None:
    assert diary_words.weekdays("145") == "Monday, Thursday and Friday"
    with i18n.speaking("ar"):
        assert diary_words.weekdays("14") == "الاثنين والخميس"
