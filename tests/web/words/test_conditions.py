"""Conditions in words: every kind has a sentence, every treatment a chip."""

from hearings.requests import conditions
from web.words import conditions as conditions_words, i18n
from web.words.sentences import translated


def test_figures_are_told_in_the_form_of_the_number() -> None:
    rules = [
        {"kind": "time_limit", "minutes": 21},
        {"kind": "breaks_every", "minutes": 42, "pause": 1},
        {"kind": "destroy_after", "days": 30},
    ]
    found = conditions.parse(rules)
    assert [translated(conditions.sentence(one)) for one in found] == [
        "The person is heard for at most 21 minutes.",
        "There is a pause after 42 minutes at most. It lasts 1 minute.",
        "The recording is destroyed 30 days after the final decision.",
    ]
    with i18n.speaking("ru"):
        assert [translated(conditions.sentence(one)) for one in found[:2]] == [
            "Лицо допрашивается не дольше 21 минуты.",
            "Перерыв делается не позже чем через 42 минуты. Он длится 1 минуту.",
        ]
    with i18n.speaking("ar"):
        assert translated(conditions.sentence(found[2])).endswith("30 يوماً.")


def test_every_condition_with_a_figure_has_the_forms_of_numbers() -> None:
    figured = {kind for kind, wanted in conditions.PARAMS.items() if wanted.keys() & {"minutes", "pause", "days"}}
    assert (set(conditions.COUNTED), set(conditions.SENTENCES)) == (figured, set(conditions.ConditionKind) - figured)
    assert {kind for kind, _text in conditions.HOW.items()} == set(conditions.ConditionKind)
    assert set(conditions_words.TREATMENTS) == set(conditions.Treatment)
