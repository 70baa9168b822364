"""How a hearing is held under an instrument: who is present, conducts, identifies, interprets, records, pays.

These are no needs that are met or not: the text says who does it, or leaves it to the States' agreement.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from hearings.law import Law, cite
from hearings.lines import Note, Term, words

TOPICS: Mapping[str, tuple[str, ...]] = {
    "presence_requested_authority": ("presence", "rules"),
    "conducted_by": ("conducting", "rules"),
    "identification_by": ("presence", "practical", "rules"),
    "interpreter_side": ("interpreter", "rules"),
    "silence_rule": ("right_not_to_testify", "rules"),
    "minutes_by": ("minutes", "rules"),
    "cost_default": ("costs",),
}
"""Field of a profile: topics of the paragraphs it is said in, the fittest first."""
TEXTS: Mapping[str, str] = {
    "presence_requested_authority": "Presence of the requested authority",
    "conducted_by": "Who conducts the hearing",
    "identification_by": "Who establishes the identity",
    "interpreter_side": "Who provides the interpreter",
    "silence_rule": "Right not to testify",
    "minutes_by": "Who draws up the minutes",
    "cost_default": "Who pays",
}
OPEN = frozenset({"silent", "unknown", "consulted", "by_agreement", "may_be_agreed", "may_be_required"})
"""Values that leave the matter to the two States."""
SAYS: Mapping[str, str] = {
    "silent": "the text says nothing: agree on it",
    "unknown": "not known: agree on it",
    "consulted": "the States consult on it",
    "by_agreement": "as the States agree",
    "may_be_agreed": "the States may agree on it",
    "may_be_required": "the requested State may require it",
    "mandatory": "must be present",
    "both_laws": "under the law of either State",
    "both_laws_told_before": "under the law of either State, and told beforehand",
    "requested_state_on_request": "the requested State, where asked",
    "national_law": "as national law says",
}


def _rule(law: Law, row: Mapping[str, Any], topics: tuple[str, ...]) -> Mapping[str, Any]:
    rules = law.rules_of.get(row["id"], ())
    for topic in (*topics, "videoconference", "purpose", "conditions"):
        for rule in rules:
            if rule["topic"] == topic:
                return rule
    return {**row, "instrument_label": row["name"], "provision": ""}


@lru_cache(maxsize=256)
def terms(law: Law, instrument: str) -> tuple[Term, ...]:
    """What the profile of an instrument says of the manner; the same for whoever asks."""
    row = law.instruments[instrument]
    profile, found = row["profile"], []
    for name, topics in TOPICS.items():
        value = str(profile.get(name) or "unknown")
        rule = _rule(law, row, topics)
        text = f"{TEXTS[name]}: {SAYS.get(value, 'the ' + words(value))}"
        if name == "cost_default" and profile.get("cost_exceptions"):
            text += f"; except {', '.join(words(one) for one in profile['cost_exceptions'])}"
        found.append(_term(name, value, rule, text, agree=value in OPEN))
    for name in profile.get("must_be_in_agreement", ()):
        found.append(
            _term(f"agree_{name}", "to_be_agreed", _rule(law, row, ()), f"To be agreed: {words(name)}", agree=True)
        )
    protection = profile.get("protection")
    if protection and protection.get("protected_identity_allowed"):
        rule = law.rules.get(protection["rule"], row)
        text = "The identity may be protected; the requested authority must know it"
        found.append(_term("protection", "protected_identity", rule, text))
    return tuple(found)


def _term(key: str, value: str, rule: Mapping[str, Any], text: str, *, agree: bool = False) -> Term:
    return Term(
        key=key,
        value=value,
        provision=cite(rule).strip() if "instrument_label" in rule else str(rule.get("name", "")),
        text=text,
        source=str(rule.get("source") or "no source in the data"),
        confidence=str(rule.get("confidence") or "unknown"),
        agree=agree,
    )


def with_national(base: tuple[Term, ...], national: list[Term]) -> tuple[Term, ...]:
    """National rules take the place of what the instrument says on the same matter, or stand beside it."""
    if not national:
        return base
    replaced = {term.key for term in national}
    return (*(term for term in base if term.key not in replaced), *national)


def alternatives(law: Law, row: Mapping[str, Any], *, in_custody: bool | None) -> Iterator[Note]:
    """What is no way round a consent that was not given."""
    for entry in row["profile"].get("alternatives_on_no_consent", ()):
        if entry.get("if_in_custody") and in_custody is False:
            continue
        rule = law.rules.get(entry["rule"], row)
        also = entry.get("also_needs_consent")
        yield Note(
            key=f"alternative_{entry['rule']}",
            provision=cite(rule),
            text=f"{rule['rule']}",
            source=rule["source"],
            confidence=rule["confidence"],
            code="alternative_also_needs_consent" if also else "",
        )
