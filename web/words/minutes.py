"""Minutes in the words of the person who reads them: sections, sources, obstacles; and the draft in other languages."""

import copy
import gettext
from collections.abc import Callable, Sequence
from functools import cache

from hearings.minutes.facts import SECTIONS, WHO
from hearings.minutes.passages import Obstacle
from hearings.minutes.phrases import Words, english
from web.words import i18n, roles
from web.words.i18n import N_, _, in_turn, language_here, listed, ngettext, one_by_one

HOWS = {
    "drafted": N_("drafted from what was recorded"),
    "written": N_("written by a person"),
    "translated": N_("translated by {by}"),
    "machine": N_("translated by a machine ({by})"),
}


class _Unknown(gettext.NullTranslations):
    """Says nothing for a message that is not translated."""

    def gettext(self, message: str) -> str:
        return ""

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return ""


@cache
def _catalogue(tag: str) -> gettext.NullTranslations:
    made = copy.copy(i18n.translations(tag))
    made.add_fallback(_Unknown())
    return made


def speakers(tag: str) -> Words:
    """The messages in a language of minutes; None for those this program does not have in it."""
    language = i18n.match(tag)
    if language is None or "hant" in tag.lower():
        return lambda message, plural="", n=1: None
    if language.tag == "en":
        return english
    catalogue = _catalogue(language.tag)

    def said(message: str, plural: str = "", n: int = 1, /) -> str | None:
        return (catalogue.ngettext(message, plural, n) if plural else catalogue.gettext(message)) or None

    return said


def section(name: str) -> str:
    """The heading of a section."""
    return _(SECTIONS[name])


def who(role: str) -> str:
    """Who has to complete it."""
    return roles.label(role) if role in WHO else role


def how(mark: dict[str, str]) -> str:
    """How a text came about."""
    text = _(HOWS.get(mark.get("how", ""), HOWS["drafted"])).format(by=mark.get("by") or "–")
    changed = _("the other language has changed since")
    return f"{text} – {changed}" if mark.get("stale") else text


def sources(found: Sequence[str]) -> str:
    """Where a passage is from: entries of the log by number, data by name, people by part."""
    kinds: dict[str, list[str]] = {}
    for one in found:
        kind, _separator, what = one.partition(":")
        kinds.setdefault(kind, []).append(what)
    said: list[str] = []
    if entries := kinds.get("event"):
        said.append(
            ngettext("log entry {numbers}", "log entries {numbers}", len(entries)).format(numbers=one_by_one(entries))
        )
    if rows := kinds.get("row"):
        said.append(_("data: {names}").format(names=one_by_one(rows)))
    if kinds.get("person"):
        said.append(_("written by hand"))
    if waiting := kinds.get("human"):
        said.append(_("for {who} to write").format(who=listed(who(role) for role in waiting)))
    return in_turn(said)


OBSTACLES: dict[str, Callable[[Obstacle], str]] = {
    "missing": lambda one: _("no text in {language}").format(language=language_here(one.lang)),
    "stale": lambda one: _("the text in {language} is older than the other").format(language=language_here(one.lang)),
    "contradiction": lambda one: _(
        "the text in {language} says that something is still to be completed, the rest does not"
    ).format(language=language_here(one.lang)),
    "open": lambda one: _("still to be completed by {who}").format(who=who(one.who)),
    "correction": lambda one: _("the correction asked for is neither answered nor made in {language}").format(
        language=language_here(one.lang)
    ),
}


def obstacle(one: Obstacle) -> str:
    """Why minutes cannot be read back or signed yet."""
    return OBSTACLES[one.why](one)


def obstructed(one: Obstacle) -> str:
    """What it stands at: the heading of the passage, or a reading back."""
    return section(one.key.split(".")[0]) if one.key else _("Reading back no. {n}").format(n=one.reading)
