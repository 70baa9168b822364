"""Requests through the API: from the draft to the answer, and what each side may see of it."""

from datetime import UTC, datetime, timedelta

import pytest


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
    assert (await th.get(f"/requests/{draft['id']}")).json()["code"] == "not_found"

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


async def test_each_view_by_the_other_state_is_noted_for_the_owner(installation, ro, th, story):
    request = await story.submitted(ro)
    path = f"/requests/{request['id']}"
    assert (await ro.get(f"{path}/views")).json() == {"items": [], "next": ""}
    await ro.get(path)
    for one in (path, f"/requests/{request['reference']}", f"{path}/history", f"{path}/signatures"):
        assert (await th.get(one)).status_code == 200
    await th.post(f"{path}/acknowledge")
    stranger = await installation.client("FR")
    await stranger.get(path)
    await th.get("/requests")
    seen = (await ro.get(f"{path}/views")).json()["items"]
    assert [(view["state"], view["by"]) for view in seen] == [("TH", "System of TH")] * 5
    assert (await th.get(f"{path}/views")).json()["code"] == "not_found"
    first = (await ro.get(f"{path}/views?limit=2")).json()
    rest = (await ro.get(f"{path}/views?limit=10&after={first['next']}")).json()
    assert first["items"] + rest["items"] == seen


async def test_a_list_comes_in_pages_that_miss_and_repeat_nothing(ro, th):
    made = [(await ro.post("/requests", {"requested_state": "TH"})).json()["id"] for _ in range(7)]
    found, path = [], "/requests?limit=3&side=made&status=draft"
    while path:
        page = await ro.get(path)
        found += [row["id"] for row in page.json()["items"]]
        link = page.headers.get("link", "")
        assert bool(link) == bool(page.json()["next"])
        path = link.partition(">")[0].removeprefix("<http://localhost:8000/api/v1")
    assert found == made[::-1]
    assert (await ro.get("/requests?side=received")).json()["items"] == []
    assert (await th.get("/requests")).json()["items"] == []
    for bad in ("limit=0", "limit=101", "limit=x", "after=x", "status=open", "side=left", "limit=1&limit=2"):
        assert (await ro.get(f"/requests?{bad}")).status_code == 422, bad


async def test_history_signatures_and_consultations_of_a_request_come_in_pages(ro, th, story):
    path = f"/requests/{(await story.accepted(ro, th))['id']}"
    held = {"way": "telephone", "with_whom": "Ministry", "subject": "Conditions", "outcome": "None would do."}
    for _ in range(3):
        assert (await ro.post(f"{path}/consultations", held)).status_code == 201
    for client, name, least in (
        (ro, "history", 5), (th, "history", 4), (th, "signatures", 2), (ro, "consultations", 3),
    ):  # fmt: skip
        whole = (await client.get(f"{path}/{name}")).json()
        assert (len(whole["items"]), whole["next"]) == (least, "")
        found, where = [], f"{path}/{name}?limit=2"
        while where:
            page = await client.get(where)
            assert len(page.json()["items"]) <= 2
            found += page.json()["items"]
            link = page.headers.get("link", "")
            assert bool(link) == bool(page.json()["next"])
            where = link.partition(">")[0].removeprefix("<http://localhost:8000/api/v1")
        assert found == whole["items"]
    other = (await ro.get(f"{path}/signatures?limit=1")).json()["next"]  # of a list in another order
    answer = await ro.get(f"{path}/history?after={other}")
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (422, "invalid", "after")


async def test_a_summary_holds_nothing_of_the_person_or_the_facts(ro, th, story):
    await story.submitted(ro)
    page = await th.get("/requests")
    assert len(page.json()["items"]) == 1
    for secret in ("person_name", "offence_summary", "case_number"):
        assert story.content[secret] not in page.text


