"""Conditions in words: the page's sentences are those of the law's side, every kind has one."""

from hearings import conditions, negotiation_words
from web import conditions_words, technical_words


def test_the_sentences_are_those_of_the_domain() -> None:
    assert dict(conditions.SENTENCES) == conditions_words.SENTENCES
    assert dict(conditions.HOW) == conditions_words.HOW
    assert dict(conditions.WHATS) == conditions_words.WHATS
    assert set(conditions_words.TREATMENTS) == set(conditions.Treatment)


def test_the_sentences_of_a_negotiation_are_those_of_the_domain() -> None:
    assert dict(negotiation_words.SENTENCES) == technical_words.SENTENCES
    assert dict(negotiation_words.OPTIONS) == technical_words.OPTIONS
