"""Sentences of `hearings` (`hearings.sentences`) in the language of the request, of a mail or of a document."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any

from markupsafe import Markup, escape

from hearings.languages import times_together
from hearings.sentences import Joint, LanguageName, Quoted, Sentence, Series, StateName, Untranslated, Word, WrittenDay
from web.words import law as law_words, roles, statuses
from web.words.i18n import (
    DEFAULT,
    _,
    current,
    day,
    full_day,
    in_turn,
    is_translated,
    language_here,
    listed,
    match,
    ngettext,
    one_by_one,
    speaking,
    state_name,
    state_word,
)


def translated(text: str) -> str:
    """A text in the reader's language; text that is no sentence of the program (data, what somebody wrote)
    unchanged."""
    return times_together(_translated(text, str, str), current.get().tag)


def translated_markup(text: str) -> Markup:
    """`translated` as markup: data of the law, which stay English, are marked as English; what somebody wrote is
    isolated from the text direction of the page."""
    return Markup(_translated(text, escape, _as_it_is))


def say(lang: str, text: str) -> str:
    """A text in a language, or in the nearest one offered (`hearings.sentences.Say`), for mails and documents."""
    with speaking((match(lang) or DEFAULT).tag):
        return str(_translated(text, str, str))


def say_whole(lang: str, text: str) -> str:
    """`say` for texts that are signed. Raises `Untranslated` if a message in the text is not translated.

    Traditional Chinese is never translated: the language offered is Simplified Chinese, which is written differently.
    """
    language = None if "hant" in lang.lower() else match(lang)
    for message, plural in _messages(text):
        if language is None or not is_translated(language.tag, message, plural):
            raise Untranslated(lang)
    return say(lang, text)


def _messages(text: Any) -> Iterator[tuple[str, str]]:
    """The messages in a text, each with its plural."""
    if isinstance(text, Sentence):
        yield text.message, text.plural
    parts = text.given.values() if isinstance(text, Sentence) else text.parts if isinstance(text, Series) else ()
    for part in parts:
        yield from _messages(part)


def english(text: str) -> Markup:
    """Markup for data that are in English whatever the language of the page, such as the name of an instrument."""
    return Markup('<bdi lang="en" dir="ltr">{}</bdi>').format(text)


def _as_it_is(text: str) -> Markup:
    return Markup("<bdi>{}</bdi>").format(text) if isinstance(text, Quoted) else english(text)


def _translated(text: str, ours: Callable[[str], str], data: Callable[[str], str]) -> str:
    """The translated text: the program's own words passed through `ours`, other text through `data`."""
    if isinstance(text, Sentence):
        message = ngettext(text.message, text.plural, text.given["n"]) if text.plural else _(text.message)
        given = {name: _value(value, ours, data) for name, value in text.given.items()}
        return str(ours(message)).format_map(given)
    if isinstance(text, Word):
        return ours(_word(text.table, text.code))
    if isinstance(text, StateName):
        return ours(state_name(text.code))
    if isinstance(text, LanguageName):
        return ours(language_here(text.tag))
    if isinstance(text, WrittenDay):
        return ours(full_day(text.on))
    if isinstance(text, Series):
        return JOINED[text.joint]([str(_translated(part, ours, data)) for part in text.parts])
    return data(text) if text else ""


JOINED: Mapping[Joint, Callable[[list[str]], str]] = {
    "and": listed,
    "or": lambda parts: listed(parts, "or"),
    "comma": one_by_one,
    "semicolon": in_turn,
    "space": " ".join,
    "none": "".join,
}


def translatable(text: str) -> bool:
    """Whether `translated` can translate the text."""
    return isinstance(text, Sentence | Word | StateName | LanguageName | WrittenDay | Series)


def _word(table: str, code: str) -> str:
    if table == "role":
        return roles.label(code)
    return statuses.named(table, code) if table in statuses.CHIPS else law_words.word(table, code)


def _value(value: Any, ours: Callable[[str], str], data: Callable[[str], str]) -> Any:
    if isinstance(value, StateName):
        return state_word(value.code).mapped(ours)
    if isinstance(value, str):
        return str(_translated(value, ours, data))
    if isinstance(value, date):
        return day(value)
    return value
