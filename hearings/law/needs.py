"""The needs of an instrument for a hearing by video, as lines: met, missing, or for a human to decide.

One small function per need, each over the data; `legal_bases` puts them together. What is unanswered is for a human to
decide; unverified data are displayed as such beside a line that is met.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from hearings.law import paragraphs, transmission
from hearings.law.answer import MET, MISSING, GateLine, by, facts_for, line, said, words
from hearings.law.law import cite
from hearings.law.paragraphs import Paragraph
from hearings.law.parties import Question, specific_first
from hearings.sentences import Sentence, Series, Word, tell


def needs(question: Question, row: Mapping[str, Any], paragraph: Paragraph | None) -> Iterator[GateLine]:
    """All needs of one instrument (a row with a profile), except those of consent and of national law."""
    yield from question.binding_lines[row["id"]]
    yield from _offence(question, row)
    yield from _procedure(question, row)
    yield paragraphs.person(question, row, paragraph)
    yield from _reason(question, row)
    yield from _purpose(question, row)
    yield from _conditions(question, row)
    yield transmission.authority(question)
    yield transmission.language(question, row)
    yield transmission.channel(question, row)
    yield from transmission.oral(question, row)
    yield from paragraphs.declarations(question, row, paragraph)
    yield from specific_first(question, row)
    yield from paragraphs.confirmations(question, row, paragraph)


def _offence(question: Question, row: Mapping[str, Any]) -> Iterator[GateLine]:
    scopes, given = row["offence_scope"], question.ask.scopes
    if "any" in scopes:
        yield line("offence", MET, row["name"], tell("Any offence"), row, scopes=sorted(given))
        return
    labels = question.law.gate["scope_labels"]
    wanted = Series.of((tell(labels[scope]) for scope in scopes), "or")
    matching = [scope for scope in scopes if scope in given]
    if matching:
        status, text, code = MET, tell("Stated to be {offence}", offence=tell(labels[matching[0]])), ""
    elif not given:
        status, text, code = MISSING, tell("State whether this is {offence}", offence=wanted), ""
    else:
        status, text, code = MISSING, tell("Not stated to be {offence}", offence=wanted), "offence_not_covered"
    rules = question.law.rules_of.get(row["id"], ())
    rule = next((offence_rule for offence_rule in rules if offence_rule["topic"] == "scope"), row)
    yield line(
        "offence", status, cite(rule) if rule is not row else row["name"], text, rule, code=code, scopes=sorted(given)
    )
    for scope in matching:
        for test in question.law.gate["scope_tests"].get(scope, ()):
            answer = question.ask.answers.get(test["field"])
            asked = test["text"]
            text = tell(asked)
            if not answer:
                text = tell("{need}: no", need=text) if answer is False else tell("{need}: not stated", need=text)
            code = "offence_not_covered" if answer is False else ""
            yield line(test["key"], by(answer), test["provision"], text, test, code=code, answer=answer)


def _procedure(question: Question, row: Mapping[str, Any]) -> Iterator[GateLine]:
    listed = row["profile"].get("procedures") or row.get("procedures_only")
    if not listed:
        return
    procedure = question.ask.procedure
    fits = procedure in listed
    kind = Word.of("procedure", procedure)
    yield line(
        "procedure",
        MET if fits else MISSING,
        row["name"],
        tell("The procedure is one of those listed: {procedure}", procedure=kind)
        if fits
        else tell("The procedure is none of those listed: {procedure}", procedure=kind),
        row,
        code="" if fits else "procedure_not_covered",
        procedure=procedure,
    )


REASON_GIVEN: Mapping[str, Sentence] = {
    "not_possible": tell("Appearance in person is not possible: the reason is given"),
    "not_desirable": tell("Appearance in person is not desirable: the reason is given"),
}


def _reason(question: Question, row: Mapping[str, Any]) -> Iterator[GateLine]:
    accepted, reason = row["profile"].get("reason_required"), question.ask.reason_no_attendance
    if not accepted:
        return
    complete = reason is not None and reason.value in accepted and bool(question.ask.reason_text.strip())
    rule = question.paragraph(row)
    yield line(
        "reason",
        MET if complete else MISSING,
        cite(rule),
        REASON_GIVEN[reason.value]
        if complete and reason is not None
        else tell("State whether appearance in person is not possible or not desirable, and why"),
        rule,
        code="" if complete else "reason_no_attendance_missing",
        reason=reason.value if reason else None,
    )


def _purpose(question: Question, row: Mapping[str, Any]) -> Iterator[GateLine]:
    """The hearing must serve to gather evidence, and nothing else (Bissilli)."""
    if not row["profile"].get("evidential_purpose_required"):
        return
    answer = question.ask.evidential_purpose
    laws = [
        validation["case_law"]
        for validation in row["profile"].get("refusal_validation", ())
        if validation.get("case_law")
    ]
    rule = question.law.rules.get(laws[0]) if laws else None
    rule = rule or question.paragraph(row)
    yield line(
        "evidential_purpose",
        by(answer),
        cite(rule),
        tell("The hearing serves to gather evidence: {answer}", answer=said(answer)),
        rule,
        code="" if answer else "evidential_purpose_missing",
        answer=answer,
    )


def _conditions(question: Question, row: Mapping[str, Any]) -> Iterator[GateLine]:
    """Conditions with an input of their own, such as access to a lawyer before consenting (Regulation, art. 6)."""
    texts = question.law.gate["condition_texts"]
    for condition in row["profile"].get("conditions", ()):
        rule = question.law.rules.get(condition["rule"], row)
        asked = texts.get(condition["input"])
        text = tell(asked) if asked else words(condition["input"])
        answer = question.ask.fact(condition["input"])
        inputs: dict[str, Any] = {"answer": answer}
        if "applies_if_age_below" in condition:
            young = question.ask.fact(f"person_age_under_{condition['applies_if_age_below']}")
            inputs["young"] = young
            if young is False:
                continue
            if young is None:
                age = condition["applies_if_age_below"]
                text = tell("State whether the person is under {age}. If so: {need}", age=age, need=text)
                answer = None
        answer = None if answer is None else answer is condition["must_be"]
        yield line(
            condition["code"].removesuffix("_pending"),
            by(answer),
            cite(rule) if "instrument_label" in rule else row["name"],
            tell("{need}: {answer}", need=text, answer=said(answer)),
            rule,
            code="" if answer else condition["code"] if answer is False or inputs.get("young", True) else "",
            asks=facts_for(condition["input"]) if inputs.get("young", True) else (),
            **inputs,
        )
