"""How much an interpreter may be asked for: the rest rules of data/interpreting_rest.csv, each with its source."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, kw_only=True)
class RestRules:
    """Minutes. A hearing longer than `solo_speech` with one interpreter needs pauses of `solo_pause`."""

    solo_speech: int
    solo_pause: int
    pair_turn: int
    daily_cap: int
    gap: int


@dataclass(frozen=True, kw_only=True)
class RestRow:
    """One rule as the data give it."""

    rule: str
    minutes: int
    text: str
    confidence: str
    source: str


@cache
def rows() -> tuple[RestRow, ...]:
    """The rules with their sources, for a page."""
    text = (files("hearings") / "data" / "interpreting_rest.csv").read_text(encoding="utf-8")
    found = csv.DictReader(text.splitlines())
    return tuple(
        RestRow(
            rule=row["rule"],
            minutes=int(row["minutes"]),
            text=row["text"],
            confidence=row["confidence"],
            source=row["source"],
        )
        for row in found
    )


@cache
def rules() -> RestRules:
    """The rules as numbers."""
    return RestRules(**{row.rule: row.minutes for row in rows()})
