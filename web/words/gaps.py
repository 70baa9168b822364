"""The gaps of a recording in the reader's language: what is missing, when, and why."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from hearings.minutes.course import GAPS
from hearings.models import Participant
from hearings.sitting import gaps
from web.words import roles
from web.words.court_clocks import CourtClock
from web.words.i18n import N_, _, about, city_here, language_here, ngettext, one_by_one, wall

CAUSES = {
    "network": N_("the line was lost"),
    "sender_off": N_("switched off by the person"),
    "order": GAPS["order"],
    "pause": GAPS["pause"],
    "server": GAPS["server"],
    "worker": N_("the media server had failed"),
    "recorder": N_("the recorder had failed"),
    "disk": N_("the disk had failed"),
    "recovered": N_("parts recovered after a failure, time unknown"),
    "late": N_("it arrived too late to be kept"),
    "other": N_("other cause"),
}


def cause(data: Mapping[str, Any]) -> str:
    """The name of the cause of a gap; an unknown code unchanged."""
    code = str(data.get("cause", ""))
    return _(CAUSES.get(code, code))


def what(data: Mapping[str, Any]) -> str:
    """What is missing: `sound`, `picture`, or the interpretation into a language."""
    if data.get("lang"):
        return _("Interpretation into {language}").format(language=language_here(str(data["lang"])))
    return _("picture") if gaps.is_picture(data) else _("sound")


def when(span: tuple[datetime, datetime], clocks: Sequence[CourtClock]) -> str:
    """`14:00:05–14:00:07 (09:00:05 in Bucharest)`: start and end by the first clock, the start also by the others."""
    own, *others = clocks
    text = _isolated("–".join(dict.fromkeys(_seconds(at, own) for at in span)))
    for other in others:
        if other.zone != own.zone:
            text = _("{time} ({other} in {city})").format(
                time=text, other=_isolated(_seconds(span[0], other)), city=city_here(other.city)
            )
    return text


def in_log(data: Mapping[str, Any], zero: datetime | None, clocks: Sequence[CourtClock]) -> str:
    """`sound, 14:00:05–14:00:07 (09:00:05 in Bucharest): the line was lost`. Empty for an event without a track."""
    if not data.get("track"):
        return ""
    span = gaps.span(data, zero)
    return about(one_by_one([what(data), *([when(span, clocks)] if span and clocks else [])]), cause(data))


def missing(
    data: Mapping[str, Any], who: Participant | None, zero: datetime | None, clocks: Sequence[CourtClock]
) -> str:
    """The announcement of a gap to those who conduct the hearing, with role and State of the person."""
    span = gaps.span(data, zero)
    pieces = [*_whose(data, who), *([when(span, clocks)] if span else [])]
    return _("Not in the recording: {gap}.").format(gap=about(one_by_one(pieces), cause(data)))


def more(data: Mapping[str, Any], who: Participant | None, count: int) -> str:
    """A sentence saying that further gaps of the same person or channel followed."""
    whose = one_by_one(_whose(data, who)[:1])
    return ngettext(
        "Not in the recording: {who}: {n} more gap, see the log of the hearing.",
        "Not in the recording: {who}: {n} more gaps, see the log of the hearing.",
        count,
    ).format(who=whose, n=count)


def _whose(data: Mapping[str, Any], who: Participant | None) -> list[str]:
    """The person as `Witness (Thailand)` and `sound`; or the channel alone; or the name of the track."""
    if who is not None:
        return [roles.in_words(who), what(data)]
    return [what(data)] if data.get("lang") else [str(data["track"]), what(data)]


def _seconds(at: datetime, place: CourtClock) -> str:
    return wall(at, place.zone).strftime("%H:%M:%S")


def _isolated(text: str) -> str:
    """The text between directional isolates, so that right-to-left text beside it does not reorder it."""
    return f"\u2066{text}\u2069"
