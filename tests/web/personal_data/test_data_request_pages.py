"""Requests for erasure, correction or restriction by page: one person records, another decides, the answer is shown."""

from datetime import UTC, datetime

import pytest

from tests.support.busy_court import BusyCourt
from tests.support.page_client import Client, Service

PLACE = "/personal-data/requests"


def given(court: BusyCourt, **change: str) -> dict[str, str]:
    """What a clerk enters."""
    return {
        "kind": "erasure", "ref": court.service.ref, "name": "Somchai Wongsa", "asked": "All of it",
        "identity": "Passport seen", "received_on": datetime.now(UTC).date().isoformat(), **change,
    }  # fmt: skip


def recorded(client: Client, court: BusyCourt, **change: str) -> str:
    """The address of the request's page."""
    answer = client.post(PLACE, given(court, **change), page=PLACE)
    assert answer.status_code == 303, client.words(answer)
    return str(answer.headers["location"]).partition("?")[0]


def test_a_clerk_records_what_is_asked_and_a_judge_decides_and_gets_the_text_of_the_answer(
    service: Service, busy_court: BusyCourt
) -> None:
    clerk, judge = service.signed_in("clerk"), service.signed_in("judge")
    page = recorded(clerk, busy_court)
    said = clerk.words(clerk.get(page))
    assert "To be decided" in said and "What would be erased, and what stays" in said
    assert 'name="carry_out"' not in clerk.get(page).text
    listed = judge.get(PLACE)
    assert page in listed.text and 'name="received_on"' not in listed.text
    answer = judge.post(page, {"carry_out": "yes", "reason": "As asked"}, page=page)
    assert answer.status_code == 303
    said = judge.words(judge.get(answer.headers["location"]))
    assert "Text of the answer" in said and "As asked" in said and "Not erased:" in said
    assert "Somchai" not in said
    assert judge.post(page, {"carry_out": "no", "reason": "Again"}, page="/docket").status_code == 409


@pytest.mark.parametrize(
    "change",
    [{"kind": ""}, {"ref": "XXXX-XXXX"}, {"name": "Nobody"}, {"asked": ""}, {"identity": ""}, {"received_on": "9"}],
)
def test_what_is_wrong_is_said_and_nothing_is_recorded(
    service: Service, busy_court: BusyCourt, change: dict[str, str]
) -> None:
    clerk = service.signed_in("clerk")
    before = clerk.get(PLACE).text.count(f'href="{PLACE}/')
    answer = clerk.post(PLACE, given(busy_court, **change), page=PLACE)
    assert answer.status_code in (404, 422)
    assert clerk.get(PLACE).text.count(f'href="{PLACE}/') == before


def test_a_decision_needs_its_choice_and_its_reasons(service: Service, busy_court: BusyCourt) -> None:
    page = recorded(service.signed_in("clerk"), busy_court, kind="rectification")
    judge = service.signed_in("judge")
    for missing in ({"reason": "As asked"}, {"carry_out": "yes"}, {"carry_out": "maybe", "reason": "As asked"}):
        assert judge.post(page, missing, page=page).status_code == 422
    assert "To be decided" in judge.words(judge.get(page))


def test_a_request_of_one_state_is_nobody_elses(service: Service, busy_court: BusyCourt) -> None:
    page = recorded(service.signed_in("clerk"), busy_court)
    authority = service.signed_in("authority")  # of Thailand
    assert authority.get(page).status_code == 404
    assert page not in authority.get(PLACE).text
    answer = authority.post(page, {"carry_out": "yes", "reason": "As asked"}, page="/docket")
    assert answer.status_code == 404
    administrator = service.signed_in("administrator")
    assert {administrator.get(PLACE).status_code, administrator.get(page).status_code} == {403}
