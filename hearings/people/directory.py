"""The directory of authorities: the 30 States of the data, and what an administrator has imported, each with its age.

A table is read whole or not at all; every mistake is named with its line and column. What is exported can be
imported again, and a cell that a spreadsheet would run as a formula begins with an apostrophe.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import reference
from hearings.errors import HearingsError, Invalid, RowsRefused, UnknownState
from hearings.languages import language
from hearings.models import Authority
from hearings.models.directory import AuthorityKind, Network
from hearings.sentences import tell, tell_n
from hearings.texts import clean

COLUMNS = (
    *("state", "kind", "name", "contact", "email", "phone", "address", "languages", "networks", "source", "as_of"),
)
"""Of the table, in this order. Languages and networks are separated by `|`; `as_of` is the day it was last checked,
empty when nobody is known to have."""
MOST_ROWS = 5_000
MOST_MISTAKES = 50
FRESH = timedelta(days=365)
"""An entry that nobody has checked for longer is shown as old."""
_EMAIL = re.compile(r"[^@\s]{1,64}@[A-Za-z0-9.-]{1,180}\.[A-Za-z]{2,24}")
_RISKY = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of the directory, of the data or imported. `confidence` is empty for what was imported."""

    state: str
    kind: str
    name: str
    contact: str = ""
    email: str = ""
    phone: str = ""
    address: str = ""
    languages: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    source: str = ""
    as_of: date | None = None
    confidence: str = ""

    def old(self, on: date) -> bool:
        """Whether nobody is known to have checked it within a year."""
        return self.as_of is None or on - self.as_of > FRESH

    def cells(self) -> list[str]:
        """As a row of the table."""
        return [
            *(self.state, self.kind, self.name, self.contact, self.email, self.phone, self.address),
            *("|".join(self.languages), "|".join(self.networks), self.source),
            self.as_of.isoformat() if self.as_of else "",
        ]


def of_data() -> list[Entry]:
    """The central authorities of the data files, by State."""
    return [
        Entry(
            state=one.state,
            kind=AuthorityKind.central_authority.value,
            name=one.central_authority,
            languages=one.accepted_languages,
            source=one.source,
            confidence=one.central_authority_confidence,
        )
        for one in reference.jurisdictions().values()
    ]


async def entries(db: AsyncSession, *, state: str = "", network: str = "") -> list[Entry]:
    """The directory, by State: imported central authorities stand in place of the data's.

    `state` and `network` keep those only. Raises `UnknownState`, `Invalid` for a network that is none.
    """
    if state:
        reference.jurisdiction(state)
    if network and network not in list(Network):
        raise Invalid(tell("Not one of the values this field takes"), "network")
    query = select(Authority).order_by(col(Authority.owner_state), col(Authority.kind), col(Authority.name))
    rows = (await db.exec(query.where(Authority.owner_state == state) if state else query)).all()
    imported = [_entry(row) for row in rows]
    replaced = {one.state for one in imported if one.kind == AuthorityKind.central_authority.value}
    found = [one for one in of_data() if one.state not in replaced and state in ("", one.state)] + imported
    names = {code: one.name for code, one in reference.jurisdictions().items()}
    kinds = list(AuthorityKind)
    found.sort(key=lambda one: (names.get(one.state, one.state), kinds.index(AuthorityKind(one.kind)), one.name))
    return [one for one in found if not network or network in one.networks]


def _entry(row: Authority) -> Entry:
    return Entry(
        state=row.owner_state,
        kind=row.kind.value,
        name=row.name,
        contact=row.contact,
        email=row.email,
        phone=row.phone,
        address=row.address,
        languages=tuple(row.languages),
        networks=tuple(row.networks),
        source=row.source,
        as_of=row.as_of,
    )


# --- the table ---------------------------------------------------------------------------------------------------


