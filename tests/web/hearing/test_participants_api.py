"""People of a hearing through the API: named, corrected, and refused where they cannot be."""

import pytest

from hearings.models import Person

WITNESS = {"role": "witness", "display_name": "Somchai Wongsa", "state": "TH", "city": "Bangkok", "speaks": "th"}
JUDGE = {"role": "presiding_judge", "display_name": "Ioana Popa", "state": "RO", "speaks": "ro"}


def code(answer):
    return answer.status_code, answer.json()["code"]


@pytest.fixture
async def place(ro, th, story):
    request = await story.accepted(ro, th)
    made = (await ro.post("/hearings", {"request": request["id"], **story.hearing})).json()
    return f"/hearings/{made['ref']}/participants"


async def test_somebody_is_named_read_by_both_and_corrected(ro, th, place):
    made = await ro.post(place, WITNESS)
    person = made.json()
    assert (made.status_code, person["hears"], person["needs_identity"], person["presence"]) == (
        201,
        "th",
        True,
        "invited",
    ), made.text
    path = f"{place}/{person['id']}"
    assert made.headers["location"] == f"http://localhost:8000/api/v1{path}"
    assert (await th.get(place)).json()["items"] == [person]
    read = await th.get(path)
    assert (read.json(), read.headers["etag"]) == (person, made.headers["etag"])
    assert code(await ro.call("PATCH", path, json={"city": "Chiang Mai"})) == (428, "precondition_required")
    tag = {"if-match": read.headers["etag"]}
    assert code(await th.call("PATCH", path, json={"city": "Chiang Mai"}, headers=tag)) == (403, "not_allowed")
    done = await ro.call("PATCH", path, json={"city": "Chiang Mai"}, headers=tag)
    assert (done.status_code, done.json()) == (200, person | {"city": "Chiang Mai"}), done.text
    assert code(await ro.call("PATCH", path, json={"city": "Phuket"}, headers=tag)) == (412, "precondition_failed")


async def test_a_member_of_staff_plays_a_part_of_their_own_once(installation, ro, place):
    async with installation.database.transaction() as db:
        for name, functions in (("judge", ["judge"]), ("clerk", ["clerk"])):
            db.add(Person(owner_state="RO", name=name, email=f"{name}@ro.example", functions=functions))
    for staff, field in (("nobody@ro.example", "staff"), ("clerk@ro.example", "role")):
        answer = await ro.post(place, JUDGE | {"staff": staff})
        assert (answer.status_code, answer.json()["field"]) == (422, field)
    answer = await ro.post(place, JUDGE | {"staff": "judge@ro.example"})
    assert (answer.status_code, answer.json()["staff"]) == (201, True)
    again = await ro.post(place, JUDGE)
    assert (again.status_code, again.json()["field"]) == (422, "role")
    assert len((await ro.get(place)).json()["items"]) == 1


async def test_what_cannot_be_is_refused_with_its_field(ro, place):
    for changes, field in (
        ({"state": "FR"}, "state"),
        ({"speaks": "xx-klingon"}, "language"),
        ({"city": "\u202e"}, "city"),
    ):
        answer = await ro.post(place, WITNESS | changes)
        assert (answer.status_code, answer.json()["field"]) == (422, field), answer.text
    ref = place.removesuffix("/participants")
    classes = ["presiding_judge", "requested_authority", "witness"]
    change = {"participant_classes": classes, "reason": "Nobody else is needed."}
    assert (await ro.post(f"{ref}/terms/change", change)).status_code == 200
    assert code(await ro.post(place, WITNESS | {"role": "auditor"})) == (409, "not_ready")


async def test_only_the_requesting_state_names_people_and_others_find_nothing(installation, ro, th, place):
    assert code(await th.post(place, WITNESS)) == (403, "not_allowed")
    person = (await ro.post(place, WITNESS)).json()
    stranger, reader = await installation.client("FR"), await installation.client("RO", scopes=("hearings:read",))
    for path in (place, f"{place}/{person['id']}"):
        assert code(await stranger.get(path)) == (404, "not_found")
    assert code(await stranger.post(place, WITNESS)) == (404, "not_found")
    assert code(await ro.get(f"{place}/none")) == (404, "not_found")
    assert code(await reader.post(place, WITNESS)) == (403, "scope_missing")
    elsewhere = place.replace(place.split("/")[2], "2222-2222")
    assert code(await ro.get(f"{elsewhere}/{person['id']}")) == (404, "not_found")
