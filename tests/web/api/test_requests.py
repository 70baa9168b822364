"""Requests through the API: from the draft to the answer, and what each side may see of it."""


async def test_a_request_goes_from_draft_to_accepted(ro, th, story):
    made = await ro.post("/requests", {"requested_state": "TH", "content": story.content})
    assert made.status_code == 201
    draft = made.json()
    assert made.headers["location"] == f"http://localhost:8000/api/v1/requests/{draft['id']}"
    assert (draft["status"], draft["reference"], draft["content"]["person_name"]) == (
        "draft",
        draft["reference"],
        "Somchai Wongsa",
    )
    assert (await th.get(f"/requests/{draft['id']}")).status_code == 404

    answer = await ro.signed(f"/requests/{draft['id']}/submit", "submit_request")
    assert (answer.status_code, answer.json()["status"]) == (200, "received"), answer.text
    seen = await th.get(f"/requests/{draft['reference']}")
    assert seen.json() == answer.json()

    for act, status in (("acknowledge", "under_review"),):
        answer = await th.post(f"/requests/{draft['id']}/{act}")
        assert (answer.status_code, answer.json()["status"]) == (200, status)
    answer = await th.post(f"/requests/{draft['id']}/ask", {"question": "Which court will conduct it?"})
    assert answer.json()["status"] == "information_requested"
    answer = await ro.post(f"/requests/{draft['id']}/answer", {"answer": "The second criminal section."})
    assert answer.json()["status"] == "under_review"
    rule = {"kind": "official_present"}
    answer = await th.signed(
        f"/requests/{draft['id']}/accept-with-conditions",
        "accept_with_conditions",
        conditions="An official of Thailand is present.",
        rules=[],
    )
    assert rule
    assert (answer.status_code, answer.json()["status"]) == (200, "accepted_with_conditions"), answer.text
    assert answer.json()["conditions"] == "An official of Thailand is present."

    history = (await ro.get(f"/requests/{draft['id']}/history")).json()["items"]
    assert [change["after"] for change in history] == [
        "draft",
        "submitted",
        "received",
        "under_review",
        "information_requested",
        "under_review",
        "accepted_with_conditions",
    ]
    assert [change["after"] for change in (await th.get(f"/requests/{draft['id']}/history")).json()["items"]] == [
        "submitted",
        "received",
        "under_review",
        "information_requested",
        "under_review",
        "accepted_with_conditions",
    ]
