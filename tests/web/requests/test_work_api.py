"""Work on requests through the API: completeness, priority, delegation, what waits, the queue, the search."""

import json
from datetime import UTC, datetime

import pytest

from hearings import queries
from hearings.hearing import law_on_the_day
from hearings.law import law
from hearings.outward import api_clients
from hearings.overview import next_steps
from hearings.people import staff
from web import api_app as app


async def test_completeness_goes_item_by_item_with_the_instruments_own_provision(ro, th, story):
    draft = (await ro.post("/requests", {"requested_state": "TH"})).json()
    empty = (await ro.get(f"/requests/{draft['id']}/completeness")).json()
    assert empty["complete"] is False
    assert {one["provision"] for one in empty["demands"]} == {"Practice without a treaty"}
    request = await story.submitted(ro)
    demands = {one["id"]: one for one in (await ro.get(f"/requests/{request['id']}/completeness")).json()["demands"]}
    purpose = demands["untoc_c_f"]
    assert (purpose["section"], purpose["provision"], purpose["found"]) == ("f", "UNTOC art. 18(15)(f)", "given")
    assert {one["instrument"] for one in demands.values()} == {"untoc"}
    assert (await th.get(f"/requests/{request['id']}/completeness")).json()["complete"] is True
    assert (await th.get(f"/requests/{draft['id']}/completeness")).json()["code"] == "not_found"


def current(found):
    """A legal check of the API without what it adds to each line: whether its row is overdue for review. None is."""
    lines = [line for verdict in found["verdicts"] for line in verdict["lines"]]
    assert lines and not sum(line.pop("stale") for line in lines)
    return found


async def test_the_legal_check_of_a_request_is_the_one_its_page_is_made_of(installation, ro, th, story):
    request = await story.submitted(ro)
    path = f"/requests/{request['id']}/legal-bases"
    found = await ro.get(path)
    assert (found.status_code, (await th.get(path)).json()) == (200, found.json())
    async with installation.database.reading() as db:
        row = await queries.request(db, request["id"], state="RO")
        known, now = await law.current(db), datetime.now(UTC)
        page = (await law_on_the_day.evaluation(db, row, now=now, law=known)).as_json()
        check = (await law_on_the_day.evaluation(db, row, every=True, now=now, law=known)).as_json()
    assert current(found.json()) == json.loads(json.dumps(page))
    assert [one["instrument"] for one in page["verdicts"]] == ["untoc"] and page["first"] == "untoc"
    assert current((await ro.get(path, params={"instruments": "every"})).json()) == json.loads(json.dumps(check))
    assert len(check["verdicts"]) > 5
    fr = await installation.client("FR")
    assert (await fr.get(path)).json()["code"] == "not_found"
    draft = (await ro.post("/requests", {"requested_state": "TH"})).json()
    open_ = (await ro.get(f"/requests/{draft['id']}/legal-bases")).json()
    assert (open_["first"], len(open_["verdicts"])) == ("", len(check["verdicts"]))
    assert (await th.get(f"/requests/{draft['id']}/legal-bases")).json()["code"] == "not_found"


async def test_the_requested_state_sets_the_priority_having_seen_it(installation, ro, th, story):
    request = await story.submitted(ro)
    path = f"/requests/{request['id']}/priority"
    read = await th.get(path)
    assert (read.json()["priority"], read.json()["override"]) == (read.json()["total"], None)
    assert len(read.json()["criteria"]) == 5
    body = {"value": 14, "reason": "Custody ends next week"}
    unseen = await th.call("PUT", path, json=body)
    assert (unseen.status_code, unseen.json()["code"]) == (428, "precondition_required")
    tag = {"if-match": read.headers["etag"]}
    done = await th.call("PUT", path, json=body, headers=tag)
    assert (done.status_code, done.json()["priority"], done.json()["override"]) == (200, 14, 14), done.text
    stale = await th.call("PUT", path, json=body, headers=tag)
    assert (stale.status_code, stale.json()["code"]) == (412, "precondition_failed")
    tag = {"if-match": done.headers["etag"]}
    for bad in (
        {"value": 16, "reason": "too much"},
        {"value": 1, "reason": ""},
        {"reason": "no value"},
        {"value": True},
    ):
        assert (await th.call("PUT", path, json=bad, headers=tag)).status_code == 422, bad
    own = await ro.call("PUT", path, json=body, headers=tag)
    assert (own.status_code, own.json()["code"]) == (403, "not_allowed")
    back = await th.call("PUT", path, json={"value": None, "reason": "No longer"}, headers=tag)
    assert back.json()["priority"] == back.json()["total"]
    fr = await installation.client("FR")
    assert (await fr.call("PUT", path, json=body, headers=tag)).json()["code"] == "not_found"