def write(rows: Iterable[Entry]) -> str:
    """The table as CSV (RFC 4180). A cell that begins like a formula gets an apostrophe before it."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([safe_cell(cell) for cell in row.cells()])
    return file.getvalue()


def safe_cell(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_RISKY) else text


def read(text: str, *, on: date) -> list[Entry]:
    """The rows of a table. Raises `RowsRefused`, naming up to fifty mistakes by line and column."""
    if "\x00" in text:
        raise RowsRefused([(1, "", tell("Not a text file"))])
    lines = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    found: list[Entry] = []
    wrong: list[tuple[int, str, str]] = []
    keys: dict[tuple[str, str, str], int] = {}
    try:
        head = next(lines, [])
        if tuple(cell.strip().lower() for cell in head) != COLUMNS:
            raise RowsRefused([(1, "", tell("The first line must be: {columns}", columns=",".join(COLUMNS)))])
        for cells in lines:
            number = lines.line_num
            if not any(cell.strip() for cell in cells):
                continue
            row, mistakes = _row(cells, on)
            wrong += [(number, column, why) for column, why in mistakes]
            if row is not None:
                key = (row.state, row.kind, row.name)
                if key in keys:
                    wrong.append((number, "name", tell("The same authority as in line {number}", number=keys[key])))
                keys.setdefault(key, number)
                found.append(row)
            if len(found) > MOST_ROWS:
                wrong.append((number, "", tell_n("At most {n} row", "At most {n} rows", MOST_ROWS)))
            if len(wrong) >= MOST_MISTAKES or len(found) > MOST_ROWS:
                break
    except csv.Error as error:
        wrong.append((lines.line_num, "", tell("Not a row of a table: {why}", why=str(error))))
    if wrong:
        raise RowsRefused(wrong[:MOST_MISTAKES])
    if not found:
        raise RowsRefused([(1, "", tell("The table has no rows"))])
    return found


def _row(cells: Sequence[str], on: date) -> tuple[Entry | None, list[tuple[str, str]]]:
    if len(cells) != len(COLUMNS):
        return None, [
            (
                "",
                tell_n(
                    "{n} cell instead of {wanted}", "{n} cells instead of {wanted}", len(cells), wanted=len(COLUMNS)
                ),
            )
        ]
    values: dict[str, Any] = {}
    wrong = []
    for column, cell in zip(COLUMNS, cells, strict=True):
        text = cell.strip()
        if text.startswith("'") and text[1:].startswith(_RISKY):
            text = text[1:]  # as `write` has quoted it
        try:
            values[column] = _cell(column, text, on)
        except (HearingsError, ValueError) as error:
            other = tell("Not a value this column takes: {value}", value=repr(text[:40]))
            wrong.append((column, error.text if isinstance(error, HearingsError) else other))
    return (None if wrong else Entry(**values)), wrong


def _cell(column: str, text: str, on: date) -> Any:
    match column:
        case "state":
            if text not in reference.jurisdictions():
                raise UnknownState(tell("No data for the State {name}", name=repr(text[:10])), "state")
            return text
        case "kind":
            return AuthorityKind(text).value
        case "languages":
            return tuple(language(tag) for tag in text.split("|") if tag)
        case "networks":
            return tuple(Network(one).value for one in text.split("|") if one)
        case "as_of":
            if not text:
                return None
            day = date.fromisoformat(text)
            if not date(2000, 1, 1) <= day <= on:
                raise Invalid(tell("A day between 2000 and today"), "as_of")
            return day
        case "email":
            if text and not _EMAIL.fullmatch(text):
                raise Invalid(tell("Not an e-mail address"), "email")
            return text
    most = {"name": 300, "contact": 200, "phone": 40, "address": 500, "source": 300}[column]
    return clean(text, column, most=most, least=1 if column == "name" else 0)


async def differing(db: AsyncSession, rows: Sequence[Entry]) -> list[Entry]:
    """Of these rows, those that are not in the directory as they are: neither imported nor in the data files."""
    have = {
        (one.owner_state, one.kind.value, one.name): _entry(one) for one in (await db.exec(select(Authority))).all()
    }
    of_files = {one.state: replace(one, confidence="") for one in of_data()}
    return [row for row in rows if have.get((row.state, row.kind, row.name), of_files[row.state]) != row]


async def put(db: AsyncSession, *, rows: Sequence[Entry], by: str, now: datetime) -> None:
    """Enter rows; those that are there already (by State, kind and name) are replaced. `by`: id of who imports them.

    Whose they are has been asked before (`hearings.outward.joint_changes`). What the data files say in the same words
    stays theirs, with how sure they are of it. Effects: the rows.
    """
    have = await _imported(db)
    of_files = {one.state: replace(one, confidence="") for one in of_data()}
    for row in rows:
        found = have.get((row.state, row.kind, row.name))
        if found is None and row == of_files[row.state]:
            continue
        if found is None:
            found = Authority(
                owner_state=row.state, kind=AuthorityKind(row.kind), name=row.name, imported_at=now, imported_by=by
            )
        found.contact, found.email, found.phone, found.address = row.contact, row.email, row.phone, row.address
        found.languages, found.networks, found.source = list(row.languages), list(row.networks), row.source
        found.as_of, found.imported_at, found.imported_by = row.as_of, now, by
        db.add(found)
    await db.flush()


async def _imported(db: AsyncSession) -> dict[tuple[str, str, str], Authority]:
    """By State, kind and name."""
    return {(one.owner_state, one.kind.value, one.name): one for one in (await db.exec(select(Authority))).all()}


def row_of(cells: dict[str, str], on: date) -> Entry:
    """A row out of its cells by column, as a change that waits keeps it. Raises `RowsRefused`."""
    found, wrong = _row([cells[column] for column in COLUMNS], on)
    if found is None:
        raise RowsRefused([(1, column, why) for column, why in wrong])
    return found
