"""Languages: gettext catalogues, the language of a request, and dates that cannot be misread.

Messages are English sentences marked with `_()` (Python, templates) or `t()` (TypeScript); translators work on
`web/locales/<locale>/LC_MESSAGES/vivavoce.po` (`python -m web.words.catalogues` collects the messages). The compiled
`.mo` beside each is a build product; a missing or older one is compiled in memory. Islands fetch their language as
JSON.

Official times are Gregorian, Latin digits, 24 hours, in every language.
"""

import gettext as gnu_gettext
import io
import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, reduce
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from babel import Locale
from babel.core import UnknownLocaleError
from babel.dates import format_date
from babel.lists import format_list
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from markupsafe import Markup, escape
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from hearings import languages
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
    plural: tuple[str, ...] = ("one", "other")
    """CLDR category of each gettext plural form, in the order of the `.po` file."""

    @property
    def comma(self) -> str:
        """What stands between things that are only told one after the other."""
        return languages.comma(self.tag)


LANGUAGES: dict[str, Language] = {
    language.tag: language
    for language in (
        Language("en", "en_GB", "English"),
        Language("fr", "fr", "Français"),
        Language("es", "es", "Español"),
        Language("ru", "ru", "Русский", plural=("one", "few", "many")),
        Language("ar", "ar", "العربية", "rtl", ("zero", "one", "two", "few", "many", "other")),
        Language("zh-Hans", "zh_Hans", "简体中文", plural=("other",)),
        Language("th", "th", "ไทย", plural=("other",)),
        Language("pt", "pt", "Português"),
        Language("ro", "ro", "Română", plural=("one", "few", "other")),
    )
}
DEFAULT = LANGUAGES["en"]

MEANT = "\x04"
"""Between context and message, as in compiled catalogues."""

current: ContextVar[Language] = ContextVar("vivavoce_language", default=DEFAULT)
"""The language of the request that is being answered."""


@contextmanager
def speaking(tag: str) -> Iterator[None]:
    """In the language with this tag, for what is sent outside a request."""
    token = current.set(LANGUAGES.get(tag, DEFAULT))
    try:
        yield
    finally:
        current.reset(token)


def _(message: str) -> str:
    """The message in the language of the request; one marked with `NP_` as it is meant there."""
    context, meant, text = message.rpartition(MEANT)
    if meant:
        return pgettext(context, text)
    return translations(current.get().tag).gettext(message) if message else ""


def ngettext(singular: str, plural: str, n: int) -> str:
    """The message for `n` things in the language of the request."""
    return translations(current.get().tag).ngettext(singular, plural, n)


def pgettext(context: str, message: str) -> str:
    """The message as meant in `context`."""
    return translations(current.get().tag).pgettext(context, message)


def say(tag: str, message: str) -> str:
    """The message in the language with this tag, or its nearest that is offered; for what is sent outside a request."""
    return translations((match(tag) or DEFAULT).tag).gettext(message)


def N_(message: str) -> str:  # noqa: N802  gettext's own name for "extract, translate later"
    """Mark a message for translators; `_()` translates it where it is shown."""
    return message


def NP_(context: str, message: str) -> str:  # noqa: N802  `N_` of `pgettext`
    """Mark a message with another meaning elsewhere: as meant in `context`. Only `_()` may show what this gives."""
    return context + MEANT + message


@cache
def translations(tag: str) -> gnu_gettext.NullTranslations:
    """The compiled catalogue of a language; English and a missing catalogue give the message itself."""
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
    """The wall time of an instant in a zone; refuses a naive one."""
    if at.tzinfo is None:
        raise ValueError("naive datetime")
    return at.astimezone(ZoneInfo(zone))


def clock(at: datetime, zone: str) -> str:
    """`14:00`."""
    return wall(at, zone).strftime("%H:%M")


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
    return format_date(wall(at, zone).date(), shape, locale=language.locale)


def day(on: date) -> str:
    """`3 December 2026` in the language of the request."""
    return format_date(on, "d MMMM y", locale=current.get().locale)


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
        return tag
    return name or tag


def language_here(tag: str) -> str:
    """A language named in the language of the request."""
    here = Locale.parse(current.get().locale)
    try:
        return Locale.parse(tag, sep="-").get_display_name(here) or tag
    except (ValueError, UnknownLocaleError):
        return tag


def state_name(code: str) -> str:
    """A State by its ISO 3166-1 code, in the language of the request."""
    return str(Locale.parse(current.get().locale).territories.get(code, code))


def listed(parts: Iterable[str], how: Literal["standard", "or"] = "standard") -> str:
    """`Anna, Ben and Chris` in the language of the request; with `or`, `Anna, Ben or Chris`. Empty for nothing."""
    return format_list(list(parts), how, locale=current.get().locale)


def one_by_one(parts: Iterable[str]) -> str:
    """`VP8, H.264` with the comma of the language of the request, where neither "and" nor "or" is meant."""
    return current.get().comma.join(parts)


def in_turn(parts: Iterable[str]) -> str:
    """`A, B; C` with the semicolon of the language of the request: for parts that may hold commas."""
    told = list(parts)
    return reduce(lambda before, after: _("{before}; {after}").format(before=before, after=after), told) if told else ""


def about(name: str, text: str) -> str:
    """`Name: text`, with the colon of the language of the request; markup when one of the two is."""
    message = _("{field}: {value}")
    message = Markup(escape(message)) if isinstance(name, Markup) or isinstance(text, Markup) else message
    return message.format(field=name, value=text)


# --- for islands ------------------------------------------------------------------------------------------------------


@cache
def catalogue(tag: str) -> dict[str, object]:
    """What an island needs: every translated message, plural forms by CLDR category."""
    language = LANGUAGES[tag]
    source = LOCALES / language.locale / "LC_MESSAGES" / f"{DOMAIN}.po"
    messages: dict[str, str | Mapping[str, str]] = {}
    if source.exists():
        for entry in _read(source):
            if not entry.id or not entry.string or entry.fuzzy or entry.context:  # TypeScript has no contexts
                continue
            if isinstance(entry.id, tuple | list):
                if all(entry.string):
                    messages[entry.id[0]] = dict(zip(language.plural, entry.string, strict=True))
            else:
                messages[entry.id] = str(entry.string)
    return {"lang": language.tag, "dir": language.direction, "messages": messages}
