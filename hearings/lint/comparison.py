"""A translation against the request: what the request names and the translation does not. Pure, and linear in both.

What a check cannot know it does not say: a number may be written in words, a name in other letters.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from hearings.languages import language_name, same
from hearings.law.handling.deadlines import relied_on
from hearings.lint import dates, names, numbers
from hearings.lint.passages import copied, other_writing
from hearings.lint.reading import Reading, mark, script_of
from hearings.lint.remarks import Quotation, Remark
from hearings.lint.table import translations
from hearings.models import HearingRequest
from hearings.requests.demands import provisions
from hearings.requests.field_kinds import Line, Lines
from hearings.requests.fields import FIELDS
from hearings.sentences import tell

LONGEST = 120_000
"""Greatest number of characters of a translation that are compared."""
MOST = 8
"""Greatest number of remarks of one kind on one translation."""
SMALL = 12
"""Numbers up to this are often written in words, and are not compared."""
SCANNED = 40
"""Letters below which a file is a picture rather than a text."""
PART = 60
"""Letters of a part of the request below which its absence is not judged."""
SHORT, LONG, SPARE = 0.5, 4.0, 4000
"""Lengths against the request, in letters weighed by their writing; what is above `LONG` by this many letters is long:
the printed request has headings of its own."""
HAN_WEIGHT = 2.8
"""A Chinese character stands for this many letters."""
NAMES = ("person_name", "authority_contact", "persons_conducting")
DAYS = ("person_born", "wanted_by")
APART = frozenset({*NAMES, "case_number", "authority_phone", "authority_mailbox", "penalty_max"})
"""Columns that are compared in a way of their own, or not."""
TEXTS = tuple(
    name
    for name, field in FIELDS.items()
    if isinstance(field.kind, Line | Lines) and field.printed and name not in APART
)
"""Columns whose words are compared."""


@dataclass(frozen=True)
class Translated:
    """A request and the text of its translation into a language (BCP 47). `cut`: whether the file has more of it."""

    request: HearingRequest
    language: str
    text: str
    cut: bool = False

    @cached_property
    def reading(self) -> Reading:
        """The translation."""
        return Reading.of(self.text[:LONGEST])

    @cached_property
    def original(self) -> dict[str, Reading]:
        """The texts of the request, by column."""
        return {name: Reading.of(value) for name in TEXTS if (value := getattr(self.request, name))}

    @cached_property
    def written(self) -> list[dates.WrittenDate]:
        """The dates of the translation."""
        return dates.found(self.reading, self.language)

    @cached_property
    def figures(self) -> list[numbers.WrittenNumber]:
        """The numbers of the translation."""
        return numbers.found(self.reading)

    @cached_property
    def values(self) -> frozenset[str]:
        """Every number of the translation as it may be meant, years of the common era among them."""
        found = {value for number in self.figures for value in number.values}
        return frozenset(found | {str(day[0]) for written in self.written for day in written.days})

    @cached_property
    def days(self) -> frozenset[dates.Day]:
        """Every day of the translation as it may be meant."""
        return frozenset(day for written in self.written for day in written.days)

    def here(self, start: int, end: int) -> Quotation:
        """Words of the translation."""
        return Quotation(place=language_name(self.language), text=self.reading.quote(start, end))

    def there(self, column: str, start: int, end: int) -> Quotation:
        """Words of the request."""
        return Quotation(place=FIELDS[column].label, text=self.original[column].quote(start, end))


def said(
    request: HearingRequest, code: str, language: str, *passages: Quotation, field: str = "translations"
) -> Remark:
    """The remark of a row of the table about a translation."""
    row = translations()[code]
    text = row.text
    cites = provisions("language_of_request", tuple(relied_on(request)))
    return Remark(
        code=code,
        field=field,
        weight=row.weight,
        text=tell(text),
        provision=", ".join(cites),
        language=language,
        passages=passages,
    )


def compare(translated: Translated) -> list[Remark]:
    """What is to be looked at in a translation, each kind of remark at most `MOST` times."""
    letters = sum(sign != " " for sign in translated.reading.writing)
    if letters < SCANNED:
        return [said(translated.request, "translation_scanned", translated.language)]
    cut = translated.cut or len(translated.text) > LONGEST
    found: list[Remark] = [said(translated.request, "translation_cut", translated.language)] if cut else []
    checks = (_script, _untranslated, _length, _case_number, _articles, _names, _days_of_fields, _parts)
    for check in checks:
        if cut and check in (_length, _parts, _case_number, _articles, _names, _days_of_fields):
            continue  # what is not in the first part may be in the rest
        found += list(_first(check(translated)))
    return found


def _first(remarks: Iterable[Remark]) -> Iterator[Remark]:
    count: dict[str, int] = {}
    for remark in remarks:
        count[remark.code] = count.get(remark.code, 0) + 1
        if count[remark.code] <= MOST:
            yield remark


def _script(translated: Translated) -> Iterator[Remark]:
    """Most letters are of another writing than that of the language."""
    sign = mark(script_of(translated.language))
    writing = translated.reading.writing
    letters = len(writing) - writing.count(" ")
    if sign != "?" and writing.count(sign) * 3 < letters:
        first = Quotation(place=language_name(translated.language), text=translated.reading.beginning())
        yield said(translated.request, "translation_other_script", translated.language, first)


def _untranslated(translated: Translated) -> Iterator[Remark]:
    """Passages in another writing, or word for word as in the request."""
    if any(True for _remark in _script(translated)):
        return
    for start, end in other_writing(translated.reading, mark(script_of(translated.language))):
        passage = translated.here(start, end)
        yield said(translated.request, "translation_untranslated", translated.language, passage)
    for column, reading in translated.original.items():
        if not reading.language or same(reading.language, translated.language):
            continue
        for there, here in copied(reading, translated.reading):
            yield said(
                translated.request,
                "translation_untranslated",
                translated.language,
                translated.there(column, *there),
                translated.here(*here),
                field=column,
            )


def _weighed(reading: Reading) -> float:
    """Letters, each weighed by its writing."""
    han = reading.writing.count(mark("Hani"))
    return len(reading.writing) - reading.writing.count(" ") - han + han * HAN_WEIGHT


def _length(translated: Translated) -> Iterator[Remark]:
    """Much shorter or longer than the texts of the request."""
    original, length = sum(map(_weighed, translated.original.values())), _weighed(translated.reading)
    if original > 4 * PART and length < original * SHORT:
        yield said(translated.request, "translation_short", translated.language)
    if length > original * LONG + SPARE:
        yield said(translated.request, "translation_long", translated.language)


def _case_number(translated: Translated) -> Iterator[Remark]:
    """The figures of the case number, one after the other; its letters may be written in others."""
    number = Reading.of(translated.request.case_number)
    wanted = [figures.values for figures in numbers.found(number)]
    if wanted and not all(values & translated.values for values in wanted):
        passage = Quotation(place=FIELDS["case_number"].label, text=number.beginning())
        code = "translation_case_number"
        yield said(translated.request, code, translated.language, passage, field="case_number")


def _articles(translated: Translated) -> Iterator[Remark]:
    """The numbers of the provisions of the offences, small ones too."""
    for number in numbers.found(translated.original.get("offences", Reading(""))):
        if not number.values & translated.values:
            passage = translated.there("offences", number.start, number.end)
            yield said(translated.request, "translation_article", translated.language, passage, field="offences")


def _names(translated: Translated) -> Iterator[Remark]:
    """Names in letters of the language of the translation; in others they are not compared."""
    words, folded_words = set(translated.reading.words), translated.reading.low
    spaced = script_of(translated.language) not in ("Thai", "Hani")
    for column in NAMES:
        for name in getattr(translated.request, column).split("\n"):
            reading = Reading.of(name)
            parts = [part for part in names.tokens(name) if len(part) > 2 or not spaced]
            if not parts or all(part in words or (not spaced and part in folded_words) for part in parts):
                continue
            alike = set(reading.writing) - {" "} <= {mark(script_of(translated.language))}
            if alike and all(_inflected(part, words) for part in parts):
                continue
            near = next(names.near_names(translated.reading, name), None) if alike else None
            code = "translation_name" if alike else "translation_name_not_compared"
            passages = [Quotation(place=FIELDS[column].label, text=reading.beginning())]
            passages += [translated.here(*near)] if near else []
            yield said(translated.request, code, translated.language, *passages, field=column)


def _inflected(part: str, words: set[str]) -> bool:
    """Whether a word of a name stands there with an ending, as several languages put one to names."""
    stem = part[:-1] if len(part) > 4 else part
    return part in words or any(stem + ending in words for ending in ENDINGS)


ENDINGS = (
    *("", "a", "u", "e", "o", "i", "y", "s", "ei", "ul", "ului", "lui"),
    *("а", "я", "у", "ю", "е", "и", "ы", "ом", "ым", "ем", "им", "ои", "ою", "ого", "ому"),
)
"""Endings of names in the nine languages, folded."""


def _days_of_fields(translated: Translated) -> Iterator[Remark]:
    """Days that are fields of their own."""
    for column in DAYS:
        day: date | None = getattr(translated.request, column)
        if day is not None and dates.order(day) not in translated.days:
            passage = Quotation(place=FIELDS[column].label, text=day.isoformat())
            passages = [passage, *_unmatched(translated, dates.order(day))]
            yield said(translated.request, "translation_date", translated.language, *passages, field=column)


def _unmatched(translated: Translated, wanted: dates.Day) -> Sequence[Quotation]:
    """A date of the translation that is in no field of the request, and is of the same year, or else month and day: it
    may be what is meant."""
    known = {day for written in _all_dates(translated) for day in written.days}
    known |= {dates.order(day) for column in DAYS if (day := getattr(translated.request, column)) is not None}
    others = [written for written in translated.written if written.has_month and not written.days & known]
    for parts in (slice(0, 1), slice(1, 3)):
        for written in others:
            if any(day[parts] == wanted[parts] for day in written.days):
                return [translated.here(written.start, written.end)]
    return []


def _all_dates(translated: Translated) -> Iterator[dates.WrittenDate]:
    for reading in translated.original.values():
        yield from dates.found(reading)


def _parts(translated: Translated) -> Iterator[Remark]:
    """The dates and numbers of each text of the request; a text of which nothing is there is named once."""
    for column, reading in translated.original.items():
        missing: list[Remark] = []
        total = 0
        written = dates.found(reading)
        for one in written:
            if not one.has_month:
                continue
            total += 1
            if not one.days & translated.days:
                passages = [translated.there(column, one.start, one.end), *_unmatched(translated, min(one.days))]
                missing.append(
                    said(translated.request, "translation_date", translated.language, *passages, field=column)
                )
        for number in numbers.found(reading):
            inside = any(one.has_month and one.start <= number.start < one.end for one in written)
            if inside or number.least <= SMALL or column == "offences":
                continue
            total += 1
            if not number.values & translated.values and not _as_year(number, translated):
                passage = translated.there(column, number.start, number.end)
                code = "translation_number"
                missing.append(said(translated.request, code, translated.language, passage, field=column))
        if total > 1 and len(missing) == total and len(reading.text) >= PART:
            first = Quotation(place=FIELDS[column].label, text=reading.beginning())
            yield said(translated.request, "translation_part_missing", translated.language, first, field=column)
        else:
            yield from missing


def _as_year(number: numbers.WrittenNumber, translated: Translated) -> bool:
    """Whether a year of another era is there as one of the common era."""
    return any(len(value) == 4 and str(dates.year_of(int(value))) in translated.values for value in number.values)
