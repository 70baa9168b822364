"""Sentences of `hearings` in the language of the request (`hearings.sentences`)."""

from datetime import date
from typing import Any

from babel.dates import format_date
from markupsafe import Markup, escape

from hearings.sentences import Sentence, Series, StateName, Word
from web import terms
from web.i18n import _, current, listed, ngettext, one_by_one, state_name


def told(text: str) -> str:
    """The same in the reader's language; what is no sentence of the program (data, somebody's words) as it is."""
    if isinstance(text, Sentence):
        message = ngettext(text.message, text.plural, text.given["n"]) if text.plural else _(text.message)
        return message.format_map({name: _value(value) for name, value in text.given.items()})
    if isinstance(text, Word):
        return terms.word(text.table, text.code)
    if isinstance(text, StateName):
        return state_name(text.code)
    if isinstance(text, Series):
        parts = [told(part) for part in text.parts]
        return one_by_one(parts) if text.joint == "comma" else listed(parts, "or" if text.joint == "or" else "standard")
    return text


def tellable(text: str) -> bool:
    """Whether `told` can say it in other languages."""
    return isinstance(text, Sentence | Word | StateName | Series)


def told_here(text: str) -> Markup:
    """`told` for a page: what stays English, because it is data of the law, is marked as English."""
    shown = escape(told(text))
    return shown if tellable(text) else Markup('<bdi lang="en" dir="ltr">{}</bdi>').format(shown)


def _value(value: Any) -> Any:
    if isinstance(value, str):
        return told(value)
    if isinstance(value, date):
        return format_date(value, "d MMMM y", locale=current.get().locale)
    return value
