"""The directory: the States of the data, a table imported whole or not at all, and cells no spreadsheet runs."""

import csv
import io
from dataclasses import replace
from datetime import date, datetime

import pytest

from hearings.actors import Actor
from hearings.db import Database
from hearings.errors import NotAllowed, NotFound, NotReady, RowsRefused
from hearings.law.law import LAW
from hearings.outward import joint_changes
from hearings.outward.joint_changes import MailContext
from hearings.people import directory, staff

ON = date(2026, 12, 2)
HEAD = ",".join(directory.FORMER)
WHOLE = ",".join(directory.COLUMNS)
COMPETENT = "TH,central_authority,Attorney General,,ag@ago.example,,,en,,telephone,2026-11-01,Elena Stan"
REST = ",untoc|uncac,drug_offence|untoc_offence,technical;it@ago.example;Mon-Fri 9-17|urgent;+66 2 999,yes"
GOOD = "TH,contact_point,Somsri,S. Rak,s@ago.example,+66 2,Bangkok,th|en,iberred|ejn,telephone,2026-11-01"
TELLING = MailContext(origin="https://court.example")
ADMINISTRATOR = Actor(id="a", label="A", state="RO", functions=frozenset({"administrator"}))


def table(*rows: str) -> str:
    return "\r\n".join([HEAD, *rows]) + "\r\n"


def test_the_data_names_the_central_authority_of_each_state() -> None:
    found = directory.of_data()
    assert {one.state for one in found} == set(LAW.jurisdictions) and len(found) == len(LAW.jurisdictions)
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
    assert len(before) == len(LAW.jurisdictions) + 3
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
    assert len(everybody) == len(LAW.jurisdictions) + 1


def test_a_whole_row_is_read_with_its_competence_topics_and_hours() -> None:
    (entry,) = directory.read(f"{WHOLE}\r\n{COMPETENT}{REST}\r\n", on=ON)
    assert (entry.confirmed_by, entry.around_the_clock) == ("Elena Stan", "yes")
    assert entry.instruments == ("untoc", "uncac")
    assert entry.topics == (
        directory.Topic("technical", "it@ago.example", "Mon-Fri 9-17"),
        directory.Topic("urgent", "+66 2 999"),
    )
    assert directory.read(directory.write([entry]), on=ON) == [entry]


@pytest.mark.parametrize(
    ("row", "column", "why"),
    [
        (COMPETENT + REST.replace("untoc|", "moon|"), "instruments", "moon"),
        (COMPETENT + REST.replace("drug_offence|", "jaywalking|"), "offence_scopes", "jaywalking"),
        (COMPETENT + REST.replace("technical;", "gossip;"), "topics", "Not a value"),
        (COMPETENT + REST.replace("urgent;+66 2 999", "urgent"), "topics", "topic;contact;hours"),
        (COMPETENT + REST.replace("yes", "perhaps"), "around_the_clock", "Not a value"),
        (COMPETENT + REST.replace("it@ago.example", "it@gmail.com"), "topics", "free-mail"),
        (COMPETENT.replace("ag@ago.example", "ag@mail.Yahoo.com") + REST, "email", "free-mail"),
    ],
)
def test_a_mistake_in_the_later_columns_is_named_too(row: str, column: str, why: str) -> None:
    with pytest.raises(RowsRefused) as refusal:
        directory.read(f"{WHOLE}\r\n{row}\r\n", on=ON)
    ((line, found, text),) = refusal.value.rows
    assert (line, found) == (2, column)
    assert why in text


@pytest.mark.parametrize("address", ["a@notgmail.com", "a@gmail.com.example", "a@justice.example"])
def test_a_mailbox_of_an_institution_is_no_free_mail_whatever_it_resembles(address: str) -> None:
    (entry,) = directory.read(table(GOOD.replace("s@ago.example", address)), on=ON)
    assert entry.email == address


@pytest.mark.both_databases
async def test_a_table_of_the_former_columns_leaves_competence_and_topics_as_they_are(
    database: Database, now: datetime
) -> None:
    async def put(text: str) -> directory.DirectoryEntry:
        async with database.transaction() as db:
            await joint_changes.import_directory(db, text=text, actor=ADMINISTRATOR, telling=TELLING, now=now)
        async with database.reading() as db:
            rows = await directory.entries(db, state="TH")
        return next(row for row in rows if row.name == "Attorney General")

    before = await put(f"{WHOLE}\r\n{COMPETENT}{REST}\r\n")
    former = COMPETENT.removesuffix(",Elena Stan").replace("Attorney General,", "Attorney General,Ms Rak")
    after = await put(table(former))
    assert (after.contact, after.confirmed_by) == ("Ms Rak", "Elena Stan")
    assert after == replace(before, contact="Ms Rak")
    later = await put(table(former.replace("2026-11-01", "2026-11-20")))
    assert (later.as_of, later.confirmed_by) == (date(2026, 11, 20), "")
    assert (later.topics, later.instruments) == (before.topics, before.instruments)


async def test_an_entry_that_is_still_right_is_confirmed_with_the_day_and_who_did(
    database: Database, now: datetime
) -> None:
    async with database.reading() as db:
        (entry,) = [one for one in await directory.entries(db, state="RO") if one.kind == "central_authority"]
    named = (entry.state, entry.kind, entry.name)
    async with database.transaction() as db:
        how = {"entry": named, "actor": ADMINISTRATOR, "now": now}
        await joint_changes.confirm_entry(db, seen=directory.mark(entry), **how)
    async with database.reading() as db:
        (confirmed,) = [one for one in await directory.entries(db, state="RO") if one.name == entry.name]
    assert (confirmed.as_of, confirmed.confirmed_by) == (now.date(), "A")
    assert not confirmed.old(now.date())
    async with database.transaction() as db:
        with pytest.raises(NotReady):
            await joint_changes.confirm_entry(db, seen=directory.mark(entry), **how)
        with pytest.raises(NotFound):
            await joint_changes.confirm_entry(db, entry=("RO", "court", "None"), seen="", actor=ADMINISTRATOR, now=now)


async def test_an_entry_of_a_state_with_administrators_is_confirmed_by_them_alone(
    database: Database, now: datetime
) -> None:
    async with database.transaction() as db:
        who = {"name": "Anong", "email": "anong@th.example", "functions": ["administrator"]}
        await staff.add(db, state="TH", city="", authority_name="Ministry", **who)
    async with database.transaction() as db:
        (entry,) = await directory.entries(db, state="TH")
        with pytest.raises(NotAllowed):
            await joint_changes.confirm_entry(
                db,
                entry=(entry.state, entry.kind, entry.name),
                seen=directory.mark(entry),
                actor=ADMINISTRATOR,
                now=now,
            )
