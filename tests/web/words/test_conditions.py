"""Conditions in words: the page's sentences are those of the law's side, every kind has one."""

from hearings.agreement import negotiation_words as domain
from hearings.requests import conditions
from web.words import conditions as conditions_words, i18n, negotiation as negotiation_words


def test_the_sentences_are_those_of_the_domain() -> None:
    assert dict(conditions.SENTENCES) == conditions_words.SENTENCES
    assert dict(conditions.HOW) == conditions_words.HOW
    assert dict(conditions.WHATS) == conditions_words.WHATS
    assert set(conditions_words.TREATMENTS) == set(conditions.Treatment)


def test_the_sentences_of_a_negotiation_are_those_of_the_domain() -> None:
    assert dict(domain.SENTENCES) == negotiation_words.SENTENCES
    assert dict(domain.OPTIONS) == negotiation_words.OPTIONS


def test_figures_are_told_in_the_form_of_the_number() -> None:
    rules = [
        {"kind": "time_limit", "minutes": 21},
        {"kind": "breaks_every", "minutes": 42, "pause": 1},
        {"kind": "destroy_after", "days": 30},
    ]
    found = conditions.parse(rules)
    assert [conditions_words.sentence(one) for one in found] == [
        "The person is heard for at most 21 minutes.",
        "There is a pause after 42 minutes at most. It lasts 1 minute.",
        "The recording is destroyed 30 days after the final decision.",
    ]
    with i18n.speaking("ru"):
        assert [conditions_words.sentence(one) for one in found[:2]] == [
            "Лицо допрашивается не дольше 21 минуты.",
            "Перерыв делается не позже чем через 42 минуты. Он длится 1 минуту.",
        ]
    with i18n.speaking("ar"):
        assert conditions_words.sentence(found[2]).endswith("30 يوماً.")


def test_every_condition_with_a_figure_has_the_forms_of_numbers() -> None:
    figured = {kind for kind, wanted in conditions.PARAMS.items() if wanted.keys() & {"minutes", "pause", "days"}}
    assert (set(conditions.COUNTED), set(conditions.SENTENCES)) == (figured, set(conditions.ConditionKind) - figured)
    said = {
        kind: tuple((name, say(1), say(2)) for name, say in told) for kind, told in conditions_words.COUNTED.items()
    }
    assert said == conditions.COUNTED
