"""On what grounds an instrument may be refused, and what can be held against a refusal before it is sent."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hearings.errors import Invalid
from hearings.law.answer import words
from hearings.law.law import LAW, Law, cite
from hearings.sentences import Series, tell

LEAST = 3
"""Fewer characters than this are no reasons."""
NOT_NAMED = "ground_not_named"


@dataclass(frozen=True, kw_only=True)
class Ground:
    """One of the closed list. `provisions`: the paragraphs of the instrument that name it; formal ones need none."""

    code: str
    provisions: tuple[str, ...]
    formal: bool


@dataclass(frozen=True, kw_only=True)
class Objection:
    """What stands against a refusal. `binding`: a ruling or the text itself; otherwise a thing to look at again."""

    code: str
    text: str
    provision: str
    source: str
    confidence: str
    binding: bool

    def as_json(self) -> dict[str, Any]:
        return dict(vars(self))


def refusal_grounds(instruments: Iterable[str], *, law: Law = LAW) -> tuple[Ground, ...]:
    """The closed list of grounds, each with the paragraphs of these instruments that name it."""
    named = [_named(instrument, law) for instrument in instruments]
    formal = law.gate["formal_grounds"]
    return tuple(
        Ground(
            code=code,
            provisions=tuple(dict.fromkeys(cite(rule) for one in named for rule in one.get(code, ()))),
            formal=code in formal,
        )
        for code in law.enums["refusal_code"]
    )


def _named(instrument: str, law: Law) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for rule in law.rules_of.get(instrument, ()):
        for code in rule.get("refusal_grounds", ()):
            found.setdefault(code, []).append(rule)
    declaration = (law.instruments[instrument].get("profile") or {}).get("declaration")
    if declaration:
        found.setdefault(declaration["code"], []).append(law.rules[declaration["rule"]])
    return found


def refusal_objections(
    instrument: str, ground: str, motive: str, reasons: str, *, law: Law = LAW
) -> tuple[Objection, ...]:
    """What can be held against refusing on this ground, for this motive, with these reasons; empty: nothing known.

    `motive` is a `refusal_motive` of data/enums.yaml, or empty. A ground that a ruling has narrowed (Bissilli) needs
    reasons of the very case. Raises `Invalid` for what is no ground, motive or instrument.
    """
    if instrument not in law.instruments:
        raise Invalid(tell("Not an instrument we know"), "instrument")
    if ground not in law.enums["refusal_code"]:
        postponing = ground in law.enums["postponement_code"]
        raise Invalid(
            tell("That is a reason to postpone, not to refuse") if postponing else tell("Not a ground of refusal"),
            "ground",
        )
    if motive and motive not in law.enums["refusal_motive"]:
        raise Invalid(tell("Not a motive of refusal"), "motive")
    row = law.instruments[instrument]
    found = []
    if len(reasons.strip()) < LEAST:
        rule = next((one for one in law.rules_of.get(instrument, ()) if one["topic"] == "reasons"), row)
        found.append(_objection("reasons_missing", tell("Reasons are given for any refusal"), rule, binding=True))
    for check in (row.get("profile") or {}).get("refusal_validation", ()):
        if check["ground"] != ground:
            continue
        rule = law.rules.get(check["case_law"], row)
        texts = law.gate["refusal_texts"]
        required = check["required"]
        if motive in check["invalid_motives"]:
            text = tell(
                "A refusal cannot rest on this alone: {motive}. It needs {required}",
                motive=_that(texts, motive),
                required=_that(texts, required),
            )
            found.append(_objection("motive_invalid", text, rule, binding=True))
        elif motive != required:
            text = tell("Say that the refusal rests on {required}, and give them", required=_that(texts, required))
            found.append(_objection("motive_missing", text, rule, binding=True))
    named = _named(instrument, law)
    if named and ground not in named and ground not in law.gate["formal_grounds"]:
        paragraphs = dict.fromkeys(cite(rule) for rules in named.values() for rule in rules)
        text = tell(
            "{instrument} does not name this ground in the paragraphs the data holds: {paragraphs}",
            instrument=row["name"],
            paragraphs=Series.of(paragraphs),
        )
        found.append(_objection(NOT_NAMED, text, row, binding=False))
    return tuple(found)


def request_objections(
    instruments: Sequence[str], ground: str, motive: str, reasons: str, *, law: Law = LAW
) -> tuple[Objection, ...]:
    """As `refusal_objections`, for a request that relies on several instruments: a ground one names is named."""
    found = [
        one for instrument in instruments for one in refusal_objections(instrument, ground, motive, reasons, law=law)
    ]
    named = any(one.code == ground and one.provisions for one in refusal_grounds(instruments, law=law))
    return tuple(one for one in found if not (named and one.code == NOT_NAMED))


def _that(texts: Mapping[str, str], motive: str) -> str:
    return tell(texts[motive]) if motive in texts else words(motive)


def _objection(code: str, text: str, rule: Mapping[str, Any], *, binding: bool) -> Objection:
    return Objection(
        code=code,
        text=text,
        provision=cite(rule) if "instrument_label" in rule else str(rule["name"]),
        source=str(rule["source"]),
        confidence=str(rule["confidence"]),
        binding=binding,
    )
