"""The database: migrations, transactions, and what it refuses to hold."""

import asyncio
import stat
import time
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, Connection, Engine, column, event, inspect, text
from sqlalchemy import table as sa_table
from sqlalchemy.exc import DBAPIError, IntegrityError, InternalError
from sqlmodel import SQLModel, col, create_engine, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import SYSTEM, Actor
from hearings.db import Database, alembic_config, head
from hearings.errors import DatabaseMissing, NaiveTime, SchemaBehind
from hearings.events import EventKind, record
from hearings.law import rows as law_rows
from hearings.law.law import LAW
from hearings.models import (
    Agreement,
    Consent,
    Hearing,
    HearingRequest,
    Minutes,
    Person,
    SignInLink,
    Site,
    SiteProfile,
    StatusChange,
    metadata,
)
from hearings.models.request_parts import RequestAct
from hearings.queries import history
from hearings.requests import answers as request_answers
from hearings.requests import queries as request_queries
from hearings.requests.log import log
from hearings.signatures import recipients
from hearings.status import ConsentStatus


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


async def test_migrations_make_every_check_constraint_of_the_models(empty_url: str) -> None:
    database = Database(empty_url)
    await database.upgrade()

    def checks(connection: Connection) -> set[tuple[str, str]]:
        inspector = inspect(connection)
        return {
            (table, str(check["name"])) for table in metadata.tables for check in inspector.get_check_constraints(table)
        }

    async with database.engine.connect() as connection:
        found = await connection.run_sync(checks)
    await database.close()
    wanted = {
        (table.name, f"ck_{table.name}_{check.name}")
        for table in metadata.tables.values()
        for check in table.constraints
        if isinstance(check, CheckConstraint)
    }
    assert found == {(table, name.replace(f"ck_{table}_ck_{table}_", f"ck_{table}_")) for table, name in wanted}
    assert len(found) > 30


