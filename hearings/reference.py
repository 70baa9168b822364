"""The law as data: loads `hearings/data`, once, and answers simple questions about it.

Every row has a source and a confidence. Unknown, empty or null means nobody has verified it: what is shown from it
says so, and an administrator may correct the file. `data/README.md` tells how the files are to be read.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from hearings.errors import UnknownState

VERIFIED = frozenset({"read-in-source"})
"""Confidences that need no "unverified" beside them."""


@dataclass(frozen=True, kw_only=True)
class Jurisdiction:
    """One State: who its central authority is, what languages it accepts, its zones."""

    state: str
    name: str
    eu_member: bool
    central_authority: str
    central_authority_confidence: str
    accepted_languages: tuple[str, ...]
    conditional_languages: tuple[str, ...]
    languages_confidence: str
    default_zone: str
    zones: tuple[str, ...]
    source: str


@dataclass(frozen=True, kw_only=True)
class PartyRow:
    """Whether one State is bound by one instrument, and from when (None: day unknown)."""

    status: str
    in_force_from: date | None
    confidence: str
    source: str


@dataclass(frozen=True, kw_only=True)
class CourtHours:
    """One opening interval of the courts in one zone; minutes since midnight, the end exclusive."""

    state: str
    zone: str
    weekdays: frozenset[int]
    opens: int
    closes: int
    confidence: str


def _read(name: str) -> str:
    return (files("hearings") / "data" / name).read_text(encoding="utf-8")


def _yaml(name: str) -> Any:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(_read(name), Loader=loader)


def _csv(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(_read(name).splitlines()))


def _split(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split("|") if part)


def day(text: str | None) -> date | None:
    """A date of the data, None when it is empty or not a whole date (`2019-05 (day unknown)`)."""
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


@cache
def enums() -> Mapping[str, list[str]]:
    """The closed lists of codes."""
    found: Mapping[str, list[str]] = _yaml("enums.yaml")["enums"]
    return found


@cache
def defaults() -> Mapping[str, Any]:
    """Groups of States, timers, policies for unknown data."""
    found: Mapping[str, Any] = _yaml("defaults.yaml")
    return found


@cache
def gate() -> Mapping[str, Any]:
    """What the gate asks about offences, and how it words scopes and capacities."""
    found: Mapping[str, Any] = _yaml("gate.yaml")
    return found


@cache
def instruments() -> Mapping[str, Mapping[str, Any]]:
    """Instruments by id, the most specific first."""
    rows = sorted(_yaml("instruments.yaml")["instruments"], key=lambda row: row["priority"] or 1000)
    return {row["id"]: row for row in rows}


@cache
def rules() -> Mapping[str, Mapping[str, Any]]:
    """Paragraphs of law by id."""
    return {row["id"]: row for row in _yaml("rules.yaml")["rules"]}


@cache
def overlays() -> tuple[Mapping[str, Any], ...]:
    """National rules that are added on top of a treaty."""
    return tuple(_yaml("overlays.yaml")["overlays"])


@cache
def declarations() -> tuple[Mapping[str, str], ...]:
    """Declarations of States to provisions."""
    return tuple(_csv("declarations.csv"))


@cache
def jurisdictions() -> Mapping[str, Jurisdiction]:
    """States by ISO 3166-1 alpha-2 code, in the order of their names."""
    rows = sorted(_csv("jurisdictions.csv"), key=lambda row: row["name"])
    return {
        row["iso2"]: Jurisdiction(
            state=row["iso2"],
            name=row["name"],
            eu_member=row["eu_member"] == "true",
            central_authority=row["central_authority"],
            central_authority_confidence=row["central_authority_conf"],
            accepted_languages=_split(row["accepted_languages"]),
            conditional_languages=_split(row["conditional_languages"]),
            languages_confidence=row["languages_conf"],
            default_zone=row["default_tz"],
            zones=_split(row["tz_ids"]),
            source=row["source"],
        )
        for row in rows
    }


def jurisdiction(state: str) -> Jurisdiction:
    """One State. Raises `UnknownState`."""
    try:
        return jurisdictions()[state]
    except KeyError:
        raise UnknownState(f"No data for the State {state[:10]!r}", "state") from None


@cache
def _parties() -> Mapping[tuple[str, str], PartyRow]:
    return {
        (row["iso2"], row["instrument_id"]): PartyRow(
            status=row["party_status"],
            in_force_from=day(row["in_force_from"]),
            confidence=row["confidence"],
            source=row["source"],
        )
        for row in _csv("parties.csv")
    }


def party(state: str, instrument: str) -> PartyRow:
    """Whether a State is bound by an instrument; `unknown` where there is no row."""
    return _parties().get(
        (state, instrument), PartyRow(status="unknown", in_force_from=None, confidence="unknown", source="")
    )


def members(group: str | list[str]) -> frozenset[str]:
    """The States of `group:EU` or of a list."""
    if isinstance(group, str):
        found: list[str] = defaults()["groups"][group.removeprefix("group:")]
        return frozenset(found)
    return frozenset(group)


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def _weekdays(text: str) -> frozenset[int]:
    days: set[int] = set()
    for part in text.split("|"):
        first, _, last = part.partition("-")
        days.update(range(int(first), int(last or first) + 1))
    return frozenset(days)


@cache
def court_hours() -> tuple[CourtHours, ...]:
    """Opening intervals; weekdays as in ISO 8601, Monday is 1."""
    return tuple(
        CourtHours(
            state=row["iso2"],
            zone=row["tz"],
            weekdays=_weekdays(row["weekdays"]),
            opens=_minutes(row["opens"]),
            closes=_minutes(row["closes"]),
            confidence=row["confidence"],
        )
        for row in _csv("court_hours.csv")
    )
