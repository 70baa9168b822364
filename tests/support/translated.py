"""The catalogues that pages and islands are translated by, each read once: they are large."""

from functools import cache

from babel.messages.catalog import Catalog

from web.words import catalogues
from web.words.i18n import LANGUAGES

PATHS = {tag: catalogues.path_of(language) for tag, language in LANGUAGES.items()}


@cache
def catalogue(tag: str) -> Catalog:
    """The catalogue of a language as it is in the checkout; do not change it."""
    return catalogues.read(LANGUAGES[tag], PATHS[tag])
