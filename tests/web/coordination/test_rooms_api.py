"""A coordination room through the API: convened, answered, filled, agreed, closed, and what becomes of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.api_client import Client


def room(**more: Any) -> dict[str, Any]:
    starts_at = datetime.now(UTC) + timedelta(days=2)
    times = {"starts_at": starts_at.isoformat(), "ends_at": (starts_at + timedelta(hours=2)).isoformat()}
    return {"kind": "level_2", "subject": "Two inquiries", "states": ["ES"], **times, **more}


async def test_two_states_meet_and_one_of_them_drafts_what_it_owes(
    installation: Any, ro: Client, th: Client, story: Any
) -> None:
    es = await installation.client("ES")
    made = await ro.post("/rooms", room(languages=["en"], meeting="By telephone"))
    assert made.status_code == 201, made.text
    path = f"/rooms/{made.json()['ref']}"
    answers = {one["state"]: one["answer"] for one in made.json()["states"]}
    assert answers == {"RO": "accepts", "ES": "invited"}
    assert (await es.post(f"{path}/answer", {"answer": "accepts"})).status_code == 200
    request = await story.accepted(ro, th)
    linked = await ro.post(f"{path}/requests", {"request": request["id"]})
    assert linked.json()["requests"] == [request["reference"]]
    assert (await es.get(path)).json()["requests"] == []
    delegate = {"name": "P. Delegada", "authority": "Audiencia Nacional", "role": "delegate"}
    witness = {**delegate, "name": story.content["person_name"]}
    assert (await ro.post(f"{path}/participants", witness)).json()["field"] == "name"
    assert (await es.post(f"{path}/participants", {**delegate, "role": "witness"})).json()["field"] == "role"
    assert (await es.post(f"{path}/participants", delegate)).status_code == 200
    agenda = {"agenda": [{"item": "Where to try it", "state": "ES", "minutes": 30}]}
    assert (await ro.post(f"{path}/agenda", agenda)).json()["agenda"] == agenda["agenda"]
    document = {"title": "A note", "text": "What we know.", "conditions": "For this inquiry only"}
    assert (await es.post(f"{path}/documents", document)).status_code == 200
    owed = {"kind": "request_to_be_sent", "text": "A request follows", "owed_by": "ES", "towards": "RO"}
    (outcome,) = (await ro.post(f"{path}/outcomes", owed)).json()["outcomes"]
    assert (await ro.post(f"{path}/outcomes/{outcome['id']}/draft")).status_code == 403
    draft = await es.post(f"{path}/outcomes/{outcome['id']}/draft")
    assert draft.status_code == 201 and draft.json()["reference"].startswith("ES-"), draft.text
    drafted = (await es.get(f"/requests/{draft.json()['request']}")).json()
    assert (drafted["status"], drafted["requested_state"]) == ("draft", "RO")
    assert (await ro.get(f"/requests/{draft.json()['request']}")).status_code == 404
    assert (await es.post(f"{path}/summary", {"text": "Both go on."})).status_code == 200
    assert (await ro.post(f"{path}/summary/word", {"dissent": "Romania tries it."})).status_code == 200
    assert (await es.post(f"{path}/close")).status_code == 403
    closed = (await ro.post(f"{path}/close")).json()
    words = {one["state"]: one["summary_word"] for one in closed["states"]}
    assert words == {"RO": "dissents", "ES": None} and closed["closed_at"]
    assert (await es.post(f"{path}/summary", {"text": "Again."})).json()["code"] == "not_ready"
    log = [one["act"] for one in (await es.get(f"{path}/log")).json()["items"]]
    assert (log[0], log[-1]) == ("convened", "closed")


async def test_a_state_that_is_not_invited_gets_the_answer_of_a_room_that_there_is_not(
    installation: Any, ro: Client, th: Client
) -> None:
    path = f"/rooms/{(await ro.post('/rooms', room())).json()['ref']}"
    for method, where in (("get", path), ("get", f"{path}/log"), ("post", f"{path}/close")):
        theirs, none = [await getattr(th, method)(one) for one in (where, where.replace(path, "/rooms/CR-00000000"))]
        assert theirs.status_code == none.status_code == 404
        assert theirs.json()["detail"] == none.json()["detail"]
    assert (await th.get("/rooms")).json()["items"] == []


async def test_nothing_is_held_above_restricted_and_a_meeting_of_a_team_needs_its_agreement(ro: Client) -> None:
    assert (await ro.post("/rooms", room(classification="restricted"))).status_code == 201
    assert (await ro.post("/rooms", room(classification="secret"))).status_code == 422
    assert (await ro.post("/rooms", room(starts_at="2026-12-24T10:00:00"))).status_code == 422
    assert (await ro.post("/rooms", room(kind="jit_meeting"))).json()["field"] == "agreement"
    jit = await ro.post("/rooms", room(kind="jit_meeting", agreement="Agreement pending"))
    assert jit.status_code == 201
