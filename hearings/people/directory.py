"""The directory of authorities: those of the data files, and imported ones, each with the day it was last checked.

A table is read whole or not at all; every mistake is named with its line and column. What is exported can be
imported again, and a cell that a spreadsheet would run as a formula begins with an apostrophe.
"""

import csv
import hashlib
import io
import re
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import reference
from hearings.errors import HearingsError, Invalid, RowsRefused, UnknownState
from hearings.languages import language
from hearings.models import Authority
from hearings.models.people import AroundTheClock, AuthorityKind, ContactTopic, Network
from hearings.reference import NO_DATA
from hearings.sentences import tell, tell_n
from hearings.texts import NOT_A_VALUE, clean, institutional

FORMER = (
    *("state", "kind", "name", "contact", "email", "phone", "address", "languages", "networks", "source", "as_of"),
)
"""The columns of the tables of earlier versions: what they lack stays as it is in the directory."""
COLUMNS = (*FORMER, "confirmed_by", "instruments", "offence_scopes", "topics", "around_the_clock")
"""Of the table, in this order; docs/directory.md describes each. Several values are separated by `|`; `as_of` is the
day it was last checked, empty when nobody is known to have."""
MOST_ROWS = 5_000
MOST_MISTAKES = 50
FRESH = timedelta(days=int(reference.defaults()["review"]["directory_days"]))
"""An entry that was not checked for longer is displayed as old."""
MOST_TOPICS = 10
_EMAIL = re.compile(r"[^@\s]{1,64}@[A-Za-z0-9.-]{1,180}\.[A-Za-z]{2,24}")
_RISKY = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Topic:
    """Whom to ask about a topic (`ContactTopic`), and when, in the authority's own time; `hours` may be empty."""

    topic: str
    contact: str
    hours: str = ""

    def cell(self) -> str:
        """The topic as the table has it."""
        return ";".join((self.topic, self.contact, self.hours)).rstrip(";")


@dataclass(frozen=True, kw_only=True)
class DirectoryEntry:
    """One entry of the directory, of the data or imported. `confidence` is empty for imported entries."""

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
    confirmed_by: str = ""
    instruments: tuple[str, ...] = ()
    offence_scopes: tuple[str, ...] = ()
    topics: tuple[Topic, ...] = ()
    around_the_clock: str = ""
    former: bool = field(default=False, compare=False, repr=False)
    """Whether it comes from a table without the later columns."""

    def old(self, on: date) -> bool:
        """Whether it is not known to have been checked within a year."""
        return self.as_of is None or on - self.as_of > FRESH

    def cells(self) -> list[str]:
        """The entry as a row of the table."""
        return [
            *(self.state, self.kind, self.name, self.contact, self.email, self.phone, self.address),
            *("|".join(self.languages), "|".join(self.networks), self.source),
            self.as_of.isoformat() if self.as_of else "",
            *(self.confirmed_by, "|".join(self.instruments), "|".join(self.offence_scopes)),
            *("|".join(topic.cell() for topic in self.topics), self.around_the_clock),
        ]


def of_data() -> list[DirectoryEntry]:
    """The central authorities of the law in force, by State."""
    return [
        DirectoryEntry(
            state=jurisdiction.state,
            kind=AuthorityKind.central_authority.value,
            name=jurisdiction.central_authority,
            languages=jurisdiction.accepted_languages,
            source=jurisdiction.source,
            confidence=jurisdiction.central_authority_confidence,
        )
        for jurisdiction in reference.jurisdictions().values()
    ]


async def entries(db: AsyncSession, *, state: str = "", network: str = "") -> list[DirectoryEntry]:
    """The directory, by State: imported central authorities stand in place of the data's.

    `state` and `network` are filters. Raises `UnknownState`, `Invalid` for an unknown network.
    """
    if state:
        reference.jurisdiction(state)
    if network and network not in list(Network):
        raise Invalid(tell(NOT_A_VALUE), "network")
    query = select(Authority).order_by(col(Authority.owner_state), col(Authority.kind), col(Authority.name))
    rows = (await db.exec(query.where(Authority.owner_state == state) if state else query)).all()
    imported = [_entry(row) for row in rows]
    replaced = {entry.state for entry in imported if entry.kind == AuthorityKind.central_authority.value}
    listed = [entry for entry in of_data() if entry.state not in replaced and state in ("", entry.state)] + imported
    names = {code: jurisdiction.name for code, jurisdiction in reference.jurisdictions().items()}
    kinds = list(AuthorityKind)
    listed.sort(
        key=lambda entry: (names.get(entry.state, entry.state), kinds.index(AuthorityKind(entry.kind)), entry.name)
    )
    return [entry for entry in listed if not network or network in entry.networks]


