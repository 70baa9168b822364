"""Words of mutual legal assistance side by side in several languages, for those who draft."""

from collections.abc import Iterable
from functools import cache

from hearings.law import termbase
from hearings.law.termbase import Term


@cache
def languages() -> tuple[str, ...]:
    """Languages of the glossary: all that the termbase has."""
    return tuple(dict.fromkeys(tag for term in termbase.terms().values() for tag in term.forms))


@cache
def terms() -> tuple[Term, ...]:
    """The terms that every language of the termbase has, in the order of the English words."""
    whole = (term for term in termbase.terms().values() if all(term.word(tag) for tag in languages()))
    return tuple(sorted(whole, key=lambda term: term.word("en").casefold()))


def missing(wanted: Iterable[str]) -> tuple[str, ...]:
    """Those of these languages in which the glossary has no words, by their primary tags."""
    tags = dict.fromkeys(tag.split("-")[0] for tag in wanted if tag)
    return tuple(tag for tag in tags if tag not in languages())


def beside(wanted: Iterable[str]) -> tuple[tuple[str, ...], tuple[Term, ...]]:
    """Those of these languages that the glossary has, with English, and its terms."""
    known = [tag.split("-")[0] for tag in wanted if tag]
    return tuple(dict.fromkeys(tag for tag in ("en", *known) if tag in languages())), terms()
