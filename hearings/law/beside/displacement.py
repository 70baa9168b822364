"""Which instrument gives way to which between two States: one function for each effect of data/displacement.yaml.

A row counts on the days, for the procedures and persons it names, and where its condition holds. That an instrument is
replaced never depends on whether the other reaches the person: what is left of the replaced one is said, not revived.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from hearings import reference
from hearings.law.answer import HUMAN, MET, MISSING, ConductTerm, GateLine, LineStatus, Note, line
from hearings.law.law import cite
from hearings.law.parties import PREFERRED, Question, in_force, parties
from hearings.sentences import Quoted, Sentence, Series, Word, tell
from hearings.texts import IN_ITS_WORDS

DISPLACED = "displaced_by"
"""The code of a line by which another instrument goes before this one, and nobody can agree otherwise."""
SPAN: Mapping[str, Sentence] = {
    "acknowledgement": tell("acknowledgement"),
    "recognition": tell("recognition"),
    "extension": tell("extension"),
    "execution": tell("execution"),
}
"""Time limits by their name in the data (`sla_days`)."""

Row = Mapping[str, Any]
Part = GateLine | Note | ConductTerm


def relations(question: Question, row: Row) -> Iterator[Part]:
    """Lines, notes and terms of one instrument that come from its relation to others between the two States."""
    for entry in question.law.displacement_of(row["id"]):
        if _fits(question, entry):
            yield from EFFECTS[entry["effect"]](question, row, entry)


def _fits(question: Question, entry: Row) -> bool:
    ask = question.ask
    first, last = reference.day(entry["from"]), reference.day(entry["to"])
    if (first and ask.on < first) or (last and last < ask.on):
        return False
    persons, procedures = entry["persons"], entry["procedures"]
    return (not procedures or ask.procedure in procedures) and (
        not persons or ask.capacity is None or ask.capacity.value in persons
    )


def bound_between(question: Question, row: Row) -> LineStatus:
    """Whether an instrument is in force between the two States: met, missing, or not known.

    What implements other instruments binds whom those bind.
    """
    lines = [in_force(question, row)]
    bases = row.get("applies_to_instruments")
    if not bases:
        statuses = {one.status for one in (*lines, *parties(question, row))}
        return MISSING if MISSING in statuses else HUMAN if HUMAN in statuses else MET
    if lines[0].status is MISSING:
        return MISSING
    statuses = {
        bound_between(question, question.law.instruments[base]) for base in bases if base in question.law.instruments
    }
    return MET if MET in statuses else HUMAN if HUMAN in statuses else MISSING


def _both_bound(question: Question, row: Row, entry: Row) -> tuple[LineStatus, list[Row]]:
    other = question.law.instruments.get(entry["displacing"])
    return (bound_between(question, other), [other]) if other else (MISSING, [])


def _any_treaty(question: Question, row: Row, entry: Row) -> tuple[LineStatus, list[Row]]:
    before = [
        other
        for other in question.bound
        if other["selectable"] and reference.specificity(other) < reference.specificity(row)
    ]
    return (MET if before else MISSING), before


def _always(question: Question, row: Row, entry: Row) -> tuple[LineStatus, list[Row]]:
    other = question.law.instruments.get(entry["displacing"] or "")
    return MET, [other] if other else []


CONDITIONS: Mapping[str, Callable[[Question, Row, Row], tuple[LineStatus, list[Row]]]] = {
    "both_bound": _both_bound,
    "any_treaty": _any_treaty,
    "always": _always,
}
"""By condition of a row: whether it holds, and the instruments that go before."""


def _holds(question: Question, row: Row, entry: Row) -> tuple[LineStatus, list[Row]]:
    return CONDITIONS[entry["condition"]](question, row, entry)


def _line(
    question: Question,
    entry: Row,
    key: str,
    status: LineStatus,
    text: str,
    others: list[Row],
    *,
    code: str = "",
    known: bool = True,
    asks: tuple[str, ...] = (),
) -> GateLine:
    rule = question.law.rules.get(entry["rule"])
    return line(
        key,
        status,
        cite(rule) if rule else entry["rule"],
        text,
        rule or entry,
        confidence=entry["confidence"] if known else "unknown",
        code=code,
        asks=asks,
        entry=entry["id"],
        displacing=[other["id"] for other in others],
        names=[str(other["name"]) for other in others],
        keeps=entry.get("keeps", ""),
    )


def _said(question: Question, entry: Row, others: list[Row]) -> Sentence:
    """The text of a row; with what is left of the displaced instrument where the other does not reach the person."""
    said, capacity = entry["text"], question.ask.capacity
    text = tell(said)
    if entry["condition"] != "both_bound" or capacity is None or all(_reaches(one, capacity.value) for one in others):
        return text
    labels = question.law.gate["capacity_labels"]
    text = tell(
        "{reason} {instrument} has no provision on hearing {person}; that does not bring this instrument back",
        reason=text,
        instrument=Series.of((other["name"] for other in others), "and"),
        person=tell(labels[capacity.value]),
    )
    if not entry.get("keeps"):
        return text
    kept = entry["keeps"]
    return tell("{reason}. What is left of it: {rest}", reason=text, rest=tell(kept))


def _reaches(other: Row, capacity: str) -> bool:
    profile = other.get("profile")
    if not profile:
        return True
    heads = [person for head in profile["general_heads"] for person in head["persons"]]
    return capacity in {*profile["persons"], *heads} or bool(profile.get(f"{capacity}_as"))


def _replaces(question: Question, row: Row, entry: Row) -> Iterator[Part]:
    held, others = _holds(question, row, entry)
    if held is MET:
        yield _line(question, entry, "displaced", MISSING, _said(question, entry, others), others, code=DISPLACED)
    elif held is HUMAN:
        text = tell(
            "Not known whether another instrument has replaced this one between the two States: {instrument}",
            instrument=Series.of(other["name"] for other in others),
        )
        yield _line(question, entry, "displaced", HUMAN, text, others, known=False)


def _gives_way(question: Question, row: Row, entry: Row) -> Iterator[Part]:
    if entry["condition"] == "any_treaty" and row["profile"].get("treaty_priority"):
        return  # the line `specific_treaty`
    held, others = _holds(question, row, entry)
    key = f"gives_way_{entry['id']}"
    if held is MET and not entry.get("may_agree"):
        yield _line(question, entry, key, MISSING, _said(question, entry, others), others, code=DISPLACED)
    elif held is MET:
        agreed = question.ask.prefer_convention
        text = _said(question, entry, others)
        if agreed:
            text = tell("{reason} Both States agree to rely on this instrument instead", reason=text)
        yield _line(question, entry, key, MET if agreed else HUMAN, text, others, asks=PREFERRED)
    elif held is HUMAN:
        text = tell(
            "Not known whether another instrument goes before this one between the two States: {instrument}",
            instrument=Series.of(other["name"] for other in others),
        )
        yield _line(question, entry, key, HUMAN, text, others, known=False)
    elif entry["condition"] == "any_treaty":
        text = tell("The data name no treaty between the two States that goes before this one; they are not complete")
        yield _line(question, entry, key, MET, text, others)


def _only_without(question: Question, row: Row, entry: Row) -> Iterator[Part]:
    if row.get("only_without_other_mla_treaty"):
        return  # the line `no_other_treaty`
    held, others = _holds(question, row, entry)
    if held is MISSING:
        return
    agreed = question.ask.prefer_convention and entry.get("may_agree")
    status = MET if agreed else HUMAN if held is HUMAN else MISSING
    text = tell(
        "{reason} Other treaties: {treaties}",
        reason=_said(question, entry, []),
        treaties=Series.of(other["name"] for other in others),
    )
    yield _line(question, entry, f"only_without_{entry['id']}", status, text, others)


def _supplements(question: Question, row: Row, entry: Row) -> Iterator[Part]:
    held, _others = _holds(question, row, entry)
    if held is MISSING:
        return
    said = entry["text"]
    text = tell(said)
    if held is HUMAN:
        text = tell("Not known whether this applies between the two States. {reason}", reason=text)
    rule = question.law.rules.get(entry["rule"], row)
    yield Note(
        key=f"supplement_{entry['id']}",
        provision=cite(rule) if "instrument_label" in rule else str(row["name"]),
        text=text,
        source=str(rule.get("source") or ""),
        confidence=entry["confidence"] if held is MET else "unknown",
    )
    if held is MET:
        for added in entry.get("adds", ()):
            if added in question.law.rules:
                yield from _added(question, row, question.law.rules[added])


def adds_conditions(question: Question, row: Row) -> bool:
    """Whether another instrument adds conditions to this one that the request itself has to answer."""
    entries = (entry for entry in question.law.displacement_of(row["id"]) if _fits(question, entry))
    return any(
        _holds(question, row, entry)[0] is MET
        for entry in entries
        if set(entry.get("adds", ())) & set(question.law.gate["added_conditions"])
    )


def _added(question: Question, row: Row, rule: Row) -> Iterator[Part]:
    """A rule that another instrument adds: a condition as a line, met by what the request says to it (a human's where
    nothing of the request answers it), anything else as a term."""
    if rule["topic"] == "conditions":
        said_to = {name: question.ask.fact(name) for name in question.law.gate["added_conditions"].get(rule["id"], ())}
        status = MET if said_to and all(said_to.values()) else HUMAN
        yield line(f"added_{rule['id']}", status, cite(rule), _own_words(rule), rule, answers=said_to)
        return
    yield _term(f"added_{rule['id']}", rule["instrument_id"], rule, _own_words(rule))
    limits = rule.get("sla_days")
    if limits:
        own = row["profile"].get("sla_days") or {}
        days = {name: min(limit[name] for limit in (own, limits) if name in limit) for name in {**own, **limits}}
        spans = [
            tell("{matter}: {n}", matter=SPAN.get(name) or Word.of("time_limit", name), n=many)
            for name, many in days.items()
        ]
        text = tell("Time limits in days: {limits}", limits=Series.of(spans))
        yield _term("sla_days", " ".join(f"{name}={many}" for name, many in days.items()), rule, text)


def _own_words(rule: Row) -> Sentence:
    return tell(IN_ITS_WORDS, text=Quoted(rule["rule"]))


def _term(key: str, value: str, rule: Row, text: str) -> ConductTerm:
    return ConductTerm(
        key=key,
        value=value,
        provision=cite(rule),
        text=text,
        source=str(rule["source"]),
        confidence=str(rule["confidence"]),
    )


EFFECTS: Mapping[str, Callable[[Question, Row, Row], Iterator[Part]]] = {
    "replaces": _replaces,
    "gives_way": _gives_way,
    "only_without": _only_without,
    "supplements": _supplements,
}
"""Functions by the effect of a row."""
