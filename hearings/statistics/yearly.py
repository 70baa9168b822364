"""The yearly table for questionnaires of international organisations: by other State and instrument. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import NamedTuple

from hearings.statistics.cells import Window, ranked
from hearings.statistics.counting import AskedFigures, sides, window_of
from hearings.statistics.past import Past, PastRequest
from hearings.statistics.request_measures import decision, decision_days
from hearings.status import RequestStatus

VERSION = 1
"""Of the columns and what they count."""


class YearRow(NamedTuple):
    """One line. The names are the columns; days have one digit, None where nothing was decided.

    A request that relies on several instruments is in several lines; one that relies on none has an empty instrument.
    """

    year: int
    reporting_state: str
    other_state: str
    instrument: str
    direction: str
    received_or_sent: int
    executed: int
    refused: int
    withdrawn: int
    pending_end: int
    median_days_decision: float | None
    p90_days_decision: float | None
    hearings_held: int


@dataclass(frozen=True)
class _Group:
    past: Past
    window: Window

    def ended(self, status: RequestStatus) -> int:
        return sum(self.window.within(step.at) for one in self.past.requests if (step := one.first(status)))

    def days(self) -> list[float]:
        return sorted(
            decision_days(one, step)
            for one in self.past.requests
            if (step := decision(one)) and self.window.within(step.at)
        )

    def row(self, year: int, own: str, other: str, instrument: str, *, received: bool) -> YearRow:
        requests, days = self.past.requests, self.days()
        return YearRow(
            year=year,
            reporting_state=own,
            other_state=other,
            instrument=instrument,
            direction="received" if received else "sent",
            received_or_sent=sum(self.window.within(one.submitted_at) for one in requests),
            executed=self.ended(RequestStatus.executed),
            refused=self.ended(RequestStatus.refused),
            withdrawn=self.ended(RequestStatus.withdrawn),
            pending_end=sum(one.open for one in requests),
            median_days_decision=round(median(days), 1) if days else None,
            p90_days_decision=round(ranked(days, 0.9), 1) if days else None,
            hearings_held=sum(self.window.within(one.held_at) for one in self.past.hearings),
        )


def rows(past: Past, asked: AskedFigures) -> Iterator[YearRow]:
    """The lines of one year of a State; `past` as it stood at the end of it. Lines of only zeros are left out."""
    for received, side in sides(past, asked.state):
        window = window_of(asked, past.as_of, received=received)
        groups = sorted({key for one in side.requests for key in _keys(one, received=received)})
        for other, instrument in groups:
            part = side.only(partial(_in, (other, instrument), received=received))
            row = _Group(part, window).row(asked.until.year, asked.state, other, instrument, received=received)
            if any(row[5:10]) or row.hearings_held:
                yield row


def _in(group: tuple[str, str], request: PastRequest, *, received: bool) -> bool:
    return group in _keys(request, received=received)


def _keys(request: PastRequest, *, received: bool) -> list[tuple[str, str]]:
    other = request.requesting_state if received else request.requested_state
    return [(other, instrument) for instrument in request.instruments or ("",)]