async def test_what_has_not_changed_is_not_sent_again(ro, story):
    request = await story.submitted(ro)
    path = f"/requests/{request['id']}"
    tag = (await ro.get(path)).headers["etag"]
    again = await ro.get(path, headers={"if-none-match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    other = await ro.get(path, headers={"if-none-match": '"other"'})
    assert (other.status_code, other.json()["id"], other.headers["etag"]) == (200, request["id"], tag)


async def test_an_act_on_an_older_version_is_refused_if_it_says_so(ro, th, story):
    request = await story.submitted(ro)
    path = f"/requests/{request['id']}"
    tag = (await th.get(path)).headers["etag"]
    assert (await th.post(f"{path}/acknowledge", headers={"if-match": tag})).status_code == 200
    stale = await th.post(f"{path}/ask", {"question": "Which court?"}, headers={"if-match": tag})
    assert (stale.status_code, stale.json()["code"]) == (412, "precondition_failed")
    assert (await th.get(path)).json()["status"] == "under_review"


async def test_a_request_that_lacks_something_is_not_submitted_and_says_what(ro):
    made = (await ro.post("/requests", {"requested_state": "TH", "content": {"case_number": "1"}})).json()
    answer = await ro.signed(f"/requests/{made['id']}/submit", "submit_request")
    assert (answer.status_code, answer.json()["code"]) == (409, "gate_not_met")
    assert len(answer.json()["missing"]) > 3
    assert (await ro.get(f"/requests/{made['id']}")).json() == made
    assert (await ro.get(f"/requests/{made['id']}/signatures")).json()["items"] == []


async def test_a_signature_is_kept_as_received_and_shown_to_both(ro, th, story):
    request = await story.submitted(ro)
    mine = (await ro.get(f"/requests/{request['id']}/signatures")).json()["items"]
    assert [(one["state"], one["act"], one["about"]) for one in mine] == [
        ("RO", "submit_request", request["reference"])
    ]
    assert (await th.get(f"/requests/{request['id']}/signatures")).json()["items"] == mine


async def test_no_client_signs_for_the_other_state(ro, th, story):
    request = await story.submitted(ro)
    path = f"/requests/{request['id']}"
    await th.post(f"{path}/acknowledge")
    statement = (await th.get(f"{path}/statements/accept_request")).json()
    for answer, refusal in (
        (await ro.post(f"{path}/accept", ro.sign(statement)), (401, "signature_wrong_issuer")),
        (await th.post(f"{path}/accept", ro.sign(statement)), (401, "signature_key_unknown")),
        (
            await th.post(f"{path}/accept", th.sign(statement | {"iss": "RO", "aud": "TH"})),
            (401, "signature_wrong_issuer"),
        ),
        (await ro.post(f"{path}/accept", th.sign(statement)), (401, "signature_key_unknown")),
    ):
        assert (answer.status_code, answer.json()["code"]) == refusal, answer.text
    assert (await ro.get(path)).json()["status"] == "under_review"
    kept = (await ro.get(f"{path}/signatures")).json()["items"]
    assert [one["act"] for one in kept] == ["submit_request"]


async def test_a_request_is_postponed_taken_up_refused_and_commented(ro, th, story):
    request = await story.submitted(ro)
    path = f"/requests/{request['id']}"
    await th.post(f"{path}/acknowledge")
    naive = {"reasons": "Proceedings here.", "review": "2027-05-01T00:00:00"}
    answer = await th.signed(f"{path}/postpone", "postpone_request", **naive)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    dated = naive | {"review": "2027-05-01T00:00:00Z"}
    reasons = {"ground": "no_consent", "motive": "", "reasons": "The witness does not consent."}
    essential = reasons | {"ground": "essential_interests"}
    for act, said in (("postpone", dated), ("refuse", essential)):  # nobody has consulted
        answer = await th.signed(f"{path}/{act}", f"{act}_request", **said)
        told = answer.json()
        assert (answer.status_code, told["code"], told["missing"]) == (409, "not_ready", ["consultation"])
        assert "Record that consultation with the request first" in told["detail"]
    held = {"way": "telephone", "with_whom": "Ministry", "subject": "Conditions", "outcome": "None would do."}
    assert (await ro.post(f"{path}/consultations", held)).status_code == 201
    answer = await th.signed(f"{path}/postpone", "postpone_request", **dated)
    assert (answer.json()["status"], answer.json()["review_due"]) == ("postponed", "2027-05-01T00:00:00Z")
    assert (await th.post(f"{path}/take-up-again")).json()["status"] == "under_review"
    assert (await th.signed(f"{path}/refuse", "refuse_request", **reasons | {"ground": "mood"})).status_code == 422
    answer = await th.signed(f"{path}/refuse", "refuse_request", **reasons)
    assert (answer.json()["status"], answer.json()["answered_ground"]) == ("refused", "no_consent")
    answer = await ro.post(f"{path}/comment", {"comment": "We shall ask again."})
    assert answer.json()["refusal_comment"] == "We shall ask again."
    answer = await ro.signed(f"{path}/withdraw", "withdraw_request", reason="Too late")
    assert (answer.status_code, answer.json()["code"], answer.json()["allowed"]) == (409, "illegal_move", [])


async def test_a_request_is_withdrawn(ro, story):
    request = await story.submitted(ro)
    answer = await ro.signed(f"/requests/{request['id']}/withdraw", "withdraw_request", reason="Heard in person.")
    assert (answer.status_code, answer.json()["status"]) == (200, "withdrawn")


@pytest.mark.parametrize(("hours", "late"), [(23, False), (25, True)])
async def test_an_oral_request_entered_late_is_confirmed_by_its_submission_and_says_so(ro, th, story, hours, late):
    at = datetime.now(UTC) - timedelta(hours=hours)
    oral = {"oral": True, "oral_at": at.isoformat(), "urgent": True, "urgent_reason": "He leaves tomorrow."}
    sent = await story.submitted(ro, **oral)
    assert (sent["written_confirmed_at"] == sent["submitted_at"], sent["written_late"]) == (late, late)
    assert (sent["written_due"] is None) == late
    log = (await th.get(f"/requests/{sent['id']}/log")).json()["items"]
    assert [line["act"] for line in log] == ["gate_answered", *["confirmed_in_writing"] * late]
    again = await ro.post(f"/requests/{sent['id']}/confirm-in-writing")
    if late:
        assert (again.status_code, again.json()["code"]) == (409, "not_ready")
    else:
        assert (again.status_code, again.json()["written_late"]) == (200, False)


async def test_every_field_of_a_draft_comes_back_as_it_was_sent(ro, story):
    content = story.content | {
        "person_born": "1990-02-28",
        "penalty_years": 12,
        "evidence_risk": 2,
        "protection_requested": ["face", "voice"],
        "interpreter_languages": ["th", "ro"],
        "urgent": True,
        "oral": True,
        "oral_at": "2026-11-20T10:00:00Z",
        "wanted_by": "2027-06-01",
        "proposed_slots": [
            {"wall": f"2027-11-{day}T09:00", "zone": "Europe/Bucharest", "minutes": 90} for day in (22, 23, 24)
        ],
    }
    made = await ro.post("/requests", {"requested_state": "TH", "content": content})
    assert made.status_code == 201, made.text
    shown = made.json()["content"]
    assert {name: shown[name] for name in content if name != "proposed_slots"} == {
        name: value for name, value in content.items() if name != "proposed_slots"
    }
    assert [slot["wall"] for slot in shown["proposed_slots"]] == [f"2027-11-{day}T09:00" for day in (22, 23, 24)]
    for bad in (
        {"person_born": "1990-02-30"},
        {"person_born": 12},
        {"urgent": "yes"},
        {"evidence_risk": 2.5},
        {"capacity": "king"},
        {"offence_scope": "any"},
        {"oral_at": "2026-11-20T10:00:00", "oral": True},
        {"person_name": "x\u202ey"},
        {"person_name": "x" * 301},
        {"instruments": ["none"]},
        {"proposed_slots": [{"wall": "2027-03-28T03:30", "zone": "Europe/Bucharest"}]},
    ):
        answer = await ro.post("/requests", {"requested_state": "TH", "content": bad})
        assert answer.status_code == 422, bad
    page = await ro.get("/requests")
    assert len(page.json()["items"]) == 1
