"""The list of what was done in the administration of a State: whose acts are in it, in which order, how it is read."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from hearings.actors import person_actor
from hearings.db import Database
from hearings.models import (
    ApiClient,
    ApiClientKey,
    AuthorityKey,
    InstallationEvent,
    JointChange,
    LawRow,
    Person,
    SharedView,
    SigningKey,
    StatusChange,
    Webhook,
)
from hearings.models.history import InstallationKind
from hearings.models.law import JointKind, JointStatus, LawKind
from hearings.outward import api_clients, webhooks
from hearings.overview import audit
from hearings.overview.audit import AuditSubject
from hearings.paging import Page
from hearings.signatures import signing_keys
from tests.support.rows import keep, make_person

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)
S = AuditSubject


def ago(minutes: int) -> datetime:
    return NOW - timedelta(minutes=minutes)


def rows_of(state: str, person: Person) -> list[Any]:
    """One row of each kind; each act at an instant of its own."""
    by = {"owner_state": state, "created_by": person.id}
    client = ApiClient(name="Registry", scopes=[], created_at=ago(30), disabled_at=ago(20), **by)
    key = ApiClientKey(client_id=client.id, kid=f"kid {state}", jwk={}, not_before=NOW, created_at=ago(25), **by)
    made = {"actor": person.id, "actor_label": person.name}
    history = {"owner_state": state, "subject": "person", "subject_id": person.id, "after": "active"} | made
    return [
        StatusChange(before="", at=ago(90), **history),
        StatusChange(before="active", reason="email", at=ago(80), **history),
        SigningKey(authority_name="C", kid=f"k{state}", public_key="x", created_at=ago(70), retired_at=ago(60), **by),
        AuthorityKey(
            authority_name="Court", kind="requesting", recipient=f"age1{state}", created_by_label=person.name,
            created_at=ago(55), retired_at=ago(50), retired_by=person.id, retired_by_label=person.name,
            retired_reason="Lost", **by,
        ),
        client,
        key,
        Webhook(url="https://x.example", salt="s", created_at=ago(18), disabled_at=ago(16), disabled_why="gone", **by),
        LawRow(
            owner_state=state, serial=1 + (state == "TH"), kind=LawKind.party, key=f"{state}/untoc", version=1,
            reason="New", edited_by=person.id, edited_label=person.name, at=ago(15),
        ),
    ]  # fmt: skip


def change() -> JointChange:
    """Proposed by Romania, confirmed by Thailand."""
    return JointChange(
        owner_state="RO", kind=JointKind.law, concerns="TH", data=[], reason="Why", proposed_by="e",
        proposed_label="Elena", at=ago(10), status=JointStatus.confirmed, decided_by="a", decided_label="Anong",
        decided_state="TH", decided_reason="Yes", decided_at=ago(5),
    )  # fmt: skip


@pytest.fixture
async def both_states(database: Database) -> None:
    """The acts of both States, one that concerns both, and one of the installation."""
    elena, anong = make_person("administrator", "RO", "Elena"), make_person("administrator", "TH", "Anong")
    await keep(database, elena, anong)
    event = InstallationEvent(owner_state="", kind=InstallationKind.restored, at=ago(1), actor="operator", reason="x")
    for row in (*rows_of("RO", elena), *rows_of("TH", anong), change(), event):
        await keep(database, row)


async def read(database: Database, state: str = "RO", **asked: Any) -> Page[audit.AdministrativeAct]:
    async with database.reading() as db:
        return await audit.acts(db, state=state, **asked)


@pytest.mark.both_databases
@pytest.mark.usefixtures("both_states")
async def test_every_act_of_the_own_state_is_listed_once_with_its_person_the_newest_first(database: Database) -> None:
    rows = (await read(database)).rows
    assert [(row.subject, row.act) for row in rows] == [
        (S.installation, "restored"),
        (S.joint_change, "confirmed"),
        (S.joint_change, "proposed"),
        (S.law, "party"),
        (S.webhook, "disabled"),
        (S.webhook, "added"),
        (S.api_client, "disabled"),
        (S.api_client, "key_added"),
        (S.api_client, "added"),
        (S.recipient, "retired"),
        (S.recipient, "added"),
        (S.signing_key, "retired"),
        (S.signing_key, "added"),
        (S.staff, "active"),
        (S.staff, "added"),
    ]
    assert {row.subject for row in rows} == set(S) == set(audit.SOURCES)
    nobody = {(S.webhook, "disabled"), (S.api_client, "disabled"), (S.signing_key, "retired")}
    assert {(row.subject, row.act) for row in rows if not row.actor_label} == nobody
    assert len({row.id for row in rows}) == len(rows)
    assert all(row.at.tzinfo is UTC for row in rows)


@pytest.mark.both_databases
async def test_whoever_ends_a_key_a_client_or_a_webhook_is_named_and_the_act_listed_once(database: Database) -> None:
    by = {"owner_state": "RO", "created_by": "x", "created_at": ago(30)}
    client = ApiClient(name="Registry", scopes=[], **by)
    key = SigningKey(authority_name="C", kid="k", public_key="x", **by)
    hook = Webhook(url="https://x.example", salt="s", **by)
    await keep(database, client, key, hook)
    actor = person_actor(make_person("administrator", "RO", "Elena"))
    async with database.transaction() as db:
        kept = [await db.get_one(type(row), row.id) for row in (client, key, hook)]
        await api_clients.disable(db, client=kept[0], actor=actor, now=ago(9))
        await api_clients.disable(db, client=kept[0], actor=actor, now=ago(8))
        await api_clients.enable(db, client=kept[0], actor=actor, now=ago(7))
        await api_clients.change(db, client=kept[0], name="R", scopes=["events"], actor=actor, now=ago(6))
        await signing_keys.retire(db, key=kept[1], actor=actor, now=ago(5))
        await signing_keys.retire(db, key=kept[1], actor=actor, now=ago(4))
        await webhooks.disable(db, webhook=kept[2], actor=actor, now=ago(3))
    listed = [row for row in (await read(database, since=ago(20))).rows if row.act != "added"]
    assert [(row.act, row.name, row.actor_label, row.row) for row in listed] == [
        ("disabled", "https://x.example", "Elena", hook.id),
        ("retired", "C", "Elena", key.id),
        ("changed", "R", "Elena", client.id),
        ("enabled", "R", "Elena", client.id),
        ("disabled", "R", "Elena", client.id),
    ]


@pytest.mark.usefixtures("both_states")
async def test_another_state_reads_its_own_acts_and_the_change_that_concerns_both(database: Database) -> None:
    romania, thailand = [{row.id for row in (await read(database, state)).rows} for state in ("RO", "TH")]
    both = {row.subject for row in (await read(database)).rows if row.id in romania & thailand}
    assert both == {S.joint_change, S.installation}
    foreign = (await read(database, "FR")).rows
    assert [row.subject for row in foreign] == [S.installation]


@pytest.mark.both_databases
@pytest.mark.usefixtures("both_states")
@pytest.mark.parametrize("limit", [1, 4, 7])
async def test_pages_follow_one_another_without_a_gap_or_a_repetition(database: Database, limit: int) -> None:
    whole, pages, after = (await read(database)).rows, [], ""
    while not pages or after:
        page = await read(database, after=after, limit=limit)
        after = page.after
        pages += page.rows
    assert pages == whole
    assert all(earlier.at >= later.at for earlier, later in pairwise(pages))


@pytest.mark.both_databases
@pytest.mark.usefixtures("both_states")
async def test_acts_are_found_by_subject_person_and_days(database: Database) -> None:
    assert {row.subject for row in (await read(database, subject=S.law)).rows} == {S.law}
    assert {row.actor_label for row in (await read(database, person="anon")).rows} == {"Anong"}
    assert (await read(database, person="%")).rows == []
    dated = (await read(database, since=ago(20), until=ago(15))).rows
    assert [(row.subject, row.act) for row in dated] == [
        (S.webhook, "disabled"), (S.webhook, "added"), (S.api_client, "disabled"),
    ]  # fmt: skip


async def test_the_long_table_is_read_by_its_index(database: Database) -> None:
    query, columns = audit.query_of(state="RO", person="x")
    async with database.reading() as db:
        compiled = query.order_by(columns.at.desc()).compile(db.get_bind())
        values = tuple(compiled.params[name] for name in compiled.positiontup)
        connection = await db.connection()
        plan = (await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", values)).all()
    assert "ix_status_change_subject" in str(plan), plan


@pytest.mark.both_databases
async def test_views_are_read_by_the_state_whose_rows_they_are_the_newest_first(database: Database) -> None:
    def view(owner: str, number: int) -> SharedView:
        viewer = {"viewer": "v", "viewer_label": f"Viewer {number}", "viewer_state": "TH"}
        return SharedView(owner_state=owner, subject="hearing", subject_id="h", at=ago(9 - number), **viewer)

    await keep(database, view("RO", 1), view("FR", 2), view("RO", 3))
    async with database.reading() as db:
        first = await audit.views(db, state="RO", limit=1)
        rest = await audit.views(db, state="RO", limit=1, after=first.after)
        assert await audit.references(db, first.rows) == {}
    assert [row.viewer_label for row in (*first.rows, *rest.rows)] == ["Viewer 3", "Viewer 1"]
    assert rest.after == ""
