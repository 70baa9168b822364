"""The law that the gate evaluates: the data files, with the administrator's rows in place of theirs.

A `Law` never changes; an edit makes another. `LAW` is the files alone. `current(db)` is the law in force now: it reads
the newest edit, and merges again only if that edit is new to it. Within `reading` the questions of `hearings.reference`
are answered by it too: for a request, a round of a clock, a command. So a State that is added counts everywhere.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import reference
from hearings.db import Database
from hearings.errors import DatabaseRefused, UnknownState
from hearings.models.law import LawKind, LawRow
from hearings.reference import NO_DATA, CourtHours, Jurisdiction, PartyRow
from hearings.sentences import tell

Rows = Mapping[str, Mapping[str, Any]]
Versions = Mapping[str, tuple[tuple[int, Mapping[str, Any] | None], ...]]
"""By key, every version an administrator has written, oldest first: its number, and the row (None: withdrawn)."""


@dataclass(frozen=True, kw_only=True)
class DatedHours:
    """An opening interval, the days it counts on (both inclusive), and the version of its row; 0 is the files'."""

    hours: CourtHours
    version: int
    first: date = date.min
    last: date = date.max


@dataclass(frozen=True, eq=False)
class Law:
    """All rows, by kind and key, with the lookups of the engine."""

    rows: Mapping[str, Rows]
    """By kind (`hearings.models.law.LawKind`), then by key (`hearings.reference.key_of`)."""
    serial: int = 0
    """Number of the newest edit in it; 0 for the files alone."""
    edited: frozenset[tuple[str, str]] = frozenset()
    """Kind and key of the rows that differ from the files."""
    hours_versions: Versions = field(default_factory=dict)
    """Versions of the rows of court hours: each is valid until the first day of the next."""
    looked_at: Mapping[tuple[str, str], date] = field(default_factory=dict)
    """By kind and key, the day of the last change or review here (`hearings.law.reviews`)."""
    enums: Mapping[str, list[str]] = field(default_factory=reference.enums)
    defaults: Mapping[str, Any] = field(default_factory=reference.defaults)
    gate: Mapping[str, Any] = field(default_factory=reference.gate)
    displacement: tuple[Mapping[str, Any], ...] = field(default_factory=reference.displacement)
    safeguards: tuple[Mapping[str, Any], ...] = field(default_factory=reference.safeguards)
    national: Rows = field(default_factory=reference.national)
    """What the files hold of the law of each State, by code."""

    @cached_property
    def places(self) -> Mapping[int, tuple[str, str]]:
        """Kind and key of each row, by its identity."""
        return {id(row): (kind, key) for kind, rows in self.rows.items() for key, row in rows.items()}

    @cached_property
    def instruments(self) -> Rows:
        """By id, the most specific first."""
        rows = sorted(self.rows["instrument"].values(), key=reference.specificity)
        return {str(row["id"]): row for row in rows}

    @cached_property
    def bases(self) -> tuple[Mapping[str, Any], ...]:
        """Instruments with provisions on hearings by video: no proposals without text, soft law or mere channels."""
        return tuple(row for row in self.instruments.values() if row.get("profile") and not row.get("channel_only"))

    @cached_property
    def channel_only(self) -> tuple[Mapping[str, Any], ...]:
        """Instruments that only open a channel for requests."""
        return tuple(row for row in self.instruments.values() if row.get("channel_only"))

    @property
    def rules(self) -> Rows:
        """Paragraphs by id."""
        return self.rows["rule"]

    @cached_property
    def rules_of(self) -> Mapping[str, tuple[Mapping[str, Any], ...]]:
        """Paragraphs by the instrument they belong to."""
        by_instrument: dict[str, list[Mapping[str, Any]]] = {}
        for rule in self.rules.values():
            by_instrument.setdefault(rule["instrument_id"], []).append(rule)
        return {instrument: tuple(rules) for instrument, rules in by_instrument.items()}

    @cached_property
    def _overlays(self) -> Mapping[tuple[str, str], tuple[Mapping[str, Any], ...]]:
        by_side: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
        for overlay in self.rows["overlay"].values():
            if overlay.get("candidate"):
                continue
            for side in overlay["applies_when_state_is"]:
                by_side.setdefault((overlay["state"], side), []).append(overlay)
        return {key: tuple(overlays) for key, overlays in by_side.items()}

    def overlays(self, state: str, side: str) -> tuple[Mapping[str, Any], ...]:
        """Confirmed national rules of a State when it is the `requesting` or `requested` one."""
        return self._overlays.get((state, side), ())

    @cached_property
    def _known(self) -> Mapping[tuple[str, bool], tuple[Mapping[str, Any], ...]]:
        known: dict[tuple[str, bool], list[Mapping[str, Any]]] = {}
        for overlay in self.rows["overlay"].values():
            known.setdefault((overlay["state"], bool(overlay.get("candidate"))), []).append(overlay)
        return {key: tuple(overlays) for key, overlays in known.items()}

    def national_rules(self, state: str, *, candidates: bool = False) -> tuple[Mapping[str, Any], ...]:
        """National rules of a State on either side: the confirmed ones, or those that nobody has confirmed yet."""
        return self._known.get((state, candidates), ())

    @cached_property
    def _displacement(self) -> Mapping[str, tuple[Mapping[str, Any], ...]]:
        by_displaced: dict[str, list[Mapping[str, Any]]] = {}
        for row in self.displacement:
            by_displaced.setdefault(row["displaced"], []).append(row)
        return {key: tuple(rows) for key, rows in by_displaced.items()}

    def displacement_of(self, instrument: str) -> tuple[Mapping[str, Any], ...]:
        """The rows by which an instrument may give way to another, or be added to."""
        return self._displacement.get(instrument, ())

    @cached_property
    def _declarations(self) -> Mapping[tuple[str, str], tuple[Mapping[str, Any], ...]]:
        by_party: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
        for row in self.rows["declaration"].values():
            by_party.setdefault((row["iso2"], row["instrument_id"]), []).append(row)
        return {key: tuple(rows) for key, rows in by_party.items()}

    def declarations(self, state: str, instrument: str) -> tuple[Mapping[str, Any], ...]:
        """Known declarations of a State to an instrument."""
        return self._declarations.get((state, instrument), ())

    @cached_property
    def _parties(self) -> Mapping[str, PartyRow]:
        return {key: reference.read_party(row) for key, row in self.rows["party"].items()}

    def party(self, state: str, instrument: str) -> PartyRow:
        """Whether a State is bound; `unknown` where there is no row."""
        return self._parties.get(f"{state}/{instrument}", reference.UNKNOWN_PARTY)

    @cached_property
    def jurisdictions(self) -> Mapping[str, Jurisdiction]:
        """States by code, in the order of their names."""
        rows = sorted(self.rows["jurisdiction"].values(), key=lambda row: str(row["name"]))
        return {row["iso2"]: reference.read_jurisdiction(row) for row in rows}

    def jurisdiction(self, state: str) -> Jurisdiction:
        """One State. Raises `UnknownState`."""
        try:
            return self.jurisdictions[state]
        except KeyError:
            raise UnknownState(tell(NO_DATA, name=repr(state[:10])), "state") from None

    def state_name(self, state: str) -> str:
        """The name of a State, its code where it has no row."""
        known = self.jurisdictions.get(state)
        return known.name if known else state

    def court_hours(self, state: str, zone: str) -> tuple[DatedHours, ...]:
        """Opening intervals of the courts of a State in a zone; empty if unknown.

        A version replaces all earlier ones from its first day on (without one: always).
        """
        key = f"{state}/{zone}"
        of_files = reference.rows_of("court_hours").get(key)
        hours = _dated(of_files, 0)
        for version, row in self.hours_versions.get(key, ()):
            if row is None:
                hours = _dated(of_files, 0)
                continue
            first = reference.day(row.get("effective_from")) or date.min
            hours = [
                replace(interval, last=min(interval.last, first - timedelta(days=1)))
                for interval in hours
                if interval.first < first
            ] + _dated(row, version, first)
        return tuple(hours)

    def members(self, group: str | list[str]) -> frozenset[str]:
        """The States of `group:EU` or of a list."""
        return reference.members(group)


