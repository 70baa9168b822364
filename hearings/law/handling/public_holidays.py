"""Public holidays of States, by the package `holidays`. Pure; regional ones are not known."""

from collections.abc import Mapping
from datetime import date
from functools import cache

import holidays as public

ENGLISH = ("en_US", "en_GB", "en_SG", "en_AU", "en_KE", "en_NG", "en_IN")
"""Languages of holidays' names that count as English, the first found is taken."""


@cache
def _localized() -> Mapping[str, list[str]]:
    return public.list_localized_countries(include_aliases=False)


@cache
def _supported() -> frozenset[str]:
    return frozenset(public.list_supported_countries(include_aliases=False))


def holiday_language(state: str) -> str | None:
    """The language holidays of a State are named in: English where the package has it, else its first; never by the
    machine's locale, the package's default.
    """
    known = _localized().get(state) or []
    return next((tag for tag in ENGLISH if tag in known), known[0] if known else None)


@cache
def public_holidays(state: str, year: int) -> tuple[tuple[date, str], ...] | None:
    """National public holidays of a year, None for a State the package does not know. Regional ones are not known."""
    if state not in _supported():
        return None
    try:
        holidays = public.country_holidays(state, years=year, language=holiday_language(state))
    except NotImplementedError:
        return None
    return tuple(sorted((day, name) for day, name in holidays.items() if day.year == year))


def holidays_between(state: str, first: date, last: date) -> tuple[tuple[date, str], ...] | None:
    """The public holidays of the years of these days."""
    years = [public_holidays(state, year) for year in range(first.year, last.year + 1)]
    if any(year is None for year in years):
        return None
    return tuple(pair for year in years if year is not None for pair in year)
