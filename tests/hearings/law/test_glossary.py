"""The glossary: every State reads it in its own language, and nothing in it passes for verified."""

import re

import pytest

from hearings import reference
from hearings.law import glossary

SCRIPTS = {
    "ar": "\u0600-\u06ff", "hi": "\u0900-\u097f", "ja": "\u3040-\u30ff\u4e00-\u9fff", "kk": "\u0400-\u04ff",
    "ko": "\uac00-\ud7af", "ru": "\u0400-\u04ff", "sr": "\u0400-\u04ff", "th": "\u0e00-\u0e7f",
    "uk": "\u0400-\u04ff", "zh": "\u4e00-\u9fff",
}  # fmt: skip


WITHOUT_WORDS = (
    *("bg", "cs", "da", "el", "et", "fi", "ga", "he", "hr", "hu", "is", "lt", "lv", "mt", "no", "pl", "sk", "sl", "sq"),
    "sv",
)
"""Languages that a State accepts and in which nobody has given the words yet."""


@pytest.mark.parametrize("state", sorted(reference.jurisdictions()))
def test_every_state_reads_it_in_every_language_it_accepts_that_has_words(state: str) -> None:
    accepted = reference.jurisdiction(state).accepted_languages
    assert set(accepted) <= {*glossary.languages(), *WITHOUT_WORDS}
    shown, terms = glossary.beside(accepted)
    assert set(shown) == {"en", *accepted} - set(WITHOUT_WORDS)
    assert set(glossary.missing(accepted)) == set(accepted) & set(WITHOUT_WORDS)
    assert [term.key for term in terms] == [term.key for term in glossary.terms()]
    assert all(term.word(tag) for term in terms for tag in shown)


@pytest.mark.parametrize("tag", SCRIPTS)
def test_a_language_is_written_in_its_own_script(tag: str) -> None:
    own = re.compile(f"[{SCRIPTS[tag]}\\W]+")
    assert [term.key for term in glossary.terms() if not own.fullmatch(term.word(tag))] == []


def test_no_two_terms_of_a_language_are_told_by_one_word() -> None:
    assert len(glossary.languages()) > 10
    for tag in glossary.languages():
        words = [term.word(tag).casefold() for term in glossary.terms()]
        twice = {word for word in words if words.count(word) > 1}
        assert twice == set(), tag


def test_no_term_passes_for_confirmed_before_a_translator_is_named() -> None:
    assert [term.key for term in glossary.terms() if any(term.confirmed(tag) for tag in glossary.languages())] == []