def _dated(row: Mapping[str, Any] | None, version: int, first: date = date.min) -> list[DatedHours]:
    intervals = reference.read_hours(row) if row is not None else ()
    return [DatedHours(hours=interval, version=version, first=first) for interval in intervals]


def cite(rule: Mapping[str, Any]) -> str:
    """A paragraph as it is cited: label of the instrument, then the provision."""
    return f"{rule['instrument_label']} {rule['provision']}"


LAW = Law(rows={kind: reference.rows_of(kind) for kind in reference.KEYS})


def merge(
    rows: Iterable[tuple[str, str, Mapping[str, Any] | None]],
    *,
    serial: int = 0,
    hours: Versions | None = None,
    looked_at: Mapping[tuple[str, str], date] | None = None,
) -> Law:
    """The files with rows in place of theirs: kind, key, and the row (None: the file's).

    `hours`: every version of the rows of court hours. `looked_at`: when a row was last changed or reviewed.
    """
    merged: dict[str, dict[str, Mapping[str, Any]]] = {kind: dict(by_key) for kind, by_key in LAW.rows.items()}
    edited = set()
    for kind, key, data in rows:
        if data is not None:
            merged[kind][key] = data
            edited.add((kind, key))
    edits = frozenset(edited)
    return Law(rows=merged, serial=serial, edited=edits, hours_versions=hours or {}, looked_at=looked_at or {})


