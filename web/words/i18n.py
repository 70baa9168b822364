"""Languages: gettext catalogues, the language of a request, and dates that cannot be misread.

Messages are English sentences marked with `_()` (Python, templates) or `t()` (TypeScript); translators work on
`web/locales/<locale>/LC_MESSAGES/vivavoce.po` (`python -m web.words.catalogues` collects the messages). The compiled
`.mo` beside each is a build product; a missing or older one is compiled in memory. What an island says in a language
is a file of the build (deploy/assets.py).

Official times are Gregorian, Latin digits, 24 hours, in every language.
"""

import copy
import gettext as gnu_gettext
import io
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache, reduce
from pathlib import Path
from typing import Literal, Self
from zoneinfo import ZoneInfo

from babel import Locale
from babel.core import UnknownLocaleError
from babel.dates import format_date, format_skeleton
from babel.lists import format_list
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from markupsafe import Markup, escape
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from hearings import languages, reference
from hearings.sentences import N_ as N_
from web.cookies import value as cookie

logger = logging.getLogger("vivavoce.web.words.i18n")

DOMAIN = "vivavoce"
LOCALES = Path(__file__).parents[1] / "locales"
COOKIE = "vivavoce_language"


@dataclass(frozen=True)
class Language:
    """A language the pages are offered in."""

    tag: str
    """BCP 47, for `lang` attributes and `Accept-Language`."""
    locale: str
    """Name of the Babel locale and of the folder of the catalogue."""
    name: str
    """The language's own name, in its own script."""
    direction: str = "ltr"
    variant: str = ""
    """Name of the Babel locale for dates and the names of States, languages and cities, where it is not `locale`."""

    @property
    def cldr(self) -> str:
        """Name of the Babel locale for dates and names."""
        return self.variant or self.locale

    @property
    def comma(self) -> str:
        """The separator of a list without "and" or "or"."""
        return languages.comma(self.tag)


LANGUAGES: dict[str, Language] = {
    language.tag: language
    for language in (
        Language("en", "en_GB", "English"),
        Language("fr", "fr", "Français"),
        Language("es", "es", "Español"),
        Language("ru", "ru", "Русский"),
        Language("ar", "ar", "العربية", "rtl"),
        Language("zh-Hans", "zh_Hans", "简体中文"),
        Language("th", "th", "ไทย"),
        Language("pt", "pt", "Português", variant="pt_PT"),
        Language("ro", "ro", "Română"),
    )
}
DEFAULT = LANGUAGES["en"]

MEANT = "\x04"
"""The separator of context and message in compiled catalogues."""

current: ContextVar[Language] = ContextVar("vivavoce_language", default=DEFAULT)
"""The language of the request that is being answered, of the running task."""


@contextmanager
def speaking(tag: str) -> Iterator[None]:
    """Context manager: within it `current` is the language with this tag, for what is sent outside a request."""
    token = current.set(LANGUAGES.get(tag, DEFAULT))
    try:
        yield
    finally:
        current.reset(token)


def _(message: str) -> str:
    """The translation of a message into the language of the request; of one marked with `NP_`, in its context."""
    context, meant, text = message.rpartition(MEANT)
    if meant:
        return pgettext(context, text)
    return translations(current.get().tag).gettext(message) if message else ""


def ngettext(singular: str, plural: str, n: int) -> str:
    """The translation of a message for `n` things into the language of the request."""
    return translations(current.get().tag).ngettext(singular, plural, n)


def pgettext(context: str, message: str) -> str:
    """The translation of a message whose meaning depends on `context`."""
    return translations(current.get().tag).pgettext(context, message)


def NP_(context: str, message: str) -> str:  # noqa: N802  `N_` of `pgettext`
    """Marks a message that has another meaning elsewhere by a `context`. Its result is displayed by `_()` only."""
    return context + MEANT + message


