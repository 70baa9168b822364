"""What stands beside a row of law on its page: how an instrument relates to others, what is known of a State's law."""

from collections.abc import Mapping
from typing import Any

from hearings import reference
from hearings.law.law import Law, cite
from hearings.law.parties import is_open_to
from hearings.sentences import tell
from web.words import law as law_words
from web.words.i18n import N_, _
from web.words.sentences import translated

EFFECTS = {
    "replaces": (N_("Replaced by"), N_("Replaces")),
    "gives_way": (N_("Gives way to"), N_("Goes before")),
    "only_without": (N_("Only without"), N_("Excludes")),
    "supplements": (N_("Supplemented by"), N_("Supplements")),
}
"""By effect of a relation: how it is said of the displaced instrument, and of the displacing one."""


def _in_words(text: str) -> str:
    """A sentence of the law's data in the reader's language."""
    return translated(tell(text))


def relations(instrument: str, law: Law) -> list[dict[str, Any]]:
    """How an instrument relates to others between two States, for its page."""
    found = []
    for row in law.displacement:
        if instrument not in (row["displaced"], row["displacing"]):
            continue
        ours = row["displaced"] == instrument
        passive, active = EFFECTS[row["effect"]]
        other = law.instruments.get(row["displacing" if ours else "displaced"] or "")
        rule = law.rules.get(row["rule"])
        found.append(
            {
                "effect": _(passive if ours else active),
                "other": str(other["name"]) if other else "",
                "text": _in_words(row["text"]),
                "provision": cite(rule) if rule else "",
                "first": row["from"] or "",
                "certainty": law_words.word("confidence", row["confidence"]),
                "unverified": row["confidence"] not in reference.VERIFIED,
            }
        )
    return found


def national(state: str, law: Law) -> dict[str, Any] | None:
    """What the data hold of the law of a State, for its page; None for a State of which they say nothing."""
    row = law.national.get(state)
    if row is None:
        return None
    lead: Mapping[str, Any] = row.get("lead") or {}
    return {
        "shown": _in_words(row["shown"]),
        "rules": [overlay["provision"] for overlay in law.national_rules(state)],
        "candidates": [overlay["provision"] for overlay in law.national_rules(state, candidates=True)],
        "lead": str(lead.get("text") or ""),
        "checked_on": str(row["checked_on"]),
    }


def closed_to(kind: str, row: Mapping[str, Any], law: Law) -> bool:
    """Whether a row of parties is of a State to which the instrument is not open."""
    if kind != "party" or row["party_status"] == "in_force":
        return False
    instrument = law.instruments.get(row["instrument_id"])
    return instrument is not None and not is_open_to(instrument, row["iso2"], law)
