"""The checks of two fields of a request against one another. Pure."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime

from hearings.lint import dates, numbers
from hearings.lint.facts import Check, Drafted, Found
from hearings.lint.table import FactRow

ADULT = 18


def _earliest(written: dates.WrittenDate) -> dates.Day:
    return min(written.days)


def _later(written: dates.Day, day: date) -> bool:
    """Whether a written date is later than a day, as far as it says."""
    said = tuple(part for part in written if part)
    return said > dates.order(day)[: len(said)]


def _earlier(written: dates.Day, day: date) -> bool:
    said = tuple(part for part in written if part)
    return said < dates.order(day)[: len(said)]


def _dates(drafted: Drafted, column: str) -> Iterator[dates.WrittenDate]:
    yield from dates.found(drafted.reading(column))


def day_after_request(row: FactRow, drafted: Drafted) -> Found:
    """A date in a text that is after the request, whichever way it is read."""
    for column in row.columns:
        for found in _dates(drafted, column):
            if found.has_month and all(_later(day, drafted.today) for day in found.days):
                yield [drafted.passage(column, found.start, found.end)]


def all_before_birth(row: FactRow, drafted: Drafted) -> Found:
    """Dates in a text that are all before another column's day."""
    born = getattr(drafted.request, row.columns[1])
    found = list(_dates(drafted, row.columns[0]))
    if born and found and all(_earlier(day, born) for written in found for day in written.days):
        first = found[0]
        yield [drafted.passage(row.columns[0], first.start, first.end), drafted.value(row.columns[1])]


def custody_before_facts(row: FactRow, drafted: Drafted) -> Found:
    """A day that is before every date of a text."""
    since = getattr(drafted.request, row.columns[0])
    found = [written for written in _dates(drafted, row.columns[1]) if written.has_month]
    if since and found and all(_later(day, since) for written in found for day in written.days):
        first = min(found, key=_earliest)
        yield [drafted.value(row.columns[0]), drafted.passage(row.columns[1], first.start, first.end)]


def slots_after(row: FactRow, drafted: Drafted) -> Found:
    """Proposed times that are all after a day."""
    last = getattr(drafted.request, row.columns[1])
    slots = [datetime.fromisoformat(slot["at"]).date() for slot in drafted.request.proposed_slots]
    if last and slots and min(slots) > last:
        yield [drafted.value(row.columns[1])]


def age_and_birth(row: FactRow, drafted: Drafted) -> Found:
    """Under 18 by one field and not by the other."""
    said, born = (getattr(drafted.request, column) for column in row.columns)
    if said is None or born is None:
        return
    age = drafted.today.year - born.year - ((drafted.today.month, drafted.today.day) < (born.month, born.day))
    if said is not (age < ADULT):
        yield [drafted.value(row.columns[1])]


def penalty_under(row: FactRow, drafted: Drafted) -> Found:
    """A penalty under what the instrument asks for."""
    years = getattr(drafted.request, row.columns[0])
    if years is not None and years < row.years:
        yield [drafted.value(row.columns[0])]


def penalty_without_years(row: FactRow, drafted: Drafted) -> Found:
    """A penalty that is said in words only."""
    if getattr(drafted.request, row.columns[0]) is None and drafted.reading(row.columns[1]).text:
        yield [drafted.value(row.columns[1])]


def penalty_differs(row: FactRow, drafted: Drafted) -> Found:
    """Years in words, the most of which are not those in figures."""
    years = getattr(drafted.request, row.columns[1])
    named = list(numbers.in_years(drafted.reading(row.columns[0])))
    if years is not None and named and max(number for number, _start, _end in named) != years:
        most = max(named)
        yield [drafted.passage(row.columns[0], most[1], most[2]), drafted.value(row.columns[1])]


def capacity_at_stage(row: FactRow, drafted: Drafted) -> Found:
    """A capacity that nobody has at this stage."""
    if drafted.request.capacity in row.capacities and drafted.request.stage in row.stages:
        yield []


KINDS: Mapping[str, Check] = {
    check.__name__: check
    for check in (
        *(day_after_request, all_before_birth, custody_before_facts, slots_after, age_and_birth),
        *(penalty_under, penalty_without_years, penalty_differs, capacity_at_stage),
    )
}
"""By the kinds of the table."""
