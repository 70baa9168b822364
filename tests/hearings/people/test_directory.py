"""The directory: 30 States of the data, a table imported whole or not at all, and cells no spreadsheet runs."""

import csv
import io
from dataclasses import replace
from datetime import date, datetime

import pytest

from hearings.actors import Actor
from hearings.db import Database
from hearings.errors import NotAllowed, RowsRefused
from hearings.outward import joint_changes
from hearings.outward.joint_changes import MailContext
from hearings.people import directory

ON = date(2026, 12, 2)
HEAD = ",".join(directory.COLUMNS)
GOOD = "TH,contact_point,Somsri,S. Rak,s@ago.example,+66 2,Bangkok,th|en,iberred|ejn,telephone,2026-11-01"
TELLING = MailContext(origin="https://court.example")
ADMINISTRATOR = Actor(id="a", label="A", state="RO", functions=frozenset({"administrator"}))


def table(*rows: str) -> str:
    return "\r\n".join([HEAD, *rows]) + "\r\n"


def test_the_data_names_the_central_authority_of_thirty_states() -> None:
    found = directory.of_data()
    assert (len(found), len({one.state for one in found})) == (30, 30)
    assert all(one.old(ON) and one.kind == "central_authority" for one in found)


@pytest.mark.parametrize(
    ("row", "column", "why"),
    [
        (GOOD.replace("TH,", "XX,"), "state", "No data"),
        (GOOD.replace("contact_point", "friend"), "kind", "Not a value"),
        (GOOD.replace("Somsri", ""), "name", "empty"),
        (GOOD.replace("Somsri", "Som\u202esri"), "name", "cannot be shown"),
        (GOOD.replace("s@ago.example", "nobody"), "email", "e-mail"),
        (GOOD.replace("th|en", "th|en-x-<script>"), "languages", "tag"),
        (GOOD.replace("iberred", "facebook"), "networks", "Not a value"),
        (GOOD.replace("2026-11-01", "2026-12-03"), "as_of", "today"),
        (GOOD.replace("2026-11-01", "1.11.2026"), "as_of", "Not a value"),
        (GOOD + ",more", "", "12 cells instead of 11"),
        ('TH,"contact', "", "Not a valid row"),
    ],
)
def test_a_mistake_is_named_by_line_and_column(row: str, column: str, why: str) -> None:
    with pytest.raises(RowsRefused) as refusal:
        directory.read(table(GOOD, row), on=ON)
    ((line, found, text),) = refusal.value.rows
    assert (line, found) == (3, column)
    assert why in text


def test_every_mistake_is_named_at_once_and_a_line_given_twice_too() -> None:
    bad = [GOOD.replace("TH,", "XX,").replace("s@ago.example", "x"), GOOD, GOOD]
    with pytest.raises(RowsRefused) as refusal:
        directory.read(table(*bad), on=ON)
    assert [(line, column) for line, column, _why in refusal.value.rows] == [(2, "state"), (2, "email"), (4, "name")]


@pytest.mark.parametrize("text", ["", "a,b\r\n", HEAD, "\x00", HEAD.replace("state", "State2")])
def test_what_is_no_table_is_refused(text: str) -> None:
    with pytest.raises(RowsRefused):
        directory.read(text, on=ON)


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r"])
def test_bad_input_24_a_cell_a_spreadsheet_would_run_is_exported_with_an_apostrophe(sign: str) -> None:
    risky = f"{sign}cmd|' /C calc'!A0"
    text = directory.write([directory.DirectoryEntry(state="TH", kind="court", name=risky, phone=risky, as_of=ON)])
    cells = list(csv.reader(io.StringIO(text, newline="")))[1]
    assert (cells[2], cells[5]) == (f"'{risky}", f"'{risky}")
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))] == []


def test_what_is_exported_can_be_imported_again() -> None:
    entry = directory.DirectoryEntry(
        state="TH", kind="court", name='-A court, "the" first', phone="+66 2", languages=("th", "en"), as_of=ON
    )
    assert directory.read(directory.write([entry]), on=ON) == [entry]


@pytest.mark.both_databases
async def test_the_whole_directory_exported_and_imported_again_is_the_same_its_days_included(
    database: Database, now: datetime
) -> None:
    async def put(text: str) -> None:
        async with database.transaction() as db:
            await joint_changes.import_directory(db, text=text, actor=ADMINISTRATOR, telling=TELLING, now=now)

    async def look() -> list[directory.DirectoryEntry]:
        async with database.reading() as db:
            return await directory.entries(db)

    old = GOOD.replace("2026-11-01", "2019-03-04").replace("Somsri", "Old")
    unchecked = GOOD.replace("2026-11-01", "").replace("Somsri", "Unchecked")
    await put(table(GOOD, old, unchecked))
    before = await look()
    assert {one.name: one.as_of for one in before if one.kind == "contact_point"} == {
        "Somsri": date(2026, 11, 1),
        "Old": date(2019, 3, 4),
        "Unchecked": None,
    }
    assert {one.name: one.old(ON) for one in before if one.state == "TH"}["Unchecked"]
    assert len(before) == 33
    await put(directory.write(before))
    assert await look() == before, "what the data files are sure of is still said to be"
    # A row of the data that somebody has changed is theirs, and still nobody has checked it.
    thai = next(one for one in before if one.kind == "central_authority" and one.state == "TH")
    await put(directory.write([replace(thai, email="ag@th.example")]))
    (changed,) = [one for one in await look() if one.kind == "central_authority" and one.state == "TH"]
    assert (changed.email, changed.as_of, changed.confidence) == ("ag@th.example", None, "")


async def test_a_table_is_imported_whole_or_not_at_all_and_replaces_what_it_names(
    database: Database, now: datetime
) -> None:
    async def put(text: str, actor: Actor = ADMINISTRATOR) -> int:
        async with database.transaction() as db:
            how = {"actor": actor, "telling": TELLING, "now": now}
            return (await joint_changes.import_directory(db, text=text, **how)).rows

    central = "TH,central_authority,Attorney General,,ag@th.example,,,th,,letter,2026-01-01"
    assert await put(table(GOOD, central)) == 2
    with pytest.raises(RowsRefused):
        await put(table(GOOD.replace("Somsri", "Another"), GOOD.replace("TH,", "XX,")))
    with pytest.raises(NotAllowed):
        await put(table(GOOD), Actor(id="c", label="C", state="RO", functions=frozenset({"clerk"})))
    assert await put(table(GOOD.replace("+66 2", "+66 9"))) == 1
    async with database.reading() as db:
        thai = await directory.entries(db, state="TH")
        networked = await directory.entries(db, network="iberred")
        everybody = await directory.entries(db)
    assert [(one.kind, one.name, one.phone) for one in thai] == [
        ("central_authority", "Attorney General", ""),
        ("contact_point", "Somsri", "+66 9"),
    ]
    assert [one.name for one in networked] == ["Somsri"]
    assert len(everybody) == 31