async def test_work_is_given_to_a_colleague_of_the_own_state_only(installation, ro, th, story):
    request = await story.submitted(ro)
    listed = (await ro.get("/staff")).json()["items"]
    async with installation.database.transaction() as db:
        people = {}
        for state in ("RO", "TH"):
            people[state] = await staff.add(db, **PERSON, email=f"{state.lower()}@court.example", state=state)
    mine = {"id": people["RO"].id, "name": "Ioana Popa", "functions": ["clerk"]}
    assert [one for one in (await ro.get("/staff")).json()["items"] if one not in listed] == [mine]
    path = f"/requests/{request['id']}/delegate"
    given = await ro.post(path, {"person": mine["id"]})
    assert (given.status_code, given.json()["version"]) == (200, request["version"] + 1), given.text
    assert [one["assigned"] for one in (await ro.get("/worklist")).json()["items"]] in ([], [True])
    for person in (people["TH"].id, request["id"]):
        answer = await ro.post(path, {"person": person})
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert (await ro.post(path, {"person": "x\u0000"})).status_code == 422
    assert (await ro.post(path, {"person": ""})).status_code == 200


async def test_the_log_tells_each_state_what_it_may_know_page_by_page(installation, ro, th, story):
    request = await story.submitted(ro)
    path = f"/requests/{request['id']}"
    async with installation.database.transaction() as db:
        person = await staff.add(db, **PERSON, email="ro@court.example", state="RO")
    assert (await ro.post(f"{path}/delegate", {"person": person.id, "reason": "Yours"})).status_code == 200
    held = {"way": "telephone", "with_whom": "Ministry", "subject": "Conditions", "outcome": "None would do."}
    for client in (ro, th):
        assert (await client.post(f"{path}/consultations", held)).status_code == 201
    log = (await ro.get(f"{path}/log")).json()
    assert [(one["act"], one["state"], one["reason"]) for one in log["items"]] == [
        ("consultation_recorded", "TH", ""),
        ("consultation_recorded", "RO", ""),
        ("delegated", "RO", "Yours"),
    ]
    assert (log["items"][2]["data"], log["next"]) == ({"to": "Ioana Popa", "to_id": person.id}, "")
    assert (await th.get(f"{path}/log")).json()["items"] == log["items"][:2]  # whom it has put on it, it tells nobody
    found, after = [], ""
    while True:
        page = (await ro.get(f"{path}/log?limit=1&after={after}")).json()
        found += page["items"]
        after = page["next"]
        if not after:
            break
    assert found == log["items"]
    assert (await ro.get(f"{path}/log?after=x")).status_code == 422
    stranger = await installation.client("FR")
    assert (await stranger.get(f"{path}/log")).json()["code"] == "not_found"


PERSON = {"name": "Ioana Popa", "functions": ["clerk"], "city": "", "authority_name": "Ministry"}


async def test_what_waits_is_told_to_whose_step_it_is(ro, th, story):
    first, second = await story.submitted(ro), await story.submitted(ro, urgent=True, urgent_reason="Custody")
    (await ro.post("/requests", {"requested_state": "TH"})).json()
    waiting = (await th.get("/worklist")).json()["items"]
    assert [(one["step"], one["reference"]) for one in waiting] == [
        ("acknowledge", second["reference"]),
        ("acknowledge", first["reference"]),
    ]
    assert [one["due"] for one in waiting] == [second["answer_due"], first["answer_due"]]
    page = await th.get("/worklist?limit=1")
    rest = (await th.get(f"/worklist?limit=1&after={page.json()['next'].replace(' ', '%20')}")).json()
    assert (page.json()["items"] + rest["items"], rest["next"]) == (waiting, "")
    assert [one["step"] for one in (await ro.get("/worklist")).json()["items"]] == ["submit"]
    queue = (await th.get("/queue")).json()["items"]
    assert [one["reference"] for one in queue] == [second["reference"], first["reference"]]
    assert (await ro.get("/queue")).json()["items"] == []
    for bad in ("/worklist?after=x", "/queue?after=x", "/queue?after=99%20%00"):
        assert (await th.get(bad)).status_code == 422, bad


