"""How long recordings are kept: the classes a court chooses from, as data."""

from collections.abc import Mapping
from dataclasses import dataclass

from hearings.sentences import N_


@dataclass(frozen=True)
class RetentionClass:
    """How long, in years from the close, and where that comes from. `years`: the first review, and each one after it
    comes `again` years later."""

    code: str
    label: str
    years: int
    again: int
    source: str


_COURT = N_("The court's own law; it is for the court to say which paragraph")
_REVIEW = N_("Directive (EU) 2016/680, article 5: a time limit for erasure, or for a periodic review")

STANDARD = "standard"
CLASSES: Mapping[str, RetentionClass] = {
    each.code: each
    for each in (
        RetentionClass("short", N_("Short: 5 years"), 5, 5, _COURT),
        RetentionClass(STANDARD, N_("Standard: 10 years"), 10, 5, _REVIEW),
        RetentionClass("long", N_("Long: 30 years"), 30, 5, _COURT),
        RetentionClass("historical", N_("Historical: 100 years"), 100, 10, _COURT),
    )
}
"""The classes, the shortest first. A recording nobody has classed is of the standard one."""