@cache
def translations(tag: str) -> gnu_gettext.NullTranslations:
    """The compiled catalogue of a language. For English, and where there is none, messages stay as they are."""
    source = LOCALES / LANGUAGES[tag].locale / "LC_MESSAGES" / f"{DOMAIN}.po"
    compiled = source.with_suffix(".mo")
    if compiled.exists() and (not source.exists() or compiled.stat().st_mtime >= source.stat().st_mtime):
        with compiled.open("rb") as file:
            return gnu_gettext.GNUTranslations(file)
    if not source.exists():
        return gnu_gettext.NullTranslations()
    buffer = io.BytesIO()
    write_mo(buffer, _read(source))
    buffer.seek(0)
    return gnu_gettext.GNUTranslations(buffer)


class _Unknown(gnu_gettext.NullTranslations):
    """A fallback that returns an empty string for a message that is not translated."""

    def gettext(self, message: str) -> str:
        return ""

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return ""


def is_translated(tag: str, message: str, plural: str = "") -> bool:
    """Whether a language that is offered has the message; English has them all."""
    if tag == DEFAULT.tag:
        return True
    strict = copy.copy(translations(tag))
    strict.add_fallback(_Unknown())
    return bool(strict.ngettext(message, plural, 1) if plural else strict.gettext(message))


def _read(source: Path) -> Catalog:
    with source.open("rb") as file:
        return read_po(file, locale=source.parent.parent.name, domain=DOMAIN)


def choose(cookies: str, accept: str) -> Language:
    """The person's own choice if there is one, else the first language of the browser that is offered."""
    chosen = cookie(cookies, COOKIE)
    if chosen in LANGUAGES:
        return LANGUAGES[chosen]
    for tag in _accepted(accept):
        language = match(tag)
        if language is not None:
            return language
    return DEFAULT


def match(tag: str) -> Language | None:
    """The offered language for a tag: `pt-BR` is answered in `pt`, any Chinese in Simplified Chinese."""
    primary = tag.split("-")[0].lower()
    if primary == "zh":
        return LANGUAGES["zh-Hans"]
    return LANGUAGES.get(primary)


def _accepted(header: str) -> list[str]:
    weighted: list[tuple[float, str]] = []
    for part in header[:1000].split(",")[:20]:
        tag, _separator, quality = part.strip().partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            continue
        if tag and 0 < weight <= 1:
            weighted.append((-weight, tag))
    return [tag for _weight, tag in sorted(weighted, key=lambda pair: pair[0])]


