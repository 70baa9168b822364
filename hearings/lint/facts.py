"""The checks of a request itself: each kind of data/lint.yaml is a function that finds what its row speaks of. Pure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from hearings.law.handling.deadlines import relied_on
from hearings.lint import dates, numbers, place_names
from hearings.lint.names import near_names, tokens, written_alike
from hearings.lint.reading import Reading, first_of, stems_pattern
from hearings.lint.remarks import Quotation, Remark
from hearings.lint.table import FactRow, knows, words
from hearings.models import Attachment, HearingRequest
from hearings.models.request_parts import AttachmentKind
from hearings.requests.demands import provisions
from hearings.requests.fields import FIELDS
from hearings.sentences import tell

MOST = 5
"""Greatest number of passages that are shown of one check."""
HOLDS_LAW = frozenset({AttachmentKind.request, AttachmentKind.decision, AttachmentKind.other})
"""Kinds of files among which the text of a law can be."""


@dataclass(frozen=True)
class Drafted:
    """A request with its files, and the day it is looked at: that of its submission, today for a draft."""

    request: HearingRequest
    attachments: tuple[Attachment, ...]
    today: date

    @cached_property
    def readings(self) -> dict[str, Reading]:
        """Each text of the request, read once."""
        texts = {name: getattr(self.request, name) for name in FIELDS}
        return {name: Reading.of(text) for name, text in texts.items() if isinstance(text, str) and text}

    def reading(self, column: str) -> Reading:
        """The text of a column, empty if it has none."""
        return self.readings.get(column, EMPTY)

    def together(self, row: FactRow) -> Reading:
        """The texts of the columns of a row as one, by which their language is told best."""
        return Reading(" ".join(self.reading(column).text for column in row.columns if column in self.readings))

    def passage(self, column: str, start: int, end: int) -> Quotation:
        """Words of a column."""
        return Quotation(place=FIELDS[column].label, text=self.reading(column).quote(start, end))

    def value(self, column: str) -> Quotation:
        """The whole value of a column that is no text."""
        value = getattr(self.request, column)
        said = value.isoformat() if isinstance(value, date) else str(value)
        return Quotation(place=FIELDS[column].label, text=said)


EMPTY = Reading("")
Found = Iterator[list[Quotation]]
"""The passages of each thing found; nothing where there is nothing to say."""
Check = Callable[[FactRow, Drafted], Found]


def remarks(drafted: Drafted, rows: tuple[FactRow, ...], kinds: Mapping[str, Check]) -> Iterator[Remark]:
    """What the checks of the table find in a request."""
    basis = relied_on(drafted.request)
    for row in rows:
        if not applies(row, drafted, basis):
            continue
        found = list(kinds[row.kind](row, drafted))
        if found:
            text = row.text
            yield Remark(
                code=row.id,
                field=row.columns[0],
                weight=row.weight,
                text=tell(text),
                provision=cited(row, basis),
                passages=[passage for passages in found for passage in passages][:MOST],
            )


def applies(row: FactRow, drafted: Drafted, basis: Any) -> bool:
    """Whether a check is about a request that relies on these instruments."""
    if row.instruments and not row.instruments & set(basis):
        return False
    if row.alone and len(set(basis)) > 1:
        return False
    return not row.when or bool(getattr(drafted.request, row.when))


def cited(row: FactRow, basis: Any) -> str:
    """The provisions of a remark, those of the instruments relied on."""
    if row.provisions:
        found = [text for name, text in row.provisions.items() if name == "*" or name in basis]
    else:
        found = provisions(row.columns[0], tuple(basis))
    return ", ".join(found)


# --- what the facts leave out ------------------------------------------------------------------------------------


def no_day(row: FactRow, drafted: Drafted) -> Found:
    """No year, month or day in any of the columns, in whatever calendar."""
    readings = [drafted.reading(column) for column in row.columns if column in drafted.readings]
    figures = any(number.least > 1300 for reading in readings for number in numbers.found(reading))
    if readings and not figures and not any(dates.found(reading) for reading in readings):
        yield [_start(drafted, row)]


def no_place(row: FactRow, drafted: Drafted) -> Found:
    """No State or city, and nothing that may be another place, in a language that is known."""
    readings = [drafted.reading(column) for column in row.columns if column in drafted.readings]
    known = frozenset(tokens(drafted.request.person_name))
    if not readings or not drafted.together(row).language:
        return
    if not any(place_names.named(reading) or place_names.may_name_another(reading, known) for reading in readings):
        yield [_start(drafted, row)]


def _start(drafted: Drafted, row: FactRow) -> Quotation:
    column = next(column for column in row.columns if column in drafted.readings)
    return Quotation(place=FIELDS[column].label, text=drafted.reading(column).beginning())


def says_nothing_of(row: FactRow, drafted: Drafted) -> Found:
    """None of the words of a list in the columns, in a language of which it has words."""
    reading = drafted.together(row)
    if knows(row.words, reading.language) and not first_of(reading.low, words(row.words)):
        yield [_start(drafted, row)]


def speaks_of(row: FactRow, drafted: Drafted) -> Found:
    """A word of a list in one of the columns, in the language of the column, at the stages of the row."""
    if row.stages and drafted.request.stage not in row.stages:
        return
    for column in row.columns:
        reading = drafted.reading(column)
        known = knows(row.words, reading.language)
        if known and (found := first_of(reading.low, words(row.words, reading.language))):
            yield [drafted.passage(column, *found)]


def one_state(row: FactRow, drafted: Drafted) -> Found:
    """One State named, no second and no city."""
    named: dict[str, str] = {}
    for column in row.columns:
        named |= place_names.named(drafted.reading(column))
    if len(named) and len(set(named.values())) == 1 and "" not in named.values():
        yield [_start(drafted, row)]


def other_articles(row: FactRow, drafted: Drafted) -> Found:
    """The column names none of these articles by its number."""
    reading = drafted.reading(row.columns[0])
    named = {int(value) for number in numbers.found(reading) for value in number.values}
    if reading.text and not named & row.articles:
        yield [_start(drafted, row)]


def amount_without_currency(row: FactRow, drafted: Drafted) -> Found:
    """An amount near a word for money, and no currency near it."""
    near = 50
    for column in row.columns:
        reading = drafted.reading(column)
        for number in numbers.found(reading):
            about = reading.low[max(number.start - near, 0) : number.end + near]
            if number.grouped and number.least >= 1000 and first_of(about, words(row.words)):
                first = max(number.start - 20, 0)
                if not numbers.has_currency(Reading(reading.text[first : number.end + 30])):
                    yield [drafted.passage(column, number.start, number.end)]


def provision_not_attached(row: FactRow, drafted: Drafted) -> Found:
    """Provisions cited, and no file that could hold their text."""
    reading = drafted.reading(row.columns[0])
    if numbers.found(reading) and not any(file.kind in HOLDS_LAW for file in drafted.attachments):
        yield [_start(drafted, row)]


# --- people ------------------------------------------------------------------------------------------------------


def name_near(row: FactRow, drafted: Drafted) -> Found:
    """A name that differs by a letter from that of the person."""
    for column in row.columns:
        for start, end in near_names(drafted.reading(column), drafted.request.person_name):
            yield [drafted.passage(column, start, end), drafted.value("person_name")]


def another_in_capacity(row: FactRow, drafted: Drafted) -> Found:
    """`the witness Ion Pop`, where the witness to be heard is somebody else."""
    capacity = drafted.request.capacity
    if capacity is None or capacity.value not in ("witness", "expert", "accused", "suspect"):
        return
    pattern = stems_pattern(words(capacity.value))
    assert pattern is not None, "the table has words for each of these"
    for column in row.columns:
        reading = drafted.reading(column)
        for match in pattern.finditer(reading.low):
            name = _name_after(reading.text, match.end())
            if name and not written_alike(reading.text[name[0] : name[1]], drafted.request.person_name):
                yield [drafted.passage(column, match.start(), name[1]), drafted.value("person_name")]


def _name_after(text: str, at: int) -> tuple[int, int] | None:
    """Two or three words with capital letters that follow a place of the text, by their place."""
    if text[at : at + 1] != " ":
        return None
    end = at + 1
    count = 0
    for word in text[at + 1 : at + 90].split(" ")[:3]:
        bare = word.rstrip(".,;:)")
        if not (bare[:1].isupper() and bare[1:].islower()):
            break
        count += 1
        end += len(bare)
        if bare != word:
            break
        end += 1
    return (at + 1, end) if count > 1 else None


FACT_KINDS: Mapping[str, Check] = {
    check.__name__: check
    for check in (
        *(no_day, no_place, says_nothing_of, speaks_of, one_state, other_articles, amount_without_currency),
        *(provision_not_attached, name_near, another_in_capacity),
    )
}
"""By the kinds of the table."""
