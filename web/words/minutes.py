"""Texts of minutes in the reader's language: sections, sources, obstacles."""

from collections.abc import Callable, Sequence

from hearings.minutes.facts import SECTIONS, WHO
from hearings.minutes.passages import Obstacle
from web.words import roles
from web.words.i18n import N_, _, in_turn, language_here, listed, ngettext, one_by_one

HOWS = {
    "drafted": N_("drafted from the log"),
    "written": N_("written by a person"),
    "translated": N_("translated by {by}"),
    "machine": N_("translated by a machine ({by})"),
}


def section(name: str) -> str:
    """The heading of a section."""
    return _(SECTIONS[name])


def who(role: str) -> str:
    """The role that has to complete a passage."""
    return roles.label(role) if role in WHO else role


def how(mark: dict[str, str]) -> str:
    """How a text was made, and whether the other language has changed since."""
    text = _(HOWS.get(mark.get("how", ""), HOWS["drafted"])).format(by=mark.get("by") or "–")
    changed = _("the other language has changed since")
    return f"{text} – {changed}" if mark.get("stale") else text


def sources(references: Sequence[str]) -> str:
    """The sources of a passage: entries of the log by number, data by name, roles that have to write it."""
    kinds: dict[str, list[str]] = {}
    for reference in references:
        kind, _separator, what = reference.partition(":")
        kinds.setdefault(kind, []).append(what)
    parts: list[str] = []
    if entries := kinds.get("event"):
        parts.append(
            ngettext("log entry {numbers}", "log entries {numbers}", len(entries)).format(numbers=one_by_one(entries))
        )
    if rows := kinds.get("row"):
        parts.append(_("data: {names}").format(names=one_by_one(rows)))
    if kinds.get("person"):
        parts.append(_("written by hand"))
    if waiting := kinds.get("human"):
        parts.append(_("for {who} to write").format(who=listed(who(role) for role in waiting)))
    return in_turn(parts)


OBSTACLES: dict[str, Callable[[Obstacle], str]] = {
    "missing": lambda obstacle: _("no text in {language}").format(language=language_here(obstacle.lang)),
    "stale": lambda obstacle: _("the text in {language} is older than the other").format(
        language=language_here(obstacle.lang)
    ),
    "contradiction": lambda obstacle: _(
        "the text in {language} says that something is still to be completed, the rest does not"
    ).format(language=language_here(obstacle.lang)),
    "open": lambda obstacle: _("still to be completed by {who}").format(who=who(obstacle.who)),
    "correction": lambda obstacle: _("the correction asked for is neither answered nor made in {language}").format(
        language=language_here(obstacle.lang)
    ),
}


def obstacle(obstacle: Obstacle) -> str:
    """Why minutes cannot be read back or signed yet."""
    return OBSTACLES[obstacle.why](obstacle)


def obstructed(obstacle: Obstacle) -> str:
    """Where an obstacle is: the heading of the passage, or the reading back."""
    return section(obstacle.key.split(".")[0]) if obstacle.key else _("Reading back no. {n}").format(n=obstacle.reading)
