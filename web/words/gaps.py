"""The gaps of a recording in the words of the person who reads them: what is missing, when, and why."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from hearings.models import Participant
from hearings.sitting import gaps
from web.words import roles
from web.words.i18n import N_, _, about, language_here, ngettext, one_by_one, wall
from web.words.places import Place

CAUSES = {
    "network": N_("the line was lost"),
    "sender_off": N_("switched off by the person"),
    "order": N_("switched off by order of the court"),
    "server": N_("the court's server stood still"),
    "worker": N_("the media server had failed"),
    "recorder": N_("the recorder had failed"),
    "disk": N_("the disk had failed"),
    "recovered": N_("parts found after a failure, of unknown time"),
    "late": N_("it came too late to be kept"),
    "other": N_("another cause"),
}


def cause(data: Mapping[str, Any]) -> str:
    """Why; a cause the table does not know is told as it is."""
    code = str(data.get("cause", ""))
    return _(CAUSES.get(code, code))


def what(data: Mapping[str, Any]) -> str:
    """What of whom: `sound`, `picture`, or the channel of a language."""
    if data.get("lang"):
        return _("Interpretation into {language}").format(language=language_here(str(data["lang"])))
    return _("picture") if gaps.is_picture(data) else _("sound")


def when(span: tuple[datetime, datetime], clocks: Sequence[Place]) -> str:
    """`14:00:05–14:00:07 (09:00:05 in Bucharest)`: by the first of the clocks, and the beginning by the others."""
    own, *others = clocks
    told = _isolated("–".join(dict.fromkeys(_seconds(at, own) for at in span)))
    for other in others:
        if other.zone != own.zone:
            told = _("{time} ({other} in {city})").format(
                time=told, other=_isolated(_seconds(span[0], other)), city=other.city
            )
    return told


def in_log(data: Mapping[str, Any], zero: datetime | None, clocks: Sequence[Place]) -> str:
    """`sound, 14:00:05–14:00:07 (09:00:05 in Bucharest): the line was lost`. Nothing of an event without a track."""
    if not data.get("track"):
        return ""
    found = gaps.span(data, zero)
    return about(one_by_one([what(data), *([when(found, clocks)] if found and clocks else [])]), cause(data))


def missing(data: Mapping[str, Any], who: Participant | None, zero: datetime | None, clocks: Sequence[Place]) -> str:
    """What those who conduct are told at once, by role and State."""
    found = gaps.span(data, zero)
    pieces = [*_whose(data, who), *([when(found, clocks)] if found else [])]
    return _("Not in the recording: {gap}.").format(gap=about(one_by_one(pieces), cause(data)))


def more(data: Mapping[str, Any], who: Participant | None, count: int) -> str:
    """That there were more of the same person or channel since."""
    whose = one_by_one(_whose(data, who)[:1])
    return ngettext(
        "Not in the recording: {who}: {n} more gap, see the log of the hearing.",
        "Not in the recording: {who}: {n} more gaps, see the log of the hearing.",
        count,
    ).format(who=whose, n=count)


def _whose(data: Mapping[str, Any], who: Participant | None) -> list[str]:
    """`Witness (Thailand)` and `sound`; or the channel alone; or the track's name."""
    if who is not None:
        return [roles.in_words(who), what(data)]
    return [what(data)] if data.get("lang") else [str(data["track"]), what(data)]


def _seconds(at: datetime, place: Place) -> str:
    return wall(at, place.zone).strftime("%H:%M:%S")


def _isolated(text: str) -> str:
    """So that no script turns it round."""
    return f"\u2066{text}\u2069"
