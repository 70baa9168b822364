"""Data of another State, or of all, change only when somebody whose they are has confirmed it."""

import ast
import threading
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from sqlmodel import select

import hearings
import web
from hearings.actors import Actor, person_actor
from hearings.db import Database
from hearings.errors import Invalid, NotAllowed, NotReady
from hearings.law import law as laws, rows as law_rows
from hearings.law.law import LAW
from hearings.models import JointChange, OutboxMessage, Person
from hearings.models.law import JointStatus, LawKind
from hearings.outward import joint_changes
from hearings.outward.joint_changes import MailContext, deciders
from hearings.people import directory, staff

TELLING = MailContext(origin="https://court.example")
COURT = "{state},court,Court of {state},,c@{code}.example,,,en,,itself,2026-11-01"


@pytest.fixture
async def administrators(database: Database) -> dict[str, Actor]:
    """One each of Romania and Thailand, a second of Romania, and a clerk."""
    found = {}
    wanted = {"RO": "administrator", "TH": "administrator", "RO2": "administrator", "clerk": "clerk"}
    async with database.transaction() as db:
        for key, function in wanted.items():
            state = "TH" if key == "TH" else "RO"
            person = await staff.add(
                db,
                state=state,
                name=key,
                email=f"{key.lower()}@court.example",
                functions=[function],
                city="",
                authority_name="Court",
            )
            found[key] = person_actor(person)
    return found


def edit(kind: str, key: str, **values: Any) -> law_rows.Edit:
    return law_rows.check(kind, dict(LAW.rows[kind][key]) | values, LAW, key=key)


def first(kind: str, state: str) -> str:
    """Key of a row of this kind that belongs to this State."""
    field = law_rows.OWNERS[kind]
    return next(key for key, row in LAW.rows[kind].items() if row[field] == state)


async def change(database: Database, actor: Actor, *edits: law_rows.Edit, now: datetime) -> joint_changes.Made:
    async with database.transaction() as db:
        how: dict[str, Any] = {"reason": "Read again", "seen": (await laws.current(db)).serial, "telling": TELLING}
        return await joint_changes.change_law(db, edits=edits, actor=actor, now=now, **how)


async def serial(database: Database) -> int:
    async with database.reading() as db:
        return (await laws.current(db)).serial


async def act(database: Database, name: str, change_id: str, actor: Actor, now: datetime, **how: Any) -> JointChange:
    async with database.transaction() as db:
        if name == "confirm":
            how.setdefault("seen", await joint_changes.mark(db, await db.get_one(JointChange, change_id)))
        made: JointChange = await getattr(joint_changes, name)(
            db, change_id=change_id, actor=actor, telling=TELLING, now=now, **how
        )
        return made


@pytest.mark.parametrize(
    ("concerns", "proposer", "administrating", "who"),
    [
        ("RO", "RO", {"RO", "TH"}, set()),
        ("TH", "RO", {"RO", "TH", "FR"}, {"TH"}),
        ("FR", "RO", {"RO", "TH"}, {"TH"}),
        ("FR", "RO", {"RO"}, set()),
        ("", "RO", {"RO", "TH", "FR"}, {"TH", "FR"}),
        ("", "RO", {"RO"}, set()),
        ("", "TH", {"RO"}, {"RO"}),
    ],
)
def test_who_must_confirm_is_said_by_whose_the_row_is(
    concerns: str, proposer: str, administrating: set[str], who: set[str]
) -> None:
    assert deciders(concerns, proposer, administrating) == who


@pytest.mark.parametrize("kind", LawKind)
def test_every_kind_of_row_says_whose_it_is_or_belongs_to_all(kind: LawKind) -> None:
    for row in LAW.rows[kind.value].values():
        named = {str(row[field]) for field in ("iso2", "state") if field in row}
        assert law_rows.owners([law_rows.Edit(kind=kind.value, key="new", data=dict(row))], LAW) == (named or {""})


@pytest.mark.parametrize("kind", LawKind)
async def test_a_row_of_another_state_or_of_all_waits_and_an_own_one_does_not(
    database: Database, administrators: dict[str, Actor], kind: LawKind, now: datetime
) -> None:
    mine = law_rows.OWNERS.get(kind.value)
    key = first(kind.value, "RO") if mine and kind is not LawKind.overlay else next(iter(LAW.rows[kind.value]))
    one = edit(kind.value, key, source="Monitorul Oficial 1/2026")
    owner = next(iter(law_rows.owners([one], LAW)))
    made = await change(database, administrators["TH"], one, now=now)
    assert [(row.concerns, row.status) for row in made.waiting] == [(owner, JointStatus.waiting)]
    assert await serial(database) == 0, "nothing has changed"
    if owner == "RO":
        assert len((await change(database, administrators["RO"], one, now=now)).edits) == 1


