"""Sentences of `hearings` in the language of the request (`hearings.sentences`)."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from markupsafe import Markup, escape

from hearings.languages import times_together
from hearings.models.request import Capacity
from hearings.sentences import Joint, Quoted, Sentence, Series, StateName, Tongue, Word
from web.words import law as law_words, roles, statuses, terms
from web.words.i18n import _, current, day, in_turn, language_here, listed, ngettext, one_by_one, state_name


def told(text: str) -> str:
    """The same in the reader's language; what is no sentence of the program (data, somebody's words) as it is."""
    return times_together(_said(text, str, str), current.get().tag)


def told_here(text: str) -> Markup:
    """`told` for a page: what stays English, because it is data of the law, is marked as English; what somebody wrote
    is kept apart from the direction of the page."""
    return Markup(_said(text, escape, _as_it_is))


def english(text: str) -> Markup:
    """Data that are in English whatever the language of the page, such as the name of an instrument, for a page."""
    return Markup('<bdi lang="en" dir="ltr">{}</bdi>').format(text)


def _as_it_is(text: str) -> Markup:
    return Markup("<bdi>{}</bdi>").format(text) if isinstance(text, Quoted) else english(text)


def _said(text: str, ours: Callable[[str], str], data: Callable[[str], str]) -> str:
    """The text told: the program's own words through `ours`, what is no sentence of it through `data`."""
    if isinstance(text, Sentence):
        message = ngettext(text.message, text.plural, text.given["n"]) if text.plural else _(text.message)
        given = {name: _value(value, ours, data) for name, value in text.given.items()}
        return str(ours(message)).format_map(given)
    if isinstance(text, Word):
        return ours(_word(text.table, text.code))
    if isinstance(text, StateName):
        return ours(state_name(text.code))
    if isinstance(text, Tongue):
        return ours(language_here(text))
    if isinstance(text, Series):
        return JOINED[text.joint]([str(_said(part, ours, data)) for part in text.parts])
    return data(text) if text else ""


JOINED: Mapping[Joint, Callable[[list[str]], str]] = {
    "and": listed,
    "or": lambda parts: listed(parts, "or"),
    "comma": one_by_one,
    "semicolon": in_turn,
}


def tellable(text: str) -> bool:
    """Whether `told` can say it in other languages."""
    return isinstance(text, Sentence | Word | StateName | Tongue | Series)


def _word(table: str, code: str) -> str:
    if table == "role":
        return roles.label(code)
    if table == "capacity":
        return terms.capacity(Capacity(code))
    return statuses.named(table, code) if table in statuses.CHIPS else law_words.word(table, code)


def _value(value: Any, ours: Callable[[str], str], data: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return str(_said(value, ours, data))
    if isinstance(value, date):
        return day(value)
    return value