class LanguageMiddleware:
    """Sets `current` for each request, and says in the answer which language it is in."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            headers = Headers(scope=scope)
            current.set(choose(headers.get("cookie", ""), headers.get("accept-language", "")))
        await self.app(scope, receive, send)


# --- dates and names ---------------------------------------------------------------------------------------------


def wall(at: datetime, zone: str) -> datetime:
    """The wall time of an instant in a zone. Raises ValueError for a datetime without a zone."""
    if at.tzinfo is None:
        raise ValueError("naive datetime")
    return at.astimezone(ZoneInfo(zone))


def clock(at: datetime, zone: str) -> str:
    """`14:00`."""
    return wall(at, zone).strftime("%H:%M")


def precise_clock(at: datetime, zone: str) -> str:
    """`14:05:09`, with seconds."""
    return wall(at, zone).strftime("%H:%M:%S")


def offset(at: datetime, zone: str) -> str:
    """`UTC+07:00`."""
    delta = wall(at, zone).utcoffset() or timedelta()
    minutes = int(delta.total_seconds() // 60)
    sign = "-" if minutes < 0 else "+"
    return f"UTC{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def long_date(at: datetime, zone: str) -> str:
    """`Thursday 3 December 2026` in the language of the request; the month in words, Gregorian, Latin digits."""
    language = current.get()
    shape = "EEEE d MMMM y" if language.tag in ("en", "fr", "ro", "ru") else "full"
    return format_date(wall(at, zone).date(), shape, locale=language.cldr)


def weekday(at: datetime, zone: str) -> str:
    """`Thu` in the language of the request."""
    return format_date(wall(at, zone).date(), "ccc", locale=current.get().cldr)


def day(on: date) -> str:
    """`3 December 2026` in the language of the request."""
    return format_date(on, "d MMMM y", locale=current.get().cldr)


def full_day(on: date) -> str:
    """`3 December 2026`, `3 de diciembre de 2026`: a day in full, as the language of the request writes it."""
    return format_date(on, "long", locale=current.get().cldr)


def month_name(first: date) -> str:
    """`December 2026` in the language of the request."""
    return format_skeleton("yMMMM", datetime.combine(first, time(), UTC), locale=current.get().cldr)


def short_day(at: datetime, zone: str, now: datetime | None = None) -> str:
    """`3 Dec` in the language of the request; with the year where it is not that of `now`."""
    language, local = current.get(), wall(at, zone)
    year = now is not None and wall(now, zone).year != local.year
    if language.tag == "en":
        return format_date(local.date(), "d MMM y" if year else "d MMM", locale=language.cldr)
    return format_skeleton("yMMMd" if year else "MMMd", local, locale=language.cldr)


def short_weekday(on: date) -> str:
    """`Thu 3 Dec` in the language of the request."""
    language = current.get()
    if language.tag in ("en", "fr", "ro", "ru"):
        return format_date(on, "EEE d MMM", locale=language.cldr)
    return format_skeleton("MMMEd", datetime.combine(on, time(), UTC), locale=language.cldr)


def span(begins: datetime, ends: datetime, zone: str) -> str:
    """`Thursday 3 December 2026 14:00–15:30 UTC+07:00`; both ends whole when day or offset is another at the end.
    The clock's part is isolated (U+2066, U+2069), so that no script turns it round."""

    def moment(at: datetime, times: str) -> str:
        return f"{long_date(at, zone)} \u2066{times} {offset(at, zone)}\u2069"

    first, last = clock(begins, zone), clock(ends, zone)
    same = wall(begins, zone).date() == wall(ends, zone).date() and offset(begins, zone) == offset(ends, zone)
    return moment(begins, f"{first}–{last}") if same else f"{moment(begins, first)} – {moment(ends, last)}"


def machine_time(at: datetime) -> str:
    """ISO 8601 in UTC, for `datetime` attributes."""
    return wall(at, "UTC").strftime("%Y-%m-%dT%H:%M:%SZ")


def language_name(tag: str) -> str:
    """A language in its own name, or the tag when it is unknown."""
    if tag in LANGUAGES:
        return LANGUAGES[tag].name
    try:
        name = Locale.parse(tag, sep="-").get_display_name(tag.replace("-", "_"))
    except (ValueError, UnknownLocaleError):
        return languages.name(tag)
    return name or tag


def language_here(tag: str) -> str:
    """A language named in the language of the request."""
    here = Locale.parse(current.get().cldr)
    try:
        return Locale.parse(tag, sep="-").get_display_name(here) or tag
    except (ValueError, UnknownLocaleError):
        return languages.name(tag, current.get().cldr)


class StateWord(str):
    """The name of a State. In a message `{state:of}` is its form in a sentence, `{state}` the bare name.

    The forms are the columns of hearings/data/state_forms.csv: `the` (with its article), `of`, `in`, `to`; the last
    three with what the language puts before the name. The translation of a message with a form may use another one.
    """

    __slots__ = ("forms",)
    forms: Mapping[str, str]

    def __new__(cls, name: str, forms: Mapping[str, str]) -> Self:
        made = super().__new__(cls, name)
        made.forms = forms
        return made

    def __getnewargs__(self) -> tuple[str, Mapping[str, str]]:  # type: ignore[override]
        return str(self), self.forms

    def __format__(self, form: str) -> str:
        if form not in ("the", "of", "in", "to"):
            return super().__format__(form)
        return self.forms.get(form, str(self)).replace("{name}", self)

    def mapped(self, how: Callable[[str], str]) -> "StateWord":
        """The same name with each of its forms passed through a function, such as one that escapes."""
        return StateWord(str(how(str(self))), {form: str(how(text)) for form, text in self.forms.items()})


