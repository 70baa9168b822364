"""What a request needs for children, detained persons, victims and others: rows of data/safeguards.yaml.

They are asked once for a request, whatever the two States, and added to each instrument that can be relied on and that
a row names. They never make an instrument unusable: what is not answered stays open.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from hearings.law.answer import HUMAN, MET, Ask, ConductTerm, GateLine, Note, facts_for, line, said
from hearings.models.request import Capacity
from hearings.sentences import tell

MORE_THAN_ONE = "more_than_one"

Row = Mapping[str, Any]
Part = GateLine | Note | ConductTerm

DERIVED: Mapping[str, Callable[[Ask], Any]] = {
    "capacity": lambda ask: ask.capacity.value if ask.capacity else None,
    "is_victim": lambda ask: ask.fact("is_victim") or ask.capacity is Capacity.victim,
    "nationalities": lambda ask: len(ask.every_nationality),
    "foreign_national": lambda ask: bool(ask.every_nationality) and ask.requested_state not in ask.every_nationality,
}
"""Facts that follow from others; any other fact is one of the question."""


def safeguards(rows: tuple[Row, ...], ask: Ask) -> tuple[Row, ...]:
    """The rows that count for a question, `consent_needed` aside, which is of each instrument."""
    return tuple(row for row in rows if all(_matches(ask, *one) for one in row["applies_when"].items()))


def _matches(ask: Ask, name: str, wanted: Any) -> bool:
    if name == "consent_needed":
        return True
    given = DERIVED[name](ask) if name in DERIVED else ask.fact(name)
    if wanted == MORE_THAN_ONE:
        return isinstance(given, int) and given > 1
    return given in wanted if isinstance(wanted, list) else given is wanted


def of_instrument(rows: tuple[Row, ...], ask: Ask, row: Row, *, consent_needed: bool) -> Iterator[Part]:
    """What the rows that count add to an instrument: lines, notes and terms.

    What the instrument asks by itself (`conditions` of its profile) is not asked twice.
    """
    own = {condition["input"] for condition in row["profile"].get("conditions", ())}
    for safeguard in rows:
        named, asks = safeguard["instruments"], safeguard.get("asks")
        if (named and row["id"] not in named) or asks in own:
            continue
        if safeguard["applies_when"].get("consent_needed", consent_needed) is consent_needed:
            yield SHOWN[safeguard["shows"]](safeguard, ask)


def _line(row: Row, ask: Ask) -> Part:
    answer, asked = ask.fact(row["asks"]), row["text"]
    text = tell("{need}: {answer}", need=tell(asked), answer=said(answer))
    if not answer and row["effect"] == "note":
        return _note(row, ask, text)
    status, code = (MET, "") if answer else (HUMAN, row["code"] or "")
    asks = facts_for(row["asks"])
    return line(row["id"], status, row["provision"], text, row, code=code, asks=asks, answer=answer)


def _note(row: Row, ask: Ask, text: str = "") -> Part:
    plain = row["text"]
    return Note(
        key=row["id"],
        provision=row["provision"],
        text=text or tell(plain),
        source=row["source"],
        confidence=row["confidence"],
        code=row["code"] or "",
    )


def _term(row: Row, ask: Ask) -> Part:
    plain = row["text"]
    return ConductTerm(
        key=row["id"],
        value=row["code"] or row["layer"],
        provision=row["provision"],
        text=tell(plain),
        source=row["source"],
        confidence=row["confidence"],
    )


SHOWN: Mapping[str, Callable[[Row, Ask], Part]] = {"line": _line, "note": _note, "term": _term}
"""What a row becomes, by `shows`."""
