"""The page "Personal data": what is kept how long, the choice of a period, and the table to take away."""

import csv
import io
import re
from pathlib import Path

import pytest
from sqlmodel import col, select

from hearings.db import Database
from hearings.models import RetentionPeriod
from hearings.personal_data import data_table
from hearings.personal_data.data_table import DataKind
from tests.support.page_client import Service

pytestmark = pytest.mark.usefixtures("busy_court")
PLACE = "/admin/personal-data"


def chosen(service: Service) -> list[tuple[str, str, int]]:
    async def rows(database: Database) -> list[tuple[str, str, int]]:
        async with database.reading() as db:
            found = (await db.exec(select(RetentionPeriod).order_by(col(RetentionPeriod.id)))).all()
            return [(row.owner_state, row.rule, row.days) for row in found]

    return service.run(rows)


def test_an_administrator_reads_every_rule_with_what_happens_then(service: Service) -> None:
    client = service.signed_in("administrator")
    said = client.words(client.get(PLACE))
    for rule in data_table.rules().values():
        if rule.id != "none":
            assert rule.title in said and rule.does in said and rule.starts in said, rule.id
    assert 'href="/admin/personal-data"' in client.get("/admin").text


def test_an_administrator_chooses_a_period_and_sees_when_a_shorter_one_counts(service: Service) -> None:
    client = service.signed_in("administrator")
    given = {"rule": "login", "days": "200", "reason": "Order 5"}
    done = client.post(PLACE, given, page=PLACE)
    assert done.status_code == 303 and "The period is chosen" in client.words(client.get(done.headers["location"]))
    assert client.post(PLACE, given | {"days": "30"}, page=PLACE).status_code == 303
    said = client.words(client.get(PLACE))
    assert "200 days" in said and "30 days from then on:" in said
    assert chosen(service)[-2:] == [("RO", "login", 200), ("RO", "login", 30)]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"days": "5"}, "Choose between 30 and 400 days"),
        ({"days": "many"}, "Enter a number of days"),
        ({"days": "-40"}, "Enter a number of days"),
        ({"rule": "case"}, "This period is the same for all States"),
        ({"rule": "x"}, "Choose what is kept"),
        ({"reason": ""}, "Reason"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_changes(
    service: Service, given: dict[str, str], why: str
) -> None:
    client = service.signed_in("administrator")
    before = chosen(service)
    page = client.post(PLACE, {"rule": "mail_text", "days": "50", "reason": "Order 5", **given}, page=PLACE)
    assert page.status_code == 422 and why in client.words(page)
    assert chosen(service) == before


@pytest.mark.parametrize("path", [PLACE, f"{PLACE}.csv"])
def test_nobody_but_an_administrator_sees_it(service: Service, path: str) -> None:
    for function in ("clerk", "judge"):
        client = service.signed_in(function)
        assert client.get(path).status_code == 403
        assert 'href="/admin/personal-data"' not in client.get("/admin").text


def test_the_table_names_every_column_that_holds_something_of_people(service: Service) -> None:
    client = service.signed_in("administrator")
    rows = list(csv.DictReader(io.StringIO(client.get(f"{PLACE}.csv").text)))
    wanted = {
        (table.name, column, kind.value)
        for table in data_table.tables().values()
        for column, kind in table.columns.items()
        if kind is not DataKind.none
    }
    assert {(row["table"], row["column"], row["kind"]) for row in rows} == wanted
    assert {row["rules"] for row in rows if row["table"] == "outbox_message"} == {"mail_text outbox_message"}


def test_the_documentation_has_every_rule_that_a_state_may_change_with_its_days() -> None:
    docs_page = (Path(__file__).parents[3] / "docs/personal-data.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| `(\w+)` \| [^|]+ \| (\d+) \| (\d+) to (\d+) \| (yes|no) \|$", docs_page, re.MULTILINE)
    rules = [rule for rule in data_table.rules().values() if rule.adjustable and rule.period is not None]
    wanted = [
        (rule.id, str(rule.period.days), str(rule.least), str(rule.most), "yes" if rule.waits else "no")
        for rule in rules
        if rule.period is not None
    ]
    assert told == wanted