async def test_only_steps_the_scopes_of_the_token_can_take_wait_for_a_client(ro, th, story):
    await ro.post("/requests", {"requested_state": "TH"})
    accepted = await story.accepted(ro, th)
    waits = {
        "requests:answer": [],
        "requests:write": ["submit"],
        "hearings:write": ["set_time"],
        "requests:write hearings:write": ["set_time", "submit"],
    }
    for scope, steps in waits.items():
        found = (await ro.get("/worklist", scope=f"requests:read {scope}")).json()["items"]
        assert sorted(one["step"] for one in found) == steps, scope
    assert accepted["status"] == "accepted"


TAKES = {
    "submit": "/requests/{request_id}/submit",
    "answer_question": "/requests/{request_id}/answer",
    "set_time": "/hearings",
    "release_copy": "/recordings/{recording}/releases",
    "close": "/requests/{request_id}/close",
    "acknowledge": "/requests/{request_id}/acknowledge",
    "answer": "/requests/{request_id}/accept",
    "review": "/requests/{request_id}/take-up-again",
    "record_consent": "/requests/{request_id}/consents/{consent_id}/record",
    "confirm_in_writing": "/requests/{request_id}/confirm-in-writing",
    "decide_time": "/hearings/{ref}/agree",
    "sign_time": "/hearings/{ref}/terms/sign",
    "prepare": "/hearings/{ref}/ready",
    "answer_rights": "/hearings/{ref}/rights/{item}",
    "decide_clock_change": "/hearings/{ref}/clock-change",
    "set_next_day": "/hearings/{ref}/next-day",
    "answer_terms": "/hearings/{ref}/agreements/{agreement}/sign",
    "sign_terms": "/hearings/{ref}/agreements/{agreement}/sign",
    "test_line": "/hearings/{ref}/agreements/{agreement}/line-tests",
    "complete_minutes": "/hearings/{ref}/minutes/{minutes}/passages/{key}",
    "read_minutes_back": "/hearings/{ref}/minutes/{minutes}/read-back",
    "sign_minutes": "/hearings/{ref}/minutes/{minutes}/sign",
    "acknowledge_minutes": "/hearings/{ref}/minutes/{minutes}/acknowledge",
}
"""The operation by which each step is taken."""
PERSONS = {"open_lobby"}
"""Steps that no system takes, so that they wait for none."""


def test_the_scope_of_every_step_is_that_of_the_operation_which_takes_it():
    routes = [route for module in app.RESOURCES for route in module.router.routes if "POST" in route.methods]
    scopes = {route.path: route.operation.scope for route in routes}
    steps = [*next_steps.ASKING, *next_steps.ASKED, next_steps.CONSENT, next_steps.CONFIRM]
    found = {one.word: one.scope for one in (*steps, *(step for step, _sides in next_steps.HEARINGS))}
    assert found == {word: scopes[path] for word, path in TAKES.items()} | dict.fromkeys(PERSONS, next_steps.NO_SCOPE)
    assert next_steps.NO_SCOPE not in api_clients.SCOPES


@pytest.mark.parametrize("words", ["RO-2026", "1234", "somchai"])
async def test_a_search_finds_only_what_the_state_may_see(installation, ro, th, story, words):
    await ro.post("/requests", {"requested_state": "TH", "content": story.content})
    request = await story.submitted(ro)
    assert len((await ro.get(f"/search?words={words}")).json()["items"]) == 2
    assert [one["id"] for one in (await th.get(f"/search?words={words}")).json()["items"]] == [request["id"]]
    fr = await installation.client("FR")
    assert (await fr.get(f"/search?words={words}")).json()["items"] == []
    reader = await installation.client("TH", scopes=("requests:read",))
    assert len((await reader.get(f"/search?words={words}")).json()["items"]) == (words != "somchai")
    assert (await ro.get("/search?words=x")).status_code == (await ro.get("/search")).status_code == 422
