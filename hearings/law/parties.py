"""Which State is bound by which instrument on a day: in force, parties, sides of bilateral treaties, order."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

from hearings import reference
from hearings.law.answer import HUMAN, MET, MISSING, Ask, GateLine, line
from hearings.law.law import Law, cite
from hearings.sentences import Series, StateName, Word, tell

NOT_BOUND = "no_instrument_in_force_between_states"


@dataclass(frozen=True)
class Question:
    """An ask and the law, with the answers that are the same for all instruments."""

    ask: Ask
    law: Law

    @property
    def sides(self) -> tuple[tuple[str, str], tuple[str, str]]:
        """Each State with the side it is on."""
        return (self.ask.requesting_state, "requesting"), (self.ask.requested_state, "requested")

    @staticmethod
    def day(text: str | None) -> date | None:
        """A whole date, or None."""
        return reference.day(text)

    def state(self, code: str) -> StateName:
        """The name of a State, for a sentence."""
        return StateName.of(code, self.law.state_name(code))

    def paragraph(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        """The paragraph of an instrument on hearings by video that the data list first."""
        profile = row["profile"]
        entries = [*profile["persons"].values(), *profile["general_heads"]]
        rule = self.law.rules.get(entries[0]["rule"]) if entries else None
        return rule or {**row, "instrument_label": row["name"], "provision": ""}

    @cached_property
    def binding_lines(self) -> Mapping[str, tuple[GateLine, ...]]:
        """By instrument: the lines on its being in force and binding both States."""
        return {row["id"]: (in_force(self, row), *parties(self, row)) for row in self.law.bases}

    @cached_property
    def bound(self) -> tuple[Mapping[str, Any], ...]:
        """Treaties in force between the two States, the most specific first."""
        rows = (row for row in self.law.bases if not row.get("no_treaty"))
        return tuple(row for row in rows if all(entry.status is MET for entry in self.binding_lines[row["id"]]))

    @cached_property
    def unsure(self) -> tuple[Mapping[str, Any], ...]:
        """Treaties in force of which the data say that it is not known whether they bind one of the two States."""
        found = []
        for row in self.law.bases:
            statuses = {entry.status for entry in self.binding_lines[row["id"]]}
            said_so = all(f"{state}/{row['id']}" in self.law.rows["party"] for state, _side in self.sides)
            if not row.get("no_treaty") and said_so and MISSING not in statuses and HUMAN in statuses:
                found.append(row)
        return tuple(found)


def in_force(question: Question, row: Mapping[str, Any]) -> GateLine:
    """Whether it is in force on the day, by its status and its first and last day. A basis without treaty always is."""
    on, name = question.ask.on, row["name"]
    if row.get("no_treaty"):
        text = tell("No treaty is relied on, so none needs to be in force")
        return line("in_force", MET, name, text, row, on=on.isoformat())
    start, until = reference.day(row["valid_from"]), reference.day(row["valid_to"])
    valid = row["status"] == "in_force" and start is not None and start <= on and not (until and until < on)
    return line(
        "in_force",
        MET if valid else MISSING,
        name,
        tell("{instrument} is in force (since {day})", instrument=name, day=start)
        if valid
        else tell("{instrument} is not in force on {day}", instrument=name, day=on),
        row,
        confidence=row["valid_from_confidence"] if valid else row["confidence"],
        code="" if valid else "instrument_not_in_force",
        instrument_status=row["status"],
        valid_from=row["valid_from"],
        on=on.isoformat(),
    )


def parties(question: Question, row: Mapping[str, Any]) -> Iterator[GateLine]:
    """Whether both States are bound: each by a row of its own, or one on each side of a bilateral treaty."""
    if row["binding"] == "bilateral":
        yield _bilateral(question, row)
    elif row["binding"] == "parties":
        for state, side in question.sides:
            yield _party(question, row, state, side)
    else:
        yield line(
            "parties",
            MET if row.get("no_treaty") else MISSING,
            row["name"],
            tell("Open to any two States")
            if row.get("no_treaty")
            else tell("{instrument} binds nobody", instrument=row["name"]),
            row,
            code="" if row.get("no_treaty") else NOT_BOUND,
            states=[state for state, _side in question.sides],
        )


def _bilateral(question: Question, row: Mapping[str, Any]) -> GateLine:
    side_a, side_b = (question.law.members(row["bilateral"][side]) for side in ("side_a", "side_b"))
    state, other = question.ask.requesting_state, question.ask.requested_state
    bound = (state in side_a and other in side_b) or (state in side_b and other in side_a)
    names = {"one": question.state(state), "other": question.state(other)}
    return line(
        "parties",
        MET if bound else MISSING,
        row["name"],
        tell("Between {one} and {other}: bound", **names)
        if bound
        else tell("Between {one} and {other}: not bound", **names),
        row,
        code="" if bound else NOT_BOUND,
        states=[state, other],
    )


def is_open_to(row: Mapping[str, Any], state: str, law: Law) -> bool:
    """Whether a State can become bound: membership may be closed (`open_to`). Without a list anybody can, for all that
    is known."""
    return not row.get("open_to") or state in law.members(row["open_to"])


def _party(question: Question, row: Mapping[str, Any], state: str, side: str) -> GateLine:
    party = question.law.party(state, row["id"])
    name, start = question.state(state), party.in_force_from
    code = ""
    if party.status != "in_force" and not is_open_to(row, state, question.law):
        text = tell("{instrument} is not open to {state}", instrument=row["name"], state=name)
        status, code = MISSING, NOT_BOUND
        party = replace(party, source=party.source or str(row["source"]), confidence=str(row["confidence"]))
    elif party.status == "unknown":
        status, text = HUMAN, tell("Not known whether {state} is bound", state=name)
    elif party.status != "in_force":
        text = tell("{state} is not bound: {status}", state=name, status=Word.of("party_status", party.status))
        status, code = MISSING, NOT_BOUND
    elif start is not None and start > question.ask.on:
        status, text, code = MISSING, tell("{state} is bound only from {day}", state=name, day=start), NOT_BOUND
    elif start is None:
        status, text = MET, tell("{state} is bound (date not known)", state=name)
    else:
        status, text = MET, tell("{state} is bound (since {day})", state=name, day=start)
    return line(
        f"party_{side}",
        status,
        row["name"],
        text,
        question.law.rows["party"].get(f"{state}/{row['id']}", {}),
        confidence="unknown" if party.status == "in_force" and start is None else "",
        code=code,
        state=state,
        party_status=party.status,
        in_force_from=start.isoformat() if start else None,
    )


PREFERRED = ("prefer_convention",)
"""The fact by which both States say which of two treaties they apply."""


def specific_first(question: Question, row: Mapping[str, Any]) -> Iterator[GateLine]:
    """A general convention gives way to a treaty between the two States, unless both prefer it (18(7), 46(7)).

    Where the data know of none, they answer; where they do not know whether one binds both, the States do.
    """
    if row["profile"].get("treaty_priority"):
        yield _specific_treaty(question, row)
    if row.get("only_without_other_mla_treaty"):
        names = [other["name"] for other in question.bound if other["id"] != row["id"]]
        agreed = question.ask.prefer_convention
        text = tell(
            "Only without another treaty on assistance, or where both States agree to rely on this instrument: "
            "{treaties}",
            treaties=Series.of(names) if names else tell("none known"),
        )
        status = MET if agreed or not names else MISSING
        asks = PREFERRED if names else ()
        yield line("no_other_treaty", status, row["name"], text, row, asks=asks, known=names)


def _specific_treaty(question: Question, row: Mapping[str, Any]) -> GateLine:
    rule = row["profile"]["treaty_priority"]
    law = question.law.rules.get(rule["rule"], row)
    agreed, may = question.ask.prefer_convention, rule.get("may_agree_otherwise", False)
    known = [other for other in question.bound if _precedes(question, other, row)]
    unsure = [other for other in question.unsure if _precedes(question, other, row)]
    names = [other["name"] for other in known]
    asks = PREFERRED if known or unsure or agreed is not None else ()
    status = HUMAN
    if agreed and may:
        status, text = MET, tell("Both States agree to apply this convention instead of a treaty between them")
    elif known:
        text = tell(
            "Both States are bound by instruments that take precedence unless both prefer this convention: {treaties}",
            treaties=Series.of(names),
        )
        status = MISSING if agreed is False and any(_reaches(question, other) for other in known) else HUMAN
    elif agreed is False:
        text = tell("A treaty between the two States takes precedence; the data name none: state which")
    elif unsure:
        text = tell(
            "Whether the two States are bound by instruments that take precedence is not known: {treaties}. They say "
            "whether they apply this convention",
            treaties=Series.of(other["name"] for other in unsure),
        )
    else:
        status = MET
        text = tell(
            "The data name no treaty between the two States that would take precedence; they may not be complete"
        )
    return line(
        *("specific_treaty", status, cite(law), text, law),
        confidence="unknown",
        asks=asks,
        known=names,
        unsure=[other["name"] for other in unsure],
        agreed=agreed,
    )


def _precedes(question: Question, other: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    listed = other["profile"].get("procedures") or other.get("procedures_only")
    fits = not listed or question.ask.procedure in listed
    return bool(reference.specificity(other) < reference.specificity(row) and fits)


def _reaches(question: Question, other: Mapping[str, Any]) -> bool:
    capacity = question.ask.capacity
    return capacity is not None and capacity.value in other["profile"]["persons"]
