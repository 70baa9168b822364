"""The law as data: loads `hearings/data`, once, and answers simple questions about it.

Every row has a source and a confidence. Unknown, empty or null means not verified: pages say so, and an administrator
may correct the file. `data/README.md` describes the files.

States, instruments and court hours are those in force where the caller's root has said which law that is
(`in_force`: each request of the web, each round of a clock, each command), else those of the files.
"""

import contextlib
import csv
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, Protocol

import yaml

from hearings.errors import UnknownState
from hearings.sentences import N_, tell

NO_DATA = N_("No data for the State {name}")

VERIFIED = frozenset({"read-in-source"})
"""Confidences that need no "unverified" beside them."""


ACCEPTANCES = ("videoconference", "e_transmission", "e_signature", "paperless")
"""What a State may say it accepts: hearings by video, requests sent electronically, electronic signatures, and files
without paper."""
ACCEPTED = ("yes", "no", "on_conditions", "unknown")


@dataclass(frozen=True, kw_only=True)
class Acceptance:
    """Whether a State accepts something (`ACCEPTANCES`, `ACCEPTED`); the day and the source are empty if unknown."""

    what: str
    answer: str
    as_of: str
    source: str


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
    acceptances: tuple[Acceptance, ...] = ()


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


class InForce(Protocol):
    """What is asked here of the law in force; `hearings.law.law.Law` has it."""

    @property
    def jurisdictions(self) -> Mapping[str, Jurisdiction]:
        """States by code, in the order of their names."""
        ...

    @property
    def instruments(self) -> Mapping[str, Mapping[str, Any]]:
        """Instruments by id, the most specific first."""
        ...

    @property
    def rows(self) -> Mapping[str, Mapping[str, Mapping[str, Any]]]:
        """All rows, by kind and key."""
        ...


_law: ContextVar[InForce | None] = ContextVar("law_in_force", default=None)


@contextlib.contextmanager
def in_force(law: InForce) -> Iterator[None]:
    """Within, and in the tasks and threads started within, this law answers in place of the files."""
    token = _law.set(law)
    try:
        yield
    finally:
        _law.reset(token)


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
    members_of: Mapping[str, list[str]] = _yaml("enums.yaml")["enums"]
    return members_of


@cache
def defaults() -> Mapping[str, Any]:
    """Groups of States, timers, policies for unknown data."""
    values: Mapping[str, Any] = _yaml("defaults.yaml")
    return values


@cache
def cities() -> Mapping[str, Mapping[str, str]]:
    """By English name, how cities that no time zone is named after are called: `own`, and by language tag."""
    names: Mapping[str, Mapping[str, str]] = _yaml("cities.yaml")["cities"]
    return names


@cache
def state_forms() -> Mapping[tuple[str, str], Mapping[str, str]]:
    """The forms of names of States in a sentence, by language tag and ISO 3166-1 code; `*` for a State without a row,
    whose name is put in the place of `{name}`. A language without rows does not inflect names."""
    return {
        (row["language"], row["state"]): {form: row[form] for form in ("the", "of", "in", "to")}
        for row in _csv("state_forms.csv")
    }


@cache
def free_mail() -> frozenset[str]:
    """Domains whose mailboxes anybody can open: no authority's."""
    return frozenset(str(name) for name in _yaml("free_mail.yaml")["domains"])


@cache
def request_rules() -> Mapping[str, Any]:
    """Product defaults for the handling of requests: timers, numbers of slots and files."""
    values: Mapping[str, Any] = _yaml("requests.yaml")
    return values


@cache
def drills() -> Mapping[str, Any]:
    """The drills of a rehearsal (`hearings.training.drills`)."""
    table: Mapping[str, Any] = _yaml("drills.yaml")
    return table


@cache
def rights() -> Mapping[str, Any]:
    """The rights checklist of a hearing (`hearings.rights.checklist`)."""
    table: Mapping[str, Any] = _yaml("rights.yaml")
    return table


@cache
def personal_data() -> Mapping[str, Any]:
    """What every table of the database holds of people, and for how long (`hearings.personal_data.data_table`)."""
    table: Mapping[str, Any] = _yaml("personal_data.yaml")
    return table


