"""The table of acts on a request: what stands in it is on the page and in the API, as the row says."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from hearings.signatures import signatures
from hearings.staff_table import STAFF
from tests.web.server.test_signed_acts import made
from web.requests import api
from web.requests.acts import ACTIONS, ApiOperation

TAKE_UP = replace(
    ACTIONS["acknowledge"],
    name="take-up",
    button="Take this up",
    api=ApiOperation("take-up", "take_request_up", "requests:answer", "Take it up."),
)
AGREE = replace(
    ACTIONS["accept"],
    name="agree",
    button="Agree to this",
    api=replace(ACTIONS["accept"].api, path="agree", name="agree_to_request"),
)


@pytest.fixture
def two_rows_more(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two acts that only this test knows; before the application is asked anything."""
    routes = list(api.router.routes)
    for row in (TAKE_UP, AGREE):
        monkeypatch.setitem(ACTIONS, row.name, row)
        api.declare(api.router, row)
    yield
    api.router.routes[:] = routes


def test_a_row_more_is_a_button_of_the_page_and_does_what_it_says(two_rows_more, service, everything):
    base = made(service, reviewed=True)
    authority, clerk = service.signed_in("authority"), service.signed_in("clerk")
    page = authority.get(base).text
    assert (f'action="{base}/sign/agree"' in page, "Agree to this" in page, "take-up" in page) == (True, True, False)
    assert "Agree to this" not in clerk.get(base).text
    before = service.run(everything)
    refused = authority.post(f"{base}/act/agree", {"csrf": authority.token(base)})
    assert (refused.status_code, service.run(everything) == before) == (422, True)
    assert service.sign(authority, refused).headers["location"] == f"{base}?done=agree"
    assert "Agree to this" not in authority.get(base).text


async def test_a_row_more_is_an_operation_of_the_api_and_does_what_it_says(two_rows_more, ro, th, story):
    request = await story.submitted(ro)
    path = f"/requests/{request['id']}"
    assert (await ro.post(f"{path}/take-up")).status_code == 403
    answer = await th.post(f"{path}/take-up")
    assert (answer.status_code, answer.json()["status"]) == (200, "under_review")
    assert (await th.post(f"{path}/agree", {"reason": ""})).status_code == 422
    answer = await th.signed(f"{path}/agree", "accept_request", reason="Gladly.")
    assert (answer.status_code, answer.json()["status"], answer.json()["answered_reason"]) == (
        200,
        "accepted",
        "Gladly.",
    )


@pytest.mark.parametrize("row", ACTIONS.values(), ids=lambda row: row.name)
def test_a_row_asks_what_the_api_and_the_statement_hold(row):
    assert row.right in STAFF
    if row.signs:
        decided = set(signatures.DECISIONS[row.signs])
        beside = {"answers"} - decided if row.answers else set()  # what may also be said with an acceptance
        assert set(row.reads) == decided | beside | signatures.BESIDES.get(row.signs, frozenset())
    if row.api is None:
        return
    assert set(row.api.body.model_fields if row.api.body else ()) == set(row.reads)
    (route,) = (one for one in api.router.routes if one.name == row.api.name)
    operation = route.operation
    assert (route.path, operation.scope) == (f"/requests/{{request_id}}/{row.api.path}", row.api.scope)
    assert operation.body == ("signed" if row.signs else "json")