async def test_tables_made_by_migrations_are_word_for_word_those_of_the_models(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    await database.upgrade()
    query = text("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name <> 'alembic_version'")
    async with database.engine.connect() as connection:
        migrated = {name: set(map(str.strip, sql.split("\n"))) for name, sql in (await connection.execute(query)).all()}
    await database.close()
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


async def test_a_request_made_before_its_table_grew_is_kept_there_and_back(empty_url: str) -> None:
    database = Database(empty_url)
    columns = await old_request(database)
    await database.upgrade("0004")
    query = text("SELECT reference, version, channel, confidential, proposed_slots FROM hearing_request")
    async with database.reading() as db:
        reference, version, channel, confidential, slots = (await (await db.connection()).execute(query)).one()
    assert (reference, version, channel, bool(confidential), slots) in (
        ("x", 1, "central_authority", True, []),
        ("x", 1, "central_authority", True, "[]"),
    )
    await downgrade(database, "0003")
    async with database.reading() as db:
        row = (await (await db.connection()).exec_driver_sql("SELECT * FROM hearing_request")).mappings().one()
    assert (set(row) >= set(columns), "version" in row) == (True, False)
    await database.close()


async def old_request(database: Database, case_number: str = "x") -> list[str]:
    """Brings the database to its third version with one request in it; tells the columns it has."""
    await database.upgrade("0003")
    columns = [
        *("id", "owner_state", "reference", "requesting_state", "requested_state", "requesting_authority"),
        *("requested_authority", "case_number", "person_name", "offence_summary", "offence_scope", "reason_text"),
        *("language_of_person", "language_of_court", "language_of_request", "instruments", "status", "created_by"),
        *("created_at", "answered_by", "answered_ground", "answered_reason", "conditions"),
    ]
    given = {"owner_state": "RO", "requesting_state": "RO", "requested_state": "TH", "status": "draft", "id": "r1"}
    values = {name: given.get(name, "[]" if name in ("offence_scope", "instruments") else "x") for name in columns}
    values |= {"created_at": "2026-01-01 00:00:00", "case_number": case_number}
    literals = ", ".join(f"'{values[name]}'" for name in columns)
    async with database.transaction() as db:
        connection = await db.connection()
        await connection.exec_driver_sql(f"INSERT INTO hearing_request ({', '.join(columns)}) VALUES ({literals})")
    return columns


async def test_case_numbers_from_before_are_folded_and_found_there_and_back(empty_url: str) -> None:
    database = Database(empty_url)
    await old_request(database, "Дело ÎN/7")
    await database.upgrade()
    async with database.transaction() as db:
        (row,) = (await db.exec(select(HearingRequest))).all()
        assert (row.case_number, row.case_folded) == ("Дело ÎN/7", "дело în/7")
        page = await request_queries.search(db, state="RO", words="ДЕЛО îN")
        assert [one.id for one in page.rows] == [row.id]
    await downgrade(database, "0016")
    async with database.reading() as db:
        old = (await (await db.connection()).exec_driver_sql("SELECT * FROM hearing_request")).mappings().one()
    assert (old["case_number"], "case_folded" in old) == ("Дело ÎN/7", False)
    await database.upgrade()
    await database.check()
    await database.close()


async def test_agreements_and_requests_from_before_know_what_waits_for_them(empty_url: str) -> None:
    database = Database(empty_url)
    await database.upgrade("0012")
    now = datetime(2026, 12, 2, 6, tzinfo=UTC)
    own = {"owner_state": "RO", "created_by": "-", "created_at": now}
    sides = {"requesting_state": "RO", "requested_state": "TH"}
    asked, settled = (HearingRequest(reference=name, status="executing", **own, **sides) for name in "ab")
    hearing, gone, cancelled = (
        Hearing(
            **own, **sides, ref=f"H{number}", request_id=one.id, starts_at=now, ends_at=now + timedelta(hours=1),
            wall_start="2026-12-02T08:00", wall_zone="UTC", requesting_zone="UTC", requesting_city="A",
            requested_zone="UTC", requested_city="B", tzdb_version="-", language_requesting="ro",
            language_requested="th", status=status,
        )
        for number, (one, status) in enumerate([(asked, "agreed"), (asked, "cancelled"), (settled, "cancelled")])
    )  # fmt: skip
    site = Site(**own, name="A", court="B", city="C", zone="UTC")
    profile = SiteProfile(**own, site_id=site.id, version=1, abilities={}, created_label="-")
    agreement = Agreement(
        **own, hearing_id=hearing.id, number=1, by_state="RO", needs={}, terms={}, terms_sha256="",
        requesting_profile_id=profile.id, requested_profile_id=profile.id,
    )  # fmt: skip
    minutes = Minutes(**own, hearing_id=hearing.id, language_requesting="ro", language_requested="th")
    consents = [
        Consent(owner_state="RO", request_id=one.id, rule="x", since=now, status=status)
        for one, status in ((asked, ConsentStatus.pending), (settled, ConsentStatus.refused))
    ]
    new = {
        "agreement": {"requested_state", "starts_at"},
        "hearing_request": {"unanswered", "case_folded", "unscheduled"},
        "minutes": {"requested_state"},
    }
    async with database.transaction() as db:
        for row in (asked, settled, hearing, gone, cancelled, site, profile, agreement, minutes, *consents):
            await insert_without(db, row, new)
    await database.upgrade()
    async with database.reading() as db:
        kept = (await db.exec(select(Agreement))).one()
        assert (kept.requested_state, kept.starts_at, kept.hearing_id) == ("TH", now, hearing.id)
        assert (await db.exec(select(Minutes.requested_state))).one() == "TH"
        found = select(HearingRequest.reference, HearingRequest.unanswered, HearingRequest.unscheduled)
        rows = (await db.exec(found.order_by(HearingRequest.reference))).all()
        assert rows == [("a", True, False), ("b", False, True)]
    await database.close()


async def test_a_log_that_knows_more_acts_still_only_grows_and_goes_back_without_them(empty_url: str) -> None:
    database = Database(empty_url)
    await database.upgrade()
    request = HearingRequest(
        owner_state="RO", reference="r", requesting_state="RO", requested_state="TH", created_by="-",
        created_at=datetime(2026, 12, 2, tzinfo=UTC),
    )  # fmt: skip
    for act in (RequestAct.priority_set, RequestAct.priority_refreshed):
        async with database.transaction() as db:
            db.add(request)
            await db.flush()
            log(db, request, act, actor=SYSTEM, now=datetime(2026, 12, 2, tzinfo=UTC))
    for statement in ("DELETE FROM request_event", "UPDATE request_event SET reason = 'another'"):
        with pytest.raises(DBAPIError, match="only grows"):
            async with database.transaction() as db:
                await (await db.connection()).exec_driver_sql(statement)
    await downgrade(database, "0010")
    async with database.reading() as db:
        connection = await db.connection()
        assert (await connection.exec_driver_sql("SELECT act FROM request_event")).scalars().all() == ["priority_set"]
    with pytest.raises(DBAPIError, match="only grows"):
        async with database.transaction() as db:
            await (await db.connection()).exec_driver_sql("DELETE FROM request_event")
    await database.upgrade()
    await database.check()
    await database.close()


async def test_the_log_of_the_law_only_grows_with_a_kind_more_and_goes_back_without_it(empty_url: str) -> None:
    database = Database(empty_url)
    await database.upgrade()
    admin = Actor(id="admin", label="Elena Stan", state="RO", functions=frozenset({"administrator"}))
    rows = LAW.rows["party"]["RO/untoc"], LAW.rows["interpreting_rest"]["gap"]
    async with database.transaction() as db:
        edits = [law_rows.check(kind, row, LAW) for kind, row in zip(("party", "interpreting_rest"), rows, strict=True)]
        now = datetime(2026, 12, 2, tzinfo=UTC)
        await law_rows.save(db, edits=edits, reason="Read again", seen=0, actor=admin, now=now)
    await downgrade(database, "0017")
    for step in ("before", "after"):
        async with database.reading() as db:
            kinds = (await (await db.connection()).exec_driver_sql("SELECT kind FROM law_row")).scalars().all()
        assert kinds == ["party"], step
        for statement in ("DELETE FROM law_row", "UPDATE law_row SET reason = 'another'"):
            with pytest.raises(DBAPIError, match="only grows"):
                async with database.transaction() as db:
                    await (await db.connection()).exec_driver_sql(statement)
        await database.upgrade()
    await database.check()
    await database.close()


async def test_recipients_from_before_stay_in_force_and_going_back_takes_the_retired_ones_away(empty_url: str) -> None:
    database = Database(empty_url)
    await database.upgrade("0014")
    values = "'{id}', 'RO', 'Court', 'requesting', '{id}', '2026-01-01 00:00:00', "
    columns = "id, owner_state, authority_name, kind, recipient, created_at, demo"
    async with database.transaction() as db:
        for key in ("one", "two"):
            row = values.format(id=key) + ("0" if "sqlite" in empty_url else "false")
            await (await db.connection()).exec_driver_sql(f"INSERT INTO authority_key ({columns}) VALUES ({row})")
    await database.upgrade()
    async with database.transaction() as db:
        one, two = await recipients.keys_of(db, state="RO")
        assert (one.created_by_label, one.retired_at, one.retired_reason) == (SYSTEM.label, None, "")
        await recipients.retire(db, key=two, reason="Lost", actor=SYSTEM, now=datetime(2026, 12, 2, tzinfo=UTC))
    await downgrade(database, "0014")
    async with database.reading() as db:
        left = (await (await db.connection()).exec_driver_sql("SELECT * FROM authority_key")).mappings().all()
    assert [row["id"] for row in left] == ["one"] and "retired_at" not in left[0]
    await database.upgrade()
    await database.check()
    await database.close()


async def test_requests_taken_up_again_before_get_the_day_an_answer_is_wanted(empty_url: str) -> None:
    database = Database(empty_url)
    await database.upgrade("0015")
    began, again = datetime(2026, 11, 2, 9, tzinfo=UTC), datetime(2026, 12, 2, 6, tzinfo=UTC)
    own = {
        "owner_state": "RO",
        "created_by": "-",
        "created_at": began,
        "requesting_state": "RO",
        "requested_state": "TH",
    }
    under_review, asked, elsewhere = "under_review", "information_requested", "postponed"
    kept = datetime(2027, 1, 1, tzinfo=UTC)
    requests = {
        "plain": HearingRequest(**own, reference="plain", status=under_review),
        "urgent": HearingRequest(**own, reference="urgent", status=asked, urgent=True),
        "named": HearingRequest(**own, reference="named", status=under_review, wanted_by=date(2026, 12, 10)),
        "set": HearingRequest(**own, reference="set", status=under_review, answer_due=kept),
        "postponed": HearingRequest(**own, reference="postponed", status=elsewhere),
        "first": HearingRequest(**own, reference="first", status=under_review),
    }
    async with database.transaction() as db:
        for row in requests.values():
            await insert_without(db, row, {"hearing_request": {"case_folded", "unscheduled"}})
        for name, row in requests.items():
            moves = [("received", "under_review", began)]
            if name != "first":
                moves += [("postponed", "under_review", began), ("postponed", "under_review", again)]
            for before, after, at in moves:
                own = {"subject": "hearing_request", "subject_id": row.id, "actor": "-", "actor_label": "-"}
                db.add(StatusChange(owner_state="RO", before=before, after=after, at=at, **own))
    await database.upgrade()
    expected = {
        "plain": again + timedelta(days=30),
        "urgent": again + timedelta(days=3),
        "named": datetime(2026, 12, 10, 16, 59, 59, tzinfo=UTC),  # the end of that day in Bangkok
        "set": kept,
        "postponed": None,
        "first": None,
    }
    for _ in ("there", "and back"):
        async with database.reading() as db:
            found = (await db.exec(select(HearingRequest.reference, HearingRequest.answer_due))).all()
        assert dict(found) == expected
        await downgrade(database, "0015")
    await database.upgrade()
    await database.check()
    async with database.reading() as db:
        for row in (await db.exec(select(HearingRequest).where(col(HearingRequest.answer_due).is_not(None)))).all():
            if row.reference != "set":
                assert row.answer_due == request_answers.answer_due(row, now=again)
    await database.close()


async def insert_without(db: AsyncSession, row: SQLModel, new: Mapping[str, set[str]]) -> None:
    """A row as an earlier version wrote it: without the columns its table did not have yet."""
    name = str(row.__tablename__)
    before = [one for one in metadata.tables[name].columns if one.name not in new.get(name, ())]
    table = sa_table(name, *(column(one.name, one.type) for one in before))
    await (await db.connection()).execute(table.insert().values({one.name: getattr(row, one.name) for one in before}))


async def downgrade(database: Database, revision: str) -> None:
    def go(connection: Connection) -> None:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.downgrade(config, revision)

    async with database.engine.begin() as connection:
        await connection.run_sync(go)


async def test_check_refuses_what_is_not_there_and_what_is_behind(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/vivavoce.db")
    with pytest.raises(DatabaseMissing):
        await database.check()
    assert list(tmp_path.iterdir()) == []
    await database.upgrade("0001")
    with pytest.raises(SchemaBehind) as refusal:
        await database.check()
    assert (refusal.value.found, refusal.value.wanted) == ("0001", head())
    await database.upgrade()
    await database.check()
    await database.close()


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


async def test_sqlite_runs_as_it_should(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    await database.upgrade()
    async with database.reading() as db:
        connection = await db.connection()
        found = {
            name: (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "foreign_keys", "synchronous", "busy_timeout", "cache_size")
        }
    await database.close()
    kept = {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 2, "busy_timeout": 15_000, "cache_size": -32_768}
    assert found == kept


def test_there_is_one_line_of_migrations() -> None:
    from alembic.script import ScriptDirectory

    assert ScriptDirectory.from_config(alembic_config()).get_heads() == [head()]


# --- transactions ------------------------------------------------------------------------------------------------


async def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    with pytest.raises(RuntimeError):
        async with database.transaction() as db:
            db.add(person())
            await db.flush()
            raise RuntimeError
    async with database.reading() as db:
        assert (await db.exec(select(Person))).all() == []


async def test_rows_stay_readable_after_the_session(database: Database) -> None:
    async with database.transaction() as db:
        db.add(person())
    async with database.reading() as db:
        found = (await db.exec(select(Person))).one()
    assert found.functions == ["clerk"]


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


async def test_reading_writes_nothing(database: Database) -> None:
    try:
        async with database.reading() as db:
            db.add(person())
            await db.flush()
    except InternalError:
        assert not database.sqlite  # PostgreSQL refuses at once; SQLite forgets at the end
    async with database.reading() as db:
        assert (await db.exec(select(Person))).all() == []


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


async def test_while_a_look_at_sqlite_takes_its_time_the_event_loop_goes_on(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    await database.upgrade()
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
    await database.close()


async def test_a_look_at_sqlite_that_waits_for_something_else_fails_and_hurts_no_other(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    await database.upgrade()

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
    await database.close()


async def emails(database: Database) -> set[str]:
    async with database.reading() as db:
        return set((await db.exec(select(Person.email))).all())


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


async def test_rows_that_cannot_be_appended_fail_alone(database: Database) -> None:
    await database.append([person("twice@ro.example")])
    rows = [[person("first@ro.example")], [person("twice@ro.example")], [person("last@ro.example")]]
    failures = await asyncio.gather(*(database.append(one) for one in rows), return_exceptions=True)
    assert [type(one) for one in failures] == [type(None), IntegrityError, type(None)]
    assert await emails(database) == {"first@ro.example", "twice@ro.example", "last@ro.example"}


async def test_what_is_being_appended_is_kept_when_its_caller_is_gone(database: Database) -> None:
    caller = asyncio.create_task(database.append([person("gone@ro.example")]))
    other = asyncio.create_task(database.append([person("here@ro.example")]))
    await asyncio.sleep(0)
    caller.cancel()
    await other
    assert await emails(database) == {"gone@ro.example", "here@ro.example"}


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


async def test_a_login_is_a_persons_or_a_participants(database: Database, staff: dict[str, Person]) -> None:
    from hearings.models import Login

    now = datetime.now(UTC)
    with pytest.raises(IntegrityError):
        async with database.transaction() as db:
            db.add(Login(owner_state="RO", secret_hash="y", created_at=now, seen_at=now))
    async with database.transaction() as db:
        mine = Login(owner_state="RO", person_id=staff["clerk"].id, secret_hash="y", created_at=now, seen_at=now)
        db.add(mine)


async def test_events_of_one_hearing_are_numbered_without_gap_or_double(court: object, database: Database) -> None:
    async def write() -> None:
        async with database.transaction() as db:
            await record(db, hearing=court.hearing, kind=EventKind.help, actor=SYSTEM, now=datetime.now(UTC))  # type: ignore[attr-defined]

    await asyncio.gather(*(write() for _ in range(15)))
    from hearings.queries import events

    async with database.reading() as db:
        assert [event.seq for event in await events(db, court.hearing.id)] == list(range(1, 16))  # type: ignore[attr-defined]


async def test_history_comes_back_in_the_order_it_was_made(court: object, database: Database) -> None:
    async with database.reading() as db:
        found = await history(db, court.request)  # type: ignore[attr-defined]
    steps = ["", "draft", "submitted", "received", "under_review", "accepted", "executing"]
    assert [change.before for change in found] == steps[:-1]
    assert [change.after for change in found] == steps[1:]
    assert all(isinstance(change, StatusChange) and change.subject == "hearing_request" for change in found)