@cache
def costs() -> Mapping[str, Any]:
    """Who bears which costs by each instrument, and the currencies (`hearings.costs`)."""
    table: Mapping[str, Any] = _yaml("costs.yaml")
    return table


@cache
def gate() -> Mapping[str, Any]:
    """The gate's questions about offences, and its words for scopes and capacities."""
    entries: Mapping[str, Any] = _yaml("gate.yaml")
    return entries


@cache
def contents() -> Mapping[str, Any]:
    """What a request has to contain, by instrument (`content`), and the sections of forms (`forms`)."""
    entries: Mapping[str, Any] = _yaml("content.yaml")
    return entries


@cache
def lint() -> Mapping[str, Any]:
    """Remarks on a request (`hearings.lint`): `words` to look for, checks of `facts`, texts about `translations`."""
    table: Mapping[str, Any] = _yaml("lint.yaml")
    return table


@cache
def refusal_procedures() -> tuple[Mapping[str, Any], ...]:
    """What has to come before and with a refusal, one row an instrument."""
    return tuple(_yaml("refusal.yaml")["refusal"])


def specificity(row: Mapping[str, Any]) -> int:
    """Sort key of instruments: the most specific first, those that are no basis last."""
    return int(row["priority"] or 1000)


def instruments() -> Mapping[str, Mapping[str, Any]]:
    """Instruments by id, the most specific first; the last is the basis of data/gate.yaml that needs no treaty."""
    law = _law.get()
    return _instruments() if law is None else law.instruments


@cache
def _instruments() -> Mapping[str, Mapping[str, Any]]:
    rows = sorted([*_yaml("instruments.yaml")["instruments"], *gate()["instruments"]], key=specificity)
    return {row["id"]: row for row in rows}


def instrument_name(instrument: str) -> str:
    """The name of an instrument, in English; its id where there is no row."""
    row = instruments().get(instrument)
    return str(row["name"]) if row is not None else instrument


@cache
def rules() -> Mapping[str, Mapping[str, Any]]:
    """Paragraphs of law by id."""
    return {row["id"]: row for row in [*_yaml("rules.yaml")["rules"], *gate()["rules"]]}


@cache
def overlays() -> tuple[Mapping[str, Any], ...]:
    """National rules that are added on top of a treaty."""
    return tuple(_yaml("overlays.yaml")["overlays"])


@cache
def displacement() -> tuple[Mapping[str, Any], ...]:
    """Which instrument gives way to which between two States, and when."""
    return tuple(_yaml("displacement.yaml")["displacement"])


@cache
def safeguards() -> tuple[Mapping[str, Any], ...]:
    """What a request needs for children, detained persons, victims and others."""
    return tuple(_yaml("safeguards.yaml")["safeguards"])


@cache
def national() -> Mapping[str, Mapping[str, Any]]:
    """What the data hold of the law of each State, by ISO 3166-1 alpha-2 code."""
    return {row["state"]: row for row in _yaml("national.yaml")["national"]}


@cache
def declarations() -> tuple[Mapping[str, str], ...]:
    """Declarations of States to provisions."""
    return tuple(_csv("declarations.csv"))


def read_jurisdiction(row: Mapping[str, str]) -> Jurisdiction:
    """A row of jurisdictions.csv."""
    return Jurisdiction(
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
        acceptances=tuple(
            Acceptance(
                what=what,
                answer=row.get(f"accepts_{what}") or "unknown",
                as_of=row.get(f"accepts_{what}_on") or "",
                source=row.get(f"accepts_{what}_source") or "",
            )
            for what in ACCEPTANCES
        ),
    )


def jurisdictions() -> Mapping[str, Jurisdiction]:
    """States by ISO 3166-1 alpha-2 code, in the order of their names."""
    law = _law.get()
    return _jurisdictions() if law is None else law.jurisdictions


@cache
def _jurisdictions() -> Mapping[str, Jurisdiction]:
    rows = sorted(rows_of("jurisdiction").values(), key=lambda row: str(row["name"]))
    return {row["iso2"]: read_jurisdiction(row) for row in rows}


def jurisdiction(state: str) -> Jurisdiction:
    """One State. Raises `UnknownState`."""
    try:
        return jurisdictions()[state]
    except KeyError:
        raise UnknownState(tell(NO_DATA, name=repr(state[:10])), "state") from None


