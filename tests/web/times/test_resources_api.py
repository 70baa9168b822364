"""Rooms, interpreters and their bookings through the API: kept by one State, booked once, named to whom may see."""

from typing import Any

import pytest

ROOM = {"kind": "room", "name": "Room 4 Ș", "city": "Bucharest", "zone": "Europe/Bucharest"}
INTERPRETER: dict[str, Any] = {
    "kind": "interpreter",
    "name": "Malee Suksan",
    "zone": "Asia/Bangkok",
    "shared": True,
    "accreditation": "Court of Justice, no. 114",
    "accredited_until": "2029-12-31",
    "pairs": [{"source": "th", "target": "ro"}, {"source": "ro", "target": "th"}],
}


def code(answer):
    return answer.status_code, answer.json()["code"]


async def add(client, **body):
    answer = await client.post("/resources", body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def names(client, path):
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return [one["name"] for one in answer.json()["items"]]


async def test_a_resource_is_kept_by_its_own_state_and_shown_where_it_says_so(installation, ro, th):
    room, malee = await add(ro, **ROOM), await add(th, **INTERPRETER, note="Speaks softly")
    assert (await names(ro, "/resources"), await names(th, "/resources")) == (
        ["Room 4 Ș", "Malee Suksan"],
        ["Malee Suksan"],
    )
    path = f"/resources/{malee['number']}"
    read = await ro.get(path)
    assert read.json() == malee | {"note": ""}  # the note is its own State's
    for where in (f"/resources/{room['number']}", "/resources/999999"):
        assert code(await th.get(where)) == (404, "not_found")
        assert code(await th.get(f"{where}/bookings")) == (404, "not_found")
    assert await names(ro, "/interpreters?source=th&target=ro") == ["Malee Suksan"]
    assert await names(ro, "/interpreters?source=fr") == []

    # Only its own State changes it, and only what it has read.
    tag = {"if-match": read.headers["etag"]}
    assert code(await ro.call("PATCH", path, json={"name": "Ours"}, headers=tag)) == (404, "not_found")
    own = (await th.get(path)).headers["etag"]
    assert code(await th.call("PATCH", path, json={"name": "Malee"})) == (428, "precondition_required")
    done = await th.call("PATCH", path, json={"shared": False}, headers={"if-match": own})
    assert (done.status_code, done.json()["shared"], done.json()["pairs"]) == (200, False, malee["pairs"])
    assert code(await ro.get(path)) == (404, "not_found")
    assert code(await th.call("PATCH", path, json={"name": "M"}, headers={"if-match": own})) == (
        412,
        "precondition_failed",
    )
    for act, active in (("deactivate", False), ("activate", True)):
        assert (await th.post(f"{path}/{act}")).json()["active"] is active
        assert code(await ro.post(f"{path}/{act}")) == (404, "not_found")


async def test_what_another_state_shares_is_not_ones_own_to_change(ro, th):
    malee = await add(th, **INTERPRETER)
    path = f"/resources/{malee['number']}"
    tag = (await ro.get(path)).headers["etag"]
    assert code(await ro.call("PATCH", path, json={"name": "Ours"}, headers={"if-match": tag})) == (404, "not_found")
    block = {"starts_at": "2027-11-29T01:00:00Z", "ends_at": "2027-11-29T10:00:00Z", "reason": "Leave"}
    assert code(await ro.post(f"{path}/blocks", block)) == (404, "not_found")
    assert code(await ro.post(f"{path}/deactivate")) == (404, "not_found")


async def test_a_list_of_resources_comes_in_pages(ro):
    for number in range(5):
        await add(ro, **ROOM | {"name": f"Sală {number}"})
    found, path = [], "/resources?limit=2"
    while path:
        page = await ro.get(path)
        assert page.status_code == 200, page.text
        found += [one["name"] for one in page.json()["items"]]
        path = page.headers.get("link", "").partition(">")[0].removeprefix("<http://localhost:8000/api/v1")
    assert found == [f"Sală {number}" for number in range(5)]
    assert (await ro.get("/resources?after=none")).status_code == 422


async def test_a_block_keeps_a_resource_free_until_it_ends(ro):
    room = await add(ro, **ROOM)
    path = f"/resources/{room['number']}"
    block = {"starts_at": "2027-11-29T01:00:00Z", "ends_at": "2027-11-29T10:00:00Z", "reason": "Paint"}
    made = (await ro.post(f"{path}/blocks", block)).json()
    assert (made["hearing"], made["reason"]) == ("", "Paint")
    again = await ro.post(f"{path}/blocks", block | {"reason": "More paint"})
    assert code(again) == (409, "double_booking")
    assert (again.json()["resources"], again.json()["hidden"]) == ([{"number": room["number"], "name": "Room 4 Ș"}], 0)
    assert (await ro.post(f"{path}/blocks", block | {"starts_at": "2027-11-29T01:00:00"})).status_code == 422
    assert [one["id"] for one in (await ro.get(f"{path}/bookings")).json()["items"]] == [made["id"]]
    assert (await ro.post(f"{path}/blocks/{made['id']}/end")).status_code == 200
    assert (await ro.get(f"{path}/bookings")).json()["items"] == []
    assert code(await ro.post(f"{path}/blocks/{made['id']}/end")) == (404, "not_found")
    assert (await ro.post(f"{path}/blocks", block)).status_code == 201


@pytest.fixture
async def agreed(ro, th, story):
    request = await story.accepted(ro, th)
    hearing = (await ro.post("/hearings", {"request": request["id"], **story.hearing})).json()
    answer = await th.signed(f"/hearings/{hearing['ref']}/agree", "agree_hearing")
    assert answer.status_code == 200
    return f"/hearings/{hearing['ref']}"


async def test_an_interpreter_who_does_not_fit_is_refused_and_booked_with_a_reason_both_read(ro, th, agreed):
    malee = await add(th, **INTERPRETER | {"pairs": INTERPRETER["pairs"][:1], "accredited_until": "2026-01-01"})
    number = malee["number"]
    refused = await ro.post(f"{agreed}/bookings", {"resources": [number]})
    assert code(refused) == (409, "interpreter_unfit")
    codes = ["language_pair_missing", "accreditation_ended"]
    assert refused.json()["interpreters"] == [{"number": number, "name": "Malee Suksan", "codes": codes}]
    assert (await ro.get(f"{agreed}/bookings")).json()["items"] == []
    search = {
        "hearing": agreed.removeprefix("/hearings/"),
        "since": "2027-11-29T00:00:00Z",
        "until": "2027-11-30T00:00:00Z",
        "resources": [number],
    }
    found = (await ro.post("/slots/search", search)).json()
    assert found["slots"] == []
    assert [one["code"] for one in found["excluded"][0]["reasons"]] == ["language_pair_missing"]
    despite = "Relay through English"
    booked = await ro.post(f"{agreed}/bookings", {"resources": [number], "despite": despite})
    assert [one["reason"] for one in booked.json()["items"]] == [despite], booked.text
    assert [one["reason"] for one in (await th.get(f"{agreed}/bookings")).json()["items"]] == [despite]


async def test_what_is_booked_is_refused_and_only_what_one_may_see_is_named(installation, ro, th, agreed, story):
    room, malee = await add(ro, **ROOM), await add(th, **INTERPRETER)
    numbers = {"resources": [room["number"], malee["number"]]}
    booked = await ro.post(f"{agreed}/bookings", numbers)
    assert (booked.status_code, len(booked.json()["items"])) == (200, 2), booked.text
    # The other State sees that its interpreter is booked, and not the room, which is not shared.
    assert [one["resource"] for one in (await th.get(f"{agreed}/bookings")).json()["items"]] == [malee["number"]]
    assert [one["hearing"] for one in (await th.get(f"/resources/{malee['number']}/bookings")).json()["items"]] == [
        agreed.removeprefix("/hearings/")
    ]
    # A third State books the same interpreter for the same time, and is told no more than that.
    fr = await installation.client("FR")
    clash = await fr.post(f"/resources/{malee['number']}/blocks", {"reason": "Ours", **_time()})
    assert code(clash) == (404, "not_found")
    seen = (await fr.get(f"/resources/{malee['number']}/bookings")).json()["items"]
    assert [(one["hearing"], one["day"], one["reason"]) for one in seen] == [("", None, "")]

    # A second hearing between the two wants both: the caller hears of what it may see.
    second = await story.accepted(ro, th)
    body = {"request": second["id"], **story.hearing, **numbers}
    answer = await ro.post("/hearings", body)
    assert code(answer) == (409, "double_booking")
    assert answer.json()["resources"] == [
        {"number": room["number"], "name": "Room 4 Ș"},
        {"number": malee["number"], "name": "Malee Suksan"},
    ]
    assert (await ro.get("/hearings")).json()["items"][1:] == []  # nothing half happened

    # When a counter moves the hearing onto a time at which the other State's own room is taken, it stays unnamed.
    block = {"starts_at": "2027-12-02T00:00:00Z", "ends_at": "2027-12-02T20:00:00Z", "reason": "Paint"}
    assert (await ro.post(f"/resources/{room['number']}/blocks", block)).status_code == 201
    other = {"wall_start": "2027-12-02T14:00", "wall_zone": "Asia/Bangkok", "duration_minutes": 120, "reason": "Room"}
    answer = await th.post(f"{agreed}/counter", other)
    assert code(answer) == (409, "double_booking")
    assert (answer.json()["resources"], answer.json()["hidden"]) == ([], 1)
    assert "Room 4" not in answer.text

    released = await ro.post(f"{agreed}/bookings/release", {"resources": [room["number"]]})
    assert [one["resource"] for one in released.json()["items"]] == [malee["number"]]
    assert code(await ro.post(f"{agreed}/bookings/release", {"resources": [malee["number"]]})) == (404, "not_found")
    assert (await th.post(f"{agreed}/counter", other)).status_code == 200


def _time():
    return {"starts_at": "2027-11-29T07:00:00Z", "ends_at": "2027-11-29T08:00:00Z"}


async def test_who_has_no_scope_for_the_diary_reads_and_writes_nothing(installation):
    blind = await installation.client("RO", scopes=("hearings:write",))
    for path in ("/resources", "/resources/1", "/resources/1/bookings", "/interpreters"):
        assert code(await blind.get(path)) == (403, "scope_missing"), path
    for path in ("/resources", "/resources/1/activate", "/resources/1/blocks", "/slots/search"):
        assert code(await blind.post(path, {})) == (403, "scope_missing"), path
