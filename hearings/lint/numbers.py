"""Numbers written in a text, in any digits and with any separators of thousands. Pure."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from babel import Locale, units
from babel.numbers import get_territory_currencies

from hearings.lint.dates import han_number
from hearings.lint.reading import NINE, WORD, Reading, fold, written

MOST = 4000
"""Greatest number of numbers of a text that are looked at."""
NUMBER = re.compile(r"(?<!\d)(?:\d{1,3}(?:[ .,'’\u066c]\d{3}){1,5}(?!\d)|\d{1,18})(?:[.,\u066b]\d{1,2}(?!\d))?")
MULTIPLES = {
    "万": 10_000,
    "萬": 10_000,
    "百万": 1_000_000,
    "亿": 100_000_000,
    "ล้าน": 1_000_000,
    "مليون": 1_000_000,
    "миллион": 1_000_000,
    "млн": 1_000_000,
    "million": 1_000_000,
    "millon": 1_000_000,
    "milhao": 1_000_000,
    "milhoes": 1_000_000,
    "milion": 1_000_000,
}
"""Words after a number by which it is multiplied, folded."""
_MULTIPLE = re.compile(r" ?(?:de |دي )?(" + "|".join(sorted(MULTIPLES, key=len, reverse=True)) + ")")
_ARTICLE = re.compile(r"第 ?([零〇一二三四五六七八九十百千两]{1,9}) ?[条條款项項]")
EVERYDAY = frozenset(
    {"euros", "euro", "lei", "leu", "dollars", "dollar", "roubles", "rubles", "rub", "baht", "yuan", "rmb"}
)
UNSPACED_MONEY = (
    "บาท",
    "ดอลลาร์",
    "ยูโร",
    "元",
    "美元",
    "欧元",
    "人民币",
    "英镑",
    "دولار",
    "يورو",
    "دينار",
    "درهم",
    "ريال",
)
"""Money in writings that put no space before it."""
STEM = 4
"""Letters by which the name of a currency is known."""
_LIMIT = 14
"""Characters after a number that are read."""


@dataclass(frozen=True, kw_only=True)
class WrittenNumber:
    """A number in a text. `values`: its digits as it may be meant, with the separator read as of thousands or not."""

    values: frozenset[str]
    start: int
    end: int
    grouped: bool
    """Whether its thousands are set apart, or it is counted in millions."""

    @property
    def least(self) -> int:
        """The smallest of what it may mean."""
        return min(int(value) for value in self.values)


def found(reading: Reading) -> list[WrittenNumber]:
    """The numbers of a text in figures, in their order, and those of Chinese articles in words."""
    numbers = []
    for count, match in enumerate(NUMBER.finditer(reading.low)):
        if count == MOST:
            break
        numbers.append(_number(reading.low, match))
    for match in _ARTICLE.finditer(reading.low):
        value = frozenset({str(han_number(match[1]))})
        numbers.append(WrittenNumber(values=value, start=match.start(1), end=match.end(1), grouped=False))
    return numbers


def _number(low: str, match: re.Match[str]) -> WrittenNumber:
    text = match[0]
    digits = re.sub(r"\D", "", text)
    values = {digits.lstrip("0") or "0"}
    parts = re.split(r"\D", text)
    if len(parts) > 1 and len(parts[-1]) < 3:
        values.add("".join(parts[:-1]).lstrip("0") or "0")
    grouped = len(parts) > 1 and any(len(part) == 3 for part in parts[1:])
    times = _MULTIPLE.match(low, match.end(), match.end() + _LIMIT)
    if times:
        fraction = parts[-1] if len(parts) > 1 and not grouped else ""
        whole = "".join(parts[:-1]) if fraction else digits
        values.add(str(int(whole) * MULTIPLES[times[1]] + _fraction(fraction, MULTIPLES[times[1]])))
    return WrittenNumber(
        values=frozenset(values), start=match.start(), end=match.end(), grouped=grouped or times is not None
    )


def _fraction(digits: str, multiple: int) -> int:
    return int(digits) * multiple // 10 ** len(digits) if digits else 0


@cache
def _years_words() -> tuple[str, ...]:
    """How the nine languages write "years" after a number (CLDR)."""
    words = {"ปี", "年"}  # CLDR has no counted form of these under their languages alone
    for tag in NINE:
        for number in (1, 2, 3, 5, 11, 21):
            text = fold(written(units.format_unit(number, "duration-year", length="long", locale=Locale.parse(tag))))
            word = re.sub(r"\d+", "", text).strip()
            words.add(word)
    return tuple(sorted((word for word in words if word and "-" not in word), key=len, reverse=True))


@cache
def _currency_words() -> frozenset[str]:
    """Codes, and the beginnings of the names in the nine languages, of the currencies of today (CLDR), folded."""
    codes = {code for state in map(str, Locale.parse("en").territories) for code in get_territory_currencies(state)}
    found = {fold(code) for code in codes} | EVERYDAY
    for tag in NINE:
        named = Locale.parse(tag).currencies
        nouns = (word for code in codes & named.keys() for word in WORD.findall(fold(written(named[code]))))
        found |= {word[:STEM] for word in nouns if len(word) >= STEM}
    return frozenset(found)


def has_currency(reading: Reading) -> bool:
    """Whether a text names a currency: by its sign, its code or its name."""
    if any(unicodedata.category(character) == "Sc" for character in reading.text):
        return True
    known = _currency_words()
    return any({word, word[:STEM]} & known for word in reading.words) or any(
        sign in reading.low for sign in UNSPACED_MONEY
    )


def in_years(reading: Reading) -> Iterator[tuple[int, int, int]]:
    """The numbers of years a text names in figures, with their places."""
    words = "|".join(re.escape(word) for word in _years_words())
    for match in re.finditer(rf"(?<![\d.,])(\d{{1,2}}) ?(?:\(\w{{1,20}}\) ?)?(?:{words})", reading.low):
        yield int(match[1]), match.start(), match.end()