UNKNOWN_PARTY = PartyRow(status="unknown", in_force_from=None, confidence="unknown", source="")


def read_party(row: Mapping[str, str]) -> PartyRow:
    """A row of parties.csv."""
    return PartyRow(
        status=row["party_status"],
        in_force_from=day(row["in_force_from"]),
        confidence=row["confidence"],
        source=row["source"],
    )


@cache
def _parties() -> Mapping[str, PartyRow]:
    return {key: read_party(row) for key, row in rows_of("party").items()}


def party(state: str, instrument: str) -> PartyRow:
    """Whether a State is bound by an instrument; `unknown` where there is no row."""
    return _parties().get(f"{state}/{instrument}", UNKNOWN_PARTY)


def members(group: str | list[str]) -> frozenset[str]:
    """The States of `group:EU`, or of a list of States and groups."""
    if isinstance(group, str):
        states: list[str] = defaults()["groups"][group.removeprefix("group:")]
        return frozenset(states)
    groups = [name for name in group if name.startswith("group:")]
    return frozenset(group).difference(groups).union(*map(members, groups))


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def _weekdays(text: str) -> frozenset[int]:
    days: set[int] = set()
    for part in text.split("|"):
        first, _, last = part.partition("-")
        days.update(range(int(first), int(last or first) + 1))
    return frozenset(days)


def read_hours(row: Mapping[str, Any]) -> tuple[CourtHours, ...]:
    """The opening intervals of one zone of one State; weekdays as in ISO 8601, Monday is 1."""
    return tuple(
        CourtHours(
            state=row["iso2"],
            zone=row["tz"],
            weekdays=_weekdays(interval["weekdays"]),
            opens=_minutes(interval["opens"]),
            closes=_minutes(interval["closes"]),
            confidence=row["confidence"],
        )
        for interval in row["intervals"]
    )


def court_hours() -> tuple[CourtHours, ...]:
    """Opening intervals of all zones."""
    law = _law.get()
    rows = rows_of("court_hours") if law is None else law.rows["court_hours"]
    return tuple(hours for row in rows.values() for hours in read_hours(row))


# --- the files, row by row ---------------------------------------------------------------------------------------


def _hours_rows() -> dict[str, Mapping[str, Any]]:
    """Rows of court hours with all intervals of a zone together: a lunch break makes two rows of the file."""
    by_key: dict[str, dict[str, Any]] = {}
    for row in _csv("court_hours.csv"):
        court = by_key.setdefault(
            f"{row['iso2']}/{row['tz']}",
            {name: row[name] for name in ("iso2", "tz", "confidence", "source")} | {"intervals": []},
        )
        court["intervals"].append({name: row[name] for name in ("weekdays", "opens", "closes")})
    return dict(by_key)


def key_of(kind: str, row: Mapping[str, Any]) -> str:
    """The key of a row within its kind, such as `RO/untoc` for a party."""
    return "/".join(str(row[name]) for name in KEYS[kind])


KEYS: Mapping[str, tuple[str, ...]] = {
    "instrument": ("id",),
    "rule": ("id",),
    "overlay": ("id",),
    "party": ("iso2", "instrument_id"),
    "declaration": ("iso2", "instrument_id", "provision"),
    "jurisdiction": ("iso2",),
    "court_hours": ("iso2", "tz"),
    "interpreting_rest": ("id",),
}
"""The kinds of rows, and the fields that make their key."""


@cache
def rows_of(kind: str) -> Mapping[str, Mapping[str, Any]]:
    """The rows of one kind as the files hold them, by key."""
    match kind:
        case "instrument":
            return _instruments()
        case "rule":
            return rules()
        case "court_hours":
            return _hours_rows()
        case "interpreting_rest":
            return {row["id"]: {**row, "minutes": int(row["minutes"])} for row in _csv("interpreting_rest.csv")}
        case "overlay":
            rows: Any = overlays()
        case _:
            names = {"party": "parties", "declaration": "declarations", "jurisdiction": "jurisdictions"}
            rows = _csv(f"{names[kind]}.csv")
    return {key_of(kind, row): row for row in rows}
