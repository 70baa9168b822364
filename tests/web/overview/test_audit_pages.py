"""The page of what was done in the administration: for administrators of the own State, with filters, and as CSV."""

import csv
import io
import re
from datetime import UTC, datetime

import pytest
from sqlmodel import select

from hearings import moves
from hearings.actors import SYSTEM
from hearings.db import Database
from hearings.models import Person
from hearings.models.history import InstallationKind
from hearings.models.law import JointStatus, LawKind
from hearings.overview.audit import AuditSubject
from hearings.people.staff import StaffStatus
from tests.support.page_client import Client, Service
from tests.support.rows import make_person
from web.overview.audit_pages import ACTS, COLUMNS, SUBJECTS

pytestmark = pytest.mark.usefixtures("busy_court")


@pytest.fixture
def thai(service: Service) -> Client:
    """An administrator of the other State."""

    async def add(database: Database) -> None:
        async with database.transaction() as db:
            if not (await db.exec(select(Person).where(Person.email == "malee@th.example"))).all():
                person = make_person("administrator", "TH", "Malee Thongdee", "malee@th.example", city="Bangkok")
                db.add(person)
                await db.flush()
                moves.born(db, person, StaffStatus.active, actor=SYSTEM, now=datetime.now(UTC))

    service.run(add)
    return service.signed_in("malee")


def table(client: Client, asked: str = "") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(client.get(f"/admin/audit.csv{asked}").text)))


def test_what_an_administrator_did_is_listed_with_the_second_and_the_person(service: Service) -> None:
    client = service.signed_in("administrator")
    new = {"name": "Ana Pop", "email": "ana@x.example", "authority_name": "Court", "functions": "judge"}
    person = client.post("/admin/staff", new, page="/admin/staff").headers["location"].partition("?")[0]
    page = client.get("/admin/audit?subject=staff&person=elena")
    said = client.words(page)
    assert "Person added" in said and "Ana Pop" in said and "Elena Stan" in said
    assert f'href="{person}"' in page.text and re.search(r">\d\d:\d\d:\d\d</time>", page.text)
    (added,) = [row for row in table(client, "?subject=staff") if row["about"] == "Ana Pop"]
    assert (added["act"], added["by"], added["subject"]) == ("added", "Elena Stan", "staff")
    assert tuple(added) == COLUMNS and added["at_utc"].endswith("Z")
    assert table(client, "?person=nobody-of-this-name") == []


def test_the_other_state_does_not_see_it_and_the_page_says_where_the_security_log_is(thai: Client) -> None:
    said = thai.words(thai.get("/admin/audit"))
    assert "Malee Thongdee" in said and "Elena Stan" not in said
    assert {row["subject"] for row in table(thai)} <= set(AuditSubject)
    page = thai.get("/admin/audit").text
    assert "journalctl -u vivavoce" in page and 'href="/docs/security-log"' in page
    assert re.search(r"<details class=\"technical\">.*?[0-9]+ [0-9a-f]{64}", page, re.DOTALL)


def test_views_by_the_other_state_have_the_clocks_of_both(service: Service, thai: Client) -> None:
    authority = service.signed_in("authority")
    authority.get(f"/h/{service.ref}")
    client = service.signed_in("administrator")
    page = client.get("/admin/audit?subject=views")
    assert "Hearing viewed" in client.words(page) and f'href="/h/{service.ref}"' in page.text
    assert "Bangkok" in page.text and "București" in page.text
    assert {row["other_state"] for row in table(client, "?subject=views")} == {"TH"}
    assert service.ref not in thai.get("/admin/audit?subject=views").text


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ("since=x", "since"),
        ("until=2026-02-30", "until"),
        ("until=9999-12-31", "until"),
        ("since=2026-11-02&until=2026-11-01", "until"),
    ],
)
def test_a_day_that_is_none_is_refused_beside_its_field(service: Service, asked: str, field: str) -> None:
    answer = service.signed_in("administrator").get(f"/admin/audit?{asked}")
    assert answer.status_code == 422 and f'id="{field}-error"' in answer.text


def test_a_mark_of_another_list_is_refused(service: Service) -> None:
    client = service.signed_in("administrator")
    answer = client.get("/admin/audit?after=x")
    assert answer.status_code != 200 and "Signing key registered" not in client.words(answer)


@pytest.mark.parametrize("path", ["/admin/audit", "/admin/audit.csv", "/admin/audit?subject=views"])
def test_only_administrators_have_the_audit(service: Service, path: str) -> None:
    for who in ("clerk", "judge", "authority"):
        client = service.signed_in(who)
        assert client.get(path).status_code == 403
        assert 'href="/admin/audit"' not in client.get("/admin").text
    assert service.client().get(path).status_code == 401


def test_every_kind_of_act_has_words() -> None:
    assert set(SUBJECTS) == set(AuditSubject)
    acts = {
        AuditSubject.installation: set(InstallationKind),
        AuditSubject.law: set(LawKind),
        AuditSubject.joint_change: {"proposed", *JointStatus} - {JointStatus.waiting},
    }
    for subject, words in acts.items():
        assert {act for about, act in ACTS if about is subject} == words