def state_name(code: str) -> str:
    """A State by its ISO 3166-1 code, in the language of the request."""
    name = Locale.parse(current.get().cldr).territories.get(code)
    if name is None and (known := reference.jurisdictions().get(code)) is not None:
        name = known.name
    return str(name or code)


def state_word(code: str) -> StateWord:
    """`state_name` for a sentence, in which a form of the name may stand."""
    language, forms = current.get(), reference.state_forms()
    return StateWord(state_name(code), forms.get((language.tag, code)) or forms.get((language.tag, "*"), {}))


def decimal(value: float, places: int = 0) -> str:
    """A number with at most so many decimals, as the language of the request writes it, in Latin digits."""
    shape = "#,##0" + ("." + "#" * places if places else "")
    return format_decimal(round(value, places), shape, locale=current.get().locale, numbering_system="latn")


@cache
def _zones() -> frozenset[str]:
    """The zones of the States that were known first; those of States added since are looked at when needed."""
    return frozenset(zone for row in reference.jurisdictions().values() for zone in row.zones)


@lru_cache(maxsize=4)
def _cities(zones: frozenset[str]) -> dict[str, dict[str, str]]:
    """By each name of a city, its name in each language: of the cities that time zones are named after, from CLDR, and
    of those in data/cities.yaml."""
    named: list[dict[str, str]] = []
    for zone in sorted(zones):
        english = zone.split("/")[-1].replace("_", " ")
        names: dict[str, str] = {
            tag: Locale.parse(language.cldr).time_zones.get(zone, {}).get("city", english)
            for tag, language in LANGUAGES.items()
        }
        named.append(names | {"own": english})
    for english, given in reference.cities().items():
        named.append(dict.fromkeys(LANGUAGES, given["own"]) | {"en": english, **given})
    return {form.casefold(): names for names in named for form in names.values()}


def city_here(name: str) -> str:
    """A city in the language of the request, in whatever language it was entered; an unknown one as it was entered."""
    folded = name.strip().casefold()
    names = _cities(_zones()).get(folded)
    if names is None:
        names = _cities(frozenset(zone for row in reference.jurisdictions().values() for zone in row.zones)).get(folded)
    return (names or {}).get(current.get().tag, name)


def zone_city(zone: str) -> str:
    """The city a time zone is named after, in the language of the request."""
    return city_here(zone.rpartition("/")[2].replace("_", " "))


def listed(parts: Iterable[str], how: Literal["standard", "or"] = "standard") -> str:
    """`Anna, Ben and Chris` in the language of the request; with `or`, `Anna, Ben or Chris`. Empty for nothing."""
    return format_list(list(parts), how, locale=current.get().cldr)


def one_by_one(parts: Iterable[str]) -> str:
    """`VP8, H.264` with the comma of the language of the request, where neither "and" nor "or" is meant."""
    return current.get().comma.join(parts)


def in_turn(parts: Iterable[str]) -> str:
    """`A, B; C` with the semicolon of the language of the request: for parts that may hold commas."""
    texts = list(parts)
    return (
        reduce(lambda before, after: _("{before}; {after}").format(before=before, after=after), texts) if texts else ""
    )


def about(name: str, text: str) -> str:
    """`Name: text`, with the colon of the language of the request; markup if one of the two is markup."""
    message = _("{field}: {value}")
    message = Markup(escape(message)) if isinstance(name, Markup) or isinstance(text, Markup) else message
    return message.format(field=name, value=text)
