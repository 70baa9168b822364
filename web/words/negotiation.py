"""Texts of a technical negotiation, line by line, in the language of the page."""

from collections.abc import Mapping
from typing import Any

from hearings.agreement.negotiation_words import SENTENCES
from hearings.agreement.outcome import NegotiatedLine
from web.words import technical
from web.words.i18n import N_, _, ngettext, one_by_one
from web.words.sentences import translated
from web.words.technical import word

ITEMS: dict[str, str] = {
    "endpoint": N_("Connection method"),
    "transport": N_("Network"),
    "encryption": N_("Encryption"),
    "srtp_profile": N_("Protection of media (SRTP)"),
    "fingerprints": N_("Security code read aloud"),
    "audio_codec": N_("Audio format"),
    "video_codec": N_("Video format"),
    "size": N_("Resolution"),
    "rate": N_("Frame rate"),
    "bandwidth": N_("Bandwidth (kbit/s)"),
    "interpreting": N_("Interpreting"),
    "relay": N_("Relay interpreting"),
    "exhibits": N_("Showing exhibits"),
    "recording": N_("Recording"),
    "key_holders": N_("Access to the recording"),
    "format": N_("Format of the recording"),
    "breakdown": technical.ABILITIES["fallbacks"],
    "lip_sync": N_("Audio–video synchronisation"),
    "room_view": technical.NEEDS["room_view"],
    "true_to_life": N_("Eye level and life size"),
    "private_line": technical.NEEDS["private_line"],
    "accessibility": N_("Accessibility"),
}
RESULTS: dict[str, tuple[str, str]] = {
    "agreed": ("ok", N_("Agreed")),
    "compromise": ("warn", N_("Compromise")),
    "conflict": ("rec", N_("Conflict")),
    "open": ("plain", N_("Not decided yet")),
}


def breakdown(session: Mapping[str, Any]) -> str:
    """What is to be done when the line breaks, by the terms; empty for older terms without such a rule."""
    rule = session.get("breakdown")
    if rule is None:
        return ""
    ways = [word(way) for way in ("second_line", "phone") if rule[way]]
    text = SENTENCES["breakdown_ways.agreed" if ways else "breakdown.agreed"]
    return _(text).format(redial=rule["redial"], ways=one_by_one(ways), minutes=rule["adjourn_after_minutes"])


def words(value: str) -> str:
    """The texts of a list of words, joined with commas."""
    return one_by_one(word(item) for item in value.split(", "))


def sentence(line: NegotiatedLine, sites: Mapping[str, str]) -> str:
    """The sentence that explains the result of a line, with the names of the sites."""
    return translated(line.sentence(sites, word))


def advice(line: NegotiatedLine, sites: Mapping[str, str]) -> list[str]:
    """The remedies of a conflict, in sentences."""
    return [translated(remedy) for remedy in line.remedies(sites, word)]


def tally(lines: tuple[NegotiatedLine, ...]) -> list[tuple[str, int, str]]:
    """Conflicts, compromises and agreed lines: kind of chip, number, words."""
    counts = {kind: sum(line.result == kind for line in lines) for kind in RESULTS}
    words = {
        "conflict": ngettext("{n} conflict", "{n} conflicts", counts["conflict"]),
        "compromise": ngettext("{n} compromise", "{n} compromises", counts["compromise"]),
        "agreed": ngettext("{n} line agreed", "{n} lines agreed", counts["agreed"]),
    }
    return [(RESULTS[kind][0], counts[kind], text.format(n=counts[kind])) for kind, text in words.items()]
