"""Personal data as a table: every table and column of the database, why it is kept, how long, and what happens then.

The rows are data/personal_data.yaml (README.md there); they are checked when they are read.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cache
from typing import Any

from hearings import reference


class DataKind(StrEnum):
    """What the values of a column say of a person."""

    none = "none"
    personal = "personal"
    """Who somebody is, or what they have done."""
    special = "special"
    """Offences and custody, health and age, being a victim or protected: what harms most when it is known."""
    contact = "contact"
    """Where somebody can be reached."""
    free_text = "free_text"
    """Written by people, or made of what they wrote: it may hold anything on anybody."""
    credential = "credential"
    """Lets somebody or something in, or is the digest of what does."""


class Then(StrEnum):
    """What happens when the period of a rule has ended."""

    erase = "erase"
    pseudonymise = "pseudonymise"
    """What names people is erased; what remains says that there was something."""
    keep = "keep"
    """Nothing erases it; the rule says why."""


class FoundBy(StrEnum):
    """By what a row is found for the report to a person."""

    none = "none"
    """It says nothing of a person that the report could say."""
    person = "person"
    """A member of staff."""
    participant = "participant"
    address = "address"
    case = "case"
    """The case that the person is heard in."""


@dataclass(frozen=True, kw_only=True)
class DataRule:
    """How long something is kept. `title`, `starts` and `does` are messages of the catalogues; `provision` is not
    translated."""

    id: str
    title: str
    does: str
    """What happens then; of what is kept, why."""
    then: Then
    provision: str
    starts: str = ""
    """The event from which the period counts."""
    period: timedelta | None = None
    """None: without end."""
    least: int | None = None
    most: int | None = None
    """The days between which a State may choose; None where all States have the same."""
    waits: bool = False
    """Whether it waits while the case is open, or under a legal hold."""

    @property
    def adjustable(self) -> bool:
        """Whether a State may choose another period."""
        return self.least is not None


@dataclass(frozen=True, kw_only=True)
class HeldTable:
    """What one table of the database holds. `holds` and `basis` are English, for the record of processing."""

    name: str
    holds: str
    basis: str
    rules: tuple[str, ...]
    report: FoundBy
    columns: Mapping[str, DataKind]
    """Beside `id` and `owner_state`, which every table has and which name nobody."""

    def of(self, *kinds: DataKind) -> tuple[str, ...]:
        """The columns of these kinds."""
        return tuple(name for name, kind in self.columns.items() if kind in kinds)


class WrongDataRow(ValueError):
    """A row of data/personal_data.yaml is not one; the text names it and what is wrong."""


_TEXTS = ("id", "title", "does", "then", "provision")
_ENDS = ("starts", "waits")
_TABLE = frozenset({"holds", "basis", "rules", "report"})


def read_rule(row: Mapping[str, Any]) -> DataRule:
    """A rule from its row. Raises `WrongDataRow`."""
    name = str(row.get("id", "?"))
    keeps = row.get("then") == Then.keep
    wanted = {*_TEXTS, *(() if keeps else _ENDS)}
    units = set(row) & {"days", "minutes"}
    bounds = set(row) & {"least", "most"}
    if set(row) - units - bounds != wanted or len(units) != (0 if keeps else 1) or len(bounds) not in (0, 2):
        raise WrongDataRow(f"{name}: fields")
    if any(not isinstance(row[key], str) for key in _TEXTS) or not isinstance(row.get("waits", False), bool):
        raise WrongDataRow(f"{name}: types")
    try:
        rule = DataRule(
            **{key: row[key] for key in (*_TEXTS, *_ENDS, *bounds) if key in row and key != "then"},
            then=Then(row["then"]),
            period=None if keeps else timedelta(**{unit: int(row[unit]) for unit in units}),
        )
    except (ValueError, TypeError) as error:
        raise WrongDataRow(f"{name}: {error}") from error
    if rule.adjustable and not 0 < int(rule.least or 0) <= int(row.get("days", 0)) <= int(rule.most or 0):
        raise WrongDataRow(f"{name}: the days are not between least and most")
    return rule


def read_table(name: str, row: Mapping[str, Any], bases: Mapping[str, str], known: Mapping[str, DataRule]) -> HeldTable:
    """A table from its row. Raises `WrongDataRow`, also for a column that stands twice."""
    kinds = set(row) - _TABLE
    if not set(row) >= _TABLE or not kinds <= set(DataKind):
        raise WrongDataRow(f"{name}: fields")
    columns: dict[str, DataKind] = {}
    for kind in DataKind:
        for column in row.get(kind.value, ()):
            if column in columns:
                raise WrongDataRow(f"{name}: {column} stands twice")
            columns[str(column)] = kind
    if row["basis"] not in bases or not row["rules"] or not set(row["rules"]) <= set(known):
        raise WrongDataRow(f"{name}: basis or rules")
    try:
        report = FoundBy(row["report"])
    except ValueError as error:
        raise WrongDataRow(f"{name}: {error}") from error
    rules = tuple(str(rule) for rule in row["rules"])
    return HeldTable(
        name=name, holds=str(row["holds"]), basis=bases[row["basis"]], rules=rules, report=report, columns=columns
    )


@cache
def rules() -> Mapping[str, DataRule]:
    """The rules by id, those a State may change first. Raises `WrongDataRow`, also for an id that stands twice."""
    rows = reference.personal_data()["rules"]
    found = {rule.id: rule for rule in map(read_rule, rows)}
    if len(found) != len(rows):
        raise WrongDataRow("an id stands twice")
    return found


@cache
def tables() -> Mapping[str, HeldTable]:
    """What every table of the database holds, by its name. Raises `WrongDataRow`."""
    data = reference.personal_data()
    return {name: read_table(name, row, data["bases"], rules()) for name, row in data["tables"].items()}


def messages() -> Iterator[str]:
    """The texts of the rules, for the catalogues."""
    for rule in rules().values():
        yield from (text for text in (rule.title, rule.starts, rule.does) if text)
