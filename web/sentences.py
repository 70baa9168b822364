"""Sentences of `hearings` in the language of the request (`hearings.sentences`)."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from babel.dates import format_date
from markupsafe import Markup, escape

from hearings.models.request import Capacity
from hearings.sentences import Joint, Sentence, Series, StateName, Tongue, Word
from web import law_words, roles, statuses, terms
from web.i18n import _, current, in_turn, language_here, listed, ngettext, one_by_one, state_name


def told(text: str) -> str:
    """The same in the reader's language; what is no sentence of the program (data, somebody's words) as it is."""
    if isinstance(text, Sentence):
        message = ngettext(text.message, text.plural, text.given["n"]) if text.plural else _(text.message)
        return message.format_map({name: _value(value) for name, value in text.given.items()})
    if isinstance(text, Word):
        return _word(text.table, text.code)
    if isinstance(text, StateName):
        return state_name(text.code)
    if isinstance(text, Tongue):
        return language_here(text)
    if isinstance(text, Series):
        return JOINED[text.joint]([told(part) for part in text.parts])
    return text


JOINED: Mapping[Joint, Callable[[list[str]], str]] = {
    "and": listed,
    "or": lambda parts: listed(parts, "or"),
    "comma": one_by_one,
    "semicolon": in_turn,
}


def tellable(text: str) -> bool:
    """Whether `told` can say it in other languages."""
    return isinstance(text, Sentence | Word | StateName | Tongue | Series)


def told_here(text: str) -> Markup:
    """`told` for a page: what stays English, because it is data of the law, is marked as English."""
    shown = escape(told(text))
    return shown if tellable(text) else Markup('<bdi lang="en" dir="ltr">{}</bdi>').format(shown)


def _word(table: str, code: str) -> str:
    if table == "role":
        return roles.label(code)
    if table == "capacity":
        return terms.capacity(Capacity(code))
    return statuses.named(table, code) if table in statuses.CHIPS else law_words.word(table, code)


def _value(value: Any) -> Any:
    if isinstance(value, str):
        return told(value)
    if isinstance(value, date):
        return format_date(value, "d MMMM y", locale=current.get().locale)
    return value
