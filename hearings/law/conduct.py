"""How a hearing is held under an instrument: who is present, conducts, identifies, interprets, records, pays.

These are not needs that are met or missing: the text says who acts, or leaves it to the States' agreement.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from hearings.law.answer import ConductTerm, Note
from hearings.law.law import Law, cite
from hearings.sentences import N_, Quoted, Sentence, Series, Word, tell
from hearings.texts import IN_ITS_WORDS

AS_NATIONAL_LAW_SAYS = N_("according to national law")
INTERPRETER_SIDE = N_("Who provides the interpreter")

TOPICS: Mapping[str, tuple[str, ...]] = {
    "presence_requested_authority": ("presence", "rules"),
    "conducted_by": ("conducting", "rules"),
    "identification_by": ("presence", "practical", "rules"),
    "interpreter_side": ("interpreter", "rules"),
    "silence_rule": ("right_not_to_testify", "rules"),
    "minutes_by": ("minutes", "rules"),
    "cost_default": ("costs",),
}
"""By field of a profile: topics of the paragraphs it comes from, the most fitting first."""
TEXTS: Mapping[str, Sentence] = {
    "presence_requested_authority": tell("Presence of the requested authority"),
    "conducted_by": tell("Who conducts the hearing"),
    "identification_by": tell("Who establishes the identity"),
    "interpreter_side": tell(INTERPRETER_SIDE),
    "silence_rule": tell("Right not to testify"),
    "minutes_by": tell("Who draws up the minutes"),
    "cost_default": tell("Who pays"),
}
OPEN = frozenset({"silent", "unknown", "consulted", "by_agreement", "may_be_agreed", "may_be_required"})
"""Values that leave the matter to the two States."""
SAYS: Mapping[str, Sentence] = {
    "silent": tell("not regulated: to be agreed"),
    "unknown": tell("not known: to be agreed"),
    "consulted": tell("the States consult on it"),
    "by_agreement": tell("as the States agree"),
    "may_be_agreed": tell("the States may agree on it"),
    "may_be_required": tell("the requested State may require it"),
    "mandatory": tell("must be present"),
    "both_laws": tell("under the law of either State"),
    "both_laws_told_before": tell("under the law of either State, with prior notice"),
    "requested_state_on_request": tell("the requested State, if so requested"),
    "national_law": tell(AS_NATIONAL_LAW_SAYS),
    "requesting_authority": tell("the requesting authority"),
    "requested_authority": tell("the requested authority"),
    "requesting_state": tell("the requesting State"),
    "requested_state": tell("the requested State"),
}


def _rule(law: Law, row: Mapping[str, Any], topics: tuple[str, ...]) -> Mapping[str, Any]:
    rules = law.rules_of.get(row["id"], ())
    for topic in (*topics, "videoconference", "purpose", "conditions"):
        for rule in rules:
            if rule["topic"] == topic:
                return rule
    return {**row, "instrument_label": row["name"], "provision": ""}


@lru_cache(maxsize=256)
def terms(law: Law, instrument: str) -> tuple[ConductTerm, ...]:
    """The terms of conduct in the profile of an instrument; the same for every question."""
    row = law.instruments[instrument]
    profile, conduct_terms = row["profile"], []
    for name, topics in TOPICS.items():
        value = str(profile.get(name) or "unknown")
        rule = _rule(law, row, topics)
        given = {"matter": TEXTS[name], "rule": SAYS.get(value) or Word.of(name, value)}
        text = tell("{matter}: {rule}", **given)
        if name == "cost_default" and profile.get("cost_exceptions"):
            but = Series.of(Word.of("cost_exception", exception) for exception in profile["cost_exceptions"])
            text = tell("{matter}: {rule}; except {exceptions}", **given, exceptions=but)
        conduct_terms.append(_term(name, value, rule, text, agree=value in OPEN))
    for name in profile.get("must_be_in_agreement", ()):
        text = tell("To be agreed: {matter}", matter=Word.of("agreed_matter", name))
        conduct_terms.append(_term(f"agree_{name}", "to_be_agreed", _rule(law, row, ()), text, agree=True))
    protection = profile.get("protection")
    if protection and protection.get("protected_identity_allowed"):
        rule = law.rules.get(protection["rule"], row)
        text = tell("The identity may be protected; the requested authority must know it")
        conduct_terms.append(_term("protection", "protected_identity", rule, text))
    return tuple(conduct_terms)


def _term(key: str, value: str, rule: Mapping[str, Any], text: str, *, agree: bool = False) -> ConductTerm:
    return ConductTerm(
        key=key,
        value=value,
        provision=cite(rule).strip() if "instrument_label" in rule else str(rule.get("name", "")),
        text=text,
        source=str(rule.get("source") or "no source in the data"),
        confidence=str(rule.get("confidence") or "unknown"),
        agree=agree,
    )


def with_national(base: tuple[ConductTerm, ...], national: list[ConductTerm]) -> tuple[ConductTerm, ...]:
    """Adds national rules, which replace the instrument's terms of the same key."""
    if not national:
        return base
    replaced = {term.key for term in national}
    return (*(term for term in base if term.key not in replaced), *national)


def obligation(paragraph: Mapping[str, Any], row: Mapping[str, Any]) -> Iterator[Note]:
    """What the instrument says of how far its duty goes (`obligation_note`)."""
    text = row["profile"].get("obligation_note")
    if text:
        yield Note(
            key="obligation",
            provision=cite(paragraph),
            text=tell(IN_ITS_WORDS, text=Quoted(text)),
            source=str(row["source"]),
            confidence=str(row["confidence"]),
        )


def alternatives(law: Law, row: Mapping[str, Any], *, in_custody: bool | None) -> Iterator[Note]:
    """Notes on what the instrument offers if consent is not given; a code marks what needs consent itself."""
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
