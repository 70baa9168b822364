"""Planning the docket through the API: what it answers can be sent as it is to propose the hearing."""

import sys

from web.times import planning

ROOM = {"kind": "room", "name": "Room 4", "city": "Bucharest", "zone": "Europe/Bucharest"}
INTERPRETER = {
    "kind": "interpreter",
    "name": "Ana",
    "accreditation": "Court of Justice, no. 114",
    "city": "Bucharest",
    "zone": "Europe/Bucharest",
    "pairs": [{"source": "ro", "target": "th"}, {"source": "th", "target": "ro"}],
}


def code(answer):
    return answer.status_code, answer.json()["code"]


async def test_a_plan_is_made_and_taken_over_as_it_is(ro, th, story):
    numbers = []
    for body in (ROOM, INTERPRETER):
        made = await ro.post("/resources", body)
        assert made.status_code == 201, made.text
        numbers.append(made.json()["number"])
    first, second = await story.accepted(ro, th), await story.accepted(ro, th)
    answer = await ro.get("/docket/plan?days=14&duration_minutes=60")
    assert answer.status_code == 200, answer.text
    plan = answer.json()
    assert (plan["requests"], plan["proven"], plan["notes"], plan["unplaced"]) == (2, True, [], [])
    assert [one["request"] for one in plan["placements"]] == [first["reference"], second["reference"]]
    assert plan["plan"]["placed"] == plan["first_come"]["placed"] == 2
    early, late = plan["placements"]
    assert sorted(early["proposal"]["resources"]) == numbers
    assert early["no_interpreter"] is None
    assert early["ends_at"] < late["starts_at"]  # one room and one interpreter: one after the other
    assert {"starts_at": early["starts_at"], "by": [first["reference"]]} in late["not_earlier"]
    made = await ro.post("/hearings", early["proposal"])
    assert made.status_code == 201, made.text
    assert (made.json()["starts_at"], made.json()["ends_at"]) == (early["starts_at"], early["ends_at"])
    again = (await ro.get("/docket/plan?days=14&duration_minutes=60")).json()
    assert [one["request"] for one in again["placements"]] == [second["reference"]]
    assert (await th.get("/docket/plan")).json()["requests"] == 0


async def test_without_what_is_needed_a_request_says_so(ro, th, story):
    request = await story.accepted(ro, th)
    plan = (await ro.get("/docket/plan?days=14")).json()
    assert plan["notes"] == ["no_rooms"]
    assert [(one["request"], one["why"]) for one in plan["unplaced"]] == [(request["reference"], "no_resource")]


async def test_a_request_that_needs_no_interpreter_says_so_and_why(ro, th, story):
    await ro.post("/resources", ROOM)
    same = await story.accepted(ro, th, language_of_person="ro")
    neither = await story.accepted(ro, th, interpreter_side="neither")
    plan = (await ro.get("/docket/plan?days=14&duration_minutes=60")).json()
    assert {one["request"]: one["no_interpreter"] for one in plan["placements"]} == {
        same["reference"]: "same_language",
        neither["reference"]: "neither",
    }


async def test_four_hours_by_one_interpreter_are_refused_with_who_is_free_instead(ro, th, story):
    ana, ion = [(await ro.post("/resources", INTERPRETER | {"name": name})).json()["number"] for name in ("Ana", "Ion")]
    request = await story.accepted(ro, th)
    body = story.hearing | {"request": request["reference"], "duration_minutes": 240, "resources": [ana]}
    alone = await ro.post("/hearings", body)
    assert code(alone) == (409, "interpreter_unfit")
    assert alone.json()["interpreters"] == [{"number": ana, "name": "Ana", "codes": ["alone"]}]
    assert alone.json()["free"] == [{"number": ion, "name": "Ion"}]
    team = await ro.post("/hearings", body | {"resources": [ana, ion]})
    assert team.status_code == 201, team.text


async def test_what_cannot_be_planned_is_refused(installation, ro, monkeypatch):
    for query in ("days=0", "days=43", "duration_minutes=4", "margin_minutes=241", "days=x"):
        assert code(await ro.get(f"/docket/plan?{query}")) == (422, "invalid_input"), query
    reader = await installation.client("RO", scopes=("hearings:read", "slots:read"))
    assert code(await reader.get("/docket/plan")) == (403, "scope_missing")
    async with planning.ONE:
        busy = await ro.get("/docket/plan")
    assert (*code(busy), busy.headers["retry-after"]) == (429, "too_many_requests", "10")
    for name in ("ortools", "ortools.sat", "ortools.sat.python"):
        monkeypatch.setitem(sys.modules, name, None)
    missing = await ro.get("/docket/plan")
    assert code(missing) == (409, "planning_missing")
    assert "ortools" in missing.json()["detail"]


async def test_a_plan_in_the_sandbox_knows_nothing_of_the_docket(installation, ro, th, story):
    await story.accepted(ro, th)
    client = await installation.client("RO", sandbox=True)
    assert (await client.get("/docket/plan")).json()["requests"] == 0
