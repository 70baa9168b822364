"""Grounds on which a request under an instrument may be refused, and objections to a refusal before it is sent."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hearings.errors import Invalid
from hearings.law.answer import words
from hearings.law.handling.procedures import OwedConsultation, procedures
from hearings.law.law import LAW, Law, cite
from hearings.sentences import N_, Series, tell

NOT_A_MOTIVE = N_("Unknown motive of refusal")
NOT_A_GROUND = N_("Unknown ground of refusal")

LEAST = 3
"""Least number of characters of reasons."""
NOT_NAMED = "ground_not_named"
NOT_CONSULTED = "not_consulted"


@dataclass(frozen=True, kw_only=True)
class Ground:
    """One of the closed list. `provisions`: the paragraphs of the instrument that name it; formal ones need none."""

    code: str
    provisions: tuple[str, ...]
    formal: bool


@dataclass(frozen=True, kw_only=True)
class Objection:
    """An objection to a refusal. `binding`: by a ruling or the text itself; otherwise a point to reconsider.

    Neither bars the act of a State: the objection stands with it on record.
    """

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
            provisions=tuple(dict.fromkeys(cite(rule) for by_code in named for rule in by_code.get(code, ()))),
            formal=code in formal,
        )
        for code in law.enums["refusal_code"]
    )


def _named(instrument: str, law: Law) -> dict[str, list[Mapping[str, Any]]]:
    by_code: dict[str, list[Mapping[str, Any]]] = {}
    for rule in law.rules_of.get(instrument, ()):
        for code in rule.get("refusal_grounds", ()):
            by_code.setdefault(code, []).append(rule)
    declaration = (law.instruments[instrument].get("profile") or {}).get("declaration")
    if declaration:
        by_code.setdefault(declaration["code"], []).append(law.rules[declaration["rule"]])
    return by_code


def refusal_objections(
    instrument: str, ground: str, motive: str, reasons: str, *, law: Law = LAW
) -> tuple[Objection, ...]:
    """Objections to refusing on this ground, for this motive, with these reasons; empty if none is known.

    `motive` is a `refusal_motive` of data/enums.yaml, or empty. A ground that a ruling has narrowed (Bissilli) needs
    reasons of the very case. Raises `Invalid` for an unknown ground, motive or instrument.
    """
    if instrument not in law.instruments:
        raise Invalid(tell("Unknown instrument"), "instrument")
    if ground not in law.enums["refusal_code"]:
        postponing = ground in law.enums["postponement_code"]
        raise Invalid(
            tell("That is a reason to postpone, not to refuse") if postponing else tell(NOT_A_GROUND),
            "ground",
        )
    if motive and motive not in law.enums["refusal_motive"]:
        raise Invalid(tell(NOT_A_MOTIVE), "motive")
    row = law.instruments[instrument]
    objections = []
    if len(reasons.strip()) < LEAST:
        rules = law.rules_of.get(instrument, ())
        rule = next((paragraph for paragraph in rules if paragraph["topic"] == "reasons"), row)
        objections.append(
            _objection("reasons_missing", tell("Reasons must be given for any refusal"), rule, binding=True)
        )
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
            objections.append(_objection("motive_invalid", text, rule, binding=True))
        elif motive != required:
            text = tell(
                "State that the refusal rests on {required}, and give the reasons", required=_that(texts, required)
            )
            objections.append(_objection("motive_missing", text, rule, binding=True))
    objections += _barred(instrument, motive, law)
    named = _named(instrument, law)
    if named and ground not in named and ground not in law.gate["formal_grounds"]:
        paragraphs = dict.fromkeys(cite(rule) for rules in named.values() for rule in rules)
        text = tell(
            "{instrument} does not name this ground in the paragraphs the data holds: {paragraphs}",
            instrument=row["name"],
            paragraphs=Series.of(paragraphs),
        )
        objections.append(_objection(NOT_NAMED, text, row, binding=False))
    return tuple(objections)


def _barred(instrument: str, motive: str, law: Law) -> list[Objection]:
    """The objection to a motive on which the instrument says that a refusal cannot rest."""
    return [
        Objection(
            code="motive_invalid",
            text=tell("A refusal cannot rest on this alone: {motive}", motive=_that(law.gate["refusal_texts"], motive)),
            provision=row.barred[motive],
            source=row.source,
            confidence=row.confidence,
            binding=True,
        )
        for row in procedures([instrument])
        if motive in row.barred
    ]


def not_consulted(owed: Iterable[OwedConsultation], because: str) -> tuple[Objection, ...]:
    """The objections that stand with an act before which the States did not consult, though an instrument wants it."""
    text = tell("The two States did not consult before. The reason stated: {reason}", reason=because)
    return tuple(
        Objection(
            code=NOT_CONSULTED,
            text=text,
            provision=one.provision,
            source=one.source,
            confidence=one.confidence,
            binding=True,
        )
        for one in owed
    )


def request_objections(
    instruments: Sequence[str], ground: str, motive: str, reasons: str, *, law: Law = LAW
) -> tuple[Objection, ...]:
    """As `refusal_objections`, for several instruments: a ground that any of them names counts as named."""
    objections = [
        objection
        for instrument in instruments
        for objection in refusal_objections(instrument, ground, motive, reasons, law=law)
    ]
    grounds = refusal_grounds(instruments, law=law)
    named = any(listed.code == ground and listed.provisions for listed in grounds)
    return tuple(objection for objection in objections if not (named and objection.code == NOT_NAMED))


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
