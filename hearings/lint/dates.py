"""Days written in a text: in figures or with the names of months, as the nine languages and that of the text write
them, in any digits, by the Buddhist era too (CLDR). Pure; the time is bounded by `MOST`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

from babel import Locale, UnknownLocaleError

from hearings.languages import primary
from hearings.lint.reading import NINE, Reading, fold, written

MOST = 1500
"""Greatest number of years of a text that are looked at."""
BUDDHIST = 543
"""Years by which the Buddhist era is ahead."""
FIRST, LAST = 1900, 2100
LOCALES = (*NINE, "ar_MA", "ar_LB", "ar_DZ")
"""The Maghreb and the Levant have names of months of their own."""
PREPOSITIONAL = (
    *("январе", "феврале", "марте", "апреле", "мае", "июне"),
    *("июле", "августе", "сентябре", "октябре", "ноябре", "декабре"),
)
"""Russian months after "in", which CLDR does not have."""
BEFORE, AFTER = 44, 14
"""How many characters about a year are read."""

Day = tuple[int, int, int]
"""Year, month, day; 0 is unsaid."""


def order(day: date) -> Day:
    """A day as year, month and day."""
    return day.year, day.month, day.day


@dataclass(frozen=True, kw_only=True)
class WrittenDate:
    """A date in a text. `days`: what it may mean, several where day and month can be told apart by nobody."""

    days: frozenset[Day]
    start: int
    end: int

    @property
    def whole(self) -> bool:
        """Whether it names a day."""
        return all(day[2] for day in self.days)

    @property
    def has_month(self) -> bool:
        """Whether it names more than a year."""
        return all(day[1] for day in self.days)


@cache
def months(tag: str = "") -> dict[str, int]:
    """Folded names and abbreviations of months, those of the nine languages and of one more."""
    found: dict[str, int] = {}
    for name in (*LOCALES, *([primary(tag)] if tag else [])):
        try:
            named = Locale.parse(name).months
        except (UnknownLocaleError, ValueError):
            continue
        for context, width in (
            *(("format", "wide"), ("stand-alone", "wide"), ("format", "abbreviated"), ("stand-alone", "abbreviated")),
        ):
            for number, month in named.get(context, {}).get(width, {}).items():
                text = fold(written(month)).rstrip(".")
                if not text[:1].isdigit() and len(text) > 2:
                    found.setdefault(text, number)
    found |= {fold(month): number for number, month in enumerate(PREPOSITIONAL, 1)}
    return found


_D = r"(?<!\d)(\d{1,2})"
_SMALL = r"(?:er|ere|st|nd|rd|th|º|ª|o|a|-?го|-?е|\.)?"
_JOIN = r"[ ,.]{0,2}(?:(?:de|del|anul|an|г|года|of|in|في|من|عام|سنه|سنة|لعام|พ\.ศ\.|ค\.ศ\.|พศ|ปี)[ .]{0,2}){0,2}"
_ISO = re.compile(r" ?([-./])(\d{1,2})\1(\d{1,2})(?!\d)")
_HAN = re.compile(r" ?年 ?(\d{1,2}) ?月(?: ?(\d{1,2}) ?[日号])?")
_FIGURES = re.compile(_D + r" ?([-./]) ?(\d{1,2}) ?\2 ?$")


@dataclass(frozen=True)
class _Patterns:
    """What may stand before a year."""

    day_first: re.Pattern[str]
    month_first: re.Pattern[str]
    end: re.Pattern[str]
    """A day or month without a year before the date of which it has the year."""


@cache
def _patterns(tag: str) -> _Patterns:
    names = "|".join(re.escape(name) for name in sorted(months(tag), key=len, reverse=True))
    month = rf"(?<![a-z\u0400-\u04ff])({names})\.?"  # other writings put words together
    day = rf"(?:{_D}{_SMALL}[ -]{{0,2}}(?:(?:de|ال|of) )?)?[ -]?{month}"
    return _Patterns(
        re.compile(rf"{day}-?{_JOIN}$"),
        re.compile(rf"{month} ?(?:\d{{1,2}} ?[-–] ?)?(\d{{1,2}})(?:st|nd|rd|th)?,? ?$"),
        re.compile(rf"{day}[^\d.;。]{{0,14}}$"),
    )


_HAN_END = re.compile(r" ?[至到和、—–-]+ ?(\d{1,2}) ?月(?: ?(\d{1,2}) ?[日号])?")
_YEAR = re.compile(r"(?<!\d)(\d{4})(?!\d)")
_NUMERALS = "〇一二三四五六七八九"
_IN_HAN = re.compile(
    r"([〇○零一二三四五六七八九]{4})年(?:([一二三四五六七八九十]{1,3})月(?:([一二三四五六七八九十]{1,3})日)?)?"
)


def han_number(text: str) -> int:
    """A Chinese number below ten thousand, such as 二百一十; 0 for none."""
    total = digit = 0
    for character in text.replace("○", "〇").replace("零", "〇").replace("两", "二"):
        if character in _NUMERALS:
            digit = _NUMERALS.index(character)
        else:
            total += (digit or 1) * {"十": 10, "百": 100, "千": 1000}.get(character, 0)
            digit = 0
    return total + digit


def year_of(number: int) -> int:
    """The year of the common era that a number of four digits means; 0 for none."""
    if FIRST + BUDDHIST <= number <= LAST + BUDDHIST:
        return number - BUDDHIST
    return number if FIRST <= number <= LAST else 0


def _possible(year: int, pairs: Sequence[tuple[int, int]]) -> frozenset[Day]:
    return frozenset((year, month, day) for month, day in pairs if 1 <= month <= 12 and 0 <= day <= 31)


def found(reading: Reading, tag: str = "") -> list[WrittenDate]:
    """The dates of a text, in their order; years alone too. `tag`: the language of the text, where it is known."""
    dates: list[WrittenDate] = []
    for number, match in enumerate(_YEAR.finditer(reading.low)):
        if number == MOST:
            break
        if year := year_of(int(match[1])):
            dates.append(written := _about(reading.low, year, match.start(), match.end(), tag))
            dates += _other_end(reading.low, year, written, tag)
    dates += _in_han(reading.low)
    return sorted(dates, key=lambda written: written.start)


def _in_han(low: str) -> Iterator[WrittenDate]:
    """Dates in Chinese numerals."""
    for match in _IN_HAN.finditer(low):
        digits = match[1].replace("○", "〇").replace("零", "〇")
        year = year_of(int("".join(str(_NUMERALS.index(digit)) for digit in digits)))
        days = _possible(year, [(han_number(match[2]), han_number(match[3] or ""))]) if match[2] else {(year, 0, 0)}
        if year and days:
            yield WrittenDate(days=frozenset(days), start=match.start(), end=match.end())


def _other_end(low: str, year: int, written: WrittenDate, tag: str) -> Iterator[WrittenDate]:
    """The other end of a period whose year is written once: `3 March` of "3 March to 5 June 2025", 6月5日 of
    "2025年3月3日至6月5日"."""
    if not written.has_month:
        return
    before, after = low[max(written.start - BEFORE, 0) : written.start], low[written.end : written.end + AFTER]
    if match := _patterns(tag).end.search(before):
        days = _possible(year, [(months(tag)[match[2]], int(match[1] or 0))])
        start = written.start - len(before) + match.start()
        end = start + len(match[0])
    elif match := _HAN_END.match(after):
        days = _possible(year, [(int(match[1]), int(match[2] or 0))])
        start, end = written.end + match.start(1), written.end + match.end()
    else:
        return
    if days:
        yield WrittenDate(days=days, start=start, end=end)


def _about(low: str, year: int, start: int, end: int, tag: str) -> WrittenDate:
    """The date a year belongs to."""
    before, after = low[max(start - BEFORE, 0) : start], low[end : end + AFTER]
    patterns = _patterns(tag)
    if match := _ISO.match(after):
        days = _possible(year, [(int(match[2]), int(match[3]))])
        start, end = (start, end + match.end()) if days else (start, end)
    elif match := _HAN.match(after):
        days = _possible(year, [(int(match[1]), int(match[2] or 0))])
        start, end = (start, end + match.end()) if days else (start, end)
    elif match := _FIGURES.search(before):
        one, two = int(match[1]), int(match[3])
        days = _possible(year, [(two, one), (one, two)])
        start = start - (len(before) - match.start()) if days else start
    elif match := patterns.month_first.search(before):
        days = _possible(year, [(months(tag)[match[1]], int(match[2]))])
        start = start - (len(before) - match.start())
    elif match := patterns.day_first.search(before):
        days = _possible(year, [(months(tag)[match[2]], int(match[1] or 0))])
        start = start - (len(before) - match.start())
    else:
        days = frozenset()
    return WrittenDate(days=days or frozenset({(year, 0, 0)}), start=start, end=end)
