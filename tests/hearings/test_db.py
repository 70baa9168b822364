"""The database: migrations, transactions, and what it refuses to hold."""

import asyncio
import hashlib
import re
import shutil
import stat
import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, Connection, Engine, event, inspect, text
from sqlalchemy.exc import DBAPIError, IntegrityError, InternalError
from sqlmodel import SQLModel, create_engine, select
from sqlmodel.ext.asyncio.session import AsyncSession

import hearings
from hearings.actors import SYSTEM
from hearings.db import Database, alembic_config, head
from hearings.errors import DatabaseMissing, DatabaseRefused, NaiveTime, SchemaBehind
from hearings.events import EventKind, record
from hearings.models import Person, SignInLink, StatusChange, metadata
from hearings.queries import history

VERSIONS = Path(hearings.__file__).parent / "migrations" / "versions"


def person(email: str = "a@ro.example") -> Person:
    return Person(owner_state="RO", name="Ana", email=email, functions=["clerk"])


# --- schema ------------------------------------------------------------------------------------------------------


async def test_migrations_from_empty_give_what_the_models_say(empty_url: str) -> None:
    database = Database(empty_url)
    await database.upgrade()

    def compare(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return list(compare_metadata(context, metadata))

    async with database.engine.connect() as connection:
        assert await connection.run_sync(compare) == []
    await database.close()


@pytest.mark.both_databases
async def test_migrations_make_every_check_constraint_of_the_models(database: Database) -> None:
    def checks(connection: Connection) -> set[tuple[str, str]]:
        inspector = inspect(connection)
        return {
            (table, str(check["name"])) for table in metadata.tables for check in inspector.get_check_constraints(table)
        }

    async with database.engine.connect() as connection:
        found = await connection.run_sync(checks)
    wanted = {
        (table.name, f"ck_{table.name}_{check.name}")
        for table in metadata.tables.values()
        for check in table.constraints
        if isinstance(check, CheckConstraint)
    }
    assert found == {(table, name.replace(f"ck_{table}_ck_{table}_", f"ck_{table}_")) for table, name in wanted}
    assert len(found) > 30


async def test_tables_made_by_migrations_are_word_for_word_those_of_the_models(database: Database) -> None:
    query = text("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name <> 'alembic_version'")
    async with database.engine.connect() as connection:
        migrated = {name: set(map(str.strip, sql.split("\n"))) for name, sql in (await connection.execute(query)).all()}
    engine = create_engine("sqlite://")
    with engine.begin() as plain:
        SQLModel.metadata.create_all(plain)
        made = {name: set(map(str.strip, sql.split("\n"))) for name, sql in plain.execute(query).all()}
    engine.dispose()

    def normal(lines: set[str]) -> set[str]:
        # A table that a later migration changed is a renamed copy, and SQLite quotes its new name.
        return {line.replace('"', "").rstrip(",").strip() for line in lines}

    assert {name: normal(lines) for name, lines in migrated.items()} == {
        name: normal(lines) for name, lines in made.items()
    }


async def downgrade(database: Database, revision: str = "base") -> None:
    def go(connection: Connection) -> None:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.downgrade(config, revision)

    async with database.engine.connect() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        for act in ("PRAGMA foreign_keys = OFF",) if database.sqlite else ():  # a table is copied, as in `upgrade`
            await driver.execute(act)
        async with connection.begin():
            await connection.run_sync(go)
        for act in ("PRAGMA foreign_keys = ON",) if database.sqlite else ():
            await driver.execute(act)


async def test_going_back_to_nothing_leaves_nothing(empty_url: str) -> None:
    database = Database(empty_url)
    await database.upgrade()
    await downgrade(database)
    query = "SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite%'"
    if not database.sqlite:
        query = "SELECT relname FROM pg_class WHERE relkind <> 'i' AND relnamespace = 'public'::regnamespace"
        query += " UNION SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
    async with database.engine.connect() as connection:
        assert (await connection.exec_driver_sql(query)).scalars().all() == ["alembic_version"]
    await database.upgrade()
    await database.check()
    await database.close()


RELEASED = {"0001_baseline.py": "76a51bd7bc07156cb284786c9b79b97a2d1e79784ad6beaff4330bd6b5264997"}
"""Migrations of released versions, by the SHA-256 of the file. They have made databases that are in use: what is to be
otherwise is a new migration, whose hash is added here when it is released."""


def test_released_migrations_are_kept_as_they_are() -> None:
    found = {name: hashlib.sha256((VERSIONS / name).read_bytes()).hexdigest() for name in RELEASED}
    assert found == RELEASED


def test_a_released_migration_imports_nothing_that_may_change() -> None:
    for name in RELEASED:
        imports = re.findall(r"^\s*(?:from|import) (\w+)", (VERSIONS / name).read_text(encoding="utf-8"), re.MULTILINE)
        assert set(imports) <= {"alembic", "collections", "sqlalchemy", "typing"}, name


NEXT = """
import sqlalchemy as sa
from alembic import op

revision = "9999_next"
down_revision = "{head}"


def upgrade():
    with op.batch_alter_table("hearing_request") as batch:
        batch.add_column(sa.Column("colour", sa.String(40), nullable=False, server_default="green"))
        batch.create_check_constraint(op.f("ck_hearing_request_colour"), "colour <> ''")
    with op.batch_alter_table("status_change") as batch:
        batch.create_check_constraint(op.f("ck_status_change_after"), "after <> ''")
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER status_change_no_{act.lower()} BEFORE {act} ON status_change "
                "BEGIN SELECT RAISE(ABORT, 'status_change only grows'); END"
            )
"""
"""A migration as one may come next: it changes a table that others point at, and one that only grows."""


@pytest.mark.both_databases
async def test_a_new_migration_keeps_the_rows_that_are_there(
    court: object, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def rows() -> dict[str, list[dict[str, object]]]:
        async with database.engine.connect() as connection:
            return {
                name: [dict(row) for row in (await connection.execute(table.select().order_by("id"))).mappings()]
                for name, table in metadata.tables.items()
            }

    before = await rows()
    assert len(before["status_change"]) > 5 and before["hearing_request"] and before["hearing"]
    folder = shutil.copytree(VERSIONS.parent, tmp_path / "migrations")
    newest = head()
    (folder / "versions" / "9999_next.py").write_text(NEXT.replace("{head}", newest), encoding="utf-8")
    config = alembic_config()
    config.set_main_option("script_location", str(folder))
    monkeypatch.setattr("hearings.db.alembic_config", lambda: config)
    with pytest.raises(SchemaBehind) as refusal:
        await database.check()
    assert (refusal.value.found, refusal.value.wanted) == (newest, "9999_next")
    await database.upgrade()
    await database.check()
    assert await rows() == before
    async with database.reading() as db:
        query = "SELECT DISTINCT colour FROM hearing_request"
        assert (await (await db.connection()).exec_driver_sql(query)).scalars().all() == ["green"]
    assert await growing(database) == ONLY_GROW
    for refused in ("DELETE FROM status_change", "UPDATE hearing_request SET colour = ''", "DELETE FROM hearing"):
        with pytest.raises(DBAPIError):
            async with database.transaction() as db:
                await (await db.connection()).exec_driver_sql(refused)


ONLY_GROW = {
    *("status_change", "hearing_event", "law_row", "consultation", "informal_message", "request_event", "signature"),
    *("refused_statement", "site_profile", "agreement_offer", "line_report", "shared_view", "minutes_passage"),
    *("minutes_reading", "minutes_answer", "minutes_reservation", "installation_event", "act_head"),
    "minutes_correction",
    "keeping_decision",
    "right_answer",
    "summons_service",
    *("cost_term", "cost_step"),
    *("transmission_evidence", "transmission_stamp", "request_reading"),
    "gate_answer",
    *("retention_period", "erasure", "data_report", "data_request", "data_decision"),
}
"""Tables whose rows the database refuses to change or delete, after every migration: on SQLite a table that is copied
to be changed loses its triggers unless they are made again."""


async def growing(database: Database) -> set[str]:
    query = "SELECT tbl_name FROM sqlite_master WHERE sql LIKE 'CREATE TRIGGER % BEFORE {} ON % only grows%'"
    queries = [query.format(act) for act in ("UPDATE", "DELETE")]
    if not database.sqlite:
        queries = ["SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgfoid = 'only_grows'::regproc"]
    async with database.engine.connect() as connection:
        found = [set((await connection.exec_driver_sql(query)).scalars()) for query in queries]
    return set.intersection(*found)


@pytest.mark.both_databases
async def test_every_table_of_history_only_grows(database: Database) -> None:
    assert await growing(database) == ONLY_GROW


async def test_check_refuses_what_is_not_there_and_what_is_empty(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/vivavoce.db")
    with pytest.raises(DatabaseMissing):
        await database.check()
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "vivavoce.db").touch()
    with pytest.raises(SchemaBehind) as refusal:
        await database.check()
    assert (refusal.value.found, refusal.value.wanted) == (None, head())
    await database.upgrade()
    await database.check()
    await database.close()


@pytest.mark.both_databases
@pytest.mark.parametrize("revision", ["0001", "0021", "0002_of_a_newer_version"])
async def test_a_schema_of_another_line_is_refused_and_left_as_it_is(database: Database, revision: str) -> None:
    async with database.transaction() as db:
        await (await db.connection()).execute(text("UPDATE alembic_version SET version_num = :it"), {"it": revision})
    for refuses in (database.check, database.upgrade):
        with pytest.raises(DatabaseRefused, match=f"schema {revision}\\. If it was made before 0\\.1\\.0, export"):
            await refuses()
    async with database.reading() as db:
        query = "SELECT version_num FROM alembic_version"
        assert (await (await db.connection()).exec_driver_sql(query)).scalars().all() == [revision]


async def test_check_refuses_an_empty_postgresql(postgresql_url: str) -> None:
    database = Database(postgresql_url)
    with pytest.raises(SchemaBehind) as refusal:
        await database.check()
    assert refusal.value.found is None
    await database.close()


async def test_check_refuses_a_server_that_does_not_answer(tmp_path: Path) -> None:
    database = Database(f"postgresql+psycopg://postgres@/nothing?host={tmp_path}")
    with pytest.raises(DatabaseMissing):
        await database.check()
    await database.close()


async def test_a_new_sqlite_file_is_its_owners_only(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/vivavoce.db")
    await database.upgrade()
    await database.close()
    assert stat.S_IMODE((tmp_path / "vivavoce.db").stat().st_mode) == 0o600


async def test_sqlite_runs_as_it_should(database: Database) -> None:
    async with database.reading() as db:
        connection = await db.connection()
        found = {
            name: (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "foreign_keys", "synchronous", "busy_timeout", "cache_size")
        }
    kept = {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 2, "busy_timeout": 15_000, "cache_size": -32_768}
    assert found == kept


def test_there_is_one_line_of_migrations() -> None:
    from alembic.script import ScriptDirectory

    assert ScriptDirectory.from_config(alembic_config()).get_heads() == [head()]


# --- transactions ------------------------------------------------------------------------------------------------


@pytest.mark.both_databases
async def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    with pytest.raises(RuntimeError):
        async with database.transaction() as db:
            db.add(person())
            await db.flush()
            raise RuntimeError
    async with database.reading() as db:
        assert (await db.exec(select(Person))).all() == []


async def test_a_closing_that_waits_for_ever_ends_with_the_database(sqlite_url: str) -> None:
    """As SQLAlchemy leaves one behind when work is cancelled while its connection is being given up."""
    database = Database(sqlite_url)

    async def _terminate_graceful_close() -> None:
        await asyncio.Event().wait()

    left = asyncio.create_task(_terminate_graceful_close())
    async with asyncio.timeout(20):
        await database.close()
    assert left.cancelled()


@pytest.mark.both_databases
async def test_rows_stay_readable_after_the_session(database: Database) -> None:
    async with database.transaction() as db:
        db.add(person())
    async with database.reading() as db:
        found = (await db.exec(select(Person))).one()
    assert found.functions == ["clerk"]


@pytest.mark.both_databases
async def test_writers_wait_for_one_another(database: Database) -> None:
    async with database.transaction() as db:
        one = person()
        db.add(one)

    async def rename() -> None:
        async with database.transaction() as db:
            query = select(Person).where(Person.id == one.id).with_for_update()
            found = (await db.exec(query.execution_options(populate_existing=True))).one()
            await asyncio.sleep(0)  # let the others try
            found.name = f"{found.name}x"

    await asyncio.gather(*(rename() for _ in range(12)))
    async with database.reading() as db:
        assert (await db.exec(select(Person.name))).one() == "Ana" + "x" * 12


@pytest.mark.both_databases
async def test_reading_writes_nothing(database: Database) -> None:
    try:
        async with database.reading() as db:
            db.add(person())
            await db.flush()
    except InternalError:
        assert not database.sqlite  # PostgreSQL refuses at once; SQLite forgets at the end
    async with database.reading() as db:
        assert (await db.exec(select(Person))).all() == []


@pytest.mark.both_databases
async def test_a_trial_says_what_the_work_would_say_and_leaves_nothing(database: Database) -> None:
    async with database.trial() as db:
        db.add(person())
    async with database.transaction() as db:
        db.add(person("b@ro.example"))
    with pytest.raises(IntegrityError):
        async with database.trial() as db:
            db.add(person("b@ro.example"))
    async with database.reading() as db:
        assert (await db.exec(select(Person.email))).all() == ["b@ro.example"]


# --- instants ----------------------------------------------------------------------------------------------------


@pytest.mark.both_databases
async def test_a_look_finds_what_is_committed_and_writes_nothing(database: Database) -> None:
    async with database.transaction() as db:
        db.add(person())

    async def look(db: AsyncSession) -> list[str]:
        return [one.email for one in (await db.exec(select(Person))).all()]

    async def write(db: AsyncSession) -> None:
        db.add(person("b@ro.example"))
        await db.flush()

    try:
        await database.look(write)
    except InternalError:
        assert not database.sqlite  # as with `reading`
    assert await database.look(look) == ["a@ro.example"]


@pytest.mark.both_databases
async def test_rows_stay_readable_after_a_look_and_a_failure_comes_out_as_it_is(database: Database) -> None:
    async with database.transaction() as db:
        db.add(person())

    async def first(db: AsyncSession) -> Person | None:
        return (await db.exec(select(Person))).first()

    async def fail(db: AsyncSession) -> None:
        await first(db)
        raise SchemaBehind("a", "b")

    with pytest.raises(SchemaBehind):
        await database.look(fail)
    found = await database.look(first)
    assert found is not None
    assert (found.name, found.functions) == ("Ana", ["clerk"])


async def test_while_a_look_at_sqlite_takes_its_time_the_event_loop_goes_on(database: Database) -> None:
    going = asyncio.Event()
    loop = asyncio.get_running_loop()

    async def slow(db: AsyncSession) -> bool:
        loop.call_soon_threadsafe(going.set)
        deadline = time.monotonic() + 20
        while not going.is_set():  # set by the loop, which could not if the look kept it
            assert time.monotonic() < deadline
            await db.exec(select(Person))
        return True

    assert await database.look(slow)


async def test_a_look_at_sqlite_that_waits_for_something_else_fails_and_hurts_no_other(database: Database) -> None:
    async def wait(db: AsyncSession) -> None:
        await db.exec(select(Person))
        await asyncio.sleep(0)

    async def look(db: AsyncSession) -> int:
        return len((await db.exec(select(Person))).all())

    for _more_than_there_are_threads in range(5):
        with pytest.raises(RuntimeError, match="nothing but its session"):
            await database.look(wait)
    async with database.transaction() as db:
        db.add(person())
    assert await asyncio.gather(*(database.look(look) for _time in range(20))) == [1] * 20


async def emails(database: Database) -> set[str]:
    async with database.reading() as db:
        return set((await db.exec(select(Person.email))).all())


@pytest.mark.both_databases
async def test_who_appends_while_others_do_shares_their_commit(database: Database) -> None:
    commits: list[Connection] = []
    listener = commits.append
    event.listen(Engine, "commit", listener)
    try:
        await asyncio.gather(*(database.append([person(f"{number}@ro.example")]) for number in range(20)))
    finally:
        event.remove(Engine, "commit", listener)
    assert await emails(database) == {f"{number}@ro.example" for number in range(20)}
    assert len(commits) == 1
    await database.append([])
    await database.append([person("later@ro.example")])
    assert "later@ro.example" in await emails(database)


@pytest.mark.both_databases
async def test_rows_that_cannot_be_appended_fail_alone(database: Database) -> None:
    await database.append([person("twice@ro.example")])
    rows = [[person("first@ro.example")], [person("twice@ro.example")], [person("last@ro.example")]]
    failures = await asyncio.gather(*(database.append(row) for row in rows), return_exceptions=True)
    assert [type(failure) for failure in failures] == [type(None), IntegrityError, type(None)]
    assert await emails(database) == {"first@ro.example", "twice@ro.example", "last@ro.example"}


@pytest.mark.both_databases
async def test_what_is_being_appended_is_kept_when_its_caller_is_gone(database: Database) -> None:
    caller = asyncio.create_task(database.append([person("gone@ro.example")]))
    other = asyncio.create_task(database.append([person("here@ro.example")]))
    await asyncio.sleep(0)
    caller.cancel()
    await other
    assert await emails(database) == {"gone@ro.example", "here@ro.example"}


@pytest.mark.both_databases
async def test_a_naive_datetime_is_refused(database: Database) -> None:
    with pytest.raises(NaiveTime):
        async with database.transaction() as db:
            one = person()
            db.add(one)
            await db.flush()
            naive = datetime(2026, 11, 24, 9)  # noqa: DTZ001 (that is the point)
            link = SignInLink(
                owner_state="RO", person_id=one.id, secret_hash="x", created_at=naive, expires_at=datetime.now(UTC)
            )
            db.add(link)
    async with database.reading() as db:
        assert (await db.exec(select(Person))).all() == []


@pytest.mark.both_databases
async def test_an_instant_comes_back_aware_and_in_utc(database: Database) -> None:
    bangkok = datetime(2026, 12, 2, 14, 0, 0, 123456, timezone(timedelta(hours=7)))
    async with database.transaction() as db:
        one = person()
        db.add(one)
        await db.flush()
        db.add(SignInLink(owner_state="RO", person_id=one.id, secret_hash="x", created_at=bangkok, expires_at=bangkok))
    async with database.reading() as db:
        found = (await db.exec(select(SignInLink))).one()
        assert found.created_at == bangkok
        assert found.created_at.tzinfo is UTC
        query = select(SignInLink).where(SignInLink.created_at > bangkok - timedelta(microseconds=1))
        assert len((await db.exec(query)).all()) == 1
        query = select(SignInLink).where(SignInLink.created_at > bangkok)
        assert (await db.exec(query)).all() == []


# --- what the tables refuse --------------------------------------------------------------------------------------


@pytest.mark.both_databases
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE hearing SET status = 'nonsense'",
        "UPDATE hearing SET ends_at = starts_at",
        "UPDATE hearing SET request_id = 'nobody'",
        "UPDATE hearing SET owner_state = 'TH'",
        "UPDATE hearing SET requesting_state = 'ro'",
        "UPDATE hearing SET wall_fold = 2",
        "UPDATE hearing_request SET requested_state = 'RO'",
        "UPDATE hearing_request SET capacity = 'bystander'",
        "UPDATE participant SET original = 41",
        "UPDATE participant SET number = 0",
        "UPDATE participant SET renders = 'ro' WHERE role = 'witness'",
        "UPDATE participant SET microphone = (1 = 1), muted_by_court = (1 = 1)",
        "UPDATE participant SET person_id = 'nobody'",
        "UPDATE participant SET role = 'presiding_judge', number = 2 WHERE role = 'witness'",
        "UPDATE participant SET role = 'presiding_judge' WHERE role = 'witness'",
        "DELETE FROM hearing_request",
        "UPDATE status_change SET reason = 'another'",
        "DELETE FROM status_change",
        "UPDATE hearing_event SET kind = 'other'",
        "DELETE FROM hearing_event",
    ],
)
async def test_the_database_itself_refuses(court: object, database: Database, statement: str) -> None:
    async with database.transaction() as db:
        await record(db, hearing=court.hearing, kind=EventKind.help, actor=SYSTEM, now=datetime.now(UTC))  # type: ignore[attr-defined]
    with pytest.raises((IntegrityError, DBAPIError)) as refusal:
        async with database.transaction() as db:
            await (await db.connection()).exec_driver_sql(statement)
    assert "syntax" not in str(refusal.value)
    assert "no such column" not in str(refusal.value)


@pytest.mark.both_databases
async def test_a_login_is_a_persons_or_a_participants(database: Database, staff: dict[str, Person]) -> None:
    from hearings.models import Login

    now = datetime.now(UTC)
    with pytest.raises(IntegrityError):
        async with database.transaction() as db:
            db.add(Login(owner_state="RO", secret_hash="y", created_at=now, seen_at=now))
    async with database.transaction() as db:
        mine = Login(owner_state="RO", person_id=staff["clerk"].id, secret_hash="y", created_at=now, seen_at=now)
        db.add(mine)


@pytest.mark.both_databases
async def test_events_of_one_hearing_are_numbered_without_gap_or_double(court: object, database: Database) -> None:
    async def write() -> None:
        async with database.transaction() as db:
            await record(db, hearing=court.hearing, kind=EventKind.help, actor=SYSTEM, now=datetime.now(UTC))  # type: ignore[attr-defined]

    await asyncio.gather(*(write() for _ in range(15)))
    from hearings.queries import events

    async with database.reading() as db:
        assert [event.seq for event in await events(db, court.hearing.id)] == list(range(1, 16))  # type: ignore[attr-defined]


@pytest.mark.both_databases
async def test_history_comes_back_in_the_order_it_was_made(court: object, database: Database) -> None:
    async with database.reading() as db:
        found = await history(db, court.request)  # type: ignore[attr-defined]
    steps = ["", "draft", "submitted", "received", "under_review", "accepted", "executing"]
    assert [change.before for change in found] == steps[:-1]
    assert [change.after for change in found] == steps[1:]
    assert all(isinstance(change, StatusChange) and change.subject == "hearing_request" for change in found)
