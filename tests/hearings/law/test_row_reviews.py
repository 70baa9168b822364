"""Each row of the law has an owner, a day it was last reviewed and a day by which it is to be reviewed again."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from hearings.actors import Actor
from hearings.db import Database
from hearings.errors import Invalid, NotAllowed, NotFound, NotReady
from hearings.law import law as laws, legal_bases, rows as law_rows
from hearings.law.law import LAW
from hearings.law.legal_bases import Ask
from hearings.models.law import LawKind
from hearings.outward import joint_changes
from hearings.people import staff

FILES = date.fromisoformat(LAW.defaults["review"]["files_reviewed_on"])
LATER = datetime(2027, 6, 1, 9, 0, tzinfo=UTC)


def administrator(state: str) -> Actor:
    return Actor(id=state, label=state, state=state, functions=frozenset({"administrator"}))


async def review(database: Database, kind: str, key: str, state: str = "RO", **changes: Any) -> None:
    async with database.transaction() as db:
        how: dict[str, Any] = {"reason": "Compared", "seen": (await laws.current(db)).serial, "now": LATER} | changes
        await joint_changes.review(db, kind=kind, key=key, actor=administrator(state), **how)


def test_every_kind_of_row_has_a_period() -> None:
    assert set(LAW.defaults["review"]["days"]) == set(LawKind)


@pytest.mark.parametrize(
    ("kind", "key", "owner"),
    [
        ("party", "TH/untoc", "TH"),
        ("court_hours", "TH/Asia/Bangkok", "TH"),
        ("jurisdiction", "RO", "RO"),
        ("instrument", "untoc", ""),
        ("interpreting_rest", "gap", ""),
    ],
)
def test_a_row_belongs_to_its_state_and_what_belongs_to_none_to_the_installation(
    kind: str, key: str, owner: str
) -> None:
    assert law_rows.review_of(LAW, kind, key).owner == owner


def test_a_changed_row_counts_as_reviewed_on_the_day_of_its_change_and_on_no_day_it_names_itself() -> None:
    edit = law_rows.check("instrument", {**LAW.instruments["untoc"], "status_checked_on": "2099-01-01"}, LAW)
    known = laws.merge([(edit.kind, edit.key, edit.data)], looked_at={("instrument", "untoc"): LATER.date()})
    assert law_rows.review_of(known, "instrument", "untoc").reviewed_on == LATER.date()


def test_a_row_of_the_files_is_due_after_the_period_of_its_kind_and_then_to_be_reviewed() -> None:
    found = law_rows.review_of(LAW, "court_hours", "TH/Asia/Bangkok")
    assert (found.reviewed_on, found.due_on) == (FILES, FILES + timedelta(days=180))
    assert not found.stale(found.due_on)
    assert found.stale(found.due_on + timedelta(days=1))
    listed = law_rows.to_review(LAW, on=found.due_on + timedelta(days=1), owner="TH")
    assert [one.key for one in listed if one.kind == "court_hours"] == ["TH/Asia/Bangkok"]
    assert {one.owner for one in listed} == {"TH"}


def test_the_day_a_row_says_it_was_checked_counts() -> None:
    checked = {
        key: str(row["status_checked_on"])
        for key, row in LAW.rows["instrument"].items()
        if row.get("status_checked_on")
    }
    assert checked
    for key, stated in checked.items():
        assert law_rows.review_of(LAW, "instrument", key).reviewed_on.isoformat().startswith(stated)


@pytest.mark.both_databases
async def test_a_review_is_on_record_and_changes_nothing_but_the_day(database: Database) -> None:
    await review(database, "party", "TH/untoc")
    async with database.reading() as db:
        law = await laws.current(db)
        (version,) = await law_rows.history(db, kind="party", key="TH/untoc")
    assert (version.confirms, version.data, version.reason, version.edited_by) == (0, None, "Compared", "RO")
    assert law.rows["party"]["TH/untoc"] == LAW.rows["party"]["TH/untoc"]
    assert law.edited == frozenset()
    assert law_rows.review_of(law, "party", "TH/untoc").reviewed_on == LATER.date()


async def test_a_review_of_a_changed_row_leaves_the_change_in_force_its_court_hours_too(database: Database) -> None:
    key = "KE/Africa/Nairobi"
    interval = {"weekdays": "1-4", "opens": "07:15", "closes": "12:45"}
    row = dict(LAW.rows["court_hours"][key]) | {"intervals": [interval]}
    async with database.transaction() as db:
        edits = [law_rows.Edit(kind="court_hours", key=key, data=row)]
        await law_rows.save(db, edits=edits, reason="Read", seen=0, actor=administrator("RO"), now=LATER)
    await review(database, "court_hours", key, now=LATER + timedelta(days=90))
    async with database.reading() as db:
        law = await laws.current(db)
        newest = (await law_rows.history(db, kind="court_hours", key=key))[0]
    assert newest.confirms == 1
    assert law.rows["court_hours"][key]["intervals"] == [interval]
    assert [one.hours.opens for one in law.court_hours("KE", "Africa/Nairobi")] == [7 * 60 + 15]
    assert law_rows.review_of(law, "court_hours", key).reviewed_on == (LATER + timedelta(days=90)).date()


async def test_a_row_of_a_state_with_administrators_is_reviewed_by_them_alone(database: Database) -> None:
    async with database.transaction() as db:
        await staff.add(
            db,
            state="TH",
            name="Anong",
            email="anong@th.example",
            functions=["administrator"],
            city="",
            authority_name="Ministry",
        )
    with pytest.raises(NotAllowed, match="Thailand"):
        await review(database, "party", "TH/untoc", "RO")
    await review(database, "party", "TH/untoc", "TH")
    await review(database, "instrument", "untoc", "RO")


@pytest.mark.parametrize(
    ("changes", "error"),
    [({"reason": " "}, Invalid), ({"seen": 7}, NotReady), ({"key": "XX/untoc"}, NotFound), ({"kind": "x"}, NotFound)],
)
async def test_a_review_that_cannot_be_is_refused(
    database: Database, changes: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        await review(database, **({"kind": "party", "key": "TH/untoc"} | changes))
    async with database.reading() as db:
        assert await laws.current(db) is LAW


async def test_only_an_administrator_reviews(database: Database) -> None:
    with pytest.raises(NotAllowed):
        async with database.transaction() as db:
            clerk = Actor(id="c", label="C", state="TH", functions=frozenset({"clerk"}))
            await joint_changes.review(
                db, kind="party", key="TH/untoc", reason="Compared", seen=0, actor=clerk, now=LATER
            )


def test_a_line_of_the_law_check_says_that_its_row_is_overdue() -> None:
    ask = Ask(requesting_state="RO", requested_state="TH", on=FILES)
    lines = [line for verdict in legal_bases.evaluate(ask, ["untoc"], law=LAW).verdicts for line in verdict.lines]
    bound = [line for line in lines if LAW.places.get(id(line.row), ("",))[0] == "party"]
    assert bound
    assert not any(law_rows.stale(LAW, line.row, FILES) for line in lines)
    assert all(law_rows.stale(LAW, line.row, FILES + timedelta(days=400)) for line in bound)
    assert not law_rows.stale(LAW, {"source": "of no row"}, FILES + timedelta(days=4000))