def _entry(row: Authority) -> DirectoryEntry:
    return DirectoryEntry(
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
        confirmed_by=row.confirmed_by,
        instruments=tuple(row.instruments),
        offence_scopes=tuple(row.scopes),
        topics=tuple(Topic(one["topic"], one["contact"], one["hours"]) for one in row.topics),
        around_the_clock=row.around_the_clock,
    )


# --- the table ---------------------------------------------------------------------------------------------------


def write(rows: Iterable[DirectoryEntry]) -> str:
    """The table as CSV (RFC 4180). A cell that begins like a formula gets an apostrophe before it."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([safe_cell(cell) for cell in row.cells()])
    return file.getvalue()


def safe_cell(text: str) -> str:
    """A cell that no spreadsheet runs as a formula."""
    return f"'{text}" if text.startswith(_RISKY) else text


def read(text: str, *, on: date) -> list[DirectoryEntry]:
    """The rows of a table. Raises `RowsRefused`, naming up to fifty mistakes by line and column."""
    if "\x00" in text:
        raise RowsRefused([(1, "", tell("Not a text file"))])
    lines = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    rows: list[DirectoryEntry] = []
    wrong: list[tuple[int, str, str]] = []
    keys: dict[tuple[str, str, str], int] = {}
    try:
        head = tuple(cell.strip().lower() for cell in next(lines, []))
        if head not in (COLUMNS, FORMER):
            raise RowsRefused([(1, "", tell("The first line must be: {columns}", columns=",".join(COLUMNS)))])
        for cells in lines:
            number = lines.line_num
            if not any(cell.strip() for cell in cells):
                continue
            row, mistakes = _row(cells, on, head)
            wrong += [(number, column, why) for column, why in mistakes]
            if row is not None:
                key = (row.state, row.kind, row.name)
                if key in keys:
                    wrong.append((number, "name", tell("The same authority as in line {number}", number=keys[key])))
                keys.setdefault(key, number)
                rows.append(row)
            if len(rows) > MOST_ROWS:
                wrong.append((number, "", tell_n("At most {n} row", "At most {n} rows", MOST_ROWS)))
            if len(wrong) >= MOST_MISTAKES or len(rows) > MOST_ROWS:
                break
    except csv.Error as error:
        wrong.append((lines.line_num, "", tell("Not a valid row: {why}", why=str(error))))
    if wrong:
        raise RowsRefused(wrong[:MOST_MISTAKES])
    if not rows:
        raise RowsRefused([(1, "", tell("The table has no rows"))])
    return rows


def _row(
    cells: Sequence[str], on: date, columns: Sequence[str] = COLUMNS
) -> tuple[DirectoryEntry | None, list[tuple[str, str]]]:
    if len(cells) != len(columns):
        return None, [
            (
                "",
                tell_n(
                    "{n} cell instead of {wanted}", "{n} cells instead of {wanted}", len(cells), wanted=len(columns)
                ),
            )
        ]
    values: dict[str, Any] = {"former": len(columns) < len(COLUMNS)}
    wrong = []
    for column, cell in zip(columns, cells, strict=True):
        text = cell.strip()
        if text.startswith("'") and text[1:].startswith(_RISKY):
            text = text[1:]  # as `write` has quoted it
        try:
            values[column] = _cell(column, text, on)
        except (HearingsError, ValueError) as error:
            other = tell("Not a value this column takes: {value}", value=repr(text[:40]))
            wrong.append((column, error.text if isinstance(error, HearingsError) else other))
    return (None if wrong else DirectoryEntry(**values)), wrong


def _cell(column: str, text: str, on: date) -> Any:
    match column:
        case "state":
            if text not in reference.jurisdictions():
                raise UnknownState(tell(NO_DATA, name=repr(text[:10])), "state")
            return text
        case "kind":
            return AuthorityKind(text).value
        case "languages":
            return tuple(language(tag) for tag in text.split("|") if tag)
        case "networks":
            return tuple(Network(code).value for code in text.split("|") if code)
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
            return institutional(text, "email")
        case "instruments" | "offence_scopes":
            known = reference.instruments() if column == "instruments" else reference.enums()["offence_scope"]
            return tuple(_member(code.strip(), known) for code in text.split("|") if code.strip())
        case "topics":
            return _topics(text)
        case "around_the_clock":
            return AroundTheClock(text).value if text else ""
    most = {"name": 300, "contact": 200, "phone": 40, "address": 500, "source": 300, "confirmed_by": 200}[column]
    return clean(text, column, most=most, least=1 if column == "name" else 0)


def _member(code: str, known: Container[str]) -> str:
    if code not in known:
        raise ValueError(code)
    return code


def _topics(text: str) -> tuple[Topic, ...]:
    """The topics of a cell: `topic;contact;hours`, several separated by `|`. Raises `Invalid`, `ValueError`."""
    topics = []
    for part in text.split("|"):
        if not part.strip():
            continue
        words = [word.strip() for word in part.split(";")]
        if len(words) not in (2, 3):
            raise Invalid(tell("Each topic is written as topic;contact;hours"), "topics")
        contact = institutional(clean(words[1], "topics", most=200, least=1), "topics")
        hours = clean(words[2], "topics", most=100) if len(words) == 3 else ""
        topics.append(Topic(ContactTopic(words[0]).value, contact, hours))
    if len(topics) > MOST_TOPICS:
        raise Invalid(tell_n("At most {n} topic", "At most {n} topics", MOST_TOPICS), "topics")
    return tuple(topics)


async def differing(db: AsyncSession, rows: Sequence[DirectoryEntry]) -> list[DirectoryEntry]:
    """Those of these rows that are not in the directory unchanged, neither imported nor in the data files."""
    have = {
        (authority.owner_state, authority.kind.value, authority.name): _entry(authority)
        for authority in (await db.exec(select(Authority))).all()
    }
    of_files = {entry.state: replace(entry, confidence="") for entry in of_data()}
    completed = [_completed(row, have.get((row.state, row.kind, row.name))) for row in rows]
    return [row for row in completed if have.get((row.state, row.kind, row.name), of_files[row.state]) != row]


def _completed(row: DirectoryEntry, have: DirectoryEntry | None) -> DirectoryEntry:
    """A row of an earlier table with what the directory knows besides."""
    if not row.former or have is None:
        return row
    by = have.confirmed_by if have.as_of == row.as_of else ""
    kept = {name: getattr(have, name) for name in ("instruments", "offence_scopes", "topics", "around_the_clock")}
    return replace(row, former=False, confirmed_by=by, **kept)


async def put(db: AsyncSession, *, rows: Sequence[DirectoryEntry], by: str, now: datetime) -> None:
    """Add rows, or replace those of the same State, kind and name. `by`: id of the importing person.

    The caller has checked who owns them (`hearings.outward.joint_changes`). A row equal to that of the data files is
    not added, so that the file's confidence stays. Effects: the rows.
    """
    have = await _imported(db)
    of_files = {entry.state: replace(entry, confidence="") for entry in of_data()}
    for row in rows:
        authority = have.get((row.state, row.kind, row.name))
        if authority is None and row == of_files[row.state]:
            continue
        row = _completed(row, _entry(authority) if authority else None)
        if authority is None:
            authority = Authority(
                owner_state=row.state, kind=AuthorityKind(row.kind), name=row.name, imported_at=now, imported_by=by
            )
        authority.contact, authority.email = row.contact, row.email
        authority.phone, authority.address = row.phone, row.address
        authority.languages, authority.networks, authority.source = list(row.languages), list(row.networks), row.source
        authority.confirmed_by, authority.around_the_clock = row.confirmed_by, row.around_the_clock
        authority.instruments, authority.scopes = list(row.instruments), list(row.offence_scopes)
        authority.topics = [{"topic": one.topic, "contact": one.contact, "hours": one.hours} for one in row.topics]
        authority.as_of, authority.imported_at, authority.imported_by = row.as_of, now, by
        db.add(authority)
    await db.flush()


async def _imported(db: AsyncSession) -> dict[tuple[str, str, str], Authority]:
    """Imported authorities by State, kind and name."""
    return {
        (authority.owner_state, authority.kind.value, authority.name): authority
        for authority in (await db.exec(select(Authority))).all()
    }


def mark(entry: DirectoryEntry) -> str:
    """A digest of an entry, to prove that whoever confirms it saw what it says now."""
    return hashlib.sha256("\t".join(entry.cells()).encode()).hexdigest()[:32]


def row_of(cells: dict[str, str], on: date) -> DirectoryEntry:
    """A row from its cells by column, as stored with a joint change. Raises `RowsRefused`."""
    columns = COLUMNS if COLUMNS[-1] in cells else FORMER  # a change that was proposed to an earlier version
    row, wrong = _row([cells[column] for column in columns], on, columns)
    if row is None:
        raise RowsRefused([(1, column, why) for column, why in wrong])
    return row
