"""A text as it is compared: one form of its characters and digits, its words, its script and its likely language. Pure,
and linear in the length of the text whatever it holds.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property

from babel.core import get_global

from hearings.languages import primary
from hearings.texts import folded

NINE = ("ar", "en", "es", "fr", "pt", "ro", "ru", "th", "zh")
"""Languages whose words the remarks know."""
UNSPACED = frozenset({"th", "zh", "ja", "km", "lo", "my"})
"""Languages written without spaces between words."""
SHOWN = 140
"""Greatest number of characters of a passage that is quoted."""
WORD = re.compile(r"[^\W\d_]+")
SCRIPTS = {
    "LATIN": "Latn",
    "CYRILLIC": "Cyrl",
    "ARABIC": "Arab",
    "THAI": "Thai",
    "CJK": "Hani",
    "HIRAGANA": "Hani",
    "KATAKANA": "Hani",
    "HANGUL": "Hang",
    "GREEK": "Grek",
    "HEBREW": "Hebr",
    "DEVANAGARI": "Deva",
    "GEORGIAN": "Geor",
    "ARMENIAN": "Armn",
}
"""ISO 15924 codes by the first word of a character's name; the writings that use Han are one."""
_HAN = {"Hans": "Hani", "Hant": "Hani", "Jpan": "Hani", "Kore": "Hang"}
COMMON_WORDS = {
    "en": "the of and was were by from with that who been which is are to has have",
    "fr": "le les des du et une est que aux dans été pour sur",
    "es": "el los las y una del por fue que con su en",
    "pt": "o os do da dos das e uma em foi não com ao pelo",
    "ro": "și din pe cu care lui au fost prin către unei unui la cel",
    "ru": "и на с по что от из был были к для в",
}
"""Small words that give a language away."""


class _Folding(dict[int, str]):
    """Lower case, ASCII digits, no marks on Latin, Greek, Cyrillic and Arabic letters; one character for one."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        if unicodedata.category(character) == "Nd":
            made = str(unicodedata.decimal(character))
        else:
            made = folded(character)
            made = made if len(made) == 1 else character.lower() if len(character.lower()) == 1 else character
        self[code] = made
        return made


_FOLDING = _Folding()


class _Unhidden(dict[int, str]):
    """The script of each character, as one character; a space for what is no letter."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        letter = unicodedata.category(character).startswith("L")
        name = unicodedata.name(character, "OTHER").split()[0] if letter else ""
        self[code] = made = _MARK.get(SCRIPTS.get(name, "?"), "?") if letter else " "
        return made


_MARK = {script: script[0].lower() if script != "Hang" else "k" for script in dict.fromkeys(SCRIPTS.values())}
_MARK |= {"Geor": "e", "Armn": "m", "Hebr": "b"}
_WRITING = _Unhidden()


def mark(script: str) -> str:
    """The one character that stands for a script in `Reading.writing`; `?` for one not known here."""
    return _MARK.get(script, "?")


def written(text: str) -> str:
    """A text in one form (NFKC) on one line, without characters that are not seen."""
    text = text.replace("\ufffe\r\n", "").replace("\ufffe", "")
    plain = "".join(character for character in text if unicodedata.category(character) not in ("Cf", "Cs", "Cn", "Co"))
    return " ".join(unicodedata.normalize("NFKC", plain).split())


def fold(text: str) -> str:
    """A text for comparing, as long as it is: lower case, ASCII digits, no marks on letters."""
    return text.translate(_FOLDING)


@dataclass(frozen=True)
class Reading:
    """A text that is read. `text` is what is quoted; `low` the same for comparing, character for character."""

    text: str

    @classmethod
    def of(cls, text: str) -> "Reading":
        """The reading of any text."""
        return cls(written(text))

    @cached_property
    def low(self) -> str:
        return fold(self.text)

    @cached_property
    def writing(self) -> str:
        """The script of each character (`mark`), a space for what is no letter."""
        return self.text.translate(_WRITING)

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The words of `low`; of a text without spaces, its stretches of letters."""
        return tuple(WORD.findall(self.low))

    @cached_property
    def language(self) -> str:
        """The likely language of `NINE`; empty if it may be another."""
        letters = {script: self.writing.count(sign) for script, sign in _MARK.items()}
        script = max(letters, key=lambda each: letters[each])
        if script in ("Thai", "Hani", "Arab") and letters[script] * 2 > sum(letters.values()):
            return _unspaced_or_arabic(script, self.text)
        found = {tag: sum(word in small for word in self.words[:2000]) for tag, small in _small_words().items()}
        best = max(found, key=lambda tag: found[tag])
        enough = found[best] >= 2 and found[best] * 12 >= len(self.words[:2000])
        return best if enough and list(found.values()).count(found[best]) == 1 else ""

    def quote(self, start: int, end: int, around: int = 40) -> str:
        """The words about a place of the text."""
        end = min(end, start + SHOWN - 2 * around)
        first, last = max(start - around, 0), min(end + around, len(self.text))
        before = self.text[first:start]
        after = self.text[end:last]
        if first and " " in before:
            before = before[before.index(" ") + 1 :]
        if last < len(self.text) and " " in after:
            after = after[: after.rindex(" ")]
        cut = (len(before) < start, end + len(after) < len(self.text))
        return ("…" if cut[0] else "") + before + self.text[start:end] + after + ("…" if cut[1] else "")

    def beginning(self) -> str:
        """The first words of the text."""
        return self.quote(0, min(60, len(self.text)))


def _unspaced_or_arabic(script: str, text: str) -> str:
    others = {"Thai": "", "Hani": r"[\u3040-\u30ff]", "Arab": "[\u067e\u0686\u06af\u06a9\u06cc\u0679]"}[script]
    if others and re.search(others, text):
        return ""
    return {"Thai": "th", "Hani": "zh", "Arab": "ar"}[script]


@cache
def _small_words() -> Mapping[str, frozenset[str]]:
    return {tag: frozenset(fold(words).split()) for tag, words in COMMON_WORDS.items()}


@cache
def script_of(tag: str) -> str:
    """The script a language is written in (ISO 15924, those with Han as one), by CLDR; empty if it is not known."""
    parts = [part for part in tag.split("-")[1:] if len(part) == 4]
    likely = str(get_global("likely_subtags").get(primary(tag), ""))
    found = parts[0].title() if parts else next((part for part in likely.split("_")[1:] if len(part) == 4), "")
    return _HAN.get(found, found)


def first_of(low: str, stems: Iterable[str]) -> tuple[int, int] | None:
    """The first place of `low` at which a word begins with one of these folded stems, of unspaced writing anywhere."""
    pattern = stems_pattern(tuple(stems))
    found = pattern.search(low) if pattern is not None else None
    return found.span() if found else None


@cache
def stems_pattern(stems: tuple[str, ...]) -> re.Pattern[str] | None:
    """A pattern that finds words by their beginnings; None without stems. Stems of letters that stand alone (Thai, Han)
    and of Arabic, whose articles and prepositions are written together with the word, are found anywhere."""
    if not stems:
        return None
    ways = [re.escape(stem) if _anywhere(stem) else r"(?<![^\W\d_])" + re.escape(stem) for stem in map(fold, stems)]
    return re.compile("|".join(ways))


def _anywhere(stem: str) -> bool:
    first = stem[:1].translate(_WRITING)
    return first in {mark("Thai"), mark("Hani"), mark("Arab")}
