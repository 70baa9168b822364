"""The catalogues use the terms of the termbase, and none of the forms that a language must not use."""

from collections.abc import Iterator
from functools import cache

import pytest
from babel.messages.catalog import Message

from hearings.law import termbase
from tests.support.translated import catalogue
from web.words.i18n import LANGUAGES

OTHERS = [tag for tag in LANGUAGES if tag != "en"]
PRIMARY = {tag.split("-")[0]: tag for tag in OTHERS}


@cache
def entries(tag: str) -> tuple[Message, ...]:
    """The translated messages of a language."""
    return tuple(message for message in catalogue(tag) if message.id)


def texts(value: object) -> tuple[str, ...]:
    """The forms of a message or a translation."""
    return tuple(value) if isinstance(value, tuple | list) else (str(value or ""),)


def offences(row: termbase.Avoided) -> Iterator[tuple[str, str]]:
    """Messages that a language translates with a form it must not use, and the translations."""
    for message in entries(PRIMARY[row.language]):
        if any(row.message.search(text) for text in texts(message.id)):
            yield from ((texts(message.id)[0], said) for said in texts(message.string) if row.form.search(said))


@pytest.mark.parametrize("row", termbase.avoided(), ids=lambda row: f"{row.language}-{row.key}-{row.form.pattern}")
def test_no_translation_uses_a_form_to_avoid(row: termbase.Avoided) -> None:
    assert dict(offences(row)) == {}, f"say: {row.instead}"


def test_each_language_has_forms_to_avoid() -> None:
    assert {row.language for row in termbase.avoided()} == set(PRIMARY)


@pytest.mark.parametrize("tag", OTHERS)
@pytest.mark.parametrize(
    ("one", "other"),
    [("Hearing", "Sitting"), ("Minutes", "Recording"), ("Oath", "Affirmation"), ("Hold", "Terminated")],
)
def test_two_things_are_not_told_by_one_word(tag: str, one: str, other: str) -> None:
    said = {str(message.id): str(message.string) for message in entries(tag) if not message.context}
    assert said[one] != said[other]
