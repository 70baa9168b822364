"""The termbase: every term in the nine languages of the pages, and what no language may say."""

import pytest

from hearings.law import termbase

PAGES = ("en", "fr", "es", "ru", "ar", "zh", "pt", "ro", "th")
APART = [
    {"hearing_of_person", "sitting"},
    {"hold", "break_off"},
    {"remarks_on_minutes", "declaration_treaty"},
    {"signed_statement", "declaration_treaty", "affirmation"},
    {"signed_statement", "testimony", "affirmation"},
    {"oath", "affirmation", "caution"},
    {"minutes", "recording"},
    {"recess", "adjournment", "hold"},
    {"suspect", "accused", "convicted_person"},
]
"""Concepts that a lawyer tells apart, so that no language may have one word for two of them."""


@pytest.mark.parametrize("tag", PAGES)
def test_every_term_is_said_in_the_language(tag: str) -> None:
    assert [term.key for term in termbase.terms().values() if not term.word(tag)] == []


@pytest.mark.parametrize("tag", PAGES)
def test_the_defendant_and_the_accused_are_one_word(tag: str) -> None:
    words = {termbase.terms()[key].word(tag) for key in ("accused", "defendant_role")}
    assert len(words) == (2 if tag == "en" else 1)


@pytest.mark.parametrize("tag", PAGES)
@pytest.mark.parametrize("keys", APART, ids=lambda keys: "-".join(sorted(keys)))
def test_different_concepts_have_different_words(tag: str, keys: set[str]) -> None:
    assert len({termbase.terms()[key].word(tag).casefold() for key in keys}) == len(keys)


def test_each_row_says_how_sure_it_is() -> None:
    for term in termbase.terms().values():
        assert term.confidence in {"high", "medium"}
        assert (term.doubtful | term.reviewed) <= set(term.forms)
        assert term.confidence == "high" or not term.doubtful


def test_a_form_to_avoid_is_of_a_known_term_and_never_the_one_to_use() -> None:
    for row in termbase.avoided():
        assert row.instead, row
        assert not row.form.search(termbase.terms()[row.key].word(row.language)), row


def test_what_is_unconfirmed_is_counted() -> None:
    assert termbase.unconfirmed("fr") == len(termbase.terms())
    assert termbase.unconfirmed("xx") == 0