_KEPT = 8
_seen: dict[str, Law] = {}
"""Merged laws by the id of their newest edit, which no two databases share; the oldest is dropped first."""


async def newest(db: AsyncSession) -> LawRow | None:
    """The last edit of the law, by one read of an index."""
    return (await db.exec(select(LawRow).order_by(col(LawRow.serial).desc()).limit(1))).first()


async def current(db: AsyncSession) -> Law:
    """The law in force now."""
    last = await newest(db)
    if last is None:
        return LAW
    merged = _seen.get(last.id)
    if merged is None:
        rows = (await db.exec(select(LawRow).order_by(col(LawRow.serial)))).all()
        looked_at = {(row.kind.value, row.key): row.at.date() for row in rows}
        rows = [row for row in rows if row.confirms is None]
        newest_rows = {(row.kind.value, row.key): row.data for row in rows}
        hours: dict[str, tuple[tuple[int, Mapping[str, Any] | None], ...]] = {}
        for row in rows:
            if row.kind is LawKind.court_hours:
                hours[row.key] = (*hours.get(row.key, ()), (row.version, row.data))
        merged = merge(
            ((kind, key, data) for (kind, key), data in newest_rows.items()),
            serial=last.serial,
            hours=hours,
            looked_at=looked_at,
        )
        while len(_seen) >= _KEPT:
            _seen.pop(next(iter(_seen)))
        _seen[last.id] = merged
    return merged


# --- for a whole piece of work ------------------------------------------------------------------------------------

SECONDS = 1.0
"""The longest time after which a change made in another process counts in this one."""


@asynccontextmanager
async def reading(database: Database) -> AsyncIterator[Law]:
    """The law in force now, for what is done within. Raises `DatabaseRefused`."""
    async with database.reading() as db:
        law = await current(db)
    with reference.in_force(law):
        yield law


@dataclass
class LawWatch:
    """The newest law one process knows of its database. Owned by the event loop; read again after `SECONDS`.

    While the database does not answer, the law read last goes on.
    """

    database: Database
    law: Law = LAW
    _until: float = 0.0
    _changes: int = 0
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def newest(self) -> Law:
        """The law in force: read now, or at most `SECONDS` ago with nothing written here since."""
        if time.monotonic() < self._until:
            return self.law
        async with self._asking:
            if time.monotonic() < self._until:
                return self.law
            before = self._changes
            try:
                async with self.database.reading() as db:
                    self.law = await current(db)
            except DatabaseRefused:
                before = self._changes
            if before == self._changes:
                self._until = time.monotonic() + SECONDS
        return self.law

    def changed(self) -> None:
        """Something was written here: the next request reads again."""
        self._changes += 1
        self._until = 0.0
