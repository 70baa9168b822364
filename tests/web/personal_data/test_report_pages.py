"""The report of what is held about a person, as a page, as PDF and as JSON; for clerks and authorities alone."""

import json

import pytest

from tests.support.page_client import Service

pytestmark = pytest.mark.usefixtures("busy_court")
PLACE = "/personal-data"
GIVEN = {"address": "nobody.at.all@example.org", "identity": "Passport seen", "reason": "Letter of 3 May"}


def test_a_clerk_makes_a_report_as_page_as_pdf_and_as_json_and_each_is_listed(service: Service) -> None:
    client = service.signed_in("clerk")
    page = client.post(PLACE, {**GIVEN, "form": "page"}, page=PLACE)
    assert page.status_code == 200 and "Nothing is held that this report may tell." in client.words(page)
    pdf = client.post(PLACE, {**GIVEN, "form": "pdf"}, page=PLACE)
    assert pdf.content.startswith(b"%PDF-") and pdf.headers["content-type"] == "application/pdf"
    found = client.post(PLACE, {**GIVEN, "form": "json"}, page=PLACE)
    assert json.loads(found.content)["sections"] == []
    said = client.words(client.get(PLACE))
    assert said.count("Letter of 3 May") == 3 and GIVEN["address"] not in said


def test_a_clerk_finds_a_person_of_staff_of_the_own_state(service: Service) -> None:
    client = service.signed_in("clerk")
    page = client.post(PLACE, {**GIVEN, "address": "clerk@ro.example", "form": "page"}, page=PLACE)
    said = client.words(page)
    assert page.status_code == 200 and "Report" in said


@pytest.mark.parametrize("change", [{"address": ""}, {"identity": ""}, {"reason": ""}, {"form": "film"}])
def test_what_is_missing_is_said_beside_its_field_and_no_report_is_made(
    service: Service, change: dict[str, str]
) -> None:
    client = service.signed_in("clerk")
    before = client.words(client.get(PLACE)).count("Letter of 3 May")
    page = client.post(PLACE, {**GIVEN, "form": "page", **change}, page=PLACE)
    assert page.status_code == 422
    assert client.words(client.get(PLACE)).count("Letter of 3 May") == before


@pytest.mark.parametrize("who", ["judge", "administrator"])
def test_nobody_else_makes_one(service: Service, who: str) -> None:
    client = service.signed_in(who)
    assert client.get(PLACE).status_code == 403
    assert 'href="/personal-data"' not in client.get("/docket").text
