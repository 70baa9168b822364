"""Consents through the API: what rules ask, what the person said, and withdrawal at any time."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.support.court import ORDER

ACCUSED = ORDER | {
    "capacity": "accused",
    "instruments": ["eio"],
    "language_of_request": "es",
    "offence_scope": ["any"],
    "evidential_purpose": True,
}


@pytest.fixture
async def es(installation):
    return await installation.client("ES")


async def submitted(ro, story):
    """A request to Spain whose legal basis asks the accused for consent (Directive 2014/41/EU, art. 24(2)(a))."""
    made = await ro.post("/requests", {"requested_state": "ES", "content": story.content | ACCUSED})
    answer = await ro.signed(f"/requests/{made.json()['id']}/submit", "submit_request")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_consent_is_asked_given_and_withdrawn_and_both_states_see_it(ro, es, story):
    request = await submitted(ro, story)
    path = f"/requests/{request['id']}/consents"
    listed = (await es.get(path)).json()
    assert (listed["standing"], {one["status"] for one in listed["items"]}) == ("not_asked", {"not_asked"})
    one = f"{path}/{listed['items'][0]['id']}"
    given = {"answer": "given", "counsel": "Dr Srisai", "counsel_present": True, "lawyer_access": True}
    answer = await es.post(f"{one}/record", given)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["status"], answer.json()["counsel"]) == ("given", "Dr Srisai")
    assert answer.json()["given_at"] is not None
    withdrawn = await ro.post(f"{one}/withdraw", {"reason": "Changed her mind"})
    assert (withdrawn.status_code, withdrawn.json()["status"]) == (200, "withdrawn")
    assert (await ro.get(path)).json()["standing"] == "withdrawn"
    again = await ro.post(f"{one}/withdraw", {"reason": ""})
    assert (again.status_code, again.json()["code"]) == (409, "illegal_move")


async def test_what_cannot_be_recorded_is_named(installation, ro, es, story):
    request = await submitted(ro, story)
    path = f"/requests/{request['id']}/consents"
    one = f"{path}/{(await ro.get(path)).json()['items'][0]['id']}"
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    for body, field in (
        ({"answer": "given", "counsel_present": True}, "counsel"),
        ({"answer": "given", "given_at": later}, "given_at"),
        ({"answer": "given", "given_at": "2026-01-01T10:00:00"}, "given_at"),
    ):
        answer = await es.post(f"{one}/record", body)
        assert (answer.status_code, answer.json()["field"]) == (422, field), body
    assert (await es.post(f"{one}/record", {"answer": "withdrawn"})).json()["code"] == "invalid_input"
    assert (await es.post(f"{one}/record", {"answer": "given", "by": "me"})).json()["code"] == "unknown_field"
    fr = await installation.client("FR")
    for state, where in (
        (fr, one),
        (es, f"{path}/{request['id']}"),
        (es, f"/requests/RO-2026-9999/consents/{one[-36:]}"),
    ):
        assert (await state.post(f"{where}/record", {"answer": "pending"})).json()["code"] == "not_found"
    unscoped = await es.post(f"{one}/record", {"answer": "pending"}, scope="requests:read requests:write")
    assert (unscoped.status_code, unscoped.json()["scope"]) == (403, "consents:write")


async def test_a_draft_has_none_on_record_and_says_which_will_be_asked_for(ro, story):
    made = (await ro.post("/requests", {"requested_state": "ES", "content": story.content | ACCUSED})).json()
    listed = (await ro.get(f"/requests/{made['id']}/consents")).json()
    assert listed["items"] == []
    assert listed["expected"] != []
