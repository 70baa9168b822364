"""The figures of a central authority, on their page and as CSV."""

import csv
import io

import pytest

from tests.support.busy_court import BusyCourt
from tests.support.page_client import Service

pytestmark = pytest.mark.usefixtures("busy_court")


def test_the_authority_sees_its_figures_in_pictures_tables_and_csv(service: Service, busy_court: BusyCourt):
    client = service.signed_in("authority")
    page = client.get("/figures").text
    assert 'href="/figures"' in client.get("/docket").text
    for heading in ("Deadlines of this State", "Age of the open requests", "By State", "How long each stage takes"):
        assert heading in page
    assert page.count('role="img"') >= 4
    table = list(csv.DictReader(io.StringIO(client.get("/figures.csv").text)))
    opened = sum(int(row["value"]) for row in table if row["figure"] == "open")
    assert opened > 0 and f"<b>{opened}</b>" in page
    assert {row["of"] for row in table if row["figure"] == "open by State"} == {"RO"}


def test_received_and_sent_are_two_views_and_an_unknown_one_is_the_first(service: Service):
    client = service.signed_in("authority")
    assert "Requests sent" in client.get("/figures?side=sent").text
    assert "Requests received" in client.get("/figures?side=nonsense").text


@pytest.mark.parametrize("who", ["clerk", "judge"])
def test_others_have_no_figures_and_no_way_to_them_in_the_menu(service: Service, who: str):
    client = service.signed_in(who)
    assert 'href="/figures"' not in client.get("/docket").text
    for path in ("/figures", "/figures.csv"):
        answer = client.get(path)
        assert answer.status_code == 403
        assert "Deadlines of this State" not in answer.text and "open by State" not in answer.text