async def test_a_law_is_tried_in_a_thread_when_a_change_is_made_and_when_it_is_confirmed(
    database: Database, administrators: dict[str, Actor], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    where: list[bool] = []
    one = edit("party", "TH/untoc", note="Seen by Romania")
    tried = law_rows._try

    def note(law: laws.Law) -> None:
        where.append(threading.current_thread() is threading.main_thread())
        tried(law)

    monkeypatch.setattr(law_rows, "_try", note)
    made = await change(database, administrators["RO"], one, now=now)
    await act(database, "confirm", made.waiting[0].id, administrators["TH"], now)
    assert where == [False, False]


@pytest.mark.parametrize("package", [hearings, web])
def test_no_coroutine_tries_a_law_by_itself(package: ModuleType) -> None:
    slow = {"check_all", "_try"}
    found = [
        f"{path.name}:{call.lineno}"
        for path in Path(str(package.__file__)).parent.rglob("*.py")
        for function in ast.walk(ast.parse(path.read_text()))
        if isinstance(function, ast.AsyncFunctionDef)
        for call in ast.walk(function)
        if isinstance(call, ast.Call)
        and (
            (isinstance(call.func, ast.Name) and call.func.id in slow)
            or (isinstance(call.func, ast.Attribute) and call.func.attr in slow)
            or ast.unparse(call.func) == "law_rows.check"
        )
    ]
    assert found == []


@pytest.mark.both_databases
async def test_the_state_concerned_confirms_and_all_administrators_are_told(
    database: Database, administrators: dict[str, Actor], now: datetime
) -> None:
    one = edit("party", "TH/untoc", note="Seen by Romania")
    (waiting,) = (await change(database, administrators["RO"], one, now=now)).waiting
    for who in ("RO", "RO2", "clerk"):
        with pytest.raises(NotAllowed):
            await act(database, "confirm", waiting.id, administrators[who], now)
    with pytest.raises(NotReady, match="load them again"):
        await act(database, "confirm", waiting.id, administrators["TH"], now, seen="7")
    assert await serial(database) == 0
    async with database.reading() as db:
        assert [row.id for row in await joint_changes.to_decide(db, state="TH", limit=5)] == [waiting.id]
        assert await joint_changes.to_decide(db, state="RO", limit=5) == []
    done = await act(database, "confirm", waiting.id, administrators["TH"], now)
    assert (done.status, done.decided_state) == (JointStatus.confirmed, "TH")
    async with database.reading() as db:
        (row,) = await law_rows.history(db, kind="party", key="TH/untoc")
        assert (row.owner_state, row.edited_label) == ("RO", "RO")
        assert [found.id for found in await joint_changes.of_row(db, kind="party", key="TH/untoc")] == [waiting.id]
        mails = (await db.exec(select(OutboxMessage))).all()
    told = sorted((mail.address, mail.payload["subject"]) for mail in mails)
    assert told == [
        ("ro2@court.example", "Vivavoce: A change of data awaits confirmation"),
        ("ro2@court.example", "Vivavoce: A change of data has been confirmed and now applies"),
        ("ro@court.example", "Vivavoce: A change of data has been confirmed and now applies"),
        ("th@court.example", "Vivavoce: A change of data awaits confirmation"),
    ]
    assert "Thailand" not in str([mail.payload for mail in mails])
    for name, who, how in (("confirm", "TH", {}), ("refuse", "TH", {"reason": "late"}), ("withdraw", "RO", {})):
        with pytest.raises(NotReady, match="decided"):
            await act(database, name, waiting.id, administrators[who], now, **how)


async def test_a_change_is_refused_with_why_or_withdrawn_by_the_state_that_proposed_it(
    database: Database, administrators: dict[str, Actor], now: datetime
) -> None:
    one = edit("rule", "untoc_18_18", topic="videoconference", source="Treaty collection")
    (waiting,) = (await change(database, administrators["RO"], one, now=now)).waiting
    assert waiting.concerns == ""
    with pytest.raises(Invalid):
        await act(database, "refuse", waiting.id, administrators["TH"], now, reason="")
    with pytest.raises(NotAllowed):
        await act(database, "withdraw", waiting.id, administrators["TH"], now)
    done = await act(database, "refuse", waiting.id, administrators["TH"], now, reason="It says something else")
    assert (done.status, done.decided_reason) == (JointStatus.refused, "It says something else")
    (again,) = (await change(database, administrators["RO"], one, now=now + timedelta(minutes=1))).waiting
    gone = await act(database, "withdraw", again.id, administrators["RO2"], now)
    assert (gone.status, await serial(database)) == (JointStatus.withdrawn, 0)
    async with database.reading() as db:
        page = await joint_changes.changes(db, waiting=False, limit=1)
        rest = await joint_changes.changes(db, waiting=False, after=page.after, limit=1)
    assert ([row.id for row in page.rows], [row.id for row in rest.rows]) == ([again.id], [waiting.id])


async def test_a_row_that_would_change_hands_concerns_both_states(
    database: Database, administrators: dict[str, Actor], now: datetime
) -> None:
    key = next(iter(LAW.rows["overlay"]))
    one = edit("overlay", key, state="RO")
    whose = LAW.rows["overlay"][key]["state"]
    assert law_rows.owners([one], LAW) == {whose, "RO"}
    (waiting,) = (await change(database, administrators["RO"], one, now=now)).waiting
    assert waiting.concerns == whose
    with pytest.raises(Invalid, match="one at a time"):
        await change(database, administrators["TH"], one, now=now)


def test_a_row_that_is_taken_back_concerns_the_state_of_the_row_of_the_files_too() -> None:
    key = next(iter(LAW.rows["overlay"]))
    one = edit("overlay", key, state="RO")
    back = law_rows.Edit(kind="overlay", key=key, data=None)
    assert law_rows.owners([back], law_rows.edited(LAW, one)) == {LAW.rows["overlay"][key]["state"], "RO"}


async def test_no_state_confirms_a_change_of_a_row_that_has_come_to_belong_to_a_third_one(
    database: Database, administrators: dict[str, Actor], now: datetime
) -> None:
    async with database.transaction() as db:
        third = await staff.add(
            db,
            state="FR",
            name="FR",
            email="fr@court.example",
            functions=["administrator"],
            city="",
            authority_name="Court",
        )
    row = dict(next(iter(LAW.rows["overlay"].values()))) | {"id": "new_rule"}
    theirs, own = (law_rows.check("overlay", row | {"state": state}, LAW) for state in ("TH", "FR"))
    (waiting,) = (await change(database, administrators["RO"], theirs, now=now)).waiting
    await change(database, person_actor(third), own, now=now)
    with pytest.raises(NotReady, match="now belongs to another State"):
        await act(database, "confirm", waiting.id, administrators["TH"], now)
    assert await serial(database) == 1


async def test_where_only_one_state_has_administrators_it_counts_at_once_and_they_are_told(
    database: Database, administrators: dict[str, Actor], now: datetime
) -> None:
    async with database.transaction() as db:
        await staff.deactivate(db, person=await db.get_one(Person, administrators["TH"].id), now=now)
    made = await change(database, administrators["RO"], edit("party", "TH/untoc", note="Alone"), now=now)
    assert (len(made.edits), made.waiting) == (1, [])
    async with database.reading() as db:
        assert [one.address for one in (await db.exec(select(OutboxMessage))).all()] == ["ro2@court.example"]


async def test_rows_of_other_states_in_a_table_wait_state_by_state_and_those_that_are_the_same_do_not(
    database: Database, administrators: dict[str, Actor], now: datetime
) -> None:
    lines = [COURT.format(state=state, code=state.lower()) for state in ("RO", "TH", "FR")]
    text = "\n".join([",".join(directory.FORMER), *lines]) + "\n"

    async def put(why: str = "Moved") -> joint_changes.Made:
        async with database.transaction() as db:
            who = administrators["RO"]
            return await joint_changes.import_directory(db, text=text, reason=why, actor=who, telling=TELLING, now=now)

    async def courts() -> list[str]:
        async with database.reading() as db:
            return [entry.state for entry in await directory.entries(db) if entry.kind == "court"]

    with pytest.raises(Invalid) as error:
        await put("")
    assert (error.value.field, await courts()) == ("reason", [])
    made = await put()
    assert {one.reason for one in made.waiting} == {"Moved"}
    assert (made.rows, [one.concerns for one in made.waiting]) == (1, ["FR", "TH"])
    assert await courts() == ["RO"]
    for one in made.waiting:
        await act(database, "confirm", one.id, administrators["TH"], now)
    assert sorted(await courts()) == ["FR", "RO", "TH"]
    again = await put()
    assert (again.rows, again.waiting) == (3, [])
