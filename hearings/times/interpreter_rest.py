"""How much an interpreter may be asked for: rules of data/interpreting_rest.csv, or as an administrator has them."""

from dataclasses import dataclass
from functools import lru_cache

from hearings.law.law import LAW, Law


@dataclass(frozen=True, kw_only=True)
class RestRules:
    """Minutes. A hearing longer than `solo_speech` with one interpreter needs pauses of `solo_pause`."""

    solo_speech: int
    solo_pause: int
    daily_cap: int
    gap: int


@dataclass(frozen=True, kw_only=True)
class RestRow:
    """One rule as the law has it. `edited`: an administrator has laid it over the file."""

    rule: str
    minutes: int
    text: str
    confidence: str
    source: str
    edited: bool


@lru_cache(maxsize=8)
def rows(law: Law = LAW) -> tuple[RestRow, ...]:
    """The rules with their sources, for a page."""
    return tuple(
        RestRow(
            rule=key,
            minutes=row["minutes"],
            text=row["text"],
            confidence=row["confidence"],
            source=row["source"],
            edited=("interpreting_rest", key) in law.edited,
        )
        for key, row in law.rows["interpreting_rest"].items()
    )


@lru_cache(maxsize=8)
def rules(law: Law = LAW) -> RestRules:
    """The rules as numbers."""
    return RestRules(**{row.rule: row.minutes for row in rows(law)})
