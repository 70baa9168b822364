"""How long recordings are kept: the classes a court chooses from, as data, and the one arithmetic of their dates."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from hearings.sentences import N_

YEAR = timedelta(days=365.25)


@dataclass(frozen=True)
class RetentionClass:
    """How long, in years from the close, and where that comes from. `years`: the first review, and each one after it
    comes `again` years later."""

    code: str
    label: str
    years: int
    again: int
    source: str

    @property
    def period(self) -> timedelta:
        """From the close to the first review."""
        return self.years * YEAR

    def of(self, closed_at: datetime) -> "Retention":
        """The retention of a recording of this class that was closed then."""
        return Retention(closed_at + self.period, self.again * YEAR, str(self.years))


@dataclass(frozen=True)
class Retention:
    """The dates of one recording: its retention ends, which is its first review, and a review follows every `again`."""

    ends_at: datetime
    again: timedelta
    name: str
    """Tells it from another retention of the same recording: the reviews of each are mailed once."""

    def is_over(self, now: datetime) -> bool:
        """Whether it has ended."""
        return now >= self.ends_at

    def reviews(self, now: datetime) -> int:
        """How many reviews have fallen due."""
        return 1 + (now - self.ends_at) // self.again if self.is_over(now) else 0

    def review_at(self, number: int) -> datetime:
        """When a review is due; the first is number 1."""
        return self.ends_at + (number - 1) * self.again

    def next_review(self, now: datetime) -> datetime:
        """When the next review is due; at the instant one falls due it is that one."""
        last = self.reviews(now)
        return self.review_at(last if last and self.review_at(last) == now else last + 1)


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
